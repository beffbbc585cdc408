/* engine_selftest.c: compares an engine with libsodium, in every lane, in some milliseconds.
 * Fixed inputs; keeps nothing. */
#include "internal/engine.h"

#include <sodium.h>
#include <string.h>

#define POINT   ((size_t)32)
#define UNIFORM ((size_t)64)
#define MANY    ((size_t)19) /* two vectors of the widest engine, and a rest */

struct results {
    uint8_t derived[MANY * POINT];
    uint8_t blinded[MANY * POINT];
    uint8_t multiplied[MANY * POINT];
    uint8_t sum[POINT];
    uint8_t status[5 * MANY];
};

/* Some points become what is none: not canonical, negative, no square, top bit, the identity. */
static void spoil(uint8_t *points)
{
    memset(points + 1 * POINT, 0xff, POINT);
    points[3 * POINT] |= 1;
    points[4 * POINT] ^= 4;
    points[8 * POINT + 31] |= 0x80;
    memset(points + 10 * POINT, 0, POINT);
    points[16 * POINT] ^= 6;
}

static void run(const struct mdl_engine *e, const uint8_t *k, const uint8_t *uniform,
                const uint8_t *weight, struct results *r)
{
    uint8_t points[MANY * POINT];

    memset(r, 0xaa, sizeof *r);
    e->hash_mul(NULL, uniform, MANY, r->derived, r->status);
    e->hash_mul(k, uniform, MANY, r->blinded, r->status + MANY);
    memcpy(points, r->derived, sizeof points);
    spoil(points);
    e->mul(k, points, MANY, r->multiplied, r->status + 2 * MANY);
    e->check(points, MANY, r->status + 3 * MANY);
    e->weighted_sum(weight, points, MANY, r->sum, r->status + 4 * MANY);
}

bool mdl_engine_agrees(const struct mdl_engine *e)
{
    static const uint8_t seed[randombytes_SEEDBYTES] = "Mandorla's group engine";
    uint8_t bytes[MANY * UNIFORM + (MANY + 1) * POINT];
    const uint8_t *k = bytes + MANY * UNIFORM;
    struct results want;
    struct results got;

    randombytes_buf_deterministic(bytes, sizeof bytes, seed);
    for (size_t i = 0; i <= MANY; i++) {
        bytes[MANY * UNIFORM + i * POINT + 31] &= 0x0f; /* below L */
    }
    run(&mdl_engine_sodium, k, bytes, k + POINT, &want);
    run(e, k, bytes, k + POINT, &got);
    return sodium_memcmp(&want, &got, sizeof want) == 0;
}
