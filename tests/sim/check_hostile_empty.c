/* check_hostile_empty.c: groups that are not run because a side has no key there (PROTOCOL 6.2),
 * and lies about them. Group 0 is at level counts, group 1 at accounts. */
#include "hostile.h"

#include <stdlib.h>
#include <string.h>

static const struct sim_size two_groups = {
    .groups = 2, .own = {20, 20}, .common = 10, .parallel = 1, .counts = 1};

static unsigned sent_at_all(const struct stage *s, uint8_t g)
{
    unsigned all = 0;

    for (size_t type = 0; type < 256; type++) {
        all += s->sent_in[g][type];
    }
    return all;
}

/* Nothing of a group leaves in which one side has nothing, whoever it is. */
START_TEST(groups_that_are_not_run)
{
    static const uint32_t empty[][2] = {{1, 0}, {0, 1}, {1, 1}, {2, 0}, {0, 2},
                                        {2, 2}, {5, 2}, {2, 5}, {6, 4}};
    struct sim_size size = {
        .groups = 4, .own = {3, 4}, .common = 2, .parallel = 1, .counts = 1 | 4};
    struct stage s;

    memcpy(size.empty, empty[_i], sizeof size.empty);
    stage_run_noted(&s, &size, NULL);
    ck_assert_ptr_null(sim_check(&s.w));
    ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_COMPLETE);
    for (uint8_t g = 0; g < size.groups; g++) {
        bool skipped = ((size.empty[0] | size.empty[1]) >> g & 1) != 0;
        ck_assert_msg((sent_at_all(&s, g) == 0) == skipped, "group %u", g);
    }
    stage_close(&s);
}
END_TEST

/* Own lists all empty: no HELLO. No group in which both have something: HELLO and no more. */
START_TEST(no_group_is_left)
{
    static const uint32_t empty[][2] = {{3, 0}, {0, 3}, {3, 3}, {1, 2}, {2, 1}};
    struct sim_size size = two_groups;
    struct stage s;

    memcpy(size.empty, empty[_i], sizeof size.empty);
    stage_run_noted(&s, &size, NULL);
    for (int i = 0; i < 2; i++) {
        const struct sim_node *n = &s.w.node[i];
        ck_assert_int_eq(n->store.status, MDL_P_EMPTY);
        ck_assert_int_eq(n->store.outcome, MDL_OUTCOME_ABORTED);
        ck_assert(!n->store.debited);
        ck_assert(size.empty[i] != 3 || n->sent_of[MDL_MSG_HELLO] == 0);
    }
    ck_assert_uint_eq(sent_at_all(&s, 0) + sent_at_all(&s, 1), 0);
    stage_close(&s);
}
END_TEST

static void second_profile(struct mdl_agreement *terms)
{
    memset(terms->profiles[1], 0x22, 32);
    terms->n_profiles = 2;
}

/* Which profile a round will use is not known when HELLO is sent: a list that is empty under one of
 * those agreed is empty. What a profile outside the agreement would give is of no account. */
START_TEST(empty_under_another_profile)
{
    struct stage s;

    stage_open_sized(&s, _i % 2, &two_groups, _i < 2 ? second_profile : NULL);
    s.attacker->config.n_profiles = 2;
    s.attacker->profile[1] = s.attacker->profile[0];
    memset(s.attacker->profile[1].digest, 0x22, 32);
    s.attacker->profile[1].n_keys[0] = 0;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(s.w.node[i].store.outcome, MDL_OUTCOME_COMPLETE);
        ck_assert_uint_eq(s.w.node[i].store.counted, _i < 2 ? 0 : 1);
        ck_assert_uint_eq(s.w.node[i].store.m[1], 10);
    }
    stage_close(&s);
}
END_TEST

static uint8_t wrong_type;

static bool names_a_group_not_run(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_COMMIT) {
        fill_message(m, wrong_type, 0);
    }
    return true;
}

START_TEST(group_not_run_takes_no_message)
{
    for (int attacker = 0; attacker < 2; attacker++) {
        struct sim_size size = two_groups;
        struct stage s;

        size.empty[attacker] = 1;
        wrong_type = (uint8_t)_i;
        stage_open_sized(&s, attacker, &size, NULL);
        s.attacker->on_send = names_a_group_not_run;
        stage_run(&s, MDL_P_UNEXPECTED);
        ck_assert(!s.victim->store.debited);
        stage_close(&s);
    }
}
END_TEST

/* ---- lies in `empty` ------------------------------------------------------------------------- */

static uint32_t lie;

static bool other_empty(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_HELLO) {
        m->body.hello.empty ^= lie;
    }
    return true;
}

static const struct {
    uint32_t lie; /* XORed into HELLO, which says 0 in truth */
    enum mdl_status status;
} empties[] = {
    {4, MDL_P_MALFORMED}, /* a group that is not there */
    {UINT32_C(1) << 31, MDL_P_MALFORMED},
    {UINT32_MAX, MDL_P_MALFORMED},
    {3, MDL_P_EMPTY},      /* nothing at all */
    {1, MDL_P_UNEXPECTED}, /* then commits to a list in it all the same */
    {2, MDL_P_UNEXPECTED},
};

START_TEST(lies_about_what_is_empty)
{
    for (int attacker = 0; attacker < 2; attacker++) {
        struct stage s;

        lie = empties[_i].lie;
        stage_open_sized(&s, attacker, &two_groups, NULL);
        s.attacker->on_send = other_empty;
        sim_start(&s.w);
        ck_assert(sim_run(&s.w));
        ck_assert_msg(s.victim->store.status == empties[_i].status, "%s", s.victim->store.text);
        ck_assert(!s.victim->store.by_partner);
        ck_assert_uint_eq(s.victim->store.counted + s.victim->store.opened, 0);
        stage_close(&s);
    }
}
END_TEST

/* A lie that is kept up: a group less, for both. */
START_TEST(group_that_a_side_calls_empty)
{
    struct stage s;

    stage_open_sized(&s, _i, &two_groups, NULL);
    s.attacker->profile[0].n_keys[0] = 0;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(s.w.node[i].store.outcome, MDL_OUTCOME_COMPLETE);
        ck_assert_uint_eq(s.w.node[i].store.counted, 0);
        ck_assert_uint_eq(s.w.node[i].store.m[1], 10);
        ck_assert_uint_eq(s.w.node[i].store.debit, 30);
    }
    stage_close(&s);
}
END_TEST

static void tests(TCase *t)
{
    tcase_add_loop_test(t, groups_that_are_not_run, 0, 9);
    tcase_add_loop_test(t, no_group_is_left, 0, 5);
    tcase_add_loop_test(t, empty_under_another_profile, 0, 4);
    tcase_add_loop_test(t, group_not_run_takes_no_message, MDL_MSG_COMMIT, MDL_MSG_MASKS + 1);
    tcase_add_loop_test(t, lies_about_what_is_empty, 0, ROWS(empties));
    tcase_add_loop_test(t, group_that_a_side_calls_empty, 0, 2);
}

int main(void)
{
    return stage_main("hostile empty", 120, tests);
}
