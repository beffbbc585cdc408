/* ct.h: what is run with a secret, by both programs of this folder. */
#ifndef MANDORLA_TESTS_CT_H
#define MANDORLA_TESTS_CT_H

#include <internal/engine.h>

#define CT_BATCH                                                                                   \
    9 /* elements: more than any engine has lanes, so that a block is left incomplete */

struct ct_job {
    uint8_t k[32];                 /* secret */
    uint8_t uniform[CT_BATCH][64]; /* secret */
    uint8_t point[CT_BATCH][32];   /* public, all valid */
    uint8_t out[CT_BATCH][32];
    uint8_t status[CT_BATCH];
};

typedef void ct_fn(const struct mdl_engine *e, struct ct_job *job);

struct ct_case {
    const char *name;
    ct_fn *run;
    bool leaks; /* on purpose: what looks for leaks must find it */
};

/* The end has a NULL name. */
extern const struct ct_case ct_cases[];

/* Fresh points, uniform bytes and a scalar in [1, L-1]. */
void ct_fill(struct ct_job *job);
const struct mdl_engine *ct_engine(const char *name);  /* NULL: no such engine */
const struct ct_case *ct_case_named(const char *name); /* NULL: no such case */
/* 0: go on. 77: this machine cannot run the engine, and a line says so. 2: wrong arguments. */
int ct_arguments(int argc, char **argv, const struct mdl_engine **e, const struct ct_case **c);

#endif
