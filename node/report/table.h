/* table.h: aligned tables for a terminal. Cells are UTF-8; width is counted in columns, not bytes.
 *
 * Control characters in cells (a hostile partner's name, a CRM's text) are shown as U+FFFD, so that
 * nothing can steer the terminal. Not thread-safe: one table, one thread.
 */
#ifndef MANDORLA_REPORT_TABLE_H
#define MANDORLA_REPORT_TABLE_H

#include <mandorla/status.h>
#include <stdbool.h>
#include <stdio.h>

enum mdl_align { MDL_LEFT, MDL_RIGHT };

struct mdl_table;

/* Style of what is printed: colour only where the caller says the stream is a terminal. `width` is
 * the terminal's columns, 0 for "as wide as needed"; the widest left-aligned column gives way
 * first. */
struct mdl_style {
    bool colour;
    unsigned width;
};

/* NULL when memory is short. `titles` and alignments are copied. */
struct mdl_table *mdl_table_new(size_t columns, const char *const titles[],
                                const enum mdl_align align[]);
void mdl_table_free(struct mdl_table *t);
/* Adds a row; NULL cells are empty. Text is copied. MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_table_row(struct mdl_table *t, const char *const cells[]);
/* A thin rule before the next row (before totals). */
void mdl_table_rule(struct mdl_table *t);
size_t mdl_table_rows(const struct mdl_table *t);
void mdl_table_print(const struct mdl_table *t, const struct mdl_style *style, FILE *out);

/* Columns that `s` takes on a terminal, control characters counted as one. */
size_t mdl_text_width(const char *s);
/* Prints `s` with control characters replaced, cut to `max` columns with an ellipsis (0: uncut). */
void mdl_text_print(const char *s, size_t max, FILE *out);

#endif
