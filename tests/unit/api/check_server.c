/* check_server.c: the server on its socket: requests no client should send, many at once, stopping.
 * It may not test what verbs do. */
#include "fake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void works(struct fake *f)
{
    struct reply r = http(f, "GET", "/v1/status", NULL);
    ck_assert_int_eq(r.code, 200);
    ck_assert_str_eq(json_string_value(json_object_get(r.doc, "verb")), "status");
    reply_free(&r);
}

START_TEST(the_socket)
{
    struct fake f;
    struct stat info;
    fake_start(&f);
    ck_assert_int_eq(stat(f.socket, &info), 0);
    ck_assert(S_ISSOCK(info.st_mode));
    ck_assert_uint_eq(info.st_mode & 07777, 0600);
    works(&f);
    fake_stop(&f); /* checks that the socket is gone */
}
END_TEST

/* After a crash the socket stays; the caller holds the directory's lock, so nobody listens on it.
 */
START_TEST(a_stale_socket_is_replaced)
{
    struct fake f;
    struct mdl_error err;
    fake_start(&f);
    mdl_api_stop(f.api);
    FILE *stale = fopen(f.socket, "w");
    ck_assert_ptr_nonnull(stale);
    (void)fclose(stale);
    ck_assert_int_eq(mdl_api_start(&f.service, f.socket, &f.api, &err), MDL_OK);
    works(&f);
    fake_stop(&f);
}
END_TEST

START_TEST(sockets_that_cannot_be)
{
    struct mdl_service s = {.calls = 0};
    struct mdl_api *api = NULL;
    struct mdl_error err;
    char longest[160] = "/tmp/";
    memset(longest + 5, 'x', 120);
    ck_assert_int_eq(mdl_api_start(&s, longest, &api, &err), MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "107"));
    ck_assert_int_eq(mdl_api_start(&s, "/nowhere/at/all/api.sock", &api, &err), MDL_L_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/at/all/api.sock"));
    ck_assert_ptr_null(api);
    mdl_api_stop(NULL);
}
END_TEST

START_TEST(unknown_paths_and_methods)
{
    static const struct {
        const char *method, *path, *part;
    } cases[] = {{"GET", "/", "no such resource"},
                 {"GET", "/v1/nothing", "no such resource: GET /v1/nothing"},
                 {"DELETE", "/v1/status", "another method"},
                 {"PUT", "/v1/status", "no such resource: PUT"},
                 {"GET", "/v1/imports", "no such resource"},
                 {"POST", "/v1/imports/x/else", "no such resource"},
                 {"POST", "/v1/imports/x/finish/more", "no such resource"},
                 {"PUT", "/v1/imports/x", "no such resource"}};
    struct fake f;
    fake_start(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reply r = http(&f, cases[i].method, cases[i].path, NULL);
        ck_assert_int_eq(r.code, 404);
        ck_assert_str_eq(reply_error(&r), "not-found");
        ck_assert_msg(strstr(reply_message(&r), cases[i].part) != NULL, "%s", reply_message(&r));
        reply_free(&r);
    }
    ck_assert_uint_eq(f.service.calls, 0);
    fake_stop(&f);
}
END_TEST

START_TEST(a_body_of_the_largest_size_and_one_more)
{
    struct fake f;
    char *body = malloc(API_BODY_MAX + 1);
    ck_assert_ptr_nonnull(body);
    memset(body, ' ', API_BODY_MAX + 1);
    memcpy(body, "{}", 2);
    fake_start(&f);
    struct reply r = http_bytes(&f, "POST", "/v1/invitations", body, API_BODY_MAX);
    ck_assert_int_eq(r.code, 200);
    reply_free(&r);
    r = http_bytes(&f, "POST", "/v1/invitations", body, API_BODY_MAX + 1);
    ck_assert_int_eq(r.code, 413);
    ck_assert_str_eq(reply_error(&r), "too-large");
    ck_assert_uint_eq(f.service.calls, 1);
    reply_free(&r);
    works(&f);
    free(body);
    fake_stop(&f);
}
END_TEST

