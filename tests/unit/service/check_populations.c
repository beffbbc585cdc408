/* check_populations.c: populations by rule, private accounts and the suppression list, on real
 * nodes: over every source at once, over later imports, and in a real round. */
#include "nodes.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char accounts[] = "Id,Name,Website,BillingCountry,Type,IsDeleted,Rating\n"
                               "001000000000001AAA,Acme GmbH,acme.com,DE,Customer,false,Hot\n"
                               "001000000000002AAA,Globex AG,globex.net,AT,Prospect,false,\n"
                               "001000000000003AAA,Initech,initech.com,FR,Prospect,false,Cold\n"
                               "001000000000004AAA,Umbrella,umbrella.io,DE,Prospect,false,Hot\n";
static const char deals[] =
    "Id,AccountId,Name,StageName,Amount,CurrencyIsoCode,CloseDate,IsClosed,IsWon\n"
    "006000000000001AAA,001000000000001AAA,One,Closed Won,90000,EUR,2026-10-15,true,true\n"
    "006000000000002AAA,001000000000002AAA,Two,Closed Won,5000,EUR,2026-11-15,true,true\n"
    "006000000000003AAA,001000000000003AAA,Three,Closed Won,7000,EUR,2026-09-15,true,true\n"
    "006000000000004AAA,001000000000004AAA,Four,Qualification,1,EUR,2026-12-15,false,false\n";
static const char sheet[] = "Company,Website,Country,Status\n"
                            "Soylent,soylent.net,DE,Customer\n"
                            "Tyrell,tyrell.com,US,Prospect\n";

/* Two files of one import. */
static json_t *import_crm(struct node *n, const char *first, const char *second)
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_upload *u = NULL;
    json_t *report = NULL;
    json_t *params = json_pack("{s:s}", "source", "crm");
    const char *const files[] = {first, second};
    ck_assert_int_eq(mdl_upload_begin(n->service, params, &u, &err), MDL_OK);
    for (size_t i = 0; i < 2 && files[i] != NULL; i++) {
        ck_assert_int_eq(mdl_upload_file(u, i == 0 ? "a.csv" : "d.csv", &err), MDL_OK);
        ck_assert_msg(mdl_upload_feed(u, files[i], strlen(files[i]), &err) == MDL_OK, "%s",
                      err.text);
        ck_assert_msg(mdl_upload_file_end(u, &err) == MDL_OK, "%s", err.text);
    }
    ck_assert_msg(mdl_upload_finish(u, &report, &err) == MDL_OK, "%s", err.text);
    mdl_upload_free(u);
    json_decref(params);
    return report;
}

static void import_all(struct node *n)
{
    json_decref(import_crm(n, accounts, deals));
    json_decref(node_import(n, "sheet.csv", sheet, json_pack("{s:s}", "source", "sheet")));
}

static json_int_t at(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    ck_assert_msg(json_is_integer(v), "no number %s", name);
    return json_integer_value(v);
}

static const json_t *named(const json_t *list, const char *member, const char *name)
{
    size_t i;
    const json_t *o;
    json_array_foreach(list, i, o)
    {
        if (strcmp(json_string_value(json_object_get(o, member)), name) == 0) {
            return o;
        }
    }
    return NULL;
}

static json_t *add(const char *name, const char *rule)
{
    return node_do(&northwind, "population.add",
                   json_pack("{s:s, s:s}", "name", name, "rule", rule));
}

/* Accounts of a population now; -1: there is none. */
static json_int_t size_of(const char *name)
{
    json_t *d = node_do(&northwind, "population.list", json_object());
    const json_t *p = named(json_object_get(d, "populations"), "name", name);
    json_int_t n = p != NULL ? at(p, "accounts") : -1;
    json_decref(d);
    return n;
}

static void expect_preview(const char *rule, json_int_t n)
{
    json_t *d = node_do(&northwind, "population.preview", json_pack("{s:s}", "rule", rule));
    ck_assert_msg(at(d, "accounts") == n, "%s: %lld", rule, (long long)at(d, "accounts"));
    ck_assert_uint_eq(json_array_size(json_object_get(d, "first")), (size_t)n);
    json_decref(d);
}

static size_t files_in_sources(const struct node *n)
{
    char path[300];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "%s/sources", n->dir);
    DIR *d = opendir(path);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        count += e->d_name[0] != '.';
    }
    closedir(d);
    return count;
}

