/* check_caps.c: not one byte of a list moves where a round may not run. Time is moved for this
 * process, or for one node's thread. */
#include "levels.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HOUR 3600

static _Atomic long shift_all;   /* seconds, on the clock on the wall */
static _Atomic(pthread_t) ahead; /* a thread whose clock goes before */
static _Atomic long shift_ahead; /* by so many seconds */

/* The nodes' clock: takes the place of the library's in this program. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
    long r = syscall(SYS_clock_gettime, id, ts);
    if (id == CLOCK_REALTIME && r == 0) {
        ts->tv_sec += atomic_load(&shift_all);
        if (pthread_equal(pthread_self(), atomic_load(&ahead))) {
            ts->tv_sec += atomic_load(&shift_ahead);
        }
    }
    return (int)r;
}

/* Messages that carry anything of a list, in a node's log, both ways. */
static size_t list_messages(struct node *n)
{
    static const char *const types[] = {"COMMIT", "CHUNK", "TAGS"};
    json_t *log = node_do(n, "audit.list", json_pack("{s:i, s:i}", "after", 0, "limit", 5000));
    size_t hits = 0;
    size_t i;
    const json_t *e;
    json_array_foreach(at(log, "entries"), i, e)
    {
        const char *type = json_string_value(json_object_get(e, "type"));
        for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
            hits += type != NULL && strstr(type, types[k]) != NULL ? 1 : 0;
        }
    }
    json_decref(log);
    return hits;
}

static size_t moved_lists(void)
{
    return list_messages(&northwind) + list_messages(&contoso);
}

static void cannot_start(struct node *n, const char *partner, const char *cap)
{
    const char *text =
        node_refuses(n, "round.start", json_pack("{s:s}", "partner", partner), MDL_P_CAP);
    ck_assert_msg(strstr(text, cap) != NULL, "%s", text);
}

START_TEST(nothing_without_an_agreement)
{
    char id[33];
    import_lists();
    nodes_pair(&northwind, &contoso, false);
    start_round(id); /* proposes the standard agreement, which waits */
    usleep(500000);
    ck_assert_uint_eq(moved_lists(), 0);
    json_decref(node_do(&northwind, "round.abort", json_pack("{s:s}", "round", id)));
    agree(EASY, MIXED);
    json_decref(run_round("complete"));
    ck_assert_uint_gt(moved_lists(), 10); /* the count counts */
}
END_TEST

START_TEST(nothing_without_approval)
{
    char id[33];
    ready(EASY, MIXED); /* approval: a person; the standing rules of both are on */
    start_round(id);
    usleep(500000);
    json_t *doc = node_do(&contoso, "round.show", json_pack("{s:s}", "round", id));
    is_text(at(doc, "round"), "state", "waiting-for-approval");
    json_decref(doc);
    ck_assert_uint_eq(moved_lists(), 0);
    json_decref(node_do(&contoso, "round.refuse", json_pack("{s:s}", "round", id)));
    json_decref(node_wait_round(&northwind, id, 10));
    ck_assert_uint_eq(moved_lists(), 0);
}
END_TEST

/* A round that was begun before the end of an agreement is not begun after it. */
START_TEST(nothing_when_it_has_expired)
{
    char id[33];
    ready(EASY, MIXED);
    start_round(id);
    atomic_store(&shift_all, 31 * 24 * HOUR);
    for (int i = 0; i < 100 && tries(&contoso, "round.approve", json_pack("{s:s}", "round", id));
         i++) {
        usleep(10000);
    }
    usleep(300000);
    ck_assert_uint_eq(moved_lists(), 0);
}
END_TEST

START_TEST(nothing_when_it_was_revoked)
{
    char id[33];
    ready(EASY, MIXED);
    start_round(id);
    json_decref(
        node_do(&contoso, "agreement.revoke", json_pack("{s:s}", "agreement", "Northwind")));
    json_decref(node_wait_round(&northwind, id, 10));
    ck_assert_uint_eq(moved_lists(), 0);
    (void)tries(&contoso, "round.approve", json_pack("{s:s}", "round", id));
    usleep(200000);
    ck_assert_uint_eq(moved_lists(), 0);
}
END_TEST

static void ends_by_cap(const char *cap)
{
    size_t before = moved_lists();
    json_t *round = run_round("aborted");
    is_text(round, "code", "cap");
    ck_assert_msg(strstr(json_string_value(at(round, "text")), cap) != NULL, "%s",
                  json_string_value(at(round, "text")));
    json_decref(round);
    ck_assert_uint_eq(moved_lists(), before);
}

START_TEST(nothing_above_the_keys_of_a_round)
{
    ready(EASY "max_keys_round = 5\n", MIXED);
    ends_by_cap("max_keys_round");
}
END_TEST

START_TEST(nothing_above_the_keys_of_a_month)
{
    ready(EASY "max_keys_month = 25\n", MIXED);
    json_decref(run_round("complete"));
    ends_by_cap("max_keys_month");
}
END_TEST

