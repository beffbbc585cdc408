/* talk.h: one step of the negotiation with a partner, between rows and mdl_negotiation_step. Not
 * for others than proposals.c. Loop thread; within the turn's transaction. */
#ifndef MANDORLA_SERVICE_TALK_H
#define MANDORLA_SERVICE_TALK_H

#include "proposals.h"

#include <negotiation.h>

#define WAITING_MAX 64

/* Open rounds with a partner, newest first. */
struct open_list {
    const uint8_t *agreement; /* NULL: all */
    size_t n;
    uint8_t id[WAITING_MAX][MDL_STORE_ROUND];
};
enum mdl_status talk_open_rounds(struct mdl_service *s, int64_t partner, const uint8_t *agreement,
                                 struct open_list *l, struct mdl_error *err);
enum mdl_role talk_own_role(struct mdl_service *s, const struct peer *p);

/* One step: the partner, its row (if a round stands there), what came out. */
struct talk {
    struct mdl_service *s;
    struct peer *p;
    struct mdl_negotiation n;
    struct mdl_negotiation_host host;
    struct mdl_negotiation_effects fx;
    struct mdl_round_row row; /* of the round in n; zeroed if it has none yet */
    bool has_row;
    enum mdl_by by; /* who ends it, if this step does */
};

void talk_begin(struct talk *t, struct mdl_service *s, struct peer *p);
void talk_end(struct talk *t);
/* The round with this id, or else the open one with this partner, stands in the negotiation.
 * MDL_P_UNKNOWN_ROUND: it is a round with another partner. */
enum mdl_status talk_load(struct talk *t, const uint8_t *id, struct mdl_error *err);
/* Steps, writes the rows, queues what is to be sent. Errors: those of mdl_negotiation_step. */
enum mdl_status talk_step(struct talk *t, const struct mdl_negotiation_event *ev,
                          struct mdl_error *err);
/* Ends a round that waits. */
enum mdl_status talk_end_waiting(struct mdl_service *s, struct mdl_round_row *row,
                                 enum mdl_status code, const char *reason, enum mdl_by by,
                                 struct mdl_error *err);

#endif
