/* proposals.c: rounds before they run: proposing, approving, refusing, crossing proposals.
 * It may not start a round without an agreement in force and both approvals. */
#include "proposals.h"
#include "limits.h"
#include "rounds.h"
#include "trail.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 64

static enum mdl_role own_role(struct mdl_service *s, const struct peer *p)
{
    return mdl_role_of(mdl_identity_public(s->identity), p->identity);
}

/* ---- lists of open rounds -----------------------------------------------------------------------
 */

struct open_list {
    const uint8_t *agreement; /* NULL: all */
    size_t n;
    uint8_t id[WAITING_MAX][MDL_STORE_ROUND];
};

static bool add_open(void *ctx, const struct mdl_round_row *r)
{
    struct open_list *l = ctx;
    if (l->agreement != NULL && memcmp(l->agreement, r->agreement, HASH_BYTES) != 0) {
        return true;
    }
    memcpy(l->id[l->n++], r->id, MDL_STORE_ROUND);
    return l->n < WAITING_MAX;
}

static enum mdl_status open_rounds(struct mdl_service *s, int64_t partner, const uint8_t *agreement,
                                   struct open_list *l, struct mdl_error *err)
{
    struct mdl_round_filter f = {.partner = partner, .open_only = true};
    l->agreement = agreement;
    l->n = 0;
    return mdl_round_list(s->store, &f, add_open, l, err);
}

/* ---- our proposals ------------------------------------------------------------------------------
 */

static enum mdl_status send_propose(struct mdl_service *s, struct peer *p,
                                    const struct mdl_round_row *row, struct mdl_error *err)
{
    uint8_t sig[MDL_SIGNATURE_BYTES];
    struct mdl_statement_parts parts = {
        .hash = row->agreement, .round = row->id, .created = row->created_at};
    struct mdl_msg m = {.type = MDL_MSG_ROUND_PROPOSE};
    enum mdl_status st =
        mdl_statement_sign(MDL_SAY_PROPOSE, &parts, own_role(s, p), &s->signer, sig, err);

    if (st != MDL_OK) {
        return st;
    }
    memcpy(m.round, row->id, sizeof m.round);
    m.body.round_propose.agreement = row->agreement;
    m.body.round_propose.created = row->created_at;
    m.body.round_propose.signature = sig;
    return outside_send(s, p->id, &m, row->id, sizeof row->id, true, err);
}

enum mdl_status proposal_make(struct mdl_service *s, const struct mdl_agreement_row *agreement,
                              struct mdl_round_row *out, struct mdl_error *err)
{
    struct peer *p = peer_by_id(s, agreement->partner);
    struct open_list open;

