/* table.c: lays out and prints aligned tables.
 * It may not read anything but its cells, and lets no control character reach the terminal. */
#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define GAP         2
#define NARROWEST   9 /* seven columns of a list fit on a terminal of 80 */
#define COLUMNS_MAX 64
#define REPLACEMENT 0xFFFD

struct mdl_table {
    size_t columns;
    enum mdl_align align[COLUMNS_MAX];
    char **cells; /* rows * columns, row 0 holds the titles */
    bool *rule_before;
    size_t rows, capacity;
    bool rule_next;
};

/* One character of `s`: its length in bytes; *cp is what to print for it. */
static size_t next_char(const char *s, utf8proc_int32_t *cp)
{
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s, -1, cp);
    if (n <= 0) {
        *cp = REPLACEMENT;
        return 1;
    }
    utf8proc_category_t cat = utf8proc_category(*cp);
    if (cat == UTF8PROC_CATEGORY_CC || cat == UTF8PROC_CATEGORY_CF || cat == UTF8PROC_CATEGORY_ZL ||
        cat == UTF8PROC_CATEGORY_ZP) {
        *cp = REPLACEMENT;
    }
    return (size_t)n;
}

static size_t char_width(utf8proc_int32_t cp)
{
    int w = utf8proc_charwidth(cp);
    return w > 0 ? (size_t)w : 0;
}

size_t mdl_text_width(const char *s)
{
    size_t width = 0;
    while (*s != '\0') {
        utf8proc_int32_t cp;
        s += next_char(s, &cp);
        width += char_width(cp);
    }
    return width;
}

void mdl_text_print(const char *s, size_t max, FILE *out)
{
    bool cut = max > 0 && mdl_text_width(s) > max;
    size_t room = cut ? max - 1 : (size_t)-1;
    while (*s != '\0') {
        utf8proc_int32_t cp;
        utf8proc_uint8_t buf[4];
        s += next_char(s, &cp);
        if (char_width(cp) > room) {
            break;
        }
        room -= char_width(cp);
        (void)fwrite(buf, 1, (size_t)utf8proc_encode_char(cp, buf), out);
    }
    if (cut) {
        (void)fputs("…", out);
    }
}

struct mdl_table *mdl_table_new(size_t columns, const char *const titles[],
                                const enum mdl_align align[])
{
    struct mdl_table *t = calloc(1, sizeof *t);
    if (t == NULL || columns == 0 || columns > COLUMNS_MAX) {
        free(t);
        return NULL;
    }
    t->columns = columns;
    memcpy(t->align, align, columns * sizeof align[0]);
    if (mdl_table_row(t, titles) != MDL_OK) {
        mdl_table_free(t);
        return NULL;
    }
    return t;
}

void mdl_table_free(struct mdl_table *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        free(t->cells[i]);
    }
    free(t->cells);
    free(t->rule_before);
    free(t);
}

static enum mdl_status grow(struct mdl_table *t)
{
    size_t capacity = t->capacity == 0 ? 16 : t->capacity * 2;
    char **cells = realloc(t->cells, capacity * t->columns * sizeof *cells);
    if (cells == NULL) {
        return MDL_L_MEMORY;
    }
    t->cells = cells;
    bool *rules = realloc(t->rule_before, capacity * sizeof *rules);
    if (rules == NULL) {
        return MDL_L_MEMORY;
    }
    t->rule_before = rules;
    t->capacity = capacity;
    return MDL_OK;
}

enum mdl_status mdl_table_row(struct mdl_table *t, const char *const cells[])
{
    if (t->rows == t->capacity && grow(t) != MDL_OK) {
        return MDL_L_MEMORY;
    }
    char **row = t->cells + t->rows * t->columns;
    for (size_t c = 0; c < t->columns; c++) {
        row[c] = strdup(cells[c] != NULL ? cells[c] : "");
        if (row[c] == NULL) {
            while (c > 0) {
                free(row[--c]);
            }
            return MDL_L_MEMORY;
        }
    }
    t->rule_before[t->rows++] = t->rule_next;
    t->rule_next = false;
    return MDL_OK;
}

void mdl_table_rule(struct mdl_table *t)
{
    t->rule_next = true;
}

size_t mdl_table_rows(const struct mdl_table *t)
{
    return t->rows - 1;
}

/* Column widths; too wide a table takes from its widest left-aligned columns. */
static void lay_out(const struct mdl_table *t, unsigned width, size_t w[])
{
    size_t total = GAP * (t->columns - 1);
    for (size_t c = 0; c < t->columns; c++) {
        w[c] = 0;
        for (size_t r = 0; r < t->rows; r++) {
            size_t n = mdl_text_width(t->cells[r * t->columns + c]);
            w[c] = n > w[c] ? n : w[c];
        }
        total += w[c];
    }
    while (width > 0 && total > width) {
        size_t widest = t->columns;
        for (size_t c = 0; c < t->columns; c++) {
            if (t->align[c] == MDL_LEFT && w[c] > NARROWEST &&
                (widest == t->columns || w[c] > w[widest])) {
                widest = c;
            }
        }
        if (widest == t->columns) {
            return;
        }
        w[widest]--;
        total--;
    }
}

static void pad(size_t n, FILE *out)
{
    while (n-- > 0) {
        (void)fputc(' ', out);
    }
}

/* Prints a cell into `width` columns; what it took. A wide character that does not fit before the
 * ellipsis leaves a column free. */
static size_t print_cell(const char *cell, size_t width, FILE *out)
{
    size_t n = mdl_text_width(cell);
    size_t used = 0;
    if (n <= width) {
        mdl_text_print(cell, 0, out);
        return n;
    }
    for (const char *s = cell; *s != '\0';) {
        utf8proc_int32_t cp;
        s += next_char(s, &cp);
        if (used + char_width(cp) > width - 1) {
            break;
        }
        used += char_width(cp);
    }
    mdl_text_print(cell, width, out);
    return used + 1;
}

/* Padding waits for the next text, so that no line ends in spaces. */
static void print_row(const struct mdl_table *t, size_t r, const size_t w[], FILE *out)
{
    size_t waiting = 0;
    for (size_t c = 0; c < t->columns; c++) {
        const char *cell = t->cells[r * t->columns + c];
        size_t n = mdl_text_width(cell);
        if (cell[0] == '\0') {
            waiting += w[c] + GAP;
            continue;
        }
        if (t->align[c] == MDL_RIGHT && n < w[c]) {
            waiting += w[c] - n;
        }
        pad(waiting, out);
        n = print_cell(cell, w[c], out);
        waiting = GAP + (t->align[c] == MDL_LEFT ? w[c] - n : 0);
    }
}

static void print_rule(const struct mdl_table *t, const size_t w[], FILE *out)
{
    for (size_t c = 0; c < t->columns; c++) {
        for (size_t i = 0; i < w[c]; i++) {
            (void)fputs("─", out);
        }
        if (c + 1 < t->columns) {
            pad(GAP, out);
        }
    }
    (void)fputc('\n', out);
}

void mdl_table_print(const struct mdl_table *t, const struct mdl_style *style, FILE *out)
{
    size_t w[COLUMNS_MAX];
    lay_out(t, style->width, w);
    for (size_t r = 0; r < t->rows; r++) {
        if (t->rule_before[r]) {
            print_rule(t, w, out);
        }
        if (r == 0 && style->colour) {
            (void)fputs("\033[1m", out);
        }
        print_row(t, r, w, out);
        if (r == 0 && style->colour) {
            (void)fputs("\033[0m", out);
        }
        (void)fputc('\n', out);
        if (r == 0) {
            print_rule(t, w, out);
        }
    }
}
