/* marks.c: writing what rules say of an import's accounts, in a file beside the import.
 * Opens neither the import nor the main database. */
#include "store_internal.h"

#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* As for a generation: a half-built file is thrown away, a whole one is synced once. */
static const char settings[] =
    "PRAGMA page_size = 8192; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -2048; PRAGMA temp_store = FILE";

struct files {
    char dir[MDL_PATH], part[MDL_PATH], path[MDL_PATH];
};

static enum mdl_status name_files(struct files *f, const char *dir, const char *source,
                                  const char *generation, const char *marks, struct mdl_error *err)
{
    enum mdl_status rc = mdl_path(f->dir, err, "%s/sources", dir);
    if (rc == MDL_OK) {
        rc = mdl_path(f->part, err, "%s/sources/%s-%s-%s.part", dir, source, generation, marks);
    }
    if (rc == MDL_OK) {
        rc = mdl_path(f->path, err, "%s/sources/%s-%s-%s.db", dir, source, generation, marks);
    }
    return rc;
}

static enum mdl_status put_member(struct mdl_conn *c, int64_t account, uint64_t mark,
                                  struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_query(c, &q, "INSERT INTO member (of_account, more, private) VALUES (?, ?, ?)", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, account);
    mdl_put_u64(&q, mark & ~MDL_MARK_PRIVATE);
    mdl_put_int(&q, (mark & MDL_MARK_PRIVATE) != 0 ? 1 : 0);
    return mdl_run(&q, err);
}

static enum mdl_status put_population(struct mdl_conn *c, int bit, const char *name,
                                      struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc =
        mdl_query(c, &q, "INSERT INTO marked_population (bit, name) VALUES (?, ?)", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_int(&q, bit);
    mdl_put_text(&q, name, MDL_STORE_NAME);
    return mdl_run(&q, err);
}

static enum mdl_status fill(struct mdl_conn *c, const struct mdl_marks *m, struct mdl_error *err)
{
    enum mdl_status rc = mdl_exec(c, settings, err);

    if (rc == MDL_OK) {
        rc = mdl_exec(c, "BEGIN EXCLUSIVE", err);
    }
    if (rc == MDL_OK) {
        rc = mdl_exec(c, mdl_schema_marks, err);
    }
    for (size_t i = 0; i < m->n_populations && rc == MDL_OK; i++) {
        rc = put_population(c, m->first_bit + (int)i, m->population[i], err);
    }
    for (int64_t i = 0; i <= m->last && rc == MDL_OK; i++) {
        rc = m->mark[i] != 0 ? put_member(c, i, m->mark[i], err) : MDL_OK;
    }
    return rc == MDL_OK ? mdl_exec(c, "COMMIT", err) : rc;
}

enum mdl_status mdl_marks_write(const char *dir, const char *source, const char *generation,
                                const struct mdl_marks *m, char marks[MDL_STORE_GENERATION + 1],
                                struct mdl_error *err)
{
    uint8_t random[MDL_STORE_GENERATION / 2];
    struct mdl_conn c;
    struct files f;

    randombytes_buf(random, sizeof random);
    (void)sodium_bin2hex(marks, MDL_STORE_GENERATION + 1, random, sizeof random);
    enum mdl_status rc = name_files(&f, dir, source, generation, marks, err);
    if (rc != MDL_OK) {
        return rc;
    }
    rc = mdl_conn_open(&c, f.part, MDL_OPEN_NEW, "the file of what the rules say", err);
    if (rc == MDL_OK) {
        rc = fill(&c, m, err);
    }
    mdl_conn_close(&c);
    if (rc == MDL_OK) {
        rc = mdl_file_publish(f.dir, f.part, f.path, err);
    }
    if (rc != MDL_OK) {
        mdl_file_delete(f.part);
        mdl_file_delete(f.path);
        marks[0] = '\0';
    }
    return rc;
}

void mdl_marks_delete(const char *dir, const char *source, const char *generation,
                      const char *marks)
{
    struct files f;

    if (marks[0] != '\0' && name_files(&f, dir, source, generation, marks, NULL) == MDL_OK) {
        mdl_file_delete(f.path);
    }
}

void mdl_marks_delete_all(const char *dir, const char *source, const char *generation)
{
    char sub[MDL_PATH];
    char start[MDL_STORE_SLUG + MDL_STORE_GENERATION + 4];
    char path[MDL_PATH];

    (void)snprintf(start, sizeof start, "%s-%s-", source, generation);
    DIR *d = mdl_path(sub, NULL, "%s/sources", dir) == MDL_OK ? opendir(sub) : NULL;
    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
        size_t n = strlen(e->d_name);
        /* Not those that are being written: who writes them finds the generation gone. */
        if (strncmp(e->d_name, start, strlen(start)) == 0 && n > 3 &&
            strcmp(e->d_name + n - 3, ".db") == 0 &&
            mdl_path(path, NULL, "%s/%s", sub, e->d_name) == MDL_OK) {
            mdl_file_delete(path);
        }
    }
    if (d != NULL) {
        (void)closedir(d);
    }
}
