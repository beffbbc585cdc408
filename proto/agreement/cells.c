/* cells.c: the groups of an agreement from its cells. May not let a group say more than its cells:
 * a group tells of every pair of its populations. */
#include "terms.h"

#include <stdlib.h>
#include <string.h>

/* The matrix of the cells: rows are populations of A, columns of B, both in order of mention. */
struct matrix {
    const char *name[2][MDL_AGREEMENT_POPULATIONS];
    size_t n[2];
    uint32_t columns[MDL_LEVELS][MDL_AGREEMENT_POPULATIONS]; /* of a level and row, as bits */
    uint32_t grouped[MDL_AGREEMENT_POPULATIONS];             /* of a row: columns in a group */
    struct mdl_agreement terms;                              /* its groups are the result */
};

static enum mdl_status check_cell(const struct mdl_agreement_cell *c, struct mdl_error *err)
{
    for (size_t r = 0; r < 2; r++) {
        if (!mdl_population_name_valid(c->population[r])) {
            return mdl_fail(err, MDL_U_ARGUMENT,
                            "the population name '%.*s' is not 1 to %d of a-z, 0-9 and -",
                            MDL_POPULATION_NAME, c->population[r], MDL_POPULATION_NAME);
        }
    }
    if ((unsigned)c->level >= MDL_LEVELS) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the cell %s : %s has no known level",
                        c->population[MDL_ROLE_A], c->population[MDL_ROLE_B]);
    }
    if (c->level != MDL_LEVEL_COUNTS && c->key_type != 0) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "the cell %s : %s at level %s compares all types of key, not %u",
                        c->population[MDL_ROLE_A], c->population[MDL_ROLE_B],
                        mdl_level_name(c->level), c->key_type);
    }
    return MDL_OK;
}

static enum mdl_status check_cells(const struct mdl_agreement_cell *cells, size_t n,
                                   struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;

    if (n > MDL_AGREEMENT_CELLS) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%zu cells, at most %d", n, MDL_AGREEMENT_CELLS);
    }
    for (size_t i = 0; i < n && st == MDL_OK; i++) {
        const char *const *p = cells[i].population;

        st = check_cell(&cells[i], err);
        for (size_t j = 0; j < i && st == MDL_OK; j++) {
            if (strcmp(cells[j].population[0], p[0]) == 0 &&
                strcmp(cells[j].population[1], p[1]) == 0) {
                st = mdl_fail(err, MDL_U_ARGUMENT, "the cell %s : %s stands twice", p[MDL_ROLE_A],
                              p[MDL_ROLE_B]);
            }
        }
    }
    return st;
}

/* The number of a name, a new one if it is not known; MDL_AGREEMENT_POPULATIONS if there is no
 * room. */
static size_t number_of(struct matrix *m, enum mdl_role role, const char *name)
{
    size_t i = 0;

    while (i < m->n[role] && strcmp(m->name[role][i], name) != 0) {
        i++;
    }
    if (i == m->n[role] && i < MDL_AGREEMENT_POPULATIONS) {
        m->name[role][m->n[role]++] = name;
    }
    return i;
}

static enum mdl_status place(struct matrix *m, const struct mdl_agreement_cell *cells, size_t n,
                             struct mdl_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (cells[i].level == MDL_LEVEL_HIDDEN) {
            continue;
        }
        size_t row = number_of(m, MDL_ROLE_A, cells[i].population[MDL_ROLE_A]);
        size_t column = number_of(m, MDL_ROLE_B, cells[i].population[MDL_ROLE_B]);
        if (row == MDL_AGREEMENT_POPULATIONS || column == MDL_AGREEMENT_POPULATIONS) {
            return mdl_fail(err, MDL_U_ARGUMENT, "a side names more than %d populations in all",
                            MDL_AGREEMENT_POPULATIONS);
        }
        m->columns[cells[i].level][row] |= UINT32_C(1) << column;
    }
    if (m->n[MDL_ROLE_A] == 0) {
        return mdl_fail(err, MDL_U_ARGUMENT, "every cell is hidden: there is nothing to agree on");
    }
    return MDL_OK;
}

static void add(const struct matrix *m, struct mdl_agreement_group *g, enum mdl_role role, size_t i)
{
    const char *name = m->name[role][i];

    memcpy(g->populations[role][g->n_populations[role]++], name, strlen(name) + 1);
}

/* The group that a cell asks for: the cell alone at level counts, else the columns of its row at
 * this level, and every row that has exactly the same ones. */
static void fill_group(struct matrix *m, struct mdl_agreement_group *g,
                       const struct mdl_agreement_cell *c, size_t row, uint32_t column)
{
    bool alone = c->level == MDL_LEVEL_COUNTS;
    const uint32_t *columns = m->columns[c->level];
    uint32_t wanted = alone ? column : columns[row];
    const char *level = mdl_level_name(c->level);

    memcpy(g->level, level, strlen(level) + 1);
    g->key_type = c->key_type;
    for (size_t i = 0; i < m->n[MDL_ROLE_A]; i++) {
        if (i == row || (!alone && columns[i] == wanted)) {
            add(m, g, MDL_ROLE_A, i);
            m->grouped[i] |= wanted;
        }
    }
    for (size_t i = 0; i < m->n[MDL_ROLE_B]; i++) {
        if ((wanted >> i & 1) != 0) {
            add(m, g, MDL_ROLE_B, i);
        }
    }
}

static enum mdl_status group(struct matrix *m, const struct mdl_agreement_cell *cells, size_t n,
                             struct mdl_error *err)
{
    struct mdl_agreement *a = &m->terms;

    for (size_t i = 0; i < n; i++) {
        const struct mdl_agreement_cell *c = &cells[i];
        if (c->level == MDL_LEVEL_HIDDEN) {
            continue;
        }
        size_t row = number_of(m, MDL_ROLE_A, c->population[MDL_ROLE_A]);
        uint32_t column = UINT32_C(1) << number_of(m, MDL_ROLE_B, c->population[MDL_ROLE_B]);
        if ((m->grouped[row] & column) != 0) {
            continue;
        }
        if (a->n_groups == MDL_AGREEMENT_GROUPS) {
            return mdl_fail(err, MDL_U_ARGUMENT,
                            "the cells need more than %d groups: one for each cell at level %s; "
                            "hide some",
                            MDL_AGREEMENT_GROUPS, mdl_level_name(MDL_LEVEL_COUNTS));
        }
        fill_group(m, &a->groups[a->n_groups++], c, row, column);
    }
    return mdl_agreement_groups_valid(a, err);
}

enum mdl_status mdl_agreement_set_cells(struct mdl_agreement *a,
                                        const struct mdl_agreement_cell *cells, size_t n,
                                        struct mdl_error *err)
{
    struct matrix *m = calloc(1, sizeof *m);

    if (m == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for an agreement");
    }
    enum mdl_status st = check_cells(cells, n, err);
    if (st == MDL_OK) {
        st = place(m, cells, n, err);
    }
    if (st == MDL_OK) {
        st = group(m, cells, n, err);
    }
    if (st == MDL_OK) {
        memcpy(a->groups, m->terms.groups, sizeof a->groups);
        a->n_groups = m->terms.n_groups;
    }
    free(m);
    return st;
}
