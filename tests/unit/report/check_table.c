/* check_table.c: widths in columns, cutting, rules, and no control character on the way out.
 * It may not look at any document. */
#include "support.h"

#include <string.h>

static const enum mdl_align left_right[] = {MDL_LEFT, MDL_RIGHT};
static const char *const titles[] = {"NAME", "N"};

static struct printed print_table(const struct mdl_table *t, struct mdl_style style)
{
    struct printed p;
    mdl_table_print(t, &style, open_printed(&p));
    (void)close_printed(&p);
    return p;
}

static struct mdl_table *table_of(const char *a, const char *n)
{
    const char *const cells[] = {a, n};
    struct mdl_table *t = mdl_table_new(2, titles, left_right);
    ck_assert_ptr_nonnull(t);
    ck_assert_int_eq(mdl_table_row(t, cells), MDL_OK);
    return t;
}

START_TEST(aligned)
{
    struct mdl_table *t = table_of("alpha", "7");
    const char *const more[] = {"b", "1234"};
    ck_assert_int_eq(mdl_table_row(t, more), MDL_OK);
    ck_assert_uint_eq(mdl_table_rows(t), 2);
    struct printed p = print_table(t, (struct mdl_style){false, 0});
    ck_assert_str_eq(p.text, "NAME      N\n"
                             "─────  ────\n"
                             "alpha     7\n"
                             "b      1234\n");
    free(p.text);
    mdl_table_free(t);
}
END_TEST

START_TEST(no_line_ends_in_spaces)
{
    const char *const only_first[] = {"a", NULL};
    struct mdl_table *t = table_of("long name", "1");
    ck_assert_int_eq(mdl_table_row(t, only_first), MDL_OK);
    struct printed p = print_table(t, (struct mdl_style){false, 0});
    ck_assert_ptr_null(strstr(p.text, " \n"));
    ck_assert_ptr_nonnull(strstr(p.text, "\na\n"));
    free(p.text);
    mdl_table_free(t);
}
END_TEST

START_TEST(a_rule_before_totals)
{
    const char *const total[] = {"sum", "9"};
    struct mdl_table *t = table_of("a", "9");
    mdl_table_rule(t);
    ck_assert_int_eq(mdl_table_row(t, total), MDL_OK);
    struct printed p = print_table(t, (struct mdl_style){false, 0});
    ck_assert_str_eq(p.text, "NAME  N\n────  ─\na     9\n────  ─\nsum   9\n");
    free(p.text);
    mdl_table_free(t);
}
END_TEST

START_TEST(titles_are_bold_in_colour_only)
{
    struct mdl_table *t = table_of("a", "1");
    struct printed plain = print_table(t, (struct mdl_style){false, 0});
    struct printed bold = print_table(t, (struct mdl_style){true, 0});
    ck_assert_ptr_null(strchr(plain.text, '\033'));
    ck_assert_int_eq(strncmp(bold.text, "\033[1mNAME  N\033[0m\n", 16), 0);
    free(plain.text);
    free(bold.text);
    mdl_table_free(t);
}
END_TEST

/* What a terminal makes of the characters, not how many bytes they take. */
START_TEST(width_in_columns)
{
    ck_assert_uint_eq(mdl_text_width(""), 0);
    ck_assert_uint_eq(mdl_text_width("abc"), 3);
    ck_assert_uint_eq(mdl_text_width("Müller"), 6);
    ck_assert_uint_eq(mdl_text_width("Mu\xcc\x88ller"), 6); /* a combining diaeresis */
    ck_assert_uint_eq(mdl_text_width("株式会社"), 8);
    ck_assert_uint_eq(mdl_text_width("a\033b"), 3); /* shown as one replacement character */
    ck_assert_uint_eq(mdl_text_width("a\xff"
                                     "b"),
                      3); /* not UTF-8 */
}
END_TEST

START_TEST(columns_align_by_width)
{
    struct mdl_table *t = table_of("株式会社", "1");
    const char *const more[] = {"Müller", "2"};
    ck_assert_int_eq(mdl_table_row(t, more), MDL_OK);
    struct printed p = print_table(t, (struct mdl_style){false, 0});
    ck_assert_str_eq(p.text, "NAME      N\n────────  ─\n株式会社  1\nMüller    2\n");
    free(p.text);
    mdl_table_free(t);
}
END_TEST

