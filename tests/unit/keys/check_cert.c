/* check_cert.c: certificates against known bytes; what is refused, and with which status. */
#include "support.h"

#include <string.h>

#define FROM ((int64_t)1800000000)
#define TO   ((int64_t)1900000000)

START_TEST(the_known_certificate)
{
    json_t *known = load_vectors("keys/known.json");
    uint8_t bytes[MDL_CERT_BYTES + 1];
    uint8_t again[MDL_CERT_BYTES];
    uint8_t want[32];
    struct mdl_curve_cert c;

    ck_assert_uint_eq(bytes_of(known, "certificate", bytes, sizeof bytes), MDL_CERT_BYTES);
    ck_assert_int_eq(mdl_cert_decode(bytes, MDL_CERT_BYTES, &c, NULL), MDL_OK);
    ck_assert_int_eq(mdl_cert_verify(&c, NOW, NULL), MDL_OK);
    (void)bytes_of(known, "identity", want, sizeof want);
    ck_assert_mem_eq(c.identity, want, sizeof want);
    (void)bytes_of(known, "curve", want, sizeof want);
    ck_assert_mem_eq(c.curve, want, sizeof want);
    ck_assert_int_eq(c.serial, number_of(known, "serial"));
    ck_assert_int_eq(c.not_before, number_of(known, "not_before"));
    ck_assert_int_eq(c.not_after, number_of(known, "not_after"));
    mdl_cert_encode(&c, again);
    ck_assert_mem_eq(again, bytes, sizeof again);
    json_decref(known);
}
END_TEST

START_TEST(every_bit_counts)
{
    struct mdl_identity *id = identity_of(1);
    struct mdl_curve_cert c = cert_of(id, 1, FROM, TO);
    struct mdl_curve_cert d;
    uint8_t bytes[MDL_CERT_BYTES];

    mdl_cert_encode(&c, bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        enum mdl_status st = mdl_cert_decode(bytes, sizeof bytes, &d, NULL);
        if (bit < 8) {
            ck_assert_int_eq(st, MDL_P_VERSION);
        } else if (st == MDL_OK) {
            ck_assert_int_eq(mdl_cert_verify(&d, NOW, NULL), MDL_P_SIGNATURE);
        } else {
            ck_assert_int_eq(st, MDL_P_MALFORMED);
        }
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    mdl_identity_free(id);
}
END_TEST

START_TEST(lengths)
{
    struct mdl_identity *id = identity_of(1);
    struct mdl_error err = {0};
    struct mdl_curve_cert c = cert_of(id, 1, FROM, TO);
    uint8_t bytes[MDL_CERT_BYTES + 1] = {0};

    mdl_cert_encode(&c, bytes);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        if (len != MDL_CERT_BYTES) {
            expect(mdl_cert_decode(bytes, len, &c, &err), MDL_P_MALFORMED, &err, "149 bytes");
        }
    }
    bytes[0] = 2;
    expect(mdl_cert_decode(bytes, 300, &c, &err), MDL_P_VERSION, &err, "Upgrade");
    mdl_identity_free(id);
}
END_TEST

START_TEST(fields_that_make_no_sense)
{
    static const struct {
        uint32_t serial;
        int64_t from;
        int64_t to;
        const char *words;
    } bad[] = {
        {0, FROM, TO, "begins at 1"},     {1, TO, FROM, "no sense"},
        {1, FROM, FROM, "no sense"},      {1, -1, TO, "no sense"},
        {1, FROM, INT64_MIN, "no sense"}, {1, FROM, MDL_TIME_MAX + 1, "no sense"},
        {1, INT64_MIN, TO, "no sense"},
    };
    struct mdl_identity *id = identity_of(1);
    struct mdl_error err = {0};
    uint8_t bytes[MDL_CERT_BYTES];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mdl_curve_cert c = cert_of(id, bad[i].serial, bad[i].from, bad[i].to);
        expect(mdl_cert_verify(&c, NOW, &err), MDL_P_MALFORMED, &err, bad[i].words);
        mdl_cert_encode(&c, bytes);
        expect(mdl_cert_decode(bytes, sizeof bytes, &c, &err), MDL_P_MALFORMED, &err, bad[i].words);
    }
    mdl_identity_free(id);
}
END_TEST

START_TEST(validity)
{
    struct mdl_identity *id = identity_of(1);
    struct mdl_error err = {0};
    struct mdl_curve_cert c = cert_of(id, 1, FROM, TO);

    ck_assert_int_eq(mdl_cert_verify(&c, FROM, NULL), MDL_OK);
    ck_assert_int_eq(mdl_cert_verify(&c, FROM - MDL_CLOCK_SKEW, NULL), MDL_OK);
    ck_assert_int_eq(mdl_cert_verify(&c, TO, NULL), MDL_OK);
    expect(mdl_cert_verify(&c, FROM - MDL_CLOCK_SKEW - 1, &err), MDL_P_UNKNOWN_KEY, &err,
           "from 2027-01-15 08:00 UTC");
    expect(mdl_cert_verify(&c, TO + 1, &err), MDL_P_UNKNOWN_KEY, &err,
           "ended on 2030-03-17 17:46 UTC");
    expect(mdl_cert_verify(&c, INT64_MIN, &err), MDL_P_UNKNOWN_KEY, &err, "clocks");
    expect(mdl_cert_verify(&c, INT64_MAX, &err), MDL_P_UNKNOWN_KEY, &err, "rotate");
    mdl_identity_free(id);
}
END_TEST

START_TEST(a_signature_of_another_kind_is_none)
{
    struct mdl_identity *id = identity_of(1);
    struct mdl_error err = {0};
    struct mdl_curve_cert c = cert_of(id, 1, FROM, TO);
    uint8_t bytes[MDL_CERT_BYTES];

    /* Signed are the right bytes, but not under the tagged hash. */
    mdl_cert_encode(&c, bytes);
    mdl_identity_sign(id, bytes, sizeof bytes - MDL_SIGNATURE_BYTES, c.signature);
    expect(mdl_cert_verify(&c, NOW, &err), MDL_P_SIGNATURE, &err, "does not verify");
    mdl_identity_free(id);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keys/cert");
    TCase *t = tcase_create("cert");

    tcase_add_test(t, the_known_certificate);
    tcase_add_test(t, every_bit_counts);
    tcase_add_test(t, lengths);
    tcase_add_test(t, fields_that_make_no_sense);
    tcase_add_test(t, validity);
    tcase_add_test(t, a_signature_of_another_kind_is_none);
    suite_add_tcase(s, t);
    return run_suite(s);
}
