/* disclosure.c: what each side would learn, from an agreement's cells: the matrix, and in words.
 * It may not judge: every level comes from the node's document. */
#include "side.h"

#include "agreement.h"

#include <stdlib.h>
#include <string.h>

#define POPULATIONS 32
#define HIDDEN      "·"

/* ---- the matrix ---------------------------------------------------------------------------------
 */

/* Names of the populations of one side, with what is told of each. */
struct side_of {
    const json_t *list;
    size_t n;
};

static const char *name_at(const struct side_of *s, size_t i)
{
    return mdl_doc_text(json_array_get(s->list, i), "population");
}

static const json_t *cell_at(const json_t *d, const char *ours, const char *theirs)
{
    size_t i;
    const json_t *c;
    json_array_foreach(json_object_get(d, "cells"), i, c)
    {
        if (strcmp(mdl_doc_text(c, "population"), ours) == 0 &&
            strcmp(mdl_doc_text(c, "partner_population"), theirs) == 0) {
            return c;
        }
    }
    return NULL;
}

static bool is_hidden(const json_t *cell)
{
    return cell == NULL || strcmp(mdl_doc_text(cell, "level"), "hidden") == 0;
}

static const char *level_text(const json_t *cell)
{
    return is_hidden(cell) ? HIDDEN : mdl_doc_text(cell, "level");
}

static enum mdl_status matrix_row(struct mdl_table *t, const json_t *d,
                                  const struct side_of *theirs, const json_t *own)
{
    const char *cells[POPULATIONS + 4];
    char accounts[FORM];
    char keys[FORM];
    const char *name = mdl_doc_text(own, "population");
    size_t n = 0;

    cells[n++] = name;
    for (size_t i = 0; i < theirs->n; i++) {
        cells[n++] = level_text(cell_at(d, name, name_at(theirs, i)));
    }
    cells[n++] = mdl_doc_text(own, "level");
    cells[n++] = form_number(mdl_doc_int(own, "accounts"), accounts);
    cells[n] = form_number(mdl_doc_int(own, "keys"), keys);
    return mdl_table_row(t, cells);
}

static enum mdl_status last_row(struct mdl_table *t, const struct side_of *theirs)
{
    const char *cells[POPULATIONS + 4];
    size_t n = 0;
    mdl_table_rule(t);
    cells[n++] = "effective";
    for (size_t i = 0; i < theirs->n; i++) {
        cells[n++] = mdl_doc_text(json_array_get(theirs->list, i), "level");
    }
    cells[n++] = "";
    cells[n++] = "";
    cells[n] = "";
    return mdl_table_row(t, cells);
}

static enum mdl_status show_matrix(const json_t *d, const struct side_of *ours,
                                   const struct side_of *theirs, FILE *f)
{
    const char *titles[POPULATIONS + 4];
    enum mdl_align align[POPULATIONS + 4];
    struct mdl_style style = term_style(f);
    size_t n = 0;

    titles[n++] = "OURS \\ THEIRS";
    for (size_t i = 0; i < theirs->n; i++) {
        titles[n++] = name_at(theirs, i);
    }
    titles[n++] = "EFFECTIVE";
    titles[n++] = "ACCOUNTS";
    titles[n++] = "KEYS";
    for (size_t i = 0; i < n; i++) {
        align[i] = i + 2 < n ? MDL_LEFT : MDL_RIGHT;
    }
    struct mdl_table *t = mdl_table_new(n, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    for (size_t i = 0; i < ours->n && st == MDL_OK; i++) {
        st = matrix_row(t, d, theirs, json_array_get(ours->list, i));
    }
    st = st == MDL_OK ? last_row(t, theirs) : st;
    if (st == MDL_OK) {
        mdl_table_print(t, &style, f);
    }
    mdl_table_free(t);
    return st;
}

/* ---- in words -----------------------------------------------------------------------------------
 */

struct telling {
    const json_t *d;
    const char *whose; /* its own accounts: "its", "our" */
    bool about_ours;   /* of our populations, by the partner */
    unsigned width;    /* of a column; 0: no columns */
    struct side_lines *lines;
    FILE *f;
};

static const json_t *cell_of(const struct telling *t, const char *about, const char *reader)
{
    return t->about_ours ? cell_at(t->d, about, reader) : cell_at(t->d, reader, about);
}

struct names {
    size_t n;
    const char *at[POPULATIONS];
};

static void names_add(struct names *l, const char *name)
{
    if (l->n < POPULATIONS) {
        l->at[l->n++] = name;
    }
}

/* "a, b and c" */
static const char *names_text(const struct names *l, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < l->n && used < size; i++) {
        const char *before = i == 0 ? "" : i + 1 < l->n ? ", " : " and ";
        used += (size_t)snprintf(out + used, size - used, "%s%s", before, l->at[i]);
    }
    return out;
}

