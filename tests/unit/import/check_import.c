/* check_import.c: an import from begin to free: options, failures, populations. */
#include "support.h"

#include <stdlib.h>

#define SHEET "Account,Web,Status\nA1 Tools,a1tools.com,Customer\nB2 Tools,b2tools.com,Prospect\n"

static void bad_options(const struct rig *r, const char *what)
{
    struct mdl_import *imp;
    struct mdl_error err = {0};
    ck_assert_int_eq(mdl_import_begin(&r->options, &r->sink, &imp, &err), MDL_U_ARGUMENT);
    ck_text_has(err.text, what);
    ck_assert_ptr_null(imp);
    ck_assert_uint_eq(r->aborted, 0); /* the sink has not begun */
}

START_TEST(options_are_checked)
{
    static const char *const twice[] = {"Web=website", "web =domain"};
    static const char *const rules[] = {"a: Type = x", "a: Type = y"};
    static const char *many[MDL_IMPORT_MAPS_MAX + 1];
    char text[40][24];
    struct rig *r = rig_new();
    r->options.delimiter = '"';
    bad_options(r, "delimiter");
    r->options.delimiter = 0;
    r->options.maps = twice;
    r->options.n_maps = 2;
    bad_options(r, "mapped twice");
    r->options.maps = many;
    r->options.n_maps = MDL_IMPORT_MAPS_MAX + 1;
    bad_options(r, "129 mappings");
    r->options.n_maps = 0;
    r->options.populations = rules;
    r->options.n_populations = 2;
    bad_options(r, "population a has two rules");
    for (int i = 0; i < 40; i++) {
        snprintf(text[i], sizeof text[i], "p%d: a=b", i);
        many[i] = text[i];
    }
    r->options.populations = many;
    r->options.n_populations = 33;
    bad_options(r, "33 population rules");
    r->options.n_populations = 30; /* and three standard ones */
    bad_options(r, "at most 32 populations");
    r->options.n_populations = 29;
    rig_begin(r);
    ck_assert_uint_eq(rig_report(r)->plan.n, 32);
    rig_free(r);
}
END_TEST

START_TEST(a_whole_import)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_bytes(r, "/some/dir/list.csv", SHEET, sizeof SHEET - 1));
    ck_ok(r, rig_finish(r));
    const struct mdl_import_report *rep = rig_report(r);
    ck_assert_uint_eq(rep->n_files, 1);
    ck_assert_str_eq(rep->files[0].name, "list.csv");
    ck_assert_uint_eq(rep->files[0].bytes, sizeof SHEET - 1);
    ck_assert_uint_eq(rep->files[0].lines, 3);
    ck_assert_uint_eq(rep->files[0].rows, 2);
    ck_assert_uint_eq(rep->files[0].header_line, 1);
    ck_assert_int_eq(rep->files[0].encoding, MDL_ENCODING_ASCII);
    ck_assert_int_eq(rep->files[0].delimiter, ',');
    ck_assert_uint_eq(rep->accounts, 2);
    ck_assert_uint_eq(rep->accounts_with_key, 2);
    ck_assert_uint_eq(rep->population[0], 1);
    ck_assert_uint_eq(rep->population[2], 1);
    ck_assert_uint_eq(r->finished, 1);
    ck_assert_uint_eq(r->progressed, 1);
    rig_free(r);
}
END_TEST

START_TEST(an_empty_file)
{
    struct rig *r = rig_new();
    ck_assert_int_eq(rig_text(r, ""), MDL_U_CSV);
    ck_text_has(r->err.text, "t.csv: the file is empty");
    rig_free(r);
    r = rig_new();
    ck_assert_int_eq(rig_text(r, "\n \n\r\n"), MDL_U_CSV);
    rig_free(r);
    r = rig_new();
    ck_ok(r, rig_text(r, "Account,Web\n")); /* a header is a table of no rows */
    ck_ok(r, rig_finish(r));
    rig_free(r);
}
END_TEST

