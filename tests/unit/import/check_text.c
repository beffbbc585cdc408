/* check_text.c: folding, encodings and numbers. */
#include "import_text.h"
#include "support.h"

static void fold_is(const char *in, const char *want)
{
    struct mdl_imp_buf b = {0};
    ck_assert(mdl_imp_fold(in, strlen(in), &b));
    ck_assert_str_eq(b.p, want);
    mdl_imp_buf_free(&b);
}

START_TEST(fold)
{
    fold_is("  Account   Name\t", "account name");
    fold_is("", "");
    fold_is(" \r\n ", "");
    fold_is("PAI\xCC\x81S", "pa\xC3\xADs"); /* NFD in, NFC out */
    fold_is("\xC2\xA0"
            "Web\xC2\xA0site\xE2\x80\x8B",
            "web site"); /* no-break, zero width */
    fold_is("\xEF\xBB\xBFId", "id");
    fold_is("STRASSE \xC3\x9F", "strasse ss");
    fold_is("bad \xFF Byte", "bad \xFF byte"); /* not UTF-8: as ASCII */
    fold_is("Billing\nCountry", "billing country");
}
END_TEST

START_TEST(utf8_finds_the_first_bad_byte)
{
    static const struct {
        const char *s;
        size_t bad;
    } cases[] = {
        {"plain ascii longer than a word", 30},
        {"M\xC3\xBCller", 7},
        {"abc\xFF", 3},
        {"abcdefghij\xC3", 10},
        {"\xC0\xAF", 0} /* overlong */,
        {"\xED\xA0\x80", 0} /* surrogate */,
        {"\xF4\x90\x80\x80", 0} /* too big */,
        {"\xF0\x9F\x8F\x94", 4},
        {"ok\xE2\x82", 2},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_uint_eq(mdl_imp_utf8_bad(cases[i].s, strlen(cases[i].s)), cases[i].bad);
    }
}
END_TEST

START_TEST(windows_1252)
{
    struct mdl_imp_buf b = {0};
    const char in[] = "\x80 \x93x\x94 \xC9 \xFF \x81";
    ck_assert(mdl_imp_add_1252(&b, in, sizeof in - 1));
    ck_assert_str_eq(b.p, "\xE2\x82\xAC \xE2\x80\x9Cx\xE2\x80\x9D \xC3\x89 \xC3\xBF \xC2\x81");
    mdl_imp_buf_free(&b);
}
END_TEST

START_TEST(numbers)
{
    static const struct {
        const char *s;
        char decimal;
        int64_t want;
    } cases[] = {
        {"12000", '.', 1200000},
        {"12000.0", '.', 1200000},
        {"1.0E7", '.', 1000000000},
        {"1.25e+07", '.', 1250000000},
        {"5E-1", '.', 50},
        {"1,234.50", '.', 123450},
        {"1.234,50", '.', 123450},
        {"1,234", '.', 123400},
        {"1.234", '.', 123},
        {"1.234", ',', 123400},
        {"12,5", '.', 1250},
        {"12,5", ',', 1250},
        {"1,234,567", '.', 123456700},
        {"1.234.567", ',', 123456700},
        {"1 234,50", ',', 123450},
        {"1'234.50", '.', 123450},
        {"USD 7,000", '.', 700000},
        {"$1,234", '.', 123400},
        {"US$ 5", '.', 500},
        {"1.234,50 EUR", ',', 123450},
        {"-12.345", '.', -1235},
        {"(12)", '.', -1200},
        {"-$5", '.', -500},
        {"$-5", '.', -500},
        {"0.005", '.', 1},
        {"0.0049", '.', 0},
        {"\xE2\x82\xAC 5", '.', 500},
        {"5 \xE2\x82\xAC", '.', 500},
        {"1\xC2\xA0"
         "234,5",
         ',', 123450},
        {"92233720368547758.07", '.', INT64_MAX},
        {"0e999", '.', 0},
        {"1e-999", '.', 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t got = -7;
        ck_assert_msg(mdl_imp_number(cases[i].s, cases[i].decimal, &got), "%s", cases[i].s);
        ck_assert_msg(got == cases[i].want, "%s: %jd", cases[i].s, (intmax_t)got);
    }
}
END_TEST

START_TEST(no_numbers)
{
    static const char *const cases[] = {"",
                                        "lots",
                                        "12k",
                                        "1e999",
                                        "--5",
                                        "5-",
                                        "(5",
                                        "5)",
                                        "1 2 x",
                                        "$",
                                        ".",
                                        "1.2.3,4,5x",
                                        "92233720368547758.08",
                                        "12 Mio.",
                                        "0x10",
                                        "nan",
                                        "inf"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t got;
        ck_assert_msg(!mdl_imp_number(cases[i], '.', &got), "\"%s\" is a number", cases[i]);
    }
}
END_TEST

START_TEST(truth)
{
    ck_assert(mdl_imp_is_true("true"));
    ck_assert(mdl_imp_is_true("TRUE"));
    ck_assert(mdl_imp_is_true("1"));
    ck_assert(mdl_imp_is_true("S\xC3\xAD"));
    ck_assert(!mdl_imp_is_true("false"));
    ck_assert(!mdl_imp_is_true("0"));
    ck_assert(!mdl_imp_is_true(""));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("import-text");
    TCase *t = tcase_create("text");
    tcase_add_test(t, fold);
    tcase_add_test(t, utf8_finds_the_first_bad_byte);
    tcase_add_test(t, windows_1252);
    tcase_add_test(t, numbers);
    tcase_add_test(t, no_numbers);
    tcase_add_test(t, truth);
    suite_add_tcase(s, t);
    return rig_main(s);
}
