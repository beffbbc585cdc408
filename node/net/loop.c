/* loop.c: waiting, timers, and the order in which events are told.
 * It may not block anywhere but in zmq_poll. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOP_FIXED   3 /* ZAP, router, router's monitor */
#define LOOP_STALL   500
#define LOOP_TICK_MS 250 /* while strangers or connections are to be watched */

static bool any_in(const struct net_peer *p, enum net_state state)
{
    if (p->dial.state == state)
        return true;
    for (size_t i = 0; i < MDL_NET_LINKS_PER_PARTNER; i++)
        if (p->link[i].state == state)
            return true;
    return false;
}

static bool down_due(const struct net_peer *p)
{
    /* What an ending connection brought is told before its end. */
    return p->told_up && (p->bounced || !any_in(p, NET_LIVE)) && !any_in(p, NET_ENDING);
}

static bool up_due(const struct net_peer *p)
{
    return !p->told_up && any_in(p, NET_LIVE);
}

static void say(struct mdl_net_event *ev, enum mdl_net_kind kind, uint64_t partner)
{
    ev->kind = kind;
    ev->partner = partner;
}

static void say_refused(struct mdl_net_event *ev, struct net_peer *p)
{
    say(ev, MDL_NET_REFUSED, p->id);
    ev->status = p->refused;
    p->refused = MDL_OK;
    snprintf(
        ev->text, sizeof ev->text, "%s",
        ev->status == MDL_P_REFUSED
            ? "The partner's node answered but does not know this node's key yet: its operator "
              "must accept our token. Trying again."
            : "What listens at the partner's endpoint does not complete the handshake; most likely "
              "it "
              "does not hold the partner's channel key: compare endpoint and token with the "
              "partner. Trying again.");
}

static bool tell_partner(struct mdl_net_event *ev, struct net_peer *p)
{
    if (down_due(p)) {
        p->told_up = false;
        p->bounced = false;
        p->writable_at = 0;
        say(ev, MDL_NET_DOWN, p->id);
        return true;
    }
    if (up_due(p)) {
        p->told_up = true;
        p->bounced = false;
        say(ev, MDL_NET_UP, p->id);
        return true;
    }
    if (p->refused != MDL_OK) {
        say_refused(ev, p);
        return true;
    }
    if (p->writable_at != 0 && mdl_net_now() >= p->writable_at) {
        p->writable_at = 0;
        say(ev, MDL_NET_WRITABLE, p->id);
        return true;
    }
    return false;
}

static bool tell_knock(struct mdl_net *net, struct mdl_net_event *ev)
{
    struct mdl_knock k;
    if (!mdl_zap_take_knock(net->zap, &k))
        return false;
    say(ev, MDL_NET_KNOCK, 0);
    ev->status = MDL_P_UNKNOWN_KEY;
    ev->count = k.count;
    memcpy(ev->key_hex, k.key_hex, sizeof ev->key_hex);
    memcpy(ev->address, k.address, sizeof ev->address);
    snprintf(ev->text, sizeof ev->text,
             "A connection from %s with the unknown key %s was refused (%llu times).", k.address,
             k.key_hex, (unsigned long long)k.count);
    return true;
}

static bool tell_trouble(struct mdl_net *net, struct mdl_net_event *ev)
{
    int64_t now = mdl_net_now();
    if (net->shed == net->shed_told ||
        (net->shed_at != 0 && now - net->shed_at < NET_TELL_AGAIN_MS))
        return false;
    say(ev, MDL_NET_TROUBLE, 0);
    ev->status = MDL_L_IO;
    ev->count = net->shed - net->shed_told;
    snprintf(
        ev->text, sizeof ev->text,
        "%llu connections were closed because %u others had not authenticated yet; if this goes "
        "on, limit who can reach the port.",
        (unsigned long long)ev->count, net->max_strangers);
    net->shed_told = net->shed;
    net->shed_at = now;
    return true;
}

static bool tell_fatal(struct mdl_net *net, struct mdl_net_event *ev)
{
    if (net->fatal == MDL_OK || net->fatal_told)
        return false;
    net->fatal_told = true;
    say(ev, MDL_NET_FATAL, 0);
    ev->status = net->fatal;
    snprintf(
        ev->text, sizeof ev->text,
        "The handler that checks partners' keys has ended; every connection is closed. Restart "
        "the node.");
    return true;
}

