/* check_dleq_rows.c: what the weights of a batch depend on, and how its work is divided.
 * Weights that follow from their own row alone fall to Wagner's list attack; these must not. */
#include "support.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define POINT MDL_POINT_BYTES
#define M     8

static const uint8_t ctx[] = "sid role step";
static const uint8_t fresh[MDL_FRESH_BYTES] = {3};

struct fixture {
    struct mdl_scalar_key *key;
    uint8_t *C;
    uint8_t *D;
    struct mdl_dleq d;
};

static void begin(struct fixture *f)
{
    ck_assert_int_eq(
        mdl_dleq_begin(&f->d, ctx, sizeof ctx, mdl_scalar_key_public(f->key), f->C, f->D, M, NULL),
        MDL_OK);
}

static void open_fixture(struct fixture *f)
{
    f->key = random_key();
    f->C = some_points(M);
    f->D = multiplied(f->key, f->C, M);
    begin(f);
}

static void close_fixture(struct fixture *f)
{
    free(f->C);
    free(f->D);
    mdl_scalar_key_free(f->key);
}

static void weights(const struct fixture *f, uint8_t w[M * 32])
{
    ck_assert_int_eq(mdl_dleq_row_weights(&f->d, 0, M, f->C, f->D, w, NULL), MDL_OK);
}

static size_t equal_weights(const uint8_t *a, const uint8_t *b)
{
    size_t n = 0;

    for (size_t i = 0; i < M; i++) {
        n += memcmp(a + 32 * i, b + 32 * i, 32) == 0;
    }
    return n;
}

/* contextString byte by byte as group.h and docs/PROTOCOL.md have it. */
START_TEST(context_string)
{
    struct fixture f;
    uint8_t t[2 + sizeof ctx + POINT + 4 + 2 * M * POINT] = {0, sizeof ctx};
    uint8_t digest[64];
    size_t n = 2;

    open_fixture(&f);
    memcpy(t + n, ctx, sizeof ctx);
    n += sizeof ctx;
    memcpy(t + n, mdl_scalar_key_public(f.key), POINT);
    n += POINT + 4;
    t[n - 1] = M;
    for (size_t i = 0; i < M; i++, n += 2 * POINT) {
        memcpy(t + n, f.C + i * POINT, POINT);
        memcpy(t + n + POINT, f.D + i * POINT, POINT);
    }
    ck_assert_uint_eq(n, sizeof t);
    crypto_hash_sha512(digest, t, n);
    ck_assert_uint_eq(f.d.context_len, 10 + 64);
    assert_bytes(f.d.context, "MDL1-DLEQ-", 10);
    assert_bytes(f.d.context + 10, digest, 64);
    close_fixture(&f);
}
END_TEST

/* The defence: one C or D changes every weight, not only its own. */
START_TEST(each_row_changes_all_weights)
{
    struct fixture f;
    uint8_t before[M * 32];
    uint8_t after[M * 32];

    open_fixture(&f);
    weights(&f, before);
    for (size_t i = 0; i < 2 * M; i++) {
        uint8_t *p = (i < M ? f.D : f.C) + i % M * POINT;
        uint8_t good[POINT];

        memcpy(good, p, POINT);
        mdl_group_add(p, mdl_group_generator, p);
        begin(&f);
        weights(&f, after);
        ck_assert_uint_eq(equal_weights(before, after), 0);
        memcpy(p, good, POINT);
    }
    begin(&f);
    weights(&f, after);
    ck_assert_uint_eq(equal_weights(before, after), M);
    close_fixture(&f);
}
END_TEST

/* The weights of the RFC's mode, for contrast: one D leaves all others as they are. That is what
 * the attack needs, and why that mode is not in group.h. */
START_TEST(rfc_weights_are_unbound)
{
    struct fixture f;
    uint8_t context[MDL_OPRF_CONTEXT_BYTES];
    uint8_t before[M * 32];
    uint8_t after[M * 32];

    open_fixture(&f);
    mdl_oprf_context(MDL_VOPRF, context);
    mdl_dleq_begin_rfc9497(&f.d, context, mdl_scalar_key_public(f.key), M);
    weights(&f, before);
    mdl_group_add(f.D, mdl_group_generator, f.D);
    weights(&f, after);
    ck_assert_uint_eq(equal_weights(before, after), M - 1);
    close_fixture(&f);
}
END_TEST

