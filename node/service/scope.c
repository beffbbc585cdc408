/* scope.c: the populations of an agreement over all its groups, and what of a group is shown.
 * It may not ask the store, nor the time. */
#include "scope.h"

#include <stdio.h>
#include <string.h>

enum mdl_level group_level(const struct mdl_agreement_group *g)
{
    enum mdl_level level = MDL_LEVEL_HIDDEN;
    (void)mdl_level_of(g->level, &level);
    return level;
}

/* Where the name stands, added at the end if it does not yet. */
static uint8_t place(name_list list, size_t *n, const char *name)
{
    size_t i = 0;
    while (i < *n && strcmp(list[i], name) != 0) {
        i++;
    }
    if (i == *n && *n < MDL_STORE_POPULATIONS) {
        (void)snprintf(list[(*n)++], MDL_STORE_NAME + 1, "%s", name);
    }
    return (uint8_t)i;
}

void scope_of(const struct mdl_agreement *a, enum mdl_role own, struct scope *out)
{
    enum mdl_role theirs = mdl_role_other(own);
    memset(out, 0, sizeof *out);
    memset(out->own_at, 0xff, sizeof out->own_at);
    memset(out->partner_at, 0xff, sizeof out->partner_at);
    for (size_t g = 0; g < a->n_groups && g < MDL_STORE_GROUPS; g++) {
        const struct mdl_agreement_group *group = &a->groups[g];
        if (group_level(group) != MDL_LEVEL_ACCOUNTS) {
            continue;
        }
        out->group[out->n_groups++] = (uint8_t)g;
        for (size_t i = 0; i < group->n_populations[own]; i++) {
            out->own_at[g][i] = place(out->own, &out->n_own, group->populations[own][i]);
        }
        for (size_t i = 0; i < group->n_populations[theirs]; i++) {
            out->partner_at[g][i] =
                place(out->partner, &out->n_partner, group->populations[theirs][i]);
        }
    }
}

static uint32_t forth(const uint8_t at[MDL_STORE_POPULATIONS], uint32_t bits)
{
    uint32_t mask = 0;
    for (size_t i = 0; i < MDL_STORE_POPULATIONS; i++) {
        if ((bits >> i & 1) != 0 && at[i] < MDL_STORE_POPULATIONS) {
            mask |= UINT32_C(1) << at[i];
        }
    }
    return mask;
}

static uint32_t back(const uint8_t at[MDL_STORE_POPULATIONS], uint32_t mask)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < MDL_STORE_POPULATIONS; i++) {
        if (at[i] < MDL_STORE_POPULATIONS && (mask >> at[i] & 1) != 0) {
            bits |= UINT32_C(1) << i;
        }
    }
    return bits;
}

uint32_t scope_own(const struct scope *s, size_t group, uint32_t bits)
{
    return forth(s->own_at[group], bits);
}

uint32_t scope_partner(const struct scope *s, size_t group, uint32_t bits)
{
    return forth(s->partner_at[group], bits);
}

uint32_t scope_own_back(const struct scope *s, size_t group, uint32_t mask)
{
    return back(s->own_at[group], mask);
}

uint32_t scope_partner_back(const struct scope *s, size_t group, uint32_t mask)
{
    return back(s->partner_at[group], mask);
}

bool round_told(const struct mdl_round_row *row)
{
    bool told = false;
    for (size_t g = 0; g < row->n_groups; g++) {
        const struct mdl_round_group *group = &row->group[g];
        bool counted = group->known && strcmp(group->level, mdl_level_name(MDL_LEVEL_COUNTS)) == 0;
        told = told || group->slices_opened > 0 || counted;
    }
    return told;
}

enum shown group_shown(const struct mdl_agreement *a, const struct mdl_round_row *row, size_t group)
{
    const struct mdl_round_group *g = &row->group[group];
    if (!g->known) {
        return SHOWN_UNKNOWN;
    }
    bool below =
        group_level(&a->groups[group]) == MDL_LEVEL_COUNTS && g->matched_keys < a->caps.min_result;
    return below ? SHOWN_BELOW : SHOWN_NUMBER;
}
