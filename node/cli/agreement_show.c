/* agreement_show.c: an agreement as a person reads it before signing: terms, bounds, what it
 * changes. It may not judge terms: every figure comes from the node's document. */
#include "agreement.h"

#include <string.h>

static void show_bound(FILE *f, const json_t *caps, const char *name, const char *label,
                       const char *when_zero, const char *unit)
{
    char number[FORM];
    json_int_t n = mdl_doc_int(caps, name);
    if (n == 0 && when_zero == NULL) {
        return;
    }
    say_field(f, label, "%s%s", n == 0 ? when_zero : form_number(n, number), n == 0 ? "" : unit);
}

static void show_caps(const json_t *caps, FILE *f)
{
    say_shade(f, SHADE_BOLD, "Bounds, for each side\n");
    show_bound(f, caps, "max_keys_round", "Keys a round", "", " at most, all cells together");
    show_bound(f, caps, "max_keys_month", "Keys a month", "", " at most");
    show_bound(f, caps, "max_rounds_month", "Rounds a month", "", " at most");
    show_bound(f, caps, "cooldown_hours", "Between rounds", "no pause", " hours at least");
    show_bound(f, caps, "min_change", "Changed keys", "any number",
               " at least, or the very same list");
    show_bound(f, caps, "min_keys", "Keys in a list", "", " at least");
    show_bound(f, caps, "min_result", "Matches", "any number",
               " at least, else no account is told and a count reads 'fewer'");
    show_bound(f, caps, "max_result", "Matches", NULL, " at most, else no account is told");
}

static const char *signed_by(const json_t *a)
{
    bool us = json_is_true(json_object_get(a, "signed_by_us"));
    bool them = json_is_true(json_object_get(a, "signed_by_them"));
    return us && them ? "both" : us ? "us" : them ? "them" : "nobody";
}

/* Each side answers a revocation with its own: who ended it is who began. */
static void show_revoked(const json_t *a, FILE *f)
{
    const char *partner = mdl_doc_text(a, "partner");
    bool us = json_is_true(json_object_get(a, "revoked_by_us"));
    bool them = json_is_true(json_object_get(a, "revoked_by_them"));
    bool first = strcmp(mdl_doc_text(a, "revoked_first"), "us") == 0;
    char when[FORM];
    if (!us && !them) {
        return;
    }
    say_field(f, "Revoked by", "%s, %s%s%s", first ? "us" : partner,
              form_time(mdl_doc_text(a, "changed"), when),
              us && them ? "; confirmed by "
              : first    ? "; not confirmed yet"
                         : "",
              !us || !them ? ""
              : first      ? partner
                           : "us");
}

/* "rejected, 2027-01-31 12:00 UTC"; of one that stands the state alone */
static void show_state(const json_t *a, FILE *f)
{
    const char *state = mdl_doc_text(a, "state");
    bool ended = strcmp(state, "rejected") == 0 || strcmp(state, "replaced") == 0;
    bool revoked = strcmp(state, "revoked") == 0;
    char when[FORM];
    say_field(f, "State", "%s%s%s", state, ended ? ", " : "",
              ended ? form_time(mdl_doc_text(a, "changed"), when) : "");
    say_field(f, "Reason", "%s", revoked ? "" : mdl_doc_text(a, "reason"));
}

static void show_terms(const json_t *t, FILE *f)
{
    char from[FORM];
    char until[FORM];
    bool person = strcmp(mdl_doc_text(t, "approval"), "person") == 0;
    say_field(f, "Valid", "%s to %s", form_time(mdl_doc_text(t, "valid_from"), from),
              form_time(mdl_doc_text(t, "valid_until"), until));
    say_field(f, "Purpose", "%s", mdl_doc_text(t, "purpose"));
    say_field(f, "Legal basis", "%s", mdl_doc_text(t, "legal_basis"));
    say_field(f, "Approval", "%s",
              person
                  ? "a person on each side, each round"
                  : "a person on each side, or its standing rule if these are the standard terms");
    say_field(f, "Results kept", "%lld days", (long long)mdl_doc_int(t, "retention_days"));
}

