/* check_force.c: signatures, and each condition of being in force. */
#include "support.h"

#include <check.h>
#include <string.h>

static struct parties p;
static uint8_t bytes[MDL_AGREEMENT_MAX];
static size_t len;
static uint8_t hash[MDL_AGREEMENT_HASH];
static uint8_t sig[2][64];
static uint8_t revocation[64];
static struct mdl_agreement_file file;
static const uint8_t *own;
static const uint8_t *partner;

static void sign_as(size_t role, enum mdl_statement what, uint8_t out[64])
{
    const struct mdl_statement_parts parts = {.hash = hash};

    ck_assert_int_eq(
        mdl_statement_sign(what, &parts, (enum mdl_role)role, &p.by_role[role].signer, out, NULL),
        MDL_OK);
}

static void setup(void)
{
    struct mdl_agreement a;

    make_parties(&p);
    make_draft(&p, &a);
    ck_assert_int_eq(mdl_agreement_encode(&a, bytes, &len, NULL), MDL_OK);
    mdl_agreement_hash(bytes, len, hash);
    sign_as(0, MDL_SAY_AGREEMENT, sig[0]);
    sign_as(1, MDL_SAY_AGREEMENT, sig[1]);
    file = (struct mdl_agreement_file){.bytes = bytes, .len = len, .signature = {sig[0], sig[1]}};
    own = p.by_role[1].signer.identity;
    partner = p.by_role[0].signer.identity;
}

static void expect(uint64_t now, enum mdl_status want, const char *words)
{
    struct mdl_agreement a;
    struct mdl_error err = {0};

    ck_assert_int_eq(mdl_agreement_in_force(&file, own, partner, now, &a, &err), want);
    ck_assert_int_eq(err.status, want);
    ck_assert_msg(strstr(err.text, words) != NULL, "'%s' without '%s'", err.text, words);
}

START_TEST(in_force_for_both_sides)
{
    struct mdl_agreement a;
    struct mdl_error err = {0};

    ck_assert_int_eq(mdl_agreement_in_force(&file, own, partner, NOW, &a, &err), MDL_OK);
    ck_assert_int_eq(mdl_agreement_in_force(&file, partner, own, NOW, &a, &err), MDL_OK);
    ck_assert_str_eq(a.purpose, "co-sell account mapping");
}
END_TEST

START_TEST(the_window)
{
    struct mdl_agreement a;
    uint64_t from = NOW - 3600000;
    uint64_t until = NOW + UINT64_C(365) * 86400000;

    expect(from - 1, MDL_P_AGREEMENT, "begins only at 2026-11-22 03:46:05 UTC");
    ck_assert_int_eq(mdl_agreement_in_force(&file, own, partner, from, &a, NULL), MDL_OK);
    ck_assert_int_eq(mdl_agreement_in_force(&file, own, partner, until - 1, &a, NULL), MDL_OK);
    expect(until, MDL_P_AGREEMENT, "ended at 2027-11-22 04:46:05 UTC");
}
END_TEST

START_TEST(the_parties)
{
    static const uint8_t stranger[32] = {0x55};

    partner = stranger;
    expect(NOW, MDL_P_AGREEMENT, "does not name this");
    setup();
    own = stranger;
    expect(NOW, MDL_P_AGREEMENT, "does not name this");
}
END_TEST

START_TEST(both_signatures)
{
    file.signature[0] = NULL;
    expect(NOW, MDL_P_AGREEMENT, "has not signed the agreement");
    file.signature[0] = sig[0];
    file.signature[1] = NULL;
    expect(NOW, MDL_P_AGREEMENT, "has not signed the agreement");
    file.signature[1] = sig[0]; /* the other party's */
    expect(NOW, MDL_P_SIGNATURE, "the signature of party B (sign-agreement) does not verify");
    file.signature[1] = sig[1];
    sig[0][63] ^= 1;
    expect(NOW, MDL_P_SIGNATURE, "the signature of party A");
}
END_TEST

START_TEST(either_may_revoke)
{
    for (size_t role = 0; role < 2; role++) {
        sign_as(role, MDL_SAY_REVOKE, revocation);
        file.revocation[role] = revocation;
        expect(NOW, MDL_P_AGREEMENT, "revoked the agreement");
        revocation[0] ^= 1;
        expect(NOW, MDL_P_SIGNATURE, "(revoke-agreement) does not verify");
        file.revocation[role] = NULL;
    }
}
END_TEST

