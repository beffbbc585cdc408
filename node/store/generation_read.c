/* generation_read.c: reading a finished import: its populations, accounts and their keys.
 * Never writes. */
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

struct mdl_gen_reader {
    struct mdl_conn conn;
    int n_populations;
    char population[MDL_GEN_POPULATIONS][MDL_STORE_NAME + 1];
};

static enum mdl_status read_populations(struct mdl_gen_reader *r, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc =
        mdl_query(&r->conn, &q, "SELECT bit, name FROM population ORDER BY bit", err);

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

enum mdl_status mdl_gen_open(const char *dir, const char *source, const char *generation,
                             struct mdl_gen_reader **out, struct mdl_error *err)
{
    char path[MDL_PATH];
    enum mdl_status rc = mdl_path(path, err, "%s/sources/%s-%s.db", dir, source, generation);

    *out = NULL;
    if (rc != MDL_OK) {
        return rc;
    }
    struct mdl_gen_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory to read an import");
    }
    rc = mdl_conn_open(&r->conn, path, MDL_OPEN_READ_ONLY, "the file of the import", err);
    if (rc == MDL_OK) {
        rc = mdl_conn_expect(&r->conn, MDL_APP_GENERATION, 1, "import the source again", err);
    }
    if (rc == MDL_OK) {
        rc = read_populations(r, err);
    }
    if (rc != MDL_OK) {
        mdl_gen_close(r);
        return rc;
    }
    *out = r;
    return MDL_OK;
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

enum mdl_status mdl_gen_accounts(struct mdl_gen_reader *r, uint64_t populations, int64_t after,
                                 size_t limit, mdl_gen_fn *row, void *ctx, int64_t *next,
                                 struct mdl_error *err)
{
    static const char sql[] = "SELECT id, " MDL_ACCOUNT_FIELDS ", populations, registry_mask, line "
                              "FROM account WHERE id > ? ORDER BY id LIMIT ?";
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
        a.id = mdl_take_int(&q);
        mdl_take_fields(&q, &a.fields);
        a.populations = mdl_take_u64(&q);
        a.registry_mask = mdl_take_u64(&q);
        a.line = mdl_take_u64(&q);
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

enum mdl_status mdl_gen_count(struct mdl_gen_reader *r, uint64_t populations, uint64_t *accounts,
                              uint64_t *keys, struct mdl_error *err)
{
    static const char sql[] =
        "SELECT (SELECT COUNT(*) FROM account WHERE populations & ?1 <> 0), "
        "(SELECT COUNT(DISTINCT k.key) FROM account AS a CROSS JOIN match_key AS k "
        "ON k.id BETWEEN a.first_key AND a.last_key WHERE a.populations & ?1 <> 0)";
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
