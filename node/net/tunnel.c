/* tunnel.c: the thread that asks the proxy and passes bytes between it and libzmq.
 * It may not look at what it passes, and nobody but this process may connect to it. */
#include "tunnel.h"

#include "socket.h"
#include "socks.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/un.h>
#include <unistd.h>

#define TUNNEL_BUFFER ((size_t)64 * 1024)
#define TUNNEL_PREFIX "ipc://@"

/* One direction. */
struct flow {
    int from, to;
    bool ended;  /* nothing more comes */
    bool broken; /* nothing more can be written: what comes is dropped */
    bool closed; /* `to` was told the end */
    size_t at, len;
    uint8_t bytes[TUNNEL_BUFFER];
};

struct mdl_tunnel {
    struct mdl_tunnel *next;
    pthread_t thread;
    int ready_fd, stop_fd;
    atomic_int state;
    atomic_bool over;
    atomic_llong end_by; /* when the owner wants the thread gone; LLONG_MAX: not yet */
    char proxy[MDL_NET_ENDPOINT_MAX];
    char endpoint[MDL_NET_ENDPOINT_MAX];
    char address[MDL_TUNNEL_ADDRESS_MAX]; /* written before OPEN is told */
    struct flow out, in;                  /* the thread's; libzmq to proxy, proxy to libzmq */
};

static void raise_fd(int fd)
{
    uint64_t one = 1;
    /* An eventfd write fails only when it is at its maximum, and then it is readable anyway. */
    ssize_t written = write(fd, &one, sizeof one);
    (void)written;
}

static void tell(struct mdl_tunnel *t, enum mdl_tunnel_state state)
{
    atomic_store(&t->state, (int)state);
    raise_fd(t->ready_fd);
}

/* A name that is never used again: a socket of libzmq that comes late must not find another's
 * tunnel. */
static bool make_address(char address[MDL_TUNNEL_ADDRESS_MAX])
{
    uint64_t r[2];
    if (getrandom(r, sizeof r, GRND_NONBLOCK) != (ssize_t)sizeof r)
        return false;
    snprintf(address, MDL_TUNNEL_ADDRESS_MAX, TUNNEL_PREFIX "mandorla-%016llx%016llx",
             (unsigned long long)r[0], (unsigned long long)r[1]);
    return true;
}

static int offer(const char *address)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    const char *name = address + strlen(TUNNEL_PREFIX);
    size_t len = strlen(name);
    memcpy(a.sun_path + 1, name, len); /* after a NUL: abstract, no file */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
    if (bind(fd, (const struct sockaddr *)&a, size) == 0 && listen(fd, 8) == 0)
        return fd;
    close(fd);
    return -1;
}

/* An abstract address has no permissions: others of this machine could find it. */
static bool is_this_process(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == getpid();
}

static int await_libzmq(struct mdl_tunnel *t, int door)
{
    while (mdl_socks_wait(door, POLLIN, t->stop_fd, INT64_MAX)) {
        int fd = accept4(door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0 && is_this_process(fd))
            return fd;
        if (fd >= 0)
            close(fd);
        else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            return -1;
    }
    return -1;
}

