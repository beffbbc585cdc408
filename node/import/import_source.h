/* import_source.h: a file's bytes as text that a one-byte-delimiter parser can read.
 *
 * Bytes come in pieces; text goes out in blocks, in order: UTF-8 as it is, UTF-16 as UTF-8, and
 * Windows-1252 as it is (its cells are converted one by one, see mdl_imp_add_1252). A UTF-16 code
 * unit that pairs with nothing goes out as the byte 0xFF, which is UTF-8 nowhere, so that the row
 * that holds it is rejected like any other bad row. */
#ifndef MANDORLA_IMPORT_SOURCE_H
#define MANDORLA_IMPORT_SOURCE_H

#include "import.h"
#include "import_text.h"

struct mdl_imp_source {
    enum mdl_import_encoding encoding;
    char delimiter; /* 0 until detected; `text` is not called before */
    bool skip_line; /* the first line is Excel's sep= line, still to come in the text */
    bool started;
    uint32_t half;           /* UTF-16: a high surrogate waiting for its partner, or 0 */
    struct mdl_imp_buf wide; /* UTF-16 converted */
    size_t n;
    char block[MDL_IMPORT_BLOCK];
    /* Takes text; a status other than MDL_OK stops the source. */
    enum mdl_status (*text)(void *ctx, const char *s, size_t len, struct mdl_error *err);
    void *ctx;
};

/* encoding and delimiter as in mdl_import_options (AUTO and 0: detect). */
void mdl_imp_source_begin(struct mdl_imp_source *s, enum mdl_import_encoding encoding,
                          char delimiter);
/* Errors: MDL_U_CSV (the first bytes are no text: a workbook, an archive), MDL_L_MEMORY, and what
 * `text` returns. */
MDL_MUST_CHECK enum mdl_status mdl_imp_source_feed(struct mdl_imp_source *s, const char *data,
                                                   size_t len, struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_imp_source_end(struct mdl_imp_source *s, struct mdl_error *err);
void mdl_imp_source_free(struct mdl_imp_source *s);

/* The delimiter that divides the beginning of a table best: ',', ';' or '\t'. Or the one that a
 * first line "sep=X" names; then *sep_line is set. */
char mdl_imp_delimiter(const char *text, size_t len, bool *sep_line);

#endif
