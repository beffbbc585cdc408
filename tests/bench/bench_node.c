/* bench_node.c: starts nodes as processes and talks to them over pipes.
 * It may not look into a node's directory: what it knows comes from verbs. */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STANDARD_KEYS 1000000 /* the standard agreement's cap on the keys of a round */

/* ---- scratch -----------------------------------------------------------------------------------
 */

void bench_scratch(const char *base, char out[BENCH_PATH])
{
    const char *tmp = getenv("TMPDIR");
    base = base != NULL ? base : tmp != NULL ? tmp : "/tmp";
    if (snprintf(out, BENCH_PATH, "%s/mandorla-bench-XXXXXX", base) >= BENCH_PATH - 32 ||
        mkdtemp(out) == NULL) {
        bench_die("no scratch directory in %s: %s", base, strerror(errno));
    }
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void bench_scratch_remove(const char *dir)
{
    if (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        (void)fprintf(stderr, "%s stays: %s\n", dir, strerror(errno));
    }
}

/* ---- processes ---------------------------------------------------------------------------------
 */

_Noreturn static void become(const struct bench_node *n, const int in[2], const int out[2])
{
    char *const argv[] = {(char *)(uintptr_t) "mandorla-bench",
                          (char *)(uintptr_t) "--node",
                          (char *)(uintptr_t)n->dir,
                          (char *)(uintptr_t)n->name,
                          (char *)(uintptr_t)n->endpoint,
                          NULL};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(in[0], STDIN_FILENO) >= 0 && dup2(out[1], STDOUT_FILENO) >= 0) {
        (void)execv("/proc/self/exe", argv);
    }
    _exit(127);
}

void bench_start(struct bench_node *n)
{
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        bench_die("no pipe: %s", strerror(errno));
    }
    n->pid = fork();
    if (n->pid < 0) {
        bench_die("no process: %s", strerror(errno));
    }
    if (n->pid == 0) {
        become(n, in, out);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    n->to = fdopen(in[1], "w");
    n->from = fdopen(out[0], "r");
    if (n->to == NULL || n->from == NULL) {
        bench_die("no stream: %s", strerror(errno));
    }
}

void bench_stop(struct bench_node *n)
{
    int status = 0;
    (void)fclose(n->to);
    if (waitpid(n->pid, &status, 0) != n->pid || status != 0) {
        bench_die("node %s ended with %d", n->name, status);
    }
    (void)fclose(n->from);
}

json_t *bench_call(struct bench_node *n, const char *verb, json_t *params)
{
    json_t *request =
        json_pack("{s:s, s:o}", "verb", verb, "params", params != NULL ? params : json_object());
    if (json_dumpf(request, n->to, JSON_COMPACT) != 0 || fputc('\n', n->to) == EOF ||
        fflush(n->to) != 0) {
        bench_die("node %s does not listen", n->name);
    }
    json_decref(request);
    json_t *answer = json_loadf(n->from, JSON_DISABLE_EOF_CHECK, NULL);
    json_t *result = json_object_get(answer, "result");
    if (result == NULL) {
        const char *why = json_string_value(json_object_get(answer, "error"));
        bench_die("node %s: %s: %s", n->name, verb, why != NULL ? why : "no answer");
    }
    (void)json_incref(result);
    json_decref(answer);
    return result;
}

/* ---- two nodes ---------------------------------------------------------------------------------
 */

static void free_endpoint(char out[64])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0) {
        bench_die("no port: %s", strerror(errno));
    }
    (void)close(fd);
    (void)snprintf(out, 64, "tcp://127.0.0.1:%u", (unsigned)ntohs(a.sin_port));
}

static void accept_invitation(struct bench_node *of, struct bench_node *by)
{
    json_t *invitation = bench_call(of, "partner.invite", NULL);
    const char *token = json_string_value(json_object_get(invitation, "token"));
    json_decref(
        bench_call(by, "partner.accept", json_pack("{s:s, s:b}", "token", token, "accept", 1)));
    json_decref(invitation);
}

static void wait_connected(struct bench_node *n)
{
    for (int i = 0; i < 3000; i++) {
        json_t *list = bench_call(n, "partner.list", NULL);
        const json_t *p = json_array_get(json_object_get(list, "partners"), 0);
        const char *state = json_string_value(json_object_get(p, "state"));
        bool up = state != NULL && strcmp(state, "connected") == 0;
        json_decref(list);
        if (up) {
            return;
        }
        bench_sleep_ms(10);
    }
    bench_die("node %s is not connected after 30 s", n->name);
}

