/* quality.h: what the parts of mandorla-match-quality share. */
#ifndef MANDORLA_QUALITY_H
#define MANDORLA_QUALITY_H

#include "table.h"

#include <jansson.h>
#include <mandorla/matchkey.h>

/* What one derived key set says of another, as a round would: the best tier of a key in common, and
 * the veto of two different ids of one type over a match that rests on no id. */
enum verdict { DIFFERENT, REVIEW, MATCH };
enum verdict compare(const struct mdl_key_set *a, const struct mdl_key_set *b,
                     const struct mdl_key **by);

struct tally {
    size_t positive;                 /* pairs that are the same company */
    size_t hit, wrong;               /* by the match tier */
    size_t hit_review, wrong_review; /* by match and review together */
};
double recall(const struct tally *t, bool review);
double precision(const struct tally *t, bool review);
double f1(const struct tally *t, bool review);
/* The figures of one line of the report, into JSON or onto stdout. */
void report(json_t *into, const char *what, const struct tally *t);

/* Labelled pairs: a line for each set. False if the file cannot be read. */
bool pairs_measure(const struct mdl_profile *p, const char *file, json_t *into, bool verbose);
/* The three demo lists against truth.csv; `same`, if not NULL, is a file of truth ids that are one
 * company after all. `ok` is cleared where a bound is missed. */
bool lists_measure(const struct mdl_profile *p, const char *dir, const char *same, json_t *into,
                   bool verbose, bool *ok);
/* Writes the profile's corpus anew to stdout: comments and inputs as they are, results as derived.
 */
bool corpus_print(const char *file);

#endif
