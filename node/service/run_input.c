/* run_input.c: what a round runs over: the snapshot, and the keys and masks the session asks for.
 * Everything is derived before HELLO, so that no later timing depends on the list's content. */
#include "run.h"
#include "scope.h"
#include "trail.h"

#include <stdlib.h>
#include <string.h>

#define MASKS_CHUNK 512 /* of the up to 8,192 of a slice: two to three milliseconds */

static enum mdl_role own_role(const struct run *r)
{
    return r->row.role == MDL_ROLE_A ? MDL_ROLE_A : MDL_ROLE_B;
}

/* The group before this one whose list is the same, or g itself: cells of one population at level
 * counts. */
static size_t first_alike(const struct run *r, size_t g)
{
    const struct mdl_agreement_group *group = &r->agreement.groups[g];
    for (size_t i = 0; i < g && group_level(group) == MDL_LEVEL_COUNTS; i++) {
        const struct mdl_agreement_group *other = &r->agreement.groups[i];
        if (group_level(other) == MDL_LEVEL_COUNTS && other->key_type == group->key_type &&
            strcmp(other->populations[own_role(r)][0], group->populations[own_role(r)][0]) == 0) {
            return i;
        }
    }
    return g;
}

static enum mdl_status prepare_group(struct run *r, size_t g, bool several, struct mdl_error *err)
{
    const struct mdl_agreement_group *group = &r->agreement.groups[g];
    const char *names[MDL_AGREEMENT_POPULATIONS];
    struct mdl_snap_spec spec = {.group = (uint8_t)g,
                                 .population = names,
                                 .n_populations = group->n_populations[own_role(r)],
                                 .key_type = group->key_type,
                                 .several = several && group_level(group) == MDL_LEVEL_ACCOUNTS,
                                 .registry_bit = run_registry_bit};
    for (size_t i = 0; i < spec.n_populations; i++) {
        names[i] = group->populations[own_role(r)][i];
    }
    memcpy(spec.round, r->row.id, sizeof spec.round);
    return mdl_snap_prepare(r->s->store, &spec, &r->snap_job[g], err);
}

enum mdl_status run_prepare(struct run *r, struct mdl_error *err)
{
    size_t accounts = 0;
    enum mdl_status st = run_load_agreement(r, err);
    if (st == MDL_OK) {
        st = run_caps_prepare(r, err);
    }
    for (size_t g = 0; g < r->agreement.n_groups; g++) {
        accounts += group_level(&r->agreement.groups[g]) == MDL_LEVEL_ACCOUNTS ? 1 : 0;
    }
    for (size_t g = 0; g < r->agreement.n_groups && st == MDL_OK; g++) {
        st = first_alike(r, g) == g ? prepare_group(r, g, accounts > 1, err) : MDL_OK;
    }
    if (st == MDL_U_NOT_FOUND) {
        st = mdl_fail(err, MDL_P_EMPTY,
                      "nothing is imported on this side: 'mandorla import FILE' first");
    }
    return st == MDL_OK ? run_submit(r, JOB_SNAPSHOT, NULL, err) : st;
}

static bool keep_going(void *ctx, uint32_t keys)
{
    struct run *r = ctx;
    (void)keys;
    return !atomic_load(&r->cancel);
}

/* A group without a key is not run. Its file stays at level accounts: the accounts in it are
 * whitespace. */
static void drop_empty(struct run *r)
{
    for (size_t g = 0; g < r->agreement.n_groups; g++) {
        if (r->report[g].keys == 0 && group_level(&r->agreement.groups[g]) == MDL_LEVEL_COUNTS) {
            mdl_snap_delete(r->s->dir, r->row.id, (uint8_t)g);
        }
    }
}

