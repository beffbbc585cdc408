/* check_hostile.c: a pinned partner that attacks: garbage, floods, forged agreements. The victim is
 * a real node; the attacker has real keys and a channel of its own.
 *
 * What must hold after each: the victim answers, its log verifies, nothing was signed or stored
 * that its operator did not want, and what the attacker can make it write is bounded. */
#include "victim.h"

#include <mandorla/role.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the node takes at once outside rounds (node/service/limits.h), and what it may write for
 * each: the message, its answer, one entry of its own. */
#define BURST 512
#define ROOM  (3 * BURST)

/* ---- bytes --------------------------------------------------------------------------------------
 */

START_TEST(garbage)
{
    static const uint8_t bombs[][8] = {{0xdd, 0xff, 0xff, 0xff, 0xff},
                                       {0xc6, 0xff, 0xff, 0xff, 0xff},
                                       {0xdb, 0xff, 0xff, 0xff, 0xff},
                                       {0xdf, 0xff, 0xff, 0xff, 0xff},
                                       {0x96, 0x01, 0x01, 0xdd, 0xff, 0xff, 0xff, 0xff},
                                       {0x96, 0x01, 0x0b, 0xc4, 0xff},
                                       {0x91, 0x91, 0x91, 0x91, 0x91}};
    uint8_t *big = calloc(1, MDL_MESSAGE_MAX);
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
        enemy_raw(&e, bombs[i], sizeof bombs[i]);
    }
    for (size_t len = 1; len < sizeof bytes; len += 3) {
        randombytes_buf(bytes, len);
        bytes[0] = bytes[0] == 0xc1 ? 0x96 : bytes[0];
        enemy_raw(&e, bytes, len);
    }
    memset(big, 0x91, MDL_MESSAGE_MAX); /* an array in an array in an array ... */
    enemy_raw(&e, big, MDL_MESSAGE_MAX);
    enemy_raw(&e, e.last[MDL_MSG_NODE_INFO], e.last_len[MDL_MSG_NODE_INFO] - 1);
    free(big);
    still_answers();
    ck_assert_int_eq(rounds(), 0);
}
END_TEST

/* Each type about a round that is not there, twice; nothing is kept, and what asks is answered. */
START_TEST(every_type_without_a_round)
{
    uint8_t round[16];
    for (size_t i = 0; i < mdl_msg_count(); i++) {
        uint8_t type = mdl_msg_type_at(i);
        bool of_round = mdl_msg_class_of(type) == MDL_MSG_ROUND;
        unsigned aborts = e.got[MDL_MSG_ABORT];
        fresh(round);
        enemy_some(&e, type, round, of_round ? 1 : 0);
        enemy_some(&e, type, round, of_round ? 7 : 0);
        still_answers();
        bool asks = (of_round && type != MDL_MSG_RECEIPT_SIG) || type == MDL_MSG_ACK ||
                    type == MDL_MSG_ROUND_APPROVE;
        ck_assert_msg(e.got[MDL_MSG_ABORT] == aborts + (asks ? 2 : 0), "%s: %u answers",
                      mdl_msg_name(type), e.got[MDL_MSG_ABORT] - aborts);
        if (asks) {
            ck_assert_int_eq(code_of(MDL_MSG_ABORT), MDL_P_UNKNOWN_ROUND);
        }
    }
    ck_assert_int_eq(rounds(), 0);
    ck_assert_int_eq(agreements(), 0);
}
END_TEST

static const char *their_name(char out[100])
{
    json_t *doc = node_do(&n, "partner.list", json_object());
    const json_t *p = json_array_get(json_object_get(doc, "partners"), 0);
    const char *name = json_string_value(json_object_get(p, "their_name"));
    snprintf(out, 100, "%s", name != NULL ? name : "(none)");
    json_decref(doc);
    return out;
}

