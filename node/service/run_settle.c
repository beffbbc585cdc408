/* run_settle.c: from opened positions to the result: a worker regroups the matched keys onto our
 * accounts, the loop copies the rows into the database, some at a time. It may not hold the loop.
 */
#include "run.h"
#include "scope.h"
#include "trail.h"

#include <stdlib.h>
#include <string.h>

#define COPY_CHUNK 500 /* some 20 ms on a busy disk: the loop has other rounds too */

#define RULE(name, number, slug, label, prio, tier)                                                \
    {number, prio, MDL_TIER_##tier == MDL_TIER_MATCH, (number) <= MDL_KEY_VAT},
static const struct mdl_key_rule rules[] = {MDL_KEY_TYPE_LIST(RULE)};
#undef RULE

int run_registry_bit(void *ctx, const uint8_t *key, size_t len)
{
    struct mdl_key k;
    (void)ctx;
    return mdl_key_decode(key, len, &k, NULL) == MDL_OK ? mdl_key_registry_bit(&k) : -1;
}

static bool is_disputed(void *ctx, const uint8_t *key, size_t len)
{
    return disputed_has(ctx, key, len);
}

static int by_ordinal(const void *a, const void *b)
{
    uint32_t x = ((const struct mdl_opened *)a)->ordinal;
    uint32_t y = ((const struct mdl_opened *)b)->ordinal;
    return (x > y) - (x < y);
}

static enum mdl_role own_role(const struct run *r)
{
    return r->row.role == MDL_ROLE_A ? MDL_ROLE_A : MDL_ROLE_B;
}

/* Runs on a worker: the loop does not touch the snapshot or `settling` meanwhile. */
void run_regroup(struct run_job *job)
{
    struct run *r = job->run;
    struct settling *t = &r->settling;
    enum mdl_role partner = mdl_role_other(own_role(r));
    struct mdl_regroup_rules how = {.rule = rules,
                                    .n_rules = sizeof rules / sizeof rules[0],
                                    .registry_bit = run_registry_bit,
                                    .disputed = is_disputed,
                                    .ctx = &t->disputed,
                                    .n_partner_populations =
                                        r->agreement.groups[t->group].n_populations[partner]};
    struct mdl_snap *snap = NULL;
    enum mdl_status st = mdl_snap_open(r->s->dir, r->row.id, t->group, &snap, &job->err);
    if (st == MDL_OK && t->n_opened > 0) {
        /* In the order of the file: each page of it is touched once. */
        qsort(t->opened, t->n_opened, sizeof *t->opened, by_ordinal);
        st = mdl_snap_match(snap, t->opened, t->n_opened, &job->err);
    }
    if (st == MDL_OK) {
        st = mdl_snap_regroup(snap, &how, NULL, NULL, &t->part[t->n_parts].counts, &job->err);
    }
    mdl_snap_close(snap);
    job->status = st;
}

/* Runs on a worker, when the groups are through. */
void run_unite(struct run_job *job)
{
    struct run *r = job->run;
    struct settling *t = &r->settling;
    job->status = mdl_snap_unite(r->s->dir, r->row.id, t->part, t->n_parts, &t->all, &job->err);
}

/* Reads one slice of the opened positions; *more while there are. */
static enum mdl_status read_opened(struct run *r, bool *more, struct mdl_error *err)
{
    struct settling *t = &r->settling;
    const struct mdl_round_group *g = &r->row.group[t->group];
    size_t n = 0;

    *more = t->slice < g->slices_opened;
    if (!*more) {
        return MDL_OK;
    }
    if (t->opened == NULL) {
        /* All at once: growing would hold the list twice. */
        t->opened = calloc(g->matched_keys, sizeof *t->opened);
        if (t->opened == NULL) {
            return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the result");
        }
    }
    enum mdl_status st =
        mdl_opened_read(r->s->store, r->row.id, t->group, t->slice, t->opened + t->n_opened,
                        g->matched_keys - t->n_opened, &n, err);
    t->n_opened += n;
    t->slice++;
    return st;
}

static void settle_failed(struct run *r, const struct mdl_error *why)
{
    svc_log(r->s, "error", "the result of a round cannot be made: %s", why->text);
    r->settle_tried = true;
    if (r->summary_asked && r->session != NULL) {
        struct mdl_event ev = {.type = MDL_EV_FAILED};
        ev.u.end.status = why->status;
        ev.u.end.text = "the result could not be stored";
        r->summary_asked = false;
        run_event(r, &ev);
    }
    r->stage = r->session == NULL ? RUN_OVER : r->stage;
}

static void regroup_next(struct run *r)
{
    struct mdl_error err = {MDL_OK, ""};
    /* The worker needs the snapshot for itself. */
    mdl_snap_close(r->snap[r->settling.group]);
    r->snap[r->settling.group] = NULL;
    if (run_submit(r, JOB_REGROUP, NULL, &err) != MDL_OK) {
        settle_failed(r, &err);
    }
}

static void read_step(struct run *r)
{
    struct mdl_error err = {MDL_OK, ""};
    bool more = false;
    enum mdl_status st = r->settling.part != NULL
                             ? read_opened(r, &more, &err)
                             : mdl_fail(&err, MDL_L_MEMORY, "not enough memory for the result");
    if (st == MDL_OK && more) {
        return;
    }
    r->settling.reading = false;
    if (st == MDL_OK) {
        regroup_next(r);
    } else {
        settle_failed(r, &err);
    }
}

/* The next group at level accounts, from `group` on; without one the end begins. */
static void next_group(struct run *r, size_t group)
{
    struct settling *t = &r->settling;
    while (group < r->agreement.n_groups &&
           group_level(&r->agreement.groups[group]) != MDL_LEVEL_ACCOUNTS) {
        group++;
    }
    t->reading = group < r->agreement.n_groups;
    t->uniting = !t->reading;
    t->group = (uint8_t)(t->reading ? group : 0);
    t->slice = 0;
}

void run_settle_begin(struct run *r)
{
    struct settling *t = &r->settling;
    struct mdl_error err = {MDL_OK, ""};
    free(t->opened);
    free(t->part);
    disputed_free(&t->disputed);
    memset(t, 0, sizeof *t);
    if (r->session == NULL || mdl_session_closed(r->session)) {
        r->stage = RUN_SETTLING;
    }
    t->part = calloc(r->agreement.n_groups, sizeof *t->part);
    if (disputed_load(r->s, r->partner, &t->disputed, &err) != MDL_OK) {
        settle_failed(r, &err);
        return;
    }
    next_group(r, 0);
}

static void fill_names(char out[MDL_STORE_POPULATIONS][MDL_STORE_NAME + 1], size_t *n,
                       const struct mdl_agreement_group *g, enum mdl_role role)
{
    *n = g->n_populations[role];
    for (size_t i = 0; i < *n; i++) {
        (void)snprintf(out[i], MDL_STORE_NAME + 1, "%s", g->populations[role][i]);
    }
}

static enum mdl_status write_head(struct run *r, struct mdl_result_head *h, struct mdl_error *err)
{
    memcpy(h->round, r->row.id, sizeof h->round);
    enum mdl_status st = turn_begin(r->s, err);
    return st == MDL_OK ? mdl_result_put_head(r->s->store, h, err) : st;
}

static enum mdl_status put_head(struct run *r, struct mdl_error *err)
{
    enum mdl_role own = own_role(r);
    struct settling *t = &r->settling;
    const struct mdl_agreement_group *g = &r->agreement.groups[t->group];
    struct mdl_result_head *h = calloc(1, sizeof *h);
    if (h == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the result");
    }
    h->group = t->group;
    fill_names(h->own, &h->n_own, g, own);
    fill_names(h->partner, &h->n_partner, g, mdl_role_other(own));
    h->counts = t->part[t->n_parts].counts;
    enum mdl_status st = write_head(r, h, err);
    free(h);
    return st;
}

/* What all groups found together: without a group at level accounts, nothing, but it is there. */
static enum mdl_status put_all(struct run *r, struct mdl_error *err)
{
    struct mdl_result_head *h = calloc(1, sizeof *h);
    struct scope *s = calloc(1, sizeof *s);
    enum mdl_status st = MDL_OK;
    if (h == NULL || s == NULL) {
        st = mdl_fail(err, MDL_L_MEMORY, "not enough memory for the result");
    } else {
        scope_of(&r->agreement, own_role(r), s);
        h->group = MDL_RESULT_ALL;
        h->n_own = s->n_own;
        h->n_partner = s->n_partner;
        memcpy(h->own, s->own, sizeof h->own);
        memcpy(h->partner, s->partner, sizeof h->partner);
        h->finished = true;
        h->counts = r->settling.all;
        st = write_head(r, h, err);
    }
    free(h);
    free(s);
    return st;
}

static enum mdl_status note_places(struct run *r, struct mdl_error *err)
{
    struct settling *t = &r->settling;
    struct mdl_snap_part *p = &t->part[t->n_parts];
    struct scope *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the result");
    }
    scope_of(&r->agreement, own_role(r), s);
    p->group = t->group;
    memcpy(p->own, s->own_at[t->group], sizeof p->own);
    memcpy(p->partner, s->partner_at[t->group], sizeof p->partner);
    free(s);
    return MDL_OK;
}

