/* check_answers.c: what the node answers about results and its log: whose, of what, and in words
 * that hold. */
#include "nodes.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is looked for and not there is said, and the node goes on. */
START_TEST(log_of_what_does_not_exist)
{
    nodes_pair(&northwind, &contoso, false);
    const char *text = node_refuses(&northwind, "audit.list",
                                    json_pack("{s:s}", "round", "0123456789ab"), MDL_U_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(text, "no round '0123456789ab'"));
    text = node_refuses(&northwind, "audit.list", json_pack("{s:s}", "round", "Nobody"),
                        MDL_U_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(text, "no round 'Nobody'"));
    text = node_refuses(&northwind, "audit.list", json_pack("{s:s}", "partner", "Nobody"),
                        MDL_U_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(text, "no partner 'Nobody'"));
    text = node_refuses(&northwind, "audit.list",
                        json_pack("{s:s, s:s}", "partner", "Contoso", "round", "Contoso"),
                        MDL_U_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(text, "no round with Contoso yet"));
    json_decref(node_do(&northwind, "audit.list", json_pack("{s:s}", "partner", "Contoso")));
}
END_TEST

static const char list_a[] = "Account Name,Website,Type,Account ID\n"
                             "Acme GmbH,https://www.acme.com,Customer,A1\n"
                             "Globex Corp,globex.example.org,Prospect,A2\n"
                             "Initech,initech.com,Customer,A3\n"
                             "Umbrella,umbrella.io,Prospect,A4\n";
static const char list_b[] = "Company name,Company Domain Name,Lifecycle Stage,Record ID\n"
                             "ACME,acme.com,customer,1\n"
                             "Initech LLC,initech.com,lead,2\n"
                             "Umbrella,umbrella.example,lead,3\n";

static const json_t *at(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    ck_assert_msg(v != NULL, "no %s", name);
    return v;
}

/* One round between a and b that completes; `id` is its id. */
static void round_done(char id[33])
{
    json_t *doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    snprintf(id, 33, "%s", json_string_value(at(at(doc, "round"), "id")));
    json_decref(doc);
    json_t *round = node_wait_round(&northwind, id, 30);
    ck_assert_str_eq(json_string_value(at(round, "state")), "complete");
    json_decref(round);
    json_decref(node_wait_round(&contoso, id, 30));
}

/* Until so many agreements of a node are in this state. */
static void wait_state(struct node *n, const char *state, size_t wanted)
{
    for (int i = 0; i < 500; i++) {
        json_t *doc = node_do(n, "agreement.list", json_object());
        size_t hits = 0;
        size_t k;
        const json_t *item;
        json_array_foreach(at(doc, "agreements"), k, item)
        {
            hits += strcmp(json_string_value(at(item, "state")), state) == 0;
        }
        json_decref(doc);
        if (hits == wanted) {
            return;
        }
        usleep(20000);
    }
    ck_abort_msg("no %zu agreements became %s", wanted, state);
}

/* Our customers with their prospects, signed by both. */
static void agree_narrow(void)
{
    json_decref(node_do(&northwind, "agreement.propose",
                        json_pack("{s:s, s:[s], s:[s]}", "partner", "Contoso", "populations",
                                  "customers", "partner_populations", "prospects")));
    for (int i = 0;; i++) {
        struct mdl_error err = {MDL_OK, ""};
        json_t *params = json_pack("{s:s}", "agreement", "Northwind");
        json_t *doc = NULL;
        enum mdl_status st =
            mdl_service_do(contoso.service, "agreement.accept", params, &doc, &err);
        json_decref(params);
        json_decref(doc);
        if (st == MDL_OK) {
            break;
        }
        ck_assert_int_lt(i, 500);
        usleep(20000);
    }
    /* The narrow one stands in the place of the wide one. */
    wait_state(&northwind, "replaced", 1);
    wait_state(&northwind, "in-force", 1);
}

static void texts_are(const json_t *list, const char *expected)
{
    char *text = json_dumps(list, JSON_COMPACT);
    ck_assert_str_eq(text, expected);
    free(text);
}

/* After a wide and a narrow round: the narrow result names its bounds and points to the wide one.
 */
