/* check_answers.c: what the node answers about results and its log: whose, of what, and in words
 * that hold. */
#include "nodes.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct node a;
static struct node b;

static void setup(void)
{
    char endpoint[64];
    free_endpoint(endpoint);
    node_start(&a, "Northwind", endpoint);
    node_start(&b, "Contoso", NULL);
}

static void teardown(void)
{
    node_remove(&a);
    node_remove(&b);
}

/* What is looked for and not there is said, and the node goes on. */
START_TEST(log_of_what_does_not_exist)
{
    nodes_pair(&a, &b, false);
    const char *text = node_refuses(&a, "audit.list", json_pack("{s:s}", "round", "0123456789ab"),
                                    MDL_U_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(text, "no round '0123456789ab'"));
    text = node_refuses(&a, "audit.list", json_pack("{s:s}", "round", "Nobody"), MDL_U_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(text, "no round 'Nobody'"));
    text = node_refuses(&a, "audit.list", json_pack("{s:s}", "partner", "Nobody"), MDL_U_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(text, "no partner 'Nobody'"));
    text = node_refuses(&a, "audit.list",
                        json_pack("{s:s, s:s}", "partner", "Contoso", "round", "Contoso"),
                        MDL_U_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(text, "no round with Contoso yet"));
    json_decref(node_do(&a, "audit.list", json_pack("{s:s}", "partner", "Contoso")));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("answers");
    TCase *t = tcase_create("answers");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, log_of_what_does_not_exist);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
