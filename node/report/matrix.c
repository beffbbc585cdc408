/* matrix.c: the overlap matrix, rows our populations, columns the partner's.
 * It may not count: every figure comes from the document, and of each cell only what its level
 * shows.
 */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#define CELL    64
#define COLUMNS 36 /* 32 populations, the label, the overlap, our accounts */

#define ACCOUNTS "accounts"
#define COUNTS   "counts"
#define HIDDEN   "·"
#define SKIPPED  "not run"
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
    bool unknown, skipped; /* a number that is not known; a cell that was not run */
    bool margins;          /* a population without a cell at level accounts */
    json_int_t below;      /* what a number that is not shown is below; 0: all are shown */
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

/* The line of a cell in a list of the document ("counts", "account_keys"), or NULL. */
static const json_t *line_of(const json_t *m, const char *list, size_t r, size_t c)
{
    const char *own = json_string_value(json_array_get(json_object_get(m, "rows"), r));
    const char *theirs = json_string_value(json_array_get(json_object_get(m, "columns"), c));
    size_t i;
    const json_t *o;
    json_array_foreach(json_object_get(m, list), i, o)
    {
        if (own != NULL && theirs != NULL && strcmp(mdl_doc_text(o, "population"), own) == 0 &&
            strcmp(mdl_doc_text(o, "partner_population"), theirs) == 0) {
            return o;
        }
    }
    return NULL;
}

static const json_t *count_of(const json_t *m, size_t r, size_t c)
{
    return line_of(m, "counts", r, c);
}

static bool was_skipped(const json_t *o)
{
    return strcmp(mdl_doc_text(o, "state"), "skipped") == 0;
}

/* What a cell at level counts has the legend explain. */
static void look_at_count(struct levels *l, const json_t *o)
{
    l->counts = true;
    if (total(o, "below") > 0) {
        l->below = total(o, "below");
    } else if (was_skipped(o)) {
        l->skipped = true;
    } else if (total(o, "matched") < 0) {
        l->unknown = true;
    }
}

static bool has_null(const json_t *list)
{
    size_t i;
    const json_t *v;
    json_array_foreach(list, i, v)
    {
        if (json_is_null(v)) {
            return true;
        }
    }
    return false;
}

static struct levels levels_of(const json_t *m)
{
    struct levels l = {.columns = json_array_size(json_object_get(m, "columns"))};
    size_t rows = json_array_size(json_object_get(m, "rows"));
    l.margins = has_null(json_object_get(m, "row_overlap")) ||
                has_null(json_object_get(m, "column_overlap"));
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < l.columns; c++) {
            const char *level = level_at(m, r, c);
            l.accounts = l.accounts || strcmp(level, ACCOUNTS) == 0;
            l.hidden = l.hidden || strcmp(level, "hidden") == 0;
            if (strcmp(level, COUNTS) == 0) {
                look_at_count(&l, count_of(m, r, c));
            }
        }
    }
    return l;
}

/* "41", "< 5", or a dash for what is not known. */
static void number(char out[CELL], const char *mark, json_int_t n, json_int_t below)
{
    char digits[MDL_NUMBER];
    if (n >= 0) {
        (void)snprintf(out, CELL, "%s%s", mark, mdl_doc_number(n, digits));
    } else if (below > 0) {
        (void)snprintf(out, CELL, "%s< %s", mark, mdl_doc_number(below, digits));
    } else {
        (void)snprintf(out, CELL, "%s–", mark);
    }
}

