/* check_lanes.c: every engine against libsodium: many random cases, the edges, neighbours of bad
 * elements, and the choice among engines. MANDORLA_LONG=1 runs 10,000,000 cases an engine.
 * Reads tests/vectors/ristretto. */
#include "support.h"

#include <engine_cases.h>
#include <engine_checked.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINT MDL_POINT_BYTES
#define MOST  MDL_CASES_MOST

static const struct mdl_engine *under_test[8];
static size_t n_under_test;
static uint32_t seed; /* of all that is drawn: a failure says it */

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

static void assert_agrees(const struct mdl_engine *e, const struct mdl_cases_batch *b)
{
    const char *what = mdl_cases_difference(e, b);

    ck_assert_msg(what == NULL, "%s: %s of %zu differs from libsodium's, seed %u", e->name, what,
                  b->n, (unsigned)seed);
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
    static struct mdl_cases_batch b;
    size_t done = 0;

    while (done < cases(e)) {
        uint8_t n = 0;

        mdl_cases_draw(&n, 1);
        mdl_cases_draw_batch(&b, 1 + (size_t)n % (e == &mdl_engine_checked ? 20 : MOST));
        mdl_cases_spoil_some(&b);
        assert_agrees(e, &b);
        done += 5 * b.n;
    }
    (void)printf("%s: %zu random cases like libsodium's\n", e->name, done);
}
END_TEST

START_TEST(batch_sizes)
{
    const struct mdl_engine *e = under_test[_i];
    static struct mdl_cases_batch b;

    for (size_t n = 0; n <= 2 * e->lanes + 1; n++) {
        mdl_cases_draw_batch(&b, n);
        assert_agrees(e, &b);
    }
    if (e != &mdl_engine_checked) {
        for (size_t n = 127; n <= 130; n++) {
            mdl_cases_draw_batch(&b, n);
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
    static struct mdl_cases_batch b;

    ck_assert_uint_eq(json_array_size(list), 29);
    ck_assert_uint_le(lanes, 8);
    mdl_cases_draw_batch(&b, lanes);
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

START_TEST(field_edges)
{
    static struct mdl_cases_batch b;

    mdl_cases_field_edges(&b);
    assert_agrees(under_test[_i], &b);
}
END_TEST

START_TEST(scalar_edges)
{
    const struct mdl_engine *e = under_test[_i];
    static struct mdl_cases_batch b;

    mdl_cases_draw_batch(&b, e->lanes);
    for (size_t i = 0; i < MDL_CASES_SCALARS; i++) {
        mdl_cases_scalar_edge(&b, i);
        assert_agrees(e, &b);
    }
}
END_TEST

START_TEST(sums_of_equal_points)
{
    const struct mdl_engine *e = under_test[_i];
    static struct mdl_cases_batch b;
    uint8_t sum[POINT];
    uint8_t st[MOST];

    mdl_cases_draw_batch(&b, 40);
    mdl_cases_equal_points(&b);
    assert_agrees(e, &b);
    mdl_cases_cancel(&b);
    e->weighted_sum(b.weight, b.points, b.n, sum, st);
    assert_zero(sum, sizeof sum);
}
END_TEST

START_TEST(in_place)
{
    const struct mdl_engine *e = under_test[_i];
    static struct mdl_cases_batch b;
    uint8_t out[MOST * POINT];
    uint8_t st[MOST];

    mdl_cases_draw_batch(&b, e->lanes + 1);
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
    seed = randombytes_random();
    mdl_cases_seed(seed);
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
