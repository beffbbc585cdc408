/* caps_model.c: a node of one partner without loop and network, its clock, and a plain model of
 * what its caps allow. A round is held against both. */
#include "caps_model.h"

#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 200u

static const char *const name_of[POPULATIONS] = {"p0", "p1", "p2", "p3"};
uint64_t now;

/* The node's clock on the wall. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
    if (id != CLOCK_REALTIME) {
        return (int)syscall(SYS_clock_gettime, id, ts);
    }
    ts->tv_sec = (time_t)(now / 1000);
    ts->tv_nsec = (long)(now % 1000) * 1000000;
    return 0;
}

uint64_t dice_state;

uint32_t dice(uint32_t n)
{
    dice_state = dice_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(dice_state >> 33) % n;
}

/* ---- a node: its store, one partner, lists ----------------------------------------------------
 */

static struct mdl_service node;
static struct peer peer;
uint32_t list[POPULATIONS];

static void pin(void)
{
    peer.id = add_partner("Acme", 9);
    (void)snprintf(peer.name, sizeof peer.name, "Acme");
}

void pin_again(void)
{
    struct mdl_partner_row p;

    ok(mdl_partner_get(st, peer.id, &p, &err));
    p.removed_at = now;
    ok(mdl_store_begin(st, &err));
    ok(mdl_partner_update(st, &p, &err));
    ok(mdl_store_commit(st, &err));
    mdl_partner_clear(&p);
    pin();
}

void setup(void)
{
    fixture_open();
    now = UINT64_C(1795349214444); /* 2026-11-22 */
    node = (struct mdl_service){.store = st, .peers = &peer, .n_peers = 1};
    (void)snprintf(node.dir, sizeof node.dir, "%s", dir);
    pin();
    add_source("crm");
}

void restart(void)
{
    reopen();
    node.store = st;
}

/* An account for each key, in all populations that have it. */
void import(void)
{
    static struct mdl_gen_summary sum;
    char generation[MDL_STORE_GENERATION + 1];
    struct mdl_gen *g;
    int bit[POPULATIONS];

    ok(mdl_gen_create(dir, "crm", generation, &g, &err));
    for (int i = 0; i < POPULATIONS; i++) {
        ok(mdl_gen_population(g, name_of[i], &bit[i], &err));
    }
    for (unsigned k = 0; k < KEYS; k++) {
        char record[16], key[32];
        uint64_t populations = 0;
        for (int i = 0; i < POPULATIONS; i++) {
            populations |= (uint64_t)(list[i] >> k & 1) << bit[i];
        }
        (void)snprintf(record, sizeof record, "r%u", k);
        (void)snprintf(key, sizeof key, "16:k%02u.example", k);
        if (populations != 0) {
            put_account(g, record, record, key, populations, 0);
        }
    }
    finish_and_swap(g, "crm", generation, &sum);
}

/* ---- agreements: each population of `order` counted against one of theirs ----------------------
 */

void sign(struct terms *t, uint8_t nonce)
{
    uint8_t own[32], theirs[32], profile[1][32] = {{7}}, nonces[MDL_AGREEMENT_NONCE] = {nonce};
    struct mdl_agreement_party us = {own, "Northwind"}, them = {theirs, "Acme"};
    struct mdl_agreement_cell cell[POPULATIONS];
    struct mdl_agreement_row row = {.partner = peer.id, .state = MDL_AGREEMENT_IN_FORCE};
    static uint8_t bytes[MDL_AGREEMENT_MAX];

    memset(own, 1, sizeof own);
    memset(theirs, 9, sizeof theirs);
    ok(mdl_agreement_draft(&us, &them, (const uint8_t(*)[32])profile, 1, now, nonces, &t->a, &err));
    for (size_t i = 0; i < t->n; i++) {
        cell[i] = (struct mdl_agreement_cell){.population = {name_of[t->order[i]], "theirs"},
                                              .level = MDL_LEVEL_COUNTS,
                                              .key_type = MDL_KEY_DOMAIN};
    }
    ok(mdl_agreement_set_cells(&t->a, cell, t->n, &err));
    t->a.caps = t->caps;
    row.bytes.data = bytes;
    ok(mdl_agreement_encode(&t->a, bytes, &row.bytes.len, &err));
    mdl_agreement_hash(bytes, row.bytes.len, row.hash);
    memcpy(t->hash, row.hash, sizeof t->hash);
    ok(mdl_store_begin(st, &err));
    ok(mdl_agreement_insert(st, &row, &err));
    ok(mdl_store_commit(st, &err));
}

