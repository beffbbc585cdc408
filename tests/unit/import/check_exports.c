/* check_exports.c: files as CRMs and spreadsheets write them (data/), each quirk by its row. */
#include "support.h"

#include <stdlib.h>

static const struct mdl_import_file *file(const struct rig *r)
{
    const struct mdl_import_report *rep = rig_report(r);
    return &rep->files[rep->n_files - 1];
}

START_TEST(salesforce_accounts)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_data(r, "sf-account.csv"));
    ck_ok(r, rig_finish(r));
    const struct mdl_import_report *rep = rig_report(r);
    ck_assert_int_eq(file(r)->kind, MDL_KIND_SF_ACCOUNT);
    ck_assert_int_eq(file(r)->encoding, MDL_ENCODING_UTF8);
    ck_assert_uint_eq(file(r)->rows, 11);
    ck_assert_uint_eq(file(r)->lines, 14);
    ck_assert_uint_eq(rep->accounts, 6);
    ck_assert_uint_eq(rep->accounts_with_key, 3);
    ck_assert_uint_eq(rep->issues[MDL_ISSUE_DELETED], 2);
    ck_assert_uint_eq(rep->issues[MDL_ISSUE_MERGED], 1);
    ck_assert_uint_eq(rep->issues[MDL_ISSUE_PERSON], 1);
    ck_assert_uint_eq(rep->issues[MDL_ISSUE_REPEATED], 1);
    ck_assert_uint_eq(rep->population[0], 1);
    ck_assert_uint_eq(rep->population[2], 5);
    const struct rig_account *a = rig_find(r, "Acme, Inc.");
    ck_assert_str_eq(a->country, "DE"); /* the code goes before the name */
    ck_assert_str_eq(a->owner, "0055g00000XyZ12AAB");
    ck_assert(a->revenue.present && a->revenue.hundredths == 1250000000);
    ck_assert_uint_eq(a->line, 2);
    a = rig_find(r, "M\xC3\xBCller & S\xC3\xB6hne GmbH");
    ck_assert_uint_eq(a->line, 5); /* the row before it spans three */
    ck_assert_str_eq(a->record_id, "0015g00000AbCdFAAV");
    ck_assert_str_eq(a->country, "Germany");
    ck_assert_str_eq(a->join_name, "m\xC3\xBCller & s\xC3\xB6hne gmbh");
    rig_free(r);
}
END_TEST

START_TEST(rows_without_a_key)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_data(r, "sf-account.csv"));
    const struct rig_issue *i = rig_issue(r, MDL_ISSUE_NO_KEY_PLACEHOLDER);
    ck_assert_uint_eq(i->line, 10);
    ck_assert_str_eq(i->label, "Name");
    ck_assert_str_eq(i->record_id, "0015g00000AbCdKAAV");
    ck_text_has(i->text, "name");
    i = rig_issue(r, MDL_ISSUE_NO_KEY_REFUSED);
    ck_assert_uint_eq(i->line, 11);
    ck_text_has(i->text, "website");
    ck_text_has(i->text, "linkedin.com");
    i = rig_issue(r, MDL_ISSUE_NO_KEY_EMPTY);
    ck_assert_uint_eq(i->line, 12);
    ck_assert_uint_eq(rig_report(r)->issues[MDL_ISSUE_NO_KEY_EMPTY], 1);
    ck_assert_uint_eq(rig_report(r)->issues[MDL_ISSUE_NO_KEY_PLACEHOLDER], 1);
    ck_assert_uint_eq(rig_report(r)->issues[MDL_ISSUE_NO_KEY_REFUSED], 1);
    rig_free(r);
}
END_TEST

