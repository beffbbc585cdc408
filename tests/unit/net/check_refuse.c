/* check_refuse.c: strangers and impostors, and what they can cost.
 * Hostile sockets are plain TCP or libzmq used directly. */
#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCAL            "tcp://127.0.0.1:0"
#define JUNK_CONNECTIONS 64

static struct rig r;
static struct rig_raw raw;

static void setup(void)
{
    rig_keys(&r);
}

static void teardown(void)
{
    rig_raw_close(&raw);
    rig_end(&r);
}

static const char *listening(size_t i)
{
    rig_open(&r, i, LOCAL);
    return mdl_net_endpoint(r.node[i].net, 0);
}

static void raw_dealer(enum rig_speech how, const char *endpoint)
{
    rig_raw_dealer(&raw, how, &r.node[1].key, &r.node[0].key, endpoint);
}

static void raw_send(const void *bytes, size_t len, int flags)
{
    ck_assert_int_eq(zmq_send(raw.sock, bytes, len, flags), (int)len);
}

START_TEST(an_unknown_key_is_refused_and_named)
{
    char hex[MDL_NET_HEX];
    const char *endpoint = listening(0);
    raw_dealer(RIG_CURVE, endpoint);
    rig_raw_watch(&raw, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    raw_send("let me in", 9, 0);
    struct rig_event e = rig_await(&r, 0, MDL_NET_KNOCK, 0);
    mdl_net_hex(r.node[1].key.public, hex);
    ck_assert_str_eq(e.key_hex, hex);
    ck_assert_int_eq(e.status, MDL_P_UNKNOWN_KEY);
    ck_assert_uint_eq(e.count, 1);
    ck_assert_ptr_nonnull(strstr(e.text, "from 127.0.0.1 with"));
    uint16_t event = 0;
    uint32_t code = 0;
    RIG_UNTIL(&r, mdl_monitor_read(raw.monitor, &event, &code));
    ck_assert_int_eq(event, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    ck_assert_uint_eq(code, 400);
    rig_never(&r, 0, MDL_NET_MESSAGE, 100);
    rig_never(&r, 0, MDL_NET_UP, 0);
    struct mdl_net_totals t;
    mdl_net_totals(r.node[0].net, &t);
    ck_assert_uint_eq(t.knocks, 1);
    ck_assert_uint_eq(t.strangers, 0);
}
END_TEST

START_TEST(pinned_late_the_partner_gets_in)
{
    listening(0);
    rig_open(&r, 1, NULL);
    rig_pin(&r, 1, 0, true);
    struct rig_event e = rig_await(&r, 1, MDL_NET_REFUSED, 1);
    ck_assert_int_eq(e.status, MDL_P_REFUSED);
    ck_assert_ptr_nonnull(strstr(e.text, "token"));
    /* It goes on trying, tells it once, and the listener tells the key once. */
    RIG_UNTIL(&r, mdl_zap_knocks(r.node[0].net->zap) >= 3);
    rig_never(&r, 1, MDL_NET_REFUSED, 0);
    rig_await(&r, 0, MDL_NET_KNOCK, 0);
    rig_never(&r, 0, MDL_NET_KNOCK, 0);
    rig_pin(&r, 0, 1, false);
    rig_await(&r, 0, MDL_NET_UP, 2);
    rig_await(&r, 1, MDL_NET_UP, 1);
}
END_TEST

START_TEST(other_mechanisms_reach_nothing)
{
    const char *endpoint = listening(0);
    rig_pin(&r, 0, 1, false);
    raw_dealer(_i == 0 ? RIG_NULL : RIG_PLAIN, endpoint);
    rig_raw_watch(&raw, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                            ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    raw_send("hello", 5, 0);
    uint16_t event = 0;
    uint32_t value;
    RIG_UNTIL(&r, mdl_monitor_read(raw.monitor, &event, &value));
    ck_assert_int_ne(event, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    rig_never(&r, 0, MDL_NET_MESSAGE, 100);
    rig_never(&r, 0, MDL_NET_UP, 0);
    rig_never(&r, 0, MDL_NET_KNOCK, 0);
}
END_TEST

START_TEST(impostors_are_not_the_partner)
{
    /* 0: no mechanism, 1: PLAIN, 2: CURVE with a key of its own */
    static const enum rig_speech how[3] = {RIG_NULL, RIG_PLAIN, RIG_CURVE};
    char endpoint[MDL_NET_ENDPOINT_MAX];
    rig_raw_router(&raw, how[_i], &r.node[2].key, endpoint);
    rig_open(&r, 0, NULL);
    ck_assert_int_eq(mdl_net_partner(r.node[0].net, 2, r.node[1].key.public, endpoint, NULL),
                     MDL_OK);
    struct rig_event e = rig_await(&r, 0, MDL_NET_REFUSED, 2);
    ck_assert_int_eq(e.status, MDL_P_SIGNATURE);
    ck_assert_ptr_nonnull(strstr(e.text, "channel key"));
    rig_send(&r, 0, 2, 'x', 1, MDL_L_UNREACHABLE);
    rig_never(&r, 0, MDL_NET_UP, 50);
    char got[8];
    ck_assert_int_eq(zmq_recv(raw.sock, got, sizeof got, ZMQ_DONTWAIT), -1);
    ck_assert_int_eq(zmq_errno(), EAGAIN);
}
END_TEST

static bool closed_by_peer(int fd)
{
    char bytes[256];
    ssize_t got;
    while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0)
        ;
    return got == 0 || (errno != EAGAIN && errno != EINTR);
}

START_TEST(only_so_many_strangers)
{
    const char *bind = LOCAL;
    struct mdl_net_config c = rig_config(&r.node[0].key);
    struct mdl_net_totals t;
    int fd[20];
    c.binds = &bind;
    c.n_binds = 1;
    c.max_strangers = 8;
    rig_open_with(&r, 0, &c);
    uint16_t port = rig_port(mdl_net_endpoint(r.node[0].net, 0));
    for (int i = 0; i < 20; i++)
        fd[i] = rig_tcp(port);
    struct rig_event e = rig_await(&r, 0, MDL_NET_TROUBLE, 0);
    ck_assert_ptr_nonnull(strstr(e.text, "8 others"));
    RIG_UNTIL(&r, (mdl_net_totals(r.node[0].net, &t), t.accepted == 20));
    ck_assert_uint_eq(t.shed, 12);
    ck_assert_uint_eq(t.strangers, 8);
    int closed = 0;
    for (int i = 0; i < 20; i++)
        closed += closed_by_peer(fd[i]);
    ck_assert_int_ge(closed, 12);
    /* The rest is closed when the handshake time is over. */
    RIG_UNTIL(&r, (mdl_net_totals(r.node[0].net, &t), t.strangers == 0));
    for (int i = 0; i < 20; i++)
        close(fd[i]);
    /* And the door is open to the partner. */
    rig_open(&r, 1, NULL);
    rig_pin(&r, 0, 1, false);
    rig_pin(&r, 1, 0, true);
    rig_await(&r, 0, MDL_NET_UP, 2);
}
END_TEST

struct churn {
    pthread_t thread;
    struct sockaddr_in to;
    atomic_bool stop;
};

/* Connects and hangs up without a pause. */
static void *churn(void *arg)
{
    struct churn *c = arg;
    while (!atomic_load(&c->stop)) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct pollfd f = {.fd = fd, .events = POLLOUT};
        if (connect(fd, (struct sockaddr *)&c->to, sizeof c->to) != 0)
            poll(&f, 1, 5);
        close(fd);
    }
    return NULL;
}

START_TEST(closing_while_strangers_come_and_go)
{
    /* libzmq tells the end of a connection while the door is closed: that must not hang. */
    for (int round = 0; round < 10; round++) {
        listening(0);
        struct churn c = {.to = {.sin_family = AF_INET,
                                 .sin_port = htons(rig_port(mdl_net_endpoint(r.node[0].net, 0))),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
        ck_assert_int_eq(pthread_create(&c.thread, NULL, churn, &c), 0);
        struct mdl_net_totals t;
        RIG_UNTIL(&r, (mdl_net_totals(r.node[0].net, &t), t.accepted > 20));
        rig_close(&r, 0);
        atomic_store(&c.stop, true);
        pthread_join(c.thread, NULL);
    }
}
END_TEST

START_TEST(closing_while_dials_fail)
{
    char nowhere[MDL_NET_ENDPOINT_MAX];
    rig_open_fixed(&r, 1, nowhere);
    rig_close(&r, 1);
    for (int round = 0; round < 20; round++) {
        struct mdl_net_config c = rig_config(&r.node[0].key);
        c.times.reconnect = c.times.reconnect_max = 1;
        rig_open_with(&r, 0, &c);
        for (uint64_t i = 1; i <= 8; i++) {
            uint8_t key[MDL_CURVE_BYTES];
            memcpy(key, r.node[1].key.public, sizeof key);
            key[0] = (uint8_t)i;
            ck_assert_int_eq(mdl_net_partner(r.node[0].net, i, key, nowhere, NULL), MDL_OK);
        }
        for (int i = 0; i < round % 4; i++)
            rig_pump(&r);
        rig_close(&r, 0);
    }
}
END_TEST

static size_t resident(void)
{
    char line[128] = "";
    FILE *f = fopen("/proc/self/statm", "re");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    fclose(f);
    char *rest;
    strtoul(line, &rest, 10);
    return strtoul(rest, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* What a stranger begins with: 0 noise, 1 a CURVE greeting and a frame of 256 MiB (libzmq's default
 * would take it), 2 a greeting and a frame as large as is allowed. */
static size_t junk_head(int kind, uint8_t head[128])
{
    static const uint8_t greeting[16] = {0xFF, 0,    0, 0, 0,   0,   0,   0,
                                         1,    0x7F, 3, 1, 'C', 'U', 'R', 'V'};
    memset(head, 0, 128);
    if (kind == 0) {
        memset(head, 0xA7, 64);
        return 64;
    }
    memcpy(head, greeting, sizeof greeting);
    head[16] = 'E';
    head[64] = 0x06; /* a long command frame */
    uint64_t size = kind == 1 ? (uint64_t)1 << 28 : MDL_NET_MESSAGE_DEFAULT;
    for (size_t i = 0; i < 8; i++)
        head[65 + i] = (uint8_t)(size >> (56 - 8 * i));
    return 73;
}

/* Sends what the connection takes; true when it is over. */
static bool pour(int fd, size_t *poured)
{
    static const uint8_t junk[65536];
    ssize_t sent = send(fd, junk, sizeof junk, MSG_NOSIGNAL);
    *poured += sent > 0 ? (size_t)sent : 0;
    return sent < 0 && errno != EAGAIN;
}

START_TEST(junk_does_not_fill_the_memory)
{
    int fd[JUNK_CONNECTIONS];
    bool over[JUNK_CONNECTIONS] = {false};
    uint8_t head[128];
    size_t left = JUNK_CONNECTIONS, poured = 0;
    listening(0);
    uint16_t port = rig_port(mdl_net_endpoint(r.node[0].net, 0));
    size_t before = resident();
    for (int i = 0; i < JUNK_CONNECTIONS; i++) {
        size_t n = junk_head(i % 3, head);
        fd[i] = rig_tcp(port);
        ck_assert_int_eq(send(fd[i], head, n, MSG_NOSIGNAL), (int)n);
    }
    int64_t end = mdl_net_now() + RIG_PATIENCE;
    while (left > 0) {
        ck_assert_msg(mdl_net_now() < end, "%zu junk connections are still open", left);
        for (int i = 0; i < JUNK_CONNECTIONS; i++)
            left -= !over[i] && (over[i] = pour(fd[i], &poured));
        rig_pump(&r);
        size_t now = resident();
        ck_assert_msg(now < before + 32u * 1024 * 1024, "%zu MiB more", (now - before) >> 20);
    }
    for (int i = 0; i < JUNK_CONNECTIONS; i++)
        close(fd[i]);
    ck_assert_uint_gt(poured, 4u * 1024 * 1024);
    rig_never(&r, 0, MDL_NET_MESSAGE, 0);
    rig_never(&r, 0, MDL_NET_KNOCK, 0);
}
END_TEST

/* A TCP connection inside this process, non-blocking at `out`. */
static void tcp_pair(int *in, int *out)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(l, (struct sockaddr *)&a, sizeof a), 0);
    ck_assert_int_eq(listen(l, 1), 0);
    ck_assert_int_eq(getsockname(l, (struct sockaddr *)&a, &len), 0);
    *out = rig_tcp(ntohs(a.sin_port));
    *in = accept(l, NULL, NULL);
    ck_assert_int_ge(*in, 0);
    close(l);
}

START_TEST(more_in_flight_than_a_connection_may_have)
{
    static uint8_t bytes[65536];
    struct mdl_net net = {.hwm = 1, .max_message = 4096};
    struct net_meter m = {.since = 1000};
    struct mdl_conn conn;
    int in, out;
    tcp_pair(&in, &out);
    ck_assert(mdl_conn_of(in, &conn));
    size_t room = 5 * (4096 + MDL_NET_OVERHEAD) + NET_KERNEL_BUFFER, passed = 0;
    while (passed <= room) {
        ck_assert(!net_meter_over(&net, &m, &conn, 1000) || passed + sizeof bytes > room);
        ssize_t sent = send(out, bytes, sizeof bytes, MSG_NOSIGNAL);
        ck_assert(sent > 0 || errno == EAGAIN);
        ssize_t got = recv(in, bytes, sizeof bytes, 0);
        ck_assert_int_gt(got, 0);
        passed += (size_t)got;
    }
    ck_assert(net_meter_over(&net, &m, &conn, 1000));
    /* What was read, and time for heartbeats, count in its favour. */
    ck_assert(!net_meter_over(&net, &m, &conn, 1000 + 3600 * 1000));
    net_meter_take(&m, 1024 * 1024);
    ck_assert_uint_eq(m.taken, 1024 * 1024 + 33 + 9);
    ck_assert(!net_meter_over(&net, &m, &conn, 1000));
    /* A number that means another connection now is left alone. */
    struct mdl_conn other = conn;
    other.local_port ^= 1;
    mdl_conn_shut(&other);
    ck_assert(!closed_by_peer(out));
    mdl_conn_shut(&conn);
    struct pollfd f = {.fd = out, .events = POLLIN};
    ck_assert_int_eq(poll(&f, 1, RIG_PATIENCE), 1);
    ck_assert(closed_by_peer(out));
    close(in);
    close(out);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("net-refuse");
    TCase *t = tcase_create("refuse");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, an_unknown_key_is_refused_and_named);
    tcase_add_test(t, pinned_late_the_partner_gets_in);
    tcase_add_loop_test(t, other_mechanisms_reach_nothing, 0, 2);
    tcase_add_loop_test(t, impostors_are_not_the_partner, 0, 3);
    tcase_add_test(t, only_so_many_strangers);
    tcase_add_test(t, closing_while_strangers_come_and_go);
    tcase_add_test(t, closing_while_dials_fail);
    tcase_add_test(t, junk_does_not_fill_the_memory);
    tcase_add_test(t, more_in_flight_than_a_connection_may_have);
    return rig_run(s);
}
