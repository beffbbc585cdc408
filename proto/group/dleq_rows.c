/* dleq_rows.c: what a DLEQ statement is, and the weighted sums over its rows (RFC 9497, 2.2).
 * Public values only: no key comes here. */
#include "internal/batch.h"
#include "internal/dleq.h"
#include "internal/engine.h"
#include "internal/scalar.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define POINT MDL_POINT_BYTES

static const char label[] = "MDL1-DLEQ-";
static const char seed_label[] = "Seed-";
static const char scalar_label[] = "HashToScalar-";
static const char composite_label[] = "Composite";

struct transcript {
    uint8_t bytes[256];
    size_t len;
};

static void put(struct transcript *t, const void *p, size_t n)
{
    memcpy(t->bytes + t->len, p, n);
    t->len += n;
}

static void put_u16(struct transcript *t, size_t v)
{
    const uint8_t be[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    put(t, be, sizeof be);
}

void mdl_dleq_fix(struct mdl_dleq *d, const uint8_t *context, size_t len, const uint8_t K[POINT],
                  size_t m)
{
    struct transcript t = {.len = 0};

    memset(d, 0, sizeof *d);
    memcpy(d->key, K, POINT);
    memcpy(d->context, context, len);
    d->context_len = len;
    d->m = m;
    put_u16(&t, POINT);
    put(&t, K, POINT);
    put_u16(&t, sizeof seed_label - 1 + len);
    put(&t, seed_label, sizeof seed_label - 1);
    put(&t, context, len);
    crypto_hash_sha512(d->seed, t.bytes, t.len);
}

static void digest_rows(const uint8_t *ctx, size_t ctx_len, const uint8_t *K, const uint8_t *C,
                        const uint8_t *D, size_t m, uint8_t out[64])
{
    const uint8_t len[2] = {(uint8_t)(ctx_len >> 8), (uint8_t)ctx_len};
    const uint8_t count[4] = {(uint8_t)(m >> 24), (uint8_t)(m >> 16), (uint8_t)(m >> 8),
                              (uint8_t)m};
    crypto_hash_sha512_state s;

    crypto_hash_sha512_init(&s);
    crypto_hash_sha512_update(&s, len, sizeof len);
    crypto_hash_sha512_update(&s, ctx, ctx_len);
    crypto_hash_sha512_update(&s, K, POINT);
    crypto_hash_sha512_update(&s, count, sizeof count);
    for (size_t i = 0; i < m; i++) {
        crypto_hash_sha512_update(&s, C + i * POINT, POINT);
        crypto_hash_sha512_update(&s, D + i * POINT, POINT);
    }
    crypto_hash_sha512_final(&s, out);
}

enum mdl_status mdl_dleq_begin(struct mdl_dleq *d, const uint8_t *ctx, size_t ctx_len,
                               const uint8_t K[POINT], const uint8_t *C, const uint8_t *D, size_t m,
                               struct mdl_error *err)
{
    static const uint8_t none[POINT];
    uint8_t context[sizeof label - 1 + 64];
    enum mdl_status status = mdl_group_check_key(K, none, err);

    if (status != MDL_OK) {
        return status;
    }
    if (m == 0 || m > MDL_DLEQ_ROWS_MAX || ctx_len > UINT16_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a proof over %zu rows with %zu bytes of context", m,
                        ctx_len);
    }
    memcpy(context, label, sizeof label - 1);
    digest_rows(ctx, ctx_len, K, C, D, m, context + sizeof label - 1);
    mdl_dleq_fix(d, context, sizeof context, K, m);
    return MDL_OK;
}

static enum mdl_status scalar_dst(const struct mdl_dleq *d, struct mdl_xmd *x,
                                  struct mdl_error *err)
{
    struct transcript dst = {.len = 0};

    put(&dst, scalar_label, sizeof scalar_label - 1);
    put(&dst, d->context, d->context_len);
    return mdl_xmd_init(x, dst.bytes, dst.len, err);
}

enum mdl_status mdl_dleq_hash_to_scalar(const struct mdl_dleq *d, const uint8_t *msg, size_t len,
                                        uint8_t out[MDL_SCALAR_BYTES], struct mdl_error *err)
{
    struct mdl_xmd x;
    enum mdl_status status = scalar_dst(d, &x, err);

    if (status == MDL_OK) {
        mdl_scalar_from_hash(&x, msg, len, out);
    }
    return status;
}

static void weigh(const struct mdl_dleq *d, const struct mdl_xmd *x, size_t row, const uint8_t *C,
                  const uint8_t *D, uint8_t *out)
{
    struct transcript t = {.len = 0};

    put_u16(&t, sizeof d->seed);
    put(&t, d->seed, sizeof d->seed);
    put_u16(&t, row);
    put_u16(&t, POINT);
    put(&t, C, POINT);
    put_u16(&t, POINT);
    put(&t, D, POINT);
    put(&t, composite_label, sizeof composite_label - 1);
    mdl_scalar_from_hash(x, t.bytes, t.len, out);
}

