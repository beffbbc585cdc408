/* store_source.h: the sources of accounts: which import is the current one of each.
 *
 * Threading and common errors: store.h. Writes need an open transaction.
 */
#ifndef MANDORLA_STORE_SOURCE_H
#define MANDORLA_STORE_SOURCE_H

#include <store.h>

#define MDL_STORE_SLUG       40 /* source names: [a-z0-9][a-z0-9_-]*, for they become file names */
#define MDL_STORE_GENERATION 16 /* hex digits */

struct mdl_source_row {
    int64_t id; /* given by put */
    char name[MDL_STORE_SLUG + 1];
    char generation[MDL_STORE_GENERATION + 1]; /* "" until the first import */
    char marks[MDL_STORE_GENERATION + 1];      /* of that generation; "" if there is no rule */
    char kind[25];                             /* what the file was ("salesforce-report", ...) */
    char *mapping;                             /* JSON, or NULL: column mapping, remembered */
    char *rules;                               /* JSON, or NULL: population rules */
    char *report; /* JSON, or NULL: counts and remarks of the last import */
    uint64_t imported_at;
    uint64_t data_as_of; /* of the file's content, if known; else imported_at */
    uint64_t accounts, keys;
};

/* Makes the source, or writes kind, mapping and rules of the one with this name; sets s->id.
 * Never touches the generation. MDL_U_ARGUMENT: a name that is no slug. */
MDL_MUST_CHECK enum mdl_status mdl_source_put(struct mdl_store *st, struct mdl_source_row *s,
                                              struct mdl_error *err);
/* Swaps in an import: one row. Writes generation, marks, report, imported_at, data_as_of, accounts,
 * keys of s->name. `old` receives the generation it replaces ("" if none): after the commit the
 * caller deletes it with mdl_gen_delete, on its own thread (an unlink of a large file takes a
 * while); what is forgotten is deleted when the store is next opened. MDL_U_NOT_FOUND: no such
 * source, or the generation's file is not there. */
MDL_MUST_CHECK enum mdl_status mdl_source_swap(struct mdl_store *st, const struct mdl_source_row *s,
                                               char old[MDL_STORE_GENERATION + 1],
                                               struct mdl_error *err);
/* Swaps in other marks of the generation at hand, and the report that speaks of them. MDL_U_STATE:
 * the source has another generation by now; nothing changed. */
MDL_MUST_CHECK enum mdl_status mdl_source_mark(struct mdl_store *st, const char *name,
                                               const char *generation, const char *marks,
                                               const char *report, struct mdl_error *err);
/* Forgets a source; `old` as above. MDL_U_NOT_FOUND. Results of past rounds stay. */
MDL_MUST_CHECK enum mdl_status mdl_source_remove(struct mdl_store *st, const char *name,
                                                 char old[MDL_STORE_GENERATION + 1],
                                                 struct mdl_error *err);
/* Fills *out, to be released with mdl_source_clear. MDL_U_NOT_FOUND. */
MDL_MUST_CHECK enum mdl_status mdl_source_get(struct mdl_store *st, const char *name,
                                              struct mdl_source_row *out, struct mdl_error *err);
void mdl_source_clear(struct mdl_source_row *s);

typedef bool mdl_source_fn(void *ctx, const struct mdl_source_row *s);
/* In the order of names. */
MDL_MUST_CHECK enum mdl_status mdl_source_list(struct mdl_store *st, mdl_source_fn *row, void *ctx,
                                               struct mdl_error *err);

#endif
