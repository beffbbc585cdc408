/* lane.h: the operations of vec_*.h on one lane in plain C, for check_bounds.py. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES        1
#define VEC_PIN(...) ((void)0)
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
PLAIN vec vec_xor(vec a, vec b)
{
    return a ^ b;
}
PLAIN vec vec_pick(vec acc, vec m, vec a)
{
    return acc | (m & a);
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
