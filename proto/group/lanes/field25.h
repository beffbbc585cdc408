/* field25.h: integers modulo p = 2^255 - 19, LANES at a time, for multipliers of 32 bits.
 *
 * Ten limbs, radix 2^25.5: limb i counts 2^ceil(25.5 i), so even limbs have 26 bits, odd ones 25
 * (Bernstein, Curve25519, 2006, section 4; here unsigned). Bounds, for even | odd limbs:
 *   tight   < 2^26            | < 2^25 + 2^18      what multiplications and carries give
 *   loose   < 3.3 * 2^26      | < 3.3 * 2^25       what they take: sums and differences of two
 * tight A loose limb times 19 (38 if odd) stays below 2^32. A column of a product, by far the
 * greatest is number 0, is below 2^52 * (1 + 19 * (4 + 5/2)) < 2^58.97 for tight operands and below
 * 2^62.5 for loose ones. A `wide` holds columns that are not carried yet, < 2^63.5. */
#ifndef MANDORLA_GROUP_FIELD_H
#define MANDORLA_GROUP_FIELD_H

#include <string.h>

#define FE_LIMBS ((size_t)10)

#ifdef MDL_LANES_CALLS /* with a sanitizer, copies of all this take minutes to compile */
#define FE_INLINE static __attribute__((noinline, unused))
#else
#define FE_INLINE static inline __attribute__((always_inline))
#endif
#define FE_NOINLINE static __attribute__((noinline))

typedef struct {
    vec v[FE_LIMBS];
} fe;

typedef struct {
    vec v[FE_LIMBS];
} wide;

/* How fe_pack stores an element: two limbs a word. */
#define FE_PACKED ((size_t)5)

static const uint64_t fe_mask26 = (1U << 26) - 1;
static const uint64_t fe_mask25 = (1U << 25) - 1;

/* ---- carries ------------------------------------------------------------------ */

/* 19 c for any c < 2^59; not a vec_mul, since c may be above 32 bits. */
FE_INLINE vec fe_times19(vec c)
{
    return vec_add(vec_add(c, vec_shl(c, 1)), vec_shl(c, 4));
}

/* Moves what is above `bits` from *low to *high. */
FE_INLINE void fe_carry1(vec *low, vec *high, int bits, vec mask)
{
    *high = vec_add(*high, vec_shr(*low, bits));
    *low = vec_and(*low, mask);
}

/* Columns below 2^63.9 to tight limbs, in two chains that run side by side. 0 and 4 give < 2^38 to
 * 1 and 5, and so on up; 4 is below 2^26 + 2^39 when it is carried again and gives 5 < 2^14. 9
 * gives 19 * 2^39 < 2^44 to 0, which gives < 2^18 to 1. */
FE_INLINE void fe_carry(vec h[FE_LIMBS])
{
    const vec m26 = vec_set1(fe_mask26);
    const vec m25 = vec_set1(fe_mask25);

    fe_carry1(&h[0], &h[1], 26, m26);
    fe_carry1(&h[4], &h[5], 26, m26);
    fe_carry1(&h[1], &h[2], 25, m25);
    fe_carry1(&h[5], &h[6], 25, m25);
    fe_carry1(&h[2], &h[3], 26, m26);
    fe_carry1(&h[6], &h[7], 26, m26);
    fe_carry1(&h[3], &h[4], 25, m25);
    fe_carry1(&h[7], &h[8], 25, m25);
    fe_carry1(&h[4], &h[5], 26, m26);
    fe_carry1(&h[8], &h[9], 26, m26);
    h[0] = vec_add(h[0], fe_times19(vec_shr(h[9], 25)));
    h[9] = vec_and(h[9], m25);
    fe_carry1(&h[0], &h[1], 26, m26);
}

/* ---- multiplication ------------------------------------------------------------ */

/* Both products go row by row: one limb of f, in a register, times limbs of g, from memory; the ten
 * sums stay in registers. Left alone, compilers load all operands and multiply first, and spill
 * most of it: after each row, VEC_PIN makes them believe that sums and memory have changed. */
#define FE_ROW_END(array) VEC_PIN(array, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9)

