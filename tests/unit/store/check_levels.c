/* check_levels.c: lists of groups at level counts, and several groups at level accounts in a round.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const customers[] = {"customers"};
static const char *const prospects[] = {"prospects"};

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
    add_agreement(add_partner("Acme", 1), 1);
    add_round(1, 1, 3);
    add_round(1, 2, 3);
}

struct text {
    char s[1000];
};

static bool show_key(void *ctx, const struct mdl_snap_key *k)
{
    struct text *t = ctx;
    size_t n = strlen(t->s);
    (void)snprintf(t->s + n, sizeof t->s - n, "%u=%.*s ", k->ordinal, (int)k->len - 3,
                   (const char *)k->bytes + 3);
    return true;
}

static void build(uint8_t seed, uint8_t group, const struct mdl_snap_spec *how,
                  struct mdl_snap_report *rep)
{
    struct mdl_snap_spec spec = *how;
    struct mdl_snap_job *job;

    spec.group = group;
    round_id(seed, spec.round);
    ok(mdl_snap_prepare(st, &spec, &job, &err));
    ok(mdl_snap_build(job, NULL, NULL, rep, &err));
    mdl_snap_job_free(job);
}

static struct mdl_snap *opened(uint8_t seed, uint8_t group)
{
    struct mdl_snap *s;
    uint8_t id[MDL_STORE_ROUND];

    round_id(seed, id);
    ok(mdl_snap_open(dir, id, group, &s, &err));
    return s;
}

static void keys_are(uint8_t seed, uint8_t group, const char *expected)
{
    struct text t = {""};
    struct mdl_snap *s = opened(seed, group);

    ok(mdl_snap_keys(s, 0, 100, show_key, &t, &err));
    ck_assert_str_eq(t.s, expected);
    mdl_snap_close(s);
}

static const struct mdl_snap_spec counted = {
    .population = customers, .n_populations = 1, .key_type = 16};

static void fill_crm(struct mdl_gen *g)
{
    put_account(g, "1", "By website", "16:z.com@2 16:a.com@3 16:b.com@4 34:x", 1, 0);
    put_account(g, "2", "By further domain", "16:n.com@3 16:m.com@3 16:c.com@4", 1, 0);
    put_account(g, "3", "By e-mail", "16:k.com@4 2:9", 1, 4);
    put_account(g, "4", "Same house as 1", "16:z.com@2", 1, 0);
    put_account(g, "5", "No domain", "34:five 2:8", 1, 4);
    put_account(g, "6", "A prospect", "16:p.com@2", 4, 0);
}

static void fill_erp(struct mdl_gen *g)
{
    put_account(g, "1", "By website in another source", "16:z.com@2 16:y.com@2", 1, 0);
}

/* The website before a further domain before an e-mail; of two the lower; one house once. */
START_TEST(an_account_gives_one_key)
{
    static struct mdl_snap_report rep;

    import("crm", fill_crm);
    import("erp", fill_erp);
    build(1, 0, &counted, &rep);
    ck_assert_uint_eq(rep.keys, 4);
    ck_assert_uint_eq(rep.accounts, 6);
    ck_assert_uint_eq(rep.accounts_without_key, 1);
    ck_assert_uint_eq(rep.population_keys[0], 4);
    keys_are(1, 0, "0=k.com 1=m.com 2=y.com 3=z.com ");
    /* The other group of the round is as ever. */
    struct mdl_snap_spec all = {.population = customers, .n_populations = 1};
    build(1, 1, &all, &rep);
    ck_assert_uint_eq(rep.keys, 12);
}
END_TEST

static bool no_account(void *ctx, const struct mdl_snap_account *a)
{
    (void)ctx;
    ck_abort_msg("an account stands in the file: %s", a->fields.name);
    return false;
}

