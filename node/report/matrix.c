/* matrix.c: the overlap matrix, rows our populations, columns the partner's.
 * It may not count: every figure comes from the document, and of each cell only what its level
 * shows.
 */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#define CELL    32
#define COLUMNS 36 /* 32 populations, the label, the overlap, our accounts */

#define ACCOUNTS "accounts"
#define COUNTS   "counts"
#define HIDDEN   "·"
#define MARK     "# " /* before a number of keys, which is no number of accounts */

/* The cells of one printed row: a label, a figure a column, the row's overlap, the row's accounts.
 */
struct line {
    char text[COLUMNS][CELL];
    const char *cell[COLUMNS];
};

/* Which levels stand in the matrix: what need not be explained is not. */
struct levels {
    size_t columns;
    bool accounts, counts, hidden;
    json_int_t below; /* what a number that is not shown is below; 0: all are shown */
};

static json_int_t at(const json_t *list, size_t i)
{
    const json_t *v = json_array_get(list, i);
    return json_is_integer(v) ? json_integer_value(v) : -1;
}

static json_int_t total(const json_t *m, const char *key)
{
    const json_t *v = json_object_get(m, key);
    return json_is_integer(v) ? json_integer_value(v) : -1;
}

static const char *level_at(const json_t *m, size_t r, size_t c)
{
    const json_t *row = json_array_get(json_object_get(m, "levels"), r);
    const char *level = json_string_value(json_array_get(row, c));
    return level != NULL ? level : ACCOUNTS;
}

/* The line of a cell at level counts, or NULL. */
static const json_t *count_of(const json_t *m, size_t r, size_t c)
{
    const char *own = json_string_value(json_array_get(json_object_get(m, "rows"), r));
    const char *theirs = json_string_value(json_array_get(json_object_get(m, "columns"), c));
    size_t i;
    const json_t *o;
    json_array_foreach(json_object_get(m, "counts"), i, o)
    {
        if (own != NULL && theirs != NULL && strcmp(mdl_doc_text(o, "population"), own) == 0 &&
            strcmp(mdl_doc_text(o, "partner_population"), theirs) == 0) {
            return o;
        }
    }
    return NULL;
}

static struct levels levels_of(const json_t *m)
{
    struct levels l = {.columns = json_array_size(json_object_get(m, "columns"))};
    size_t rows = json_array_size(json_object_get(m, "rows"));
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < l.columns; c++) {
            const char *level = level_at(m, r, c);
            bool counts = strcmp(level, COUNTS) == 0;
            l.accounts = l.accounts || strcmp(level, ACCOUNTS) == 0;
            l.counts = l.counts || counts;
            l.hidden = l.hidden || strcmp(level, "hidden") == 0;
            if (counts && total(count_of(m, r, c), "below") > 0) {
                l.below = total(count_of(m, r, c), "below");
            }
        }
    }
    return l;
}

/* "41", "< 5", or a dash for what is not known. */
static void number(char out[CELL], const char *mark, json_int_t n, json_int_t below)
{
    if (n >= 0) {
        (void)snprintf(out, CELL, "%s%lld", mark, (long long)n);
    } else if (below > 0) {
        (void)snprintf(out, CELL, "%s< %lld", mark, (long long)below);
    } else {
        (void)snprintf(out, CELL, "%s–", mark);
    }
}

static void cell(struct line *l, size_t to, const json_t *m, size_t r, size_t c)
{
    const char *level = level_at(m, r, c);
    json_int_t n = at(json_array_get(json_object_get(m, "cells"), r), c);
    if (strcmp(level, COUNTS) == 0) {
        number(l->text[to], MARK, n, total(count_of(m, r, c), "below"));
    } else if (strcmp(level, ACCOUNTS) == 0) {
        number(l->text[to], "", n, 0);
    } else {
        (void)snprintf(l->text[to], CELL, HIDDEN);
    }
    l->cell[to] = l->text[to];
}

