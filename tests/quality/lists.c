/* lists.c: the three demo lists, each pair of companies against truth.csv, with the rules an import
 * applies to a whole list. */
#include "quality.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTS          3
#define NAMES_A_DOMAIN 3 /* more core names than this on one domain: it is no key */

struct list {
    const char *file;
    const char *label;
    struct table table;
    struct mdl_key_set *keys; /* one a row */
    const char **truth;       /* one a row, borrowed from the truth table; NULL: unknown */
    int name, id;
};

static const char *const name_columns[] = {"Name", "Company name", "Account", "Account Name", NULL};
static const char *const website_columns[] = {"Website", "Website URL", "Web", NULL};
static const char *const domain_columns[] = {"Company Domain Name", NULL};
static const char *const duns_columns[] = {"DunsNumber", "D-U-N-S Number", NULL};
static const char *const country_columns[] = {"BillingCountry", "Country/Region", "Country", NULL};
static const char *const id_columns[] = {"Id", "Record ID", NULL};

/* ---- a domain on more than three core names is no key ---- */

struct use {
    const struct mdl_key *key;
    const char *core;
};

static int by_key(const void *a, const void *b)
{
    const struct use *x = a, *y = b;
    size_t n = x->key->len < y->key->len ? x->key->len : y->key->len;
    int c = memcmp(x->key->value, y->key->value, n);
    c = c != 0 ? c : (x->key->len > y->key->len) - (x->key->len < y->key->len);
    return c != 0 ? c : strcmp(x->core, y->core);
}

static bool same_key(const struct use *a, const struct use *b)
{
    return a->key->len == b->key->len && memcmp(a->key->value, b->key->value, a->key->len) == 0;
}

static void drop(struct list *l, const struct mdl_key *key)
{
    const struct mdl_key gone = *key;
    for (size_t row = 0; row < l->table.rows; row++) {
        struct mdl_key_set *s = &l->keys[row];
        for (size_t i = 0; i < s->n; i++) {
            if (s->key[i].type == MDL_KEY_DOMAIN && s->key[i].len == gone.len &&
                memcmp(s->key[i].value, gone.value, gone.len) == 0) {
                memmove(&s->key[i], &s->key[i + 1], (s->n - i - 1) * sizeof s->key[0]);
                s->n--;
                break;
            }
        }
    }
}

static bool drop_shared_domains(struct list *l, bool verbose)
{
    size_t n = 0, room = l->table.rows * MDL_KEYS_PER_ACCOUNT;
    struct use *uses = malloc(room * sizeof *uses);
    struct mdl_key *shared = malloc(room * sizeof *shared);
    size_t n_shared = 0;
    for (size_t row = 0; uses != NULL && row < l->table.rows; row++) {
        for (size_t i = 0; i < l->keys[row].n; i++) {
            if (l->keys[row].key[i].type == MDL_KEY_DOMAIN && l->keys[row].core_name[0] != '\0') {
                uses[n++] = (struct use){&l->keys[row].key[i], l->keys[row].core_name};
            }
        }
    }
    qsort(uses, n, sizeof *uses, by_key);
    for (size_t i = 0; shared != NULL && i < n;) {
        size_t names = 0, j = i;
        for (; j < n && same_key(&uses[i], &uses[j]); j++) {
            names += j == i || strcmp(uses[j].core, uses[j - 1].core) != 0;
        }
        if (names > NAMES_A_DOMAIN) {
            shared[n_shared++] = *uses[i].key;
        }
        i = j;
    }
    for (size_t i = 0; i < n_shared; i++) {
        if (verbose) {
            printf("%s: %.*s stands on more than %d names: no key\n", l->label, (int)shared[i].len,
                   (const char *)shared[i].value, NAMES_A_DOMAIN);
        }
        drop(l, &shared[i]);
    }
    bool ok = uses != NULL && shared != NULL;
    free(uses);
    free(shared);
    return ok;
}

