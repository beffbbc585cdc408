/* net.h: the channel to partners (docs/PROTOCOL.md, clause 3): ZeroMQ with CURVE. Bytes in, bytes
 * out.
 *
 * A node listens with one ROUTER (0..n endpoints) and dials each partner that has an endpoint with
 * one DEALER. Only pinned CURVE keys get in: the key is checked by the ZAP handler before the first
 * byte of a message is read, and each message is ascribed to the key that the channel authenticated
 * (the ZAP User-Id of the payload frame), never to a routing id or to content.
 *
 * What the caller may rely on:
 *  - a MESSAGE is whole, not empty, at most max_message bytes, from a pinned partner, and came
 * once;
 *  - over one connection the order is kept; over two it is not, and bytes in flight are lost when a
 *    connection breaks: the caller numbers and resends (clause 5);
 *  - both sides may dial. With two connections up, both nodes send over the one that the node with
 *    the lexicographically lower CURVE public key dialled.
 *
 * Loop:  mdl_net_wait(net, extra, n, timeout, &err);  while (mdl_net_next(net, &ev)) handle(&ev);
 *
 * Threading: a struct mdl_net belongs to the thread that opened it (the loop thread); every
 * function here is called on that thread. Inside, libzmq has I/O threads and the ZAP handler has
 * one. Times are CLOCK_MONOTONIC. Nothing here writes to disk, to the log or to the standard
 * streams.
 */
#ifndef MANDORLA_NET_H
#define MANDORLA_NET_H

#include <mandorla/status.h>
#include <poll.h>
#include <stdbool.h>

#define MDL_CURVE_BYTES      32
#define MDL_NET_HEX          (2 * MDL_CURVE_BYTES + 1)
#define MDL_NET_ENDPOINT_MAX 256 /* bytes with the NUL: "tcp://host:port" */
#define MDL_NET_ADDRESS_MAX  64  /* a numeric IP address */
#define MDL_NET_BINDS_MAX    8
#define MDL_NET_PARTNERS_MAX 1024 /* two zmq sockets each, when dialled */
#define MDL_NET_LINKS_PER_PARTNER                                                                  \
    4 /* connections a partner may hold to us; the stalest is closed */
/* A payload is at most 4,096 elements and an envelope (clause 5): 256 KiB leave room. The frame
 * limit also bounds what a stranger can make us hold before it is authenticated. */
#define MDL_NET_MESSAGE_DEFAULT (256u * 1024u)
#define MDL_NET_MESSAGE_MAX     (1024u * 1024u - MDL_NET_OVERHEAD)
#define MDL_NET_OVERHEAD        64u /* CURVE MESSAGE command: 8 + 8 + 16 + 1, rounded up */

/* Milliseconds; 0 takes the default in brackets. Tests shorten them. */
struct mdl_net_times {
    uint32_t
        handshake; /* [5000] a connection that has not authenticated by then is closed; <= 5000 */
    uint32_t keepalive; /* [2000] pause between our keep-alive frames on a connection */
    uint32_t
        silence; /* [8000] nothing heard for so long: the connection is down; >= 2 x keepalive */
    uint32_t reconnect; /* [250] first pause after a failed or broken TCP connection, doubling to */
    uint32_t reconnect_max; /* [10000] */
    uint32_t refused;       /* [2000] first pause after the partner did not admit us, growing to */
    uint32_t refused_max;   /* [30000] */
    uint32_t farewell; /* [2000] what was sent to a dismissed partner may take so long to leave */
};

struct mdl_net_config {
    uint8_t curve_public[MDL_CURVE_BYTES];
    uint8_t curve_secret[MDL_CURVE_BYTES]; /* copied; the copy is wiped in mdl_net_close */
    const char *const
        *binds;     /* "tcp://0.0.0.0:7801", "tcp://[::]:7801", "tcp://127.0.0.1:0"; may be none */
    size_t n_binds; /* 0..MDL_NET_BINDS_MAX */
    const char *socks_proxy; /* "host:port" of a SOCKS5 proxy for every dial, or NULL. Names are
                                resolved by it */
    uint32_t max_message;    /* largest payload in bytes; 0: the default; <= MDL_NET_MESSAGE_MAX */
    uint32_t hwm;            /* messages queued per connection and direction; 0: 64; <= 1024 */
    uint32_t max_strangers;  /* connections that may be unauthenticated at once; 0: 256 */
    struct mdl_net_times times;
};

