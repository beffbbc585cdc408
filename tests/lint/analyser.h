/* analyser.h: what clang-tidy cannot see from one file. scripts/lint puts it before every file but
 * proto/status, which defines what stands here; no program is built with it.
 *
 * mdl_fail returns the status that it is given. Without that the analyser follows each failed call
 * as if it had succeeded, and reports outputs that nobody reads then. */
#ifndef MANDORLA_LINT_ANALYSER_H
#define MANDORLA_LINT_ANALYSER_H

#include <mandorla/status.h>

#define mdl_fail(err, status, ...) ((void)mdl_fail((err), (status), __VA_ARGS__), (status))

#endif
