/* store_result.h: opened positions and results of rounds, in the main database.
 *
 * Opened positions are written slice by slice, in the transaction of the slice's audit entry: they
 * are what survives a kill. From them and the snapshot the result is made (store_snapshot.h), and
 * is copied here chunk by chunk. Results stay as of the round, whatever is imported later.
 *
 * Threading and common errors: store.h. Writes need an open transaction. No call looks at more than
 * MDL_STORE_SCAN rows, so that the loop is not held up; ask again with the cursor.
 */
#ifndef MANDORLA_STORE_RESULT_H
#define MANDORLA_STORE_RESULT_H

#include <store_round.h>
#include <store_snapshot.h>

#define MDL_STORE_SLICE 8192 /* most positions of one slice */

/* Writes the opened positions of slice `slice` and sets the group's slices_opened to slice + 1.
 * That no position is opened twice, the session sees to. MDL_U_NOT_FOUND: no such round or group.
 * MDL_U_STATE: it is not the next slice. MDL_U_TOO_LARGE: more than MDL_STORE_SLICE. After any of
 * them nothing of the slice is written. */
MDL_MUST_CHECK enum mdl_status mdl_opened_put(struct mdl_store *st,
                                              const uint8_t round[MDL_STORE_ROUND], uint8_t group,
                                              uint32_t slice, const struct mdl_opened *o, size_t n,
                                              struct mdl_error *err);
/* Writes the slice once more, with what the partner stated of its positions (it comes one message
 * later). MDL_U_NOT_FOUND: it was not opened. MDL_U_ARGUMENT: `o` has not the positions that were
 * opened, in their order. After either nothing is written. */
MDL_MUST_CHECK enum mdl_status
mdl_opened_describe(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND], uint8_t group,
                    uint32_t slice, const struct mdl_opened *o, size_t n, struct mdl_error *err);
/* Reads a slice as it was written; *n 0 if it was not opened, or was erased. MDL_U_TOO_LARGE: it
 * has more than `cap` positions. */
MDL_MUST_CHECK enum mdl_status mdl_opened_read(struct mdl_store *st,
                                               const uint8_t round[MDL_STORE_ROUND], uint8_t group,
                                               uint32_t slice, struct mdl_opened *o, size_t cap,
                                               size_t *n, struct mdl_error *err);

/* A head of all groups of a round at level accounts together: its names are those of all of them,
 * its counts name each account once (mdl_snap_unite). It has no rows. */
#define MDL_RESULT_ALL MDL_STORE_GROUPS

/* What stands beside the rows: names of the populations of both sides in this group, and counts.
 * Writing it again replaces it. */
struct mdl_result_head {
    uint8_t round[MDL_STORE_ROUND];
    uint8_t group;
    size_t n_own, n_partner;
    char own[MDL_STORE_POPULATIONS][MDL_STORE_NAME + 1];
    char partner[MDL_STORE_POPULATIONS][MDL_STORE_NAME + 1];
    bool finished; /* all rows were copied */
    struct mdl_regroup_counts counts;
};
MDL_MUST_CHECK enum mdl_status
mdl_result_put_head(struct mdl_store *st, const struct mdl_result_head *h, struct mdl_error *err);
/* The matrix. MDL_U_NOT_FOUND: no result (yet). *h is large. */
MDL_MUST_CHECK enum mdl_status mdl_result_head(struct mdl_store *st,
                                               const uint8_t round[MDL_STORE_ROUND], uint8_t group,
                                               struct mdl_result_head *h, struct mdl_error *err);

/* Copies up to `limit` findings of an open snapshot, from after `after`, into the result; *next as
 * in mdl_snap_findings. 1,000 rows take some 20 ms. Repeating a chunk changes nothing. When *next
 * is 0 the head's `finished` is set. MDL_U_NOT_FOUND: no head. */
MDL_MUST_CHECK enum mdl_status mdl_result_copy(struct mdl_store *st, struct mdl_snap *s,
                                               const uint8_t round[MDL_STORE_ROUND], uint8_t group,
                                               int64_t after, size_t limit, int64_t *next,
                                               struct mdl_error *err);

/* All rows of one own account in a round, by group: of several groups each has at most one. */
MDL_MUST_CHECK enum mdl_status
mdl_result_account(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND], const char *source,
                   const char *record_id, mdl_overlap_fn *row, void *ctx, struct mdl_error *err);

struct mdl_overlap_filter {
    uint32_t own_populations, partner_populations; /* any of these bits; 0: all */
    enum mdl_finding tier;
    bool vetoed;   /* the vetoed rows of that tier instead of the others */
    int64_t after; /* cursor */
    size_t limit;  /* 0: up to the scan limit */
};
/* *next: cursor to go on with, 0 at the end. Fewer rows than `limit` do not mean the end. */
MDL_MUST_CHECK enum mdl_status mdl_result_overlap(struct mdl_store *st,
                                                  const uint8_t round[MDL_STORE_ROUND],
                                                  uint8_t group, const struct mdl_overlap_filter *f,
                                                  mdl_overlap_fn *row, void *ctx, int64_t *next,
                                                  struct mdl_error *err);

/* Two partners at once: own accounts (by source and record id) matched in round `a`, and also in
 * round `b` (in_b) or not in it. Each account once, over all groups of `a`. `populations`: names
 * of ours; accounts in any of them; n 0: all. Cursor as above. For "only in b" swap a and b. */
struct mdl_bundle_filter {
    const char *const *population;
    size_t n_populations;
    bool in_b;
    int64_t after;
    size_t limit;
};
MDL_MUST_CHECK enum mdl_status
mdl_result_bundle(struct mdl_store *st, const uint8_t a[MDL_STORE_ROUND],
                  const uint8_t b[MDL_STORE_ROUND], const struct mdl_bundle_filter *f,
                  mdl_overlap_fn *row, void *ctx, int64_t *next, struct mdl_error *err);

/* Erases up to `limit` rows of the round's result and slices of opened positions (end of retention,
 * erasure request); *more tells whether to call again. The round, its receipt and the log stay.
 * Delete the snapshots too (mdl_snap_delete). The head stays: it holds counts and no account. */
MDL_MUST_CHECK enum mdl_status mdl_result_erase(struct mdl_store *st,
                                                const uint8_t round[MDL_STORE_ROUND], size_t limit,
                                                bool *more, struct mdl_error *err);

#endif
