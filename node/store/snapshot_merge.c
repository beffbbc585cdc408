/* snapshot_merge.c: the distinct keys of all sources in ascending byte order, with their accounts.
 * Each source gives its keys sorted; this merges them and writes every key once. */
#include "snapshot_job.h"

#include <stdlib.h>
#include <string.h>

#define PROGRESS_STEP 4096

struct found_link {
    uint32_t account;
    uint8_t origin;
};

/* The key being gathered. */
struct gathered {
    uint8_t key[MDL_GEN_KEY_MAX];
    size_t len;
    struct found_link *link;
    uint32_t n, room;
    bool withheld; /* a suppressed account holds it */
};

static enum mdl_status advance(struct mdl_snap_source *s, struct mdl_error *err)
{
    bool more = false;
    enum mdl_status rc = mdl_next(&s->keys, &more, err);

    s->live = rc == MDL_OK && more;
    if (s->live) {
        s->key = mdl_take_bytes(&s->keys, &s->key_len);
        if (s->key_len == 0 || s->key_len > MDL_GEN_KEY_MAX) {
            rc = mdl_fail(err, MDL_L_DATABASE, "a key of the source %s is damaged: import it again",
                          s->name);
        }
    }
    return rc;
}

/* As SQLite orders blobs, and PROTOCOL 6.1 the list: bytes first, then the shorter one. */
static int compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

    if (c != 0) {
        return c;
    }
    return (a_len > b_len) - (a_len < b_len);
}

/* The lowest key any source stands at; false at the end. */
static bool lowest(const struct mdl_snap_job *job, struct gathered *g)
{
    const struct mdl_snap_source *low = NULL;

    for (size_t i = 0; i < job->n_sources; i++) {
        const struct mdl_snap_source *s = &job->source[i];
        if (s->live && (low == NULL || compare(s->key, s->key_len, low->key, low->key_len) < 0)) {
            low = s;
        }
    }
    if (low == NULL) {
        return false;
    }
    memcpy(g->key, low->key, low->key_len);
    g->len = low->key_len;
    g->n = 0;
    g->withheld = false;
    return true;
}

/* Takes the row a source stands at; an account outside the agreed populations is passed over. */
static enum mdl_status take_link(struct mdl_snap_source *s, struct gathered *g,
                                 struct mdl_error *err)
{
    int64_t account = mdl_take_int(&s->keys);
    uint8_t origin = (uint8_t)mdl_take_int(&s->keys);
    uint32_t id = account >= 1 && account <= s->n_ids ? s->id[account] : 0;

    if (id == MDL_SNAP_WITHHELD) {
        g->withheld = true;
        return MDL_OK;
    }

    /* The rows of one key are in the order of accounts, then origins: the strongest comes first. */
    if (id == 0 || (g->n > 0 && g->link[g->n - 1].account == id)) {
        return MDL_OK;
    }
    if (g->n == g->room) {
        uint32_t room = g->room < 64 ? 64 : g->room * 2;
        struct found_link *grown = room > g->room ? realloc(g->link, room * sizeof *grown) : NULL;
        if (grown == NULL) {
            return mdl_fail(err, MDL_L_MEMORY, "not enough memory to prepare a round");
        }
        g->link = grown;
        g->room = room;
    }
    g->link[g->n++] = (struct found_link){.account = id, .origin = origin};
    return MDL_OK;
}

static enum mdl_status gather(struct mdl_snap_job *job, struct gathered *g, struct mdl_error *err)
{
    enum mdl_status rc = MDL_OK;

    for (size_t i = 0; i < job->n_sources; i++) {
        struct mdl_snap_source *s = &job->source[i];
        while (rc == MDL_OK && s->live && compare(s->key, s->key_len, g->key, g->len) == 0) {
            rc = take_link(s, g, err);
            if (rc == MDL_OK) {
                rc = advance(s, err);
            }
        }
    }
    return rc;
}

