/* passphrase.c: passphrases from memory, file, descriptor and environment.
 * May not leave a copy anywhere but in secret memory. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void mdl_passphrase_free(struct mdl_passphrase *p)
{
    sodium_free(p);
}

static enum mdl_status check(const struct mdl_passphrase *p, struct mdl_error *err)
{
    if (p->len == 0) {
        return mdl_fail(
            err, MDL_U_ARGUMENT,
            "the passphrase is empty; a key file without one must be asked for by name");
    }
    if (p->len > MDL_PASSPHRASE_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a passphrase has at most %d bytes",
                        MDL_PASSPHRASE_MAX);
    }
    for (size_t i = 0; i < p->len; i++) {
        if (p->bytes[i] == '\n' || p->bytes[i] == '\r' || p->bytes[i] == '\0') {
            return mdl_fail(err, MDL_U_ARGUMENT,
                            "a passphrase is one line without NUL bytes; this has more");
        }
    }
    return MDL_OK;
}

enum mdl_status mdl_passphrase_finish(struct mdl_passphrase *p, struct mdl_passphrase **out,
                                      struct mdl_error *err)
{
    if (p->len > 0 && p->bytes[p->len - 1] == '\n') {
        p->len--;
        p->len -= p->len > 0 && p->bytes[p->len - 1] == '\r' ? 1 : 0;
    }
    enum mdl_status st = check(p, err);
    if (st == MDL_OK && sodium_mprotect_readonly(p) != 0) {
        st = mdl_fail(err, MDL_L_MEMORY, "the memory of a secret cannot be made read-only");
    }
    if (st != MDL_OK) {
        sodium_free(p);
        return st;
    }
    *out = p;
    return MDL_OK;
}

enum mdl_status mdl_passphrase_from_bytes(const void *bytes, size_t len,
                                          struct mdl_passphrase **out, struct mdl_error *err)
{
    void *memory;

    *out = NULL;
    if (len > sizeof((struct mdl_passphrase *)0)->bytes) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a passphrase has at most %d bytes",
                        MDL_PASSPHRASE_MAX);
    }
    enum mdl_status st = mdl_secret_new(sizeof(struct mdl_passphrase), &memory, err);
    if (st != MDL_OK) {
        return st;
    }
    struct mdl_passphrase *p = memory;
    if (len > 0) {
        memcpy(p->bytes, bytes, len);
    }
    p->len = len;
    return mdl_passphrase_finish(p, out, err);
}

static enum mdl_status read_line(int fd, struct mdl_passphrase *p, struct mdl_error *err)
{
    uint8_t more;

    for (;;) {
        const bool full = p->len == sizeof p->bytes;
        ssize_t n =
            full ? read(fd, &more, 1) : read(fd, p->bytes + p->len, sizeof p->bytes - p->len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return mdl_fail(err, MDL_L_IO, "cannot read the passphrase: %s", strerror(errno));
        }
        if (n == 0) {
            return MDL_OK;
        }
        if (full) {
            sodium_memzero(&more, sizeof more);
            return mdl_fail(err, MDL_U_ARGUMENT, "a passphrase has at most %d bytes",
                            MDL_PASSPHRASE_MAX);
        }
        p->len += (size_t)n;
    }
}

enum mdl_status mdl_passphrase_from_fd(int fd, struct mdl_passphrase **out, struct mdl_error *err)
{
    void *memory;

    *out = NULL;
    enum mdl_status st = mdl_secret_new(sizeof(struct mdl_passphrase), &memory, err);
    if (st != MDL_OK) {
        return st;
    }
    st = read_line(fd, memory, err);
    if (st != MDL_OK) {
        sodium_free(memory);
        return st;
    }
    return mdl_passphrase_finish(memory, out, err);
}

/* systemd lets the service's user read a credential by an access list, which shows as the group's
 * bit. Nobody else can enter the directory. */
static bool is_credential(const char *path)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    size_t n = dir != NULL ? strlen(dir) : 0;
    return n > 0 && strncmp(path, dir, n) == 0 && path[n] == '/' &&
           strchr(path + n + 1, '/') == NULL;
}

static enum mdl_status check_file(int fd, const char *path, struct mdl_error *err)
{
    struct stat s;

    if (fstat(fd, &s) != 0) {
        return mdl_fail(err, MDL_L_IO, "cannot examine %.256s: %s", path, strerror(errno));
    }
    mode_t others = S_IRWXG | S_IRWXO;
    others &= is_credential(path) ? ~(mode_t)S_IRGRP : others;
    if (S_ISREG(s.st_mode) && (s.st_mode & others) != 0) {
        return mdl_fail(err, MDL_L_KEY_FILE,
                        "passphrase file %.180s may be accessed by others than its owner (mode "
                        "%04o): chmod 600 %.180s",
                        path, (unsigned)(s.st_mode & 07777), path);
    }
    return MDL_OK;
}

enum mdl_status mdl_passphrase_from_file(const char *path, struct mdl_passphrase **out,
                                         struct mdl_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    *out = NULL;
    if (fd < 0) {
        return mdl_fail(err, errno == ENOENT ? MDL_U_NOT_FOUND : MDL_L_IO,
                        "cannot open passphrase file %.256s: %s", path, strerror(errno));
    }
    enum mdl_status st = check_file(fd, path, err);
    if (st == MDL_OK) {
        st = mdl_passphrase_from_fd(fd, out, err);
        if (st != MDL_OK) {
            (void)mdl_error_prefix(err, "%.128s: ", path);
        }
    }
    (void)close(fd);
    return st;
}

enum mdl_status mdl_passphrase_from_env(const char *name, struct mdl_passphrase **out,
                                        struct mdl_error *err)
{
    char *value = getenv(name);

    *out = NULL;
    if (value == NULL) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "the environment variable %.128s is not set", name);
    }
    const size_t len = strlen(value);
    enum mdl_status st = mdl_passphrase_from_bytes(value, len, out, err);
    sodium_memzero(value, len); /* it would stay readable in /proc/PID/environ */
    (void)unsetenv(name);
    if (st != MDL_OK) {
        (void)mdl_error_prefix(err, "%.128s: ", name);
    }
    return st;
}
