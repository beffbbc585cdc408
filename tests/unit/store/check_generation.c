/* check_generation.c: building one import's file, and reading it. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct mdl_gen *g;
static char generation[MDL_STORE_GENERATION + 1];
static struct mdl_gen_summary sum;
static const struct mdl_gen_options opt = {.shared_key_type = 16, .shared_key_limit = 3};

static void setup(void)
{
    fixture_open();
    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
}

static void finish(void)
{
    ok(mdl_gen_finish(g, &opt, &sum, &err));
    g = NULL;
}

static void teardown(void)
{
    mdl_gen_abort(g);
    g = NULL;
    fixture_close();
}

struct seen {
    char text[400];
    uint64_t populations;
};

static bool collect(void *ctx, const struct mdl_gen_row *a)
{
    struct seen *s = ctx;
    size_t n = strlen(s->text);

    (void)snprintf(s->text + n, sizeof s->text - n, "%s:%llx ", a->fields.record_id,
                   (unsigned long long)a->populations);
    return true;
}

static void accounts_are(uint64_t populations, const char *expected)
{
    struct mdl_gen_reader *r;
    struct seen s = {.text = ""};
    int64_t next;

    ok(mdl_gen_open(dir, "crm", generation, &r, &err));
    ok(mdl_gen_accounts(r, populations, 0, 0, collect, &s, &next, &err));
    ck_assert_str_eq(s.text, expected);
    ck_assert_int_eq(next, 0);
    mdl_gen_close(r);
}

static bool keep_fields(void *ctx, const struct mdl_gen_row *a)
{
    const struct mdl_account_fields *f = &a->fields;

    ck_assert_str_eq(f->record_id, "001");
    ck_assert_str_eq(f->name, "Äcme");
    ck_assert_str_eq(f->website, "acme.com");
    ck_assert_str_eq(f->country, "DE");
    ck_assert_str_eq(f->owner, "Ann");
    ck_assert_str_eq(f->owner_email, "ann@us.example");
    ck_assert_str_eq(f->industry, "Steel");
    ck_assert_str_eq(f->currency, "EUR");
    ck_assert_str_eq(f->stage, "");
    ck_assert_str_eq(f->type, "Customer");
    ck_assert_str_eq(f->extra, "{\"x\":1}");
    ck_assert_str_eq(f->deals, "");
    ck_assert_int_eq(f->employees, 12);
    ck_assert_int_eq(f->revenue, INT64_MIN);
    ck_assert_uint_eq(a->registry_mask, UINT64_C(1) << 63 | 2);
    ck_assert_uint_eq(a->populations, UINT64_C(1) << 63 | 1);
    ck_assert_uint_eq(a->line, 77);
    *(int *)ctx += 1;
    return true;
}

START_TEST(every_field_comes_back)
{
    struct mdl_gen_account a = {.fields = {.record_id = "001",
                                           .name = "Äcme",
                                           .website = "acme.com",
                                           .country = "DE",
                                           .owner = "Ann",
                                           .owner_email = "ann@us.example",
                                           .industry = "Steel",
                                           .currency = "EUR",
                                           .type = "Customer",
                                           .extra = "{\"x\":1}",
                                           .deals = "ignored",
                                           .employees = 12,
                                           .revenue = INT64_MIN},
                                .populations = UINT64_C(1) << 63 | 1,
                                .registry_mask = UINT64_C(1) << 63 | 2,
                                .line = 77};
    struct mdl_gen_reader *r;
    int n = 0;
    int64_t next;

    ok(mdl_gen_put_account(g, &a, &err));
    finish();
    ok(mdl_gen_open(dir, "crm", generation, &r, &err));
    ok(mdl_gen_accounts(r, 0, 0, 0, keep_fields, &n, &next, &err));
    ck_assert_int_eq(n, 1);
    mdl_gen_close(r);
}
END_TEST

START_TEST(a_generation_appears_whole)
{
    char path[300];

    put_account(g, "1", "Acme", "16:acme.com", 1, 0);
    (void)snprintf(path, sizeof path, "%s/sources/crm-%s.part", dir, generation);
    ck_assert_int_eq(access(path, F_OK), 0);
    finish();
    ck_assert_int_ne(access(path, F_OK), 0);
    (void)snprintf(path, sizeof path, "%s/sources/crm-%s.db", dir, generation);
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(count_files("sources"), 1);
}
END_TEST

START_TEST(abort_leaves_nothing)
{
    put_account(g, "1", "Acme", "16:acme.com", 1, 0);
    mdl_gen_abort(g);
    g = NULL;
    ck_assert_int_eq(count_files("sources"), 0);
    mdl_gen_abort(NULL);
}
END_TEST

START_TEST(impossible_input_is_refused)
{
    struct mdl_gen_account a = {.fields = {.name = "no id"}, .line = 9};
    uint8_t byte[1] = {1};
    struct mdl_gen_key key = {.bytes = byte, .len = MDL_GEN_KEY_MAX + 1};
    struct mdl_gen_opportunity o = {.account_id = "1", .amount = INT64_MAX};
    struct mdl_gen *other;
    char name[MDL_STORE_GENERATION + 1];

    fails(mdl_gen_put_account(g, &a, &err), MDL_U_ARGUMENT);
    says("line 9");
    a.fields.record_id = "1";
    a.keys = &key;
    a.n_keys = 1;
    fails(mdl_gen_put_account(g, &a, &err), MDL_U_ARGUMENT);
    key.len = 0;
    fails(mdl_gen_put_account(g, &a, &err), MDL_U_ARGUMENT);
    a.n_keys = 0;
    a.keyless = MDL_GEN_KEYLESS;
    fails(mdl_gen_put_account(g, &a, &err), MDL_U_ARGUMENT);
    says("no known reason");
    fails(mdl_gen_put_opportunity(g, &o, &err), MDL_U_ARGUMENT);
    fails(mdl_gen_create(dir, "../x", name, &other, &err), MDL_U_ARGUMENT);
    ck_assert_ptr_null(other);
    fails(mdl_gen_create("/nonexistent", "x", name, &other, &err), MDL_L_IO);
    finish();
    ck_assert_uint_eq(sum.accounts, 0);
}
END_TEST

START_TEST(populations_have_bits)
{
    char name[80];
    int bit = -1;

    ok(mdl_gen_population(g, "customers", &bit, &err));
    ck_assert_int_eq(bit, MDL_GEN_CUSTOMERS);
    ok(mdl_gen_population(g, "open-opportunities", &bit, &err));
    ck_assert_int_eq(bit, MDL_GEN_OPEN_OPPORTUNITIES);
    ok(mdl_gen_population(g, "prospects", &bit, &err));
    ck_assert_int_eq(bit, MDL_GEN_PROSPECTS);
    for (int i = 3; i < MDL_GEN_POPULATIONS; i++) {
        (void)snprintf(name, sizeof name, "p%d", i);
        ok(mdl_gen_population(g, name, &bit, &err));
        ck_assert_int_eq(bit, i);
    }
    ok(mdl_gen_population(g, "p5", &bit, &err));
    ck_assert_int_eq(bit, 5);
    fails(mdl_gen_population(g, "one more", &bit, &err), MDL_U_TOO_LARGE);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    fails(mdl_gen_population(g, name, &bit, &err), MDL_U_ARGUMENT);
    fails(mdl_gen_population(g, "", &bit, &err), MDL_U_ARGUMENT);
    put_account(g, "1", "Acme", "", UINT64_C(1) << 63, 0);
    finish();
    ck_assert_int_eq(sum.n_populations, 64);
    ck_assert_str_eq(sum.population[63], "p63");
    ck_assert_uint_eq(sum.population_accounts[63], 1);
    struct mdl_gen_reader *r;
    ok(mdl_gen_open(dir, "crm", generation, &r, &err));
    ck_assert_int_eq(mdl_gen_populations(r), 64);
    ck_assert_str_eq(mdl_gen_population_name(r, 63), "p63");
    ck_assert_str_eq(mdl_gen_population_name(r, 64), "");
    mdl_gen_close(r);
}
END_TEST

START_TEST(the_first_of_equal_record_ids_stays)
{
    put_account(g, "7", "First", "16:first.com", 1, 0);
    put_account(g, "8", "Other", "16:other.com", 1, 0);
    put_account(g, "7", "Second", "16:second.com 34:second", 2, 0);
    put_account(g, "7", "Third", "", 2, 0);
    put_account(g, "9", "N/A", "", 1, 0);
    put_account(g, "9", "N/A", "", 1, 0);
    finish();
    ck_assert_uint_eq(sum.accounts, 3);
    ck_assert_uint_eq(sum.duplicate_records, 3);
    ck_assert_uint_eq(sum.keyless[0], 1);
    ck_assert_uint_eq(sum.keys, 2);
    ck_assert_uint_eq(sum.links, 2);
    /* It is in the populations of all of them. */
    accounts_are(0, "7:3 8:1 9:1 ");
}
END_TEST

