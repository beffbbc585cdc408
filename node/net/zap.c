/* zap.c: the thread that admits pinned CURVE keys and nobody else.
 * It may not know partners, endpoints or messages, and it may not answer 200 in doubt. */
#include "zap.h"
#include "knock.h"
#include "socket.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#define ZAP_ENDPOINT  "inproc://zeromq.zap.01" /* fixed by RFC 27 */
#define QUIT_ENDPOINT "inproc://mandorla.zap.quit"
#define ZAP_FRAMES    7 /* version, request id, domain, address, routing id, mechanism, key */
/* libzmq sends "1" as the request id; the probe sends this, so that it is not told as a knock. */
#define PROBE_ID "probe"

struct admitted {
    uint8_t key[MDL_CURVE_BYTES];
    unsigned tokens; /* handshakes it may make now */
    int64_t filled;  /* ms, when tokens was last topped up */
};

struct mdl_zap {
    pthread_t thread;
    atomic_bool alive;
    int event_fd;
    void *rep;        /* the thread's, once it runs */
    void *quit_here;  /* the caller's end of the pair that ends the thread */
    void *quit_there; /* the thread's end */
    pthread_mutex_t lock;
    /* under lock */
    struct admitted *list;
    size_t n, cap;
    struct mdl_knocks knocks;
};

struct request {
    uint8_t frame[ZAP_FRAMES][256];
    size_t len[ZAP_FRAMES];
    size_t n; /* frames seen, also beyond ZAP_FRAMES */
    bool too_long;
};

static void wake(struct mdl_zap *z)
{
    uint64_t one = 1;
    /* An eventfd write fails only when it is at its maximum, and then it is readable anyway. */
    ssize_t written = write(z->event_fd, &one, sizeof one);
    (void)written;
}

static struct admitted *find(struct mdl_zap *z, const uint8_t key[MDL_CURVE_BYTES])
{
    for (size_t i = 0; i < z->n; i++)
        if (memcmp(z->list[i].key, key, MDL_CURVE_BYTES) == 0)
            return &z->list[i];
    return NULL;
}

static bool take_token(struct admitted *a, int64_t now)
{
    int64_t fresh = (now - a->filled) / MDL_ZAP_REFILL_MS;
    if (fresh > 0) {
        a->tokens = fresh >= MDL_ZAP_BURST ? MDL_ZAP_BURST : a->tokens + (unsigned)fresh;
        a->filled = now;
    }
    if (a->tokens > MDL_ZAP_BURST)
        a->tokens = MDL_ZAP_BURST;
    if (a->tokens == 0)
        return false;
    a->tokens--;
    return true;
}

