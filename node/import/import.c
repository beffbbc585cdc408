/* import.c: one import from begin to free: options, files, the report, and what a failure does.
 * May not read a cell. */
#include "import_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first failure stays: it is what every later call returns. imp->error may hold the text of
 * something that was no failure, so `failed` decides. */
static enum mdl_status fail(struct mdl_import *imp, enum mdl_status st, struct mdl_error *err)
{
    if (st != MDL_OK && imp->failed == MDL_OK) {
        imp->failed = st;
        if (imp->error.status != st) {
            (void)mdl_fail(&imp->error, st, "%s", mdl_status_meaning(st));
        }
        imp->aborted = true;
        imp->sink.abort(imp->sink.ctx);
    }
    if (imp->failed != MDL_OK && err != NULL) {
        *err = imp->error;
    }
    return imp->failed;
}

static enum mdl_status fail_in_file(struct mdl_import *imp, enum mdl_status st,
                                    struct mdl_error *err)
{
    if (st != MDL_OK && imp->error.status == st) {
        (void)mdl_error_prefix(&imp->error, "%s: ", imp->file->name);
    }
    return fail(imp, st, err);
}

void mdl_imp_issue(struct mdl_import *imp, enum mdl_import_issue_kind kind, uint64_t line,
                   uint32_t column, const char *fmt, ...)
{
    imp->report.issues[kind]++;
    if (imp->sink.issue == NULL) {
        return;
    }
    char text[640];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct mdl_import_issue i = {
        .kind = kind,
        .file = imp->file->name,
        .line = line,
        .column = column,
        .label =
            column > 0 && column <= imp->columns->n ? imp->columns->column[column - 1].label : "",
        .record_id = imp->row_id,
        .text = text,
    };
    imp->sink.issue(imp->sink.ctx, &i);
}

static enum mdl_status on_text(void *ctx, const char *s, size_t len, struct mdl_error *err)
{
    struct mdl_import *imp = ctx;
    imp->file->encoding = imp->source.encoding;
    imp->file->delimiter = imp->source.delimiter;
    imp->table.latin = imp->source.encoding == MDL_ENCODING_WINDOWS_1252;
    if (imp->source.skip_line) {
        imp->source.skip_line = false;
        imp->table.skipping = true;
    }
    enum mdl_status st = mdl_imp_table_text(&imp->table, imp->source.delimiter, s, len, err);
    imp->file->lines = imp->table.line - imp->table.at_line_start;
    return st;
}

static enum mdl_status add_maps(struct mdl_import *imp, const struct mdl_import_options *o,
                                struct mdl_error *err)
{
    if (o->n_maps > MDL_IMPORT_MAPS_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%zu mappings; at most %d", o->n_maps,
                        MDL_IMPORT_MAPS_MAX);
    }
    imp->maps = calloc(o->n_maps + 1, sizeof *imp->maps);
    if (imp->maps == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for the mappings");
    }
    for (; imp->n_maps < o->n_maps; imp->n_maps++) {
        struct mdl_imp_map *m = &imp->maps[imp->n_maps];
        enum mdl_status st = mdl_imp_map_parse(o->maps[imp->n_maps], m, err);
        if (st != MDL_OK) {
            return st;
        }
        for (size_t i = 0; i < imp->n_maps; i++) {
            if (strcmp(imp->maps[i].whole, m->whole) == 0) {
                return mdl_fail(err, MDL_U_ARGUMENT, "\"%.80s\": the column is mapped twice",
                                m->text);
            }
        }
    }
    return MDL_OK;
}

