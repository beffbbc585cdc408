/* verbs_diff.c: what changed between two rounds with one partner: accounts that came into the
 * overlap, left it, moved between populations; and each cell's number before and after. It may not
 * exchange anything: both results are this node's own. */
#include "result.h"

#include <string.h>
#include <strings.h>

/* One list: the rows of round `in` that are (or are not) in the other. */
struct list {
    struct mdl_service *s;
    const struct found *in, *other;
    bool both; /* of those in both, the ones whose populations changed */
    json_t *rows;
    json_int_t count;
    size_t limit;
    int64_t next;
    enum mdl_status status;
    struct mdl_error err;
};

static json_t *populations(const struct found *f, uint32_t own, uint32_t partner)
{
    const struct scope *s = &f->scope;
    return json_pack("{s:o, s:o}", "populations", result_names(own, s->own, s->n_own),
                     "partner_populations", result_names(partner, s->partner, s->n_partner));
}

static bool subset(const json_t *a, const json_t *b)
{
    size_t i;
    const json_t *name;
    json_array_foreach(a, i, name)
    {
        size_t k;
        const json_t *other;
        bool found = false;
        json_array_foreach(b, k, other)
        {
            found = found || json_equal(name, other);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* As sets: two agreements may name the populations in another order. */
static bool same_names(const json_t *a, const json_t *b, const char *key)
{
    const json_t *x = json_object_get(a, key);
    const json_t *y = json_object_get(b, key);
    return subset(x, y) && subset(y, x);
}

static bool take_row(void *ctx, const struct mdl_overlap_row *r)
{
    struct list *l = ctx;
    uint32_t own[2] = {0, 0};
    uint32_t partner[2] = {0, 0};
    const char *id = r->fields.record_id;

    l->status = result_met(l->s, l->in, r->source, id, &own[0], &partner[0], &l->err);
    if (l->status == MDL_OK && l->both) {
        l->status = result_met(l->s, l->other, r->source, id, &own[1], &partner[1], &l->err);
    }
    if (l->status != MDL_OK) {
        return false;
    }
    json_t *now = populations(l->in, own[0], partner[0]);
    json_t *then = populations(l->other, own[1], partner[1]);
    bool moved =
        !same_names(now, then, "populations") || !same_names(now, then, "partner_populations");
    if (moved || !l->both) {
        l->count++;
        if (json_array_size(l->rows) < l->limit) {
            json_t *row = result_account(&r->fields, r->source);
            (void)json_object_update(row, now);
            if (l->both) {
                (void)json_object_set(row, "before", then);
            }
            (void)json_array_append_new(l->rows, row);
        }
    }
    json_decref(now);
    json_decref(then);
    return true;
}

static enum mdl_status look(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct list *l = ctx;
    struct mdl_bundle_filter f = {.in_b = l->both, .after = l->next};
    enum mdl_status st = mdl_result_bundle(s->store, l->in->round.id, l->other->round.id, &f,
                                           take_row, l, &l->next, err);
    if (st == MDL_OK && l->status != MDL_OK) {
        *err = l->err;
        st = l->status;
    }
    return st;
}

/* Look by look, so that the loop is never held up by a long list. */
static enum mdl_status make_list(struct mdl_service *s, const struct found *in,
                                 const struct found *other, bool both, size_t limit, json_t **out,
                                 struct mdl_error *err)
{
    struct list l = {
        .s = s, .in = in, .other = other, .both = both, .rows = json_array(), .limit = limit};
    enum mdl_status st;
    do {
        st = call_loop(s, look, &l, err);
    } while (st == MDL_OK && l.next != 0);
    if (st != MDL_OK) {
        json_decref(l.rows);
        return st;
    }
    *out = json_pack("{s:I, s:o}", "count", l.count, "rows", l.rows);
    return MDL_OK;
}

/* ---- cells --------------------------------------------------------------------------------------
 */

static void add_cell(json_t *cells, const struct found *a, const struct found *b, const char *own,
                     const char *partner)
{
    enum mdl_level before = result_level(a, own, partner, NULL);
    enum mdl_level after = result_level(b, own, partner, NULL);
    if (before == MDL_LEVEL_HIDDEN && after == MDL_LEVEL_HIDDEN) {
        return;
    }
    (void)json_array_append_new(
        cells,
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "population", own,
                  "partner_population", partner, "level_before", mdl_level_name(before), "level",
                  mdl_level_name(after), "before", result_cell(a, own, partner), "after",
                  result_cell(b, own, partner), "before_below", result_below(a, own, partner),
                  "after_below", result_below(b, own, partner)));
}

/* The names of both agreements, those of the later one first. */
static size_t all_names(const struct found *a, const struct found *b, enum mdl_role role,
                        const char *names[2 * MDL_AGREEMENT_POPULATIONS])
{
    const char *older[MDL_AGREEMENT_POPULATIONS];
    size_t n = mdl_agreement_populations(&b->agreement, role, names, MDL_AGREEMENT_POPULATIONS);
    size_t m = mdl_agreement_populations(&a->agreement, role, older, MDL_AGREEMENT_POPULATIONS);
    for (size_t i = 0; i < m; i++) {
        size_t k = 0;
        while (k < n && strcmp(names[k], older[i]) != 0) {
            k++;
        }
        if (k == n) {
            names[n++] = older[i];
        }
    }
    return n;
}

static json_t *doc_cells(const struct found *a, const struct found *b)
{
    const char *own[2 * MDL_AGREEMENT_POPULATIONS];
    const char *partner[2 * MDL_AGREEMENT_POPULATIONS];
    size_t n = all_names(a, b, b->own, own);
    size_t m = all_names(a, b, mdl_role_other(b->own), partner);
    json_t *cells = json_array();
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < m; k++) {
            add_cell(cells, a, b, own[i], partner[k]);
        }
    }
    return cells;
}

