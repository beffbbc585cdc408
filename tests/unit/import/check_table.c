/* check_table.c: text to rows, with lines, limits and broken quotes. */
#include "import_table.h"
#include "support.h"

#include <stdlib.h>

static struct mdl_imp_table table;
static struct mdl_imp_buf seen; /* rows as text: "LINE[a|b]" or "LINE!issue@column" */
static struct mdl_error err;
static enum mdl_status answer;

static enum mdl_status take(void *ctx, const struct mdl_imp_row *row, struct mdl_error *e)
{
    (void)ctx;
    char head[80];
    if (row->issue != MDL_ISSUE_COUNT) {
        snprintf(head, sizeof head, "%ju!%s@%u ", (uintmax_t)row->line,
                 mdl_import_issue_slug(row->issue), row->column);
        ck_assert(mdl_imp_buf_add(&seen, head, strlen(head)));
        return answer;
    }
    snprintf(head, sizeof head, "%ju[", (uintmax_t)row->line);
    ck_assert(mdl_imp_buf_add(&seen, head, strlen(head)));
    for (size_t i = 0; i < row->n_cells; i++) {
        const char *sep = i + 1 < row->n_cells ? "|" : "] ";
        ck_assert(mdl_imp_buf_add(&seen, row->cell[i], strlen(row->cell[i])));
        ck_assert(mdl_imp_buf_add(&seen, sep, strlen(sep)));
    }
    return answer == MDL_OK ? MDL_OK : mdl_fail(e, answer, "stop");
}

static void start(void)
{
    mdl_imp_buf_clear(&seen);
    ck_assert(mdl_imp_buf_add(&seen, "", 0));
    table.row = take;
    ck_assert_int_eq(mdl_imp_table_begin(&table, &err), MDL_OK);
}

static enum mdl_status split_as(const char *s, size_t len, size_t chunk)
{
    start();
    enum mdl_status st = MDL_OK;
    for (size_t at = 0; st == MDL_OK && at < len; at += chunk) {
        size_t n = len - at < chunk ? len - at : chunk;
        st = mdl_imp_table_text(&table, ',', s + at, n, &err);
    }
    return st == MDL_OK ? mdl_imp_table_end(&table, &err) : st;
}

/* However the text is cut, the rows are these. */
static void splits(const char *s, const char *want)
{
    for (size_t chunk = 1; chunk <= strlen(s) + 1; chunk++) {
        ck_assert_int_eq(split_as(s, strlen(s), chunk), MDL_OK);
        ck_assert_str_eq(seen.p, want);
    }
}

START_TEST(lines_and_ends)
{
    splits("a,b\nc,d\n", "1[a|b] 2[c|d] ");
    splits("a,b\r\nc,d", "1[a|b] 2[c|d] ");
    splits("a,b\rc,d\r", "1[a|b] 2[c|d] ");
    splits("\n\na,b\n\r\n\r\nc,d\n\n", "3[a|b] 6[c|d] ");
    splits("a,\"x\ny\r\nz\",b\nc,d,e\n", "1[a|x\ny\r\nz|b] 4[c|d|e] ");
    splits("a,\"x\ry\",b\rc,d,e", "1[a|x\ry|b] 3[c|d|e] ");
}
END_TEST

START_TEST(cells)
{
    splits(" a , b \n", "1[a|b] ");
    splits("\"a\"\"b\",\"\"\n", "1[a\"b|] ");
    splits(",\n", "1[|] ");
    splits("a,,\n", "1[a||] ");
    splits("\"  a  \"  ,b\n", "1[a|b] ");
    splits("5\" disk,say \"hi\" now\nx,y\n", "1[5\" disk|say \"hi\" now] 2[x|y] ");
    splits("\"a,b\",c\n", "1[a,b|c] ");
}
END_TEST

START_TEST(broken_quotes)
{
    splits("\"a\" b,c\nd,e\n", "1!stray-quote@1 2[d|e] ");
    splits("x,\"a\"b\"\r\nd,e\r\n", "1!stray-quote@2 2[d|e] ");
    splits("x,\"a\ny\"z,w\nd,e\n", "1!stray-quote@2 3[d|e] ");
    splits("x,\"a\" \"b\"\nd,e", "1!stray-quote@2 2[d|e] ");
    splits("\"a\"b", "1!stray-quote@1 ");
}
END_TEST

static void unclosed(const char *s, unsigned line, unsigned column)
{
    char want[80];
    snprintf(want, sizeof want, "line %u, column %u: the quote", line, column);
    for (size_t chunk = 1; chunk <= strlen(s); chunk++) {
        ck_assert_int_eq(split_as(s, strlen(s), chunk), MDL_U_CSV);
        ck_text_has(err.text, want);
    }
}

START_TEST(unclosed_quotes_name_their_line)
{
    unclosed("a,b\nc,\"d\ne,f\n", 2, 2);
    unclosed("\"a", 1, 1);
    unclosed("\"a\nb\",c,\"d\n\ne", 2, 3);
    unclosed("a,\"b\n\"\"c\n", 1, 2);
}
END_TEST

