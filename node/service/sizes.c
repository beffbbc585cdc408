/* sizes.c: how many accounts and keys of ours a disclosure speaks of: those of its populations.
 * It may not run on the loop: counting a long list takes a while. */
#include "sizes.h"

#include <string.h>

/* A member of the document on its way from the loop to the caller's thread; never seen outside. */
#define PENDING "pending"

struct sources {
    json_t *list;
};

static bool note_source(void *ctx, const struct mdl_source_row *row)
{
    struct sources *l = ctx;
    if (row->generation[0] != '\0') {
        (void)json_array_append_new(l->list, json_pack("[s,s]", row->name, row->generation));
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

static enum mdl_status add_source(struct mdl_service *s, const json_t *source, const json_t *names,
                                  uint64_t *accounts, uint64_t *keys, struct mdl_error *err)
{
    struct mdl_gen_reader *g = NULL;
    uint64_t a = 0;
    uint64_t k = 0;
    enum mdl_status st = mdl_gen_open(s->dir, json_string_value(json_array_get(source, 0)),
                                      json_string_value(json_array_get(source, 1)), &g, err);
    if (st == MDL_U_NOT_FOUND) {
        return mdl_fail(err, MDL_U_STATE,
                        "the accounts were imported anew at this moment; ask again");
    }
    if (st == MDL_OK) {
        uint64_t mask = mask_of(g, names);
        st = mask != 0 ? mdl_gen_count(g, mask, &a, &k, err) : MDL_OK;
    }
    mdl_gen_close(g);
    *accounts += a;
    *keys += k;
    return st;
}

/* The same for each of the populations in "own". */
static enum mdl_status fill_each(struct mdl_service *s, json_t *disclosure, const json_t *pending,
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
        size_t k;
        const json_t *source;
        json_array_foreach(json_object_get(pending, "sources"), k, source)
        {
            st = st == MDL_OK ? add_source(s, source, names, &accounts, &keys, err) : st;
        }
        (void)json_object_set_new(own, "accounts", json_integer((json_int_t)accounts));
        (void)json_object_set_new(own, "keys", json_integer((json_int_t)keys));
        json_decref(names);
    }
    return st;
}

static enum mdl_status fill(struct mdl_service *s, json_t *disclosure, struct mdl_error *err)
{
    const json_t *pending = json_object_get(disclosure, PENDING);
    const json_t *names = json_object_get(pending, "names");
    uint64_t accounts = 0;
    uint64_t keys = 0;
    size_t i;
    const json_t *source;
    enum mdl_status st = MDL_OK;

    json_array_foreach(json_object_get(pending, "sources"), i, source)
    {
        st = st == MDL_OK ? add_source(s, source, names, &accounts, &keys, err) : st;
    }
    (void)json_object_set_new(disclosure, "own_accounts", json_integer((json_int_t)accounts));
    (void)json_object_set_new(disclosure, "own_keys", json_integer((json_int_t)keys));
    st = st == MDL_OK ? fill_each(s, disclosure, pending, err) : st;
    (void)json_object_del(disclosure, PENDING);
    return st;
}

struct sized {
    verb_fn *verb;
    const json_t *params;
    json_t *result;
};

static enum mdl_status on_loop(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct sized *z = ctx;
    return z->verb(s, z->params, &z->result, err);
}

enum mdl_status sizes_call(struct mdl_service *s, verb_fn *verb, const json_t *params,
                           json_t **result, struct mdl_error *err)
{
    struct sized z = {verb, params, NULL};
    enum mdl_status st = call_loop(s, on_loop, &z, err);
    if (st == MDL_OK) {
        st = fill(s, json_object_get(z.result, "disclosure"), err);
    }
    if (st != MDL_OK) {
        json_decref(z.result);
        return st;
    }
    *result = z.result;
    return MDL_OK;
}
