/* check_snapshot.c: what a round runs over: order, unions, restriction, the component cap. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const both[] = {"prospects", "customers"};

static void import(const char *source, void (*fill)(struct mdl_gen *g))
{
    static struct mdl_gen_summary sum;
    char generation[MDL_STORE_GENERATION + 1];
    struct mdl_gen *g;

    add_source(source);
    ok(mdl_gen_create(dir, source, generation, &g, &err));
    fill(g);
    finish_and_swap(g, source, generation, &sum);
}

static void setup(void)
{
    fixture_open();
    (void)add_partner("Acme", 1);
    add_agreement(1, 1);
    add_round(1, 1, 1);
}

struct text {
    char s[1000];
};

static void add(struct text *t, const char *words)
{
    size_t n = strlen(t->s);
    (void)snprintf(t->s + n, sizeof t->s - n, "%s ", words);
}

static bool show_key(void *ctx, const struct mdl_snap_key *k)
{
    char words[100];

    (void)snprintf(words, sizeof words, "%u=%u:%.*s/%x/%llx", k->ordinal, k->bytes[0],
                   (int)k->len - 3, (const char *)k->bytes + 3, k->populations,
                   (unsigned long long)k->registry_mask);
    add(ctx, words);
    return true;
}

static bool show_account(void *ctx, const struct mdl_snap_account *a)
{
    char words[200];

    (void)snprintf(words, sizeof words, "%lld=%s/%s/%x", (long long)a->id, a->source,
                   a->fields.record_id, a->populations);
    add(ctx, words);
    return true;
}

static struct mdl_snap *open_snap(uint8_t seed)
{
    struct mdl_snap *s;
    uint8_t id[MDL_STORE_ROUND];

    round_id(seed, id);
    ok(mdl_snap_open(dir, id, 0, &s, &err));
    return s;
}

static void fill_crm(struct mdl_gen *g)
{
    int bit;

    ok(mdl_gen_population(g, "emea", &bit, &err));
    put_account(g, "c1", "Acme", "16:acme.com 34:acme", 1, 0x10);
    put_account(g, "c2", "Acme GmbH", "16:acme.com 2:123", 4, 0x4);
    put_account(g, "c3", "Elsewhere", "16:else.com", UINT64_C(1) << bit, 0);
    put_account(g, "c4", "No key", "", 1, 0);
}

static void fill_erp(struct mdl_gen *g)
{
    put_account(g, "e1", "Acme", "16:acme.com 16:acme.co", 1, 0x8);
    put_account(g, "e2", "Zeta", "16:zeta.com", 1, 0);
}

START_TEST(keys_are_distinct_and_ascending)
{
    static struct mdl_snap_report rep;
    struct text keys = {""};
    struct text accounts = {""};
    struct mdl_snap *s;

    import("crm", fill_crm);
    import("erp", fill_erp);
    build_snapshot(1, both, 2, &rep);
    ck_assert_uint_eq(rep.keys, 5);
    ck_assert_uint_eq(rep.accounts, 5);
    ck_assert_uint_eq(rep.accounts_without_key, 1);
    ck_assert_uint_eq(rep.population_accounts[0], 1);
    ck_assert_uint_eq(rep.population_accounts[1], 4);
    ck_assert_uint_eq(rep.population_keys[0], 2);
    ck_assert_uint_eq(rep.population_keys[1], 4);
    ck_assert_uint_eq(rep.data_as_of, 1000);
    ck_assert_uint_eq(rep.excluded, 0);
    s = open_snap(1);
    ck_assert_uint_eq(mdl_snap_n_keys(s), 5);
    ck_assert_uint_eq(mdl_snap_n_accounts(s), 5);
    ck_assert_uint_eq(mdl_snap_n_populations(s), 2);
    ck_assert_str_eq(mdl_snap_population(s, 0), "prospects");
    ck_assert_str_eq(mdl_snap_population(s, 1), "customers");
    ck_assert_str_eq(mdl_snap_population(s, 2), "");
    ok(mdl_snap_keys(s, 0, 100, show_key, &keys, &err));
    /* The two bytes of the length order before the value; masks are unions over the accounts. */
    ck_assert_str_eq(keys.s, "0=2:123/1/4 1=16:acme.co/2/8 2=16:acme.com/3/1c 3=16:zeta.com/2/0 "
                             "4=34:acme/2/10 ");
    keys.s[0] = '\0';
    ok(mdl_snap_keys(s, 2, 2, show_key, &keys, &err));
    ck_assert_str_eq(keys.s, "2=16:acme.com/3/1c 3=16:zeta.com/2/0 ");
    ok(mdl_snap_key_accounts(s, 2, show_account, &accounts, &err));
    ck_assert_str_eq(accounts.s, "1=crm/c1/2 2=crm/c2/1 4=erp/e1/2 ");
    fails(mdl_snap_key_accounts(s, 5, show_account, &accounts, &err), MDL_U_NOT_FOUND);
    mdl_snap_close(s);
}
END_TEST

