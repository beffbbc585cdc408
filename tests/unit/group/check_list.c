/* check_list.c: what a received list of points must keep to, and a received key.
 * Each rule is broken alone, at the start, inside and at the end, over chunks as well. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define POINT MDL_POINT_BYTES
#define N     300 /* more than one of the check's inner chunks */

static uint8_t *sorted_points(size_t n)
{
    uint8_t *p = some_points(n);

    ck_assert_int_eq(mdl_list_sort(p, POINT, NULL, n, NULL), MDL_OK);
    return p;
}

static const size_t places[] = {0, 1, 255, 256, N - 1};
#define PLACES (sizeof places / sizeof places[0])

/* Only element `at` fails, with `want`. */
static void expect_one(const struct mdl_list_rules *rules, const uint8_t *p, size_t at,
                       enum mdl_status want)
{
    uint8_t st[N];
    struct mdl_error err;

    memset(st, 0xff, sizeof st);
    ck_assert_int_eq(mdl_list_check(rules, p, N, st, &err), want);
    ck_assert_int_eq(mdl_list_check(rules, p, N, NULL, NULL), want);
    for (size_t i = 0; i < N; i++) {
        ck_assert_uint_eq(st[i], i == at ? want : MDL_OK);
    }
}

START_TEST(good_lists)
{
    uint8_t *p = sorted_points(2 * N);
    uint8_t *mine = malloc(N * POINT);
    uint8_t *theirs = malloc(N * POINT);
    struct mdl_list_rules rules = {.own = mine, .n_own = N, .known = mine, .n_known = 1};

    ck_assert(mine != NULL && theirs != NULL);
    for (size_t i = 0; i < N; i++) { /* interleaved, and both share their ends' neighbourhood */
        memcpy(mine + i * POINT, p + 2 * i * POINT, POINT);
        memcpy(theirs + i * POINT, p + (2 * i + 1) * POINT, POINT);
    }
    ck_assert_int_eq(mdl_list_check(&rules, theirs, N, NULL, NULL), MDL_OK);
    ck_assert_int_eq(mdl_list_check(&rules, NULL, 0, NULL, NULL), MDL_OK);
    rules = (struct mdl_list_rules){.prev = theirs};
    ck_assert_int_eq(mdl_list_check(&rules, theirs + POINT, N - 1, NULL, NULL), MDL_OK);
    free(p);
    free(mine);
    free(theirs);
}
END_TEST

START_TEST(order)
{
    const struct mdl_list_rules none = {.prev = NULL};
    uint8_t *p = sorted_points(N);
    uint8_t *q = malloc(N * POINT);
    uint8_t t[POINT];

    ck_assert_ptr_nonnull(q);
    for (size_t i = 1; i < PLACES; i++) { /* a duplicate of the one before */
        memcpy(q, p, N * POINT);
        memcpy(q + places[i] * POINT, q + (places[i] - 1) * POINT, POINT);
        expect_one(&none, q, places[i], MDL_P_ORDER);
    }
    for (size_t i = 1; i < PLACES; i++) { /* two exchanged */
        memcpy(q, p, N * POINT);
        memcpy(t, q + places[i] * POINT, POINT);
        memcpy(q + places[i] * POINT, q + (places[i] - 1) * POINT, POINT);
        memcpy(q + (places[i] - 1) * POINT, t, POINT);
        expect_one(&none, q, places[i], MDL_P_ORDER);
    }
    free(p);
    free(q);
}
END_TEST

START_TEST(order_over_chunks)
{
    uint8_t *p = sorted_points(4);
    struct mdl_list_rules rules = {.prev = p + POINT};
    uint8_t st[2];

    ck_assert_int_eq(mdl_list_check(&rules, p + 2 * POINT, 2, st, NULL), MDL_OK);
    rules.prev = p + 2 * POINT; /* the last of one chunk again as the first of the next */
    ck_assert_int_eq(mdl_list_check(&rules, p + 2 * POINT, 2, st, NULL), MDL_P_ORDER);
    ck_assert_uint_eq(st[0], MDL_P_ORDER);
    ck_assert_uint_eq(st[1], MDL_OK);
    rules.prev = p + 3 * POINT;
    ck_assert_int_eq(mdl_list_check(&rules, p + 2 * POINT, 1, st, NULL), MDL_P_ORDER);
    free(p);
}
END_TEST

START_TEST(reflected)
{
    uint8_t *p = sorted_points(N);

    for (size_t i = 0; i < PLACES; i++) {
        const struct mdl_list_rules rules = {.own = p + places[i] * POINT, .n_own = 1};
        expect_one(&rules, p, places[i], MDL_P_REFLECTED);
    }
    /* A step back must not make the search through our list miss what follows it. */
    uint8_t mixed[3 * POINT];
    uint8_t st[3];
    const struct mdl_list_rules rules = {.own = p, .n_own = N};
    memcpy(mixed, p + 200 * POINT, POINT);
    memcpy(mixed + POINT, p + 10 * POINT, POINT);
    memcpy(mixed + 2 * POINT, p + 11 * POINT, POINT);
    ck_assert_int_eq(mdl_list_check(&rules, mixed, 3, st, NULL), MDL_P_REFLECTED);
    ck_assert_uint_eq(st[1], MDL_P_ORDER);
    ck_assert_uint_eq(st[2], MDL_P_REFLECTED);
    memset(mixed + POINT, 0, POINT);
    ck_assert_int_eq(mdl_list_check(&rules, mixed, 3, st, NULL), MDL_P_REFLECTED);
    ck_assert_uint_eq(st[1], MDL_P_IDENTITY);
    ck_assert_uint_eq(st[2], MDL_P_REFLECTED);
    free(p);
}
END_TEST

