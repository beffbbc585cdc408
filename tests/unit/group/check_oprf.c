/* check_oprf.c: the building blocks, put together as RFC 9497 does, give its vectors (appendix
 * A.1). Reads tests/vectors/voprf; modes OPRF and VOPRF of ristretto255-SHA512. */
#include "support.h"

#include <string.h>

#define POINT    MDL_POINT_BYTES
#define BATCH    2 /* the largest in the file */
#define CONTEXT  MDL_OPRF_CONTEXT_BYTES
#define HASH_DST "HashToGroup-"

struct suite {
    enum mdl_oprf_mode mode;
    const json_t *json;
    struct mdl_scalar_key *server;
    uint8_t context[CONTEXT];
    uint8_t dst[sizeof HASH_DST - 1 + CONTEXT];
};

/* One vector: what each side sends, row by row. */
struct rows {
    size_t m;
    uint8_t blinded[BATCH * POINT];
    uint8_t evaluated[BATCH * POINT];
};

static void open_suite(struct suite *s, const json_t *root, enum mdl_oprf_mode mode)
{
    uint8_t bytes[64];
    uint8_t info[64];
    size_t i = 0;
    const json_t *v = NULL;

    json_array_foreach(root, i, v)
    {
        if (strcmp(member(v, "identifier"), "ristretto255-SHA512") == 0 &&
            json_integer_value(json_object_get(v, "mode")) == (json_int_t)mode) {
            s->json = v;
        }
    }
    ck_assert_ptr_nonnull(s->json);
    s->mode = mode;
    mdl_oprf_context(mode, s->context);
    memcpy(s->dst, HASH_DST, sizeof HASH_DST - 1);
    memcpy(s->dst + sizeof HASH_DST - 1, s->context, CONTEXT);
    ck_assert_uint_eq(unhex(member(s->json, "groupDST"), bytes, sizeof bytes), sizeof s->dst);
    assert_bytes(bytes, s->dst, sizeof s->dst);

    ck_assert_uint_eq(unhex(member(s->json, "seed"), bytes, 32), 32);
    size_t info_len = unhex(member(s->json, "keyInfo"), info, sizeof info);
    ck_assert_int_eq(mdl_oprf_derive_key(mode, bytes, info, info_len, &s->server, NULL), MDL_OK);
    ck_assert_uint_eq(unhex(member(s->json, "skSm"), bytes, 32), 32);
    assert_bytes(mdl_scalar_key_bytes(s->server), bytes, 32);
    if (mode == MDL_VOPRF) {
        ck_assert_uint_eq(unhex(member(s->json, "pkSm"), bytes, 32), 32);
        assert_bytes(mdl_scalar_key_public(s->server), bytes, 32);
    }
}

/* Blind, BlindEvaluate, Finalize of one row. */
static void run_row(const struct suite *s, const json_t *v, size_t i, struct rows *rows)
{
    uint8_t input[64];
    uint8_t want[64];
    uint8_t out[64];
    struct mdl_scalar_key *blind = NULL;
    size_t offset[2] = {0, unhex_part(member(v, "Input"), i, input, sizeof input)};
    const struct mdl_inputs in = {input, offset, 1};
    uint8_t *blinded = rows->blinded + i * POINT;
    uint8_t *evaluated = rows->evaluated + i * POINT;

    ck_assert_uint_eq(unhex_part(member(v, "Blind"), i, want, 64), 32);
    ck_assert_int_eq(mdl_scalar_key_from_bytes(want, &blind, NULL), MDL_OK);
    ck_assert_int_eq(mdl_group_hash_blind(blind, s->dst, sizeof s->dst, &in, blinded, NULL, NULL),
                     MDL_OK);
    ck_assert_uint_eq(unhex_part(member(v, "BlindedElement"), i, want, 64), POINT);
    assert_bytes(blinded, want, POINT);
    ck_assert_int_eq(mdl_group_evaluate(s->server, blinded, 1, evaluated, NULL, NULL), MDL_OK);
    ck_assert_uint_eq(unhex_part(member(v, "EvaluationElement"), i, want, 64), POINT);
    assert_bytes(evaluated, want, POINT);
    ck_assert_int_eq(mdl_oprf_finalize(input, offset[1], blind, evaluated, out, NULL), MDL_OK);
    ck_assert_uint_eq(unhex_part(member(v, "Output"), i, want, 64), 64);
    assert_bytes(out, want, 64);
    mdl_scalar_key_free(blind);
}

