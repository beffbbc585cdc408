/* check_passphrase.c: passphrases from memory, file, descriptor and environment. */
#include "support.h"

#include "internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct mdl_error err;

static void is(const struct mdl_passphrase *p, const char *text)
{
    ck_assert_uint_eq(p->len, strlen(text));
    ck_assert_mem_eq(p->bytes, text, p->len);
}

static const struct {
    const char *bytes;
    size_t len;
    const char *kept; /* NULL: refused */
} lines[] = {
    {"a", 1, "a"},
    {"correct horse\n", 14, "correct horse"},
    {"correct horse\r\n", 15, "correct horse"},
    {" two spaces  ", 13, " two spaces  "},
    {"\xc3\xa4\xff", 3, "\xc3\xa4\xff"},
    {"", 0, NULL},
    {"\n", 1, NULL},
    {"\r\n", 2, NULL},
    {"a\nb", 3, NULL},
    {"a\n\n", 3, NULL},
    {"a\r", 2, NULL},
    {"a\0b", 3, NULL},
};

START_TEST(from_memory)
{
    struct mdl_passphrase *p = NULL;
    enum mdl_status st = mdl_passphrase_from_bytes(lines[_i].bytes, lines[_i].len, &p, &err);

    if (lines[_i].kept == NULL) {
        expect(st, MDL_U_ARGUMENT, &err, "passphrase");
        ck_assert_ptr_null(p);
    } else {
        ck_assert_int_eq(st, MDL_OK);
        is(p, lines[_i].kept);
    }
    mdl_passphrase_free(p);
}
END_TEST

START_TEST(from_a_file)
{
    struct mdl_passphrase *p = NULL;
    const char *path = (make_dir(), in_dir("pass"));

    write_file(path, lines[_i].bytes, lines[_i].len, 0600);
    enum mdl_status st = mdl_passphrase_from_file(path, &p, &err);
    if (lines[_i].kept == NULL) {
        expect(st, MDL_U_ARGUMENT, &err, path);
        ck_assert_ptr_null(p);
    } else {
        ck_assert_int_eq(st, MDL_OK);
        is(p, lines[_i].kept);
    }
    mdl_passphrase_free(p);
    remove_dir();
}
END_TEST

START_TEST(lengths)
{
    char text[MDL_PASSPHRASE_MAX + 3];
    struct mdl_passphrase *p = NULL;
    const char *path = (make_dir(), in_dir("pass"));

    memset(text, 'x', sizeof text);
    text[MDL_PASSPHRASE_MAX] = '\n';
    for (int i = 0; i < 2; i++) { /* the longest, without and with its line end */
        size_t len = MDL_PASSPHRASE_MAX + (size_t)i;
        write_file(path, text, len, 0600);
        ck_assert_int_eq(mdl_passphrase_from_file(path, &p, &err), MDL_OK);
        ck_assert_uint_eq(p->len, MDL_PASSPHRASE_MAX);
        mdl_passphrase_free(p);
        ck_assert_int_eq(mdl_passphrase_from_bytes(text, len, &p, &err), MDL_OK);
        ck_assert_uint_eq(p->len, MDL_PASSPHRASE_MAX);
        mdl_passphrase_free(p);
    }
    text[MDL_PASSPHRASE_MAX] = 'x';
    for (size_t len = MDL_PASSPHRASE_MAX + 1; len <= sizeof text; len++) {
        write_file(path, text, len, 0600);
        expect(mdl_passphrase_from_file(path, &p, &err), MDL_U_ARGUMENT, &err, "at most 1024");
        expect(mdl_passphrase_from_bytes(text, len, &p, &err), MDL_U_ARGUMENT, &err, "at most");
        ck_assert_ptr_null(p);
    }
    remove_dir();
}
END_TEST

START_TEST(permissions_of_a_file)
{
    static const struct {
        unsigned mode;
        bool good;
    } modes[] = {{0600, true},  {0400, true},  {0440, false}, {0640, false}, {0644, false},
                 {0604, false}, {0660, false}, {0620, false}, {0602, false}};
    struct mdl_passphrase *p = NULL;
    const char *path = (make_dir(), in_dir("pass"));

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_file(path, "x\n", 2, modes[i].mode);
        enum mdl_status st = mdl_passphrase_from_file(path, &p, &err);
        if (modes[i].good) {
            ck_assert_int_eq(st, MDL_OK);
            mdl_passphrase_free(p);
        } else {
            expect(st, MDL_L_KEY_FILE, &err, "chmod 600 ");
            ck_assert_ptr_null(p);
        }
    }
    remove_dir();
    expect(mdl_passphrase_from_file(path, &p, &err), MDL_U_NOT_FOUND, &err, path);
}
END_TEST

