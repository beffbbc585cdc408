/* agreements.c: proposing, accepting, rejecting and revoking agreements with a partner.
 * It may not put one in force without both signatures over exactly the bytes that are kept. */
#include "limits.h"
#include "proposals.h"
#include "trail.h"

#include <record.h>
#include <sodium.h>
#include <stdlib.h>
#include <store_outbox.h>
#include <string.h>

enum mdl_role agreement_role(struct mdl_service *s, const uint8_t identity[MDL_IDENTITY_BYTES])
{
    return mdl_role_of(mdl_identity_public(s->identity), identity);
}

static enum mdl_status log_agreement(struct mdl_service *s, int64_t partner,
                                     const uint8_t hash[HASH_BYTES], const char *what,
                                     struct mdl_error *err)
{
    const struct peer *p = peer_by_id(s, partner);
    struct trail t = {.kind = MDL_LOG_AGREEMENT,
                      .partner = partner,
                      .identity = p != NULL ? p->identity : NULL,
                      .agreement = hash,
                      .note = what};
    return trail_add(s, &t, err);
}

/* ---- our acts -----------------------------------------------------------------------------------
 */

static enum mdl_status send_propose(struct mdl_service *s, const struct mdl_agreement_row *row,
                                    struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_AGREEMENT_PROPOSE};
    m.body.agreement_propose.agreement = (struct mdl_bytes){row->bytes.data, row->bytes.len};
    m.body.agreement_propose.signature = row->our_sig;
    m.body.agreement_propose.note = mdl_text_of(row->note);
    return outside_send(s, row->partner, &m, row->hash, sizeof row->hash, true, err);
}

/* What travels with a proposal is read by a person of another company. */
static enum mdl_status take_note(const char *note, struct mdl_agreement_row *row,
                                 struct mdl_error *err)
{
    size_t len = note != NULL ? strlen(note) : 0;
    if (len >= sizeof row->note || (len > 0 && !mdl_text_clean(note, len))) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "reason: expected at most %zu bytes of text without control characters, "
                        "found %zu bytes",
                        sizeof row->note - 1, len);
    }
    if (len > 0) {
        memcpy(row->note, note, len + 1);
    }
    return MDL_OK;
}

/* Drafts, encodes and signs into a row. */
static enum mdl_status make_row(struct mdl_service *s, const struct mdl_partner_row *partner,
                                const struct agreement_wish *wish, struct mdl_agreement_row *row,
                                struct mdl_error *err)
{
    struct mdl_agreement a;
    struct mdl_statement_parts parts = {.hash = row->hash};
    enum mdl_status st = agreement_draft_for(s, partner, wish, &a, err);

    if (st == MDL_OK) {
        st = agreement_not_open(s, partner, &a, err);
    }
    if (st == MDL_OK) {
        st = take_note(wish != NULL ? wish->note : NULL, row, err);
    }
    if (st == MDL_OK) {
        st = mdl_agreement_encode(&a, row->bytes.data, &row->bytes.len, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    mdl_agreement_hash(row->bytes.data, row->bytes.len, row->hash);
    row->partner = partner->id;
    row->state = MDL_AGREEMENT_PROPOSED_BY_US;
    row->has_our_sig = true;
    row->created_at = row->changed_at = now_ms();
    row->valid_from = a.valid_from;
    row->valid_until = a.valid_until;
    return mdl_statement_sign(MDL_SAY_AGREEMENT, &parts, agreement_role(s, partner->identity),
                              &s->signer, row->our_sig, err);
}

enum mdl_status agreement_propose(struct mdl_service *s, const struct mdl_partner_row *partner,
                                  const struct agreement_wish *wish, struct mdl_agreement_row *row,
                                  struct mdl_error *err)
{
    memset(row, 0, sizeof *row);
    row->bytes.data = malloc(MDL_AGREEMENT_MAX);
    if (row->bytes.data == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for an agreement");
    }
    enum mdl_status st = make_row(s, partner, wish, row, err);
    if (st == MDL_OK) {
        st = mdl_agreement_insert(s->store, row, err);
    }
    if (st == MDL_OK) {
        st = log_agreement(s, partner->id, row->hash, "proposed by us, signed by us", err);
    }
    if (st == MDL_OK) {
        st = send_propose(s, row, err);
    }
    if (st != MDL_OK) {
        mdl_agreement_clear(row);
    }
    return st;
}

static enum mdl_status send_accept(struct mdl_service *s, const struct mdl_agreement_row *row,
                                   struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_AGREEMENT_ACCEPT};
    m.body.agreement_accept.hash = row->hash;
    m.body.agreement_accept.signature = row->our_sig;
    return outside_send(s, row->partner, &m, row->hash, sizeof row->hash, false, err);
}

enum mdl_status agreement_accept(struct mdl_service *s, struct mdl_agreement_row *row,
                                 struct mdl_error *err)
{
    const struct peer *p = peer_by_id(s, row->partner);
    struct mdl_statement_parts parts = {.hash = row->hash};