START_TEST(a_rule_over_every_source)
{
    import_all(&northwind);
    ck_assert_uint_eq(files_in_sources(&northwind), 2);
    expect_preview("stage = \"Closed Won\" and country in (DE, AT)", 2); /* deal and account */
    expect_preview("Rating = hot", 2); /* a column that nobody mapped */
    expect_preview("rating empty", 1);
    expect_preview("amount >= 7000 and CloseDate < 2026-10-01", 1);
    expect_preview("country = de", 3); /* of both sources */
    expect_preview("not (country in (DE, AT)) and website contains .com", 2);
    ck_assert_int_eq(size_of("dach"), -1);
    json_t *d = add("dach", "country in (DE, AT)");
    ck_assert_int_eq(at(d, "accounts"), 4);
    const json_t *crm = named(json_object_get(d, "sources"), "source", "crm");
    ck_assert_int_eq(at(crm, "accounts"), 3);
    ck_assert_int_eq(at(crm, "total"), 4);
    json_decref(d);
    json_decref(add("won", "stage = \"Closed Won\""));
    ck_assert_int_eq(size_of("dach"), 4);
    ck_assert_int_eq(size_of("won"), 3);
    ck_assert_int_eq(size_of("customers"), 4); /* as before: Acme, Globex, Initech, Soylent */
    ck_assert_uint_eq(files_in_sources(&northwind),
                      4); /* one of marks for each source, none left over */
    d = node_do(&northwind, "source.list", json_object());
    const json_t *source = named(json_object_get(d, "sources"), "name", "sheet");
    const json_t *p = named(json_object_get(source, "populations"), "name", "dach");
    ck_assert_int_eq(at(p, "accounts"), 1);
    json_decref(d);
}
END_TEST

START_TEST(rules_hold_for_later_imports)
{
    json_decref(add("dach", "country in (DE, AT)")); /* nothing is imported yet */
    json_t *r = import_crm(&northwind, accounts, deals);
    const json_t *p = named(json_object_get(r, "populations"), "name", "dach");
    ck_assert_int_eq(at(p, "accounts"), 3);
    ck_assert(json_is_null(json_object_get(p, "before")));
    ck_assert_uint_eq(json_array_size(json_object_get(r, "rules_silent")), 0);
    json_decref(r);
    static const char less[] = "Id,Name,Website,Type,BillingCountry,IsDeleted\n"
                               "001000000000001AAA,Acme GmbH,acme.com,Customer,DE,false\n";
    r = import_crm(&northwind, less, NULL);
    p = named(json_object_get(r, "populations"), "name", "dach");
    ck_assert_int_eq(at(p, "accounts"), 1);
    ck_assert_int_eq(at(p, "before"), 3);
    p = named(json_object_get(r, "populations"), "name", "customers");
    ck_assert_int_eq(at(p, "accounts"), 1);
    ck_assert_int_eq(at(p, "before"), 3);
    json_decref(r);
    static const char other[] = "Id,Name,Website,Type,IsDeleted\n"
                                "001000000000001AAA,Acme GmbH,acme.com,Customer,false\n";
    r = import_crm(&northwind, other, NULL);
    const json_t *silent = json_array_get(json_object_get(r, "rules_silent"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(silent, "population")), "dach");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(silent, "missing"), 0)),
                     "country");
    json_decref(r);
    ck_assert_int_eq(size_of("dach"), 0);
    ck_assert_uint_eq(files_in_sources(&northwind), 2);
    node_stop(&northwind);
    node_restart(&northwind);
    ck_assert_uint_eq(files_in_sources(&northwind), 2);
    ck_assert_int_eq(size_of("dach"), 0);
}
END_TEST

