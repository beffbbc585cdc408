/* check_hostile_open.c: attacks on OPEN; the gate before it. */
#include "hostile.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static uint8_t sig[64], scratch[MDL_MESSAGE_MAX];

static bool other_key(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_OPEN) {
        crypto_core_ristretto255_random(scratch);
        m->body.open.key = scratch;
    }
    return true;
}

static bool other_key_salt(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_OPEN) {
        memset(scratch, 1, 32);
        m->body.open.key_salt = scratch;
    }
    return true;
}

static bool other_coin(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_OPEN) { /* to choose the order of the slices */
        memset(scratch, 1, 32);
        m->body.open.coin = scratch;
    }
    return true;
}

/* Commits to a key that it may not have, then opens it honestly. */
static void commit_to_key(struct sim_node *n, struct mdl_msg *m, const uint8_t key[32])
{
    static uint8_t commitment[32], kept[32];

    memcpy(kept, key, 32);
    if (m->type == MDL_MSG_COMMIT) {
        mdl_hash_commitment(cell_of(n), "key", (uint8_t)n->id, cell_of(n)->secrets->key_salt, kept,
                            commitment);
        m->body.commit.key_commitment = commitment;
        resign_commit(n, m, sig);
    } else if (m->type == MDL_MSG_OPEN) {
        m->body.open.key = kept;
    }
}

static bool identity_key(struct sim_node *n, struct mdl_msg *m)
{
    static const uint8_t identity[32];

    commit_to_key(n, m, identity);
    return true;
}

static bool generator_key(struct sim_node *n, struct mdl_msg *m)
{
    commit_to_key(n, m, mdl_group_generator);
    return true;
}

static bool no_point_key(struct sim_node *n, struct mdl_msg *m)
{
    static uint8_t none[32];

    memset(none, 0xff, sizeof none);
    commit_to_key(n, m, none);
    return true;
}

static bool their_key(struct sim_node *n, struct mdl_msg *m)
{
    const struct sim_node *victim = &n->world->node[1 - n->id];

    if (m->type == MDL_MSG_COMMIT || m->type == MDL_MSG_OPEN) {
        commit_to_key(n, m, mdl_scalar_key_public(victim->session->cell[0].key));
    }
    return true;
}

static bool slice_for_open(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_OPEN) {
        memset(scratch, 0, 64);
        m->type = MDL_MSG_SLICE;
        m->body.slice = (struct mdl_msg_slice){0, 0, {scratch, 4}, scratch};
    }
    return true;
}

static const struct {
    bool (*on_send)(struct sim_node *n, struct mdl_msg *m);
    enum mdl_status status;
} opens[] = {
    {other_key, MDL_P_COMMITMENT},  {other_key_salt, MDL_P_COMMITMENT},
    {other_coin, MDL_P_COMMITMENT}, {identity_key, MDL_P_KEY},
    {generator_key, MDL_P_KEY},     {no_point_key, MDL_P_KEY},
    {their_key, MDL_P_KEY},         {slice_for_open, MDL_P_UNEXPECTED},
};

START_TEST(opening_that_is_wrong)
{
    for (int attacker = 0; attacker < 2; attacker++) {
        struct stage s;
        stage_open(&s, attacker);
        s.attacker->on_send = opens[_i].on_send;
        stage_run(&s, opens[_i].status);
        ck_assert_uint_eq(s.victim->sent_of[MDL_MSG_SLICE], 0);
        stage_close(&s);
    }
}
END_TEST

static void narrow_gate(struct mdl_agreement *terms)
{
    terms->caps.min_result = 11;
}

static void low_gate(struct mdl_agreement *terms)
{
    terms->caps.max_result = 9;
}

START_TEST(gate_stops_without_names)
{
    struct sim_size size = {.groups = 1, .own = {20, 20}, .common = 10, .parallel = 1};
    struct stage s;

    stage_open_sized(&s, 0, &size, _i == 0 ? narrow_gate : low_gate);
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(s.w.node[i].store.status, MDL_P_GATE);
        ck_assert_int_eq(s.w.node[i].store.outcome, MDL_OUTCOME_ABORTED);
        ck_assert_uint_eq(s.w.node[i].sent_of[MDL_MSG_OPEN], 0);
    }
    stage_close(&s);
}
END_TEST

static void tests(TCase *t)
{
    tcase_add_loop_test(t, opening_that_is_wrong, 0, ROWS(opens));
    tcase_add_loop_test(t, gate_stops_without_names, 0, 2);
}

int main(void)
{
    return stage_main("hostile open", 120, tests);
}
