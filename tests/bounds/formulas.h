/* formulas.h: the functions that put field operations together, under plain names. */
#include <lanes/double_encode.h>

void bound_decode_affine(fe *x, fe *y, fe *xy, const fe *s)
{
    (void)decode_affine(x, y, xy, s);
}

void bound_elligator(point *p, const fe *t)
{
    elligator(p, t);
}

void bound_encode(uint8_t *out, const point *p)
{
    encode(out, p, 1);
}

void bound_cache(cached *c, const point *p)
{
    point_cache(c, p);
}

void bound_add_point(point *r, const point *p, const cached *c)
{
    point_add(r, p, c);
}

void bound_double(point *r, const point *p)
{
    point_double(r, p, 4);
}

void bound_digit(point *r, const point *p, const cached *c)
{
    terms s;

    point_add_terms(&s, p, c);
    point_from_terms(r, &s);
}

void bound_halves_put(struct halves *b, const point *p, const uint64_t *keep)
{
    halves_put(b, 0, p, *keep);
}

void bound_halves_products(fe *eg, fe *fh, fe *all, const terms *s)
{
    (void)halves_products(eg, fh, all, s);
}

void bound_halves_finish(fe *r, const terms *s, const fe *eg, const fe *fh, const fe *inv)
{
    halves_finish(r, s, eg, fh, inv);
}

void bound_invert(fe *r, const fe *a)
{
    fe_invert(r, a);
}