/* The sums by name, since gcc keeps an array in memory; they start with the row of limb 0. */
#define FE_SUMS(first, a, v)                                                                       \
    vec h0 = (first), h1 = vec_mul(a, (v)[1]), h2 = vec_mul(a, (v)[2]), h3 = vec_mul(a, (v)[3]),   \
        h4 = vec_mul(a, (v)[4]), h5 = vec_mul(a, (v)[5]), h6 = vec_mul(a, (v)[6]),                 \
        h7 = vec_mul(a, (v)[7]), h8 = vec_mul(a, (v)[8]), h9 = vec_mul(a, (v)[9])
#define FE_SUMS_TO(h)                                                                              \
    do {                                                                                           \
        (h)[0] = h0, (h)[1] = h1, (h)[2] = h2, (h)[3] = h3, (h)[4] = h4;                           \
        (h)[5] = h5, (h)[6] = h6, (h)[7] = h7, (h)[8] = h8, (h)[9] = h9;                           \
    } while (0)

/* Column k of row i of the schoolbook product: f_i g_(k-i), wrapped around as 19 f_i g_(k-i+10). */
#define FE_TERM(i, k, f) h##k = vec_add(h##k, FE_PRODUCT(i, k, f))
#define FE_PRODUCT(i, k, f)                                                                        \
    vec_mul(f, (k) >= (i) ? g->v[((k) - (i) + 10) % 10] : g19[((k) - (i) + 10) % 10])
#define FE_ROW(i, f_even, f_odd)                                                                   \
    do {                                                                                           \
        const vec fe_a = (f_even);                                                                 \
        const vec fe_b = (f_odd);                                                                  \
        FE_TERM(i, 0, fe_a);                                                                       \
        FE_TERM(i, 1, fe_b);                                                                       \
        FE_TERM(i, 2, fe_a);                                                                       \
        FE_TERM(i, 3, fe_b);                                                                       \
        FE_TERM(i, 4, fe_a);                                                                       \
        FE_TERM(i, 5, fe_b);                                                                       \
        FE_TERM(i, 6, fe_a);                                                                       \
        FE_TERM(i, 7, fe_b);                                                                       \
        FE_TERM(i, 8, fe_a);                                                                       \
        FE_TERM(i, 9, fe_b);                                                                       \
        FE_ROW_END(g19);                                                                           \
    } while (0)
#define FE_ROW_EVEN(i) FE_ROW(i, f->v[i], f->v[i])
/* An odd limb counts twice with odd limbs of g, which it meets in the even columns: ceil(25.5 i) +
 * ceil(25.5 j) is one more than ceil(25.5 (i + j)) if both are odd. */
#define FE_ROW_ODD(i) FE_ROW(i, vec_add(f->v[i], f->v[i]), f->v[i])

/* The columns of f g, both loose. */
FE_INLINE void fe_columns_mul(vec h[FE_LIMBS], const fe *f, const fe *g)
{
    const vec n19 = vec_set1(19);
    vec g19[FE_LIMBS];

    for (size_t j = 0; j < FE_LIMBS; j++) {
        g19[j] = vec_mul(g->v[j], n19);
    }
    vec a = f->v[0];
    FE_SUMS(vec_mul(a, g->v[0]), a, g->v);
    FE_ROW_END(g19);
    FE_ROW_ODD(1);
    FE_ROW_EVEN(2);
    FE_ROW_ODD(3);
    FE_ROW_EVEN(4);
    FE_ROW_ODD(5);
    FE_ROW_EVEN(6);
    FE_ROW_ODD(7);
    FE_ROW_EVEN(8);
    FE_ROW_ODD(9);
    FE_SUMS_TO(h);
}

#undef FE_TERM
#undef FE_PRODUCT
#undef FE_ROW
#undef FE_ROW_EVEN
#undef FE_ROW_ODD

/* Column k takes a times b. */
#define FE_TERM(k, a, b) h##k = vec_add(h##k, vec_mul(a, b))
#define FE_TERMS(k, a, b, l, c, d)                                                                 \
    FE_TERM(k, a, b);                                                                              \
    FE_TERM(l, c, d)

/* The columns of f^2, f loose: equal products once, one factor doubled. `twice` has 2 f_i for the
 * odd limbs that meet odd ones, `wrap` 19 f_i for even and 38 f_i for odd i, above 4. */
