/* check_agreements.c: agreements between two real nodes: terms as a file, changes, requests for
 * more; one in force between two parties, the same one on both, whatever crosses. */
#include "nodes.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char list_a[] = "Account Name,Website,Type,Account ID\n"
                             "Acme GmbH,https://www.acme.com,Customer,A1\n"
                             "Globex Corp,globex.example.org,Prospect,A2\n"
                             "Initech,initech.com,Customer,A3\n";

static void paired(void)
{
    two_nodes_setup();
    nodes_pair(&northwind, &contoso, false);
}

static const json_t *at(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    ck_assert_msg(v != NULL, "no %s", name);
    return v;
}

static const char *text(const json_t *o, const char *name)
{
    const char *t = json_string_value(json_object_get(o, name));
    return t != NULL ? t : "";
}

static const char *other(const struct node *n)
{
    return n == &northwind ? "Contoso" : "Northwind";
}

/* The state of an agreement on a node; "" if it is not there. */
static void state_of(struct node *n, const char *id, char out[32])
{
    json_t *doc = node_do(n, "agreement.list", json_object());
    size_t i;
    const json_t *item;
    out[0] = '\0';
    json_array_foreach(at(doc, "agreements"), i, item)
    {
        if (strcmp(text(item, "id"), id) == 0) {
            snprintf(out, 32, "%s", text(item, "state"));
        }
    }
    json_decref(doc);
}

static void wait_state(struct node *n, const char *id, const char *want)
{
    char state[32];
    for (int i = 0; i < 1000; i++) {
        state_of(n, id, state);
        if (strcmp(state, want) == 0) {
            return;
        }
        usleep(10000);
    }
    ck_abort_msg("agreement %.8s at %s is '%s', not '%s'", id, n == &northwind ? "a" : "b", state,
                 want);
}

static json_t *cells(const json_t *doc)
{
    return json_object_get(at(doc, "terms"), "cells");
}

static const json_t *cell(const json_t *doc, const char *ours, const char *theirs)
{
    size_t i;
    const json_t *c;
    json_array_foreach(cells(doc), i, c)
    {
        if (strcmp(text(c, "population"), ours) == 0 &&
            strcmp(text(c, "partner_population"), theirs) == 0) {
            return c;
        }
    }
    ck_abort_msg("no cell %s : %s", ours, theirs);
}

/* Proposes what the verb makes of the parameters; id of the proposal. */
static void propose(struct node *n, const char *verb, json_t *params, char id[129])
{
    json_t *doc = node_do(n, verb, params);
    snprintf(id, 129, "%s", text(at(doc, "agreement"), "id"));
    json_decref(doc);
}

static json_t *terms_of(struct node *n, const char *from)
{
    json_t *params = json_pack("{s:s}", "partner", other(n));
    if (from != NULL) {
        (void)json_object_set_new(params, "from", json_string(from));
    }
    return node_do(n, "agreement.draft", params);
}

static json_t *with_terms(struct node *n, const char *terms)
{
    return json_pack("{s:s, s:s, s:s}", "partner", other(n), "terms", terms, "file", "x.terms");
}

static void accept(struct node *n, const char *id)
{
    wait_state(n, id, "proposed-by-them");
    json_decref(node_do(n, "agreement.accept", json_pack("{s:s}", "agreement", id)));
}

/* A draft of a's, signed by both. */
static void agree_draft(char id[129])
{
    json_t *draft = terms_of(&northwind, NULL);
    propose(&northwind, "agreement.propose", with_terms(&northwind, text(draft, "terms")), id);
    json_decref(draft);
    accept(&contoso, id);
    wait_state(&northwind, id, "in-force");
}

/* ---- terms as a file ----------------------------------------------------------------------------
 */

