/* findings.c: reading what a regrouped snapshot found, and what it did not.
 * Never writes. */
#include "snapshot_file.h"

static enum mdl_status needs_findings(const struct mdl_snap *s, struct mdl_error *err)
{
    if (s->stage == MDL_SNAP_BUILT) {
        return mdl_fail(err, MDL_U_STATE, "the round has no result yet");
    }
    return MDL_OK;
}

static void take_finding(struct mdl_query *q, uint8_t group, struct mdl_overlap_row *r)
{
    struct mdl_snap_account a;

    mdl_take_snap_account(q, &a);
    r->row = a.id;
    r->group = group;
    r->source = a.source;
    r->generation = a.generation;
    r->fields = a.fields;
    r->own_populations = a.populations;
    r->partner_populations = mdl_take_u32(q);
    r->ordinal = mdl_take_u32(q);
    r->key = mdl_take_bytes(q, &r->key_len);
    r->key_type = r->key_len > 0 ? r->key[0] : 0;
    r->origin = (uint8_t)mdl_take_int(q);
    r->tier = mdl_take_int(q) == 0 ? MDL_FOUND_MATCH : MDL_FOUND_REVIEW;
    r->vetoed = mdl_take_int(q) != 0;
    r->conflicts = mdl_take_u64(q);
}

enum mdl_status mdl_snap_findings(struct mdl_snap *s, int64_t after, size_t limit,
                                  mdl_overlap_fn *row, void *ctx, int64_t *next,
                                  struct mdl_error *err)
{
    static const char sql[] =
        "SELECT " MDL_SNAP_ACCOUNT ", f.partner_populations, f.ordinal, f.key, f.origin, f.tier, "
        "f.vetoed, f.conflicts FROM finding AS f CROSS JOIN account AS a ON a.id = f.account "
        "CROSS JOIN source AS s ON s.id = a.source WHERE f.account > ? ORDER BY f.account LIMIT ?";
    size_t cap = limit == 0 || limit > MDL_STORE_SCAN ? MDL_STORE_SCAN : limit;
    struct mdl_query q;
    size_t n = 0;
    bool more = false;
    enum mdl_status rc = needs_findings(s, err);

    *next = 0;
    if (rc == MDL_OK) {
        rc = mdl_query(&s->conn, &q, sql, err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, after);
    mdl_put_int(&q, (int64_t)cap);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_overlap_row r;
        take_finding(&q, s->group, &r);
        *next = r.row;
        n++;
        if (q.fault.status != MDL_OK || !row(ctx, &r)) {
            return mdl_query_end(&q, err);
        }
    }
    if (n < cap) {
        *next = 0;
    }
    return rc;
}

enum mdl_status mdl_snap_whitespace(struct mdl_snap *s, uint32_t populations, int64_t after,
                                    size_t limit, mdl_snap_account_fn *row, void *ctx,
                                    int64_t *next, struct mdl_error *err)
{
    static const char sql[] =
        "SELECT " MDL_SNAP_ACCOUNT ", EXISTS (SELECT 1 FROM finding AS f WHERE f.account = a.id "
        "AND f.tier = 0 AND f.vetoed = 0), EXISTS (SELECT 1 FROM finding AS f "
        "WHERE f.account = a.id AND f.tier = 1 AND f.vetoed = 0) "
        "FROM account AS a CROSS JOIN source AS s "
        "ON s.id = a.source WHERE a.id > ? ORDER BY a.id LIMIT ?";
    struct mdl_query q;
    size_t seen = 0;
    size_t given = 0;
    bool more = false;
    enum mdl_status rc = needs_findings(s, err);

    *next = 0;
    if (rc == MDL_OK) {
        rc = mdl_query(&s->conn, &q, sql, err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, after);
    mdl_put_int(&q, MDL_STORE_SCAN);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_snap_account a;
        mdl_take_snap_account(&q, &a);
        bool matched = mdl_take_int(&q) != 0;
        a.review = mdl_take_int(&q) != 0;
        *next = a.id;
        seen++;
        if (matched || (populations != 0 && (a.populations & populations) == 0)) {
            continue;
        }
        given++;
        if (q.fault.status != MDL_OK || !row(ctx, &a) || given == limit) {
            return mdl_query_end(&q, err);
        }
    }
    if (seen < MDL_STORE_SCAN) {
        *next = 0;
    }
    return rc;
}
