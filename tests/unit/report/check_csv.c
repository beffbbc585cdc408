/* check_csv.c: quoting by RFC 4180, cells that spreadsheets would run, readers of documents.
 * It may not look at any report. */
#include "support.h"

#include <string.h>

static void row_is(const char *const cells[], size_t n, const char *want)
{
    struct printed p;
    mdl_csv_row(cells, n, open_printed(&p));
    ck_assert_str_eq(close_printed(&p), want);
    free(p.text);
}

START_TEST(quoting)
{
    const char *const plain[] = {"a", "b c", "ü"};
    const char *const special[] = {"a,b", "say \"hi\"", "two\nlines", "cr\rhere"};
    const char *const empty[] = {"", NULL, ""};
    row_is(plain, 3, "a,b c,ü\r\n");
    row_is(special, 4, "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"cr\rhere\"\r\n");
    row_is(empty, 3, ",,\r\n");
    row_is(plain, 1, "a\r\n");
}
END_TEST

/* =HYPERLINK(...) in a company's name must not run in the partner manager's spreadsheet. */
START_TEST(formulas_are_guarded)
{
    static const char *const cells[] = {"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        char want[32];
        (void)snprintf(want, sizeof want, "\"'%s\"\r\n", cells[i]);
        row_is(&cells[i], 1, want);
    }
    const char *const quoted[] = {"=\"a\",b"};
    const char *const harmless[] = {"a=1", "1-2", "x@example.com"};
    row_is(quoted, 1, "\"'=\"\"a\"\",b\"\r\n");
    row_is(harmless, 3, "a=1,1-2,x@example.com\r\n");
}
END_TEST

START_TEST(absent_members_are_empty)
{
    json_t *d = document("{\"name\":\"x\",\"n\":5,\"null\":null}");
    ck_assert_str_eq(mdl_doc_text(d, "name"), "x");
    ck_assert_str_eq(mdl_doc_text(d, "absent"), "");
    ck_assert_str_eq(mdl_doc_text(d, "n"), "");
    ck_assert_str_eq(mdl_doc_text(d, "null"), "");
    ck_assert_str_eq(mdl_doc_text(NULL, "name"), "");
    ck_assert_int_eq(mdl_doc_int(d, "n"), 5);
    ck_assert_int_eq(mdl_doc_int(d, "name"), 0);
    ck_assert_int_eq(mdl_doc_int(NULL, "n"), 0);
    json_decref(d);
}
END_TEST

START_TEST(joined_lists)
{
    char out[12];
    json_t *d = document("[\"ab\",\"cd\",\"ef\"]");
    mdl_doc_join(d, ", ", out, sizeof out);
    ck_assert_str_eq(out, "ab, cd, ef");
    mdl_doc_join(NULL, ", ", out, sizeof out);
    ck_assert_str_eq(out, "");
    mdl_doc_join(d, ", ", out, 9); /* does not fit: the end says so, and it ends inside */
    ck_assert_uint_eq(strlen(out), 8);
    ck_assert_str_eq(out, "ab, c…");
    json_decref(d);
}
END_TEST

START_TEST(a_cut_list_stays_utf8)
{
    for (size_t size = 5; size < 40; size++) {
        char out[40];
        json_t *list = document("[\"üüüü\",\"会社\",\"ab\",\"éé\"]");
        mdl_doc_join(list, ";", out, size);
        json_t *text = json_string(out);
        ck_assert_msg(text != NULL, "size %zu: not UTF-8", size);
        json_decref(text);
        json_decref(list);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {quoting, formulas_are_guarded, absent_members_are_empty,
                                  joined_lists, a_cut_list_stays_utf8};
    return run_suite("csv", tests, sizeof tests / sizeof tests[0]);
}
