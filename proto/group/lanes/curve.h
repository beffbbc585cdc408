/* curve.h: points of the twisted Edwards curve -x^2 + y^2 = 1 + d x^2 y^2, LANES at a time, and
 * their multiplication by one scalar that is the same in every lane.
 * Formulas: Hisil, Wong, Carter, Dawson, "Twisted Edwards Curves Revisited", 2008: (x, y) is held
 * as X = x Z, Y = y Z, T = x y Z. All are complete: they hold for every pair of points. */
#ifndef MANDORLA_GROUP_CURVE_H
#define MANDORLA_GROUP_CURVE_H

#include "field.h"

typedef struct { /* tight */
    fe x, y, z, t;
} point;

typedef struct { /* a result before its last products: X = EF, Y = GH, Z = FG, T = EH; loose */
    fe e, f, g, h;
} terms;

typedef struct { /* to add: Y + X, Y - X, 2d T, 2Z; loose */
    fe yp, ym, t2d, z2;
} cached;

typedef struct {
    vec v[4 * FE_PACKED];
} packed;

/* Digits of a scalar in base 16, each in [-8, 8]; and the multiples 1 to 8 of a point. */
#define SCALAR_DIGITS 64
#define TABLE         8

static void point_identity(point *r)
{
    memset(r, 0, sizeof *r);
    fe_constant(&r->y, fe_one);
    fe_constant(&r->z, fe_one);
}

/* 2P (section 3.3), all four terms with the sign changed, which cancels in the products:
 * E = X^2 + Y^2 - (X + Y)^2, H = X^2 + Y^2, G = X^2 - Y^2, F = G + 2Z^2. T is not read. */
FE_INLINE void point_double_terms(terms *r, const point *p)
{
    wide a, b, c, s;
    fe xy;

    fe_sq_wide(&a, &p->x);
    fe_sq_wide(&b, &p->y);
    fe_sq_wide(&c, &p->z);
    fe_add(&xy, &p->x, &p->y);
    fe_sq_wide(&s, &xy);
    fe_narrow_sub(&r->g, &a, &b);
    wide_add(&c, &c, &c);
    wide_add(&c, &c, &a);
    fe_narrow_sub(&r->f, &c, &b);
    wide_add(&a, &a, &b);
    fe_narrow_sub(&r->e, &a, &s);
    fe_narrow(&r->h, &a);
}

/* P + Q (section 3.1 with Q prepared; k = 2d): A = (Y1 - X1)(Y2 - X2), B = (Y1 + X1)(Y2 + X2),
 * C = T1 2d T2, D = Z1 2 Z2; E = B - A, F = D - C, G = D + C, H = B + A. */
FE_INLINE void point_sum_terms(terms *r, const wide *a, const wide *b, const wide *c, const wide *d)
{
    fe_narrow_sub(&r->e, b, a);
    fe_narrow_sub(&r->f, d, c);
    fe_narrow_add(&r->g, d, c);
    fe_narrow_add(&r->h, b, a);
}

FE_INLINE void point_add_terms(terms *r, const point *p, const cached *q)
{
    wide a, b, c, d;
    fe s;

    fe_sub(&s, &p->y, &p->x);
    fe_mul_wide(&a, &s, &q->ym);
    fe_add(&s, &p->y, &p->x);
    fe_mul_wide(&b, &s, &q->yp);
    fe_mul_wide(&c, &p->t, &q->t2d);
    fe_mul_wide(&d, &p->z, &q->z2);
    point_sum_terms(r, &a, &b, &c, &d);
}

FE_INLINE void point_from_terms(point *r, const terms *s)
{
    fe_mul(&r->x, &s->e, &s->f);
    fe_mul(&r->y, &s->g, &s->h);
    fe_mul(&r->z, &s->f, &s->g);
}

FE_INLINE void point_from_terms_t(point *r, const terms *s)
{
    point_from_terms(r, s);
    fe_mul(&r->t, &s->e, &s->h);
}

FE_NOINLINE void point_add(point *r, const point *p, const cached *q)
{
    terms s;

    point_add_terms(&s, p, q);
    point_from_terms_t(r, &s);
}

/* r = 2^n p, n >= 1; T only after the last doubling, the only one that an addition follows. */
FE_NOINLINE void point_double(point *r, const point *p, int n)
{
    terms s;

    point_double_terms(&s, p);
    for (int i = 1; i < n; i++) {
        point_from_terms(r, &s);
        point_double_terms(&s, r);
    }
    point_from_terms_t(r, &s);
}