START_TEST(a_draft_is_counts_and_comes_back)
{
    char id[129];
    json_decref(node_import(&northwind, "a.csv", list_a, NULL));
    json_t *draft = terms_of(&northwind, NULL);
    ck_assert(json_is_null(at(draft, "from")));
    propose(&northwind, "agreement.propose", with_terms(&northwind, text(draft, "terms")), id);
    json_t *shown = node_do(&northwind, "agreement.show", json_pack("{s:s}", "agreement", id));
    size_t i;
    const json_t *c;
    ck_assert_uint_eq(json_array_size(cells(shown)), 9);
    json_array_foreach(cells(shown), i, c)
    {
        ck_assert_str_eq(text(c, "level"), "counts");
        ck_assert_str_eq(text(c, "key_type"), "domain");
    }
    ck_assert_str_eq(text(at(shown, "terms"), "approval"), "person");
    /* Present sizes, each population for itself. */
    const json_t *own = at(at(shown, "disclosure"), "own");
    ck_assert_str_eq(text(json_array_get(own, 0), "population"), "customers");
    ck_assert_int_eq(json_integer_value(at(json_array_get(own, 0), "accounts")), 2);
    ck_assert_int_eq(json_integer_value(at(json_array_get(own, 0), "keys")), 4);
    ck_assert_int_eq(json_integer_value(at(json_array_get(own, 2), "accounts")), 1);
    ck_assert_str_eq(text(json_array_get(own, 0), "level"), "counts");
    /* Drafted from it on both sides: the same cells, seen from there. */
    json_t *again = terms_of(&northwind, id);
    ck_assert_str_eq(strstr(text(again, "terms"), "[agreement]"),
                     strstr(text(draft, "terms"), "[agreement]"));
    wait_state(&contoso, id, "proposed-by-them");
    json_t *at_b = terms_of(&contoso, id);
    ck_assert_ptr_nonnull(strstr(text(at_b, "terms"), "prospects : open-opportunities"));
    json_decref(draft);
    json_decref(shown);
    json_decref(again);
    json_decref(at_b);
}
END_TEST

static const char mixed[] = "[agreement]\npurpose = a fair\napproval = standing\n"
                            "[caps]\ncooldown_hours = 2\nmin_change = 9\n"
                            "[cells]\ncustomers : prospects = accounts\n"
                            "customers : customers = counts by lei\n"
                            "prospects : customers = hidden\n";

/* One side's customers are the other's columns. */
START_TEST(both_sides_see_the_same_cells)
{
    char id[129];
    propose(&northwind, "agreement.propose", with_terms(&northwind, mixed), id);
    wait_state(&contoso, id, "proposed-by-them");
    json_t *at_a = node_do(&northwind, "agreement.show", json_pack("{s:s}", "agreement", id));
    json_t *at_b = node_do(&contoso, "agreement.show", json_pack("{s:s}", "agreement", id));
    ck_assert_str_eq(text(cell(at_a, "customers", "prospects"), "level"), "accounts");
    ck_assert_str_eq(text(cell(at_b, "prospects", "customers"), "level"), "accounts");
    ck_assert_str_eq(text(cell(at_b, "customers", "customers"), "key_type"), "lei");
    ck_assert_int_eq(json_integer_value(at(at(at(at_b, "terms"), "caps"), "min_change")), 9);
    ck_assert_int_eq(json_integer_value(at(at(at(at_b, "terms"), "caps"), "cooldown_hours")), 2);
    ck_assert_str_eq(text(at(at_b, "terms"), "approval"), "standing");
    ck_assert_str_eq(text(at(at_b, "terms"), "level"), "mixed");
    /* Effective: customers of b are told as counts only, its prospects as accounts. */
    const json_t *own = at(at(at_b, "disclosure"), "own");
    size_t i;
    const json_t *p;
    json_array_foreach(own, i, p)
    {
        bool prospects = strcmp(text(p, "population"), "prospects") == 0;
        ck_assert_str_eq(text(p, "level"), prospects ? "accounts" : "counts");
    }
    ck_assert_uint_eq(json_array_size(own), 2);
    ck_assert(json_is_null(at(at_b, "against")));
    json_decref(at_a);
    json_decref(at_b);
}
END_TEST

static void refuses(json_t *params, const char *says)
{
    const char *why = node_refuses(&northwind, "agreement.propose", params, MDL_U_ARGUMENT);
    ck_assert_msg(strstr(why, says) != NULL, "'%s', expected '%s'", why, says);
}

