/* check_audit.c: the log grows at its end only; openings can be erased. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static int64_t partner;

static void setup(void)
{
    fixture_open();
    partner = add_partner("Acme", 1);
}

static uint8_t bytes[64];

static struct mdl_audit_row entry(uint64_t seq, uint8_t round)
{
    struct mdl_audit_row e = {.seq = seq,
                              .entry = {.data = bytes, .len = sizeof bytes},
                              .leaf_len = 32,
                              .chain_len = 64,
                              .at = seq * 100,
                              .has_round = round != 0,
                              .partner = round != 0 ? partner : 0,
                              .direction = MDL_AUDIT_OUT,
                              .type = 17,
                              .size = UINT64_C(1) << 33};

    memset(bytes, (int)seq, sizeof bytes);
    memset(e.leaf, (int)seq, 32);
    memset(e.chain, (int)seq ^ 0xff, 64);
    round_id(round, e.round);
    return e;
}

static void append(uint64_t seq, uint8_t round)
{
    struct mdl_audit_row e = entry(seq, round);
    ok(mdl_audit_append(st, &e, &err));
}

START_TEST(the_head_follows_the_open_transaction)
{
    struct mdl_audit_head h;

    ok(mdl_audit_head(st, &h, &err));
    ck_assert_uint_eq(h.seq, 0);
    ck_assert_uint_eq(h.chain_len, 0);
    ok(mdl_store_begin(st, &err));
    append(1, 0);
    append(2, 5);
    ok(mdl_audit_head(st, &h, &err));
    ck_assert_uint_eq(h.seq, 2);
    ck_assert_uint_eq(h.chain_len, 64);
    ck_assert_uint_eq(h.chain[63], 2 ^ 0xff);
    mdl_store_rollback(st);
    ok(mdl_audit_head(st, &h, &err));
    ck_assert_uint_eq(h.seq, 0);
}
END_TEST

START_TEST(only_the_next_number_is_taken)
{
    struct mdl_audit_row e;

    ok(mdl_store_begin(st, &err));
    e = entry(2, 0);
    fails(mdl_audit_append(st, &e, &err), MDL_U_STATE);
    says("grows at its end");
    append(1, 0);
    e = entry(1, 0);
    fails(mdl_audit_append(st, &e, &err), MDL_U_STATE);
    e = entry(3, 0);
    fails(mdl_audit_append(st, &e, &err), MDL_U_STATE);
    append(2, 0);
    ok(mdl_store_commit(st, &err));
}
END_TEST

START_TEST(impossible_entries_are_a_bug)
{
    struct mdl_audit_row e = entry(1, 0);

    ok(mdl_store_begin(st, &err));
    e.entry.len = MDL_AUDIT_ENTRY_MAX + 1;
    fails(mdl_audit_append(st, &e, &err), MDL_BUG);
    e = entry(1, 0);
    e.chain_len = MDL_AUDIT_HASH + 1;
    fails(mdl_audit_append(st, &e, &err), MDL_BUG);
    e = entry(1, 1);
    e.partner = 999;
    fails(mdl_audit_append(st, &e, &err), MDL_U_NOT_FOUND);
    mdl_store_rollback(st);
}
END_TEST

START_TEST(the_table_refuses_change_and_deletion)
{
    ok(mdl_store_begin(st, &err));
    append(1, 0);
    append(2, 0);
    ok(mdl_store_commit(st, &err));
    mdl_store_close(st);
    st = NULL;
    ck_assert_str_eq(tamper_fails("DELETE FROM audit WHERE seq = 2"),
                     "a log entry is never deleted");
    ck_assert_str_eq(tamper_fails("UPDATE audit SET entry = x'00'"),
                     "a log entry is never altered");
    ck_assert_str_eq(tamper_fails("INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 1"),
                     "the log grows at its end only");
    ok(mdl_store_open(dir, MDL_STORE_EXISTING, &st, &err));
    ok(mdl_store_check(st, &err));
}
END_TEST

struct seen {
    uint64_t numbers;
    int stop_after;
};

static bool collect(void *ctx, const struct mdl_audit_row *e)
{
    struct seen *s = ctx;

    s->numbers = s->numbers * 10 + e->seq;
    ck_assert_uint_eq(e->entry.len, sizeof bytes);
    ck_assert_uint_eq(e->entry.data[0], e->seq);
    ck_assert_uint_eq(e->leaf_len, 32);
    ck_assert_uint_eq(e->leaf[31], e->seq);
    ck_assert_uint_eq(e->chain[0], e->seq ^ 0xff);
    ck_assert_uint_eq(e->at, e->seq * 100);
    ck_assert_uint_eq(e->size, UINT64_C(1) << 33);
    ck_assert_uint_eq(e->type, 17);
    ck_assert_int_eq(e->direction, MDL_AUDIT_OUT);
    ck_assert_int_eq(e->partner, e->has_round ? partner : 0);
    return --s->stop_after != 0;
}

static void listed(struct mdl_audit_filter f, uint64_t expected)
{
    struct seen s = {.stop_after = -1};

    ok(mdl_audit_list(st, &f, collect, &s, &err));
    ck_assert_uint_eq(s.numbers, expected);
}

START_TEST(lists_by_filter)
{
    uint8_t id[MDL_STORE_ROUND];
    struct seen s = {.stop_after = 2};

    ok(mdl_store_begin(st, &err));
    append(1, 0);
    append(2, 5);
    append(3, 6);
    append(4, 5);
    ok(mdl_store_commit(st, &err));
    listed((struct mdl_audit_filter){0}, 1234);
    listed((struct mdl_audit_filter){.from_seq = 3}, 34);
    listed((struct mdl_audit_filter){.limit = 2}, 12);
    listed((struct mdl_audit_filter){.partner = partner}, 234);
    listed((struct mdl_audit_filter){.from = 200, .until = 400}, 23);
    round_id(5, id);
    listed((struct mdl_audit_filter){.round = id}, 24);
    listed((struct mdl_audit_filter){.round = id, .from_seq = 3}, 4);
    ok(mdl_audit_list(st, &(struct mdl_audit_filter){0}, collect, &s, &err));
    ck_assert_uint_eq(s.numbers, 12);
}
END_TEST

START_TEST(openings_can_be_erased_and_the_log_stays)
{
    uint8_t salt[32];
    struct mdl_blob opening = {.data = salt, .len = sizeof salt};
    struct mdl_blob found;
    uint8_t id[MDL_STORE_ROUND];

    memset(salt, 0x77, sizeof salt);
    ok(mdl_store_begin(st, &err));
    append(1, 5);
    append(2, 6);
    ok(mdl_audit_put_opening(st, 1, &opening, &err));
    ok(mdl_audit_put_opening(st, 2, &opening, &err));
    fails(mdl_audit_put_opening(st, 1, &opening, &err), MDL_U_EXISTS);
    fails(mdl_audit_put_opening(st, 3, &opening, &err), MDL_U_NOT_FOUND);
    ok(mdl_store_commit(st, &err));
    ok(mdl_audit_get_opening(st, 1, &found, &err));
    ck_assert_uint_eq(found.len, sizeof salt);
    ck_assert_mem_eq(found.data, salt, sizeof salt);
    free(found.data);
    round_id(5, id);
    ok(mdl_store_begin(st, &err));
    ok(mdl_audit_erase_openings(st, id, &err));
    ok(mdl_store_commit(st, &err));
    fails(mdl_audit_get_opening(st, 1, &found, &err), MDL_U_NOT_FOUND);
    ok(mdl_audit_get_opening(st, 2, &found, &err));
    free(found.data);
    listed((struct mdl_audit_filter){0}, 12);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("audit");
    TCase *t = tcase_create("audit");

    tcase_add_checked_fixture(t, setup, fixture_close);
    tcase_add_test(t, the_head_follows_the_open_transaction);
    tcase_add_test(t, only_the_next_number_is_taken);
    tcase_add_test(t, impossible_entries_are_a_bug);
    tcase_add_test(t, the_table_refuses_change_and_deletion);
    tcase_add_test(t, lists_by_filter);
    tcase_add_test(t, openings_can_be_erased_and_the_log_stays);
    suite_add_tcase(s, t);
    return run_suite(s);
}
