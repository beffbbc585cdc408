/* run.c: one round at work: its memory, its session's steps, its jobs in the pool.
 * It may not send: effects queue what leaves after the turn's commit. */
#include "run.h"
#include "scope.h"
#include "trail.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

struct run *run_find(struct mdl_service *s, const uint8_t id[MDL_STORE_ROUND])
{
    for (struct run *r = s->runs; r != NULL; r = r->next) {
        if (memcmp(r->row.id, id, MDL_STORE_ROUND) == 0) {
            return r;
        }
    }
    return NULL;
}

/* Copies a row without its blobs: a run writes its own. */
struct run *run_new(struct mdl_service *s, const struct mdl_round_row *row)
{
    struct run *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return NULL;
    }
    r->s = s;
    r->row = *row;
    r->row.resume = r->row.receipt = (struct mdl_blob){NULL, 0};
    r->partner = row->partner;
    r->due = UINT64_MAX;
    r->wall_offset = now_ms() - steady_ms(); /* may wrap: only ever added to a steady time */
    r->phase = MDL_PHASES;
    r->phases = json_array();
    atomic_init(&r->cancel, false);
    r->next = s->runs;
    s->runs = r;
    return r;
}

void run_free(struct run *r)
{
    mdl_session_destroy(r->session);
    mdl_effects_free(&r->fx);
    for (size_t g = 0; g < MDL_SESSION_GROUPS; g++) {
        mdl_snap_close(r->snap[g]);
        mdl_snap_job_free(r->snap_job[g]);
    }
    mdl_snap_close(r->settling.snap);
    free(r->settling.opened);
    free(r->settling.part);
    disputed_free(&r->settling.disputed);
    while (r->asked_first != NULL) {
        struct request *q = r->asked_first;
        r->asked_first = q->next;
        run_request_free(q);
    }
    while (r->masks != NULL) {
        struct request *q = r->masks;
        r->masks = q->next;
        run_request_free(q);
    }
    for (size_t i = 0; i < r->n_early; i++) {
        free(r->early[i].bytes);
    }
    free(r->agreement_bytes);
    free(r->row.resume.data);
    free(r->row.receipt.data);
    json_decref(r->phases);
    free(r);
}

enum mdl_status run_load_agreement(struct run *r, struct mdl_error *err)
{
    struct mdl_agreement_row row;
    enum mdl_status st = mdl_agreement_get(r->s->store, r->row.agreement, &row, err);
    if (st != MDL_OK) {
        return st;
    }
    st = mdl_agreement_decode(row.bytes.data, row.bytes.len, &r->agreement, err);
    if (st == MDL_OK) {
        r->agreement_bytes = row.bytes.data;
        r->agreement_len = row.bytes.len;
        row.bytes = (struct mdl_blob){NULL, 0};
    }
    mdl_agreement_clear(&row);
    return st;
}

enum mdl_status run_config(struct run *r, struct mdl_session_config *c,
                           struct mdl_session_profile *profile, struct mdl_error *err)
{
    const struct peer *p = peer_by_id(r->s, r->partner);
    struct mdl_work_stats work;
    struct mdl_budget budget;

    if (p == NULL) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "this partner is not pinned any more");
    }
    enum mdl_status st =
        mdl_budget_read(r->s->store, r->partner, mdl_store_month(now_ms()), &budget, err);
    mdl_work_stats(r->s->work, &work);
    memset(profile, 0, sizeof *profile);
    memcpy(profile->digest, mdl_profile_digest(r->s->profile), sizeof profile->digest);
    for (size_t g = 0; g < r->agreement.n_groups; g++) {
        profile->n_keys[g] = r->snap[g] != NULL ? mdl_snap_n_keys(r->snap[g]) : 0;
    }
    memset(c, 0, sizeof *c);
    memcpy(c->round, r->row.id, sizeof c->round);
    c->created_ms = r->row.created_at;
    c->signer = r->s->signer;
    memcpy(c->partner, p->identity, sizeof c->partner);
    c->agreement = r->agreement_bytes;
    c->agreement_len = r->agreement_len;
    c->profiles = profile;
    c->n_profiles = 1;
    c->partner_keys_month = budget.keys;
    c->parallel = work.threads;
    return st;
}

