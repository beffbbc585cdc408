/* bench_import.c: one large Salesforce-like export through the import: rows a second, memory, and
 * how long a node's loop lets a caller wait while it imports and a round runs.
 * Usage: mandorla-bench-import [--json] [--rows N] [--accounts N] [--dir DIR]
 * --accounts: of the round beside the import; 0 leaves the waits out. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

struct options {
    unsigned rows, accounts;
    bool json;
    const char *dir;
};

struct imported {
    unsigned rows;
    json_int_t keys;
    double seconds, cpu, before, peak; /* of memory, bytes */
};

struct waits {
    const char *what;
    double median, p99, most; /* milliseconds */
    json_int_t calls;
};

/* ---- an import alone ---------------------------------------------------------------------------
 */

static double field(const json_t *usage, const char *name)
{
    return json_number_value(json_object_get(usage, name));
}

static json_t *salesforce(unsigned rows, bool background)
{
    return json_pack("{s:s, s:i, s:i, s:b}", "kind", "salesforce", "from", 0, "count", (int)rows,
                     "background", (int)background);
}

/* In a fresh node, so that the peak is this import's. */
static void import_alone(const struct options *o, unsigned rows, struct imported *out)
{
    struct bench_node n = {.name = "Northwind"};
    char dir[BENCH_PATH];

    bench_scratch(o->dir, dir);
    if (snprintf(n.dir, sizeof n.dir, "%s/node", dir) >= (int)sizeof n.dir) {
        bench_die("%s is too long", dir);
    }
    bench_start(&n);
    json_t *before = bench_call(&n, "bench.usage", json_pack("{s:b}", "reset", 1));
    double start = bench_now();
    json_t *report = bench_call(&n, "bench.import", salesforce(rows, false));
    double seconds = bench_now() - start;
    json_t *after = bench_call(&n, "bench.usage", NULL);
    *out = (struct imported){.rows = rows,
                             .keys = bench_int(report, "keys_total", NULL),
                             .seconds = seconds,
                             .cpu = field(after, "cpu_s") - field(before, "cpu_s"),
                             .before = 1024 * field(before, "rss_kb"),
                             .peak = 1024 * field(after, "peak_kb")};
    if (bench_int(report, "accounts", NULL) != rows) {
        bench_die("%u rows gave %lld accounts", rows,
                  (long long)bench_int(report, "accounts", NULL));
    }
    json_decref(before);
    json_decref(report);
    json_decref(after);
    bench_stop(&n);
    bench_scratch_remove(dir);
}

/* ---- an import beside a round ------------------------------------------------------------------
 */

static void run_round(struct bench_pair *p)
{
    char id[33];
    json_t *a = NULL;
    json_t *b = NULL;
    bench_round_start(p, id);
    while (a == NULL || b == NULL) {
        bench_sleep_ms(200);
        a = a != NULL ? a : bench_round_ended(&p->a, id, NULL);
        b = b != NULL ? b : bench_round_ended(&p->b, id, NULL);
    }
    json_decref(a);
    json_decref(b);
}

/* What a caller at A waits for verb `status`: the loop answers between its turns, so this is how
 * long a message of the partner can lie, too. */
static void waits(struct bench_pair *p, const char *what, unsigned rows, bool round,
                  struct waits *out)
{
    bench_pair_start(p);
    json_decref(bench_call(&p->a, "bench.probe", json_pack("{s:b}", "on", 1)));
    if (rows > 0) {
        json_decref(bench_call(&p->a, "bench.import", salesforce(rows, true)));
    }
    if (round) {
        run_round(p); /* its list is what stood before the import began */
    }
    if (rows > 0) {
        json_decref(bench_call(&p->a, "bench.import.end", NULL));
    }
    json_t *probed = bench_call(&p->a, "bench.probe", json_pack("{s:b}", "on", 0));
    *out = (struct waits){.what = what,
                          .calls = bench_int(probed, "calls", NULL),
                          .median = field(probed, "median_ms"),
                          .p99 = field(probed, "p99_ms"),
                          .most = field(probed, "max_ms")};
    json_decref(probed);
    bench_pair_stop(p);
}

