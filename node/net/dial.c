/* dial.c: our own connection to a partner, and when to try again.
 * libzmq reconnects by itself after a broken TCP connection, but not after it was refused.
 * This file may not read messages. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DIAL_EVENTS                                                                                \
    (ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |                             \
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |                  \
     ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED)
/* A handshake that is cut has many innocent causes (a restart, a full house); so many in a row mean
 * that the listener cannot read what we encrypt to the partner's key. */
#define DIAL_CUTS_TOLD 3
/* libzmq tells a retry also when a connection broke and no attempt has failed yet. */
#define DIAL_RETRIES 2

/* libzmq looks names up in its I/O thread and everything on that thread waits for the answer. */
static bool looked_up(const struct mdl_net *net, const struct net_peer *p)
{
    return net->socks_proxy[0] == '\0' && !mdl_endpoint_numeric(p->endpoint);
}

static int set_options(const struct mdl_net *net, const struct net_peer *p, void *sock)
{
    int rc = net_common_options(net, sock);
    rc |= net_set_thread(sock, looked_up(net, p) ? NET_THREAD_NAMES : NET_THREAD_DIALS);
    rc |= mdl_sock_set(sock, ZMQ_IPV6, p->dial.ipv6);
    /* Nothing is queued for a partner that is not there: the caller resends after UP. */
    rc |= mdl_sock_set(sock, ZMQ_IMMEDIATE, 1);
    rc |= mdl_sock_set(sock, ZMQ_RECONNECT_IVL, (int)net->times.reconnect);
    rc |= mdl_sock_set(sock, ZMQ_RECONNECT_IVL_MAX, (int)net->times.reconnect_max);
    rc |= mdl_sock_set(sock, ZMQ_CONNECT_TIMEOUT, 10000);
    rc |= zmq_setsockopt(sock, ZMQ_CURVE_SERVERKEY, p->curve, MDL_CURVE_BYTES);
    rc |= zmq_setsockopt(sock, ZMQ_CURVE_PUBLICKEY, net->curve_public, MDL_CURVE_BYTES);
    rc |= zmq_setsockopt(sock, ZMQ_CURVE_SECRETKEY, net->curve_secret, MDL_CURVE_BYTES);
    /* A socket that would speak without CURVE must never connect. */
    return rc == 0 && mdl_sock_is(sock, ZMQ_MECHANISM, ZMQ_CURVE) ? 0 : -1;
}

/* Opens the socket and has it connect to the partner, or to the tunnel that leads there. */
static void connect_to(struct mdl_net *net, struct net_peer *p, const char *address)
{
    struct net_dial *d = &p->dial;
    char name[48];
    snprintf(name, sizeof name, "inproc://mandorla.dial.%llu", (unsigned long long)++net->serial);
    d->sock = zmq_socket(net->zmq, ZMQ_DEALER);
    if (d->sock != NULL && set_options(net, p, d->sock) == 0)
        d->monitor = mdl_monitor_open(net->zmq, d->sock, name, DIAL_EVENTS);
    if (d->monitor == NULL || zmq_connect(d->sock, address) != 0) {
        net_dial_put_off(net, p, MDL_OK);
        return;
    }
    d->state = NET_OPENING;
    d->retries = 0;
    d->patience = mdl_net_now() + NET_DIAL_PATIENCE_MS;
}

static void start_tunnel(struct mdl_net *net, struct net_peer *p)
{
    struct net_dial *d = &p->dial;
    d->tunnel = mdl_tunnel_start(net->socks_proxy, p->endpoint);
    if (d->tunnel == NULL) {
        net_dial_put_off(net, p, MDL_OK);
        return;
    }
    d->state = NET_OPENING;
    d->patience = mdl_net_now() + NET_SOCKS_PATIENCE_MS;
}

void net_dial_start(struct mdl_net *net, struct net_peer *p)
{
    net_dial_close(net, p);
    if (p->endpoint[0] == '\0')
        return;
    if (net->socks_proxy[0] != '\0')
        start_tunnel(net, p);
    else
        connect_to(net, p, p->endpoint);
}

void net_dial_close(struct mdl_net *net, struct net_peer *p)
{
    struct net_dial *d = &p->dial;
    if (d->state == NET_LIVE) {
        bool over_dial;
        const struct net_link *link;
        if (net_way(p, &over_dial, &link) && over_dial)
            p->bounced = true;
    }
    mdl_monitored_close(d->sock, d->monitor);
    mdl_tunnel_end(d->tunnel, &net->ending);
    d->tunnel = NULL;
    d->monitor = NULL;
    d->sock = NULL;
    d->readable = false;
    d->state = NET_FREE;
}

/* Closes and comes back after a pause that grows from `first` to `most`. */
static void pause_dial(struct mdl_net *net, struct net_peer *p, int64_t first, int64_t most)
{
    struct net_dial *d = &p->dial;
    net_dial_close(net, p);
    int64_t next = d->pause + d->pause / 2;
    next = next < first ? first : next;
    d->pause = next > most ? most : next;
    d->retry_at = mdl_net_now() + mdl_net_jitter(d->pause);
}

