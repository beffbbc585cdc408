/* check_describe.c: what people are told before they sign, and what differs between two agreements.
 */
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct parties p;
static struct mdl_agreement a;
static struct mdl_agreement b;
static char heard[MDL_DISCLOSURES][8000]; /* by section */

static void setup(void)
{
    make_parties(&p);
    make_draft(&p, &a);
    b = a;
    memset(heard, 0, sizeof heard);
}

static void hear(void *ctx, enum mdl_disclosure section, const char *sentence)
{
    size_t used = strlen(heard[section]);

    ck_assert_ptr_eq(ctx, &a);
    (void)snprintf(heard[section] + used, sizeof heard[section] - used, "%s\n", sentence);
}

static void assert_told(enum mdl_disclosure section, const char *words)
{
    ck_assert_msg(strstr(heard[section], words) != NULL, "'%s' not in: %s", words, heard[section]);
}

START_TEST(each_side_is_told_what_the_other_learns)
{
    static const char *const only_a[] = {"emea"};
    char line[300];

    ck_assert_int_eq(mdl_agreement_set_populations(&a, 0, MDL_ROLE_A, only_a, 1, NULL), MDL_OK);
    mdl_agreement_describe(&a, MDL_ROLE_A, hear, &a);
    (void)snprintf(line, sizeof line,
                   "%s learns how many match keys the populations of %s hold together (emea), at "
                   "most 1,000,000 a round.",
                   a.name[1], a.name[0]);
    assert_told(MDL_THEY_LEARN, line);
    (void)snprintf(line, sizeof line,
                   "the populations of %s hold together (customers, "
                   "open-opportunities, prospects)",
                   a.name[1]);
    assert_told(MDL_WE_LEARN, line);
    ck_assert_ptr_null(strstr(heard[MDL_THEY_LEARN], "prospects"));
    ck_assert_ptr_null(strstr(heard[MDL_WE_LEARN], "emea"));
}
END_TEST

START_TEST(bounds_are_told_if_there_are_any)
{
    mdl_agreement_describe(&a, MDL_ROLE_B, hear, &a);
    ck_assert_ptr_null(strstr(heard[MDL_THEY_LEARN], "it ends there"));
    setup();
    a.caps.min_result = 5;
    mdl_agreement_describe(&a, MDL_ROLE_B, hear, &a);
    assert_told(MDL_THEY_LEARN, "Unless at least 5 keys match, it ends there");
    setup();
    a.caps.max_result = 20000;
    mdl_agreement_describe(&a, MDL_ROLE_B, hear, &a);
    assert_told(MDL_THEY_LEARN, "Unless 0 to 20,000 keys match, it ends there");
}
END_TEST

/* A digest tells a reader nothing: it stands apart. */
START_TEST(digests_are_details)
{
    mdl_agreement_describe(&a, MDL_ROLE_A, hear, &a);
    assert_told(MDL_DETAILS, "identity of A: ");
    assert_told(MDL_DETAILS, "identity of B: ");
    assert_told(MDL_DETAILS, "suite: ");
    assert_told(MDL_DETAILS, "profiles: ");
    for (const char *at = heard[MDL_TERMS]; *at != '\0'; at++) {
        ck_assert_msg(strspn(at, "0123456789abcdef") < 32, "a digest: %.80s", at);
    }
}
END_TEST

START_TEST(terms_are_told)
{
    char parties[300];
    mdl_agreement_describe(&a, MDL_ROLE_A, hear, &a);
    assert_told(MDL_TERMS, "purpose: co-sell account mapping\n");
    assert_told(MDL_TERMS, "legal basis: GDPR Art. 6(1)(f) legitimate interests\n");
    assert_told(MDL_TERMS, "valid from: 2026-11-22 03:46:05 UTC\n");
    assert_told(MDL_TERMS, "valid until: 2027-11-22 04:46:05 UTC\n");
    assert_told(MDL_TERMS, "match keys a month, at most: 31,000,000\n");
    assert_told(MDL_TERMS, "days results are kept: 365\n");
    assert_told(MDL_TERMS, "matching keys, at most: no bound\n");
    assert_told(MDL_TERMS, "group 1: level: accounts\n");
    (void)snprintf(parties, sizeof parties, "party A: %s; party B: %s\n", a.name[0], a.name[1]);
    ck_assert_int_eq(strncmp(heard[MDL_TERMS], parties, strlen(parties)), 0);
    ck_assert_ptr_null(strstr(heard[MDL_TERMS], "name of"));
    assert_told(MDL_TERMS, "Either party may revoke the agreement at any time.\n");
    ck_assert_ptr_null(strstr(heard[MDL_TERMS], "group 2"));
}
END_TEST