START_TEST(what_a_file_may_not_say)
{
    refuses(with_terms(&northwind, "[cells]\ncustmers : prospects = counts\n"),
            "x.terms, line 2: population of ours: there is no 'custmers' here; there are "
            "'customers'");
    refuses(with_terms(&northwind, "[cells]\ncustomers : prospects = hidden\n"),
            "x.terms: every cell is hidden");
    refuses(with_terms(&northwind,
                       "[caps]\nmin_result = 9\nmax_result = 8\n[cells]\ncustomers : x = "
                       "counts\n"),
            "x.terms: max_result is below min_result");
    json_t *both = with_terms(&northwind, mixed);
    (void)json_object_set_new(both, "days", json_integer(3));
    refuses(both, "days: a file says everything");
    /* Each count is a group: 34 are more than an agreement holds. */
    char many[4096] = "[cells]\n";
    for (int i = 0; i < 34; i++) {
        size_t used = strlen(many);
        snprintf(many + used, sizeof many - used, "%s : p%d = counts\n",
                 i < 17 ? "customers" : "prospects", i % 17);
    }
    refuses(with_terms(&northwind, many), "more than 32 groups");
    json_t *list = node_do(&northwind, "agreement.list", json_object());
    ck_assert_uint_eq(json_array_size(at(list, "agreements")), 0);
    json_decref(list);
}
END_TEST

/* ---- changes ------------------------------------------------------------------------------------
 */

static json_t *one_cell(struct node *n, const char *c)
{
    return json_pack("{s:s, s:[s]}", "partner", other(n), "cells", c);
}

START_TEST(a_change_replaces_on_both_sides)
{
    char first[129];
    char second[129];
    const char *why =
        node_refuses(&northwind, "agreement.amend",
                     one_cell(&northwind, "customers:prospects=accounts"), MDL_U_STATE);
    ck_assert_ptr_nonnull(strstr(why, "no agreement with Contoso is in force"));
    agree_draft(first);
    why = node_refuses(&northwind, "agreement.amend",
                       one_cell(&northwind, "customers:prospects=counts"), MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(why, "changes nothing"));
    why = node_refuses(&northwind, "agreement.amend", json_pack("{s:s}", "partner", "Contoso"),
                       MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(why, "what is to change?"));
    json_t *params = one_cell(&northwind, "prospects:prospects=hidden");
    (void)json_object_set_new(params, "reason", json_string("less is enough"));
    propose(&northwind, "agreement.amend", params, second);
    wait_state(&contoso, second, "proposed-by-them");
    json_t *shown = node_do(&contoso, "agreement.show", json_pack("{s:s}", "agreement", second));
    ck_assert_str_eq(text(shown, "against"), first);
    ck_assert_str_eq(text(at(shown, "agreement"), "note"), "less is enough");
    const json_t *change = json_array_get(at(shown, "changes"), 0);
    ck_assert_str_eq(text(change, "term"), "prospects : prospects");
    ck_assert_str_eq(text(change, "before"), "counts by domain");
    ck_assert_str_eq(text(change, "after"), "hidden");
    ck_assert(json_is_false(at(change, "more")));
    ck_assert(json_is_null(at(shown, "request"))); /* it asks for less */
    json_decref(shown);
    accept(&contoso, second);
    wait_state(&northwind, second, "in-force");
    wait_state(&northwind, first, "replaced");
    wait_state(&contoso, second, "in-force");
    wait_state(&contoso, first, "replaced");
    why = node_refuses(&contoso, "agreement.revoke", json_pack("{s:s}", "agreement", first),
                       MDL_U_STATE);
    ck_assert_ptr_nonnull(strstr(why, "replaced"));
}
END_TEST

/* A round that waits under the older one ends on both sides; the next runs under the newer. */
START_TEST(rounds_of_the_replaced_one_end)
{
    char first[129];
    char second[129];
    json_decref(node_import(&northwind, "a.csv", list_a, NULL));
    json_decref(node_import(&contoso, "b.csv", list_a, NULL));
    agree_draft(first);
    json_t *doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    char id[64];
    snprintf(id, sizeof id, "%s", text(at(doc, "round"), "id"));
    json_decref(doc);
    propose(&contoso, "agreement.amend", one_cell(&contoso, "customers:customers=accounts"),
            second);
    accept(&northwind, second);
    wait_state(&contoso, second, "in-force");
    for (int i = 0; i < 2; i++) {
        json_t *round = node_wait_round(i == 0 ? &northwind : &contoso, id, 20);
        ck_assert_str_eq(text(round, "state"), "replaced");
        ck_assert_str_eq(text(round, "text"), "the agreement was replaced by a newer one");
        json_decref(round);
    }
    doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_str_eq(text(at(doc, "round"), "agreement"), second);
    json_decref(doc);
}
END_TEST

