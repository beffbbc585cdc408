/* check_dleq.c: proofs made and verified, and each way to fail.
 * The RFC's own proofs are in check_oprf.c, the rows and weights in check_dleq_rows.c. */
#include "support.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define POINT MDL_POINT_BYTES
#define M     6

static const uint8_t ctx[] = "sid role step";
static const uint8_t fresh[MDL_FRESH_BYTES] = {1, 2, 3};

/* A true statement of M rows with its proof. */
struct fixture {
    struct mdl_scalar_key *key;
    const uint8_t *K;
    uint8_t *C;
    uint8_t *D;
    uint8_t proof[MDL_PROOF_BYTES];
};

static void open_fixture(struct fixture *f, size_t m)
{
    struct mdl_error err;

    f->key = random_key();
    f->K = mdl_scalar_key_public(f->key);
    f->C = some_points(m);
    f->D = multiplied(f->key, f->C, m);
    ck_assert_msg(mdl_dleq_prove(f->key, ctx, sizeof ctx, f->C, f->D, m, fresh, f->proof, &err) ==
                      MDL_OK,
                  "%s", err.text);
}

static void close_fixture(struct fixture *f)
{
    free(f->C);
    free(f->D);
    mdl_scalar_key_free(f->key);
}

static enum mdl_status verify(const struct fixture *f, size_t m)
{
    return mdl_dleq_verify(f->K, ctx, sizeof ctx, f->C, f->D, m, f->proof, NULL);
}

START_TEST(round_trip)
{
    static const size_t sizes[] = {1, 2, 3, 255, 256, 257, 300};
    struct fixture f;

    open_fixture(&f, sizes[_i]);
    ck_assert_int_eq(verify(&f, sizes[_i]), MDL_OK);
    f.proof[0] ^= 1;
    ck_assert_int_eq(verify(&f, sizes[_i]), MDL_P_PROOF);
    close_fixture(&f);
}
END_TEST

/* Every bit of the statement and the proof counts. */
START_TEST(altered)
{
    struct fixture f;
    uint8_t other_ctx[sizeof ctx];
    struct mdl_scalar_key *other = random_key();
    uint8_t t[POINT];

    open_fixture(&f, M);
    for (size_t i = 0; i < MDL_PROOF_BYTES; i++) {
        f.proof[i] ^= 0x10;
        ck_assert_int_eq(verify(&f, M), MDL_P_PROOF);
        f.proof[i] ^= 0x10;
    }
    for (size_t i = 0; i < sizeof ctx; i++) {
        memcpy(other_ctx, ctx, sizeof ctx);
        other_ctx[i] ^= 1;
        ck_assert_int_eq(mdl_dleq_verify(f.K, other_ctx, sizeof ctx, f.C, f.D, M, f.proof, NULL),
                         MDL_P_PROOF);
    }
    ck_assert_int_eq(mdl_dleq_verify(f.K, ctx, sizeof ctx - 1, f.C, f.D, M, f.proof, NULL),
                     MDL_P_PROOF);
    ck_assert_int_eq(verify(&f, M - 1), MDL_P_PROOF);
    ck_assert_int_eq(
        mdl_dleq_verify(mdl_scalar_key_public(other), ctx, sizeof ctx, f.C, f.D, M, f.proof, NULL),
        MDL_P_PROOF);
    ck_assert_int_eq(mdl_dleq_verify(f.K, ctx, sizeof ctx, f.D, f.C, M, f.proof, NULL),
                     MDL_P_PROOF);
    for (size_t side = 0; side < 2; side++) { /* rows exchanged, both columns alike: still true, */
        uint8_t *p = side == 0 ? f.C : f.D;   /* but another statement */
        memcpy(t, p, POINT);
        memcpy(p, p + POINT, POINT);
        memcpy(p + POINT, t, POINT);
        ck_assert_int_eq(verify(&f, M), MDL_P_PROOF);
    }
    mdl_scalar_key_free(other);
    close_fixture(&f);
}
END_TEST

/* A prover with a false row proves it as if it were true: each row alone, and all of them. */
START_TEST(false_rows)
{
    struct fixture f;
    struct mdl_scalar_key *other = random_key();

    open_fixture(&f, M);
    uint8_t *wrong = multiplied(other, f.C, M);
    for (size_t i = 0; i < M; i++) {
        uint8_t good[POINT];

        memcpy(good, f.D + i * POINT, POINT);
        memcpy(f.D + i * POINT, wrong + i * POINT, POINT);
        ck_assert_int_eq(mdl_dleq_prove(f.key, ctx, sizeof ctx, f.C, f.D, M, fresh, f.proof, NULL),
                         MDL_OK);
        ck_assert_int_eq(verify(&f, M), MDL_P_PROOF);
        memcpy(f.D + i * POINT, good, POINT);
    }
    ck_assert_int_eq(mdl_dleq_prove(f.key, ctx, sizeof ctx, f.C, wrong, M, fresh, f.proof, NULL),
                     MDL_OK);
    ck_assert_int_eq(mdl_dleq_verify(f.K, ctx, sizeof ctx, f.C, wrong, M, f.proof, NULL),
                     MDL_P_PROOF);
    free(wrong);
    mdl_scalar_key_free(other);
    close_fixture(&f);
}
END_TEST

