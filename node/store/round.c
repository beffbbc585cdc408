/* round.c: the table of rounds: inserting, bringing up to date, one by id.
 * Knows no message and no phase; it only keeps an end final. */
#include "round_row.h"
#include "store_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const char *const slugs[] = {
#define SLUG(name, slug) [MDL_ROUND_##name] = slug,
    MDL_ROUND_OUTCOME_LIST(SLUG)
#undef SLUG
};

const char *mdl_round_outcome_slug(enum mdl_round_outcome o)
{
    return (size_t)o < sizeof slugs / sizeof slugs[0] ? slugs[o] : "unknown";
}

bool mdl_round_outcome_of(const char *slug, enum mdl_round_outcome *out)
{
    for (size_t i = 0; i < sizeof slugs / sizeof slugs[0]; i++) {
        if (strcmp(slugs[i], slug) == 0) {
            *out = (enum mdl_round_outcome)i;
            return true;
        }
    }
    return false;
}

void mdl_round_hex(const uint8_t id[MDL_STORE_ROUND], char out[2 * MDL_STORE_ROUND + 1])
{
    (void)sodium_bin2hex(out, 2 * MDL_STORE_ROUND + 1, id, MDL_STORE_ROUND);
}

enum mdl_status mdl_round_number(struct mdl_store *st, const uint8_t id[MDL_STORE_ROUND],
                                 int64_t *number, struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(st, &q, "SELECT number FROM round WHERE id = ?", err);

    *number = 0;
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, id, MDL_STORE_ROUND);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && !row) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "there is no such round");
    }
    if (rc == MDL_OK) {
        *number = mdl_take_int(&q);
        rc = mdl_query_end(&q, err);
    }
    return rc;
}

/* The columns that insert and update share, in the order of MUTABLE. */
#define MUTABLE                                                                                    \
    "outcome, phase, started_at, begun_month, finished_at, data_as_of, code, code_text, "          \
    "ended_by, own_accounts, own_review, own_vetoed, partner_accounts, partner_review, bytes_in, " \
    "bytes_out, wall_ms, profile, resume, receipt, our_sig, their_sig"
#define MARKS "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"

static void put_mutable(struct mdl_query *q, const struct mdl_round_row *r)
{
    mdl_put_text(q, mdl_round_outcome_slug(r->outcome), SIZE_MAX);
    mdl_put_text(q, r->phase, sizeof r->phase - 1);
    mdl_put_u64(q, r->started_at);
    mdl_put_int(q, r->started_at == 0 ? 0 : mdl_store_month(r->started_at));
    mdl_put_u64(q, r->finished_at);
    mdl_put_u64(q, r->data_as_of);
    mdl_put_int(q, r->code);
    mdl_put_text(q, r->code_text, MDL_STORE_TEXT);
    mdl_put_int(q, (int64_t)r->ended_by);
    mdl_put_int(q, r->own_accounts);
    mdl_put_int(q, r->own_review);
    mdl_put_int(q, r->own_vetoed);
    mdl_put_int(q, r->partner_accounts);
    mdl_put_int(q, r->partner_review);
    mdl_put_u64(q, r->bytes_in);
    mdl_put_u64(q, r->bytes_out);
    mdl_put_u64(q, r->wall_ms);
    mdl_put_if(q, r->has_profile, r->profile, sizeof r->profile);
    mdl_put_blob(q, &r->resume);
    mdl_put_blob(q, &r->receipt);
    mdl_put_if(q, r->has_our_sig, r->our_sig, sizeof r->our_sig);
    mdl_put_if(q, r->has_their_sig, r->their_sig, sizeof r->their_sig);
}

static enum mdl_status put_group(struct mdl_store *st, int64_t number, size_t i,
                                 const struct mdl_round_group *g, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_write(st, &q,
                  "INSERT INTO round_group (round, grp, level, own_keys, partner_keys, "
                  "matched_keys, known, skipped, slices, slices_opened) "
                  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0) "
                  "ON CONFLICT DO UPDATE SET level = excluded.level, own_keys = excluded.own_keys,"
                  " partner_keys = excluded.partner_keys, matched_keys = excluded.matched_keys, "
                  "known = excluded.known, skipped = excluded.skipped, slices = excluded.slices",
                  err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, number);
    mdl_put_int(&q, (int64_t)i);
    mdl_put_text(&q, g->level, sizeof g->level - 1);
    mdl_put_int(&q, g->own_keys);
    mdl_put_int(&q, g->partner_keys);
    mdl_put_int(&q, g->matched_keys);
    mdl_put_int(&q, g->known ? 1 : 0);
    mdl_put_int(&q, g->skipped ? 1 : 0);
    mdl_put_int(&q, g->slices);
    return mdl_run(&q, err);
}

