/* round_show.c: rounds as a person reads them.
 * It may not ask the node anything: documents in, text out. */
#include "cli.h"

#include <string.h>

static enum shade state_shade(const char *state)
{
    if (strcmp(state, "complete") == 0) {
        return SHADE_GREEN;
    }
    return round_has_ended(state) && strcmp(state, "partial") != 0 ? SHADE_RED : SHADE_YELLOW;
}

static void show_sizes(const json_t *r, FILE *f)
{
    const json_t *keys = json_object_get(r, "keys");
    const json_t *accounts = json_object_get(r, "accounts");
    const json_t *review = json_object_get(r, "review");
    const json_t *bytes = json_object_get(r, "bytes");
    const json_t *slices = json_object_get(r, "slices");
    char a[FORM];
    char b[FORM];
    char n[FORM];

    if (mdl_doc_int(keys, "own") == 0) {
        return;
    }
    /* Cells may overlap: the same key is brought, and matched, in each of them. */
    if (json_array_size(json_object_get(r, "groups")) > 1) {
        say_field(f, "Keys brought", "%s ours, %s theirs, all cells together",
                  form_number(mdl_doc_int(keys, "own"), a),
                  form_number(mdl_doc_int(keys, "partner"), b));
    } else {
        say_field(f, "Match keys", "%s ours, %s theirs, %s in common",
                  form_number(mdl_doc_int(keys, "own"), a),
                  form_number(mdl_doc_int(keys, "partner"), b),
                  form_number(mdl_doc_int(keys, "matched"), n));
    }
    if (strcmp(mdl_doc_text(r, "state"), "complete") == 0 ||
        strcmp(mdl_doc_text(r, "state"), "partial") == 0) {
        say_field(f, "Overlap", "%s of our accounts, %s of theirs",
                  form_number(mdl_doc_int(accounts, "own"), a),
                  form_number(mdl_doc_int(accounts, "partner"), b));
        say_field(f, "For review", "%s of ours, %s of theirs (not counted as overlap)",
                  form_number(mdl_doc_int(review, "own"), a),
                  form_number(mdl_doc_int(review, "partner"), b));
    }
    if (mdl_doc_int(slices, "opened") < mdl_doc_int(slices, "total")) {
        say_field(f, "Opened", "%s of %s slices of the partner's result",
                  form_number(mdl_doc_int(slices, "opened"), a),
                  form_number(mdl_doc_int(slices, "total"), b));
    }
    if (mdl_doc_int(bytes, "in") + mdl_doc_int(bytes, "out") > 0) {
        say_field(f, "Traffic", "%s sent, %s received by the session",
                  form_bytes(mdl_doc_int(bytes, "out"), a),
                  form_bytes(mdl_doc_int(bytes, "in"), b));
    }
}

/* "customers with prospects  counts: 41 domains in common, of 100 and 820" */
static void show_group(const json_t *g, FILE *f)
{
    char own[512];
    char theirs[512];
    char n[FORM];
    char a[FORM];
    char b[FORM];
    const char *state = mdl_doc_text(g, "state");
    mdl_doc_join(json_object_get(g, "populations"), ", ", own, sizeof own);
    mdl_doc_join(json_object_get(g, "partner_populations"), ", ", theirs, sizeof theirs);
    say(f, "    %s with %s  ", own, theirs);
    say_shade(f, SHADE_DIM, "%s", mdl_doc_text(g, "level"));
    if (strcmp(state, "skipped") == 0) {
        say(f, ": not run, a side has no key there\n");
        return;
    }
    if (json_is_integer(json_object_get(g, "below"))) {
        say(f, ": fewer than %s", form_number(mdl_doc_int(g, "below"), n));
    } else if (strcmp(state, "known") == 0) {
        say(f, ": %s", form_number(mdl_doc_int(g, "matched"), n));
    } else {
        say(f, strcmp(state, "open") == 0 ? ": not yet\n" : ": not reached\n");
        return;
    }
    say(f, " in common, of %s and %s\n", form_number(mdl_doc_int(g, "own_keys"), a),
        form_number(mdl_doc_int(g, "partner_keys"), b));
}

