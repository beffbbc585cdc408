/* regroup.c: from matched keys back to own accounts: which key made the match, vetoes, counts.
 * Knows no key type: priorities, tiers and registry bits come from the caller. */
#include "snapshot_file.h"

#include <stdlib.h>
#include <string.h>

#define PROGRESS_STEP 4096

/* One matched key of the account at hand. */
struct candidate {
    const struct mdl_key_rule *rule;
    uint32_t ordinal, partner_populations;
    uint64_t partner_registries;
    uint8_t origin;
    uint8_t key[MDL_GEN_KEY_MAX];
    size_t key_len;
};

struct pass {
    struct mdl_snap *s;
    const struct mdl_regroup_rules *rules;
    struct mdl_regroup_counts *out;
    const struct mdl_key_rule *by_type[256];
    uint32_t partner_mask;
    /* The account at hand; id 0: none yet. */
    int64_t account;
    uint32_t populations;
    uint64_t registry_mask;
    uint64_t matched_bits; /* registry types of its identifiers that matched */
    bool disputed;         /* one of its keys that matched is in dispute */
    struct candidate *c;
    size_t n, room;
};

/* The four classes of store_snapshot.h in their order. */
enum finding_class { CLASS_MATCH, CLASS_REVIEW, CLASS_MATCH_VETOED, CLASS_REVIEW_VETOED };

static uint64_t conflicts(const struct pass *p, const struct candidate *c)
{
    if (c->rule->identifier) {
        return 0;
    }
    return p->registry_mask & c->partner_registries & ~p->matched_bits;
}

static enum finding_class class_of(const struct pass *p, const struct candidate *c)
{
    bool vetoed = p->disputed || conflicts(p, c) != 0;

    if (c->rule->match_tier) {
        return vetoed ? CLASS_MATCH_VETOED : CLASS_MATCH;
    }
    return vetoed ? CLASS_REVIEW_VETOED : CLASS_REVIEW;
}

/* Whether a comes before b. Both orders are total, so the result does not depend on the rows'. */
static bool before(const struct pass *p, const struct candidate *a, const struct candidate *b)
{
    enum finding_class ca = class_of(p, a);
    enum finding_class cb = class_of(p, b);

    if (ca != cb) {
        return ca < cb;
    }
    if (a->rule->priority != b->rule->priority) {
        return a->rule->priority < b->rule->priority;
    }
    if (a->origin != b->origin) {
        return a->origin < b->origin;
    }
    return a->ordinal < b->ordinal;
}

static void count_cells(uint32_t cell[MDL_STORE_POPULATIONS][MDL_STORE_POPULATIONS], uint32_t own,
                        uint32_t partner)
{
    for (size_t i = 0; i < MDL_STORE_POPULATIONS; i++) {
        for (size_t j = 0; j < MDL_STORE_POPULATIONS; j++) {
            cell[i][j] += (own >> i) & (partner >> j) & 1;
        }
    }
}

static void count_bits(uint32_t n[MDL_STORE_POPULATIONS], uint32_t bits)
{
    for (size_t i = 0; i < MDL_STORE_POPULATIONS; i++) {
        n[i] += bits >> i & 1;
    }
}

static void count(struct pass *p, enum finding_class cls, uint32_t partner)
{
    struct mdl_regroup_counts *n = p->out;

    switch (cls) {
    case CLASS_MATCH:
        n->accounts++;
        count_bits(n->own_matched, p->populations);
        count_bits(n->partner_matched, partner);
        count_cells(n->matched, p->populations, partner);
        return;
    case CLASS_REVIEW:
        n->review++;
        count_bits(n->own_review, p->populations);
        count_cells(n->reviewed, p->populations, partner);
        return;
    case CLASS_MATCH_VETOED:
    case CLASS_REVIEW_VETOED:
        n->vetoed++;
        return;
    }
}

