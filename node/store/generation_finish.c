/* generation_finish.c: what is done once all rows of an import are in its file: duplicates, shared
 * keys, opportunities, populations, counts. Works inside the builder's transaction. */
#include "generation_build.h"

#include <stdlib.h>
#include <string.h>

/* Runs `sql` with ?1 = 0, 1 ... for each population. */
static enum mdl_status each_population(struct mdl_gen *g, const char *sql, struct mdl_error *err)
{
    enum mdl_status rc = MDL_OK;

    for (int bit = 0; bit < g->n_populations && rc == MDL_OK; bit++) {
        struct mdl_query q;
        rc = mdl_query(&g->conn, &q, sql, err);
        if (rc == MDL_OK) {
            mdl_put_int(&q, bit);
            rc = mdl_run(&q, err);
        }
    }
    return rc;
}

/* The row that stays is in the populations of all rows of its record. */
static enum mdl_status keep_populations(struct mdl_gen *g, struct mdl_error *err)
{
    static const char sql[] =
        "UPDATE account SET populations = populations | (1 << ?1) WHERE id IN "
        "(SELECT d.first FROM temp.dup AS d JOIN account AS b ON b.id = d.id "
        " WHERE (b.populations >> ?1) & 1)";
    return each_population(g, sql, err);
}

/* The first row of a record id stays: a report sorted by the operator has the one meant on top. */
static enum mdl_status drop_duplicates(struct mdl_gen *g, struct mdl_gen_summary *sum,
                                       struct mdl_error *err)
{
    int64_t n = 0;
    enum mdl_status rc = mdl_exec(&g->conn,
                                  "CREATE INDEX account_join ON account (join_id);"
                                  "CREATE TEMP TABLE dup (id INTEGER PRIMARY KEY, first INTEGER);"
                                  "INSERT INTO dup SELECT b.id, d.first FROM "
                                  "  (SELECT join_id AS r, min(id) AS first FROM account "
                                  "   GROUP BY join_id HAVING count(*) > 1) AS d "
                                  "  JOIN account AS b ON b.join_id = d.r AND b.id > d.first",
                                  err);

    if (rc == MDL_OK) {
        rc = mdl_exec_int(&g->conn, "SELECT count(*) FROM temp.dup", &n, err);
    }
    if (rc == MDL_OK && n > 0) {
        /* SQLite has no aggregate OR: bit by bit, over the few populations there are. */
        rc = keep_populations(g, err);
    }
    if (rc == MDL_OK && n > 0) {
        rc = mdl_exec(&g->conn,
                      "INSERT INTO repeated SELECT id, first FROM temp.dup;"
                      "INSERT OR IGNORE INTO unused_key SELECT k.key, d.first FROM match_key AS k "
                      "  JOIN temp.dup AS d ON d.id = k.account;"
                      "DELETE FROM match_key WHERE account IN (SELECT id FROM temp.dup);"
                      "DELETE FROM account WHERE id IN (SELECT id FROM temp.dup)",
                      err);
    }
    sum->duplicate_records = (uint64_t)n;
    return rc;
}

/* After the duplicates went. */
static enum mdl_status count_keyless(struct mdl_gen *g, struct mdl_gen_summary *sum,
                                     struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_query(&g->conn, &q,
                                   "SELECT k.reason, count(*) FROM temp.keyless AS k "
                                   "JOIN account AS a ON a.id = k.account GROUP BY k.reason",
                                   err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &row, err)) == MDL_OK && row) {
        uint64_t reason = mdl_take_u64(&q);
        sum->keyless[reason % MDL_GEN_KEYLESS] = mdl_take_u64(&q);
    }
    return rc;
}

/* Two steps, so that the costly count of names runs only over keys with enough rows. */
static enum mdl_status find_shared(struct mdl_gen *g, const struct mdl_gen_options *opt,
                                   struct mdl_error *err)
{
    static const char sql[] =
        "INSERT INTO shared "
        "SELECT k.key, count(DISTINCT nullif(a.core_name, '')) AS names, count(DISTINCT a.id) "
        "FROM (SELECT key FROM match_key WHERE key >= ?1 AND key < ?2 "
        "      GROUP BY key HAVING count(*) > ?3) AS many "
        "CROSS JOIN match_key AS k ON k.key = many.key "
        "CROSS JOIN account AS a ON a.id = k.account GROUP BY k.key HAVING names > ?3";
    uint8_t from = opt->shared_key_type;
    uint8_t to = (uint8_t)(opt->shared_key_type + 1);
    struct mdl_query q;
    enum mdl_status rc = mdl_query(&g->conn, &q, sql, err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, &from, 1);
    mdl_put_bytes(&q, &to, 1);
    mdl_put_int(&q, opt->shared_key_limit);
    return mdl_run(&q, err);
}

