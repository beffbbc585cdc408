/* ristretto.h: between bytes and points (RFC 9496, 4.3), LANES elements at a time. Constant time;
 * what is decided lane by lane comes out as a mask. */
#ifndef MANDORLA_GROUP_RISTRETTO_H
#define MANDORLA_GROUP_RISTRETTO_H

#include "curve.h"

#define POINT ((size_t)32)

/* The first `count` lanes from bytes `stride` apart, the others zero. */
static void fe_from_bytes(fe *r, const uint8_t *in, size_t stride, size_t count)
{
    uint64_t words[4][LANES];

    memset(words, 0, sizeof words);
    for (size_t l = 0; l < count; l++) {
        for (size_t j = 0; j < 4; j++) {
            memcpy(&words[j][l], in + l * stride + 8 * j, 8);
        }
    }
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "written for little-endian machines"
#endif
    fe_from_words(r, words);
}

/* The canonical values of the first `count` lanes, zeros where `keep` is. */
static void fe_to_bytes(uint8_t *out, const fe *a, vec keep, size_t count)
{
    uint64_t words[4][LANES];

    fe_to_words(words, a);
    for (size_t j = 0; j < 4; j++) {
        vec_store(words[j], vec_and(vec_load(words[j]), keep));
    }
    for (size_t l = 0; l < count; l++) {
        for (size_t j = 0; j < 4; j++) {
            memcpy(out + l * POINT + 8 * j, &words[j][l], 8);
        }
    }
}

static void fe_add_one(fe *r, const fe *a)
{
    fe one;

    fe_constant(&one, fe_one);
    fe_add(r, a, &one);
    fe_tighten(r, r);
}

/* 1 - a, tight */
static void fe_one_minus(fe *r, const fe *a)
{
    fe one;

    fe_constant(&one, fe_one);
    fe_sub(r, &one, a);
    fe_tighten(r, r);
}

/* 4.3.1 without step 1, the check that s is canonical and even: of affine x and y, tight, and a
 * mask of the lanes where they are a point. The identity is one. */
static vec decode_affine(fe *x, fe *y, fe *xy, const fe *s)
{
    fe u1, u2, u2_sq, v, root, t, d, one;
    vec ok;

    fe_sq(&t, s);
    fe_one_minus(&u1, &t);
    fe_add_one(&u2, &t);
    fe_sq(&u2_sq, &u2);
    fe_sq(&t, &u1);
    fe_constant(&d, fe_d);
    fe_mul(&t, &t, &d);
    fe_add(&t, &t, &u2_sq);
    fe_tighten(&t, &t);
    fe_negate_if(&v, vec_set1(UINT64_MAX), &t); /* -(d u1^2) - u2^2 */

    fe_mul(&t, &v, &u2_sq);
    fe_constant(&one, fe_one);
    ok = fe_sqrt_ratio(&root, &one, &t);
    fe_mul(&u2, &root, &u2); /* den_x */
    fe_mul(&t, &root, &u2);
    fe_mul(&t, &t, &v); /* den_y */
    fe_mul(y, &u1, &t);
    fe_mul(x, s, &u2);
    fe_add(x, x, x);
    fe_tighten(x, x);
    fe_abs(x, x);
    fe_mul(xy, x, y);
    ok = vec_and(ok, vec_eq(fe_is_negative(xy), vec_set1(0)));
    return vec_and(ok, vec_eq(fe_is_zero(y), vec_set1(0)));
}

static vec decode(point *r, const fe *s)
{
    fe_constant(&r->z, fe_one);
    return decode_affine(&r->x, &r->y, &r->t, s);
}

