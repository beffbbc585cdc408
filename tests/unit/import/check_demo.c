/* check_demo.c: the demo exports, with exact counts. Their ORIGIN is beside them. */
#include "support.h"

static const struct mdl_import_file *file(const struct rig *r, size_t i)
{
    return &rig_report(r)->files[i];
}

START_TEST(vendor)
{
    struct rig *r = rig_new();
    r->chunk = 1000;
    ck_ok(r, rig_path(r, DEMO_DATA, "vendor-salesforce-accounts.csv"));
    ck_ok(r, rig_path(r, DEMO_DATA, "vendor-salesforce-opportunities.csv"));
    ck_ok(r, rig_finish(r));
    const struct mdl_import_report *rep = rig_report(r);
    ck_assert_int_eq(file(r, 0)->kind, MDL_KIND_SF_ACCOUNT);
    ck_assert_int_eq(file(r, 1)->kind, MDL_KIND_SF_OPPORTUNITY);
    ck_assert_int_eq(file(r, 0)->encoding, MDL_ENCODING_UTF8);
    ck_assert_int_eq(file(r, 1)->encoding, MDL_ENCODING_ASCII);
    ck_assert_uint_eq(rep->accounts, 386);
    ck_assert_uint_eq(rep->accounts_with_key, 386);
    ck_assert_uint_eq(rep->opportunities, 315);
    ck_assert_uint_eq(rep->joined, 315);
    ck_assert_uint_eq(rep->unjoined, 0);
    ck_assert_uint_eq(rep->keys[1].accounts, 94); /* D-U-N-S */
    ck_assert_uint_eq(rep->population[0], 141);
    ck_assert_uint_eq(rep->population[1], 174);
    ck_assert_uint_eq(rep->population[2], 107);
    ck_assert_uint_eq(rep->no_population, 0);
    ck_assert_str_eq(r->accounts[0].record_id, "00100000000TN1EAAQ");
    ck_assert_str_eq(r->accounts[0].owner, "Marcus Oyelaran"); /* a name goes before an id */
    rig_free(r);
}
END_TEST

START_TEST(partner)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_path(r, DEMO_DATA, "partner-hubspot-companies.csv"));
    ck_ok(r, rig_finish(r));
    const struct mdl_import_report *rep = rig_report(r);
    ck_assert_int_eq(file(r, 0)->kind, MDL_KIND_HUBSPOT_COMPANY);
    ck_assert_uint_eq(rep->accounts, 1147);
    ck_assert_uint_eq(rep->accounts_with_key, 1147);
    ck_assert_uint_eq(rep->population[0], 523);
    ck_assert_uint_eq(rep->population[1], 213);
    ck_assert_uint_eq(rep->population[2], 411);
    ck_assert_uint_eq(rep->keys[1].accounts, 179);
    rig_free(r);
}
END_TEST

START_TEST(services)
{
    struct rig *r = rig_new();
    ck_ok(r, rig_path(r, DEMO_DATA, "services-accounts.csv"));
    ck_ok(r, rig_finish(r));
    const struct mdl_import_report *rep = rig_report(r);
    ck_assert_int_eq(file(r, 0)->kind, MDL_KIND_SHEET);
    ck_assert_int_eq(file(r, 0)->encoding, MDL_ENCODING_WINDOWS_1252);
    ck_assert_int_eq(file(r, 0)->delimiter, ';');
    ck_assert_int_eq(rig_how(r, "Account"), MDL_COLUMN_GUESSED);
    ck_assert_int_eq(rig_field(r, "Web"), MDL_FIELD_WEBSITE);
    ck_assert_uint_eq(rep->accounts, 676); /* two are called Reddit, with two websites */
    ck_assert_uint_eq(rep->accounts_with_key, 676);
    ck_assert_uint_eq(rep->population[0], 337);
    ck_assert_uint_eq(rep->population[1], 0);
    ck_assert_uint_eq(rep->population[2], 339);
    for (size_t i = 0; i < r->n_accounts; i++) {
        ck_assert(r->accounts[i].made_id);
    }
    rig_free(r);
}
END_TEST

START_TEST(truth_is_no_export)
{
    struct rig *r = rig_new();
    ck_assert_int_eq(rig_path(r, DEMO_DATA, "truth.csv"), MDL_U_HEADER);
    ck_text_has(r->err.text, "truth.csv: ");
    ck_text_has(r->err.text, "Columns: file, record, same_company_id.");
    rig_free(r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("import-demo");
    TCase *t = tcase_create("demo");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, vendor);
    tcase_add_test(t, partner);
    tcase_add_test(t, services);
    tcase_add_test(t, truth_is_no_export);
    suite_add_tcase(s, t);
    return rig_main(s);
}
