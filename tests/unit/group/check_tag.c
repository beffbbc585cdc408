/* check_tag.c: tags are truncated SHA-512 of prefix and point, one by one as in a batch.
 * The hash itself is libsodium's. */
#include "support.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define N 40

START_TEST(truncated_sha512)
{
    static const uint8_t prefix[] =
        "MDL1 tag, then sixty-four bytes of a session's identifier, and more "
        "than one block of the hash, which has 128 bytes: no matter";
    uint8_t *p = some_points(N);
    uint8_t tags[N * MDL_TAG_BYTES];

    for (size_t len = 0; len < sizeof prefix; len += 61) {
        mdl_tag_batch(prefix, len, p, N, tags);
        for (size_t i = 0; i < N; i++) {
            uint8_t whole[sizeof prefix + MDL_POINT_BYTES];
            uint8_t hash[64];

            memcpy(whole, prefix, len);
            memcpy(whole + len, p + i * MDL_POINT_BYTES, MDL_POINT_BYTES);
            crypto_hash_sha512(hash, whole, len + MDL_POINT_BYTES);
            assert_bytes(tags + i * MDL_TAG_BYTES, hash, MDL_TAG_BYTES);
        }
    }
    free(p);
}
END_TEST

START_TEST(none)
{
    uint8_t out[MDL_TAG_BYTES] = {9};

    mdl_tag_batch((const uint8_t *)"x", 1, NULL, 0, out);
    ck_assert_uint_eq(out[0], 9);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("group/tag");
    TCase *t = tcase_create("tag");

    tcase_add_test(t, truncated_sha512);
    tcase_add_test(t, none);
    suite_add_tcase(s, t);
    return run_suite(s);
}
