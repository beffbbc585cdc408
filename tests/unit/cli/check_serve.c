/* check_serve.c: log lines, the service manager, and serving as a process that signals end.
 * It may not test what a node does. */
#include "../../../node/cli/serve.h"
#include "support.h"

#include <errno.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void matches(const char *text, const char *pattern)
{
    regex_t re;
    ck_assert_int_eq(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_msg(regexec(&re, text, 0, NULL, 0) == 0, "'%s' against: %s", pattern, text);
    regfree(&re);
}

START_TEST(log_lines)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    log_line(f, "warning", "Evil\nCo\033[2J: connected");
    (void)fclose(f);
    matches(text, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z warning "
                  "Evil.*Co.*: connected\n$");
    ck_assert_ptr_eq(strchr(text, '\n'), text + len - 1); /* one line, whatever is in it */
    ck_assert_ptr_null(strchr(text, '\033'));
    free(text);
}
END_TEST

/* ---- the service manager -----------------------------------------------------------------------
 */

static int manager(const char *name, socklen_t len)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    memcpy(addr.sun_path, name, len);
    ck_assert_int_eq(
        bind(fd, (struct sockaddr *)&addr, (socklen_t)offsetof(struct sockaddr_un, sun_path) + len),
        0);
    return fd;
}

START_TEST(notifications)
{
    char dir[] = "/tmp/mandorla-notify-XXXXXX";
    char path[64];
    char name[64];
    char got[64];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/s", dir);
    int fd = manager(path, (socklen_t)strlen(path) + 1);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", path, 1), 0);
    ck_assert(notify_manager("READY=1"));
    ck_assert_int_eq(recv(fd, got, sizeof got, 0), 7);
    ck_assert_mem_eq(got, "READY=1", 7);
    (void)close(fd);
    ck_assert(!notify_manager("READY=1")); /* nobody there any more */
    (void)unlink(path);
    (void)rmdir(dir);

    (void)snprintf(name, sizeof name, "@mandorla-%ld", (long)getpid());
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
    name[0] = '\0';
    fd = manager(name, (socklen_t)(1 + strlen(name + 1)));
    ck_assert(notify_manager("STOPPING=1"));
    ck_assert_int_eq(recv(fd, got, sizeof got, 0), 10);
    (void)close(fd);
}
END_TEST

START_TEST(no_manager)
{
    char long_path[200] = "/";
    static const char *const names[] = {"", "/", "relative", "@"};
    memset(long_path + 1, 'x', 150);
    ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
    ck_assert(!notify_manager("READY=1"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_int_eq(setenv("NOTIFY_SOCKET", names[i], 1), 0);
        ck_assert(!notify_manager("READY=1"));
    }
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", long_path, 1), 0);
    ck_assert(!notify_manager("READY=1"));
    ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
}
END_TEST

/* ---- a process ---------------------------------------------------------------------------------
 */

struct process {
    pid_t pid;
    int log; /* its standard error */
    char text[16384];
    size_t len;
};

static void serve_process(struct process *p, const char *dir, const char *notify)
{
    int ends[2];
    memset(p, 0, sizeof *p);
    ck_assert_int_eq(pipe(ends), 0);
    (void)fflush(NULL);
    p->pid = fork();
    ck_assert_int_ge(p->pid, 0);
    if (p->pid == 0) {
        char *argv[] = {(char *)(uintptr_t) "mandorla", (char *)(uintptr_t) "--dir",
                        (char *)(uintptr_t)dir, (char *)(uintptr_t) "serve", NULL};
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no node behind */
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[0]);
        if (notify != NULL) {
            (void)setenv("NOTIFY_SOCKET", notify, 1);
        }
        _exit(cli_main(4, argv));
    }
    (void)close(ends[1]);
    p->log = ends[0];
}

/* Reads its log until `part` stands in it, or to its end. */
static bool log_says(struct process *p, const char *part)
{
    while (strstr(p->text, part) == NULL) {
        struct pollfd fd = {.fd = p->log, .events = POLLIN};
        ck_assert_msg(poll(&fd, 1, 30000) == 1, "no '%s' in: %s", part, p->text);
        ssize_t n = read(p->log, p->text + p->len, sizeof p->text - 1 - p->len);
        if (n <= 0) {
            return false;
        }
        p->len += (size_t)n;
    }
    return true;
}

