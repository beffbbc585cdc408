/* check_left_out.c: marks of rules, private accounts and the suppression list: who is in no round.
 */
#include "fixture.h"

#include <store_internal.h>
#include <store_rulebook.h>
#include <store_snapshot.h>
#include <store_suppress.h>

#include <stdio.h>
#include <stdlib.h>

static char generation[MDL_STORE_GENERATION + 1];
static const char *const all[] = {"customers", "open-opportunities", "prospects"};

/* Acme stands twice (A1), Globex shares a domain with its sister, four companies share a host. */
static void import_list(void)
{
    struct mdl_gen *g;
    struct mdl_gen_summary *sum = calloc(1, sizeof *sum);
    ck_assert_ptr_nonnull(sum);
    add_source("crm");
    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
    ok(mdl_gen_put_file(g, 0, "head", 4, &err));
    put_account(g, "A1", "acme", "16:acme.com 32:de:acme 34:acme", 1, 0);
    put_account(g, "A1", "acme", "16:acme.old", 1, 0);
    put_account(g, "A2", "globex", "16:globex.net 34:globex", 1, 0);
    put_account(g, "A3", "globex sister", "16:globex.net 1:LEI3 34:globexsister", 0, 1);
    put_account(g, "A4", "s1", "16:shared.host 34:s1", 0, 0);
    put_account(g, "A5", "s2", "16:shared.host 34:s2", 0, 0);
    put_account(g, "A6", "s3", "16:shared.host 34:s3", 0, 0);
    put_account(g, "A7", "s4", "16:shared.host 34:s4", 0, 0);
    put_account(g, "001000000000008AAA", "eight", "16:eight.org 34:acme", 0, 0);
    finish_and_swap(g, "crm", generation, sum);
    ck_assert_uint_eq(sum->shared_keys, 1);
    free(sum);
}

static struct mdl_suppress_row entry(const char *value, const char *key, uint8_t unless)
{
    struct mdl_suppress_row r = {.added_at = 7};
    (void)snprintf(r.value, sizeof r.value, "%s", value);
    if (key != NULL) {
        struct test_key k;
        char *end;
        uint8_t type = (uint8_t)strtoul(key, &end, 10);
        make_key(&k, type, end + 1, 0);
        memcpy(r.key[0].bytes, k.bytes, k.key.len);
        r.key[0].len = k.key.len;
        r.key[0].unless = unless;
        r.n_keys = 1;
    }
    return r;
}

static struct mdl_suppress_row record(const char *value, const char *source, const char *id)
{
    struct mdl_suppress_row r = entry(value, NULL, 0);
    (void)snprintf(r.source, sizeof r.source, "%s", source);
    (void)snprintf(r.record_id, sizeof r.record_id, "%s", id);
    return r;
}

static void suppress(struct mdl_suppress_row r)
{
    ok(mdl_store_begin(st, &err));
    ok(mdl_suppress_put(st, &r, &err));
    ok(mdl_store_commit(st, &err));
    ck_assert_int_gt(r.id, 0);
}

struct tally {
    uint64_t n[3];
};

static void add_up(void *ctx, uint64_t populations, enum mdl_left_out why, uint64_t n)
{
    struct tally *t = ctx;
    (void)populations;
    t->n[why] += n;
}

static struct mdl_gen_reader *reader(const char *marks)
{
    struct mdl_gen_reader *r;
    struct mdl_suppressed *list;
    ok(mdl_gen_open_marked(dir, "crm", generation, marks, &r, &err));
    ok(mdl_suppress_load(st, &list, &err));
    ok(mdl_gen_leave_out(r, list, &err));
    mdl_suppressed_free(list);
    return r;
}

/* Of the eight accounts: private ones, suppressed ones. */
static void expect(const char *marks, uint64_t private, uint64_t suppressed)
{
    struct tally t = {{0}};
    struct mdl_gen_reader *r = reader(marks);
    uint64_t accounts, keys;
    ok(mdl_gen_tally(r, add_up, &t, &err));
    ck_assert_uint_eq(t.n[MDL_LEFT_PRIVATE], private);
    ck_assert_uint_eq(t.n[MDL_LEFT_SUPPRESSED], suppressed);
    ok(mdl_gen_count(r, 7, &accounts, &keys, &err));
    ck_assert_uint_eq(accounts, 8 - private - suppressed);
    ck_assert_uint_eq(t.n[MDL_TAKES_PART], accounts);
    mdl_gen_close(r);
}

