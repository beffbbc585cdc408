/* agreement.c: agreements as signed, and the state each is in.
 * Reads no term of an agreement; which moves are legal is the caller's. */
#include "store_agreement.h"
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS                                                                                    \
    "hash, partner, state, bytes, our_sig, their_sig, our_revocation, their_revocation, "          \
    "created_at, changed_at, valid_from, valid_until, reason, note"

static const char *const slugs[] = {
#define SLUG(name, slug) [MDL_AGREEMENT_##name] = slug,
    MDL_AGREEMENT_STATE_LIST(SLUG)
#undef SLUG
};

const char *mdl_agreement_state_slug(enum mdl_agreement_state s)
{
    return (size_t)s < sizeof slugs / sizeof slugs[0] ? slugs[s] : "unknown";
}

static bool state_of(const char *slug, enum mdl_agreement_state *out)
{
    for (size_t i = 0; i < sizeof slugs / sizeof slugs[0]; i++) {
        if (strcmp(slugs[i], slug) == 0) {
            *out = (enum mdl_agreement_state)i;
            return true;
        }
    }
    return false;
}

static void put_signatures(struct mdl_query *q, const struct mdl_agreement_row *a)
{
    mdl_put_if(q, a->has_our_sig, a->our_sig, MDL_STORE_SIG);
    mdl_put_if(q, a->has_their_sig, a->their_sig, MDL_STORE_SIG);
    mdl_put_if(q, a->has_our_revocation, a->our_revocation, MDL_STORE_SIG);
    mdl_put_if(q, a->has_their_revocation, a->their_revocation, MDL_STORE_SIG);
}

enum mdl_status mdl_agreement_insert(struct mdl_store *st, const struct mdl_agreement_row *a,
                                     struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q,
                                   "INSERT INTO agreement (" COLUMNS ") VALUES "
                                   "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                   err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, a->hash, sizeof a->hash);
    mdl_put_int(&q, a->partner);
    mdl_put_text(&q, mdl_agreement_state_slug(a->state), SIZE_MAX);
    mdl_put_blob(&q, &a->bytes);
    put_signatures(&q, a);
    mdl_put_u64(&q, a->created_at);
    mdl_put_u64(&q, a->changed_at);
    mdl_put_u64(&q, a->valid_from);
    mdl_put_u64(&q, a->valid_until);
    mdl_put_text(&q, a->reason, MDL_STORE_TEXT);
    mdl_put_text(&q, a->note, MDL_STORE_TEXT);
    return mdl_run(&q, err);
}

static void take_row(struct mdl_query *q, struct mdl_agreement_row *a)
{
    memset(a, 0, sizeof *a);
    (void)mdl_take_fixed(q, a->hash, sizeof a->hash);
    a->partner = mdl_take_int(q);
    if (!state_of(mdl_take_borrowed(q), &a->state) && q->fault.status == MDL_OK) {
        (void)mdl_fail(&q->fault, MDL_L_DATABASE, "an agreement is in a state without a name");
    }
    mdl_take_blob(q, &a->bytes);
    a->has_our_sig = mdl_take_fixed(q, a->our_sig, MDL_STORE_SIG);
    a->has_their_sig = mdl_take_fixed(q, a->their_sig, MDL_STORE_SIG);
    a->has_our_revocation = mdl_take_fixed(q, a->our_revocation, MDL_STORE_SIG);
    a->has_their_revocation = mdl_take_fixed(q, a->their_revocation, MDL_STORE_SIG);
    a->created_at = mdl_take_u64(q);
    a->changed_at = mdl_take_u64(q);
    a->valid_from = mdl_take_u64(q);
    a->valid_until = mdl_take_u64(q);
    mdl_take_text(q, a->reason, sizeof a->reason);
    mdl_take_text(q, a->note, sizeof a->note);
}

enum mdl_status mdl_agreement_get(struct mdl_store *st, const uint8_t hash[MDL_STORE_HASH],
                                  struct mdl_agreement_row *out, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(st, &q, "SELECT " COLUMNS " FROM agreement WHERE hash = ?", err);

    memset(out, 0, sizeof *out);
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, hash, MDL_STORE_HASH);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && !row) {
        rc = mdl_fail(err, MDL_U_NOT_FOUND, "there is no such agreement");
    }
    if (rc == MDL_OK) {
        take_row(&q, out);
        rc = mdl_query_end(&q, err);
    }
    if (rc != MDL_OK) {
        mdl_agreement_clear(out);
    }
    return rc;
}

/* Why no row was changed: the agreement is unknown, or in another state. */
static enum mdl_status why_not_moved(struct mdl_store *st, const uint8_t hash[MDL_STORE_HASH],
                                     enum mdl_agreement_state from, struct mdl_error *err)
{
    struct mdl_agreement_row found;
    enum mdl_status rc = mdl_agreement_get(st, hash, &found, err);

    if (rc == MDL_OK) {
        rc = mdl_fail(err, MDL_U_STATE, "the agreement is %s, not %s",
                      mdl_agreement_state_slug(found.state), mdl_agreement_state_slug(from));
        mdl_agreement_clear(&found);
    }
    return rc;
}

enum mdl_status mdl_agreement_move(struct mdl_store *st, enum mdl_agreement_state from,
                                   const struct mdl_agreement_row *a, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_write(st, &q,
                  "UPDATE agreement SET our_sig = ?, their_sig = ?, our_revocation = ?, "
                  "their_revocation = ?, state = ?, changed_at = ?, reason = ? "
                  "WHERE hash = ? AND state = ?",
                  err);

    if (rc != MDL_OK) {
        return rc;
    }
    put_signatures(&q, a);
    mdl_put_text(&q, mdl_agreement_state_slug(a->state), SIZE_MAX);
    mdl_put_u64(&q, a->changed_at);
    mdl_put_text(&q, a->reason, MDL_STORE_TEXT);
    mdl_put_bytes(&q, a->hash, sizeof a->hash);
    mdl_put_text(&q, mdl_agreement_state_slug(from), SIZE_MAX);
    rc = mdl_run(&q, err);
    if (rc == MDL_OK && sqlite3_changes(st->conn.db) == 0) {
        rc = why_not_moved(st, a->hash, from, err);
    }
    return rc;
}

void mdl_agreement_clear(struct mdl_agreement_row *a)
{
    free(a->bytes.data);
    memset(a, 0, sizeof *a);
}

enum mdl_status mdl_agreement_list(struct mdl_store *st, int64_t partner, mdl_agreement_fn *row,
                                   void *ctx, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_read(st, &q,
                                  "SELECT " COLUMNS " FROM agreement WHERE ?1 = 0 OR partner = ?1 "
                                  "ORDER BY created_at DESC, hash",
                                  err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, partner);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_agreement_row a;
        take_row(&q, &a);
        bool go_on = q.fault.status == MDL_OK && row(ctx, &a);
        mdl_agreement_clear(&a);
        if (!go_on) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}
