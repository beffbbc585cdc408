/* sim.h: two nodes in memory. Virtual time, a network with seeded faults, hosts with a store that
 * survives a kill, and hooks that turn one side into a hostile partner.
 *
 * Everything is deterministic for a seed: libsodium's random source is replaced while a world runs.
 */
#ifndef MANDORLA_SIM_H
#define MANDORLA_SIM_H

#include "internal.h" /* the hostile side may do what a real attacker may: anything to its own state */
#include "wire.h"
#include <mandorla/agreement.h>
#include <mandorla/audit.h>
#include <mandorla/session.h>

enum sim_fault {
    SIM_NONE,
    SIM_DROP,
    SIM_DUPLICATE,
    SIM_REORDER, /* the next message overtakes it */
    SIM_CORRUPT,
    SIM_DELAY,
    SIM_CUT_BEFORE,   /* the link breaks and the message is lost */
    SIM_CUT_AFTER,    /* it arrives, then the link breaks */
    SIM_KILL_STEP,    /* the sender dies before the step that sends it is committed */
    SIM_KILL_COMMIT,  /* the sender dies after the commit, before it leaves */
    SIM_KILL_SENT,    /* the sender dies when it has left */
    SIM_KILL_ARRIVED, /* the receiver dies before it looks at it */
    SIM_KILL_TAKEN,   /* the receiver dies when its step is committed and sent */
    SIM_FAULTS
};
const char *sim_fault_name(enum sim_fault f);

struct sim_plan { /* the one fault of a run: the nth message of a type from a side */
    enum sim_fault fault;
    int from;
    uint8_t type;
    unsigned nth; /* 0 is the first */
};

struct sim_noise { /* long runs: chance in 1000 for each message */
    unsigned drop, duplicate, delay, cut;
};

struct sim_row {
    uint32_t populations;
    uint64_t registries;
    uint8_t group;
    bool opened, described;
};

struct sim_store { /* what a kill leaves */
    bool begun, closed, commit_kept, debited;
    enum mdl_outcome outcome;
    enum mdl_status status;
    bool by_partner;
    char text[MDL_SESSION_TEXT + 1];
    uint8_t *state, *reply, *receipt;
    size_t state_len, reply_len, receipt_len;
    uint8_t sig[2][64];
    uint32_t debit, matched;
    unsigned counted;                        /* groups at level counts with MATCH passed */
    uint32_t m[MDL_SESSION_GROUPS];          /* of groups with MATCH passed */
    unsigned opened, sent;                   /* slices opened; SLICEs that left */
    struct sim_row *row[MDL_SESSION_GROUPS]; /* by own ordinal */
};

struct sim_key {
    uint8_t bytes[24];
    size_t len;
};

struct sim_world;
struct sim_node {
    struct sim_world *world;
    int id;
    uint8_t public_key[32], secret_key[64];
    uint32_t n[MDL_SESSION_GROUPS]; /* keys of each group */
    struct sim_key *key[MDL_SESSION_GROUPS];
    struct mdl_session_config config;
    struct mdl_session_profile profile[2];
    struct mdl_session *session;
    bool alive;
    unsigned life; /* counts restarts: what was meant for an earlier life is void */
    uint64_t tick_at;
    struct sim_store store;
    unsigned sent_of[256]; /* messages that left, by type, resends not counted */
    size_t bytes_sent;
    /* A hostile side. Called with a decoded copy of each message that leaves: change it, or return
     * false to swallow it. after_work: when an item has run, before its result is used. */
    bool (*on_send)(struct sim_node *n, struct mdl_msg *m);
    void (*after_work)(struct sim_node *n, struct mdl_session_work *w);
    void *hostile;
};

struct sim_world {
    struct sim_node node[2]; /* node[role] */
    struct mdl_agreement terms;
    uint8_t agreement[MDL_AGREEMENT_MAX];
    size_t agreement_len;
    uint64_t now;
    bool link;
    int first; /* the node that begins; the other comes 300 ms later */
    struct sim_plan plan;
    unsigned plan_seen;
    bool plan_done;
    struct sim_noise noise;
    uint64_t seed;
    struct sim_item *queue;
    uint64_t order;
    unsigned deliveries;
    bool rows_void[2]; /* what this side opened of a list it forged says nothing */
    bool one_sided;    /* the last signature is withheld or damaged: sim_check allows for it */
};

/* True while the library runs: a test may let its allocations fail. */
extern bool sim_in_library;

/* Sizes of a world: own keys of each side in group g are `own[role]`, plus `common` that both have.
 */
struct sim_size {
    uint8_t groups;
    uint32_t own[2], common;
    unsigned parallel;
    uint32_t counts;   /* bit g: group g is at level counts */
    uint32_t empty[2]; /* by role, bit g: no key at all in group g */
};

/* Makes terms and keys; `change`, if not NULL, edits the terms before they are encoded. */
void sim_init(struct sim_world *w, uint64_t seed, const struct sim_size *size,
              void (*change)(struct mdl_agreement *terms));
void sim_start(struct sim_world *w); /* creates both sessions */
bool sim_run(struct sim_world *w);   /* until both have closed; false if that never comes */
void sim_free(struct sim_world *w);
/* Sends bytes as if `from` had (hand-made messages). */
void sim_inject(struct sim_world *w, int from, const uint8_t *bytes, size_t len);
void sim_inject_msg(struct sim_world *w, int from, struct mdl_msg *m);
void sim_signer_of(struct sim_node *n, struct mdl_signer *out);

/* NULL if both ends are what the protocol promises, else what is wrong. */
const char *sim_check(const struct sim_world *w);
const char *sim_outcome_name(enum mdl_outcome o);

#endif
