/* check_lanes.c: every engine against libsodium: many random cases, the edges, neighbours of bad
 * elements, and the choice among engines. MANDORLA_LONG=1 runs 10,000,000 cases an engine.
 * Reads tests/vectors/ristretto. */
#include "support.h"

#include <engine_checked.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINT   MDL_POINT_BYTES
#define UNIFORM 64
#define MOST    160 /* elements in one batch: more than an engine takes in one go */

struct batch {
    size_t n;
    uint8_t k[32];
    uint8_t uniform[MOST * UNIFORM];
    uint8_t points[MOST * POINT];
    uint8_t weight[MOST * 32];
};

struct results {
    uint8_t derived[MOST * POINT];
    uint8_t blinded[MOST * POINT];
    uint8_t multiplied[MOST * POINT];
    uint8_t sum[POINT];
    uint8_t status[5][MOST];
};

static const struct mdl_engine *under_test[8];
static size_t n_under_test;

static void find_engines(void)
{
    size_t n = 0;
    const struct mdl_engine *const *all = mdl_engine_list(&n);

    for (size_t i = 0; i < n; i++) {
        if (all[i] == &mdl_engine_sodium) {
            continue;
        }
        if (all[i]->usable()) {
            under_test[n_under_test++] = all[i];
        } else {
            (void)printf("this machine cannot run the engine %s: NOT tested here\n", all[i]->name);
        }
    }
    under_test[n_under_test++] = &mdl_engine_checked;
}

static void run(const struct mdl_engine *e, const struct batch *b, struct results *r)
{
    memset(r, 0xaa, sizeof *r);
    e->hash_mul(NULL, b->uniform, b->n, r->derived, r->status[0]);
    e->hash_mul(b->k, b->uniform, b->n, r->blinded, r->status[1]);
    e->mul(b->k, b->points, b->n, r->multiplied, r->status[2]);
    e->check(b->points, b->n, r->status[3]);
    e->weighted_sum(b->weight, b->points, b->n, r->sum, r->status[4]);
}

/* All bytes, those behind the n-th element included: nothing may write there. */
static void assert_agrees(const struct mdl_engine *e, const struct batch *b)
{
    static struct results want;
    static struct results got;

    run(&mdl_engine_sodium, b, &want);
    run(e, b, &got);
    ck_assert_msg(memcmp(want.status, got.status, sizeof want.status) == 0, "%s: status", e->name);
    ck_assert_msg(memcmp(want.derived, got.derived, sizeof want.derived) == 0, "%s: hash", e->name);
    ck_assert_msg(memcmp(want.blinded, got.blinded, sizeof want.blinded) == 0, "%s: hash and mul",
                  e->name);
    ck_assert_msg(memcmp(want.multiplied, got.multiplied, sizeof want.multiplied) == 0, "%s: mul",
                  e->name);
    ck_assert_msg(memcmp(want.sum, got.sum, sizeof want.sum) == 0, "%s: sum of %zu", e->name, b->n);
}

static void random_batch(struct batch *b, size_t n)
{
    b->n = n;
    randombytes_buf(b->uniform, sizeof b->uniform);
    crypto_core_ristretto255_scalar_random(b->k);
    for (size_t i = 0; i < n; i++) {
        uint8_t wide[UNIFORM];

        crypto_core_ristretto255_scalar_random(b->weight + i * 32);
        randombytes_buf(wide, sizeof wide);
        (void)crypto_core_ristretto255_from_hash(b->points + i * POINT, wide);
    }
}

/* One element in eight becomes something else: random bytes, half of which are no point. */
static void spoil_some(struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        if (randombytes_uniform(8) == 0) {
            uint8_t *p = b->points + i * POINT;

            randombytes_buf(p, POINT);
            p[0] &= 0xfe;
            p[31] &= randombytes_uniform(4) == 0 ? 0xff : 0x7f;
        }
    }
}

static size_t cases(const struct mdl_engine *e)
{
    const char *all = getenv("MANDORLA_LONG");
    bool slow = e == &mdl_engine_checked;

    if (all != NULL && strcmp(all, "1") == 0) {
        return slow ? 100000 : 10000000;
    }
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return slow ? 100 : 1000;
#else
    return slow ? 2000 : 100000;
#endif
}