/* A line each, where the round is more than one rectangle of accounts. */
static void show_groups(const json_t *r, FILE *f)
{
    const json_t *groups = json_object_get(r, "groups");
    const char *level = mdl_doc_text(json_array_get(groups, 0), "level");
    size_t i;
    const json_t *g;
    if (mdl_doc_text(r, "started")[0] == '\0' ||
        (json_array_size(groups) < 2 && strcmp(level, "counts") != 0)) {
        return;
    }
    say(f, "  Cells, by match keys\n");
    json_array_foreach(groups, i, g)
    {
        show_group(g, f);
    }
}

static void show_end(const json_t *r, FILE *f)
{
    const json_t *receipt = json_object_get(r, "receipt");
    const char *by = mdl_doc_text(r, "ended_by");
    const char *text = mdl_doc_text(r, "text");

    /* Nobody ended it: its agreement did. */
    bool gone = strcmp(mdl_doc_text(r, "state"), "replaced") == 0;
    bool revoked = strcmp(mdl_doc_text(r, "state"), "revoked") == 0;

    if (text[0] != '\0') {
        say_field(f, "Why", gone || revoked ? "%s" : "%s (%s)", text, mdl_doc_text(r, "code"));
        say_field(f, "Ended by", "%s",
                  gone                      ? ""
                  : strcmp(by, "us") == 0   ? "us"
                  : strcmp(by, "them") == 0 ? mdl_doc_text(r, "partner")
                                            : "");
    }
    if (json_is_object(receipt)) {
        bool ours = json_is_true(json_object_get(receipt, "ours"));
        bool theirs = json_is_true(json_object_get(receipt, "theirs"));
        say_field(f, "Receipt", "%s, %.16s…",
                  ours && theirs ? "signed by both sides"
                  : ours         ? "signed by us, not by the partner"
                                 : "not signed",
                  mdl_doc_text(receipt, "hash"));
    }
}

/* "preparing 0.2 s, hello 12 ms, ..." of an ended round. */
static void show_phases(const json_t *phases, FILE *f)
{
    char text[512] = "";
    char ms[FORM];
    size_t i;
    const json_t *p;

    json_array_foreach(phases, i, p)
    {
        size_t n = strlen(text);
        if (json_is_integer(json_object_get(p, "ms"))) {
            (void)snprintf(text + n, sizeof text - n, "%s%s %s", n > 0 ? ", " : "",
                           mdl_doc_text(p, "name"), form_ms(mdl_doc_int(p, "ms"), ms));
        }
    }
    if (text[0] != '\0') {
        say_wrapped(f, "  Phases          ", text);
    }
}

void show_round(const json_t *r, FILE *f)
{
    const char *state = mdl_doc_text(r, "state");
    const json_t *work = json_object_get(r, "progress");
    char id[FORM];
    char a[FORM];
    char b[FORM];

    say_shade(f, SHADE_BOLD, "Round %s with %s", form_id(mdl_doc_text(r, "id"), id),
              mdl_doc_text(r, "partner"));
    say(f, "  ");
    say_shade(f, state_shade(state), "%s\n\n", state);
    say_field(f, "Proposed", "%s, by %s", form_time(mdl_doc_text(r, "created"), a),
              strcmp(mdl_doc_text(r, "proposed_by"), "us") == 0 ? "us"
                                                                : mdl_doc_text(r, "partner"));
    say_field(f, "Waits for", "%s", mdl_doc_text(r, "waiting_for"));
    if (mdl_doc_int(work, "total") > 0 && strcmp(state, "running") == 0) {
        say_field(f, "Phase", "%s, %s of %s", mdl_doc_text(r, "phase"),
                  form_number(mdl_doc_int(work, "done"), a),
                  form_number(mdl_doc_int(work, "total"), b));
    }
    if (mdl_doc_text(r, "finished")[0] != '\0') {
        char took[FORM] = "";
        if (mdl_doc_int(r, "wall_ms") > 0) {
            (void)form_ms(mdl_doc_int(r, "wall_ms"), took);
        }
        say_field(f, "Ended", "%s%s%s", form_time(mdl_doc_text(r, "finished"), a),
                  took[0] != '\0' ? ", after " : "", took);
        show_phases(json_object_get(r, "phases"), f);
    }
    show_sizes(r, f);
    show_groups(r, f);
    show_end(r, f);
    if (strcmp(state, "complete") == 0 || strcmp(state, "partial") == 0) {
        say(f, "\nNext: mandorla matrix \"%s\"\n", mdl_doc_text(r, "partner"));
    } else if (strcmp(state, "waiting-for-approval") == 0) {
        say(f, "\nNext: mandorla round approve \"%s\"\n", mdl_doc_text(r, "partner"));
    }
}