static void read_flow(struct flow *f)
{
    ssize_t n = recv(f->from, f->bytes, sizeof f->bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    f->ended = n <= 0;
    f->at = 0;
    f->len = f->ended || f->broken ? 0 : (size_t)n;
}

static void write_flow(struct flow *f)
{
    ssize_t n = send(f->to, f->bytes + f->at, f->len, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        f->broken = true;
        f->len = 0;
        return;
    }
    f->at += (size_t)n;
    f->len -= (size_t)n;
}

static void move(struct flow *f)
{
    if (f->len == 0 && !f->ended)
        read_flow(f);
    if (f->len > 0)
        write_flow(f);
    if (f->ended && f->len == 0 && !f->closed) {
        /* Not close(2): with bytes unread that would take back what was written before. */
        (void)shutdown(f->to, SHUT_WR);
        f->closed = true;
    }
}

static int wait_ms(int64_t end)
{
    int64_t left = end - mdl_net_now();
    if (left <= 0)
        return 0;
    return left > 60000 ? 60000 : (int)left;
}

static void await_either(const struct mdl_tunnel *t, int64_t end)
{
    struct pollfd f[3] = {
        {.fd = t->out.from}, {.fd = t->in.from}, {.fd = t->stop_fd, .events = POLLIN}};
    const struct flow *flow[2] = {&t->out, &t->in};
    for (size_t i = 0; i < 2; i++) {
        if (flow[i]->len > 0)
            f[1 - i].events |= POLLOUT;
        else if (!flow[i]->ended)
            f[i].events |= POLLIN;
    }
    /* One from which nothing is wanted would report its hang-up again and again. */
    for (size_t i = 0; i < 2; i++)
        if (f[i].events == 0)
            f[i].fd = -1;
    (void)poll(f, 3, wait_ms(end));
    if (f[2].revents != 0) {
        uint64_t n;
        ssize_t got = read(t->stop_fd, &n, sizeof n);
        (void)got;
    }
}

static void pass(struct mdl_tunnel *t, int local, int proxy)
{
    int64_t drained = INT64_MAX;
    t->out.from = t->in.to = local;
    t->out.to = t->in.from = proxy;
    for (;;) {
        int64_t end = atomic_load(&t->end_by);
        move(&t->out);
        move(&t->in);
        int64_t now = mdl_net_now();
        if ((t->out.ended || t->in.ended) && drained == INT64_MAX)
            drained = now + MDL_TUNNEL_DRAIN_MS;
        end = drained < end ? drained : end;
        if ((t->out.closed && t->in.closed) || now >= end)
            return;
        await_either(t, end);
    }
}

static void serve(struct mdl_tunnel *t, int proxy)
{
    int door = make_address(t->address) ? offer(t->address) : -1;
    if (door < 0)
        return;
    tell(t, MDL_TUNNEL_OPEN);
    int local = await_libzmq(t, door);
    close(door);
    if (local < 0)
        return;
    pass(t, local, proxy);
    close(local);
}

static void *run(void *arg)
{
    struct mdl_tunnel *t = arg;
    int proxy = mdl_socks_reach(t->proxy, t->stop_fd);
    if (proxy >= 0) {
        if (mdl_socks_ask(proxy, t->endpoint, t->stop_fd))
            serve(t, proxy);
        close(proxy);
    }
    if (atomic_load(&t->state) == MDL_TUNNEL_OPENING)
        tell(t, MDL_TUNNEL_FAILED);
    atomic_store(&t->over, true);
    return NULL;
}

static bool start_thread(struct mdl_tunnel *t)
{
    sigset_t all, before;
    sigfillset(&all);
    /* Signals are the daemon's main loop's: the new thread inherits a full mask. */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&t->thread, NULL, run, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0;
}

static void let_go(struct mdl_tunnel *t)
{
    if (t->ready_fd >= 0)
        close(t->ready_fd);
    if (t->stop_fd >= 0)
        close(t->stop_fd);
    free(t);
}

struct mdl_tunnel *mdl_tunnel_start(const char *proxy, const char *endpoint)
{
    struct mdl_tunnel *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    atomic_store(&t->state, MDL_TUNNEL_OPENING);
    atomic_store(&t->end_by, INT64_MAX);
    snprintf(t->proxy, sizeof t->proxy, "%s", proxy);
    snprintf(t->endpoint, sizeof t->endpoint, "%s", endpoint);
    t->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    t->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (t->ready_fd >= 0 && t->stop_fd >= 0 && start_thread(t))
        return t;
    let_go(t);
    return NULL;
}

enum mdl_tunnel_state mdl_tunnel_state(const struct mdl_tunnel *t)
{
    return (enum mdl_tunnel_state)atomic_load(&t->state);
}

int mdl_tunnel_fd(const struct mdl_tunnel *t)
{
    return t->ready_fd;
}

const char *mdl_tunnel_address(const struct mdl_tunnel *t)
{
    return t->address;
}

static void end_by(struct mdl_tunnel *t, int64_t when)
{
    atomic_store(&t->end_by, when);
    raise_fd(t->stop_fd);
}

void mdl_tunnel_end(struct mdl_tunnel *t, struct mdl_tunnel **ending)
{
    if (t == NULL)
        return;
    end_by(t, mdl_net_now() + MDL_TUNNEL_DRAIN_MS);
    t->next = *ending;
    *ending = t;
}

void mdl_tunnels_reap(struct mdl_tunnel **ending)
{
    while (*ending != NULL) {
        struct mdl_tunnel *t = *ending;
        if (!atomic_load(&t->over)) {
            ending = &t->next;
            continue;
        }
        *ending = t->next;
        pthread_join(t->thread, NULL);
        let_go(t);
    }
}

void mdl_tunnels_finish(struct mdl_tunnel **ending)
{
    for (struct mdl_tunnel *t = *ending; t != NULL; t = t->next)
        end_by(t, mdl_net_now() + MDL_TUNNEL_LAST_MS);
    while (*ending != NULL) {
        struct mdl_tunnel *t = *ending;
        *ending = t->next;
        pthread_join(t->thread, NULL);
        let_go(t);
    }
}
