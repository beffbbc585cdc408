/* outside.c: messages outside a round, and repeating what is not settled.
 * It may not act on a message before its form, sender and signature are checked. */
#include "dispute.h"
#include "limits.h"
#include "proposals.h"
#include "rounds.h"
#include "trail.h"

#include <sodium.h>
#include <stdlib.h>
#include <store_outbox.h>
#include <string.h>

/* While a connection lasts nothing gets lost, so what waits for a person is repeated ever less. */
#define REPEAT_MS     UINT64_C(30000)
#define REPEAT_MAX_MS UINT64_C(3600000)

enum mdl_status outside_send_bytes(struct mdl_service *s, int64_t partner, uint8_t type,
                                   const uint8_t *round, const uint8_t *agreement,
                                   const uint8_t *bytes, size_t len, struct mdl_error *err)
{
    uint8_t digest[crypto_hash_sha512_BYTES];
    const struct peer *p = peer_by_id(s, partner);
    (void)crypto_hash_sha512(digest, bytes, len);
    struct trail t = {.kind = MDL_LOG_MESSAGE_OUT,
                      .direction = MDL_LOG_OUT,
                      .partner = partner,
                      .identity = p != NULL ? p->identity : NULL,
                      .round = round,
                      .agreement = agreement,
                      .type = type,
                      .size = len,
                      .digest = digest};
    enum mdl_status st = trail_add(s, &t, err);
    return st == MDL_OK ? turn_send(s, partner, bytes, len, err) : st;
}

/* The agreement a message speaks of, for the log; NULL for those that carry none. */
static const uint8_t *agreement_of(const struct mdl_msg *m)
{
    switch (m->type) {
    case MDL_MSG_AGREEMENT_ACCEPT:
        return m->body.agreement_accept.hash;
    case MDL_MSG_AGREEMENT_REJECT:
        return m->body.agreement_reject.hash;
    case MDL_MSG_AGREEMENT_REVOKE:
        return m->body.agreement_revoke.hash;
    case MDL_MSG_ROUND_PROPOSE:
        return m->body.round_propose.agreement;
    case MDL_MSG_ROUND_APPROVE:
        return m->body.round_approve.agreement;
    case MDL_MSG_NODE_INFO:
    case MDL_MSG_AGREEMENT_PROPOSE:
    case MDL_MSG_MATCH_DISPUTE:
    case MDL_MSG_ROUND_REFUSE:
    case MDL_MSG_ACK:
    case MDL_MSG_ABORT:
    case MDL_MSG_HELLO:
    case MDL_MSG_COMMIT:
    case MDL_MSG_CHUNK:
    case MDL_MSG_VERIFIED:
    case MDL_MSG_TAG_COMMIT:
    case MDL_MSG_TAGS:
    case MDL_MSG_MATCH:
    case MDL_MSG_OPEN:
    case MDL_MSG_SLICE:
    case MDL_MSG_MASKS:
    case MDL_MSG_RECEIPT_PART:
    case MDL_MSG_RECEIPT_SIG:
        break;
    }
    return NULL;
}

static const uint8_t *round_of(const struct mdl_msg *m)
{
    return sodium_is_zero(m->round, sizeof m->round) ? NULL : m->round;
}

static bool peer_is_up(struct mdl_service *s, int64_t partner)
{
    const struct peer *p = peer_by_id(s, partner);
    return p != NULL && p->up;
}

enum mdl_status outside_send(struct mdl_service *s, int64_t partner, const struct mdl_msg *m,
                             const uint8_t *subject, size_t subject_len, bool keep,
                             struct mdl_error *err)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum mdl_status st = mdl_msg_encode(m, &bytes, &len, err);

    if (st == MDL_OK && keep) {
        struct mdl_outbox_row row = {.partner = partner,
                                     .type = m->type,
                                     .subject_len = subject_len,
                                     .body = {bytes, len},
                                     .created_at = now_ms()};
        memcpy(row.subject, subject, subject_len);
        st = turn_begin(s, err);
        st = st == MDL_OK ? mdl_outbox_put(s->store, &row, err) : st;
    }
    /* While the partner is away it only waits in the outbox: nothing left, so nothing is logged. */
    if (st == MDL_OK && (!keep || peer_is_up(s, partner))) {
        st = outside_send_bytes(s, partner, (uint8_t)m->type, round_of(m), agreement_of(m), bytes,
                                len, err);
    }
    free(bytes);
    return st;
}

