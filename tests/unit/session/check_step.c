/* check_step.c: the seam, one session at a time: what a step asks, gives and refuses. */
#include "sim_net.h"

#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static struct sim_world w;
static struct mdl_session *s;
static struct mdl_effects fx;
static struct mdl_error err;
static struct sim_node *us, *them;

static void setup(void)
{
    struct sim_size size = {.groups = 1, .own = {5, 5}, .common = 5, .parallel = 1};

    sim_init(&w, 5, &size, NULL);
    us = &w.node[0];
    them = &w.node[1];
    ck_assert_int_eq(mdl_session_create(&us->config, &s, &err), MDL_OK);
}

static void teardown(void)
{
    mdl_session_destroy(s);
    mdl_effects_free(&fx);
    sim_free(&w);
    s = NULL;
}

static enum mdl_status step(enum mdl_event_type type, uint64_t now)
{
    struct mdl_event ev = {.type = type};

    return mdl_session_step(s, &ev, now, &fx, &err);
}

static const struct mdl_effect *effect(enum mdl_effect_type type, unsigned nth)
{
    for (size_t i = 0; i < fx.n; i++) {
        if (fx.at[i].type == type && nth-- == 0) {
            return &fx.at[i];
        }
    }
    return NULL;
}

static const struct mdl_effect *sent(uint8_t type)
{
    const struct mdl_effect *e;

    for (unsigned i = 0; (e = effect(MDL_FX_SEND, i)) != NULL; i++) {
        if (e->u.send.type == type) {
            return e;
        }
    }
    return NULL;
}

static void message(struct mdl_msg *m, uint64_t now)
{
    uint8_t *bytes;
    struct mdl_event ev = {.type = MDL_EV_MESSAGE};

    memcpy(m->round, us->config.round, 16);
    ck_assert_int_eq(mdl_msg_encode(m, &bytes, &ev.u.message.len, NULL), MDL_OK);
    ev.u.message.bytes = bytes;
    ck_assert_int_eq(mdl_session_step(s, &ev, now, &fx, &err), MDL_OK);
    free(bytes);
}

/* The partner's HELLO, as it would send it. */
static void hello(uint64_t now)
{
    struct mdl_msg m = {.type = MDL_MSG_HELLO, .seq = 1};
    uint8_t nonce[32] = {1}, hash[64];

    mdl_agreement_hash(w.agreement, w.agreement_len, hash);
    m.body.hello.version = 1;
    m.body.hello.suite = mdl_text_of("ristretto255-sha512");
    m.body.hello.levels = (struct mdl_texts){1, {mdl_text_of("accounts")}};
    m.body.hello.agreement = hash;
    m.body.hello.profiles = (struct mdl_list){us->profile[0].digest, 1, 32};
    m.body.hello.nonce = nonce;
    message(&m, now);
}

/* ---- making one ------------------------------------------------------------------------------ */

START_TEST(configuration_that_contradicts_itself)
{
    struct mdl_session_config c = us->config;
    struct mdl_session *none = s;

    c.n_profiles = 0;
    ck_assert_int_eq(mdl_session_create(&c, &none, &err), MDL_U_ARGUMENT);
    ck_assert_ptr_null(none);
    c.n_profiles = 9;
    ck_assert_int_eq(mdl_session_create(&c, &none, &err), MDL_U_ARGUMENT);
    c = us->config;
    c.signer.sign = NULL;
    ck_assert_int_eq(mdl_session_create(&c, &none, &err), MDL_U_ARGUMENT);
    c = us->config;
    c.agreement_len -= 1;
    ck_assert_int_eq(mdl_session_create(&c, &none, &err), MDL_P_MALFORMED);
    c = us->config;
    c.partner[0] ^= 1;
    ck_assert_int_eq(mdl_session_create(&c, &none, &err), MDL_P_AGREEMENT);
    ck_assert_ptr_null(none);
    mdl_session_destroy(NULL);
}
END_TEST

