/* rig.c: nodes and hostile sockets for the tests of the channel.
 * It may not reach into a node's state; the tests that must, say so. */
#include "rig.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void rig_new_key(struct rig_key *k)
{
    char public[41], secret[41];
    ck_assert_int_eq(zmq_curve_keypair(public, secret), 0);
    ck_assert_ptr_nonnull(zmq_z85_decode(k->public, public));
    ck_assert_ptr_nonnull(zmq_z85_decode(k->secret, secret));
}

void rig_keys(struct rig *r)
{
    memset(r, 0, sizeof *r);
    for (size_t i = 0; i < RIG_NODES; i++)
        rig_new_key(&r->node[i].key);
    if (memcmp(r->node[0].key.public, r->node[1].key.public, MDL_CURVE_BYTES) > 0) {
        struct rig_key k = r->node[0].key;
        r->node[0].key = r->node[1].key;
        r->node[1].key = k;
    }
}

struct mdl_net_config rig_config(const struct rig_key *key)
{
    struct mdl_net_config c = {.times = {.handshake = 2000,
                                         .keepalive = 200,
                                         .silence = RIG_SILENCE,
                                         .reconnect = 20,
                                         .reconnect_max = 100,
                                         .refused = 100,
                                         .refused_max = 200,
                                         .farewell = RIG_FAREWELL}};
    memcpy(c.curve_public, key->public, MDL_CURVE_BYTES);
    memcpy(c.curve_secret, key->secret, MDL_CURVE_BYTES);
    return c;
}

void rig_open_with(struct rig *r, size_t i, const struct mdl_net_config *c)
{
    struct mdl_error err = {0};
    struct rig_node *n = &r->node[i];
    n->n = n->taken = 0;
    n->frozen = false;
    ck_assert_msg(mdl_net_open(c, &n->net, &err) == MDL_OK, "%s", err.text);
}

void rig_open(struct rig *r, size_t i, const char *bind)
{
    struct mdl_net_config c = rig_config(&r->node[i].key);
    c.binds = &bind;
    c.n_binds = bind != NULL;
    if (r->silence != 0)
        c.times.silence = r->silence;
    rig_open_with(r, i, &c);
}

void rig_open_fixed(struct rig *r, size_t i, char endpoint[MDL_NET_ENDPOINT_MAX])
{
    static unsigned turn;
    struct mdl_net_config c = rig_config(&r->node[i].key);
    const char *bind = endpoint;
    c.binds = &bind;
    c.n_binds = 1;
    enum mdl_status status;
    do {
        /* Below 32768, where Linux begins to hand out ports. */
        unsigned port = 10000 + ((unsigned)getpid() * 7 + turn * 13) % 22000;
        snprintf(endpoint, MDL_NET_ENDPOINT_MAX, "tcp://127.0.0.1:%u", port);
        status = mdl_net_open(&c, &r->node[i].net, NULL);
    } while (status == MDL_L_IN_USE && ++turn < 1000);
    ck_assert_int_eq(status, MDL_OK);
    turn++;
    r->node[i].n = r->node[i].taken = 0;
    r->node[i].frozen = false;
}

void rig_close(struct rig *r, size_t i)
{
    mdl_net_close(r->node[i].net);
    r->node[i].net = NULL;
}

void rig_end(struct rig *r)
{
    for (size_t i = 0; i < RIG_NODES; i++)
        rig_close(r, i);
}

void rig_pin(struct rig *r, size_t i, size_t j, bool dial)
{
    struct mdl_error err = {0};
    const char *endpoint = dial ? mdl_net_endpoint(r->node[j].net, 0) : NULL;
    ck_assert(!dial || endpoint != NULL);
    ck_assert_msg(mdl_net_partner(r->node[i].net, j + 1, r->node[j].key.public, endpoint, &err) ==
                      MDL_OK,
                  "%s", err.text);
}

static void record(struct rig_node *n, const struct mdl_net_event *ev)
{
    ck_assert_uint_lt(n->n, RIG_EVENTS);
    struct rig_event *e = &n->event[n->n++];
    *e = (struct rig_event){.kind = ev->kind,
                            .partner = ev->partner,
                            .status = ev->status,
                            .count = ev->count,
                            .len = ev->len};
    memcpy(e->key_hex, ev->key_hex, sizeof e->key_hex);
    memcpy(e->text, ev->text, sizeof e->text);
    if (ev->kind != MDL_NET_MESSAGE)
        return;
    ck_assert_uint_gt(ev->len, 0);
    e->first = ev->bytes[0];
    e->last = ev->bytes[ev->len - 1];
}

void rig_pump(struct rig *r)
{
    struct mdl_net_event ev;
    for (size_t i = 0; i < RIG_NODES; i++) {
        struct rig_node *n = &r->node[i];
        if (n->net == NULL || n->frozen)
            continue;
        ck_assert_int_eq(mdl_net_wait(n->net, NULL, 0, 2, NULL), MDL_OK);
        while (mdl_net_next(n->net, &ev))
            record(n, &ev);
    }
}

static bool take(struct rig_node *n, enum mdl_net_kind kind, uint64_t partner, struct rig_event *e)
{
    while (n->taken < n->n) {
        *e = n->event[n->taken++];
        if (e->kind == kind && e->partner == partner)
            return true;
    }
    n->n = n->taken = 0;
    return false;
}

