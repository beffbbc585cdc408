/* verbs_result.c: overlap, whitespace, matrix and bundle, from results as they were at the round.
 * It may not compute matches: regrouping did, and its rows are read here page by page. */
#include "internal.h"
#include "rounds.h"

#include <stdlib.h>
#include <store_result.h>
#include <string.h>

#define PAGE     500
#define PAGE_MAX 5000

/* A round with results and what stands beside its rows. Large: on the heap. */
struct found {
    struct mdl_partner_row partner;
    struct mdl_round_row round;
    struct mdl_result_head head;
};

static void found_free(struct found *f)
{
    if (f != NULL) {
        mdl_partner_clear(&f->partner);
        mdl_round_clear(&f->round);
        free(f);
    }
}

struct newest {
    bool hit;
    uint8_t id[MDL_STORE_ROUND];
};

static bool take_first(void *ctx, const struct mdl_round_row *r)
{
    struct newest *n = ctx;
    memcpy(n->id, r->id, sizeof n->id);
    n->hit = true;
    return false;
}

static enum mdl_status newest_round(struct mdl_service *s, struct found *f, struct newest *n,
                                    struct mdl_error *err)
{
    struct mdl_round_filter filter = {.partner = f->partner.id, .with_result = true, .limit = 1};
    enum mdl_status st = mdl_round_list(s->store, &filter, take_first, n, err);
    if (st == MDL_OK && !n->hit) {
        return mdl_fail(err, MDL_U_NOT_FOUND,
                        "no mapping round with %s has a result yet; 'mandorla round start \"%s\" "
                        "--wait' runs one",
                        f->partner.name, f->partner.name);
    }
    return st;
}

static enum mdl_status find_result(struct mdl_service *s, const char *partner, const char *round,
                                   struct found **out, struct mdl_error *err)
{
    struct newest n = {.hit = false};
    struct found *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a result");
    }
    enum mdl_status st = partner_find(s, partner, &f->partner, err);
    if (st == MDL_OK && round != NULL) {
        st = round_find(s, round, &f->round, err);
        if (st == MDL_OK && f->round.partner != f->partner.id) {
            st = mdl_fail(err, MDL_U_NOT_FOUND, "round %s is with another partner", round);
        }
    } else if (st == MDL_OK) {
        st = newest_round(s, f, &n, err);
        if (st == MDL_OK) {
            st = mdl_round_get(s->store, n.id, &f->round, err);
        }
    }
    if (st == MDL_OK) {
        st = mdl_result_head(s->store, f->round.id, 0, &f->head, err);
    }
    if (st == MDL_U_NOT_FOUND && f->head.n_own == 0 && f->round.created_at != 0) {
        st = mdl_fail(err, st, "this round has no result");
    }
    if (st != MDL_OK) {
        found_free(f);
        return st;
    }
    *out = f;
    return MDL_OK;
}

/* ---- names and masks ----------------------------------------------------------------------------
 */

typedef char name_list[MDL_STORE_POPULATIONS][MDL_STORE_NAME + 1];

static json_t *names(uint32_t mask, const name_list list, size_t n)
{
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++) {
        if ((mask >> i & 1) != 0) {
            (void)json_array_append_new(out, json_string(list[i]));
        }
    }
    return out;
}

static json_t *all_names(const name_list list, size_t n)
{
    return names(0xffffffffu, list, n);
}

/* The mask of one population's name; 0 for NULL: no filter. */
static enum mdl_status mask_of(const char *name, const name_list list, size_t n, const char *whose,
                               uint32_t *mask, struct mdl_error *err)
{
    char known[400] = "";
    *mask = 0;
    if (name == NULL) {
        return MDL_OK;
    }
    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(known);
        if (strcmp(list[i], name) == 0) {
            *mask = 1u << i;
            return MDL_OK;
        }
        (void)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", list[i]);
    }
    return mdl_fail(err, MDL_U_NOT_FOUND,
                    "no population '%.40s' of %s in this round; there are: %s", name, whose, known);
}

static enum mdl_status page_of(const json_t *params, int64_t *after, size_t *limit,
                               struct mdl_error *err)
{
    const char *cursor = param_text(params, "cursor");
    json_int_t n = param_int(params, "limit", PAGE);
    char *end = NULL;

    if (n < 1 || n > PAGE_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "limit: expected 1 to %d, found %lld", PAGE_MAX,
                        (long long)n);
    }
    *limit = (size_t)n;
    *after = cursor != NULL ? strtoll(cursor, &end, 10) : 0;
    if (cursor != NULL && (end == cursor || *end != '\0' || *after < 0)) {
        return mdl_fail(err, MDL_U_ARGUMENT, "cursor: '%.40s' is none that this list gave", cursor);
    }
    return MDL_OK;
}

