/* terms.c: each term of an agreement as a text; the same texts tell it to people and compare it.
 * May not: leave a term out, or shorten one so that two different ones read alike. */
#include "terms.h"

#include <inttypes.h>
#include <record.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void add(char text[TERM_TEXT], const char *s)
{
    size_t used = strlen(text);

    (void)snprintf(text + used, TERM_TEXT - used, "%s%s", used > 0 ? ", " : "", s);
}

void mdl_term_populations(const struct mdl_agreement_group *g, enum mdl_role role,
                          char text[TERM_TEXT])
{
    text[0] = '\0';
    for (size_t i = 0; i < g->n_populations[role]; i++) {
        add(text, g->populations[role][i]);
    }
}

const char *mdl_term_number(uint64_t n, char text[TERM_NUMBER])
{
    char digits[24];
    size_t out = 0;
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n);

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            text[out++] = ',';
        }
        text[out++] = digits[i];
    }
    text[out] = '\0';
    return text;
}

static void hex(char text[TERM_TEXT], const uint8_t *p)
{
    char one[65];

    add(text, sodium_bin2hex(one, sizeof one, p, 32));
}

enum term {
    TERM_IDENTITY_A,
    TERM_IDENTITY_B,
    TERM_NAME_A,
    TERM_NAME_B,
    TERM_SUITE,
    TERM_PROFILES,
    TERM_KEYS_ROUND,
    TERM_KEYS_MONTH,
    TERM_MIN_KEYS,
    TERM_MIN_RESULT,
    TERM_MAX_RESULT,
    TERM_ROUNDS_MONTH,
    TERM_PURPOSE,
    TERM_BASIS,
    TERM_FROM,
    TERM_UNTIL,
    TERM_RETENTION,
    TERM_DEADLINE,
    TERMS
};
static const char *const term_names[TERMS] = {
    [TERM_IDENTITY_A] = "identity of A",
    [TERM_IDENTITY_B] = "identity of B",
    [TERM_NAME_A] = "name of A",
    [TERM_NAME_B] = "name of B",
    [TERM_SUITE] = "suite",
    [TERM_PROFILES] = "profiles",
    [TERM_KEYS_ROUND] = "match keys a round, at most",
    [TERM_KEYS_MONTH] = "match keys a month, at most",
    [TERM_MIN_KEYS] = "match keys, at least",
    [TERM_MIN_RESULT] = "matching keys, at least",
    [TERM_MAX_RESULT] = "matching keys, at most",
    [TERM_ROUNDS_MONTH] = "rounds a month, at most",
    [TERM_PURPOSE] = "purpose",
    [TERM_BASIS] = "legal basis",
    [TERM_FROM] = "valid from",
    [TERM_UNTIL] = "valid until",
    [TERM_RETENTION] = "days results are kept",
    [TERM_DEADLINE] = "seconds the keys of a round live",
};

static uint64_t number_of(const struct mdl_agreement *a, enum term t)
{
    switch ((int)t) {
    case TERM_KEYS_ROUND:
        return a->caps.max_keys_round;
    case TERM_KEYS_MONTH:
        return a->caps.max_keys_month;
    case TERM_MIN_KEYS:
        return a->caps.min_keys;
    case TERM_MIN_RESULT:
        return a->caps.min_result;
    case TERM_MAX_RESULT:
        return a->caps.max_result;
    case TERM_ROUNDS_MONTH:
        return a->caps.max_rounds_month;
    case TERM_RETENTION:
        return a->retention_days;
    }
    return a->key_deadline_s;
}

static void fixed_term(const struct mdl_agreement *a, enum term t, char text[TERM_TEXT])
{
    char number[TERM_NUMBER];
    char when[MDL_TEXT_TIME];

    text[0] = '\0';
    switch (t) {
    case TERM_IDENTITY_A:
    case TERM_IDENTITY_B:
        hex(text, a->identity[t == TERM_IDENTITY_A ? MDL_ROLE_A : MDL_ROLE_B]);
        return;
    case TERM_NAME_A:
    case TERM_NAME_B:
        add(text, a->name[t == TERM_NAME_A ? MDL_ROLE_A : MDL_ROLE_B]);
        return;
    case TERM_SUITE:
        add(text, a->suite);
        return;
    case TERM_PROFILES:
        for (size_t i = 0; i < a->n_profiles; i++) {
            hex(text, a->profiles[i]);
        }
        return;
    case TERM_PURPOSE:
        add(text, a->purpose);
        return;
    case TERM_BASIS:
        add(text, a->legal_basis);
        return;
    case TERM_FROM:
    case TERM_UNTIL:
        mdl_text_time(t == TERM_FROM ? a->valid_from : a->valid_until, when);
        add(text, when);
        return;
    case TERM_MAX_RESULT:
        add(text,
            a->caps.max_result == 0 ? "no bound" : mdl_term_number(a->caps.max_result, number));
        return;
    case TERM_KEYS_ROUND:
    case TERM_KEYS_MONTH:
    case TERM_MIN_KEYS:
    case TERM_MIN_RESULT:
    case TERM_ROUNDS_MONTH:
    case TERM_RETENTION:
    case TERM_DEADLINE:
        add(text, mdl_term_number(number_of(a, t), number));
        return;
    case TERMS:
        return;
    }
}

bool mdl_term(const struct mdl_agreement *a, size_t i, char name[64], char text[TERM_TEXT])
{
    static const char *const parts[3] = {"level", "populations of A", "populations of B"};

    if (i < TERMS) {
        (void)snprintf(name, 64, "%s", term_names[i]);
        fixed_term(a, (enum term)i, text);
        return true;
    }
    size_t g = (i - TERMS) / 3;
    size_t part = (i - TERMS) % 3;
    if (g >= MDL_AGREEMENT_GROUPS) {
        return false;
    }
    (void)snprintf(name, 64, "group %zu: %s", g + 1, parts[part]);
    text[0] = '\0';
    if (g < a->n_groups && part == 0) {
        add(text, a->groups[g].level);
    } else if (g < a->n_groups) {
        mdl_term_populations(&a->groups[g], part == 1 ? MDL_ROLE_A : MDL_ROLE_B, text);
    }
    return true;
}

size_t mdl_agreement_compare(const struct mdl_agreement *a, const struct mdl_agreement *b,
                             mdl_difference_fn *differ, void *ctx)
{
    char name[64];
    char of_a[TERM_TEXT];
    char of_b[TERM_TEXT];
    size_t n = 0;

    for (size_t i = 0; mdl_term(a, i, name, of_a); i++) {
        (void)mdl_term(b, i, name, of_b);
        if (strcmp(of_a, of_b) == 0) {
            continue;
        }
        n++;
        if (differ != NULL) {
            differ(ctx, name, of_a, of_b);
        }
    }
    return n;
}
