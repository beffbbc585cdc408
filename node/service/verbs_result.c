/* verbs_result.c: overlap, whitespace and matrix, from results as they were at the round.
 * It may not compute matches: regrouping did, and its rows are read here page by page. */
#include "result.h"

struct page {
    const struct found *f;
    json_t *rows;
};

static bool overlap_row(void *ctx, const struct mdl_overlap_row *r)
{
    struct page *p = ctx;
    const struct mdl_result_head *h = &p->f->head;
    json_t *row = result_account(&r->fields, r->source);

    (void)json_object_set_new(row, "populations",
                              result_names(r->own_populations, h->own, h->n_own));
    (void)json_object_set_new(row, "key_type", json_string(mdl_key_type_slug(r->key_type)));
    (void)json_object_set_new(row, "key_label", json_string(mdl_key_type_label(r->key_type)));
    (void)json_object_set_new(row, "tier",
                              json_string(r->tier == MDL_FOUND_MATCH ? "match" : "review"));
    (void)json_object_set_new(row, "vetoed", json_boolean(r->vetoed));
    (void)json_object_set_new(row, "partner_populations",
                              result_names(r->partner_populations, h->partner, h->n_partner));
    (void)json_array_append_new(p->rows, row);
    return true;
}

static bool snap_row(void *ctx, const struct mdl_snap_account *a)
{
    struct page *p = ctx;
    const struct mdl_result_head *h = &p->f->head;
    json_t *row = result_account(&a->fields, a->source);
    (void)json_object_set_new(row, "populations", result_names(a->populations, h->own, h->n_own));
    (void)json_object_set_new(row, "review", json_boolean(a->review));
    (void)json_array_append_new(p->rows, row);
    return true;
}

static json_t *totals(const struct found *f)
{
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I}", "own_accounts", (json_int_t)f->head.counts.accounts,
        "partner_accounts", (json_int_t)f->round.partner_accounts, "keys",
        (json_int_t)f->round.group[0].matched_keys, "review_accounts",
        (json_int_t)f->head.counts.review, "vetoed_accounts", (json_int_t)f->head.counts.vetoed);
}

static json_t *heading(struct mdl_service *s, const struct found *f)
{
    json_t *o = json_pack("{s:s, s:o, s:o}", "partner", f->partner.name, "round",
                          doc_round(s, &f->round), "wider_round", result_wider(s, f));
    result_scope(o, &f->head);
    return o;
}

static json_t *chosen(const json_t *params)
{
    return json_pack("{s:s?, s:s?, s:b}", "population", param_text(params, "population"),
                     "partner_population", param_text(params, "partner_population"), "review",
                     param_bool(params, "review", false));
}

static size_t bit_of(uint32_t mask)
{
    size_t i = 0;
    while ((mask >> i & 1) == 0) {
        i++;
    }
    return i;
}

/* Accounts on all pages together, from the counts beside the rows. Those of review by the partner's
 * population alone were not counted: null. */
static json_t *listed(const struct mdl_result_head *h, const struct mdl_overlap_filter *f)
{
    const struct mdl_regroup_counts *c = &h->counts;
    bool review = f->tier == MDL_FOUND_REVIEW;
    uint32_t own = f->own_populations;
    uint32_t partner = f->partner_populations;
    uint32_t n = review ? c->review : c->accounts;

    if (own != 0 && partner != 0) {
        size_t row = bit_of(own);
        size_t column = bit_of(partner);
        n = review ? c->reviewed[row][column] : c->matched[row][column];
    } else if (own != 0) {
        n = review ? c->own_review[bit_of(own)] : c->own_matched[bit_of(own)];
    } else if (partner != 0 && review) {
        return json_null();
    } else if (partner != 0) {
        n = c->partner_matched[bit_of(partner)];
    }
    return json_integer((json_int_t)n);
}

/* A page may need several looks: each is bounded so that the loop is not held up. */
static enum mdl_status overlap_pages(struct mdl_service *s, const struct found *f,
                                     struct mdl_overlap_filter *filter, struct page *p,
                                     int64_t *next, struct mdl_error *err)
{
    size_t want = filter->limit;
    enum mdl_status st;
    do {
        filter->limit = want - json_array_size(p->rows);
        st = mdl_result_overlap(s->store, f->round.id, 0, filter, overlap_row, p, next, err);
        filter->after = *next;
    } while (st == MDL_OK && *next != 0 && json_array_size(p->rows) == 0);
    return st;
}

