/* check_socks.c: dialling through a SOCKS5 proxy (RFC 1928), with a small one in a thread.
 * The proxy serves one connection after the other, with a name or an IPv4 address, without login.
 */
#include "rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct rig r;

struct proxy {
    pthread_t thread;
    pthread_mutex_t lock;
    int listener, stop;
    uint16_t port;
    /* under lock */
    unsigned asked;
    char host[256];
    uint16_t to_port;
    bool refuse;
};

static struct proxy proxy;

static bool read_all(int fd, void *to, size_t len)
{
    uint8_t *at = to;
    while (len > 0) {
        ssize_t got = recv(fd, at, len, 0);
        if (got <= 0)
            return false;
        at += got;
        len -= (size_t)got;
    }
    return true;
}

static bool write_all(int fd, const void *from, size_t len)
{
    return send(fd, from, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* Reads the destination of a CONNECT request as text. */
static bool read_request(int fd, char host[256], uint16_t *port)
{
    uint8_t head[4], raw[256], len;
    uint16_t wire;
    if (!read_all(fd, head, 4) || head[0] != 5 || head[1] != 1)
        return false;
    if (head[3] == 1) {
        if (!read_all(fd, raw, 4))
            return false;
        inet_ntop(AF_INET, raw, host, 256);
    } else if (head[3] == 3) {
        if (!read_all(fd, &len, 1) || !read_all(fd, host, len))
            return false;
        host[len] = '\0';
    } else {
        return false;
    }
    if (!read_all(fd, &wire, 2))
        return false;
    *port = ntohs(wire);
    return true;
}

static void relay(struct proxy *p, int a, int b)
{
    static uint8_t bytes[65536];
    for (;;) {
        struct pollfd f[3] = {{.fd = a, .events = POLLIN},
                              {.fd = b, .events = POLLIN},
                              {.fd = p->stop, .events = POLLIN}};
        if (poll(f, 3, -1) < 0 || f[2].revents != 0)
            return;
        for (int i = 0; i < 2; i++) {
            if (f[i].revents == 0)
                continue;
            ssize_t got = recv(f[i].fd, bytes, sizeof bytes, 0);
            if (got <= 0 || !write_all(f[1 - i].fd, bytes, (size_t)got))
                return;
        }
    }
}

static void serve(struct proxy *p, int client)
{
    uint8_t hello[2], methods[255];
    char host[256] = "";
    uint16_t port = 0;
    if (!read_all(client, hello, 2) || hello[0] != 5 || !read_all(client, methods, hello[1]) ||
        !write_all(client, "\5\0", 2) || !read_request(client, host, &port))
        return;
    pthread_mutex_lock(&p->lock);
    p->asked++;
    p->to_port = port;
    snprintf(p->host, sizeof p->host, "%s", host);
    bool refuse = p->refuse;
    pthread_mutex_unlock(&p->lock);
    /* Every name leads to this machine; 5 is "connection refused". */
    if (refuse) {
        write_all(client, "\5\5\0\1\0\0\0\0\0\0", 10);
        return;
    }
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(out, (struct sockaddr *)&to, sizeof to) == 0 &&
        write_all(client, "\5\0\0\1\0\0\0\0\0\0", 10))
        relay(p, client, out);
    close(out);
}

static void *run_proxy(void *arg)
{
    struct proxy *p = arg;
    for (;;) {
        struct pollfd f[2] = {{.fd = p->listener, .events = POLLIN},
                              {.fd = p->stop, .events = POLLIN}};
        if (poll(f, 2, -1) < 0 || f[1].revents != 0)
            return NULL;
        int client = accept(p->listener, NULL, NULL);
        if (client < 0)
            continue;
        serve(p, client);
        close(client);
    }
}

static void setup(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    rig_keys(&r);
    memset(&proxy, 0, sizeof proxy);
    pthread_mutex_init(&proxy.lock, NULL);
    proxy.stop = eventfd(0, EFD_CLOEXEC);
    proxy.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(proxy.listener, (struct sockaddr *)&a, sizeof a), 0);
    ck_assert_int_eq(listen(proxy.listener, 16), 0);
    ck_assert_int_eq(getsockname(proxy.listener, (struct sockaddr *)&a, &len), 0);
    proxy.port = ntohs(a.sin_port);
    ck_assert_int_eq(pthread_create(&proxy.thread, NULL, run_proxy, &proxy), 0);
}

