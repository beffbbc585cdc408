/* check_fault.c: what a full disk, a failing disk, missing memory and a kill leave behind.
 * The linker puts the functions below in the place of the system's (--wrap). */
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum call { CALL_NONE, WRITE, FSYNC, RENAME, LINK, MKOSTEMP, MALLOC, MPROTECT, PWHASH, INIT };

/* The `countdown`-th call from now fails with `number`. */
static enum call failing;
static unsigned countdown;
static int number;
static unsigned live; /* blocks of secret memory */
static size_t chunk;  /* at most so many bytes a write; 0: no limit */

static bool fails(enum call call)
{
    if (failing != call || countdown == 0 || --countdown > 0) {
        return false;
    }
    errno = number;
    return true;
}

#define WRAPPED(type, name, params)                                                                \
    type __real_##name params;                                                                     \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params

WRAPPED(ssize_t, write, (int fd, const void *data, size_t len))
{
    return fails(WRITE) ? -1 : __real_write(fd, data, chunk > 0 && len > chunk ? chunk : len);
}

WRAPPED(int, fsync, (int fd))
{
    return fails(FSYNC) ? -1 : __real_fsync(fd);
}

WRAPPED(int, rename, (const char *from, const char *to))
{
    return fails(RENAME) ? -1 : __real_rename(from, to);
}

WRAPPED(int, link, (const char *from, const char *to))
{
    return fails(LINK) ? -1 : __real_link(from, to);
}

WRAPPED(int, mkostemp, (char *template, int flags))
{
    return fails(MKOSTEMP) ? -1 : __real_mkostemp(template, flags);
}

WRAPPED(void *, sodium_malloc, (size_t size))
{
    void *p = fails(MALLOC) ? NULL : __real_sodium_malloc(size);

    live += p != NULL ? 1 : 0;
    return p;
}

WRAPPED(void, sodium_free, (void *p))
{
    live -= p != NULL ? 1 : 0;
    __real_sodium_free(p);
}

WRAPPED(int, sodium_mprotect_readonly, (void *p))
{
    return fails(MPROTECT) ? -1 : __real_sodium_mprotect_readonly(p);
}

WRAPPED(int, sodium_init, (void))
{
    return fails(INIT) ? -1 : __real_sodium_init();
}

WRAPPED(int, crypto_pwhash,
        (unsigned char *out, unsigned long long out_len, const char *pass,
         unsigned long long pass_len, const unsigned char *salt, unsigned long long ops, size_t mem,
         int alg))
{
    return fails(PWHASH) ? -1
                         : __real_crypto_pwhash(out, out_len, pass, pass_len, salt, ops, mem, alg);
}

static struct mdl_identity *id;
static struct mdl_passphrase *pass;
static struct mdl_seal sealed;
static const char *path;
static struct mdl_error err;

static void setup(void)
{
    failing = CALL_NONE;
    chunk = 0;
    id = identity_of(5);
    pass = passphrase_of("correct horse");
    sealed = (struct mdl_seal){.mode = MDL_SEAL_PASSPHRASE, .pass = pass, .kdf = MDL_KDF_TEST};
    (void)make_dir();
    path = in_dir(MDL_IDENTITY_FILE);
    memset(&err, 0, sizeof err);
}

static void teardown(void)
{
    mdl_identity_free(id);
    mdl_passphrase_free(pass);
    ck_assert_uint_eq(live, 0);
    remove_dir();
}

static void arm(enum call call, unsigned nth, int errno_value)
{
    failing = call;
    countdown = nth;
    number = errno_value;
}

