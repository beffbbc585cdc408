/* prove.c: the DLEQ of a slice, made or checked by several work items (PROTOCOL 7.5).
 * May not decide whose turn it is. */
#include "internal.h"

#include <sodium.h>
#include <string.h>

/* The fewer rows a part has, the more each of them costs: among 64 twice as much as among 512. So
 * there is one part a worker, and none of less than a millisecond or two. */
#define ROWS_A_PART 64u

/* The common points are what both sides keep to themselves until the slice is opened. */
static void drop_points(struct mdl_proof_job *job)
{
    mdl_wipe_free(&job->c_points, (size_t)job->count * MDL_POINT_BYTES);
    mdl_wipe_free(&job->d_points, (size_t)job->count * MDL_POINT_BYTES);
}

void mdl_proof_job_free(struct mdl_proof_job *job)
{
    drop_points(job);
    memset(job, 0, sizeof *job);
}

static enum mdl_status job_begin(struct mdl_proof_job *job, uint32_t j, uint32_t count,
                                 unsigned parallel, struct mdl_error *err)
{
    unsigned parts = (count + ROWS_A_PART - 1) / ROWS_A_PART;

    job->active = true;
    job->ready = false;
    job->j = j;
    job->count = count;
    parts = parts < parallel ? parts : parallel;
    job->n_parts = parts < MDL_PARTS_MAX ? parts : MDL_PARTS_MAX;
    job->left = job->n_parts;
    enum mdl_status st = mdl_take(&job->c_points, count, MDL_POINT_BYTES, err);
    return st == MDL_OK ? mdl_take(&job->d_points, count, MDL_POINT_BYTES, err) : st;
}

static void gather(uint8_t *out, const uint8_t *points, const uint32_t *index, uint32_t count)
{
    for (uint32_t r = 0; r < count; r++) {
        memcpy(out + (size_t)r * MDL_POINT_BYTES, points + (size_t)index[r] * MDL_POINT_BYTES,
               MDL_POINT_BYTES);
    }
}

static void range_of(const struct mdl_session_work *w, size_t *first, size_t *count)
{
    const struct mdl_proof_job *job = w->job;

    *first = (size_t)job->count * w->part / job->n_parts;
    *count = (size_t)job->count * (w->part + 1) / job->n_parts - *first;
}

static void run_prove(struct mdl_session_work *w)
{
    struct mdl_proof_job *job = w->job;
    size_t first, count;

    range_of(w, &first, &count);
    w->status =
        mdl_dleq_sum_prover(&job->statement, first, count, job->c_points + first * MDL_POINT_BYTES,
                            job->d_points + first * MDL_POINT_BYTES, &job->part[w->part], &w->err);
}

static void run_verify(struct mdl_session_work *w)
{
    struct mdl_proof_job *job = w->job;
    size_t first, count;

    range_of(w, &first, &count);
    w->status = mdl_dleq_sum_verifier(
        &job->statement, first, count, job->c_points + first * MDL_POINT_BYTES,
        job->d_points + first * MDL_POINT_BYTES, &job->part[w->part], &w->err);
}

static enum mdl_status prove_done(struct mdl_session *s, struct mdl_session_work *w,
                                  struct mdl_error *err)
{
    struct mdl_proof_job *job = w->job;
    uint8_t fresh[MDL_FRESH_BYTES];

    (void)s;
    if (--job->left > 0) {
        return MDL_OK;
    }
    randombytes_buf(fresh, sizeof fresh);
    enum mdl_status st = mdl_dleq_finish_prove(&job->statement, w->cell->key, job->part,
                                               job->n_parts, fresh, job->proof, err);
    sodium_memzero(fresh, sizeof fresh);
    drop_points(job);
    job->ready = st == MDL_OK;
    return st;
}

static enum mdl_status verify_done(struct mdl_session *s, struct mdl_session_work *w,
                                   struct mdl_error *err)
{
    struct mdl_proof_job *job = w->job;

    if (--job->left > 0) {
        return MDL_OK;
    }
    enum mdl_status st =
        mdl_dleq_finish_verify(&job->statement, job->part, job->n_parts, job->proof, err);
    mdl_proof_job_free(job);
    return st == MDL_OK ? mdl_slice_opened(s, w->cell, err) : st;
}

static enum mdl_status emit_parts(struct mdl_session *s, struct mdl_cell *c,
                                  struct mdl_proof_job *job, bool verify, struct mdl_error *err)
{
    for (unsigned p = 0; p < job->n_parts; p++) {
        struct mdl_session_work *w = mdl_work_new(s, c, err);
        if (w == NULL) {
            return MDL_L_MEMORY;
        }
        w->job = job;
        w->part = p;
        w->run = verify ? run_verify : run_prove;
        w->done = verify ? verify_done : prove_done;
        w->holds = verify; /* what follows a slice is looked at when the slice is proved */
        mdl_work_emit(s, w);
    }
    return MDL_OK;
}

static enum mdl_status prove_begin(struct mdl_session *s, struct mdl_cell *c,
                                   struct mdl_proof_job *job, struct mdl_error *err)
{
    uint8_t ctx[64];
    uint32_t first, count;

    mdl_slice_range(c, c->proving, &first, &count);
    enum mdl_status st = job_begin(job, c->proving, count, s->parallel, err);
    if (st != MDL_OK) {
        return st;
    }
    gather(job->c_points, c->points, c->rows + first, count);
    gather(job->d_points, c->common, c->rows + first, count);
    mdl_hash_proof_context(c, (uint8_t)s->role, job->j, ctx);
    st = mdl_dleq_begin(&job->statement, ctx, sizeof ctx, mdl_scalar_key_public(c->key),
                        job->c_points, job->d_points, count, err);
    c->proving++;
    return st == MDL_OK ? emit_parts(s, c, job, false, err) : st;
}

enum mdl_status mdl_prove_ahead(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;

    while (st == MDL_OK && c->proving < c->slices && c->proving - c->sent < MDL_PROVE_AHEAD) {
        st = prove_begin(s, c, &c->prove[c->proving % MDL_PROVE_AHEAD], err);
    }
    return st;
}

/* Positions are in c->positions. */
enum mdl_status mdl_verify_begin(struct mdl_session *s, struct mdl_cell *c, uint32_t j,
                                 const uint8_t proof[64], struct mdl_error *err)
{
    struct mdl_proof_job *job = c->verify;
    uint8_t ctx[64];
    uint32_t first, count;

    mdl_slice_range(c, j, &first, &count);
    enum mdl_status st = job_begin(job, j, count, s->parallel, err);
    if (st != MDL_OK) {
        return st;
    }
    memcpy(job->proof, proof, sizeof job->proof);
    gather(job->c_points, c->own, c->positions, count);
    gather(job->d_points, c->common, c->rows + first, count);
    mdl_hash_proof_context(c, (uint8_t)mdl_role_other(s->role), j, ctx);
    st = mdl_dleq_begin(&job->statement, ctx, sizeof ctx, c->key_theirs, job->c_points,
                        job->d_points, count, err);
    return st == MDL_OK ? emit_parts(s, c, job, true, err) : st;
}
