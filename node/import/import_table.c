/* import_table.c: libcsv, fed line by line so that rows and errors have line numbers.
 * May not know what a row means.
 *
 * libcsv runs in strict mode, not for the sake of strictness but because only then it says where a
 * quote is odd. A quote inside an unquoted cell (Acme "West" Ltd) is taken as it stands, as every
 * spreadsheet does. Text behind a closing quote ("Acme" Ltd) is not: the lenient mode would swallow
 * delimiters and rows up to the next quote without a word. That row is rejected and reading goes on
 * with the next line. */
#include "import_table.h"

#include <stdio.h>
#include <string.h>

#define OPTIONS (CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL)
#define BLOCK   65536 /* libcsv grows its cell by this; its default of 128 is slow for long cells */

static void fail_memory(struct mdl_imp_table *t)
{
    t->status = mdl_fail(t->err, MDL_L_MEMORY, "no memory for a row of the table");
}

static void refuse(struct mdl_imp_table *t, enum mdl_import_issue_kind issue, size_t column)
{
    t->now.issue = issue;
    t->now.column = (uint32_t)column;
    t->now.text = t->text;
}

static void clear_row(struct mdl_imp_table *t)
{
    t->now = (struct mdl_imp_row){.cell = t->cell, .issue = MDL_ISSUE_COUNT};
    mdl_imp_buf_clear(&t->arena);
}

static void deliver(struct mdl_imp_table *t)
{
    t->now.line = t->row_line;
    for (size_t i = 0; i < t->now.n_cells && i < MDL_IMPORT_COLUMNS_MAX; i++) {
        t->cell[i] = t->offset[i] == SIZE_MAX ? "" : t->arena.p + t->offset[i];
    }
    for (size_t i = t->now.n_cells; i < t->n_pointers; i++) {
        t->cell[i] = "";
    }
    t->n_pointers =
        t->now.n_cells < MDL_IMPORT_COLUMNS_MAX ? t->now.n_cells : MDL_IMPORT_COLUMNS_MAX;
    if (t->status == MDL_OK) {
        t->status = t->row(t->ctx, &t->now, t->err);
    }
    clear_row(t);
}

/* Puts the cell into the arena as trimmed UTF-8; returns where, or SIZE_MAX if it was refused. */
static size_t keep(struct mdl_imp_table *t, const char *s, size_t len)
{
    size_t column = t->now.n_cells;
    if (len > MDL_IMPORT_CELL_MAX) {
        (void)snprintf(t->text, sizeof t->text, "a cell of %zu bytes; the maximum is %d", len,
                       MDL_IMPORT_CELL_MAX);
        refuse(t, MDL_ISSUE_TOO_LONG, column);
        return SIZE_MAX;
    }
    if (memchr(s, 0, len) != NULL) {
        (void)snprintf(t->text, sizeof t->text, "a NUL byte in a cell");
        refuse(t, MDL_ISSUE_NUL, column);
        return SIZE_MAX;
    }
    size_t bad = t->latin ? len : mdl_imp_utf8_bad(s, len);
    if (bad < len) {
        (void)snprintf(t->text, sizeof t->text,
                       "byte 0x%02X at byte %zu of the cell is not valid in the file's encoding",
                       (unsigned char)s[bad], bad + 1);
        refuse(t, MDL_ISSUE_ENCODING, column);
        return SIZE_MAX;
    }
    size_t start = t->arena.len;
    bool ok = t->latin ? mdl_imp_add_1252(&t->arena, s, len) : mdl_imp_buf_add(&t->arena, s, len);
    if (ok) {
        const char *kept = t->arena.p + start;
        size_t n = t->arena.len - start;
        mdl_imp_trim(&kept, &n);
        start = (size_t)(kept - t->arena.p);
        t->arena.len = start + n;
        ok = mdl_imp_buf_add(&t->arena, "", 1);
    }
    if (!ok) {
        fail_memory(t);
        return SIZE_MAX;
    }
    return start;
}

