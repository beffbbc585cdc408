/* check_regroup.c: from matched keys to accounts: priority, tiers, vetoes, counts, whitespace. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const populations[] = {"customers", "prospects"};
static struct mdl_snap *snap;
static struct mdl_regroup_counts counts;
static uint8_t id[MDL_STORE_ROUND];

/* Registry bits of the test's rules: a LEI (type 1) is bit 1, a D-U-N-S (type 2) bit 2. */
#define LEI  (1u << 1)
#define DUNS (1u << 2)

static void fill(struct mdl_gen *g)
{
    put_account(g, "plain", "Plain", "16:plain.com 34:plain", 1, 0);
    put_account(g, "duns", "Duns", "2:111 16:duns.com", 1, DUNS);
    put_account(g, "both", "Both", "1:lei 2:222 16:both.com", 4, LEI | DUNS);
    put_account(g, "review", "Review", "34:review", 4, 0);
    put_account(g, "mixed", "Mixed", "2:333 16:mixed.com 34:mixed", 5, DUNS);
    put_account(g, "two", "Two", "16:two-a.com 16:two-b.com", 1, 0);
    put_account(g, "none", "None", "16:none.com", 4, 0);
}

static void setup(void)
{
    static struct mdl_gen_summary sum;
    static struct mdl_snap_report rep;
    char generation[MDL_STORE_GENERATION + 1];
    struct mdl_gen *g;

    fixture_open();
    add_agreement(add_partner("Acme", 1), 1);
    add_round(1, 1, 1);
    add_source("crm");
    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
    fill(g);
    finish_and_swap(g, "crm", generation, &sum);
    build_snapshot(1, populations, 2, &rep);
    round_id(1, id);
    ok(mdl_snap_open(dir, id, 0, &snap, &err));
}

static void teardown(void)
{
    mdl_snap_close(snap);
    snap = NULL;
    fixture_close();
}

struct wanted {
    const char *value;
    uint8_t type;
    uint32_t ordinal;
    bool found;
};

static bool match_value(void *ctx, const struct mdl_snap_key *k)
{
    struct wanted *w = ctx;

    if (k->bytes[0] == w->type && k->len - 3 == strlen(w->value) &&
        memcmp(k->bytes + 3, w->value, k->len - 3) == 0) {
        w->ordinal = k->ordinal;
        w->found = true;
    }
    return !w->found;
}

/* "16:plain.com" was opened with these statements of the partner. */
static void opened(uint8_t type, const char *value, uint32_t partner_populations,
                   uint64_t partner_registries)
{
    struct wanted w = {.value = value, .type = type};

    ok(mdl_snap_keys(snap, 0, 1000, match_value, &w, &err));
    ck_assert_msg(w.found, "%s", value);
    struct mdl_opened o = {.ordinal = w.ordinal,
                           .partner_populations = partner_populations,
                           .partner_registries = partner_registries};
    ok(mdl_snap_match(snap, &o, 1, &err));
}

static void regroup(void)
{
    ok(mdl_snap_regroup(snap, &test_rules, NULL, NULL, &counts, &err));
}

struct text {
    char s[1000];
};

static bool show(void *ctx, const struct mdl_overlap_row *r)
{
    struct text *t = ctx;
    size_t n = strlen(t->s);

    (void)snprintf(t->s + n, sizeof t->s - n, "%s=%u:%.*s/%s%s/%x/%llx ", r->fields.record_id,
                   r->key_type, (int)r->key_len - 3, (const char *)r->key + 3,
                   r->tier == MDL_FOUND_MATCH ? "match" : "review", r->vetoed ? "-vetoed" : "",
                   r->partner_populations, (unsigned long long)r->conflicts);
    return true;
}

static void findings_are(const char *expected)
{
    struct text t = {""};
    int64_t next;

    ok(mdl_snap_findings(snap, 0, 0, show, &t, &next, &err));
    ck_assert_str_eq(t.s, expected);
    ck_assert_int_eq(next, 0);
}

START_TEST(the_strongest_key_wins)
{
    opened(34, "plain", 4, 0);
    opened(16, "plain.com", 1, 0);
    opened(16, "both.com", 1, 0);
    opened(1, "lei", 2, LEI);
    regroup();
    findings_are("plain=16:plain.com/match/1/0 both=1:lei/match/2/0 ");
    ck_assert_uint_eq(counts.accounts, 2);
    ck_assert_uint_eq(counts.review, 0);
    ck_assert_uint_eq(counts.vetoed, 0);
}
END_TEST

