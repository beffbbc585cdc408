/* schema.c: the list of migrations against what stands in a database.
 * Never writes to a database that is newer, altered, or another program's. */
#include "store_internal.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HEX_HASH (2 * crypto_hash_sha256_BYTES + 1)

static const char remedy_altered[] = "Nothing was changed. Restore the data directory from a "
                                     "backup, or run the program that made it";

/* What the schema is, as one hash. SQLite's own tables and statistics are not part of it. */
static enum mdl_status schema_digest(struct mdl_conn *c, char hex[HEX_HASH], struct mdl_error *err)
{
    crypto_hash_sha256_state h;
    uint8_t digest[crypto_hash_sha256_BYTES];
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_query(c, &q,
                                   "SELECT type, name, tbl_name, coalesce(sql, '') FROM "
                                   "sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
                                   "ORDER BY type, name",
                                   err);

    (void)crypto_hash_sha256_init(&h);
    while (rc == MDL_OK) {
        rc = mdl_next(&q, &row, err);
        if (rc != MDL_OK || !row) {
            break;
        }
        for (int i = 0; i < 4; i++) {
            const char *s = mdl_take_borrowed(&q);
            (void)crypto_hash_sha256_update(&h, (const uint8_t *)s, strlen(s) + 1);
        }
    }
    (void)crypto_hash_sha256_final(&h, digest);
    (void)sodium_bin2hex(hex, HEX_HASH, digest, sizeof digest);
    return rc;
}

static enum mdl_status apply(struct mdl_conn *c, const struct mdl_migration *m,
                             struct mdl_error *err)
{
    static const char record[] =
        "INSERT INTO migration (number, name, hash, applied_at) VALUES (?, ?, ?, ?)";
    uint8_t hash[crypto_hash_sha256_BYTES];
    struct mdl_query q;
    char pragma[96];

