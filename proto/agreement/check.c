/* check.c: whether terms make sense by themselves. May not: know the time or who we are. */
#include "terms.h"

#include <inttypes.h>
#include <record.h>
#include <string.h>

#define COOLDOWN_MAX 8784             /* hours of a leap year */
#define LAST_MS      253402300799999U /* the end of the year 9999 */

bool mdl_population_name_valid(const char *name)
{
    size_t len = strnlen(name, MDL_POPULATION_NAME + 1);

    return len >= 1 && len <= MDL_POPULATION_NAME &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static enum mdl_status check_text(const char *term, const char *s, size_t max,
                                  struct mdl_error *err)
{
    size_t len = strnlen(s, max + 1);

    if (len == 0 || len > max) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%s must have 1 to %zu bytes", term, max);
    }
    if (!mdl_text_clean(s, len)) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%s must be UTF-8 text without control characters",
                        term);
    }
    return MDL_OK;
}

static enum mdl_status check_parties(const struct mdl_agreement *a, struct mdl_error *err)
{
    if (memcmp(a->identity[MDL_ROLE_A], a->identity[MDL_ROLE_B], MDL_IDENTITY_BYTES) >= 0) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "the two identities must differ and stand in ascending order");
    }
    enum mdl_status st = check_text("the name of party A", a->name[0], MDL_AGREEMENT_NAME, err);
    if (st == MDL_OK) {
        st = check_text("the name of party B", a->name[1], MDL_AGREEMENT_NAME, err);
    }
    return st;
}

static enum mdl_status check_profiles(const struct mdl_agreement *a, struct mdl_error *err)
{
    if (strcmp(a->suite, MDL_SUITE_1) != 0) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the suite '%s' is not known here, only %s", a->suite,
                        MDL_SUITE_1);
    }
    if (a->n_profiles == 0 || a->n_profiles > MDL_AGREEMENT_PROFILES) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the agreement must name 1 to %d profiles",
                        MDL_AGREEMENT_PROFILES);
    }
    for (size_t i = 0; i < a->n_profiles; i++) {
        for (size_t j = 0; j < i; j++) {
            if (memcmp(a->profiles[i], a->profiles[j], sizeof a->profiles[i]) == 0) {
                return mdl_fail(err, MDL_U_ARGUMENT, "profile %zu stands twice", i + 1);
            }
        }
    }
    return MDL_OK;
}

static bool names(const struct mdl_agreement_group *g, enum mdl_role role, size_t n,
                  const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(g->populations[role][i], name) == 0) {
            return true;
        }
    }
    return false;
}

static enum mdl_status check_populations(const struct mdl_agreement_group *g, enum mdl_role role,
                                         struct mdl_error *err)
{
    size_t n = g->n_populations[role];

    if (n == 0 || n > MDL_AGREEMENT_POPULATIONS) {
        return mdl_fail(err, MDL_U_ARGUMENT, "each side must name 1 to %d populations",
                        MDL_AGREEMENT_POPULATIONS);
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = g->populations[role][i];
        if (!mdl_population_name_valid(name)) {
            return mdl_fail(err, MDL_U_ARGUMENT,
                            "the population name '%.*s' is not 1 to %d of a-z, 0-9 and -",
                            MDL_POPULATION_NAME, name, MDL_POPULATION_NAME);
        }
        if (names(g, role, i, name)) {
            return mdl_fail(err, MDL_U_ARGUMENT, "the population '%s' stands twice", name);
        }
    }
    return MDL_OK;
}

static bool share_population(const struct mdl_agreement_group *g,
                             const struct mdl_agreement_group *h, enum mdl_role role)
{
    for (size_t i = 0; i < g->n_populations[role]; i++) {
        if (names(h, role, h->n_populations[role], g->populations[role][i])) {
            return true;
        }
    }
    return false;
}

/* Only what makes an overlap can be counted: a match on a review key is a question. */
static bool countable(uint8_t type)
{
#define COUNTABLE(name, number, slug, label, prio, tier)                                           \
    if (type == (number)) {                                                                        \
        return MDL_TIER_##tier == MDL_TIER_MATCH;                                                  \
    }
    MDL_KEY_TYPE_LIST(COUNTABLE)
#undef COUNTABLE
    return false;
}

static enum mdl_status check_level(const struct mdl_agreement_group *g, struct mdl_error *err)
{
    enum mdl_level level;

    if (!mdl_level_of(g->level, &level) || level == MDL_LEVEL_HIDDEN) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the level '%s' is not known here, only %s and %s",
                        g->level, mdl_level_name(MDL_LEVEL_COUNTS),
                        mdl_level_name(MDL_LEVEL_ACCOUNTS));
    }
    if (level != MDL_LEVEL_COUNTS) {
        return g->key_type == 0 ? MDL_OK
                                : mdl_fail(err, MDL_U_ARGUMENT,
                                           "a group at level %s compares all types of key, not %u",
                                           g->level, g->key_type);
    }
    if (!countable(g->key_type)) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "a group at level counts needs one type of key that makes a match; %u is "
                        "none",
                        g->key_type);
    }
    if (g->n_populations[MDL_ROLE_A] != 1 || g->n_populations[MDL_ROLE_B] != 1) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "a group at level counts is one population of each side");
    }
    return MDL_OK;
}