/* The reader's populations that have this level with the one told about. */
static void with_level(const struct telling *t, const char *about, const struct side_of *readers,
                       const char *level, struct names *out)
{
    out->n = 0;
    for (size_t i = 0; i < readers->n; i++) {
        const json_t *c = cell_of(t, about, name_at(readers, i));
        if (c != NULL && strcmp(mdl_doc_text(c, "level"), level) == 0) {
            names_add(out, name_at(readers, i));
        }
    }
}

static void put(const struct telling *t, const char *first, const char *text)
{
    if (t->width > 0) {
        side_add(t->lines, t->width, first, text);
    } else {
        say_wrapped(t->f, first, text);
    }
}

/* The type of match key that the i-th cell counts; NULL if it does not count. */
static const char *counted_by(const struct telling *t, const char *about,
                              const struct side_of *readers, size_t i)
{
    const json_t *c = cell_of(t, about, name_at(readers, i));
    bool counts = c != NULL && strcmp(mdl_doc_text(c, "level"), "counts") == 0;
    return counts ? mdl_doc_text(c, "key_type") : NULL;
}

/* Whether the reader's cells with both populations have the same levels. */
static bool same_cells(const struct telling *t, const char *one, const char *other,
                       const struct side_of *readers)
{
    for (size_t i = 0; i < readers->n; i++) {
        if (strcmp(level_text(cell_of(t, one, name_at(readers, i))),
                   level_text(cell_of(t, other, name_at(readers, i)))) != 0) {
            return false;
        }
        const char *a = counted_by(t, one, readers, i);
        const char *b = counted_by(t, other, readers, i);
        if (a != NULL && b != NULL && strcmp(a, b) != 0) {
            return false;
        }
    }
    return true;
}

/* The populations of which the same is told as of the i-th; none if one before it is among them. */
static void same_names(const struct telling *t, const struct side_of *about, size_t i,
                       const struct side_of *readers, struct names *out)
{
    out->n = 0;
    for (size_t k = 0; k < about->n; k++) {
        if (same_cells(t, name_at(about, i), name_at(about, k), readers)) {
            if (k < i) {
                return;
            }
            names_add(out, name_at(about, k));
        }
    }
}

/* A line for each type: what is counted is match keys of it, not accounts. */
static void tell_counts(const struct telling *t, const char *about, const struct side_of *readers)
{
    char list[1300];
    char text[1500];
    for (size_t i = 0; i < readers->n; i++) {
        const char *type = counted_by(t, about, readers, i);
        struct names names = {.n = 0};
        bool told = type == NULL;
        for (size_t k = 0; k < readers->n && !told; k++) {
            const char *other = counted_by(t, about, readers, k);
            bool same = other != NULL && strcmp(other, type) == 0;
            told = same && k < i;
            if (same) {
                names_add(&names, name_at(readers, k));
            }
        }
        if (told) {
            continue;
        }
        (void)snprintf(text, sizeof text,
                       "how many match keys of type %s there are, and how many of them %s %s have "
                       "too: not which",
                       type, t->whose, names_text(&names, list, sizeof list));
        put(t, "    • ", text);
    }
}

static void tell_population(const struct telling *t, const struct side_of *about, size_t i,
                            const struct side_of *readers)
{
    struct names names;
    char list[1300];
    char text[1500];
    const char *population = name_at(about, i);

    same_names(t, about, i, readers, &names);
    if (names.n == 0) {
        return;
    }
    (void)snprintf(text, sizeof text, "%s: %s", names_text(&names, list, sizeof list),
                   mdl_doc_text(json_array_get(about->list, i), "level"));
    put(t, "  ", text);
    with_level(t, population, readers, "accounts", &names);
    if (names.n > 0) {
        (void)snprintf(text, sizeof text, "which accounts of %s %s are among them", t->whose,
                       names_text(&names, list, sizeof list));
        put(t, "    • ", text);
    }
    tell_counts(t, population, readers);
}