static const struct {
    enum call call;
    unsigned nth;
    int number;
    enum mdl_status want;
    const char *words;
    enum mdl_save how;
} disk[] = {
    {WRITE, 1, ENOSPC, MDL_L_DISK_FULL, "free some space", MDL_SAVE_REPLACE},
    {WRITE, 1, EDQUOT, MDL_L_DISK_FULL, "free some space", MDL_SAVE_REPLACE},
    {WRITE, 3, ENOSPC, MDL_L_DISK_FULL, "free some space", MDL_SAVE_REPLACE},
    {WRITE, 2, EIO, MDL_L_IO, "cannot write", MDL_SAVE_REPLACE},
    {FSYNC, 1, ENOSPC, MDL_L_DISK_FULL, "free some space", MDL_SAVE_REPLACE},
    {FSYNC, 1, EIO, MDL_L_IO, "cannot write", MDL_SAVE_REPLACE},
    {RENAME, 1, EIO, MDL_L_IO, "cannot replace", MDL_SAVE_REPLACE},
    {RENAME, 1, ENOSPC, MDL_L_DISK_FULL, "cannot replace", MDL_SAVE_REPLACE},
    {MKOSTEMP, 1, ENOSPC, MDL_L_DISK_FULL, "temporary", MDL_SAVE_REPLACE},
    {MKOSTEMP, 1, EACCES, MDL_L_IO, "temporary", MDL_SAVE_REPLACE},
    {WRITE, 1, ENOSPC, MDL_L_DISK_FULL, "free some space", MDL_SAVE_NEW},
    {LINK, 1, EPERM, MDL_L_IO, "cannot make", MDL_SAVE_NEW},
};

START_TEST(a_failing_disk_changes_nothing)
{
    struct file before = {0};
    struct file after = {0};
    const bool replace = disk[_i].how == MDL_SAVE_REPLACE;

    if (replace) {
        ck_assert_int_eq(mdl_identity_save(id, path, &sealed, MDL_SAVE_NEW, NULL), MDL_OK);
        read_file(path, &before);
    }
    chunk = 40;
    arm(disk[_i].call, disk[_i].nth, disk[_i].number);
    expect(mdl_identity_save(id, path, &sealed, disk[_i].how, &err), disk[_i].want, &err,
           disk[_i].words);
    ck_assert_uint_eq(countdown, 0);
    ck_assert_uint_eq(entries(), replace ? 1 : 0);
    if (replace) {
        read_file(path, &after);
        ck_assert_uint_eq(after.len, before.len);
        ck_assert_mem_eq(after.bytes, before.bytes, before.len);
    }
}
END_TEST

START_TEST(short_and_interrupted_writes_go_on)
{
    struct mdl_identity *back;

    chunk = 1;
    arm(WRITE, 3, EINTR);
    ck_assert_int_eq(mdl_identity_save(id, path, &sealed, MDL_SAVE_NEW, &err), MDL_OK);
    ck_assert_uint_eq(countdown, 0);
    ck_assert_int_eq(mdl_identity_load(path, pass, &back, &err), MDL_OK);
    mdl_identity_free(back);
}
END_TEST

START_TEST(a_directory_that_does_not_sync_is_reported)
{
    struct mdl_identity *back;

    arm(FSYNC, 2, EIO);
    expect(mdl_identity_save(id, path, &sealed, MDL_SAVE_NEW, &err), MDL_L_IO, &err, "durable");
    ck_assert_int_eq(mdl_identity_load(path, pass, &back, &err), MDL_OK);
    mdl_identity_free(back);
    ck_assert_uint_eq(entries(), 1);
}
END_TEST

