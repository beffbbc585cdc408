/* check_card.c: cards verified before they are pinned, and certificates that replace a pinned one.
 */
#include "support.h"

#include <string.h>

#define FROM ((int64_t)1800000000)
#define TO   ((int64_t)1900000000)

static struct mdl_identity *id;
static struct mdl_identity *other;
static struct mdl_partner_card card;
static struct mdl_partner_card before;
static struct mdl_error err;

static void setup(void)
{
    id = identity_of(1);
    other = identity_of(2);
    memset(&card, 0, sizeof card);
    memcpy(card.name, "Acme", 5);
    memcpy(card.endpoint, "tcp://acme.example:7400", 24);
    memcpy(card.identity, mdl_identity_public(id), sizeof card.identity);
    card.cert = cert_of(id, 5, FROM, TO);
    before = card;
    memset(&err, 0, sizeof err);
}

static void teardown(void)
{
    mdl_identity_free(id);
    mdl_identity_free(other);
}

START_TEST(a_good_card)
{
    ck_assert_int_eq(mdl_card_verify(&card, NOW, &err), MDL_OK);
    card.endpoint[0] = '\0';
    ck_assert_int_eq(mdl_card_verify(&card, NOW, &err), MDL_OK);
}
END_TEST

START_TEST(bad_cards)
{
    card.name[0] = '\0';
    expect(mdl_card_verify(&card, NOW, &err), MDL_U_ARGUMENT, &err, "name");
    card = before;
    card.endpoint[0] = 'x';
    expect(mdl_card_verify(&card, NOW, &err), MDL_U_ARGUMENT, &err, "tcp://");
    card = before;
    card.cert = cert_of(other, 5, FROM, TO);
    expect(mdl_card_verify(&card, NOW, &err), MDL_P_UNKNOWN_KEY, &err, "another identity");
    card = before;
    card.cert.curve[3] ^= 1;
    expect(mdl_card_verify(&card, NOW, &err), MDL_P_SIGNATURE, &err, "does not verify");
    card = before;
    expect(mdl_card_verify(&card, TO + 1, &err), MDL_P_UNKNOWN_KEY, &err, "ended");
    card.cert.serial = 0;
    expect(mdl_card_verify(&card, NOW, &err), MDL_P_MALFORMED, &err, "serial");
}
END_TEST

static enum mdl_status rotate(const struct mdl_curve_cert *c, int64_t now)
{
    uint8_t bytes[MDL_CERT_BYTES];

    mdl_cert_encode(c, bytes);
    return mdl_card_rotate(&card, bytes, sizeof bytes, now, &err);
}

static void refused(const struct mdl_curve_cert *c, int64_t now, enum mdl_status want,
                    const char *words)
{
    expect(rotate(c, now), want, &err, words);
    ck_assert_mem_eq(&card, &before, sizeof card);
}

START_TEST(a_newer_certificate_replaces)
{
    struct mdl_curve_cert c = cert_of(id, 6, FROM, TO);

    ck_assert_int_eq(rotate(&c, NOW), MDL_OK);
    ck_assert_uint_eq(card.cert.serial, 6);
    ck_assert_mem_eq(card.cert.curve, c.curve, sizeof c.curve);
    ck_assert_str_eq(card.name, before.name);
    c = cert_of(id, UINT32_MAX, FROM, TO);
    ck_assert_int_eq(rotate(&c, NOW), MDL_OK);
    ck_assert_int_eq(mdl_card_verify(&card, NOW, &err), MDL_OK);
}
END_TEST

START_TEST(the_same_again_changes_nothing)
{
    ck_assert_int_eq(rotate(&before.cert, NOW), MDL_OK);
    ck_assert_mem_eq(&card, &before, sizeof card);
}
END_TEST

START_TEST(what_does_not_replace)
{
    struct mdl_curve_cert c = cert_of(id, 4, FROM, TO);
    uint8_t bytes[MDL_CERT_BYTES] = {2};

    refused(&c, NOW, MDL_P_REPLAY, "number 4, but number 5");
    c = cert_of(id, 5, FROM, TO + 1); /* two of one number */
    refused(&c, NOW, MDL_P_REPLAY, "number 5, but number 5");
    c = cert_of(other, 6, FROM, TO);
    refused(&c, NOW, MDL_P_UNKNOWN_KEY, "another identity");
    c = cert_of(id, 6, FROM, TO);
    c.serial = 7;
    refused(&c, NOW, MDL_P_SIGNATURE, "does not verify");
    c = cert_of(id, 6, FROM, TO);
    refused(&c, TO + 1, MDL_P_UNKNOWN_KEY, "ended");
    refused(&c, FROM - MDL_CLOCK_SKEW - 1, MDL_P_UNKNOWN_KEY, "valid from");
    c = cert_of(id, 0, FROM, TO);
    refused(&c, NOW, MDL_P_MALFORMED, "serial");
    expect(mdl_card_rotate(&card, bytes, sizeof bytes, NOW, &err), MDL_P_VERSION, &err, "version");
    bytes[0] = 1;
    expect(mdl_card_rotate(&card, bytes, 10, NOW, &err), MDL_P_MALFORMED, &err, "149");
    expect(mdl_card_rotate(&card, bytes, 0, NOW, &err), MDL_P_MALFORMED, &err, "149");
    ck_assert_mem_eq(&card, &before, sizeof card);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keys/card");
    TCase *t = tcase_create("card");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_good_card);
    tcase_add_test(t, bad_cards);
    tcase_add_test(t, a_newer_certificate_replaces);
    tcase_add_test(t, the_same_again_changes_nothing);
    tcase_add_test(t, what_does_not_replace);
    suite_add_tcase(s, t);
    return run_suite(s);
}