START_TEST(review_keys_alone_stand_apart)
{
    opened(34, "review", 1, 0);
    opened(34, "plain", 1, 0);
    regroup();
    findings_are("plain=34:plain/review/1/0 review=34:review/review/1/0 ");
    ck_assert_uint_eq(counts.accounts, 0);
    ck_assert_uint_eq(counts.review, 2);
    ck_assert_uint_eq(counts.own_matched[0] + counts.own_matched[1], 0);
    ck_assert_uint_eq(counts.own_review[0], 1);
    ck_assert_uint_eq(counts.own_review[1], 1);
    ck_assert_uint_eq(counts.reviewed[1][0], 1);
    ck_assert_uint_eq(counts.matched[1][0], 0);
}
END_TEST

START_TEST(another_id_of_one_type_vetoes_a_weaker_match)
{
    /* Both sides hold a D-U-N-S, and ours did not match. */
    opened(16, "duns.com", 1, DUNS);
    regroup();
    findings_are("duns=16:duns.com/match-vetoed/1/4 ");
    ck_assert_uint_eq(counts.accounts, 0);
    ck_assert_uint_eq(counts.vetoed, 1);
    ck_assert_uint_eq(counts.matched[0][0], 0);
}
END_TEST

START_TEST(no_veto_without_two_ids_of_one_type)
{
    opened(16, "duns.com", 1, LEI);
    opened(16, "plain.com", 1, DUNS);
    regroup();
    findings_are("plain=16:plain.com/match/1/0 duns=16:duns.com/match/1/0 ");
}
END_TEST

START_TEST(an_identifier_that_matched_does_not_veto)
{
    opened(16, "duns.com", 2, DUNS);
    opened(2, "111", 1, DUNS);
    regroup();
    findings_are("duns=2:111/match/1/0 ");
}
END_TEST

START_TEST(one_type_matched_and_another_differs)
{
    /* The LEI matched: an identifier is never vetoed, even where the D-U-N-S differ. */
    opened(1, "lei", 1, LEI | DUNS);
    opened(16, "both.com", 2, LEI | DUNS);
    regroup();
    findings_are("both=1:lei/match/1/0 ");
    ck_assert_uint_eq(counts.accounts, 1);
}
END_TEST

START_TEST(what_no_veto_strikes_comes_before_what_one_does)
{
    opened(16, "mixed.com", 1, DUNS);
    opened(34, "mixed", 2, 0);
    regroup();
    findings_are("mixed=34:mixed/review/2/0 ");
    ck_assert_uint_eq(counts.review, 1);
    ck_assert_uint_eq(counts.vetoed, 0);
}
END_TEST

START_TEST(populations_come_from_all_keys_of_the_winning_type)
{
    opened(16, "two-a.com", 1, 0);
    opened(16, "two-b.com", 2, 0);
    opened(16, "mixed.com", 1, 0);
    opened(34, "mixed", 2, 0);
    regroup();
    findings_are("mixed=16:mixed.com/match/1/0 two=16:two-a.com/match/3/0 ");
    ck_assert_uint_eq(counts.matched[0][0], 2);
    ck_assert_uint_eq(counts.matched[0][1], 1);
    ck_assert_uint_eq(counts.matched[1][0], 1);
    ck_assert_uint_eq(counts.matched[1][1], 0);
    ck_assert_uint_eq(counts.partner_matched[0], 2);
    ck_assert_uint_eq(counts.partner_matched[1], 1);
    ck_assert_uint_eq(counts.own_matched[0], 2);
    ck_assert_uint_eq(counts.own_matched[1], 1);
    ck_assert_uint_eq(counts.own_total[0], 4);
    ck_assert_uint_eq(counts.own_total[1], 4);
}
END_TEST

START_TEST(populations_the_partner_has_not_are_cut)
{
    opened(16, "plain.com", 0xfffffff9u, 0);
    regroup();
    findings_are("plain=16:plain.com/match/1/0 ");
}
END_TEST

struct ids {
    char s[300];
};

static bool show_account(void *ctx, const struct mdl_snap_account *a)
{
    struct ids *t = ctx;
    size_t n = strlen(t->s);

    (void)snprintf(t->s + n, sizeof t->s - n, "%s%s ", a->fields.record_id,
                   a->review ? "(review)" : "");
    return true;
}

static void whitespace_is(uint32_t mask, size_t limit, const char *expected)
{
    struct ids t = {""};
    int64_t next = 0;

    do {
        ok(mdl_snap_whitespace(snap, mask, next, limit, show_account, &t, &next, &err));
    } while (next != 0);
    ck_assert_str_eq(t.s, expected);
}

START_TEST(whitespace_is_what_did_not_match)
{
    opened(16, "plain.com", 1, 0);
    opened(16, "duns.com", 1, DUNS);
    opened(34, "review", 1, 0);
    regroup();
    whitespace_is(0, 0, "duns both review(review) mixed two none ");
    whitespace_is(1, 0, "duns mixed two ");
    whitespace_is(2, 1, "both review(review) mixed none ");
}
END_TEST

