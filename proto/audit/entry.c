/* entry.c: entries of the log, their commitments and their chain (PROTOCOL 11).
 * May not: draw salts or ask a clock; whoever appends passes both in. */
#include <mandorla/audit.h>

#include <record.h>
#include <sodium.h>
#include <taghash.h>

#define FIELD(f, k) .name = #f, .kind = MDL_K_##k, .at = offsetof(struct mdl_log_entry, f)

static const struct mdl_field fields[] = {
    {.name = "version", .kind = MDL_K_VERSION, .max = 1},
    {FIELD(seq, UINT), .min = 1, .max = UINT64_MAX, .step = 8},
    {FIELD(time_ms, UINT), .max = UINT64_MAX, .step = 8},
    {FIELD(kind, UINT), .min = 1, .max = UINT8_MAX, .step = 1},
    {FIELD(direction, UINT), .max = MDL_LOG_OUT, .step = 1},
    {FIELD(partner, BYTES), .max = MDL_IDENTITY_BYTES},
    {FIELD(round, BYTES), .max = 16},
    {FIELD(agreement, BYTES), .max = 64},
    {FIELD(type, UINT), .max = UINT8_MAX, .step = 1},
    {FIELD(size, UINT), .max = UINT64_MAX, .step = 8},
    {FIELD(commitment, BYTES), .max = MDL_HASH256},
    {FIELD(note, STR), .max = MDL_LOG_NOTE},
};
static const struct mdl_record entry_record = {"entry", fields, sizeof fields / sizeof fields[0]};

enum mdl_status mdl_log_entry_encode(const struct mdl_log_entry *e, uint8_t buf[MDL_LOG_ENTRY_MAX],
                                     size_t *len, struct mdl_error *err)
{
    return mdl_record_encode(&entry_record, e, buf, MDL_LOG_ENTRY_MAX, len, err);
}

enum mdl_status mdl_log_entry_decode(const uint8_t *bytes, size_t len, struct mdl_log_entry *out,
                                     struct mdl_error *err)
{
    enum mdl_status st =
        mdl_record_decode(&entry_record, bytes, len, MDL_LOG_ENTRY_MAX, out, sizeof *out, err);

    if (st == MDL_OK || st == MDL_L_MEMORY) {
        return st;
    }
    if (err != NULL) {
        err->status = MDL_L_CHAIN; /* our own log is at fault, not a partner */
    }
    return MDL_L_CHAIN;
}

const char *mdl_log_kind_slug(uint8_t kind)
{
#define MDL_LOG_KIND_SLUG(name, number, slug, label) [number] = slug,
    static const char *const slugs[] = {MDL_LOG_KIND_LIST(MDL_LOG_KIND_SLUG)};

    return kind < sizeof slugs / sizeof slugs[0] && slugs[kind] != NULL ? slugs[kind] : "unknown";
}

const char *mdl_log_kind_label(uint8_t kind)
{
#define MDL_LOG_KIND_LABEL(name, number, slug, label) [number] = label,
    static const char *const labels[] = {MDL_LOG_KIND_LIST(MDL_LOG_KIND_LABEL)};

    return kind < sizeof labels / sizeof labels[0] && labels[kind] != NULL ? labels[kind]
                                                                           : "unknown";
}

void mdl_log_commit(const uint8_t salt[MDL_LOG_SALT], const uint8_t *bytes, size_t len,
                    uint8_t out[MDL_HASH256])
{
    crypto_hash_sha256_state state;

    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, salt, MDL_LOG_SALT);
    if (len > 0) {
        (void)crypto_hash_sha256_update(&state, bytes, len);
    }
    (void)crypto_hash_sha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

void mdl_log_leaf(const uint8_t *entry, size_t len, uint8_t leaf[MDL_HASH256])
{
    static const uint8_t prefix = 0x00;
    crypto_hash_sha256_state state;

    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, &prefix, 1);
    if (len > 0) {
        (void)crypto_hash_sha256_update(&state, entry, len);
    }
    (void)crypto_hash_sha256_final(&state, leaf);
}

void mdl_log_chain_start(const uint8_t identity[MDL_IDENTITY_BYTES], uint8_t chain[MDL_HASH256])
{
    struct mdl_taghash h;

    mdl_taghash_init(&h, "log");
    mdl_taghash_part(&h, identity, MDL_IDENTITY_BYTES);
    mdl_taghash_final32(&h, chain);
}

void mdl_log_chain_next(const uint8_t prev[MDL_HASH256], const uint8_t leaf[MDL_HASH256],
                        uint8_t out[MDL_HASH256])
{
    static const uint8_t prefix = 0x02;
    crypto_hash_sha256_state state;

    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, &prefix, 1);
    (void)crypto_hash_sha256_update(&state, prev, MDL_HASH256);
    (void)crypto_hash_sha256_update(&state, leaf, MDL_HASH256);
    (void)crypto_hash_sha256_final(&state, out);
}
