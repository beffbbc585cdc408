/* operations.h: the operations of ../internal/engine.h on vectors of points. Included by
 * the .c file of an engine, after its vec_*.h and its field; that file defines the table of
 * functions. */
#ifndef MANDORLA_GROUP_OPERATIONS_H
#define MANDORLA_GROUP_OPERATIONS_H

#include "curve.h"
#include "double_encode.h"
#include "field.h"
#include "ristretto.h"
#include "scalar.h"

#include <mandorla/status.h>

#include <sodium.h>
#include <stdbool.h>

/* The compiler's own copies of secrets, in spilled registers, lie below the buffers wiped by name.
 */
#define STACK_WIPE 16384

struct multiplication {
    int8_t digit[SCALAR_DIGITS];
    packed table[TABLE];
    point p;
    struct halves batch;
};

/* Bit 255 clear, below p, even (RFC 9496, 4.3.1, step 1), and not the identity. Of published bytes:
 * may branch. */
static uint8_t encoding_status(const uint8_t *s)
{
    uint64_t w[4];

    memcpy(w, s, sizeof w);
    if ((w[0] | w[1] | w[2] | w[3]) == 0) {
        return MDL_P_IDENTITY;
    }
    bool below_p =
        w[3] < INT64_MAX ||
        (w[3] == INT64_MAX && (w[2] != UINT64_MAX || w[1] != UINT64_MAX || w[0] < UINT64_MAX - 18));
    return below_p && (w[0] & 1) == 0 ? MDL_OK : MDL_P_ENCODING;
}

static bool all_zero(const uint8_t *s)
{
    uint64_t w[4];

    memcpy(w, s, sizeof w);
    return (w[0] | w[1] | w[2] | w[3]) == 0;
}

/* Says for each of `count` lanes whether it was a point; gives the mask of those that were. */
static vec note_decoded(uint8_t *status, vec ok, const uint8_t *in, size_t count)
{
    uint64_t lane[LANES];

    vec_store(lane, ok);
    for (size_t l = 0; l < LANES; l++) {
        if (l < count) {
            status[l] = encoding_status(in + l * POINT);
            if (status[l] == MDL_OK && lane[l] == 0) {
                status[l] = MDL_P_ENCODING;
            }
        }
        lane[l] = l < count && status[l] == MDL_OK ? UINT64_MAX : 0;
    }
    return vec_load(lane);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static vec decode_noting(point *p, const uint8_t *in, size_t count, uint8_t *status)
{
    fe s;

    fe_from_bytes(&s, in, POINT, count);
    return note_decoded(status, decode(p, &s), in, count);
}

static void multiplication_begin(struct multiplication *m, const uint8_t *k)
{
    uint64_t half[4];

    scalar_halve(half, k);
    scalar_digits(m->digit, half);
    sodium_memzero(half, sizeof half);
}

static void multiplication_end(struct multiplication *m)
{
    sodium_memzero(m, sizeof *m);
    vec_leave();
    sodium_stackzero(STACK_WIPE);
}

static void lanes_mul(const uint8_t *k, const uint8_t *in, size_t n, uint8_t *out, uint8_t *status)
{
    struct multiplication m;

    multiplication_begin(&m, k);
    for (size_t at = 0; at < n; at += BATCH) {
        size_t some = least(n - at, BATCH);

        for (size_t i = 0; i < some; i += LANES) {
            vec ok =
                decode_noting(&m.p, in + (at + i) * POINT, least(some - i, LANES), status + at + i);
            point_multiply(&m.p, &m.p, m.digit, m.table);
            halves_put(&m.batch, i / LANES, &m.p, ok);
        }
        halves_encode(&m.batch, some, out + at * POINT);
    }
    multiplication_end(&m);
}

/* The inputs and what becomes of them are secret, but for an element that is the identity. */
static void note_derived(const uint8_t *out, size_t n, uint8_t *status)
{
    for (size_t i = 0; i < n; i++) {
        status[i] = all_zero(out + i * POINT) ? MDL_P_IDENTITY : MDL_OK;
    }
}

static void lanes_hash(const uint8_t *uniform, size_t n, uint8_t *out, uint8_t *status)
{
    point p;

    for (size_t i = 0; i < n; i += LANES) {
        size_t count = least(n - i, LANES);

        derive(&p, uniform + i * 64, count);
        encode(out + i * POINT, &p, count);
    }
    note_derived(out, n, status);
    sodium_memzero(&p, sizeof p);
    vec_leave();
    sodium_stackzero(STACK_WIPE);
}

static void lanes_hash_mul(const uint8_t *k, const uint8_t *uniform, size_t n, uint8_t *out,
                           uint8_t *status)
{
    struct multiplication m;

    if (k == NULL) {
        lanes_hash(uniform, n, out, status);
        return;
    }
    multiplication_begin(&m, k);
    for (size_t at = 0; at < n; at += BATCH) {
        size_t some = least(n - at, BATCH);

        for (size_t i = 0; i < some; i += LANES) {
            derive(&m.p, uniform + (at + i) * 64, least(some - i, LANES));
            point_multiply(&m.p, &m.p, m.digit, m.table);
            halves_put(&m.batch, i / LANES, &m.p, vec_set1(UINT64_MAX));
        }
        halves_encode(&m.batch, some, out + at * POINT);
    }
    note_derived(out, n, status);
    multiplication_end(&m);
}

static void lanes_check(const uint8_t *in, size_t n, uint8_t *status)
{
    point p;

    for (size_t i = 0; i < n; i += LANES) {
        (void)decode_noting(&p, in + i * POINT, least(n - i, LANES), status + i);
    }
    vec_leave();
}

#include "sum.h"

#endif