START_TEST(the_first_failure_stays)
{
    struct rig *r = rig_new();
    ck_assert_int_eq(rig_text(r, "Account,Web\nA1 Tools,\"a1tools.com\n"), MDL_U_CSV);
    ck_assert_str_eq(r->err.text, "t.csv: line 2, column 2: the quote that opens this cell is "
                                  "never closed");
    struct mdl_error again = {0};
    ck_assert_int_eq(mdl_import_file_begin(r->imp, "x", &again), MDL_U_CSV);
    ck_assert_str_eq(again.text, r->err.text);
    ck_assert_int_eq(mdl_import_feed(r->imp, "x", 1, &again), MDL_U_CSV);
    ck_assert_int_eq(mdl_import_file_end(r->imp, NULL), MDL_U_CSV);
    ck_assert_int_eq(mdl_import_finish(r->imp, &again), MDL_U_CSV);
    ck_assert_uint_eq(r->aborted, 1);
    ck_assert_uint_eq(r->finished, 0);
    unsigned *aborted = &r->aborted;
    mdl_import_free(r->imp);
    r->imp = NULL;
    ck_assert_uint_eq(*aborted, 1);
    rig_free(r);
}
END_TEST

START_TEST(free_aborts_what_is_not_finished)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_text(r, SHEET));
    mdl_import_free(r->imp);
    r->imp = NULL;
    ck_assert_uint_eq(r->aborted, 1);
    rig_free(r);
    mdl_import_free(NULL);
}
END_TEST

START_TEST(what_the_sink_says_ends_it)
{
    struct rig *r = rig_new();
    r->account_status = MDL_L_DISK_FULL;
    ck_assert_int_eq(rig_text(r, SHEET), MDL_L_DISK_FULL);
    ck_assert_str_eq(r->err.text, "t.csv: the sink says no");
    ck_assert_uint_eq(r->aborted, 1);
    rig_free(r);
}
END_TEST

START_TEST(progress_can_stop_it)
{
    struct rig *r = rig_new();
    r->sink.issue = NULL; /* the rows are all alike */
    r->cancel_after = 1;
    char *big = malloc(1 << 18);
    ck_assert_ptr_nonnull(big);
    size_t len = (size_t)snprintf(big, 64, "Account,Web\n");
    while (len < (1 << 18) - 64) {
        len += (size_t)snprintf(big + len, 64, "A1 Tools,a1tools.com\n");
    }
    r->chunk = 4096;
    ck_assert_int_eq(rig_bytes(r, "t.csv", big, len), MDL_U_CANCELLED);
    ck_text_has(r->err.text, "nothing was changed");
    ck_assert_uint_eq(r->aborted, 1);
    free(big);
    rig_free(r);
}
END_TEST

START_TEST(calls_out_of_order)
{
    struct rig *r = rig_new();
    rig_begin(r);
    ck_assert_int_eq(mdl_import_finish(r->imp, &r->err), MDL_U_STATE);
    rig_free(r);
    r = rig_new();
    rig_begin(r);
    ck_assert_int_eq(mdl_import_feed(r->imp, "x", 1, &r->err), MDL_BUG);
    rig_free(r);
    r = rig_new();
    rig_begin(r);
    ck_assert_int_eq(mdl_import_file_end(r->imp, &r->err), MDL_BUG);
    rig_free(r);
    r = rig_new();
    rig_begin(r);
    ck_ok(r, mdl_import_file_begin(r->imp, "a", &r->err));
    ck_assert_int_eq(mdl_import_file_begin(r->imp, "b", &r->err), MDL_BUG);
    rig_free(r);
    r = rig_new();
    ck_ok(r, rig_text(r, SHEET));
    ck_ok(r, rig_finish(r));
    ck_assert_int_eq(rig_finish(r), MDL_BUG);
    rig_free(r);
}
END_TEST

START_TEST(too_many_files)
{
    struct rig *r = rig_new();
    for (int i = 0; i < MDL_IMPORT_FILES_MAX; i++) {
        ck_ok(r, rig_text(r, "Account,Web\n"));
    }
    ck_assert_int_eq(rig_text(r, "Account,Web\n"), MDL_U_TOO_LARGE);
    ck_text_has(r->err.text, "at most 16 files");
    rig_free(r);
}
END_TEST

static void ends(const char *const *rules, size_t n, uint64_t customers, uint64_t open,
                 uint64_t prospects, uint64_t extra, uint64_t none)
{
    struct rig *r = rig_new();
    r->options.populations = rules;
    r->options.n_populations = n;
    ck_ok(r, rig_text(r, "Id,Name,Website,Type,NumberOfEmployees\n"
                         "1,A1 Tools,a1tools.com,Customer,10\n"
                         "2,B2 Tools,b2tools.com,Prospect,2000\n"
                         "3,C3 Tools,c3tools.com,Partner,5000\n"
                         "4,D4 Tools,d4tools.com,,\n"));
    ck_ok(r, rig_text(r, "Id,AccountId,Name,StageName,IsWon,IsClosed,Amount\n"
                         "91,2,x,Qualification,false,false,100\n"
                         "92,3,x,Closed Won,true,true,50\n"));
    ck_ok(r, rig_finish(r));
    const struct mdl_import_report *rep = rig_report(r);
    ck_assert_uint_eq(rep->population[0], customers);
    ck_assert_uint_eq(rep->population[1], open);
    ck_assert_uint_eq(rep->population[2], prospects);
    ck_assert_uint_eq(rep->population[3], extra);
    ck_assert_uint_eq(rep->no_population, none);
    ck_assert_uint_eq(rep->joined, 2);
    rig_free(r);
}