START_TEST(an_objection_by_key)
{
    import_list();
    expect("", 0, 0);
    suppress(entry("acme.com", "16:acme.com", 0));
    expect("", 0, 1);
    suppress(entry("globex.net", "16:globex.net", 0));
    expect("", 0, 3);
}
END_TEST

/* Keys that are compared by no more: of a repeated record, of a host that many share. */
START_TEST(an_objection_by_a_key_that_is_not_used)
{
    import_list();
    suppress(entry("acme.old", "16:acme.old", 0));
    expect("", 0, 1);
    suppress(entry("shared.host", "16:shared.host", 0));
    expect("", 0, 5);
}
END_TEST

START_TEST(an_objection_by_name_where_no_country_is_known)
{
    import_list();
    suppress(entry("Acme (AT)", "34:acme", 32)); /* A1 is German; "eight" has no country */
    expect("", 0, 1);
    struct mdl_gen_reader *r = reader("");
    uint64_t accounts, keys;
    ok(mdl_gen_count(r, 1, &accounts, &keys, &err));
    ck_assert_uint_eq(accounts, 2); /* both customers, A1 among them */
    mdl_gen_close(r);
}
END_TEST

START_TEST(an_objection_by_record)
{
    import_list();
    suppress(record("erp:A2", "erp", "A2")); /* of another source */
    expect("", 0, 0);
    suppress(record("crm:A2", "crm", "A2"));
    expect("", 0, 1);
    suppress(record("crm:001000000000008", "crm", "001000000000008")); /* the short form */
    expect("", 0, 1); /* the fixture joins by the whole id: see check_import_ids for the forms */
    suppress(record("crm:001000000000008AAA", "crm", "001000000000008AAA"));
    expect("", 0, 2);
}
END_TEST

static bool no_key_of(void *ctx, const struct mdl_snap_key *k)
{
    const char *name = ctx;
    ck_assert_msg(memmem(k->bytes, k->len, name, strlen(name)) == NULL, "a key of %s", name);
    return true;
}

static void expect_no_key(const char *name)
{
    struct mdl_snap *s;
    uint8_t id[MDL_STORE_ROUND];
    round_id(1, id);
    ok(mdl_snap_open(dir, id, 0, &s, &err));
    ok(mdl_snap_keys(s, 0, 1000, no_key_of, (void *)(uintptr_t)name, &err));
    mdl_snap_close(s);
}

START_TEST(no_key_of_it_is_in_a_snapshot)
{
    struct mdl_snap_report before, after;
    import_list();
    build_snapshot(1, all, 3, &before);
    ck_assert_uint_eq(before.keys, 12);
    ck_assert_uint_eq(before.accounts, 8);
    suppress(record("crm:A2", "crm", "A2"));
    build_snapshot(1, all, 3, &after);
    ck_assert_uint_eq(after.accounts, 7);
    ck_assert_uint_eq(after.keys, 10); /* both of A2, though its sister holds globex.net too */
    ck_assert_uint_eq(after.left_suppressed, 1);
    ck_assert_uint_eq(after.left_private, 0);
    ck_assert_uint_eq(after.withheld_keys, 1);
    expect_no_key("globex.net");
    /* One population: whoever is not in it is not counted as left out of it. */
    build_snapshot(1, &all[2], 1, &after);
    ck_assert_uint_eq(after.left_suppressed, 0);
    ck_assert_uint_eq(after.withheld_keys, 1);
    expect_no_key("globex.net");
}
END_TEST

static int bit_of(void *ctx, const uint8_t *key, size_t len)
{
    (void)ctx;
    (void)len;
    return key[0] == 1 ? 0 : -1;
}

/* An identifier that is withheld can match no more, so it must not veto. */
START_TEST(a_withheld_identifier_does_not_veto)
{
    struct mdl_snap_report r;
    struct mdl_snap_job *job;
    struct mdl_snap_spec spec = {.population = all, .n_populations = 3, .registry_bit = bit_of};
    struct mdl_gen *g;
    struct mdl_gen_summary *sum = calloc(1, sizeof *sum);
    add_source("crm");
    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
    put_account(g, "A1", "acme", "1:LEI 34:acme", 1, 1);
    put_account(g, "A2", "acme two", "1:LEI 16:acme.com", 1, 1);
    finish_and_swap(g, "crm", generation, sum);
    free(sum);
    suppress(record("crm:A1", "crm", "A1"));
    round_id(1, spec.round);
    ok(mdl_snap_prepare(st, &spec, &job, &err));
    ok(mdl_snap_build(job, NULL, NULL, &r, &err));
    mdl_snap_job_free(job);
    ck_assert_uint_eq(r.keys, 1);
    uint32_t ordinal = 0, populations;
    uint64_t registries;
    struct mdl_snap *s;
    ok(mdl_snap_open(dir, spec.round, 0, &s, &err));
    ok(mdl_snap_masks(s, &ordinal, 1, &populations, &registries, &err));
    ck_assert_uint_eq(registries, 0);
    mdl_snap_close(s);
}
END_TEST