    if (p == NULL) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "this partner is not pinned");
    }
    enum mdl_status st = open_rounds(s, p->id, NULL, &open, err);
    if (st == MDL_OK && open.n > 0) {
        char hex[2 * MDL_STORE_ROUND + 1];
        (void)sodium_bin2hex(hex, sizeof hex, open.id[0], MDL_STORE_ROUND);
        return mdl_fail(err, MDL_U_STATE,
                        "round %.8s with %s is still open; 'mandorla round show %.8s' shows it, "
                        "'mandorla round abort %.8s' ends it",
                        hex, p->name, hex, hex);
    }
    if (st == MDL_OK) {
        st = rounds_may_run(s, p, agreement, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    bool in_force = agreement->state == MDL_AGREEMENT_IN_FORCE;
    memset(out, 0, sizeof *out);
    randombytes_buf(out->id, sizeof out->id);
    out->partner = p->id;
    memcpy(out->agreement, agreement->hash, sizeof out->agreement);
    out->role = (uint8_t)own_role(s, p);
    out->proposer = MDL_BY_US;
    out->outcome = MDL_ROUND_WAITING;
    (void)snprintf(out->phase, sizeof out->phase, "%s", in_force ? WAIT_PARTNER : WAIT_AGREEMENT);
    out->created_at = now_ms();
    st = mdl_round_insert(s->store, out, err);
    return st == MDL_OK && in_force ? send_propose(s, p, out, err) : st;
}

enum mdl_status proposals_agreement(struct mdl_service *s, int64_t partner, struct mdl_error *err)
{
    struct peer *p = peer_by_id(s, partner);
    struct open_list open;
    enum mdl_status st = open_rounds(s, partner, NULL, &open, err);

    for (size_t i = 0; i < open.n && st == MDL_OK && p != NULL; i++) {
        struct mdl_round_row row;
        struct mdl_agreement a;
        struct mdl_agreement_row agreement;
        st = mdl_round_get(s->store, open.id[i], &row, err);
        if (st != MDL_OK) {
            return st;
        }
        if (row.outcome == MDL_ROUND_WAITING && strcmp(row.phase, WAIT_AGREEMENT) == 0 &&
            agreement_check(s, partner, row.agreement, &a, &agreement, NULL) == MDL_OK) {
            mdl_agreement_clear(&agreement);
            (void)snprintf(row.phase, sizeof row.phase, "%s", WAIT_PARTNER);
            st = mdl_round_update(s->store, &row, err);
            st = st == MDL_OK ? send_propose(s, p, &row, err) : st;
        }
        mdl_round_clear(&row);
    }
    return st;
}

/* ---- ends ---------------------------------------------------------------------------------------
 */

static enum mdl_status end_waiting(struct mdl_service *s, struct mdl_round_row *row,
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

static enum mdl_status send_refuse(struct mdl_service *s, int64_t partner,
                                   const uint8_t round[MDL_STORE_ROUND], enum mdl_status code,
                                   const char *reason, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_ROUND_REFUSE};
    memcpy(m.round, round, sizeof m.round);
    m.body.round_refuse.code = (uint8_t)code;
    m.body.round_refuse.reason = mdl_text_clip(reason, MDL_STORE_TEXT);
    return outside_send(s, partner, &m, round, MDL_STORE_ROUND, false, err);
}

enum mdl_status proposal_refuse(struct mdl_service *s, struct mdl_round_row *row,
                                enum mdl_status code, const char *reason, struct mdl_error *err)
{
    bool known_there = strcmp(row->phase, WAIT_AGREEMENT) != 0;
    enum mdl_status st = end_waiting(s, row, code, reason, MDL_BY_US, err);
    if (st == MDL_OK && known_there) {
        st = send_refuse(s, row->partner, row->id, code, reason, err);
    }
    return st;
}

enum mdl_status proposals_end(struct mdl_service *s, int64_t partner, const uint8_t *hash,
                              const char *why, struct mdl_error *err)
{
    struct open_list open;
    enum mdl_status st = open_rounds(s, partner, hash, &open, err);
    for (size_t i = 0; i < open.n && st == MDL_OK; i++) {
        struct mdl_round_row row;
        st = mdl_round_get(s->store, open.id[i], &row, err);
        if (st != MDL_OK) {
            break;
        }
        if (row.outcome == MDL_ROUND_WAITING) {
            st = proposal_refuse(s, &row, hash != NULL ? MDL_P_AGREEMENT : MDL_P_REFUSED, why, err);
        } else {
            rounds_abort(s, row.id, why);
        }
        mdl_round_clear(&row);
    }
    return st;
}

/* ---- the partner's proposals --------------------------------------------------------------------
 */

static enum mdl_status send_approve(struct mdl_service *s, struct peer *p,
                                    const struct mdl_round_row *row, struct mdl_error *err)
{
    uint8_t sig[MDL_SIGNATURE_BYTES];
    struct mdl_statement_parts parts = {.hash = row->agreement, .round = row->id};
    struct mdl_msg m = {.type = MDL_MSG_ROUND_APPROVE};
    enum mdl_status st =
        mdl_statement_sign(MDL_SAY_APPROVE, &parts, own_role(s, p), &s->signer, sig, err);
    if (st != MDL_OK) {
        return st;
    }
    memcpy(m.round, row->id, sizeof m.round);
    m.body.round_approve.agreement = row->agreement;
    m.body.round_approve.signature = sig;
    return outside_send(s, p->id, &m, row->id, sizeof row->id, false, err);
}

enum mdl_status proposal_approve(struct mdl_service *s, struct mdl_round_row *row,
                                 struct mdl_error *err)
{
    struct peer *p = peer_by_id(s, row->partner);
    struct mdl_agreement a;
    struct mdl_agreement_row agreement;

    if (p == NULL) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "this partner is not pinned any more");
    }
    enum mdl_status st = agreement_check(s, p->id, row->agreement, &a, &agreement, err);
    if (st != MDL_OK) {
        return st;
    }
    st = rounds_may_run(s, p, &agreement, err);
    mdl_agreement_clear(&agreement);
    if (st == MDL_OK) {
        st = rounds_begin(s, row, err);
    }
    return st == MDL_OK ? send_approve(s, p, row, err) : st;
}

