/* rounds.h: rounds at work: the host of proto/session. Loop thread, but for what a worker runs.
 *
 * A run goes: PREPARING (a worker builds the snapshot) -> RUNNING (the session) -> SETTLING (a
 * worker regroups the matches, the loop copies rows) -> gone. Everything that must last is written
 * in the turn's transaction before anything leaves.
 */
#ifndef MANDORLA_SERVICE_ROUNDS_H
#define MANDORLA_SERVICE_ROUNDS_H

#include "outside.h"

#include <store_outbox.h>

/* ---- rounds.c -----------------------------------------------------------------------------------
 */
/* Whether the caps and the present state allow one more round under this agreement. */
enum mdl_status rounds_may_run(struct mdl_service *s, const struct peer *p,
                               const struct mdl_agreement_row *agreement, struct mdl_error *err);
/* Until when the cooldown of an agreement lets no round with this partner begin; 0: it may. */
uint64_t rounds_cooldown_until(struct mdl_service *s, int64_t partner, uint16_t hours);
/* Both approvals are there: the round runs from here. `row` is updated. */
enum mdl_status rounds_begin(struct mdl_service *s, struct mdl_round_row *row,
                             struct mdl_error *err);
/* After a restart: what was cut is ended, receipts go on. */
enum mdl_status rounds_recover(struct mdl_service *s, struct mdl_error *err);
void rounds_message(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                    const uint8_t *bytes, size_t len);
/* A message that does not decode ends the round it names, if it names one. */
void rounds_undecodable(struct mdl_service *s, struct peer *p, const uint8_t *bytes, size_t len,
                        const struct mdl_error *why);
void rounds_link(struct mdl_service *s, struct peer *p, bool up);
/* `by`: on whose account it ends. False if no such round runs. */
bool rounds_abort(struct mdl_service *s, const uint8_t id[MDL_STORE_ROUND], enum mdl_by by,
                  const char *why);
void rounds_tick(struct mdl_service *s);
uint64_t rounds_next_due(struct mdl_service *s);
mdl_work_done_fn rounds_work_done; /* owner: the service */
/* After each turn: frees runs that are over. */
void rounds_settle(struct mdl_service *s);
/* The turn's commit failed: what stepped in it ends. */
void rounds_commit_failed(struct mdl_service *s, const struct mdl_error *why);
/* The node stops: rounds that run end and partners are told. */
void rounds_stop(struct mdl_service *s);
void rounds_free(struct mdl_service *s);

/* ---- verbs_round.c, doc_round.c
 * ------------------------------------------------------------------- */
/* ID: hex or a unique beginning of at least 6 digits; or a PARTNER: its newest. */
enum mdl_status round_find(struct mdl_service *s, const char *text, struct mdl_round_row *out,
                           struct mdl_error *err);
/* The round with this partner that matters: the open one, else the one that ended last.
 * MDL_U_NOT_FOUND. */
enum mdl_status round_newest(struct mdl_service *s, int64_t partner, struct mdl_round_row *out,
                             struct mdl_error *err);
/* How the round stands or ended, in the words of docs/openapi.yaml. */
const char *round_word(struct mdl_service *s, const struct mdl_round_row *row);
json_t *doc_round(struct mdl_service *s, const struct mdl_round_row *row);
/* The agreement a round ran under, decoded. Large. */
struct mdl_agreement;
enum mdl_status round_agreement(struct mdl_service *s, const struct mdl_round_row *row,
                                struct mdl_agreement *a, struct mdl_error *err);
/* One group of a round: its populations, level, both sides' keys, how many match or below how many
 * that is, whether it was run. */
json_t *doc_group(const struct mdl_agreement *a, enum mdl_role own, const struct mdl_round_row *row,
                  size_t group);
/* The phases of a round that has ended, with their times; empty if it never began. Reads the log.
 */
json_t *doc_phases(struct mdl_service *s, const struct mdl_round_row *row);
/* Of a round at work: phase and progress; false if none is at work. */
struct run_view {
    const char *phase;
    uint64_t done, total;
    struct mdl_session_progress progress;
    json_t *phases; /* borrowed */
};
bool rounds_view(struct mdl_service *s, const uint8_t id[MDL_STORE_ROUND], struct run_view *out);

#endif
