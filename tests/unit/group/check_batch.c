/* check_batch.c: batches of every size; one bad element and its neighbours.
 * The values themselves are checked against the RFCs in check_engine.c and check_oprf.c. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define POINT MDL_POINT_BYTES
#define LOTS  300 /* more than two of the batch's inner chunks */

static const uint8_t dst[] = "HashToGroup-test";

static void number_inputs(uint8_t *bytes, size_t *offset, size_t n)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        offset[i] = at;
        for (size_t j = 0; j < i % 7; j++) { /* lengths 0 to 6 */
            bytes[at++] = (uint8_t)(i + 17 * j);
        }
    }
    offset[n] = at;
}

START_TEST(blind_is_hash_then_evaluate)
{
    static const size_t sizes[] = {0, 1, 2, 127, 128, 129, LOTS};
    uint8_t bytes[LOTS * 7];
    size_t offset[LOTS + 1];
    struct mdl_scalar_key *key = random_key();

    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        size_t n = sizes[s];
        const struct mdl_inputs in = {bytes, offset, n};
        uint8_t hashed[(LOTS + 1) * POINT];
        uint8_t blinded[(LOTS + 1) * POINT];
        uint8_t st[LOTS + 1];

        memset(st, 0xff, sizeof st);
        memset(blinded, 0xaa, sizeof blinded);
        number_inputs(bytes, offset, n);
        ck_assert_int_eq(mdl_group_hash(dst, sizeof dst, &in, hashed, NULL, NULL), MDL_OK);
        ck_assert_int_eq(mdl_group_hash_blind(key, dst, sizeof dst, &in, blinded, st, NULL),
                         MDL_OK);
        assert_zero(st, n);
        ck_assert_uint_eq(st[n], 0xff); /* nothing behind the batch is touched */
        ck_assert_uint_eq(blinded[n * POINT], 0xaa);
        ck_assert_int_eq(mdl_group_evaluate(key, hashed, n, hashed, st, NULL), MDL_OK);
        assert_bytes(hashed, blinded, n * POINT);
    }
    mdl_scalar_key_free(key);
}
END_TEST

START_TEST(a_range_is_a_batch)
{
    uint8_t bytes[20 * 7];
    size_t offset[21];
    const struct mdl_inputs all = {bytes, offset, 20};
    const struct mdl_inputs some = {bytes, offset + 5, 9};
    uint8_t a[20 * POINT];
    uint8_t b[9 * POINT];

    number_inputs(bytes, offset, 20);
    ck_assert_int_eq(mdl_group_hash(dst, sizeof dst, &all, a, NULL, NULL), MDL_OK);
    ck_assert_int_eq(mdl_group_hash(dst, sizeof dst, &some, b, NULL, NULL), MDL_OK);
    assert_bytes(a + 5 * POINT, b, sizeof b);
}
END_TEST

START_TEST(tag_and_input_matter)
{
    const size_t offset[3] = {0, 1, 2};
    const struct mdl_inputs in = {(const uint8_t *)"xy", offset, 2};
    uint8_t a[2 * POINT];
    uint8_t b[2 * POINT];

    ck_assert_int_eq(mdl_group_hash(dst, sizeof dst, &in, a, NULL, NULL), MDL_OK);
    ck_assert_int_eq(mdl_group_hash(dst, sizeof dst - 1, &in, b, NULL, NULL), MDL_OK);
    ck_assert_mem_ne(a, a + POINT, POINT);
    ck_assert_mem_ne(a, b, POINT);
    ck_assert_mem_ne(a + POINT, b + POINT, POINT);
}
END_TEST

