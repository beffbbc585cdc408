/* verbs_partner.c: invitations, pinning, the list of partners.
 * It may not pin anything whose signature, certificate and validity did not verify. */
#include "proposals.h"
#include "trail.h"

#include <fingerprint.h>
#include <sodium.h>
#include <store_agreement.h>
#include <string.h>

#define INVITATION_DAYS 14
#define DAY             ((int64_t)24 * 3600)

static enum mdl_status new_invitation(struct mdl_service *s, json_int_t days,
                                      struct mdl_invitation *inv, char token[MDL_TOKEN_TEXT_MAX],
                                      struct mdl_error *err)
{
    int64_t now = (int64_t)(now_ms() / 1000);
    if (days < 1 || days > 365) {
        return mdl_fail(err, MDL_U_ARGUMENT, "days: expected 1 to 365, found %lld",
                        (long long)days);
    }
    enum mdl_status st = mdl_invitation_new(s->identity, mdl_curve_cert(s->curve), s->conf.name,
                                            s->conf.endpoint, now, now + days * DAY, inv, err);
    if (st == MDL_OK) {
        st = mdl_token_encode(inv, s->identity, token, err);
    }
    return st;
}

enum mdl_status verb_partner_invite(struct mdl_service *s, const json_t *params, json_t **result,
                                    struct mdl_error *err)
{
    struct mdl_invitation inv;
    char token[MDL_TOKEN_TEXT_MAX];
    char words[MDL_FINGERPRINT_TEXT];
    enum mdl_status st =
        new_invitation(s, param_int(params, "days", INVITATION_DAYS), &inv, token, err);
    if (st != MDL_OK) {
        return st;
    }
    mdl_fingerprint_words(mdl_identity_public(s->identity), words);
    *result = json_pack("{s:s, s:s, s:s, s:o, s:s, s:o}", "token", token, "name", s->conf.name,
                        "endpoint", s->conf.endpoint, "identity",
                        doc_hex(mdl_identity_public(s->identity), MDL_IDENTITY_BYTES),
                        "fingerprint", words, "expires", doc_time((uint64_t)inv.expires * 1000));
    return MDL_OK;
}

static enum mdl_status read_token(struct mdl_service *s, const json_t *params,
                                  struct mdl_invitation *inv, struct mdl_error *err)
{
    const char *token = param_text(params, "token");
    enum mdl_status st =
        mdl_token_decode(token, strlen(token), (int64_t)(now_ms() / 1000), inv, err);
    if (st != MDL_OK) {
        return st;
    }
    if (sodium_memcmp(inv->card.identity, mdl_identity_public(s->identity), MDL_IDENTITY_BYTES) ==
        0) {
        return mdl_fail(err, MDL_U_TOKEN,
                        "this is this node's own invitation; send it to your partner and paste the "
                        "one your partner sends back");
    }
    if (inv->card.endpoint[0] == '\0' && s->conf.endpoint[0] == '\0') {
        return mdl_fail(err, MDL_U_STATE,
                        "neither this node nor %s has an endpoint, so neither can reach the other; "
                        "one of the two needs one (mandorla.conf, [node] endpoint)",
                        inv->card.name);
    }
    return MDL_OK;
}

static json_t *pair_words(struct mdl_service *s, const uint8_t identity[MDL_IDENTITY_BYTES])
{
    char words[MDL_FINGERPRINT_PAIR];
    json_t *lines = json_array();
    char *rest = words;
    char *line;
    mdl_fingerprint_pair(mdl_identity_public(s->identity), identity, words);
    while ((line = strsep(&rest, "\n")) != NULL) {
        (void)json_array_append_new(lines, json_string(line));
    }
    return lines;
}

enum mdl_status verb_partner_inspect(struct mdl_service *s, const json_t *params, json_t **result,
                                     struct mdl_error *err)
{
    struct mdl_invitation inv;
    struct mdl_partner_row row;
    char words[MDL_FINGERPRINT_TEXT];
    enum mdl_status st = read_token(s, params, &inv, err);
    if (st != MDL_OK) {
        return st;
    }
    bool pinned = mdl_partner_by_identity(s->store, inv.card.identity, &row, NULL) == MDL_OK;
    if (pinned) {
        mdl_partner_clear(&row);
    }
    mdl_fingerprint_words(inv.card.identity, words);
    *result =
        json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:b}", "name", inv.card.name, "endpoint",
                  inv.card.endpoint, "identity", doc_hex(inv.card.identity, MDL_IDENTITY_BYTES),
                  "fingerprint", words, "expires", doc_time((uint64_t)inv.expires * 1000),
                  "pair_words", pair_words(s, inv.card.identity), "pinned", pinned);
    return MDL_OK;
}