/* systemd gives its access by an access list, whose mask stands in the group's place. */
START_TEST(a_credential_shows_a_group)
{
    static const struct {
        unsigned mode;
        bool good;
    } modes[] = {{0400, true}, {0440, true}, {0460, false}, {0444, false}, {0450, false}};
    struct mdl_passphrase *p = NULL;
    const char *path = (make_dir(), in_dir("pass"));
    char dir[200];

    (void)snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(path, '/') - path), path);
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", dir, 1), 0);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_file(path, "x\n", 2, modes[i].mode);
        enum mdl_status st = mdl_passphrase_from_file(path, &p, &err);
        ck_assert_int_eq(st, modes[i].good ? MDL_OK : MDL_L_KEY_FILE);
        mdl_passphrase_free(p);
        p = NULL;
    }
    write_file(path, "x\n", 2, 0440);
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", "/run", 1), 0);
    expect(mdl_passphrase_from_file(path, &p, &err), MDL_L_KEY_FILE, &err, "chmod 600 ");
    ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    remove_dir();
}
END_TEST

START_TEST(from_a_pipe_in_pieces)
{
    struct mdl_passphrase *p;
    char name[64];
    int ends[2];

    for (int by_path = 0; by_path < 2; by_path++) {
        ck_assert_int_eq(pipe(ends), 0);
        ck_assert_int_eq(write(ends[1], "hor", 3), 3);
        ck_assert_int_eq(write(ends[1], "se\n", 3), 3);
        ck_assert_int_eq(close(ends[1]), 0);
        (void)snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
        ck_assert_int_eq(by_path == 1 ? mdl_passphrase_from_file(name, &p, &err)
                                      : mdl_passphrase_from_fd(ends[0], &p, &err),
                         MDL_OK);
        is(p, "horse");
        mdl_passphrase_free(p);
        ck_assert_int_eq(close(ends[0]), 0); /* it was left open */
    }
    expect(mdl_passphrase_from_fd(-1, &p, &err), MDL_L_IO, &err, "cannot read");
}
END_TEST

START_TEST(from_the_environment_and_gone)
{
    struct mdl_passphrase *p;

    ck_assert_int_eq(setenv("MDL_TEST_PASS", "horse", 1), 0);
    const char *value = getenv("MDL_TEST_PASS");
    ck_assert_int_eq(mdl_passphrase_from_env("MDL_TEST_PASS", &p, &err), MDL_OK);
    is(p, "horse");
    mdl_passphrase_free(p);
    ck_assert_ptr_null(getenv("MDL_TEST_PASS"));
    ck_assert_str_eq(value, ""); /* wiped where it stood */
    expect(mdl_passphrase_from_env("MDL_TEST_PASS", &p, &err), MDL_U_NOT_FOUND, &err,
           "MDL_TEST_PASS");
    ck_assert_ptr_null(p);
    ck_assert_int_eq(setenv("MDL_TEST_PASS", "a\nb", 1), 0);
    expect(mdl_passphrase_from_env("MDL_TEST_PASS", &p, &err), MDL_U_ARGUMENT, &err,
           "MDL_TEST_PASS");
    ck_assert_ptr_null(getenv("MDL_TEST_PASS"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keys/passphrase");
    TCase *t = tcase_create("passphrase");

    tcase_add_loop_test(t, from_memory, 0, sizeof lines / sizeof lines[0]);
    tcase_add_loop_test(t, from_a_file, 0, sizeof lines / sizeof lines[0]);
    tcase_add_test(t, lengths);
    tcase_add_test(t, permissions_of_a_file);
    tcase_add_test(t, a_credential_shows_a_group);
    tcase_add_test(t, from_a_pipe_in_pieces);
    tcase_add_test(t, from_the_environment_and_gone);
    suite_add_tcase(s, t);
    return run_suite(s);
}
