/* check_hostile_link.c: attacks below the steps: bytes, order, credit, silence, replay, giving up.
 */
#include "hostile.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static uint8_t scratch[400000];

/* ---- bytes ----------------------------------------------------------------------------------- */

/* What arrives at the victim in place of the attacker's COMMIT. */
static const struct {
    const char *name;
    uint8_t head[40];
    size_t head_len, len; /* zero bytes follow up to len; 0: all of head */
    enum mdl_status status;
} bombs[] = {
    {"array of four billion", {0xdd, 0xff, 0xff, 0xff, 0xff}, 5, 0, MDL_P_MALFORMED},
    {"array of four billion, padded", {0xdd, 0xff, 0xff, 0xff, 0xff}, 5, 1000, MDL_P_MALFORMED},
    {"map of four billion", {0xdf, 0xff, 0xff, 0xff, 0xff}, 5, 0, MDL_P_MALFORMED},
    {"binary of four gigabytes", {0xc6, 0xff, 0xff, 0xff, 0xff}, 5, 64, MDL_P_MALFORMED},
    {"string of four gigabytes", {0xdb, 0xff, 0xff, 0xff, 0xff}, 5, 64, MDL_P_MALFORMED},
    {"nesting",
     {0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0xc0},
     11,
     0,
     MDL_P_MALFORMED},
    {"nothing", {0}, 0, 0, MDL_P_MALFORMED},
    {"not MessagePack", {0xc1}, 1, 0, MDL_P_MALFORMED},
    {"more than a message may have", {0x96}, 1, 262145, MDL_P_OVERSIZE},
};

static int bomb;

static bool drop_bomb(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type != MDL_MSG_COMMIT) {
        return true;
    }
    memset(scratch, 0, sizeof scratch);
    memcpy(scratch, bombs[bomb].head, bombs[bomb].head_len);
    size_t len = bombs[bomb].len == 0 ? bombs[bomb].head_len : bombs[bomb].len;
    sim_inject(n->world, n->id, scratch, len);
    return false;
}

START_TEST(bytes_that_are_no_message)
{
    struct stage s;

    bomb = _i;
    stage_open(&s, 0);
    s.attacker->on_send = drop_bomb;
    stage_expect(&s, bombs[_i].status);
}
END_TEST

/* Every cut of a real COMMIT, and the same with one byte too many. */
static size_t cut_at;

static bool truncate_commit(struct sim_node *n, struct mdl_msg *m)
{
    uint8_t *bytes;
    size_t len;

    if (m->type != MDL_MSG_COMMIT) {
        return true;
    }
    ck_assert_int_eq(mdl_msg_encode(m, &bytes, &len, NULL), MDL_OK);
    memset(scratch, 0, len + 1);
    memcpy(scratch, bytes, len);
    sim_inject(n->world, n->id, scratch, cut_at < len ? cut_at : len + 1);
    free(bytes);
    return false;
}

START_TEST(truncated_message)
{
    static const size_t cuts[] = {1, 2, 19, 30, 60, 100, 200, 250, 9999};
    struct stage s;

    cut_at = cuts[_i];
    stage_open(&s, 1);
    s.attacker->on_send = truncate_commit;
    stage_expect(&s, MDL_P_MALFORMED);
}
END_TEST

static bool too_long_a_field(struct sim_node *n, struct mdl_msg *m)
{
    uint8_t *bytes;
    size_t len;

    if (m->type != MDL_MSG_CHUNK) {
        return true;
    }
    /* A CHUNK of 131,073 bytes of points: bin32 header and all, by hand. */
    m->body.chunk.points = (struct mdl_bytes){scratch, 131072};
    ck_assert_int_eq(mdl_msg_encode(m, &bytes, &len, NULL), MDL_OK);
    uint8_t *longer = calloc(1, len + 1);
    memcpy(longer, bytes, len);
    ck_assert_uint_eq(longer[len - 131072 - 1], 0); /* the low byte of the length */
    longer[len - 131072 - 1] = 1;
    sim_inject(n->world, n->id, longer, len + 1);
    free(longer);
    free(bytes);
    return false;
}