static char seen[4][3][200];
static size_t n_seen;

static void differ(void *ctx, const char *term, const char *of_a, const char *of_b)
{
    ck_assert_ptr_eq(ctx, &b);
    ck_assert_uint_lt(n_seen, 4);
    (void)snprintf(seen[n_seen][0], 200, "%s", term);
    (void)snprintf(seen[n_seen][1], 200, "%s", of_a);
    (void)snprintf(seen[n_seen][2], 200, "%s", of_b);
    n_seen++;
}

static void assert_differs(size_t i, const char *term, const char *of_a, const char *of_b)
{
    ck_assert_str_eq(seen[i][0], term);
    ck_assert_str_eq(seen[i][1], of_a);
    ck_assert_str_eq(seen[i][2], of_b);
}

START_TEST(differences_are_listed)
{
    static const char *const fewer[] = {"customers"};

    n_seen = 0;
    b.nonce[0] ^= 1;
    ck_assert_uint_eq(mdl_agreement_compare(&a, &b, differ, &b), 0);
    b.caps.min_result = 5;
    b.valid_until += 1;
    ck_assert_int_eq(mdl_agreement_set_populations(&b, 0, MDL_ROLE_B, fewer, 1, NULL), MDL_OK);
    ck_assert_uint_eq(mdl_agreement_compare(&a, &b, differ, &b), 3);
    assert_differs(0, "matching keys, at least", "0", "5");
    assert_differs(1, "valid until", "2027-11-22 04:46:05 UTC", "2027-11-22 04:46:05.001 UTC");
    assert_differs(2, "group 1: populations of B", "customers, open-opportunities, prospects",
                   "customers");
}
END_TEST

START_TEST(a_group_more_is_a_difference)
{
    n_seen = 0;
    b.n_groups = 2;
    b.groups[1] = b.groups[0];
    ck_assert_uint_eq(mdl_agreement_compare(&a, &b, differ, &b), 3);
    assert_differs(0, "group 2: level", "", "accounts");
    ck_assert_uint_eq(mdl_agreement_compare(&a, &b, NULL, NULL), 3);
}
END_TEST

/* Every byte of the struct that is a term is seen by the comparison. */
START_TEST(no_term_escapes_the_comparison)
{
    for (size_t i = 0; i < sizeof a.caps; i++) {
        memcpy(&b, &a, sizeof b);
        ((uint8_t *)&b.caps)[i] ^= 1;
        bool padding = i >= offsetof(struct mdl_agreement_caps, max_rounds_month) + 2 ||
                       (i >= 4 && i < offsetof(struct mdl_agreement_caps, max_keys_month));
        ck_assert_uint_eq(mdl_agreement_compare(&a, &b, NULL, NULL), padding ? 0 : 1);
    }
    b = a;
    b.identity[0][31] ^= 1;
    ck_assert_uint_eq(mdl_agreement_compare(&a, &b, NULL, NULL), 1);
    b.identity[1][0] ^= 1;
    b.name[0][0] ^= 1;
    b.name[1][0] ^= 1;
    b.suite[0] ^= 1;
    b.profiles[1][31] ^= 1;
    b.purpose[0] ^= 1;
    b.legal_basis[0] ^= 1;
    b.valid_from++;
    b.retention_days++;
    b.key_deadline_s++;
    b.groups[0].level[0] ^= 1;
    b.groups[0].populations[0][0][0] ^= 1;
    ck_assert_uint_eq(mdl_agreement_compare(&a, &b, NULL, NULL), 13);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("agreement describe");
    TCase *c = tcase_create("describe");
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, each_side_is_told_what_the_other_learns);
    tcase_add_test(c, bounds_are_told_if_there_are_any);
    tcase_add_test(c, terms_are_told);
    tcase_add_test(c, digests_are_details);
    tcase_add_test(c, differences_are_listed);
    tcase_add_test(c, a_group_more_is_a_difference);
    tcase_add_test(c, no_term_escapes_the_comparison);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
