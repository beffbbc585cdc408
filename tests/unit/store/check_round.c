/* check_round.c: rounds and the budget. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static int64_t partner;

static void setup(void)
{
    fixture_open();
    partner = add_partner("Acme", 1);
    add_agreement(partner, 1);
}

static void fill(struct mdl_round_row *r, uint8_t *blob, size_t len)
{
    r->outcome = MDL_ROUND_PARTIAL;
    (void)snprintf(r->phase, sizeof r->phase, "SLICES");
    r->started_at = 1;
    r->finished_at = 2;
    r->data_as_of = 3;
    r->code = MDL_P_STALLED;
    (void)snprintf(r->code_text, sizeof r->code_text, "no progress");
    r->ended_by = MDL_BY_THEM;
    r->own_accounts = 4;
    r->own_review = 5;
    r->own_vetoed = 6;
    r->partner_accounts = 7;
    r->partner_review = 8;
    r->bytes_in = UINT64_C(1) << 40;
    r->bytes_out = 10;
    r->wall_ms = 11;
    r->has_profile = r->has_our_sig = r->has_their_sig = true;
    memset(r->profile, 1, sizeof r->profile);
    memset(r->our_sig, 2, sizeof r->our_sig);
    memset(r->their_sig, 3, sizeof r->their_sig);
    r->receipt = (struct mdl_blob){.data = blob, .len = len};
    r->group[1].own_keys = 100;
    r->group[1].partner_keys = 200;
    r->group[1].matched_keys = 50;
    r->group[1].known = true;
    r->group[0].skipped = true;
    r->group[1].slices = 64;
    r->group[1].slices_opened = 64; /* not taken: only mdl_opened_put counts slices */
}

static void same_as_filled(const struct mdl_round_row *found, const struct mdl_round_row *r)
{
    ck_assert_int_eq(found->outcome, MDL_ROUND_PARTIAL);
    ck_assert_str_eq(found->phase, "SLICES");
    ck_assert_uint_eq(found->started_at, 1);
    ck_assert_uint_eq(found->finished_at, 2);
    ck_assert_uint_eq(found->data_as_of, 3);
    ck_assert_int_eq(found->code, MDL_P_STALLED);
    ck_assert_str_eq(found->code_text, "no progress");
    ck_assert_int_eq(found->ended_by, MDL_BY_THEM);
    ck_assert_uint_eq(found->own_accounts, 4);
    ck_assert_uint_eq(found->own_review, 5);
    ck_assert_uint_eq(found->own_vetoed, 6);
    ck_assert_uint_eq(found->partner_accounts, 7);
    ck_assert_uint_eq(found->partner_review, 8);
    ck_assert_uint_eq(found->bytes_in, UINT64_C(1) << 40);
    ck_assert_uint_eq(found->bytes_out, 10);
    ck_assert_uint_eq(found->wall_ms, 11);
    ck_assert(found->has_profile && found->has_our_sig && found->has_their_sig);
    ck_assert_mem_eq(found->profile, r->profile, sizeof r->profile);
    ck_assert_mem_eq(found->our_sig, r->our_sig, sizeof r->our_sig);
    ck_assert_mem_eq(found->their_sig, r->their_sig, sizeof r->their_sig);
}

START_TEST(every_field_comes_back)
{
    struct mdl_round_row r;
    struct mdl_round_row found;
    uint8_t id[MDL_STORE_ROUND];
    uint8_t blob[5] = {5, 4, 3, 2, 1};

    add_round(partner, 7, 2);
    round_id(7, id);
    ok(mdl_round_get(st, id, &r, &err));
    ck_assert_int_eq(r.outcome, MDL_ROUND_RUNNING);
    ck_assert_uint_eq(r.n_groups, 2);
    fill(&r, blob, sizeof blob);
    ok(mdl_store_begin(st, &err));
    ok(mdl_round_update(st, &r, &err));
    ok(mdl_store_commit(st, &err));
    reopen();
    ok(mdl_round_get(st, id, &found, &err));
    ck_assert_mem_eq(found.receipt.data, blob, sizeof blob);
    r.group[1].slices_opened = 0;
    r.receipt = found.receipt;
    ck_assert_mem_eq(&r.group, &found.group, sizeof r.group);
    same_as_filled(&found, &r);
    ck_assert_ptr_null(found.resume.data);
    ck_assert_int_eq(found.proposer, MDL_BY_US);
    mdl_round_clear(&found);
}
END_TEST