/* Both change it at once, and both accept before they hear of the other's acceptance. */
START_TEST(crossing_changes_settle_the_same)
{
    char base[129];
    char one[129];
    char two[129];
    char at_a[2][32];
    char at_b[2][32];
    agree_draft(base);
    propose(&northwind, "agreement.amend", one_cell(&northwind, "customers:customers=accounts"),
            one);
    propose(&contoso, "agreement.amend", one_cell(&contoso, "prospects:prospects=accounts"), two);
    wait_state(&northwind, two, "proposed-by-them");
    wait_state(&contoso, one, "proposed-by-them");
    json_decref(node_do(&northwind, "agreement.accept", json_pack("{s:s}", "agreement", two)));
    /* b may have heard already: then it refuses what would be replaced at once. */
    struct mdl_error err = {MDL_OK, ""};
    json_t *params = json_pack("{s:s}", "agreement", one);
    json_t *doc = NULL;
    enum mdl_status st = mdl_service_do(contoso.service, "agreement.accept", params, &doc, &err);
    json_decref(params);
    json_decref(doc);
    ck_assert_msg(st == MDL_OK || st == MDL_U_STATE, "%s", err.text);
    wait_state(&northwind, base, "replaced");
    wait_state(&contoso, base, "replaced");
    for (int i = 0; i < 200; i++) {
        state_of(&northwind, one, at_a[0]);
        state_of(&northwind, two, at_a[1]);
        state_of(&contoso, one, at_b[0]);
        state_of(&contoso, two, at_b[1]);
        if (st == MDL_U_STATE || (strcmp(at_a[0], at_b[0]) == 0 && strcmp(at_a[1], at_b[1]) == 0)) {
            break;
        }
        usleep(20000);
    }
    ck_assert_str_eq(at_a[1], at_b[1]);
    int in_force = (strcmp(at_a[0], "in-force") == 0) + (strcmp(at_a[1], "in-force") == 0);
    ck_assert_int_eq(in_force, 1);
    ck_assert_int_eq((strcmp(at_b[0], "in-force") == 0) + (strcmp(at_b[1], "in-force") == 0), 1);
}
END_TEST

/* One made before the last that both signed could not come in force: it ends on both sides, and a
 * round that waited for it. */
START_TEST(an_older_proposal_ends_with_it)
{
    char older[129];
    char newer[129];
    char round[64];
    json_decref(node_import(&contoso, "list.csv", list_a, NULL));
    propose(&contoso, "agreement.propose", with_terms(&contoso, mixed), older);
    json_t *doc = node_do(&contoso, "round.start", json_pack("{s:s}", "partner", "Northwind"));
    snprintf(round, sizeof round, "%s", text(at(doc, "round"), "id"));
    json_decref(doc);
    wait_state(&northwind, older, "proposed-by-them");
    usleep(20000); /* begins later */
    propose(&northwind, "agreement.propose", with_terms(&northwind, mixed), newer);
    accept(&contoso, newer);
    wait_state(&northwind, newer, "in-force");
    wait_state(&northwind, older, "replaced");
    wait_state(&contoso, older, "replaced");
    doc = node_wait_round(&contoso, round, 30);
    ck_assert_str_eq(text(doc, "ended_by"), "us");
    ck_assert_str_eq(text(doc, "text"), "the agreement was replaced by a newer one");
    json_decref(doc);
    json_t *status = node_do(&northwind, "status", json_object());
    ck_assert_uint_eq(json_array_size(at(status, "agreements_waiting")), 0);
    json_decref(status);
    const char *why = node_refuses(&northwind, "agreement.accept",
                                   json_pack("{s:s}", "agreement", older), MDL_U_STATE);
    ck_assert_ptr_nonnull(strstr(why, "this agreement is replaced"));
    json_t *shown = node_do(&contoso, "agreement.show", json_pack("{s:s}", "agreement", older));
    ck_assert_str_eq(text(at(shown, "agreement"), "reason"),
                     "the agreement was replaced by a newer one");
    json_decref(shown);
}
END_TEST

