/* marking.h: what this node's rules say of the accounts of an import. The rules are this node's own
 * populations and its private accounts; they are asked of the rows that the import kept, so a new
 * rule needs no new import. Any thread, unless a comment says otherwise. Not for others. */
#ifndef MANDORLA_SERVICE_MARKING_H
#define MANDORLA_SERVICE_MARKING_H

#include "internal.h"

#include <rule.h>
#include <store_generation.h>
#include <store_rulebook.h>
#include <store_suppress.h>

/* A copy of the rules, parsed. */
struct rulebook {
    const struct mdl_profile *profile; /* of the service */
    size_t n;
    struct ruled {
        struct mdl_rulebook_row row; /* id 0: not stored yet */
        struct mdl_rule *rule;
    } * at;
};

/* On the loop. Free with rulebook_free (NULL is a no-op). */
enum mdl_status rulebook_load(struct mdl_service *s, struct rulebook **out, struct mdl_error *err);
void rulebook_free(struct rulebook *b);
/* One rule more, or one less. MDL_U_EXISTS: a population of this name; what the rule's text gives.
 */
enum mdl_status rulebook_add(struct rulebook *b, const struct mdl_rulebook_row *row,
                             struct mdl_error *err);
void rulebook_drop(struct rulebook *b, int64_t id);
/* Whether both are copies of the same rules. */
bool rulebook_same(const struct rulebook *a, const struct rulebook *b);

/* What the rules say of one generation. */
struct marking {
    char marks[MDL_STORE_GENERATION + 1]; /* of the file that was written; "" if there is no rule */
    size_t n_rules;
    uint64_t *mark; /* by account id: bit i for rule i */
    int64_t last;
    uint64_t total;      /* accounts */
    uint64_t *hits;      /* by rule */
    bool *applies;       /* by rule: some file has its columns */
    json_t **missing;    /* by rule: its columns that no file has, as texts */
    json_t *columns;     /* labels of all files, each once */
    json_t *populations; /* {"name", "accounts"}: the import's own, then those by rule */
};
enum marking_how { MARKING_LOOK, MARKING_WRITE };
/* MARKING_WRITE also writes the marks (unless there is no rule). MDL_U_EXISTS: the import has a
 * population of its own with the name of one by rule. Release with marking_clear, which leaves the
 * file. */
enum mdl_status marking_make(const char *dir, const char *source, const char *generation,
                             struct rulebook *b, enum marking_how how, struct marking *out,
                             struct mdl_error *err);
void marking_clear(struct marking *m);
/* The account ids that rule i hit, ascending: the next after `after`, 0 at the end. */
int64_t marking_next(const struct marking *m, size_t rule, int64_t after);

#endif
