/* internal.h: what the files of this room share. Not for others.
 *
 * Everything here belongs to the loop thread unless a comment says otherwise.
 */
#ifndef MANDORLA_SERVICE_INTERNAL_H
#define MANDORLA_SERVICE_INTERNAL_H

#include "service.h"

#include <invitation.h>
#include <keys.h>
#include <mandorla/matchkey.h>
#include <mandorla/session.h>
#include <net.h>
#include <pthread.h>
#include <stdatomic.h>
#include <store.h>
#include <store_partner.h>
#include <store_round.h>
#include <work.h>

#define PATH_BYTES 4096
#define HASH_BYTES 64

/* ---- config.c: DIR/mandorla.conf --------------------------------------------------------------
 */
struct conf {
    char name[MDL_NAME_MAX + 1];
    char endpoint[MDL_ENDPOINT_MAX + 1]; /* what partners dial; "" for none */
    char bind[MDL_ENDPOINT_MAX + 1];     /* what this node binds; "" for nothing */
    char proxy[MDL_ENDPOINT_MAX + 1];    /* "host:port" of a SOCKS5 proxy, "" for none */
    char socket[PATH_BYTES];             /* of the API; "" for DIR/api.sock */
    unsigned threads;                    /* workers; 0: one per CPU */
};
enum mdl_status conf_read(const char *dir, struct conf *out, struct mdl_error *err);
enum mdl_status conf_write(const char *dir, const struct conf *c, struct mdl_error *err);
/* Whether a node's keys stand in `dir`: then it was a node, whatever else is missing. */
bool conf_has_keys(const char *dir);
/* Fills bind from endpoint where it is empty: same port, every address of the family. */
enum mdl_status conf_default_bind(struct conf *c, struct mdl_error *err);
/* Name, endpoint, bind and proxy, before anything starts on them; takes socks5:// off the proxy. */
enum mdl_status conf_check(struct conf *c, struct mdl_error *err);

/* ---- The service ------------------------------------------------------------------------------
 */

/* A verb that waits for the loop. On the stack of the caller. */
struct call {
    const struct mdl_verb *verb;
    const json_t *params;
    json_t *result;
    enum mdl_status status;
    struct mdl_error *err;
    bool done; /* guarded by service.lock, signalled by service.answered */
    struct call *next;
};

/* A function that an import's thread has the loop run. */
typedef enum mdl_status loop_fn(struct mdl_service *s, void *ctx, struct mdl_error *err);

/* Bytes that leave after the commit of this turn. */
struct outgoing {
    int64_t partner;
    uint8_t *bytes;
    size_t len;
    struct outgoing *next;
};

/* What is known of a partner's connection. The row in the store is the truth about the rest. */
struct peer {
    int64_t id;
    uint8_t identity[MDL_IDENTITY_BYTES];
    char name[MDL_STORE_NAME + 1];
    bool up;
    bool refused;         /* it has not pinned us yet */
    bool told_up;         /* the operator's log says that it is connected */
    bool info_due;        /* NODE_INFO of this connection was not sent yet */
    bool leaving;         /* removed: nothing of it is taken, what it is told is still sent */
    uint64_t leave_by;    /* steady; 0 before the commit of the removal */
    uint64_t repeat_at;   /* next repetition of what is unsettled; steady */
    uint64_t repeat_wait; /* the pause before it; grows */
    unsigned tokens;      /* messages outside rounds that it may send now: limits.c */
    uint64_t filled_at, dropped, dropped_told;
};

struct run; /* a round at work: round.c */

struct mdl_service {
    char dir[PATH_BYTES];
    char socket[PATH_BYTES];
    struct conf conf;
    struct mdl_store *store;
    struct mdl_identity *identity;
    struct mdl_curve_key *curve;
    struct mdl_signer signer;
    struct mdl_profile *profile;
    struct mdl_net *net;
    struct mdl_work *work;
    void (*log)(const char *level, const char *text);
    uint64_t started_ms;

    struct peer *peers;
    size_t n_peers;
    struct run *runs; /* linked list */

    struct outgoing *out_first, *out_last;   /* of this turn */
    struct outgoing *held_first, *held_last; /* the queue was full: after WRITABLE */
    struct call *answered_calls;             /* of this turn: answered after its commit */

    uint64_t schedule_at; /* steady: when the schedules are looked at again */

    atomic_bool stop;
    int wake; /* eventfd: calls wait, or stop */
    bool running;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t answered;
    struct call *calls_first, *calls_last;
    bool closed; /* no further calls */
};

/* ---- calls.c ------------------------------------------------------------------------------------
 */