static int end_of(struct process *p)
{
    int status = -1;
    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR) {
    }
    (void)close(p->log);
    ck_assert_msg(WIFEXITED(status), "ended by signal %d: %s", WTERMSIG(status), p->text);
    return WEXITSTATUS(status);
}

START_TEST(serving_until_a_signal)
{
    static const int signals[] = {SIGTERM, SIGINT};
    struct node n;
    char endpoint[32];
    char ready[96];
    own_endpoint(endpoint, 0);
    (void)snprintf(ready, sizeof ready, "ready: Northwind; endpoint %s; socket ", endpoint);
    node_make(&n, "Northwind", endpoint);
    for (size_t i = 0; i < 2; i++) {
        struct process p;
        serve_process(&p, n.dir, NULL);
        ck_assert(log_says(&p, "/api.sock; identity words: "));
        ck_assert_msg(strstr(p.text, ready) != NULL, "%s", p.text);
        struct ran r = run("--dir", n.dir, "status");
        ck_assert_msg(r.code == 0, "%s", r.err);
        ck_assert_int_eq(kill(p.pid, signals[i]), 0);
        ck_assert_msg(log_says(&p, "info    stopped\n"), "%s", p.text);
        ck_assert_int_eq(end_of(&p), 0);
        r = run("--dir", n.dir, "status");
        ck_assert_int_eq(r.code, 2);
        ck_assert_ptr_nonnull(strstr(r.err, "no node is serving"));
    }
    node_remove(&n);
}
END_TEST

START_TEST(serving_tells_the_manager)
{
    struct node n;
    struct process p;
    char name[64];
    char got[64];
    (void)snprintf(name, sizeof name, "@mandorla-m-%ld", (long)getpid());
    name[0] = '\0';
    int fd = manager(name, (socklen_t)(1 + strlen(name + 1)));
    name[0] = '@';
    node_make(&n, "Northwind", NULL);
    serve_process(&p, n.dir, name);
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    ck_assert_int_eq(poll(&ready, 1, 30000), 1);
    ck_assert_int_eq(recv(fd, got, sizeof got, 0), 7);
    ck_assert_mem_eq(got, "READY=1", 7);
    ck_assert_int_eq(kill(p.pid, SIGTERM), 0);
    ck_assert_int_eq(poll(&ready, 1, 30000), 1);
    ck_assert_int_eq(recv(fd, got, sizeof got, 0), 10);
    ck_assert_mem_eq(got, "STOPPING=1", 10);
    ck_assert_int_eq(end_of(&p), 0);
    (void)close(fd);
    node_remove(&n);
}
END_TEST

START_TEST(serving_what_is_none)
{
    struct process p;
    serve_process(&p, "/tmp/mandorla-is-not-here", NULL);
    ck_assert_msg(log_says(&p, "init --name NAME"), "%s", p.text);
    ck_assert_int_eq(strncmp(p.text, "mandorla: ", 10), 0);
    ck_assert_int_eq(end_of(&p), 2);
}
END_TEST

START_TEST(two_processes_on_one_directory)
{
    struct node n;
    struct process p;
    struct process second;
    node_make(&n, "Northwind", NULL);
    serve_process(&p, n.dir, NULL);
    ck_assert(log_says(&p, "ready: "));
    serve_process(&second, n.dir, NULL);
    ck_assert_int_eq(end_of(&second), 4);
    struct ran r = run("--dir", n.dir, "status"); /* the first one is unharmed */
    ck_assert_int_eq(r.code, 0);
    ck_assert_int_eq(kill(p.pid, SIGTERM), 0);
    ck_assert_int_eq(end_of(&p), 0);
    node_remove(&n);
}
END_TEST

int main(int argc, char *argv[])
{
    const TTest *const tests[] = {log_lines,
                                  notifications,
                                  no_manager,
                                  serving_until_a_signal,
                                  serving_tells_the_manager,
                                  serving_what_is_none,
                                  two_processes_on_one_directory};
    return run_suite(argc, argv, "serve", tests, sizeof tests / sizeof tests[0]);
}
