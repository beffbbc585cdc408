/* check_side.c: two columns of paragraphs: wrapped by what a terminal shows, not by bytes. */
#include "support.h"

#include <side.h>
#include <stdlib.h>
#include <string.h>

static struct side_lines lines;

static void lines_are(size_t n, const char *const expected[])
{
    ck_assert_uint_eq(lines.n, n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_str_eq(lines.line[i], expected[i]);
    }
    side_free(&lines);
    ck_assert_uint_eq(lines.n, 0);
}

START_TEST(wraps_at_the_width)
{
    const char *const two[] = {"* one two", "  three"};
    side_add(&lines, 9, "* ", "one two three");
    lines_are(2, two);
    const char *const exact[] = {"one two"};
    side_add(&lines, 7, "", "one  two");
    lines_are(1, exact);
    /* Four columns each, in twelve bytes. */
    const char *const wide[] = {"会社", "会社"};
    side_add(&lines, 6, "", "会社 会社");
    lines_are(2, wide);
    const char *const none[] = {"  "};
    side_add(&lines, 10, "  ", "");
    lines_are(1, none);
}
END_TEST

/* A word that is wider than the column stands in a line of its own; nothing is lost or overrun. */
START_TEST(words_without_end)
{
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const char *const parts[] = {"a"};
    side_add(&lines, 10, "", "a");
    lines_are(1, parts);
    side_add(&lines, 10, "", text);
    ck_assert_uint_eq(lines.n, 1);
    side_free(&lines);
    for (size_t i = 9; i < sizeof text - 1; i += 10) {
        text[i] = ' ';
    }
    side_add(&lines, 10, "", text);
    ck_assert_uint_eq(lines.n, 500);
    side_free(&lines);
}
END_TEST

START_TEST(columns_stand_beside_each_other)
{
    struct side_lines right = {NULL, 0, 0};
    char *out = NULL;
    size_t size = 0;
    FILE *f = tmpfile();
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(side_width(f), 0); /* no terminal: no columns */
    side_add(&lines, 8, "", "left");
    side_add(&right, 8, "", "right");
    side_add(&right, 8, "- ", "more \x1b[2J");
    side_print(&lines, &right, 8, f);
    rewind(f);
    out = calloc(1, 4096);
    ck_assert_ptr_nonnull(out);
    size = fread(out, 1, 4095, f);
    ck_assert_uint_gt(size, 0);
    ck_assert_ptr_eq(strstr(out, "left     │ right\n"), out);
    ck_assert_ptr_null(strchr(out, '\x1b'));
    ck_assert_ptr_nonnull(strstr(out, "         │ - more\n"));
    free(out);
    fclose(f);
    side_free(&lines);
    side_free(&right);
}
END_TEST

int main(int argc, char *argv[])
{
    const TTest *const tests[] = {wraps_at_the_width, words_without_end,
                                  columns_stand_beside_each_other};
    return run_suite(argc, argv, "side", tests, sizeof tests / sizeof tests[0]);
}
