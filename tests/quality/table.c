/* table.c: CSV files through libcsv. May not know what a column means. */
#include "table.h"

#include <csv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* What Windows-1252 has at 80..9F; 0 where it has nothing. */
static const uint16_t high[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                  0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                  0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                  0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

static bool is_utf8(const char *s, size_t len)
{
    for (size_t at = 0; at < len;) {
        utf8proc_int32_t cp;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)s + at, (utf8proc_ssize_t)(len - at), &cp);
        if (n <= 0) {
            return false;
        }
        at += (size_t)n;
    }
    return true;
}

static char *to_utf8(const char *s, size_t len)
{
    char *out = malloc(len * 3 + 1);
    size_t n = 0;
    bool utf8 = is_utf8(s, len);
    for (size_t i = 0; out != NULL && i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        int32_t cp = !utf8 && c >= 0x80 && c < 0xA0 ? high[c - 0x80] : c;
        if (utf8 || c < 0x80) {
            out[n++] = s[i];
        } else if (cp != 0) {
            n += (size_t)utf8proc_encode_char(cp, (utf8proc_uint8_t *)out + n);
        }
    }
    if (out != NULL) {
        out[n] = '\0';
    }
    return out;
}

static void put(struct table *t, const void *text, size_t len)
{
    size_t at = t->rows * t->columns + t->column;
    if (t->rows > 0 && t->column >= t->columns) {
        return; /* a line longer than the header */
    }
    if (at >= t->capacity) {
        size_t want = t->capacity * 2 + 64;
        char **more = realloc(t->cell, want * sizeof *more);
        if (more == NULL) {
            t->failed = true;
            return;
        }
        memset(more + t->capacity, 0, (want - t->capacity) * sizeof *more);
        t->cell = more;
        t->capacity = want;
    }
    t->cell[at] = to_utf8(text, len);
    t->failed = t->failed || t->cell[at] == NULL;
    t->column++;
}

static void on_field(void *text, size_t len, void *ctx)
{
    put(ctx, text, len);
}

static void on_line(int end, void *ctx)
{
    struct table *t = ctx;
    (void)end;
    if (t->rows == 0) {
        t->columns = t->column;
    }
    while (t->column < t->columns && !t->failed) {
        put(t, "", 0);
    }
    t->rows++;
    t->column = 0;
}

static unsigned char delimiter(const char *text)
{
    size_t count[3] = {0};
    for (const char *c = text; *c != '\0' && *c != '\n'; c++) {
        count[0] += *c == ',';
        count[1] += *c == ';';
        count[2] += *c == '\t';
    }
    return count[1] > count[0] ? ';' : count[2] > count[0] ? '\t' : ',';
}

static char *slurp(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    if (f == NULL) {
        return NULL;
    }
    if (fseek(f, 0, SEEK_END) == 0 && (*len = (size_t)ftell(f)) < SIZE_MAX / 2 &&
        fseek(f, 0, SEEK_SET) == 0 && (text = malloc(*len + 1)) != NULL) {
        *len = fread(text, 1, *len, f);
        text[*len] = '\0';
    }
    fclose(f);
    return text;
}

bool table_read(struct table *t, const char *path)
{
    struct csv_parser parser;
    size_t len = 0;
    char *text = slurp(path, &len);
    *t = (struct table){0};
    t->failed = text == NULL || csv_init(&parser, CSV_APPEND_NULL) != 0;
    if (!t->failed) {
        csv_set_delim(&parser, delimiter(text));
        size_t bom = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        t->failed = csv_parse(&parser, text + bom, len - bom, on_field, on_line, t) != len - bom ||
                    csv_fini(&parser, on_field, on_line, t) != 0 || t->failed;
        csv_free(&parser);
    }
    free(text);
    if (t->failed || t->rows == 0) {
        fprintf(stderr, "%s: cannot be read as CSV\n", path);
        return false;
    }
    t->rows--;
    return true;
}

void table_free(struct table *t)
{
    for (size_t i = 0; i < t->capacity; i++) {
        free(t->cell[i]);
    }
    free(t->cell);
    *t = (struct table){0};
}

int table_find(const struct table *t, const char *const *names)
{
    for (; *names != NULL; names++) {
        for (size_t c = 0; c < t->columns; c++) {
            if (strcmp(t->cell[c], *names) == 0) {
                return (int)c;
            }
        }
    }
    return -1;
}

const char *table_at(const struct table *t, size_t row, int column)
{
    return column < 0 ? "" : t->cell[(row + 1) * t->columns + (size_t)column];
}
