/* dispute.c: matches that one of two partners holds for wrong. Knows no rule: who may dispute what
 * is the caller's. */
#include "store_dispute.h"
#include "store_internal.h"

/* What was taken back makes room, but stays in mind, so that an older word does not count again:
 * all of it is bounded too. */
static enum mdl_status check_room(struct mdl_store *st, const uint8_t identity[32],
                                  const uint8_t *key, size_t key_len, bool disputed, size_t most,
                                  struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(st, &q,
                                  "SELECT coalesce(sum(theirs), 0), count(*) FROM dispute "
                                  "WHERE identity = ? AND their_at <> 0 AND key <> ?",
                                  err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, identity, 32);
    mdl_put_bytes(&q, key, key_len);
    rc = mdl_next(&q, &row, err);
    if (rc != MDL_OK) {
        return rc;
    }
    uint64_t in_dispute = mdl_take_u64(&q);
    uint64_t all = mdl_take_u64(&q);
    rc = mdl_query_end(&q, err);
    if (rc == MDL_OK && ((disputed && in_dispute >= most) || all >= 2 * most)) {
        rc = mdl_fail(err, MDL_U_TOO_LARGE, "the partner has spoken of %llu keys, %llu in dispute",
                      (unsigned long long)all, (unsigned long long)in_dispute);
    }
    return rc;
}

enum mdl_status mdl_dispute_put(struct mdl_store *st, const uint8_t identity[32],
                                const uint8_t *key, size_t key_len, bool theirs,
                                const struct mdl_dispute_side *side, size_t most,
                                struct mdl_error *err)
{
    static const char our_sql[] =
        "INSERT INTO dispute (identity, key, ours, theirs, our_at, their_at, our_reason, "
        "their_reason) VALUES (?, ?, ?, 0, ?, 0, ?, '') ON CONFLICT DO UPDATE SET "
        "ours = excluded.ours, our_at = excluded.our_at, our_reason = excluded.our_reason "
        "WHERE excluded.our_at > our_at";
    static const char their_sql[] =
        "INSERT INTO dispute (identity, key, ours, theirs, our_at, their_at, our_reason, "
        "their_reason) VALUES (?, ?, 0, ?, 0, ?, '', ?) ON CONFLICT DO UPDATE SET "
        "theirs = excluded.theirs, their_at = excluded.their_at, "
        "their_reason = excluded.their_reason WHERE excluded.their_at > their_at";
    struct mdl_query q;
    enum mdl_status rc = MDL_OK;

    if (key_len == 0 || key_len > MDL_GEN_KEY_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%zu bytes are no match key", key_len);
    }
    if (theirs) {
        rc = check_room(st, identity, key, key_len, side->disputed, most, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_write(st, &q, theirs ? their_sql : our_sql, err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, identity, 32);
    mdl_put_bytes(&q, key, key_len);
    mdl_put_int(&q, side->disputed ? 1 : 0);
    mdl_put_u64(&q, side->at);
    mdl_put_text(&q, side->reason, MDL_DISPUTE_REASON);
    return mdl_run(&q, err);
}

enum mdl_status mdl_dispute_list(struct mdl_store *st, const uint8_t identity[32],
                                 mdl_dispute_fn *row, void *ctx, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_read(
        st, &q,
        "SELECT key, ours, theirs, our_at, their_at, our_reason, their_reason FROM dispute "
        "WHERE identity = ? ORDER BY key",
        err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, identity, 32);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_dispute_row r = {0};
        r.key_len = mdl_take_upto(&q, r.key, sizeof r.key);
        r.ours.disputed = mdl_take_int(&q) != 0;
        r.theirs.disputed = mdl_take_int(&q) != 0;
        r.ours.at = mdl_take_u64(&q);
        r.theirs.at = mdl_take_u64(&q);
        mdl_take_text(&q, r.ours.reason, sizeof r.ours.reason);
        mdl_take_text(&q, r.theirs.reason, sizeof r.theirs.reason);
        if (q.fault.status != MDL_OK || !row(ctx, &r)) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}
