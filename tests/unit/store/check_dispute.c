/* check_dispute.c: what two partners say of a key: each its own, the later one counts. */
#include "fixture.h"

#include <store_dispute.h>

#include <stdio.h>

static const uint8_t acme[32] = {1};
static const uint8_t globex[32] = {2};

static enum mdl_status say(const uint8_t identity[32], const char *key, bool theirs, bool disputed,
                           uint64_t at, const char *reason)
{
    struct mdl_dispute_side side = {.disputed = disputed, .at = at};

    (void)snprintf(side.reason, sizeof side.reason, "%s", reason);
    return mdl_dispute_put(st, identity, (const uint8_t *)key, strlen(key), theirs, &side, 2, &err);
}

struct seen {
    char text[400];
};

static bool collect(void *ctx, const struct mdl_dispute_row *r)
{
    struct seen *s = ctx;
    size_t n = strlen(s->text);

    (void)snprintf(s->text + n, sizeof s->text - n, "%.*s %s/%s %s/%s;", (int)r->key_len,
                   (const char *)r->key, r->ours.disputed ? "yes" : "no", r->ours.reason,
                   r->theirs.disputed ? "yes" : "no", r->theirs.reason);
    return true;
}

static void holds(const uint8_t identity[32], const char *expected)
{
    struct seen s = {""};

    ok(mdl_dispute_list(st, identity, collect, &s, &err));
    ck_assert_str_eq(s.text, expected);
}

START_TEST(each_side_speaks_for_itself)
{
    ok(mdl_store_begin(st, &err));
    ok(say(acme, "b", false, true, 10, "a namesake"));
    ok(say(acme, "a", true, true, 5, "theirs"));
    ok(say(acme, "b", true, true, 7, "so it is"));
    ok(say(globex, "b", false, false, 9, ""));
    ok(mdl_store_commit(st, &err));
    holds(acme, "a no/ yes/theirs;b yes/a namesake yes/so it is;");
    holds(globex, "b no/ no/;");
}
END_TEST

START_TEST(the_later_word_counts)
{
    ok(mdl_store_begin(st, &err));
    ok(say(acme, "k", true, true, 10, "wrong"));
    ok(say(acme, "k", true, false, 9, "an old message, late"));
    ok(mdl_store_commit(st, &err));
    holds(acme, "k no/ yes/wrong;");
    ok(mdl_store_begin(st, &err));
    ok(say(acme, "k", true, false, 11, "right after all"));
    ok(mdl_store_commit(st, &err));
    holds(acme, "k no/ no/right after all;");
}
END_TEST

/* A partner cannot fill the database. */
START_TEST(a_partner_has_room_for_so_many)
{
    ok(mdl_store_begin(st, &err));
    ok(say(acme, "1", true, true, 1, ""));
    ok(say(acme, "2", true, true, 1, ""));
    fails(say(acme, "3", true, true, 1, ""), MDL_U_TOO_LARGE);
    ok(say(acme, "2", true, true, 2, "again"));
    ok(say(acme, "1", true, false, 2, ""));
    ok(say(acme, "3", true, true, 1, ""));
    ok(say(acme, "4", false, true, 1, "ours know no bound"));
    fails(say(acme, "", false, true, 1, ""), MDL_U_ARGUMENT);
    ok(mdl_store_commit(st, &err));
}
END_TEST

/* Nor by taking back what it never said, or what it said a moment ago. */
START_TEST(what_was_taken_back_is_bounded_too)
{
    ok(mdl_store_begin(st, &err));
    for (char key[] = "a"; key[0] < 'e'; key[0]++) {
        ok(say(acme, key, true, key[0] % 2 == 0, 1, ""));
        ok(say(acme, key, true, false, 2, ""));
    }
    fails(say(acme, "e", true, false, 3, ""), MDL_U_TOO_LARGE);
    fails(say(acme, "e", true, true, 3, ""), MDL_U_TOO_LARGE);
    ok(say(acme, "d", true, true, 3, "one it knows"));
    ok(say(globex, "e", true, true, 3, "another partner"));
    ok(mdl_store_commit(st, &err));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dispute");
    TCase *t = tcase_create("dispute");

    tcase_add_checked_fixture(t, fixture_open, fixture_close);
    tcase_add_test(t, each_side_speaks_for_itself);
    tcase_add_test(t, the_later_word_counts);
    tcase_add_test(t, a_partner_has_room_for_so_many);
    tcase_add_test(t, what_was_taken_back_is_bounded_too);
    suite_add_tcase(s, t);
    return run_suite(s);
}
