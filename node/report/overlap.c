/* overlap.c: overlap, whitespace and bundle documents as tables and CSV.
 * It may not filter or count: what the service says is what stands here. */
#include "report.h"

#define JOINED 2048 /* 32 populations, 32 bytes each, fit */

static enum mdl_status done(enum mdl_status st, FILE *out)
{
    if (st == MDL_OK && ferror(out)) {
        return MDL_L_IO;
    }
    return st;
}

static enum mdl_status overlap_row(struct mdl_table *t, const json_t *row)
{
    char own[JOINED];
    char theirs[JOINED];
    mdl_doc_join(json_object_get(row, "populations"), ", ", own, sizeof own);
    mdl_doc_join(json_object_get(row, "partner_populations"), ", ", theirs, sizeof theirs);
    const char *cells[] = {mdl_doc_text(row, "name"), own, theirs, mdl_doc_text(row, "key_label"),
                           mdl_doc_text(row, "record_id")};
    return mdl_table_row(t, cells);
}

enum mdl_status mdl_report_overlap(const json_t *overlap, const struct mdl_style *style, FILE *out)
{
    static const char *const titles[] = {"ACCOUNT", "OURS", "THEIRS", "MATCHED BY", "RECORD ID"};
    static const enum mdl_align align[] = {MDL_LEFT, MDL_LEFT, MDL_LEFT, MDL_LEFT, MDL_LEFT};
    struct mdl_table *t = mdl_table_new(5, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    size_t i;
    const json_t *row;

    json_array_foreach(json_object_get(overlap, "rows"), i, row)
    {
        st = st == MDL_OK ? overlap_row(t, row) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, style, out);
    }
    mdl_table_free(t);
    return done(st, out);
}

enum mdl_status mdl_report_overlap_csv(const json_t *overlap, bool header, FILE *out)
{
    static const char *const titles[] = {
        "record_id",          "name",    "population", "matched_key_type",
        "partner_population", "website", "source"};
    size_t i;
    const json_t *row;

    if (header) {
        mdl_csv_row(titles, 7, out);
    }
    json_array_foreach(json_object_get(overlap, "rows"), i, row)
    {
        char own[JOINED];
        char theirs[JOINED];
        mdl_doc_join(json_object_get(row, "populations"), ";", own, sizeof own);
        mdl_doc_join(json_object_get(row, "partner_populations"), ";", theirs, sizeof theirs);
        const char *cells[] = {mdl_doc_text(row, "record_id"),
                               mdl_doc_text(row, "name"),
                               own,
                               mdl_doc_text(row, "key_type"),
                               theirs,
                               mdl_doc_text(row, "website"),
                               mdl_doc_text(row, "source")};
        mdl_csv_row(cells, 7, out);
    }
    return done(MDL_OK, out);
}

static const char *yes_no(const json_t *row)
{
    return json_is_true(json_object_get(row, "review")) ? "yes" : "no";
}

/* `review`: with the column that tells which accounts are in the list for review too. */
static enum mdl_status plain_rows(const json_t *rows, bool review, const struct mdl_style *style,
                                  FILE *out)
{
    static const char *const titles[] = {"ACCOUNT", "POPULATION", "WEBSITE", "RECORD ID", "REVIEW"};
    static const enum mdl_align align[] = {MDL_LEFT, MDL_LEFT, MDL_LEFT, MDL_LEFT, MDL_LEFT};
    struct mdl_table *t = mdl_table_new(review ? 5 : 4, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    size_t i;
    const json_t *row;

    json_array_foreach(rows, i, row)
    {
        char own[JOINED];
        mdl_doc_join(json_object_get(row, "populations"), ", ", own, sizeof own);
        const char *cells[] = {mdl_doc_text(row, "name"), own, mdl_doc_text(row, "website"),
                               mdl_doc_text(row, "record_id"), yes_no(row)};
        st = st == MDL_OK ? mdl_table_row(t, cells) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, style, out);
    }
    mdl_table_free(t);
    return done(st, out);
}

enum mdl_status mdl_report_whitespace(const json_t *whitespace, const struct mdl_style *style,
                                      FILE *out)
{
    return plain_rows(json_object_get(whitespace, "rows"), true, style, out);
}

/* Rows with two more cells: `sixth` (NULL: whether the row is for review too) and `last` (NULL: the
 * partner's populations that the row's account is not among). */
static void plain_csv(const json_t *rows, const char *sixth, const char *last, FILE *out)
{
    size_t i;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        char own[JOINED];
        char theirs[JOINED];
        mdl_doc_join(json_object_get(row, "populations"), ";", own, sizeof own);
        mdl_doc_join(json_object_get(row, "not_among"), ";", theirs, sizeof theirs);
        const char *cells[] = {mdl_doc_text(row, "record_id"),
                               mdl_doc_text(row, "name"),
                               own,
                               mdl_doc_text(row, "website"),
                               mdl_doc_text(row, "source"),
                               sixth != NULL ? sixth : yes_no(row),
                               last != NULL ? last : theirs};
        mdl_csv_row(cells, 7, out);
    }
}

enum mdl_status mdl_report_whitespace_csv(const json_t *whitespace, bool header, FILE *out)
{
    static const char *const titles[] = {"record_id", "name",   "population", "website",
                                         "source",    "review", "not_among"};
    if (header) {
        mdl_csv_row(titles, 7, out);
    }
    plain_csv(json_object_get(whitespace, "rows"), NULL, NULL, out);
    return done(MDL_OK, out);
}

