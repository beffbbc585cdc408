/* matrix.c: the overlap matrix, rows our populations, columns the partner's.
 * It may not count: every figure comes from the document. */
#include "report.h"

#include <stdlib.h>

#define CELL 32

/* The cells of one printed row: a label, a figure a column, the row's overlap, the row's accounts.
 */
struct line {
    char text[40][CELL];
    const char *cell[40];
};

static void figure(struct line *l, size_t at, json_int_t n)
{
    if (n < 0) {
        (void)snprintf(l->text[at], CELL, "–");
    } else {
        (void)snprintf(l->text[at], CELL, "%lld", (long long)n);
    }
    l->cell[at] = l->text[at];
}

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

static enum mdl_status population_row(struct mdl_table *t, const json_t *m, size_t r,
                                      size_t columns)
{
    struct line l;
    const json_t *cells = json_array_get(json_object_get(m, "cells"), r);
    l.cell[0] = json_string_value(json_array_get(json_object_get(m, "rows"), r));
    for (size_t c = 0; c < columns; c++) {
        figure(&l, c + 1, at(cells, c));
    }
    figure(&l, columns + 1, at(json_object_get(m, "row_overlap"), r));
    figure(&l, columns + 2, at(json_object_get(m, "row_accounts"), r));
    return mdl_table_row(t, l.cell);
}

static enum mdl_status total_row(struct mdl_table *t, const json_t *m, size_t columns)
{
    struct line l;
    mdl_table_rule(t);
    l.cell[0] = "overlap";
    for (size_t c = 0; c < columns; c++) {
        figure(&l, c + 1, at(json_object_get(m, "column_overlap"), c));
    }
    figure(&l, columns + 1, total(m, "own_accounts"));
    figure(&l, columns + 2, total(m, "own_total"));
    return mdl_table_row(t, l.cell);
}

enum mdl_status mdl_report_matrix(const json_t *matrix, const struct mdl_style *style, FILE *out)
{
    size_t rows = json_array_size(json_object_get(matrix, "rows"));
    const json_t *columns = json_object_get(matrix, "columns");
    size_t n = json_array_size(columns);
    const char *titles[40];
    enum mdl_align align[40];

    if (n > 32) {
        return MDL_U_TOO_LARGE;
    }
    titles[0] = "OURS \\ THEIRS";
    align[0] = MDL_LEFT;
    for (size_t c = 0; c < n; c++) {
        titles[c + 1] = json_string_value(json_array_get(columns, c));
        align[c + 1] = MDL_RIGHT;
    }
    titles[n + 1] = "overlap";
    titles[n + 2] = "our accounts";
    align[n + 1] = align[n + 2] = MDL_RIGHT;
    struct mdl_table *t = mdl_table_new(n + 3, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    for (size_t r = 0; r < rows && st == MDL_OK; r++) {
        st = population_row(t, matrix, r, n);
    }
    st = st == MDL_OK ? total_row(t, matrix, n) : st;
    if (st == MDL_OK) {
        mdl_table_print(t, style, out);
    }
    mdl_table_free(t);
    return st == MDL_OK && ferror(out) ? MDL_L_IO : st;
}

enum mdl_status mdl_report_matrix_csv(const json_t *matrix, FILE *out)
{
    static const char *const titles[] = {"population", "partner_population", "accounts"};
    const json_t *columns = json_object_get(matrix, "columns");
    size_t r;
    const json_t *name;

    mdl_csv_row(titles, 3, out);
    json_array_foreach(json_object_get(matrix, "rows"), r, name)
    {
        const json_t *cells = json_array_get(json_object_get(matrix, "cells"), r);
        for (size_t c = 0; c < json_array_size(columns); c++) {
            char figure_text[CELL] = "";
            if (at(cells, c) >= 0) {
                (void)snprintf(figure_text, sizeof figure_text, "%lld", (long long)at(cells, c));
            }
            const char *row[] = {json_string_value(name),
                                 json_string_value(json_array_get(columns, c)), figure_text};
            mdl_csv_row(row, 3, out);
        }
    }
    return ferror(out) ? MDL_L_IO : MDL_OK;
}