START_TEST(first_event_is_the_link)
{
    ck_assert_int_eq(step(MDL_EV_TICK, 1000), MDL_U_ARGUMENT);
    ck_assert_uint_eq(fx.n, 0);
    ck_assert_int_eq(step(MDL_EV_LINK_UP, 1000), MDL_OK);
    ck_assert_ptr_nonnull(sent(MDL_MSG_HELLO));
    ck_assert_uint_eq(sent(MDL_MSG_HELLO)->u.send.seq, 1);
    ck_assert(!sent(MDL_MSG_HELLO)->u.send.resend);
    ck_assert_ptr_nonnull(sent(MDL_MSG_ACK)); /* asks for what came too early */
    ck_assert_ptr_nonnull(effect(MDL_FX_DEADLINE, 0));
    ck_assert_uint_eq(effect(MDL_FX_DEADLINE, 0)->u.deadline.at_ms, 6000);
}
END_TEST

START_TEST(without_a_link_nothing_is_sent)
{
    uint8_t first[64];

    ck_assert_int_eq(step(MDL_EV_LINK_DOWN, 1000), MDL_OK);
    ck_assert_ptr_null(effect(MDL_FX_SEND, 0));
    ck_assert_uint_eq(effect(MDL_FX_DEADLINE, 0)->u.deadline.at_ms, 1000 + 900000);
    ck_assert_int_eq(step(MDL_EV_LINK_UP, 2000), MDL_OK);
    const struct mdl_effect *e = sent(MDL_MSG_HELLO);
    ck_assert_ptr_nonnull(e);
    ck_assert(!e->u.send.resend);
    memcpy(first, e->u.send.digest, 64);
    ck_assert_int_eq(step(MDL_EV_LINK_DOWN, 3000), MDL_OK);
    ck_assert_int_eq(step(MDL_EV_LINK_UP, 4000), MDL_OK);
    e = sent(MDL_MSG_HELLO); /* the very same bytes again */
    ck_assert_ptr_nonnull(e);
    ck_assert(e->u.send.resend);
    ck_assert_mem_eq(first, e->u.send.digest, 64);
}
END_TEST

START_TEST(key_deadline_also_without_a_link)
{
    ck_assert_int_eq(step(MDL_EV_LINK_DOWN, 1000), MDL_OK);
    ck_assert_int_eq(step(MDL_EV_TICK, 1000 + 900000), MDL_OK);
    const struct mdl_effect *e = effect(MDL_FX_CLOSE, 0);
    ck_assert_ptr_nonnull(e);
    ck_assert_int_eq(e->u.close.status, MDL_P_DEADLINE);
    ck_assert_int_eq(e->u.close.outcome, MDL_OUTCOME_ABORTED);
    ck_assert_ptr_null(effect(MDL_FX_SEND, 0)); /* no link: the reply waits for a question */
    ck_assert_uint_gt(e->u.close.reply_len, 0);
    ck_assert(mdl_session_closed(s));
    ck_assert_int_eq(step(MDL_EV_TICK, 1000 + 900001), MDL_U_STATE);
}
END_TEST

START_TEST(asks_again_every_five_seconds)
{
    ck_assert_int_eq(step(MDL_EV_LINK_UP, 1000), MDL_OK);
    ck_assert_int_eq(step(MDL_EV_TICK, 5999), MDL_OK);
    ck_assert_ptr_null(effect(MDL_FX_SEND, 0));
    ck_assert_int_eq(step(MDL_EV_TICK, 6000), MDL_OK);
    ck_assert_ptr_nonnull(sent(MDL_MSG_ACK));
    ck_assert_uint_eq(effect(MDL_FX_DEADLINE, 0)->u.deadline.at_ms, 11000);
    ck_assert_int_eq(step(MDL_EV_TICK, 61000), MDL_OK);
    ck_assert_int_eq(effect(MDL_FX_CLOSE, 0)->u.close.status, MDL_P_STALLED);
}
END_TEST

