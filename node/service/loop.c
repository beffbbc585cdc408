/* loop.c: the loop thread: waits, takes calls, channel events and finished work, commits, sends.
 * Nothing leaves before the commit of the turn that wanted it; it may not hold a lock while it
 * works. */
#include "internal.h"
#include "outside.h"
#include "rounds.h"
#include "schedule.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* Channel events handled before the turn's commit, and for how long: who calls waits for a turn. */
#define TURN_EVENTS    64
#define TURN_EVENTS_MS 8
/* What waits for a partner that does not read. More is dropped: a round's link sends it again when
 * asked, and so does everything outside a round. */
#define HELD_MAX   256u
#define HELD_BYTES ((size_t)8 * 1024 * 1024)

uint64_t now_ms(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t steady_ms(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_BOOTTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void svc_log(struct mdl_service *s, const char *level, const char *fmt, ...)
{
    char text[MDL_ERROR_TEXT + 256];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (s->log != NULL) {
        s->log(level, text);
    }
}

void loop_wake(struct mdl_service *s)
{
    uint64_t one = 1;
    /* A full counter means that a wake is pending already. */
    ssize_t n = write(s->wake, &one, sizeof one);
    (void)n;
}

void mdl_service_stop(struct mdl_service *s)
{
    atomic_store(&s->stop, true);
    loop_wake(s);
}

enum mdl_status turn_begin(struct mdl_service *s, struct mdl_error *err)
{
    return mdl_store_in_transaction(s->store) ? MDL_OK : mdl_store_begin(s->store, err);
}

enum mdl_status turn_send(struct mdl_service *s, int64_t partner, const uint8_t *bytes, size_t len,
                          struct mdl_error *err)
{
    struct outgoing *o = malloc(sizeof *o + len);
    if (o == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a message");
    }
    *o = (struct outgoing){.partner = partner, .bytes = (uint8_t *)(o + 1), .len = len};
    memcpy(o->bytes, bytes, len);
    if (s->out_last != NULL) {
        s->out_last->next = o;
    } else {
        s->out_first = o;
    }
    s->out_last = o;
    return MDL_OK;
}

void turn_unsend(struct mdl_service *s, struct outgoing *mark)
{
    struct outgoing *o = mark != NULL ? mark->next : s->out_first;
    while (o != NULL) {
        struct outgoing *next = o->next;
        free(o);
        o = next;
    }
    if (mark != NULL) {
        mark->next = NULL;
    } else {
        s->out_first = NULL;
    }
    s->out_last = mark;
}

/* Hands one message to the channel. True when it is done with, false when the queue is full. */
static bool release(struct mdl_service *s, struct outgoing *o)
{
    struct mdl_error err = {MDL_OK, ""};
    enum mdl_status st = mdl_net_send(s->net, (uint64_t)o->partner, o->bytes, o->len, &err);
    if (st == MDL_U_STATE) {
        return false;
    }
    /* Unreachable: the link of the round, or the outbox, repeats it when the partner is back. */
    if (st != MDL_OK && st != MDL_L_UNREACHABLE && st != MDL_U_NOT_FOUND) {
        svc_log(s, "error", "a message could not be sent: %s", err.text);
    }
    return true;
}

/* How much waits for this partner. */
static size_t held_for(const struct mdl_service *s, int64_t partner, size_t *bytes)
{
    size_t n = 0;
    *bytes = 0;
    for (const struct outgoing *o = s->held_first; o != NULL; o = o->next) {
        if (o->partner == partner) {
            *bytes += o->len;
            n++;
        }
    }
    return n;
}

bool loop_holds(const struct mdl_service *s, int64_t partner)
{
    size_t bytes;
    return held_for(s, partner, &bytes) > 0;
}

static void hold(struct mdl_service *s, struct outgoing *o)
{
    o->next = NULL;
    if (s->held_last != NULL) {
        s->held_last->next = o;
    } else {
        s->held_first = o;
    }
    s->held_last = o;
}

/* Sends what the turn queued; the order towards one partner is kept. */
static void flush(struct mdl_service *s)
{
    struct outgoing *o = s->out_first;
    s->out_first = s->out_last = NULL;
    while (o != NULL) {
        struct outgoing *next = o->next;
        size_t bytes;
        size_t n = held_for(s, o->partner, &bytes);
        bool waits = n > 0 || !release(s, o);
        if (waits && n < HELD_MAX && bytes < HELD_BYTES) {
            hold(s, o);
        } else {
            free(o);
        }
        o = next;
    }
}

/* Tries what was held; `drop` for a partner that is gone. */
static void held_retry(struct mdl_service *s, int64_t partner, bool drop)
{
    struct outgoing *o = s->held_first;
    bool full = false;
    s->held_first = s->held_last = NULL;
    while (o != NULL) {
        struct outgoing *next = o->next;
        bool mine = o->partner == partner;
        if (mine && !full && (drop || release(s, o))) {
            free(o);
        } else {
            full = full || (mine && !drop);
            hold(s, o);
        }
        o = next;
    }
}

void loop_unhold(struct mdl_service *s, int64_t partner)
{
    held_retry(s, partner, true);
}

static void refuse_calls(struct call *list, const struct mdl_error *why)
{
    for (struct call *c = list; c != NULL; c = c->next) {
        json_decref(c->result);
        c->result = NULL;
        c->status = mdl_fail(c->err, why->status, "%s", why->text);
    }
}

void turn_end(struct mdl_service *s)
{
    struct mdl_error err = {MDL_OK, ""};
    enum mdl_status st = MDL_OK;

    if (mdl_store_in_transaction(s->store)) {
        st = mdl_store_commit(s->store, &err);
    }
    if (st == MDL_OK) {
        flush(s);
    } else {
        svc_log(s, "error", "the database refused to commit, nothing was sent: %s", err.text);
        turn_unsend(s, NULL);
        refuse_calls(s->answered_calls, &err);
        rounds_commit_failed(s, &err);
        schedules_refused(s);
    }
    peers_settle(s, st == MDL_OK);
    struct call *list = s->answered_calls;
    s->answered_calls = NULL;
    calls_answer(s, list);
    if (st == MDL_OK) {
        rounds_settle(s);
    }
}

static void take_calls(struct mdl_service *s)
{
    struct call *c = calls_take(s);
    while (c != NULL) {
        struct call *next = c->next;
        struct outgoing *mark = s->out_last;
        call_run(s, c);
        if (c->status != MDL_OK) {
            turn_unsend(s, mark);
        }
        c->next = s->answered_calls;
        s->answered_calls = c;
        c = next;
    }
}

/* One that was removed: only what is still to be told to it matters. */
static void leaving_event(struct mdl_service *s, struct peer *p, enum mdl_net_kind kind)
{
    if (kind == MDL_NET_DOWN) {
        p->up = false;
    } else if (kind == MDL_NET_WRITABLE) {
        held_retry(s, p->id, false);
    }
}

static void peer_event(struct mdl_service *s, const struct mdl_net_event *ev)
{
    struct peer *p = peer_by_id(s, (int64_t)ev->partner);
    if (p == NULL) {
        return;
    }
    if (p->leaving) {
        leaving_event(s, p, ev->kind);
        return;
    }
    switch (ev->kind) {
    case MDL_NET_UP:
        p->up = true;
        p->refused = false;
        outside_up(s, p);
        rounds_link(s, p, true);
        break;
    case MDL_NET_DOWN:
        p->up = false;
        if (p->told_up) {
            svc_log(s, "info", "%s: disconnected", p->name);
        }
        p->told_up = false;
        held_retry(s, p->id, true);
        rounds_link(s, p, false);
        break;
    case MDL_NET_MESSAGE:
        outside_message(s, p, ev->bytes, ev->len);
        break;
    case MDL_NET_WRITABLE:
        held_retry(s, p->id, false);
        break;
    case MDL_NET_REFUSED:
        p->refused = true;
        svc_log(s, "warning", "%s: %s", p->name, ev->text);
        break;
    case MDL_NET_BAD:
        svc_log(s, "warning", "%s: %s", p->name, ev->text);
        break;
    case MDL_NET_KNOCK:
    case MDL_NET_TROUBLE:
    case MDL_NET_FATAL:
        break;
    }
}

/* Takes what the channel has; MDL_NET_FATAL ends the loop. */
static enum mdl_status take_events(struct mdl_service *s, struct mdl_error *err)
{
    struct mdl_net_event ev;
    uint64_t until = steady_ms() + TURN_EVENTS_MS;
    for (int i = 0; i < TURN_EVENTS && steady_ms() < until && mdl_net_next(s->net, &ev); i++) {
        switch (ev.kind) {
        case MDL_NET_FATAL:
            return mdl_fail(err, ev.status, "the channel stopped: %s", ev.text);
        case MDL_NET_TROUBLE:
            svc_log(s, "error", "%s", ev.text);
            break;
        case MDL_NET_KNOCK:
            svc_log(s, "warning", "%s", ev.text);
            break;
        case MDL_NET_UP:
        case MDL_NET_DOWN:
        case MDL_NET_MESSAGE:
        case MDL_NET_WRITABLE:
        case MDL_NET_REFUSED:
        case MDL_NET_BAD:
            peer_event(s, &ev);
            break;
        }
    }
    return MDL_OK;
}

static int timeout_ms(struct mdl_service *s)
{
    uint64_t now = steady_ms();
    uint64_t due = rounds_next_due(s);
    uint64_t other = outside_next_due(s);
    due = other < due ? other : due;
    due = s->schedule_at < due ? s->schedule_at : due;
    if (due <= now) {
        return 0;
    }
    return due - now > 1000 ? 1000 : (int)(due - now);
}

static enum mdl_status turn(struct mdl_service *s, struct mdl_error *err)
{
    struct pollfd extra[2] = {{.fd = s->wake, .events = POLLIN},
                              {.fd = mdl_work_fd(s->work), .events = POLLIN}};
    enum mdl_status st = mdl_net_wait(s->net, extra, 2, timeout_ms(s), err);
    if (st != MDL_OK) {
        return st;
    }
    if (extra[0].revents != 0) {
        uint64_t n;
        ssize_t got = read(s->wake, &n, sizeof n);
        (void)got;
    }
    take_calls(s);
    (void)mdl_work_collect(s->work, rounds_work_done, s);
    st = take_events(s, err);
    rounds_tick(s);
    outside_tick(s);
    schedules_tick(s);
    turn_end(s);
    return st;
}

enum mdl_status mdl_service_run(struct mdl_service *s, struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;
    mdl_store_adopt(s->store);
    s->running = true;
    while (st == MDL_OK && !atomic_load(&s->stop)) {
        st = turn(s, err);
    }
    calls_close(s);
    rounds_stop(s);
    turn_end(s);
    /* What the turn's end queued (aborts for the partners) gets a moment to leave. */
    for (int i = 0; i < 10 && st == MDL_OK; i++) {
        struct mdl_net_event ev;
        if (mdl_net_wait(s->net, NULL, 0, 20, NULL) != MDL_OK) {
            break;
        }
        while (mdl_net_next(s->net, &ev)) {
        }
    }
    s->running = false;
    return st;
}
