/* check_crash.c: kill -9 at random moments: what was committed is there, what was not is gone. */
#include "fixture.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS_OF_DEATH 50
#define SEED            20261122u

static unsigned seed; /* printed when a test fails */

static int64_t random_below(int64_t n)
{
    seed = seed * 1103515245u + 12345u;
    return (int64_t)(seed >> 8) % n;
}

/* In the child: something went wrong that was not the kill. */
static void must(enum mdl_status rc)
{
    if (rc != MDL_OK) {
        _exit(1);
    }
}

/* One commit: a log entry, a setting that counts it, a waiting message. All or nothing. */
static void one_commit(struct mdl_store *s, uint64_t n)
{
    uint8_t bytes[3000];
    char value[32];
    struct mdl_audit_row e = {
        .seq = n, .entry = {.data = bytes, .len = sizeof bytes}, .leaf_len = 32, .chain_len = 64};
    struct mdl_outbox_row m = {.partner = 1, .type = 1, .body = {.data = bytes, .len = 40}};

    memset(bytes, (int)n, sizeof bytes);
    (void)snprintf(value, sizeof value, "%llu", (unsigned long long)n);
    m.subject_len = strlen(value);
    memcpy(m.subject, value, m.subject_len);
    must(mdl_store_begin(s, NULL));
    must(mdl_audit_append(s, &e, NULL));
    must(mdl_meta_put(s, "count", value, NULL));
    must(mdl_outbox_put(s, &m, NULL));
    must(mdl_store_commit(s, NULL));
}

static void commit_for_ever(int fd)
{
    struct mdl_store *s;
    struct mdl_audit_head head;

    must(mdl_store_open(dir, MDL_STORE_EXISTING, &s, NULL));
    must(mdl_audit_head(s, &head, NULL));
    for (uint64_t n = head.seq + 1;; n++) {
        one_commit(s, n);
        if (write(fd, &n, sizeof n) != (ssize_t)sizeof n) {
            _exit(1);
        }
    }
}

/* Runs `child` in a process of its own, kills it after `us` microseconds from its first word on;
 * returns the last number it reported (0: none). */
static uint64_t run_and_kill(void (*child)(int fd), int64_t us)
{
    int fd[2];
    uint64_t last = 0;
    uint64_t n;
    int status;

    ck_assert_int_eq(pipe(fd), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)close(fd[0]);
        child(fd[1]);
        _exit(2);
    }
    (void)close(fd[1]);
    struct pollfd p = {.fd = fd[0], .events = POLLIN};
    (void)poll(&p, 1, 20000);
    (void)usleep((useconds_t)us);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFSIGNALED(status), "the child ended by itself (seed %u)", seed);
    while (read(fd[0], &n, sizeof n) == (ssize_t)sizeof n) {
        last = n;
    }
    (void)close(fd[0]);
    return last;
}

static uint64_t committed(void)
{
    struct mdl_audit_head head;
    char value[32] = "0";

    ok(mdl_store_open(dir, MDL_STORE_EXISTING, &st, &err));
    ok(mdl_store_check(st, &err));
    ok(mdl_audit_head(st, &head, &err));
    if (head.seq > 0) {
        ok(mdl_meta_get(st, "count", value, sizeof value, &err));
    }
    ck_assert_msg(strtoull(value, NULL, 10) == head.seq, "half a transaction (seed %u)", seed);
    mdl_store_close(st);
    st = NULL;
    return head.seq;
}

START_TEST(what_was_committed_survives)
{
    uint64_t before = 0;
    uint64_t reached = 0;

    (void)add_partner("Acme", 1);
    mdl_store_close(st);
    st = NULL;
    for (int i = 0; i < ROUNDS_OF_DEATH; i++) {
        uint64_t reported = run_and_kill(commit_for_ever, random_below(12000));
        uint64_t found = committed();
        if (reported == 0) {
            reported = before;
        }
        ck_assert_msg(found == reported || found == reported + 1,
                      "reported %llu, found %llu (seed %u)", (unsigned long long)reported,
                      (unsigned long long)found, seed);
        before = found;
        reached = found > reached ? found : reached;
    }
    ck_assert_uint_ge(reached, ROUNDS_OF_DEATH);
}
END_TEST

static void fill(struct mdl_gen *g, int n)
{
    char words[40];
    char record[20];

    for (int i = 0; i < n; i++) {
        (void)snprintf(record, sizeof record, "r%d", i);
        (void)snprintf(words, sizeof words, "16:d%d.com 34:n%d", i, i);
        put_account(g, record, record, words, 1, 0);
    }
}

static void say(int fd)
{
    uint64_t one = 1;

    if (write(fd, &one, sizeof one) != (ssize_t)sizeof one) {
        _exit(1);
    }
}

