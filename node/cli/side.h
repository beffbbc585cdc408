/* side.h: two columns of paragraphs, one beside the other where the terminal has room. One thread.
 */
#ifndef MANDORLA_CLI_SIDE_H
#define MANDORLA_CLI_SIDE_H

#include "term.h"

struct side_lines {
    char **line;
    size_t n, room;
};

/* Adds a paragraph, wrapped to `width` columns: `first` before its first line, the rest indented as
 * far. What there is no memory for is left out. */
void side_add(struct side_lines *s, unsigned width, const char *first, const char *text);
void side_free(struct side_lines *s);

/* Columns for each of two texts on this stream; 0: no room for both, or no terminal. */
unsigned side_width(FILE *f);
/* Prints them beside each other; the first line of each is a title. */
void side_print(const struct side_lines *left, const struct side_lines *right, unsigned width,
                FILE *f);

#endif
