/* net.c: opening and closing the channel.
 * It may not bind before door.c has verified that unknown keys are refused. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NET_HWM_DEFAULT       64u
#define NET_HWM_MAX           1024u
#define NET_STRANGERS_DEFAULT 256u
#define NET_HANDSHAKE_MAX     5000u
/* A partner takes a DEALER, its monitor and libzmq's end of it. */
#define NET_ZMQ_SOCKETS (3 * MDL_NET_PARTNERS_MAX + 64)

static uint32_t or_default(uint32_t value, uint32_t standard)
{
    return value != 0 ? value : standard;
}

static enum mdl_status take_times(struct mdl_net_times *to, const struct mdl_net_times *from,
                                  struct mdl_error *err)
{
    *to = (struct mdl_net_times){.handshake = or_default(from->handshake, NET_HANDSHAKE_MAX),
                                 .keepalive = or_default(from->keepalive, 2000),
                                 .silence = or_default(from->silence, 8000),
                                 .reconnect = or_default(from->reconnect, 250),
                                 .reconnect_max = or_default(from->reconnect_max, 10000),
                                 .refused = or_default(from->refused, 2000),
                                 .refused_max = or_default(from->refused_max, 30000),
                                 .farewell = or_default(from->farewell, 2000)};
    const uint32_t day = 86400000;
    if (to->handshake > NET_HANDSHAKE_MAX)
        return mdl_fail(err, MDL_U_ARGUMENT, "The handshake time is %u ms; at most %u are allowed.",
                        to->handshake, NET_HANDSHAKE_MAX);
    if (to->silence > day || to->keepalive > to->silence / 2)
        return mdl_fail(
            err, MDL_U_ARGUMENT,
            "The silence time (%u ms) must be at least twice the keep-alive time (%u ms) "
            "and at most a day.",
            to->silence, to->keepalive);
    if (to->reconnect_max > day || to->reconnect > to->reconnect_max || to->refused_max > day ||
        to->refused > to->refused_max || to->farewell > day)
        return mdl_fail(
            err, MDL_U_ARGUMENT,
            "A first pause must not be longer than its maximum, nor that or the farewell than "
            "a day.");
    return MDL_OK;
}

static enum mdl_status take_limits(struct mdl_net *net, const struct mdl_net_config *c,
                                   struct mdl_error *err)
{
    net->max_message = or_default(c->max_message, MDL_NET_MESSAGE_DEFAULT);
    net->hwm = or_default(c->hwm, NET_HWM_DEFAULT);
    net->max_strangers = or_default(c->max_strangers, NET_STRANGERS_DEFAULT);
    if (net->max_message > MDL_NET_MESSAGE_MAX)
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "The largest message is %u bytes; at most %u are allowed.",
                        net->max_message, MDL_NET_MESSAGE_MAX);
    if (net->hwm > NET_HWM_MAX)
        return mdl_fail(err, MDL_U_ARGUMENT, "The queue length is %u; at most %u is allowed.",
                        net->hwm, NET_HWM_MAX);
    if (net->max_strangers > 65535)
        return mdl_fail(err, MDL_U_ARGUMENT, "At most 65535 unauthenticated connections, not %u.",
                        net->max_strangers);
    return take_times(&net->times, &c->times, err);
}

static enum mdl_status take_addresses(struct mdl_net *net, const struct mdl_net_config *c,
                                      struct mdl_error *err)
{
    if (c->n_binds > MDL_NET_BINDS_MAX)
        return mdl_fail(err, MDL_U_ARGUMENT, "At most %d listening addresses, not %zu.",
                        MDL_NET_BINDS_MAX, c->n_binds);
    for (size_t i = 0; i < c->n_binds; i++)
        if (!mdl_endpoint_valid(c->binds[i], true, NULL))
            return mdl_fail(
                err, MDL_U_ARGUMENT,
                "\"%.200s\" is not an address to listen at; expected tcp://ADDRESS:PORT, "
                "for example tcp://0.0.0.0:7801 or tcp://[::]:7801.",
                c->binds[i]);
    if (c->socks_proxy == NULL || c->socks_proxy[0] == '\0')
        return MDL_OK;
    char as_endpoint[MDL_NET_ENDPOINT_MAX + 8];
    int n = snprintf(as_endpoint, sizeof as_endpoint, "tcp://%s", c->socks_proxy);
    if (n < 0 || (size_t)n >= MDL_NET_ENDPOINT_MAX || !mdl_endpoint_valid(as_endpoint, false, NULL))
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "\"%.200s\" is not a SOCKS5 proxy; expected HOST:PORT, for example "
                        "127.0.0.1:9050.",
                        c->socks_proxy);
    snprintf(net->socks_proxy, sizeof net->socks_proxy, "%s", c->socks_proxy);
    return MDL_OK;
}