/* A name that is a terminal's commands must not reach one. */
START_TEST(control_characters_are_replaced)
{
    static const char *const hostile[] = {"\033[2J",
                                          "\a",
                                          "\r",
                                          "\n",
                                          "\x7f",
                                          "\xc2\x9b[J" /* C1 CSI */,
                                          "\xe2\x80\xae" /* right-to-left override */,
                                          "\xe2\x80\xa8" /* line separator */,
                                          "\xe2\x80\x8b" /* zero-width space */};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct printed p;
        mdl_text_print(hostile[i], 0, open_printed(&p));
        (void)close_printed(&p);
        ck_assert_msg(strncmp(p.text, "\xef\xbf\xbd", 3) == 0, "case %zu: %s", i, p.text);
        for (const char *s = p.text; *s != '\0'; s++) {
            ck_assert_msg((unsigned char)*s >= 0x20 && *s != 0x7f, "case %zu", i);
        }
        free(p.text);
    }
}
END_TEST

START_TEST(cut_with_an_ellipsis)
{
    static const struct {
        const char *text;
        size_t max;
        const char *want;
    } cases[] = {{"abcdef", 6, "abcdef"}, {"abcdef", 5, "abcd…"},   {"abcdef", 1, "…"},
                 {"Müller", 4, "Mül…"},   {"株式会社", 5, "株式…"}, {"株式会社", 4, "株…"},
                 {"abcdef", 0, "abcdef"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct printed p;
        mdl_text_print(cases[i].text, cases[i].max, open_printed(&p));
        ck_assert_str_eq(close_printed(&p), cases[i].want);
        free(p.text);
    }
}
END_TEST

/* Half of a wide character is not to be had: the next column still begins where it should. */
START_TEST(a_cut_wide_cell_keeps_the_columns)
{
    struct mdl_table *t = table_of("株式会社株式会社株式会社", "1");
    const char *const more[] = {"b", "2"};
    ck_assert_int_eq(mdl_table_row(t, more), MDL_OK);
    struct printed p = print_table(t, (struct mdl_style){false, 15});
    char *line = strtok(p.text, "\n");
    for (int i = 0; line != NULL; i++) {
        ck_assert_msg(mdl_text_width(line) == 15, "line %d: %s", i, line);
        line = strtok(NULL, "\n");
    }
    free(p.text);
    mdl_table_free(t);
}
END_TEST

START_TEST(the_widest_left_column_gives_way)
{
    struct mdl_table *t = table_of("a name that is far too long for this terminal", "123456789");
    struct printed p = print_table(t, (struct mdl_style){false, 30});
    ck_assert_ptr_nonnull(strstr(p.text, "a name that is far…  123456789\n"));
    free(p.text);
    /* Figures are never cut: a terminal this narrow wraps. */
    p = print_table(t, (struct mdl_style){false, 5});
    ck_assert_ptr_nonnull(strstr(p.text, "123456789\n"));
    free(p.text);
    mdl_table_free(t);
}
END_TEST

START_TEST(refused)
{
    ck_assert_ptr_null(mdl_table_new(0, titles, left_right));
    ck_assert_ptr_null(mdl_table_new(65, titles, left_right));
    mdl_table_free(NULL);
}
END_TEST

/* The list of rounds at its widest. */
START_TEST(seven_columns_on_eighty)
{
    static const char *const heads[] = {"ROUND",   "PARTNER",      "STATE", "PROPOSED",
                                        "OVERLAP", "KEYS BROUGHT", "NOTE"};
    static const enum mdl_align sides[] = {MDL_LEFT,  MDL_LEFT,  MDL_LEFT, MDL_LEFT,
                                           MDL_RIGHT, MDL_RIGHT, MDL_LEFT};
    static const char *const row[] = {"3fa9c177aa01",
                                      "Contoso Systems International",
                                      "waiting-for-approval",
                                      "2026-11-22 12:40 UTC",
                                      "100,000",
                                      "100,000 / 99,999",
                                      "our approval: mandorla round approve"};
    struct printed p;
    struct mdl_style style = {false, 80};
    struct mdl_table *t = mdl_table_new(7, heads, sides);
    ck_assert_ptr_nonnull(t);
    ck_assert_int_eq(mdl_table_row(t, row), MDL_OK);
    mdl_table_print(t, &style, open_printed(&p));
    (void)close_printed(&p);
    char *rest = p.text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        ck_assert_msg(mdl_text_width(line) <= 80, "%s", line);
    }
    free(p.text);
    mdl_table_free(t);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {seven_columns_on_eighty,
                                  aligned,
                                  no_line_ends_in_spaces,
                                  a_rule_before_totals,
                                  titles_are_bold_in_colour_only,
                                  width_in_columns,
                                  columns_align_by_width,
                                  control_characters_are_replaced,
                                  cut_with_an_ellipsis,
                                  a_cut_wide_cell_keeps_the_columns,
                                  the_widest_left_column_gives_way,
                                  refused};
    return run_suite("table", tests, sizeof tests / sizeof tests[0]);
}
