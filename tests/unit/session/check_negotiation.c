/* check_negotiation.c: proposals, approvals, refusals between two hosts; what crosses, what
 * repeats, what is not signed. */
#include "negotiation.h"
#include "sim.h"

#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct side {
    uint8_t secret[64];
    struct mdl_signer signer;
    struct mdl_negotiation_host host;
    struct mdl_negotiation n;
    struct mdl_negotiation_effects fx;
    struct mdl_error err;
    enum mdl_status in_force;
    bool standing;
};

static struct side a, b; /* by role */
static uint8_t round_a[16], round_b[16], agreement[64], other_agreement[64];

static int sign(void *ctx, const uint8_t *msg, size_t len, uint8_t sig[64])
{
    return crypto_sign_detached(sig, NULL, msg, len, ((struct side *)ctx)->secret);
}

static enum mdl_status in_force(void *ctx, const uint8_t *hash, struct mdl_error *err)
{
    const struct side *s = ctx;

    (void)hash;
    return s->in_force == MDL_OK ? MDL_OK : mdl_fail(err, s->in_force, "not in force");
}

static bool standing(void *ctx, const uint8_t *hash)
{
    (void)hash;
    return ((struct side *)ctx)->standing;
}

static void connect_sides(struct side *s, const struct side *partner)
{
    s->signer.ctx = s;
    s->signer.sign = sign;
    s->host.signer = &s->signer;
    memcpy(s->host.partner, partner->signer.identity, 32);
    s->host.ctx = s;
    s->host.in_force = in_force;
    s->host.standing = standing;
}

static void setup(void)
{
    ck_assert_int_ge(sodium_init(), 0);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    do {
        crypto_sign_keypair(a.signer.identity, a.secret);
        crypto_sign_keypair(b.signer.identity, b.secret);
    } while (memcmp(a.signer.identity, b.signer.identity, 32) > 0);
    connect_sides(&a, &b);
    connect_sides(&b, &a);
    memset(round_a, 0xaa, 16);
    memset(round_b, 0xbb, 16);
    memset(agreement, 1, 64);
    memset(other_agreement, 2, 64);
}

static void teardown(void)
{
    free(a.fx.send);
    free(b.fx.send);
    a.fx.send = b.fx.send = NULL;
}

static enum mdl_status step(struct side *s, struct mdl_negotiation_event ev)
{
    free(s->fx.send);
    return mdl_negotiation_step(&s->n, &s->host, &ev, &s->fx, &s->err);
}

static enum mdl_status start(struct side *s, const uint8_t *round, const uint8_t *hash)
{
    return step(s,
                (struct mdl_negotiation_event){
                    .type = MDL_NEGOTIATION_START, .round = round, .agreement = hash, .now_ms = 9});
}

static enum mdl_status simple(struct side *s, enum mdl_negotiation_event_type type)
{
    return step(s, (struct mdl_negotiation_event){.type = type, .text = "no thanks"});
}

/* What `from` has to send arrives at `to`. */
static enum mdl_status deliver(const struct side *from, struct side *to)
{
    ck_assert_ptr_nonnull(from->fx.send);
    return step(to, (struct mdl_negotiation_event){.type = MDL_NEGOTIATION_MESSAGE,
                                                   .bytes = from->fx.send,
                                                   .len = from->fx.send_len});
}

static uint8_t sends(const struct side *s)
{
    struct mdl_msg m;

    if (s->fx.send == NULL) {
        return 0;
    }
    ck_assert_int_eq(mdl_msg_decode(s->fx.send, s->fx.send_len, &m, NULL), MDL_OK);
    return (uint8_t)m.type;
}

static uint8_t refusal_code(const struct side *s)
{
    struct mdl_msg m;

    ck_assert_uint_eq(sends(s), MDL_MSG_ROUND_REFUSE);
    ck_assert_int_eq(mdl_msg_decode(s->fx.send, s->fx.send_len, &m, NULL), MDL_OK);
    return m.body.round_refuse.code;
}

START_TEST(proposal_and_approval)
{
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    ck_assert_int_eq(b.n.state, MDL_NEGOTIATION_PROPOSED);
    ck_assert(b.fx.changed && !b.fx.begin);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_OFFERED);
    ck_assert(a.fx.changed && !a.fx.begin);
    ck_assert_ptr_null(a.fx.send);
    ck_assert_uint_eq(a.n.created_ms, 9);
    ck_assert_int_eq(simple(&a, MDL_NEGOTIATION_APPROVE), MDL_OK);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_APPROVED);
    ck_assert(a.fx.begin);
    ck_assert_int_eq(deliver(&a, &b), MDL_OK);
    ck_assert_int_eq(b.n.state, MDL_NEGOTIATION_APPROVED);
    ck_assert(b.fx.begin);
    ck_assert_mem_eq(a.n.round, round_b, 16);
    ck_assert_mem_eq(a.n.proposal, b.n.proposal, 64);
    ck_assert_mem_eq(a.n.approval, b.n.approval, 64);
    mdl_negotiation_clear(&a.n);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_NONE);
}
END_TEST

