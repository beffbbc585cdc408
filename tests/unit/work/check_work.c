/* check_work.c: the pool under load, full, closing, and with one worker at a time.
 * Waits on conditions, never on the clock; runs under ThreadSanitizer as well. */
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <work.h>

#define LOTS 5000

struct task {
    unsigned ran, done, cancelled;
    sem_t *started, *go; /* for tasks that are held up */
    unsigned order;      /* when it ran, counted by `clock` */
    unsigned *clock;
    bool all_blocked;
    pthread_t thread;
};

static void plain(void *ctx)
{
    struct task *t = ctx;

    t->ran++;
    if (t->clock != NULL) {
        t->order = ++*t->clock;
    }
}

static void held(void *ctx)
{
    struct task *t = ctx;

    (void)sem_post(t->started);
    while (sem_wait(t->go) != 0) {
    }
    t->ran++;
}

static void on_done(void *owner, void *ctx, enum mdl_work_outcome outcome)
{
    struct task *t = ctx;

    (*(unsigned *)owner)++;
    t->done += outcome == MDL_WORK_DONE;
    t->cancelled += outcome == MDL_WORK_CANCELLED;
}

static struct mdl_work *open_pool(unsigned threads, size_t jobs)
{
    struct mdl_work *w = NULL;
    struct mdl_error err;

    ck_assert_msg(mdl_work_create(threads, jobs, &w, &err) == MDL_OK, "%s", err.text);
    return w;
}

static void submit(struct mdl_work *w, mdl_work_fn *fn, struct task *t)
{
    struct mdl_error err;

    ck_assert_msg(mdl_work_submit(w, fn, t, &err) == MDL_OK, "%s", err.text);
}

static bool readable(const struct mdl_work *w, int timeout_ms)
{
    struct pollfd p = {.fd = mdl_work_fd(w), .events = POLLIN};

    return poll(&p, 1, timeout_ms) == 1 && (p.revents & POLLIN) != 0;
}

/* Waits for the descriptor, as the loop does, until `total` are back. A lost wake-up ends here. */
static void collect_until(struct mdl_work *w, unsigned *back, unsigned total)
{
    while (*back < total) {
        ck_assert(readable(w, 60000));
        (void)mdl_work_collect(w, on_done, back);
    }
}

START_TEST(every_job_comes_back_once)
{
    struct mdl_work *w = open_pool((unsigned)_i, LOTS);
    struct task *tasks = calloc(LOTS, sizeof *tasks);
    struct mdl_work_stats stats;
    unsigned back = 0;

    ck_assert_ptr_nonnull(tasks);
    for (size_t i = 0; i < LOTS; i++) {
        submit(w, plain, &tasks[i]);
        if (i % 97 == 0) {
            (void)mdl_work_collect(w, on_done, &back);
        }
    }
    collect_until(w, &back, LOTS);
    ck_assert(!readable(w, 0));
    ck_assert_uint_eq(mdl_work_collect(w, on_done, &back), 0);
    mdl_work_stats(w, &stats);
    ck_assert_uint_eq(stats.jobs_run, LOTS);
    ck_assert_uint_eq(stats.waiting + stats.running + stats.finished, 0);
    ck_assert_uint_gt(stats.cpu_ns, 0);
    ck_assert_uint_ge(stats.threads, 1);
    if (_i > 0) {
        ck_assert_uint_eq(stats.threads, (unsigned)_i);
    }
    mdl_work_close(w, MDL_WORK_DRAIN, on_done, &back);
    ck_assert_uint_eq(back, LOTS);
    for (size_t i = 0; i < LOTS; i++) {
        if (tasks[i].ran != 1 || tasks[i].done != 1 || tasks[i].cancelled != 0) {
            ck_abort_msg("job %zu: ran %u, done %u", i, tasks[i].ran, tasks[i].done);
        }
    }
    free(tasks);
}
END_TEST