/* ---- reading ---- */

static bool derive(const struct mdl_profile *p, struct list *l)
{
    const struct table *t = &l->table;
    struct mdl_error err;
    const int website = table_find(t, website_columns), domain = table_find(t, domain_columns),
              duns = table_find(t, duns_columns), country = table_find(t, country_columns);
    l->name = table_find(t, name_columns);
    l->id = table_find(t, id_columns);
    l->keys = malloc((t->rows + 1) * sizeof *l->keys);
    l->truth = calloc(t->rows + 1, sizeof *l->truth);
    for (size_t row = 0; l->keys != NULL && l->truth != NULL && row < t->rows; row++) {
        const struct mdl_account_input in = {
            .name = table_at(t, row, l->name),
            .website = table_at(t, row, website),
            .domain = table_at(t, row, domain),
            .duns = table_at(t, row, duns),
            .country = table_at(t, row, country),
        };
        if (mdl_keys_derive(p, &in, NULL, NULL, &l->keys[row], &err) != MDL_OK) {
            fprintf(stderr, "%s\n", err.text);
            return false;
        }
    }
    return l->keys != NULL && l->truth != NULL;
}

/* A record is named by its id, or by its number (from 1) where the list has none. */
static void set_truth(struct list *l, const char *record, const char *id)
{
    if (l->id < 0) {
        unsigned long row = strtoul(record, NULL, 10);
        if (row >= 1 && row <= l->table.rows) {
            l->truth[row - 1] = id;
        }
        return;
    }
    for (size_t row = 0; row < l->table.rows; row++) {
        if (strcmp(table_at(&l->table, row, l->id), record) == 0) {
            l->truth[row] = id;
        }
    }
}

/* Ids that same_company.csv calls one company get one id. */
static bool correct(struct list *lists, const char *file, struct table *same)
{
    if (!table_read(same, file)) {
        return false;
    }
    for (size_t i = 0; i < LISTS; i++) {
        for (size_t row = 0; row < lists[i].table.rows; row++) {
            for (size_t k = 0; lists[i].truth[row] != NULL && k < same->rows; k++) {
                if (strcmp(lists[i].truth[row], table_at(same, k, 1)) == 0) {
                    lists[i].truth[row] = table_at(same, k, 0);
                }
            }
        }
    }
    return true;
}

static bool load(const struct mdl_profile *p, const char *dir, struct list *lists,
                 struct table *truth, bool verbose)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/truth.csv", dir);
    if (!table_read(truth, path)) {
        return false;
    }
    for (size_t i = 0; i < LISTS; i++) {
        struct list *l = &lists[i];
        snprintf(path, sizeof path, "%s/%s", dir, l->file);
        if (!table_read(&l->table, path) || !derive(p, l) || !drop_shared_domains(l, verbose)) {
            return false;
        }
        for (size_t row = 0; row < truth->rows; row++) {
            if (strcmp(table_at(truth, row, 0), l->file) == 0 &&
                table_at(truth, row, 2)[0] != '\0') {
                set_truth(l, table_at(truth, row, 1), table_at(truth, row, 2));
            }
        }
    }
    return true;
}

/* ---- measuring ---- */

static void note(json_t *into, bool verbose, const char *what, const struct list *a, size_t i,
                 const struct list *b, size_t j, const struct mdl_key *by)
{
    const char *x = table_at(&a->table, i, a->name), *y = table_at(&b->table, j, b->name);
    if (into != NULL) {
        json_array_append_new(into, json_pack("{s:s,s:s,s:s,s:s#}", "what", what, "a", x, "b", y,
                                              "key", by != NULL ? (const char *)by->value : "",
                                              by != NULL ? (int)by->len : 0));
    } else if (verbose || strcmp(what, "missed") != 0) {
        printf("  %-12s \"%s\" | \"%s\" by %s %.*s\n", what, x, y,
               by != NULL ? mdl_key_type_label(by->type) : "nothing", by != NULL ? (int)by->len : 0,
               by != NULL ? (const char *)by->value : "");
    }
}

