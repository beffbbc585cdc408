/* fake.h: a service that does nothing but remember what it was asked, for the tests of the API. */
#ifndef API_FAKE_H
#define API_FAKE_H

#include "../../../node/api/internal.h"

#include <check.h>
#include <pthread.h>
#include <semaphore.h>

struct mdl_service {
    pthread_mutex_t lock; /* guards what follows */
    unsigned calls;
    char verb[64];         /* of the last call */
    json_t *params;        /* of the last call */
    struct mdl_error fail; /* what calls answer, if not MDL_OK */
    unsigned together;     /* calls wait until so many are inside; 0: they do not wait */
    unsigned inside, most_inside;
    pthread_cond_t arrived;

    unsigned uploads;       /* that live */
    size_t fed;             /* bytes, of all files */
    size_t refuse_after;    /* feeding refuses beyond so many bytes; 0: never */
    bool refuse_file;       /* refuses to begin a file */
    char file[256];         /* the last one */
    sem_t *feeding, *go_on; /* feed posts one and waits for the other, if set */
};

struct fake {
    struct mdl_service service;
    struct mdl_api *api;
    char dir[64], socket[96];
};
/* A server on a socket in a directory of its own. */
void fake_start(struct fake *f);
/* Stops it and checks that no upload is left. */
void fake_stop(struct fake *f);
/* `before` and `after` run around each test; they may be NULL. */
int run_suite(const char *name, void (*before)(void), void (*after)(void),
              const TTest *const tests[], size_t n);

/* ---- http.c */
struct reply {
    int code; /* 0: the server closed without an answer */
    json_t *doc;
};
int http_connect(const char *socket);
void http_send(int fd, const void *bytes, size_t n);
/* Reads to the end of the connection. */
struct reply http_read(int fd);
/* One request with "Connection: close". `body` may be NULL. */
struct reply http(struct fake *f, const char *method, const char *path, const char *body);
struct reply http_bytes(struct fake *f, const char *method, const char *path, const void *body,
                        size_t n);
void reply_free(struct reply *r);
/* The error's slug; fails the test if the reply is none. */
const char *reply_error(const struct reply *r);
const char *reply_message(const struct reply *r);

#endif