static void tell_side(const struct telling *t, const char *title, const struct side_of *about,
                      const struct side_of *readers)
{
    const json_t *sentences = json_object_get(t->d, t->about_ours ? "they_learn" : "we_learn");
    const char *rest = json_string_value(json_array_get(sentences, json_array_size(sentences) - 1));

    if (t->width > 0) {
        side_add(t->lines, t->width, "", title);
    } else {
        say_shade(t->f, SHADE_BOLD, "%s\n", title);
    }
    for (size_t i = 0; i < about->n; i++) {
        tell_population(t, about, i, readers);
    }
    if (rest != NULL) {
        put(t, "  ", rest);
    }
}

static void tell_both(const json_t *d, const struct side_of *ours, const struct side_of *theirs,
                      FILE *f)
{
    struct side_lines left = {NULL, 0, 0};
    struct side_lines right = {NULL, 0, 0};
    char title[200];
    unsigned width = side_width(f);
    struct telling they = {d, "its", true, width, &left, f};
    struct telling we = {d, "our", false, width, &right, f};

    (void)snprintf(title, sizeof title, "What %.100s will learn of ours",
                   mdl_doc_text(d, "partner"));
    tell_side(&they, title, ours, theirs);
    if (width == 0) {
        (void)fputc('\n', f);
    }
    (void)snprintf(title, sizeof title, "What we will learn of %.100s", mdl_doc_text(d, "partner"));
    tell_side(&we, title, theirs, ours);
    if (width > 0) {
        side_print(&left, &right, width, f);
    }
    side_free(&left);
    side_free(&right);
}

/* Accounts of these populations that no round sees, and why. */
static void show_left_out(const json_t *d, FILE *f)
{
    const json_t *left = json_object_get(d, "left_out");
    json_int_t n = mdl_doc_int(left, "private") + mdl_doc_int(left, "suppressed");
    char a[FORM];
    char b[FORM];
    char c[FORM];
    if (n > 0) {
        say(f, "  Left out of these figures and of every round: %s (%s private, %s by objection)\n",
            form_count(n, "account", "accounts", a), form_number(mdl_doc_int(left, "private"), b),
            form_number(mdl_doc_int(left, "suppressed"), c));
    }
}

/* Names that stand for nothing yet: mistyped, or a promise about what is to come. */
static void show_unknown(const json_t *d, const struct side_of *ours, const struct side_of *theirs,
                         FILE *f)
{
    char text[400];
    for (size_t i = 0; i < ours->n; i++) {
        if (json_is_false(json_object_get(json_array_get(ours->list, i), "known"))) {
            (void)snprintf(text, sizeof text,
                           "there is no population %s here: whatever is later given that name is "
                           "disclosed as it says above, without another question",
                           name_at(ours, i));
            say_wrapped(f, "  ! ", text);
        }
    }
    for (size_t i = 0; i < theirs->n; i++) {
        if (json_is_false(json_object_get(json_array_get(theirs->list, i), "known"))) {
            (void)snprintf(text, sizeof text,
                           "%.100s has named no population %s so far: is the name spelt right?",
                           mdl_doc_text(d, "partner"), name_at(theirs, i));
            say_wrapped(f, "  ! ", text);
        }
    }
}

void show_disclosure(const json_t *d, FILE *f)
{
    struct side_of ours = {json_object_get(d, "own"), 0};
    struct side_of theirs = {json_object_get(d, "theirs"), 0};
    ours.n = json_array_size(ours.list);
    theirs.n = json_array_size(theirs.list);

    tell_both(d, &ours, &theirs, f);
    (void)fputc('\n', f);
    say_shade(f, SHADE_BOLD, "Cell by cell, with our present sizes\n");
    if (theirs.n > POPULATIONS || show_matrix(d, &ours, &theirs, f) != MDL_OK) {
        say(f, "  too large to be shown: see --json\n");
    }
    show_left_out(d, f);
    show_unknown(d, &ours, &theirs, f);
    say_wrapped(
        f, "  " HIDDEN " ",
        "hidden: nothing is computed. Effective is the highest level of a population over its "
        "cells: what counts in the end. Keys are of all types; a count brings those of its own. "
        "How many accounts the partner has is not known "
        "before a round.");
}

static void show_list(const char *title, const json_t *sentences, FILE *f)
{
    size_t i;
    const json_t *s;
    say_shade(f, SHADE_BOLD, "\n%s\n", title);
    json_array_foreach(sentences, i, s)
    {
        say_wrapped(f, "  • ", json_string_value(s));
    }
}

void show_sentences(const json_t *d, FILE *f)
{
    show_list("They learn", json_object_get(d, "they_learn"), f);
    show_list("We learn", json_object_get(d, "we_learn"), f);
    show_list("Terms", json_object_get(d, "terms"), f);
    show_list("Signed too", json_object_get(d, "details"), f);
}
