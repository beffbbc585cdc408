/* key.h: what a round key is, for the files of this room that use it. Never included elsewhere. */
#ifndef MANDORLA_GROUP_KEY_H
#define MANDORLA_GROUP_KEY_H

#include "../group.h"

struct mdl_scalar_key {
    uint8_t k[MDL_SCALAR_BYTES]; /* secret, in [1, L-1] */
    uint8_t K[MDL_POINT_BYTES];  /* k*G, kept back by the protocol */
};

/* Makes a key from k, which the caller wipes. Errors as mdl_scalar_key_generate, and MDL_U_ARGUMENT
 * if k is not in [1, L-1]. */
MDL_MUST_CHECK enum mdl_status mdl_key_make(const uint8_t k[MDL_SCALAR_BYTES],
                                            struct mdl_scalar_key **out, struct mdl_error *err);

#endif
