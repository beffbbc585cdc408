/* internal.h: what the files of this room share. Not for others: the contract is
 * mandorla/session.h.
 *
 * A session is one link (PROTOCOL 5), one or more cells (a cell group of the agreement, PROTOCOL 6
 * and 7) and the receipt (8). A phase has one file, which sends and receives; dispatch.c holds the
 * table phase x message -> handler. Handlers change state and return; what can be sent after that
 * is found by the advance functions, so that order of arrival and speed of workers never matter.
 */
#ifndef MANDORLA_SESSION_INTERNAL_H
#define MANDORLA_SESSION_INTERNAL_H

#include "group.h"
#include "taghash.h"
#include "wire.h"
#include <mandorla/agreement.h>
#include <mandorla/audit.h>
#include <mandorla/session.h>
#include <stdatomic.h>
#include <stddef.h>

#define MDL_CHUNK_POINTS   4096u /* PROTOCOL 6.6 */
#define MDL_TAGS_A_MESSAGE 8192u /* PROTOCOL 6.10 */
#define MDL_CREDIT         16u   /* PROTOCOL 5.2 */
#define MDL_ACK_EVERY      4u /* messages consumed before an ACK is due: a quarter of the credit */
#define MDL_BULK_IN_FLIGHT 8u /* chunks that wait for an acknowledgement: about 1 MiB */
#define MDL_GAPS_MAX       1024u /* PROTOCOL 5.3 */
#define MDL_RESUME_MS      5000u /* PROTOCOL 5.4 */
#define MDL_REPEAT_MIN_MS  20u   /* pause between repetitions that a partner causes; doubles */
#define MDL_REPEAT_MAX_MS  1000u /* up to this while nothing new comes */
#define MDL_SILENCE_MS     60000u
#define MDL_RECEIPT_MS     (24ull * 3600 * 1000) /* PROTOCOL 9.1 */
#define MDL_PROVE_AHEAD    4u                    /* slices proved before their turn */
#define MDL_PARTS_MAX      16u                   /* work items that share one proof */
#define MDL_SID_BYTES      64
#define MDL_KEY_MAX        131u /* bytes of an encoded match key */

/* ---- link.c ---------------------------------------------------------------------------------- */

struct mdl_out { /* sent or waiting for credit, until acknowledged */
    struct mdl_out *next;
    uint32_t seq;
    uint8_t type;
    bool released;
    uint8_t digest[64];
    uint8_t *bytes;
    size_t len;
};

struct mdl_in { /* received in sequence while the session waits for its own work */
    struct mdl_in *next;
    size_t len;
    uint8_t bytes[];
};

struct mdl_pause { /* between repetitions that the partner causes */
    uint64_t until_ms, ms;
};

struct mdl_link {
    bool up, gap_open, ack_due;
    uint32_t next_seq;            /* of the next message out */
    uint32_t partner_ack, credit; /* what the partner consumed and is ready to take */
    uint32_t received, consumed, granted, acked; /* acked: the `consumed` last told */
    uint32_t gaps_in_a_row;
    uint32_t duplicates, gaps, resends;
    uint64_t heard_ms, new_ms, asked_ms;
    struct mdl_pause resend, reack; /* answers to a question what is missing; to a duplicate */
    uint8_t sent_hash[64], received_hash[64]; /* PROTOCOL 5.6 */
    struct mdl_out *out, **out_end;
    struct mdl_in *in, **in_end;
};

/* ---- a cell group ---------------------------------------------------------------------------- */

struct mdl_cell_secrets { /* in locked memory, wiped with the scalar */
    uint8_t coin[32], coin_salt[32], key_salt[32], tag_salt[32], list_seed[32];
};

struct mdl_cell_commit { /* what the partner's COMMIT said */
    uint8_t (*chunks)[32];
    uint32_t n_chunks;
    uint8_t root[32], key[32], coin[32];
};

struct mdl_proof_job { /* one slice being proved or verified by several items */
    bool active, ready;
    uint32_t j, count;
    unsigned n_parts, left;
    uint8_t *c_points, *d_points;
    struct mdl_dleq statement;
    struct mdl_dleq_part part[MDL_PARTS_MAX];
    uint8_t proof[MDL_PROOF_BYTES];
};

struct mdl_slice_rows { /* keys of an opened slice until both sides' MASKS are through */
    uint32_t count;
    bool masks_ready;
    uint32_t *ordinals;
    uint32_t *populations; /* own, from the host */
    uint64_t *registries;
};