FE_INLINE void fe_columns_sq(vec h[FE_LIMBS], const fe *f)
{
    const vec n19 = vec_set1(19);
    vec room[FE_LIMBS + FE_LIMBS];
    vec *const twice = room;
    vec *const wrap = room + FE_LIMBS;
    vec a, d;

    for (size_t i = 3; i < FE_LIMBS; i += 2) {
        twice[i] = vec_add(f->v[i], f->v[i]);
    }
    for (size_t i = 5; i < FE_LIMBS; i++) {
        wrap[i] = vec_mul(i % 2 == 0 ? f->v[i] : twice[i], n19);
    }
    a = f->v[0];
    d = vec_add(a, a);
    FE_SUMS(vec_mul(a, a), d, f->v);
    FE_ROW_END(room);
    a = f->v[1];
    d = vec_add(a, a);
    FE_TERMS(2, d, a, 3, d, f->v[2]);
    FE_TERMS(4, d, twice[3], 5, d, f->v[4]);
    FE_TERMS(6, d, twice[5], 7, d, f->v[6]);
    FE_TERMS(8, d, twice[7], 9, d, f->v[8]);
    FE_TERM(0, d, wrap[9]);
    FE_ROW_END(room);
    a = f->v[2];
    d = vec_add(a, a);
    FE_TERMS(4, a, a, 5, d, f->v[3]);
    FE_TERMS(6, d, f->v[4], 7, d, f->v[5]);
    FE_TERMS(8, d, f->v[6], 9, d, f->v[7]);
    FE_TERMS(0, d, wrap[8], 1, a, wrap[9]);
    FE_ROW_END(room);
    a = f->v[3];
    d = twice[3];
    FE_TERMS(6, d, a, 7, d, f->v[4]);
    FE_TERMS(8, d, twice[5], 9, d, f->v[6]);
    FE_TERMS(0, d, wrap[7], 1, d, wrap[8]);
    FE_TERM(2, d, wrap[9]);
    FE_ROW_END(room);
    a = f->v[4];
    d = vec_add(a, a);
    FE_TERMS(8, a, a, 9, d, f->v[5]);
    FE_TERMS(0, d, wrap[6], 1, a, wrap[7]);
    FE_TERMS(2, d, wrap[8], 3, a, wrap[9]);
    FE_ROW_END(room);
    a = f->v[5];
    d = twice[5];
    FE_TERMS(0, a, wrap[5], 1, d, wrap[6]);
    FE_TERMS(2, d, wrap[7], 3, d, wrap[8]);
    FE_TERM(4, d, wrap[9]);
    FE_ROW_END(room);
    a = f->v[6];
    d = vec_add(a, a);
    FE_TERMS(2, a, wrap[6], 3, a, wrap[7]);
    FE_TERMS(4, d, wrap[8], 5, a, wrap[9]);
    FE_ROW_END(room);
    d = twice[7];
    FE_TERMS(4, f->v[7], wrap[7], 5, d, wrap[8]);
    FE_TERMS(6, d, wrap[9], 6, f->v[8], wrap[8]);
    FE_TERMS(7, f->v[8], wrap[9], 8, f->v[9], wrap[9]);
    FE_SUMS_TO(h);
}

#undef FE_TERMS
#undef FE_TERM
#undef FE_ROW_END
#undef FE_SUMS
#undef FE_SUMS_TO

/* ---- elements: loose in, tight out; r may be a or b, here and below ---------------- */

FE_NOINLINE void fe_mul(fe *r, const fe *a, const fe *b)
{
    fe h;

    fe_columns_mul(h.v, a, b);
    fe_carry(h.v);
    *r = h;
}

FE_INLINE void fe_sq_inline(fe *r, const fe *a)
{
    fe h;

    fe_columns_sq(h.v, a);
    fe_carry(h.v);
    *r = h;
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

FE_NOINLINE void fe_tighten(fe *r, const fe *a)
{
    *r = *a;
    fe_carry(r->v);
}

/* ---- sums: tight in, loose out --------------------------------------------------- */

/* Limb i of 2^k p. */
FE_INLINE vec fe_multiple_of_p(size_t i, int k)
{
    const uint64_t p = i == 0 ? fe_mask26 - 18 : i % 2 == 0 ? fe_mask26 : fe_mask25;

    return vec_set1(p << k);
}

FE_INLINE void fe_add(fe *r, const fe *a, const fe *b)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = vec_add(a->v[i], b->v[i]);
    }
}