static void report_excluded(struct mdl_snap_report *r, const struct gathered *g)
{
    if (r->n_excluded < MDL_SNAP_EXCLUDED_REPORTED) {
        size_t i = r->n_excluded++;
        memcpy(r->excluded_bytes[i], g->key, g->len);
        r->excluded_key[i] = (struct mdl_gen_key){.bytes = r->excluded_bytes[i], .len = g->len};
    }
    r->excluded++;
}

static enum mdl_status update_mask(struct mdl_snap_job *job, uint32_t account,
                                   struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_query(&job->conn, &q, "UPDATE account SET registry_mask = ? WHERE id = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_u64(&q, job->member[account].registry_mask);
    mdl_put_int(&q, account);
    return mdl_run(&q, err);
}

/* Pass one of a counts list: which key stands for each account, if only one may. Keys come in
 * ascending order, so of equal origins the first is the lowest. */
static enum mdl_status choose(struct mdl_snap_job *job, struct gathered *g, uint32_t place,
                              struct mdl_error *err)
{
    (void)err;
    if (g->withheld) {
        return MDL_OK;
    }
    if (g->n > job->cap) {
        report_excluded(job->report, g);
        return MDL_OK;
    }
    for (uint32_t i = 0; i < g->n; i++) {
        struct mdl_snap_member *m = &job->member[g->link[i].account];
        if (m->origin == 0 || g->link[i].origin < m->origin) {
            m->origin = g->link[i].origin;
            m->chosen = place;
        }
    }
    return MDL_OK;
}

/* Pass two: leaves the accounts that chose this key. */
static void keep_chosen(const struct mdl_snap_job *job, struct gathered *g, uint32_t place)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < g->n; i++) {
        const struct mdl_snap_member *m = &job->member[g->link[i].account];
        if (m->origin != 0 && m->chosen == place) {
            g->link[n++] = g->link[i];
        }
    }
    g->n = n;
}

/* A key is left out. If it is an identifier, its accounts no longer hold one of that type: it
 * cannot match any more, so it must not veto either. Identifiers sort before the keys they could
 * veto. */
static enum mdl_status forget(struct mdl_snap_job *job, const struct gathered *g,
                              struct mdl_error *err)
{
    int bit = job->registry_bit != NULL ? job->registry_bit(job->registry_ctx, g->key, g->len) : -1;
    enum mdl_status rc = MDL_OK;

    for (uint32_t i = 0; i < g->n && rc == MDL_OK && bit >= 0 && bit < 64; i++) {
        job->member[g->link[i].account].registry_mask &= ~(UINT64_C(1) << bit);
        rc = update_mask(job, g->link[i].account, err);
    }
    return rc;
}

/* A key of a suppressed account: nobody's. */
static enum mdl_status withhold(struct mdl_snap_job *job, const struct gathered *g,
                                struct mdl_error *err)
{
    job->report->withheld_keys += g->n > 0;
    return job->key_type == 0 ? forget(job, g, err) : MDL_OK;
}

static enum mdl_status put_link(struct mdl_snap_job *job, uint32_t ordinal,
                                const struct found_link *l, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_query(
        &job->conn, &q, "INSERT INTO link (ordinal, account, origin) VALUES (?, ?, ?)", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, ordinal);
    mdl_put_int(&q, l->account);
    mdl_put_int(&q, l->origin);
    return mdl_run(&q, err);
}

static enum mdl_status put_key(struct mdl_snap_job *job, const struct gathered *g,
                               struct mdl_error *err)
{
    struct mdl_snap_report *r = job->report;
    uint32_t populations = 0;
    uint64_t registries = 0;
    struct mdl_query q;
    enum mdl_status rc = mdl_query(&job->conn, &q,
                                   "INSERT INTO snap_key (ordinal, key, populations, "
                                   "registry_mask) VALUES (?, ?, ?, ?)",
                                   err);

