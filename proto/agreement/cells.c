/* cells.c: the groups of an agreement from its cells. May not let a group say more than its cells:
 * a group tells of every pair of its populations. */
#include <mandorla/agreement.h>

#include <stdlib.h>
#include <string.h>

struct build {
    const struct mdl_agreement_cell *cells;
    size_t n;
    struct mdl_agreement_group *groups;
    size_t n_groups;
};

static bool is_cell(const struct mdl_agreement_cell *c, const char *a, const char *b)
{
    return strcmp(c->population[MDL_ROLE_A], a) == 0 && strcmp(c->population[MDL_ROLE_B], b) == 0;
}

static enum mdl_level level_of(const struct build *b, const char *row, const char *column)
{
    for (size_t i = 0; i < b->n; i++) {
        if (is_cell(&b->cells[i], row, column)) {
            return b->cells[i].level;
        }
    }
    return MDL_LEVEL_HIDDEN;
}

static enum mdl_status check_cells(const struct build *b, struct mdl_error *err)
{
    for (size_t i = 0; i < b->n; i++) {
        const char *const *p = b->cells[i].population;
        for (size_t r = 0; r < 2; r++) {
            if (!mdl_population_name_valid(p[r])) {
                return mdl_fail(err, MDL_U_ARGUMENT,
                                "the population name '%.*s' is not 1 to %d of a-z, 0-9 and -",
                                MDL_POPULATION_NAME, p[r], MDL_POPULATION_NAME);
            }
        }
        for (size_t j = 0; j < i; j++) {
            if (is_cell(&b->cells[j], p[MDL_ROLE_A], p[MDL_ROLE_B])) {
                return mdl_fail(err, MDL_U_ARGUMENT, "the cell %s : %s stands twice", p[MDL_ROLE_A],
                                p[MDL_ROLE_B]);
            }
        }
    }
    return MDL_OK;
}

static bool has(const struct mdl_agreement_group *g, enum mdl_role role, const char *name)
{
    for (size_t i = 0; i < g->n_populations[role]; i++) {
        if (strcmp(g->populations[role][i], name) == 0) {
            return true;
        }
    }
    return false;
}

static enum mdl_status add(struct mdl_agreement_group *g, enum mdl_role role, const char *name,
                           struct mdl_error *err)
{
    if (has(g, role, name)) {
        return MDL_OK;
    }
    if (g->n_populations[role] == MDL_AGREEMENT_POPULATIONS) {
        return mdl_fail(err, MDL_U_ARGUMENT, "more than %d populations at one level",
                        MDL_AGREEMENT_POPULATIONS);
    }
    memcpy(g->populations[role][g->n_populations[role]++], name, strlen(name) + 1);
    return MDL_OK;
}

static enum mdl_status new_group(struct build *b, const struct mdl_agreement_cell *c,
                                 struct mdl_agreement_group **out, struct mdl_error *err)
{
    if (b->n_groups == MDL_AGREEMENT_GROUPS) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "the cells need more than %d groups: one for each cell at level %s; hide "
                        "some",
                        MDL_AGREEMENT_GROUPS, mdl_level_name(MDL_LEVEL_COUNTS));
    }
    *out = &b->groups[b->n_groups++];
    const char *name = mdl_level_name(c->level);
    memcpy((*out)->level, name, strlen(name) + 1);
    (*out)->key_type = c->key_type;
    enum mdl_status st = add(*out, MDL_ROLE_A, c->population[MDL_ROLE_A], err);
    return st == MDL_OK ? add(*out, MDL_ROLE_B, c->population[MDL_ROLE_B], err) : st;
}

/* Whether two rows have this level in exactly the same columns. */
static bool same_columns(const struct build *b, enum mdl_level level, const char *row,
                         const char *other)
{
    for (size_t i = 0; i < b->n; i++) {
        const char *column = b->cells[i].population[MDL_ROLE_B];
        if ((level_of(b, row, column) == level) != (level_of(b, other, column) == level)) {
            return false;
        }
    }
    return true;
}

static bool stands(const struct build *b, const struct mdl_agreement_cell *c)
{
    for (size_t g = 0; g < b->n_groups; g++) {
        if (has(&b->groups[g], MDL_ROLE_A, c->population[MDL_ROLE_A]) &&
            has(&b->groups[g], MDL_ROLE_B, c->population[MDL_ROLE_B])) {
            return true;
        }
    }
    return false;
}

/* The rectangle of a cell: its row's columns at this level, and every row with the same. */
static enum mdl_status rectangle(struct build *b, const struct mdl_agreement_cell *c,
                                 struct mdl_error *err)
{
    const char *row = c->population[MDL_ROLE_A];
    struct mdl_agreement_group *g;
    enum mdl_status st = new_group(b, c, &g, err);

    for (size_t i = 0; i < b->n && st == MDL_OK; i++) {
        const char *const *p = b->cells[i].population;
        if (b->cells[i].level != c->level || !same_columns(b, c->level, row, p[MDL_ROLE_A])) {
            continue;
        }
        st = add(g, MDL_ROLE_A, p[MDL_ROLE_A], err);
        if (st == MDL_OK) {
            st = add(g, MDL_ROLE_B, p[MDL_ROLE_B], err);
        }
    }
    return st;
}

static enum mdl_status build(struct build *b, struct mdl_error *err)
{
    struct mdl_agreement_group *g;
    enum mdl_status st = check_cells(b, err);

    for (size_t i = 0; i < b->n && st == MDL_OK; i++) {
        const struct mdl_agreement_cell *c = &b->cells[i];
        if (c->level == MDL_LEVEL_HIDDEN || stands(b, c)) {
            continue;
        }
        st = c->level == MDL_LEVEL_COUNTS ? new_group(b, c, &g, err) : rectangle(b, c, err);
    }
    if (st == MDL_OK && b->n_groups == 0) {
        st = mdl_fail(err, MDL_U_ARGUMENT, "every cell is hidden: there is nothing to agree on");
    }
    return st;
}

enum mdl_status mdl_agreement_set_cells(struct mdl_agreement *a,
                                        const struct mdl_agreement_cell *cells, size_t n,
                                        struct mdl_error *err)
{
    struct build b = {cells, n, calloc(MDL_AGREEMENT_GROUPS, sizeof *b.groups), 0};

    if (b.groups == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for an agreement");
    }
    enum mdl_status st = build(&b, err);
    if (st == MDL_OK) {
        memcpy(a->groups, b.groups, MDL_AGREEMENT_GROUPS * sizeof *b.groups);
        a->n_groups = b.n_groups;
    }
    free(b.groups);
    return st;
}
