/* enemy.c: a pinned partner that sends what it likes. Test code: it may not touch a service other
 * than by verbs and by the channel. */
#include "enemy.h"

#include <mandorla/role.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SOME_BYTES 131072

uint64_t wall_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t mono_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void ok(enum mdl_status st, const struct mdl_error *err)
{
    ck_assert_msg(st == MDL_OK, "%s", err->text);
}

/* ---- being pinned -------------------------------------------------------------------------------
 */

static void learn_victim(struct enemy *e, struct node *n)
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_invitation inv;
    json_t *doc = node_do(n, "partner.invite", json_object());
    const char *token = json_string_value(json_object_get(doc, "token"));
    ok(mdl_token_decode(token, strlen(token), (int64_t)(wall_ms() / 1000), &inv, &err), &err);
    memcpy(e->victim, inv.card.identity, sizeof e->victim);
    memcpy(e->victim_curve, inv.card.cert.curve, sizeof e->victim_curve);
    snprintf(e->endpoint, sizeof e->endpoint, "%s", inv.card.endpoint);
    json_decref(doc);
    doc = node_do(n, "status", json_object());
    const char *hex = json_string_value(json_object_get(json_object_get(doc, "profile"), "digest"));
    ck_assert_int_eq(sodium_hex2bin(e->profile, 32, hex, strlen(hex), NULL, NULL, NULL), 0);
    json_decref(doc);
}

void enemy_begin(struct enemy *e, const char *name, struct node *n, bool accept)
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_invitation inv;
    char token[MDL_TOKEN_TEXT_MAX];
    int64_t now = (int64_t)(wall_ms() / 1000);

    memset(e, 0, sizeof *e);
    snprintf(e->name, sizeof e->name, "%s", name);
    ok(mdl_identity_generate(&e->identity, &err), &err);
    ok(mdl_curve_generate(e->identity, 1, now - 60, now + 86400, &e->curve, &err), &err);
    e->signer = mdl_identity_signer(e->identity);
    learn_victim(e, n);
    e->role = mdl_role_of(mdl_identity_public(e->identity), e->victim);
    ok(mdl_invitation_new(e->identity, mdl_curve_cert(e->curve), name, "", now, now + 3600, &inv,
                          &err),
       &err);
    ok(mdl_token_encode(&inv, e->identity, token, &err), &err);
    json_decref(node_do(n, "partner.accept",
                        json_pack("{s:s, s:b}", "token", token, "accept", (int)accept)));
    enemy_connect(e);
}

void enemy_connect(struct enemy *e)
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_net_config c = {.hwm = 1024};
    memcpy(c.curve_public, mdl_curve_cert(e->curve)->curve, 32);
    memcpy(c.curve_secret, mdl_curve_secret(e->curve), 32);
    ok(mdl_net_open(&c, &e->net, &err), &err);
    ok(mdl_net_partner(e->net, VICTIM, e->victim_curve, e->endpoint, &err), &err);
    for (uint64_t until = mono_ms() + 20000; !e->up;) {
        ck_assert_msg(mono_ms() < until, "%s cannot connect", e->name);
        enemy_listen(e, 0, 20);
    }
}

void enemy_disconnect(struct enemy *e)
{
    mdl_net_close(e->net);
    e->net = NULL;
    e->up = false;
}

void enemy_end(struct enemy *e)
{
    enemy_disconnect(e);
    mdl_curve_free(e->curve);
    mdl_identity_free(e->identity);
}

/* ---- the channel --------------------------------------------------------------------------------
 */

static void take(struct enemy *e, const struct mdl_net_event *ev)
{
    struct mdl_msg m;
    if (ev->kind == MDL_NET_UP) {
        e->up = true;
        e->ups++;
    } else if (ev->kind == MDL_NET_DOWN) {
        e->up = false;
        e->downs++;
    } else if (ev->kind == MDL_NET_MESSAGE) {
        ck_assert_msg(mdl_msg_decode(ev->bytes, ev->len, &m, NULL) == MDL_OK,
                      "the victim sent what does not decode");
        size_t n = ev->len < sizeof e->last[0] ? ev->len : sizeof e->last[0];
        e->got[m.type]++;
        memcpy(e->last[m.type], ev->bytes, n);
        e->last_len[m.type] = n;
    }
}

bool enemy_listen(struct enemy *e, int type, int ms)
{
    struct mdl_net_event ev;
    uint64_t until = mono_ms() + (uint64_t)ms;
    unsigned before = e->got[type];
    do {
        struct mdl_error err = {MDL_OK, ""};
        ok(mdl_net_wait(e->net, NULL, 0, 5, &err), &err);
        while (mdl_net_next(e->net, &ev)) {
            take(e, &ev);
            if (type != 0 && e->got[type] > before) {
                return true;
            }
        }
    } while (mono_ms() < until);
    return false;
}

void enemy_raw(struct enemy *e, const void *bytes, size_t len)
{
    struct mdl_error err = {MDL_OK, ""};
    enum mdl_status st = MDL_U_STATE;
    for (uint64_t until = mono_ms() + 30000; st != MDL_OK;) {
        ck_assert_msg(mono_ms() < until, "%s cannot send: %s", e->name, err.text);
        st = mdl_net_send(e->net, VICTIM, bytes, len, &err);
        if (st != MDL_OK) {
            ck_assert_msg(st == MDL_U_STATE || st == MDL_L_UNREACHABLE, "%s", err.text);
            enemy_listen(e, 0, 5);
        }
    }
}

