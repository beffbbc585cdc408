/* bench_group.c: how many group operations a second, on one worker and on all.
 * Each operation beside libsodium's, in turns on one thread; and what a proof over m rows costs
 * beside the m multiplications it speaks about. MANDORLA_ENGINE names the engine. Measures and
 * prints; asserts nothing. Usage: mandorla-bench-group [--json] [--seconds S] */
#include <group.h>
#include <internal/engine.h>
#include <work.h>

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH     256
#define IN_FLIGHT 4  /* jobs a worker */
#define KEY_BYTES 24 /* of a match key, about */
#define TURNS     15 /* of measuring two engines in turns; odd */

#ifdef __clang__
static const char compiler[] = "clang " __clang_version__;
#else
static const char compiler[] = "gcc " __VERSION__;
#endif

static const uint8_t dst[] = "HashToGroup-MDL1-bench";

struct bench {
    struct mdl_scalar_key *key;
    uint8_t inputs[BATCH * KEY_BYTES];
    size_t offset[BATCH + 1];
    uint8_t points[BATCH * MDL_POINT_BYTES];
    uint8_t images[BATCH * MDL_POINT_BYTES];
    uint8_t proof[MDL_PROOF_BYTES];
};

typedef enum mdl_status operation(const struct bench *b, uint8_t *out);

static enum mdl_status op_hash(const struct bench *b, uint8_t *out)
{
    const struct mdl_inputs in = {b->inputs, b->offset, BATCH};
    return mdl_group_hash(dst, sizeof dst, &in, out, NULL, NULL);
}

static enum mdl_status op_multiply(const struct bench *b, uint8_t *out)
{
    return mdl_group_evaluate(b->key, b->points, BATCH, out, NULL, NULL);
}

static enum mdl_status op_hash_multiply(const struct bench *b, uint8_t *out)
{
    const struct mdl_inputs in = {b->inputs, b->offset, BATCH};
    return mdl_group_hash_blind(b->key, dst, sizeof dst, &in, out, NULL, NULL);
}

static enum mdl_status op_check(const struct bench *b, uint8_t *out)
{
    (void)out;
    return mdl_group_check_encoding(b->points, BATCH, NULL, NULL);
}

static enum mdl_status op_prove(const struct bench *b, uint8_t *out)
{
    static const uint8_t fresh[MDL_FRESH_BYTES] = {1};
    return mdl_dleq_prove(b->key, dst, sizeof dst, b->points, b->images, BATCH, fresh, out, NULL);
}

static enum mdl_status op_verify(const struct bench *b, uint8_t *out)
{
    (void)out;
    return mdl_dleq_verify(mdl_scalar_key_public(b->key), dst, sizeof dst, b->points, b->images,
                           BATCH, b->proof, NULL);
}

static enum mdl_status op_tag(const struct bench *b, uint8_t *out)
{
    mdl_tag_batch(dst, sizeof dst, b->points, BATCH, out);
    return MDL_OK;
}

static const struct {
    const char *name;
    operation *run;
} operations[] = {{"hash", op_hash},
                  {"multiply", op_multiply},
                  {"hash+multiply", op_hash_multiply},
                  {"check-encoding", op_check},
                  {"dleq-prove", op_prove},
                  {"dleq-verify", op_verify},
                  {"tag", op_tag}};

struct job {
    const struct bench *b;
    operation *run;
    uint8_t out[BATCH * MDL_POINT_BYTES];
    enum mdl_status status;
};

struct measured {
    double wall_rate; /* elements a second */
    double
        cpu_rate; /* elements a second of CPU time: what a core does, whoever shares the machine */
};

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void work(void *ctx)
{
    struct job *j = ctx;
    j->status = j->run(j->b, j->out);
}

static double cpu_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_size);
    return v[n / 2];
}

static const struct mdl_engine *chosen_engine(void)
{
    size_t n = 0;
    const struct mdl_engine *const *all = mdl_engine_list(&n);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i]->name, mdl_group_engine()) == 0) {
            return all[i];
        }
    }
    return &mdl_engine_sodium;
}

/* Median of libsodium's time by the engine's, measured in turns: the neighbours of a shared machine
 * slow down both. */
static double ratio_to_libsodium(const struct bench *b, operation *run)
{
    const struct mdl_engine *pair[2] = {&mdl_engine_sodium, chosen_engine()};
    static uint8_t out[BATCH * MDL_POINT_BYTES];
    double ratio[TURNS];

    for (size_t i = 0; i < TURNS; i++) {
        double took[2];

        for (size_t e = 0; e < 2; e++) {
            mdl_engine_take(pair[e]);
            double start = cpu_now();
            (void)run(b, out);
            took[e] = cpu_now() - start;
        }
        ratio[i] = took[0] / took[1];
    }
    return median(ratio, TURNS);
}

