/* check_imports.c: imports over several requests: whole, refused, broken off, too many, at once.
 * It may not test what an import reads. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fake f;

static void start(void)
{
    fake_start(&f);
}

static void stop(void)
{
    fake_stop(&f);
}

static void begin(char id[32])
{
    struct reply r = http(&f, "POST", "/v1/imports", "{\"source\":\"crm\"}");
    ck_assert_int_eq(r.code, 200);
    (void)snprintf(id, 32, "%s", json_string_value(json_object_get(r.doc, "id")));
    ck_assert_uint_eq(strlen(id), 16);
    reply_free(&r);
}

static const char *path_of(const char *id, const char *rest)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "/v1/imports/%s%s", id, rest);
    return path;
}

static struct reply put(const char *id, const char *name, const void *bytes, size_t n)
{
    char rest[128];
    (void)snprintf(rest, sizeof rest, "/files/%s", name);
    return http_bytes(&f, "PUT", path_of(id, rest), bytes, n);
}

static void expect(struct reply r, int code, const char *status)
{
    ck_assert_msg(r.code == code, "HTTP %d", r.code);
    if (status != NULL) {
        ck_assert_str_eq(reply_error(&r), status);
    }
    reply_free(&r);
}

START_TEST(a_whole_import)
{
    char id[32];
    size_t n = 1 << 20;
    char *bytes = calloc(1, n);
    ck_assert_ptr_nonnull(bytes);
    begin(id);
    expect(put(id, "M%C3%BCller%2Fa.csv", bytes, n), 200, NULL);
    ck_assert_str_eq(f.service.file, "Müller/a.csv");
    expect(put(id, "b.csv", "x", 1), 200, NULL);
    ck_assert_uint_eq(f.service.fed, n + 1);
    struct reply r = http(&f, "POST", path_of(id, "/finish"), NULL);
    ck_assert_int_eq(r.code, 200);
    ck_assert_int_eq(json_integer_value(json_object_get(r.doc, "fed")), (json_int_t)n + 1);
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(r.doc, "params"), "source")),
                     "crm");
    reply_free(&r);
    ck_assert_uint_eq(f.service.uploads, 0);
    /* It is over: nothing more can be done with it. */
    expect(http(&f, "POST", path_of(id, "/finish"), NULL), 404, "not-found");
    expect(http(&f, "DELETE", path_of(id, ""), NULL), 404, "not-found");
    expect(put(id, "c.csv", "x", 1), 404, "not-found");
    free(bytes);
}
END_TEST

START_TEST(an_empty_file_and_chunks)
{
    char id[32];
    char head[256];
    static const char chunks[] = "5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n";
    begin(id);
    expect(put(id, "empty.csv", "", 0), 200, NULL);
    ck_assert_uint_eq(f.service.fed, 0);
    int fd = http_connect(f.socket);
    (void)snprintf(head, sizeof head,
                   "PUT /v1/imports/%s/files/c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n",
                   id);
    http_send(fd, head, strlen(head));
    http_send(fd, chunks, sizeof chunks - 1);
    expect(http_read(fd), 200, NULL);
    ck_assert_uint_eq(f.service.fed, 11);
    expect(http(&f, "DELETE", path_of(id, ""), NULL), 200, NULL);
    ck_assert_uint_eq(f.service.uploads, 0);
}
END_TEST

START_TEST(parameters_that_are_refused)
{
    expect(http(&f, "POST", "/v1/imports", "{\"refuse\":1}"), 400, "argument");
    ck_assert_uint_eq(f.service.uploads, 0);
}
END_TEST

/* The columns found come with the error of finishing, so that a client can show them. */
START_TEST(a_file_that_the_service_refuses)
{
    char id[32];
    char *bytes = calloc(1, 500000);
    ck_assert_ptr_nonnull(bytes);
    f.service.refuse_after = 1000;
    begin(id);
    expect(put(id, "a.csv", bytes, 500000), 400, "header");
    struct reply r = http(&f, "POST", path_of(id, "/finish"), NULL);
    const json_t *details = json_object_get(json_object_get(r.doc, "error"), "details");
    ck_assert_int_eq(r.code, 400);
    ck_assert_str_eq(reply_error(&r), "header");
    ck_assert_int_gt(json_integer_value(json_object_get(details, "fed")), 1000);
    reply_free(&r);
    ck_assert_uint_eq(f.service.uploads, 0);
    free(bytes);
}
END_TEST