START_TEST(first_in_first_run)
{
    struct mdl_work *w = open_pool(1, 100);
    struct task tasks[100] = {{0}};
    unsigned clock = 0; /* touched by the one worker only */
    unsigned back = 0;

    for (size_t i = 0; i < 100; i++) {
        tasks[i].clock = &clock;
        submit(w, plain, &tasks[i]);
    }
    collect_until(w, &back, 100);
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_uint_eq(tasks[i].order, i + 1);
    }
    mdl_work_close(w, MDL_WORK_CANCEL, on_done, &back);
}
END_TEST

/* One worker is held up in its job; what happens behind it is then certain. */
struct stage {
    struct mdl_work *w;
    struct task holder;
    struct task behind[3];
    sem_t started, go;
    unsigned back;
};

static void open_stage(struct stage *s, size_t jobs)
{
    memset(s, 0, sizeof *s);
    ck_assert_int_eq(sem_init(&s->started, 0, 0), 0);
    ck_assert_int_eq(sem_init(&s->go, 0, 0), 0);
    s->w = open_pool(1, jobs);
    s->holder.started = &s->started;
    s->holder.go = &s->go;
    submit(s->w, held, &s->holder);
    ck_assert_int_eq(sem_wait(&s->started), 0);
    for (size_t i = 0; i < 3; i++) {
        submit(s->w, plain, &s->behind[i]);
    }
}

static void close_stage(struct stage *s)
{
    (void)sem_destroy(&s->started);
    (void)sem_destroy(&s->go);
}

START_TEST(full)
{
    struct stage s;
    struct task extra = {0};
    struct mdl_error err;
    struct mdl_work_stats stats;

    open_stage(&s, 4);
    mdl_work_stats(s.w, &stats);
    ck_assert_uint_eq(stats.running, 1);
    ck_assert_uint_eq(stats.waiting, 3);
    ck_assert_int_eq(mdl_work_submit(s.w, plain, &extra, &err), MDL_U_STATE);
    ck_assert_ptr_nonnull(strstr(err.text, "full"));
    ck_assert(!readable(s.w, 0));
    ck_assert_uint_eq(mdl_work_collect(s.w, on_done, &s.back), 0);
    (void)sem_post(&s.go);
    collect_until(s.w, &s.back, 1);
    submit(s.w, plain, &extra);
    mdl_work_close(s.w, MDL_WORK_DRAIN, on_done, &s.back);
    ck_assert_uint_eq(s.back, 5);
    ck_assert_uint_eq(extra.ran, 1);
    ck_assert_uint_eq(extra.done, 1);
    close_stage(&s);
}
END_TEST

/* The pool is full until it closes, so each submission is refused, with one reason or the other.
 * Lets the held job go once it is the other: closing has begun then, and cannot have ended. */
static void *release_when_closing(void *arg)
{
    struct stage *s = arg;
    struct task never = {0};
    struct mdl_error err = {MDL_OK, ""};

    while (strstr(err.text, "closing") == NULL) {
        if (mdl_work_submit(s->w, plain, &never, &err) != MDL_U_STATE) {
            abort();
        }
        (void)sched_yield();
    }
    (void)sem_post(&s->go);
    return NULL;
}

static void close_while_held(struct stage *s, enum mdl_work_close how)
{
    pthread_t t;

    open_stage(s, 4);
    ck_assert_int_eq(pthread_create(&t, NULL, release_when_closing, s), 0);
    mdl_work_close(s->w, how, on_done, &s->back);
    ck_assert_int_eq(pthread_join(t, NULL), 0);
    ck_assert_uint_eq(s->back, 4);
    ck_assert_uint_eq(s->holder.ran, 1);
    ck_assert_uint_eq(s->holder.done, 1);
    close_stage(s);
}

START_TEST(drain_runs_the_rest)
{
    struct stage s;

    close_while_held(&s, MDL_WORK_DRAIN);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(s.behind[i].ran, 1);
        ck_assert_uint_eq(s.behind[i].done, 1);
        ck_assert_uint_eq(s.behind[i].cancelled, 0);
    }
}
END_TEST

START_TEST(cancel_hands_back_the_rest)
{
    struct stage s;

    close_while_held(&s, MDL_WORK_CANCEL);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(s.behind[i].ran, 0);
        ck_assert_uint_eq(s.behind[i].done, 0);
        ck_assert_uint_eq(s.behind[i].cancelled, 1);
    }
}
END_TEST

