/* import_report.c: the report of an import as a person reads it, and the rejected rows as CSV.
 * It may not count: every figure comes from the document. */
#include "cli.h"

#include <errno.h>
#include <string.h>

#define EXAMPLES 5

/* ---- files and columns -------------------------------------------------------------------------
 */

static void show_file(const json_t *file, FILE *f)
{
    char rows[FORM];
    char size[FORM];
    const char *delimiter = mdl_doc_text(file, "delimiter");
    const char *name = strcmp(delimiter, ",") == 0   ? "comma"
                       : strcmp(delimiter, ";") == 0 ? "semicolon"
                                                     : delimiter;
    say(f, "  %s", mdl_doc_text(file, "name"));
    say_shade(f, SHADE_DIM, "  %s · %s · %s · %s · %s\n", mdl_doc_text(file, "label"),
              mdl_doc_text(file, "encoding"), name,
              form_count(mdl_doc_int(file, "rows"), "row", "rows", rows),
              form_bytes(mdl_doc_int(file, "bytes"), size));
}

static enum mdl_status column_rows(struct mdl_table *t, const json_t *columns, char *unused,
                                   size_t size)
{
    size_t i;
    const json_t *col;
    enum mdl_status st = MDL_OK;

    unused[0] = '\0';
    json_array_foreach(columns, i, col)
    {
        const char *cells[] = {mdl_doc_text(col, "column"), mdl_doc_text(col, "field"),
                               mdl_doc_text(col, "how")};
        if (json_is_string(json_object_get(col, "field"))) {
            st = st == MDL_OK ? mdl_table_row(t, cells) : st;
        } else {
            size_t n = strlen(unused);
            (void)snprintf(unused + n, size - n, "%s%s", n > 0 ? ", " : "", cells[0]);
        }
    }
    return st;
}

static enum mdl_status show_columns(const json_t *file, FILE *f)
{
    static const char *const titles[] = {"COLUMN", "READ AS", "HOW"};
    static const enum mdl_align align[] = {MDL_LEFT, MDL_LEFT, MDL_LEFT};
    char unused[2048];
    struct mdl_style style = term_style(f);
    struct mdl_table *t = mdl_table_new(3, titles, align);
    if (t == NULL) {
        return MDL_L_MEMORY;
    }
    say_shade(f, SHADE_BOLD, "\nColumns of %s\n", mdl_doc_text(file, "name"));
    enum mdl_status st = column_rows(t, json_object_get(file, "columns"), unused, sizeof unused);
    if (st == MDL_OK && mdl_table_rows(t) > 0) {
        mdl_table_print(t, &style, f);
    }
    mdl_table_free(t);
    if (unused[0] != '\0') {
        say_wrapped(f, "Not read: ", unused);
    }
    return st;
}

void show_columns_found(const json_t *report, FILE *f)
{
    size_t i;
    size_t k;
    const json_t *file;
    const json_t *col;

    json_array_foreach(json_object_get(report, "files"), i, file)
    {
        const json_t *columns = json_object_get(file, "columns");
        if (json_array_size(columns) == 0) {
            continue;
        }
        say(f, "Columns found in %s:\n", mdl_doc_text(file, "name"));
        json_array_foreach(columns, k, col)
        {
            const char *field = mdl_doc_text(col, "field");
            say(f, "  %3lld  %s%s%s\n", (long long)mdl_doc_int(col, "index"),
                mdl_doc_text(col, "column"), field[0] != '\0' ? "  → " : "", field);
        }
    }
}

/* ---- figures -----------------------------------------------------------------------------------
 */

