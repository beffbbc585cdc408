/* check_full.c: a full disk: MDL_L_DISK_FULL, nothing committed is lost, and it goes on once there
 * is space.
 *
 * Each test runs twice: on a small tmpfs, where the process may mount one (else again as follows),
 * and under a limit on the size of files. */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

enum how { BY_TMPFS, BY_LIMIT };
static enum how how;
static bool mounted;

static void set_limit(rlim_t soft)
{
    struct rlimit l;

    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &l), 0);
    l.rlim_cur = soft;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void place(int i)
{
    fixture_dir();
    mounted = i == BY_TMPFS && mount("tmpfs", dir, "tmpfs", 0, "size=8m") == 0;
    how = mounted ? BY_TMPFS : BY_LIMIT;
    (void)signal(SIGXFSZ, SIG_IGN);
    ok(mdl_store_open(dir, MDL_STORE_CREATE, &st, &err));
}

static void ballast_path(char path[300])
{
    (void)snprintf(path, 300, "%s/ballast", dir);
}

/* Leaves about `left` bytes. */
static void fill_disk(size_t left)
{
    char path[300];
    static uint8_t block[4096];
    size_t n = 0;

    if (how == BY_LIMIT) {
        set_limit(left);
        return;
    }
    ballast_path(path);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    ck_assert_int_ge(fd, 0);
    while (write(fd, block, sizeof block) == (ssize_t)sizeof block) {
        n += sizeof block;
    }
    ck_assert_int_eq(ftruncate(fd, (off_t)(n > left ? n - left : 0)), 0);
    (void)close(fd);
}

static void free_disk(void)
{
    char path[300];

    if (how == BY_LIMIT) {
        set_limit(RLIM_INFINITY);
        return;
    }
    ballast_path(path);
    ck_assert_int_eq(unlink(path), 0);
}

static void leave(void)
{
    set_limit(RLIM_INFINITY);
    mdl_store_close(st);
    st = NULL;
    if (mounted) {
        ck_assert_int_eq(umount(dir), 0);
    }
    remove_tree(dir);
}

static enum mdl_status append(uint64_t n)
{
    uint8_t bytes[2000];
    struct mdl_audit_row e = {
        .seq = n, .entry = {.data = bytes, .len = sizeof bytes}, .leaf_len = 32, .chain_len = 64};

    memset(bytes, (int)n, sizeof bytes);
    return mdl_audit_append(st, &e, &err);
}

static enum mdl_status commit_one(uint64_t n)
{
    enum mdl_status rc = mdl_store_begin(st, &err);

    if (rc == MDL_OK) {
        rc = append(n);
        /* A lost transaction must say so at its commit, whatever was seen before. */
        enum mdl_status at_end = mdl_store_commit(st, &err);
        ck_assert(rc == MDL_OK || at_end == rc);
        rc = at_end;
    }
    return rc;
}

static void holds(uint64_t n)
{
    struct mdl_audit_head head;

    ok(mdl_audit_head(st, &head, &err));
    ck_assert_uint_eq(head.seq, n);
    ok(mdl_store_check(st, &err));
}

/* Commits until the disk is full; returns how many are in. */
static uint64_t until_full(void)
{
    uint64_t n = 0;
    enum mdl_status rc = MDL_OK;

    while (rc == MDL_OK) {
        ck_assert_uint_lt(n, 20000);
        rc = commit_one(++n);
    }
    ck_assert_int_eq(rc, MDL_L_DISK_FULL);
    ck_assert_int_eq(err.status, MDL_L_DISK_FULL);
    says("no space left");
    ck_assert(!mdl_store_in_transaction(st));
    return n - 1;
}

START_TEST(what_was_committed_stays)
{
    place(_i);
    fill_disk(400000);
    uint64_t n = until_full();
    ck_assert_uint_ge(n, 10);
    holds(n);
    fails(commit_one(n + 1), MDL_L_DISK_FULL);
    holds(n);
    free_disk();
    ok(commit_one(n + 1));
    holds(n + 1);
    reopen();
    holds(n + 1);
}
END_TEST

START_TEST(a_lost_transaction_stays_lost)
{
    char value[8];
    enum mdl_status rc = MDL_OK;

    place(_i);
    ok(commit_one(1));
    fill_disk(300000);
    ok(mdl_store_begin(st, &err));
    ok(mdl_meta_put(st, "half", "yes", &err));
    /* Pages leave the cache for the log before the commit only when it is full: so a big one. */
    for (uint64_t n = 2; n < 20000 && rc == MDL_OK; n++) {
        rc = append(n);
    }
    ck_assert_int_eq(rc, MDL_L_DISK_FULL);
    fails(mdl_meta_put(st, "more", "yes", &err), MDL_L_DISK_FULL);
    fails(mdl_store_mark(st, &err), MDL_L_DISK_FULL);
    fails(mdl_store_commit(st, &err), MDL_L_DISK_FULL);
    ck_assert(!mdl_store_in_transaction(st));
    free_disk();
    fails(mdl_meta_get(st, "half", value, sizeof value, &err), MDL_U_NOT_FOUND);
    holds(1);
    ok(commit_one(2));
    holds(2);
}
END_TEST

