/* check_agreement_record.c: an exported agreement: it verifies, and no byte of it can be changed
 * without that being found. */
#include <agreement_record.h>
#include <check.h>
#include <service.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static struct mdl_error err;

struct party {
    uint8_t public[32], secret[64];
};
static struct party party[2]; /* by role */
static uint8_t bytes[MDL_AGREEMENT_MAX];
static struct mdl_agreement_file file;
static uint8_t signature[2][64], revocation[2][64];

static int sign(void *ctx, const uint8_t *msg, size_t len, uint8_t sig[64])
{
    const struct party *p = ctx;
    return crypto_sign_detached(sig, NULL, msg, len, p->secret);
}

static void make(bool revoked_by_b)
{
    struct mdl_agreement a;
    uint8_t profiles[1][32] = {{7}};
    uint8_t nonce[MDL_AGREEMENT_NONCE] = {9};
    uint8_t hash[MDL_AGREEMENT_HASH];
    struct mdl_statement_parts parts = {.hash = hash};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(crypto_sign_keypair(party[i].public, party[i].secret), 0);
    }
    if (memcmp(party[0].public, party[1].public, 32) > 0) {
        struct party p = party[0];
        party[0] = party[1];
        party[1] = p;
    }
    struct mdl_agreement_party of_a = {party[0].public, "Northwind"};
    struct mdl_agreement_party of_b = {party[1].public, "Contoso"};
    ck_assert_int_eq(mdl_agreement_draft(&of_a, &of_b, (const uint8_t(*)[32])profiles, 1,
                                         1700000000000, nonce, &a, &err),
                     MDL_OK);
    a.valid_until = 4000000000000;
    ck_assert_int_eq(mdl_agreement_encode(&a, bytes, &file.len, &err), MDL_OK);
    file.bytes = bytes;
    mdl_agreement_hash(bytes, file.len, hash);
    for (int i = 0; i < 2; i++) {
        struct mdl_signer signer = {.ctx = &party[i], .sign = sign};
        enum mdl_role role = (enum mdl_role)i;
        ck_assert_int_eq(
            mdl_statement_sign(MDL_SAY_AGREEMENT, &parts, role, &signer, signature[i], &err),
            MDL_OK);
        ck_assert_int_eq(
            mdl_statement_sign(MDL_SAY_REVOKE, &parts, role, &signer, revocation[i], &err), MDL_OK);
        file.signature[i] = signature[i];
        file.revocation[i] = NULL;
    }
    file.revocation[1] = revoked_by_b ? revocation[1] : NULL;
}

static enum mdl_status verify(const char *text, size_t len, json_t **doc)
{
    err = (struct mdl_error){MDL_OK, ""};
    *doc = NULL;
    return mdl_node_verify_agreement(text, len, doc, &err);
}

static const char *text_at(const json_t *doc, const char *name)
{
    return json_string_value(json_object_get(doc, name));
}

START_TEST(whole_ones_verify)
{
    static const char *const states[] = {"not-revoked", "revoked"};
    for (int revoked = 0; revoked < 2; revoked++) {
        json_t *doc;
        make(revoked == 1);
        char *text = record_write(&file);
        ck_assert_ptr_nonnull(text);
        enum mdl_status st = verify(text, strlen(text), &doc);
        ck_assert_msg(st == MDL_OK, "%s", err.text);
        ck_assert_str_eq(text_at(doc, "state"), states[revoked]);
        ck_assert_ptr_nonnull(strstr(text_at(doc, "unknown"), "only a node knows"));
        const json_t *b = json_array_get(json_object_get(doc, "parties"), 1);
        ck_assert_str_eq(text_at(b, "name"), "Contoso");
        ck_assert(json_is_boolean(json_object_get(b, "revoked")));
        ck_assert_int_eq(json_is_true(json_object_get(b, "revoked")), revoked);
        ck_assert_uint_eq(json_array_size(json_object_get(doc, "cells")), 9);
        json_decref(doc);
        free(text);
    }
}
END_TEST

static void found(const char *text, size_t len, const char *what, size_t at)
{
    json_t *doc;
    enum mdl_status st = verify(text, len, &doc);
    ck_assert_msg(mdl_status_class(st) == MDL_CLASS_PEER, "%s at byte %zu: %s", what, at,
                  mdl_status_slug(st));
    ck_assert_ptr_null(doc);
    ck_assert_str_ne(err.text, "");
}

/* Every bit of every byte; every byte left out, doubled, and the end cut there. */
START_TEST(every_change_is_found)
{
    make(true);
    char *text = record_write(&file);
    ck_assert_ptr_nonnull(text);
    size_t len = strlen(text);
    char *copy = malloc(len + 2);
    ck_assert_ptr_nonnull(copy);
    for (size_t i = 0; i < len; i++) {
        memcpy(copy, text, len);
        for (unsigned bit = 0; bit < 8; bit++) {
            copy[i] = (char)((unsigned char)text[i] ^ (1u << bit));
            found(copy, len, "a bit", i);
        }
        memcpy(copy, text, i);
        memcpy(copy + i, text + i + 1, len - i - 1);
        found(copy, len - 1, "left out", i);
        memcpy(copy, text, i + 1);
        memcpy(copy + i + 1, text + i, len - i);
        found(copy, len + 1, "doubled", i);
        found(text, i, "cut", i);
    }
    free(copy);
    free(text);
}
END_TEST

/* Well-formed records whose signatures are true, of something else. */
START_TEST(signatures_of_others_are_found)
{
    char *text;
    make(false);
    file.signature[0] = signature[1];
    file.signature[1] = signature[0];
    text = record_write(&file);
    found(text, strlen(text), "swapped", 0);
    free(text);
    make(false);
    file.signature[1] = signature[0];
    text = record_write(&file);
    found(text, strlen(text), "one for both", 0);
    free(text);
    make(false);
    file.revocation[0] = revocation[1];
    text = record_write(&file);
    found(text, strlen(text), "the other's revocation", 0);
    ck_assert_ptr_nonnull(strstr(err.text, "the revocation of Northwind does not verify"));
    free(text);
    make(false);
    file.revocation[0] = signature[0];
    text = record_write(&file);
    found(text, strlen(text), "a signature as revocation", 0);
    free(text);
}
END_TEST

START_TEST(what_is_no_record)
{
    static const char *const texts[] = {"",
                                        "\n",
                                        "mandorla agreement record 1",
                                        "hello\n",
                                        "mandorla agreement record 1\nagreement 0\n",
                                        "mandorla agreement record 1\nagreement 99999999\n",
                                        "mandorla agreement record 2\nagreement 1\n00\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_t *doc;
        ck_assert_int_eq(verify(texts[i], strlen(texts[i]), &doc), MDL_P_MALFORMED);
        ck_assert_ptr_nonnull(strstr(err.text, "no agreement record"));
    }
    char *huge = calloc(1, RECORD_MAX + 1);
    ck_assert_ptr_nonnull(huge);
    json_t *doc;
    ck_assert_int_eq(verify(huge, RECORD_MAX + 1, &doc), MDL_P_MALFORMED);
    free(huge);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("agreement-record");
    TCase *t = tcase_create("agreement-record");
    if (sodium_init() < 0) {
        return 1;
    }
    tcase_set_timeout(t, 120);
    tcase_add_test(t, whole_ones_verify);
    tcase_add_test(t, every_change_is_found);
    tcase_add_test(t, signatures_of_others_are_found);
    tcase_add_test(t, what_is_no_record);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
