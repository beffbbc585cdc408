/* limits.h: how much a pinned partner may make this node log, keep and answer outside a round.
 *
 * Each message outside a round leaves a log entry that is never deleted, and a partner may send as
 * many as it likes: so it pays for them. What it cannot pay is dropped; all of it is repeated by an
 * honest partner (PROTOCOL 4.2, 4.7, 5.5). Loop thread. */
#ifndef MANDORLA_SERVICE_LIMITS_H
#define MANDORLA_SERVICE_LIMITS_H

#include "outside.h"

/* A partner has so many messages at once, then one more each LIMIT_REFILL_MS: in the long run some
 * 17,000 entries a day. */
#define LIMIT_BURST     512u
#define LIMIT_REFILL_MS 5000u
/* Agreements it proposed: waiting for our operator, and stored within a day. */
#define LIMIT_UNANSWERED 8u
#define LIMIT_A_DAY      32u

void limit_begin(struct peer *p);
/* Takes one message from what the partner may send. False: drop it; the operator is told once a
 * minute how many were. */
bool limit_message(struct mdl_service *s, struct peer *p);
/* Whether one more agreement of this partner is stored. If not, *reason says why: for the partner
 * and for our operator. */
enum mdl_status limit_agreements(struct mdl_service *s, const struct peer *p, bool *room,
                                 const char **reason, struct mdl_error *err);
/* NULL, or why a proposal made at `created` by the partner's clock is not taken: rounds are found
 * by their time, so one from the far future would stay the newest for ever. */
const char *limit_created(uint64_t created);

#endif
