/* config.c: DIR/mandorla.conf, an ini file that an operator may edit.
 * It may not hold a secret: keys stand in sealed files of their own. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reading {
    struct conf *conf;
    struct mdl_error *err;
    enum mdl_status status;
    int line;
};

static bool copy(char *dst, size_t size, const char *src)
{
    size_t n = strlen(src);
    if (n >= size) {
        return false;
    }
    memcpy(dst, src, n + 1);
    return true;
}

static bool read_threads(struct conf *c, const char *value)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(value, &end, 10);
    if (errno != 0 || *end != '\0' || end == value || n > MDL_WORK_THREADS_MAX) {
        return false;
    }
    c->threads = (unsigned)n;
    return true;
}

static int on_value(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *r = ctx;
    struct conf *c = r->conf;
    char key[128];
    bool ok = false;

    (void)snprintf(key, sizeof key, "%s.%s", section, name);
    if (strcmp(key, "node.name") == 0) {
        ok = copy(c->name, sizeof c->name, value);
    } else if (strcmp(key, "node.endpoint") == 0) {
        ok = copy(c->endpoint, sizeof c->endpoint, value);
    } else if (strcmp(key, "node.bind") == 0) {
        ok = copy(c->bind, sizeof c->bind, value);
    } else if (strcmp(key, "node.proxy") == 0) {
        ok = copy(c->proxy, sizeof c->proxy, value);
    } else if (strcmp(key, "api.socket") == 0) {
        ok = copy(c->socket, sizeof c->socket, value);
    } else if (strcmp(key, "work.threads") == 0) {
        ok = read_threads(c, value);
    } else if (r->status == MDL_OK) {
        r->status = mdl_fail(r->err, MDL_U_ARGUMENT,
                             "mandorla.conf: unknown setting [%s] %s; known are [node] name, "
                             "endpoint, bind, proxy; [api] socket; [work] threads",
                             section, name);
        return 0;
    }
    if (!ok && r->status == MDL_OK) {
        r->status = mdl_fail(r->err, MDL_U_ARGUMENT,
                             "mandorla.conf: [%s] %s = '%.80s' is not valid", section, name, value);
    }
    return ok ? 1 : 0;
}

enum mdl_status conf_default_bind(struct conf *c, struct mdl_error *err)
{
    if (c->endpoint[0] == '\0' || c->bind[0] != '\0') {
        return MDL_OK;
    }
    const char *port = strrchr(c->endpoint, ':');
    if (port == NULL) {
        return mdl_fail(err, MDL_U_ARGUMENT, "endpoint '%s' has no port", c->endpoint);
    }
    /* A loopback endpoint stays on loopback; everything else listens on every address. */
    bool loopback =
        strncmp(c->endpoint, "tcp://127.", 10) == 0 || strncmp(c->endpoint, "tcp://[::1]", 11) == 0;
    if (loopback) {
        (void)copy(c->bind, sizeof c->bind, c->endpoint);
    } else {
        (void)snprintf(c->bind, sizeof c->bind, "tcp://%s%s",
                       strncmp(c->endpoint, "tcp://[", 7) == 0 ? "[::]" : "0.0.0.0", port);
    }
    return MDL_OK;
}

static enum mdl_status check_proxy(struct conf *c, struct mdl_error *err)
{
    static const char scheme[] = "socks5://";
    char endpoint[sizeof c->proxy + 8];
    size_t n = strlen(scheme);

    if (strncmp(c->proxy, scheme, n) == 0) {
        memmove(c->proxy, c->proxy + n, strlen(c->proxy + n) + 1);
    } else if (c->proxy[0] == '\0') {
        return MDL_OK;
    }
    (void)snprintf(endpoint, sizeof endpoint, "tcp://%s", c->proxy);
    if (!mdl_endpoint_valid(endpoint, false, NULL)) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "'%.200s' is not a SOCKS5 proxy; expected HOST:PORT or socks5://HOST:PORT, "
                        "for example 127.0.0.1:9050",
                        c->proxy);
    }
    return MDL_OK;
}

