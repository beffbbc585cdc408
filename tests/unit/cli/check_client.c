/* check_client.c: paths, and what the client makes of answers, against a server that says what the
 * test wants. It may not need a node. */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

START_TEST(paths)
{
    struct path p;
    path_start(&p, "/v1/partners");
    path_segment(&p, "A/B & Söhne");
    path_segment(&p, "overlap");
    path_query(&p, "population", "a=b&c");
    path_query(&p, "round", NULL);
    path_query_int(&p, "limit", 10);
    ck_assert_str_eq(p.text,
                     "/v1/partners/A%2FB%20%26%20S%C3%B6hne/overlap?population=a%3Db%26c&limit=10");
    ck_assert(!p.broken);
}
END_TEST

START_TEST(broken_paths)
{
    struct path p;
    char name[3000];
    memset(name, '/', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    path_start(&p, "/v1/partners");
    path_segment(&p, "");
    ck_assert(p.broken);
    path_start(&p, "/v1/partners");
    ck_assert(!p.broken);
    path_segment(&p, name); /* three bytes each when escaped */
    ck_assert(p.broken);
    ck_assert_uint_lt(strlen(p.text), sizeof p.text);
}
END_TEST

/* ---- a server that says one thing --------------------------------------------------------------
 */

struct saying {
    int fd;
    const char *answer;
    char heard[4096];
};

static void *say_once(void *ctx)
{
    struct saying *s = ctx;
    int c = accept(s->fd, NULL, NULL);
    size_t n = 0;
    ssize_t got;
    while (n < sizeof s->heard - 1 && strstr(s->heard, "\r\n\r\n") == NULL &&
           (got = read(c, s->heard + n, sizeof s->heard - 1 - n)) > 0) {
        n += (size_t)got;
    }
    (void)send(c, s->answer, strlen(s->answer), MSG_NOSIGNAL);
    (void)close(c);
    return NULL;
}

static struct node n;
static struct saying s;
static struct mdl_error err;

/* Runs `status` of a client against a server that answers `answer`. */
static enum mdl_status ask(const char *answer, json_t **document, struct client **client)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct path p;
    pthread_t thread;

    memset(&s, 0, sizeof s);
    memset(&err, 0, sizeof err);
    (void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s/api.sock", n.dir);
    (void)unlink(addr.sun_path);
    s.answer = answer;
    s.fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(s.fd, (struct sockaddr *)&addr, sizeof addr), 0);
    ck_assert_int_eq(listen(s.fd, 1), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, say_once, &s), 0);
    ck_assert_int_eq(client_open(n.dir, client, &err), MDL_OK);
    path_start(&p, "/v1/status");
    enum mdl_status st = client_call(*client, "GET", &p, NULL, document, &err);
    (void)pthread_join(thread, NULL);
    (void)close(s.fd);
    return st;
}

#define JSON_200 "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"

START_TEST(answers)
{
    static const struct {
        const char *answer;
        enum mdl_status status;
        const char *part;
    } cases[] = {
        {JSON_200 "{\"name\":\"x\"}", MDL_OK, ""},
        {JSON_200 "[]", MDL_L_LIBRARY, "does not answer like a Mandorla node"},
        {JSON_200 "<html>", MDL_L_LIBRARY, "(HTTP 200)"},
        {JSON_200, MDL_L_LIBRARY, "does not answer"},
        {"HTTP/1.1 404 No\r\nConnection: "
         "close\r\n\r\n{\"error\":{\"status\":\"not-found\",\"code\":"
         "201,\"message\":\"no partner 'x'\"}}",
         MDL_U_NOT_FOUND, "no partner 'x'"},
        {"HTTP/1.1 502 No\r\nConnection: close\r\n\r\n{\"error\":{\"code\":28,\"message\":\"it "
         "aborted\"}}",
         MDL_P_ABORTED, "it aborted"},
        {"HTTP/1.1 500 No\r\nConnection: "
         "close\r\n\r\n{\"error\":{\"code\":99999,\"message\":\"?\"}}",
         MDL_L_LIBRARY, "(HTTP 500)"},
        {"HTTP/1.1 500 No\r\nConnection: close\r\n\r\n{\"error\":{\"code\":0,\"message\":\"?\"}}",
         MDL_L_LIBRARY, "(HTTP 500)"},
        {"HTTP/1.1 500 No\r\nConnection: close\r\n\r\noops", MDL_L_LIBRARY, "(HTTP 500)"},
        {"", MDL_L_IO, "stopped answering"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":", MDL_L_IO, "stopped answering"},
    };
    node_make(&n, "X", NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *d = NULL;
        struct client *c = NULL;
        enum mdl_status st = ask(cases[i].answer, &d, &c);
        ck_assert_msg(st == cases[i].status, "case %zu: %d: %s", i, (int)st, err.text);
        ck_assert_msg(strstr(err.text, cases[i].part) != NULL, "case %zu: %s", i, err.text);
        ck_assert_int_eq(d != NULL, st == MDL_OK);
        json_decref(d);
        client_close(c);
    }
    node_remove(&n);
}
END_TEST