static enum mdl_status fill_row(const json_t *params, bool known, const struct mdl_invitation *inv,
                                struct mdl_partner_row *row, struct mdl_error *err)
{
    const char *as = param_text(params, "as");
    if (as != NULL && mdl_name_check(as, err) != MDL_OK) {
        return err->status;
    }
    if (as != NULL || !known) { /* a renewed partner keeps the name the operator gave it */
        (void)snprintf(row->name, sizeof row->name, "%s", as != NULL ? as : inv->card.name);
    }
    (void)snprintf(row->their_name, sizeof row->their_name, "%s", inv->card.name);
    (void)snprintf(row->endpoint, sizeof row->endpoint, "%s", inv->card.endpoint);
    row->state = MDL_PARTNER_PINNED;
    row->has_keys = true;
    memcpy(row->identity, inv->card.identity, sizeof row->identity);
    memcpy(row->curve, inv->card.cert.curve, sizeof row->curve);
    row->cert_serial = (uint32_t)inv->card.cert.serial;
    row->pinned_at = now_ms();
    if (json_object_get(params, "accept") != NULL) {
        row->flags = param_bool(params, "accept", false) ? PARTNER_ACCEPTS : 0;
    }
    return MDL_OK;
}

/* Pins: a new row, or the row of the same identity with what the new token says. */
static enum mdl_status pin(struct mdl_service *s, const json_t *params,
                           const struct mdl_invitation *inv, struct mdl_partner_row *row,
                           struct mdl_error *err)
{
    uint8_t cert[MDL_CERT_BYTES];
    const char *token = param_text(params, "token");
    enum mdl_status st = mdl_partner_by_identity(s->store, inv->card.identity, row, NULL);
    bool known = st == MDL_OK;

    if (!known) {
        memset(row, 0, sizeof *row);
        row->added_at = now_ms();
    }
    struct mdl_partner_row before = *row; /* owns the blobs; *row borrows ours for the write */
    st = fill_row(params, known, inv, row, err);
    bool other = memcmp(inv->card.cert.curve, before.curve, sizeof before.curve) != 0;
    if (st == MDL_OK && known && other && inv->card.cert.serial <= before.cert_serial) {
        st = mdl_fail(err, MDL_U_TOKEN,
                      "this token carries another CURVE key of %s than the one that is pinned, and "
                      "no newer one; ask for a new token",
                      before.name);
    }
    mdl_cert_encode(&inv->card.cert, cert);
    row->certificate = (struct mdl_blob){cert, sizeof cert};
    row->token = (struct mdl_blob){(uint8_t *)(uintptr_t)token, strlen(token)};
    if (st == MDL_OK) {
        st =
            known ? mdl_partner_update(s->store, row, err) : mdl_partner_insert(s->store, row, err);
    }
    row->certificate = row->token = row->info = (struct mdl_blob){NULL, 0};
    mdl_partner_clear(&before);
    if (st == MDL_U_EXISTS) {
        (void)mdl_error_prefix(err, "give this partner another local name with --as NAME: ");
    }
    return st;
}

enum mdl_status verb_partner_accept(struct mdl_service *s, const json_t *params, json_t **result,
                                    struct mdl_error *err)
{
    struct mdl_invitation inv;
    struct mdl_invitation ours;
    struct mdl_partner_row row = {0};
    char token[MDL_TOKEN_TEXT_MAX];
    enum mdl_status st = read_token(s, params, &inv, err);

    if (st == MDL_OK) {
        st = pin(s, params, &inv, &row, err);
    }
    if (st == MDL_OK) {
        st = new_invitation(s, INVITATION_DAYS, &ours, token, err);
    }
    if (st == MDL_OK) {
        struct trail t = {
            .kind = MDL_LOG_PARTNER_PINNED, .partner = row.id, .identity = row.identity};
        st = trail_add(s, &t, err);
    }
    if (st == MDL_OK) {
        st = peer_admit(s, &row, err);
    }
    if (st == MDL_OK) {
        *result = json_pack(
            "{s:o, s:o, s:s, s:s}", "partner", doc_partner(s, &row), "pair_words",
            pair_words(s, row.identity), "our_token", token, "note",
            "Both sides must accept: if your partner has no token of yours yet, send this one "
            "back. "
            "Read the words to each other over the phone; they must be the same on both sides.");
    }
    return st;
}

