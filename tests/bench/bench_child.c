/* bench_child.c: a node as a process: it serves, and answers the verbs that come on its standard
 * input. It may not know what is being measured. */
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <service.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PROBE_MS   5
#define PROBES_MAX 1000000

struct import {
    struct child *child;
    enum bench_list kind;
    unsigned from, count;
    json_t *report;
};

struct child {
    struct mdl_service *service;
    pthread_t loop;
    struct import import;
    pthread_t importing;
    pthread_t probing;
    atomic_bool probe;
    float *probed; /* milliseconds */
    size_t n_probed;
};

static void log_line(const char *level, const char *text)
{
    if (getenv("MANDORLA_TEST_LOG") != NULL || strcmp(level, "error") == 0) {
        (void)fprintf(stderr, "%d [%s] %s\n", (int)getpid(), level, text);
    }
}

static void *serve(void *ctx)
{
    struct child *c = ctx;
    struct mdl_error err = {MDL_OK, ""};
    (void)pthread_setname_np(pthread_self(), "loop"); /* for profilers */
    if (mdl_service_run(c->service, &err) != MDL_OK) {
        bench_die("the node stopped: %s", err.text);
    }
    return NULL;
}

/* ---- import ------------------------------------------------------------------------------------
 */

static void must(enum mdl_status st, const struct mdl_error *err)
{
    if (st != MDL_OK) {
        bench_die("import: %s", err->text);
    }
}

static void feed_rows(struct mdl_upload *u, const struct import *m)
{
    static _Thread_local char buf[64 * 1024];
    struct mdl_error err = {MDL_OK, ""};
    size_t n = bench_header(m->kind, buf);

    for (unsigned i = 0; i < m->count; i++) {
        if (sizeof buf - n < BENCH_ROW) {
            must(mdl_upload_feed(u, buf, n, &err), &err);
            n = 0;
        }
        n += bench_row(m->kind, m->from + i, buf + n);
    }
    must(mdl_upload_feed(u, buf, n, &err), &err);
}

static void *import(void *ctx)
{
    struct import *m = ctx;
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_upload *u = NULL;
    json_t *params = json_object();

    must(mdl_upload_begin(m->child->service, params, &u, &err), &err);
    must(mdl_upload_file(u, "bench.csv", &err), &err);
    feed_rows(u, m);
    must(mdl_upload_file_end(u, &err), &err);
    must(mdl_upload_finish(u, &m->report, &err), &err);
    mdl_upload_free(u);
    json_decref(params);
    return NULL;
}

static json_t *import_end(struct child *c)
{
    (void)pthread_join(c->importing, NULL);
    json_t *report = c->import.report;
    c->import.report = NULL;
    return report;
}

static json_t *verb_import(struct child *c, const json_t *params)
{
    const char *kind = json_string_value(json_object_get(params, "kind"));
    c->import = (struct import){
        .child = c,
        .kind = kind != NULL && strcmp(kind, "salesforce") == 0 ? BENCH_SALESFORCE : BENCH_ACCOUNTS,
        .from = (unsigned)bench_int(params, "from", NULL),
        .count = (unsigned)bench_int(params, "count", NULL)};
    if (pthread_create(&c->importing, NULL, import, &c->import) != 0) {
        bench_die("no thread to be had");
    }
    return json_is_true(json_object_get(params, "background")) ? json_object() : import_end(c);
}

static json_t *verb_import_end(struct child *c, const json_t *params)
{
    (void)params;
    return import_end(c);
}

/* ---- usage -------------------------------------------------------------------------------------
 */

static json_int_t status_kb(const char *field)
{
    char line[256];
    long long kb = 0;
    FILE *f = fopen("/proc/self/status", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, field, strlen(field)) == 0) {
            kb = strtoll(line + strlen(field), NULL, 10);
        }
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return kb;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

static json_t *verb_usage(struct child *c, const json_t *params)
{
    struct rusage u;
    (void)c;
    if (json_is_true(json_object_get(params, "reset"))) {
        FILE *f = fopen("/proc/self/clear_refs", "we");
        if (f == NULL || fputs("5", f) == EOF || fclose(f) != 0) {
            bench_die("the peak of memory cannot be reset: %s", strerror(errno));
        }
    }
    (void)getrusage(RUSAGE_SELF, &u);
    return json_pack("{s:f, s:I, s:I}", "cpu_s", seconds(u.ru_utime) + seconds(u.ru_stime),
                     "rss_kb", status_kb("VmRSS:"), "peak_kb", status_kb("VmHWM:"));
}

