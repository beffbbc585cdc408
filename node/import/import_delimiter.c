/* import_delimiter.c: tells comma, semicolon and tab apart by the beginning of a table.
 * May not split a table for good: that is import_table.c with libcsv. */
#include "import_source.h"

#include <string.h>

#define RECORDS 48 /* enough to outvote a title, a footer and a few odd rows */

/* Counts `delim` outside quotes in each of the first records; returns how many records there are.
 * The last one, cut by the end of the text, counts only if it is the only one. */
static size_t count_cells(const char *s, size_t len, char delim, size_t count[RECORDS])
{
    size_t n = 0, cells = 0;
    bool quoted = false, start = true, blank = true;
    for (size_t i = 0; i < len && n < RECORDS; i++) {
        char c = s[i];
        if (quoted) {
            quoted = c != '"';
        } else if (c == '\n' || c == '\r') {
            if (!blank) {
                count[n++] = cells;
            }
            cells = 0;
            blank = start = true;
            continue;
        } else if (c == delim) {
            cells++;
            start = true;
            blank = false;
            continue;
        } else if (c == '"' && (start || (i > 0 && s[i - 1] == '"'))) {
            quoted = true; /* opens a cell, or the second half of a doubled quote */
        }
        blank = blank && (c == ' ' || c == '\t');
        start = start && c == ' ';
    }
    if (n == 0 && !blank) {
        count[n++] = cells;
    }
    return n;
}

/* How many records agree with the best header candidate, and in how many delimiters. */
static void score(const char *s, size_t len, char delim, size_t *agree, size_t *width)
{
    size_t count[RECORDS];
    size_t n = count_cells(s, len, delim, count);
    *agree = *width = 0;
    for (size_t k = 0; k < n && k < MDL_IMPORT_HEADER_ROWS; k++) {
        size_t same = 0;
        for (size_t j = 0; j < n && count[k] > 0; j++) {
            same += count[j] == count[k];
        }
        if (same > *agree || (same == *agree && count[k] > *width)) {
            *agree = same;
            *width = count[k];
        }
    }
}

/* "sep=;" or "\"sep=;\"" as the whole first line: what Excel writes and reads. */
static char sep_line(const char *s, size_t len)
{
    size_t quoted = len > 0 && s[0] == '"';
    if (len < 5 + 2 * quoted || strncasecmp(s + quoted, "sep=", 4) != 0) {
        return 0;
    }
    char c = s[quoted + 4];
    size_t end = quoted + 5;
    if (quoted && s[end++] != '"') {
        return 0;
    }
    bool whole = end == len || s[end] == '\n' || s[end] == '\r';
    if (!whole || c == '"' || c == '\n' || c == '\r' || (unsigned char)c > 0x7F) {
        return 0;
    }
    return c;
}

char mdl_imp_delimiter(const char *text, size_t len, bool *sep)
{
    char named = sep_line(text, len);
    *sep = named != 0;
    if (named != 0) {
        return named;
    }
    static const char candidates[] = {',', ';', '\t'};
    char best = ',';
    size_t best_agree = 0, best_width = 0;
    for (size_t i = 0; i < sizeof candidates; i++) {
        size_t agree, width;
        score(text, len, candidates[i], &agree, &width);
        if (agree > best_agree || (agree == best_agree && width > best_width)) {
            best = candidates[i];
            best_agree = agree;
            best_width = width;
        }
    }
    return best;
}
