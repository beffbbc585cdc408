/* rounds.c: all rounds at work: beginning, messages, links, deadlines, ends. It may not let a round
 * run without an agreement in force and room under its caps. */
#include "limits.h"
#include "run.h"
#include "trail.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS UINT64_C(3600000)

uint64_t rounds_cooldown_until(struct mdl_service *s, int64_t partner, uint16_t hours)
{
    uint64_t last = 0;
    if (hours == 0 || mdl_round_last_begun(s->store, partner, &last, NULL) != MDL_OK || last == 0) {
        return 0;
    }
    return last + hours * HOUR_MS;
}

/* Rounds that were aborted count: they too may have told something. Compared so that a clock that
 * was set back since the last round waits longer, never less. */
static enum mdl_status check_cooldown(struct mdl_service *s, const struct peer *p,
                                      const struct mdl_agreement_caps *caps, struct mdl_error *err)
{
    uint64_t now = now_ms();
    uint64_t until = rounds_cooldown_until(s, p->id, caps->cooldown_hours);
    if (now >= until) {
        return MDL_OK;
    }
    uint64_t minutes = (until - now + 59999) / 60000;
    return mdl_fail(err, MDL_P_CAP,
                    "cooldown_hours: the agreement asks for %u hours between the beginnings of two "
                    "rounds; the next may begin in %llu h %llu min",
                    caps->cooldown_hours, (unsigned long long)(minutes / 60),
                    (unsigned long long)(minutes % 60));
}

enum mdl_status rounds_may_run(struct mdl_service *s, const struct peer *p,
                               const struct mdl_agreement_row *agreement, struct mdl_error *err)
{
    struct mdl_agreement a;
    struct mdl_budget budget = {0};
    for (const struct run *r = s->runs; r != NULL; r = r->next) {
        bool over = r->stage == RUN_OVER && !(r->undone && r->jobs > 0);
        if (r->partner == p->id && !over) {
            return mdl_fail(err, MDL_P_BUSY, "a round with %s is at work", p->name);
        }
    }
    enum mdl_status st = mdl_agreement_decode(agreement->bytes.data, agreement->bytes.len, &a, err);
    if (st == MDL_OK) {
        st = mdl_budget_read(s->store, p->id, mdl_store_month(now_ms()), &budget, err);
    }
    /* Rounds that broke off before a debit count as well: they cost this node its work. */
    if (st == MDL_OK && budget.begun >= a.caps.max_rounds_month) {
        return mdl_fail(err, MDL_P_CAP,
                        "max_rounds_month: the agreement allows %u rounds a month, and %u were "
                        "begun this month",
                        a.caps.max_rounds_month, budget.begun);
    }
    return st == MDL_OK ? check_cooldown(s, p, &a.caps, err) : st;
}

enum mdl_status rounds_begin(struct mdl_service *s, struct mdl_round_row *row,
                             struct mdl_error *err)
{
    const struct peer *p = peer_by_id(s, row->partner);
    row->outcome = MDL_ROUND_RUNNING;
    row->started_at = now_ms();
    (void)snprintf(row->phase, sizeof row->phase, "preparing");
    struct run *r = run_new(s, row);
    if (r == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a round");
    }
    r->fresh = true;
    enum mdl_status st = run_prepare(r, err);
    r->row.n_groups = r->agreement.n_groups;
    row->n_groups = r->row.n_groups;
    for (size_t g = 0; g < row->n_groups; g++) {
        (void)snprintf(r->row.group[g].level, sizeof r->row.group[g].level, "%s",
                       r->agreement.groups[g].level);
        row->group[g] = r->row.group[g];
    }
    enum mdl_status saved = mdl_round_update(s->store, row, err);
    if (saved != MDL_OK) {
        r->stage = RUN_OVER;
        atomic_store(&r->cancel, true);
        return saved;
    }
    svc_log(s, "info", "%s: round begins", p != NULL ? p->name : "partner");
    if (st != MDL_OK) {
        struct mdl_error why = *err;
        run_failed(r, &why);
    }
    /* A round that cannot begin has ended, with its reason: that is no failure of the call. */
    return MDL_OK;
}

/* ---- messages -----------------------------------------------------------------------------------
 */

static void keep_early(struct run *r, const uint8_t *bytes, size_t len)
{
    if (r->n_early == EARLY_MAX) {
        return; /* the link resends it */
    }
    struct early *e = &r->early[r->n_early];
    *e = (struct early){malloc(len), len};
    if (e->bytes != NULL) {
        memcpy(e->bytes, bytes, len);
        r->n_early++;
    }
}

