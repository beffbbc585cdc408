/* import_kept.h: the bytes in which a row and its file's columns are kept. For this room only. */
#ifndef MANDORLA_IMPORT_KEPT_H
#define MANDORLA_IMPORT_KEPT_H

#include "import_columns.h"
#include "rule.h"

/* A file's columns as bytes: 1, whether it holds deals, the decimal separator, the number of
 * columns (16 bits, low byte first); of each its label and its field's slug, both NUL-terminated
 * ("" if it is not kept, or no field), and its rank among the columns of that field. `out` is
 * cleared first. False: no memory. */
bool mdl_imp_kept_header(const struct mdl_imp_columns *c, char decimal, struct mdl_imp_buf *out);
/* Whether the column is kept: it has a label, and the operator did not leave it out. */
bool mdl_imp_kept_column(const struct mdl_import_column *c);
/* A row's cells that hold something: column and length (16 bits each, low byte first), the text,
 * cut to MDL_KEPT_CELL bytes, and a NUL. `out` is cleared first. False: no memory. */
bool mdl_imp_kept_cells(const struct mdl_imp_columns *c, const char *const *cell,
                        struct mdl_imp_buf *out);

struct mdl_kept {
    struct mdl_imp_columns columns;
    char decimal;
    const char **cell; /* of the present row; "" where it holds nothing */
    uint16_t *filled;  /* columns that it fills */
    size_t n_filled;
};

#endif
