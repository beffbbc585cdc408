/* levels.c: two nodes with lists and agreements at levels, for the tests of rounds. Test code. */
#include "levels.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char list_northwind[] = HEADER "Acme,acme.com,acme.de;acme.fr,customer,A1\n"
                                            "Initech,initech.com,,customer,A2\n"
                                            "Starkhouse,starkhouse.com,,customer,A3\n"
                                            "Globex,globex.com,,lead,A4\n"
                                            "Umbrella,umbrella.io,,lead,A5\n"
                                            "Waynecorp,waynecorp.com,,lead,A6\n"
                                            "Hiddenhill,hiddenhill.com,,lead,A7\n";
static const char list_contoso[] = HEADER "Acme Ltd,acme.com,acme.de;acme.fr,customer,1\n"
                                          "Globex Inc,globex.com,,customer,2\n"
                                          "Waynecorp One,waynecorp.com,,customer,3\n"
                                          "Waynecorp Two,waynecorp.com,,customer,4\n"
                                          "Initech LLC,initech.com,,lead,5\n"
                                          "Starkhouse AG,starkhouse.com,,lead,6\n"
                                          "Acme East,acme.com,acme.de;acme.fr,lead,7\n"
                                          "Umbrella,umbrella.io,,lead,8\n"
                                          "Wonka,wonka.com,,lead,9\n";

json_t *at(const json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);
    ck_assert_msg(v != NULL, "no %s", key);
    return v;
}

json_int_t number(const json_t *o, const char *key)
{
    ck_assert_msg(json_is_integer(at(o, key)), "%s is no number", key);
    return json_integer_value(at(o, key));
}

void is_text(const json_t *o, const char *key, const char *want)
{
    ck_assert_str_eq(json_string_value(at(o, key)), want);
}

static struct mdl_error tried; /* what the last try was refused with */

bool tries(struct node *n, const char *verb, json_t *params)
{
    json_t *doc = NULL;
    enum mdl_status st = mdl_service_do(n->service, verb, params, &doc, &tried);
    json_decref(params);
    json_decref(doc);
    return st == MDL_OK;
}

void until(struct node *n, const char *verb, const char *key, const char *value)
{
    for (int i = 0; !tries(n, verb, json_pack("{s:s}", key, value)); i++) {
        ck_assert_msg(i < 1500, "%s of %s never came through: %s", verb, value, tried.text);
        usleep(20000);
    }
}

static void wait_in_force(struct node *n, const char *hash)
{
    for (int i = 0;; i++) {
        json_t *doc = node_do(n, "agreement.list", json_object());
        size_t k;
        size_t hits = 0;
        const json_t *a;
        json_array_foreach(at(doc, "agreements"), k, a)
        {
            hits += strcmp(json_string_value(at(a, "state")), "in-force") == 0 &&
                    strcmp(json_string_value(at(a, "id")), hash) == 0;
        }
        json_decref(doc);
        if (hits > 0) {
            return;
        }
        ck_assert_int_lt(i, 1500);
        usleep(20000);
    }
}

/* Northwind proposes these terms, Contoso signs. */
void agree(const char *caps, const char *cells)
{
    char terms[2000];
    (void)snprintf(terms, sizeof terms,
                   "[agreement]\npurpose = Joint planning\nlegal_basis = GDPR Art. 6(1)(f)\n"
                   "valid_days = 30\n[caps]\nmin_keys = 1\n%s[cells]\n%s",
                   caps, cells);
    json_t *doc = node_do(&northwind, "agreement.propose",
                          json_pack("{s:s, s:s}", "partner", "Contoso", "terms", terms));
    const char *hash = json_string_value(at(at(doc, "agreement"), "id"));
    until(&contoso, "agreement.accept", "agreement", hash);
    wait_in_force(&northwind, hash);
    wait_in_force(&contoso, hash);
    json_decref(doc);
}

void import_lists(void)
{
    json_decref(node_import(&northwind, "n.csv", list_northwind, NULL));
    json_decref(node_import(&contoso, "c.csv", list_contoso, NULL));
}

void ready(const char *caps, const char *cells)
{
    import_lists();
    nodes_pair(&northwind, &contoso, true);
    agree(caps, cells);
}

void start_round(char id[33])
{
    json_t *doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    (void)snprintf(id, 33, "%s", json_string_value(at(at(doc, "round"), "id")));
    json_decref(doc);
}

json_t *run_round(const char *want)
{
    char id[33];
    start_round(id);
    until(&contoso, "round.approve", "round", id);
    json_decref(node_wait_round(&contoso, id, 30));
    json_t *round = node_wait_round(&northwind, id, 30);
    ck_assert_msg(strcmp(json_string_value(at(round, "state")), want) == 0, "%s: %s",
                  json_string_value(at(round, "state")),
                  json_string_value(json_object_get(round, "text")));
    return round;
}
