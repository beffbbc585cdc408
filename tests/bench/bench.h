/* bench.h: what the benchmarks share: real nodes as processes of their own, test data, and the
 * reference that a round is compared with. They measure and print; they assert nothing.
 *
 * A program that starts nodes calls bench_child first: with `--node` on its command line it is the
 * node. The parent talks to it over pipes, one JSON document a line.
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <jansson.h>
#include <mandorla/status.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#define BENCH_PATH 512

/* Prints the message and ends the program; child processes end with it. */
_Noreturn void bench_die(const char *fmt, ...) MDL_PRINTF(1, 2);
double bench_now(void); /* seconds, monotonic */
void bench_sleep_ms(unsigned ms);
unsigned bench_cores(void);

/* ---- bench_child.c: the node's side ------------------------------------------------------------
 */

/* Serves a node until its standard input ends, if the command line says --node; else returns -1. */
int bench_child(int argc, char **argv);

/* ---- bench_node.c: the parent's side -----------------------------------------------------------
 */

struct bench_node {
    char dir[BENCH_PATH];
    char name[32];
    char endpoint[64]; /* "": it only dials */
    pid_t pid;
    FILE *to, *from;
};

/* A scratch directory under `base` (NULL: TMPDIR or /tmp), removed by bench_scratch_remove. */
void bench_scratch(const char *base, char out[BENCH_PATH]);
void bench_scratch_remove(const char *dir);

/* Starts a process for the node in n->dir (made if it is not there). */
void bench_start(struct bench_node *n);
void bench_stop(struct bench_node *n);
/* Calls a verb of the service or of the child; `params` is consumed, NULL for none. A verb that
 * fails ends the program. The child's own verbs:
 *   bench.import     {kind: "accounts"|"salesforce", from, count, background}: the import's report,
 *                    or {} at once with background
 *   bench.import.end waits for the background import; its report
 *   bench.usage      {cpu_s, rss_kb, peak_kb}; `reset` makes the peak start again from now
 *   bench.probe      {on}: calls verb status every 5 ms; switching off gives {calls, max_ms,
 * p99_ms} */
json_t *bench_call(struct bench_node *n, const char *verb, json_t *params);

/* Two nodes in `dir` that know each other, a list each (half of it shared), and an agreement that
 * covers it; both processes are stopped again. */
struct bench_pair {
    struct bench_node a, b;
    json_int_t accounts, keys_a, keys_b;
};
void bench_pair_make(struct bench_pair *p, const char *dir, unsigned accounts);
void bench_pair_start(struct bench_pair *p); /* and waits until they are connected */
void bench_pair_stop(struct bench_pair *p);
/* B proposes a round; its id. */
void bench_round_start(struct bench_pair *p, char id[33]);
/* The round's document if it has ended, else NULL; *phase is what it says, if not NULL. */
json_t *bench_round_ended(struct bench_node *n, const char *id, char phase[32]);

/* ---- bench_accounts.c: lists -------------------------------------------------------------------
 */

/* Header and row `i` of a list; the length. Row i is the same company in every list. */
enum bench_list { BENCH_ACCOUNTS, BENCH_SALESFORCE };
#define BENCH_ROW 512
size_t bench_header(enum bench_list kind, char out[BENCH_ROW]);
size_t bench_row(enum bench_list kind, unsigned i, char out[BENCH_ROW]);

/* ---- bench_reference.c: libsodium alone --------------------------------------------------------
 */

struct bench_reference {                    /* operations a second, all cores together */
    double hash;                            /* crypto_core_ristretto255_from_hash */
    double multiply;                        /* crypto_scalarmult_ristretto255 */
    double add;                             /* crypto_core_ristretto255_add */
    double cpu_hash, cpu_multiply, cpu_add; /* a second of CPU time */
};
void bench_reference(double seconds, struct bench_reference *out);
/* The group operations of both sides of a round, as time; a side hashes n, multiplies n own and the
 * partner's n, and weighs 3 points (one multiplication, one addition) for each match. */
struct bench_work {
    double n_a, n_b, matched;
};
double bench_expected_wall(const struct bench_reference *r, const struct bench_work *w);
double bench_expected_cpu(const struct bench_reference *r, const struct bench_work *w);

/* ---- numbers -----------------------------------------------------------------------------------
 */
double bench_median(double *v, size_t n); /* sorts */
/* Seconds that the machine's cores were idle, all together, since it started. */
double bench_machine_idle(void);
json_int_t bench_int(const json_t *o, const char *a, const char *b); /* o.a or o.a.b */
double bench_time(const json_t *o, const char *name); /* an RFC 3339 time as seconds; 0 if null */

#endif
