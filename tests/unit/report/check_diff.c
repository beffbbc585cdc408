/* check_diff.c: what changed between two rounds, as tables.
 * It may not compare: figures in are figures out. */
#include "support.h"

static const char sample[] =
    "{\"cells\":[{\"population\":\"customers\",\"partner_population\":\"customers\","
    "\"level_before\":\"accounts\",\"level\":\"accounts\",\"before\":12,\"after\":15},"
    "{\"population\":\"customers\",\"partner_population\":\"prospects\","
    "\"level_before\":\"counts\",\"level\":\"accounts\",\"before\":40,\"after\":38},"
    "{\"population\":\"prospects\",\"partner_population\":\"prospects\","
    "\"level_before\":\"counts\",\"level\":\"counts\",\"before\":null,\"after\":9},"
    "{\"population\":\"prospects\",\"partner_population\":\"customers\","
    "\"level_before\":\"counts\",\"level\":\"counts\",\"before\":1038,\"after\":null,"
    "\"before_below\":null,\"after_below\":40}],"
    "\"moved\":{\"count\":1,\"rows\":[{\"name\":\"Acme\",\"record_id\":\"r1\","
    "\"populations\":[\"customers\"],\"partner_populations\":[\"customers\"],"
    "\"before\":{\"populations\":[\"prospects\"],\"partner_populations\":[\"customers\"]}}]},"
    "\"new\":{\"count\":1,\"rows\":[{\"name\":\"Globex\",\"record_id\":\"r2\","
    "\"populations\":[\"customers\"],\"partner_populations\":[\"prospects\"]}]}}";

START_TEST(cells)
{
    struct printed p;
    struct mdl_style style = {false, 0};
    json_t *d = document(sample);
    ck_assert_int_eq(mdl_report_diff_cells(d, &style, open_printed(&p)), MDL_OK);
    /* clang-format off */
    ck_assert_str_eq(close_printed(&p),
                     "OURS       THEIRS     LEVEL              BEFORE  AFTER  CHANGE\n"
                     "─────────  ─────────  ─────────────────  ──────  ─────  ──────\n"
                     "customers  customers  accounts               12     15      +3\n"
                     "customers  prospects  counts → accounts      40     38       –\n"
                     "prospects  prospects  counts                  –      9       –\n"
                     "prospects  customers  counts              1,038   < 40       –\n");
    /* clang-format on */
    free(p.text);
    json_decref(d);
}
END_TEST

START_TEST(accounts)
{
    struct printed p;
    struct mdl_style style = {false, 0};
    json_t *d = document(sample);
    ck_assert_int_eq(mdl_report_diff_rows(json_object_get(d, "moved"), &style, open_printed(&p)),
                     MDL_OK);
    /* clang-format off */
    ck_assert_str_eq(close_printed(&p),
                     "ACCOUNT  OURS × THEIRS          RECORD ID  BEFORE\n"
                     "───────  ─────────────────────  ─────────  ─────────────────────\n"
                     "Acme     customers × customers  r1         prospects × customers\n");
    /* clang-format on */
    free(p.text);
    ck_assert_int_eq(mdl_report_diff_rows(json_object_get(d, "new"), &style, open_printed(&p)),
                     MDL_OK);
    /* clang-format off */
    ck_assert_str_eq(close_printed(&p),
                     "ACCOUNT  OURS × THEIRS          RECORD ID\n"
                     "───────  ─────────────────────  ─────────\n"
                     "Globex   customers × prospects  r2\n");
    /* clang-format on */
    free(p.text);
    json_decref(d);
}
END_TEST

START_TEST(a_stream_that_fails)
{
    struct mdl_style style = {false, 0};
    FILE *full = fopen("/dev/full", "w");
    json_t *d = document(sample);
    ck_assert_ptr_nonnull(full);
    ck_assert_int_eq(setvbuf(full, NULL, _IONBF, 0), 0);
    ck_assert_int_eq(mdl_report_diff_cells(d, &style, full), MDL_L_IO);
    ck_assert_int_eq(mdl_report_diff_rows(json_object_get(d, "moved"), &style, full), MDL_L_IO);
    (void)fclose(full);
    json_decref(d);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {cells, accounts, a_stream_that_fails};
    return run_suite("diff", tests, sizeof tests / sizeof tests[0]);
}
