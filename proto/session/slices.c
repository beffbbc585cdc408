/* slices.c: phase SLICES: positions proved slice by slice, in turns (PROTOCOL 7.4 to 7.9).
 * May not send a slice before the partner's turn is proved. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static void put_be(uint8_t *out, uint64_t v, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        out[width - 1 - i] = (uint8_t)(v >> (8 * i));
    }
}

static uint64_t get_be(const uint8_t *in, size_t width)
{
    uint64_t v = 0;

    for (size_t i = 0; i < width; i++) {
        v = v << 8 | in[i];
    }
    return v;
}

void mdl_slice_range(const struct mdl_cell *c, uint32_t j, uint32_t *first, uint32_t *count)
{
    uint64_t m = c->m;

    *first = (uint32_t)(j * m / c->slices);
    *count = (uint32_t)((j + 1) * m / c->slices) - *first;
}

enum mdl_status mdl_slice_rows_take(struct mdl_cell *c, struct mdl_error *err)
{
    uint32_t most = (c->m + c->slices - 1) / c->slices;
    enum mdl_status st = mdl_take(&c->positions, most, sizeof *c->positions, err);

    for (size_t i = 0; i < 2 && st == MDL_OK; i++) {
        struct mdl_slice_rows *r = &c->row[i];
        st = mdl_take(&r->ordinals, most, sizeof *r->ordinals, err);
        if (st == MDL_OK) {
            st = mdl_take(&r->populations, most, sizeof *r->populations, err);
        }
        if (st == MDL_OK) {
            st = mdl_take(&r->registries, most, sizeof *r->registries, err);
        }
    }
    return st;
}

/* Whether `role` moves first in slice j. */
static bool moves_first(const struct mdl_cell *c, enum mdl_role role, uint32_t j)
{
    return ((j + c->first) & 1) == (uint32_t)role;
}

/* PROTOCOL 7.8, for either side: with `opened` of the other's slices opened, may slice j be sent?
 */
static bool turn(const struct mdl_cell *c, enum mdl_role role, uint32_t j, uint32_t opened)
{
    return opened >= (moves_first(c, role, j) ? j : j + 1);
}

/* ---- out ------------------------------------------------------------------------------------- */

static enum mdl_status send_slice(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_SLICE};
    struct mdl_proof_job *job = &c->prove[c->sent % MDL_PROVE_AHEAD];
    uint32_t first, count;
    uint8_t *positions;

    mdl_slice_range(c, c->sent, &first, &count);
    enum mdl_status st = mdl_take(&positions, count, 4, err);
    if (st != MDL_OK) {
        return st;
    }
    for (uint32_t r = 0; r < count; r++) {
        put_be(positions + 4 * (size_t)r, c->rows[first + r], 4);
    }
    m.body.slice.g = c->g;
    m.body.slice.j = c->sent++;
    m.body.slice.positions = (struct mdl_bytes){positions, 4 * (size_t)count};
    m.body.slice.proof = job->proof;
    st = mdl_link_send(s, &m, err);
    free(positions);
    mdl_proof_job_free(job);
    return st;
}

static enum mdl_status send_masks(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_MASKS};
    struct mdl_slice_rows *row = &c->row[c->masks_sent & 1];
    uint8_t *buf;
    enum mdl_status st = mdl_take(&buf, row->count, 12, err);

    if (st != MDL_OK) {
        return st;
    }
    uint8_t *registries = buf + 4 * (size_t)row->count;
    for (uint32_t r = 0; r < row->count; r++) {
        put_be(buf + 4 * (size_t)r, row->populations[r], 4);
        put_be(registries + 8 * (size_t)r, row->registries[r], 8);
    }
    m.body.masks.g = c->g;
    m.body.masks.j = c->masks_sent++;
    m.body.masks.populations = (struct mdl_bytes){buf, 4 * (size_t)row->count};
    m.body.masks.registries = (struct mdl_bytes){registries, 8 * (size_t)row->count};
    row->masks_ready = false;
    st = mdl_link_send(s, &m, err);
    free(buf);
    return st;
}

