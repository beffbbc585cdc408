/* bench_common.c: clock, numbers and ends that the benchmarks share. */
#include "bench.h"

#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

_Noreturn void bench_die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)fputs("mandorla-bench: ", stderr);
    (void)vfprintf(stderr, fmt, ap);
    (void)fputc('\n', stderr);
    va_end(ap);
    _exit(1);
}

double bench_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void bench_sleep_ms(unsigned ms)
{
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

unsigned bench_cores(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, ascending);
    return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Idle and waiting for a disk: fields 4 and 5 of the first line. */
double bench_machine_idle(void)
{
    unsigned long long v[5] = {0};
    FILE *f = fopen("/proc/stat", "re");
    if (f == NULL) {
        return 0;
    }
    int n = fscanf(f, "cpu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3], &v[4]);
    (void)fclose(f);
    return n == 5 ? (double)(v[3] + v[4]) / (double)sysconf(_SC_CLK_TCK) : 0;
}

json_int_t bench_int(const json_t *o, const char *a, const char *b)
{
    const json_t *v = json_object_get(o, a);
    v = b != NULL ? json_object_get(v, b) : v;
    if (!json_is_integer(v)) {
        bench_die("no number %s%s%s", a, b != NULL ? "." : "", b != NULL ? b : "");
    }
    return json_integer_value(v);
}

double bench_time(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));
    struct tm tm = {0};
    const char *rest = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    if (rest == NULL) {
        return 0;
    }
    return (double)timegm(&tm) + (*rest == '.' ? strtod(rest, NULL) : 0);
}
