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
                     "prospects             40                   0       40         2,000\n"
                     "─────────────  ─────────  ──────────────────  ───────  ────────────\n"
                     "overlap               50                   3       52         2,090\n");
    free(p.text);
    json_decref(m);
}
END_TEST

START_TEST(as_csv)
{
    struct printed p;
    json_t *m = document(sample);
    ck_assert_int_eq(mdl_report_matrix_csv(m, open_printed(&p)), MDL_OK);
    ck_assert_str_eq(close_printed(&p),
                     "population,partner_population,accounts,level,keys_in_common,our_keys,"
                     "their_keys\r\n"
                     "customers,customers,12,accounts,,,\r\n"
                     "customers,open-opportunities,3,accounts,,,\r\n"
                     "prospects,customers,40,accounts,,,\r\n"
                     "prospects,open-opportunities,0,accounts,,,\r\n");
    free(p.text);
    json_decref(m);
}
END_TEST

/* All levels at once: a number of keys is not taken for one of accounts, and what is not to be
 * shown is not there. */
static const char mixed[] =
    "{\"rows\":[\"customers\",\"prospects\",\"open-opportunities\"],"
    "\"columns\":[\"customers\",\"prospects\"],"
    "\"cells\":[[12,41],[null,null],[null,null]],"
    "\"levels\":[[\"accounts\",\"counts\"],[\"counts\",\"hidden\"],[\"counts\",\"hidden\"]],"
    "\"counts\":[{\"population\":\"customers\",\"partner_population\":\"prospects\","
    "\"key_label\":\"domain\",\"state\":\"known\",\"own_keys\":100,\"partner_keys\":820,"
    "\"matched\":41,\"below\":null},"
    "{\"population\":\"prospects\",\"partner_population\":\"customers\",\"key_label\":\"domain\","
    "\"state\":\"known\",\"own_keys\":1900,\"partner_keys\":333,\"matched\":null,\"below\":5},"
    "{\"population\":\"open-opportunities\",\"partner_population\":\"customers\","
    "\"key_label\":\"domain\",\"state\":\"skipped\",\"own_keys\":0,\"partner_keys\":0,"
    "\"matched\":null,\"below\":null}],"
    "\"account_keys\":[{\"population\":\"customers\",\"partner_population\":\"customers\","
    "\"key_label\":null,\"state\":\"known\",\"own_keys\":120,\"partner_keys\":343,"
    "\"matched\":17,\"below\":null}],"
    "\"row_overlap\":[12,null,null],\"row_accounts\":[100,null,null],\"column_overlap\":[12,null],"
    "\"own_accounts\":12,\"own_total\":100}";

START_TEST(levels_as_a_table)
{
    struct printed p;
    struct mdl_style style = {false, 0};
    json_t *m = document(mixed);
    ck_assert_int_eq(mdl_report_matrix(m, &style, open_printed(&p)), MDL_OK);
    /* clang-format off */
    ck_assert_str_eq(close_printed(&p),
"OURS \\ THEIRS       customers  prospects  overlap  our accounts\n"
"──────────────────  ─────────  ─────────  ───────  ────────────\n"
"customers                  12       # 41       12           100\n"
"prospects               # < 5          ·        –             –\n"
"open-opportunities    not run          ·        –             –\n"
"──────────────────  ─────────  ─────────  ───────  ────────────\n"
"overlap                    12          –       12           100\n"
"\n"
"OURS                THEIRS     BY KEYS     COMMON  OF OUR KEYS  OF THEIR KEYS\n"
"──────────────────  ─────────  ─────────  ───────  ───────────  ─────────────\n"
"customers           customers  all types       17    120 (14%)       343 (5%)\n"
"customers           prospects  domain          41    100 (41%)       820 (5%)\n"
"prospects           customers  domain         < 5        1,900            333\n"
"open-opportunities  customers  domain     not run            –              –\n"
"\n"
"     12  accounts: so many of ours are theirs too; each sees which of its own\n"
"   # 12  counts: so many match keys of one type both have; nobody sees which\n"
"  # < 5  counts: fewer than the agreement's min_result, not shown\n"
"not run  a side has no match key there; nothing was sent\n"
"      ·  hidden: nothing was compared\n"
"      –  no number of accounts: no cell of it is at level accounts\n");
    /* clang-format on */
    free(p.text);
    json_decref(m);
}
END_TEST

