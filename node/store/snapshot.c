/* snapshot.c: an existing snapshot: its keys and accounts, the positions the partner opened.
 * Never opens the main database. */
#include "snapshot_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char settings[] =
    "PRAGMA journal_mode = DELETE; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;"
    "PRAGMA cache_size = -2048; PRAGMA temp_store = FILE";

static enum mdl_status read_state(struct mdl_snap *s, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_query(&s->conn, &q, "SELECT stage, keys, accounts FROM state", err);

    if (rc == MDL_OK) {
        rc = mdl_next(&q, &row, err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    if (!row) {
        return mdl_fail(err, MDL_L_DATABASE, "the file of the round is damaged");
    }
    int64_t stage = mdl_take_int(&q);
    s->n_keys = mdl_take_u32(&q);
    s->n_accounts = mdl_take_u32(&q);
    s->stage = MDL_SNAP_BUILT;
    if (stage > 0) {
        s->stage = stage == 1 ? MDL_SNAP_REGROUPED : MDL_SNAP_SHRUNK;
    }
    return mdl_query_end(&q, err);
}

static enum mdl_status read_populations(struct mdl_snap *s, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_query(&s->conn, &q, "SELECT name FROM population ORDER BY bit", err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &row, err)) == MDL_OK && row) {
        if (s->n_populations == MDL_STORE_POPULATIONS) {
            (void)mdl_query_end(&q, NULL);
            return mdl_fail(err, MDL_L_DATABASE, "the file of the round is damaged");
        }
        mdl_take_text(&q, s->population[s->n_populations++], MDL_STORE_NAME + 1);
    }
    return rc;
}

static enum mdl_status path_of(char path[MDL_PATH], const char *dir,
                               const uint8_t round[MDL_STORE_ROUND], uint8_t group,
                               struct mdl_error *err)
{
    char hex[2 * MDL_STORE_ROUND + 1];

    mdl_round_hex(round, hex);
    return mdl_path(path, err, "%s/rounds/%s-%u.db", dir, hex, group);
}

static enum mdl_status open_file(struct mdl_snap *s, const char *path, struct mdl_error *err)
{
    enum mdl_status rc =
        mdl_conn_open(&s->conn, path, MDL_OPEN_READ_WRITE, "the file of the round", err);

    if (rc == MDL_OK) {
        rc = mdl_conn_expect(&s->conn, MDL_APP_SNAPSHOT, 1,
                             "the result of that round can no longer be opened in detail", err);
    }
    if (rc == MDL_OK) {
        rc = mdl_exec(&s->conn, settings, err);
    }
    if (rc == MDL_OK) {
        rc = read_state(s, err);
    }
    return rc == MDL_OK ? read_populations(s, err) : rc;
}

enum mdl_status mdl_snap_open(const char *dir, const uint8_t round[MDL_STORE_ROUND], uint8_t group,
                              struct mdl_snap **out, struct mdl_error *err)
{
    char path[MDL_PATH];
    enum mdl_status rc = path_of(path, dir, round, group, err);

    *out = NULL;
    if (rc != MDL_OK) {
        return rc;
    }
    struct mdl_snap *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory to open the file of a round");
    }
    s->group = group;
    rc = open_file(s, path, err);
    if (rc != MDL_OK) {
        mdl_snap_close(s);
        return rc;
    }
    *out = s;
    return MDL_OK;
}

void mdl_snap_close(struct mdl_snap *s)
{
    if (s != NULL) {
        mdl_conn_close(&s->conn); /* rolls back what was not regrouped */
        free(s);
    }
}

void mdl_snap_delete(const char *dir, const uint8_t round[MDL_STORE_ROUND], uint8_t group)
{
    char path[MDL_PATH];

    if (path_of(path, dir, round, group, NULL) == MDL_OK) {
        mdl_file_delete(path);
    }
}

enum mdl_status mdl_snap_share(const char *dir, const uint8_t round[MDL_STORE_ROUND], uint8_t from,
                               uint8_t to, struct mdl_error *err)
{
    char a[MDL_PATH];
    char b[MDL_PATH];
    enum mdl_status rc = path_of(a, dir, round, from, err);

    if (rc == MDL_OK) {
        rc = path_of(b, dir, round, to, err);
    }
    if (rc == MDL_OK && link(a, b) != 0) {
        rc = errno == ENOENT ? mdl_fail(err, MDL_U_NOT_FOUND, "the round has no list for group %u",
                                        (unsigned)from)
                             : mdl_fail_errno(err, errno, "cannot share the list", b);
    }
    return rc;
}

uint32_t mdl_snap_n_keys(const struct mdl_snap *s)
{
    return s->n_keys;
}

uint32_t mdl_snap_n_accounts(const struct mdl_snap *s)
{
    return s->n_accounts;
}

size_t mdl_snap_n_populations(const struct mdl_snap *s)
{
    return s->n_populations;
}

const char *mdl_snap_population(const struct mdl_snap *s, size_t bit)
{
    return bit < s->n_populations ? s->population[bit] : "";
}

enum mdl_status mdl_snap_needs_keys(const struct mdl_snap *s, struct mdl_error *err)
{
    if (s->stage == MDL_SNAP_SHRUNK) {
        return mdl_fail(err, MDL_U_STATE, "the keys of that round were dropped after it ended");
    }
    return MDL_OK;
}

