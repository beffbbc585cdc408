/* store_internal.h: what the files of this room share. Not for other rooms.
 *
 * A conn is one SQLite connection with its prepared statements. A query is one run of a statement:
 * put the parameters in order, then run it, or step through its rows and take the columns in order.
 * Faults on the way (a text too long, a value of impossible size, no memory) are kept in the query
 * and come out of the next mdl_run, mdl_next or mdl_query_end.
 *
 * What is put must stay as it is until the query has ended: nothing is copied.
 * Statements are cached by the address of their text: pass string literals or static arrays only.
 */
#ifndef MANDORLA_STORE_INTERNAL_H
#define MANDORLA_STORE_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>
#include <store.h>
#include <store_generation.h>

#define MDL_APP_MAIN       0x4D444C41 /* "MDLA", SQLite's application_id */
#define MDL_APP_GENERATION 0x4D444C47 /* "MDLG" */
#define MDL_APP_SNAPSHOT   0x4D444C53 /* "MDLS" */
#define MDL_APP_MARKS      0x4D444C52 /* "MDLR" */
#define MDL_CONN_CACHE     96         /* prepared statements kept; a power of two is not needed */
#define MDL_PATH           4096

struct mdl_conn {
    sqlite3 *db;
    const char *what;      /* for error texts: "the database", "the import's file" */
    struct mdl_error lost; /* why the open transaction is lost; status MDL_OK if it is not */
    struct {
        const char *sql;
        sqlite3_stmt *stmt;
    } cache[MDL_CONN_CACHE];
};

struct mdl_store {
    struct mdl_conn conn;
    char *dir;
    int lock_fd;
    pthread_t owner;
    bool in_tx;
    int marks;
    bool set_temp_dir; /* SQLite's directory for sort files is ours to reset */
};

struct mdl_query {
    struct mdl_conn *conn;
    sqlite3_stmt *stmt;
    bool cached;
    int bind; /* parameters put so far */
    int col;  /* columns taken of this row */
    struct mdl_error fault;
};

/* --- sql_conn.c */
enum mdl_open_mode { MDL_OPEN_READ_ONLY, MDL_OPEN_READ_WRITE, MDL_OPEN_NEW };
/* Opens `path` (0600 if new) into *c with the settings all files share. *c is zeroed first. */
MDL_MUST_CHECK enum mdl_status mdl_conn_open(struct mdl_conn *c, const char *path,
                                             enum mdl_open_mode mode, const char *what,
                                             struct mdl_error *err);
void mdl_conn_close(struct mdl_conn *c);
/* Maps an SQLite result code other than OK, ROW and DONE to a status with text. */
enum mdl_status mdl_conn_fail(const struct mdl_conn *c, int rc, struct mdl_error *err);
/* Runs statements without parameters. A LOCAL failure loses the transaction. */
MDL_MUST_CHECK enum mdl_status mdl_exec(struct mdl_conn *c, const char *sql, struct mdl_error *err);
/* The integer a PRAGMA or SELECT gives. */
MDL_MUST_CHECK enum mdl_status mdl_exec_int(struct mdl_conn *c, const char *sql, int64_t *out,
                                            struct mdl_error *err);
/* Refuses a file that is not of this application id and schema number: MDL_L_SCHEMA. */
MDL_MUST_CHECK enum mdl_status mdl_conn_expect(struct mdl_conn *c, int64_t app, int64_t schema,
                                               const char *remedy, struct mdl_error *err);

/* --- sql_query.c */
MDL_MUST_CHECK enum mdl_status mdl_query(struct mdl_conn *c, struct mdl_query *q, const char *sql,
                                         struct mdl_error *err);
void mdl_put_int(struct mdl_query *q, int64_t v);
void mdl_put_u64(struct mdl_query *q, uint64_t v); /* the same bits, as SQLite's signed integer */
/* NULL becomes "". More than `max` bytes: MDL_U_ARGUMENT. */
void mdl_put_text(struct mdl_query *q, const char *s, size_t max);
void mdl_put_json(struct mdl_query *q, const char *s); /* NULL becomes SQL NULL */
void mdl_put_bytes(struct mdl_query *q, const void *p, size_t n);
void mdl_put_blob(struct mdl_query *q, const struct mdl_blob *b); /* no data becomes SQL NULL */
void mdl_put_if(struct mdl_query *q, bool present, const void *p, size_t n);
void mdl_put_fields(struct mdl_query *q, const struct mdl_account_fields *f, const char *deals);
/* Runs to the end and resets. Constraints: UNIQUE -> MDL_U_EXISTS, foreign key -> MDL_U_NOT_FOUND,
 * CHECK and NOT NULL -> MDL_U_ARGUMENT, a trigger's RAISE -> MDL_U_STATE. */