/* All of ours sent back is found whole; every element of a list against every list of ours. */
START_TEST(reflected_all)
{
    uint8_t *p = sorted_points(40);

    for (size_t mask = 1; mask < 40; mask++) {
        uint8_t own[40 * POINT];
        uint8_t st[40];
        size_t n_own = 0;

        for (size_t i = 0; i < 40; i += mask) {
            memcpy(own + n_own++ * POINT, p + i * POINT, POINT);
        }
        const struct mdl_list_rules rules = {.own = own, .n_own = n_own};
        ck_assert_int_eq(mdl_list_check(&rules, p, 40, st, NULL), MDL_P_REFLECTED);
        for (size_t i = 0; i < 40; i++) {
            ck_assert_uint_eq(st[i], i % mask == 0 ? MDL_P_REFLECTED : MDL_OK);
        }
    }
    free(p);
}
END_TEST

/* Inserts x where it belongs, so that nothing but x itself is wrong. */
static size_t insert(uint8_t *p, const uint8_t *x)
{
    memcpy(p, x, POINT);
    ck_assert_int_eq(mdl_list_sort(p, POINT, NULL, N, NULL), MDL_OK);
    for (size_t i = 0; i < N; i++) {
        if (memcmp(p + i * POINT, x, POINT) == 0) {
            return i;
        }
    }
    ck_abort_msg("lost");
    return 0;
}

START_TEST(generator_identity_and_keys)
{
    static const uint8_t zero[POINT];
    struct mdl_scalar_key *a = random_key();
    struct mdl_scalar_key *b = random_key();
    uint8_t known[2 * POINT];
    struct mdl_list_rules rules = {.known = known, .n_known = 2};
    uint8_t *p = sorted_points(N);

    memcpy(known, mdl_scalar_key_public(a), POINT);
    memcpy(known + POINT, mdl_scalar_key_public(b), POINT);
    expect_one(&rules, p, insert(p, mdl_group_generator), MDL_P_GENERATOR);
    free(p);
    p = sorted_points(N);
    expect_one(&rules, p, insert(p, known), MDL_P_GENERATOR);
    free(p);
    p = sorted_points(N);
    expect_one(&rules, p, insert(p, known + POINT), MDL_P_GENERATOR);
    rules.n_known = 1;
    ck_assert_int_eq(mdl_list_check(&rules, p, N, NULL, NULL), MDL_OK);
    free(p);
    p = sorted_points(N);
    expect_one(&rules, p, insert(p, zero), MDL_P_IDENTITY);
    free(p);
    mdl_scalar_key_free(a);
    mdl_scalar_key_free(b);
}
END_TEST

/* The second encoding of a point of ours passes a comparison of bytes; the check of encodings
 * refuses it. Both checks together are what the protocol asks. */
START_TEST(reflection_in_disguise)
{
    uint8_t *p = sorted_points(1);
    const struct mdl_list_rules rules = {.own = p, .n_own = 1};
    uint8_t disguised[POINT];

    memcpy(disguised, p, POINT);
    disguised[31] |= 0x80;
    ck_assert_int_eq(mdl_list_check(&rules, p, 1, NULL, NULL), MDL_P_REFLECTED);
    ck_assert_int_eq(mdl_list_check(&rules, disguised, 1, NULL, NULL), MDL_OK);
    ck_assert_int_eq(mdl_group_check_encoding(disguised, 1, NULL, NULL), MDL_P_ENCODING);
    free(p);
}
END_TEST

START_TEST(round_keys)
{
    static const uint8_t zero[POINT];
    struct mdl_scalar_key *ours = random_key();
    struct mdl_scalar_key *theirs = random_key();
    const uint8_t *K = mdl_scalar_key_public(ours);
    uint8_t bad[POINT];
    struct mdl_error err;

    memset(bad, 0xff, sizeof bad);
    ck_assert_int_eq(mdl_group_check_key(mdl_scalar_key_public(theirs), K, &err), MDL_OK);
    ck_assert_int_eq(mdl_group_check_key(K, K, &err), MDL_P_KEY);
    ck_assert_ptr_nonnull(strstr(err.text, "our own"));
    ck_assert_int_eq(mdl_group_check_key(mdl_group_generator, K, &err), MDL_P_KEY);
    ck_assert_ptr_nonnull(strstr(err.text, "generator"));
    ck_assert_int_eq(mdl_group_check_key(zero, K, &err), MDL_P_KEY);
    ck_assert_ptr_nonnull(strstr(err.text, "identity"));
    ck_assert_int_eq(mdl_group_check_key(bad, K, &err), MDL_P_KEY);
    ck_assert_ptr_nonnull(strstr(err.text, "canonical"));
    mdl_scalar_key_free(ours);
    mdl_scalar_key_free(theirs);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("group/list");
    TCase *t = tcase_create("rules");

    tcase_add_test(t, good_lists);
    tcase_add_test(t, order);
    tcase_add_test(t, order_over_chunks);
    tcase_add_test(t, reflected);
    tcase_add_test(t, reflected_all);
    tcase_add_test(t, generator_identity_and_keys);
    tcase_add_test(t, reflection_in_disguise);
    tcase_add_test(t, round_keys);
    suite_add_tcase(s, t);
    return run_suite(s);
}
