/* field25.c: the vector field's functions under plain names, on one lane in plain C, for
 * check_bounds.py, which compiles this file to LLVM IR and goes through it instruction by
 * instruction. vec_mul takes 32 bits of each factor: the check demands that there are no more. Not
 * linked into anything. */
#include "lane.h"

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
