/* check_hostile_terms.c: a pinned partner that attacks with what is agreed and disputed: terms at
 * every bound, old signatures sent again, disputes that lie. What must hold after each: as in
 * check_hostile.c. */
#include "victim.h"

#include <mandorla/role.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- agreements ---------------------------------------------------------------------------------
 */

static json_t *shown(const uint8_t hash[64])
{
    char hex[129];
    sodium_bin2hex(hex, sizeof hex, hash, 64);
    json_t *doc = node_do(&n, "agreement.show", json_pack("{s:s}", "agreement", hex));
    json_t *a = json_incref(json_object_get(doc, "agreement"));
    json_decref(doc);
    return a;
}

static void state_is(const uint8_t hash[64], const char *state)
{
    json_t *a = shown(hash);
    ck_assert_str_eq(json_string_value(json_object_get(a, "state")), state);
    json_decref(a);
}

static void fill(char *out, size_t len, const char *unit)
{
    out[0] = '\0';
    for (size_t used = 0; used + strlen(unit) <= len; used += strlen(unit)) {
        memcpy(out + used, unit, strlen(unit) + 1);
    }
}

/* As much as fits of everything, and every number at its bound. */
static void everything(struct mdl_agreement *a)
{
    memset(a->groups, 0, sizeof a->groups);
    a->n_groups = MDL_AGREEMENT_GROUPS;
    for (size_t g = 0; g < a->n_groups; g++) {
        struct mdl_agreement_group *to = &a->groups[g];
        snprintf(to->level, sizeof to->level, g % 2 == 0 ? "counts" : "accounts");
        to->key_type = g % 2 == 0 ? MDL_KEY_DOMAIN : 0;
        for (int side = 0; side < 2; side++) {
            to->n_populations[side] = 1;
            fill(to->populations[side][0], MDL_POPULATION_NAME, "-");
            to->populations[side][0][0] = (char)('0' + g / 10);
            to->populations[side][0][1] = (char)('0' + g % 10);
        }
    }
    fill(a->name[0], MDL_AGREEMENT_NAME, "\xf0\x9f\x8d\x8c");
    fill(a->name[1], MDL_AGREEMENT_NAME, "\xf0\x9f\x8d\x8c");
    fill(a->purpose, MDL_AGREEMENT_TEXT, "\xe2\x82\xac");
    fill(a->legal_basis, MDL_AGREEMENT_TEXT, "'\"\\<&%s%n;");
    a->caps = (struct mdl_agreement_caps){MDL_AGREEMENT_KEYS_MAX,
                                          UINT64_MAX,
                                          MDL_AGREEMENT_KEYS_MAX,
                                          UINT32_MAX,
                                          UINT32_MAX,
                                          UINT16_MAX,
                                          UINT32_MAX,
                                          8784};
    a->approval = MDL_APPROVAL_PERSON;
    a->valid_until = UINT64_C(253402300799999);
    a->retention_days = UINT16_MAX;
    a->key_deadline_s = UINT16_MAX;
}

/* What is extreme and well formed is shown as it is, can be accepted, and stops nothing. */
START_TEST(terms_at_every_bound)
{
    uint8_t bytes[MDL_AGREEMENT_MAX];
    uint8_t hash[64];
    uint8_t sig[64];
    uint8_t round[16];
    char note[MDL_AGREEMENT_TEXT + 1];
    char hex[129];
    size_t len = enemy_agreement(&e, everything, bytes, hash);
    struct mdl_msg m = {.type = MDL_MSG_AGREEMENT_PROPOSE};
    fill(note, MDL_AGREEMENT_TEXT, "\xe2\x82\xac");
    enemy_say(&e, MDL_SAY_AGREEMENT, &(struct mdl_statement_parts){.hash = hash}, sig);
    m.body.agreement_propose.agreement = (struct mdl_bytes){bytes, len};
    m.body.agreement_propose.signature = sig;
    m.body.agreement_propose.note = mdl_text_of(note);
    enemy_send(&e, &m);
    still_answers();
    state_is(hash, "proposed-by-them");
    json_t *a = shown(hash);
    char *text = json_dumps(a, 0);
    ck_assert_ptr_nonnull(strstr(text, note));
    ck_assert_ptr_nonnull(strstr(text, "31------------------------------"));
    free(text);
    json_decref(a);
    sodium_bin2hex(hex, sizeof hex, hash, 64);
    json_decref(node_do(&n, "agreement.accept", json_pack("{s:s}", "agreement", hex)));
    state_is(hash, "in-force");
    fresh(round);
    enemy_round(&e, round, hash, wall_ms());
    still_answers();
    json_decref(node_do(&n, "ledger", json_pack("{s:s}", "partner", "Mallory")));
    json_decref(node_do(&n, "agreement.draft", json_pack("{s:s}", "partner", "Mallory")));
    ck_assert_uint_eq(e.got[MDL_MSG_HELLO], 0);
}
END_TEST