void enemy_send(struct enemy *e, const struct mdl_msg *m)
{
    struct mdl_error err = {MDL_OK, ""};
    uint8_t *bytes;
    size_t len;
    ok(mdl_msg_encode(m, &bytes, &len, &err), &err);
    enemy_raw(e, bytes, len);
    free(bytes);
}

/* ---- what it says -------------------------------------------------------------------------------
 */

size_t enemy_agreement(struct enemy *e, void (*change)(struct mdl_agreement *a),
                       uint8_t bytes[MDL_AGREEMENT_MAX], uint8_t hash[64])
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_agreement a;
    uint8_t nonce[MDL_AGREEMENT_NONCE];
    size_t len;
    struct mdl_agreement_party own = {mdl_identity_public(e->identity), e->name};
    struct mdl_agreement_party theirs = {e->victim, "Northwind"};
    randombytes_buf(nonce, sizeof nonce);
    ok(mdl_agreement_draft(&own, &theirs, (const uint8_t(*)[32])e->profile, 1, wall_ms(), nonce, &a,
                           &err),
       &err);
    if (change != NULL) {
        change(&a);
    }
    ok(mdl_agreement_encode(&a, bytes, &len, &err), &err);
    mdl_agreement_hash(bytes, len, hash);
    return len;
}

void enemy_say(struct enemy *e, enum mdl_statement what, const struct mdl_statement_parts *p,
               uint8_t sig[64])
{
    struct mdl_error err = {MDL_OK, ""};
    ok(mdl_statement_sign(what, p, e->role, &e->signer, sig, &err), &err);
}

void enemy_propose(struct enemy *e, const uint8_t *bytes, size_t len, const uint8_t hash[64])
{
    uint8_t sig[64];
    struct mdl_msg m = {.type = MDL_MSG_AGREEMENT_PROPOSE};
    enemy_say(e, MDL_SAY_AGREEMENT, &(struct mdl_statement_parts){.hash = hash}, sig);
    m.body.agreement_propose.agreement = (struct mdl_bytes){bytes, len};
    m.body.agreement_propose.signature = sig;
    enemy_send(e, &m);
}

void enemy_round(struct enemy *e, const uint8_t round[16], const uint8_t agreement[64],
                 uint64_t created)
{
    uint8_t sig[64];
    struct mdl_statement_parts parts = {.hash = agreement, .round = round, .created = created};
    struct mdl_msg m = {.type = MDL_MSG_ROUND_PROPOSE};
    enemy_say(e, MDL_SAY_PROPOSE, &parts, sig);
    memcpy(m.round, round, sizeof m.round);
    m.body.round_propose.agreement = agreement;
    m.body.round_propose.created = created;
    m.body.round_propose.signature = sig;
    enemy_send(e, &m);
}

void enemy_some(struct enemy *e, uint8_t type, const uint8_t round[16], uint32_t seq)
{
    static uint8_t bytes[SOME_BYTES];
    struct mdl_msg m = {.type = (enum mdl_msg_type)type, .seq = seq};
    enum mdl_msg_class cls = mdl_msg_class_of(type);
    randombytes_buf(bytes, sizeof bytes);
    if (cls != MDL_MSG_NODE) {
        memcpy(m.round, round, sizeof m.round);
    }
    switch (m.type) {
/* Of each field the least that is well formed, and for numbers 1. */
#define MDL_MESSAGE(NAME, name, number, cls) case MDL_MSG_##NAME:
#define MDL_F_UINT(w, field, bits)           m.body.w.field = 1;
#define MDL_F_BOOL(w, field)                 m.body.w.field = true;
#define MDL_F_FIX(w, field, size)            m.body.w.field = bytes;
#define MDL_F_BIN(w, field, min, max, step)  m.body.w.field = (struct mdl_bytes){bytes, min};
#define MDL_F_STR(w, field, max)             m.body.w.field = mdl_text_of("x");
#define MDL_F_STRS(w, field, min, max, len)                                                        \
    m.body.w.field.n = min;                                                                        \
    m.body.w.field.at[0] = mdl_text_of("x");
#define MDL_F_LIST(w, field, min, max, size) m.body.w.field = (struct mdl_list){bytes, min, size};
#define MDL_F_PROFILES(w, field, min, max)                                                         \
    m.body.w.field.n = min;                                                                        \
    m.body.w.field.at[0] = (struct mdl_profile_ref){mdl_text_of("x"), bytes};
#define MDL_MESSAGE_END(NAME, name) break;
#include <messages.def>
    }
    enemy_send(e, &m);
}

/* ---- looking at the victim ----------------------------------------------------------------------
 */

json_int_t log_entries(struct node *n)
{
    json_t *doc = node_do(n, "audit.list", json_pack("{s:i}", "limit", 1));
    json_int_t seq = json_integer_value(json_object_get(json_object_get(doc, "head"), "seq"));
    json_decref(doc);
    return seq;
}

json_int_t count_of(struct node *n, const char *verb, const char *key)
{
    json_t *doc = node_do(n, verb, json_object());
    json_int_t size = (json_int_t)json_array_size(json_object_get(doc, key));
    json_decref(doc);
    return size;
}

void expect_well(struct node *n)
{
    json_t *doc = node_do(n, "audit.verify", json_object());
    ck_assert_msg(json_is_true(json_object_get(doc, "ok")), "the log does not verify");
    json_decref(doc);
}