void run_regrouped(struct run *r, struct run_job *job)
{
    struct mdl_error err = job->err;
    enum mdl_status st = job->status;
    struct settling *t = &r->settling;

    free(t->opened);
    t->opened = NULL;
    t->n_opened = 0;
    if (st == MDL_OK) {
        st = note_places(r, &err);
    }
    if (st == MDL_OK) {
        st = put_head(r, &err);
    }
    if (st == MDL_OK) {
        st = mdl_snap_open(r->s->dir, r->row.id, t->group, &t->snap, &err);
    }
    if (st != MDL_OK) {
        settle_failed(r, &err);
        return;
    }
    t->after = 0;
}

static void settled(struct run *r)
{
    struct settling *t = &r->settling;
    struct mdl_error err = {MDL_OK, ""};
    enum mdl_status st = put_all(r, &err);
    if (st != MDL_OK) {
        settle_failed(r, &err);
        return;
    }
    r->row.own_accounts = t->all.accounts;
    r->row.own_review = t->all.review;
    r->row.own_vetoed = t->all.vetoed;
    run_save(r);
    r->settle_tried = true;
    if (r->summary_asked) {
        struct mdl_event ev = {.type = MDL_EV_SUMMARY};
        ev.u.summary.accounts = t->all.accounts;
        ev.u.summary.review = t->all.review;
        r->summary_asked = false;
        run_event(r, &ev);
    }
    if (r->stage == RUN_SETTLING) {
        r->stage = RUN_OVER;
    }
}

