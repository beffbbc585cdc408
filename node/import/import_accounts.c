/* import_accounts.c: a row of an account export becomes an account.
 * May not know where the row came from nor where the account goes. */
#include "import_state.h"

#include <string.h>

static bool filled(const struct mdl_import *imp, enum mdl_import_field f)
{
    return imp->field[f][0] != '\0';
}

/* Rows that are left out on purpose. */
static bool skip(struct mdl_import *imp, uint64_t line)
{
    if (filled(imp, MDL_FIELD_MASTER_RECORD_ID)) {
        mdl_imp_issue(imp, MDL_ISSUE_MERGED, line, 0, "merged into %.40s",
                      imp->field[MDL_FIELD_MASTER_RECORD_ID]);
        return true;
    }
    if (mdl_imp_is_true(imp->field[MDL_FIELD_IS_PERSON])) {
        mdl_imp_issue(imp, MDL_ISSUE_PERSON, line, 0,
                      "private persons are never matched with a partner");
        return true;
    }
    return false;
}

/* The standard populations by what a CRM says without being asked. Prospects are who is left. */
static uint32_t default_populations(struct mdl_import *imp)
{
    static const enum mdl_import_field words[] = {MDL_FIELD_TYPE, MDL_FIELD_STAGE,
                                                  MDL_FIELD_LIFECYCLE, MDL_FIELD_STATUS};
    bool customer = false, open = false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *s = imp->field[words[i]];
        customer = customer || mdl_imp_says_customer(s);
        open = open || (words[i] != MDL_FIELD_TYPE && mdl_imp_says_opportunity(s));
    }
    customer = customer || mdl_imp_says_won(imp->field[MDL_FIELD_STAGE]);
    int64_t deals = 0;
    if (mdl_imp_number(imp->field[MDL_FIELD_OPEN_DEALS], mdl_imp_decimal(imp), &deals)) {
        open = open || deals > 0;
    }
    return (customer ? 1u << MDL_POP_CUSTOMERS : 0) | (open ? 1u << MDL_POP_OPEN : 0);
}

static enum mdl_status identify(struct mdl_import *imp, uint64_t line, bool *made, bool *bad,
                                struct mdl_error *err)
{
    static const enum mdl_import_field content[] = {MDL_FIELD_NAME, MDL_FIELD_WEBSITE,
                                                    MDL_FIELD_DOMAIN, MDL_FIELD_ADDITIONAL_DOMAINS,
                                                    MDL_FIELD_COUNTRY};
    *made = !filled(imp, MDL_FIELD_RECORD_ID);
    *bad = !*made && !mdl_imp_read_id(imp, imp->field[MDL_FIELD_RECORD_ID], line);
    const char *name = imp->field[MDL_FIELD_NAME];
    if ((*made && !mdl_imp_make_id(imp, content, sizeof content / sizeof content[0])) ||
        !mdl_imp_fold(name, strlen(name), &imp->join_name)) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for an account");
    }
    imp->row_id = *bad ? imp->row_id : imp->record_id;
    return MDL_OK;
}

static enum mdl_status deliver(struct mdl_import *imp, const struct mdl_imp_row *row, bool made,
                               uint32_t populations, struct mdl_error *err)
{
    struct mdl_import_account a = {
        .file = imp->file->name,
        .line = row->line,
        .record_id = imp->record_id,
        .made_id = made,
        .join_id = imp->join_id,
        .join_name = imp->join_name.p,
        .annual_revenue = mdl_imp_money(imp, MDL_FIELD_ANNUAL_REVENUE, row->line),
        .open_deal_value = mdl_imp_money(imp, MDL_FIELD_OPEN_DEAL_VALUE, row->line),
        .populations = populations,
        .kept = mdl_imp_kept(imp),
        .keys = &imp->keys,
        .keyless = mdl_imp_keyless(imp),
        .notes = imp->notes,
        .n_notes = imp->n_notes,
    };
    memcpy(a.field, imp->field, sizeof a.field);
    bool repeated = false;
    enum mdl_status st = imp->sink.account(imp->sink.ctx, &a, &repeated, err);
    if (st != MDL_OK) {
        return st;
    }
    if (repeated) {
        mdl_imp_issue(imp, MDL_ISSUE_REPEATED, row->line, 0, "%s was here before", imp->record_id);
        return MDL_OK;
    }
    imp->report.accounts++;
    mdl_imp_count_keys(imp, row->line);
    return MDL_OK;
}

enum mdl_status mdl_imp_account(struct mdl_import *imp, const struct mdl_imp_row *row,
                                struct mdl_error *err)
{
    if (skip(imp, row->line)) {
        return MDL_OK;
    }
    bool made, bad;
    enum mdl_status st = identify(imp, row->line, &made, &bad, err);
    if (st != MDL_OK || bad) {
        return st;
    }
    st = mdl_imp_derive(imp, row, err);
    if (st != MDL_OK) {
        return st;
    }
    if (made && imp->keys.n == 0 && !filled(imp, MDL_FIELD_NAME)) {
        mdl_imp_issue(imp, MDL_ISSUE_EMPTY, row->line, 0, "no id, name or website");
        return MDL_OK;
    }
    uint32_t populations = default_populations(imp) & imp->defaults;
    if (!mdl_imp_apply_rules(imp, row, &populations)) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for a population rule");
    }
    return deliver(imp, row, made, populations, err);
}