/* Five cases an element: hash, hash and multiply, multiply, check, weigh. */
START_TEST(random_cases)
{
    const struct mdl_engine *e = under_test[_i];
    static struct batch b;
    size_t done = 0;

    while (done < cases(e)) {
        random_batch(&b, 1 + randombytes_uniform(e == &mdl_engine_checked ? 20 : MOST));
        spoil_some(&b);
        assert_agrees(e, &b);
        done += 5 * b.n;
    }
    (void)printf("%s: %zu random cases like libsodium's\n", e->name, done);
}
END_TEST

START_TEST(batch_sizes)
{
    const struct mdl_engine *e = under_test[_i];
    static struct batch b;

    for (size_t n = 0; n <= 2 * e->lanes + 1; n++) {
        random_batch(&b, n);
        assert_agrees(e, &b);
    }
    if (e != &mdl_engine_checked) {
        for (size_t n = 127; n <= 130; n++) {
            random_batch(&b, n);
            assert_agrees(e, &b);
        }
    }
}
END_TEST

/* Each bad encoding in each lane of a full vector. */
START_TEST(neighbours)
{
    const struct mdl_engine *e = under_test[_i];
    json_t *root = load_vectors("ristretto/rfc9496-ristretto255.json");
    json_t *list = json_object_get(root, "invalid_encodings");
    size_t lanes = e->lanes;
    uint8_t good[8 * POINT];
    static struct batch b;

    ck_assert_uint_eq(json_array_size(list), 29);
    ck_assert_uint_le(lanes, 8);
    random_batch(&b, lanes);
    for (size_t i = 0; i < lanes; i++) {
        ck_assert_int_eq(
            crypto_scalarmult_ristretto255(good + i * POINT, b.k, b.points + i * POINT), 0);
    }
    for (size_t at = 0; at < 30 * lanes; at++) {
        size_t lane = at % lanes;
        uint8_t in[8 * POINT];
        uint8_t out[8 * POINT];
        uint8_t st[8];

        memcpy(in, b.points, lanes * POINT);
        if (at / lanes < 29) {
            ck_assert_uint_eq(
                unhex(member(json_array_get(list, at / lanes), "enc"), in + lane * POINT, POINT),
                POINT);
        } else {
            memset(in + lane * POINT, 0, POINT);
        }
        e->mul(b.k, in, lanes, out, st);
        for (size_t i = 0; i < lanes; i++) {
            uint8_t want = at / lanes < 29 ? MDL_P_ENCODING : MDL_P_IDENTITY;

            ck_assert_uint_eq(st[i], i == lane ? want : MDL_OK);
            if (i == lane) {
                assert_zero(out + i * POINT, POINT);
            } else {
                assert_bytes(out + i * POINT, good + i * POINT, POINT);
            }
        }
    }
    json_decref(root);
}
END_TEST

static void put_small(uint8_t *to, const uint8_t base[32], int add)
{
    memcpy(to, base, 32);
    to[0] = (uint8_t)(to[0] + add); /* no base here carries */
}

/* 0, 1, p - 1, p, p + 1, 2^255 - 1 and 2^256 - 1 as both halves of what is mapped, in all pairs. */
START_TEST(field_edges)
{
    const struct mdl_engine *e = under_test[_i];
    uint8_t edge[7][32] = {{0}, {1}};
    uint8_t p[32];
    static struct batch b;

    memset(p, 0xff, sizeof p);
    p[0] = 0xed;
    p[31] = 0x7f;
    for (int i = 0; i < 3; i++) {
        put_small(edge[2 + i], p, i - 1);
    }
    put_small(edge[5], p, 18);
    memset(edge[6], 0xff, 32);
    random_batch(&b, 49);
    for (size_t i = 0; i < 49; i++) {
        memcpy(b.uniform + i * UNIFORM, edge[i / 7], 32);
        memcpy(b.uniform + i * UNIFORM + 32, edge[i % 7], 32);
        memcpy(b.points + i * POINT, edge[i % 7], 32);
    }
    assert_agrees(e, &b);
}
END_TEST

