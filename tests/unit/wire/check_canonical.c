/* check_canonical.c: the bounded scan against the msgpack test suite and against each refusal.
 * The rule for the suite is independent of the scan: a value is encoded by hand in its one
 * canonical form, and exactly that encoding must be accepted. */
#include "support.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t unhex(const char *s, uint8_t *out)
{
    size_t n = 0;

    for (; *s != '\0'; s += s[2] == '-' ? 3 : 2) {
        unsigned byte;
        ck_assert_int_eq(sscanf(s, "%2x", &byte), 1);
        out[n++] = (uint8_t)byte;
        if (s[2] == '\0') {
            break;
        }
    }
    return n;
}

static bool put_json(struct out *o, const json_t *v);

static bool put_json_array(struct out *o, const json_t *v)
{
    size_t i;
    json_t *item;
    bool fits = true;

    put_array(o, json_array_size(v));
    json_array_foreach(v, i, item)
    {
        fits = put_json(o, item) && fits;
    }
    return fits;
}

/* The canonical form of a JSON value; false if the protocol has none for it. */
static bool put_json(struct out *o, const json_t *v)
{
    if (json_is_boolean(v)) {
        put_byte(o, json_is_true(v) ? 0xc3 : 0xc2);
        return true;
    }
    if (json_is_integer(v) && json_integer_value(v) >= 0) {
        put_uint(o, (uint64_t)json_integer_value(v));
        return true;
    }
    if (json_is_string(v)) {
        put_str(o, json_string_value(v), json_string_length(v));
        return true;
    }
    return json_is_array(v) && put_json_array(o, v);
}

/* The canonical form of a test of the suite, by the kind it is listed under. */
static bool canonical(struct out *o, json_t *test)
{
    const char *binary = json_string_value(json_object_get(test, "binary"));
    const char *bignum = json_string_value(json_object_get(test, "bignum"));
    const char *kinds[] = {"bool", "number", "string", "array"};
    uint8_t bytes[64];

    o->n = 0;
    if (binary != NULL) {
        size_t n = unhex(binary, bytes);
        put_bin(o, n, 0);
        memcpy(o->b + o->n - n, bytes, n);
        return true;
    }
    if (bignum != NULL) {
        put_uint(o, strtoull(bignum, NULL, 10));
        return bignum[0] != '-';
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        json_t *v = json_object_get(test, kinds[i]);
        if (v != NULL) {
            return put_json(o, v);
        }
    }
    return false; /* nil, map, timestamp, ext */
}

static json_t *load_suite(void)
{
    char path[500];
    json_error_t why;

    ck_assert_ptr_nonnull(getenv("MANDORLA_VECTORS"));
    (void)snprintf(path, sizeof path, "%s/msgpack/msgpack-test-suite.json",
                   getenv("MANDORLA_VECTORS"));
    json_t *suite = json_load_file(path, 0, &why);
    ck_assert_msg(suite != NULL, "%s: %s", path, why.text);
    return suite;
}

static void count_test(json_t *test, size_t counts[2])
{
    static struct out want;
    bool fits = canonical(&want, test);
    size_t i;
    json_t *encoding;

    json_array_foreach(json_object_get(test, "msgpack"), i, encoding)
    {
        uint8_t bytes[400];
        struct mdl_error err = {0};
        size_t n = unhex(json_string_value(encoding), bytes);
        bool accept = fits && n == want.n && memcmp(bytes, want.b, n) == 0;
        enum mdl_status st = mdl_canonical_check(bytes, n, "value", &err);
        ck_assert_msg(st == (accept ? MDL_OK : MDL_P_MALFORMED), "%s: %s",
                      json_string_value(encoding), err.text);
        counts[accept]++;
    }
}

START_TEST(suite_accepts_canonical_forms_only)
{
    json_t *suite = load_suite();
    size_t counts[2] = {0};
    const char *group;
    json_t *tests;

    json_object_foreach(suite, group, tests)
    {
        size_t i;
        json_t *test;
        json_array_foreach(tests, i, test)
        {
            count_test(test, counts);
        }
    }
    json_decref(suite);
    ck_assert_uint_eq(counts[0] + counts[1], 233); /* every encoding was judged */
    ck_assert_uint_eq(counts[1], 38);
}
END_TEST

static void refuse(const char *hex, const char *words)
{
    uint8_t bytes[400];
    struct mdl_error err = {0};
    size_t n = unhex(hex, bytes);

    ck_assert_msg(mdl_canonical_check(bytes, n, "value", &err) == MDL_P_MALFORMED, "%s", hex);
    ck_assert_int_eq(err.status, MDL_P_MALFORMED);
    ck_assert_msg(strstr(err.text, words) != NULL, "%s: '%s' without '%s'", hex, err.text, words);
}

