/* sim_net.c: virtual time, the network and its faults, kills and restarts.
 * May not look inside a session. */
#include "sim_net.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define LATENCY_MS 1
#define OUTAGE_MS  1000
#define RESTART_MS 500
#define HORIZON_MS (3ull * 24 * 3600 * 1000)
#define TURNS_MAX  400000u /* more than any run needs: two nodes that answer each other forever */

static const char *const fault_names[SIM_FAULTS] = {
    "none",      "drop",      "duplicate",   "reorder",   "corrupt",      "delay",     "cut-before",
    "cut-after", "kill-step", "kill-commit", "kill-sent", "kill-arrived", "kill-taken"};

const char *sim_fault_name(enum sim_fault f)
{
    return f < SIM_FAULTS ? fault_names[f] : "?";
}

/* ---- randomness ------------------------------------------------------------------------------ */

static uint64_t stream_seed, stream_block, dice_state;

static void stream_buf(void *const buf, const size_t size)
{
    unsigned char seed[randombytes_SEEDBYTES] = {0};

    memcpy(seed, &stream_seed, sizeof stream_seed);
    memcpy(seed + 8, &stream_block, sizeof stream_block);
    stream_block++;
    randombytes_buf_deterministic(buf, size, seed);
}

static uint32_t stream_random(void)
{
    uint32_t v;

    stream_buf(&v, sizeof v);
    return v;
}

static const char *stream_name(void)
{
    return "simulation";
}

static randombytes_implementation stream = {
    .implementation_name = stream_name, .random = stream_random, .buf = stream_buf};

void sim_random_begin(uint64_t seed)
{
    stream_seed = seed;
    stream_block = 0;
    dice_state = seed * 2 + 1;
    (void)randombytes_set_implementation(&stream);
    if (sodium_init() < 0) {
        abort();
    }
}

void sim_random_end(void)
{
    (void)randombytes_set_implementation(&randombytes_sysrandom_implementation);
}

uint32_t sim_dice(void)
{
    dice_state = dice_state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(dice_state >> 33);
}

/* ---- the queue ------------------------------------------------------------------------------- */

struct sim_item *sim_item_new(enum sim_item_type type, struct sim_node *n)
{
    struct sim_item *it = calloc(1, sizeof *it);

    if (it == NULL) {
        abort();
    }
    it->type = type;
    it->node = n;
    it->life = n->life;
    return it;
}

void sim_queue(struct sim_world *w, struct sim_item *it, uint64_t at)
{
    struct sim_item **p = &w->queue;

    it->at = at;
    it->order = w->order++;
    while (*p != NULL && (*p)->at <= at) {
        p = &(*p)->next;
    }
    it->next = *p;
    *p = it;
}

static void item_free(struct sim_item *it)
{
    free(it->bytes);
    free(it->populations);
    free(it->registries);
    free(it);
}

void sim_queue_free(struct sim_world *w)
{
    while (w->queue != NULL) {
        struct sim_item *it = w->queue;
        w->queue = it->next;
        item_free(it);
    }
}

/* ---- links and lives ------------------------------------------------------------------------- */

static void tell_link(struct sim_world *w, bool up)
{
    struct mdl_event ev = {.type = up ? MDL_EV_LINK_UP : MDL_EV_LINK_DOWN};

    w->link = up;
    for (int i = 0; i < 2; i++) {
        sim_step(&w->node[i], &ev);
    }
}

/* What is under way is lost. */
static void cut(struct sim_world *w, bool comes_back)
{
    for (struct sim_item **p = &w->queue; *p != NULL;) {
        struct sim_item *it = *p;
        if (it->type == SIM_IT_MESSAGE) {
            *p = it->next;
            item_free(it);
        } else {
            p = &it->next;
        }
    }
    if (w->link) {
        tell_link(w, false);
    }
    if (comes_back) {
        sim_queue(w, sim_item_new(SIM_IT_LINK_UP, &w->node[0]), w->now + OUTAGE_MS);
    }
}

void sim_kill(struct sim_node *n)
{
    struct sim_world *w = n->world;

    mdl_session_destroy(n->session);
    n->session = NULL;
    n->alive = false;
    n->life++;
    cut(w, false);
    sim_queue(w, sim_item_new(SIM_IT_RESTART, n), w->now + RESTART_MS);
}

static bool planned(struct sim_world *w, int from, uint8_t type)
{
    return w->plan.fault != SIM_NONE && !w->plan_done && w->plan.from == from &&
           w->plan.type == type && w->plan_seen == w->plan.nth;
}

