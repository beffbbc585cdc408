/* client.h: the node's own JSON API over its Unix socket. One thread, one request at a time. */
#ifndef MANDORLA_CLI_CLIENT_H
#define MANDORLA_CLI_CLIENT_H

#include <jansson.h>
#include <mandorla/status.h>
#include <stdbool.h>
#include <stdio.h>

/* A path of the API under construction; parts are escaped. `broken` once it did not fit. */
struct path {
    char text[8192];
    size_t len;
    bool broken, has_query;
};
void path_start(struct path *p, const char *text);
/* "/" and one segment. An empty one breaks the path: no resource has an empty name. */
void path_segment(struct path *p, const char *segment);
/* A query parameter; nothing if `value` is NULL. */
void path_query(struct path *p, const char *name, const char *value);
void path_query_int(struct path *p, const char *name, long long value);

struct client;

/* The node of a directory. Errors: those of mdl_node_socket_path; MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status client_open(const char *dir, struct client **out,
                                           struct mdl_error *err);
void client_close(struct client *c);

/* One request. `body` may be NULL. *document is the caller's. Errors: what the node answered (its
 * status, its text); MDL_U_NOT_RUNNING if nobody listens; MDL_L_IO; MDL_U_ARGUMENT for a broken
 * path. */
MDL_MUST_CHECK enum mdl_status client_call(struct client *c, const char *method,
                                           const struct path *path, const json_t *body,
                                           json_t **document, struct mdl_error *err);
/* error.details of the last answer, or NULL; the client's until the next request. */
const json_t *client_details(const struct client *c);

/* PUTs the rest of `from`, chunked. `fn` (bytes so far) may be NULL; false ends the request with
 * MDL_U_CANCELLED. MDL_L_IO also if `from` cannot be read. */
typedef bool client_progress_fn(void *ctx, long long sent);
MDL_MUST_CHECK enum mdl_status client_upload(struct client *c, const struct path *path, FILE *from,
                                             client_progress_fn *fn, void *ctx,
                                             struct mdl_error *err);

#endif