START_TEST(results_name_what_was_compared)
{
    char wide[33];
    char narrow[33];
    json_decref(node_import(&northwind, "a.csv", list_a, NULL));
    json_decref(node_import(&contoso, "b.csv", list_b, NULL));
    nodes_pair(&northwind, &contoso, true);
    round_done(wide);
    json_t *w = node_do(&northwind, "whitespace", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert(json_is_null(at(w, "wider_round")));
    texts_are(at(w, "partner_populations"), "[\"customers\",\"open-opportunities\",\"prospects\"]");
    ck_assert_uint_eq(json_array_size(at(w, "rows")), 2);
    ck_assert(json_is_false(at(json_array_get(at(w, "rows"), 0), "review"))); /* Globex */
    ck_assert(json_is_true(at(json_array_get(at(w, "rows"), 1), "review")));  /* Umbrella */
    json_decref(w);
    agree_narrow();
    json_t *doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    snprintf(narrow, sizeof narrow, "%s", json_string_value(at(at(doc, "round"), "id")));
    json_decref(doc);
    for (int i = 0;; i++) {
        struct mdl_error err = {MDL_OK, ""};
        json_t *params = json_pack("{s:s}", "round", narrow);
        enum mdl_status st = mdl_service_do(contoso.service, "round.approve", params, &doc, &err);
        json_decref(params);
        if (st == MDL_OK) {
            json_decref(doc);
            break;
        }
        ck_assert_int_lt(i, 500);
        usleep(20000);
    }
    json_decref(node_wait_round(&northwind, narrow, 30));
    w = node_do(&northwind, "whitespace", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_str_eq(json_string_value(at(w, "wider_round")), wide);
    texts_are(at(w, "populations"), "[\"customers\"]");
    texts_are(at(w, "partner_populations"), "[\"prospects\"]");
    /* Acme is Contoso's customer: not among its prospects. */
    ck_assert_uint_eq(json_array_size(at(w, "rows")), 1);
    ck_assert_str_eq(json_string_value(at(json_array_get(at(w, "rows"), 0), "record_id")), "A1");
    json_decref(w);
}
END_TEST

/* The count of the rows a filter leaves stands beside the whole. */
START_TEST(a_filter_has_its_own_count)
{
    char id[33];
    json_decref(node_import(&northwind, "a.csv", list_a, NULL));
    json_decref(node_import(&contoso, "b.csv", list_b, NULL));
    nodes_pair(&northwind, &contoso, true);
    round_done(id);
    json_t *o =
        node_do(&northwind, "overlap",
                json_pack("{s:s, s:s}", "partner", "Contoso", "partner_population", "prospects"));
    ck_assert_int_eq(json_integer_value(at(o, "listed")), 1); /* Initech */
    ck_assert_uint_eq(json_array_size(at(o, "rows")), 1);
    ck_assert_int_eq(json_integer_value(at(at(o, "totals"), "own_accounts")), 2);
    json_decref(o);
    o = node_do(
        &northwind, "overlap",
        json_pack("{s:s, s:b, s:s}", "partner", "Contoso", "review", 1, "population", "customers"));
    ck_assert_int_eq(json_integer_value(at(o, "listed")), 0);
    ck_assert_uint_eq(json_array_size(at(o, "rows")), 0);
    json_decref(o);
}
END_TEST

static size_t rows_of(const char *verb, const char *partner, const char *round)
{
    json_t *d =
        node_do(&northwind, verb, json_pack("{s:s, s:s*}", "partner", partner, "round", round));
    size_t n = json_array_size(json_object_get(d, "rows"));
    json_decref(d);
    return n;
}

/* What was learnt stays readable, by the last name, and after the partner came back. */
START_TEST(results_outlive_the_partner)
{
    char id[33];
    json_decref(node_import(&northwind, "a.csv", list_a, NULL));
    json_decref(node_import(&contoso, "b.csv", list_b, NULL));
    nodes_pair(&northwind, &contoso, true);
    round_done(id);
    json_decref(node_do(&northwind, "partner.remove", json_pack("{s:s}", "partner", "contoso")));
    ck_assert_uint_eq(rows_of("overlap", "Contoso", NULL), 2);
    ck_assert_uint_eq(rows_of("overlap", "CONTOSO", id), 2);
    ck_assert_uint_eq(rows_of("whitespace", "Contoso", id), 2);
    ck_assert_uint_eq(rows_of("matrix", "Contoso", NULL), 3);
    json_t *log = node_do(&northwind, "audit.list", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_uint_gt(json_array_size(at(log, "entries")), 10);
    json_decref(log);
    log = node_do(&northwind, "audit.list",
                  json_pack("{s:b, s:s}", "summary", 1, "partner", "Contoso"));
    const json_t *line = json_array_get(at(log, "rounds"), 0);
    ck_assert_str_eq(json_string_value(at(line, "round")), id);
    ck_assert_str_eq(json_string_value(at(line, "outcome")), "complete");
    ck_assert_int_gt(json_integer_value(at(at(line, "in"), "messages")), 5);
    ck_assert_int_gt(json_integer_value(at(at(line, "out"), "bytes")), 500);
    json_decref(log);
    /* The newest, in their order; and from the first on. */
    log = node_do(&northwind, "audit.list", json_pack("{s:i}", "limit", 2));
    json_int_t head = json_integer_value(at(at(log, "head"), "seq"));
    line = json_array_get(at(log, "entries"), 1);
    ck_assert_int_eq(json_integer_value(at(line, "seq")), head);
    ck_assert_str_eq(json_string_value(at(line, "kind")), "partner-removed");
    ck_assert(json_is_true(at(log, "earlier")));
    json_decref(log);
    log = node_do(&northwind, "audit.list", json_pack("{s:i, s:i}", "after", 0, "limit", 5));
    ck_assert_int_eq(json_integer_value(at(json_array_get(at(log, "entries"), 0), "seq")), 1);
    ck_assert_int_eq(json_integer_value(at(log, "next_after")), 5);
    size_t i;
    bool import = false;
    json_array_foreach(at(log, "entries"), i, line)
    {
        import = import || strncmp(json_string_value(at(line, "note")), "source ", 7) == 0;
    }
    ck_assert(import);
    json_decref(log);
    log = node_do(&northwind, "round.list", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_uint_eq(json_array_size(at(log, "rounds")), 1);
    json_decref(log);
    /* Nothing new with it. */
    const char *text = node_refuses(&northwind, "round.start",
                                    json_pack("{s:s}", "partner", "Contoso"), MDL_U_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(text, "was removed"));
    nodes_pair(&northwind, &contoso, true);
    ck_assert_uint_eq(rows_of("overlap", "Contoso", NULL), 2);
    ck_assert_uint_eq(rows_of("overlap", "Contoso", id), 2);
}
END_TEST

/* A person signs what is shown. */
START_TEST(sizes_are_of_the_proposed_populations)
{
    json_t *report = node_import(&northwind, "a.csv", list_a, NULL);
    nodes_pair(&northwind, &contoso, false);
    json_t *d = node_do(&northwind, "agreement.propose",
                        json_pack("{s:s, s:b}", "partner", "Contoso", "preview", 1));
    ck_assert_int_eq(json_integer_value(at(at(d, "disclosure"), "own_accounts")), 4);
    ck_assert_int_eq(json_integer_value(at(at(d, "disclosure"), "own_keys")),
                     json_integer_value(at(report, "keys_total")));
    json_decref(report);
    json_decref(d);
    d = node_do(&northwind, "agreement.propose",
                json_pack("{s:s, s:b, s:[s]}", "partner", "Contoso", "preview", 1, "populations",
                          "customers"));
    ck_assert_int_eq(json_integer_value(at(at(d, "disclosure"), "own_accounts")), 2);
    ck_assert_int_eq(json_integer_value(at(at(d, "disclosure"), "own_keys")), 4);
    texts_are(at(at(d, "disclosure"), "populations"), "[\"customers\"]");
    ck_assert_ptr_null(json_object_get(at(d, "disclosure"), "pending"));
    json_decref(d);
    d = node_do(&northwind, "round.preview", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_int_eq(json_integer_value(at(at(d, "disclosure"), "own_accounts")), 4);
    json_decref(d);
    const char *text = node_refuses(&northwind, "agreement.propose",
                                    json_pack("{s:s, s:b, s:[s]}", "partner", "Contoso", "preview",
                                              1, "populations", "custmers"),
                                    MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(
        text, "no 'custmers' here; there are 'customers', 'open-opportunities', 'prospects'"));
}
END_TEST

START_TEST(names_in_any_case)
{
    struct node c;
    node_start(&c, "CONTOSO", NULL);
    nodes_pair(&northwind, &contoso, false);
    json_decref(node_do(&northwind, "partner.set",
                        json_pack("{s:s, s:b}", "partner", "cOnToSo", "accept", 1)));
    nodes_pair(&northwind, &c, false);
    const char *text =
        node_refuses(&northwind, "partner.set",
                     json_pack("{s:s, s:b}", "partner", "contoso", "accept", 0), MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(text, "CONTOSO, Contoso"));
    json_t *doc = node_do(&northwind, "partner.set",
                          json_pack("{s:s, s:b}", "partner", "CONTOSO", "accept", 1));
    ck_assert_str_eq(json_string_value(at(at(doc, "partner"), "name")), "CONTOSO");
    json_decref(doc);
    node_remove(&c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        log_of_what_does_not_exist, results_name_what_was_compared,
        a_filter_has_its_own_count, results_outlive_the_partner,
        names_in_any_case,          sizes_are_of_the_proposed_populations};
    return two_nodes_run("answers", tests, sizeof tests / sizeof tests[0], 120);
}
