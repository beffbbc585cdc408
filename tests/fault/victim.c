/* victim.c: a real node with a few accounts and a partner that is not what it seems, with what the
 * tests say to and expect of them. */
#include "victim.h"

#include <sodium.h>
#include <string.h>

struct node n;
struct enemy e;
struct enemy other;

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

json_int_t rounds(void)
{
    return count_of(&n, "round.list", "rounds");
}

json_int_t agreements(void)
{
    return count_of(&n, "agreement.list", "agreements");
}

/* The code of the newest answer of a type that begins with a code. */
int code_of(enum mdl_msg_type type)
{
    struct mdl_msg m;
    ck_assert_int_eq(mdl_msg_decode(e.last[type], e.last_len[type], &m, NULL), MDL_OK);
    return type == MDL_MSG_ABORT ? (int)m.body.abort.code : (int)m.body.round_refuse.code;
}

void expect_refusal(enum mdl_status code)
{
    ck_assert_msg(enemy_listen(&e, MDL_MSG_ROUND_REFUSE, 10000), "no answer");
    ck_assert_str_eq(mdl_status_slug((enum mdl_status)code_of(MDL_MSG_ROUND_REFUSE)),
                     mdl_status_slug(code));
}

void fresh(uint8_t round[16])
{
    randombytes_buf(round, 16);
}

/* Still there: a proposal under no agreement is answered, so all before it was handled. */
void still_answers(void)
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
void agree(struct enemy *who, uint8_t hash[64])
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

json_t *round_doc(const uint8_t round[16])
{
    char hex[33];
    sodium_bin2hex(hex, sizeof hex, round, 16);
    json_t *doc = node_do(&n, "round.show", json_pack("{s:s}", "round", hex));
    json_t *r = json_incref(json_object_get(doc, "round"));
    json_decref(doc);
    return r;
}

void expect_state(const uint8_t round[16], const char *state, const char *code)
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
void run_round(uint8_t round[16], uint8_t hash[64])
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

void await(enum mdl_msg_type type)
{
    ck_assert_msg(e.got[type] > 0 || enemy_listen(&e, (int)type, 10000), "no %s",
                  mdl_msg_name((uint8_t)type));
}

void send_hello(const uint8_t round[16], const uint8_t hash[64], const uint8_t nonce[32])
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

void send_ack(const uint8_t round[16], uint32_t ack, bool resume)
{
    struct mdl_msg m = {.type = MDL_MSG_ACK, .ack = ack};
    memcpy(m.round, round, 16);
    m.body.ack.credit = ack + 16;
    m.body.ack.resume = resume;
    enemy_send(&e, &m);
}

void send_abort(const uint8_t round[16])
{
    struct mdl_msg m = {.type = MDL_MSG_ABORT};
    memcpy(m.round, round, 16);
    m.body.abort.code = MDL_P_ABORTED;
    m.body.abort.text = mdl_text_of("no");
    enemy_send(&e, &m);
}

TCase *victim_part(Suite *s, const char *name)
{
    TCase *t = tcase_create(name);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 180);
    suite_add_tcase(s, t);
    return t;
}

int victim_run(Suite *s)
{
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
