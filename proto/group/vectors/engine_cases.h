/* engine_cases.h: inputs on which an engine is compared with libsodium, and the comparison. For
 * tests: Check on this machine, a program of its own on an emulated one. Everything that is drawn
 * follows from a seed. One thread. Nothing here is secret. */
#ifndef MANDORLA_GROUP_ENGINE_CASES_H
#define MANDORLA_GROUP_ENGINE_CASES_H

#include <internal/engine.h>

#define MDL_CASES_MOST    160 /* elements in one batch: more than an engine takes in one go */
#define MDL_CASES_UNIFORM 64

struct mdl_cases_batch {
    size_t n;
    uint8_t k[32];
    uint8_t uniform[MDL_CASES_MOST * MDL_CASES_UNIFORM];
    uint8_t points[MDL_CASES_MOST * 32];
    uint8_t weight[MDL_CASES_MOST * 32];
};

/* L, little-endian. */
extern const uint8_t mdl_group_order[32];

void mdl_cases_seed(uint32_t seed);
void mdl_cases_draw(uint8_t *out, size_t n);
void mdl_cases_draw_scalar(uint8_t k[32]);
/* n good points, weights, uniform bytes and a scalar. */
void mdl_cases_draw_batch(struct mdl_cases_batch *b, size_t n);
/* About one point in eight becomes random bytes, even and mostly below 2^255: half of those are no
 * point. */
void mdl_cases_spoil_some(struct mdl_cases_batch *b);

/* 0, 1, p - 1, p, p + 1, 2^255 - 1 and 2^256 - 1: as both halves of what is mapped, in all pairs,
 * and as encodings. */
void mdl_cases_field_edges(struct mdl_cases_batch *b);
/* 1, 2, 3, L - 3 .. L - 1, long runs of equal digits, and lone bits, as scalar and as weights. */
#define MDL_CASES_SCALARS 20
void mdl_cases_scalar_edge(struct mdl_cases_batch *b, size_t i);
/* Equal points with equal weights: additions that meet their own kind; then every second weight
 * negated, so that the sum is the identity. */
void mdl_cases_equal_points(struct mdl_cases_batch *b);
void mdl_cases_cancel(struct mdl_cases_batch *b);

/* The operation whose bytes or statuses are not libsodium's, those behind the n-th element
 * included: nothing may write there. NULL: they agree. */
const char *mdl_cases_difference(const struct mdl_engine *e, const struct mdl_cases_batch *b);

#endif
