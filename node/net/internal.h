/* internal.h: the state behind struct mdl_net, for the files of this room and its tests.
 *
 * Words: a *dial* is the connection we make to a partner (DEALER), a *link* is one that a partner
 * made to our ROUTER, a *stranger* is an accepted connection that has not shown yet whose it is.
 */
#ifndef MANDORLA_NET_INTERNAL_H
#define MANDORLA_NET_INTERNAL_H

#include "knock.h"
#include "net.h"
#include "socket.h"
#include "tunnel.h"
#include "zap.h"

#include <zmq.h>

#define NET_KEEPALIVE_BYTE 0xC1u /* no MessagePack value begins with it */
#define NET_ROUTING_ID     5     /* what a ROUTER gives to a peer that chooses none */
/* A connection that authenticated and then says nothing is closed after the handshake time and
 * this. */
#define NET_MUTE_MS          5000
#define NET_TELL_AGAIN_MS    60000 /* REFUSED and TROUBLE are repeated at most so often */
#define NET_WRITABLE_MS      20    /* pause before a full queue is tried again */
#define NET_DIAL_PATIENCE_MS 15000 /* a dial that is neither up nor refused by then starts anew */
#define NET_SOCKS_PATIENCE_MS                                                                      \
    60000 /* the same for the proxy's answer, which may come from afar                             \
           */
/* Wire bytes that are not messages, per millisecond: heartbeats and keep-alives. */
#define NET_IDLE_BYTES_PER_MS 1
#define NET_KERNEL_BUFFER     ((uint64_t)8 * 1024 * 1024)

/* libzmq's I/O threads. All connections of one socket are on one, so that its monitor tells events
 * in the order in which they happened. */
enum net_thread { NET_THREAD_DOOR, NET_THREAD_DIALS, NET_THREAD_NAMES, NET_THREADS };

enum net_state {
    NET_FREE,
    NET_OPENING, /* dial only: connecting, or in the handshake */
    NET_LIVE,
    NET_ENDING, /* broken, but what it brought may not all have been read */
    NET_GONE    /* link only: a late message of it must not revive it */
};

/* What a connection brought in, against what was taken from it. */
struct net_meter {
    uint64_t taken; /* wire bytes of the messages read */
    int64_t since;
};

struct net_link {
    enum net_state state;
    uint8_t id[NET_ROUTING_ID];
    struct mdl_conn conn;
    struct net_meter meter;
    int64_t heard, pinged, since;
};

struct net_dial {
    enum net_state state;      /* NET_FREE: not dialling, or waiting for retry_at */
    struct mdl_tunnel *tunnel; /* through the proxy, if there is one */
    void *sock, *monitor;      /* NULL also while the tunnel is opening */
    bool readable;
    bool ipv6;
    int64_t heard, pinged;
    int64_t patience; /* when a dial that is not up starts anew */
    int64_t retry_at; /* in NET_FREE, if the partner has an endpoint */
    int64_t pause;    /* the last one; grows */
    unsigned failed;  /* handshakes that failed in a row */
    unsigned retries; /* of libzmq since the start or the last connection */
};

struct net_peer {
    uint64_t id; /* 0: dismissed, until leave_at */
    int64_t leave_at;
    uint8_t curve[MDL_CURVE_BYTES];
    char endpoint[MDL_NET_ENDPOINT_MAX];
    bool prefer_dial; /* our key is the lower one */
    struct net_dial dial;
    struct net_link link[MDL_NET_LINKS_PER_PARTNER];
    bool told_up, bounced;
    int64_t writable_at;     /* 0: nobody waits */
    enum mdl_status refused; /* MDL_OK: nothing to tell */
    int64_t refused_at;
    int64_t bad_at;
    struct mdl_net_stats stats;
};

struct net_stranger {
    struct mdl_conn conn;
    int64_t since;
    bool shut;
};

struct mdl_net {
    void *zmq;
    struct mdl_zap *zap;
    uint8_t curve_public[MDL_CURVE_BYTES];
    uint8_t curve_secret[MDL_CURVE_BYTES];
    struct mdl_net_times times;
    uint32_t max_message, hwm, max_strangers;
    char socks_proxy[MDL_NET_ENDPOINT_MAX];
    struct mdl_tunnel *ending; /* tunnels that dials have left */

