/* check_socks.c: dialling through a SOCKS5 proxy (RFC 1928), with a small one in a thread.
 * The proxy serves one connection after the other, with a name or an IPv4 address, without login.
 */
#include "rig.h"
#include "socks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct rig r;

enum manner {
    SERVES,
    REFUSES,     /* "connection refused" */
    WANTS_LOGIN, /* no method is acceptable */
    GARBLES,     /* an answer that is not one */
    HANGS_UP,    /* in the middle of its answer */
    LEAVES,      /* grants the connection, and closes it */
    IS_SILENT,   /* after the greeting */
    IS_ABSENT,   /* nothing listens there */
    MANNERS
};

struct proxy {
    pthread_t thread;
    pthread_mutex_t lock;
    int listener, stop;
    uint16_t port;
    /* under lock */
    unsigned asked;
    char host[256];
    uint16_t to_port;
    enum manner manner;
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

static enum manner manner_now(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);
    enum manner m = p->manner;
    pthread_mutex_unlock(&p->lock);
    return m;
}

static void note(struct proxy *p, const char *host, uint16_t port)
{
    pthread_mutex_lock(&p->lock);
    p->asked++;
    p->to_port = port;
    snprintf(p->host, sizeof p->host, "%s", host);
    pthread_mutex_unlock(&p->lock);
}

