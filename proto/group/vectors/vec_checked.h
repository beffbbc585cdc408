/* vec_checked.h: eight 64-bit lanes in plain C that check every bound the fast versions rely on: a
 * multiplicand fits 32 bits, no sum, difference or shift loses a bit. Aborts if one does.
 * For tests only. See ../lanes/vec_avx2.h. */
#ifndef MANDORLA_GROUP_VEC_H
#define MANDORLA_GROUP_VEC_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define LANES 8

/* Calls instead of copies: all this code many times over would take minutes to compile. */
#define VEC_CALL static __attribute__((noinline, unused))

typedef struct {
    uint64_t lane[LANES];
} vec;

VEC_CALL void vec_demand(int held)
{
    if (!held) {
        abort(); /* a bound is wrong; the caller's name in a debugger says which */
    }
}

/* Runs the statement for each lane i of the result r. */
#define VEC_EACH(statement)                                                                        \
    vec r;                                                                                         \
    for (size_t i = 0; i < LANES; i++) {                                                           \
        statement;                                                                                 \
    }                                                                                              \
    return r

VEC_CALL vec vec_set1(uint64_t a)
{
    VEC_EACH(r.lane[i] = a);
}

VEC_CALL vec vec_load(const uint64_t *p)
{
    VEC_EACH(r.lane[i] = p[i]);
}

VEC_CALL void vec_store(uint64_t *p, vec a)
{
    for (size_t i = 0; i < LANES; i++) {
        p[i] = a.lane[i];
    }
}

VEC_CALL vec vec_mul(vec a, vec b)
{
    VEC_EACH(vec_demand(((a.lane[i] | b.lane[i]) >> 32) == 0); r.lane[i] = a.lane[i] * b.lane[i]);
}

VEC_CALL vec vec_add(vec a, vec b)
{
    VEC_EACH(r.lane[i] = a.lane[i] + b.lane[i]; vec_demand(r.lane[i] >= a.lane[i]));
}

VEC_CALL vec vec_sub(vec a, vec b)
{
    VEC_EACH(vec_demand(a.lane[i] >= b.lane[i]); r.lane[i] = a.lane[i] - b.lane[i]);
}

VEC_CALL vec vec_and(vec a, vec b)
{
    VEC_EACH(r.lane[i] = a.lane[i] & b.lane[i]);
}

VEC_CALL vec vec_or(vec a, vec b)
{
    VEC_EACH(r.lane[i] = a.lane[i] | b.lane[i]);
}

VEC_CALL vec vec_xor(vec a, vec b)
{
    VEC_EACH(r.lane[i] = a.lane[i] ^ b.lane[i]);
}

VEC_CALL vec vec_shl(vec a, int n)
{
    VEC_EACH(vec_demand((a.lane[i] >> (64 - n)) == 0); r.lane[i] = a.lane[i] << n);
}

VEC_CALL vec vec_shr(vec a, int n)
{
    VEC_EACH(r.lane[i] = a.lane[i] >> n);
}

VEC_CALL vec vec_eq(vec a, vec b)
{
    VEC_EACH(r.lane[i] = a.lane[i] == b.lane[i] ? UINT64_MAX : 0);
}

VEC_CALL vec vec_pick(vec acc, vec m, vec a)
{
    return vec_or(acc, vec_and(m, a));
}

VEC_CALL vec vec_select(vec m, vec a, vec b)
{
    VEC_EACH(vec_demand(m.lane[i] == 0 || m.lane[i] == UINT64_MAX);
             r.lane[i] = m.lane[i] != 0 ? a.lane[i] : b.lane[i]);
}

VEC_CALL void vec_gather(vec *out, const uint64_t *const p[LANES], size_t n)
{
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < LANES; i++) {
            out[j].lane[i] = p[i][j];
        }
    }
}

VEC_CALL void vec_scatter(uint64_t *const p[LANES], const vec *in, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < LANES; i++) {
            p[i][j] = in[j].lane[i];
        }
    }
}

VEC_CALL void vec_leave(void)
{
}

#define VEC_PIN(array, a, b, c, d, e, f, g, h, i, j) (void)(array)

#undef VEC_EACH

#endif
