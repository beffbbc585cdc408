/* tag.c: short tags of points, bound to a round by a prefix.
 * Hashing only. */
#include "group.h"

#include <sodium.h>
#include <string.h>

void mdl_tag_batch(const uint8_t *prefix, size_t prefix_len, const uint8_t *points, size_t n,
                   uint8_t *out16)
{
    crypto_hash_sha512_state start;
    crypto_hash_sha512_state s;
    uint8_t full[crypto_hash_sha512_BYTES];

    crypto_hash_sha512_init(&start);
    crypto_hash_sha512_update(&start, prefix, prefix_len);
    for (size_t i = 0; i < n; i++) {
        s = start;
        crypto_hash_sha512_update(&s, points + i * MDL_POINT_BYTES, MDL_POINT_BYTES);
        crypto_hash_sha512_final(&s, full);
        memcpy(out16 + i * MDL_TAG_BYTES, full, MDL_TAG_BYTES);
    }
    /* The points are the round's secret until it opens them: no copy of one stays behind. */
    sodium_memzero(&s, sizeof s);
    sodium_memzero(full, sizeof full);
}
