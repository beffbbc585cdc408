/* store_rulebook.h: this node's rules over every source: populations of its own, and private
 * accounts. What a rule says of an import's accounts stands in its marks (store_generation.h).
 *
 * Threading and common errors: store.h. Writes need an open transaction.
 */
#ifndef MANDORLA_STORE_RULEBOOK_H
#define MANDORLA_STORE_RULEBOOK_H

#include <store.h>

#define MDL_RULEBOOK_TEXT 1024
/* With the at most 32 of an import, fewer than the bits of a generation. */
#define MDL_RULEBOOK_POPULATIONS 24
#define MDL_RULEBOOK_PRIVATE     24

enum mdl_rulebook_kind { MDL_RULE_POPULATION, MDL_RULE_PRIVATE };

struct mdl_rulebook_row {
    int64_t id; /* given by put, never again to another */
    enum mdl_rulebook_kind kind;
    char name[MDL_STORE_NAME + 1]; /* of the population; "" for private accounts */
    char text[MDL_RULEBOOK_TEXT + 1];
    uint64_t added_at;
};

/* MDL_U_EXISTS: a population of this name, or this very rule for private accounts; MDL_U_TOO_LARGE:
 * there are as many as there may be. Changed nothing then. */
MDL_MUST_CHECK enum mdl_status mdl_rulebook_put(struct mdl_store *st, struct mdl_rulebook_row *r,
                                                struct mdl_error *err);
/* MDL_U_NOT_FOUND. */
MDL_MUST_CHECK enum mdl_status mdl_rulebook_remove(struct mdl_store *st, int64_t id,
                                                   struct mdl_error *err);
typedef bool mdl_rulebook_fn(void *ctx, const struct mdl_rulebook_row *r);
/* In the order in which they were put. */
MDL_MUST_CHECK enum mdl_status mdl_rulebook_list(struct mdl_store *st, mdl_rulebook_fn *row,
                                                 void *ctx, struct mdl_error *err);

#endif
