/* scalar.h: integers modulo L = 2^252 + 27742317777372353535851937790883648493, little-endian. */
#ifndef MANDORLA_GROUP_SCALAR_H
#define MANDORLA_GROUP_SCALAR_H

#include "xmd.h"

#include <stdbool.h>

/* 1 <= s < L. libsodium 1.0.18 multiplies by any 32 bytes, ignoring bit 255 and reducing the rest,
 * so every scalar that comes from outside passes here (RFC 9497, 4.1, DeserializeScalar; 0 is
 * refused as well). Constant time. */
bool mdl_scalar_valid(const uint8_t s[32]);

/* HashToScalar of RFC 9497, 4.1: 64 bytes of expand_message_xmd, as a little-endian integer mod L.
 * `x` was made with the DST "HashToScalar-" || contextString. */
void mdl_scalar_from_hash(const struct mdl_xmd *x, const uint8_t *msg, size_t len, uint8_t out[32]);

#endif