/* Each direction alternates SLICE j, MASKS j. */
static enum mdl_status send_next(struct mdl_session *s, struct mdl_cell *c, bool *sent,
                                 struct mdl_error *err)
{
    *sent = true;
    if (c->masks_sent < c->sent) {
        if (c->opened > c->masks_sent && c->row[c->masks_sent & 1].masks_ready) {
            return send_masks(s, c, err);
        }
    } else if (c->sent < c->slices && turn(c, s->role, c->sent, c->opened) &&
               c->prove[c->sent % MDL_PROVE_AHEAD].ready) {
        return send_slice(s, c, err);
    }
    *sent = false;
    return MDL_OK;
}

MDL_ADVANCE(mdl_slices_advance)
{
    bool sent = true;
    enum mdl_status st = MDL_OK;

    if (!c->order_ready) {
        return MDL_OK;
    }
    while (st == MDL_OK && sent) {
        if (!c->wiped) {
            st = mdl_prove_ahead(s, c, err);
        }
        if (st == MDL_OK) {
            st = send_next(s, c, &sent, err);
        }
    }
    if (st != MDL_OK) {
        return st;
    }
    if (c->sent == c->slices && c->opened == c->slices && !c->wiped) {
        mdl_cell_done(s, c);
    }
    if (c->masks_sent == c->slices && c->masks_got == c->slices) {
        c->phase = MDL_PHASE_RECEIPT;
    }
    return MDL_OK;
}

/* ---- in -------------------------------------------------------------------------------------- */

/* Positions are told apart from each other within the slice, too. On failure the round ends, so the
 * bits that were set do not matter. */
static enum mdl_status take_positions(struct mdl_cell *c, const struct mdl_bytes *p, uint32_t count,
                                      struct mdl_error *err)
{
    for (uint32_t r = 0; r < count; r++) {
        uint32_t i = (uint32_t)get_be(p->p + 4 * (size_t)r, 4);
        if (i >= c->n) {
            return mdl_fail(err, MDL_P_POSITION, "row %u opens position %u of %u", r, i, c->n);
        }
        if ((c->used[i / 8] >> (i % 8) & 1) != 0) {
            return mdl_fail(err, MDL_P_POSITION, "row %u opens a position for the second time", r);
        }
        c->used[i / 8] = (uint8_t)(c->used[i / 8] | 1u << (i % 8));
        c->positions[r] = i;
    }
    return MDL_OK;
}

MDL_HANDLER(mdl_slice_got)
{
    const struct mdl_msg_slice *slice = &m->body.slice;
    uint32_t first, count;

    if (slice->j != c->opened || c->opened >= c->slices || c->masks_got < c->opened ||
        !turn(c, mdl_role_other(s->role), slice->j, c->sent)) {
        return mdl_fail(err, MDL_P_UNEXPECTED, "SLICE %u after %u opened and %u sent", slice->j,
                        c->opened, c->sent);
    }
    mdl_slice_range(c, slice->j, &first, &count);
    if (slice->positions.len != 4 * (size_t)count) {
        return mdl_fail(err, MDL_P_SIZE, "SLICE %u has %zu bytes of positions, not %u", slice->j,
                        slice->positions.len, 4 * count);
    }
    enum mdl_status st = take_positions(c, &slice->positions, count, err);
    return st == MDL_OK ? mdl_verify_begin(s, c, slice->j, slice->proof, err) : st;
}

/* What the host has to say of the newest opened slice. */
void mdl_masks_ask(struct mdl_session *s, struct mdl_cell *c)
{
    const struct mdl_slice_rows *row = &c->row[(c->opened - 1) & 1];
    struct mdl_effect *e = mdl_fx(s, MDL_FX_NEED_MASKS);

    if (e != NULL) {
        e->u.need_masks.group = c->g;
        e->u.need_masks.slice = c->opened - 1;
        e->u.need_masks.count = row->count;
        e->u.need_masks.ordinals = row->ordinals;
    }
}

static void opened_effect(struct mdl_session *s, struct mdl_cell *c, struct mdl_slice_rows *row)
{
    struct mdl_effect *e = mdl_fx(s, MDL_FX_OPENED);

    if (e != NULL) {
        e->u.opened.group = c->g;
        e->u.opened.slice = c->opened;
        e->u.opened.slices = c->slices;
        e->u.opened.count = row->count;
        e->u.opened.ordinals = row->ordinals;
    }
}

