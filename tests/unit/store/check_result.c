/* check_result.c: opened positions, results as of their round, filters, bundles, erasure. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const populations[] = {"customers", "prospects"};
static const char *const swapped[] = {"prospects", "customers"};

static void import(void (*fill)(struct mdl_gen *g))
{
    static struct mdl_gen_summary sum;
    char generation[MDL_STORE_GENERATION + 1];
    struct mdl_gen *g;

    add_source("crm");
    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
    fill(g);
    finish_and_swap(g, "crm", generation, &sum);
}

static void fill(struct mdl_gen *g)
{
    put_account(g, "1", "One", "16:a.com", 1, 0);
    put_account(g, "2", "Two", "16:b.com", 4, 0);
    put_account(g, "3", "Three", "16:c.com", 5, 0);
    put_account(g, "4", "Four", "34:d", 1, 0);
    put_account(g, "5", "Five", "2:9 16:e.com", 1, 4);
}

static void setup(void)
{
    fixture_open();
    add_agreement(add_partner("Acme", 1), 1);
    (void)add_partner("Beta", 2);
    add_round(1, 1, 1);
    add_round(2, 2, 2);
    import(fill);
}

/* Ordinals of the keys of fill(): 2:9, 16:a.com .. 16:e.com, 34:d. */
enum { K9, KA, KB, KC, KE, KD };

static struct mdl_opened pos(uint32_t ordinal, uint32_t partner_populations, uint64_t registries)
{
    return (struct mdl_opened){.ordinal = ordinal,
                               .partner_populations = partner_populations,
                               .partner_registries = registries};
}

static void open_slice(uint8_t seed, uint32_t slice, const struct mdl_opened *o, size_t n)
{
    uint8_t id[MDL_STORE_ROUND];

    round_id(seed, id);
    ok(mdl_store_begin(st, &err));
    ok(mdl_opened_put(st, id, 0, slice, o, n, &err));
    ok(mdl_store_commit(st, &err));
}

static void copy_all(uint8_t seed, struct mdl_snap *s, size_t limit, int expected_calls)
{
    uint8_t id[MDL_STORE_ROUND];
    int64_t next = 0;
    int calls = 0;

    round_id(seed, id);
    do {
        ok(mdl_store_begin(st, &err));
        ok(mdl_result_copy(st, s, id, 0, next, limit, &next, &err));
        ok(mdl_store_commit(st, &err));
        calls++;
    } while (next != 0);
    ck_assert_int_eq(calls, expected_calls);
}