START_TEST(populations)
{
    static const char *const customers[] = {"customers: Type = Customer"};
    static const char *const prospects[] = {"prospects: type is empty"};
    static const char *const big[] = {"big: employees >= 2000"};
    static const char *const deals[] = {"open-opportunities: Amount > 60"};
    static const char *const none[] = {"customers: Type = nobody"};
    ends(NULL, 0, 2, 1, 1, 0, 0);
    ends(customers, 1, 1, 1, 2, 0, 0); /* winning a deal makes no customer any more */
    ends(prospects, 1, 2, 1, 1, 0, 0); /* only account 4 has no type */
    ends(big, 1, 2, 1, 1, 2, 0);       /* in addition to the standard ones */
    ends(deals, 1, 2, 1, 1, 0, 0);
    ends(none, 1, 0, 1, 3, 0, 0);
    static const char *const two[] = {"prospects: type = Prospect", "customers: Type = Customer"};
    ends(two, 2, 1, 1, 1, 0, 2); /* accounts 3 and 4 are in none: that is what the rules say */
}
END_TEST

START_TEST(a_rule_without_its_column)
{
    static const char *const rules[] = {"vip: Colour = red and Type = x"};
    struct rig *r = rig_new();
    r->options.populations = rules;
    r->options.n_populations = 1;
    ck_ok(r, rig_text(r, SHEET));
    ck_assert_int_eq(rig_finish(r), MDL_U_ARGUMENT);
    ck_text_has(r->err.text, "population vip: no file has a column \"Colour\". Found: ");
    ck_text_has(r->err.text, "Account, Web, Status");
    rig_free(r);
}
END_TEST

START_TEST(rules_see_columns_nobody_else_reads)
{
    static const char *const rules[] = {"emea: \"Sales Region\" = emea"};
    struct rig *r = rig_new();
    r->options.populations = rules;
    r->options.n_populations = 1;
    ck_ok(r, rig_text(r, "Account,Sales Region,Web\nA1 Tools,EMEA,a1tools.com\n"
                         "B2 Tools,APAC,b2tools.com\n"));
    ck_ok(r, rig_finish(r));
    ck_assert_uint_eq(rig_find(r, "A1 Tools")->populations, 8);
    ck_assert_uint_eq(rig_find(r, "B2 Tools")->populations, 4);
    rig_free(r);
}
END_TEST

static char *wide(size_t columns, const char *first, const char *cell, size_t *len)
{
    size_t size = strlen(first) + columns * (strlen(cell) + 1) + 8;
    char *s = malloc(size);
    ck_assert_ptr_nonnull(s);
    *len = (size_t)snprintf(s, size, "%s", first);
    for (size_t i = 0; i < columns; i++) {
        *len += (size_t)snprintf(s + *len, size - *len, ",%s", cell);
    }
    *len += (size_t)snprintf(s + *len, size - *len, "\n");
    return s;
}

START_TEST(wide_tables)
{
    size_t n, m;
    struct rig *r = rig_new();
    char *header = wide(250, "Account,Web", "Extra", &n);
    char *row = wide(250, "A1 Tools,a1tools.com", "\"x,y\"", &m);
    rig_begin(r);
    ck_ok(r, mdl_import_file_begin(r->imp, "t.csv", &r->err));
    ck_ok(r, mdl_import_feed(r->imp, header, n, &r->err));
    ck_ok(r, mdl_import_feed(r->imp, row, m, &r->err));
    free(row);
    row = wide(MDL_IMPORT_COLUMNS_MAX, "B2 Tools,b2tools.com", "x", &m);
    ck_ok(r, mdl_import_feed(r->imp, row, m, &r->err));
    ck_ok(r, mdl_import_file_end(r->imp, &r->err));
    ck_ok(r, rig_finish(r));
    ck_assert_uint_eq(r->n_accounts, 1);
    ck_assert_uint_eq(rig_report(r)->files[0].n_columns, 252);
    const struct rig_issue *i = rig_issue(r, MDL_ISSUE_TOO_MANY_CELLS);
    ck_assert_ptr_nonnull(i);
    ck_assert_uint_eq(i->line, 3);
    ck_assert_uint_eq(i->column, 253);
    free(header);
    free(row);
    rig_free(r);
}
END_TEST

