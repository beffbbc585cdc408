/* import_rows.c: finds the header, then sends each row where it belongs: accounts, deals, footer.
 * May not know what makes an account. */
#include "import_kept.h"
#include "import_state.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

uint32_t mdl_imp_field_column(const struct mdl_import *imp, enum mdl_import_field field)
{
    if (imp->columns->slot[field].n == 0) {
        return 0;
    }
    return (uint32_t)imp->columns->slot[field].at[0] + 1;
}

char mdl_imp_decimal(const struct mdl_import *imp)
{
    return imp->file->delimiter == ';' ? ','
                                       : '.'; /* Excel separates by ; where , is the decimal */
}

struct mdl_import_money mdl_imp_money(struct mdl_import *imp, enum mdl_import_field field,
                                      uint64_t line)
{
    struct mdl_import_money m = {false, 0};
    const char *s = imp->field[field];
    if (s[0] == '\0') {
        return m;
    }
    m.present = mdl_imp_number(s, mdl_imp_decimal(imp), &m.hundredths);
    if (!m.present) {
        mdl_imp_issue(imp, MDL_ISSUE_AMOUNT, line, mdl_imp_field_column(imp, field),
                      "\"%.40s\" is not an amount", s);
    }
    return m;
}

/* The fields' values: of several columns for one field the first that is filled. */
static void gather(struct mdl_import *imp, const struct mdl_imp_row *row)
{
    const struct mdl_imp_columns *c = imp->columns;
    for (size_t f = 0; f < MDL_FIELD_COUNT; f++) {
        imp->field[f] = "";
        for (size_t i = 0; i < c->slot[f].n && imp->field[f][0] == '\0'; i++) {
            imp->field[f] = row->cell[c->slot[f].at[i]];
        }
    }
    imp->row_id = imp->field[MDL_FIELD_RECORD_ID];
}

bool mdl_imp_apply_rules(struct mdl_import *imp, const struct mdl_imp_row *row, uint32_t *mask)
{
    for (size_t r = 0; r < imp->n_rules; r++) {
        const struct mdl_imp_rule *rule = &imp->rules[r];
        if (!imp->bindings[r].applies || (*mask & rule->bit) != 0) {
            continue;
        }
        struct mdl_imp_value value[MDL_IMP_RULE_COLUMNS];
        for (size_t i = 0; i < rule->n_columns; i++) {
            int32_t at = imp->bindings[r].at[i];
            value[i].text = at >= 0 ? row->cell[at] : imp->field[-1 - at];
            value[i].decimal = mdl_imp_decimal(imp);
            value[i].country = mdl_imp_is_country(imp->columns, at);
        }
        bool yes;
        if (!mdl_imp_rule_eval(rule, value, &imp->asking, &yes)) {
            return false;
        }
        *mask |= yes ? rule->bit : 0;
    }
    return true;
}

int32_t mdl_imp_locate(const struct mdl_imp_columns *c, const char *label)
{
    long at = mdl_imp_columns_find(c, label, 1);
    if (at >= 0) {
        return (int32_t)at;
    }
    for (int32_t f = 0; f < MDL_FIELD_COUNT; f++) {
        if (c->slot[f].n > 0 && strcmp(label, mdl_import_field_slug((uint8_t)f)) == 0) {
            return -1 - f;
        }
    }
    return INT32_MIN;
}

bool mdl_imp_is_country(const struct mdl_imp_columns *c, int32_t at)
{
    return at >= 0 ? c->column[at].field == MDL_FIELD_COUNTRY : -1 - at == MDL_FIELD_COUNTRY;
}

static void bind_rule(struct mdl_import *imp, struct mdl_imp_rule *rule, struct mdl_imp_binding *b)
{
    b->applies = true;
    for (size_t i = 0; i < rule->n_columns; i++) {
        b->at[i] = mdl_imp_locate(imp->columns, rule->pool.p + rule->column[i]);
        b->applies = b->applies && b->at[i] != INT32_MIN;
    }
    rule->used = rule->used || b->applies;
}

/* Cells that somebody reads, and those that are only kept; the first one tells a footer. */
static void want_cells(struct mdl_import *imp)
{
    const struct mdl_imp_columns *c = imp->columns;
    memset(imp->table.wanted, 0, sizeof imp->table.wanted);
    for (size_t i = 0; i < c->n; i++) {
        imp->table.wanted[i] = mdl_imp_kept_column(&c->column[i]) ? MDL_IMP_KEPT : MDL_IMP_UNWANTED;
    }
    imp->table.wanted[0] = MDL_IMP_READ;
    for (size_t f = 0; f < MDL_FIELD_COUNT; f++) {
        for (size_t i = 0; i < c->slot[f].n; i++) {
            imp->table.wanted[c->slot[f].at[i]] = MDL_IMP_READ;
        }
    }
    for (size_t i = 0; i < c->n_identifiers; i++) {
        imp->table.wanted[c->identifier[i]] = MDL_IMP_READ;
    }
    for (size_t r = 0; r < imp->n_rules; r++) {
        for (size_t i = 0; imp->bindings[r].applies && i < imp->rules[r].n_columns; i++) {
            if (imp->bindings[r].at[i] >= 0) {
                imp->table.wanted[imp->bindings[r].at[i]] = MDL_IMP_READ;
            }
        }
    }
    imp->table.all = false;
}