    if (p == NULL) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "this partner is not pinned any more");
    }
    enum mdl_status st = mdl_statement_sign(
        MDL_SAY_AGREEMENT, &parts, agreement_role(s, p->identity), &s->signer, row->our_sig, err);
    if (st != MDL_OK) {
        return st;
    }
    row->has_our_sig = true;
    row->state = MDL_AGREEMENT_IN_FORCE;
    row->changed_at = now_ms();
    st = mdl_agreement_move(s->store, MDL_AGREEMENT_PROPOSED_BY_THEM, row, err);
    if (st == MDL_OK) {
        st = log_agreement(s, row->partner, row->hash, "accepted by us, signed by both", err);
    }
    if (st == MDL_OK) {
        st = send_accept(s, row, err);
    }
    return st == MDL_OK ? agreement_settle(s, p, MDL_BY_US, err) : st;
}

/* ---- the partner's messages ---------------------------------------------------------------------
 */

static enum mdl_status send_reject(struct mdl_service *s, int64_t partner,
                                   const uint8_t hash[HASH_BYTES], const char *reason,
                                   struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_AGREEMENT_REJECT};
    m.body.agreement_reject.hash = hash;
    m.body.agreement_reject.reason = mdl_text_clip(reason, MDL_AGREEMENT_TEXT);
    return outside_send(s, partner, &m, hash, HASH_BYTES, false, err);
}

/* A proposal we know already: say again what became of it. */
static enum mdl_status answer_known(struct mdl_service *s, const struct peer *p,
                                    const struct mdl_agreement_row *row, struct mdl_error *err)
{
    if (row->partner != p->id) {
        return mdl_fail(err, MDL_P_AGREEMENT, "it proposes what was agreed with another partner");
    }
    switch (row->state) {
    case MDL_AGREEMENT_IN_FORCE:
    case MDL_AGREEMENT_REPLACED:
        return row->has_our_sig ? send_accept(s, row, err)
                                : send_reject(s, row->partner, row->hash, row->reason, err);
    case MDL_AGREEMENT_REVOKED:
        return send_reject(s, row->partner, row->hash, "the agreement was revoked", err);
    case MDL_AGREEMENT_REJECTED:
    case MDL_AGREEMENT_EXPIRED:
        return send_reject(s, row->partner, row->hash, row->reason, err);
    case MDL_AGREEMENT_DRAFT:
    case MDL_AGREEMENT_PROPOSED_BY_US:
    case MDL_AGREEMENT_PROPOSED_BY_THEM:
        break;
    }
    return MDL_OK;
}

static enum mdl_status store_proposal(struct mdl_service *s, const struct peer *p,
                                      const struct mdl_msg_agreement_propose *b,
                                      const struct mdl_agreement *a, struct mdl_agreement_row *row,
                                      struct mdl_error *err)
{
    row->partner = p->id;
    row->state = MDL_AGREEMENT_PROPOSED_BY_THEM;
    row->bytes = (struct mdl_blob){(uint8_t *)(uintptr_t)b->agreement.p, b->agreement.len};
    row->has_their_sig = true;
    memcpy(row->their_sig, b->signature, sizeof row->their_sig);
    (void)snprintf(row->note, sizeof row->note, "%.*s", (int)b->note.len,
                   b->note.p != NULL ? b->note.p : "");
    row->created_at = row->changed_at = now_ms();
    row->valid_from = a->valid_from;
    row->valid_until = a->valid_until;
    enum mdl_status st = mdl_agreement_insert(s->store, row, err);
    return st == MDL_OK ? log_agreement(s, p->id, row->hash, "proposed by the partner", err) : st;
}

