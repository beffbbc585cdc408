/* check_dispute.c: a match that one side holds for wrong stays out of later results on both, until
 * it is taken back; what is said reaches a partner that was away. */
#include "nodes.h"

#include <internal.h>
#include <store_dispute.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char list_a[] = "Account ID,Account Name,Website\nA1,Acme GmbH,https://www.acme.com\n"
                             "A2,Initech,initech.com\nA3,Only Ours,only-ours.example.org\n";
static const char list_b[] = "Account ID,Account Name,Website\nB1,ACME,acme.com\n"
                             "B2,Initech LLC,initech.com\n";

static const char *text(const json_t *o, const char *name)
{
    const char *t = json_string_value(json_object_get(o, name));
    return t != NULL ? t : "";
}

/* One round; both sides must then have `accounts` in their overlap, and `vetoed` that are not. */
static void round_gives(json_int_t accounts, json_int_t vetoed)
{
    struct node *const both[] = {&northwind, &contoso};
    const char *const other[] = {"Contoso", "Northwind"};
    json_t *doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    char id[33];
    (void)snprintf(id, sizeof id, "%s", text(json_object_get(doc, "round"), "id"));
    json_decref(doc);
    for (size_t i = 0; i < 2; i++) {
        json_t *round = node_wait_round(both[i], id, 30);
        ck_assert_str_eq(text(round, "state"), "complete");
        json_decref(round);
        doc = node_do(both[i], "overlap", json_pack("{s:s}", "partner", other[i]));
        const json_t *totals = json_object_get(doc, "totals");
        ck_assert_int_eq(json_integer_value(json_object_get(totals, "own_accounts")), accounts);
        ck_assert_int_eq(json_integer_value(json_object_get(totals, "partner_accounts")), accounts);
        ck_assert_int_eq(json_integer_value(json_object_get(totals, "vetoed_accounts")), vetoed);
        json_decref(doc);
    }
}

static void ready(void)
{
    nodes_pair(&northwind, &contoso, true);
    json_decref(node_import(&northwind, "a.csv", list_a, NULL));
    json_decref(node_import(&contoso, "b.csv", list_b, NULL));
    round_gives(2, 0);
}

static void dispute(struct node *n, const char *partner, const char *match, bool withdraw)
{
    json_t *doc = node_do(n, "match.dispute",
                          json_pack("{s:s, s:s, s:s, s:b}", "partner", partner, "match", match,
                                    "reason", "a namesake", "withdraw", (int)withdraw));
    const char *account = strchr(match, ':') != NULL ? "" : match[0] == 'A' ? "Acme GmbH" : "ACME";
    ck_assert_str_eq(text(doc, "account"), account);
    ck_assert(json_is_true(json_object_get(doc, "disputed")) == !withdraw);
    json_decref(doc);
}

/* The list is empty once neither side holds anything for wrong. */
static void none_left(struct node *n, const char *partner)
{
    for (int i = 0; i < 1000; i++) {
        json_t *doc = node_do(n, "match.disputes", json_pack("{s:s}", "partner", partner));
        size_t left = json_array_size(json_object_get(doc, "disputes"));
        json_decref(doc);
        if (left == 0) {
            return;
        }
        usleep(10000);
    }
    ck_abort_msg("a dispute that was taken back is still listed");
}

/* Waits until the partner's side of the only dispute has come. */
static void heard(struct node *n, const char *partner)
{
    for (int i = 0; i < 1000; i++) {
        json_t *doc = node_do(n, "match.disputes", json_pack("{s:s}", "partner", partner));
        const json_t *first = json_array_get(json_object_get(doc, "disputes"), 0);
        const json_t *theirs = json_object_get(first, "theirs");
        bool as_told = json_is_true(json_object_get(theirs, "disputed"));
        if (as_told) {
            ck_assert_str_eq(text(theirs, "reason"), "a namesake");
            ck_assert_str_eq(text(json_object_get(first, "key"), "type"), "domain");
            ck_assert_str_eq(text(json_object_get(first, "key"), "value"), "acme.com");
            ck_assert(!json_is_true(json_object_get(json_object_get(first, "ours"), "disputed")));
        }
        json_decref(doc);
        if (as_told) {
            return;
        }
        usleep(10000);
    }
    ck_abort_msg("the partner was not heard");
}

