/* sum.h: sums of many points with public weights, by Pippenger's method (Bernstein, Doumen, Lange,
 * Oosterwijk, "Faster batch forgery identification", 2012, section 4, describes it). Variable time:
 * for published values only.
 *
 * A weight has `windows` signed digits of c bits. Each window has its own buckets, one for each
 * size of a digit; a point is added to (or, by the digit's sign, subtracted from) one bucket a
 * window. A window's sum is that of b times bucket b. The lanes are windows: the point is the same
 * in all of them, and each takes and gives back its own bucket. */
#ifndef MANDORLA_GROUP_SUM_H
#define MANDORLA_GROUP_SUM_H

#include <stdlib.h>

#define SUM_CHUNK    256 /* points decoded in one go */
#define SUM_BITS_MIN 4
#define SUM_BITS_MAX 11
#define SUM_WINDOWS  64 /* of 4 bits */
#define POINT_WORDS  (4 * FE_PACKED)
#define AFFINE_WORDS (4 * FE_PACKED) /* y + x, y - x, 2d x y, -2d x y */

struct sum {
    size_t bits, windows, buckets; /* buckets with the one for 0, whose content does not count */
    uint64_t *bucket;              /* [windows][buckets][POINT_WORDS] */
    uint64_t affine[SUM_CHUNK][AFFINE_WORDS];
    uint16_t digit[SUM_CHUNK][SUM_WINDOWS];   /* twice the size, and 1 if it is negative */
    uint64_t total[SUM_WINDOWS][POINT_WORDS]; /* of a window */
};

/* Windows of c bits for half of a scalar's range with signed digits, whole vectors of them. */
static size_t sum_windows(size_t bits)
{
    size_t needed = (252 + bits - 1) / bits;

    return (needed + LANES - 1) / LANES * LANES;
}

/* Adding to a bucket takes 7 multiplications and what goes with them, summing one up 15 such. */
static size_t sum_best_bits(size_t n)
{
    size_t best = SUM_BITS_MIN;
    size_t least_cost = SIZE_MAX;

    for (size_t bits = SUM_BITS_MIN; bits <= SUM_BITS_MAX; bits++) {
        size_t cost = sum_windows(bits) * (7 * n + ((size_t)15 << (bits - 1)));

        if (cost < least_cost) {
            least_cost = cost;
            best = bits;
        }
    }
    return best;
}

static uint64_t *sum_bucket(const struct sum *s, size_t window, size_t b)
{
    return s->bucket + (window * s->buckets + b) * POINT_WORDS;
}

static struct sum *sum_create(size_t n)
{
    struct sum *s = malloc(sizeof *s);
    size_t count = 0;

    if (s == NULL) {
        return NULL;
    }
    s->bits = sum_best_bits(n);
    s->windows = sum_windows(s->bits);
    s->buckets = ((size_t)1 << (s->bits - 1)) + 1;
    count = s->windows * s->buckets;
    s->bucket = calloc(count, POINT_WORDS * sizeof *s->bucket);
    if (s->bucket == NULL) {
        free(s);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) { /* the identity: Y = Z = 1 */
        s->bucket[i * POINT_WORDS + FE_PACKED] = 1;
        s->bucket[i * POINT_WORDS + 2 * FE_PACKED] = 1;
    }
    return s;
}

static void sum_free(struct sum *s)
{
    free(s->bucket);
    free(s);
}

/* w = L - w for w in [2^251, L-1]: half the range is left. Gives whether it did. */
static uint64_t sum_fold(uint64_t w[4])
{
    uint64_t n[4];
    uint64_t borrow = 0;

    if (w[3] >> 59 == 0) {
        return 0;
    }
    for (size_t i = 0; i < 4; i++) {
        uint64_t d = scalar_order[i] - w[i];

        n[i] = d - borrow;
        borrow = (uint64_t)(scalar_order[i] < w[i]) | (uint64_t)(d < borrow);
    }
    memcpy(w, n, sizeof n);
    return 1;
}

/* Digits in [-2^(c-1) + 1, 2^(c-1)]. What sum_fold leaves is below 2^251 + 2^125; 2^(c-1) in each
 * window is above 2^251 + 2^240. So nothing is carried out of the last one. */
