/* invitation.c: the tokens this node issued, by nonce.
 * Knows nothing of what stands in a token. */
#include "store_internal.h"
#include "store_partner.h"

#include <string.h>

#define COLUMNS "nonce, label, created_at, expires_at, used_at, partner"

enum mdl_status mdl_invitation_insert(struct mdl_store *st, const struct mdl_invitation_row *i,
                                      struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(
        st, &q, "INSERT INTO invitation (" COLUMNS ") VALUES (?, ?, ?, ?, ?, nullif(?, 0))", err);

    if (rc != MDL_OK) {
        return rc;
    }
    /* An impossible length must not be read beyond the array; the CHECK refuses the empty blob. */
    mdl_put_bytes(&q, i->nonce, i->nonce_len <= sizeof i->nonce ? i->nonce_len : 0);
    mdl_put_text(&q, i->label, MDL_STORE_NAME);
    mdl_put_u64(&q, i->created_at);
    mdl_put_u64(&q, i->expires_at);
    mdl_put_u64(&q, i->used_at);
    mdl_put_int(&q, i->partner);
    return mdl_run(&q, err);
}

static void take_row(struct mdl_query *q, struct mdl_invitation_row *i)
{
    memset(i, 0, sizeof *i);
    i->nonce_len = mdl_take_upto(q, i->nonce, sizeof i->nonce);
    mdl_take_text(q, i->label, sizeof i->label);
    i->created_at = mdl_take_u64(q);
    i->expires_at = mdl_take_u64(q);
    i->used_at = mdl_take_u64(q);
    i->partner = mdl_take_int(q);
}

enum mdl_status mdl_invitation_get(struct mdl_store *st, const uint8_t *nonce, size_t nonce_len,
                                   struct mdl_invitation_row *out, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc =
        mdl_read(st, &q, "SELECT " COLUMNS " FROM invitation WHERE nonce = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, nonce, nonce_len);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && !row) {
        rc = mdl_fail(err, MDL_U_NOT_FOUND, "this node issued no such invitation");
    }
    if (rc == MDL_OK) {
        take_row(&q, out);
        rc = mdl_query_end(&q, err);
    }
    return rc;
}

enum mdl_status mdl_invitation_use(struct mdl_store *st, const uint8_t *nonce, size_t nonce_len,
                                   int64_t partner, uint64_t at, struct mdl_error *err)
{
    struct mdl_invitation_row found;
    struct mdl_query q;
    enum mdl_status rc = mdl_invitation_get(st, nonce, nonce_len, &found, err);

    if (rc == MDL_OK && found.used_at != 0) {
        rc = mdl_fail(err, MDL_U_STATE, "this invitation was used before");
    }
    if (rc == MDL_OK) {
        rc = mdl_write(st, &q, "UPDATE invitation SET used_at = ?, partner = ? WHERE nonce = ?",
                       err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_u64(&q, at);
    mdl_put_int(&q, partner);
    mdl_put_bytes(&q, nonce, nonce_len);
    return mdl_run(&q, err);
}

enum mdl_status mdl_invitation_list(struct mdl_store *st, mdl_invitation_fn *row, void *ctx,
                                    struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc =
        mdl_read(st, &q, "SELECT " COLUMNS " FROM invitation ORDER BY created_at DESC, nonce", err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_invitation_row i;
        take_row(&q, &i);
        if (q.fault.status != MDL_OK || !row(ctx, &i)) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}