START_TEST(errors_name_the_column)
{
    const char *text;
    import_all(&northwind);
    text = node_refuses(&northwind, "population.add",
                        json_pack("{s:s, s:s}", "name", "x", "rule", "stge = won"), MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(text, "'stge'"));
    ck_assert_ptr_nonnull(strstr(text, "StageName"));
    ck_assert_ptr_nonnull(strstr(text, "Company"));
    text = node_refuses(&northwind, "population.preview", json_pack("{s:s}", "rule", "stage = "),
                        MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(text, "expected a value"));
    text = node_refuses(&northwind, "population.add",
                        json_pack("{s:s, s:s}", "name", "x", "rule", "Rating = hot and Status = a"),
                        MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(text, "different sources"));
    text = node_refuses(&northwind, "population.add",
                        json_pack("{s:s, s:s}", "name", "customers", "rule", "country = DE"),
                        MDL_U_EXISTS);
    ck_assert_ptr_nonnull(strstr(text, "standard"));
    (void)node_refuses(&northwind, "population.add",
                       json_pack("{s:s, s:s}", "name", "Big Ones", "rule", "country = DE"),
                       MDL_U_ARGUMENT);
    json_decref(add("x", "country = DE"));
    text = node_refuses(&northwind, "population.add",
                        json_pack("{s:s, s:s}", "name", "x", "rule", "country = AT"), MDL_U_EXISTS);
    ck_assert_ptr_nonnull(strstr(text, "'x' by rule already (country = DE)"));
    ck_assert_uint_eq(files_in_sources(&northwind), 4); /* what was refused left nothing */
    text = node_refuses(&northwind, "population.remove", json_pack("{s:s}", "population", "y"),
                        MDL_U_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(text, "x"));
    (void)node_refuses(&northwind, "population.remove",
                       json_pack("{s:s}", "population", "prospects"), MDL_U_ARGUMENT);
    json_decref(node_do(&northwind, "population.remove", json_pack("{s:s}", "population", "x")));
    ck_assert_int_eq(size_of("x"), -1);
    ck_assert_uint_eq(files_in_sources(&northwind), 2);
}
END_TEST

START_TEST(a_name_that_an_import_uses)
{
    json_decref(node_import(
        &northwind, "s.csv", sheet,
        json_pack("{s:s, s:[s]}", "source", "sheet", "populations", "big: Country = US")));
    const char *text =
        node_refuses(&northwind, "population.add",
                     json_pack("{s:s, s:s}", "name", "big", "rule", "country = DE"), MDL_U_EXISTS);
    ck_assert_ptr_nonnull(strstr(text, "sheet"));
    ck_assert_ptr_nonnull(strstr(text, "--population"));
    ck_assert_int_eq(size_of("big"), 1);
}
END_TEST

static json_int_t left_out(const char *why)
{
    json_t *d = node_do(&northwind, "population.list", json_object());
    json_int_t n = at(json_object_get(json_object_get(d, "total"), "left_out"), why);
    json_decref(d);
    return n;
}

START_TEST(private_accounts)
{
    import_all(&northwind);
    json_t *d = node_do(&northwind, "exclude.add",
                        json_pack("{s:s, s:b}", "rule", "Rating = Hot", "preview", 1));
    ck_assert_int_eq(at(d, "accounts"), 2);
    json_decref(d);
    ck_assert_int_eq(left_out("private"), 0);
    d = node_do(&northwind, "exclude.add", json_pack("{s:s}", "rule", "Rating = Hot"));
    json_int_t id = at(d, "id");
    json_decref(d);
    ck_assert_int_eq(left_out("private"), 2);
    ck_assert_int_eq(size_of("customers"), 3);
    (void)node_refuses(&northwind, "exclude.add", json_pack("{s:s}", "rule", "Rating = Hot"),
                       MDL_U_EXISTS);
    (void)node_refuses(&northwind, "exclude.add", json_pack("{s:s}", "rule", "Raing = Hot"),
                       MDL_U_ARGUMENT);
    json_t *r = import_crm(&northwind, accounts, deals);
    ck_assert_int_eq(at(json_object_get(r, "left_out"), "private"), 2);
    json_decref(r);
    d = node_do(&northwind, "exclude.list", json_object());
    const json_t *rule = json_array_get(json_object_get(d, "rules"), 0);
    ck_assert_int_eq(at(rule, "accounts"), 2);
    ck_assert_int_eq(at(rule, "id"), id);
    json_decref(d);
    (void)node_refuses(&northwind, "exclude.remove", json_pack("{s:s}", "rule", "99"),
                       MDL_U_NOT_FOUND);
    json_decref(node_do(&northwind, "exclude.remove", json_pack("{s:s}", "rule", "Rating = Hot")));
    ck_assert_int_eq(left_out("private"), 0);
}
END_TEST