static void sum_recode(uint16_t *digit, const uint8_t *weight, size_t bits, size_t windows)
{
    const uint64_t mask = ((uint64_t)1 << bits) - 1;
    const uint64_t half = (uint64_t)1 << (bits - 1);
    uint64_t w[6] = {0, 0, 0, 0, 0, 0};
    uint64_t carry = 0;
    uint64_t negative;

    memcpy(w, weight, 32);
    negative = sum_fold(w);
    for (size_t i = 0; i < windows; i++) {
        size_t at = i * bits;
        uint64_t d = carry;

        if (at < 256) {
            d += (w[at / 64] >> (at % 64) | w[at / 64 + 1] << 1 << (63 - at % 64)) & mask;
        }
        carry = d > half;
        d = carry ? mask + 1 - d : d;
        digit[i] = (uint16_t)(d << 1 | (carry ^ negative));
    }
}

/* Points that are none count as the identity. */
static void sum_decode(struct sum *s, const uint8_t *in, size_t n, uint8_t *status)
{
    for (size_t i = 0; i < n; i += LANES) {
        size_t count = least(n - i, LANES);
        uint64_t *to[LANES];
        uint64_t waste[AFFINE_WORDS];
        vec packed_point[AFFINE_WORDS];
        vec ok;
        point p;
        cached c;
        fe one, none, minus;

        ok = decode_noting(&p, in + i * POINT, count, status + i);
        point_cache(&c, &p);
        fe_constant(&one, fe_one);
        memset(&none, 0, sizeof none);
        fe_select(&c.yp, ok, &c.yp, &one);
        fe_select(&c.ym, ok, &c.ym, &one);
        fe_select(&c.t2d, ok, &c.t2d, &none);
        fe_negate_if(&minus, vec_set1(UINT64_MAX), &c.t2d);
        fe_pack(packed_point, &c.yp);
        fe_pack(packed_point + FE_PACKED, &c.ym);
        fe_pack(packed_point + 2 * FE_PACKED, &c.t2d);
        fe_pack(packed_point + 3 * FE_PACKED, &minus);
        for (size_t l = 0; l < LANES; l++) {
            to[l] = l < count ? s->affine[i + l] : waste;
        }
        vec_scatter(to, packed_point, AFFINE_WORDS);
    }
}

static void point_load(point *p, const uint64_t *const from[LANES])
{
    vec v[POINT_WORDS];

    vec_gather(v, from, POINT_WORDS);
    fe_unpack(&p->x, v);
    fe_unpack(&p->y, v + FE_PACKED);
    fe_unpack(&p->z, v + 2 * FE_PACKED);
    fe_unpack(&p->t, v + 3 * FE_PACKED);
}

static void point_store(uint64_t *const to[LANES], const point *p)
{
    vec v[POINT_WORDS];

    fe_pack(v, &p->x);
    fe_pack(v + FE_PACKED, &p->y);
    fe_pack(v + 2 * FE_PACKED, &p->z);
    fe_pack(v + 3 * FE_PACKED, &p->t);
    vec_scatter(to, v, POINT_WORDS);
}

/* The m ? a : b of packed elements that are the same in all lanes. */
FE_INLINE void sum_choose(fe *r, vec m, const uint64_t a[FE_PACKED], const uint64_t b[FE_PACKED])
{
    vec v[FE_PACKED];

    for (size_t i = 0; i < FE_PACKED; i++) {
        v[i] = vec_select(m, vec_set1(a[i]), vec_set1(b[i]));
    }
    fe_unpack(r, v);
}

/* p + (m ? -q : q) for an affine q: the formula of point_add_terms with Z2 = 1. */
FE_INLINE void point_add_affine(point *p, const uint64_t q[AFFINE_WORDS], vec m)
{
    wide a, b, t, d;
    terms r;
    fe s, k;

    sum_choose(&k, m, q, q + FE_PACKED);
    fe_sub(&s, &p->y, &p->x);
    fe_mul_wide(&a, &s, &k);
    sum_choose(&k, m, q + FE_PACKED, q);
    fe_add(&s, &p->y, &p->x);
    fe_mul_wide(&b, &s, &k);
    sum_choose(&k, m, q + 3 * FE_PACKED, q + 2 * FE_PACKED);
    fe_mul_wide(&t, &p->t, &k);
    wide_twice(&d, &p->z);
    point_sum_terms(&r, &a, &b, &t, &d);
    point_from_terms_t(p, &r);
}

