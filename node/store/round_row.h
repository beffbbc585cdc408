/* round_row.h: what round.c and round_list.c share. Not for other rooms. */
#ifndef MANDORLA_STORE_ROUND_ROW_H
#define MANDORLA_STORE_ROUND_ROW_H

#include <store_round.h>

/* false: no outcome has this slug. */
bool mdl_round_outcome_of(const char *slug, enum mdl_round_outcome *out);

#endif
