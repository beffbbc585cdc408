/* support.h: running the program in process with its streams in files, and a node in a thread. */
#ifndef CLI_SUPPORT_H
#define CLI_SUPPORT_H

#include "../../../node/cli/cli.h"

#include <check.h>
#include <pthread.h>
#include <service.h>

/* The source tree, from the command line of the test. */
extern const char *source_dir;

struct ran {
    int code;
    char *out, *err; /* what it wrote, until the next run */
};
/* Runs `mandorla` with these words (NULL ends them); standard input is `input` or empty. */
struct ran run_words(const char *input, const char *const words[]);
#define run(...)             run_words(NULL, (const char *const[]){__VA_ARGS__, NULL})
#define run_with(input, ...) run_words(input, (const char *const[]){__VA_ARGS__, NULL})

/* A node of its own in a fresh directory, served from a thread. */
struct node {
    char dir[64];
    struct mdl_service *service;
    struct mdl_api *api;
    pthread_t thread;
    enum mdl_status ended;
};
/* "tcp://127.0.0.1:PORT" with a port of this process's own; `which` tells its nodes apart. */
void own_endpoint(char out[32], int which);
void node_make(struct node *n, const char *name, const char *endpoint);
void node_start(struct node *n);
void node_stop(struct node *n);
void node_remove(struct node *n);

/* A file of the source tree as text; the caller frees it. */
char *read_file(const char *relative);

int run_suite(int argc, char *argv[], const char *name, const TTest *const tests[], size_t n);

#endif