START_TEST(fields_that_give_no_key)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_text(r, "Id,Name,Website,DunsNumber,LEI__c\n"
                         "1,A1 Tools,http://localhost/,804735132,x\n"
                         "2,Unknown,b2tools.com,12,\n"
                         "3,C3 Tools,c3tools.com,,\n"));
    ck_assert_uint_eq(rig_report(r)->issues[MDL_ISSUE_FIELD_REFUSED], 3);
    ck_assert_uint_eq(rig_report(r)->issues[MDL_ISSUE_PLACEHOLDER], 1);
    const struct rig_issue *i = rig_issue(r, MDL_ISSUE_PLACEHOLDER);
    ck_assert_uint_eq(i->line, 3);
    ck_assert_str_eq(i->label, "Name");
    i = rig_issue(r, MDL_ISSUE_FIELD_REFUSED);
    ck_assert_uint_eq(i->line, 2);
    ck_assert_str_eq(i->label, "LEI__c");
    ck_assert_uint_eq(r->accounts[2].n_notes, 0);
    rig_free(r);
}
END_TEST

/* Opportunities before or after their accounts: the same result. */
START_TEST(salesforce_opportunities)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_data(r, _i == 0 ? "sf-account.csv" : "sf-opportunity.csv"));
    ck_ok(r, rig_data(r, _i == 0 ? "sf-opportunity.csv" : "sf-account.csv"));
    ck_ok(r, rig_finish(r));
    const struct mdl_import_report *rep = rig_report(r);
    ck_assert_uint_eq(rep->opportunities, 4);
    ck_assert_uint_eq(rep->joined, 3);
    ck_assert_uint_eq(rep->unjoined, 1);
    ck_assert_uint_eq(rep->issues[MDL_ISSUE_PRIVATE], 1);
    ck_assert_uint_eq(rep->issues[MDL_ISSUE_DELETED], 3);
    ck_assert_uint_eq(rep->issues[MDL_ISSUE_NO_ACCOUNT], 1);
    ck_assert_uint_eq(rep->issues[MDL_ISSUE_AMOUNT], 1);
    ck_assert_uint_eq(rig_issue(r, MDL_ISSUE_NO_ACCOUNT)->line, 7);
    ck_assert_str_eq(rig_issue(r, MDL_ISSUE_AMOUNT)->label, "Amount");
    ck_assert_uint_eq(rig_find(r, "Acme, Inc.")->populations, 1);
    ck_assert_uint_eq(rig_find(r, "M\xC3\xBCller & S\xC3\xB6hne GmbH")->populations, 2);
    ck_assert_uint_eq(rig_find(r, "Case Matters")->populations, 4); /* its deal was lost */
    ck_assert_int_eq(r->deals[0].amount.hundredths, 9000000);
    ck_assert_int_eq(r->deals[1].amount.hundredths, 1200000);
    ck_assert(!r->deals[2].amount.present);
    ck_assert(r->deals[2].closed && !r->deals[2].won);
    rig_free(r);
}
END_TEST

START_TEST(salesforce_reports)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_data(r, "sf-account-report.csv"));
    ck_assert_int_eq(file(r)->kind, MDL_KIND_SF_ACCOUNT_REPORT);
    ck_assert_int_eq(file(r)->encoding, MDL_ENCODING_WINDOWS_1252);
    ck_assert_uint_eq(file(r)->rows, 2);
    ck_assert_uint_eq(rig_report(r)->issues[MDL_ISSUE_FOOTER], 6);
    ck_ok(r, rig_data(r, "sf-opportunity-report.csv"));
    ck_assert_int_eq(file(r)->kind, MDL_KIND_SF_OPPORTUNITY_REPORT);
    ck_assert_uint_eq(rig_report(r)->issues[MDL_ISSUE_FOOTER], 9);
    ck_ok(r, rig_finish(r));
    ck_assert_uint_eq(rig_report(r)->joined, 2);
    ck_assert_uint_eq(rig_report(r)->unjoined, 1);
    const struct rig_account *a = rig_find(r, "Caf\xC3\xA9 Cr\xC3\xA8me SAS");
    ck_assert_str_eq(a->type, "Customer"); /* Account Type is empty; of two Type the first counts */
    ck_assert_int_eq(a->revenue.hundredths, 125000000);
    ck_assert_uint_eq(a->populations, 1);
    ck_assert_uint_eq(rig_find(r, "Solo")->populations, 2);
    ck_assert_str_eq(r->deals[0].currency, "EUR");
    ck_assert_int_eq(r->deals[0].amount.hundredths, 1250050);
    ck_assert_int_eq(r->deals[1].amount.hundredths, 700000);
    rig_free(r);
}
END_TEST

