/* keyfile_io.c: key files on the disk: reads with a look at the permissions, writes atomically.
 * May not look into the bytes. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum mdl_status io_error(struct mdl_error *err, const char *path, const char *what)
{
    const int number = errno;

    if (number == ENOSPC || number == EDQUOT || number == EFBIG) {
        return mdl_fail(
            err, MDL_L_DISK_FULL,
            "cannot %s %.256s: %s. The old file is unchanged; free some space and repeat", what,
            path, strerror(number));
    }
    return mdl_fail(err, MDL_L_IO, "cannot %s %.256s: %s", what, path, strerror(number));
}

static enum mdl_status check_file(int fd, const char *path, struct mdl_error *err)
{
    struct stat s;

    if (fstat(fd, &s) != 0) {
        return io_error(err, path, "examine");
    }
    if (!S_ISREG(s.st_mode)) {
        return mdl_fail(err, MDL_L_KEY_FILE, "%.256s is not a regular file, so no key file", path);
    }
    if ((s.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return mdl_fail(err, MDL_L_KEY_FILE,
                        "key file %.180s may be accessed by others than its owner (mode %04o). If "
                        "nobody can have copied it: chmod 600 %.180s",
                        path, (unsigned)(s.st_mode & 07777), path);
    }
    return MDL_OK;
}

static enum mdl_status read_all(int fd, const char *path, struct mdl_kf *f, struct mdl_error *err)
{
    f->len = 0;
    while (f->len < sizeof f->bytes) {
        ssize_t n = read(fd, f->bytes + f->len, sizeof f->bytes - f->len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return io_error(err, path, "read");
        }
        if (n == 0) {
            break;
        }
        f->len += (size_t)n;
    }
    return MDL_OK;
}

enum mdl_status mdl_kf_read(const char *path, struct mdl_kf *f, struct mdl_error *err)
{
    /* O_NONBLOCK: a FIFO in the file's place must not hang the node before it is refused. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno == ENOENT) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "there is no key file %.256s", path);
    }
    if (fd < 0) {
        return io_error(err, path, "open");
    }
    enum mdl_status st = check_file(fd, path, err);
    if (st == MDL_OK) {
        st = read_all(fd, path, f, err);
    }
    (void)close(fd);
    return st;
}

/* True if everything reached the disk; else errno says why not. */
static bool write_and_sync(int fd, const struct mdl_kf *f)
{
    for (size_t done = 0; done < f->len;) {
        ssize_t n = write(fd, f->bytes + done, f->len - done);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0;
}

/* The rename is on the disk only once its directory is. */
static bool sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    char *dir = strndup(slash == NULL ? "." : path, len);
    int fd = dir != NULL ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool ok = fd >= 0 && fsync(fd) == 0;
    int number = errno;

    if (fd >= 0) {
        (void)close(fd);
    }
    free(dir);
    errno = number;
    return ok;
}

/* link() refuses a path that is taken, in one step; rename() would replace it. */
static enum mdl_status put_in_place(const char *tmp, const char *path, enum mdl_save how,
                                    struct mdl_error *err)
{
    if (how == MDL_SAVE_REPLACE) {
        return rename(tmp, path) == 0 ? MDL_OK : io_error(err, path, "replace");
    }
    if (link(tmp, path) != 0) {
        return errno == EEXIST
                   ? mdl_fail(err, MDL_U_EXISTS, "%.256s exists already; nothing changed", path)
                   : io_error(err, path, "make");
    }
    (void)unlink(tmp);
    return MDL_OK;
}

enum mdl_status mdl_kf_write(const char *path, const struct mdl_kf *f, enum mdl_save how,
                             struct mdl_error *err)
{
    static const char suffix[] = ".XXXXXX";
    const size_t size = strlen(path) + sizeof suffix;
    char *tmp = malloc(size);

    if (tmp == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory to write %.256s", path);
    }
    (void)snprintf(tmp, size, "%s%s", path, suffix);
    enum mdl_status st = MDL_OK;
    int fd = mkostemp(tmp, O_CLOEXEC); /* mode 0600 */
    if (fd < 0) {
        st = io_error(err, path, "make a temporary file beside");
        goto out;
    }
    if (!write_and_sync(fd, f)) {
        st = io_error(err, path, "write");
    }
    if (close(fd) != 0 && st == MDL_OK) {
        st = io_error(err, path, "write");
    }
    if (st == MDL_OK) {
        st = put_in_place(tmp, path, how, err);
    }
    if (st != MDL_OK) {
        (void)unlink(tmp);
    } else if (!sync_directory(path)) {
        st = io_error(err, path, "make durable the directory of");
    }
out:
    free(tmp);
    return st;
}
