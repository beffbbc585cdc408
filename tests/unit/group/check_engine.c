/* check_engine.c: the engine against RFC 9496 and against what libsodium 1.0.18 lets through.
 * Reads tests/vectors/ristretto. */
#include "support.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define POINT MDL_POINT_BYTES

static json_t *vectors(const char *part, size_t expected)
{
    json_t *root = load_vectors("ristretto/rfc9496-ristretto255.json");
    json_t *list = json_incref(json_object_get(root, part));

    ck_assert_uint_eq(json_array_size(list), expected);
    json_decref(root);
    return list;
}

/* A.1: by addition, by multiplying G, and by the key's own K. */
START_TEST(multiples)
{
    json_t *list = vectors("generator_multiples", 16);
    uint8_t sum[POINT] = {0};

    for (size_t i = 0; i < 16; i++) {
        uint8_t want[POINT];
        uint8_t got[POINT];

        ck_assert_uint_eq(unhex(json_string_value(json_array_get(list, i)), want, POINT), POINT);
        assert_bytes(sum, want, POINT);
        mdl_group_add(sum, mdl_group_generator, sum);
        if (i > 0) {
            struct mdl_scalar_key *key = small_key(i);
            assert_bytes(mdl_scalar_key_public(key), want, POINT);
            ck_assert_int_eq(mdl_group_evaluate(key, mdl_group_generator, 1, got, NULL, NULL),
                             MDL_OK);
            assert_bytes(got, want, POINT);
            ck_assert_int_eq(mdl_group_check_encoding(want, 1, NULL, NULL), MDL_OK);
            mdl_scalar_key_free(key);
        }
    }
    json_decref(list);
}
END_TEST

/* A.2: each of the 29 is refused as an encoding, alone, by every way in; none disturbs the output.
 */
START_TEST(bad_encodings)
{
    json_t *list = vectors("invalid_encodings", 29);
    struct mdl_scalar_key *key = random_key();

    for (size_t i = 0; i < 29; i++) {
        uint8_t bad[POINT];
        uint8_t out[POINT];
        uint8_t st = 0xff;

        ck_assert_uint_eq(unhex(member(json_array_get(list, i), "enc"), bad, POINT), POINT);
        memset(out, 0xaa, sizeof out);
        ck_assert_int_eq(mdl_group_evaluate(key, bad, 1, out, &st, NULL), MDL_P_ENCODING);
        ck_assert_uint_eq(st, MDL_P_ENCODING);
        assert_zero(out, sizeof out);
        st = 0xff;
        ck_assert_int_eq(mdl_group_check_encoding(bad, 1, &st, NULL), MDL_P_ENCODING);
        ck_assert_uint_eq(st, MDL_P_ENCODING);
        ck_assert_int_eq(mdl_group_check_key(bad, mdl_group_generator, NULL), MDL_P_KEY);
    }
    mdl_scalar_key_free(key);
    json_decref(list);
}
END_TEST

/* A.3, the group of four inputs with one output included. */
START_TEST(derivations)
{
    json_t *list = vectors("element_derivation", 11);

    for (size_t i = 0; i < 11; i++) {
        uint8_t in[64];
        uint8_t want[POINT];
        uint8_t got[POINT];

        ck_assert_uint_eq(unhex(member(json_array_get(list, i), "in"), in, sizeof in), 64);
        ck_assert_uint_eq(unhex(member(json_array_get(list, i), "out"), want, POINT), POINT);
        mdl_group_derive(in, 1, got);
        assert_bytes(got, want, POINT);
    }
    json_decref(list);
}
END_TEST

/* Bit 255 set makes a second encoding of every point, which libsodium 1.0.18 decodes. */
START_TEST(top_bit)
{
    struct mdl_scalar_key *key = random_key();
    uint8_t *p = some_points(20);

    for (size_t i = 0; i < 20; i++) {
        uint8_t out[POINT];

        ck_assert_int_eq(mdl_group_check_encoding(p + i * POINT, 1, NULL, NULL), MDL_OK);
        p[i * POINT + 31] |= 0x80;
        ck_assert_int_eq(mdl_group_check_encoding(p + i * POINT, 1, NULL, NULL), MDL_P_ENCODING);
        ck_assert_int_eq(mdl_group_evaluate(key, p + i * POINT, 1, out, NULL, NULL),
                         MDL_P_ENCODING);
        assert_zero(out, POINT);
    }
    free(p);
    mdl_scalar_key_free(key);
}
END_TEST

START_TEST(identity)
{
    struct mdl_scalar_key *key = random_key();
    uint8_t zero[POINT] = {0};
    uint8_t out[POINT];
    uint8_t st = 0xff;
    struct mdl_error err;

    memset(out, 0xaa, sizeof out);
    ck_assert_int_eq(mdl_group_evaluate(key, zero, 1, out, &st, &err), MDL_P_IDENTITY);
    ck_assert_uint_eq(st, MDL_P_IDENTITY);
    ck_assert_int_eq(err.status, MDL_P_IDENTITY);
    assert_zero(out, POINT);
    ck_assert_int_eq(mdl_group_check_encoding(zero, 1, NULL, NULL), MDL_P_IDENTITY);
    zero[31] = 0x80; /* the identity in its second encoding is a bad encoding first */
    ck_assert_int_eq(mdl_group_check_encoding(zero, 1, NULL, NULL), MDL_P_ENCODING);
    mdl_scalar_key_free(key);
}
END_TEST

START_TEST(addition_reaches_the_identity)
{
    uint8_t k[32];
    uint8_t sum[POINT];
    struct mdl_scalar_key *minus_one = NULL;

    memcpy(k, mdl_group_order, sizeof k);
    k[0]--;
    ck_assert_int_eq(mdl_scalar_key_from_bytes(k, &minus_one, NULL), MDL_OK);
    mdl_group_add(mdl_scalar_key_public(minus_one), mdl_group_generator, sum);
    assert_zero(sum, POINT);
    mdl_scalar_key_free(minus_one);
}
END_TEST

START_TEST(init_is_repeatable)
{
    struct mdl_error err;

    ck_assert_int_eq(mdl_group_init(&err), MDL_OK);
    ck_assert_int_eq(mdl_group_init(NULL), MDL_OK);
    ck_assert_uint_gt(strlen(mdl_group_engine()), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("group/engine");
    TCase *t = tcase_create("rfc9496");

    tcase_add_test(t, multiples);
    tcase_add_test(t, bad_encodings);
    tcase_add_test(t, derivations);
    tcase_add_test(t, top_bit);
    tcase_add_test(t, identity);
    tcase_add_test(t, addition_reaches_the_identity);
    tcase_add_test(t, init_is_repeatable);
    suite_add_tcase(s, t);
    return run_suite(s);
}
