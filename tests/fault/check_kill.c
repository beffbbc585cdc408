/* check_kill.c: kill -9 of a real node at every message it sends in a round, on either side.
 *
 * For each row of the message table, for each side, before and after the message: two processes,
 * real CURVE sockets. The node is killed, started again, and both must end in one of: the same
 * result; a partial result whose opened slices differ by at most one; a logged, clean abort on
 * both. Then the database must pass its integrity check and the log its chain. Prints a line for
 * each row. */
#include "nodes.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wire.h>

#define ACCOUNTS 300

struct process {
    char dir[256];
    pid_t pid;
    FILE *in;  /* verbs */
    FILE *out; /* answers */
};

static struct process side[2];
static const char *const names[2] = {"Northwind", "Contoso"};
static char program[512];
static char newest[40]; /* the round before */

/* ---- processes ----------------------------------------------------------------------------------
 */

static void start(struct process *p, int type, bool after, int nth)
{
    int to[2];
    int from[2];
    char number[16];
    char which[16];
    ck_assert_int_eq(pipe(to), 0);
    ck_assert_int_eq(pipe(from), 0);
    snprintf(number, sizeof number, "%d", type);
    snprintf(which, sizeof which, "%d", nth);
    p->pid = fork();
    ck_assert_int_ge(p->pid, 0);
    if (p->pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        for (int fd = 3; fd < 64; fd++) {
            close(fd);
        }
        if (type == 0) {
            execl(program, program, p->dir, (char *)NULL);
        } else {
            execl(program, program, p->dir, number, after ? "after" : "before", which,
                  (char *)NULL);
        }
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    p->in = fdopen(to[1], "w");
    p->out = fdopen(from[0], "r");
    char line[256];
    ck_assert_msg(fgets(line, sizeof line, p->out) != NULL, "node in %s did not start", p->dir);
    ck_assert_msg(strncmp(line, "ready", 5) == 0, "node in %s: %s", p->dir, line);
}

static int reap(struct process *p)
{
    int status = 0;
    fclose(p->in);
    ck_assert_int_eq(waitpid(p->pid, &status, 0), p->pid);
    fclose(p->out);
    p->pid = 0;
    return status;
}

/* NULL if the node died. */
static json_t *ask(struct process *p, const char *verb, json_t *params, char status[40])
{
    char *text = json_dumps(params, JSON_COMPACT);
    char *line = NULL;
    size_t cap = 0;
    json_t *doc = NULL;
    fprintf(p->in, "%s\t%s\n", verb, text);
    fflush(p->in);
    if (getline(&line, &cap, p->out) > 0) {
        char *tab = strchr(line, '\t');
        ck_assert_ptr_nonnull(tab);
        *tab = '\0';
        snprintf(status, 40, "%s", line);
        doc = json_loads(tab + 1, 0, NULL);
    }
    free(line);
    free(text);
    json_decref(params);
    return doc;
}

static bool is_dead(const struct process *p)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == p->pid;
}

/* ---- one case -----------------------------------------------------------------------------------
 */

static void nap(long ms)
{
    struct timespec ts = {ms / 1000, (ms % 1000) * 1000000};
    nanosleep(&ts, NULL);
}

static json_t *round_of(struct process *p, const char *id)
{
    char status[40];
    json_t *doc = ask(p, "round.show", json_pack("{s:s}", "round", id), status);
    json_t *round = doc != NULL ? json_incref(json_object_get(doc, "round")) : NULL;
    json_decref(doc);
    return round;
}

static const char *text_of(const json_t *round, const char *key)
{
    const char *s = json_string_value(json_object_get(round, key));
    return s != NULL ? s : "-";
}

static bool has_ended(const json_t *round)
{
    const char *state = text_of(round, "state");
    return strcmp(state, "complete") == 0 || strcmp(state, "partial") == 0 ||
           strcmp(state, "aborted") == 0 || strcmp(state, "refused") == 0;
}

static json_t *wait_end(struct process *p, const char *id)
{
    for (int i = 0; i < 1500; i++) {
        json_t *round = round_of(p, id);
        if (round != NULL && has_ended(round)) {
            return round;
        }
        json_decref(round);
        nap(20);
    }
    return NULL;
}

static json_int_t opened(const json_t *round)
{
    return json_integer_value(json_object_get(json_object_get(round, "slices"), "opened"));
}

