/* door.c: the ROUTER: binding it only when strangers are kept out, and how many may stand before
 * it. It may not admit anybody (zap.c does) and it may not read messages. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ZMQ_ZAP_ENFORCE_DOMAIN: the installed header shows it to draft builds only, the library has it.
 */
#define OPT_ZAP_ENFORCE_DOMAIN 93
#define DOOR_EVENTS            (ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED)
#define DOOR_BACKLOG           1024
#define DOOR_TICK_MS           250

static int set_options(const struct mdl_net *net, void *r)
{
    int rc = net_common_options(net, r);
    rc |= net_set_thread(r, NET_THREAD_DOOR);
    rc |= mdl_sock_set(r, ZMQ_IPV6, 1);
    rc |= mdl_sock_set(r, ZMQ_BACKLOG, DOOR_BACKLOG);
    rc |= mdl_sock_set(r, ZMQ_ROUTER_HANDOVER, 0);
    rc |= mdl_sock_set(r, ZMQ_ROUTER_MANDATORY, 1);
    rc |= mdl_sock_set(r, ZMQ_CURVE_SERVER, 1);
    rc |= zmq_setsockopt(r, ZMQ_CURVE_SECRETKEY, net->curve_secret, MDL_CURVE_BYTES);
    rc |= zmq_setsockopt(r, ZMQ_ZAP_DOMAIN, MDL_ZAP_DOMAIN, strlen(MDL_ZAP_DOMAIN));
    rc |= mdl_sock_set(r, OPT_ZAP_ENFORCE_DOMAIN, 1);
    return rc;
}

/* Any one of these missing would let unknown keys in without a sign. */
static enum mdl_status verify(struct mdl_net *net, struct mdl_error *err)
{
    char domain[64] = "";
    size_t size = sizeof domain;
    int64_t largest = -1;
    size_t largest_size = sizeof largest;
    if (!mdl_sock_is(net->router, ZMQ_MECHANISM, ZMQ_CURVE) ||
        !mdl_sock_is(net->router, ZMQ_CURVE_SERVER, 1) ||
        !mdl_sock_is(net->router, OPT_ZAP_ENFORCE_DOMAIN, 1) ||
        zmq_getsockopt(net->router, ZMQ_ZAP_DOMAIN, domain, &size) != 0 ||
        strcmp(domain, MDL_ZAP_DOMAIN) != 0 ||
        zmq_getsockopt(net->router, ZMQ_MAXMSGSIZE, &largest, &largest_size) != 0 ||
        largest != (int64_t)net->max_message + MDL_NET_OVERHEAD)
        return mdl_fail(
            err, MDL_L_LIBRARY,
            "libzmq does not keep the options that refuse unknown keys (CURVE, ZAP domain, "
            "enforced domain, largest message); the node does not listen. libzmq 4.3.4 or "
            "newer is needed.");
    return mdl_zap_probe(net->zmq, net->curve_public, err);
}

static enum mdl_status bind_failed(const char *endpoint, int error, struct mdl_error *err)
{
    if (error == EADDRINUSE)
        return mdl_fail(
            err, MDL_L_IN_USE,
            "%s is in use by another process. Stop it (`ss -ltnp` names it) or let this "
            "node listen at another port.",
            endpoint);
    if (error == EADDRNOTAVAIL || error == ENODEV || error == EAFNOSUPPORT || error == EINVAL)
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "%s is not an address of this machine (%s). `ip address` lists them; use "
                        "tcp://*:PORT for all.",
                        endpoint, zmq_strerror(error));
    if (error == EACCES)
        return mdl_fail(err, MDL_L_IO,
                        "%s needs a privilege this process does not have; use a port above 1023.",
                        endpoint);
    return mdl_fail(err, MDL_L_IO, "Cannot listen at %s: %s.", endpoint, zmq_strerror(error));
}