struct mdl_cell {
    uint8_t g;
    enum mdl_level level;
    bool skipped;  /* one side has no key in this group: it is not run, PROTOCOL 6.2 */
    uint8_t first; /* role that moves first in slice 0 */
    /* what has been said and done so far, in the order of the phases */
    bool list_ready, commit_sent, commit_got;
    bool verified_got, tags_ready, tag_commit_sent, tag_commit_got;
    bool match_ready, match_sent, match_got, open_sent, open_got;
    bool order_ready, wiped;
    uint8_t sid[MDL_SID_BYTES];
    enum mdl_phase phase;
    uint32_t n, n_partner;
    struct mdl_scalar_key *key;
    struct mdl_cell_secrets *secrets;

    /* COMMIT: our list */
    uint8_t *own;      /* 32 n: X, sorted once all is blinded */
    uint32_t *ordinal; /* n: of the key behind X_i */
    uint32_t batch, asked, given, blinded, n_chunks;
    uint8_t last_key[MDL_KEY_MAX];
    uint8_t root[32];
    size_t last_key_len;
    uint8_t (*roots)[32]; /* of each batch, for list_root */
    uint8_t (*chunks)[32];
    struct mdl_cell_commit theirs;

    /* OPENING: the partner's list */
    uint8_t *points; /* 32 n_partner: X' */
    uint8_t *common; /* 32 n_partner: D */
    uint32_t chunks_sent, points_got, eval_next, evaluated;

    /* TAGS */
    uint8_t *tags;  /* 16 n_partner: of D; after MATCH the first m are M */
    uint32_t *rows; /* index into X' of each tag; after OPEN in the order of 7.3 */
    uint8_t *tags_in;
    uint8_t tag_commitment[32], tag_commitment_in[32];
    uint32_t tags_sent, tags_got; /* tags, not messages */
    struct mdl_taghash tag_hash;  /* over what comes in */

    /* MATCH, OPEN */
    uint8_t match_own[32], match_theirs[32];
    uint8_t key_theirs[32];
    uint8_t coins[2][32]; /* by role */
    uint32_t m;

    /* SLICES */
    uint32_t slices, proving, sent, opened, masks_sent, masks_got, masks_answered;
    uint8_t *used;               /* n bits: positions opened */
    uint32_t *positions;         /* of the slice being verified */
    struct mdl_proof_job *prove; /* MDL_PROVE_AHEAD of them; NULL until the order is ready */
    struct mdl_proof_job *verify;
    struct mdl_slice_rows row[2];
};

/* ---- work.c ---------------------------------------------------------------------------------- */

struct mdl_session_work {
    struct mdl_session_work *next;
    struct mdl_session *session;
    struct mdl_cell *cell;
    void (*run)(struct mdl_session_work *w); /* on a worker; fails through w->status */
    enum mdl_status (*done)(struct mdl_session *s, struct mdl_session_work *w,
                            struct mdl_error *err); /* on the owner's thread */
    bool ran, holds; /* holds: messages wait in the inbox until this is done */
    enum mdl_status status;
    struct mdl_error err;
    uint32_t first, count;     /* a range of elements or rows */
    struct mdl_proof_job *job; /* prove, verify */
    unsigned part;
    uint8_t *key_bytes; /* blind: own copy of the keys */
    size_t *offset;
    size_t key_len;
};

/* ---- the session ----------------------------------------------------------------------------- */

struct mdl_receipt_half { /* what one side states, RECEIPT_PART */
    bool known;
    uint32_t accounts, review;
    uint64_t finished;
};

struct mdl_block { /* memory that effects point to; lives until the next step */
    struct mdl_block *next;
    size_t size;
    max_align_t data[];
};

struct mdl_session {
    uint8_t round[16];
    uint64_t created_ms;
    struct mdl_signer signer;
    enum mdl_role role;
    unsigned parallel;
    struct mdl_agreement agreement;
    uint8_t agreement_hash[MDL_AGREEMENT_HASH];
    struct mdl_session_profile profiles[MDL_SESSION_PROFILES];
    size_t n_profiles;
    uint64_t partner_keys_month;
    uint64_t partner_keys_round; /* of the groups committed to so far */
    uint32_t empty;              /* groups in which we have no key, bit g */
    uint8_t nonce[2][32];        /* by role */
    uint8_t profile_digest[32];
    struct mdl_link link;
    struct mdl_cell cell[MDL_SESSION_GROUPS];
    uint8_t n_cells, profile; /* profile: index of the one in use */