/* The standing rule covers the standard agreement, but not in the place of what a person signed. */
START_TEST(the_standing_rule_replaces_nothing_else)
{
    char narrow[129];
    char standard[129];
    char state[32];
    json_decref(node_do(&contoso, "partner.set",
                        json_pack("{s:s, s:b}", "partner", "Northwind", "accept", 1)));
    agree_draft(narrow);
    propose(&northwind, "agreement.propose", json_pack("{s:s}", "partner", "Contoso"), standard);
    wait_state(&contoso, standard, "proposed-by-them");
    usleep(300000);
    state_of(&contoso, standard, state);
    ck_assert_str_eq(state, "proposed-by-them");
    state_of(&contoso, narrow, state);
    ck_assert_str_eq(state, "in-force");
    /* A person may; from then on the standing rule may too. */
    json_decref(node_do(&contoso, "agreement.accept", json_pack("{s:s}", "agreement", standard)));
    wait_state(&northwind, standard, "in-force");
    propose(&northwind, "agreement.propose", json_pack("{s:s}", "partner", "Contoso"), narrow);
    wait_state(&northwind, narrow, "in-force");
    wait_state(&northwind, standard, "replaced");
}
END_TEST

/* ---- the end ------------------------------------------------------------------------------------
 */

/* With a partner's name: what is in force, and what it could still put in force. */
START_TEST(revoking_takes_back_proposals_too)
{
    char base[129];
    char change[129];
    agree_draft(base);
    propose(&northwind, "agreement.amend", one_cell(&northwind, "customers:customers=accounts"),
            change);
    wait_state(&contoso, change, "proposed-by-them");
    json_decref(
        node_do(&northwind, "agreement.revoke", json_pack("{s:s}", "agreement", "Contoso")));
    wait_state(&contoso, base, "revoked");
    wait_state(&contoso, change, "revoked");
    wait_state(&northwind, base, "revoked");
    const char *why = node_refuses(&contoso, "agreement.accept",
                                   json_pack("{s:s}", "agreement", change), MDL_U_STATE);
    ck_assert_ptr_nonnull(strstr(why, "revoked"));
    json_t *log = node_do(&contoso, "audit.list", json_pack("{s:i}", "limit", 100));
    size_t i;
    size_t revoked = 0;
    const json_t *e;
    json_array_foreach(at(log, "entries"), i, e)
    {
        revoked += strcmp(text(e, "note"), "revoked by the partner") == 0 ? 1 : 0;
    }
    ck_assert_uint_eq(revoked, 2);
    json_decref(log);
}
END_TEST

static bool is_known(const json_t *shown, const char *side, const char *population)
{
    size_t i;
    const json_t *p;
    json_array_foreach(at(at(shown, "disclosure"), side), i, p)
    {
        if (strcmp(text(p, "population"), population) == 0) {
            return json_is_true(at(p, "known"));
        }
    }
    ck_abort_msg("no population %s in %s", population, side);
}

/* A name that stands for nothing here is said before anybody signs; one that we alone wrote may be
 * mistyped, until the partner has signed it. */
START_TEST(unknown_names_are_told)
{
    char id[129];
    json_t *shown = NULL;
    propose(&northwind, "agreement.propose",
            with_terms(&northwind, "[cells]\ncustomers : kunden = accounts\n"), id);
    wait_state(&contoso, id, "proposed-by-them");
    shown = node_do(&contoso, "agreement.show", json_pack("{s:s}", "agreement", id));
    ck_assert(!is_known(shown, "own", "kunden"));
    ck_assert(is_known(shown, "theirs", "customers"));
    json_decref(shown);
    shown = node_do(&northwind, "agreement.show", json_pack("{s:s}", "agreement", id));
    ck_assert(is_known(shown, "own", "customers"));
    ck_assert(!is_known(shown, "theirs", "kunden"));
    json_decref(shown);
    for (int preview = 0; preview < 2; preview++) {
        json_t *again = with_terms(&northwind, "[cells]\ncustomers : kunden = accounts\n");
        (void)json_object_set_new(again, "preview", json_boolean(preview));
        const char *why = node_refuses(&northwind, "agreement.propose", again, MDL_U_EXISTS);
        ck_assert_ptr_nonnull(strstr(why, "this is proposed already: agreement"));
        ck_assert_ptr_nonnull(strstr(why, "waits for the answer of Contoso"));
    }
    accept(&contoso, id);
    wait_state(&northwind, id, "in-force");
    shown = node_do(&northwind, "agreement.show", json_pack("{s:s}", "agreement", id));
    ck_assert(is_known(shown, "theirs", "kunden"));
    json_decref(shown);
}
END_TEST

