/* check_threads.c: two sessions with worker threads of their own, in real time, as a daemon would
 * run them but without a network or a disk. As a test: a small round, for the thread sanitizer.
 * `--bench KEYS COMMON THREADS` prints how long a round takes against the group operations it
 * needs, done by as many threads with nothing else around them, and the memory for each match key.
 */
#include "sim_net.h"

#include <malloc.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define THREADS_MAX 16

static uint64_t now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- a pool and a post office ---------------------------------------------------------------- */

struct job {
    struct job *next;
    int node;
    struct mdl_session_work *work; /* or a message */
    uint8_t *bytes;
    size_t len;
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t some;
    struct job *head, **end;
    bool closed;
};

static struct queue todo[2], done;

static void queue_open(struct queue *q)
{
    memset(q, 0, sizeof *q);
    q->end = &q->head;
    (void)pthread_mutex_init(&q->lock, NULL);
    (void)pthread_cond_init(&q->some, NULL);
}

static void push(struct queue *q, struct job *j)
{
    (void)pthread_mutex_lock(&q->lock);
    j->next = NULL;
    *q->end = j;
    q->end = &j->next;
    (void)pthread_cond_signal(&q->some);
    (void)pthread_mutex_unlock(&q->lock);
}

static struct job *pop(struct queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    while (q->head == NULL && !q->closed) {
        (void)pthread_cond_wait(&q->some, &q->lock);
    }
    struct job *j = q->head;
    if (j != NULL) {
        q->head = j->next;
        q->end = q->head == NULL ? &q->head : q->end;
    }
    (void)pthread_mutex_unlock(&q->lock);
    return j;
}

static void queue_shut(struct queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->closed = true;
    (void)pthread_cond_broadcast(&q->some);
    (void)pthread_mutex_unlock(&q->lock);
}

static void *worker(void *arg)
{
    for (struct job *j; (j = pop(arg)) != NULL;) {
        mdl_session_work_run(j->work);
        push(&done, j);
    }
    return NULL;
}

/* ---- the two hosts --------------------------------------------------------------------------- */

static struct mdl_session *session[2];
static uint32_t n_own, n_common, opened[2], counted[2];
static enum mdl_outcome outcome[2];
static bool closed[2];

static void post(int node, struct mdl_session_work *work, const uint8_t *bytes, size_t len)
{
    struct job *j = calloc(1, sizeof *j);

    if (j == NULL) {
        abort();
    }
    j->node = node;
    j->work = work;
    if (work != NULL) {
        push(&todo[node], j);
        return;
    }
    j->bytes = malloc(len);
    memcpy(j->bytes, bytes, len);
    j->len = len;
    push(&done, j);
}

static void step(int node, const struct mdl_event *ev);

static void give_keys(int node, uint8_t group, uint32_t first, uint32_t count)
{
    uint8_t *bytes = malloc((size_t)count * 24);
    struct mdl_event ev = {.type = MDL_EV_KEYS};
    size_t len = 0;

    for (uint32_t i = first; i < first + count; i++) {
        char who = i < n_own ? (node == 0 ? 'a' : 'b') : 'c';
        uint8_t *k = bytes + len;
        char value[24];
        (void)snprintf(value, sizeof value, "%c%08u.example", who, i);
        k[0] = 16;
        k[1] = 0;
        k[2] = (uint8_t)strlen(value);
        memcpy(k + 3, value, k[2]);
        len += 3u + k[2];
    }
    ev.u.keys.group = group;
    ev.u.keys.first = first;
    ev.u.keys.count = count;
    ev.u.keys.bytes = bytes;
    ev.u.keys.len = len;
    step(node, &ev);
    free(bytes);
}

static void give_masks(int node, uint8_t group, uint32_t slice, uint32_t count)
{
    struct mdl_event ev = {.type = MDL_EV_MASKS};
    uint32_t *populations = malloc(count * sizeof *populations);
    uint64_t *registries = calloc(count, sizeof *registries);

    for (uint32_t i = 0; i < count; i++) {
        populations[i] = 1;
    }
    ev.u.masks.group = group;
    ev.u.masks.slice = slice;
    ev.u.masks.count = count;
    ev.u.masks.populations = populations;
    ev.u.masks.registries = registries;
    step(node, &ev);
    free(populations);
    free(registries);
}