struct loop {
    struct mdl_work *pool;
    double end;
    size_t batches;
    size_t in_flight;
    enum mdl_status failed;
};

static void back(void *owner, void *ctx, enum mdl_work_outcome outcome)
{
    struct loop *l = owner;
    struct job *j = ctx;

    l->in_flight--;
    l->batches += outcome == MDL_WORK_DONE;
    if (j->status != MDL_OK) {
        l->failed = j->status;
    } else if (outcome == MDL_WORK_DONE && now() < l->end &&
               mdl_work_submit(l->pool, work, j, NULL) == MDL_OK) {
        l->in_flight++;
    }
}

/* Keeps every worker supplied until l->end, then waits for what is under way. */
static enum mdl_status drive(struct loop *l, struct job *jobs, size_t n, struct mdl_error *err)
{
    enum mdl_status status = MDL_OK;

    for (size_t i = 0; i < n && status == MDL_OK; i++) {
        status = mdl_work_submit(l->pool, work, &jobs[i], err);
        l->in_flight += status == MDL_OK;
    }
    while (l->in_flight > 0) {
        struct pollfd p = {.fd = mdl_work_fd(l->pool), .events = POLLIN};

        (void)poll(&p, 1, -1);
        (void)mdl_work_collect(l->pool, back, l);
    }
    if (status == MDL_OK && l->failed != MDL_OK) {
        status = mdl_fail(err, l->failed, "%s", mdl_status_meaning(l->failed));
    }
    return status;
}

static enum mdl_status measure(const struct bench *b, operation *run, unsigned threads,
                               double seconds, struct measured *out, struct mdl_error *err)
{
    struct loop l = {.failed = MDL_OK};
    struct mdl_work_stats stats;
    enum mdl_status status =
        mdl_work_create(threads, IN_FLIGHT * MDL_WORK_THREADS_MAX, &l.pool, err);

    if (status != MDL_OK) {
        return status;
    }
    mdl_work_stats(l.pool, &stats);
    size_t n = IN_FLIGHT * stats.threads;
    struct job *jobs = calloc(n, sizeof *jobs);
    if (jobs == NULL) {
        mdl_work_close(l.pool, MDL_WORK_CANCEL, back, &l);
        return mdl_fail(err, MDL_L_MEMORY, "no memory for the jobs");
    }
    for (size_t i = 0; i < n; i++) {
        jobs[i] = (struct job){.b = b, .run = run};
    }
    double start = now();
    l.end = start + seconds;
    status = drive(&l, jobs, n, err);
    double elapsed = now() - start;
    mdl_work_stats(l.pool, &stats);
    out->wall_rate = (double)(l.batches * BATCH) / elapsed;
    out->cpu_rate = (double)(l.batches * BATCH) / (1e-9 * (double)stats.cpu_ns);
    mdl_work_close(l.pool, MDL_WORK_CANCEL, back, &l);
    free(jobs);
    return status;
}

static enum mdl_status prepare(struct bench *b, struct mdl_error *err)
{
    enum mdl_status status = mdl_group_init(err);

    for (size_t i = 0; i <= BATCH; i++) {
        b->offset[i] = i * KEY_BYTES;
    }
    for (size_t i = 0; i < sizeof b->inputs; i++) {
        b->inputs[i] = (uint8_t)(i * 37 + i / 256);
    }
    if (status == MDL_OK) {
        status = mdl_scalar_key_generate(&b->key, err);
    }
    if (status == MDL_OK) {
        status = op_hash(b, b->points);
    }
    if (status == MDL_OK) {
        status = op_multiply(b, b->images);
    }
    return status == MDL_OK ? op_prove(b, b->proof) : status;
}

static void print_row(bool json, size_t i, const struct measured *one, const struct measured *all,
                      double ratio)
{
    const char *name = operations[i].name;

    if (json) {
        (void)printf("%s\n    {\"operation\": \"%s\", \"one_core_per_s\": %.0f, "
                     "\"one_core_per_cpu_s\": %.0f, \"all_cores_per_s\": %.0f, "
                     "\"ratio_to_libsodium\": %.2f}",
                     i == 0 ? "" : ",", name, one->wall_rate, one->cpu_rate, all->wall_rate, ratio);
    } else {
        (void)printf("%-16s %12.0f %12.0f %12.0f %10.2f %12.2f\n", name, one->wall_rate,
                     one->cpu_rate, all->wall_rate, 1e6 / one->cpu_rate, ratio);
    }
}

static const size_t proof_rows[] = {512, 32768};

struct shares {
    double prove, verify, decode; /* of the time of m multiplications */
};

/* One turn; `decode` is three times m decodings, which prover and verifier cannot do without. */
static enum mdl_status proof_turn(const struct bench *b, const uint8_t *C, uint8_t *D, size_t m,
                                  struct shares *out, struct mdl_error *err)
{
    static const uint8_t fresh[MDL_FRESH_BYTES] = {1};
    const uint8_t *K = mdl_scalar_key_public(b->key);
    uint8_t proof[MDL_PROOF_BYTES];
    double at[5] = {cpu_now()};
    enum mdl_status status = mdl_group_evaluate(b->key, C, m, D, NULL, err);

