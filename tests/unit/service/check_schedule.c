/* check_schedule.c: rounds that a node proposes by itself: when they are due, and when they may not
 * be. Time is moved by the line's own due time, written on the node's thread. */
#include "nodes.h"

#include <internal.h>
#include <schedule.h>
#include <store_schedule.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define HOUR INT64_C(3600000)

static const char list_a[] = "Account Name,Website\nAcme GmbH,https://www.acme.com\n";
static const char list_b[] = "Account Name,Website\nACME,acme.com\nGlobex,globex.net\n";

struct move {
    int64_t due_in_ms;
};

static enum mdl_status move_due(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    const struct move *m = ctx;
    struct mdl_schedule_row row;
    enum mdl_status st = mdl_schedule_get(s->store, s->peers[0].id, &row, err);
    row.next_at = (uint64_t)((int64_t)now_ms() + m->due_in_ms);
    schedules_changed(s);
    return st == MDL_OK ? mdl_schedule_put(s->store, &row, err) : st;
}

static enum mdl_status ask_due(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct move *m = ctx;
    struct mdl_schedule_row row;
    enum mdl_status st = mdl_schedule_get(s->store, s->peers[0].id, &row, err);
    m->due_in_ms = (int64_t)row.next_at - (int64_t)now_ms();
    return st;
}

static void due_in(int64_t ms)
{
    struct move m = {ms};
    struct mdl_error err = {MDL_OK, ""};
    ck_assert_msg(call_loop(northwind.service, move_due, &m, &err) == MDL_OK, "%s", err.text);
}

static json_t *line(void)
{
    json_t *doc = node_do(&northwind, "schedule.list", json_object());
    json_t *first = json_incref(json_array_get(json_object_get(doc, "schedules"), 0));
    ck_assert_uint_eq(json_array_size(json_object_get(doc, "schedules")), 1);
    json_decref(doc);
    return first;
}

static const char *text(const json_t *o, const char *name)
{
    const char *t = json_string_value(json_object_get(o, name));
    return t != NULL ? t : "";
}

/* The line once something has become of it, that is once its next due time lies ahead. */
static json_t *after(const char *result)
{
    for (int i = 0; i < 1000; i++) {
        json_t *l = line();
        if (strstr(text(l, "last_result"), result) != NULL) {
            return l;
        }
        json_decref(l);
        usleep(10000);
    }
    ck_abort_msg("nothing became of it like '%s'", result);
}

static void both_ready(void)
{
    nodes_pair(&northwind, &contoso, true);
    json_decref(node_import(&northwind, "a.csv", list_a, NULL));
    json_decref(node_import(&contoso, "b.csv", list_b, NULL));
    json_t *doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    char id[33];
    (void)snprintf(id, sizeof id, "%s", text(json_object_get(doc, "round"), "id"));
    json_decref(doc);
    json_decref(node_wait_round(&northwind, id, 30));
    json_decref(node_wait_round(&contoso, id, 30));
}

static void every(const char *interval)
{
    json_t *doc = node_do(&northwind, "schedule.set",
                          json_pack("{s:s, s:s}", "partner", "Contoso", "every", interval));
    ck_assert_str_eq(text(json_object_get(doc, "schedule"), "last_result"), "");
    json_decref(doc);
}

static size_t rounds(void)
{
    json_t *doc = node_do(&northwind, "round.list", json_object());
    size_t n = json_array_size(json_object_get(doc, "rounds"));
    json_decref(doc);
    return n;
}

START_TEST(a_round_that_is_due_runs)
{
    both_ready();
    every("7d");
    ck_assert_uint_eq(rounds(), 1);
    due_in(-1);
    json_t *l = after("proposed");
    ck_assert_str_eq(text(l, "every"), "7d");
    char id[9];
    ck_assert_int_eq(sscanf(text(l, "last_result"), "round %8s proposed", id), 1);
    json_t *round = node_wait_round(&northwind, id, 30);
    ck_assert_str_eq(text(round, "state"), "complete");
    json_decref(round);
    json_decref(l);
    ck_assert_uint_eq(rounds(), 2);
}
END_TEST

/* The node was off for ten intervals and a half. */
START_TEST(missed_rounds_are_made_up_for_by_one)
{
    both_ready();
    every("2h");
    due_in(-21 * HOUR);
    json_decref(after("proposed"));
    usleep(300000);
    ck_assert_uint_eq(rounds(), 2);
    struct move m = {0};
    struct mdl_error err = {MDL_OK, ""};
    ck_assert_msg(call_loop(northwind.service, ask_due, &m, &err) == MDL_OK, "%s", err.text);
    int64_t ahead = m.due_in_ms;
    ck_assert_int_gt(ahead, HOUR - 60000); /* the cadence stays: 22 hours after */
    ck_assert_int_le(ahead, HOUR);
}
END_TEST

