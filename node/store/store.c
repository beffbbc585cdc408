/* store.c: opening and closing the main database, settings by name, the full check.
 * No table but meta. */
#include "store_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char main_settings[] =
    "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON;"
    "PRAGMA recursive_triggers = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2048;"
    "PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 1000";

/* SQLite sorts large results in files; elsewhere they would leave the directory (and the disk) the
 * operator chose for the customer list. SQLite offers only a process-wide setting. */
static enum mdl_status use_temp_dir(struct mdl_store *st, struct mdl_error *err)
{
    char path[MDL_PATH];
    enum mdl_status rc = mdl_path(path, err, "%s/tmp", st->dir);

    if (rc == MDL_OK) {
        rc = mdl_dir_make(path, err);
    }
    if (rc == MDL_OK && sqlite3_temp_directory == NULL) {
        sqlite3_temp_directory = sqlite3_mprintf("%s", path);
        st->set_temp_dir = sqlite3_temp_directory != NULL;
    }
    return rc;
}

static enum mdl_status make_dirs(struct mdl_store *st, struct mdl_error *err)
{
    static const char *const sub[] = {"sources", "rounds"};
    char path[MDL_PATH];
    enum mdl_status rc = MDL_OK;

    for (size_t i = 0; i < sizeof sub / sizeof sub[0] && rc == MDL_OK; i++) {
        rc = mdl_path(path, err, "%s/%s", st->dir, sub[i]);
        if (rc == MDL_OK) {
            rc = mdl_dir_make(path, err);
        }
    }
    return rc == MDL_OK ? use_temp_dir(st, err) : rc;
}

/* WAL with the connection's own exclusive lock: no -shm file, and no second connection anywhere. */
static enum mdl_status enter_wal(struct mdl_conn *c, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    char mode[16] = "";
    enum mdl_status rc = mdl_query(c, &q, "PRAGMA journal_mode = WAL", err);

    if (rc == MDL_OK) {
        rc = mdl_next(&q, &row, err);
    }
    if (rc == MDL_OK && row) {
        mdl_take_text(&q, mode, sizeof mode);
        rc = mdl_query_end(&q, err);
    }
    if (rc == MDL_OK && strcmp(mode, "wal") != 0) {
        rc = mdl_fail(err, MDL_L_DATABASE, "the file system does not allow a WAL database");
    }
    return rc;
}

static enum mdl_status open_main(struct mdl_store *st, enum mdl_store_mode mode,
                                 struct mdl_error *err)
{
    char path[MDL_PATH];
    int at = 0;
    int off = 0;
    enum mdl_status rc = mdl_path(path, err, "%s/mandorla.db", st->dir);

