/* check_ends.c: on whose account a round ended, and which round or agreement a text stands for. */
#include "nodes.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANY 3000 /* accounts: enough that a round still runs when it is ended */

static void import(struct node *n, int accounts)
{
    char *text = malloc(64 + (size_t)accounts * 64);
    ck_assert_ptr_nonnull(text);
    size_t at = (size_t)snprintf(text, 64, "Account Name,Website\n");
    for (int i = 0; i < accounts; i++) {
        at += (size_t)snprintf(text + at, 64, "Company %d,https://c%d.example.org\n", i, i);
    }
    json_decref(node_import(n, "list.csv", text, NULL));
    free(text);
}

static const char *text_of(const json_t *doc, const char *object, const char *member)
{
    const char *text = json_string_value(json_object_get(json_object_get(doc, object), member));
    return text != NULL ? text : "";
}

/* Polls the newest agreement or round that `verb` shows until its state begins with `want`. */
static json_t *wait_state(struct node *n, const char *what, const char *partner, const char *want)
{
    char verb[32];
    snprintf(verb, sizeof verb, "%s.show", what);
    for (int i = 0; i < 1500; i++) {
        struct mdl_error err = {MDL_OK, ""};
        json_t *doc = NULL;
        json_t *params = json_pack("{s:s}", what, partner);
        enum mdl_status st = mdl_service_do(n->service, verb, params, &doc, &err);
        json_decref(params);
        if (st == MDL_OK && strncmp(text_of(doc, what, "state"), want, strlen(want)) == 0) {
            return doc;
        }
        json_decref(doc);
        usleep(20000);
    }
    ck_abort_msg("no %s with %s became %s", what, partner, want);
}

/* a's proposal, accepted by b, which has a standing rule or is asked; `id` as a's document has it.
 */
static void agree(char id[129], bool asks)
{
    json_t *doc =
        node_do(&northwind, "agreement.propose", json_pack("{s:s}", "partner", "Contoso"));
    snprintf(id, 129, "%s", text_of(doc, "agreement", "id"));
    json_decref(doc);
    if (asks) {
        json_decref(wait_state(&contoso, "agreement", "Northwind", "proposed-by-them"));
        json_decref(
            node_do(&contoso, "agreement.accept", json_pack("{s:s}", "agreement", "Northwind")));
    }
    json_decref(wait_state(&northwind, "agreement", "Contoso", "in-force"));
}

static void expect_end(struct node *n, const char *id, const char *state, const char *by,
                       const char *text)
{
    json_t *round = node_wait_round(n, id, 30);
    ck_assert_str_eq(json_string_value(json_object_get(round, "state")), state);
    ck_assert_str_eq(json_string_value(json_object_get(round, "ended_by")), by);
    ck_assert_str_eq(json_string_value(json_object_get(round, "text")), text);
    json_decref(round);
}

START_TEST(a_running_round_ends_by_who_revoked)
{
    char agreement[129];
    import(&northwind, MANY);
    import(&contoso, MANY);
    nodes_pair(&northwind, &contoso, true);
    agree(agreement, false);
    json_t *doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    const char *id = text_of(doc, "round", "id");
    json_decref(wait_state(&northwind, "round", id, "running"));
    json_decref(
        node_do(&contoso, "agreement.revoke", json_pack("{s:s}", "agreement", "Northwind")));
    expect_end(&northwind, id, "aborted", "them", "the partner revoked the agreement");
    expect_end(&contoso, id, "aborted", "us", "the agreement was revoked");
    json_decref(doc);
}
END_TEST

START_TEST(a_waiting_round_ends_by_who_revoked)
{
    char agreement[129];
    import(&northwind, 10);
    import(&contoso, 10);
    nodes_pair(&northwind, &contoso, false);
    agree(agreement, true);
    json_t *doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    const char *id = text_of(doc, "round", "id");
    json_decref(wait_state(&contoso, "round", id, "waiting"));
    json_decref(
        node_do(&contoso, "agreement.revoke", json_pack("{s:s}", "agreement", "Northwind")));
    expect_end(&northwind, id, "revoked", "them", "the partner revoked the agreement");
    expect_end(&contoso, id, "revoked", "us", "the agreement was revoked");
    json_decref(doc);
}
END_TEST

