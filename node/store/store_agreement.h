/* store_agreement.h: agreements, exactly as they were signed.
 *
 * Threading and common errors: store.h. Writes need an open transaction.
 */
#ifndef MANDORLA_STORE_AGREEMENT_H
#define MANDORLA_STORE_AGREEMENT_H

#include <store.h>

/* X(NAME, "slug") */
#define MDL_AGREEMENT_STATE_LIST(X)                                                                \
    X(DRAFT, "draft")                                                                              \
    X(PROPOSED_BY_US, "proposed-by-us")                                                            \
    X(PROPOSED_BY_THEM, "proposed-by-them")                                                        \
    X(IN_FORCE, "in-force")                                                                        \
    X(REJECTED, "rejected")                                                                        \
    X(EXPIRED, "expired")                                                                          \
    X(REVOKED, "revoked")                                                                          \
    X(REPLACED, "replaced")

#define MDL_AGREEMENT_ENUM(name, slug) MDL_AGREEMENT_##name,
enum mdl_agreement_state { MDL_AGREEMENT_STATE_LIST(MDL_AGREEMENT_ENUM) };
#undef MDL_AGREEMENT_ENUM
const char *mdl_agreement_state_slug(enum mdl_agreement_state s);

struct mdl_agreement_row {
    uint8_t hash[MDL_STORE_HASH];
    int64_t partner;
    enum mdl_agreement_state state;
    struct mdl_blob bytes; /* never altered after insert */
    bool has_our_sig, has_their_sig, has_our_revocation, has_their_revocation;
    uint8_t our_sig[MDL_STORE_SIG], their_sig[MDL_STORE_SIG];
    uint8_t our_revocation[MDL_STORE_SIG], their_revocation[MDL_STORE_SIG];
    uint64_t created_at, changed_at; /* changed_at: of the state */
    uint64_t valid_from, valid_until;
    char reason[MDL_STORE_TEXT + 1]; /* of the last change */
    char note[MDL_STORE_TEXT + 1];   /* what came with the proposal; never altered after insert */
};

/* MDL_U_EXISTS if the hash is known (an idempotent repeat: nothing changed). */
MDL_MUST_CHECK enum mdl_status mdl_agreement_insert(struct mdl_store *st,
                                                    const struct mdl_agreement_row *a,
                                                    struct mdl_error *err);
/* Writes state, signatures, revocations, changed_at and reason, if the present state is `from`.
 * MDL_U_NOT_FOUND; MDL_U_STATE (another state; the text names it; nothing changed). */
MDL_MUST_CHECK enum mdl_status mdl_agreement_move(struct mdl_store *st,
                                                  enum mdl_agreement_state from,
                                                  const struct mdl_agreement_row *a,
                                                  struct mdl_error *err);
/* Fills *out, to be released with mdl_agreement_clear. MDL_U_NOT_FOUND. */
MDL_MUST_CHECK enum mdl_status mdl_agreement_get(struct mdl_store *st,
                                                 const uint8_t hash[MDL_STORE_HASH],
                                                 struct mdl_agreement_row *out,
                                                 struct mdl_error *err);
void mdl_agreement_clear(struct mdl_agreement_row *a);

typedef bool mdl_agreement_fn(void *ctx, const struct mdl_agreement_row *a);
/* Newest first; partner 0: of all partners. */
MDL_MUST_CHECK enum mdl_status mdl_agreement_list(struct mdl_store *st, int64_t partner,
                                                  mdl_agreement_fn *row, void *ctx,
                                                  struct mdl_error *err);

#endif