/* The calls that wait, oldest first; the loop runs and answers them. */
struct call *calls_take(struct mdl_service *s);
void calls_answer(struct mdl_service *s, struct call *list);
/* Refuses what waits and what comes. */
void calls_close(struct mdl_service *s);
/* Runs fn on the loop and waits (from an import's thread). */
enum mdl_status call_loop(struct mdl_service *s, loop_fn *fn, void *ctx, struct mdl_error *err);
/* Runs one call on the loop thread. */
void call_run(struct mdl_service *s, struct call *c);

/* ---- loop.c -------------------------------------------------------------------------------------
 */
uint64_t now_ms(void);    /* the clock on the wall: for what is written down */
uint64_t steady_ms(void); /* never stepped: for pauses and deadlines; counts a suspend */
/* Opens the turn's transaction unless it is open. */
enum mdl_status turn_begin(struct mdl_service *s, struct mdl_error *err);
/* Queues a message; it leaves after the commit of this turn. Copies the bytes. */
/* Takes back what was queued after `mark` (a value of out_last). */
void turn_unsend(struct mdl_service *s, struct outgoing *mark);
enum mdl_status turn_send(struct mdl_service *s, int64_t partner, const uint8_t *bytes, size_t len,
                          struct mdl_error *err);
/* Commits the turn, releases what it wanted to send and answers its calls; or does none of it. */
void turn_end(struct mdl_service *s);
/* True while messages wait for the partner's queue. */
bool loop_holds(const struct mdl_service *s, int64_t partner);
/* Gives them up. */
void loop_unhold(struct mdl_service *s, int64_t partner);
void loop_wake(struct mdl_service *s);
void svc_log(struct mdl_service *s, const char *level, const char *fmt, ...) MDL_PRINTF(3, 4);

/* ---- peers.c: partners as the loop knows them ---------------------------------------------------
 */
enum mdl_status peers_load(struct mdl_service *s, struct mdl_error *err);
struct peer *peer_by_id(struct mdl_service *s, int64_t id);
/* Adds or refreshes one from its row and admits it in the channel. */
enum mdl_status peer_admit(struct mdl_service *s, const struct mdl_partner_row *row,
                           struct mdl_error *err);
/* Drops one at once: nothing more is sent to it. */
void peer_drop(struct mdl_service *s, int64_t id);
/* From here nothing of it is taken. The connection goes after the commit of this turn, when what
 * was queued for it has left, or soon after; without a commit it stays. */
void peer_dismiss(struct mdl_service *s, int64_t id);
/* After a turn's end: carries dismissals on, or takes those of the turn back. */
void peers_settle(struct mdl_service *s, bool committed);
/* PARTNER: a name, in any case if only one fits so, or at least 8 hex digits of an identity.
 * MDL_U_NOT_FOUND lists the names. */
enum mdl_status partner_find(struct mdl_service *s, const char *name, struct mdl_partner_row *out,
                             struct mdl_error *err);
/* As above, and the one removed last if no pinned one fits: for reading what is left of it. */
enum mdl_status partner_find_any(struct mdl_service *s, const char *name,
                                 struct mdl_partner_row *out, struct mdl_error *err);
/* Flags of a partner's row. */
#define PARTNER_ACCEPTS 1u /* standing rule: the standard agreement and rounds under it */

/* ---- documents.c: JSON helpers ------------------------------------------------------------------
 */
json_t *doc_time(uint64_t ms); /* null for 0 */
json_t *doc_hex(const uint8_t *bytes, size_t n);
json_t *doc_partner(struct mdl_service *s, const struct mdl_partner_row *row);
/* Copies text, cut to what fits between characters. */
void clip_text(char *dst, size_t size, const char *src);
/* Whether text can begin an id of `bytes` bytes: at least 6 hex digits, in either case. `out`
 * (twice that and 1) then has them in lower case, as doc_hex writes them. */
bool id_prefix(const char *text, size_t bytes, char *out);
const char *param_text(const json_t *params, const char *name); /* NULL if absent */
json_int_t param_int(const json_t *params, const char *name, json_int_t otherwise);
bool param_bool(const json_t *params, const char *name, bool otherwise);

/* ---- verbs --------------------------------------------------------------------------------------
 */
typedef enum mdl_status verb_fn(struct mdl_service *s, const json_t *params, json_t **result,
                                struct mdl_error *err);
#define P(...)
#define V(name, where, fn, ...) verb_fn fn;
#include "verbs.def"
#undef V
#undef P
verb_fn *verb_function(const struct mdl_verb *v);
const struct mdl_verb *verb_find(const char *name);

#endif