/* What was counted must not be told from the file: not which account a key is of, nor its name. */
START_TEST(a_counted_list_holds_no_account)
{
    static struct mdl_snap_report rep;
    char path[400];

    import("crm", fill_crm);
    build(1, 0, &counted, &rep);
    struct mdl_snap *s = opened(1, 0);
    ck_assert_uint_eq(mdl_snap_n_accounts(s), 5);
    for (uint32_t i = 0; i < mdl_snap_n_keys(s); i++) {
        ok(mdl_snap_key_accounts(s, i, no_account, NULL, &err));
    }
    mdl_snap_close(s);
    (void)snprintf(path, sizeof path, "%s/rounds/01010101010101010101010101010101-0.db", dir);
    ck_assert_int_eq(query_int(path, "SELECT count(*) FROM account"), 0);
    ck_assert_int_eq(query_int(path, "SELECT count(*) FROM link"), 0);
    ck_assert_int_eq(query_int(path, "SELECT count(*) FROM snap_key"), 3);
    ck_assert_int_eq(query_int(path, "SELECT max(registry_mask) FROM snap_key"), 0);
}
END_TEST

static void fill_house(struct mdl_gen *g)
{
    char record[16];

    for (int i = 0; i < 51; i++) {
        (void)snprintf(record, sizeof record, "%d", i);
        put_account(g, record, "n", i == 50 ? "16:host.com@2 16:own.com@4" : "16:host.com@2", 1, 0);
    }
}

/* A key of too many accounts is no choice: who has another brings that. */
START_TEST(the_component_cap_comes_first)
{
    static struct mdl_snap_report rep;

    import("crm", fill_house);
    build(1, 0, &counted, &rep);
    ck_assert_uint_eq(rep.excluded, 1);
    ck_assert_uint_eq(rep.keys, 1);
    keys_are(1, 0, "0=own.com ");
}
END_TEST

START_TEST(an_empty_list_is_built)
{
    static struct mdl_snap_report rep;
    struct mdl_snap_spec lei = counted;

    import("crm", fill_crm);
    lei.key_type = 1;
    build(1, 0, &lei, &rep);
    ck_assert_uint_eq(rep.keys, 0);
    ck_assert_uint_eq(rep.accounts, 5);
    lei.key_type = 2;
    build(1, 1, &lei, &rep);
    keys_are(1, 1, "0=8 1=9 ");
}
END_TEST

START_TEST(groups_share_a_list)
{
    static struct mdl_snap_report rep;
    uint8_t id[MDL_STORE_ROUND];

    import("crm", fill_crm);
    build(1, 0, &counted, &rep);
    round_id(1, id);
    ok(mdl_snap_share(dir, id, 0, 2, &err));
    keys_are(1, 2, "0=k.com 1=m.com 2=z.com ");
    mdl_snap_delete(dir, id, 0);
    keys_are(1, 2, "0=k.com 1=m.com 2=z.com ");
    fails(mdl_snap_share(dir, id, 0, 1, &err), MDL_U_NOT_FOUND);
}
END_TEST

static uint32_t difference(uint32_t enough)
{
    struct mdl_snap *a = opened(1, 0);
    struct mdl_snap *b = opened(2, 0);
    uint32_t n = 99;
    uint32_t back = 99;

    ok(mdl_snap_difference(a, b, enough, &n, &err));
    ok(mdl_snap_difference(b, a, enough, &back, &err));
    ck_assert_uint_eq(n, back);
    mdl_snap_close(a);
    mdl_snap_close(b);
    return n;
}

static void fill_later(struct mdl_gen *g)
{
    put_account(g, "1", "By website", "16:z.com@2", 1, 0);
    put_account(g, "2", "New", "16:new.com@2", 1, 0);
    put_account(g, "3", "New and longer", "16:k.com.br@2", 1, 0);
}

START_TEST(lists_differ_in_so_many_keys)
{
    static struct mdl_snap_report rep;

    import("crm", fill_crm);
    build(1, 0, &counted, &rep);
    build(2, 0, &counted, &rep);
    ck_assert_uint_eq(difference(100), 0);
    import("crm", fill_later);
    build(2, 0, &counted, &rep);
    /* k.com and m.com went, new.com and k.com.br came. */
    ck_assert_uint_eq(difference(100), 4);
    ck_assert_uint_eq(difference(3), 3);
}
END_TEST

