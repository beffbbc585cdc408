/* socket.c: helpers over zmq sockets, descriptors and the clock.
 * It may not keep state, and may not close a descriptor that libzmq owns. */
#include "socket.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define NOFILE_WANTED 65536u

int64_t mdl_net_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t mdl_net_jitter(int64_t base)
{
    uint16_t r = 0;
    /* Only to spread load: without randomness the pause is the plain one. */
    if (getrandom(&r, sizeof r, GRND_NONBLOCK) != (ssize_t)sizeof r)
        r = 0;
    return base + base * r / (INT64_C(4) * 65536);
}

int mdl_sock_set(void *sock, int option, int value)
{
    return zmq_setsockopt(sock, option, &value, sizeof value);
}

bool mdl_sock_is(void *sock, int option, int value)
{
    int got = 0;
    size_t size = sizeof got;
    return zmq_getsockopt(sock, option, &got, &size) == 0 && size == sizeof got && got == value;
}

static bool host_valid(const char *host, size_t len, bool for_bind)
{
    if (len == 0)
        return false;
    if (for_bind && len == 1 && host[0] == '*')
        return true;
    bool bracketed = host[0] == '[';
    if (bracketed) {
        if (len < 3 || host[len - 1] != ']')
            return false;
        host++;
        len -= 2;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)host[i];
        bool ok = isalnum(c) || c == '.' || c == '-' || (!bracketed && c == '_') ||
                  (bracketed && (c == ':' || c == '%'));
        if (!ok)
            return false;
    }
    return true;
}

bool mdl_endpoint_valid(const char *endpoint, bool for_bind, char host[MDL_NET_ENDPOINT_MAX])
{
    size_t len = strnlen(endpoint, MDL_NET_ENDPOINT_MAX);
    if (len >= MDL_NET_ENDPOINT_MAX || strncmp(endpoint, "tcp://", 6) != 0)
        return false;
    const char *start = endpoint + 6;
    const char *colon = strrchr(start, ':');
    if (colon == NULL || !host_valid(start, (size_t)(colon - start), for_bind))
        return false;
    size_t digits = strspn(colon + 1, "0123456789");
    if (digits == 0 || digits > 5 || colon[1 + digits] != '\0')
        return false;
    long port = strtol(colon + 1, NULL, 10);
    if (port > 65535 || (port == 0 && !for_bind))
        return false;
    if (host != NULL) {
        size_t skip = *start == '[';
        size_t n = (size_t)(colon - start) - 2 * skip;
        memcpy(host, start + skip, n);
        host[n] = '\0';
    }
    return true;
}

bool mdl_endpoint_numeric(const char *endpoint)
{
    char host[MDL_NET_ENDPOINT_MAX];
    struct in_addr four;
    if (!mdl_endpoint_valid(endpoint, false, host))
        return false;
    return endpoint[6] == '[' || inet_pton(AF_INET, host, &four) == 1;
}

bool mdl_monitor_read(void *monitor, uint16_t *event, uint32_t *value)
{
    uint8_t head[6];
    char address[MDL_NET_ENDPOINT_MAX];
    int got = zmq_recv(monitor, head, sizeof head, ZMQ_DONTWAIT);
    if (got != (int)sizeof head)
        return false;
    /* libzmq hands over both frames of an event together. */
    if (zmq_recv(monitor, address, sizeof address, ZMQ_DONTWAIT) < 0)
        return false;
    memcpy(event, head, sizeof *event);
    memcpy(value, head + 2, sizeof *value);
    return true;
}

void *mdl_monitor_open(void *zmq_ctx, void *sock, const char *name, int events)
{
    void *pair = zmq_socket(zmq_ctx, ZMQ_PAIR);
    if (pair == NULL)
        return NULL;
    if (mdl_sock_set(pair, ZMQ_RCVHWM, 0) == 0 && zmq_socket_monitor(sock, name, events) == 0 &&
        zmq_connect(pair, name) == 0)
        return pair;
    int saved = errno;
    zmq_close(pair);
    errno = saved;
    return NULL;
}

void mdl_monitored_close(void *sock, void *monitor)
{
    if (monitor != NULL) {
        zmq_socket_monitor(sock, NULL, 0);
        zmq_close(monitor);
    }
    if (sock != NULL)
        zmq_close(sock);
}

static uint16_t port_of(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, a, sizeof in);
        return ntohs(in.sin_port);
    }
    if (a->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, a, sizeof in6);
        return ntohs(in6.sin6_port);
    }
    return 0;
}

bool mdl_conn_of(int fd, struct mdl_conn *out)
{
    struct sockaddr_storage local;
    socklen_t local_len = sizeof local;
    memset(&local, 0, sizeof local);
    memset(out, 0, sizeof *out);
    out->fd = fd;
    out->peer_len = sizeof out->peer;
    if (fd < 0 || getsockname(fd, (struct sockaddr *)&local, &local_len) != 0 ||
        getpeername(fd, (struct sockaddr *)&out->peer, &out->peer_len) != 0) {
        out->fd = -1;
        return false;
    }
    out->local_port = port_of(&local);
    return out->local_port != 0;
}

void mdl_conn_shut(const struct mdl_conn *c)
{
    struct mdl_conn now;
    if (c->fd < 0)
        return;
    /* The copy cannot change under us: what is compared is what is shut. */
    int copy = dup(c->fd);
    if (copy < 0)
        return;
    if (mdl_conn_of(copy, &now) && now.local_port == c->local_port && now.peer_len == c->peer_len &&
        memcmp(&now.peer, &c->peer, c->peer_len) == 0)
        shutdown(copy, SHUT_RDWR);
    close(copy);
}

uint64_t mdl_conn_received(const struct mdl_conn *c)
{
    struct tcp_info info;
    socklen_t len = sizeof info;
    memset(&info, 0, sizeof info);
    if (c->fd < 0 || getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        return 0;
    return info.tcpi_bytes_received;
}

void mdl_raise_nofile(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0)
        return;
    rlim_t want = l.rlim_max < NOFILE_WANTED ? l.rlim_max : NOFILE_WANTED;
    if (l.rlim_cur >= want)
        return;
    l.rlim_cur = want;
    /* Best effort: with fewer descriptors the node serves fewer partners. */
    (void)setrlimit(RLIMIT_NOFILE, &l);
}
