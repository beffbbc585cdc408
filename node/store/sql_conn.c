/* sql_conn.c: SQLite connections: their settings, and their failures as statuses.
 * Knows no table. */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* SQLite says FULL for ENOSPC only; a quota or a limit on file sizes is the same to an operator.
 * What the system said is remembered with the file (errno itself is long overwritten). */
static bool file_is_full(sqlite3_file *f)
{
    int e = 0;

    if (f == NULL || f->pMethods == NULL) {
        return false;
    }
    (void)f->pMethods->xFileControl(f, SQLITE_FCNTL_LAST_ERRNO, &e);
    return e == ENOSPC || e == EDQUOT || e == EFBIG;
}

static bool disk_is_full(sqlite3 *db)
{
    sqlite3_file *main_file = NULL;
    sqlite3_file *journal = NULL; /* or the write-ahead log */

    if (db == NULL) {
        return false;
    }
    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &main_file);
    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal);
    return file_is_full(main_file) || file_is_full(journal);
}

static enum mdl_status no_space(const struct mdl_conn *c, struct mdl_error *err)
{
    return mdl_fail(err, MDL_L_DISK_FULL,
                    "no space left for %s; nothing that was committed is lost: free some space and "
                    "try again",
                    c->what);
}

enum mdl_status mdl_conn_fail(const struct mdl_conn *c, int rc, struct mdl_error *err)
{
    const char *text = c->db != NULL ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc);

    switch (rc & 0xff) {
    case SQLITE_FULL:
        return no_space(c, err);
    case SQLITE_NOMEM:
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for %s", c->what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return mdl_fail(err, MDL_L_IN_USE, "another program holds %s open: close it", c->what);
    case SQLITE_IOERR:
        if (disk_is_full(c->db)) {
            return no_space(c, err);
        }
        return mdl_fail(err, MDL_L_IO, "reading or writing %s failed: %s (SQLite %d)", c->what,
                        text, rc);
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return mdl_fail(err, MDL_L_IO,
                        "%s cannot be opened for this use: %s; look at its owner and permissions",
                        c->what, text);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return mdl_fail(err, MDL_L_DATABASE,
                        "%s is damaged or is no database (%s); stop and restore it from a backup",
                        c->what, text);
    case SQLITE_INTERRUPT:
        return mdl_fail(err, MDL_U_CANCELLED, "stopped on request");
    case SQLITE_TOOBIG:
        return mdl_fail(err, MDL_U_TOO_LARGE, "a value is too large for %s", c->what);
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
        return mdl_fail(err, MDL_BUG, "SQLite was misused on %s: %s", c->what, text);
    }
    return mdl_fail(err, MDL_L_DATABASE, "%s failed: %s (SQLite %d)", c->what, text, rc);
}

/* SQLite would create the file with the umask's permissions; these hold a customer list. */
static enum mdl_status create_private(const char *path, struct mdl_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        return mdl_fail_errno(err, errno, "creating", path);
    }
    (void)close(fd);
    return MDL_OK;
}

static enum mdl_status common_settings(struct mdl_conn *c, struct mdl_error *err)
{
    int on = 0;

    (void)sqlite3_extended_result_codes(c->db, 1);
    (void)sqlite3_busy_timeout(c->db, 2000);
    (void)sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, &on);
    (void)sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &on);
    (void)sqlite3_db_config(c->db, SQLITE_DBCONFIG_DQS_DML, 0, &on);
    (void)sqlite3_db_config(c->db, SQLITE_DBCONFIG_DQS_DDL, 0, &on);
    (void)sqlite3_db_config(c->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, &on);
    return mdl_exec(c, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", err);
}

enum mdl_status mdl_conn_open(struct mdl_conn *c, const char *path, enum mdl_open_mode mode,
                              const char *what, struct mdl_error *err)
{
    int flags = mode == MDL_OPEN_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    enum mdl_status rc = MDL_OK;

    memset(c, 0, sizeof *c);
    c->what = what;
    if (mode == MDL_OPEN_NEW) {
        rc = create_private(path, err);
    } else if (access(path, F_OK) != 0) {
        rc = mdl_fail(err, MDL_U_NOT_FOUND, "there is no %s", path);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    /* One thread at a time uses a connection: see each header. */
    int sql =
        sqlite3_open_v2(path, &c->db, flags | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, NULL);
    rc = sql == SQLITE_OK ? common_settings(c, err) : mdl_conn_fail(c, sql, err);
    if (rc != MDL_OK) {
        mdl_conn_close(c);
    }
    return rc;
}

void mdl_conn_close(struct mdl_conn *c)
{
    for (size_t i = 0; i < MDL_CONN_CACHE; i++) {
        (void)sqlite3_finalize(c->cache[i].stmt);
        c->cache[i].stmt = NULL;
        c->cache[i].sql = NULL;
    }
    (void)sqlite3_close(c->db);
    c->db = NULL;
}

enum mdl_status mdl_exec(struct mdl_conn *c, const char *sql, struct mdl_error *err)
{
    int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);

    if (rc == SQLITE_OK) {
        return MDL_OK;
    }
    struct mdl_error e;
    (void)mdl_conn_fail(c, rc, &e);
    c->lost = e;
    return mdl_fail(err, e.status, "%s", e.text);
}

enum mdl_status mdl_exec_int(struct mdl_conn *c, const char *sql, int64_t *out,
                             struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_query(c, &q, sql, err);

    if (rc == MDL_OK) {
        rc = mdl_next(&q, &row, err);
    }
    *out = 0;
    if (rc == MDL_OK && row) {
        *out = mdl_take_int(&q);
        rc = mdl_query_end(&q, err);
    }
    return rc;
}

enum mdl_status mdl_conn_expect(struct mdl_conn *c, int64_t app, int64_t schema, const char *remedy,
                                struct mdl_error *err)
{
    int64_t found_app = 0;
    int64_t found_schema = 0;
    enum mdl_status rc = mdl_exec_int(c, "PRAGMA application_id", &found_app, err);

    if (rc == MDL_OK) {
        rc = mdl_exec_int(c, "PRAGMA user_version", &found_schema, err);
    }
    if (rc == MDL_OK && (found_app != app || found_schema != schema)) {
        rc = mdl_fail(err, MDL_L_SCHEMA, "%s has format %lld, this program reads format %lld: %s",
                      c->what, (long long)found_schema, (long long)schema, remedy);
    }
    return rc;
}
