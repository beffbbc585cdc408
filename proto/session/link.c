/* link.c: the ordered link of a round (PROTOCOL 5): sequence, acknowledgement, credit, resending.
 * May not know what a message of the round means, beyond its class. */
#include "internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void transcript_begin(uint8_t hash[64], const uint8_t round[16], uint8_t role)
{
    struct mdl_taghash h;

    mdl_taghash_init(&h, "transcript");
    mdl_taghash_part(&h, round, 16);
    mdl_taghash_u8(&h, role);
    mdl_taghash_final(&h, hash);
}

static void transcript_add(uint8_t hash[64], uint8_t type, const uint8_t digest[64])
{
    uint8_t both[128];

    if (type >= 16 && type <= 39) {
        memcpy(both, hash, 64);
        memcpy(both + 64, digest, 64);
        crypto_hash_sha512(hash, both, sizeof both);
    }
}

void mdl_link_init(struct mdl_link *l, const uint8_t round[16], uint8_t role)
{
    memset(l, 0, sizeof *l);
    l->next_seq = 1;
    l->credit = MDL_CREDIT;
    l->granted = MDL_CREDIT;
    l->out_end = &l->out;
    l->in_end = &l->in;
    transcript_begin(l->sent_hash, round, role);
    transcript_begin(l->received_hash, round, role == 0 ? 1 : 0);
}

static void drop_out(struct mdl_link *l)
{
    struct mdl_out *o = l->out;

    l->out = o->next;
    if (l->out == NULL) {
        l->out_end = &l->out;
    }
    free(o->bytes);
    free(o);
}

static struct mdl_in *pop_in(struct mdl_link *l)
{
    struct mdl_in *i = l->in;

    if (i != NULL) {
        l->in = i->next;
        if (l->in == NULL) {
            l->in_end = &l->in;
        }
    }
    return i;
}

void mdl_link_free(struct mdl_link *l)
{
    while (l->out != NULL) {
        drop_out(l);
    }
    for (struct mdl_in *i; (i = pop_in(l)) != NULL;) {
        free(i);
    }
}

/* ---- out ------------------------------------------------------------------------------------- */

static void emit(struct mdl_session *s, struct mdl_out *o)
{
    struct mdl_effect *e = mdl_fx(s, MDL_FX_SEND);

    if (e == NULL) {
        return;
    }
    e->u.send.type = o->type;
    e->u.send.seq = o->seq;
    e->u.send.resend = o->released;
    e->u.send.bytes = o->bytes;
    e->u.send.len = o->len;
    e->u.send.digest = o->digest;
    s->link.resends += o->released ? 1 : 0;
    o->released = true;
}

/* Sends what the credit allows and was not sent yet. */
void mdl_link_release(struct mdl_session *s)
{
    struct mdl_link *l = &s->link;

    if (!l->up) {
        return;
    }
    for (struct mdl_out *o = l->out; o != NULL && o->seq <= l->credit; o = o->next) {
        if (!o->released) {
            emit(s, o);
        }
    }
}

static void resend_all(struct mdl_session *s)
{
    for (struct mdl_out *o = s->link.out; o != NULL && o->seq <= s->link.credit; o = o->next) {
        emit(s, o);
    }
}

/* Each repetition leaves an entry in the host's log: without the pause a partner could fill it. */
static bool may_repeat(const struct mdl_session *s, struct mdl_pause *p)
{
    if (s->now_ms < p->until_ms) {
        return false;
    }
    p->ms = p->ms == 0 ? MDL_REPEAT_MIN_MS : 2 * p->ms;
    p->ms = p->ms < MDL_REPEAT_MAX_MS ? p->ms : MDL_REPEAT_MAX_MS;
    p->until_ms = s->now_ms + p->ms;
    return true;
}

/* Something new came: the next repetition may be as quick as the first. */
static void progress(struct mdl_link *l)
{
    l->resend.ms = l->reack.ms = 0;
}

