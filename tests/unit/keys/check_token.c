/* check_token.c: invitations made, pasted, read, and each way in which a token can be bad. */
#include "support.h"

#include "internal.h"
#include "token.h"

#include <sodium.h>
#include <string.h>

#define FROM ((int64_t)1800000000)
#define TO   ((int64_t)1900000000)
#define DAY  ((int64_t)86400)

static struct mdl_identity *id;
static struct mdl_invitation inv;
static char token[MDL_TOKEN_TEXT_MAX];
static struct mdl_error err;

static void setup(void)
{
    id = identity_of(1);
    memset(&err, 0, sizeof err);
    const struct mdl_curve_cert cert = cert_of(id, 1, FROM, TO);
    ck_assert_int_eq(mdl_invitation_new(id, &cert, "Acme", "tcp://acme.example:7400", FROM,
                                        FROM + DAY, &inv, NULL),
                     MDL_OK);
    ck_assert_int_eq(mdl_token_encode(&inv, id, token, NULL), MDL_OK);
}

static void teardown(void)
{
    mdl_identity_free(id);
}

static enum mdl_status decode(const char *text, size_t len, int64_t now)
{
    struct mdl_invitation got;
    struct mdl_invitation untouched;

    memset(&got, 0x5a, sizeof got);
    untouched = got;
    enum mdl_status st = mdl_token_decode(text, len, now, &got, &err);
    if (st == MDL_OK) {
        ck_assert_mem_eq(got.nonce, inv.nonce, sizeof got.nonce);
        ck_assert_mem_eq(got.card.identity, inv.card.identity, sizeof got.card.identity);
    } else {
        ck_assert_mem_eq(&got, &untouched, sizeof got);
    }
    return st;
}

static void reads(const char *text)
{
    ck_assert_msg(decode(text, strlen(text), NOW) == MDL_OK, "%s: %s", text, err.text);
}

static void refused(const char *text, const char *words)
{
    expect(decode(text, strlen(text), NOW), MDL_U_TOKEN, &err, words);
}

/* The token's bytes; their number. */
static size_t raw(uint8_t bytes[MDL_TOKEN_TEXT_MAX])
{
    size_t len;

    ck_assert_int_eq(mdl_token_from_text(token, strlen(token), bytes, &len, NULL), MDL_OK);
    return len;
}

/* Signs bytes[0..body) anew and refuses or reads the result. */
static void resigned(uint8_t *bytes, size_t body, const char *words)
{
    const struct mdl_part part = {bytes, body};
    uint8_t hash[MDL_TAGGED_BYTES];
    char text[MDL_TOKEN_TEXT_MAX];

    mdl_tagged("invitation", &part, 1, hash);
    mdl_identity_sign(id, hash, sizeof hash, bytes + body);
    mdl_token_to_text(bytes, body + MDL_SIGNATURE_BYTES, text);
    refused(text, words);
}

START_TEST(the_known_tokens)
{
    json_t *known = load_vectors("keys/known.json");
    const char *text = text_of(known, "token");
    struct mdl_identity *who = known_identity();
    struct mdl_invitation got;
    uint8_t nonce[MDL_TOKEN_NONCE];
    char again[MDL_TOKEN_TEXT_MAX];

    ck_assert_int_eq(mdl_token_decode(text, strlen(text), NOW, &got, &err), MDL_OK);
    ck_assert_str_eq(got.card.name, text_of(known, "token_name"));
    ck_assert_str_eq(got.card.endpoint, text_of(known, "token_endpoint"));
    ck_assert_mem_eq(got.card.identity, mdl_identity_public(who), MDL_IDENTITY_BYTES);
    ck_assert_int_eq(got.card.cert.serial, number_of(known, "serial"));
    ck_assert_int_eq(got.created, number_of(known, "created"));
    ck_assert_int_eq(got.expires, number_of(known, "expires"));
    (void)bytes_of(known, "token_nonce", nonce, sizeof nonce);
    ck_assert_mem_eq(got.nonce, nonce, sizeof nonce);
    ck_assert_int_eq(mdl_token_encode(&got, who, again, &err), MDL_OK);
    ck_assert_str_eq(again, text);
    text = text_of(known, "token_dials_out");
    ck_assert_int_eq(mdl_token_decode(text, strlen(text), NOW, &got, &err), MDL_OK);
    ck_assert_str_eq(got.card.endpoint, "");
    mdl_identity_free(who);
    json_decref(known);
}
END_TEST