enum mdl_status verb_overlap(struct mdl_service *s, const json_t *params, json_t **result,
                             struct mdl_error *err)
{
    struct found *f = NULL;
    struct mdl_overlap_filter filter = {0};
    int64_t next = 0;
    enum mdl_status st =
        result_find(s, param_text(params, "partner"), param_text(params, "round"), &f, err);
    if (st != MDL_OK) {
        return st;
    }
    struct page p = {f, json_array()};
    const struct mdl_result_head *h = &f->head;
    filter.tier = param_bool(params, "review", false) ? MDL_FOUND_REVIEW : MDL_FOUND_MATCH;
    st = result_mask(param_text(params, "population"), h->own, h->n_own, "ours",
                     &filter.own_populations, err);
    if (st == MDL_OK) {
        st = result_mask(param_text(params, "partner_population"), h->partner, h->n_partner,
                         "the partner", &filter.partner_populations, err);
    }
    if (st == MDL_OK) {
        st = result_page(params, &filter.after, &filter.limit, err);
    }
    if (st == MDL_OK) {
        st = overlap_pages(s, f, &filter, &p, &next, err);
    }
    if (st == MDL_OK) {
        *result = heading(s, f);
        (void)json_object_set_new(*result, "totals", totals(f));
        (void)json_object_set_new(*result, "filter", chosen(params));
        (void)json_object_set_new(*result, "listed", listed(h, &filter));
        (void)json_object_set(*result, "rows", p.rows);
        (void)json_object_set_new(*result, "next_cursor", result_cursor(next));
    }
    json_decref(p.rows);
    found_free(f);
    return st;
}

static enum mdl_status whitespace_rows(struct mdl_service *s, const struct found *f, uint32_t mask,
                                       int64_t after, size_t limit, struct page *p, int64_t *next,
                                       struct mdl_error *err)
{
    struct mdl_snap *snap = NULL;
    enum mdl_status st = mdl_snap_open(s->dir, f->round.id, 0, &snap, err);
    do {
        if (st == MDL_OK) {
            st = mdl_snap_whitespace(snap, mask, after, limit - json_array_size(p->rows), snap_row,
                                     p, next, err);
        }
        after = *next;
    } while (st == MDL_OK && *next != 0 && json_array_size(p->rows) == 0);
    mdl_snap_close(snap);
    return st;
}

enum mdl_status verb_whitespace(struct mdl_service *s, const json_t *params, json_t **result,
                                struct mdl_error *err)
{
    struct found *f = NULL;
    uint32_t mask = 0;
    int64_t after = 0;
    int64_t next = 0;
    size_t limit = 0;
    enum mdl_status st =
        result_find(s, param_text(params, "partner"), param_text(params, "round"), &f, err);
    if (st != MDL_OK) {
        return st;
    }
    struct page p = {f, json_array()};
    st = result_mask(param_text(params, "population"), f->head.own, f->head.n_own, "ours", &mask,
                     err);
    if (st == MDL_OK) {
        st = result_page(params, &after, &limit, err);
    }
    if (st == MDL_OK) {
        st = whitespace_rows(s, f, mask, after, limit, &p, &next, err);
    }
    if (st == MDL_OK) {
        *result = heading(s, f);
        (void)json_object_set_new(*result, "totals", totals(f));
        (void)json_object_set(*result, "rows", p.rows);
        (void)json_object_set_new(*result, "next_cursor", result_cursor(next));
    }
    json_decref(p.rows);
    found_free(f);
    return st;
}

/* ---- matrix -------------------------------------------------------------------------------------
 */

static json_t *counts(const uint32_t *n, size_t len)
{
    json_t *list = json_array();
    for (size_t i = 0; i < len; i++) {
        (void)json_array_append_new(list, json_integer((json_int_t)n[i]));
    }
    return list;
}

static json_t *cells(const struct mdl_result_head *h)
{
    json_t *list = json_array();
    for (size_t r = 0; r < h->n_own; r++) {
        (void)json_array_append_new(list, counts(h->counts.matched[r], h->n_partner));
    }
    return list;
}

enum mdl_status verb_matrix(struct mdl_service *s, const json_t *params, json_t **result,
                            struct mdl_error *err)
{
    struct found *f = NULL;
    enum mdl_status st =
        result_find(s, param_text(params, "partner"), param_text(params, "round"), &f, err);
    if (st != MDL_OK) {
        return st;
    }
    const struct mdl_result_head *h = &f->head;
    json_t *m = heading(s, f);
    (void)json_object_set_new(m, "rows", result_all_names(h->own, h->n_own));
    (void)json_object_set_new(m, "columns", result_all_names(h->partner, h->n_partner));
    (void)json_object_set_new(m, "cells", cells(h));
    (void)json_object_set_new(m, "row_overlap", counts(h->counts.own_matched, h->n_own));
    (void)json_object_set_new(m, "row_accounts", counts(h->counts.own_total, h->n_own));
    (void)json_object_set_new(m, "row_review", counts(h->counts.own_review, h->n_own));
    (void)json_object_set_new(m, "column_overlap", counts(h->counts.partner_matched, h->n_partner));
    json_t *t = totals(f);
    (void)json_object_update(m, t);
    json_decref(t);
    (void)json_object_set_new(m, "own_total",
                              json_integer((json_int_t)round_own_total(s, &f->round)));
    (void)json_object_set_new(m, "receipt",
                              json_boolean(f->round.has_our_sig && f->round.has_their_sig));
    (void)json_object_set_new(m, "complete", json_boolean(f->round.outcome == MDL_ROUND_COMPLETE));
    *result = m;
    found_free(f);
    return MDL_OK;
}