START_TEST(names_that_deceive)
{
    static const char *const bad[] = {"\x1b[31mred",
                                      "\xe2\x80\xae"
                                      "evil",
                                      "a\nb",
                                      "\xc2\x85x",
                                      "\xff\xfe",
                                      "\xe2\x80\xa8"
                                      "line",
                                      "\xe2\x80\x8b"};
    uint8_t bytes[512];
    char before[100];
    char after[100];
    struct mdl_msg m;
    their_name(before);
    if (e.last_len[MDL_MSG_NODE_INFO] == 0) {
        ck_assert(enemy_listen(&e, MDL_MSG_NODE_INFO, 10000));
    }
    memcpy(bytes, e.last[MDL_MSG_NODE_INFO], e.last_len[MDL_MSG_NODE_INFO]);
    ck_assert_int_eq(mdl_msg_decode(bytes, e.last_len[MDL_MSG_NODE_INFO], &m, NULL), MDL_OK);
    m.body.node_info.certificate = (struct mdl_bytes){NULL, 0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t *out;
        size_t len;
        char plain[65] = "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX";
        m.body.node_info.name = mdl_text_of(plain);
        ck_assert_int_eq(mdl_msg_encode(&m, &out, &len, NULL), MDL_OK);
        uint8_t *at = memmem(out, len, "XXXXXXXX", 8);
        memcpy(at, bad[i], strlen(bad[i]));
        enemy_raw(&e, out, len);
        free(out);
    }
    still_answers();
    ck_assert_str_eq(their_name(after), before);
    m.body.node_info.name =
        mdl_text_of("Mallory \xe2\x82\xac and 53 more bytes 12345678901234567890123456789");
    enemy_send(&e, &m);
    still_answers();
    ck_assert_str_ne(their_name(after), before);
}
END_TEST

/* ---- floods -------------------------------------------------------------------------------------
 */

START_TEST(flood_fills_no_disk)
{
    uint8_t round[16];
    json_int_t before = log_entries(&n);
    for (int i = 0; i < 3000; i++) {
        fresh(round);
        enemy_some(&e, i % 2 == 0 ? MDL_MSG_NODE_INFO : MDL_MSG_HELLO, round, (uint32_t)i % 2);
        if (i % 3 == 0) {
            enemy_raw(&e, "\x92garbage", 8);
        }
        if (i % 64 == 0) {
            enemy_listen(&e, 0, 1);
        }
    }
    enemy_listen(&e, 0, 500);
    json_int_t grown = log_entries(&n) - before;
    ck_assert_msg(grown <= ROOM, "%lld entries", (long long)grown);
    ck_assert_msg(grown >= BURST / 2, "only %lld entries: was it sent?", (long long)grown);
}
END_TEST

/* It sends and never reads: what waits for it is bounded, and others are served. */
START_TEST(flood_without_reading)
{
    uint8_t round[16];
    for (int i = 0; i < 2000; i++) {
        fresh(round);
        enemy_some(&e, MDL_MSG_HELLO, round, 1);
    }
    ck_assert_int_eq(rounds(), 0);
    enemy_begin(&other, "Trent", &n, false);
    uint8_t hash[64] = {1};
    fresh(round);
    enemy_round(&other, round, hash, wall_ms());
    ck_assert(enemy_listen(&other, MDL_MSG_ROUND_REFUSE, 10000));
}
END_TEST

START_TEST(reconnect_storm)
{
    json_int_t before = log_entries(&n);
    for (int i = 0; i < 14; i++) {
        enemy_disconnect(&e);
        enemy_connect(&e);
    }
    still_answers();
    json_int_t grown = log_entries(&n) - before;
    ck_assert_msg(grown <= 14 * 3 + 4, "%lld entries for 14 connections", (long long)grown);
}
END_TEST

/* ---- agreements ---------------------------------------------------------------------------------
 */