    if (rc == MDL_OK) {
        enum mdl_open_mode how = mode == MDL_STORE_CREATE ? MDL_OPEN_NEW : MDL_OPEN_READ_WRITE;
        rc = mdl_conn_open(&st->conn, path, how, "the database mandorla.db", err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    /* Until the schema is known to be ours, closing must not even checkpoint. */
    (void)sqlite3_db_config(st->conn.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &off);
    rc = mdl_exec(&st->conn, "PRAGMA locking_mode = EXCLUSIVE", err);
    if (rc == MDL_OK) {
        rc = mdl_schema_check(&st->conn, &at, err);
    }
    if (rc == MDL_OK) {
        (void)sqlite3_db_config(st->conn.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, &off);
        rc = enter_wal(&st->conn, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_exec(&st->conn, "PRAGMA synchronous = FULL", err);
    }
    if (rc == MDL_OK) {
        rc = mdl_schema_migrate(&st->conn, at, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_exec(&st->conn, main_settings, err);
    }
    return rc;
}

static enum mdl_status open_dir(struct mdl_store *st, enum mdl_store_mode mode,
                                struct mdl_error *err)
{
    char path[MDL_PATH];
    enum mdl_status rc = mdl_path(path, err, "%s/mandorla.db", st->dir);

    if (rc != MDL_OK) {
        return rc;
    }
    if (mode == MDL_STORE_CREATE) {
        rc = mdl_dir_make(st->dir, err);
    } else if (access(path, F_OK) != 0) {
        rc = mdl_fail(err, MDL_U_NOT_FOUND, "%s holds no node: make one with `mandorla init`",
                      st->dir);
    }
    if (rc == MDL_OK) {
        rc = mdl_dir_lock(st->dir, &st->lock_fd, err);
    }
    if (rc == MDL_OK) {
        rc = make_dirs(st, err);
    }
    if (rc == MDL_OK) {
        rc = open_main(st, mode, err);
    }
    return rc == MDL_OK ? mdl_sweep(st, err) : rc;
}

enum mdl_status mdl_store_open(const char *dir, enum mdl_store_mode mode, struct mdl_store **out,
                               struct mdl_error *err)
{
    struct mdl_store *st = calloc(1, sizeof *st);

    *out = NULL;
    if (st == NULL || (st->dir = strdup(dir)) == NULL) {
        free(st);
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory to open the database");
    }
    st->lock_fd = -1;
    st->owner = pthread_self();
    enum mdl_status rc = open_dir(st, mode, err);
    if (rc != MDL_OK) {
        mdl_store_close(st);
        return rc;
    }
    *out = st;
    return MDL_OK;
}

void mdl_store_close(struct mdl_store *st)
{
    if (st == NULL) {
        return;
    }
    mdl_store_rollback(st);
    mdl_conn_close(&st->conn);
    if (st->set_temp_dir) {
        sqlite3_free(sqlite3_temp_directory);
        sqlite3_temp_directory = NULL;
    }
    /* Last: while the lock is held nobody else may open the database. */
    if (st->lock_fd >= 0) {
        (void)close(st->lock_fd);
    }
    free(st->dir);
    free(st);
}

const char *mdl_store_dir(const struct mdl_store *st)
{
    return st->dir;
}

void mdl_store_adopt(struct mdl_store *st)
{
    st->owner = pthread_self();
}

uint32_t mdl_store_month(uint64_t ms)
{
    time_t t = (time_t)(ms / 1000);
    struct tm tm;

    if (gmtime_r(&t, &tm) == NULL) {
        return 0;
    }
    return (uint32_t)((tm.tm_year + 1900) * 100 + tm.tm_mon + 1);
}

enum mdl_status mdl_meta_put(struct mdl_store *st, const char *name, const char *value,
                             struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_write(st, &q, "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, name, MDL_STORE_NAME);
    mdl_put_text(&q, value, SIZE_MAX);
    return mdl_run(&q, err);
}

enum mdl_status mdl_meta_get(struct mdl_store *st, const char *name, char *value, size_t cap,
                             struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(st, &q, "SELECT value FROM meta WHERE name = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, name, MDL_STORE_NAME);
    rc = mdl_next(&q, &row, err);
    if (rc != MDL_OK) {
        return rc;
    }
    if (!row) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "the setting %s is not set", name);
    }
    const char *found = mdl_take_borrowed(&q);
    size_t n = strlen(found);
    if (n < cap) {
        memcpy(value, found, n + 1);
    } else {
        rc = mdl_fail(err, MDL_U_TOO_LARGE, "the setting %s has %zu bytes", name, n);
    }
    (void)mdl_query_end(&q, NULL);
    return rc;
}

static enum mdl_status first_fault(struct mdl_store *st, const char *sql, const char *good,
                                   struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(st, &q, sql, err);

    if (rc == MDL_OK) {
        rc = mdl_next(&q, &row, err);
    }
    if (rc == MDL_OK && row) {
        const char *found = mdl_take_borrowed(&q);
        if (strcmp(found, good) != 0) {
            rc = mdl_fail(err, MDL_L_DATABASE,
                          "the database is damaged (%s); stop and restore it from a backup", found);
        }
        (void)mdl_query_end(&q, NULL);
    }
    return rc;
}

enum mdl_status mdl_store_check(struct mdl_store *st, struct mdl_error *err)
{
    enum mdl_status rc = first_fault(st, "PRAGMA integrity_check(1)", "ok", err);

    if (rc == MDL_OK) {
        rc = first_fault(st, "PRAGMA foreign_key_check", "", err);
    }
    if (rc == MDL_OK) {
        rc = first_fault(st,
                         "SELECT CASE WHEN count(*) = coalesce(max(seq), 0) THEN 'ok' ELSE "
                         "'the audit log has gaps' END FROM audit",
                         "ok", err);
    }
    return rc;
}
