/* import_deals.c: a row of an opportunity or deal export becomes an opportunity.
 * May not look for its account: the sink joins. */
#include "import_state.h"

#include <string.h>

/* HubSpot lists ids "9100000001;9100000002"; the primary company comes first. */
static void first_of_list(const char *list, struct mdl_imp_buf *out, bool *ok)
{
    size_t n = strcspn(list, ";, \t\r\n");
    mdl_imp_buf_clear(out);
    *ok = mdl_imp_buf_add(out, list, n);
}

/* A flag column speaks first; where it is silent, the stage's words do. */
static bool says(const struct mdl_import *imp, enum mdl_import_field flag,
                 bool (*words)(const char *))
{
    const char *f = imp->field[flag];
    return f[0] != '\0' ? mdl_imp_is_true(f) : words(imp->field[MDL_FIELD_STAGE]);
}

static bool skip(struct mdl_import *imp, uint64_t line)
{
    if (mdl_imp_is_true(imp->field[MDL_FIELD_IS_PRIVATE])) {
        mdl_imp_issue(imp, MDL_ISSUE_PRIVATE, line, 0,
                      "private opportunities are never shown to a partner");
        return true;
    }
    return false;
}

static enum mdl_status identify(struct mdl_import *imp, uint64_t line, bool *bad,
                                struct mdl_error *err)
{
    static const enum mdl_import_field content[] = {MDL_FIELD_DEAL_NAME, MDL_FIELD_ACCOUNT_ID,
                                                    MDL_FIELD_ACCOUNT_NAME, MDL_FIELD_AMOUNT,
                                                    MDL_FIELD_CLOSE_DATE};
    const char *id = imp->field[MDL_FIELD_RECORD_ID];
    const char *name = imp->field[MDL_FIELD_ACCOUNT_NAME];
    *bad = id[0] != '\0' && !mdl_imp_read_id(imp, id, line);
    if ((id[0] == '\0' && !mdl_imp_make_id(imp, content, sizeof content / sizeof content[0])) ||
        !mdl_imp_fold(name, strlen(name), &imp->join_name)) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for an opportunity");
    }
    imp->row_id = *bad ? imp->row_id : imp->record_id;
    return MDL_OK;
}

static enum mdl_status deliver(struct mdl_import *imp, const struct mdl_imp_row *row,
                               struct mdl_error *err)
{
    bool won = says(imp, MDL_FIELD_IS_WON, mdl_imp_says_won);
    bool lost = says(imp, MDL_FIELD_IS_LOST, mdl_imp_says_lost);
    bool closed = won || lost || mdl_imp_is_true(imp->field[MDL_FIELD_IS_CLOSED]);
    uint32_t populations = won ? 1u << MDL_POP_CUSTOMERS : closed ? 0 : 1u << MDL_POP_OPEN;
    populations &= imp->defaults;
    bool ok;
    char account[MDL_IMPORT_RECORD_ID_MAX + 4];
    first_of_list(imp->field[MDL_FIELD_ACCOUNT_ID], &imp->scratch, &ok);
    if (!ok) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for an opportunity");
    }
    mdl_imp_join_id(imp->file->kind, imp->scratch.p, account);
    if (!mdl_imp_apply_rules(imp, row, &populations)) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for a population rule");
    }
    struct mdl_import_opportunity o = {
        .file = imp->file->name,
        .line = row->line,
        .record_id = imp->record_id,
        .account_join_id = account,
        .join_name = imp->join_name.p,
        .amount = mdl_imp_money(imp, MDL_FIELD_AMOUNT, row->line),
        .is_closed = closed,
        .is_won = won,
        .populations = populations,
        .kept = mdl_imp_kept(imp),
    };
    memcpy(o.field, imp->field, sizeof o.field);
    enum mdl_status st = imp->sink.opportunity(imp->sink.ctx, &o, err);
    imp->report.opportunities += st == MDL_OK;
    return st;
}

enum mdl_status mdl_imp_deal(struct mdl_import *imp, const struct mdl_imp_row *row,
                             struct mdl_error *err)
{
    if (skip(imp, row->line)) {
        return MDL_OK;
    }
    if (imp->field[MDL_FIELD_ACCOUNT_ID][0] == '\0' &&
        imp->field[MDL_FIELD_ACCOUNT_NAME][0] == '\0') {
        mdl_imp_issue(imp, MDL_ISSUE_NO_ACCOUNT, row->line, 0, "no account id and no account name");
        return MDL_OK;
    }
    bool bad;
    enum mdl_status st = identify(imp, row->line, &bad, err);
    return st != MDL_OK || bad ? st : deliver(imp, row, err);
}
