/* double_encode.h: encodings of 2P for many points P, with one inversion for all.
 *
 * Encoding a point takes an inverse square root, because one looks for the s of which the point is
 * an image. A doubling goes through that very curve: it is an isogeny and its dual, and in the
 * middle s is a rational function of P. So 2P is encoded with divisions only, and Montgomery's
 * trick makes one of them serve a whole batch. The method and its formulas are those of
 * curve25519-dalek (RistrettoPoint::double_and_compress_batch); Hamburg, "Decaf", 2015, has the
 * isogenies.
 *
 * Of P: e = 2XY, f = Y^2 - X^2, g = X^2 + Y^2, h = 2Z^2 - f, so 2P = (e f : g h) / (f h : f h) and
 * all of it is what point_double_terms computes, signs aside. T is not needed. */
#ifndef MANDORLA_GROUP_DOUBLE_ENCODE_H
#define MANDORLA_GROUP_DOUBLE_ENCODE_H

#include "ristretto.h"

/* Vectors in one go: 128 elements, or 32 with a single lane. */
#define BATCH_VECTORS (LANES == 1 ? 32 : 128 / LANES)
#define BATCH         ((size_t)BATCH_VECTORS * LANES)

struct halves {
    terms of[BATCH_VECTORS];  /* e, f, g, h of a vector of points */
    fe before[BATCH_VECTORS]; /* product of e f g h of the vectors before it, 0 counted as 1 */
    vec keep[BATCH_VECTORS];  /* lanes to be encoded */
};

/* Takes point number i; lanes where keep is zero come out as zeros. */
static void halves_put(struct halves *b, size_t i, const point *p, vec keep)
{
    const vec all = vec_set1(UINT64_MAX);
    terms s;

    point_double_terms(&s, p);
    fe_tighten(&s.e, &s.e);
    fe_tighten(&s.g, &s.g);
    fe_negate_if(&b->of[i].e, all, &s.e);
    fe_negate_if(&b->of[i].f, all, &s.g);
    b->of[i].g = s.h;
    b->of[i].h = s.f;
    b->keep[i] = keep;
}

/* *eg = e g, *fh = f h, *all = their product, or 1 where that is zero: then 2P is the identity, and
 * the mask that comes back is zero. */
static vec halves_products(fe *eg, fe *fh, fe *all, const terms *s)
{
    fe one;
    vec zero;

    fe_mul(eg, &s->e, &s->g);
    fe_mul(fh, &s->f, &s->h);
    fe_mul(all, eg, fh);
    zero = fe_is_zero(all);
    fe_constant(&one, fe_one);
    fe_select(all, zero, &one, all);
    return vec_eq(zero, vec_set1(0));
}

/* |s| of 2P from inv = 1 / (e f g h). With z = 1 / (f h) and t = 1 / (e g): the encoding turns the
 * point by i if x y = e g z is negative, and changes the sign of y if x is (RFC 9496, 4.3.2). */
static void halves_finish(fe *r, const terms *s, const fe *eg, const fe *fh, const fe *inv)
{
    fe z, t, e, g, h, magic, i, x;
    vec turn;

    fe_mul(&z, eg, inv);
    fe_mul(&t, fh, inv);
    fe_mul(&x, eg, &z);
    turn = fe_is_negative(&x);
    fe_constant(&i, fe_sqrt_m1);
    fe_constant(&magic, fe_invsqrt_a_minus_d);
    fe_select(&magic, turn, &i, &magic);
    fe_mul(&h, &s->f, &i);
    fe_select(&h, turn, &h, &s->h);
    fe_tighten(&x, &s->e);
    fe_select(&e, turn, &s->g, &x);
    fe_negate_if(&x, vec_set1(UINT64_MAX), &x);
    fe_select(&g, turn, &x, &s->g);

    fe_mul(&x, &h, &e);
    fe_mul(&x, &x, &z);
    fe_tighten(&g, &g);
    fe_negate_if(&g, fe_is_negative(&x), &g);
    fe_tighten(&g, &g);
    fe_tighten(&h, &h);
    fe_mul(&t, &t, &g);
    fe_mul(&t, &t, &magic);
    fe_sub(&x, &h, &g);
    fe_mul(&x, &x, &t);
    fe_abs(r, &x);
}

/* The encodings of the first n elements put. */
static void halves_encode(struct halves *b, size_t n, uint8_t *out)
{
    size_t vectors = (n + LANES - 1) / LANES;
    fe product, eg, fh, all, inv;

    fe_constant(&product, fe_one);
    for (size_t i = 0; i < vectors; i++) {
        b->before[i] = product;
        (void)halves_products(&eg, &fh, &all, &b->of[i]);
        fe_mul(&product, &product, &all);
    }
    fe_invert(&product, &product);
    for (size_t i = vectors; i-- > 0;) {
        vec keep = vec_and(b->keep[i], halves_products(&eg, &fh, &all, &b->of[i]));
        size_t left = n - i * LANES;

        fe_mul(&inv, &product, &b->before[i]);
        fe_mul(&product, &product, &all);
        halves_finish(&inv, &b->of[i], &eg, &fh, &inv);
        fe_to_bytes(out + i * LANES * POINT, &inv, keep, left < LANES ? left : LANES);
    }
}

#endif
