/* serve.c: the node in the foreground: opens the service, serves the API, logs, stops cleanly.
 * It may not do a node's work: the service does. */
#include "serve.h"

#include <api.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct mdl_service *_Atomic serving;

static void on_stop(int signo)
{
    struct mdl_service *s = serving;
    (void)signo;
    if (s != NULL) {
        mdl_service_stop(s);
    }
}

static void catch_signals(void)
{
    struct sigaction stop = {.sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    (void)sigemptyset(&stop.sa_mask);
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
}

/* Keys are in this process's memory: no core file, no debugger of another process. */
static void keep_secrets(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    (void)umask(077);
}

/* ---- the log -----------------------------------------------------------------------------------
 */

void log_line(FILE *f, const char *level, const char *text)
{
    struct timespec now;
    struct tm tm;
    char when[40];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(when + n, sizeof when - n, ".%03ldZ", now.tv_nsec / 1000000);
    flockfile(f); /* several threads log: one line is one line */
    (void)fprintf(f, "%s %-7s ", when, level);
    mdl_text_print(text, 0, f);
    (void)fputc('\n', f);
    (void)fflush(f);
    funlockfile(f);
}

static void on_log(const char *level, const char *text)
{
    log_line(stderr, level, text);
}

static const char *or_none(const char *text)
{
    return text[0] != '\0' ? text : "none (dials out only)";
}

/* The loop must run before it can tell its status: a thread asks, then says "ready". */
static void *announce(void *ctx)
{
    struct mdl_service *s = ctx;
    json_t *none = json_object();
    json_t *status = NULL;
    struct mdl_error err;
    char text[1024];

    if (mdl_service_do(s, "status", none, &status, &err) == MDL_OK) {
        (void)snprintf(text, sizeof text, "ready: %s; endpoint %s; socket %s; identity words: %s",
                       mdl_doc_text(status, "name"), or_none(mdl_doc_text(status, "endpoint")),
                       mdl_service_socket_path(s), mdl_doc_text(status, "fingerprint"));
        log_line(stderr, "info", text);
        (void)notify_manager("READY=1");
        json_decref(status);
    }
    json_decref(none);
    return NULL;
}

/* ---- serving -----------------------------------------------------------------------------------
 */

struct mdl_passphrase_source serve_passphrase(const struct cli *c)
{
    return (struct mdl_passphrase_source){.none = option_given(&c->o, "no-passphrase"),
                                          .file = option_text(&c->o, "passphrase-file"),
                                          .prompt = term_can_ask()};
}

static enum mdl_status run_node(struct mdl_service *s, struct mdl_error *err)
{
    struct mdl_api *api = NULL;
    pthread_t announcer;
    enum mdl_status st = mdl_api_start(s, mdl_service_socket_path(s), &api, err);

    if (st != MDL_OK) {
        return st;
    }
    if (pthread_create(&announcer, NULL, announce, s) != 0) {
        mdl_api_stop(api);
        return mdl_fail(err, MDL_L_MEMORY, "no further thread can be started");
    }
    st = mdl_service_run(s, err);
    (void)notify_manager("STOPPING=1");
    log_line(stderr, "info", st == MDL_OK ? "stopping" : "stopping after an error");
    (void)pthread_join(announcer, NULL);
    mdl_api_stop(api);
    return st;
}

enum mdl_status serve_run(struct cli *c)
{
    struct mdl_passphrase_source pass = serve_passphrase(c);
    struct mdl_service *s = NULL;

    keep_secrets();
    (void)signal(SIGPIPE, SIG_IGN);
    enum mdl_status st = mdl_service_open(c->dir, &pass, on_log, &s, &c->err);
    if (st != MDL_OK) {
        return st;
    }
    serving = s;
    catch_signals();
    st = run_node(s, &c->err);
    serving = NULL;
    mdl_service_close(s);
    if (st == MDL_OK) {
        log_line(stderr, "info", "stopped");
    }
    return st;
}
