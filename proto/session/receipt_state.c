/* receipt_state.c: the receipt phase as bytes, so that it survives a restart (PROTOCOL 8.3).
 * May not hold a secret: by now there is none. The bytes are this node's own, not a wire format. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "MDLRS02"

struct grown {
    uint8_t *bytes;
    size_t len, cap;
};

/* One walk serves both ways: with `out` it writes, else it reads `in`. */
struct walk {
    bool bad;
    struct grown *out;
    const uint8_t *in;
    size_t at, len;
};

static bool grow(struct grown *g, size_t n)
{
    if (n <= g->cap - g->len) {
        return true;
    }
    size_t cap = (g->cap + n) * 2;
    uint8_t *bytes = realloc(g->bytes, cap);
    if (bytes == NULL) {
        return false;
    }
    g->bytes = bytes;
    g->cap = cap;
    return true;
}

static void raw(struct walk *w, void *p, size_t n)
{
    w->bad = w->bad || (w->out != NULL ? !grow(w->out, n) : n > w->len - w->at);
    if (w->bad || n == 0) {
        return;
    }
    if (w->out != NULL) {
        memcpy(w->out->bytes + w->out->len, p, n);
        w->out->len += n;
    } else {
        memcpy(p, w->in + w->at, n);
        w->at += n;
    }
}

static void u64(struct walk *w, uint64_t *v)
{
    uint8_t b[8];

    for (size_t i = 0; i < 8; i++) {
        b[i] = (uint8_t)(*v >> (8 * i));
    }
    raw(w, b, sizeof b);
    *v = 0;
    for (size_t i = 0; i < 8; i++) {
        *v |= (uint64_t)b[i] << (8 * i);
    }
}

static void u32(struct walk *w, uint32_t *v)
{
    uint64_t wide = *v;

    u64(w, &wide);
    w->bad = w->bad || wide > UINT32_MAX;
    *v = (uint32_t)wide;
}

static void flag(struct walk *w, bool *v)
{
    uint32_t wide = *v ? 1 : 0;

    u32(w, &wide);
    *v = wide != 0;
}

/* A buffer of its own length; reading allocates. */
static void blob(struct walk *w, uint8_t **p, size_t *len, size_t max)
{
    uint32_t n = (uint32_t)*len;

    u32(w, &n);
    if (w->out == NULL && !w->bad) {
        w->bad = n > max || n > w->len - w->at;
        *p = w->bad || n == 0 ? NULL : malloc(n);
        w->bad = w->bad || (n > 0 && *p == NULL);
        *len = w->bad ? 0 : n;
    }
    if (!w->bad) {
        raw(w, *p, n);
    }
}

static void walk_out(struct walk *w, struct mdl_link *l)
{
    uint32_t n = 0;

    for (const struct mdl_out *o = l->out; o != NULL; o = o->next) {
        n++;
    }
    u32(w, &n);
    struct mdl_out *o = l->out;
    for (uint32_t i = 0; i < n && !w->bad; i++) {
        uint32_t seq = o != NULL ? o->seq : 0, type = o != NULL ? o->type : 0;
        uint8_t *bytes = o != NULL ? o->bytes : NULL;
        size_t len = o != NULL ? o->len : 0;
        u32(w, &seq);
        u32(w, &type);
        blob(w, &bytes, &len, MDL_MESSAGE_MAX);
        if (w->out != NULL) {
            o = o != NULL ? o->next : NULL;
        } else if (!w->bad) {
            w->bad = mdl_link_put(l, seq, (uint8_t)type, bytes, len, NULL) != MDL_OK;
        } else {
            free(bytes);
        }
    }
}

static void walk_link(struct walk *w, struct mdl_link *l)
{
    u32(w, &l->next_seq);
    u32(w, &l->partner_ack);
    u32(w, &l->credit);
    u32(w, &l->consumed);
    u32(w, &l->granted);
    raw(w, l->sent_hash, sizeof l->sent_hash);
    raw(w, l->received_hash, sizeof l->received_hash);
    walk_out(w, l);
    l->received = w->out != NULL ? l->received : l->consumed;
}

static void walk_rows(struct walk *w, struct mdl_slice_rows *r, uint32_t most)
{
    u32(w, &r->count);
    flag(w, &r->masks_ready);
    w->bad = w->bad || r->count > most;
    for (uint32_t i = 0; i < r->count && !w->bad; i++) {
        u32(w, &r->ordinals[i]);
        u32(w, &r->populations[i]);
        u64(w, &r->registries[i]);
    }
}

