/* check_rule.c: population rules: what they say, and what is said of broken ones. */
#include "import_rule.h"
#include "support.h"

/* Evaluates on a row that has these columns. */
static bool holds(const char *condition)
{
    static const struct {
        const char *label, *value;
    } row[] = {{"type", "Customer - Direct"},
               {"employees", "1,250"},
               {"billing country", "Espa\xC3\xB1"
                                   "a"},
               {"rating", ""},
               {"renewal day", "2026-10-13 09:30"},
               {"beds empty", "3"}};
    char text[300];
    struct mdl_error err;
    struct mdl_imp_rule rule;
    struct mdl_imp_asking asking = {.countries = {.profile = rig_profile()}};
    snprintf(text, sizeof text, "x: %s", condition);
    ck_assert_msg(mdl_imp_rule_parse(text, &rule, &err) == MDL_OK, "%s: %s", condition, err.text);
    struct mdl_imp_value value[MDL_IMP_RULE_COLUMNS];
    for (size_t c = 0; c < rule.n_columns; c++) {
        value[c] = (struct mdl_imp_value){NULL, '.', false};
        for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
            if (strcmp(rule.pool.p + rule.column[c], row[i].label) == 0) {
                value[c].text = row[i].value;
                value[c].country = strcmp(row[i].label, "billing country") == 0;
            }
        }
        ck_assert_msg(value[c].text != NULL, "%s: column %s", condition,
                      rule.pool.p + rule.column[c]);
    }
    bool yes;
    ck_assert(mdl_imp_rule_eval(&rule, value, &asking, &yes));
    mdl_imp_buf_free(&asking.folded);
    mdl_imp_rule_free(&rule);
    return yes;
}

static const struct {
    const char *text;
    bool want;
} cases[] = {
    {"Type = Customer - Direct", true},
    {"Type = \"customer - direct\"", true},
    {"TYPE=customer", false},
    {"Type != Customer", true},
    {"Type contains customer", true},
    {"Type contains prospect", false},
    {"Type not contains prospect", true},
    {"Type in (Prospect, 'Customer - Direct')", true},
    {"Type in (Prospect, Partner)", false},
    {"Type not in (Prospect, Partner)", true},
    {"Rating is empty", true},
    {"Rating is not empty", false},
    {"Type is not empty", true},
    {"Employees > 1000", true},
    {"Employees > 1250", false},
    {"Employees >= 1250", true},
    {"Employees < 1250", false},
    {"Employees <= 1250", true},
    {"Rating > 0", false},
    {"Type < 5", false},
    {"Billing Country = ESPA\xC3\x91"
     "A",
     true},
    {"\"Billing  Country\" = Espan\xCC\x83"
     "a",
     true},
    {"Rating = \"\"", true},
    {"Type = x or Employees > 5", true},
    {"Type = x or Employees > 5 and Rating is not empty", false},
    {"(Type = x or Employees > 5) and Rating is empty", true},
    {"not Type = x", true},
    {"not (Type contains customer and Employees > 5)", false},
    {"not not Type contains customer", true},
    {"Type contains customer AND NOT Rating is not empty", true},
    {"((((Type contains customer))))", true},
    {"Type = Bob's or Type contains direct", true},
    {"Type!=x", true},
    {"Billing Country = ES", true},
    {"Billing Country in (de, Spain)", true},
    {"Billing Country in (ESP, AT)", true},
    {"Billing Country != ES", false},
    {"Billing Country = E", false},
    {"Billing Country contains es", true}, /* the text itself */
    {"Billing Country contains spain", false},
    {"Type = ES", false},
    {"Rating empty", true},
    {"Rating filled", false},
    {"Rating is filled or Type filled", true},
    {"not (Rating empty)", false},
    {"Rating is not filled and Type not empty", true},
    {"Rating not filled", true},
    {"Renewal Day >= 2026-10-13", true},
    {"Renewal Day > 2026-10-13", false},
    {"Renewal Day < 2027-01-01", true},
    {"Renewal Day > 20", false}, /* a day is no number */
    {"Type > 2026-01-01", false},
    {"Beds Empty = 3", true}, /* a label with such a word */
};

START_TEST(conditions)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(holds(cases[i].text) == cases[i].want, "%s", cases[i].text);
    }
}
END_TEST

/* The caret stands under character `at` (0-based) of the rule. */
static void broken(const char *rule, size_t at, const char *what)
{
    struct mdl_error err = {0};
    ck_assert_msg(mdl_import_check_rule(rule, &err) == MDL_U_ARGUMENT, "%s", rule);
    ck_assert_int_eq(err.status, MDL_U_ARGUMENT);
    ck_text_has(err.text, what);
    ck_text_has(err.text, rule);
    const char *last = strrchr(err.text, '\n');
    ck_assert_ptr_nonnull(last);
    ck_assert_msg(strlen(last) == at + 4, "%s: caret at %zu", rule, strlen(last) - 4);
    ck_assert_int_eq(last[strlen(last) - 1], '^');
}

