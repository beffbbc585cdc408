/* nearest.c: which known name a mistyped one was meant to be.
 * It may not know what the names stand for. */
#include "command.h"

#include <string.h>

#define WORD_MAX 48

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits from `a` to `b`: a letter more, less or other, or two neighbours swapped. */
static size_t distance(const char *a, const char *b)
{
    size_t d[3][WORD_MAX + 1]; /* the last three rows of the usual table */
    size_t la = strlen(a);
    size_t lb = strlen(b);

    if (la > WORD_MAX || lb > WORD_MAX) {
        return WORD_MAX;
    }
    for (size_t j = 0; j <= lb; j++) {
        d[0][j] = j;
    }
    for (size_t i = 1; i <= la; i++) {
        size_t *row = d[i % 3];
        const size_t *above = d[(i + 2) % 3];
        const size_t *before = d[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t other = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = least(other, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
    }
    return d[la % 3][lb];
}

const char *nearest(const char *word, const char *const names[], size_t n)
{
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 2; /* "ls" still finds "list" */

    for (size_t i = 0; i < n; i++) {
        size_t d = distance(word, names[i]);
        if (d < best_distance && d < strlen(names[i])) {
            best = names[i];
            best_distance = d;
        }
    }
    return best;
}
