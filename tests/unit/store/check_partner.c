/* check_partner.c: partners. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static struct mdl_partner_row sample(const char *name, uint8_t seed)
{
    struct mdl_partner_row p = {.state = MDL_PARTNER_PINNED,
                                .has_keys = true,
                                .cert_serial = 4000000000u,
                                .flags = 0x80000001u,
                                .added_at = 11,
                                .pinned_at = 22,
                                .last_seen_at = 33};

    (void)snprintf(p.name, sizeof p.name, "%s", name);
    (void)snprintf(p.endpoint, sizeof p.endpoint, "tcp://node.example:7443");
    (void)snprintf(p.their_name, sizeof p.their_name, "They");
    (void)snprintf(p.software, sizeof p.software, "mandorla/0.1");
    memset(p.identity, seed, sizeof p.identity);
    memset(p.curve, seed ^ 0x80, sizeof p.curve);
    return p;
}

static void same(const struct mdl_partner_row *a, const struct mdl_partner_row *b)
{
    ck_assert_int_eq(a->id, b->id);
    ck_assert_str_eq(a->name, b->name);
    ck_assert_int_eq(a->state, b->state);
    ck_assert_int_eq(a->has_keys, b->has_keys);
    ck_assert_mem_eq(a->identity, b->identity, sizeof a->identity);
    ck_assert_mem_eq(a->curve, b->curve, sizeof a->curve);
    ck_assert_uint_eq(a->cert_serial, b->cert_serial);
    ck_assert_uint_eq(a->certificate.len, b->certificate.len);
    ck_assert_str_eq(a->endpoint, b->endpoint);
    ck_assert_uint_eq(a->flags, b->flags);
    ck_assert_str_eq(a->their_name, b->their_name);
    ck_assert_str_eq(a->software, b->software);
    ck_assert_uint_eq(a->added_at, b->added_at);
    ck_assert_uint_eq(a->pinned_at, b->pinned_at);
    ck_assert_uint_eq(a->last_seen_at, b->last_seen_at);
    ck_assert_uint_eq(a->removed_at, b->removed_at);
}

START_TEST(every_field_comes_back)
{
    struct mdl_partner_row p = sample("Acme", 1);
    struct mdl_partner_row found;
    uint8_t certificate[200];
    uint8_t token[] = "mandorla1:abc";

    memset(certificate, 0xC1, sizeof certificate);
    p.certificate = (struct mdl_blob){.data = certificate, .len = sizeof certificate};
    p.token = (struct mdl_blob){.data = token, .len = sizeof token};
    ok(mdl_store_begin(st, &err));
    ok(mdl_partner_insert(st, &p, &err));
    ok(mdl_store_commit(st, &err));
    reopen();
    ok(mdl_partner_get(st, p.id, &found, &err));
    same(&p, &found);
    ck_assert_mem_eq(found.certificate.data, certificate, sizeof certificate);
    ck_assert_uint_eq(found.token.len, sizeof token);
    ck_assert_mem_eq(found.token.data, token, sizeof token);
    ck_assert_ptr_null(found.info.data);
    mdl_partner_clear(&found);
    ok(mdl_partner_by_name(st, "Acme", &found, &err));
    same(&p, &found);
    mdl_partner_clear(&found);
    ok(mdl_partner_by_identity(st, p.identity, &found, &err));
    same(&p, &found);
    mdl_partner_clear(&found);
    ok(mdl_partner_by_curve(st, p.curve, &found, &err));
    same(&p, &found);
    mdl_partner_clear(&found);
}
END_TEST

START_TEST(names_and_keys_are_unique)
{
    struct mdl_partner_row p = sample("Acme", 1);
    struct mdl_partner_row q = sample("Acme", 2);

    ok(mdl_store_begin(st, &err));
    ok(mdl_partner_insert(st, &p, &err));
    fails(mdl_partner_insert(st, &q, &err), MDL_U_EXISTS);
    says("name of Acme");
    q = sample("Other", 1);
    memset(q.curve, 9, sizeof q.curve);
    fails(mdl_partner_insert(st, &q, &err), MDL_U_EXISTS);
    says("identity of Other");
    q = sample("Other", 1);
    memset(q.identity, 9, sizeof q.identity);
    fails(mdl_partner_insert(st, &q, &err), MDL_U_EXISTS);
    says("CURVE key of Other");
    q = sample("Other", 2);
    ok(mdl_partner_insert(st, &q, &err));
    memcpy(q.name, p.name, sizeof q.name);
    fails(mdl_partner_update(st, &q, &err), MDL_U_EXISTS);
    ok(mdl_store_commit(st, &err));
}
END_TEST

START_TEST(impossible_partners_are_refused)
{
    struct mdl_partner_row p = sample("", 1);

    ok(mdl_store_begin(st, &err));
    fails(mdl_partner_insert(st, &p, &err), MDL_U_ARGUMENT);
    says("needs a name");
    p = sample("Acme", 1);
    p.has_keys = false;
    fails(mdl_partner_insert(st, &p, &err), MDL_U_ARGUMENT);
    says("keys to be pinned");
    p.state = MDL_PARTNER_INVITED;
    ok(mdl_partner_insert(st, &p, &err));
    p.id = 999;
    fails(mdl_partner_update(st, &p, &err), MDL_U_NOT_FOUND);
    fails(mdl_partner_seen(st, 999, 1, &err), MDL_U_NOT_FOUND);
    mdl_store_rollback(st);
}
END_TEST

START_TEST(removal_frees_the_name_and_keeps_the_row)
{
    struct mdl_partner_row p = sample("Acme", 1);
    struct mdl_partner_row again = sample("Acme", 1);
    struct mdl_partner_row found;

    ok(mdl_store_begin(st, &err));
    ok(mdl_partner_insert(st, &p, &err));
    p.removed_at = 44;
    ok(mdl_partner_update(st, &p, &err));
    fails(mdl_partner_by_name(st, "Acme", &found, &err), MDL_U_NOT_FOUND);
    says("Acme");
    fails(mdl_partner_by_identity(st, p.identity, &found, &err), MDL_U_NOT_FOUND);
    fails(mdl_partner_by_curve(st, p.curve, &found, &err), MDL_U_NOT_FOUND);
    ok(mdl_partner_insert(st, &again, &err));
    ok(mdl_store_commit(st, &err));
    ck_assert_int_ne(again.id, p.id);
    ok(mdl_partner_get(st, p.id, &found, &err));
    ck_assert_uint_eq(found.removed_at, 44);
    mdl_partner_clear(&found);
}
END_TEST

START_TEST(seen_changes_nothing_else)
{
    int64_t id = add_partner("Acme", 1);
    struct mdl_partner_row found;

    ok(mdl_store_begin(st, &err));
    ok(mdl_partner_seen(st, id, 77, &err));
    ok(mdl_store_commit(st, &err));
    ok(mdl_partner_get(st, id, &found, &err));
    ck_assert_uint_eq(found.last_seen_at, 77);
    ck_assert_str_eq(found.name, "Acme");
    mdl_partner_clear(&found);
    fails(mdl_partner_get(st, id + 1, &found, &err), MDL_U_NOT_FOUND);
}
END_TEST

struct names {
    char all[200];
    int stop_after;
};

static bool collect(void *ctx, const struct mdl_partner_row *p)
{
    struct names *n = ctx;
    size_t len = strlen(n->all);

    (void)snprintf(n->all + len, sizeof n->all - len, "%s", p->name);
    return --n->stop_after != 0;
}

START_TEST(list_is_by_name_and_stops_on_request)
{
    struct names n = {.stop_after = -1};
    struct mdl_partner_row p;

    (void)add_partner("b", 1);
    int64_t gone = add_partner("c", 2);
    (void)add_partner("a", 3);
    ok(mdl_partner_get(st, gone, &p, &err));
    p.removed_at = 5;
    ok(mdl_store_begin(st, &err));
    ok(mdl_partner_update(st, &p, &err));
    ok(mdl_store_commit(st, &err));
    mdl_partner_clear(&p);
    ok(mdl_partner_list(st, false, collect, &n, &err));
    ck_assert_str_eq(n.all, "ab");
    n = (struct names){.stop_after = -1};
    ok(mdl_partner_list(st, true, collect, &n, &err));
    ck_assert_str_eq(n.all, "abc");
    n = (struct names){.stop_after = 1};
    ok(mdl_partner_list(st, true, collect, &n, &err));
    ck_assert_str_eq(n.all, "a");
}
END_TEST

static bool nested(void *ctx, const struct mdl_partner_row *p)
{
    (void)p;
    ok(mdl_partner_list(st, false, collect, ctx, &err));
    return true;
}

START_TEST(a_list_may_be_read_inside_itself)
{
    struct names n = {.stop_after = -1};

    (void)add_partner("a", 1);
    (void)add_partner("b", 2);
    ok(mdl_partner_list(st, false, nested, &n, &err));
    ck_assert_str_eq(n.all, "abab");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("partner");
    TCase *t = tcase_create("partner");

    tcase_add_checked_fixture(t, fixture_open, fixture_close);
    tcase_add_test(t, every_field_comes_back);
    tcase_add_test(t, names_and_keys_are_unique);
    tcase_add_test(t, impossible_partners_are_refused);
    tcase_add_test(t, removal_frees_the_name_and_keeps_the_row);
    tcase_add_test(t, seen_changes_nothing_else);
    tcase_add_test(t, list_is_by_name_and_stops_on_request);
    tcase_add_test(t, a_list_may_be_read_inside_itself);
    suite_add_tcase(s, t);
    return run_suite(s);
}