enum mdl_status mdl_agreement_groups_valid(const struct mdl_agreement *a, struct mdl_error *err)
{
    if (a->n_groups == 0 || a->n_groups > MDL_AGREEMENT_GROUPS) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the agreement must have 1 to %d groups",
                        MDL_AGREEMENT_GROUPS);
    }
    for (size_t i = 0; i < a->n_groups; i++) {
        const struct mdl_agreement_group *g = &a->groups[i];
        enum mdl_status st = check_level(g, err);
        if (st == MDL_OK) {
            st = check_populations(g, MDL_ROLE_A, err);
        }
        if (st == MDL_OK) {
            st = check_populations(g, MDL_ROLE_B, err);
        }
        if (st != MDL_OK) {
            return st;
        }
        for (size_t j = 0; j < i; j++) {
            if (share_population(g, &a->groups[j], MDL_ROLE_A) &&
                share_population(g, &a->groups[j], MDL_ROLE_B)) {
                return mdl_fail(err, MDL_U_ARGUMENT,
                                "groups %zu and %zu have a pair of populations in common", j + 1,
                                i + 1);
            }
        }
    }
    return MDL_OK;
}

/* Over all groups: whoever reads the terms sees them as one matrix. */
static enum mdl_status check_matrix(const struct mdl_agreement *a, struct mdl_error *err)
{
    const char *list[MDL_AGREEMENT_POPULATIONS + 1];

    for (int role = 0; role < 2; role++) {
        if (mdl_agreement_populations(a, (enum mdl_role)role, list, MDL_AGREEMENT_POPULATIONS + 1) >
            MDL_AGREEMENT_POPULATIONS) {
            return mdl_fail(err, MDL_U_ARGUMENT, "a side names more than %d populations in all",
                            MDL_AGREEMENT_POPULATIONS);
        }
    }
    return MDL_OK;
}

static enum mdl_status check_caps(const struct mdl_agreement_caps *c, struct mdl_error *err)
{
    if (c->max_keys_round == 0 || c->max_keys_round > MDL_AGREEMENT_KEYS_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "max_keys_round is %" PRIu32 ", not 1 to %u",
                        c->max_keys_round, MDL_AGREEMENT_KEYS_MAX);
    }
    if (c->min_keys == 0 || c->min_keys > c->max_keys_round) {
        return mdl_fail(err, MDL_U_ARGUMENT, "min_keys is %" PRIu32 ", not 1 to max_keys_round",
                        c->min_keys);
    }
    if (c->max_keys_month < c->min_keys) {
        return mdl_fail(err, MDL_U_ARGUMENT, "max_keys_month is below min_keys");
    }
    if (c->max_result != 0 && c->max_result < c->min_result) {
        return mdl_fail(err, MDL_U_ARGUMENT, "max_result is below min_result");
    }
    if (c->max_rounds_month == 0) {
        return mdl_fail(err, MDL_U_ARGUMENT, "max_rounds_month is 0");
    }
    if (c->cooldown_hours > COOLDOWN_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "cooldown_hours is %u, at most %d", c->cooldown_hours,
                        COOLDOWN_MAX);
    }
    return MDL_OK;
}

static enum mdl_status check_times(const struct mdl_agreement *a, struct mdl_error *err)
{
    if (a->valid_from >= a->valid_until) {
        return mdl_fail(err, MDL_U_ARGUMENT, "valid_until must lie after valid_from");
    }
    if (a->valid_until > LAST_MS) {
        return mdl_fail(err, MDL_U_ARGUMENT, "valid_until lies after the year 9999");
    }
    if (a->retention_days == 0) {
        return mdl_fail(err, MDL_U_ARGUMENT, "retention_days is 0");
    }
    if (a->key_deadline_s == 0) {
        return mdl_fail(err, MDL_U_ARGUMENT, "key_deadline_s is 0");
    }
    return MDL_OK;
}

enum mdl_status mdl_agreement_valid(const struct mdl_agreement *a, struct mdl_error *err)
{
    enum mdl_status st = check_parties(a, err);

    if (st == MDL_OK) {
        st = check_profiles(a, err);
    }
    if (st == MDL_OK) {
        st = mdl_agreement_groups_valid(a, err);
    }
    if (st == MDL_OK) {
        st = check_matrix(a, err);
    }
    if (st == MDL_OK) {
        st = check_caps(&a->caps, err);
    }
    if (st == MDL_OK) {
        st = check_text("the purpose", a->purpose, MDL_AGREEMENT_TEXT, err);
    }
    if (st == MDL_OK) {
        st = check_text("the legal basis", a->legal_basis, MDL_AGREEMENT_TEXT, err);
    }
    if (st == MDL_OK && a->approval > MDL_APPROVAL_STANDING) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the approval rule %u is not known here", a->approval);
    }
    return st == MDL_OK ? check_times(a, err) : st;
}

enum mdl_status mdl_agreement_set_populations(struct mdl_agreement *a, size_t group,
                                              enum mdl_role role, const char *const *list, size_t n,
                                              struct mdl_error *err)
{
    struct mdl_agreement_group g = {0};

    if (group >= a->n_groups) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the agreement has no group %zu", group + 1);
    }
    g.n_populations[role] = n;
    for (size_t i = 0; i < n && i < MDL_AGREEMENT_POPULATIONS; i++) {
        if (!mdl_population_name_valid(list[i])) {
            return mdl_fail(err, MDL_U_ARGUMENT,
                            "the population name '%s' is not 1 to %d of a-z, 0-9 and -", list[i],
                            MDL_POPULATION_NAME);
        }
        memcpy(g.populations[role][i], list[i], strlen(list[i]) + 1);
    }
    enum mdl_status st = check_populations(&g, role, err);
    if (st == MDL_OK) {
        memcpy(a->groups[group].populations[role], g.populations[role], sizeof g.populations[role]);
        a->groups[group].n_populations[role] = n;
    }
    return st;
}
