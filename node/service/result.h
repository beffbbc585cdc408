/* result.h: finding the result of a round, and the pieces its documents share. Loop thread. */
#ifndef MANDORLA_SERVICE_RESULT_H
#define MANDORLA_SERVICE_RESULT_H

#include "rounds.h"
#include "scope.h"

#include <store_result.h>

/* A round with results and what stands beside its rows. Large: on the heap. */
struct found {
    struct mdl_partner_row partner;
    struct mdl_round_row round;
    struct mdl_agreement agreement;
    enum mdl_role own;
    struct scope scope;          /* the cells at level accounts */
    struct mdl_result_head head; /* all groups together: names as in the scope */
};

/* The newest round with results of a partner, or the one named. Free with found_free. */
enum mdl_status result_find(struct mdl_service *s, const char *partner, const char *round,
                            struct found **out, struct mdl_error *err);
void found_free(struct found *f);
/* What each document of a result begins with: partner, round, totals, what was compared. */
json_t *result_heading(struct mdl_service *s, const struct found *f);
/* The populations of both sides, as masks of the scope, in which one own account matched. */
enum mdl_status result_met(struct mdl_service *s, const struct found *f, const char *source,
                           const char *record_id, uint32_t *own, uint32_t *partner,
                           struct mdl_error *err);
/* The level of a cell, and what it shows: at level accounts our accounts, at level counts the keys
 * both have; null where nothing is known or shown. verbs_matrix.c. */
enum mdl_level result_level(const struct found *f, const char *own, const char *partner,
                            size_t *group);
json_t *result_cell(const struct found *f, const char *own, const char *partner);
/* What the number of a cell at level counts is smaller than, where it is not shown; else null. */
json_t *result_below(const struct found *f, const char *own, const char *partner);
/* "domain"; null: of all types, as at level accounts. */
json_t *group_key_label(const struct mdl_agreement_group *g);
json_t *result_names(uint32_t mask, const name_list list, size_t n);
json_t *result_all_names(const name_list list, size_t n);
/* The mask of one population's name, ours or the partner's; 0 for NULL: no filter. MDL_U_STATE: the
 * round counted it alone; MDL_U_NOT_FOUND. */
enum mdl_status result_mask(const struct found *f, const char *name, bool ours, uint32_t *mask,
                            struct mdl_error *err);
/* What the round compared account by account, into `o`: names of our populations and of theirs, and
 * the rectangles of cells; and the cells that it counted only. */
void result_scope(json_t *o, const struct found *f);
/* Refuses where no cell is at level accounts: there is no list of accounts. */
enum mdl_status result_needs_accounts(const struct found *f, struct mdl_error *err);
/* The newest result with this partner that compared all of what this one did and more, as an id;
 * null if there is none: a narrower round must not replace a fuller one unnoticed. */
json_t *result_wider(struct mdl_service *s, const struct found *f);
/* limit and cursor of a page. */
enum mdl_status result_page(const json_t *params, int64_t *after, size_t *limit,
                            struct mdl_error *err);
json_t *result_cursor(int64_t next);
/* A place in the rows of several groups: the group above, the row below. */
int64_t result_place(size_t group, int64_t row);
size_t result_place_group(int64_t place);
int64_t result_place_row(int64_t place);
json_t *result_account(const struct mdl_account_fields *a, const char *source);

#endif
