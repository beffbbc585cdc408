/* check_names.c: what may stand as a name and as an endpoint. */
#include "support.h"

#include <string.h>

static struct mdl_error err;

static const char *const good_names[] = {
    "A",
    "Müller & Söhne",
    "株式会社 東京",
    "شركة",
    "Société d'Énergie",
    "🙂 Ltd",
    "1234567890123456789012345678901234567890123456789012345678901234",
    "a\xe2\x80\x8cz", /* U+200C, which Persian and Indic names need */
    "x\xc2\xa0y",
    "\xf4\x8f\xbf\xbf",
    "\xed\x9f\xbf",
    "\xee\x80\x80",
};

START_TEST(names)
{
    for (size_t i = 0; i < sizeof good_names / sizeof good_names[0]; i++) {
        ck_assert_msg(mdl_name_check(good_names[i], &err) == MDL_OK, "%s: %s", good_names[i],
                      err.text);
    }
}
END_TEST

static const struct {
    const char *name;
    const char *words;
} bad_names[] = {
    {"", "empty"},
    {"12345678901234567890123456789012345678901234567890123456789012345", "longer"},
    {" a", "space"},
    {"a ", "space"},
    {"\xc2\xa0z", "space"},
    {"a\xe3\x80\x80", "space"},
    {"a\nb", "U+000A"},
    {"a\tb", "U+0009"},
    {"\x1b[31m", "U+001B"},
    {"a\x7f", "U+007F"},
    {"a\xc2\x80", "U+0080"},
    {"a\xc2\x9f", "U+009F"},
    {"a\xc2\xadz", "U+00AD"},
    {"a\xd8\x9cz", "U+061C"},
    {"a\xe2\x80\x8bz", "U+200B"},
    {"a\xe2\x80\x8f", "U+200F"},
    {"a\xe2\x80\xa8z", "U+2028"},
    {"a\xe2\x80\xaez", "U+202E"},
    {"a\xe2\x81\xa6z", "U+2066"},
    {"a\xef\xbb\xbf", "U+FEFF"},
    {"a\xf3\xa0\x81\x81", "U+E0041"},
    {"\x80", "UTF-8 at byte 1"},
    {"ab\xff", "UTF-8 at byte 3"},
    {"\xc3", "UTF-8"},
    {"\xc3(", "UTF-8"},
    {"\xe2\x82", "UTF-8"},
    {"\xf0\x9f\x99", "UTF-8"},
    {"\xc0\xaf", "UTF-8"},
    {"\xc1\xbf", "UTF-8"},
    {"\xe0\x80\xaf", "UTF-8"},
    {"\xe0\x9f\xbf", "UTF-8"},
    {"\xf0\x8f\xbf\xbf", "UTF-8"},
    {"\xed\xa0\x80", "UTF-8"},
    {"\xed\xbf\xbf", "UTF-8"},
    {"\xf4\x90\x80\x80", "UTF-8"},
    {"\xf8\x88\x80\x80\x80", "UTF-8"},
};

START_TEST(names_refused)
{
    expect(mdl_name_check(bad_names[_i].name, &err), MDL_U_ARGUMENT, &err, bad_names[_i].words);
}
END_TEST

#define LABEL63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

static const char *const good_endpoints[] = {
    "tcp://node.example.com:7400",
    "tcp://a:1",
    "tcp://localhost:65535",
    "tcp://192.0.2.1:7400",
    "tcp://[2001:db8::1]:7400",
    "tcp://[::]:1",
    "tcp://[::ffff:192.0.2.1]:80",
    "tcp://xn--mller-kva.example:443",
    "tcp://3com.com:80",
    "tcp://a-b.c--d.e:80",
    "tcp://1.2.3.4x:80",
    "tcp://" LABEL63 ".com:80",
    "tcp://vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion:80",
};

START_TEST(endpoints)
{
    for (size_t i = 0; i < sizeof good_endpoints / sizeof good_endpoints[0]; i++) {
        ck_assert_msg(mdl_endpoint_check(good_endpoints[i], &err) == MDL_OK, "%s: %s",
                      good_endpoints[i], err.text);
    }
}
END_TEST

