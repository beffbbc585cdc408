/* schedule.c: rounds that this node proposes by itself, when they are due.
 * It may not agree to anything: without an agreement in force nothing is proposed. */
#include "schedule.h"
#include "proposals.h"
#include "trail.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <store_schedule.h>
#include <string.h>

#define HOUR_MS UINT64_C(3600000)
#define LOOK_MS 60000 /* the lines are read again: clocks are set, disks have room again */

/* ---- intervals ----------------------------------------------------------------------------------
 */

enum mdl_status schedule_interval(const char *text, uint64_t *ms, struct mdl_error *err)
{
    static const struct {
        const char *unit;
        uint64_t hours;
    } units[] = {{"h", 1}, {"d", 24}, {"w", 7 * 24}};
    size_t digits = strspn(text, "0123456789");
    uint64_t n = digits > 0 && digits <= 5 ? strtoull(text, NULL, 10) : 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text + digits, units[i].unit) == 0 && n > 0 && n * units[i].hours <= 366 * 24) {
            *ms = n * units[i].hours * HOUR_MS;
            return MDL_OK;
        }
    }
    return mdl_fail(err, MDL_U_ARGUMENT,
                    "every: expected hours, days or weeks as in 12h, 7d, 4w, at most 366d; found "
                    "'%.40s'",
                    text);
}

const char *schedule_every(uint64_t ms, char out[SCHEDULE_EVERY])
{
    uint64_t hours = ms / HOUR_MS;
    if (hours % 24 == 0) {
        (void)snprintf(out, SCHEDULE_EVERY, "%" PRIu64 "d", hours / 24);
    } else {
        (void)snprintf(out, SCHEDULE_EVERY, "%" PRIu64 "h", hours);
    }
    return out;
}

/* ---- what is due --------------------------------------------------------------------------------
 */

/* One round under the agreement in force, as an operator would start it. */
static enum mdl_status propose(struct mdl_service *s, int64_t partner,
                               char text[MDL_SCHEDULE_TEXT + 1], struct mdl_error *err)
{
    struct mdl_agreement_row agreement;
    struct mdl_round_row round;
    char hex[2 * MDL_STORE_ROUND + 1];
    enum mdl_status st = agreement_in_force(s, partner, &agreement, NULL, err);
    if (st != MDL_OK) {
        return st;
    }
    st = proposal_make(s, &agreement, &round, err);
    if (st == MDL_OK) {
        (void)sodium_bin2hex(hex, sizeof hex, round.id, sizeof round.id);
        (void)snprintf(text, MDL_SCHEDULE_TEXT + 1, "round %.8s proposed", hex);
        struct trail t = {.kind = MDL_LOG_OPERATOR,
                          .round = round.id,
                          .agreement = agreement.hash,
                          .note = "round proposed by schedule"};
        st = trail_add(s, &t, err);
    }
    mdl_agreement_clear(&agreement);
    return st;
}

/* All of what a proposal changes, or nothing. */
static void propose_or_note(struct mdl_service *s, struct mdl_schedule_row *row)
{
    struct mdl_error err = {MDL_OK, ""};
    struct outgoing *mark = s->out_last;
    const struct peer *p = peer_by_id(s, row->partner);
    const char *name = p != NULL ? p->name : "a partner";
    enum mdl_status st = mdl_store_mark(s->store, &err);
    if (st == MDL_OK) {
        st = propose(s, row->partner, row->last, &err);
        enum mdl_status end =
            st == MDL_OK ? mdl_store_keep(s->store, &err) : mdl_store_undo(s->store, NULL);
        st = st == MDL_OK ? end : st;
    }
    if (st == MDL_OK) {
        svc_log(s, "info", "%s: %s, as scheduled", name, row->last);
        return;
    }
    turn_unsend(s, mark);
    clip_text(row->last, sizeof row->last, err.text);
    svc_log(s, "warning", "%s: the scheduled round was not proposed: %s", name, err.text);
}

static void run_due(struct mdl_service *s, struct mdl_schedule_row *row, uint64_t now)
{
    struct mdl_error err = {MDL_OK, ""};
    enum mdl_status st = turn_begin(s, &err);
    if (st == MDL_OK) {
        propose_or_note(s, row);
        row->last_at = now;
        /* The cadence stays, however late this one is. */
        row->next_at += ((now - row->next_at) / row->every_ms + 1) * row->every_ms;
        st = mdl_schedule_put(s->store, row, &err);
    }
    if (st != MDL_OK) {
        svc_log(s, "error", "a scheduled round: %s", err.text);
        schedules_refused(s);
    }
}

struct due {
    uint64_t now;
    bool hit;
    struct mdl_schedule_row row;
    uint64_t next; /* when the earliest is due; UINT64_MAX: none */
};

static bool take_due(void *ctx, const struct mdl_schedule_row *row)
{
    struct due *d = ctx;
    /* More than a whole interval away: the clock was set back since. */
    bool stepped = row->next_at > d->now && row->next_at - d->now > row->every_ms;
    if (row->next_at <= d->now || stepped) {
        d->row = *row;
        d->row.next_at = stepped ? d->now : row->next_at;
        d->hit = true;
    } else if (row->next_at < d->next) {
        d->next = row->next_at;
    }
    return !d->hit;
}

void schedules_tick(struct mdl_service *s)
{
    struct mdl_error err = {MDL_OK, ""};
    struct due d = {.now = now_ms(), .next = UINT64_MAX};
    if (steady_ms() < s->schedule_at) {
        return;
    }
    if (mdl_schedule_list(s->store, take_due, &d, &err) != MDL_OK) {
        svc_log(s, "error", "the schedules: %s", err.text);
    } else if (d.hit) {
        run_due(s, &d.row, d.now);
        return; /* others in the next turn */
    }
    uint64_t wait = d.next != UINT64_MAX && d.next - d.now < LOOK_MS ? d.next - d.now : LOOK_MS;
    s->schedule_at = steady_ms() + wait;
}

void schedules_refused(struct mdl_service *s)
{
    s->schedule_at = steady_ms() + LOOK_MS;
}

void schedules_changed(struct mdl_service *s)
{
    s->schedule_at = 0;
}