    bool started, restored, hello_got, closed;
    /* receipt.c; durable: the receipt state belongs on disk; dirty: it has changed in this step */
    bool durable, dirty, summary_asked, part_sent, sig_sent, receipt_sig_got;
    bool no_memory, host_mistake; /* of the present step */
    atomic_bool stop;             /* items that have not begun return at once */
    unsigned n_work, holds;       /* items out; those of them for which messages wait */
    struct mdl_session_work *work;

    struct mdl_receipt_half half[2]; /* by role */
    uint8_t *receipt;
    size_t receipt_len;
    uint8_t receipt_sig[2][64]; /* by role */
    uint8_t *reply;             /* what answers a message after the end */
    size_t reply_len;

    uint64_t now_ms, key_deadline_ms, receipt_deadline_ms, armed_ms;
    struct mdl_effects *fx; /* of the present step */
    struct mdl_block *blocks;
};

/* effects.c. NULL only without memory (the step then ends with MDL_L_MEMORY). */
struct mdl_effect *mdl_fx(struct mdl_session *s, enum mdl_effect_type type);
void *mdl_step_alloc(struct mdl_session *s, size_t size);
void mdl_step_clear(struct mdl_session *s);
/* calloc that fails as the house does. */
enum mdl_status mdl_take(void *pointer_to_pointer, size_t count, size_t size,
                         struct mdl_error *err);
void mdl_wipe_free(void *pointer_to_pointer, size_t size);

/* An answer of the host that does not fit: the step fails with MDL_U_ARGUMENT, nothing changes. */
enum mdl_status mdl_host_mistake(struct mdl_session *s, struct mdl_error *err, const char *what);

/* end.c: the one way out; wipes. PEER and LOCAL statuses both. */
void mdl_session_end(struct mdl_session *s, enum mdl_status status, const char *text,
                     bool by_partner);
void mdl_session_complete(struct mdl_session *s);
void mdl_cell_wipe(struct mdl_cell *c);       /* secrets only */
void mdl_cell_drop_lists(struct mdl_cell *c); /* blinded lists, common points, tags */
void mdl_cell_free(struct mdl_cell *c);
void mdl_session_wipe(struct mdl_session *s);

/* link.c */
void mdl_link_init(struct mdl_link *l, const uint8_t round[16], uint8_t role);
void mdl_link_free(struct mdl_link *l);
/* Fills the envelope of *m, keeps the bytes, releases them when the credit allows. */
enum mdl_status mdl_link_send(struct mdl_session *s, struct mdl_msg *m, struct mdl_error *err);
bool mdl_link_room(const struct mdl_link *l); /* for one more message in bulk */
enum mdl_status mdl_link_message(struct mdl_session *s, const uint8_t *bytes, size_t len,
                                 struct mdl_error *err);
enum mdl_status mdl_link_drain(struct mdl_session *s, struct mdl_error *err);
enum mdl_status mdl_link_up(struct mdl_session *s, struct mdl_error *err);
void mdl_link_release(struct mdl_session *s);
enum mdl_status mdl_link_tick(struct mdl_session *s, struct mdl_error *err);
enum mdl_status mdl_link_finish_step(struct mdl_session *s, struct mdl_error *err);
/* A message as of restore: put back unreleased. Takes bytes. */
enum mdl_status mdl_link_put(struct mdl_link *l, uint32_t seq, uint8_t type, uint8_t *bytes,
                             size_t len, struct mdl_error *err);

/* dispatch.c */
enum mdl_status mdl_dispatch(struct mdl_session *s, const struct mdl_msg *m, struct mdl_error *err);
enum mdl_status mdl_session_advance(struct mdl_session *s, struct mdl_error *err);

/* work.c */
struct mdl_session_work *mdl_work_new(struct mdl_session *s, struct mdl_cell *c,
                                      struct mdl_error *err);
void mdl_work_emit(struct mdl_session *s, struct mdl_session_work *w);
void mdl_work_release(struct mdl_session_work *w); /* wipes and frees */
enum mdl_status mdl_work_back(struct mdl_session *s, struct mdl_session_work *w,
                              struct mdl_error *err);
bool mdl_work_room(const struct mdl_session *s);

/* hash.c: the hashes of PROTOCOL 6 and 7, and signing over them */
void mdl_sid(const struct mdl_session *s, uint8_t g, const uint8_t profile[32],
             uint8_t sid[MDL_SID_BYTES]);
void mdl_hash_chunk(const struct mdl_cell *c, uint8_t role, uint32_t index, const uint8_t *points,
                    size_t n, uint8_t out[32]);