/* ---- what a connection begins with --------------------------------------------------------------
 */

static void send_node_info(struct mdl_service *s, struct peer *p)
{
    struct mdl_error err = {MDL_OK, ""};
    uint8_t cert[MDL_CERT_BYTES];
    struct mdl_msg m = {.type = MDL_MSG_NODE_INFO};
    struct mdl_msg_node_info *b = &m.body.node_info;

    mdl_cert_encode(mdl_curve_cert(s->curve), cert);
    b->version_min = b->version_max = MDL_WIRE_VERSION;
    b->suites.n = 1;
    b->suites.at[0] = mdl_text_of(MDL_SUITE_1);
    b->profiles.n = 1;
    b->profiles.at[0] = (struct mdl_profile_ref){mdl_text_of(mdl_profile_id(s->profile)),
                                                 mdl_profile_digest(s->profile)};
    b->name = mdl_text_of(s->conf.name);
    b->software = mdl_text_of("mandorla " MANDORLA_VERSION);
    b->certificate = (struct mdl_bytes){cert, sizeof cert};
    if (outside_send(s, p->id, &m, NULL, 0, false, &err) != MDL_OK) {
        svc_log(s, "error", "%s: %s", p->name, err.text);
    }
}

struct repeating {
    struct mdl_service *s;
    struct mdl_outbox_row *rows;
    size_t n;
};

static bool collect(void *ctx, const struct mdl_outbox_row *m)
{
    struct repeating *r = ctx;
    struct mdl_outbox_row *grown = realloc(r->rows, (r->n + 1) * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    r->rows = grown;
    grown[r->n] = *m;
    grown[r->n].body.data = malloc(m->body.len);
    if (grown[r->n].body.data == NULL) {
        return false;
    }
    memcpy(grown[r->n].body.data, m->body.data, m->body.len);
    r->n++;
    return true;
}

static void repeat_one(struct mdl_service *s, const struct mdl_outbox_row *m)
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_msg msg;
    enum mdl_status st = mdl_msg_decode(m->body.data, m->body.len, &msg, &err);
    if (st == MDL_OK) {
        st = outside_send_bytes(s, m->partner, (uint8_t)m->type, round_of(&msg), agreement_of(&msg),
                                m->body.data, m->body.len, &err);
    }
    /* An ABORT is told once: a message for the ended round is answered anyway. */
    if (st == MDL_OK && m->type == MDL_MSG_ABORT) {
        st = mdl_outbox_remove(s->store, m->id, &err);
    }
    if (st != MDL_OK) {
        svc_log(s, "error", "repeating a message: %s", err.text);
    }
}

static void repeat_outbox(struct mdl_service *s, struct peer *p)
{
    struct mdl_error err = {MDL_OK, ""};
    struct repeating r = {.s = s};
    enum mdl_status st = turn_begin(s, &err);
    st = st == MDL_OK ? mdl_outbox_list(s->store, p->id, collect, &r, &err) : st;
    for (size_t i = 0; i < r.n; i++) {
        if (st == MDL_OK) {
            repeat_one(s, &r.rows[i]);
        }
        free(r.rows[i].body.data);
    }
    free(r.rows);
    p->repeat_at = steady_ms() + p->repeat_wait;
    p->repeat_wait = p->repeat_wait < REPEAT_MAX_MS ? 2 * p->repeat_wait : REPEAT_MAX_MS;
}

static void greet(struct mdl_service *s, struct peer *p)
{
    struct mdl_error err = {MDL_OK, ""};
    if (!p->info_due) {
        repeat_outbox(s, p);
        return;
    }
    p->info_due = false;
    p->told_up = true;
    p->repeat_wait = REPEAT_MS;
    svc_log(s, "info", "%s: connected", p->name);
    send_node_info(s, p);
    repeat_outbox(s, p);
    if (turn_begin(s, &err) != MDL_OK ||
        mdl_partner_seen(s->store, p->id, now_ms(), &err) != MDL_OK) {
        svc_log(s, "error", "%s: %s", p->name, err.text);
    }
}

/* A partner that connects again and again would fill the log with our answers to that. */
void outside_up(struct mdl_service *s, struct peer *p)
{
    uint64_t later = steady_ms() + REPEAT_MS;
    p->info_due = true;
    if (limit_message(s, p)) {
        greet(s, p);
    } else if (p->repeat_at > later) {
        p->repeat_at = later;
    }
}

