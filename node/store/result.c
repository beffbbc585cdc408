/* result.c: the rows of a result: copying them in, reading them by filter, erasing them.
 * Decides nothing about what matches. */
#include "overlap_row.h"

#include <string.h>

void mdl_take_overlap(struct mdl_query *q, struct mdl_overlap_row *r)
{
    r->group = (uint8_t)mdl_take_u32(q);
    r->row = mdl_take_int(q);
    r->source = mdl_take_borrowed(q);
    r->generation = mdl_take_borrowed(q);
    mdl_take_fields(q, &r->fields);
    r->own_populations = mdl_take_u32(q);
    r->partner_populations = mdl_take_u32(q);
    r->ordinal = mdl_take_u32(q);
    r->key = mdl_take_bytes(q, &r->key_len);
    r->key_type = r->key_len > 0 ? r->key[0] : 0;
    r->origin = (uint8_t)mdl_take_u32(q);
    r->tier = mdl_take_int(q) == 0 ? MDL_FOUND_MATCH : MDL_FOUND_REVIEW;
    r->vetoed = mdl_take_int(q) != 0;
    r->conflicts = mdl_take_u64(q);
}

/* Carries one chunk from the snapshot's file into the main database. */
struct copy {
    struct mdl_store *st;
    int64_t round;
    uint8_t group;
    enum mdl_status status;
    struct mdl_error *err;
};

static bool copy_row(void *ctx, const struct mdl_overlap_row *r)
{
    static const char sql[] =
        "INSERT OR REPLACE INTO overlap (round, grp, row, source, generation, " MDL_ACCOUNT_FIELDS
        ", own_populations, partner_populations, ordinal, key, origin, tier, vetoed, conflicts) "
        "VALUES (?, ?, ?, ?, ?, " MDL_ACCOUNT_MARKS ", ?, ?, ?, ?, ?, ?, ?, ?)";
    struct copy *c = ctx;
    struct mdl_query q;

    c->status = mdl_write(c->st, &q, sql, c->err);
    if (c->status != MDL_OK) {
        return false;
    }
    mdl_put_int(&q, c->round);
    mdl_put_int(&q, c->group);
    mdl_put_int(&q, r->row);
    mdl_put_text(&q, r->source, SIZE_MAX);
    mdl_put_text(&q, r->generation, SIZE_MAX);
    mdl_put_fields(&q, &r->fields, r->fields.deals);
    mdl_put_int(&q, r->own_populations);
    mdl_put_int(&q, r->partner_populations);
    mdl_put_int(&q, r->ordinal);
    mdl_put_bytes(&q, r->key, r->key_len);
    mdl_put_int(&q, r->origin);
    mdl_put_int(&q, (int64_t)r->tier);
    mdl_put_int(&q, r->vetoed ? 1 : 0);
    mdl_put_u64(&q, r->conflicts);
    c->status = mdl_run(&q, c->err);
    if (c->status == MDL_U_NOT_FOUND) {
        c->status = mdl_fail(c->err, MDL_U_NOT_FOUND, "the result has no head yet");
    }
    return c->status == MDL_OK;
}

static enum mdl_status set_finished(struct mdl_store *st, int64_t round, uint8_t group,
                                    struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_write(st, &q, "UPDATE result SET finished = 1 WHERE round = ? AND grp = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, round);
    mdl_put_int(&q, group);
    rc = mdl_run(&q, err);
    return rc == MDL_OK ? mdl_changed(st, "result", err) : rc;
}

enum mdl_status mdl_result_copy(struct mdl_store *st, struct mdl_snap *s,
                                const uint8_t round[MDL_STORE_ROUND], uint8_t group, int64_t after,
                                size_t limit, int64_t *next, struct mdl_error *err)
{
    struct copy c = {.st = st, .group = group, .status = MDL_OK, .err = err};
    enum mdl_status rc = mdl_round_number(st, round, &c.round, err);

    *next = 0;
    if (rc == MDL_OK) {
        rc = mdl_snap_findings(s, after, limit, copy_row, &c, next, err);
    }
    if (rc == MDL_OK) {
        rc = c.status;
    }
    if (rc == MDL_OK && *next == 0) {
        rc = set_finished(st, c.round, group, err);
    }
    return rc;
}

static bool passes(const struct mdl_overlap_filter *f, const struct mdl_overlap_row *r)
{
    return r->tier == f->tier && r->vetoed == f->vetoed &&
           (f->own_populations == 0 || (r->own_populations & f->own_populations) != 0) &&
           (f->partner_populations == 0 || (r->partner_populations & f->partner_populations) != 0);
}

enum mdl_status mdl_result_overlap(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND],
                                   uint8_t group, const struct mdl_overlap_filter *f,
                                   mdl_overlap_fn *row, void *ctx, int64_t *next,
                                   struct mdl_error *err)
{
    struct mdl_query q;
    int64_t number;
    size_t seen = 0;
    size_t given = 0;
    bool more = false;
    enum mdl_status rc = mdl_round_number(st, round, &number, err);