enum mdl_status conf_check(struct conf *c, struct mdl_error *err)
{
    enum mdl_status st = mdl_name_check(c->name, err);
    if (st == MDL_OK && c->endpoint[0] != '\0') {
        st = mdl_endpoint_check(c->endpoint, err);
    }
    if (st == MDL_OK && c->bind[0] != '\0' && !mdl_endpoint_valid(c->bind, true, NULL)) {
        st = mdl_fail(err, MDL_U_ARGUMENT,
                      "'%.200s' is not an address to listen on; expected tcp://ADDRESS:PORT, for "
                      "example tcp://0.0.0.0:7400 or tcp://[::]:7400",
                      c->bind);
    }
    return st == MDL_OK ? check_proxy(c, err) : st;
}

bool conf_has_keys(const char *dir)
{
    char path[PATH_BYTES + 64];
    (void)snprintf(path, sizeof path, "%s/keys/" MDL_IDENTITY_FILE, dir);
    return access(path, F_OK) == 0;
}

enum mdl_status conf_read(const char *dir, struct conf *out, struct mdl_error *err)
{
    char path[PATH_BYTES + 32];
    struct reading r = {.conf = out, .err = err, .status = MDL_OK};

    memset(out, 0, sizeof *out);
    (void)snprintf(path, sizeof path, "%s/mandorla.conf", dir);
    int rc = ini_parse(path, on_value, &r);
    if (r.status != MDL_OK) {
        return r.status;
    }
    if (rc == -1 && conf_has_keys(dir)) {
        return mdl_fail(err, MDL_U_NOT_FOUND,
                        "%s cannot be read: %s. The node's keys are there: restore the file from a "
                        "backup, or write it anew: a line '[node]', then 'name = NAME', and "
                        "'endpoint = tcp://HOST:PORT' if partners dial this node",
                        path, strerror(errno));
    }
    if (rc == -1) {
        return mdl_fail(err, MDL_U_NOT_FOUND,
                        "%s cannot be opened: %s. Is '%s' a node's directory? 'mandorla --dir %s "
                        "init --name NAME' makes one",
                        path, strerror(errno), dir, dir);
    }
    if (rc != 0) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%s, line %d: expected 'name = value' or '[section]'",
                        path, rc);
    }
    enum mdl_status st = conf_check(out, err);
    if (st != MDL_OK) {
        (void)mdl_error_prefix(err, "%s: ", path);
        return st;
    }
    return conf_default_bind(out, err);
}

static void put_setting(FILE *f, const char *comment, const char *name, const char *value)
{
    (void)fprintf(f, "; %s\n%s%s = %s\n", comment, value[0] == '\0' ? ";" : "", name, value);
}

enum mdl_status conf_write(const char *dir, const struct conf *c, struct mdl_error *err)
{
    char path[PATH_BYTES + 32];
    (void)snprintf(path, sizeof path, "%s/mandorla.conf", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (f == NULL) {
        enum mdl_status st = mdl_fail(err, MDL_L_IO, "cannot write %s: %s", path, strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        return st;
    }
    (void)fputs("; Settings of this Mandorla node. Restart 'mandorla serve' after a change.\n"
                "[node]\n",
                f);
    put_setting(f, "the company's name, as partners see it", "name", c->name);
    put_setting(f, "the address that partners dial; without one this node only dials out",
                "endpoint", c->endpoint);
    put_setting(f, "the address to listen on, if it is another one", "bind", c->bind);
    put_setting(f, "SOCKS5 proxy for dialling: HOST:PORT or socks5://HOST:PORT", "proxy", c->proxy);
    (void)fputs("\n[api]\n", f);
    put_setting(f, "Unix socket of the API (default: api.sock in this directory)", "socket",
                c->socket);
    (void)fputs("\n[work]\n; worker threads; 0: one for each CPU\nthreads = 0\n", f);
    bool ok = fflush(f) == 0 && fsync(fd) == 0;
    int why = errno;
    ok = fclose(f) == 0 && ok;
    return ok ? MDL_OK
              : mdl_fail(err, why == ENOSPC ? MDL_L_DISK_FULL : MDL_L_IO, "cannot write %s: %s",
                         path, strerror(why));
}
