/* sizes.c: how many accounts and keys of ours a disclosure speaks of: those of its populations.
 * It may not run on the loop: counting a long list takes a while. */
#include "sizes.h"

#include <store_suppress.h>
#include <string.h>

/* A member of the document on its way from the loop to the caller's thread; never seen outside. */
#define PENDING "pending"
#define SOURCES 256

struct sources {
    json_t *list;
};

static bool note_source(void *ctx, const struct mdl_source_row *row)
{
    struct sources *l = ctx;
    if (row->generation[0] != '\0') {
        (void)json_array_append_new(l->list,
                                    json_pack("[s,s,s]", row->name, row->generation, row->marks));
    }
    return true;
}

void sizes_note(struct mdl_service *s, json_t *disclosure, json_t *populations)
{
    struct sources l = {json_array()};
    (void)(mdl_source_list(s->store, note_source, &l, NULL) == MDL_OK);
    (void)json_object_set_new(disclosure, PENDING,
                              json_pack("{s:o, s:o}", "sources", l.list, "names", populations));
}

static uint64_t mask_of(const struct mdl_gen_reader *g, const json_t *names)
{
    uint64_t mask = 0;
    size_t i;
    const json_t *name;
    json_array_foreach(names, i, name)
    {
        for (int bit = 0; bit < mdl_gen_populations(g); bit++) {
            if (strcmp(mdl_gen_population_name(g, bit), json_string_value(name)) == 0) {
                mask |= UINT64_C(1) << bit;
            }
        }
    }
    return mask;
}

/* The sources of a disclosure, open, with those who are in no round found. */
struct open_sources {
    struct mdl_gen_reader *gen[SOURCES];
    size_t n;
};

static enum mdl_status open_source(struct mdl_service *s, const json_t *source,
                                   const struct mdl_suppressed *suppressed, struct open_sources *o,
                                   struct mdl_error *err)
{
    if (o->n == SOURCES) {
        return mdl_fail(err, MDL_U_TOO_LARGE, "more than %d sources", SOURCES);
    }
    enum mdl_status st =
        mdl_gen_open_marked(s->dir, json_string_value(json_array_get(source, 0)),
                            json_string_value(json_array_get(source, 1)),
                            json_string_value(json_array_get(source, 2)), &o->gen[o->n], err);
    if (st == MDL_U_NOT_FOUND) {
        return mdl_fail(err, MDL_U_STATE,
                        "the accounts were imported anew at this moment; ask again");
    }
    if (st == MDL_OK) {
        st = mdl_gen_leave_out(o->gen[o->n++], suppressed, err);
    }
    return st;
}

static enum mdl_status count(const struct open_sources *o, const json_t *names, uint64_t *accounts,
                             uint64_t *keys, struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;
    *accounts = *keys = 0;
    for (size_t i = 0; i < o->n && st == MDL_OK; i++) {
        uint64_t mask = mask_of(o->gen[i], names);
        uint64_t a = 0;
        uint64_t k = 0;
        st = mask != 0 ? mdl_gen_count(o->gen[i], mask, &a, &k, err) : MDL_OK;
        *accounts += a;
        *keys += k;
    }
    return st;
}

/* The same for each of the populations in "own". */
static enum mdl_status fill_each(const struct open_sources *o, json_t *disclosure,
                                 struct mdl_error *err)
{
    size_t i;
    json_t *own;
    enum mdl_status st = MDL_OK;

    json_array_foreach(json_object_get(disclosure, "own"), i, own)
    {
        json_t *names = json_pack("[O]", json_object_get(own, "population"));
        uint64_t accounts = 0;
        uint64_t keys = 0;
        st = st == MDL_OK ? count(o, names, &accounts, &keys, err) : st;
        (void)json_object_set_new(own, "accounts", json_integer((json_int_t)accounts));
        (void)json_object_set_new(own, "keys", json_integer((json_int_t)keys));
        json_decref(names);
    }
    return st;
}

struct left_out {
    uint64_t mask;
    json_int_t n[MDL_LEFT_SUPPRESSED + 1];
};

static void left_row(void *ctx, uint64_t populations, enum mdl_left_out why, uint64_t n)
{
    struct left_out *l = ctx;
    l->n[why] += (populations & l->mask) != 0 ? (json_int_t)n : 0;
}

/* How many accounts of these populations are in no round, and why; never which. */
static enum mdl_status fill_left_out(const struct open_sources *o, json_t *disclosure,
                                     const json_t *names, struct mdl_error *err)
{
    struct left_out l = {0};
    enum mdl_status st = MDL_OK;
    for (size_t i = 0; i < o->n && st == MDL_OK; i++) {
        l.mask = mask_of(o->gen[i], names);
        st = mdl_gen_tally(o->gen[i], left_row, &l, err);
    }
    (void)json_object_set_new(disclosure, "left_out",
                              json_pack("{s:I, s:I}", "private", l.n[MDL_LEFT_PRIVATE],
                                        "suppressed", l.n[MDL_LEFT_SUPPRESSED]));
    return st;
}

static enum mdl_status fill(struct mdl_service *s, json_t *disclosure,
                            const struct mdl_suppressed *suppressed, struct mdl_error *err)
{
    const json_t *pending = json_object_get(disclosure, PENDING);
    const json_t *names = json_object_get(pending, "names");
    struct open_sources o = {.n = 0};
    uint64_t accounts = 0;
    uint64_t keys = 0;
    size_t i;
    const json_t *source;
    enum mdl_status st = MDL_OK;

    json_array_foreach(json_object_get(pending, "sources"), i, source)
    {
        st = st == MDL_OK ? open_source(s, source, suppressed, &o, err) : st;
    }
    st = st == MDL_OK ? count(&o, names, &accounts, &keys, err) : st;
    (void)json_object_set_new(disclosure, "own_accounts", json_integer((json_int_t)accounts));
    (void)json_object_set_new(disclosure, "own_keys", json_integer((json_int_t)keys));
    st = st == MDL_OK ? fill_left_out(&o, disclosure, names, err) : st;
    st = st == MDL_OK ? fill_each(&o, disclosure, err) : st;
    for (size_t k = 0; k < o.n; k++) {
        mdl_gen_close(o.gen[k]);
    }
    (void)json_object_del(disclosure, PENDING);
    return st;
}

struct sized {
    verb_fn *verb;
    const json_t *params;
    json_t *result;
    struct mdl_suppressed *suppressed;
};

static enum mdl_status on_loop(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct sized *z = ctx;
    enum mdl_status st = z->verb(s, z->params, &z->result, err);
    return st == MDL_OK ? mdl_suppress_load(s->store, &z->suppressed, err) : st;
}

enum mdl_status sizes_call(struct mdl_service *s, verb_fn *verb, const json_t *params,
                           json_t **result, struct mdl_error *err)
{
    struct sized z = {verb, params, NULL, NULL};
    enum mdl_status st = call_loop(s, on_loop, &z, err);
    if (st == MDL_OK) {
        st = fill(s, json_object_get(z.result, "disclosure"), z.suppressed, err);
    }
    mdl_suppressed_free(z.suppressed);
    if (st != MDL_OK) {
        json_decref(z.result);
        return st;
    }
    *result = z.result;
    return MDL_OK;
}
