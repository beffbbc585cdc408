/* cli.c: what every command shares: the directory, requests, printing, asking.
 * It may not know any document. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum mdl_status cli_dir(const char *given, char *out, size_t size, struct mdl_error *err)
{
    const char *dir = given != NULL ? given : getenv("MANDORLA_DIR");
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    int n;

    if (dir != NULL && (given != NULL || dir[0] != '\0')) {
        n = snprintf(out, size, "%s", dir);
    } else if (data != NULL && data[0] == '/') { /* the XDG rule: relative paths do not count */
        n = snprintf(out, size, "%s/mandorla", data);
    } else if (home != NULL && home[0] != '\0') {
        n = snprintf(out, size, "%s/.local/share/mandorla", home);
    } else {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "no directory: give --dir DIR or set MANDORLA_DIR (HOME is not set)");
    }
    if (n <= 0 || (size_t)n >= size) {
        return mdl_fail(err, MDL_U_ARGUMENT, "--dir: expected the path of a directory");
    }
    return MDL_OK;
}

enum mdl_status cli_send(struct cli *c, const char *method, const struct path *p, json_t *body,
                         json_t **document)
{
    enum mdl_status st = c->client != NULL ? MDL_OK : client_open(c->dir, &c->client, &c->err);
    if (st == MDL_OK) {
        st = client_call(c->client, method, p, body, document, &c->err);
    }
    json_decref(body);
    return st;
}

enum mdl_status cli_get(struct cli *c, const struct path *p, json_t **document)
{
    return cli_send(c, "GET", p, NULL, document);
}

enum mdl_status cli_printed(struct cli *c, enum mdl_status st)
{
    if (st == MDL_OK && (fflush(stdout) != 0 || ferror(stdout) != 0)) {
        return mdl_fail(&c->err, errno == ENOSPC ? MDL_L_DISK_FULL : MDL_L_IO,
                        "standard output cannot be written: %s", strerror(errno));
    }
    if (st != MDL_OK && c->err.status != st) {
        (void)mdl_fail(&c->err, st, "the report cannot be printed: %s", mdl_status_meaning(st));
    }
    return st;
}

enum mdl_status cli_print(struct cli *c, json_t *document, show_fn *show)
{
    enum mdl_status st = MDL_OK;
    if (c->json) {
        st = put_json(stdout, document) ? MDL_OK : MDL_L_IO;
    } else {
        st = show(c, document, stdout);
    }
    json_decref(document);
    return cli_printed(c, st);
}

enum mdl_status cli_show(struct cli *c, const struct path *p, show_fn *show)
{
    json_t *document = NULL;
    enum mdl_status st = cli_get(c, p, &document);
    return st == MDL_OK ? cli_print(c, document, show) : st;
}

FILE *cli_talk(const struct cli *c)
{
    return c->json ? stderr : stdout;
}

enum mdl_status cli_confirm(struct cli *c, const char *question)
{
    if (option_given(&c->o, "yes") || !term_can_ask() || term_ask(question)) {
        return MDL_OK;
    }
    return mdl_fail(&c->err, MDL_U_CANCELLED, "not confirmed; nothing was changed");
}

const char *cli_arg(const struct cli *c, int i)
{
    return i < c->o.n_args ? c->o.args[i] : "";
}

void body_text(json_t *body, const struct options *o, const char *option, const char *name)
{
    const char *text = option_text(o, option);
    if (text != NULL) {
        (void)json_object_set_new(body, name, json_string(text));
    }
}

void body_list(json_t *body, const struct options *o, const char *option, const char *name)
{
    const char *text;
    json_t *list = json_array();
    for (size_t i = 0; (text = option_nth(o, option, i)) != NULL; i++) {
        (void)json_array_append_new(list, json_string(text));
    }
    if (json_array_size(list) > 0) {
        (void)json_object_set(body, name, list);
    }
    json_decref(list);
}

enum mdl_status body_int(struct cli *c, json_t *body, const char *option, const char *name,
                         long long min, long long max)
{
    long long n = min;
    enum mdl_status st = option_int(&c->o, option, min, max, &n, &c->err);
    if (st == MDL_OK && option_given(&c->o, option)) {
        (void)json_object_set_new(body, name, json_integer(n));
    }
    return st;
}

const char *join_names(const json_t *list, char *out, size_t size)
{
    mdl_doc_join(list, ", ", out, size);
    return out;
}
