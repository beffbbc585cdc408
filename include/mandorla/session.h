/* session.h: one mapping round as a state machine over events and effects (docs/PROTOCOL.md, 5 to
 * 10).
 *
 * Sans-IO: a session opens no socket, file or database, reads no clock and starts no thread. The
 * host (the daemon, the simulator, a fuzzer) feeds it events and carries out the effects:
 *
 *     mdl_session_step(s, &event, now_ms, &effects)
 *
 * The rules of the seam
 *  - Effects are in order. The host writes everything of the step that must last (PERSIST, OPENED,
 *    RESULT, CLOSE) together with its audit entries in ONE transaction, and only after that commit
 *    releases the SENDs of the step. If the commit fails it releases nothing and steps the session
 *    with MDL_EV_FAILED.
 *  - A session never assumes that a SEND arrived: what is not acknowledged is kept and resent.
 *  - Pointers in effects belong to the session; they are valid until the next step or destroy.
 *    Pointers in events belong to the host; the session keeps none after the step returns.
 *  - Right after create or restore the host steps the session once with LINK_UP or LINK_DOWN,
 *    whichever is true; the first effects come from that.
 *  - After CLOSE no event has an effect except WORK_DONE; the host lets the items that are out come
 *    back (they return at once), waits for mdl_session_idle, then destroys.
 *
 * Threading: one thread owns a session and calls everything here. The one exception is
 * mdl_session_work_run, which may run on any thread, items in parallel with each other and with
 * steps: an item writes only memory that is its own until it is handed back by WORK_DONE, and reads
 * only session memory that is stable while it is out.
 *
 * Secrets: scalars, coin and salts live in locked memory (sodium_malloc), never in an effect, and
 * are wiped right after the last slice and at every end (if items are out: when the last one is
 * back). PERSIST_COMMIT carries the seed of the list commitment: it belongs in the database, never
 * in a log.
 *
 * Memory: 136 bytes for each match key at the peak, own and partner's lists of equal length, plus
 * at most some megabytes for messages in flight and keys being hashed.
 */
#ifndef MANDORLA_SESSION_H
#define MANDORLA_SESSION_H

#include <mandorla/signer.h>
#include <mandorla/status.h>
#include <stdbool.h>

#define MDL_SESSION_GROUPS   32
#define MDL_SESSION_PROFILES 8
#define MDL_SESSION_KEYS_MAX 4194304u /* keys of one group, PROTOCOL 6.1 */
#define MDL_SESSION_BATCH    512u     /* most keys that one NEED_KEYS asks for */
#define MDL_SESSION_ROWS     8192u    /* most rows of one slice */
#define MDL_SESSION_TEXT     200

struct mdl_session;
struct mdl_session_work;

/* ---- Configuration --------------------------------------------------------------------------- */

struct mdl_session_profile {
    uint8_t digest[32];
    /* Distinct keys of each group under this profile, at level counts of the group's key type and
     * one an account (PROTOCOL 6.1). 0: the group is not run, nothing will be asked about it. */
    uint32_t n_keys[MDL_SESSION_GROUPS];
};

/* Copied at creation; the pointers need not outlive the call, except signer.ctx. */
struct mdl_session_config {
    uint8_t round[16];
    uint64_t created_ms;      /* of the proposal that both sides approved; stands in the receipt */
    struct mdl_signer signer; /* our identity */
    uint8_t partner[MDL_IDENTITY_BYTES];
    const uint8_t *agreement; /* the bytes as signed; in force is the host's to know */
    size_t agreement_len;
    const struct mdl_session_profile *profiles; /* what this node carries, newest first */
    size_t n_profiles;
    uint64_t partner_keys_month; /* keys already debited to the partner this month, all agreements'
                                    rounds that count against this agreement's cap */
    unsigned parallel;           /* worker threads to keep busy; 0 is taken as 1 */
};

/* Starts the engine for the group operations and tests it: the one that MANDORLA_ENGINE in the
 * environment names, else the fastest this machine can run. *name is what `serve` and benchmarks
 * print, valid for ever. Creating a session does the same: a host calls this at start so that
 * trouble shows then. Any thread.
 * Errors: MDL_U_ARGUMENT (no such engine, or not on this machine; the text lists them),
 * MDL_L_LIBRARY (wrong results, no random source: the node must not run). */
