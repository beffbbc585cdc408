/* pairs.c: labelled pairs of companies (tests/vectors/matching/company_pairs.csv), set by set. */
#include "quality.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETS 32

struct set {
    char name[32];
    struct tally tally;
};

static struct tally *tally_of(struct set *sets, size_t *n, const char *name)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(sets[i].name, name) == 0) {
            return &sets[i].tally;
        }
    }
    if (*n == SETS) {
        return NULL;
    }
    snprintf(sets[*n].name, sizeof sets[*n].name, "%s", name);
    return &sets[(*n)++].tally;
}

static void count(struct tally *t, bool same, enum verdict v)
{
    t->positive += same;
    t->hit += same && v == MATCH;
    t->wrong += !same && v == MATCH;
    t->hit_review += same && v != DIFFERENT;
    t->wrong_review += !same && v != DIFFERENT;
}

static bool derive(const struct mdl_profile *p, const struct table *t, size_t row,
                   const int *column, struct mdl_key_set *out)
{
    struct mdl_error err;
    const struct mdl_account_input in = {.name = table_at(t, row, column[0]),
                                         .website = table_at(t, row, column[1]),
                                         .country = table_at(t, row, column[2])};
    if (mdl_keys_derive(p, &in, NULL, NULL, out, &err) != MDL_OK) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    return true;
}

static bool measure(const struct mdl_profile *p, const struct table *t, struct set *sets, size_t *n,
                    bool verbose)
{
    static const char *const names[8][2] = {{"set"},    {"name_a"},    {"website_a"}, {"country_a"},
                                            {"name_b"}, {"website_b"}, {"country_b"}, {"label"}};
    int c[8];
    for (size_t i = 0; i < 8; i++) {
        c[i] = table_find(t, names[i]);
    }
    struct mdl_key_set *keys = malloc(2 * sizeof *keys);
    bool ok = keys != NULL && c[0] >= 0 && c[7] >= 0;
    struct tally *all = tally_of(sets, n, "all");
    for (size_t row = 0; ok && row < t->rows; row++) {
        const struct mdl_key *by;
        struct tally *mine = tally_of(sets, n, table_at(t, row, c[0]));
        ok = mine != NULL && derive(p, t, row, c + 1, &keys[0]) &&
             derive(p, t, row, c + 4, &keys[1]);
        if (ok) {
            bool same = strcmp(table_at(t, row, c[7]), "1") == 0;
            enum verdict v = compare(&keys[0], &keys[1], &by);
            count(mine, same, v);
            count(all, same, v);
            if (verbose && (same ? v == DIFFERENT : v != DIFFERENT)) {
                printf("%s %-12s \"%s\" | \"%s\" (%s, %s)%s%.*s\n", same ? "missed" : "wrong ",
                       table_at(t, row, c[0]), table_at(t, row, c[1]), table_at(t, row, c[4]),
                       table_at(t, row, c[2]), table_at(t, row, c[5]), by != NULL ? " by " : "",
                       by != NULL ? (int)by->len : 0, by != NULL ? (const char *)by->value : "");
            }
        }
    }
    free(keys);
    return ok;
}

bool pairs_measure(const struct mdl_profile *p, const char *file, json_t *into, bool verbose)
{
    struct table t;
    struct set sets[SETS] = {0};
    size_t n = 0;
    bool ok = table_read(&t, file) && measure(p, &t, sets, &n, verbose);
    json_t *object = into != NULL ? json_object() : NULL;
    for (size_t i = 0; ok && i < n; i++) {
        report(object, sets[i].name, &sets[i].tally);
    }
    if (object != NULL) {
        json_object_set_new(into, "pairs", object);
    }
    table_free(&t);
    return ok;
}
