/* budget.c: what partners' commits drew on their monthly budget.
 * Knows no cap; nothing here gives anything back. */
#include "store_internal.h"
#include "store_round.h"

struct debit {
    int64_t round;
    uint8_t group;
    int64_t partner;
    uint32_t keys;
    uint64_t at;
};

static enum mdl_status insert(struct mdl_store *st, const struct debit *d, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_write(st, &q,
                  "INSERT INTO budget_debit (round, grp, partner, month, keys, at) "
                  "VALUES (?, ?, ?, ?, ?, ?)",
                  err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, d->round);
    mdl_put_int(&q, d->group);
    mdl_put_int(&q, d->partner);
    mdl_put_int(&q, mdl_store_month(d->at));
    mdl_put_int(&q, d->keys);
    mdl_put_u64(&q, d->at);
    return mdl_run(&q, err);
}

/* MDL_OK if the very same debit stands there already. */
static enum mdl_status same_again(struct mdl_store *st, const struct debit *d,
                                  struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc =
        mdl_read(st, &q, "SELECT keys, partner FROM budget_debit WHERE round = ? AND grp = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, d->round);
    mdl_put_int(&q, d->group);
    rc = mdl_next(&q, &row, err);
    if (rc != MDL_OK || !row) {
        return rc != MDL_OK ? rc : mdl_fail(err, MDL_BUG, "a debit is neither there nor not");
    }
    uint32_t keys = mdl_take_u32(&q);
    int64_t partner = mdl_take_int(&q);
    rc = mdl_query_end(&q, err);
    if (rc == MDL_OK && (keys != d->keys || partner != d->partner)) {
        rc = mdl_fail(err, MDL_U_STATE, "this round was debited with %u keys before, not %u", keys,
                      d->keys);
    }
    return rc;
}

enum mdl_status mdl_budget_debit(struct mdl_store *st, int64_t partner,
                                 const uint8_t round[MDL_STORE_ROUND], uint8_t group, uint32_t keys,
                                 uint64_t at, struct mdl_error *err)
{
    struct debit d = {.group = group, .partner = partner, .keys = keys, .at = at};
    enum mdl_status rc = mdl_round_number(st, round, &d.round, err);

    if (rc == MDL_OK) {
        rc = insert(st, &d, err);
    }
    return rc == MDL_U_EXISTS ? same_again(st, &d, err) : rc;
}

/* A partner that was removed and pinned again has another row, and the same budget. The months are
 * those of this node's clock, and later ones count as well: neither a proposal that its sender
 * dated back nor a clock that was set back gives anything back. */
enum mdl_status mdl_budget_read(struct mdl_store *st, int64_t partner, uint32_t month,
                                struct mdl_budget *out, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(
        st, &q,
        "WITH same (id) AS (SELECT p.id FROM partner p JOIN partner q "
        "                     ON p.id = q.id OR p.identity = q.identity WHERE q.id = ?1), "
        " debited AS (SELECT round, keys FROM budget_debit "
        "              WHERE partner IN same AND month >= ?2), "
        " broken AS (SELECT number FROM round WHERE partner IN same "
        "              AND begun_month >= ?2 AND outcome IN ('aborted', 'partial')) "
        "SELECT (SELECT coalesce(sum(keys), 0) FROM debited), "
        "       (SELECT count(DISTINCT round) FROM debited), "
        "       (SELECT count(*) FROM broken), "
        "       (SELECT count(*) FROM (SELECT round FROM debited UNION SELECT * FROM broken))",
        err);

    *out = (struct mdl_budget){0};
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, partner);
    mdl_put_int(&q, month);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && row) {
        out->keys = mdl_take_u64(&q);
        out->rounds = mdl_take_u32(&q);
        out->aborted = mdl_take_u32(&q);
        out->begun = mdl_take_u32(&q);
        rc = mdl_query_end(&q, err);
    }
    return rc;
}
