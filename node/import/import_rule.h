/* import_rule.h: population rules: parsed once, evaluated on rows. The grammar is in import.h, at
 * mdl_import_check_rule. */
#ifndef MANDORLA_IMPORT_RULE_H
#define MANDORLA_IMPORT_RULE_H

#include "import.h"
#include "import_text.h"

#define MDL_IMP_RULE_NODES   96 /* conditions and the words between them */
#define MDL_IMP_RULE_COLUMNS 16
#define MDL_IMP_RULE_DEPTH   16 /* of parentheses */

enum mdl_imp_op {
    MDL_OP_EQUAL,
    MDL_OP_UNEQUAL,
    MDL_OP_CONTAINS,
    MDL_OP_IN,
    MDL_OP_EMPTY,
    MDL_OP_FILLED,
    MDL_OP_GREATER,
    MDL_OP_LESS,
    MDL_OP_AT_LEAST,
    MDL_OP_AT_MOST,
    MDL_OP_AND,
    MDL_OP_OR,
    MDL_OP_NOT
};

struct mdl_imp_node {
    enum mdl_imp_op op;
    uint8_t a, b;   /* AND, OR: nodes; NOT: a */
    uint8_t column; /* a condition's, index into the rule's columns */
    uint16_t n;     /* values, one after the other in the pool, each with its NUL */
    size_t value;   /* offset into the pool */
    bool date;      /* for < and >: `number` is a day, as mdl_imp_date reads it */
    int64_t number; /* for < and >: hundredths, or a day */
};

struct mdl_imp_rule {
    char name[MDL_IMPORT_POPULATION_MAX + 1];
    uint32_t bit; /* of the population; set by the owner */
    bool used;    /* some file had all columns; set by the owner */
    uint8_t root;
    uint8_t n_nodes, n_columns;
    struct mdl_imp_node node[MDL_IMP_RULE_NODES];
    size_t column[MDL_IMP_RULE_COLUMNS]; /* folded labels, offsets into the pool */
    size_t said[MDL_IMP_RULE_COLUMNS];   /* the same as the operator wrote them, for messages */
    struct mdl_imp_buf pool;
};

/* Free with mdl_imp_rule_free, also after a failure. Errors: MDL_U_ARGUMENT, MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_imp_rule_parse(const char *text, struct mdl_imp_rule *rule,
                                                  struct mdl_error *err);
/* The same without a NAME: only the condition. */
MDL_MUST_CHECK enum mdl_status mdl_imp_rule_condition(const char *text, struct mdl_imp_rule *rule,
                                                      struct mdl_error *err);
void mdl_imp_rule_free(struct mdl_imp_rule *rule);

/* What the row holds in one of the rule's columns; `text` is never NULL. */
struct mdl_imp_value {
    const char *text;
    char decimal; /* of its file */
    bool country; /* "Germany", "DE" and "DEU" are equal */
};
/* Countries that were asked for lately, and their codes: a list has few. */
struct mdl_imp_countries {
    const struct mdl_profile *profile; /* NULL: texts are compared as they stand */
    struct {
        char text[40];
        char code[3]; /* "": names no country */
    } entry[64];
};
/* What an evaluation needs beside the rule; of one thread. */
struct mdl_imp_asking {
    struct mdl_imp_buf folded;
    struct mdl_imp_countries countries;
};
/* `value[i]` is of the rule's column i. *yes is the answer. False: no memory. */
bool mdl_imp_rule_eval(const struct mdl_imp_rule *rule, const struct mdl_imp_value *value,
                       struct mdl_imp_asking *asking, bool *yes);

#endif
