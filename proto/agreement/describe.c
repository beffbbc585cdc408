/* describe.c: what a round under an agreement would tell whom, as sentences. May not: promise more
 * than THREATS.md does. */
#include "terms.h"

#include <stdio.h>
#include <string.h>

struct talk {
    const struct mdl_agreement *a;
    mdl_disclosure_fn *say;
    void *ctx;
    char text[2 * TERM_TEXT + 400]; /* two lists of populations in one sentence */
};

static void say(struct talk *t, enum mdl_disclosure section, const char *fmt, ...) MDL_PRINTF(3, 4);
static void say(struct talk *t, enum mdl_disclosure section, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(t->text, sizeof t->text, fmt, ap);
    va_end(ap);
    t->say(t->ctx, section, t->text);
}

struct side { /* what `reader` learns of `owner` */
    enum mdl_disclosure section;
    enum mdl_role about;
    const char *reader, *owner;
};

static void say_counts(struct talk *t, const struct side *side, const struct mdl_agreement_group *g)
{
    char level[TERM_TEXT];

    mdl_term_level(g, level);
    say(t, side->section,
        "%s of %s with %s of %s, %s: %s learns how many keys of this type %s holds there, and how "
        "many of them both hold; if it follows the protocol, not which.",
        g->populations[side->about][0], side->owner, g->populations[mdl_role_other(side->about)][0],
        side->reader, level, side->reader, side->owner);
}

static void say_gate(struct talk *t, const struct side *side)
{
    const struct mdl_agreement_caps *c = &t->a->caps;
    char low[TERM_NUMBER];
    char high[TERM_NUMBER];

    if (c->max_result != 0) {
        say(t, side->section, "Unless %s to %s keys match, it ends there: no account is told.",
            mdl_term_number(c->min_result, low), mdl_term_number(c->max_result, high));
    } else if (c->min_result > 1) {
        say(t, side->section, "Unless at least %s keys match, it ends there: no account is told.",
            mdl_term_number(c->min_result, low));
    }
}

static void say_accounts(struct talk *t, const struct side *side,
                         const struct mdl_agreement_group *g)
{
    char populations[TERM_TEXT];
    char partner[TERM_TEXT];

    mdl_term_populations(g, side->about, populations);
    mdl_term_populations(g, mdl_role_other(side->about), partner);
    say(t, side->section,
        "%s learns how many match keys the populations of %s hold together (%s), and how many of "
        "these it holds too in its own (%s).",
        side->reader, side->owner, populations, partner);
    say_gate(t, side);
    say(t, side->section,
        "For each matching key %s learns which of its own accounts it is, in which of the "
        "populations of %s the account is, and which kinds of registry ids %s holds for it.",
        side->reader, side->owner, side->owner);
    say(t, side->section, "%s learns how many accounts of %s matched, and how many are for review.",
        side->reader, side->owner);
}

/* The highest level of each population over all its cells: what counts in the end. */
static void say_effective(struct talk *t, const struct side *side)
{
    const char *names[MDL_AGREEMENT_POPULATIONS];
    size_t n = mdl_agreement_populations(t->a, side->about, names, MDL_AGREEMENT_POPULATIONS);

    for (size_t i = 0; i < n; i++) {
        enum mdl_level level = mdl_agreement_effective(t->a, side->about, names[i]);
        say(t, side->section, "Taken together, %s of %s: %s.", names[i], side->owner,
            mdl_level_name(level));
    }
}

static void say_side(struct talk *t, enum mdl_disclosure section, enum mdl_role about)
{
    struct side side = {section, about, t->a->name[mdl_role_other(about)], t->a->name[about]};
    enum mdl_level level;
    char max[TERM_NUMBER];

    for (size_t g = 0; g < t->a->n_groups; g++) {
        const struct mdl_agreement_group *group = &t->a->groups[g];
        if (mdl_level_of(group->level, &level) && level == MDL_LEVEL_COUNTS) {
            say_counts(t, &side, group);
        } else {
            say_accounts(t, &side, group);
        }
    }
    say_effective(t, &side);
    say(t, section,
        "Of accounts that only %s has, %s learns nothing but the number of their keys, if it "
        "follows the protocol; what it could learn by putting companies it is curious about on its "
        "own list (at most %s match keys a round) is bounded by the caps alone.",
        side.owner, side.reader, mdl_term_number(t->a->caps.max_keys_round, max));
}

static void say_cells(struct talk *t)
{
    const char *rows[MDL_AGREEMENT_POPULATIONS];
    const char *columns[MDL_AGREEMENT_POPULATIONS];
    size_t n = mdl_agreement_populations(t->a, MDL_ROLE_A, rows, MDL_AGREEMENT_POPULATIONS);
    size_t m = mdl_agreement_populations(t->a, MDL_ROLE_B, columns, MDL_AGREEMENT_POPULATIONS);
    char text[TERM_TEXT];

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++) {
            mdl_term_cell(t->a, rows[i], columns[j], text);
            say(t, MDL_TERMS, "cell %s of A : %s of B: %s", rows[i], columns[j], text);
        }
    }
}

static void say_terms(struct talk *t)
{
    char name[64];
    char text[TERM_TEXT];

    say(t, MDL_TERMS, "party A: %s; party B: %s", t->a->name[MDL_ROLE_A], t->a->name[MDL_ROLE_B]);
    for (size_t i = 0; mdl_term(t->a, i, name, text); i++) {
        if (text[0] != '\0' && strncmp(name, "name of ", 8) != 0) {
            say(t, mdl_term_technical(i) ? MDL_DETAILS : MDL_TERMS, "%s: %s", name, text);
        }
    }
    say_cells(t);
    say(t, MDL_TERMS, "Either party may revoke the agreement at any time.");
}

void mdl_agreement_describe(const struct mdl_agreement *a, enum mdl_role own, mdl_disclosure_fn *fn,
                            void *ctx)
{
    struct talk t = {.a = a, .say = fn, .ctx = ctx};

    say_side(&t, MDL_THEY_LEARN, own);
    say_side(&t, MDL_WE_LEARN, mdl_role_other(own));
    say_terms(&t);
}
