/* check_text.c: which characters cross the wire, cutting, and times for people. */
#include <check.h>
#include <record.h>
#include <string.h>

static bool clean(const char *s)
{
    return mdl_text_clean(s, strlen(s));
}

START_TEST(good_text_is_clean)
{
    ck_assert(mdl_text_clean("", 0));
    ck_assert(mdl_text_clean(NULL, 0));
    ck_assert(clean(" ~ Acme & S\xc3\xb8n"));
    ck_assert(clean("\xc2\xa0"));                 /* U+00A0, the first after the C1 controls */
    ck_assert(clean("\xe0\xa0\x80"));             /* U+0800 */
    ck_assert(clean("\xed\x9f\xbf"));             /* U+D7FF, the last before the surrogates */
    ck_assert(clean("\xee\x80\x80"));             /* U+E000 */
    ck_assert(clean("\xef\xbf\xbf"));             /* U+FFFF */
    ck_assert(clean("\xf0\x90\x80\x80"));         /* U+10000 */
    ck_assert(clean("\xf4\x8f\xbf\xbf"));         /* U+10FFFF */
    ck_assert(clean("\xe2\x80\xa7\xe2\x80\xaf")); /* U+2027, U+202F: beside the refused ones */
    ck_assert(clean("\xe2\x81\xa5\xe2\x81\xaa")); /* U+2065, U+206A */
}
END_TEST

START_TEST(bad_utf8_is_refused)
{
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2\x20",
        "\xe0\x9f\xbf",
        "\xe2\x82",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "a\xfe",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!clean(bad[i]), "case %zu", i);
    }
}
END_TEST

START_TEST(controls_are_refused)
{
    static const char *const bad[] = {
        "\n",           "\t",           "\x1b[2J",      "\x1f",         "\x7f",
        "\xc2\x80",     "\xc2\x9f",     "\xe2\x80\xa8", "\xe2\x80\xa9", /* line and paragraph
                                                                           separator */
        "\xe2\x80\xaa", "\xe2\x80\xae",                                 /* U+202A, U+202E */
        "\xe2\x81\xa6", "\xe2\x81\xa9",                                 /* U+2066, U+2069 */
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!clean(bad[i]), "case %zu", i);
    }
    ck_assert(!mdl_text_clean("a\0b", 3));
}
END_TEST

START_TEST(clip_cuts_between_characters)
{
    struct mdl_text t = mdl_text_clip("a\xc3\xa9z", 2);
    ck_assert_uint_eq(t.len, 1);
    t = mdl_text_clip("a\xc3\xa9z", 3);
    ck_assert_uint_eq(t.len, 3);
    t = mdl_text_clip("a\xc3\xa9z", 200);
    ck_assert_uint_eq(t.len, 4);
    t = mdl_text_clip("one\ntwo", 200);
    ck_assert(mdl_text_is(&t, "one"));
    t = mdl_text_clip("", 200);
    ck_assert_uint_eq(t.len, 0);
}
END_TEST

START_TEST(comparing_views)
{
    struct mdl_text t = mdl_text_of("accounts");
    struct mdl_text none = {0};

    ck_assert(mdl_text_is(&t, "accounts"));
    ck_assert(!mdl_text_is(&t, "account"));
    ck_assert(!mdl_text_is(&t, "accountz"));
    ck_assert(mdl_text_is(&none, ""));
    ck_assert(!mdl_text_is(&none, "a"));
}
END_TEST

START_TEST(times_for_people)
{
    char text[MDL_TEXT_TIME];

    mdl_text_time(0, text);
    ck_assert_str_eq(text, "1970-01-01 00:00:00 UTC");
    mdl_text_time(1795322765000, text);
    ck_assert_str_eq(text, "2026-11-22 04:46:05 UTC");
    mdl_text_time(1795322765007, text);
    ck_assert_str_eq(text, "2026-11-22 04:46:05.007 UTC");
    mdl_text_time(253402300799999, text);
    ck_assert_str_eq(text, "9999-12-31 23:59:59.999 UTC");
    mdl_text_time(UINT64_MAX, text);
    ck_assert_uint_gt(strlen(text), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("wire text");
    TCase *c = tcase_create("text");
    tcase_add_test(c, good_text_is_clean);
    tcase_add_test(c, bad_utf8_is_refused);
    tcase_add_test(c, controls_are_refused);
    tcase_add_test(c, clip_cuts_between_characters);
    tcase_add_test(c, comparing_views);
    tcase_add_test(c, times_for_people);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
