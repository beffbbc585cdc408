/* api.c: the HTTP server on the Unix socket: one thread a connection, one verb a request.
 * It may not know what a verb does. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct mdl_api {
    struct mdl_service *service;
    struct MHD_Daemon *daemon;
    struct api_imports *imports;
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
};

/* What one request has gathered so far. */
struct request {
    struct api_upload *upload; /* a PUT that streams into an import */
    char *body;
    size_t body_len;
    struct mdl_error error; /* first failure; answered when the body has ended */
};

static void *log_uri(void *ctx, const char *uri, struct MHD_Connection *c)
{
    (void)ctx;
    (void)uri;
    (void)c;
    return NULL;
}

/* The path is unescaped segment by segment, so that "%2F" in a name is no separator. */
static size_t keep_escapes(void *ctx, struct MHD_Connection *c, char *s)
{
    (void)ctx;
    (void)c;
    return strlen(s);
}

static struct request *new_request(struct mdl_api *api, const char *method, const char *url)
{
    struct request *r = calloc(1, sizeof *r);
    if (r != NULL && strcmp(method, "PUT") == 0) {
        r->error.status = MDL_OK;
        if (api_is_import(url)) {
            (void)api_upload_begin(api->imports, url, &r->upload, &r->error);
        } else {
            (void)mdl_fail(&r->error, MDL_U_NOT_FOUND, "no such resource: PUT %.200s", url);
        }
    }
    return r;
}

static void take_body(struct request *r, const char *bytes, size_t n)
{
    if (r->error.status != MDL_OK) {
        return;
    }
    if (r->upload != NULL) {
        if (api_upload_feed(r->upload, bytes, n, &r->error) != MDL_OK) {
            struct api_upload *u = r->upload;
            r->upload = NULL;
            (void)api_upload_end(u, API_UPLOAD_REFUSED, NULL);
        }
        return;
    }
    if (n > API_BODY_MAX - r->body_len) {
        (void)mdl_fail(&r->error, MDL_U_TOO_LARGE, "body: at most %zu bytes", API_BODY_MAX);
        return;
    }
    char *grown = realloc(r->body, r->body_len + n);
    if (grown == NULL) {
        (void)mdl_fail(&r->error, MDL_L_MEMORY, "not enough memory for the request");
        return;
    }
    memcpy(grown + r->body_len, bytes, n);
    r->body = grown;
    r->body_len += n;
}

static enum MHD_Result run_verb(struct mdl_api *api, struct MHD_Connection *c, const char *method,
                                const char *url, struct request *r)
{
    struct route_match m;
    json_t *params = NULL;
    json_t *result = NULL;
    struct mdl_error err = {MDL_OK, ""};

    if (!api_route(method, url, &m)) {
        (void)mdl_fail(&err, MDL_U_NOT_FOUND, "%s: %s %.200s",
                       m.path_known ? "this path has another method" : "no such resource", method,
                       url);
        return api_respond_error(c, &err, NULL);
    }
    enum mdl_status st = api_params(c, &m, r->body, r->body_len, &params, &err);
    if (st == MDL_OK) {
        st = mdl_service_do(api->service, m.route->verb, params, &result, &err);
    }
    json_decref(params);
    if (st != MDL_OK) {
        json_decref(result);
        return api_respond_error(c, &err, NULL);
    }
    return api_respond(c, MHD_HTTP_OK, result);
}

static enum MHD_Result run_import(struct mdl_api *api, struct MHD_Connection *c, const char *method,
                                  const char *url, struct request *r)
{
    json_t *result = NULL;
    json_t *details = NULL;
    enum mdl_status st = api_import_request(api->imports, method, url, r->body, r->body_len,
                                            &result, &details, &r->error);
    if (st != MDL_OK) {
        return api_respond_error(c, &r->error, details);
    }
    return api_respond(c, MHD_HTTP_OK, result);
}