static json_t *cursor_text(int64_t next)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)next);
    return next == 0 ? json_null() : json_string(text);
}

/* ---- rows ---------------------------------------------------------------------------------------
 */

struct page {
    const struct found *f;
    json_t *rows;
};

static json_t *account_row(const struct mdl_account_fields *a, const char *source)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "record_id", a->record_id, "name", a->name, "website",
                     a->website, "source", source);
}

static bool overlap_row(void *ctx, const struct mdl_overlap_row *r)
{
    struct page *p = ctx;
    const struct mdl_result_head *h = &p->f->head;
    json_t *row = account_row(&r->fields, r->source);

    (void)json_object_set_new(row, "populations", names(r->own_populations, h->own, h->n_own));
    (void)json_object_set_new(row, "key_type", json_string(mdl_key_type_slug(r->key_type)));
    (void)json_object_set_new(row, "key_label", json_string(mdl_key_type_label(r->key_type)));
    (void)json_object_set_new(row, "tier",
                              json_string(r->tier == MDL_FOUND_MATCH ? "match" : "review"));
    (void)json_object_set_new(row, "vetoed", json_boolean(r->vetoed));
    (void)json_object_set_new(row, "partner_populations",
                              names(r->partner_populations, h->partner, h->n_partner));
    (void)json_array_append_new(p->rows, row);
    return true;
}

