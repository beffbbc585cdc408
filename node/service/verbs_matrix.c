/* verbs_matrix.c: the overlap matrix: for each cell its level and what that level may show.
 * It may not compute matches, nor show of a cell more than its level. */
#include "result.h"

#include <string.h>

/* The populations of all groups, whatever their level. */
struct axes {
    const char *own[MDL_AGREEMENT_POPULATIONS], *partner[MDL_AGREEMENT_POPULATIONS];
    size_t n_own, n_partner;
};

enum mdl_level result_level(const struct found *f, const char *own, const char *partner,
                            size_t *group)
{
    bool is_a = f->own == MDL_ROLE_A;
    return mdl_agreement_cell(&f->agreement, is_a ? own : partner, is_a ? partner : own, group);
}

/* Where a name stands in a list of the scope; MDL_STORE_POPULATIONS: nowhere. */
static size_t bit_named(const name_list list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i], name) == 0) {
            return i;
        }
    }
    return MDL_STORE_POPULATIONS;
}

json_t *result_cell(const struct found *f, const char *own, const char *partner)
{
    const struct scope *s = &f->scope;
    size_t group = 0;
    switch (result_level(f, own, partner, &group)) {
    case MDL_LEVEL_ACCOUNTS:
        return json_integer(f->head.counts.matched[bit_named(s->own, s->n_own, own)]
                                                  [bit_named(s->partner, s->n_partner, partner)]);
    case MDL_LEVEL_COUNTS:
        return group_shown(&f->agreement, &f->round, group) == SHOWN_NUMBER
                   ? json_integer(f->round.group[group].matched_keys)
                   : json_null();
    case MDL_LEVEL_HIDDEN:
    case MDL_LEVELS:
        break;
    }
    return json_null();
}

json_t *result_below(const struct found *f, const char *own, const char *partner)
{
    size_t group = 0;
    return result_level(f, own, partner, &group) == MDL_LEVEL_COUNTS &&
                   group_shown(&f->agreement, &f->round, group) == SHOWN_BELOW
               ? json_integer(f->agreement.caps.min_result)
               : json_null();
}

json_t *group_key_label(const struct mdl_agreement_group *g)
{
    return g->key_type != 0 ? json_string(mdl_key_type_label(g->key_type)) : json_null();
}

static void add_cells(json_t *m, const struct found *f, const struct axes *x)
{
    json_t *cells = json_array();
    json_t *levels = json_array();
    for (size_t r = 0; r < x->n_own; r++) {
        json_t *row = json_array();
        json_t *row_levels = json_array();
        for (size_t c = 0; c < x->n_partner; c++) {
            enum mdl_level level = result_level(f, x->own[r], x->partner[c], NULL);
            (void)json_array_append_new(row, result_cell(f, x->own[r], x->partner[c]));
            (void)json_array_append_new(row_levels, json_string(mdl_level_name(level)));
        }
        (void)json_array_append_new(cells, row);
        (void)json_array_append_new(levels, row_levels);
    }
    (void)json_object_set_new(m, "cells", cells);
    (void)json_object_set_new(m, "levels", levels);
}

/* The cells of a level of which both sides' match keys are known, row by row: all at level counts;
 * at level accounts those that are a group of their own. */
static json_t *cells_with_keys(const struct found *f, const struct axes *x, enum mdl_level level)
{
    json_t *list = json_array();
    for (size_t i = 0; i < x->n_own * x->n_partner; i++) {
        const char *own = x->own[i / x->n_partner];
        const char *partner = x->partner[i % x->n_partner];
        size_t at = 0;
        enum mdl_level found = result_level(f, own, partner, &at);
        const struct mdl_agreement_group *g = &f->agreement.groups[at];
        if (found != level || g->n_populations[0] * g->n_populations[1] != 1) {
            continue;
        }
        json_t *o = doc_group(&f->agreement, f->own, &f->round, at);
        (void)json_object_set_new(o, "key_label", group_key_label(g));
        (void)json_object_set_new(o, "population", json_string(own));
        (void)json_object_set_new(o, "partner_population", json_string(partner));
        (void)json_array_append_new(list, o);
    }
    return list;
}

/* A figure of each population, null where it stands in no cell at level accounts. */
static json_t *margin(const uint32_t *n, const name_list list, size_t len, const char *const *names,
                      size_t n_names)
{
    json_t *out = json_array();
    for (size_t i = 0; i < n_names; i++) {
        size_t bit = bit_named(list, len, names[i]);
        (void)json_array_append_new(out, bit < MDL_STORE_POPULATIONS ? json_integer(n[bit])
                                                                     : json_null());
    }
    return out;
}

static json_t *names_of(const char *const *names, size_t n)
{
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(out, json_string(names[i]));
    }
    return out;
}

static void add_margins(json_t *m, const struct found *f, const struct axes *x)
{
    const struct scope *s = &f->scope;
    const struct mdl_regroup_counts *n = &f->head.counts;
    (void)json_object_set_new(m, "rows", names_of(x->own, x->n_own));
    (void)json_object_set_new(m, "columns", names_of(x->partner, x->n_partner));
    (void)json_object_set_new(m, "row_overlap",
                              margin(n->own_matched, s->own, s->n_own, x->own, x->n_own));
    (void)json_object_set_new(m, "row_accounts",
                              margin(n->own_total, s->own, s->n_own, x->own, x->n_own));
    (void)json_object_set_new(m, "row_review",
                              margin(n->own_review, s->own, s->n_own, x->own, x->n_own));
    (void)json_object_set_new(
        m, "column_overlap",
        margin(n->partner_matched, s->partner, s->n_partner, x->partner, x->n_partner));
}

enum mdl_status verb_matrix(struct mdl_service *s, const json_t *params, json_t **result,
                            struct mdl_error *err)
{
    struct found *f = NULL;
    struct axes x;
    enum mdl_status st =
        result_find(s, param_text(params, "partner"), param_text(params, "round"), &f, err);
    if (st != MDL_OK) {
        return st;
    }
    x.n_own = mdl_agreement_populations(&f->agreement, f->own, x.own, MDL_AGREEMENT_POPULATIONS);
    x.n_partner = mdl_agreement_populations(&f->agreement, mdl_role_other(f->own), x.partner,
                                            MDL_AGREEMENT_POPULATIONS);
    json_t *m = result_heading(s, f);
    add_margins(m, f, &x);
    add_cells(m, f, &x);
    (void)json_object_set_new(m, "counts", cells_with_keys(f, &x, MDL_LEVEL_COUNTS));
    (void)json_object_set_new(m, "account_keys", cells_with_keys(f, &x, MDL_LEVEL_ACCOUNTS));
    (void)json_object_update(m, json_object_get(m, "totals"));
    (void)json_object_del(m, "totals");
    (void)json_object_set_new(m, "own_total", json_integer((json_int_t)f->head.counts.total));
    (void)json_object_set_new(m, "receipt",
                              json_boolean(f->round.has_our_sig && f->round.has_their_sig));
    (void)json_object_set_new(m, "complete", json_boolean(f->round.outcome == MDL_ROUND_COMPLETE));
    *result = m;
    found_free(f);
    return MDL_OK;
}
