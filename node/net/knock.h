/* knock.h: which refused keys are worth telling, and how often. Pure: the clock is passed in.
 * Not thread-safe; the ZAP handler holds its mutex around it. */
#ifndef MANDORLA_NET_KNOCK_H
#define MANDORLA_NET_KNOCK_H

#include "zap.h"

#define MDL_KNOCK_WINDOW_MS 60000 /* a key is told at most once in this time */
#define MDL_KNOCK_BUDGET    8     /* and so many knocks in all */
#define MDL_KNOCK_KEYS      64    /* keys remembered; the one told longest ago makes room */

struct mdl_knock_entry {
    uint8_t key[MDL_CURVE_BYTES];
    int64_t told;   /* ms, when it was last told or came in */
    uint64_t count; /* attempts since then */
    bool used;
};

struct mdl_knocks {
    struct mdl_knock_entry entry[MDL_KNOCK_KEYS];
    struct mdl_knock waiting[MDL_KNOCK_BUDGET];
    size_t n_waiting;
    int64_t window; /* start of the present minute */
    unsigned spent; /* told in it */
    uint64_t total;
};

/* Counts an attempt of `key` at `now` (ms); true if it was queued to be told. */
bool mdl_knocks_add(struct mdl_knocks *k, const uint8_t key[MDL_CURVE_BYTES], const char *address,
                    int64_t now);
/* The oldest waiting knock; false if none. */
bool mdl_knocks_take(struct mdl_knocks *k, struct mdl_knock *out);
/* 64 lower-case hex digits and a NUL. */
void mdl_net_hex(const uint8_t key[MDL_CURVE_BYTES], char out[MDL_NET_HEX]);
bool mdl_net_unhex(const char *hex, uint8_t key[MDL_CURVE_BYTES]);

#endif
