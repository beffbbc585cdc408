/* check_source.c: sources and swapping in an import. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void import(const char *source, char generation[MDL_STORE_GENERATION + 1])
{
    struct mdl_gen_options opt = {0};
    static struct mdl_gen_summary sum;
    struct mdl_gen *g;

    ok(mdl_gen_create(dir, source, generation, &g, &err));
    put_account(g, "1", "Acme", "16:acme.com", 1, 0);
    ok(mdl_gen_finish(g, &opt, &sum, &err));
}

static void swap(const char *source, const char *generation, char old[MDL_STORE_GENERATION + 1])
{
    char report[] = "{\"rows\":1}";
    struct mdl_source_row s = {.report = report, .imported_at = 7, .accounts = 1, .keys = 2};

    (void)snprintf(s.name, sizeof s.name, "%s", source);
    (void)snprintf(s.generation, sizeof s.generation, "%s", generation);
    ok(mdl_store_begin(st, &err));
    ok(mdl_source_swap(st, &s, old, &err));
    ok(mdl_store_commit(st, &err));
}

START_TEST(mapping_and_rules_are_remembered)
{
    char mapping[] = "{\"name\":\"Firma\"}";
    char rules[] = "[]";
    struct mdl_source_row s = {.name = "crm", .kind = "csv", .mapping = mapping, .rules = rules};
    struct mdl_source_row found;

    ok(mdl_store_begin(st, &err));
    ok(mdl_source_put(st, &s, &err));
    int64_t id = s.id;
    s.rules = NULL;
    (void)snprintf(s.kind, sizeof s.kind, "hubspot");
    ok(mdl_source_put(st, &s, &err));
    ck_assert_int_eq(s.id, id);
    ok(mdl_store_commit(st, &err));
    reopen();
    ok(mdl_source_get(st, "crm", &found, &err));
    ck_assert_str_eq(found.mapping, mapping);
    ck_assert_ptr_null(found.rules);
    ck_assert_ptr_null(found.report);
    ck_assert_str_eq(found.kind, "hubspot");
    ck_assert_str_eq(found.generation, "");
    mdl_source_clear(&found);
    fails(mdl_source_get(st, "other", &found, &err), MDL_U_NOT_FOUND);
    says("other");
}
END_TEST

START_TEST(names_become_file_names)
{
    static const char *const bad[] = {"", "CRM", "../crm", "a b", "-crm", "crm.db", "_x"};
    struct mdl_source_row s = {.name = "x"};

    ok(mdl_store_begin(st, &err));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(s.name, sizeof s.name, "%s", bad[i]);
        fails(mdl_source_put(st, &s, &err), MDL_U_ARGUMENT);
    }
    (void)snprintf(s.name, sizeof s.name, "crm-eu_2");
    ok(mdl_source_put(st, &s, &err));
    mdl_store_rollback(st);
}
END_TEST

START_TEST(swap_is_one_row_and_the_old_file_goes_after)
{
    char first[MDL_STORE_GENERATION + 1];
    char second[MDL_STORE_GENERATION + 1];
    char old[MDL_STORE_GENERATION + 1];
    struct mdl_source_row found;

    add_source("crm");
    import("crm", first);
    swap("crm", first, old);
    ck_assert_str_eq(old, "");
    ok(mdl_source_get(st, "crm", &found, &err));
    ck_assert_str_eq(found.generation, first);
    ck_assert_str_eq(found.report, "{\"rows\":1}");
    ck_assert_uint_eq(found.imported_at, 7);
    ck_assert_uint_eq(found.data_as_of, 7);
    ck_assert_uint_eq(found.accounts, 1);
    ck_assert_uint_eq(found.keys, 2);
    mdl_source_clear(&found);
    import("crm", second);
    swap("crm", second, old);
    ck_assert_str_eq(old, first);
    ck_assert_int_eq(count_files("sources"), 2);
    mdl_gen_delete(dir, "crm", old);
    ck_assert_int_eq(count_files("sources"), 1);
    mdl_gen_delete(dir, "crm", old);
    mdl_gen_delete(dir, "crm", "");
    mdl_gen_delete(dir, "crm", "../../mandorla");
    ck_assert_int_eq(count_files("sources"), 1);
    /* One that was forgotten, or whose swap was never committed, goes when the store is opened. */
    import("crm", first);
    ck_assert_int_eq(count_files("sources"), 2);
    reopen();
    ck_assert_int_eq(count_files("sources"), 1);
    ok(mdl_source_get(st, "crm", &found, &err));
    ck_assert_str_eq(found.generation, second);
    mdl_source_clear(&found);
}
END_TEST

START_TEST(what_is_not_there_cannot_be_swapped_in)
{
    char generation[MDL_STORE_GENERATION + 1];
    char old[MDL_STORE_GENERATION + 1];
    struct mdl_source_row s = {.name = "crm", .generation = "0011223344556677"};

    add_source("crm");
    ok(mdl_store_begin(st, &err));
    fails(mdl_source_swap(st, &s, old, &err), MDL_U_NOT_FOUND);
    says("not there");
    (void)snprintf(s.name, sizeof s.name, "other");
    fails(mdl_source_swap(st, &s, old, &err), MDL_U_NOT_FOUND);
    fails(mdl_source_remove(st, "other", old, &err), MDL_U_NOT_FOUND);
    ok(mdl_store_commit(st, &err));
    import("crm", generation);
    swap("crm", generation, old);
    ok(mdl_store_begin(st, &err));
    ok(mdl_source_remove(st, "crm", old, &err));
    ok(mdl_store_commit(st, &err));
    ck_assert_str_eq(old, generation);
}
END_TEST

static bool collect(void *ctx, const struct mdl_source_row *s)
{
    char *names = ctx;
    size_t n = strlen(names);

    (void)snprintf(names + n, 64 - n, "%s", s->name);
    return true;
}

START_TEST(list_is_by_name)
{
    char names[64] = "";

    add_source("b");
    add_source("a");
    ok(mdl_source_list(st, collect, names, &err));
    ck_assert_str_eq(names, "ab");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("source");
    TCase *t = tcase_create("source");

    tcase_add_checked_fixture(t, fixture_open, fixture_close);
    tcase_add_test(t, mapping_and_rules_are_remembered);
    tcase_add_test(t, names_become_file_names);
    tcase_add_test(t, swap_is_one_row_and_the_old_file_goes_after);
    tcase_add_test(t, what_is_not_there_cannot_be_swapped_in);
    tcase_add_test(t, list_is_by_name);
    suite_add_tcase(s, t);
    return run_suite(s);
}