START_TEST(an_end_is_final)
{
    struct mdl_round_row r;
    uint8_t id[MDL_STORE_ROUND];

    add_round(partner, 7, 1);
    round_id(7, id);
    ok(mdl_round_get(st, id, &r, &err));
    ok(mdl_store_begin(st, &err));
    r.outcome = MDL_ROUND_ABORTED;
    ok(mdl_round_update(st, &r, &err));
    r.outcome = MDL_ROUND_COMPLETE;
    fails(mdl_round_update(st, &r, &err), MDL_U_STATE);
    says("ended as aborted");
    r.outcome = MDL_ROUND_RUNNING;
    fails(mdl_round_update(st, &r, &err), MDL_U_STATE);
    r.outcome = MDL_ROUND_ABORTED;
    r.bytes_in = 5;
    ok(mdl_round_update(st, &r, &err));
    ok(mdl_store_commit(st, &err));
    mdl_round_clear(&r);
}
END_TEST

START_TEST(unknown_and_repeated_rounds)
{
    struct mdl_round_row r = {.partner = partner, .outcome = MDL_ROUND_WAITING};
    struct mdl_round_row found;

    memset(r.agreement, 1, sizeof r.agreement);
    round_id(3, r.id);
    fails(mdl_round_get(st, r.id, &found, &err), MDL_U_NOT_FOUND);
    ok(mdl_store_begin(st, &err));
    fails(mdl_round_update(st, &r, &err), MDL_U_NOT_FOUND);
    ok(mdl_round_insert(st, &r, &err));
    fails(mdl_round_insert(st, &r, &err), MDL_U_EXISTS);
    round_id(4, r.id);
    r.partner = 77;
    fails(mdl_round_insert(st, &r, &err), MDL_U_NOT_FOUND);
    r.partner = partner;
    memset(r.agreement, 2, sizeof r.agreement);
    fails(mdl_round_insert(st, &r, &err), MDL_U_NOT_FOUND);
    r.n_groups = MDL_STORE_GROUPS + 1;
    fails(mdl_round_insert(st, &r, &err), MDL_BUG);
    fails(mdl_round_update(st, &r, &err), MDL_BUG);
    mdl_store_rollback(st);
}
END_TEST

static bool collect(void *ctx, const struct mdl_round_row *r)
{
    *(int *)ctx = *(int *)ctx * 10 + r->id[0];
    return true;
}

static void listed(struct mdl_round_filter f, int expected)
{
    int seen = 0;

    ok(mdl_round_list(st, &f, collect, &seen, &err));
    ck_assert_int_eq(seen, expected);
}

static void end_round(uint8_t seed, enum mdl_round_outcome outcome)
{
    struct mdl_round_row r;
    uint8_t id[MDL_STORE_ROUND];

    round_id(seed, id);
    ok(mdl_round_get(st, id, &r, &err));
    r.outcome = outcome;
    if (r.started_at == 0 && outcome != MDL_ROUND_REFUSED) {
        r.started_at = r.created_at; /* what ends otherwise has begun */
    }
    ok(mdl_store_begin(st, &err));
    ok(mdl_round_update(st, &r, &err));
    ok(mdl_store_commit(st, &err));
    mdl_round_clear(&r);
}