static void say_of(uint8_t type, const uint8_t hash[64], enum mdl_statement what)
{
    uint8_t sig[64];
    struct mdl_msg m = {.type = (enum mdl_msg_type)type};
    enemy_say(&e, what, &(struct mdl_statement_parts){.hash = hash}, sig);
    if (type == MDL_MSG_AGREEMENT_ACCEPT) {
        m.body.agreement_accept.hash = hash;
        m.body.agreement_accept.signature = sig;
    } else if (type == MDL_MSG_AGREEMENT_REVOKE) {
        m.body.agreement_revoke.hash = hash;
        m.body.agreement_revoke.signature = sig;
    } else {
        m.body.agreement_reject.hash = hash;
        m.body.agreement_reject.reason = mdl_text_of("no");
    }
    enemy_send(&e, &m);
}

/* Whatever it signs again, in whatever order: what was replaced, rejected or revoked stays so. */
START_TEST(old_words_again)
{
    uint8_t older[64];
    uint8_t newer[64];
    const uint8_t *const both[] = {older, newer};
    agree(&e, older);
    usleep(5000);
    agree(&e, newer);
    for (int i = 0; i < 2; i++) { /* not its to accept or reject any more, nor by a wrong word */
        say_of(MDL_MSG_AGREEMENT_REJECT, both[i], MDL_SAY_AGREEMENT);
        say_of(MDL_MSG_AGREEMENT_ACCEPT, both[i], MDL_SAY_AGREEMENT);
        say_of(MDL_MSG_AGREEMENT_REVOKE, both[i], MDL_SAY_AGREEMENT);
    }
    still_answers();
    state_is(older, "replaced");
    state_is(newer, "in-force");
    say_of(MDL_MSG_AGREEMENT_REVOKE, newer, MDL_SAY_REVOKE);
    say_of(MDL_MSG_AGREEMENT_ACCEPT, newer, MDL_SAY_AGREEMENT);
    say_of(MDL_MSG_AGREEMENT_ACCEPT, older, MDL_SAY_AGREEMENT);
    say_of(MDL_MSG_AGREEMENT_REVOKE, newer, MDL_SAY_REVOKE);
    still_answers();
    state_is(older, "replaced");
    state_is(newer, "revoked");
    json_int_t before = log_entries(&n);
    for (int i = 0; i < 5; i++) {
        say_of(MDL_MSG_AGREEMENT_REVOKE, newer, MDL_SAY_REVOKE);
        say_of(MDL_MSG_AGREEMENT_ACCEPT, newer, MDL_SAY_AGREEMENT);
    }
    still_answers();
    ck_assert_int_le(log_entries(&n) - before, 10 + 4); /* heard, and nothing done */
    state_is(newer, "revoked");
}
END_TEST

/* Ours, taken back before it was signed: its late signature puts nothing in force. */
START_TEST(a_late_signature)
{
    uint8_t hash[64];
    uint8_t now[64];
    json_t *doc = node_do(&n, "agreement.propose", json_pack("{s:s}", "partner", "Mallory"));
    const char *hex = json_string_value(json_object_get(json_object_get(doc, "agreement"), "id"));
    ck_assert_ptr_nonnull(hex);
    sodium_hex2bin(hash, 64, hex, strlen(hex), NULL, NULL, NULL);
    json_decref(node_do(&n, "agreement.revoke", json_pack("{s:s}", "agreement", hex)));
    json_decref(doc);
    state_is(hash, "revoked");
    usleep(5000);
    agree(&e, now); /* begins later */
    say_of(MDL_MSG_AGREEMENT_ACCEPT, hash, MDL_SAY_AGREEMENT);
    say_of(MDL_MSG_AGREEMENT_ACCEPT, hash, MDL_SAY_AGREEMENT);
    still_answers();
    state_is(hash, "revoked");
    state_is(now, "in-force");
}
END_TEST

/* ---- disputes -----------------------------------------------------------------------------------
 */

static const uint8_t acme[] = {MDL_KEY_DOMAIN, 0, 8, 'a', 'c', 'm', 'e', '.', 'c', 'o', 'm'};