START_TEST(the_longest_token)
{
    const struct mdl_curve_cert cert = cert_of(id, 1, FROM, TO);
    char name[MDL_NAME_MAX + 1];
    char endpoint[MDL_ENDPOINT_MAX + 1];

    memset(name, 'n', sizeof name);
    name[MDL_NAME_MAX] = '\0';
    for (size_t i = 0; i < MDL_ENDPOINT_MAX; i++) {
        endpoint[i] = i % 2 == 0 ? 'a' : '.';
    }
    memcpy(endpoint, "tcp://", 6);
    memcpy(endpoint + MDL_ENDPOINT_MAX - 3, "a:1", 4);
    ck_assert_int_eq(mdl_invitation_new(id, &cert, name, endpoint, FROM, FROM + DAY, &inv, &err),
                     MDL_OK);
    ck_assert_int_eq(mdl_token_encode(&inv, id, token, &err), MDL_OK);
    ck_assert_uint_eq(strlen(token), 10 + (MDL_TOKEN_BYTES_MAX * 4 + 2) / 3);
    reads(token);
}
END_TEST

START_TEST(nonces_are_fresh_and_the_rest_is_canonical)
{
    struct mdl_invitation second;
    char text[MDL_TOKEN_TEXT_MAX];

    ck_assert_int_eq(mdl_token_encode(&inv, id, text, &err), MDL_OK);
    ck_assert_str_eq(text, token);
    ck_assert_int_eq(
        mdl_invitation_new(id, &inv.card.cert, "Acme", "", FROM, FROM + DAY, &second, &err),
        MDL_OK);
    ck_assert_mem_ne(second.nonce, inv.nonce, sizeof inv.nonce);
}
END_TEST

START_TEST(as_mail_programs_leave_it)
{
    char text[4 * MDL_TOKEN_TEXT_MAX] = "";
    static const char *const breaks[] = {"\n",       "\r\n",         "\r\n> ",   "\n>> > ", " ",
                                         "\xc2\xa0", "\xe2\x80\x8b", "\xc2\xad", "\t",      "\n\n"};

    for (size_t b = 0; b < sizeof breaks / sizeof breaks[0]; b++) {
        size_t used = 0;
        used += (size_t)snprintf(text, sizeof text, " \n> \xef\xbb\xbf");
        for (size_t i = 0; token[i] != '\0'; i++) {
            text[used++] = token[i];
            if (i % 7 == 6) {
                memcpy(text + used, breaks[b], strlen(breaks[b]));
                used += strlen(breaks[b]);
            }
        }
        (void)snprintf(text + used, sizeof text - used, " \r\n");
        reads(text);
    }
}
END_TEST