/* With the id of the one in force too: else the partner puts the change in force afterwards. */
START_TEST(revoking_by_id_ends_changes_too)
{
    char base[129];
    char change[129];
    agree_draft(base);
    propose(&northwind, "agreement.amend", one_cell(&northwind, "customers:customers=accounts"),
            change);
    wait_state(&contoso, change, "proposed-by-them");
    for (int preview = 1; preview >= 0; preview--) {
        json_t *doc = node_do(&northwind, "agreement.revoke",
                              json_pack("{s:s, s:b}", "agreement", base, "preview", preview));
        const json_t *list = at(doc, "agreements");
        ck_assert_uint_eq(json_array_size(list), 2);
        ck_assert_str_eq(text(at(doc, "agreement"), "id"), base);
        ck_assert_str_eq(text(json_array_get(list, 0), "id"), base);
        ck_assert_str_eq(text(json_array_get(list, 1), "id"), change);
        ck_assert_str_eq(text(json_array_get(list, 0), "state"), preview ? "in-force" : "revoked");
        json_decref(doc);
        wait_state(&northwind, change, preview ? "proposed-by-us" : "revoked");
    }
    wait_state(&contoso, base, "revoked");
    wait_state(&contoso, change, "revoked");
}
END_TEST

/* A proposal that is taken back by its id takes nothing else with it. */
START_TEST(taking_back_a_change_leaves_the_rest)
{
    char base[129];
    char change[129];
    agree_draft(base);
    propose(&northwind, "agreement.amend", one_cell(&northwind, "customers:customers=accounts"),
            change);
    wait_state(&contoso, change, "proposed-by-them");
    json_t *doc = node_do(&northwind, "agreement.revoke", json_pack("{s:s}", "agreement", change));
    ck_assert_uint_eq(json_array_size(at(doc, "agreements")), 1);
    json_decref(doc);
    wait_state(&contoso, change, "revoked");
    wait_state(&contoso, base, "in-force");
    wait_state(&northwind, base, "in-force");
}
END_TEST

/* Who ended it is who began; and no agreement is made again without a person. */
START_TEST(after_an_end_nothing_is_proposed_unasked)
{
    char base[129];
    json_decref(node_import(&northwind, "list.csv", list_a, NULL));
    agree_draft(base);
    json_decref(node_do(&contoso, "agreement.revoke", json_pack("{s:s}", "agreement", base)));
    wait_state(&northwind, base, "revoked");
    for (int i = 0; i < 2; i++) {
        struct node *n = i == 0 ? &northwind : &contoso;
        json_t *doc = node_do(n, "agreement.show", json_pack("{s:s}", "agreement", other(n)));
        ck_assert_str_eq(text(at(doc, "agreement"), "id"), base);
        ck_assert_str_eq(text(at(doc, "agreement"), "revoked_first"), i == 0 ? "them" : "us");
        json_decref(doc);
    }
    const char *why = node_refuses(&northwind, "round.start",
                                   json_pack("{s:s}", "partner", "Contoso"), MDL_U_STATE);
    ck_assert_ptr_nonnull(strstr(why, "the last one is revoked"));
    ck_assert_ptr_nonnull(strstr(why, "agreement draft"));
    (void)node_refuses(&northwind, "round.preview", json_pack("{s:s}", "partner", "Contoso"),
                       MDL_U_STATE);
}
END_TEST

/* Who proposed sees what became of it. */
START_TEST(a_refusal_is_seen)
{
    char id[129];
    const char *why = node_refuses(&contoso, "agreement.accept",
                                   json_pack("{s:s}", "agreement", "Northwind"), MDL_U_NOT_FOUND);
    ck_assert_str_eq(why, "nothing from Northwind waits for an answer");
    why = node_refuses(&contoso, "agreement.show", json_pack("{s:s}", "agreement", "Northwind"),
                       MDL_U_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(why, "mandorla agreement draft \"Northwind\""));
    propose(&northwind, "agreement.propose", with_terms(&northwind, mixed), id);
    wait_state(&contoso, id, "proposed-by-them");
    json_decref(node_do(&contoso, "agreement.reject",
                        json_pack("{s:s, s:s}", "agreement", "Northwind", "reason", "too much")));
    wait_state(&northwind, id, "rejected");
    json_t *status = node_do(&northwind, "status", json_object());
    const json_t *partner = json_array_get(at(status, "partners"), 0);
    ck_assert_str_eq(text(at(partner, "agreement"), "state"), "rejected");
    json_decref(status);
    json_t *doc = node_do(&northwind, "agreement.show", json_pack("{s:s}", "agreement", "Contoso"));
    ck_assert_str_eq(text(at(doc, "agreement"), "state"), "rejected");
    ck_assert_str_eq(text(at(doc, "agreement"), "reason"), "too much");
    json_decref(doc);
}
END_TEST

