/* outside.h: messages outside a round (PROTOCOL 4): NODE_INFO, agreements, proposals; and the
 * outbox that repeats what a partner has not settled. Loop thread. A failure to handle a partner's
 * message is logged and leaves nothing of it in the database; it never stops the node. */
#ifndef MANDORLA_SERVICE_OUTSIDE_H
#define MANDORLA_SERVICE_OUTSIDE_H

#include "internal.h"

#include <mandorla/agreement.h>
#include <store_agreement.h>
#include <wire.h>

/* ---- outside.c ----------------------------------------------------------------------------------
 */
/* A connection came up: NODE_INFO, then everything in the outbox. */
void outside_up(struct mdl_service *s, struct peer *p);
/* Any message of a partner: outside a round handled here, inside one by rounds_message. */
void outside_message(struct mdl_service *s, struct peer *p, const uint8_t *bytes, size_t len);
/* Repeats the outbox of connected partners now and then. */
void outside_tick(struct mdl_service *s);
uint64_t outside_next_due(struct mdl_service *s);

/* Encodes, logs and queues one message. With `keep` it goes to the outbox under its subject (round
 * id or agreement hash) and is repeated until mdl_outbox_settle. */
enum mdl_status outside_send(struct mdl_service *s, int64_t partner, const struct mdl_msg *m,
                             const uint8_t *subject, size_t subject_len, bool keep,
                             struct mdl_error *err);
/* Logs and queues bytes that are encoded already. `agreement` may be NULL. */
enum mdl_status outside_send_bytes(struct mdl_service *s, int64_t partner, uint8_t type,
                                   const uint8_t *round, const uint8_t *agreement,
                                   const uint8_t *bytes, size_t len, struct mdl_error *err);

/* The reason of a revoked one: who began; each side answers with its own revocation. */
#define REVOKED_BY_US   "revoked by us"
#define REVOKED_BY_THEM "revoked by the partner"

/* ---- agreement_force.c --------------------------------------------------------------------------
 * Between two parties one agreement is in force: of those that both signed, whatever became of
 * them, the one with the latest valid_from (then the higher hash). Both nodes come to the same one
 * in whatever order the signatures arrive. */
/* After a signature came: what is in force besides the last is replaced, its rounds end (by whom
 * `by` says); our rounds that waited for the last are proposed. */
enum mdl_status agreement_settle(struct mdl_service *s, const struct peer *p, enum mdl_by by,
                                 struct mdl_error *err);
/* The last one that both signed, if it comes after `than` (NULL: after none). Without its bytes:
 * nothing to clear. */
enum mdl_status agreement_after(struct mdl_service *s, int64_t partner,
                                const struct mdl_agreement_row *than, bool *hit,
                                struct mdl_agreement_row *after, struct mdl_error *err);

/* ---- agreements.c -------------------------------------------------------------------------------
 */
enum mdl_role agreement_role(struct mdl_service *s, const uint8_t identity[MDL_IDENTITY_BYTES]);
enum mdl_status agreement_message(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                                  struct mdl_error *err);
/* The newest agreement in force with a partner; MDL_U_NOT_FOUND. `row` to be cleared. `a` may be
 * NULL. */
enum mdl_status agreement_in_force(struct mdl_service *s, int64_t partner,
                                   struct mdl_agreement_row *row, struct mdl_agreement *a,
                                   struct mdl_error *err);
/* Checks one agreement by hash: in force between us and this partner, now. */
enum mdl_status agreement_check(struct mdl_service *s, int64_t partner,
                                const uint8_t hash[HASH_BYTES], struct mdl_agreement *a,
                                struct mdl_agreement_row *row, struct mdl_error *err);
struct agreement_wish {
    const json_t *params; /* of agreement.propose or .amend, or NULL */
    const struct mdl_agreement
        *base;        /* whose terms hold where params say nothing; NULL: standard */
    const char *note; /* travels with the proposal, unsigned; NULL: none */
};
/* Drafts, signs, stores and proposes. `row` to be cleared. */
enum mdl_status agreement_propose(struct mdl_service *s, const struct mdl_partner_row *partner,
                                  const struct agreement_wish *wish, struct mdl_agreement_row *row,
                                  struct mdl_error *err);
enum mdl_status agreement_draft_for(struct mdl_service *s, const struct mdl_partner_row *partner,
                                    const struct agreement_wish *wish, struct mdl_agreement *a,
                                    struct mdl_error *err);
/* MDL_U_EXISTS: we have proposed these very terms, and the partner has not answered. */
enum mdl_status agreement_not_open(struct mdl_service *s, const struct mdl_partner_row *partner,
                                   const struct mdl_agreement *a, struct mdl_error *err);
/* Signs one that the partner proposed. */
enum mdl_status agreement_accept(struct mdl_service *s, struct mdl_agreement_row *row,
                                 struct mdl_error *err);
/* Refuses one that the partner proposed; ends one that is in force or proposed by us. */
enum mdl_status agreement_reject(struct mdl_service *s, struct mdl_agreement_row *row,
                                 const char *reason, struct mdl_error *err);
enum mdl_status agreement_revoke(struct mdl_service *s, struct mdl_agreement_row *row,
                                 struct mdl_error *err);
/* The newest in a state; MDL_U_NOT_FOUND. `row` to be cleared. */
enum mdl_status agreement_newest(struct mdl_service *s, int64_t partner,
                                 enum mdl_agreement_state state, struct mdl_agreement_row *row,
                                 struct mdl_error *err);
/* Whether the standing rule covers these terms: they are our standard ones. If not, `term` names
 * the first that is none. */
#define TERM_NAME 64
bool agreement_is_standard(struct mdl_service *s, const struct mdl_partner_row *partner,
                           const struct mdl_agreement *a, char term[TERM_NAME]);
/* Whether it begins later than two clocks may differ. What both signed is replaced only by what
 * begins after it: one from the far future would stay the last for ever. */
bool agreement_begins_late(uint64_t valid_from);
/* Whether the standing rule accepts these terms: the standard ones, unless others are in force, to
 * which a person agreed and which they would replace. */
bool agreement_unasked(struct mdl_service *s, const struct mdl_partner_row *partner,
                       const struct mdl_agreement *a, char term[TERM_NAME]);
json_t *doc_agreement(struct mdl_service *s, const struct mdl_agreement_row *row);
json_t *doc_disclosure(struct mdl_service *s, const struct mdl_agreement *a);
/* "counts", "accounts", or "mixed". */
const char *agreement_level(const struct mdl_agreement *a);
json_t *doc_caps(const struct mdl_agreement_caps *c);
json_t *doc_terms(struct mdl_service *s, const struct mdl_agreement *a);
/* The differences as an array, seen from us. *raised: the cells that disclose more, if that is all
 * that differs (names and times apart): the one side asks for more; else NULL. */
void doc_changes(struct mdl_service *s, const struct mdl_agreement *before,
                 const struct mdl_agreement *after, json_t **changes, json_t **raised);
/* The partner's standing rule was switched on: accepts what waits and is covered by it. */
void outside_standing_rule(struct mdl_service *s, int64_t partner);

#endif
