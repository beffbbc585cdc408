/* negotiation.c: proposal, approval, refusal, and two proposals that cross (PROTOCOL 4.6 to 4.8).
 * May not start a round: it only says that both sides have agreed to one. */
#include "negotiation.h"

#include "wire.h"

#include <mandorla/session.h>
#include <stdlib.h>
#include <string.h>

struct step { /* of one call */
    struct mdl_negotiation *n;
    const struct mdl_negotiation_host *host;
    struct mdl_negotiation_effects *fx;
    enum mdl_role own;
};

#define SLUG_ROW(name, number, slug)                                                               \
    case MDL_NEGOTIATION_##name:                                                                   \
        return slug;
const char *mdl_negotiation_slug(enum mdl_negotiation_state state)
{
    switch (state) {
        MDL_NEGOTIATION_LIST(SLUG_ROW)
    }
    return "unknown";
}

void mdl_negotiation_clear(struct mdl_negotiation *n)
{
    memset(n, 0, sizeof *n);
}

static bool settled(const struct mdl_negotiation *n)
{
    return n->state == MDL_NEGOTIATION_NONE || n->state == MDL_NEGOTIATION_REFUSED ||
           n->state == MDL_NEGOTIATION_WITHDRAWN;
}

/* ---- messages out ---------------------------------------------------------------------------- */

static enum mdl_status put(struct step *s, struct mdl_msg *m, const uint8_t round[16],
                           struct mdl_error *err)
{
    memcpy(m->round, round, sizeof m->round);
    free(s->fx->send);
    s->fx->send = NULL;
    return mdl_msg_encode(m, &s->fx->send, &s->fx->send_len, err);
}

static enum mdl_status send_propose(struct step *s, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_ROUND_PROPOSE};

    m.body.round_propose.agreement = s->n->agreement;
    m.body.round_propose.created = s->n->created_ms;
    m.body.round_propose.signature = s->n->proposal;
    return put(s, &m, s->n->round, err);
}

static enum mdl_status send_approve(struct step *s, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_ROUND_APPROVE};

    m.body.round_approve.agreement = s->n->agreement;
    m.body.round_approve.signature = s->n->approval;
    return put(s, &m, s->n->round, err);
}

static enum mdl_status send_refuse(struct step *s, const uint8_t round[16], enum mdl_status code,
                                   const char *text, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_ROUND_REFUSE};
    char shown[MDL_NEGOTIATION_TEXT + 1];
    size_t len = text == NULL ? 0 : strnlen(text, MDL_NEGOTIATION_TEXT);

    for (size_t i = 0; i < len; i++) {
        shown[i] = (char)(text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?');
    }
    shown[len] = '\0';
    m.body.round_refuse.code =
        (uint8_t)(mdl_status_class(code) == MDL_CLASS_PEER ? code : MDL_P_INTERNAL);
    m.body.round_refuse.reason = mdl_text_of(shown);
    return put(s, &m, round, err);
}

/* ---- changes of state ------------------------------------------------------------------------ */

static void settle(struct step *s, enum mdl_negotiation_state state, enum mdl_status why,
                   const char *text, size_t len)
{
    len = len < MDL_NEGOTIATION_TEXT ? len : MDL_NEGOTIATION_TEXT;
    s->n->state = state;
    s->n->status = why;
    if (len > 0) {
        memcpy(s->n->text, text, len);
    }
    s->n->text[len] = '\0';
    s->fx->changed = true;
}

static enum mdl_status sign_as(const struct step *s, enum mdl_statement what,
                               const struct mdl_negotiation *n, uint8_t sig[MDL_SIGNATURE_BYTES],
                               struct mdl_error *err)
{
    struct mdl_statement_parts parts = {n->agreement, n->round, n->created_ms};

    return mdl_statement_sign(what, &parts, s->own, s->host->signer, sig, err);
}

/* OFFERED, or an offer just received, becomes APPROVED. */
static enum mdl_status approve(struct step *s, struct mdl_error *err)
{
    enum mdl_status st = sign_as(s, MDL_SAY_APPROVE, s->n, s->n->approval, err);

    if (st != MDL_OK) {
        return st;
    }
    s->n->state = MDL_NEGOTIATION_APPROVED;
    s->fx->changed = true;
    s->fx->begin = true;
    return send_approve(s, err);
}

static enum mdl_status operator_approves(struct step *s, struct mdl_error *err)
{
    struct mdl_error why = {.status = MDL_OK};

    if (s->n->state != MDL_NEGOTIATION_OFFERED) {
        return mdl_fail(err, MDL_U_STATE, "the partner has proposed no round that waits");
    }
    enum mdl_status st = s->host->in_force(s->host->ctx, s->n->agreement, &why);
    if (st == MDL_OK) {
        return approve(s, err);
    }
    settle(s, MDL_NEGOTIATION_REFUSED, st, why.text, strlen(why.text));
    enum mdl_status sent = send_refuse(s, s->n->round, st, why.text, err);
    return sent == MDL_OK ? mdl_fail(err, st, "%s", why.text) : sent;
}