START_TEST(lists_by_filter)
{
    int64_t other = add_partner("Other", 2);

    add_round(partner, 1, 1);
    add_round(other, 2, 2);
    add_round(partner, 3, 1);
    add_round(partner, 4, 1);
    end_round(1, MDL_ROUND_COMPLETE);
    end_round(3, MDL_ROUND_REFUSED);
    listed((struct mdl_round_filter){0}, 4321);
    listed((struct mdl_round_filter){.partner = partner}, 431);
    listed((struct mdl_round_filter){.open_only = true}, 42);
    listed((struct mdl_round_filter){.with_result = true}, 1);
    listed((struct mdl_round_filter){.limit = 2}, 43);
    listed((struct mdl_round_filter){.before = UINT64_C(1795000000003)}, 21);
}
END_TEST

START_TEST(a_debit_is_kept_once_and_for_ever)
{
    const uint64_t november = UINT64_C(1795000000000);
    struct mdl_budget b;
    uint8_t id[MDL_STORE_ROUND];

    ck_assert_uint_eq(mdl_store_month(november), 202611);
    add_round(partner, 1, 2);
    add_round(partner, 2, 1);
    round_id(1, id);
    ok(mdl_store_begin(st, &err));
    ok(mdl_budget_debit(st, partner, id, 0, 1000, november, &err));
    ok(mdl_budget_debit(st, partner, id, 0, 1000, november + 5, &err));
    fails(mdl_budget_debit(st, partner, id, 0, 999, november, &err), MDL_U_STATE);
    says("1000");
    ok(mdl_budget_debit(st, partner, id, 1, 10, november, &err));
    fails(mdl_budget_debit(st, partner, id, 2, 0, november, &err), MDL_U_ARGUMENT);
    round_id(2, id);
    ok(mdl_budget_debit(st, partner, id, 0, 4194304, november, &err));
    round_id(9, id);
    fails(mdl_budget_debit(st, partner, id, 0, 1, november, &err), MDL_U_NOT_FOUND);
    ok(mdl_store_commit(st, &err));
    end_round(2, MDL_ROUND_ABORTED);
    ok(mdl_budget_read(st, partner, 202611, &b, &err));
    ck_assert_uint_eq(b.keys, 4194304 + 1010);
    ck_assert_uint_eq(b.rounds, 2);
    ck_assert_uint_eq(b.aborted, 1);
    ck_assert_uint_eq(b.begun, 2);
    ok(mdl_budget_read(st, partner, 202612, &b, &err));
    ck_assert_uint_eq(b.keys + b.rounds + b.aborted + b.begun, 0);
    mdl_store_close(st);
    st = NULL;
    ck_assert_str_eq(tamper_fails("DELETE FROM budget_debit"), "a debit is never refunded");
    ck_assert_str_eq(tamper_fails("UPDATE budget_debit SET keys = 1"), "a debit is never altered");
    ok(mdl_store_open(dir, MDL_STORE_EXISTING, &st, &err));
}
END_TEST

static void begin_round(uint8_t seed, uint64_t at)
{
    struct mdl_round_row r;
    uint8_t id[MDL_STORE_ROUND];

    round_id(seed, id);
    ok(mdl_round_get(st, id, &r, &err));
    r.started_at = at;
    ok(mdl_store_begin(st, &err));
    ok(mdl_round_update(st, &r, &err));
    ok(mdl_store_commit(st, &err));
    mdl_round_clear(&r);
}

/* Of all beginnings the latest, whatever the order of the rows: the clock may have been set back.
 */
START_TEST(the_last_beginning_is_known)
{
    int64_t other = add_partner("Other", 2);
    uint64_t at = 1;

    ok(mdl_round_last_begun(st, partner, &at, &err));
    ck_assert_uint_eq(at, 0);
    for (uint8_t i = 1; i <= 3; i++) {
        add_round(i == 3 ? other : partner, i, 1);
    }
    ok(mdl_round_last_begun(st, partner, &at, &err));
    ck_assert_uint_eq(at, 0);
    begin_round(1, 5000);
    begin_round(2, 4000);
    begin_round(3, 9000);
    end_round(1, MDL_ROUND_ABORTED);
    ok(mdl_round_last_begun(st, partner, &at, &err));
    ck_assert_uint_eq(at, 5000);
}
END_TEST

