/* field51.h: integers modulo p = 2^255 - 19 for multipliers of 64 bits, one at a time.
 *
 * Five limbs, radix 2^51. Bounds:
 *   tight   < 2^51 + 2^13     what multiplications and carries give
 *   loose   < 2^54            what they take: sums and differences of up to four tight ones
 * A column of a product of loose elements is below 77 * 2^108 < 2^114.3. The interface is that of
 * field25.h; a product is carried at once here, so a `wide` is an element like any other. */
#ifndef MANDORLA_GROUP_FIELD_H
#define MANDORLA_GROUP_FIELD_H

#include <string.h>

#define FE_LIMBS ((size_t)5)

#ifdef MDL_LANES_CALLS /* with a sanitizer, copies of all this take minutes to compile */
#define FE_INLINE static __attribute__((noinline, unused))
#else
#define FE_INLINE static inline __attribute__((always_inline))
#endif
#define FE_NOINLINE static __attribute__((noinline))

__extension__ typedef unsigned __int128 fe_product;

typedef struct {
    uint64_t v[FE_LIMBS];
} fe;

typedef fe wide;

/* How fe_pack stores an element: as it is. */
#define FE_PACKED ((size_t)5)

static const uint64_t fe_mask51 = ((uint64_t)1 << 51) - 1;

/* ---- multiplication: loose in, tight out; r may be a or b, here and below ---------- */

/* Columns below 2^115, column 4, which has no wrapped product, below 5 * 2^108 + 2^64: it gives
 * less than 2^59.4 to limb 0, times 19, which is below 2^63.7 then and gives less than 2^13 to
 * limb 1. */
FE_INLINE void fe_carry(fe *r, fe_product c0, fe_product c1, fe_product c2, fe_product c3,
                        fe_product c4)
{
    c1 += (uint64_t)(c0 >> 51);
    c2 += (uint64_t)(c1 >> 51);
    c3 += (uint64_t)(c2 >> 51);
    c4 += (uint64_t)(c3 >> 51);
    uint64_t low = ((uint64_t)c0 & fe_mask51) + 19 * (uint64_t)(c4 >> 51);

    r->v[0] = low & fe_mask51;
    r->v[1] = ((uint64_t)c1 & fe_mask51) + (low >> 51);
    r->v[2] = (uint64_t)c2 & fe_mask51;
    r->v[3] = (uint64_t)c3 & fe_mask51;
    r->v[4] = (uint64_t)c4 & fe_mask51;
}

FE_INLINE void fe_mul_inline(fe *r, const fe *a, const fe *b)
{
    const uint64_t a0 = a->v[0], a1 = a->v[1], a2 = a->v[2], a3 = a->v[3], a4 = a->v[4];
    const uint64_t b0 = b->v[0], b1 = b->v[1], b2 = b->v[2], b3 = b->v[3], b4 = b->v[4];
    const uint64_t w1 = 19 * b1, w2 = 19 * b2, w3 = 19 * b3, w4 = 19 * b4; /* < 2^58.3 */
    fe_product c0 = (fe_product)a0 * b0;
    fe_product c1 = (fe_product)a0 * b1;
    fe_product c2 = (fe_product)a0 * b2;
    fe_product c3 = (fe_product)a0 * b3;
    fe_product c4 = (fe_product)a0 * b4;

    c0 += (fe_product)a1 * w4 + (fe_product)a2 * w3 + (fe_product)a3 * w2 + (fe_product)a4 * w1;
    c1 += (fe_product)a1 * b0 + (fe_product)a2 * w4 + (fe_product)a3 * w3 + (fe_product)a4 * w2;
    c2 += (fe_product)a1 * b1 + (fe_product)a2 * b0 + (fe_product)a3 * w4 + (fe_product)a4 * w3;
    c3 += (fe_product)a1 * b2 + (fe_product)a2 * b1 + (fe_product)a3 * b0 + (fe_product)a4 * w4;
    c4 += (fe_product)a1 * b3 + (fe_product)a2 * b2 + (fe_product)a3 * b1 + (fe_product)a4 * b0;
    fe_carry(r, c0, c1, c2, c3, c4);
}