/* The sums are carried: packed limbs and those of the next product's bounds stay small. */
static void point_cache(cached *r, const point *p)
{
    fe d2;

    fe_add(&r->yp, &p->y, &p->x);
    fe_tighten(&r->yp, &r->yp);
    fe_sub(&r->ym, &p->y, &p->x);
    fe_tighten(&r->ym, &r->ym);
    fe_constant(&d2, fe_2d);
    fe_mul(&r->t2d, &p->t, &d2);
    fe_add(&r->z2, &p->z, &p->z);
}

static void point_pack(packed *r, const cached *c)
{
    fe_pack(r->v, &c->yp);
    fe_pack(r->v + FE_PACKED, &c->ym);
    fe_pack(r->v + 2 * FE_PACKED, &c->t2d);
    fe_pack(r->v + 3 * FE_PACKED, &c->z2);
}

/* Swaps Y + X and Y - X and changes the sign of 2d T where m is set. */
FE_INLINE void packed_to_cached(cached *r, packed *s, vec m)
{
    for (size_t i = 0; i < FE_PACKED; i++) {
        vec x = vec_and(m, vec_xor(s->v[i], s->v[FE_PACKED + i]));

        s->v[i] = vec_xor(s->v[i], x);
        s->v[FE_PACKED + i] = vec_xor(s->v[FE_PACKED + i], x);
    }
    fe_unpack(&r->yp, s->v);
    fe_unpack(&r->ym, s->v + FE_PACKED);
    fe_unpack(&r->t2d, s->v + 2 * FE_PACKED);
    fe_negate_if(&r->t2d, m, &r->t2d);
    fe_unpack(&r->z2, s->v + 3 * FE_PACKED);
}

/* ---- the secret scalar -------------------------------------------------------------- */

/* All ones if a equals b, else zero; the compiler is not to see that there are two values. */
static inline uint64_t same_digit(uint64_t a, uint64_t b)
{
    uint64_t m = 0 - (((a ^ b) - 1) >> 63);

    __asm__("" : "+r"(m));
    return m;
}

/* The multiple that a digit names, by reading the whole table; word by word, with the masks of all
 * entries in registers. */
FE_NOINLINE void table_lookup(cached *r, const packed table[TABLE], int8_t digit)
{
    uint64_t negative = 0 - (uint64_t)((uint8_t)digit >> 7);
    uint64_t size = ((uint64_t)(int64_t)digit ^ negative) - negative;
    uint64_t none = same_digit(size, 0);
    vec m[TABLE];
    packed s;

    for (size_t j = 0; j < TABLE; j++) {
        m[j] = vec_set1(same_digit(size, j + 1));
    }
    for (size_t i = 0; i < 4 * FE_PACKED; i++) {
        s.v[i] = vec_and(m[0], table[0].v[i]);
        for (size_t j = 1; j < TABLE; j++) {
            s.v[i] = vec_pick(s.v[i], m[j], table[j].v[i]);
        }
    }
    s.v[0] = vec_or(s.v[0], vec_set1(none & 1)); /* the identity: 1, 1, 0, 2 */
    s.v[FE_PACKED] = vec_or(s.v[FE_PACKED], vec_set1(none & 1));
    s.v[3 * FE_PACKED] = vec_or(s.v[3 * FE_PACKED], vec_set1(none & 2));
    packed_to_cached(r, &s, vec_set1(negative));
}

static void table_make(packed table[TABLE], const point *p)
{
    cached one, c;
    point q = *p;

    point_cache(&one, p);
    point_pack(&table[0], &one);
    for (size_t j = 1; j < TABLE; j++) {
        point_add(&q, &q, &one);
        point_cache(&c, &q);
        point_pack(&table[j], &c);
    }
}

/* r = sum of digit[i] 16^i times p; of r, T is not to be relied on. r may be p. */
static void point_multiply(point *r, const point *p, const int8_t digit[SCALAR_DIGITS],
                           packed table[TABLE])
{
    terms s;
    cached c;
    point q;

    table_make(table, p);
    point_identity(&q);
    for (size_t i = SCALAR_DIGITS; i-- > 0;) {
        if (i < SCALAR_DIGITS - 1) {
            point_double(&q, &q, 4);
        }
        table_lookup(&c, table, digit[i]);
        point_add_terms(&s, &q, &c);
        point_from_terms(&q, &s);
    }
    *r = q;
}

#endif
