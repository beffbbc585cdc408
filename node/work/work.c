/* work.c: the pool: one lock, one list of waiting and one of finished jobs, an eventfd.
 * Runs what it is given and looks at none of it. */
#include "work.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct job {
    mdl_work_fn *fn;
    void *ctx;
    enum mdl_work_outcome outcome;
    struct job *next;
};

struct queue {
    struct job *first;
    struct job **end;
    size_t n;
};

enum phase { OPEN, DRAINING, CANCELLED };

struct mdl_work {
    pthread_mutex_t lock;
    pthread_cond_t wake; /* a job waits, or the phase changed */
    enum phase phase;
    struct queue spare, waiting, finished;
    size_t running;
    uint64_t jobs_run;
    uint64_t cpu_ns;
    struct job *jobs; /* all of them, in one piece */
    int event;
    unsigned threads; /* those that were started */
    pthread_t *thread;
};

static void queue_init(struct queue *q)
{
    q->first = NULL;
    q->end = &q->first;
    q->n = 0;
}

static void push(struct queue *q, struct job *j)
{
    j->next = NULL;
    *q->end = j;
    q->end = &j->next;
    q->n++;
}

static struct job *pop(struct queue *q)
{
    struct job *j = q->first;

    if (j != NULL) {
        q->first = j->next;
        q->n--;
        if (q->first == NULL) {
            q->end = &q->first;
        }
    }
    return j;
}

static uint64_t cpu_now(void)
{
    struct timespec t = {0, 0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Called with the lock held. The descriptor is written only when the list stops being empty: the
 * owner empties the descriptor before it takes the list, so no wake-up is lost. */
static void finish(struct mdl_work *w, struct job *j, enum mdl_work_outcome outcome)
{
    static const uint64_t one = 1;
    ssize_t n = 0;

    j->outcome = outcome;
    push(&w->finished, j);
    if (w->finished.n == 1) {
        do {
            n = write(w->event, &one, sizeof one);
        } while (n < 0 && errno == EINTR);
    }
}

static void run(struct mdl_work *w, struct job *j)
{
    uint64_t start = 0;
    uint64_t used = 0;

    w->running++;
    (void)pthread_mutex_unlock(&w->lock);
    start = cpu_now();
    j->fn(j->ctx);
    used = cpu_now() - start;
    (void)pthread_mutex_lock(&w->lock);
    w->running--;
    w->jobs_run++;
    w->cpu_ns += used;
    finish(w, j, MDL_WORK_DONE);
}

static void *worker(void *arg)
{
    struct mdl_work *w = arg;

    (void)pthread_mutex_lock(&w->lock);
    for (;;) {
        struct job *j = w->phase == CANCELLED ? NULL : pop(&w->waiting);

        if (j != NULL) {
            run(w, j);
        } else if (w->phase == OPEN) {
            (void)pthread_cond_wait(&w->wake, &w->lock);
        } else {
            break;
        }
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* The CPUs this process may run on: a container's share, not the machine's. */
static unsigned cpus(void)
{
    cpu_set_t set;
    long n = 0;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        n = CPU_COUNT(&set);
    } else { /* more CPUs than a cpu_set_t holds */
        n = sysconf(_SC_NPROCESSORS_ONLN);
    }
    if (n < 1) {
        return 1;
    }
    return n > MDL_WORK_THREADS_MAX ? MDL_WORK_THREADS_MAX : (unsigned)n;
}

/* All but those that a thread's own fault raises: held back, they would kill without a trace. */
static void signals_to_block(sigset_t *set)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};

    (void)sigfillset(set);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        (void)sigdelset(set, faults[i]);
    }
}

