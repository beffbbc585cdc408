/* http.c: requests byte by byte, so that tests can send what no client library would.
 * It may not retry. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int http_connect(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    (void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    return fd;
}

void http_send(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0) {
            return; /* the server has heard enough: what it answers is what the test looks at */
        }
        p += sent;
        n -= (size_t)sent;
    }
}

struct reply http_read(int fd)
{
    struct reply r = {0, NULL};
    char *text = NULL;
    size_t len = 0;
    FILE *all = open_memstream(&text, &len);
    char piece[4096];
    ssize_t n;

    ck_assert_ptr_nonnull(all);
    while ((n = read(fd, piece, sizeof piece)) > 0) {
        (void)fwrite(piece, 1, (size_t)n, all);
    }
    ck_assert_int_eq(fclose(all), 0);
    (void)close(fd);
    if (len > 0) {
        ck_assert_int_eq(sscanf(text, "HTTP/1.1 %d", &r.code), 1);
        ck_assert_ptr_nonnull(strstr(text, "application/json"));
        const char *body = strstr(text, "\r\n\r\n");
        ck_assert_ptr_nonnull(body);
        r.doc = json_loads(body + 4, 0, NULL);
        ck_assert_msg(r.doc != NULL, "no JSON: %s", body);
    }
    free(text);
    return r;
}

struct reply http_bytes(struct fake *f, const char *method, const char *path, const void *body,
                        size_t n)
{
    char head[8192];
    int fd = http_connect(f->socket);
    int len = snprintf(head, sizeof head,
                       "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n"
                       "\r\n",
                       method, path, n);
    ck_assert_int_lt(len, (int)sizeof head);
    http_send(fd, head, (size_t)len);
    http_send(fd, body, n);
    return http_read(fd);
}

struct reply http(struct fake *f, const char *method, const char *path, const char *body)
{
    return http_bytes(f, method, path, body, body != NULL ? strlen(body) : 0);
}

void reply_free(struct reply *r)
{
    json_decref(r->doc);
    r->doc = NULL;
}

static const char *error_text(const struct reply *r, const char *member)
{
    const char *s = json_string_value(json_object_get(json_object_get(r->doc, "error"), member));
    ck_assert_msg(s != NULL, "HTTP %d without error.%s", r->code, member);
    return s;
}

const char *reply_error(const struct reply *r)
{
    return error_text(r, "status");
}

const char *reply_message(const struct reply *r)
{
    return error_text(r, "message");
}