/* An export without the column of the rule, with or without consent. */
static enum mdl_status import_without_rating(bool accept, char text[MDL_ERROR_TEXT])
{
    static const char less[] = "Id,Name,Website,Type,BillingCountry,IsDeleted\n"
                               "001000000000001AAA,Acme GmbH,acme.com,Customer,DE,false\n";
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_upload *u = NULL;
    json_t *report = NULL;
    json_t *params = json_pack("{s:s, s:b}", "source", "crm", "accept_silent", (int)accept);
    ck_assert_int_eq(mdl_upload_begin(northwind.service, params, &u, &err), MDL_OK);
    ck_assert_int_eq(mdl_upload_file(u, "a.csv", &err), MDL_OK);
    ck_assert_int_eq(mdl_upload_feed(u, less, strlen(less), &err), MDL_OK);
    ck_assert_int_eq(mdl_upload_file_end(u, &err), MDL_OK);
    enum mdl_status st = mdl_upload_finish(u, &report, &err);
    (void)snprintf(text, MDL_ERROR_TEXT, "%s", err.text);
    mdl_upload_free(u);
    json_decref(report);
    json_decref(params);
    return st;
}

START_TEST(an_import_that_silences_a_private_rule)
{
    char text[MDL_ERROR_TEXT];
    import_all(&northwind);
    json_decref(node_do(&northwind, "exclude.add", json_pack("{s:s}", "rule", "Rating = Hot")));
    ck_assert_int_eq(left_out("private"), 2);
    ck_assert_int_eq(import_without_rating(false, text), MDL_U_STATE);
    ck_assert_msg(strstr(text, "'rating'") != NULL || strstr(text, "'Rating'") != NULL, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "2 accounts"));
    ck_assert_int_eq(left_out("private"), 2); /* nothing was changed */
    ck_assert_int_eq(import_without_rating(true, text), MDL_OK);
    ck_assert_int_eq(left_out("private"), 0);
    /* From then on it cannot be asked of the source: nothing is lost by the next one. */
    ck_assert_int_eq(import_without_rating(false, text), MDL_OK);
}
END_TEST

/* ---- the suppression list -----------------------------------------------------------------------
 */

static json_t *suppress(const char *value, const char *country)
{
    return node_do(&northwind, "suppress.add",
                   json_pack("{s:[s], s:s*}", "values", value, "country", country));
}

static void expect_suppressed(const char *value, const char *country, json_int_t n)
{
    json_t *d = suppress(value, country);
    const json_t *e = json_array_get(json_object_get(d, "entries"), 0);
    ck_assert_msg(at(e, "accounts") == n, "%s: %lld", value, (long long)at(e, "accounts"));
    ck_assert_int_eq(left_out("suppressed"), n);
    json_decref(node_do(&northwind, "suppress.remove", json_pack("{s:s}", "entry", value)));
    ck_assert_int_eq(left_out("suppressed"), 0);
    json_decref(d);
}

START_TEST(whom_a_value_means)
{
    import_all(&northwind);
    expect_suppressed("https://www.acme.com/about", NULL, 1);
    expect_suppressed("info@acme.com", NULL, 1);
    expect_suppressed("Acme", "DE", 1);
    expect_suppressed("Acme", "AT", 0);                /* the account is German */
    expect_suppressed("ACME GmbH", NULL, 1);           /* whatever the country */
    expect_suppressed("crm:001000000000002", NULL, 1); /* an id of 15 characters */
    expect_suppressed("crm:001000000000002AAA", NULL, 1);
    expect_suppressed("sheet:001000000000002AAA", NULL, 0);
    const char *text =
        node_refuses(&northwind, "suppress.add",
                     json_pack("{s:[s]}", "values", "erp:001000000000002"), MDL_U_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(text, "crm"));
    text = node_refuses(&northwind, "suppress.add",
                        json_pack("{s:[s, s]}", "values", "acme.com", "x@gmail.com"), MDL_U_NO_KEY);
    ck_assert_ptr_nonnull(strstr(text, "gmail"));
    ck_assert_int_eq(left_out("suppressed"), 0); /* all of them, or none */
    (void)node_refuses(&northwind, "suppress.add", json_pack("{s:[]}", "values"), MDL_U_ARGUMENT);
    (void)node_refuses(&northwind, "suppress.remove", json_pack("{s:s}", "entry", "acme.com"),
                       MDL_U_NOT_FOUND);
}
END_TEST

