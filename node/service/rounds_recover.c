/* rounds_recover.c: rounds after a restart: what was cut is ended, receipts go on, results that
 * were not made are made. It may not let a round go on whose keys are gone. */
#include "run.h"
#include "scope.h"
#include "trail.h"

#include <stdlib.h>
#include <string.h>

#define OPEN_MAX 1024

struct recovering {
    struct mdl_store *store;
    struct mdl_result_head head;
    size_t n;
    uint8_t id[OPEN_MAX][MDL_STORE_ROUND];
};

static bool note_open(void *ctx, const struct mdl_round_row *row)
{
    struct recovering *v = ctx;
    bool cut = row->outcome == MDL_ROUND_RUNNING;
    bool no_result = row->outcome == MDL_ROUND_PARTIAL &&
                     mdl_result_head(v->store, row->id, MDL_RESULT_ALL, &v->head, NULL) != MDL_OK;
    if (cut || no_result) {
        memcpy(v->id[v->n++], row->id, MDL_STORE_ROUND);
    }
    return v->n < OPEN_MAX;
}

/* Keys never survive a restart: the round ends here, and the partner is told when it is back. */
static enum mdl_status end_cut(struct run *r, struct mdl_error *err)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct trail t = {.kind = MDL_LOG_ROUND_END, .note = mdl_status_slug(MDL_P_RESTARTED)};
    struct mdl_outbox_row out = {.partner = r->partner,
                                 .type = MDL_MSG_ABORT,
                                 .subject_len = MDL_STORE_ROUND,
                                 .created_at = now_ms()};
    for (size_t g = 0; g < r->row.n_groups; g++) {
        t.size += r->row.group[g].slices_opened;
    }
    r->row.outcome = round_told(&r->row) ? MDL_ROUND_PARTIAL : MDL_ROUND_ABORTED;
    r->row.finished_at = now_ms();
    r->row.code = MDL_P_RESTARTED;
    r->row.ended_by = MDL_BY_US;
    (void)snprintf(r->row.code_text, sizeof r->row.code_text,
                   "this node stopped while the round ran in phase %s", r->row.phase);
    enum mdl_status st =
        mdl_session_abort_message(r->row.id, MDL_P_RESTARTED, NULL, &bytes, &len, err);
    if (st == MDL_OK) {
        memcpy(out.subject, r->row.id, MDL_STORE_ROUND);
        out.body = (struct mdl_blob){bytes, len};
        r->row.resume.data = malloc(len);
        r->row.resume.len = r->row.resume.data != NULL ? len : 0;
        if (r->row.resume.data != NULL) {
            memcpy(r->row.resume.data, bytes, len);
        }
        st = mdl_outbox_put(r->s->store, &out, err);
    }
    free(bytes);
    if (st == MDL_OK) {
        st = mdl_round_update(r->s->store, &r->row, err);
    }
    if (st == MDL_OK) {
        run_trail(r, &t);
    }
    return st;
}

static enum mdl_status restore_receipt(struct run *r, const struct mdl_blob *blob,
                                       struct mdl_error *err)
{
    struct mdl_session_config c;
    struct mdl_session_profile profile;
    enum mdl_status st = run_config(r, &c, &profile, err);
    if (st == MDL_OK) {
        st = mdl_session_restore(&c, blob->data, blob->len, &r->session, err);
    }
    if (st == MDL_OK) {
        r->stage = RUN_RUNNING;
        run_link(r);
    }
    return st;
}

static enum mdl_status recover_one(struct mdl_service *s, const uint8_t id[MDL_STORE_ROUND],
                                   struct mdl_error *err)
{
    struct mdl_round_row row;
    enum mdl_status st = mdl_round_get(s->store, id, &row, err);
    struct run *r = st == MDL_OK ? run_new(s, &row) : NULL;

    if (r == NULL) {
        return st != MDL_OK ? st : mdl_fail(err, MDL_L_MEMORY, "not enough memory for a round");
    }
    /* The receipt's blobs move to the run, which writes the row from now on. */
    r->row.receipt = row.receipt;
    row.receipt = (struct mdl_blob){NULL, 0};
    st = run_load_agreement(r, err);
    if (st == MDL_OK && row.outcome == MDL_ROUND_RUNNING && row.resume.len > 0) {
        r->row.resume = row.resume;
        row.resume = (struct mdl_blob){NULL, 0};
        struct mdl_blob blob = r->row.resume;
        st = restore_receipt(r, &blob, err);
    } else if (st == MDL_OK) {
        if (row.outcome == MDL_ROUND_RUNNING) {
            st = end_cut(r, err);
        } else {
            r->row.resume = row.resume;
            row.resume = (struct mdl_blob){NULL, 0};
        }
        if (st == MDL_OK && r->row.outcome == MDL_ROUND_PARTIAL) {
            run_settle_begin(r);
        } else {
            r->stage = RUN_OVER;
        }
    }
    mdl_round_clear(&row);
    return st;
}

enum mdl_status rounds_recover(struct mdl_service *s, struct mdl_error *err)
{
    struct recovering *v = calloc(1, sizeof *v);
    struct mdl_round_filter open = {.open_only = true};
    struct mdl_round_filter results = {.with_result = true, .limit = 50};
    struct trail t = {.kind = MDL_LOG_NODE_START};
    if (v == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory to recover rounds");
    }
    v->store = s->store;
    enum mdl_status st = turn_begin(s, err);
    if (st == MDL_OK) {
        st = trail_add(s, &t, err);
    }
    if (st == MDL_OK) {
        st = mdl_round_list(s->store, &open, note_open, v, err);
    }
    if (st == MDL_OK && v->n < OPEN_MAX) {
        st = mdl_round_list(s->store, &results, note_open, v, err);
    }
    for (size_t i = 0; i < v->n && st == MDL_OK; i++) {
        st = recover_one(s, v->id[i], err);
    }
    if (st == MDL_OK) {
        st = mdl_store_commit(s->store, err);
    }
    free(v);
    return st;
}