static void carry_out(int node, const struct mdl_effect *e)
{
    struct mdl_event summary = {.type = MDL_EV_SUMMARY};

    if (e->type == MDL_FX_SEND) {
        post(1 - node, NULL, e->u.send.bytes, e->u.send.len);
    } else if (e->type == MDL_FX_WORK) {
        post(node, e->u.work, NULL, 0);
    } else if (e->type == MDL_FX_OPENED) {
        opened[node] += e->u.opened.count;
    } else if (e->type == MDL_FX_PERSIST && e->u.persist.kind == MDL_PERSIST_MATCH) {
        counted[node] += e->u.persist.n;
    } else if (e->type == MDL_FX_CLOSE) {
        closed[node] = true;
        outcome[node] = e->u.close.outcome;
        if (outcome[node] != MDL_OUTCOME_COMPLETE) {
            (void)fprintf(stderr, "node %d: %s\n", node, e->u.close.text);
        }
    } else if (e->type == MDL_FX_NEED_SUMMARY) {
        step(node, &summary);
    }
}

/* Answers come in steps of their own, so what they need is copied out of the effects first. */
static void step(int node, const struct mdl_event *ev)
{
    struct mdl_effects fx = {0};

    if (mdl_session_closed(session[node]) && ev->type != MDL_EV_WORK_DONE) {
        return;
    }
    if (mdl_session_step(session[node], ev, now_us() / 1000, &fx, NULL) != MDL_OK) {
        abort();
    }
    for (size_t i = 0; i < fx.n; i++) {
        if (fx.at[i].type != MDL_FX_NEED_SUMMARY) {
            carry_out(node, &fx.at[i]);
        }
    }
    for (size_t i = 0; i < fx.n; i++) {
        const struct mdl_effect *e = &fx.at[i];
        if (e->type == MDL_FX_NEED_KEYS) {
            give_keys(node, e->u.need_keys.group, e->u.need_keys.first, e->u.need_keys.count);
        } else if (e->type == MDL_FX_NEED_MASKS) {
            give_masks(node, e->u.need_masks.group, e->u.need_masks.slice, e->u.need_masks.count);
        } else if (e->type == MDL_FX_NEED_SUMMARY) {
            carry_out(node, e);
        }
    }
    mdl_effects_free(&fx);
}

static void loop(void)
{
    struct mdl_event up = {.type = MDL_EV_LINK_UP};

    step(0, &up);
    step(1, &up);
    while (!closed[0] || !closed[1] || !mdl_session_idle(session[0]) ||
           !mdl_session_idle(session[1])) {
        struct job *j = pop(&done);
        struct mdl_event ev = {.type = MDL_EV_MESSAGE};
        if (j->work != NULL) {
            ev.type = MDL_EV_WORK_DONE;
            ev.u.work = j->work;
        } else {
            ev.u.message.bytes = j->bytes;
            ev.u.message.len = j->len;
        }
        step(j->node, &ev);
        free(j->bytes);
        free(j);
    }
}

/* ---- a round --------------------------------------------------------------------------------- */

/* The same keys in each group: the first with names, the others counted. */
static double run_round(uint32_t keys, uint32_t common, unsigned threads, uint8_t groups)
{
    struct sim_size size = {
        .groups = groups, .own = {1, 1}, .common = 0, .parallel = threads, .counts = ~1u};
    struct sim_world w; /* for its identities and terms only */
    pthread_t thread[2][THREADS_MAX];

    n_own = keys - common;
    n_common = common;
    sim_init(&w, 1, &size, NULL);
    sim_random_end();
    queue_open(&done);
    for (int i = 0; i < 2; i++) {
        for (uint8_t g = 0; g < groups; g++) {
            w.node[i].profile[0].n_keys[g] = keys;
        }
        opened[i] = counted[i] = 0;
        closed[i] = false;
        queue_open(&todo[i]);
        if (mdl_session_create(&w.node[i].config, &session[i], NULL) != MDL_OK) {
            abort();
        }
        for (unsigned t = 0; t < threads; t++) {
            (void)pthread_create(&thread[i][t], NULL, worker, &todo[i]);
        }
    }
    uint64_t start = now_us();
    loop();
    double seconds = (double)(now_us() - start) / 1e6;
    for (int i = 0; i < 2; i++) {
        queue_shut(&todo[i]);
        for (unsigned t = 0; t < threads; t++) {
            (void)pthread_join(thread[i][t], NULL);
        }
        mdl_session_destroy(session[i]);
    }
    for (struct job *j; (j = done.head) != NULL;) {
        done.head = j->next;
        free(j->bytes);
        free(j);
    }
    sim_free(&w);
    return seconds;
}

/* ---- what the group operations alone would take ---------------------------------------------- */

static uint32_t base_n, base_m, base_slice;

