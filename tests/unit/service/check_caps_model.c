/* check_caps_model.c: whether a round may begin and a list may leave, decided by a plain model
 * beside the node's own code, over random lives: lists that change by one key or by many, two
 * agreements in turn, rounds that end in every way, restarts, a partner pinned anew, a clock that
 * goes on and back. Then the differencing attacks of docs/THREATS.md: each is refused by the cap
 * that is meant for it, by its name, and goes through where no cap is set.
 *
 * usage: check-service-caps-model [seed]. A failure names its seed. */
#include "caps_model.h"

#include <stdio.h>
#include <stdlib.h>

#define STEPS 90
#define SEEDS 5

/* ---- random lives ------------------------------------------------------------------------------
 */

/* Two caps that bite, one of them chosen by the caller so that every one has its turn. */
static void some_caps(struct terms *t, uint32_t which)
{
    t->caps = open_caps;
    for (int i = 0; i < 2; i++, which = dice(5)) {
        if (which == 0) {
            t->caps.max_rounds_month = (uint16_t)(3 + dice(8));
        } else if (which == 1) {
            t->caps.cooldown_hours = (uint16_t)(1 + dice(30));
        } else if (which == 2) {
            t->caps.max_keys_round = 14 + dice(8);
        } else if (which == 3) {
            t->caps.max_keys_month = 60 + dice(100);
        } else {
            t->caps.min_change = 2 + dice(4);
        }
    }
}

static void change_lists(void)
{
    for (unsigned i = 0; i < 2; i++) {
        unsigned kind = dice(6);
        unsigned changes = kind < 2 ? 1 : kind < 3 ? 2 + dice(6) : 0;
        for (unsigned k = 0; k < changes; k++) {
            list[i] ^= 1u << dice(KEYS);
        }
        list[i] = dice(25) == 0 ? 0 : list[i];
    }
    if ((list[0] | list[1]) == 0) {
        list[0] = 1;
    }
    import();
}

static void move_clock(void)
{
    switch (dice(10)) {
    case 0:
        now -= dice(48) * HOUR;
        break;
    case 1:
        now -= dice(4) == 0 ? 31 * DAY : 0;
        break;
    case 2:
    case 3:
        now += dice(3) * 31 * DAY;
        break;
    default:
        now += dice(90) * HOUR;
    }
}

static uint64_t first_seed = 1;
static const char *const cap_names[] = {"max_rounds_month", "cooldown_hours", "max_keys_round",
                                        "max_keys_month", "min_change"};

START_TEST(caps_hold_in_every_life)
{
    struct terms t[2] = {{.n = 2, .order = {0, 1}}, {.n = 2, .order = {1, 0}}};
    unsigned ended[6] = {0}; /* by each cap, and by none */

    dice_state = first_seed + (uint64_t)_i;
    printf("seed %llu: ", (unsigned long long)dice_state);
    (void)fflush(stdout);
    n_past = 0;
    list[0] = 0x1ff;
    list[1] = 0xff0;
    list[2] = list[3] = 0;
    import();
    for (uint8_t i = 0; i < 2; i++) {
        some_caps(&t[i], (2 * (uint32_t)_i + i) % 5);
        sign(&t[i], i);
    }
    for (int i = 0; i < STEPS; i++) {
        uint32_t what = dice(12);
        if (what == 0) {
            restart();
        } else if (what == 1) {
            pin_again();
        } else if (what < 4) {
            change_lists();
        } else if (what < 7) {
            move_clock();
        } else {
            const char *cap = try_round(&t[dice(2)], (enum reach)dice(REACHES), dice(3) > 0);
            size_t which = 0;
            while (which < 5 && cap != NULL && strcmp(cap_names[which], cap) != 0) {
                which++;
            }
            ended[cap == NULL ? 5 : which]++;
        }
    }
    for (size_t i = 0; i < 5; i++) {
        printf("%s %u, ", cap_names[i], ended[i]);
    }
    printf("no cap %u\n", ended[5]);
    ck_assert_uint_gt(ended[5], 0);
}
END_TEST

/* ---- differencing ------------------------------------------------------------------------------
 */

/* Two counts whose lists differ in one account. The second round is stopped by `cap`. */
static void one_account_more(struct mdl_agreement_caps caps, const char *cap)
{
    struct terms t = {.caps = caps, .n = 1};

    n_past = 0;
    dice_state = 1;
    memset(list, 0, sizeof list);
    list[0] = 0xff;
    import();
    sign(&t, 0);
    ck_assert_ptr_null(try_round(&t, MATCHED, true));
    list[0] = 0x1ff;
    import();
    now += HOUR;
    const char *found = try_round(&t, MATCHED, true);
    ck_assert_str_eq(found == NULL ? "nothing" : found, cap == NULL ? "nothing" : cap);
}

