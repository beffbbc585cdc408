/* link.c: the connections that partners made to our ROUTER, and which connection carries our
 * messages. It may not read messages, and it knows a connection only by what ZAP and the kernel say
 * of it. */
#include "internal.h"

#include <string.h>

/* CURVE MESSAGE: 8 name + 8 nonce + 16 MAC + 1 flags; a ZMTP frame header is 2 or 9 bytes. */
#define CURVE_FRAME_BYTES 33u

void net_meter_take(struct net_meter *m, size_t payload)
{
    size_t frame = payload + CURVE_FRAME_BYTES;
    m->taken += frame + (frame > 255 ? 9 : 2);
}

/* libzmq's HWM counts whole messages: one that never ends is not counted, so the kernel's own count
 * of received bytes is held against what was taken. */
bool net_meter_over(const struct mdl_net *net, const struct net_meter *m,
                    const struct mdl_conn *conn, int64_t now)
{
    uint64_t room = (uint64_t)(net->hwm + 4) * (net->max_message + MDL_NET_OVERHEAD) +
                    NET_KERNEL_BUFFER + (uint64_t)(now - m->since) * NET_IDLE_BYTES_PER_MS;
    return mdl_conn_received(conn) > m->taken + room;
}

void net_link_end(struct net_peer *p, struct net_link *l)
{
    bool over_dial;
    const struct net_link *way;
    if (l->state == NET_LIVE && net_way(p, &over_dial, &way) && way == l)
        p->bounced = true;
    if (l->state == NET_LIVE || l->state == NET_ENDING)
        l->state = NET_GONE;
}

void net_links_close(struct net_peer *p)
{
    for (size_t i = 0; i < MDL_NET_LINKS_PER_PARTNER; i++) {
        if (p->link[i].state == NET_LIVE)
            mdl_conn_shut(&p->link[i].conn);
        net_link_end(p, &p->link[i]);
    }
}

static struct net_link *stalest(struct net_peer *p)
{
    struct net_link *found = &p->link[0];
    for (size_t i = 0; i < MDL_NET_LINKS_PER_PARTNER; i++) {
        struct net_link *l = &p->link[i];
        if (l->state == NET_FREE)
            return l;
        bool less_alive = l->state == NET_GONE && found->state != NET_GONE;
        bool older = l->heard < found->heard && (l->state == NET_GONE || found->state != NET_GONE);
        if (less_alive || older)
            found = l;
    }
    return found;
}

/* The id stands for a connection of another partner now: nothing more may go there for the old one.
 */
static void disown(struct mdl_net *net, const uint8_t id[NET_ROUTING_ID])
{
    for (size_t i = 0; i < net->n_peers; i++)
        for (size_t k = 0; k < MDL_NET_LINKS_PER_PARTNER; k++)
            if (memcmp(net->peer[i]->link[k].id, id, NET_ROUTING_ID) == 0)
                net_link_end(net->peer[i], &net->peer[i]->link[k]);
}

/* Sends the keep-alive frame; failure is left to the silence timer. */
static void ping(struct mdl_net *net, struct net_link *l, int64_t now)
{
    static const uint8_t frame[1] = {NET_KEEPALIVE_BYTE};
    l->pinged = now;
    if (zmq_send(net->router, l->id, NET_ROUTING_ID, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
        zmq_send(net->router, frame, sizeof frame, ZMQ_DONTWAIT);
}

struct net_link *net_link_for(struct mdl_net *net, struct net_peer *p,
                              const uint8_t id[NET_ROUTING_ID], int fd)
{
    for (size_t i = 0; i < MDL_NET_LINKS_PER_PARTNER; i++) {
        struct net_link *l = &p->link[i];
        if (l->state != NET_FREE && memcmp(l->id, id, NET_ROUTING_ID) == 0)
            return l;
    }
    struct mdl_conn conn;
    if (!mdl_conn_of(fd, &conn))
        return NULL;
    disown(net, id);
    struct net_link *l = stalest(p);
    if (l->state == NET_LIVE) {
        mdl_conn_shut(&l->conn);
        net_link_end(p, l);
    }
    int64_t now = mdl_net_now();
    *l = (struct net_link){.state = NET_LIVE, .conn = conn, .heard = now, .since = now};
    l->meter.since = now;
    memcpy(l->id, id, NET_ROUTING_ID);
    net_door_known(net, fd);
    /* The partner's dial learns at once that it is heard; and if it let us wait before, it may be
     * ready for our own dial now. */
    ping(net, l, now);
    if (p->dial.state == NET_FREE)
        p->dial.retry_at = now;
    return l;
}

void net_links_settle(struct mdl_net *net)
{
    for (size_t i = 0; i < net->n_peers; i++)
        for (size_t k = 0; k < MDL_NET_LINKS_PER_PARTNER; k++)
            if (net->peer[i]->link[k].state == NET_ENDING)
                net_link_end(net->peer[i], &net->peer[i]->link[k]);
}

void net_link_disconnected(struct mdl_net *net, int fd)
{
    for (size_t i = 0; i < net->n_peers; i++) {
        struct net_peer *p = net->peer[i];
        for (size_t k = 0; k < MDL_NET_LINKS_PER_PARTNER; k++) {
            struct net_link *l = &p->link[k];
            if (l->state != NET_LIVE || l->conn.fd != fd)
                continue;
            bool over_dial;
            const struct net_link *way;
            if (net_way(p, &over_dial, &way) && way == l)
                p->bounced = true;
            l->state = NET_ENDING;
            return;
        }
    }
}

void net_links_tick(struct mdl_net *net, int64_t now)
{
    for (size_t i = 0; i < net->n_peers; i++) {
        struct net_peer *p = net->peer[i];
        for (size_t k = 0; k < MDL_NET_LINKS_PER_PARTNER; k++) {
            struct net_link *l = &p->link[k];
            if (l->state != NET_LIVE)
                continue;
            /* While messages wait to be read, silence is ours, not the partner's. */
            bool silent = !net->router_readable && now - l->heard > net->times.silence;
            if (silent || net_meter_over(net, &l->meter, &l->conn, now)) {
                mdl_conn_shut(&l->conn);
                net_link_end(p, l);
            } else if (now - l->pinged >= net->times.keepalive) {
                ping(net, l, now);
            }
        }
    }
}

bool net_way(const struct net_peer *p, bool *over_dial, const struct net_link **link)
{
    const struct net_link *newest = NULL;
    for (size_t i = 0; i < MDL_NET_LINKS_PER_PARTNER; i++) {
        const struct net_link *l = &p->link[i];
        /* Of several, the newest: the others are likely dead at the partner's end. */
        if (l->state == NET_LIVE && (newest == NULL || l->since > newest->since))
            newest = l;
    }
    bool dial = p->dial.state == NET_LIVE;
    *over_dial = dial && (p->prefer_dial || newest == NULL);
    *link = *over_dial ? NULL : newest;
    return *over_dial || *link != NULL;
}