START_TEST(a_signature_is_no_revocation)
{
    file.revocation[0] = sig[0];
    expect(NOW, MDL_P_SIGNATURE, "(revoke-agreement) does not verify");
}
END_TEST

START_TEST(bytes_that_are_no_agreement)
{
    file.len--;
    expect(NOW, MDL_P_MALFORMED, "at byte");
}
END_TEST

/* Each part of a statement is covered: change one and the signature fails. */
START_TEST(statements_cover_their_parts)
{
    static const uint8_t round[16] = {1};
    static const uint8_t other_round[16] = {2};
    static const uint8_t other_hash[64] = {3};
    const struct mdl_statement_parts good = {.hash = hash, .round = round, .created = NOW};
    const struct mdl_statement_parts bad[] = {
        {.hash = hash, .round = other_round, .created = NOW},
        {.hash = other_hash, .round = round, .created = NOW},
        {.hash = hash, .round = round, .created = NOW + 1},
    };
    uint8_t s[64];

    for (enum mdl_statement w = MDL_SAY_AGREEMENT; w <= MDL_SAY_APPROVE; w++) {
        ck_assert_int_eq(mdl_statement_sign(w, &good, MDL_ROLE_A, &p.by_role[0].signer, s, NULL),
                         MDL_OK);
        const uint8_t *id = p.by_role[0].signer.identity;
        ck_assert_int_eq(mdl_statement_verify(w, &good, MDL_ROLE_A, id, s, NULL), MDL_OK);
        ck_assert_int_eq(mdl_statement_verify(w, &good, MDL_ROLE_B, id, s, NULL), MDL_P_SIGNATURE);
        ck_assert_int_eq(
            mdl_statement_verify(w, &good, MDL_ROLE_A, p.by_role[1].signer.identity, s, NULL),
            MDL_P_SIGNATURE);
        for (enum mdl_statement v = MDL_SAY_AGREEMENT; v <= MDL_SAY_APPROVE; v++) {
            ck_assert_int_eq(mdl_statement_verify(v, &good, MDL_ROLE_A, id, s, NULL),
                             v == w ? MDL_OK : MDL_P_SIGNATURE);
        }
        bool round_matters = w == MDL_SAY_PROPOSE || w == MDL_SAY_APPROVE;
        bool time_matters = w == MDL_SAY_PROPOSE;
        ck_assert_int_eq(mdl_statement_verify(w, &bad[0], MDL_ROLE_A, id, s, NULL),
                         round_matters ? MDL_P_SIGNATURE : MDL_OK);
        ck_assert_int_eq(mdl_statement_verify(w, &bad[1], MDL_ROLE_A, id, s, NULL),
                         MDL_P_SIGNATURE);
        ck_assert_int_eq(mdl_statement_verify(w, &bad[2], MDL_ROLE_A, id, s, NULL),
                         time_matters ? MDL_P_SIGNATURE : MDL_OK);
    }
}
END_TEST

static int no_key(void *ctx, const uint8_t *msg, size_t n, uint8_t out[64])
{
    (void)ctx;
    (void)msg;
    (void)n;
    (void)out;
    return -1;
}

START_TEST(a_signer_without_key)
{
    const struct mdl_signer signer = {.sign = no_key};
    const struct mdl_statement_parts parts = {.hash = hash};
    struct mdl_error err;
    uint8_t s[64];

    ck_assert_int_eq(mdl_statement_sign(MDL_SAY_AGREEMENT, &parts, MDL_ROLE_A, &signer, s, &err),
                     MDL_L_KEY_FILE);
    ck_assert_int_eq(err.status, MDL_L_KEY_FILE);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("agreement in force");
    TCase *c = tcase_create("force");
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, in_force_for_both_sides);
    tcase_add_test(c, the_window);
    tcase_add_test(c, the_parties);
    tcase_add_test(c, both_signatures);
    tcase_add_test(c, either_may_revoke);
    tcase_add_test(c, a_signature_is_no_revocation);
    tcase_add_test(c, bytes_that_are_no_agreement);
    tcase_add_test(c, statements_cover_their_parts);
    tcase_add_test(c, a_signer_without_key);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
