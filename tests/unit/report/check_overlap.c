/* check_overlap.c: overlap, whitespace and bundle as tables and as CSV.
 * It may not filter: rows in are rows out. */
#include "support.h"

#include <string.h>

static const char overlap[] =
    "{\"partner_populations\":[\"prospects\",\"customers\"],"
    "\"rows\":[{\"record_id\":\"r1\",\"not_among\":[\"prospects\"],"
    "\"name\":\"Acme, Inc.\",\"website\":\"acme.example\",\"review\":true,"
    "\"source\":\"crm\",\"populations\":[\"customers\",\"prospects\"],\"key_type\":\"domain\","
    "\"key_label\":\"domain\",\"partner_populations\":[\"open-opportunities\"]},"
    "{\"record_id\":\"r2\",\"name\":\"=cmd\",\"populations\":[],\"partner_populations\":[]}]}";

static const char bundle[] =
    "{\"partners\":[\"Contoso\",\"Fabri\\u001b[2Jkam\"],"
    "\"scopes\":[{\"populations\":[\"customers\"],\"partner_populations\":[\"prospects\"]},"
    "{\"populations\":[\"customers\",\"prospects\"],\"partner_populations\":[\"customers\"]}],"
    "\"both\":{\"count\":1,\"by_population\":[{\"population\":\"customers\",\"count\":1}],"
    "\"rows\":[{\"record_id\":\"r1\",\"name\":\"A\",\"populations\":[\"customers\"]}]},"
    "\"only\":[{\"partner\":\"Contoso\",\"other\":\"Fabri\\u001b[2Jkam\",\"count\":2,"
    "\"by_population\":[],\"rows\":[]},"
    "{\"partner\":\"Fabri\\u001b[2Jkam\",\"other\":\"Contoso\",\"count\":0,\"by_population\":[],"
    "\"rows\":[{\"record_id\":\"r9\",\"name\":\"Z\",\"populations\":[]}]}]}";

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

START_TEST(overlap_table)
{
    struct printed p;
    struct mdl_style style = {false, 0};
    json_t *d = document(overlap);
    ck_assert_int_eq(mdl_report_overlap(d, &style, open_printed(&p)), MDL_OK);
    ck_assert_str_eq(close_printed(&p),
                     "ACCOUNT     OURS                  THEIRS              MATCHED BY  RECORD ID\n"
                     "──────────  ────────────────────  ──────────────────  ──────────  ─────────\n"
                     "Acme, Inc.  customers, prospects  open-opportunities  domain      r1\n"
                     "=cmd                                                              r2\n");
    free(p.text);
    json_decref(d);
}
END_TEST

START_TEST(overlap_csv)
{
    struct printed p;
    json_t *d = document(overlap);
    ck_assert_int_eq(mdl_report_overlap_csv(d, true, open_printed(&p)), MDL_OK);
    ck_assert_str_eq(
        close_printed(&p),
        "record_id,name,population,matched_key_type,partner_population,website,source\r\n"
        "r1,\"Acme, Inc.\",customers;prospects,domain,open-opportunities,acme.example,crm\r\n"
        "r2,\"'=cmd\",,,,,\r\n");
    free(p.text);
    /* The pages after the first have no header. */
    ck_assert_int_eq(mdl_report_overlap_csv(d, false, open_printed(&p)), MDL_OK);
    ck_assert(begins(close_printed(&p), "r1,"));
    free(p.text);
    json_decref(d);
}
END_TEST

START_TEST(whitespace)
{
    struct printed p;
    struct mdl_style style = {false, 0};
    json_t *d = document(overlap);
    ck_assert_int_eq(mdl_report_whitespace(d, &style, open_printed(&p)), MDL_OK);
    ck_assert_ptr_nonnull(strstr(
        close_printed(&p), "Acme, Inc.  customers, prospects  acme.example  r1         yes\n"));
    free(p.text);
    ck_assert_int_eq(mdl_report_whitespace_csv(d, true, open_printed(&p)), MDL_OK);
    (void)close_printed(&p);
    ck_assert(begins(p.text, "record_id,name,population,website,source,review,not_among\r\nr1,"));
    ck_assert_ptr_nonnull(strstr(p.text, ",yes,prospects\r\n"));
    free(p.text);
    json_decref(d);
}
END_TEST

