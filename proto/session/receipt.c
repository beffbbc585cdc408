/* receipt.c: phase RECEIPT: what both state, one document, two signatures (PROTOCOL 8).
 * May not need a key of the round: the scalars are wiped by now. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* Every partner's slice is opened and every own one is out, or there is none to be. */
static bool keys_done_in(const struct mdl_cell *c)
{
    if (c->skipped || !c->match_got) { /* until then m belongs to a worker */
        return c->skipped;
    }
    return c->m == 0 || c->level == MDL_LEVEL_COUNTS ||
           (c->slices > 0 && c->opened == c->slices && c->sent == c->slices);
}

/* The receipt steps can go on after a restart from here. */
static bool keys_done(const struct mdl_session *s)
{
    bool done = s->hello_got;

    for (uint8_t g = 0; g < s->n_cells && done; g++) {
        done = keys_done_in(&s->cell[g]);
    }
    return done;
}

void mdl_receipt_durable(struct mdl_session *s)
{
    if (!s->durable && keys_done(s)) {
        s->durable = true;
        s->dirty = true;
        s->receipt_deadline_ms = s->now_ms + MDL_RECEIPT_MS;
    }
}

static enum mdl_status send_part(struct mdl_session *s, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_RECEIPT_PART};
    struct mdl_receipt_half *own = &s->half[s->role];

    own->finished = s->now_ms;
    m.body.receipt_part.transcript_sent = s->link.sent_hash;
    m.body.receipt_part.transcript_received = s->link.received_hash;
    m.body.receipt_part.accounts = own->accounts;
    m.body.receipt_part.review = own->review;
    m.body.receipt_part.finished = own->finished;
    s->part_sent = true;
    return mdl_link_send(s, &m, err);
}

static void fill_group(const struct mdl_session *s, const struct mdl_cell *c,
                       struct mdl_receipt_group *g)
{
    enum mdl_role own = s->role, theirs = mdl_role_other(s->role);

    memcpy(g->level, s->agreement.groups[c->g].level, sizeof s->agreement.groups[c->g].level);
    g->n[own] = c->n;
    g->n[theirs] = c->n_partner;
    g->m = c->m;
    g->slices = c->slices;
    memcpy(g->list_root[own], c->root, 32);
    memcpy(g->list_root[theirs], c->theirs.root, 32);
}

static void fill_receipt(const struct mdl_session *s, struct mdl_receipt *r)
{
    memset(r, 0, sizeof *r);
    memcpy(r->round, s->round, sizeof r->round);
    memcpy(r->agreement, s->agreement_hash, sizeof r->agreement);
    memcpy(r->profile, s->profile_digest, sizeof r->profile);
    memcpy(r->suite, s->agreement.suite, sizeof s->agreement.suite);
    memcpy(r->identity, s->agreement.identity, sizeof r->identity);
    r->created = s->created_ms;
    r->n_groups = s->n_cells;
    for (uint8_t g = 0; g < s->n_cells; g++) {
        fill_group(s, &s->cell[g], &r->groups[g]);
    }
    memcpy(r->transcript[s->role], s->link.sent_hash, 64);
    memcpy(r->transcript[mdl_role_other(s->role)], s->link.received_hash, 64);
    for (size_t i = 0; i < 2; i++) {
        r->accounts[i] = s->half[i].accounts;
        r->review[i] = s->half[i].review;
        r->finished[i] = s->half[i].finished;
    }
}

