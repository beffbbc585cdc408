/* populations.c: which populations there are on this side.
 * It may not count accounts: sizes.c does, off the loop. */
#include "agreement_wish.h"

#include <store_rulebook.h>
#include <store_source.h>
#include <string.h>

struct each {
    population_fn *fn;
    void *ctx;
};

static bool of_source(void *ctx, const struct mdl_source_row *row)
{
    struct each *e = ctx;
    json_t *report = row->report != NULL ? json_loads(row->report, 0, NULL) : NULL;
    size_t i;
    const json_t *p;
    json_array_foreach(json_object_get(report, "populations"), i, p)
    {
        const char *name = json_string_value(json_object_get(p, "name"));
        if (name != NULL) {
            e->fn(e->ctx, name);
        }
    }
    json_decref(report);
    return true;
}

static bool of_rule(void *ctx, const struct mdl_rulebook_row *row)
{
    struct each *e = ctx;
    if (row->kind == MDL_RULE_POPULATION) {
        e->fn(e->ctx, row->name);
    }
    return true;
}

enum mdl_status populations_each(struct mdl_service *s, population_fn *fn, void *ctx,
                                 struct mdl_error *err)
{
    static const char *const standard[] = {"customers", "open-opportunities", "prospects"};
    struct each e = {fn, ctx};

    for (size_t i = 0; i < sizeof standard / sizeof standard[0]; i++) {
        fn(ctx, standard[i]);
    }
    enum mdl_status st = mdl_source_list(s->store, of_source, &e, err);
    return st == MDL_OK ? mdl_rulebook_list(s->store, of_rule, &e, err) : st;
}

struct known {
    const char *wanted;
    bool hit;
    char names[400];
};

static void know(void *ctx, const char *name)
{
    struct known *k = ctx;
    char quoted[MDL_STORE_NAME + 4];
    size_t used = strlen(k->names);
    k->hit = k->hit || strcmp(name, k->wanted) == 0;
    (void)snprintf(quoted, sizeof quoted, "'%s'", name);
    if (strstr(k->names, quoted) == NULL) {
        (void)snprintf(k->names + used, sizeof k->names - used, "%s%s", used > 0 ? ", " : "",
                       quoted);
    }
}

enum mdl_status population_known(struct mdl_service *s, const char *where, const char *name,
                                 struct mdl_error *err)
{
    struct known k = {.wanted = name};
    enum mdl_status st = populations_each(s, know, &k, err);
    if (st == MDL_OK && !k.hit) {
        st = mdl_fail(err, MDL_U_ARGUMENT, "%s: there is no '%.40s' here; there are %s", where,
                      name, k.names);
    }
    return st;
}