/* A proposal that was answered before: say it again. */
static enum mdl_status repeat_answer(struct mdl_service *s, struct peer *p,
                                     const struct mdl_round_row *row, struct mdl_error *err)
{
    if (row->proposer != MDL_BY_THEM) {
        return mdl_fail(err, MDL_P_REPLAY, "it proposes a round that this node proposed");
    }
    switch (row->outcome) {
    case MDL_ROUND_RUNNING:
        return send_approve(s, p, row, err);
    case MDL_ROUND_REFUSED:
    case MDL_ROUND_ABORTED:
        return send_refuse(s, p->id, row->id, (enum mdl_status)row->code, row->code_text, err);
    case MDL_ROUND_WAITING:
    case MDL_ROUND_COMPLETE:
    case MDL_ROUND_PARTIAL:
        break;
    }
    return MDL_OK;
}

/* Of two proposals that cross, that of role A stands (PROTOCOL 4.7). *yield: ours is withdrawn, and
 * since our operator wanted a round under the same agreement, theirs is approved. */
static enum mdl_status resolve_crossing(struct mdl_service *s, struct peer *p,
                                        const uint8_t agreement[HASH_BYTES], bool *busy,
                                        bool *approve, struct mdl_error *err)
{
    struct open_list open;
    enum mdl_status st = open_rounds(s, p->id, NULL, &open, err);
    *busy = *approve = false;
    for (size_t i = 0; i < open.n && st == MDL_OK; i++) {
        struct mdl_round_row row;
        st = mdl_round_get(s->store, open.id[i], &row, err);
        if (st != MDL_OK) {
            break;
        }
        bool ours_waits = row.outcome == MDL_ROUND_WAITING && row.proposer == MDL_BY_US;
        if (!ours_waits || own_role(s, p) == MDL_ROLE_A) {
            *busy = true;
        } else {
            *approve = memcmp(row.agreement, agreement, HASH_BYTES) == 0;
            st = end_waiting(s, &row, MDL_P_BUSY, "withdrawn: the partner's proposal crossed it",
                             MDL_BY_US, err);
        }
        mdl_round_clear(&row);
    }
    return st;
}

static enum mdl_status refuse_new(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                                  enum mdl_status code, const char *reason, struct mdl_error *err)
{
    svc_log(s, "warning", "%s proposed a round, which was refused: %s", p->name, reason);
    return send_refuse(s, p->id, m->round, code, reason, err);
}

static enum mdl_status store_asked(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                                   struct mdl_round_row *row, struct mdl_error *err)
{
    memset(row, 0, sizeof *row);
    memcpy(row->id, m->round, sizeof row->id);
    row->partner = p->id;
    memcpy(row->agreement, m->body.round_propose.agreement, sizeof row->agreement);
    row->role = (uint8_t)own_role(s, p);
    row->proposer = MDL_BY_THEM;
    row->outcome = MDL_ROUND_WAITING;
    (void)snprintf(row->phase, sizeof row->phase, "%s", WAIT_OPERATOR);
    row->created_at = m->body.round_propose.created;
    return mdl_round_insert(s->store, row, err);
}