int net_common_options(const struct mdl_net *net, void *sock)
{
    int64_t largest = (int64_t)net->max_message + MDL_NET_OVERHEAD;
    int rc = zmq_setsockopt(sock, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    rc |= mdl_sock_set(sock, ZMQ_LINGER, 0);
    rc |= mdl_sock_set(sock, ZMQ_SNDHWM, (int)net->hwm);
    rc |= mdl_sock_set(sock, ZMQ_RCVHWM, (int)net->hwm);
    rc |= mdl_sock_set(sock, ZMQ_HANDSHAKE_IVL, (int)net->times.handshake);
    rc |= mdl_sock_set(sock, ZMQ_HEARTBEAT_IVL, (int)net->times.keepalive);
    rc |= mdl_sock_set(sock, ZMQ_HEARTBEAT_TIMEOUT, (int)net->times.silence);
    rc |= mdl_sock_set(sock, ZMQ_HEARTBEAT_TTL, (int)net->times.silence);
    return rc;
}

int net_set_thread(void *sock, enum net_thread thread)
{
    uint64_t only = UINT64_C(1) << thread;
    return zmq_setsockopt(sock, ZMQ_AFFINITY, &only, sizeof only);
}

static enum mdl_status start_zmq(struct mdl_net *net, struct mdl_error *err)
{
    if (!zmq_has("curve"))
        return mdl_fail(err, MDL_L_LIBRARY,
                        "The installed libzmq was built without CURVE; install one that has it.");
    net->zmq = zmq_ctx_new();
    if (net->zmq == NULL)
        return mdl_fail(err, MDL_L_MEMORY, "libzmq cannot start: %s.", zmq_strerror(zmq_errno()));
    if (zmq_ctx_set(net->zmq, ZMQ_BLOCKY, 0) != 0 ||
        zmq_ctx_set(net->zmq, ZMQ_IO_THREADS, NET_THREADS) != 0 ||
        zmq_ctx_set(net->zmq, ZMQ_MAX_SOCKETS, NET_ZMQ_SOCKETS) != 0)
        return mdl_fail(err, MDL_L_LIBRARY, "libzmq refuses an option: %s.",
                        zmq_strerror(zmq_errno()));
    return mdl_zap_start(net->zmq, &net->zap, err);
}

enum mdl_status mdl_net_open(const struct mdl_net_config *config, struct mdl_net **out,
                             struct mdl_error *err)
{
    *out = NULL;
    struct mdl_net *net = calloc(1, sizeof *net);
    if (net == NULL)
        return mdl_fail(err, MDL_L_MEMORY, "Not enough memory for the channel.");
    memcpy(net->curve_public, config->curve_public, MDL_CURVE_BYTES);
    memcpy(net->curve_secret, config->curve_secret, MDL_CURVE_BYTES);
    mdl_raise_nofile();
    enum mdl_status status = take_limits(net, config, err);
    if (status == MDL_OK)
        status = take_addresses(net, config, err);
    if (status == MDL_OK)
        status = start_zmq(net, err);
    if (status == MDL_OK)
        status = net_door_open(net, config, err);
    if (status != MDL_OK) {
        mdl_net_close(net);
        return status;
    }
    net->returned_at = mdl_net_now();
    *out = net;
    return MDL_OK;
}

void net_stop(struct mdl_net *net)
{
    net_door_close(net);
    for (size_t i = 0; i < net->n_peers; i++) {
        net_links_close(net->peer[i]);
        net_dial_close(net, net->peer[i]);
    }
}

void mdl_net_close(struct mdl_net *net)
{
    if (net == NULL)
        return;
    net_release_held(net);
    net_stop(net);
    mdl_zap_stop(net->zap);
    if (net->zmq != NULL)
        zmq_ctx_term(net->zmq);
    mdl_tunnels_finish(&net->ending);
    for (size_t i = 0; i < net->n_peers; i++)
        free(net->peer[i]);
    free(net->peer);
    free(net->item);
    free(net->stranger);
    explicit_bzero(net->curve_secret, sizeof net->curve_secret);
    free(net);
}

const char *mdl_net_endpoint(const struct mdl_net *net, size_t i)
{
    return i < net->n_bound ? net->bound[i] : NULL;
}
