/* field51.c: the portable field's functions under plain names, for check_bounds.py, which compiles
 * this file to LLVM IR and goes through it instruction by instruction. Not linked into anything. */
#include <lanes/vec_word.h>

#include <lanes/field51.h>

#define UNARY(name)                                                                                \
    void bound_##name(fe *r, const fe *a)                                                          \
    {                                                                                              \
        fe_##name(r, a);                                                                           \
    }
#define BINARY(name)                                                                               \
    void bound_##name(fe *r, const fe *a, const fe *b)                                             \
    {                                                                                              \
        fe_##name(r, a, b);                                                                        \
    }

UNARY(sq)
UNARY(tighten)
UNARY(freeze)
BINARY(mul)
BINARY(add)
BINARY(sub)

void bound_negate_if(fe *r, const uint64_t *m, const fe *a)
{
    fe_negate_if(r, *m, a);
}
