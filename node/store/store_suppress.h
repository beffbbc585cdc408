/* store_suppress.h: who objected: accounts that are in no round, whatever they come with.
 *
 * An entry names match keys, or one record of a source. It holds for every import, the later ones
 * too: it is looked up in a generation when a round's list is made, never written into one.
 *
 * Threading and common errors: store.h. Writes need an open transaction. A list that was loaded
 * (mdl_suppressed) belongs to nobody: it does not change, any number of threads may read it.
 */
#ifndef MANDORLA_STORE_SUPPRESS_H
#define MANDORLA_STORE_SUPPRESS_H

#include <store_generation.h>

#define MDL_SUPPRESS_VALUE   255
#define MDL_SUPPRESS_COUNTRY 64
#define MDL_SUPPRESS_RECORD  128
#define MDL_SUPPRESS_KEYS    8 /* of one entry */
#define MDL_SUPPRESS_KEY     160
#define MDL_SUPPRESS_MAX     100000

struct mdl_suppress_key {
    uint8_t bytes[MDL_SUPPRESS_KEY];
    size_t len;
    uint8_t unless; /* hits only accounts without a key of this type; 0: every account */
};

struct mdl_suppress_row {
    int64_t id;                         /* given by put, never again to another */
    char value[MDL_SUPPRESS_VALUE + 1]; /* as the operator wrote it */
    char country[MDL_SUPPRESS_COUNTRY + 1];
    char source[MDL_STORE_SLUG + 1]; /* of a record; "": by key */
    char record_id[MDL_SUPPRESS_RECORD + 1];
    char reason[MDL_STORE_TEXT + 1];
    uint64_t added_at;
    struct mdl_suppress_key key[MDL_SUPPRESS_KEYS]; /* a list gives none, only their number */
    size_t n_keys;
};

/* MDL_U_EXISTS: this value and country is there (changed nothing). MDL_U_TOO_LARGE: the list is
 * full. */
MDL_MUST_CHECK enum mdl_status mdl_suppress_put(struct mdl_store *st, struct mdl_suppress_row *r,
                                                struct mdl_error *err);
/* Gives the entry of this value and country the reason of *r, unless that is "". *renewed: it had
 * another. */
MDL_MUST_CHECK enum mdl_status mdl_suppress_renew(struct mdl_store *st,
                                                  const struct mdl_suppress_row *r, bool *renewed,
                                                  struct mdl_error *err);
/* Removes one, its keys with it. MDL_U_NOT_FOUND. */
MDL_MUST_CHECK enum mdl_status mdl_suppress_remove(struct mdl_store *st, int64_t id,
                                                   struct mdl_error *err);
typedef bool mdl_suppress_fn(void *ctx, const struct mdl_suppress_row *r);
/* In the order in which they were put, after the entry `after`. */
MDL_MUST_CHECK enum mdl_status mdl_suppress_list(struct mdl_store *st, int64_t after,
                                                 mdl_suppress_fn *row, void *ctx,
                                                 struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_suppress_count(struct mdl_store *st, uint64_t *n,
                                                  struct mdl_error *err);

/* The whole list, for mdl_gen_leave_out. Free with mdl_suppressed_free (NULL is a no-op). */
MDL_MUST_CHECK enum mdl_status mdl_suppress_load(struct mdl_store *st, struct mdl_suppressed **out,
                                                 struct mdl_error *err);
void mdl_suppressed_free(struct mdl_suppressed *list);
/* One entry more, which need not stand anywhere: whom would it hit? Its number is r->id. */
MDL_MUST_CHECK enum mdl_status mdl_suppressed_add(struct mdl_suppressed *list,
                                                  const struct mdl_suppress_row *r,
                                                  struct mdl_error *err);

#endif