START_TEST(a_domain_on_many_names_is_no_key)
{
    /* Three names are allowed, four are not; five accounts of one name are. */
    put_account(g, "1", "a", "16:three.com", 1, 0);
    put_account(g, "2", "b", "16:three.com", 1, 0);
    put_account(g, "3", "c", "16:three.com", 1, 0);
    put_account(g, "4", "d", "16:four.com", 1, 0);
    put_account(g, "5", "e", "16:four.com 34:e", 1, 0);
    put_account(g, "6", "f", "16:four.com", 1, 0);
    put_account(g, "7", "g", "16:four.com 34:four.com", 1, 0);
    for (int i = 0; i < 5; i++) {
        char record[8];
        (void)snprintf(record, sizeof record, "x%d", i);
        put_account(g, record, "same", "16:same.com", 1, 0);
    }
    finish();
    ck_assert_uint_eq(sum.shared_keys, 1);
    ck_assert_uint_eq(sum.n_shared, 1);
    ck_assert_uint_eq(sum.shared[0].core_names, 4);
    ck_assert_uint_eq(sum.shared[0].accounts, 4);
    ck_assert_uint_eq(sum.shared[0].len, 3 + strlen("four.com"));
    ck_assert_mem_eq(sum.shared[0].key + 3, "four.com", 8);
    ck_assert_uint_eq(sum.keys, 4);
    ck_assert_uint_eq(sum.links, 3 + 5 + 2);
    ck_assert_uint_eq(sum.accounts_without_key, 2);
    ck_assert_uint_eq(sum.accounts_sharing_keys, 8);
}
END_TEST