START_TEST(forged_agreements)
{
    uint8_t bytes[MDL_AGREEMENT_MAX];
    uint8_t hash[64];
    uint8_t sig[64] = {0};
    size_t len = enemy_agreement(&e, NULL, bytes, hash);
    struct mdl_msg m = {.type = MDL_MSG_AGREEMENT_PROPOSE};
    m.body.agreement_propose.agreement = (struct mdl_bytes){bytes, len};
    m.body.agreement_propose.signature = sig;
    enemy_send(&e, &m); /* no signature */
    enemy_say(&e, MDL_SAY_REVOKE, &(struct mdl_statement_parts){.hash = hash}, sig);
    enemy_send(&e, &m); /* one for another statement */
    e.role = mdl_role_other(e.role);
    enemy_say(&e, MDL_SAY_AGREEMENT, &(struct mdl_statement_parts){.hash = hash}, sig);
    e.role = mdl_role_other(e.role);
    enemy_send(&e, &m); /* one in the victim's role */
    still_answers();
    ck_assert_int_eq(agreements(), 0);
    ck_assert_uint_eq(e.got[MDL_MSG_AGREEMENT_REJECT], 0);
    enemy_propose(&e, (const uint8_t *)"\x90", 1, hash); /* signed, but not over these bytes */
    bytes[len - 1] ^= 1;
    bytes[0] = 0x90;
    mdl_agreement_hash(bytes, len, hash);
    enemy_propose(&e, bytes, len, hash); /* signed, and no agreement */
    ck_assert(enemy_listen(&e, MDL_MSG_AGREEMENT_REJECT, 10000));
    ck_assert_int_eq(agreements(), 0);
}
END_TEST

/* Another partner's agreement: not accepted, not revoked, not rejected, and nobody is told. */
START_TEST(agreement_of_another)
{
    uint8_t bytes[MDL_AGREEMENT_MAX];
    uint8_t hash[64];
    uint8_t sig[64];
    enemy_begin(&other, "Trent", &n, false);
    size_t len = enemy_agreement(&other, NULL, bytes, hash);
    enemy_propose(&e, bytes, len, hash); /* before the victim knows it */
    ck_assert(enemy_listen(&e, MDL_MSG_AGREEMENT_REJECT, 10000));
    ck_assert_int_eq(agreements(), 0);
    agree(&other, hash);
    enemy_listen(&other, 0, 200);
    unsigned told = other.got[MDL_MSG_AGREEMENT_ACCEPT];
    enemy_propose(&e, bytes, len, hash);
    struct mdl_msg m = {.type = MDL_MSG_AGREEMENT_REVOKE};
    enemy_say(&e, MDL_SAY_REVOKE, &(struct mdl_statement_parts){.hash = hash}, sig);
    m.body.agreement_revoke.hash = hash;
    m.body.agreement_revoke.signature = sig;
    enemy_send(&e, &m);
    uint8_t round[16];
    fresh(round);
    enemy_round(&e, round, hash, wall_ms());
    expect_refusal(MDL_P_AGREEMENT);
    enemy_listen(&other, 0, 300);
    ck_assert_uint_eq(other.got[MDL_MSG_AGREEMENT_ACCEPT], told);
    ck_assert_uint_eq(other.got[MDL_MSG_AGREEMENT_REVOKE], 0);
    json_t *doc = node_do(&n, "agreement.show", json_pack("{s:s}", "agreement", "Trent"));
    const json_t *a = json_object_get(doc, "agreement");
    ck_assert_str_eq(json_string_value(json_object_get(a, "state")), "in-force");
    json_decref(doc);
}
END_TEST

/* One that begins in ten years would be the last for ever, and replace what is in force today. */
static void far(struct mdl_agreement *a)
{
    uint64_t ten_years = UINT64_C(3650) * 24 * 3600 * 1000;
    a->valid_from += ten_years;
    a->valid_until += ten_years;
}

static void state_is(const uint8_t hash[64], const char *state)
{
    char hex[129];
    sodium_bin2hex(hex, sizeof hex, hash, 64);
    json_t *doc = node_do(&n, "agreement.show", json_pack("{s:s}", "agreement", hex));
    const json_t *a = json_object_get(doc, "agreement");
    ck_assert_str_eq(json_string_value(json_object_get(a, "state")), state);
    json_decref(doc);
}