MDL_MUST_CHECK enum mdl_status mdl_session_engine(const char **name, struct mdl_error *err);

/* Errors: MDL_U_ARGUMENT (the configuration contradicts itself or the agreement: identities, number
 * of profiles; the text says what), MDL_P_AGREEMENT and the other errors of decoding an agreement,
 * MDL_L_MEMORY. Lists that are all empty, or above or below a cap, are no error here: the first
 * step then ends the round with MDL_P_EMPTY or MDL_P_CAP, so that the partner is told. */
MDL_MUST_CHECK enum mdl_status mdl_session_create(const struct mdl_session_config *config,
                                                  struct mdl_session **out, struct mdl_error *err);

/* Goes on in the receipt phase after a restart, from the newest MDL_PERSIST_RECEIPT_STATE (PROTOCOL
 * 8.3). `config` as at creation (profiles and partner_keys_month are not needed).
 * Errors: MDL_L_DATABASE (the blob is damaged or of another round), else as mdl_session_create. */
MDL_MUST_CHECK enum mdl_status mdl_session_restore(const struct mdl_session_config *config,
                                                   const uint8_t *blob, size_t len,
                                                   struct mdl_session **out, struct mdl_error *err);

/* Wipes and frees. No item may be running (mdl_session_idle, or the host's pool is stopped); items
 * that are still out are freed with the session. NULL is a no-op. */
void mdl_session_destroy(struct mdl_session *s);

/* ---- Events ---------------------------------------------------------------------------------- */

enum mdl_event_type {
    MDL_EV_MESSAGE,   /* one message from this partner, for this round (envelope) */
    MDL_EV_LINK_UP,   /* a connection with the partner stands (again) */
    MDL_EV_LINK_DOWN, /* none stands */
    MDL_EV_KEYS,      /* answers NEED_KEYS, in the order they were asked */
    MDL_EV_MASKS,     /* answers NEED_MASKS, in the order they were asked */
    MDL_EV_SUMMARY,   /* answers NEED_SUMMARY */
    MDL_EV_WORK_DONE, /* an item of a WORK effect is back, run or not */
    MDL_EV_TICK,      /* the time of DEADLINE has come; earlier or later does no harm */
    MDL_EV_ABORT,     /* the operator ends the round */
    MDL_EV_FAILED     /* the host cannot go on (database, disk, keys): status and text */
};

struct mdl_event {
    enum mdl_event_type type;
    union {
        struct {
            const uint8_t *bytes;
            size_t len;
        } message;
        struct {
            uint8_t group;
            uint32_t first;       /* ordinal of the first key: its place in the ascending list */
            uint32_t count;       /* exactly as asked */
            const uint8_t *bytes; /* mdl_key_encode forms one behind the other, ascending */
            size_t len;
        } keys;
        struct {
            uint8_t group;
            uint32_t slice;
            uint32_t count;              /* exactly as asked, in that order */
            const uint32_t *populations; /* own populations that hold an account with the key */
            const uint64_t *registries;  /* registry-id types held by those accounts */
        } masks;
        struct {
            uint32_t accounts; /* own accounts matched, match tier, after the veto */
            uint32_t review;   /* own accounts with review-tier matches only */
        } summary;
        struct mdl_session_work *work;
        struct {
            enum mdl_status status; /* MDL_EV_FAILED: class LOCAL or BUG */
            const char *text;       /* MDL_EV_ABORT, MDL_EV_FAILED: may be NULL */
        } end;
    } u;
};

/* ---- Effects --------------------------------------------------------------------------------- */

