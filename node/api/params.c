/* params.c: gathers a verb's parameters from path, query and body.
 * It may only type them by the verb's table; whether they are right the service decides. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct gather {
    const struct mdl_verb *verb;
    json_t *params;
    enum mdl_status status;
    struct mdl_error *err;
};

static const struct mdl_verb *verb_named(const char *name)
{
    size_t n;
    const struct mdl_verb *v = mdl_service_verbs(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(v[i].name, name) == 0) {
            return &v[i];
        }
    }
    return NULL;
}

static char type_of(const struct mdl_verb *v, const char *name)
{
    for (size_t i = 0; i < MDL_VERB_PARAMS && v->params[i].name != NULL; i++) {
        if (strcmp(v->params[i].name, name) == 0) {
            return v->params[i].type;
        }
    }
    return 's'; /* unknown names go on as they are: the service names them in its refusal */
}

/* Text from a path or query as the type the table asks for; NULL if it is not one. */
static json_t *typed(char type, const char *text)
{
    char *end;
    long long n;

    switch (type) {
    case 'i':
        errno = 0;
        n = strtoll(text, &end, 10);
        return errno == 0 && end != text && *end == '\0' ? json_integer(n) : NULL;
    case 'b':
        if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0 || text[0] == '\0') {
            return json_true();
        }
        return strcmp(text, "false") == 0 || strcmp(text, "0") == 0 ? json_false() : NULL;
    case 'o':
        return json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    case 'l':
    case 's':
        break;
    }
    return json_string(text);
}

static enum mdl_status not_typed(char type, const char *name, const char *text,
                                 struct mdl_error *err)
{
    json_t *as_text = json_string(text);
    if (as_text == NULL) { /* an answer could not repeat it */
        return mdl_fail(err, MDL_U_ARGUMENT, "%s: expected text in UTF-8", name);
    }
    json_decref(as_text);
    return mdl_fail(err, MDL_U_ARGUMENT, "%s: expected %s, found '%.80s'", name,
                    type == 'i'   ? "a whole number"
                    : type == 'b' ? "true or false"
                                  : "a JSON object",
                    text);
}

static void add(struct gather *g, const char *name, const char *text)
{
    char type = type_of(g->verb, name);
    json_t *value = typed(type, text);

    if (value == NULL) {
        g->status = not_typed(type, name, text, g->err);
        return;
    }
    if (type == 'l') {
        json_t *list = json_object_get(g->params, name);
        if (list == NULL) {
            list = json_array();
            (void)json_object_set_new(g->params, name, list);
        }
        (void)json_array_append_new(list, value);
        return;
    }
    (void)json_object_set_new(g->params, name, value);
}

/* The server keeps escapes as they are (paths need that): undo them here. */
static enum MHD_Result query_value(void *ctx, enum MHD_ValueKind kind, const char *key,
                                   const char *value)
{
    struct gather *g = ctx;
    char *text = strdup(value != NULL ? value : "");
    (void)kind;
    if (text == NULL) {
        g->status = mdl_fail(g->err, MDL_L_MEMORY, "not enough memory for the request");
        return MHD_NO;
    }
    (void)MHD_http_unescape(text);
    add(g, key, text);
    free(text);
    return g->status == MDL_OK ? MHD_YES : MHD_NO;
}

static void add_body(struct gather *g, const char *body, size_t len)
{
    json_error_t why;
    json_t *doc = json_loadb(body, len, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(doc)) {
        g->status = mdl_fail(g->err, MDL_U_ARGUMENT, "body: expected a JSON object, found %s",
                             doc == NULL ? why.text : "another JSON value");
    } else {
        (void)json_object_update(g->params, doc);
    }
    json_decref(doc);
}

enum mdl_status api_params(struct MHD_Connection *c, const struct route_match *m, const char *body,
                           size_t body_len, json_t **out, struct mdl_error *err)
{
    struct gather g = {verb_named(m->route->verb), json_object(), MDL_OK, err};
    char name[64];

    if (g.verb == NULL || g.params == NULL) {
        json_decref(g.params);
        return mdl_fail(err, MDL_BUG, "no verb '%s'", m->route->verb);
    }
    if (body_len > 0) {
        add_body(&g, body, body_len);
    }
    (void)MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, query_value, &g);
    /* The path comes last: what it names cannot be changed by query or body. */
    for (size_t i = 0; i < m->n_vars && g.status == MDL_OK; i++) {
        (void)snprintf(name, sizeof name, "%.*s", (int)m->var[i].name_len, m->var[i].name);
        add(&g, name, m->var[i].value);
    }
    if (g.status != MDL_OK) {
        json_decref(g.params);
        return g.status;
    }
    *out = g.params;
    return MDL_OK;
}