static void *base_worker(void *arg)
{
    struct mdl_scalar_key *key;
    uint8_t *points = malloc((size_t)base_n * 32 + 32), *out = malloc((size_t)base_n * 32 + 32);
    size_t *offset = malloc(((size_t)base_n + 1) * sizeof *offset);
    uint8_t *bytes = calloc(base_n + 1, 24), ctx[64] = {0}, fresh[32] = {1}, proof[64];

    (void)arg;
    for (uint32_t i = 0; i <= base_n; i++) {
        offset[i] = (size_t)i * 24;
        memcpy(bytes + (size_t)i * 24, &i, sizeof i);
    }
    struct mdl_inputs in = {bytes, offset, base_n};
    if (mdl_scalar_key_generate(&key, NULL) != MDL_OK ||
        mdl_group_hash_blind(key, ctx, 64, &in, points, NULL, NULL) != MDL_OK ||
        mdl_group_evaluate(key, points, base_n, out, NULL, NULL) != MDL_OK) {
        abort();
    }
    for (uint32_t at = 0; at < base_m; at += base_slice) {
        uint32_t rows = base_m - at < base_slice ? base_m - at : base_slice;
        const uint8_t *c = points + (size_t)at * 32, *d = out + (size_t)at * 32;
        if (mdl_dleq_prove(key, ctx, 64, c, d, rows, fresh, proof, NULL) != MDL_OK ||
            mdl_dleq_verify(mdl_scalar_key_public(key), ctx, 64, c, d, rows, proof, NULL) !=
                MDL_OK) {
            abort();
        }
    }
    mdl_scalar_key_free(key);
    free(points);
    free(out);
    free(offset);
    free(bytes);
    return NULL;
}

/* Two nodes' work on as many threads as there are cores for them. */
static double run_base(uint32_t keys, uint32_t common, unsigned threads)
{
    pthread_t thread[THREADS_MAX];
    uint64_t start = now_us();
    uint32_t slices = common < 64 ? common : 64;

    base_n = 2 * keys / threads;
    base_m = 2 * common / threads;
    base_slice = slices == 0 ? 1 : common / slices;
    for (unsigned t = 0; t < threads; t++) {
        (void)pthread_create(&thread[t], NULL, base_worker, NULL);
    }
    for (unsigned t = 0; t < threads; t++) {
        (void)pthread_join(thread[t], NULL);
    }
    return (double)(now_us() - start) / 1e6;
}

static double cpu_seconds(const struct rusage *r)
{
    return (double)(r->ru_utime.tv_sec + r->ru_stime.tv_sec) +
           (double)(r->ru_utime.tv_usec + r->ru_stime.tv_usec) / 1e6;
}

static int bench(uint32_t keys, uint32_t common, unsigned threads)
{
    struct rusage before, after, last;

    (void)getrusage(RUSAGE_SELF, &before);
    double round = run_round(keys, common, threads, 1);
    (void)getrusage(RUSAGE_SELF, &after);
    double base = run_base(keys, common, threads);
    (void)getrusage(RUSAGE_SELF, &last);
    double cpu = cpu_seconds(&after) - cpu_seconds(&before);
    double base_cpu = cpu_seconds(&last) - cpu_seconds(&after);
    double per_key = (double)(after.ru_maxrss - before.ru_maxrss) * 1024 / (2.0 * keys);
    printf("%u keys a side, %u common, 2 nodes with %u threads each\n"
           "round %.2f s, group operations on %u threads %.2f s, ratio %.3f\n"
           "CPU time %.2f s and %.2f s, ratio %.3f; memory %.0f bytes a key\n",
           keys, common, threads, round, threads, base, round / base, cpu, base_cpu, cpu / base_cpu,
           per_key);
    return opened[0] == common && opened[1] == common ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "--bench") == 0) {
        return bench((uint32_t)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10),
                     (unsigned)strtoul(argv[4], NULL, 10));
    }
    for (unsigned way = 0; way < 3; way++) {
        unsigned threads = way == 0 ? 1 : 3;
        uint8_t groups = way == 2 ? 5 : 1;
        uint32_t keys = 700u / groups, common = 300u / groups;
        (void)run_round(keys, common, threads, groups);
        if (outcome[0] != MDL_OUTCOME_COMPLETE || outcome[1] != MDL_OUTCOME_COMPLETE ||
            opened[0] != common || opened[1] != common || counted[0] != groups * common ||
            counted[1] != groups * common) {
            (void)fprintf(stderr, "%u threads: %u and %u opened, %u and %u matched\n", threads,
                          opened[0], opened[1], counted[0], counted[1]);
            return 1;
        }
    }
    return 0;
}
