/* levels.h: two nodes with lists and agreements at levels, for the tests of rounds. */
#ifndef TESTS_LEVELS_H
#define TESTS_LEVELS_H

#include "nodes.h"

#define HEADER "Company name,Company Domain Name,Additional Domains,Lifecycle Stage,Record ID\n"

/* Caps that let every round of these tests run. */
#define EASY "min_result = 0\ncooldown_hours = 0\nmin_change = 0\nmax_rounds_month = 20\n"

/* Northwind's customers: acme, initech, starkhouse; its prospects: globex, umbrella, waynecorp,
 * hiddenhill. Contoso's customers: acme, globex, waynecorp (two accounts of one house); its
 * prospects: initech, starkhouse, acme (once more), umbrella, wonka. */
#define MIXED                                                                                      \
    "customers : customers = accounts\n"                                                           \
    "customers : prospects = counts\n"                                                             \
    "prospects : customers = counts\n"                                                             \
    "prospects : prospects = hidden\n"                                                             \
    "open-opportunities : customers = counts\n"

/* Imports the lists, pairs the nodes with the standing rule on both sides, agrees. `caps`: lines of
 * that section; `cells`: lines "ours : theirs = level" as Northwind sees it. */
void ready(const char *caps, const char *cells);
void import_lists(void);
/* Northwind proposes these terms, Contoso signs. */
void agree(const char *caps, const char *cells);

/* Northwind proposes a round. */
void start_round(char id[33]);
/* One that Contoso's operator approves, until it has ended as `want` on both sides. */
json_t *run_round(const char *want);

/* Calls a verb; false if it fails. Consumes `params`. */
bool tries(struct node *n, const char *verb, json_t *params);
/* Calls a verb with one parameter until it does not fail. */
void until(struct node *n, const char *verb, const char *key, const char *value);

/* Members of documents; the test fails where there is none. */
json_t *at(const json_t *o, const char *key);
json_int_t number(const json_t *o, const char *key);
void is_text(const json_t *o, const char *key, const char *want);

#endif
