/* diff.c: what changed between two rounds, as tables.
 * It may not compare: the document says what changed. */
#include "report.h"

#include <string.h>

#define JOINED 512
#define CELL   MDL_NUMBER

/* "38", "< 40" where the number is not shown, or a dash. */
static void number(const json_t *o, const char *key, const char *below, char out[CELL])
{
    const json_t *v = json_object_get(o, key);
    char n[CELL];
    if (json_is_integer(v)) {
        (void)snprintf(out, CELL, "%s", mdl_doc_number(json_integer_value(v), n));
    } else if (mdl_doc_int(o, below) > 0) {
        (void)snprintf(out, CELL, "< %s", mdl_doc_number(mdl_doc_int(o, below), n));
    } else {
        (void)snprintf(out, CELL, "–");
    }
}

static enum mdl_status cell_row(struct mdl_table *t, const json_t *o)
{
    const json_t *before = json_object_get(o, "before");
    const json_t *after = json_object_get(o, "after");
    const char *then = mdl_doc_text(o, "level_before");
    const char *now = mdl_doc_text(o, "level");
    bool same = strcmp(then, now) == 0;
    char text[3][CELL];
    char level[CELL];

    (void)snprintf(level, sizeof level, same ? "%s" : "%s → %s", same ? now : then, now);
    number(o, "before", "before_below", text[0]);
    number(o, "after", "after_below", text[1]);
    (void)snprintf(text[2], CELL, "–");
    /* Numbers of accounts and of keys have no difference. */
    if (same && json_is_integer(before) && json_is_integer(after)) {
        (void)snprintf(text[2], CELL, "%+lld",
                       (long long)(json_integer_value(after) - json_integer_value(before)));
    }
    const char *cells[] = {mdl_doc_text(o, "population"),
                           mdl_doc_text(o, "partner_population"),
                           level,
                           text[0],
                           text[1],
                           text[2]};
    return mdl_table_row(t, cells);
}

enum mdl_status mdl_report_diff_cells(const json_t *diff, const struct mdl_style *style, FILE *out)
{
    static const char *const titles[] = {"OURS", "THEIRS", "LEVEL", "BEFORE", "AFTER", "CHANGE"};
    static const enum mdl_align align[] = {MDL_LEFT,  MDL_LEFT,  MDL_LEFT,
                                           MDL_RIGHT, MDL_RIGHT, MDL_RIGHT};
    struct mdl_table *t = mdl_table_new(6, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    size_t i;
    const json_t *o;
    json_array_foreach(json_object_get(diff, "cells"), i, o)
    {
        st = st == MDL_OK ? cell_row(t, o) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, style, out);
    }
    mdl_table_free(t);
    return st == MDL_OK && ferror(out) ? MDL_L_IO : st;
}

static void place(const json_t *o, char out[2 * JOINED + 8])
{
    char own[JOINED];
    char theirs[JOINED];
    mdl_doc_join(json_object_get(o, "populations"), ", ", own, sizeof own);
    mdl_doc_join(json_object_get(o, "partner_populations"), ", ", theirs, sizeof theirs);
    (void)snprintf(out, 2 * JOINED + 8, "%s × %s", own, theirs);
}

enum mdl_status mdl_report_diff_rows(const json_t *list, const struct mdl_style *style, FILE *out)
{
    static const char *const titles[] = {"ACCOUNT", "OURS × THEIRS", "RECORD ID", "BEFORE"};
    static const enum mdl_align align[] = {MDL_LEFT, MDL_LEFT, MDL_LEFT, MDL_LEFT};
    const json_t *rows = json_object_get(list, "rows");
    bool moved = json_object_get(json_array_get(rows, 0), "before") != NULL;
    struct mdl_table *t = mdl_table_new(moved ? 4 : 3, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    size_t i;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        char now[2 * JOINED + 8];
        char then[2 * JOINED + 8] = "";
        place(row, now);
        if (moved) {
            place(json_object_get(row, "before"), then);
        }
        const char *cells[] = {mdl_doc_text(row, "name"), now, mdl_doc_text(row, "record_id"),
                               then};
        st = st == MDL_OK ? mdl_table_row(t, cells) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, style, out);
    }
    mdl_table_free(t);
    return st == MDL_OK && ferror(out) ? MDL_L_IO : st;
}