void outside_tick(struct mdl_service *s)
{
    uint64_t now = steady_ms();
    for (size_t i = 0; i < s->n_peers; i++) {
        if (s->peers[i].up && s->peers[i].repeat_at <= now) {
            greet(s, &s->peers[i]);
        }
    }
}

uint64_t outside_next_due(struct mdl_service *s)
{
    uint64_t due = UINT64_MAX;
    for (size_t i = 0; i < s->n_peers; i++) {
        if (s->peers[i].up && s->peers[i].repeat_at < due) {
            due = s->peers[i].repeat_at;
        }
    }
    return due;
}

/* ---- receiving ----------------------------------------------------------------------------------
 */

static void copy_text(char *dst, size_t size, struct mdl_text t)
{
    (void)snprintf(dst, size, "%.*s", (int)t.len, t.p != NULL ? t.p : "");
}

/* A certificate with a higher serial, by the same identity, replaces the pinned CURVE key. */
static enum mdl_status rotate(struct mdl_service *s, struct mdl_partner_row *row,
                              struct mdl_bytes cert, bool *changed, struct mdl_error *err)
{
    struct mdl_partner_card card = {0};
    enum mdl_status st =
        mdl_cert_decode(row->certificate.data, row->certificate.len, &card.cert, err);
    if (st != MDL_OK) {
        return st;
    }
    uint64_t before = card.cert.serial;
    memcpy(card.identity, row->identity, sizeof card.identity);
    st = mdl_card_rotate(&card, cert.p, cert.len, (int64_t)(now_ms() / 1000), err);
    if (st != MDL_OK || card.cert.serial == before) {
        return st;
    }
    (void)s;
    memcpy(row->curve, card.cert.curve, sizeof row->curve);
    row->cert_serial = (uint32_t)card.cert.serial;
    memcpy(row->certificate.data, cert.p, row->certificate.len);
    *changed = true;
    return MDL_OK;
}

/* People decide by a name: one that a token could not carry (PROTOCOL 13.2) is not taken over. */
static void take_names(struct mdl_service *s, const struct peer *p, struct mdl_partner_row *row,
                       const struct mdl_msg_node_info *b)
{
    struct mdl_error err = {MDL_OK, ""};
    char name[MDL_STORE_NAME + 1];
    copy_text(row->software, sizeof row->software, b->software);
    copy_text(name, sizeof name, b->name);
    if (mdl_name_check(name, &err) == MDL_OK) {
        (void)snprintf(row->their_name, sizeof row->their_name, "%s", name);
    } else {
        svc_log(s, "warning", "%s gives itself a name that is not taken over: %s", p->name,
                err.text);
    }
}

static enum mdl_status take_node_info(struct mdl_service *s, struct peer *p,
                                      const struct mdl_msg_node_info *b, struct mdl_error *err)
{
    struct mdl_partner_row row;
    bool rotated = false;
    enum mdl_status st = mdl_partner_get(s->store, p->id, &row, err);
    if (st != MDL_OK) {
        return st;
    }
    take_names(s, p, &row, b);
    row.last_seen_at = now_ms();
    if (b->version_min > MDL_WIRE_VERSION || b->version_max < MDL_WIRE_VERSION) {
        svc_log(s, "warning",
                "%s speaks protocol versions %u to %u, this node %d: one must upgrade", p->name,
                b->version_min, b->version_max, MDL_WIRE_VERSION);
    }
    if (b->certificate.len > 0 && row.certificate.len > 0) {
        st = rotate(s, &row, b->certificate, &rotated, err);
    }
    if (st == MDL_OK) {
        st = mdl_partner_update(s->store, &row, err);
    }
    if (st == MDL_OK && rotated) {
        struct trail t = {.kind = MDL_LOG_KEY_ROTATED,
                          .direction = MDL_LOG_IN,
                          .partner = p->id,
                          .identity = row.identity};
        st = trail_add(s, &t, err);
        st = st == MDL_OK ? peer_admit(s, &row, err) : st;
    }
    mdl_partner_clear(&row);
    return st;
}

static void log_in(struct mdl_service *s, const struct peer *p, const struct mdl_msg *m,
                   const uint8_t *bytes, size_t len)
{
    uint8_t digest[crypto_hash_sha512_BYTES];
    (void)crypto_hash_sha512(digest, bytes, len);
    struct trail t = {.kind = MDL_LOG_MESSAGE_IN,
                      .direction = MDL_LOG_IN,
                      .partner = p->id,
                      .identity = p->identity,
                      .round = round_of(m),
                      .agreement = agreement_of(m),
                      .type = (uint8_t)m->type,
                      .size = len,
                      .digest = digest};
    trail_note(s, &t);
}

