/* talk.c: one step of the negotiation with a partner: its row in, mdl_negotiation_step, what
 * changed out. It may not decide who yields or what is signed: proto/session does, and is
 * simulated. */
#include "talk.h"
#include "rounds.h"
#include "trail.h"

#include <stdlib.h>
#include <string.h>

enum mdl_role talk_own_role(struct mdl_service *s, const struct peer *p)
{
    return mdl_role_of(mdl_identity_public(s->identity), p->identity);
}

/* ---- lists of open rounds -----------------------------------------------------------------------
 */

static bool add_open(void *ctx, const struct mdl_round_row *r)
{
    struct open_list *l = ctx;
    if (l->agreement != NULL && memcmp(l->agreement, r->agreement, HASH_BYTES) != 0) {
        return true;
    }
    memcpy(l->id[l->n++], r->id, MDL_STORE_ROUND);
    return l->n < WAITING_MAX;
}

enum mdl_status talk_open_rounds(struct mdl_service *s, int64_t partner, const uint8_t *agreement,
                                 struct open_list *l, struct mdl_error *err)
{
    struct mdl_round_filter f = {.partner = partner, .open_only = true};
    l->agreement = agreement;
    l->n = 0;
    return mdl_round_list(s->store, &f, add_open, l, err);
}

/* ---- rows and the negotiation -------------------------------------------------------------------
 */

static enum mdl_status in_force(void *ctx, const uint8_t hash[MDL_AGREEMENT_HASH],
                                struct mdl_error *err)
{
    struct talk *t = ctx;
    struct mdl_agreement a;
    struct mdl_agreement_row row;
    enum mdl_status st = agreement_check(t->s, t->p->id, hash, &a, &row, err);
    if (st == MDL_OK) {
        st = rounds_may_run(t->s, t->p, &row, err);
        mdl_agreement_clear(&row);
    }
    return st;
}

static bool standing(void *ctx, const uint8_t hash[MDL_AGREEMENT_HASH])
{
    struct talk *t = ctx;
    struct mdl_agreement a;
    struct mdl_agreement_row row;
    if (agreement_check(t->s, t->p->id, hash, &a, &row, NULL) != MDL_OK) {
        return false;
    }
    mdl_agreement_clear(&row);
    return standing_rule(t->s, t->p->id, &a);
}

void talk_begin(struct talk *t, struct mdl_service *s, struct peer *p)
{
    memset(t, 0, sizeof *t);
    t->s = s;
    t->p = p;
    t->host.signer = &s->signer;
    memcpy(t->host.partner, p->identity, sizeof t->host.partner);
    t->host.ctx = t;
    t->host.in_force = in_force;
    t->host.standing = standing;
    t->by = MDL_BY_US;
}

void talk_end(struct talk *t)
{
    free(t->fx.send);
    if (t->has_row) {
        mdl_round_clear(&t->row);
    }
}

static enum mdl_negotiation_state state_of(const struct mdl_round_row *row)
{
    switch (row->outcome) {
    case MDL_ROUND_WAITING:
        return row->proposer == MDL_BY_US ? MDL_NEGOTIATION_PROPOSED : MDL_NEGOTIATION_OFFERED;
    case MDL_ROUND_RUNNING:
        return MDL_NEGOTIATION_APPROVED;
    case MDL_ROUND_REFUSED:
    case MDL_ROUND_ABORTED:
        return MDL_NEGOTIATION_REFUSED;
    case MDL_ROUND_COMPLETE:
    case MDL_ROUND_PARTIAL:
        break;
    }
    return MDL_NEGOTIATION_NONE;
}

/* The row as the negotiation sees it. Signatures are deterministic (RFC 8032): ours are made anew
 * where they may be sent again. */
static enum mdl_status load_row(struct talk *t, struct mdl_error *err)
{
    const struct mdl_round_row *row = &t->row;
    struct mdl_negotiation *n = &t->n;
    struct mdl_statement_parts parts = {row->agreement, row->id, row->created_at};

