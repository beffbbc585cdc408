/* rig.h: for the tests of the channel: nodes in one process, pumped by one thread, over real
 * sockets. A wait that is not fulfilled in time fails the test and says what came instead. */
#ifndef MANDORLA_TEST_NET_RIG_H
#define MANDORLA_TEST_NET_RIG_H

#include "internal.h"
#include "net.h"

#include <check.h>

#define RIG_NODES    3
#define RIG_EVENTS   512
#define RIG_PATIENCE 10000 /* ms; what is awaited comes within a fraction of it */

struct rig_key {
    uint8_t public[MDL_CURVE_BYTES];
    uint8_t secret[MDL_CURVE_BYTES];
};

struct rig_event {
    enum mdl_net_kind kind;
    uint64_t partner;
    enum mdl_status status;
    uint64_t count;
    size_t len;
    uint8_t first; /* of the message */
    uint8_t last;
    char key_hex[MDL_NET_HEX];
    char text[MDL_ERROR_TEXT];
};

struct rig_node {
    struct rig_key key;
    struct mdl_net *net;
    bool frozen; /* not pumped */
    size_t n, taken;
    struct rig_event event[RIG_EVENTS];
};

struct rig {
    uint32_t
        silence; /* ms, for nodes opened from now on; 0: longer than what tests call "at once" */
    struct rig_node node[RIG_NODES];
};

/* Two keys, the first the lower one: node 0 is preferred as the one who dials. */
void rig_keys(struct rig *r);
void rig_new_key(struct rig_key *k);
/* Short times; no bind, no proxy. */
struct mdl_net_config rig_config(const struct rig_key *key);
#define RIG_SILENCE  6000
#define RIG_FAREWELL 700
#define RIG_AT_ONCE  3000 /* ms: a break that is seen by then was not seen by silence */
/* Opens node i, bound to `bind` unless NULL. */
void rig_open(struct rig *r, size_t i, const char *bind);
/* Opens node i at a port of 127.0.0.1 that the system gives to nobody by itself, so that it is
 * still free when the test comes back to it. */
void rig_open_fixed(struct rig *r, size_t i, char endpoint[MDL_NET_ENDPOINT_MAX]);
void rig_open_with(struct rig *r, size_t i, const struct mdl_net_config *c);
void rig_close(struct rig *r, size_t i);
void rig_end(struct rig *r);
/* Pins node j at node i as partner j + 1, dialled at j's endpoint if `dial`. */
void rig_pin(struct rig *r, size_t i, size_t j, bool dial);
/* One turn of every node. */
void rig_pump(struct rig *r);
/* Pumps until `node` says `kind` about `partner`; events before it are passed over. */
struct rig_event rig_await(struct rig *r, size_t node, enum mdl_net_kind kind, uint64_t partner);
/* Pumps so long and fails if `node` says `kind` in that time or said it before, untaken. */
void rig_never(struct rig *r, size_t node, enum mdl_net_kind kind, int ms);
/* Sends len bytes of `fill`; the status must be `expected`. */
void rig_send(struct rig *r, size_t node, uint64_t partner, uint8_t fill, size_t len,
              enum mdl_status expected);
struct mdl_net_stats rig_stats(struct rig *r, size_t node, uint64_t partner);
#define RIG_UNTIL(r, condition)                                                                    \
    do {                                                                                           \
        int64_t rig_end_ = mdl_net_now() + RIG_PATIENCE;                                           \
        while (!(condition)) {                                                                     \
            ck_assert_msg(mdl_net_now() < rig_end_, "never came true: %s", #condition);            \
            rig_pump(r);                                                                           \
        }                                                                                          \
    } while (0)

/* The port in "tcp://host:port". */
uint16_t rig_port(const char *endpoint);
/* A plain TCP connection to 127.0.0.1:port, non-blocking after the connect. */
int rig_tcp(uint16_t port);
/* A zmq DEALER of its own context that speaks CURVE with `key` to `server`, or with another
 * mechanism. */
struct rig_raw {
    void *ctx, *sock, *monitor;
};
enum rig_speech { RIG_CURVE, RIG_NULL, RIG_PLAIN };
void rig_raw_dealer(struct rig_raw *w, enum rig_speech how, const struct rig_key *key,
                    const struct rig_key *server, const char *endpoint);
/* A zmq ROUTER bound to an ephemeral port; endpoint is filled. */
void rig_raw_router(struct rig_raw *w, enum rig_speech how, const struct rig_key *key,
                    char endpoint[MDL_NET_ENDPOINT_MAX]);
/* Watches `events` of it: read them from w->monitor. */
void rig_raw_watch(struct rig_raw *w, int events);
/* No-op for one that was never opened or is closed. */
void rig_raw_close(struct rig_raw *w);

int rig_run(Suite *s);

#endif