static enum mdl_status take_new(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                                struct mdl_error *err)
{
    const struct mdl_msg_round_propose *b = &m->body.round_propose;
    struct mdl_statement_parts parts = {
        .hash = b->agreement, .round = m->round, .created = b->created};
    struct mdl_agreement a;
    struct mdl_agreement_row agreement;
    struct mdl_round_row row;
    struct mdl_error why = {MDL_OK, ""};
    bool busy;
    bool approve;
    enum mdl_status st = mdl_statement_verify(
        MDL_SAY_PROPOSE, &parts, mdl_role_other(own_role(s, p)), p->identity, b->signature, err);
    if (st != MDL_OK) {
        return st;
    }
    if (limit_created(b->created) != NULL) {
        return refuse_new(s, p, m, MDL_P_REFUSED, limit_created(b->created), err);
    }
    st = agreement_check(s, p->id, b->agreement, &a, &agreement, &why);
    if (st != MDL_OK) {
        return refuse_new(s, p, m, MDL_P_AGREEMENT, why.text, err);
    }
    st = rounds_may_run(s, p, &agreement, &why);
    mdl_agreement_clear(&agreement);
    if (st != MDL_OK) {
        return refuse_new(s, p, m, mdl_status_class(st) == MDL_CLASS_PEER ? st : MDL_P_INTERNAL,
                          why.text, err);
    }
    st = resolve_crossing(s, p, b->agreement, &busy, &approve, err);
    if (st == MDL_OK && busy) {
        return refuse_new(s, p, m, MDL_P_BUSY, "another round with this partner is open", err);
    }
    if (st == MDL_OK) {
        st = store_asked(s, p, m, &row, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    if (approve || standing_rule(s, p->id, &a)) {
        return proposal_approve(s, &row, err);
    }
    svc_log(s, "info", "%s proposes a mapping round; 'mandorla round approve \"%s\"' lets it run",
            p->name, p->name);
    return MDL_OK;
}

/* ---- answers to ours ----------------------------------------------------------------------------
 */

/* It approves a round that is not known here or was withdrawn: it must not wait for us. */
static enum mdl_status send_unwanted(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                                     struct mdl_error *err)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum mdl_status st =
        mdl_session_abort_message(m->round, MDL_P_UNKNOWN_ROUND, NULL, &bytes, &len, err);
    if (st == MDL_OK) {
        st = outside_send_bytes(s, p->id, MDL_MSG_ABORT, m->round, NULL, bytes, len, err);
    }
    free(bytes);
    return st;
}

static enum mdl_status take_approve(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                                    struct mdl_round_row *row, struct mdl_error *err)
{
    struct mdl_statement_parts parts = {.hash = row->agreement, .round = row->id};
    struct mdl_agreement a;
    struct mdl_agreement_row agreement;
    if (row->proposer == MDL_BY_US && row->outcome == MDL_ROUND_REFUSED) {
        return send_unwanted(s, p, m, err);
    }
    if (row->outcome != MDL_ROUND_WAITING) {
        return mdl_outbox_settle(s->store, p->id, MDL_MSG_ROUND_PROPOSE, row->id, sizeof row->id,
                                 err);
    }
    if (row->proposer != MDL_BY_US ||
        memcmp(m->body.round_approve.agreement, row->agreement, HASH_BYTES) != 0) {
        return mdl_fail(err, MDL_P_AGREEMENT, "it approves something else than was proposed");
    }
    enum mdl_status st =
        mdl_statement_verify(MDL_SAY_APPROVE, &parts, mdl_role_other(own_role(s, p)), p->identity,
                             m->body.round_approve.signature, err);
    if (st == MDL_OK) {
        st = agreement_check(s, p->id, row->agreement, &a, &agreement, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    mdl_agreement_clear(&agreement);
    st = mdl_outbox_settle(s->store, p->id, MDL_MSG_ROUND_PROPOSE, row->id, sizeof row->id, err);
    return st == MDL_OK ? rounds_begin(s, row, err) : st;
}

static enum mdl_status take_refuse(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                                   struct mdl_round_row *row, struct mdl_error *err)
{
    char reason[MDL_STORE_TEXT + 1];
    enum mdl_status code = mdl_status_from_wire(m->body.round_refuse.code);
    struct mdl_text t = m->body.round_refuse.reason;

    (void)snprintf(reason, sizeof reason, "%.*s", (int)t.len, t.p != NULL ? t.p : "");
    if (row->outcome != MDL_ROUND_WAITING) {
        return mdl_outbox_settle(s->store, p->id, MDL_MSG_ROUND_PROPOSE, row->id, sizeof row->id,
                                 err);
    }
    svc_log(s, "warning", "%s refused the round: %s", p->name, reason);
    return end_waiting(s, row, code, reason, MDL_BY_THEM, err);
}

enum mdl_status proposal_message(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                                 struct mdl_error *err)
{
    struct mdl_round_row row;
    enum mdl_status st = mdl_round_get(s->store, m->round, &row, NULL);
    bool known = st == MDL_OK;

    if (known && row.partner != p->id) {
        mdl_round_clear(&row);
        return mdl_fail(err, MDL_P_UNKNOWN_ROUND, "it names a round with another partner");
    }
    if (!known && m->type == MDL_MSG_ROUND_PROPOSE) {
        st = take_new(s, p, m, err);
    } else if (!known && m->type == MDL_MSG_ROUND_APPROVE) {
        st = send_unwanted(s, p, m, err);
    } else if (!known) {
        st = mdl_fail(err, MDL_P_UNKNOWN_ROUND, "it names a round that is not known here");
    } else if (m->type == MDL_MSG_ROUND_PROPOSE) {
        st = repeat_answer(s, p, &row, err);
    } else if (m->type == MDL_MSG_ROUND_APPROVE) {
        st = take_approve(s, p, m, &row, err);
    } else {
        st = take_refuse(s, p, m, &row, err);
    }
    if (known) {
        mdl_round_clear(&row);
    }
    return st;
}
