/* socket.h: small helpers over zmq sockets, descriptors and the clock. No state. */
#ifndef MANDORLA_NET_SOCKET_H
#define MANDORLA_NET_SOCKET_H

#include "net.h"

#include <sys/socket.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t mdl_net_now(void);
/* `base` and up to a quarter more, so that nodes that lost each other do not come back in step. */
int64_t mdl_net_jitter(int64_t base);

/* 0 or -1 with errno, as zmq_setsockopt. */
int mdl_sock_set(void *sock, int option, int value);
/* True if the option reads back as `value`. */
bool mdl_sock_is(void *sock, int option, int value);

/* True if the host of a valid endpoint is an IP address: no name is looked up. */
bool mdl_endpoint_numeric(const char *endpoint);

/* One event of a zmq monitor pair: false when there is none. */
bool mdl_monitor_read(void *monitor, uint16_t *event, uint32_t *value);
/* Starts monitoring `events` of `sock` and returns the pair to read them from, or NULL with errno.
 * Its queue has no limit: a full one would block libzmq's I/O thread inside the socket. */
void *mdl_monitor_open(void *zmq_ctx, void *sock, const char *name, int events);
/* Ends the monitoring of `sock` and closes both; NULL for either is fine. In this order: libzmq's
 * I/O thread sends events blocking, so that without a reader it would wait for ever. */
void mdl_monitored_close(void *sock, void *monitor);

/* A TCP connection that libzmq holds: the descriptor's number and who is at the other end, so that
 * a number that was used again is not mistaken for it. */
struct mdl_conn {
    int fd; /* -1: not known */
    struct sockaddr_storage peer;
    socklen_t peer_len;
    uint16_t local_port;
};

/* Looks up both ends of fd; false if it is not a connected TCP socket. */
bool mdl_conn_of(int fd, struct mdl_conn *out);
/* Shuts the connection down both ways if fd is still that connection. libzmq keeps ownership of the
 * descriptor: it sees the end of the stream and closes it. */
void mdl_conn_shut(const struct mdl_conn *c);
/* Bytes that have come in over the connection since it began; 0 if not known. */
uint64_t mdl_conn_received(const struct mdl_conn *c);

/* Raises the soft limit of descriptors to the hard one (at most 65,536). */
void mdl_raise_nofile(void);

#endif