static enum MHD_Result finish_upload(struct MHD_Connection *c, struct request *r)
{
    struct api_upload *u = r->upload;
    r->upload = NULL;
    if (api_upload_end(u, API_UPLOAD_WHOLE, &r->error) != MDL_OK) {
        return api_respond_error(c, &r->error, NULL);
    }
    return api_respond(c, MHD_HTTP_OK, json_pack("{s:b}", "ok", 1));
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *n, void **state)
{
    struct mdl_api *api = ctx;
    struct request *r = *state;
    (void)version;

    if (r == NULL) {
        *state = new_request(api, method, url);
        return *state != NULL ? MHD_YES : MHD_NO;
    }
    if (*n > 0) {
        take_body(r, bytes, *n);
        *n = 0;
        return MHD_YES;
    }
    if (r->error.status != MDL_OK) {
        return api_respond_error(c, &r->error, NULL);
    }
    if (r->upload != NULL) {
        return finish_upload(c, r);
    }
    if (api_is_import(url)) {
        return run_import(api, c, method, url, r);
    }
    return run_verb(api, c, method, url, r);
}

static void on_completed(void *ctx, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode why)
{
    struct request *r = *state;
    (void)ctx;
    (void)c;
    (void)why;
    if (r == NULL) {
        return;
    }
    if (r->upload != NULL) { /* the client went away in the middle of a file */
        (void)api_upload_end(r->upload, API_UPLOAD_BROKEN, NULL);
    }
    free(r->body);
    free(r);
}

static enum mdl_status listen_on(const char *path, int *out, struct mdl_error *err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return mdl_fail(err, MDL_L_IO, "cannot make a socket: %s", strerror(errno));
    }
    memcpy(addr.sun_path, path, strlen(path) + 1);
    (void)unlink(path);
    mode_t old = umask(0177);
    int bound = bind(fd, (const struct sockaddr *)&addr, sizeof addr);
    (void)umask(old);
    if (bound != 0 || listen(fd, 64) != 0) {
        enum mdl_status st =
            mdl_fail(err, errno == EADDRINUSE ? MDL_L_IN_USE : MDL_L_IO,
                     "cannot listen on the API socket %s: %s", path, strerror(errno));
        (void)close(fd);
        return st;
    }
    *out = fd;
    return MDL_OK;
}

static struct MHD_Daemon *start_daemon(struct mdl_api *api, int fd)
{
    return MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL,
        NULL, on_request, api, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)API_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, API_IDLE_SECONDS,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,
        NULL, MHD_OPTION_URI_LOG_CALLBACK, log_uri, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)(128 * 1024), MHD_OPTION_END);
}

enum mdl_status mdl_api_start(struct mdl_service *service, const char *socket_path,
                              struct mdl_api **out, struct mdl_error *err)
{
    struct mdl_api *api = calloc(1, sizeof *api);
    int fd = -1;

    if (api == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the API");
    }
    if (strlen(socket_path) >= sizeof api->path) {
        free(api);
        return mdl_fail(
            err, MDL_U_ARGUMENT,
            "the API socket path '%s' is longer than the %zu bytes a Unix socket holds; "
            "set [api] socket in mandorla.conf to a shorter one",
            socket_path, sizeof api->path - 1);
    }
    memcpy(api->path, socket_path, strlen(socket_path) + 1);
    api->service = service;
    enum mdl_status st = listen_on(socket_path, &fd, err);
    if (st == MDL_OK) {
        api->imports = api_imports_new(service);
        api->daemon = api->imports != NULL ? start_daemon(api, fd) : NULL;
        if (api->daemon == NULL) {
            st = mdl_fail(err, MDL_L_IO, "cannot start the API server on %s", socket_path);
            (void)close(fd);
            (void)unlink(socket_path);
        }
    }
    if (st != MDL_OK) {
        api_imports_free(api->imports);
        free(api);
        return st;
    }
    *out = api;
    return MDL_OK;
}

void mdl_api_stop(struct mdl_api *api)
{
    if (api == NULL) {
        return;
    }
    MHD_stop_daemon(api->daemon);
    api_imports_free(api->imports);
    (void)unlink(api->path);
    free(api);
}
