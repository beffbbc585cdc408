/* bench_reference.c: throughput of libsodium's group operations on every core, with nothing around
 * them. It may not use this project's engine: it is what that is compared with. */
#include "bench.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BURST 32 /* operations between two looks at the clock */

struct operands {
    unsigned char uniform[64], scalar[32], point[32];
};

typedef void operation(const struct operands *o, unsigned char out[32]);

static void op_hash(const struct operands *o, unsigned char out[32])
{
    (void)crypto_core_ristretto255_from_hash(out, o->uniform);
}

static void op_multiply(const struct operands *o, unsigned char out[32])
{
    if (crypto_scalarmult_ristretto255(out, o->scalar, o->point) != 0) {
        abort();
    }
}

static void op_add(const struct operands *o, unsigned char out[32])
{
    if (crypto_core_ristretto255_add(out, o->point, o->point) != 0) {
        abort();
    }
}

struct runner {
    operation *op;
    double end;
    double done; /* operations */
    double cpu;  /* seconds of this thread */
};

static void *run(void *ctx)
{
    struct runner *r = ctx;
    struct operands o;
    unsigned char out[32];
    struct timespec t;

    randombytes_buf(o.uniform, sizeof o.uniform);
    crypto_core_ristretto255_scalar_random(o.scalar);
    crypto_core_ristretto255_random(o.point);
    while (bench_now() < r->end) {
        for (int i = 0; i < BURST; i++) {
            r->op(&o, out);
            o.uniform[0]++;
        }
        r->done += BURST;
    }
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    r->cpu = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    return NULL;
}

static void measure(operation *op, double seconds, double *wall_rate, double *cpu_rate)
{
    unsigned n = bench_cores();
    struct runner *r = calloc(n, sizeof *r);
    pthread_t *thread = calloc(n, sizeof *thread);
    double start = bench_now();
    double done = 0;
    double cpu = 0;

    if (r == NULL || thread == NULL) {
        bench_die("not enough memory");
    }
    for (unsigned i = 0; i < n; i++) {
        r[i] = (struct runner){.op = op, .end = start + seconds};
        if (pthread_create(&thread[i], NULL, run, &r[i]) != 0) {
            bench_die("no thread to be had");
        }
    }
    for (unsigned i = 0; i < n; i++) {
        (void)pthread_join(thread[i], NULL);
        done += r[i].done;
        cpu += r[i].cpu;
    }
    *wall_rate = done / (bench_now() - start);
    *cpu_rate = done / cpu;
    free(r);
    free(thread);
}

void bench_reference(double seconds, struct bench_reference *out)
{
    if (sodium_init() < 0) {
        bench_die("libsodium did not start");
    }
    measure(op_hash, seconds, &out->hash, &out->cpu_hash);
    measure(op_multiply, seconds, &out->multiply, &out->cpu_multiply);
    measure(op_add, seconds / 2, &out->add, &out->cpu_add);
}

static double at_rates(const struct bench_work *w, double hash, double multiply, double add)
{
    double listed = w->n_a + w->n_b;
    double weighed = 2 * 3 * w->matched;
    return listed / hash + (2 * listed + weighed) / multiply + weighed / add;
}

double bench_expected_wall(const struct bench_reference *r, const struct bench_work *w)
{
    return at_rates(w, r->hash, r->multiply, r->add);
}

double bench_expected_cpu(const struct bench_reference *r, const struct bench_work *w)
{
    return at_rates(w, r->cpu_hash, r->cpu_multiply, r->cpu_add);
}
