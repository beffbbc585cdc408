/* engine.h: the point arithmetic everything else in this room is made of. Batches in, batches out.
 *
 * Scalars are canonical and in [1, L-1]: callers see to it, engines may rely on it. Each status
 * byte is MDL_OK, MDL_P_ENCODING or MDL_P_IDENTITY; the output of an element that is not MDL_OK is
 * zeroed. n is any number, 0 included; out == in is allowed. Points are encodings as in group.h.
 *
 * Constant time in `k` and, where said, in the uniform bytes: an engine keeps to that or is not
 * one. All engines give the same bytes.
 */
#ifndef MANDORLA_GROUP_ENGINE_H
#define MANDORLA_GROUP_ENGINE_H

#include <mandorla/status.h>
#include <stdbool.h>

struct mdl_engine {
    const char *name;
    size_t lanes;         /* elements that it works on at once */
    bool (*usable)(void); /* whether this processor and system can run it */

    /* out[i] = element derivation (RFC 9496, 4.3.4) of uniform[64 * i ..]; times k if k is not
     * NULL. Constant time in k and in the bytes. */
    void (*hash_mul)(const uint8_t *k, const uint8_t *uniform, size_t n, uint8_t *out,
                     uint8_t *status);

    /* out[i] = k * in[i]. Constant time in k. */
    void (*mul)(const uint8_t *k, const uint8_t *in, size_t n, uint8_t *out, uint8_t *status);

    /* Decodes each and drops the result. */
    void (*check)(const uint8_t *in, size_t n, uint8_t *status);

    /* *out = sum of weight[i] * in[i] over the elements that are MDL_OK; 32 zero bytes (the
     * identity) for none. Weights are public: this one may take its time from them. */
    void (*weighted_sum)(const uint8_t *weight, const uint8_t *in, size_t n, uint8_t *out,
                         uint8_t *status);
};

extern const struct mdl_engine mdl_engine_sodium; /* the oracle, and what is always there */
extern const struct mdl_engine mdl_engine_portable;
extern const struct mdl_engine mdl_engine_avx2;   /* on x86-64 */
extern const struct mdl_engine mdl_engine_avx512; /* on x86-64 */

/* out = sum of 2^(bits * i) * P[i]: the end of a weighted sum, a chain of doublings that gains
 * nothing from lanes. A point is X, Y, Z, T in five limbs of radix 2^51 each, below 2^53. Public
 * values. */
void mdl_engine_join(const uint64_t *points, size_t n, size_t bits, uint8_t *out);

/* ---- the choice -------------------------------------------------------------- */

/* The engines of this build, the preferred one first. */
const struct mdl_engine *const *mdl_engine_list(size_t *n);

/* Takes the engine named `wanted`, or the best that is usable if it is NULL. Before that, and if
 * the taken one differs from libsodium (mdl_engine_agrees), it is libsodium.
 * Errors: MDL_U_ARGUMENT (no such name, or not usable here). */
MDL_MUST_CHECK enum mdl_status mdl_engine_choose(const char *wanted, struct mdl_error *err);

/* Takes this one, tested as above. For tests. */
void mdl_engine_take(const struct mdl_engine *e);

/* Whether e and libsodium do the same on a few elements in every lane, bad ones included. */
bool mdl_engine_agrees(const struct mdl_engine *e);

/* ---- what it does ------------------------------------------------------------ */

/* The chosen one, and why it is libsodium if another failed. */
const char *mdl_engine_name(void);

/* As in struct mdl_engine. */
void mdl_engine_hash_mul(const uint8_t *k, const uint8_t *uniform, size_t n, uint8_t *out,
                         uint8_t *status);
void mdl_engine_mul(const uint8_t *k, const uint8_t *in, size_t n, uint8_t *out, uint8_t *status);
void mdl_engine_check(const uint8_t *in, size_t n, uint8_t *status);
void mdl_engine_weighted_sum(const uint8_t *weight, const uint8_t *in, size_t n, uint8_t *out,
                             uint8_t *status);

/* Single elements, on whichever engine is the fastest for one. mul_one gives the status. */
uint8_t mdl_engine_mul_one(const uint8_t *k, const uint8_t *in, uint8_t *out);
/* out = k * G. Constant time in k. */
void mdl_engine_base(const uint8_t *k, uint8_t *out);
/* out = a + b; both are outputs of an engine, the identity included. */
void mdl_engine_add(const uint8_t *a, const uint8_t *b, uint8_t *out);

#endif
