/* sizes.h: the present sizes in a disclosure. A person signs what is shown: they are of the
 * populations that would take part, not of the whole list. */
#ifndef MANDORLA_SERVICE_SIZES_H
#define MANDORLA_SERVICE_SIZES_H

#include "internal.h"

#include <store_generation.h>

/* On the loop: notes in the document what is to be counted. Takes `populations`. */
void sizes_note(struct mdl_service *s, json_t *disclosure, json_t *populations);
/* On the caller's thread: runs the verb on the loop, then counts into own_accounts and own_keys of
 * its result's "disclosure". An account with several sources' records counts in each. */
enum mdl_status sizes_call(struct mdl_service *s, verb_fn *verb, const json_t *params,
                           json_t **result, struct mdl_error *err);

#endif
