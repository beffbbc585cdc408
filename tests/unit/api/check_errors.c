/* check_errors.c: every status as an HTTP code and an error document.
 * It may not test what a verb refuses: the fake refuses what the test says. */
#include "fake.h"

#include <string.h>

static unsigned wanted(enum mdl_status st)
{
    static const struct {
        enum mdl_status status;
        unsigned http;
    } special[] = {{MDL_U_NOT_FOUND, 404}, {MDL_U_EXISTS, 409},    {MDL_U_STATE, 409},
                   {MDL_P_BUSY, 409},      {MDL_U_TOO_LARGE, 413}, {MDL_L_DISK_FULL, 507}};
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (special[i].status == st) {
            return special[i].http;
        }
    }
    return st == MDL_OK ? 200 : st < 200 ? 502 : st < 300 ? 400 : st < 400 ? 503 : 500;
}

#define STATUS(name, number, cls, slug, meaning) {number, #cls, slug},
static const struct {
    int number;
    const char *cls, *slug;
} all[] = {MDL_STATUS_LIST(STATUS)};

START_TEST(http_codes)
{
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        enum mdl_status st = (enum mdl_status)all[i].number;
        ck_assert_msg(api_http_status(st) == wanted(st), "%s: %u", all[i].slug,
                      api_http_status(st));
    }
}
END_TEST

START_TEST(error_documents)
{
    struct fake f;
    fake_start(&f);
    for (size_t i = 1; i < sizeof all / sizeof all[0]; i++) {
        f.service.fail.status = (enum mdl_status)all[i].number;
        (void)snprintf(f.service.fail.text, sizeof f.service.fail.text, "a \"text\" for %s",
                       all[i].slug);
        struct reply r = http(&f, "GET", "/v1/status", NULL);
        const json_t *e = json_object_get(r.doc, "error");
        ck_assert_int_eq(r.code, (int)wanted(f.service.fail.status));
        ck_assert_str_eq(reply_error(&r), all[i].slug);
        ck_assert_str_eq(reply_message(&r), f.service.fail.text);
        ck_assert_int_eq(json_integer_value(json_object_get(e, "code")), all[i].number);
        ck_assert_int_eq(strcasecmp(json_string_value(json_object_get(e, "class")), all[i].cls), 0);
        ck_assert_ptr_null(json_object_get(e, "details"));
        reply_free(&r);
    }
    fake_stop(&f);
}
END_TEST

/* A text cut in the middle of a character must not cost the answer, nor what can be read of it. */
START_TEST(a_text_that_is_not_utf8)
{
    static const struct {
        const char *text, *want;
    } cases[] = {{"no partner 'M\xc3'", "no partner 'M?'"},
                 {"no partner 'M\xc3", "no partner 'M?"},
                 {"\xff\xfe x \xe4\xbc\x9a", "?? x 会"},
                 {"\xe4\xbc", "??"},
                 {"\xed\xa0\x80", "???"}, /* a surrogate */
                 {"Müller 株式", "Müller 株式"}};
    struct fake f;
    fake_start(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)mdl_fail(&f.service.fail, MDL_U_NOT_FOUND, "%s", cases[i].text);
        struct reply r = http(&f, "GET", "/v1/partners", NULL);
        ck_assert_int_eq(r.code, 404);
        ck_assert_str_eq(reply_message(&r), cases[i].want);
        reply_free(&r);
    }
    fake_stop(&f);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {http_codes, error_documents, a_text_that_is_not_utf8};
    return run_suite("errors", NULL, NULL, tests, sizeof tests / sizeof tests[0]);
}
