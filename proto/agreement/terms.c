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

enum show {
    SHOW_KEY,
    SHOW_TEXT,
    SHOW_PROFILES,
    SHOW_TIME,
    SHOW_U16,
    SHOW_U32,
    SHOW_U64,
    SHOW_BOUND,
    SHOW_APPROVAL
};

#define AT(field) offsetof(struct mdl_agreement, field)
static const struct term {
    const char *name;
    enum show show;
    size_t at;
} terms[] = {
    {"identity of A", SHOW_KEY, AT(identity[MDL_ROLE_A])},
    {"identity of B", SHOW_KEY, AT(identity[MDL_ROLE_B])},
    {"name of A", SHOW_TEXT, AT(name[MDL_ROLE_A])},
    {"name of B", SHOW_TEXT, AT(name[MDL_ROLE_B])},
    {"suite", SHOW_TEXT, AT(suite)},
    {"profiles", SHOW_PROFILES, AT(profiles)},
    {"match keys a round, at most", SHOW_U32, AT(caps.max_keys_round)},
    {"match keys a month, at most", SHOW_U64, AT(caps.max_keys_month)},
    {"match keys, at least", SHOW_U32, AT(caps.min_keys)},
    {"matching keys, at least", SHOW_U32, AT(caps.min_result)},
    {"matching keys, at most", SHOW_BOUND, AT(caps.max_result)},
    {"rounds a month, at most", SHOW_U16, AT(caps.max_rounds_month)},
    {"keys that must differ from the last round", SHOW_U32, AT(caps.min_change)},
    {"hours between two rounds", SHOW_U16, AT(caps.cooldown_hours)},
    {"who lets a round run", SHOW_APPROVAL, AT(approval)},
    {"purpose", SHOW_TEXT, AT(purpose)},
    {"legal basis", SHOW_TEXT, AT(legal_basis)},
    {"valid from", SHOW_TIME, AT(valid_from)},
    {"valid until", SHOW_TIME, AT(valid_until)},
    {"days results are kept", SHOW_U16, AT(retention_days)},
    {"seconds the keys of a round live", SHOW_U16, AT(key_deadline_s)},
};
#define TERMS (sizeof terms / sizeof terms[0])

bool mdl_term_technical(size_t i)
{
    return i < TERMS && (terms[i].show == SHOW_KEY || terms[i].show == SHOW_PROFILES ||
                         terms[i].at == AT(suite));
}

static uint64_t number_at(const uint8_t *p, enum show show)
{
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;

    if (show == SHOW_U16) {
        memcpy(&v16, p, sizeof v16);
        return v16;
    }
    if (show == SHOW_U32 || show == SHOW_BOUND) {
        memcpy(&v32, p, sizeof v32);
        return v32;
    }
    memcpy(&v64, p, sizeof v64);
    return v64;
}

static void fixed_term(const struct mdl_agreement *a, const struct term *t, char text[TERM_TEXT])
{
    const uint8_t *p = (const uint8_t *)a + t->at;
    char number[TERM_NUMBER];
    char when[MDL_TEXT_TIME];

    text[0] = '\0';
    switch (t->show) {
    case SHOW_KEY:
        hex(text, p);
        return;
    case SHOW_TEXT:
        add(text, (const char *)p);
        return;
    case SHOW_PROFILES:
        for (size_t i = 0; i < a->n_profiles; i++) {
            hex(text, a->profiles[i]);
        }
        return;
    case SHOW_TIME:
        mdl_text_time(number_at(p, SHOW_U64), when);
        add(text, when);
        return;
    case SHOW_APPROVAL:
        add(text, *p == MDL_APPROVAL_PERSON ? "a person, each time"
                                            : "a person, or the side's standing rule");
        return;
    case SHOW_U16:
    case SHOW_U32:
    case SHOW_U64:
    case SHOW_BOUND:
        add(text, t->show == SHOW_BOUND && number_at(p, t->show) == 0
                      ? "no bound"
                      : mdl_term_number(number_at(p, t->show), number));
        return;
    }
}

bool mdl_term(const struct mdl_agreement *a, size_t i, char name[64], char text[TERM_TEXT])
{
    if (i >= TERMS) {
        return false;
    }
    (void)snprintf(name, 64, "%s", terms[i].name);
    fixed_term(a, &terms[i], text);
    return true;
}

static const char *type_label(uint8_t type)
{
#define TYPE_LABEL(name, number, slug, label, prio, tier)                                          \
    if (type == (number)) {                                                                        \
        return label;                                                                              \
    }
    MDL_KEY_TYPE_LIST(TYPE_LABEL)
#undef TYPE_LABEL
    return "unknown type";
}

void mdl_term_level(const struct mdl_agreement_group *g, char text[TERM_TEXT])
{
    (void)snprintf(text, TERM_TEXT, "%s%s%s", g->level, g->key_type == 0 ? "" : " by ",
                   g->key_type == 0 ? "" : type_label(g->key_type));
}

void mdl_term_cell(const struct mdl_agreement *a, const char *population_a,
                   const char *population_b, char text[TERM_TEXT])
{
    size_t g;

    if (mdl_agreement_cell(a, population_a, population_b, &g) == MDL_LEVEL_HIDDEN) {
        (void)snprintf(text, TERM_TEXT, "%s", mdl_level_name(MDL_LEVEL_HIDDEN));
    } else {
        mdl_term_level(&a->groups[g], text);
    }
}