static void population_line(const json_t *counts, FILE *out)
{
    size_t i;
    const json_t *c;
    json_array_foreach(counts, i, c)
    {
        (void)fputs(i > 0 ? ", " : "  ", out);
        mdl_text_print(mdl_doc_text(c, "population"), 0, out);
        (void)fprintf(out, " %lld", (long long)mdl_doc_int(c, "count"));
    }
    (void)fputs("\n\n", out);
}

static void name_of(const json_t *list, size_t i, FILE *out)
{
    const char *name = json_string_value(json_array_get(list, i));
    mdl_text_print(name != NULL ? name : "", 0, out);
}

static void rectangle(const json_t *d, FILE *out)
{
    char own[JOINED];
    char theirs[JOINED];
    mdl_doc_join(json_object_get(d, "populations"), ", ", own, sizeof own);
    mdl_doc_join(json_object_get(d, "partner_populations"), ", ", theirs, sizeof theirs);
    (void)fputs("our ", out);
    mdl_text_print(own, 0, out);
    (void)fputs(" with their ", out);
    mdl_text_print(theirs, 0, out);
}

void mdl_report_scope(const json_t *d, FILE *out)
{
    const json_t *compared = json_object_get(d, "compared");
    size_t i;
    const json_t *group;

    if (!json_is_array(compared)) {
        rectangle(d, out);
        return;
    }
    if (json_array_size(compared) == 0) {
        (void)fputs("no population account by account", out);
    }
    json_array_foreach(compared, i, group)
    {
        (void)fputs(i > 0 ? "; " : "", out);
        rectangle(group, out);
    }
}

bool mdl_report_counted(const json_t *d, const char *before, FILE *out)
{
    size_t i;
    const json_t *group;
    json_array_foreach(json_object_get(d, "counted"), i, group)
    {
        (void)fputs(i > 0 ? "; " : before, out);
        rectangle(group, out);
    }
    return i > 0;
}

/* Not that the other has none of them: it may, in populations that were not compared. */
static enum mdl_status only_part(const json_t *only, const struct mdl_style *style, FILE *out)
{
    (void)fprintf(out, "\n%lld in the overlap with ", (long long)mdl_doc_int(only, "count"));
    mdl_text_print(mdl_doc_text(only, "partner"), 0, out);
    (void)fputs(", not in that with ", out);
    mdl_text_print(mdl_doc_text(only, "other"), 0, out);
    (void)fputc('\n', out);
    population_line(json_object_get(only, "by_population"), out);
    return plain_rows(json_object_get(only, "rows"), false, style, out);
}

enum mdl_status mdl_report_bundle(const json_t *bundle, const struct mdl_style *style, FILE *out)
{
    const json_t *partners = json_object_get(bundle, "partners");
    const json_t *both = json_object_get(bundle, "both");
    size_t i;
    const json_t *item;

    (void)fprintf(out, "%lld of our accounts are in the overlap with both ",
                  (long long)mdl_doc_int(both, "count"));
    name_of(partners, 0, out);
    (void)fputs(" and ", out);
    name_of(partners, 1, out);
    (void)fputc('\n', out);
    json_array_foreach(json_object_get(bundle, "scopes"), i, item)
    {
        (void)fputs("  compared with ", out);
        name_of(partners, i, out);
        (void)fputs(": ", out);
        mdl_report_scope(item, out);
        (void)fputc('\n', out);
    }
    population_line(json_object_get(both, "by_population"), out);
    enum mdl_status st = plain_rows(json_object_get(both, "rows"), false, style, out);
    json_array_foreach(json_object_get(bundle, "only"), i, item)
    {
        st = st == MDL_OK ? only_part(item, style, out) : st;
    }
    return done(st, out);
}

/* "Fabrikam: customers with prospects": the overlap that the rows of a list are not in. */
static void other_scope(const json_t *bundle, size_t other, char *out, size_t size)
{
    const json_t *scope = json_array_get(json_object_get(bundle, "scopes"), other);
    const char *name =
        json_string_value(json_array_get(json_object_get(bundle, "partners"), other));
    char own[JOINED];
    char theirs[JOINED];
    mdl_doc_join(json_object_get(scope, "populations"), ";", own, sizeof own);
    mdl_doc_join(json_object_get(scope, "partner_populations"), ";", theirs, sizeof theirs);
    (void)snprintf(out, size, "%s: %s with %s", name != NULL ? name : "", own, theirs);
}

enum mdl_status mdl_report_bundle_csv(const json_t *bundle, FILE *out)
{
    static const char *const titles[] = {"record_id",     "name",   "population",
                                         "website",       "source", "in_overlap_with",
                                         "not_in_overlap"};
    char without[2 * JOINED + 300];
    size_t i;
    const json_t *only;

    mdl_csv_row(titles, 7, out);
    plain_csv(json_object_get(json_object_get(bundle, "both"), "rows"), "both", "", out);
    json_array_foreach(json_object_get(bundle, "only"), i, only)
    {
        other_scope(bundle, i == 0 ? 1 : 0, without, sizeof without);
        plain_csv(json_object_get(only, "rows"), mdl_doc_text(only, "partner"), without, out);
    }
    return done(MDL_OK, out);
}
