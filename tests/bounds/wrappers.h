/* wrappers.h: what both fields have. */
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