/* Whichever side ends a round that waits, both call it by the same word. */
START_TEST(a_waiting_round_is_aborted_or_refused)
{
    static const struct {
        bool by_a;
        const char *verb, *state, *text;
    } acts[] = {{true, "round.abort", "aborted", "ended by the operator"},
                {false, "round.abort", "aborted", "ended by the operator"},
                {false, "round.refuse", "refused", "no reason given"}};
    char agreement[129];
    import(&northwind, 10);
    import(&contoso, 10);
    nodes_pair(&northwind, &contoso, false);
    agree(agreement, true);
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        json_t *doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
        const char *id = text_of(doc, "round", "id");
        json_decref(wait_state(&contoso, "round", id, "waiting"));
        json_t *end = node_do(acts[i].by_a ? &northwind : &contoso, acts[i].verb,
                              json_pack("{s:s}", "round", id));
        ck_assert_str_eq(text_of(end, "round", "state"), acts[i].state);
        json_decref(end);
        expect_end(&northwind, id, acts[i].state, acts[i].by_a ? "us" : "them", acts[i].text);
        expect_end(&contoso, id, acts[i].state, acts[i].by_a ? "them" : "us", acts[i].text);
        const char *text =
            node_refuses(&northwind, "round.abort", json_pack("{s:s}", "round", id), MDL_U_STATE);
        ck_assert_ptr_nonnull(strstr(text, acts[i].state));
        json_decref(doc);
    }
}
END_TEST

START_TEST(ids_are_found_in_either_case)
{
    char agreement[129];
    char upper[17];
    import(&northwind, 3);
    nodes_pair(&northwind, &contoso, false);
    agree(agreement, true);
    for (size_t i = 0; i < 16; i++) {
        upper[i] = (char)toupper((unsigned char)agreement[i]);
    }
    upper[16] = '\0';
    json_t *doc = node_do(&northwind, "agreement.show", json_pack("{s:s}", "agreement", upper));
    ck_assert_str_eq(text_of(doc, "agreement", "id"), agreement);
    json_decref(doc);
    json_t *round = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    for (size_t i = 0; i < 16; i++) {
        upper[i] = (char)toupper((unsigned char)text_of(round, "round", "id")[i]);
    }
    doc = node_do(&northwind, "round.show", json_pack("{s:s}", "round", upper));
    ck_assert_str_eq(text_of(doc, "round", "id"), text_of(round, "round", "id"));
    json_decref(doc);
    json_decref(round);
    /* More digits than an id has cannot begin one. */
    (void)node_refuses(&northwind, "round.show",
                       json_pack("{s:s}", "round", "0123456789abcdef0123456789abcdef0"),
                       MDL_U_NOT_FOUND);
}
END_TEST

static bool before(struct node *x, struct node *y)
{
    json_t *of_x = node_do(x, "status", json_object());
    json_t *of_y = node_do(y, "status", json_object());
    bool less = strcmp(json_string_value(json_object_get(of_x, "identity")),
                       json_string_value(json_object_get(of_y, "identity"))) < 0;
    json_decref(of_x);
    json_decref(of_y);
    return less;
}

/* Both propose while the other is away. The side with the smaller identity keeps its proposal; the
 * other's, made later, is withdrawn and must not hide the round that ran. */
START_TEST(of_two_that_crossed_the_one_that_ran_is_shown)
{
    char agreement[129];
    import(&northwind, 10);
    import(&contoso, 10);
    nodes_pair(&northwind, &contoso, false);
    agree(agreement, true);
    bool a_keeps = before(&northwind, &contoso);
    struct node *keeps = a_keeps ? &northwind : &contoso;
    struct node *yields = a_keeps ? &contoso : &northwind;
    const char *name_of_keeps = a_keeps ? "Northwind" : "Contoso";
    const char *name_of_yields = a_keeps ? "Contoso" : "Northwind";
    node_stop(yields);
    json_t *kept = node_do(keeps, "round.start", json_pack("{s:s}", "partner", name_of_yields));
    node_stop(keeps);
    node_restart(yields);
    json_t *lost = node_do(yields, "round.start", json_pack("{s:s}", "partner", name_of_keeps));
    node_restart(keeps);
    json_decref(node_wait_round(keeps, text_of(kept, "round", "id"), 30));
    json_t *doc = wait_state(yields, "round", name_of_keeps, "complete");
    ck_assert_str_eq(text_of(doc, "round", "id"), text_of(kept, "round", "id"));
    json_decref(doc);
    doc = node_do(yields, "partner.list", json_object());
    const json_t *last =
        json_object_get(json_array_get(json_object_get(doc, "partners"), 0), "last_round");
    ck_assert_str_eq(json_string_value(json_object_get(last, "outcome")), "complete");
    json_decref(doc);
    json_decref(kept);
    expect_end(yields, text_of(lost, "round", "id"), "withdrawn", "us",
               "withdrawn: the partner's proposal crossed it");
    json_decref(lost);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_running_round_ends_by_who_revoked, a_waiting_round_ends_by_who_revoked,
        a_waiting_round_is_aborted_or_refused, ids_are_found_in_either_case,
        of_two_that_crossed_the_one_that_ran_is_shown};
    return two_nodes_run("ends", tests, sizeof tests / sizeof tests[0], 120);
}
