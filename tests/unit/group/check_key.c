/* check_key.c: which scalars make a key, and what a key is.
 * The edges of [1, L-1] one by one. */
#include "support.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static enum mdl_status make(const uint8_t k[32])
{
    struct mdl_scalar_key *key = NULL;
    struct mdl_error err = {MDL_OK, ""};
    enum mdl_status status = mdl_scalar_key_from_bytes(k, &key, &err);

    ck_assert_int_eq(err.status, status);
    ck_assert((key != NULL) == (status == MDL_OK));
    ck_assert_int_eq(mdl_group_scalar_valid(k), status == MDL_OK);
    mdl_scalar_key_free(key);
    return status;
}

START_TEST(edges)
{
    uint8_t k[32] = {0};

    ck_assert_int_eq(make(k), MDL_U_ARGUMENT); /* 0 */
    k[0] = 1;
    ck_assert_int_eq(make(k), MDL_OK); /* 1 */
    k[31] = 0x80;
    ck_assert_int_eq(make(k), MDL_U_ARGUMENT); /* 1 with the top bit */
    k[0] = 0;
    ck_assert_int_eq(make(k), MDL_U_ARGUMENT); /* 0 with the top bit */
    memcpy(k, mdl_group_order, sizeof k);
    ck_assert_int_eq(make(k), MDL_U_ARGUMENT); /* L */
    k[0]++;
    ck_assert_int_eq(make(k), MDL_U_ARGUMENT); /* L + 1 */
    k[0] = (uint8_t)(mdl_group_order[0] - 1);
    ck_assert_int_eq(make(k), MDL_OK); /* L - 1 */
    k[31] |= 0x80;
    ck_assert_int_eq(make(k), MDL_U_ARGUMENT); /* L - 1 with the top bit */
    memset(k, 0xff, sizeof k);
    ck_assert_int_eq(make(k), MDL_U_ARGUMENT);
    memset(k, 0, sizeof k);
    k[31] = 0x20;
    ck_assert_int_eq(make(k), MDL_U_ARGUMENT); /* 2^253 */
}
END_TEST

/* One is the neutral scalar; L - 1 negates: p + (L-1)p is the identity. */
START_TEST(act_as_scalars)
{
    uint8_t *p = some_points(8);
    struct mdl_scalar_key *one = small_key(1);
    uint8_t *same = multiplied(one, p, 8);
    uint8_t k[32];
    struct mdl_scalar_key *last = NULL;

    assert_bytes(same, p, 8 * MDL_POINT_BYTES);
    assert_bytes(mdl_scalar_key_public(one), mdl_group_generator, MDL_POINT_BYTES);
    memcpy(k, mdl_group_order, sizeof k);
    k[0]--;
    ck_assert_int_eq(mdl_scalar_key_from_bytes(k, &last, NULL), MDL_OK);
    uint8_t *negative = multiplied(last, p, 8);
    for (size_t i = 0; i < 8; i++) {
        uint8_t sum[MDL_POINT_BYTES];
        mdl_group_add(p + i * MDL_POINT_BYTES, negative + i * MDL_POINT_BYTES, sum);
        assert_zero(sum, sizeof sum);
    }
    free(negative);
    free(same);
    free(p);
    mdl_scalar_key_free(one);
    mdl_scalar_key_free(last);
}
END_TEST

START_TEST(fresh_keys_differ)
{
    struct mdl_scalar_key *a = random_key();
    struct mdl_scalar_key *b = random_key();

    ck_assert_mem_ne(mdl_scalar_key_bytes(a), mdl_scalar_key_bytes(b), MDL_SCALAR_BYTES);
    ck_assert_mem_ne(mdl_scalar_key_public(a), mdl_scalar_key_public(b), MDL_POINT_BYTES);
    ck_assert(mdl_group_scalar_valid(mdl_scalar_key_bytes(a)));
    ck_assert_int_eq(mdl_group_check_encoding(mdl_scalar_key_public(a), 1, NULL, NULL), MDL_OK);
    mdl_scalar_key_free(a);
    mdl_scalar_key_free(b);
    mdl_scalar_key_free(NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("group/key");
    TCase *t = tcase_create("scalars");

    tcase_add_test(t, edges);
    tcase_add_test(t, act_as_scalars);
    tcase_add_test(t, fresh_keys_differ);
    suite_add_tcase(s, t);
    return run_suite(s);
}
