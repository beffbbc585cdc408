/* taghash.h: the tagged hash T of PROTOCOL 1.3, whole and in pieces.
 *
 * T(label, p1, ..., pk) = SHA-512(lp("mandorla/1") || lp(label) || lp(p1) || ... || lp(pk)) with
 * lp(x) = u32 big-endian length || x. The state is wiped by the final call: parts may be secret.
 * Pure functions; one state belongs to one thread. Nothing here fails.
 */
#ifndef MANDORLA_TAGHASH_H
#define MANDORLA_TAGHASH_H

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

#define MDL_TAGHASH_BYTES   64
#define MDL_TAGHASH32_BYTES 32

struct mdl_taghash {
    crypto_hash_sha512_state state;
};

/* Starts T(label, ...). */
void mdl_taghash_init(struct mdl_taghash *h, const char *label);
/* One whole part. `p` may be NULL if len is 0; len < 2^32. */
void mdl_taghash_part(struct mdl_taghash *h, const void *p, size_t len);
/* An integer part of that width, big-endian. */
void mdl_taghash_u8(struct mdl_taghash *h, uint8_t v);
void mdl_taghash_u32(struct mdl_taghash *h, uint32_t v);
void mdl_taghash_u64(struct mdl_taghash *h, uint64_t v);
/* A part in pieces ("points joined"): its total length first, then bytes that add up to exactly
 * that before the next part or the end. */
void mdl_taghash_begin(struct mdl_taghash *h, uint32_t total);
void mdl_taghash_more(struct mdl_taghash *h, const void *p, size_t len);
/* T, or T32 = its first 32 bytes. Wipes the state. */
void mdl_taghash_final(struct mdl_taghash *h, uint8_t out[MDL_TAGHASH_BYTES]);
void mdl_taghash_final32(struct mdl_taghash *h, uint8_t out[MDL_TAGHASH32_BYTES]);

#endif
