/* calls.c: verbs called from any thread, carried over to the loop and waited for.
 * It may not touch the database: it checks parameters by the table and hands over. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define P(name, type, required, doc)                                                               \
    {                                                                                              \
        name, type, required, doc                                                                  \
    }
#define V(name, where, fn, summary, ...) {name, MDL_VERB_##where, summary, {__VA_ARGS__}},
static const struct mdl_verb verbs[] = {
#include "verbs.def"
};
#undef V
#undef P

#define P(...)
#define V(name, where, fn, ...) fn,
static verb_fn *const functions[] = {
#include "verbs.def"
};
#undef V
#undef P

const struct mdl_verb *mdl_service_verbs(size_t *n)
{
    *n = sizeof verbs / sizeof verbs[0];
    return verbs;
}

const struct mdl_verb *verb_find(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

verb_fn *verb_function(const struct mdl_verb *v)
{
    return functions[v - verbs];
}

static const struct mdl_param *param_find(const struct mdl_verb *v, const char *name)
{
    for (size_t i = 0; i < MDL_VERB_PARAMS && v->params[i].name != NULL; i++) {
        if (strcmp(v->params[i].name, name) == 0) {
            return &v->params[i];
        }
    }
    return NULL;
}

static bool list_of_texts(const json_t *v)
{
    size_t i;
    const json_t *item;
    if (!json_is_array(v)) {
        return false;
    }
    json_array_foreach(v, i, item)
    {
        if (!json_is_string(item)) {
            return false;
        }
    }
    return true;
}

static bool type_fits(char type, const json_t *v, const char **expected)
{
    switch (type) {
    case 's':
        *expected = "text";
        return json_is_string(v);
    case 'i':
        *expected = "a whole number, not negative";
        return json_is_integer(v) && json_integer_value(v) >= 0;
    case 'b':
        *expected = "true or false";
        return json_is_boolean(v);
    case 'l':
        *expected = "a list of texts";
        return list_of_texts(v);
    case 'o':
        *expected = "an object";
        return json_is_object(v);
    }
    *expected = "nothing";
    return false;
}

static enum mdl_status check_params(const struct mdl_verb *v, const json_t *params,
                                    struct mdl_error *err)
{
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)params, name, value)
    {
        const struct mdl_param *p = param_find(v, name);
        const char *expected = "";
        if (p == NULL) {
            return mdl_fail(err, MDL_U_ARGUMENT, "%s takes no parameter '%.40s'", v->name, name);
        }
        if (!type_fits(p->type, value, &expected)) {
            return mdl_fail(err, MDL_U_ARGUMENT, "%s: parameter '%s' (%s): expected %s", v->name,
                            p->name, p->doc, expected);
        }
    }
    for (size_t i = 0; i < MDL_VERB_PARAMS && v->params[i].name != NULL; i++) {
        const struct mdl_param *p = &v->params[i];
        if (p->required && json_object_get(params, p->name) == NULL) {
            return mdl_fail(err, MDL_U_ARGUMENT, "%s: parameter '%s' (%s) is missing", v->name,
                            p->name, p->doc);
        }
    }
    return MDL_OK;
}

/* Queues the call and waits until the loop has answered it. */
static enum mdl_status carry(struct mdl_service *s, struct call *c)
{
    (void)pthread_mutex_lock(&s->lock);
    if (s->closed) {
        (void)pthread_mutex_unlock(&s->lock);
        return mdl_fail(c->err, MDL_U_NOT_RUNNING, "the node is stopping");
    }
    if (s->calls_last != NULL) {
        s->calls_last->next = c;
    } else {
        s->calls_first = c;
    }
    s->calls_last = c;
    loop_wake(s);
    while (!c->done) {
        (void)pthread_cond_wait(&s->answered, &s->lock);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return c->status;
}

enum mdl_status mdl_service_do(struct mdl_service *s, const char *verb, const json_t *params,
                               json_t **result, struct mdl_error *err)
{
    struct mdl_error local;
    struct call c = {.verb = verb_find(verb), .params = params, .err = err != NULL ? err : &local};

    if (c.verb == NULL) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "no verb '%.40s'", verb);
    }
    enum mdl_status st = check_params(c.verb, params, c.err);
    if (st != MDL_OK) {
        return st;
    }
    if (c.verb->where == MDL_VERB_CALLER) {
        return verb_function(c.verb)(s, params, result, c.err);
    }
    st = carry(s, &c);
    *result = c.result;
    return st;
}

/* A loop function dressed as a call: verb NULL, the pair in params' place. */
struct loop_call {
    struct call call;
    loop_fn *fn;
    void *ctx;
};

enum mdl_status call_loop(struct mdl_service *s, loop_fn *fn, void *ctx, struct mdl_error *err)
{
    struct mdl_error local;
    struct loop_call c = {.call = {.err = err != NULL ? err : &local}, .fn = fn, .ctx = ctx};
    return carry(s, &c.call);
}

void call_run(struct mdl_service *s, struct call *c)
{
    enum mdl_status st = turn_begin(s, c->err);
    if (st == MDL_OK) {
        st = mdl_store_mark(s->store, c->err);
    }
    if (st != MDL_OK) {
        c->status = st;
        return;
    }
    if (c->verb != NULL) {
        st = verb_function(c->verb)(s, c->params, &c->result, c->err);
    } else {
        struct loop_call *l = (struct loop_call *)(void *)c;
        st = l->fn(s, l->ctx, c->err);
    }
    /* A verb that fails leaves nothing behind, whatever else this turn holds. */
    enum mdl_status end =
        st == MDL_OK ? mdl_store_keep(s->store, c->err) : mdl_store_undo(s->store, NULL);
    c->status = st == MDL_OK ? end : st;
}

struct call *calls_take(struct mdl_service *s)
{
    (void)pthread_mutex_lock(&s->lock);
    struct call *list = s->calls_first;
    s->calls_first = s->calls_last = NULL;
    (void)pthread_mutex_unlock(&s->lock);
    return list;
}

void calls_answer(struct mdl_service *s, struct call *list)
{
    if (list == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&s->lock);
    while (list != NULL) {
        struct call *next = list->next; /* the caller's stack: gone once done is seen */
        list->done = true;
        list = next;
    }
    (void)pthread_cond_broadcast(&s->answered);
    (void)pthread_mutex_unlock(&s->lock);
}

void calls_close(struct mdl_service *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->closed = true;
    struct call *list = s->calls_first;
    s->calls_first = s->calls_last = NULL;
    (void)pthread_mutex_unlock(&s->lock);
    for (struct call *c = list; c != NULL; c = c->next) {
        c->status = mdl_fail(c->err, MDL_U_NOT_RUNNING, "the node is stopping");
    }
    calls_answer(s, list);
}
