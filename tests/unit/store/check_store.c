/* check_store.c: opening, the lock, transactions, marks, settings, sweeping. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void put_meta(const char *name, const char *value)
{
    ok(mdl_meta_put(st, name, value, &err));
}

static void meta_is(const char *name, const char *value)
{
    char found[64];

    if (value == NULL) {
        fails(mdl_meta_get(st, name, found, sizeof found, &err), MDL_U_NOT_FOUND);
    } else {
        ok(mdl_meta_get(st, name, found, sizeof found, &err));
        ck_assert_str_eq(found, value);
    }
}

START_TEST(open_makes_private_files)
{
    char path[300];
    struct stat s;

    ck_assert_int_eq(stat(dir, &s), 0);
    (void)snprintf(path, sizeof path, "%s/mandorla.db", dir);
    ck_assert_int_eq(stat(path, &s), 0);
    ck_assert_int_eq(s.st_mode & 0777, 0600);
    (void)snprintf(path, sizeof path, "%s/mandorla.db-wal", dir);
    ck_assert_int_eq(stat(path, &s), 0);
    ck_assert_int_eq(s.st_mode & 0777, 0600);
    /* The exclusive connection needs no shared memory, which a second one could map. */
    (void)snprintf(path, sizeof path, "%s/mandorla.db-shm", dir);
    ck_assert_int_ne(stat(path, &s), 0);
    (void)snprintf(path, sizeof path, "%s/sources", dir);
    ck_assert_int_eq(stat(path, &s), 0);
    ck_assert_int_eq(s.st_mode & 0777, 0700);
    ck_assert_str_eq(mdl_store_dir(st), dir);
}
END_TEST

