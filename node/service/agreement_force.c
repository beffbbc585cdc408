/* agreement_force.c: which agreement stands between us and a partner. Of those that both signed,
 * one: the one that begins last. It may not sign anything. */
#include "proposals.h"
#include "trail.h"

#include <store_outbox.h>
#include <string.h>

/* ---- finding ------------------------------------------------------------------------------------
 */

struct seek {
    enum mdl_agreement_state state;
    uint64_t now;
    bool hit;
    uint8_t hash[HASH_BYTES];
};

static bool seek_row(void *ctx, const struct mdl_agreement_row *a)
{
    struct seek *k = ctx;
    bool current = a->valid_from <= k->now && k->now < a->valid_until;
    if (a->state != k->state || !current) {
        return true;
    }
    memcpy(k->hash, a->hash, sizeof k->hash);
    k->hit = true;
    return false;
}

enum mdl_status agreement_newest(struct mdl_service *s, int64_t partner,
                                 enum mdl_agreement_state state, struct mdl_agreement_row *row,
                                 struct mdl_error *err)
{
    struct seek k = {.state = state, .now = now_ms()};
    enum mdl_status st = mdl_agreement_list(s->store, partner, seek_row, &k, err);
    if (st != MDL_OK) {
        return st;
    }
    if (!k.hit) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "no agreement is %s",
                        mdl_agreement_state_slug(state));
    }
    return mdl_agreement_get(s->store, k.hash, row, err);
}

enum mdl_status agreement_check(struct mdl_service *s, int64_t partner,
                                const uint8_t hash[HASH_BYTES], struct mdl_agreement *a,
                                struct mdl_agreement_row *row, struct mdl_error *err)
{
    const struct peer *p = peer_by_id(s, partner);
    if (p == NULL) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "this partner is not pinned");
    }
    enum mdl_status st = mdl_agreement_get(s->store, hash, row, NULL);
    if (st != MDL_OK || row->partner != partner) {
        if (st == MDL_OK) {
            mdl_agreement_clear(row);
        }
        return mdl_fail(err, MDL_P_AGREEMENT, "no such agreement with this partner");
    }
    if (row->state == MDL_AGREEMENT_REPLACED) {
        mdl_agreement_clear(row);
        return mdl_fail(err, MDL_P_AGREEMENT, "the agreement was replaced by a newer one");
    }
    enum mdl_role own = agreement_role(s, p->identity);
    struct mdl_agreement_file f = {.bytes = row->bytes.data, .len = row->bytes.len};
    f.signature[own] = row->has_our_sig ? row->our_sig : NULL;
    f.signature[mdl_role_other(own)] = row->has_their_sig ? row->their_sig : NULL;
    f.revocation[own] = row->has_our_revocation ? row->our_revocation : NULL;
    f.revocation[mdl_role_other(own)] = row->has_their_revocation ? row->their_revocation : NULL;
    st =
        mdl_agreement_in_force(&f, mdl_identity_public(s->identity), p->identity, now_ms(), a, err);
    if (st != MDL_OK) {
        mdl_agreement_clear(row);
    }
    return st;
}

enum mdl_status agreement_in_force(struct mdl_service *s, int64_t partner,
                                   struct mdl_agreement_row *row, struct mdl_agreement *a,
                                   struct mdl_error *err)
{
    struct mdl_agreement local;
    uint8_t hash[HASH_BYTES];
    enum mdl_status st = agreement_newest(s, partner, MDL_AGREEMENT_IN_FORCE, row, err);
    if (st != MDL_OK) {
        return st;
    }
    memcpy(hash, row->hash, sizeof hash);
    mdl_agreement_clear(row);
    return agreement_check(s, partner, hash, a != NULL ? a : &local, row, err);
}

/* ---- one in force -------------------------------------------------------------------------------
 */

/* Both sides hold the same signed bytes sooner or later, in whatever order they came: what decides
 * stands in them. */
static int later(const struct mdl_agreement_row *a, const struct mdl_agreement_row *b)
{
    if (a->valid_from != b->valid_from) {
        return a->valid_from < b->valid_from ? -1 : 1;
    }
    return memcmp(a->hash, b->hash, sizeof a->hash);
}