struct listing {
    struct mdl_service *s;
    json_t *list;
};

static bool list_row(void *ctx, const struct mdl_partner_row *row)
{
    struct listing *l = ctx;
    (void)json_array_append_new(l->list, doc_partner(l->s, row));
    return true;
}

enum mdl_status verb_partner_list(struct mdl_service *s, const json_t *params, json_t **result,
                                  struct mdl_error *err)
{
    struct listing l = {s, json_array()};
    (void)params;
    enum mdl_status st = mdl_partner_list(s->store, false, list_row, &l, err);
    if (st != MDL_OK) {
        json_decref(l.list);
        return st;
    }
    *result = json_pack("{s:o}", "partners", l.list);
    return MDL_OK;
}

static enum mdl_status set_fields(const json_t *params, struct mdl_partner_row *row,
                                  struct mdl_error *err)
{
    const char *endpoint = param_text(params, "endpoint");
    if (endpoint != NULL && endpoint[0] != '\0' && mdl_endpoint_check(endpoint, err) != MDL_OK) {
        return err->status;
    }
    if (endpoint != NULL) {
        (void)snprintf(row->endpoint, sizeof row->endpoint, "%s", endpoint);
    }
    if (json_object_get(params, "accept") != NULL) {
        row->flags = (row->flags & ~PARTNER_ACCEPTS) |
                     (param_bool(params, "accept", false) ? PARTNER_ACCEPTS : 0);
    }
    return MDL_OK;
}

static const char *what_was_set(const json_t *params)
{
    bool endpoint = param_text(params, "endpoint") != NULL;
    bool accepts = param_bool(params, "accept", false);
    if (json_object_get(params, "accept") == NULL) {
        return endpoint ? "partner set: endpoint" : "partner set: nothing";
    }
    return accepts ? (endpoint ? "partner set: endpoint, standing rule accepts"
                               : "partner set: standing rule accepts")
                   : (endpoint ? "partner set: endpoint, standing rule asks"
                               : "partner set: standing rule asks");
}

enum mdl_status verb_partner_set(struct mdl_service *s, const json_t *params, json_t **result,
                                 struct mdl_error *err)
{
    struct mdl_partner_row row;
    enum mdl_status st = partner_find(s, param_text(params, "partner"), &row, err);
    if (st != MDL_OK) {
        return st;
    }
    st = set_fields(params, &row, err);
    if (st == MDL_OK) {
        st = mdl_partner_update(s->store, &row, err);
    }
    if (st == MDL_OK) {
        struct trail t = {.kind = MDL_LOG_OPERATOR,
                          .partner = row.id,
                          .identity = row.identity,
                          .note = what_was_set(params)};
        st = trail_add(s, &t, err);
    }
    if (st == MDL_OK) {
        st = peer_admit(s, &row, err);
    }
    if (st == MDL_OK) {
        outside_standing_rule(s, row.id);
        *result = json_pack("{s:o}", "partner", doc_partner(s, &row));
    }
    mdl_partner_clear(&row);
    return st;
}

enum mdl_status verb_partner_remove(struct mdl_service *s, const json_t *params, json_t **result,
                                    struct mdl_error *err)
{
    struct mdl_partner_row row;
    enum mdl_status st = partner_find(s, param_text(params, "partner"), &row, err);
    if (st != MDL_OK) {
        return st;
    }
    st = proposals_end(s, row.id, NULL, "the partner was removed", err);
    if (st != MDL_OK) {
        goto out;
    }
    row.removed_at = now_ms();
    st = mdl_partner_update(s->store, &row, err);
    if (st == MDL_OK) {
        struct trail t = {
            .kind = MDL_LOG_PARTNER_REMOVED, .partner = row.id, .identity = row.identity};
        st = trail_add(s, &t, err);
    }
    if (st == MDL_OK) {
        *result = json_pack("{s:o}", "partner", doc_partner(s, &row));
        peer_dismiss(s, row.id);
    }
out:
    mdl_partner_clear(&row);
    return st;
}
