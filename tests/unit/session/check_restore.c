/* check_restore.c: the receipt phase over a restart: every cut and every flipped byte of the stored
 * state is refused, and the state itself leads to a complete round. */
#include "sim_net.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *blob;
static size_t blob_len;
static struct sim_world w;

/* A round in which B dies when its receipt state is first on disk. */
static void run_sized(const struct sim_size *size)
{
    sim_init(&w, 3, size, NULL);
    w.plan = (struct sim_plan){SIM_KILL_COMMIT, 1, MDL_MSG_RECEIPT_PART, 0};
    sim_start(&w);
    ck_assert(sim_run(&w));
    ck_assert(w.plan_done);
    blob = w.node[1].store.state;
    blob_len = w.node[1].store.state_len;
    ck_assert_uint_gt(blob_len, 500);
}

/* Two groups with names, two that are counted, two that are not run. */
static void setup(void)
{
    struct sim_size size = {.groups = 6,
                            .own = {5, 5},
                            .common = 3,
                            .parallel = 1,
                            .counts = 1 | 8 | 16,
                            .empty = {8, 32}};

    run_sized(&size);
}

static void teardown(void)
{
    sim_free(&w);
}

START_TEST(the_restart_completed_it)
{
    ck_assert_int_eq(w.node[0].store.outcome, MDL_OUTCOME_COMPLETE);
    ck_assert_int_eq(w.node[1].store.outcome, MDL_OUTCOME_COMPLETE);
    ck_assert_ptr_null(sim_check(&w));
}
END_TEST

START_TEST(whole_state_is_taken)
{
    struct mdl_session *s;
    struct mdl_error err;
    struct mdl_session_progress p;

    ck_assert_int_eq(mdl_session_restore(&w.node[1].config, blob, blob_len, &s, &err), MDL_OK);
    mdl_session_progress(s, &p);
    ck_assert_int_eq(p.phase, MDL_PHASE_RECEIPT);
    ck_assert_uint_eq(p.slices_opened, 6);
    ck_assert_uint_eq(p.key_deadline_ms, 0);
    mdl_session_destroy(s);
}
END_TEST

/* What is put back is what was there: it writes the same receipt, whoever was empty. */
START_TEST(groups_are_put_back)
{
    struct mdl_session *s;
    struct mdl_receipt r;

    ck_assert_int_eq(mdl_session_restore(&w.node[1].config, blob, blob_len, &s, NULL), MDL_OK);
    ck_assert_int_eq(mdl_receipt_open(w.node[1].store.receipt, w.node[1].store.receipt_len,
                                      w.node[1].store.sig[0], w.node[1].store.sig[1], &r, NULL),
                     MDL_OK);
    ck_assert_uint_eq(r.n_groups, 6);
    for (uint8_t g = 0; g < 6; g++) {
        const struct mdl_cell *c = &s->cell[g];
        bool skipped = g == 3 || g == 5;
        bool counts = g == 0 || g == 3 || g == 4;
        ck_assert_int_eq(c->skipped, skipped);
        ck_assert_int_eq(c->level, counts ? MDL_LEVEL_COUNTS : MDL_LEVEL_ACCOUNTS);
        ck_assert_int_eq(c->phase, MDL_PHASE_RECEIPT);
        ck_assert_uint_eq(c->m, skipped ? 0 : 3);
        ck_assert_uint_eq(r.groups[g].m, c->m);
        ck_assert_uint_eq(r.groups[g].n[0], skipped ? 0 : 8);
        ck_assert_uint_eq(r.groups[g].slices, counts || skipped ? 0 : 3);
    }
    mdl_session_destroy(s);
}
END_TEST

/* Ended after the restart, a round with a count, or with a slice, is partial. */
static enum mdl_outcome outcome_if_ended_now(void)
{
    struct mdl_session *s;
    struct mdl_effects fx = {0};
    struct mdl_event ev = {.type = MDL_EV_LINK_DOWN};

    ck_assert_int_eq(mdl_session_restore(&w.node[1].config, blob, blob_len, &s, NULL), MDL_OK);
    ck_assert_int_eq(mdl_session_step(s, &ev, w.now, &fx, NULL), MDL_OK);
    ev.type = MDL_EV_ABORT;
    ck_assert_int_eq(mdl_session_step(s, &ev, w.now, &fx, NULL), MDL_OK);
    ck_assert_uint_ge(fx.n, 1);
    ck_assert_int_eq(fx.at[fx.n - 1].type, MDL_FX_CLOSE);
    enum mdl_outcome outcome = fx.at[fx.n - 1].u.close.outcome;
    mdl_effects_free(&fx);
    mdl_session_destroy(s);
    return outcome;
}

START_TEST(ended_after_the_restart)
{
    struct sim_size nothing = {
        .groups = 2, .own = {2, 2}, .common = 0, .parallel = 1, .counts = 2, .empty = {2, 0}};
    struct sim_size a_count = {.groups = 1, .own = {2, 2}, .common = 0, .parallel = 1, .counts = 1};

    ck_assert_int_eq(outcome_if_ended_now(), MDL_OUTCOME_PARTIAL);
    sim_free(&w);
    run_sized(&nothing); /* no name, and the count is not run */
    ck_assert_int_eq(outcome_if_ended_now(), MDL_OUTCOME_ABORTED);
    sim_free(&w);
    run_sized(&a_count); /* 0 is a count */
    ck_assert_int_eq(outcome_if_ended_now(), MDL_OUTCOME_PARTIAL);
}
END_TEST

START_TEST(damaged_state_is_refused)
{
    struct mdl_error err;
    uint8_t *copy = malloc(blob_len);

    for (size_t i = 0; i < blob_len; i++) {
        struct mdl_session *s = NULL;
        memcpy(copy, blob, blob_len);
        copy[i] ^= 0x40;
        ck_assert_int_eq(mdl_session_restore(&w.node[1].config, copy, blob_len, &s, &err),
                         MDL_L_DATABASE);
        ck_assert_ptr_null(s);
    }
    free(copy);
}
END_TEST

START_TEST(cut_state_is_refused)
{
    struct mdl_error err;

    for (size_t len = 0; len < blob_len; len++) {
        struct mdl_session *s = NULL;
        ck_assert_int_eq(mdl_session_restore(&w.node[1].config, blob, len, &s, &err),
                         MDL_L_DATABASE);
        ck_assert_ptr_null(s);
    }
}
END_TEST

START_TEST(state_of_another_round_is_refused)
{
    struct mdl_session_config c = w.node[1].config;
    struct mdl_session *s = NULL;
    struct mdl_error err;

    c.round[0] ^= 1;
    ck_assert_int_eq(mdl_session_restore(&c, blob, blob_len, &s, &err), MDL_L_DATABASE);
    ck_assert_ptr_null(s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session restore");
    TCase *t = tcase_create("restore");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, the_restart_completed_it);
    tcase_add_test(t, whole_state_is_taken);
    tcase_add_test(t, groups_are_put_back);
    tcase_add_test(t, ended_after_the_restart);
    tcase_add_test(t, damaged_state_is_refused);
    tcase_add_test(t, cut_state_is_refused);
    tcase_add_test(t, state_of_another_round_is_refused);
    suite_add_tcase(suite, t);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