START_TEST(open_existing_needs_a_database)
{
    struct mdl_store *other;
    char path[300];

    (void)snprintf(path, sizeof path, "%s/none", dir);
    fails(mdl_store_open(path, MDL_STORE_EXISTING, &other, &err), MDL_U_NOT_FOUND);
    says("mandorla init");
    ck_assert_ptr_null(other);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(second_process_is_refused)
{
    struct mdl_store *other = NULL;
    char pid[32];
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct mdl_error e;
        enum mdl_status rc = mdl_store_open(dir, MDL_STORE_EXISTING, &other, &e);
        (void)snprintf(pid, sizeof pid, "pid %ld)", (long)getppid());
        _exit(rc == MDL_L_IN_USE && strstr(e.text, pid) != NULL ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    /* Nor in the same process. */
    fails(mdl_store_open(dir, MDL_STORE_EXISTING, &other, &err), MDL_L_IN_USE);
    ck_assert_ptr_null(other);
    /* And the refusals took nothing from the one who holds it. */
    ok(mdl_store_begin(st, &err));
    put_meta("a", "1");
    ok(mdl_store_commit(st, &err));
}
END_TEST

START_TEST(lock_goes_with_close)
{
    mdl_store_close(st);
    st = NULL;
    ok(mdl_store_open(dir, MDL_STORE_CREATE, &st, &err));
    ok(mdl_store_check(st, &err));
}
END_TEST

START_TEST(foreign_sqlite_program_is_kept_out)
{
    char path[300];

    (void)snprintf(path, sizeof path, "%s/mandorla.db", dir);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        /* As another program would open it: without our lock file. SQLite's own lock must hold. */
        _exit(foreign_reader(path));
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(WEXITSTATUS(status), 5 /* SQLITE_BUSY */);
}
END_TEST

START_TEST(commit_keeps_and_rollback_forgets)
{
    ok(mdl_store_begin(st, &err));
    ck_assert(mdl_store_in_transaction(st));
    put_meta("kept", "yes");
    ok(mdl_store_commit(st, &err));
    ck_assert(!mdl_store_in_transaction(st));
    ok(mdl_store_begin(st, &err));
    put_meta("lost", "yes");
    meta_is("lost", "yes");
    mdl_store_rollback(st);
    meta_is("lost", NULL);
    ok(mdl_store_begin(st, &err));
    put_meta("unfinished", "yes");
    reopen();
    meta_is("kept", "yes");
    meta_is("unfinished", NULL);
}
END_TEST

START_TEST(misuse_is_a_bug)
{
    fails(mdl_meta_put(st, "a", "b", &err), MDL_BUG);
    says("outside a transaction");
    fails(mdl_store_commit(st, &err), MDL_BUG);
    fails(mdl_store_mark(st, &err), MDL_BUG);
    ok(mdl_store_begin(st, &err));
    fails(mdl_store_begin(st, &err), MDL_BUG);
    fails(mdl_store_keep(st, &err), MDL_BUG);
    says("not set");
    fails(mdl_store_undo(st, &err), MDL_BUG);
    ok(mdl_store_commit(st, &err));
}
END_TEST

static void *elsewhere(void *arg)
{
    enum mdl_status *rc = arg;
    struct mdl_error e;
    char value[8];

    rc[0] = mdl_store_begin(st, &e);
    rc[1] = mdl_meta_get(st, "a", value, sizeof value, &e);
    mdl_store_adopt(st);
    rc[2] = mdl_store_begin(st, &e);
    rc[3] = mdl_meta_put(st, "a", "b", &e);
    rc[4] = mdl_store_commit(st, &e);
    return NULL;
}

START_TEST(only_one_thread_at_a_time)
{
    enum mdl_status rc[5];
    pthread_t t;

    ck_assert_int_eq(pthread_create(&t, NULL, elsewhere, rc), 0);
    ck_assert_int_eq(pthread_join(t, NULL), 0);
    ck_assert_int_eq(rc[0], MDL_BUG);
    ck_assert_int_eq(rc[1], MDL_BUG);
    ck_assert_int_eq(rc[2], MDL_OK);
    ck_assert_int_eq(rc[3], MDL_OK);
    ck_assert_int_eq(rc[4], MDL_OK);
    fails(mdl_store_begin(st, &err), MDL_BUG);
    mdl_store_adopt(st);
    meta_is("a", "b");
}
END_TEST

START_TEST(marks_undo_one_operation)
{
    ok(mdl_store_begin(st, &err));
    put_meta("before", "1");
    ok(mdl_store_mark(st, &err));
    put_meta("undone", "1");
    ok(mdl_store_mark(st, &err));
    put_meta("inner", "1");
    ok(mdl_store_keep(st, &err));
    ok(mdl_store_undo(st, &err));
    put_meta("after", "1");
    ok(mdl_store_mark(st, &err));
    put_meta("kept", "1");
    ok(mdl_store_keep(st, &err));
    ok(mdl_store_commit(st, &err));
    meta_is("before", "1");
    meta_is("undone", NULL);
    meta_is("inner", NULL);
    meta_is("after", "1");
    meta_is("kept", "1");
}
END_TEST

START_TEST(a_refused_row_leaves_the_transaction_usable)
{
    struct mdl_partner_row p = {.state = MDL_PARTNER_PINNED};

    ok(mdl_store_begin(st, &err));
    put_meta("a", "1");
    fails(mdl_partner_insert(st, &p, &err), MDL_U_ARGUMENT);
    put_meta("b", "2");
    ok(mdl_store_commit(st, &err));
    meta_is("a", "1");
    meta_is("b", "2");
}
END_TEST

START_TEST(settings)
{
    char small[4];
    char long_name[80];

    ok(mdl_store_begin(st, &err));
    put_meta("name", "one");
    put_meta("name", "three");
    memset(long_name, 'n', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    fails(mdl_meta_put(st, long_name, "x", &err), MDL_U_ARGUMENT);
    ok(mdl_store_commit(st, &err));
    meta_is("name", "three");
    fails(mdl_meta_get(st, "name", small, sizeof small, &err), MDL_U_TOO_LARGE);
    meta_is("other", NULL);
}
END_TEST

START_TEST(months_are_utc)
{
    ck_assert_uint_eq(mdl_store_month(0), 197001);
    ck_assert_uint_eq(mdl_store_month(UINT64_C(1767225599999)), 202512);
    ck_assert_uint_eq(mdl_store_month(UINT64_C(1767225600000)), 202601);
}
END_TEST

static void touch(const char *sub, const char *name)
{
    char path[400];

    (void)snprintf(path, sizeof path, "%s/%s/%s", dir, sub, name);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
}

START_TEST(open_sweeps_what_was_left_behind)
{
    int64_t partner = add_partner("Acme", 1);

    add_agreement(partner, 1);
    add_round(partner, 0x11, 1);
    touch("sources", "crm-0011223344556677.part");
    touch("sources", "crm-0011223344556677.part-journal");
    touch("sources", "crm-8899aabbccddeeff.db");
    touch("sources", "notes.txt");
    touch("rounds", "11111111111111111111111111111111-0.db");
    touch("rounds", "11111111111111111111111111111111-0.db-journal");
    touch("rounds", "22222222222222222222222222222222-0.db");
    touch("rounds", "22222222222222222222222222222222-0.db-journal");
    touch("rounds", "11111111111111111111111111111111-1.part");
    reopen();
    ck_assert_int_eq(count_files("sources"), 1);
    ck_assert_int_eq(count_files("rounds"), 2);
}
END_TEST

START_TEST(a_round_without_result_loses_its_file)
{
    int64_t partner = add_partner("Acme", 1);
    struct mdl_round_row r;
    uint8_t id[MDL_STORE_ROUND];

    add_agreement(partner, 1);
    add_round(partner, 0x11, 1);
    touch("rounds", "11111111111111111111111111111111-0.db");
    round_id(0x11, id);
    ok(mdl_round_get(st, id, &r, &err));
    r.outcome = MDL_ROUND_ABORTED;
    ok(mdl_store_begin(st, &err));
    ok(mdl_round_update(st, &r, &err));
    ok(mdl_store_commit(st, &err));
    mdl_round_clear(&r);
    reopen();
    ck_assert_int_eq(count_files("rounds"), 0);
}
END_TEST

START_TEST(an_unwritable_place_is_named)
{
    struct mdl_store *other;

    fails(mdl_store_open("/proc/mandorla", MDL_STORE_CREATE, &other, &err), MDL_L_IO);
    says("/proc/mandorla");
}
END_TEST

START_TEST(a_path_too_long_is_refused)
{
    char *path = malloc(6000);
    struct mdl_store *other;

    ck_assert_ptr_nonnull(path);
    memset(path, 'x', 5999);
    path[5999] = '\0';
    fails(mdl_store_open(path, MDL_STORE_CREATE, &other, &err), MDL_U_TOO_LARGE);
    free(path);
    mdl_store_close(NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store");
    TCase *t = tcase_create("store");

    tcase_add_checked_fixture(t, fixture_open, fixture_close);
    tcase_add_test(t, open_makes_private_files);
    tcase_add_test(t, open_existing_needs_a_database);
    tcase_add_test(t, second_process_is_refused);
    tcase_add_test(t, lock_goes_with_close);
    tcase_add_test(t, foreign_sqlite_program_is_kept_out);
    tcase_add_test(t, commit_keeps_and_rollback_forgets);
    tcase_add_test(t, misuse_is_a_bug);
    tcase_add_test(t, only_one_thread_at_a_time);
    tcase_add_test(t, marks_undo_one_operation);
    tcase_add_test(t, a_refused_row_leaves_the_transaction_usable);
    tcase_add_test(t, settings);
    tcase_add_test(t, months_are_utc);
    tcase_add_test(t, open_sweeps_what_was_left_behind);
    tcase_add_test(t, a_round_without_result_loses_its_file);
    tcase_add_test(t, an_unwritable_place_is_named);
    tcase_add_test(t, a_path_too_long_is_refused);
    suite_add_tcase(s, t);
    return run_suite(s);
}
