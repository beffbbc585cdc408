/* taghash.c: the tagged hash of PROTOCOL 1.3 over libsodium's SHA-512. May not: keep a state alive.
 */
#include "taghash.h"

#include <string.h>

static void store_be(uint8_t *out, uint64_t v, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        out[width - 1 - i] = (uint8_t)(v >> (8 * i));
    }
}

static void add_uint(struct mdl_taghash *h, uint64_t v, size_t width)
{
    uint8_t be[8];

    store_be(be, v, width);
    mdl_taghash_part(h, be, width);
}

void mdl_taghash_init(struct mdl_taghash *h, const char *label)
{
    (void)crypto_hash_sha512_init(&h->state);
    mdl_taghash_part(h, "mandorla/1", strlen("mandorla/1"));
    mdl_taghash_part(h, label, strlen(label));
}

void mdl_taghash_begin(struct mdl_taghash *h, uint32_t total)
{
    uint8_t be[4];

    store_be(be, total, sizeof be);
    (void)crypto_hash_sha512_update(&h->state, be, sizeof be);
}

void mdl_taghash_more(struct mdl_taghash *h, const void *p, size_t len)
{
    if (len > 0) {
        (void)crypto_hash_sha512_update(&h->state, p, len);
    }
}

void mdl_taghash_part(struct mdl_taghash *h, const void *p, size_t len)
{
    mdl_taghash_begin(h, (uint32_t)len);
    mdl_taghash_more(h, p, len);
}

void mdl_taghash_u8(struct mdl_taghash *h, uint8_t v)
{
    add_uint(h, v, 1);
}

void mdl_taghash_u32(struct mdl_taghash *h, uint32_t v)
{
    add_uint(h, v, 4);
}

void mdl_taghash_u64(struct mdl_taghash *h, uint64_t v)
{
    add_uint(h, v, 8);
}

void mdl_taghash_final(struct mdl_taghash *h, uint8_t out[MDL_TAGHASH_BYTES])
{
    (void)crypto_hash_sha512_final(&h->state, out);
    sodium_memzero(h, sizeof *h);
}

void mdl_taghash_final32(struct mdl_taghash *h, uint8_t out[MDL_TAGHASH32_BYTES])
{
    uint8_t full[MDL_TAGHASH_BYTES];

    mdl_taghash_final(h, full);
    memcpy(out, full, MDL_TAGHASH32_BYTES);
    sodium_memzero(full, sizeof full);
}