START_TEST(resends_what_is_asked_but_not_without_end)
{
    struct mdl_msg ask = {.type = MDL_MSG_ACK};

    ask.body.ack.credit = 16;
    ask.body.ack.resume = true;
    ck_assert_int_eq(step(MDL_EV_LINK_UP, 1000), MDL_OK);
    message(&ask, 1100);
    ck_assert_ptr_nonnull(sent(MDL_MSG_HELLO));
    ck_assert(sent(MDL_MSG_HELLO)->u.send.resend);
    message(&ask, 1101); /* at once again: no */
    ck_assert_ptr_null(sent(MDL_MSG_HELLO));
    message(&ask, 1200);
    ck_assert_ptr_nonnull(sent(MDL_MSG_HELLO));
    ask.ack = 1; /* it has it */
    message(&ask, 1300);
    ck_assert_ptr_null(sent(MDL_MSG_HELLO));
}
END_TEST

/* ---- host's answers -------------------------------------------------------------------------- */

static struct mdl_event keys_event(uint8_t *bytes, size_t *len)
{
    const struct mdl_effect *e = effect(MDL_FX_NEED_KEYS, 0);
    struct mdl_event ev = {.type = MDL_EV_KEYS};

    ck_assert_ptr_nonnull(e);
    ck_assert_uint_eq(e->u.need_keys.first, 0);
    ck_assert_uint_eq(e->u.need_keys.count, 10);
    *len = 0;
    for (uint32_t i = 0; i < 10; i++) {
        memcpy(bytes + *len, us->key[0][i].bytes, us->key[0][i].len);
        *len += us->key[0][i].len;
    }
    ev.u.keys.count = 10;
    ev.u.keys.bytes = bytes;
    ev.u.keys.len = *len;
    return ev;
}

START_TEST(answers_that_do_not_fit)
{
    uint8_t bytes[512];
    size_t len;
    struct mdl_session_work *stray = calloc(1, sizeof *stray);

    ck_assert_int_eq(step(MDL_EV_LINK_UP, 1000), MDL_OK);
    ck_assert_int_eq(step(MDL_EV_SUMMARY, 1001), MDL_U_ARGUMENT);
    ck_assert_int_eq(step(MDL_EV_MASKS, 1001), MDL_U_ARGUMENT);
    ck_assert_int_eq(step(MDL_EV_KEYS, 1001), MDL_U_ARGUMENT);
    hello(1002);
    struct mdl_event good = keys_event(bytes, &len), ev = good;
    ev.u.keys.count = 9;
    ck_assert_int_eq(mdl_session_step(s, &ev, 1003, &fx, &err), MDL_U_ARGUMENT);
    ev = good;
    ev.u.keys.first = 1;
    ck_assert_int_eq(mdl_session_step(s, &ev, 1003, &fx, &err), MDL_U_ARGUMENT);
    ev = good;
    ev.u.keys.group = 1;
    ck_assert_int_eq(mdl_session_step(s, &ev, 1003, &fx, &err), MDL_U_ARGUMENT);
    ev = good;
    ev.u.keys.len -= 1; /* the last key is cut */
    ck_assert_int_eq(mdl_session_step(s, &ev, 1003, &fx, &err), MDL_U_ARGUMENT);
    bytes[20 + 5] = 'z'; /* the second key is above the third */
    bytes[20 + 4] = 'z';
    ck_assert_int_eq(mdl_session_step(s, &good, 1003, &fx, &err), MDL_U_ARGUMENT);
    memcpy(bytes + 20, bytes, 20); /* and now equal to the first */
    ck_assert_int_eq(mdl_session_step(s, &good, 1003, &fx, &err), MDL_U_ARGUMENT);
    ev = (struct mdl_event){.type = MDL_EV_WORK_DONE, .u.work = stray};
    ck_assert_int_eq(mdl_session_step(s, &ev, 1003, &fx, &err), MDL_U_ARGUMENT);
    free(stray);
    memcpy(bytes + 20, us->key[0][1].bytes, 20); /* none of that has harmed */
    ck_assert_int_eq(mdl_session_step(s, &good, 1003, &fx, &err), MDL_OK);
    ck_assert_ptr_nonnull(effect(MDL_FX_WORK, 0));
    ck_assert(!mdl_session_idle(s));
}
END_TEST

