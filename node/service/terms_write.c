/* terms_write.c: the terms of an agreement as a file that explains itself, and cells between the
 * two forms. It may not write what terms_read would read otherwise. */
#include "terms_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 96 /* of a comment */

/* ---- cells --------------------------------------------------------------------------------------
 */

void terms_level_text(enum mdl_level level, uint8_t key_type, char out[TERMS_LEVEL])
{
    (void)snprintf(out, TERMS_LEVEL, "%s%s%s", mdl_level_name(level), key_type != 0 ? " by " : "",
                   key_type != 0 ? terms_key_slug(key_type) : "");
}

enum mdl_status terms_set_cells(const struct terms_cells *cells, enum mdl_role own,
                                struct mdl_agreement *a, struct mdl_error *err)
{
    struct mdl_agreement_cell *list = calloc(cells->n + 1, sizeof *list);
    size_t n = 0;

    if (list == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the cells");
    }
    for (size_t i = 0; i < cells->n; i++) {
        const struct terms_cell *c = &cells->cell[i];
        if (c->level != MDL_LEVEL_HIDDEN) {
            list[n].population[own] = c->ours;
            list[n].population[mdl_role_other(own)] = c->theirs;
            list[n].level = c->level;
            list[n++].key_type = c->key_type;
        }
    }
    enum mdl_status st = mdl_agreement_set_cells(a, list, n, err);
    free(list);
    return st;
}

static enum mdl_status add_pair(const struct mdl_agreement *a, enum mdl_role own, const char *ours,
                                const char *theirs, struct terms_cells *cells,
                                struct mdl_error *err)
{
    struct terms_cell c = {.level = MDL_LEVEL_HIDDEN};
    size_t g = 0;
    const char *of_a = own == MDL_ROLE_A ? ours : theirs;
    const char *of_b = own == MDL_ROLE_A ? theirs : ours;

    (void)snprintf(c.ours, sizeof c.ours, "%s", ours);
    (void)snprintf(c.theirs, sizeof c.theirs, "%s", theirs);
    c.level = mdl_agreement_cell(a, of_a, of_b, &g);
    c.key_type = c.level == MDL_LEVEL_COUNTS ? a->groups[g].key_type : 0;
    return terms_cells_add(cells, &c, err);
}

enum mdl_status terms_cells_of(const struct mdl_agreement *a, enum mdl_role own,
                               struct terms_cells *cells, struct mdl_error *err)
{
    const char *ours[MDL_AGREEMENT_POPULATIONS];
    const char *theirs[MDL_AGREEMENT_POPULATIONS];
    size_t n = mdl_agreement_populations(a, own, ours, MDL_AGREEMENT_POPULATIONS);
    size_t m = mdl_agreement_populations(a, mdl_role_other(own), theirs, MDL_AGREEMENT_POPULATIONS);
    enum mdl_status st = MDL_OK;

    *cells = (struct terms_cells){0, NULL};
    for (size_t i = 0; i < n && st == MDL_OK; i++) {
        for (size_t j = 0; j < m && st == MDL_OK; j++) {
            st = add_pair(a, own, ours[i], theirs[j], cells, err);
        }
    }
    if (st != MDL_OK) {
        terms_cells_free(cells);
    }
    return st;
}

/* ---- the file -----------------------------------------------------------------------------------
 */

/* A paragraph of comment lines. */
static void comment(FILE *f, const char *text)
{
    size_t at = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (at > 0 && at + 1 + len > WIDTH) {
            (void)fputc('\n', f);
            at = 0;
        }
        at += (size_t)fprintf(f, "%s%.*s", at == 0 ? "; " : " ", (int)len, text);
        text += len;
        text += strspn(text, " ");
    }
    (void)fputc('\n', f);
}

/* A name in a comment: nothing in it may begin a line. */
static void put_name(FILE *f, const char *name)
{
    for (; *name != '\0'; name++) {
        (void)fputc((unsigned char)*name < ' ' ? ' ' : *name, f);
    }
}

static void write_heading(FILE *f, const struct terms_heading *h)
{
    (void)fputs("; Terms of an agreement between ", f);
    put_name(f, h->own);
    (void)fputs(" (ours) and ", f);
    put_name(f, h->partner);
    (void)fputs(" (theirs).\n", f);
    if (h->from != NULL) {
        (void)fprintf(f, "; A copy of agreement %.12s.\n", h->from);
    }
    comment(f, "Nothing is signed yet. Edit it, then 'mandorla agreement propose PARTNER FILE "
               "--preview' shows what each side would learn, and without --preview signs and "
               "proposes it. What is left out has the value that a new draft has.");
}

static void write_section(FILE *f, enum terms_section section, const struct terms *t)
{
    size_t n;
    const struct terms_field *row = terms_fields(&n);
    char value[MDL_AGREEMENT_TEXT + 1];

    (void)fprintf(f, "\n[%s]\n", terms_section_name(section));
    for (size_t i = 0; i < n; i++) {
        if (row[i].section == section) {
            terms_field_text(&row[i], t, value);
            comment(f, row[i].comment);
            (void)fprintf(f, "%s = %s\n", row[i].name, value);
        }
    }
}

static void write_cells(FILE *f, const struct terms *t, const struct terms_cells *cells)
{
    char slugs[TERMS_KEY_SLUGS];
    char level[TERMS_LEVEL];
    size_t widest = 0;
    terms_key_slugs(slugs);
    (void)fprintf(f, "\n[%s]\n", terms_section_name(TERMS_CELLS));
    (void)fputs("; OURS : THEIRS = LEVEL, a line for each pair of populations. A pair that stands "
                "nowhere is hidden.\n"
                "; hidden    nothing is computed\n"
                "; counts    both learn how many accounts they share there, and how many each has; "
                "not which\n"
                "; accounts  both learn which of their own accounts the other has there\n",
                f);
    (void)fprintf(f, "; 'counts by TYPE' compares another type of match key than counts_by: %s\n",
                  slugs);
    for (size_t i = 0; i < cells->n; i++) {
        size_t w = strlen(cells->cell[i].ours) + strlen(cells->cell[i].theirs);
        widest = w > widest ? w : widest;
    }
    for (size_t i = 0; i < cells->n; i++) {
        const struct terms_cell *c = &cells->cell[i];
        size_t w = strlen(c->ours) + strlen(c->theirs);
        terms_level_text(c->level, c->key_type == t->counts_by ? 0 : c->key_type, level);
        (void)fprintf(f, "%s : %s%*s = %s\n", c->ours, c->theirs, (int)(widest - w), "", level);
    }
}

char *terms_write(const struct terms_heading *h, const struct terms *t,
                  const struct terms_cells *cells)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);

    if (f == NULL) {
        return NULL;
    }
    write_heading(f, h);
    write_section(f, TERMS_AGREEMENT, t);
    write_section(f, TERMS_CAPS, t);
    write_cells(f, t, cells);
    bool ok = ferror(f) == 0;
    if (fclose(f) != 0 || !ok) {
        free(text);
        return NULL;
    }
    return text;
}