/* The partners' names are theirs: they steer no terminal. */
START_TEST(bundle_table)
{
    struct printed p;
    struct mdl_style style = {false, 0};
    json_t *d = document(bundle);
    ck_assert_int_eq(mdl_report_bundle(d, &style, open_printed(&p)), MDL_OK);
    (void)close_printed(&p);
    ck_assert_ptr_null(strchr(p.text, '\033'));
    ck_assert(begins(p.text, "1 of our accounts are in the overlap with both Contoso and "
                             "Fabri\xef\xbf\xbd[2Jkam\n"
                             "  compared with Contoso: our customers with their prospects\n"
                             "  compared with Fabri\xef\xbf\xbd[2Jkam: our customers, prospects "
                             "with their customers\n  customers 1\n"));
    ck_assert_ptr_nonnull(
        strstr(p.text, "\n2 in the overlap with Contoso, not in that with Fabri"));
    ck_assert_ptr_nonnull(strstr(p.text, "r9\n"));
    free(p.text);
    json_decref(d);
}
END_TEST

START_TEST(bundle_csv)
{
    struct printed p;
    json_t *d = document(bundle);
    ck_assert_int_eq(mdl_report_bundle_csv(d, open_printed(&p)), MDL_OK);
    (void)close_printed(&p);
    ck_assert(begins(p.text, "record_id,name,population,website,source,in_overlap_with,"
                             "not_in_overlap\r\nr1,A,customers,,,both,\r\nr9,Z,,,,Fabri"));
    ck_assert_ptr_nonnull(strstr(p.text, "kam,Contoso: customers with prospects\r\n"));
    free(p.text);
    json_decref(d);
}
END_TEST

START_TEST(an_empty_document_prints_its_titles)
{
    struct printed p;
    struct mdl_style style = {false, 0};
    json_t *d = json_object();
    ck_assert_int_eq(mdl_report_overlap(d, &style, open_printed(&p)), MDL_OK);
    ck_assert(begins(close_printed(&p), "ACCOUNT"));
    free(p.text);
    ck_assert_int_eq(mdl_report_bundle(d, &style, open_printed(&p)), MDL_OK);
    ck_assert(begins(close_printed(&p), "0 of our accounts"));
    free(p.text);
    json_decref(d);
}
END_TEST

START_TEST(a_stream_that_fails)
{
    struct mdl_style style = {false, 0};
    FILE *full = fopen("/dev/full", "w");
    json_t *d = document(overlap);
    ck_assert_ptr_nonnull(full);
    ck_assert_int_eq(setvbuf(full, NULL, _IONBF, 0), 0);
    ck_assert_int_eq(mdl_report_overlap(d, &style, full), MDL_L_IO);
    ck_assert_int_eq(mdl_report_overlap_csv(d, true, full), MDL_L_IO);
    ck_assert_int_eq(mdl_report_whitespace(d, &style, full), MDL_L_IO);
    ck_assert_int_eq(mdl_report_whitespace_csv(d, true, full), MDL_L_IO);
    ck_assert_int_eq(mdl_report_bundle(d, &style, full), MDL_L_IO);
    ck_assert_int_eq(mdl_report_bundle_csv(d, full), MDL_L_IO);
    (void)fclose(full);
    json_decref(d);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {overlap_table,      overlap_csv,
                                  whitespace,         bundle_table,
                                  bundle_csv,         an_empty_document_prints_its_titles,
                                  a_stream_that_fails};
    return run_suite("overlap", tests, sizeof tests / sizeof tests[0]);
}
