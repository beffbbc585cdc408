/* dispute.c: matches that one of two partners holds for wrong: telling it, hearing it, and the list
 * that a round's result is made with. It may not judge who is right: either side's word takes a
 * match out. */
#include "dispute.h"
#include "trail.h"

#include <stdlib.h>
#include <store_outbox.h>
#include <string.h>
#include <taghash.h>

#define THEIRS_MAX 10000 /* PROTOCOL 4.10 */

enum { WITHDRAWN, DISPUTED, NOTED }; /* the states of 4.10 */

/* Under which the outbox keeps what is said of a key. */
static void subject(const uint8_t *key, size_t len, uint8_t out[HASH_BYTES])
{
    struct mdl_taghash h;
    mdl_taghash_init(&h, "dispute");
    mdl_taghash_part(&h, key, len);
    mdl_taghash_final(&h, out);
}

static enum mdl_status send(struct mdl_service *s, int64_t partner, struct mdl_bytes key,
                            uint8_t state, uint64_t made, const char *reason, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_MATCH_DISPUTE};
    uint8_t about[HASH_BYTES];
    subject(key.p, key.len, about);
    m.body.match_dispute.key = key;
    m.body.match_dispute.state = state;
    m.body.match_dispute.made = made;
    m.body.match_dispute.reason = mdl_text_clip(reason, MDL_DISPUTE_REASON);
    return outside_send(s, partner, &m, about, sizeof about, state != NOTED, err);
}

static enum mdl_status note(struct mdl_service *s, int64_t partner, const uint8_t *identity,
                            const char *what, struct mdl_error *err)
{
    struct trail t = {
        .kind = MDL_LOG_DISPUTE, .partner = partner, .identity = identity, .note = what};
    return trail_add(s, &t, err);
}

struct said {
    const uint8_t *key;
    size_t len;
    uint64_t at; /* 0: nothing was said of it */
};

static bool find_said(void *ctx, const struct mdl_dispute_row *row)
{
    struct said *d = ctx;
    if (row->key_len == d->len && memcmp(row->key, d->key, d->len) == 0) {
        d->at = row->ours.at;
    }
    return d->at == 0;
}

/* Of two about one key the later counts, here and there: after what was said before, whatever this
 * node's clock has done since. */
static enum mdl_status made_now(struct mdl_service *s, const struct mdl_partner_row *partner,
                                const uint8_t *key, size_t len, uint64_t *at, struct mdl_error *err)
{
    struct said d = {.key = key, .len = len};
    enum mdl_status st = mdl_dispute_list(s->store, partner->identity, find_said, &d, err);
    uint64_t now = now_ms();
    *at = d.at >= now ? d.at + 1 : now;
    return st;
}

enum mdl_status dispute_make(struct mdl_service *s, const struct mdl_partner_row *partner,
                             const uint8_t *key, size_t len, bool disputed, const char *reason,
                             struct mdl_error *err)
{
    struct mdl_dispute_side ours = {.disputed = disputed};
    clip_text(ours.reason, sizeof ours.reason, reason);
    enum mdl_status st = made_now(s, partner, key, len, &ours.at, err);
    if (st == MDL_OK) {
        st = mdl_dispute_put(s->store, partner->identity, key, len, false, &ours, THEIRS_MAX, err);
    }
    if (st == MDL_OK) {
        st = note(s, partner->id, partner->identity,
                  disputed ? "match disputed by us" : "dispute withdrawn by us", err);
    }
    return st == MDL_OK ? send(s, partner->id, (struct mdl_bytes){key, len},
                               disputed ? DISPUTED : WITHDRAWN, ours.at, ours.reason, err)
                        : st;
}