START_TEST(one_account_more_is_refused_by_each_cap)
{
    static const char *const caps[] = {"min_change", "cooldown_hours", "max_rounds_month",
                                       "max_keys_month", NULL};
    struct mdl_agreement_caps c = open_caps;

    c.min_change = _i == 0 ? 2 : 0;
    c.cooldown_hours = _i == 1 ? 2 : 0;
    c.max_rounds_month = _i == 2 ? 1 : 1000;
    c.max_keys_month = _i == 3 ? 16 : 31 * (uint64_t)BIG;
    one_account_more(c, caps[_i]);
}
END_TEST

/* Break off, set the clock back, restart, pin anew, sign again, date proposals back: no way around
 * that round before. */
START_TEST(no_way_around_the_list_before)
{
    struct terms t[2] = {{.caps = open_caps, .n = 1}, {.caps = open_caps, .n = 1}};

    n_past = 0;
    dice_state = 2;
    memset(list, 0, sizeof list);
    t[0].caps.min_change = t[1].caps.min_change = 3;
    list[0] = 0xff;
    import();
    sign(&t[0], 0);
    sign(&t[1], 1);
    ck_assert_ptr_null(try_round(&t[0], MATCHED, false)); /* partial or aborted: it is known */
    list[0] = 0x1ff;
    import();
    ck_assert_str_eq(try_round(&t[0], MATCHED, true), "min_change");
    now -= 31 * DAY;
    ck_assert_str_eq(try_round(&t[0], MATCHED, true), "min_change");
    restart();
    ck_assert_str_eq(try_round(&t[1], MATCHED, true), "min_change");
    pin_again();
    now += 62 * DAY;
    ck_assert_str_eq(try_round(&t[1], MATCHED, true), "min_change");
    list[0] = 0xff; /* the very same as before may run */
    import();
    ck_assert_ptr_null(try_round(&t[1], MATCHED, true));
    list[0] = 0x3ff0; /* and one that is much another */
    import();
    ck_assert_ptr_null(try_round(&t[1], MATCHED, true));
    list[0] = 0xff | 0x100; /* and not only against that one: the one before last is near */
    import();
    ck_assert_str_eq(try_round(&t[0], MATCHED, true), "min_change");
}
END_TEST

/* A partner that keeps TAGS or MATCH back has our number: the list counts from its COMMIT on. */
START_TEST(a_list_counts_from_its_commitment_on)
{
    struct terms t = {.caps = open_caps, .n = 1};

    n_past = 0;
    dice_state = 4;
    memset(list, 0, sizeof list);
    t.caps.min_change = 3;
    list[0] = 0xff;
    import();
    sign(&t, 0);
    ck_assert_ptr_null(try_round(&t, COMMITTED, false));
    restart(); /* what is kept of an aborted round is kept over a restart */
    list[0] = 0x1ff;
    import();
    ck_assert_str_eq(try_round(&t, MATCHED, true), "min_change");
    list[0] = 0xff;
    import();
    ck_assert_ptr_null(try_round(&t, MATCHED, true));
}
END_TEST

/* Populations of one round that differ in an account each: a count of each is a count of each
 * account. All their keys together are bounded. */
START_TEST(overlapping_populations_share_the_caps)
{
    static const char *const caps[] = {"max_keys_round", "max_keys_month", NULL};
    struct terms t = {.caps = open_caps, .n = POPULATIONS, .order = {0, 1, 2, 3}};

    n_past = 0;
    dice_state = 3;
    for (int i = 0; i < POPULATIONS; i++) {
        list[i] = (2u << (4 + i)) - 1; /* 5, 6, 7 and 8 keys, each with all of the one before */
    }
    import();
    t.caps.max_keys_round = _i == 0 ? 25 : BIG;
    t.caps.max_keys_month = _i == 1 ? 25 : 31 * (uint64_t)BIG;
    sign(&t, 0);
    const char *found = try_round(&t, MATCHED, true);
    ck_assert_str_eq(found == NULL ? "nothing" : found, caps[_i] == NULL ? "nothing" : caps[_i]);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *s = suite_create("caps-model");
    TCase *t = tcase_create("caps-model");

    first_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    tcase_set_timeout(t, 100);
    tcase_add_checked_fixture(t, setup, fixture_close);
    tcase_add_loop_test(t, caps_hold_in_every_life, 0, SEEDS);
    tcase_add_loop_test(t, one_account_more_is_refused_by_each_cap, 0, 5);
    tcase_add_test(t, no_way_around_the_list_before);
    tcase_add_test(t, a_list_counts_from_its_commitment_on);
    tcase_add_loop_test(t, overlapping_populations_share_the_caps, 0, 3);
    suite_add_tcase(s, t);
    return run_suite(s);
}
