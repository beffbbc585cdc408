/* dleq.c: proves and verifies one statement from the sums over its rows (RFC 9497, 2.2).
 * Does not look at rows again; the nonce never leaves this file. */
#include "internal/dleq.h"
#include "internal/engine.h"
#include "internal/scalar.h"

#include <sodium.h>
#include <string.h>

#define POINT  MDL_POINT_BYTES
#define SCALAR MDL_SCALAR_BYTES

static const char challenge_label[] = "Challenge";
static const char nonce_label[] = "MDL1-DLEQ-NONCE";

/* The four points a challenge is made of, beside K: M, Z, t2, t3 (a0 to a3 in the RFC). */
struct composites {
    uint8_t p[4][POINT];
};

static enum mdl_status challenge(const struct mdl_dleq *d, const struct composites *a,
                                 uint8_t c[SCALAR], struct mdl_error *err)
{
    static const uint8_t len[2] = {0, POINT};
    uint8_t t[5 * (sizeof len + POINT) + sizeof challenge_label - 1];
    uint8_t *at = t;

    for (size_t i = 0; i < 5; i++) {
        memcpy(at, len, sizeof len);
        memcpy(at + sizeof len, i == 0 ? d->key : a->p[i - 1], POINT);
        at += sizeof len + POINT;
    }
    memcpy(at, challenge_label, sizeof challenge_label - 1);
    return mdl_dleq_hash_to_scalar(d, t, sizeof t, c, err);
}

/* r = SHA-512(label || k || fresh || seed || contextString || M) mod L; M and k fix Z. */
static void make_nonce(const struct mdl_dleq *d, const struct mdl_scalar_key *key,
                       const uint8_t *fresh, const uint8_t *M, uint8_t r[SCALAR])
{
    crypto_hash_sha512_state s;
    uint8_t wide[crypto_hash_sha512_BYTES];

    crypto_hash_sha512_init(&s);
    crypto_hash_sha512_update(&s, (const uint8_t *)nonce_label, sizeof nonce_label - 1);
    crypto_hash_sha512_update(&s, key->k, sizeof key->k);
    crypto_hash_sha512_update(&s, fresh, MDL_FRESH_BYTES);
    crypto_hash_sha512_update(&s, d->seed, sizeof d->seed);
    crypto_hash_sha512_update(&s, d->context, d->context_len);
    crypto_hash_sha512_update(&s, M, POINT);
    crypto_hash_sha512_final(&s, wide);
    crypto_core_ristretto255_scalar_reduce(r, wide);
    sodium_memzero(&s, sizeof s);
    sodium_memzero(wide, sizeof wide);
}

/* c and s = r - c*k from a nonce, for composites of which M is set. */
static enum mdl_status respond(const struct mdl_dleq *d, const struct mdl_scalar_key *key,
                               struct composites *a, const uint8_t *r, uint8_t *proof,
                               struct mdl_error *err)
{
    uint8_t st[2];
    uint8_t ck[SCALAR];
    enum mdl_status status = MDL_OK;

    if (!mdl_scalar_valid(r)) {
        return mdl_fail(err, MDL_BUG, "the nonce of a proof is 0");
    }
    st[0] = mdl_engine_mul_one(key->k, a->p[0], a->p[1]);
    mdl_engine_base(r, a->p[2]);
    st[1] = mdl_engine_mul_one(r, a->p[0], a->p[3]);
    if (st[0] != MDL_OK || st[1] != MDL_OK) {
        return mdl_fail(err, MDL_BUG, "a composite of a proof is the identity");
    }
    status = challenge(d, a, proof, err);
    if (status == MDL_OK) {
        crypto_core_ristretto255_scalar_mul(ck, proof, key->k);
        crypto_core_ristretto255_scalar_sub(proof + SCALAR, r, ck);
        sodium_memzero(ck, sizeof ck);
    }
    return status;
}

static enum mdl_status prepare(const struct mdl_dleq *d, const struct mdl_scalar_key *key,
                               const struct mdl_dleq_part *part, size_t n_parts,
                               struct composites *a, struct mdl_error *err)
{
    if (sodium_memcmp(d->key, key->K, POINT) != 0) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the statement is about another key");
    }
    return mdl_dleq_join(d, part, n_parts, false, a->p[0], a->p[1], err);
}

enum mdl_status mdl_dleq_finish_with(const struct mdl_dleq *d, const struct mdl_scalar_key *key,
                                     const struct mdl_dleq_part *part, size_t n_parts,
                                     const uint8_t *r, uint8_t proof[MDL_PROOF_BYTES],
                                     struct mdl_error *err)
{
    struct composites a;
    enum mdl_status status = prepare(d, key, part, n_parts, &a, err);

    return status == MDL_OK ? respond(d, key, &a, r, proof, err) : status;
}

