/* import_rule_eval.c: evaluates a parsed population rule on one row's values.
 * May not parse, and may not know where the values come from. */
#include "import_rule.h"

#include <string.h>

struct eval {
    const struct mdl_imp_rule *rule;
    const struct mdl_imp_value *value;
    struct mdl_imp_asking *asking;
    bool failed;
};

static const char *code_of(struct mdl_imp_countries *c, const char *text)
{
    size_t len = strlen(text);
    uint32_t hash = 2166136261u;
    if (len >= sizeof c->entry[0].text) {
        return ""; /* no country is called that */
    }
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    }
    size_t at = hash % (sizeof c->entry / sizeof c->entry[0]);
    if (strcmp(c->entry[at].text, text) != 0) {
        memcpy(c->entry[at].text, text, len + 1);
        if (!mdl_country_code(c->profile, text, c->entry[at].code)) {
            c->entry[at].code[0] = '\0';
        }
    }
    return c->entry[at].code;
}

static bool same_country(struct mdl_imp_countries *c, const char *a, const char *b)
{
    char code[3];
    memcpy(code, code_of(c, a), sizeof code);
    return code[0] != '\0' && strcmp(code, code_of(c, b)) == 0;
}

static bool in_list(struct mdl_imp_asking *asking, bool country, const char *list, size_t n)
{
    const char *folded = asking->folded.p;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(folded, list) == 0 ||
            (country && same_country(&asking->countries, folded, list))) {
            return true;
        }
        list += strlen(list) + 1;
    }
    return false;
}

static bool compare(const struct mdl_imp_node *n, const struct mdl_imp_value *cell)
{
    int64_t number;
    if (!(n->date ? mdl_imp_date(cell->text, &number)
                  : mdl_imp_number(cell->text, cell->decimal, &number))) {
        return false;
    }
    switch (n->op) {
    case MDL_OP_GREATER:
        return number > n->number;
    case MDL_OP_LESS:
        return number < n->number;
    case MDL_OP_AT_LEAST:
        return number >= n->number;
    case MDL_OP_AT_MOST:
        return number <= n->number;
    case MDL_OP_EQUAL:
    case MDL_OP_UNEQUAL:
    case MDL_OP_CONTAINS:
    case MDL_OP_IN:
    case MDL_OP_EMPTY:
    case MDL_OP_FILLED:
    case MDL_OP_AND:
    case MDL_OP_OR:
    case MDL_OP_NOT:
        break;
    }
    return false;
}

static bool text_condition(struct eval *e, const struct mdl_imp_node *n,
                           const struct mdl_imp_value *cell)
{
    if (!mdl_imp_fold(cell->text, strlen(cell->text), &e->asking->folded)) {
        e->failed = true;
        return false;
    }
    const char *value = e->rule->pool.p + n->value;
    if (n->op == MDL_OP_CONTAINS) {
        return strstr(e->asking->folded.p, value) != NULL;
    }
    bool country = cell->country && e->asking->countries.profile != NULL;
    return in_list(e->asking, country, value, n->n) != (n->op == MDL_OP_UNEQUAL);
}

/* Depth is bounded by the number of nodes. */
static bool holds(struct eval *e, uint8_t at)
{
    const struct mdl_imp_node *n = &e->rule->node[at];
    switch (n->op) {
    case MDL_OP_AND:
        return holds(e, n->a) && holds(e, n->b);
    case MDL_OP_OR:
        return holds(e, n->a) || holds(e, n->b);
    case MDL_OP_NOT:
        return !holds(e, n->a);
    case MDL_OP_EMPTY:
        return e->value[n->column].text[0] == '\0';
    case MDL_OP_FILLED:
        return e->value[n->column].text[0] != '\0';
    case MDL_OP_GREATER:
    case MDL_OP_LESS:
    case MDL_OP_AT_LEAST:
    case MDL_OP_AT_MOST:
        return compare(n, &e->value[n->column]);
    case MDL_OP_EQUAL:
    case MDL_OP_UNEQUAL:
    case MDL_OP_CONTAINS:
    case MDL_OP_IN:
        return text_condition(e, n, &e->value[n->column]);
    }
    return false;
}

bool mdl_imp_rule_eval(const struct mdl_imp_rule *rule, const struct mdl_imp_value *value,
                       struct mdl_imp_asking *asking, bool *yes)
{
    struct eval e = {rule, value, asking, false};
    *yes = holds(&e, rule->root);
    return !e.failed;
}