START_TEST(field_above_its_maximum)
{
    struct stage s;

    stage_open(&s, 0);
    s.attacker->on_send = too_long_a_field;
    stage_expect(&s, MDL_P_OVERSIZE);
}
END_TEST

static bool other_envelope_version(struct sim_node *n, struct mdl_msg *m)
{
    uint8_t *bytes;
    size_t len;

    if (m->type != MDL_MSG_COMMIT) {
        return true;
    }
    ck_assert_int_eq(mdl_msg_encode(m, &bytes, &len, NULL), MDL_OK);
    ck_assert_uint_eq(bytes[1], MDL_WIRE_VERSION);
    bytes[1] = 2;
    sim_inject(n->world, n->id, bytes, len);
    free(bytes);
    return false;
}

START_TEST(envelope_of_another_version)
{
    struct stage s;

    stage_open(&s, 0);
    s.attacker->on_send = other_envelope_version;
    stage_expect(&s, MDL_P_VERSION);
}
END_TEST

/* ---- order, credit --------------------------------------------------------------------------- */

static bool overrun_credit(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_COMMIT) {
        m->seq = 40;
    }
    return true;
}

START_TEST(sending_beyond_the_credit)
{
    struct stage s;

    stage_open(&s, _i);
    s.attacker->on_send = overrun_credit;
    stage_expect(&s, MDL_P_CREDIT);
}
END_TEST

static bool ack_the_future(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_COMMIT) {
        m->ack = 1000;
    }
    return true;
}

START_TEST(acknowledging_what_was_never_sent)
{
    struct stage s;

    stage_open(&s, _i);
    s.attacker->on_send = ack_the_future;
    stage_expect(&s, MDL_P_MALFORMED);
}
END_TEST

/* Keeps message 2 back for ever and floods with message 3. */
static bool flood(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_COMMIT) {
        struct mdl_msg v = {.type = MDL_MSG_VERIFIED, .seq = 3};
        memcpy(v.round, m->round, sizeof v.round);
        for (unsigned i = 0; i <= MDL_GAPS_MAX; i++) {
            sim_inject_msg(n->world, n->id, &v);
        }
    }
    return m->type != MDL_MSG_COMMIT;
}

START_TEST(order_that_is_never_kept)
{
    struct stage s;

    stage_open(&s, _i);
    s.attacker->on_send = flood;
    stage_expect(&s, MDL_P_REORDERED);
}
END_TEST

/* ---- replay ---------------------------------------------------------------------------------- */

static struct {
    uint8_t bytes[4096];
    size_t len;
} recorded;

static bool record_commit(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_COMMIT) {
        ck_assert_int_eq(
            mdl_msg_encode_into(m, recorded.bytes, sizeof recorded.bytes, &recorded.len, NULL),
            MDL_OK);
    }
    return true;
}

static bool replay_as_it_was(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type != MDL_MSG_COMMIT) {
        return true;
    }
    sim_inject(n->world, n->id, recorded.bytes, recorded.len);
    return false;
}

static bool replay_in_a_new_envelope(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_COMMIT) {
        struct mdl_msg old;
        ck_assert_int_eq(mdl_msg_decode(recorded.bytes, recorded.len, &old, NULL), MDL_OK);
        memcpy(old.round, m->round, sizeof old.round);
        old.seq = m->seq;
        old.ack = m->ack;
        *m = old;
    }
    return true;
}

START_TEST(replay_from_another_round)
{
    static const struct {
        bool (*on_send)(struct sim_node *n, struct mdl_msg *m);
        enum mdl_status status;
    } ways[] = {{replay_as_it_was, MDL_P_REPLAY}, {replay_in_a_new_envelope, MDL_P_SIGNATURE}};
    struct stage s;

    stage_open(&s, 0); /* a round that completes, between the very same identities */
    s.attacker->on_send = record_commit;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_COMPLETE);
    stage_close(&s);

    stage_open(&s, 0); /* the same world, another round */
    for (int i = 0; i < 2; i++) {
        memset(s.w.node[i].config.round, 0x43, 16);
    }
    s.attacker->on_send = ways[_i].on_send;
    stage_expect(&s, ways[_i].status);
}
END_TEST

