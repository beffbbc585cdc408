/* commit.c: phase COMMIT: each side is bound to its list, key and coin (PROTOCOL 6.6, 6.7).
 * May not open anything. */
#include "internal.h"

#include <inttypes.h>
#include <string.h>

static enum mdl_status persist_commit(struct mdl_session *s, const struct mdl_cell *c,
                                      struct mdl_error *err)
{
    uint8_t *seed = mdl_step_alloc(s, 32);
    struct mdl_effect *e = seed == NULL ? NULL : mdl_fx(s, MDL_FX_PERSIST);

    if (e == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for an effect");
    }
    memcpy(seed, c->secrets->list_seed, 32);
    e->u.persist.kind = MDL_PERSIST_COMMIT;
    e->u.persist.group = c->g;
    e->u.persist.profile = s->profile;
    e->u.persist.n = c->n;
    e->u.persist.root = c->root;
    e->u.persist.seed = seed;
    return MDL_OK;
}

static enum mdl_status send_commit(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_COMMIT};
    uint8_t key[32], coin[32], hash[64], sig[64];
    const struct mdl_cell_secrets *sec = c->secrets;
    uint8_t role = (uint8_t)s->role;

    mdl_hash_commitment(c, "key", role, sec->key_salt, mdl_scalar_key_public(c->key), key);
    mdl_hash_commitment(c, "coin", role, sec->coin_salt, sec->coin, coin);
    m.body.commit.g = c->g;
    m.body.commit.n = c->n;
    m.body.commit.chunks = (struct mdl_list){c->chunks[0], c->n_chunks, 32};
    m.body.commit.list_root = c->root;
    m.body.commit.key_commitment = key;
    m.body.commit.coin_commitment = coin;
    m.body.commit.signature = sig;
    mdl_hash_commit(c, role, c->n, &m.body.commit.chunks, c->root, key, coin, hash);
    enum mdl_status st = mdl_sign(s, hash, sig, err);
    if (st == MDL_OK) {
        st = persist_commit(s, c, err);
    }
    c->commit_sent = true;
    return st == MDL_OK ? mdl_link_send(s, &m, err) : st;
}

MDL_ADVANCE(mdl_commit_advance)
{
    enum mdl_status st = MDL_OK;

    mdl_list_ask(s, c);
    if (c->list_ready && !c->commit_sent) {
        st = send_commit(s, c, err);
    }
    if (st == MDL_OK && c->commit_sent && c->commit_got) {
        c->phase = MDL_PHASE_OPENING;
    }
    return st;
}

static enum mdl_status check_caps(const struct mdl_session *s, uint32_t n, struct mdl_error *err)
{
    const struct mdl_agreement_caps *caps = &s->agreement.caps;

    if (n == 0) {
        return mdl_fail(err, MDL_P_EMPTY, "the partner commits to an empty list");
    }
    if (n > MDL_SESSION_KEYS_MAX || n < caps->min_keys ||
        n > caps->max_keys_round - s->partner_keys_round) {
        return mdl_fail(err, MDL_P_CAP,
                        "the partner brings %u match keys, agreed are %u to %u a round, %" PRIu64
                        " of them gone to other groups",
                        n, caps->min_keys, caps->max_keys_round, s->partner_keys_round);
    }
    if (s->partner_keys_month > caps->max_keys_month ||
        n > caps->max_keys_month - s->partner_keys_month) {
        return mdl_fail(err, MDL_P_CAP,
                        "%u match keys are more than is left of the partner's budget of the month",
                        n);
    }
    return MDL_OK;
}

static enum mdl_status check_commit(const struct mdl_session *s, const struct mdl_cell *c,
                                    const struct mdl_msg_commit *m, struct mdl_error *err)
{
    enum mdl_role theirs = mdl_role_other(s->role);
    uint8_t hash[64];

    mdl_hash_commit(c, (uint8_t)theirs, m->n, &m->chunks, m->list_root, m->key_commitment,
                    m->coin_commitment, hash);
    if (!mdl_signed(s->agreement.identity[theirs], hash, m->signature)) {
        return mdl_fail(err, MDL_P_SIGNATURE,
                        "the COMMIT is not signed by the partner for this round and group");
    }
    enum mdl_status st = check_caps(s, m->n, err);
    if (st == MDL_OK && m->chunks.count != (m->n + MDL_CHUNK_POINTS - 1) / MDL_CHUNK_POINTS) {
        return mdl_fail(err, MDL_P_SIZE, "%zu chunks for %u points", m->chunks.count, m->n);
    }
    return st;
}

static enum mdl_status keep_commit(struct mdl_cell *c, const struct mdl_msg_commit *m,
                                   struct mdl_error *err)
{
    struct mdl_cell_commit *t = &c->theirs;
    enum mdl_status st = mdl_take(&t->chunks, m->chunks.count, sizeof *t->chunks, err);

    if (st == MDL_OK) {
        st = mdl_take(&c->points, m->n, MDL_POINT_BYTES, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    c->n_partner = m->n;
    t->n_chunks = (uint32_t)m->chunks.count;
    for (uint32_t i = 0; i < t->n_chunks; i++) {
        memcpy(t->chunks[i], mdl_list_at(&m->chunks, i), 32);
    }
    memcpy(t->root, m->list_root, sizeof t->root);
    memcpy(t->key, m->key_commitment, sizeof t->key);
    memcpy(t->coin, m->coin_commitment, sizeof t->coin);
    return MDL_OK;
}

MDL_HANDLER(mdl_commit_got)
{
    if (c->commit_got) {
        return mdl_fail(err, MDL_P_UNEXPECTED, "a second COMMIT for group %u", c->g);
    }
    enum mdl_status st = check_commit(s, c, &m->body.commit, err);
    if (st == MDL_OK) {
        st = keep_commit(c, &m->body.commit, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    s->partner_keys_month += c->n_partner;
    s->partner_keys_round += c->n_partner;
    c->commit_got = true;
    struct mdl_effect *e = mdl_fx(s, MDL_FX_PERSIST);
    if (e != NULL) {
        e->u.persist.kind = MDL_PERSIST_DEBIT;
        e->u.persist.group = c->g;
        e->u.persist.n = c->n_partner;
        e->u.persist.root = c->theirs.root;
    }
    return MDL_OK;
}
