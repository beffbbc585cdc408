/* run.h: one round at work, shared by the files that host it. Not for others. */
#ifndef MANDORLA_SERVICE_RUN_H
#define MANDORLA_SERVICE_RUN_H

#include "dispute.h"
#include "rounds.h"
#include "trail.h"

#include <store_result.h>

#define EARLY_MAX 16   /* the partner's first messages, while our list is still being derived */
#define OWED_MS   5000 /* between tries to write the end of a round to a database that refuses */

enum run_stage { RUN_PREPARING, RUN_RUNNING, RUN_SETTLING, RUN_OVER };

/* What the session asked for and is answered after the step. */
struct request {
    enum mdl_effect_type type; /* NEED_KEYS, NEED_MASKS, NEED_SUMMARY */
    uint8_t group;
    uint32_t first, slice, count;
    uint32_t *ordinals;
    uint32_t *populations; /* NEED_MASKS: found so far, `done` of them */
    uint64_t *registries;
    uint32_t done;
    struct request *next;
};

struct early {
    uint8_t *bytes;
    size_t len;
};

/* Regrouping the matches of one group: the worker's part and the loop's. */
struct settling {
    struct disputed disputed; /* read when it begins */
    uint8_t group;
    struct mdl_opened *opened;
    size_t n_opened;
    uint32_t slice;             /* read next */
    struct mdl_snap_part *part; /* the groups that are through, and the one at hand */
    size_t n_parts;
    struct mdl_regroup_counts all; /* of the parts together */
    bool reading;                  /* opened positions are being read */
    bool uniting;                  /* no group is left: what they found is put together */
    struct mdl_snap *snap;         /* open while rows are copied */
    int64_t after;
};

/* The lists that a group's is compared with, the last one first: agreement's min_change. */
#define LISTS_BEFORE 8
struct lists_before {
    size_t n;
    struct list_before {
        uint8_t round[MDL_STORE_ROUND];
        uint8_t group;
    } at[LISTS_BEFORE];
};

struct run {
    struct mdl_service *s;
    int64_t partner;
    enum run_stage stage;
    struct mdl_round_row row; /* as in the database; written back by run_save */
    struct mdl_agreement agreement;
    uint8_t *agreement_bytes;
    size_t agreement_len;
    struct mdl_session *session;
    struct mdl_effects fx;
    struct mdl_snap *snap[MDL_SESSION_GROUPS];
    struct mdl_snap_job *snap_job[MDL_SESSION_GROUPS];
    struct mdl_snap_report report[MDL_SESSION_GROUPS];
    struct lists_before before[MDL_SESSION_GROUPS];
    uint64_t brought; /* keys of ours this month, in rounds before */
    struct request *asked_first, *asked_last;
    struct request *masks; /* looked up some at a time, the oldest first */
    struct early early[EARLY_MAX];
    size_t n_early;
    struct settling settling;
    bool summary_asked;   /* the session waits for what settling finds */
    bool settle_tried;    /* the result was made, or cannot be made now */
    bool fresh;           /* begun in this turn: nothing of it is committed yet */
    bool undone;          /* its beginning never was: only its jobs are waited for */
    bool stepped;         /* in this turn */
    bool broken;          /* a write was refused: the session is told after the step */
    bool end_owed;        /* it has ended, but the database did not take that yet */
    uint64_t owed_at;     /* when to try again (steady_ms) */
    struct mdl_error why; /* of broken */
    atomic_bool cancel;   /* a worker looks at it */
    size_t jobs;          /* of ours in the pool */
    uint64_t due;         /* the session's deadline, steady; UINT64_MAX: none */
    /* The session's time: that of the wall when the round came up, from there on steady, so that a
     * clock that is set neither cuts a round off nor lets its keys live on. */
    uint64_t wall_offset;
    enum mdl_phase phase;
    json_t *phases;
    struct run *next;
};

/* ---- run.c: life of a run, stepping its session -------------------------------------------------
 */
struct run *run_find(struct mdl_service *s, const uint8_t id[MDL_STORE_ROUND]);
struct run *run_new(struct mdl_service *s, const struct mdl_round_row *row);
void run_free(struct run *r);
enum mdl_status run_load_agreement(struct run *r, struct mdl_error *err);
enum mdl_status run_config(struct run *r, struct mdl_session_config *c,
                           struct mdl_session_profile *profile, struct mdl_error *err);
void run_event(struct run *r, const struct mdl_event *ev);
void run_link(struct run *r);
void run_save(struct run *r);
void run_failed(struct run *r, const struct mdl_error *why);
/* The same; the partner is told `told`, which says less. NULL: the whole text. */
void run_refused(struct run *r, const struct mdl_error *why, const char *told);
/* Tries once more to write, and to tell the partner, how the run ended. */
void run_write_end(struct run *r);
/* A job of the run in the pool; `done` runs on the loop. */
enum job_kind { JOB_SNAPSHOT, JOB_SESSION, JOB_REGROUP, JOB_UNITE };
struct run_job {
    struct run *run;
    enum job_kind kind;
    struct mdl_session_work *item;
    enum mdl_status status;
    struct mdl_error err;
    char told[MDL_SESSION_TEXT + 1]; /* what the partner is told of a failure, if less; or "" */
};
enum mdl_status run_submit(struct run *r, enum job_kind kind, struct mdl_session_work *item,
                           struct mdl_error *err);

/* ---- run_effects.c: carrying out effects --------------------------------------------------------
 */
void run_effect(struct run *r, const struct mdl_effect *fx);
void run_trail(struct run *r, const struct trail *t);

/* ---- run_input.c: the snapshot, keys and masks --------------------------------------------------
 */
enum mdl_status run_prepare(struct run *r, struct mdl_error *err);
void run_build_snapshots(struct run_job *job); /* on a worker */
void run_prepared(struct run *r, struct run_job *job);
/* Answers at once and frees, or, if it takes long, keeps it for run_masks_step. */
void run_answer(struct run *r, struct request *q);
void run_request_free(struct request *q);
/* Looks up some masks, a few milliseconds' worth; `due`: there are some to look up. */
void run_masks_step(struct run *r);
bool run_masks_due(const struct run *r);

/* Which registry type an encoded key is of, -1 for domains and names. Any thread. */
int run_registry_bit(void *ctx, const uint8_t *key, size_t len);

/* ---- run_caps.c: what the agreement asks of our lists -------------------------------------------
 */
/* On the loop: what was brought before, and the lists that ours are compared with. */
enum mdl_status run_caps_prepare(struct run *r, struct mdl_error *err);
/* On a worker, once the lists are built: max_keys_round, max_keys_month, min_change. MDL_P_CAP
 * names the cap; job->told is what the partner may know of it. */
enum mdl_status run_caps_check(struct run_job *job);

/* ---- run_settle.c: from opened positions to a result --------------------------------------------
 */
void run_settle_begin(struct run *r);
void run_regroup(struct run_job *job); /* on a worker */
void run_regrouped(struct run *r, struct run_job *job);
void run_unite(struct run_job *job); /* on a worker */
void run_united(struct run *r, struct run_job *job);
/* Reads or copies some rows, a few milliseconds' worth; `due`: there is something to do. */
void run_settle_step(struct run *r);
bool run_settle_due(const struct run *r);

#endif
