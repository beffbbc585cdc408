/* import_table.h: text to rows of cells, with the lines they stand on.
 *
 * libcsv splits; this adds what it does not know: line numbers, limits, which cells are wanted, and
 * a way on after a broken row. */
#ifndef MANDORLA_IMPORT_TABLE_H
#define MANDORLA_IMPORT_TABLE_H

#include "import.h"
#include "import_text.h"

#include <csv.h>

struct mdl_imp_row {
    uint64_t line; /* where it begins */
    size_t n_cells;
    size_t n_filled;    /* cells that hold something */
    size_t last_filled; /* 1-based, 0 if none */
    /* Cell i, if it is wanted: trimmed UTF-8, NUL-terminated; "" if the row is shorter or the cell
     * is not wanted. */
    const char *const *cell;
    /* MDL_ISSUE_COUNT if the row is sound; else why not, and then only `line`, `column` and `text`
     * mean anything. */
    enum mdl_import_issue_kind issue;
    uint32_t column;
    const char *text;
};

/* What a cell is for. One that is only kept never costs its row: where it is not sound it is taken
 * as empty. */
enum mdl_imp_want { MDL_IMP_UNWANTED, MDL_IMP_READ, MDL_IMP_KEPT };

struct mdl_imp_table {
    struct csv_parser csv;
    bool csv_ready;
    bool latin; /* cells are Windows-1252 */
    bool all;   /* every cell is wanted: the header is still to be found */
    uint8_t wanted[MDL_IMPORT_COLUMNS_MAX]; /* enum mdl_imp_want */
    uint64_t line;                          /* of the next byte, 1-based */
    uint64_t row_line;
    uint64_t quote_line; /* of the cell that is open */
    uint32_t quote_column;
    bool at_line_start;
    bool after_cr; /* the last byte was CR: an LF now is its second half */
    bool open;     /* a row has begun */
    bool skipping; /* the rest of the line belongs to a broken row */
    bool hole;     /* a row over its limit passes by; `in_quotes` tells where it can end */
    bool in_quotes;
    size_t row_bytes;
    size_t n_pointers; /* of `cell` that may point into an old row */
    bool row_ended;
    struct mdl_imp_buf arena;
    struct mdl_imp_row now;
    size_t offset[MDL_IMPORT_COLUMNS_MAX];
    const char *cell[MDL_IMPORT_COLUMNS_MAX];
    char text[200];
    enum mdl_status status;
    struct mdl_error *err;
    /* A row. A status other than MDL_OK stops the table. */
    enum mdl_status (*row)(void *ctx, const struct mdl_imp_row *row, struct mdl_error *err);
    void *ctx;
};

/* Makes the table ready for a file; `row` and `ctx` stay. Wants all cells until told otherwise. */
MDL_MUST_CHECK enum mdl_status mdl_imp_table_begin(struct mdl_imp_table *t, struct mdl_error *err);
/* Errors: what `row` returns, MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_imp_table_text(struct mdl_imp_table *t, char delimiter,
                                                  const char *s, size_t len, struct mdl_error *err);
/* The last row. Errors: MDL_U_CSV if a quote is still open, by line and column; as above. */
MDL_MUST_CHECK enum mdl_status mdl_imp_table_end(struct mdl_imp_table *t, struct mdl_error *err);
void mdl_imp_table_free(struct mdl_imp_table *t);

#endif
