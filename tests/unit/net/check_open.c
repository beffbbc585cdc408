/* check_open.c: what is refused before a node listens, and what stops it afterwards.
 * Reaches into the node's state to end the ZAP handler and to read options, for nothing else. */
#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOCAL "tcp://127.0.0.1:0"

static struct rig r;

static void setup(void)
{
    rig_keys(&r);
}

static void teardown(void)
{
    rig_end(&r);
}

static void refused(const struct mdl_net_config *c, enum mdl_status expected, const char *names)
{
    struct mdl_error err = {0};
    struct mdl_net *net = r.node[0].net;
    ck_assert_int_eq(mdl_net_open(c, &net, &err), expected);
    ck_assert_ptr_null(net);
    ck_assert_int_eq(err.status, expected);
    ck_assert_msg(strstr(err.text, names) != NULL, "\"%s\" does not name %s", err.text, names);
}

START_TEST(endpoint_in_use)
{
    rig_open(&r, 0, LOCAL);
    const char *taken = mdl_net_endpoint(r.node[0].net, 0);
    struct mdl_net_config c = rig_config(&r.node[1].key);
    c.binds = &taken;
    c.n_binds = 1;
    refused(&c, MDL_L_IN_USE, taken);
    refused(&c, MDL_L_IN_USE, "another port");
}
END_TEST

START_TEST(addresses_that_are_none)
{
    static const char *const bad[] = {"",
                                      "127.0.0.1:7801",
                                      "ipc:///tmp/x",
                                      "inproc://x",
                                      "tcp://",
                                      "tcp://:7801",
                                      "tcp://127.0.0.1",
                                      "tcp://127.0.0.1:",
                                      "tcp://127.0.0.1:65536",
                                      "tcp://127.0.0.1:123456",
                                      "tcp://127.0.0.1:78x1",
                                      "tcp://127.0.0.1:-1",
                                      "tcp://a b:7801",
                                      "tcp://1.2.3.4;5.6.7.8:7801",
                                      "tcp://::1:7801",
                                      "tcp://[::1:7801",
                                      "tcp://[]:7801"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mdl_net_config c = rig_config(&r.node[0].key);
        c.binds = &bad[i];
        c.n_binds = 1;
        refused(&c, MDL_U_ARGUMENT, "tcp://0.0.0.0:7801");
        ck_assert_msg(!mdl_endpoint_valid(bad[i], false, NULL), "%s", bad[i]);
    }
    ck_assert(!mdl_endpoint_valid("tcp://127.0.0.1:0", false, NULL));
    ck_assert(!mdl_endpoint_valid("tcp://*:7801", false, NULL));
    char host[MDL_NET_ENDPOINT_MAX];
    ck_assert(mdl_endpoint_valid("tcp://node.example.com:7801", false, host));
    ck_assert_str_eq(host, "node.example.com");
    ck_assert(mdl_endpoint_valid("tcp://[2001:db8::1]:7801", false, host));
    ck_assert_str_eq(host, "2001:db8::1");
    ck_assert(mdl_endpoint_valid("tcp://*:0", true, NULL));
    ck_assert(mdl_endpoint_numeric("tcp://192.0.2.1:7801"));
    ck_assert(mdl_endpoint_numeric("tcp://[::1]:7801"));
    ck_assert(!mdl_endpoint_numeric("tcp://192.0.2.example:7801"));
}
END_TEST

START_TEST(an_address_of_another_machine)
{
    const char *other = "tcp://192.0.2.1:7801";
    struct mdl_net_config c = rig_config(&r.node[0].key);
    c.binds = &other;
    c.n_binds = 1;
    refused(&c, MDL_U_ARGUMENT, "not an address of this machine");
}
END_TEST

START_TEST(a_second_bind_that_fails_leaves_nothing_open)
{
    rig_open(&r, 0, LOCAL);
    const char *taken = mdl_net_endpoint(r.node[0].net, 0);
    char free_one[MDL_NET_ENDPOINT_MAX];
    rig_open_fixed(&r, 1, free_one);
    rig_close(&r, 1);
    const char *both[2] = {free_one, taken};
    struct mdl_net_config c = rig_config(&r.node[1].key);
    c.binds = both;
    c.n_binds = 2;
    refused(&c, MDL_L_IN_USE, taken);
    rig_open(&r, 1, free_one); /* it is free again */
    ck_assert_str_eq(mdl_net_endpoint(r.node[1].net, 0), free_one);
    ck_assert_ptr_null(mdl_net_endpoint(r.node[1].net, 1));
}
END_TEST

