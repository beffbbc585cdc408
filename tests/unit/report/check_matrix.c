/* check_matrix.c: the overlap matrix as a table and as CSV.
 * It may not count: figures in are figures out. */
#include "support.h"

#include <string.h>

static const char sample[] =
    "{\"rows\":[\"customers\",\"prospects\"],\"columns\":[\"customers\",\"open-opportunities\"],"
    "\"cells\":[[12,3],[40,0]],\"row_overlap\":[15,40],\"row_accounts\":[100,2000],"
    "\"column_overlap\":[50,3],\"own_accounts\":52,\"own_total\":2090}";

START_TEST(as_a_table)
{
    struct printed p;
    struct mdl_style style = {false, 0};
    json_t *m = document(sample);
    ck_assert_int_eq(mdl_report_matrix(m, &style, open_printed(&p)), MDL_OK);
    ck_assert_str_eq(close_printed(&p),
                     "OURS \\ THEIRS  customers  open-opportunities  overlap  our accounts\n"
                     "─────────────  ─────────  ──────────────────  ───────  ────────────\n"
                     "customers             12                   3       15           100\n"
                     "prospects             40                   0       40          2000\n"
                     "─────────────  ─────────  ──────────────────  ───────  ────────────\n"
                     "overlap               50                   3       52          2090\n");
    free(p.text);
    json_decref(m);
}
END_TEST

START_TEST(as_csv)
{
    struct printed p;
    json_t *m = document(sample);
    ck_assert_int_eq(mdl_report_matrix_csv(m, open_printed(&p)), MDL_OK);
    ck_assert_str_eq(close_printed(&p), "population,partner_population,accounts\r\n"
                                        "customers,customers,12\r\n"
                                        "customers,open-opportunities,3\r\n"
                                        "prospects,customers,40\r\n"
                                        "prospects,open-opportunities,0\r\n");
    free(p.text);
    json_decref(m);
}
END_TEST

/* A zero is a result; what is not there is not zero. */
START_TEST(what_is_missing_is_not_invented)
{
    struct printed p;
    struct mdl_style style = {false, 0};
    json_t *m = document("{\"rows\":[\"a\"],\"columns\":[\"b\"],\"cells\":[[]]}");
    ck_assert_int_eq(mdl_report_matrix(m, &style, open_printed(&p)), MDL_OK);
    (void)close_printed(&p);
    ck_assert_ptr_null(strchr(p.text, '0'));
    ck_assert_ptr_nonnull(strstr(p.text, "–"));
    free(p.text);
    ck_assert_int_eq(mdl_report_matrix_csv(m, open_printed(&p)), MDL_OK);
    ck_assert_ptr_nonnull(strstr(close_printed(&p), "\r\na,b,\r\n"));
    free(p.text);
    json_decref(m);
}
END_TEST

START_TEST(as_many_populations_as_there_can_be)
{
    struct mdl_style style = {false, 0};
    for (size_t n = 32; n <= 33; n++) {
        struct printed p;
        json_t *m = document("{\"rows\":[\"a\"],\"columns\":[],\"cells\":[[]]}");
        for (size_t i = 0; i < n; i++) {
            (void)json_array_append_new(json_object_get(m, "columns"), json_string("p"));
        }
        ck_assert_int_eq(mdl_report_matrix(m, &style, open_printed(&p)),
                         n == 32 ? MDL_OK : MDL_U_TOO_LARGE);
        (void)close_printed(&p);
        free(p.text);
        json_decref(m);
    }
}
END_TEST

START_TEST(a_stream_that_fails)
{
    struct mdl_style style = {false, 0};
    FILE *full = fopen("/dev/full", "w");
    json_t *m = document(sample);
    ck_assert_ptr_nonnull(full);
    ck_assert_int_eq(setvbuf(full, NULL, _IONBF, 0), 0);
    ck_assert_int_eq(mdl_report_matrix(m, &style, full), MDL_L_IO);
    ck_assert_int_eq(mdl_report_matrix_csv(m, full), MDL_L_IO);
    (void)fclose(full);
    json_decref(m);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {as_a_table, as_csv, what_is_missing_is_not_invented,
                                  as_many_populations_as_there_can_be, a_stream_that_fails};
    return run_suite("matrix", tests, sizeof tests / sizeof tests[0]);
}