static void figure(struct line *l, size_t to, json_int_t n)
{
    number(l->text[to], "", n, 0);
    l->cell[to] = l->text[to];
}

static enum mdl_status population_row(struct mdl_table *t, const json_t *m,
                                      const struct levels *has, size_t r)
{
    struct line l;
    size_t n = has->columns;
    l.cell[0] = json_string_value(json_array_get(json_object_get(m, "rows"), r));
    for (size_t c = 0; c < n; c++) {
        cell(&l, c + 1, m, r, c);
    }
    figure(&l, n + 1, at(json_object_get(m, "row_overlap"), r));
    figure(&l, n + 2, at(json_object_get(m, "row_accounts"), r));
    return mdl_table_row(t, l.cell);
}

/* Of accounts alone: numbers of keys of several cells have no sum. */
static enum mdl_status total_row(struct mdl_table *t, const json_t *m, const struct levels *has)
{
    struct line l;
    size_t n = has->columns;
    mdl_table_rule(t);
    l.cell[0] = "overlap";
    for (size_t c = 0; c < n; c++) {
        figure(&l, c + 1, at(json_object_get(m, "column_overlap"), c));
    }
    figure(&l, n + 1, total(m, "own_accounts"));
    figure(&l, n + 2, total(m, "own_total"));
    return mdl_table_row(t, l.cell);
}

