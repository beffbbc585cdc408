/* engine_cases.c: inputs for comparing an engine with libsodium, and the comparison. May not draw
 * from anything but the seed: what fails must fail again. */
#include "engine_cases.h"

#include <sodium.h>
#include <string.h>

#define POINT   32
#define UNIFORM MDL_CASES_UNIFORM
#define MOST    MDL_CASES_MOST

const uint8_t mdl_group_order[32] = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
static const uint8_t field_prime[32] = {
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};

static uint32_t seed = 1;
static uint32_t drawn;

void mdl_cases_seed(uint32_t s)
{
    seed = s;
    drawn = 0;
}

void mdl_cases_draw(uint8_t *out, size_t n)
{
    uint8_t from[randombytes_SEEDBYTES] = "Mandorla: compare";

    memcpy(from + 20, &seed, sizeof seed);
    memcpy(from + 24, &drawn, sizeof drawn);
    drawn++;
    randombytes_buf_deterministic(out, n, from);
}

void mdl_cases_draw_scalar(uint8_t k[32])
{
    uint8_t wide[64];

    mdl_cases_draw(wide, sizeof wide);
    crypto_core_ristretto255_scalar_reduce(k, wide);
}

void mdl_cases_draw_batch(struct mdl_cases_batch *b, size_t n)
{
    uint8_t wide[UNIFORM];

    b->n = n;
    mdl_cases_draw(b->uniform, sizeof b->uniform);
    mdl_cases_draw_scalar(b->k);
    for (size_t i = 0; i < n; i++) {
        mdl_cases_draw_scalar(b->weight + i * 32);
        mdl_cases_draw(wide, sizeof wide);
        (void)crypto_core_ristretto255_from_hash(b->points + i * POINT, wide);
    }
}

void mdl_cases_spoil_some(struct mdl_cases_batch *b)
{
    uint8_t coin[MOST];

    mdl_cases_draw(coin, sizeof coin);
    for (size_t i = 0; i < b->n; i++) {
        if (coin[i] < 32) {
            mdl_cases_draw(b->points + i * POINT, POINT);
            b->points[i * POINT] &= 0xfe;
            b->points[i * POINT + 31] &= coin[i] < 8 ? 0xff : 0x7f;
        }
    }
}

void mdl_cases_field_edges(struct mdl_cases_batch *b)
{
    uint8_t edge[7][32] = {{0}, {1}};

    for (size_t i = 0; i < 3; i++) {
        memcpy(edge[2 + i], field_prime, 32);
        edge[2 + i][0] = (uint8_t)(field_prime[0] - 1 + i);
    }
    memset(edge[5], 0xff, 32);
    edge[5][31] = 0x7f;
    memset(edge[6], 0xff, 32);
    mdl_cases_draw_batch(b, 49);
    for (size_t i = 0; i < 49; i++) {
        memcpy(b->uniform + i * UNIFORM, edge[i / 7], 32);
        memcpy(b->uniform + i * UNIFORM + 32, edge[i % 7], 32);
        memcpy(b->points + i * POINT, edge[i % 7], 32);
    }
}

void mdl_cases_scalar_edge(struct mdl_cases_batch *b, size_t i)
{
    static const uint8_t fill[4] = {0xff, 0x88, 0x77, 0xf8};

    memset(b->k, 0, sizeof b->k);
    if (i < 3) {
        b->k[0] = (uint8_t)(i + 1);
    } else if (i < 6) {
        memcpy(b->k, mdl_group_order, sizeof b->k);
        b->k[0] = (uint8_t)(mdl_group_order[0] - 6 + i);
    } else if (i < 10) {
        memset(b->k, fill[i - 6], 31);
    } else {
        b->k[(i - 10) * 3] = (uint8_t)(1 << (i - 10) % 8);
    }
    for (size_t j = 0; j < b->n; j++) {
        memcpy(b->weight + j * 32, b->k, 32);
    }
}

void mdl_cases_equal_points(struct mdl_cases_batch *b)
{
    for (size_t i = 1; i < b->n; i++) {
        memcpy(b->points + i * POINT, b->points, POINT);
        memcpy(b->weight + i * 32, b->weight, 32);
    }
}

void mdl_cases_cancel(struct mdl_cases_batch *b)
{
    for (size_t i = 1; i < b->n; i += 2) {
        crypto_core_ristretto255_scalar_negate(b->weight + i * 32, b->weight);
    }
}

struct results {
    uint8_t derived[MOST * POINT];
    uint8_t blinded[MOST * POINT];
    uint8_t multiplied[MOST * POINT];
    uint8_t sum[POINT];
    uint8_t status[5][MOST];
};

static void run(const struct mdl_engine *e, const struct mdl_cases_batch *b, struct results *r)
{
    memset(r, 0xaa, sizeof *r);
    e->hash_mul(NULL, b->uniform, b->n, r->derived, r->status[0]);
    e->hash_mul(b->k, b->uniform, b->n, r->blinded, r->status[1]);
    e->mul(b->k, b->points, b->n, r->multiplied, r->status[2]);
    e->check(b->points, b->n, r->status[3]);
    e->weighted_sum(b->weight, b->points, b->n, r->sum, r->status[4]);
}

const char *mdl_cases_difference(const struct mdl_engine *e, const struct mdl_cases_batch *b)
{
    static struct results want;
    static struct results got;

    run(&mdl_engine_sodium, b, &want);
    run(e, b, &got);
    if (sodium_memcmp(want.status, got.status, sizeof want.status) != 0) {
        return "status";
    }
    if (sodium_memcmp(want.derived, got.derived, sizeof want.derived) != 0) {
        return "hash";
    }
    if (sodium_memcmp(want.blinded, got.blinded, sizeof want.blinded) != 0) {
        return "hash_mul";
    }
    if (sodium_memcmp(want.multiplied, got.multiplied, sizeof want.multiplied) != 0) {
        return "mul";
    }
    return sodium_memcmp(want.sum, got.sum, sizeof want.sum) != 0 ? "weighted_sum" : NULL;
}