MDL_MUST_CHECK enum mdl_status mdl_run(struct mdl_query *q, struct mdl_error *err);
/* *row tells whether there is a row; if not, the query has ended. */
MDL_MUST_CHECK enum mdl_status mdl_next(struct mdl_query *q, bool *row, struct mdl_error *err);
/* Ends a query early; returns what is kept in it. Ending twice is harmless. */
enum mdl_status mdl_query_end(struct mdl_query *q, struct mdl_error *err);
int64_t mdl_take_int(struct mdl_query *q);
uint64_t mdl_take_u64(struct mdl_query *q);
uint32_t mdl_take_u32(struct mdl_query *q);
void mdl_take_text(struct mdl_query *q, char *buf, size_t cap);
char *mdl_take_json(struct mdl_query *q);                      /* malloc'ed, or NULL */
bool mdl_take_fixed(struct mdl_query *q, void *buf, size_t n); /* false: SQL NULL */
size_t mdl_take_upto(struct mdl_query *q, void *buf, size_t cap);
void mdl_take_blob(struct mdl_query *q, struct mdl_blob *b);             /* malloc'ed, or NULL */
const char *mdl_take_borrowed(struct mdl_query *q);                      /* until the next step */
const uint8_t *mdl_take_bytes(struct mdl_query *q, size_t *n);           /* until the next step */
void mdl_take_fields(struct mdl_query *q, struct mdl_account_fields *f); /* until the next step */
#define MDL_ACCOUNT_FIELDS                                                                         \
    "record_id, name, website, country, owner, owner_email, industry, currency, stage, type, "     \
    "extra, deals, employees, revenue"
#define MDL_ACCOUNT_MARKS "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"

/* --- tx.c */
/* A query on the main database: checks the thread, and for a write the transaction. */
MDL_MUST_CHECK enum mdl_status mdl_read(struct mdl_store *st, struct mdl_query *q, const char *sql,
                                        struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_write(struct mdl_store *st, struct mdl_query *q, const char *sql,
                                         struct mdl_error *err);
/* MDL_U_NOT_FOUND with this text if the last write changed no row. */
MDL_MUST_CHECK enum mdl_status mdl_changed(struct mdl_store *st, const char *what,
                                           struct mdl_error *err);

/* --- schema.c */
struct mdl_migration {
    int number;
    const char *name;
    const char *sql;
    const char *hash; /* SHA-256 in hex, as committed in migrations/list.txt */
};
extern const struct mdl_migration mdl_migration_list[];
extern const size_t mdl_migration_count;
extern const char mdl_schema_generation[], mdl_schema_snapshot[], mdl_schema_marks[];
/* Checks what is there (MDL_L_SCHEMA) without writing, then migrates. */
MDL_MUST_CHECK enum mdl_status mdl_schema_check(struct mdl_conn *c, int *at, struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_schema_migrate(struct mdl_conn *c, int at,
                                                  struct mdl_error *err);

/* --- dir.c */
MDL_MUST_CHECK enum mdl_status mdl_dir_make(const char *path, struct mdl_error *err);
/* Takes the lock file; the lock goes with the descriptor. */
MDL_MUST_CHECK enum mdl_status mdl_dir_lock(const char *dir, int *fd, struct mdl_error *err);
/* Formats a path; MDL_U_TOO_LARGE if it does not fit. */
MDL_MUST_CHECK enum mdl_status mdl_path(char out[MDL_PATH], struct mdl_error *err, const char *fmt,
                                        ...) MDL_PRINTF(3, 4);
/* Brings a built file to disk, then gives it its name, then the directory. */
MDL_MUST_CHECK enum mdl_status mdl_file_publish(const char *dir, const char *part,
                                                const char *final, struct mdl_error *err);
/* Deletes a side file and SQLite's journal beside it. */
void mdl_file_delete(const char *path);
/* A LOCAL status with text for errno. */
enum mdl_status mdl_fail_errno(struct mdl_error *err, int e, const char *doing, const char *path);

/* --- sweep.c */
MDL_MUST_CHECK enum mdl_status mdl_sweep(struct mdl_store *st, struct mdl_error *err);

/* --- marks.c: all marks of a generation that goes */
void mdl_marks_delete_all(const char *dir, const char *source, const char *generation);

/* --- generation_read.c: the connection of a reader, for the snapshot that is built from it */
struct mdl_conn *mdl_gen_conn(struct mdl_gen_reader *r);

/* --- source.c */
bool mdl_slug_ok(const char *name);
/* --- round.c: the round's short number. MDL_U_NOT_FOUND. */
MDL_MUST_CHECK enum mdl_status mdl_round_number(struct mdl_store *st,
                                                const uint8_t id[MDL_STORE_ROUND], int64_t *number,
                                                struct mdl_error *err);
void mdl_round_hex(const uint8_t id[MDL_STORE_ROUND], char out[2 * MDL_STORE_ROUND + 1]);

#endif
