/* result_head.c: the matrix of a result: names of the populations, totals, cells.
 * Holds no account. */
#include "store_internal.h"
#include "store_result.h"

#include <string.h>

/* Where a row of counts belongs. */
struct place {
    int64_t round;
    uint8_t group;
    int side;
};

static enum mdl_status put_result(struct mdl_store *st, int64_t round,
                                  const struct mdl_result_head *h, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(
        st, &q,
        "INSERT INTO result (round, grp, finished, total, accounts, review, vetoed) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "finished = excluded.finished, total = excluded.total, accounts = excluded.accounts, "
        "review = excluded.review, vetoed = excluded.vetoed",
        err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, round);
    mdl_put_int(&q, h->group);
    mdl_put_int(&q, h->finished ? 1 : 0);
    mdl_put_int(&q, h->counts.total);
    mdl_put_int(&q, h->counts.accounts);
    mdl_put_int(&q, h->counts.review);
    mdl_put_int(&q, h->counts.vetoed);
    return mdl_run(&q, err);
}

static enum mdl_status drop(struct mdl_store *st, const char *sql, const struct place *p,
                            struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q, sql, err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, p->round);
    mdl_put_int(&q, p->group);
    return mdl_run(&q, err);
}

static enum mdl_status put_population(struct mdl_store *st, const struct place *p, size_t bit,
                                      const char *name, const uint32_t n[3], struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q,
                                   "INSERT INTO result_population (round, grp, side, bit, name, "
                                   "total, matched, review) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                                   err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, p->round);
    mdl_put_int(&q, p->group);
    mdl_put_int(&q, p->side);
    mdl_put_int(&q, (int64_t)bit);
    mdl_put_text(&q, name, MDL_STORE_NAME);
    mdl_put_int(&q, n[0]);
    mdl_put_int(&q, n[1]);
    mdl_put_int(&q, n[2]);
    return mdl_run(&q, err);
}

static enum mdl_status put_populations(struct mdl_store *st, int64_t round,
                                       const struct mdl_result_head *h, struct mdl_error *err)
{
    const struct mdl_regroup_counts *c = &h->counts;
    struct place p = {.round = round, .group = h->group, .side = 0};
    enum mdl_status rc = MDL_OK;

    for (size_t i = 0; i < h->n_own && rc == MDL_OK; i++) {
        const uint32_t n[3] = {c->own_total[i], c->own_matched[i], c->own_review[i]};
        rc = put_population(st, &p, i, h->own[i], n, err);
    }
    p.side = 1;
    for (size_t i = 0; i < h->n_partner && rc == MDL_OK; i++) {
        const uint32_t n[3] = {0, c->partner_matched[i], 0};
        rc = put_population(st, &p, i, h->partner[i], n, err);
    }
    return rc;
}

static enum mdl_status put_cell(struct mdl_store *st, const struct place *p, size_t own,
                                size_t partner, const struct mdl_regroup_counts *c,
                                struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(st, &q,
                                   "INSERT INTO result_cell (round, grp, own, partner, matched, "
                                   "reviewed) VALUES (?, ?, ?, ?, ?, ?)",
                                   err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, p->round);
    mdl_put_int(&q, p->group);
    mdl_put_int(&q, (int64_t)own);
    mdl_put_int(&q, (int64_t)partner);
    mdl_put_int(&q, c->matched[own][partner]);
    mdl_put_int(&q, c->reviewed[own][partner]);
    return mdl_run(&q, err);
}

static enum mdl_status put_cells(struct mdl_store *st, int64_t round,
                                 const struct mdl_result_head *h, struct mdl_error *err)
{
    struct place p = {.round = round, .group = h->group};
    enum mdl_status rc = MDL_OK;

    for (size_t i = 0; i < h->n_own && rc == MDL_OK; i++) {
        for (size_t j = 0; j < h->n_partner && rc == MDL_OK; j++) {
            if (h->counts.matched[i][j] != 0 || h->counts.reviewed[i][j] != 0) {
                rc = put_cell(st, &p, i, j, &h->counts, err);
            }
        }
    }
    return rc;
}

enum mdl_status mdl_result_put_head(struct mdl_store *st, const struct mdl_result_head *h,
                                    struct mdl_error *err)
{
    struct place p = {.group = h->group};