START_TEST(work_handed_back_unrun_ends_the_round)
{
    uint8_t bytes[512];
    size_t len;

    ck_assert_int_eq(step(MDL_EV_LINK_UP, 1000), MDL_OK);
    hello(1002);
    struct mdl_event ev = keys_event(bytes, &len);
    ck_assert_int_eq(mdl_session_step(s, &ev, 1003, &fx, &err), MDL_OK);
    ev = (struct mdl_event){.type = MDL_EV_WORK_DONE, .u.work = effect(MDL_FX_WORK, 0)->u.work};
    ck_assert_int_eq(mdl_session_step(s, &ev, 1004, &fx, &err), MDL_OK);
    ck_assert_int_eq(effect(MDL_FX_CLOSE, 0)->u.close.status, MDL_BUG);
}
END_TEST

/* ---- ends ------------------------------------------------------------------------------------ */

static void check_abort_sent(enum mdl_status code, const char *text)
{
    struct mdl_msg m;
    const struct mdl_effect *e = sent(MDL_MSG_ABORT);

    ck_assert_ptr_nonnull(e);
    ck_assert_int_eq(mdl_msg_decode(e->u.send.bytes, e->u.send.len, &m, &err), MDL_OK);
    ck_assert_uint_eq(m.body.abort.code, code);
    ck_assert(mdl_text_is(&m.body.abort.text, text));
}

START_TEST(own_failure_is_told_without_detail)
{
    struct mdl_event ev = {.type = MDL_EV_FAILED};

    ck_assert_int_eq(step(MDL_EV_LINK_UP, 1000), MDL_OK);
    ev.u.end.status = MDL_L_DISK_FULL;
    ev.u.end.text = "/srv/secret/path is full";
    ck_assert_int_eq(mdl_session_step(s, &ev, 1003, &fx, &err), MDL_OK);
    ck_assert_int_eq(effect(MDL_FX_CLOSE, 0)->u.close.status, MDL_L_DISK_FULL);
    ck_assert_str_eq(effect(MDL_FX_CLOSE, 0)->u.close.text, "/srv/secret/path is full");
    check_abort_sent(MDL_P_INTERNAL, mdl_status_meaning(MDL_P_INTERNAL));
}
END_TEST

START_TEST(operator_ends_the_round)
{
    struct mdl_event ev = {.type = MDL_EV_ABORT};

    ck_assert_int_eq(step(MDL_EV_LINK_UP, 1000), MDL_OK);
    ev.u.end.text = "not today";
    ck_assert_int_eq(mdl_session_step(s, &ev, 1003, &fx, &err), MDL_OK);
    ck_assert_int_eq(effect(MDL_FX_CLOSE, 0)->u.close.status, MDL_P_ABORTED);
    check_abort_sent(MDL_P_ABORTED, "not today");
}
END_TEST

START_TEST(abort_from_the_partner_is_not_answered)
{
    struct mdl_msg m = {.type = MDL_MSG_ABORT};

    ck_assert_int_eq(step(MDL_EV_LINK_UP, 1000), MDL_OK);
    m.body.abort.code = MDL_P_INTERNAL;
    m.body.abort.text = mdl_text_of("down");
    message(&m, 1001);
    ck_assert_ptr_null(effect(MDL_FX_SEND, 0));
    ck_assert_int_eq(effect(MDL_FX_CLOSE, 0)->u.close.status, MDL_P_INTERNAL);
    ck_assert(effect(MDL_FX_CLOSE, 0)->u.close.by_partner);
    ck_assert_uint_eq(effect(MDL_FX_RECEIVED, 0)->u.received.type, MDL_MSG_ABORT);
}
END_TEST

