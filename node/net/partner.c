/* partner.c: the table of partners: pinning, unpinning, sending, counting.
 * It may not wait or read; sending never blocks. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct net_peer *by_id(const struct mdl_net *net, uint64_t id)
{
    for (size_t i = 0; i < net->n_peers; i++)
        if (net->peer[i]->id == id)
            return net->peer[i];
    return NULL;
}

struct net_peer *net_peer_by_key(const struct mdl_net *net, const uint8_t key[MDL_CURVE_BYTES])
{
    for (size_t i = 0; i < net->n_peers; i++)
        if (memcmp(net->peer[i]->curve, key, MDL_CURVE_BYTES) == 0)
            return net->peer[i];
    return NULL;
}

static enum mdl_status check(const struct mdl_net *net, uint64_t id,
                             const uint8_t curve[MDL_CURVE_BYTES], const char *endpoint,
                             struct mdl_error *err)
{
    if (net->fatal != MDL_OK)
        return mdl_fail(err, MDL_L_IO, "The channel has stopped; restart the node.");
    if (id == 0)
        return mdl_fail(err, MDL_U_ARGUMENT, "A partner's number must not be 0.");
    if (memcmp(curve, net->curve_public, MDL_CURVE_BYTES) == 0)
        return mdl_fail(err, MDL_U_ARGUMENT, "The partner's channel key is this node's own.");
    if (endpoint[0] != '\0' && !mdl_endpoint_valid(endpoint, false, NULL))
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "\"%.200s\" is not an endpoint; expected tcp://HOST:PORT, for example "
                        "tcp://node.example.com:7801 or tcp://[2001:db8::1]:7801.",
                        endpoint);
    const struct net_peer *holder = net_peer_by_key(net, curve);
    if (holder != NULL && holder->id != id && holder->id != 0)
        return mdl_fail(err, MDL_U_EXISTS, "Another partner has this channel key.");
    return MDL_OK;
}

/* The poll set: ZAP, router and its monitor, two for each partner. The caller's own entries are
 * added in mdl_net_wait. */
static enum mdl_status make_room(struct mdl_net *net, struct mdl_error *err)
{
    if (net->n_peers >= MDL_NET_PARTNERS_MAX)
        return mdl_fail(err, MDL_U_TOO_LARGE, "At most %d partners are served.",
                        MDL_NET_PARTNERS_MAX);
    if (net->n_peers < net->cap_peers)
        return MDL_OK;
    size_t cap = net->cap_peers == 0 ? 8 : 2 * net->cap_peers;
    struct net_peer **peer = realloc(net->peer, cap * sizeof(struct net_peer *));
    if (peer == NULL)
        return mdl_fail(err, MDL_L_MEMORY, "Not enough memory for another partner.");
    net->peer = peer;
    net->cap_peers = cap;
    return MDL_OK;
}

static void set_key(const struct mdl_net *net, struct net_peer *p,
                    const uint8_t curve[MDL_CURVE_BYTES])
{
    memcpy(p->curve, curve, MDL_CURVE_BYTES);
    p->prefer_dial = memcmp(net->curve_public, curve, MDL_CURVE_BYTES) < 0;
}

static enum mdl_status add(struct mdl_net *net, uint64_t id, const uint8_t curve[MDL_CURVE_BYTES],
                           struct net_peer **out, struct mdl_error *err)
{
    enum mdl_status status = make_room(net, err);
    if (status != MDL_OK)
        return status;
    struct net_peer *p = calloc(1, sizeof *p);
    if (p == NULL)
        return mdl_fail(err, MDL_L_MEMORY, "Not enough memory for another partner.");
    status = mdl_zap_admit(net->zap, curve, err);
    if (status != MDL_OK) {
        free(p);
        return status;
    }
    p->id = id;
    p->dial.ipv6 = true;
    set_key(net, p, curve);
    net->peer[net->n_peers++] = p;
    *out = p;
    return MDL_OK;
}

static enum mdl_status rekey(struct mdl_net *net, struct net_peer *p,
                             const uint8_t curve[MDL_CURVE_BYTES], struct mdl_error *err)
{
    enum mdl_status status = mdl_zap_admit(net->zap, curve, err);
    if (status != MDL_OK)
        return status;
    mdl_zap_expel(net->zap, p->curve);
    net_links_close(p);
    net_dial_close(net, p);
    set_key(net, p, curve);
    return MDL_OK;
}

static void drop_held(struct mdl_net *net, uint64_t partner)
{
    if (net->held_waiting && net->held_partner == partner)
        net_release_held(net);
}

static void remove_at(struct mdl_net *net, size_t i)
{
    struct net_peer *p = net->peer[i];
    net_links_close(p);
    net_dial_close(net, p);
    net->peer[i] = net->peer[--net->n_peers];
    free(p);
}

/* One who was dismissed is not in the way of the key's next owner. */
static void cut_dismissed(struct mdl_net *net, const uint8_t curve[MDL_CURVE_BYTES])
{
    for (size_t i = 0; i < net->n_peers; i++) {
        if (net->peer[i]->id == 0 && memcmp(net->peer[i]->curve, curve, MDL_CURVE_BYTES) == 0) {
            remove_at(net, i);
            return;
        }
    }
}