START_TEST(one_cell_rows_of_a_report_are_no_footer_by_themselves)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_text(r, "Account Name,Account Owner,Website\nA1 Tools,x,a1tools.com\nLonely\n"
                         "B2 Tools,x,b2tools.com\nC3 Tools\n\"Grand Totals (3 records)\"\n\n"
                         "D4 Tools,x,d4tools.com\nE5 Tools\n"));
    ck_ok(r, rig_finish(r));
    ck_assert_uint_eq(rig_report(r)->issues[MDL_ISSUE_FOOTER], 2); /* C3 Tools went with it */
    ck_assert_uint_eq(r->n_accounts, 5);
    ck_assert_str_eq(r->accounts[1].name, "Lonely");
    ck_assert_uint_eq(r->accounts[1].line, 3);
    ck_assert_str_eq(r->accounts[4].name, "E5 Tools");
    rig_free(r);
    r = rig_new();
    char text[400];
    size_t at = (size_t)snprintf(text, sizeof text, "Account Name,Account Owner\n");
    for (int i = 0; i < 20; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "N%d Tools\n", i);
    }
    ck_ok(r, rig_text(r, text));
    ck_assert_uint_eq(r->n_accounts, 20);
    ck_assert_uint_eq(rig_report(r)->issues[MDL_ISSUE_SHORT], 20);
    rig_free(r);
}
END_TEST

START_TEST(hubspot)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_data(r, "hubspot-company.csv"));
    ck_assert_int_eq(file(r)->kind, MDL_KIND_HUBSPOT_COMPANY);
    ck_ok(r, rig_data(r, "hubspot-deal.csv"));
    ck_assert_int_eq(file(r)->kind, MDL_KIND_HUBSPOT_DEAL);
    ck_ok(r, rig_finish(r));
    const struct mdl_import_report *rep = rig_report(r);
    ck_assert_uint_eq(rep->accounts, 5);
    ck_assert_uint_eq(rep->issues[MDL_ISSUE_RECORD_ID], 1);
    ck_assert_uint_eq(rep->joined, 3);
    ck_assert_uint_eq(rig_find(r, "Aurora Labs")->populations, 1);
    ck_assert_uint_eq(rig_find(r, "Aurora Labs")->n_keys, 6); /* three domains, three names */
    ck_assert_uint_eq(rig_find(r, "Borealis")->populations, 2);
    ck_assert_uint_eq(rig_find(r, "Delta")->populations, 2); /* by its open deals */
    ck_assert_uint_eq(rig_find(r, "Evangeline")->populations, 1);
    ck_assert_int_eq(rig_find(r, "Borealis")->open_value.hundredths, 6000050);
    ck_assert_str_eq(r->deals[0].account, "9100000001"); /* the primary one */
    ck_assert_str_eq(r->deals[1].account, "9100000002"); /* the first */
    ck_assert_int_eq(r->deals[1].amount.hundredths, 50000);
    ck_assert_str_eq(r->deals[2].account, "");
    ck_assert_str_eq(r->deals[2].join_name, "cumulus");
    ck_assert(r->deals[2].closed && !r->deals[2].won);
    rig_free(r);
}
END_TEST

START_TEST(hubspot_in_other_words)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_data(r, "hubspot-company-es.csv")); /* its header is decomposed Unicode */
    ck_assert_int_eq(file(r)->kind, MDL_KIND_HUBSPOT_COMPANY);
    const struct rig_account *a = rig_find(r, "Panader\xC3\xAD"
                                              "a \xC3\x91"
                                              "and\xC3\xBA");
    ck_assert_str_eq(a->country, "Espa\xC3\xB1"
                                 "a");
    ck_assert_int_eq(a->revenue.hundredths, 125000050);
    ck_assert_uint_eq(a->populations, 1);
    ck_assert_uint_eq(rig_find(r, "\xC3\x93ptica Sur")->populations, 2);
    ck_ok(r, rig_data(r, "hubspot-company-internal.csv"));
    ck_assert_int_eq(file(r)->kind, MDL_KIND_HUBSPOT_COMPANY);
    ck_assert_str_eq(rig_find(r, "Internal Co")->record_id, "77");
    rig_free(r);
}
END_TEST