/* Whether the sender dies with this step. */
bool sim_planned_kill(struct sim_node *n, const struct mdl_effects *fx, enum sim_fault f)
{
    if (n->world->plan.fault != f) {
        return false;
    }
    for (size_t i = 0; i < fx->n; i++) {
        const struct mdl_effect *e = &fx->at[i];
        if (e->type != MDL_FX_SEND || e->u.send.resend ||
            !planned(n->world, n->id, e->u.send.type)) {
            continue;
        }
        n->world->plan_done = true;
        sim_kill(n);
        return true;
    }
    return false;
}

/* ---- sending --------------------------------------------------------------------------------- */

static void queue_message(struct sim_node *n, uint8_t type, const uint8_t *bytes, size_t len,
                          uint64_t delay, enum sim_fault fault)
{
    struct sim_item *it = sim_item_new(SIM_IT_MESSAGE, &n->world->node[1 - n->id]);

    it->message_type = type;
    it->bytes = malloc(len);
    memcpy(it->bytes, bytes, len);
    it->len = len;
    it->fault = fault;
    if (fault == SIM_CORRUPT) {
        it->bytes[len / 2] ^= 0x20;
    }
    sim_queue(n->world, it, n->world->now + delay);
}

static void send_faulty(struct sim_node *n, uint8_t type, const uint8_t *bytes, size_t len)
{
    struct sim_world *w = n->world;
    enum sim_fault f = w->plan.fault;

    w->plan_done = true;
    if (f == SIM_DUPLICATE) {
        queue_message(n, type, bytes, len, LATENCY_MS, SIM_NONE);
    }
    if (f == SIM_REORDER) {
        queue_message(n, type, bytes, len, LATENCY_MS + 30, SIM_NONE);
    } else if (f == SIM_DELAY) {
        queue_message(n, type, bytes, len, 2500, SIM_NONE);
    } else if (f == SIM_CUT_BEFORE) {
        cut(w, true);
    } else if (f != SIM_DROP) {
        queue_message(n, type, bytes, len, LATENCY_MS, f);
    }
    if (f == SIM_KILL_SENT) {
        sim_kill(n);
    }
}

static bool noisy(unsigned chance)
{
    return chance > 0 && sim_dice() % 1000 < chance;
}

static void send_noisy(struct sim_node *n, uint8_t type, const uint8_t *bytes, size_t len)
{
    const struct sim_noise *noise = &n->world->noise;

    if (noisy(noise->drop)) {
        return;
    }
    if (noisy(noise->duplicate)) {
        queue_message(n, type, bytes, len, LATENCY_MS + sim_dice() % 50, SIM_NONE);
    }
    queue_message(n, type, bytes, len, noisy(noise->delay) ? 1 + sim_dice() % 3000 : LATENCY_MS,
                  SIM_NONE);
    if (noisy(noise->cut)) {
        cut(n->world, true);
    }
}

static void put_on_wire(struct sim_node *n, uint8_t type, const uint8_t *bytes, size_t len,
                        bool resend)
{
    struct sim_world *w = n->world;

    if (!w->link) {
        return;
    }
    n->bytes_sent += len;
    if (!resend && planned(w, n->id, type)) {
        send_faulty(n, type, bytes, len);
    } else {
        w->plan_seen += !resend && w->plan.from == n->id && w->plan.type == type ? 1 : 0;
        send_noisy(n, type, bytes, len);
    }
    n->sent_of[type] += resend ? 0 : 1;
}

void sim_send(struct sim_node *n, const struct mdl_effect *e)
{
    struct mdl_msg m;
    uint8_t *bytes;
    size_t len;

    if (n->on_send == NULL) {
        put_on_wire(n, e->u.send.type, e->u.send.bytes, e->u.send.len, e->u.send.resend);
        return;
    }
    if (mdl_msg_decode(e->u.send.bytes, e->u.send.len, &m, NULL) != MDL_OK) {
        abort();
    }
    if (!n->on_send(n, &m)) {
        return;
    }
    if (mdl_msg_encode(&m, &bytes, &len, NULL) != MDL_OK) {
        abort();
    }
    put_on_wire(n, (uint8_t)m.type, bytes, len, e->u.send.resend);
    free(bytes);
}

void sim_inject(struct sim_world *w, int from, const uint8_t *bytes, size_t len)
{
    queue_message(&w->node[from], 0, bytes, len, LATENCY_MS, SIM_NONE);
}

void sim_inject_msg(struct sim_world *w, int from, struct mdl_msg *m)
{
    uint8_t *bytes;
    size_t len;

    if (mdl_msg_encode(m, &bytes, &len, NULL) != MDL_OK) {
        abort();
    }
    sim_inject(w, from, bytes, len);
    free(bytes);
}

/* ---- running --------------------------------------------------------------------------------- */

