/* check_hostile_forged.c: matches that are none: forged from one shared account, planted multiples
 * of G. */
#include "hostile.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static uint8_t scratch[MDL_MESSAGE_MAX];

#define FORGED 30u
static uint8_t factor[FORGED][32];
static uint32_t shared_at; /* place of the one shared account in the victim's list */

/* [D] One shared account, thirty claimed: X_j = r_j P(x), and for the tags r_j X_i, with X_i the
 * victim's point of x. Row 0 is true (r_0 is the attacker's own scalar). */
static void forge_list(struct sim_node *n, struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;
    uint8_t point[32], truth[32];

    if (!is_finish_item(w)) {
        return;
    }
    uint32_t shared = n->n[0] - 1;
    hash_point(n, shared, point);
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->ordinal[i] == shared) {
            memcpy(truth, c->own + (size_t)i * 32, 32);
        }
    }
    memcpy(c->own, truth, 32);
    for (uint32_t j = 1; j < FORGED; j++) {
        crypto_core_ristretto255_scalar_random(factor[j]);
        ck_assert_int_eq(crypto_scalarmult_ristretto255(c->own + (size_t)j * 32, factor[j], point),
                         0);
    }
    reseal_list(n, true);
}

static void forge_tags(struct sim_node *n, struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;
    const struct sim_node *victim = &n->world->node[1 - n->id];

    if (!is_tag_item(w)) {
        return;
    }
    const struct mdl_cell *theirs = &victim->session->cell[0];
    for (shared_at = 0; theirs->ordinal[shared_at] != victim->n[0] - 1;) {
        shared_at++; /* a real attacker would have to guess where its one account stands */
    }
    const uint8_t *point = c->points + (size_t)shared_at * 32;
    ck_assert_int_eq(mdl_group_evaluate(c->key, point, 1, c->common, NULL, NULL), MDL_OK);
    for (uint32_t j = 0; j < FORGED; j++) {
        uint8_t *common = c->common + (size_t)j * 32;
        if (j > 0) {
            ck_assert_int_eq(crypto_scalarmult_ristretto255(common, factor[j], point), 0);
        }
        tag_of(c, common, c->tags + (size_t)j * 16);
        c->rows[j] = j;
    }
    reseal_tags(n, true);
}

static void forge(struct sim_node *n, struct mdl_session_work *w)
{
    forge_list(n, w);
    forge_tags(n, w);
}

static bool one_position(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_SLICE) {
        memset(scratch, 0, 4);
        scratch[3] = (uint8_t)shared_at;
        m->body.slice.positions.p = scratch;
    }
    return true;
}

static bool spread_positions(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_SLICE) {
        memset(scratch, 0, 4);
        scratch[3] = (uint8_t)((shared_at + m->body.slice.j) % FORGED);
        m->body.slice.positions.p = scratch;
    }
    return true;
}

START_TEST(forged_matches_by_one_shared_account)
{
    struct sim_size size = {.groups = 1, .own = {29, 29}, .common = 1, .parallel = 1};
    struct stage s;
    unsigned opened = 0;

    stage_open_sized(&s, _i % 2, &size, NULL);
    s.attacker->after_work = forge;
    s.w.rows_void[s.attacker->id] = true;
    s.attacker->on_send = _i < 2 ? one_position : spread_positions;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    const char *wrong = sim_check(&s.w);
    ck_assert_msg(wrong == NULL, "%s", wrong);
    ck_assert_uint_eq(s.victim->store.matched, FORGED); /* the count is a lie ... */
    ck_assert(s.victim->store.status == MDL_P_PROOF || s.victim->store.status == MDL_P_POSITION);
    ck_assert(!s.victim->store.by_partner);
    for (uint32_t i = 0; i < s.victim->n[0]; i++) {
        opened += s.victim->store.row[0][i].opened ? 1 : 0;
    }
    ck_assert_uint_le(opened, 1); /* ... but no name beyond the true one comes of it */
    ck_assert(opened == 0 || s.victim->store.row[0][s.victim->n[0] - 1].opened);
    stage_close(&s);
}
END_TEST

/* [D] The same at level counts, where nothing is proved: the count is a lie, and the round
 * completes with it on both sides. */
START_TEST(a_count_made_larger_by_one_shared_account)
{
    struct sim_size size = {.groups = 1, .own = {29, 29}, .common = 1, .parallel = 1, .counts = 1};
    struct stage s;

    stage_open_sized(&s, _i, &size, NULL);
    s.attacker->after_work = forge;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_COMPLETE);
    ck_assert_uint_eq(s.victim->store.matched, FORGED);
    ck_assert_uint_eq(s.victim->store.opened, 0);
    stage_close(&s);
}
END_TEST

/* [D] r G planted: its tag needs the victim's K, which is hidden until both lists of tags are out.
 */
static void plant_multiples(struct sim_node *n, struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;
    uint8_t r[32] = {0};

    if (is_finish_item(w)) {
        for (uint32_t i = 0, planted = 0; i < c->n && planted < 10; i++) {
            if (c->ordinal[i] < 10) { /* in place of keys the victim does not have */
                r[0] = (uint8_t)(2 + planted++);
                ck_assert_int_eq(crypto_scalarmult_ristretto255_base(c->own + (size_t)i * 32, r),
                                 0);
            }
        }
        reseal_list(n, true);
    }
}

START_TEST(planted_multiples_of_g_match_nothing)
{
    struct stage s;

    stage_open_at(&s, _i % 2, _i < 2 ? MDL_LEVEL_ACCOUNTS : MDL_LEVEL_COUNTS);
    s.attacker->after_work = plant_multiples;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    const char *wrong = sim_check(&s.w);
    ck_assert_msg(wrong == NULL, "%s", wrong);
    ck_assert_uint_eq(s.victim->store.matched, 10);
    ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_COMPLETE);
    stage_close(&s);
}
END_TEST

static void tests(TCase *t)
{
    tcase_add_loop_test(t, forged_matches_by_one_shared_account, 0, 4);
    tcase_add_loop_test(t, a_count_made_larger_by_one_shared_account, 0, 2);
    tcase_add_loop_test(t, planted_multiples_of_g_match_nothing, 0, 4);
}

int main(void)
{
    return stage_main("hostile forged", 120, tests);
}
