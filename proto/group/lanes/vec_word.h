/* vec_word.h: one lane, a 64-bit word. For the portable engine, whose field multiplies by itself.
 * See vec_avx2.h. */
#ifndef MANDORLA_GROUP_VEC_H
#define MANDORLA_GROUP_VEC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES ((size_t)1)

typedef uint64_t vec;

static inline vec vec_set1(uint64_t a)
{
    return a;
}

static inline vec vec_load(const uint64_t *p)
{
    return *p;
}

static inline void vec_store(uint64_t *p, vec a)
{
    *p = a;
}

static inline vec vec_and(vec a, vec b)
{
    return a & b;
}

static inline vec vec_or(vec a, vec b)
{
    return a | b;
}

static inline vec vec_xor(vec a, vec b)
{
    return a ^ b;
}

/* All ones if a equals b, else zero. The compiler may not know that the result has two values: it
 * would make branches of what is masked with it. */
static inline vec vec_eq(vec a, vec b)
{
    uint64_t d = a ^ b;
    uint64_t m = ((d | (0 - d)) >> 63) - 1;

    __asm__("" : "+r"(m));
    return m;
}

/* acc | (m & a) */
static inline vec vec_pick(vec acc, vec m, vec a)
{
    return acc | (m & a);
}

/* m ? a : b, for a mask m */
static inline vec vec_select(vec m, vec a, vec b)
{
    return b ^ (m & (a ^ b));
}

static inline void vec_gather(vec *out, const uint64_t *const p[LANES], size_t n)
{
    memcpy(out, p[0], n * sizeof *out);
}

static inline void vec_scatter(uint64_t *const p[LANES], const vec *in, size_t n)
{
    memcpy(p[0], in, n * sizeof *in);
}

static inline void vec_leave(void)
{
}

#endif