/* a + 2p - b < 3 times tight */
FE_INLINE void fe_sub(fe *r, const fe *a, const fe *b)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = vec_sub(vec_add(a->v[i], fe_multiple_of_p(i, 1)), b->v[i]);
    }
}

/* m ? -a : a, for a mask m */
FE_INLINE void fe_negate_if(fe *r, vec m, const fe *a)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = vec_select(m, vec_sub(fe_multiple_of_p(i, 1), a->v[i]), a->v[i]);
    }
}

/* m ? a : b, for a mask m; as tight as both are */
FE_INLINE void fe_select(fe *r, vec m, const fe *a, const fe *b)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = vec_select(m, a->v[i], b->v[i]);
    }
}

/* ---- columns: sums of products are carried once, together -------------------------- */

FE_NOINLINE void fe_mul_wide(wide *r, const fe *a, const fe *b)
{
    vec h[FE_LIMBS];

    fe_columns_mul(h, a, b);
    memcpy(r->v, h, sizeof h);
}

FE_NOINLINE void fe_sq_wide(wide *r, const fe *a)
{
    vec h[FE_LIMBS];

    fe_columns_sq(h, a);
    memcpy(r->v, h, sizeof h);
}

/* 2a */
FE_INLINE void wide_twice(wide *r, const fe *a)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = vec_add(a->v[i], a->v[i]);
    }
}

FE_INLINE void wide_add(wide *r, const wide *a, const wide *b)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = vec_add(a->v[i], b->v[i]);
    }
}

/* Tight, of columns below 2^63.9. */
FE_NOINLINE void fe_narrow(fe *r, const wide *a)
{
    memcpy(r->v, a->v, sizeof r->v);
    fe_carry(r->v);
}

FE_NOINLINE void fe_narrow_add(fe *r, const wide *a, const wide *b)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = vec_add(a->v[i], b->v[i]);
    }
    fe_carry(r->v);
}

/* a - b + 2^36 p, tight: column 0 of 2^36 p is above 2^61.99, column 1 above 2^60.99, and no
 * product of a tight element and a sum or difference of two is above 2^60.6, 2^59.9. a < 2^63 */
FE_NOINLINE void fe_narrow_sub(fe *r, const wide *a, const wide *b)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = vec_sub(vec_add(a->v[i], fe_multiple_of_p(i, 36)), b->v[i]);
    }
    fe_carry(r->v);
}

/* ---- canonical values ------------------------------------------------------------ */

/* One chain from limb 0 to limb 9 and around: at most 2^255 - 1 + 19 * carry afterwards. */
FE_INLINE void fe_carry_around(vec h[FE_LIMBS])
{
    for (size_t i = 0; i < FE_LIMBS - 1; i++) {
        fe_carry1(&h[i], &h[i + 1], i % 2 == 0 ? 26 : 25,
                  vec_set1(i % 2 == 0 ? fe_mask26 : fe_mask25));
    }
    h[0] = vec_add(h[0], fe_times19(vec_shr(h[9], 25)));
    h[9] = vec_and(h[9], vec_set1(fe_mask25));
}

/* The value in [0, p-1], of a loose element. The first round leaves less than 2^255 + 76; if the
 * second carries out of the top again, all but limb 0 are zero. Then, with v < 2^255: v >= p if and
 * only if v + 19 reaches 2^255, and v - p is v + 19 without that bit. */
FE_NOINLINE void fe_freeze(fe *r, const fe *a)
{
    fe h = *a;
    vec c;

    fe_carry_around(h.v);
    fe_carry_around(h.v);
    c = vec_shr(vec_add(h.v[0], vec_set1(19)), 26);
    for (size_t i = 1; i < FE_LIMBS; i++) {
        c = vec_shr(vec_add(h.v[i], c), i % 2 == 0 ? 26 : 25);
    }
    h.v[0] = vec_add(h.v[0], fe_times19(c));
    for (size_t i = 0; i < FE_LIMBS - 1; i++) {
        fe_carry1(&h.v[i], &h.v[i + 1], i % 2 == 0 ? 26 : 25,
                  vec_set1(i % 2 == 0 ? fe_mask26 : fe_mask25));
    }
    h.v[9] = vec_and(h.v[9], vec_set1(fe_mask25));
    *r = h;
}

