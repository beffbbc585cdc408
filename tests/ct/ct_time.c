/* ct_time.c: whether the time of an operation tells one secret from random ones. usage: ENGINE CASE
 * Method: Reparaz, Balasch, Verbauwhede, "Dude, is my code constant time?", 2017: two classes in
 * random order, the slowest tenth dropped, Welch's t. Says what it found; the exit code is 1 for a
 * difference. A machine that does other work too gives chance differences, but not three times. */
#include "ct.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAMPLES 6000
#define TRIES   3
/* t above 4.5 is suspicious (the paper); a real leak is far beyond 10 with this many samples. */
#define LIMIT 10.0

struct sample {
    double ns;
    bool fixed;
};

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_time(const void *a, const void *b)
{
    double x = ((const struct sample *)a)->ns;
    double y = ((const struct sample *)b)->ns;

    return x < y ? -1 : x > y;
}

static double welch(const struct sample *s, size_t n)
{
    double count[2] = {0}, mean[2] = {0}, m2[2] = {0};

    for (size_t i = 0; i < n; i++) {
        int c = s[i].fixed ? 1 : 0;
        double delta = s[i].ns - mean[c];
        count[c]++;
        mean[c] += delta / count[c];
        m2[c] += delta * (s[i].ns - mean[c]);
    }
    double var = 0;
    for (int c = 0; c < 2; c++) {
        var += m2[c] / (count[c] - 1) / count[c];
    }
    return fabs(mean[0] - mean[1]) / sqrt(var);
}

/* The fixed secrets: the scalar 1, bytes that are all alike (not zeros: they make the identity, and
 * that it is refused is no secret). Both classes are written in the same way. */
static void measure(const struct mdl_engine *e, const struct ct_case *c, struct sample *s)
{
    static struct ct_job any, fixed, job;

    ct_fill(&any);
    fixed = any;
    memset(fixed.k, 0, sizeof fixed.k);
    fixed.k[0] = 1;
    memset(fixed.uniform, 1, sizeof fixed.uniform);
    for (size_t i = 0; i < SAMPLES; i++) {
        crypto_core_ristretto255_scalar_random(any.k);
        randombytes_buf(any.uniform, sizeof any.uniform);
        s[i].fixed = (randombytes_random() & 1) != 0;
        memcpy(&job, s[i].fixed ? &fixed : &any, sizeof job);
        double begin = now();
        c->run(e, &job);
        s[i].ns = now() - begin;
    }
}

int main(int argc, char **argv)
{
    static struct sample s[SAMPLES];
    const struct mdl_engine *e;
    const struct ct_case *c;
    double t = 0;
    int rc = ct_arguments(argc, argv, &e, &c);

    if (rc != 0) {
        return rc;
    }
    for (int i = 0; i < TRIES; i++) {
        measure(e, c, s);
        qsort(s, SAMPLES, sizeof *s, by_time);
        t = welch(s, SAMPLES - SAMPLES / 10);
        (void)printf("%s %s: median %.1f us, t = %.1f\n", argv[1], argv[2], s[SAMPLES / 2].ns / 1e3,
                     t);
        if (t < LIMIT) {
            return 0;
        }
    }
    (void)printf("%s %s: the time depends on the secret\n", argv[1], argv[2]);
    return 1;
}