static enum mdl_status standing_accept(struct mdl_service *s, const struct peer *p,
                                       const struct mdl_agreement *a, struct mdl_agreement_row *row,
                                       struct mdl_error *err)
{
    struct mdl_partner_row partner;
    char term[TERM_NAME];
    if (mdl_partner_get(s->store, p->id, &partner, err) != MDL_OK) {
        return err->status;
    }
    bool rule = (partner.flags & PARTNER_ACCEPTS) != 0;
    bool covered = agreement_unasked(s, &partner, a, term) && rule;
    mdl_partner_clear(&partner);
    if (!covered) {
        svc_log(s, "info",
                "%s proposes an agreement; 'mandorla agreement show \"%s\"' shows it%s%s", p->name,
                p->name, rule ? "; not under the standing rule for its " : "", rule ? term : "");
        return MDL_OK;
    }
    svc_log(s, "info", "%s: agreement accepted by the standing rule", p->name);
    return agreement_accept(s, row, err);
}

/* Answers a proposal that is not even kept. */
static enum mdl_status reject_new(struct mdl_service *s, const struct peer *p,
                                  const uint8_t hash[HASH_BYTES], const char *reason,
                                  struct mdl_error *err)
{
    svc_log(s, "warning", "%s proposed an agreement, which was rejected: %s", p->name, reason);
    return send_reject(s, p->id, hash, reason, err);
}

/* Whether a new proposal is kept; `reason` says why not. */
static enum mdl_status may_keep(struct mdl_service *s, const struct peer *p,
                                const struct mdl_agreement_row *row, bool *room,
                                const char **reason, struct mdl_error *err)
{
    struct mdl_agreement_row after;
    bool hit = false;
    enum mdl_status st = agreement_after(s, p->id, row, &hit, &after, err);
    if (st == MDL_OK && hit) {
        *room = false;
        *reason = "both signed another one that begins later";
        return MDL_OK;
    }
    return st == MDL_OK ? limit_agreements(s, p, room, reason, err) : st;
}

static enum mdl_status take_propose(struct mdl_service *s, struct peer *p,
                                    const struct mdl_msg_agreement_propose *b,
                                    struct mdl_error *err)
{
    struct mdl_agreement a;
    struct mdl_agreement_row row = {0};
    enum mdl_role theirs = mdl_role_other(agreement_role(s, p->identity));
    const char *reason;
    bool room;
    uint8_t hash[HASH_BYTES];
    struct mdl_error why = {MDL_OK, ""};
    mdl_agreement_hash(b->agreement.p, b->agreement.len, hash);
    if (mdl_agreement_get(s->store, hash, &row, NULL) == MDL_OK) {
        enum mdl_status known = answer_known(s, p, &row, err);
        mdl_agreement_clear(&row);
        return known;
    }
    memset(&row, 0, sizeof row);
    memcpy(row.hash, hash, sizeof row.hash);
    struct mdl_statement_parts parts = {.hash = row.hash};
    enum mdl_status st =
        mdl_statement_verify(MDL_SAY_AGREEMENT, &parts, theirs, p->identity, b->signature, err);
    if (st != MDL_OK) {
        return st;
    }
    if (mdl_agreement_decode(b->agreement.p, b->agreement.len, &a, &why) != MDL_OK ||
        mdl_agreement_between(&a, mdl_identity_public(s->identity), p->identity, &why) != MDL_OK) {
        return reject_new(s, p, hash, why.text, err);
    }
    row.valid_from = a.valid_from;
    st = may_keep(s, p, &row, &room, &reason, err);
    if (st == MDL_OK && !room) {
        return reject_new(s, p, hash, reason, err);
    }
    if (st == MDL_OK) {
        st = store_proposal(s, p, b, &a, &row, err);
    }
    return st == MDL_OK ? standing_accept(s, p, &a, &row, err) : st;
}

static enum mdl_status settle(struct mdl_service *s, int64_t partner, uint32_t type,
                              const uint8_t hash[HASH_BYTES], struct mdl_error *err)
{
    return mdl_outbox_settle(s->store, partner, type, hash, HASH_BYTES, err);
}