START_TEST(agreement_of_the_future)
{
    uint8_t bytes[MDL_AGREEMENT_MAX];
    uint8_t now[64];
    uint8_t hash[64];
    char hex[129];
    agree(&e, now);
    size_t len = enemy_agreement(&e, far, bytes, hash);
    enemy_propose(&e, bytes, len, hash);
    still_answers();
    state_is(hash, "proposed-by-them");
    sodium_bin2hex(hex, sizeof hex, hash, 64);
    const char *why =
        node_refuses(&n, "agreement.accept", json_pack("{s:s}", "agreement", hex), MDL_U_STATE);
    ck_assert_ptr_nonnull(strstr(why, "does not begin for more than a day"));
    state_is(now, "in-force");
}
END_TEST

/* It proposes rounds under what a newer agreement has replaced: nothing starts. */
START_TEST(rounds_under_a_replaced_agreement)
{
    uint8_t older[64];
    uint8_t newer[64];
    uint8_t round[16];
    agree(&e, older);
    usleep(5000); /* begins later */
    agree(&e, newer);
    state_is(older, "replaced");
    state_is(newer, "in-force");
    fresh(round);
    enemy_round(&e, round, older, wall_ms());
    expect_refusal(MDL_P_AGREEMENT);
    ck_assert_uint_eq(e.got[MDL_MSG_HELLO], 0);
    ck_assert_uint_eq(e.got[MDL_MSG_COMMIT], 0);
}
END_TEST

START_TEST(flood_of_agreements)
{
    uint8_t bytes[MDL_AGREEMENT_MAX];
    uint8_t hash[64];
    uint8_t sig[64];
    for (int i = 0; i < 40; i++) {
        size_t len = enemy_agreement(&e, NULL, bytes, hash);
        enemy_propose(&e, bytes, len, hash);
    }
    still_answers();
    ck_assert_int_eq(agreements(), 8);
    ck_assert_uint_eq(e.got[MDL_MSG_AGREEMENT_REJECT], 32);
    /* Withdrawing each makes room for eight more, but not for ever. */
    for (int i = 0; i < 60; i++) {
        size_t len = enemy_agreement(&e, NULL, bytes, hash);
        struct mdl_msg m = {.type = MDL_MSG_AGREEMENT_REVOKE};
        json_t *doc = node_do(&n, "agreement.list", json_object());
        const json_t *a = json_array_get(json_object_get(doc, "agreements"), 0);
        const char *hex = json_string_value(json_object_get(a, "id"));
        uint8_t victim[64];
        ck_assert_ptr_nonnull(hex);
        sodium_hex2bin(victim, 64, hex, strlen(hex), NULL, NULL, NULL);
        enemy_say(&e, MDL_SAY_REVOKE, &(struct mdl_statement_parts){.hash = victim}, sig);
        m.body.agreement_revoke.hash = victim;
        m.body.agreement_revoke.signature = sig;
        enemy_send(&e, &m);
        json_decref(doc);
        enemy_propose(&e, bytes, len, hash);
    }
    still_answers();
    ck_assert_int_le(agreements(), 32);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("a hostile partner");
    TCase *t = victim_part(s, "bytes");
    tcase_add_test(t, garbage);
    tcase_add_test(t, every_type_without_a_round);
    tcase_add_test(t, names_that_deceive);
    t = victim_part(s, "floods");
    tcase_add_test(t, flood_fills_no_disk);
    tcase_add_test(t, flood_without_reading);
    tcase_add_test(t, reconnect_storm);
    t = victim_part(s, "agreements");
    tcase_add_test(t, forged_agreements);
    tcase_add_test(t, agreement_of_another);
    tcase_add_test(t, agreement_of_the_future);
    tcase_add_test(t, rounds_under_a_replaced_agreement);
    tcase_add_test(t, flood_of_agreements);
    return victim_run(s);
}
