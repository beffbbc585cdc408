/* engine_checked.h: a slow engine for tests; see engine_checked.c. */
#ifndef MANDORLA_GROUP_ENGINE_CHECKED_H
#define MANDORLA_GROUP_ENGINE_CHECKED_H

#include "../internal/engine.h"

extern const struct mdl_engine mdl_engine_checked;

/* Runs the arithmetic on the greatest limbs that its contracts allow; aborts if a bound is wrong.
 */
void mdl_engine_checked_extremes(void);

#endif