static enum mdl_status take_message(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                                    const uint8_t *bytes, size_t len, struct mdl_error *err)
{
    switch (m->type) {
    case MDL_MSG_NODE_INFO:
        return take_node_info(s, p, &m->body.node_info, err);
    case MDL_MSG_AGREEMENT_PROPOSE:
    case MDL_MSG_AGREEMENT_ACCEPT:
    case MDL_MSG_AGREEMENT_REJECT:
    case MDL_MSG_AGREEMENT_REVOKE:
        return agreement_message(s, p, m, err);
    case MDL_MSG_MATCH_DISPUTE:
        return dispute_message(s, p, &m->body.match_dispute, err);
    case MDL_MSG_ROUND_PROPOSE:
    case MDL_MSG_ROUND_APPROVE:
    case MDL_MSG_ROUND_REFUSE:
        return proposal_message(s, p, m, bytes, len, err);
    case MDL_MSG_ACK:
    case MDL_MSG_ABORT:
    case MDL_MSG_HELLO:
    case MDL_MSG_COMMIT:
    case MDL_MSG_CHUNK:
    case MDL_MSG_VERIFIED:
    case MDL_MSG_TAG_COMMIT:
    case MDL_MSG_TAGS:
    case MDL_MSG_MATCH:
    case MDL_MSG_OPEN:
    case MDL_MSG_SLICE:
    case MDL_MSG_MASKS:
    case MDL_MSG_RECEIPT_PART:
    case MDL_MSG_RECEIPT_SIG:
        break;
    }
    return mdl_fail(err, MDL_BUG, "a message of a round came the wrong way");
}

/* Takes one message outside a round: all of what it changes, or nothing. The log says that it came
 * in either case. */
static void take_outside(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                         const uint8_t *bytes, size_t len)
{
    struct mdl_error err = {MDL_OK, ""};
    int64_t id = p->id;
    log_in(s, p, m, bytes, len);
    struct outgoing *mark = s->out_last;
    enum mdl_status st = turn_begin(s, &err);
    st = st == MDL_OK ? mdl_store_mark(s->store, &err) : st;
    if (st != MDL_OK) {
        svc_log(s, "error", "%s: %s", p->name, err.text);
        return;
    }
    st = take_message(s, p, m, bytes, len, &err);
    if (st != MDL_OK) {
        turn_unsend(s, mark);
        if (mdl_store_undo(s->store, NULL) != MDL_OK) {
            svc_log(s, "error", "the database could not undo a message");
        }
        p = peer_by_id(s, id);
        svc_log(s, "warning", "%s: %s refused: %s", p != NULL ? p->name : "a partner",
                mdl_msg_name((uint8_t)m->type), err.text);
        return;
    }
    if (mdl_store_keep(s->store, &err) != MDL_OK) {
        svc_log(s, "error", "%s", err.text);
    }
}

static void note_undecodable(struct mdl_service *s, struct peer *p, size_t len,
                             const struct mdl_error *why)
{
    struct trail t = {.kind = MDL_LOG_MESSAGE_IN,
                      .direction = MDL_LOG_IN,
                      .partner = p->id,
                      .identity = p->identity,
                      .size = len,
                      .note = mdl_status_slug(why->status)};
    if (limit_message(s, p)) {
        trail_note(s, &t);
        svc_log(s, "warning", "%s sent a message that does not decode: %s", p->name, why->text);
    }
}

void outside_message(struct mdl_service *s, struct peer *p, const uint8_t *bytes, size_t len)
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_msg m;
    enum mdl_status st = mdl_msg_decode(bytes, len, &m, &err);

    if (st != MDL_OK) {
        note_undecodable(s, p, len, &err);
        rounds_undecodable(s, p, bytes, len, &err);
        return;
    }
    switch (mdl_msg_class_of((uint8_t)m.type)) {
    case MDL_MSG_NODE:
    case MDL_MSG_SETUP:
        if (limit_message(s, p)) {
            take_outside(s, p, &m, bytes, len);
        }
        break;
    case MDL_MSG_LINK:
    case MDL_MSG_ROUND:
        rounds_message(s, p, &m, bytes, len);
        break;
    }
}