/* ---- messages out of their phase ------------------------------------------------------------- */

static uint8_t wrong_type;
static uint8_t in_place_of;

static bool wrong_message(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == in_place_of) {
        fill_message(m, wrong_type, 0);
    }
    return true;
}

/* Every type in place of every other. CHUNK and VERIFIED share a phase, as do SLICE and MASKS: what
 * then is wrong is told apart elsewhere. */
static bool same_phase(uint8_t a, uint8_t b)
{
    static const uint8_t pairs[][2] = {{MDL_MSG_TAG_COMMIT, MDL_MSG_TAGS},
                                       {MDL_MSG_SLICE, MDL_MSG_MASKS},
                                       {MDL_MSG_CHUNK, MDL_MSG_VERIFIED},
                                       {MDL_MSG_RECEIPT_PART, MDL_MSG_RECEIPT_SIG}};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if ((a == pairs[i][0] && b == pairs[i][1]) || (a == pairs[i][1] && b == pairs[i][0])) {
            return true;
        }
    }
    return a == b;
}

START_TEST(every_message_in_every_wrong_place)
{
    static const uint8_t types[] = {MDL_MSG_HELLO,    MDL_MSG_COMMIT,       MDL_MSG_CHUNK,
                                    MDL_MSG_VERIFIED, MDL_MSG_TAG_COMMIT,   MDL_MSG_TAGS,
                                    MDL_MSG_MATCH,    MDL_MSG_OPEN,         MDL_MSG_SLICE,
                                    MDL_MSG_MASKS,    MDL_MSG_RECEIPT_PART, MDL_MSG_RECEIPT_SIG};

    in_place_of = types[_i];
    for (size_t t = 0; t < sizeof types; t++) {
        struct sim_size size = {.groups = 1, .own = {3, 3}, .common = 2, .parallel = 1};
        struct stage s;
        if (same_phase(types[t], in_place_of)) {
            continue;
        }
        wrong_type = types[t];
        stage_open_sized(&s, (int)(t % 2), &size, NULL);
        s.w.one_sided = true;
        s.attacker->on_send = wrong_message;
        stage_expect(&s, MDL_P_UNEXPECTED);
    }
}
END_TEST

static bool setup_inside(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == MDL_MSG_COMMIT) {
        struct mdl_msg r = {.type = MDL_MSG_ROUND_REFUSE};
        memcpy(r.round, m->round, sizeof r.round);
        r.body.round_refuse = (struct mdl_msg_round_refuse){27, mdl_text_of("no")};
        sim_inject_msg(n->world, n->id, &r);
        return false;
    }
    return true;
}

START_TEST(a_message_about_proposals_inside_a_round)
{
    struct stage s;

    stage_open(&s, 0);
    s.attacker->on_send = setup_inside;
    stage_expect(&s, MDL_P_UNEXPECTED);
}
END_TEST

/* ---- silence and giving up ------------------------------------------------------------------- */

static uint8_t silent_from;

static bool fall_silent(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == silent_from) {
        n->hostile = n;
    }
    return n->hostile == NULL;
}

static bool only_acknowledge(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == silent_from) {
        n->hostile = n;
    }
    return n->hostile == NULL || m->type == MDL_MSG_ACK;
}

static const uint8_t steps[] = {MDL_MSG_HELLO,    MDL_MSG_COMMIT,      MDL_MSG_CHUNK,
                                MDL_MSG_VERIFIED, MDL_MSG_TAG_COMMIT,  MDL_MSG_TAGS,
                                MDL_MSG_MATCH,    MDL_MSG_OPEN,        MDL_MSG_SLICE,
                                MDL_MSG_MASKS,    MDL_MSG_RECEIPT_PART};

