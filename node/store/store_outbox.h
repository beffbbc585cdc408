/* store_outbox.h: what a partner still has to be told.
 *
 * Messages outside a round are idempotent and are repeated until they are settled; notices of
 * rounds that ended while the partner was away (a restart) wait here too. One message for each
 * partner, type and subject: putting it again replaces the body.
 *
 * Threading and common errors: store.h. Writes need an open transaction.
 */
#ifndef MANDORLA_STORE_OUTBOX_H
#define MANDORLA_STORE_OUTBOX_H

#include <store.h>

struct mdl_outbox_row {
    int64_t id; /* given by put; ascending */
    int64_t partner;
    uint32_t type;                   /* message type (PROPOSE, ACCEPT, ABORT, ...) */
    uint8_t subject[MDL_STORE_HASH]; /* round id or agreement hash */
    size_t subject_len;              /* 0..MDL_STORE_HASH */
    struct mdl_blob body;
    uint64_t created_at;
};
/* Sets m->id. MDL_U_NOT_FOUND: no such partner. */
MDL_MUST_CHECK enum mdl_status mdl_outbox_put(struct mdl_store *st, struct mdl_outbox_row *m,
                                              struct mdl_error *err);
/* Taking out what is not there is no error. */
MDL_MUST_CHECK enum mdl_status mdl_outbox_remove(struct mdl_store *st, int64_t id,
                                                 struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_outbox_settle(struct mdl_store *st, int64_t partner,
                                                 uint32_t type, const uint8_t *subject,
                                                 size_t subject_len, struct mdl_error *err);
typedef bool mdl_outbox_fn(void *ctx, const struct mdl_outbox_row *m);
/* In the order they were first put; partner 0: of all. */
MDL_MUST_CHECK enum mdl_status mdl_outbox_list(struct mdl_store *st, int64_t partner,
                                               mdl_outbox_fn *row, void *ctx,
                                               struct mdl_error *err);

#endif
