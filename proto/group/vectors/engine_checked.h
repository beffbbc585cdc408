/* engine_checked.h: a slow engine for tests; see engine_checked.c. */
#ifndef MANDORLA_GROUP_ENGINE_CHECKED_H
#define MANDORLA_GROUP_ENGINE_CHECKED_H

#include "../internal/engine.h"

extern const struct mdl_engine mdl_engine_checked;

#endif
