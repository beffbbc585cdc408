/* import_ask.c: rules outside an import: bound to the columns of kept files, asked of kept rows.
 * May not know where the rows are kept, nor what follows from an answer. */
#include "import_kept.h"
#include "import_rule.h"
#include "import_state.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(MDL_RULE_COLUMNS == MDL_IMP_RULE_COLUMNS, "one bound on a rule's columns");

struct mdl_rule {
    struct mdl_imp_rule parsed;
    struct mdl_imp_asking asking;
};

enum mdl_status mdl_rule_parse(const char *text, const struct mdl_profile *profile,
                               struct mdl_rule **out, struct mdl_error *err)
{
    struct mdl_rule *r = calloc(1, sizeof *r);
    *out = NULL;
    if (r == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for a rule");
    }
    r->asking.countries.profile = profile;
    enum mdl_status st = mdl_imp_rule_condition(text, &r->parsed, err);
    if (st != MDL_OK) {
        mdl_rule_free(r);
        return st;
    }
    *out = r;
    return MDL_OK;
}

void mdl_rule_free(struct mdl_rule *r)
{
    if (r != NULL) {
        mdl_imp_rule_free(&r->parsed);
        mdl_imp_buf_free(&r->asking.folded);
        free(r);
    }
}

const char *mdl_rule_column(const struct mdl_rule *r, size_t i)
{
    return i < r->parsed.n_columns ? r->parsed.pool.p + r->parsed.said[i] : NULL;
}

bool mdl_kept_has(const struct mdl_kept *k, const char *column)
{
    struct mdl_imp_buf folded = {0};
    bool has = mdl_imp_fold(column, strlen(column), &folded) &&
               mdl_imp_locate(&k->columns, folded.p) != INT32_MIN;
    mdl_imp_buf_free(&folded);
    return has;
}

void mdl_rule_bind(const struct mdl_rule *r, const struct mdl_kept *own,
                   const struct mdl_kept *account, struct mdl_rule_binding *b)
{
    bool own_used = false;
    memset(b, 0, sizeof *b);
    b->applies = true;
    for (size_t i = 0; i < r->parsed.n_columns; i++) {
        const char *label = r->parsed.pool.p + r->parsed.column[i];
        b->column[i].at = mdl_imp_locate(&own->columns, label);
        own_used = own_used || b->column[i].at != INT32_MIN;
        if (b->column[i].at == INT32_MIN && account != NULL) {
            b->column[i].of_account = true;
            b->column[i].at = mdl_imp_locate(&account->columns, label);
        }
        b->applies = b->applies && b->column[i].at != INT32_MIN;
    }
    b->applies = b->applies && own_used;
}

static const char *cell_at(const struct mdl_kept *k, int32_t at)
{
    if (at >= 0) {
        return k->cell[at];
    }
    int32_t field = -1 - at;
    const char *value = "";
    for (size_t i = 0; i < k->columns.slot[field].n && value[0] == '\0'; i++) {
        value = k->cell[k->columns.slot[field].at[i]];
    }
    return value;
}

enum mdl_status mdl_rule_ask(struct mdl_rule *r, const struct mdl_rule_binding *b,
                             const struct mdl_kept *own, const struct mdl_kept *account, bool *yes,
                             struct mdl_error *err)
{
    struct mdl_imp_value value[MDL_RULE_COLUMNS];
    for (size_t i = 0; i < r->parsed.n_columns; i++) {
        const struct mdl_kept *k = b->column[i].of_account ? account : own;
        value[i].text = cell_at(k, b->column[i].at);
        value[i].decimal = k->decimal;
        value[i].country = mdl_imp_is_country(&k->columns, b->column[i].at);
    }
    if (!mdl_imp_rule_eval(&r->parsed, value, &r->asking, yes)) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for a rule");
    }
    return MDL_OK;
}
