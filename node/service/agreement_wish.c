/* agreement_wish.c: what an operator wants an agreement to say: options, single cells, or a file.
 * It may not sign or store, nor name a population that is not here. */
#include "agreement_wish.h"

#include <string.h>

#define DAY_MS ((uint64_t)24 * 3600 * 1000)

/* ---- options ------------------------------------------------------------------------------------
 */

static enum mdl_status wish_populations(const json_t *params, const char *name,
                                        struct mdl_agreement *a, enum mdl_role role,
                                        struct mdl_error *err)
{
    const json_t *list = json_object_get(params, name);
    const char *names[MDL_AGREEMENT_POPULATIONS];
    size_t n = json_array_size(list);

    if (n == 0) {
        return MDL_OK;
    }
    if (n > MDL_AGREEMENT_POPULATIONS) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%s: at most %d", name, MDL_AGREEMENT_POPULATIONS);
    }
    for (size_t i = 0; i < n; i++) {
        names[i] = json_string_value(json_array_get(list, i));
    }
    return mdl_agreement_set_populations(a, 0, role, names, n, err);
}

static enum mdl_status own_populations_known(struct mdl_service *s, const json_t *params,
                                             struct mdl_error *err)
{
    size_t i;
    const json_t *name;
    json_array_foreach(json_object_get(params, "populations"), i, name)
    {
        enum mdl_status st = population_known(s, "populations", json_string_value(name), err);
        if (st != MDL_OK) {
            return st;
        }
    }
    return MDL_OK;
}

static enum mdl_status wish_text(const json_t *params, const char *name, char *dst,
                                 struct mdl_error *err)
{
    const char *text = param_text(params, name);
    if (text != NULL && strlen(text) > MDL_AGREEMENT_TEXT) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%s: at most %d bytes, found %zu", name,
                        MDL_AGREEMENT_TEXT, strlen(text));
    }
    if (text != NULL) {
        memcpy(dst, text, strlen(text) + 1);
    }
    return MDL_OK;
}

static enum mdl_status wish_number(const json_t *params, const char *name, uint32_t *dst,
                                   struct mdl_error *err)
{
    json_int_t n = param_int(params, name, (json_int_t)*dst);
    if (n < 0 || n > UINT32_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%s: expected 0 to %u, found %lld", name, UINT32_MAX,
                        (long long)n);
    }
    *dst = (uint32_t)n;
    return MDL_OK;
}

/* Keys live as long as their list needs: the standard time is meant for the standard list. */
static void allow_time(struct mdl_agreement *a, uint32_t standard_keys)
{
    uint64_t seconds = (uint64_t)a->key_deadline_s * a->caps.max_keys_round / standard_keys;
    if (a->caps.max_keys_round > standard_keys) {
        a->key_deadline_s = seconds < UINT16_MAX ? (uint16_t)seconds : UINT16_MAX;
    }
}

enum mdl_status wish_options(struct mdl_service *s, const json_t *params, struct mdl_agreement *a,
                             enum mdl_role own, struct mdl_error *err)
{
    json_int_t days = param_int(params, "days", 365);
    uint32_t standard = a->caps.max_keys_round;
    if (days < 1 || days > 3660) {
        return mdl_fail(err, MDL_U_ARGUMENT, "days: expected 1 to 3660, found %lld",
                        (long long)days);
    }
    a->valid_until = now_ms() + (uint64_t)days * DAY_MS;
    enum mdl_status st = own_populations_known(s, params, err);
    if (st == MDL_OK) {
        st = wish_populations(params, "populations", a, own, err);
    }
    if (st == MDL_OK) {
        st = wish_populations(params, "partner_populations", a, mdl_role_other(own), err);
    }
    if (st == MDL_OK) {
        st = wish_text(params, "purpose", a->purpose, err);
    }
    if (st == MDL_OK) {
        st = wish_text(params, "legal_basis", a->legal_basis, err);
    }
    if (st == MDL_OK) {
        st = wish_number(params, "max_keys", &a->caps.max_keys_round, err);
    }
    if (st == MDL_OK) {
        st = wish_number(params, "min_result", &a->caps.min_result, err);
    }
    if (st == MDL_OK) {
        st = wish_number(params, "max_result", &a->caps.max_result, err);
    }
    allow_time(a, standard);
    /* A month holds a full list a day, whatever its size. */
    if (a->caps.max_keys_month < (uint64_t)a->caps.max_keys_round * 31) {
        a->caps.max_keys_month = (uint64_t)a->caps.max_keys_round * 31;
    }
    return st;
}

