/* client.c: requests to the node, by libcurl on the Unix socket.
 * It may not know what a document means, nor print. */
#include "client.h"

#include <curl/curl.h>
#include <errno.h>
#include <service.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX (1u << 30)
#define CONNECT_S  10L

struct client {
    CURL *curl;
    struct curl_slist *headers;
    char dir[4096];
    char socket[4096];
    json_t *details;
};

struct answer {
    char *text;
    size_t len;
    bool too_large;
};

struct sending {
    FILE *from;
    int failed; /* errno */
    client_progress_fn *progress;
    void *ctx;
};

/* ---- paths -------------------------------------------------------------------------------------
 */

static void add(struct path *p, const char *text)
{
    size_t n = strlen(text);
    if (n >= sizeof p->text - p->len) {
        p->broken = true;
        return;
    }
    memcpy(p->text + p->len, text, n + 1);
    p->len += n;
}

static void add_escaped(struct path *p, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text != '\0'; text++) {
        char one[4];
        bool is_plain = strchr(plain, *text) != NULL;
        (void)snprintf(one, sizeof one, is_plain ? "%c" : "%%%02X", (unsigned char)*text);
        add(p, one);
    }
}

void path_start(struct path *p, const char *text)
{
    p->len = 0;
    p->broken = p->has_query = false;
    p->text[0] = '\0';
    add(p, text);
}

void path_segment(struct path *p, const char *segment)
{
    p->broken = p->broken || segment[0] == '\0';
    add(p, "/");
    add_escaped(p, segment);
}

void path_query(struct path *p, const char *name, const char *value)
{
    if (value != NULL) {
        add(p, p->has_query ? "&" : "?");
        add(p, name);
        add(p, "=");
        add_escaped(p, value);
        p->has_query = true;
    }
}

void path_query_int(struct path *p, const char *name, long long value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", value);
    path_query(p, name, text);
}

/* ---- the client --------------------------------------------------------------------------------
 */

enum mdl_status client_open(const char *dir, struct client **out, struct mdl_error *err)
{
    struct client *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory");
    }
    (void)snprintf(c->dir, sizeof c->dir, "%s", dir);
    enum mdl_status st = mdl_node_socket_path(dir, c->socket, sizeof c->socket, err);
    if (st == MDL_OK) {
        c->curl = curl_easy_init();
        c->headers = curl_slist_append(NULL, "Content-Type: application/json");
        struct curl_slist *more = curl_slist_append(c->headers, "Expect:"); /* send at once */
        c->headers = more != NULL ? more : c->headers;
        if (c->curl == NULL || more == NULL) {
            st = mdl_fail(err, MDL_L_MEMORY, "not enough memory");
        }
    }
    if (st != MDL_OK) {
        client_close(c);
        return st;
    }
    *out = c;
    return MDL_OK;
}

void client_close(struct client *c)
{
    if (c == NULL) {
        return;
    }
    curl_easy_cleanup(c->curl);
    curl_slist_free_all(c->headers);
    json_decref(c->details);
    free(c);
}

const json_t *client_details(const struct client *c)
{
    return c->details;
}

static size_t take(char *bytes, size_t size, size_t n, void *ctx)
{
    struct answer *a = ctx;
    n *= size;
    if (n > ANSWER_MAX - a->len) {
        a->too_large = true;
        return 0;
    }
    char *grown = realloc(a->text, a->len + n + 1);
    if (grown == NULL) {
        return 0;
    }
    memcpy(grown + a->len, bytes, n);
    a->text = grown;
    a->len += n;
    a->text[a->len] = '\0';
    return n;
}

static enum mdl_status transport_error(const struct client *c, CURLcode rc, const struct answer *a,
                                       const struct sending *s, struct mdl_error *err)
{
    if (s != NULL && s->failed != 0) {
        return mdl_fail(err, MDL_L_IO, "the file cannot be read: %s", strerror(s->failed));
    }
    if (rc == CURLE_ABORTED_BY_CALLBACK) {
        return mdl_fail(err, MDL_U_CANCELLED, "stopped on request");
    }
    if (rc == CURLE_COULDNT_CONNECT) {
        return mdl_fail(err, MDL_U_NOT_RUNNING,
                        "no node is serving '%s'; start it with 'mandorla --dir %s serve'", c->dir,
                        c->dir);
    }
    if (a->too_large || rc == CURLE_OUT_OF_MEMORY || rc == CURLE_WRITE_ERROR) {
        return mdl_fail(err, MDL_L_MEMORY, "the node's answer does not fit into memory");
    }
    return mdl_fail(err, MDL_L_IO, "the node that serves '%s' stopped answering: %s", c->dir,
                    curl_easy_strerror(rc));
}

