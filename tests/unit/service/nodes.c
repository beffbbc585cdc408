/* nodes.c: starts real nodes in this process, one loop thread each. Test code. */
#include "nodes.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void log_line(const char *level, const char *text)
{
    if (getenv("MANDORLA_TEST_LOG") != NULL) {
        fprintf(stderr, "[%s] %s\n", level, text);
    }
}

void free_endpoint(char out[64])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    close(fd);
    snprintf(out, 64, "tcp://127.0.0.1:%u", (unsigned)ntohs(a.sin_port));
}

static void *run(void *ctx)
{
    struct node *n = ctx;
    enum mdl_status st = mdl_service_run(n->service, &n->ended);
    if (st != MDL_OK) {
        fprintf(stderr, "node in %s ended: %s\n", n->dir, n->ended.text);
    }
    return NULL;
}

void node_restart(struct node *n)
{
    struct mdl_passphrase_source pass = {.none = true};
    struct mdl_error err = {MDL_OK, ""};
    enum mdl_status st = mdl_service_open(n->dir, &pass, log_line, &n->service, &err);
    ck_assert_msg(st == MDL_OK, "open %s: %s", n->dir, err.text);
    ck_assert_int_eq(pthread_create(&n->thread, NULL, run, n), 0);
}

void node_start(struct node *n, const char *name, const char *endpoint)
{
    struct mdl_init_options o = {.name = name, .endpoint = endpoint, .passphrase = {.none = true}};
    struct mdl_error err = {MDL_OK, ""};
    json_t *doc = NULL;
    memset(n, 0, sizeof *n);
    snprintf(n->dir, sizeof n->dir, "/tmp/mandorla-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(n->dir));
    enum mdl_status st = mdl_node_init(n->dir, &o, &doc, &err);
    ck_assert_msg(st == MDL_OK, "init: %s", err.text);
    json_decref(doc);
    node_restart(n);
}

void node_stop(struct node *n)
{
    if (n->service == NULL) {
        return;
    }
    mdl_service_stop(n->service);
    pthread_join(n->thread, NULL);
    mdl_service_close(n->service);
    n->service = NULL;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void node_remove(struct node *n)
{
    node_stop(n);
    nftw(n->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

json_t *node_do(struct node *n, const char *verb, json_t *params)
{
    struct mdl_error err = {MDL_OK, ""};
    json_t *result = NULL;
    enum mdl_status st = mdl_service_do(n->service, verb, params, &result, &err);
    json_decref(params);
    ck_assert_msg(st == MDL_OK, "%s: %s: %s", verb, mdl_status_slug(st), err.text);
    ck_assert_ptr_nonnull(result);
    return result;
}

const char *node_refuses(struct node *n, const char *verb, json_t *params, enum mdl_status want)
{
    static struct mdl_error err;
    json_t *result = NULL;
    err = (struct mdl_error){MDL_OK, ""};
    enum mdl_status st = mdl_service_do(n->service, verb, params, &result, &err);
    json_decref(params);
    json_decref(result);
    ck_assert_msg(st == want, "%s: expected %s, found %s: %s", verb, mdl_status_slug(want),
                  mdl_status_slug(st), err.text);
    return err.text;
}

static json_t *finish(struct mdl_upload *u)
{
    struct mdl_error err = {MDL_OK, ""};
    json_t *report = NULL;
    enum mdl_status st = mdl_upload_file_end(u, &err);
    ck_assert_msg(st == MDL_OK, "import: %s", err.text);
    st = mdl_upload_finish(u, &report, &err);
    ck_assert_msg(st == MDL_OK, "import: %s", err.text);
    mdl_upload_free(u);
    return report;
}

static struct mdl_upload *begin(struct node *n, const char *name, json_t *params)
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_upload *u = NULL;
    json_t *p = params != NULL ? params : json_object();
    enum mdl_status st = mdl_upload_begin(n->service, p, &u, &err);
    json_decref(p);
    ck_assert_msg(st == MDL_OK, "import: %s", err.text);
    st = mdl_upload_file(u, name, &err);
    ck_assert_msg(st == MDL_OK, "import: %s", err.text);
    return u;
}

json_t *node_import(struct node *n, const char *name, const char *text, json_t *params)
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_upload *u = begin(n, name, params);
    enum mdl_status st = mdl_upload_feed(u, text, strlen(text), &err);
    ck_assert_msg(st == MDL_OK, "import: %s", err.text);
    return finish(u);
}

json_t *node_import_file(struct node *n, const char *path, json_t *params)
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_upload *u = begin(n, path, params);
    FILE *f = fopen(path, "rb");
    char buf[8192];
    size_t got;
    ck_assert_msg(f != NULL, "no file %s", path);
    while ((got = fread(buf, 1, sizeof buf, f)) > 0) {
        enum mdl_status st = mdl_upload_feed(u, buf, got, &err);
        ck_assert_msg(st == MDL_OK, "import of %s: %s", path, err.text);
    }
    fclose(f);
    return finish(u);
}

static void accept_token(struct node *n, const char *token, bool accept)
{
    json_decref(node_do(n, "partner.accept",
                        json_pack("{s:s, s:b}", "token", token, "accept", (int)accept)));
}

void nodes_pair(struct node *a, struct node *b, bool accept)
{
    json_t *of_a = node_do(a, "partner.invite", json_object());
    json_t *of_b = node_do(b, "partner.invite", json_object());
    accept_token(b, json_string_value(json_object_get(of_a, "token")), accept);
    accept_token(a, json_string_value(json_object_get(of_b, "token")), accept);
    json_decref(of_a);
    json_decref(of_b);
}

static void nap(void)
{
    struct timespec ts = {0, 20 * 1000 * 1000};
    nanosleep(&ts, NULL);
}

json_t *node_wait_round(struct node *n, const char *id, int seconds)
{
    for (int i = 0; i < seconds * 50; i++) {
        json_t *doc = node_do(n, "round.show", json_pack("{s:s}", "round", id));
        const char *state =
            json_string_value(json_object_get(json_object_get(doc, "round"), "state"));
        if (strncmp(state, "waiting", 7) != 0 && strcmp(state, "running") != 0 &&
            strcmp(state, "preparing") != 0) {
            json_t *round = json_incref(json_object_get(doc, "round"));
            json_decref(doc);
            return round;
        }
        if (i == seconds * 50 - 1) {
            char *text = json_dumps(doc, JSON_INDENT(1));
            ck_abort_msg("round still open after %d s: %s", seconds, text);
        }
        json_decref(doc);
        nap();
    }
    return NULL;
}

/* ---- two nodes ----------------------------------------------------------------------------------
 */

struct node northwind, contoso;

void two_nodes_setup(void)
{
    char endpoint[64];
    free_endpoint(endpoint);
    node_start(&northwind, "Northwind", endpoint);
    node_start(&contoso, "Contoso", NULL);
}

void two_nodes_teardown(void)
{
    node_remove(&northwind);
    node_remove(&contoso);
}

int nodes_run(const char *suite, const TTest *const *tests, size_t n, double timeout_s, SFun setup,
              SFun teardown)
{
    Suite *s = suite_create(suite);
    TCase *t = tcase_create(suite);
    tcase_set_timeout(t, timeout_s);
    tcase_add_checked_fixture(t, setup, teardown);
    for (size_t i = 0; i < n; i++) {
        tcase_add_test(t, tests[i]);
    }
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int two_nodes_run(const char *suite, const TTest *const *tests, size_t n, double timeout_s)
{
    return nodes_run(suite, tests, n, timeout_s, two_nodes_setup, two_nodes_teardown);
}
