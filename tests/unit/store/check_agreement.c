/* check_agreement.c: agreements stay as they were signed; their state moves only from where it is.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t terms[600];
static int64_t partner;

static void setup(void)
{
    fixture_open();
    partner = add_partner("Acme", 1);
    memset(terms, 0x5c, sizeof terms);
}

static struct mdl_agreement_row sample(uint8_t seed)
{
    struct mdl_agreement_row a = {.partner = partner,
                                  .state = MDL_AGREEMENT_PROPOSED_BY_US,
                                  .bytes = {.data = terms, .len = sizeof terms},
                                  .has_our_sig = true,
                                  .created_at = seed,
                                  .changed_at = 2,
                                  .valid_from = 3,
                                  .valid_until = UINT64_MAX,
                                  .note = "joint campaign"};

    memset(a.hash, seed, sizeof a.hash);
    memset(a.our_sig, 0x0a, sizeof a.our_sig);
    return a;
}

START_TEST(every_field_comes_back)
{
    struct mdl_agreement_row a = sample(1);
    struct mdl_agreement_row found;

    ok(mdl_store_begin(st, &err));
    ok(mdl_agreement_insert(st, &a, &err));
    ok(mdl_store_commit(st, &err));
    reopen();
    ok(mdl_agreement_get(st, a.hash, &found, &err));
    ck_assert_mem_eq(found.hash, a.hash, sizeof a.hash);
    ck_assert_int_eq(found.partner, partner);
    ck_assert_int_eq(found.state, MDL_AGREEMENT_PROPOSED_BY_US);
    ck_assert_uint_eq(found.bytes.len, sizeof terms);
    ck_assert_mem_eq(found.bytes.data, terms, sizeof terms);
    ck_assert(found.has_our_sig && !found.has_their_sig);
    ck_assert(!found.has_our_revocation && !found.has_their_revocation);
    ck_assert_mem_eq(found.our_sig, a.our_sig, sizeof a.our_sig);
    ck_assert_uint_eq(found.created_at, 1);
    ck_assert_uint_eq(found.changed_at, 2);
    ck_assert_uint_eq(found.valid_from, 3);
    ck_assert_uint_eq(found.valid_until, UINT64_MAX);
    ck_assert_str_eq(found.note, "joint campaign");
    ck_assert_str_eq(found.reason, "");
    mdl_agreement_clear(&found);
    memset(a.hash, 9, sizeof a.hash);
    fails(mdl_agreement_get(st, a.hash, &found, &err), MDL_U_NOT_FOUND);
}
END_TEST

START_TEST(repeats_and_strangers_are_refused)
{
    struct mdl_agreement_row a = sample(1);

    ok(mdl_store_begin(st, &err));
    ok(mdl_agreement_insert(st, &a, &err));
    fails(mdl_agreement_insert(st, &a, &err), MDL_U_EXISTS);
    a = sample(2);
    a.partner = partner + 1;
    fails(mdl_agreement_insert(st, &a, &err), MDL_U_NOT_FOUND);
    a = sample(2);
    a.bytes = (struct mdl_blob){0};
    fails(mdl_agreement_insert(st, &a, &err), MDL_U_ARGUMENT);
    ok(mdl_store_commit(st, &err));
}
END_TEST

START_TEST(moves_only_from_where_it_is)
{
    struct mdl_agreement_row a = sample(1);
    struct mdl_agreement_row found;

    ok(mdl_store_begin(st, &err));
    ok(mdl_agreement_insert(st, &a, &err));
    a.state = MDL_AGREEMENT_IN_FORCE;
    a.has_their_sig = true;
    memset(a.their_sig, 0x0b, sizeof a.their_sig);
    a.changed_at = 20;
    (void)snprintf(a.reason, sizeof a.reason, "both signed");
    ok(mdl_agreement_move(st, MDL_AGREEMENT_PROPOSED_BY_US, &a, &err));
    a.state = MDL_AGREEMENT_REJECTED;
    fails(mdl_agreement_move(st, MDL_AGREEMENT_PROPOSED_BY_US, &a, &err), MDL_U_STATE);
    says("in-force, not proposed-by-us");
    memset(a.hash, 9, sizeof a.hash);
    fails(mdl_agreement_move(st, MDL_AGREEMENT_IN_FORCE, &a, &err), MDL_U_NOT_FOUND);
    ok(mdl_store_commit(st, &err));
    a = sample(1);
    ok(mdl_agreement_get(st, a.hash, &found, &err));
    ck_assert_int_eq(found.state, MDL_AGREEMENT_IN_FORCE);
    ck_assert(found.has_their_sig);
    ck_assert_uint_eq(found.their_sig[63], 0x0b);
    ck_assert_uint_eq(found.changed_at, 20);
    ck_assert_str_eq(found.reason, "both signed");
    mdl_agreement_clear(&found);
}
END_TEST

START_TEST(the_bytes_cannot_be_altered)
{
    struct mdl_agreement_row a = sample(1);
    struct mdl_agreement_row found;

    ok(mdl_store_begin(st, &err));
    ok(mdl_agreement_insert(st, &a, &err));
    ok(mdl_store_commit(st, &err));
    /* A move that carries other bytes leaves the old ones. */
    terms[0] = 0;
    ok(mdl_store_begin(st, &err));
    ok(mdl_agreement_move(st, MDL_AGREEMENT_PROPOSED_BY_US, &a, &err));
    ok(mdl_store_commit(st, &err));
    ok(mdl_agreement_get(st, a.hash, &found, &err));
    ck_assert_uint_eq(found.bytes.data[0], 0x5c);
    mdl_agreement_clear(&found);
    mdl_store_close(st);
    st = NULL;
    /* And the table itself refuses. */
    ck_assert_str_eq(tamper_fails("UPDATE agreement SET bytes = x'00'"),
                     "an agreement is never altered");
    ck_assert_str_eq(tamper_fails("UPDATE agreement SET note = ''"),
                     "an agreement is never altered");
    ok(mdl_store_open(dir, MDL_STORE_EXISTING, &st, &err));
}
END_TEST