/* ---- probe: how long the loop lets a verb wait --------------------------------------------------
 */

static void *probe(void *ctx)
{
    struct child *c = ctx;
    while (atomic_load(&c->probe) && c->n_probed < PROBES_MAX) {
        struct mdl_error err = {MDL_OK, ""};
        json_t *result = NULL;
        json_t *params = json_object();
        double start = bench_now();
        if (mdl_service_do(c->service, "status", params, &result, &err) != MDL_OK) {
            bench_die("status: %s", err.text);
        }
        c->probed[c->n_probed++] = (float)(1e3 * (bench_now() - start));
        json_decref(result);
        json_decref(params);
        bench_sleep_ms(PROBE_MS);
    }
    return NULL;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x > y) - (x < y);
}

static json_t *verb_probe(struct child *c, const json_t *params)
{
    bool on = json_is_true(json_object_get(params, "on"));
    atomic_store(&c->probe, on);
    if (on) {
        c->n_probed = 0;
        c->probed = calloc(PROBES_MAX, sizeof *c->probed);
        if (c->probed == NULL || pthread_create(&c->probing, NULL, probe, c) != 0) {
            bench_die("the probe cannot start");
        }
        return json_object();
    }
    (void)pthread_join(c->probing, NULL);
    qsort(c->probed, c->n_probed, sizeof *c->probed, ascending);
    size_t n = c->n_probed;
    json_t *o = json_pack("{s:I, s:f, s:f, s:f}", "calls", (json_int_t)n, "median_ms",
                          n > 0 ? (double)c->probed[n / 2] : 0, "p99_ms",
                          n > 0 ? (double)c->probed[n * 99 / 100] : 0, "max_ms",
                          n > 0 ? (double)c->probed[n - 1] : 0);
    free(c->probed);
    return o;
}

/* ---- requests ----------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    json_t *(*run)(struct child *c, const json_t *params);
} own[] = {{"bench.import", verb_import},
           {"bench.import.end", verb_import_end},
           {"bench.usage", verb_usage},
           {"bench.probe", verb_probe}};

static json_t *answer(struct child *c, const char *verb, const json_t *params)
{
    struct mdl_error err = {MDL_OK, ""};
    json_t *result = NULL;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strcmp(own[i].name, verb) == 0) {
            return json_pack("{s:o}", "result", own[i].run(c, params));
        }
    }
    enum mdl_status st = mdl_service_do(c->service, verb, params, &result, &err);
    if (st != MDL_OK) {
        json_decref(result);
        return json_pack("{s:s}", "error", err.text);
    }
    return json_pack("{s:o}", "result", result);
}

static void requests(struct child *c)
{
    json_t *request;
    while ((request = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        json_t *a = answer(c, json_string_value(json_object_get(request, "verb")),
                           json_object_get(request, "params"));
        if (json_dumpf(a, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF ||
            fflush(stdout) != 0) {
            bench_die("the parent went away");
        }
        json_decref(a);
        json_decref(request);
    }
}

static void make_node(const char *dir, const char *name, const char *endpoint)
{
    struct mdl_init_options o = {.name = name,
                                 .endpoint = endpoint[0] != '\0' ? endpoint : NULL,
                                 .passphrase = {.none = true},
                                 .fast_kdf = true};
    struct mdl_error err = {MDL_OK, ""};
    struct stat st;
    json_t *doc = NULL;
    if (stat(dir, &st) != 0 && mdl_node_init(dir, &o, &doc, &err) != MDL_OK) {
        bench_die("init: %s", err.text);
    }
    json_decref(doc);
}

int bench_child(int argc, char **argv)
{
    struct mdl_passphrase_source pass = {.none = true};
    struct mdl_error err = {MDL_OK, ""};
    static struct child c;

    if (argc != 5 || strcmp(argv[1], "--node") != 0) {
        return -1;
    }
    make_node(argv[2], argv[3], argv[4]);
    if (mdl_service_open(argv[2], &pass, log_line, &c.service, &err) != MDL_OK) {
        bench_die("%s: %s", argv[2], err.text);
    }
    if (pthread_create(&c.loop, NULL, serve, &c) != 0) {
        bench_die("no thread to be had");
    }
    requests(&c);
    mdl_service_stop(c.service);
    (void)pthread_join(c.loop, NULL);
    mdl_service_close(c.service);
    return 0;
}
