/* list.c: what a list of points received from a partner must keep to.
 * Compares published bytes; no group arithmetic beyond one decoding of a key. */
#include "group.h"
#include "internal/batch.h"
#include "internal/engine.h"
#include "internal/order.h"

#include <sodium.h>

#define POINT MDL_POINT_BYTES
#define CHUNK 256

const uint8_t mdl_group_generator[POINT] = {
    0xe2, 0xf2, 0xae, 0x0a, 0x6a, 0xbc, 0x4e, 0x71, 0xa8, 0x84, 0xa9, 0x61, 0xc5, 0x00, 0x51, 0x5f,
    0x58, 0xe3, 0x0b, 0x6a, 0xa5, 0x82, 0xdd, 0x8d, 0xb6, 0xa6, 0x59, 0x45, 0xe0, 0x8d, 0x2d, 0x76};

static bool equal(const uint8_t *a, const uint8_t *b)
{
    return mdl_order(a, b, POINT) == 0;
}

static bool is_known(const struct mdl_list_rules *rules, const uint8_t *p)
{
    if (equal(p, mdl_group_generator)) {
        return true;
    }
    for (size_t i = 0; i < rules->n_known; i++) {
        if (equal(p, rules->known + i * POINT)) {
            return true;
        }
    }
    return false;
}

/* The first position of own[*from ..] that is not below p. Consecutive points of an ascending list
 * lie close together there, so the search gallops from where the last one ended. */
static bool is_own(const struct mdl_list_rules *rules, const uint8_t *p, size_t *from)
{
    size_t step = 1;
    size_t low = *from;
    size_t high = low;

    while (high < rules->n_own && mdl_order(rules->own + high * POINT, p, POINT) < 0) {
        low = high + 1;
        high = rules->n_own - low > step ? low + step : rules->n_own;
        step *= 2;
    }
    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (mdl_order(rules->own + mid * POINT, p, POINT) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *from = low;
    return low < rules->n_own && equal(rules->own + low * POINT, p);
}

static uint8_t check_one(const struct mdl_list_rules *rules, const uint8_t *prev, const uint8_t *p,
                         size_t *own_at)
{
    bool ascends = prev == NULL || mdl_order(prev, p, POINT) < 0;

    if (!ascends) {
        *own_at = 0; /* what comes after a step back may lie anywhere in our list */
    }
    if (sodium_is_zero(p, POINT)) {
        return MDL_P_IDENTITY;
    }
    if (is_known(rules, p)) {
        return MDL_P_GENERATOR;
    }
    if (!ascends) {
        return MDL_P_ORDER;
    }
    return is_own(rules, p, own_at) ? MDL_P_REFLECTED : MDL_OK;
}

enum mdl_status mdl_list_check(const struct mdl_list_rules *rules, const uint8_t *points, size_t n,
                               uint8_t *status, struct mdl_error *err)
{
    struct mdl_batch b = {.out = status};
    const uint8_t *prev = rules->prev;
    size_t own_at = 0;

    for (size_t at = 0; at < n; at += CHUNK) {
        size_t m = n - at < CHUNK ? n - at : CHUNK;
        uint8_t st[CHUNK];

        for (size_t i = 0; i < m; i++) {
            const uint8_t *p = points + (at + i) * POINT;
            st[i] = check_one(rules, prev, p, &own_at);
            prev = p;
        }
        mdl_batch_note(&b, st, m);
    }
    return mdl_batch_end(&b, err);
}

enum mdl_status mdl_group_check_key(const uint8_t theirs[POINT], const uint8_t ours[POINT],
                                    struct mdl_error *err)
{
    uint8_t st = MDL_OK;

    mdl_engine_check(theirs, 1, &st);
    if (st != MDL_OK) {
        return mdl_fail(err, MDL_P_KEY, "the round key: %s",
                        mdl_status_meaning((enum mdl_status)st));
    }
    if (equal(theirs, mdl_group_generator)) {
        return mdl_fail(err, MDL_P_KEY, "the round key is the generator");
    }
    if (equal(theirs, ours)) {
        return mdl_fail(err, MDL_P_KEY, "the round key is our own");
    }
    return MDL_OK;
}
