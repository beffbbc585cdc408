/* receive.c: one message at a time from the sockets that have some, and whose it is.
 * It may not look into a message beyond its first byte, and it trusts no routing id. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

/* The name of the ZAP User-Id among a message's properties; the header shows its macro to draft
 * builds only. */
#define MSG_USER_ID "User-Id"

void net_release_held(struct mdl_net *net)
{
    if (net->held_open)
        zmq_msg_close(&net->held);
    net->held_open = false;
    net->held_waiting = false;
}

/* Reads one frame into a fresh message; false when there is none. */
static bool read_frame(void *sock, zmq_msg_t *msg)
{
    zmq_msg_init(msg);
    if (zmq_msg_recv(msg, sock, ZMQ_DONTWAIT) >= 0)
        return true;
    zmq_msg_close(msg);
    return false;
}

/* Drops the frames after the first; how many there were. */
static size_t drop_rest(void *sock, const zmq_msg_t *first)
{
    size_t n = 0;
    int more = zmq_msg_more(first);
    while (more) {
        zmq_msg_t rest;
        if (!read_frame(sock, &rest))
            break;
        more = zmq_msg_more(&rest);
        zmq_msg_close(&rest);
        n++;
    }
    return n;
}

/* MDL_OK, or what is wrong with this payload; text says it. */
static enum mdl_status judge(const struct mdl_net *net, zmq_msg_t *msg, size_t rest,
                             struct mdl_error *err)
{
    size_t len = zmq_msg_size(msg);
    const uint8_t *bytes = zmq_msg_data(msg);
    if (rest > 0)
        return mdl_fail(err, MDL_P_MALFORMED, "A message of %zu frames; one is expected.",
                        rest + 1);
    if (len == 0)
        return mdl_fail(err, MDL_P_MALFORMED, "An empty message.");
    if (len > net->max_message)
        return mdl_fail(err, MDL_P_OVERSIZE, "A message of %zu bytes; at most %u are taken.", len,
                        net->max_message);
    if (bytes[0] == NET_KEEPALIVE_BYTE && len != 1)
        return mdl_fail(err, MDL_P_MALFORMED, "A keep-alive of %zu bytes; one is expected.", len);
    return MDL_OK;
}

/* Takes the message in or refuses it. True if there is something for the caller. */
static bool take(struct mdl_net *net, struct net_peer *p, zmq_msg_t *msg, enum mdl_status status,
                 const struct mdl_error *why, struct mdl_net_event *ev, bool *told)
{
    if (p->id == 0) { /* dismissed */
        zmq_msg_close(msg);
        return false;
    }
    if (status != MDL_OK) {
        int64_t now = mdl_net_now();
        zmq_msg_close(msg);
        p->stats.refused_frames++;
        if (p->bad_at != 0 && now - p->bad_at < 1000)
            return false;
        p->bad_at = now;
        *ev = (struct mdl_net_event){.kind = MDL_NET_BAD, .partner = p->id, .status = status};
        snprintf(ev->text, sizeof ev->text, "%s", why->text);
        *told = true;
        return true;
    }
    if (*(const uint8_t *)zmq_msg_data(msg) == NET_KEEPALIVE_BYTE) {
        zmq_msg_close(msg);
        return false;
    }
    p->stats.messages_in++;
    p->stats.bytes_in += zmq_msg_size(msg);
    zmq_msg_init(&net->held);
    zmq_msg_move(&net->held, msg);
    zmq_msg_close(msg);
    net->held_open = true;
    net->held_waiting = true;
    net->held_partner = p->id;
    return true;
}

static bool read_dial(struct mdl_net *net, struct net_peer *p, struct mdl_net_event *ev, bool *told)
{
    zmq_msg_t msg;
    struct mdl_error why;
    while (p->dial.readable) {
        if (!read_frame(p->dial.sock, &msg)) {
            p->dial.readable = false;
            net_dial_settle(net, p);
            return false;
        }
        size_t rest = drop_rest(p->dial.sock, &msg);
        p->dial.heard = mdl_net_now();
        enum mdl_status status = judge(net, &msg, rest, &why);
        /* First, since taking may tell: a connection that breaks the rules is not kept. */
        if (status != MDL_OK)
            net_dial_put_off(net, p, MDL_OK);
        if (take(net, p, &msg, status, &why, ev, told))
            return true;
    }
    return false;
}

/* The partner that the channel authenticated for this frame, or NULL. */
static struct net_peer *sender_of(const struct mdl_net *net, zmq_msg_t *payload)
{
    uint8_t key[MDL_CURVE_BYTES];
    const char *user = zmq_msg_gets(payload, MSG_USER_ID);
    if (user == NULL || !mdl_net_unhex(user, key))
        return NULL;
    return net_peer_by_key(net, key);
}

static void shut_sender(zmq_msg_t *payload)
{
    struct mdl_conn conn;
    if (mdl_conn_of(zmq_msg_get(payload, ZMQ_SRCFD), &conn))
        mdl_conn_shut(&conn);
}

/* A ROUTER gives ids of five bytes that begin with 0; an honest socket sets none or another. */
static bool given_by_us(zmq_msg_t *id)
{
    return zmq_msg_size(id) == NET_ROUTING_ID && *(const uint8_t *)zmq_msg_data(id) == 0;
}

/* One message from the ROUTER. True if there is something for the caller. */
static bool one_from_router(struct mdl_net *net, zmq_msg_t *id, zmq_msg_t *msg, size_t rest,
                            struct mdl_net_event *ev, bool *told)
{
    struct mdl_error why;
    struct net_peer *p = sender_of(net, msg);
    if (p == NULL) {
        /* Unpinned since its handshake. */
        shut_sender(msg);
        zmq_msg_close(msg);
        return false;
    }
    enum mdl_status status = judge(net, msg, rest, &why);
    if (status == MDL_OK && !given_by_us(id))
        status = mdl_fail(&why, MDL_P_MALFORMED, "The partner's socket chose a routing id.");
    struct net_link *l = NULL;
    if (status == MDL_OK)
        l = net_link_for(net, p, zmq_msg_data(id), zmq_msg_get(msg, ZMQ_SRCFD));
    else
        shut_sender(msg);
    if (l != NULL) {
        l->heard = mdl_net_now();
        net_meter_take(&l->meter, zmq_msg_size(msg));
    }
    return take(net, p, msg, status, &why, ev, told);
}

static bool read_router(struct mdl_net *net, struct mdl_net_event *ev, bool *told)
{
    zmq_msg_t id, msg;
    while (net->router_readable) {
        if (!read_frame(net->router, &id)) {
            net->router_readable = false;
            net_links_settle(net);
            return false;
        }
        bool whole = zmq_msg_more(&id) && read_frame(net->router, &msg);
        bool got = false;
        if (whole)
            got = one_from_router(net, &id, &msg, drop_rest(net->router, &msg), ev, told);
        zmq_msg_close(&id);
        if (got)
            return true;
    }
    return false;
}

bool net_receive(struct mdl_net *net, struct mdl_net_event *ev, bool *told)
{
    /* Each partner's dial and the ROUTER have their turn, a message each. */
    for (size_t i = 0; i <= net->n_peers; i++) {
        size_t turn = net->turn++ % (net->n_peers + 1);
        bool got = turn == net->n_peers ? read_router(net, ev, told)
                                        : read_dial(net, net->peer[turn], ev, told);
        if (got)
            return true;
    }
    return false;
}
