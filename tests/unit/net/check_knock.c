/* check_knock.c: how often refused keys are told, with a clock of the test's own. */
#include "knock.h"
#include "rig.h"

#include <stdio.h>
#include <string.h>

static struct mdl_knocks k;

static void setup(void)
{
    memset(&k, 0, sizeof k);
}

static bool add(uint8_t key, int64_t now)
{
    uint8_t bytes[MDL_CURVE_BYTES] = {key};
    return mdl_knocks_add(&k, bytes, "192.0.2.1", now);
}

START_TEST(first_is_told_at_once_and_then_once_a_minute)
{
    struct mdl_knock out;
    ck_assert(add(0xAB, 1000));
    ck_assert(!add(0xAB, 1001));
    ck_assert(!add(0xAB, 1000 + MDL_KNOCK_WINDOW_MS - 1));
    ck_assert(mdl_knocks_take(&k, &out));
    ck_assert_uint_eq(out.count, 1);
    ck_assert_str_eq(out.address, "192.0.2.1");
    ck_assert_uint_eq(strlen(out.key_hex), 64);
    ck_assert_int_eq(strncmp(out.key_hex, "ab00", 4), 0);
    ck_assert(!mdl_knocks_take(&k, &out));
    ck_assert(add(0xAB, 1000 + MDL_KNOCK_WINDOW_MS));
    ck_assert(mdl_knocks_take(&k, &out));
    ck_assert_uint_eq(out.count, 3);
    ck_assert_uint_eq(k.total, 4);
}
END_TEST

START_TEST(all_keys_share_a_budget)
{
    struct mdl_knock out;
    for (uint8_t i = 0; i < MDL_KNOCK_BUDGET; i++) {
        ck_assert(add(i, 5));
        ck_assert(mdl_knocks_take(&k, &out));
    }
    ck_assert(!add(200, 6));
    ck_assert(!mdl_knocks_take(&k, &out));
    ck_assert(add(200, 6 + MDL_KNOCK_WINDOW_MS));
}
END_TEST

START_TEST(waiting_knocks_come_in_order_and_are_bounded)
{
    struct mdl_knock out;
    for (uint8_t i = 0; i < MDL_KNOCK_BUDGET; i++)
        ck_assert(add(i, 5));
    /* A new minute, but nobody took the old ones. */
    ck_assert(!add(99, 5 + MDL_KNOCK_WINDOW_MS));
    for (unsigned i = 0; i < MDL_KNOCK_BUDGET; i++) {
        char expected[3];
        snprintf(expected, sizeof expected, "%02x", i);
        ck_assert(mdl_knocks_take(&k, &out));
        ck_assert_int_eq(strncmp(out.key_hex, expected, 2), 0);
    }
    ck_assert(!mdl_knocks_take(&k, &out));
}
END_TEST

START_TEST(more_keys_than_are_remembered)
{
    for (int64_t i = 0; i < 10000; i++) {
        uint8_t key[MDL_CURVE_BYTES] = {0};
        memcpy(key, &i, sizeof i);
        mdl_knocks_add(&k, key, "", i);
    }
    ck_assert_uint_eq(k.total, 10000);
    ck_assert_uint_eq(k.n_waiting, MDL_KNOCK_BUDGET);
}
END_TEST

START_TEST(a_long_address_is_cut)
{
    struct mdl_knock out;
    uint8_t key[MDL_CURVE_BYTES] = {1};
    char address[300];
    memset(address, '1', sizeof address - 1);
    address[sizeof address - 1] = '\0';
    ck_assert(mdl_knocks_add(&k, key, address, 1));
    ck_assert(mdl_knocks_take(&k, &out));
    ck_assert_uint_eq(strlen(out.address), MDL_NET_ADDRESS_MAX - 1);
}
END_TEST

START_TEST(hex)
{
    uint8_t key[MDL_CURVE_BYTES], back[MDL_CURVE_BYTES];
    char text[MDL_NET_HEX];
    for (size_t i = 0; i < MDL_CURVE_BYTES; i++)
        key[i] = (uint8_t)(i * 37 + 9);
    mdl_net_hex(key, text);
    ck_assert(mdl_net_unhex(text, back));
    ck_assert_mem_eq(key, back, MDL_CURVE_BYTES);
    text[5] = 'G';
    ck_assert(!mdl_net_unhex(text, back));
    text[5] = 'A'; /* only what the ZAP handler writes */
    ck_assert(!mdl_net_unhex(text, back));
    text[5] = 'a';
    text[63] = '\0';
    ck_assert(!mdl_net_unhex(text, back));
    ck_assert(!mdl_net_unhex("", back));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("net-knock");
    TCase *t = tcase_create("knock");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, first_is_told_at_once_and_then_once_a_minute);
    tcase_add_test(t, all_keys_share_a_budget);
    tcase_add_test(t, waiting_knocks_come_in_order_and_are_bounded);
    tcase_add_test(t, more_keys_than_are_remembered);
    tcase_add_test(t, a_long_address_is_cut);
    tcase_add_test(t, hex);
    return rig_run(s);
}