START_TEST(secrets_are_wiped_when_the_last_item_is_back)
{
    uint8_t bytes[512];
    size_t len;

    ck_assert_int_eq(step(MDL_EV_LINK_UP, 1000), MDL_OK);
    hello(1002);
    struct mdl_event ev = keys_event(bytes, &len);
    ck_assert_int_eq(mdl_session_step(s, &ev, 1003, &fx, &err), MDL_OK);
    struct mdl_session_work *work = effect(MDL_FX_WORK, 0)->u.work;
    ck_assert_int_eq(step(MDL_EV_ABORT, 1004), MDL_OK);
    ck_assert_ptr_nonnull(s->cell[0].key); /* a worker may be using it */
    mdl_session_work_run(work);
    ev = (struct mdl_event){.type = MDL_EV_WORK_DONE, .u.work = work};
    ck_assert_int_eq(mdl_session_step(s, &ev, 1005, &fx, &err), MDL_OK);
    ck_assert_ptr_null(s->cell[0].key);
    ck_assert_ptr_null(s->cell[0].secrets);
    ck_assert(mdl_session_idle(s));
}
END_TEST

static bool due(struct mdl_msg *m)
{
    uint8_t bytes[1024];
    size_t len;

    memcpy(m->round, us->config.round, 16);
    ck_assert_int_eq(mdl_msg_encode_into(m, bytes, sizeof bytes, &len, NULL), MDL_OK);
    return mdl_session_reply_due(bytes, len);
}

START_TEST(what_an_ended_round_answers)
{
    struct mdl_msg ask = {.type = MDL_MSG_ACK}, abort_msg = {.type = MDL_MSG_ABORT};
    struct mdl_msg verified = {.type = MDL_MSG_VERIFIED, .seq = 4};
    struct mdl_msg sig = {.type = MDL_MSG_RECEIPT_SIG, .seq = 4};
    uint8_t signature[64] = {0};

    ck_assert(!due(&ask));
    ask.body.ack.resume = true;
    ck_assert(due(&ask));
    ck_assert(due(&verified));
    abort_msg.body.abort.code = 1;
    ck_assert(!due(&abort_msg));
    sig.body.receipt_sig.signature = signature;
    ck_assert(!due(&sig));
    ck_assert(!mdl_session_reply_due((const uint8_t *)"\xdd\xff\xff\xff\xff", 5));
    ck_assert(!mdl_session_reply_due(NULL, 0));
}
END_TEST

START_TEST(abort_bytes)
{
    struct mdl_msg m;
    uint8_t *bytes;
    size_t len;
    char text[400];

    memset(text, 'x', sizeof text);
    text[0] = '\n';
    text[1] = '\xc3'; /* half a character */
    text[sizeof text - 1] = '\0';
    ck_assert_int_eq(
        mdl_session_abort_message(us->config.round, MDL_P_RESTARTED, text, &bytes, &len, &err),
        MDL_OK);
    ck_assert_int_eq(mdl_msg_decode(bytes, len, &m, &err), MDL_OK);
    ck_assert_uint_eq(m.body.abort.code, MDL_P_RESTARTED);
    ck_assert_uint_eq(m.body.abort.text.len, 200);
    ck_assert_int_eq(memcmp(m.body.abort.text.p, "??xx", 4), 0);
    free(bytes);
    ck_assert_int_eq(mdl_session_abort_message(us->config.round, MDL_OK, NULL, &bytes, &len, &err),
                     MDL_U_ARGUMENT);
}
END_TEST