START_TEST(a_dropped_list_has_no_difference)
{
    static struct mdl_snap_report rep;
    static struct mdl_regroup_counts counts;
    struct mdl_snap_spec all = {.population = customers, .n_populations = 1};
    uint32_t n;

    import("crm", fill_crm);
    build(1, 0, &counted, &rep);
    build(2, 0, &all, &rep);
    struct mdl_snap *a = opened(1, 0);
    struct mdl_snap *b = opened(2, 0);
    ok(mdl_snap_regroup(b, &test_rules, NULL, NULL, &counts, &err));
    ok(mdl_snap_shrink(b, &err));
    fails(mdl_snap_difference(a, b, 5, &n, &err), MDL_U_STATE);
    fails(mdl_snap_difference(b, a, 5, &n, &err), MDL_U_STATE);
    mdl_snap_close(a);
    mdl_snap_close(b);
}
END_TEST

/* ---- several groups at level accounts ----------------------------------------------------------
 */

static void fill_both(struct mdl_gen *g)
{
    put_account(g, "1", "In both, matched in one", "16:a.com 34:a", 5, 0);
    put_account(g, "2", "In both, matched in both", "16:b.com", 5, 0);
    put_account(g, "3", "A prospect, for review", "34:c", 4, 0);
    put_account(g, "4", "In both, review here, matched there", "16:d.com 34:d", 5, 0);
    put_account(g, "5", "A customer", "16:e.com", 1, 0);
}

/* Opens these ordinals of a group, with the partner's populations. */
static void settle(struct mdl_snap_part *part, const struct mdl_opened *o, size_t n)
{
    static struct mdl_result_head h;
    struct mdl_snap *s = opened(1, part->group);
    int64_t next;

    ok(mdl_snap_match(s, o, n, &err));
    ok(mdl_snap_regroup(s, &test_rules, NULL, NULL, &part->counts, &err));
    memset(&h, 0, sizeof h);
    round_id(1, h.round);
    h.group = part->group;
    h.n_own = h.n_partner = 1;
    (void)snprintf(h.own[0], sizeof h.own[0], "%s", mdl_snap_population(s, 0));
    (void)snprintf(h.partner[0], sizeof h.partner[0], "theirs-%u", part->group);
    h.counts = part->counts;
    ok(mdl_store_begin(st, &err));
    ok(mdl_result_put_head(st, &h, &err));
    ok(mdl_result_copy(st, s, h.round, part->group, 0, 0, &next, &err));
    ok(mdl_store_commit(st, &err));
    mdl_snap_close(s);
}

static struct mdl_snap_part part[2];

static void two_groups(void)
{
    static struct mdl_snap_report rep;
    struct mdl_snap_spec spec = {.population = customers, .n_populations = 1, .several = true};
    /* customers: 16:a 16:b 16:d 16:e 34:a 34:d; prospects: 16:a 16:b 16:d 34:a 34:c 34:d */
    const struct mdl_opened first[] = {{0, 1, 0}, {1, 1, 0}, {5, 1, 0}};
    const struct mdl_opened second[] = {{1, 1, 0}, {2, 1, 0}, {4, 1, 0}};

    import("crm", fill_both);
    build(1, 0, &spec, &rep);
    spec.population = prospects;
    build(1, 2, &spec, &rep);
    memset(part, 0, sizeof part);
    for (size_t i = 0; i < 2; i++) {
        memset(part[i].own, 0xff, sizeof part[i].own);
        memset(part[i].partner, 0xff, sizeof part[i].partner);
        part[i].own[0] = (uint8_t)i;
        part[i].partner[0] = (uint8_t)i;
        part[i].group = (uint8_t)(2 * i);
    }
    settle(&part[0], first, 3);
    settle(&part[1], second, 3);
}

