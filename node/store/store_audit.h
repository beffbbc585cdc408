/* store_audit.h: the append-only log, and the openings of its commitments.
 *
 * Entry bytes, leaf hash and chain value are computed elsewhere (proto/audit); this is their shelf.
 * Triggers refuse UPDATE and DELETE, and an INSERT that is not the next number. Entries hold no
 * personal data. What opens their commitments stands in a table of its own that may be erased.
 *
 * Threading and common errors: store.h. Writes need an open transaction.
 */
#ifndef MANDORLA_STORE_AUDIT_H
#define MANDORLA_STORE_AUDIT_H

#include <store.h>

#define MDL_AUDIT_HASH      64 /* at most, for leaf and chain; the length given is kept */
#define MDL_AUDIT_ENTRY_MAX 65536

enum mdl_audit_direction { MDL_AUDIT_LOCAL, MDL_AUDIT_IN, MDL_AUDIT_OUT };

struct mdl_audit_row {
    uint64_t seq; /* 1, 2, 3, ... */
    struct mdl_blob entry;
    uint8_t leaf[MDL_AUDIT_HASH];
    size_t leaf_len;
    uint8_t chain[MDL_AUDIT_HASH];
    size_t chain_len;
    uint64_t at;
    bool has_round;
    uint8_t round[MDL_STORE_ROUND];
    int64_t partner; /* 0: none */
    enum mdl_audit_direction direction;
    uint32_t type; /* message type, or the log's own number for local events */
    uint64_t size; /* bytes of the message */
};

struct mdl_audit_head {
    uint64_t seq; /* 0: the log is empty, chain_len is 0 */
    uint8_t chain[MDL_AUDIT_HASH];
    size_t chain_len;
};
/* The last entry, those of the open transaction included. Costs one lookup. */
MDL_MUST_CHECK enum mdl_status mdl_audit_head(struct mdl_store *st, struct mdl_audit_head *out,
                                              struct mdl_error *err);
/* Appends *e. MDL_U_STATE if e->seq is not head + 1. */
MDL_MUST_CHECK enum mdl_status mdl_audit_append(struct mdl_store *st, const struct mdl_audit_row *e,
                                                struct mdl_error *err);
/* What opens the commitments of entry `seq` (salts, record ids): erasable. MDL_U_EXISTS. */
MDL_MUST_CHECK enum mdl_status mdl_audit_put_opening(struct mdl_store *st, uint64_t seq,
                                                     const struct mdl_blob *opening,
                                                     struct mdl_error *err);
/* MDL_U_NOT_FOUND: there was none, or it was erased. Release out->data with free. */
MDL_MUST_CHECK enum mdl_status mdl_audit_get_opening(struct mdl_store *st, uint64_t seq,
                                                     struct mdl_blob *out, struct mdl_error *err);
/* Erases the openings of all entries of a round; the log still verifies. */
MDL_MUST_CHECK enum mdl_status mdl_audit_erase_openings(struct mdl_store *st,
                                                        const uint8_t round[MDL_STORE_ROUND],
                                                        struct mdl_error *err);

typedef bool mdl_audit_fn(void *ctx, const struct mdl_audit_row *e);
struct mdl_audit_filter {
    uint64_t from_seq;    /* 0: from the first */
    uint64_t from, until; /* times; until 0: no end */
    int64_t partner;      /* 0: all */
    const uint8_t *round; /* MDL_STORE_ROUND bytes, or NULL: all */
    size_t limit;         /* 0: all. The loop reads at most some thousands at a time */
    bool newest;          /* the last `limit` that fit instead of the first, in the same order */
};
/* In the order of seq; the last seq seen + 1 is the cursor of the next call. */
MDL_MUST_CHECK enum mdl_status mdl_audit_list(struct mdl_store *st,
                                              const struct mdl_audit_filter *f, mdl_audit_fn *row,
                                              void *ctx, struct mdl_error *err);

/* Messages of a round, as logged. */
struct mdl_audit_totals {
    uint64_t messages_in, bytes_in, messages_out, bytes_out;
};
MDL_MUST_CHECK enum mdl_status mdl_audit_totals(struct mdl_store *st,
                                                const uint8_t round[MDL_STORE_ROUND],
                                                struct mdl_audit_totals *out,
                                                struct mdl_error *err);

#endif
