/* check_ledger.c: the cells of a ledger as a table.
 * It may not count: figures in are figures out. */
#include "support.h"

static const char sample[] =
    "[{\"level\":\"counts\",\"populations\":[\"customers\"],\"partner_populations\":[\"prospects\"]"
    ","
    "\"rounds\":{\"complete\":2,\"partial\":0,\"aborted\":1},\"keys_theirs\":1640,"
    "\"keys_ours\":200,\"results\":2,\"last\":41,\"last_below\":null,\"bits\":13.3},"
    "{\"level\":\"counts\",\"populations\":[\"prospects\"],\"partner_populations\":[\"prospects\"],"
    "\"rounds\":{\"complete\":1,\"partial\":0,\"aborted\":0},\"keys_theirs\":9,\"keys_ours\":7,"
    "\"results\":1,\"last\":null,\"last_below\":5,\"bits\":3},"
    "{\"level\":\"accounts\",\"populations\":[\"customers\"],"
    "\"partner_populations\":[\"customers\",\"partners\"],\"rounds\":{\"complete\":0,\"partial\":0,"
    "\"aborted\":1},\"keys_theirs\":0,\"keys_ours\":0,\"results\":0,\"last\":null,"
    "\"last_below\":null,\"bits\":null}]";

START_TEST(as_a_table)
{
    struct printed p;
    struct mdl_style style = {false, 0};
    json_t *d = document(sample);
    ck_assert_int_eq(mdl_report_ledger(d, &style, open_printed(&p)), MDL_OK);
    /* clang-format off */
    ck_assert_str_eq(close_printed(&p),
                     "OURS       THEIRS               LEVEL     ROUNDS  THEY ASKED  WE ASKED  LEARNED  LAST  BITS\n"
                     "─────────  ───────────────────  ────────  ──────  ──────────  ────────  ───────  ────  ────\n"
                     "customers  prospects            counts    2/0/1        1,640       200        2    41  13.3\n"
                     "prospects  prospects            counts    1/0/0            9         7        1   < 5   3.0\n"
                     "customers  customers, partners  accounts  0/0/1            0         0        0     –     –\n");
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
    ck_assert_int_eq(mdl_report_ledger(d, &style, full), MDL_L_IO);
    (void)fclose(full);
    json_decref(d);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {as_a_table, a_stream_that_fails};
    return run_suite("ledger", tests, sizeof tests / sizeof tests[0]);
}