START_TEST(bad_arguments)
{
    const size_t descending[3] = {0, 2, 1};
    const size_t offset[2] = {0, 1};
    const struct mdl_inputs bad = {(const uint8_t *)"xy", descending, 2};
    const struct mdl_inputs good = {(const uint8_t *)"xy", offset, 1};
    struct mdl_scalar_key *key = random_key();
    uint8_t out[2 * POINT];

    ck_assert_int_eq(mdl_group_hash(dst, sizeof dst, &bad, out, NULL, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_group_hash(dst, 0, &good, out, NULL, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_group_hash_blind(key, dst, sizeof dst, &bad, out, NULL, NULL),
                     MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_group_hash_blind(key, dst, 0, &good, out, NULL, NULL), MDL_U_ARGUMENT);
    mdl_scalar_key_free(key);
}
END_TEST

/* a(bP) = b(aP): what the whole protocol stands on. */
START_TEST(commutes)
{
    struct mdl_scalar_key *a = random_key();
    struct mdl_scalar_key *b = random_key();
    uint8_t *p = some_points(50);
    uint8_t *ap = multiplied(a, p, 50);
    uint8_t *bp = multiplied(b, p, 50);
    uint8_t *bap = multiplied(b, ap, 50);
    uint8_t *abp = multiplied(a, bp, 50);

    assert_bytes(abp, bap, 50 * POINT);
    ck_assert_mem_ne(ap, bp, POINT);
    free(p);
    free(ap);
    free(bp);
    free(bap);
    free(abp);
    mdl_scalar_key_free(a);
    mdl_scalar_key_free(b);
}
END_TEST

struct spoil {
    size_t at;
    uint8_t status;
};

static const struct spoil spoils[] = {
    {3, MDL_P_ENCODING}, {127, MDL_P_IDENTITY}, {128, MDL_P_ENCODING}, {LOTS - 1, MDL_P_IDENTITY}};
#define SPOILS (sizeof spoils / sizeof spoils[0])

static uint8_t expected(size_t i)
{
    for (size_t j = 0; j < SPOILS; j++) {
        if (spoils[j].at == i) {
            return spoils[j].status;
        }
    }
    return MDL_OK;
}

START_TEST(neighbours_are_not_disturbed)
{
    struct mdl_scalar_key *key = random_key();
    uint8_t *p = some_points(LOTS);
    uint8_t *good = multiplied(key, p, LOTS);
    uint8_t out[LOTS * POINT];
    uint8_t st[LOTS];
    uint8_t checked[LOTS];
    struct mdl_error err;

    for (size_t j = 0; j < SPOILS; j++) {
        memset(p + spoils[j].at * POINT, spoils[j].status == MDL_P_IDENTITY ? 0 : 0xff, POINT);
    }
    memset(out, 0xaa, sizeof out);
    ck_assert_int_eq(mdl_group_evaluate(key, p, LOTS, out, st, &err), MDL_P_ENCODING);
    ck_assert_ptr_nonnull(strstr(err.text, "element 3 of 300"));
    ck_assert_int_eq(mdl_group_check_encoding(p, LOTS, checked, NULL), MDL_P_ENCODING);
    for (size_t i = 0; i < LOTS; i++) {
        ck_assert_uint_eq(st[i], expected(i));
        ck_assert_uint_eq(checked[i], expected(i));
        if (st[i] == MDL_OK) {
            assert_bytes(out + i * POINT, good + i * POINT, POINT);
        } else {
            assert_zero(out + i * POINT, POINT);
        }
    }
    ck_assert_int_eq(mdl_group_evaluate(key, p, LOTS, p, NULL, NULL), MDL_P_ENCODING);
    assert_bytes(p, out, sizeof out); /* in place, and without statuses */
    free(p);
    free(good);
    mdl_scalar_key_free(key);
}
END_TEST

/* The status returned is that of the first bad element, whichever kind it is. */
START_TEST(first_failure_names_the_batch)
{
    struct mdl_scalar_key *key = random_key();
    uint8_t *p = some_points(4);

    memset(p + 2 * POINT, 0, POINT);
    memset(p + 3 * POINT, 0xff, POINT);
    ck_assert_int_eq(mdl_group_check_encoding(p, 4, NULL, NULL), MDL_P_IDENTITY);
    memset(p + POINT, 0xff, POINT);
    ck_assert_int_eq(mdl_group_check_encoding(p, 4, NULL, NULL), MDL_P_ENCODING);
    ck_assert_int_eq(mdl_group_check_encoding(NULL, 0, NULL, NULL), MDL_OK);
    ck_assert_int_eq(mdl_group_evaluate(key, NULL, 0, NULL, NULL, NULL), MDL_OK);
    free(p);
    mdl_scalar_key_free(key);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("group/batch");
    TCase *t = tcase_create("batch");

    tcase_add_test(t, blind_is_hash_then_evaluate);
    tcase_add_test(t, a_range_is_a_batch);
    tcase_add_test(t, tag_and_input_matter);
    tcase_add_test(t, bad_arguments);
    tcase_add_test(t, commutes);
    tcase_add_test(t, neighbours_are_not_disturbed);
    tcase_add_test(t, first_failure_names_the_batch);
    suite_add_tcase(s, t);
    return run_suite(s);
}
