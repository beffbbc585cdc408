/* check_two_nodes.c: two nodes, real sockets, real exports: from invitation to overlap and receipt.
 */
#include "nodes.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char list_a[] = "Account Name,Website,Type,Account ID\n"
                             "Acme GmbH,https://www.acme.com,Customer,A1\n"
                             "Globex Corp,globex.example.org,Prospect,A2\n"
                             "Initech,initech.com,Customer,A3\n"
                             "Umbrella,umbrella.io,Prospect,A4\n";
static const char list_b[] = "Company name,Company Domain Name,Lifecycle Stage,Record ID\n"
                             "ACME,acme.com,customer,1\n"
                             "Initech LLC,initech.com,lead,2\n"
                             "Soylent,soylent.net,customer,3\n";

static json_int_t number(const json_t *o, const char *a1, const char *a2)
{
    const json_t *v = json_object_get(o, a1);
    v = a2 != NULL ? json_object_get(v, a2) : v;
    ck_assert_msg(json_is_integer(v), "no number %s.%s", a1, a2 != NULL ? a2 : "");
    return json_integer_value(v);
}

static void expect_keys(const json_t *report, const char *type, json_int_t keys,
                        json_int_t accounts)
{
    size_t i;
    const json_t *k;
    json_array_foreach(json_object_get(report, "keys"), i, k)
    {
        if (strcmp(json_string_value(json_object_get(k, "type")), type) == 0) {
            ck_assert_int_eq(number(k, "keys", NULL), keys);
            ck_assert_int_eq(number(k, "accounts", NULL), accounts);
            return;
        }
    }
    ck_abort_msg("no %s in the report", type);
}

/* A1 stands twice, and A1 and A2 are of one house: what is counted is the list as imported. */
START_TEST(keys_are_counted_once)
{
    json_t *r = node_import(&northwind, "a.csv",
                            "Account Name,Website,Type,Account ID\n"
                            "Acme GmbH,https://www.acme.com,Customer,A1\n"
                            "Acme GmbH,https://www.acme.com,Customer,A1\n"
                            "Acme Austria,acme.com,Customer,A2\n"
                            "Globex Corp,globex.net,Prospect,A3\n",
                            NULL);
    ck_assert_int_eq(number(r, "accounts", NULL), 3);
    expect_keys(r, "domain", 2, 3);
    expect_keys(r, "name", 3, 3);
    expect_keys(r, "lei", 0, 0);
    ck_assert_int_eq(number(r, "keys_total", NULL), 5);
    json_decref(r);
}
END_TEST

static const char *round_id(const json_t *doc)
{
    return json_string_value(json_object_get(json_object_get(doc, "round"), "id"));
}

static void import_both(void)
{
    json_t *ra = node_import(&northwind, "a.csv", list_a, NULL);
    json_t *rb = node_import(&contoso, "b.csv", list_b, NULL);
    ck_assert_int_eq(number(ra, "accounts", NULL), 4);
    ck_assert_int_eq(number(rb, "accounts", NULL), 3);
    json_decref(ra);
    json_decref(rb);
}

static void expect_overlap(struct node *n, const char *partner, size_t rows)
{
    json_t *o = node_do(n, "overlap", json_pack("{s:s}", "partner", partner));
    ck_assert_uint_eq(json_array_size(json_object_get(o, "rows")), rows);
    ck_assert_int_eq(number(o, "totals", "own_accounts"), (json_int_t)rows);
    ck_assert_int_eq(number(o, "totals", "partner_accounts"), (json_int_t)rows);
    json_decref(o);
}