static enum mdl_status report_shared(struct mdl_gen *g, struct mdl_gen_summary *sum,
                                     struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_query(
        &g->conn, &q, "SELECT key, names, accounts FROM temp.shared ORDER BY names DESC, key", err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &row, err)) == MDL_OK && row) {
        sum->shared_keys++;
        if (sum->n_shared < MDL_GEN_SHARED_REPORTED) {
            struct mdl_gen_shared_key *s = &sum->shared[sum->n_shared++];
            s->len = mdl_take_upto(&q, s->key, sizeof s->key);
            s->core_names = mdl_take_u32(&q);
            s->accounts = mdl_take_u32(&q);
        }
    }
    return rc;
}

static enum mdl_status drop_shared(struct mdl_gen *g, const struct mdl_gen_options *opt,
                                   struct mdl_gen_summary *sum, struct mdl_error *err)
{
    enum mdl_status rc =
        mdl_exec(&g->conn,
                 "CREATE INDEX key_value ON match_key (key, account, origin);"
                 "CREATE TEMP TABLE shared (key BLOB PRIMARY KEY, names INTEGER, accounts INTEGER)",
                 err);

    if (rc != MDL_OK || opt->shared_key_limit == 0) {
        return rc;
    }
    if (opt->shared_key_type == UINT8_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "no key has the type 255");
    }
    rc = find_shared(g, opt, err);
    if (rc == MDL_OK) {
        rc = report_shared(g, sum, err);
    }
    if (rc == MDL_OK && sum->shared_keys > 0) {
        rc = mdl_exec(&g->conn,
                      "INSERT OR IGNORE INTO unused_key SELECT key, account FROM match_key "
                      "  WHERE key IN (SELECT key FROM temp.shared);"
                      "DELETE FROM match_key WHERE key IN (SELECT key FROM temp.shared)",
                      err);
    }
    return rc;
}

/* By id, else by a name that only one account has. */
static const char join_by_id[] =
    "UPDATE opportunity SET account = (SELECT id FROM account WHERE join_id = account_id) "
    "WHERE account_id <> ''";
static const char join_by_name[] =
    "CREATE INDEX account_name ON account (join_name);"
    "UPDATE opportunity SET account = (SELECT CASE WHEN count(*) = 1 THEN min(id) END FROM account "
    "                                  WHERE join_name = account_name) "
    "WHERE account_id = '' AND account_name <> '';"
    "DROP INDEX account_name";

/* Bits 1 (customers) and 2 (open-opportunities) as in store_generation.h. */
static const char apply_deals[] =
    "UPDATE account SET populations = populations | (f.bits * ?1), deals = f.deals FROM ("
    "  SELECT account, max(won > 0) + 2 * max(open > 0) AS bits, json_group_array(json_object("
    "    'currency', currency, 'open', open, 'open_amount', open_amount, "
    "    'won', won, 'won_amount', won_amount)) AS deals FROM ("
    "      SELECT account, currency, sum(o) AS open, sum(o * amount) AS open_amount, "
    "        sum(won) AS won, sum(won * amount) AS won_amount FROM ("
    "          SELECT account, currency, amount, won, (NOT won AND NOT closed) AS o "
    "          FROM opportunity WHERE account IS NOT NULL) "
    "      GROUP BY account, currency ORDER BY account, currency) "
    "  GROUP BY account) AS f WHERE account.id = f.account";

static enum mdl_status apply_default(struct mdl_gen *g, const struct mdl_gen_options *opt,
                                     struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_query(&g->conn, &q, apply_deals, err);

    if (rc == MDL_OK) {
        mdl_put_int(&q, opt->own_deal_rules ? 0 : 1);
        rc = mdl_run(&q, err);
    }
    return rc;
}

/* What the operator's rules said of opportunities goes to their accounts. */
static enum mdl_status apply_deal_populations(struct mdl_gen *g, struct mdl_error *err)
{
    static const char sql[] =
        "UPDATE account SET populations = populations | (1 << ?1) WHERE id IN "
        "(SELECT account FROM opportunity WHERE account IS NOT NULL "
        " AND (populations >> ?1) & 1)";
    return each_population(g, sql, err);
}

static enum mdl_status join_opportunities(struct mdl_gen *g, const struct mdl_gen_options *opt,
                                          struct mdl_gen_summary *sum, struct mdl_error *err)
{
    int64_t unmatched = 0;
    enum mdl_status rc = MDL_OK;

