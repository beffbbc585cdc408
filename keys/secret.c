/* secret.c: memory for secrets, the tagged hash, big-endian integers, dates for error texts.
 * May not know what the secrets are, nor read a clock. */
#include "internal.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum mdl_status mdl_secret_new(size_t size, void **out, struct mdl_error *err)
{
    *out = NULL;
    if (sodium_init() < 0) {
        return mdl_fail(err, MDL_L_LIBRARY, "libsodium does not start: no source of randomness");
    }
    void *p = sodium_malloc(size);
    if (p == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no protected memory for a secret");
    }
    memset(p, 0, size);
    *out = p;
    return MDL_OK;
}

static void hash_part(crypto_hash_sha512_state *st, const void *data, size_t len)
{
    uint8_t prefix[4];

    mdl_store_be32(prefix, (uint32_t)len);
    (void)crypto_hash_sha512_update(st, prefix, sizeof prefix);
    (void)crypto_hash_sha512_update(st, data, len);
}

void mdl_tagged(const char *label, const struct mdl_part *parts, size_t n,
                uint8_t out[MDL_TAGGED_BYTES])
{
    static const char protocol[] = "mandorla/1";
    crypto_hash_sha512_state st;

    (void)crypto_hash_sha512_init(&st);
    hash_part(&st, protocol, sizeof protocol - 1);
    hash_part(&st, label, strlen(label));
    for (size_t i = 0; i < n; i++) {
        hash_part(&st, parts[i].data, parts[i].len);
    }
    (void)crypto_hash_sha512_final(&st, out);
}

void mdl_store_be32(uint8_t out[4], uint32_t v)
{
    for (size_t i = 0; i < 4; i++) {
        out[i] = (uint8_t)(v >> (24 - 8 * i));
    }
}

void mdl_store_be64(uint8_t out[8], uint64_t v)
{
    mdl_store_be32(out, (uint32_t)(v >> 32));
    mdl_store_be32(out + 4, (uint32_t)v);
}

uint32_t mdl_load_be32(const uint8_t in[4])
{
    uint32_t v = 0;

    for (size_t i = 0; i < 4; i++) {
        v = (v << 8) | in[i];
    }
    return v;
}

uint64_t mdl_load_be64(const uint8_t in[8])
{
    return ((uint64_t)mdl_load_be32(in) << 32) | mdl_load_be32(in + 4);
}

bool mdl_times_sane(int64_t from, int64_t to)
{
    return from >= 0 && from < to && to <= MDL_TIME_MAX;
}

void mdl_date_text(int64_t t, char out[MDL_DATE_TEXT])
{
    struct tm tm;
    time_t when = (time_t)t;

    if (t < 0 || t > MDL_TIME_MAX || gmtime_r(&when, &tm) == NULL ||
        strftime(out, MDL_DATE_TEXT, "%Y-%m-%d %H:%M UTC", &tm) == 0) {
        (void)snprintf(out, MDL_DATE_TEXT, "an unknown time");
    }
}
