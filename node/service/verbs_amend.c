/* verbs_amend.c: drafting terms as a file, changing the agreement in force, asking for more.
 * It may not change an agreement: each change is a new one, to be signed by both. */
#include "agreement_wish.h"
#include "sizes.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ---- draft --------------------------------------------------------------------------------------
 */

struct names {
    size_t n;
    char name[MDL_AGREEMENT_POPULATIONS][MDL_POPULATION_NAME + 1];
};

static void add_name(void *ctx, const char *name)
{
    struct names *l = ctx;
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->name[i], name) == 0) {
            return;
        }
    }
    if (l->n < MDL_AGREEMENT_POPULATIONS && mdl_population_name_valid(name)) {
        memcpy(l->name[l->n++], name, strlen(name) + 1);
    }
}

/* The standard ones, and what the agreement in force names. */
static void partner_names(struct mdl_service *s, const struct mdl_partner_row *partner,
                          struct names *out)
{
    static const char *const standard[] = {"customers", "open-opportunities", "prospects"};
    const char *list[MDL_AGREEMENT_POPULATIONS];
    struct mdl_agreement_row row;
    struct mdl_agreement a;

    for (size_t i = 0; i < sizeof standard / sizeof standard[0]; i++) {
        add_name(out, standard[i]);
    }
    if (agreement_in_force(s, partner->id, &row, &a, NULL) == MDL_OK) {
        enum mdl_role theirs = mdl_role_other(agreement_role(s, partner->identity));
        size_t n = mdl_agreement_populations(&a, theirs, list, MDL_AGREEMENT_POPULATIONS);
        for (size_t i = 0; i < n; i++) {
            add_name(out, list[i]);
        }
        mdl_agreement_clear(&row);
    }
}

/* Every cell a count, as far as an agreement has room for them: each is a group of its own. */
static enum mdl_status new_cells(struct mdl_service *s, const struct mdl_partner_row *partner,
                                 struct terms_cells *cells, struct mdl_error *err)
{
    struct names ours = {.n = 0};
    struct names theirs = {.n = 0};
    enum mdl_status st = populations_each(s, add_name, &ours, err);

    *cells = (struct terms_cells){0, NULL};
    partner_names(s, partner, &theirs);
    for (size_t i = 0; i < ours.n; i++) {
        for (size_t j = 0; j < theirs.n && st == MDL_OK; j++) {
            bool room = cells->n < MDL_AGREEMENT_GROUPS;
            struct terms_cell c = {.level = room ? MDL_LEVEL_COUNTS : MDL_LEVEL_HIDDEN,
                                   .key_type = room ? MDL_KEY_DOMAIN : 0};
            memcpy(c.ours, ours.name[i], sizeof c.ours);
            memcpy(c.theirs, theirs.name[j], sizeof c.theirs);
            st = terms_cells_add(cells, &c, err);
        }
    }
    if (st != MDL_OK) {
        terms_cells_free(cells);
    }
    return st;
}

/* The terms and cells of an agreement with this partner. */
static enum mdl_status copy_of(struct mdl_service *s, const struct mdl_partner_row *partner,
                               const char *from, struct terms *t, struct terms_cells *cells,
                               char id[2 * HASH_BYTES + 1], struct mdl_error *err)
{
    struct mdl_agreement_row row;
    struct mdl_agreement a;
    enum mdl_status st = agreement_find(s, from, &row, err);
    if (st != MDL_OK) {
        return st;
    }
    (void)sodium_bin2hex(id, 2 * HASH_BYTES + 1, row.hash, sizeof row.hash);
    if (row.partner != partner->id) {
        st = mdl_fail(err, MDL_U_ARGUMENT, "from: agreement %.12s is not with %s", id,
                      partner->name);
    } else {
        st = mdl_agreement_decode(row.bytes.data, row.bytes.len, &a, err);
    }
    mdl_agreement_clear(&row);
    if (st == MDL_OK) {
        terms_of_agreement(&a, t);
        st = terms_cells_of(&a, agreement_role(s, partner->identity), cells, err);
    }
    return st;
}

enum mdl_status verb_agreement_draft(struct mdl_service *s, const json_t *params, json_t **result,
                                     struct mdl_error *err)
{
    struct mdl_partner_row partner;
    struct terms t;
    struct terms_cells cells;
    char id[2 * HASH_BYTES + 1] = "";
    const char *from = param_text(params, "from");
    enum mdl_status st = partner_find(s, param_text(params, "partner"), &partner, err);

    if (st != MDL_OK) {
        return st;
    }
    terms_of_draft(&t);
    st = from != NULL ? copy_of(s, &partner, from, &t, &cells, id, err)
                      : new_cells(s, &partner, &cells, err);
    if (st == MDL_OK) {
        struct terms_heading h = {s->conf.name, partner.name, from != NULL ? id : NULL};
        char *text = terms_write(&h, &t, &cells);
        terms_cells_free(&cells);
        *result = text == NULL
                      ? NULL
                      : json_pack("{s:s, s:o, s:s}", "partner", partner.name, "from",
                                  from != NULL ? json_string(id) : json_null(), "terms", text);
        free(text);
        st =
            *result != NULL ? MDL_OK : mdl_fail(err, MDL_L_MEMORY, "not enough memory for a draft");
    }
    mdl_partner_clear(&partner);
    return st;
}

/* ---- amend --------------------------------------------------------------------------------------
 */