START_TEST(no_token)
{
    static const char *const texts[] = {"",
                                        " ",
                                        "hello",
                                        "mandorla",
                                        "mandorla1",
                                        "mandorla:AAAA",
                                        "Mandorla1:AAAA",
                                        "mandorla01:AAAA",
                                        "mandorla0:AAAA",
                                        "xmandorla1:AAAA",
                                        "mandorla1;AAAA",
                                        "mandorla99999999999:AAAA"};
    char long_text[MDL_TOKEN_PASTE_MAX + 2];

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refused(texts[i], "not an invitation token");
    }
    refused("mandorla2:AAAA", "version 2; this node reads version 1. Upgrade");
    refused("mandorla17:", "version 17");
    refused("mandorla1:foo", "cut short");
    refused("mandorla1:foobarba", "cut short");
    memset(long_text, 'A', sizeof long_text);
    expect(decode(long_text, sizeof long_text, NOW), MDL_U_TOKEN, &err, "too long");
    expect(decode(long_text, MDL_TOKEN_TEXT_MAX, NOW), MDL_U_TOKEN, &err, "too long");
    memset(long_text, ' ', sizeof long_text);
    expect(decode(long_text, MDL_TOKEN_PASTE_MAX, NOW), MDL_U_TOKEN, &err, "not an invitation");
    expect(decode(long_text, MDL_TOKEN_PASTE_MAX + 1, NOW), MDL_U_TOKEN, &err, "too long");
}
END_TEST

START_TEST(characters)
{
    char text[MDL_TOKEN_TEXT_MAX];

    for (int c = 1; c < 256; c++) {
        memcpy(text, token, sizeof text);
        if ((c >= 9 && c <= 13) || c == ' ') {
            continue; /* skipped: see every_bit_of_the_text */
        }
        text[100] = (char)c;
        const bool in_alphabet = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789-_",
                                        c) != NULL;
        if (!in_alphabet) {
            refused(text, "character 91 after mandorla1: cannot stand");
        } else if (c != token[100]) {
            ck_assert_int_eq(decode(text, strlen(text), NOW), MDL_U_TOKEN);
        }
    }
    memcpy(text, token, sizeof text);
    text[50] = '\0';
    expect(decode(text, strlen(token), NOW), MDL_U_TOKEN, &err, "NUL");
    expect(decode(token, strlen(token) + 1, NOW), MDL_U_TOKEN, &err, "NUL");
}
END_TEST

START_TEST(every_truncation)
{
    uint8_t bytes[MDL_TOKEN_TEXT_MAX];
    char text[MDL_TOKEN_TEXT_MAX];
    const size_t len = raw(bytes);

    for (size_t n = 0; n < len; n++) {
        mdl_token_to_text(bytes, n, text);
        refused(text, "cut short");
    }
    for (size_t n = 10; n < strlen(token); n++) {
        expect(decode(token, n, NOW), MDL_U_TOKEN, &err, "cut short");
    }
}
END_TEST

START_TEST(something_after_the_end)
{
    uint8_t bytes[MDL_TOKEN_TEXT_MAX];
    char text[2 * MDL_TOKEN_TEXT_MAX];
    const size_t len = raw(bytes);

    bytes[len] = 0;
    mdl_token_to_text(bytes, len + 1, text);
    refused(text, "follows after");
    (void)snprintf(text, sizeof text, "%s %s", token, token);
    ck_assert_int_eq(decode(text, strlen(text), NOW), MDL_U_TOKEN);
}
END_TEST

START_TEST(every_bit_of_the_bytes)
{
    uint8_t bytes[MDL_TOKEN_TEXT_MAX];
    char text[MDL_TOKEN_TEXT_MAX];
    const size_t len = raw(bytes);
    size_t altered = 0;

    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        mdl_token_to_text(bytes, len, text);
        refused(text, "token");
        (void)decode(text, strlen(text), NOW);
        altered += strstr(err.text, "altered") != NULL ? 1 : 0;
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    ck_assert_uint_gt(altered, 7 * len);
    mdl_token_to_text(bytes, len, text);
    reads(text);
}
END_TEST

START_TEST(every_bit_of_the_text)
{
    const size_t len = strlen(token);
    char text[MDL_TOKEN_TEXT_MAX];

    memcpy(text, token, sizeof text);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        text[bit / 8] = (char)(token[bit / 8] ^ (1 << bit % 8));
        ck_assert_msg(decode(text, len, NOW) == MDL_U_TOKEN, "bit %zu", bit);
        text[bit / 8] = token[bit / 8];
    }
}
END_TEST