/* Of a counts list an account whose best key is withheld stands by another one. */
START_TEST(counts_lists_withhold_too)
{
    struct mdl_snap_report r;
    struct mdl_snap_job *job;
    struct mdl_snap_spec spec = {.population = all, .n_populations = 1, .key_type = 16};
    struct mdl_gen *g;
    struct mdl_gen_summary *sum = calloc(1, sizeof *sum);
    add_source("crm");
    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
    put_account(g, "A1", "acme", "16:acme.com", 1, 0);
    put_account(g, "A2", "acme two", "16:acme.com 16:acme.org", 1, 0);
    finish_and_swap(g, "crm", generation, sum);
    free(sum);
    suppress(record("crm:A1", "crm", "A1"));
    round_id(1, spec.round);
    ok(mdl_snap_prepare(st, &spec, &job, &err));
    ok(mdl_snap_build(job, NULL, NULL, &r, &err));
    mdl_snap_job_free(job);
    ck_assert_uint_eq(r.keys, 1);
    expect_no_key("acme.com");
}
END_TEST

/* ---- marks --------------------------------------------------------------------------------------
 */

static void mark(const uint64_t *bits, int64_t last, char marks[MDL_STORE_GENERATION + 1])
{
    static const char *const names[] = {"dach", "big"};
    struct mdl_marks m = {names, 2, 3, bits, last};
    ok(mdl_marks_write(dir, "crm", generation, &m, marks, &err));
}

START_TEST(marks_add_populations)
{
    static const uint64_t bits[10] = {[1] = 8, [3] = 8 | 16, [9] = MDL_MARK_PRIVATE | 16};
    char marks[MDL_STORE_GENERATION + 1], again[MDL_STORE_GENERATION + 1];
    struct mdl_snap_report r;
    static const char *const dach[] = {"dach", "big"};
    import_list();
    mark(bits, 9, marks);
    ok(mdl_store_begin(st, &err));
    ok(mdl_source_mark(st, "crm", generation, marks, "{}", &err));
    fails(mdl_source_mark(st, "crm", "0123456789abcdef", marks, "{}", &err), MDL_U_STATE);
    ok(mdl_store_commit(st, &err));
    struct mdl_gen_reader *g = reader(marks);
    ck_assert_int_eq(mdl_gen_populations(g), 5);
    ck_assert_str_eq(mdl_gen_population_name(g, 4), "big");
    uint64_t accounts, keys;
    ok(mdl_gen_count(g, 8, &accounts, &keys, &err));
    ck_assert_uint_eq(accounts, 2);
    ck_assert_uint_eq(keys, 5);
    ok(mdl_gen_count(g, 16, &accounts, &keys, &err));
    ck_assert_uint_eq(accounts, 1); /* the other one is private */
    mdl_gen_close(g);
    expect(marks, 1, 0);
    build_snapshot(1, dach, 2, &r);
    ck_assert_uint_eq(r.accounts, 2);
    ck_assert_uint_eq(r.left_private, 1);
    ck_assert_uint_eq(r.population_accounts[0], 2);
    ck_assert_uint_eq(r.population_accounts[1], 1);
    mark(bits, 9, again); /* which nobody uses */
    ck_assert_int_eq(count_files("sources"), 3);
    reopen();
    ck_assert_int_eq(count_files("sources"), 2);
    build_snapshot(1, dach, 2, &r);
    ck_assert_uint_eq(r.accounts, 2);
    mdl_marks_delete(dir, "crm", generation, again);
    mdl_gen_delete(dir, "crm", generation);
    ck_assert_int_eq(count_files("sources"), 0);
}
END_TEST

START_TEST(marks_that_are_not_there)
{
    struct mdl_gen_reader *r;
    char path[600];
    import_list();
    fails(mdl_gen_open_marked(dir, "crm", generation, "00112233", &r, &err), MDL_U_NOT_FOUND);
    (void)snprintf(path, sizeof path, "%s/sources/crm-%s-00112233.db", dir, generation);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    (void)fclose(f);
    fails(mdl_gen_open_marked(dir, "crm", generation, "00112233", &r, &err), MDL_L_SCHEMA);
}
END_TEST

