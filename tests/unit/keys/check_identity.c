/* check_identity.c: signing against RFC 8032, verifying against Wycheproof, the signer for proto/.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>

/* RFC 8032, 7.1, tests 1 to 3 */
static const struct {
    const char *seed;
    const char *identity;
    const char *msg;
    const char *sig;
} rfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
};

START_TEST(signs_as_rfc_8032)
{
    uint8_t seed[MDL_SEED_BYTES];
    uint8_t want_id[MDL_IDENTITY_BYTES];
    uint8_t want_sig[MDL_SIGNATURE_BYTES];
    uint8_t sig[MDL_SIGNATURE_BYTES];
    uint8_t msg[8];
    struct mdl_identity *id;

    (void)unhex(rfc8032[_i].seed, seed, sizeof seed);
    (void)unhex(rfc8032[_i].identity, want_id, sizeof want_id);
    ck_assert_uint_eq(unhex(rfc8032[_i].sig, want_sig, sizeof want_sig), sizeof want_sig);
    size_t len = unhex(rfc8032[_i].msg, msg, sizeof msg);
    ck_assert_int_eq(mdl_identity_from_seed(seed, &id, NULL), MDL_OK);
    ck_assert_mem_eq(mdl_identity_public(id), want_id, sizeof want_id);
    mdl_identity_sign(id, msg, len, sig);
    ck_assert_mem_eq(sig, want_sig, sizeof sig);
    ck_assert(mdl_signature_ok(want_id, msg, len, sig, sizeof sig));
    mdl_identity_free(id);
}
END_TEST

static size_t verify_group(const json_t *group)
{
    const json_t *tests = json_object_get(group, "tests");
    uint8_t pk[MDL_IDENTITY_BYTES];
    uint8_t msg[4096];
    uint8_t sig[256];

    ck_assert_uint_eq(bytes_of(json_object_get(group, "publicKey"), "pk", pk, sizeof pk),
                      sizeof pk);
    for (size_t i = 0; i < json_array_size(tests); i++) {
        const json_t *t = json_array_get(tests, i);
        size_t len = bytes_of(t, "msg", msg, sizeof msg);
        size_t sig_len = bytes_of(t, "sig", sig, sizeof sig);
        bool valid = strcmp(text_of(t, "result"), "valid") == 0;
        ck_assert_msg(mdl_signature_ok(pk, msg, len, sig, sig_len) == valid, "tcId %lld: %s",
                      (long long)number_of(t, "tcId"), text_of(t, "comment"));
    }
    return json_array_size(tests);
}

START_TEST(verifies_as_wycheproof)
{
    json_t *j = load_vectors("wycheproof/ed25519_test.json");
    const json_t *groups = json_object_get(j, "testGroups");
    size_t done = 0;

    for (size_t i = 0; i < json_array_size(groups); i++) {
        done += verify_group(json_array_get(groups, i));
    }
    ck_assert_int_eq((int64_t)done, number_of(j, "numberOfTests"));
    ck_assert_uint_ge(done, 150);
    json_decref(j);
}
END_TEST

START_TEST(small_order_identities_verify_nothing)
{
    /* With the neutral element as key and R, S = 0, the equation holds for every message. */
    uint8_t identity[MDL_IDENTITY_BYTES] = {1};
    uint8_t sig[MDL_SIGNATURE_BYTES] = {1};

    ck_assert(!mdl_signature_ok(identity, (const uint8_t *)"x", 1, sig, sizeof sig));
    identity[0] = 0; /* order 4 */
    ck_assert(!mdl_signature_ok(identity, (const uint8_t *)"x", 1, sig, sizeof sig));
}
END_TEST

START_TEST(every_bit_of_a_signature_counts)
{
    struct mdl_identity *id = identity_of(1);
    static const uint8_t msg[] = "agreed";
    uint8_t sig[MDL_SIGNATURE_BYTES];

    mdl_identity_sign(id, msg, sizeof msg, sig);
    for (size_t bit = 0; bit < 8 * sizeof sig; bit++) {
        sig[bit / 8] ^= (uint8_t)(1U << bit % 8);
        ck_assert(!mdl_signature_ok(mdl_identity_public(id), msg, sizeof msg, sig, sizeof sig));
        sig[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    ck_assert(mdl_signature_ok(mdl_identity_public(id), msg, sizeof msg, sig, sizeof sig));
    ck_assert(!mdl_signature_ok(mdl_identity_public(id), msg, sizeof msg - 1, sig, sizeof sig));
    ck_assert(!mdl_signature_ok(mdl_identity_public(id), msg, sizeof msg, sig, sizeof sig - 1));
    mdl_identity_free(id);
}
END_TEST

START_TEST(fresh_identities_differ_and_sign)
{
    struct mdl_identity *a;
    struct mdl_identity *b;
    uint8_t sig[MDL_SIGNATURE_BYTES];

    ck_assert_int_eq(mdl_identity_generate(&a, NULL), MDL_OK);
    ck_assert_int_eq(mdl_identity_generate(&b, NULL), MDL_OK);
    ck_assert_mem_ne(mdl_identity_public(a), mdl_identity_public(b), MDL_IDENTITY_BYTES);
    mdl_identity_sign(a, (const uint8_t *)"m", 1, sig);
    ck_assert(mdl_signature_ok(mdl_identity_public(a), (const uint8_t *)"m", 1, sig, sizeof sig));
    ck_assert(!mdl_signature_ok(mdl_identity_public(b), (const uint8_t *)"m", 1, sig, sizeof sig));
    mdl_identity_free(a);
    mdl_identity_free(b);
    mdl_identity_free(NULL);
}
END_TEST

START_TEST(the_signer_signs_as_the_identity)
{
    struct mdl_identity *id = identity_of(2);
    struct mdl_signer signer = mdl_identity_signer(id);
    uint8_t direct[MDL_SIGNATURE_BYTES];
    uint8_t through[MDL_SIGNATURE_BYTES];

    ck_assert_mem_eq(signer.identity, mdl_identity_public(id), MDL_IDENTITY_BYTES);
    mdl_identity_sign(id, (const uint8_t *)"abc", 3, direct);
    ck_assert_int_eq(signer.sign(signer.ctx, (const uint8_t *)"abc", 3, through), 0);
    ck_assert_mem_eq(through, direct, sizeof direct);
    mdl_identity_free(id);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keys/identity");
    TCase *t = tcase_create("identity");

    tcase_add_loop_test(t, signs_as_rfc_8032, 0, sizeof rfc8032 / sizeof rfc8032[0]);
    tcase_add_test(t, verifies_as_wycheproof);
    tcase_add_test(t, small_order_identities_verify_nothing);
    tcase_add_test(t, every_bit_of_a_signature_counts);
    tcase_add_test(t, fresh_identities_differ_and_sign);
    tcase_add_test(t, the_signer_signs_as_the_identity);
    suite_add_tcase(s, t);
    return run_suite(s);
}
