/* check_describe.c: what people are told before they sign, and what differs between two agreements.
 */
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct parties p;
static struct mdl_agreement a;
static struct mdl_agreement b;
static char heard[MDL_DISCLOSURES][200000]; /* by section */

static void setup(void)
{
    make_parties(&p);
    make_draft(&p, &a);
    b = a;
    for (size_t i = 0; i < MDL_DISCLOSURES; i++) {
        heard[i][0] = '\0';
    }
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
    char line[600];

    ck_assert_int_eq(mdl_agreement_set_populations(&a, 0, MDL_ROLE_A, only_a, 1, NULL), MDL_OK);
    mdl_agreement_describe(&a, MDL_ROLE_A, hear, &a);
    (void)snprintf(line, sizeof line,
                   "%s learns how many match keys the populations of %s hold together (emea), and "
                   "how many of these it holds too in its own (customers, open-opportunities, "
                   "prospects).",
                   a.name[1], a.name[0]);
    assert_told(MDL_THEY_LEARN, line);
    (void)snprintf(line, sizeof line,
                   "the populations of %s hold together (customers, "
                   "open-opportunities, prospects)",
                   a.name[1]);
    assert_told(MDL_WE_LEARN, line);
    assert_told(MDL_THEY_LEARN, "(at most 1,000,000 match keys a round)");
    (void)snprintf(line, sizeof line, "Taken together, emea of %s: accounts.\n", a.name[0]);
    assert_told(MDL_THEY_LEARN, line);
    ck_assert_ptr_null(strstr(heard[MDL_WE_LEARN], line));
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
    assert_told(MDL_TERMS, "keys that must differ from the last round: 0\n");
    assert_told(MDL_TERMS, "hours between two rounds: 0\n");
    assert_told(MDL_TERMS, "who lets a round run: a person, or the side's standing rule\n");
    assert_told(MDL_TERMS, "cell customers of A : prospects of B: accounts\n");
    (void)snprintf(parties, sizeof parties, "party A: %s; party B: %s\n", a.name[0], a.name[1]);
    ck_assert_int_eq(strncmp(heard[MDL_TERMS], parties, strlen(parties)), 0);
    ck_assert_ptr_null(strstr(heard[MDL_TERMS], "name of"));
    assert_told(MDL_TERMS, "Either party may revoke the agreement at any time.\n");
}
END_TEST

static void add_counts(struct mdl_agreement *terms, const char *of_a, const char *of_b)
{
    struct mdl_agreement_group *g = &terms->groups[terms->n_groups++];

    (void)snprintf(g->level, sizeof g->level, "counts");
    g->key_type = MDL_KEY_DOMAIN;
    g->n_populations[0] = g->n_populations[1] = 1;
    (void)snprintf(g->populations[0][0], MDL_POPULATION_NAME + 1, "%s", of_a);
    (void)snprintf(g->populations[1][0], MDL_POPULATION_NAME + 1, "%s", of_b);
}

START_TEST(counts_are_told_as_counts)
{
    char line[600];

    a.n_groups = 0;
    add_counts(&a, "customers", "prospects");
    a.caps.min_result = 5;
    mdl_agreement_describe(&a, MDL_ROLE_A, hear, &a);
    (void)snprintf(line, sizeof line,
                   "customers of %s with prospects of %s, counts by domain: %s learns how many "
                   "keys of this type %s holds there, and how many of them both hold; if it "
                   "follows the protocol, not which.\n",
                   a.name[0], a.name[1], a.name[1], a.name[0]);
    assert_told(MDL_THEY_LEARN, line);
    (void)snprintf(line, sizeof line, "prospects of %s with customers of %s, counts by domain: %s ",
                   a.name[1], a.name[0], a.name[0]);
    assert_told(MDL_WE_LEARN, line);
    (void)snprintf(line, sizeof line, "Taken together, customers of %s: counts.\n", a.name[0]);
    assert_told(MDL_THEY_LEARN, line);
    ck_assert_ptr_null(strstr(heard[MDL_THEY_LEARN], "which of its own accounts"));
    ck_assert_ptr_null(strstr(heard[MDL_THEY_LEARN], "it ends there")); /* counts know no gate */
    assert_told(MDL_TERMS, "cell customers of A : prospects of B: counts by domain\n");
}
END_TEST

START_TEST(a_mixed_agreement_is_told_cell_by_cell)
{
    char line[400];

    memset(a.groups, 0, sizeof a.groups);
    a.n_groups = 0;
    add_counts(&a, "customers", "customers");
    add_counts(&a, "customers", "prospects");
    a.groups[1].key_type = 0;
    (void)snprintf(a.groups[1].level, sizeof a.groups[1].level, "accounts");
    add_counts(&a, "prospects", "customers");
    ck_assert_int_eq(mdl_agreement_valid(&a, NULL), MDL_OK);
    mdl_agreement_describe(&a, MDL_ROLE_B, hear, &a);
    assert_told(MDL_TERMS, "cell customers of A : customers of B: counts by domain\n"
                           "cell customers of A : prospects of B: accounts\n"
                           "cell prospects of A : customers of B: counts by domain\n"
                           "cell prospects of A : prospects of B: hidden\n");
    (void)snprintf(line, sizeof line,
                   "Taken together, customers of %s: counts.\n"
                   "Taken together, prospects of %s: accounts.\n",
                   a.name[1], a.name[1]);
    assert_told(MDL_THEY_LEARN, line);
    (void)snprintf(line, sizeof line,
                   "Taken together, customers of %s: accounts.\n"
                   "Taken together, prospects of %s: counts.\n",
                   a.name[0], a.name[0]);
    assert_told(MDL_WE_LEARN, line);
}
END_TEST

