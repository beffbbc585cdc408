/* bench_round.c: whole rounds between two node processes over CURVE on loopback, compared with the
 * time libsodium needs for the same group operations on the same cores.
 * Usage: mandorla-bench-round [--json] [--from E] [--to E] [--large] [--runs N] [--compare]
 *        [--dir DIR]
 * The nodes take the engine that MANDORLA_ENGINE names, else the fastest; --compare runs each round
 * on libsodium as well, in turns. */
#include "bench.h"

#include <group.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MAX   21
#define PHASES_MAX 12
#define LARGE      20

struct phase {
    char name[32];
    double seconds;
};

/* Seconds, parts of 1, bytes; both sides together unless it says which. */
#define METRICS(X)                                                                                 \
    X(WALL, "wall_s")         /* first start to last end */                                        \
    X(CRYPTO, "crypto_s")     /* phases commit to slices */                                        \
    X(EXPECTED, "expected_s") /* libsodium alone, on all cores */                                  \
    X(RATIO, "ratio")         /* wall to expected */                                               \
    X(CRYPTO_RATIO, "crypto_ratio")                                                                \
    X(CPU_RATIO, "cpu_ratio") /* the same in CPU time, whoever else uses the cores */              \
    X(CPU_A, "cpu_a_s")                                                                            \
    X(CPU_B, "cpu_b_s")                                                                            \
    X(IDLE, "idle") /* of the cores' time, in which nothing ran on the machine */                  \
    X(CRYPTO_IDLE, "crypto_idle")                                                                  \
    X(PROOFS, "proofs_cpu_s")     /* CPU time from the first slice on */                           \
    X(GROWN, "peak_growth_bytes") /* above what stood before the round; the larger side */         \
    X(BYTES_IN, "bytes_in")       /* of B */                                                       \
    X(BYTES_OUT, "bytes_out")
#define METRIC_ENUM(name, slug) name,
enum metric { METRICS(METRIC_ENUM) N_METRICS };
#define METRIC_SLUG(name, slug) slug,
static const char *const slugs[] = {METRICS(METRIC_SLUG)};

struct run {
    struct bench_reference reference;
    double m[N_METRICS];
    struct phase phase[PHASES_MAX];
    size_t n_phases;
};

struct size {
    unsigned exponent;
    const char *engine; /* NULL: what the nodes take by themselves */
    struct bench_pair pair;
    json_int_t matched;
    struct run run[RUNS_MAX];
    size_t runs;
};

struct sizes {
    struct size own[LARGE + 1];
    struct size sodium[LARGE + 1]; /* with --compare */
    size_t n;
};

struct options {
    unsigned from, to, runs;
    bool large, json, compare;
    const char *dir;
};

/* ---- one run -----------------------------------------------------------------------------------
 */

static void average(struct bench_reference *r, const struct bench_reference *other)
{
    r->hash = (r->hash + other->hash) / 2;
    r->multiply = (r->multiply + other->multiply) / 2;
    r->add = (r->add + other->add) / 2;
    r->cpu_hash = (r->cpu_hash + other->cpu_hash) / 2;
    r->cpu_multiply = (r->cpu_multiply + other->cpu_multiply) / 2;
    r->cpu_add = (r->cpu_add + other->cpu_add) / 2;
}

/* The log says when each phase began: take the round's entries page by page. */
static void read_phases(struct bench_node *n, const char *id, double started, double finished,
                        struct run *r)
{
    double at = started;
    json_int_t after = 0;
    bool more = true;

