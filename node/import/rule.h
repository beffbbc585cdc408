/* rule.h: rules asked of rows that an import kept, long after the import.
 *
 * An import hands out each row as bytes beside what it made of it (mdl_import_account.row), and
 * each file's columns likewise (.header): whoever stores them can ask a rule of them later,
 * whatever columns it names. The grammar of rules is in import.h, at mdl_import_check_rule, without
 * the NAME.
 *
 * A rule that a file of accounts has all columns of is asked of its rows. One that names a column
 * of opportunities is asked of each opportunity together with the row of its account, so that it
 * may name columns of both; the opportunity's are looked at first. One opportunity for which it
 * holds is enough, and an account without any is not asked.
 *
 * Threading: a rule and a file belong to one thread at a time. Nothing here reads a file or clock.
 */
#ifndef MANDORLA_IMPORT_RULE_API_H
#define MANDORLA_IMPORT_RULE_API_H

#include "import.h"

#define MDL_RULE_COLUMNS 16   /* different ones in one rule */
#define MDL_KEPT_CELL    1024 /* bytes kept of a cell: no rule looks further */

struct mdl_rule;
/* `profile` tells which names mean one country; it outlives the rule. Free with mdl_rule_free (NULL
 * is a no-op). Errors: MDL_U_ARGUMENT with the rule and a caret, MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_rule_parse(const char *text, const struct mdl_profile *profile,
                                              struct mdl_rule **out, struct mdl_error *err);
void mdl_rule_free(struct mdl_rule *r);

/* The columns of one file, and one row of it at a time. */
struct mdl_kept;
/* Reads a header. Free with mdl_kept_close (NULL is a no-op). Errors: MDL_L_DATABASE (these bytes
 * are none), MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_kept_open(const void *header, size_t len, struct mdl_kept **out,
                                             struct mdl_error *err);
void mdl_kept_close(struct mdl_kept *k);
bool mdl_kept_is_deals(const struct mdl_kept *k);
/* The label of the i-th column; "" for one that was not kept; NULL after the last. */
const char *mdl_kept_label(const struct mdl_kept *k, size_t i);
/* Whether a column is meant by what a rule calls it: its label, or the slug of its field. */
bool mdl_kept_has(const struct mdl_kept *k, const char *column);
/* Turns to a row of the file. The bytes stay the caller's and must hold until the next row. Error:
 * MDL_L_DATABASE (no row of this file). */
MDL_MUST_CHECK enum mdl_status mdl_kept_row(struct mdl_kept *k, const void *row, size_t len,
                                            struct mdl_error *err);

/* Where a rule's columns are. */
struct mdl_rule_binding {
    bool applies;
    struct {
        bool of_account; /* of opportunities: in their account's file */
        int32_t at;      /* a column (>= 0), or a field (-1 - field) */
    } column[MDL_RULE_COLUMNS];
};
/* `account` is the file of the accounts that the opportunities of `own` belong to; NULL if `own`
 * holds accounts. */
void mdl_rule_bind(const struct mdl_rule *r, const struct mdl_kept *own,
                   const struct mdl_kept *account, struct mdl_rule_binding *b);
/* Asks of the present rows. Only where the binding applies. Error: MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_rule_ask(struct mdl_rule *r, const struct mdl_rule_binding *b,
                                            const struct mdl_kept *own,
                                            const struct mdl_kept *account, bool *yes,
                                            struct mdl_error *err);
/* The i-th column that the rule names, as the operator wrote it; NULL after the last. */
const char *mdl_rule_column(const struct mdl_rule *r, size_t i);

#endif
