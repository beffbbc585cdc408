/* work.h: a pool of worker threads. Jobs in, completions out through an eventfd.
 *
 * One thread, the owner (the loop), creates, collects and closes the pool; any thread may submit.
 * Jobs start in the order they were submitted; with several workers they may finish in another.
 * Every job that was accepted is handed back exactly once, by mdl_work_collect or mdl_work_close,
 * on the owner's thread: there, and only there, the job's ctx changes hands again. What a job wrote
 * is visible to the owner when it is handed back.
 *
 * The workers block all signals except those a fault raises (SIGSEGV and the like), so that
 * handlers and signalfds of the process stay with the loop.
 */
#ifndef MANDORLA_WORK_H
#define MANDORLA_WORK_H

#include <mandorla/status.h>

#define MDL_WORK_THREADS_MAX 256
#define MDL_WORK_JOBS_MAX    (1u << 20)

struct mdl_work;

/* Runs on a worker. It must not submit to, collect from or close its own pool. */
typedef void mdl_work_fn(void *ctx);

enum mdl_work_outcome {
    MDL_WORK_DONE,     /* fn returned */
    MDL_WORK_CANCELLED /* the pool was closed before fn started: it never ran */
};

/* Runs on the owner's thread, without any lock held: it may submit further jobs (not from
 * mdl_work_close, where a submission is refused). */
typedef void mdl_work_done_fn(void *owner, void *ctx, enum mdl_work_outcome outcome);

/* Starts `threads` workers, 0 for one per CPU this process may run on. `jobs_max` bounds the jobs
 * that were submitted and not handed back yet (waiting, running and finished together); memory for
 * them is taken here, so that no later call can fail for want of it.
 * Errors: MDL_U_ARGUMENT (more than the maxima above, or jobs_max 0), MDL_L_MEMORY, MDL_L_IO (no
 * eventfd or thread to be had). */
MDL_MUST_CHECK enum mdl_status mdl_work_create(unsigned threads, size_t jobs_max,
                                               struct mdl_work **out, struct mdl_error *err);

/* Queues fn(ctx). Errors: MDL_U_STATE (jobs_max are under way, or the pool is closing): nothing
 * happened and ctx stays the caller's; collect, then try again. */
MDL_MUST_CHECK enum mdl_status mdl_work_submit(struct mdl_work *pool, mdl_work_fn *fn, void *ctx,
                                               struct mdl_error *err);

/* Readable (poll, epoll, zmq_poll) while finished jobs wait to be collected. Belongs to the pool:
 * not to be read, written or closed. */
int mdl_work_fd(const struct mdl_work *pool);

/* Hands back the jobs that are finished by now, in the order they finished; never blocks. Returns
 * how many. Jobs that finish meanwhile make the descriptor readable again. */
size_t mdl_work_collect(struct mdl_work *pool, mdl_work_done_fn *done, void *owner);

enum mdl_work_close {
    MDL_WORK_DRAIN, /* run what is queued first */
    MDL_WORK_CANCEL /* start nothing more; jobs that run are waited for */
};

/* Refuses new jobs, waits for the workers to end, hands back every job left, frees the pool.
 * NULL is a no-op. */
void mdl_work_close(struct mdl_work *pool, enum mdl_work_close how, mdl_work_done_fn *done,
                    void *owner);

struct mdl_work_stats {
    unsigned threads;
    size_t waiting, running, finished; /* at this moment; finished: not handed back yet */
    uint64_t jobs_run;                 /* since the pool began */
    uint64_t cpu_ns;                   /* CPU time the jobs took, all workers together */
};

void mdl_work_stats(struct mdl_work *pool, struct mdl_work_stats *out);

#endif