FE_INLINE void fe_sq_inline(fe *r, const fe *a)
{
    const uint64_t a0 = a->v[0], a1 = a->v[1], a2 = a->v[2], a3 = a->v[3], a4 = a->v[4];
    const uint64_t d0 = 2 * a0, d1 = 2 * a1;
    const uint64_t w3 = 19 * a3, w4 = 19 * a4, x2 = 38 * a2, x4 = 2 * w4; /* < 2^59.3 */
    fe_product c0 = (fe_product)a0 * a0 + (fe_product)a1 * x4 + (fe_product)x2 * a3;
    fe_product c1 = (fe_product)d0 * a1 + (fe_product)a2 * x4 + (fe_product)a3 * w3;
    fe_product c2 = (fe_product)d0 * a2 + (fe_product)a1 * a1 + (fe_product)a3 * x4;
    fe_product c3 = (fe_product)d0 * a3 + (fe_product)d1 * a2 + (fe_product)a4 * w4;
    fe_product c4 = (fe_product)d0 * a4 + (fe_product)d1 * a3 + (fe_product)a2 * a2;

    fe_carry(r, c0, c1, c2, c3, c4);
}

FE_NOINLINE void fe_mul(fe *r, const fe *a, const fe *b)
{
    fe_mul_inline(r, a, b);
}

FE_NOINLINE void fe_sq(fe *r, const fe *a)
{
    fe_sq_inline(r, a);
}

/* r = a^(2^n), n >= 1 */
FE_NOINLINE void fe_sqn(fe *r, const fe *a, int n)
{
    fe h = *a;

    for (int i = 0; i < n; i++) {
        fe_sq_inline(&h, &h);
    }
    *r = h;
}

FE_INLINE void fe_tighten(fe *r, const fe *a)
{
    fe_carry(r, a->v[0], a->v[1], a->v[2], a->v[3], a->v[4]);
}

/* ---- sums: tight in, loose out ---------------------------------------------------- */

FE_INLINE void fe_add(fe *r, const fe *a, const fe *b)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = a->v[i] + b->v[i];
    }
}

/* Limb i of 2p, above 2^52 - 2^6. */
FE_INLINE uint64_t fe_2p(size_t i)
{
    return 2 * (i == 0 ? fe_mask51 - 18 : fe_mask51);
}

/* a + 2p - b; a may be a sum of three tight ones here: below 2^53.4 */
FE_INLINE void fe_sub(fe *r, const fe *a, const fe *b)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = a->v[i] + fe_2p(i) - b->v[i];
    }
}

/* m ? -a : a, for a mask m */
FE_INLINE void fe_negate_if(fe *r, vec m, const fe *a)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = vec_select(m, fe_2p(i) - a->v[i], a->v[i]);
    }
}

/* m ? a : b, for a mask m; as tight as both are */
FE_INLINE void fe_select(fe *r, vec m, const fe *a, const fe *b)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = vec_select(m, a->v[i], b->v[i]);
    }
}

/* ---- what field25.h does before it carries ------------------------------------------ */

FE_INLINE void fe_mul_wide(wide *r, const fe *a, const fe *b)
{
    fe_mul(r, a, b);
}

FE_INLINE void fe_sq_wide(wide *r, const fe *a)
{
    fe_sq(r, a);
}

/* 2a */
FE_INLINE void wide_twice(wide *r, const fe *a)
{
    fe_add(r, a, a);
}

FE_INLINE void wide_add(wide *r, const wide *a, const wide *b)
{
    fe_add(r, a, b);
}

FE_INLINE void fe_narrow(fe *r, const wide *a)
{
    *r = *a;
}

FE_INLINE void fe_narrow_add(fe *r, const wide *a, const wide *b)
{
    fe_add(r, a, b);
}