START_TEST(what_is_sent)
{
    json_t *d = NULL;
    struct client *c = NULL;
    node_make(&n, "X", NULL);
    ck_assert_int_eq(setenv("http_proxy", "http://proxy.invalid:3128", 1), 0);
    ck_assert_int_eq(ask(JSON_200 "{}", &d, &c), MDL_OK);
    ck_assert_int_eq(unsetenv("http_proxy"), 0);
    ck_assert_int_eq(strncmp(s.heard, "GET /v1/status HTTP/1.1\r\n", 25), 0);
    json_decref(d);
    client_close(c);
    node_remove(&n);
}
END_TEST

START_TEST(details_last_until_the_next_request)
{
    json_t *d = NULL;
    struct client *c = NULL;
    struct path p;
    node_make(&n, "X", NULL);
    ck_assert_int_eq(ask("HTTP/1.1 400 No\r\nConnection: close\r\n\r\n{\"error\":{\"code\":207,"
                         "\"message\":\"m\",\"details\":{\"files\":[]}}}",
                         &d, &c),
                     MDL_U_HEADER);
    ck_assert_ptr_nonnull(json_object_get(client_details(c), "files"));
    path_start(&p, "/v1/status");
    ck_assert_int_eq(client_call(c, "GET", &p, NULL, &d, &err), MDL_U_NOT_RUNNING);
    ck_assert_ptr_null(client_details(c));
    client_close(c);
    node_remove(&n);
}
END_TEST

START_TEST(nobody_listens)
{
    struct client *c = NULL;
    json_t *d = NULL;
    struct path p;
    char socket_path[128];
    node_make(&n, "X", NULL);
    ck_assert_int_eq(client_open(n.dir, &c, &err), MDL_U_NOT_RUNNING);
    ck_assert_ptr_nonnull(strstr(err.text, "serve"));
    ck_assert_ptr_null(c);
    /* A socket that a crash left behind. */
    (void)snprintf(socket_path, sizeof socket_path, "%s/api.sock", n.dir);
    FILE *stale = fopen(socket_path, "w");
    (void)fclose(stale);
    ck_assert_int_eq(client_open(n.dir, &c, &err), MDL_OK);
    path_start(&p, "/v1/status");
    ck_assert_int_eq(client_call(c, "GET", &p, NULL, &d, &err), MDL_U_NOT_RUNNING);
    ck_assert_ptr_nonnull(strstr(err.text, n.dir));
    p.broken = true;
    ck_assert_int_eq(client_call(c, "GET", &p, NULL, &d, &err), MDL_U_ARGUMENT);
    client_close(c);
    client_close(NULL);
    node_remove(&n);
}
END_TEST

int main(int argc, char *argv[])
{
    const TTest *const tests[] = {
        paths,         broken_paths, answers, what_is_sent, details_last_until_the_next_request,
        nobody_listens};
    return run_suite(argc, argv, "client", tests, sizeof tests / sizeof tests[0]);
}