static enum mdl_status operator_starts(struct step *s, const struct mdl_negotiation_event *ev,
                                       struct mdl_error *err)
{
    struct mdl_negotiation next = {.state = MDL_NEGOTIATION_PROPOSED, .ours = true};

    if (s->n->state == MDL_NEGOTIATION_OFFERED &&
        memcmp(s->n->agreement, ev->agreement, MDL_AGREEMENT_HASH) == 0) {
        return operator_approves(s, err); /* both want the same round */
    }
    if (!settled(s->n)) {
        return mdl_fail(err, MDL_U_STATE, "a round with this partner is %s already",
                        mdl_negotiation_slug(s->n->state));
    }
    enum mdl_status st = s->host->in_force(s->host->ctx, ev->agreement, err);
    if (st != MDL_OK) {
        return st;
    }
    memcpy(next.round, ev->round, sizeof next.round);
    memcpy(next.agreement, ev->agreement, sizeof next.agreement);
    next.created_ms = ev->now_ms;
    st = sign_as(s, MDL_SAY_PROPOSE, &next, next.proposal, err);
    if (st != MDL_OK) {
        return st;
    }
    *s->n = next;
    s->fx->changed = true;
    return send_propose(s, err);
}

static enum mdl_status operator_refuses(struct step *s, const char *text, enum mdl_status code,
                                        struct mdl_error *err)
{
    bool offered = s->n->state == MDL_NEGOTIATION_OFFERED;

    if (code == MDL_OK) {
        code = offered ? MDL_P_REFUSED : MDL_P_ABORTED;
    }

    if (!offered && s->n->state != MDL_NEGOTIATION_PROPOSED) {
        return mdl_fail(err, MDL_U_STATE, "no proposal waits");
    }
    text = text != NULL ? text : mdl_status_meaning(code);
    settle(s, offered ? MDL_NEGOTIATION_REFUSED : MDL_NEGOTIATION_WITHDRAWN, code, text,
           strlen(text));
    return send_refuse(s, s->n->round, code, text, err);
}

static enum mdl_status partner_up(struct step *s, struct mdl_error *err)
{
    if (s->n->state == MDL_NEGOTIATION_PROPOSED) {
        return send_propose(s, err);
    }
    if (s->n->state == MDL_NEGOTIATION_APPROVED && !s->n->ours) {
        return send_approve(s, err);
    }
    return MDL_OK;
}

/* ---- messages in ----------------------------------------------------------------------------- */

static enum mdl_status proposal_again(struct step *s, struct mdl_error *err)
{
    const struct mdl_negotiation *n = s->n;

    if (n->ours) {
        return send_refuse(s, n->round, MDL_P_REPLAY, "that round is the receiver's own", err);
    }
    if (n->state == MDL_NEGOTIATION_APPROVED) {
        return send_approve(s, err);
    }
    if (n->state == MDL_NEGOTIATION_REFUSED) {
        return send_refuse(s, n->round, n->status, n->text, err);
    }
    return MDL_OK;
}

/* A proposal that nothing stands against. `wanted`: our own operator had asked for the same. */
static enum mdl_status take_offer(struct step *s, const struct mdl_msg *m, bool wanted,
                                  struct mdl_error *err)
{
    const struct mdl_msg_round_propose *p = &m->body.round_propose;

    if (!settled(s->n)) {
        s->fx->superseded = true;
        s->fx->before = *s->n;
    }
    memset(s->n, 0, sizeof *s->n);
    s->n->state = MDL_NEGOTIATION_OFFERED;
    memcpy(s->n->round, m->round, sizeof s->n->round);
    memcpy(s->n->agreement, p->agreement, sizeof s->n->agreement);
    s->n->created_ms = p->created;
    memcpy(s->n->proposal, p->signature, sizeof s->n->proposal);
    s->fx->changed = true;
    if (wanted || (s->host->standing != NULL && s->host->standing(s->host->ctx, p->agreement))) {
        return approve(s, err);
    }
    return MDL_OK;
}

static enum mdl_status propose_got(struct step *s, const struct mdl_msg *m, struct mdl_error *err)
{
    const struct mdl_msg_round_propose *p = &m->body.round_propose;
    struct mdl_statement_parts parts = {p->agreement, m->round, p->created};
    struct mdl_negotiation *n = s->n;
    enum mdl_status st = mdl_statement_verify(MDL_SAY_PROPOSE, &parts, mdl_role_other(s->own),
                                              s->host->partner, p->signature, err);