/* True for "tcp://host:port"; port 1..65535, or from 0 and with host "*" when `for_bind`. `host`,
 * if not NULL, receives the host without brackets. */
bool mdl_endpoint_valid(const char *endpoint, bool for_bind, char host[MDL_NET_ENDPOINT_MAX]);

struct mdl_net;

/* Raises RLIMIT_NOFILE to its hard limit, starts the ZAP handler, proves that it answers and
 * refuses, reads back that the ROUTER has CURVE, the ZAP domain and ZMQ_ZAP_ENFORCE_DOMAIN, and
 * only then binds. Nobody is admitted yet: add partners. Nothing is kept from *config but copies.
 * Errors: MDL_U_ARGUMENT (an endpoint, limit or time is not valid: the text names it; or the
 * address is not one of this machine), MDL_L_IN_USE (another process listens there: the text says
 * what to do), MDL_L_LIBRARY (libzmq has no CURVE or does not keep an option that security rests
 * on: do not run), MDL_L_IO, MDL_L_MEMORY. On error *out is NULL and nothing stays open. */
MDL_MUST_CHECK enum mdl_status mdl_net_open(const struct mdl_net_config *config,
                                            struct mdl_net **out, struct mdl_error *err);
/* Closes every connection at once, without lingering; NULL is a no-op. It waits for a name that is
 * just being looked up (by libzmq, with the system's time-outs). */
void mdl_net_close(struct mdl_net *net);

/* The i-th bound endpoint as configured, with its real port ("tcp://127.0.0.1:41325"); NULL past
 * the last. */
const char *mdl_net_endpoint(const struct mdl_net *net, size_t i);

/* Pins `curve` as the key of `partner` (the caller's number for it, not 0) and dials `endpoint`
 * unless that is NULL or "". For a partner already there it replaces key and endpoint: connections
 * under another key are closed at once; the same endpoint and key again means "try now".
 * Errors: MDL_U_ARGUMENT (number 0, our own key, or an endpoint that is not tcp://host:port),
 * MDL_U_EXISTS (the key belongs to another partner), MDL_U_TOO_LARGE (MDL_NET_PARTNERS_MAX),
 * MDL_L_MEMORY, MDL_L_IO (the channel has stopped). On error nothing has changed. */
MDL_MUST_CHECK enum mdl_status mdl_net_partner(struct mdl_net *net, uint64_t partner,
                                               const uint8_t curve[MDL_CURVE_BYTES],
                                               const char *endpoint, struct mdl_error *err);
/* Unpins: no new connection is admitted and existing ones are closed at once, in both directions.
 * No further event names this partner. A number that is not there is a no-op. */
void mdl_net_forget(struct mdl_net *net, uint64_t partner);

/* The same, but what was sent to the partner before gets the farewell time to leave: connections
 * that are up are closed after that, or when the partner closes them. Until then nothing that comes
 * over them is taken. The number and the key are free at once: pinning the key anew cuts that
 * short.
 */
void mdl_net_dismiss(struct mdl_net *net, uint64_t partner);

/* Waits until an event is ready, one of `extra` (n entries, as for poll(2); revents is filled) is,
 * a signal arrives, or `timeout_ms` is over (-1: no limit). Returns MDL_OK in each of these cases;
 * internal timers make it return early, too. Errors: MDL_BUG (poll failed: stop). */
MDL_MUST_CHECK enum mdl_status mdl_net_wait(struct mdl_net *net, struct pollfd *extra, size_t n,
                                            int timeout_ms, struct mdl_error *err);

