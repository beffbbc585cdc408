/* check_kept.c: rows as an import keeps them, and rules asked of them afterwards. */
#include "import_kept.h"
#include "support.h"

#include <stdlib.h>

struct kept_row {
    size_t file, len;
    void *bytes;
};
static struct kept_row rows[20];
static size_t n_rows;
static struct kept_row headers[4];

static void *copy(const void *bytes, size_t len)
{
    void *p = malloc(len + 1); /* of their own: what is read beyond them is found */
    ck_assert_ptr_nonnull(p);
    memcpy(p, bytes, len);
    return p;
}

static void remember(const struct mdl_import_kept *k)
{
    ck_assert_uint_lt(n_rows, 20);
    ck_assert_uint_lt(k->file, 4);
    rows[n_rows++] = (struct kept_row){k->file, k->row_len, copy(k->row, k->row_len)};
    if (headers[k->file].bytes == NULL) {
        headers[k->file] =
            (struct kept_row){k->file, k->header_len, copy(k->header, k->header_len)};
    }
}

static enum mdl_status on_account(void *ctx, const struct mdl_import_account *a, bool *repeated,
                                  struct mdl_error *err)
{
    (void)ctx;
    (void)repeated;
    (void)err;
    remember(&a->kept);
    return MDL_OK;
}

static enum mdl_status on_deal(void *ctx, const struct mdl_import_opportunity *o,
                               struct mdl_error *err)
{
    (void)ctx;
    (void)err;
    remember(&o->kept);
    return MDL_OK;
}

static struct rig *r;
static const char *const maps[] = {"Phone=ignore"};

static void setup(void)
{
    r = rig_new();
    r->sink.account = on_account;
    r->sink.opportunity = on_deal;
    n_rows = 0;
    memset(headers, 0, sizeof headers);
}

static void teardown(void)
{
    for (size_t i = 0; i < n_rows; i++) {
        free(rows[i].bytes);
    }
    for (size_t i = 0; i < 4; i++) {
        free(headers[i].bytes);
    }
    rig_free(r);
}

static struct mdl_kept *open_file(size_t file)
{
    struct mdl_error err;
    struct mdl_kept *k = NULL;
    ck_assert_int_eq(mdl_kept_open(headers[file].bytes, headers[file].len, &k, &err), MDL_OK);
    return k;
}

static void turn(struct mdl_kept *k, size_t row)
{
    struct mdl_error err;
    ck_assert_int_eq(mdl_kept_row(k, rows[row].bytes, rows[row].len, &err), MDL_OK);
}

/* 'y', 'n', or '-' if the rule does not apply. */
static char ask(const char *text, const struct mdl_kept *own, const struct mdl_kept *account)
{
    struct mdl_error err = {0};
    struct mdl_rule *rule = NULL;
    struct mdl_rule_binding b;
    bool yes = false;
    ck_assert_msg(mdl_rule_parse(text, rig_profile(), &rule, &err) == MDL_OK, "%s: %s", text,
                  err.text);
    mdl_rule_bind(rule, own, account, &b);
    if (b.applies) {
        ck_assert_int_eq(mdl_rule_ask(rule, &b, own, account, &yes, &err), MDL_OK);
    }
    mdl_rule_free(rule);
    return !b.applies ? '-' : yes ? 'y' : 'n';
}

static const char accounts[] =
    "Id,Name,Website,Billing Country,Phone,Notes,Type,Industry\n"
    "001000000000001AAA,Acme GmbH,acme.com,DE,+49 1,a quiet one,Prospect,\n"
    "001000000000002AAA,Globex,globex.net,AT,+43 2,,Customer,Energy\n";
static const char deals[] = "Id,AccountId,Name,StageName,Amount,CloseDate,IsClosed,IsWon\n"
                            "006000000000001AAA,001000000000001AAA,Big,Closed Won,90000,2026-10-15,"
                            "true,true\n";

