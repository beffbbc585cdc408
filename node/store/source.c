/* source.c: the sources of accounts and which import of each is the current one.
 * Opens no generation file; only looks whether it is there. */
#include "store_internal.h"
#include "store_source.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SELECT                                                                                     \
    "SELECT id, name, generation, marks, kind, mapping, rules, report, imported_at, data_as_of, "  \
    "accounts, keys FROM source "

bool mdl_slug_ok(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t n = strlen(name);

    return n >= 1 && n <= MDL_STORE_SLUG && strspn(name, allowed) == n && name[0] != '-' &&
           name[0] != '_';
}

enum mdl_status mdl_source_put(struct mdl_store *st, struct mdl_source_row *s,
                               struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;

    if (!mdl_slug_ok(s->name)) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "a source's name has 1 to %d small letters, digits, - and _, and begins "
                        "with a letter or digit",
                        MDL_STORE_SLUG);
    }
    enum mdl_status rc =
        mdl_write(st, &q,
                  "INSERT INTO source (name, generation, kind, mapping, rules, imported_at, "
                  "data_as_of, accounts, keys) VALUES (?, '', ?, ?, ?, 0, 0, 0, 0) "
                  "ON CONFLICT DO UPDATE SET kind = excluded.kind, mapping = excluded.mapping, "
                  "rules = excluded.rules RETURNING id",
                  err);
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, s->name, MDL_STORE_SLUG);
    mdl_put_text(&q, s->kind, sizeof s->kind - 1);
    mdl_put_json(&q, s->mapping);
    mdl_put_json(&q, s->rules);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && row) {
        s->id = mdl_take_int(&q);
        rc = mdl_run(&q, err);
    }
    return rc;
}

/* Copies the present generation's name; MDL_U_NOT_FOUND if there is no such source. */
static enum mdl_status present(struct mdl_store *st, const char *name,
                               char old[MDL_STORE_GENERATION + 1], struct mdl_error *err)
{
    struct mdl_source_row s;
    enum mdl_status rc = mdl_source_get(st, name, &s, err);

    old[0] = '\0';
    if (rc == MDL_OK) {
        memcpy(old, s.generation, sizeof s.generation);
        mdl_source_clear(&s);
    }
    return rc;
}

static enum mdl_status file_there(struct mdl_store *st, const struct mdl_source_row *s,
                                  struct mdl_error *err)
{
    char path[MDL_PATH];
    enum mdl_status rc =
        mdl_path(path, err, "%s/sources/%s-%s.db", st->dir, s->name, s->generation);

    if (rc == MDL_OK && access(path, R_OK) != 0) {
        rc = mdl_fail(err, MDL_U_NOT_FOUND, "the import to swap in is not there: %s", path);
    }
    return rc;
}

enum mdl_status mdl_source_swap(struct mdl_store *st, const struct mdl_source_row *s,
                                char old[MDL_STORE_GENERATION + 1], struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = present(st, s->name, old, err);

    if (rc == MDL_OK) {
        rc = file_there(st, s, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_write(st, &q,
                       "UPDATE source SET generation = ?, marks = ?, report = ?, imported_at = ?, "
                       "data_as_of = ?, accounts = ?, keys = ? WHERE name = ?",
                       err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, s->generation, MDL_STORE_GENERATION);
    mdl_put_text(&q, s->marks, MDL_STORE_GENERATION);
    mdl_put_json(&q, s->report);
    mdl_put_u64(&q, s->imported_at);
    mdl_put_u64(&q, s->data_as_of != 0 ? s->data_as_of : s->imported_at);
    mdl_put_u64(&q, s->accounts);
    mdl_put_u64(&q, s->keys);
    mdl_put_text(&q, s->name, MDL_STORE_SLUG);
    return mdl_run(&q, err);
}

enum mdl_status mdl_source_mark(struct mdl_store *st, const char *name, const char *generation,
                                const char *marks, const char *report, struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = mdl_write(
        st, &q, "UPDATE source SET marks = ?, report = ? WHERE name = ? AND generation = ?", err);

    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, marks, MDL_STORE_GENERATION);
    mdl_put_json(&q, report);
    mdl_put_text(&q, name, MDL_STORE_SLUG);
    mdl_put_text(&q, generation, MDL_STORE_GENERATION);
    rc = mdl_run(&q, err);
    return rc == MDL_OK && sqlite3_changes(st->conn.db) == 0
               ? mdl_fail(err, MDL_U_STATE, "the source %s was imported anew at this moment", name)
               : rc;
}

enum mdl_status mdl_source_remove(struct mdl_store *st, const char *name,
                                  char old[MDL_STORE_GENERATION + 1], struct mdl_error *err)
{
    struct mdl_query q;
    enum mdl_status rc = present(st, name, old, err);

    if (rc == MDL_OK) {
        rc = mdl_write(st, &q, "DELETE FROM source WHERE name = ?", err);
    }
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, name, MDL_STORE_SLUG);
    return mdl_run(&q, err);
}

static void take_row(struct mdl_query *q, struct mdl_source_row *s)
{
    memset(s, 0, sizeof *s);
    s->id = mdl_take_int(q);
    mdl_take_text(q, s->name, sizeof s->name);
    mdl_take_text(q, s->generation, sizeof s->generation);
    mdl_take_text(q, s->marks, sizeof s->marks);
    mdl_take_text(q, s->kind, sizeof s->kind);
    s->mapping = mdl_take_json(q);
    s->rules = mdl_take_json(q);
    s->report = mdl_take_json(q);
    s->imported_at = mdl_take_u64(q);
    s->data_as_of = mdl_take_u64(q);
    s->accounts = mdl_take_u64(q);
    s->keys = mdl_take_u64(q);
}

enum mdl_status mdl_source_get(struct mdl_store *st, const char *name, struct mdl_source_row *out,
                               struct mdl_error *err)
{
    struct mdl_query q;
    bool row = false;
    enum mdl_status rc = mdl_read(st, &q, SELECT "WHERE name = ?", err);

    memset(out, 0, sizeof *out);
    if (rc != MDL_OK) {
        return rc;
    }
    mdl_put_text(&q, name, SIZE_MAX);
    rc = mdl_next(&q, &row, err);
    if (rc == MDL_OK && !row) {
        rc = mdl_fail(err, MDL_U_NOT_FOUND, "there is no source named %s", name);
    }
    if (rc == MDL_OK) {
        take_row(&q, out);
        rc = mdl_query_end(&q, err);
    }
    if (rc != MDL_OK) {
        mdl_source_clear(out);
    }
    return rc;
}

void mdl_source_clear(struct mdl_source_row *s)
{
    free(s->mapping);
    free(s->rules);
    free(s->report);
    memset(s, 0, sizeof *s);
}

enum mdl_status mdl_source_list(struct mdl_store *st, mdl_source_fn *row, void *ctx,
                                struct mdl_error *err)
{
    struct mdl_query q;
    bool more = false;
    enum mdl_status rc = mdl_read(st, &q, SELECT "ORDER BY name", err);

    while (rc == MDL_OK && (rc = mdl_next(&q, &more, err)) == MDL_OK && more) {
        struct mdl_source_row s;
        take_row(&q, &s);
        bool go_on = q.fault.status == MDL_OK && row(ctx, &s);
        mdl_source_clear(&s);
        if (!go_on) {
            return mdl_query_end(&q, err);
        }
    }
    return rc;
}
