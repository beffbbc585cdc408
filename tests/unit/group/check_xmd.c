/* check_xmd.c: expand_message_xmd against RFC 9380, appendix K.3.
 * Reads tests/vectors/hash-to-curve. */
#include "support.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t *bytes(const char *s)
{
    return (const uint8_t *)s;
}

START_TEST(official)
{
    json_t *root = load_vectors("hash-to-curve/expand_message_xmd_SHA512_38.json");
    const char *dst = member(root, "DST");
    const json_t *tests = json_object_get(root, "tests");

    ck_assert_uint_eq(json_array_size(tests), 10);
    for (size_t i = 0; i < 10; i++) {
        const json_t *t = json_array_get(tests, i);
        const char *msg = member(t, "msg");
        size_t n = strtoul(member(t, "len_in_bytes"), NULL, 0);
        uint8_t want[256];
        uint8_t got[256];

        ck_assert_uint_eq(unhex(member(t, "uniform_bytes"), want, sizeof want), n);
        ck_assert_int_eq(
            mdl_expand_message_xmd(bytes(dst), strlen(dst), bytes(msg), strlen(msg), got, n, NULL),
            MDL_OK);
        assert_bytes(got, want, n);
    }
    json_decref(root);
}
END_TEST

/* 5.3.3: a tag above 255 bytes is the hash of a label and the tag; one of 255 is used as it is. */
START_TEST(long_tags)
{
    static const char label[] = "H2C-OVERSIZE-DST-";
    uint8_t dst[300];
    uint8_t labelled[sizeof label - 1 + sizeof dst];
    uint8_t hashed[64];
    uint8_t a[48];
    uint8_t b[48];

    memset(dst, 'd', sizeof dst);
    memcpy(labelled, label, sizeof label - 1);
    for (size_t len = 255; len <= sizeof dst; len += 15) {
        memcpy(labelled + sizeof label - 1, dst, len);
        crypto_hash_sha512(hashed, labelled, sizeof label - 1 + len);
        ck_assert_int_eq(mdl_expand_message_xmd(dst, len, bytes("x"), 1, a, sizeof a, NULL),
                         MDL_OK);
        ck_assert_int_eq(mdl_expand_message_xmd(hashed, 64, bytes("x"), 1, b, sizeof b, NULL),
                         MDL_OK);
        ck_assert_int_eq(memcmp(a, b, sizeof a) == 0, len > 255);
    }
}
END_TEST

START_TEST(refused)
{
    uint8_t out[8];

    ck_assert_int_eq(mdl_expand_message_xmd(NULL, 0, bytes("x"), 1, out, 8, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_expand_message_xmd(bytes("d"), 1, bytes("x"), 1, out, 0, NULL),
                     MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_expand_message_xmd(bytes("d"), 1, bytes("x"), 1, out, 255 * 64 + 1, NULL),
                     MDL_U_ARGUMENT);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("group/xmd");
    TCase *t = tcase_create("rfc9380");

    tcase_add_test(t, official);
    tcase_add_test(t, long_tags);
    tcase_add_test(t, refused);
    suite_add_tcase(s, t);
    return run_suite(s);
}