START_TEST(a_full_disk_does_not_keep_the_data_from_being_opened)
{
    struct mdl_error first = {0};

    place(_i);
    fill_disk(400000);
    uint64_t n = until_full();
    mdl_store_close(st);
    /* Whether it opens depends on how much the close gave back. If not, it says why. */
    enum mdl_status rc = mdl_store_open(dir, MDL_STORE_EXISTING, &st, &first);
    ck_assert_msg(rc == MDL_OK || rc == MDL_L_DISK_FULL, "%s", first.text);
    if (rc == MDL_OK) {
        holds(n);
        mdl_store_close(st);
    }
    st = NULL;
    free_disk();
    ok(mdl_store_open(dir, MDL_STORE_EXISTING, &st, &err));
    holds(n);
}
END_TEST

static enum mdl_status put_many(struct mdl_gen *g, int n)
{
    enum mdl_status rc = MDL_OK;
    uint8_t key[40];
    char record[24];

    for (int i = 0; i < n && rc == MDL_OK; i++) {
        (void)snprintf(record, sizeof record, "record-%d", i);
        memset(key, 0, sizeof key);
        key[0] = 16;
        memcpy(key + 3, &i, sizeof i);
        struct mdl_gen_key k = {.bytes = key, .len = sizeof key};
        struct mdl_gen_account a = {.fields = {.record_id = record, .name = record},
                                    .populations = 1,
                                    .keys = &k,
                                    .n_keys = 1};
        rc = mdl_gen_put_account(g, &a, &err);
    }
    return rc;
}

START_TEST(an_import_that_finds_no_space_leaves_nothing)
{
    static struct mdl_gen_summary sum;
    const struct mdl_gen_options opt = {.shared_key_type = 16, .shared_key_limit = 3};
    char generation[MDL_STORE_GENERATION + 1];
    struct mdl_gen *g;

    place(_i);
    add_source("crm");
    fill_disk(1000000);
    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
    enum mdl_status rc = put_many(g, 20000);
    if (rc == MDL_OK) {
        rc = mdl_gen_finish(g, &opt, &sum, &err);
    } else {
        mdl_gen_abort(g);
    }
    ck_assert_int_eq(rc, MDL_L_DISK_FULL);
    says("no space left");
    ck_assert_int_eq(count_files("sources"), 0);
    free_disk();
    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
    ok(put_many(g, 1000));
    finish_and_swap(g, "crm", generation, &sum);
    ok(mdl_store_check(st, &err));
}
END_TEST

START_TEST(a_snapshot_that_finds_no_space_leaves_nothing)
{
    static const char *const customers[] = {"customers"};
    static struct mdl_gen_summary sum;
    static struct mdl_snap_report rep;
    struct mdl_snap_spec spec = {.population = customers, .n_populations = 1};
    char generation[MDL_STORE_GENERATION + 1];
    struct mdl_snap_job *job;
    struct mdl_gen *g;

    place(_i);
    add_agreement(add_partner("Acme", 1), 1);
    add_round(1, 1, 1);
    add_source("crm");
    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
    ok(put_many(g, 8000));
    finish_and_swap(g, "crm", generation, &sum);
    fill_disk(500000);
    round_id(1, spec.round);
    ok(mdl_snap_prepare(st, &spec, &job, &err));
    fails(mdl_snap_build(job, NULL, NULL, &rep, &err), MDL_L_DISK_FULL);
    mdl_snap_job_free(job);
    ck_assert_int_eq(count_files("rounds"), 0);
    free_disk();
    build_snapshot(1, customers, 1, &rep);
    ck_assert_uint_eq(rep.keys, 8000);
    ok(mdl_store_check(st, &err));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("full");
    TCase *t = tcase_create("full");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, NULL, leave);
    tcase_add_loop_test(t, what_was_committed_stays, 0, 2);
    tcase_add_loop_test(t, a_lost_transaction_stays_lost, 0, 2);
    tcase_add_loop_test(t, a_full_disk_does_not_keep_the_data_from_being_opened, 0, 2);
    tcase_add_loop_test(t, an_import_that_finds_no_space_leaves_nothing, 0, 2);
    tcase_add_loop_test(t, a_snapshot_that_finds_no_space_leaves_nothing, 0, 2);
    suite_add_tcase(s, t);
    return run_suite(s);
}