static void nothing_is_added(const char *text, enum mdl_status want, const char *words)
{
    const char *said =
        node_refuses(&northwind, "suppress.import", json_pack("{s:s}", "text", text), want);
    ck_assert_msg(strstr(said, words) != NULL, "'%s' without '%s'", said, words);
    ck_assert_int_eq(left_out("suppressed"), 0);
}

/* An objection that is read wrongly would be none, and nobody would notice. */
START_TEST(values_that_would_mean_nothing)
{
    import_all(&northwind);
    nothing_is_added("acme.com\rglobex.com\r", MDL_U_ARGUMENT, "control characters");
    nothing_is_added("acme.com\nAcme\x1b[31m\n", MDL_U_ARGUMENT, "line 2");
    nothing_is_added("Foo; Bar GmbH\n", MDL_U_ARGUMENT, "\"Bar GmbH\" is no country");
    nothing_is_added("Acme;Germny\n", MDL_U_ARGUMENT, "\"Germny\" is no country");
    nothing_is_added("crm:\n", MDL_U_ARGUMENT, "no record");
    nothing_is_added("acme.com\nacme.example\n", MDL_U_NO_KEY, "line 2");
    nothing_is_added("www.nosuch.exampel/about\n", MDL_U_NO_KEY, "looks like a domain");
    nothing_is_added("gmail.com,1\n", MDL_U_ARGUMENT, "VALUE;COUNTRY;REASON");
    nothing_is_added("https://acme.com,DE\n", MDL_U_ARGUMENT, "VALUE;COUNTRY;REASON");
    nothing_is_added("value,country\n", MDL_U_ARGUMENT, "divided by a comma");
    nothing_is_added("Bergmann Metallbau,DE\n", MDL_U_ARGUMENT, "divided by a comma");
    nothing_is_added("acme.com, Acme\n", MDL_U_ARGUMENT, "divided by a comma");
    json_decref(suppress("https://acme.com/a,b", NULL));
    json_decref(suppress("Umbrella, Inc.", NULL)); /* names all the same */
    json_decref(suppress("No.1 Sports GmbH", NULL));
    json_decref(suppress("U.S.A.", NULL));
    json_t *d = suppress("crm:ACME 1", NULL); /* an id may have a space */
    const json_t *e = json_array_get(json_object_get(d, "entries"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(e, "record_id")), "ACME 1");
    json_decref(d);
    d = suppress("note: a company", NULL);
    ck_assert(json_is_null(
        json_object_get(json_array_get(json_object_get(d, "entries"), 0), "record_id")));
    json_decref(d);
}
END_TEST

static json_t *suppress_for(const char *value, const char *reason)
{
    json_t *d = node_do(&northwind, "suppress.add",
                        json_pack("{s:[s], s:s*}", "values", value, "reason", reason));
    json_t *e = json_incref(json_array_get(json_object_get(d, "entries"), 0));
    json_decref(d);
    return e;
}

static void expect_renewed(const char *reason, bool renewed, const char *now)
{
    json_t *e = suppress_for("acme.com", reason);
    ck_assert(json_is_true(json_object_get(e, "already")));
    ck_assert_int_eq(json_is_true(json_object_get(e, "reason_renewed")), renewed);
    json_decref(e);
    json_t *d = node_do(&northwind, "suppress.list", json_object());
    ck_assert_str_eq(json_string_value(json_object_get(
                         json_array_get(json_object_get(d, "entries"), 0), "reason")),
                     now);
    json_decref(d);
}

START_TEST(a_value_given_again)
{
    json_t *e = suppress_for("acme.com", "letter of May");
    ck_assert(json_is_false(json_object_get(e, "already")));
    ck_assert(json_is_false(json_object_get(e, "reason_renewed")));
    ck_assert(json_is_false(json_object_get(e, "mail_provider")));
    json_decref(e);
    expect_renewed("letter of June", true, "letter of June");
    expect_renewed("letter of June", false, "letter of June");
    expect_renewed(NULL, false, "letter of June");
    e = suppress_for("gmail.com", NULL); /* a website as any other, and a person should know */
    ck_assert(json_is_true(json_object_get(e, "mail_provider")));
    json_decref(e);
}
END_TEST