enum mdl_effect_type {
    MDL_FX_RECEIVED,     /* a message was taken in sequence: for the audit log */
    MDL_FX_PERSIST,      /* commit before any SEND of this step */
    MDL_FX_OPENED,       /* the partner's slice is proved: these own keys matched. Commit too */
    MDL_FX_RESULT,       /* what the partner says of keys opened before. Commit too */
    MDL_FX_SEND,         /* hand to the channel after the commit */
    MDL_FX_WORK,         /* run on a worker, then step with WORK_DONE */
    MDL_FX_NEED_KEYS,    /* answer with KEYS */
    MDL_FX_NEED_MASKS,   /* answer with MASKS */
    MDL_FX_NEED_SUMMARY, /* answer with SUMMARY: every OPENED and RESULT of the round is out */
    MDL_FX_DEADLINE, /* step with TICK at this time (replaces the one before; at most one a step) */
    MDL_FX_CLOSE     /* the round has ended. Commit too; last effect but for a SEND */
};

enum mdl_persist_kind {
    MDL_PERSIST_COMMIT, /* our list of this group is about to be committed to */
    MDL_PERSIST_DEBIT,  /* n keys of the partner, against its budget of the month; no refund */
    MDL_PERSIST_MATCH,  /* both agree on m matching keys; no name is known. At level counts this is
                           the result of the group: no OPENED, NEED_MASKS or RESULT will name it */
    MDL_PERSIST_RECEIPT_STATE, /* blob: replaces the one before; delete it at CLOSE */
    MDL_PERSIST_RECEIPT        /* the receipt with both signatures */
};

/* PARTIAL: a slice was opened, or a group at level counts has its MATCH. */
enum mdl_outcome { MDL_OUTCOME_COMPLETE, MDL_OUTCOME_PARTIAL, MDL_OUTCOME_ABORTED };

struct mdl_result_row {
    uint32_t ordinal;     /* of our own key in the group's list */
    uint32_t populations; /* the partner's, bits in the order of the agreement's list */
    uint64_t registries;
};

struct mdl_effect {
    enum mdl_effect_type type;
    union {
        struct {
            uint8_t type; /* number of the message, PROTOCOL 4 to 8 */
            uint32_t seq; /* 0 for ABORT (an ACK gives no RECEIVED) */
            size_t len;
            const uint8_t *digest; /* SHA-512 of the message, 64 bytes */
        } received;
        struct {
            enum mdl_persist_kind kind;
            uint8_t group;        /* COMMIT, DEBIT, MATCH */
            uint8_t profile;      /* COMMIT: index into the configuration's profiles */
            uint32_t n;           /* COMMIT: own keys; DEBIT: partner's keys; MATCH: m */
            const uint8_t *root;  /* COMMIT, DEBIT: list_root, 32 bytes */
            const uint8_t *seed;  /* COMMIT: list_seed, 32 bytes, for an auditor later */
            const uint8_t *bytes; /* RECEIPT_STATE: blob; RECEIPT: the receipt's bytes */
            size_t len;
            const uint8_t *signature_a; /* RECEIPT: 64 bytes each, by role */
            const uint8_t *signature_b;
        } persist;
        struct {
            uint8_t group;
            uint32_t slice, slices; /* slice j of s */
            uint32_t count;
            const uint32_t *ordinals; /* own keys that matched */
        } opened;
        struct {
            uint8_t group;
            uint32_t slice;
            uint32_t count;
            const struct mdl_result_row
                *rows; /* the ordinals of OPENED for this slice, same order */
        } result;
        struct {
            uint8_t type;
            uint32_t seq; /* 0 for ACK and ABORT */
            bool resend;  /* the same bytes were in an earlier SEND */
            const uint8_t *bytes;
            size_t len;
            const uint8_t *digest; /* SHA-512 of the bytes; NULL for an ACK */
        } send;
        struct mdl_session_work *work;
        struct {
            uint8_t group;
            uint8_t profile; /* index into the configuration's profiles */
            uint32_t first, count;
        } need_keys;
        struct {
            uint8_t group;
            uint32_t slice, count;
            const uint32_t *ordinals;
        } need_masks;
        struct {
            uint64_t at_ms;
        } deadline;
        struct {
            enum mdl_outcome outcome;
            enum mdl_status status; /* MDL_OK if complete; the code that ended the round else */
            bool by_partner;        /* the partner's ABORT ended it */
            char text[MDL_SESSION_TEXT + 1];
            uint32_t slices_opened; /* partner's slices that we opened, all groups */
            uint32_t slices_sent;   /* own slices released to the partner, all groups */
            const uint8_t *reply;   /* store; answers later messages of this round for which
                                       mdl_session_reply_due is true */
            size_t reply_len;
        } close;
    } u;
};

