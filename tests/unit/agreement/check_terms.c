/* check_terms.c: the standard draft, and every term that makes no sense. */
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct parties p;
static struct mdl_agreement a;

static void setup(void)
{
    make_parties(&p);
    make_draft(&p, &a);
}

START_TEST(standard_draft)
{
    static const char *const names[] = {"customers", "open-opportunities", "prospects"};

    ck_assert_int_eq(mdl_agreement_valid(&a, NULL), MDL_OK);
    ck_assert_str_eq(a.suite, "ristretto255-sha512");
    ck_assert_uint_eq(a.n_profiles, 2);
    ck_assert_uint_eq(a.n_groups, 1);
    ck_assert_str_eq(a.groups[0].level, "accounts");
    for (size_t r = 0; r < 2; r++) {
        ck_assert_mem_eq(a.identity[r], p.by_role[r].signer.identity, 32);
        ck_assert_str_eq(a.name[r], p.by_role[r].name);
        ck_assert_uint_eq(a.groups[0].n_populations[r], 3);
        for (size_t i = 0; i < 3; i++) {
            ck_assert_str_eq(a.groups[0].populations[r][i], names[i]);
        }
    }
    ck_assert_uint_eq(a.caps.max_keys_round, 1000000);
    ck_assert_uint_eq(a.caps.max_keys_month, 31000000);
    ck_assert_uint_eq(a.caps.min_keys, 1);
    ck_assert_uint_eq(a.caps.min_result, 0);
    ck_assert_uint_eq(a.caps.max_result, 0);
    ck_assert_uint_eq(a.caps.max_rounds_month, 100);
    ck_assert_uint_eq(a.caps.min_change, 0);
    ck_assert_uint_eq(a.caps.cooldown_hours, 0);
    ck_assert_uint_eq(a.approval, MDL_APPROVAL_STANDING);
    ck_assert_uint_eq(a.groups[0].key_type, 0);
    ck_assert_str_eq(a.purpose, "co-sell account mapping");
    ck_assert_str_eq(a.legal_basis, "GDPR Art. 6(1)(f) legitimate interests");
    ck_assert_uint_eq(a.valid_from, NOW - 3600000);
    ck_assert_uint_eq(a.valid_until, NOW + UINT64_C(365) * 86400000);
    ck_assert_uint_eq(a.retention_days, 365);
    ck_assert_uint_eq(a.key_deadline_s, 900);
}
END_TEST

START_TEST(both_sides_draft_the_same)
{
    static const uint8_t profiles[2][32] = {{1}, {2}};
    const struct mdl_agreement_party own = {p.by_role[1].signer.identity, p.by_role[1].name};
    const struct mdl_agreement_party partner = {p.by_role[0].signer.identity, p.by_role[0].name};
    struct mdl_agreement b;

    ck_assert_int_eq(mdl_agreement_draft(&own, &partner, profiles, 2, NOW, a.nonce, &b, NULL),
                     MDL_OK);
    ck_assert_mem_eq(&a, &b, sizeof a);
}
END_TEST

START_TEST(drafts_that_cannot_be)
{
    static const uint8_t profiles[9][32] = {{1}};
    char name[80];
    struct mdl_agreement_party own = {p.by_role[0].signer.identity, p.by_role[0].name};
    struct mdl_agreement_party partner = {p.by_role[1].signer.identity, name};
    struct mdl_agreement b;
    struct mdl_error err;

    memset(name, 'x', sizeof name);
    name[65] = '\0';
    ck_assert_int_eq(mdl_agreement_draft(&own, &partner, profiles, 1, NOW, a.nonce, &b, &err),
                     MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "65 bytes, at most 64"));
    name[64] = '\0';
    ck_assert_int_eq(mdl_agreement_draft(&own, &partner, profiles, 1, NOW, a.nonce, &b, &err),
                     MDL_OK);
    ck_assert_int_eq(mdl_agreement_draft(&own, &partner, profiles, 0, NOW, a.nonce, &b, &err),
                     MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "1 to 8 profiles"));
    ck_assert_int_eq(mdl_agreement_draft(&own, &partner, profiles, 9, NOW, a.nonce, &b, &err),
                     MDL_U_ARGUMENT);
    partner.identity = own.identity;
    ck_assert_int_eq(mdl_agreement_draft(&own, &partner, profiles, 1, NOW, a.nonce, &b, &err),
                     MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "must differ"));
}
END_TEST