/* The node's own error, so that exit codes and texts are the same as if it had happened here. */
static enum mdl_status node_error(struct client *c, const json_t *doc, long http,
                                  struct mdl_error *err)
{
    const json_t *e = json_object_get(doc, "error");
    const char *text = json_string_value(json_object_get(e, "message"));
    json_int_t code = json_integer_value(json_object_get(e, "code"));

    c->details = json_incref(json_object_get(e, "details"));
    if (text == NULL || code <= 0 || code > 499) {
        return mdl_fail(err, MDL_L_LIBRARY,
                        "what listens on %s does not answer like a Mandorla node (HTTP %ld)",
                        c->socket, http);
    }
    return mdl_fail(err, (enum mdl_status)code, "%s", text);
}

static enum mdl_status read_answer(struct client *c, const struct answer *a, json_t **document,
                                   struct mdl_error *err)
{
    long http = 0;
    json_t *doc = a->text != NULL ? json_loadb(a->text, a->len, 0, NULL) : NULL;
    (void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &http);
    if (http == 200 && json_is_object(doc)) {
        *document = doc;
        return MDL_OK;
    }
    enum mdl_status st = node_error(c, doc, http, err);
    json_decref(doc);
    return st;
}

static enum mdl_status prepare(struct client *c, const char *method, const struct path *path,
                               struct answer *a, struct mdl_error *err)
{
    char url[sizeof path->text + 32];
    if (path->broken) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a name is empty or too long");
    }
    (void)snprintf(url, sizeof url, "http://mandorla%s", path->text);
    json_decref(c->details);
    c->details = NULL;
    curl_easy_reset(c->curl);
    CURLcode rc = curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, c->socket);
    rc = rc == CURLE_OK ? curl_easy_setopt(c->curl, CURLOPT_URL, url) : rc;
    (void)curl_easy_setopt(c->curl, CURLOPT_PATH_AS_IS, 1L); /* a partner may be called ".." */
    (void)curl_easy_setopt(c->curl, CURLOPT_PROXY, "");      /* whatever the environment says */
    (void)curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    (void)curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
    (void)curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
    (void)curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, a);
    if (rc != CURLE_OK) {
        return mdl_fail(err, MDL_L_LIBRARY, "libcurl: %s", curl_easy_strerror(rc));
    }
    return MDL_OK;
}

static enum mdl_status perform(struct client *c, struct answer *a, const struct sending *s,
                               json_t **document, struct mdl_error *err)
{
    CURLcode rc = curl_easy_perform(c->curl);
    enum mdl_status st =
        rc != CURLE_OK ? transport_error(c, rc, a, s, err) : read_answer(c, a, document, err);
    free(a->text);
    return st;
}

enum mdl_status client_call(struct client *c, const char *method, const struct path *path,
                            const json_t *body, json_t **document, struct mdl_error *err)
{
    struct answer a = {NULL, 0, false};
    enum mdl_status st = prepare(c, method, path, &a, err);
    if (st != MDL_OK) {
        return st;
    }
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    if (body != NULL && text == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the request");
    }
    if (text != NULL || strcmp(method, "POST") == 0) {
        (void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, text != NULL ? text : "");
        (void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)(text != NULL ? strlen(text) : 0));
    }
    st = perform(c, &a, NULL, document, err);
    free(text);
    return st;
}

/* ---- upload ------------------------------------------------------------------------------------
 */

static size_t give(char *buffer, size_t size, size_t n, void *ctx)
{
    struct sending *s = ctx;
    size_t got = fread(buffer, 1, size * n, s->from);
    if (got == 0 && ferror(s->from)) {
        s->failed = errno;
        return CURL_READFUNC_ABORT;
    }
    return got;
}

static int tick(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                curl_off_t up)
{
    struct sending *s = ctx;
    (void)down_total;
    (void)down;
    (void)up_total;
    return s->progress != NULL && !s->progress(s->ctx, (long long)up) ? 1 : 0;
}

enum mdl_status client_upload(struct client *c, const struct path *path, FILE *from,
                              client_progress_fn *fn, void *ctx, struct mdl_error *err)
{
    struct answer a = {NULL, 0, false};
    struct sending s = {.from = from, .progress = fn, .ctx = ctx};
    json_t *document = NULL;
    enum mdl_status st = prepare(c, "PUT", path, &a, err);
    if (st != MDL_OK) {
        return st;
    }
    (void)curl_easy_setopt(c->curl, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(c->curl, CURLOPT_READFUNCTION, give);
    (void)curl_easy_setopt(c->curl, CURLOPT_READDATA, &s);
    (void)curl_easy_setopt(c->curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024L);
    (void)curl_easy_setopt(c->curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(c->curl, CURLOPT_XFERINFOFUNCTION, tick);
    (void)curl_easy_setopt(c->curl, CURLOPT_XFERINFODATA, &s);
    st = perform(c, &a, &s, &document, err);
    json_decref(document);
    return st;
}
