/* internal.h: what the files of this room share. Not for others. */
#ifndef MANDORLA_API_INTERNAL_H
#define MANDORLA_API_INTERNAL_H

#include "api.h"

#include <microhttpd.h>

#define API_BODY_MAX    ((size_t)256 * 1024) /* a JSON body: tokens and mappings are far smaller */
#define API_CONNECTIONS 64
/* A connection on which nothing moves for so long is closed: 64 of them would hold the API. A verb
 * at work is not counted. */
#define API_IDLE_SECONDS 120u

/* ---- routes.c: method and path -> verb, with the names of the path's variable parts. */
#define ROUTE_VARS 2
struct route {
    const char *method;
    const char *path; /* "/v1/rounds/{round}/abort" */
    const char *verb;
};
struct route_match {
    const struct route *route;
    struct {
        const char *name; /* points into the route */
        size_t name_len;
        char value[512]; /* unescaped */
    } var[ROUTE_VARS];
    size_t n_vars;
    bool path_known; /* another method would do */
};
/* False if no route fits. */
bool api_route(const char *method, const char *url, struct route_match *m);
const struct route *api_routes(size_t *n);
/* Splits off and unescapes segment `i` of a path (0-based); false if there is none or it is too
 * long. */
bool api_segment(const char *url, size_t i, char *out, size_t out_size);
size_t api_segments(const char *url);

/* ---- params.c: path, query and body -> the verb's parameters, typed by the verb's table. */
MDL_MUST_CHECK enum mdl_status api_params(struct MHD_Connection *c, const struct route_match *m,
                                          const char *body, size_t body_len, json_t **out,
                                          struct mdl_error *err);

/* ---- respond.c */
enum MHD_Result api_respond(struct MHD_Connection *c, unsigned http_status, json_t *document);
enum MHD_Result api_respond_error(struct MHD_Connection *c, const struct mdl_error *err,
                                  json_t *details);
unsigned api_http_status(enum mdl_status status);

/* ---- imports.c: imports at work, by id. */
struct api_imports;
struct api_upload;
struct api_imports *api_imports_new(struct mdl_service *service);
void api_imports_free(struct api_imports *imports);
/* True if the path belongs to an import: "/v1/imports" and below. */
bool api_is_import(const char *url);
/* POST /v1/imports, POST /v1/imports/{id}/finish, DELETE /v1/imports/{id} */
enum mdl_status api_import_request(struct api_imports *imports, const char *method, const char *url,
                                   const char *body, size_t body_len, json_t **out,
                                   json_t **details, struct mdl_error *err);
/* PUT /v1/imports/{id}/files/{name}: the body streams through feed. The upload holds the import
 * until it ends. WHOLE ends the file; REFUSED: the service refused a piece of it; BROKEN: the
 * client went away in its middle, and the import cannot be finished. Only WHOLE can fail. */
enum api_upload_how { API_UPLOAD_WHOLE, API_UPLOAD_REFUSED, API_UPLOAD_BROKEN };
enum mdl_status api_upload_begin(struct api_imports *imports, const char *url,
                                 struct api_upload **out, struct mdl_error *err);
enum mdl_status api_upload_feed(struct api_upload *u, const void *bytes, size_t n,
                                struct mdl_error *err);
enum mdl_status api_upload_end(struct api_upload *u, enum api_upload_how how,
                               struct mdl_error *err);

#endif
