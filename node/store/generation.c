/* generation.c: building one import's file: create, put, finish or abort.
 * Never opens the main database; an unfinished file is unlinked. */
#include "generation_build.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* No syncs: a half-built file is thrown away, a whole one is synced once. Memory must not grow with
 * the import: the page cache bounds it, sorting for the index goes to files under DIR/tmp, and the
 * journal is a file, because an UPDATE of all rows keeps every page it changes in it. */
static const char settings[] =
    "PRAGMA page_size = 8192; PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF;"
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -16384; PRAGMA temp_store = FILE;"
    "PRAGMA recursive_triggers = ON";

/* Only for the summary: the record of a keyless row may turn out to have stood before. */
static const char keyless[] =
    "CREATE TEMP TABLE keyless (account INTEGER PRIMARY KEY, reason INTEGER NOT NULL)";

#define AMOUNT_MAX INT64_C(1000000000000000) /* keeps sums over an account inside 64 bits */

static enum mdl_status name_files(struct mdl_gen *g, const char *dir, const char *source,
                                  char generation[MDL_STORE_GENERATION + 1], struct mdl_error *err)
{
    uint8_t random[MDL_STORE_GENERATION / 2];

    randombytes_buf(random, sizeof random);
    (void)sodium_bin2hex(generation, MDL_STORE_GENERATION + 1, random, sizeof random);
    enum mdl_status rc = mdl_path(g->dir, err, "%s/sources", dir);
    if (rc == MDL_OK) {
        rc = mdl_path(g->part, err, "%s/sources/%s-%s.part", dir, source, generation);
    }
    if (rc == MDL_OK) {
        rc = mdl_path(g->path, err, "%s/sources/%s-%s.db", dir, source, generation);
    }
    return rc;
}

static enum mdl_status standard_populations(struct mdl_gen *g, struct mdl_error *err)
{
    static const char *const names[] = {[MDL_GEN_CUSTOMERS] = "customers",
                                        [MDL_GEN_OPEN_OPPORTUNITIES] = "open-opportunities",
                                        [MDL_GEN_PROSPECTS] = "prospects"};
    enum mdl_status rc = MDL_OK;

    for (size_t i = 0; i < sizeof names / sizeof names[0] && rc == MDL_OK; i++) {
        int bit;
        rc = mdl_gen_population(g, names[i], &bit, err);
    }
    return rc;
}

static enum mdl_status start(struct mdl_gen *g, struct mdl_error *err)
{
    enum mdl_status rc =
        mdl_conn_open(&g->conn, g->part, MDL_OPEN_NEW, "the file of the import", err);

    if (rc == MDL_OK) {
        rc = mdl_exec(&g->conn, settings, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_exec(&g->conn, "BEGIN EXCLUSIVE", err);
    }
    if (rc == MDL_OK) {
        rc = mdl_exec(&g->conn, mdl_schema_generation, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_exec(&g->conn, keyless, err);
    }
    return rc == MDL_OK ? standard_populations(g, err) : rc;
}

enum mdl_status mdl_gen_create(const char *dir, const char *source,
                               char generation[MDL_STORE_GENERATION + 1], struct mdl_gen **out,
                               struct mdl_error *err)
{
    *out = NULL;
    if (!mdl_slug_ok(source)) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%s cannot be the name of a source", source);
    }
    struct mdl_gen *g = calloc(1, sizeof *g);
    if (g == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for an import");
    }
    enum mdl_status rc = name_files(g, dir, source, generation, err);
    if (rc == MDL_OK) {
        rc = start(g, err);
    }
    if (rc != MDL_OK) {
        mdl_gen_abort(g);
        return rc;
    }
    *out = g;
    return MDL_OK;
}

enum mdl_status mdl_gen_population(struct mdl_gen *g, const char *name, int *bit,
                                   struct mdl_error *err)
{
    struct mdl_query q;