START_TEST(it_stays_through_imports)
{
    json_decref(suppress("acme.com", NULL)); /* before anything is imported */
    json_t *r = import_crm(&northwind, accounts, deals);
    ck_assert_int_eq(at(json_object_get(r, "left_out"), "suppressed"), 1);
    json_decref(r);
    static const char moved[] = "Id,Name,Website,Type,IsDeleted,LEI\n"
                                "001000000000009AAA,Acme Europe,acme.eu,Customer,false,\n"
                                "001000000000001AAA,Acme GmbH,acme.com,Customer,false,"
                                "529900T8BM49AURSDO55\n";
    r = import_crm(&northwind, moved, NULL);
    ck_assert_int_eq(at(json_object_get(r, "left_out"), "suppressed"), 1);
    json_decref(r);
    /* Under another id, with other keys beside it. */
    static const char other[] = "Id,Name,Website,Type,IsDeleted,LEI\n"
                                "001000000000077AAA,Neo,acme.com,Customer,false,"
                                "529900T8BM49AURSDO55\n";
    r = import_crm(&northwind, other, NULL);
    ck_assert_int_eq(at(json_object_get(r, "left_out"), "suppressed"), 1);
    json_decref(r);
    json_t *d = suppress("acme.com", NULL);
    const json_t *e = json_array_get(json_object_get(d, "entries"), 0);
    ck_assert(json_is_true(json_object_get(e, "already")));
    json_decref(d);
    d = node_do(&northwind, "suppress.list", json_object());
    ck_assert_uint_eq(json_array_size(json_object_get(d, "entries")), 1);
    ck_assert_int_eq(at(json_array_get(json_object_get(d, "entries"), 0), "accounts"), 1);
    json_decref(d);
}
END_TEST

START_TEST(a_file_of_values)
{
    import_all(&northwind);
    const char *text = node_refuses(
        &northwind, "suppress.import",
        json_pack("{s:s}", "text", "value;country;reason\nacme.com\nx@gmail.com\n"), MDL_U_NO_KEY);
    ck_assert_ptr_nonnull(strstr(text, "line 3"));
    ck_assert_int_eq(left_out("suppressed"), 0);
    (void)node_refuses(&northwind, "suppress.import", json_pack("{s:s}", "text", "# nothing\n\n"),
                       MDL_U_ARGUMENT);
    json_t *d = node_do(&northwind, "suppress.import",
                        json_pack("{s:s, s:s}", "text",
                                  "\xEF\xBB\xBFvalue;country;reason\r\nacme.com\r\n"
                                  "Globex; AT ;letter of May\r\n\r\n# a comment\r\nacme.com\r\n",
                                  "reason", "objection"));
    ck_assert_uint_eq(json_array_size(json_object_get(d, "entries")), 3);
    json_decref(d);
    ck_assert_int_eq(left_out("suppressed"), 2);
    d = node_do(&northwind, "suppress.list", json_object());
    const json_t *list = json_object_get(d, "entries");
    ck_assert_uint_eq(json_array_size(list), 2);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "reason")),
                     "objection");
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 1), "reason")),
                     "letter of May");
    json_decref(d);
}
END_TEST

/* Whether a file of the node holds these bytes. */
static bool file_holds(const char *path, const char *words)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1 << 22);
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(text);
    size_t n = fread(text, 1, (1 << 22) - 1, f);
    bool holds = memmem(text, n, words, strlen(words)) != NULL;
    fclose(f);
    free(text);
    return holds;
}

static json_t *audit(void)
{
    return node_do(&northwind, "audit.list", json_object());
}

START_TEST(the_log_holds_no_name)
{
    import_all(&northwind);
    json_decref(
        node_do(&northwind, "suppress.add",
                json_pack("{s:[s], s:s}", "values", "umbrella.io", "reason", "Mr. Wesker")));
    json_decref(node_do(&northwind, "suppress.remove", json_pack("{s:s}", "entry", "umbrella.io")));
    json_t *d = audit();
    char *text = json_dumps(d, 0);
    ck_assert_ptr_nonnull(strstr(text, "suppress add: 1 entry"));
    ck_assert_ptr_nonnull(strstr(text, "suppress remove: 1 entry"));
    ck_assert_ptr_null(strstr(text, "umbrella"));
    ck_assert_ptr_null(strstr(text, "Wesker"));
    free(text);
    json_decref(d);
    json_t *v = node_do(&northwind, "audit.verify", json_object());
    ck_assert(json_is_true(json_object_get(v, "ok")));
    json_decref(v);
}
END_TEST