START_TEST(context_key_and_size_change_all_weights)
{
    struct fixture f;
    uint8_t before[M * 32];
    uint8_t after[M * 32];
    struct mdl_scalar_key *other = random_key();
    const uint8_t *K = mdl_scalar_key_public(other);

    open_fixture(&f);
    weights(&f, before);
    ck_assert_int_eq(mdl_dleq_begin(&f.d, ctx, sizeof ctx, K, f.C, f.D, M, NULL), MDL_OK);
    weights(&f, after);
    ck_assert_uint_eq(equal_weights(before, after), 0);
    K = mdl_scalar_key_public(f.key);
    ck_assert_int_eq(mdl_dleq_begin(&f.d, ctx, sizeof ctx - 1, K, f.C, f.D, M, NULL), MDL_OK);
    weights(&f, after);
    ck_assert_uint_eq(equal_weights(before, after), 0);
    ck_assert_int_eq(mdl_dleq_begin(&f.d, ctx, sizeof ctx, K, f.C, f.D, M - 1, NULL), MDL_OK);
    ck_assert_int_eq(mdl_dleq_row_weights(&f.d, 0, M - 1, f.C, f.D, after, NULL), MDL_OK);
    memset(after + 32 * (M - 1), 0, 32);
    ck_assert_uint_eq(equal_weights(before, after), 0);
    mdl_scalar_key_free(other);
    close_fixture(&f);
}
END_TEST

/* Full size: 252 bits are in use, no two rows share one, and a pair repeated at another row too. */
START_TEST(weights_are_full_size)
{
    struct fixture f;
    uint8_t w[M * 32];
    uint8_t seen[32] = {0};

    open_fixture(&f);
    memcpy(f.C + POINT, f.C, POINT);
    memcpy(f.D + POINT, f.D, POINT);
    begin(&f);
    weights(&f, w);
    for (size_t i = 0; i < M; i++) {
        ck_assert(mdl_group_scalar_valid(w + 32 * i));
        for (size_t j = 0; j < i; j++) {
            ck_assert_mem_ne(w + 32 * i, w + 32 * j, 32);
        }
        for (size_t b = 0; b < 32; b++) {
            seen[b] |= w[32 * i + b];
        }
    }
    for (size_t b = 0; b < 32; b++) {
        ck_assert_uint_ne(seen[b], 0);
    }
    close_fixture(&f);
}
END_TEST

static void times(const uint8_t *scalar, const uint8_t *p, uint8_t *out)
{
    struct mdl_scalar_key *key = NULL;

    ck_assert_int_eq(mdl_scalar_key_from_bytes(scalar, &key, NULL), MDL_OK);
    ck_assert_int_eq(mdl_group_evaluate(key, p, 1, out, NULL, NULL), MDL_OK);
    mdl_scalar_key_free(key);
}

/* A pair of false rows that cancel: D0 + w1*P, D1 - w0*P leave the sum over the *old* weights as it
 * was, so a scheme whose weights did not move with the rows would take it. */
START_TEST(cancelling_rows)
{
    struct fixture f;
    uint8_t w[M * 32];
    uint8_t shift[2][POINT];
    uint8_t sum[2][POINT];
    uint8_t t[POINT];
    uint8_t proof[MDL_PROOF_BYTES];
    const uint8_t *K = NULL;

    open_fixture(&f);
    K = mdl_scalar_key_public(f.key);
    weights(&f, w);
    ck_assert_int_eq(mdl_dleq_prove(f.key, ctx, sizeof ctx, f.C, f.D, M, fresh, proof, NULL),
                     MDL_OK);
    for (size_t i = 0; i < 2; i++) {
        times(w, f.D, sum[i]);
        times(w + 32, f.D + POINT, t);
        mdl_group_add(sum[i], t, sum[i]);
        times(w + 32, f.C + 2 * POINT, shift[0]);
        times(w, f.C + 2 * POINT, shift[1]);
        mdl_group_add(f.D, shift[0], f.D);
        ck_assert_int_eq(crypto_core_ristretto255_sub(f.D + POINT, f.D + POINT, shift[1]), 0);
    }
    assert_bytes(sum[0], sum[1], POINT);
    ck_assert_int_eq(mdl_dleq_verify(K, ctx, sizeof ctx, f.C, f.D, M, proof, NULL), MDL_P_PROOF);
    ck_assert_int_eq(mdl_dleq_prove(f.key, ctx, sizeof ctx, f.C, f.D, M, fresh, proof, NULL),
                     MDL_OK);
    ck_assert_int_eq(mdl_dleq_verify(K, ctx, sizeof ctx, f.C, f.D, M, proof, NULL), MDL_P_PROOF);
    close_fixture(&f);
}
END_TEST

