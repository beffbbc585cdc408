/* upload.c: one streamed import: the import's sink writes a generation beside the database; finish
 * swaps it in on the loop. Until then nothing has changed, and after a failure nothing has. */
#include "upload.h"

#include <stdlib.h>
#include <string.h>

#define SWAP_TRIES 5 /* against rules that are changed at the same moment */

/* ---- parameters ---------------------------------------------------------------------------------
 */

static enum mdl_status take_list(const json_t *params, const char *name, const char *out[],
                                 size_t max, size_t *n, struct mdl_error *err)
{
    const json_t *list = json_object_get(params, name);
    size_t i;
    const json_t *v;
    *n = 0;
    if (list != NULL && (!json_is_array(list) || json_array_size(list) > max)) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%s: expected a list of at most %zu texts", name, max);
    }
    json_array_foreach(list, i, v)
    {
        if (!json_is_string(v)) {
            return mdl_fail(err, MDL_U_ARGUMENT, "%s: expected texts", name);
        }
        out[(*n)++] = json_string_value(v);
    }
    return MDL_OK;
}

static const struct {
    const char *name;
    enum mdl_import_encoding encoding;
} encodings[] = {{"auto", MDL_ENCODING_AUTO},
                 {"utf-8", MDL_ENCODING_UTF8},
                 {"utf-16le", MDL_ENCODING_UTF16LE},
                 {"utf-16be", MDL_ENCODING_UTF16BE},
                 {"windows-1252", MDL_ENCODING_WINDOWS_1252},
                 {"latin-1", MDL_ENCODING_WINDOWS_1252}};

static enum mdl_status take_encoding(const json_t *params, enum mdl_import_encoding *out,
                                     struct mdl_error *err)
{
    const char *name = param_text(params, "encoding");
    *out = MDL_ENCODING_AUTO;
    if (name == NULL) {
        return MDL_OK;
    }
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        if (strcmp(encodings[i].name, name) == 0) {
            *out = encodings[i].encoding;
            return MDL_OK;
        }
    }
    return mdl_fail(err, MDL_U_ARGUMENT,
                    "encoding: '%.40s' is not known; expected auto, utf-8, utf-16le, utf-16be, "
                    "windows-1252 or latin-1",
                    name);
}

static enum mdl_status take_delimiter(const json_t *params, char *out, struct mdl_error *err)
{
    const char *text = param_text(params, "delimiter");
    *out = 0;
    if (text == NULL) {
        return MDL_OK;
    }
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0) {
        *out = '\t';
    } else if (strlen(text) == 1) {
        *out = text[0];
    } else {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "delimiter: expected one character or 'tab', found '%.20s'", text);
    }
    return MDL_OK;
}

/* ---- what is remembered of a source -------------------------------------------------------------
 */

struct remembered {
    const char *source;
    json_t *maps, *rules;
};

static enum mdl_status load_remembered(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct remembered *r = ctx;
    struct mdl_source_row row;
    (void)err;
    if (mdl_source_get(s->store, r->source, &row, NULL) == MDL_OK) {
        r->maps = row.mapping != NULL ? json_loads(row.mapping, 0, NULL) : NULL;
        r->rules = row.rules != NULL ? json_loads(row.rules, 0, NULL) : NULL;
        mdl_source_clear(&row);
    }
    return MDL_OK;
}

/* What is given replaces what is remembered; what is not given is taken from there. */
static enum mdl_status merge_remembered(struct mdl_service *s, struct mdl_upload *u,
                                        struct mdl_error *err)
{
    struct remembered r = {.source = u->source};
    if (u->source[0] == '\0') {
        return MDL_OK;
    }
    enum mdl_status st = call_loop(s, load_remembered, &r, err);
    if (st == MDL_OK && json_object_get(u->params, "maps") == NULL && json_is_array(r.maps)) {
        (void)json_object_set(u->params, "maps", r.maps);
    }
    if (st == MDL_OK && json_object_get(u->params, "populations") == NULL &&
        json_is_array(r.rules)) {
        (void)json_object_set(u->params, "populations", r.rules);
    }
    json_decref(r.maps);
    json_decref(r.rules);
    return st;
}

static enum mdl_status check_names(const json_t *params, struct mdl_error *err)
{
    static const char *const known[] = {"source",    "maps",    "populations",  "encoding",
                                        "delimiter", "preview", "accept_silent"};
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)params, name, value)
    {
        bool ok = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            ok = ok || strcmp(known[i], name) == 0;
        }
        if (!ok) {
            return mdl_fail(err, MDL_U_ARGUMENT, "import takes no parameter '%.40s'", name);
        }
    }
    return MDL_OK;
}