static void show_figures(const json_t *d, FILE *f)
{
    const json_t *deals = json_object_get(d, "opportunities");
    const json_t *twins = json_object_get(d, "duplicates");
    char a[FORM];
    char b[FORM];
    char n[FORM];

    say_field(f, "Rows read", "%s", form_number(mdl_doc_int(d, "rows_read"), n));
    say_field(f, "Accounts", "%s", form_number(mdl_doc_int(d, "accounts"), n));
    if (mdl_doc_int(deals, "read") > 0) {
        say_field(f, "Opportunities", "%s: %s joined to an account, %s without one",
                  form_number(mdl_doc_int(deals, "read"), n),
                  form_number(mdl_doc_int(deals, "joined"), a),
                  form_number(mdl_doc_int(deals, "unjoined"), b));
    }
    say_field(f, "Match keys", "%s different", form_number(mdl_doc_int(d, "keys_total"), n));
    if (mdl_doc_int(twins, "record_ids") > 0) {
        say_field(f, "Repeated", "%s rows with a record id seen before (the first stands)",
                  form_number(mdl_doc_int(twins, "record_ids"), n));
    }
    if (mdl_doc_int(twins, "same_key") > 0) {
        say_field(f, "Duplicates", "%s accounts share a match key with another one",
                  form_number(mdl_doc_int(twins, "same_key"), n));
    }
    if (mdl_doc_int(d, "no_population") > 0) {
        say_field(f, "In none", "%s accounts are in no population",
                  form_number(mdl_doc_int(d, "no_population"), n));
    }
}

/* A small table of one list: two text members and figures. */
struct figures {
    const char *titles[4];
    const char *members[4];
    size_t n, n_text;
};

static enum mdl_status show_table(const struct figures *w, const json_t *list, FILE *f)
{
    enum mdl_align align[4];
    struct mdl_style style = term_style(f);
    size_t i;
    const json_t *o;