    n->state = state_of(row);
    n->ours = row->proposer == MDL_BY_US;
    memcpy(n->round, row->id, sizeof n->round);
    memcpy(n->agreement, row->agreement, sizeof n->agreement);
    n->created_ms = row->created_at;
    n->status = (enum mdl_status)row->code;
    clip_text(n->text, sizeof n->text, row->code_text);
    if (n->ours) {
        return mdl_statement_sign(MDL_SAY_PROPOSE, &parts, talk_own_role(t->s, t->p), &t->s->signer,
                                  n->proposal, err);
    }
    return mdl_statement_sign(MDL_SAY_APPROVE, &parts, talk_own_role(t->s, t->p), &t->s->signer,
                              n->approval, err);
}

/* The round with this id, or else the open one with this partner, stands in the negotiation. */
enum mdl_status talk_load(struct talk *t, const uint8_t *id, struct mdl_error *err)
{
    struct open_list open;
    enum mdl_status st =
        id != NULL ? mdl_round_get(t->s->store, id, &t->row, NULL) : MDL_U_NOT_FOUND;
    if (st != MDL_OK) {
        st = talk_open_rounds(t->s, t->p->id, NULL, &open, err);
        if (st != MDL_OK || open.n == 0) {
            return st;
        }
        st = mdl_round_get(t->s->store, open.id[0], &t->row, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    t->has_row = true;
    if (t->row.partner != t->p->id) {
        return mdl_fail(err, MDL_P_UNKNOWN_ROUND, "it names a round with another partner");
    }
    return load_row(t, err);
}

/* ---- what a step changed ------------------------------------------------------------------------
 */

enum mdl_status talk_end_waiting(struct mdl_service *s, struct mdl_round_row *row,
                                 enum mdl_status code, const char *reason, enum mdl_by by,
                                 struct mdl_error *err)
{
    const struct peer *p = peer_by_id(s, row->partner);
    struct trail t = {.kind = MDL_LOG_ROUND_END,
                      .partner = row->partner,
                      .identity = p != NULL ? p->identity : NULL,
                      .round = row->id,
                      .agreement = row->agreement,
                      .note = mdl_status_slug(code)};
    row->outcome = MDL_ROUND_REFUSED;
    row->finished_at = now_ms();
    row->code = (int)code;
    row->ended_by = by;
    clip_text(row->code_text, sizeof row->code_text, reason);
    enum mdl_status st = mdl_round_update(s->store, row, err);
    if (st == MDL_OK) {
        st = mdl_outbox_settle(s->store, row->partner, MDL_MSG_ROUND_PROPOSE, row->id,
                               sizeof row->id, err);
    }
    return st == MDL_OK ? trail_add(s, &t, err) : st;
}

static enum mdl_status insert_row(struct talk *t, struct mdl_error *err)
{
    struct mdl_round_row *row = &t->row;
    if (t->has_row) {
        mdl_round_clear(row);
    }
    memset(row, 0, sizeof *row);
    t->has_row = true;
    memcpy(row->id, t->n.round, sizeof row->id);
    row->partner = t->p->id;
    memcpy(row->agreement, t->n.agreement, sizeof row->agreement);
    row->role = (uint8_t)talk_own_role(t->s, t->p);
    row->proposer = t->n.ours ? MDL_BY_US : MDL_BY_THEM;
    row->outcome = MDL_ROUND_WAITING;
    (void)snprintf(row->phase, sizeof row->phase, "%s", t->n.ours ? WAIT_PARTNER : WAIT_OPERATOR);
    row->created_at = t->n.created_ms;
    return mdl_round_insert(t->s->store, row, err);
}

static enum mdl_status withdraw_before(struct talk *t, struct mdl_error *err)
{
    struct mdl_round_row row;
    enum mdl_status st = mdl_round_get(t->s->store, t->fx.before.round, &row, err);
    if (st == MDL_OK) {
        st = talk_end_waiting(t->s, &row, MDL_P_BUSY,
                              "withdrawn: the partner's proposal crossed it", MDL_BY_US, err);
        mdl_round_clear(&row);
    }
    return st;
}

static void log_offer(const struct talk *t)
{
    char why[STANDING_TEXT];
    standing_why_not(t->s, t->p->id, t->n.agreement, why);
    svc_log(t->s, "info",
            "%s proposes a mapping round; 'mandorla round approve \"%s\"' lets it run%s",
            t->p->name, t->p->name, why);
}

/* Writes the negotiation back into its row; what begins begins, what ended ends. */
static enum mdl_status write_back(struct talk *t, struct mdl_error *err)
{
    enum mdl_status st = t->fx.superseded ? withdraw_before(t, err) : MDL_OK;
    bool new_row = !t->has_row || memcmp(t->row.id, t->n.round, sizeof t->row.id) != 0;

    if (st == MDL_OK && new_row) {
        st = insert_row(t, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    switch (t->n.state) {
    case MDL_NEGOTIATION_PROPOSED:
        (void)snprintf(t->row.phase, sizeof t->row.phase, "%s", WAIT_PARTNER);
        return mdl_round_update(t->s->store, &t->row, err);
    case MDL_NEGOTIATION_OFFERED:
        log_offer(t);
        return MDL_OK;
    case MDL_NEGOTIATION_APPROVED:
        st = mdl_outbox_settle(t->s->store, t->p->id, MDL_MSG_ROUND_PROPOSE, t->row.id,
                               sizeof t->row.id, err);
        return st == MDL_OK ? rounds_begin(t->s, &t->row, err) : st;
    case MDL_NEGOTIATION_REFUSED:
    case MDL_NEGOTIATION_WITHDRAWN:
        if (t->by == MDL_BY_THEM) {
            svc_log(t->s, "warning", "%s %s the round: %s", t->p->name,
                    t->n.status == MDL_P_ABORTED ? "aborted"
                    : t->n.ours                  ? "refused"
                                                 : "took back",
                    t->n.text);
        }
        return talk_end_waiting(t->s, &t->row, t->n.status, t->n.text, t->by, err);
    case MDL_NEGOTIATION_NONE:
        break;
    }
    return MDL_OK;
}

static enum mdl_status send_out(struct talk *t, struct mdl_error *err)
{
    struct mdl_msg m;
    if (t->fx.send == NULL) {
        return MDL_OK;
    }
    enum mdl_status st = mdl_msg_decode(t->fx.send, t->fx.send_len, &m, err);
    if (st != MDL_OK) {
        return mdl_fail(err, MDL_BUG, "the negotiation made a message that does not decode");
    }
    if (m.type == MDL_MSG_ABORT) {
        return outside_send_bytes(t->s, t->p->id, MDL_MSG_ABORT, m.round, NULL, t->fx.send,
                                  t->fx.send_len, err);
    }
    /* A proposal is repeated at each connection until it is answered. */
    return outside_send(t->s, t->p->id, &m, m.round, sizeof m.round,
                        m.type == MDL_MSG_ROUND_PROPOSE, err);
}

enum mdl_status talk_step(struct talk *t, const struct mdl_negotiation_event *ev,
                          struct mdl_error *err)
{
    enum mdl_status st = mdl_negotiation_step(&t->n, &t->host, ev, &t->fx, err);
    enum mdl_status done = MDL_OK;

    /* Some refusals come with an error and still have effects: they are carried out first. */
    if (t->fx.changed) {
        done = write_back(t, st == MDL_OK ? err : NULL);
    }
    if (done == MDL_OK) {
        done = send_out(t, st == MDL_OK ? err : NULL);
    }
    return st != MDL_OK ? st : done;
}