    if (sodium_hex2bin(hash, sizeof hash, m->hash, strlen(m->hash), NULL, NULL, NULL) != 0) {
        return mdl_fail(err, MDL_BUG, "the hash of migration %d is not one", m->number);
    }
    (void)snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                   MDL_APP_MAIN, m->number);
    enum mdl_status rc = mdl_exec(c, m->sql, err);
    if (rc == MDL_OK) {
        rc = mdl_exec(c, pragma, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_query(c, &q, record, err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, m->number);
    mdl_put_text(&q, m->name, SIZE_MAX);
    mdl_put_bytes(&q, hash, sizeof hash);
    mdl_put_int(&q, (int64_t)time(NULL));
    return mdl_run(&q, err);
}

/* Compares the schema with the one that the first `at` migrations make. */
static enum mdl_status compare_schema(struct mdl_conn *c, int at, struct mdl_error *err)
{
    struct mdl_conn fresh = {.what = "a scratch database"};
    char found[HEX_HASH] = "";
    char expected[HEX_HASH] = "";
    enum mdl_status rc = schema_digest(c, found, err);

    if (rc != MDL_OK) {
        return rc;
    }
    int sql =
        sqlite3_open_v2(":memory:", &fresh.db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY, NULL);
    if (sql != SQLITE_OK) {
        rc = mdl_conn_fail(&fresh, sql, err);
    }
    for (size_t i = 0; i < mdl_migration_count && rc == MDL_OK; i++) {
        if (mdl_migration_list[i].number <= at) {
            rc = apply(&fresh, &mdl_migration_list[i], err);
        }
    }
    if (rc == MDL_OK) {
        rc = schema_digest(&fresh, expected, err);
    }
    mdl_conn_close(&fresh);
    if (rc == MDL_OK && strcmp(found, expected) != 0) {
        rc = mdl_fail(err, MDL_L_SCHEMA,
                      "the tables of %s were altered by hand or by another program (schema %d). %s",
                      c->what, at, remedy_altered);
    }
    return rc;
}

static enum mdl_status check_one(struct mdl_conn *c, struct mdl_query *q, int expected,
                                 struct mdl_error *err)
{
    int64_t number = mdl_take_int(q);
    char hex[HEX_HASH] = "";
    uint8_t hash[crypto_hash_sha256_BYTES];

    if (number != expected) {
        return mdl_fail(err, MDL_L_SCHEMA, "%s lacks migration %d. %s", c->what, expected,
                        remedy_altered);
    }
    if ((size_t)number > mdl_migration_count) {
        return mdl_fail(err, MDL_L_SCHEMA,
                        "a newer program made %s (schema %lld or later; this one knows up to %zu). "
                        "Nothing was changed: install the newer program, or restore the backup "
                        "made before the upgrade",
                        c->what, (long long)number, mdl_migration_count);
    }
    if (mdl_take_fixed(q, hash, sizeof hash)) {
        (void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    }
    if (strcmp(hex, mdl_migration_list[expected - 1].hash) != 0) {
        return mdl_fail(err, MDL_L_SCHEMA,
                        "migration %d of %s is not the one this program carries (a changed build, "
                        "or an altered database). %s",
                        expected, c->what, remedy_altered);
    }
    return MDL_OK;
}

static enum mdl_status check_list(struct mdl_conn *c, int *at, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc =
        mdl_query(c, &q, "SELECT number, hash FROM migration ORDER BY number", err);

    if (rc != MDL_OK) {
        return rc;
    }
    while ((rc = mdl_next(&q, &row, err)) == MDL_OK && row) {
        rc = check_one(c, &q, *at + 1, err);
        if (rc != MDL_OK) {
            (void)mdl_query_end(&q, NULL);
            break;
        }
        (*at)++;
    }
    return rc;
}

enum mdl_status mdl_schema_check(struct mdl_conn *c, int *at, struct mdl_error *err)
{
    int64_t app = 0;
    int64_t tables = 0;
    int64_t list = 0;
    enum mdl_status rc = mdl_exec_int(c, "PRAGMA application_id", &app, err);

    *at = 0;
    if (rc == MDL_OK) {
        rc = mdl_exec_int(c, "SELECT count(*) FROM sqlite_schema", &tables, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_exec_int(c, "SELECT count(*) FROM sqlite_schema WHERE name = 'migration'", &list,
                          err);
    }
    if (rc != MDL_OK || (app == 0 && tables == 0)) {
        return rc; /* new, or creation was interrupted before its first commit */
    }
    if (app != MDL_APP_MAIN || list == 0) {
        return mdl_fail(err, MDL_L_SCHEMA,
                        "%s belongs to another program (application id %lld). Nothing was changed: "
                        "name another data directory, or move that file away",
                        c->what, (long long)app);
    }
    rc = check_list(c, at, err);
    if (rc == MDL_OK) {
        rc = compare_schema(c, *at, err);
    }
    return rc;
}

enum mdl_status mdl_schema_migrate(struct mdl_conn *c, int at, struct mdl_error *err)
{
    enum mdl_status rc = MDL_OK;

    for (size_t i = (size_t)at; i < mdl_migration_count && rc == MDL_OK; i++) {
        rc = mdl_exec(c, "BEGIN IMMEDIATE", err);
        if (rc == MDL_OK) {
            rc = apply(c, &mdl_migration_list[i], err);
        }
        if (rc == MDL_OK) {
            rc = mdl_exec(c, "COMMIT", err);
        }
        if (rc != MDL_OK) {
            (void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
            (void)mdl_error_prefix(err, "bringing %s to schema %d: ", c->what,
                                   mdl_migration_list[i].number);
        }
    }
    return rc;
}

int mdl_store_schema_known(void)
{
    return (int)mdl_migration_count;
}

enum mdl_status mdl_store_schema(struct mdl_store *st, int *number, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(st, &q, "SELECT max(number) FROM migration", err);

    *number = 0;
    if (rc == MDL_OK) {
        rc = mdl_next(&q, &row, err);
    }
    if (rc == MDL_OK && row) {
        *number = (int)mdl_take_int(&q);
        rc = mdl_query_end(&q, err);
    }
    return rc;
}
