/* nodes.h: real nodes for tests: a directory, a service on its own thread, real CURVE sockets. */
#ifndef TESTS_NODES_H
#define TESTS_NODES_H

#include <check.h>
#include <pthread.h>
#include <service.h>
#include <stdio.h>

struct node {
    char dir[256];
    struct mdl_service *service;
    pthread_t thread;
    struct mdl_error ended;
};

/* Makes and starts a node in a fresh directory; `endpoint` NULL: it only dials out. */
void node_start(struct node *n, const char *name, const char *endpoint);
void node_restart(struct node *n);
void node_stop(struct node *n);
/* Stops it and removes its directory. */
void node_remove(struct node *n);

/* Calls a verb; `params` is consumed. Fails the test unless it succeeds. */
json_t *node_do(struct node *n, const char *verb, json_t *params);
/* Calls a verb that must fail with `want`; returns the text (static buffer). */
const char *node_refuses(struct node *n, const char *verb, json_t *params, enum mdl_status want);

/* Imports text as one file; returns the report. */
json_t *node_import(struct node *n, const char *name, const char *text, json_t *params);
json_t *node_import_file(struct node *n, const char *path, json_t *params);

/* Each accepts the other's invitation; `accept`: with the standing rule on both sides. */
void nodes_pair(struct node *a, struct node *b, bool accept);
/* Polls round.show until the round has ended; returns its document. */
json_t *node_wait_round(struct node *n, const char *id, int seconds);
/* Northwind, which listens, and Contoso, which dials out: a fixture for most of the tests. */
extern struct node northwind, contoso;
void two_nodes_setup(void);
void two_nodes_teardown(void);
/* Runs the tests as one suite, each with its fixture; for main. */
int nodes_run(const char *suite, const TTest *const *tests, size_t n, double timeout_s, SFun setup,
              SFun teardown);
/* The same with the fixture above. */
int two_nodes_run(const char *suite, const TTest *const *tests, size_t n, double timeout_s);

/* A free port on 127.0.0.1 as "tcp://127.0.0.1:PORT". */
void free_endpoint(char out[64]);

#endif
