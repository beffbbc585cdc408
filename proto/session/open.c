/* open.c: phase OPEN: key and coin against their commitments, and the order they give (PROTOCOL 7.1
 * to 7.3). May not come before MATCH was checked. */
#include "internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static enum mdl_status send_open(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_OPEN};
    const struct mdl_cell_secrets *sec = c->secrets;

    m.body.open.g = c->g;
    m.body.open.key = mdl_scalar_key_public(c->key);
    m.body.open.key_salt = sec->key_salt;
    m.body.open.coin = sec->coin;
    m.body.open.coin_salt = sec->coin_salt;
    memcpy(c->coins[s->role], sec->coin, sizeof sec->coin);
    c->open_sent = true;
    return mdl_link_send(s, &m, err);
}

/* ---- the order of the matches ---------------------------------------------------------------- */

/* The hash of 7.3 is compared by its first 16 bytes: two equal ones would be a chance of 2^-85 at
 * the largest list. */
static void run_order(struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;
    struct mdl_taghash head, h;
    uint8_t full[MDL_TAGHASH_BYTES];
    uint8_t *place;

    w->status = mdl_take(&place, c->m, MDL_TAG_BYTES, &w->err);
    if (w->status != MDL_OK) {
        return;
    }
    mdl_taghash_init(&head, "order");
    mdl_taghash_part(&head, c->sid, sizeof c->sid);
    mdl_taghash_part(&head, c->coins[0], 32);
    mdl_taghash_part(&head, c->coins[1], 32);
    for (uint32_t i = 0; i < c->m; i++) {
        h = head;
        mdl_taghash_part(&h, c->tags + (size_t)i * MDL_TAG_BYTES, MDL_TAG_BYTES);
        mdl_taghash_final(&h, full);
        memcpy(place + (size_t)i * MDL_TAG_BYTES, full, MDL_TAG_BYTES);
    }
    w->status = mdl_sort_uniform(place, MDL_TAG_BYTES, c->rows, c->m, &w->err);
    free(place);
}

static uint8_t first_mover(const struct mdl_cell *c)
{
    struct mdl_taghash h;
    uint8_t full[MDL_TAGHASH_BYTES];

    mdl_taghash_init(&h, "first");
    mdl_taghash_part(&h, c->sid, sizeof c->sid);
    mdl_taghash_part(&h, c->coins[0], 32);
    mdl_taghash_part(&h, c->coins[1], 32);
    mdl_taghash_final(&h, full);
    return full[0] & 1;
}

static enum mdl_status order_done(struct mdl_session *s, struct mdl_session_work *w,
                                  struct mdl_error *err)
{
    struct mdl_cell *c = w->cell;

    (void)s;
    c->order_ready = true;
    mdl_wipe_free(&c->tags, (size_t)c->n_partner * MDL_TAG_BYTES);
    enum mdl_status st = mdl_take(&c->used, ((size_t)c->n + 7) / 8, 1, err);
    if (st == MDL_OK) {
        st = mdl_take(&c->prove, MDL_PROVE_AHEAD, sizeof *c->prove, err);
    }
    return st == MDL_OK ? mdl_take(&c->verify, 1, sizeof *c->verify, err) : st;
}

static enum mdl_status begin_slices(struct mdl_session *s, struct mdl_cell *c,
                                    struct mdl_error *err)
{
    struct mdl_session_work *w = mdl_work_new(s, c, err);
    uint32_t least = (c->m + MDL_SESSION_ROWS - 1) / MDL_SESSION_ROWS;

    if (w == NULL) {
        return MDL_L_MEMORY;
    }
    c->first = first_mover(c);
    c->slices = least > 64 ? least : 64;
    c->slices = c->slices < c->m ? c->slices : c->m;
    w->run = run_order;
    w->done = order_done;
    w->holds = true; /* a SLICE means nothing before the order is known */
    mdl_work_emit(s, w);
    c->phase = MDL_PHASE_SLICES;
    return mdl_slice_rows_take(c, err);
}

MDL_ADVANCE(mdl_open_advance)
{
    enum mdl_status st = c->open_sent ? MDL_OK : send_open(s, c, err);

    if (st == MDL_OK && c->open_got) {
        st = begin_slices(s, c, err);
    }
    return st;
}

MDL_HANDLER(mdl_open_got)
{
    const struct mdl_msg_open *o = &m->body.open;
    enum mdl_role theirs = mdl_role_other(s->role);
    uint8_t key[32], coin[32];

    if (c->open_got) {
        return mdl_fail(err, MDL_P_UNEXPECTED, "a second OPEN for group %u", c->g);
    }
    mdl_hash_commitment(c, "key", (uint8_t)theirs, o->key_salt, o->key, key);
    mdl_hash_commitment(c, "coin", (uint8_t)theirs, o->coin_salt, o->coin, coin);
    if (memcmp(key, c->theirs.key, 32) != 0 || memcmp(coin, c->theirs.coin, 32) != 0) {
        return mdl_fail(err, MDL_P_COMMITMENT, "the key or coin is not the one committed to");
    }
    memcpy(c->key_theirs, o->key, sizeof c->key_theirs);
    memcpy(c->coins[theirs], o->coin, 32);
    c->open_got = true;
    return mdl_group_check_key(o->key, mdl_scalar_key_public(c->key), err);
}