static enum mdl_status open_import(struct mdl_upload *u, struct mdl_error *err)
{
    const char *maps[MDL_IMPORT_MAPS_MAX];
    const char *rules[MDL_IMPORT_POPULATIONS];
    struct mdl_import_options o = {.profile = u->s->profile, .maps = maps, .populations = rules};
    struct mdl_import_sink sink = upload_sink(u);
    enum mdl_status st = take_list(u->params, "maps", maps, MDL_IMPORT_MAPS_MAX, &o.n_maps, err);
    if (st == MDL_OK) {
        st = take_list(u->params, "populations", rules, MDL_IMPORT_POPULATIONS, &o.n_populations,
                       err);
    }
    if (st == MDL_OK) {
        st = take_encoding(u->params, &o.encoding, err);
    }
    if (st == MDL_OK) {
        st = take_delimiter(u->params, &o.delimiter, err);
    }
    return st == MDL_OK ? mdl_import_begin(&o, &sink, &u->import, err) : st;
}

enum mdl_status mdl_upload_begin(struct mdl_service *s, const json_t *params,
                                 struct mdl_upload **out, struct mdl_error *err)
{
    const char *source = param_text(params, "source");
    struct mdl_upload *u = calloc(1, sizeof *u);

    if (u == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for an import");
    }
    u->s = s;
    u->params = json_deep_copy(params);
    u->preview = param_bool(params, "preview", false);
    u->started_ms = now_ms();
    u->first = json_array();
    u->rejected = json_array();
    enum mdl_status st = check_names(params, err);
    if (st == MDL_OK && source != NULL) {
        st = strlen(source) <= MDL_STORE_SLUG && source[0] != '\0' &&
                     source[strspn(source, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0' &&
                     strchr("_-", source[0]) == NULL
                 ? MDL_OK
                 : mdl_fail(err, MDL_U_ARGUMENT,
                            "source: '%.60s' cannot be a name; expected 1 to %d of a-z 0-9 - _, "
                            "beginning with a letter or digit",
                            source, MDL_STORE_SLUG);
    }
    if (st == MDL_OK && source != NULL) {
        (void)snprintf(u->source, sizeof u->source, "%s", source);
    }
    if (st == MDL_OK) {
        st = merge_remembered(s, u, err);
    }
    if (st == MDL_OK) {
        st = open_import(u, err);
    }
    if (st != MDL_OK) {
        mdl_upload_free(u);
        return st;
    }
    *out = u;
    return MDL_OK;
}

enum mdl_status mdl_upload_file(struct mdl_upload *u, const char *name, struct mdl_error *err)
{
    return mdl_import_file_begin(u->import, name, err);
}

enum mdl_status mdl_upload_feed(struct mdl_upload *u, const void *bytes, size_t n,
                                struct mdl_error *err)
{
    if (u->failed.status != MDL_OK) {
        return mdl_fail(err, u->failed.status, "%s", u->failed.text);
    }
    enum mdl_status st = mdl_import_feed(u->import, bytes, n, err);
    if (st != MDL_OK) {
        u->failed = *err;
    }
    return st;
}

enum mdl_status mdl_upload_file_end(struct mdl_upload *u, struct mdl_error *err)
{
    enum mdl_status st = mdl_import_file_end(u->import, err);
    if (st != MDL_OK) {
        u->failed = *err;
    }
    return st;
}

static enum mdl_status swap(struct mdl_upload *u, json_t **report, struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;
    bool stale = true;
    for (int i = 0; i < SWAP_TRIES && st == MDL_OK && stale; i++) {
        st = upload_swap(u, *report, &stale, err);
        if (stale && i + 1 < SWAP_TRIES) {
            upload_unmark(u);
            st = upload_mark(u, err);
            json_decref(*report);
            *report = upload_report(u);
            st = st == MDL_OK ? upload_check_private(u, err) : st;
        }
    }
    return st;
}

enum mdl_status mdl_upload_finish(struct mdl_upload *u, json_t **report, struct mdl_error *err)
{
    enum mdl_status st = u->failed.status != MDL_OK
                             ? mdl_fail(err, u->failed.status, "%s", u->failed.text)
                             : mdl_import_finish(u->import, err);
    if (st == MDL_OK) {
        st = upload_mark(u, err);
    }
    *report = upload_report(u);
    /* A header without rows, or opportunities alone, must not silently empty a source. */
    if (st == MDL_OK && !u->preview && u->summary->accounts == 0) {
        st = mdl_fail(err, MDL_U_CSV,
                      "the files hold no account, so nothing was changed: an import replaces the "
                      "source as a whole. Give opportunities together with their accounts; "
                      "'mandorla source remove %s' forgets a source",
                      u->source);
    }
    if (st == MDL_OK && !u->preview) {
        st = upload_check_private(u, err);
    }
    return st == MDL_OK && !u->preview ? swap(u, report, err) : st;
}

void mdl_upload_free(struct mdl_upload *u)
{
    if (u == NULL) {
        return;
    }
    mdl_import_free(u->import); /* drops what was built, by the sink's abort */
    mdl_gen_abort(u->gen);
    if (u->finished && !u->swapped) {
        mdl_gen_delete(u->s->dir, u->source, u->generation); /* and its marks */
    }
    marking_clear(&u->marking);
    rulebook_free(u->book);
    mdl_suppressed_free(u->suppressed);
    json_decref(u->before);
    free(u->summary);
    json_decref(u->params);
    json_decref(u->first);
    json_decref(u->rejected);
    free(u);
}