static enum mdl_status round_row(struct mdl_table *t, const json_t *r)
{
    const json_t *keys = json_object_get(r, "keys");
    const json_t *accounts = json_object_get(r, "accounts");
    const char *state = mdl_doc_text(r, "state");
    bool results = strcmp(state, "complete") == 0 || strcmp(state, "partial") == 0;
    char text[5][FORM];
    char brought[2 * FORM + 4] = "";
    if (mdl_doc_int(keys, "own") > 0) {
        (void)snprintf(brought, sizeof brought, "%s / %s",
                       form_number(mdl_doc_int(keys, "own"), text[3]),
                       form_number(mdl_doc_int(keys, "partner"), text[4]));
    }
    const char *cells[] = {form_id(mdl_doc_text(r, "id"), text[0]),
                           mdl_doc_text(r, "partner"),
                           state,
                           form_time(mdl_doc_text(r, "created"), text[1]),
                           results ? form_number(mdl_doc_int(accounts, "own"), text[2]) : "",
                           brought,
                           mdl_doc_text(r, "waiting_for")[0] != '\0'
                               ? mdl_doc_text(r, "waiting_for")
                               : mdl_doc_text(r, "text")};
    return mdl_table_row(t, cells);
}

enum mdl_status show_rounds(struct cli *c, const json_t *list, FILE *f)
{
    static const char *const titles[] = {"ROUND",   "PARTNER",      "STATE", "PROPOSED",
                                         "OVERLAP", "KEYS BROUGHT", "NOTE"};
    static const enum mdl_align align[] = {MDL_LEFT,  MDL_LEFT,  MDL_LEFT, MDL_LEFT,
                                           MDL_RIGHT, MDL_RIGHT, MDL_LEFT};
    struct mdl_style style = term_style(f);
    struct mdl_table *t = mdl_table_new(7, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    size_t i;
    const json_t *r;
    (void)c;

    json_array_foreach(list, i, r)
    {
        st = st == MDL_OK ? round_row(t, r) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, &style, f);
    }
    if (st == MDL_OK && i > 0) {
        say_shade(f, SHADE_DIM, "\nKeys brought: ours / theirs, all cells of a round together\n");
    }
    mdl_table_free(t);
    return st;
}

/* Every end but the good one, and the status that a command which waited for it ends with. */
static const struct {
    const char *state;
    enum mdl_status status;
} ends[] = {{"partial", MDL_P_ABORTED},   {"aborted", MDL_P_ABORTED},    {"refused", MDL_P_REFUSED},
            {"revoked", MDL_P_AGREEMENT}, {"replaced", MDL_P_AGREEMENT}, {"withdrawn", MDL_P_BUSY}};

bool round_has_ended(const char *state)
{
    bool ended = strcmp(state, "complete") == 0;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        ended = ended || strcmp(ends[i].state, state) == 0;
    }
    return ended;
}

enum mdl_status round_status(struct cli *c, const json_t *round)
{
    const char *state = mdl_doc_text(round, "state");
    const char *text = mdl_doc_text(round, "text");

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (strcmp(ends[i].state, state) == 0) {
            return mdl_fail(&c->err, ends[i].status, "the round with %s is not complete but %s%s%s",
                            mdl_doc_text(round, "partner"), state, text[0] != '\0' ? ": " : "",
                            text);
        }
    }
    return MDL_OK;
}