START_TEST(without_a_limit_every_key_stays)
{
    const struct mdl_gen_options none = {.shared_key_type = 16};

    put_account(g, "1", "a", "16:x.com", 1, 0);
    put_account(g, "2", "b", "16:x.com", 1, 0);
    put_account(g, "3", "c", "16:x.com", 1, 0);
    put_account(g, "4", "d", "16:x.com", 1, 0);
    ok(mdl_gen_finish(g, &none, &sum, &err));
    g = NULL;
    ck_assert_uint_eq(sum.keys, 1);
    ck_assert_uint_eq(sum.shared_keys, 0);
}
END_TEST

static void put_deal(const char *id, const char *name, bool won, bool closed, int64_t amount,
                     const char *currency)
{
    struct mdl_gen_opportunity o = {.account_id = id,
                                    .account_name = name,
                                    .won = won,
                                    .closed = closed,
                                    .amount = amount,
                                    .currency = currency};
    ok(mdl_gen_put_opportunity(g, &o, &err));
}

static bool keep_deals(void *ctx, const struct mdl_gen_row *a)
{
    (void)snprintf(ctx, 400, "%s", a->fields.deals);
    return false;
}

START_TEST(opportunities_give_populations)
{
    struct mdl_gen_reader *r;
    char deals[400] = "";
    int64_t next;

    put_account(g, "1", "Open and won", "", 0, 0);
    put_account(g, "2", "Lost only", "", 0, 0);
    put_account(g, "3", "By name", "", 0, 0);
    put_account(g, "4", "Twice", "", 0, 0);
    put_account(g, "5", "Twice", "", 8, 0);
    put_account(g, "6", "Rule and won", "", 2, 0);
    put_deal("1", NULL, false, false, 1000, "EUR");
    put_deal("1", NULL, false, false, 500, "EUR");
    put_deal("1", NULL, true, true, 70, "EUR");
    put_deal("1", NULL, true, true, 9, "USD");
    put_deal("2", NULL, false, true, 5, "EUR");
    put_deal("", "By name", false, false, 5, "EUR");
    put_deal(NULL, "Twice", false, false, 5, "EUR");
    put_deal(NULL, "Nobody", false, false, 5, "EUR");
    put_deal("6", "By name", true, false, 5, NULL);
    put_deal("99", "By name", false, false, 5, "EUR");
    finish();
    ck_assert_uint_eq(sum.opportunities, 10);
    ck_assert_uint_eq(sum.opportunities_unmatched, 3);
    accounts_are(0, "1:3 2:4 3:2 4:4 5:8 6:3 ");
    accounts_are(1, "1:3 6:3 ");
    ck_assert_uint_eq(sum.population_accounts[MDL_GEN_CUSTOMERS], 2);
    ck_assert_uint_eq(sum.population_accounts[MDL_GEN_OPEN_OPPORTUNITIES], 3);
    ck_assert_uint_eq(sum.population_accounts[MDL_GEN_PROSPECTS], 2);
    ok(mdl_gen_open(dir, "crm", generation, &r, &err));
    ok(mdl_gen_accounts(r, 0, 0, 0, keep_deals, deals, &next, &err));
    mdl_gen_close(r);
    ck_assert_str_eq(
        deals,
        "[{\"currency\":\"EUR\",\"open\":2,\"open_amount\":1500,\"won\":1,\"won_amount\":70},"
        "{\"currency\":\"USD\",\"open\":0,\"open_amount\":0,\"won\":1,\"won_amount\":9}]");
}
END_TEST