START_TEST(broken_rules)
{
    broken("customers", 0, "expected NAME: CONDITION");
    broken(": Type = x", 0, "expected NAME: CONDITION");
    broken("Customers: Type = x", 0, "made of a-z, 0-9 and -");
    broken("big ones: Type = x", 3, "made of a-z, 0-9 and -");
    broken("a12345678901234567890123456789012: Type = x", 0, "at most 32");
    broken("a:", 2, "expected a column");
    broken("a: Type", 7, "expected an operator");
    broken("a: Type =", 9, "expected a value");
    broken("a: Type = and", 10, "expected a value");
    broken("a: Type = x and", 15, "expected a column");
    broken("a: Type = x)", 11, "expected \"and\", \"or\" or the end");
    broken("a: (Type = x", 12, "expected )");
    broken("a: Type = \"x", 10, "never closed");
    broken("a: Type in x", 11, "expected ( and a list");
    broken("a: Type in (x", 13, "expected , or )");
    broken("a: Type in (x,)", 14, "expected a value");
    broken("a: Type is x", 11, "is empty");
    broken("a: Type ! x", 8, "no operator");
    broken("a: Type > many", 10, "expected a number");
    broken("a: \xC3\x91 = ", 7, "expected a value"); /* counted in characters */
    broken("a: = x", 3, "expected a column");
    broken("a: \"\" = x", 3, "expected a column");
    broken("a: Type == x", 9, "expected a value");
}
END_TEST

START_TEST(bounds)
{
    struct mdl_error err;
    char text[MDL_IMPORT_RULE_MAX + 100];
    memset(text, 'x', sizeof text);
    memcpy(text, "a: b = ", 7);
    text[MDL_IMPORT_RULE_MAX] = '\0';
    ck_assert_int_eq(mdl_import_check_rule(text, &err), MDL_OK);
    text[MDL_IMPORT_RULE_MAX] = 'x';
    text[MDL_IMPORT_RULE_MAX + 1] = '\0';
    ck_assert_int_eq(mdl_import_check_rule(text, &err), MDL_U_ARGUMENT);
    ck_text_has(err.text, "at most 1024 bytes");
    memset(text, '(', 500);
    memcpy(text, "a: ", 3);
    memcpy(text + 500, "b=1", 4);
    ck_assert_int_eq(mdl_import_check_rule(text, &err), MDL_U_ARGUMENT);
    ck_text_has(err.text, "nested too deeply");
    size_t at = 2;
    memcpy(text, "a:", 2);
    for (int i = 0; i < 60; i++) {
        memcpy(text + at, "b=1 or ", 8);
        at += 7;
    }
    memcpy(text + at, "b=1", 4);
    ck_assert_int_eq(mdl_import_check_rule(text, &err), MDL_U_ARGUMENT);
    ck_text_has(err.text, "too many conditions");
    ck_assert_int_eq(mdl_import_check_rule("a: b = \xFF", &err), MDL_U_ARGUMENT);
    ck_text_has(err.text, "UTF-8");
}
END_TEST

START_TEST(a_caret_far_out)
{
    struct mdl_error err;
    char text[900];
    memset(text, 'x', sizeof text);
    memcpy(text, "a: b = ", 7);
    memcpy(text + 800, " or c", 6);
    ck_assert_int_eq(mdl_import_check_rule(text, &err), MDL_U_ARGUMENT);
    ck_text_has(err.text, "xxx or c\n");
    const char *last = strrchr(err.text, '\n'), *line = strstr(err.text, "\n  x");
    ck_assert_ptr_nonnull(line);
    ck_assert_uint_eq(strlen(last), (size_t)(last - line) + 1);
}
END_TEST

START_TEST(too_many_columns)
{
    struct mdl_error err;
    char text[400] = "a: ";
    size_t at = 3;
    for (int i = 0; i <= MDL_IMP_RULE_COLUMNS; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%sc%d=1", i > 0 ? " or " : "", i);
    }
    ck_assert_int_eq(mdl_import_check_rule(text, &err), MDL_U_ARGUMENT);
    ck_text_has(err.text, "too many different columns");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("import-rule");
    TCase *t = tcase_create("rule");
    tcase_add_test(t, conditions);
    tcase_add_test(t, broken_rules);
    tcase_add_test(t, bounds);
    tcase_add_test(t, a_caret_far_out);
    tcase_add_test(t, too_many_columns);
    suite_add_tcase(s, t);
    return rig_main(s);
}