START_TEST(limits)
{
    struct mdl_net_config c = rig_config(&r.node[0].key);
    c.max_message = MDL_NET_MESSAGE_MAX + 1;
    refused(&c, MDL_U_ARGUMENT, "largest message");
    c = rig_config(&r.node[0].key);
    c.hwm = 1025;
    refused(&c, MDL_U_ARGUMENT, "queue length");
    c = rig_config(&r.node[0].key);
    c.max_strangers = 65536;
    refused(&c, MDL_U_ARGUMENT, "65536");
    c = rig_config(&r.node[0].key);
    c.times.handshake = 5001;
    refused(&c, MDL_U_ARGUMENT, "5001");
    c = rig_config(&r.node[0].key);
    c.times.silence = 2 * c.times.keepalive - 1;
    refused(&c, MDL_U_ARGUMENT, "silence");
    c = rig_config(&r.node[0].key);
    c.times.reconnect_max = c.times.reconnect - 1;
    refused(&c, MDL_U_ARGUMENT, "pause");
    c = rig_config(&r.node[0].key);
    c.times.refused_max = c.times.refused - 1;
    refused(&c, MDL_U_ARGUMENT, "pause");
    c = rig_config(&r.node[0].key);
    c.times.farewell = 86400001;
    refused(&c, MDL_U_ARGUMENT, "farewell");
    c = rig_config(&r.node[0].key);
    c.n_binds = MDL_NET_BINDS_MAX + 1;
    refused(&c, MDL_U_ARGUMENT, "9");
    c = rig_config(&r.node[0].key);
    c.socks_proxy = "socks5://127.0.0.1";
    refused(&c, MDL_U_ARGUMENT, "HOST:PORT");
}
END_TEST

START_TEST(partners_that_cannot_be)
{
    struct mdl_error err = {0};
    rig_open(&r, 0, LOCAL);
    struct mdl_net *net = r.node[0].net;
    const uint8_t *key = r.node[1].key.public;
    ck_assert_int_eq(mdl_net_partner(net, 0, key, NULL, &err), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_net_partner(net, 5, r.node[0].key.public, NULL, &err), MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "own"));
    ck_assert_int_eq(mdl_net_partner(net, 5, key, "ipc:///tmp/x", &err), MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "ipc:///tmp/x"));
    ck_assert_int_eq(mdl_net_partner(net, 5, key, "", &err), MDL_OK);
    ck_assert_int_eq(mdl_net_partner(net, 6, key, NULL, &err), MDL_U_EXISTS);
    ck_assert_int_eq(mdl_net_stats(net, 6, &(struct mdl_net_stats){0}, NULL), MDL_U_NOT_FOUND);
    mdl_net_forget(net, 6);
    mdl_net_forget(net, 5);
    ck_assert_int_eq(mdl_net_partner(net, 6, key, NULL, &err), MDL_OK);
}
END_TEST

START_TEST(too_many_partners)
{
    struct mdl_error err = {0};
    uint8_t key[MDL_CURVE_BYTES] = {0};
    rig_open(&r, 0, NULL);
    for (uint64_t i = 1; i <= MDL_NET_PARTNERS_MAX; i++) {
        memcpy(key, &i, sizeof i);
        ck_assert_int_eq(mdl_net_partner(r.node[0].net, i, key, NULL, &err), MDL_OK);
    }
    key[20] = 1;
    ck_assert_int_eq(mdl_net_partner(r.node[0].net, 99999, key, NULL, &err), MDL_U_TOO_LARGE);
    rig_pump(&r);
}
END_TEST

static void option_is(void *sock, int option, int expected)
{
    int value = -7;
    size_t size = sizeof value;
    ck_assert_int_eq(zmq_getsockopt(sock, option, &value, &size), 0);
    ck_assert_msg(value == expected, "option %d is %d, not %d", option, value, expected);
}

