/* overlap_row.h: what result.c and bundle.c share. Not for other rooms. */
#ifndef MANDORLA_STORE_OVERLAP_ROW_H
#define MANDORLA_STORE_OVERLAP_ROW_H

#include "store_internal.h"
#include "store_result.h"

/* Columns of a row as mdl_take_overlap takes them; `o` is the table's alias. */
#define MDL_OVERLAP                                                                                \
    "o.grp, o.row, o.source, o.generation, o.record_id, o.name, o.website, o.country, o.owner, "   \
    "o.owner_email, o.industry, o.currency, o.stage, o.type, o.extra, o.deals, o.employees, "      \
    "o.revenue, o.own_populations, o.partner_populations, o.ordinal, o.key, o.origin, o.tier, "    \
    "o.vetoed, o.conflicts"

void mdl_take_overlap(struct mdl_query *q, struct mdl_overlap_row *r);

#endif
