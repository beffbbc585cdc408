/* fault_node.c: a real node as a process of its own that dies by SIGKILL at a chosen message.
 *
 *   fault-node DIR [TYPE before|after N]
 *
 * The linker wraps mdl_net_send, so the node under test is the shipped code: nothing in it knows of
 * this. Before or after the Nth message of TYPE goes to the channel the process kills itself.
 * Verbs come as lines "verb<TAB>params" on stdin, answers go out as lines "status<TAB>document". */
#include <api.h>
#include <net.h>
#include <pthread.h>
#include <service.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int kill_type;
static bool kill_after;
static long kill_nth;

enum mdl_status __real_mdl_net_send(struct mdl_net *net, uint64_t partner, const uint8_t *bytes,
                                    size_t len, struct mdl_error *err);
enum mdl_status __wrap_mdl_net_send(struct mdl_net *net, uint64_t partner, const uint8_t *bytes,
                                    size_t len, struct mdl_error *err);

/* The envelope begins with an array header, the version and the type (PROTOCOL 4.1). */
static bool is_the_one(const uint8_t *bytes, size_t len)
{
    return kill_type != 0 && len > 3 && bytes[2] == kill_type && --kill_nth == 0;
}

enum mdl_status __wrap_mdl_net_send(struct mdl_net *net, uint64_t partner, const uint8_t *bytes,
                                    size_t len, struct mdl_error *err)
{
    bool hit = is_the_one(bytes, len);
    if (hit && !kill_after) {
        (void)kill(getpid(), SIGKILL);
    }
    enum mdl_status st = __real_mdl_net_send(net, partner, bytes, len, err);
    if (hit) {
        /* A moment for the I/O thread, so that "after" means that it left. */
        (void)usleep(50000);
        (void)kill(getpid(), SIGKILL);
    }
    return st;
}

static void log_line(const char *level, const char *text)
{
    if (getenv("MANDORLA_TEST_LOG") != NULL) {
        (void)fprintf(stderr, "%d [%s] %s\n", (int)getpid(), level, text);
    }
}

static void *run(void *ctx)
{
    struct mdl_error err = {MDL_OK, ""};
    if (mdl_service_run(ctx, &err) != MDL_OK) {
        (void)fprintf(stderr, "fault-node: %s\n", err.text);
        _exit(4);
    }
    return NULL;
}

static void answer(struct mdl_service *s, char *line)
{
    struct mdl_error err = {MDL_OK, ""};
    json_t *result = NULL;
    char *tab = strchr(line, '\t');
    json_t *params = NULL;
    enum mdl_status st = MDL_U_ARGUMENT;
    if (tab != NULL) {
        *tab = '\0';
        params = json_loads(tab + 1, 0, NULL);
        st = mdl_service_do(s, line, params, &result, &err);
    }
    if (st != MDL_OK) {
        json_decref(result);
        result = json_pack("{s:s}", "message", err.text);
    }
    char *text = json_dumps(result, JSON_COMPACT);
    (void)printf("%s\t%s\n", mdl_status_slug(st), text);
    (void)fflush(stdout);
    free(text);
    json_decref(params);
    json_decref(result);
}

int main(int argc, char **argv)
{
    struct mdl_passphrase_source pass = {.none = true};
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_service *s = NULL;
    pthread_t thread;
    char *line = NULL;
    size_t cap = 0;

    (void)signal(SIGPIPE, SIG_IGN);
    if (argc != 2 && argc != 5) {
        (void)fprintf(stderr, "usage: fault-node DIR [TYPE before|after N]\n");
        return 2;
    }
    kill_type = argc == 5 ? (int)strtol(argv[2], NULL, 10) : 0;
    kill_after = argc == 5 && strcmp(argv[3], "after") == 0;
    kill_nth = argc == 5 ? strtol(argv[4], NULL, 10) : 0;
    if (mdl_service_open(argv[1], &pass, log_line, &s, &err) != MDL_OK) {
        (void)printf("%s\t%s\n", mdl_status_slug(err.status), err.text);
        return 4;
    }
    if (pthread_create(&thread, NULL, run, s) != 0) {
        return 70;
    }
    (void)printf("ready\t{}\n");
    (void)fflush(stdout);
    ssize_t n;
    while ((n = getline(&line, &cap, stdin)) > 0) {
        line[n - 1] = '\0';
        answer(s, line);
    }
    free(line);
    mdl_service_stop(s);
    (void)pthread_join(thread, NULL);
    mdl_service_close(s);
    return 0;
}