static enum mdl_status put_groups(struct mdl_store *st, int64_t number,
                                  const struct mdl_round_row *r, struct mdl_error *err)
{
    enum mdl_status rc = MDL_OK;

    for (size_t i = 0; i < r->n_groups && rc == MDL_OK; i++) {
        rc = put_group(st, number, i, &r->group[i], err);
    }
    return rc;
}

static enum mdl_status insert_row(struct mdl_store *st, const struct mdl_round_row *r,
                                  struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_write(st, &q,
                  "INSERT INTO round (id, partner, agreement, role, proposer, created_at, " MUTABLE
                  ") VALUES (?, ?, ?, ?, ?, ?, " MARKS ")",
                  err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, r->id, sizeof r->id);
    mdl_put_int(&q, r->partner);
    mdl_put_bytes(&q, r->agreement, sizeof r->agreement);
    mdl_put_int(&q, r->role);
    mdl_put_int(&q, (int64_t)r->proposer);
    mdl_put_u64(&q, r->created_at);
    put_mutable(&q, r);
    return mdl_run(&q, err);
}

enum mdl_status mdl_round_insert(struct mdl_store *st, const struct mdl_round_row *r,
                                 struct mdl_error *err)
{
    if (r->n_groups > MDL_STORE_GROUPS) {
        return mdl_fail(err, MDL_BUG, "a round of %zu groups", r->n_groups);
    }
    enum mdl_status rc = insert_row(st, r, err);
    if (rc == MDL_OK) {
        rc = put_groups(st, sqlite3_last_insert_rowid(st->conn.db), r, err);
    }
    return rc;
}

/* An end is final: refuses to reopen an ended round or to give it another end. */
static enum mdl_status end_stays(struct mdl_store *st, const struct mdl_round_row *r,
                                 struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(st, &q, "SELECT outcome FROM round WHERE id = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_bytes(&q, r->id, sizeof r->id);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && !row) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "there is no such round");
    }
    if (rc != MDL_OK) {
        return rc;
    }
    char found[16];
    mdl_take_text(&q, found, sizeof found);
    rc = mdl_query_end(&q, err);
    bool open = strcmp(found, slugs[MDL_ROUND_WAITING]) == 0 ||
                strcmp(found, slugs[MDL_ROUND_RUNNING]) == 0;
    if (rc == MDL_OK && !open && strcmp(found, mdl_round_outcome_slug(r->outcome)) != 0) {
        rc = mdl_fail(err, MDL_U_STATE, "the round has ended as %s, it cannot become %s", found,
                      mdl_round_outcome_slug(r->outcome));
    }
    return rc;
}

enum mdl_status mdl_round_update(struct mdl_store *st, const struct mdl_round_row *r,
                                 struct mdl_error *err)
{
    struct mdl_query q;
    int64_t number = 0;

    if (r->n_groups > MDL_STORE_GROUPS) {
        return mdl_fail(err, MDL_BUG, "a round of %zu groups", r->n_groups);
    }
    enum mdl_status rc = end_stays(st, r, err);
    if (rc == MDL_OK) {
        rc = mdl_write(st, &q, "UPDATE round SET (" MUTABLE ") = (" MARKS ") WHERE id = ?", err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    put_mutable(&q, r);
    mdl_put_bytes(&q, r->id, sizeof r->id);
    rc = mdl_run(&q, err);
    if (rc == MDL_OK) {
        rc = mdl_round_number(st, r->id, &number, err);
    }
    return rc == MDL_OK ? put_groups(st, number, r, err) : rc;
}

void mdl_round_clear(struct mdl_round_row *r)
{
    free(r->resume.data);
    free(r->receipt.data);
    memset(r, 0, sizeof *r);
}
