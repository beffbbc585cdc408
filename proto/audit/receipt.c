/* receipt.c: what both sign at the end of a round (PROTOCOL 8). May not: hold a key. */
#include <mandorla/audit.h>

#include <inttypes.h>
#include <record.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <taghash.h>

#define FIELD(s, label, f, k) .name = label, .kind = MDL_K_##k, .at = offsetof(struct s, f)
#define GROUP(label, f, k)    FIELD(mdl_receipt_group, label, f, k)
#define RECEIPT(label, f, k)  FIELD(mdl_receipt, label, f, k)
#define COUNT_OF(a)           (sizeof(a) / sizeof((a)[0]))

static const struct mdl_field group_fields[] = {
    {GROUP("level", level, STR), .max = 16},
    {GROUP("n_A", n[MDL_ROLE_A], UINT), .max = UINT32_MAX, .step = 4},
    {GROUP("n_B", n[MDL_ROLE_B], UINT), .max = UINT32_MAX, .step = 4},
    {GROUP("m", m, UINT), .max = UINT32_MAX, .step = 4},
    {GROUP("slices", slices, UINT), .max = UINT32_MAX, .step = 4},
    {GROUP("list_root_A", list_root[MDL_ROLE_A], BYTES), .max = MDL_HASH256},
    {GROUP("list_root_B", list_root[MDL_ROLE_B], BYTES), .max = MDL_HASH256},
};
static const struct mdl_record group_record = {"group", group_fields, COUNT_OF(group_fields)};
static const struct mdl_field group_item = {
    .name = "groups", .kind = MDL_K_RECORD, .record = &group_record};

static const struct mdl_field fields[] = {
    {.name = "version", .kind = MDL_K_VERSION, .max = 1},
    {RECEIPT("round", round, BYTES), .max = 16},
    {RECEIPT("agreement", agreement, BYTES), .max = 64},
    {RECEIPT("profile", profile, BYTES), .max = 32},
    {RECEIPT("suite", suite, STR), .max = 32},
    {RECEIPT("identity_A", identity[MDL_ROLE_A], BYTES), .max = MDL_IDENTITY_BYTES},
    {RECEIPT("identity_B", identity[MDL_ROLE_B], BYTES), .max = MDL_IDENTITY_BYTES},
    {RECEIPT("created", created, UINT), .max = UINT64_MAX, .step = 8},
    {RECEIPT("groups", groups, ARRAY), .min = 1, .max = MDL_RECEIPT_GROUPS,
     .step = sizeof(struct mdl_receipt_group), .count_at = offsetof(struct mdl_receipt, n_groups),
     .item = &group_item},
    {RECEIPT("transcript_A", transcript[MDL_ROLE_A], BYTES), .max = 64},
    {RECEIPT("transcript_B", transcript[MDL_ROLE_B], BYTES), .max = 64},
    {RECEIPT("accounts_A", accounts[MDL_ROLE_A], UINT), .max = UINT32_MAX, .step = 4},
    {RECEIPT("accounts_B", accounts[MDL_ROLE_B], UINT), .max = UINT32_MAX, .step = 4},
    {RECEIPT("review_A", review[MDL_ROLE_A], UINT), .max = UINT32_MAX, .step = 4},
    {RECEIPT("review_B", review[MDL_ROLE_B], UINT), .max = UINT32_MAX, .step = 4},
    {RECEIPT("finished_A", finished[MDL_ROLE_A], UINT), .max = UINT64_MAX, .step = 8},
    {RECEIPT("finished_B", finished[MDL_ROLE_B], UINT), .max = UINT64_MAX, .step = 8},
};
static const struct mdl_record receipt_record = {"receipt", fields, COUNT_OF(fields)};

enum mdl_status mdl_receipt_encode(const struct mdl_receipt *r, uint8_t buf[MDL_RECEIPT_MAX],
                                   size_t *len, struct mdl_error *err)
{
    return mdl_record_encode(&receipt_record, r, buf, MDL_RECEIPT_MAX, len, err);
}

enum mdl_status mdl_receipt_decode(const uint8_t *bytes, size_t len, struct mdl_receipt *out,
                                   struct mdl_error *err)
{
    enum mdl_status st =
        mdl_record_decode(&receipt_record, bytes, len, MDL_RECEIPT_MAX, out, sizeof *out, err);

    if (st != MDL_OK) {
        return st;
    }
    if (memcmp(out->identity[MDL_ROLE_A], out->identity[MDL_ROLE_B], MDL_IDENTITY_BYTES) >= 0) {
        return mdl_fail(err, MDL_P_RECEIPT,
                        "the two identities of a receipt must differ and stand in ascending order");
    }
    return MDL_OK;
}

static void digest(const uint8_t *bytes, size_t len, uint8_t out[MDL_TAGHASH_BYTES])
{
    struct mdl_taghash h;

    mdl_taghash_init(&h, "receipt");
    mdl_taghash_part(&h, bytes, len);
    mdl_taghash_final(&h, out);
}