    *next = 0;
    if (rc == MDL_OK) {
        rc = mdl_read(st, &q,
                      "SELECT " MDL_OVERLAP " FROM overlap AS o WHERE o.round = ? AND o.grp = ? "
                      "AND o.row > ? ORDER BY o.row LIMIT ?",
                      err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, number);
    mdl_put_int(&q, group);
    mdl_put_int(&q, f->after);
    mdl_put_int(&q, MDL_STORE_SCAN);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_overlap_row r;
        mdl_take_overlap(&q, &r);
        *next = r.row;
        seen++;
        if (!passes(f, &r)) {
            continue;
        }
        given++;
        if (q.fault.status != MDL_OK || !row(ctx, &r) || given == f->limit) {
            return mdl_query_end(&q, err);
        }
    }
    if (seen < MDL_STORE_SCAN) {
        *next = 0;
    }
    return rc;
}

enum mdl_status mdl_result_account(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND],
                                   const char *source, const char *record_id, mdl_overlap_fn *row,
                                   void *ctx, struct mdl_error *err)
{
    struct mdl_query q;
    int64_t number;
    bool more = false;
    enum mdl_status rc = mdl_round_number(st, round, &number, err);

    if (rc == MDL_OK) {
        rc = mdl_read(st, &q,
                      "SELECT " MDL_OVERLAP " FROM overlap AS o INDEXED BY overlap_record "
                      "WHERE o.round = ? AND o.source = ? AND o.record_id = ? ORDER BY o.grp",
                      err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, number);
    mdl_put_text(&q, source, SIZE_MAX);
    mdl_put_text(&q, record_id, SIZE_MAX);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_overlap_row r;
        mdl_take_overlap(&q, &r);
        if (q.fault.status != MDL_OK || !row(ctx, &r)) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}

static enum mdl_status erase_some(struct mdl_store *st, const char *sql, int64_t round,
                                  size_t limit, size_t *erased, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q, sql, err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, round);
    mdl_put_int(&q, (int64_t)limit);
    rc = mdl_run(&q, err);
    *erased = rc == MDL_OK ? (size_t)sqlite3_changes(st->conn.db) : 0;
    return rc;
}

enum mdl_status mdl_result_erase(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND],
                                 size_t limit, bool *more, struct mdl_error *err)
{
    static const char rows[] = "DELETE FROM overlap WHERE round = ?1 AND (grp, row) IN "
                               "(SELECT grp, row FROM overlap WHERE round = ?1 LIMIT ?2)";
    static const char positions[] = "DELETE FROM opened WHERE round = ?1 AND (grp, slice) IN "
                                    "(SELECT grp, slice FROM opened WHERE round = ?1 LIMIT ?2)";
    int64_t number;
    size_t erased = 0;
    size_t also = 0;
    enum mdl_status rc = mdl_round_number(st, round, &number, err);

    *more = false;
    if (rc == MDL_OK) {
        rc = erase_some(st, rows, number, limit, &erased, err);
    }
    if (rc == MDL_OK && erased < limit) {
        rc = erase_some(st, positions, number, limit - erased, &also, err);
    }
    *more = rc == MDL_OK && erased + also == limit;
    return rc;
}