    (void)snprintf(r->phase[0].name, sizeof r->phase[0].name, "preparing");
    r->n_phases = 1;
    while (more) {
        json_t *page =
            bench_call(n, "audit.list",
                       json_pack("{s:s, s:I, s:i}", "round", id, "after", after, "limit", 2000));
        size_t i;
        const json_t *e;
        json_array_foreach(json_object_get(page, "entries"), i, e)
        {
            const char *note = json_string_value(json_object_get(e, "note"));
            const char *kind = json_string_value(json_object_get(e, "kind"));
            after = bench_int(e, "seq", NULL);
            if (kind == NULL || note == NULL || strcmp(kind, "round-phase") != 0 ||
                strcmp(note, "list committed") == 0 || r->n_phases == PHASES_MAX) {
                continue;
            }
            double now = bench_time(e, "time");
            r->phase[r->n_phases - 1].seconds = now - at;
            (void)snprintf(r->phase[r->n_phases++].name, sizeof r->phase[0].name, "%s", note);
            at = now;
        }
        more = i == 2000;
        json_decref(page);
    }
    r->phase[r->n_phases - 1].seconds = finished - at;
}

static bool is_crypto(const char *phase)
{
    return strcmp(phase, "preparing") != 0 && strcmp(phase, "hello") != 0 &&
           strcmp(phase, "receipt") != 0 && phase[0] != '\0';
}

/* Looking costs the loops time: seldom when the round is long. */
static unsigned poll_ms(double elapsed)
{
    return elapsed < 0.5 ? 10 : elapsed < 10 ? 50 : 200;
}

struct usage {
    double cpu[2], rss[2], peak[2];
};

static void usage(struct bench_pair *p, bool reset, struct usage *out)
{
    struct bench_node *n[2] = {&p->a, &p->b};
    for (int i = 0; i < 2; i++) {
        json_t *u = bench_call(n[i], "bench.usage", json_pack("{s:b}", "reset", (int)reset));
        out->cpu[i] = json_real_value(json_object_get(u, "cpu_s"));
        out->rss[i] = 1024.0 * (double)bench_int(u, "rss_kb", NULL);
        out->peak[i] = 1024.0 * (double)bench_int(u, "peak_kb", NULL);
        json_decref(u);
    }
}

/* Waits until both sides have ended; adds up the time that cores stood idle meanwhile. */
static void wait_round(struct bench_pair *p, const char *id, struct run *r, json_t *ended[2])
{
    double idle = bench_machine_idle();
    double at = bench_now();
    double began = at;
    double crypto = 0;
    double crypto_idle = 0;
    double first = idle;
    struct usage slices = {.cpu = {0}};
    struct usage end;
    bool opening = false;

    while (ended[0] == NULL || ended[1] == NULL) {
        char phase[32] = "";
        bench_sleep_ms(poll_ms(at - began));
        ended[1] = ended[1] != NULL ? ended[1] : bench_round_ended(&p->b, id, phase);
        ended[0] = ended[0] != NULL ? ended[0] : bench_round_ended(&p->a, id, NULL);
        if (!opening && strcmp(phase, "slices") == 0) {
            opening = true;
            usage(p, false, &slices);
        }
        double now = bench_now();
        double idle_now = bench_machine_idle();
        if (ended[1] == NULL && is_crypto(phase)) {
            crypto += now - at;
            crypto_idle += idle_now - idle;
        }
        at = now;
        idle = idle_now;
    }
    usage(p, false, &end);
    for (int i = 0; i < 2 && opening; i++) { /* a round may be over before anybody looks */
        r->m[PROOFS] += end.cpu[i] - slices.cpu[i];
    }
    r->m[IDLE] = (idle - first) / ((at - began) * bench_cores());
    r->m[CRYPTO_IDLE] = crypto > 0 ? crypto_idle / (crypto * bench_cores()) : 0;
}

static void spent(struct run *r, const struct usage *before, const struct usage *after)
{
    r->m[CPU_A] = after->cpu[0] - before->cpu[0];
    r->m[CPU_B] = after->cpu[1] - before->cpu[1];
    r->m[GROWN] = fmax(after->peak[0] - before->rss[0], after->peak[1] - before->rss[1]);
}

