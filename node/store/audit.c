/* audit.c: appending to the log, its head, and the erasable openings.
 * Computes no hash: what a leaf or the chain is, proto/audit says. */
#include "store_audit.h"
#include "store_internal.h"

enum mdl_status mdl_audit_head(struct mdl_store *st, struct mdl_audit_head *out,
                               struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc =
        mdl_read(st, &q, "SELECT seq, chain FROM audit ORDER BY seq DESC LIMIT 1", err);

    *out = (struct mdl_audit_head){0};
    if (rc == MDL_OK) {
        rc = mdl_next(&q, &row, err);
    }
    if (rc == MDL_OK && row) {
        out->seq = mdl_take_u64(&q);
        out->chain_len = mdl_take_upto(&q, out->chain, sizeof out->chain);
        rc = mdl_query_end(&q, err);
    }
    return rc;
}

enum mdl_status mdl_audit_append(struct mdl_store *st, const struct mdl_audit_row *e,
                                 struct mdl_error *err)
{
    struct mdl_query q;

    if (e->entry.data == NULL || e->entry.len > MDL_AUDIT_ENTRY_MAX ||
        e->leaf_len > sizeof e->leaf || e->chain_len > sizeof e->chain) {
        return mdl_fail(err, MDL_BUG, "a log entry of impossible size");
    }
    enum mdl_status rc =
        mdl_write(st, &q,
                  "INSERT INTO audit (seq, entry, leaf, chain, at, round, partner, direction, type,"
                  " size) VALUES (?, ?, ?, ?, ?, ?, nullif(?, 0), ?, ?, ?)",
                  err);
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_u64(&q, e->seq);
    mdl_put_bytes(&q, e->entry.data, e->entry.len);
    mdl_put_bytes(&q, e->leaf, e->leaf_len);
    mdl_put_bytes(&q, e->chain, e->chain_len);
    mdl_put_u64(&q, e->at);
    mdl_put_if(&q, e->has_round, e->round, sizeof e->round);
    mdl_put_int(&q, e->partner);
    mdl_put_int(&q, (int64_t)e->direction);
    mdl_put_int(&q, e->type);
    mdl_put_u64(&q, e->size);
    rc = mdl_run(&q, err);
    if (rc == MDL_U_EXISTS) {
        rc = mdl_fail(err, MDL_U_STATE, "the log grows at its end only");
    }
    return rc;
}

enum mdl_status mdl_audit_put_opening(struct mdl_store *st, uint64_t seq,
                                      const struct mdl_blob *opening, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_write(st, &q, "INSERT INTO audit_opening (seq, opening) VALUES (?, ?)", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_u64(&q, seq);
    mdl_put_bytes(&q, opening->data, opening->len);
    return mdl_run(&q, err);
}

enum mdl_status mdl_audit_get_opening(struct mdl_store *st, uint64_t seq, struct mdl_blob *out,
                                      struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(st, &q, "SELECT opening FROM audit_opening WHERE seq = ?", err);

    *out = (struct mdl_blob){0};
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_u64(&q, seq);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && !row) {
        rc = mdl_fail(err, MDL_U_NOT_FOUND, "log entry %llu has no opening, or it was erased",
                      (unsigned long long)seq);
    }
    if (rc == MDL_OK) {
        mdl_take_blob(&q, out);
        rc = mdl_query_end(&q, err);
    }
    return rc;
}

enum mdl_status mdl_audit_erase_openings(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND],
                                         struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(
        st, &q, "DELETE FROM audit_opening WHERE seq IN (SELECT seq FROM audit WHERE round = ?)",
        err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, round, MDL_STORE_ROUND);
    return mdl_run(&q, err);
}
