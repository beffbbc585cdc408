/* generation_read.c: reading a finished import: its populations, accounts and their keys.
 * Never writes. */
#include "generation_reader.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum mdl_status read_populations(struct mdl_gen_reader *r, const char *sql,
                                        struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_query(&r->conn, &q, sql, err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &row, err)) == MDL_OK && row) {
        int64_t bit = mdl_take_int(&q);
        if (bit != r->n_populations || bit >= MDL_GEN_POPULATIONS) {
            (void)mdl_query_end(&q, NULL);
            return mdl_fail(err, MDL_L_DATABASE, "the populations of an import are damaged");
        }
        mdl_take_text(&q, r->population[r->n_populations++], MDL_STORE_NAME + 1);
    }
    return rc;
}

/* Tables of this connection alone: what a query needs to know who takes part. */
static const char own_tables[] =
    "PRAGMA temp_store = FILE; PRAGMA cache_size = -4096;"
    "CREATE TEMP TABLE absent (of_absent INTEGER PRIMARY KEY, why INTEGER NOT NULL);"
    "CREATE TEMP TABLE withheld (key BLOB PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TEMP TABLE objection (entry INTEGER NOT NULL, account INTEGER NOT NULL, "
    "  PRIMARY KEY (entry, account)) WITHOUT ROWID";
static const char no_member[] = "CREATE TEMP TABLE member (of_account INTEGER PRIMARY KEY, "
                                "more INTEGER NOT NULL, private INTEGER NOT NULL)";

static enum mdl_status expect_marks(struct mdl_gen_reader *r, struct mdl_error *err)
{
    int64_t app = 0;
    int64_t version = 0;
    enum mdl_status rc = mdl_exec_int(&r->conn, "PRAGMA marks.application_id", &app, err);

    if (rc == MDL_OK) {
        rc = mdl_exec_int(&r->conn, "PRAGMA marks.user_version", &version, err);
    }
    return rc == MDL_OK && (app != MDL_APP_MARKS || version != 1)
               ? mdl_fail(err, MDL_L_SCHEMA,
                          "what the rules say of the source %s is not of this program: import it "
                          "again",
                          r->source)
               : rc;
}

static enum mdl_status attach(struct mdl_gen_reader *r, const char *dir, const char *generation,
                              const char *marks, struct mdl_error *err)
{
    char path[MDL_PATH];
    struct mdl_query q;

    if (marks[0] == '\0') {
        return mdl_exec(&r->conn, no_member, err);
    }
    enum mdl_status rc =
        mdl_path(path, err, "%s/sources/%s-%s-%s.db", dir, r->source, generation, marks);
    if (rc == MDL_OK && access(path, F_OK) != 0) {
        rc = mdl_fail(err, MDL_U_NOT_FOUND, "there is no %s", path);
    }
    if (rc == MDL_OK) {
        rc = mdl_query(&r->conn, &q, "ATTACH ? AS marks", err);
    }
    if (rc == MDL_OK) {
        mdl_put_text(&q, path, SIZE_MAX);
        rc = mdl_run(&q, err);
    }
    if (rc == MDL_OK) {
        rc = expect_marks(r, err);
    }
    return rc == MDL_OK
               ? read_populations(r, "SELECT bit, name FROM marked_population ORDER BY bit", err)
               : rc;
}

static enum mdl_status open_file(struct mdl_gen_reader *r, const char *path, struct mdl_error *err)
{
    enum mdl_status rc =
        mdl_conn_open(&r->conn, path, MDL_OPEN_READ_ONLY, "the file of the import", err);

    if (rc == MDL_OK) {
        rc = mdl_conn_expect(&r->conn, MDL_APP_GENERATION, 1, "import the source again", err);
    }
    if (rc == MDL_OK) {
        rc = read_populations(r, "SELECT bit, name FROM population ORDER BY bit", err);
    }
    return rc == MDL_OK ? mdl_exec(&r->conn, own_tables, err) : rc;
}

enum mdl_status mdl_gen_open_marked(const char *dir, const char *source, const char *generation,
                                    const char *marks, struct mdl_gen_reader **out,
                                    struct mdl_error *err)
{
    char path[MDL_PATH];
    enum mdl_status rc = mdl_path(path, err, "%s/sources/%s-%s.db", dir, source, generation);

