/* trail.c: appends entries to the audit log, chained to the one before.
 * It may not commit: the turn does, with what the entry speaks of. */
#include "trail.h"

#include <sodium.h>
#include <store_audit.h>
#include <string.h>

static void fill_entry(struct mdl_log_entry *e, const struct trail *t, uint64_t seq)
{
    memset(e, 0, sizeof *e);
    e->seq = seq;
    e->time_ms = now_ms();
    e->kind = (uint8_t)t->kind;
    e->direction = (uint8_t)t->direction;
    e->type = t->type;
    e->size = t->size;
    if (t->identity != NULL) {
        memcpy(e->partner, t->identity, sizeof e->partner);
    }
    if (t->round != NULL) {
        memcpy(e->round, t->round, sizeof e->round);
    }
    if (t->agreement != NULL) {
        memcpy(e->agreement, t->agreement, sizeof e->agreement);
    }
    if (t->note != NULL) {
        (void)snprintf(e->note, sizeof e->note, "%s", t->note);
    }
}

static void fill_row(struct mdl_audit_row *row, const struct trail *t,
                     const struct mdl_log_entry *e)
{
    row->seq = e->seq;
    row->at = e->time_ms;
    row->has_round = t->round != NULL;
    memcpy(row->round, e->round, sizeof row->round);
    row->partner = t->partner;
    row->direction = t->direction == MDL_LOG_OUT  ? MDL_AUDIT_OUT
                     : t->direction == MDL_LOG_IN ? MDL_AUDIT_IN
                                                  : MDL_AUDIT_LOCAL;
    row->type = e->type;
    row->size = e->size;
    row->leaf_len = row->chain_len = MDL_HASH256;
}

static enum mdl_status put_opening(struct mdl_service *s, uint64_t seq,
                                   const uint8_t salt[MDL_LOG_SALT], const uint8_t digest[64],
                                   struct mdl_error *err)
{
    uint8_t opening[MDL_LOG_SALT + 64];
    struct mdl_blob blob = {opening, sizeof opening};
    memcpy(opening, salt, MDL_LOG_SALT);
    memcpy(opening + MDL_LOG_SALT, digest, 64);
    return mdl_audit_put_opening(s->store, seq, &blob, err);
}

enum mdl_status trail_add(struct mdl_service *s, const struct trail *t, struct mdl_error *err)
{
    struct mdl_audit_head head;
    struct mdl_audit_row row = {0};
    struct mdl_log_entry e;
    uint8_t salt[MDL_LOG_SALT];
    uint8_t bytes[MDL_LOG_ENTRY_MAX];
    size_t len;

    enum mdl_status st = turn_begin(s, err);
    if (st == MDL_OK) {
        st = mdl_audit_head(s->store, &head, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    fill_entry(&e, t, head.seq + 1);
    if (t->digest != NULL) {
        randombytes_buf(salt, sizeof salt);
        mdl_log_commit(salt, t->digest, 64, e.commitment);
    }
    st = mdl_log_entry_encode(&e, bytes, &len, err);
    if (st != MDL_OK) {
        return st;
    }
    if (head.seq == 0) {
        mdl_log_chain_start(mdl_identity_public(s->identity), head.chain);
    }
    fill_row(&row, t, &e);
    row.entry = (struct mdl_blob){bytes, len};
    mdl_log_leaf(bytes, len, row.leaf);
    mdl_log_chain_next(head.chain, row.leaf, row.chain);
    st = mdl_audit_append(s->store, &row, err);
    if (st == MDL_OK && t->digest != NULL) {
        st = put_opening(s, e.seq, salt, t->digest, err);
    }
    return st;
}

void trail_note(struct mdl_service *s, const struct trail *t)
{
    struct mdl_error err = {MDL_OK, ""};
    if (trail_add(s, t, &err) != MDL_OK) {
        svc_log(s, "error", "the audit log: %s", err.text);
    }
}
