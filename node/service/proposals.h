/* proposals.h: rounds before they run (PROTOCOL 4.6, 4.7): proposed, waiting, approved, refused.
 * A round waits in the database, through restarts, until the partner is there and approves. */
#ifndef MANDORLA_SERVICE_PROPOSALS_H
#define MANDORLA_SERVICE_PROPOSALS_H

#include "outside.h"

/* Where a waiting round stands; kept in the row's `phase`. */
#define WAIT_AGREEMENT "agreement" /* ours: until the agreement is in force */
#define WAIT_PARTNER   "proposed"  /* ours: until the partner approves */
#define WAIT_OPERATOR  "asked"     /* theirs: until our operator approves */

enum mdl_status proposal_message(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                                 const uint8_t *bytes, size_t len, struct mdl_error *err);
/* Makes a round under an agreement (in force, or proposed by us: then it waits for it). */
enum mdl_status proposal_make(struct mdl_service *s, const struct mdl_agreement_row *agreement,
                              struct mdl_round_row *out, struct mdl_error *err);
/* Our operator, or the standing rule, lets a waiting round of the partner run. */
enum mdl_status proposal_approve(struct mdl_service *s, struct mdl_round_row *row,
                                 struct mdl_error *err);
/* Ends a waiting round: of the partner's (it is told), or our own (it is told if it knows). */
enum mdl_status proposal_refuse(struct mdl_service *s, struct mdl_round_row *row,
                                enum mdl_status code, const char *reason, struct mdl_error *err);
/* An agreement came in force: our rounds that waited for it are proposed now. */
enum mdl_status proposals_agreement(struct mdl_service *s, int64_t partner, struct mdl_error *err);
/* We ended an agreement, or with `hash` NULL the partnership: what waits under it is refused, what
 * runs under it is aborted. */
enum mdl_status proposals_end(struct mdl_service *s, int64_t partner, const uint8_t *hash,
                              const char *why, struct mdl_error *err);
/* The partner ended an agreement: as above, and the rounds say that it was the partner. */
enum mdl_status proposals_ended(struct mdl_service *s, int64_t partner, const uint8_t *hash,
                                const char *why, struct mdl_error *err);

/* ---- standing.c ---------------------------------------------------------------------------------
 */
/* Whether the partner's standing rule lets a round under this agreement run unasked. */
bool standing_rule(struct mdl_service *s, int64_t partner, const struct mdl_agreement *a);
#define STANDING_TEXT 160
/* Why it does not, if the partner has one: " (the standing rule ...)"; else "". */
void standing_why_not(struct mdl_service *s, int64_t partner, const uint8_t hash[HASH_BYTES],
                      char out[STANDING_TEXT]);

#endif