    for (size_t k = 0; k < w->n; k++) {
        align[k] = k < w->n_text ? MDL_LEFT : MDL_RIGHT;
    }
    struct mdl_table *t = mdl_table_new(w->n, w->titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    json_array_foreach(list, i, o)
    {
        char text[4][FORM];
        const char *cells[4];
        for (size_t k = 0; k < w->n; k++) {
            cells[k] = k < w->n_text ? mdl_doc_text(o, w->members[k])
                                     : form_number(mdl_doc_int(o, w->members[k]), text[k]);
        }
        /* A population without an account is worth seeing, a kind of key without one is not. */
        if (st == MDL_OK &&
            (w->n_text < 2 || mdl_doc_int(o, "keys") + mdl_doc_int(o, "accounts") > 0)) {
            st = mdl_table_row(t, cells);
        }
    }
    if (st == MDL_OK && mdl_table_rows(t) > 0) {
        (void)fputc('\n', f);
        mdl_table_print(t, &style, f);
    }
    mdl_table_free(t);
    return st;
}

/* What each population holds, and what it held before this import. */
static enum mdl_status show_populations(const json_t *d, FILE *f)
{
    static const char *const titles[] = {"POPULATION", "ACCOUNTS", "BEFORE", "CHANGE"};
    static const enum mdl_align align[] = {MDL_LEFT, MDL_RIGHT, MDL_RIGHT, MDL_RIGHT};
    const json_t *list = json_object_get(d, "populations");
    bool first = !json_is_integer(json_object_get(json_array_get(list, 0), "before"));
    struct mdl_style style = term_style(f);
    struct mdl_table *t = mdl_table_new(first ? 2 : 4, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    size_t i;
    const json_t *p;

    json_array_foreach(list, i, p)
    {
        char text[3][FORM];
        char change[FORM + 2];
        json_int_t more = mdl_doc_int(p, "accounts") - mdl_doc_int(p, "before");
        (void)snprintf(change, sizeof change, "%s%s", more > 0 ? "+" : "",
                       more != 0 ? form_number(more, text[2]) : "");
        const char *cells[] = {mdl_doc_text(p, "name"),
                               form_number(mdl_doc_int(p, "accounts"), text[0]),
                               form_number(mdl_doc_int(p, "before"), text[1]), change};
        st = st == MDL_OK ? mdl_table_row(t, cells) : st;
    }
    if (st == MDL_OK && mdl_table_rows(t) > 0) {
        (void)fputc('\n', f);
        mdl_table_print(t, &style, f);
    }
    mdl_table_free(t);
    return st;
}

static void show_marks(const json_t *d, FILE *f)
{
    const json_t *left = json_object_get(d, "left_out");
    char n[FORM];
    char columns[300];
    size_t i;
    const json_t *o;

    json_array_foreach(json_object_get(d, "populations_gone"), i, o)
    {
        say_shade(f, SHADE_YELLOW, "Population %s is gone (it held %s)\n", mdl_doc_text(o, "name"),
                  form_count(mdl_doc_int(o, "before"), "account", "accounts", n));
    }
    json_array_foreach(json_object_get(d, "rules_silent"), i, o)
    {
        const char *name = mdl_doc_text(o, "population");
        mdl_doc_join(json_object_get(o, "missing"), ", ", columns, sizeof columns);
        say_shade(f, SHADE_YELLOW, "%s%s selects nobody here: these files have no column %s\n",
                  name[0] != '\0' ? "Population " : "The private rule ",
                  name[0] != '\0' ? name : mdl_doc_text(o, "rule"), columns);
    }
    if (mdl_doc_int(left, "private") > 0) {
        say(f, "%s by rule: in no round\n",
            form_count(mdl_doc_int(left, "private"), "private account", "private accounts", n));
    }
    if (mdl_doc_int(left, "suppressed") > 0) {
        say(f, "%s by objection: in no round\n",
            form_count(mdl_doc_int(left, "suppressed"), "account left out", "accounts left out",
                       n));
    }
}

/* ---- rows that are not plain -------------------------------------------------------------------
 */

static void show_example(const json_t *row, FILE *f)
{
    char column[32] = "";
    if (mdl_doc_int(row, "column") > 0) {
        (void)snprintf(column, sizeof column, ", column %lld",
                       (long long)mdl_doc_int(row, "column"));
    }
    char first[400];
    (void)snprintf(first, sizeof first, "      %.250s, line %lld%s: ", mdl_doc_text(row, "file"),
                   (long long)mdl_doc_int(row, "line"), column);
    say_wrapped(f, first, mdl_doc_text(row, "text"));
}

static void show_issues(const char *title, enum shade shade, const json_t *part, FILE *f)
{
    const json_t *first = json_object_get(part, "first");
    char n[FORM];
    size_t i;
    const json_t *o;

    if (mdl_doc_int(part, "count") == 0) {
        return;
    }
    (void)fputc('\n', f);
    say_shade(f, shade, "%s: %s\n", title, form_number(mdl_doc_int(part, "count"), n));
    json_array_foreach(json_object_get(part, "reasons"), i, o)
    {
        say(f, "  %7s  %s\n", form_number(mdl_doc_int(o, "count"), n), mdl_doc_text(o, "meaning"));
    }
    json_array_foreach(first, i, o)
    {
        if (i == EXAMPLES) {
            say(f, "      …\n");
            break;
        }
        show_example(o, f);
    }
}

static void show_shared(const json_t *list, FILE *f)
{
    size_t i;
    const json_t *o;
    char text[2048] = "";

    json_array_foreach(list, i, o)
    {
        size_t n = strlen(text);
        (void)snprintf(text + n, sizeof text - n, "%s%s (%lld names)", i > 0 ? ", " : "",
                       mdl_doc_text(o, "domain"), (long long)mdl_doc_int(o, "names"));
    }
    if (text[0] != '\0') {
        (void)fputc('\n', f);
        say_shade(f, SHADE_YELLOW, "Domains that many companies share make no key\n");
        say_wrapped(f, "  ", text);
    }
}

static void show_head(const json_t *d, FILE *f)
{
    char ms[FORM];
    double seconds = json_number_value(json_object_get(d, "seconds"));
    bool preview = json_is_true(json_object_get(d, "preview"));
    size_t i;
    const json_t *file;

    if (preview) {
        say_shade(f, SHADE_BOLD, "Preview: the import would do this; nothing was changed\n\n");
    } else {
        say_shade(f, SHADE_GREEN, "✓ ");
        say_shade(f, SHADE_BOLD, "Imported source %s", mdl_doc_text(d, "source"));
        say(f, " in %s\n\n", form_ms((json_int_t)(seconds * 1000), ms));
    }
    json_array_foreach(json_object_get(d, "files"), i, file)
    {
        show_file(file, f);
    }
    (void)fputc('\n', f);
    if (preview && mdl_doc_int(d, "accounts") == 0) {
        say_shade(f, SHADE_YELLOW, "No account: the import would be refused\n\n");
    }
}

/* The report names so many rejected rows and no more: a file of another encoding has millions. */
static long long not_named(const json_t *rejected)
{
    return (long long)mdl_doc_int(rejected, "count") -
           (long long)json_array_size(json_object_get(rejected, "first"));
}

static void show_rejected_file(const char *name, const json_t *rejected, FILE *f)
{
    char a[FORM];
    char b[FORM];
    say(f, "\n%s holds ", name);
    if (not_named(rejected) > 0) {
        say_shade(f, SHADE_YELLOW, "only the first %s of %s rejected rows",
                  form_number((json_int_t)json_array_size(json_object_get(rejected, "first")), a),
                  form_number(mdl_doc_int(rejected, "count"), b));
        say(f, "; mend these and import again to see the others\n");
    } else {
        say(f, "all rejected rows: %s\n", form_number(mdl_doc_int(rejected, "count"), a));
    }
}

enum mdl_status show_import(struct cli *c, const json_t *d, FILE *f)
{
    static const struct figures keys = {
        {"MATCH KEY", "TIER", "KEYS", "ACCOUNTS"}, {"label", "tier", "keys", "accounts"}, 4, 2};
    size_t i;
    const json_t *file;