/* Rows r*G with D = r*K are true and pass; a proof says nothing about where a C comes from. */
START_TEST(planted_multiples_of_the_generator)
{
    struct fixture f;

    open_fixture(&f, M);
    for (size_t i = 0; i < M; i++) {
        struct mdl_scalar_key *r = small_key(2 + i);
        memcpy(f.C + i * POINT, mdl_scalar_key_public(r), POINT);
        ck_assert_int_eq(mdl_group_evaluate(r, f.K, 1, f.D + i * POINT, NULL, NULL), MDL_OK);
        mdl_scalar_key_free(r);
    }
    ck_assert_int_eq(mdl_dleq_prove(f.key, ctx, sizeof ctx, f.C, f.D, M, fresh, f.proof, NULL),
                     MDL_OK);
    ck_assert_int_eq(verify(&f, M), MDL_OK);
    mdl_group_add(f.D, mdl_group_generator, f.D);
    ck_assert_int_eq(verify(&f, M), MDL_P_PROOF);
    close_fixture(&f);
}
END_TEST

static void set_scalar(uint8_t *p, unsigned v, bool order, int delta, uint8_t top)
{
    memset(p, 0, 32);
    p[0] = (uint8_t)v;
    if (order) {
        memcpy(p, mdl_group_order, 32);
        p[0] = (uint8_t)(p[0] + delta);
    }
    p[31] |= top;
}

/* c and s: 0, L, L + 1, the top bit; and c + L, s + L, which libsodium would take for c and s. */
START_TEST(scalars_out_of_range)
{
    struct fixture f;
    uint8_t good[MDL_PROOF_BYTES];

    open_fixture(&f, 1);
    memcpy(good, f.proof, sizeof good);
    for (size_t half = 0; half < 2; half++) {
        uint8_t *x = f.proof + 32 * half;
        struct mdl_error err;

        for (size_t kind = 0; kind < 6; kind++) {
            set_scalar(x, 0, kind == 1 || kind == 2, kind == 2, kind == 3 ? 0x80 : 0);
            if (kind == 4) {
                memcpy(x, good + 32 * half, 32);
                x[31] |= 0x80;
            } else if (kind == 5) {
                memcpy(x, good + 32 * half, 32);
                sodium_add(x, mdl_group_order, 32);
            }
            ck_assert_int_eq(mdl_dleq_verify(f.K, ctx, sizeof ctx, f.C, f.D, 1, f.proof, &err),
                             MDL_P_PROOF);
            ck_assert_ptr_nonnull(strstr(err.text, "[1, L-1]"));
        }
        memcpy(f.proof, good, sizeof good);
        ck_assert_int_eq(verify(&f, 1), MDL_OK);
    }
    close_fixture(&f);
}
END_TEST

/* The two extremes of a valid scalar are taken for what they are: a wrong proof. */
START_TEST(scalars_at_the_edge)
{
    struct fixture f;
    struct mdl_error err;

    open_fixture(&f, 1);
    for (size_t half = 0; half < 2; half++) {
        for (int last = 0; last < 2; last++) {
            uint8_t good[32];

            memcpy(good, f.proof + 32 * half, 32);
            set_scalar(f.proof + 32 * half, 1, last == 1, -1, 0);
            ck_assert_int_eq(mdl_dleq_verify(f.K, ctx, sizeof ctx, f.C, f.D, 1, f.proof, &err),
                             MDL_P_PROOF);
            ck_assert_ptr_nonnull(strstr(err.text, "does not verify"));
            memcpy(f.proof + 32 * half, good, 32);
        }
    }
    close_fixture(&f);
}
END_TEST

/* s = c = 1 with K = -G makes t2 the identity. */
START_TEST(identity_composite)
{
    uint8_t k[32];
    uint8_t proof[MDL_PROOF_BYTES] = {0};
    struct mdl_scalar_key *minus_one = NULL;
    uint8_t *C = some_points(1);
    struct mdl_error err;

    set_scalar(k, 0, true, -1, 0);
    ck_assert_int_eq(mdl_scalar_key_from_bytes(k, &minus_one, NULL), MDL_OK);
    uint8_t *D = multiplied(minus_one, C, 1);
    proof[0] = 1;
    proof[32] = 1;
    ck_assert_int_eq(
        mdl_dleq_verify(mdl_scalar_key_public(minus_one), ctx, sizeof ctx, C, D, 1, proof, &err),
        MDL_P_PROOF);
    ck_assert_ptr_nonnull(strstr(err.text, "identity"));
    free(C);
    free(D);
    mdl_scalar_key_free(minus_one);
}
END_TEST