/* Where the digits of a point send it, in one vector of windows. */
struct places {
    uint64_t *bucket[LANES];
    uint64_t negative[LANES];
};

FE_INLINE void sum_find(struct places *to, uint64_t *first, size_t stride, const uint16_t *digit)
{
    for (size_t l = 0; l < LANES; l++) {
        uint64_t *b = first + l * stride + (size_t)(digit[l] >> 1) * POINT_WORDS;

        to->bucket[l] = b;
        to->negative[l] = 0 - (uint64_t)(digit[l] & 1);
        __builtin_prefetch(b, 1);
        __builtin_prefetch(b + 8, 1);
        __builtin_prefetch(b + POINT_WORDS - 1, 1);
    }
}

/* Puts n decoded points into their buckets of one vector of windows. */
static void sum_fill(const struct sum *s, size_t first_window, size_t n)
{
    uint64_t *first = sum_bucket(s, first_window, 0);
    size_t stride = s->buckets * POINT_WORDS;
    struct places to[2];

    sum_find(&to[0], first, stride, s->digit[0] + first_window);
    for (size_t i = 0; i < n; i++) {
        struct places *now = &to[i % 2];
        const uint64_t *from[LANES];
        point p;

        if (i + 1 < n) {
            sum_find(&to[(i + 1) % 2], first, stride, s->digit[i + 1] + first_window);
        }
        memcpy(from, now->bucket, sizeof from);
        point_load(&p, from);
        point_add_affine(&p, s->affine[i], vec_load(now->negative));
        point_store(now->bucket, &p);
    }
}

/* total = sum of b * bucket[b]: each bucket is added as often as there are sums from the top on. */
static void sum_collect(struct sum *s, size_t first_window)
{
    uint64_t *to[LANES];
    point run, total, p;
    cached c;

    point_identity(&run);
    point_identity(&total);
    for (size_t b = s->buckets; b-- > 0;) {
        const uint64_t *from[LANES];

        for (size_t l = 0; l < LANES; l++) {
            from[l] = sum_bucket(s, first_window + l, b);
        }
        point_load(&p, from);
        point_cache(&c, &run);
        point_add(&total, &total, &c);
        point_add(&run, &p, &c); /* that of bucket 0 comes too late to count */
    }
    for (size_t l = 0; l < LANES; l++) {
        to[l] = s->total[first_window + l];
    }
    point_store(to, &total);
}

static void lanes_weighted_sum(const uint8_t *weight, const uint8_t *in, size_t n, uint8_t *out,
                               uint8_t *status)
{
    struct sum *s = n < 2 ? NULL : sum_create(n);

    if (s == NULL) { /* nothing to add, or no memory: the way that needs none */
        mdl_engine_sodium.weighted_sum(weight, in, n, out, status);
        return;
    }
    for (size_t at = 0; at < n; at += SUM_CHUNK) {
        size_t some = least(n - at, SUM_CHUNK);

        sum_decode(s, in + at * POINT, some, status + at);
        for (size_t i = 0; i < some; i++) {
            sum_recode(s->digit[i], weight + (at + i) * 32, s->bits, s->windows);
        }
        for (size_t w = 0; w < s->windows; w += LANES) {
            sum_fill(s, w, some);
        }
    }
    for (size_t w = 0; w < s->windows; w += LANES) {
        sum_collect(s, w);
    }
    for (size_t i = 0; i < s->windows * POINT_WORDS; i++) {
        s->total[i / POINT_WORDS][i % POINT_WORDS] =
            fe_packed_limb(s->total[i / POINT_WORDS][i % POINT_WORDS]);
    }
    vec_leave();
    mdl_engine_join(&s->total[0][0], s->windows, s->bits, out);
    sum_free(s);
}

#endif
