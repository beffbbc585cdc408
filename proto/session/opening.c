/* opening.c: phases OPENING and VERIFIED: the blinded lists, checked and multiplied (PROTOCOL 6.8,
 * 6.9). May not send anything beyond VERIFIED before both have said it. */
#include "internal.h"

#include <string.h>

static enum mdl_status send_chunk(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_CHUNK};
    uint32_t first = c->chunks_sent * MDL_CHUNK_POINTS;
    uint32_t count = c->n - first < MDL_CHUNK_POINTS ? c->n - first : MDL_CHUNK_POINTS;

    m.body.chunk.g = c->g;
    m.body.chunk.c = c->chunks_sent++;
    m.body.chunk.points.p = c->own + (size_t)first * MDL_POINT_BYTES;
    m.body.chunk.points.len = (size_t)count * MDL_POINT_BYTES;
    return mdl_link_send(s, &m, err);
}

static enum mdl_status check_points(const struct mdl_session *s, const struct mdl_cell *c,
                                    const struct mdl_msg_chunk *m, struct mdl_error *err)
{
    uint32_t left = c->n_partner - c->points_got;
    uint32_t count = left < MDL_CHUNK_POINTS ? left : MDL_CHUNK_POINTS;
    uint8_t digest[32];

    if (count == 0 || m->c != c->points_got / MDL_CHUNK_POINTS) {
        return mdl_fail(err, MDL_P_UNEXPECTED, "chunk %u, after %u points of %u", m->c,
                        c->points_got, c->n_partner);
    }
    if (m->points.len != (size_t)count * MDL_POINT_BYTES) {
        return mdl_fail(err, MDL_P_SIZE, "chunk %u has %zu bytes, not %u", m->c, m->points.len,
                        count * MDL_POINT_BYTES);
    }
    mdl_hash_chunk(c, (uint8_t)mdl_role_other(s->role), m->c, m->points.p, count, digest);
    if (memcmp(digest, c->theirs.chunks[m->c], sizeof digest) != 0) {
        return mdl_fail(err, MDL_P_COMMITMENT, "chunk %u is not the one committed to", m->c);
    }
    const uint8_t *end = c->points + (size_t)c->points_got * MDL_POINT_BYTES;
    struct mdl_list_rules rules = {
        .prev = c->points_got == 0 ? NULL : end - MDL_POINT_BYTES,
        .known = mdl_scalar_key_public(c->key),
        .n_known = 1,
        .own = c->own,
        .n_own = c->n,
    };
    return mdl_list_check(&rules, m->points.p, count, NULL, err);
}

MDL_HANDLER(mdl_chunk_got)
{
    const struct mdl_msg_chunk *chunk = &m->body.chunk;
    enum mdl_status st = check_points(s, c, chunk, err);

    if (st != MDL_OK) {
        return st;
    }
    memcpy(c->points + (size_t)c->points_got * MDL_POINT_BYTES, chunk->points.p, chunk->points.len);
    c->points_got += (uint32_t)(chunk->points.len / MDL_POINT_BYTES);
    return MDL_OK;
}

/* ---- the multiplications --------------------------------------------------------------------- */

/* lp("mandorla/1") || lp("tag") || lp(sid) || u32(32): what stands before D in T("tag", sid, D). */
#define TAG_PREFIX_BYTES (4 + 10 + 4 + 3 + 4 + MDL_SID_BYTES + 4)

static void tag_prefix(const struct mdl_cell *c, uint8_t out[TAG_PREFIX_BYTES])
{
    static const uint8_t head[] = "\0\0\0\x0amandorla/1\0\0\0\x03tag\0\0\0\x40";
    static const uint8_t tail[] = {0, 0, 0, MDL_POINT_BYTES};

    memcpy(out, head, sizeof head - 1);
    memcpy(out + sizeof head - 1, c->sid, MDL_SID_BYTES);
    memcpy(out + sizeof head - 1 + MDL_SID_BYTES, tail, sizeof tail);
}

static void run_evaluate(struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;
    size_t at = (size_t)w->first * MDL_POINT_BYTES;
    uint8_t prefix[TAG_PREFIX_BYTES];

    w->status = mdl_group_evaluate(c->key, c->points + at, w->count, c->common + at, NULL, &w->err);
    tag_prefix(c, prefix);
    mdl_tag_batch(prefix, sizeof prefix, c->common + at, w->count,
                  c->tags + (size_t)w->first * MDL_TAG_BYTES);
    for (uint32_t i = 0; i < w->count; i++) {
        c->rows[w->first + i] = w->first + i;
    }
}

static enum mdl_status evaluate_done(struct mdl_session *s, struct mdl_session_work *w,
                                     struct mdl_error *err)
{
    (void)s;
    (void)err;
    w->cell->evaluated += w->count;
    return MDL_OK;
}

static enum mdl_status take_results(struct mdl_cell *c, struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;

    if (c->common == NULL) {
        st = mdl_take(&c->common, c->n_partner, MDL_POINT_BYTES, err);
    }
    if (st == MDL_OK && c->tags == NULL) {
        st = mdl_take(&c->tags, c->n_partner, MDL_TAG_BYTES, err);
    }
    if (st == MDL_OK && c->rows == NULL) {
        st = mdl_take(&c->rows, c->n_partner, sizeof *c->rows, err);
    }
    return st;
}

/* Items over what has arrived; a short one only at the end of the list. */
static enum mdl_status evaluate(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err)
{
    enum mdl_status st = take_results(c, err);
    uint32_t batch = mdl_batch_size(s, c->n_partner);

    while (st == MDL_OK && mdl_work_room(s)) {
        uint32_t count = c->points_got - c->eval_next;
        if (count == 0 || (count < batch && c->points_got < c->n_partner)) {
            break;
        }
        struct mdl_session_work *w = mdl_work_new(s, c, err);
        if (w == NULL) {
            return MDL_L_MEMORY;
        }
        w->first = c->eval_next;
        w->count = count < batch ? count : batch;
        w->run = run_evaluate;
        w->done = evaluate_done;
        c->eval_next += w->count;
        mdl_work_emit(s, w);
    }
    return st;
}

MDL_ADVANCE(mdl_opening_advance)
{
    struct mdl_msg m = {.type = MDL_MSG_VERIFIED};
    enum mdl_status st = MDL_OK;

    while (st == MDL_OK && c->chunks_sent < c->n_chunks && mdl_link_room(&s->link)) {
        st = send_chunk(s, c, err);
    }
    if (st == MDL_OK) {
        st = evaluate(s, c, err);
    }
    if (st != MDL_OK || c->evaluated < c->n_partner || c->chunks_sent < c->n_chunks) {
        return st;
    }
    m.body.verified.g = c->g;
    st = mdl_link_send(s, &m, err);
    c->phase = MDL_PHASE_VERIFIED;
    return st == MDL_OK ? mdl_tags_prepare(s, c, err) : st;
}

MDL_HANDLER(mdl_verified_got)
{
    (void)s;
    (void)m;
    if (c->verified_got || c->chunks_sent < c->n_chunks || c->points_got < c->n_partner) {
        return mdl_fail(err, MDL_P_UNEXPECTED, "VERIFIED before all chunks are through, or twice");
    }
    c->verified_got = true;
    return MDL_OK;
}

/* The barrier. */
MDL_ADVANCE(mdl_verified_advance)
{
    (void)s;
    (void)err;
    if (c->verified_got) {
        c->phase = MDL_PHASE_TAGS;
    }
    return MDL_OK;
}