/* The agreement of a list beyond the standard cap is proposed by hand. */
static void agree(struct bench_pair *p, json_int_t keys)
{
    if (keys <= STANDARD_KEYS) {
        return;
    }
    json_decref(bench_call(
        &p->b, "agreement.propose",
        json_pack("{s:s, s:I}", "partner", p->a.name, "max_keys", (json_int_t)(keys + keys / 8))));
    for (int i = 0; i < 3000; i++) {
        json_t *list = bench_call(&p->a, "agreement.list", NULL);
        size_t n = json_array_size(json_object_get(list, "agreements"));
        json_decref(list);
        if (n > 0) {
            json_decref(
                bench_call(&p->a, "agreement.accept", json_pack("{s:s}", "agreement", p->b.name)));
            bench_sleep_ms(500); /* until it is in force on both sides */
            return;
        }
        bench_sleep_ms(10);
    }
    bench_die("the agreement did not arrive");
}

static json_int_t import(struct bench_node *n, unsigned from, unsigned count)
{
    json_t *report = bench_call(
        n, "bench.import",
        json_pack("{s:s, s:i, s:i}", "kind", "accounts", "from", (int)from, "count", (int)count));
    json_int_t keys = bench_int(report, "keys_total", NULL);
    if (bench_int(report, "accounts", NULL) != count) {
        bench_die("%u rows gave %lld accounts", count,
                  (long long)bench_int(report, "accounts", NULL));
    }
    json_decref(report);
    return keys;
}

static void set_up(struct bench_node *n, const char *dir, const char *name)
{
    (void)snprintf(n->name, sizeof n->name, "%s", name);
    if (snprintf(n->dir, sizeof n->dir, "%s/%s", dir, name) >= BENCH_PATH) {
        bench_die("%s is too long", dir);
    }
}

void bench_pair_make(struct bench_pair *p, const char *dir, unsigned accounts)
{
    memset(p, 0, sizeof *p);
    set_up(&p->a, dir, "Northwind");
    set_up(&p->b, dir, "Contoso");
    free_endpoint(p->a.endpoint);
    p->accounts = accounts;
    bench_start(&p->a);
    bench_start(&p->b);
    p->keys_a = import(&p->a, 0, accounts);
    p->keys_b = import(&p->b, accounts / 2, accounts);
    accept_invitation(&p->a, &p->b);
    accept_invitation(&p->b, &p->a);
    wait_connected(&p->a);
    wait_connected(&p->b);
    agree(p, p->keys_a > p->keys_b ? p->keys_a : p->keys_b);
    bench_pair_stop(p);
}

void bench_pair_start(struct bench_pair *p)
{
    bench_start(&p->a);
    bench_start(&p->b);
    wait_connected(&p->a);
    wait_connected(&p->b);
}

void bench_pair_stop(struct bench_pair *p)
{
    bench_stop(&p->b);
    bench_stop(&p->a);
}

/* Beyond the standard agreement no standing rule approves: the operator does. */
static void approve(struct bench_pair *p, const char *id)
{
    for (int i = 0; i < 3000; i++) {
        json_t *doc = bench_call(&p->a, "round.list", json_pack("{s:i}", "limit", 1));
        const json_t *round = json_array_get(json_object_get(doc, "rounds"), 0);
        const char *there = json_string_value(json_object_get(round, "id"));
        bool asked = there != NULL && strcmp(there, id) == 0;
        json_decref(doc);
        if (asked) {
            json_decref(bench_call(&p->a, "round.approve", json_pack("{s:s}", "round", id)));
            return;
        }
        bench_sleep_ms(10);
    }
    bench_die("the round was not proposed");
}

void bench_round_start(struct bench_pair *p, char id[33])
{
    json_t *doc = bench_call(&p->b, "round.start", json_pack("{s:s}", "partner", p->a.name));
    const char *text = json_string_value(json_object_get(json_object_get(doc, "round"), "id"));
    (void)snprintf(id, 33, "%s", text != NULL ? text : "");
    json_decref(doc);
    if (p->keys_a > STANDARD_KEYS || p->keys_b > STANDARD_KEYS) {
        approve(p, id);
    }
}

json_t *bench_round_ended(struct bench_node *n, const char *id, char phase[32])
{
    json_t *list = bench_call(n, "round.list", json_pack("{s:i}", "limit", 1));
    json_t *round = json_array_get(json_object_get(list, "rounds"), 0);
    const char *now = json_string_value(json_object_get(round, "id"));
    const char *state = json_string_value(json_object_get(round, "state"));
    const char *text = json_string_value(json_object_get(round, "phase"));

    if (phase != NULL) {
        (void)snprintf(phase, 32, "%s", text != NULL ? text : "");
    }
    if (now == NULL || strcmp(now, id) != 0 ||
        !json_is_string(json_object_get(round, "finished"))) {
        json_decref(list);
        return NULL;
    }
    if (state == NULL || strcmp(state, "complete") != 0) {
        const char *why = json_string_value(json_object_get(round, "text"));
        bench_die("the round is %s: %s", state, why != NULL ? why : "");
    }
    (void)json_incref(round);
    json_decref(list);
    return round;
}