enum mdl_net_kind {
    /* The partner can be reached now. Said once, also with two connections. When the connection
     * that carries our messages breaks while another is up, DOWN and UP follow each other: resume.
     */
    MDL_NET_UP = 1,
    MDL_NET_DOWN,
    MDL_NET_MESSAGE, /* bytes, len. May also arrive when we cannot send (before UP, after DOWN) */
    /* mdl_net_send said MDL_U_STATE before; it is worth trying again. */
    MDL_NET_WRITABLE,
    /* We dialled and were not let in: status MDL_P_REFUSED (the partner has not pinned our key yet)
     * or MDL_P_SIGNATURE (whoever listens there does not hold the partner's key, or is no CURVE
     * node). Dialling goes on with growing pauses. Said when it begins and then at most once a
     * minute. */
    MDL_NET_REFUSED,
    /* A key that is not pinned tried to connect and was refused: status MDL_P_UNKNOWN_KEY, key_hex,
     * address, count = attempts since the last KNOCK, this one included. At most once a minute for
     * a key, and 8 in a minute in all. */
    MDL_NET_KNOCK,
    /* A partner sent something the channel does not allow; it was dropped: status MDL_P_MALFORMED
     * (no frame or more than one, an empty one, an unknown channel frame) or MDL_P_OVERSIZE. text
     * says what. The connection it came by is closed. At most one a second for a partner. */
    MDL_NET_BAD,
    /* This machine is short of something (descriptors, memory); text says what to do. Rate limited.
     */
    MDL_NET_TROUBLE,
    /* The channel cannot go on (the ZAP handler died): status MDL_L_LIBRARY or MDL_L_IO. Listening
     * and every connection are already stopped; close it and end the program. Said once. */
    MDL_NET_FATAL
};

struct mdl_net_event {
    enum mdl_net_kind kind;
    uint64_t partner; /* 0 for KNOCK, TROUBLE, FATAL */
    /* MESSAGE: valid until the next call of mdl_net_next, _forget or _close on this net. */
    const uint8_t *bytes;
    size_t len;
    enum mdl_status status;
    uint64_t count;
    char key_hex[MDL_NET_HEX];
    char address[MDL_NET_ADDRESS_MAX];
    char text[MDL_ERROR_TEXT]; /* a sentence for the log or the operator; "" for UP, DOWN, MESSAGE,
                                  WRITABLE */
};

/* Takes the next event; false when there is none (then wait). A caller may stop early: what is left
 * stays queued, within the HWM, and holds the sender back; mdl_net_wait then returns at once. */
bool mdl_net_next(struct mdl_net *net, struct mdl_net_event *event);

/* Queues one message of len bytes (1..max_message, not beginning with 0xC1, which is the
 * channel's); bytes are copied. Never blocks. Errors: MDL_L_UNREACHABLE (not connected: DOWN was or
 * will be said; send again after UP), MDL_U_STATE (the queue is full: keep it and try again after
 * WRITABLE), MDL_U_TOO_LARGE, MDL_U_ARGUMENT (len 0, or the first byte), MDL_U_NOT_FOUND (no such
 * partner), MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_net_send(struct mdl_net *net, uint64_t partner,
                                            const uint8_t *bytes, size_t len,
                                            struct mdl_error *err);

struct mdl_net_stats {
    uint64_t bytes_in, bytes_out; /* payload only, since the partner was added */
    uint64_t messages_in, messages_out;
    uint64_t refused_frames; /* dropped as BAD */
    uint32_t connections;    /* up, both directions */
    bool up;
    bool dialled_up;      /* our own dial is up */
    bool sends_over_dial; /* the connection in use for sending is the one we dialled */
};
/* MDL_U_NOT_FOUND if there is no such partner. */
MDL_MUST_CHECK enum mdl_status mdl_net_stats(const struct mdl_net *net, uint64_t partner,
                                             struct mdl_net_stats *out, struct mdl_error *err);

struct mdl_net_totals {
    uint64_t knocks;    /* handshakes refused because the key is not pinned */
    uint64_t accepted;  /* TCP connections taken */
    uint64_t shed;      /* closed because max_strangers was reached */
    uint32_t strangers; /* not authenticated at present */
};
void mdl_net_totals(const struct mdl_net *net, struct mdl_net_totals *out);

#endif