static enum mdl_status put_finding(struct pass *p, const struct candidate *best, uint32_t partner,
                                   enum finding_class cls, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_query(&p->s->conn, &q,
                  "INSERT INTO finding (account, partner_populations, ordinal, key, origin, tier, "
                  "vetoed, conflicts) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                  err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, p->account);
    mdl_put_int(&q, partner);
    mdl_put_int(&q, best->ordinal);
    mdl_put_bytes(&q, best->key, best->key_len);
    mdl_put_int(&q, best->origin);
    mdl_put_int(&q, best->rule->match_tier ? MDL_FOUND_MATCH : MDL_FOUND_REVIEW);
    mdl_put_int(&q, cls == CLASS_MATCH_VETOED || cls == CLASS_REVIEW_VETOED ? 1 : 0);
    mdl_put_u64(&q, conflicts(p, best));
    return mdl_run(&q, err);
}

/* Decides on the account at hand, and forgets it. */
static enum mdl_status settle(struct pass *p, struct mdl_error *err)
{
    if (p->n == 0) {
        return MDL_OK;
    }
    const struct candidate *best = &p->c[0];
    for (size_t i = 1; i < p->n; i++) {
        if (before(p, &p->c[i], best)) {
            best = &p->c[i];
        }
    }
    enum finding_class cls = class_of(p, best);
    uint32_t partner = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (p->c[i].rule == best->rule && class_of(p, &p->c[i]) == cls) {
            partner |= p->c[i].partner_populations;
        }
    }
    partner &= p->partner_mask;
    count(p, cls, partner);
    p->n = 0;
    return put_finding(p, best, partner, cls, err);
}

static enum mdl_status add_candidate(struct pass *p, const struct candidate *c,
                                     struct mdl_error *err)
{
    if (p->n == p->room) {
        size_t room = p->room == 0 ? 16 : p->room * 2;
        struct candidate *grown = realloc(p->c, room * sizeof *grown);
        if (grown == NULL) {
            return mdl_fail(err, MDL_L_MEMORY, "not enough memory to group the matches");
        }
        p->c = grown;
        p->room = room;
    }
    p->c[p->n++] = *c;
    return MDL_OK;
}

/* Settles the account at hand and turns to `account`. */
static enum mdl_status next_account(struct pass *p, int64_t account, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = settle(p, err);

    if (rc == MDL_OK) {
        rc = mdl_query(&p->s->conn, &q,
                       "SELECT populations, registry_mask FROM account WHERE id = ?", err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, account);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && !row) {
        rc = mdl_fail(err, MDL_L_DATABASE, "the file of the round is damaged");
    }
    if (rc == MDL_OK) {
        p->account = account;
        p->populations = mdl_take_u32(&q);
        p->registry_mask = mdl_take_u64(&q);
        p->matched_bits = 0;
        p->disputed = false;
        rc = mdl_query_end(&q, err);
    }
    return rc;
}

/* One row of the pass below: a matched key of an account. */
static enum mdl_status take_row(struct pass *p, struct mdl_query *q, struct mdl_error *err)
{
    struct candidate c;
    int64_t account = mdl_take_int(q);
    enum mdl_status rc = account != p->account ? next_account(p, account, err) : MDL_OK;

    if (rc != MDL_OK) {
        return rc;
    }
    c.origin = (uint8_t)mdl_take_int(q);
    c.ordinal = mdl_take_u32(q);
    c.partner_populations = mdl_take_u32(q);
    c.partner_registries = mdl_take_u64(q);
    c.key_len = mdl_take_upto(q, c.key, sizeof c.key);
    c.rule = c.key_len > 0 ? p->by_type[c.key[0]] : NULL;
    if (c.rule == NULL) {
        return mdl_fail(err, MDL_U_ARGUMENT, "no rule says how a key of type %d matches", c.key[0]);
    }
    int bit = c.rule->identifier ? p->rules->registry_bit(p->rules->ctx, c.key, c.key_len) : -1;
    if (bit >= 0 && bit < 64) {
        p->matched_bits |= UINT64_C(1) << bit;
    }
    p->disputed = p->disputed || (p->rules->disputed != NULL &&
                                  p->rules->disputed(p->rules->ctx, c.key, c.key_len));
    return add_candidate(p, &c, err);
}

