/* check_columns.c: what each header is taken for, guesses, mappings, and what is said of the rest.
 */
#include "import_columns.h"
#include "support.h"

static const struct {
    const char *header;
    enum mdl_import_kind kind;
} headers[] = {
    {"Id,Name,Website\n", MDL_KIND_SF_ACCOUNT},
    {"ID , name,BILLINGCOUNTRY\n", MDL_KIND_SF_ACCOUNT},
    {"Id,IsDeleted,AccountId,Name,StageName\n", MDL_KIND_SF_OPPORTUNITY},
    {"Account Name,Account ID\n", MDL_KIND_SF_ACCOUNT_REPORT},
    {"Account Name,Billing State/Province\n", MDL_KIND_SF_ACCOUNT_REPORT},
    {"Opportunity Name,Account Name,Stage\n", MDL_KIND_SF_OPPORTUNITY_REPORT},
    {"Record ID,Company name\n", MDL_KIND_HUBSPOT_COMPANY},
    {"Company Domain Name,Company name\n", MDL_KIND_HUBSPOT_COMPANY},
    {"hs_object_id,domain\n", MDL_KIND_HUBSPOT_COMPANY},
    {"Record ID,Deal Name,Associated Company IDs\n", MDL_KIND_HUBSPOT_DEAL},
    {"ID de registro,Nombre del negocio,Empresa asociada\n", MDL_KIND_HUBSPOT_DEAL},
    {"Nombre de dominio de la empresa,Nombre de la empresa\n", MDL_KIND_HUBSPOT_COMPANY},
    {"Account,Web,Status\n", MDL_KIND_SHEET},
    {"Company,Email\n", MDL_KIND_SHEET},
    {"Firma,Webseite,Land\n", MDL_KIND_SHEET},
    {"Customer Name,DUNS\n", MDL_KIND_SHEET},
    {"\"\xEF\xBB\xBFName\",URL\n", MDL_KIND_SHEET},
};

START_TEST(known_headers)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_text(r, headers[_i].header));
    ck_assert_str_eq(mdl_import_kind_slug(rig_report(r)->files[0].kind),
                     mdl_import_kind_slug(headers[_i].kind));
    ck_ok(r, rig_finish(r));
    rig_free(r);
}
END_TEST

static void refused(const char *text, const char *const *maps, size_t n_maps, const char *what)
{
    struct rig *r = rig_new();
    r->options.maps = maps;
    r->options.n_maps = n_maps;
    ck_assert_int_eq(rig_text(r, text), MDL_U_HEADER);
    ck_assert_int_eq(r->err.status, MDL_U_HEADER);
    ck_text_has(r->err.text, "t.csv: ");
    ck_text_has(r->err.text, what);
    ck_assert_uint_eq(r->aborted, 1);
    rig_free(r);
}

static void refused_cut_at(char delimiter, const char *text, const char *what)
{
    struct rig *r = rig_new();
    r->options.delimiter = delimiter;
    ck_assert_int_eq(rig_text(r, text), MDL_U_HEADER);
    ck_text_has(r->err.text, what);
    rig_free(r);
}

START_TEST(unknown_headers)
{
    static const char *const amount[] = {"Deal=deal_name"};
    refused("Foo,Bar\n1,2\n", NULL, 0, "Columns: Foo, Bar.");
    refused("Foo,Bar\n1,2\n", NULL, 0, "--map \"COLUMN=name\"");
    refused("Account,Status\nx,y\n", NULL, 0, "Columns: Account, Status"); /* no website */
    refused("Web,Status\nx,y\n", NULL, 0, "Columns: Web, Status");         /* no name */
    refused("First Name,Last Name,Company,Website\n", NULL, 0, "list of persons");
    refused("Id,LastName,Company,Website,Name\n", NULL, 0, "list of persons");
    refused("Opportunity Name,Amount\n", NULL, 0, "no column names the account");
    refused("Deal Name,Amount\n", NULL, 0, "HubSpot deals");
    refused("Deal,Volume\n", amount, 1, "Columns: Deal, Volume");
    /* Cut at the wrong place, and found out at none. */
    refused("Firma|Web|Status\nx|y|z\n", NULL, 0, "--delimiter '|'");
    refused_cut_at(';', "Account,Web,Status\nA,a.com,x\n", "The delimiter is rather ','");
    refused_cut_at(',', "Account;Web\nA;a.com\n", "The delimiter is rather ';'");
    refused_cut_at(',', "Account\tWeb\tX\nA\ta.com\n",
                   "The delimiter is rather tab: give --delimiter tab");
    refused_cut_at(';', "Foo;Bar, Baz\n1;2\n", "Columns: Foo, Bar, Baz.");
}
END_TEST