/* Every phase of an ended round, one after the other, within the round's time. */
static void expect_phases(struct node *n, const json_t *round)
{
    static const char *const names[] = {"preparing", "hello", "receipt"};
    json_t *doc =
        node_do(n, "round.show", json_pack("{s:O}", "round", json_object_get(round, "id")));
    const json_t *phases = json_object_get(json_object_get(doc, "round"), "phases");
    json_int_t sum = 0;
    size_t i;
    size_t seen = 0;
    const json_t *p;
    json_array_foreach(phases, i, p)
    {
        sum += number(p, "ms", NULL);
        seen += seen < 3 && strcmp(json_string_value(json_object_get(p, "name")), names[seen]) == 0;
    }
    ck_assert_uint_eq(seen, 3);
    ck_assert_int_eq(sum, number(round, "wall_ms", NULL));
    json_decref(doc);
}

START_TEST(round_to_receipt)
{
    import_both();
    nodes_pair(&northwind, &contoso, true);
    json_t *doc = node_do(&contoso, "round.start", json_pack("{s:s}", "partner", "Northwind"));
    json_t *at_b = node_wait_round(&contoso, round_id(doc), 30);
    json_t *at_a = node_wait_round(&northwind, round_id(doc), 30);
    ck_assert_str_eq(json_string_value(json_object_get(at_b, "state")), "complete");
    ck_assert_str_eq(json_string_value(json_object_get(at_a, "state")), "complete");
    ck_assert_int_eq(number(at_a, "keys", "matched"), number(at_b, "keys", "matched"));
    const json_t *receipt_a = json_object_get(at_a, "receipt");
    const json_t *receipt_b = json_object_get(at_b, "receipt");
    ck_assert(json_equal(json_object_get(receipt_a, "hash"), json_object_get(receipt_b, "hash")));
    expect_phases(&northwind, at_a);
    expect_phases(&contoso, at_b);
    expect_overlap(&northwind, "Contoso", 2);
    expect_overlap(&contoso, "Northwind", 2);
    json_t *w = node_do(&northwind, "whitespace", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_uint_eq(json_array_size(json_object_get(w, "rows")), 2);
    json_t *m = node_do(&northwind, "matrix", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_int_eq(number(m, "own_accounts", NULL), 2);
    ck_assert_int_eq(number(m, "own_total", NULL), 4);
    json_t *v = node_do(&northwind, "audit.verify", json_object());
    char *text = json_dumps(v, 0);
    ck_assert_msg(json_is_true(json_object_get(v, "ok")), "%s", text);
    free(text);
    ck_assert_int_eq(number(v, "receipts", NULL), 1);
    json_decref(doc);
    json_decref(at_a);
    json_decref(at_b);
    json_decref(w);
    json_decref(m);
    json_decref(v);
}
END_TEST

START_TEST(waits_for_a_person)
{
    import_both();
    nodes_pair(&northwind, &contoso, false);
    json_t *doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert(json_is_true(json_object_get(doc, "agreement_proposed")));
    /* The agreement arrives, and waits for Contoso's operator. */
    json_t *list = NULL;
    for (int i = 0; i < 500; i++) {
        list = node_do(&contoso, "agreement.list", json_object());
        if (json_array_size(json_object_get(list, "agreements")) == 1) {
            break;
        }
        json_decref(list);
        list = NULL;
        usleep(20000);
    }
    ck_assert_ptr_nonnull(list);
    json_decref(list);
    (void)node_refuses(&contoso, "round.approve", json_pack("{s:s}", "round", "Northwind"),
                       MDL_U_NOT_FOUND);
    json_decref(
        node_do(&contoso, "agreement.accept", json_pack("{s:s}", "agreement", "Northwind")));
    for (int i = 0;; i++) {
        json_t *rounds = node_do(&contoso, "round.list", json_object());
        size_t n = json_array_size(json_object_get(rounds, "rounds"));
        json_decref(rounds);
        if (n == 1) {
            break;
        }
        ck_assert_int_lt(i, 500);
        usleep(20000);
    }
    json_decref(node_do(&contoso, "round.approve", json_pack("{s:s}", "round", "Northwind")));
    json_t *done = node_wait_round(&northwind, round_id(doc), 30);
    ck_assert_str_eq(json_string_value(json_object_get(done, "state")), "complete");
    json_decref(done);
    json_decref(doc);
}
END_TEST

START_TEST(nothing_without_accounts_or_partner)
{
    nodes_pair(&northwind, &contoso, true);
    const char *text = node_refuses(&northwind, "round.start",
                                    json_pack("{s:s}", "partner", "Contoso"), MDL_P_EMPTY);
    ck_assert_ptr_nonnull(strstr(text, "mandorla import"));
    text = node_refuses(&northwind, "round.start", json_pack("{s:s}", "partner", "Nobody"),
                        MDL_U_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(text, "Contoso"));
    (void)node_refuses(&northwind, "overlap", json_pack("{s:s}", "partner", "Contoso"),
                       MDL_U_NOT_FOUND);
    (void)node_refuses(&northwind, "overlap", json_pack("{s:i}", "partner", 5), MDL_U_ARGUMENT);
    (void)node_refuses(&northwind, "overlap", json_object(), MDL_U_ARGUMENT);
    (void)node_refuses(&northwind, "overlap",
                       json_pack("{s:s, s:b}", "partner", "Contoso", "nonsense", 1),
                       MDL_U_ARGUMENT);
}
END_TEST

static json_int_t deadline_of(int max_keys)
{
    json_t *doc = node_do(&northwind, "agreement.propose",
                          json_pack("{s:s, s:i}", "partner", "Contoso", "max_keys", max_keys));
    json_int_t seconds = number(doc, "agreement", "key_deadline_s");
    json_decref(doc);
    return seconds;
}

START_TEST(larger_lists_have_more_time)
{
    nodes_pair(&northwind, &contoso, false);
    ck_assert_int_eq(deadline_of(500000), 900);
    ck_assert_int_eq(deadline_of(1000000), 900);
    ck_assert_int_eq(deadline_of(4000000), 3600);
}
END_TEST

START_TEST(bundle_of_three)
{
    struct node c;
    char endpoint[64];
    static const char list_c[] = "Account;Web;Status\n"
                                 "Acme;acme.com;Customer\nUmbrella;www.umbrella.io;Prospect\n";
    free_endpoint(endpoint);
    node_start(&c, "Fabrikam", endpoint);
    import_both();
    json_decref(node_import(&c, "c.csv", list_c, NULL));
    nodes_pair(&northwind, &contoso, true);
    nodes_pair(&northwind, &c, true);
    json_t *with_b = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    json_t *with_c = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Fabrikam"));
    json_decref(node_wait_round(&northwind, round_id(with_b), 30));
    json_decref(node_wait_round(&northwind, round_id(with_c), 30));
    json_t *o =
        node_do(&northwind, "bundle", json_pack("{s:[s,s]}", "partners", "Contoso", "Fabrikam"));
    ck_assert_int_eq(number(o, "both", "count"), 1); /* Acme */
    const json_t *only = json_object_get(o, "only");
    ck_assert_int_eq(number(json_array_get(only, 0), "count", NULL), 1); /* Initech */
    ck_assert_int_eq(number(json_array_get(only, 1), "count", NULL), 1); /* Umbrella */
    (void)node_refuses(&northwind, "bundle",
                       json_pack("{s:[s,s]}", "partners", "Contoso", "Contoso"), MDL_U_ARGUMENT);
    (void)node_refuses(&northwind, "bundle", json_pack("{s:[s]}", "partners", "Contoso"),
                       MDL_U_ARGUMENT);
    json_decref(with_b);
    json_decref(with_c);
    json_decref(o);
    node_remove(&c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {keys_are_counted_once, round_to_receipt,
                                  waits_for_a_person,    larger_lists_have_more_time,
                                  bundle_of_three,       nothing_without_accounts_or_partner};
    return two_nodes_run("two nodes", tests, sizeof tests / sizeof tests[0], 120);
}
