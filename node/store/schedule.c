/* schedule.c: rounds that this node proposes by itself. Knows no clock: due is what the caller
 * says. */
#include "store_internal.h"
#include "store_schedule.h"

#define SELECT "SELECT partner, every_ms, next_at, last_at, last FROM schedule "

enum mdl_status mdl_schedule_put(struct mdl_store *st, const struct mdl_schedule_row *row,
                                 struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_write(st, &q,
                  "INSERT INTO schedule (partner, every_ms, next_at, last_at, last) "
                  "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET every_ms = excluded.every_ms, "
                  "next_at = excluded.next_at, last_at = excluded.last_at, last = excluded.last",
                  err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, row->partner);
    mdl_put_u64(&q, row->every_ms);
    mdl_put_u64(&q, row->next_at);
    mdl_put_u64(&q, row->last_at);
    mdl_put_text(&q, row->last, MDL_SCHEDULE_TEXT);
    return mdl_run(&q, err);
}

enum mdl_status mdl_schedule_remove(struct mdl_store *st, int64_t partner, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q, "DELETE FROM schedule WHERE partner = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, partner);
    return mdl_run(&q, err);
}

static void take(struct mdl_query *q, struct mdl_schedule_row *row)
{
    row->partner = mdl_take_int(q);
    row->every_ms = mdl_take_u64(q);
    row->next_at = mdl_take_u64(q);
    row->last_at = mdl_take_u64(q);
    mdl_take_text(q, row->last, sizeof row->last);
}

enum mdl_status mdl_schedule_get(struct mdl_store *st, int64_t partner,
                                 struct mdl_schedule_row *out, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_read(st, &q, SELECT "WHERE partner = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, partner);
    rc = mdl_next(&q, &more, err);
    if (rc == MDL_OK && !more) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "no rounds are scheduled with this partner");
    }
    if (rc == MDL_OK) {
        take(&q, out);
        rc = mdl_query_end(&q, err);
    }
    return rc;
}

enum mdl_status mdl_schedule_list(struct mdl_store *st, mdl_schedule_fn *row, void *ctx,
                                  struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_read(st, &q, SELECT "ORDER BY next_at, partner", err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_schedule_row r = {0};
        take(&q, &r);
        if (q.fault.status != MDL_OK || !row(ctx, &r)) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}
