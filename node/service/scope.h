/* scope.h: the populations of an agreement as its two sides see them, over all its groups. Pure;
 * any thread. */
#ifndef MANDORLA_SERVICE_SCOPE_H
#define MANDORLA_SERVICE_SCOPE_H

#include <mandorla/agreement.h>
#include <store_result.h>

/* How a number of matching keys is shown: not known, "< min_result", or as it is. */
enum shown { SHOWN_UNKNOWN, SHOWN_BELOW, SHOWN_NUMBER };

typedef char name_list[MDL_STORE_POPULATIONS][MDL_STORE_NAME + 1];

/* The groups at level accounts together: ours and the partner's populations, each once, and where
 * those of each group stand in the two lists. */
struct scope {
    size_t n_own, n_partner;
    name_list own, partner;
    size_t n_groups; /* at level accounts */
    uint8_t group[MDL_STORE_GROUPS];
    uint8_t own_at[MDL_STORE_GROUPS][MDL_STORE_POPULATIONS]; /* by group of the agreement and bit */
    uint8_t partner_at[MDL_STORE_GROUPS][MDL_STORE_POPULATIONS];
};
void scope_of(const struct mdl_agreement *a, enum mdl_role own, struct scope *out);
/* A mask of one group as one of the scope, and back: the bits the group has of it. */
uint32_t scope_own(const struct scope *s, size_t group, uint32_t bits);
uint32_t scope_partner(const struct scope *s, size_t group, uint32_t bits);
uint32_t scope_own_back(const struct scope *s, size_t group, uint32_t mask);
uint32_t scope_partner_back(const struct scope *s, size_t group, uint32_t mask);

/* The level of a group; HIDDEN for a name this version does not know. */
enum mdl_level group_level(const struct mdl_agreement_group *g);
/* Whether something was learned in a round: a slice was opened, or a count is known. */
bool round_told(const struct mdl_round_row *row);
/* How the number of matching keys of a group is shown. At level counts a number below min_result
 * is not: politeness towards the partner, both nodes know it. */
enum shown group_shown(const struct mdl_agreement *a, const struct mdl_round_row *row,
                       size_t group);

#endif
