/* field25.c: the vector field's functions under plain names, on one lane in plain C, for
 * check_bounds.py, which compiles this file to LLVM IR and goes through it instruction by
 * instruction. vec_mul takes 32 bits of each factor: the check demands that there are no more. Not
 * linked into anything. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES 1
typedef uint64_t vec;

static vec vec_mul(vec a, vec b)
{
    return a * b;
}

static vec vec_eq(vec a, vec b)
{
    return a == b ? UINT64_MAX : 0;
}

static vec vec_select(vec m, vec a, vec b)
{
    return (m & a) | (~m & b);
}

#define PLAIN static inline __attribute__((always_inline))
PLAIN vec vec_set1(uint64_t a)
{
    return a;
}
PLAIN vec vec_load(const uint64_t *p)
{
    return *p;
}
PLAIN void vec_store(uint64_t *p, vec a)
{
    *p = a;
}
PLAIN vec vec_add(vec a, vec b)
{
    return a + b;
}
PLAIN vec vec_sub(vec a, vec b)
{
    return a - b;
}
PLAIN vec vec_and(vec a, vec b)
{
    return a & b;
}
PLAIN vec vec_or(vec a, vec b)
{
    return a | b;
}
PLAIN vec vec_shl(vec a, int n)
{
    return a << n;
}
PLAIN vec vec_shr(vec a, int n)
{
    return a >> n;
}

#define VEC_PIN(...) ((void)0)

#include <lanes/field25.h>

#include "wrappers.h"

void bound_mul_wide(wide *r, const fe *a, const fe *b)
{
    fe_mul_wide(r, a, b);
}

void bound_sq_wide(wide *r, const fe *a)
{
    fe_sq_wide(r, a);
}

void bound_narrow(fe *r, const wide *a)
{
    fe_narrow(r, a);
}

void bound_narrow_sub(fe *r, const wide *a, const wide *b)
{
    fe_narrow_sub(r, a, b);
}
