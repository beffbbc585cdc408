/* terms_file.c: reads a terms file. Every line is a comment, a section, or a value that is known;
 * it may not guess, skip or shorten one. */
#include "terms_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wire.h>

#define SPACES " \t\r"
#define FOUND  60 /* bytes of what stood there, in an error */

struct reading {
    const char *file;
    unsigned line;
    enum terms_section section; /* TERMS_SECTIONS: none yet */
    unsigned field_line[32];    /* where each field stood; 0: not yet */
    struct terms *t;
    struct terms_cells *cells;
    struct mdl_error *err;
};

#define FAIL(r, fmt, ...)                                                                          \
    mdl_fail((r)->err, MDL_U_ARGUMENT, "%.120s, line %u: " fmt, (r)->file, (r)->line, __VA_ARGS__)

static int found(const char *text)
{
    return (int)mdl_text_clip(text, FOUND).len;
}

/* In place: without spaces at both ends. */
static char *trim(char *s)
{
    s += strspn(s, SPACES);
    size_t n = strlen(s);
    while (n > 0 && strchr(SPACES, s[n - 1]) != NULL) {
        s[--n] = '\0';
    }
    return s;
}

/* ---- cells --------------------------------------------------------------------------------------
 */

void terms_cells_free(struct terms_cells *c)
{
    free(c->cell);
    *c = (struct terms_cells){0, NULL};
}

enum mdl_status terms_cells_add(struct terms_cells *cells, const struct terms_cell *cell,
                                struct mdl_error *err)
{
    if (cells->n == TERMS_CELLS_MAX) {
        return mdl_fail(err, MDL_U_TOO_LARGE, "more than %d cells", TERMS_CELLS_MAX);
    }
    if ((cells->n & (cells->n - 1)) == 0) { /* full: 0, 1, 2, 4, ... */
        size_t room = cells->n == 0 ? 1 : 2 * cells->n;
        struct terms_cell *grown = realloc(cells->cell, room * sizeof *grown);
        if (grown == NULL) {
            return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the cells");
        }
        cells->cell = grown;
    }
    cells->cell[cells->n++] = *cell;
    return MDL_OK;
}

/* "counts by vat": the type; 0 if it is none that makes a match. */
static enum mdl_status read_type(const char *slug, struct terms_cell *out, struct mdl_error *err)
{
    char slugs[TERMS_KEY_SLUGS];
    terms_key_slugs(slugs);
    out->key_type = terms_key_type(slug);
    if (out->level != MDL_LEVEL_COUNTS) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "only counts go 'by' a type of match key; expected '%s' alone",
                        mdl_level_name(out->level));
    }
    return out->key_type != 0
               ? MDL_OK
               : mdl_fail(err, MDL_U_ARGUMENT, "expected 'counts by' one of %s, found '%.*s'",
                          slugs, found(slug), slug);
}

static enum mdl_status read_level(char *text, uint64_t counts_by, struct terms_cell *out,
                                  struct mdl_error *err)
{
    char *by = strstr(text, " by ");
    if (by != NULL) {
        *by = '\0';
    }
    text = trim(text);
    if (!mdl_level_of(text, &out->level)) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "expected a level, found '%.*s'; known here are hidden, counts and "
                        "accounts",
                        found(text), text);
    }
    out->key_type = out->level == MDL_LEVEL_COUNTS ? (uint8_t)counts_by : 0;
    return by == NULL ? MDL_OK : read_type(trim(by + 4), out, err);
}

static enum mdl_status read_name(char *text, const char *whose, char out[MDL_POPULATION_NAME + 1],
                                 struct mdl_error *err)
{
    text = trim(text);
    if (!mdl_population_name_valid(text)) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "expected the name of a population of %s (1 to %d of a-z, 0-9 and -), "
                        "found '%.*s'",
                        whose, MDL_POPULATION_NAME, found(text), text);
    }
    memcpy(out, text, strlen(text) + 1);
    return MDL_OK;
}

static enum mdl_status split_cell(char *text, uint64_t counts_by, struct terms_cell *out,
                                  struct mdl_error *err)
{
    char *level = strchr(text, '=');
    if (level != NULL) {
        *level++ = '\0';
    }
    char *theirs = strchr(text, ':');
    if (level == NULL || theirs == NULL) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "expected 'OURS : THEIRS = LEVEL', for example 'customers : prospects = "
                        "counts', found '%.*s'",
                        found(text), text);
    }
    *theirs++ = '\0';
    enum mdl_status st = read_name(text, "ours", out->ours, err);
    if (st == MDL_OK) {
        st = read_name(theirs, "the partner's", out->theirs, err);
    }
    return st == MDL_OK ? read_level(level, counts_by, out, err) : st;
}

enum mdl_status terms_cell_read(const char *text, uint64_t counts_by, struct terms_cell *out,
                                struct mdl_error *err)
{
    char *copy = strdup(text);
    *out = (struct terms_cell){.level = MDL_LEVEL_HIDDEN};
    if (copy == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a cell");
    }
    enum mdl_status st = split_cell(copy, counts_by, out, err);
    free(copy);
    return st;
}