/* GenerateProof with the vector's r gives the vector's proof; VerifyProof takes it. */
static void run_proof(const struct suite *s, const json_t *v, const struct rows *rows)
{
    const json_t *p = json_object_get(v, "Proof");
    uint8_t r[MDL_SCALAR_BYTES];
    uint8_t want[MDL_PROOF_BYTES];
    uint8_t got[MDL_PROOF_BYTES];
    struct mdl_dleq d;
    struct mdl_dleq_part part;

    ck_assert_uint_eq(unhex(member(p, "r"), r, sizeof r), sizeof r);
    ck_assert_uint_eq(unhex(member(p, "proof"), want, sizeof want), sizeof want);
    mdl_dleq_begin_rfc9497(&d, s->context, mdl_scalar_key_public(s->server), rows->m);
    ck_assert_int_eq(
        mdl_dleq_sum_prover(&d, 0, rows->m, rows->blinded, rows->evaluated, &part, NULL), MDL_OK);
    ck_assert_int_eq(mdl_dleq_finish_prove_nonce(&d, s->server, &part, 1, r, got, NULL), MDL_OK);
    assert_bytes(got, want, sizeof want);
    ck_assert_int_eq(
        mdl_dleq_sum_verifier(&d, 0, rows->m, rows->blinded, rows->evaluated, &part, NULL), MDL_OK);
    ck_assert_int_eq(mdl_dleq_finish_verify(&d, &part, 1, want, NULL), MDL_OK);
    for (size_t i = 0; i < sizeof want; i += 7) {
        want[i] ^= 1;
        ck_assert_int_eq(mdl_dleq_finish_verify(&d, &part, 1, want, NULL), MDL_P_PROOF);
        want[i] ^= 1;
    }
}

static void run_mode(enum mdl_oprf_mode mode, size_t n_vectors)
{
    json_t *root = load_vectors("voprf/allVectors.json");
    struct suite s = {.json = NULL};
    const json_t *list = NULL;

    open_suite(&s, root, mode);
    list = json_object_get(s.json, "vectors");
    ck_assert_uint_eq(json_array_size(list), n_vectors);
    for (size_t i = 0; i < n_vectors; i++) {
        const json_t *v = json_array_get(list, i);
        struct rows rows = {.m = (size_t)json_integer_value(json_object_get(v, "Batch"))};

        ck_assert_uint_ge(rows.m, 1);
        ck_assert_uint_le(rows.m, BATCH);
        for (size_t row = 0; row < rows.m; row++) {
            run_row(&s, v, row, &rows);
        }
        if (mode == MDL_VOPRF) {
            run_proof(&s, v, &rows);
        }
    }
    mdl_scalar_key_free(s.server);
    json_decref(root);
}

START_TEST(oprf)
{
    run_mode(MDL_OPRF, 2);
}
END_TEST

START_TEST(voprf)
{
    run_mode(MDL_VOPRF, 3);
}
END_TEST

START_TEST(finalize_refuses)
{
    static const uint8_t zero[POINT];
    uint8_t bad[POINT];
    uint8_t out[64];
    struct mdl_scalar_key *blind = random_key();

    memset(bad, 0xff, sizeof bad);
    ck_assert_int_eq(mdl_oprf_finalize(NULL, 0, blind, zero, out, NULL), MDL_P_IDENTITY);
    ck_assert_int_eq(mdl_oprf_finalize(NULL, 0, blind, bad, out, NULL), MDL_P_ENCODING);
    mdl_scalar_key_free(blind);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("group/oprf");
    TCase *t = tcase_create("rfc9497");

    tcase_add_test(t, oprf);
    tcase_add_test(t, voprf);
    tcase_add_test(t, finalize_refuses);
    suite_add_tcase(s, t);
    return run_suite(s);
}
