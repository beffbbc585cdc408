/* ct_cases.c: the operations that meet a secret, and some that leak it on purpose.
 * Knows neither valgrind nor clocks. */
#include "ct.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void run_mul(const struct mdl_engine *e, struct ct_job *job)
{
    e->mul(job->k, job->point[0], CT_BATCH, job->out[0], job->status);
}

static void run_hash(const struct mdl_engine *e, struct ct_job *job)
{
    e->hash_mul(NULL, job->uniform[0], CT_BATCH, job->out[0], job->status);
}

static void run_hash_mul(const struct mdl_engine *e, struct ct_job *job)
{
    e->hash_mul(job->k, job->uniform[0], CT_BATCH, job->out[0], job->status);
}

/* The sin of double-and-add: work for the bits that are set. */
static void run_leak_branch(const struct mdl_engine *e, struct ct_job *job)
{
    volatile unsigned work = 0;

    (void)e;
    for (size_t i = 0; i < 256; i++) {
        if ((job->k[i / 8] >> (i % 8) & 1) != 0) {
            for (unsigned j = 0; j < 20; j++) {
                work += j;
            }
        }
    }
    job->out[0][0] = (uint8_t)work;
}

/* The sin of an unmasked table: an address made of the secret. The table is larger than a cache
 * can hold at once, so that the time tells, too. */
static void run_leak_address(const struct mdl_engine *e, struct ct_job *job)
{
    static volatile uint8_t table[256][16384];
    unsigned sum = 0;

    (void)e;
    for (size_t i = 0; i < 32; i++) {
        sum += table[job->k[i]][i * 64];
    }
    job->out[0][0] = (uint8_t)sum;
}

const struct ct_case ct_cases[] = {
    {"mul", run_mul, false},
    {"hash", run_hash, false},
    {"hash-mul", run_hash_mul, false},
    {"leak-branch", run_leak_branch, true},
    {"leak-address", run_leak_address, true},
    {NULL, NULL, false},
};

void ct_fill(struct ct_job *job)
{
    memset(job, 0, sizeof *job);
    crypto_core_ristretto255_scalar_random(job->k);
    randombytes_buf(job->uniform, sizeof job->uniform);
    for (size_t i = 0; i < CT_BATCH; i++) {
        crypto_core_ristretto255_random(job->point[i]);
    }
}

const struct mdl_engine *ct_engine(const char *name)
{
    size_t n;
    const struct mdl_engine *const *list = mdl_engine_list(&n);

    for (size_t i = 0; i < n; i++) {
        size_t len = strcspn(list[i]->name, " ");
        if (strlen(name) == len && strncmp(list[i]->name, name, len) == 0) {
            return list[i];
        }
    }
    return NULL;
}

const struct ct_case *ct_case_named(const char *name)
{
    for (const struct ct_case *c = ct_cases; c->name != NULL; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

int ct_arguments(int argc, char **argv, const struct mdl_engine **e, const struct ct_case **c)
{
    if (argc != 3 || (*e = ct_engine(argv[1])) == NULL || (*c = ct_case_named(argv[2])) == NULL ||
        sodium_init() < 0) {
        (void)fprintf(stderr, "usage: %s ENGINE CASE\n", argv[0]);
        return 2;
    }
    if (!(*e)->usable()) {
        (void)printf("%s: this processor has not got it; not shown here\n", argv[1]);
        return 77;
    }
    return 0;
}