START_TEST(masks_come_in_the_order_asked)
{
    static const uint32_t ordinal[] = {2, 0, 4, 5};
    static struct mdl_snap_report rep;
    uint32_t populations[4];
    uint64_t registries[4];

    import("crm", fill_crm);
    import("erp", fill_erp);
    build_snapshot(1, both, 2, &rep);
    struct mdl_snap *s = open_snap(1);
    ok(mdl_snap_masks(s, ordinal, 3, populations, registries, &err));
    ck_assert_uint_eq(populations[0], 3);
    ck_assert_uint_eq(registries[0], 0x1c);
    ck_assert_uint_eq(populations[1], 1);
    ck_assert_uint_eq(registries[1], 4);
    ck_assert_uint_eq(populations[2], 2);
    ck_assert_uint_eq(registries[2], 0x10);
    fails(mdl_snap_masks(s, ordinal, 4, populations, registries, &err), MDL_U_NOT_FOUND);
    /* The failure left no transaction open. */
    ok(mdl_snap_masks(s, ordinal, 1, populations, registries, &err));
    ck_assert_uint_eq(populations[0], 3);
    mdl_snap_close(s);
}
END_TEST

START_TEST(only_the_agreed_populations_go)
{
    static const char *const emea[] = {"emea", "nowhere"};
    static struct mdl_snap_report rep;
    struct text keys = {""};

    import("crm", fill_crm);
    import("erp", fill_erp);
    build_snapshot(1, emea, 2, &rep);
    ck_assert_uint_eq(rep.accounts, 1);
    ck_assert_uint_eq(rep.population_accounts[1], 0);
    ck_assert_uint_eq(rep.population_keys[0], 1);
    ck_assert_uint_eq(rep.population_keys[1], 0);
    struct mdl_snap *s = open_snap(1);
    ok(mdl_snap_keys(s, 0, 100, show_key, &keys, &err));
    ck_assert_str_eq(keys.s, "0=16:else.com/1/0 ");
    mdl_snap_close(s);
}
END_TEST

static void fill_many(struct mdl_gen *g)
{
    char record[16];

    for (int i = 0; i < 51; i++) {
        (void)snprintf(record, sizeof record, "r%d", i);
        /* 51 accounts hold 2:hq; 50 of them 34:fifty; the same key twice counts once. */
        put_account(g, record, "n", i < 50 ? "2:hq 34:fifty 34:fifty" : "2:hq 16:last.com", 1, 0x6);
    }
}

START_TEST(a_key_of_too_many_accounts_is_left_out)
{
    static const char *const customers[] = {"customers"};
    static struct mdl_snap_report rep;
    struct text keys = {""};

    import("crm", fill_many);
    build_snapshot(1, customers, 1, &rep);
    ck_assert_uint_eq(rep.keys, 2);
    ck_assert_uint_eq(rep.excluded, 1);
    ck_assert_uint_eq(rep.n_excluded, 1);
    ck_assert_uint_eq(rep.excluded_key[0].len, 5);
    ck_assert_mem_eq(rep.excluded_key[0].bytes + 3, "hq", 2);
    struct mdl_snap *s = open_snap(1);
    ok(mdl_snap_keys(s, 0, 100, show_key, &keys, &err));
    /* Bit 2 is gone: an identifier that cannot match must not veto. */
    ck_assert_str_eq(keys.s, "0=16:last.com/1/2 1=34:fifty/1/2 ");
    mdl_snap_close(s);
}
END_TEST

START_TEST(imports_that_swap_in_do_not_disturb)
{
    static const char *const customers[] = {"customers"};
    static struct mdl_snap_report rep;
    struct mdl_snap_spec spec = {.population = customers, .n_populations = 1};
    struct mdl_snap_job *job;
    struct mdl_source_row row;
    char old[MDL_STORE_GENERATION + 1];
    struct text keys = {""};

    import("erp", fill_erp);
    round_id(1, spec.round);
    ok(mdl_snap_prepare(st, &spec, &job, &err));
    ok(mdl_source_get(st, "erp", &row, &err));
    ok(mdl_store_begin(st, &err));
    ok(mdl_source_remove(st, "erp", old, &err));
    ok(mdl_store_commit(st, &err));
    mdl_gen_delete(dir, "erp", row.generation);
    mdl_source_clear(&row);
    ck_assert_int_eq(count_files("sources"), 0);
    ok(mdl_snap_build(job, NULL, NULL, &rep, &err));
    mdl_snap_job_free(job);
    struct mdl_snap *s = open_snap(1);
    ok(mdl_snap_keys(s, 0, 100, show_key, &keys, &err));
    ck_assert_str_eq(keys.s, "0=16:acme.co/1/8 1=16:acme.com/1/8 2=16:zeta.com/1/0 ");
    mdl_snap_close(s);
}
END_TEST