static enum mdl_status check_range(const struct mdl_dleq *d, size_t first, size_t n,
                                   struct mdl_error *err)
{
    if (n == 0 || first > d->m || n > d->m - first) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%zu rows from row %zu of %zu", n, first, d->m);
    }
    return MDL_OK;
}

enum mdl_status mdl_dleq_weights(const struct mdl_dleq *d, size_t first, size_t n, const uint8_t *C,
                                 const uint8_t *D, uint8_t *weight, struct mdl_error *err)
{
    struct mdl_xmd x;
    enum mdl_status status = check_range(d, first, n, err);

    if (status == MDL_OK) {
        status = scalar_dst(d, &x, err);
    }
    if (status != MDL_OK) {
        return status;
    }
    for (size_t i = 0; i < n; i++) {
        weigh(d, &x, first + i, C + i * POINT, D + i * POINT, weight + i * MDL_SCALAR_BYTES);
    }
    return MDL_OK;
}

/* Sums one list, with n bytes of room for statuses. */
static enum mdl_status sum_list(const uint8_t *weight, const uint8_t *points, size_t n,
                                uint8_t *sum, uint8_t *st, struct mdl_error *err)
{
    struct mdl_batch b = {.out = NULL};

    mdl_engine_weighted_sum(weight, points, n, sum, st);
    mdl_batch_note(&b, st, n);
    return mdl_batch_end(&b, err);
}

static enum mdl_status sum_lists(const uint8_t *weight, const uint8_t *C, const uint8_t *D,
                                 bool with_z, struct mdl_dleq_part *out, uint8_t *st,
                                 struct mdl_error *err)
{
    enum mdl_status status = sum_list(weight, C, out->n, out->m_sum, st, err);

    return status == MDL_OK && with_z ? sum_list(weight, D, out->n, out->z_sum, st, err) : status;
}

/* All weights at once: the more rows a sum has, the less each of them costs. */
static enum mdl_status sum_rows(const struct mdl_dleq *d, size_t first, size_t n, const uint8_t *C,
                                const uint8_t *D, bool with_z, struct mdl_dleq_part *out,
                                struct mdl_error *err)
{
    enum mdl_status status = check_range(d, first, n, err);
    uint8_t *room = NULL;

    *out = (struct mdl_dleq_part){.first = first, .n = n, .has_z = with_z};
    memcpy(out->seed, d->seed, sizeof out->seed);
    if (status != MDL_OK) {
        return status;
    }
    room = malloc(n * (MDL_SCALAR_BYTES + 1));
    if (room == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for the weights of %zu rows", n);
    }
    status = mdl_dleq_weights(d, first, n, C, D, room, err);
    if (status == MDL_OK) {
        status = sum_lists(room, C, D, with_z, out, room + n * MDL_SCALAR_BYTES, err);
    }
    free(room);
    return status;
}

enum mdl_status mdl_dleq_sum_prover(const struct mdl_dleq *d, size_t first, size_t n,
                                    const uint8_t *C, const uint8_t *D, struct mdl_dleq_part *out,
                                    struct mdl_error *err)
{
    return sum_rows(d, first, n, C, D, false, out, err);
}

enum mdl_status mdl_dleq_sum_verifier(const struct mdl_dleq *d, size_t first, size_t n,
                                      const uint8_t *C, const uint8_t *D, struct mdl_dleq_part *out,
                                      struct mdl_error *err)
{
    return sum_rows(d, first, n, C, D, true, out, err);
}

static void add_part(uint8_t sum[POINT], const uint8_t part[POINT], bool first)
{
    if (first) { /* an addition decodes and encodes, for nothing here */
        memcpy(sum, part, POINT);
    } else {
        mdl_engine_add(sum, part, sum);
    }
}

enum mdl_status mdl_dleq_join(const struct mdl_dleq *d, const struct mdl_dleq_part *part,
                              size_t n_parts, bool with_z, uint8_t M[POINT], uint8_t Z[POINT],
                              struct mdl_error *err)
{
    size_t next = 0;

    memset(M, 0, POINT);
    memset(Z, 0, POINT);
    for (size_t i = 0; i < n_parts; i++) {
        if (part[i].first != next || part[i].n > d->m - next || (with_z && !part[i].has_z) ||
            sodium_memcmp(part[i].seed, d->seed, sizeof d->seed) != 0) {
            return mdl_fail(err, MDL_U_ARGUMENT, "part %zu does not continue the statement", i);
        }
        add_part(M, part[i].m_sum, i == 0);
        if (with_z) {
            add_part(Z, part[i].z_sum, i == 0);
        }
        next += part[i].n;
    }
    if (next != d->m) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the parts cover %zu of %zu rows", next, d->m);
    }
    return MDL_OK;
}
