/* store_round.h: rounds, the budget their commits draw on, receipts.
 *
 * Threading and common errors: store.h. Writes need an open transaction.
 */
#ifndef MANDORLA_STORE_ROUND_H
#define MANDORLA_STORE_ROUND_H

#include <store.h>

/* X(NAME, "slug"): how a round stands. WAITING and RUNNING are open, the others are ends. */
#define MDL_ROUND_OUTCOME_LIST(X)                                                                  \
    X(WAITING, "waiting") /* proposed, not yet approved or not yet connected */                    \
    X(RUNNING, "running")                                                                          \
    X(COMPLETE, "complete")                                                                        \
    X(PARTIAL, "partial")                                                                          \
    X(ABORTED, "aborted")                                                                          \
    X(REFUSED, "refused")

#define MDL_ROUND_ENUM(name, slug) MDL_ROUND_##name,
enum mdl_round_outcome { MDL_ROUND_OUTCOME_LIST(MDL_ROUND_ENUM) };
#undef MDL_ROUND_ENUM
const char *mdl_round_outcome_slug(enum mdl_round_outcome o);

enum mdl_by { MDL_BY_NONE, MDL_BY_US, MDL_BY_THEM };

struct mdl_round_group {
    char level[17];
    uint32_t own_keys, partner_keys; /* n of the two COMMITs */
    uint32_t matched_keys;           /* m, once `known` */
    bool known;                      /* both sides agreed on m: it has been learned */
    bool skipped;                    /* not run: one of the sides has no key in it */
    uint32_t slices, slices_opened;  /* slices_opened is written by mdl_opened_put alone */
};

struct mdl_round_row {
    uint8_t id[MDL_STORE_ROUND];
    int64_t partner;
    uint8_t agreement[MDL_STORE_HASH];
    uint8_t role; /* 0 = A, 1 = B */
    enum mdl_by proposer;
    enum mdl_round_outcome outcome;
    char phase[25]; /* where it stands, or stood when it ended; words are the session's */
    uint64_t created_at, started_at, finished_at;
    uint64_t data_as_of; /* of our data: the oldest import among the sources */
    int code;            /* enum mdl_status that ended it; 0 = none */
    char code_text[MDL_STORE_TEXT + 1];
    enum mdl_by ended_by;
    size_t n_groups;
    struct mdl_round_group group[MDL_STORE_GROUPS];
    uint32_t own_accounts, own_review, own_vetoed; /* as regrouped here */
    uint32_t partner_accounts, partner_review;     /* as the partner stated */
    uint64_t bytes_in, bytes_out, wall_ms;
    bool has_profile;
    uint8_t profile[32];
    struct mdl_blob resume;  /* what the receipt phase needs after a restart; no round key, ever */
    struct mdl_blob receipt; /* the bytes both signed */
    bool has_our_sig, has_their_sig;
    uint8_t our_sig[MDL_STORE_SIG], their_sig[MDL_STORE_SIG];
};

/* MDL_U_EXISTS if the id is known. MDL_U_NOT_FOUND: no such partner or agreement. */
MDL_MUST_CHECK enum mdl_status mdl_round_insert(struct mdl_store *st, const struct mdl_round_row *r,
                                                struct mdl_error *err);
/* Writes everything but id, partner, agreement, role, proposer, created_at and slices_opened.
 * MDL_U_NOT_FOUND; MDL_U_STATE if the round had ended and r->outcome is another end or an open one:
 * an end is final. What is written to an ended round otherwise (receipt, counts) is accepted. */
MDL_MUST_CHECK enum mdl_status mdl_round_update(struct mdl_store *st, const struct mdl_round_row *r,
                                                struct mdl_error *err);
/* Fills *out, to be released with mdl_round_clear. MDL_U_NOT_FOUND. */
MDL_MUST_CHECK enum mdl_status mdl_round_get(struct mdl_store *st,
                                             const uint8_t id[MDL_STORE_ROUND],
                                             struct mdl_round_row *out, struct mdl_error *err);
void mdl_round_clear(struct mdl_round_row *r);

typedef bool mdl_round_fn(void *ctx, const struct mdl_round_row *r);
struct mdl_round_filter {
    int64_t partner;   /* 0: all */
    bool same_party;   /* also those with earlier rows of the partner's identity */
    bool as_they_came; /* newest first as this node heard of them, whatever created_at states */
    bool open_only;    /* WAITING and RUNNING: what a restart has to settle */
    bool with_result;  /* COMPLETE and PARTIAL */
    uint64_t before;   /* created before this; 0: from the newest */
    size_t limit;      /* 0: all */
};
/* Newest first. */
MDL_MUST_CHECK enum mdl_status mdl_round_list(struct mdl_store *st,
                                              const struct mdl_round_filter *f, mdl_round_fn *row,
                                              void *ctx, struct mdl_error *err);
/* When the last round with this partner's identity began here, by this node's clock; 0: none did.
 * The latest of all beginnings: a clock that was set back since then hides none. */
MDL_MUST_CHECK enum mdl_status mdl_round_last_begun(struct mdl_store *st, int64_t partner,
                                                    uint64_t *at, struct mdl_error *err);

/* Budget. A debit belongs to one round and group and is never refunded: nothing deletes or alters
 * it. Repeating the same debit changes nothing (the partner may resend its COMMIT); the same round
 * and group with another number of keys is MDL_U_STATE. `at` decides the month. Write it in the
 * transaction of the intent to commit, before anything leaves. */
MDL_MUST_CHECK enum mdl_status mdl_budget_debit(struct mdl_store *st, int64_t partner,
                                                const uint8_t round[MDL_STORE_ROUND], uint8_t group,
                                                uint32_t keys, uint64_t at, struct mdl_error *err);
struct mdl_budget {
    uint64_t keys;    /* debited in the month, or later */
    uint32_t rounds;  /* rounds that were debited */
    uint32_t aborted; /* of the rounds begun then, those that ended aborted or partial */
    uint32_t begun;   /* rounds that are one or the other, or both */
};
/* What the partner's identity drew: counted over every time it was pinned, so that removing a
 * partner and accepting it again gives nothing back. */
MDL_MUST_CHECK enum mdl_status mdl_budget_read(struct mdl_store *st, int64_t partner,
                                               uint32_t month, struct mdl_budget *out,
                                               struct mdl_error *err);

#endif