/* The agreement is refused with these words; then the draft is restored. */
static void refuse(const char *words)
{
    struct mdl_error err = {0};

    ck_assert_msg(mdl_agreement_valid(&a, &err) == MDL_U_ARGUMENT, "%s", words);
    ck_assert_int_eq(err.status, MDL_U_ARGUMENT);
    ck_assert_msg(strstr(err.text, words) != NULL, "'%s' without '%s'", err.text, words);
    setup();
}

START_TEST(parties_and_texts)
{
    memcpy(a.identity[0], a.identity[1], 32);
    refuse("must differ and stand in ascending order");
    memset(a.identity[0], 0xff, 32);
    refuse("must differ and stand in ascending order");
    a.name[0][0] = '\0';
    refuse("the name of party A must have 1 to 64 bytes");
    memcpy(a.name[1], "two\nlines", 10);
    refuse("the name of party B must be UTF-8 text");
    memset(a.name[1], 'x', sizeof a.name[1]); /* not terminated */
    refuse("the name of party B must have 1 to 64 bytes");
    a.purpose[0] = '\0';
    refuse("the purpose must have");
    memcpy(a.purpose, "\xff", 2);
    refuse("the purpose must be UTF-8 text");
    a.legal_basis[0] = '\0';
    refuse("the legal basis must have");
    memcpy(a.suite, "p256", 5);
    refuse("the suite 'p256' is not known here");
    a.n_profiles = 0;
    refuse("1 to 8 profiles");
    a.n_profiles = 9;
    refuse("1 to 8 profiles");
    memcpy(a.profiles[1], a.profiles[0], 32);
    refuse("profile 2 stands twice");
}
END_TEST

START_TEST(groups_and_populations)
{
    a.n_groups = 0;
    refuse("1 to 32 groups");
    a.n_groups = 33;
    refuse("1 to 32 groups");
    a.groups[0].n_populations[1] = 0;
    refuse("1 to 32 populations");
    a.groups[0].n_populations[0] = 33;
    refuse("1 to 32 populations");
    memcpy(a.groups[0].populations[0][1], "Customers", 10);
    refuse("'Customers' is not 1 to 32 of a-z");
    a.groups[0].populations[1][2][0] = '\0';
    refuse("'' is not 1 to 32 of a-z");
    memcpy(a.groups[0].populations[1][2], "customers", 10);
    refuse("the population 'customers' stands twice");
    a.n_groups = 2;
    a.groups[1] = a.groups[0];
    refuse("groups 1 and 2 have a pair of populations in common");
}
END_TEST

static void one_cell(struct mdl_agreement_group *g, const char *of_a, const char *of_b)
{
    memset(g, 0, sizeof *g);
    memcpy(g->level, "counts", 7);
    g->key_type = MDL_KEY_DOMAIN;
    g->n_populations[MDL_ROLE_A] = g->n_populations[MDL_ROLE_B] = 1;
    (void)snprintf(g->populations[MDL_ROLE_A][0], MDL_POPULATION_NAME + 1, "%s", of_a);
    (void)snprintf(g->populations[MDL_ROLE_B][0], MDL_POPULATION_NAME + 1, "%s", of_b);
}