START_TEST(bits_beyond_the_last_byte)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char text[MDL_TOKEN_TEXT_MAX];
    const char *const names[] = {"Acme", "Acme1", "Acme12"};
    size_t seen = 0;

    for (size_t n = 0; n < 3; n++) { /* every length modulo 3 */
        ck_assert_int_eq(
            mdl_invitation_new(id, &inv.card.cert, names[n], "", FROM, FROM + DAY, &inv, &err),
            MDL_OK);
        ck_assert_int_eq(mdl_token_encode(&inv, id, text, &err), MDL_OK);
        char *last = text + strlen(text) - 1;
        const char good = *last;
        for (size_t c = 0; c < 64; c++) {
            *last = alphabet[c];
            if (*last == good) {
                reads(text);
                seen++;
            } else {
                ck_assert_int_eq(decode(text, strlen(text), NOW), MDL_U_TOKEN);
            }
        }
    }
    ck_assert_uint_eq(seen, 3);
}
END_TEST

START_TEST(validity)
{
    const size_t len = strlen(token);

    ck_assert_int_eq(decode(token, len, FROM), MDL_OK);
    ck_assert_int_eq(decode(token, len, FROM - MDL_CLOCK_SKEW), MDL_OK);
    ck_assert_int_eq(decode(token, len, FROM + DAY), MDL_OK);
    expect(decode(token, len, FROM + DAY + 1), MDL_U_TOKEN, &err,
           "expired on 2027-01-16 08:00 UTC");
    expect(decode(token, len, FROM - MDL_CLOCK_SKEW - 1), MDL_U_TOKEN, &err, "clocks");
    expect(decode(token, len, INT64_MIN), MDL_U_TOKEN, &err, "not valid yet");
    expect(decode(token, len, INT64_MAX), MDL_U_TOKEN, &err, "expired");
}
END_TEST

START_TEST(a_certificate_that_ended_before_the_token)
{
    const struct mdl_curve_cert cert = cert_of(id, 1, FROM, FROM + 50);

    ck_assert_int_eq(mdl_invitation_new(id, &cert, "Acme", "", FROM, FROM + DAY, &inv, &err),
                     MDL_OK);
    ck_assert_int_eq(mdl_token_encode(&inv, id, token, &err), MDL_OK);
    expect(decode(token, strlen(token), FROM + 51), MDL_U_TOKEN, &err,
           "certificate is not valid: the certificate of the CURVE key ended");
}
END_TEST