static enum mdl_status accept_header(struct mdl_import *imp, const struct mdl_imp_row *row,
                                     struct mdl_error *err)
{
    imp->file->kind = imp->columns->kind;
    imp->file->header_line = row->line;
    for (size_t r = 0; r < imp->n_rules; r++) {
        bind_rule(imp, &imp->rules[r], &imp->bindings[r]);
    }
    want_cells(imp);
    return mdl_imp_kept_header(imp->columns, mdl_imp_decimal(imp), &imp->header)
               ? MDL_OK
               : mdl_fail(err, MDL_L_MEMORY, "no memory for the header");
}

static enum mdl_status keep_row(struct mdl_import *imp, const struct mdl_imp_row *row,
                                struct mdl_error *err)
{
    return mdl_imp_kept_cells(imp->columns, row->cell, &imp->kept)
               ? MDL_OK
               : mdl_fail(err, MDL_L_MEMORY, "no memory for a row");
}

struct mdl_import_kept mdl_imp_kept(const struct mdl_import *imp)
{
    return (struct mdl_import_kept){.file = imp->report.n_files - 1,
                                    .header = imp->header.p,
                                    .header_len = imp->header.len,
                                    .row = imp->kept.p,
                                    .row_len = imp->kept.len};
}

/* Reads a row as the header. Of rows that are none the widest is kept, to be shown if none comes.
 */
static enum mdl_status header_row(struct mdl_import *imp, const struct mdl_imp_row *row,
                                  struct mdl_error *err)
{
    imp->header_rows++;
    if (row->issue != MDL_ISSUE_COUNT || row->n_cells > MDL_IMPORT_COLUMNS_MAX) {
        return mdl_fail(err, row->n_cells > MDL_IMPORT_COLUMNS_MAX ? MDL_U_TOO_LARGE : MDL_U_CSV,
                        "line %ju: the header cannot be read: %s", (uintmax_t)row->line,
                        row->issue != MDL_ISSUE_COUNT ? row->text : "too many columns");
    }
    struct mdl_imp_columns c;
    enum mdl_status st =
        mdl_imp_columns_read(&c, row->cell, row->n_cells, imp->maps, imp->n_maps, err);
    if (st != MDL_OK || (c.kind == MDL_KIND_UNKNOWN && row->n_filled <= imp->best_filled)) {
        mdl_imp_columns_free(&c);
    } else {
        mdl_imp_columns_free(imp->columns);
        *imp->columns = c;
        imp->best_filled = row->n_filled;
        imp->file->n_columns = c.n;
        imp->file->columns = c.column;
    }
    if (st == MDL_OK && imp->columns->kind != MDL_KIND_UNKNOWN) {
        st = accept_header(imp, row, err);
    } else if (st == MDL_OK && imp->header_rows == MDL_IMPORT_HEADER_ROWS) {
        st = mdl_imp_columns_refuse(imp->columns, imp->file->delimiter, err);
    }
    return st;
}

