/* check_hostile_rounds.c: a pinned partner that attacks with rounds: proposals that lie, messages
 * in every wrong state, removal and connections in the middle. What must hold after each: as in
 * check_hostile.c. */
#include "victim.h"

#include <mandorla/role.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(proposals_that_lie)
{
    uint8_t hash[64];
    uint8_t round[16];
    uint8_t again[16];
    char hex[33];
    agree(&e, hash);
    fresh(round);
    enemy_round(&e, round, hash, wall_ms() + 2ull * 86400 * 1000);
    expect_refusal(MDL_P_REFUSED);
    enemy_round(&e, round, hash, UINT64_MAX);
    expect_refusal(MDL_P_REFUSED);
    enemy_round(&e, round, hash, 0);
    expect_refusal(MDL_P_REFUSED);
    ck_assert_int_eq(rounds(), 0);
    uint64_t created = wall_ms();
    enemy_round(&e, round, hash, created);
    enemy_round(&e, round, hash, created); /* a repetition */
    fresh(again);
    enemy_round(&e, again, hash, wall_ms());
    expect_refusal(MDL_P_BUSY);
    ck_assert_int_eq(rounds(), 1);
    enemy_some(&e, MDL_MSG_ROUND_APPROVE, round, 0); /* it cannot approve its own */
    still_answers();
    expect_state(round, "waiting-for-approval", NULL);
    sodium_bin2hex(hex, sizeof hex, round, 16);
    json_decref(node_do(&n, "round.refuse", json_pack("{s:s}", "round", hex)));
    expect_refusal(MDL_P_REFUSED);
    enemy_round(&e, round, hash, created); /* an old proposal, once more */
    expect_refusal(MDL_P_REFUSED);
    ck_assert_int_eq(rounds(), 1);
    enemy_begin(&other, "Trent", &n, false);
    enemy_round(&other, round, hash, created); /* another's round */
    enemy_some(&other, MDL_MSG_HELLO, round, 1);
    ck_assert(enemy_listen(&other, MDL_MSG_ABORT, 10000));
    ck_assert_uint_eq(other.got[MDL_MSG_ROUND_REFUSE], 0);
}
END_TEST

START_TEST(round_under_a_revoked_agreement)
{
    uint8_t hash[64];
    uint8_t round[16];
    char hex[129];
    agree(&e, hash);
    sodium_bin2hex(hex, sizeof hex, hash, 64);
    fresh(round);
    enemy_round(&e, round, hash, wall_ms());
    for (int i = 0; rounds() == 0 && i < 500; i++) {
        enemy_listen(&e, 0, 20);
    }
    json_decref(node_do(&n, "agreement.revoke", json_pack("{s:s}", "agreement", hex)));
    expect_refusal(MDL_P_AGREEMENT);
    expect_state(round, "revoked", "agreement");
    fresh(round);
    enemy_round(&e, round, hash, wall_ms());
    expect_refusal(MDL_P_AGREEMENT);
    /* The acceptance of before does not bring it back. */
    enemy_some(&e, MDL_MSG_AGREEMENT_ACCEPT, round, 0);
    still_answers();
    ck_assert_int_eq(rounds(), 1);
}
END_TEST

/* With the standing rule on: rounds begun and thrown away end at the cap of the month. */
START_TEST(rounds_thrown_away)
{
    uint8_t bytes[MDL_AGREEMENT_MAX];
    uint8_t hash[64];
    uint8_t round[16];
    unsigned begun = 0;
    json_decref(
        node_do(&n, "partner.set", json_pack("{s:s, s:b}", "partner", "Mallory", "accept", 1)));
    size_t len = enemy_agreement(&e, NULL, bytes, hash);
    enemy_propose(&e, bytes, len, hash);
    ck_assert(enemy_listen(&e, MDL_MSG_AGREEMENT_ACCEPT, 10000));
    for (int i = 0; i < 130; i++) {
        unsigned approved = e.got[MDL_MSG_ROUND_APPROVE];
        unsigned refused = e.got[MDL_MSG_ROUND_REFUSE];
        fresh(round);
        enemy_round(&e, round, hash, wall_ms());
        for (int k = 0; k < 2000 && e.got[MDL_MSG_ROUND_APPROVE] == approved &&
                        e.got[MDL_MSG_ROUND_REFUSE] == refused;
             k++) {
            enemy_listen(&e, 0, 5);
        }
        if (e.got[MDL_MSG_ROUND_APPROVE] > approved) {
            begun++;
            send_abort(round);
            expect_state(round, "aborted", NULL);
        } else if (code_of(MDL_MSG_ROUND_REFUSE) == MDL_P_CAP) {
            break;
        }
    }
    ck_assert_uint_eq(begun, 100);
    ck_assert_int_eq(code_of(MDL_MSG_ROUND_REFUSE), MDL_P_CAP);
}
END_TEST

