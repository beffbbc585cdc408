/* verbs_result.c: overlap and whitespace, from results as they were at the round.
 * It may not compute matches: regrouping did, and its rows are read here page by page. */
#include "result.h"

#include <string.h>

/* A page over the groups at level accounts; `at` is the index of one of them in the scope. */
struct page {
    struct mdl_service *s;
    const struct found *f;
    json_t *rows;
    uint32_t own, partner; /* masks of the scope that a row must meet; 0: any */
    bool review;
    size_t at;
    struct mdl_snap *snap[MDL_STORE_GROUPS]; /* whitespace: of each group, by index */
    enum mdl_status status;
    struct mdl_error err;
};

static size_t group_at(const struct page *p, size_t at)
{
    return p->f->scope.group[at];
}

/* The masks that a group's rows must meet. False: none of its rows can. */
static bool group_masks(const struct page *p, size_t group, uint32_t *own, uint32_t *partner)
{
    *own = scope_own_back(&p->f->scope, group, p->own);
    *partner = scope_partner_back(&p->f->scope, group, p->partner);
    return (p->own == 0 || *own != 0) && (p->partner == 0 || *partner != 0);
}

/* ---- overlap ------------------------------------------------------------------------------------
 */

static bool is_match(const struct mdl_overlap_row *r)
{
    return r->tier == MDL_FOUND_MATCH && !r->vetoed;
}

static bool passes(const struct page *p, const struct mdl_overlap_row *r)
{
    uint32_t own;
    uint32_t partner;
    return r->tier == (p->review ? MDL_FOUND_REVIEW : MDL_FOUND_MATCH) && !r->vetoed &&
           group_masks(p, r->group, &own, &partner) &&
           (own == 0 || (r->own_populations & own) != 0) &&
           (partner == 0 || (r->partner_populations & partner) != 0);
}

/* What all groups have of one account: it stands in the list once, and where it is matched in any
 * of them it is not for review. */
struct account {
    const struct page *p;
    size_t group; /* of the row at hand */
    uint32_t own, partner;
    bool listed_before, matched;
};

static bool add_row(void *ctx, const struct mdl_overlap_row *r)
{
    struct account *a = ctx;
    const struct scope *s = &a->p->f->scope;
    a->matched = a->matched || is_match(r);
    a->listed_before = a->listed_before || (r->group < a->group && passes(a->p, r));
    if (r->tier == (a->p->review ? MDL_FOUND_REVIEW : MDL_FOUND_MATCH) && !r->vetoed) {
        a->own |= scope_own(s, r->group, r->own_populations);
        a->partner |= scope_partner(s, r->group, r->partner_populations);
    }
    return true;
}

static bool overlap_row(void *ctx, const struct mdl_overlap_row *r)
{
    struct page *p = ctx;
    const struct scope *s = &p->f->scope;
    struct account a = {.p = p, .group = r->group};

    (void)add_row(&a, r);
    if (s->n_groups > 1) {
        p->status = mdl_result_account(p->s->store, p->f->round.id, r->source, r->fields.record_id,
                                       add_row, &a, &p->err);
    }
    if (p->status != MDL_OK) {
        return false;
    }
    if (a.listed_before || (p->review && a.matched)) {
        return true;
    }
    json_t *row = result_account(&r->fields, r->source);
    (void)json_object_set_new(row, "populations", result_names(a.own, s->own, s->n_own));
    (void)json_object_set_new(row, "key_type", json_string(mdl_key_type_slug(r->key_type)));
    (void)json_object_set_new(row, "key_label", json_string(mdl_key_type_label(r->key_type)));
    (void)json_object_set_new(row, "tier",
                              json_string(r->tier == MDL_FOUND_MATCH ? "match" : "review"));
    (void)json_object_set_new(row, "vetoed", json_boolean(r->vetoed));
    (void)json_object_set_new(row, "partner_populations",
                              result_names(a.partner, s->partner, s->n_partner));
    (void)json_array_append_new(p->rows, row);
    return true;
}

static json_t *totals(const struct found *f)
{
    json_int_t keys = 0;
    for (size_t i = 0; i < f->scope.n_groups; i++) {
        keys += f->round.group[f->scope.group[i]].matched_keys;
    }
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I}", "own_accounts", (json_int_t)f->head.counts.accounts,
        "partner_accounts", (json_int_t)f->round.partner_accounts, "keys", keys, "review_accounts",
        (json_int_t)f->head.counts.review, "vetoed_accounts", (json_int_t)f->head.counts.vetoed);
}

