/* store.h: the node's database: open, lock, transactions, small settings.
 *
 * Files under the data directory:
 *   lock                     flock'd by the one process that uses the directory; holds its pid
 *   mandorla.db (+ -wal)     the main database: this header and store_partner.h, store_agreement.h,
 *                            store_round.h, store_result.h, store_audit.h, store_source.h,
 *                            store_outbox.h
 *   sources/NAME-GEN.db      one import of one source, immutable (store_generation.h)
 *   rounds/ROUND-GROUP.db    what a round ran over and what it found (store_snapshot.h)
 *   tmp/                     SQLite's sort files, so that no key lands on another file system
 *
 * One process, one connection: SQLite before 3.51.3 can corrupt a WAL database that has two
 * connections. The connection therefore also holds SQLite's own exclusive lock.
 *
 * Threading: a store belongs to the thread that opened it; mdl_store_adopt moves it. Any call on
 * the main database from another thread fails with MDL_BUG. Generations and snapshots have
 * connections of their own and say in their headers which thread may use them.
 *
 * Durability: what mdl_store_commit returned MDL_OK for survives kill -9 and power loss
 * (synchronous=FULL). Everything else is as if it had never been written.
 *
 * Errors every function below may return besides its own:
 *   MDL_L_DISK_FULL  no space; the transaction is lost, earlier data is intact: free space, try
 * again MDL_L_IO         the file system refused; likewise MDL_L_DATABASE   the file is damaged, or
 * SQLite failed otherwise: stop, restore MDL_L_MEMORY     likewise as disk full, with memory
 *   MDL_BUG          a write outside a transaction, a foreign thread, a value of impossible size
 */
#ifndef MANDORLA_STORE_H
#define MANDORLA_STORE_H

#include <mandorla/status.h>
#include <stdbool.h>

#define MDL_STORE_NAME        64  /* bytes of a partner's, source's or population's name */
#define MDL_STORE_TEXT        200 /* bytes of a reason */
#define MDL_STORE_ENDPOINT    255
#define MDL_STORE_ROUND       16 /* bytes of a round id */
#define MDL_STORE_HASH        64 /* bytes of an agreement hash */
#define MDL_STORE_SIG         64
#define MDL_STORE_KEY         32 /* bytes of an identity or CURVE public key */
#define MDL_STORE_GROUPS      32
#define MDL_STORE_POPULATIONS 32 /* populations a side has in one cell group */

/* Bytes that a row points to. Given to a function: borrowed for the call. Found in a row that a
 * function filled: owned by the row, released by the row's _clear. `data` is NULL if there are
 * none. */
struct mdl_blob {
    uint8_t *data;
    size_t len;
};

struct mdl_store;

enum mdl_store_mode {
    MDL_STORE_EXISTING, /* MDL_U_NOT_FOUND if the directory has no database */
    MDL_STORE_CREATE /* makes directory (0700) and database if missing; an existing one is opened */
};

/* Takes the lock, opens the database, brings its schema up to date, and deletes what an
 * interrupted import or round left behind. Free with mdl_store_close (NULL is a no-op), which rolls
 * back an open transaction.
 * Errors: MDL_L_IN_USE (another process; the text names its pid), MDL_L_SCHEMA (a newer program
 * made this database, or the schema was altered, or it belongs to another program: the text says
 * what to do; the file is left as it was), MDL_U_NOT_FOUND, and the common ones. */
MDL_MUST_CHECK enum mdl_status mdl_store_open(const char *dir, enum mdl_store_mode mode,
                                              struct mdl_store **out, struct mdl_error *err);
void mdl_store_close(struct mdl_store *st);

/* The data directory as given to open. Any thread. */
const char *mdl_store_dir(const struct mdl_store *st);
/* The calling thread becomes the owner. Call it on the new thread while no other uses the store. */
void mdl_store_adopt(struct mdl_store *st);

/* Transactions. The loop opens one a turn, writes, commits, then releases what it wants to send.
 * MDL_BUG: begin inside one, commit or rollback outside.
 * If a write fails with a LOCAL status the whole transaction is lost: later writes return the same
 * status, and mdl_store_commit rolls back and returns it. A write that fails with a USAGE status
 * changed nothing and leaves the transaction usable. After a failed commit no transaction is open
 * and nothing of it is in the database. */
MDL_MUST_CHECK enum mdl_status mdl_store_begin(struct mdl_store *st, struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_store_commit(struct mdl_store *st, struct mdl_error *err);
void mdl_store_rollback(struct mdl_store *st);
bool mdl_store_in_transaction(const struct mdl_store *st);

/* A mark inside the transaction, so that one operation among many can be undone: mark, write, then
 * keep or undo. Marks nest (keep and undo end the innermost). */
MDL_MUST_CHECK enum mdl_status mdl_store_mark(struct mdl_store *st, struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_store_keep(struct mdl_store *st, struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_store_undo(struct mdl_store *st, struct mdl_error *err);

/* Settings by name ("node-name"). get copies a NUL-terminated value; MDL_U_NOT_FOUND if unset,
 * MDL_U_TOO_LARGE if it does not fit into `cap`. */
MDL_MUST_CHECK enum mdl_status mdl_meta_put(struct mdl_store *st, const char *name,
                                            const char *value, struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_meta_get(struct mdl_store *st, const char *name, char *value,
                                            size_t cap, struct mdl_error *err);

/* PRAGMA integrity_check, foreign keys, and the audit table's numbering. Reads everything: for the
 * offline verb, not for the loop. MDL_L_DATABASE names the first fault. */
MDL_MUST_CHECK enum mdl_status mdl_store_check(struct mdl_store *st, struct mdl_error *err);

/* The number of the newest migration this program carries, and the one the database stands at. */
int mdl_store_schema_known(void);
MDL_MUST_CHECK enum mdl_status mdl_store_schema(struct mdl_store *st, int *number,
                                                struct mdl_error *err);

/* yyyymm in UTC of milliseconds since 1970: the month a budget counts in. Pure. */
uint32_t mdl_store_month(uint64_t ms);

/* A list function calls `row` for each row; false stops the list (which then returns MDL_OK). What
 * a row points to is valid during the call. The callback must not write to the store. */

#endif