/* Owned by the host; zeroed, or cleared by mdl_effects_free. A step replaces its content. */
struct mdl_effects {
    struct mdl_effect *at;
    size_t n, cap;
};
void mdl_effects_free(struct mdl_effects *fx);

/* One step. A fault of the partner is not an error here: it comes back as SEND(ABORT) and CLOSE.
 * Errors: MDL_U_STATE (the round is closed; no effects), MDL_U_ARGUMENT (an answer that was not
 * asked for or does not fit: a mistake of the host; nothing changed), MDL_L_MEMORY (no memory for
 * the list of effects, or for anything in the receipt phase): drop the effects, destroy the session
 * and treat it like a crash: restore if there is a receipt state, else the round is
 * MDL_P_RESTARTED. */
MDL_MUST_CHECK enum mdl_status mdl_session_step(struct mdl_session *s, const struct mdl_event *ev,
                                                uint64_t now_ms, struct mdl_effects *fx,
                                                struct mdl_error *err);

/* Does the work of an item; any thread, once. Returns at once if the round has ended. */
void mdl_session_work_run(struct mdl_session_work *work);

/* ---- Looking in ------------------------------------------------------------------------------ */

/* X(NAME, "slug"): the phases of PROTOCOL 10.1, in order. */
#define MDL_PHASE_LIST(X)                                                                          \
    X(HELLO, "hello")                                                                              \
    X(COMMIT, "commit")     /* hash and blind our list; exchange COMMIT */                         \
    X(OPENING, "opening")   /* exchange the blinded lists, multiply the partner's */               \
    X(VERIFIED, "verified") /* the barrier */                                                      \
    X(TAGS, "tags")                                                                                \
    X(MATCH, "match")                                                                              \
    X(OPEN, "open")                                                                                \
    X(SLICES, "slices")                                                                            \
    X(RECEIPT, "receipt")                                                                          \
    X(ENDED, "ended")
#define MDL_PHASE_ENUM(name, slug) MDL_PHASE_##name,
enum mdl_phase { MDL_PHASE_LIST(MDL_PHASE_ENUM) MDL_PHASES };
#undef MDL_PHASE_ENUM
const char *mdl_phase_slug(enum mdl_phase phase);

struct mdl_session_progress {
    enum mdl_phase phase; /* of the group that is furthest behind */
    uint8_t group;        /* that group; one that is not run only when none is behind it */
    uint64_t done, total; /* elements (COMMIT, OPENING, TAGS) or slices (SLICES) of that phase */
    uint32_t n_own, n_partner, matched;  /* 0 while unknown */
    uint32_t slices_opened, slices_sent; /* all groups */
    uint64_t key_deadline_ms;            /* 0 once the keys are wiped */
    uint32_t duplicates, gaps, resends;  /* of the link */
};
void mdl_session_progress(const struct mdl_session *s, struct mdl_session_progress *out);
bool mdl_session_closed(const struct mdl_session *s);
bool mdl_session_idle(const struct mdl_session *s); /* no item is out */

/* ---- Rounds that are no more (PROTOCOL 5.5) ---------------------------------------------------
 */

/* Whether a message that names an ended or unknown round is answered at all. False for what does
 * not decode. */
bool mdl_session_reply_due(const uint8_t *bytes, size_t len);
/* The bytes of an ABORT, for a round that was never heard of (MDL_P_UNKNOWN_ROUND) or that a
 * restart ended (MDL_P_RESTARTED). `text` may be NULL. *out is malloc'ed. Errors: MDL_L_MEMORY,
 * MDL_U_ARGUMENT. */
MDL_MUST_CHECK enum mdl_status mdl_session_abort_message(const uint8_t round[16],
                                                         enum mdl_status status, const char *text,
                                                         uint8_t **out, size_t *len,
                                                         struct mdl_error *err);

#endif
