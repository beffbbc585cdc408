/* check_hostile_masks.c: what a partner says of a match, and what it keeps back at the very end.
 * THREATS says that neither is proved; these tests hold down how far it goes. */
#include "hostile.h"

#include <stdlib.h>
#include <string.h>

#define COMMON 10u /* stage_open: so many matches, one a slice */

static uint8_t scratch[8];

static unsigned count(const struct sim_node *n, bool described)
{
    unsigned rows = 0;

    for (uint32_t i = 0; i < n->n[0]; i++) {
        const struct sim_row *r = &n->store.row[0][i];
        rows += (described ? r->described : r->opened) ? 1 : 0;
    }
    return rows;
}

/* Sends its last SLICE and nothing of content after it; goes on acknowledging. */
static bool keep_the_last(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_MASKS && m->body.masks.j == COMMON - 1) {
        return false;
    }
    return m->type != MDL_MSG_RECEIPT_PART && m->type != MDL_MSG_RECEIPT_SIG;
}

START_TEST(last_masks_kept_back)
{
    struct stage s;

    stage_open(&s, _i);
    s.attacker->on_send = keep_the_last;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    const char *wrong = sim_check(&s.w);
    ck_assert_msg(wrong == NULL, "%s", wrong);
    ck_assert_int_eq(s.victim->store.status, MDL_P_STALLED); /* on whichever side first */
    ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_PARTIAL);
    ck_assert_uint_eq(count(s.victim, false), COMMON); /* every name is there ... */
    ck_assert_uint_eq(count(s.victim, true), COMMON - 1);
    ck_assert_uint_eq(count(s.attacker, true), COMMON); /* ... one population is not */
    ck_assert_uint_ge(s.w.now, 24ull * 3600 * 1000);
    stage_close(&s);
}
END_TEST

/* Takes the victim's answer to each slice and keeps its own masks back from the first on. */
static bool keep_all(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    return m->type != MDL_MSG_MASKS;
}

START_TEST(masks_kept_back_from_the_first)
{
    struct stage s;

    stage_open(&s, _i);
    s.attacker->on_send = keep_all;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    const char *wrong = sim_check(&s.w);
    ck_assert_msg(wrong == NULL, "%s", wrong);
    ck_assert_uint_eq(count(s.victim, true), 0);
    ck_assert_uint_le(count(s.attacker, false), 2); /* one slice, and the first of the next */
    ck_assert_uint_le(count(s.attacker, true), 1);
    ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_PARTIAL);
    stage_close(&s);
}
END_TEST

/* Claims an id of every registry: where ours did not match, the victim's own rules veto the match.
 */
static bool every_registry(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_MASKS) {
        memset(scratch, 0xff, sizeof scratch);
        m->body.masks.registries.p = scratch;
    }
    return true;
}

START_TEST(registries_are_what_the_partner_says)
{
    struct stage s;

    stage_open(&s, _i);
    s.attacker->on_send = every_registry;
    s.w.rows_void[s.victim->id] = true;
    s.w.one_sided = true;
    sim_start(&s.w);
    ck_assert(sim_run(&s.w));
    /* Taken as said: the bent copy is in the transcript that the victim signs for. */
    ck_assert_uint_eq(count(s.victim, true), COMMON);
    for (uint32_t i = 0; i < s.victim->n[0]; i++) {
        const struct sim_row *r = &s.victim->store.row[0][i];
        ck_assert(!r->described || r->registries == UINT64_MAX);
    }
    stage_close(&s);
}
END_TEST

static void tests(TCase *t)
{
    tcase_add_loop_test(t, last_masks_kept_back, 0, 2);
    tcase_add_loop_test(t, masks_kept_back_from_the_first, 0, 2);
    tcase_add_loop_test(t, registries_are_what_the_partner_says, 0, 2);
}

int main(void)
{
    return stage_main("hostile masks", 60, tests);
}