static void cell(struct line *l, size_t to, const json_t *m, size_t r, size_t c)
{
    const char *level = level_at(m, r, c);
    json_int_t n = at(json_array_get(json_object_get(m, "cells"), r), c);
    if (strcmp(level, COUNTS) == 0 && was_skipped(count_of(m, r, c))) {
        (void)snprintf(l->text[to], CELL, "%s", SKIPPED);
    } else if (strcmp(level, COUNTS) == 0) {
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

/* ---- the cells whose match keys are known, with the lists they come from -----------------------
 */

/* "100 (41%)": a list of keys, and which part of it both have. */
static void keys_of(char out[CELL], json_int_t keys, json_int_t common)
{
    char n[MDL_NUMBER];
    if (common < 0 || keys <= 0) {
        (void)snprintf(out, CELL, "%s", mdl_doc_number(keys, n));
    } else {
        (void)snprintf(out, CELL, "%s (%.0f%%)", mdl_doc_number(keys, n),
                       100.0 * (double)common / (double)keys);
    }
}

static enum mdl_status keys_row(struct mdl_table *t, const json_t *o)
{
    const char *label = mdl_doc_text(o, "key_label");
    json_int_t n = total(o, "matched");
    bool skipped = was_skipped(o);
    char text[3][CELL];
    number(text[0], "", n, total(o, "below"));
    keys_of(text[1], mdl_doc_int(o, "own_keys"), n);
    keys_of(text[2], mdl_doc_int(o, "partner_keys"), n);
    const char *cells[] = {mdl_doc_text(o, "population"),
                           mdl_doc_text(o, "partner_population"),
                           label[0] != '\0' ? label : "all types",
                           skipped ? SKIPPED : text[0],
                           skipped ? "–" : text[1],
                           skipped ? "–" : text[2]};
    return mdl_table_row(t, cells);
}

static enum mdl_status keys_rows(struct mdl_table *t, const json_t *list)
{
    enum mdl_status st = MDL_OK;
    size_t i;
    const json_t *o;
    json_array_foreach(list, i, o)
    {
        st = st == MDL_OK ? keys_row(t, o) : st;
    }
    return st;
}

static enum mdl_status print_keys(const json_t *m, const struct mdl_style *style, FILE *out)
{
    static const char *const titles[] = {"OURS",   "THEIRS",      "BY KEYS",
                                         "COMMON", "OF OUR KEYS", "OF THEIR KEYS"};
    static const enum mdl_align align[] = {MDL_LEFT,  MDL_LEFT,  MDL_LEFT,
                                           MDL_RIGHT, MDL_RIGHT, MDL_RIGHT};
    struct mdl_table *t = mdl_table_new(6, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    if (st == MDL_OK) {
        st = keys_rows(t, json_object_get(m, "account_keys"));
    }
    if (st == MDL_OK) {
        st = keys_rows(t, json_object_get(m, "counts"));
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
    char n[MDL_NUMBER];
    (void)fputc('\n', out);
    if (has->accounts) {
        (void)fputs(
            "     12  accounts: so many of ours are theirs too; each sees which of its own\n", out);
    }
    if (has->counts) {
        (void)fputs(
            "   # 12  counts: so many match keys of one type both have; nobody sees which\n", out);
    }
    if (has->below > 0) {
        (void)fprintf(out, "  # < %s  counts: fewer than the agreement's min_result, not shown\n",
                      mdl_doc_number(has->below, n));
    }
    if (has->skipped) {
        (void)fputs(SKIPPED "  a side has no match key there; nothing was sent\n", out);
    }
    if (has->unknown) {
        (void)fputs("    # –  not known: the round ended before\n", out);
    }
    if (has->hidden) {
        (void)fputs("      " HIDDEN "  hidden: nothing was compared\n", out);
    }
    if (has->accounts && has->margins) {
        (void)fputs("      –  no number of accounts: no cell of it is at level accounts\n", out);
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
        st = print_keys(matrix, style, out);
    }
    if (st == MDL_OK && (has.counts || has.hidden)) {
        print_legend(&has, out);
    }
    return st == MDL_OK && ferror(out) ? MDL_L_IO : st;
}

/* As it is, for programs: thousands are not grouped. */
static void csv_number(char out[CELL], json_int_t n, json_int_t below)
{
    if (n >= 0 || below > 0) {
        (void)snprintf(out, CELL, "%s%lld", n >= 0 ? "" : "< ", (long long)(n >= 0 ? n : below));
    }
}

static void csv_cell(const json_t *m, size_t r, size_t c, FILE *out)
{
    const char *level = level_at(m, r, c);
    bool accounts = strcmp(level, ACCOUNTS) == 0;
    const json_t *o = line_of(m, accounts ? "account_keys" : "counts", r, c);
    char text[4][CELL] = {"", "", "", ""};
    if (accounts) {
        csv_number(text[0], at(json_array_get(json_object_get(m, "cells"), r), c), 0);
    }
    if (o != NULL && !was_skipped(o)) {
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