/* What ended it, for a message about a round that is no more (PROTOCOL 5.5). */
static void answer_ended(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                         const uint8_t *bytes, size_t len)
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_round_row row;
    uint8_t *reply = NULL;
    size_t reply_len = 0;
    uint8_t type = MDL_MSG_ABORT;

    if (!mdl_session_reply_due(bytes, len) || !limit_message(s, p)) {
        return;
    }
    enum mdl_status st = mdl_round_get(s->store, m->round, &row, NULL);
    bool ours = st == MDL_OK && row.partner == p->id;
    if (st == MDL_OK && !ours) {
        mdl_round_clear(&row);
    }
    if (ours && (row.outcome == MDL_ROUND_WAITING || row.outcome == MDL_ROUND_RUNNING)) {
        mdl_round_clear(&row);
        return;
    }
    if (ours && row.resume.len > 0) {
        reply = row.resume.data;
        reply_len = row.resume.len;
        row.resume = (struct mdl_blob){NULL, 0};
        type = row.outcome == MDL_ROUND_COMPLETE ? MDL_MSG_RECEIPT_SIG : MDL_MSG_ABORT;
        st = MDL_OK;
    } else {
        enum mdl_status code = ours ? (enum mdl_status)row.code : MDL_P_UNKNOWN_ROUND;
        code = mdl_status_class(code) == MDL_CLASS_PEER ? code : MDL_P_INTERNAL;
        st = mdl_session_abort_message(m->round, code, NULL, &reply, &reply_len, &err);
    }
    if (st == MDL_OK) {
        st = outside_send_bytes(s, p->id, type, m->round, ours ? row.agreement : NULL, reply,
                                reply_len, &err);
    }
    if (st != MDL_OK) {
        svc_log(s, "error", "%s: %s", p->name, err.text);
    }
    free(reply);
    if (ours) {
        mdl_round_clear(&row);
    }
}

void rounds_message(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                    const uint8_t *bytes, size_t len)
{
    struct run *r = run_find(s, m->round);
    bool ended = r == NULL || r->stage == RUN_SETTLING || r->stage == RUN_OVER;
    if (ended || r->partner != p->id) {
        answer_ended(s, p, m, bytes, len);
        return;
    }
    r->row.bytes_in += len;
    if (r->session == NULL) {
        keep_early(r, bytes, len);
        return;
    }
    struct mdl_event ev = {.type = MDL_EV_MESSAGE};
    ev.u.message.bytes = bytes;
    ev.u.message.len = len;
    if (mdl_session_closed(r->session)) {
        answer_ended(s, p, m, bytes, len);
        return;
    }
    run_event(r, &ev);
}

/* The envelope's round stands at a fixed place, if the rest is as it should be; every round with
 * this partner is told, and the one that expects the bytes ends with the right code. */
void rounds_undecodable(struct mdl_service *s, struct peer *p, const uint8_t *bytes, size_t len,
                        const struct mdl_error *why)
{
    int64_t partner = p->id;
    (void)why;
    for (struct run *r = s->runs; r != NULL; r = r->next) {
        if (r->partner == partner && r->session != NULL) {
            struct mdl_event ev = {.type = MDL_EV_MESSAGE};
            ev.u.message.bytes = bytes;
            ev.u.message.len = len;
            run_event(r, &ev);
        }
    }
}

void rounds_link(struct mdl_service *s, struct peer *p, bool up)
{
    int64_t partner = p->id;
    (void)up;
    for (struct run *r = s->runs; r != NULL; r = r->next) {
        if (r->partner == partner && r->session != NULL) {
            run_link(r);
        }
    }
}

/* ---- time ---------------------------------------------------------------------------------------
 */

void rounds_tick(struct mdl_service *s)
{
    uint64_t now = steady_ms();
    for (struct run *r = s->runs; r != NULL; r = r->next) {
        if (r->session != NULL && r->due <= now) {
            struct mdl_event ev = {.type = MDL_EV_TICK};
            r->due = UINT64_MAX;
            run_event(r, &ev);
        }
        if (r->end_owed && r->owed_at <= now) {
            run_write_end(r);
        }
        run_masks_step(r);
        run_settle_step(r);
    }
}

uint64_t rounds_next_due(struct mdl_service *s)
{
    uint64_t due = UINT64_MAX;
    for (const struct run *r = s->runs; r != NULL; r = r->next) {
        if (r->session != NULL && r->due < due) {
            due = r->due;
        }
        if (run_masks_due(r) || run_settle_due(r)) {
            due = 0;
        }
    }
    return due;
}