/* However the rows are divided, the same proof comes out, and it verifies from any other division.
 */
START_TEST(any_division)
{
    static const size_t cuts[][4] = {{0, M, M, M}, {0, 1, 2, M}, {0, 3, 7, M}, {0, M - 1, M, M}};
    struct fixture f;
    uint8_t first[MDL_PROOF_BYTES];
    uint8_t proof[MDL_PROOF_BYTES];

    open_fixture(&f);
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        struct mdl_dleq_part p[3];
        struct mdl_dleq_part v[3];
        size_t n = 0;

        for (size_t j = 0; j < 3 && cuts[i][j] < M; j++, n++) {
            size_t at = cuts[i][j];
            size_t m = cuts[i][j + 1] - at;
            const uint8_t *C = f.C + at * POINT;
            const uint8_t *D = f.D + at * POINT;

            ck_assert_int_eq(mdl_dleq_sum_prover(&f.d, at, m, C, D, &p[j], NULL), MDL_OK);
            ck_assert_int_eq(mdl_dleq_sum_verifier(&f.d, at, m, C, D, &v[j], NULL), MDL_OK);
            assert_bytes(p[j].m_sum, v[j].m_sum, POINT);
        }
        ck_assert_int_eq(mdl_dleq_finish_prove(&f.d, f.key, p, n, fresh, proof, NULL), MDL_OK);
        if (i == 0) {
            memcpy(first, proof, sizeof first);
        }
        assert_bytes(proof, first, sizeof first);
        ck_assert_int_eq(mdl_dleq_finish_verify(&f.d, v, n, first, NULL), MDL_OK);
    }
    close_fixture(&f);
}
END_TEST

