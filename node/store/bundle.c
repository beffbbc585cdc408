/* bundle.c: own accounts that two partners' results share, or only one has.
 * Joins by source and record id, for populations and ordinals are each round's own. */
#include "overlap_row.h"

#include <string.h>

/* Each row costs two look-ups: fewer are looked at than in a plain list. */
#define SCAN 4000

/* A cursor over all groups: the group above, the row below. */
#define ROW_BITS 40

struct wanted {
    uint32_t mask[MDL_STORE_GROUPS]; /* own populations by group of round a */
};

static bool named(const struct mdl_bundle_filter *f, const char *name)
{
    for (size_t i = 0; i < f->n_populations; i++) {
        if (strcmp(f->population[i], name) == 0) {
            return true;
        }
    }
    return f->n_populations == 0;
}

static enum mdl_status find_masks(struct mdl_store *st, int64_t round,
                                  const struct mdl_bundle_filter *f, struct wanted *w,
                                  struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_read(
        st, &q, "SELECT grp, bit, name FROM result_population WHERE round = ? AND side = 0", err);

    memset(w, 0, sizeof *w);
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, round);
    while ((rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        uint32_t group = mdl_take_u32(&q);
        uint32_t bit = mdl_take_u32(&q);
        if (group < MDL_STORE_GROUPS && bit < MDL_STORE_POPULATIONS &&
            named(f, mdl_take_borrowed(&q))) {
            w->mask[group] |= UINT32_C(1) << bit;
        }
    }
    return rc;
}

static const char bundle_sql[] =
    "SELECT " MDL_OVERLAP ", "
    "EXISTS (SELECT 1 FROM overlap AS x INDEXED BY overlap_record WHERE x.round = ?2 AND x.source "
    "= o.source "
    "  AND x.record_id = o.record_id AND x.tier = 0 AND x.vetoed = 0) "
    "FROM overlap AS o WHERE o.round = ?1 AND (o.grp, o.row) > (?3, ?4) "
    "ORDER BY o.grp, o.row LIMIT ?5";

static enum mdl_status start(struct mdl_store *st, struct mdl_query *q, const uint8_t *a,
                             const uint8_t *b, const struct mdl_bundle_filter *f, struct wanted *w,
                             struct mdl_error *err)
{
    int64_t first = 0;
    int64_t second = 0;
    enum mdl_status rc = mdl_round_number(st, a, &first, err);

    if (rc == MDL_OK) {
        rc = mdl_round_number(st, b, &second, err);
    }
    if (rc == MDL_OK) {
        rc = find_masks(st, first, f, w, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_read(st, q, bundle_sql, err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(q, first);
    mdl_put_int(q, second);
    mdl_put_int(q, f->after >> ROW_BITS);
    mdl_put_int(q, f->after & ((INT64_C(1) << ROW_BITS) - 1));
    mdl_put_int(q, SCAN);
    return MDL_OK;
}

static bool counts(const struct wanted *w, const struct mdl_overlap_row *r)
{
    return r->tier == MDL_FOUND_MATCH && !r->vetoed &&
           (r->own_populations & w->mask[r->group % MDL_STORE_GROUPS]) != 0;
}

/* Whether an earlier group of the round gave the account already. */
struct before {
    const struct wanted *wanted;
    uint8_t group;
    bool hit;
};

static bool look_before(void *ctx, const struct mdl_overlap_row *r)
{
    struct before *b = ctx;

    b->hit = r->group < b->group && counts(b->wanted, r);
    return !b->hit && r->group < b->group;
}

static enum mdl_status passes(struct mdl_store *st, const uint8_t *round, const struct wanted *w,
                              const struct mdl_overlap_row *r, bool *pass, struct mdl_error *err)
{
    struct before b = {w, r->group, false};
    enum mdl_status rc = MDL_OK;

    *pass = counts(w, r);
    if (*pass && r->group > 0) {
        rc = mdl_result_account(st, round, r->source, r->fields.record_id, look_before, &b, err);
        *pass = !b.hit;
    }
    return rc;
}

enum mdl_status mdl_result_bundle(struct mdl_store *st, const uint8_t a[MDL_STORE_ROUND],
                                  const uint8_t b[MDL_STORE_ROUND],
                                  const struct mdl_bundle_filter *f, mdl_overlap_fn *row, void *ctx,
                                  int64_t *next, struct mdl_error *err)
{
    struct mdl_query q;
    struct wanted w;
    size_t seen = 0;
    size_t given = 0;
    bool more = false;
    enum mdl_status rc = start(st, &q, a, b, f, &w, err);

    *next = 0;
    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_overlap_row r;
        mdl_take_overlap(&q, &r);
        bool pass = (mdl_take_int(&q) != 0) == f->in_b;
        *next = (int64_t)r.group << ROW_BITS | r.row;
        seen++;
        if (pass) {
            rc = passes(st, a, &w, &r, &pass, err);
        }
        if (rc != MDL_OK) {
            (void)mdl_query_end(&q, NULL);
            return rc;
        }
        if (!pass) {
            continue;
        }
        given++;
        if (q.fault.status != MDL_OK || !row(ctx, &r) || given == f->limit) {
            return mdl_query_end(&q, err);
        }
    }
    if (seen < SCAN) {
        *next = 0;
    }
    return rc;
}
