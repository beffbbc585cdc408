/* union.c: counts over several groups of a round, each own account once.
 * Never writes; holds a digest of each account and no name. */
#include "snapshot_file.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST 16

enum standing { MATCHED, REVIEWED, VETOED, UNTOUCHED };

/* An account as one group has it; bits are those of the lists of all groups. */
struct seen {
    uint8_t digest[DIGEST];
    uint32_t own, partner;
    enum standing standing;
};

struct gather {
    struct seen *at;
    size_t n, room;
    uint8_t key[crypto_generichash_KEYBYTES];
};

static struct seen *grow(struct gather *g)
{
    if (g->n == g->room) {
        size_t room = g->room == 0 ? 4096 : g->room * 2;
        struct seen *grown = realloc(g->at, room * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        g->at = grown;
        g->room = room;
    }
    return &g->at[g->n++];
}

static void digest(const struct gather *g, const char *source, const char *record,
                   uint8_t out[DIGEST])
{
    crypto_generichash_state h;

    /* A source's name has no NUL: it ends where the record id begins. */
    (void)crypto_generichash_init(&h, g->key, sizeof g->key, DIGEST);
    (void)crypto_generichash_update(&h, (const uint8_t *)source, strlen(source) + 1);
    (void)crypto_generichash_update(&h, (const uint8_t *)record, strlen(record));
    (void)crypto_generichash_final(&h, out, DIGEST);
}

static uint32_t moved(uint32_t bits, const uint8_t to[MDL_STORE_POPULATIONS])
{
    uint32_t out = 0;

    for (size_t i = 0; i < MDL_STORE_POPULATIONS; i++) {
        if ((bits >> i & 1) != 0 && to[i] < MDL_STORE_POPULATIONS) {
            out |= UINT32_C(1) << to[i];
        }
    }
    return out;
}

static enum mdl_status take(struct gather *g, struct mdl_query *q, const struct mdl_snap_part *p,
                            struct mdl_error *err)
{
    const char *source = mdl_take_borrowed(q);
    const char *record = mdl_take_borrowed(q);
    struct seen *s = grow(g);

    if (s == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory to count the accounts of a round");
    }
    digest(g, source, record, s->digest);
    s->own = moved(mdl_take_u32(q), p->own);
    s->partner = moved(mdl_take_u32(q), p->partner);
    int64_t tier = mdl_take_int(q); /* -1: no finding */
    bool vetoed = mdl_take_int(q) != 0;
    s->standing = tier < 0 ? UNTOUCHED : vetoed ? VETOED : tier == 0 ? MATCHED : REVIEWED;
    return MDL_OK;
}

static enum mdl_status gather_part(struct gather *g, const char *dir, const uint8_t *round,
                                   const struct mdl_snap_part *p, struct mdl_error *err)
{
    struct mdl_snap *snap = NULL;
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_snap_open(dir, round, p->group, &snap, err);

    if (rc == MDL_OK) {
        rc =
            mdl_query(&snap->conn, &q,
                      "SELECT s.name, a.record_id, a.populations, "
                      "coalesce(f.partner_populations, 0), coalesce(f.tier, -1), "
                      "coalesce(f.vetoed, 0) FROM account AS a CROSS JOIN source AS s "
                      "ON s.id = a.source LEFT JOIN finding AS f ON f.account = a.id ORDER BY a.id",
                      err);
    }
    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        rc = take(g, &q, p, err);
        if (rc != MDL_OK) {
            (void)mdl_query_end(&q, NULL);
        }
    }
    mdl_snap_close(snap);
    return rc;
}

static int by_digest(const void *a, const void *b)
{
    return memcmp(((const struct seen *)a)->digest, ((const struct seen *)b)->digest, DIGEST);
}

static void count_bits(uint32_t n[MDL_STORE_POPULATIONS], uint32_t bits)
{
    for (size_t i = 0; i < MDL_STORE_POPULATIONS; i++) {
        n[i] += bits >> i & 1;
    }
}

static void count_reviewed(const struct seen *s, size_t n, struct mdl_regroup_counts *out)
{
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < MDL_STORE_POPULATIONS && s[k].standing == REVIEWED; i++) {
            for (size_t j = 0; j < MDL_STORE_POPULATIONS; j++) {
                out->reviewed[i][j] += (s[k].own >> i) & (s[k].partner >> j) & 1;
            }
        }
    }
}

/* One account: the n rows that the groups have of it. */
static void count_account(const struct seen *s, size_t n, struct mdl_regroup_counts *out)
{
    uint32_t own[UNTOUCHED + 1] = {0};
    uint32_t partner = 0;
    uint32_t all = 0;
    enum standing best = UNTOUCHED;

    for (size_t i = 0; i < n; i++) {
        own[s[i].standing] |= s[i].own;
        partner |= s[i].standing == MATCHED ? s[i].partner : 0;
        all |= s[i].own;
        best = s[i].standing < best ? s[i].standing : best;
    }
    out->total++;
    out->accounts += best == MATCHED ? 1 : 0;
    out->review += best == REVIEWED ? 1 : 0;
    out->vetoed += best == VETOED ? 1 : 0;
    count_bits(out->own_total, all);
    count_bits(out->own_matched, own[MATCHED]);
    count_bits(out->partner_matched, partner);
    if (best == REVIEWED) {
        count_bits(out->own_review, own[REVIEWED]);
        count_reviewed(s, n, out);
    }
}

/* Each cell stands in one group: its figures are that group's. */
static void take_cells(const struct mdl_snap_part *p, struct mdl_regroup_counts *out)
{
    for (size_t i = 0; i < MDL_STORE_POPULATIONS; i++) {
        for (size_t j = 0; j < MDL_STORE_POPULATIONS; j++) {
            if (p->own[i] < MDL_STORE_POPULATIONS && p->partner[j] < MDL_STORE_POPULATIONS) {
                out->matched[p->own[i]][p->partner[j]] += p->counts.matched[i][j];
            }
        }
    }
}

static void count(struct gather *g, struct mdl_regroup_counts *out)
{
    if (g->n > 0) {
        qsort(g->at, g->n, sizeof *g->at, by_digest);
    }
    for (size_t i = 0; i < g->n;) {
        size_t k = i + 1;
        while (k < g->n && by_digest(&g->at[i], &g->at[k]) == 0) {
            k++;
        }
        count_account(&g->at[i], k - i, out);
        i = k;
    }
}

enum mdl_status mdl_snap_unite(const char *dir, const uint8_t round[MDL_STORE_ROUND],
                               const struct mdl_snap_part *part, size_t n,
                               struct mdl_regroup_counts *out, struct mdl_error *err)
{
    struct gather g = {.n = 0};
    enum mdl_status rc = MDL_OK;

    memset(out, 0, sizeof *out);
    randombytes_buf(g.key, sizeof g.key);
    for (size_t i = 0; i < n && rc == MDL_OK; i++) {
        rc = gather_part(&g, dir, round, &part[i], err);
        take_cells(&part[i], out);
    }
    if (rc == MDL_OK) {
        count(&g, out);
    }
    free(g.at);
    return rc;
}
