/* check_hostile_counts.c: level counts: what an honest round gives and sends, what a hostile
 * partner tries, and what it can have. Group 0 is at level counts, group 1 at accounts. */
#include "hostile.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static uint8_t sig[64];

static const struct sim_size two_groups = {
    .groups = 2, .own = {20, 20}, .common = 10, .parallel = 1, .counts = 1};

/* ---- what an honest round gives -------------------------------------------------------------- */

static void narrow_gate(struct mdl_agreement *terms)
{
    terms->caps.min_result = 11;
    terms->caps.max_result = 12;
}

/* A count is complete after MATCH, is the true number, and knows no gate. */
START_TEST(counts_end_with_match)
{
    struct sim_size size = two_groups;
    struct stage s;

    size.groups = 1;
    stage_run_noted(&s, &size, narrow_gate);
    ck_assert_ptr_null(sim_check(&s.w));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(s.w.node[i].store.outcome, MDL_OUTCOME_COMPLETE);
        ck_assert_uint_eq(s.w.node[i].store.m[0], 10);
        ck_assert_uint_eq(s.w.node[i].store.opened, 0);
    }
    ck_assert_uint_eq(s.sent_in[0][MDL_MSG_MATCH], 2);
    ck_assert_uint_eq(s.sent_in[0][MDL_MSG_OPEN], 0);
    ck_assert_uint_eq(s.sent_in[0][MDL_MSG_SLICE], 0);
    ck_assert_uint_eq(s.sent_in[0][MDL_MSG_MASKS], 0);
    stage_close(&s);
}
END_TEST

static unsigned looked;

/* While the names of the other group are opened. */
static bool look_at_the_count(struct sim_node *n, struct mdl_msg *m)
{
    const struct mdl_cell *c = &n->session->cell[0];

    if (m->type == MDL_MSG_SLICE) {
        ck_assert(c->match_got && c->wiped);
        ck_assert(c->key == NULL && c->secrets == NULL);
        ck_assert(c->own == NULL && c->ordinal == NULL && c->points == NULL);
        ck_assert(c->common == NULL && c->tags == NULL && c->rows == NULL && c->tags_in == NULL);
        ck_assert(c->n == 30 && c->n_partner == 30 && c->m == 10);
        ck_assert(m->body.slice.j > 0 || n->session->cell[1].key != NULL);
        looked++;
    }
    return true;
}

START_TEST(scalar_and_lists_end_with_the_count)
{
    struct stage s;

    looked = 0;
    stage_open_sized(&s, 0, &two_groups, NULL);
    s.attacker->on_send = look_at_the_count;
    s.victim->on_send = look_at_the_count;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    ck_assert_ptr_null(sim_check(&s.w));
    ck_assert_uint_eq(looked, 20);
    stage_close(&s);
}
END_TEST

/* The gate of a group at level accounts ends the round; the count of the other is known by then. */
START_TEST(gate_elsewhere_leaves_the_count)
{
    struct stage s;

    stage_run_noted(&s, &two_groups, narrow_gate);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(s.w.node[i].store.status, MDL_P_GATE);
        ck_assert_uint_eq(s.w.node[i].store.opened, 0);
        enum mdl_outcome outcome = s.w.node[i].store.outcome;
        ck_assert_int_eq(outcome,
                         s.w.node[i].store.counted > 0 ? MDL_OUTCOME_PARTIAL : MDL_OUTCOME_ABORTED);
    }
    ck_assert_uint_eq(s.sent_in[1][MDL_MSG_OPEN], 0);
    stage_close(&s);
}
END_TEST

/* ---- messages that a group does not have ----------------------------------------------------- */

static uint8_t wrong_type;

/* In place of its last word, when the count is known: by then both sides are past MATCH. */
static bool after_the_count(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_RECEIPT_PART) {
        fill_message(m, wrong_type, 0);
    }
    return true;
}

START_TEST(nothing_follows_a_count)
{
    for (int attacker = 0; attacker < 2; attacker++) {
        struct sim_size size = two_groups;
        struct stage s;

        size.groups = 1;
        wrong_type = (uint8_t)_i;
        stage_open_sized(&s, attacker, &size, NULL);
        s.attacker->on_send = after_the_count;
        stage_run(&s, MDL_P_UNEXPECTED);
        ck_assert_ptr_nonnull(strstr(s.victim->store.text, "in phase receipt"));
        ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_PARTIAL);
        ck_assert_uint_eq(s.victim->store.m[0], 10);
        for (uint8_t type = MDL_MSG_OPEN; type <= MDL_MSG_MASKS; type++) {
            ck_assert_uint_eq(s.victim->sent_of[type], 0);
        }
        stage_close(&s);
    }
}
END_TEST

/* OPEN of the other group, sent for this one, its true values included. */
static bool opens_the_count(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_OPEN || m->type == MDL_MSG_SLICE || m->type == MDL_MSG_MASKS) {
        m->body.verified.g = 0;
    }
    return true;
}

START_TEST(opening_for_another_group)
{
    struct stage s;

    stage_open_sized(&s, _i, &two_groups, NULL);
    s.attacker->on_send = opens_the_count;
    stage_run(&s, MDL_P_UNEXPECTED);
    ck_assert_uint_eq(s.victim->store.opened, 0);
    stage_close(&s);
}
END_TEST

/* ---- caps ------------------------------------------------------------------------------------ */

static void room_for_two(struct mdl_agreement *terms)
{
    terms->caps.max_keys_round = 60;
    terms->caps.min_keys = 5;
}

