/* compare.c: two key sets, and the figures. May not derive keys. */
#include "quality.h"

#include <stdio.h>
#include <string.h>

static bool equal(const struct mdl_key *a, const struct mdl_key *b)
{
    return a->type == b->type && a->len == b->len && memcmp(a->value, b->value, a->len) == 0;
}

static bool is_id(const struct mdl_key *k)
{
    return mdl_key_registry_bit(k) >= 0;
}

enum verdict compare(const struct mdl_key_set *a, const struct mdl_key_set *b,
                     const struct mdl_key **by)
{
    *by = NULL;
    for (size_t i = 0; i < a->n && *by == NULL; i++) { /* best first */
        for (size_t j = 0; j < b->n && *by == NULL; j++) {
            *by = equal(&a->key[i], &b->key[j]) ? &a->key[i] : NULL;
        }
    }
    if (*by == NULL || (!is_id(*by) && (a->registry_mask & b->registry_mask) != 0)) {
        return DIFFERENT;
    }
    return mdl_key_type_tier((*by)->type) == MDL_TIER_MATCH ? MATCH : REVIEW;
}

static double part(size_t of, size_t all)
{
    return all == 0 ? 1.0 : (double)of / (double)all;
}

double recall(const struct tally *t, bool review)
{
    return part(review ? t->hit_review : t->hit, t->positive);
}

double precision(const struct tally *t, bool review)
{
    size_t hit = review ? t->hit_review : t->hit;
    return part(hit, hit + (review ? t->wrong_review : t->wrong));
}

double f1(const struct tally *t, bool review)
{
    double r = recall(t, review), p = precision(t, review);
    return r + p > 0 ? 2 * r * p / (r + p) : 0;
}

static json_t *tier(const struct tally *t, bool review)
{
    return json_pack("{s:f,s:f,s:f,s:I,s:I}", "recall", recall(t, review), "precision",
                     precision(t, review), "f1", f1(t, review), "hits",
                     (json_int_t)(review ? t->hit_review : t->hit), "wrong",
                     (json_int_t)(review ? t->wrong_review : t->wrong));
}

void report(json_t *into, const char *what, const struct tally *t)
{
    if (into != NULL) {
        json_object_set_new(into, what,
                            json_pack("{s:I,s:o,s:o}", "same", (json_int_t)t->positive, "match",
                                      tier(t, false), "match_and_review", tier(t, true)));
        return;
    }
    printf("%-22s %6zu   %.3f  %.3f  %.3f  (%4zu + %2zu)   %.3f  %.3f  %.3f  (%4zu + %2zu)\n", what,
           t->positive, recall(t, false), precision(t, false), f1(t, false), t->hit, t->wrong,
           recall(t, true), precision(t, true), f1(t, true), t->hit_review, t->wrong_review);
}