static enum mdl_status in_force_or_say(struct mdl_service *s, const struct mdl_partner_row *partner,
                                       struct mdl_agreement *a, struct mdl_error *err)
{
    struct mdl_agreement_row row;
    enum mdl_status st = agreement_in_force(s, partner->id, &row, a, NULL);
    if (st == MDL_OK) {
        mdl_agreement_clear(&row);
        return MDL_OK;
    }
    return mdl_fail(err, MDL_U_STATE,
                    "no agreement with %s is in force that could be changed; 'mandorla agreement "
                    "draft \"%s\"' writes terms to propose",
                    partner->name, partner->name);
}

struct differing {
    size_t n;
};

static void count_term(void *ctx, const char *term, const char *a, const char *b)
{
    struct differing *d = ctx;
    (void)a;
    (void)b;
    d->n += strcmp(term, "valid from") != 0 ? 1 : 0;
}

static enum mdl_status must_differ(struct mdl_service *s, const struct mdl_partner_row *partner,
                                   const struct agreement_wish *wish, struct mdl_error *err)
{
    struct mdl_agreement after;
    struct differing d = {0};
    enum mdl_status st = agreement_draft_for(s, partner, wish, &after, err);
    if (st == MDL_OK) {
        (void)mdl_agreement_compare(wish->base, &after, count_term, &d);
    }
    return st != MDL_OK || d.n > 0
               ? st
               : mdl_fail(err, MDL_U_ARGUMENT,
                          "this changes nothing in the agreement in force with %s", partner->name);
}

static enum mdl_status on_loop_agreement_amend(struct mdl_service *s, const json_t *params,
                                               json_t **result, struct mdl_error *err)
{
    struct mdl_partner_row partner;
    struct mdl_agreement base;
    struct agreement_wish wish = {
        .params = params, .base = &base, .note = param_text(params, "reason")};
    bool file = param_text(params, "terms") != NULL;
    enum mdl_status st = partner_find(s, param_text(params, "partner"), &partner, err);

    if (st != MDL_OK) {
        return st;
    }
    if (!file && json_array_size(json_object_get(params, "cells")) == 0) {
        st = mdl_fail(err, MDL_U_ARGUMENT,
                      "what is to change? Give a terms file, or cells such as "
                      "customers:prospects=accounts");
    }
    st = st == MDL_OK ? in_force_or_say(s, &partner, &base, err) : st;
    st = st == MDL_OK ? must_differ(s, &partner, &wish, err) : st;
    if (st == MDL_OK) {
        st = agreement_preview_or_propose(s, &partner, &wish, result, err);
    }
    mdl_partner_clear(&partner);
    return st;
}

enum mdl_status verb_agreement_amend(struct mdl_service *s, const json_t *params, json_t **result,
                                     struct mdl_error *err)
{
    return sizes_call(s, on_loop_agreement_amend, params, result, err);
}

/* ---- asking for more ----------------------------------------------------------------------------
 */

/* "ours:theirs" with the level asked for, refused unless that is more than it has. */
static enum mdl_status raise_cell(const struct mdl_agreement *base, enum mdl_role own,
                                  const char *cell, const char *level, json_t *cells,
                                  struct mdl_error *err)
{
    char text[160];
    struct terms_cell c;
    (void)snprintf(text, sizeof text, "%.100s=%.40s", cell, level);
    enum mdl_status st = terms_cell_read(text, MDL_KEY_DOMAIN, &c, err);
    if (st != MDL_OK) {
        return st;
    }
    const char *of_a = own == MDL_ROLE_A ? c.ours : c.theirs;
    const char *of_b = own == MDL_ROLE_A ? c.theirs : c.ours;
    enum mdl_level now = mdl_agreement_cell(base, of_a, of_b, NULL);
    if (c.level <= now) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "cell %s:%s: level %s is agreed already, which is not less than %s; to "
                        "lower it: mandorla agreement amend",
                        c.ours, c.theirs, mdl_level_name(now), mdl_level_name(c.level));
    }
    (void)json_array_append_new(cells, json_string(text));
    return MDL_OK;
}

static enum mdl_status raise_cells(struct mdl_service *s, const struct mdl_partner_row *partner,
                                   const struct mdl_agreement *base, const json_t *params,
                                   json_t *cells, struct mdl_error *err)
{
    const json_t *list = json_object_get(params, "cells");
    enum mdl_status st = MDL_OK;
    size_t i;
    const json_t *cell;

    if (json_array_size(list) == 0) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "cells: expected at least one, such as "
                        "customers:prospects");
    }
    json_array_foreach(list, i, cell)
    {
        st = st == MDL_OK
                 ? raise_cell(base, agreement_role(s, partner->identity), json_string_value(cell),
                              param_text(params, "level"), cells, err)
                 : st;
    }
    return st;
}

static enum mdl_status on_loop_round_request(struct mdl_service *s, const json_t *params,
                                             json_t **result, struct mdl_error *err)
{
    struct mdl_partner_row partner;
    struct mdl_agreement base;
    enum mdl_status st = partner_find(s, param_text(params, "partner"), &partner, err);
    if (st != MDL_OK) {
        return st;
    }
    json_t *cells = json_array();
    json_t *wanted = json_pack("{s:o, s:b}", "cells", cells, "preview",
                               (int)param_bool(params, "preview", false));
    struct agreement_wish wish = {
        .params = wanted, .base = &base, .note = param_text(params, "reason")};
    st = in_force_or_say(s, &partner, &base, err);
    st = st == MDL_OK ? raise_cells(s, &partner, &base, params, cells, err) : st;
    if (st == MDL_OK) {
        st = agreement_preview_or_propose(s, &partner, &wish, result, err);
    }
    json_decref(wanted);
    mdl_partner_clear(&partner);
    return st;
}

enum mdl_status verb_round_request(struct mdl_service *s, const json_t *params, json_t **result,
                                   struct mdl_error *err)
{
    return sizes_call(s, on_loop_round_request, params, result, err);
}