static const char *round_id(const json_t *doc)
{
    return json_string_value(json_object_get(json_object_get(doc, "round"), "id"));
}

static json_t *run_round(json_t **at_b)
{
    json_t *doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    json_t *here = node_wait_round(&northwind, round_id(doc), 60);
    *at_b = node_wait_round(&contoso, round_id(doc), 60);
    ck_assert_str_eq(json_string_value(json_object_get(here, "state")), "complete");
    json_decref(doc);
    return here;
}

static json_int_t keys_of(const json_t *round, const char *whose)
{
    return at(json_object_get(round, "keys"), whose);
}

static json_int_t overlap(struct node *n, const char *partner)
{
    json_t *d = node_do(n, "overlap", json_pack("{s:s}", "partner", partner));
    json_int_t rows = (json_int_t)json_array_size(json_object_get(d, "rows"));
    json_decref(d);
    return rows;
}

/* No list that a round ran over, of any round after the first, holds the bytes. */
static void expect_in_no_snapshot(const struct node *n, const char *not_this, const char *words)
{
    char path[800];
    size_t seen = 0;
    (void)snprintf(path, sizeof path, "%s/rounds", n->dir);
    DIR *d = opendir(path);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] != '.' && strncmp(e->d_name, not_this, 32) != 0) {
            (void)snprintf(path, sizeof path, "%s/rounds/%s", n->dir, e->d_name);
            ck_assert_msg(!file_holds(path, words), "%s holds %s", e->d_name, words);
            seen++;
        }
    }
    closedir(d);
    ck_assert_uint_ge(seen, 1);
}

static const char theirs[] = "Company name,Company Domain Name,Lifecycle Stage,Record ID\n"
                             "ACME,acme.com,customer,1\n"
                             "Initech LLC,initech.com,lead,2\n"
                             "Umbrella,umbrella.io,lead,3\n";

START_TEST(a_suppressed_account_in_a_round)
{
    json_t *at_b;
    import_all(&northwind);
    json_decref(node_import(&contoso, "b.csv", theirs, NULL));
    nodes_pair(&northwind, &contoso, true);
    json_t *first = run_round(&at_b);
    json_int_t n = keys_of(first, "own");
    ck_assert_int_eq(keys_of(at_b, "partner"), n);
    ck_assert_int_eq(overlap(&northwind, "Contoso"), 3);
    char id[40];
    (void)snprintf(id, sizeof id, "%s", json_string_value(json_object_get(first, "id")));
    json_decref(first);
    json_decref(at_b);
    /* What Acme gives: a domain, a name with its country, and two without. */
    json_t *k = node_do(&northwind, "key.explain", json_pack("{s:[s]}", "values", "acme.com"));
    json_decref(k);
    json_t *before = node_do(&northwind, "round.preview", json_pack("{s:s}", "partner", "Contoso"));
    json_int_t previewed = at(json_object_get(before, "disclosure"), "own_keys");
    json_decref(before);
    json_decref(suppress("acme.com", NULL));
    json_t *after = node_do(&northwind, "round.preview", json_pack("{s:s}", "partner", "Contoso"));
    const json_t *disclosure = json_object_get(after, "disclosure");
    json_int_t gone = previewed - at(disclosure, "own_keys");
    ck_assert_int_ge(gone, 3);
    ck_assert_int_eq(at(json_object_get(disclosure, "left_out"), "suppressed"), 1);
    json_decref(after);
    json_t *second = run_round(&at_b);
    ck_assert_int_eq(keys_of(second, "own"), n - gone);
    ck_assert_int_eq(keys_of(at_b, "partner"), n - gone); /* smaller by exactly its keys */
    ck_assert_int_eq(overlap(&northwind, "Contoso"), 2);
    ck_assert_int_eq(overlap(&contoso, "Northwind"), 2);
    expect_in_no_snapshot(&northwind, id, "acme");
    json_decref(second);
    json_decref(at_b);
}
END_TEST