static enum mdl_status bind_one(struct mdl_net *net, const char *endpoint, struct mdl_error *err)
{
    char bound[MDL_NET_ENDPOINT_MAX];
    size_t size = sizeof bound;
    if (zmq_bind(net->router, endpoint) != 0)
        return bind_failed(endpoint, zmq_errno(), err);
    if (zmq_getsockopt(net->router, ZMQ_LAST_ENDPOINT, bound, &size) != 0)
        return mdl_fail(err, MDL_L_IO, "Cannot tell the port of %s: %s.", endpoint,
                        zmq_strerror(zmq_errno()));
    unsigned long port = strtoul(strrchr(bound, ':') + 1, NULL, 10);
    /* The address in the operator's words: libzmq writes ::ffff:192.0.2.1 for an IPv4 one. */
    int host = (int)(strrchr(endpoint, ':') - endpoint);
    snprintf(net->bound[net->n_bound], MDL_NET_ENDPOINT_MAX, "%.*s:%lu", host, endpoint, port);
    net->port[net->n_bound++] = (uint16_t)port;
    return MDL_OK;
}

enum mdl_status net_door_open(struct mdl_net *net, const struct mdl_net_config *config,
                              struct mdl_error *err)
{
    if (config->n_binds == 0)
        return MDL_OK;
    net->stranger = calloc(net->max_strangers, sizeof *net->stranger);
    if (net->stranger == NULL)
        return mdl_fail(err, MDL_L_MEMORY, "Not enough memory to listen.");
    net->router = zmq_socket(net->zmq, ZMQ_ROUTER);
    if (net->router == NULL || set_options(net, net->router) != 0)
        return mdl_fail(err, MDL_L_LIBRARY, "libzmq refuses an option of the listening socket: %s.",
                        zmq_strerror(zmq_errno()));
    net->router_monitor =
        mdl_monitor_open(net->zmq, net->router, "inproc://mandorla.door", DOOR_EVENTS);
    if (net->router_monitor == NULL)
        return mdl_fail(err, MDL_L_IO, "Cannot watch the listening socket: %s.",
                        zmq_strerror(zmq_errno()));
    enum mdl_status status = verify(net, err);
    for (size_t i = 0; status == MDL_OK && i < config->n_binds; i++)
        status = bind_one(net, config->binds[i], err);
    return status;
}

void net_door_close(struct mdl_net *net)
{
    mdl_monitored_close(net->router, net->router_monitor);
    net->router_monitor = NULL;
    net->router = NULL;
    net->router_readable = false;
    net->n_strangers = 0;
}

static bool is_ours(const struct mdl_net *net, const struct mdl_conn *c)
{
    for (size_t i = 0; i < net->n_bound; i++)
        if (net->port[i] == c->local_port)
            return true;
    return false;
}

static void accepted(struct mdl_net *net, int fd)
{
    struct mdl_conn conn;
    net->accepted++;
    /* It may be over already, and its number may have become something else's. */
    if (!mdl_conn_of(fd, &conn) || !is_ours(net, &conn))
        return;
    if (net->n_strangers == net->max_strangers) {
        net->shed++;
        mdl_conn_shut(&conn);
        return;
    }
    net->stranger[net->n_strangers++] = (struct net_stranger){.conn = conn, .since = mdl_net_now()};
}

void net_door_known(struct mdl_net *net, int fd)
{
    for (size_t i = 0; i < net->n_strangers; i++) {
        if (net->stranger[i].conn.fd == fd) {
            net->stranger[i] = net->stranger[--net->n_strangers];
            return;
        }
    }
}

void net_door_events(struct mdl_net *net)
{
    uint16_t event;
    uint32_t fd;
    while (mdl_monitor_read(net->router_monitor, &event, &fd)) {
        if (event == ZMQ_EVENT_ACCEPTED) {
            accepted(net, (int)fd);
        } else if (event == ZMQ_EVENT_DISCONNECTED) {
            net_door_known(net, (int)fd);
            net_link_disconnected(net, (int)fd);
        }
    }
}

void net_door_tick(struct mdl_net *net, int64_t now)
{
    if (now - net->door_at < DOOR_TICK_MS)
        return;
    net->door_at = now;
    for (size_t i = 0; i < net->n_strangers; i++) {
        struct net_stranger *s = &net->stranger[i];
        struct net_meter nothing_taken = {.since = s->since};
        bool mute = !net->router_readable && now - s->since > net->times.handshake + NET_MUTE_MS;
        if (!s->shut && (mute || net_meter_over(net, &nothing_taken, &s->conn, now))) {
            s->shut = true;
            mdl_conn_shut(&s->conn);
        }
    }
}