START_TEST(each_account_counts_once)
{
    static struct mdl_regroup_counts all;
    uint8_t id[MDL_STORE_ROUND];

    two_groups();
    round_id(1, id);
    ok(mdl_snap_unite(dir, id, part, 2, &all, &err));
    ck_assert_uint_eq(all.total, 5);
    ck_assert_uint_eq(all.accounts, 3); /* 1, 2, 4 */
    ck_assert_uint_eq(all.review, 1);   /* 3; 4 is matched elsewhere */
    ck_assert_uint_eq(all.vetoed, 0);
    ck_assert_uint_eq(all.own_total[0], 4);
    ck_assert_uint_eq(all.own_total[1], 4);
    ck_assert_uint_eq(all.own_matched[0], 2);
    ck_assert_uint_eq(all.own_matched[1], 2);
    ck_assert_uint_eq(all.own_review[0], 0);
    ck_assert_uint_eq(all.own_review[1], 1);
    ck_assert_uint_eq(all.partner_matched[0], 2);
    ck_assert_uint_eq(all.partner_matched[1], 2);
    ck_assert_uint_eq(all.matched[0][0], 2);
    ck_assert_uint_eq(all.matched[1][1], 2);
    ck_assert_uint_eq(all.matched[0][1], 0);
    ck_assert_uint_eq(all.reviewed[1][1], 1);
    ck_assert_uint_eq(all.reviewed[0][0], 0);
    ok(mdl_snap_unite(dir, id, part, 0, &all, &err));
    ck_assert_uint_eq(all.total, 0);
    part[1].group = 7;
    fails(mdl_snap_unite(dir, id, part, 2, &all, &err), MDL_U_NOT_FOUND);
}
END_TEST

static bool show_row(void *ctx, const struct mdl_overlap_row *r)
{
    struct text *t = ctx;
    size_t n = strlen(t->s);
    (void)snprintf(t->s + n, sizeof t->s - n, "%u/%s/%d ", r->group, r->fields.record_id,
                   (int)r->tier);
    return true;
}

START_TEST(the_rows_of_one_account)
{
    struct text t = {""};
    uint8_t id[MDL_STORE_ROUND];

    two_groups();
    round_id(1, id);
    ok(mdl_result_account(st, id, "crm", "4", show_row, &t, &err));
    ok(mdl_result_account(st, id, "crm", "3", show_row, &t, &err));
    ok(mdl_result_account(st, id, "crm", "5", show_row, &t, &err));
    ok(mdl_result_account(st, id, "erp", "4", show_row, &t, &err));
    ck_assert_str_eq(t.s, "0/4/1 2/4/0 2/3/1 ");
    round_id(77, id);
    fails(mdl_result_account(st, id, "crm", "4", show_row, &t, &err), MDL_U_NOT_FOUND);
}
END_TEST

START_TEST(an_account_is_found_in_a_list)
{
    uint32_t populations = 9;

    two_groups();
    struct mdl_snap *s = opened(1, 2);
    ok(mdl_snap_account_in(s, "crm", "4", &populations, &err));
    ck_assert_uint_eq(populations, 1);
    ok(mdl_snap_account_in(s, "crm", "5", &populations, &err));
    ck_assert_uint_eq(populations, 0);
    ok(mdl_snap_account_in(s, "erp", "4", &populations, &err));
    ck_assert_uint_eq(populations, 0);
    mdl_snap_close(s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("levels");
    TCase *t = tcase_create("levels");

    tcase_add_checked_fixture(t, setup, fixture_close);
    tcase_add_test(t, an_account_gives_one_key);
    tcase_add_test(t, a_counted_list_holds_no_account);
    tcase_add_test(t, the_component_cap_comes_first);
    tcase_add_test(t, an_empty_list_is_built);
    tcase_add_test(t, groups_share_a_list);
    tcase_add_test(t, lists_differ_in_so_many_keys);
    tcase_add_test(t, a_dropped_list_has_no_difference);
    tcase_add_test(t, each_account_counts_once);
    tcase_add_test(t, the_rows_of_one_account);
    tcase_add_test(t, an_account_is_found_in_a_list);
    suite_add_tcase(s, t);
    return run_suite(s);
}
