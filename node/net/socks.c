/* socks.c: asking a SOCKS5 proxy for a connection.
 * It may not touch libzmq, and it reads no byte beyond the proxy's answer. */
#include "socks.h"

#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOCKS_VERSION    5
#define SOCKS_NO_LOGIN   0
#define SOCKS_CONNECT    1
#define SOCKS_GRANTED    0
#define SOCKS_CONNECT_MS 10000 /* for each address of the proxy */
enum { SOCKS_IPV4 = 1, SOCKS_NAME = 3, SOCKS_IPV6 = 4 };

bool mdl_socks_wait(int fd, short events, int stop_fd, int64_t until)
{
    for (;;) {
        struct pollfd f[2] = {{.fd = fd, .events = events}, {.fd = stop_fd, .events = POLLIN}};
        int64_t left = until - mdl_net_now();
        if (left <= 0)
            return false;
        int n = poll(f, 2, left > 60000 ? 60000 : (int)left);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0 && f[1].revents != 0)
            return false;
        if (n > 0 && f[0].revents != 0)
            return true;
    }
}

static bool connected(int fd, const struct addrinfo *a, int stop_fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
        return true;
    return errno == EINPROGRESS &&
           mdl_socks_wait(fd, POLLOUT, stop_fd, mdl_net_now() + SOCKS_CONNECT_MS) &&
           getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

static int reach_one(const struct addrinfo *a, int stop_fd)
{
    int on = 1;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connected(fd, a, stop_fd) && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0)
        return fd;
    close(fd);
    return -1;
}

int mdl_socks_reach(const char *proxy, int stop_fd)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    char endpoint[MDL_NET_ENDPOINT_MAX + 8];
    char host[MDL_NET_ENDPOINT_MAX];
    struct addrinfo *list = NULL;
    int fd = -1;
    snprintf(endpoint, sizeof endpoint, "tcp://%s", proxy);
    if (!mdl_endpoint_valid(endpoint, false, host) ||
        getaddrinfo(host, strrchr(proxy, ':') + 1, &hints, &list) != 0)
        return -1;
    for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next)
        fd = reach_one(a, stop_fd);
    freeaddrinfo(list);
    return fd;
}

size_t mdl_socks_request(const char *endpoint, uint8_t out[MDL_SOCKS_REQUEST_MAX])
{
    char host[MDL_NET_ENDPOINT_MAX];
    size_t n = 4;
    if (!mdl_endpoint_valid(endpoint, false, host))
        return 0;
    out[0] = SOCKS_VERSION;
    out[1] = SOCKS_CONNECT;
    out[2] = 0;
    if (inet_pton(AF_INET, host, out + n) == 1) {
        out[3] = SOCKS_IPV4;
        n += sizeof(struct in_addr);
    } else if (inet_pton(AF_INET6, host, out + n) == 1) {
        out[3] = SOCKS_IPV6;
        n += sizeof(struct in6_addr);
    } else {
        size_t len = strlen(host);
        out[3] = SOCKS_NAME;
        out[n++] = (uint8_t)len;
        memcpy(out + n, host, len);
        n += len;
    }
    uint16_t port = htons((uint16_t)strtoul(strrchr(endpoint, ':') + 1, NULL, 10));
    memcpy(out + n, &port, sizeof port);
    return n + sizeof port;
}

static bool write_all(int fd, const uint8_t *bytes, size_t len, int stop_fd)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n >= 0) {
            bytes += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            if (!mdl_socks_wait(fd, POLLOUT, stop_fd, INT64_MAX))
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool read_all(int fd, uint8_t *bytes, size_t len, int stop_fd)
{
    while (len > 0) {
        ssize_t n = recv(fd, bytes, len, 0);
        if (n == 0)
            return false;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            if (!mdl_socks_wait(fd, POLLIN, stop_fd, INT64_MAX))
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* The rest of an answer: the address the proxy connects from, which nobody needs. */
static bool skip_address(int fd, uint8_t kind, int stop_fd)
{
    uint8_t address[255 + 2];
    uint8_t len = 0;
    if (kind == SOCKS_IPV4)
        len = sizeof(struct in_addr);
    else if (kind == SOCKS_IPV6)
        len = sizeof(struct in6_addr);
    else if (kind != SOCKS_NAME || !read_all(fd, &len, 1, stop_fd))
        return false;
    return read_all(fd, address, (size_t)len + 2, stop_fd);
}

bool mdl_socks_ask(int fd, const char *endpoint, int stop_fd)
{
    static const uint8_t hello[3] = {SOCKS_VERSION, 1, SOCKS_NO_LOGIN};
    uint8_t request[MDL_SOCKS_REQUEST_MAX];
    uint8_t choice[2];
    uint8_t answer[4];
    size_t len = mdl_socks_request(endpoint, request);
    return len > 0 && write_all(fd, hello, sizeof hello, stop_fd) &&
           read_all(fd, choice, sizeof choice, stop_fd) && choice[0] == SOCKS_VERSION &&
           choice[1] == SOCKS_NO_LOGIN && write_all(fd, request, len, stop_fd) &&
           read_all(fd, answer, sizeof answer, stop_fd) && answer[0] == SOCKS_VERSION &&
           answer[1] == SOCKS_GRANTED && skip_address(fd, answer[3], stop_fd);
}