static bool tell(struct mdl_net *net, struct mdl_net_event *ev)
{
    if (tell_fatal(net, ev))
        return true;
    for (size_t i = 0; i < net->n_peers; i++)
        if (net->peer[i]->id != 0 && tell_partner(ev, net->peer[i]))
            return true;
    return tell_knock(net, ev) || tell_trouble(net, ev);
}

static bool show_held(struct mdl_net *net, struct mdl_net_event *ev)
{
    if (!net->held_waiting)
        return false;
    net->held_waiting = false;
    say(ev, MDL_NET_MESSAGE, net->held_partner);
    ev->bytes = zmq_msg_data(&net->held);
    ev->len = zmq_msg_size(&net->held);
    return true;
}

bool mdl_net_next(struct mdl_net *net, struct mdl_net_event *ev)
{
    bool told = false;
    memset(ev, 0, sizeof *ev);
    if (!net->held_waiting)
        net_release_held(net);
    if (tell(net, ev) || show_held(net, ev))
        return true;
    bool got = net_receive(net, ev, &told);
    if (told)
        return true;
    /* Reading may have brought a connection up or to its end: that is told before the message. */
    if (tell(net, ev))
        return true;
    return got && show_held(net, ev);
}

static bool something_waits(const struct mdl_net *net)
{
    if (net->held_waiting || net->router_readable || (net->fatal != MDL_OK && !net->fatal_told))
        return true;
    for (size_t i = 0; i < net->n_peers; i++) {
        const struct net_peer *p = net->peer[i];
        bool to_tell = p->id != 0 && (down_due(p) || up_due(p) || p->refused != MDL_OK);
        if (p->dial.readable || to_tell)
            return true;
    }
    return false;
}

static void earlier(int64_t *due, int64_t t)
{
    if (t < *due)
        *due = t;
}

static int poll_time(const struct mdl_net *net, int timeout_ms, int64_t now)
{
    int64_t due = timeout_ms < 0 ? INT64_MAX : now + timeout_ms;
    if (net->n_strangers > 0)
        earlier(&due, net->door_at + LOOP_TICK_MS);
    for (size_t i = 0; i < net->n_peers; i++) {
        const struct net_peer *p = net->peer[i];
        if (p->writable_at != 0)
            earlier(&due, p->writable_at);
        if (p->id == 0)
            earlier(&due, p->leave_at);
        if (net->fatal == MDL_OK)
            earlier(&due, net_dial_due(net, p));
        for (size_t k = 0; k < MDL_NET_LINKS_PER_PARTNER; k++)
            if (p->link[k].state == NET_LIVE)
                earlier(&due, p->link[k].pinged + net->times.keepalive);
    }
    if (due == INT64_MAX)
        return -1;
    if (due <= now)
        return 0;
    return due - now > 60000 ? 60000 : (int)(due - now);
}

static void add_socket(zmq_pollitem_t *item, void *sock)
{
    /* A socket that is not there is an entry that poll(2) passes over. */
    *item = (zmq_pollitem_t){.socket = sock, .fd = -1, .events = sock != NULL ? ZMQ_POLLIN : 0};
}

/* Two entries: the socket, and what tells of its connection. */
static void add_dial(zmq_pollitem_t item[2], const struct net_dial *d)
{
    add_socket(&item[0], d->sock);
    add_socket(&item[1], d->monitor);
    if (d->tunnel != NULL && d->sock == NULL)
        item[1] = (zmq_pollitem_t){.fd = mdl_tunnel_fd(d->tunnel), .events = ZMQ_POLLIN};
}

static short to_zmq(short events)
{
    int z = 0;
    z |= events & POLLIN ? ZMQ_POLLIN : 0;
    z |= events & POLLOUT ? ZMQ_POLLOUT : 0;
    z |= events & POLLPRI ? ZMQ_POLLPRI : 0;
    return (short)z;
}

static short from_zmq(short revents)
{
    int r = 0;
    r |= revents & ZMQ_POLLIN ? POLLIN : 0;
    r |= revents & ZMQ_POLLOUT ? POLLOUT : 0;
    r |= revents & ZMQ_POLLPRI ? POLLPRI : 0;
    r |= revents & ZMQ_POLLERR ? POLLERR : 0;
    return (short)r;
}

