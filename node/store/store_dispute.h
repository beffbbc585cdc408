/* store_dispute.h: matches that one of two partners holds for wrong (PROTOCOL 4.10).
 *
 * Threading and common errors: store.h. Writes need an open transaction.
 */
#ifndef MANDORLA_STORE_DISPUTE_H
#define MANDORLA_STORE_DISPUTE_H

#include <store_generation.h>

#define MDL_DISPUTE_REASON 200

/* What one side says of a key. */
struct mdl_dispute_side {
    bool disputed;
    uint64_t at; /* when it said so, by its own clock; 0: it never said anything */
    char reason[MDL_DISPUTE_REASON + 1];
};
struct mdl_dispute_row {
    uint8_t key[MDL_GEN_KEY_MAX];
    size_t key_len;
    struct mdl_dispute_side ours, theirs;
};

/* Puts what we (or the partner) say of a key. Older than what that side said last: nothing changes.
 * MDL_U_ARGUMENT: no key. MDL_U_TOO_LARGE: the partner has `most` other keys in dispute
 * already, or twice as many that it spoke of at all. */
MDL_MUST_CHECK enum mdl_status mdl_dispute_put(struct mdl_store *st, const uint8_t identity[32],
                                               const uint8_t *key, size_t key_len, bool theirs,
                                               const struct mdl_dispute_side *side, size_t most,
                                               struct mdl_error *err);
typedef bool mdl_dispute_fn(void *ctx, const struct mdl_dispute_row *row);
/* Keys with this partner that either side disputes, or did, in the order of their bytes. `row` must
 * not write; false ends the list. */
MDL_MUST_CHECK enum mdl_status mdl_dispute_list(struct mdl_store *st, const uint8_t identity[32],
                                                mdl_dispute_fn *row, void *ctx,
                                                struct mdl_error *err);

#endif