/* Bytes that are no HTTP, half a request, a header that does not end: the next client is served. */
START_TEST(broken_requests)
{
    static const char *const requests[] = {
        "",
        "\r\n\r\n",
        "nonsense\r\n\r\n",
        "GET",
        "GET /v1/status HTTP/1.1\r\nHost: x\r\n",
        "POST /v1/invitations HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        "POST /v1/invitations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"};
    struct fake f;
    fake_start(&f);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        int fd = http_connect(f.socket);
        http_send(fd, requests[i], strlen(requests[i]));
        (void)close(fd);
    }
    int fd = http_connect(f.socket);
    for (int i = 0; i < 300; i++) {
        char line[1024];
        memset(line, 'h', sizeof line);
        http_send(fd, line, sizeof line);
    }
    (void)close(fd);
    works(&f);
    ck_assert_uint_eq(f.service.calls, 1);
    fake_stop(&f);
}
END_TEST

/* ---- many at once ------------------------------------------------------------------------------
 */

#define THREADS  12
#define REQUESTS 25

static void *ask_often(void *ctx)
{
    struct fake *f = ctx;
    long ok = 0;
    for (int i = 0; i < REQUESTS; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "/v1/rounds?limit=%d", i);
        struct reply r = http(f, "GET", path, NULL);
        const json_t *params = json_object_get(r.doc, "params");
        ok += r.code == 200 && json_integer_value(json_object_get(params, "limit")) == i;
        reply_free(&r);
    }
    return (void *)ok;
}

/* The first calls wait for one another inside the service: they can only end if the server runs
 * that many at the same time. Each answer is the one to its own request. */
START_TEST(many_clients)
{
    struct fake f;
    pthread_t thread[THREADS];
    long ok = 0;
    fake_start(&f);
    f.service.together = THREADS;
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&thread[i], NULL, ask_often, &f), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *n = NULL;
        (void)pthread_join(thread[i], &n);
        ok += (long)n;
    }
    ck_assert_int_eq(ok, THREADS * REQUESTS);
    ck_assert_uint_eq(f.service.calls, THREADS * REQUESTS);
    ck_assert_uint_eq(f.service.most_inside, THREADS);
    fake_stop(&f);
}
END_TEST

static void *stop_it(void *ctx)
{
    struct fake *f = ctx;
    mdl_api_stop(f->api);
    f->api = NULL;
    return NULL;
}

/* Stopping waits for the call at work, and the service is not called after it. */
START_TEST(stopping_waits_for_calls)
{
    struct fake f;
    pthread_t thread;
    fake_start(&f);
    f.service.together = 2; /* one call, and this test below */
    int fd = http_connect(f.socket);
    static const char request[] = "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n";
    http_send(fd, request, sizeof request - 1);
    (void)pthread_mutex_lock(&f.service.lock);
    while (f.service.inside == 0) {
        (void)pthread_cond_wait(&f.service.arrived, &f.service.lock);
    }
    (void)pthread_mutex_unlock(&f.service.lock);
    ck_assert_int_eq(pthread_create(&thread, NULL, stop_it, &f), 0);
    (void)usleep(50000); /* the stop is under way, or about to be: it must wait either way */
    (void)pthread_mutex_lock(&f.service.lock);
    ck_assert_uint_eq(f.service.inside, 1);
    f.service.together = 0;
    (void)pthread_cond_broadcast(&f.service.arrived);
    (void)pthread_mutex_unlock(&f.service.lock);
    (void)pthread_join(thread, NULL);
    ck_assert_uint_eq(f.service.inside, 0);
    (void)close(fd);
    fake_stop(&f);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_socket,
                                  a_stale_socket_is_replaced,
                                  sockets_that_cannot_be,
                                  unknown_paths_and_methods,
                                  a_body_of_the_largest_size_and_one_more,
                                  broken_requests,
                                  many_clients,
                                  stopping_waits_for_calls};
    return run_suite("server", NULL, NULL, tests, sizeof tests / sizeof tests[0]);
}