/* A daemon's answer for a round that has ended (PROTOCOL 5.5). */
static void answer_ended(struct sim_node *n, const struct sim_item *it)
{
    if (n->store.closed && n->store.reply_len > 0 && mdl_session_reply_due(it->bytes, it->len)) {
        put_on_wire(n,
                    n->store.outcome == MDL_OUTCOME_COMPLETE ? MDL_MSG_RECEIPT_SIG : MDL_MSG_ABORT,
                    n->store.reply, n->store.reply_len, true);
    }
}

static void arrive(struct sim_node *n, const struct sim_item *it)
{
    struct mdl_event ev = {.type = MDL_EV_MESSAGE};

    if (it->fault == SIM_KILL_ARRIVED) {
        sim_kill(n);
        return;
    }
    ev.u.message.bytes = it->bytes;
    ev.u.message.len = it->len;
    if (n->session == NULL || mdl_session_closed(n->session)) {
        answer_ended(n, it);
    } else {
        sim_step(n, &ev);
    }
    if (it->fault == SIM_KILL_TAKEN) {
        sim_kill(n);
    } else if (it->fault == SIM_CUT_AFTER) {
        cut(n->world, true);
    }
}

static void run_work(struct sim_node *n, struct sim_item *it)
{
    struct mdl_event ev = {.type = MDL_EV_WORK_DONE, .u.work = it->work};

    sim_in_library = true;
    mdl_session_work_run(it->work);
    sim_in_library = false;
    if (n->after_work != NULL) {
        n->after_work(n, it->work);
    }
    sim_step(n, &ev);
}

static void give_keys(struct sim_node *n, const struct sim_item *it)
{
    struct mdl_event ev = {.type = MDL_EV_KEYS};

    ev.u.keys.group = it->group;
    ev.u.keys.first = it->first;
    ev.u.keys.count = it->count;
    ev.u.keys.bytes = it->bytes;
    ev.u.keys.len = it->len;
    sim_step(n, &ev);
}

static void give_masks(struct sim_node *n, const struct sim_item *it)
{
    struct mdl_event ev = {.type = MDL_EV_MASKS};

    ev.u.masks.group = it->group;
    ev.u.masks.slice = it->first;
    ev.u.masks.count = it->count;
    ev.u.masks.populations = it->populations;
    ev.u.masks.registries = it->registries;
    sim_step(n, &ev);
}

static void give_summary(struct sim_node *n)
{
    struct mdl_event ev = {.type = MDL_EV_SUMMARY};

    for (size_t g = 0; g < MDL_SESSION_GROUPS; g++) {
        for (uint32_t i = 0; i < n->n[g]; i++) {
            ev.u.summary.accounts += n->store.row[g][i].opened ? 1 : 0;
        }
    }
    sim_step(n, &ev);
}

static void happen(struct sim_world *w, struct sim_item *it)
{
    struct sim_node *n = it->node;
    struct mdl_event tick = {.type = MDL_EV_TICK};

    switch (it->type) {
    case SIM_IT_MESSAGE:
        if (n->alive) {
            arrive(n, it);
        }
        break;
    case SIM_IT_WORK:
        run_work(n, it);
        break;
    case SIM_IT_KEYS:
        give_keys(n, it);
        break;
    case SIM_IT_MASKS:
        give_masks(n, it);
        break;
    case SIM_IT_SUMMARY:
        give_summary(n);
        break;
    case SIM_IT_TICK:
        if (n->tick_at == it->at) {
            sim_step(n, &tick);
        }
        break;
    case SIM_IT_BEGIN:
        sim_begin(n);
        break;
    case SIM_IT_RESTART:
        sim_restart(n);
        if (!w->link && w->node[0].alive && w->node[1].alive) {
            tell_link(w, true);
        }
        break;
    case SIM_IT_LINK_UP:
        if (!w->link && w->node[0].alive && w->node[1].alive) {
            tell_link(w, true);
        }
        break;
    }
}

static bool belongs_to_session(const struct sim_item *it)
{
    return it->type == SIM_IT_WORK || it->type == SIM_IT_KEYS || it->type == SIM_IT_MASKS ||
           it->type == SIM_IT_SUMMARY || it->type == SIM_IT_TICK;
}

bool sim_run(struct sim_world *w)
{
    uint64_t until = w->now + HORIZON_MS;

    while (w->queue != NULL && w->queue->at < until && w->deliveries++ < TURNS_MAX) {
        struct sim_item *it = w->queue;
        w->queue = it->next;
        w->now = it->at > w->now ? it->at : w->now;
        if (!belongs_to_session(it) || (it->life == it->node->life && it->node->session != NULL)) {
            happen(w, it);
        }
        item_free(it);
        if (w->node[0].store.closed && w->node[1].store.closed && w->node[0].session == NULL &&
            w->node[1].session == NULL) {
            return true;
        }
    }
    return false;
}