static enum mdl_status take(struct mdl_service *s, const struct peer *p,
                            const struct mdl_msg_match_dispute *b, struct mdl_error *err)
{
    /* 0 is "never" in the database, and it orders signed numbers: what lies beyond is as late as
     * any. */
    uint64_t made = b->made == 0 ? 1 : b->made < INT64_MAX ? b->made : INT64_MAX;
    struct mdl_dispute_side theirs = {.disputed = b->state == DISPUTED, .at = made};
    struct mdl_key key;
    if (mdl_key_decode(b->key.p, b->key.len, &key, err) != MDL_OK) {
        return mdl_fail(err, MDL_P_MALFORMED, "a dispute names what is no match key");
    }
    (void)snprintf(theirs.reason, sizeof theirs.reason, "%.*s", (int)b->reason.len,
                   b->reason.p != NULL ? b->reason.p : "");
    enum mdl_status st = mdl_dispute_put(s->store, p->identity, b->key.p, b->key.len, true, &theirs,
                                         THEIRS_MAX, err);
    if (st == MDL_U_TOO_LARGE) { /* let go of; answered all the same, lest it come for ever */
        svc_log(s, "warning", "%s: a dispute is not kept: %s", p->name, err->text);
        st = MDL_OK;
    } else if (st == MDL_OK) {
        st = note(s, p->id, p->identity,
                  theirs.disputed ? "match disputed by the partner"
                                  : "dispute withdrawn by the partner",
                  err);
    }
    return st == MDL_OK ? send(s, p->id, b->key, NOTED, b->made, "", err) : st;
}

enum mdl_status dispute_message(struct mdl_service *s, const struct peer *p,
                                const struct mdl_msg_match_dispute *b, struct mdl_error *err)
{
    uint8_t about[HASH_BYTES];
    switch (b->state) {
    case WITHDRAWN:
    case DISPUTED:
        return take(s, p, b, err);
    case NOTED:
        subject(b->key.p, b->key.len, about);
        return mdl_outbox_settle(s->store, p->id, MDL_MSG_MATCH_DISPUTE, about, sizeof about, err);
    }
    return mdl_fail(err, MDL_P_MALFORMED, "a dispute with state %u", b->state);
}

/* ---- for a result -------------------------------------------------------------------------------
 */

struct loading {
    struct disputed *d;
    bool no_memory;
};

static bool load_one(void *ctx, const struct mdl_dispute_row *row)
{
    struct loading *l = ctx;
    struct disputed *d = l->d;
    if ((!row->ours.disputed && !row->theirs.disputed) || row->key_len > MDL_KEY_BYTES_MAX) {
        return true;
    }
    if (d->n % 64 == 0) {
        struct disputed_key *grown = realloc(d->key, (d->n + 64) * sizeof *grown);
        if (grown == NULL) {
            l->no_memory = true;
            return false;
        }
        d->key = grown;
    }
    d->key[d->n].len = (uint8_t)row->key_len;
    memcpy(d->key[d->n++].bytes, row->key, row->key_len);
    return true;
}

enum mdl_status disputed_load(struct mdl_service *s, int64_t partner, struct disputed *d,
                              struct mdl_error *err)
{
    const struct peer *p = peer_by_id(s, partner);
    struct loading l = {.d = d};
    disputed_free(d);
    enum mdl_status st =
        p != NULL ? mdl_dispute_list(s->store, p->identity, load_one, &l, err) : MDL_OK;
    return l.no_memory ? mdl_fail(err, MDL_L_MEMORY, "not enough memory for disputed matches") : st;
}

void disputed_free(struct disputed *d)
{
    free(d->key);
    *d = (struct disputed){0, NULL};
}

static int compare(const void *a, const void *b)
{
    const struct disputed_key *x = a;
    const struct disputed_key *y = b;
    size_t least = x->len < y->len ? x->len : y->len;
    int order = memcmp(x->bytes, y->bytes, least); /* public: both sides know a disputed key */
    return order != 0 ? order : (int)x->len - (int)y->len;
}

bool disputed_has(const struct disputed *d, const uint8_t *key, size_t len)
{
    struct disputed_key wanted;
    if (d->n == 0 || len > sizeof wanted.bytes) {
        return false;
    }
    wanted.len = (uint8_t)len;
    memcpy(wanted.bytes, key, len);
    return bsearch(&wanted, d->key, d->n, sizeof *d->key, compare) != NULL;
}