START_TEST(what_security_rests_on_is_set)
{
    struct mdl_net_config c = {0}; /* defaults */
    const char *bind = LOCAL;
    memcpy(c.curve_public, r.node[0].key.public, MDL_CURVE_BYTES);
    memcpy(c.curve_secret, r.node[0].key.secret, MDL_CURVE_BYTES);
    c.binds = &bind;
    c.n_binds = 1;
    rig_open_with(&r, 0, &c);
    rig_open(&r, 1, LOCAL);
    rig_pin(&r, 0, 1, true);
    void *dealer = r.node[0].net->peer[0]->dial.sock;
    void *both[2] = {r.node[0].net->router, dealer};
    for (size_t i = 0; i < 2; i++) {
        int64_t largest;
        size_t size = sizeof largest;
        ck_assert_int_eq(zmq_getsockopt(both[i], ZMQ_MAXMSGSIZE, &largest, &size), 0);
        ck_assert_int_eq(largest, MDL_NET_MESSAGE_DEFAULT + MDL_NET_OVERHEAD);
        ck_assert_int_le(largest, 1024 * 1024);
        option_is(both[i], ZMQ_MECHANISM, ZMQ_CURVE);
        option_is(both[i], ZMQ_LINGER, 0);
        option_is(both[i], ZMQ_HANDSHAKE_IVL, 5000);
        option_is(both[i], ZMQ_SNDHWM, 64);
        option_is(both[i], ZMQ_RCVHWM, 64);
        option_is(both[i], ZMQ_HEARTBEAT_IVL, 2000);
        option_is(both[i], ZMQ_HEARTBEAT_TIMEOUT, 8000);
        option_is(both[i], ZMQ_HEARTBEAT_TTL, 8000);
    }
    option_is(both[0], ZMQ_CURVE_SERVER, 1);
    option_is(both[0], 93, 1); /* ZMQ_ZAP_ENFORCE_DOMAIN */
    option_is(both[0], ZMQ_BACKLOG, 1024);
    option_is(dealer, ZMQ_IMMEDIATE, 1);
    option_is(dealer, ZMQ_RECONNECT_IVL, 250);
    option_is(dealer, ZMQ_RECONNECT_IVL_MAX, 10000);
    struct rlimit l;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &l), 0);
    ck_assert(l.rlim_cur == l.rlim_max || l.rlim_cur >= 65536);
}
END_TEST

START_TEST(a_name_is_tried_in_both_families)
{
    char taken[MDL_NET_ENDPOINT_MAX];
    rig_open_fixed(&r, 1, taken);
    snprintf(taken, sizeof taken, "tcp://localhost:%u",
             rig_port(mdl_net_endpoint(r.node[1].net, 0)));
    rig_close(&r, 1); /* nobody listens there now */
    rig_open(&r, 0, NULL);
    ck_assert_int_eq(mdl_net_partner(r.node[0].net, 2, r.node[1].key.public, taken, NULL), MDL_OK);
    const struct net_dial *d = &r.node[0].net->peer[0]->dial;
    ck_assert(d->ipv6);
    RIG_UNTIL(&r, !d->ipv6 && d->state == NET_OPENING);
    option_is(d->sock, ZMQ_IPV6, 0);
    RIG_UNTIL(&r, d->ipv6 && d->state == NET_OPENING);
    option_is(d->sock, ZMQ_IPV6, 1);
}
END_TEST

static bool nobody_listens(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_usec = 200000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
    bool refused_it = connect(fd, (struct sockaddr *)&to, sizeof to) != 0 && errno == ECONNREFUSED;
    close(fd);
    return refused_it;
}

START_TEST(the_end_of_the_key_handler_stops_everything)
{
    char where[MDL_NET_ENDPOINT_MAX];
    rig_open_fixed(&r, 0, where);
    rig_open(&r, 1, LOCAL);
    rig_pin(&r, 0, 1, true);
    rig_pin(&r, 1, 0, true);
    rig_await(&r, 0, MDL_NET_UP, 2);
    rig_await(&r, 1, MDL_NET_UP, 1);
    uint16_t port = rig_port(mdl_net_endpoint(r.node[0].net, 0));
    mdl_zap_quit(r.node[0].net->zap);
    struct rig_event e = rig_await(&r, 0, MDL_NET_FATAL, 0);
    ck_assert_int_eq(e.status, MDL_L_LIBRARY);
    ck_assert_ptr_nonnull(strstr(e.text, "Restart"));
    rig_await(&r, 0, MDL_NET_DOWN, 2);
    rig_await(&r, 1, MDL_NET_DOWN, 1);
    rig_send(&r, 0, 2, 'x', 1, MDL_L_UNREACHABLE);
    ck_assert_int_eq(mdl_net_partner(r.node[0].net, 9, r.node[2].key.public, NULL, NULL), MDL_L_IO);
    rig_never(&r, 0, MDL_NET_FATAL, 100); /* said once */
    ck_assert_ptr_null(r.node[0].net->router);
    RIG_UNTIL(&r, nobody_listens(port));
}
END_TEST