START_TEST(impossible_specs_are_refused)
{
    static const char *const twice[] = {"customers", "customers"};
    static const char *const empty[] = {""};
    struct mdl_snap_spec spec = {.population = twice, .n_populations = 1};
    struct mdl_snap_job *job;

    fails(mdl_snap_prepare(st, &spec, &job, &err), MDL_U_NOT_FOUND);
    says("import a file");
    add_source("crm");
    fails(mdl_snap_prepare(st, &spec, &job, &err), MDL_U_NOT_FOUND);
    spec.n_populations = 2;
    fails(mdl_snap_prepare(st, &spec, &job, &err), MDL_U_ARGUMENT);
    says("twice");
    spec.n_populations = 0;
    fails(mdl_snap_prepare(st, &spec, &job, &err), MDL_U_ARGUMENT);
    spec.n_populations = MDL_STORE_POPULATIONS + 1;
    fails(mdl_snap_prepare(st, &spec, &job, &err), MDL_U_ARGUMENT);
    spec.population = empty;
    spec.n_populations = 1;
    fails(mdl_snap_prepare(st, &spec, &job, &err), MDL_U_ARGUMENT);
    ck_assert_ptr_null(job);
    mdl_snap_job_free(NULL);
    mdl_snap_close(NULL);
}
END_TEST

static void fill_9000(struct mdl_gen *g)
{
    char words[40];

    for (int i = 0; i < 9000; i++) {
        (void)snprintf(words, sizeof words, "16:d%d.com", i);
        put_account(g, words, "n", words, 1, 0);
    }
}

static bool stop_at(void *ctx, uint32_t keys)
{
    *(uint32_t *)ctx = keys;
    return keys < 8192;
}

START_TEST(a_cancelled_build_leaves_no_file)
{
    static const char *const customers[] = {"customers"};
    static struct mdl_snap_report rep;
    struct mdl_snap_spec spec = {.population = customers, .n_populations = 1};
    struct mdl_snap_job *job;
    struct mdl_snap *s;
    uint32_t reached = 0;

    import("crm", fill_9000);
    round_id(1, spec.round);
    ok(mdl_snap_prepare(st, &spec, &job, &err));
    fails(mdl_snap_build(job, stop_at, &reached, &rep, &err), MDL_U_CANCELLED);
    mdl_snap_job_free(job);
    ck_assert_uint_eq(reached, 8192);
    ck_assert_int_eq(count_files("rounds"), 0);
    fails(mdl_snap_open(dir, spec.round, 0, &s, &err), MDL_U_NOT_FOUND);
    build_snapshot(1, customers, 1, &rep);
    ck_assert_uint_eq(rep.keys, 9000);
    ck_assert_int_eq(count_files("rounds"), 1);
    mdl_snap_delete(dir, spec.round, 0);
    mdl_snap_delete(dir, spec.round, 0);
    ck_assert_int_eq(count_files("rounds"), 0);
}
END_TEST

START_TEST(a_file_of_another_format_is_refused)
{
    static struct mdl_snap_report rep;
    struct mdl_snap *s;
    uint8_t id[MDL_STORE_ROUND];
    char from[300];
    char to[400];

    import("erp", fill_erp);
    build_snapshot(1, both, 2, &rep);
    mdl_store_close(st);
    st = NULL;
    (void)snprintf(from, sizeof from, "%s/mandorla.db", dir);
    (void)snprintf(to, sizeof to, "%s/rounds/01010101010101010101010101010101-0.db", dir);
    ck_assert_int_eq(rename(from, to), 0);
    round_id(1, id);
    fails(mdl_snap_open(dir, id, 0, &s, &err), MDL_L_SCHEMA);
    ck_assert_ptr_null(s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("snapshot");
    TCase *t = tcase_create("snapshot");

    tcase_add_checked_fixture(t, setup, fixture_close);
    tcase_add_test(t, keys_are_distinct_and_ascending);
    tcase_add_test(t, masks_come_in_the_order_asked);
    tcase_add_test(t, only_the_agreed_populations_go);
    tcase_add_test(t, a_key_of_too_many_accounts_is_left_out);
    tcase_add_test(t, imports_that_swap_in_do_not_disturb);
    tcase_add_test(t, impossible_specs_are_refused);
    tcase_add_test(t, a_cancelled_build_leaves_no_file);
    tcase_add_test(t, a_file_of_another_format_is_refused);
    suite_add_tcase(s, t);
    return run_suite(s);
}
