/* check_ids.c: Salesforce's two forms of an id, and ids for rows that have none. */
#include "import_state.h"
#include "support.h"

START_TEST(fifteen_and_eighteen)
{
    static const struct {
        const char *id, *record, *join;
    } cases[] = {
        {"0015g00000AbCdE", "0015g00000AbCdEAAV", "0015g00000AbCdE"},
        {"0015g00000AbCdEAAV", "0015g00000AbCdEAAV", "0015g00000AbCdE"},
        {"0015g00000AbCde", "0015g00000AbCdeAAF", "0015g00000AbCde"},       /* another record */
        {"00100000000TN1EAAQ", "00100000000TN1EAAQ", "00100000000TN1E"},    /* odd check: kept */
        {"0015g00000AbCdEaaV", "0015g00000AbCdEaaV", "0015g00000AbCdEaaV"}, /* no check: as it is */
        {"0015g00000AbCd-", "0015g00000AbCd-", "0015g00000AbCd-"},
        {"12345", "12345", "12345"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];
        struct rig *r = rig_new();
        snprintf(text, sizeof text, "Id,Name,Website\n%s,A1 Tools,a1tools.com\n", cases[i].id);
        ck_ok(r, rig_text(r, text));
        ck_assert_str_eq(r->accounts[0].record_id, cases[i].record);
        ck_assert_str_eq(r->accounts[0].join_id, cases[i].join);
        rig_free(r);
    }
}
END_TEST

START_TEST(foreign_ids_stay)
{
    char out[MDL_IMPORT_RECORD_ID_MAX + 4];
    mdl_imp_join_id(MDL_KIND_HUBSPOT_COMPANY, "0015g00000AbCdEAAV", out);
    ck_assert_str_eq(out, "0015g00000AbCdEAAV");
    mdl_imp_join_id(MDL_KIND_SHEET, "001500000012345123", out); /* digits only: a number */
    ck_assert_str_eq(out, "001500000012345123");
    mdl_imp_join_id(MDL_KIND_SHEET, "0015g00000AbCdEAAV", out);
    ck_assert_str_eq(out, "0015g00000AbCdE");
    mdl_imp_join_id(MDL_KIND_SHEET, "0065g00000AbCdEAAV", out); /* no account's */
    ck_assert_str_eq(out, "0065g00000AbCdEAAV");
}
END_TEST

START_TEST(the_same_record_twice)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_text(r, "Id,Name,Website,Type\n0015g00000AbCdE,A1 Tools,a1tools.com,Customer\n"
                         "0015g00000AbCdEAAV,A1 Tool,a1tools.com,Prospect\n"
                         "0015g00000AbCde,Other,other-one.com,\n"));
    ck_ok(r, rig_finish(r));
    ck_assert_uint_eq(rig_report(r)->accounts, 2);
    ck_assert_uint_eq(rig_report(r)->issues[MDL_ISSUE_REPEATED], 1);
    const struct rig_issue *i = rig_issue(r, MDL_ISSUE_REPEATED);
    ck_assert_uint_eq(i->line, 3);
    ck_assert_str_eq(i->record_id, "0015g00000AbCdEAAV");
    rig_free(r);
}
END_TEST

START_TEST(damaged_ids)
{
    static const char *const ids[] = {"9.1E+09", "1E+15", "9,1E+09"};
    for (size_t i = 0; i < 3; i++) {
        char text[200];
        struct rig *r = rig_new();
        snprintf(text, sizeof text, "Record ID,Company name\n\"%s\",A1 Tools\n2,B2 Tools\n",
                 ids[i]);
        ck_ok(r, rig_text(r, text));
        ck_assert_uint_eq(r->n_accounts, 1);
        const struct rig_issue *issue = rig_issue(r, MDL_ISSUE_RECORD_ID);
        ck_assert_ptr_nonnull(issue);
        ck_assert_uint_eq(issue->line, 2);
        ck_assert_uint_eq(issue->column, 1);
        ck_assert_str_eq(issue->label, "Record ID");
        ck_text_has(issue->text, "rounded by a spreadsheet");
        rig_free(r);
    }
}
END_TEST

START_TEST(an_id_too_long)
{
    char text[400];
    struct rig *r = rig_new();
    snprintf(text, sizeof text, "Record ID,Company name\n%0129d,A1 Tools\n%0128d,B2 Tools\n", 1, 2);
    ck_ok(r, rig_text(r, text));
    ck_assert_uint_eq(r->n_accounts, 1);
    ck_assert_str_eq(r->accounts[0].name, "B2 Tools");
    ck_text_has(rig_issue(r, MDL_ISSUE_RECORD_ID)->text, "129 bytes");
    rig_free(r);
}
END_TEST

/* The id of the only account of a sheet. */
static void made(const char *sheet, char id[160])
{
    struct rig *r = rig_new();
    ck_ok(r, rig_text(r, sheet));
    ck_ok(r, rig_finish(r));
    ck_assert_uint_eq(r->n_accounts, 1);
    ck_assert(r->accounts[0].made_id);
    snprintf(id, 160, "%s", r->accounts[0].record_id);
    rig_free(r);
}

START_TEST(made_ids)
{
    char a[160], b[160], c[160], d[160];
    made("Account,Web,Status\nA1 Tools,a1tools.com,Customer\n", a);
    ck_assert_uint_eq(strlen(a), 28);
    ck_assert_int_eq(strncmp(a, "row-", 4), 0);
    /* Another order, case, white space, status: the same account. A repeated row is one account. */
    made("Status;Web;Account\nProspect;A1TOOLS.com ; A1  tools\nx;a1tools.com;A1 Tools\n", b);
    ck_assert_str_eq(a, b);
    made("Account,Web\nA1 Tools,a1tools.de\n", c);
    made("Account,Web,Country\nA1 Tools,a1tools.com,DE\n", d);
    ck_assert_str_ne(a, c);
    ck_assert_str_ne(a, d);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("import-ids");
    TCase *t = tcase_create("ids");
    tcase_add_test(t, fifteen_and_eighteen);
    tcase_add_test(t, foreign_ids_stay);
    tcase_add_test(t, the_same_record_twice);
    tcase_add_test(t, damaged_ids);
    tcase_add_test(t, an_id_too_long);
    tcase_add_test(t, made_ids);
    suite_add_tcase(s, t);
    return rig_main(s);
}
