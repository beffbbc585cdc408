/* check_hostile_probes.c: what the protocol does not prevent, carried out: a partner that blinds
 * each key of its list with an exponent of its own and compares afterwards, at leisure. THREATS
 * says what it gains; if one of these tests fails, that page is wrong. */
#include "hostile.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define OWN    20u
#define COMMON 10u
#define ALL    (OWN + COMMON)

static uint32_t honest;               /* keys below this ordinal are blinded as agreed */
static uint8_t factor[ALL][32];       /* of the others */
static uint8_t points[ALL * 32];      /* the victim's CHUNK */
static uint8_t tags[ALL * 16];        /* the victim's TAGS */
static struct mdl_cell attacker_cell; /* its sid alone is looked at */

static void blind_one_by_one(struct sim_node *n, struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;

    if (!is_finish_item(w)) {
        return;
    }
    memcpy(attacker_cell.sid, c->sid, sizeof c->sid);
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t ordinal = c->ordinal[i];
        uint8_t point[32];

        if (ordinal < honest) {
            continue;
        }
        hash_point(n, ordinal, point);
        crypto_core_ristretto255_scalar_random(factor[ordinal]);
        ck_assert_int_eq(
            crypto_scalarmult_ristretto255(c->own + (size_t)i * 32, factor[ordinal], point), 0);
    }
    reseal_list(n, true);
}

/* What the attacker receives, as the victim sends it. */
static bool listen_in(struct sim_node *n, struct mdl_msg *m)
{
    (void)n;
    if (m->type == MDL_MSG_CHUNK) {
        ck_assert_uint_eq(m->body.chunk.points.len, sizeof points);
        memcpy(points, m->body.chunk.points.p, sizeof points);
    } else if (m->type == MDL_MSG_TAGS) {
        ck_assert_uint_eq(m->body.tags.tags.len, sizeof tags);
        memcpy(tags, m->body.tags.tags.p, sizeof tags);
    }
    return true;
}

/* After the round, with its own factors and what it received: n times n' multiplications. */
static bool learned(uint32_t ordinal)
{
    uint8_t common[32], tag[16];

    for (uint32_t i = 0; i < ALL; i++) {
        ck_assert_int_eq(
            crypto_scalarmult_ristretto255(common, factor[ordinal], points + (size_t)i * 32), 0);
        tag_of(&attacker_cell, common, tag);
        for (uint32_t k = 0; k < ALL; k++) {
            if (memcmp(tag, tags + (size_t)k * 16, 16) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void probe(struct stage *s, int attacker, uint32_t first_probe, enum mdl_level level)
{
    honest = first_probe;
    stage_open_at(s, attacker, level);
    s->attacker->after_work = blind_one_by_one;
    s->victim->on_send = listen_in;
    sim_start(&s->w);
    ck_assert(sim_run(&s->w));
    for (uint32_t ordinal = honest; ordinal < ALL; ordinal++) {
        /* One yes or no for each key on its list, which was counted: never more than that. */
        ck_assert_msg(learned(ordinal) == (ordinal >= OWN), "key %u", ordinal);
    }
    ck_assert_uint_eq(s->victim->store.debit, ALL);
}

/* [D] All names for the attacker, none for the victim, and a round that looks empty. */
START_TEST(all_names_by_an_exponent_a_row)
{
    struct stage s;

    probe(&s, _i, 0, MDL_LEVEL_ACCOUNTS);
    ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_COMPLETE);
    ck_assert_uint_eq(s.victim->store.matched, 0);
    ck_assert_uint_eq(s.victim->store.opened, 0);
    stage_close(&s);
}
END_TEST

/* [D] An honest round for most of the list, and four probes that nothing shows. */
START_TEST(some_probes_within_an_honest_list)
{
    struct stage s;
    unsigned opened = 0;

    probe(&s, _i, ALL - 4, MDL_LEVEL_ACCOUNTS);
    ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_COMPLETE);
    ck_assert_uint_eq(s.victim->store.matched, COMMON - 4);
    for (uint32_t i = 0; i < ALL; i++) {
        opened += s.victim->store.row[0][i].opened ? 1 : 0;
    }
    ck_assert_uint_eq(opened, COMMON - 4);
    stage_close(&s);
}
END_TEST

/* [D] The same at level counts: which, not only how many. What was to be learned was 10. */
START_TEST(which_where_only_how_many_was_agreed)
{
    struct stage s;

    probe(&s, _i % 2, _i < 2 ? 0 : ALL - 4, MDL_LEVEL_COUNTS);
    ck_assert_int_eq(s.victim->store.outcome, MDL_OUTCOME_COMPLETE);
    ck_assert_uint_eq(s.victim->store.matched, _i < 2 ? 0 : COMMON - 4);
    stage_close(&s);
}
END_TEST

static void tests(TCase *t)
{
    tcase_add_loop_test(t, all_names_by_an_exponent_a_row, 0, 2);
    tcase_add_loop_test(t, some_probes_within_an_honest_list, 0, 2);
    tcase_add_loop_test(t, which_where_only_how_many_was_agreed, 0, 4);
}

int main(void)
{
    return stage_main("probes by a hostile partner", 60, tests);
}