START_TEST(any_column_of_accounts)
{
    r->options.maps = maps;
    r->options.n_maps = 1;
    ck_ok(r, rig_text(r, accounts));
    ck_ok(r, rig_finish(r));
    ck_assert_uint_eq(n_rows, 2);
    struct mdl_kept *k = open_file(0);
    ck_assert(!mdl_kept_is_deals(k));
    ck_assert_str_eq(mdl_kept_label(k, 1), "Name");
    ck_assert_str_eq(mdl_kept_label(k, 4), ""); /* left out by the operator */
    ck_assert_ptr_null(mdl_kept_label(k, 8));
    ck_assert(mdl_kept_has(k, "billing COUNTRY") && mdl_kept_has(k, "country"));
    ck_assert(!mdl_kept_has(k, "phone") && !mdl_kept_has(k, "stage"));
    turn(k, 0);
    ck_assert_int_eq(ask("notes contains QUIET", k, NULL), 'y');
    ck_assert_int_eq(ask("country in (DE, AT) and industry empty", k, NULL), 'y');
    ck_assert_int_eq(ask("country = Germany", k, NULL), 'y');
    ck_assert_int_eq(ask("'Billing Country' in (Austria, Deutschland)", k, NULL), 'y');
    ck_assert_int_eq(ask("country != DEU", k, NULL), 'n');
    ck_assert_int_eq(ask("name = Germany", k, NULL), 'n');
    ck_assert_int_eq(ask("Phone filled", k, NULL), '-');
    ck_assert_int_eq(ask("country = DE and Phone filled", k, NULL), '-');
    turn(k, 1);
    ck_assert_int_eq(ask("notes contains QUIET", k, NULL), 'n'); /* nothing of the row before */
    ck_assert_int_eq(ask("notes empty and Industry = energy", k, NULL), 'y');
    mdl_kept_close(k);
}
END_TEST

START_TEST(opportunities_with_their_accounts)
{
    ck_ok(r, rig_text(r, accounts));
    ck_ok(r, rig_text(r, deals));
    ck_ok(r, rig_finish(r));
    ck_assert_uint_eq(n_rows, 3);
    struct mdl_kept *a = open_file(0);
    struct mdl_kept *d = open_file(1);
    ck_assert(mdl_kept_is_deals(d));
    turn(a, 0);
    turn(d, 2);
    ck_assert_int_eq(ask("stage = \"Closed Won\" and country in (DE, AT)", d, a), 'y');
    ck_assert_int_eq(ask("STAGENAME = 'closed won' and amount >= 90000", d, a), 'y');
    ck_assert_int_eq(ask("stage = \"Closed Won\" and country = FR", d, a), 'n');
    ck_assert_int_eq(ask("CloseDate < 2026-11-01", d, a), 'y');
    ck_assert_int_eq(ask("stage filled and country filled", a, NULL), '-');
    ck_assert_int_eq(ask("country = DE", d, a), '-'); /* that is asked of the account itself */
    ck_assert_int_eq(ask("stage filled and nonsense = 1", d, a), '-');
    ck_assert_int_eq(ask("Name = Big and country = DE", d, a), 'y'); /* the opportunity's first */
    mdl_kept_close(a);
    mdl_kept_close(d);
}
END_TEST

START_TEST(rules_outside_an_import)
{
    struct mdl_error err = {0};
    struct mdl_rule *rule = NULL;
    ck_assert_int_eq(mdl_rule_parse("stage = won and \"Annual Revenue\" > 5", NULL, &rule, &err),
                     MDL_OK);
    ck_assert_str_eq(mdl_rule_column(rule, 0), "stage");
    ck_assert_str_eq(mdl_rule_column(rule, 1), "Annual Revenue");
    ck_assert_ptr_null(mdl_rule_column(rule, 2));
    mdl_rule_free(rule);
    ck_assert_int_eq(mdl_rule_parse("x: stage = won", NULL, &rule, &err),
                     MDL_OK); /* no NAME here */
    ck_assert_str_eq(mdl_rule_column(rule, 0), "x: stage");
    mdl_rule_free(rule);
    ck_assert_int_eq(mdl_rule_parse("stage =", NULL, &rule, &err), MDL_U_ARGUMENT);
    ck_text_has(err.text, "expected a value");
    ck_assert_ptr_null(rule);
    mdl_rule_free(NULL);
}
END_TEST