static void import_for_ever(int fd)
{
    static struct mdl_gen_summary sum;
    const struct mdl_gen_options opt = {.shared_key_type = 16, .shared_key_limit = 3};
    char generation[MDL_STORE_GENERATION + 1];
    struct mdl_store *s;
    struct mdl_gen *g;

    must(mdl_store_open(dir, MDL_STORE_EXISTING, &s, NULL));
    say(fd);
    for (;;) {
        must(mdl_gen_create(dir, "crm", generation, &g, NULL));
        fill(g, 200);
        must(mdl_gen_finish(g, &opt, &sum, NULL));
    }
}

START_TEST(a_killed_import_leaves_the_old_one)
{
    static struct mdl_gen_summary sum;
    struct mdl_source_row before;
    struct mdl_source_row after;
    char generation[MDL_STORE_GENERATION + 1];
    struct mdl_gen_reader *r;
    struct mdl_gen *g;

    add_source("crm");
    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
    fill(g, 10);
    finish_and_swap(g, "crm", generation, &sum);
    ok(mdl_source_get(st, "crm", &before, &err));
    for (int i = 0; i < 10; i++) {
        mdl_store_close(st);
        st = NULL;
        (void)run_and_kill(import_for_ever, random_below(40000));
        ok(mdl_store_open(dir, MDL_STORE_EXISTING, &st, &err));
        ck_assert_int_eq(count_files("sources"), 1);
        ok(mdl_source_get(st, "crm", &after, &err));
        ck_assert_str_eq(after.generation, before.generation);
        mdl_source_clear(&after);
        ok(mdl_gen_open(dir, "crm", generation, &r, &err));
        mdl_gen_close(r);
    }
    mdl_source_clear(&before);
}
END_TEST

static const struct mdl_opened positions[] = {
    {.ordinal = 1, .partner_populations = 1},
    {.ordinal = 2, .partner_populations = 1},
    {.ordinal = 1999, .partner_populations = 2},
};

static void regroup_for_ever(int fd)
{
    static struct mdl_regroup_counts counts;
    struct mdl_snap *s;
    uint8_t id[MDL_STORE_ROUND];

    round_id(1, id);
    say(fd);
    for (;;) {
        must(mdl_snap_open(dir, id, 0, &s, NULL));
        must(mdl_snap_match(s, positions, 3, NULL));
        must(mdl_snap_regroup(s, &test_rules, NULL, NULL, &counts, NULL));
        mdl_snap_close(s);
    }
}

START_TEST(a_killed_regrouping_can_be_repeated)
{
    static const char *const customers[] = {"customers"};
    static struct mdl_gen_summary sum;
    static struct mdl_snap_report rep;
    static struct mdl_regroup_counts counts;
    char generation[MDL_STORE_GENERATION + 1];
    char path[400];
    uint8_t id[MDL_STORE_ROUND];
    struct mdl_snap *s;
    struct mdl_gen *g;

    add_agreement(add_partner("Acme", 1), 1);
    add_round(1, 1, 1);
    add_source("crm");
    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
    fill(g, 1000);
    finish_and_swap(g, "crm", generation, &sum);
    build_snapshot(1, customers, 1, &rep);
    ck_assert_uint_eq(rep.keys, 2000);
    round_id(1, id);
    (void)snprintf(path, sizeof path, "%s/rounds/01010101010101010101010101010101-0.db", dir);
    for (int i = 0; i < 10; i++) {
        (void)run_and_kill(regroup_for_ever, random_below(15000));
        reopen();
        ok(mdl_snap_open(dir, id, 0, &s, &err));
        ok(mdl_snap_match(s, positions, 3, &err));
        ok(mdl_snap_regroup(s, &test_rules, NULL, NULL, &counts, &err));
        mdl_snap_close(s);
        ck_assert_uint_eq(counts.accounts, 2);
        ck_assert_uint_eq(counts.review, 1);
        ck_assert_uint_eq(counts.own_total[0], 1000);
        ck_assert_int_eq(
            query_int(path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    }
}
END_TEST

static void start(void)
{
    seed = SEED;
    fixture_open();
}

int main(void)
{
    /* A kill leaves what the system was given, wherever it was: memory does, and is faster. */
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 0);
    }
    Suite *s = suite_create("crash");
    TCase *t = tcase_create("crash");

    tcase_set_timeout(t, 100);
    tcase_add_checked_fixture(t, start, fixture_close);
    tcase_add_test(t, what_was_committed_survives);
    tcase_add_test(t, a_killed_import_leaves_the_old_one);
    tcase_add_test(t, a_killed_regrouping_can_be_repeated);
    suite_add_tcase(s, t);
    return run_suite(s);
}