static bool one_key_more(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_COMMIT && m->body.commit.g == 1) {
        struct mdl_msg_commit *k = &m->body.commit;
        uint8_t hash[64];

        k->n = 31;
        mdl_hash_commit(&n->session->cell[1], (uint8_t)n->id, k->n, &k->chunks, k->list_root,
                        k->key_commitment, k->coin_commitment, hash);
        crypto_sign_detached(sig, NULL, hash, sizeof hash, n->secret_key);
        k->signature = sig;
    }
    return true;
}

/* 30 and 31 keys, each below 60: together one too many. */
START_TEST(groups_share_the_cap_of_a_round)
{
    struct stage s;

    stage_open_sized(&s, _i, &two_groups, room_for_two);
    s.attacker->on_send = one_key_more;
    stage_run(&s, MDL_P_CAP);
    ck_assert_ptr_nonnull(strstr(s.victim->store.text, "30 of them gone to other groups"));
    ck_assert_uint_eq(s.victim->store.debit, 30); /* the other group's COMMIT was good */
    ck_assert_uint_eq(s.victim->store.m[1], 0);
    stage_close(&s);
    stage_open_sized(&s, _i, &two_groups, room_for_two);
    sim_start(&s.w);
    ck_assert(sim_run(&s.w)); /* 60 are not */
    ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_COMPLETE);
    stage_close(&s);
}
END_TEST

START_TEST(own_groups_together_above_the_cap)
{
    struct sim_size size = two_groups;
    struct stage s;

    size.own[_i] = 21;
    stage_open_sized(&s, 1 - _i, &size, room_for_two);
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    ck_assert_int_eq(s.victim->store.status, MDL_P_CAP);
    ck_assert_ptr_nonnull(strstr(s.victim->store.text, "62 match keys in all groups"));
    ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_HELLO], 0);
    stage_close(&s);
}
END_TEST

/* ---- what remains: THREATS tells of these ---------------------------------------------------- */

static enum mdl_msg_type withheld;
static uint32_t learned;

static bool keeps_back(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    return m->type != withheld;
}

static void count_for_itself(struct sim_node *n, struct mdl_session_work *w)
{
    (void)n;
    if (w->cell->phase == MDL_PHASE_MATCH) {
        learned = w->cell->m;
    }
}

/* [D] It has our tags and keeps its own, or its MATCH: it knows the count, we have a round without
 * a result. The debit stays. */
START_TEST(count_without_the_last_word)
{
    struct sim_size size = two_groups;
    struct stage s;

    size.groups = 1;
    withheld = _i < 2 ? MDL_MSG_TAGS : MDL_MSG_MATCH;
    learned = 0;
    stage_open_sized(&s, _i % 2, &size, NULL);
    s.attacker->on_send = keeps_back;
    s.attacker->after_work = count_for_itself;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    ck_assert_uint_eq(learned, 10);
    ck_assert_uint_eq(s.victim->store.counted, 0);
    ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_ABORTED);
    ck_assert_uint_eq(s.victim->store.debit, 30);
    stage_close(&s);
}
END_TEST

static uint32_t count_with(uint32_t common)
{
    struct sim_size size = {
        .groups = 1, .own = {20, 20}, .common = common, .parallel = 1, .counts = 1};
    struct stage s;

    stage_run_noted(&s, &size, NULL);
    ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_COMPLETE);
    uint32_t m = s.victim->store.m[0];
    stage_close(&s);
    return m;
}

/* [D] Two counts, one account more in the second list: the difference is the answer for that one.
 */
START_TEST(one_account_more_between_two_counts)
{
    ck_assert_uint_eq(count_with(11) - count_with(10), 1);
}
END_TEST

static void populations_of_five(struct mdl_agreement *terms)
{
    terms->caps.min_keys = 5;
}

/* [D] Populations of one account each ask about that account: 32 questions a round. min_keys keeps
 * such a population out; populations that overlap in all but one account pass. */
START_TEST(population_of_one_account)
{
    struct sim_size size = {
        .groups = 32, .own = {0, 0}, .common = 1, .parallel = 1, .counts = UINT32_MAX};
    struct stage s;

    stage_run_noted(&s, &size, NULL);
    for (uint8_t g = 0; g < 32; g++) {
        ck_assert_uint_eq(s.victim->store.m[g], 1); /* each a yes */
    }
    stage_close(&s);
    stage_run_noted(&s, &size, populations_of_five);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(s.w.node[i].store.status, MDL_P_CAP);
        ck_assert_uint_eq(s.w.node[i].sent_of[MDL_MSG_HELLO], 0);
    }
    stage_close(&s);
}
END_TEST

static void tests(TCase *t)
{
    tcase_add_test(t, counts_end_with_match);
    tcase_add_test(t, scalar_and_lists_end_with_the_count);
    tcase_add_test(t, gate_elsewhere_leaves_the_count);
    tcase_add_loop_test(t, nothing_follows_a_count, MDL_MSG_COMMIT, MDL_MSG_MASKS + 1);
    tcase_add_loop_test(t, opening_for_another_group, 0, 2);
    tcase_add_loop_test(t, groups_share_the_cap_of_a_round, 0, 2);
    tcase_add_loop_test(t, own_groups_together_above_the_cap, 0, 2);
    tcase_add_loop_test(t, count_without_the_last_word, 0, 4);
    tcase_add_test(t, one_account_more_between_two_counts);
    tcase_add_test(t, population_of_one_account);
}

int main(void)
{
    return stage_main("hostile counts", 120, tests);
}