    for (int i = 0; i < g->n_populations; i++) {
        if (strcmp(g->population[i], name) == 0) {
            *bit = i;
            return MDL_OK;
        }
    }
    size_t n = strlen(name);
    if (n == 0 || n > MDL_STORE_NAME) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a population's name has 1 to %d bytes",
                        MDL_STORE_NAME);
    }
    if (g->n_populations == MDL_GEN_POPULATIONS) {
        return mdl_fail(err, MDL_U_TOO_LARGE, "a source has at most %d populations",
                        MDL_GEN_POPULATIONS);
    }
    enum mdl_status rc =
        mdl_query(&g->conn, &q, "INSERT INTO population (bit, name) VALUES (?, ?)", err);
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, g->n_populations);
    mdl_put_text(&q, name, MDL_STORE_NAME);
    rc = mdl_run(&q, err);
    if (rc == MDL_OK) {
        memcpy(g->population[g->n_populations], name, n + 1);
        *bit = g->n_populations++;
    }
    return rc;
}

static enum mdl_status put_key(struct mdl_gen *g, const struct mdl_gen_key *k,
                               struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_query(
        &g->conn, &q, "INSERT INTO match_key (id, key, account, origin) VALUES (?, ?, ?, ?)", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, ++g->links);
    mdl_put_bytes(&q, k->bytes, k->len);
    mdl_put_int(&q, g->accounts);
    mdl_put_int(&q, k->origin);
    return mdl_run(&q, err);
}

static enum mdl_status put_keyless(struct mdl_gen *g, uint8_t reason, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_query(&g->conn, &q, "INSERT INTO temp.keyless (account, reason) VALUES (?, ?)", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, g->accounts);
    mdl_put_int(&q, reason);
    return mdl_run(&q, err);
}

static enum mdl_status put_cells(struct mdl_gen *g, const char *sql, int64_t id,
                                 const struct mdl_gen_cells *c, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_query(&g->conn, &q, sql, err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, id);
    mdl_put_int(&q, c->file);
    mdl_put_bytes(&q, c->bytes, c->len);
    return mdl_run(&q, err);
}

enum mdl_status mdl_gen_put_file(struct mdl_gen *g, int64_t file, const void *header, size_t len,
                                 struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_query(&g->conn, &q, "INSERT INTO file (id, header) VALUES (?, ?)", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, file);
    mdl_put_bytes(&q, header, len);
    return mdl_run(&q, err);
}

static enum mdl_status check_account(const struct mdl_gen_account *a, struct mdl_error *err)
{
    if (a->fields.record_id == NULL || a->fields.record_id[0] == '\0') {
        return mdl_fail(err, MDL_U_ARGUMENT, "line %llu has no record id",
                        (unsigned long long)a->line);
    }
    if (a->keyless >= MDL_GEN_KEYLESS) {
        return mdl_fail(err, MDL_U_ARGUMENT, "line %llu has no key for no known reason",
                        (unsigned long long)a->line);
    }
    for (size_t i = 0; i < a->n_keys; i++) {
        if (a->keys[i].len == 0 || a->keys[i].len > MDL_GEN_KEY_MAX) {
            return mdl_fail(err, MDL_U_ARGUMENT, "line %llu has a match key of %zu bytes",
                            (unsigned long long)a->line, a->keys[i].len);
        }
    }
    return MDL_OK;
}

enum mdl_status mdl_gen_put_account(struct mdl_gen *g, const struct mdl_gen_account *a,
                                    struct mdl_error *err)
{
    static const char sql[] =
        "INSERT INTO account (" MDL_ACCOUNT_FIELDS ", populations, registry_mask, line, core_name, "
        "join_id, join_name, id, first_key, last_key) "
        "VALUES (" MDL_ACCOUNT_MARKS ", ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    struct mdl_query q;
    enum mdl_status rc = check_account(a, err);

