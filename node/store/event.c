/* event.c: the operator's list of events, bounded in number.
 * Not the audit log: nothing here is evidence. */
#include "store_internal.h"
#include "store_outbox.h"

/* Old rows go in steps, so that an event seldom costs more than its own row. */
#define PRUNE_STEP 100

static enum mdl_status prune(struct mdl_store *st, int64_t newest, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc;

    if (newest % PRUNE_STEP != 0) {
        return MDL_OK;
    }
    rc = mdl_write(st, &q, "DELETE FROM event WHERE id <= ?", err);
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, newest - MDL_EVENTS_KEPT);
    return mdl_run(&q, err);
}

enum mdl_status mdl_event_add(struct mdl_store *st, struct mdl_event_row *e, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q,
                                   "INSERT INTO event (at, kind, partner, round, text) VALUES "
                                   "(?, ?, nullif(?, 0), ?, ?)",
                                   err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_u64(&q, e->at);
    mdl_put_text(&q, e->kind, sizeof e->kind - 1);
    mdl_put_int(&q, e->partner);
    mdl_put_if(&q, e->has_round, e->round, sizeof e->round);
    mdl_put_text(&q, e->text, MDL_STORE_TEXT);
    rc = mdl_run(&q, err);
    if (rc == MDL_OK) {
        e->id = sqlite3_last_insert_rowid(st->conn.db);
        rc = prune(st, e->id, err);
    }
    return rc;
}

enum mdl_status mdl_event_list(struct mdl_store *st, int64_t after, size_t limit, mdl_event_fn *row,
                               void *ctx, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_read(st, &q,
                                  "SELECT id, at, kind, partner, round, text FROM event "
                                  "WHERE id > ? ORDER BY id LIMIT ?",
                                  err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, after);
    mdl_put_int(&q, limit > 0 ? (int64_t)limit : -1);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_event_row e = {0};
        e.id = mdl_take_int(&q);
        e.at = mdl_take_u64(&q);
        mdl_take_text(&q, e.kind, sizeof e.kind);
        e.partner = mdl_take_int(&q);
        e.has_round = mdl_take_fixed(&q, e.round, sizeof e.round);
        mdl_take_text(&q, e.text, sizeof e.text);
        if (q.fault.status != MDL_OK || !row(ctx, &e)) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}