START_TEST(stopping_while_connections_end)
{
    /* Their ends are told by libzmq while the socket is closed: the port must come free each time.
     */
    for (int round = 0; round < 15; round++) {
        char where[MDL_NET_ENDPOINT_MAX];
        rig_open_fixed(&r, 0, where);
        rig_open(&r, 1, NULL);
        rig_open(&r, 2, NULL);
        rig_pin(&r, 0, 1, false);
        rig_pin(&r, 0, 2, false);
        rig_pin(&r, 1, 0, true);
        rig_pin(&r, 2, 0, true);
        rig_await(&r, 0, MDL_NET_UP, 2);
        RIG_UNTIL(&r, rig_stats(&r, 0, 3).up);
        mdl_zap_quit(r.node[0].net->zap);
        rig_await(&r, 0, MDL_NET_FATAL, 0);
        RIG_UNTIL(&r, nobody_listens(rig_port(where)));
        rig_end(&r);
    }
}
END_TEST

START_TEST(no_handler_no_listening)
{
    struct mdl_error err = {0};
    rig_open(&r, 0, NULL);
    mdl_zap_quit(r.node[0].net->zap);
    RIG_UNTIL(&r, !mdl_zap_alive(r.node[0].net->zap));
    ck_assert_int_eq(mdl_zap_probe(r.node[0].net->zmq, r.node[0].key.public, &err), MDL_L_LIBRARY);
    /* The same inside opening: nothing is bound. */
    const char *bind = LOCAL;
    struct mdl_net_config c = rig_config(&r.node[0].key);
    c.binds = &bind;
    c.n_binds = 1;
    err.text[0] = '\0';
    ck_assert_int_eq(net_door_open(r.node[0].net, &c, &err), MDL_L_LIBRARY);
    ck_assert_ptr_nonnull(strstr(err.text, "does not listen"));
    ck_assert_ptr_null(mdl_net_endpoint(r.node[0].net, 0));
}
END_TEST

START_TEST(a_handler_that_admits_the_probe_is_not_trusted)
{
    struct mdl_error err = {0};
    rig_open(&r, 0, NULL);
    struct mdl_net *net = r.node[0].net;
    ck_assert_int_eq(mdl_zap_probe(net->zmq, r.node[1].key.public, &err), MDL_OK);
    ck_assert_int_eq(mdl_zap_admit(net->zap, r.node[1].key.public, &err), MDL_OK);
    ck_assert_int_eq(mdl_zap_probe(net->zmq, r.node[1].key.public, &err), MDL_L_LIBRARY);
    mdl_zap_expel(net->zap, r.node[1].key.public);
    ck_assert_int_eq(mdl_zap_probe(net->zmq, r.node[1].key.public, &err), MDL_OK);
    ck_assert_uint_eq(mdl_zap_knocks(net->zap), 0); /* the node's own question is no knock */
}
END_TEST

START_TEST(closing_nothing)
{
    mdl_net_close(NULL);
    mdl_zap_stop(NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("net-open");
    TCase *t = tcase_create("open");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, endpoint_in_use);
    tcase_add_test(t, addresses_that_are_none);
    tcase_add_test(t, an_address_of_another_machine);
    tcase_add_test(t, a_second_bind_that_fails_leaves_nothing_open);
    tcase_add_test(t, limits);
    tcase_add_test(t, partners_that_cannot_be);
    tcase_add_test(t, too_many_partners);
    tcase_add_test(t, what_security_rests_on_is_set);
    tcase_add_test(t, a_name_is_tried_in_both_families);
    tcase_add_test(t, the_end_of_the_key_handler_stops_everything);
    tcase_add_test(t, stopping_while_connections_end);
    tcase_add_test(t, no_handler_no_listening);
    tcase_add_test(t, a_handler_that_admits_the_probe_is_not_trusted);
    tcase_add_test(t, closing_nothing);
    return rig_run(s);
}