START_TEST(a_population_of_an_agreement_stays)
{
    import_all(&northwind);
    json_decref(node_import(&contoso, "b.csv", theirs, NULL));
    nodes_pair(&northwind, &contoso, false);
    json_decref(add("dach", "country in (DE, AT)"));
    json_decref(node_do(&northwind, "agreement.propose",
                        json_pack("{s:s, s:[s]}", "partner", "Contoso", "populations", "dach")));
    for (int i = 0;; i++) {
        json_t *d = node_do(&contoso, "agreement.list", json_object());
        size_t n = json_array_size(json_object_get(d, "agreements"));
        json_decref(d);
        if (n == 1) {
            break;
        }
        ck_assert_int_lt(i, 1000);
        usleep(20000);
    }
    json_decref(
        node_do(&contoso, "agreement.accept", json_pack("{s:s}", "agreement", "Northwind")));
    for (int i = 0;; i++) {
        json_t *d = node_do(&northwind, "population.list", json_object());
        const json_t *p = named(json_object_get(d, "populations"), "name", "dach");
        size_t n = json_array_size(json_object_get(p, "agreements"));
        json_decref(d);
        if (n == 1) {
            break;
        }
        ck_assert_int_lt(i, 1000);
        usleep(20000);
    }
    const char *text = node_refuses(&northwind, "population.remove",
                                    json_pack("{s:s}", "population", "dach"), MDL_U_STATE);
    ck_assert_ptr_nonnull(strstr(text, "Contoso"));
    ck_assert_ptr_nonnull(strstr(text, "--force"));
    json_t *d = node_do(&northwind, "population.remove",
                        json_pack("{s:s, s:b}", "population", "dach", "force", 1));
    ck_assert_uint_eq(json_array_size(json_object_get(d, "agreements")), 1);
    json_decref(d);
    /* Given the name anew, accounts are disclosed at once: whoever adds it is told. */
    for (int preview = 1; preview >= 0; preview--) {
        d = node_do(&northwind, "population.add",
                    json_pack("{s:s, s:s, s:b}", "name", "dach", "rule", "country = CH", "preview",
                              preview));
        ck_assert_uint_eq(json_array_size(json_object_get(d, "agreements")), 1);
        const json_t *use = json_array_get(json_object_get(d, "agreements"), 0);
        ck_assert_str_eq(json_string_value(json_object_get(use, "partner")), "Contoso");
        ck_assert_str_eq(json_string_value(json_object_get(use, "level")), "accounts");
        json_decref(d);
    }
    d = add("swiss", "country = CH");
    ck_assert_uint_eq(json_array_size(json_object_get(d, "agreements")), 0);
    json_decref(d);
}
END_TEST

/* Rules change while imports swap in: neither loses the other. */
static void *importing(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 5; i++) {
        json_decref(import_crm(&northwind, accounts, deals));
    }
    return NULL;
}

START_TEST(rules_and_imports_at_once)
{
    pthread_t t;
    import_all(&northwind);
    ck_assert_int_eq(pthread_create(&t, NULL, importing, NULL), 0);
    for (int i = 0; i < 5; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "p%d", i);
        struct mdl_error err = {MDL_OK, ""};
        json_t *result = NULL;
        json_t *params = json_pack("{s:s, s:s}", "name", name, "rule", "country = DE");
        enum mdl_status st =
            mdl_service_do(northwind.service, "population.add", params, &result, &err);
        ck_assert_msg(st == MDL_OK || st == MDL_U_STATE, "%s", err.text);
        i -= st == MDL_U_STATE;
        json_decref(result);
        json_decref(params);
    }
    pthread_join(t, NULL);
    for (int i = 0; i < 5; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "p%d", i);
        ck_assert_int_eq(size_of(name), 3);
    }
    ck_assert_uint_eq(files_in_sources(&northwind), 4);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_rule_over_every_source,
                                  rules_hold_for_later_imports,
                                  errors_name_the_column,
                                  a_name_that_an_import_uses,
                                  private_accounts,
                                  an_import_that_silences_a_private_rule,
                                  whom_a_value_means,
                                  values_that_would_mean_nothing,
                                  a_value_given_again,
                                  it_stays_through_imports,
                                  a_file_of_values,
                                  the_log_holds_no_name,
                                  a_suppressed_account_in_a_round,
                                  a_population_of_an_agreement_stays,
                                  rules_and_imports_at_once};
    return two_nodes_run("populations", tests, sizeof tests / sizeof tests[0], 180);
}