START_TEST(outcomes_have_names)
{
    ck_assert_str_eq(mdl_round_outcome_slug(MDL_ROUND_WAITING), "waiting");
    ck_assert_str_eq(mdl_round_outcome_slug(MDL_ROUND_REFUSED), "refused");
    ck_assert_str_eq(mdl_round_outcome_slug((enum mdl_round_outcome)99), "unknown");
}
END_TEST

/* A round that broke off before its debit counts beside those that were debited. */
START_TEST(rounds_begun_are_counted_once_each)
{
    const uint64_t november = UINT64_C(1795000000000);
    struct mdl_budget b;
    uint8_t id[MDL_STORE_ROUND];

    for (uint8_t i = 1; i <= 5; i++) {
        add_round(partner, i, 1);
    }
    ok(mdl_store_begin(st, &err));
    for (uint8_t i = 1; i <= 3; i++) {
        round_id(i, id);
        ok(mdl_budget_debit(st, partner, id, 0, 10, november, &err));
    }
    ok(mdl_store_commit(st, &err));
    end_round(1, MDL_ROUND_COMPLETE);
    end_round(3, MDL_ROUND_PARTIAL); /* debited and broken off: one round */
    end_round(4, MDL_ROUND_ABORTED); /* not debited */
    end_round(5, MDL_ROUND_ABORTED);
    ok(mdl_budget_read(st, partner, 202611, &b, &err));
    ck_assert_uint_eq(b.rounds, 3);
    ck_assert_uint_eq(b.aborted, 3);
    ck_assert_uint_eq(b.begun, 5);
}
END_TEST

START_TEST(pinning_again_gives_no_new_budget)
{
    const uint64_t november = UINT64_C(1795000000000);
    int64_t other = add_partner("Other", 2);
    struct mdl_partner_row p;
    struct mdl_budget b;
    uint8_t id[MDL_STORE_ROUND];

    add_round(partner, 1, 1);
    add_round(partner, 2, 1);
    round_id(1, id);
    ok(mdl_store_begin(st, &err));
    ok(mdl_budget_debit(st, partner, id, 0, 1000, november, &err));
    ok(mdl_store_commit(st, &err));
    end_round(2, MDL_ROUND_ABORTED);
    ok(mdl_partner_get(st, partner, &p, &err));
    p.removed_at = november;
    ok(mdl_store_begin(st, &err));
    ok(mdl_partner_update(st, &p, &err));
    ok(mdl_store_commit(st, &err));
    mdl_partner_clear(&p);
    int64_t again = add_partner("Acme", 1);
    ck_assert_int_ne(again, partner);
    ok(mdl_budget_read(st, again, 202611, &b, &err));
    ck_assert_uint_eq(b.keys, 1000);
    ck_assert_uint_eq(b.rounds, 1);
    ck_assert_uint_eq(b.aborted, 1);
    ck_assert_uint_eq(b.begun, 2);
    ok(mdl_budget_read(st, other, 202611, &b, &err));
    ck_assert_uint_eq(b.keys + b.begun, 0);
    listed((struct mdl_round_filter){.partner = again}, 0);
    listed((struct mdl_round_filter){.partner = again, .same_party = true}, 21);
    listed((struct mdl_round_filter){.partner = other, .same_party = true}, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("round");
    TCase *t = tcase_create("round");

    tcase_add_checked_fixture(t, setup, fixture_close);
    tcase_add_test(t, every_field_comes_back);
    tcase_add_test(t, an_end_is_final);
    tcase_add_test(t, unknown_and_repeated_rounds);
    tcase_add_test(t, lists_by_filter);
    tcase_add_test(t, a_debit_is_kept_once_and_for_ever);
    tcase_add_test(t, rounds_begun_are_counted_once_each);
    tcase_add_test(t, pinning_again_gives_no_new_budget);
    tcase_add_test(t, the_last_beginning_is_known);
    tcase_add_test(t, outcomes_have_names);
    suite_add_tcase(s, t);
    return run_suite(s);
}
