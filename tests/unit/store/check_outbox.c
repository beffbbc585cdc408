/* check_outbox.c: waiting messages and the operator's events. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static int64_t partner;

static void setup(void)
{
    fixture_open();
    partner = add_partner("Acme", 1);
}

struct seen {
    char text[200];
};

static bool collect(void *ctx, const struct mdl_outbox_row *m)
{
    struct seen *s = ctx;
    size_t n = strlen(s->text);

    (void)snprintf(s->text + n, sizeof s->text - n, "%u:%.*s ", m->type, (int)m->body.len,
                   (const char *)m->body.data);
    return true;
}

static int64_t put(int64_t to, uint32_t type, uint8_t subject, const char *body)
{
    uint8_t copy[16];
    struct mdl_outbox_row m = {.partner = to, .type = type, .subject_len = 16, .created_at = 1};

    memset(m.subject, subject, sizeof m.subject);
    memcpy(copy, body, strlen(body));
    m.body = (struct mdl_blob){.data = copy, .len = strlen(body)};
    ok(mdl_outbox_put(st, &m, &err));
    return m.id;
}

static void holds(int64_t of, const char *expected)
{
    struct seen s = {""};

    ok(mdl_outbox_list(st, of, collect, &s, &err));
    ck_assert_str_eq(s.text, expected);
}

START_TEST(a_message_waits_until_it_is_settled)
{
    uint8_t subject[16];
    int64_t other = add_partner("Other", 2);

    memset(subject, 7, sizeof subject);
    ok(mdl_store_begin(st, &err));
    int64_t first = put(partner, 12, 7, "abort");
    (void)put(partner, 2, 8, "propose");
    (void)put(other, 12, 7, "theirs");
    ck_assert_int_eq(put(partner, 12, 7, "again"), first);
    ok(mdl_store_commit(st, &err));
    reopen();
    holds(0, "12:again 2:propose 12:theirs ");
    holds(partner, "12:again 2:propose ");
    ok(mdl_store_begin(st, &err));
    ok(mdl_outbox_settle(st, partner, 12, subject, sizeof subject, &err));
    ok(mdl_outbox_settle(st, partner, 12, subject, sizeof subject, &err));
    holds(0, "2:propose 12:theirs ");
    ok(mdl_outbox_remove(st, first + 1, &err));
    ok(mdl_outbox_remove(st, first + 1, &err));
    holds(0, "12:theirs ");
    ok(mdl_store_commit(st, &err));
}
END_TEST

START_TEST(strangers_and_oversized_subjects_are_refused)
{
    struct mdl_outbox_row m = {.partner = 99, .type = 1};

    ok(mdl_store_begin(st, &err));
    fails(mdl_outbox_put(st, &m, &err), MDL_U_NOT_FOUND);
    m.partner = partner;
    m.subject_len = sizeof m.subject + 1;
    fails(mdl_outbox_put(st, &m, &err), MDL_BUG);
    ok(mdl_store_commit(st, &err));
    holds(0, "");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("outbox");
    TCase *t = tcase_create("outbox");

    tcase_add_checked_fixture(t, setup, fixture_close);
    tcase_add_test(t, a_message_waits_until_it_is_settled);
    tcase_add_test(t, strangers_and_oversized_subjects_are_refused);
    suite_add_tcase(s, t);
    return run_suite(s);
}