static void judge(struct tally *t, json_t *list, bool verbose, const struct list *a, size_t i,
                  const struct list *b, size_t j)
{
    const struct mdl_key *by;
    enum verdict v = compare(&a->keys[i], &b->keys[j], &by);
    bool same = strcmp(a->truth[i], b->truth[j]) == 0;
    t->positive += same;
    t->hit += same && v == MATCH;
    t->hit_review += same && v != DIFFERENT;
    t->wrong += !same && v == MATCH;
    t->wrong_review += !same && v != DIFFERENT;
    if (!same && v != DIFFERENT) {
        note(list, verbose, v == MATCH ? "false" : "false review", a, i, b, j, by);
    } else if (same && v == DIFFERENT) {
        note(list, verbose, "missed", a, i, b, j, NULL);
    }
}

static struct tally measure(json_t *list, bool verbose, const struct list *a, const struct list *b)
{
    struct tally t = {0};
    for (size_t i = 0; i < a->table.rows; i++) {
        for (size_t j = 0; a->truth[i] != NULL && j < b->table.rows; j++) {
            if (b->truth[j] != NULL) {
                judge(&t, list, verbose, a, i, b, j);
            }
        }
    }
    return t;
}

static bool within_bounds(const char *pair, const struct tally *t)
{
    bool ok = recall(t, false) >= .91 && precision(t, false) >= .99 && recall(t, true) >= .96;
    if (!ok) {
        fprintf(stderr,
                "%s: below the bounds (match tier: recall .91, precision .99; with review: recall "
                ".96)\n",
                pair);
    }
    return ok;
}

/* `mark` tells the corrected figures from those of truth.csv as it is. `ok` may be NULL. */
static void measure_all(struct list *lists, const char *mark, json_t *into, bool verbose, bool *ok)
{
    json_t *object = into != NULL ? json_object() : NULL;
    json_t *noted = into != NULL ? json_array() : NULL;
    const bool corrected = mark[0] != '\0';
    if (into == NULL && corrected) {
        puts("* with the truth ids that are one company put together:");
    }
    for (size_t a = 0; a < LISTS; a++) {
        for (size_t b = a + 1; b < LISTS; b++) {
            char pair[64];
            snprintf(pair, sizeof pair, "%s x %s%s", lists[a].label, lists[b].label, mark);
            struct tally t = measure(noted, verbose, &lists[a], &lists[b]);
            report(object, pair, &t);
            if (ok != NULL) {
                *ok = within_bounds(pair, &t) && *ok;
            }
        }
    }
    if (into != NULL) {
        json_object_set_new(into, corrected ? "lists_corrected" : "lists", object);
        json_object_set_new(into, corrected ? "noted_corrected" : "noted", noted);
    }
}

bool lists_measure(const struct mdl_profile *p, const char *dir, const char *same, json_t *into,
                   bool verbose, bool *ok)
{
    struct list lists[LISTS] = {
        {.file = "vendor-salesforce-accounts.csv", .label = "vendor"},
        {.file = "partner-hubspot-companies.csv", .label = "partner"},
        {.file = "services-accounts.csv", .label = "services"},
    };
    struct table truth = {0}, ones = {0};
    bool loaded = load(p, dir, lists, &truth, into == NULL);
    if (loaded) {
        measure_all(lists, "", into, verbose, same == NULL ? ok : NULL);
    }
    if (loaded && same != NULL && (loaded = correct(lists, same, &ones))) {
        measure_all(lists, " *", into, verbose, ok);
    }
    for (size_t i = 0; i < LISTS; i++) {
        table_free(&lists[i].table);
        free(lists[i].keys);
        free((void *)lists[i].truth);
    }
    table_free(&truth);
    table_free(&ones);
    return loaded;
}