static const struct {
    const char *name;
    enum mdl_import_encoding encoding;
    char delimiter;
    size_t accounts;
    const char *second;
} sheets[] = {
    {"sheet-utf8.csv", MDL_ENCODING_UTF8, ';', 3, "Smith; Sons"},
    {"sheet-1252.csv", MDL_ENCODING_WINDOWS_1252, ';', 3, "Smith; Sons"},
    {"sheet-utf16le.csv", MDL_ENCODING_UTF16LE, '\t', 3, "Smith\t Sons"},
    {"sheet-utf16be.csv", MDL_ENCODING_UTF16BE, ';', 4, "Smith; Sons"},
};

START_TEST(encodings)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_data(r, sheets[_i].name));
    ck_ok(r, rig_finish(r));
    ck_assert_int_eq(file(r)->encoding, sheets[_i].encoding);
    ck_assert_int_eq(file(r)->delimiter, sheets[_i].delimiter);
    ck_assert_uint_eq(r->n_accounts, sheets[_i].accounts);
    ck_assert_str_eq(r->accounts[0].name, "\xC3\x89toile SA");
    ck_assert_uint_eq(r->accounts[0].populations, 1);
    ck_assert_str_eq(r->accounts[1].name, sheets[_i].second);
    ck_assert_str_eq(r->accounts[2].name, "\xE2\x80\x9CQuoted\xE2\x80\x9D \xE2\x80\x93 Ltd");
    /* The id does not depend on how the file was saved. */
    ck_assert_str_eq(r->accounts[0].record_id, "row-e9396ffcc3113520173416cd");
    rig_free(r);
}
END_TEST

START_TEST(line_ends_and_separators)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_data(r, "sheet-cr.csv"));
    ck_assert_uint_eq(r->n_accounts, 3);
    ck_assert_str_eq(r->accounts[1].name, "Two\rLines");
    ck_assert_uint_eq(r->accounts[2].line, 5);
    rig_free(r);
    r = rig_new();
    ck_ok(r, rig_data(r, "sheet-sep.csv"));
    ck_assert_int_eq(file(r)->delimiter, '|');
    ck_assert_uint_eq(file(r)->header_line, 2);
    ck_assert_str_eq(r->accounts[0].name, "A|B GmbH");
    ck_assert_uint_eq(r->accounts[0].line, 3);
    rig_free(r);
    r = rig_new();
    ck_ok(r, rig_data(r, "preamble.csv"));
    ck_assert_uint_eq(file(r)->header_line, 4);
    ck_assert_uint_eq(r->n_accounts, 2);
    rig_free(r);
}
END_TEST

START_TEST(ragged_rows)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_data(r, "ragged.csv"));
    const struct mdl_import_report *rep = rig_report(r);
    ck_assert_uint_eq(rep->accounts, 4);
    ck_assert_uint_eq(rep->issues[MDL_ISSUE_SHORT], 1);
    ck_assert_uint_eq(rep->issues[MDL_ISSUE_TOO_MANY_CELLS], 1);
    ck_assert_uint_eq(rep->issues[MDL_ISSUE_REPEATED_HEADER], 1);
    ck_assert_uint_eq(rep->issues[MDL_ISSUE_EMPTY], 1);
    const struct rig_issue *i = rig_issue(r, MDL_ISSUE_TOO_MANY_CELLS);
    ck_assert_uint_eq(i->line, 5);
    ck_assert_uint_eq(i->column, 4);
    ck_assert_str_eq(rig_find(r, "Short")->country, "");
    rig_free(r);
}
END_TEST

