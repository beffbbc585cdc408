/* support.c: the program in process, and nodes in threads.
 * It may not assert anything of what the program prints. */
#include "support.h"

#include <api.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *source_dir;

static char *last_out;
static char *last_err;

static int memory_file(const char *content)
{
    int fd = memfd_create("stream", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    if (content != NULL) {
        ck_assert_int_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
        ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    }
    return fd;
}

static char *content_of(int fd)
{
    off_t n = lseek(fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)n + 1);
    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(pread(fd, text, (size_t)n, 0), n);
    (void)close(fd);
    return text;
}

struct ran run_words(const char *input, const char *const words[])
{
    char *argv[40] = {(char *)(uintptr_t) "mandorla"};
    char *copies[40];
    int argc = 1;
    int saved[3];
    int streams[3] = {memory_file(input), memory_file(NULL), memory_file(NULL)};
    struct ran r;

    for (; words[argc - 1] != NULL; argc++) { /* the parser reorders its words */
        argv[argc] = copies[argc] = strdup(words[argc - 1]);
    }
    (void)fflush(stdout);
    (void)fflush(stderr);
    for (int i = 0; i < 3; i++) {
        saved[i] = dup(i);
        ck_assert_int_ge(dup2(streams[i], i), 0);
    }
    clearerr(stdin);
    r.code = cli_main(argc, argv);
    (void)fflush(stdout);
    (void)fflush(stderr);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_ge(dup2(saved[i], i), 0);
        (void)close(saved[i]);
    }
    for (int i = 1; i < argc; i++) {
        free(copies[i]);
    }
    free(last_out);
    free(last_err);
    (void)close(streams[0]);
    r.out = last_out = content_of(streams[1]);
    r.err = last_err = content_of(streams[2]);
    return r;
}

/* ---- nodes -------------------------------------------------------------------------------------
 */

static void no_log(const char *level, const char *text)
{
    (void)level;
    (void)text;
}

static void *serve(void *ctx)
{
    struct node *n = ctx;
    struct mdl_error err;
    n->ended = mdl_service_run(n->service, &err);
    return NULL;
}

void own_endpoint(char out[32], int which)
{
    (void)snprintf(out, 32, "tcp://127.0.0.1:%d", 10000 + (int)(getpid() % 10000) * 2 + which);
}

void node_make(struct node *n, const char *name, const char *endpoint)
{
    struct mdl_error err = {MDL_OK, ""};
    json_t *document = NULL;
    struct mdl_init_options o = {
        .name = name, .endpoint = endpoint, .passphrase = {.none = true}, .fast_kdf = true};
    memset(n, 0, sizeof *n);
    (void)snprintf(n->dir, sizeof n->dir, "/tmp/mandorla-cli-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(n->dir));
    ck_assert_msg(mdl_node_init(n->dir, &o, &document, &err) == MDL_OK, "%s", err.text);
    json_decref(document);
}

void node_start(struct node *n)
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_passphrase_source none = {.none = true};
    ck_assert_msg(mdl_service_open(n->dir, &none, no_log, &n->service, &err) == MDL_OK, "%s",
                  err.text);
    ck_assert_msg(mdl_api_start(n->service, mdl_service_socket_path(n->service), &n->api, &err) ==
                      MDL_OK,
                  "%s", err.text);
    ck_assert_int_eq(pthread_create(&n->thread, NULL, serve, n), 0);
}

void node_stop(struct node *n)
{
    mdl_service_stop(n->service);
    (void)pthread_join(n->thread, NULL);
    ck_assert_int_eq(n->ended, MDL_OK);
    mdl_api_stop(n->api);
    mdl_service_close(n->service);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void node_remove(struct node *n)
{
    (void)nftw(n->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- the rest ----------------------------------------------------------------------------------
 */

char *read_file(const char *relative)
{
    char path[1024];
    size_t room = 1 << 20;
    char *text = calloc(1, room);
    (void)snprintf(path, sizeof path, "%s/%s", source_dir, relative);
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s cannot be opened", path);
    ck_assert_uint_gt(fread(text, 1, room - 1, f), 0);
    (void)fclose(f);
    return text;
}

int run_suite(int argc, char *argv[], const char *name, const TTest *const tests[], size_t n)
{
    Suite *s = suite_create(name);
    TCase *t = tcase_create(name);
    SRunner *r = srunner_create(s);

    source_dir = argc > 1 ? argv[1] : ".";
    tcase_set_timeout(t, 60);
    for (size_t i = 0; i < n; i++) {
        tcase_add_test(t, tests[i]);
    }
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    free(last_out);
    free(last_err);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
