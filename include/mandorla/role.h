/* role.h: which of two nodes is A and which is B (PROTOCOL 1.6).
 *
 * Of two identities the lower one, compared as byte strings, has role A. Roles never depend on who
 * dialled or proposed. Arrays with one element for each side are indexed by role.
 */
#ifndef MANDORLA_ROLE_H
#define MANDORLA_ROLE_H

#include <mandorla/signer.h>
#include <string.h>

enum mdl_role { MDL_ROLE_A = 0, MDL_ROLE_B = 1 };

/* Our role towards a partner. The identities differ; they are public. */
static inline enum mdl_role mdl_role_of(const uint8_t own[MDL_IDENTITY_BYTES],
                                        const uint8_t partner[MDL_IDENTITY_BYTES])
{
    return memcmp(own, partner, MDL_IDENTITY_BYTES) < 0 ? MDL_ROLE_A : MDL_ROLE_B;
}

static inline enum mdl_role mdl_role_other(enum mdl_role r)
{
    return r == MDL_ROLE_A ? MDL_ROLE_B : MDL_ROLE_A;
}

#endif