START_TEST(partner_who_falls_silent)
{
    struct stage s;

    silent_from = steps[_i];
    stage_open(&s, _i % 2);
    s.attacker->on_send = fall_silent;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    ck_assert_int_eq(s.victim->store.status, MDL_P_STALLED);
    ck_assert_uint_le(s.w.now, 1000000 + 2 * 70000);
    const char *wrong = sim_check(&s.w);
    ck_assert_msg(wrong == NULL, "%s", wrong);
    stage_close(&s);
}
END_TEST

START_TEST(partner_who_only_acknowledges)
{
    struct stage s;

    silent_from = steps[_i];
    stage_open(&s, _i % 2);
    s.attacker->on_send = only_acknowledge;
    s.w.one_sided = true;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    if (silent_from == MDL_MSG_RECEIPT_PART) { /* the keys are gone: the receipt may take a day */
        ck_assert_int_eq(s.victim->store.status, MDL_P_STALLED);
        ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_PARTIAL);
    } else {
        ck_assert(s.victim->store.status == MDL_P_DEADLINE);
        ck_assert_uint_ge(s.w.now, 1000000 + 900000);
        ck_assert_uint_le(s.w.now, 1000000 + 901000);
    }
    stage_close(&s);
}
END_TEST

/* The attacker's own node fails, or its operator ends the round, when it has got somewhere. */
static enum mdl_event_type how_it_ends;

static bool give_up(struct sim_node *n, struct mdl_msg *m)
{
    if (m->type == silent_from && n->hostile == NULL) {
        struct mdl_msg a = {.type = MDL_MSG_ABORT};
        memcpy(a.round, m->round, sizeof a.round);
        a.body.abort.code = how_it_ends == MDL_EV_ABORT ? MDL_P_ABORTED : MDL_P_UNKNOWN_ROUND;
        a.body.abort.text = mdl_text_of("enough");
        n->hostile = n;
        sim_inject_msg(n->world, n->id, &a);
    }
    return n->hostile == NULL;
}

START_TEST(partner_who_aborts_at_each_phase)
{
    struct stage s;

    silent_from = steps[_i / 2];
    how_it_ends = _i % 2 == 0 ? MDL_EV_ABORT : MDL_EV_FAILED;
    stage_open(&s, _i % 2);
    s.attacker->on_send = give_up;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    ck_assert(s.victim->store.by_partner);
    ck_assert_int_eq(s.victim->store.status,
                     how_it_ends == MDL_EV_ABORT ? MDL_P_ABORTED : MDL_P_UNKNOWN_ROUND);
    ck_assert_str_eq(s.victim->store.text, "enough");
    const char *wrong = sim_check(&s.w);
    ck_assert_msg(wrong == NULL, "%s", wrong);
    stage_close(&s);
}
END_TEST

static void tests(TCase *t)
{
    tcase_add_loop_test(t, bytes_that_are_no_message, 0, ROWS(bombs));
    tcase_add_loop_test(t, truncated_message, 0, 9);
    tcase_add_test(t, field_above_its_maximum);
    tcase_add_test(t, envelope_of_another_version);
    tcase_add_loop_test(t, sending_beyond_the_credit, 0, 2);
    tcase_add_loop_test(t, acknowledging_what_was_never_sent, 0, 2);
    tcase_add_loop_test(t, order_that_is_never_kept, 0, 2);
    tcase_add_loop_test(t, replay_from_another_round, 0, 2);
    tcase_add_loop_test(t, every_message_in_every_wrong_place, 0, 12);
    tcase_add_test(t, a_message_about_proposals_inside_a_round);
    tcase_add_loop_test(t, partner_who_falls_silent, 0, ROWS(steps));
    tcase_add_loop_test(t, partner_who_only_acknowledges, 0, ROWS(steps));
    tcase_add_loop_test(t, partner_who_aborts_at_each_phase, 0, 2 * ROWS(steps));
}

int main(void)
{
    return stage_main("hostile link", 120, tests);
}
