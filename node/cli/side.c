/* side.c: wraps text into lines and prints two columns of them.
 * It may not know any document. */
#include "side.h"

#include <stdlib.h>
#include <string.h>

#define GAP    " │ "
#define NARROW 38 /* a column of fewer is hard to read */
#define WIDEST 76
#define ROOM_0 16

static void push(struct side_lines *s, const char *text)
{
    if (s->n == s->room) {
        size_t room = s->room == 0 ? ROOM_0 : 2 * s->room;
        char **grown = realloc(s->line, room * sizeof *grown);
        if (grown == NULL) {
            return;
        }
        s->line = grown;
        s->room = room;
    }
    char *copy = strdup(text);
    if (copy != NULL) {
        s->line[s->n++] = copy;
    }
}

void side_free(struct side_lines *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->line[i]);
    }
    free(s->line);
    *s = (struct side_lines){NULL, 0, 0};
}

void side_add(struct side_lines *s, unsigned width, const char *first, const char *text)
{
    char line[1024];
    size_t indent = mdl_text_width(first);
    size_t at = indent;
    int used = snprintf(line, sizeof line, "%s", first);

    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        char word[256];
        (void)snprintf(word, sizeof word, "%.*s", (int)len, text);
        text += len;
        text += strspn(text, " ");
        size_t w = mdl_text_width(word);
        bool begun = at > indent;
        if (begun && at + 1 + w > width) {
            push(s, line);
            used = snprintf(line, sizeof line, "%*s", (int)indent, "");
            at = indent;
            begun = false;
        }
        if (used >= 0 && (size_t)used + len + 2 < sizeof line) {
            used +=
                snprintf(line + used, sizeof line - (size_t)used, "%s%s", begun ? " " : "", word);
        }
        at += w + (begun ? 1 : 0);
    }
    push(s, line);
}

unsigned side_width(FILE *f)
{
    unsigned width = term_style(f).width;
    unsigned each = width > 3 ? (width - 3) / 2 : 0;
    return each < NARROW ? 0 : each > WIDEST ? WIDEST : each;
}

static void print_line(const struct side_lines *s, size_t i, unsigned width, FILE *f)
{
    const char *text = i < s->n ? s->line[i] : "";
    size_t w = mdl_text_width(text);
    bool bold = i == 0 && term_style(f).colour;

    if (bold) {
        (void)fputs("\033[1m", f);
    }
    mdl_text_print(text, width, f);
    if (bold) {
        (void)fputs("\033[0m", f);
    }
    for (; w < width; w++) {
        (void)fputc(' ', f);
    }
}

void side_print(const struct side_lines *left, const struct side_lines *right, unsigned width,
                FILE *f)
{
    for (size_t i = 0; i < left->n || i < right->n; i++) {
        print_line(left, i, width, f);
        (void)fputs(GAP, f);
        print_line(right, i, i < right->n ? (unsigned)mdl_text_width(right->line[i]) : 0, f);
        (void)fputc('\n', f);
    }
}