    void *router, *router_monitor; /* NULL when the node only dials */
    bool router_readable;
    char bound[MDL_NET_BINDS_MAX][MDL_NET_ENDPOINT_MAX];
    uint16_t port[MDL_NET_BINDS_MAX];
    size_t n_bound;
    struct net_stranger *stranger; /* max_strangers + 1 */
    size_t n_strangers;
    uint64_t accepted, shed, shed_told;
    int64_t shed_at, door_at;

    struct net_peer **peer;
    size_t n_peers, cap_peers;
    size_t turn;     /* whose socket is read next */
    uint64_t serial; /* names monitors */

    zmq_pollitem_t *item;
    size_t cap_items;
    int64_t returned_at; /* end of the last wait */

    zmq_msg_t held; /* the message the caller looks at, or one that waits for its UP */
    bool held_open;
    bool held_waiting;
    uint64_t held_partner;
    enum mdl_status fatal; /* MDL_OK while well */
    bool fatal_told;
};

/* net.c */
void net_stop(struct mdl_net *net);
/* Options that ROUTER and DEALER share; 0 or -1 with errno. */
int net_common_options(const struct mdl_net *net, void *sock);
int net_set_thread(void *sock, enum net_thread thread);

/* partner.c */
struct net_peer *net_peer_by_key(const struct mdl_net *net, const uint8_t key[MDL_CURVE_BYTES]);
/* Forgets those dismissed whose time has come. */
void net_peers_tick(struct mdl_net *net, int64_t now);

/* link.c */
/* The link of this routing id, or a new one for a peer whose message has just come over `fd`. NULL
 * if there is no telling (the connection ended already). */
struct net_link *net_link_for(struct mdl_net *net, struct net_peer *p,
                              const uint8_t id[NET_ROUTING_ID], int fd);
void net_link_end(struct net_peer *p, struct net_link *l);
void net_links_close(struct net_peer *p);
/* After the ROUTER was read empty: what was ending is gone. */
void net_links_settle(struct mdl_net *net);
void net_link_disconnected(struct mdl_net *net, int fd);
void net_links_tick(struct mdl_net *net, int64_t now);
/* What it may have in flight to us at most. */
bool net_meter_over(const struct mdl_net *net, const struct net_meter *m,
                    const struct mdl_conn *conn, int64_t now);
void net_meter_take(struct net_meter *m, size_t payload);

/* The connection that carries messages to p: its dial (true in *over_dial), a link, or neither
 * (false). */
bool net_way(const struct net_peer *p, bool *over_dial, const struct net_link **link);

/* dial.c */
void net_dial_start(struct mdl_net *net, struct net_peer *p);
void net_dial_close(struct mdl_net *net, struct net_peer *p);
/* Closes and comes back after a growing pause. */
void net_dial_put_off(struct mdl_net *net, struct net_peer *p, enum mdl_status why);
void net_dial_events(struct mdl_net *net, struct net_peer *p);
void net_dial_tick(struct mdl_net *net, struct net_peer *p, int64_t now);
/* After the socket was read empty: what was ending has ended. */
void net_dial_settle(struct mdl_net *net, struct net_peer *p);
int64_t net_dial_due(const struct mdl_net *net, const struct net_peer *p);

/* door.c */
enum mdl_status net_door_open(struct mdl_net *net, const struct mdl_net_config *config,
                              struct mdl_error *err);
void net_door_events(struct mdl_net *net);
void net_door_close(struct mdl_net *net);
/* The connection on fd is no stranger any more. */
void net_door_known(struct mdl_net *net, int fd);
void net_door_tick(struct mdl_net *net, int64_t now);

/* receive.c */
/* Reads until there is a message for the caller (held, true), something to tell (ev, true and
 * *told), or nothing (false). */
bool net_receive(struct mdl_net *net, struct mdl_net_event *ev, bool *told);
void net_release_held(struct mdl_net *net);

#endif