/* ---- cells --------------------------------------------------------------------------------------
 */

static enum mdl_status ours_known(struct mdl_service *s, const char *file,
                                  const struct terms_cell *c, struct mdl_error *err)
{
    char where[160];
    if (c->level == MDL_LEVEL_HIDDEN) {
        return MDL_OK; /* nothing of it is told */
    }
    if (c->line > 0) {
        (void)snprintf(where, sizeof where, "%.120s, line %u: population of ours", file, c->line);
    } else {
        (void)snprintf(where, sizeof where, "cell %s:%s: population of ours", c->ours, c->theirs);
    }
    return population_known(s, where, c->ours, err);
}

enum mdl_status wish_file(struct mdl_service *s, const json_t *params, struct mdl_agreement *a,
                          enum mdl_role own, struct mdl_error *err)
{
    static const char *const apart[] = {
        "purpose",    "legal_basis",         "days",       "populations", "max_keys",
        "min_result", "partner_populations", "max_result", "cells"};
    const char *file = param_text(params, "file");
    struct terms_cells cells;
    struct terms t;

    for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++) {
        if (json_object_get(params, apart[i]) != NULL) {
            return mdl_fail(err, MDL_U_ARGUMENT,
                            "%s: a file says everything; write it there, or leave the file out",
                            apart[i]);
        }
    }
    terms_of_draft(&t);
    file = file != NULL ? file : "terms";
    enum mdl_status st = terms_read(file, param_text(params, "terms"), &t, &cells, err);
    if (st != MDL_OK) {
        return st;
    }
    for (size_t i = 0; i < cells.n && st == MDL_OK; i++) {
        st = ours_known(s, file, &cells.cell[i], err);
    }
    if (st == MDL_OK) {
        terms_into(&t, a);
        a->valid_until = now_ms() + t.valid_days * DAY_MS;
        st = terms_set_cells(&cells, own, a, err);
        st = st == MDL_OK ? mdl_agreement_valid(a, err) : st;
        if (st == MDL_U_ARGUMENT) {
            (void)mdl_error_prefix(err, "%.120s: ", file);
        }
    }
    terms_cells_free(&cells);
    return st;
}

/* What a bare "counts" means: what the agreement counts by already. */
static uint64_t counts_by(const struct mdl_agreement *a)
{
    struct terms t;
    terms_of_agreement(a, &t);
    return t.counts_by;
}

static enum mdl_status put_cell(struct terms_cells *cells, const struct terms_cell *c,
                                struct mdl_error *err)
{
    for (size_t i = 0; i < cells->n; i++) {
        struct terms_cell *have = &cells->cell[i];
        if (strcmp(have->ours, c->ours) == 0 && strcmp(have->theirs, c->theirs) == 0) {
            *have = *c;
            return MDL_OK;
        }
    }
    return terms_cells_add(cells, c, err);
}

enum mdl_status wish_cells(struct mdl_service *s, const json_t *params, struct mdl_agreement *a,
                           enum mdl_role own, struct mdl_error *err)
{
    uint64_t by = counts_by(a);
    struct terms_cells cells;
    size_t i;
    const json_t *text;
    enum mdl_status st = terms_cells_of(a, own, &cells, err);

    json_array_foreach(json_object_get(params, "cells"), i, text)
    {
        struct terms_cell c = {.line = 0};
        st = st == MDL_OK ? terms_cell_read(json_string_value(text), by, &c, err) : st;
        st = st == MDL_OK ? ours_known(s, "", &c, err) : st;
        st = st == MDL_OK ? put_cell(&cells, &c, err) : st;
    }
    if (st == MDL_OK) {
        st = terms_set_cells(&cells, own, a, err);
    }
    terms_cells_free(&cells);
    return st;
}