static enum mdl_status take_accept(struct mdl_service *s, struct peer *p,
                                   const struct mdl_msg_agreement_accept *b,
                                   struct mdl_agreement_row *row, struct mdl_error *err)
{
    struct mdl_statement_parts parts = {.hash = row->hash};
    enum mdl_role theirs = mdl_role_other(agreement_role(s, p->identity));
    /* One that was taken back or replaced while they signed it is in force nowhere, but both signed
     * it: it replaces others on their side, so it does on ours. */
    bool late = (row->state == MDL_AGREEMENT_REVOKED || row->state == MDL_AGREEMENT_REPLACED) &&
                row->has_our_sig && !row->has_their_sig;
    if (row->state != MDL_AGREEMENT_PROPOSED_BY_US && !late) {
        return settle(s, p->id, MDL_MSG_AGREEMENT_PROPOSE, row->hash, err);
    }
    enum mdl_status st =
        mdl_statement_verify(MDL_SAY_AGREEMENT, &parts, theirs, p->identity, b->signature, err);
    if (st != MDL_OK) {
        return st;
    }
    memcpy(row->their_sig, b->signature, sizeof row->their_sig);
    row->has_their_sig = true;
    if (late) {
        st = mdl_agreement_move(s->store, row->state, row, err);
        return st == MDL_OK ? agreement_settle(s, p, MDL_BY_THEM, err) : st;
    }
    row->state = MDL_AGREEMENT_IN_FORCE;
    row->changed_at = now_ms();
    st = mdl_agreement_move(s->store, MDL_AGREEMENT_PROPOSED_BY_US, row, err);
    if (st == MDL_OK) {
        st = settle(s, p->id, MDL_MSG_AGREEMENT_PROPOSE, row->hash, err);
    }
    if (st == MDL_OK) {
        st = log_agreement(s, p->id, row->hash, "accepted by the partner, signed by both", err);
    }
    if (st == MDL_OK) {
        svc_log(s, "info", "%s accepted the agreement", p->name);
        st = agreement_settle(s, p, MDL_BY_THEM, err);
    }
    return st;
}

static enum mdl_status take_reject(struct mdl_service *s, struct peer *p, struct mdl_text reason,
                                   struct mdl_agreement_row *row, struct mdl_error *err)
{
    enum mdl_status st = settle(s, p->id, MDL_MSG_AGREEMENT_PROPOSE, row->hash, err);
    if (st != MDL_OK || row->state != MDL_AGREEMENT_PROPOSED_BY_US) {
        return st;
    }
    row->state = MDL_AGREEMENT_REJECTED;
    row->changed_at = now_ms();
    (void)snprintf(row->reason, sizeof row->reason, "%.*s", (int)reason.len,
                   reason.p != NULL ? reason.p : "");
    st = mdl_agreement_move(s->store, MDL_AGREEMENT_PROPOSED_BY_US, row, err);
    if (st == MDL_OK) {
        st = log_agreement(s, p->id, row->hash, "rejected by the partner", err);
    }
    svc_log(s, "warning", "%s rejected the agreement: %s", p->name, row->reason);
    return st == MDL_OK
               ? proposals_ended(s, p->id, row->hash, "the partner rejected the agreement", err)
               : st;
}

static enum mdl_status send_revoke(struct mdl_service *s, const struct mdl_agreement_row *row,
                                   bool keep, struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_AGREEMENT_REVOKE};
    m.body.agreement_revoke.hash = row->hash;
    m.body.agreement_revoke.signature = row->our_revocation;
    return outside_send(s, row->partner, &m, row->hash, sizeof row->hash, keep, err);
}

