/* compare.c: where two agreements differ, term by term and cell by cell. May not judge. */
#include "terms.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX ((size_t)2 * MDL_AGREEMENT_POPULATIONS) /* of both agreements */

struct comparison {
    const struct mdl_agreement *a, *b;
    mdl_difference_fn *differ;
    void *ctx;
    size_t n;
};

static void tell(struct comparison *c, const char *term, const char *of_a, const char *of_b)
{
    if (strcmp(of_a, of_b) == 0) {
        return;
    }
    c->n++;
    if (c->differ != NULL) {
        c->differ(c->ctx, term, of_a, of_b);
    }
}

static void compare_terms(struct comparison *c)
{
    char name[64];
    char of_a[TERM_TEXT];
    char of_b[TERM_TEXT];

    for (size_t i = 0; mdl_term(c->a, i, name, of_a); i++) {
        (void)mdl_term(c->b, i, name, of_b);
        tell(c, name, of_a, of_b);
    }
}

/* The populations of one party in both agreements, each once. */
static size_t all_names(const struct comparison *c, enum mdl_role role, const char **names)
{
    size_t n = mdl_agreement_populations(c->a, role, names, NAMES_MAX);
    size_t of_a = n;
    n += mdl_agreement_populations(c->b, role, names + n, NAMES_MAX - n);
    for (size_t i = of_a; i < n;) {
        bool known = false;
        for (size_t j = 0; j < of_a && !known; j++) {
            known = strcmp(names[i], names[j]) == 0;
        }
        if (known) {
            names[i] = names[--n];
        } else {
            i++;
        }
    }
    return n;
}

static void compare_cell(struct comparison *c, const char *population_a, const char *population_b)
{
    char term[2 * MDL_POPULATION_NAME + 16];
    char of_a[TERM_TEXT];
    char of_b[TERM_TEXT];

    (void)snprintf(term, sizeof term, "cell %s : %s", population_a, population_b);
    mdl_term_cell(c->a, population_a, population_b, of_a);
    mdl_term_cell(c->b, population_a, population_b, of_b);
    tell(c, term, of_a, of_b);
}

/* The same cells can stand in other groups, or in another order: then other bits travel. */
static bool same_groups(const struct mdl_agreement *a, const struct mdl_agreement *b)
{
    bool same = a->n_groups == b->n_groups;

    for (size_t g = 0; same && g < a->n_groups; g++) {
        char of_a[TERM_TEXT];
        char of_b[TERM_TEXT];
        for (int role = 0; role < 2; role++) {
            mdl_term_populations(&a->groups[g], (enum mdl_role)role, of_a);
            mdl_term_populations(&b->groups[g], (enum mdl_role)role, of_b);
            same = same && strcmp(of_a, of_b) == 0;
        }
    }
    return same;
}

static void compare_cells(struct comparison *c)
{
    const char *rows[NAMES_MAX];
    const char *columns[NAMES_MAX];
    size_t before = c->n;
    size_t n_rows = all_names(c, MDL_ROLE_A, rows);
    size_t n_columns = all_names(c, MDL_ROLE_B, columns);

    for (size_t i = 0; i < n_rows; i++) {
        for (size_t j = 0; j < n_columns; j++) {
            compare_cell(c, rows[i], columns[j]);
        }
    }
    if (c->n == before && !same_groups(c->a, c->b)) {
        tell(c, "how the cells are grouped", "one way", "another way");
    }
}

size_t mdl_agreement_compare(const struct mdl_agreement *a, const struct mdl_agreement *b,
                             mdl_difference_fn *differ, void *ctx)
{
    struct comparison c = {a, b, differ, ctx, 0};

    compare_terms(&c);
    compare_cells(&c);
    return c.n;
}