enum mdl_status mdl_net_partner(struct mdl_net *net, uint64_t partner,
                                const uint8_t curve[MDL_CURVE_BYTES], const char *endpoint,
                                struct mdl_error *err)
{
    const char *where = endpoint == NULL ? "" : endpoint;
    enum mdl_status status = check(net, partner, curve, where, err);
    if (status != MDL_OK)
        return status;
    cut_dismissed(net, curve);
    struct net_peer *p = by_id(net, partner);
    if (p == NULL)
        status = add(net, partner, curve, &p, err);
    else if (memcmp(p->curve, curve, MDL_CURVE_BYTES) != 0)
        status = rekey(net, p, curve, err);
    if (status != MDL_OK)
        return status;
    bool moved = strcmp(p->endpoint, where) != 0;
    if (moved) {
        net_dial_close(net, p);
        snprintf(p->endpoint, sizeof p->endpoint, "%s", where);
    }
    if (p->dial.state == NET_FREE || p->dial.state == NET_OPENING) {
        p->dial.pause = 0;
        net_dial_start(net, p);
    }
    return MDL_OK;
}

void mdl_net_forget(struct mdl_net *net, uint64_t partner)
{
    for (size_t i = 0; partner != 0 && i < net->n_peers; i++) {
        if (net->peer[i]->id != partner)
            continue;
        mdl_zap_expel(net->zap, net->peer[i]->curve);
        drop_held(net, partner);
        remove_at(net, i);
        return;
    }
}

void mdl_net_dismiss(struct mdl_net *net, uint64_t partner)
{
    struct net_peer *p = partner != 0 ? by_id(net, partner) : NULL;
    if (p == NULL)
        return;
    mdl_zap_expel(net->zap, p->curve);
    drop_held(net, partner);
    p->id = 0;
    p->leave_at = mdl_net_now() + net->times.farewell;
    p->writable_at = 0;
    p->endpoint[0] = '\0'; /* not dialled again */
    if (p->dial.state == NET_OPENING)
        net_dial_close(net, p);
}

void net_peers_tick(struct mdl_net *net, int64_t now)
{
    for (size_t i = net->n_peers; i-- > 0;) {
        const struct net_peer *p = net->peer[i];
        const struct net_link *link;
        bool over_dial;
        if (p->id == 0 && (now >= p->leave_at || !net_way(p, &over_dial, &link)))
            remove_at(net, i);
    }
}

static enum mdl_status unreachable(struct mdl_error *err)
{
    return mdl_fail(err, MDL_L_UNREACHABLE, "There is no connection to the partner at present.");
}

static int send_over(struct mdl_net *net, struct net_peer *p, zmq_msg_t *msg, bool over_dial,
                     const struct net_link *l)
{
    if (over_dial)
        return zmq_msg_send(msg, p->dial.sock, ZMQ_DONTWAIT);
    if (zmq_send(net->router, l->id, NET_ROUTING_ID, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return -1;
    /* The ROUTER checked the queue with the first frame; the second cannot meet EAGAIN. */
    return zmq_msg_send(msg, net->router, ZMQ_DONTWAIT);
}

static enum mdl_status deliver(struct mdl_net *net, struct net_peer *p, zmq_msg_t *msg,
                               struct mdl_error *err)
{
    bool over_dial;
    const struct net_link *l;
    while (net_way(p, &over_dial, &l)) {
        if (send_over(net, p, msg, over_dial, l) >= 0)
            return MDL_OK;
        int error = zmq_errno();
        if (error == EAGAIN) {
            p->writable_at = mdl_net_now() + NET_WRITABLE_MS;
            return mdl_fail(err, MDL_U_STATE, "The queue to the partner is full.");
        }
        if (error != EHOSTUNREACH || over_dial)
            return mdl_fail(err, error == ENOMEM ? MDL_L_MEMORY : MDL_L_IO,
                            "Sending to the partner failed: %s.", zmq_strerror(error));
        net_link_end(p, &p->link[l - p->link]);
    }
    return unreachable(err);
}

enum mdl_status mdl_net_send(struct mdl_net *net, uint64_t partner, const uint8_t *bytes,
                             size_t len, struct mdl_error *err)
{
    struct net_peer *p = by_id(net, partner);
    if (p == NULL)
        return mdl_fail(err, MDL_U_NOT_FOUND, "No such partner.");
    if (len > net->max_message)
        return mdl_fail(err, MDL_U_TOO_LARGE, "A message of %zu bytes; at most %u are sent.", len,
                        net->max_message);
    if (len == 0 || bytes[0] == NET_KEEPALIVE_BYTE)
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "A message must not be empty or begin with the byte 0xC1.");
    zmq_msg_t msg;
    if (zmq_msg_init_size(&msg, len) != 0)
        return mdl_fail(err, MDL_L_MEMORY, "Not enough memory for a message of %zu bytes.", len);
    memcpy(zmq_msg_data(&msg), bytes, len);
    enum mdl_status status = deliver(net, p, &msg, err);
    if (status == MDL_OK) {
        p->stats.messages_out++;
        p->stats.bytes_out += len;
    }
    zmq_msg_close(&msg);
    return status;
}

enum mdl_status mdl_net_stats(const struct mdl_net *net, uint64_t partner,
                              struct mdl_net_stats *out, struct mdl_error *err)
{
    const struct net_peer *p = by_id(net, partner);
    if (p == NULL)
        return mdl_fail(err, MDL_U_NOT_FOUND, "No such partner.");
    const struct net_link *link;
    *out = p->stats;
    out->up = net_way(p, &out->sends_over_dial, &link);
    out->dialled_up = p->dial.state == NET_LIVE;
    out->connections = out->dialled_up;
    for (size_t i = 0; i < MDL_NET_LINKS_PER_PARTNER; i++)
        out->connections += p->link[i].state == NET_LIVE;
    return MDL_OK;
}

void mdl_net_totals(const struct mdl_net *net, struct mdl_net_totals *out)
{
    *out = (struct mdl_net_totals){.knocks = mdl_zap_knocks(net->zap),
                                   .accepted = net->accepted,
                                   .shed = net->shed,
                                   .strangers = (uint32_t)net->n_strangers};
}
