/* generation_build.h: what generation.c and generation_finish.c share. Not for other rooms. */
#ifndef MANDORLA_STORE_GENERATION_BUILD_H
#define MANDORLA_STORE_GENERATION_BUILD_H

#include "store_internal.h"

struct mdl_gen {
    struct mdl_conn conn;
    char dir[MDL_PATH];  /* DIR/sources */
    char part[MDL_PATH]; /* while it is built */
    char path[MDL_PATH]; /* its name when it is finished */
    int n_populations;
    char population[MDL_GEN_POPULATIONS][MDL_STORE_NAME + 1];
    int64_t accounts; /* rows put; ids are 1..accounts */
    int64_t links;    /* keys put; their ids are 1..links */
    uint64_t opportunities;
    bool by_name; /* some opportunity names its account instead of giving an id */
};

/* Everything that mdl_gen_finish does inside the transaction. */
MDL_MUST_CHECK enum mdl_status mdl_gen_settle(struct mdl_gen *g, const struct mdl_gen_options *opt,
                                              struct mdl_gen_summary *sum, struct mdl_error *err);

#endif
