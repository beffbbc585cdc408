/* check_passphrase_prompt.c: a child asks on a terminal of its own, the test types. */
#include "support.h"

#include "internal.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* What the child found, as its exit code. */
enum verdict {
    HORSE = 0,
    OTHER_TEXT,
    CANCELLED,
    ARGUMENT,
    STATE,
    IO,
    TERMINAL_CHANGED,
    UNEXPECTED
};

static enum verdict judge(enum mdl_status st, const struct mdl_passphrase *p)
{
    if ((st == MDL_OK) != (p != NULL)) {
        return UNEXPECTED;
    }
    if (st == MDL_OK) {
        return p->len == 5 && memcmp(p->bytes, "horse", 5) == 0 ? HORSE : OTHER_TEXT;
    }
    return st == MDL_U_CANCELLED  ? CANCELLED
           : st == MDL_U_ARGUMENT ? ARGUMENT
           : st == MDL_U_STATE    ? STATE
           : st == MDL_L_IO       ? IO
                                  : UNEXPECTED;
}

static bool same_terminal(const struct termios *a, const struct termios *b)
{
    return a->c_lflag == b->c_lflag && a->c_iflag == b->c_iflag &&
           memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

static enum verdict ask(bool confirm)
{
    struct mdl_passphrase *p;
    struct termios before;
    struct termios after;

    if (tcgetattr(0, &before) != 0) {
        return UNEXPECTED;
    }
    enum mdl_status st = mdl_passphrase_prompt("Passphrase? ", confirm, &p, NULL);
    enum verdict v = judge(st, p);
    mdl_passphrase_free(p);
    if (tcgetattr(0, &after) != 0 || !same_terminal(&before, &after)) {
        return TERMINAL_CHANGED;
    }
    return v;
}

/* Collects what the terminal shows until `until` was seen for the n-th time or the child is gone.
 */
static void watch(int master, char *seen, size_t max, const char *until, unsigned nth)
{
    struct pollfd p = {.fd = master, .events = POLLIN};

    for (;;) {
        const char *at = seen;
        for (unsigned i = 0; i < nth && at != NULL; i++) {
            at = strstr(i > 0 ? at + 1 : at, until);
        }
        if (at != NULL) {
            return;
        }
        ck_assert_int_eq(poll(&p, 1, 10000), 1);
        size_t used = strlen(seen);
        ssize_t n = read(master, seen + used, max - 1 - used);
        if (n <= 0) { /* EIO: the other end is closed */
            return;
        }
        seen[used + (size_t)n] = '\0';
    }
}

struct dialogue {
    const char *first;
    const char *second; /* NULL: asked once */
    enum verdict want;
};

static void converse(const struct dialogue *d)
{
    char seen[4096] = "";
    int master;
    int status;
    pid_t child = forkpty(&master, NULL, NULL, NULL);

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        _exit((int)ask(d->second != NULL));
    }
    watch(master, seen, sizeof seen, "Passphrase? ", 1);
    ck_assert_int_eq(write(master, d->first, strlen(d->first)), (ssize_t)strlen(d->first));
    if (d->second != NULL) {
        watch(master, seen, sizeof seen, "Once more: ", 1);
        ck_assert_int_eq(write(master, d->second, strlen(d->second)), (ssize_t)strlen(d->second));
    }
    watch(master, seen, sizeof seen, "never shown", 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(close(master), 0);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == (int)d->want,
                  "%s: status %#x; seen: %s", d->first, (unsigned)status, seen);
    ck_assert_msg(strstr(seen, "hor") == NULL, "echoed: %s", seen);
}

static const struct dialogue dialogues[] = {
    {"horse\n", NULL, HORSE},
    {"horsex\x7f\n", NULL, HORSE}, /* backspace */
    {"horse\n", "horse\n", HORSE},
    {"horse\n", "house\n", ARGUMENT},
    {"horse\n", "hors\n", ARGUMENT},
    {"\n", NULL, ARGUMENT},
    {"\x03", NULL, CANCELLED},      /* Ctrl-C */
    {"horse\x03", NULL, CANCELLED}, /* Ctrl-C after some text */
    {"\x04", NULL, CANCELLED},      /* Ctrl-D */
    {"hor\x04se\n", NULL, HORSE},   /* Ctrl-D only flushes here */
    {"horse\n", "\x03", CANCELLED},
    {"\x1a\n", NULL, OTHER_TEXT}, /* Ctrl-Z does not stop the program */
};

START_TEST(dialogue)
{
    converse(&dialogues[_i]);
}
END_TEST

START_TEST(too_long)
{
    char line[MDL_PASSPHRASE_MAX + 10];
    const struct dialogue d = {line, NULL, ARGUMENT};

    memset(line, 'y', sizeof line);
    line[sizeof line - 2] = '\n';
    line[sizeof line - 1] = '\0';
    converse(&d);
}
END_TEST

START_TEST(no_terminal)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        struct mdl_passphrase *p;
        (void)setsid(); /* no controlling terminal any more */
        enum mdl_status st = mdl_passphrase_prompt("?", false, &p, NULL);
        _exit((int)judge(st, p));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == STATE);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keys/passphrase_prompt");
    TCase *t = tcase_create("prompt");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, dialogue, 0, sizeof dialogues / sizeof dialogues[0]);
    tcase_add_test(t, too_long);
    tcase_add_test(t, no_terminal);
    suite_add_tcase(s, t);
    return run_suite(s);
}