START_TEST(every_type_inside_a_round)
{
    static uint8_t nonce[32] = {7};
    uint8_t hash[64];
    uint8_t round[16];
    uint8_t type = mdl_msg_type_at((size_t)_i);
    run_round(round, hash);
    send_hello(round, hash, nonce);
    await(MDL_MSG_HELLO);
    enemy_some(&e, type, round, mdl_msg_class_of(type) == MDL_MSG_ROUND ? 2 : 0);
    if (mdl_msg_class_of(type) == MDL_MSG_ROUND) {
        /* COMMIT is due, but this one names a group that there is not. */
        expect_state(round, "aborted", "unexpected");
        enemy_some(&e, type, round, 3);
        bool asks = type != MDL_MSG_RECEIPT_SIG;
        ck_assert(enemy_listen(&e, MDL_MSG_ABORT, asks ? 10000 : 200) == asks);
    } else if (type == MDL_MSG_ABORT) {
        expect_state(round, "aborted", NULL);
    } else if (type == MDL_MSG_ACK) {
        still_answers();
    } else {
        still_answers();
        expect_state(round, "running", NULL);
    }
}
END_TEST

/* The same message again and again, and the question what is missing: neither fills the log. */
START_TEST(repetitions_in_a_round)
{
    static uint8_t nonce[32] = {9};
    uint8_t hash[64];
    uint8_t round[16];
    run_round(round, hash);
    send_hello(round, hash, nonce);
    await(MDL_MSG_COMMIT);
    enemy_listen(&e, 0, 300);
    json_int_t before = log_entries(&n);
    for (int i = 0; i < 3000; i++) {
        if (i % 2 == 0) {
            send_hello(round, hash, nonce);
        } else {
            send_ack(round, 0, true);
        }
        if (i % 64 == 0) {
            enemy_listen(&e, 0, 1);
        }
    }
    enemy_listen(&e, 0, 300);
    json_int_t grown = log_entries(&n) - before;
    ck_assert_msg(grown <= 200, "%lld entries for 3000 repetitions", (long long)grown);
    send_abort(round);
    expect_state(round, "aborted", NULL);
}
END_TEST

START_TEST(removed_in_a_round)
{
    static uint8_t nonce[32] = {11};
    uint8_t hash[64];
    uint8_t round[16];
    run_round(round, hash);
    send_hello(round, hash, nonce);
    await(MDL_MSG_COMMIT);
    json_decref(node_do(&n, "partner.remove", json_pack("{s:s}", "partner", "Mallory")));
    expect_state(round, "aborted", NULL);
    for (int i = 0; e.up && i < 250; i++) { /* the farewell: 2 seconds */
        enemy_listen(&e, 0, 20);
    }
    ck_assert(!e.up);
    /* Pinned again, it is a new partner: the old agreement is not in force with it. */
    enemy_disconnect(&e);
    enemy_end(&e);
    enemy_begin(&e, "Mallory", &n, false);
    fresh(round);
    enemy_round(&e, round, hash, wall_ms());
    expect_refusal(MDL_P_AGREEMENT);
}
END_TEST

START_TEST(removed_while_a_round_waits)
{
    uint8_t hash[64];
    uint8_t round[16];
    agree(&e, hash);
    fresh(round);
    enemy_round(&e, round, hash, wall_ms());
    for (int i = 0; rounds() == 0 && i < 500; i++) {
        enemy_listen(&e, 0, 20);
    }
    json_decref(node_do(&n, "partner.remove", json_pack("{s:s}", "partner", "Mallory")));
    expect_state(round, "aborted", "aborted");
}
END_TEST

/* A round stands still, in each of its first phases, while the partner connects anew. */
START_TEST(connections_in_a_round)
{
    static uint8_t nonce[32] = {13};
    uint8_t hash[64];
    uint8_t round[16];
    run_round(round, hash);
    for (int i = 0; i < 6; i++) {
        enemy_disconnect(&e);
        enemy_connect(&e);
        if (i == 2) {
            send_hello(round, hash, nonce);
        }
    }
    await(MDL_MSG_COMMIT);
    enemy_raw(&e, "\x96\x01", 2); /* what does not decode ends the round */
    expect_state(round, "aborted", "malformed");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("a hostile partner, rounds");
    TCase *t = victim_part(s, "rounds");
    tcase_add_test(t, proposals_that_lie);
    tcase_add_test(t, round_under_a_revoked_agreement);
    tcase_add_test(t, rounds_thrown_away);
    tcase_add_loop_test(t, every_type_inside_a_round, 0, (int)mdl_msg_count());
    tcase_add_test(t, repetitions_in_a_round);
    tcase_add_test(t, removed_in_a_round);
    tcase_add_test(t, removed_while_a_round_waits);
    tcase_add_test(t, connections_in_a_round);
    return victim_run(s);
}