enum mdl_status mdl_link_put(struct mdl_link *l, uint32_t seq, uint8_t type, uint8_t *bytes,
                             size_t len, struct mdl_error *err)
{
    struct mdl_out *o = calloc(1, sizeof *o);

    if (o == NULL) {
        free(bytes);
        return mdl_fail(err, MDL_L_MEMORY, "no memory for a message of %zu bytes", len);
    }
    o->seq = seq;
    o->type = type;
    o->bytes = bytes;
    o->len = len;
    crypto_hash_sha512(o->digest, bytes, len);
    *l->out_end = o;
    l->out_end = &o->next;
    return MDL_OK;
}

enum mdl_status mdl_link_send(struct mdl_session *s, struct mdl_msg *m, struct mdl_error *err)
{
    struct mdl_link *l = &s->link;
    uint8_t *bytes;
    size_t len;

    memcpy(m->round, s->round, sizeof m->round);
    m->seq = l->next_seq;
    m->ack = l->consumed;
    enum mdl_status st = mdl_msg_encode(m, &bytes, &len, err);
    if (st == MDL_OK) {
        st = mdl_link_put(l, m->seq, (uint8_t)m->type, bytes, len, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    struct mdl_out *o = l->out;
    while (o->next != NULL) {
        o = o->next;
    }
    transcript_add(l->sent_hash, o->type, o->digest);
    l->next_seq++;
    s->dirty = true;
    mdl_link_release(s);
    return MDL_OK;
}

bool mdl_link_room(const struct mdl_link *l)
{
    return l->next_seq <= l->credit && l->next_seq - 1 - l->partner_ack < MDL_BULK_IN_FLIGHT;
}

static enum mdl_status send_ack(struct mdl_session *s, bool resume, struct mdl_error *err)
{
    struct mdl_link *l = &s->link;
    struct mdl_msg m = {.type = MDL_MSG_ACK, .ack = l->consumed};
    uint8_t *bytes = mdl_step_alloc(s, 64);
    struct mdl_effect *e = bytes == NULL ? NULL : mdl_fx(s, MDL_FX_SEND);

    if (e == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for an acknowledgement");
    }
    l->granted = l->consumed + MDL_CREDIT;
    l->acked = l->consumed;
    l->ack_due = false;
    if (resume) {
        l->asked_ms = s->now_ms;
    }
    memcpy(m.round, s->round, sizeof m.round);
    m.body.ack.credit = l->granted;
    m.body.ack.resume = resume;
    e->u.send.type = MDL_MSG_ACK;
    e->u.send.bytes = bytes;
    return mdl_msg_encode_into(&m, bytes, 64, &e->u.send.len, err);
}

enum mdl_status mdl_link_up(struct mdl_session *s, struct mdl_error *err)
{
    struct mdl_link *l = &s->link;

    l->up = true;
    l->heard_ms = s->now_ms;
    l->new_ms = s->now_ms;
    resend_all(s);
    /* The partner asks when it sees the connection, too: what left just now answers that. */
    l->resend.until_ms = s->now_ms + MDL_REPEAT_MIN_MS;
    return send_ack(s, true, err);
}

/* ---- in -------------------------------------------------------------------------------------- */

/* What of ours the partner has. */
static enum mdl_status take_ack(struct mdl_session *s, uint32_t ack, struct mdl_error *err)
{
    struct mdl_link *l = &s->link;

    if (ack >= l->next_seq) {
        return mdl_fail(err, MDL_P_MALFORMED, "acknowledges message %u, but only %u were sent", ack,
                        l->next_seq - 1);
    }
    if (ack > l->partner_ack) {
        l->partner_ack = ack;
        progress(l);
    }
    while (l->out != NULL && l->out->seq <= l->partner_ack) {
        drop_out(l);
    }
    return MDL_OK;
}

static enum mdl_status ack_got(struct mdl_session *s, const struct mdl_msg *m)
{
    struct mdl_link *l = &s->link;

    if (m->body.ack.credit > l->credit) {
        l->credit = m->body.ack.credit;
    }
    mdl_link_release(s);
    if (m->body.ack.resume && l->up && may_repeat(s, &l->resend)) {
        resend_all(s);
    }
    return MDL_OK;
}

static void note_received(struct mdl_session *s, uint8_t type, uint32_t seq, size_t len,
                          const uint8_t digest[64])
{
    uint8_t *kept = mdl_step_alloc(s, 64);
    struct mdl_effect *e = kept == NULL ? NULL : mdl_fx(s, MDL_FX_RECEIVED);

    if (e != NULL) {
        memcpy(kept, digest, 64);
        e->u.received.type = type;
        e->u.received.seq = seq;
        e->u.received.len = len;
        e->u.received.digest = kept;
    }
}

static enum mdl_status gap(struct mdl_session *s, uint32_t seq, struct mdl_error *err)
{
    struct mdl_link *l = &s->link;

    l->gaps++;
    if (++l->gaps_in_a_row > MDL_GAPS_MAX) {
        return mdl_fail(err, MDL_P_REORDERED,
                        "message %u is still missing after %u later ones, the last %u",
                        l->received + 1, l->gaps_in_a_row, seq);
    }
    if (l->gap_open) {
        return MDL_OK;
    }
    l->gap_open = true;
    return send_ack(s, true, err);
}

static enum mdl_status keep_in(struct mdl_link *l, const uint8_t *bytes, size_t len,
                               struct mdl_error *err)
{
    struct mdl_in *i = malloc(sizeof *i + len);

    if (i == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for a message of %zu bytes", len);
    }
    i->next = NULL;
    i->len = len;
    memcpy(i->bytes, bytes, len);
    *l->in_end = i;
    l->in_end = &i->next;
    return MDL_OK;
}

static enum mdl_status consume(struct mdl_session *s, const struct mdl_msg *m,
                               struct mdl_error *err)
{
    enum mdl_status st = mdl_dispatch(s, m, err);

    s->link.consumed++;
    s->dirty = true;
    return st;
}

/* The next message in sequence. */
static enum mdl_status in_sequence(struct mdl_session *s, const struct mdl_msg *m,
                                   const uint8_t *bytes, size_t len, struct mdl_error *err)
{
    struct mdl_link *l = &s->link;
    uint8_t digest[64];

    l->received++;
    l->gaps_in_a_row = 0;
    l->gap_open = false;
    l->new_ms = s->now_ms;
    progress(l);
    crypto_hash_sha512(digest, bytes, len);
    transcript_add(l->received_hash, (uint8_t)m->type, digest);
    note_received(s, (uint8_t)m->type, m->seq, len, digest);
    if (s->holds > 0 || l->in != NULL) {
        return keep_in(l, bytes, len, err);
    }
    return consume(s, m, err);
}

static enum mdl_status round_message(struct mdl_session *s, const struct mdl_msg *m,
                                     const uint8_t *bytes, size_t len, struct mdl_error *err)
{
    struct mdl_link *l = &s->link;

    if (m->seq > l->granted) {
        return mdl_fail(err, MDL_P_CREDIT, "message %u was sent, credit was granted up to %u",
                        m->seq, l->granted);
    }
    if (m->seq <= l->received) {
        l->duplicates++;
        l->ack_due = l->ack_due || may_repeat(s, &l->reack);
        return MDL_OK;
    }
    if (m->seq != l->received + 1) {
        return gap(s, m->seq, err);
    }
    return in_sequence(s, m, bytes, len, err);
}

static void abort_got(struct mdl_session *s, const struct mdl_msg *m, const uint8_t *bytes,
                      size_t len)
{
    char text[MDL_SESSION_TEXT + 1];
    uint8_t digest[64];

    memcpy(text, m->body.abort.text.p, m->body.abort.text.len);
    text[m->body.abort.text.len] = '\0';
    crypto_hash_sha512(digest, bytes, len);
    note_received(s, MDL_MSG_ABORT, 0, len, digest);
    mdl_session_end(s, mdl_status_from_wire(m->body.abort.code), text, true);
}

enum mdl_status mdl_link_message(struct mdl_session *s, const uint8_t *bytes, size_t len,
                                 struct mdl_error *err)
{
    struct mdl_msg m;
    enum mdl_status st = mdl_msg_decode(bytes, len, &m, err);

    if (st != MDL_OK) {
        return st;
    }
    if (memcmp(m.round, s->round, sizeof m.round) != 0) {
        return mdl_fail(err, MDL_P_REPLAY, "a %s of another round", mdl_msg_name((uint8_t)m.type));
    }
    enum mdl_msg_class cls = mdl_msg_class_of((uint8_t)m.type);
    if (cls == MDL_MSG_NODE || cls == MDL_MSG_SETUP) {
        return mdl_fail(err, MDL_P_UNEXPECTED, "a %s inside a round",
                        mdl_msg_name((uint8_t)m.type));
    }
    s->link.heard_ms = s->now_ms;
    if (m.type == MDL_MSG_ABORT) {
        abort_got(s, &m, bytes, len);
        return MDL_OK;
    }
    st = take_ack(s, m.ack, err);
    if (st != MDL_OK) {
        return st;
    }
    return m.type == MDL_MSG_ACK ? ack_got(s, &m) : round_message(s, &m, bytes, len, err);
}

/* Takes up what waited, until something holds again. */
enum mdl_status mdl_link_drain(struct mdl_session *s, struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;

    while (st == MDL_OK && !s->closed && s->holds == 0 && s->link.in != NULL) {
        struct mdl_in *i = pop_in(&s->link);
        struct mdl_msg m;

        st = mdl_msg_decode(i->bytes, i->len, &m, err);
        if (st == MDL_OK) {
            st = consume(s, &m, err);
        }
        if (st == MDL_OK && !s->closed) {
            st = mdl_session_advance(s, err); /* it may hold the next one */
        }
        free(i);
    }
    return st;
}

/* ---- time ------------------------------------------------------------------------------------ */

static uint64_t resume_at(const struct mdl_link *l)
{
    uint64_t last = l->new_ms > l->asked_ms ? l->new_ms : l->asked_ms;

    return last + MDL_RESUME_MS;
}

enum mdl_status mdl_link_tick(struct mdl_session *s, struct mdl_error *err)
{
    struct mdl_link *l = &s->link;

    if (!l->up) {
        return MDL_OK;
    }
    if (s->now_ms >= l->heard_ms + MDL_SILENCE_MS) {
        return mdl_fail(err, MDL_P_STALLED, "nothing was heard from the partner for %u s",
                        MDL_SILENCE_MS / 1000);
    }
    return s->now_ms >= resume_at(l) ? send_ack(s, true, err) : MDL_OK;
}

static void arm(struct mdl_session *s)
{
    uint64_t at = s->durable ? s->receipt_deadline_ms : s->key_deadline_ms;

    if (s->link.up) {
        uint64_t silence = s->link.heard_ms + MDL_SILENCE_MS, resume = resume_at(&s->link);
        at = silence < at ? silence : at;
        at = resume < at ? resume : at;
    }
    /* A TICK that comes early re-arms: no need to move the deadline with every message. */
    if (s->armed_ms > s->now_ms && s->armed_ms <= at) {
        return;
    }
    struct mdl_effect *e = mdl_fx(s, MDL_FX_DEADLINE);
    if (e != NULL) {
        e->u.deadline.at_ms = at;
        s->armed_ms = at;
    }
}

enum mdl_status mdl_link_finish_step(struct mdl_session *s, struct mdl_error *err)
{
    struct mdl_link *l = &s->link;
    enum mdl_status st = MDL_OK;

    if (l->up && (l->ack_due || l->consumed - l->acked >= MDL_ACK_EVERY)) {
        st = send_ack(s, false, err);
    }
    arm(s);
    return st;
}