struct rig_event rig_await(struct rig *r, size_t node, enum mdl_net_kind kind, uint64_t partner)
{
    struct rig_event e = {0};
    int64_t end = mdl_net_now() + RIG_PATIENCE;
    while (!take(&r->node[node], kind, partner, &e)) {
        ck_assert_msg(mdl_net_now() < end,
                      "node %zu waits in vain for event %d of partner %llu; last: %d \"%s\"", node,
                      (int)kind, (unsigned long long)partner, (int)e.kind, e.text);
        rig_pump(r);
    }
    return e;
}

void rig_never(struct rig *r, size_t node, enum mdl_net_kind kind, int ms)
{
    struct rig_node *n = &r->node[node];
    int64_t end = mdl_net_now() + ms;
    do {
        rig_pump(r);
        for (size_t i = n->taken; i < n->n; i++)
            ck_assert_msg(n->event[i].kind != kind, "node %zu: event %d came: \"%s\"", node,
                          (int)kind, n->event[i].text);
    } while (mdl_net_now() < end);
}

void rig_send(struct rig *r, size_t node, uint64_t partner, uint8_t fill, size_t len,
              enum mdl_status expected)
{
    struct mdl_error err = {0};
    uint8_t *bytes = malloc(len + 1);
    ck_assert_ptr_nonnull(bytes);
    memset(bytes, fill, len + 1);
    enum mdl_status got = mdl_net_send(r->node[node].net, partner, bytes, len, &err);
    free(bytes);
    ck_assert_msg(got == expected, "expected %s, got %s: %s", mdl_status_slug(expected),
                  mdl_status_slug(got), err.text);
}

struct mdl_net_stats rig_stats(struct rig *r, size_t node, uint64_t partner)
{
    struct mdl_net_stats s;
    ck_assert_int_eq(mdl_net_stats(r->node[node].net, partner, &s, NULL), MDL_OK);
    return s;
}

uint16_t rig_port(const char *endpoint)
{
    return (uint16_t)strtoul(strrchr(endpoint, ':') + 1, NULL, 10);
}

int rig_tcp(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static void raw_open(struct rig_raw *w, int type)
{
    w->monitor = NULL;
    w->ctx = zmq_ctx_new();
    ck_assert_ptr_nonnull(w->ctx);
    ck_assert_int_eq(zmq_ctx_set(w->ctx, ZMQ_BLOCKY, 0), 0);
    w->sock = zmq_socket(w->ctx, type);
    ck_assert_ptr_nonnull(w->sock);
    ck_assert_int_eq(mdl_sock_set(w->sock, ZMQ_IPV6, 1), 0);
}

static void raw_curve(void *sock, const struct rig_key *key)
{
    ck_assert_int_eq(zmq_setsockopt(sock, ZMQ_CURVE_PUBLICKEY, key->public, MDL_CURVE_BYTES), 0);
    ck_assert_int_eq(zmq_setsockopt(sock, ZMQ_CURVE_SECRETKEY, key->secret, MDL_CURVE_BYTES), 0);
}

void rig_raw_dealer(struct rig_raw *w, enum rig_speech how, const struct rig_key *key,
                    const struct rig_key *server, const char *endpoint)
{
    raw_open(w, ZMQ_DEALER);
    if (how == RIG_CURVE) {
        raw_curve(w->sock, key);
        ck_assert_int_eq(
            zmq_setsockopt(w->sock, ZMQ_CURVE_SERVERKEY, server->public, MDL_CURVE_BYTES), 0);
    } else if (how == RIG_PLAIN) {
        ck_assert_int_eq(zmq_setsockopt(w->sock, ZMQ_PLAIN_USERNAME, "admin", 5), 0);
        ck_assert_int_eq(zmq_setsockopt(w->sock, ZMQ_PLAIN_PASSWORD, "admin", 5), 0);
    }
    ck_assert_int_eq(zmq_connect(w->sock, endpoint), 0);
}

void rig_raw_router(struct rig_raw *w, enum rig_speech how, const struct rig_key *key,
                    char endpoint[MDL_NET_ENDPOINT_MAX])
{
    size_t size = MDL_NET_ENDPOINT_MAX;
    raw_open(w, ZMQ_ROUTER);
    if (how == RIG_CURVE) {
        raw_curve(w->sock, key);
        ck_assert_int_eq(mdl_sock_set(w->sock, ZMQ_CURVE_SERVER, 1), 0);
    } else if (how == RIG_PLAIN) {
        ck_assert_int_eq(mdl_sock_set(w->sock, ZMQ_PLAIN_SERVER, 1), 0);
    }
    ck_assert_int_eq(zmq_bind(w->sock, "tcp://127.0.0.1:*"), 0);
    ck_assert_int_eq(zmq_getsockopt(w->sock, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
}

void rig_raw_watch(struct rig_raw *w, int events)
{
    w->monitor = mdl_monitor_open(w->ctx, w->sock, "inproc://watch", events);
    ck_assert_ptr_nonnull(w->monitor);
}

void rig_raw_close(struct rig_raw *w)
{
    if (w->ctx == NULL)
        return;
    mdl_monitored_close(w->sock, w->monitor);
    zmq_ctx_term(w->ctx);
    memset(w, 0, sizeof *w);
}

int rig_run(Suite *s)
{
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