START_TEST(a_file_that_may_not_begin)
{
    char id[32];
    begin(id);
    f.service.refuse_file = true;
    expect(put(id, "a.csv", "x", 1), 413, "too-large");
    struct reply r = http(&f, "POST", path_of(id, "/finish"), NULL);
    ck_assert_int_eq(r.code, 409);
    ck_assert_ptr_nonnull(strstr(reply_message(&r), "broke off"));
    reply_free(&r);
    ck_assert_uint_eq(f.service.uploads, 0);
}
END_TEST

static void wait_until_fed(size_t n)
{
    for (int i = 0; i < 5000; i++) {
        (void)pthread_mutex_lock(&f.service.lock);
        bool there = f.service.fed >= n;
        (void)pthread_mutex_unlock(&f.service.lock);
        if (there) {
            return;
        }
        (void)usleep(1000);
    }
    ck_abort_msg("the bytes never arrived");
}

/* Finishes as soon as the server has noticed that the client went away. */
static struct reply finish_when_free(const char *id)
{
    for (int i = 0; i < 5000; i++) {
        struct reply r = http(&f, "POST", path_of(id, "/finish"), NULL);
        if (r.code != 409 || strstr(reply_message(&r), "busy") == NULL) {
            return r;
        }
        reply_free(&r);
        (void)usleep(1000);
    }
    ck_abort_msg("the import stays busy");
}

/* Half a file must never be imported as if it were all of it. */
START_TEST(a_client_that_goes_away)
{
    char id[32];
    char head[256];
    begin(id);
    int fd = http_connect(f.socket);
    (void)snprintf(head, sizeof head,
                   "PUT /v1/imports/%s/files/a.csv HTTP/1.1\r\nHost: x\r\n"
                   "Content-Length: 1000\r\n\r\nhalf of it",
                   id);
    http_send(fd, head, strlen(head));
    wait_until_fed(10);
    (void)close(fd);
    struct reply r = finish_when_free(id);
    ck_assert_int_eq(r.code, 409);
    ck_assert_str_eq(reply_error(&r), "state");
    ck_assert_ptr_nonnull(strstr(reply_message(&r), "broke off"));
    reply_free(&r);
    ck_assert_uint_eq(f.service.uploads, 0);
}
END_TEST

START_TEST(too_many_imports)
{
    char id[8][32];
    for (size_t i = 0; i < 8; i++) {
        begin(id[i]);
    }
    expect(http(&f, "POST", "/v1/imports", "{}"), 409, "state");
    expect(http(&f, "DELETE", path_of(id[3], ""), NULL), 200, NULL);
    begin(id[3]);
    for (size_t i = 0; i < 7; i++) {
        expect(http(&f, "DELETE", path_of(id[i], ""), NULL), 200, NULL);
    }
    /* The eighth stays at work: stopping the server frees it, and fake_stop checks that. */
    ck_assert_uint_eq(f.service.uploads, 1);
}
END_TEST

/* One request at a time per import: a second one is told so, and harms nothing. */
START_TEST(an_import_that_is_busy)
{
    char id[32];
    char head[256];
    sem_t feeding;
    sem_t go_on;
    (void)sem_init(&feeding, 0, 0);
    (void)sem_init(&go_on, 0, 0);
    begin(id);
    f.service.feeding = &feeding;
    f.service.go_on = &go_on;
    int fd = http_connect(f.socket);
    (void)snprintf(head, sizeof head,
                   "PUT /v1/imports/%s/files/a.csv HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                   "Content-Length: 4\r\n\r\nfour",
                   id);
    http_send(fd, head, strlen(head));
    while (sem_wait(&feeding) != 0) {
    }
    expect(http(&f, "POST", path_of(id, "/finish"), NULL), 409, "state");
    expect(http(&f, "DELETE", path_of(id, ""), NULL), 409, "state");
    expect(put(id, "b.csv", "x", 1), 409, "state");
    ck_assert_uint_eq(f.service.uploads, 1);
    f.service.feeding = NULL;
    (void)sem_post(&go_on);
    expect(http_read(fd), 200, NULL);
    expect(http(&f, "POST", path_of(id, "/finish"), NULL), 200, NULL);
    (void)sem_destroy(&feeding);
    (void)sem_destroy(&go_on);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_whole_import,
                                  an_empty_file_and_chunks,
                                  parameters_that_are_refused,
                                  a_file_that_the_service_refuses,
                                  a_file_that_may_not_begin,
                                  a_client_that_goes_away,
                                  too_many_imports,
                                  an_import_that_is_busy};
    return run_suite("imports", start, stop, tests, sizeof tests / sizeof tests[0]);
}