    at[1] = cpu_now();
    if (status == MDL_OK) {
        status = mdl_dleq_prove(b->key, dst, sizeof dst, C, D, m, fresh, proof, err);
    }
    at[2] = cpu_now();
    if (status == MDL_OK) {
        status = mdl_dleq_verify(K, dst, sizeof dst, C, D, m, proof, err);
    }
    at[3] = cpu_now();
    if (status == MDL_OK) {
        status = mdl_group_check_encoding(C, m, NULL, err);
    }
    at[4] = cpu_now();
    *out = (struct shares){(at[2] - at[1]) / (at[1] - at[0]), (at[3] - at[2]) / (at[1] - at[0]),
                           3 * (at[4] - at[3]) / (at[1] - at[0])};
    return status;
}

static enum mdl_status proof_share(const struct bench *b, bool json, size_t i,
                                   struct mdl_error *err)
{
    size_t m = proof_rows[i];
    size_t turns = m < 1000 ? 15 : 5;
    uint8_t *rows = malloc(2 * m * MDL_POINT_BYTES);
    double v[3][15];
    enum mdl_status status = MDL_OK;

    if (rows == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for %zu rows", m);
    }
    for (size_t at = 0; at < m; at += BATCH) { /* equal points cost as much as others */
        memcpy(rows + at * MDL_POINT_BYTES, b->points, BATCH * MDL_POINT_BYTES);
    }
    for (size_t t = 0; t < turns && status == MDL_OK; t++) {
        struct shares s;

        status = proof_turn(b, rows, rows + m * MDL_POINT_BYTES, m, &s, err);
        v[0][t] = s.prove;
        v[1][t] = s.verify;
        v[2][t] = s.decode;
    }
    free(rows);
    if (status != MDL_OK) {
        return status;
    }
    double prove = median(v[0], turns);
    double verify = median(v[1], turns);
    double decode = median(v[2], turns);
    (void)printf(
        json ? "%s\n    {\"rows\": %zu, \"prove\": %.3f, \"verify\": %.3f, \"both\": %.3f, "
               "\"decoding\": %.3f}"
             : "%sa proof over %zu rows, by their multiplications: prove %.3f, verify %.3f, "
               "both %.3f, of which decoding %.3f\n",
        json && i > 0 ? "," : "", m, prove, verify, prove + verify, decode);
    return MDL_OK;
}

static enum mdl_status run_all(const struct bench *b, bool json, double seconds,
                               struct mdl_error *err)
{
    if (json) {
        (void)printf("{\"engine\": \"%s\", \"compiler\": \"%s\", \"batch\": %d, \"results\": [",
                     mdl_group_engine(), compiler, BATCH);
    } else {
        (void)printf("%s, %s, batches of %d\n%-16s %12s %12s %12s %10s %12s\n", mdl_group_engine(),
                     compiler, BATCH, "per second", "one core", "per CPU s", "all cores", "us each",
                     "x libsodium");
    }
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        struct measured one;
        struct measured all;
        enum mdl_status status = measure(b, operations[i].run, 1, seconds, &one, err);

        if (status == MDL_OK) {
            status = measure(b, operations[i].run, 0, seconds, &all, err);
        }
        if (status != MDL_OK) {
            return status;
        }
        print_row(json, i, &one, &all, ratio_to_libsodium(b, operations[i].run));
        (void)fflush(stdout);
    }
    (void)printf("%s", json ? "\n], \"proofs\": [" : "\n");
    for (size_t i = 0; i < sizeof proof_rows / sizeof proof_rows[0]; i++) {
        enum mdl_status status = proof_share(b, json, i, err);

        if (status != MDL_OK) {
            return status;
        }
    }
    (void)printf("%s", json ? "\n]}\n" : "");
    return MDL_OK;
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct mdl_error err = {MDL_OK, ""};
    bool json = false;
    double seconds = 1.0;
    enum mdl_status status = MDL_OK;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
            seconds = strtod(argv[++i], NULL);
        } else {
            seconds = 0;
        }
    }
    if (!(seconds > 0) || !isfinite(seconds)) {
        (void)fprintf(stderr, "usage: mandorla-bench-group [--json] [--seconds S]\n");
        return mdl_status_exit_code(MDL_U_ARGUMENT);
    }
    status = prepare(&b, &err);
    if (status == MDL_OK) {
        status = run_all(&b, json, seconds, &err);
    }
    if (status != MDL_OK) {
        (void)fprintf(stderr, "mandorla-bench-group: %s\n", err.text);
    }
    mdl_scalar_key_free(b.key);
    return mdl_status_exit_code(status);
}
