/* terms.h: each term of an agreement as a name and a text, for telling and comparing. Private. */
#ifndef MANDORLA_AGREEMENT_TERMS_H
#define MANDORLA_AGREEMENT_TERMS_H

#include <mandorla/agreement.h>

/* Room for the longest: 32 populations of 32 bytes with separators. */
#define TERM_TEXT 1200

/* The i-th term that is no cell, i = 0, 1, ...; false if there are no more. `text` is exact: two
 * agreements with the same texts have the same terms, cells and nonce apart. */
bool mdl_term(const struct mdl_agreement *a, size_t i, char name[64], char text[TERM_TEXT]);

/* "hidden", "counts by domain", "accounts": what a cell or a group says. Exact. */
void mdl_term_cell(const struct mdl_agreement *a, const char *population_a,
                   const char *population_b, char text[TERM_TEXT]);
void mdl_term_level(const struct mdl_agreement_group *g, char text[TERM_TEXT]);

/* Whether the i-th term is for machines: an identity, the suite, a digest. */
bool mdl_term_technical(size_t i);

/* "customers, prospects" */
void mdl_term_populations(const struct mdl_agreement_group *g, enum mdl_role role,
                          char text[TERM_TEXT]);
/* check.c: whether the groups make sense, the other terms apart. Errors: MDL_U_ARGUMENT. */
enum mdl_status mdl_agreement_groups_valid(const struct mdl_agreement *a, struct mdl_error *err);
/* "1,000,000" */
#define TERM_NUMBER 32
const char *mdl_term_number(uint64_t n, char text[TERM_NUMBER]);

#endif