json_t *result_heading(struct mdl_service *s, const struct found *f)
{
    json_t *o =
        json_pack("{s:s, s:o, s:o, s:o}", "partner", f->partner.name, "round",
                  doc_round(s, &f->round), "wider_round", result_wider(s, f), "totals", totals(f));
    result_scope(o, f);
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
static json_t *listed(const struct page *p)
{
    const struct mdl_regroup_counts *c = &p->f->head.counts;
    uint32_t n = p->review ? c->review : c->accounts;

    if (p->own != 0 && p->partner != 0) {
        size_t row = bit_of(p->own);
        size_t column = bit_of(p->partner);
        n = p->review ? c->reviewed[row][column] : c->matched[row][column];
    } else if (p->own != 0) {
        n = p->review ? c->own_review[bit_of(p->own)] : c->own_matched[bit_of(p->own)];
    } else if (p->partner != 0 && p->review) {
        return json_null();
    } else if (p->partner != 0) {
        n = c->partner_matched[bit_of(p->partner)];
    }
    return json_integer((json_int_t)n);
}

/* One bounded look into one group; *next: its row to go on after, 0 at its end. */
static enum mdl_status overlap_look(struct page *p, int64_t after, size_t limit, int64_t *next,
                                    struct mdl_error *err)
{
    size_t group = group_at(p, p->at);
    struct mdl_overlap_filter f = {
        .tier = p->review ? MDL_FOUND_REVIEW : MDL_FOUND_MATCH, .after = after, .limit = limit};
    *next = 0;
    if (!group_masks(p, group, &f.own_populations, &f.partner_populations)) {
        return MDL_OK;
    }
    return mdl_result_overlap(p->s->store, p->f->round.id, (uint8_t)group, &f, overlap_row, p, next,
                              err);
}

/* ---- whitespace ---------------------------------------------------------------------------------
 */

static json_t *not_among(const struct page *p, uint32_t groups)
{
    const struct scope *s = &p->f->scope;
    uint32_t mask = 0;
    for (size_t i = 0; i < s->n_groups; i++) {
        if ((groups >> i & 1) != 0) {
            mask |= scope_partner(s, s->group[i], UINT32_MAX);
        }
    }
    return result_names(mask, s->partner, s->n_partner);
}

/* Which groups have the account, and whether one of them matched it. */
static enum mdl_status find_elsewhere(struct page *p, const struct mdl_snap_account *a,
                                      uint32_t *groups, uint32_t *own, struct account *account)
{
    const struct scope *s = &p->f->scope;
    for (size_t i = 0; i < s->n_groups && p->status == MDL_OK; i++) {
        uint32_t bits = 0;
        if (i == p->at) {
            continue;
        }
        p->status = mdl_snap_account_in(p->snap[i], a->source, a->fields.record_id, &bits, &p->err);
        *groups |= bits != 0 ? UINT32_C(1) << i : 0;
        *own |= scope_own(s, s->group[i], bits);
    }
    if (p->status == MDL_OK) {
        p->status = mdl_result_account(p->s->store, p->f->round.id, a->source, a->fields.record_id,
                                       add_row, account, &p->err);
    }
    return p->status;
}

/* An account of several groups stands in the list once, by the first that the filter takes. */
static bool stood_before(const struct page *p, uint32_t groups)
{
    for (size_t i = 0; i < p->at; i++) {
        uint32_t own = scope_own_back(&p->f->scope, group_at(p, i), p->own);
        if ((groups >> i & 1) != 0 && (p->own == 0 || own != 0)) {
            return true;
        }
    }
    return false;
}

static bool snap_row(void *ctx, const struct mdl_snap_account *a)
{
    struct page *p = ctx;
    const struct scope *s = &p->f->scope;
    struct account elsewhere = {.p = p};
    uint32_t groups = UINT32_C(1) << p->at;
    uint32_t own = scope_own(s, group_at(p, p->at), a->populations);

    if (s->n_groups > 1 && find_elsewhere(p, a, &groups, &own, &elsewhere) != MDL_OK) {
        return false;
    }
    if (elsewhere.matched || stood_before(p, groups)) {
        return true;
    }
    json_t *row = result_account(&a->fields, a->source);
    (void)json_object_set_new(row, "populations", result_names(own, s->own, s->n_own));
    (void)json_object_set_new(row, "review", json_boolean(a->review));
    (void)json_object_set_new(row, "not_among", not_among(p, groups));
    (void)json_array_append_new(p->rows, row);
    return true;
}

static enum mdl_status whitespace_look(struct page *p, int64_t after, size_t limit, int64_t *next,
                                       struct mdl_error *err)
{
    uint32_t own;
    uint32_t partner;
    *next = 0;
    if (!group_masks(p, group_at(p, p->at), &own, &partner)) {
        return MDL_OK;
    }
    return mdl_snap_whitespace(p->snap[p->at], own, after, limit, snap_row, p, next, err);
}

static enum mdl_status open_snaps(struct page *p, struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;
    for (size_t i = 0; i < p->f->scope.n_groups && st == MDL_OK; i++) {
        st = mdl_snap_open(p->s->dir, p->f->round.id, (uint8_t)group_at(p, i), &p->snap[i], err);
    }
    return st;
}

/* What of theirs is not ours, as numbers of keys: the partner's list less what both have. */
static json_t *theirs_only(const struct found *f)
{
    json_t *list = json_array();
    for (size_t g = 0; g < f->round.n_groups && g < f->agreement.n_groups; g++) {
        const struct mdl_round_group *row = &f->round.group[g];
        if (group_shown(&f->agreement, &f->round, g) == SHOWN_NUMBER) {
            json_t *o = doc_group(&f->agreement, f->own, &f->round, g);
            (void)json_object_set_new(o, "key_label", group_key_label(&f->agreement.groups[g]));
            (void)json_object_set_new(
                o, "keys", json_integer((json_int_t)row->partner_keys - row->matched_keys));
            (void)json_array_append_new(list, o);
        }
    }
    return list;
}

/* ---- both ---------------------------------------------------------------------------------------
 */

typedef enum mdl_status look_fn(struct page *p, int64_t after, size_t limit, int64_t *next,
                                struct mdl_error *err);

/* A page may need several looks: each is bounded so that the loop is not held up. Goes on until
 * there is a row, through all groups. *place: where to go on, 0 at the end. */
static enum mdl_status look_through(struct page *p, look_fn *look, size_t limit, int64_t *place,
                                    struct mdl_error *err)
{
    int64_t after = result_place_row(*place);
    enum mdl_status st = MDL_OK;

    p->at = result_place_group(*place);
    *place = 0;
    while (st == MDL_OK && p->at < p->f->scope.n_groups) {
        int64_t next = 0;
        st = look(p, after, limit - json_array_size(p->rows), &next, err);
        if (st == MDL_OK && p->status != MDL_OK) {
            *err = p->err;
            st = p->status;
        }
        p->at += next == 0 ? 1 : 0;
        after = next;
        *place = p->at < p->f->scope.n_groups ? result_place(p->at, after) : 0;
        if (json_array_size(p->rows) > 0 && (next != 0 || json_array_size(p->rows) == limit)) {
            break;
        }
    }
    return st;
}

static enum mdl_status page_begin(struct mdl_service *s, const json_t *params, struct page *p,
                                  struct found **f, int64_t *after, size_t *limit,
                                  struct mdl_error *err)
{
    enum mdl_status st =
        result_find(s, param_text(params, "partner"), param_text(params, "round"), f, err);
    if (st != MDL_OK) {
        return st;
    }
    p->s = s;
    p->f = *f;
    p->rows = json_array();
    st = result_needs_accounts(*f, err);
    if (st == MDL_OK) {
        st = result_mask(*f, param_text(params, "population"), true, &p->own, err);
    }
    if (st == MDL_OK) {
        st = result_mask(*f, param_text(params, "partner_population"), false, &p->partner, err);
    }
    return st == MDL_OK ? result_page(params, after, limit, err) : st;
}

static void page_end(struct page *p, struct found *f)
{
    for (size_t i = 0; i < MDL_STORE_GROUPS; i++) {
        mdl_snap_close(p->snap[i]);
    }
    json_decref(p->rows);
    found_free(f);
}

enum mdl_status verb_overlap(struct mdl_service *s, const json_t *params, json_t **result,
                             struct mdl_error *err)
{
    struct page p = {.review = param_bool(params, "review", false)};
    struct found *f = NULL;
    int64_t place = 0;
    size_t limit = 0;
    enum mdl_status st = page_begin(s, params, &p, &f, &place, &limit, err);

    if (st == MDL_OK) {
        st = look_through(&p, overlap_look, limit, &place, err);
    }
    if (st == MDL_OK) {
        *result = result_heading(s, f);
        (void)json_object_set_new(*result, "filter", chosen(params));
        (void)json_object_set_new(*result, "listed", listed(&p));
        (void)json_object_set(*result, "rows", p.rows);
        (void)json_object_set_new(*result, "next_cursor", result_cursor(place));
    }
    page_end(&p, f);
    return st;
}

enum mdl_status verb_whitespace(struct mdl_service *s, const json_t *params, json_t **result,
                                struct mdl_error *err)
{
    struct page p = {.review = false};
    struct found *f = NULL;
    int64_t place = 0;
    size_t limit = 0;
    enum mdl_status st = page_begin(s, params, &p, &f, &place, &limit, err);

    if (st == MDL_OK) {
        st = open_snaps(&p, err);
    }
    if (st == MDL_OK) {
        st = look_through(&p, whitespace_look, limit, &place, err);
    }
    if (st == MDL_OK) {
        *result = result_heading(s, f);
        (void)json_object_set_new(*result, "theirs_only", theirs_only(f));
        (void)json_object_set(*result, "rows", p.rows);
        (void)json_object_set_new(*result, "next_cursor", result_cursor(place));
    }
    page_end(&p, f);
    return st;
}