/* Threads inherit the mask of the one that starts them. */
static int start_threads(struct mdl_work *w, unsigned threads)
{
    sigset_t blocked;
    sigset_t before;
    int failed = 0;

    signals_to_block(&blocked);
    failed = pthread_sigmask(SIG_BLOCK, &blocked, &before);
    if (failed != 0) {
        return failed;
    }
    while (failed == 0 && w->threads < threads) {
        failed = pthread_create(&w->thread[w->threads], NULL, worker, w);
        if (failed == 0) {
            (void)pthread_setname_np(w->thread[w->threads], "mandorla-work");
            w->threads++;
        }
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

static void stop_threads(struct mdl_work *w, enum phase phase)
{
    (void)pthread_mutex_lock(&w->lock);
    w->phase = phase;
    (void)pthread_cond_broadcast(&w->wake);
    (void)pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->threads; i++) {
        (void)pthread_join(w->thread[i], NULL);
    }
}

static void release(struct mdl_work *w)
{
    if (w->event >= 0) {
        (void)close(w->event);
    }
    (void)pthread_cond_destroy(&w->wake);
    (void)pthread_mutex_destroy(&w->lock);
    free(w->jobs);
    free(w->thread);
    free(w);
}

static struct mdl_work *allocate(unsigned threads, size_t jobs_max)
{
    struct mdl_work *w = calloc(1, sizeof *w);

    if (w == NULL) {
        return NULL;
    }
    w->event = -1;
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_cond_init(&w->wake, NULL);
    w->jobs = calloc(jobs_max, sizeof *w->jobs);
    w->thread = calloc(threads, sizeof *w->thread);
    if (w->jobs == NULL || w->thread == NULL) {
        release(w);
        return NULL;
    }
    queue_init(&w->spare);
    queue_init(&w->waiting);
    queue_init(&w->finished);
    for (size_t i = 0; i < jobs_max; i++) {
        push(&w->spare, &w->jobs[i]);
    }
    return w;
}

enum mdl_status mdl_work_create(unsigned threads, size_t jobs_max, struct mdl_work **out,
                                struct mdl_error *err)
{
    struct mdl_work *w = NULL;
    int failed = 0;

    *out = NULL;
    if (threads > MDL_WORK_THREADS_MAX || jobs_max == 0 || jobs_max > MDL_WORK_JOBS_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a pool of %u threads and %zu jobs", threads,
                        jobs_max);
    }
    threads = threads == 0 ? cpus() : threads;
    w = allocate(threads, jobs_max);
    if (w == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for a pool of %zu jobs", jobs_max);
    }
    w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    failed = w->event < 0 ? errno : start_threads(w, threads);
    if (failed != 0) {
        stop_threads(w, CANCELLED);
        release(w);
        return mdl_fail(err, MDL_L_IO, "the worker pool cannot start: %s", strerror(failed));
    }
    *out = w;
    return MDL_OK;
}

enum mdl_status mdl_work_submit(struct mdl_work *pool, mdl_work_fn *fn, void *ctx,
                                struct mdl_error *err)
{
    enum mdl_status status = MDL_OK;
    struct job *j = NULL;

    (void)pthread_mutex_lock(&pool->lock);
    if (pool->phase != OPEN) {
        status = mdl_fail(err, MDL_U_STATE, "the worker pool is closing");
        goto out;
    }
    j = pop(&pool->spare);
    if (j == NULL) {
        status = mdl_fail(err, MDL_U_STATE, "the worker pool is full");
        goto out;
    }
    j->fn = fn;
    j->ctx = ctx;
    push(&pool->waiting, j);
    (void)pthread_cond_signal(&pool->wake);
out:
    (void)pthread_mutex_unlock(&pool->lock);
    return status;
}

int mdl_work_fd(const struct mdl_work *pool)
{
    return pool->event;
}

/* Takes the whole finished list, so that the next job to finish writes the descriptor again. */
static struct queue take_finished(struct mdl_work *w)
{
    struct queue taken;

    (void)pthread_mutex_lock(&w->lock);
    taken = w->finished;
    queue_init(&w->finished);
    (void)pthread_mutex_unlock(&w->lock);
    return taken;
}

/* A job's place is free again before its callback runs, so that a callback can submit the next. */
static size_t hand_back(struct mdl_work *w, mdl_work_done_fn *done, void *owner)
{
    struct queue taken = take_finished(w);
    struct job *next = NULL;

    for (struct job *j = taken.first; j != NULL; j = next) {
        const struct job copy = *j;

        next = j->next;
        (void)pthread_mutex_lock(&w->lock);
        push(&w->spare, j);
        (void)pthread_mutex_unlock(&w->lock);
        done(owner, copy.ctx, copy.outcome);
    }
    return taken.n;
}

size_t mdl_work_collect(struct mdl_work *pool, mdl_work_done_fn *done, void *owner)
{
    uint64_t count = 0;
    ssize_t got = 0;

    do {
        got = read(pool->event, &count, sizeof count);
    } while (got < 0 && errno == EINTR);
    return hand_back(pool, done, owner);
}

void mdl_work_close(struct mdl_work *pool, enum mdl_work_close how, mdl_work_done_fn *done,
                    void *owner)
{
    struct job *j = NULL;

    if (pool == NULL) {
        return;
    }
    stop_threads(pool, how == MDL_WORK_DRAIN ? DRAINING : CANCELLED);
    (void)pthread_mutex_lock(&pool->lock);
    while ((j = pop(&pool->waiting)) != NULL) {
        finish(pool, j, MDL_WORK_CANCELLED);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    (void)hand_back(pool, done, owner);
    release(pool);
}

void mdl_work_stats(struct mdl_work *pool, struct mdl_work_stats *out)
{
    (void)pthread_mutex_lock(&pool->lock);
    *out = (struct mdl_work_stats){.threads = pool->threads,
                                   .waiting = pool->waiting.n,
                                   .running = pool->running,
                                   .finished = pool->finished.n,
                                   .jobs_run = pool->jobs_run,
                                   .cpu_ns = pool->cpu_ns};
    (void)pthread_mutex_unlock(&pool->lock);
}
