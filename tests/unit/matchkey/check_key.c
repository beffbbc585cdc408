/* check_key.c: key types, and keys as bytes. */
#include "support.h"

START_TEST(test_round_trip)
{
    const struct mdl_key k = {
        .type = MDL_KEY_DOMAIN, .origin = MDL_FROM_WEBSITE, .len = 8, .value = "acme.com"};
    uint8_t bytes[MDL_KEY_BYTES_MAX];
    struct mdl_key back;
    struct mdl_error err;
    ck_assert_uint_eq(mdl_key_encode(&k, bytes), 11);
    ck_assert_mem_eq(bytes,
                     "\x10\x00\x08"
                     "acme.com",
                     11);
    ck_assert_int_eq(mdl_key_decode(bytes, 11, &back, &err), MDL_OK);
    ck_assert_int_eq(back.type, MDL_KEY_DOMAIN);
    ck_assert_int_eq(back.origin, 0);
    ck_assert_uint_eq(back.len, 8);
    ck_assert_mem_eq(back.value, "acme.com", 8);
}
END_TEST

START_TEST(test_longest)
{
    struct mdl_key k = {.type = MDL_KEY_NAME, .len = MDL_KEY_VALUE_MAX}, back;
    uint8_t bytes[MDL_KEY_BYTES_MAX + 1];
    memset(k.value, 'a', sizeof k.value);
    ck_assert_uint_eq(mdl_key_encode(&k, bytes), MDL_KEY_BYTES_MAX);
    ck_assert_int_eq(mdl_key_decode(bytes, MDL_KEY_BYTES_MAX, &back, NULL), MDL_OK);
    ck_assert_mem_eq(back.value, k.value, sizeof k.value);
    bytes[2]++;
    bytes[MDL_KEY_BYTES_MAX] = 'a';
    ck_assert_int_eq(mdl_key_decode(bytes, MDL_KEY_BYTES_MAX + 1, &back, NULL), MDL_U_ARGUMENT);
}
END_TEST

static const struct {
    const char *bytes;
    size_t len;
    const char *why;
} not_keys[] = {
    {"", 0, "are no match key"},
    {"\x10\x00\x00", 3, "are no match key"},
    {"\x10\x00\x02"
     "a",
     4, "says 2"},
    {"\x10\x00\x01"
     "ab",
     5, "says 1"},
    {"\x10\x01\x01"
     "a",
     4, "says 257"},
    {"\x00\x00\x01"
     "a",
     4, "no type"},
    {"\x05\x00\x01"
     "a",
     4, "no type"},
    {"\xFF\x00\x01"
     "a",
     4, "no type"},
    {"\x10\x00\x01\x00", 4, "printable"},
    {"\x10\x00\x01 ", 4, "printable"},
    {"\x10\x00\x01\xFF", 4, "printable"},
    {"\x10\x00\x02"
     "a\x7F",
     5, "printable"},
    {"\x10\x00\x02\xC2\x80", 5, "printable"},
};

START_TEST(test_not_a_key)
{
    for (size_t i = 0; i < sizeof not_keys / sizeof not_keys[0]; i++) {
        struct mdl_key k;
        struct mdl_error err = {0};
        ck_assert_int_eq(
            mdl_key_decode((const uint8_t *)not_keys[i].bytes, not_keys[i].len, &k, &err),
            MDL_U_ARGUMENT);
        ck_assert_msg(strstr(err.text, not_keys[i].why) != NULL, "%zu: %s", i, err.text);
        ck_assert_int_eq(k.type, MDL_KEY_NONE);
    }
}
END_TEST

START_TEST(test_types)
{
    int last = 0;
    static const uint8_t types[] = {
        MDL_KEY_LEI,    MDL_KEY_DUNS,         MDL_KEY_REGISTRY,          MDL_KEY_VAT,
        MDL_KEY_DOMAIN, MDL_KEY_NAME_COUNTRY, MDL_KEY_NAME_CORE_COUNTRY, MDL_KEY_NAME};
    for (size_t i = 0; i < sizeof types; i++) {
        ck_assert_uint_eq(mdl_key_type_by_slug(mdl_key_type_slug(types[i])), types[i]);
        ck_assert_int_gt(mdl_key_type_priority(types[i]), last);
        last = mdl_key_type_priority(types[i]);
        ck_assert_int_eq(mdl_key_type_tier(types[i]), i < 6 ? MDL_TIER_MATCH : MDL_TIER_REVIEW);
        ck_assert_str_ne(mdl_key_type_label(types[i]), "unknown");
    }
    ck_assert_str_eq(mdl_key_type_slug(99), "unknown");
    ck_assert_str_eq(mdl_key_type_label(99), "unknown");
    ck_assert_uint_eq(mdl_key_type_by_slug("nothing"), MDL_KEY_NONE);
    ck_assert_int_gt(mdl_key_type_priority(99), last);
    ck_assert_int_eq(mdl_key_type_tier(99), MDL_TIER_REVIEW);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("key");
    TCase *c = tcase_create("key");
    tcase_add_test(c, test_round_trip);
    tcase_add_test(c, test_longest);
    tcase_add_test(c, test_not_a_key);
    tcase_add_test(c, test_types);
    suite_add_tcase(s, c);
    return run_suite(s);
}