START_TEST(headers_that_cannot_be_read)
{
    size_t n;
    struct rig *r = rig_new();
    char *header = wide(MDL_IMPORT_COLUMNS_MAX, "Account", "Web", &n);
    ck_assert_int_eq(rig_bytes(r, "t.csv", header, n), MDL_U_TOO_LARGE);
    ck_text_has(r->err.text, "too many columns");
    free(header);
    rig_free(r);
    r = rig_new();
    ck_assert_int_eq(rig_text(r, "\"Account\" x,Web\n"), MDL_U_CSV);
    ck_text_has(r->err.text, "line 1: the header cannot be read");
    rig_free(r);
}
END_TEST

START_TEST(long_cells)
{
    size_t len = 400 * 1024, at;
    char *s = malloc(len);
    ck_assert_ptr_nonnull(s);
    memset(s, 'x', len);
    static const char head[] = "Account,Web,Notes\nA1 Tools,a1tools.com,\"";
    memcpy(s, head, sizeof head - 1);
    at = sizeof head - 1 + 180 * 1024;
    at += (size_t)snprintf(s + at, 64, "\"\nB2 Tools,b2tools.com,z\n");
    struct rig *r = rig_new();
    r->chunk = 1000;
    ck_ok(r, rig_bytes(r, "t.csv", s, at));
    ck_ok(r, rig_finish(r));
    ck_assert_uint_eq(r->n_accounts, 2);
    ck_assert_uint_eq(r->accounts[1].line, 3);
    free(s);
    rig_free(r);
}
END_TEST

START_TEST(names_are_total)
{
    ck_assert_str_eq(mdl_import_field_slug(MDL_FIELD_OWNER_EMAIL), "owner_email");
    ck_assert_str_eq(mdl_import_field_slug(MDL_FIELD_IDENTIFIER), "id");
    ck_assert_str_eq(mdl_import_field_slug(MDL_FIELD_IGNORED), "ignore");
    ck_assert_str_eq(mdl_import_field_slug(99), "unknown");
    ck_assert_str_eq(mdl_import_field_meaning(MDL_FIELD_VAT), "VAT id");
    ck_assert_str_eq(mdl_import_field_meaning(MDL_FIELD_NONE), "not used");
    ck_assert_str_eq(mdl_import_kind_slug(MDL_KIND_COUNT), "unknown");
    ck_assert_str_eq(mdl_import_kind_label(MDL_KIND_COUNT), "unknown");
    ck_assert(!mdl_import_kind_is_deals(MDL_KIND_COUNT));
    ck_assert_str_eq(mdl_import_encoding_name((enum mdl_import_encoding)9), "unknown");
    ck_assert_str_eq(mdl_import_how_slug(9), "unknown");
    ck_assert_str_eq(mdl_import_issue_slug(MDL_ISSUE_COUNT), "unknown");
    ck_assert_str_eq(mdl_import_issue_meaning(MDL_ISSUE_NUL), "a cell holds a NUL byte");
    ck_assert_int_eq(mdl_import_issue_class_of(MDL_ISSUE_DELETED), MDL_ISSUE_SKIPPED);
    ck_assert_int_eq(mdl_import_issue_class_of(MDL_ISSUE_NUL), MDL_ISSUE_REJECTED);
    ck_assert_int_eq(mdl_import_issue_class_of(MDL_ISSUE_SHORT), MDL_ISSUE_NOTED);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("import");
    TCase *t = tcase_create("import");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, options_are_checked);
    tcase_add_test(t, a_whole_import);
    tcase_add_test(t, an_empty_file);
    tcase_add_test(t, the_first_failure_stays);
    tcase_add_test(t, free_aborts_what_is_not_finished);
    tcase_add_test(t, what_the_sink_says_ends_it);
    tcase_add_test(t, progress_can_stop_it);
    tcase_add_test(t, calls_out_of_order);
    tcase_add_test(t, too_many_files);
    tcase_add_test(t, populations);
    tcase_add_test(t, a_rule_without_its_column);
    tcase_add_test(t, rules_see_columns_nobody_else_reads);
    tcase_add_test(t, wide_tables);
    tcase_add_test(t, headers_that_cannot_be_read);
    tcase_add_test(t, long_cells);
    tcase_add_test(t, names_are_total);
    suite_add_tcase(s, t);
    return rig_main(s);
}