    if (st != MDL_OK) {
        enum mdl_status sent =
            send_refuse(s, m->round, st, "the proposal is not signed by the partner", NULL);
        return sent == MDL_OK ? st : sent;
    }
    if (n->state != MDL_NEGOTIATION_NONE && memcmp(n->round, m->round, sizeof n->round) == 0) {
        return proposal_again(s, err);
    }
    struct mdl_error why = {.status = MDL_OK};
    st = s->host->in_force(s->host->ctx, p->agreement, &why);
    if (st != MDL_OK) {
        return send_refuse(s, m->round, st, why.text, err);
    }
    /* An offer that waits is not replaced by the next: a partner could pile them up. */
    bool crossing = n->state == MDL_NEGOTIATION_PROPOSED;
    if (n->state == MDL_NEGOTIATION_APPROVED || n->state == MDL_NEGOTIATION_OFFERED ||
        (crossing && s->own == MDL_ROLE_A)) {
        return send_refuse(s, m->round, MDL_P_BUSY, "another round stands between the two nodes",
                           err);
    }
    bool wanted = crossing && memcmp(n->agreement, p->agreement, MDL_AGREEMENT_HASH) == 0;
    return take_offer(s, m, wanted, err);
}

static enum mdl_status approve_got(struct step *s, const struct mdl_msg *m, struct mdl_error *err)
{
    const struct mdl_msg_round_approve *a = &m->body.round_approve;
    struct mdl_negotiation *n = s->n;
    struct mdl_statement_parts parts = {n->agreement, n->round, 0};

    if (!n->ours || memcmp(n->round, m->round, sizeof n->round) != 0 || settled(n)) {
        free(s->fx->send);
        s->fx->send = NULL;
        return mdl_session_abort_message(m->round, MDL_P_UNKNOWN_ROUND, NULL, &s->fx->send,
                                         &s->fx->send_len, err);
    }
    enum mdl_status st = mdl_statement_verify(MDL_SAY_APPROVE, &parts, mdl_role_other(s->own),
                                              s->host->partner, a->signature, err);
    if (st != MDL_OK) {
        return st;
    }
    if (n->state == MDL_NEGOTIATION_PROPOSED) {
        memcpy(n->approval, a->signature, sizeof n->approval);
        n->state = MDL_NEGOTIATION_APPROVED;
        s->fx->changed = true;
        s->fx->begin = true;
    }
    return MDL_OK;
}

static enum mdl_status refuse_got(struct step *s, const struct mdl_msg *m)
{
    const struct mdl_msg_round_refuse *r = &m->body.round_refuse;
    struct mdl_negotiation *n = s->n;
    bool waits =
        n->ours ? n->state == MDL_NEGOTIATION_PROPOSED : n->state == MDL_NEGOTIATION_OFFERED;

    if (waits && memcmp(n->round, m->round, sizeof n->round) == 0) {
        settle(s, n->ours ? MDL_NEGOTIATION_REFUSED : MDL_NEGOTIATION_WITHDRAWN,
               mdl_status_from_wire(r->code), r->reason.p, r->reason.len);
    }
    return MDL_OK;
}

static enum mdl_status message(struct step *s, const struct mdl_negotiation_event *ev,
                               struct mdl_error *err)
{
    struct mdl_msg m;
    enum mdl_status st = mdl_msg_decode(ev->bytes, ev->len, &m, err);

    if (st != MDL_OK) {
        return st;
    }
    if (m.type == MDL_MSG_ROUND_PROPOSE) {
        return propose_got(s, &m, err);
    }
    if (m.type == MDL_MSG_ROUND_APPROVE) {
        return approve_got(s, &m, err);
    }
    if (m.type == MDL_MSG_ROUND_REFUSE) {
        return refuse_got(s, &m);
    }
    return mdl_fail(err, MDL_P_UNEXPECTED, "a %s is no message about a proposal",
                    mdl_msg_name((uint8_t)m.type));
}

enum mdl_status mdl_negotiation_step(struct mdl_negotiation *n,
                                     const struct mdl_negotiation_host *host,
                                     const struct mdl_negotiation_event *ev,
                                     struct mdl_negotiation_effects *fx, struct mdl_error *err)
{
    struct step s = {n, host, fx, mdl_role_of(host->signer->identity, host->partner)};

    memset(fx, 0, sizeof *fx);
    switch (ev->type) {
    case MDL_NEGOTIATION_START:
        return operator_starts(&s, ev, err);
    case MDL_NEGOTIATION_APPROVE:
        return operator_approves(&s, err);
    case MDL_NEGOTIATION_REFUSE:
        return operator_refuses(&s, ev->text, ev->code, err);
    case MDL_NEGOTIATION_PARTNER_UP:
        return partner_up(&s, err);
    case MDL_NEGOTIATION_MESSAGE:
        return message(&s, ev, err);
    }
    return mdl_fail(err, MDL_U_ARGUMENT, "an event of no known type");
}
