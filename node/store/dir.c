/* dir.c: the data directory: its lock, its sub-directories, files that appear whole or not at all.
 * Knows no SQL. */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITE_OUT ((off_t)4 << 20) /* a few milliseconds of a slow disk */

enum mdl_status mdl_fail_errno(struct mdl_error *err, int e, const char *doing, const char *path)
{
    char why[128];
    const char *text = strerror_r(e, why, sizeof why);
    enum mdl_status status = MDL_L_IO;

    if (e == ENOSPC || e == EDQUOT || e == EFBIG) {
        status = MDL_L_DISK_FULL;
    } else if (e == ENOMEM) {
        status = MDL_L_MEMORY;
    }
    return mdl_fail(err, status, "%s %s failed: %s", doing, path, text);
}

enum mdl_status mdl_path(char out[MDL_PATH], struct mdl_error *err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(out, MDL_PATH, fmt, ap);
    va_end(ap);
    if (n < 0 || n >= MDL_PATH) {
        return mdl_fail(err, MDL_U_TOO_LARGE, "the path of the data directory is too long");
    }
    return MDL_OK;
}

enum mdl_status mdl_dir_make(const char *path, struct mdl_error *err)
{
    struct stat s;

    if (mkdir(path, 0700) == 0) {
        return MDL_OK;
    }
    if (errno == EEXIST && stat(path, &s) == 0 && S_ISDIR(s.st_mode)) {
        return MDL_OK;
    }
    return mdl_fail_errno(err, errno, "making the directory", path);
}

static enum mdl_status lock_refused(int fd, const char *dir, struct mdl_error *err)
{
    char pid[24] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);

    pid[n > 0 ? strspn(pid, "0123456789") : 0] = '\0';
    return mdl_fail(err, MDL_L_IN_USE,
                    "%s is in use by another process (pid %s): stop it, or talk to it through the "
                    "command line while it runs",
                    dir, pid[0] != '\0' ? pid : "unknown");
}

enum mdl_status mdl_dir_lock(const char *dir, int *fd, struct mdl_error *err)
{
    char path[MDL_PATH];
    enum mdl_status rc = mdl_path(path, err, "%s/lock", dir);

    *fd = -1;
    if (rc != MDL_OK) {
        return rc;
    }
    int f = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (f < 0) {
        return mdl_fail_errno(err, errno, "opening", path);
    }
    if (flock(f, LOCK_EX | LOCK_NB) != 0) {
        rc = errno == EWOULDBLOCK ? lock_refused(f, dir, err)
                                  : mdl_fail_errno(err, errno, "locking", path);
        (void)close(f);
        return rc;
    }
    char pid[24];
    int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    /* The pid only helps a person: a disk too full to hold it must not keep the node from starting.
     */
    bool told = ftruncate(f, 0) == 0 && pwrite(f, pid, (size_t)n, 0) == n;
    (void)told;
    *fd = f;
    return MDL_OK;
}

/* Writes the file out bit by bit. One fsync of hundreds of megabytes fills the disk's queue, and a
 * commit of the main database would stand behind all of it. An error seen here may not be told to
 * the fsync that follows, so it counts. */
static int write_out(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return errno;
    }
    for (off_t at = 0; at < st.st_size; at += WRITE_OUT) {
        if (sync_file_range(fd, at, WRITE_OUT,
                            SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                SYNC_FILE_RANGE_WAIT_AFTER) != 0) {
            /* Not every file system knows it, and it is no more than politeness. */
            return errno == ENOSYS || errno == EINVAL || errno == ESPIPE ? 0 : errno;
        }
    }
    return 0;
}

static enum mdl_status sync_path(const char *path, int flags, struct mdl_error *err)
{
    int fd = open(path, flags | O_CLOEXEC);
    int e = fd < 0 ? errno : 0;

    if (e == 0 && (flags & O_DIRECTORY) == 0) {
        e = write_out(fd);
    }
    if (e == 0 && fsync(fd) != 0) {
        e = errno;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return e == 0 ? MDL_OK : mdl_fail_errno(err, e, "bringing to disk", path);
}

enum mdl_status mdl_file_publish(const char *dir, const char *part, const char *final,
                                 struct mdl_error *err)
{
    enum mdl_status rc = sync_path(part, O_RDONLY, err);

    if (rc == MDL_OK && rename(part, final) != 0) {
        rc = mdl_fail_errno(err, errno, "naming", final);
    }
    if (rc == MDL_OK) {
        rc = sync_path(dir, O_RDONLY | O_DIRECTORY, err);
    }
    return rc;
}

void mdl_file_delete(const char *path)
{
    char journal[MDL_PATH + 16];

    (void)unlink(path);
    (void)snprintf(journal, sizeof journal, "%s-journal", path);
    (void)unlink(journal);
}