static enum mdl_status fill_items(struct mdl_net *net, const struct pollfd *extra, size_t n,
                                  struct mdl_error *err)
{
    size_t need = LOOP_FIXED + 2 * net->n_peers + n;
    if (need > net->cap_items) {
        zmq_pollitem_t *item = realloc(net->item, 2 * need * sizeof *item);
        if (item == NULL)
            return mdl_fail(err, MDL_L_MEMORY, "Not enough memory to wait for events.");
        net->item = item;
        net->cap_items = 2 * need;
    }
    zmq_pollitem_t *item = net->item;
    bool zap_open = net->fatal == MDL_OK;
    item[0] = (zmq_pollitem_t){.fd = zap_open ? mdl_zap_fd(net->zap) : -1, .events = ZMQ_POLLIN};
    add_socket(&item[1], net->router);
    add_socket(&item[2], net->router_monitor);
    for (size_t i = 0; i < net->n_peers; i++)
        add_dial(&item[LOOP_FIXED + 2 * i], &net->peer[i]->dial);
    for (size_t i = 0; i < n; i++)
        item[LOOP_FIXED + 2 * net->n_peers + i] =
            (zmq_pollitem_t){.fd = extra[i].fd, .events = to_zmq(extra[i].events)};
    return MDL_OK;
}

/* Time this program spent elsewhere is not the partners' silence. */
static void forgive_stall(struct mdl_net *net, int64_t now)
{
    int64_t stall = now - net->returned_at;
    if (stall < LOOP_STALL)
        return;
    for (size_t i = 0; i < net->n_peers; i++) {
        net->peer[i]->dial.heard += stall;
        for (size_t k = 0; k < MDL_NET_LINKS_PER_PARTNER; k++)
            net->peer[i]->link[k].heard += stall;
    }
}

static void run_timers(struct mdl_net *net)
{
    int64_t now = mdl_net_now();
    mdl_tunnels_reap(&net->ending);
    if (net->fatal != MDL_OK)
        return;
    forgive_stall(net, now);
    net_peers_tick(net, now);
    net_door_tick(net, now);
    net_links_tick(net, now);
    for (size_t i = 0; i < net->n_peers; i++)
        net_dial_tick(net, net->peer[i], now);
}

static void take_revents(struct mdl_net *net, struct pollfd *extra, size_t n)
{
    const zmq_pollitem_t *item = net->item;
    for (size_t i = 0; i < n; i++)
        extra[i].revents = from_zmq(item[LOOP_FIXED + 2 * net->n_peers + i].revents);
    if (item[0].revents & ZMQ_POLLIN)
        mdl_zap_clear_fd(net->zap);
    if (net->fatal == MDL_OK && !mdl_zap_alive(net->zap)) {
        net->fatal = MDL_L_LIBRARY;
        net_stop(net);
        return;
    }
    /* Ends of connections are seen first and take effect when their last messages were read. */
    if (item[2].revents & ZMQ_POLLIN) {
        net_door_events(net);
        net->router_readable = true;
    }
    if (item[1].revents & ZMQ_POLLIN)
        net->router_readable = true;
    for (size_t i = 0; i < net->n_peers; i++) {
        struct net_peer *p = net->peer[i];
        bool readable = item[LOOP_FIXED + 2 * i].revents & ZMQ_POLLIN;
        bool watched = item[LOOP_FIXED + 2 * i + 1].revents & ZMQ_POLLIN;
        if (watched)
            net_dial_events(net, p);
        p->dial.readable = p->dial.sock != NULL && (p->dial.readable || readable || watched);
    }
}

enum mdl_status mdl_net_wait(struct mdl_net *net, struct pollfd *extra, size_t n, int timeout_ms,
                             struct mdl_error *err)
{
    for (size_t i = 0; i < n; i++)
        extra[i].revents = 0;
    run_timers(net);
    enum mdl_status status = fill_items(net, extra, n, err);
    if (status != MDL_OK)
        return status;
    int wait = something_waits(net) ? 0 : poll_time(net, timeout_ms, mdl_net_now());
    int rc = zmq_poll(net->item, (int)(LOOP_FIXED + 2 * net->n_peers + n), wait);
    net->returned_at = mdl_net_now();
    if (rc < 0 && zmq_errno() == EINTR)
        return MDL_OK;
    if (rc < 0)
        return mdl_fail(err, MDL_BUG, "Waiting for events failed: %s.", zmq_strerror(zmq_errno()));
    take_revents(net, extra, n);
    return MDL_OK;
}