static bool sound(const struct mdl_imp_table *t, const char *s, size_t len)
{
    return len <= MDL_IMPORT_CELL_MAX && memchr(s, 0, len) == NULL &&
           (t->latin || mdl_imp_utf8_bad(s, len) == len);
}

static void on_cell(void *bytes, size_t len, void *ctx)
{
    struct mdl_imp_table *t = ctx;
    const char *s = bytes, *inner = s;
    size_t i = t->now.n_cells++, n = len;
    if (t->status != MDL_OK) {
        return;
    }
    mdl_imp_trim(&inner, &n);
    if (n > 0) {
        t->now.n_filled++;
        t->now.last_filled = i + 1;
    }
    if (i < MDL_IMPORT_COLUMNS_MAX) {
        bool want = n > 0 && t->now.issue == MDL_ISSUE_COUNT && (t->all || t->wanted[i]);
        if (want && !t->all && t->wanted[i] == MDL_IMP_KEPT) {
            want = sound(t, s, len);
        }
        t->offset[i] = want ? keep(t, s, len) : SIZE_MAX;
    }
}

static void on_row(int end, void *ctx)
{
    (void)end;
    struct mdl_imp_table *t = ctx;
    t->row_ended = true;
    deliver(t);
}

/* Drops the row in hand. Without STRICT_FINI, which would keep an open cell. */
static void reset_csv(struct mdl_imp_table *t)
{
    csv_set_opts(&t->csv, CSV_APPEND_NULL);
    csv_fini(&t->csv, NULL, NULL, NULL);
    csv_set_opts(&t->csv, OPTIONS);
}

static void reject_quote(struct mdl_imp_table *t)
{
    size_t column = t->now.n_cells + 1;
    int n = snprintf(t->text, sizeof t->text,
                     "text follows the closing quote of a cell in line %ju; write a quote inside "
                     "a cell twice",
                     (uintmax_t)t->line);
    if (t->line > t->row_line && n > 0 && (size_t)n < sizeof t->text) {
        (void)snprintf(t->text + n, sizeof t->text - (size_t)n,
                       " (lines %ju to %ju were not imported)", (uintmax_t)t->row_line,
                       (uintmax_t)t->line);
    }
    reset_csv(t);
    refuse(t, MDL_ISSUE_QUOTE, column);
    deliver(t);
    t->skipping = true;
}

static void start_hole(struct mdl_imp_table *t)
{
    t->hole = true;
    t->in_quotes = t->csv.quoted != 0;
    (void)snprintf(t->text, sizeof t->text, "a row of more than %d bytes", MDL_IMPORT_ROW_MAX);
    refuse(t, MDL_ISSUE_TOO_LONG, 0);
    reset_csv(t);
    deliver(t);
}

static void pass_hole(struct mdl_imp_table *t, const char *s, size_t len, bool ends)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '"') {
            t->in_quotes = !t->in_quotes;
            t->quote_line = t->in_quotes ? t->line : t->quote_line;
            t->quote_column = t->in_quotes ? 0 : t->quote_column;
        }
    }
    if (ends && !t->in_quotes) {
        t->hole = t->open = false;
    }
}

static void parse(struct mdl_imp_table *t, const char *s, size_t len)
{
    while (len > 0 && t->status == MDL_OK) {
        size_t k = csv_parse(&t->csv, s, len, on_cell, on_row, t);
        if (k == len) {
            return;
        }
        if (csv_error(&t->csv) != CSV_EPARSE) {
            fail_memory(t);
            return;
        }
        if (t->csv.quoted) {
            reject_quote(t);
            return;
        }
        csv_set_opts(&t->csv, CSV_APPEND_NULL);
        k += csv_parse(&t->csv, s + k, 1, on_cell, on_row, t);
        csv_set_opts(&t->csv, OPTIONS);
        s += k;
        len -= k;
    }
}