START_TEST(parts_must_tile_the_rows)
{
    struct fixture f;
    struct mdl_dleq_part v[3];
    struct mdl_dleq_part prover;
    struct mdl_dleq_part swapped[2];
    uint8_t proof[MDL_PROOF_BYTES];

    open_fixture(&f);
    ck_assert_int_eq(mdl_dleq_prove(f.key, ctx, sizeof ctx, f.C, f.D, M, fresh, proof, NULL),
                     MDL_OK);
    ck_assert_int_eq(mdl_dleq_sum_verifier(&f.d, 0, 4, f.C, f.D, &v[0], NULL), MDL_OK);
    ck_assert_int_eq(
        mdl_dleq_sum_verifier(&f.d, 4, M - 4, f.C + 4 * POINT, f.D + 4 * POINT, &v[1], NULL),
        MDL_OK);
    v[2] = v[1];
    ck_assert_int_eq(mdl_dleq_finish_verify(&f.d, v, 2, proof, NULL), MDL_OK);
    ck_assert_int_eq(mdl_dleq_finish_verify(&f.d, v, 0, proof, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_dleq_finish_verify(&f.d, v, 1, proof, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_dleq_finish_verify(&f.d, v + 1, 1, proof, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_dleq_finish_verify(&f.d, v, 3, proof, NULL), MDL_U_ARGUMENT);
    swapped[0] = v[1];
    swapped[1] = v[0];
    ck_assert_int_eq(mdl_dleq_finish_verify(&f.d, swapped, 2, proof, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_dleq_sum_prover(&f.d, 0, M, f.C, f.D, &prover, NULL), MDL_OK);
    ck_assert_int_eq(mdl_dleq_finish_verify(&f.d, &prover, 1, proof, NULL), MDL_U_ARGUMENT);
    v[0].seed[0] ^= 1; /* a part of another statement */
    ck_assert_int_eq(mdl_dleq_finish_verify(&f.d, v, 2, proof, NULL), MDL_U_ARGUMENT);
    close_fixture(&f);
}
END_TEST

START_TEST(ranges_outside)
{
    struct fixture f;
    struct mdl_dleq_part part;

    open_fixture(&f);
    ck_assert_int_eq(mdl_dleq_sum_prover(&f.d, 0, 0, f.C, f.D, &part, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_dleq_sum_prover(&f.d, 0, M + 1, f.C, f.D, &part, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_dleq_sum_prover(&f.d, M, 1, f.C, f.D, &part, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_dleq_sum_verifier(&f.d, 1, SIZE_MAX, f.C, f.D, &part, NULL),
                     MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_dleq_sum_verifier(&f.d, SIZE_MAX, 1, f.C, f.D, &part, NULL),
                     MDL_U_ARGUMENT);
    close_fixture(&f);
}
END_TEST

START_TEST(begin_refuses)
{
    static const uint8_t zero[POINT];
    struct fixture f;
    struct mdl_dleq d;
    const uint8_t *K = NULL;
    uint8_t bad[POINT];

    open_fixture(&f);
    K = mdl_scalar_key_public(f.key);
    memset(bad, 0xff, sizeof bad);
    ck_assert_int_eq(mdl_dleq_begin(&d, ctx, 4, K, f.C, f.D, 0, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_dleq_begin(&d, ctx, 4, K, f.C, f.D, MDL_DLEQ_ROWS_MAX + 1, NULL),
                     MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_dleq_begin(&d, ctx, 65536, K, f.C, f.D, M, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_dleq_begin(&d, ctx, 4, zero, f.C, f.D, M, NULL), MDL_P_KEY);
    ck_assert_int_eq(mdl_dleq_begin(&d, ctx, 4, bad, f.C, f.D, M, NULL), MDL_P_KEY);
    ck_assert_int_eq(mdl_dleq_begin(&d, ctx, 4, mdl_group_generator, f.C, f.D, M, NULL), MDL_P_KEY);
    ck_assert_int_eq(mdl_dleq_begin(&d, NULL, 0, K, f.C, f.D, M, NULL), MDL_OK);
    close_fixture(&f);
}
END_TEST

START_TEST(bad_rows)
{
    struct fixture f;
    uint8_t proof[MDL_PROOF_BYTES];
    const uint8_t *K = NULL;

    open_fixture(&f);
    K = mdl_scalar_key_public(f.key);
    for (size_t i = 0; i < 4; i++) { /* C or D, no encoding or the identity */
        uint8_t *p = (i % 2 == 0 ? f.C : f.D) + 5 * POINT;
        enum mdl_status want = i < 2 ? MDL_P_ENCODING : MDL_P_IDENTITY;
        uint8_t good[POINT];
        struct mdl_error err;

        ck_assert_int_eq(mdl_dleq_prove(f.key, ctx, sizeof ctx, f.C, f.D, M, fresh, proof, NULL),
                         MDL_OK);
        memcpy(good, p, POINT);
        memset(p, i < 2 ? 0xff : 0, POINT);
        ck_assert_int_eq(mdl_dleq_verify(K, ctx, sizeof ctx, f.C, f.D, M, proof, &err), want);
        ck_assert_ptr_nonnull(strstr(err.text, "element 5 of 8"));
        if (i % 2 == 0) {
            ck_assert_int_eq(
                mdl_dleq_prove(f.key, ctx, sizeof ctx, f.C, f.D, M, fresh, proof, NULL), want);
        }
        memcpy(p, good, POINT);
    }
    close_fixture(&f);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("group/dleq_rows");
    TCase *t = tcase_create("rows");

    tcase_add_test(t, context_string);
    tcase_add_test(t, each_row_changes_all_weights);
    tcase_add_test(t, rfc_weights_are_unbound);
    tcase_add_test(t, context_key_and_size_change_all_weights);
    tcase_add_test(t, weights_are_full_size);
    tcase_add_test(t, cancelling_rows);
    tcase_add_test(t, any_division);
    tcase_add_test(t, parts_must_tile_the_rows);
    tcase_add_test(t, ranges_outside);
    tcase_add_test(t, begin_refuses);
    tcase_add_test(t, bad_rows);
    suite_add_tcase(s, t);
    return run_suite(s);
}