const struct mdl_agreement_caps open_caps = {.max_keys_round = BIG,
                                             .max_keys_month = 31 * (uint64_t)BIG,
                                             .min_keys = 1,
                                             .max_rounds_month = 1000};

/* ---- the model ---------------------------------------------------------------------------------
 */

struct past {
    uint64_t begun;
    bool broken, debited;
    uint64_t debited_at;
    uint32_t mask[POPULATIONS]; /* what was committed to; 0: nothing */
    uint32_t own_keys;
};

static struct past past[ROUNDS];
unsigned n_past;

static uint32_t month(uint64_t ms)
{
    return mdl_store_month(ms); /* held against a calendar of its own in check_budget.c */
}

static unsigned bits(uint32_t v)
{
    return (unsigned)__builtin_popcount(v);
}

/* The cap that lets no round begin; NULL: none does. */
static const char *may_not_begin(const struct terms *t)
{
    unsigned begun = 0;
    uint64_t last = 0;

    for (unsigned i = 0; i < n_past; i++) {
        const struct past *p = &past[i];
        begun += (p->broken && month(p->begun) >= month(now)) ||
                         (p->debited && month(p->debited_at) >= month(now))
                     ? 1
                     : 0;
        last = p->begun > last ? p->begun : last;
    }
    if (begun >= t->caps.max_rounds_month) {
        return "max_rounds_month";
    }
    bool cold =
        t->caps.cooldown_hours > 0 && n_past > 0 && now < last + t->caps.cooldown_hours * HOUR;
    return cold ? "cooldown_hours" : NULL;
}

/* Against the last eight lists of this population: the same as one, or far from all. */
static bool changed_too_little(int p, uint32_t min_change)
{
    unsigned seen = 0;
    bool near = false;

    for (unsigned i = n_past; i > 0 && seen < 8 && list[p] != 0; i--) {
        unsigned d = bits(list[p] ^ past[i - 1].mask[p]);
        if (past[i - 1].mask[p] == 0) {
            continue;
        }
        if (d == 0) {
            return false;
        }
        near = near || d < min_change;
        seen++;
    }
    return near;
}

/* The cap that lets the lists not leave. */
static const char *may_not_leave(const struct terms *t)
{
    uint64_t brought = 0;
    uint64_t sum = 0;
    bool too_little = false;

    for (unsigned i = 0; i < n_past; i++) {
        brought += month(past[i].begun) >= month(now) ? past[i].own_keys : 0;
    }
    for (size_t g = 0; g < t->n; g++) {
        int p = t->order[g];
        sum += bits(list[p]);
        too_little = too_little || changed_too_little(p, t->caps.min_change);
    }
    if (sum > t->caps.max_keys_round) {
        return "max_keys_round";
    }
    if (brought + sum > t->caps.max_keys_month) {
        return "max_keys_month";
    }
    return too_little ? "min_change" : NULL;
}

/* ---- a round -----------------------------------------------------------------------------------
 */

static void says_cap(const char *text, const char *cap)
{
    ck_assert_msg(strncmp(text, cap, strlen(cap)) == 0 && text[strlen(cap)] == ':',
                  "expected %s, the text is: %s", cap, text);
}

static bool may_begin(const struct terms *t, const char *cap)
{
    struct mdl_agreement_row row;

    memset(&err, 0, sizeof err);
    ok(mdl_agreement_get(st, t->hash, &row, &err));
    enum mdl_status status = rounds_may_run(&node, &peer, &row, &err);
    mdl_agreement_clear(&row);
    ck_assert_msg(status == (cap == NULL ? MDL_OK : MDL_P_CAP), "expected %s: %s, %s",
                  cap == NULL ? "a round" : cap, mdl_status_slug(status), err.text);
    if (cap != NULL) {
        says_cap(err.text, cap);
    }
    return cap == NULL;
}

static struct run *begin(const struct terms *t)
{
    struct run *r = calloc(1, sizeof *r);