void net_dial_put_off(struct mdl_net *net, struct net_peer *p, enum mdl_status why)
{
    int64_t now = mdl_net_now();
    pause_dial(net, p, net->times.refused, net->times.refused_max);
    bool told_lately = p->refused_at != 0 && now - p->refused_at < NET_TELL_AGAIN_MS;
    if (why != MDL_OK && !told_lately) {
        p->refused = why;
        p->refused_at = now;
    }
}

static void came_up(struct net_peer *p)
{
    static const uint8_t frame[1] = {NET_KEEPALIVE_BYTE};
    struct net_dial *d = &p->dial;
    if (d->state == NET_LIVE || d->state == NET_ENDING)
        p->bounced = true;
    d->state = NET_LIVE;
    d->heard = d->pinged = mdl_net_now();
    d->pause = 0;
    d->failed = 0;
    d->retries = 0;
    p->refused = MDL_OK;
    p->refused_at = 0;
    /* The other side learns from our first frame whose connection this is. */
    zmq_send(d->sock, frame, sizeof frame, ZMQ_DONTWAIT);
}

static void broke(struct net_peer *p)
{
    bool over_dial;
    const struct net_link *link;
    if (p->dial.state != NET_LIVE)
        return;
    if (net_way(p, &over_dial, &link) && over_dial)
        p->bounced = true;
    p->dial.state = NET_ENDING;
    p->dial.patience = mdl_net_now() + NET_DIAL_PATIENCE_MS;
}

static void pause_connecting(struct mdl_net *net, struct net_peer *p)
{
    pause_dial(net, p, net->times.reconnect, net->times.reconnect_max);
}

static void connect_failed(struct mdl_net *net, struct net_peer *p)
{
    struct net_dial *d = &p->dial;
    if (d->state != NET_OPENING)
        return;
    if (d->tunnel != NULL) { /* it serves one connection, which broke or was not taken */
        pause_connecting(net, p);
    } else if (looked_up(net, p) && ++d->retries >= DIAL_RETRIES) {
        /* A name may have an IPv6 address that leads nowhere, and libzmq tries one family only. */
        d->ipv6 = !d->ipv6;
        pause_connecting(net, p);
    }
}

static void tunnel_events(struct mdl_net *net, struct net_peer *p)
{
    struct net_dial *d = &p->dial;
    if (d->tunnel == NULL || d->sock != NULL)
        return;
    switch (mdl_tunnel_state(d->tunnel)) {
    case MDL_TUNNEL_OPENING:
        break;
    case MDL_TUNNEL_OPEN:
        connect_to(net, p, mdl_tunnel_address(d->tunnel));
        break;
    case MDL_TUNNEL_FAILED:
        pause_connecting(net, p);
        break;
    }
}

void net_dial_events(struct mdl_net *net, struct net_peer *p)
{
    struct net_dial *d = &p->dial;
    uint16_t event;
    uint32_t value;
    tunnel_events(net, p);
    while (d->monitor != NULL && mdl_monitor_read(d->monitor, &event, &value)) {
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            came_up(p);
        else if (event == ZMQ_EVENT_DISCONNECTED)
            broke(p);
        else if (event == ZMQ_EVENT_CONNECT_RETRIED)
            connect_failed(net, p);
        else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
            net_dial_put_off(net, p, MDL_P_REFUSED);
        else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
            net_dial_put_off(net, p, MDL_P_SIGNATURE);
        else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
            net_dial_put_off(net, p, ++d->failed >= DIAL_CUTS_TOLD ? MDL_P_SIGNATURE : MDL_OK);
    }
}

void net_dial_settle(struct mdl_net *net, struct net_peer *p)
{
    if (p->dial.state != NET_ENDING)
        return;
    p->dial.state = NET_OPENING;
    if (p->dial.tunnel != NULL)
        pause_connecting(net, p);
}

void net_dial_tick(struct mdl_net *net, struct net_peer *p, int64_t now)
{
    static const uint8_t frame[1] = {NET_KEEPALIVE_BYTE};
    struct net_dial *d = &p->dial;
    switch (d->state) {
    case NET_FREE:
        if (p->endpoint[0] != '\0' && now >= d->retry_at)
            net_dial_start(net, p);
        break;
    case NET_OPENING:
        if (now >= d->patience)
            net_dial_start(net, p);
        break;
    case NET_LIVE:
        if (!d->readable && now - d->heard > net->times.silence) {
            net_dial_start(net, p);
        } else if (now - d->pinged >= net->times.keepalive) {
            d->pinged = now;
            zmq_send(d->sock, frame, sizeof frame, ZMQ_DONTWAIT);
        }
        break;
    case NET_ENDING:
    case NET_GONE:
        break;
    }
}

int64_t net_dial_due(const struct mdl_net *net, const struct net_peer *p)
{
    switch (p->dial.state) {
    case NET_FREE:
        return p->endpoint[0] == '\0' ? INT64_MAX : p->dial.retry_at;
    case NET_OPENING:
        return p->dial.patience;
    case NET_LIVE:
        return p->dial.pinged + net->times.keepalive;
    case NET_ENDING:
    case NET_GONE:
        break;
    }
    return INT64_MAX;
}
