/* key.c: a key as the bytes that are hashed to the group, and the names of the key types.
 * May not derive anything. */
#include "matchkey_internal.h"

#include <utf8proc.h>

struct row {
    uint8_t number;
    const char *slug;
    const char *label;
    int priority;
    enum mdl_key_tier tier;
};

#define ROW(name, number, slug, label, prio, tier) {number, slug, label, prio, MDL_TIER_##tier},
static const struct row rows[] = {MDL_KEY_TYPE_LIST(ROW)};
#undef ROW
static const struct row unknown = {MDL_KEY_NONE, "unknown", "unknown", 255, MDL_TIER_REVIEW};

static const struct row *find(uint8_t type)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].number == type) {
            return &rows[i];
        }
    }
    return &unknown;
}

const char *mdl_key_type_slug(uint8_t type)
{
    return find(type)->slug;
}

const char *mdl_key_type_label(uint8_t type)
{
    return find(type)->label;
}

int mdl_key_type_priority(uint8_t type)
{
    return find(type)->priority;
}

enum mdl_key_tier mdl_key_type_tier(uint8_t type)
{
    return find(type)->tier;
}

uint8_t mdl_key_type_by_slug(const char *slug)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].slug, slug) == 0) {
            return rows[i].number;
        }
    }
    return MDL_KEY_NONE;
}

size_t mdl_key_encode(const struct mdl_key *k, uint8_t out[MDL_KEY_BYTES_MAX])
{
    size_t len = k->len <= MDL_KEY_VALUE_MAX ? k->len : MDL_KEY_VALUE_MAX;
    out[0] = k->type;
    out[1] = 0;
    out[2] = (uint8_t)len;
    memcpy(out + 3, k->value, len);
    return 3 + len;
}

/* Printable UTF-8: no key is derived with a control character or a blank in it. */
static bool printable(const uint8_t *in, size_t len)
{
    for (size_t at = 0; at < len;) {
        utf8proc_int32_t cp;
        utf8proc_ssize_t n = utf8proc_iterate(in + at, (utf8proc_ssize_t)(len - at), &cp);
        if (n <= 0 || cp <= ' ' || (cp >= 0x7F && cp < 0xA0)) {
            return false;
        }
        at += (size_t)n;
    }
    return true;
}

enum mdl_status mdl_key_decode(const uint8_t *in, size_t len, struct mdl_key *k,
                               struct mdl_error *err)
{
    *k = (struct mdl_key){0};
    if (len < 4 || len > MDL_KEY_BYTES_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%zu bytes are no match key (4 to %d)", len,
                        MDL_KEY_BYTES_MAX);
    }
    size_t said = (size_t)in[1] << 8 | in[2];
    if (said != len - 3) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a match key says %zu bytes of value and has %zu",
                        said, len - 3);
    }
    if (find(in[0]) == &unknown) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%u is no type of match key", in[0]);
    }
    if (!printable(in + 3, said)) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the value of a match key is no printable UTF-8");
    }
    k->type = in[0];
    k->len = (uint8_t)said;
    memcpy(k->value, in + 3, said);
    return MDL_OK;
}