static void all_waits(const struct options *o, struct waits w[3])
{
    struct bench_pair pair;
    char dir[BENCH_PATH];

    bench_scratch(o->dir, dir);
    bench_pair_make(&pair, dir, o->accounts);
    waits(&pair, "a round", 0, true, &w[0]);
    waits(&pair, "a round and an import", o->rows, true, &w[1]); /* of the next round */
    waits(&pair, "an import", o->rows, false, &w[2]);
    bench_scratch_remove(dir);
}

/* ---- results -----------------------------------------------------------------------------------
 */

static void print_tables(const struct imported *done, size_t n_done, const struct waits *w,
                         size_t n_waits)
{
    (void)printf("%u cores\n\n%9s %9s %9s %9s %9s %12s\n", bench_cores(), "rows", "keys", "seconds",
                 "rows/s", "cpu s", "memory MiB");
    for (size_t i = 0; i < n_done; i++) {
        (void)printf("%9u %9lld %9.2f %9.0f %9.2f %12.1f\n", done[i].rows, (long long)done[i].keys,
                     done[i].seconds, done[i].rows / done[i].seconds, done[i].cpu,
                     (done[i].peak - done[i].before) / (1 << 20));
    }
    (void)printf("\n%-24s %9s %9s %9s %9s\n", "a call waits, ms", "calls", "median", "p99", "most");
    for (size_t i = 0; i < n_waits; i++) {
        (void)printf("%-24s %9lld %9.2f %9.2f %9.2f\n", w[i].what, (long long)w[i].calls,
                     w[i].median, w[i].p99, w[i].most);
    }
}

static void print_json(const struct imported *done, size_t n_done, const struct waits *w,
                       size_t n_waits)
{
    json_t *imports = json_array();
    json_t *list = json_array();
    for (size_t i = 0; i < n_done; i++) {
        (void)json_array_append_new(imports, json_pack("{s:I, s:I, s:f, s:f, s:f, s:f, s:f}",
                                                       "rows", (json_int_t)done[i].rows, "keys",
                                                       done[i].keys, "seconds", done[i].seconds,
                                                       "rows_per_s", done[i].rows / done[i].seconds,
                                                       "cpu_s", done[i].cpu, "rss_before_bytes",
                                                       done[i].before, "peak_bytes", done[i].peak));
    }
    for (size_t i = 0; i < n_waits; i++) {
        (void)json_array_append_new(
            list, json_pack("{s:s, s:I, s:f, s:f, s:f}", "beside", w[i].what, "calls", w[i].calls,
                            "median_ms", w[i].median, "p99_ms", w[i].p99, "max_ms", w[i].most));
    }
    json_t *doc = json_pack("{s:i, s:o, s:o}", "cores", (int)bench_cores(), "imports", imports,
                            "waits", list);
    (void)json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    (void)putchar('\n');
    json_decref(doc);
}

static unsigned number(const char *text, unsigned least)
{
    char *end = NULL;
    unsigned long v = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || v < least || v > 10000000) {
        bench_die("expected a number from %u to 10000000, found '%s'", least, text);
    }
    return (unsigned)v;
}

static void options(int argc, char **argv, struct options *o)
{
    *o = (struct options){.rows = 1000000, .accounts = 1u << 14};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--json") == 0) {
            o->json = true;
        } else if (strcmp(argv[i], "--rows") == 0) {
            o->rows = number(value, 10);
            i++;
        } else if (strcmp(argv[i], "--accounts") == 0) {
            o->accounts = number(value, 0);
            i++;
        } else if (strcmp(argv[i], "--dir") == 0 && value[0] != '\0') {
            o->dir = value;
            i++;
        } else {
            bench_die("usage: mandorla-bench-import [--json] [--rows N] [--accounts N] [--dir "
                      "DIR]");
        }
    }
}

int main(int argc, char **argv)
{
    struct options o;
    struct imported done[2];
    struct waits w[3];
    int child = bench_child(argc, argv);

    if (child >= 0) {
        return child;
    }
    options(argc, argv, &o);
    import_alone(&o, o.rows / 10, &done[0]);
    import_alone(&o, o.rows, &done[1]);
    if (o.accounts > 0) {
        all_waits(&o, w);
    }
    (o.json ? print_json : print_tables)(done, 2, w, o.accounts > 0 ? 3 : 0);
    return 0;
}