/* `theirs`: the partner began it, and ours is the answer. */
static enum mdl_status revoke(struct mdl_service *s, const struct peer *p,
                              struct mdl_agreement_row *row, bool theirs, struct mdl_error *err)
{
    const char *what = theirs ? REVOKED_BY_THEM : REVOKED_BY_US;
    struct mdl_statement_parts parts = {.hash = row->hash};
    enum mdl_agreement_state from = row->state;
    enum mdl_status st = mdl_statement_sign(MDL_SAY_REVOKE, &parts, agreement_role(s, p->identity),
                                            &s->signer, row->our_revocation, err);
    if (st != MDL_OK) {
        return st;
    }
    row->has_our_revocation = true;
    row->state = MDL_AGREEMENT_REVOKED;
    row->changed_at = now_ms();
    (void)snprintf(row->reason, sizeof row->reason, "%s", what); /* each answers with its own */
    st = mdl_agreement_move(s->store, from, row, err);
    if (st == MDL_OK) {
        st = log_agreement(s, p->id, row->hash, what, err);
    }
    if (st == MDL_OK) {
        st = send_revoke(s, row, !theirs, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    return theirs ? proposals_ended(s, p->id, row->hash, "the partner revoked the agreement", err)
                  : proposals_end(s, p->id, row->hash, "the agreement was revoked", err);
}

/* Each side answers a revocation with its own, which settles the other's. */
static enum mdl_status take_revoke(struct mdl_service *s, struct peer *p,
                                   const struct mdl_msg_agreement_revoke *b,
                                   struct mdl_agreement_row *row, struct mdl_error *err)
{
    struct mdl_statement_parts parts = {.hash = row->hash};
    enum mdl_role theirs = mdl_role_other(agreement_role(s, p->identity));
    enum mdl_status st =
        mdl_statement_verify(MDL_SAY_REVOKE, &parts, theirs, p->identity, b->signature, err);
    if (st == MDL_OK) {
        st = settle(s, p->id, MDL_MSG_AGREEMENT_REVOKE, row->hash, err);
    }
    if (st != MDL_OK || (row->has_their_revocation && row->has_our_revocation)) {
        return st;
    }
    bool ours = row->has_our_revocation;
    row->has_their_revocation = true;
    memcpy(row->their_revocation, b->signature, sizeof row->their_revocation);
    if (ours) {
        return mdl_agreement_move(s->store, row->state, row, err);
    }
    svc_log(s, "warning", "%s revoked the agreement", p->name);
    /* It may have taken back a proposal that we had signed: what that replaced here, it is to
     * replace there. */
    st = row->has_our_sig && row->has_their_sig ? send_accept(s, row, err) : MDL_OK;
    return st == MDL_OK ? revoke(s, p, row, true, err) : st;
}

enum mdl_status agreement_message(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                                  struct mdl_error *err)
{
    struct mdl_agreement_row row = {0};
    const uint8_t *hash = m->type == MDL_MSG_AGREEMENT_ACCEPT   ? m->body.agreement_accept.hash
                          : m->type == MDL_MSG_AGREEMENT_REJECT ? m->body.agreement_reject.hash
                                                                : m->body.agreement_revoke.hash;
    if (m->type == MDL_MSG_AGREEMENT_PROPOSE) {
        return take_propose(s, p, &m->body.agreement_propose, err);
    }
    enum mdl_status st = mdl_agreement_get(s->store, hash, &row, NULL);
    if (st != MDL_OK || row.partner != p->id) {
        if (st == MDL_OK) {
            mdl_agreement_clear(&row);
        }
        return mdl_fail(err, MDL_P_AGREEMENT, "it names an agreement that is not known here");
    }
    if (m->type == MDL_MSG_AGREEMENT_ACCEPT) {
        st = take_accept(s, p, &m->body.agreement_accept, &row, err);
    } else if (m->type == MDL_MSG_AGREEMENT_REJECT) {
        st = take_reject(s, p, m->body.agreement_reject.reason, &row, err);
    } else {
        st = take_revoke(s, p, &m->body.agreement_revoke, &row, err);
    }
    mdl_agreement_clear(&row);
    return st;
}

enum mdl_status agreement_reject(struct mdl_service *s, struct mdl_agreement_row *row,
                                 const char *reason, struct mdl_error *err)
{
    row->state = MDL_AGREEMENT_REJECTED;
    row->changed_at = now_ms();
    clip_text(row->reason, sizeof row->reason, reason);
    enum mdl_status st = mdl_agreement_move(s->store, MDL_AGREEMENT_PROPOSED_BY_THEM, row, err);
    if (st == MDL_OK) {
        st = log_agreement(s, row->partner, row->hash, "rejected by us", err);
    }
    return st == MDL_OK ? send_reject(s, row->partner, row->hash, reason, err) : st;
}

enum mdl_status agreement_revoke(struct mdl_service *s, struct mdl_agreement_row *row,
                                 struct mdl_error *err)
{
    const struct peer *p = peer_by_id(s, row->partner);
    if (p == NULL) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "this partner is not pinned any more");
    }
    enum mdl_status st = settle(s, p->id, MDL_MSG_AGREEMENT_PROPOSE, row->hash, err);
    return st == MDL_OK ? revoke(s, p, row, false, err) : st;
}
