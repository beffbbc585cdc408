/* list.c: our own list: keys from the host, hashed, blinded, sorted, committed to
 * (PROTOCOL 6.1, 6.4 to 6.6). May not keep a key: an item has its own copy and wipes it. */
#include "internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const char dst_prefix[] = "mandorla-v1-ristretto255-sha512-H2G-";
#define DST_BYTES (sizeof dst_prefix - 1 + MDL_SID_BYTES)

/* A power of two, so that the tree over a batch is a subtree of the tree over the list. */
uint32_t mdl_batch_size(const struct mdl_session *s, uint32_t n)
{
    uint32_t batch = MDL_SESSION_BATCH;

    while (batch > 32 && n < batch * 4 * s->parallel) {
        batch /= 2;
    }
    return batch;
}

static enum mdl_status take_secrets(struct mdl_cell *c, struct mdl_error *err)
{
    enum mdl_status st = mdl_scalar_key_generate(&c->key, err);

    if (st != MDL_OK) {
        return st;
    }
    c->secrets = sodium_malloc(sizeof *c->secrets);
    if (c->secrets == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no locked memory for a round's secrets");
    }
    randombytes_buf(c->secrets, sizeof *c->secrets);
    return MDL_OK;
}

enum mdl_status mdl_cell_begin(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err)
{
    enum mdl_status st = take_secrets(c, err);

    c->phase = MDL_PHASE_COMMIT;
    c->batch = mdl_batch_size(s, c->n);
    c->n_chunks = (c->n + MDL_CHUNK_POINTS - 1) / MDL_CHUNK_POINTS;
    if (st == MDL_OK) {
        st = mdl_take(&c->own, c->n, MDL_POINT_BYTES, err);
    }
    if (st == MDL_OK) {
        st = mdl_take(&c->ordinal, c->n, sizeof *c->ordinal, err);
    }
    if (st == MDL_OK) {
        st = mdl_take(&c->roots, (c->n + c->batch - 1) / c->batch, sizeof *c->roots, err);
    }
    if (st == MDL_OK) {
        st = mdl_take(&c->chunks, c->n_chunks, sizeof *c->chunks, err);
    }
    return st;
}

/* ---- on a worker ----------------------------------------------------------------------------- */

static void subtree(const struct mdl_session_work *w, uint8_t root[32])
{
    struct mdl_merkle tree;
    uint8_t be[8], mac[crypto_auth_hmacsha512_BYTES];
    crypto_auth_hmacsha512_state h;

    mdl_merkle_init(&tree);
    for (uint32_t i = 0; i < w->count; i++) {
        uint64_t ordinal = (uint64_t)w->first + i;
        for (size_t b = 0; b < 8; b++) {
            be[7 - b] = (uint8_t)(ordinal >> (8 * b));
        }
        crypto_auth_hmacsha512_init(&h, w->cell->secrets->list_seed,
                                    sizeof w->cell->secrets->list_seed);
        crypto_auth_hmacsha512_update(&h, be, sizeof be);
        crypto_auth_hmacsha512_final(&h, mac);
        mdl_merkle_add(&tree, mac, 32, w->key_bytes + w->offset[i],
                       w->offset[i + 1] - w->offset[i]);
    }
    mdl_merkle_root(&tree, root);
    sodium_memzero(mac, sizeof mac);
    sodium_memzero(&h, sizeof h);
}

static void run_blind(struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;
    uint8_t dst[DST_BYTES];
    struct mdl_inputs in = {w->key_bytes, w->offset, w->count};

    memcpy(dst, dst_prefix, sizeof dst_prefix - 1);
    memcpy(dst + sizeof dst_prefix - 1, c->sid, MDL_SID_BYTES);
    subtree(w, c->roots[w->first / c->batch]);
    w->status = mdl_group_hash_blind(c->key, dst, sizeof dst, &in,
                                     c->own + (size_t)w->first * MDL_POINT_BYTES, NULL, &w->err);
    for (uint32_t i = 0; i < w->count; i++) {
        c->ordinal[w->first + i] = w->first + i;
    }
}

/* Sorts, digests the chunks, closes the tree. */
static void run_finish(struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;
    struct mdl_merkle tree;

    w->status = mdl_sort_uniform(c->own, MDL_POINT_BYTES, c->ordinal, c->n, &w->err);
    for (uint32_t i = 0; i < c->n_chunks && w->status == MDL_OK; i++) {
        uint32_t first = i * MDL_CHUNK_POINTS;
        uint32_t count = c->n - first < MDL_CHUNK_POINTS ? c->n - first : MDL_CHUNK_POINTS;
        mdl_hash_chunk(c, (uint8_t)w->session->role, i, c->own + (size_t)first * MDL_POINT_BYTES,
                       count, c->chunks[i]);
    }
    mdl_merkle_init(&tree);
    for (uint32_t i = 0; i * c->batch < c->n; i++) {
        mdl_merkle_add_leaf(&tree, c->roots[i]);
    }
    mdl_merkle_root(&tree, c->root);
}