static void show_heading(const json_t *a, const json_t *terms, FILE *f)
{
    char id[FORM];
    if (!json_is_object(a)) {
        say_shade(f, SHADE_BOLD, "Terms to be proposed to %s\n\n",
                  mdl_doc_text(terms, "partner_name"));
        return;
    }
    say_shade(f, SHADE_BOLD, "Agreement with %s\n\n", mdl_doc_text(a, "partner"));
    say_field(f, "Id", "%s", form_id(mdl_doc_text(a, "id"), id));
    show_state(a, f);
    say_field(f, "Note", "%s", mdl_doc_text(a, "note"));
    say_field(f, "Signed by", "%s", signed_by(a));
    show_revoked(a, f);
}

/* ---- what it changes ----------------------------------------------------------------------------
 */

static void show_change(const json_t *c, FILE *f)
{
    bool cell = json_is_true(json_object_get(c, "cell"));
    bool more = json_is_true(json_object_get(c, "more"));
    say(f, "  %s: %s → ", mdl_doc_text(c, "term"), mdl_doc_text(c, "before"));
    if (more) {
        say_shade(f, SHADE_YELLOW, "%s", mdl_doc_text(c, "after"));
    } else {
        say(f, "%s", mdl_doc_text(c, "after"));
    }
    say(f, "%s\n", !cell ? "" : more ? "  (discloses more)" : "  (discloses less)");
}

static void show_changes(const json_t *d, FILE *f)
{
    const json_t *changes = json_object_get(d, "changes");
    char id[FORM];
    size_t i;
    const json_t *c;

    if (!json_is_array(changes)) {
        return;
    }
    (void)fputc('\n', f);
    say_shade(f, SHADE_BOLD, "Changes against the one in force, %s\n",
              form_id(mdl_doc_text(d, "against"), id));
    if (json_array_size(changes) == 0) {
        say(f, "  none\n");
    }
    json_array_foreach(changes, i, c)
    {
        show_change(c, f);
    }
}

void show_request(const json_t *request, const char *partner, FILE *f)
{
    bool theirs = strcmp(mdl_doc_text(request, "by"), "them") == 0;
    const char *reason = mdl_doc_text(request, "reason");
    size_t i;
    const json_t *c;

    if (!json_is_object(request)) {
        return;
    }
    say_shade(f, SHADE_YELLOW, "%s %s for more:", theirs ? partner : "We", theirs ? "asks" : "ask");
    json_array_foreach(json_object_get(request, "cells"), i, c)
    {
        say(f, "%s %s : %s, from %s to %s", i > 0 ? ";" : "", mdl_doc_text(c, "population"),
            mdl_doc_text(c, "partner_population"), mdl_doc_text(c, "before"),
            mdl_doc_text(c, "after"));
    }
    say(f, "%s%s%s\n", reason[0] != '\0' ? ". Reason: \"" : "", reason,
        reason[0] != '\0' ? "\"" : "");
}

enum mdl_status show_agreement(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *a = json_object_get(d, "agreement");
    const json_t *terms = json_object_get(d, "terms");

    show_heading(a, terms, f);
    show_terms(terms, f);
    if (json_is_object(json_object_get(d, "request"))) {
        (void)fputc('\n', f);
        show_request(json_object_get(d, "request"), mdl_doc_text(terms, "partner_name"), f);
    }
    show_changes(d, f);
    (void)fputc('\n', f);
    show_disclosure(json_object_get(d, "disclosure"), f);
    (void)fputc('\n', f);
    show_caps(json_object_get(terms, "caps"), f);
    if (option_given(&c->o, "full")) {
        show_sentences(json_object_get(d, "disclosure"), f);
    } else if (json_is_object(a)) {
        char id[FORM];
        say_shade(f, SHADE_DIM,
                  "\nEvery sentence and digest that is signed: mandorla agreement show %s --full\n",
                  form_id(mdl_doc_text(a, "id"), id));
    } else {
        say_shade(f, SHADE_DIM, "\nEvery sentence that would be signed: --preview --full\n");
    }
    return MDL_OK;
}