START_TEST(broken_rows)
{
    static const struct {
        enum mdl_import_issue_kind kind;
        uint64_t line;
    } want[] = {{MDL_ISSUE_QUOTE, 3}, {MDL_ISSUE_NUL, 5}, {MDL_ISSUE_ENCODING, 8}};
    struct rig *r = rig_new();
    ck_ok(r, rig_data(r, "broken.csv"));
    ck_ok(r, rig_finish(r));
    ck_assert_uint_eq(r->n_issues, 3);
    for (size_t k = 0; k < 3; k++) {
        ck_assert_int_eq(r->issues[k].kind, want[k].kind);
        ck_assert_uint_eq(r->issues[k].line, want[k].line);
        ck_assert_uint_eq(r->issues[k].column, 1);
        ck_assert_str_eq(r->issues[k].label, "Company");
    }
    ck_assert_uint_eq(r->n_accounts, 6);
    ck_assert_str_eq(r->accounts[2].name, "Inch 5\" disk");
    ck_assert_str_eq(r->accounts[4].name, "Unused"); /* what is wrong stands where nobody reads */
    rig_free(r);
}
END_TEST

START_TEST(files_that_are_refused)
{
    struct rig *r = rig_new();
    ck_assert_int_eq(rig_data(r, "unterminated.csv"), MDL_U_CSV);
    ck_text_has(r->err.text, "unterminated.csv: line 3, column 2: the quote that opens");
    ck_assert_uint_eq(r->aborted, 1);
    rig_free(r);
    r = rig_new();
    ck_assert_int_eq(rig_data(r, "contacts.csv"), MDL_U_HEADER);
    ck_text_has(r->err.text, "list of persons");
    rig_free(r);
}
END_TEST

static const char *const all[] = {
    "sf-account.csv",
    "sf-opportunity.csv",
    "sf-account-report.csv",
    "sf-opportunity-report.csv",
    "hubspot-company.csv",
    "hubspot-deal.csv",
    "hubspot-company-es.csv",
    "hubspot-company-internal.csv",
    "sheet-utf8.csv",
    "sheet-1252.csv",
    "sheet-utf16le.csv",
    "sheet-utf16be.csv",
    "sheet-cr.csv",
    "sheet-sep.csv",
    "preamble.csv",
    "ragged.csv",
    "broken.csv",
};

/* However an upload is cut into pieces, the result is the same. */
START_TEST(pieces_do_not_matter)
{
    static const size_t chunks[] = {1, 2, 7, 64};
    struct rig *whole = rig_new();
    ck_ok(whole, rig_data(whole, all[_i]));
    for (size_t c = 0; c < sizeof chunks / sizeof chunks[0]; c++) {
        struct rig *r = rig_new();
        r->chunk = chunks[c];
        ck_ok(r, rig_data(r, all[_i]));
        ck_assert_uint_eq(r->n_accounts, whole->n_accounts);
        ck_assert_uint_eq(r->n_deals, whole->n_deals);
        ck_assert_uint_eq(r->n_issues, whole->n_issues);
        ck_assert_mem_eq(r->accounts, whole->accounts, sizeof r->accounts);
        ck_assert_mem_eq(r->deals, whole->deals, sizeof r->deals);
        ck_assert_mem_eq(r->issues, whole->issues, sizeof r->issues);
        rig_free(r);
    }
    rig_free(whole);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("import-exports");
    TCase *t = tcase_create("exports");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, salesforce_accounts);
    tcase_add_test(t, rows_without_a_key);
    tcase_add_test(t, fields_that_give_no_key);
    tcase_add_loop_test(t, salesforce_opportunities, 0, 2);
    tcase_add_test(t, salesforce_reports);
    tcase_add_test(t, one_cell_rows_of_a_report_are_no_footer_by_themselves);
    tcase_add_test(t, hubspot);
    tcase_add_test(t, hubspot_in_other_words);
    tcase_add_loop_test(t, encodings, 0, (int)(sizeof sheets / sizeof sheets[0]));
    tcase_add_test(t, line_ends_and_separators);
    tcase_add_test(t, ragged_rows);
    tcase_add_test(t, broken_rows);
    tcase_add_test(t, files_that_are_refused);
    tcase_add_loop_test(t, pieces_do_not_matter, 0, (int)(sizeof all / sizeof all[0]));
    suite_add_tcase(s, t);
    return rig_main(s);
}
