/* table.h: a CSV file as a table of UTF-8 cells, for the match-quality program.
 * Detects comma, semicolon and tab, and reads Windows-1252 where the bytes are no UTF-8. */
#ifndef MANDORLA_QUALITY_TABLE_H
#define MANDORLA_QUALITY_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct table {
    size_t columns; /* of the first line */
    size_t rows;    /* without it */
    char **cell;    /* (rows + 1) * columns, row 0 is the header; never NULL */
    size_t capacity;
    size_t column; /* while reading */
    bool failed;
};

/* False (with a line on stderr) if the file cannot be read or parsed. Free in either case. */
bool table_read(struct table *t, const char *path);
void table_free(struct table *t);
/* The index of the first column with one of the names (NULL-terminated list), or -1. */
int table_find(const struct table *t, const char *const *names);
/* Row 0 is the first after the header; "" for column -1. */
const char *table_at(const struct table *t, size_t row, int column);

#endif
