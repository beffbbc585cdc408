/* node.c: opens a node for serving and closes it: settings, keys, database, channel, workers.
 * It may not run verbs: calls.c and loop.c do. */
#include "node.h"
#include "rounds.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_PATH_MAX (sizeof((struct sockaddr_un *)0)->sun_path)
#define WORK_JOBS       65536
#define DESCRIPTORS_MIN 64u

static enum mdl_status load_keys(struct mdl_service *s, const struct mdl_passphrase_source *src,
                                 struct mdl_error *err)
{
    char path[PATH_BYTES + 64];
    struct mdl_key_file_info info;
    struct mdl_passphrase *pass = NULL;
    enum mdl_status st;

    (void)snprintf(path, sizeof path, "%s/keys/" MDL_IDENTITY_FILE, s->dir);
    st = mdl_key_file_info(path, &info, err);
    if (st == MDL_OK && info.mode != MDL_SEAL_NONE) {
        st = passphrase_get(s->dir, src, false, &pass, err);
    }
    if (st == MDL_OK) {
        st = mdl_identity_load(path, pass, &s->identity, err);
    }
    mdl_passphrase_free(pass);
    if (st == MDL_OK) {
        (void)snprintf(path, sizeof path, "%s/keys/" MDL_CURVE_FILE, s->dir);
        st = mdl_curve_load(path, s->identity, &s->curve, err);
    }
    if (st == MDL_OK) {
        s->signer = mdl_identity_signer(s->identity);
    }
    return st;
}

/* libzmq ends the process when it gets no descriptor at its start. */
static enum mdl_status check_descriptors(struct mdl_error *err)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_max >= DESCRIPTORS_MIN) {
        return MDL_OK;
    }
    return mdl_fail(err, MDL_L_IO,
                    "this process may open %llu files at most, and a node needs %u and some for "
                    "each partner: raise the limit ('ulimit -n 1024')",
                    (unsigned long long)l.rlim_max, DESCRIPTORS_MIN);
}

static enum mdl_status open_channel(struct mdl_service *s, struct mdl_error *err)
{
    const char *bind = s->conf.bind;
    struct mdl_net_config c = {.binds = &bind,
                               .n_binds = bind[0] != '\0' ? 1 : 0,
                               .socks_proxy = s->conf.proxy[0] != '\0' ? s->conf.proxy : NULL};
    memcpy(c.curve_public, mdl_curve_cert(s->curve)->curve, sizeof c.curve_public);
    memcpy(c.curve_secret, mdl_curve_secret(s->curve), sizeof c.curve_secret);
    enum mdl_status st = check_descriptors(err);
    st = st == MDL_OK ? mdl_net_open(&c, &s->net, err) : st;
    sodium_memzero(c.curve_secret, sizeof c.curve_secret);
    return st;
}

/* A Unix socket path holds 107 bytes: a deep directory gets one in the runtime directory, and
 * DIR/api.path tells clients where. */
static void choose_socket(const char *dir, const struct conf *c, char *out, size_t size)
{
    if (c->socket[0] != '\0') {
        (void)snprintf(out, size, "%s", c->socket);
        return;
    }
    int n = snprintf(out, size, "%s/api.sock", dir);
    if (n < 0 || (size_t)n >= SOCKET_PATH_MAX) {
        uint8_t hash[crypto_generichash_BYTES_MIN];
        char hex[sizeof hash * 2 + 1];
        const char *run = getenv("XDG_RUNTIME_DIR");
        (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)dir, strlen(dir), NULL, 0);
        (void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
        (void)snprintf(out, size, "%s/mandorla-%s.sock",
                       run != NULL && strlen(run) < 60 ? run : "/tmp", hex);
    }
}

static enum mdl_status absolute(const char *dir, char out[PATH_BYTES], struct mdl_error *err)
{
    char *full = realpath(dir, NULL);
    if (full == NULL) {
        return mdl_fail(err, MDL_U_NOT_FOUND,
                        "'%s': %s. 'mandorla --dir DIR init --name NAME' makes a node", dir,
                        strerror(errno));
    }
    bool fits = strlen(full) < PATH_BYTES;
    if (fits) {
        memcpy(out, full, strlen(full) + 1);
    }
    free(full);
    return fits ? MDL_OK : mdl_fail(err, MDL_U_ARGUMENT, "'%s': the path is too long", dir);
}