START_TEST(all_columns_are_there_after_a_refusal)
{
    struct rig *r = rig_new();
    ck_assert_int_eq(rig_text(r, "Title\nFoo, Bar ,Baz\n1,2,3\n"), MDL_U_HEADER);
    const struct mdl_import_file *f = &rig_report(r)->files[0];
    ck_assert_uint_eq(f->n_columns, 3);
    ck_assert_str_eq(f->columns[1].label, "Bar");
    ck_assert_uint_eq(f->columns[1].index, 2);
    ck_assert_uint_eq(f->columns[1].how, MDL_COLUMN_UNUSED);
    rig_free(r);
}
END_TEST

START_TEST(a_long_header_is_shown_in_part)
{
    char text[4000] = "";
    size_t at = 0;
    for (int i = 0; i < 200; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "Column %d,", i);
    }
    snprintf(text + at, sizeof text - at, "end\n");
    struct rig *r = rig_new();
    ck_assert_int_eq(rig_text(r, text), MDL_U_HEADER);
    ck_text_has(r->err.text, "Column 0, Column 1, ");
    ck_text_has(r->err.text, " more");
    ck_text_has(r->err.text, "--map");
    ck_assert_uint_eq(rig_report(r)->files[0].n_columns, 201);
    rig_free(r);
}
END_TEST

START_TEST(guesses_are_told)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_text(r, "Account;Web;Status;Colour\nA1 Tools;a1tools.com;Customer;red\n"));
    ck_assert_int_eq(rig_field(r, "Account"), MDL_FIELD_NAME);
    ck_assert_int_eq(rig_how(r, "Account"), MDL_COLUMN_GUESSED);
    ck_assert_int_eq(rig_field(r, "Web"), MDL_FIELD_WEBSITE);
    ck_assert_int_eq(rig_field(r, "Status"), MDL_FIELD_STATUS);
    ck_assert_int_eq(rig_how(r, "Colour"), MDL_COLUMN_UNUSED);
    ck_assert_int_eq(rig_field(r, "Colour"), MDL_FIELD_NONE);
    rig_free(r);
}
END_TEST

START_TEST(columns_added_by_hand)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_text(r, "Account Name,Website,Country,Customer\nA1 Tools,a1tools.com,DE,yes\n"
                         ",b2tools.com,DE,yes\n"));
    ck_assert_int_eq(rig_report(r)->files[0].kind, MDL_KIND_SF_ACCOUNT_REPORT);
    ck_assert_int_eq(rig_how(r, "Account Name"), MDL_COLUMN_RECOGNISED);
    ck_assert_int_eq(rig_field(r, "Country"), MDL_FIELD_COUNTRY);
    ck_assert_int_eq(rig_how(r, "Country"), MDL_COLUMN_GUESSED);
    ck_assert_int_eq(rig_how(r, "Customer"), MDL_COLUMN_UNUSED);
    ck_assert_str_eq(r->accounts[0].country, "DE");
    ck_assert_str_eq(r->accounts[1].name, ""); /* no name from another column */
    rig_free(r);
    r = rig_new();
    ck_ok(r, rig_text(r, "Name,Company,Website\nJane Roe,,a1tools.com\n"));
    ck_assert_str_eq(r->accounts[0].name, "");
    ck_assert_int_eq(rig_how(r, "Name"), MDL_COLUMN_UNUSED);
    rig_free(r);
}
END_TEST

START_TEST(maps_decide)
{
    static const char *const maps[] = {"Haus=name", " SEITE =website", "Web=ignore",
                                       "OrgNr=id:no-orgnr", "Art#2=type"};
    struct rig *r = rig_new();
    r->options.maps = maps;
    r->options.n_maps = 5;
    ck_ok(r, rig_text(r, "Haus,Seite,Web,OrgNr,Art,Art,Country\n"
                         "Nordlys AS,nordlys-as.no,other.com,974 760 673,x,Customer,NO\n"));
    ck_ok(r, rig_finish(r));
    ck_assert_int_eq(rig_report(r)->files[0].kind, MDL_KIND_SHEET);
    ck_assert_int_eq(rig_how(r, "Haus"), MDL_COLUMN_MAPPED);
    ck_assert_int_eq(rig_field(r, "Web"), MDL_FIELD_IGNORED);
    ck_assert_int_eq(rig_how(r, "Country"), MDL_COLUMN_GUESSED);
    ck_assert_uint_eq(r->n_accounts, 1);
    ck_assert_str_eq(r->accounts[0].website, "nordlys-as.no");
    ck_assert_str_eq(r->accounts[0].type, "Customer");
    ck_assert_str_eq(r->accounts[0].country, "NO");
    ck_assert_uint_eq(rig_report(r)->keys[2].keys, 1); /* the registry id */
    rig_free(r);
}
END_TEST

START_TEST(maps_over_a_known_export)
{
    static const char *const maps[] = {"Real_Name__c=name"};
    struct rig *r = rig_new();
    r->options.maps = maps;
    r->options.n_maps = 1;
    ck_ok(r, rig_text(r, "Id,Name,Website,Real_Name__c\n1,Wrong,right-co.com,Right Co\n"));
    ck_ok(r, rig_finish(r));
    ck_assert_int_eq(rig_report(r)->files[0].kind, MDL_KIND_SF_ACCOUNT);
    ck_assert_str_eq(r->accounts[0].name, "Right Co");
    ck_assert_int_eq(rig_how(r, "Name"), MDL_COLUMN_UNUSED);
    rig_free(r);
}
END_TEST

