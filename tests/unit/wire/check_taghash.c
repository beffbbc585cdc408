/* check_taghash.c: T of PROTOCOL 1.3 against bytes laid out by hand and against fixed values. */
#include <check.h>
#include <string.h>
#include <taghash.h>

static const uint8_t laid_out[] = "\0\0\0\x0amandorla/1"
                                  "\0\0\0\x05label"
                                  "\0\0\0\x03"
                                  "abc"
                                  "\0\0\0\0"
                                  "\0\0\0\x01\x07"
                                  "\0\0\0\x04\x01\x02\x03\x04"
                                  "\0\0\0\x08\x11\x12\x13\x14\x15\x16\x17\x18";

static void absorb(struct mdl_taghash *h)
{
    mdl_taghash_init(h, "label");
    mdl_taghash_part(h, "abc", 3);
    mdl_taghash_part(h, NULL, 0);
    mdl_taghash_u8(h, 7);
    mdl_taghash_u32(h, 0x01020304);
    mdl_taghash_u64(h, 0x1112131415161718);
}

START_TEST(is_sha512_of_the_laid_out_bytes)
{
    struct mdl_taghash h;
    uint8_t want[64];
    uint8_t got[64];
    uint8_t got32[32];

    (void)crypto_hash_sha512(want, laid_out, sizeof laid_out - 1);
    absorb(&h);
    mdl_taghash_final(&h, got);
    ck_assert_mem_eq(got, want, 64);
    absorb(&h);
    mdl_taghash_final32(&h, got32);
    ck_assert_mem_eq(got32, want, 32);
}
END_TEST

/* Computed with Python's hashlib. */
START_TEST(fixed_values)
{
    struct mdl_taghash h;
    uint8_t got[64];
    char hex[129];

    mdl_taghash_init(&h, "agreement");
    mdl_taghash_final(&h, got);
    ck_assert_str_eq(sodium_bin2hex(hex, sizeof hex, got, 64),
                     "e94b377fa545e3481729ba7cb6d26a4a7d6efaab117936b0ebc2c78f190396d6"
                     "6b85e484bbb96a4c9f2e8d5588fd6af8c19dffb4a28f9a3327c7eb4adea8f93f");
    mdl_taghash_init(&h, "tags");
    mdl_taghash_u8(&h, 1);
    mdl_taghash_part(&h, "mandorla", 8);
    mdl_taghash_final(&h, got);
    ck_assert_str_eq(sodium_bin2hex(hex, sizeof hex, got, 64),
                     "34b0735c258357132bdf17ac2eee9271827e722a0fecf23f3cc5db402ce6e682"
                     "faeda89fd5c4c795a7e350be95524a33a711e149e972311aedf2d624e0826c6f");
}
END_TEST

START_TEST(pieces_equal_the_whole)
{
    static const char text[] = "positions come after tags, and tags after points";
    struct mdl_taghash h;
    uint8_t whole[64];
    uint8_t pieces[64];

    mdl_taghash_init(&h, "points");
    mdl_taghash_part(&h, text, sizeof text);
    mdl_taghash_u8(&h, 1);
    mdl_taghash_final(&h, whole);
    for (size_t cut = 0; cut <= sizeof text; cut++) {
        mdl_taghash_init(&h, "points");
        mdl_taghash_begin(&h, sizeof text);
        mdl_taghash_more(&h, text, cut);
        mdl_taghash_more(&h, text + cut, sizeof text - cut);
        mdl_taghash_u8(&h, 1);
        mdl_taghash_final(&h, pieces);
        ck_assert_mem_eq(pieces, whole, 64);
    }
}
END_TEST

START_TEST(borders_between_parts_count)
{
    struct mdl_taghash h;
    uint8_t a[64];
    uint8_t b[64];

    mdl_taghash_init(&h, "x");
    mdl_taghash_part(&h, "ab", 2);
    mdl_taghash_part(&h, "c", 1);
    mdl_taghash_final(&h, a);
    mdl_taghash_init(&h, "x");
    mdl_taghash_part(&h, "a", 1);
    mdl_taghash_part(&h, "bc", 2);
    mdl_taghash_final(&h, b);
    ck_assert_mem_ne(a, b, 64);
}
END_TEST

START_TEST(state_is_wiped)
{
    static const struct mdl_taghash zero;
    struct mdl_taghash h;
    uint8_t out[64];

    absorb(&h);
    mdl_taghash_final(&h, out);
    ck_assert_mem_eq(&h, &zero, sizeof h);
    absorb(&h);
    mdl_taghash_final32(&h, out);
    ck_assert_mem_eq(&h, &zero, sizeof h);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("wire taghash");
    TCase *c = tcase_create("taghash");
    tcase_add_test(c, is_sha512_of_the_laid_out_bytes);
    tcase_add_test(c, fixed_values);
    tcase_add_test(c, pieces_equal_the_whole);
    tcase_add_test(c, borders_between_parts_count);
    tcase_add_test(c, state_is_wiped);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
