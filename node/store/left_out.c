/* left_out.c: which accounts of an import are in no round, and how many take part.
 * Writes only temporary tables of its own connection; knows no kind of key. */
#include "generation_reader.h"
#include "suppress_list.h"

#include <string.h>

/* Keys that an account came with and is not compared by count too: it is the same company. */
static const char by_key[] =
    "INSERT OR IGNORE INTO temp.objection SELECT ?1, h.account FROM "
    "(SELECT account FROM match_key INDEXED BY key_value WHERE key = ?2 "
    " UNION SELECT account FROM unused_key WHERE key = ?2) AS h "
    "WHERE ?3 = 0 OR NOT EXISTS (SELECT 1 FROM account AS a CROSS JOIN match_key AS k "
    "  ON k.id BETWEEN a.first_key AND a.last_key "
    "  WHERE a.id = h.account AND substr(k.key, 1, 1) = ?4)";

/* A Salesforce id has 15 or 18 characters; accounts are joined by the first 15. */
static const char by_record[] =
    "INSERT OR IGNORE INTO temp.objection SELECT ?1, id FROM account "
    "WHERE join_id IN (?2, substr(?2, 1, 15)) AND (record_id = ?2 OR join_id = ?2)";

static enum mdl_status hit(struct mdl_gen_reader *r, const struct mdl_suppressed_item *item,
                           struct mdl_error *err)
{
    struct mdl_query q;
    bool record = item->key == NULL;
    if (record && strcmp(item->source, r->source) != 0) {
        return MDL_OK;
    }
    enum mdl_status rc = mdl_query(&r->conn, &q, record ? by_record : by_key, err);
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, item->entry);
    if (record) {
        mdl_put_text(&q, item->record_id, SIZE_MAX);
    } else {
        mdl_put_bytes(&q, item->key, item->len);
        mdl_put_int(&q, item->unless);
        mdl_put_bytes(&q, &item->unless, 1);
    }
    return mdl_run(&q, err);
}

enum mdl_status mdl_gen_leave_out(struct mdl_gen_reader *r, const struct mdl_suppressed *list,
                                  struct mdl_error *err)
{
    enum mdl_status rc = mdl_exec(&r->conn,
                                  "DELETE FROM temp.absent; DELETE FROM temp.withheld;"
                                  "DELETE FROM temp.objection;"
                                  "INSERT INTO temp.absent SELECT of_account, 1 FROM member "
                                  "  WHERE private",
                                  err);

    if (rc == MDL_OK) {
        rc = mdl_exec(&r->conn, "BEGIN", err); /* one for all look-ups: temporary tables too */
    }
    for (size_t i = 0; rc == MDL_OK && list != NULL && i < list->n; i++) {
        rc = hit(r, &list->item[i], err);
    }
    if (rc == MDL_OK) {
        rc = mdl_exec(&r->conn,
                      "INSERT OR REPLACE INTO temp.absent SELECT DISTINCT account, 2 "
                      "  FROM temp.objection;"
                      "INSERT OR IGNORE INTO temp.withheld SELECT k.key FROM temp.absent "
                      "  CROSS JOIN account AS a ON a.id = of_absent CROSS JOIN match_key AS k "
                      "  ON k.id BETWEEN a.first_key AND a.last_key WHERE why = 2;"
                      "COMMIT",
                      err);
    }
    if (rc != MDL_OK && !sqlite3_get_autocommit(r->conn.db)) {
        (void)sqlite3_exec(r->conn.db, "ROLLBACK", NULL, NULL, NULL);
    }
    return rc;
}

enum mdl_status mdl_gen_count(struct mdl_gen_reader *r, uint64_t populations, uint64_t *accounts,
                              uint64_t *keys, struct mdl_error *err)
{
    static const char sql[] =
        "SELECT (SELECT COUNT(*) FROM account" MDL_WITH_MEMBER "WHERE " MDL_ALL_POPULATIONS
        " & ?1 <> 0 AND id NOT IN (SELECT of_absent FROM temp.absent)), "
        "(SELECT COUNT(DISTINCT k.key) FROM account AS a LEFT JOIN member ON of_account = a.id "
        "CROSS JOIN match_key AS k ON k.id BETWEEN a.first_key AND a.last_key "
        "WHERE (a.populations | coalesce(more, 0)) & ?1 <> 0 "
        "AND a.id NOT IN (SELECT of_absent FROM temp.absent) "
        "AND k.key NOT IN (SELECT key FROM temp.withheld))";
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_query(&r->conn, &q, sql, err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_u64(&q, populations);
    rc = mdl_next(&q, &row, err);
    if (rc != MDL_OK || !row) {
        return rc;
    }
    *accounts = mdl_take_u64(&q);
    *keys = mdl_take_u64(&q);
    return mdl_query_end(&q, err);
}

enum mdl_status mdl_gen_tally(struct mdl_gen_reader *r, mdl_gen_tally_fn *row, void *ctx,
                              struct mdl_error *err)
{
    static const char sql[] =
        "SELECT " MDL_ALL_POPULATIONS " AS bits, coalesce(why, 0) AS reason, count(*) "
        "FROM account" MDL_WITH_MEMBER "LEFT JOIN temp.absent ON of_absent = id "
        "GROUP BY bits, reason";
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_query(&r->conn, &q, sql, err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        uint64_t bits = mdl_take_u64(&q);
        int64_t why = mdl_take_int(&q);
        uint64_t n = mdl_take_u64(&q);
        row(ctx, bits,
            why == 1   ? MDL_LEFT_PRIVATE
            : why == 2 ? MDL_LEFT_SUPPRESSED
                       : MDL_TAKES_PART,
            n);
    }
    return rc;
}

enum mdl_status mdl_gen_suppressed_by(struct mdl_gen_reader *r, mdl_gen_suppressed_fn *row,
                                      void *ctx, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc =
        mdl_query(&r->conn, &q, "SELECT entry, count(*) FROM temp.objection GROUP BY entry", err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        int64_t entry = mdl_take_int(&q);
        row(ctx, entry, mdl_take_u64(&q));
    }
    return rc;
}
