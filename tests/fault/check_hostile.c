/* check_hostile.c: a pinned partner that attacks: garbage, floods, forgeries, messages in every
 * wrong state. The victim is a real node; the attacker has real keys and a channel of its own.
 *
 * What must hold after each: the victim answers, its log verifies, nothing was signed or stored
 * that its operator did not want, and what the attacker can make it write is bounded. */
#include "enemy.h"

#include <mandorla/role.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the node takes at once outside rounds (node/service/limits.h), and what it may write for
 * each: the message, its answer, one entry of its own. */
#define BURST 512
#define ROOM  (3 * BURST)

static struct node n;
static struct enemy e;
static struct enemy other;

static const char list[] = "Account Name,Website,Type,Account ID\n"
                           "Acme GmbH,https://www.acme.com,Customer,A1\n"
                           "Globex Corp,globex.example.org,Prospect,A2\n"
                           "Initech,initech.com,Customer,A3\n";

static void setup(void)
{
    char endpoint[64];
    free_endpoint(endpoint);
    node_start(&n, "Northwind", endpoint);
    json_decref(node_import(&n, "list.csv", list, NULL));
    enemy_begin(&e, "Mallory", &n, false);
    memset(&other, 0, sizeof other);
}

static void teardown(void)
{
    expect_well(&n);
    enemy_end(&e);
    if (other.identity != NULL) {
        enemy_end(&other);
    }
    node_remove(&n);
}

static json_int_t rounds(void)
{
    return count_of(&n, "round.list", "rounds");
}

static json_int_t agreements(void)
{
    return count_of(&n, "agreement.list", "agreements");
}

/* The code of the newest answer of a type that begins with a code. */
static int code_of(enum mdl_msg_type type)
{
    struct mdl_msg m;
    ck_assert_int_eq(mdl_msg_decode(e.last[type], e.last_len[type], &m, NULL), MDL_OK);
    return type == MDL_MSG_ABORT ? (int)m.body.abort.code : (int)m.body.round_refuse.code;
}

static void expect_refusal(enum mdl_status code)
{
    ck_assert_msg(enemy_listen(&e, MDL_MSG_ROUND_REFUSE, 10000), "no answer");
    ck_assert_str_eq(mdl_status_slug((enum mdl_status)code_of(MDL_MSG_ROUND_REFUSE)),
                     mdl_status_slug(code));
}

static void fresh(uint8_t round[16])
{
    randombytes_buf(round, 16);
}

/* Still there: a proposal under no agreement is answered, so all before it was handled. */
static void still_answers(void)
{
    uint8_t round[16];
    uint8_t hash[64] = {1};
    fresh(round);
    enemy_round(&e, round, hash, wall_ms());
    /* What was sent before may be refused first, each with its own code. */
    for (int i = 0; i < 50; i++) {
        ck_assert_msg(enemy_listen(&e, MDL_MSG_ROUND_REFUSE, 10000), "no answer");
        if (code_of(MDL_MSG_ROUND_REFUSE) == MDL_P_AGREEMENT) {
            return;
        }
    }
    ck_abort_msg("a proposal under no agreement is not answered with 'agreement'");
}

/* An agreement in force, signed by both. */
static void agree(struct enemy *who, uint8_t hash[64])
{
    uint8_t bytes[MDL_AGREEMENT_MAX];
    size_t len = enemy_agreement(who, NULL, bytes, hash);
    char hex[129];
    enemy_propose(who, bytes, len, hash);
    sodium_bin2hex(hex, sizeof hex, hash, 64);
    for (int i = 0; agreements() == 0 || i == 0; i++) {
        enemy_listen(who, 0, 20);
        ck_assert_int_lt(i, 500);
    }
    json_decref(node_do(&n, "agreement.accept", json_pack("{s:s}", "agreement", hex)));
    ck_assert(enemy_listen(who, MDL_MSG_AGREEMENT_ACCEPT, 10000));
}

static json_t *round_doc(const uint8_t round[16])
{
    char hex[33];
    sodium_bin2hex(hex, sizeof hex, round, 16);
    json_t *doc = node_do(&n, "round.show", json_pack("{s:s}", "round", hex));
    json_t *r = json_incref(json_object_get(doc, "round"));
    json_decref(doc);
    return r;
}

