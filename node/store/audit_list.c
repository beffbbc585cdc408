/* audit_list.c: reading the log, for display, export and verification.
 * Never writes. */
#include "store_audit.h"
#include "store_internal.h"

#include <stdlib.h>

#define SELECT                                                                                     \
    "SELECT seq, entry, leaf, chain, at, round, partner, direction, type, size FROM audit "
/* ?1 from seq, ?2 from, ?3 until, ?4 partner, ?5 limit, ?6 round */
#define COMMON "seq >= ?1 AND at >= ?2 AND (?3 = 0 OR at < ?3) AND (?4 = 0 OR partner = ?4) "
#define ORDER  "ORDER BY seq LIMIT ?5"

static const char list_all[] = SELECT "WHERE " COMMON ORDER;
static const char list_round[] = SELECT "WHERE round = ?6 AND " COMMON ORDER;
static const char newest_all[] =
    "SELECT * FROM (" SELECT "WHERE " COMMON "ORDER BY seq DESC LIMIT ?5) ORDER BY seq";
static const char newest_round[] = "SELECT * FROM (" SELECT "WHERE round = ?6 AND " COMMON
                                   "ORDER BY seq DESC LIMIT ?5) ORDER BY seq";

static void take_row(struct mdl_query *q, struct mdl_audit_row *e)
{
    *e = (struct mdl_audit_row){0};
    e->seq = mdl_take_u64(q);
    mdl_take_blob(q, &e->entry);
    e->leaf_len = mdl_take_upto(q, e->leaf, sizeof e->leaf);
    e->chain_len = mdl_take_upto(q, e->chain, sizeof e->chain);
    e->at = mdl_take_u64(q);
    e->has_round = mdl_take_fixed(q, e->round, sizeof e->round);
    e->partner = mdl_take_int(q);
    e->direction = (enum mdl_audit_direction)mdl_take_int(q); /* the table's CHECK bounds it */
    e->type = mdl_take_u32(q);
    e->size = mdl_take_u64(q);
}

enum mdl_status mdl_audit_list(struct mdl_store *st, const struct mdl_audit_filter *f,
                               mdl_audit_fn *row, void *ctx, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    const char *sql = f->round != NULL ? (f->newest ? newest_round : list_round)
                                       : (f->newest ? newest_all : list_all);
    enum mdl_status rc = mdl_read(st, &q, sql, err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_u64(&q, f->from_seq);
    mdl_put_u64(&q, f->from);
    mdl_put_u64(&q, f->until);
    mdl_put_int(&q, f->partner);
    mdl_put_int(&q, f->limit > 0 ? (int64_t)f->limit : -1);
    if (f->round != NULL) {
        mdl_put_bytes(&q, f->round, MDL_STORE_ROUND);
    }
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_audit_row e;
        take_row(&q, &e);
        bool go_on = q.fault.status == MDL_OK && row(ctx, &e);
        free(e.entry.data);
        if (!go_on) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}

enum mdl_status mdl_audit_totals(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND],
                                 struct mdl_audit_totals *out, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_read(st, &q,
                                  "SELECT direction, COUNT(*), SUM(size) FROM audit "
                                  "WHERE round = ? AND direction <> 0 GROUP BY direction",
                                  err);

    *out = (struct mdl_audit_totals){0};
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, round, MDL_STORE_ROUND);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        bool in = mdl_take_int(&q) == MDL_AUDIT_IN;
        *(in ? &out->messages_in : &out->messages_out) = mdl_take_u64(&q);
        *(in ? &out->bytes_in : &out->bytes_out) = mdl_take_u64(&q);
    }
    return rc;
}