static void import_many(struct node *n)
{
    enum { MANY = 6000 };
    char *list = malloc(64 + (size_t)MANY * 64);
    ck_assert_ptr_nonnull(list);
    size_t used = (size_t)snprintf(list, 64, "Account Name,Website,Type\n");
    for (int i = 0; i < MANY; i++) {
        used +=
            (size_t)snprintf(list + used, 64, "Works %d,https://w%d.example.org,Customer\n", i, i);
    }
    json_decref(node_import(n, "list.csv", list, NULL));
    free(list);
}

/* Counts at work: a revocation ends them on both sides, before any number is known. */
START_TEST(revoking_ends_a_running_round)
{
    char id[129];
    char round[64];
    import_many(&northwind);
    import_many(&contoso);
    propose(&northwind, "agreement.propose",
            with_terms(&northwind, "[cells]\ncustomers : customers = counts\n"), id);
    accept(&contoso, id);
    wait_state(&northwind, id, "in-force");
    json_t *doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    snprintf(round, sizeof round, "%s", text(at(doc, "round"), "id"));
    json_decref(doc);
    for (int i = 0;; i++) {
        struct mdl_error err = {MDL_OK, ""};
        json_t *params = json_pack("{s:s}", "round", round);
        doc = NULL;
        enum mdl_status st = mdl_service_do(contoso.service, "round.approve", params, &doc, &err);
        json_decref(params);
        json_decref(doc);
        if (st == MDL_OK) {
            break;
        }
        ck_assert_msg(i < 500, "%s", err.text);
        usleep(20000);
    }
    json_decref(
        node_do(&contoso, "agreement.revoke", json_pack("{s:s}", "agreement", "Northwind")));
    for (int i = 0; i < 2; i++) {
        json_t *ended = node_wait_round(i == 0 ? &northwind : &contoso, round, 30);
        ck_assert_str_eq(text(ended, "state"), "aborted");
        ck_assert_str_eq(text(ended, "ended_by"), i == 0 ? "them" : "us");
        json_decref(ended);
    }
    wait_state(&northwind, id, "revoked");
    (void)node_refuses(&northwind, "agreement.amend",
                       one_cell(&northwind, "customers:customers=accounts"), MDL_U_STATE);
}
END_TEST

START_TEST(a_reason_is_text)
{
    char base[129];
    char longer[202];
    agree_draft(base);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    const char *const wrong[] = {longer, "two\nlines", "\x1b[2J"};
    for (size_t i = 0; i < 3; i++) {
        json_t *params = one_cell(&northwind, "customers:customers=accounts");
        (void)json_object_set_new(params, "reason", json_string(wrong[i]));
        const char *why = node_refuses(&northwind, "agreement.amend", params, MDL_U_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(why, "reason: expected at most 200 bytes"));
    }
}
END_TEST

/* One takes its proposal back while the other, who cannot reach it, accepts: both signed it, so it
 * replaces the older one on both sides, though it is in force on none. */
START_TEST(taken_back_while_it_is_accepted)
{
    char base[129];
    char change[129];
    agree_draft(base);
    propose(&northwind, "agreement.amend", one_cell(&northwind, "customers:customers=accounts"),
            change);
    wait_state(&contoso, change, "proposed-by-them");
    node_stop(&northwind);
    json_decref(node_do(&contoso, "agreement.accept", json_pack("{s:s}", "agreement", change)));
    wait_state(&contoso, base, "replaced");
    node_restart(&northwind);
    json_decref(node_do(&northwind, "agreement.revoke", json_pack("{s:s}", "agreement", change)));
    wait_state(&contoso, change, "revoked");
    wait_state(&northwind, base, "replaced");
    wait_state(&northwind, change, "revoked");
    wait_state(&contoso, base, "replaced");
}
END_TEST

/* ---- asking for more ----------------------------------------------------------------------------
 */