/* Makes the receipt and signs it; our RECEIPT_SIG becomes the answer to later messages. */
static enum mdl_status send_sig(struct mdl_session *s, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_RECEIPT_SIG};
    struct mdl_receipt r;
    enum mdl_status st = mdl_take(&s->receipt, MDL_RECEIPT_MAX, 1, err);

    fill_receipt(s, &r);
    if (st == MDL_OK) {
        st = mdl_receipt_encode(&r, s->receipt, &s->receipt_len, err);
    }
    if (st == MDL_OK) {
        st = mdl_receipt_sign(s->receipt, s->receipt_len, &s->signer, s->receipt_sig[s->role], err);
    }
    m.body.receipt_sig.signature = s->receipt_sig[s->role];
    s->sig_sent = true;
    if (st == MDL_OK) {
        st = mdl_link_send(s, &m, err);
    }
    const struct mdl_out *last = s->link.out;
    while (st == MDL_OK && last->next != NULL) {
        last = last->next;
    }
    if (st == MDL_OK) {
        st = mdl_take(&s->reply, last->len, 1, err);
    }
    if (st == MDL_OK) {
        memcpy(s->reply, last->bytes, last->len);
        s->reply_len = last->len;
    }
    return st;
}

static enum mdl_status finish(struct mdl_session *s, struct mdl_error *err)
{
    enum mdl_role theirs = mdl_role_other(s->role);
    enum mdl_status st = mdl_receipt_verify(
        s->receipt, s->receipt_len, s->agreement.identity[theirs], s->receipt_sig[theirs], err);

    if (st != MDL_OK) {
        return st;
    }
    struct mdl_effect *e = mdl_fx(s, MDL_FX_PERSIST);
    if (e != NULL) {
        e->u.persist.kind = MDL_PERSIST_RECEIPT;
        e->u.persist.bytes = s->receipt;
        e->u.persist.len = s->receipt_len;
        e->u.persist.signature_a = s->receipt_sig[MDL_ROLE_A];
        e->u.persist.signature_b = s->receipt_sig[MDL_ROLE_B];
    }
    mdl_session_complete(s);
    return MDL_OK;
}

/* All groups are through. */
enum mdl_status mdl_receipt_advance(struct mdl_session *s, struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;

    if (!s->summary_asked) {
        s->summary_asked = true;
        (void)mdl_fx(s, MDL_FX_NEED_SUMMARY);
    }
    if (s->half[s->role].known && !s->part_sent) {
        st = send_part(s, err);
    }
    if (st == MDL_OK && s->part_sent && s->half[mdl_role_other(s->role)].known && !s->sig_sent) {
        st = send_sig(s, err);
    }
    if (st == MDL_OK && s->sig_sent && s->receipt_sig_got) {
        st = finish(s, err);
    }
    return st;
}

enum mdl_status mdl_summary_given(struct mdl_session *s, const struct mdl_event *ev,
                                  struct mdl_error *err)
{
    struct mdl_receipt_half *own = &s->half[s->role];

    if (!s->summary_asked || own->known) {
        return mdl_host_mistake(s, err, "a summary that was not asked for");
    }
    own->known = true;
    own->accounts = ev->u.summary.accounts;
    own->review = ev->u.summary.review;
    s->dirty = true;
    return MDL_OK;
}

MDL_HANDLER(mdl_receipt_part_got)
{
    const struct mdl_msg_receipt_part *p = &m->body.receipt_part;
    struct mdl_receipt_half *half = &s->half[mdl_role_other(s->role)];

    (void)c;
    if (half->known) {
        return mdl_fail(err, MDL_P_UNEXPECTED, "a second RECEIPT_PART");
    }
    if (memcmp(p->transcript_sent, s->link.received_hash, 64) != 0 ||
        memcmp(p->transcript_received, s->link.sent_hash, 64) != 0) {
        return mdl_fail(err, MDL_P_RECEIPT, "the two sides have different transcripts");
    }
    half->known = true;
    half->accounts = p->accounts;
    half->review = p->review;
    half->finished = p->finished;
    return MDL_OK;
}

MDL_HANDLER(mdl_receipt_sig_got)
{
    enum mdl_role theirs = mdl_role_other(s->role);

    (void)c;
    if (!s->half[theirs].known || s->receipt_sig_got || !s->part_sent) {
        return mdl_fail(err, MDL_P_UNEXPECTED, "a RECEIPT_SIG before both RECEIPT_PART");
    }
    memcpy(s->receipt_sig[theirs], m->body.receipt_sig.signature, 64);
    s->receipt_sig_got = true;
    return MDL_OK;
}