/* Cells that say "counts" and no more get their type at the end: counts_by may stand below. */
static enum mdl_status take_cell(struct reading *r, const char *line)
{
    struct terms_cell cell;
    struct mdl_error why = {MDL_OK, ""};
    enum mdl_status st = terms_cell_read(line, MDL_KEY_NONE, &cell, &why);
    if (st != MDL_OK) {
        return FAIL(r, "[cells]: %s", why.text);
    }
    for (size_t i = 0; i < r->cells->n; i++) {
        const struct terms_cell *c = &r->cells->cell[i];
        if (strcmp(c->ours, cell.ours) == 0 && strcmp(c->theirs, cell.theirs) == 0) {
            return FAIL(r, "the cell %s : %s stands in line %u already; leave one of them out",
                        cell.ours, cell.theirs, c->line);
        }
    }
    cell.line = r->line;
    return terms_cells_add(r->cells, &cell, r->err);
}

/* ---- lines --------------------------------------------------------------------------------------
 */

static enum mdl_status take_section(struct reading *r, char *line)
{
    size_t len = strlen(line);
    char name[32];
    (void)snprintf(name, sizeof name, "%.*s", len > 2 && len < 32 ? (int)len - 2 : 0, line + 1);
    for (int s = 0; s < TERMS_SECTIONS && line[len - 1] == ']'; s++) {
        if (strcmp(trim(name), terms_section_name((enum terms_section)s)) == 0) {
            r->section = (enum terms_section)s;
            return MDL_OK;
        }
    }
    return FAIL(r, "expected a section, [agreement], [caps] or [cells], found '%.*s'", found(line),
                line);
}

static enum mdl_status unknown_name(struct reading *r, const char *name)
{
    char known[300] = "";
    size_t n;
    size_t used = 0;
    const struct terms_field *f = terms_fields(&n);

    for (size_t i = 0; i < n && used < sizeof known; i++) {
        if (f[i].section == r->section) {
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
                                     used > 0 ? ", " : "", f[i].name);
        }
    }
    return FAIL(r, "[%s] has no '%.*s'; it has %s", terms_section_name(r->section), found(name),
                name, known);
}

static enum mdl_status take_field(struct reading *r, char *line)
{
    char expected[TERMS_EXPECTED];
    size_t n;
    const struct terms_field *f = terms_fields(&n);
    char *value = strchr(line, '=');

    if (value == NULL) {
        return FAIL(r, "expected 'NAME = VALUE', '[section]' or a comment after ';', found '%.*s'",
                    found(line), line);
    }
    *value++ = '\0';
    char *name = trim(line);
    value = trim(value);
    for (size_t i = 0; i < n; i++) {
        if (f[i].section != r->section || strcmp(f[i].name, name) != 0) {
            continue;
        }
        if (r->field_line[i] != 0) {
            return FAIL(r, "%s stands in line %u already; leave one of them out", name,
                        r->field_line[i]);
        }
        r->field_line[i] = r->line;
        return terms_field_set(&f[i], r->t, value, expected)
                   ? MDL_OK
                   : FAIL(r, "%s: expected %s, found '%.*s'", name, expected, found(value), value);
    }
    return unknown_name(r, name);
}

static enum mdl_status take_line(struct reading *r, char *line)
{
    line = trim(line);
    if (line[0] == '\0' || line[0] == ';' || line[0] == '#') {
        return MDL_OK;
    }
    if (line[0] == '[') {
        return take_section(r, line);
    }
    if (r->section == TERMS_SECTIONS) {
        return FAIL(r, "expected [agreement], [caps] or [cells] before '%.*s'", found(line), line);
    }
    return r->section == TERMS_CELLS ? take_cell(r, line) : take_field(r, line);
}

static enum mdl_status take_lines(struct reading *r, char *text)
{
    enum mdl_status st = MDL_OK;
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) { /* an editor's byte order mark */
        text += 3;
    }
    for (char *next = text; next != NULL && st == MDL_OK; text = next) {
        next = strchr(text, '\n');
        if (next != NULL) {
            *next++ = '\0';
        }
        r->line++;
        st = take_line(r, text);
    }
    if (st == MDL_OK && r->cells->n == 0) {
        st =
            mdl_fail(r->err, MDL_U_ARGUMENT,
                     "%.120s: no cell stands in it; expected a section [cells] with a line 'OURS : "
                     "THEIRS = LEVEL' for each pair of populations that takes part",
                     r->file);
    }
    for (size_t i = 0; i < r->cells->n; i++) {
        struct terms_cell *c = &r->cells->cell[i];
        if (c->level == MDL_LEVEL_COUNTS && c->key_type == MDL_KEY_NONE) {
            c->key_type = (uint8_t)r->t->counts_by;
        }
    }
    return st;
}

enum mdl_status terms_read(const char *file, const char *text, struct terms *t,
                           struct terms_cells *cells, struct mdl_error *err)
{
    struct reading r = {
        .file = file, .section = TERMS_SECTIONS, .t = t, .cells = cells, .err = err};
    size_t len = strlen(text);

    *cells = (struct terms_cells){0, NULL};
    if (len > TERMS_FILE_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%.120s: expected at most %d bytes, found %zu", file,
                        TERMS_FILE_MAX, len);
    }
    char *copy = strdup(text);
    if (copy == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the terms");
    }
    enum mdl_status st = take_lines(&r, copy);
    free(copy);
    if (st != MDL_OK) {
        terms_cells_free(cells);
    }
    return st;
}