START_TEST(encodings)
{
    ck_assert_int_eq(split_as("a,M\xFCller\nb,c\n", 13, 4), MDL_OK);
    ck_assert_str_eq(seen.p, "1!bad-encoding@2 2[b|c] ");
    ck_assert_int_eq(split_as("a,b\0c\nd,e\n", 10, 4), MDL_OK);
    ck_assert_str_eq(seen.p, "1!nul-byte@2 2[d|e] ");
    splits("M\xC3\xBCller,x\n", "1[M\xC3\xBCller|x] ");
    start();
    table.latin = true;
    ck_assert_int_eq(mdl_imp_table_text(&table, ',', "M\xFCller,\xA0x\xA0\n", 11, &err), MDL_OK);
    ck_assert_str_eq(seen.p, "1[M\xC3\xBCller|x] ");
}
END_TEST

START_TEST(only_wanted_cells_are_kept)
{
    start();
    ck_assert_int_eq(mdl_imp_table_text(&table, ',', "a,b,c\n", 6, &err), MDL_OK);
    table.all = false;
    memset(table.wanted, 0, sizeof table.wanted);
    table.wanted[1] = 1;
    ck_assert_int_eq(mdl_imp_table_text(&table, ',', "\xFF,e,\xFF\ng\n", 8, &err), MDL_OK);
    ck_assert_str_eq(seen.p, "1[a|b|c] 2[|e|] 3[] ");
}
END_TEST

/* `lead`, then n times 'x', then `tail`. */
static char *long_text(const char *lead, size_t n, const char *tail, size_t *len)
{
    *len = strlen(lead) + n + strlen(tail);
    char *s = malloc(*len + 1);
    ck_assert_ptr_nonnull(s);
    memset(s, 'x', *len);
    memcpy(s, lead, strlen(lead));
    memcpy(s + strlen(lead) + n, tail, strlen(tail) + 1);
    return s;
}

static void long_splits(const char *lead, size_t n, const char *tail, const char *want)
{
    static const size_t chunks[] = {4093, 65536, 1u << 30};
    size_t len;
    char *s = long_text(lead, n, tail, &len);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(split_as(s, len, chunks[i]), MDL_OK);
        ck_assert_str_eq(seen.p, want);
    }
    free(s);
}

START_TEST(limits_cost_the_row)
{
    long_splits("a,", MDL_IMPORT_CELL_MAX + 1, "\nb,c\n", "1!too-long@2 2[b|c] ");
    long_splits("a,", MDL_IMPORT_ROW_MAX, "\nb,c\n", "1!too-long@0 2[b|c] ");
    long_splits("a,\"\n", MDL_IMPORT_ROW_MAX, "\n\"\"\n\",z\nb,c\n", "1!too-long@0 5[b|c] ");
}
END_TEST

START_TEST(a_long_cell_is_read)
{
    size_t len;
    char *s = long_text("a,\"", 180 * 1024, "\"\nb,c\n", &len);
    ck_assert_int_eq(split_as(s, len, 4096), MDL_OK);
    ck_assert_uint_eq(seen.len, 180 * 1024 + strlen("1[a|] 2[b|c] "));
    free(s);
}
END_TEST

START_TEST(an_open_quote_over_the_limit)
{
    size_t len;
    char *s = long_text("a,b\nc,\"d\n", MDL_IMPORT_ROW_MAX, "\n", &len);
    ck_assert_int_eq(split_as(s, len, 65536), MDL_U_CSV);
    ck_text_has(err.text, "line 2, column 2");
    ck_assert_str_eq(seen.p, "1[a|b] 2!too-long@0 ");
    free(s);
}
END_TEST

START_TEST(stopping)
{
    start();
    answer = MDL_U_CANCELLED;
    ck_assert_int_eq(mdl_imp_table_text(&table, ',', "a\nb\n", 4, &err), MDL_U_CANCELLED);
    ck_assert_str_eq(seen.p, "1[a] ");
    ck_assert_int_eq(mdl_imp_table_end(&table, &err), MDL_U_CANCELLED);
    answer = MDL_OK;
}
END_TEST

int main(void)
{
    Suite *s = suite_create("import-table");
    TCase *t = tcase_create("table");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, lines_and_ends);
    tcase_add_test(t, cells);
    tcase_add_test(t, broken_quotes);
    tcase_add_test(t, unclosed_quotes_name_their_line);
    tcase_add_test(t, encodings);
    tcase_add_test(t, only_wanted_cells_are_kept);
    tcase_add_test(t, limits_cost_the_row);
    tcase_add_test(t, a_long_cell_is_read);
    tcase_add_test(t, an_open_quote_over_the_limit);
    tcase_add_test(t, stopping);
    suite_add_tcase(s, t);
    int failed = rig_main(s);
    mdl_imp_table_free(&table);
    mdl_imp_buf_free(&seen);
    return failed;
}
