/* opened.c: positions the partner opened, slice by slice.
 * The slice's audit entry belongs into the same transaction; that is the caller's. */
#include "store_internal.h"
#include "store_result.h"

static enum mdl_status count_slice(struct mdl_store *st, int64_t round, uint8_t group,
                                   uint32_t slice, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q,
                                   "UPDATE round_group SET slices_opened = ?1 + 1 "
                                   "WHERE round = ?2 AND grp = ?3 AND slices_opened = ?1",
                                   err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, slice);
    mdl_put_int(&q, round);
    mdl_put_int(&q, group);
    rc = mdl_run(&q, err);
    if (rc == MDL_OK && sqlite3_changes(st->conn.db) == 0) {
        rc = mdl_fail(err, MDL_U_STATE, "slice %u is not the next of group %u", slice, group);
    }
    return rc;
}

static enum mdl_status put_one(struct mdl_store *st, int64_t round, uint8_t group,
                               const struct mdl_opened *o, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q,
                                   "INSERT INTO opened (round, grp, ordinal, partner_populations, "
                                   "partner_registries) VALUES (?, ?, ?, ?, ?)",
                                   err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, round);
    mdl_put_int(&q, group);
    mdl_put_int(&q, o->ordinal);
    mdl_put_int(&q, o->partner_populations);
    mdl_put_u64(&q, o->partner_registries);
    rc = mdl_run(&q, err);
    return rc == MDL_U_EXISTS ? mdl_fail(err, rc, "position %u was opened before", o->ordinal) : rc;
}

static enum mdl_status group_exists(struct mdl_store *st, int64_t round, uint8_t group,
                                    struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc =
        mdl_read(st, &q, "SELECT 1 FROM round_group WHERE round = ? AND grp = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, round);
    mdl_put_int(&q, group);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && !row) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "the round has no group %u", group);
    }
    return rc == MDL_OK ? mdl_query_end(&q, err) : rc;
}

enum mdl_status mdl_opened_put(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND],
                               uint8_t group, uint32_t slice, const struct mdl_opened *o, size_t n,
                               struct mdl_error *err)
{
    int64_t number;
    enum mdl_status rc = mdl_round_number(st, round, &number, err);

    if (rc == MDL_OK) {
        rc = group_exists(st, number, group, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_store_mark(st, err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    rc = count_slice(st, number, group, slice, err);
    for (size_t i = 0; i < n && rc == MDL_OK; i++) {
        rc = put_one(st, number, group, &o[i], err);
    }
    if (rc == MDL_OK) {
        return mdl_store_keep(st, err);
    }
    /* If even this fails the transaction is lost as a whole, and says so at its commit. */
    enum mdl_status undone = mdl_store_undo(st, NULL);
    (void)undone;
    return rc;
}

static enum mdl_status describe_one(struct mdl_store *st, int64_t round, uint8_t group,
                                    const struct mdl_opened *o, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_write(st, &q,
                  "UPDATE opened SET partner_populations = ?, "
                  "partner_registries = ? WHERE round = ? AND grp = ? AND ordinal = ?",
                  err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, o->partner_populations);
    mdl_put_u64(&q, o->partner_registries);
    mdl_put_int(&q, round);
    mdl_put_int(&q, group);
    mdl_put_int(&q, o->ordinal);
    rc = mdl_run(&q, err);
    if (rc == MDL_OK && sqlite3_changes(st->conn.db) == 0) {
        rc = mdl_fail(err, MDL_U_NOT_FOUND, "position %u was not opened", o->ordinal);
    }
    return rc;
}

enum mdl_status mdl_opened_describe(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND],
                                    uint8_t group, const struct mdl_opened *o, size_t n,
                                    struct mdl_error *err)
{
    int64_t number;
    enum mdl_status rc = mdl_round_number(st, round, &number, err);

    if (rc == MDL_OK) {
        rc = mdl_store_mark(st, err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    for (size_t i = 0; i < n && rc == MDL_OK; i++) {
        rc = describe_one(st, number, group, &o[i], err);
    }
    if (rc == MDL_OK) {
        return mdl_store_keep(st, err);
    }
    enum mdl_status undone = mdl_store_undo(st, NULL);
    (void)undone;
    return rc;
}

enum mdl_status mdl_opened_read(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND],
                                uint8_t group, uint32_t from, struct mdl_opened *o, size_t cap,
                                size_t *n, struct mdl_error *err)
{
    struct mdl_query q;
    int64_t number;
    bool more = false;
    enum mdl_status rc = mdl_round_number(st, round, &number, err);

    *n = 0;
    if (rc == MDL_OK) {
        rc = mdl_read(st, &q,
                      "SELECT ordinal, partner_populations, partner_registries FROM opened "
                      "WHERE round = ? AND grp = ? AND ordinal >= ? ORDER BY ordinal LIMIT ?",
                      err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, number);
    mdl_put_int(&q, group);
    mdl_put_int(&q, from);
    mdl_put_int(&q, (int64_t)(cap < MDL_STORE_SCAN ? cap : MDL_STORE_SCAN));
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_opened *to = &o[(*n)++];
        to->ordinal = mdl_take_u32(&q);
        to->partner_populations = mdl_take_u32(&q);
        to->partner_registries = mdl_take_u64(&q);
    }
    return rc;
}
