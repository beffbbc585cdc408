/* round_list.c: reading rounds with their groups.
 * Never writes. */
#include "round_row.h"
#include "store_internal.h"

#include <string.h>

#define SELECT                                                                                     \
    "SELECT number, id, partner, agreement, role, proposer, created_at, outcome, phase, "          \
    "started_at, finished_at, data_as_of, code, code_text, ended_by, own_accounts, own_review, "   \
    "own_vetoed, partner_accounts, partner_review, bytes_in, bytes_out, wall_ms, profile, "        \
    "resume, receipt, our_sig, their_sig FROM round "

static void take_end(struct mdl_query *q, struct mdl_round_row *r)
{
    r->own_accounts = mdl_take_u32(q);
    r->own_review = mdl_take_u32(q);
    r->own_vetoed = mdl_take_u32(q);
    r->partner_accounts = mdl_take_u32(q);
    r->partner_review = mdl_take_u32(q);
    r->bytes_in = mdl_take_u64(q);
    r->bytes_out = mdl_take_u64(q);
    r->wall_ms = mdl_take_u64(q);
    r->has_profile = mdl_take_fixed(q, r->profile, sizeof r->profile);
    mdl_take_blob(q, &r->resume);
    mdl_take_blob(q, &r->receipt);
    r->has_our_sig = mdl_take_fixed(q, r->our_sig, sizeof r->our_sig);
    r->has_their_sig = mdl_take_fixed(q, r->their_sig, sizeof r->their_sig);
}

static int64_t take_row(struct mdl_query *q, struct mdl_round_row *r)
{
    memset(r, 0, sizeof *r);
    int64_t number = mdl_take_int(q);
    (void)mdl_take_fixed(q, r->id, sizeof r->id);
    r->partner = mdl_take_int(q);
    (void)mdl_take_fixed(q, r->agreement, sizeof r->agreement);
    r->role = (uint8_t)mdl_take_u32(q);
    r->proposer = (enum mdl_by)mdl_take_u32(q);
    r->created_at = mdl_take_u64(q);
    if (!mdl_round_outcome_of(mdl_take_borrowed(q), &r->outcome) && q->fault.status == MDL_OK) {
        (void)mdl_fail(&q->fault, MDL_L_DATABASE, "a round has an outcome without a name");
    }
    mdl_take_text(q, r->phase, sizeof r->phase);
    r->started_at = mdl_take_u64(q);
    r->finished_at = mdl_take_u64(q);
    r->data_as_of = mdl_take_u64(q);
    r->code = (int)mdl_take_int(q);
    mdl_take_text(q, r->code_text, sizeof r->code_text);
    r->ended_by = (enum mdl_by)mdl_take_u32(q);
    take_end(q, r);
    return number;
}

static enum mdl_status take_groups(struct mdl_store *st, int64_t number, struct mdl_round_row *r,
                                   struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc =
        mdl_read(st, &q,
                 "SELECT level, own_keys, partner_keys, matched_keys, known, skipped, slices, "
                 "slices_opened "
                 "FROM round_group WHERE round = ? ORDER BY grp",
                 err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, number);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        if (r->n_groups == MDL_STORE_GROUPS) {
            (void)mdl_query_end(&q, NULL);
            return mdl_fail(err, MDL_L_DATABASE, "a round has more groups than it can");
        }
        struct mdl_round_group *g = &r->group[r->n_groups++];
        mdl_take_text(&q, g->level, sizeof g->level);
        g->own_keys = mdl_take_u32(&q);
        g->partner_keys = mdl_take_u32(&q);
        g->matched_keys = mdl_take_u32(&q);
        g->known = mdl_take_int(&q) != 0;
        g->skipped = mdl_take_int(&q) != 0;
        g->slices = mdl_take_u32(&q);
        g->slices_opened = mdl_take_u32(&q);
    }
    return rc;
}

enum mdl_status mdl_round_get(struct mdl_store *st, const uint8_t id[MDL_STORE_ROUND],
                              struct mdl_round_row *out, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(st, &q, SELECT "WHERE id = ?", err);

    memset(out, 0, sizeof *out);
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, id, MDL_STORE_ROUND);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && !row) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "there is no such round");
    }
    if (rc != MDL_OK) {
        return rc;
    }
    int64_t number = take_row(&q, out);
    rc = mdl_query_end(&q, err);
    if (rc == MDL_OK) {
        rc = take_groups(st, number, out, err);
    }
    if (rc != MDL_OK) {
        mdl_round_clear(out);
    }
    return rc;
}

static void put_filter(struct mdl_query *q, const struct mdl_round_filter *f)
{
    mdl_put_int(q, f->partner);
    mdl_put_int(q, f->open_only ? 1 : 0);
    mdl_put_int(q, f->with_result ? 1 : 0);
    mdl_put_u64(q, f->before);
    mdl_put_int(q, f->limit > 0 ? (int64_t)f->limit : -1);
    mdl_put_int(q, f->same_party ? 1 : 0);
}

#define LISTED                                                                                     \
    SELECT "WHERE (?1 = 0 OR partner = ?1 OR (?6 AND partner IN "                                  \
           "(SELECT p.id FROM partner p JOIN partner q ON p.identity = q.identity "                \
           " WHERE q.id = ?1))) "                                                                  \
           "AND (?2 = 0 OR outcome IN ('waiting', 'running')) "                                    \
           "AND (?3 = 0 OR outcome IN ('complete', 'partial')) "                                   \
           "AND (?4 = 0 OR created_at < ?4) "

enum mdl_status mdl_round_list(struct mdl_store *st, const struct mdl_round_filter *f,
                               mdl_round_fn *row, void *ctx, struct mdl_error *err)
{
    static const char by_date[] = LISTED "ORDER BY created_at DESC, number DESC LIMIT ?5";
    static const char as_they_came[] = LISTED "ORDER BY number DESC LIMIT ?5";
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_read(st, &q, f->as_they_came ? as_they_came : by_date, err);

    if (rc != MDL_OK) {
        return rc;
    }
    put_filter(&q, f);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_round_row r;
        int64_t number = take_row(&q, &r);
        rc = take_groups(st, number, &r, err);
        bool go_on = rc == MDL_OK && q.fault.status == MDL_OK && row(ctx, &r);
        mdl_round_clear(&r);
        if (!go_on) {
            enum mdl_status ended = mdl_query_end(&q, rc == MDL_OK ? err : NULL);
            return rc == MDL_OK ? ended : rc;
        }
    }
    return rc;
}

enum mdl_status mdl_round_last_begun(struct mdl_store *st, int64_t partner, uint64_t *at,
                                     struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(st, &q,
                                  "SELECT coalesce(max(started_at), 0) FROM round WHERE partner IN "
                                  "(SELECT p.id FROM partner p JOIN partner q "
                                  "   ON p.id = q.id OR p.identity = q.identity WHERE q.id = ?)",
                                  err);

    *at = 0;
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, partner);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && row) {
        *at = mdl_take_u64(&q);
        rc = mdl_query_end(&q, err);
    }
    return rc;
}