    *out = NULL;
    if (rc == MDL_OK && !mdl_slug_ok(source)) {
        rc = mdl_fail(err, MDL_U_ARGUMENT, "%.80s cannot be the name of a source", source);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    struct mdl_gen_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory to read an import");
    }
    memcpy(r->source, source, strlen(source) + 1);
    rc = open_file(r, path, err);
    if (rc == MDL_OK) {
        rc = attach(r, dir, generation, marks, err);
    }
    if (rc != MDL_OK) {
        mdl_gen_close(r);
        return rc;
    }
    *out = r;
    return MDL_OK;
}

enum mdl_status mdl_gen_open(const char *dir, const char *source, const char *generation,
                             struct mdl_gen_reader **out, struct mdl_error *err)
{
    return mdl_gen_open_marked(dir, source, generation, "", out, err);
}

void mdl_gen_close(struct mdl_gen_reader *r)
{
    if (r != NULL) {
        mdl_conn_close(&r->conn);
        free(r);
    }
}

struct mdl_conn *mdl_gen_conn(struct mdl_gen_reader *r)
{
    return &r->conn;
}

int mdl_gen_populations(const struct mdl_gen_reader *r)
{
    return r->n_populations;
}

const char *mdl_gen_population_name(const struct mdl_gen_reader *r, int bit)
{
    return bit >= 0 && bit < r->n_populations ? r->population[bit] : "";
}

static void take_account(struct mdl_query *q, struct mdl_gen_row *a)
{
    a->id = mdl_take_int(q);
    mdl_take_fields(q, &a->fields);
    a->populations = mdl_take_u64(q);
    a->registry_mask = mdl_take_u64(q);
    a->line = mdl_take_u64(q);
}

enum mdl_status mdl_gen_account_at(struct mdl_gen_reader *r, int64_t id, mdl_gen_fn *row, void *ctx,
                                   struct mdl_error *err)
{
    static const char sql[] = "SELECT id, " MDL_ACCOUNT_FIELDS ", " MDL_ALL_POPULATIONS
                              ", registry_mask, line FROM account" MDL_WITH_MEMBER "WHERE id = ?";
    struct mdl_query q;
    bool found = false;
    enum mdl_status rc = mdl_query(&r->conn, &q, sql, err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, id);
    rc = mdl_next(&q, &found, err);
    if (rc != MDL_OK || !found) {
        return rc != MDL_OK ? rc : mdl_fail(err, MDL_U_NOT_FOUND, "there is no such account");
    }
    struct mdl_gen_row a;
    take_account(&q, &a);
    (void)row(ctx, &a);
    return mdl_query_end(&q, err);
}

enum mdl_status mdl_gen_accounts(struct mdl_gen_reader *r, uint64_t populations, int64_t after,
                                 size_t limit, mdl_gen_fn *row, void *ctx, int64_t *next,
                                 struct mdl_error *err)
{
    static const char sql[] =
        "SELECT id, " MDL_ACCOUNT_FIELDS ", " MDL_ALL_POPULATIONS
        ", registry_mask, line FROM account" MDL_WITH_MEMBER "WHERE id > ? ORDER BY id LIMIT ?";
    struct mdl_query q;
    size_t seen = 0;
    size_t given = 0;
    bool more = false;
    enum mdl_status rc = mdl_query(&r->conn, &q, sql, err);

    *next = 0;
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, after);
    mdl_put_int(&q, MDL_STORE_SCAN);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_gen_row a;
        take_account(&q, &a);
        *next = a.id;
        seen++;
        if (populations != 0 && (a.populations & populations) == 0) {
            continue;
        }
        given++;
        if (!row(ctx, &a) || given == limit) {
            return mdl_query_end(&q, err);
        }
    }
    if (seen < MDL_STORE_SCAN) {
        *next = 0;
    }
    return rc;
}

enum mdl_status mdl_gen_account_keys(struct mdl_gen_reader *r, int64_t account, mdl_gen_key_fn *row,
                                     void *ctx, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc =
        mdl_query(&r->conn, &q,
                  "SELECT k.key, k.origin FROM account AS a CROSS JOIN match_key AS k "
                  "ON k.id BETWEEN a.first_key AND a.last_key WHERE a.id = ? ORDER BY k.key",
                  err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, account);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_gen_key k;
        k.bytes = mdl_take_bytes(&q, &k.len);
        k.origin = (uint8_t)mdl_take_u32(&q);
        if (!row(ctx, &k)) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}
