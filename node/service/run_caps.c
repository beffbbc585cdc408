/* run_caps.c: what an agreement asks of our own lists, before anything of them leaves: how many
 * keys in a round and a month, and how much a list must differ from the one before. It may not
 * judge the partner's lists: its node does, and its COMMITs are checked by the session.
 *
 * min_change. A partner whose list stays the same learns from two counts whether what changed on
 * our side in between is in its list: with one account changed, of that account. So a list is
 * either the very same as one of those before, or differs from each of them in at least min_change
 * keys. "Before" are the last LISTS_BEFORE rounds with the partner's identity, under whatever
 * agreement, in which we committed to a list of the same own populations and type of key, whatever
 * became of them: a partner that keeps its last word back has the number all the same. The lists
 * stand in their files (store_snapshot.h), as long as results are kept. If the last one is gone,
 * the difference cannot be shown and the round is refused; an older one that is gone is left out.
 */
#include "run.h"
#include "scope.h"

#include <stdlib.h>
#include <string.h>

static enum mdl_role own_role(const struct run *r)
{
    return r->row.role == MDL_ROLE_A ? MDL_ROLE_A : MDL_ROLE_B;
}

/* ---- the round before, on the loop --------------------------------------------------------------
 */

struct looking {
    struct run *r;
    struct mdl_agreement *a; /* of the round at hand */
    uint8_t hash[HASH_BYTES];
    bool loaded;
    uint32_t month;
    bool wanted; /* some group has room for one more list before */
    struct mdl_error *err;
    enum mdl_status status;
};

static bool same_list(const struct mdl_agreement_group *x, const struct mdl_agreement_group *y,
                      enum mdl_role own)
{
    if (x->key_type != y->key_type || x->n_populations[own] != y->n_populations[own]) {
        return false;
    }
    size_t found = 0;
    for (size_t i = 0; i < x->n_populations[own]; i++) {
        for (size_t k = 0; k < y->n_populations[own]; k++) {
            found += strcmp(x->populations[own][i], y->populations[own][k]) == 0 ? 1 : 0;
        }
    }
    return found == x->n_populations[own];
}

static bool load(struct looking *l, const struct mdl_round_row *row)
{
    struct mdl_agreement_row a;
    if (l->loaded && memcmp(l->hash, row->agreement, sizeof l->hash) == 0) {
        return true;
    }
    l->status = mdl_agreement_get(l->r->s->store, row->agreement, &a, l->err);
    if (l->status == MDL_OK) {
        l->status = mdl_agreement_decode(a.bytes.data, a.bytes.len, l->a, l->err);
        mdl_agreement_clear(&a);
    }
    l->loaded = l->status == MDL_OK;
    memcpy(l->hash, row->agreement, sizeof l->hash);
    return l->loaded;
}

/* Notes the list that we committed to for a group like `like`; the groups of one round that are
 * alike have the same. */
static void note_list(const struct looking *l, const struct mdl_round_row *row,
                      const struct mdl_agreement_group *like, struct lists_before *b)
{
    for (size_t k = 0; k < row->n_groups && k < l->a->n_groups && b->n < LISTS_BEFORE; k++) {
        if (row->group[k].own_keys > 0 && same_list(like, &l->a->groups[k], own_role(l->r))) {
            b->at[b->n].group = (uint8_t)k;
            memcpy(b->at[b->n++].round, row->id, sizeof b->at[0].round);
            return;
        }
    }
}

/* For every group of ours; false once none has room for more. */
static bool note_lists(struct looking *l, const struct mdl_round_row *row)
{
    struct run *r = l->r;
    bool room = false;

    if (!load(l, row)) {
        return false;
    }
    for (size_t g = 0; g < r->agreement.n_groups; g++) {
        note_list(l, row, &r->agreement.groups[g], &r->before[g]);
        room = room || r->before[g].n < LISTS_BEFORE;
    }
    return room;
}

/* The last one first: what we brought this month, and the lists before. What the partner dated
 * its proposals plays no part, and no month of this node's clock ends the search: it may have been
 * set back. */
static bool note_round(void *ctx, const struct mdl_round_row *row)
{
    struct looking *l = ctx;
    bool now = mdl_store_month(row->started_at) >= l->month;

    if (row->started_at == 0 || memcmp(row->id, l->r->row.id, sizeof row->id) == 0) {
        return true;
    }
    for (size_t g = 0; g < row->n_groups && now; g++) {
        l->r->brought += row->group[g].own_keys;
    }
    l->wanted = l->wanted && note_lists(l, row);
    return l->status == MDL_OK;
}

enum mdl_status run_caps_prepare(struct run *r, struct mdl_error *err)
{
    struct looking l = {.r = r,
                        .month = mdl_store_month(now_ms()),
                        .wanted = r->agreement.caps.min_change != 0,
                        .err = err,
                        .status = MDL_OK};
    struct mdl_round_filter f = {.partner = r->partner, .same_party = true, .as_they_came = true};

