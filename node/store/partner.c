/* partner.c: the table of partners.
 * Decides nothing about pairing; only keeps names and keys unique. */
#include "store_internal.h"
#include "store_partner.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS                                                                                    \
    "name, state, identity, curve, cert_serial, certificate, endpoint, token, flags, info, "       \
    "their_name, software, added_at, pinned_at, last_seen_at, removed_at"
#define SELECT "SELECT id, " COLUMNS " FROM partner "

static void put_row(struct mdl_query *q, const struct mdl_partner_row *p)
{
    mdl_put_text(q, p->name, MDL_STORE_NAME);
    mdl_put_text(q, p->state == MDL_PARTNER_PINNED ? "pinned" : "invited", SIZE_MAX);
    mdl_put_if(q, p->has_keys, p->identity, sizeof p->identity);
    mdl_put_if(q, p->has_keys, p->curve, sizeof p->curve);
    mdl_put_int(q, p->cert_serial);
    mdl_put_blob(q, &p->certificate);
    mdl_put_text(q, p->endpoint, MDL_STORE_ENDPOINT);
    mdl_put_blob(q, &p->token);
    mdl_put_int(q, p->flags);
    mdl_put_blob(q, &p->info);
    mdl_put_text(q, p->their_name, MDL_STORE_NAME);
    mdl_put_text(q, p->software, MDL_STORE_NAME);
    mdl_put_u64(q, p->added_at);
    mdl_put_u64(q, p->pinned_at);
    mdl_put_u64(q, p->last_seen_at);
    mdl_put_u64(q, p->removed_at);
}

static void take_row(struct mdl_query *q, struct mdl_partner_row *p)
{
    memset(p, 0, sizeof *p);
    p->id = mdl_take_int(q);
    mdl_take_text(q, p->name, sizeof p->name);
    p->state =
        strcmp(mdl_take_borrowed(q), "pinned") == 0 ? MDL_PARTNER_PINNED : MDL_PARTNER_INVITED;
    p->has_keys = mdl_take_fixed(q, p->identity, sizeof p->identity);
    p->has_keys = mdl_take_fixed(q, p->curve, sizeof p->curve) && p->has_keys;
    p->cert_serial = mdl_take_u32(q);
    mdl_take_blob(q, &p->certificate);
    mdl_take_text(q, p->endpoint, sizeof p->endpoint);
    mdl_take_blob(q, &p->token);
    p->flags = mdl_take_u32(q);
    mdl_take_blob(q, &p->info);
    mdl_take_text(q, p->their_name, sizeof p->their_name);
    mdl_take_text(q, p->software, sizeof p->software);
    p->added_at = mdl_take_u64(q);
    p->pinned_at = mdl_take_u64(q);
    p->last_seen_at = mdl_take_u64(q);
    p->removed_at = mdl_take_u64(q);
}

/* Says in an operator's words which value is taken. */
static enum mdl_status explain(enum mdl_status rc, const struct mdl_partner_row *p,
                               struct mdl_error *err)
{
    if (rc == MDL_U_EXISTS && err != NULL) {
        const char *what = "name";
        if (strstr(err->text, "identity") != NULL) {
            what = "identity";
        } else if (strstr(err->text, "curve") != NULL) {
            what = "CURVE key";
        }
        return mdl_fail(err, rc, "the %s of %s is already that of another partner", what, p->name);
    }
    if (rc == MDL_U_ARGUMENT && err != NULL && strncmp(err->text, "CHECK", 5) == 0) {
        return mdl_fail(err, rc, "a partner needs a name of 1 to %d bytes, and keys to be pinned",
                        MDL_STORE_NAME);
    }
    return rc;
}

enum mdl_status mdl_partner_insert(struct mdl_store *st, struct mdl_partner_row *p,
                                   struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q,
                                   "INSERT INTO partner (" COLUMNS ") VALUES "
                                   "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                   err);

    if (rc != MDL_OK) {
        return rc;
    }
    put_row(&q, p);
    rc = explain(mdl_run(&q, err), p, err);
    if (rc == MDL_OK) {
        p->id = sqlite3_last_insert_rowid(st->conn.db);
    }
    return rc;
}

enum mdl_status mdl_partner_update(struct mdl_store *st, const struct mdl_partner_row *p,
                                   struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q,
                                   "UPDATE partner SET (" COLUMNS ") = "
                                   "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
                                   err);

    if (rc != MDL_OK) {
        return rc;
    }
    put_row(&q, p);
    mdl_put_int(&q, p->id);
    rc = explain(mdl_run(&q, err), p, err);
    return rc == MDL_OK ? mdl_changed(st, "partner", err) : rc;
}

enum mdl_status mdl_partner_seen(struct mdl_store *st, int64_t id, uint64_t at,
                                 struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q, "UPDATE partner SET last_seen_at = ? WHERE id = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_u64(&q, at);
    mdl_put_int(&q, id);
    rc = mdl_run(&q, err);
    return rc == MDL_OK ? mdl_changed(st, "partner", err) : rc;
}

/* Runs a query whose parameters are put, and fills *out with its one row. */
static enum mdl_status get_one(struct mdl_query *q, struct mdl_partner_row *out,
                               struct mdl_error *err)
{
    bool row = false;
    enum mdl_status rc = mdl_next(q, &row, err);

    memset(out, 0, sizeof *out);
    if (rc != MDL_OK) {
        return rc;
    }
    if (!row) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "there is no such partner");
    }
    take_row(q, out);
    rc = mdl_query_end(q, err);
    if (rc != MDL_OK) {
        mdl_partner_clear(out);
    }
    return rc;
}

enum mdl_status mdl_partner_get(struct mdl_store *st, int64_t id, struct mdl_partner_row *out,
                                struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_read(st, &q, SELECT "WHERE id = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, id);
    return get_one(&q, out, err);
}

enum mdl_status mdl_partner_by_name(struct mdl_store *st, const char *name,
                                    struct mdl_partner_row *out, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_read(st, &q, SELECT "WHERE name = ? AND removed_at = 0", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, name, SIZE_MAX);
    rc = get_one(&q, out, err);
    return rc == MDL_U_NOT_FOUND ? mdl_fail(err, rc, "there is no partner named %s", name) : rc;
}

enum mdl_status mdl_partner_by_identity(struct mdl_store *st, const uint8_t identity[MDL_STORE_KEY],
                                        struct mdl_partner_row *out, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_read(st, &q, SELECT "WHERE identity = ? AND removed_at = 0", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, identity, MDL_STORE_KEY);
    return get_one(&q, out, err);
}

enum mdl_status mdl_partner_by_curve(struct mdl_store *st, const uint8_t curve[MDL_STORE_KEY],
                                     struct mdl_partner_row *out, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_read(st, &q, SELECT "WHERE curve = ? AND removed_at = 0", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, curve, MDL_STORE_KEY);
    return get_one(&q, out, err);
}

void mdl_partner_clear(struct mdl_partner_row *p)
{
    free(p->certificate.data);
    free(p->token.data);
    free(p->info.data);
    memset(p, 0, sizeof *p);
}

enum mdl_status mdl_partner_list(struct mdl_store *st, bool with_removed, mdl_partner_fn *row,
                                 void *ctx, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc =
        mdl_read(st, &q, SELECT "WHERE ? OR removed_at = 0 ORDER BY name, id", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, with_removed ? 1 : 0);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_partner_row p;
        take_row(&q, &p);
        bool go_on = q.fault.status == MDL_OK && row(ctx, &p);
        mdl_partner_clear(&p);
        if (!go_on) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}
