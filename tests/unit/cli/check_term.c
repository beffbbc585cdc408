/* check_term.c: what reaches a terminal and what reaches a file.
 * It may not depend on the terminal the tests run in: it makes its own. */
#include "support.h"

#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static char shown[4096];

/* Writes through `fn` to a terminal of `columns` (0: to a file) and gives what arrived. */
typedef void writer(FILE *f);
static const char *written(writer *fn, unsigned short columns)
{
    int screen = -1;
    int end = -1;
    struct winsize size = {.ws_row = 25, .ws_col = columns};
    size_t n = 0;
    ssize_t got;

    if (columns > 0) {
        ck_assert_int_eq(openpty(&screen, &end, NULL, NULL, &size), 0);
    } else {
        int ends[2];
        ck_assert_int_eq(pipe(ends), 0);
        screen = ends[0];
        end = ends[1];
    }
    FILE *f = fdopen(end, "w");
    ck_assert_ptr_nonnull(f);
    fn(f);
    ck_assert_int_eq(fflush(f), 0);
    if (columns == 0) {
        (void)fclose(f);
    }
    while (n < sizeof shown - 1 && (got = read(screen, shown + n, sizeof shown - 1 - n)) > 0) {
        n += (size_t)got;
        if (columns > 0 && memchr(shown, '$', n) != NULL) { /* a terminal has no end of file */
            break;
        }
    }
    shown[n] = '\0';
    if (columns > 0) {
        (void)fclose(f);
    }
    (void)close(screen);
    return shown;
}

static void colourful(FILE *f)
{
    say_shade(f, SHADE_GREEN, "good %d", 1);
    say(f, " plain$");
}

START_TEST(colour_on_a_terminal_only)
{
    ck_assert_int_eq(unsetenv("NO_COLOR"), 0);
    ck_assert_int_eq(setenv("TERM", "xterm", 1), 0);
    ck_assert_str_eq(written(colourful, 80), "\033[32mgood 1\033[0m plain$");
    ck_assert_str_eq(written(colourful, 0), "good 1 plain$");
    ck_assert_int_eq(setenv("NO_COLOR", "1", 1), 0);
    ck_assert_str_eq(written(colourful, 80), "good 1 plain$");
    ck_assert_int_eq(setenv("NO_COLOR", "", 1), 0); /* empty counts as not set */
    ck_assert_str_eq(written(colourful, 80), "\033[32mgood 1\033[0m plain$");
    ck_assert_int_eq(setenv("TERM", "dumb", 1), 0);
    ck_assert_str_eq(written(colourful, 80), "good 1 plain$");
}
END_TEST

static void hostile(FILE *f)
{
    say(f, "a%sb\nc%s$", "\033[31m\r", "\xc2\x9b");
}

START_TEST(said_text_steers_nothing)
{
    ck_assert_str_eq(written(hostile, 0), "a\xef\xbf\xbd[31m\xef\xbf\xbd"
                                          "b\nc\xef\xbf\xbd$");
}
END_TEST

static void csv(FILE *f)
{
    static const char text[] = "name\r\n\033]0;owned\a\r\nx$";
    put_text(f, text, sizeof text - 1);
}

/* A file gets the bytes, a terminal what can do no harm. */
START_TEST(raw_text)
{
    ck_assert_str_eq(written(csv, 0), "name\r\n\033]0;owned\a\r\nx$");
    ck_assert_str_eq(written(csv, 80), "name\r\n\xef\xbf\xbd]0;owned\xef\xbf\xbd\r\nx$");
}
END_TEST

static void paragraph(FILE *f)
{
    say_wrapped(f, "  • ", "one two three four five six seven$");
}

START_TEST(wrapping)
{
    ck_assert_int_eq(unsetenv("COLUMNS"), 0);
    ck_assert_str_eq(written(paragraph, 0), "  • one two three four five six seven$\n");
    /* The terminal makes CR LF of each line feed. */
    const char *narrow = written(paragraph, 20);
    ck_assert_int_eq(strncmp(narrow, "  • one two three\r\n    four five six\r\n    seven$", 48),
                     0);
    ck_assert_int_eq(setenv("COLUMNS", "14", 1), 0);
    ck_assert_int_eq(strncmp(written(paragraph, 20), "  • one two\r\n", 15), 0);
    ck_assert_int_eq(unsetenv("COLUMNS"), 0);
}
END_TEST

static void long_word(FILE *f)
{
    char word[3000];
    memset(word, 'x', sizeof word - 2);
    word[sizeof word - 2] = '$';
    word[sizeof word - 1] = '\0';
    say_wrapped(f, "", word);
}

START_TEST(a_word_longer_than_the_line)
{
    const char *out = written(long_word, 0);
    size_t n = 0;
    for (const char *s = out; *s != '\0'; s++) {
        n += *s == 'x';
    }
    ck_assert_uint_eq(n, 2998);
}
END_TEST

static void fields(FILE *f)
{
    say_field(f, "Name", "%s", "A\tB");
    say_field(f, "Nothing", "%s", "");
    say_field(f, "N", "%d$", 5);
}

START_TEST(fields_that_are_empty_are_left_out)
{
    ck_assert_str_eq(written(fields, 0), "  Name            A\xef\xbf\xbd"
                                         "B\n  N               5$\n");
}
END_TEST

int main(int argc, char *argv[])
{
    const TTest *const tests[] = {
        colour_on_a_terminal_only,   said_text_steers_nothing,          raw_text, wrapping,
        a_word_longer_than_the_line, fields_that_are_empty_are_left_out};
    return run_suite(argc, argv, "term", tests, sizeof tests / sizeof tests[0]);
}
