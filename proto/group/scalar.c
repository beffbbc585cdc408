/* scalar.c: which 32 bytes are a scalar, and how bytes are hashed to one.
 * Knows no points and no keys. */
#include "internal/scalar.h"

#include <sodium.h>

/* L, little-endian (RFC 9496, 4.4) */
static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                  0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                  0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

bool mdl_scalar_valid(const uint8_t s[32])
{
    int below = sodium_compare(s, order, sizeof order) == -1;
    int zero = sodium_is_zero(s, sizeof order);

    return (below & (zero ^ 1)) != 0;
}

void mdl_scalar_from_hash(const struct mdl_xmd *x, const uint8_t *msg, size_t len, uint8_t out[32])
{
    uint8_t wide[64];

    mdl_xmd(x, msg, len, wide, sizeof wide);
    crypto_core_ristretto255_scalar_reduce(out, wide);
    sodium_memzero(wide, sizeof wide);
}
