/* check_full_disk.c: a round that is let run while no file takes a byte: it waits on, here as for
 * the partner, and runs when there is room again. */
#include "nodes.h"

#include <internal.h>
#include <run.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char list_a[] = "Account Name,Website\nAcme GmbH,https://www.acme.com\n";
static const char list_b[] = "Account Name,Website\nACME,acme.com\nGlobex,globex.net\n";

/* Calls the verb while files take nothing. Nothing is asserted in between: Check notes that in a
 * file too. */
static enum mdl_status without_room(struct node *n, const char *verb, json_t *params)
{
    struct mdl_error err = {MDL_OK, ""};
    struct rlimit before;
    json_t *result = NULL;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit none = {0, before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    int limited = setrlimit(RLIMIT_FSIZE, &none);
    enum mdl_status st = mdl_service_do(n->service, verb, params, &result, &err);
    int freed = setrlimit(RLIMIT_FSIZE, &before);
    ck_assert_int_eq(limited, 0);
    ck_assert_int_eq(freed, 0);
    json_decref(params);
    json_decref(result);
    return st;
}

/* Waits until the only round is in this state. */
static void becomes(struct node *n, const char *state)
{
    for (int i = 0; i < 1000; i++) {
        json_t *doc = node_do(n, "round.list", json_object());
        const json_t *r = json_array_get(json_object_get(doc, "rounds"), 0);
        const char *s = json_string_value(json_object_get(r, "state"));
        bool hit = s != NULL && strcmp(s, state) == 0;
        json_decref(doc);
        if (hit) {
            return;
        }
        usleep(20000);
    }
    ck_abort_msg("the round is not %s", state);
}

static enum mdl_status count_runs(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    size_t *n = ctx;
    *n = 0;
    for (const struct run *r = s->runs; r != NULL; r = r->next) {
        (*n)++;
    }
    (void)err;
    return MDL_OK;
}

static void nothing_runs(struct node *n)
{
    struct mdl_error err = {MDL_OK, ""};
    size_t runs = 1;
    for (int i = 0; i < 100 && runs > 0; i++) {
        usleep(20000);
        ck_assert_int_eq(call_loop(n->service, count_runs, &runs, &err), MDL_OK);
    }
    ck_assert_uint_eq(runs, 0);
}

START_TEST(an_approval_that_is_not_kept_is_none)
{
    nodes_pair(&northwind, &contoso, false);
    json_decref(node_import(&northwind, "a.csv", list_a, NULL));
    json_decref(node_import(&contoso, "b.csv", list_b, NULL));
    json_decref(node_do(&northwind, "agreement.propose", json_pack("{s:s}", "partner", "Contoso")));
    json_decref(node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso")));
    for (int i = 0;; i++) { /* once it came */
        json_t *doc = node_do(&contoso, "agreement.list", json_object());
        bool came = json_array_size(json_object_get(doc, "agreements")) == 1;
        json_decref(doc);
        if (came) {
            break;
        }
        ck_assert_int_lt(i, 500);
        usleep(20000);
    }
    json_decref(
        node_do(&contoso, "agreement.accept", json_pack("{s:s}", "agreement", "Northwind")));
    becomes(&contoso, "waiting-for-approval");
    enum mdl_status st =
        without_room(&contoso, "round.approve", json_pack("{s:s}", "round", "Northwind"));
    ck_assert_msg(st == MDL_L_DISK_FULL || st == MDL_L_DATABASE, "%s", mdl_status_slug(st));
    nothing_runs(&contoso);
    becomes(&contoso, "waiting-for-approval");
    becomes(&northwind, "waiting-for-partner");
    json_decref(node_do(&contoso, "round.approve", json_pack("{s:s}", "round", "Northwind")));
    becomes(&contoso, "complete");
    becomes(&northwind, "complete");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {an_approval_that_is_not_kept_is_none};
    return two_nodes_run("full disk", tests, sizeof tests / sizeof tests[0], 90);
}
