/* verbs_bundle.c: own accounts that two partners have, from this node's own pairwise results.
 * It may not exchange anything, and neither partner learns that it was asked. */
#include "result.h"

struct bundle {
    struct mdl_service *s;
    const struct found *f; /* of the round the rows stand in */
    enum mdl_status status;
    struct mdl_error err;
    json_t *rows;
    size_t limit;
    json_int_t count;
    json_int_t by_population[MDL_STORE_POPULATIONS];
};

static bool bundle_row(void *ctx, const struct mdl_overlap_row *r)
{
    struct bundle *b = ctx;
    const struct scope *h = &b->f->scope;
    uint32_t own;
    uint32_t partner;
    b->status = result_met(b->s, b->f, r->source, r->fields.record_id, &own, &partner, &b->err);
    if (b->status != MDL_OK) {
        return false;
    }
    b->count++;
    for (size_t i = 0; i < h->n_own; i++) {
        b->by_population[i] += own >> i & 1;
    }
    if (json_array_size(b->rows) < b->limit) {
        json_t *row = result_account(&r->fields, r->source);
        (void)json_object_set_new(row, "populations", result_names(own, h->own, h->n_own));
        (void)json_object_set_new(row, "partner_populations",
                                  result_names(partner, h->partner, h->n_partner));
        (void)json_array_append_new(b->rows, row);
    }
    return true;
}

static json_t *bundle_part(struct bundle *b)
{
    const struct scope *h = &b->f->scope;
    json_t *by = json_array();
    for (size_t i = 0; i < h->n_own; i++) {
        (void)json_array_append_new(
            by, json_pack("{s:s, s:I}", "population", h->own[i], "count", b->by_population[i]));
    }
    return json_pack("{s:I, s:o, s:o}", "count", b->count, "by_population", by, "rows", b->rows);
}

/* Accounts matched in `a` that are (or are not) matched in `b`, as a document. */
struct bundle_page {
    const struct found *a, *b;
    struct mdl_bundle_filter filter;
    struct bundle *list;
    int64_t next;
};

static enum mdl_status bundle_page(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct bundle_page *p = ctx;
    enum mdl_status st = mdl_result_bundle(s->store, p->a->round.id, p->b->round.id, &p->filter,
                                           bundle_row, p->list, &p->next, err);
    if (st == MDL_OK && p->list->status != MDL_OK) {
        *err = p->list->err;
        st = p->list->status;
    }
    return st;
}

static enum mdl_status bundle_list(struct mdl_service *s, const json_t *params,
                                   const struct found *a, const struct found *b, bool in_b,
                                   json_t **out, struct mdl_error *err)
{
    const char *population = param_text(params, "population");
    uint32_t mask;
    struct bundle list = {.s = s, .f = a, .rows = json_array()};
    struct bundle_page page = {.a = a,
                               .b = b,
                               .filter = {.population = &population,
                                          .n_populations = population != NULL ? 1 : 0,
                                          .in_b = in_b},
                               .list = &list};
    enum mdl_status st = result_page(params, &page.next, &list.limit, err);

    if (st == MDL_OK) {
        st = result_mask(a, population, true, &mask, err);
    }
    /* Page by page, so that the loop is never held up by a long list. */
    do {
        page.filter.after = page.next;
        if (st == MDL_OK) {
            st = call_loop(s, bundle_page, &page, err);
        }
    } while (st == MDL_OK && page.next != 0);
    if (st != MDL_OK) {
        json_decref(list.rows);
        return st;
    }
    *out = bundle_part(&list);
    return MDL_OK;
}

/* The two rounds as documents, and their results: looked up in one visit to the loop. */
struct bundle_pair {
    const json_t *partners;
    struct found *a, *b;
    json_t *round_a, *round_b, *scopes;
};

static enum mdl_status bundle_find(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct bundle_pair *p = ctx;
    enum mdl_status st =
        result_find(s, json_string_value(json_array_get(p->partners, 0)), NULL, &p->a, err);
    if (st == MDL_OK) {
        st = result_find(s, json_string_value(json_array_get(p->partners, 1)), NULL, &p->b, err);
    }
    if (st == MDL_OK && p->a->partner.id == p->b->partner.id) {
        st = mdl_fail(err, MDL_U_ARGUMENT, "partners: both are %s; a bundle takes two partners",
                      p->a->partner.name);
    }
    if (st == MDL_OK) {
        st = result_needs_accounts(p->a, err);
    }
    if (st == MDL_OK) {
        st = result_needs_accounts(p->b, err);
    }
    if (st == MDL_OK) {
        p->round_a = doc_round(s, &p->a->round);
        p->round_b = doc_round(s, &p->b->round);
        p->scopes = json_pack("[{}, {}]");
        result_scope(json_array_get(p->scopes, 0), p->a);
        result_scope(json_array_get(p->scopes, 1), p->b);
    }
    return st;
}

static enum mdl_status bundle_document(struct mdl_service *s, const json_t *params,
                                       const struct bundle_pair *p, json_t **out,
                                       struct mdl_error *err)
{
    json_t *both = NULL;
    json_t *only_a = NULL;
    json_t *only_b = NULL;
    enum mdl_status st = bundle_list(s, params, p->a, p->b, true, &both, err);
    if (st == MDL_OK) {
        st = bundle_list(s, params, p->a, p->b, false, &only_a, err);
    }
    if (st == MDL_OK) {
        st = bundle_list(s, params, p->b, p->a, false, &only_b, err);
    }
    if (st != MDL_OK) {
        json_decref(both);
        json_decref(only_a);
        return st;
    }
    (void)json_object_set_new(only_a, "partner", json_string(p->a->partner.name));
    (void)json_object_set_new(only_a, "other", json_string(p->b->partner.name));
    (void)json_object_set_new(only_b, "partner", json_string(p->b->partner.name));
    (void)json_object_set_new(only_b, "other", json_string(p->a->partner.name));
    *out = json_pack("{s:[s,s], s:[O,O], s:O, s:o, s:[o,o]}", "partners", p->a->partner.name,
                     p->b->partner.name, "rounds", p->round_a, p->round_b, "scopes", p->scopes,
                     "both", both, "only", only_a, only_b);
    return MDL_OK;
}

enum mdl_status verb_bundle(struct mdl_service *s, const json_t *params, json_t **result,
                            struct mdl_error *err)
{
    struct bundle_pair p = {.partners = json_object_get(params, "partners")};

    if (json_array_size(p.partners) != 2) {
        return mdl_fail(err, MDL_U_ARGUMENT, "partners: expected two, found %zu",
                        json_array_size(p.partners));
    }
    enum mdl_status st = call_loop(s, bundle_find, &p, err);
    if (st == MDL_OK) {
        st = bundle_document(s, params, &p, result, err);
    }
    json_decref(p.round_a);
    json_decref(p.round_b);
    json_decref(p.scopes);
    found_free(p.a);
    found_free(p.b);
    return st;
}