void mdl_hash_commitment(const struct mdl_cell *c, const char *label, uint8_t role,
                         const uint8_t salt[32], const uint8_t value[32], uint8_t out[32]);
void mdl_hash_commit(const struct mdl_cell *c, uint8_t role, uint32_t n,
                     const struct mdl_list *chunks, const uint8_t root[32], const uint8_t key[32],
                     const uint8_t coin[32], uint8_t out[64]);
void mdl_hash_match(const struct mdl_cell *c, uint8_t role, const uint8_t *tags, uint32_t m,
                    uint8_t out[32]);
void mdl_hash_proof_context(const struct mdl_cell *c, uint8_t role, uint32_t j, uint8_t out[64]);
enum mdl_status mdl_sign(const struct mdl_session *s, const uint8_t hash[64], uint8_t sig[64],
                         struct mdl_error *err);
bool mdl_signed(const uint8_t identity[32], const uint8_t hash[64], const uint8_t sig[64]);

/* sort.c */
enum mdl_status mdl_sort_uniform(uint8_t *items, size_t width, uint32_t *index, size_t n,
                                 struct mdl_error *err);

/* One pair a phase: what a message does, and what can be sent or started now. */
#define MDL_HANDLER(name)                                                                          \
    enum mdl_status name(struct mdl_session *s, struct mdl_cell *c, const struct mdl_msg *m,       \
                         struct mdl_error *err)
#define MDL_ADVANCE(name)                                                                          \
    enum mdl_status name(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err)

MDL_HANDLER(mdl_hello_got);
MDL_HANDLER(mdl_commit_got);
MDL_HANDLER(mdl_chunk_got);
MDL_HANDLER(mdl_verified_got);
MDL_HANDLER(mdl_tag_commit_got);
MDL_HANDLER(mdl_tags_got);
MDL_HANDLER(mdl_match_got);
MDL_HANDLER(mdl_open_got);
MDL_HANDLER(mdl_slice_got);
MDL_HANDLER(mdl_masks_got);
MDL_HANDLER(mdl_receipt_part_got);
MDL_HANDLER(mdl_receipt_sig_got);
MDL_ADVANCE(mdl_commit_advance);
MDL_ADVANCE(mdl_opening_advance);
MDL_ADVANCE(mdl_verified_advance);
MDL_ADVANCE(mdl_tags_advance);
MDL_ADVANCE(mdl_match_advance);
MDL_ADVANCE(mdl_open_advance);
MDL_ADVANCE(mdl_slices_advance);

enum mdl_status mdl_hello_start(struct mdl_session *s, struct mdl_error *err);
enum mdl_status mdl_cell_begin(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err);
enum mdl_status mdl_keys_given(struct mdl_session *s, const struct mdl_event *ev,
                               struct mdl_error *err);
enum mdl_status mdl_masks_given(struct mdl_session *s, const struct mdl_event *ev,
                                struct mdl_error *err);
enum mdl_status mdl_summary_given(struct mdl_session *s, const struct mdl_event *ev,
                                  struct mdl_error *err);
/* list.c */
uint32_t mdl_batch_size(const struct mdl_session *s, uint32_t n);
void mdl_list_ask(struct mdl_session *s, struct mdl_cell *c);
/* tags.c */
enum mdl_status mdl_tags_prepare(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err);
/* open.c: the group has no more use for its scalar */
void mdl_cell_done(struct mdl_session *s, struct mdl_cell *c);
/* slices.c, shared with the proofs and restore */
void mdl_masks_ask(struct mdl_session *s, struct mdl_cell *c);
void mdl_slice_range(const struct mdl_cell *c, uint32_t j, uint32_t *first, uint32_t *count);
enum mdl_status mdl_slice_opened(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err);
enum mdl_status mdl_slice_rows_take(struct mdl_cell *c, struct mdl_error *err);
/* prove.c */
enum mdl_status mdl_prove_ahead(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err);
enum mdl_status mdl_verify_begin(struct mdl_session *s, struct mdl_cell *c, uint32_t j,
                                 const uint8_t proof[64], struct mdl_error *err);
void mdl_proof_job_free(struct mdl_proof_job *job);
/* receipt.c, receipt_state.c */
void mdl_receipt_durable(struct mdl_session *s);
enum mdl_status mdl_receipt_advance(struct mdl_session *s, struct mdl_error *err);
enum mdl_status mdl_receipt_state_put(struct mdl_session *s, struct mdl_error *err);
enum mdl_status mdl_receipt_state_take(struct mdl_session *s, const uint8_t *blob, size_t len,
                                       struct mdl_error *err);

#endif