START_TEST(standing_rule_approves_at_once)
{
    a.standing = true;
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_APPROVED);
    ck_assert(a.fx.begin);
    ck_assert_uint_eq(sends(&a), MDL_MSG_ROUND_APPROVE);
}
END_TEST

START_TEST(everything_may_be_repeated)
{
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_int_eq(simple(&b, MDL_NEGOTIATION_PARTNER_UP), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK); /* offered twice */
    ck_assert(!a.fx.changed);
    ck_assert_ptr_null(a.fx.send);
    ck_assert_int_eq(simple(&a, MDL_NEGOTIATION_APPROVE), MDL_OK); /* and this is lost */
    ck_assert_int_eq(simple(&b, MDL_NEGOTIATION_PARTNER_UP), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert(!a.fx.changed && !a.fx.begin);
    ck_assert_uint_eq(sends(&a), MDL_MSG_ROUND_APPROVE);
    ck_assert_int_eq(deliver(&a, &b), MDL_OK);
    ck_assert(b.fx.begin);
    ck_assert_int_eq(deliver(&a, &b), MDL_OK); /* approved twice */
    ck_assert(!b.fx.begin && !b.fx.changed);
    ck_assert_int_eq(simple(&a, MDL_NEGOTIATION_PARTNER_UP), MDL_OK);
    ck_assert_uint_eq(sends(&a), MDL_MSG_ROUND_APPROVE);
    ck_assert_int_eq(simple(&b, MDL_NEGOTIATION_PARTNER_UP), MDL_OK);
    ck_assert_ptr_null(b.fx.send);
}
END_TEST

START_TEST(refusal_by_the_operator)
{
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_int_eq(simple(&a, MDL_NEGOTIATION_REFUSE), MDL_OK);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_REFUSED);
    ck_assert_uint_eq(refusal_code(&a), MDL_P_REFUSED);
    ck_assert_int_eq(deliver(&a, &b), MDL_OK);
    ck_assert_int_eq(b.n.state, MDL_NEGOTIATION_REFUSED);
    ck_assert_int_eq(b.n.status, MDL_P_REFUSED);
    ck_assert_str_eq(b.n.text, "no thanks");
    ck_assert_int_eq(deliver(&a, &b), MDL_OK);
    ck_assert(!b.fx.changed);
    ck_assert_int_eq(start(&b, round_a, agreement), MDL_OK); /* may be asked anew */
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_OFFERED);
}
END_TEST

START_TEST(repeated_proposal_of_a_refused_round)
{
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_int_eq(simple(&a, MDL_NEGOTIATION_REFUSE), MDL_OK); /* lost */
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_uint_eq(refusal_code(&a), MDL_P_REFUSED);
    ck_assert(!a.fx.changed);
}
END_TEST

START_TEST(withdrawn_by_who_asked)
{
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_int_eq(simple(&b, MDL_NEGOTIATION_REFUSE), MDL_OK);
    ck_assert_int_eq(b.n.state, MDL_NEGOTIATION_WITHDRAWN);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_WITHDRAWN);
    ck_assert_int_eq(a.n.status, MDL_P_ABORTED);
    ck_assert_int_eq(simple(&a, MDL_NEGOTIATION_APPROVE), MDL_U_STATE);
}
END_TEST