START_TEST(levels)
{
    static const char *const unknown[] = {"fields", "sums", "", "Counts", "hidden"};
    static const char countable[] = {MDL_KEY_LEI,
                                     MDL_KEY_DUNS,
                                     MDL_KEY_REGISTRY,
                                     MDL_KEY_VAT,
                                     MDL_KEY_DOMAIN,
                                     MDL_KEY_NAME_COUNTRY,
                                     0};

    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        char words[80];
        (void)snprintf(a.groups[0].level, sizeof a.groups[0].level, "%s", unknown[i]);
        (void)snprintf(words, sizeof words,
                       "the level '%s' is not known here, only counts and accounts", unknown[i]);
        refuse(words);
    }
    a.groups[0].key_type = MDL_KEY_DOMAIN;
    refuse("a group at level accounts compares all types of key, not 16");
    one_cell(&a.groups[0], "customers", "prospects");
    ck_assert_int_eq(mdl_agreement_valid(&a, NULL), MDL_OK);
    for (unsigned type = 0; type < 256; type++) {
        char words[100];
        one_cell(&a.groups[0], "customers", "prospects");
        a.groups[0].key_type = (uint8_t)type;
        (void)snprintf(words, sizeof words, "one type of key that makes a match; %u is none", type);
        if (strchr(countable, (int)type) == NULL || type == 0) {
            refuse(words);
        } else {
            ck_assert_int_eq(mdl_agreement_valid(&a, NULL), MDL_OK);
        }
    }
    for (size_t r = 0; r < 2; r++) {
        one_cell(&a.groups[0], "customers", "prospects");
        a.groups[0].n_populations[r] = 2;
        memcpy(a.groups[0].populations[r][1], "emea", 5);
        refuse("a group at level counts is one population of each side");
    }
}
END_TEST

START_TEST(a_side_has_at_most_32_populations_in_all)
{
    a.n_groups = 2;
    one_cell(&a.groups[0], "x", "x");
    a.groups[1] = a.groups[0];
    memcpy(a.groups[1].level, "accounts", 9);
    a.groups[1].key_type = 0;
    a.groups[1].n_populations[MDL_ROLE_B] = 32;
    for (size_t i = 0; i < 32; i++) {
        (void)snprintf(a.groups[1].populations[MDL_ROLE_B][i], MDL_POPULATION_NAME + 1, "p%zu", i);
    }
    refuse("a side names more than 32 populations in all");
    a.n_groups = 2;
    one_cell(&a.groups[0], "x", "p31");
    a.groups[1] = a.groups[0];
    memcpy(a.groups[1].level, "accounts", 9);
    a.groups[1].key_type = 0;
    memcpy(a.groups[1].populations[MDL_ROLE_A][0], "y", 2);
    ck_assert_int_eq(mdl_agreement_valid(&a, NULL), MDL_OK);
}
END_TEST

START_TEST(groups_may_share_one_side)
{
    static const char *const other[] = {"renewals"};

    a.n_groups = 2;
    a.groups[1] = a.groups[0];
    ck_assert_int_eq(mdl_agreement_set_populations(&a, 1, MDL_ROLE_B, other, 1, NULL), MDL_OK);
    ck_assert_int_eq(mdl_agreement_valid(&a, NULL), MDL_OK);
}
END_TEST

START_TEST(caps_and_times)
{
    a.caps.max_keys_round = 0;
    refuse("max_keys_round is 0");
    a.caps.max_keys_round = 4194305;
    refuse("max_keys_round is 4194305, not 1 to 4194304");
    a.caps.min_keys = 0;
    refuse("min_keys is 0");
    a.caps.min_keys = a.caps.max_keys_round + 1;
    refuse("min_keys is 1000001");
    a.caps.max_keys_month = 0;
    refuse("max_keys_month is below min_keys");
    a.caps.min_result = 10;
    a.caps.max_result = 9;
    refuse("max_result is below min_result");
    a.caps.max_rounds_month = 0;
    refuse("max_rounds_month is 0");
    a.caps.cooldown_hours = 8785;
    refuse("cooldown_hours is 8785, at most 8784");
    a.approval = 2;
    refuse("the approval rule 2 is not known here");
    a.valid_until = a.valid_from;
    refuse("valid_until must lie after valid_from");
    a.valid_until = 253402300800000;
    refuse("after the year 9999");
    a.retention_days = 0;
    refuse("retention_days is 0");
    a.key_deadline_s = 0;
    refuse("key_deadline_s is 0");
}
END_TEST