void run_build_snapshots(struct run_job *job)
{
    struct run *r = job->run;
    for (size_t g = 0; g < r->agreement.n_groups && job->status == MDL_OK; g++) {
        size_t alike = first_alike(r, g);
        if (alike == g) {
            job->status = mdl_snap_build(r->snap_job[g], keep_going, r, &r->report[g], &job->err);
        } else {
            r->report[g] = r->report[alike];
            job->status =
                mdl_snap_share(r->s->dir, r->row.id, (uint8_t)alike, (uint8_t)g, &job->err);
        }
    }
    if (job->status == MDL_OK) {
        job->status = run_caps_check(job);
    }
    if (job->status == MDL_OK) {
        drop_empty(r);
    }
}

static enum mdl_status open_session(struct run *r, struct mdl_error *err)
{
    struct mdl_session_config c;
    struct mdl_session_profile profile;
    enum mdl_status st = MDL_OK;

    for (size_t g = 0; g < r->agreement.n_groups && st == MDL_OK; g++) {
        r->row.group[g].skipped = r->report[g].keys == 0;
        if (!r->row.group[g].skipped) {
            st = mdl_snap_open(r->s->dir, r->row.id, (uint8_t)g, &r->snap[g], err);
        }
        if (r->row.data_as_of == 0 || r->report[g].data_as_of < r->row.data_as_of) {
            r->row.data_as_of = r->report[g].data_as_of;
        }
    }
    if (st == MDL_OK) {
        st = run_config(r, &c, &profile, err);
    }
    if (st == MDL_OK) {
        st = mdl_session_create(&c, &r->session, err);
    }
    return st;
}

/* Hands over what the partner sent while our list was being derived. */
static void feed_early(struct run *r)
{
    size_t n = r->n_early;
    r->n_early = 0;
    for (size_t i = 0; i < n; i++) {
        struct mdl_event ev = {.type = MDL_EV_MESSAGE};
        ev.u.message.bytes = r->early[i].bytes;
        ev.u.message.len = r->early[i].len;
        run_event(r, &ev);
        free(r->early[i].bytes);
    }
}

/* How many accounts of the agreed populations are in no round, and why; never which. Groups share
 * accounts: the largest speaks for all. */
static void tell_left_out(struct run *r)
{
    const struct mdl_snap_report *most = &r->report[0];
    char text[160];
    for (size_t g = 1; g < r->agreement.n_groups; g++) {
        const struct mdl_snap_report *one = &r->report[g];
        most = one->left_private + one->left_suppressed > most->left_private + most->left_suppressed
                   ? one
                   : most;
    }
    if (most->left_private + most->left_suppressed + most->withheld_keys == 0) {
        return;
    }
    (void)snprintf(text, sizeof text,
                   "%u accounts left out: %u private by rule, %u by objection; %u keys of others "
                   "withheld",
                   most->left_private + most->left_suppressed, most->left_private,
                   most->left_suppressed, most->withheld_keys);
    struct trail t = {.kind = MDL_LOG_ROUND_PHASE, .note = text};
    run_trail(r, &t);
    svc_log(r->s, "info", "round: %s", text);
}

void run_prepared(struct run *r, struct run_job *job)
{
    struct mdl_error err = job->err;
    enum mdl_status st = job->status;

    for (size_t g = 0; g < MDL_SESSION_GROUPS; g++) {
        mdl_snap_job_free(r->snap_job[g]);
        r->snap_job[g] = NULL;
    }
    if (r->stage != RUN_PREPARING) {
        return; /* it was ended meanwhile */
    }
    if (st == MDL_OK) {
        st = open_session(r, &err);
    }
    if (st != MDL_OK) {
        run_refused(r, &err, job->told);
        return;
    }
    r->stage = RUN_RUNNING;
    run_save(r);
    tell_left_out(r);
    run_link(r);
    feed_early(r);
}

/* ---- answers ------------------------------------------------------------------------------------
 */

struct gathering {
    uint8_t *bytes;
    size_t len, cap;
    uint32_t n;
};

static bool gather_key(void *ctx, const struct mdl_snap_key *k)
{
    struct gathering *g = ctx;
    if (k->len > g->cap - g->len) {
        return false;
    }
    memcpy(g->bytes + g->len, k->bytes, k->len);
    g->len += k->len;
    g->n++;
    return true;
}

