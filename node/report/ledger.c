/* ledger.c: the ledger of a partner as tables: what could have been learned, cell by cell.
 * It may not add up: every figure comes from the document. */
#include "report.h"

#include <string.h>

#define JOINED 2048
#define CELL   64 /* a number, with its mark */

static void joined(const json_t *o, const char *key, char out[JOINED])
{
    mdl_doc_join(json_object_get(o, key), ", ", out, JOINED);
}

static json_int_t known(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return json_is_integer(v) ? json_integer_value(v) : -1;
}

/* "617", "< 5", or a dash before there is a result. */
static void last_text(const json_t *o, char out[CELL])
{
    char n[MDL_NUMBER];
    if (known(o, "last") >= 0) {
        (void)snprintf(out, CELL, "%s", mdl_doc_number(known(o, "last"), n));
    } else if (known(o, "last_below") > 0) {
        (void)snprintf(out, CELL, "< %s", mdl_doc_number(known(o, "last_below"), n));
    } else {
        (void)snprintf(out, CELL, "–");
    }
}

static enum mdl_status cell_row(struct mdl_table *t, const json_t *o)
{
    const json_t *rounds = json_object_get(o, "rounds");
    const json_t *bits = json_object_get(o, "bits");
    char own[JOINED];
    char theirs[JOINED];
    char text[6][CELL];

    joined(o, "populations", own);
    joined(o, "partner_populations", theirs);
    (void)snprintf(text[0], CELL, "%lld/%lld/%lld", (long long)mdl_doc_int(rounds, "complete"),
                   (long long)mdl_doc_int(rounds, "partial"),
                   (long long)mdl_doc_int(rounds, "aborted"));
    (void)mdl_doc_number(mdl_doc_int(o, "keys_theirs"), text[1]);
    (void)mdl_doc_number(mdl_doc_int(o, "keys_ours"), text[2]);
    (void)mdl_doc_number(mdl_doc_int(o, "results"), text[3]);
    last_text(o, text[4]);
    (void)snprintf(text[5], CELL, json_is_number(bits) ? "%.1f" : "–", json_number_value(bits));
    const char *cells[] = {own,     theirs,  mdl_doc_text(o, "level"),
                           text[0], text[1], text[2],
                           text[3], text[4], text[5]};
    return mdl_table_row(t, cells);
}

enum mdl_status mdl_report_ledger(const json_t *cells, const struct mdl_style *style, FILE *out)
{
    static const char *const titles[] = {"OURS",     "THEIRS",  "LEVEL", "ROUNDS", "THEY ASKED",
                                         "WE ASKED", "LEARNED", "LAST",  "BITS"};
    static const enum mdl_align align[] = {MDL_LEFT,  MDL_LEFT,  MDL_LEFT,  MDL_LEFT, MDL_RIGHT,
                                           MDL_RIGHT, MDL_RIGHT, MDL_RIGHT, MDL_RIGHT};
    struct mdl_table *t = mdl_table_new(9, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    size_t i;
    const json_t *o;

    json_array_foreach(cells, i, o)
    {
        st = st == MDL_OK ? cell_row(t, o) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, style, out);
    }
    mdl_table_free(t);
    return st == MDL_OK && ferror(out) ? MDL_L_IO : st;
}