START_TEST(progress_tells_the_phase)
{
    struct mdl_session_progress p;
    uint8_t bytes[512];
    size_t len;

    ck_assert_int_eq(step(MDL_EV_LINK_UP, 1000), MDL_OK);
    mdl_session_progress(s, &p);
    ck_assert_int_eq(p.phase, MDL_PHASE_HELLO);
    ck_assert_uint_eq(p.key_deadline_ms, 1000 + 900000);
    hello(1002);
    struct mdl_event ev = keys_event(bytes, &len);
    ck_assert_int_eq(mdl_session_step(s, &ev, 1003, &fx, &err), MDL_OK);
    struct mdl_session_work *work = effect(MDL_FX_WORK, 0)->u.work;
    mdl_session_progress(s, &p);
    ck_assert_int_eq(p.phase, MDL_PHASE_COMMIT);
    ck_assert_uint_eq(p.done, 0);
    ck_assert_uint_eq(p.total, 10);
    mdl_session_work_run(work);
    ev = (struct mdl_event){.type = MDL_EV_WORK_DONE, .u.work = work};
    ck_assert_int_eq(mdl_session_step(s, &ev, 1004, &fx, &err), MDL_OK);
    mdl_session_progress(s, &p);
    ck_assert_uint_eq(p.done, 10);
    ck_assert_str_eq(mdl_phase_slug(p.phase), "commit");
    ck_assert_int_eq(step(MDL_EV_ABORT, 1005), MDL_OK);
    mdl_session_progress(s, &p);
    ck_assert_int_eq(p.phase, MDL_PHASE_ENDED);
}
END_TEST

/* The debit stands in the same step as the COMMIT that causes it, so it is on disk before anything
 * that follows can leave; the same for our own list's seed before our COMMIT leaves. */
START_TEST(persist_comes_with_its_step)
{
    uint8_t bytes[512];
    size_t len;

    ck_assert_int_eq(step(MDL_EV_LINK_UP, 1000), MDL_OK);
    hello(1002);
    struct mdl_event ev = keys_event(bytes, &len);
    ck_assert_int_eq(mdl_session_step(s, &ev, 1003, &fx, &err), MDL_OK);
    for (int items = 0; items < 2; items++) { /* blind, then sort */
        struct mdl_session_work *work = effect(MDL_FX_WORK, 0)->u.work;
        ck_assert_ptr_null(sent(MDL_MSG_COMMIT));
        mdl_session_work_run(work);
        ev = (struct mdl_event){.type = MDL_EV_WORK_DONE, .u.work = work};
        ck_assert_int_eq(mdl_session_step(s, &ev, 1004, &fx, &err), MDL_OK);
    }
    ck_assert_ptr_nonnull(sent(MDL_MSG_COMMIT));
    const struct mdl_effect *e = effect(MDL_FX_PERSIST, 0);
    ck_assert_ptr_nonnull(e);
    ck_assert(e < sent(MDL_MSG_COMMIT)); /* the order of the list */
    ck_assert_int_eq(e->u.persist.kind, MDL_PERSIST_COMMIT);
    ck_assert_uint_eq(e->u.persist.n, 10);
    ck_assert_mem_eq(e->u.persist.seed, s->cell[0].secrets->list_seed, 32);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session step");
    TCase *t = tcase_create("step");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, configuration_that_contradicts_itself);
    tcase_add_test(t, first_event_is_the_link);
    tcase_add_test(t, without_a_link_nothing_is_sent);
    tcase_add_test(t, key_deadline_also_without_a_link);
    tcase_add_test(t, asks_again_every_five_seconds);
    tcase_add_test(t, resends_what_is_asked_but_not_without_end);
    tcase_add_test(t, answers_that_do_not_fit);
    tcase_add_test(t, work_handed_back_unrun_ends_the_round);
    tcase_add_test(t, own_failure_is_told_without_detail);
    tcase_add_test(t, operator_ends_the_round);
    tcase_add_test(t, abort_from_the_partner_is_not_answered);
    tcase_add_test(t, secrets_are_wiped_when_the_last_item_is_back);
    tcase_add_test(t, what_an_ended_round_answers);
    tcase_add_test(t, abort_bytes);
    tcase_add_test(t, progress_tells_the_phase);
    tcase_add_test(t, persist_comes_with_its_step);
    suite_add_tcase(suite, t);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