static const struct {
    const char *endpoint;
    const char *words;
} bad_endpoints[] = {
    {"", "begins with tcp://"},
    {"a:1", "tcp://"},
    {"TCP://a:1", "tcp://"},
    {"udp://a:1", "tcp://"},
    {"ipc:///tmp/x", "tcp://"},
    {" tcp://a:1", "tcp://"},
    {"tcp://", "port"},
    {"tcp://a", "port"},
    {"tcp://a:", "port"},
    {"tcp://a:0", "port"},
    {"tcp://a:080", "port"},
    {"tcp://a:65536", "port"},
    {"tcp://a:100000", "port"},
    {"tcp://a:1x", "port"},
    {"tcp://a:1 ", "port"},
    {"tcp://a:-1", "port"},
    {"tcp://a:*", "port"},
    {"tcp://a:1\n", "port"},
    {"tcp://:1", "host"},
    {"tcp://*:1", "host"},
    {"tcp://.a:1", "host"},
    {"tcp://a.:1", "host"},
    {"tcp://a..b:1", "host"},
    {"tcp://-a:1", "host"},
    {"tcp://a-:1", "host"},
    {"tcp://a-.b:1", "host"},
    {"tcp://a_b:1", "host"},
    {"tcp://a b:1", "host"},
    {"tcp://a/b:1", "host"},
    {"tcp://u@a:1", "host"},
    {"tcp://m\xc3\xbcller.de:1", "host"},
    {"tcp://a;b:1", "host"},
    {"tcp://" LABEL63 "x.com:1", "host"},
    {"tcp://1.2.3:1", "host"},
    {"tcp://1.2.3.256:1", "host"},
    {"tcp://01.2.3.4:1", "host"},
    {"tcp://123:1", "host"},
    {"tcp://1.2.3.4.5:1", "host"},
    {"tcp://::1:1", "host"},
    {"tcp://2001:db8::1:1", "host"},
    {"tcp://[::1:1", "host"},
    {"tcp://::1]:1", "host"},
    {"tcp://[]:1", "host"},
    {"tcp://[a]:1", "host"},
    {"tcp://[1.2.3.4]:1", "host"},
    {"tcp://[fe80::1%eth0]:1", "host"},
    {"tcp://[:1", "host"},
    {"tcp://[2001:db8:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:1]:1", "host"},
};

START_TEST(endpoints_refused)
{
    expect(mdl_endpoint_check(bad_endpoints[_i].endpoint, &err), MDL_U_ARGUMENT, &err,
           bad_endpoints[_i].words);
}
END_TEST

START_TEST(lengths_of_endpoints)
{
    char text[MDL_ENDPOINT_MAX + 2];

    /* tcp:// + 253 bytes of name cannot fit with a port; the whole has 255 at most. */
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = i % 2 == 0 ? 'a' : '.';
    }
    memcpy(text, "tcp://", 6);
    memcpy(text + MDL_ENDPOINT_MAX - 3, "a:1", 4);
    ck_assert_uint_eq(strlen(text), MDL_ENDPOINT_MAX);
    ck_assert_msg(mdl_endpoint_check(text, &err) == MDL_OK, "%s", err.text);
    memcpy(text + MDL_ENDPOINT_MAX - 3, "a:10", 5);
    expect(mdl_endpoint_check(text, &err), MDL_U_ARGUMENT, &err, "at most 255");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keys/names");
    TCase *t = tcase_create("names");

    tcase_add_test(t, names);
    tcase_add_loop_test(t, names_refused, 0, sizeof bad_names / sizeof bad_names[0]);
    tcase_add_test(t, endpoints);
    tcase_add_loop_test(t, endpoints_refused, 0, sizeof bad_endpoints / sizeof bad_endpoints[0]);
    tcase_add_test(t, lengths_of_endpoints);
    suite_add_tcase(s, t);
    return run_suite(s);
}
