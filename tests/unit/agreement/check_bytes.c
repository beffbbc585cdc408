/* check_bytes.c: an agreement and its bytes, both ways; the hash; every breach of the encoding. */
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct parties p;
static struct mdl_agreement draft;
static uint8_t bytes[MDL_AGREEMENT_MAX + 1];
static size_t len;

static void setup(void)
{
    make_parties(&p);
    make_draft(&p, &draft);
    ck_assert_int_eq(mdl_agreement_encode(&draft, bytes, &len, NULL), MDL_OK);
}

START_TEST(decoded_bytes_encode_to_themselves)
{
    struct mdl_agreement back;
    struct mdl_error err;
    uint8_t again[MDL_AGREEMENT_MAX];
    size_t again_len;

    ck_assert_int_eq(mdl_agreement_decode(bytes, len, &back, &err), MDL_OK);
    ck_assert_mem_eq(&back, &draft, sizeof back);
    ck_assert_int_eq(mdl_agreement_encode(&back, again, &again_len, &err), MDL_OK);
    ck_assert_uint_eq(again_len, len);
    ck_assert_mem_eq(again, bytes, len);
}
END_TEST

/* The head of the record as PROTOCOL 4.5 lays it out. */
START_TEST(layout)
{
    ck_assert_uint_eq(bytes[0], 0xdc); /* array of 17 */
    ck_assert_uint_eq(bytes[1], 0x00);
    ck_assert_uint_eq(bytes[2], 17);
    ck_assert_uint_eq(bytes[3], 1);
    ck_assert_uint_eq(bytes[4], 0xc4);
    ck_assert_uint_eq(bytes[5], 32);
    ck_assert_mem_eq(bytes + 6, draft.identity[MDL_ROLE_A], 32);
    ck_assert_mem_eq(bytes + 40, draft.identity[MDL_ROLE_B], 32);
    ck_assert_uint_eq(bytes[72], 0xa0 | strlen(draft.name[MDL_ROLE_A]));
    ck_assert_mem_eq(bytes + len - 16, draft.nonce, 16);
}
END_TEST

START_TEST(every_truncation_is_malformed)
{
    struct mdl_agreement a;

    for (size_t n = 0; n < len; n++) {
        ck_assert_int_eq(mdl_agreement_decode(bytes, n, &a, NULL), MDL_P_MALFORMED);
    }
    bytes[len] = 0;
    ck_assert_int_eq(mdl_agreement_decode(bytes, len + 1, &a, NULL), MDL_P_MALFORMED);
}
END_TEST

/* No changed byte goes unnoticed: it is refused, or it is another agreement with its own bytes. */
START_TEST(every_changed_bit_is_refused_or_another_agreement)
{
    struct mdl_agreement a;
    uint8_t again[MDL_AGREEMENT_MAX];
    size_t again_len;
    size_t refused = 0;

    for (size_t bit = 0; bit < len * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        enum mdl_status st = mdl_agreement_decode(bytes, len, &a, NULL);
        if (st == MDL_OK) {
            ck_assert_int_eq(mdl_agreement_encode(&a, again, &again_len, NULL), MDL_OK);
            ck_assert_uint_eq(again_len, len);
            ck_assert_mem_eq(again, bytes, len);
        } else {
            ck_assert_int_eq(mdl_status_class(st), MDL_CLASS_PEER);
            refused++;
        }
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    ck_assert_uint_gt(refused, 100);
}
END_TEST

START_TEST(each_kind_of_breach)
{
    struct mdl_agreement a;
    struct mdl_error err;

    ck_assert_int_eq(mdl_agreement_decode(bytes, MDL_AGREEMENT_MAX + 1, &a, &err), MDL_P_OVERSIZE);
    ck_assert_ptr_nonnull(strstr(err.text, "at most 16384"));
    bytes[3] = 2;
    ck_assert_int_eq(mdl_agreement_decode(bytes, len, &a, &err), MDL_P_VERSION);
    ck_assert_str_eq(err.text, "agreement.version at byte 3: version 2, this node speaks 1");
    bytes[3] = 1;

    memset(bytes + 6, 0xff, 32);
    ck_assert_int_eq(mdl_agreement_decode(bytes, len, &a, &err), MDL_P_AGREEMENT);
    ck_assert_int_eq(err.status, MDL_P_AGREEMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "ascending order"));
}
END_TEST

START_TEST(an_agreement_that_grows_too_large_is_not_encoded)
{
    struct mdl_error err;

    draft.n_groups = MDL_AGREEMENT_GROUPS;
    for (size_t g = 0; g < MDL_AGREEMENT_GROUPS; g++) {
        draft.groups[g] = draft.groups[0];
        draft.groups[g].n_populations[MDL_ROLE_A] = 1;
        draft.groups[g].n_populations[MDL_ROLE_B] = MDL_AGREEMENT_POPULATIONS;
        (void)snprintf(draft.groups[g].populations[MDL_ROLE_A][0], MDL_POPULATION_NAME + 1,
                       "a-population-with-the-name-%zu", 10 + g);
        for (size_t i = 0; i < MDL_AGREEMENT_POPULATIONS; i++) {
            (void)snprintf(draft.groups[g].populations[MDL_ROLE_B][i], MDL_POPULATION_NAME + 1,
                           "a-population-with-the-name-%zu", 10 + i);
        }
    }
    ck_assert_int_eq(mdl_agreement_encode(&draft, bytes, &len, &err), MDL_U_TOO_LARGE);
    ck_assert_ptr_nonnull(strstr(err.text, "name fewer populations"));
    ck_assert_uint_eq(len, 0);
}
END_TEST

START_TEST(hash_is_tagged)
{
    static const uint8_t prefix[] = "\0\0\0\x0amandorla/1\0\0\0\x09"
                                    "agreement";
    crypto_hash_sha512_state h;
    uint8_t want[64];
    uint8_t got[64];
    const uint8_t be[4] = {0, 0, (uint8_t)(len >> 8), (uint8_t)len};

    (void)crypto_hash_sha512_init(&h);
    (void)crypto_hash_sha512_update(&h, prefix, sizeof prefix - 1);
    (void)crypto_hash_sha512_update(&h, be, 4);
    (void)crypto_hash_sha512_update(&h, bytes, len);
    (void)crypto_hash_sha512_final(&h, want);
    mdl_agreement_hash(bytes, len, got);
    ck_assert_mem_eq(got, want, 64);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("agreement bytes");
    TCase *c = tcase_create("bytes");
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, decoded_bytes_encode_to_themselves);
    tcase_add_test(c, layout);
    tcase_add_test(c, every_truncation_is_malformed);
    tcase_add_test(c, every_changed_bit_is_refused_or_another_agreement);
    tcase_add_test(c, each_kind_of_breach);
    tcase_add_test(c, an_agreement_that_grows_too_large_is_not_encoded);
    tcase_add_test(c, hash_is_tagged);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