enum mdl_status mdl_dleq_finish_prove(const struct mdl_dleq *d, const struct mdl_scalar_key *key,
                                      const struct mdl_dleq_part *part, size_t n_parts,
                                      const uint8_t fresh[MDL_FRESH_BYTES],
                                      uint8_t proof[MDL_PROOF_BYTES], struct mdl_error *err)
{
    struct composites a;
    uint8_t r[SCALAR];
    enum mdl_status status = prepare(d, key, part, n_parts, &a, err);

    if (status != MDL_OK) {
        return status;
    }
    make_nonce(d, key, fresh, a.p[0], r);
    status = respond(d, key, &a, r, proof, err);
    sodium_memzero(r, sizeof r);
    return status;
}

/* t[i] = s*P[i] + c*Q[i] for two pairs of points, one behind the other; false if a product or a sum
 * is the identity or a point is none. */
static bool combine(const uint8_t *s, const uint8_t *P, const uint8_t *c, const uint8_t *Q,
                    uint8_t *t)
{
    uint8_t sp[2 * POINT];
    uint8_t cq[2 * POINT];
    uint8_t st[4];
    bool ok = true;

    mdl_engine_mul(s, P, 2, sp, st);
    mdl_engine_mul(c, Q, 2, cq, st + 2);
    for (size_t i = 0; i < 2; i++) {
        uint8_t *out = t + i * POINT;

        mdl_engine_add(sp + i * POINT, cq + i * POINT, out);
        ok = ok && st[i] == MDL_OK && st[2 + i] == MDL_OK && !sodium_is_zero(out, POINT);
    }
    return ok;
}

enum mdl_status mdl_dleq_finish_verify(const struct mdl_dleq *d, const struct mdl_dleq_part *part,
                                       size_t n_parts, const uint8_t proof[MDL_PROOF_BYTES],
                                       struct mdl_error *err)
{
    const uint8_t *c = proof;
    const uint8_t *s = proof + SCALAR;
    uint8_t expected[SCALAR];
    uint8_t P[2 * POINT]; /* G, M */
    uint8_t Q[2 * POINT]; /* K, Z */
    uint8_t t[2 * POINT];
    struct composites a;
    enum mdl_status status = mdl_dleq_join(d, part, n_parts, true, a.p[0], a.p[1], err);

    if (status != MDL_OK) {
        return status;
    }
    if (!mdl_scalar_valid(c) || !mdl_scalar_valid(s)) {
        return mdl_fail(err, MDL_P_PROOF, "a proof holds a scalar that is not in [1, L-1]");
    }
    memcpy(P, mdl_group_generator, POINT);
    memcpy(P + POINT, a.p[0], POINT);
    memcpy(Q, d->key, POINT);
    memcpy(Q + POINT, a.p[1], POINT);
    if (!combine(s, P, c, Q, t)) {
        return mdl_fail(err, MDL_P_PROOF, "a composite of a proof is the identity");
    }
    memcpy(a.p[2], t, POINT);
    memcpy(a.p[3], t + POINT, POINT);
    status = challenge(d, &a, expected, err);
    if (status == MDL_OK && sodium_memcmp(expected, c, SCALAR) != 0) {
        status = mdl_fail(err, MDL_P_PROOF, "a proof over %zu rows does not verify", d->m);
    }
    return status;
}

enum mdl_status mdl_dleq_prove(const struct mdl_scalar_key *key, const uint8_t *ctx, size_t ctx_len,
                               const uint8_t *C, const uint8_t *D, size_t m,
                               const uint8_t fresh[MDL_FRESH_BYTES], uint8_t proof[MDL_PROOF_BYTES],
                               struct mdl_error *err)
{
    struct mdl_dleq d;
    struct mdl_dleq_part all;
    enum mdl_status status = mdl_dleq_begin(&d, ctx, ctx_len, key->K, C, D, m, err);

    if (status == MDL_OK) {
        status = mdl_dleq_sum_prover(&d, 0, m, C, D, &all, err);
    }
    return status == MDL_OK ? mdl_dleq_finish_prove(&d, key, &all, 1, fresh, proof, err) : status;
}

enum mdl_status mdl_dleq_verify(const uint8_t K[POINT], const uint8_t *ctx, size_t ctx_len,
                                const uint8_t *C, const uint8_t *D, size_t m,
                                const uint8_t proof[MDL_PROOF_BYTES], struct mdl_error *err)
{
    struct mdl_dleq d;
    struct mdl_dleq_part all;
    enum mdl_status status = mdl_dleq_begin(&d, ctx, ctx_len, K, C, D, m, err);

    if (status == MDL_OK) {
        status = mdl_dleq_sum_verifier(&d, 0, m, C, D, &all, err);
    }
    return status == MDL_OK ? mdl_dleq_finish_verify(&d, &all, 1, proof, err) : status;
}