static json_int_t accounts(const json_t *round)
{
    return json_integer_value(json_object_get(json_object_get(round, "accounts"), "own"));
}

static void check_pair(const json_t *a, const json_t *b, const char *what)
{
    const char *sa = text_of(a, "state");
    const char *sb = text_of(b, "state");
    bool complete = strcmp(sa, "complete") == 0;
    json_int_t apart = opened(a) - opened(b);
    ck_assert_msg(complete == (strcmp(sb, "complete") == 0), "%s: %s and %s", what, sa, sb);
    if (complete) {
        ck_assert_msg(accounts(a) == accounts(b) && accounts(a) > 0, "%s: results differ", what);
        return;
    }
    ck_assert_msg(apart >= -1 && apart <= 1, "%s: opened slices %lld and %lld", what,
                  (long long)opened(a), (long long)opened(b));
    ck_assert_msg(strcmp(text_of(a, "code"), "-") != 0 && strcmp(text_of(b, "code"), "-") != 0,
                  "%s: an end without a reason", what);
}

static void check_log(struct process *p, const char *what)
{
    char status[40] = "";
    json_t *v = ask(p, "audit.verify", json_object(), status);
    ck_assert_msg(v != NULL && json_is_true(json_object_get(v, "ok")), "%s: the log of %s: %s",
                  what, p->dir, v != NULL ? json_dumps(v, 0) : "dead");
    json_decref(v);
}

