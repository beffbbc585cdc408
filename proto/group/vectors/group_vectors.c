/* group_vectors.c: opens the room's inner steps to the official vectors and to tests.
 * Never linked into anything that ships. */
#include "group_vectors.h"

#include "../internal/dleq.h"
#include "../internal/engine.h"
#include "../internal/scalar.h"

#include <sodium.h>
#include <string.h>

enum mdl_status mdl_scalar_key_from_bytes(const uint8_t k[MDL_SCALAR_BYTES],
                                          struct mdl_scalar_key **out, struct mdl_error *err)
{
    return mdl_key_make(k, out, err);
}

const uint8_t *mdl_scalar_key_bytes(const struct mdl_scalar_key *key)
{
    return key->k;
}

enum mdl_status mdl_expand_message_xmd(const uint8_t *dst, size_t dst_len, const uint8_t *msg,
                                       size_t len, uint8_t *out, size_t out_len,
                                       struct mdl_error *err)
{
    struct mdl_xmd x;
    enum mdl_status status = mdl_xmd_init(&x, dst, dst_len, err);

    if (status != MDL_OK) {
        return status;
    }
    if (out_len == 0 || out_len > MDL_XMD_OUT_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "cannot expand to %zu bytes", out_len);
    }
    mdl_xmd(&x, msg, len, out, out_len);
    return MDL_OK;
}

void mdl_group_derive(const uint8_t *uniform, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t st;
        mdl_engine_hash_mul(NULL, uniform + 64 * i, 1, out + i * MDL_POINT_BYTES, &st);
    }
}

void mdl_group_add(const uint8_t *a, const uint8_t *b, uint8_t *out)
{
    mdl_engine_add(a, b, out);
}

bool mdl_group_scalar_valid(const uint8_t s[MDL_SCALAR_BYTES])
{
    return mdl_scalar_valid(s);
}

void mdl_oprf_context(enum mdl_oprf_mode mode, uint8_t out[MDL_OPRF_CONTEXT_BYTES])
{
    static const char protocol[] = "OPRFV1-";
    static const char suite[] = "-ristretto255-SHA512";
    uint8_t *at = out;

    memcpy(at, protocol, sizeof protocol - 1);
    at += sizeof protocol - 1;
    *at++ = (uint8_t)mode;
    memcpy(at, suite, sizeof suite - 1);
}

enum mdl_status mdl_oprf_derive_key(enum mdl_oprf_mode mode, const uint8_t seed[32],
                                    const uint8_t *info, size_t info_len,
                                    struct mdl_scalar_key **out, struct mdl_error *err)
{
    static const char label[] = "DeriveKeyPair";
    uint8_t dst[sizeof label - 1 + MDL_OPRF_CONTEXT_BYTES];
    uint8_t msg[32 + 2 + 256 + 1];
    uint8_t k[MDL_SCALAR_BYTES] = {0};
    struct mdl_xmd x;
    enum mdl_status status = MDL_OK;

    if (info_len > 256) {
        return mdl_fail(err, MDL_U_ARGUMENT, "key info of %zu bytes", info_len);
    }
    memcpy(dst, label, sizeof label - 1);
    mdl_oprf_context(mode, dst + sizeof label - 1);
    status = mdl_xmd_init(&x, dst, sizeof dst, err);
    if (status != MDL_OK) {
        return status;
    }
    memcpy(msg, seed, 32);
    msg[32] = (uint8_t)(info_len >> 8);
    msg[33] = (uint8_t)info_len;
    if (info_len > 0) {
        memcpy(msg + 34, info, info_len);
    }
    for (unsigned counter = 0; counter < 256 && !mdl_scalar_valid(k); counter++) {
        msg[34 + info_len] = (uint8_t)counter;
        mdl_scalar_from_hash(&x, msg, 35 + info_len, k);
    }
    return mdl_key_make(k, out, err);
}

enum mdl_status mdl_oprf_finalize(const uint8_t *input, size_t len,
                                  const struct mdl_scalar_key *blind,
                                  const uint8_t evaluated[MDL_POINT_BYTES],
                                  uint8_t out[MDL_OPRF_OUTPUT_BYTES], struct mdl_error *err)
{
    const uint8_t in_len[2] = {(uint8_t)(len >> 8), (uint8_t)len};
    static const uint8_t n_len[2] = {0, MDL_POINT_BYTES};
    uint8_t inverse[MDL_SCALAR_BYTES];
    uint8_t N[MDL_POINT_BYTES];
    uint8_t st = MDL_OK;
    crypto_hash_sha512_state s;

    (void)crypto_core_ristretto255_scalar_invert(inverse, blind->k);
    mdl_engine_mul(inverse, evaluated, 1, N, &st);
    if (st != MDL_OK) {
        return mdl_fail(err, (enum mdl_status)st, "the evaluated element: %s",
                        mdl_status_meaning((enum mdl_status)st));
    }
    crypto_hash_sha512_init(&s);
    crypto_hash_sha512_update(&s, in_len, sizeof in_len);
    crypto_hash_sha512_update(&s, input, len);
    crypto_hash_sha512_update(&s, n_len, sizeof n_len);
    crypto_hash_sha512_update(&s, N, sizeof N);
    crypto_hash_sha512_update(&s, (const uint8_t *)"Finalize", 8);
    crypto_hash_sha512_final(&s, out);
    return MDL_OK;
}

void mdl_dleq_begin_rfc9497(struct mdl_dleq *d, const uint8_t context[MDL_OPRF_CONTEXT_BYTES],
                            const uint8_t K[MDL_POINT_BYTES], size_t m)
{
    mdl_dleq_fix(d, context, MDL_OPRF_CONTEXT_BYTES, K, m);
}

enum mdl_status mdl_dleq_finish_prove_nonce(const struct mdl_dleq *d,
                                            const struct mdl_scalar_key *key,
                                            const struct mdl_dleq_part *part, size_t n_parts,
                                            const uint8_t r[MDL_SCALAR_BYTES],
                                            uint8_t proof[MDL_PROOF_BYTES], struct mdl_error *err)
{
    return mdl_dleq_finish_with(d, key, part, n_parts, r, proof, err);
}

enum mdl_status mdl_dleq_row_weights(const struct mdl_dleq *d, size_t first, size_t n,
                                     const uint8_t *C, const uint8_t *D, uint8_t *weight,
                                     struct mdl_error *err)
{
    return mdl_dleq_weights(d, first, n, C, D, weight, err);
}