    if (g->opportunities > 0) {
        rc = mdl_exec(&g->conn, join_by_id, err);
        if (rc == MDL_OK && g->by_name) {
            rc = mdl_exec(&g->conn, join_by_name, err);
        }
        if (rc == MDL_OK) {
            rc = apply_default(g, opt, err);
        }
        if (rc == MDL_OK) {
            rc = apply_deal_populations(g, err);
        }
        if (rc == MDL_OK) {
            rc = mdl_exec_int(&g->conn, "SELECT count(*) FROM opportunity WHERE account IS NULL",
                              &unmatched, err);
        }
    }
    sum->opportunities = g->opportunities;
    sum->opportunities_unmatched = (uint64_t)unmatched;
    /* 4: the bit of prospects. An account that no rule puts anywhere is one. */
    return rc == MDL_OK && !opt->no_fallback
               ? mdl_exec(&g->conn, "UPDATE account SET populations = 4 WHERE populations = 0", err)
               : rc;
}

static enum mdl_status count_populations(struct mdl_gen *g, struct mdl_gen_summary *sum,
                                         struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_query(
        &g->conn, &q, "SELECT populations, count(*) FROM account GROUP BY populations", err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &row, err)) == MDL_OK && row) {
        uint64_t bits = mdl_take_u64(&q);
        uint64_t n = mdl_take_u64(&q);
        sum->accounts += n;
        sum->accounts_without_population += bits == 0 ? n : 0;
        for (int i = 0; i < MDL_GEN_POPULATIONS; i++) {
            if ((bits >> i & 1) != 0) {
                sum->population_accounts[i] += n;
            }
        }
    }
    sum->n_populations = g->n_populations;
    memcpy(sum->population, g->population, sizeof sum->population);
    return rc;
}

/* One pass over the keys in their order. */
struct key_pass {
    uint8_t key[MDL_GEN_KEY_MAX];
    size_t len; /* 0: none yet */
    int64_t first;
    uint8_t *seen; /* by account id: 1 has a key, 2 shares one */
    uint8_t *type; /* by account id: the type counted last; keys of one type stand together */
    int64_t n;
};

static void pass_type(struct key_pass *p, uint8_t type, int64_t account, bool fresh,
                      struct mdl_gen_summary *sum)
{
    if (type < MDL_GEN_KEY_TYPES) {
        sum->of_type[type].keys += fresh;
        sum->of_type[type].accounts += p->type[account] != type;
        p->type[account] = type;
    }
}

static void pass_key(struct key_pass *p, struct mdl_query *q, struct mdl_gen_summary *sum)
{
    size_t len;
    const uint8_t *key = mdl_take_bytes(q, &len);
    int64_t account = mdl_take_int(q);

    if (account < 1 || account > p->n || len == 0 || len > sizeof p->key) {
        return; /* the builder wrote none of these */
    }
    bool same = len == p->len && memcmp(key, p->key, len) == 0;
    sum->links++;
    p->seen[account] |= 1;
    pass_type(p, key[0], account, !same, sum);
    if (same) {
        if (account != p->first) {
            p->seen[account] |= 2;
            p->seen[p->first] |= 2;
        }
        return;
    }
    sum->keys++;
    memcpy(p->key, key, len);
    p->len = len;
    p->first = account;
}

static enum mdl_status count_keys(struct mdl_gen *g, struct mdl_gen_summary *sum,
                                  struct mdl_error *err)
{
    size_t size = (size_t)g->accounts + 1;
    struct key_pass p = {.n = g->accounts, .seen = calloc(size, 1), .type = calloc(size, 1)};
    struct mdl_query q;
    bool row = false;

    if (p.seen == NULL || p.type == NULL) {
        free(p.seen);
        free(p.type);
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory to count the keys");
    }
    enum mdl_status rc =
        mdl_query(&g->conn, &q, "SELECT key, account FROM match_key ORDER BY key, account", err);
    while (rc == MDL_OK && (rc = mdl_next(&q, &row, err)) == MDL_OK && row) {
        pass_key(&p, &q, sum);
    }
    uint64_t with_key = 0;
    for (int64_t i = 1; i <= p.n; i++) {
        with_key += (uint64_t)(p.seen[i] & 1);
        sum->accounts_sharing_keys += (uint64_t)(p.seen[i] >> 1);
    }
    sum->accounts_without_key = sum->accounts - with_key;
    free(p.seen);
    free(p.type);
    return rc;
}

enum mdl_status mdl_gen_settle(struct mdl_gen *g, const struct mdl_gen_options *opt,
                               struct mdl_gen_summary *sum, struct mdl_error *err)
{
    memset(sum, 0, sizeof *sum);
    enum mdl_status rc = drop_duplicates(g, sum, err);
    if (rc == MDL_OK) {
        rc = count_keyless(g, sum, err);
    }
    if (rc == MDL_OK) {
        rc = drop_shared(g, opt, sum, err);
    }
    if (rc == MDL_OK) {
        rc = join_opportunities(g, opt, sum, err);
    }
    if (rc == MDL_OK) {
        rc = count_populations(g, sum, err);
    }
    if (rc == MDL_OK) {
        rc = count_keys(g, sum, err);
    }
    return rc;
}