START_TEST(a_sheet_of_deals_by_map)
{
    static const char *const maps[] = {"Konto=account_name", "Summe=amount", "Phase=stage"};
    struct rig *r = rig_new();
    r->options.maps = maps;
    r->options.n_maps = 3;
    ck_ok(r, rig_text(r, "Konto;Summe;Phase\nAcme;12.500,50;Won\nAcme;x;Lost\n"));
    ck_ok(r, rig_finish(r));
    ck_assert_int_eq(rig_report(r)->files[0].kind, MDL_KIND_DEAL_SHEET);
    ck_assert_uint_eq(r->n_deals, 2);
    ck_assert_str_eq(r->deals[0].join_name, "acme");
    ck_assert_int_eq(r->deals[0].amount.hundredths, 1250050);
    ck_assert(r->deals[0].won && r->deals[0].closed);
    ck_assert(!r->deals[1].won && r->deals[1].closed);
    rig_free(r);
}
END_TEST

START_TEST(a_map_that_no_file_uses)
{
    static const char *const maps[] = {"Webb=website"};
    struct rig *r = rig_new();
    r->options.maps = maps;
    r->options.n_maps = 1;
    ck_ok(r, rig_text(r, "Account,Web\nA1 Tools,a1tools.com\n"));
    ck_assert_int_eq(rig_finish(r), MDL_U_ARGUMENT);
    ck_text_has(r->err.text,
                "mapping \"Webb=website\": no file has such a column. Found: Account, Web");
    ck_assert_uint_eq(r->aborted, 1);
    ck_assert_uint_eq(r->finished, 0);
    rig_free(r);
}
END_TEST

START_TEST(a_label_that_ends_in_a_number_sign)
{
    static const char *const maps[] = {"Web #2=website"};
    struct rig *r = rig_new();
    r->options.maps = maps;
    r->options.n_maps = 1;
    ck_ok(r, rig_text(r, "Name,Web #1,Web #2\nA1 Tools,no.com,yes-it-is.com\n"));
    ck_ok(r, rig_finish(r));
    ck_assert_str_eq(r->accounts[0].website, "yes-it-is.com");
    rig_free(r);
}
END_TEST

START_TEST(map_syntax)
{
    struct mdl_error err;
    ck_assert_int_eq(mdl_import_check_map("Web=website", &err), MDL_OK);
    ck_assert_int_eq(mdl_import_check_map("a=b=NAME", &err), MDL_OK);
    ck_assert_int_eq(mdl_import_check_map("Nr=id:fr_siren", &err), MDL_OK);
    ck_assert_int_eq(mdl_import_check_map("Web", &err), MDL_U_ARGUMENT);
    ck_text_has(err.text, "COLUMN=FIELD");
    ck_assert_int_eq(mdl_import_check_map("=name", &err), MDL_U_ARGUMENT);
    ck_text_has(err.text, "names no column");
    ck_assert_int_eq(mdl_import_check_map("Web=webb", &err), MDL_U_ARGUMENT);
    ck_text_has(err.text, "no such field");
    ck_text_has(err.text, "additional_domains");
    ck_assert_int_eq(mdl_import_check_map("Nr=id:", &err), MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "Known are: lei duns "));
    ck_assert_int_eq(mdl_import_check_map("Nr=id:no_orgnmr", &err), MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "\"Nr=id:no_orgnmr\": no such scheme of ids"));
    ck_assert_ptr_nonnull(strstr(err.text, " no_orgnr "));
    ck_assert_ptr_nonnull(strstr(err.text, " pl_nip"));
    ck_assert_int_eq(mdl_import_check_map("Nr=ID:CH-UID", &err), MDL_OK);
    ck_assert_int_eq(mdl_import_check_map("Nr=id:a b", &err), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_import_check_map("Nr=id:abcdefghijklmnopq", &err), MDL_U_ARGUMENT);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("import-columns");
    TCase *t = tcase_create("columns");
    tcase_add_loop_test(t, known_headers, 0, (int)(sizeof headers / sizeof headers[0]));
    tcase_add_test(t, unknown_headers);
    tcase_add_test(t, all_columns_are_there_after_a_refusal);
    tcase_add_test(t, a_long_header_is_shown_in_part);
    tcase_add_test(t, guesses_are_told);
    tcase_add_test(t, columns_added_by_hand);
    tcase_add_test(t, maps_decide);
    tcase_add_test(t, maps_over_a_known_export);
    tcase_add_test(t, a_sheet_of_deals_by_map);
    tcase_add_test(t, a_map_that_no_file_uses);
    tcase_add_test(t, a_label_that_ends_in_a_number_sign);
    tcase_add_test(t, map_syntax);
    suite_add_tcase(s, t);
    return rig_main(s);
}
