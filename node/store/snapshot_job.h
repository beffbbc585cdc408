/* snapshot_job.h: what snapshot_build.c and snapshot_merge.c share. Not for other rooms. */
#ifndef MANDORLA_STORE_SNAPSHOT_JOB_H
#define MANDORLA_STORE_SNAPSHOT_JOB_H

#include "store_internal.h"
#include "store_snapshot.h"
#include "store_suppress.h"

/* Of a suppressed account: its keys go into no list, whoever else holds them. */
#define MDL_SNAP_WITHHELD UINT32_MAX
#define MDL_SNAP_KEYS_MAX 4194304 /* PROTOCOL 6.1 */

/* One of our accounts in the snapshot; its id is its index in mdl_snap_job.account. */
struct mdl_snap_member {
    uint64_t registry_mask;
    uint32_t populations;
    bool has_key;
    /* Counts lists: the key that stands for the account, by its place among the distinct keys;
     * origin 0: none yet. */
    uint8_t origin;
    uint32_t chosen;
};

struct mdl_snap_source {
    struct mdl_gen_reader *gen;
    char name[MDL_STORE_SLUG + 1];
    char generation[MDL_STORE_GENERATION + 1];
    int8_t bit[MDL_GEN_POPULATIONS]; /* the agreement's bit of each population here, or -1 */
    /* Snapshot id by account id of the generation; 0: not in it; MDL_SNAP_WITHHELD. */
    uint32_t *id;
    int64_t n_ids;
    /* The merge: where this source stands. */
    struct mdl_query keys;
    bool live;
    const uint8_t *key;
    size_t key_len;
};

struct mdl_snap_job {
    char dir[MDL_PATH], part[MDL_PATH], path[MDL_PATH];
    struct mdl_conn conn;
    char population[MDL_STORE_POPULATIONS][MDL_STORE_NAME + 1];
    size_t n_populations;
    uint32_t cap;
    uint8_t key_type;         /* 0: all */
    uint8_t key_from, key_to; /* first bytes of the keys that are looked at: from, below to */
    bool several;
    int (*registry_bit)(void *ctx, const uint8_t *key, size_t len);
    void *registry_ctx;
    uint64_t data_as_of;
    struct mdl_suppressed *suppressed;
    struct mdl_snap_source *source;
    size_t n_sources;
    struct mdl_snap_member *member; /* 1..n_members */
    uint32_t n_members, room;
    mdl_snap_progress *progress;
    void *progress_ctx;
    struct mdl_snap_report *report;
};

/* Writes snap_key and link from the sorted keys of all sources; fills the report. */
MDL_MUST_CHECK enum mdl_status mdl_snap_merge(struct mdl_snap_job *job, struct mdl_error *err);

#endif
