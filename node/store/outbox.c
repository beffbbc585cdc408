/* outbox.c: messages outside a round that still wait for their partner.
 * Knows nothing of what they say. */
#include "store_internal.h"
#include "store_outbox.h"

#include <stdlib.h>

#define SELECT "SELECT id, partner, type, subject, body, created_at FROM outbox "

enum mdl_status mdl_outbox_put(struct mdl_store *st, struct mdl_outbox_row *m,
                               struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;

    if (m->subject_len > sizeof m->subject) {
        return mdl_fail(err, MDL_BUG, "the subject of a message is too long");
    }
    enum mdl_status rc =
        mdl_write(st, &q,
                  "INSERT INTO outbox (partner, type, subject, body, created_at) VALUES "
                  "(?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body RETURNING id",
                  err);
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, m->partner);
    mdl_put_int(&q, m->type);
    mdl_put_bytes(&q, m->subject, m->subject_len);
    mdl_put_bytes(&q, m->body.data, m->body.len);
    mdl_put_u64(&q, m->created_at);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && row) {
        m->id = mdl_take_int(&q);
        rc = mdl_run(&q, err); /* a foreign key is only checked at the end */
    }
    return rc;
}

enum mdl_status mdl_outbox_remove(struct mdl_store *st, int64_t id, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q, "DELETE FROM outbox WHERE id = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, id);
    return mdl_run(&q, err);
}

enum mdl_status mdl_outbox_settle(struct mdl_store *st, int64_t partner, uint32_t type,
                                  const uint8_t *subject, size_t subject_len, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_write(st, &q, "DELETE FROM outbox WHERE partner = ? AND type = ? AND subject = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, partner);
    mdl_put_int(&q, type);
    mdl_put_bytes(&q, subject, subject_len);
    return mdl_run(&q, err);
}

enum mdl_status mdl_outbox_list(struct mdl_store *st, int64_t partner, mdl_outbox_fn *row,
                                void *ctx, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_read(st, &q, SELECT "WHERE ?1 = 0 OR partner = ?1 ORDER BY id", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, partner);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_outbox_row m = {0};
        m.id = mdl_take_int(&q);
        m.partner = mdl_take_int(&q);
        m.type = mdl_take_u32(&q);
        m.subject_len = mdl_take_upto(&q, m.subject, sizeof m.subject);
        mdl_take_blob(&q, &m.body);
        m.created_at = mdl_take_u64(&q);
        bool go_on = q.fault.status == MDL_OK && row(ctx, &m);
        free(m.body.data);
        if (!go_on) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}
