/* schedule.h: rounds that this node proposes by itself, when they are due. Loop thread. */
#ifndef MANDORLA_SERVICE_SCHEDULE_H
#define MANDORLA_SERVICE_SCHEDULE_H

#include "internal.h"

/* Proposes what is due. A round that may not be proposed now (no agreement, a cap, one that is
 * still open) is left out, with the reason in its line; the next one keeps its time. After a time
 * in which the node did not run, one round makes up for all that were missed. */
void schedules_tick(struct mdl_service *s);
/* The lines have changed: looks at them in the next turn. */
void schedules_changed(struct mdl_service *s);
/* The database took nothing of a turn: what is due waits for a minute, instead of being proposed,
 * in vain, in every turn while a disk is full. */
void schedules_refused(struct mdl_service *s);

/* "12h", "7d", "4w" as milliseconds. MDL_U_ARGUMENT: another form, under an hour, over 366 days. */
enum mdl_status schedule_interval(const char *text, uint64_t *ms, struct mdl_error *err);
#define SCHEDULE_EVERY 24
/* The shortest of the forms above. */
const char *schedule_every(uint64_t ms, char out[SCHEDULE_EVERY]);

#endif