/* A piece is a line or the part of one that is here. */
static void take_piece(struct mdl_imp_table *t, const char *s, size_t len, bool ends)
{
    if (t->skipping) {
        t->skipping = !ends;
        t->open = false;
        return;
    }
    if (!t->open) {
        t->open = true;
        t->row_line = t->line;
        t->row_bytes = 0;
    }
    t->row_bytes += len;
    if (!t->hole && t->row_bytes > MDL_IMPORT_ROW_MAX) {
        start_hole(t);
    }
    if (t->hole) {
        pass_hole(t, s, len, ends);
        return;
    }
    bool was_quoted = t->csv.quoted != 0;
    size_t cells = t->now.n_cells;
    t->row_ended = false;
    parse(t, s, len);
    if (t->skipping) {
        t->skipping = !ends;
        t->open = false;
        return;
    }
    if (t->csv.quoted && (!was_quoted || t->now.n_cells > cells || t->row_ended)) {
        t->quote_line = t->line;
        t->quote_column = (uint32_t)t->now.n_cells + 1;
    }
    if (ends) {
        t->open = t->csv.quoted != 0;
    }
}

static size_t piece_length(const char *s, size_t len, bool *ends)
{
    const char *lf = memchr(s, '\n', len);
    size_t end = lf != NULL ? (size_t)(lf - s) + 1 : len;
    *ends = lf != NULL;
    const char *cr = memchr(s, '\r', end);
    if (cr != NULL) {
        end = (size_t)(cr - s) + 1;
        end += end < len && s[end] == '\n';
        *ends = true;
    }
    return end;
}

enum mdl_status mdl_imp_table_begin(struct mdl_imp_table *t, struct mdl_error *err)
{
    if (!t->csv_ready) {
        if (csv_init(&t->csv, OPTIONS) != 0) {
            return mdl_fail(err, MDL_L_MEMORY, "no memory for the table reader");
        }
        csv_set_blk_size(&t->csv, BLOCK);
        t->csv_ready = true;
    }
    reset_csv(t);
    t->all = true;
    t->latin = t->after_cr = t->open = t->skipping = t->hole = t->in_quotes = false;
    t->at_line_start = true;
    t->line = t->row_line = 1;
    t->n_pointers = MDL_IMPORT_COLUMNS_MAX; /* all are set to "" by the first row */
    t->status = MDL_OK;
    clear_row(t);
    return MDL_OK;
}

enum mdl_status mdl_imp_table_text(struct mdl_imp_table *t, char delimiter, const char *s,
                                   size_t len, struct mdl_error *err)
{
    t->err = err;
    csv_set_delim(&t->csv, (unsigned char)delimiter);
    while (len > 0 && t->status == MDL_OK) {
        bool second_half = t->after_cr && s[0] == '\n', ends = true;
        size_t n = second_half ? 1 : piece_length(s, len, &ends);
        take_piece(t, s, n, ends);
        t->after_cr = s[n - 1] == '\r';
        t->at_line_start = ends;
        t->line += ends && !second_half;
        s += n;
        len -= n;
    }
    return t->status;
}

enum mdl_status mdl_imp_table_end(struct mdl_imp_table *t, struct mdl_error *err)
{
    t->err = err;
    if (t->status != MDL_OK) {
        return t->status;
    }
    bool open = t->hole && t->in_quotes;
    if (!t->hole && !t->skipping) {
        open = csv_fini(&t->csv, on_cell, on_row, t) != 0;
    }
    if (!open) {
        return t->status;
    }
    if (t->quote_column == 0) {
        return mdl_fail(err, MDL_U_CSV, "line %ju: a quote opened here is never closed",
                        (uintmax_t)t->quote_line);
    }
    return mdl_fail(err, MDL_U_CSV,
                    "line %ju, column %u: the quote that opens this cell is never closed",
                    (uintmax_t)t->quote_line, t->quote_column);
}

void mdl_imp_table_free(struct mdl_imp_table *t)
{
    if (t->csv_ready) {
        csv_free(&t->csv);
    }
    mdl_imp_buf_free(&t->arena);
}