    show_head(d, f);
    show_figures(d, f);
    enum mdl_status st = show_populations(d, f);
    show_marks(d, f);
    st = st == MDL_OK ? show_table(&keys, json_object_get(d, "keys"), f) : st;
    json_array_foreach(json_object_get(d, "files"), i, file)
    {
        st = st == MDL_OK ? show_columns(file, f) : st;
    }
    show_issues("Rejected rows", SHADE_RED, json_object_get(d, "rejected"), f);
    show_issues("Accounts without a match key", SHADE_YELLOW, json_object_get(d, "without_key"), f);
    show_issues("Left out on purpose", SHADE_DIM, json_object_get(d, "skipped"), f);
    show_shared(json_object_get(d, "denied_domains"), f);
    if (option_given(&c->o, "rejected")) {
        show_rejected_file(option_text(&c->o, "rejected"), json_object_get(d, "rejected"), f);
    }
    return st;
}

/* ---- rejected rows as CSV ----------------------------------------------------------------------
 */

static void rejected_row(const json_t *o, FILE *f)
{
    char line[32];
    char column[32];
    (void)snprintf(line, sizeof line, "%lld", (long long)mdl_doc_int(o, "line"));
    (void)snprintf(column, sizeof column, "%lld", (long long)mdl_doc_int(o, "column"));
    const char *cells[] = {mdl_doc_text(o, "file"),
                           line,
                           column,
                           mdl_doc_text(o, "label"),
                           mdl_doc_text(o, "record_id"),
                           mdl_doc_text(o, "reason"),
                           mdl_doc_text(o, "text")};
    mdl_csv_row(cells, 7, f);
}

enum mdl_status write_rejected(struct cli *c, const json_t *report, FILE *f)
{
    static const char *const titles[] = {"file",      "line",   "column", "label",
                                         "record_id", "reason", "text"};
    const json_t *part = json_object_get(report, "rejected");
    const json_t *rows = json_object_get(part, "first");
    const char *name = option_text(&c->o, "rejected");
    size_t i;
    const json_t *o;

    mdl_csv_row(titles, 7, f);
    json_array_foreach(rows, i, o)
    {
        rejected_row(o, f);
    }
    if (not_named(part) > 0) {
        char text[160];
        (void)snprintf(text, sizeof text,
                       "%lld more rejected rows are not listed here: mend these and import again",
                       not_named(part));
        const char *cells[] = {"", "", "", "", "", "not-listed", text};
        mdl_csv_row(cells, 7, f);
    }
    if (fflush(f) != 0 || ferror(f)) {
        return mdl_fail(&c->err, errno == ENOSPC ? MDL_L_DISK_FULL : MDL_L_IO,
                        "the accounts are imported, but '%s' cannot be written: %s", name,
                        strerror(errno));
    }
    if (c->json && not_named(part) > 0) {
        say(stderr, "mandorla: %s holds only the first %zu of %lld rejected rows\n", name,
            json_array_size(rows), (long long)mdl_doc_int(part, "count"));
    }
    return MDL_OK;
}
