/* group_vectors.h: what only the official vectors and tests may do with the group: keys and nonces
 * that are given, the RFC's proofs without our binding of all rows, OPRF finalisation.
 *
 * A target of its own (mandorla-group-vectors): nothing that ships links it. None of this is safe
 * in a round: a known nonce gives the key away, and unbound weights can be forged
 * (docs/THREATS.md).
 */
#ifndef MANDORLA_GROUP_VECTORS_H
#define MANDORLA_GROUP_VECTORS_H

#include <group.h>

enum mdl_oprf_mode { MDL_OPRF = 0, MDL_VOPRF = 1 }; /* RFC 9497, 3.1 */

#define MDL_OPRF_CONTEXT_BYTES 28 /* "OPRFV1-" || mode || "-ristretto255-SHA512" */
#define MDL_OPRF_OUTPUT_BYTES  64

/* Errors: MDL_U_ARGUMENT (k is not in [1, L-1]), MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_scalar_key_from_bytes(const uint8_t k[MDL_SCALAR_BYTES],
                                                         struct mdl_scalar_key **out,
                                                         struct mdl_error *err);
/* The scalar itself, to compare with a vector. */
const uint8_t *mdl_scalar_key_bytes(const struct mdl_scalar_key *key);

/* RFC 9380, 5.3.1. out_len in 1..16320. Errors: MDL_U_ARGUMENT. */
MDL_MUST_CHECK enum mdl_status mdl_expand_message_xmd(const uint8_t *dst, size_t dst_len,
                                                      const uint8_t *msg, size_t len, uint8_t *out,
                                                      size_t out_len, struct mdl_error *err);

/* RFC 9496, 4.3.4, for n times 64 bytes. */
void mdl_group_derive(const uint8_t *uniform, size_t n, uint8_t *out);
/* a + b (RFC 9496, 4.3). */
void mdl_group_add(const uint8_t *a, const uint8_t *b, uint8_t *out);
/* 1 <= s < L. */
bool mdl_group_scalar_valid(const uint8_t s[MDL_SCALAR_BYTES]);

/* contextString of RFC 9497, 3.1 for ristretto255-SHA512. */
void mdl_oprf_context(enum mdl_oprf_mode mode, uint8_t out[MDL_OPRF_CONTEXT_BYTES]);
/* DeriveKeyPair (3.2.1). Errors: MDL_U_ARGUMENT (info longer than 256), MDL_L_MEMORY, MDL_BUG. */
MDL_MUST_CHECK enum mdl_status mdl_oprf_derive_key(enum mdl_oprf_mode mode, const uint8_t seed[32],
                                                   const uint8_t *info, size_t info_len,
                                                   struct mdl_scalar_key **out,
                                                   struct mdl_error *err);
/* Finalize (3.3.1, and 3.3.2 after its proof was verified). len <= 65535.
 * Errors: MDL_P_ENCODING, MDL_P_IDENTITY (the evaluated element). */
MDL_MUST_CHECK enum mdl_status mdl_oprf_finalize(const uint8_t *input, size_t len,
                                                 const struct mdl_scalar_key *blind,
                                                 const uint8_t evaluated[MDL_POINT_BYTES],
                                                 uint8_t out[MDL_OPRF_OUTPUT_BYTES],
                                                 struct mdl_error *err);

/* As mdl_dleq_begin, with a contextString that does not depend on the rows: the RFC's own. */
void mdl_dleq_begin_rfc9497(struct mdl_dleq *d, const uint8_t context[MDL_OPRF_CONTEXT_BYTES],
                            const uint8_t K[MDL_POINT_BYTES], size_t m);
/* As mdl_dleq_finish_prove, with the nonce r. */
MDL_MUST_CHECK enum mdl_status
mdl_dleq_finish_prove_nonce(const struct mdl_dleq *d, const struct mdl_scalar_key *key,
                            const struct mdl_dleq_part *part, size_t n_parts,
                            const uint8_t r[MDL_SCALAR_BYTES], uint8_t proof[MDL_PROOF_BYTES],
                            struct mdl_error *err);
/* The weights of rows first .. first + n. Errors: MDL_U_ARGUMENT. */
MDL_MUST_CHECK enum mdl_status mdl_dleq_row_weights(const struct mdl_dleq *d, size_t first,
                                                    size_t n, const uint8_t *C, const uint8_t *D,
                                                    uint8_t *weight, struct mdl_error *err);

#endif