#define OLDER_MAX 64

struct census {
    const struct mdl_agreement_row *than;
    bool hit;                       /* one that both signed comes after it */
    struct mdl_agreement_row after; /* the last of all; its bytes are not kept */
    size_t n;
    uint8_t older[OLDER_MAX][HASH_BYTES]; /* in force or proposed, and no more */
};

static bool both_signed(const struct mdl_agreement_row *a)
{
    return a->has_our_sig && a->has_their_sig;
}

static bool find_last(void *ctx, const struct mdl_agreement_row *a)
{
    struct census *c = ctx;
    if (both_signed(a) && (c->than == NULL || later(a, c->than) > 0) &&
        (!c->hit || later(a, &c->after) > 0)) {
        c->hit = true;
        c->after = *a;
        c->after.bytes = (struct mdl_blob){NULL, 0};
    }
    return true;
}

enum mdl_status agreement_after(struct mdl_service *s, int64_t partner,
                                const struct mdl_agreement_row *than, bool *hit,
                                struct mdl_agreement_row *after, struct mdl_error *err)
{
    struct census c = {.than = than};
    enum mdl_status st = mdl_agreement_list(s->store, partner, find_last, &c, err);
    *hit = st == MDL_OK && c.hit;
    *after = c.after;
    return st;
}

/* A proposal that begins earlier could not come in force any more: it waits for nobody. */
static bool find_older(void *ctx, const struct mdl_agreement_row *a)
{
    struct census *c = ctx;
    bool stands = a->state == MDL_AGREEMENT_IN_FORCE || a->state == MDL_AGREEMENT_PROPOSED_BY_US ||
                  a->state == MDL_AGREEMENT_PROPOSED_BY_THEM;
    if (stands && later(a, &c->after) < 0) {
        memcpy(c->older[c->n++], a->hash, HASH_BYTES);
    }
    return c->n < OLDER_MAX;
}

static enum mdl_status replace(struct mdl_service *s, const struct peer *p,
                               const uint8_t hash[HASH_BYTES], enum mdl_by by,
                               struct mdl_error *err)
{
    static const char why[] = "the agreement was replaced by a newer one";
    struct mdl_agreement_row row;
    enum mdl_status st = mdl_agreement_get(s->store, hash, &row, err);
    if (st != MDL_OK) {
        return st;
    }
    enum mdl_agreement_state from = row.state;
    row.state = MDL_AGREEMENT_REPLACED;
    row.changed_at = now_ms();
    (void)snprintf(row.reason, sizeof row.reason, "%s", why);
    st = mdl_agreement_move(s->store, from, &row, err);
    mdl_agreement_clear(&row);
    if (st == MDL_OK && from == MDL_AGREEMENT_PROPOSED_BY_US) {
        st = mdl_outbox_settle(s->store, p->id, MDL_MSG_AGREEMENT_PROPOSE, hash, HASH_BYTES, err);
        by = MDL_BY_US; /* a round that waited for it is ours, and known nowhere else */
    }
    struct trail t = {.kind = MDL_LOG_AGREEMENT,
                      .partner = p->id,
                      .identity = p->identity,
                      .agreement = hash,
                      .note = "replaced by a newer one"};
    st = st == MDL_OK ? trail_add(s, &t, err) : st;
    if (st != MDL_OK) {
        return st;
    }
    return by == MDL_BY_US ? proposals_end(s, p->id, hash, why, err)
                           : proposals_ended(s, p->id, hash, why, err);
}

enum mdl_status agreement_settle(struct mdl_service *s, const struct peer *p, enum mdl_by by,
                                 struct mdl_error *err)
{
    struct census c = {.than = NULL};
    enum mdl_status st = mdl_agreement_list(s->store, p->id, find_last, &c, err);
    if (st == MDL_OK && c.hit) {
        st = mdl_agreement_list(s->store, p->id, find_older, &c, err);
    }
    for (size_t i = 0; i < c.n && st == MDL_OK; i++) {
        st = replace(s, p, c.older[i], by, err);
    }
    return st == MDL_OK ? proposals_agreement(s, p->id, err) : st;
}