START_TEST(a_request_is_seen_as_one)
{
    char base[129];
    char id[129];
    agree_draft(base);
    const char *why = node_refuses(&northwind, "round.request",
                                   json_pack("{s:s, s:[s], s:s}", "partner", "Contoso", "cells",
                                             "customers:prospects", "level", "counts"),
                                   MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(why, "level counts is agreed already"));
    why = node_refuses(&northwind, "round.request",
                       json_pack("{s:s, s:[s], s:s}", "partner", "Contoso", "cells",
                                 "customers:prospects", "level", "fields"),
                       MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(why, "found 'fields'"));
    propose(&northwind, "round.request",
            json_pack("{s:s, s:[s], s:s, s:s}", "partner", "Contoso", "cells",
                      "customers:prospects", "level", "accounts", "reason", "joint campaign"),
            id);
    wait_state(&contoso, id, "proposed-by-them");
    json_t *shown =
        node_do(&contoso, "agreement.show", json_pack("{s:s}", "agreement", "Northwind"));
    const json_t *request = at(shown, "request");
    const json_t *c = json_array_get(at(request, "cells"), 0);
    ck_assert_str_eq(text(request, "by"), "them");
    ck_assert_str_eq(text(request, "reason"), "joint campaign");
    ck_assert_uint_eq(json_array_size(at(request, "cells")), 1);
    ck_assert_str_eq(text(c, "population"), "prospects");
    ck_assert_str_eq(text(c, "partner_population"), "customers");
    ck_assert_str_eq(text(c, "after"), "accounts");
    json_decref(shown);
    json_t *status = node_do(&contoso, "status", json_object());
    const json_t *waiting = json_array_get(at(status, "agreements_waiting"), 0);
    ck_assert_str_eq(text(waiting, "id"), id);
    ck_assert_str_eq(text(at(waiting, "request"), "reason"), "joint campaign");
    json_decref(status);
    accept(&contoso, id);
    wait_state(&northwind, id, "in-force");
    wait_state(&northwind, base, "replaced");
    status = node_do(&contoso, "status", json_object());
    ck_assert_uint_eq(json_array_size(at(status, "agreements_waiting")), 0);
    json_decref(status);
    shown = node_do(&northwind, "agreement.show", json_pack("{s:s}", "agreement", id));
    ck_assert_str_eq(text(cell(shown, "customers", "prospects"), "level"), "accounts");
    ck_assert_str_eq(text(cell(shown, "prospects", "customers"), "level"), "counts");
    json_decref(shown);
}
END_TEST

START_TEST(a_record_leaves_and_verifies)
{
    char id[129];
    struct mdl_error err = {MDL_OK, ""};
    json_t *doc = NULL;
    propose(&northwind, "agreement.propose", with_terms(&northwind, mixed), id);
    const char *why = node_refuses(&northwind, "agreement.export",
                                   json_pack("{s:s}", "agreement", id), MDL_U_STATE);
    ck_assert_ptr_nonnull(strstr(why, "only one that both signed"));
    accept(&contoso, id);
    wait_state(&northwind, id, "in-force");
    json_t *at_a = node_do(&northwind, "agreement.export", json_pack("{s:s}", "agreement", id));
    json_t *at_b = node_do(&contoso, "agreement.export", json_pack("{s:s}", "agreement", id));
    ck_assert_str_eq(text(at_a, "record"), text(at_b, "record"));
    const char *record = text(at_a, "record");
    ck_assert_int_eq(mdl_node_verify_agreement(record, strlen(record), &doc, &err), MDL_OK);
    ck_assert_str_eq(text(doc, "id"), id);
    ck_assert_str_eq(text(doc, "state"), "not-revoked"); /* more a file cannot know */
    json_decref(doc);
    json_decref(at_a);
    json_decref(at_b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_draft_is_counts_and_comes_back,
                                  both_sides_see_the_same_cells,
                                  what_a_file_may_not_say,
                                  a_change_replaces_on_both_sides,
                                  rounds_of_the_replaced_one_end,
                                  crossing_changes_settle_the_same,
                                  an_older_proposal_ends_with_it,
                                  the_standing_rule_replaces_nothing_else,
                                  revoking_takes_back_proposals_too,
                                  unknown_names_are_told,
                                  revoking_by_id_ends_changes_too,
                                  taking_back_a_change_leaves_the_rest,
                                  after_an_end_nothing_is_proposed_unasked,
                                  a_refusal_is_seen,
                                  revoking_ends_a_running_round,
                                  a_reason_is_text,
                                  taken_back_while_it_is_accepted,
                                  a_request_is_seen_as_one,
                                  a_record_leaves_and_verifies};
    return nodes_run("agreements", tests, sizeof tests / sizeof tests[0], 120, paired,
                     two_nodes_teardown);
}