void run_save(struct run *r)
{
    struct mdl_error err = {MDL_OK, ""};
    enum mdl_status st = turn_begin(r->s, &err);
    if (st == MDL_OK) {
        st = mdl_round_update(r->s->store, &r->row, &err);
    }
    if (st != MDL_OK) {
        r->broken = true;
        r->why = err;
    }
}

/* ---- jobs ---------------------------------------------------------------------------------------
 */

/* A thread's arena keeps what the thread freed, and a worker hardly needs it again: preparing and
 * regrouping a large list would stand beside the session's memory for as long as the round. */
static void give_back(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

static void job_run(void *ctx)
{
    struct run_job *job = ctx;
    switch (job->kind) {
    case JOB_SNAPSHOT:
        run_build_snapshots(job);
        give_back();
        break;
    case JOB_SESSION:
        mdl_session_work_run(job->item);
        break;
    case JOB_REGROUP:
        run_regroup(job);
        give_back();
        break;
    case JOB_UNITE:
        run_unite(job);
        give_back();
        break;
    }
}

enum mdl_status run_submit(struct run *r, enum job_kind kind, struct mdl_session_work *item,
                           struct mdl_error *err)
{
    struct run_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a job");
    }
    job->run = r;
    job->kind = kind;
    job->item = item;
    enum mdl_status st = mdl_work_submit(r->s->work, job_run, job, err);
    if (st != MDL_OK) {
        free(job);
        return st;
    }
    r->jobs++;
    return MDL_OK;
}

void rounds_work_done(void *owner, void *ctx, enum mdl_work_outcome outcome)
{
    struct mdl_service *s = owner;
    struct run_job *job = ctx;
    struct run *r = job->run;
    (void)s;
    r->jobs--;
    if (outcome == MDL_WORK_CANCELLED && job->kind != JOB_SESSION) {
        job->status = mdl_fail(&job->err, MDL_U_CANCELLED, "the node is stopping");
    }
    switch (job->kind) {
    case JOB_SNAPSHOT:
        run_prepared(r, job);
        break;
    case JOB_SESSION: {
        struct mdl_event ev = {.type = MDL_EV_WORK_DONE, .u.work = job->item};
        run_event(r, &ev);
        break;
    }
    case JOB_REGROUP:
        run_regrouped(r, job);
        break;
    case JOB_UNITE:
        run_united(r, job);
        break;
    }
    free(job);
}

/* ---- stepping -----------------------------------------------------------------------------------
 */

static void note_phase(struct run *r)
{
    struct mdl_session_progress p;
    mdl_session_progress(r->session, &p);
    if (p.phase == r->phase) {
        return;
    }
    r->phase = p.phase;
    (void)json_array_append_new(r->phases, json_pack("{s:s, s:o}", "name", mdl_phase_slug(p.phase),
                                                     "started", doc_time(now_ms())));
    if (p.phase != MDL_PHASE_ENDED) {
        (void)snprintf(r->row.phase, sizeof r->row.phase, "%s", mdl_phase_slug(p.phase));
        run_save(r);
        struct trail t = {.kind = MDL_LOG_ROUND_PHASE, .note = mdl_phase_slug(p.phase)};
        run_trail(r, &t);
    }
}

static void step(struct run *r, const struct mdl_event *ev)
{
    struct mdl_error err = {MDL_OK, ""};
    enum mdl_status st = turn_begin(r->s, &err);
    if (st != MDL_OK) {
        svc_log(r->s, "error", "round: the database: %s", err.text);
    }
    r->stepped = true;
    st = mdl_session_step(r->session, ev, steady_ms() + r->wall_offset, &r->fx, &err);
    if (st == MDL_U_STATE) {
        return; /* closed: only work comes back */
    }
    if (st != MDL_OK) {
        run_failed(r, &err);
        return;
    }
    for (size_t i = 0; i < r->fx.n; i++) {
        run_effect(r, &r->fx.at[i]);
    }
    note_phase(r);
}