/* ---- the verb -----------------------------------------------------------------------------------
 */

struct both {
    const json_t *params;
    struct found *a, *b;
    json_t *rounds, *cells;
};

/* Whether the text is (the beginning of) this round's id, and not its partner's name. */
static bool is_id_of(const char *text, const char *id)
{
    return strncasecmp(text, id, strlen(text)) == 0;
}

/* A round by its id; by its partner's name the newest with results, as everywhere. */
static enum mdl_status find_one(struct mdl_service *s, const char *text, struct found **out,
                                struct mdl_error *err)
{
    struct mdl_round_row row;
    struct mdl_partner_row partner;
    enum mdl_status st = round_find(s, text, &row, err);
    if (st != MDL_OK) {
        return st;
    }
    json_t *id = doc_hex(row.id, sizeof row.id);
    st = mdl_partner_get(s->store, row.partner, &partner, err);
    if (st == MDL_OK) {
        json_t *identity = doc_hex(partner.identity, sizeof partner.identity);
        st = result_find(s, json_string_value(identity),
                         is_id_of(text, json_string_value(id)) ? json_string_value(id) : NULL, out,
                         err);
        json_decref(identity);
        mdl_partner_clear(&partner);
    }
    json_decref(id);
    mdl_round_clear(&row);
    return st;
}

static enum mdl_status find_both(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct both *d = ctx;
    enum mdl_status st = find_one(s, param_text(d->params, "round"), &d->a, err);
    if (st == MDL_OK) {
        st = find_one(s, param_text(d->params, "with"), &d->b, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    if (memcmp(d->a->partner.identity, d->b->partner.identity, MDL_IDENTITY_BYTES) != 0) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the two rounds are with different partners: %s, %s",
                        d->a->partner.name, d->b->partner.name);
    }
    d->rounds = json_pack("[o, o]", doc_round(s, &d->a->round), doc_round(s, &d->b->round));
    d->cells = doc_cells(d->a, d->b);
    return MDL_OK;
}

static enum mdl_status make_document(struct mdl_service *s, const struct both *d, size_t limit,
                                     json_t **result, struct mdl_error *err)
{
    json_t *came = NULL;
    json_t *left = NULL;
    json_t *moved = NULL;
    enum mdl_status st = make_list(s, d->b, d->a, false, limit, &came, err);
    if (st == MDL_OK) {
        st = make_list(s, d->a, d->b, false, limit, &left, err);
    }
    if (st == MDL_OK) {
        st = make_list(s, d->b, d->a, true, limit, &moved, err);
    }
    if (st == MDL_OK) {
        *result =
            json_pack("{s:s, s:O, s:O, s:O, s:O, s:O}", "partner", d->b->partner.name, "rounds",
                      d->rounds, "cells", d->cells, "new", came, "lost", left, "moved", moved);
    }
    json_decref(came);
    json_decref(left);
    json_decref(moved);
    return st;
}

enum mdl_status verb_round_diff(struct mdl_service *s, const json_t *params, json_t **result,
                                struct mdl_error *err)
{
    struct both d = {.params = params};
    int64_t after = 0;
    size_t limit = 0;
    enum mdl_status st = result_page(params, &after, &limit, err);
    if (st == MDL_OK) {
        st = call_loop(s, find_both, &d, err);
    }
    if (st == MDL_OK) {
        st = make_document(s, &d, limit, result, err);
    }
    json_decref(d.rounds);
    json_decref(d.cells);
    found_free(d.a);
    found_free(d.b);
    return st;
}