/* A chain: each completion submits the next job, in a pool with room for one. */
struct chain {
    struct mdl_work *w;
    struct task task;
    unsigned left;
};

static void next_link(void *owner, void *ctx, enum mdl_work_outcome outcome)
{
    struct chain *c = owner;

    ck_assert_int_eq(outcome, MDL_WORK_DONE);
    c->left--;
    if (c->left > 0) {
        submit(c->w, plain, ctx);
    }
}

START_TEST(a_completion_may_submit)
{
    struct chain c = {.left = 500};
    unsigned back = 0;

    c.w = open_pool(2, 1);
    submit(c.w, plain, &c.task);
    while (c.left > 0) {
        ck_assert(readable(c.w, 60000));
        (void)mdl_work_collect(c.w, next_link, &c);
    }
    ck_assert_uint_eq(c.task.ran, 500);
    mdl_work_close(c.w, MDL_WORK_CANCEL, on_done, &back);
    ck_assert_uint_eq(back, 0);
}
END_TEST

/* Several threads submit while the owner collects. */
struct feeder {
    struct mdl_work *w;
    struct task tasks[1000];
};

static void *feed(void *arg)
{
    struct feeder *f = arg;

    for (size_t i = 0; i < 1000; i++) {
        while (mdl_work_submit(f->w, plain, &f->tasks[i], NULL) != MDL_OK) {
            (void)sched_yield();
        }
    }
    return NULL;
}

START_TEST(any_thread_may_submit)
{
    struct mdl_work *w = open_pool(3, 64);
    struct feeder *f = calloc(3, sizeof *f);
    pthread_t t[3];
    unsigned back = 0;

    ck_assert_ptr_nonnull(f);
    for (size_t i = 0; i < 3; i++) {
        f[i].w = w;
        ck_assert_int_eq(pthread_create(&t[i], NULL, feed, &f[i]), 0);
    }
    collect_until(w, &back, 3000);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_join(t[i], NULL), 0);
    }
    mdl_work_close(w, MDL_WORK_DRAIN, on_done, &back);
    ck_assert_uint_eq(back, 3000);
    free(f);
}
END_TEST

static void look_at_mask(void *ctx)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE, SIGCHLD};
    struct task *t = ctx;
    sigset_t mask;

    t->thread = pthread_self();
    t->all_blocked = pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        t->all_blocked = t->all_blocked && sigismember(&mask, signals[i]) == 1;
    }
}

START_TEST(workers_block_signals)
{
    sigset_t before;
    sigset_t after;
    struct task t = {0};
    unsigned back = 0;

    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
    struct mdl_work *w = open_pool(1, 1);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
    ck_assert_int_eq(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
    ck_assert_int_eq(sigismember(&after, SIGTERM), 0);
    submit(w, look_at_mask, &t);
    collect_until(w, &back, 1);
    ck_assert(t.all_blocked);
    ck_assert(!pthread_equal(t.thread, pthread_self()));
    mdl_work_close(w, MDL_WORK_DRAIN, on_done, &back);
}
END_TEST

START_TEST(refused)
{
    struct mdl_work *w = NULL;

    ck_assert_int_eq(mdl_work_create(MDL_WORK_THREADS_MAX + 1, 1, &w, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_work_create(1, 0, &w, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_work_create(1, MDL_WORK_JOBS_MAX + 1, &w, NULL), MDL_U_ARGUMENT);
    ck_assert_ptr_null(w);
    mdl_work_close(NULL, MDL_WORK_DRAIN, on_done, NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("work");
    TCase *t = tcase_create("pool");
    SRunner *r = srunner_create(s);
    int failed = 0;

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, every_job_comes_back_once, 0, 5);
    tcase_add_test(t, first_in_first_run);
    tcase_add_test(t, full);
    tcase_add_test(t, drain_runs_the_rest);
    tcase_add_test(t, cancel_hands_back_the_rest);
    tcase_add_test(t, a_completion_may_submit);
    tcase_add_test(t, any_thread_may_submit);
    tcase_add_test(t, workers_block_signals);
    tcase_add_test(t, refused);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
