/* passphrase_prompt.c: asks a person for a passphrase on the terminal, with echo off.
 * May not use standard input or output: those may be pipes. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_C '\x03'

static enum mdl_status tty_error(struct mdl_error *err)
{
    return mdl_fail(err, MDL_L_IO, "the terminal failed while asking for a passphrase: %s",
                    strerror(errno));
}

/* Echo off. No signals from the keyboard either: killed by Ctrl-C, the program would leave the
 * terminal without echo. Ctrl-C ends the line instead (VEOL) and is seen as its last byte. */
static bool go_silent(int tty, struct termios *before)
{
    if (tcgetattr(tty, before) != 0) {
        return false;
    }
    struct termios t = *before;
    t.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ISIG);
    t.c_lflag |= ICANON | ECHONL;
    t.c_cc[VEOL] = CTRL_C;
    return tcsetattr(tty, TCSAFLUSH, &t) == 0;
}

static bool say(int tty, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = write(tty, text, left);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        text += n > 0 ? n : 0;
        left -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static enum mdl_status read_line(int tty, struct mdl_passphrase *p, struct mdl_error *err)
{
    while (p->len < sizeof p->bytes) {
        ssize_t n = read(tty, p->bytes + p->len, sizeof p->bytes - p->len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return tty_error(err);
        }
        p->len += (size_t)n;
        if (n == 0 || p->bytes[p->len - 1] == CTRL_C) {
            (void)say(tty, "\n");
            return mdl_fail(err, MDL_U_CANCELLED, "cancelled; nothing was changed");
        }
        if (p->bytes[p->len - 1] == '\n') {
            break;
        }
    }
    return MDL_OK; /* a line that is too long has no final LF and is refused for its length */
}

static enum mdl_status ask_once(int tty, const char *question, struct mdl_passphrase **out,
                                struct mdl_error *err)
{
    struct termios before;
    void *memory;

    *out = NULL;
    enum mdl_status st = mdl_secret_new(sizeof(struct mdl_passphrase), &memory, err);
    if (st != MDL_OK) {
        return st;
    }
    if (!go_silent(tty, &before)) {
        sodium_free(memory);
        return tty_error(err);
    }
    st = say(tty, question) ? read_line(tty, memory, err) : tty_error(err);
    if (tcsetattr(tty, TCSAFLUSH, &before) != 0 && st == MDL_OK) {
        st = tty_error(err);
    }
    if (st != MDL_OK) {
        sodium_free(memory);
        return st;
    }
    return mdl_passphrase_finish(memory, out, err);
}

static bool same(const struct mdl_passphrase *a, const struct mdl_passphrase *b)
{
    return a->len == b->len && sodium_memcmp(a->bytes, b->bytes, a->len) == 0;
}

static enum mdl_status confirm_it(int tty, struct mdl_passphrase **p, struct mdl_error *err)
{
    struct mdl_passphrase *again;
    enum mdl_status st = ask_once(tty, "Once more: ", &again, err);

    if (again != NULL && !same(*p, again)) {
        st = mdl_fail(err, MDL_U_ARGUMENT, "the two passphrases differ; nothing was changed");
    }
    mdl_passphrase_free(again);
    if (st != MDL_OK) {
        mdl_passphrase_free(*p);
        *p = NULL;
    }
    return st;
}

enum mdl_status mdl_passphrase_prompt(const char *question, bool confirm,
                                      struct mdl_passphrase **out, struct mdl_error *err)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

    *out = NULL;
    if (tty < 0) {
        return mdl_fail(
            err, MDL_U_STATE,
            "there is no terminal to ask for the passphrase on; give it in a file or in "
            "the environment");
    }
    enum mdl_status st = ask_once(tty, question, out, err);
    if (*out != NULL && confirm) {
        st = confirm_it(tty, out, err);
    }
    (void)close(tty);
    return st;
}