START_TEST(levels_as_csv)
{
    struct printed p;
    json_t *m = document(mixed);
    ck_assert_int_eq(mdl_report_matrix_csv(m, open_printed(&p)), MDL_OK);
    ck_assert_str_eq(close_printed(&p), "population,partner_population,accounts,level,"
                                        "keys_in_common,our_keys,their_keys\r\n"
                                        "customers,customers,12,accounts,17,120,343\r\n"
                                        "customers,prospects,,counts,41,100,820\r\n"
                                        "prospects,customers,,counts,< 5,1900,333\r\n"
                                        "prospects,prospects,,hidden,,,\r\n"
                                        "open-opportunities,customers,,counts,,,\r\n"
                                        "open-opportunities,prospects,,hidden,,,\r\n");
    free(p.text);
    json_decref(m);
}
END_TEST

/* On a terminal of 80 columns no line of the report is wider, whatever the numbers. */
START_TEST(within_eighty_columns)
{
    struct printed p;
    struct mdl_style style = {false, 80};
    json_t *m = document(mixed);
    json_t *o = json_array_get(json_object_get(m, "counts"), 0);
    (void)json_object_set_new(o, "own_keys", json_integer(900000));
    (void)json_object_set_new(o, "partner_keys", json_integer(900000));
    (void)json_object_set_new(o, "matched", json_integer(899999));
    (void)json_object_set_new(o, "partner_population", json_string("open-opportunities"));
    ck_assert_int_eq(mdl_report_matrix(m, &style, open_printed(&p)), MDL_OK);
    (void)close_printed(&p);
    char *rest = p.text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        ck_assert_msg(mdl_text_width(line) <= 80, "%s", line);
    }
    free(p.text);
    json_decref(m);
}
END_TEST

/* What is not known has a sign, and the sign has its line. */
START_TEST(a_round_that_ended_before)
{
    struct printed p;
    struct mdl_style style = {false, 0};
    json_t *m = document(
        "{\"rows\":[\"customers\"],\"columns\":[\"customers\"],\"cells\":[[null]],"
        "\"levels\":[[\"counts\"]],\"counts\":[{\"population\":\"customers\","
        "\"partner_population\":\"customers\",\"key_label\":\"domain\",\"state\":\"not-reached\","
        "\"own_keys\":14,\"partner_keys\":9,\"matched\":null,\"below\":null}]}");
    ck_assert_int_eq(mdl_report_matrix(m, &style, open_printed(&p)), MDL_OK);
    (void)close_printed(&p);
    ck_assert_ptr_nonnull(strstr(p.text, "customers            # –\n"));
    ck_assert_ptr_nonnull(strstr(p.text, "    # –  not known: the round ended before\n"));
    ck_assert_ptr_null(strstr(p.text, "not run"));
    free(p.text);
    json_decref(m);
}
END_TEST

/* Without accounts there is no overlap to add up. */
START_TEST(counts_alone)
{
    struct printed p;
    struct mdl_style style = {false, 0};
    json_t *m = document(
        "{\"rows\":[\"customers\"],\"columns\":[\"customers\"],\"cells\":[[7]],"
        "\"levels\":[[\"counts\"]],\"counts\":[{\"population\":\"customers\","
        "\"partner_population\":\"customers\",\"key_label\":\"domain\",\"state\":\"known\","
        "\"own_keys\":14,\"partner_keys\":9,\"matched\":7,\"below\":null}]}");
    ck_assert_int_eq(mdl_report_matrix(m, &style, open_printed(&p)), MDL_OK);
    /* clang-format off */
    ck_assert_str_eq(close_printed(&p),
"OURS \\ THEIRS  customers\n"
"─────────────  ─────────\n"
"customers            # 7\n"
"\n"
"OURS       THEIRS     BY KEYS  COMMON  OF OUR KEYS  OF THEIR KEYS\n"
"─────────  ─────────  ───────  ──────  ───────────  ─────────────\n"
"customers  customers  domain        7     14 (50%)        9 (78%)\n"
"\n"
"   # 12  counts: so many match keys of one type both have; nobody sees which\n");
    /* clang-format on */
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
    ck_assert_ptr_nonnull(strstr(close_printed(&p), "\r\na,b,,accounts,,,\r\n"));
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
    const TTest *const tests[] = {as_a_table,
                                  as_csv,
                                  levels_as_a_table,
                                  levels_as_csv,
                                  within_eighty_columns,
                                  a_round_that_ended_before,
                                  counts_alone,
                                  what_is_missing_is_not_invented,
                                  as_many_populations_as_there_can_be,
                                  a_stream_that_fails};
    return run_suite("matrix", tests, sizeof tests / sizeof tests[0]);
}