enum mdl_status mdl_node_socket_path(const char *dir, char *out, size_t out_size,
                                     struct mdl_error *err)
{
    char full[PATH_BYTES];
    struct conf c;
    struct stat info;
    enum mdl_status st = absolute(dir, full, err);

    if (st == MDL_OK) {
        st = conf_read(full, &c, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    choose_socket(full, &c, out, out_size);
    if (stat(out, &info) != 0) {
        return mdl_fail(err, MDL_U_NOT_RUNNING,
                        "no node is serving '%s'; start it with 'mandorla --dir %s serve'", dir,
                        dir);
    }
    return MDL_OK;
}

const char *mdl_service_socket_path(const struct mdl_service *s)
{
    return s->socket;
}

/* A node without its database is no empty directory: init refuses it, so that is no way out. */
static enum mdl_status open_store(struct mdl_service *s, struct mdl_error *err)
{
    enum mdl_status st = mdl_store_open(s->dir, MDL_STORE_EXISTING, &s->store, err);
    if (st != MDL_U_NOT_FOUND || !conf_has_keys(s->dir)) {
        return st;
    }
    return mdl_fail(err, st,
                    "%.120s/mandorla.db is missing: restore it from a backup. Without one its "
                    "partners, agreements, results and audit log with the receipts are lost: move "
                    "the directory away, make a new node with 'mandorla --dir DIR init', and "
                    "exchange invitations anew, for it has another identity",
                    s->dir);
}

static enum mdl_status open_parts(struct mdl_service *s, const struct mdl_passphrase_source *pass,
                                  struct mdl_error *err)
{
    const char *engine = "";
    enum mdl_status st = mdl_session_engine(&engine, err);
    if (st == MDL_OK) {
        svc_log(s, "info", "group engine: %s", engine);
        st = conf_read(s->dir, &s->conf, err);
    }
    if (st == MDL_OK) {
        choose_socket(s->dir, &s->conf, s->socket, sizeof s->socket);
        /* The database comes before the channel: descriptors may run out later, not here. */
        st = open_store(s, err);
    }
    if (st == MDL_OK) {
        st = load_keys(s, pass, err);
    }
    if (st == MDL_OK) {
        st = mdl_profile_open(NULL, &s->profile, err);
    }
    if (st == MDL_OK) {
        st = mdl_work_create(s->conf.threads, WORK_JOBS, &s->work, err);
    }
    if (st == MDL_OK) {
        st = open_channel(s, err);
    }
    if (st == MDL_OK) {
        st = peers_load(s, err);
    }
    return st == MDL_OK ? rounds_recover(s, err) : st;
}

enum mdl_status mdl_service_open(const char *dir, const struct mdl_passphrase_source *pass,
                                 void (*log)(const char *level, const char *text),
                                 struct mdl_service **out, struct mdl_error *err)
{
    struct mdl_service *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the node");
    }
    s->log = log;
    s->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    s->started_ms = now_ms();
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->answered, NULL);
    enum mdl_status st = MDL_OK;
    if (sodium_init() < 0) {
        st = mdl_fail(err, MDL_L_LIBRARY, "libsodium did not start");
    } else if (s->wake < 0) {
        st = mdl_fail(err, MDL_L_IO, "no eventfd: %s", strerror(errno));
    }
    if (st == MDL_OK) {
        st = absolute(dir, s->dir, err);
    }
    if (st == MDL_OK) {
        st = open_parts(s, pass, err);
    }
    if (st != MDL_OK) {
        mdl_service_close(s);
        return st;
    }
    *out = s;
    return MDL_OK;
}

static void free_queue(struct outgoing *o)
{
    while (o != NULL) {
        struct outgoing *next = o->next;
        free(o);
        o = next;
    }
}

void mdl_service_close(struct mdl_service *s)
{
    if (s == NULL) {
        return;
    }
    mdl_work_close(s->work, MDL_WORK_CANCEL, rounds_work_done, s);
    rounds_free(s);
    mdl_net_close(s->net);
    mdl_store_close(s->store);
    mdl_profile_close(s->profile);
    mdl_curve_free(s->curve);
    mdl_identity_free(s->identity);
    free_queue(s->out_first);
    free_queue(s->held_first);
    free(s->peers);
    if (s->wake >= 0) {
        (void)close(s->wake);
    }
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->answered);
    free(s);
}