/* From opened positions to the result, as the service does after the last slice. */
static void make_result(uint8_t seed, const char *const *names)
{
    static struct mdl_snap_report rep;
    static struct mdl_result_head h;
    struct mdl_opened o[4];
    struct mdl_snap *s;
    size_t n;
    uint32_t slice = 0;

    build_snapshot(seed, names, 2, &rep);
    memset(&h, 0, sizeof h);
    round_id(seed, h.round);
    ok(mdl_snap_open(dir, h.round, 0, &s, &err));
    do {
        ok(mdl_opened_read(st, h.round, 0, slice++, o, 4, &n, &err));
        ok(mdl_snap_match(s, o, n, &err));
    } while (n > 0);
    ok(mdl_snap_regroup(s, &test_rules, NULL, NULL, &h.counts, &err));
    h.n_own = 2;
    h.n_partner = 3;
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(h.own[i], sizeof h.own[i], "%s", names[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(h.partner[i], sizeof h.partner[i], "theirs-%zu", i);
    }
    ok(mdl_store_begin(st, &err));
    ok(mdl_result_put_head(st, &h, &err));
    ok(mdl_store_commit(st, &err));
    copy_all(seed, s, 0, 1);
    mdl_snap_close(s);
}

static void first_result(void)
{
    const struct mdl_opened o[] = {pos(KA, 1, 0), pos(KC, 6, 0), pos(KD, 1, 0), pos(KE, 1, 4)};

    open_slice(1, 0, o, 2);
    open_slice(1, 1, o + 2, 2);
    make_result(1, populations);
}

START_TEST(slices_are_counted_and_kept)
{
    const struct mdl_opened o[] = {pos(7, 1, UINT64_MAX), pos(3, UINT32_MAX, 2), pos(9, 1, 0)};
    struct mdl_opened back[4];
    struct mdl_round_row r;
    uint8_t id[MDL_STORE_ROUND];
    size_t n;

    open_slice(1, 0, o, 2);
    open_slice(1, 1, o + 2, 1);
    reopen();
    round_id(1, id);
    ok(mdl_round_get(st, id, &r, &err));
    ck_assert_uint_eq(r.group[0].slices_opened, 2);
    mdl_round_clear(&r);
    ok(mdl_opened_read(st, id, 0, 0, back, 2, &n, &err));
    ck_assert_uint_eq(n, 2);
    ck_assert_mem_eq(back, o, 2 * sizeof *o);
    ok(mdl_opened_read(st, id, 0, 1, back, 4, &n, &err));
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(back[0].ordinal, 9);
    ok(mdl_opened_read(st, id, 0, 2, back, 4, &n, &err));
    ck_assert_uint_eq(n, 0);
    fails(mdl_opened_read(st, id, 0, 0, back, 1, &n, &err), MDL_U_TOO_LARGE);
    says("2 positions");
    ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(a_refused_slice_writes_nothing)
{
    static struct mdl_opened many[MDL_STORE_SLICE + 1];
    const struct mdl_opened first[] = {pos(1, 1, 0)};
    const struct mdl_opened next[] = {pos(2, 1, 0), pos(3, 1, 0)};
    struct mdl_opened back[4];
    uint8_t id[MDL_STORE_ROUND];
    uint8_t other[MDL_STORE_ROUND];
    size_t n;

    open_slice(1, 0, first, 1);
    round_id(1, id);
    round_id(99, other);
    ok(mdl_store_begin(st, &err));
    fails(mdl_opened_put(st, id, 0, 1, many, MDL_STORE_SLICE + 1, &err), MDL_U_TOO_LARGE);
    fails(mdl_opened_put(st, id, 0, 0, next, 2, &err), MDL_U_STATE);
    fails(mdl_opened_put(st, id, 0, 2, next, 2, &err), MDL_U_STATE);
    says("not the next");
    fails(mdl_opened_put(st, id, 3, 0, next, 2, &err), MDL_U_NOT_FOUND);
    fails(mdl_opened_put(st, other, 0, 0, next, 2, &err), MDL_U_NOT_FOUND);
    fails(mdl_opened_read(st, other, 0, 0, back, 4, &n, &err), MDL_U_NOT_FOUND);
    ok(mdl_opened_put(st, id, 0, 1, next, 2, &err));
    ok(mdl_store_commit(st, &err));
    ok(mdl_opened_read(st, id, 0, 0, back, 4, &n, &err));
    ck_assert_uint_eq(n, 1);
    ok(mdl_opened_read(st, id, 0, 1, back, 4, &n, &err));
    ck_assert_uint_eq(n, 2);
    ok(mdl_opened_read(st, id, 0, 2, back, 4, &n, &err));
    ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(positions_may_be_described_later)
{
    const struct mdl_opened o[] = {pos(2, 0, 0), pos(1, 0, 0)};
    const struct mdl_opened said[] = {pos(2, 5, 6), pos(1, 7, UINT64_MAX)};
    const struct mdl_opened wrong[] = {pos(2, 9, 9), pos(3, 9, 9)};
    struct mdl_opened back[2];
    uint8_t id[MDL_STORE_ROUND];
    size_t n;

    open_slice(1, 0, o, 2);
    round_id(1, id);
    ok(mdl_store_begin(st, &err));
    ok(mdl_opened_describe(st, id, 0, 0, said, 2, &err));
    fails(mdl_opened_describe(st, id, 0, 0, wrong, 2, &err), MDL_U_ARGUMENT);
    says("other positions");
    fails(mdl_opened_describe(st, id, 0, 0, said, 1, &err), MDL_U_ARGUMENT);
    fails(mdl_opened_describe(st, id, 0, 1, said, 2, &err), MDL_U_NOT_FOUND);
    says("was not opened");
    ok(mdl_store_commit(st, &err));
    ok(mdl_opened_read(st, id, 0, 0, back, 2, &n, &err));
    ck_assert_uint_eq(n, 2);
    ck_assert_mem_eq(back, said, sizeof said);
}
END_TEST

START_TEST(the_matrix_comes_back)
{
    static struct mdl_result_head h;
    uint8_t id[MDL_STORE_ROUND];

    round_id(1, id);
    fails(mdl_result_head(st, id, 0, &h, &err), MDL_U_NOT_FOUND);
    first_result();
    reopen();
    ok(mdl_result_head(st, id, 0, &h, &err));
    ck_assert(h.finished);
    ck_assert_uint_eq(h.n_own, 2);
    ck_assert_uint_eq(h.n_partner, 3);
    ck_assert_str_eq(h.own[1], "prospects");
    ck_assert_str_eq(h.partner[2], "theirs-2");
    ck_assert_uint_eq(h.counts.accounts, 2);
    ck_assert_uint_eq(h.counts.review, 1);
    ck_assert_uint_eq(h.counts.vetoed, 1);
    ck_assert_uint_eq(h.counts.own_total[0], 4);
    ck_assert_uint_eq(h.counts.own_total[1], 2);
    ck_assert_uint_eq(h.counts.own_matched[0], 2);
    ck_assert_uint_eq(h.counts.own_matched[1], 1);
    ck_assert_uint_eq(h.counts.own_review[0], 1);
    ck_assert_uint_eq(h.counts.partner_matched[0], 1);
    ck_assert_uint_eq(h.counts.partner_matched[1], 1);
    ck_assert_uint_eq(h.counts.matched[0][0], 1);
    ck_assert_uint_eq(h.counts.matched[0][1], 1);
    ck_assert_uint_eq(h.counts.matched[1][0], 0);
    ck_assert_uint_eq(h.counts.matched[1][2], 1);
    ck_assert_uint_eq(h.counts.reviewed[0][0], 1);
    fails(mdl_result_head(st, id, 1, &h, &err), MDL_U_NOT_FOUND);
}
END_TEST

struct text {
    char s[1000];
};

static bool show(void *ctx, const struct mdl_overlap_row *r)
{
    struct text *t = ctx;
    size_t n = strlen(t->s);

    (void)snprintf(t->s + n, sizeof t->s - n, "%s:%s/%s/%x/%x/%.*s ", r->source,
                   r->fields.record_id, r->fields.name, r->own_populations, r->partner_populations,
                   (int)r->key_len - 3, (const char *)r->key + 3);
    return true;
}

static void rows_are(struct mdl_overlap_filter f, const char *expected)
{
    struct text t = {""};
    uint8_t id[MDL_STORE_ROUND];
    int64_t next = 0;

    round_id(1, id);
    do {
        f.after = next;
        ok(mdl_result_overlap(st, id, 0, &f, show, &t, &next, &err));
    } while (next != 0);
    ck_assert_str_eq(t.s, expected);
}

START_TEST(rows_by_filter)
{
    first_result();
    rows_are((struct mdl_overlap_filter){0}, "crm:1/One/1/1/a.com crm:3/Three/3/6/c.com ");
    rows_are((struct mdl_overlap_filter){.limit = 1}, "crm:1/One/1/1/a.com crm:3/Three/3/6/c.com ");
    rows_are((struct mdl_overlap_filter){.own_populations = 2}, "crm:3/Three/3/6/c.com ");
    rows_are((struct mdl_overlap_filter){.partner_populations = 1}, "crm:1/One/1/1/a.com ");
    rows_are((struct mdl_overlap_filter){.own_populations = 2, .partner_populations = 1}, "");
    rows_are((struct mdl_overlap_filter){.tier = MDL_FOUND_REVIEW}, "crm:4/Four/1/1/d ");
    rows_are((struct mdl_overlap_filter){.vetoed = true}, "crm:5/Five/1/1/e.com ");
}
END_TEST

static void fill_other(struct mdl_gen *g)
{
    put_account(g, "1", "Renamed", "16:new.com", 4, 0);
}

START_TEST(results_stay_as_of_the_round)
{
    struct mdl_snap *s;
    uint8_t id[MDL_STORE_ROUND];

    first_result();
    import(fill_other);
    reopen();
    rows_are((struct mdl_overlap_filter){0}, "crm:1/One/1/1/a.com crm:3/Three/3/6/c.com ");
    round_id(1, id);
    ok(mdl_snap_open(dir, id, 0, &s, &err));
    ck_assert_uint_eq(mdl_snap_n_accounts(s), 5);
    mdl_snap_close(s);
}
END_TEST

START_TEST(copying_in_chunks_and_again_changes_nothing)
{
    static struct mdl_result_head h;
    struct mdl_snap *s;
    uint8_t id[MDL_STORE_ROUND];
    int64_t next;

    first_result();
    round_id(1, id);
    ok(mdl_snap_open(dir, id, 0, &s, &err));
    ok(mdl_result_head(st, id, 0, &h, &err));
    h.finished = false;
    ok(mdl_store_begin(st, &err));
    ok(mdl_result_put_head(st, &h, &err));
    ok(mdl_store_commit(st, &err));
    ok(mdl_result_head(st, id, 0, &h, &err));
    ck_assert(!h.finished);
    /* Four findings, then a call that finds the end. */
    copy_all(1, s, 2, 3);
    ok(mdl_result_head(st, id, 0, &h, &err));
    ck_assert(h.finished);
    rows_are((struct mdl_overlap_filter){0}, "crm:1/One/1/1/a.com crm:3/Three/3/6/c.com ");
    round_id(2, id);
    ok(mdl_store_begin(st, &err));
    fails(mdl_result_copy(st, s, id, 0, 0, 0, &next, &err), MDL_U_NOT_FOUND);
    says("no head");
    mdl_store_rollback(st);
    mdl_snap_close(s);
}
END_TEST

static void bundle_is(uint8_t a, uint8_t b, struct mdl_bundle_filter f, const char *expected)
{
    struct text t = {""};
    uint8_t id_a[MDL_STORE_ROUND];
    uint8_t id_b[MDL_STORE_ROUND];
    int64_t next = 0;

    round_id(a, id_a);
    round_id(b, id_b);
    do {
        f.after = next;
        ok(mdl_result_bundle(st, id_a, id_b, &f, show, &t, &next, &err));
    } while (next != 0);
    ck_assert_str_eq(t.s, expected);
}

/* Round 2 matched accounts 3 (again in group 1) and 2; its populations are the other way round. */
static void second_result(void)
{
    const struct mdl_opened o[] = {pos(KB, 1, 0), pos(KC, 1, 0), pos(KD, 1, 0)};
    static struct mdl_result_head h;
    struct mdl_snap *s;
    int64_t next;

    open_slice(2, 0, o, 3);
    make_result(2, swapped);
    round_id(2, h.round);
    ok(mdl_result_head(st, h.round, 0, &h, &err));
    h.group = 1;
    ok(mdl_snap_open(dir, h.round, 0, &s, &err));
    ok(mdl_store_begin(st, &err));
    ok(mdl_result_put_head(st, &h, &err));
    ok(mdl_result_copy(st, s, h.round, 1, 0, 0, &next, &err));
    ok(mdl_store_commit(st, &err));
    mdl_snap_close(s);
}

START_TEST(bundles_join_two_rounds)
{
    static const char *const customers[] = {"customers"};
    static const char *const prospects[] = {"prospects"};
    struct mdl_bundle_filter f = {.in_b = true};
    uint8_t id[MDL_STORE_ROUND];
    uint8_t other[MDL_STORE_ROUND];
    struct text t;
    int64_t next;

    first_result();
    second_result();
    bundle_is(1, 2, f, "crm:3/Three/3/6/c.com ");
    f.in_b = false;
    bundle_is(1, 2, f, "crm:1/One/1/1/a.com ");
    bundle_is(2, 1, f, "crm:2/Two/1/1/b.com ");
    f.limit = 1;
    bundle_is(2, 1, f, "crm:2/Two/1/1/b.com ");
    f = (struct mdl_bundle_filter){.population = customers, .n_populations = 1};
    bundle_is(2, 1, f, "");
    f.population = prospects;
    bundle_is(2, 1, f, "crm:2/Two/1/1/b.com ");
    bundle_is(1, 2, f, "");
    f.in_b = true;
    bundle_is(2, 1, f, "crm:3/Three/3/1/c.com ");
    round_id(1, id);
    round_id(99, other);
    fails(mdl_result_bundle(st, id, other, &f, show, &t, &next, &err), MDL_U_NOT_FOUND);
}
END_TEST

START_TEST(erasure_leaves_counts_and_no_account)
{
    static struct mdl_result_head h;
    struct mdl_opened back[4];
    uint8_t id[MDL_STORE_ROUND];
    size_t n;
    bool more = true;
    int calls = 0;

    first_result();
    round_id(1, id);
    while (more) {
        ok(mdl_store_begin(st, &err));
        ok(mdl_result_erase(st, id, 3, &more, &err));
        ok(mdl_store_commit(st, &err));
        calls++;
    }
    /* Four rows and two slices, three at a time; the last call finds the end. */
    ck_assert_int_eq(calls, 3);
    rows_are((struct mdl_overlap_filter){0}, "");
    ok(mdl_opened_read(st, id, 0, 0, back, 4, &n, &err));
    ck_assert_uint_eq(n, 0);
    ok(mdl_opened_read(st, id, 0, 1, back, 4, &n, &err));
    ck_assert_uint_eq(n, 0);
    ok(mdl_result_head(st, id, 0, &h, &err));
    ck_assert_uint_eq(h.counts.accounts, 2);
    ok(mdl_store_check(st, &err));
}
END_TEST

START_TEST(impossible_heads_are_a_bug)
{
    static struct mdl_result_head h;

    ok(mdl_store_begin(st, &err));
    round_id(1, h.round);
    h.n_own = MDL_STORE_POPULATIONS + 1;
    fails(mdl_result_put_head(st, &h, &err), MDL_BUG);
    h.n_own = 0;
    round_id(99, h.round);
    fails(mdl_result_put_head(st, &h, &err), MDL_U_NOT_FOUND);
    mdl_store_rollback(st);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("result");
    TCase *t = tcase_create("result");

    tcase_add_checked_fixture(t, setup, fixture_close);
    tcase_add_test(t, slices_are_counted_and_kept);
    tcase_add_test(t, a_refused_slice_writes_nothing);
    tcase_add_test(t, positions_may_be_described_later);
    tcase_add_test(t, the_matrix_comes_back);
    tcase_add_test(t, rows_by_filter);
    tcase_add_test(t, results_stay_as_of_the_round);
    tcase_add_test(t, copying_in_chunks_and_again_changes_nothing);
    tcase_add_test(t, bundles_join_two_rounds);
    tcase_add_test(t, erasure_leaves_counts_and_no_account);
    tcase_add_test(t, impossible_heads_are_a_bug);
    suite_add_tcase(s, t);
    return run_suite(s);
}