static void teardown(void)
{
    uint64_t one = 1;
    rig_end(&r);
    ck_assert_int_eq(write(proxy.stop, &one, sizeof one), (int)sizeof one);
    pthread_join(proxy.thread, NULL);
    close(proxy.stop);
    close(proxy.listener);
    pthread_mutex_destroy(&proxy.lock);
}

static unsigned asked(char host[256], uint16_t *port)
{
    pthread_mutex_lock(&proxy.lock);
    unsigned n = proxy.asked;
    memcpy(host, proxy.host, sizeof proxy.host);
    *port = proxy.to_port;
    pthread_mutex_unlock(&proxy.lock);
    return n;
}

static void refuse_all(bool refuse)
{
    pthread_mutex_lock(&proxy.lock);
    proxy.refuse = refuse;
    pthread_mutex_unlock(&proxy.lock);
}

/* Node 0 listens, node 1 dials through the proxy. */
static void dial(const char *host)
{
    char through[64], endpoint[MDL_NET_ENDPOINT_MAX];
    rig_open(&r, 0, "tcp://127.0.0.1:0");
    rig_pin(&r, 0, 1, false);
    snprintf(through, sizeof through, "127.0.0.1:%u", proxy.port);
    snprintf(endpoint, sizeof endpoint, "tcp://%s:%u", host,
             rig_port(mdl_net_endpoint(r.node[0].net, 0)));
    struct mdl_net_config c = rig_config(&r.node[1].key);
    c.socks_proxy = through;
    rig_open_with(&r, 1, &c);
    ck_assert_int_eq(mdl_net_partner(r.node[1].net, 1, r.node[0].key.public, endpoint, NULL),
                     MDL_OK);
}

START_TEST(messages_pass_through_the_proxy)
{
    /* A name that only the proxy can know: nothing is looked up here. */
    const char *host = _i == 0 ? "127.0.0.1" : "partner.invalid";
    char seen[256];
    uint16_t port;
    dial(host);
    rig_await(&r, 0, MDL_NET_UP, 2);
    rig_await(&r, 1, MDL_NET_UP, 1);
    ck_assert_uint_eq(asked(seen, &port), 1);
    ck_assert_str_eq(seen, host);
    ck_assert_uint_eq(port, rig_port(mdl_net_endpoint(r.node[0].net, 0)));
    rig_send(&r, 0, 2, 'a', 100000, MDL_OK);
    rig_send(&r, 1, 1, 'b', 100000, MDL_OK);
    ck_assert_uint_eq(rig_await(&r, 1, MDL_NET_MESSAGE, 1).len, 100000);
    ck_assert_uint_eq(rig_await(&r, 0, MDL_NET_MESSAGE, 2).len, 100000);
}
END_TEST

START_TEST(a_proxy_that_refuses_is_asked_again)
{
    char seen[256];
    uint16_t port;
    refuse_all(true);
    dial("127.0.0.1");
    RIG_UNTIL(&r, asked(seen, &port) >= 2);
    rig_never(&r, 1, MDL_NET_UP, 0);
    refuse_all(false);
    rig_await(&r, 1, MDL_NET_UP, 1);
    rig_await(&r, 0, MDL_NET_UP, 2);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("net-socks");
    TCase *t = tcase_create("socks");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, messages_pass_through_the_proxy, 0, 2);
    tcase_add_test(t, a_proxy_that_refuses_is_asked_again);
    return rig_run(s);
}