/* A partner's broken software signs nonsense: the part is named all the same. */
START_TEST(signed_nonsense)
{
    uint8_t bytes[MDL_TOKEN_TEXT_MAX];
    const size_t body = raw(bytes) - MDL_SIGNATURE_BYTES;
    const struct {
        size_t at;
        uint8_t value;
        const char *words;
    } bad[] = {
        {183, ' ', "name is not valid"},
        {184, '\n', "name is not valid"},
        {184, 0, "NUL byte"},
        {188, 'x', "endpoint is not valid"},
        {200, 0, "NUL byte"},
        {1, 0xff, "times make no sense"},
        {9, 0xff, "times make no sense"},
        {13, 0, "times make no sense"},
        {33, 2, "certificate is not valid"},
        {101, 9, "certificate is not valid: the identity's"},
        {0, 2, "version 2"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t copy[MDL_TOKEN_TEXT_MAX];
        memcpy(copy, bytes, sizeof copy);
        copy[bad[i].at] = bad[i].value;
        resigned(copy, body, bad[i].words);
    }
}
END_TEST

START_TEST(signed_lengths)
{
    uint8_t bytes[MDL_TOKEN_TEXT_MAX];
    (void)raw(bytes);

    bytes[182] = 0; /* no name, no endpoint */
    bytes[183] = 0;
    resigned(bytes, 184, "name is not valid");
    bytes[182] = MDL_NAME_MAX + 1;
    memset(bytes + 183, 'n', MDL_NAME_MAX + 1);
    bytes[183 + MDL_NAME_MAX + 1] = 0;
    resigned(bytes, 183 + MDL_NAME_MAX + 2, "too long");
}
END_TEST

START_TEST(another_signer)
{
    struct mdl_identity *other = identity_of(2);
    uint8_t bytes[MDL_TOKEN_TEXT_MAX];
    uint8_t hash[MDL_TAGGED_BYTES];
    char text[MDL_TOKEN_TEXT_MAX];
    const size_t body = raw(bytes) - MDL_SIGNATURE_BYTES;
    const struct mdl_part part = {bytes, body};

    mdl_tagged("invitation", &part, 1, hash);
    mdl_identity_sign(other, hash, sizeof hash, bytes + body);
    mdl_token_to_text(bytes, body + MDL_SIGNATURE_BYTES, text);
    refused(text, "altered");
    /* Our certificate in another's token: the identity in it is ours, so is the signature wanted.
     */
    expect(mdl_token_encode(&inv, other, text, &err), MDL_U_ARGUMENT, &err, "own identity");
    mdl_identity_free(other);
}
END_TEST

START_TEST(invitations_that_make_no_sense)
{
    struct mdl_identity *other = identity_of(2);
    const struct mdl_curve_cert good = cert_of(id, 1, FROM, TO);
    const struct mdl_curve_cert foreign = cert_of(other, 1, FROM, TO);
    const struct {
        const struct mdl_curve_cert *cert;
        const char *name;
        const char *endpoint;
        int64_t created;
        int64_t expires;
        const char *words;
    } bad[] = {
        {&good, "", "", FROM, FROM + DAY, "name"},
        {&good, "12345678901234567890123456789012345678901234567890123456789012345", "", FROM,
         FROM + DAY, "name is longer"},
        {&good, "a", "http://a", FROM, FROM + DAY, "tcp://"},
        {&good, "a", "", FROM, FROM, "expire"},
        {&good, "a", "", -1, FROM, "expire"},
        {&good, "a", "", FROM, MDL_TIME_MAX + 1, "expire"},
        {&good, "a", "", TO + 1, TO + DAY, "ended"},
        {&foreign, "a", "", FROM, FROM + DAY, "another identity"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mdl_invitation got = inv;
        expect(mdl_invitation_new(id, bad[i].cert, bad[i].name, bad[i].endpoint, bad[i].created,
                                  bad[i].expires, &got, &err),
               MDL_U_ARGUMENT, &err, bad[i].words);
        ck_assert_mem_eq(&got, &inv, sizeof got);
    }
    mdl_identity_free(other);
}
END_TEST

static void add_text(TCase *t)
{
    tcase_add_test(t, as_mail_programs_leave_it);
    tcase_add_test(t, no_token);
    tcase_add_test(t, characters);
    tcase_add_test(t, every_truncation);
    tcase_add_test(t, something_after_the_end);
    tcase_add_test(t, every_bit_of_the_bytes);
    tcase_add_test(t, every_bit_of_the_text);
    tcase_add_test(t, bits_beyond_the_last_byte);
}

int main(void)
{
    Suite *s = suite_create("keys/token");
    TCase *t = tcase_create("token");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, the_known_tokens);
    tcase_add_test(t, the_longest_token);
    tcase_add_test(t, nonces_are_fresh_and_the_rest_is_canonical);
    add_text(t);
    tcase_add_test(t, validity);
    tcase_add_test(t, a_certificate_that_ended_before_the_token);
    tcase_add_test(t, signed_nonsense);
    tcase_add_test(t, signed_lengths);
    tcase_add_test(t, another_signer);
    tcase_add_test(t, invitations_that_make_no_sense);
    suite_add_tcase(s, t);
    return run_suite(s);
}