void run_event(struct run *r, const struct mdl_event *ev)
{
    if (r->session == NULL) {
        return;
    }
    step(r, ev);
    while (r->asked_first != NULL) {
        struct request *q = r->asked_first;
        r->asked_first = q->next;
        r->asked_last = q->next == NULL ? NULL : r->asked_last;
        if (mdl_session_closed(r->session)) {
            run_request_free(q);
        } else {
            run_answer(r, q);
        }
    }
    if (r->broken && !mdl_session_closed(r->session)) {
        struct mdl_event failed = {.type = MDL_EV_FAILED};
        failed.u.end.status = r->why.status;
        failed.u.end.text = "the node's database refused";
        r->broken = false;
        svc_log(r->s, "error", "a round ends: %s", r->why.text);
        step(r, &failed);
    }
}

void run_link(struct run *r)
{
    const struct peer *p = peer_by_id(r->s, r->partner);
    struct mdl_event ev = {.type = p != NULL && p->up ? MDL_EV_LINK_UP : MDL_EV_LINK_DOWN};
    run_event(r, &ev);
}

static void tell_end(struct run *r, enum mdl_status code, const char *text)
{
    struct mdl_error err = {MDL_OK, ""};
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool theirs =
        mdl_status_class(code) == MDL_CLASS_PEER; /* of a local failure no detail leaves */
    enum mdl_status st = mdl_session_abort_message(r->row.id, theirs ? code : MDL_P_INTERNAL,
                                                   theirs ? text : NULL, &bytes, &len, &err);
    if (st == MDL_OK) {
        st = outside_send_bytes(r->s, r->partner, MDL_MSG_ABORT, r->row.id, r->row.agreement, bytes,
                                len, &err);
    }
    if (st != MDL_OK) {
        svc_log(r->s, "error", "%s", err.text);
    }
    free(bytes);
}

/* Ends a run whose session is not to be had, or cannot step. */
void run_failed(struct run *r, const struct mdl_error *why)
{
    run_refused(r, why, NULL);
}

void run_refused(struct run *r, const struct mdl_error *why, const char *told)
{
    struct trail t = {.kind = MDL_LOG_ROUND_END, .note = mdl_status_slug(why->status)};
    if (r->row.outcome != MDL_ROUND_RUNNING) {
        return;
    }
    svc_log(r->s, "error", "round ended: %s", why->text);
    r->row.outcome = round_told(&r->row) ? MDL_ROUND_PARTIAL : MDL_ROUND_ABORTED;
    r->row.finished_at = now_ms();
    r->row.code = (int)why->status;
    r->row.ended_by = MDL_BY_US;
    clip_text(r->row.code_text, sizeof r->row.code_text, why->text);
    run_save(r);
    run_trail(r, &t);
    tell_end(r, why->status, told != NULL && told[0] != '\0' ? told : why->text);
    atomic_store(&r->cancel, true);
    r->stage = RUN_OVER;
}

void run_write_end(struct run *r)
{
    struct trail t = {.kind = MDL_LOG_ROUND_END,
                      .note = mdl_status_slug((enum mdl_status)r->row.code)};
    r->end_owed = r->broken = false;
    r->stepped = true; /* if this turn's commit fails too, it is owed once more */
    run_save(r);
    run_trail(r, &t);
    if (r->broken) {
        r->broken = false;
        r->end_owed = r->why.status != MDL_U_NOT_FOUND; /* its beginning was not written either */
        r->owed_at = steady_ms() + OWED_MS;
    } else if (r->row.outcome != MDL_ROUND_COMPLETE) {
        tell_end(r, (enum mdl_status)r->row.code, r->row.code_text);
    }
}
