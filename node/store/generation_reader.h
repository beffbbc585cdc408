/* generation_reader.h: what generation_read.c, generation_cells.c and left_out.c share. Not for
 * other rooms.
 *
 * The tables a query may name beside the generation's own, in every reader:
 *   member (of_account, more, private)  what the marks say; empty without marks
 *   temp.absent (of_absent, why)        accounts that are in no round; filled by mdl_gen_leave_out
 *   temp.withheld (key)                 keys of suppressed accounts; likewise
 *   temp.objection (entry, account)     which entry of the suppression list hit whom; likewise
 */
#ifndef MANDORLA_STORE_GENERATION_READER_H
#define MANDORLA_STORE_GENERATION_READER_H

#include "store_internal.h"

struct mdl_gen_reader {
    struct mdl_conn conn;
    char source[MDL_STORE_SLUG + 1];
    int n_populations;
    char population[MDL_GEN_POPULATIONS][MDL_STORE_NAME + 1];
};

/* An account's populations, those of the marks among them; of `account LEFT JOIN member`. */
#define MDL_ALL_POPULATIONS "(populations | coalesce(more, 0))"
#define MDL_WITH_MEMBER     " LEFT JOIN member ON of_account = id "

#endif