/* Reads one request whole. False if the socket failed. */
static bool read_request(void *rep, struct request *r)
{
    int more = 1;
    r->n = 0;
    r->too_long = false;
    while (more) {
        uint8_t scratch[256];
        uint8_t *to = r->n < ZAP_FRAMES ? r->frame[r->n] : scratch;
        int got = zmq_recv(rep, to, sizeof scratch, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if ((size_t)got > sizeof scratch)
            r->too_long = true;
        else if (r->n < ZAP_FRAMES)
            r->len[r->n] = (size_t)got;
        r->n++;
        size_t size = sizeof more;
        if (zmq_getsockopt(rep, ZMQ_RCVMORE, &more, &size) != 0)
            return false;
    }
    return true;
}

static bool frame_is(const struct request *r, size_t i, const char *text)
{
    return r->len[i] == strlen(text) && memcmp(r->frame[i], text, r->len[i]) == 0;
}

static void note_knock(struct mdl_zap *z, const struct request *r)
{
    static const char mapped[] = "::ffff:"; /* what an IPv6 socket puts before an IPv4 address */
    char address[MDL_NET_ADDRESS_MAX] = "";
    size_t n = r->len[3] < sizeof address ? r->len[3] : sizeof address - 1;
    memcpy(address, r->frame[3], n);
    bool four = strncmp(address, mapped, sizeof mapped - 1) == 0 && strchr(address, '.') != NULL;
    const char *shown = four ? address + sizeof mapped - 1 : address;
    if (mdl_knocks_add(&z->knocks, r->frame[6], shown, mdl_net_now()))
        wake(z);
}

/* "200", "300", "400" or "500"; `user` is filled for 200 only. */
static const char *judge(struct mdl_zap *z, const struct request *r, char user[MDL_NET_HEX])
{
    user[0] = '\0';
    if (r->n != ZAP_FRAMES || r->too_long || !frame_is(r, 0, "1.0"))
        return "500";
    if (!frame_is(r, 2, MDL_ZAP_DOMAIN) || !frame_is(r, 5, "CURVE") || r->len[6] != MDL_CURVE_BYTES)
        return "400";
    const char *code = "400";
    pthread_mutex_lock(&z->lock);
    struct admitted *a = find(z, r->frame[6]);
    if (a != NULL)
        code = take_token(a, mdl_net_now()) ? "200" : "300";
    else if (!frame_is(r, 1, PROBE_ID))
        note_knock(z, r);
    pthread_mutex_unlock(&z->lock);
    if (code[0] == '2')
        mdl_net_hex(r->frame[6], user);
    return code;
}

static bool answer(void *rep, const struct request *r, const char *code, const char *user)
{
    const char *text = code[0] == '2' ? "OK" : "refused";
    size_t id = r->n > 1 && !r->too_long ? r->len[1] : 0;
    return zmq_send(rep, "1.0", 3, ZMQ_SNDMORE) >= 0 &&
           zmq_send(rep, r->frame[1], id, ZMQ_SNDMORE) >= 0 &&
           zmq_send(rep, code, 3, ZMQ_SNDMORE) >= 0 &&
           zmq_send(rep, text, strlen(text), ZMQ_SNDMORE) >= 0 &&
           zmq_send(rep, user, strlen(user), ZMQ_SNDMORE) >= 0 && zmq_send(rep, "", 0, 0) >= 0;
}

static void *run(void *arg)
{
    struct mdl_zap *z = arg;
    struct request r;
    zmq_pollitem_t item[2] = {{.socket = z->rep, .events = ZMQ_POLLIN},
                              {.socket = z->quit_there, .events = ZMQ_POLLIN}};
    for (;;) {
        int rc = zmq_poll(item, 2, -1);
        if (rc < 0 && errno == EINTR)
            continue;
        if (rc < 0 || (item[1].revents & ZMQ_POLLIN))
            break;
        if (!(item[0].revents & ZMQ_POLLIN))
            continue;
        char user[MDL_NET_HEX];
        if (!read_request(z->rep, &r))
            break;
        const char *code = judge(z, &r, user);
        if (!answer(z->rep, &r, code, user))
            break;
    }
    /* With the socket closed, libzmq refuses every handshake (the domain is enforced). */
    zmq_close(z->rep);
    zmq_close(z->quit_there);
    atomic_store(&z->alive, false);
    wake(z);
    return NULL;
}

static enum mdl_status open_sockets(struct mdl_zap *z, void *ctx, struct mdl_error *err)
{
    z->rep = zmq_socket(ctx, ZMQ_REP);
    z->quit_here = zmq_socket(ctx, ZMQ_PAIR);
    z->quit_there = zmq_socket(ctx, ZMQ_PAIR);
    z->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (z->rep == NULL || z->quit_here == NULL || z->quit_there == NULL || z->event_fd < 0 ||
        zmq_bind(z->rep, ZAP_ENDPOINT) != 0 || zmq_bind(z->quit_here, QUIT_ENDPOINT) != 0 ||
        zmq_connect(z->quit_there, QUIT_ENDPOINT) != 0)
        return mdl_fail(err, MDL_L_IO, "The handler that checks partners' keys cannot start: %s.",
                        zmq_strerror(errno));
    return MDL_OK;
}

static int start_thread(struct mdl_zap *z)
{
    sigset_t all, before;
    sigfillset(&all);
    /* Signals are the daemon's main loop's: the new thread inherits a full mask. */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_store(&z->alive, true);
    int rc = pthread_create(&z->thread, NULL, run, z);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static void release(struct mdl_zap *z)
{
    if (z->quit_here != NULL)
        zmq_close(z->quit_here);
    if (z->event_fd >= 0)
        close(z->event_fd);
    pthread_mutex_destroy(&z->lock);
    free(z->list);
    free(z);
}

enum mdl_status mdl_zap_start(void *zmq_ctx, struct mdl_zap **out, struct mdl_error *err)
{
    *out = NULL;
    struct mdl_zap *z = calloc(1, sizeof *z);
    if (z == NULL)
        return mdl_fail(err, MDL_L_MEMORY, "Not enough memory for the key handler.");
    z->event_fd = -1;
    pthread_mutex_init(&z->lock, NULL);
    enum mdl_status status = open_sockets(z, zmq_ctx, err);
    if (status == MDL_OK) {
        int rc = start_thread(z);
        if (rc != 0)
            status = mdl_fail(err, MDL_L_IO, "No thread for the key handler: %s.", strerror(rc));
    }
    if (status != MDL_OK) {
        if (z->rep != NULL)
            zmq_close(z->rep);
        if (z->quit_there != NULL)
            zmq_close(z->quit_there);
        release(z);
        return status;
    }
    *out = z;
    return MDL_OK;
}

void mdl_zap_quit(struct mdl_zap *z)
{
    /* The pair holds one word; a second one is not needed. */
    zmq_send(z->quit_here, "q", 1, ZMQ_DONTWAIT);
}

void mdl_zap_stop(struct mdl_zap *z)
{
    if (z == NULL)
        return;
    mdl_zap_quit(z);
    pthread_join(z->thread, NULL);
    release(z);
}

static bool probe_send(void *req, const uint8_t key[MDL_CURVE_BYTES])
{
    return zmq_send(req, "1.0", 3, ZMQ_SNDMORE) >= 0 &&
           zmq_send(req, PROBE_ID, strlen(PROBE_ID), ZMQ_SNDMORE) >= 0 &&
           zmq_send(req, MDL_ZAP_DOMAIN, strlen(MDL_ZAP_DOMAIN), ZMQ_SNDMORE) >= 0 &&
           zmq_send(req, "", 0, ZMQ_SNDMORE) >= 0 && zmq_send(req, "", 0, ZMQ_SNDMORE) >= 0 &&
           zmq_send(req, "CURVE", 5, ZMQ_SNDMORE) >= 0 &&
           zmq_send(req, key, MDL_CURVE_BYTES, 0) >= 0;
}

enum mdl_status mdl_zap_probe(void *zmq_ctx, const uint8_t key[MDL_CURVE_BYTES],
                              struct mdl_error *err)
{
    struct request reply;
    enum mdl_status status = MDL_OK;
    void *req = zmq_socket(zmq_ctx, ZMQ_REQ);
    if (req == NULL || mdl_sock_set(req, ZMQ_RCVTIMEO, 2000) != 0 ||
        zmq_connect(req, ZAP_ENDPOINT) != 0 || !probe_send(req, key) ||
        !read_request(req, &reply) || reply.n != 6 || reply.too_long ||
        !frame_is(&reply, 1, PROBE_ID) || !frame_is(&reply, 2, "400"))
        status =
            mdl_fail(err, MDL_L_LIBRARY,
                     "The handler that checks partners' keys did not refuse an unknown key; the "
                     "node does not listen without it. Check the installed libzmq.");
    if (req != NULL)
        zmq_close(req);
    return status;
}

enum mdl_status mdl_zap_admit(struct mdl_zap *z, const uint8_t key[MDL_CURVE_BYTES],
                              struct mdl_error *err)
{
    enum mdl_status status = MDL_OK;
    pthread_mutex_lock(&z->lock);
    if (find(z, key) == NULL) {
        if (z->n == z->cap) {
            size_t cap = z->cap == 0 ? 16 : 2 * z->cap;
            struct admitted *list = realloc(z->list, cap * sizeof *list);
            if (list == NULL) {
                status = mdl_fail(err, MDL_L_MEMORY, "Not enough memory for another partner.");
                goto out;
            }
            z->list = list;
            z->cap = cap;
        }
        struct admitted *a = &z->list[z->n++];
        *a = (struct admitted){.tokens = MDL_ZAP_BURST, .filled = mdl_net_now()};
        memcpy(a->key, key, MDL_CURVE_BYTES);
    }
out:
    pthread_mutex_unlock(&z->lock);
    return status;
}

void mdl_zap_expel(struct mdl_zap *z, const uint8_t key[MDL_CURVE_BYTES])
{
    pthread_mutex_lock(&z->lock);
    struct admitted *a = find(z, key);
    if (a != NULL)
        *a = z->list[--z->n];
    pthread_mutex_unlock(&z->lock);
}

int mdl_zap_fd(const struct mdl_zap *z)
{
    return z->event_fd;
}

void mdl_zap_clear_fd(struct mdl_zap *z)
{
    uint64_t count;
    ssize_t got = read(z->event_fd, &count, sizeof count);
    (void)got; /* nothing to clear is fine */
}

bool mdl_zap_alive(const struct mdl_zap *z)
{
    return atomic_load(&z->alive);
}

bool mdl_zap_take_knock(struct mdl_zap *z, struct mdl_knock *out)
{
    pthread_mutex_lock(&z->lock);
    bool got = mdl_knocks_take(&z->knocks, out);
    pthread_mutex_unlock(&z->lock);
    return got;
}

uint64_t mdl_zap_knocks(struct mdl_zap *z)
{
    pthread_mutex_lock(&z->lock);
    uint64_t total = z->knocks.total;
    pthread_mutex_unlock(&z->lock);
    return total;
}
