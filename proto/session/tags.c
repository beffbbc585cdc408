/* tags.c: phase TAGS: tags of the common points, sorted, without positions (PROTOCOL 6.10).
 * May not send a tag before both commitments were exchanged. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static void commitment_begin(struct mdl_taghash *h, const struct mdl_cell *c, uint8_t role,
                             const uint8_t salt[32], uint32_t tags)
{
    mdl_taghash_init(h, "tags");
    mdl_taghash_part(h, c->sid, sizeof c->sid);
    mdl_taghash_u8(h, role);
    mdl_taghash_part(h, salt, 32);
    mdl_taghash_begin(h, tags * MDL_TAG_BYTES);
}

static bool ascending(const uint8_t *prev, const uint8_t *tags, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *tag = tags + (size_t)i * MDL_TAG_BYTES;
        if (prev != NULL && memcmp(prev, tag, MDL_TAG_BYTES) >= 0) {
            return false;
        }
        prev = tag;
    }
    return true;
}

/* ---- out ------------------------------------------------------------------------------------- */

static void run_sort(struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;
    struct mdl_taghash h;

    w->status = mdl_sort_uniform(c->tags, MDL_TAG_BYTES, c->rows, c->n_partner, &w->err);
    if (w->status == MDL_OK && !ascending(NULL, c->tags, c->n_partner)) {
        w->status = mdl_fail(&w->err, MDL_BUG, "two different points have one tag");
    }
    commitment_begin(&h, c, (uint8_t)w->session->role, c->secrets->tag_salt, c->n_partner);
    mdl_taghash_more(&h, c->tags, (size_t)c->n_partner * MDL_TAG_BYTES);
    mdl_taghash_final32(&h, c->tag_commitment);
}

static enum mdl_status sort_done(struct mdl_session *s, struct mdl_session_work *w,
                                 struct mdl_error *err)
{
    (void)s;
    (void)err;
    w->cell->tags_ready = true;
    return MDL_OK;
}

enum mdl_status mdl_tags_prepare(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err)
{
    struct mdl_session_work *w = mdl_work_new(s, c, err);

    if (w == NULL) {
        return MDL_L_MEMORY;
    }
    w->run = run_sort;
    w->done = sort_done;
    mdl_work_emit(s, w);
    return MDL_OK;
}

static enum mdl_status send_commitment(struct mdl_session *s, struct mdl_cell *c,
                                       struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_TAG_COMMIT};

    m.body.tag_commit.g = c->g;
    m.body.tag_commit.commitment = c->tag_commitment;
    c->tag_commit_sent = true;
    return mdl_link_send(s, &m, err);
}

static enum mdl_status send_tags(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_TAGS};
    uint32_t left = c->n_partner - c->tags_sent;
    uint32_t count = left < MDL_TAGS_A_MESSAGE ? left : MDL_TAGS_A_MESSAGE;

    m.body.tags.g = c->g;
    m.body.tags.c = c->tags_sent / MDL_TAGS_A_MESSAGE;
    if (c->tags_sent == 0) {
        m.body.tags.salt = (struct mdl_bytes){c->secrets->tag_salt, 32};
    }
    m.body.tags.tags.p = c->tags + (size_t)c->tags_sent * MDL_TAG_BYTES;
    m.body.tags.tags.len = (size_t)count * MDL_TAG_BYTES;
    c->tags_sent += count;
    return mdl_link_send(s, &m, err);
}

MDL_ADVANCE(mdl_tags_advance)
{
    enum mdl_status st = MDL_OK;

    if (!c->tags_ready) {
        return MDL_OK;
    }
    if (!c->tag_commit_sent) {
        st = send_commitment(s, c, err);
    }
    while (st == MDL_OK && c->tag_commit_got && c->tags_sent < c->n_partner &&
           mdl_link_room(&s->link)) {
        st = send_tags(s, c, err);
    }
    if (st == MDL_OK && c->tags_sent == c->n_partner && c->tags_got == c->n) {
        c->phase = MDL_PHASE_MATCH;
    }
    return st;
}

/* ---- in -------------------------------------------------------------------------------------- */

MDL_HANDLER(mdl_tag_commit_got)
{
    (void)s;
    if (c->tag_commit_got) {
        return mdl_fail(err, MDL_P_UNEXPECTED, "a second TAG_COMMIT for group %u", c->g);
    }
    memcpy(c->tag_commitment_in, m->body.tag_commit.commitment, sizeof c->tag_commitment_in);
    c->tag_commit_got = true;
    return MDL_OK;
}

static enum mdl_status check_shape(const struct mdl_cell *c, const struct mdl_msg_tags *t,
                                   struct mdl_error *err)
{
    uint32_t left = c->n - c->tags_got;
    uint32_t count = left < MDL_TAGS_A_MESSAGE ? left : MDL_TAGS_A_MESSAGE;

    if (!c->tag_commit_got || !c->tag_commit_sent || count == 0 ||
        t->c != c->tags_got / MDL_TAGS_A_MESSAGE) {
        return mdl_fail(err, MDL_P_UNEXPECTED, "TAGS %u, after %u tags of %u", t->c, c->tags_got,
                        c->n);
    }
    if (t->salt.len != (c->tags_got == 0 ? 32u : 0u)) {
        return mdl_fail(err, MDL_P_SIZE, "the salt stands in the first TAGS and nowhere else");
    }
    if (t->tags.len != (size_t)count * MDL_TAG_BYTES) {
        return mdl_fail(err, MDL_P_SIZE, "TAGS %u has %zu bytes, not %u", t->c, t->tags.len,
                        count * MDL_TAG_BYTES);
    }
    const uint8_t *prev =
        c->tags_got == 0 ? NULL : c->tags_in + ((size_t)c->tags_got - 1) * MDL_TAG_BYTES;
    if (!ascending(prev, t->tags.p, count)) {
        return mdl_fail(err, MDL_P_TAGS, "the tags are not strictly ascending");
    }
    return MDL_OK;
}

static enum mdl_status take_tags(const struct mdl_session *s, struct mdl_cell *c,
                                 const struct mdl_msg_tags *t, struct mdl_error *err)
{
    if (c->tags_in == NULL) {
        enum mdl_status st = mdl_take(&c->tags_in, c->n, MDL_TAG_BYTES, err);
        if (st != MDL_OK) {
            return st;
        }
        commitment_begin(&c->tag_hash, c, (uint8_t)mdl_role_other(s->role), t->salt.p, c->n);
    }
    mdl_taghash_more(&c->tag_hash, t->tags.p, t->tags.len);
    memcpy(c->tags_in + (size_t)c->tags_got * MDL_TAG_BYTES, t->tags.p, t->tags.len);
    c->tags_got += (uint32_t)(t->tags.len / MDL_TAG_BYTES);
    return MDL_OK;
}

MDL_HANDLER(mdl_tags_got)
{
    uint8_t digest[32];
    enum mdl_status st = check_shape(c, &m->body.tags, err);

    if (st == MDL_OK) {
        st = take_tags(s, c, &m->body.tags, err);
    }
    if (st != MDL_OK || c->tags_got < c->n) {
        return st;
    }
    mdl_taghash_final32(&c->tag_hash, digest);
    if (memcmp(digest, c->tag_commitment_in, sizeof digest) != 0) {
        return mdl_fail(err, MDL_P_COMMITMENT, "the tags are not the ones committed to");
    }
    return MDL_OK;
}
