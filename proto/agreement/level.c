/* level.c: levels by name, and what they are for a cell and a population. May not change terms. */
#include <mandorla/agreement.h>

#include <string.h>

#define LEVEL_NAME(name, slug) slug,
static const char *const names[] = {MDL_LEVEL_LIST(LEVEL_NAME)};
#undef LEVEL_NAME

const char *mdl_level_name(enum mdl_level level)
{
    return level < MDL_LEVELS ? names[level] : "unknown";
}

bool mdl_level_of(const char *name, enum mdl_level *out)
{
    for (size_t i = 0; i < MDL_LEVELS; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum mdl_level)i;
            return true;
        }
    }
    return false;
}

static bool names_population(const struct mdl_agreement_group *g, enum mdl_role role,
                             const char *population)
{
    for (size_t i = 0; i < g->n_populations[role]; i++) {
        if (strcmp(g->populations[role][i], population) == 0) {
            return true;
        }
    }
    return false;
}

enum mdl_level mdl_agreement_cell(const struct mdl_agreement *a, const char *population_a,
                                  const char *population_b, size_t *group)
{
    enum mdl_level level = MDL_LEVEL_HIDDEN;

    for (size_t g = 0; g < a->n_groups; g++) {
        if (names_population(&a->groups[g], MDL_ROLE_A, population_a) &&
            names_population(&a->groups[g], MDL_ROLE_B, population_b) &&
            mdl_level_of(a->groups[g].level, &level)) {
            if (group != NULL) {
                *group = g;
            }
            return level;
        }
    }
    return MDL_LEVEL_HIDDEN;
}

enum mdl_level mdl_agreement_effective(const struct mdl_agreement *a, enum mdl_role role,
                                       const char *population)
{
    enum mdl_level highest = MDL_LEVEL_HIDDEN;
    enum mdl_level level;

    for (size_t g = 0; g < a->n_groups; g++) {
        if (names_population(&a->groups[g], role, population) &&
            mdl_level_of(a->groups[g].level, &level) && level > highest) {
            highest = level;
        }
    }
    return highest;
}

static bool listed(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i], name) == 0) {
            return true;
        }
    }
    return false;
}

size_t mdl_agreement_populations(const struct mdl_agreement *a, enum mdl_role role,
                                 const char **list, size_t max)
{
    size_t n = 0;

    for (size_t g = 0; g < a->n_groups; g++) {
        for (size_t i = 0; i < a->groups[g].n_populations[role] && n < max; i++) {
            const char *name = a->groups[g].populations[role][i];
            if (!listed(list, n, name)) {
                list[n++] = name;
            }
        }
    }
    return n;
}