/* Gives the rule's population its bit. */
static enum mdl_status add_population(struct mdl_import *imp, struct mdl_imp_rule *rule,
                                      struct mdl_error *err)
{
    struct mdl_import_plan *plan = &imp->report.plan;
    for (size_t i = 0; i + 1 < imp->n_rules; i++) {
        if (strcmp(imp->rules[i].name, rule->name) == 0) {
            return mdl_fail(err, MDL_U_ARGUMENT,
                            "population %s has two rules; join them with \"or\"", rule->name);
        }
    }
    size_t at = 0;
    while (at < plan->n && strcmp(plan->name[at], rule->name) != 0) {
        at++;
    }
    if (at == MDL_IMPORT_POPULATIONS) {
        return mdl_fail(err, MDL_U_ARGUMENT, "at most %d populations", MDL_IMPORT_POPULATIONS);
    }
    if (at == plan->n) {
        memcpy(plan->name[plan->n++], rule->name, sizeof rule->name);
    }
    rule->bit = UINT32_C(1) << at;
    imp->defaults &= ~rule->bit;
    if (at == MDL_POP_PROSPECTS) {
        plan->fallback = -1;
    }
    return MDL_OK;
}

static enum mdl_status add_rules(struct mdl_import *imp, const struct mdl_import_options *o,
                                 struct mdl_error *err)
{
    static const char standard[MDL_POP_STANDARD][MDL_IMPORT_POPULATION_MAX + 1] = {
        "customers", "open-opportunities", "prospects"};
    memcpy(imp->report.plan.name, standard, sizeof standard);
    imp->report.plan.n = MDL_POP_STANDARD;
    imp->report.plan.fallback = MDL_POP_PROSPECTS;
    imp->defaults = (1u << MDL_POP_STANDARD) - 1;
    if (o->n_populations > MDL_IMPORT_POPULATIONS) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%zu population rules; at most %d", o->n_populations,
                        MDL_IMPORT_POPULATIONS);
    }
    imp->rules = calloc(o->n_populations + 1, sizeof *imp->rules);
    imp->bindings = calloc(o->n_populations + 1, sizeof *imp->bindings);
    if (imp->rules == NULL || imp->bindings == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for the population rules");
    }
    for (size_t i = 0; i < o->n_populations; i++) {
        struct mdl_imp_rule *rule = &imp->rules[imp->n_rules++];
        enum mdl_status st = mdl_imp_rule_parse(o->populations[i], rule, err);
        st = st == MDL_OK ? add_population(imp, rule, err) : st;
        if (st != MDL_OK) {
            return st;
        }
    }
    return MDL_OK;
}

static void number_key_types(struct mdl_import_report *r)
{
#define KEY_TYPE(name, number, slug, label, prio, tier) number,
    static const uint8_t types[] = {MDL_KEY_TYPE_LIST(KEY_TYPE)};
#undef KEY_TYPE
    _Static_assert(sizeof types == MDL_IMPORT_KEY_TYPES, "one count a key type");
    for (size_t i = 0; i < MDL_IMPORT_KEY_TYPES; i++) {
        r->keys[i].type = types[i];
    }
}

enum mdl_status mdl_import_begin(const struct mdl_import_options *options,
                                 const struct mdl_import_sink *sink, struct mdl_import **out,
                                 struct mdl_error *err)
{
    *out = NULL;
    bool odd = options->delimiter == '"' || options->delimiter == '\n' ||
               options->delimiter == '\r' || (unsigned char)options->delimiter > 0x7F ||
               options->encoding > MDL_ENCODING_WINDOWS_1252;
    if (options->profile == NULL || odd) {
        return mdl_fail(err, MDL_U_ARGUMENT, "no such delimiter or encoding");
    }
    struct mdl_import *imp = calloc(1, sizeof *imp);
    if (imp == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for an import");
    }
    imp->profile = imp->asking.countries.profile = options->profile;
    imp->encoding = options->encoding;
    imp->delimiter = options->delimiter;
    imp->sink = *sink;
    number_key_types(&imp->report);
    imp->source.text = on_text;
    imp->table.row = mdl_imp_row;
    imp->source.ctx = imp->table.ctx = imp;
    enum mdl_status st = add_maps(imp, options, err);
    st = st == MDL_OK ? add_rules(imp, options, err) : st;
    if (st != MDL_OK) {
        imp->aborted = true; /* the sink has not begun */
        mdl_import_free(imp);
        return st;
    }
    *out = imp;
    return MDL_OK;
}

