/* snapshot_file.h: what snapshot.c, regroup.c and findings.c share. Not for other rooms. */
#ifndef MANDORLA_STORE_SNAPSHOT_FILE_H
#define MANDORLA_STORE_SNAPSHOT_FILE_H

#include "store_internal.h"
#include "store_snapshot.h"

enum mdl_snap_stage { MDL_SNAP_BUILT, MDL_SNAP_REGROUPED, MDL_SNAP_SHRUNK };

struct mdl_snap {
    struct mdl_conn conn;
    uint8_t group;
    uint32_t n_keys, n_accounts;
    enum mdl_snap_stage stage;
    bool in_tx; /* opened positions were added, the regrouping is to come */
    size_t n_populations;
    char population[MDL_STORE_POPULATIONS][MDL_STORE_NAME + 1];
};

/* MDL_U_STATE once keys and links are dropped. */
MDL_MUST_CHECK enum mdl_status mdl_snap_needs_keys(const struct mdl_snap *s, struct mdl_error *err);
/* The columns of MDL_SNAP_ACCOUNT, taken into *a. */
void mdl_take_snap_account(struct mdl_query *q, struct mdl_snap_account *a);
#define MDL_SNAP_ACCOUNT                                                                           \
    "a.id, s.name, s.generation, a.record_id, a.name, a.website, a.country, a.owner, "             \
    "a.owner_email, a.industry, a.currency, a.stage, a.type, a.extra, a.deals, a.employees, "      \
    "a.revenue, a.populations, a.registry_mask"

#endif