static enum mdl_status answer_keys(struct run *r, const struct request *q, struct mdl_error *err)
{
    struct gathering g = {.cap = (size_t)q->count * MDL_KEY_BYTES_MAX};
    g.bytes = malloc(g.cap);
    if (g.bytes == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for keys");
    }
    enum mdl_status st = mdl_snap_keys(r->snap[q->group], q->first, q->count, gather_key, &g, err);
    if (st == MDL_OK && g.n != q->count) {
        st = mdl_fail(err, MDL_BUG, "the snapshot has no key %u", q->first + g.n);
    }
    if (st == MDL_OK) {
        struct mdl_event ev = {.type = MDL_EV_KEYS};
        ev.u.keys.group = q->group;
        ev.u.keys.first = q->first;
        ev.u.keys.count = q->count;
        ev.u.keys.bytes = g.bytes;
        ev.u.keys.len = g.len;
        run_event(r, &ev);
    }
    free(g.bytes);
    return st;
}

static enum mdl_status take_masks(struct run *r, struct request *q, struct mdl_error *err)
{
    struct request **end = &r->masks;

    q->populations = calloc(q->count, sizeof *q->populations);
    q->registries = calloc(q->count, sizeof *q->registries);
    if (q->populations == NULL || q->registries == NULL) {
        run_request_free(q);
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a slice");
    }
    while (*end != NULL) {
        end = &(*end)->next;
    }
    q->next = NULL;
    *end = q;
    return MDL_OK;
}

static enum mdl_status look_up(struct run *r, struct request *q, struct mdl_error *err)
{
    uint32_t n = q->count - q->done < MASKS_CHUNK ? q->count - q->done : MASKS_CHUNK;
    enum mdl_status st = mdl_snap_masks(r->snap[q->group], q->ordinals + q->done, n,
                                        q->populations + q->done, q->registries + q->done, err);
    q->done += n;
    return st;
}

static void answer_masks(struct run *r, const struct request *q)
{
    struct mdl_event ev = {.type = MDL_EV_MASKS};
    ev.u.masks.group = q->group;
    ev.u.masks.slice = q->slice;
    ev.u.masks.count = q->count;
    ev.u.masks.populations = q->populations;
    ev.u.masks.registries = q->registries;
    run_event(r, &ev);
}

bool run_masks_due(const struct run *r)
{
    return r->masks != NULL;
}

/* The session is told of a failure in a step of its own: this is none. */
static void masks_failed(struct run *r, const struct mdl_error *why)
{
    struct mdl_event ev = {.type = MDL_EV_FAILED};
    ev.u.end.status = why->status;
    ev.u.end.text = "the node's database refused";
    svc_log(r->s, "error", "a round ends: %s", why->text);
    run_event(r, &ev);
}

void run_masks_step(struct run *r)
{
    struct mdl_error err = {MDL_OK, ""};
    struct request *q = r->masks;
    enum mdl_status st = MDL_OK;

    if (q == NULL) {
        return;
    }
    bool over = r->session == NULL || mdl_session_closed(r->session);
    if (!over) {
        st = look_up(r, q, &err);
    }
    if (!over && st == MDL_OK && q->done < q->count) {
        return;
    }
    r->masks = q->next;
    if (st != MDL_OK) {
        masks_failed(r, &err);
    } else if (!over) {
        answer_masks(r, q);
    }
    run_request_free(q);
}

void run_request_free(struct request *q)
{
    free(q->ordinals);
    free(q->populations);
    free(q->registries);
    free(q);
}

void run_answer(struct run *r, struct request *q)
{
    struct mdl_error err = {MDL_OK, ""};
    enum mdl_status st = MDL_OK;
    if (q->type == MDL_FX_NEED_MASKS) {
        st = take_masks(r, q, &err);
    } else if (q->type == MDL_FX_NEED_KEYS) {
        st = answer_keys(r, q, &err);
        run_request_free(q);
    } else {
        r->summary_asked = true;
        run_settle_begin(r);
        run_request_free(q);
    }
    if (st != MDL_OK) {
        r->broken = true;
        r->why = err;
    }
}