    if (h->n_own > MDL_STORE_POPULATIONS || h->n_partner > MDL_STORE_POPULATIONS) {
        return mdl_fail(err, MDL_BUG, "a result with more populations than a group has");
    }
    enum mdl_status rc = mdl_round_number(st, h->round, &p.round, err);
    if (rc == MDL_OK) {
        rc = put_result(st, p.round, h, err);
    }
    if (rc == MDL_OK) {
        rc = drop(st, "DELETE FROM result_population WHERE round = ? AND grp = ?", &p, err);
    }
    if (rc == MDL_OK) {
        rc = drop(st, "DELETE FROM result_cell WHERE round = ? AND grp = ?", &p, err);
    }
    if (rc == MDL_OK) {
        rc = put_populations(st, p.round, h, err);
    }
    return rc == MDL_OK ? put_cells(st, p.round, h, err) : rc;
}

/* Starts a query whose two parameters are round and group. */
static enum mdl_status ask(struct mdl_store *st, struct mdl_query *q, const char *sql,
                           const struct place *p, struct mdl_error *err)
{
    enum mdl_status rc = mdl_read(st, q, sql, err);

    if (rc == MDL_OK) {
        mdl_put_int(q, p->round);
        mdl_put_int(q, p->group);
    }
    return rc;
}

static enum mdl_status get_result(struct mdl_store *st, const struct place *p,
                                  struct mdl_result_head *h, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = ask(st, &q,
                             "SELECT finished, total, accounts, review, vetoed FROM result "
                             "WHERE round = ? AND grp = ?",
                             p, err);

    if (rc == MDL_OK) {
        rc = mdl_next(&q, &row, err);
    }
    if (rc == MDL_OK && !row) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "the round has no result for group %u", p->group);
    }
    if (rc == MDL_OK) {
        h->finished = mdl_take_int(&q) != 0;
        h->counts.total = mdl_take_u32(&q);
        h->counts.accounts = mdl_take_u32(&q);
        h->counts.review = mdl_take_u32(&q);
        h->counts.vetoed = mdl_take_u32(&q);
        rc = mdl_query_end(&q, err);
    }
    return rc;
}

static void take_population(struct mdl_query *q, struct mdl_result_head *h)
{
    int64_t side = mdl_take_int(q);
    size_t bit = mdl_take_u32(q);

    if (bit >= MDL_STORE_POPULATIONS) {
        return; /* no row of ours has one */
    }
    if (side == 0) {
        mdl_take_text(q, h->own[bit], sizeof h->own[bit]);
        h->counts.own_total[bit] = mdl_take_u32(q);
        h->counts.own_matched[bit] = mdl_take_u32(q);
        h->counts.own_review[bit] = mdl_take_u32(q);
        h->n_own = bit + 1;
    } else {
        mdl_take_text(q, h->partner[bit], sizeof h->partner[bit]);
        (void)mdl_take_u32(q); /* their total is theirs */
        h->counts.partner_matched[bit] = mdl_take_u32(q);
        h->n_partner = bit + 1;
    }
}

static enum mdl_status get_populations(struct mdl_store *st, const struct place *p,
                                       struct mdl_result_head *h, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = ask(st, &q,
                             "SELECT side, bit, name, total, matched, review FROM "
                             "result_population WHERE round = ? AND grp = ? ORDER BY side, bit",
                             p, err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        take_population(&q, h);
    }
    return rc;
}

static enum mdl_status get_cells(struct mdl_store *st, const struct place *p,
                                 struct mdl_result_head *h, struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc =
        ask(st, &q,
            "SELECT own, partner, matched, reviewed FROM result_cell WHERE round = ? AND grp = ?",
            p, err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        uint32_t own = mdl_take_u32(&q);
        uint32_t partner = mdl_take_u32(&q);
        if (own < MDL_STORE_POPULATIONS && partner < MDL_STORE_POPULATIONS) {
            h->counts.matched[own][partner] = mdl_take_u32(&q);
            h->counts.reviewed[own][partner] = mdl_take_u32(&q);
        }
    }
    return rc;
}

enum mdl_status mdl_result_head(struct mdl_store *st, const uint8_t round[MDL_STORE_ROUND],
                                uint8_t group, struct mdl_result_head *h, struct mdl_error *err)
{
    struct place p = {.group = group};
    uint8_t id[MDL_STORE_ROUND];
    enum mdl_status rc = mdl_round_number(st, round, &p.round, err);

    memcpy(id, round, sizeof id); /* `round` may be that of *h */
    memset(h, 0, sizeof *h);
    memcpy(h->round, id, sizeof h->round);
    h->group = group;
    if (rc == MDL_OK) {
        rc = get_result(st, &p, h, err);
    }
    if (rc == MDL_OK) {
        rc = get_populations(st, &p, h, err);
    }
    return rc == MDL_OK ? get_cells(st, &p, h, err) : rc;
}
