/* import_rule.c: parses population rules by recursive descent, bounded in length, nodes and depth.
 * May not look at rows: that is import_rule_eval.c. */
#include "import_rule.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum kind { WORD, QUOTED, OPERATOR, OPEN, CLOSE, COMMA, END };

struct token {
    enum kind kind;
    const char *start; /* of the text, without quotes */
    size_t len;
    const char *at; /* where the token begins, quotes included */
};

struct parser {
    const char *text;
    const char *next;
    struct token now;
    struct mdl_imp_rule *rule;
    enum mdl_status status;
    struct mdl_error *err;
};

#define WINDOW 160 /* bytes of a rule shown before the caret, and after it */

/* The sentence, the rule, and a caret below the place. */
static void complain(struct parser *p, const char *at, const char *what)
{
    if (p->status != MDL_OK) {
        return;
    }
    const char *from = p->text;
    while (at - from > WINDOW / 2 && at - from > 0) {
        from++;
        while (((unsigned char)*from & 0xC0) == 0x80) {
            from++;
        }
    }
    char shown[WINDOW + 1], caret[WINDOW + 1];
    size_t n = 0, columns = 0;
    for (const char *s = from; *s != '\0' && n < WINDOW; s++) {
        shown[n++] = (char)((unsigned char)*s < ' ' ? ' ' : *s);
        columns += s < at && ((unsigned char)*s & 0xC0) != 0x80;
    }
    for (bool cut = n == WINDOW; cut && n > 0 && ((unsigned char)from[n] & 0xC0) == 0x80; n--) {
    }
    shown[n] = '\0';
    memset(caret, ' ', columns);
    caret[columns] = '\0';
    p->status =
        mdl_fail(p->err, MDL_U_ARGUMENT, "population rule: %s\n  %s\n  %s^", what, shown, caret);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool ends_word(char c)
{
    return c == '\0' || is_space(c) || strchr("=!<>(),\"'", c) != NULL;
}

static void read_operator(struct parser *p)
{
    p->now.kind = OPERATOR;
    p->now.len = 1;
    if (p->next[0] != '=' && p->next[1] == '=') {
        p->now.len = 2;
    }
    if (p->next[0] == '!' && p->now.len == 1) {
        complain(p, p->next, "\"!\" alone is no operator; write != or not");
    }
    p->next += p->now.len;
}

static void advance(struct parser *p)
{
    while (is_space(*p->next)) {
        p->next++;
    }
    const char *s = p->next;
    p->now = (struct token){.start = s, .at = s, .len = 1};
    switch (*s) {
    case '\0':
        p->now.kind = END;
        return;
    case '(':
    case ')':
    case ',':
        p->now.kind = *s == '(' ? OPEN : *s == ')' ? CLOSE : COMMA;
        p->next = s + 1;
        return;
    case '=':
    case '!':
    case '<':
    case '>':
        read_operator(p);
        return;
    case '"':
    case '\'': {
        const char *end = strchr(s + 1, *s);
        if (end == NULL) {
            complain(p, s, "a quote opened here is never closed");
            p->next = s + strlen(s);
            return;
        }
        p->now = (struct token){QUOTED, s + 1, (size_t)(end - s - 1), s};
        p->next = end + 1;
        return;
    }
    }
    size_t n = 1; /* an apostrophe inside a word belongs to it */
    while (!ends_word(s[n]) || (s[n] == '\'' && !ends_word(s[n + 1]))) {
        n++;
    }
    p->now = (struct token){WORD, s, n, s};
    p->next = s + n;
}

static bool is_word(const struct parser *p, const char *word)
{
    return p->now.kind == WORD && p->now.len == strlen(word) &&
           strncasecmp(p->now.start, word, p->now.len) == 0;
}

static bool take_word(struct parser *p, const char *word)
{
    if (!is_word(p, word)) {
        return false;
    }
    advance(p);
    return true;
}

/* Folds text into the pool; returns its offset. */
static size_t pool_add(struct parser *p, const char *s, size_t len)
{
    struct mdl_imp_buf b = {0};
    size_t at = p->rule->pool.len;
    if (!mdl_imp_fold(s, len, &b) || !mdl_imp_buf_add(&p->rule->pool, b.p, b.len + 1)) {
        p->status = mdl_fail(p->err, MDL_L_MEMORY, "no memory for a population rule");
    }
    mdl_imp_buf_free(&b);
    return at;
}

static uint8_t add_node(struct parser *p, enum mdl_imp_op op)
{
    if (p->rule->n_nodes == MDL_IMP_RULE_NODES) {
        complain(p, p->now.at, "too many conditions in one rule");
        return 0;
    }
    p->rule->node[p->rule->n_nodes].op = op;
    return p->rule->n_nodes++;
}

/* One quoted text, or words up to one that `stop` knows. */
static bool read_text(struct parser *p, bool (*stop)(const struct parser *p), struct token *out)
{
    *out = p->now;
    if (p->now.kind == QUOTED) {
        advance(p);
        return true;
    }
    if (p->now.kind != WORD) {
        return false;
    }
    do {
        out->len = (size_t)(p->now.start + p->now.len - out->start);
        advance(p);
    } while (p->now.kind == WORD && !stop(p));
    return true;
}

static bool stops_value(const struct parser *p)
{
    return is_word(p, "and") || is_word(p, "or");
}

/* "COLUMN empty", "COLUMN filled": an operator only where the condition ends behind it, for a label
 * may have these words. */
static bool ends_with_state(const struct parser *p)
{
    struct parser ahead = *p;
    if (!is_word(p, "empty") && !is_word(p, "filled")) {
        return false;
    }
    ahead.err = NULL;
    advance(&ahead);
    return ahead.now.kind == END || ahead.now.kind == CLOSE || stops_value(&ahead);
}

static bool stops_column(const struct parser *p)
{
    return is_word(p, "contains") || is_word(p, "in") || is_word(p, "is") || is_word(p, "not") ||
           ends_with_state(p);
}

static uint8_t read_column(struct parser *p)
{
    struct token t;
    if (stops_value(p) || !read_text(p, stops_column, &t)) {
        complain(p, p->now.at, "expected a column");
        return 0;
    }
    struct mdl_imp_rule *r = p->rule;
    size_t at = pool_add(p, t.start, t.len);
    if (p->status != MDL_OK) {
        return 0;
    }
    if (r->pool.p[at] == '\0') {
        complain(p, t.at, "expected a column");
        return 0;
    }
    for (uint8_t i = 0; i < r->n_columns; i++) {
        if (strcmp(r->pool.p + r->column[i], r->pool.p + at) == 0) {
            return i;
        }
    }
    if (r->n_columns == MDL_IMP_RULE_COLUMNS) {
        complain(p, t.at, "too many different columns in one rule");
        return 0;
    }
    r->column[r->n_columns] = at;
    r->said[r->n_columns] = r->pool.len;
    if (!mdl_imp_buf_add(&r->pool, t.start, t.len) || !mdl_imp_buf_add(&r->pool, "", 1)) {
        p->status = mdl_fail(p->err, MDL_L_MEMORY, "no memory for a population rule");
    }
    return r->n_columns++;
}

static void read_value(struct parser *p, struct mdl_imp_node *n)
{
    struct token t;
    if (stops_value(p) || !read_text(p, stops_value, &t)) {
        complain(p, p->now.at, "expected a value");
        return;
    }
    size_t at = pool_add(p, t.start, t.len);
    n->value = n->n++ == 0 ? at : n->value;
    bool number = n->op == MDL_OP_GREATER || n->op == MDL_OP_LESS || n->op == MDL_OP_AT_LEAST ||
                  n->op == MDL_OP_AT_MOST;
    if (p->status == MDL_OK && number) {
        n->date = mdl_imp_date(p->rule->pool.p + at, &n->number);
        if (!n->date && !mdl_imp_number(p->rule->pool.p + at, '.', &n->number)) {
            complain(p, t.at, "expected a number or a day (2026-12-31)");
        }
    }
}

static void read_list(struct parser *p, struct mdl_imp_node *n)
{
    if (p->now.kind != OPEN) {
        complain(p, p->now.at, "expected ( and a list of values");
        return;
    }
    do {
        advance(p);
        read_value(p, n);
    } while (p->now.kind == COMMA && p->status == MDL_OK);
    if (p->now.kind != CLOSE) {
        complain(p, p->now.at, "expected , or )");
        return;
    }
    advance(p);
}

/* What follows "is", or stands without it. */
static void read_state(struct parser *p, struct mdl_imp_node *n)
{
    bool negated = take_word(p, "not");
    bool filled = is_word(p, "filled");
    n->op = filled != negated ? MDL_OP_FILLED : MDL_OP_EMPTY;
    if (!take_word(p, "empty") && !take_word(p, "filled")) {
        complain(p, p->now.at, "expected \"is empty\", \"is not empty\" or \"is filled\"");
    }
}

static void read_condition(struct parser *p, struct mdl_imp_node *n)
{
    static const struct {
        const char *sign;
        enum mdl_imp_op op;
    } signs[] = {{"=", MDL_OP_EQUAL},    {"!=", MDL_OP_UNEQUAL}, {">=", MDL_OP_AT_LEAST},
                 {"<=", MDL_OP_AT_MOST}, {">", MDL_OP_GREATER},  {"<", MDL_OP_LESS}};
    if (take_word(p, "is") || ends_with_state(p)) {
        read_state(p, n);
        return;
    }
    if (take_word(p, "in")) {
        n->op = MDL_OP_IN;
        read_list(p, n);
        return;
    }
    if (take_word(p, "contains")) {
        n->op = MDL_OP_CONTAINS;
        read_value(p, n);
        return;
    }
    for (size_t i = 0; p->now.kind == OPERATOR && i < sizeof signs / sizeof signs[0]; i++) {
        if (p->now.len == strlen(signs[i].sign) &&
            memcmp(p->now.start, signs[i].sign, p->now.len) == 0) {
            n->op = signs[i].op;
            advance(p);
            read_value(p, n);
            return;
        }
    }
    complain(p, p->now.at,
             "expected an operator: = != < > <= >= contains, in (...), empty, filled");
}

static uint8_t join(struct parser *p, enum mdl_imp_op op, uint8_t a, uint8_t b)
{
    uint8_t at = add_node(p, op);
    p->rule->node[at].a = a;
    p->rule->node[at].b = b;
    return at;
}

static uint8_t read_or(struct parser *p, unsigned depth);

static uint8_t read_factor(struct parser *p, unsigned depth)
{
    if (depth > MDL_IMP_RULE_DEPTH) {
        complain(p, p->now.at, "nested too deeply");
        return 0;
    }
    if (take_word(p, "not")) {
        return join(p, MDL_OP_NOT, read_factor(p, depth + 1), 0);
    }
    if (p->now.kind == OPEN) {
        advance(p);
        uint8_t inner = read_or(p, depth + 1);
        if (p->now.kind != CLOSE) {
            complain(p, p->now.at, "expected )");
        }
        advance(p);
        return inner;
    }
    uint8_t at = add_node(p, MDL_OP_EQUAL);
    uint8_t column = p->status == MDL_OK ? read_column(p) : 0;
    p->rule->node[at].column = column;
    if (p->status != MDL_OK) {
        return at;
    }
    bool negated = take_word(p, "not"); /* COLUMN not in (...), COLUMN not contains VALUE */
    read_condition(p, &p->rule->node[at]);
    return negated && p->status == MDL_OK ? join(p, MDL_OP_NOT, at, 0) : at;
}

static uint8_t read_and(struct parser *p, unsigned depth)
{
    uint8_t left = read_factor(p, depth);
    while (p->status == MDL_OK && take_word(p, "and")) {
        left = join(p, MDL_OP_AND, left, read_factor(p, depth));
    }
    return left;
}

static uint8_t read_or(struct parser *p, unsigned depth)
{
    uint8_t left = read_and(p, depth);
    while (p->status == MDL_OK && take_word(p, "or")) {
        left = join(p, MDL_OP_OR, left, read_and(p, depth));
    }
    return left;
}

static void read_name(struct parser *p)
{
    const char *colon = strchr(p->text, ':'), *s = p->text;
    size_t n = colon == NULL ? 0 : (size_t)(colon - s);
    mdl_imp_trim(&s, &n);
    if (colon == NULL || n == 0) {
        complain(p, p->text, "expected NAME: CONDITION");
        return;
    }
    if (n > MDL_IMPORT_POPULATION_MAX) {
        complain(p, s, "a population's name has at most 32 characters");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (!(s[i] >= 'a' && s[i] <= 'z') && !(s[i] >= '0' && s[i] <= '9') && s[i] != '-') {
            complain(p, s + i, "a population's name is made of a-z, 0-9 and -");
            return;
        }
    }
    memcpy(p->rule->name, s, n);
    p->next = colon + 1;
}

static enum mdl_status parse(const char *text, bool named, struct mdl_imp_rule *rule,
                             struct mdl_error *err)
{
    *rule = (struct mdl_imp_rule){0};
    struct parser p = {.text = text, .next = text, .rule = rule, .err = err};
    size_t len = strlen(text);
    if (len > MDL_IMPORT_RULE_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a population rule has at most %d bytes, not %zu",
                        MDL_IMPORT_RULE_MAX, len);
    }
    if (mdl_imp_utf8_bad(text, len) < len) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a population rule is not valid UTF-8");
    }
    if (named) {
        read_name(&p);
    }
    if (p.status != MDL_OK) {
        return p.status;
    }
    advance(&p);
    rule->root = read_or(&p, 0);
    if (p.now.kind != END) {
        complain(&p, p.now.at, "expected \"and\", \"or\" or the end");
    }
    return p.status;
}

enum mdl_status mdl_imp_rule_parse(const char *text, struct mdl_imp_rule *rule,
                                   struct mdl_error *err)
{
    return parse(text, true, rule, err);
}

enum mdl_status mdl_imp_rule_condition(const char *text, struct mdl_imp_rule *rule,
                                       struct mdl_error *err)
{
    return parse(text, false, rule, err);
}

void mdl_imp_rule_free(struct mdl_imp_rule *rule)
{
    mdl_imp_buf_free(&rule->pool);
}

enum mdl_status mdl_import_check_rule(const char *rule, struct mdl_error *err)
{
    struct mdl_imp_rule parsed;
    enum mdl_status st = mdl_imp_rule_parse(rule, &parsed, err);
    mdl_imp_rule_free(&parsed);
    return st;
}