FE_INLINE void fe_narrow_sub(fe *r, const wide *a, const wide *b)
{
    fe_sub(r, a, b);
}

/* ---- canonical values -------------------------------------------------------------- */

/* One chain from limb 0 to limb 4 and around. */
FE_INLINE void fe_carry_around(uint64_t h[FE_LIMBS])
{
    for (size_t i = 0; i < FE_LIMBS - 1; i++) {
        h[i + 1] += h[i] >> 51;
        h[i] &= fe_mask51;
    }
    h[0] += 19 * (h[4] >> 51);
    h[4] &= fe_mask51;
}

/* The value in [0, p-1], of a loose element. The first round leaves less than 2^255 + 190; if the
 * second carries out of the top again, all but limb 0 are zero. Then, with v < 2^255: v >= p if and
 * only if v + 19 reaches 2^255, and v - p is v + 19 without that bit. */
FE_NOINLINE void fe_freeze(fe *r, const fe *a)
{
    fe h = *a;
    uint64_t c;

    fe_carry_around(h.v);
    fe_carry_around(h.v);
    c = (h.v[0] + 19) >> 51;
    for (size_t i = 1; i < FE_LIMBS; i++) {
        c = (h.v[i] + c) >> 51;
    }
    h.v[0] += 19 * c;
    for (size_t i = 0; i < FE_LIMBS - 1; i++) {
        h.v[i + 1] += h.v[i] >> 51;
        h.v[i] &= fe_mask51;
    }
    h.v[4] &= fe_mask51;
    *r = h;
}

/* Masks: of a loose element, whether it is zero; whether its least bit is set (RFC 9496, 4.1). */
FE_INLINE vec fe_is_zero(const fe *a)
{
    fe h;

    fe_freeze(&h, a);
    return vec_eq(h.v[0] | h.v[1] | h.v[2] | h.v[3] | h.v[4], 0);
}

FE_INLINE vec fe_is_negative(const fe *a)
{
    fe h;

    fe_freeze(&h, a);
    return vec_eq(h.v[0] & 1, 1);
}

/* ---- in and out -------------------------------------------------------------------- */

/* A constant from its ten limbs of 26 and 25 bits. */
FE_INLINE void fe_constant(fe *r, const uint64_t limb[10])
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = limb[2 * i] | limb[2 * i + 1] << 26;
    }
}

/* Four words of 64 bits; bit 255 is ignored. */
FE_INLINE void fe_from_words(fe *r, const uint64_t w[4][LANES])
{
    r->v[0] = w[0][0] & fe_mask51;
    r->v[1] = (w[0][0] >> 51 | w[1][0] << 13) & fe_mask51;
    r->v[2] = (w[1][0] >> 38 | w[2][0] << 26) & fe_mask51;
    r->v[3] = (w[2][0] >> 25 | w[3][0] << 39) & fe_mask51;
    r->v[4] = (w[3][0] >> 12) & fe_mask51;
}

/* The canonical value. */
FE_INLINE void fe_to_words(uint64_t w[4][LANES], const fe *a)
{
    fe h;

    fe_freeze(&h, a);
    w[0][0] = h.v[0] | h.v[1] << 51;
    w[1][0] = h.v[1] >> 13 | h.v[2] << 38;
    w[2][0] = h.v[2] >> 26 | h.v[3] << 25;
    w[3][0] = h.v[3] >> 39 | h.v[4] << 12;
}

FE_INLINE void fe_pack(vec p[FE_PACKED], const fe *a)
{
    memcpy(p, a->v, sizeof a->v);
}

FE_INLINE void fe_unpack(fe *r, const vec p[FE_PACKED])
{
    memcpy(r->v, p, sizeof r->v);
}

/* One word of fe_pack as a limb of radix 2^51. */
FE_INLINE uint64_t fe_packed_limb(uint64_t p)
{
    return p;
}

#endif
