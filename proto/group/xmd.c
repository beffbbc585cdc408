/* xmd.c: expand_message_xmd with SHA-512, step by step as in RFC 9380, 5.3.1.
 * Hashing only: knows no group and no key. */
#include "internal/xmd.h"

#include <string.h>

#define BLOCK 128 /* s_in_bytes of SHA-512 */
#define HASH  64  /* b_in_bytes */

static const char oversize[] = "H2C-OVERSIZE-DST-";

enum mdl_status mdl_xmd_init(struct mdl_xmd *x, const uint8_t *dst, size_t dst_len,
                             struct mdl_error *err)
{
    static const uint8_t z_pad[BLOCK];

    if (dst_len == 0) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a domain separation tag has at least one byte");
    }
    if (dst_len > 255) {
        crypto_hash_sha512_state s;
        crypto_hash_sha512_init(&s);
        crypto_hash_sha512_update(&s, (const uint8_t *)oversize, sizeof oversize - 1);
        crypto_hash_sha512_update(&s, dst, dst_len);
        crypto_hash_sha512_final(&s, x->dst_prime);
        dst_len = HASH;
    } else {
        memcpy(x->dst_prime, dst, dst_len);
    }
    x->dst_prime[dst_len] = (uint8_t)dst_len;
    x->dst_prime_len = dst_len + 1;
    crypto_hash_sha512_init(&x->padded);
    crypto_hash_sha512_update(&x->padded, z_pad, sizeof z_pad);
    return MDL_OK;
}

void mdl_xmd(const struct mdl_xmd *x, const uint8_t *msg, size_t len, uint8_t *out, size_t out_len)
{
    crypto_hash_sha512_state s = x->padded;
    const uint8_t l_i_b[3] = {(uint8_t)(out_len >> 8), (uint8_t)out_len, 0};
    uint8_t b0[HASH];
    uint8_t bi[HASH + 1] = {0}; /* b_(i-1) xor b_0, then i; b_0 itself for i = 1 */

    crypto_hash_sha512_update(&s, msg, len);
    crypto_hash_sha512_update(&s, l_i_b, sizeof l_i_b);
    crypto_hash_sha512_update(&s, x->dst_prime, x->dst_prime_len);
    crypto_hash_sha512_final(&s, b0);
    for (size_t done = 0; done < out_len; done += HASH) {
        size_t n = out_len - done < HASH ? out_len - done : HASH;

        for (size_t j = 0; j < HASH; j++) {
            bi[j] ^= b0[j];
        }
        bi[HASH] = (uint8_t)(done / HASH + 1);
        crypto_hash_sha512_init(&s);
        crypto_hash_sha512_update(&s, bi, sizeof bi);
        crypto_hash_sha512_update(&s, x->dst_prime, x->dst_prime_len);
        crypto_hash_sha512_final(&s, bi);
        memcpy(out + done, bi, n);
    }
    sodium_memzero(&s, sizeof s);
    sodium_memzero(b0, sizeof b0);
    sodium_memzero(bi, sizeof bi);
}