/* ---- ends ---------------------------------------------------------------------------------------
 */

static void abort_run(struct run *r, const char *why)
{
    if (r->session != NULL) {
        struct mdl_event ev = {.type = MDL_EV_ABORT};
        ev.u.end.status = MDL_P_ABORTED;
        ev.u.end.text = why;
        run_event(r, &ev);
    } else if (r->stage == RUN_PREPARING) {
        struct mdl_error err;
        (void)mdl_fail(&err, MDL_P_ABORTED, "%s", why != NULL ? why : "ended by the operator");
        run_failed(r, &err);
    }
}

bool rounds_abort(struct mdl_service *s, const uint8_t id[MDL_STORE_ROUND], enum mdl_by by,
                  const char *why)
{
    struct run *r = run_find(s, id);
    if (r == NULL || r->row.outcome != MDL_ROUND_RUNNING) {
        return false;
    }
    abort_run(r, why);
    /* The session knows of an abort of this side alone; what made it end may be the partner's. */
    if (r->row.outcome != MDL_ROUND_RUNNING && r->row.ended_by != by) {
        r->row.ended_by = by;
        run_save(r);
    }
    return true;
}

void rounds_stop(struct mdl_service *s)
{
    for (struct run *r = s->runs; r != NULL; r = r->next) {
        atomic_store(&r->cancel, true);
        if (r->row.outcome == MDL_ROUND_RUNNING && r->row.resume.len == 0) {
            abort_run(r, "the node was stopped");
        }
    }
}

/* A run whose session is over goes on to make its result, or goes. */
static void settle_one(struct run *r)
{
    if (r->jobs > 0 || run_settle_due(r) || r->end_owed) {
        return;
    }
    if (r->session != NULL && mdl_session_closed(r->session) && mdl_session_idle(r->session)) {
        mdl_session_destroy(r->session);
        r->session = NULL;
        if (r->row.outcome == MDL_ROUND_PARTIAL && !r->settle_tried) {
            run_settle_begin(r);
        } else {
            r->stage = RUN_OVER;
        }
    }
}

void rounds_settle(struct mdl_service *s)
{
    struct run **at = &s->runs;
    while (*at != NULL) {
        struct run *r = *at;
        r->stepped = r->fresh = false;
        settle_one(r);
        if (r->stage == RUN_OVER && r->jobs == 0 && r->session == NULL && !r->end_owed) {
            *at = r->next;
            run_free(r);
        } else {
            at = &r->next;
        }
    }
}

/* The round waits still, for the database as for the partner: no approval left, so nothing of it
 * may go on here, and no end of it be written. */
static void forget(struct run *r)
{
    r->fresh = false;
    r->undone = true;
    r->stage = RUN_OVER;
    r->row.outcome = MDL_ROUND_ABORTED;
    atomic_store(&r->cancel, true);
}

void rounds_commit_failed(struct mdl_service *s, const struct mdl_error *why)
{
    for (struct run *r = s->runs; r != NULL; r = r->next) {
        bool open = r->session != NULL && !mdl_session_closed(r->session);
        if (r->fresh && r->session == NULL) {
            forget(r);
        } else if (open && r->stepped) {
            /* Nothing of the step is in the database and nothing left: the session must not go on
             * as if it had. */
            struct mdl_event ev = {.type = MDL_EV_FAILED};
            ev.u.end.status = why->status;
            ev.u.end.text = "the node's database refused";
            r->stepped = false;
            run_event(r, &ev);
        } else if (!open && !r->undone && r->row.outcome != MDL_ROUND_RUNNING) {
            /* Written as soon as the database takes it; else the restart finds it. */
            r->end_owed = true;
            r->owed_at = steady_ms() + OWED_MS;
        }
    }
}

void rounds_free(struct mdl_service *s)
{
    while (s->runs != NULL) {
        struct run *r = s->runs;
        s->runs = r->next;
        run_free(r);
    }
}

bool rounds_view(struct mdl_service *s, const uint8_t id[MDL_STORE_ROUND], struct run_view *out)
{
    const struct run *r = run_find(s, id);
    memset(out, 0, sizeof *out);
    if (r == NULL || r->stage == RUN_OVER) {
        return false;
    }
    out->phases = r->phases;
    out->phase = r->stage == RUN_PREPARING ? "preparing" : "settling";
    if (r->session != NULL) {
        mdl_session_progress(r->session, &out->progress);
        out->phase = mdl_phase_slug(out->progress.phase);
        out->done = out->progress.done;
        out->total = out->progress.total;
    }
    return true;
}
