/* knock.c: rate limits for the keys that were refused.
 * It may not read a clock, log or allocate: a stranger decides how often it runs. */
#include "knock.h"

#include <stdio.h>
#include <string.h>

void mdl_net_hex(const uint8_t key[MDL_CURVE_BYTES], char out[MDL_NET_HEX])
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < MDL_CURVE_BYTES; i++) {
        out[2 * i] = digit[key[i] >> 4];
        out[2 * i + 1] = digit[key[i] & 15];
    }
    out[MDL_NET_HEX - 1] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool mdl_net_unhex(const char *hex, uint8_t key[MDL_CURVE_BYTES])
{
    if (strlen(hex) != MDL_NET_HEX - 1)
        return false;
    for (size_t i = 0; i < MDL_CURVE_BYTES; i++) {
        int high = hex_value(hex[2 * i]);
        int low = hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        key[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* The entry of `key`, or the one to reuse for it. */
static struct mdl_knock_entry *entry_for(struct mdl_knocks *k, const uint8_t key[MDL_CURVE_BYTES])
{
    struct mdl_knock_entry *reuse = &k->entry[0];
    for (size_t i = 0; i < MDL_KNOCK_KEYS; i++) {
        struct mdl_knock_entry *e = &k->entry[i];
        if (e->used && memcmp(e->key, key, MDL_CURVE_BYTES) == 0)
            return e;
        if (reuse->used && (!e->used || e->told < reuse->told))
            reuse = e;
    }
    reuse->used = false;
    return reuse;
}

static bool spend(struct mdl_knocks *k, int64_t now)
{
    if (k->spent == 0 || now - k->window >= MDL_KNOCK_WINDOW_MS) {
        k->window = now;
        k->spent = 0;
    }
    if (k->spent >= MDL_KNOCK_BUDGET || k->n_waiting >= MDL_KNOCK_BUDGET)
        return false;
    k->spent++;
    return true;
}

bool mdl_knocks_add(struct mdl_knocks *k, const uint8_t key[MDL_CURVE_BYTES], const char *address,
                    int64_t now)
{
    k->total++;
    struct mdl_knock_entry *e = entry_for(k, key);
    bool known = e->used;
    if (!known) {
        *e = (struct mdl_knock_entry){.used = true, .told = now};
        memcpy(e->key, key, MDL_CURVE_BYTES);
    }
    e->count++;
    if (known && now - e->told < MDL_KNOCK_WINDOW_MS)
        return false;
    if (!spend(k, now))
        return false;
    struct mdl_knock *w = &k->waiting[k->n_waiting++];
    mdl_net_hex(key, w->key_hex);
    snprintf(w->address, sizeof w->address, "%s", address);
    w->count = e->count;
    e->told = now;
    e->count = 0;
    return true;
}

bool mdl_knocks_take(struct mdl_knocks *k, struct mdl_knock *out)
{
    if (k->n_waiting == 0)
        return false;
    *out = k->waiting[0];
    k->n_waiting--;
    memmove(&k->waiting[0], &k->waiting[1], k->n_waiting * sizeof k->waiting[0]);
    return true;
}