static void digest(struct size *s, struct run *r, json_t *const ended[2], const char *id)
{
    double started = fmin(bench_time(ended[0], "started"), bench_time(ended[1], "started"));
    double finished = fmax(bench_time(ended[0], "finished"), bench_time(ended[1], "finished"));
    struct bench_work w = {.n_a = (double)bench_int(ended[0], "keys", "own"),
                           .n_b = (double)bench_int(ended[1], "keys", "own"),
                           .matched = (double)bench_int(ended[1], "keys", "matched")};

    s->matched = (json_int_t)w.matched;
    read_phases(&s->pair.b, id, bench_time(ended[1], "started"), bench_time(ended[1], "finished"),
                r);
    for (size_t i = 0; i < r->n_phases; i++) {
        r->m[CRYPTO] += is_crypto(r->phase[i].name) ? r->phase[i].seconds : 0;
    }
    r->m[WALL] = finished - started;
    r->m[EXPECTED] = bench_expected_wall(&r->reference, &w);
    r->m[RATIO] = r->m[WALL] / r->m[EXPECTED];
    r->m[CRYPTO_RATIO] = r->m[CRYPTO] / r->m[EXPECTED];
    r->m[CPU_RATIO] = (r->m[CPU_A] + r->m[CPU_B]) / bench_expected_cpu(&r->reference, &w);
    r->m[BYTES_IN] = (double)bench_int(ended[1], "bytes", "in");
    r->m[BYTES_OUT] = (double)bench_int(ended[1], "bytes", "out");
}

/* The nodes inherit the choice of an engine. */
static void start_on(struct size *s)
{
    char before[32] = "";
    const char *set = getenv("MANDORLA_ENGINE");
    (void)snprintf(before, sizeof before, "%s", set != NULL ? set : "");
    if (s->engine != NULL && setenv("MANDORLA_ENGINE", s->engine, 1) != 0) {
        bench_die("no memory for the environment");
    }
    bench_pair_start(&s->pair);
    if (set == NULL) {
        (void)unsetenv("MANDORLA_ENGINE");
    } else {
        (void)setenv("MANDORLA_ENGINE", before, 1);
    }
}

/* Fresh processes, so that no memory of an import or an earlier round hides what this one takes. */
static void run_once(struct size *s, struct run *r)
{
    struct bench_reference later;
    struct usage before;
    struct usage after;
    char id[33];
    json_t *ended[2] = {NULL, NULL};
    double seconds = s->exponent < 14 ? 0.3 : 1.0;

    start_on(s);
    bench_reference(seconds, &r->reference);
    usage(&s->pair, true, &before);
    bench_round_start(&s->pair, id);
    wait_round(&s->pair, id, r, ended);
    usage(&s->pair, false, &after);
    bench_reference(seconds, &later);
    average(&r->reference, &later);
    spent(r, &before, &after);
    digest(s, r, ended, id);
    json_decref(ended[0]);
    json_decref(ended[1]);
    bench_pair_stop(&s->pair);
}

/* ---- results -----------------------------------------------------------------------------------
 */

static double median(const struct size *s, enum metric which)
{
    double v[RUNS_MAX];
    for (size_t i = 0; i < s->runs; i++) {
        v[i] = s->run[i].m[which];
    }
    return bench_median(v, s->runs);
}

static double both_ways(const struct size *s)
{
    return (median(s, BYTES_IN) + median(s, BYTES_OUT)) / (double)(s->pair.keys_a + s->pair.keys_b);
}

static const char *engine_name(const struct size *s)
{
    return s->engine != NULL ? s->engine : mdl_group_engine();
}

static double proofs_share(const struct size *s)
{
    return median(s, PROOFS) / (median(s, CPU_A) + median(s, CPU_B));
}

/* What a key more costs: growth between two sizes, so that what any list needs falls out. */
static double slope(const struct size *a, const struct size *b)
{
    return (median(b, GROWN) - median(a, GROWN)) / (double)(b->pair.keys_b - a->pair.keys_b);
}

/* A phase that a run went through within one step does not stand in its log: 0. */
static double phase_seconds(const struct run *r, const char *name)
{
    for (size_t i = 0; i < r->n_phases; i++) {
        if (strcmp(r->phase[i].name, name) == 0) {
            return r->phase[i].seconds;
        }
    }
    return 0;
}