START_TEST(each_refusal_says_why_and_where)
{
    struct mdl_error err;

    ck_assert_int_eq(mdl_canonical_check(NULL, 0, "value", &err), MDL_P_MALFORMED);
    ck_assert_str_eq(err.text, "value at byte 0: the bytes end where a value should be");
    refuse("91", "value at byte 0: an array with more items than bytes remain");
    refuse("92-01", "an array with more items than bytes remain");
    refuse("dd-ff-ff-ff-ff", "byte 0: an array with more items than bytes remain");
    refuse("92-91-01", "byte 3: the bytes end where a value should be");
    refuse("cd-01", "the bytes end within a number or length");
    refuse("cf-01-00-00-00-00-00-00", "the bytes end within a number or length");
    refuse("dd-ff-ff-ff", "the bytes end within a number or length");
    refuse("c6-ff-ff-ff-ff", "a string or binary longer than the bytes that remain");
    refuse("91-a2-61", "byte 1: a string or binary longer than the bytes that remain");
    refuse("cc-7f", "not the shortest encoding");
    refuse("dc-00-0f-01", "not the shortest encoding");
    refuse("91-c5-00-ff", "byte 1: not the shortest encoding");
    refuse("01-00", "byte 1: 1 bytes after the end");
    refuse("90-90", "byte 1: 1 bytes after the end");
    refuse("c0", "nil");
    refuse("c1", "0xc1");
    refuse("ff", "a signed integer");
    refuse("d0-7f", "a signed integer");
    refuse("ca-00-00-00-00", "a float");
    refuse("80", "a map");
    refuse("de-00-00", "a map");
    refuse("d4-01-00", "an extension");
    refuse("c7-00-01", "an extension");
    refuse("a1-80", "a string that is not UTF-8");
    refuse("a1-0a", "a string that is not UTF-8 or has control characters");
}
END_TEST

START_TEST(depth_is_four)
{
    static const uint8_t four[] = {0x91, 0x91, 0x91, 0x91, 0x05};
    static const uint8_t empty[] = {0x91, 0x91, 0x91, 0x90};

    ck_assert_int_eq(mdl_canonical_check(four, sizeof four, "value", NULL), MDL_OK);
    ck_assert_int_eq(mdl_canonical_check(empty, sizeof empty, "value", NULL), MDL_OK);
    refuse("91-91-91-91-90", "byte 4: arrays nested too deep");
    refuse("91-91-91-91-91-05", "byte 4: arrays nested too deep");
}
END_TEST

/* Every beginning of a good document is refused, and read within its bounds (ASan looks). */
START_TEST(every_truncation_is_refused)
{
    static struct out o;

    ck_assert(put_message(&o, MDL_MSG_NODE_INFO, SIZE_MAX, LARGEST, LARGEST));
    ck_assert_int_eq(mdl_canonical_check(o.b, o.n, "value", NULL), MDL_OK);
    for (size_t n = 0; n < o.n; n++) {
        uint8_t *exact = malloc(n + 1);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact + 1, o.b, n); /* the end of the block is the end of the document */
        ck_assert_int_eq(mdl_canonical_check(exact + 1, n, "value", NULL), MDL_P_MALFORMED);
        free(exact);
    }
}
END_TEST

START_TEST(offset_follows_a_path)
{
    /* [1, [h'41', 300], "ab"] */
    static const uint8_t doc[] = {0x93, 0x01, 0x92, 0xc4, 0x01, 0x41,
                                  0xcd, 0x01, 0x2c, 0xa2, 0x61, 0x62};

    ck_assert_uint_eq(mdl_canonical_offset(doc, sizeof doc, NULL, 0), 0);
    ck_assert_uint_eq(mdl_canonical_offset(doc, sizeof doc, (size_t[]){0}, 1), 1);
    ck_assert_uint_eq(mdl_canonical_offset(doc, sizeof doc, (size_t[]){1}, 1), 2);
    ck_assert_uint_eq(mdl_canonical_offset(doc, sizeof doc, (size_t[]){1, 1}, 2), 6);
    ck_assert_uint_eq(mdl_canonical_offset(doc, sizeof doc, (size_t[]){2}, 1), 9);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("wire canonical");
    TCase *c = tcase_create("canonical");
    tcase_add_test(c, suite_accepts_canonical_forms_only);
    tcase_add_test(c, each_refusal_says_why_and_where);
    tcase_add_test(c, depth_is_four);
    tcase_add_test(c, every_truncation_is_refused);
    tcase_add_test(c, offset_follows_a_path);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