/* Masks: of a loose element, whether it is zero; whether its least bit is set (RFC 9496, 4.1). */
FE_INLINE vec fe_is_zero(const fe *a)
{
    fe h;
    vec any;

    fe_freeze(&h, a);
    any = h.v[0];
    for (size_t i = 1; i < FE_LIMBS; i++) {
        any = vec_or(any, h.v[i]);
    }
    return vec_eq(any, vec_set1(0));
}

FE_INLINE vec fe_is_negative(const fe *a)
{
    fe h;

    fe_freeze(&h, a);
    return vec_eq(vec_and(h.v[0], vec_set1(1)), vec_set1(1));
}

/* ---- in and out ------------------------------------------------------------------ */

/* A constant, the same in all lanes, from its ten limbs. */
FE_INLINE void fe_constant(fe *r, const uint64_t limb[10])
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        r->v[i] = vec_set1(limb[i]);
    }
}

/* The low n bits of a. */
FE_INLINE vec fe_low(vec a, int n)
{
    return vec_and(a, vec_set1(((uint64_t)1 << n) - 1));
}

/* Four words of 64 bits a lane, word by word; bit 255 is ignored. */
FE_INLINE void fe_from_words(fe *r, const uint64_t words[4][LANES])
{
    const vec w0 = vec_load(words[0]);
    const vec w1 = vec_load(words[1]);
    const vec w2 = vec_load(words[2]);
    const vec w3 = vec_load(words[3]);

    r->v[0] = fe_low(w0, 26);
    r->v[1] = fe_low(vec_shr(w0, 26), 25);
    r->v[2] = vec_or(vec_shr(w0, 51), vec_shl(fe_low(w1, 13), 13));
    r->v[3] = fe_low(vec_shr(w1, 13), 25);
    r->v[4] = vec_shr(w1, 38);
    r->v[5] = fe_low(w2, 25);
    r->v[6] = fe_low(vec_shr(w2, 25), 26);
    r->v[7] = vec_or(vec_shr(w2, 51), vec_shl(fe_low(w3, 12), 13));
    r->v[8] = fe_low(vec_shr(w3, 12), 26);
    r->v[9] = fe_low(vec_shr(w3, 38), 25);
}

/* The canonical value. */
FE_INLINE void fe_to_words(uint64_t words[4][LANES], const fe *a)
{
    fe h;

    fe_freeze(&h, a);
    vec_store(words[0],
              vec_or(vec_or(h.v[0], vec_shl(h.v[1], 26)), vec_shl(fe_low(h.v[2], 13), 51)));
    vec_store(words[1],
              vec_or(vec_or(vec_shr(h.v[2], 13), vec_shl(h.v[3], 13)), vec_shl(h.v[4], 38)));
    vec_store(words[2],
              vec_or(vec_or(h.v[5], vec_shl(h.v[6], 25)), vec_shl(fe_low(h.v[7], 13), 51)));
    vec_store(words[3],
              vec_or(vec_or(vec_shr(h.v[7], 13), vec_shl(h.v[8], 12)), vec_shl(h.v[9], 38)));
}

/* A loose element in half the space. */
FE_INLINE void fe_pack(vec p[FE_PACKED], const fe *a)
{
    for (size_t i = 0; i < FE_PACKED; i++) {
        p[i] = vec_or(a->v[2 * i], vec_shl(a->v[2 * i + 1], 32));
    }
}

FE_INLINE void fe_unpack(fe *r, const vec p[FE_PACKED])
{
    for (size_t i = 0; i < FE_PACKED; i++) {
        r->v[2 * i] = fe_low(p[i], 32);
        r->v[2 * i + 1] = vec_shr(p[i], 32);
    }
}

/* One word of fe_pack as a limb of radix 2^51, below 2^51 + 2^44 for a tight element. */
FE_INLINE uint64_t fe_packed_limb(uint64_t p)
{
    return (p & UINT32_MAX) + (p >> 32 << 26);
}

#endif