static void copy_name(char out[256], const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : path;
    size_t n = strlen(name);
    n = n > 255 ? 255 : n;
    while (n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80) {
        n--;
    }
    memcpy(out, name, n);
    out[n] = '\0';
}

enum mdl_status mdl_import_file_begin(struct mdl_import *imp, const char *name,
                                      struct mdl_error *err)
{
    if (imp->failed != MDL_OK) {
        return fail(imp, MDL_OK, err);
    }
    struct mdl_import_report *r = &imp->report;
    enum mdl_status st = MDL_OK;
    if (imp->in_file || imp->finished) {
        st = mdl_fail(&imp->error, MDL_BUG, "a file is begun before the last one is ended");
    } else if (r->n_files == MDL_IMPORT_FILES_MAX) {
        st = mdl_fail(&imp->error, MDL_U_TOO_LARGE, "an import has at most %d files",
                      MDL_IMPORT_FILES_MAX);
    } else {
        st = mdl_imp_table_begin(&imp->table, &imp->error);
    }
    if (st != MDL_OK) {
        return fail(imp, st, err);
    }
    imp->columns = &imp->all_columns[r->n_files];
    imp->file = &r->files[r->n_files++];
    copy_name(imp->file->name, name);
    imp->in_file = true;
    imp->footer = false;
    imp->header_rows = 0;
    imp->best_filled = 0;
    imp->row_id = "";
    mdl_imp_source_begin(&imp->source, imp->encoding, imp->delimiter);
    return MDL_OK;
}

enum mdl_status mdl_import_feed(struct mdl_import *imp, const void *data, size_t len,
                                struct mdl_error *err)
{
    if (imp->failed != MDL_OK) {
        return fail(imp, MDL_OK, err);
    }
    if (!imp->in_file) {
        return fail(imp, mdl_fail(&imp->error, MDL_BUG, "bytes are fed outside a file"), err);
    }
    imp->file->bytes += len;
    imp->report.bytes += len;
    enum mdl_status st = mdl_imp_source_feed(&imp->source, data, len, &imp->error);
    if (st != MDL_OK) {
        return fail_in_file(imp, st, err);
    }
    bool go = imp->sink.progress == NULL ||
              imp->sink.progress(imp->sink.ctx, imp->report.bytes, imp->report.rows);
    if (!go) {
        st = mdl_fail(&imp->error, MDL_U_CANCELLED, "the import was stopped; nothing was changed");
    }
    return fail(imp, st, err);
}

enum mdl_status mdl_import_file_end(struct mdl_import *imp, struct mdl_error *err)
{
    if (imp->failed != MDL_OK) {
        return fail(imp, MDL_OK, err);
    }
    if (!imp->in_file) {
        return fail(imp, mdl_fail(&imp->error, MDL_BUG, "a file is ended that was not begun"), err);
    }
    imp->in_file = false;
    enum mdl_status st = mdl_imp_source_end(&imp->source, &imp->error);
    st = st == MDL_OK ? mdl_imp_table_end(&imp->table, &imp->error) : st;
    st = st == MDL_OK ? mdl_imp_rows_end(imp, &imp->error) : st;
    return fail_in_file(imp, st, err);
}

/* "Firma, Web, Land", as many as fit. */
static void found_columns(const struct mdl_import *imp, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t f = 0; f < imp->report.n_files; f++) {
        const struct mdl_import_file *file = &imp->report.files[f];
        for (size_t i = 0; i < file->n_columns; i++) {
            const char *label = file->columns[i].label;
            size_t left = size - at;
            int n = snprintf(out + at, left, "%s%s", at > 0 ? ", " : "", label);
            if (n < 0 || (size_t)n >= left) {
                out[at] = '\0'; /* a label is not cut: it may be copied from here */
                return;
            }
            at += (size_t)n;
        }
    }
}