void run_united(struct run *r, struct run_job *job)
{
    if (job->status == MDL_OK) {
        settled(r);
    } else {
        settle_failed(r, &job->err);
    }
}

/* One group is what it found; several are put together on a worker. */
static void unite_step(struct run *r)
{
    struct settling *t = &r->settling;
    struct mdl_error err = {MDL_OK, ""};
    t->uniting = false;
    if (t->n_parts > 1) {
        if (run_submit(r, JOB_UNITE, NULL, &err) != MDL_OK) {
            settle_failed(r, &err);
        }
        return;
    }
    if (t->n_parts == 1) {
        t->all = t->part[0].counts;
    }
    settled(r);
}

static void copy_step(struct run *r)
{
    struct settling *t = &r->settling;
    struct mdl_error err = {MDL_OK, ""};
    int64_t next = 0;
    enum mdl_status st = turn_begin(r->s, &err);

    if (st == MDL_OK) {
        st = mdl_result_copy(r->s->store, t->snap, r->row.id, t->group, t->after, COPY_CHUNK, &next,
                             &err);
    }
    if (st == MDL_OK && next != 0) {
        t->after = next;
        return;
    }
    mdl_snap_close(t->snap);
    t->snap = NULL;
    if (st != MDL_OK) {
        settle_failed(r, &err);
        return;
    }
    t->n_parts++;
    next_group(r, (size_t)t->group + 1);
}

bool run_settle_due(const struct run *r)
{
    return r->settling.reading || r->settling.uniting || r->settling.snap != NULL;
}

void run_settle_step(struct run *r)
{
    if (r->settling.reading) {
        read_step(r);
    } else if (r->settling.snap != NULL) {
        copy_step(r);
    } else if (r->settling.uniting) {
        unite_step(r);
    }
}