/* 1, 2, 3, L - 3 .. L - 1, and halves and powers of 16 and two that make carries. */
START_TEST(scalar_edges)
{
    const struct mdl_engine *e = under_test[_i];
    static struct batch b;

    random_batch(&b, e->lanes);
    for (int i = 0; i < 20; i++) {
        memset(b.k, 0, sizeof b.k);
        if (i < 3) {
            b.k[0] = (uint8_t)(i + 1);
        } else if (i < 6) {
            put_small(b.k, group_order, i - 6);
        } else if (i < 10) {
            memset(b.k, i == 6 ? 0xff : i == 7 ? 0x88 : i == 8 ? 0x77 : 0xf8, 31);
        } else {
            b.k[(i - 10) * 3] = (uint8_t)(1 << (i - 10) % 8);
        }
        for (size_t j = 0; j < b.n; j++) {
            memcpy(b.weight + j * 32, b.k, 32);
        }
        assert_agrees(e, &b);
    }
}
END_TEST

/* Equal points, opposite weights, a list that cancels: additions that meet their own kind. */
START_TEST(sums_of_equal_points)
{
    const struct mdl_engine *e = under_test[_i];
    static struct batch b;
    uint8_t sum[POINT];
    uint8_t st[MOST];

    random_batch(&b, 40);
    for (size_t i = 1; i < b.n; i++) {
        memcpy(b.points + i * POINT, b.points, POINT);
        memcpy(b.weight + i * 32, b.weight, 32);
    }
    assert_agrees(e, &b);
    for (size_t i = 1; i < b.n; i += 2) {
        crypto_core_ristretto255_scalar_negate(b.weight + i * 32, b.weight);
    }
    e->weighted_sum(b.weight, b.points, b.n, sum, st);
    assert_zero(sum, sizeof sum);
}
END_TEST

START_TEST(in_place)
{
    const struct mdl_engine *e = under_test[_i];
    static struct batch b;
    uint8_t out[MOST * POINT];
    uint8_t st[MOST];

    random_batch(&b, e->lanes + 1);
    e->mul(b.k, b.points, b.n, out, st);
    e->mul(b.k, b.points, b.n, b.points, st);
    assert_bytes(b.points, out, b.n * POINT);
}
END_TEST

/* Where the digits of a weight are at their bounds: 1, L - 1, 2^251 - 1, 2^251 and what surrounds
 * it, (L - 1) / 2 and (L + 1) / 2; and for c bits a digit of 2^(c-1), alone or with its
 * neighbours, in all places. */
#define HARD_WEIGHTS 23
static void hard_weights(uint8_t *weight)
{
    uint8_t one[32] = {1};
    uint8_t two[32] = {2};
    uint8_t *at = weight;

    memset(weight, 0, (size_t)HARD_WEIGHTS * 32);
    at[0] = 1;
    crypto_core_ristretto255_scalar_negate(at + 32, one);
    memset(at + 64, 0xff, 32);
    at[64 + 31] = 0x07;
    at[96 + 31] = 0x08;
    crypto_core_ristretto255_scalar_add(at + 128, at + 96, one);
    ck_assert_int_eq(crypto_core_ristretto255_scalar_invert(at + 160, two), 0);
    crypto_core_ristretto255_scalar_sub(at + 192, at + 160, one);
    at += (size_t)7 * 32;
    for (size_t bits = 4; bits <= 11; bits++, at += 64) {
        for (size_t i = bits - 1; i < 252; i += bits) {
            at[i / 8] |= (uint8_t)(1 << i % 8);
        }
        crypto_core_ristretto255_scalar_negate(at + 32, at);
    }
}

