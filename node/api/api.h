/* api.h: the node's JSON API on a Unix socket.
 *
 * mdl_api_start makes the socket (mode 0600; a stale one is replaced, since the caller holds the
 * lock of the directory) and serves on threads of its own until mdl_api_stop. Each request is a
 * verb of the service (routes.c) or a step of a streamed import. A request waits for the loop: stop
 * the API before the service is closed. Errors: MDL_L_IN_USE, MDL_L_IO (text names the path),
 * MDL_L_MEMORY, MDL_U_ARGUMENT (path too long: a Unix socket path holds 107 bytes).
 */
#ifndef MANDORLA_API_H
#define MANDORLA_API_H

#include "service.h"

struct mdl_api;

MDL_MUST_CHECK enum mdl_status mdl_api_start(struct mdl_service *service, const char *socket_path,
                                             struct mdl_api **out, struct mdl_error *err);
/* Waits for requests at work to end. NULL is a no-op. */
void mdl_api_stop(struct mdl_api *api);

#endif