/* What a proxy that does not serve says to a request; true for one that serves. */
static bool behave(struct proxy *p, int client)
{
    struct pollfd f[2] = {{.fd = client, .events = POLLIN}, {.fd = p->stop, .events = POLLIN}};
    switch (manner_now(p)) {
    case SERVES:
        return true;
    case REFUSES:
        write_all(client, "\5\5\0\1\0\0\0\0\0\0", 10);
        break;
    case GARBLES:
        write_all(client, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
        break;
    case HANGS_UP:
        write_all(client, "\5\0\0\3\377some", 9);
        break;
    case LEAVES: /* with an IPv6 address as its own */
        write_all(client, "\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\1", 22);
        break;
    case IS_SILENT:
        (void)poll(f, 2, -1);
        break;
    case WANTS_LOGIN:
    case IS_ABSENT:
    case MANNERS:
        break;
    }
    return false;
}

static void serve(struct proxy *p, int client)
{
    uint8_t hello[2], methods[255];
    char host[256] = "";
    uint16_t port = 0;
    if (!read_all(client, hello, 2) || hello[0] != 5 || !read_all(client, methods, hello[1]))
        return;
    if (manner_now(p) == WANTS_LOGIN) {
        note(p, host, port);
        write_all(client, "\5\377", 2);
        return;
    }
    if (!write_all(client, "\5\0", 2) || !read_request(client, host, &port))
        return;
    note(p, host, port);
    if (!behave(p, client))
        return;
    /* Every name leads to this machine. */
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

static void the_proxy(enum manner manner)
{
    pthread_mutex_lock(&proxy.lock);
    proxy.manner = manner;
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

START_TEST(a_proxy_that_fails_is_asked_again)
{
    char seen[256];
    uint16_t port;
    the_proxy((enum manner)_i);
    dial("127.0.0.1");
    RIG_UNTIL(&r, asked(seen, &port) >= 2);
    rig_never(&r, 1, MDL_NET_UP, 0);
    the_proxy(SERVES);
    rig_await(&r, 1, MDL_NET_UP, 1);
    rig_await(&r, 0, MDL_NET_UP, 2);
}
END_TEST

/* Node 1 alone, dialling through a proxy that does not serve. */
static void dial_in_vain(enum manner manner)
{
    char through[64];
    the_proxy(manner);
    /* Port 1 is nobody's. */
    snprintf(through, sizeof through, "127.0.0.1:%u", manner == IS_ABSENT ? 1 : proxy.port);
    struct mdl_net_config c = rig_config(&r.node[1].key);
    c.socks_proxy = through;
    rig_open_with(&r, 1, &c);
}

/* Dials, turns until the proxy was asked once more, and then for `ms`, so that the end of a dial
 * falls into each moment of an attempt and of the pause after it. */
static void dial_and_fail(enum manner manner, const char *endpoint, int ms)
{
    char seen[256];
    uint16_t port;
    unsigned before = asked(seen, &port);
    ck_assert_int_eq(mdl_net_partner(r.node[1].net, 1, r.node[0].key.public, endpoint, NULL),
                     MDL_OK);
    if (manner != IS_ABSENT)
        RIG_UNTIL(&r, asked(seen, &port) > before);
    int64_t end = mdl_net_now() + ms;
    while (mdl_net_now() < end)
        rig_pump(&r);
}

START_TEST(a_dial_in_vain_can_be_ended_at_any_moment)
{
    enum manner how = (enum manner)_i;
    dial_in_vain(how);
    for (int i = 0; i < 30; i++) {
        dial_and_fail(how, "tcp://127.0.0.1:9", i % 20);
        if (i % 3 == 0) {
            mdl_net_forget(r.node[1].net, 1);
        } else if (i % 3 == 1) { /* another endpoint; then the first again */
            dial_and_fail(how, "tcp://127.0.0.2:9", i % 7);
        }
    }
    rig_never(&r, 1, MDL_NET_UP, 0);
}
END_TEST

START_TEST(a_node_that_dials_in_vain_can_be_closed_at_any_moment)
{
    enum manner how = (enum manner)_i;
    for (int i = 0; i < 12; i++) {
        dial_in_vain(how);
        dial_and_fail(how, "tcp://127.0.0.1:9", i);
        int64_t begun = mdl_net_now();
        rig_close(&r, 1);
        ck_assert_int_lt(mdl_net_now() - begun, RIG_AT_ONCE);
    }
}
END_TEST

START_TEST(the_request_names_the_destination)
{
    static const struct {
        const char *endpoint;
        const char *bytes;
        size_t len;
    } known[] = {
        {"tcp://192.0.2.7:7801", "\5\1\0\1\300\0\2\7\36\171", 10},
        {"tcp://[2001:db8::1]:7801", "\5\1\0\4\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\36\171", 22},
        {"tcp://node.example:80", "\5\1\0\3\14node.example\0\120", 19},
        {"tcp://node.example", "", 0},
        {"ipc://node.example:80", "", 0},
    };
    uint8_t request[MDL_SOCKS_REQUEST_MAX];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ck_assert_uint_eq(mdl_socks_request(known[i].endpoint, request), known[i].len);
        ck_assert_mem_eq(request, known[i].bytes, known[i].len);
    }
}
END_TEST

/* A tunnel of its own, once it waits for libzmq. */
static struct mdl_tunnel *open_tunnel(void)
{
    char through[64];
    snprintf(through, sizeof through, "127.0.0.1:%u", proxy.port);
    struct mdl_tunnel *t = mdl_tunnel_start(through, mdl_net_endpoint(r.node[0].net, 0));
    ck_assert_ptr_nonnull(t);
    struct pollfd f = {.fd = mdl_tunnel_fd(t), .events = POLLIN};
    ck_assert_int_eq(poll(&f, 1, RIG_PATIENCE), 1);
    ck_assert_int_eq(mdl_tunnel_state(t), MDL_TUNNEL_OPEN);
    return t;
}

static int connect_local(const char *address)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t len = strlen(address) - 7;
    memcpy(a.sun_path + 1, address + 7, len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(strncmp(address, "ipc://@", 7), 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, size), 0);
    return fd;
}

START_TEST(a_tunnel_is_of_this_process_only)
{
    uint8_t first;
    rig_open(&r, 0, "tcp://127.0.0.1:0");
    struct mdl_tunnel *ending = NULL;
    struct mdl_tunnel *t = open_tunnel();
    pid_t child = fork();
    if (child == 0) {
        uint8_t byte;
        int fd = connect_local(mdl_tunnel_address(t));
        _exit(recv(fd, &byte, 1, 0) > 0);
    }
    int how;
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert(WIFEXITED(how));
    ck_assert_msg(WEXITSTATUS(how) == 0, "another process was let in");
    /* It is still there for us: the first byte is that of node 0's greeting. */
    int fd = connect_local(mdl_tunnel_address(t));
    ck_assert_int_eq(recv(fd, &first, 1, 0), 1);
    ck_assert_uint_eq(first, 0xff);
    close(fd);
    mdl_tunnel_end(t, &ending);
    mdl_tunnels_finish(&ending);
    ck_assert_ptr_null(ending);
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
    tcase_add_loop_test(t, a_proxy_that_fails_is_asked_again, REFUSES, IS_SILENT);
    tcase_add_loop_test(t, a_dial_in_vain_can_be_ended_at_any_moment, REFUSES, MANNERS);
    tcase_add_loop_test(t, a_node_that_dials_in_vain_can_be_closed_at_any_moment, REFUSES, MANNERS);
    tcase_add_test(t, the_request_names_the_destination);
    tcase_add_test(t, a_tunnel_is_of_this_process_only);
    return rig_run(s);
}
