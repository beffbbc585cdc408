/* batch.c: hash, blind, evaluate and check many elements with one scalar.
 * Pure computation over the engine; keeps nothing between calls. */
#include "internal/batch.h"
#include "internal/engine.h"
#include "internal/key.h"
#include "internal/xmd.h"

#include <sodium.h>
#include <string.h>

#define CHUNK                                                                                      \
    128 /* elements an engine call; bounds the stack, wide enough for any vector engine            \
         */
#define UNIFORM 64

void mdl_batch_note(struct mdl_batch *b, const uint8_t *st, size_t n)
{
    for (size_t i = 0; i < n && b->status == MDL_OK; i++) {
        if (st[i] != MDL_OK) {
            b->status = (enum mdl_status)st[i];
            b->bad = b->done + i;
        }
    }
    if (b->out != NULL) {
        memcpy(b->out + b->done, st, n);
    }
    b->done += n;
}

enum mdl_status mdl_batch_end(const struct mdl_batch *b, struct mdl_error *err)
{
    if (b->status == MDL_OK) {
        return MDL_OK;
    }
    return mdl_fail(err, b->status, "element %zu of %zu: %s", b->bad, b->done,
                    mdl_status_meaning(b->status));
}

static size_t chunk(size_t left)
{
    return left < CHUNK ? left : CHUNK;
}

static enum mdl_status check_inputs(const struct mdl_inputs *in, struct mdl_error *err)
{
    for (size_t i = 0; i < in->n; i++) {
        if (in->offset[i] > in->offset[i + 1]) {
            return mdl_fail(err, MDL_U_ARGUMENT, "input %zu ends before it begins", i);
        }
    }
    return MDL_OK;
}

static enum mdl_status hash_all(const uint8_t *k, const struct mdl_xmd *x,
                                const struct mdl_inputs *in, uint8_t *out, uint8_t *status,
                                struct mdl_error *err)
{
    struct mdl_batch b = {.out = status};
    uint8_t uniform[CHUNK * UNIFORM];

    for (size_t at = 0; at < in->n; at += CHUNK) {
        size_t n = chunk(in->n - at);
        uint8_t st[CHUNK];

        for (size_t i = 0; i < n; i++) {
            const size_t *o = in->offset + at + i;
            mdl_xmd(x, in->bytes + o[0], o[1] - o[0], uniform + i * UNIFORM, UNIFORM);
        }
        mdl_engine_hash_mul(k, uniform, n, out + at * MDL_POINT_BYTES, st);
        mdl_batch_note(&b, st, n);
    }
    sodium_memzero(uniform, sizeof uniform);
    return mdl_batch_end(&b, err);
}

static enum mdl_status hash_with(const uint8_t *k, const uint8_t *dst, size_t dst_len,
                                 const struct mdl_inputs *in, uint8_t *out, uint8_t *status,
                                 struct mdl_error *err)
{
    struct mdl_xmd x;
    enum mdl_status st = mdl_xmd_init(&x, dst, dst_len, err);

    if (st == MDL_OK) {
        st = check_inputs(in, err);
    }
    return st == MDL_OK ? hash_all(k, &x, in, out, status, err) : st;
}

enum mdl_status mdl_group_hash(const uint8_t *dst, size_t dst_len, const struct mdl_inputs *in,
                               uint8_t *out, uint8_t *status, struct mdl_error *err)
{
    return hash_with(NULL, dst, dst_len, in, out, status, err);
}

enum mdl_status mdl_group_hash_blind(const struct mdl_scalar_key *key, const uint8_t *dst,
                                     size_t dst_len, const struct mdl_inputs *in, uint8_t *out,
                                     uint8_t *status, struct mdl_error *err)
{
    return hash_with(key->k, dst, dst_len, in, out, status, err);
}

enum mdl_status mdl_group_evaluate(const struct mdl_scalar_key *key, const uint8_t *points,
                                   size_t n, uint8_t *out, uint8_t *status, struct mdl_error *err)
{
    struct mdl_batch b = {.out = status};

    for (size_t at = 0; at < n; at += CHUNK) {
        size_t m = chunk(n - at);
        uint8_t st[CHUNK];

        mdl_engine_mul(key->k, points + at * MDL_POINT_BYTES, m, out + at * MDL_POINT_BYTES, st);
        mdl_batch_note(&b, st, m);
    }
    return mdl_batch_end(&b, err);
}

enum mdl_status mdl_group_check_encoding(const uint8_t *points, size_t n, uint8_t *status,
                                         struct mdl_error *err)
{
    struct mdl_batch b = {.out = status};

    for (size_t at = 0; at < n; at += CHUNK) {
        size_t m = chunk(n - at);
        uint8_t st[CHUNK];

        mdl_engine_check(points + at * MDL_POINT_BYTES, m, st);
        mdl_batch_note(&b, st, m);
    }
    return mdl_batch_end(&b, err);
}
