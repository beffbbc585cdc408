/* engine.h: the point arithmetic everything else in this room is made of, and the one file to write
 * for another engine. Batches in, batches out.
 *
 * Scalars are canonical and in [1, L-1]: callers see to it, engines may rely on it. Each status
 * byte is MDL_OK, MDL_P_ENCODING or MDL_P_IDENTITY; the output of an element that is not MDL_OK is
 * zeroed. n is any number, 0 included; out == in is allowed. Points are encodings as in group.h.
 *
 * Constant time in `k` and, where said, in the uniform bytes: an engine keeps to that or is not
 * one.
 */
#ifndef MANDORLA_GROUP_ENGINE_H
#define MANDORLA_GROUP_ENGINE_H

#include <mandorla/status.h>

const char *mdl_engine_name(void);

/* out[i] = element derivation (RFC 9496, 4.3.4) of uniform[64 * i ..]; times k if k is not NULL.
 * Constant time in k and in the bytes. */
void mdl_engine_hash_mul(const uint8_t *k, const uint8_t *uniform, size_t n, uint8_t *out,
                         uint8_t *status);

/* out[i] = k * in[i]. Constant time in k. */
void mdl_engine_mul(const uint8_t *k, const uint8_t *in, size_t n, uint8_t *out, uint8_t *status);

/* out = k * G. Constant time in k. */
void mdl_engine_base(const uint8_t *k, uint8_t *out);

/* Decodes each and drops the result. */
void mdl_engine_check(const uint8_t *in, size_t n, uint8_t *status);

/* *out = sum of weight[i] * in[i] over the elements that are MDL_OK; 32 zero bytes (the identity)
 * for none. Weights are public: this one may take its time from them. */
void mdl_engine_weighted_sum(const uint8_t *weight, const uint8_t *in, size_t n, uint8_t *out,
                             uint8_t *status);

/* out = a + b; both are outputs of this engine, the identity included. */
void mdl_engine_add(const uint8_t *a, const uint8_t *b, uint8_t *out);

#endif