static bool snap_row(void *ctx, const struct mdl_snap_account *a)
{
    struct page *p = ctx;
    const struct mdl_result_head *h = &p->f->head;
    json_t *row = account_row(&a->fields, a->source);
    (void)json_object_set_new(row, "populations", names(a->populations, h->own, h->n_own));
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
    return json_pack("{s:s, s:o}", "partner", f->partner.name, "round", doc_round(s, &f->round));
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
        find_result(s, param_text(params, "partner"), param_text(params, "round"), &f, err);
    if (st != MDL_OK) {
        return st;
    }
    struct page p = {f, json_array()};
    const struct mdl_result_head *h = &f->head;
    filter.tier = param_bool(params, "review", false) ? MDL_FOUND_REVIEW : MDL_FOUND_MATCH;
    st = mask_of(param_text(params, "population"), h->own, h->n_own, "ours",
                 &filter.own_populations, err);
    if (st == MDL_OK) {
        st = mask_of(param_text(params, "partner_population"), h->partner, h->n_partner,
                     "the partner", &filter.partner_populations, err);
    }
    if (st == MDL_OK) {
        st = page_of(params, &filter.after, &filter.limit, err);
    }
    if (st == MDL_OK) {
        st = overlap_pages(s, f, &filter, &p, &next, err);
    }
    if (st == MDL_OK) {
        *result = heading(s, f);
        (void)json_object_set_new(*result, "populations", all_names(h->own, h->n_own));
        (void)json_object_set_new(*result, "partner_populations",
                                  all_names(h->partner, h->n_partner));
        (void)json_object_set_new(*result, "totals", totals(f));
        (void)json_object_set(*result, "rows", p.rows);
        (void)json_object_set_new(*result, "next_cursor", cursor_text(next));
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
        find_result(s, param_text(params, "partner"), param_text(params, "round"), &f, err);
    if (st != MDL_OK) {
        return st;
    }
    struct page p = {f, json_array()};
    st = mask_of(param_text(params, "population"), f->head.own, f->head.n_own, "ours", &mask, err);
    if (st == MDL_OK) {
        st = page_of(params, &after, &limit, err);
    }
    if (st == MDL_OK) {
        st = whitespace_rows(s, f, mask, after, limit, &p, &next, err);
    }
    if (st == MDL_OK) {
        *result = heading(s, f);
        (void)json_object_set_new(*result, "populations", all_names(f->head.own, f->head.n_own));
        (void)json_object_set_new(*result, "totals", totals(f));
        (void)json_object_set(*result, "rows", p.rows);
        (void)json_object_set_new(*result, "next_cursor", cursor_text(next));
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
        find_result(s, param_text(params, "partner"), param_text(params, "round"), &f, err);
    if (st != MDL_OK) {
        return st;
    }
    const struct mdl_result_head *h = &f->head;
    json_t *m = heading(s, f);
    (void)json_object_set_new(m, "rows", all_names(h->own, h->n_own));
    (void)json_object_set_new(m, "columns", all_names(h->partner, h->n_partner));
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

/* ---- bundle -------------------------------------------------------------------------------------
 */

struct bundle {
    const struct found *f; /* of the round the rows stand in */
    json_t *rows;
    size_t limit;
    json_int_t count;
    json_int_t by_population[MDL_STORE_POPULATIONS];
};

static bool bundle_row(void *ctx, const struct mdl_overlap_row *r)
{
    struct bundle *b = ctx;
    const struct mdl_result_head *h = &b->f->head;
    b->count++;
    for (size_t i = 0; i < h->n_own; i++) {
        b->by_population[i] += r->own_populations >> i & 1;
    }
    if (json_array_size(b->rows) < b->limit) {
        json_t *row = account_row(&r->fields, r->source);
        (void)json_object_set_new(row, "populations", names(r->own_populations, h->own, h->n_own));
        (void)json_object_set_new(row, "partner_populations",
                                  names(r->partner_populations, h->partner, h->n_partner));
        (void)json_array_append_new(b->rows, row);
    }
    return true;
}

static json_t *bundle_part(struct bundle *b)
{
    const struct mdl_result_head *h = &b->f->head;
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
    return mdl_result_bundle(s->store, p->a->round.id, p->b->round.id, &p->filter, bundle_row,
                             p->list, &p->next, err);
}

static enum mdl_status bundle_list(struct mdl_service *s, const json_t *params,
                                   const struct found *a, const struct found *b, bool in_b,
                                   json_t **out, struct mdl_error *err)
{
    const char *population = param_text(params, "population");
    uint32_t mask;
    struct bundle list = {.f = a, .rows = json_array()};
    struct mdl_bundle_filter filter = {
        .population = &population, .n_populations = population != NULL ? 1 : 0, .in_b = in_b};
    int64_t next = 0;
    enum mdl_status st = page_of(params, &next, &list.limit, err);

    if (st == MDL_OK) {
        st = mask_of(population, a->head.own, a->head.n_own, "ours", &mask, err);
    }
    do {
        filter.after = next;
        if (st == MDL_OK) {
            st = mdl_result_bundle(s->store, a->round.id, b->round.id, &filter, bundle_row, &list,
                                   &next, err);
        }
    } while (st == MDL_OK && next != 0);
    if (st != MDL_OK) {
        json_decref(list.rows);
        return st;
    }
    *out = bundle_part(&list);
    return MDL_OK;
}

static enum mdl_status bundle_document(struct mdl_service *s, const json_t *params,
                                       const struct found *a, const struct found *b, json_t **out,
                                       struct mdl_error *err)
{
    json_t *both = NULL;
    json_t *only_a = NULL;
    json_t *only_b = NULL;
    enum mdl_status st = bundle_list(s, params, a, b, true, &both, err);
    if (st == MDL_OK) {
        st = bundle_list(s, params, a, b, false, &only_a, err);
    }
    if (st == MDL_OK) {
        st = bundle_list(s, params, b, a, false, &only_b, err);
    }
    if (st != MDL_OK) {
        json_decref(both);
        json_decref(only_a);
        return st;
    }
    (void)json_object_set_new(only_a, "partner", json_string(a->partner.name));
    (void)json_object_set_new(only_a, "other", json_string(b->partner.name));
    (void)json_object_set_new(only_b, "partner", json_string(b->partner.name));
    (void)json_object_set_new(only_b, "other", json_string(a->partner.name));
    *out = json_pack("{s:[s,s], s:[o,o], s:o, s:[o,o]}", "partners", a->partner.name,
                     b->partner.name, "rounds", doc_round(s, &a->round), doc_round(s, &b->round),
                     "both", both, "only", only_a, only_b);
    return MDL_OK;
}

enum mdl_status verb_bundle(struct mdl_service *s, const json_t *params, json_t **result,
                            struct mdl_error *err)
{
    const json_t *partners = json_object_get(params, "partners");
    struct found *a = NULL;
    struct found *b = NULL;

    if (json_array_size(partners) != 2) {
        return mdl_fail(err, MDL_U_ARGUMENT, "partners: expected two, found %zu",
                        json_array_size(partners));
    }
    enum mdl_status st =
        find_result(s, json_string_value(json_array_get(partners, 0)), NULL, &a, err);
    if (st == MDL_OK) {
        st = find_result(s, json_string_value(json_array_get(partners, 1)), NULL, &b, err);
    }
    if (st == MDL_OK && a->partner.id == b->partner.id) {
        st = mdl_fail(err, MDL_U_ARGUMENT, "partners: both are %s; a bundle takes two partners",
                      a->partner.name);
    }
    if (st == MDL_OK) {
        st = bundle_document(s, params, a, b, result, err);
    }
    found_free(a);
    found_free(b);
    return st;
}