START_TEST(nothing_above_the_rounds_of_a_month)
{
    ready("min_result = 0\ncooldown_hours = 0\nmin_change = 0\nmax_rounds_month = 1\n", MIXED);
    json_decref(run_round("complete"));
    size_t before = moved_lists();
    cannot_start(&northwind, "Contoso", "max_rounds_month");
    cannot_start(&contoso, "Northwind", "max_rounds_month");
    ck_assert_uint_eq(moved_lists(), before);
}
END_TEST

static const char changed[] = HEADER "Acme,acme.com,acme.de;acme.fr,customer,A1\n"
                                     "Initech,initech.com,,customer,A2\n"
                                     "Starkhouse,starkhouse.com,,customer,A3\n"
                                     "Oneoff,oneoff.com,,customer,A8\n";

/* One more customer would show by a count whether Contoso has it. The same list again may run, and
 * one that has changed enough. */
START_TEST(nothing_when_a_list_changed_too_little)
{
    ready("min_result = 0\ncooldown_hours = 0\nmin_change = 3\nmax_rounds_month = 20\n",
          "customers : prospects = counts\n");
    json_decref(run_round("complete"));
    json_decref(run_round("complete")); /* the very same */
    json_decref(node_import(&northwind, "n.csv", changed, NULL));
    ends_by_cap("min_change");
    /* Contoso knows that it was the cap, and not by how much. */
    json_t *doc = node_do(&contoso, "round.show", json_pack("{s:s}", "round", "Northwind"));
    is_text(at(doc, "round"), "code", "cap");
    ck_assert_ptr_nonnull(
        strstr(json_string_value(at(at(doc, "round"), "text")), "min_change: a list has changed"));
    json_decref(doc);
    json_decref(node_import(&northwind, "n.csv",
                            HEADER "Acme,acme.com,,customer,A1\nNew,newone.com,,customer,A9\n",
                            NULL));
    json_decref(run_round("complete"));
}
END_TEST

/* The list of the round before is gone: nobody can tell, so it may not run. */
START_TEST(nothing_when_the_list_before_is_gone)
{
    char path[600];
    ready("min_result = 0\ncooldown_hours = 0\nmin_change = 3\nmax_rounds_month = 20\n",
          "customers : prospects = counts\n");
    json_t *round = run_round("complete");
    (void)snprintf(path, sizeof path, "%s/rounds/%s-0.db", northwind.dir,
                   json_string_value(at(round, "id")));
    json_decref(round);
    ck_assert_int_eq(unlink(path), 0);
    ends_by_cap("min_change");
}
END_TEST

START_TEST(nothing_before_the_cooldown_is_over)
{
    ready("min_result = 0\ncooldown_hours = 2\nmin_change = 0\nmax_rounds_month = 20\n", MIXED);
    atomic_store(&shift_all, 40 * HOUR);
    json_decref(run_round("complete"));
    size_t before = moved_lists();
    cannot_start(&northwind, "Contoso", "cooldown_hours");
    cannot_start(&contoso, "Northwind", "cooldown_hours");
    /* A clock that is set back opens nothing. */
    atomic_store(&shift_all, 10 * HOUR);
    cannot_start(&northwind, "Contoso", "cooldown_hours");
    cannot_start(&contoso, "Northwind", "cooldown_hours");
    atomic_store(&shift_all, 40 * HOUR);
    /* One node's clock, or its operator, is ahead: the other refuses. */
    atomic_store(&ahead, northwind.thread);
    atomic_store(&shift_ahead, 3 * HOUR);
    char id[33];
    start_round(id);
    json_t *round = node_wait_round(&northwind, id, 10);
    is_text(round, "state", "refused");
    is_text(round, "code", "cap");
    ck_assert_ptr_nonnull(strstr(json_string_value(at(round, "text")), "cooldown_hours"));
    json_decref(round);
    ck_assert_uint_eq(moved_lists(), before);
    /* Later it may run. */
    atomic_store(&shift_ahead, 0);
    atomic_store(&shift_all, 43 * HOUR);
    json_decref(run_round("complete"));
}
END_TEST

/* A round that broke off counts: it may have told something. */
START_TEST(an_aborted_round_begins_the_cooldown)
{
    ready("min_result = 0\ncooldown_hours = 2\nmin_change = 0\nmax_keys_round = 5\n"
          "max_rounds_month = 20\n",
          MIXED);
    ends_by_cap("max_keys_round");
    cannot_start(&northwind, "Contoso", "cooldown_hours");
    cannot_start(&contoso, "Northwind", "cooldown_hours");
}
END_TEST

/* Time as it is: without forks a test has the memory of the one before. */
static void fresh(void)
{
    atomic_store(&shift_all, 0);
    atomic_store(&shift_ahead, 0);
    two_nodes_setup();
}

int main(void)
{
    const TTest *const tests[] = {
        nothing_without_an_agreement,         nothing_without_approval,
        nothing_when_it_has_expired,          nothing_when_it_was_revoked,
        nothing_above_the_keys_of_a_round,    nothing_above_the_keys_of_a_month,
        nothing_above_the_rounds_of_a_month,  nothing_when_a_list_changed_too_little,
        nothing_when_the_list_before_is_gone, nothing_before_the_cooldown_is_over,
        an_aborted_round_begins_the_cooldown};
    return nodes_run("caps", tests, sizeof tests / sizeof tests[0], 120, fresh, two_nodes_teardown);
}