static enum mdl_status print_matrix(const json_t *m, const struct levels *has,
                                    const struct mdl_style *style, FILE *out)
{
    size_t rows = json_array_size(json_object_get(m, "rows"));
    const json_t *columns = json_object_get(m, "columns");
    size_t n = has->columns;
    const char *titles[COLUMNS] = {"OURS \\ THEIRS"};
    enum mdl_align align[COLUMNS] = {MDL_LEFT};

    for (size_t c = 0; c < n; c++) {
        titles[c + 1] = json_string_value(json_array_get(columns, c));
        align[c + 1] = MDL_RIGHT;
    }
    titles[n + 1] = "overlap";
    titles[n + 2] = "our accounts";
    align[n + 1] = align[n + 2] = MDL_RIGHT;
    struct mdl_table *t = mdl_table_new(has->accounts ? n + 3 : n + 1, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    for (size_t r = 0; r < rows && st == MDL_OK; r++) {
        st = population_row(t, m, has, r);
    }
    if (st == MDL_OK && has->accounts) {
        st = total_row(t, m, has);
    }
    if (st == MDL_OK) {
        mdl_table_print(t, style, out);
    }
    mdl_table_free(t);
    return st;
}

/* ---- the cells at level counts, with the lists they come from ----------------------------------
 */

static void share(char out[CELL], json_int_t n, json_int_t of)
{
    if (n < 0 || of <= 0) {
        (void)snprintf(out, CELL, "–");
    } else {
        (void)snprintf(out, CELL, "%.0f %%", 100.0 * (double)n / (double)of);
    }
}

static enum mdl_status count_row(struct mdl_table *t, const json_t *o)
{
    json_int_t n = total(o, "matched");
    json_int_t own = mdl_doc_int(o, "own_keys");
    json_int_t theirs = mdl_doc_int(o, "partner_keys");
    bool skipped = strcmp(mdl_doc_text(o, "state"), "skipped") == 0;
    char text[5][CELL];
    number(text[0], "", n, total(o, "below"));
    number(text[1], "", skipped ? -1 : own, 0);
    number(text[2], "", skipped ? -1 : theirs, 0);
    share(text[3], n, own);
    share(text[4], n, theirs);
    const char *cells[] = {mdl_doc_text(o, "population"),
                           mdl_doc_text(o, "partner_population"),
                           mdl_doc_text(o, "key_label"),
                           skipped ? "not run" : text[0],
                           text[1],
                           text[2],
                           text[3],
                           text[4]};
    return mdl_table_row(t, cells);
}

static enum mdl_status print_counts(const json_t *m, const struct mdl_style *style, FILE *out)
{
    static const char *const titles[] = {"OURS",          "THEIRS",         "COUNTED BY",
                                         "IN COMMON",     "our keys",       "their keys",
                                         "share of ours", "share of theirs"};
    static const enum mdl_align align[] = {MDL_LEFT,  MDL_LEFT,  MDL_LEFT,  MDL_RIGHT,
                                           MDL_RIGHT, MDL_RIGHT, MDL_RIGHT, MDL_RIGHT};
    struct mdl_table *t = mdl_table_new(8, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    size_t i;
    const json_t *o;
    json_array_foreach(json_object_get(m, "counts"), i, o)
    {
        st = st == MDL_OK ? count_row(t, o) : st;
    }
    if (st == MDL_OK) {
        (void)fputc('\n', out);
        mdl_table_print(t, style, out);
    }
    mdl_table_free(t);
    return st;
}

static void print_legend(const struct levels *has, FILE *out)
{
    (void)fputc('\n', out);
    if (has->accounts) {
        (void)fputs(
            "    12  accounts: so many of our accounts are theirs too; each side sees which "
            "of its own\n",
            out);
    }
    if (has->counts) {
        (void)fputs("  # 12  counts: so many match keys of one type both have; neither side sees "
                    "which\n",
                    out);
    }
    if (has->below > 0) {
        (void)fprintf(
            out,
            " # < %lld  counts: fewer than the %lld from which the agreement has a number "
            "shown\n",
            (long long)has->below, (long long)has->below);
    }
    if (has->hidden) {
        (void)fputs("     " HIDDEN "  hidden: nothing was compared\n", out);
    }
}

enum mdl_status mdl_report_matrix(const json_t *matrix, const struct mdl_style *style, FILE *out)
{
    struct levels has = levels_of(matrix);
    if (has.columns > 32) {
        return MDL_U_TOO_LARGE;
    }
    enum mdl_status st = print_matrix(matrix, &has, style, out);
    if (st == MDL_OK && has.counts) {
        st = print_counts(matrix, style, out);
    }
    if (st == MDL_OK && (has.counts || has.hidden)) {
        print_legend(&has, out);
    }
    return st == MDL_OK && ferror(out) ? MDL_L_IO : st;
}

static void csv_number(char out[CELL], json_int_t n, json_int_t below)
{
    out[0] = '\0';
    if (n >= 0 || below > 0) {
        number(out, "", n, below);
    }
}

static void csv_cell(const json_t *m, size_t r, size_t c, FILE *out)
{
    const char *level = level_at(m, r, c);
    const json_t *o = count_of(m, r, c);
    char text[4][CELL] = {"", "", "", ""};
    if (strcmp(level, ACCOUNTS) == 0) {
        csv_number(text[0], at(json_array_get(json_object_get(m, "cells"), r), c), 0);
    } else if (o != NULL && strcmp(mdl_doc_text(o, "state"), "skipped") != 0) {
        csv_number(text[1], total(o, "matched"), total(o, "below"));
        csv_number(text[2], total(o, "own_keys"), 0);
        csv_number(text[3], total(o, "partner_keys"), 0);
    }
    const char *row[] = {json_string_value(json_array_get(json_object_get(m, "rows"), r)),
                         json_string_value(json_array_get(json_object_get(m, "columns"), c)),
                         text[0],
                         level,
                         text[1],
                         text[2],
                         text[3]};
    mdl_csv_row(row, 7, out);
}

enum mdl_status mdl_report_matrix_csv(const json_t *matrix, FILE *out)
{
    static const char *const titles[] = {"population", "partner_population", "accounts",
                                         "level",      "keys_in_common",     "our_keys",
                                         "their_keys"};
    size_t rows = json_array_size(json_object_get(matrix, "rows"));
    size_t columns = json_array_size(json_object_get(matrix, "columns"));

    mdl_csv_row(titles, 7, out);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            csv_cell(matrix, r, c, out);
        }
    }
    return ferror(out) ? MDL_L_IO : MDL_OK;
}