static void dispute(const uint8_t *key, size_t len, uint8_t state, uint64_t made)
{
    char reason[MDL_AGREEMENT_TEXT + 1];
    struct mdl_msg m = {.type = MDL_MSG_MATCH_DISPUTE};
    fill(reason, MDL_AGREEMENT_TEXT, "\xe2\x82\xac");
    m.body.match_dispute.key = (struct mdl_bytes){key, len};
    m.body.match_dispute.state = state;
    m.body.match_dispute.made = made;
    m.body.match_dispute.reason = mdl_text_of(reason);
    enemy_send(&e, &m);
}

/* Whether the only dispute that was told stands: one that was taken back is not listed. */
static bool stands(void)
{
    json_t *doc = node_do(&n, "match.disputes", json_pack("{s:s}", "partner", "Mallory"));
    const json_t *list = json_object_get(doc, "disputes");
    ck_assert_uint_le(json_array_size(list), 1);
    const json_t *theirs = json_object_get(json_array_get(list, 0), "theirs");
    bool yes = json_is_true(json_object_get(theirs, "disputed"));
    json_decref(doc);
    return yes;
}

START_TEST(the_last_word_at_every_time)
{
    dispute(acme, sizeof acme, 1, UINT64_MAX); /* of a key that never matched: answered the same */
    await(MDL_MSG_MATCH_DISPUTE);
    ck_assert(stands());
    dispute(acme, sizeof acme, 0, 5);
    dispute(acme, sizeof acme, 0, wall_ms());
    still_answers();
    ck_assert(stands());
    ck_assert_uint_eq(e.got[MDL_MSG_MATCH_DISPUTE], 3);
}
END_TEST

START_TEST(a_dispute_of_the_year_1970)
{
    dispute(acme, sizeof acme, 1, 0);
    await(MDL_MSG_MATCH_DISPUTE);
    ck_assert(stands());
    dispute(acme, sizeof acme, 0, wall_ms());
    still_answers();
    ck_assert(!stands());
}
END_TEST

/* No key, no state, not ours to settle: nothing is kept, nothing is answered. */
START_TEST(disputes_that_are_none)
{
    uint8_t bad[sizeof acme];
    memcpy(bad, acme, sizeof bad);
    for (int state = 3; state < 256; state += 28) {
        dispute(acme, sizeof acme, (uint8_t)state, 1);
    }
    dispute(acme, sizeof acme, 255, 1);
    dispute(acme, sizeof acme, 2, 1); /* "noted", of what was never said */
    dispute(acme, sizeof acme - 1, 1, 1);
    bad[0] = 0xEE;
    dispute(bad, sizeof bad, 1, 1);
    bad[0] = acme[0];
    bad[4] = 0xFF;
    dispute(bad, sizeof bad, 1, 1);
    still_answers();
    ck_assert_uint_eq(e.got[MDL_MSG_MATCH_DISPUTE], 0);
    ck_assert_int_eq(count_of(&n, "partner.list", "partners"), 1);
    json_t *doc = node_do(&n, "match.disputes", json_pack("{s:s}", "partner", "Mallory"));
    ck_assert_uint_eq(json_array_size(json_object_get(doc, "disputes")), 0);
    json_decref(doc);
}
END_TEST

START_TEST(flood_of_disputes)
{
    json_int_t before = log_entries(&n);
    for (int i = 0; i < 1500; i++) {
        uint8_t key[16];
        key[0] = MDL_KEY_DOMAIN;
        key[1] = 0;
        key[2] = (uint8_t)snprintf((char *)key + 3, sizeof key - 3, "k%06d.de", i / 2);
        dispute(key, 3u + key[2], (uint8_t)(1 - i % 2), (uint64_t)i);
        if (i % 64 == 0) {
            enemy_listen(&e, 0, 1);
        }
    }
    enemy_listen(&e, 0, 500);
    json_int_t grown = log_entries(&n) - before;
    ck_assert_msg(grown <= 3 * 530, "%lld entries", (long long)grown);
    ck_assert_msg(grown >= 256, "only %lld entries: was it sent?", (long long)grown);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("a hostile partner's terms");
    TCase *t = victim_part(s, "agreements");
    tcase_add_test(t, terms_at_every_bound);
    tcase_add_test(t, old_words_again);
    tcase_add_test(t, a_late_signature);
    t = victim_part(s, "disputes");
    tcase_add_test(t, the_last_word_at_every_time);
    tcase_add_test(t, a_dispute_of_the_year_1970);
    tcase_add_test(t, disputes_that_are_none);
    tcase_add_test(t, flood_of_disputes);
    return victim_run(s);
}