static json_t *phases(const struct size *s)
{
    static const char *const names[] = {"preparing", "hello", "commit", "opening", "verified",
                                        "tags",      "match", "open",   "slices",  "receipt"};
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        double v[RUNS_MAX];
        for (size_t k = 0; k < s->runs; k++) {
            v[k] = phase_seconds(&s->run[k], names[i]);
        }
        (void)json_object_set_new(o, names[i], json_real(bench_median(v, s->runs)));
    }
    return o;
}

static json_t *document(const struct size *s, const struct size *before)
{
    const struct bench_reference *ref = &s->run[0].reference;
    json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "engine", engine_name(s), "accounts",
                          s->pair.accounts, "keys_a", s->pair.keys_a, "keys_b", s->pair.keys_b,
                          "matched", s->matched, "runs", (json_int_t)s->runs);
    for (int i = 0; i < N_METRICS; i++) {
        (void)json_object_set_new(o, slugs[i], json_real(median(s, (enum metric)i)));
    }
    (void)json_object_update_new(
        o, json_pack("{s:f, s:o, s:o, s:{s:f, s:f, s:f}}", "bytes_per_key", both_ways(s),
                     "memory_per_key", before != NULL ? json_real(slope(before, s)) : json_null(),
                     "phases_s", phases(s), "reference_per_s", "hash", ref->hash, "multiply",
                     ref->multiply, "add", ref->add));
    return o;
}

static void print_head(void)
{
    (void)printf(
        "%u cores. wall: first start to last end; crypto: phases commit to slices\n"
        "ratios to libsodium alone: wall and crypto on all cores, cpu in CPU time; idle: "
        "of all cores in the crypto phases; proofs: CPU time from the first slice on, of all\n\n",
        bench_cores());
    (void)printf("%-9s %8s %8s %8s %5s %8s %8s %8s %6s %6s %6s %6s %6s %8s %8s %7s %8s\n", "engine",
                 "accounts", "keys", "matched", "runs", "wall s", "crypto s", "expect s", "wall",
                 "crypto", "cpu", "idle", "proofs", "cpu A s", "cpu B s", "B/key", "mem/key");
}

static void print_row(const struct size *s, const struct size *before)
{
    char memory[32] = "";
    if (before != NULL) {
        (void)snprintf(memory, sizeof memory, "%.0f", slope(before, s));
    }
    (void)printf(
        "%-9.9s %8lld %8lld %8lld %5zu %8.2f %8.2f %8.2f %6.2f %6.2f %6.2f %5.0f%% %5.0f%% "
        "%8.2f %8.2f %7.1f %8s\n",
        engine_name(s), (long long)s->pair.accounts, (long long)s->pair.keys_b,
        (long long)s->matched, s->runs, median(s, WALL), median(s, CRYPTO), median(s, EXPECTED),
        median(s, RATIO), median(s, CRYPTO_RATIO), median(s, CPU_RATIO),
        100 * median(s, CRYPTO_IDLE), 100 * proofs_share(s), median(s, CPU_A), median(s, CPU_B),
        both_ways(s), memory);
    (void)fflush(stdout);
}

static void print_phases(const struct size *s)
{
    json_t *o = phases(s);
    const char *name;
    json_t *v;
    (void)printf("%-9.9s %8lld", engine_name(s), (long long)s->pair.accounts);
    json_object_foreach(o, name, v)
    {
        (void)printf("  %s %.2f", name, json_real_value(v));
    }
    (void)printf("\n");
    json_decref(o);
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static size_t runs_of(const struct options *o, unsigned exponent)
{
    if (o->runs > 0) {
        return o->runs;
    }
    return exponent <= 12 ? 5 : exponent <= 15 ? 3 : 1;
}

/* In turns, so that what else the machine does hits both; `other` may be NULL. */
static void measure(const struct options *o, struct size *s, struct size *other)
{
    char dir[BENCH_PATH];
    bench_scratch(o->dir, dir);
    bench_pair_make(&s->pair, dir, 1u << s->exponent);
    if (other != NULL) {
        other->pair = s->pair;
    }
    for (unsigned k = 0; k < runs_of(o, s->exponent); k++) {
        run_once(s, &s->run[s->runs++]);
        if (other != NULL) {
            run_once(other, &other->run[other->runs++]);
        }
    }
    bench_scratch_remove(dir);
}

static void number(const char *text, unsigned least, unsigned most, unsigned *out)
{
    char *end = NULL;
    unsigned long v = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || v < least || v > most) {
        bench_die("expected a number from %u to %u, found '%s'", least, most, text);
    }
    *out = (unsigned)v;
}