    if (rc == MDL_OK) {
        rc = mdl_query(&g->conn, &q, sql, err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    g->accounts++;
    mdl_put_fields(&q, &a->fields, "");
    mdl_put_u64(&q, a->populations);
    mdl_put_u64(&q, a->registry_mask);
    mdl_put_u64(&q, a->line);
    mdl_put_text(&q, a->core_name, SIZE_MAX);
    mdl_put_text(&q, a->join_id != NULL ? a->join_id : a->fields.record_id, SIZE_MAX);
    mdl_put_text(&q, a->join_name != NULL ? a->join_name : a->fields.name, SIZE_MAX);
    mdl_put_int(&q, g->accounts);
    mdl_put_int(&q, g->links + 1);
    mdl_put_int(&q, g->links + (int64_t)a->n_keys);
    rc = mdl_run(&q, err);
    for (size_t i = 0; i < a->n_keys && rc == MDL_OK; i++) {
        rc = put_key(g, &a->keys[i], err);
    }
    if (rc == MDL_OK && a->cells.bytes != NULL) {
        static const char row[] = "INSERT INTO account_row (account, file, cells) VALUES (?, ?, ?)";
        rc = put_cells(g, row, g->accounts, &a->cells, err);
    }
    return rc == MDL_OK && a->n_keys == 0 ? put_keyless(g, a->keyless, err) : rc;
}

enum mdl_status mdl_gen_put_opportunity(struct mdl_gen *g, const struct mdl_gen_opportunity *o,
                                        struct mdl_error *err)
{
    struct mdl_query q;
    bool has_id = o->account_id != NULL && o->account_id[0] != '\0';

    if (o->amount > AMOUNT_MAX || o->amount < -AMOUNT_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "an opportunity's amount is beyond all measure");
    }
    enum mdl_status rc =
        mdl_query(&g->conn, &q,
                  "INSERT INTO opportunity (id, account_id, account_name, won, closed, amount, "
                  "currency, populations) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                  err);
    if (rc != MDL_OK) {
        return rc;
    }
    g->opportunities++;
    g->by_name = g->by_name || !has_id;
    mdl_put_u64(&q, g->opportunities);
    mdl_put_text(&q, o->account_id, SIZE_MAX);
    mdl_put_text(&q, has_id ? "" : o->account_name, SIZE_MAX);
    mdl_put_int(&q, o->won ? 1 : 0);
    mdl_put_int(&q, o->closed ? 1 : 0);
    mdl_put_int(&q, o->amount);
    mdl_put_text(&q, o->currency, SIZE_MAX);
    mdl_put_u64(&q, o->populations);
    rc = mdl_run(&q, err);
    if (rc == MDL_OK && o->cells.bytes != NULL) {
        static const char row[] =
            "INSERT INTO opportunity_row (opportunity, file, cells) VALUES (?, ?, ?)";
        rc = put_cells(g, row, (int64_t)g->opportunities, &o->cells, err);
    }
    return rc;
}

enum mdl_status mdl_gen_finish(struct mdl_gen *g, const struct mdl_gen_options *opt,
                               struct mdl_gen_summary *summary, struct mdl_error *err)
{
    enum mdl_status rc = mdl_gen_settle(g, opt, summary, err);

    if (rc == MDL_OK) {
        rc = mdl_exec(&g->conn, "COMMIT", err);
    }
    mdl_conn_close(&g->conn);
    if (rc == MDL_OK) {
        rc = mdl_file_publish(g->dir, g->part, g->path, err);
    }
    if (rc != MDL_OK) {
        mdl_file_delete(g->part);
        mdl_file_delete(g->path);
    }
    free(g);
    return rc;
}

void mdl_gen_abort(struct mdl_gen *g)
{
    if (g == NULL) {
        return;
    }
    mdl_conn_close(&g->conn);
    if (g->part[0] != '\0') {
        mdl_file_delete(g->part);
    }
    free(g);
}

void mdl_gen_delete(const char *dir, const char *source, const char *generation)
{
    char path[MDL_PATH];

    if (generation[0] != '\0' && mdl_slug_ok(source) && mdl_slug_ok(generation) &&
        mdl_path(path, NULL, "%s/sources/%s-%s.db", dir, source, generation) == MDL_OK) {
        mdl_file_delete(path);
        mdl_marks_delete_all(dir, source, generation);
    }
}