static bool collect(void *ctx, const struct mdl_agreement_row *a)
{
    *(int *)ctx = *(int *)ctx * 10 + a->hash[0];
    return true;
}

START_TEST(list_is_newest_first_by_partner)
{
    int64_t other = add_partner("Other", 2);
    struct mdl_agreement_row a = sample(1);
    struct mdl_agreement_row b = sample(2);
    struct mdl_agreement_row c = sample(3);
    int seen = 0;

    b.partner = other;
    ok(mdl_store_begin(st, &err));
    ok(mdl_agreement_insert(st, &a, &err));
    ok(mdl_agreement_insert(st, &b, &err));
    ok(mdl_agreement_insert(st, &c, &err));
    ok(mdl_store_commit(st, &err));
    ok(mdl_agreement_list(st, 0, collect, &seen, &err));
    ck_assert_int_eq(seen, 321);
    seen = 0;
    ok(mdl_agreement_list(st, partner, collect, &seen, &err));
    ck_assert_int_eq(seen, 31);
}
END_TEST

START_TEST(states_have_names)
{
    ck_assert_str_eq(mdl_agreement_state_slug(MDL_AGREEMENT_DRAFT), "draft");
    ck_assert_str_eq(mdl_agreement_state_slug(MDL_AGREEMENT_REVOKED), "revoked");
    ck_assert_str_eq(mdl_agreement_state_slug((enum mdl_agreement_state)99), "unknown");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("agreement");
    TCase *t = tcase_create("agreement");

    tcase_add_checked_fixture(t, setup, fixture_close);
    tcase_add_test(t, every_field_comes_back);
    tcase_add_test(t, repeats_and_strangers_are_refused);
    tcase_add_test(t, moves_only_from_where_it_is);
    tcase_add_test(t, the_bytes_cannot_be_altered);
    tcase_add_test(t, list_is_newest_first_by_partner);
    tcase_add_test(t, states_have_names);
    suite_add_tcase(s, t);
    return run_suite(s);
}
