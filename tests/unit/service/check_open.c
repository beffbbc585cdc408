/* check_open.c: what is said of a directory that lacks a part of its node, and that it helps. */
#include "nodes.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct node n;

static void setup(void)
{
    node_start(&n, "Northwind", NULL);
    node_stop(&n);
}

static void teardown(void)
{
    node_remove(&n);
}

static void drop(const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", n.dir, name);
    ck_assert_int_eq(unlink(path), 0);
}

static const char *open_fails(const char *dir)
{
    static struct mdl_error err;
    struct mdl_passphrase_source pass = {.none = true};
    struct mdl_service *s = NULL;
    ck_assert_int_eq(mdl_service_open(dir, &pass, NULL, &s, &err), MDL_U_NOT_FOUND);
    ck_assert_ptr_null(s);
    return err.text;
}

static void assert_says(const char *text, const char *words)
{
    ck_assert_msg(strstr(text, words) != NULL, "'%s' not in: %s", words, text);
}

START_TEST(a_missing_database_has_a_way_out)
{
    struct mdl_init_options o = {.name = "Northwind", .passphrase = {.none = true}};
    struct mdl_error err = {MDL_OK, ""};
    json_t *doc = NULL;
    char away[300];

    drop("mandorla.db");
    const char *text = open_fails(n.dir);
    assert_says(text, "/mandorla.db is missing: restore it from a backup");
    assert_says(text, "partners, agreements, results and audit log with the receipts are lost");
    assert_says(text, "move the directory away");
    assert_says(text, "another identity");
    /* As it says: not in place, but once the directory is moved away. */
    ck_assert_int_eq(mdl_node_init(n.dir, &o, &doc, &err), MDL_U_EXISTS);
    snprintf(away, sizeof away, "%s.away", n.dir);
    ck_assert_int_eq(rename(n.dir, away), 0);
    ck_assert_int_eq(mdl_node_init(n.dir, &o, &doc, &err), MDL_OK);
    json_decref(doc);
    node_restart(&n);
    node_remove(&n);
    snprintf(n.dir, sizeof n.dir, "%.250s", away);
}
END_TEST

START_TEST(missing_settings_can_be_written_anew)
{
    char path[400];
    drop("mandorla.conf");
    assert_says(open_fails(n.dir), "write it anew: a line '[node]', then 'name = NAME'");
    snprintf(path, sizeof path, "%s/mandorla.conf", n.dir);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fprintf(f, "[node]\nname = Northwind\n");
    ck_assert_int_eq(fclose(f), 0);
    node_restart(&n);
}
END_TEST

START_TEST(a_directory_without_a_node_is_made_one)
{
    char dir[] = "/tmp/mandorla-test-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(dir));
    assert_says(open_fails(dir), "init --name NAME' makes one");
    ck_assert_int_eq(rmdir(dir), 0);
    assert_says(open_fails(dir), "init --name NAME' makes a node");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("open");
    TCase *t = tcase_create("missing");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_missing_database_has_a_way_out);
    tcase_add_test(t, missing_settings_can_be_written_anew);
    tcase_add_test(t, a_directory_without_a_node_is_made_one);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