enum mdl_status mdl_snap_keys(struct mdl_snap *s, uint32_t from, size_t limit, mdl_snap_key_fn *row,
                              void *ctx, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_snap_needs_keys(s, err);

    if (rc == MDL_OK) {
        rc = mdl_query(&s->conn, &q,
                       "SELECT ordinal, key, populations, registry_mask FROM snap_key "
                       "WHERE ordinal >= ? ORDER BY ordinal LIMIT ?",
                       err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, from);
    mdl_put_int(&q, limit < INT64_MAX ? (int64_t)limit : INT64_MAX);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_snap_key k;
        k.ordinal = mdl_take_u32(&q);
        k.bytes = mdl_take_bytes(&q, &k.len);
        k.populations = mdl_take_u32(&q);
        k.registry_mask = mdl_take_u64(&q);
        if (q.fault.status != MDL_OK || !row(ctx, &k)) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}

static enum mdl_status no_such_key(uint32_t ordinal, struct mdl_error *err)
{
    return mdl_fail(err, MDL_U_NOT_FOUND, "the round has no key with the ordinal %u", ordinal);
}

static enum mdl_status mask(struct mdl_snap *s, uint32_t ordinal, uint32_t *populations,
                            uint64_t *registry_mask, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_query(
        &s->conn, &q, "SELECT populations, registry_mask FROM snap_key WHERE ordinal = ?", err);

    if (rc == MDL_OK) {
        mdl_put_int(&q, ordinal);
        rc = mdl_next(&q, &row, err);
    }
    if (rc == MDL_OK && !row) {
        return no_such_key(ordinal, err);
    }
    if (rc == MDL_OK) {
        *populations = mdl_take_u32(&q);
        *registry_mask = mdl_take_u64(&q);
        rc = mdl_query_end(&q, err);
    }
    return rc;
}

/* In one transaction: SQLite locks the file and looks for a journal once, not for each key. */
enum mdl_status mdl_snap_masks(struct mdl_snap *s, const uint32_t *ordinal, size_t n,
                               uint32_t *populations, uint64_t *registry_mask,
                               struct mdl_error *err)
{
    bool begun = !s->in_tx;
    enum mdl_status rc = mdl_snap_needs_keys(s, err);

    if (rc == MDL_OK && begun) {
        rc = mdl_exec(&s->conn, "BEGIN", err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    for (size_t i = 0; i < n && rc == MDL_OK; i++) {
        rc = mask(s, ordinal[i], &populations[i], &registry_mask[i], err);
    }
    if (begun) {
        enum mdl_status ended = mdl_exec(&s->conn, "COMMIT", rc == MDL_OK ? err : NULL);
        rc = rc == MDL_OK ? ended : rc;
    }
    return rc;
}

void mdl_take_snap_account(struct mdl_query *q, struct mdl_snap_account *a)
{
    a->id = mdl_take_int(q);
    a->source = mdl_take_borrowed(q);
    a->generation = mdl_take_borrowed(q);
    mdl_take_fields(q, &a->fields);
    a->populations = mdl_take_u32(q);
    a->registry_mask = mdl_take_u64(q);
    a->review = false;
}

enum mdl_status mdl_snap_key_accounts(struct mdl_snap *s, uint32_t ordinal,
                                      mdl_snap_account_fn *row, void *ctx, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_snap_needs_keys(s, err);

    if (rc == MDL_OK && ordinal >= s->n_keys) {
        rc = no_such_key(ordinal, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_query(&s->conn, &q,
                       "SELECT " MDL_SNAP_ACCOUNT " FROM link AS l JOIN account AS a "
                       "ON a.id = l.account JOIN source AS s ON s.id = a.source "
                       "WHERE l.ordinal = ? ORDER BY l.account",
                       err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, ordinal);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_snap_account a;
        mdl_take_snap_account(&q, &a);
        if (q.fault.status != MDL_OK || !row(ctx, &a)) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}

enum mdl_status mdl_snap_account_in(struct mdl_snap *s, const char *source, const char *record_id,
                                    uint32_t *populations, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc =
        mdl_query(&s->conn, &q,
                  "SELECT a.populations FROM account AS a INDEXED BY account_record "
                  "CROSS JOIN source AS s ON s.id = a.source WHERE a.record_id = ? AND s.name = ?",
                  err);

    *populations = 0;
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, record_id, SIZE_MAX);
    mdl_put_text(&q, source, SIZE_MAX);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && row) {
        *populations = mdl_take_u32(&q);
        rc = mdl_query_end(&q, err);
    }
    return rc;
}

static enum mdl_status put_opened(struct mdl_snap *s, const struct mdl_opened *o,
                                  struct mdl_error *err)
{
    struct mdl_query q;

    if (o->ordinal >= s->n_keys) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the round has no key with the ordinal %u",
                        o->ordinal);
    }
    enum mdl_status rc = mdl_query(&s->conn, &q,
                                   "INSERT OR REPLACE INTO matched (ordinal, partner_populations, "
                                   "partner_registries) VALUES (?, ?, ?)",
                                   err);
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, o->ordinal);
    mdl_put_int(&q, o->partner_populations);
    mdl_put_u64(&q, o->partner_registries);
    return mdl_run(&q, err);
}

enum mdl_status mdl_snap_match(struct mdl_snap *s, const struct mdl_opened *o, size_t n,
                               struct mdl_error *err)
{
    enum mdl_status rc = mdl_snap_needs_keys(s, err);

    if (rc == MDL_OK && !s->in_tx) {
        rc = mdl_exec(&s->conn, "BEGIN IMMEDIATE", err);
        s->in_tx = rc == MDL_OK;
    }
    for (size_t i = 0; i < n && rc == MDL_OK; i++) {
        rc = put_opened(s, &o[i], err);
    }
    return rc;
}