enum mdl_status mdl_receipt_sign(const uint8_t *bytes, size_t len, const struct mdl_signer *signer,
                                 uint8_t sig[MDL_SIGNATURE_BYTES], struct mdl_error *err)
{
    uint8_t msg[MDL_TAGHASH_BYTES];

    digest(bytes, len, msg);
    if (signer->sign(signer->ctx, msg, sizeof msg, sig) != 0) {
        return mdl_fail(err, MDL_L_KEY_FILE, "the identity key is not to be had for signing");
    }
    return MDL_OK;
}

enum mdl_status mdl_receipt_verify(const uint8_t *bytes, size_t len,
                                   const uint8_t identity[MDL_IDENTITY_BYTES],
                                   const uint8_t sig[MDL_SIGNATURE_BYTES], struct mdl_error *err)
{
    uint8_t msg[MDL_TAGHASH_BYTES];

    digest(bytes, len, msg);
    if (crypto_sign_verify_detached(sig, msg, sizeof msg, identity) != 0) {
        return mdl_fail(err, MDL_P_RECEIPT, "the signature of the receipt does not verify");
    }
    return MDL_OK;
}

enum mdl_status mdl_receipt_open(const uint8_t *bytes, size_t len,
                                 const uint8_t sig_a[MDL_SIGNATURE_BYTES],
                                 const uint8_t sig_b[MDL_SIGNATURE_BYTES], struct mdl_receipt *out,
                                 struct mdl_error *err)
{
    const uint8_t *const sigs[2] = {sig_a, sig_b};
    enum mdl_status st = mdl_receipt_decode(bytes, len, out, err);

    for (size_t role = 0; st == MDL_OK && role < 2; role++) {
        st = mdl_receipt_verify(bytes, len, out->identity[role], sigs[role], NULL);
        if (st != MDL_OK) {
            st = mdl_fail(err, MDL_P_RECEIPT, "the signature of party %c does not verify",
                          "AB"[role]);
        }
    }
    return st;
}

/* ---- for people ---- */

struct talk {
    mdl_receipt_line_fn *line;
    void *ctx;
};

static void say(const struct talk *t, const char *fmt, ...) MDL_PRINTF(2, 3);
static void say(const struct talk *t, const char *fmt, ...)
{
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    t->line(t->ctx, text);
}

static void say_hex(const struct talk *t, const char *what, const uint8_t *p, size_t len)
{
    char hex[2 * 64 + 1];

    say(t, "%s: %s", what, sodium_bin2hex(hex, sizeof hex, p, len));
}

static void say_time(const struct talk *t, const char *what, uint64_t ms)
{
    char when[MDL_TEXT_TIME];

    mdl_text_time(ms, when);
    say(t, "%s: %s", what, when);
}

static void say_group(const struct talk *t, size_t i, const struct mdl_receipt_group *g)
{
    char slices[40] = "";

    if (g->n[0] == 0 && g->n[1] == 0) {
        say(t, "group %zu, level %s: not run, a side has no match key there", i + 1, g->level);
        return;
    }
    if (g->slices > 0) {
        (void)snprintf(slices, sizeof slices, ", %" PRIu32 " slices opened", g->slices);
    }
    say(t,
        "group %zu, level %s: %" PRIu32 " match keys of A, %" PRIu32 " of B, %" PRIu32
        " in common%s",
        i + 1, g->level, g->n[0], g->n[1], g->m, slices);
    say_hex(t, "  list of A", g->list_root[MDL_ROLE_A], MDL_HASH256);
    say_hex(t, "  list of B", g->list_root[MDL_ROLE_B], MDL_HASH256);
}

void mdl_receipt_describe(const struct mdl_receipt *r, mdl_receipt_line_fn *line, void *ctx)
{
    const struct talk t = {.line = line, .ctx = ctx};

    say_hex(&t, "round", r->round, sizeof r->round);
    say_hex(&t, "agreement", r->agreement, sizeof r->agreement);
    say_hex(&t, "party A", r->identity[MDL_ROLE_A], MDL_IDENTITY_BYTES);
    say_hex(&t, "party B", r->identity[MDL_ROLE_B], MDL_IDENTITY_BYTES);
    say(&t, "suite: %s", r->suite);
    say_hex(&t, "match-key profile", r->profile, sizeof r->profile);
    say_time(&t, "proposed", r->created);
    for (size_t i = 0; i < r->n_groups; i++) {
        say_group(&t, i, &r->groups[i]);
    }
    say(&t, "accounts matched: %" PRIu32 " of A, %" PRIu32 " of B", r->accounts[0], r->accounts[1]);
    say(&t, "accounts to review: %" PRIu32 " of A, %" PRIu32 " of B", r->review[0], r->review[1]);
    say_hex(&t, "sent by A", r->transcript[MDL_ROLE_A], 64);
    say_hex(&t, "sent by B", r->transcript[MDL_ROLE_B], 64);
    say_time(&t, "finished, says A", r->finished[MDL_ROLE_A]);
    say_time(&t, "finished, says B", r->finished[MDL_ROLE_B]);
}