static bool starts(const char *s, const char *prefix)
{
    return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

/* The lines by which a Salesforce report's footer shows. */
static bool is_footer(const char *s)
{
    bool copyright = starts(s, "Copyright (c) 20") || starts(s, "Copyright \xC2\xA9 20");
    return starts(s, "Grand Totals (") || starts(s, "Generated By:") ||
           starts(s, "Confidential Information - Do Not Distribute") ||
           (copyright && strcasestr(s, "salesforce") != NULL);
}

static bool repeats_header(const struct mdl_import *imp, const struct mdl_imp_row *row)
{
    const struct mdl_imp_columns *c = imp->columns;
    for (size_t i = 0; i < c->n; i++) {
        if (imp->table.wanted[i] == MDL_IMP_READ && strcmp(row->cell[i], c->column[i].label) != 0) {
            return false;
        }
    }
    return row->n_filled > 1;
}

static enum mdl_status body_row(struct mdl_import *imp, const struct mdl_imp_row *row,
                                struct mdl_error *err)
{
    imp->file->rows++;
    imp->report.rows++;
    if (row->issue != MDL_ISSUE_COUNT) {
        mdl_imp_issue(imp, row->issue, row->line, row->column, "%s", row->text);
        return MDL_OK;
    }
    if (row->last_filled > imp->columns->n) {
        mdl_imp_issue(imp, MDL_ISSUE_TOO_MANY_CELLS, row->line, (uint32_t)imp->columns->n + 1,
                      "%zu cells, and the header has %zu columns", row->n_cells, imp->columns->n);
        return MDL_OK;
    }
    if (repeats_header(imp, row)) {
        mdl_imp_issue(imp, MDL_ISSUE_REPEATED_HEADER, row->line, 0, "the header again");
        return MDL_OK;
    }
    if (row->n_cells < imp->columns->n) {
        mdl_imp_issue(imp, MDL_ISSUE_SHORT, row->line, 0, "%zu cells of %zu", row->n_cells,
                      imp->columns->n);
    }
    if (row->n_filled == 0) {
        mdl_imp_issue(imp, MDL_ISSUE_EMPTY, row->line, 0, "an empty row");
        return MDL_OK;
    }
    gather(imp, row);
    if (mdl_imp_is_true(imp->field[MDL_FIELD_IS_DELETED])) {
        mdl_imp_issue(imp, MDL_ISSUE_DELETED, row->line, 0, "deleted in the CRM");
        return MDL_OK;
    }
    enum mdl_status st = keep_row(imp, row, err);
    if (st != MDL_OK) {
        return st;
    }
    return mdl_import_kind_is_deals(imp->file->kind) ? mdl_imp_deal(imp, row, err)
                                                     : mdl_imp_account(imp, row, err);
}

/* Rows held back were a footer's title after all, or rows of one cell. */
static enum mdl_status release(struct mdl_import *imp, bool footer, struct mdl_error *err)
{
    const char *cell[MDL_IMPORT_COLUMNS_MAX];
    for (size_t i = 0; i < MDL_IMPORT_COLUMNS_MAX && imp->n_held > 0 && !footer; i++) {
        cell[i] = "";
    }
    enum mdl_status st = MDL_OK;
    for (size_t i = 0; i < imp->n_held; i++) {
        if (footer) {
            mdl_imp_issue(imp, MDL_ISSUE_FOOTER, imp->held[i].line, 0, "%.80s", imp->held[i].text);
        } else if (st == MDL_OK) {
            cell[0] = imp->held[i].text;
            struct mdl_imp_row row = {imp->held[i].line, 1, 1, 1, cell, MDL_ISSUE_COUNT, 0, ""};
            st = body_row(imp, &row, err);
        }
        free(imp->held[i].text);
    }
    imp->n_held = 0;
    return st;
}

void mdl_imp_held_free(struct mdl_import *imp)
{
    for (size_t i = 0; i < imp->n_held; i++) {
        free(imp->held[i].text);
    }
    imp->n_held = 0;
}

static bool is_report(enum mdl_import_kind kind)
{
    return kind == MDL_KIND_SF_ACCOUNT_REPORT || kind == MDL_KIND_SF_OPPORTUNITY_REPORT;
}

/* *taken: the row was a footer's, or is held back because the next ones may say so. */
static enum mdl_status footer_row(struct mdl_import *imp, const struct mdl_imp_row *row,
                                  bool *taken, struct mdl_error *err)
{
    bool alone = row->issue == MDL_ISSUE_COUNT && row->n_filled == 1 && row->last_filled == 1;
    *taken = true;
    if (alone && (imp->footer || is_footer(row->cell[0]))) {
        imp->footer = true;
        enum mdl_status st = release(imp, true, err);
        mdl_imp_issue(imp, MDL_ISSUE_FOOTER, row->line, 0, "%.80s", row->cell[0]);
        return st;
    }
    if (alone && row->n_cells == 1 && imp->columns->n > 1 && is_report(imp->file->kind)) {
        enum mdl_status st = imp->n_held == MDL_IMP_HELD ? release(imp, false, err) : MDL_OK;
        char *copy = strdup(row->cell[0]);
        if (copy == NULL) {
            return mdl_fail(err, MDL_L_MEMORY, "no memory for a row");
        }
        imp->held[imp->n_held].line = row->line;
        imp->held[imp->n_held++].text = copy;
        return st;
    }
    *taken = false;
    imp->footer = false; /* another export follows in the same file */
    return release(imp, false, err);
}

enum mdl_status mdl_imp_row(void *ctx, const struct mdl_imp_row *row, struct mdl_error *err)
{
    struct mdl_import *imp = ctx;
    imp->row_id = "";
    if (imp->columns->kind == MDL_KIND_UNKNOWN) {
        return row->n_filled > 0 || row->issue != MDL_ISSUE_COUNT ? header_row(imp, row, err)
                                                                  : MDL_OK;
    }
    bool taken;
    enum mdl_status st = footer_row(imp, row, &taken, err);
    return st != MDL_OK || taken ? st : body_row(imp, row, err);
}

enum mdl_status mdl_imp_rows_end(struct mdl_import *imp, struct mdl_error *err)
{
    if (imp->columns->kind != MDL_KIND_UNKNOWN) {
        return release(imp, false, err);
    }
    if (imp->header_rows == 0) {
        return mdl_fail(err, MDL_U_CSV, "the file is empty");
    }
    return mdl_imp_columns_refuse(imp->columns, imp->file->delimiter, err);
}
