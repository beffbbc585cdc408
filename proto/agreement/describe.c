/* describe.c: what a round under an agreement would tell whom, as sentences. May not: promise more
 * than THREATS.md does. */
#include "terms.h"

#include <stdio.h>
#include <string.h>

struct talk {
    const struct mdl_agreement *a;
    mdl_disclosure_fn *say;
    void *ctx;
    char text[TERM_TEXT + 400];
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

/* What one side (`reader`) learns of the other (`about`) in one group. */
static void say_group(struct talk *t, enum mdl_disclosure section, size_t g, enum mdl_role about)
{
    const struct mdl_agreement_caps *c = &t->a->caps;
    const char *reader = t->a->name[mdl_role_other(about)];
    const char *owner = t->a->name[about];
    char populations[TERM_TEXT];
    char max[TERM_NUMBER];
    char low[TERM_NUMBER];
    char high[TERM_NUMBER];

    mdl_term_populations(&t->a->groups[g], about, populations);
    say(t, section,
        "%s learns how many match keys the populations of %s hold together (%s), at most %s a "
        "round.",
        reader, owner, populations, mdl_term_number(c->max_keys_round, max));
    say(t, section, "%s learns how many of these match keys it holds too.", reader);
    if (c->max_result != 0) {
        say(t, section, "Unless %s to %s keys match, it ends there: no account is told.",
            mdl_term_number(c->min_result, low), mdl_term_number(c->max_result, high));
    } else if (c->min_result > 1) {
        say(t, section, "Unless at least %s keys match, it ends there: no account is told.",
            mdl_term_number(c->min_result, low));
    }
    say(t, section,
        "For each matching key %s learns which of its own accounts it is, in which of the "
        "populations of %s "
        "the account is, and which kinds of registry ids %s holds for it.",
        reader, owner, owner);
    say(t, section, "%s learns how many accounts of %s matched, and how many are for review.",
        reader, owner);
    say(t, section,
        "Of accounts that only %s has, %s learns nothing but the number of their keys, if it "
        "follows the "
        "protocol; what it could learn by putting companies it is curious about on its own list is "
        "bounded by the "
        "caps alone.",
        owner, reader);
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
    say(t, MDL_TERMS, "Either party may revoke the agreement at any time.");
}

void mdl_agreement_describe(const struct mdl_agreement *a, enum mdl_role own, mdl_disclosure_fn *fn,
                            void *ctx)
{
    struct talk t = {.a = a, .say = fn, .ctx = ctx};

    for (size_t g = 0; g < a->n_groups; g++) {
        say_group(&t, MDL_THEY_LEARN, g, own);
    }
    for (size_t g = 0; g < a->n_groups; g++) {
        say_group(&t, MDL_WE_LEARN, g, mdl_role_other(own));
    }
    say_terms(&t);
}