START_TEST(a_clock_that_was_set_back_stops_nothing)
{
    both_ready();
    every("2h");
    due_in(3 * HOUR);
    json_decref(after("proposed"));
    ck_assert_uint_eq(rounds(), 2);
}
END_TEST

static enum mdl_status ask_wait(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    uint64_t *wait_ms = ctx;
    uint64_t now = steady_ms();
    *wait_ms = s->schedule_at > now ? s->schedule_at - now : 0;
    (void)err;
    return MDL_OK;
}

/* No file takes a byte, as on a full disk: the node tries again after a while, not in every turn.
 */
START_TEST(a_full_disk_is_not_asked_again_and_again)
{
    struct mdl_error err = {MDL_OK, ""};
    struct rlimit before;
    struct rlimit none;
    uint64_t wait_ms = 0;
    both_ready();
    every("7d");
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = (struct rlimit){0, before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    due_in(400);
    /* Check's own notes are a file too: nothing is asserted in here. */
    int limited = setrlimit(RLIMIT_FSIZE, &none);
    for (int i = 0; i < 500 && wait_ms < 30000; i++) {
        usleep(20000);
        /* A question in the very turn whose commit fails shares its error. */
        (void)call_loop(northwind.service, ask_wait, &wait_ms, &err);
    }
    int freed = setrlimit(RLIMIT_FSIZE, &before);
    ck_assert_int_eq(limited, 0);
    ck_assert_int_eq(freed, 0);
    ck_assert_msg(wait_ms >= 30000, "%s", err.text);
    ck_assert_uint_eq(rounds(), 1);
    due_in(-1);
    json_decref(after("proposed"));
    ck_assert_uint_eq(rounds(), 2);
}
END_TEST

START_TEST(nothing_is_proposed_without_an_agreement)
{
    both_ready();
    every("1d");
    json_decref(
        node_do(&northwind, "agreement.revoke", json_pack("{s:s}", "agreement", "Contoso")));
    due_in(-1);
    json_decref(after("no agreement"));
    ck_assert_uint_eq(rounds(), 1);
}
END_TEST

START_TEST(a_schedule_needs_terms_that_allow_it)
{
    nodes_pair(&northwind, &contoso, false);
    json_t *wish = json_pack("{s:s, s:s}", "partner", "Contoso", "every", "1d");
    ck_assert_ptr_nonnull(
        strstr(node_refuses(&northwind, "schedule.set", wish, MDL_U_NOT_FOUND), "no agreement"));
    static const char *const wrong[] = {"", "7", "d", "0d", "367d", "1.5h", "-1d", "1y", "999999h"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        wish = json_pack("{s:s, s:s}", "partner", "Contoso", "every", wrong[i]);
        ck_assert_ptr_nonnull(strstr(node_refuses(&northwind, "schedule.set", wish, MDL_U_ARGUMENT),
                                     "expected hours, days or weeks"));
    }
}
END_TEST

START_TEST(a_preview_changes_nothing)
{
    both_ready();
    json_t *doc =
        node_do(&northwind, "schedule.set",
                json_pack("{s:s, s:s, s:b}", "partner", "Contoso", "every", "12h", "preview", 1));
    ck_assert_str_eq(text(json_object_get(doc, "schedule"), "every"), "12h");
    json_decref(doc);
    doc = node_do(&northwind, "schedule.list", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_uint_eq(json_array_size(json_object_get(doc, "schedules")), 0);
    json_decref(doc);
    ck_assert_ptr_nonnull(
        strstr(node_refuses(&northwind, "schedule.list", json_pack("{s:s}", "partner", "Foo"),
                            MDL_U_NOT_FOUND),
               "Foo"));
}
END_TEST

START_TEST(off_is_off)
{
    both_ready();
    every("4w");
    json_decref(node_do(&northwind, "schedule.remove", json_pack("{s:s}", "partner", "Contoso")));
    json_t *doc = node_do(&northwind, "schedule.list", json_object());
    ck_assert_uint_eq(json_array_size(json_object_get(doc, "schedules")), 0);
    json_decref(doc);
    ck_assert_ptr_nonnull(
        strstr(node_refuses(&northwind, "schedule.remove", json_pack("{s:s}", "partner", "Contoso"),
                            MDL_U_NOT_FOUND),
               "no rounds are scheduled"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_round_that_is_due_runs,
                                  missed_rounds_are_made_up_for_by_one,
                                  a_clock_that_was_set_back_stops_nothing,
                                  a_full_disk_is_not_asked_again_and_again,
                                  nothing_is_proposed_without_an_agreement,
                                  a_schedule_needs_terms_that_allow_it,
                                  a_preview_changes_nothing,
                                  off_is_off};
    return two_nodes_run("schedule", tests, sizeof tests / sizeof tests[0], 90);
}