    ck_assert_ptr_nonnull(r);
    ck_assert_uint_lt(n_past, ROUNDS);
    r->s = &node;
    r->partner = r->row.partner = peer.id;
    r->agreement = t->a;
    r->row.role = 0;
    r->row.outcome = MDL_ROUND_RUNNING;
    r->row.started_at = now;
    r->row.created_at = now + DAY - dice(32) * DAY; /* as its sender dates it */
    r->row.n_groups = t->n;
    memcpy(r->row.agreement, t->hash, sizeof r->row.agreement);
    round_id((uint8_t)n_past, r->row.id);
    for (size_t g = 0; g < t->n; g++) {
        (void)snprintf(r->row.group[g].level, sizeof r->row.group[g].level, "counts");
    }
    ok(mdl_store_begin(st, &err));
    ok(mdl_round_insert(st, &r->row, &err));
    ok(mdl_store_commit(st, &err));
    past[n_past] = (struct past){.begun = now};
    return r;
}

static void build(struct run *r, const struct terms *t)
{
    for (size_t g = 0; g < t->n; g++) {
        struct mdl_snap_job *job;
        struct mdl_snap_spec spec = {.group = (uint8_t)g,
                                     .population = &name_of[t->order[g]],
                                     .n_populations = 1,
                                     .key_type = MDL_KEY_DOMAIN,
                                     .registry_bit = run_registry_bit};
        memcpy(spec.round, r->row.id, sizeof spec.round);
        ok(mdl_snap_prepare(st, &spec, &job, &err));
        ok(mdl_snap_build(job, NULL, NULL, &r->report[g], &err));
        mdl_snap_job_free(job);
        ck_assert_uint_eq(r->report[g].keys, bits(list[t->order[g]]));
    }
}

static bool may_leave(struct run *r, const char *cap)
{
    struct run_job job = {.run = r};

    enum mdl_status status = run_caps_check(&job);
    ck_assert_msg(status == (cap == NULL ? MDL_OK : MDL_P_CAP), "expected %s: %s, %s",
                  cap == NULL ? "no cap" : cap, mdl_status_slug(status), job.err.text);
    if (cap != NULL) { /* the partner learns which cap it was, and no number */
        says_cap(job.err.text, cap);
        says_cap(job.told, cap);
        ck_assert_ptr_null(strpbrk(job.told, "0123456789"));
    }
    return cap == NULL;
}

static void end(struct run *r, const struct terms *t, enum reach reach, bool complete)
{
    struct past *p = &past[n_past++];

    p->broken = !complete;
    r->row.outcome = complete           ? MDL_ROUND_COMPLETE
                     : reach == MATCHED ? (dice(2) == 0 ? MDL_ROUND_PARTIAL : MDL_ROUND_ABORTED)
                                        : MDL_ROUND_ABORTED;
    r->row.finished_at = now;
    ok(mdl_store_begin(st, &err));
    for (size_t g = 0; g < t->n; g++) {
        struct mdl_round_group *k = &r->row.group[g];
        int own = t->order[g];
        uint32_t n = list[own] == 0 ? 0 : bits(list[own]);
        k->skipped = n == 0;
        k->own_keys = reach >= COMMITTED ? n : 0;
        k->known = reach == MATCHED && n > 0;
        p->own_keys += k->own_keys;
        p->mask[own] = reach >= COMMITTED ? list[own] : 0;
        if (reach >= DEBITED && n > 0) {
            k->partner_keys = 1 + dice(50);
            p->debited = true;
            p->debited_at = now;
            ok(mdl_budget_debit(st, peer.id, r->row.id, (uint8_t)g, k->partner_keys, now, &err));
        }
    }
    ok(mdl_round_update(st, &r->row, &err));
    ok(mdl_store_commit(st, &err));
    free(r);
}

/* Begins a round if it may, and takes it so far. Returns the cap that stopped it. */
const char *try_round(const struct terms *t, enum reach reach, bool complete)
{
    const char *cap = may_not_begin(t);

    if (!may_begin(t, cap)) {
        return cap;
    }
    cap = may_not_leave(t);
    struct run *r = begin(t);
    ok(run_caps_prepare(r, &err));
    build(r, t);
    bool leaves = may_leave(r, cap);
    end(r, t, leaves ? reach : PREPARED, leaves && complete && reach == MATCHED);
    return cap;
}