/* ---- on the owner's thread ------------------------------------------------------------------- */

static enum mdl_status finish_done(struct mdl_session *s, struct mdl_session_work *w,
                                   struct mdl_error *err)
{
    (void)s;
    (void)err;
    w->cell->list_ready = true;
    free(w->cell->roots);
    w->cell->roots = NULL;
    return MDL_OK;
}

static enum mdl_status blind_done(struct mdl_session *s, struct mdl_session_work *w,
                                  struct mdl_error *err)
{
    struct mdl_cell *c = w->cell;

    c->blinded += w->count;
    if (c->blinded < c->n) {
        return MDL_OK;
    }
    struct mdl_session_work *f = mdl_work_new(s, c, err);
    if (f == NULL) {
        return MDL_L_MEMORY;
    }
    f->run = run_finish;
    f->done = finish_done;
    mdl_work_emit(s, f);
    return MDL_OK;
}

/* Where each key begins; false if the bytes are not `count` ascending keys. */
static bool split(const struct mdl_cell *c, const struct mdl_event *ev, size_t *offset)
{
    const uint8_t *bytes = ev->u.keys.bytes, *prev = c->last_key;
    size_t len = ev->u.keys.len, prev_len = c->last_key_len, at = 0;

    for (uint32_t i = 0; i < ev->u.keys.count; i++) {
        offset[i] = at;
        if (len - at < 3) {
            return false;
        }
        size_t key_len = 3 + ((size_t)bytes[at + 1] << 8 | bytes[at + 2]);
        if (key_len > MDL_KEY_MAX || key_len > len - at) {
            return false;
        }
        size_t common = key_len < prev_len ? key_len : prev_len;
        int order = memcmp(prev, bytes + at, common);
        if (order > 0 || (order == 0 && prev_len >= key_len)) {
            return false;
        }
        prev = bytes + at;
        prev_len = key_len;
        at += key_len;
    }
    offset[ev->u.keys.count] = at;
    return at == len;
}

static enum mdl_status emit_blind(struct mdl_session *s, struct mdl_cell *c,
                                  const struct mdl_event *ev, size_t *offset, struct mdl_error *err)
{
    struct mdl_session_work *w = mdl_work_new(s, c, err);
    uint32_t count = ev->u.keys.count;

    if (w == NULL) {
        free(offset);
        return MDL_L_MEMORY;
    }
    w->offset = offset;
    w->first = c->given;
    w->count = count;
    enum mdl_status st = mdl_take(&w->key_bytes, ev->u.keys.len, 1, err);
    if (st != MDL_OK) {
        mdl_work_release(w);
        return st;
    }
    w->key_len = ev->u.keys.len;
    memcpy(w->key_bytes, ev->u.keys.bytes, w->key_len);
    c->last_key_len = w->key_len - offset[count - 1];
    memcpy(c->last_key, w->key_bytes + offset[count - 1], c->last_key_len);
    c->given += count;
    w->run = run_blind;
    w->done = blind_done;
    mdl_work_emit(s, w);
    return MDL_OK;
}

static uint32_t next_count(const struct mdl_cell *c, uint32_t first)
{
    return c->n - first < c->batch ? c->n - first : c->batch;
}

enum mdl_status mdl_keys_given(struct mdl_session *s, const struct mdl_event *ev,
                               struct mdl_error *err)
{
    struct mdl_cell *c = &s->cell[ev->u.keys.group % MDL_SESSION_GROUPS];
    size_t *offset;

    if (ev->u.keys.group >= s->n_cells || c->given == c->asked || ev->u.keys.first != c->given ||
        ev->u.keys.count != next_count(c, c->given)) {
        return mdl_host_mistake(s, err, "keys that were not asked for");
    }
    enum mdl_status st = mdl_take(&offset, (size_t)ev->u.keys.count + 1, sizeof *offset, err);
    if (st != MDL_OK) {
        return st;
    }
    if (!split(c, ev, offset)) {
        free(offset);
        return mdl_host_mistake(s, err,
                                "the keys are not encoded keys in strictly ascending order");
    }
    return emit_blind(s, c, ev, offset, err);
}

/* Asks for keys while the workers have room. */
void mdl_list_ask(struct mdl_session *s, struct mdl_cell *c)
{
    while (c->asked < c->n) {
        uint32_t under_way = (c->asked - c->given + c->batch - 1) / c->batch;
        if (s->n_work + under_way >= 2 * s->parallel + 2) {
            return;
        }
        struct mdl_effect *e = mdl_fx(s, MDL_FX_NEED_KEYS);
        if (e == NULL) {
            return;
        }
        e->u.need_keys.group = c->g;
        e->u.need_keys.profile = s->profile;
        e->u.need_keys.first = c->asked;
        e->u.need_keys.count = next_count(c, c->asked);
        c->asked += e->u.need_keys.count;
    }
}
