/* rules.h: changing this node's rules: asked of every source, and in force for all of them at once.
 * Runs on the caller's thread; only reading the state and the swap visit the loop. Not for others.
 */
#ifndef MANDORLA_SERVICE_RULES_H
#define MANDORLA_SERVICE_RULES_H

#include "marking.h"

#include <store_source.h>

/* The sources as they stand, and the rules. */
struct rules_source {
    char name[MDL_STORE_SLUG + 1];
    char generation[MDL_STORE_GENERATION + 1]; /* "" before its first import */
    char marks[MDL_STORE_GENERATION + 1];
    json_t *report;
    struct marking marking; /* of rules_mark */
};
struct rules_state {
    struct rulebook *book;
    struct mdl_suppressed *suppressed;
    struct rules_source *source;
    size_t n;
};
enum mdl_status rules_read(struct mdl_service *s, struct rules_state *out, struct mdl_error *err);
void rules_free(struct rules_state *st);
/* Asks the rules of every source. */
enum mdl_status rules_mark(struct mdl_service *s, struct rules_state *st, enum marking_how how,
                           struct mdl_error *err);

/* One rule to be put (its id is set) or removed (`id`), with what is written on the loop beside it:
 * the log's entry. `ready` may refuse on the caller's thread, with all sources marked. */
struct rules_change {
    struct mdl_rulebook_row *put; /* NULL: remove */
    int64_t id;
    const char *note; /* of the log */
    enum mdl_status (*ready)(struct mdl_service *s, struct rules_state *st, void *ctx,
                             struct mdl_error *err);
    void *ctx;
};
/* Tries again where an import or another change came between. MDL_U_STATE: time and again. */
enum mdl_status rules_apply(struct mdl_service *s, const struct rules_change *c,
                            struct mdl_error *err);

/* The document of what the rule at `at` says: counts by source and the first accounts. Refuses with
 * MDL_U_ARGUMENT a rule that no source can be asked; the text names the column. */
enum mdl_status rules_document(struct mdl_service *s, const struct rules_state *st, size_t at,
                               json_t **out, struct mdl_error *err);
/* The rule of a verb's parameter `rule`, without its name. MDL_U_ARGUMENT: too long. */
enum mdl_status rules_take(const json_t *params, enum mdl_rulebook_kind kind,
                           struct mdl_rulebook_row *row, struct mdl_error *err);
/* What the rule would say; nothing is written. */
enum mdl_status rules_preview(struct mdl_service *s, const struct mdl_rulebook_row *row,
                              json_t **out, struct mdl_error *err);
/* For rules_change.ready: the document of the new rule, into the json_t * that ctx points to. */
enum mdl_status rules_look(struct mdl_service *s, struct rules_state *st, void *ctx,
                           struct mdl_error *err);
/* A salted commitment to a rule's or value's text goes with the log's entry. */
enum mdl_status rules_trail(struct mdl_service *s, const char *note, const char *text, uint64_t n,
                            struct mdl_error *err);

#endif
