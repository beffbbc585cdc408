/* store_schedule.h: rounds that this node proposes by itself, one line a partner.
 *
 * Threading and common errors: store.h. Writes need an open transaction.
 */
#ifndef MANDORLA_STORE_SCHEDULE_H
#define MANDORLA_STORE_SCHEDULE_H

#include <store.h>

#define MDL_SCHEDULE_TEXT 200

struct mdl_schedule_row {
    int64_t partner;
    uint64_t every_ms;                /* > 0 */
    uint64_t next_at;                 /* when the next round is due, ms */
    uint64_t last_at;                 /* 0: never yet */
    char last[MDL_SCHEDULE_TEXT + 1]; /* what became of it: "proposed", or why not */
};

/* Makes or replaces the line of a partner. MDL_U_NOT_FOUND: no such partner. */
MDL_MUST_CHECK enum mdl_status
mdl_schedule_put(struct mdl_store *st, const struct mdl_schedule_row *row, struct mdl_error *err);
/* MDL_U_NOT_FOUND: this partner has none. */
MDL_MUST_CHECK enum mdl_status mdl_schedule_get(struct mdl_store *st, int64_t partner,
                                                struct mdl_schedule_row *out,
                                                struct mdl_error *err);
/* Taking out what is not there is no error. */
MDL_MUST_CHECK enum mdl_status mdl_schedule_remove(struct mdl_store *st, int64_t partner,
                                                   struct mdl_error *err);
typedef bool mdl_schedule_fn(void *ctx, const struct mdl_schedule_row *row);
/* The next one due first. `row` must not write; false ends the list. */
MDL_MUST_CHECK enum mdl_status mdl_schedule_list(struct mdl_store *st, mdl_schedule_fn *row,
                                                 void *ctx, struct mdl_error *err);

#endif