START_TEST(crossing_proposals_under_one_agreement)
{
    ck_assert_int_eq(start(&a, round_a, agreement), MDL_OK);
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    struct side from_a = a, from_b = b; /* both are on their way */
    from_a.fx.send = malloc(a.fx.send_len);
    memcpy(from_a.fx.send, a.fx.send, a.fx.send_len);
    ck_assert_int_eq(deliver(&from_b, &a), MDL_OK);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_PROPOSED); /* role A's stands */
    ck_assert_mem_eq(a.n.round, round_a, 16);
    ck_assert_uint_eq(refusal_code(&a), MDL_P_BUSY);
    ck_assert_int_eq(deliver(&from_a, &b), MDL_OK);
    ck_assert(b.fx.superseded);
    ck_assert_mem_eq(b.fx.before.round, round_b, 16);
    ck_assert_int_eq(b.n.state, MDL_NEGOTIATION_APPROVED); /* its operator wanted that very thing */
    ck_assert_mem_eq(b.n.round, round_a, 16);
    struct mdl_negotiation before = b.n;
    struct side refusal = a;
    uint8_t *approval = b.fx.send;
    size_t approval_len = b.fx.send_len;
    b.fx.send = NULL;
    ck_assert_int_eq(deliver(&refusal, &b), MDL_OK); /* the refusal of what is withdrawn already */
    ck_assert_int_eq(memcmp(&before, &b.n, sizeof before), 0);
    b.fx.send = approval;
    b.fx.send_len = approval_len;
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_APPROVED);
    ck_assert(a.fx.begin);
    free(from_a.fx.send);
}
END_TEST

START_TEST(crossing_proposals_under_two_agreements)
{
    ck_assert_int_eq(start(&a, round_a, agreement), MDL_OK);
    ck_assert_int_eq(start(&b, round_b, other_agreement), MDL_OK);
    ck_assert_int_eq(deliver(&a, &b), MDL_OK);
    ck_assert(b.fx.superseded);
    ck_assert_int_eq(b.n.state, MDL_NEGOTIATION_OFFERED); /* not what its operator asked for */
    ck_assert(!b.fx.begin);
}
END_TEST

START_TEST(busy_while_a_round_runs)
{
    a.standing = true;
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_int_eq(start(&a, round_a, agreement), MDL_U_STATE);
    mdl_negotiation_clear(&b.n);
    ck_assert_int_eq(start(&b, round_a, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_uint_eq(refusal_code(&a), MDL_P_BUSY);
    ck_assert_mem_eq(a.n.round, round_b, 16);
}
END_TEST

START_TEST(start_on_an_offer_is_approval)
{
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_int_eq(start(&a, round_a, other_agreement), MDL_U_STATE);
    ck_assert_int_eq(start(&a, round_a, agreement), MDL_OK);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_APPROVED);
    ck_assert_mem_eq(a.n.round, round_b, 16);
}
END_TEST

START_TEST(offer_that_waits_is_not_replaced)
{
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    mdl_negotiation_clear(&b.n);
    ck_assert_int_eq(start(&b, round_a, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert(!a.fx.superseded);
    ck_assert_uint_eq(refusal_code(&a), MDL_P_BUSY);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_OFFERED);
    ck_assert_mem_eq(a.n.round, round_b, 16);
}
END_TEST

START_TEST(agreement_not_in_force)
{
    a.in_force = MDL_P_AGREEMENT;
    ck_assert_int_eq(start(&a, round_a, agreement), MDL_P_AGREEMENT);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_NONE);
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    ck_assert_uint_eq(refusal_code(&a), MDL_P_AGREEMENT);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_NONE);
    ck_assert_int_eq(deliver(&a, &b), MDL_OK);
    ck_assert_int_eq(b.n.status, MDL_P_AGREEMENT);
}
END_TEST

START_TEST(agreement_that_ended_while_the_offer_waited)
{
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    a.in_force = MDL_P_CAP;
    ck_assert_int_eq(simple(&a, MDL_NEGOTIATION_APPROVE), MDL_P_CAP);
    ck_assert(a.fx.changed && !a.fx.begin);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_REFUSED);
    ck_assert_uint_eq(refusal_code(&a), MDL_P_CAP);
}
END_TEST

/* ---- not signed, not expected ---------------------------------------------------------------- */

static void spoil(struct side *s, bool (*change)(struct mdl_msg *m))
{
    struct mdl_msg m;
    uint8_t *bytes;
    size_t len;

    ck_assert_int_eq(mdl_msg_decode(s->fx.send, s->fx.send_len, &m, NULL), MDL_OK);
    ck_assert(change(&m));
    ck_assert_int_eq(mdl_msg_encode(&m, &bytes, &len, NULL), MDL_OK);
    free(s->fx.send);
    s->fx.send = bytes;
    s->fx.send_len = len;
}

static bool later(struct mdl_msg *m)
{
    m->body.round_propose.created += 1;
    return true;
}

static bool other_round(struct mdl_msg *m)
{
    memset(m->round, 0xcc, 16);
    return true;
}