/* The kernel's own limit, in a child so that it binds nobody else. */
START_TEST(a_real_size_limit)
{
    struct file before;
    struct file after;

    ck_assert_int_eq(mdl_identity_save(id, path, &sealed, MDL_SAVE_NEW, NULL), MDL_OK);
    read_file(path, &before);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit limit = {100, 100};
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        _exit(mdl_identity_save(id, path, &sealed, MDL_SAVE_REPLACE, NULL) == MDL_L_DISK_FULL ? 0
                                                                                              : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    read_file(path, &after);
    ck_assert_mem_eq(after.bytes, before.bytes, before.len);
    ck_assert_uint_eq(entries(), 1);
}
END_TEST

/* Killed at any moment: the old file or the new one, whole. */
START_TEST(a_kill_leaves_a_whole_file)
{
    const struct mdl_seal bare = {.mode = MDL_SEAL_NONE};

    for (unsigned i = 0; i < 25; i++) {
        struct mdl_key_file_info info;
        pid_t child = fork();
        if (child == 0) {
            for (;;) {
                (void)!mdl_identity_save(id, path, &sealed, MDL_SAVE_REPLACE, NULL);
                (void)!mdl_identity_save(id, path, &bare, MDL_SAVE_REPLACE, NULL);
            }
        }
        while (access(path, F_OK) != 0) {
            (void)usleep(200);
        }
        (void)usleep(randombytes_uniform(4000));
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        struct mdl_identity *back;
        ck_assert_int_eq(mdl_key_file_info(path, &info, &err), MDL_OK);
        ck_assert_int_eq(
            mdl_identity_load(path, info.mode == MDL_SEAL_NONE ? NULL : pass, &back, &err), MDL_OK);
        mdl_identity_free(back);
    }
}
END_TEST

/* One of everything that takes secret memory; the first error ends it. */
static enum mdl_status all_steps(void)
{
    const char *curve_path = in_dir(MDL_CURVE_FILE);
    const struct mdl_seal bare = {.mode = MDL_SEAL_NONE};
    struct mdl_identity *a = NULL;
    struct mdl_identity *b = NULL;
    struct mdl_curve_key *c = NULL;
    struct mdl_curve_key *d = NULL;
    struct mdl_passphrase *p = NULL;
    struct mdl_key_file_info info;

    enum mdl_status st = mdl_identity_generate(&a, &err);
    st = st != MDL_OK ? st : mdl_passphrase_from_bytes("x", 1, &p, &err);
    st = st != MDL_OK ? st : mdl_identity_save(a, path, &sealed, MDL_SAVE_REPLACE, &err);
    st = st != MDL_OK ? st : mdl_identity_load(path, pass, &b, &err);
    st = st != MDL_OK ? st : mdl_identity_reseal(path, pass, &bare, &err);
    st = st != MDL_OK ? st : mdl_curve_generate(a, 1, 0, 9, &c, &err);
    st = st != MDL_OK ? st : mdl_curve_save(c, a, curve_path, MDL_SAVE_REPLACE, &err);
    st = st != MDL_OK ? st : mdl_curve_load(curve_path, a, &d, &err);
    st = st != MDL_OK ? st : mdl_key_file_info(curve_path, &info, &err);
    const bool whole = a != NULL && b != NULL && c != NULL && d != NULL && p != NULL;
    ck_assert(whole || st != MDL_OK);
    mdl_identity_free(a);
    mdl_identity_free(b);
    mdl_curve_free(c);
    mdl_curve_free(d);
    mdl_passphrase_free(p);
    return st;
}

static const struct {
    enum call call;
    enum mdl_status want;
    unsigned at_least;
} memory[] = {
    {MALLOC, MDL_L_MEMORY, 15},
    {MPROTECT, MDL_L_MEMORY, 5},
    {PWHASH, MDL_L_MEMORY, 3},
    {INIT, MDL_L_LIBRARY, 15},
};

START_TEST(each_allocation_fails_in_turn)
{
    const unsigned held = live;
    unsigned nth = 1;

    for (;; nth++) {
        arm(memory[_i].call, nth, ENOMEM);
        enum mdl_status st = all_steps();
        ck_assert_uint_eq(live, held);
        if (st == MDL_OK) {
            break;
        }
        ck_assert_uint_eq(countdown, 0);
        ck_assert_int_eq(st, memory[_i].want);
        ck_assert_int_eq(err.status, st);
    }
    ck_assert_uint_ne(countdown, 0); /* the last run met no failure */
    ck_assert_uint_gt(nth, memory[_i].at_least);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keys/fault");
    TCase *t = tcase_create("fault");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_failing_disk_changes_nothing, 0, sizeof disk / sizeof disk[0]);
    tcase_add_test(t, short_and_interrupted_writes_go_on);
    tcase_add_test(t, a_directory_that_does_not_sync_is_reported);
    tcase_add_test(t, a_real_size_limit);
    tcase_add_test(t, a_kill_leaves_a_whole_file);
    tcase_add_loop_test(t, each_allocation_fails_in_turn, 0, sizeof memory / sizeof memory[0]);
    suite_add_tcase(s, t);
    return run_suite(s);
}