/* The longest names and lists there can be: no sentence is cut. */
START_TEST(no_sentence_is_cut)
{
    struct mdl_agreement_group *g = &a.groups[0];

    for (size_t r = 0; r < 2; r++) {
        memset(a.name[r], 'W', MDL_AGREEMENT_NAME);
        a.name[r][MDL_AGREEMENT_NAME] = '\0';
        g->n_populations[r] = MDL_AGREEMENT_POPULATIONS;
        for (size_t i = 0; i < MDL_AGREEMENT_POPULATIONS; i++) {
            (void)snprintf(g->populations[r][i], MDL_POPULATION_NAME + 1,
                           "a-population-with-a-long-name-%zu", 10 + i);
        }
    }
    ck_assert_int_eq(mdl_agreement_valid(&a, NULL), MDL_OK);
    mdl_agreement_describe(&a, MDL_ROLE_A, hear, &a);
    assert_told(MDL_THEY_LEARN, "a-population-with-a-long-name-41).\n");
    assert_told(MDL_TERMS, "cell a-population-with-a-long-name-41 of A : "
                           "a-population-with-a-long-name-41 of B: accounts\n");
}
END_TEST

static char seen[12][3][200];
static size_t n_seen;

static void differ(void *ctx, const char *term, const char *of_a, const char *of_b)
{
    ck_assert_ptr_eq(ctx, &b);
    ck_assert_uint_lt(n_seen, 12);
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
    ck_assert_uint_eq(mdl_agreement_compare(&a, &b, differ, &b), 8);
    assert_differs(0, "matching keys, at least", "0", "5");
    assert_differs(1, "valid until", "2027-11-22 04:46:05 UTC", "2027-11-22 04:46:05.001 UTC");
    assert_differs(2, "cell customers : open-opportunities", "accounts", "hidden");
    assert_differs(7, "cell prospects : prospects", "accounts", "hidden");
}
END_TEST

/* Names that only the second one has, and a cell at another level, another key type. */
START_TEST(cells_are_compared_by_name)
{
    n_seen = 0;
    add_counts(&b, "renewals", "emea");
    ck_assert_uint_eq(mdl_agreement_compare(&a, &b, differ, &b), 1);
    assert_differs(0, "cell renewals : emea", "hidden", "counts by domain");
    n_seen = 0;
    a = b;
    b.groups[1].key_type = MDL_KEY_VAT;
    ck_assert_uint_eq(mdl_agreement_compare(&a, &b, differ, &b), 1);
    assert_differs(0, "cell renewals : emea", "counts by domain", "counts by VAT id");
    ck_assert_uint_eq(mdl_agreement_compare(&b, &a, NULL, NULL), 1);
}
END_TEST

/* The order of populations and groups is that of the bits of masks and of HELLO. */
START_TEST(other_groups_with_the_same_cells_are_a_difference)
{
    char first[MDL_POPULATION_NAME + 1];

    n_seen = 0;
    add_counts(&a, "renewals", "emea");
    add_counts(&a, "renewals", "apac");
    b = a;
    b.groups[1] = a.groups[2];
    b.groups[2] = a.groups[1];
    ck_assert_uint_eq(mdl_agreement_compare(&a, &b, differ, &b), 1);
    assert_differs(0, "how the cells are grouped", "one way", "another way");
    n_seen = 0;
    b = a;
    memcpy(first, b.groups[0].populations[0][0], sizeof first);
    memcpy(b.groups[0].populations[0][0], b.groups[0].populations[0][1], sizeof first);
    memcpy(b.groups[0].populations[0][1], first, sizeof first);
    ck_assert_uint_eq(mdl_agreement_compare(&a, &b, differ, &b), 1);
    assert_differs(0, "how the cells are grouped", "one way", "another way");
}
END_TEST

/* Every byte of the struct that is a term is seen by the comparison. */
START_TEST(no_term_escapes_the_comparison)
{
    for (size_t i = 0; i < sizeof a.caps; i++) {
        memcpy(&b, &a, sizeof b);
        ((uint8_t *)&b.caps)[i] ^= 1;
        bool padding = i >= offsetof(struct mdl_agreement_caps, cooldown_hours) + 2 ||
                       (i >= offsetof(struct mdl_agreement_caps, max_rounds_month) + 2 &&
                        i < offsetof(struct mdl_agreement_caps, min_change)) ||
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
    b.approval ^= 1;
    ck_assert_uint_eq(mdl_agreement_compare(&a, &b, NULL, NULL), 12);
    /* a row of cells becomes hidden, another comes */
    b.groups[0].populations[0][0][0] ^= 1;
    ck_assert_uint_eq(mdl_agreement_compare(&a, &b, NULL, NULL), 12 + 6);
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
    tcase_add_test(c, counts_are_told_as_counts);
    tcase_add_test(c, a_mixed_agreement_is_told_cell_by_cell);
    tcase_add_test(c, no_sentence_is_cut);
    tcase_add_test(c, digests_are_details);
    tcase_add_test(c, differences_are_listed);
    tcase_add_test(c, cells_are_compared_by_name);
    tcase_add_test(c, other_groups_with_the_same_cells_are_a_difference);
    tcase_add_test(c, no_term_escapes_the_comparison);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