START_TEST(finish_refuses)
{
    static const uint8_t zero[32];
    struct fixture f;
    struct mdl_dleq d;
    struct mdl_dleq_part part;
    struct mdl_scalar_key *other = random_key();

    open_fixture(&f, M);
    ck_assert_int_eq(mdl_dleq_begin(&d, ctx, sizeof ctx, f.K, f.C, f.D, M, NULL), MDL_OK);
    ck_assert_int_eq(mdl_dleq_sum_prover(&d, 0, M, f.C, f.D, &part, NULL), MDL_OK);
    ck_assert_int_eq(mdl_dleq_finish_prove(&d, other, &part, 1, fresh, f.proof, NULL),
                     MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_dleq_finish_prove_nonce(&d, f.key, &part, 1, zero, f.proof, NULL),
                     MDL_BUG);
    memset(part.m_sum, 0, POINT);
    ck_assert_int_eq(mdl_dleq_finish_prove(&d, f.key, &part, 1, fresh, f.proof, NULL), MDL_BUG);
    mdl_scalar_key_free(other);
    close_fixture(&f);
}
END_TEST

/* k from two proofs if their nonces were equal: (s1 - s2) / (c2 - c1). */
static void solve(const uint8_t *p1, const uint8_t *p2, uint8_t k[32])
{
    uint8_t s[32];
    uint8_t c[32];

    crypto_core_ristretto255_scalar_sub(s, p1 + 32, p2 + 32);
    crypto_core_ristretto255_scalar_sub(c, p2, p1);
    ck_assert_int_eq(crypto_core_ristretto255_scalar_invert(c, c), 0);
    crypto_core_ristretto255_scalar_mul(k, s, c);
}

/* A random source that repeats itself gives nothing away as long as the statements differ; the same
 * statement with the same bytes gives the same proof; new bytes give another. */
START_TEST(nonces)
{
    struct fixture f;
    uint8_t again[MDL_PROOF_BYTES];
    uint8_t k[32];
    uint8_t new_bytes[MDL_FRESH_BYTES] = {9};

    open_fixture(&f, M);
    ck_assert_int_eq(mdl_dleq_prove(f.key, ctx, sizeof ctx, f.C, f.D, M, fresh, again, NULL),
                     MDL_OK);
    assert_bytes(again, f.proof, sizeof again);
    ck_assert_int_eq(mdl_dleq_prove(f.key, ctx, sizeof ctx, f.C, f.D, M, new_bytes, again, NULL),
                     MDL_OK);
    ck_assert_mem_ne(again, f.proof, 32);
    ck_assert_int_eq(mdl_dleq_prove(f.key, ctx, sizeof ctx, f.C, f.D, M - 1, fresh, again, NULL),
                     MDL_OK);
    solve(f.proof, again, k);
    ck_assert_mem_ne(k, mdl_scalar_key_bytes(f.key), 32);
    close_fixture(&f);
}
END_TEST

/* The solver of the test above does find the key where a nonce was used twice. */
START_TEST(repeated_nonce_is_fatal)
{
    struct fixture f;
    struct mdl_dleq d;
    struct mdl_dleq_part part;
    uint8_t proof[2][MDL_PROOF_BYTES];
    uint8_t r[32] = {77};
    uint8_t k[32];

    open_fixture(&f, M);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(mdl_dleq_begin(&d, ctx, i, f.K, f.C, f.D, M, NULL), MDL_OK);
        ck_assert_int_eq(mdl_dleq_sum_prover(&d, 0, M, f.C, f.D, &part, NULL), MDL_OK);
        ck_assert_int_eq(mdl_dleq_finish_prove_nonce(&d, f.key, &part, 1, r, proof[i], NULL),
                         MDL_OK);
    }
    solve(proof[0], proof[1], k);
    assert_bytes(k, mdl_scalar_key_bytes(f.key), 32);
    close_fixture(&f);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("group/dleq");
    TCase *t = tcase_create("proofs");

    tcase_add_loop_test(t, round_trip, 0, 7);
    tcase_add_test(t, altered);
    tcase_add_test(t, false_rows);
    tcase_add_test(t, planted_multiples_of_the_generator);
    tcase_add_test(t, scalars_out_of_range);
    tcase_add_test(t, scalars_at_the_edge);
    tcase_add_test(t, identity_composite);
    tcase_add_test(t, finish_refuses);
    tcase_add_test(t, nonces);
    tcase_add_test(t, repeated_nonce_is_fatal);
    suite_add_tcase(s, t);
    return run_suite(s);
}
