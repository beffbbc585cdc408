/* tunnel.h: one connection through a SOCKS5 proxy, offered to libzmq as a local socket.
 *
 * libzmq's own SOCKS connecter (ZMQ_SOCKS_PROXY, 4.3.4 and 4.3.5) keeps the handle of a
 * connection that failed and removes it a second time when the socket is closed in the pause before
 * the next attempt; that aborts the process. So it is not used: a tunnel has a thread that asks the
 * proxy, waits for libzmq at an abstract Unix address that only this process may use, and passes
 * bytes. They are CURVE's: the tunnel sees nothing in the clear.
 *
 * A tunnel serves one connection and is then over. All functions are the owner's thread's.
 */
#ifndef MANDORLA_NET_TUNNEL_H
#define MANDORLA_NET_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>

#define MDL_TUNNEL_ADDRESS_MAX 64
/* How long bytes that are under way may take after one side has closed. */
#define MDL_TUNNEL_DRAIN_MS 5000
#define MDL_TUNNEL_LAST_MS  100 /* the same when the whole channel closes */

struct mdl_tunnel;

enum mdl_tunnel_state {
    MDL_TUNNEL_OPENING,
    MDL_TUNNEL_OPEN, /* connect to its address now */
    MDL_TUNNEL_FAILED
};

/* Begins to reach `endpoint` ("tcp://host:port") through `proxy` ("host:port"). NULL: this machine
 * is short of memory, descriptors or threads. */
struct mdl_tunnel *mdl_tunnel_start(const char *proxy, const char *endpoint);
enum mdl_tunnel_state mdl_tunnel_state(const struct mdl_tunnel *t);
/* Becomes readable, and stays so, when the tunnel is no longer OPENING. */
int mdl_tunnel_fd(const struct mdl_tunnel *t);
/* "ipc://@...", for an OPEN one. */
const char *mdl_tunnel_address(const struct mdl_tunnel *t);

/* Ends t and puts it on the list of those that are ending; NULL is a no-op. One that was not used
 * yet ends at once, another when libzmq has closed its side and what it wrote is passed on, or
 * after MDL_TUNNEL_DRAIN_MS. Does not wait. */
void mdl_tunnel_end(struct mdl_tunnel *t, struct mdl_tunnel **ending);
/* Frees those of the list that are over. Does not wait. */
void mdl_tunnels_reap(struct mdl_tunnel **ending);
/* Waits for all of the list, MDL_TUNNEL_LAST_MS at most and for a name being looked up. */
void mdl_tunnels_finish(struct mdl_tunnel **ending);

#endif