/* The proof of the slice in c->positions holds. */
enum mdl_status mdl_slice_opened(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err)
{
    struct mdl_slice_rows *row = &c->row[c->opened & 1];
    uint32_t first;

    (void)err;
    mdl_slice_range(c, c->opened, &first, &row->count);
    row->masks_ready = false;
    for (uint32_t r = 0; r < row->count; r++) {
        row->ordinals[r] = c->ordinal[c->positions[r]];
    }
    opened_effect(s, c, row);
    c->opened++;
    mdl_masks_ask(s, c);
    s->dirty = true;
    return MDL_OK;
}

/* ---- masks ----------------------------------------------------------------------------------- */

enum mdl_status mdl_masks_given(struct mdl_session *s, const struct mdl_event *ev,
                                struct mdl_error *err)
{
    struct mdl_cell *c = &s->cell[ev->u.masks.group % MDL_SESSION_GROUPS];
    struct mdl_slice_rows *row = &c->row[ev->u.masks.slice & 1];

    if (ev->u.masks.group >= s->n_cells || c->masks_answered >= c->opened ||
        ev->u.masks.slice != c->masks_answered || ev->u.masks.count != row->count) {
        return mdl_host_mistake(s, err, "masks that were not asked for");
    }
    size_t own = s->agreement.groups[c->g].n_populations[s->role];
    for (uint32_t r = 0; r < row->count; r++) {
        uint32_t p = ev->u.masks.populations[r];
        if (p == 0 || (uint64_t)p >> own != 0) {
            return mdl_host_mistake(s, err, "a mask names no population of the agreement");
        }
    }
    memcpy(row->populations, ev->u.masks.populations, row->count * sizeof *row->populations);
    memcpy(row->registries, ev->u.masks.registries, row->count * sizeof *row->registries);
    row->masks_ready = true;
    c->masks_answered++;
    s->dirty = true;
    return MDL_OK;
}

static enum mdl_status check_masks(const struct mdl_session *s, const struct mdl_cell *c,
                                   const struct mdl_msg_masks *k, struct mdl_error *err)
{
    uint32_t count = c->row[c->masks_got & 1].count;
    size_t populations = s->agreement.groups[c->g].n_populations[mdl_role_other(s->role)];

    if (k->j != c->masks_got || c->masks_got >= c->opened || c->sent <= k->j) {
        return mdl_fail(err, MDL_P_UNEXPECTED, "MASKS %u after %u, with %u slices opened", k->j,
                        c->masks_got, c->opened);
    }
    if (k->populations.len != 4 * (size_t)count || k->registries.len != 8 * (size_t)count) {
        return mdl_fail(err, MDL_P_SIZE, "MASKS %u is not for the %u rows of its slice", k->j,
                        count);
    }
    for (uint32_t r = 0; r < count; r++) {
        uint64_t p = get_be(k->populations.p + 4 * (size_t)r, 4);
        if (p == 0 || p >> populations != 0) {
            return mdl_fail(err, MDL_P_MALFORMED,
                            "row %u of MASKS names no population of the agreement", r);
        }
    }
    return MDL_OK;
}

MDL_HANDLER(mdl_masks_got)
{
    const struct mdl_msg_masks *k = &m->body.masks;
    enum mdl_status st = check_masks(s, c, k, err);

    if (st != MDL_OK) {
        return st;
    }
    const struct mdl_slice_rows *row = &c->row[c->masks_got & 1];
    struct mdl_result_row *rows = mdl_step_alloc(s, row->count * sizeof *rows);
    struct mdl_effect *e = rows == NULL ? NULL : mdl_fx(s, MDL_FX_RESULT);
    if (e == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for a result");
    }
    for (uint32_t r = 0; r < row->count; r++) {
        rows[r].ordinal = row->ordinals[r];
        rows[r].populations = (uint32_t)get_be(k->populations.p + 4 * (size_t)r, 4);
        rows[r].registries = get_be(k->registries.p + 8 * (size_t)r, 8);
    }
    e->u.result.group = c->g;
    e->u.result.slice = c->masks_got++;
    e->u.result.count = row->count;
    e->u.result.rows = rows;
    return MDL_OK;
}