/* The map of 4.3.4: a point from any field element. */
static void elligator(point *p, const fe *t)
{
    fe r, u, v, s, c, n, k, one;
    vec square;

    fe_constant(&one, fe_one);
    fe_constant(&k, fe_sqrt_m1);
    fe_sq(&r, t);
    fe_mul(&r, &r, &k);
    fe_add_one(&u, &r);
    fe_constant(&k, fe_one_minus_d_sq);
    fe_mul(&u, &u, &k);
    fe_constant(&k, fe_d);
    fe_mul(&v, &r, &k);
    fe_add_one(&v, &v);
    fe_add(&k, &r, &k);
    fe_negate_if(&v, vec_set1(UINT64_MAX), &v);
    fe_mul(&v, &v, &k); /* (-1 - r d) (r + d) */

    square = fe_sqrt_ratio(&s, &u, &v);
    fe_mul(&n, &s, t);
    fe_abs(&n, &n);
    fe_negate_if(&n, vec_set1(UINT64_MAX), &n);
    fe_select(&s, square, &s, &n);
    fe_negate_if(&c, vec_set1(UINT64_MAX), &one);
    fe_select(&c, square, &c, &r);
    fe_sub(&n, &r, &one);
    fe_mul(&n, &n, &c);
    fe_constant(&k, fe_d_minus_one_sq);
    fe_mul(&n, &n, &k);
    fe_sub(&n, &n, &v); /* c (r - 1) (d - 1)^2 - v */

    fe_mul(&v, &s, &v);
    fe_add(&v, &v, &v); /* w0 = 2 s v */
    fe_constant(&k, fe_sqrt_ad_minus_one);
    fe_mul(&n, &n, &k); /* w1 */
    fe_sq(&s, &s);
    fe_one_minus(&u, &s); /* w2 */
    fe_add_one(&s, &s);   /* w3 */
    fe_mul(&p->x, &v, &s);
    fe_mul(&p->y, &u, &n);
    fe_mul(&p->z, &n, &s);
    fe_mul(&p->t, &v, &u);
}

/* The element derivation of 4.3.4, before its encoding: uniform bytes, 64 a lane. */
static void derive(point *r, const uint8_t *uniform, size_t count)
{
    fe t;
    point p;
    cached c;

    fe_from_bytes(&t, uniform, 64, count);
    elligator(r, &t);
    fe_from_bytes(&t, uniform + 32, 64, count);
    elligator(&p, &t);
    point_cache(&c, &p);
    point_add(r, r, &c);
}

/* 4.3.2 */
static void encode(uint8_t *out, const point *p, size_t count)
{
    fe u1, u2, t, root, z_inv, x, y, i, one;
    vec rotate;

    fe_add(&u1, &p->z, &p->y);
    fe_sub(&t, &p->z, &p->y);
    fe_mul(&u1, &u1, &t);
    fe_mul(&u2, &p->x, &p->y);
    fe_sq(&t, &u2);
    fe_mul(&t, &t, &u1);
    fe_constant(&one, fe_one);
    (void)fe_sqrt_ratio(&root, &one, &t);
    fe_mul(&u1, &root, &u1); /* den1 */
    fe_mul(&u2, &root, &u2); /* den2 */
    fe_mul(&z_inv, &u1, &u2);
    fe_mul(&z_inv, &z_inv, &p->t);

    fe_constant(&i, fe_sqrt_m1);
    fe_mul(&y, &p->x, &i); /* x and y of the point turned by i */
    fe_mul(&x, &p->y, &i);
    fe_constant(&i, fe_invsqrt_a_minus_d);
    fe_mul(&i, &u1, &i);
    fe_mul(&t, &p->t, &z_inv);
    rotate = fe_is_negative(&t);
    fe_select(&x, rotate, &x, &p->x);
    fe_select(&y, rotate, &y, &p->y);
    fe_select(&u2, rotate, &i, &u2); /* den_inv */
    fe_mul(&t, &x, &z_inv);
    fe_negate_if(&y, fe_is_negative(&t), &y);
    fe_tighten(&y, &y);
    fe_sub(&t, &p->z, &y);
    fe_mul(&t, &t, &u2);
    fe_abs(&t, &t);
    fe_to_bytes(out, &t, vec_set1(UINT64_MAX), count);
}

#endif