START_TEST(own_rules_replace_the_default)
{
    const struct mdl_gen_options own = {.own_deal_rules = true, .no_fallback = true};
    struct mdl_gen_opportunity o = {.account_id = "1", .won = true, .closed = true};
    int bit;

    ok(mdl_gen_population(g, "renewals", &bit, &err));
    ck_assert_int_eq(bit, 3);
    o.populations = UINT64_C(1) << bit;
    put_account(g, "1", "a", "", 2, 0);
    put_account(g, "2", "b", "", 0, 0);
    ok(mdl_gen_put_opportunity(g, &o, &err));
    ok(mdl_gen_finish(g, &own, &sum, &err));
    g = NULL;
    ck_assert_uint_eq(sum.accounts_without_population, 1);
    accounts_are(0, "1:a 2:0 ");
}
END_TEST

START_TEST(records_and_opportunities_meet_by_their_join_id)
{
    struct mdl_gen_account a = {.fields = {.record_id = "001A000001LVVw2IAH", .name = "Acme, Inc."},
                                .join_id = "001A000001LVVw2",
                                .join_name = "acme"};

    ok(mdl_gen_put_account(g, &a, &err));
    a.fields.record_id = "001A000001LVVw2";
    ok(mdl_gen_put_account(g, &a, &err));
    put_deal("001A000001LVVw2", NULL, true, true, 1, "EUR");
    put_deal(NULL, "acme", false, false, 1, "EUR");
    put_deal(NULL, "Acme, Inc.", false, false, 1, "EUR");
    finish();
    ck_assert_uint_eq(sum.duplicate_records, 1);
    ck_assert_uint_eq(sum.opportunities_unmatched, 1);
    accounts_are(0, "001A000001LVVw2IAH:3 ");
}
END_TEST

