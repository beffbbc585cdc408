/* dleq.h: the steps of a proof that the RFC's own vectors need one by one. */
#ifndef MANDORLA_GROUP_DLEQ_H
#define MANDORLA_GROUP_DLEQ_H

#include "key.h"

/* Sets contextString and with it the seed (RFC 9497, 2.2, ComputeComposites, before the loop).
 * len is at most sizeof d->context. */
void mdl_dleq_fix(struct mdl_dleq *d, const uint8_t *context, size_t len,
                  const uint8_t K[MDL_POINT_BYTES], size_t m);

/* Weights d_i of rows first .. first + n (RFC 9497, 2.2, in the loop), 32 bytes each.
 * Errors: MDL_U_ARGUMENT (the range is outside). */
MDL_MUST_CHECK enum mdl_status mdl_dleq_weights(const struct mdl_dleq *d, size_t first, size_t n,
                                                const uint8_t *C, const uint8_t *D, uint8_t *weight,
                                                struct mdl_error *err);

/* GenerateProof (2.2.1) with the nonce r; r is in [1, L-1] and used once. Errors as
 * mdl_dleq_finish_prove. */
MDL_MUST_CHECK enum mdl_status
mdl_dleq_finish_with(const struct mdl_dleq *d, const struct mdl_scalar_key *key,
                     const struct mdl_dleq_part *part, size_t n_parts, const uint8_t *r,
                     uint8_t proof[MDL_PROOF_BYTES], struct mdl_error *err);

/* HashToScalar with DST "HashToScalar-" || contextString (4.1). */
MDL_MUST_CHECK enum mdl_status mdl_dleq_hash_to_scalar(const struct mdl_dleq *d, const uint8_t *msg,
                                                       size_t len, uint8_t out[MDL_SCALAR_BYTES],
                                                       struct mdl_error *err);

/* Adds up parts that tile the statement's rows. Errors: MDL_U_ARGUMENT (they do not). */
MDL_MUST_CHECK enum mdl_status mdl_dleq_join(const struct mdl_dleq *d,
                                             const struct mdl_dleq_part *part, size_t n_parts,
                                             bool with_z, uint8_t M[MDL_POINT_BYTES],
                                             uint8_t Z[MDL_POINT_BYTES], struct mdl_error *err);

#endif