START_TEST(a_disputed_match_stays_out_on_both_sides)
{
    ready();
    dispute(&northwind, "Contoso", "A1", false);
    heard(&contoso, "Northwind");
    round_gives(1, 1);
    dispute(&northwind, "Contoso", "A1", true);
    none_left(&contoso, "Northwind");
    round_gives(2, 0);
}
END_TEST

/* Withdrawn by the key, which is what is left when an account matches no more. */
START_TEST(either_side_may_dispute)
{
    ready();
    dispute(&contoso, "Northwind", "B1", false);
    heard(&northwind, "Contoso");
    round_gives(1, 1);
    dispute(&contoso, "Northwind", "domain:acme.com", true);
    none_left(&northwind, "Contoso");
    round_gives(2, 0);
}
END_TEST

START_TEST(a_partner_that_was_away_hears_of_it)
{
    ready();
    node_stop(&contoso);
    dispute(&northwind, "Contoso", "A1", false);
    node_restart(&contoso);
    heard(&contoso, "Northwind");
    node_stop(&northwind); /* what is settled is not said again */
    node_restart(&northwind);
    round_gives(1, 1);
}
END_TEST

static void refuses(const char *match, bool withdraw, const char *words)
{
    const char *said = node_refuses(&northwind, "match.dispute",
                                    json_pack("{s:s, s:s, s:b}", "partner", "Contoso", "match",
                                              match, "withdraw", (int)withdraw),
                                    MDL_U_NOT_FOUND);
    ck_assert_msg(strstr(said, words) != NULL, "'%s' without '%s'", said, words);
}

/* Nothing is said of a key that did not match: it would tell the partner that we have it. */
START_TEST(what_did_not_match_is_told_to_nobody)
{
    nodes_pair(&northwind, &contoso, true);
    refuses("A1", false, "no mapping round");
    json_decref(node_import(&northwind, "a.csv", list_a, NULL));
    json_decref(node_import(&contoso, "b.csv", list_b, NULL));
    round_gives(2, 0);
    refuses("A3", false, "no account 'A3' matched");
    refuses("domain:only-ours.example.org", false, "no account");
    refuses("domain:only-ours.example.org", true, "no account");
    json_t *doc = node_do(&contoso, "match.disputes", json_pack("{s:s}", "partner", "Northwind"));
    ck_assert_uint_eq(json_array_size(json_object_get(doc, "disputes")), 0);
    json_decref(doc);
}
END_TEST

/* As if the dispute had been made a day ahead, by a clock that was set right since. */
static enum mdl_status made_tomorrow(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    static const uint8_t key[] = {MDL_KEY_DOMAIN, 0, 8, 'a', 'c', 'm', 'e', '.', 'c', 'o', 'm'};
    struct mdl_dispute_side ours = {.disputed = true, .at = now_ms() + 86400000};
    (void)ctx;
    return mdl_dispute_put(s->store, s->peers[0].identity, key, sizeof key, false, &ours, 1, err);
}

START_TEST(a_clock_that_was_set_back_keeps_no_dispute)
{
    struct mdl_error err = {MDL_OK, ""};
    ready();
    dispute(&northwind, "Contoso", "A1", false);
    heard(&contoso, "Northwind");
    ck_assert_msg(call_loop(northwind.service, made_tomorrow, NULL, &err) == MDL_OK, "%s",
                  err.text);
    dispute(&northwind, "Contoso", "domain:acme.com", true);
    none_left(&contoso, "Northwind");
    round_gives(2, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_disputed_match_stays_out_on_both_sides, either_side_may_dispute,
                                  a_partner_that_was_away_hears_of_it,
                                  what_did_not_match_is_told_to_nobody,
                                  a_clock_that_was_set_back_keeps_no_dispute};
    return two_nodes_run("dispute", tests, sizeof tests / sizeof tests[0], 120);
}
