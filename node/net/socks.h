/* socks.h: the client's side of SOCKS5 (RFC 1928): CONNECT without login. No state; every wait ends
 * when `stop_fd` becomes readable. */
#ifndef MANDORLA_NET_SOCKS_H
#define MANDORLA_NET_SOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MDL_SOCKS_REQUEST_MAX 262 /* 4 + 1 + 255 + 2 */

/* Waits until fd is ready for `events` (as for poll(2); an error counts). False: the time `until`
 * (mdl_net_now) has come, or stop_fd is readable. */
bool mdl_socks_wait(int fd, short events, int stop_fd, int64_t until);

/* A connection to the proxy ("host:port"), to the first of its addresses that answers; non-blocking
 * and the caller's to close. -1 if there is none. It waits for a name that is looked up. */
int mdl_socks_reach(const char *proxy, int stop_fd);

/* The request for "tcp://host:port": an address as such, a name as it is, for the proxy to look up.
 * Its length, or 0 if the endpoint is not valid. */
size_t mdl_socks_request(const char *endpoint, uint8_t out[MDL_SOCKS_REQUEST_MAX]);

/* Asks the proxy at fd for a connection to `endpoint`. True: what comes next on fd is the
 * destination's. It sets no limit of time but stop_fd. */
bool mdl_socks_ask(int fd, const char *endpoint, int stop_fd);

#endif