/* One that is only kept costs no row; one that is read does. */
START_TEST(what_is_only_kept_is_lenient)
{
    static const char bad[] = "Id,Name,Website,BillingCountry,Type,IsDeleted,Notes\n"
                              "001000000000001AAA,Acm\xC3\xA9,acme.com,DE,Customer,,bad\xFF"
                              "note\n"
                              "001000000000002AAA,Globex\xFF,globex.net,AT,Customer,,x\n";
    r->options.encoding = MDL_ENCODING_UTF8;
    ck_ok(r, rig_bytes(r, "a.csv", bad, sizeof bad - 1));
    ck_ok(r, rig_finish(r));
    ck_assert_uint_eq(n_rows, 1);
    ck_assert_ptr_nonnull(rig_issue(r, MDL_ISSUE_ENCODING));
    struct mdl_kept *k = open_file(0);
    turn(k, 0);
    ck_assert_int_eq(ask("notes empty and country = de", k, NULL), 'y');
    mdl_kept_close(k);
}
END_TEST

START_TEST(long_cells_are_cut_between_characters)
{
    char text[4000];
    size_t n = (size_t)snprintf(text, sizeof text, "Name,Website,Notes\nAcme,acme.com,x");
    for (int i = 0; i < 800; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "\xC3\xA9");
    }
    (void)snprintf(text + n, sizeof text - n, "end\n");
    ck_ok(r, rig_text(r, text));
    ck_ok(r, rig_finish(r));
    struct mdl_kept *k = open_file(0);
    turn(k, 0);
    ck_assert_uint_eq(strlen(k->cell[2]), 1023);
    ck_assert_int_eq(ask("notes contains end", k, NULL), 'n');
    ck_assert_int_eq(ask("notes contains x\xC3\xA9", k, NULL), 'y');
    mdl_kept_close(k);
}
END_TEST

/* Bytes that the store gives back damaged: every cut and many flips; none may be read past. */
START_TEST(damaged_bytes)
{
    struct mdl_error err;
    struct mdl_kept *k = NULL;
    ck_ok(r, rig_text(r, accounts));
    ck_ok(r, rig_finish(r));
    for (size_t n = 0; n < headers[0].len; n++) {
        void *cut = copy(headers[0].bytes, n);
        ck_assert_int_eq(mdl_kept_open(cut, n, &k, &err), MDL_L_DATABASE);
        ck_assert_ptr_null(k);
        free(cut);
    }
    for (size_t i = 0; i < headers[0].len; i++) {
        uint8_t *bent = copy(headers[0].bytes, headers[0].len);
        bent[i] ^= 0xFF;
        (void)(mdl_kept_open(bent, headers[0].len, &k, &err) == MDL_OK);
        mdl_kept_close(k);
        free(bent);
    }
    k = open_file(0);
    size_t sound = 0;
    for (size_t n = 1; n < rows[0].len; n++) {
        void *cut = copy(rows[0].bytes, n);
        sound += mdl_kept_row(k, cut, n, &err) == MDL_OK; /* between two cells */
        ck_assert_int_eq(mdl_kept_row(k, NULL, 0, &err), MDL_OK);
        free(cut);
    }
    ck_assert_uint_eq(sound, 6); /* seven cells hold something */
    for (size_t i = 0; i < rows[0].len; i++) {
        uint8_t *bent = copy(rows[0].bytes, rows[0].len);
        bent[i] ^= 0xFF;
        (void)(mdl_kept_row(k, bent, rows[0].len, &err) == MDL_OK);
        ck_assert_int_eq(mdl_kept_row(k, NULL, 0, &err), MDL_OK);
        free(bent);
    }
    mdl_kept_close(k);
    mdl_kept_close(NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("import-kept");
    TCase *t = tcase_create("kept");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, any_column_of_accounts);
    tcase_add_test(t, opportunities_with_their_accounts);
    tcase_add_test(t, rules_outside_an_import);
    tcase_add_test(t, what_is_only_kept_is_lenient);
    tcase_add_test(t, long_cells_are_cut_between_characters);
    tcase_add_test(t, damaged_bytes);
    suite_add_tcase(s, t);
    return rig_main(s);
}
