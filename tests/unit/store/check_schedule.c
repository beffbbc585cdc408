/* check_schedule.c: rounds that the node proposes by itself: kept, replaced, in the order they are
 * due. */
#include "fixture.h"

#include <store_schedule.h>

#include <stdio.h>

static int64_t acme;
static int64_t globex;

static void setup(void)
{
    fixture_open();
    acme = add_partner("Acme", 1);
    globex = add_partner("Globex", 2);
}

static void put(int64_t partner, uint64_t every, uint64_t next, const char *last)
{
    struct mdl_schedule_row row = {.partner = partner, .every_ms = every, .next_at = next};

    (void)snprintf(row.last, sizeof row.last, "%s", last);
    ok(mdl_store_begin(st, &err));
    ok(mdl_schedule_put(st, &row, &err));
    ok(mdl_store_commit(st, &err));
}

struct seen {
    size_t n, most;
    int64_t partner[4];
};

static bool collect(void *ctx, const struct mdl_schedule_row *row)
{
    struct seen *s = ctx;
    s->partner[s->n++] = row->partner;
    return s->n < s->most;
}

START_TEST(one_line_a_partner)
{
    struct mdl_schedule_row row;

    ck_assert_int_eq(mdl_schedule_get(st, acme, &row, &err), MDL_U_NOT_FOUND);
    put(acme, 1000, 5000, "");
    put(acme, 2000, 7000, "proposed");
    ok(mdl_schedule_get(st, acme, &row, &err));
    ck_assert_uint_eq(row.every_ms, 2000);
    ck_assert_uint_eq(row.next_at, 7000);
    ck_assert_uint_eq(row.last_at, 0);
    ck_assert_str_eq(row.last, "proposed");
    ok(mdl_store_begin(st, &err));
    ok(mdl_schedule_remove(st, acme, &err));
    ok(mdl_schedule_remove(st, acme, &err));
    ok(mdl_store_commit(st, &err));
    ck_assert_int_eq(mdl_schedule_get(st, acme, &row, &err), MDL_U_NOT_FOUND);
}
END_TEST

START_TEST(the_next_one_due_comes_first)
{
    struct seen all = {.most = 4};
    struct seen one = {.most = 1};

    put(acme, 1000, 9000, "");
    put(globex, 1000, 8000, "");
    ok(mdl_schedule_list(st, collect, &all, &err));
    ck_assert_uint_eq(all.n, 2);
    ck_assert_int_eq(all.partner[0], globex);
    ck_assert_int_eq(all.partner[1], acme);
    ok(mdl_schedule_list(st, collect, &one, &err));
    ck_assert_uint_eq(one.n, 1);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    struct mdl_schedule_row row = {.partner = 99, .every_ms = 1000, .next_at = 1};

    ok(mdl_store_begin(st, &err));
    ck_assert_int_eq(mdl_schedule_put(st, &row, &err), MDL_U_NOT_FOUND);
    row.partner = acme;
    row.every_ms = 0;
    ck_assert_int_ne(mdl_schedule_put(st, &row, &err), MDL_OK);
    mdl_store_rollback(st);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("schedule");
    TCase *t = tcase_create("schedule");

    tcase_add_checked_fixture(t, setup, fixture_close);
    tcase_add_test(t, one_line_a_partner);
    tcase_add_test(t, the_next_one_due_comes_first);
    tcase_add_test(t, what_makes_no_sense_is_refused);
    suite_add_tcase(s, t);
    return run_suite(s);
}