/* ---- rows as they came --------------------------------------------------------------------------
 */

static char seen[300];

static bool note_cells(void *ctx, int64_t account, const struct mdl_gen_cells *own,
                       const struct mdl_gen_cells *of_account)
{
    size_t n = strlen(seen);
    (void)ctx;
    (void)snprintf(seen + n, sizeof seen - n, "%d:%d:%.*s%s%.*s ", (int)account, (int)own->file,
                   (int)own->len, (const char *)own->bytes, of_account != NULL ? "/" : "",
                   of_account != NULL ? (int)of_account->len : 0,
                   of_account != NULL ? (const char *)of_account->bytes : "");
    return true;
}

static bool note_file(void *ctx, int64_t file, const void *header, size_t len)
{
    (void)ctx;
    size_t n = strlen(seen);
    (void)snprintf(seen + n, sizeof seen - n, "%d=%.*s ", (int)file, (int)len,
                   (const char *)header);
    return true;
}

START_TEST(rows_are_kept)
{
    struct mdl_gen *g;
    struct mdl_gen_reader *r;
    struct mdl_gen_summary *sum = calloc(1, sizeof *sum);
    const struct mdl_gen_options opt = {.own_deal_rules = true};
    struct mdl_gen_account a = {.fields = {.record_id = "A1"}, .cells = {0, "one", 3}};
    struct mdl_gen_opportunity o = {.account_id = "A2", .cells = {1, "deal", 4}};
    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
    ok(mdl_gen_put_file(g, 0, "accounts", 8, &err));
    ok(mdl_gen_put_file(g, 1, "deals", 5, &err));
    fails(mdl_gen_put_file(g, 1, "deals", 5, &err), MDL_U_EXISTS);
    ok(mdl_gen_put_account(g, &a, &err));
    a.fields.record_id = "A2";
    a.cells.bytes = "two";
    ok(mdl_gen_put_account(g, &a, &err));
    a.fields.record_id = "A1";
    a.cells.bytes = "1st";
    ok(mdl_gen_put_account(g, &a, &err));
    ok(mdl_gen_put_opportunity(g, &o, &err));
    o.account_id = "nobody";
    ok(mdl_gen_put_opportunity(g, &o, &err));
    ok(mdl_gen_finish(g, &opt, sum, &err));
    ck_assert_uint_eq(sum->duplicate_records, 1);
    free(sum);
    ok(mdl_gen_open(dir, "crm", generation, &r, &err));
    seen[0] = '\0';
    ok(mdl_gen_files(r, note_file, NULL, &err));
    ck_assert_str_eq(seen, "0=accounts 1=deals ");
    seen[0] = '\0';
    ok(mdl_gen_account_cells(r, note_cells, NULL, &err));
    ck_assert_str_eq(seen, "1:0:one 2:0:two 1:0:1st "); /* the repeated row speaks for the first */
    seen[0] = '\0';
    ok(mdl_gen_opportunity_cells(r, note_cells, NULL, &err));
    ck_assert_str_eq(seen, "2:1:deal/two ");
    int64_t last;
    ok(mdl_gen_last_account(r, &last, &err));
    ck_assert_int_eq(last, 2);
    mdl_gen_close(r);
}
END_TEST

/* ---- the tables ---------------------------------------------------------------------------------
 */

static bool count_row(void *ctx, const struct mdl_suppress_row *r)
{
    ++*(int *)ctx;
    return r->id > 0;
}

START_TEST(the_list)
{
    struct mdl_suppress_row r = entry("acme.com", "16:acme.com", 0);
    int n = 0;
    fails(mdl_suppress_put(st, &r, &err), MDL_BUG);
    ok(mdl_store_begin(st, &err));
    ok(mdl_suppress_put(st, &r, &err));
    int64_t id = r.id;
    fails(mdl_suppress_put(st, &r, &err), MDL_U_EXISTS);
    says("acme.com");
    (void)snprintf(r.country, sizeof r.country, "DE");
    ok(mdl_suppress_put(st, &r, &err));
    r = entry("nothing", NULL, 0);
    fails(mdl_suppress_put(st, &r, &err), MDL_U_ARGUMENT);
    ok(mdl_suppress_list(st, 0, count_row, &n, &err));
    ck_assert_int_eq(n, 2);
    ok(mdl_suppress_list(st, id, count_row, &n, &err));
    ck_assert_int_eq(n, 3);
    ok(mdl_suppress_remove(st, id, &err));
    fails(mdl_suppress_remove(st, id, &err), MDL_U_NOT_FOUND);
    ok(mdl_store_commit(st, &err));
    uint64_t left;
    ok(mdl_suppress_count(st, &left, &err));
    ck_assert_uint_eq(left, 1);
    ok(mdl_store_check(st, &err));
}
END_TEST