/* Sums with every width of digit that an engine may choose. */
START_TEST(long_sums)
{
    static const size_t lengths[] = {30, 100, 200, 300, 600, 1000, 6000, 7000, 10000};
    const size_t most = sizeof lengths / sizeof lengths[0];
    const struct mdl_engine *e = under_test[_i];
    size_t n = lengths[most - 1];
    uint8_t *points = malloc(n * POINT);
    uint8_t *weight = calloc(n, 32);
    uint8_t *st = malloc(n);
    uint8_t one[POINT];
    uint8_t total[32] = {0};
    uint8_t got[POINT];

    ck_assert(points != NULL && weight != NULL && st != NULL);
    if (e == &mdl_engine_checked) {
        n = 300;
    }
    ck_assert_uint_ge(lengths[0], HARD_WEIGHTS);
    crypto_core_ristretto255_random(one);
    for (size_t i = 0; i < n; i++) { /* equal points, so that one multiplication gives the answer */
        memcpy(points + i * POINT, one, POINT);
        crypto_core_ristretto255_scalar_random(weight + i * 32);
    }
    hard_weights(weight);
    for (size_t j = 0; j < most && lengths[j] <= n; j++) {
        memset(total, 0, sizeof total);
        for (size_t i = 0; i < lengths[j]; i++) {
            crypto_core_ristretto255_scalar_add(total, total, weight + i * 32);
        }
        e->weighted_sum(weight, points, lengths[j], got, st);
        ck_assert_int_eq(crypto_scalarmult_ristretto255(one, total, points), 0);
        assert_bytes(got, one, POINT);
    }
    free(points);
    free(weight);
    free(st);
}
END_TEST

/* The greatest limbs that the contracts of the field allow: each step checks its own bounds. */
START_TEST(extreme_limbs)
{
    mdl_engine_checked_extremes();
}
END_TEST

static void broken_mul(const uint8_t *k, const uint8_t *in, size_t n, uint8_t *out, uint8_t *status)
{
    mdl_engine_sodium.mul(k, in, n, out, status);
    if (n > 7) {
        out[7 * POINT] ^= 1;
    }
}

START_TEST(a_wrong_engine_is_not_used)
{
    struct mdl_engine wrong = mdl_engine_sodium;

    wrong.name = "wrong";
    ck_assert(mdl_engine_agrees(&wrong));
    wrong.mul = broken_mul;
    ck_assert(!mdl_engine_agrees(&wrong));
    mdl_engine_take(&wrong);
    ck_assert_ptr_nonnull(strstr(mdl_group_engine(), "libsodium"));
    ck_assert_ptr_nonnull(strstr(mdl_group_engine(), "(wrong failed its self-test)"));
    mdl_engine_take(&mdl_engine_portable);
    ck_assert_str_eq(mdl_group_engine(), "portable");
}
END_TEST

START_TEST(the_environment_chooses)
{
    struct mdl_error err;

    for (size_t i = 0; i + 1 < n_under_test; i++) {
        ck_assert_int_eq(mdl_engine_choose(under_test[i]->name, &err), MDL_OK);
        ck_assert_str_eq(mdl_group_engine(), under_test[i]->name);
    }
    ck_assert_int_eq(setenv("MANDORLA_ENGINE", "portable", 1), 0);
    ck_assert_int_eq(mdl_group_init(&err), MDL_OK);
    ck_assert_str_eq(mdl_group_engine(), "portable");
    ck_assert_int_eq(setenv("MANDORLA_ENGINE", "avx", 1), 0);
    ck_assert_int_eq(mdl_group_init(&err), MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "no group engine 'avx'"));
    ck_assert_ptr_nonnull(strstr(err.text, "portable, libsodium"));
    ck_assert_str_eq(mdl_group_engine(), "portable");
    ck_assert_int_eq(unsetenv("MANDORLA_ENGINE"), 0);
    ck_assert_int_eq(mdl_group_init(&err), MDL_OK);
    ck_assert_str_eq(mdl_group_engine(), under_test[0]->name);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("group/lanes");
    TCase *t = tcase_create("engines");
    int n = 0;

    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    find_engines();
    n = (int)n_under_test;
    tcase_set_timeout(t, 0);
    tcase_add_loop_test(t, batch_sizes, 0, n);
    tcase_add_loop_test(t, neighbours, 0, n);
    tcase_add_loop_test(t, field_edges, 0, n);
    tcase_add_loop_test(t, scalar_edges, 0, n);
    tcase_add_loop_test(t, sums_of_equal_points, 0, n);
    tcase_add_loop_test(t, in_place, 0, n);
    tcase_add_loop_test(t, long_sums, 0, n);
    tcase_add_loop_test(t, random_cases, 0, n);
    tcase_add_test(t, extreme_limbs);
    tcase_add_test(t, a_wrong_engine_is_not_used);
    tcase_add_test(t, the_environment_chooses);
    suite_add_tcase(s, t);
    return run_suite(s);
}
