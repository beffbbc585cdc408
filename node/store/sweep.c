/* sweep.c: deletes what an interrupted import or round left in sources/ and rounds/.
 * Runs when the store is opened, under its lock; touches only names this room gives. */
#include "store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Whether the file NAME.db (its stem, without directory) is still wanted. */
typedef enum mdl_status wanted_fn(struct mdl_store *st, const char *stem, bool *wanted,
                                  struct mdl_error *err);

static enum mdl_status ask(struct mdl_store *st, const char *sql, const char *stem, bool *wanted,
                           struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_read(st, &q, sql, err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, stem, SIZE_MAX);
    rc = mdl_next(&q, wanted, err);
    return rc == MDL_OK ? mdl_query_end(&q, err) : rc;
}

static enum mdl_status source_wanted(struct mdl_store *st, const char *stem, bool *wanted,
                                     struct mdl_error *err)
{
    return ask(st,
               "SELECT 1 FROM source WHERE ?1 IN (name || '-' || generation, "
               "                                   name || '-' || generation || '-' || marks)",
               stem, wanted, err);
}

/* Of a round that was aborted nothing is left that a snapshot could explain. But if its list was
 * committed to, the next ones are held against it (min_change). */
static enum mdl_status round_wanted(struct mdl_store *st, const char *stem, bool *wanted,
                                    struct mdl_error *err)
{
    return ask(st,
               "SELECT 1 FROM round WHERE lower(hex(id)) = substr(?, 1, 32) AND (outcome NOT IN "
               "('aborted', 'refused') OR EXISTS "
               "(SELECT 1 FROM round_group WHERE round = number AND own_keys > 0))",
               stem, wanted, err);
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s);
    size_t m = strlen(end);
    return n > m && strcmp(s + n - m, end) == 0;
}

static enum mdl_status consider(struct mdl_store *st, const char *dir, const char *name,
                                wanted_fn *wanted, struct mdl_error *err)
{
    char stem[256];
    char path[MDL_PATH];
    bool keep = false;
    enum mdl_status rc = MDL_OK;
    const char *dot = strrchr(name, '.');

    if (dot == NULL || name[0] == '.') {
        return MDL_OK;
    }
    (void)snprintf(stem, sizeof stem, "%.*s", (int)(dot - name), name);
    if (ends_with(name, ".db") || ends_with(name, ".db-journal")) {
        rc = wanted(st, stem, &keep, err);
    } else if (!ends_with(name, ".part") && !ends_with(name, ".part-journal")) {
        return MDL_OK;
    }
    if (rc == MDL_OK && !keep) {
        rc = mdl_path(path, err, "%s/%s", dir, name);
        if (rc == MDL_OK) {
            mdl_file_delete(path);
        }
    }
    return rc;
}

static enum mdl_status sweep_dir(struct mdl_store *st, const char *sub, wanted_fn *wanted,
                                 struct mdl_error *err)
{
    char dir[MDL_PATH];
    enum mdl_status rc = mdl_path(dir, err, "%s/%s", st->dir, sub);

    if (rc != MDL_OK) {
        return rc;
    }
    DIR *d = opendir(dir);
    if (d == NULL) {
        return mdl_fail_errno(err, errno, "reading", dir);
    }
    for (struct dirent *e = readdir(d); e != NULL && rc == MDL_OK; e = readdir(d)) {
        rc = consider(st, dir, e->d_name, wanted, err);
    }
    (void)closedir(d);
    return rc;
}

enum mdl_status mdl_sweep(struct mdl_store *st, struct mdl_error *err)
{
    enum mdl_status rc = sweep_dir(st, "sources", source_wanted, err);
    return rc == MDL_OK ? sweep_dir(st, "rounds", round_wanted, err) : rc;
}