    l.a = calloc(1, sizeof *l.a);
    if (l.a == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory to prepare a round");
    }
    enum mdl_status st = mdl_round_list(r->s->store, &f, note_round, &l, err);
    free(l.a);
    return st == MDL_OK ? l.status : st;
}

/* ---- our lists, on a worker ---------------------------------------------------------------------
 */

static enum mdl_status cannot_tell(struct run_job *job)
{
    (void)snprintf(job->told, sizeof job->told, "min_change: the list of the round before is gone");
    return mdl_fail(&job->err, MDL_P_CAP,
                    "min_change: the agreement wants a list to differ in %u keys from the one "
                    "before, and that one is not kept any more; an agreement without min_change "
                    "is needed",
                    job->run->agreement.caps.min_change);
}

static enum mdl_status too_little(struct run_job *job, size_t g, uint32_t n)
{
    const struct run *r = job->run;

    /* How many, and in which population, is for our operator alone. */
    (void)snprintf(job->told, sizeof job->told,
                   "min_change: a list has changed since a round before, but too little");
    return mdl_fail(&job->err, MDL_P_CAP,
                    "min_change: the list of our %s differs in %u keys from the one of a round "
                    "before; the agreement asks for %u, or none: let more changes gather, or agree "
                    "on another min_change ('mandorla agreement amend')",
                    r->agreement.groups[g].populations[own_role(r)][0], n,
                    r->agreement.caps.min_change);
}

/* *n: in how many keys the list differs from one before, exact below min_change. */
static enum mdl_status compare(struct run_job *job, struct mdl_snap *now,
                               const struct list_before *b, uint32_t *n)
{
    struct run *r = job->run;
    struct mdl_snap *then = NULL;
    enum mdl_status st = mdl_snap_open(r->s->dir, b->round, b->group, &then, &job->err);

    if (st == MDL_OK) {
        st = mdl_snap_difference(now, then, r->agreement.caps.min_change, n, &job->err);
    }
    mdl_snap_close(then);
    return st;
}

static enum mdl_status compare_all(struct run_job *job, struct mdl_snap *now, size_t g)
{
    const struct lists_before *before = &job->run->before[g];
    uint32_t least = UINT32_MAX;

    for (size_t i = 0; i < before->n; i++) {
        uint32_t n = 0;
        enum mdl_status st = compare(job, now, &before->at[i], &n);
        if (st == MDL_U_NOT_FOUND || st == MDL_U_STATE) {
            if (i == 0) {
                return cannot_tell(job);
            }
            continue;
        }
        if (st != MDL_OK || n == 0) {
            return st; /* the very same: what it tells was told */
        }
        least = n < least ? n : least;
    }
    return least < job->run->agreement.caps.min_change ? too_little(job, g, least) : MDL_OK;
}

static enum mdl_status check_group(struct run_job *job, size_t g)
{
    struct mdl_snap *now = NULL;
    enum mdl_status st =
        mdl_snap_open(job->run->s->dir, job->run->row.id, (uint8_t)g, &now, &job->err);

    if (st == MDL_OK) {
        st = compare_all(job, now, g);
    }
    mdl_snap_close(now);
    return st;
}

enum mdl_status run_caps_check(struct run_job *job)
{
    struct run *r = job->run;
    const struct mdl_agreement_caps *caps = &r->agreement.caps;
    uint64_t sum = 0;
    enum mdl_status st = MDL_OK;

    for (size_t g = 0; g < r->agreement.n_groups; g++) {
        sum += r->report[g].keys;
    }
    if (sum > caps->max_keys_round) {
        (void)snprintf(job->told, sizeof job->told, "max_keys_round: the lists are too long");
        return mdl_fail(&job->err, MDL_P_CAP,
                        "max_keys_round: our lists have %llu keys together, the agreement allows "
                        "%u a round",
                        (unsigned long long)sum, caps->max_keys_round);
    }
    if (r->brought > caps->max_keys_month || sum > caps->max_keys_month - r->brought) {
        (void)snprintf(job->told, sizeof job->told, "max_keys_month: the month's keys are used up");
        return mdl_fail(&job->err, MDL_P_CAP,
                        "max_keys_month: our lists have %llu keys together and %llu were brought "
                        "this month; the agreement allows %llu",
                        (unsigned long long)sum, (unsigned long long)r->brought,
                        (unsigned long long)caps->max_keys_month);
    }
    for (size_t g = 0; g < r->agreement.n_groups && st == MDL_OK; g++) {
        st = r->before[g].n > 0 && r->report[g].keys > 0 ? check_group(job, g) : MDL_OK;
    }
    return st;
}