    for (uint32_t i = 0; i < g->n; i++) {
        struct mdl_snap_member *m = &job->member[g->link[i].account];
        populations |= m->populations;
        registries |= job->key_type == 0 ? m->registry_mask : 0;
        m->has_key = true;
    }
    for (size_t i = 0; i < job->n_populations; i++) {
        r->population_keys[i] += populations >> i & 1;
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, r->keys);
    mdl_put_bytes(&q, g->key, g->len);
    mdl_put_int(&q, populations);
    mdl_put_u64(&q, registries);
    rc = mdl_run(&q, err);
    for (uint32_t i = 0; i < g->n && rc == MDL_OK && job->key_type == 0; i++) {
        rc = put_link(job, r->keys, &g->link[i], err);
    }
    return rc;
}

/* Writes what was gathered, or leaves it out. */
static enum mdl_status settle(struct mdl_snap_job *job, struct gathered *g, uint32_t place,
                              struct mdl_error *err)
{
    struct mdl_snap_report *r = job->report;

    if (g->withheld) {
        return withhold(job, g, err);
    }
    if (job->key_type != 0) {
        keep_chosen(job, g, place);
    }
    if (g->n == 0) {
        return MDL_OK;
    }
    if (g->n > job->cap) {
        report_excluded(r, g);
        return forget(job, g, err);
    }
    if (r->keys == MDL_SNAP_KEYS_MAX) {
        return mdl_fail(err, MDL_U_TOO_LARGE,
                        "the agreed populations have more than %d match keys: narrow them",
                        MDL_SNAP_KEYS_MAX);
    }
    enum mdl_status rc = put_key(job, g, err);
    r->keys++;
    if (rc == MDL_OK && r->keys % PROGRESS_STEP == 0 && job->progress != NULL &&
        !job->progress(job->progress_ctx, r->keys)) {
        rc = mdl_fail(err, MDL_U_CANCELLED, "stopped while preparing the round");
    }
    return rc;
}

static enum mdl_status start_sources(struct mdl_snap_job *job, struct mdl_error *err)
{
    enum mdl_status rc = MDL_OK;

    for (size_t i = 0; i < job->n_sources && rc == MDL_OK; i++) {
        struct mdl_snap_source *s = &job->source[i];
        rc = mdl_query(mdl_gen_conn(s->gen), &s->keys,
                       "SELECT key, account, origin FROM match_key INDEXED BY key_value "
                       "WHERE key >= ? AND key < ? ORDER BY key, account, origin",
                       err);
        if (rc == MDL_OK) {
            /* A key begins with its type. Bound bytes must stay: they are the job's. */
            mdl_put_bytes(&s->keys, &job->key_from, 1);
            mdl_put_bytes(&s->keys, &job->key_to, 1);
            rc = advance(s, err);
        }
    }
    return rc;
}

typedef enum mdl_status each_key(struct mdl_snap_job *job, struct gathered *g, uint32_t place,
                                 struct mdl_error *err);

/* Once through the distinct keys of all sources. */
static enum mdl_status walk(struct mdl_snap_job *job, each_key *each, struct mdl_error *err)
{
    struct gathered g = {.n = 0};
    uint32_t place = 0;
    enum mdl_status rc = start_sources(job, err);
    while (rc == MDL_OK && lowest(job, &g)) {
        rc = gather(job, &g, err);
        if (rc == MDL_OK) {
            rc = each(job, &g, place++, err);
        }
    }
    for (size_t i = 0; i < job->n_sources; i++) {
        (void)mdl_query_end(&job->source[i].keys, NULL);
    }
    free(g.link);
    return rc;
}

enum mdl_status mdl_snap_merge(struct mdl_snap_job *job, struct mdl_error *err)
{
    enum mdl_status rc = job->key_type != 0 ? walk(job, choose, err) : MDL_OK;

    return rc == MDL_OK ? walk(job, settle, err) : rc;
}