START_TEST(limits_themselves_are_good)
{
    a.caps.max_keys_round = 4194304;
    a.caps.min_keys = 4194304;
    a.caps.max_keys_month = 4194304;
    a.caps.min_result = 10;
    a.caps.max_result = 10;
    a.caps.max_rounds_month = 1;
    a.caps.min_change = UINT32_MAX;
    a.caps.cooldown_hours = 8784;
    a.approval = MDL_APPROVAL_PERSON;
    a.valid_until = 253402300799999;
    a.retention_days = 1;
    a.key_deadline_s = 1;
    ck_assert_int_eq(mdl_agreement_valid(&a, NULL), MDL_OK);
}
END_TEST

START_TEST(setting_populations)
{
    static const char *const good[] = {"emea", "tier-1", "0"};
    static const char *const twice[] = {"emea", "emea"};
    static const char *const bad[] = {"emea", "a_b"};
    const char *many[33];
    struct mdl_agreement before = a;
    struct mdl_error err;

    for (size_t i = 0; i < 33; i++) {
        many[i] = "x";
    }
    ck_assert_int_eq(mdl_agreement_set_populations(&a, 0, MDL_ROLE_A, twice, 2, &err),
                     MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "'emea' stands twice"));
    ck_assert_int_eq(mdl_agreement_set_populations(&a, 0, MDL_ROLE_A, bad, 2, &err),
                     MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "'a_b' is not"));
    ck_assert_int_eq(mdl_agreement_set_populations(&a, 0, MDL_ROLE_A, many, 33, &err),
                     MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_agreement_set_populations(&a, 0, MDL_ROLE_A, good, 0, &err),
                     MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "1 to 32 populations"));
    ck_assert_int_eq(mdl_agreement_set_populations(&a, 1, MDL_ROLE_A, good, 3, &err),
                     MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "no group 2"));
    ck_assert_mem_eq(&a, &before, sizeof a);
    ck_assert_int_eq(mdl_agreement_set_populations(&a, 0, MDL_ROLE_B, good, 3, &err), MDL_OK);
    ck_assert_str_eq(a.groups[0].populations[MDL_ROLE_B][2], "0");
    ck_assert_mem_eq(a.groups[0].populations[MDL_ROLE_A], before.groups[0].populations[MDL_ROLE_A],
                     sizeof a.groups[0].populations[MDL_ROLE_A]);
}
END_TEST

START_TEST(population_names)
{
    ck_assert(mdl_population_name_valid("a"));
    ck_assert(mdl_population_name_valid("abcdefghijklmnopqrstuvwxyz-01234"));
    ck_assert(!mdl_population_name_valid("abcdefghijklmnopqrstuvwxyz-012345"));
    ck_assert(!mdl_population_name_valid(""));
    ck_assert(!mdl_population_name_valid("A"));
    ck_assert(!mdl_population_name_valid("a b"));
    ck_assert(!mdl_population_name_valid("\xc3\xa5"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("agreement terms");
    TCase *c = tcase_create("terms");
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, standard_draft);
    tcase_add_test(c, both_sides_draft_the_same);
    tcase_add_test(c, drafts_that_cannot_be);
    tcase_add_test(c, parties_and_texts);
    tcase_add_test(c, groups_and_populations);
    tcase_add_test(c, levels);
    tcase_add_test(c, a_side_has_at_most_32_populations_in_all);
    tcase_add_test(c, groups_may_share_one_side);
    tcase_add_test(c, caps_and_times);
    tcase_add_test(c, limits_themselves_are_good);
    tcase_add_test(c, setting_populations);
    tcase_add_test(c, population_names);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