START_TEST(findings_have_cursors)
{
    struct text t = {""};
    int64_t next = 0;
    int calls = 0;

    opened(16, "plain.com", 1, 0);
    opened(16, "none.com", 1, 0);
    opened(34, "review", 1, 0);
    regroup();
    do {
        ok(mdl_snap_findings(snap, next, 2, show, &t, &next, &err));
        calls++;
    } while (next != 0);
    ck_assert_int_eq(calls, 2);
    ck_assert_str_eq(t.s, "plain=16:plain.com/match/1/0 review=34:review/review/1/0 "
                          "none=16:none.com/match/1/0 ");
}
END_TEST

START_TEST(regrouping_again_gives_the_same)
{
    struct mdl_regroup_counts first;

    opened(16, "plain.com", 1, 0);
    opened(34, "review", 1, 0);
    regroup();
    first = counts;
    regroup();
    ck_assert_mem_eq(&first, &counts, sizeof counts);
    mdl_snap_close(snap);
    ok(mdl_snap_open(dir, id, 0, &snap, &err));
    opened(34, "review", 1, 0);
    opened(16, "none.com", 1, 0);
    regroup();
    ck_assert_uint_eq(counts.accounts, 2);
    ck_assert_uint_eq(counts.review, 1);
}
END_TEST

START_TEST(closing_before_forgets)
{
    struct text t = {""};
    int64_t next;

    opened(16, "plain.com", 1, 0);
    mdl_snap_close(snap);
    ok(mdl_snap_open(dir, id, 0, &snap, &err));
    fails(mdl_snap_findings(snap, 0, 0, show, &t, &next, &err), MDL_U_STATE);
    fails(mdl_snap_whitespace(snap, 0, 0, 0, show_account, &t, &next, &err), MDL_U_STATE);
    fails(mdl_snap_shrink(snap, &err), MDL_U_STATE);
    regroup();
    ck_assert_uint_eq(counts.accounts, 0);
    ck_assert_uint_eq(counts.own_total[0], 4);
}
END_TEST

static bool stop(void *ctx, uint32_t rows)
{
    (void)ctx;
    (void)rows;
    return false;
}

START_TEST(impossible_input_is_refused)
{
    struct mdl_opened o = {.ordinal = mdl_snap_n_keys(snap)};
    struct mdl_regroup_rules few = test_rules;

    fails(mdl_snap_match(snap, &o, 1, &err), MDL_U_ARGUMENT);
    few.n_rules = 1;
    opened(16, "plain.com", 1, 0);
    fails(mdl_snap_regroup(snap, &few, stop, NULL, &counts, &err), MDL_U_ARGUMENT);
    says("type 16");
    /* After a failure the positions are to be added again. */
    opened(16, "plain.com", 1, 0);
    regroup();
    ck_assert_uint_eq(counts.accounts, 1);
}
END_TEST

START_TEST(shrinking_keeps_accounts_and_findings)
{
    struct mdl_opened o = {.ordinal = 0};
    struct text t = {""};
    struct wanted w = {.value = "x"};

    opened(16, "plain.com", 1, 0);
    regroup();
    ok(mdl_snap_shrink(snap, &err));
    ok(mdl_snap_shrink(snap, &err));
    mdl_snap_close(snap);
    ok(mdl_snap_open(dir, id, 0, &snap, &err));
    findings_are("plain=16:plain.com/match/1/0 ");
    whitespace_is(0, 0, "duns both review mixed two none ");
    fails(mdl_snap_keys(snap, 0, 1, match_value, &w, &err), MDL_U_STATE);
    says("dropped");
    fails(mdl_snap_match(snap, &o, 1, &err), MDL_U_STATE);
    fails(mdl_snap_regroup(snap, &test_rules, NULL, NULL, &counts, &err), MDL_U_STATE);
    fails(mdl_snap_key_accounts(snap, 0, show_account, &t, &err), MDL_U_STATE);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("regroup");
    TCase *t = tcase_create("regroup");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, the_strongest_key_wins);
    tcase_add_test(t, review_keys_alone_stand_apart);
    tcase_add_test(t, another_id_of_one_type_vetoes_a_weaker_match);
    tcase_add_test(t, no_veto_without_two_ids_of_one_type);
    tcase_add_test(t, an_identifier_that_matched_does_not_veto);
    tcase_add_test(t, one_type_matched_and_another_differs);
    tcase_add_test(t, what_no_veto_strikes_comes_before_what_one_does);
    tcase_add_test(t, populations_come_from_all_keys_of_the_winning_type);
    tcase_add_test(t, populations_the_partner_has_not_are_cut);
    tcase_add_test(t, whitespace_is_what_did_not_match);
    tcase_add_test(t, findings_have_cursors);
    tcase_add_test(t, regrouping_again_gives_the_same);
    tcase_add_test(t, closing_before_forgets);
    tcase_add_test(t, impossible_input_is_refused);
    tcase_add_test(t, shrinking_keeps_accounts_and_findings);
    suite_add_tcase(s, t);
    return run_suite(s);
}