static void walk_cell(struct walk *w, struct mdl_cell *c)
{
    uint32_t *numbers[] = {&c->n,      &c->n_partner,  &c->m,         &c->slices,        &c->sent,
                           &c->opened, &c->masks_sent, &c->masks_got, &c->masks_answered};
    uint32_t phase = c->phase;

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        u32(w, numbers[i]);
    }
    u32(w, &phase);
    flag(w, &c->skipped);
    raw(w, c->root, sizeof c->root);
    raw(w, c->theirs.root, sizeof c->theirs.root);
    w->bad =
        w->bad || c->slices > c->m || (phase != MDL_PHASE_SLICES && phase != MDL_PHASE_RECEIPT);
    if (w->out == NULL && !w->bad) {
        c->phase = (enum mdl_phase)phase;
        c->match_got = !c->skipped;
        c->match_ready = true;
        c->order_ready = true;
        c->wiped = true;
        c->proving = c->slices;
        w->bad = c->slices > 0 && mdl_slice_rows_take(c, NULL) != MDL_OK;
    }
    for (size_t i = 0; i < 2 && c->slices > 0 && !w->bad; i++) {
        walk_rows(w, &c->row[i], (c->m + c->slices - 1) / c->slices);
    }
}

static void walk_session(struct walk *w, struct mdl_session *s)
{
    uint8_t round[16];
    uint32_t cells = s->n_cells;

    memcpy(round, s->round, sizeof round);
    raw(w, round, sizeof round);
    u32(w, &cells);
    w->bad = w->bad || memcmp(round, s->round, sizeof round) != 0 || cells != s->n_cells;
    raw(w, s->profile_digest, sizeof s->profile_digest);
    u64(w, &s->receipt_deadline_ms);
    walk_link(w, &s->link);
    for (uint8_t g = 0; g < s->n_cells && !w->bad; g++) {
        walk_cell(w, &s->cell[g]);
    }
    for (size_t i = 0; i < 2; i++) {
        flag(w, &s->half[i].known);
        u32(w, &s->half[i].accounts);
        u32(w, &s->half[i].review);
        u64(w, &s->half[i].finished);
        raw(w, s->receipt_sig[i], sizeof s->receipt_sig[i]);
    }
    flag(w, &s->part_sent);
    flag(w, &s->sig_sent);
    blob(w, &s->receipt, &s->receipt_len, MDL_RECEIPT_MAX);
    blob(w, &s->reply, &s->reply_len, MDL_MESSAGE_MAX);
}

static void digest(const uint8_t *bytes, size_t len, uint8_t out[32])
{
    struct mdl_taghash h;

    mdl_taghash_init(&h, "receipt-state");
    mdl_taghash_part(&h, MAGIC, sizeof MAGIC);
    mdl_taghash_part(&h, bytes, len);
    mdl_taghash_final32(&h, out);
}

enum mdl_status mdl_receipt_state_put(struct mdl_session *s, struct mdl_error *err)
{
    struct grown out = {0};
    struct walk w = {.out = &out};
    uint8_t sum[32], *kept;

    walk_session(&w, s);
    if (!w.bad) {
        digest(out.bytes, out.len, sum);
        raw(&w, sum, sizeof sum);
    }
    kept = w.bad ? NULL : mdl_step_alloc(s, out.len);
    struct mdl_effect *e = kept == NULL ? NULL : mdl_fx(s, MDL_FX_PERSIST);
    if (e != NULL) {
        memcpy(kept, out.bytes, out.len);
        e->u.persist.kind = MDL_PERSIST_RECEIPT_STATE;
        e->u.persist.bytes = kept;
        e->u.persist.len = out.len;
    }
    free(out.bytes);
    return e == NULL ? mdl_fail(err, MDL_L_MEMORY, "no memory for the receipt state") : MDL_OK;
}

enum mdl_status mdl_receipt_state_take(struct mdl_session *s, const uint8_t *bytes, size_t len,
                                       struct mdl_error *err)
{
    struct walk w = {.in = bytes};
    uint8_t sum[32];

    if (len < sizeof sum) {
        return mdl_fail(err, MDL_L_DATABASE, "the stored state of the round is cut short");
    }
    w.len = len - sizeof sum;
    digest(bytes, w.len, sum);
    if (memcmp(sum, bytes + w.len, sizeof sum) != 0) {
        return mdl_fail(err, MDL_L_DATABASE, "the stored state of the round is damaged");
    }
    walk_session(&w, s);
    if (w.bad || w.at != w.len) {
        return mdl_fail(err, MDL_L_DATABASE, "the stored state is not of this round");
    }
    s->restored = true;
    s->hello_got = true;
    s->durable = true;
    s->summary_asked = s->half[s->role].known;
    return MDL_OK;
}