/* The last number given is a bound; what is counted once it is reached are the entries. */
START_TEST(the_list_has_an_end)
{
    static const char fill[] =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) "
        "INSERT INTO suppression (value, country, source, record_id, reason, added_at) "
        "SELECT 'v' || i, '', 'crm', i, '', 1 FROM n";
    struct mdl_suppress_row r = entry("acme.com", "16:acme.com", 0);
    ok(mdl_store_begin(st, &err));
    ok(mdl_exec(&st->conn, fill, &err));
    ok(mdl_suppress_put(st, &r, &err));
    int64_t last = r.id;
    r = entry("globex.com", "16:globex.com", 0);
    fails(mdl_suppress_put(st, &r, &err), MDL_U_TOO_LARGE);
    says("100000");
    ok(mdl_suppress_remove(st, last - 1, &err));
    ok(mdl_suppress_put(st, &r, &err));
    r = entry("initech.com", "16:initech.com", 0);
    fails(mdl_suppress_put(st, &r, &err), MDL_U_TOO_LARGE);
    ok(mdl_store_commit(st, &err));
}
END_TEST

static bool keep_rule(void *ctx, const struct mdl_rulebook_row *r)
{
    struct mdl_rulebook_row *out = ctx;
    *out = *r;
    return true;
}

START_TEST(the_rulebook)
{
    struct mdl_rulebook_row r = {.kind = MDL_RULE_POPULATION, .name = "dach", .text = "a = b"};
    struct mdl_rulebook_row last = {0};
    ok(mdl_store_begin(st, &err));
    ok(mdl_rulebook_put(st, &r, &err));
    int64_t first = r.id;
    fails(mdl_rulebook_put(st, &r, &err), MDL_U_EXISTS);
    says("dach");
    r.kind = MDL_RULE_PRIVATE;
    fails(mdl_rulebook_put(st, &r, &err), MDL_U_ARGUMENT); /* a private rule has no name */
    r.name[0] = '\0';
    ok(mdl_rulebook_put(st, &r, &err));
    fails(mdl_rulebook_put(st, &r, &err), MDL_U_EXISTS);
    ok(mdl_rulebook_list(st, keep_rule, &last, &err));
    ck_assert_int_eq(last.id, r.id);
    ck_assert_int_eq(last.kind, MDL_RULE_PRIVATE);
    ok(mdl_rulebook_remove(st, r.id, &err));
    fails(mdl_rulebook_remove(st, r.id, &err), MDL_U_NOT_FOUND);
    int64_t gone = r.id;
    ok(mdl_rulebook_put(st, &r, &err));
    ck_assert_int_gt(r.id, gone); /* numbers never come back */
    for (int i = 1; i < MDL_RULEBOOK_POPULATIONS; i++) {
        r = (struct mdl_rulebook_row){.kind = MDL_RULE_POPULATION, .text = "a = b"};
        (void)snprintf(r.name, sizeof r.name, "p%d", i);
        ok(mdl_rulebook_put(st, &r, &err));
    }
    (void)snprintf(r.name, sizeof r.name, "one-more");
    fails(mdl_rulebook_put(st, &r, &err), MDL_U_TOO_LARGE);
    ok(mdl_rulebook_remove(st, first, &err));
    ok(mdl_store_commit(st, &err));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("left out");
    TCase *t = tcase_create("left out");
    tcase_add_checked_fixture(t, fixture_open, fixture_close);
    tcase_add_test(t, an_objection_by_key);
    tcase_add_test(t, an_objection_by_a_key_that_is_not_used);
    tcase_add_test(t, an_objection_by_name_where_no_country_is_known);
    tcase_add_test(t, an_objection_by_record);
    tcase_add_test(t, no_key_of_it_is_in_a_snapshot);
    tcase_add_test(t, a_withheld_identifier_does_not_veto);
    tcase_add_test(t, counts_lists_withhold_too);
    tcase_add_test(t, marks_add_populations);
    tcase_add_test(t, marks_that_are_not_there);
    tcase_add_test(t, rows_are_kept);
    tcase_add_test(t, the_list);
    tcase_add_test(t, the_list_has_an_end);
    tcase_add_test(t, the_rulebook);
    suite_add_tcase(s, t);
    return run_suite(s);
}
