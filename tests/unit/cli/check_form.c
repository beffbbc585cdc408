/* check_form.c: numbers, sizes and times as people read them.
 * It may not print. */
#include "support.h"

START_TEST(numbers)
{
    static const struct {
        json_int_t n;
        const char *want;
    } cases[] = {{0, "0"},
                 {999, "999"},
                 {1000, "1,000"},
                 {-1000, "-1,000"},
                 {-100, "-100"},
                 {1234567, "1,234,567"},
                 {INT64_MAX, "9,223,372,036,854,775,807"},
                 {INT64_MIN, "-9,223,372,036,854,775,808"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[FORM];
        ck_assert_str_eq(form_number(cases[i].n, out), cases[i].want);
    }
}
END_TEST

START_TEST(sizes)
{
    static const struct {
        json_int_t n;
        const char *want;
    } cases[] = {{0, "0 bytes"},         {999, "999 bytes"},        {1000, "1.0 kB"},
                 {999949, "999.9 kB"},   {999999, "1.0 MB"},        {1500000, "1.5 MB"},
                 {2000000000, "2.0 GB"}, {5000000000000, "5.0 TB"}, {INT64_MAX, "9223372.0 TB"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[FORM];
        ck_assert_str_eq(form_bytes(cases[i].n, out), cases[i].want);
    }
}
END_TEST

START_TEST(durations)
{
    static const struct {
        json_int_t ms;
        const char *want;
    } cases[] = {{0, "0 ms"},
                 {999, "999 ms"},
                 {1000, "1.0 s"},
                 {59999, "59.9 s"},
                 {60000, "1 min 00 s"},
                 {65400, "1 min 05 s"},
                 {3599999, "1 h 00 min"},
                 {3600000, "1 h 00 min"},
                 {9000000, "2 h 30 min"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[FORM];
        ck_assert_str_eq(form_ms(cases[i].ms, out), cases[i].want);
    }
}
END_TEST

START_TEST(times)
{
    char out[FORM];
    ck_assert_str_eq(form_time("2026-10-20T14:03:59.123Z", out), "2026-10-20 14:03 UTC");
    ck_assert_str_eq(form_time("", out), "–");
    ck_assert_str_eq(form_date("2026-10-20T14:03:59.123Z", out), "2026-10-20");
    ck_assert_str_eq(form_date("2026", out), "–");
    ck_assert_str_eq(form_id("0123456789abcdef", out), "0123456789ab");
    ck_assert_str_eq(form_id("", out), "");
}
END_TEST

START_TEST(bars)
{
    char out[64];
    ck_assert_str_eq(bar(0, 10, 5, out, sizeof out), "░░░░░");
    ck_assert_str_eq(bar(5, 10, 4, out, sizeof out), "██░░");
    ck_assert_str_eq(bar(9.9, 10, 5, out, sizeof out), "████░"); /* full only when it is done */
    ck_assert_str_eq(bar(10, 10, 5, out, sizeof out), "█████");
    ck_assert_str_eq(bar(11, 10, 5, out, sizeof out), "█████");
    ck_assert_str_eq(bar(1, 0, 5, out, sizeof out), "░░░░░");
    ck_assert_str_eq(bar(1, 1, 5, out, 8), "██"); /* what does not fit is left out */
}
END_TEST

START_TEST(counts)
{
    char out[FORM];
    ck_assert_str_eq(form_count(0, "account", "accounts", out), "0 accounts");
    ck_assert_str_eq(form_count(1, "account", "accounts", out), "1 account");
    ck_assert_str_eq(form_count(1234, "entry", "entries", out), "1,234 entries");
}
END_TEST

int main(int argc, char *argv[])
{
    const TTest *const tests[] = {numbers, counts, sizes, durations, times, bars};
    return run_suite(argc, argv, "form", tests, sizeof tests / sizeof tests[0]);
}