static bool in_some_file(const struct mdl_import *imp, const char *label)
{
    bool found = false;
    for (size_t f = 0; f < imp->report.n_files && !found; f++) {
        found = mdl_imp_locate(&imp->all_columns[f], label) != INT32_MIN;
    }
    return found;
}

static enum mdl_status refuse_rule(struct mdl_import *imp, const struct mdl_imp_rule *r)
{
    char found[300];
    found_columns(imp, found, sizeof found);
    for (size_t i = 0; i < r->n_columns; i++) {
        if (!in_some_file(imp, r->pool.p + r->column[i])) {
            return mdl_fail(&imp->error, MDL_U_ARGUMENT,
                            "population %s: no file has a column \"%.80s\". Found: %s", r->name,
                            r->pool.p + r->said[i], found);
        }
    }
    return mdl_fail(
        &imp->error, MDL_U_ARGUMENT,
        "population %s: no file has all the columns of its rule; \"%.40s\" and \"%.40s\" "
        "stand in different files: import without it, then 'mandorla population add' asks of an "
        "opportunity together with its account",
        r->name, r->pool.p + r->said[0], r->pool.p + r->said[r->n_columns - 1]);
}

/* What the operator said of columns that no file has was a slip, and would go unnoticed. */
static enum mdl_status check_used(struct mdl_import *imp)
{
    for (size_t i = 0; i < imp->n_maps; i++) {
        if (!imp->maps[i].used) {
            char found[300];
            found_columns(imp, found, sizeof found);
            return mdl_fail(&imp->error, MDL_U_ARGUMENT,
                            "mapping \"%.100s\": no file has such a column. Found: %s",
                            imp->maps[i].text, found);
        }
    }
    for (size_t i = 0; i < imp->n_rules; i++) {
        if (!imp->rules[i].used) {
            return refuse_rule(imp, &imp->rules[i]);
        }
    }
    return MDL_OK;
}

enum mdl_status mdl_import_finish(struct mdl_import *imp, struct mdl_error *err)
{
    if (imp->failed != MDL_OK) {
        return fail(imp, MDL_OK, err);
    }
    enum mdl_status st = MDL_OK;
    if (imp->in_file || imp->finished) {
        st = mdl_fail(&imp->error, MDL_BUG, "the import is finished twice or inside a file");
    } else if (imp->report.n_files == 0) {
        st = mdl_fail(&imp->error, MDL_U_STATE, "no file was given to import");
    } else {
        st = check_used(imp);
    }
    if (st == MDL_OK) {
        st = imp->sink.finish(imp->sink.ctx, &imp->report, &imp->error);
    }
    imp->finished = st == MDL_OK;
    return fail(imp, st, err);
}

const struct mdl_import_report *mdl_import_report(const struct mdl_import *imp)
{
    return &imp->report;
}

void mdl_import_free(struct mdl_import *imp)
{
    if (imp == NULL) {
        return;
    }
    if (!imp->finished && !imp->aborted) {
        imp->sink.abort(imp->sink.ctx);
    }
    for (size_t i = 0; i < MDL_IMPORT_FILES_MAX; i++) {
        mdl_imp_columns_free(&imp->all_columns[i]);
    }
    for (size_t i = 0; i < imp->n_rules; i++) {
        mdl_imp_rule_free(&imp->rules[i]);
    }
    mdl_imp_held_free(imp);
    mdl_imp_source_free(&imp->source);
    mdl_imp_table_free(&imp->table);
    mdl_imp_buf_free(&imp->scratch);
    mdl_imp_buf_free(&imp->join_name);
    mdl_imp_buf_free(&imp->asking.folded);
    mdl_imp_buf_free(&imp->header);
    mdl_imp_buf_free(&imp->kept);
    free(imp->maps);
    free(imp->rules);
    free(imp->bindings);
    free(imp);
}