static void expect_state(const uint8_t round[16], const char *state, const char *code)
{
    for (int i = 0;; i++) {
        json_t *r = round_doc(round);
        const char *s = json_string_value(json_object_get(r, "state"));
        const char *c = json_string_value(json_object_get(r, "code"));
        bool hit = strcmp(s, state) == 0 && (code == NULL || (c != NULL && strcmp(c, code) == 0));
        if (hit || i == 500) {
            ck_assert_msg(hit, "the round is %s (%s), not %s (%s)", s, c != NULL ? c : "-", state,
                          code != NULL ? code : "-");
            json_decref(r);
            return;
        }
        json_decref(r);
        enemy_listen(&e, 0, 20);
    }
}

/* A round that runs, from the enemy's proposal; its HELLO was not sent. */
static void run_round(uint8_t round[16], uint8_t hash[64])
{
    char hex[33];
    agree(&e, hash);
    fresh(round);
    enemy_round(&e, round, hash, wall_ms());
    sodium_bin2hex(hex, sizeof hex, round, 16);
    for (int i = 0; rounds() == 0; i++) {
        enemy_listen(&e, 0, 20);
        ck_assert_int_lt(i, 500);
    }
    json_decref(node_do(&n, "round.approve", json_pack("{s:s}", "round", hex)));
    ck_assert(enemy_listen(&e, MDL_MSG_ROUND_APPROVE, 10000));
    expect_state(round, "running", NULL);
}

static void await(enum mdl_msg_type type)
{
    ck_assert_msg(e.got[type] > 0 || enemy_listen(&e, (int)type, 10000), "no %s",
                  mdl_msg_name((uint8_t)type));
}

static void send_hello(const uint8_t round[16], const uint8_t hash[64], const uint8_t nonce[32])
{
    struct mdl_msg m = {.type = MDL_MSG_HELLO, .seq = 1};
    memcpy(m.round, round, 16);
    m.body.hello.version = 1;
    m.body.hello.suite = mdl_text_of("ristretto255-sha512");
    m.body.hello.levels.n = 1;
    m.body.hello.levels.at[0] = mdl_text_of("accounts");
    m.body.hello.agreement = hash;
    m.body.hello.profiles = (struct mdl_list){e.profile, 1, 32};
    m.body.hello.nonce = nonce;
    enemy_send(&e, &m);
}

static void send_ack(const uint8_t round[16], uint32_t ack, bool resume)
{
    struct mdl_msg m = {.type = MDL_MSG_ACK, .ack = ack};
    memcpy(m.round, round, 16);
    m.body.ack.credit = ack + 16;
    m.body.ack.resume = resume;
    enemy_send(&e, &m);
}

static void send_abort(const uint8_t round[16])
{
    struct mdl_msg m = {.type = MDL_MSG_ABORT};
    memcpy(m.round, round, 16);
    m.body.abort.code = MDL_P_ABORTED;
    m.body.abort.text = mdl_text_of("no");
    enemy_send(&e, &m);
}

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

/* ---- rounds -------------------------------------------------------------------------------------
 */

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

static TCase *part(Suite *s, const char *name)
{
    TCase *t = tcase_create(name);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 180);
    suite_add_tcase(s, t);
    return t;
}

int main(void)
{
    Suite *s = suite_create("a hostile partner");
    TCase *t = part(s, "bytes");
    tcase_add_test(t, garbage);
    tcase_add_test(t, every_type_without_a_round);
    tcase_add_test(t, names_that_deceive);
    t = part(s, "floods");
    tcase_add_test(t, flood_fills_no_disk);
    tcase_add_test(t, flood_without_reading);
    tcase_add_test(t, reconnect_storm);
    t = part(s, "agreements");
    tcase_add_test(t, forged_agreements);
    tcase_add_test(t, agreement_of_another);
    tcase_add_test(t, flood_of_agreements);
    t = part(s, "rounds");
    tcase_add_test(t, proposals_that_lie);
    tcase_add_test(t, round_under_a_revoked_agreement);
    tcase_add_test(t, rounds_thrown_away);
    tcase_add_loop_test(t, every_type_inside_a_round, 0, (int)mdl_msg_count());
    tcase_add_test(t, repetitions_in_a_round);
    tcase_add_test(t, removed_in_a_round);
    tcase_add_test(t, removed_while_a_round_waits);
    tcase_add_test(t, connections_in_a_round);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