START_TEST(proposal_that_is_not_the_partner_s)
{
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    spoil(&b, _i == 0 ? later : other_round);
    ck_assert_int_eq(deliver(&b, &a), MDL_P_SIGNATURE);
    ck_assert_uint_eq(refusal_code(&a), MDL_P_SIGNATURE);
    ck_assert_int_eq(a.n.state, MDL_NEGOTIATION_NONE);
    ck_assert(!a.fx.changed);
}
END_TEST

START_TEST(approval_that_is_not_the_partner_s)
{
    a.standing = true;
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    memcpy(a.n.approval, b.n.proposal, 64); /* the proposer's own words are no approval */
    ck_assert_int_eq(simple(&a, MDL_NEGOTIATION_PARTNER_UP), MDL_OK);
    ck_assert_int_eq(deliver(&a, &b), MDL_P_SIGNATURE);
    ck_assert_int_eq(b.n.state, MDL_NEGOTIATION_PROPOSED);
    ck_assert(!b.fx.begin);
}
END_TEST

START_TEST(approval_of_an_unknown_round)
{
    struct mdl_msg m;

    a.standing = true;
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    ck_assert_int_eq(deliver(&b, &a), MDL_OK);
    mdl_negotiation_clear(&b.n);
    ck_assert_int_eq(deliver(&a, &b), MDL_OK);
    ck_assert_uint_eq(sends(&b), MDL_MSG_ABORT);
    ck_assert_int_eq(mdl_msg_decode(b.fx.send, b.fx.send_len, &m, NULL), MDL_OK);
    ck_assert_uint_eq(m.body.abort.code, MDL_P_UNKNOWN_ROUND);
    ck_assert(!b.fx.begin);
}
END_TEST

START_TEST(own_proposal_sent_back)
{
    ck_assert_int_eq(start(&b, round_b, agreement), MDL_OK);
    struct side echo = b;
    echo.fx.send = malloc(b.fx.send_len);
    memcpy(echo.fx.send, b.fx.send, b.fx.send_len);
    ck_assert_int_eq(deliver(&echo, &b), MDL_P_SIGNATURE); /* the role is in the signature */
    ck_assert_int_eq(b.n.state, MDL_NEGOTIATION_PROPOSED);
    free(echo.fx.send);
}
END_TEST

START_TEST(no_message_about_proposals)
{
    struct mdl_msg m = {.type = MDL_MSG_ACK};
    uint8_t bytes[64];
    struct mdl_negotiation_event ev = {.type = MDL_NEGOTIATION_MESSAGE, .bytes = bytes};

    memset(m.round, 1, 16);
    ck_assert_int_eq(mdl_msg_encode_into(&m, bytes, sizeof bytes, &ev.len, NULL), MDL_OK);
    ck_assert_int_eq(step(&a, ev), MDL_P_UNEXPECTED);
    ev.len -= 1;
    ck_assert_int_eq(step(&a, ev), MDL_P_MALFORMED);
    ck_assert_int_eq(simple(&a, MDL_NEGOTIATION_APPROVE), MDL_U_STATE);
    ck_assert_int_eq(simple(&a, MDL_NEGOTIATION_REFUSE), MDL_U_STATE);
    ck_assert_int_eq(simple(&a, MDL_NEGOTIATION_PARTNER_UP), MDL_OK);
    ck_assert_ptr_null(a.fx.send);
    ck_assert_str_eq(mdl_negotiation_slug(MDL_NEGOTIATION_OFFERED), "offered");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("negotiation");
    TCase *t = tcase_create("negotiation");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, proposal_and_approval);
    tcase_add_test(t, standing_rule_approves_at_once);
    tcase_add_test(t, everything_may_be_repeated);
    tcase_add_test(t, refusal_by_the_operator);
    tcase_add_test(t, repeated_proposal_of_a_refused_round);
    tcase_add_test(t, withdrawn_by_who_asked);
    tcase_add_test(t, crossing_proposals_under_one_agreement);
    tcase_add_test(t, crossing_proposals_under_two_agreements);
    tcase_add_test(t, busy_while_a_round_runs);
    tcase_add_test(t, start_on_an_offer_is_approval);
    tcase_add_test(t, offer_that_waits_is_not_replaced);
    tcase_add_test(t, agreement_not_in_force);
    tcase_add_test(t, agreement_that_ended_while_the_offer_waited);
    tcase_add_loop_test(t, proposal_that_is_not_the_partner_s, 0, 2);
    tcase_add_test(t, approval_that_is_not_the_partner_s);
    tcase_add_test(t, approval_of_an_unknown_round);
    tcase_add_test(t, own_proposal_sent_back);
    tcase_add_test(t, no_message_about_proposals);
    suite_add_tcase(suite, t);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