static bool collect_key(void *ctx, const struct mdl_gen_key *k)
{
    struct seen *s = ctx;
    size_t n = strlen(s->text);

    (void)snprintf(s->text + n, sizeof s->text - n, "%u/%u:%.*s ", k->bytes[0], k->origin,
                   (int)k->len - 3, (const char *)k->bytes + 3);
    return true;
}

START_TEST(accounts_tell_their_keys)
{
    struct mdl_gen_reader *r;
    struct seen s = {.text = ""};

    put_account(g, "1", "a", "34:a 16:a.com", 1, 0);
    put_account(g, "2", "b", "", 1, 0);
    put_account(g, "3", "c", "34:c 2:123 16:c.com", 1, 4);
    finish();
    ok(mdl_gen_open(dir, "crm", generation, &r, &err));
    ok(mdl_gen_account_keys(r, 3, collect_key, &s, &err));
    ck_assert_str_eq(s.text, "2/1:123 16/2:c.com 34/2:c ");
    mdl_gen_close(r);
}
END_TEST

START_TEST(cursors_lead_through_all_accounts)
{
    struct mdl_gen_reader *r;
    struct seen s = {.text = ""};
    int64_t next = 0;
    int calls = 0;

    for (int i = 0; i < 7; i++) {
        char record[8];
        (void)snprintf(record, sizeof record, "%d", i);
        put_account(g, record, "n", "", i % 2 == 0 ? 1 : 2, 0);
    }
    finish();
    ok(mdl_gen_open(dir, "crm", generation, &r, &err));
    do {
        ok(mdl_gen_accounts(r, 1, next, 2, collect, &s, &next, &err));
        calls++;
    } while (next != 0);
    mdl_gen_close(r);
    ck_assert_str_eq(s.text, "0:1 2:1 4:1 6:1 ");
    ck_assert_int_eq(calls, 3);
}
END_TEST

START_TEST(what_cannot_be_read_is_named)
{
    struct mdl_gen_reader *r;
    char from[300];
    char to[300];

    fails(mdl_gen_open(dir, "crm", "0000000000000000", &r, &err), MDL_U_NOT_FOUND);
    ck_assert_ptr_null(r);
    finish();
    mdl_store_close(st);
    st = NULL;
    (void)snprintf(from, sizeof from, "%s/mandorla.db", dir);
    (void)snprintf(to, sizeof to, "%s/sources/crm-%s.db", dir, generation);
    ck_assert_int_eq(rename(from, to), 0);
    fails(mdl_gen_open(dir, "crm", generation, &r, &err), MDL_L_SCHEMA);
    says("import the source again");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("generation");
    TCase *t = tcase_create("generation");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, every_field_comes_back);
    tcase_add_test(t, a_generation_appears_whole);
    tcase_add_test(t, abort_leaves_nothing);
    tcase_add_test(t, impossible_input_is_refused);
    tcase_add_test(t, populations_have_bits);
    tcase_add_test(t, the_first_of_equal_record_ids_stays);
    tcase_add_test(t, a_domain_on_many_names_is_no_key);
    tcase_add_test(t, without_a_limit_every_key_stays);
    tcase_add_test(t, opportunities_give_populations);
    tcase_add_test(t, own_rules_replace_the_default);
    tcase_add_test(t, records_and_opportunities_meet_by_their_join_id);
    tcase_add_test(t, accounts_tell_their_keys);
    tcase_add_test(t, cursors_lead_through_all_accounts);
    tcase_add_test(t, what_cannot_be_read_is_named);
    suite_add_tcase(s, t);
    return run_suite(s);
}