static enum mdl_status run_pass(struct pass *p, mdl_snap_progress *progress, void *ctx,
                                struct mdl_error *err)
{
    /* From the matches outwards: the cost goes with their number, not with the list's. Accounts are
     * looked up one by one in their order, so that each page of them is read once. */
    static const char sql[] =
        "SELECT l.account, l.origin, m.ordinal, m.partner_populations, m.partner_registries, k.key "
        "FROM matched AS m CROSS JOIN link AS l ON l.ordinal = m.ordinal "
        "CROSS JOIN snap_key AS k ON k.ordinal = m.ordinal ORDER BY l.account";
    struct mdl_query q;
    bool more = false;
    uint32_t rows = 0;
    enum mdl_status rc = mdl_query(&p->s->conn, &q, sql, err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        rc = take_row(p, &q, err);
        if (rc == MDL_OK && ++rows % PROGRESS_STEP == 0 && progress != NULL &&
            !progress(ctx, rows)) {
            rc = mdl_fail(err, MDL_U_CANCELLED, "stopped while grouping the matches");
        }
        if (rc != MDL_OK) {
            (void)mdl_query_end(&q, NULL);
        }
    }
    return rc == MDL_OK ? settle(p, err) : rc;
}

static enum mdl_status count_totals(struct pass *p, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_query(
        &p->s->conn, &q, "SELECT populations, count(*) FROM account GROUP BY populations", err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        uint32_t bits = mdl_take_u32(&q);
        uint32_t n = mdl_take_u32(&q);
        p->out->total += n;
        for (size_t i = 0; i < MDL_STORE_POPULATIONS; i++) {
            p->out->own_total[i] += (bits >> i & 1) * n;
        }
    }
    return rc;
}

static enum mdl_status in_transaction(struct pass *p, mdl_snap_progress *progress, void *ctx,
                                      struct mdl_error *err)
{
    enum mdl_status rc = MDL_OK;

    if (!p->s->in_tx) {
        rc = mdl_exec(&p->s->conn, "BEGIN IMMEDIATE", err);
        p->s->in_tx = rc == MDL_OK;
    }
    if (rc == MDL_OK) {
        rc = mdl_exec(&p->s->conn, "DELETE FROM finding", err);
    }
    if (rc == MDL_OK) {
        rc = run_pass(p, progress, ctx, err);
    }
    if (rc == MDL_OK) {
        rc = count_totals(p, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_exec(&p->s->conn, "UPDATE state SET stage = 1; COMMIT", err);
    }
    if (rc != MDL_OK) {
        (void)sqlite3_exec(p->s->conn.db, "ROLLBACK", NULL, NULL, NULL);
    }
    p->s->in_tx = false;
    return rc;
}

enum mdl_status mdl_snap_regroup(struct mdl_snap *s, const struct mdl_regroup_rules *rules,
                                 mdl_snap_progress *progress, void *ctx,
                                 struct mdl_regroup_counts *out, struct mdl_error *err)
{
    struct pass p = {.s = s, .rules = rules, .out = out};
    enum mdl_status rc = mdl_snap_needs_keys(s, err);

    memset(out, 0, sizeof *out);
    if (rc != MDL_OK) {
        return rc;
    }
    p.partner_mask = rules->n_partner_populations >= 32
                         ? UINT32_MAX
                         : (UINT32_C(1) << rules->n_partner_populations) - 1;
    for (size_t i = 0; i < rules->n_rules; i++) {
        p.by_type[rules->rule[i].type] = &rules->rule[i];
    }
    rc = in_transaction(&p, progress, ctx, err);
    if (rc == MDL_OK) {
        s->stage = MDL_SNAP_REGROUPED;
    }
    free(p.c);
    return rc;
}

enum mdl_status mdl_snap_shrink(struct mdl_snap *s, struct mdl_error *err)
{
    if (s->stage == MDL_SNAP_BUILT) {
        return mdl_fail(err, MDL_U_STATE, "the round has no result yet");
    }
    if (s->stage == MDL_SNAP_SHRUNK) {
        return MDL_OK;
    }
    enum mdl_status rc = mdl_exec(&s->conn,
                                  "BEGIN IMMEDIATE; DROP TABLE link; DROP TABLE matched; "
                                  "DROP TABLE snap_key; UPDATE state SET stage = 2; COMMIT",
                                  err);
    if (rc != MDL_OK) {
        (void)sqlite3_exec(s->conn.db, "ROLLBACK", NULL, NULL, NULL);
        return rc;
    }
    s->stage = MDL_SNAP_SHRUNK;
    return mdl_exec(&s->conn, "VACUUM", err);
}
