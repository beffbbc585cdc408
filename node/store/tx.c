/* tx.c: transactions and marks on the main database; the checks before each query.
 * Knows no table. */
#include "store_internal.h"

static enum mdl_status right_thread(const struct mdl_store *st, struct mdl_error *err)
{
    if (!pthread_equal(st->owner, pthread_self())) {
        return mdl_fail(err, MDL_BUG, "the main database was used from a foreign thread");
    }
    return MDL_OK;
}

static enum mdl_status lost(const struct mdl_store *st, struct mdl_error *err)
{
    return mdl_fail(err, st->conn.lost.status, "%s", st->conn.lost.text);
}

/* Before a write: right thread, open transaction, not lost. */
static enum mdl_status writable(const struct mdl_store *st, struct mdl_error *err)
{
    enum mdl_status rc = right_thread(st, err);

    if (rc == MDL_OK && !st->in_tx) {
        rc = mdl_fail(err, MDL_BUG, "a write to the database outside a transaction");
    }
    if (rc == MDL_OK && st->conn.lost.status != MDL_OK) {
        rc = lost(st, err);
    }
    return rc;
}

enum mdl_status mdl_read(struct mdl_store *st, struct mdl_query *q, const char *sql,
                         struct mdl_error *err)
{
    enum mdl_status rc = right_thread(st, err);
    return rc == MDL_OK ? mdl_query(&st->conn, q, sql, err) : rc;
}

enum mdl_status mdl_write(struct mdl_store *st, struct mdl_query *q, const char *sql,
                          struct mdl_error *err)
{
    enum mdl_status rc = writable(st, err);
    return rc == MDL_OK ? mdl_query(&st->conn, q, sql, err) : rc;
}

enum mdl_status mdl_changed(struct mdl_store *st, const char *what, struct mdl_error *err)
{
    if (sqlite3_changes(st->conn.db) == 0) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "there is no such %s", what);
    }
    return MDL_OK;
}

enum mdl_status mdl_store_begin(struct mdl_store *st, struct mdl_error *err)
{
    enum mdl_status rc = right_thread(st, err);

    if (rc == MDL_OK && st->in_tx) {
        rc = mdl_fail(err, MDL_BUG, "a transaction begun inside another");
    }
    if (rc == MDL_OK) {
        rc = mdl_exec(&st->conn, "BEGIN IMMEDIATE", err);
        st->conn.lost.status = MDL_OK;
        st->in_tx = rc == MDL_OK;
        st->marks = 0;
    }
    return rc;
}

enum mdl_status mdl_store_commit(struct mdl_store *st, struct mdl_error *err)
{
    enum mdl_status rc = right_thread(st, err);

    if (rc == MDL_OK && !st->in_tx) {
        return mdl_fail(err, MDL_BUG, "a commit outside a transaction");
    }
    if (rc != MDL_OK) {
        return rc;
    }
    /* SQLite ends a transaction by itself upon some failures: a COMMIT that found none open must
     * not be taken for one that wrote. */
    if (st->conn.lost.status == MDL_OK && sqlite3_get_autocommit(st->conn.db) != 0) {
        (void)mdl_fail(&st->conn.lost, MDL_L_DATABASE, "the transaction was rolled back");
    }
    rc = st->conn.lost.status != MDL_OK ? lost(st, err) : mdl_exec(&st->conn, "COMMIT", err);
    if (rc != MDL_OK) {
        mdl_store_rollback(st);
    }
    st->in_tx = false;
    return rc;
}

void mdl_store_rollback(struct mdl_store *st)
{
    if (st->in_tx && sqlite3_get_autocommit(st->conn.db) == 0) {
        /* A failing ROLLBACK leaves nothing to do: SQLite then rolls back when it next opens. */
        (void)sqlite3_exec(st->conn.db, "ROLLBACK", NULL, NULL, NULL);
    }
    st->in_tx = false;
    st->marks = 0;
    st->conn.lost.status = MDL_OK;
}

bool mdl_store_in_transaction(const struct mdl_store *st)
{
    return st->in_tx;
}

enum mdl_status mdl_store_mark(struct mdl_store *st, struct mdl_error *err)
{
    enum mdl_status rc = writable(st, err);

    if (rc == MDL_OK) {
        rc = mdl_exec(&st->conn, "SAVEPOINT mark", err);
    }
    if (rc == MDL_OK) {
        st->marks++;
    }
    return rc;
}

static enum mdl_status end_mark(struct mdl_store *st, const char *sql, struct mdl_error *err)
{
    enum mdl_status rc = writable(st, err);

    if (rc == MDL_OK && st->marks == 0) {
        rc = mdl_fail(err, MDL_BUG, "a mark ended that was not set");
    }
    if (rc == MDL_OK) {
        rc = mdl_exec(&st->conn, sql, err);
    }
    if (rc == MDL_OK) {
        st->marks--;
    }
    return rc;
}

enum mdl_status mdl_store_keep(struct mdl_store *st, struct mdl_error *err)
{
    return end_mark(st, "RELEASE mark", err);
}

enum mdl_status mdl_store_undo(struct mdl_store *st, struct mdl_error *err)
{
    return end_mark(st, "ROLLBACK TO mark; RELEASE mark", err);
}