static void check_database(struct process *p, const char *what)
{
    char path[300];
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    snprintf(path, sizeof path, "%s/mandorla.db", p->dir);
    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &q, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
    ck_assert_msg(strcmp((const char *)sqlite3_column_text(q, 0), "ok") == 0, "%s: %s: %s", what,
                  path, sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    sqlite3_close(db);
}

/* The starter died in the answer to round.start: the round is there, or was never made. */
static void find_or_start(char id[40])
{
    char status[40];
    json_t *doc = ask(&side[0], "round.list", json_object(), status);
    snprintf(id, 40, "%s", text_of(json_array_get(json_object_get(doc, "rounds"), 0), "id"));
    json_decref(doc);
    if (strcmp(id, "-") == 0 || strcmp(id, newest) == 0) {
        doc = ask(&side[0], "round.start", json_pack("{s:s}", "partner", names[1]), status);
        ck_assert_msg(doc != NULL && strcmp(status, "ok") == 0, "round.start: %s", status);
        snprintf(id, 40, "%s", text_of(json_object_get(doc, "round"), "id"));
        json_decref(doc);
    }
}

/* Starts a round from side 0 and lets `victim` die at its message; false if it never sends one. */
static bool run_case(int type, int victim, bool after, int nth)
{
    char what[96];
    char status[40];
    char id[40] = "";
    snprintf(what, sizeof what, "%-17s %s dies %s no. %d", mdl_msg_name((uint8_t)type),
             names[victim], after ? "after" : "before", nth);
    for (int i = 0; i < 2; i++) {
        start(&side[i], i == victim ? type : 0, after, nth);
    }
    json_t *doc = ask(&side[0], "round.start", json_pack("{s:s}", "partner", names[1]), status);
    if (doc != NULL) {
        snprintf(id, sizeof id, "%s", text_of(json_object_get(doc, "round"), "id"));
        json_decref(doc);
    }
    bool died = false;
    for (int i = 0; i < 1000 && !died; i++) {
        died = is_dead(&side[victim]);
        json_t *round = died || id[0] == '\0' ? NULL : round_of(&side[0], id);
        bool over = round != NULL && has_ended(round);
        json_decref(round);
        if (over) {
            nap(300); /* the last messages of the other side */
            died = is_dead(&side[victim]);
            break;
        }
        nap(20);
    }
    if (died) {
        ck_assert(WIFSIGNALED(reap(&side[victim])));
        check_database(&side[victim], what);
        start(&side[victim], 0, false, 0);
    }
    if (id[0] == '\0') {
        find_or_start(id);
    }
    json_t *a = wait_end(&side[0], id);
    json_t *b = a != NULL ? wait_end(&side[1], id) : NULL;
    ck_assert_msg(a != NULL && b != NULL, "%s: round %s does not end", what, id);
    printf("%s: %s | %s %s (%lld slices, %s) | %s %s (%lld slices, %s)\n", what,
           died ? "killed" : "not sent", names[0], text_of(a, "state"), (long long)opened(a),
           text_of(a, "code"), names[1], text_of(b, "state"), (long long)opened(b),
           text_of(b, "code"));
    check_pair(a, b, what);
    snprintf(newest, sizeof newest, "%s", id);
    json_decref(a);
    json_decref(b);
    for (int i = 0; i < 2; i++) {
        check_log(&side[i], what);
        int ended = reap(&side[i]);
        ck_assert_msg(WIFEXITED(ended) && WEXITSTATUS(ended) == 0, "%s: bad end of %s", what,
                      names[i]);
        check_database(&side[i], what);
    }
    return died;
}

/* ---- setting up ---------------------------------------------------------------------------------
 */

static char *list_for(int which)
{
    size_t cap = ACCOUNTS * 96 + 128;
    char *text = malloc(cap);
    size_t used = (size_t)snprintf(text, cap, "Account Name,Website,Type,Account ID\n");
    for (int i = 0; i < ACCOUNTS; i++) {
        /* Every second account is on both lists. */
        int number = i % 2 == 0 ? i : i + 1000 * (which + 1);
        used += (size_t)snprintf(text + used, cap - used, "Company %d,company-%d.com,%s,R%d\n",
                                 number, number, i % 3 == 0 ? "Customer" : "Prospect", i);
    }
    return text;
}

static void make_nodes(void)
{
    struct node n[2];
    char endpoint[64];
    free_endpoint(endpoint);
    node_start(&n[0], names[0], endpoint);
    node_start(&n[1], names[1], NULL);
    for (int i = 0; i < 2; i++) {
        char *text = list_for(i);
        json_decref(node_import(&n[i], "list.csv", text, NULL));
        free(text);
    }
    nodes_pair(&n[0], &n[1], true);
    for (int i = 0; i < 2; i++) {
        memcpy(side[i].dir, n[i].dir, sizeof side[i].dir);
        node_stop(&n[i]);
    }
}

static void remove_nodes(void)
{
    for (int i = 0; i < 2; i++) {
        struct node n;
        if (side[i].pid > 0) {
            (void)kill(side[i].pid, SIGKILL);
        }
        memset(&n, 0, sizeof n);
        memcpy(n.dir, side[i].dir, sizeof n.dir);
        node_remove(&n);
    }
}

START_TEST(at_every_message)
{
    bool all = getenv("MANDORLA_LONG") != NULL;
    unsigned killed = 0;
    unsigned others = 0;
    make_nodes();
    for (size_t i = 0; i < mdl_msg_count(); i++) {
        int type = mdl_msg_type_at(i);
        bool sent = false;
        if (mdl_msg_class_of((uint8_t)type) == MDL_MSG_NODE && type != MDL_MSG_NODE_INFO) {
            others++; /* agreements, disputes: proto/session's simulator and tests/unit/service */
            continue;
        }
        for (int k = 0; k < 4; k++) {
            /* The normal run takes each message once a side, in turn before and after it. */
            if (all || (k & 1) == (int)((i + (size_t)(k >> 1)) % 2)) {
                sent = run_case(type, k >> 1, (k & 1) != 0, 1) || sent;
            }
        }
        killed += sent ? 1 : 0;
        fflush(stdout);
    }
    /* In the middle and at the end of the slices. */
    ck_assert(run_case(MDL_MSG_SLICE, 0, true, 31));
    ck_assert(run_case(MDL_MSG_SLICE, 1, false, 64));
    ck_assert(run_case(MDL_MSG_MASKS, 1, true, 32));
    ck_assert(run_case(MDL_MSG_MASKS, 0, false, 64));
    /* ROUND_REFUSE and ABORT are not part of a round that goes well. */
    ck_assert_msg(killed + 2 + others >= mdl_msg_count(), "only %u message types were reached",
                  killed);
    remove_nodes();
}
END_TEST

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc != 2) {
        fprintf(stderr, "usage: check-fault-kill PATH_OF_FAULT_NODE\n");
        return 2;
    }
    snprintf(program, sizeof program, "%s", argv[1]);
    Suite *s = suite_create("kill -9");
    TCase *t = tcase_create("every message");
    tcase_set_timeout(t, 3000);
    tcase_add_test(t, at_every_message);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