static void options(int argc, char **argv, struct options *o)
{
    *o = (struct options){.from = 10, .to = 17};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--json") == 0) {
            o->json = true;
        } else if (strcmp(argv[i], "--compare") == 0) {
            o->compare = true;
        } else if (strcmp(argv[i], "--large") == 0) {
            o->large = true;
        } else if (strcmp(argv[i], "--from") == 0) {
            number(value, 4, LARGE, &o->from);
            i++;
        } else if (strcmp(argv[i], "--to") == 0) {
            number(value, 4, LARGE, &o->to);
            i++;
        } else if (strcmp(argv[i], "--runs") == 0) {
            number(value, 1, RUNS_MAX, &o->runs);
            i++;
        } else if (strcmp(argv[i], "--dir") == 0 && value[0] != '\0') {
            o->dir = value;
            i++;
        } else {
            bench_die("usage: mandorla-bench-round [--json] [--from E] [--to E] [--large] "
                      "[--runs N] [--compare] [--dir DIR]: 2^E accounts a side");
        }
    }
}

/* What the engine gains: on libsodium, the round takes so many times as long. */
static void print_gain(const struct size *s, const struct size *other)
{
    (void)printf("%-9s wall %.2f, crypto %.2f, cpu %.2f times that of %s\n", "",
                 median(other, WALL) / median(s, WALL), median(other, CRYPTO) / median(s, CRYPTO),
                 (median(other, CPU_A) + median(other, CPU_B)) /
                     (median(s, CPU_A) + median(s, CPU_B)),
                 engine_name(s));
}

static void add_size(const struct options *o, unsigned exponent, struct sizes *all, json_t *list)
{
    struct size *s = &all->own[all->n];
    struct size *other = o->compare ? &all->sodium[all->n] : NULL;
    const struct size *before = all->n > 0 ? s - 1 : NULL;
    all->n++;
    s->exponent = exponent;
    if (other != NULL) {
        *other = (struct size){.exponent = exponent, .engine = "libsodium"};
    }
    measure(o, s, other);
    (void)json_array_append_new(list, document(s, before));
    if (other != NULL) {
        (void)json_array_append_new(list, document(other, before != NULL ? other - 1 : NULL));
    }
    if (!o->json) {
        print_row(s, before);
        if (other != NULL) {
            print_row(other, before != NULL ? other - 1 : NULL);
            print_gain(s, other);
        }
    }
}

static void print_end(const struct options *o, const struct sizes *all, json_t *list)
{
    if (o->json) {
        json_t *doc = json_pack("{s:i, s:O}", "cores", (int)bench_cores(), "rounds", list);
        (void)json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        (void)putchar('\n');
        json_decref(doc);
        return;
    }
    (void)printf("\nseconds in each phase, at B\n");
    for (size_t i = 0; i < all->n; i++) {
        print_phases(&all->own[i]);
    }
}

int main(int argc, char **argv)
{
    struct options o;
    static struct sizes all;
    struct mdl_error err;
    int child = bench_child(argc, argv);

    if (child >= 0) {
        return child;
    }
    options(argc, argv, &o);
    if (mdl_group_init(&err) != MDL_OK) {
        bench_die("%s", err.text);
    }
    json_t *list = json_array();
    if (!o.json) {
        print_head();
    }
    for (unsigned e = o.from; e <= o.to; e++) {
        add_size(&o, e, &all, list);
    }
    if (o.large && o.to < LARGE) {
        add_size(&o, LARGE, &all, list);
    }
    print_end(&o, &all, list);
    json_decref(list);
    return 0;
}
