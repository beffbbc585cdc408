/* rules.c: a change of the rules: new marks for every source beside the old ones, one swap.
 * Until the swap is committed nothing has changed, and after a failure nothing has. */
#include "rules.h"
#include "trail.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 5
static const char being_changed[] =
    "accounts are being imported, or rules changed, at this moment: try again";
#define FIRST 10 /* accounts that a preview names */

/* ---- the state ----------------------------------------------------------------------------------
 */

struct gathering {
    struct rules_state *st;
    enum mdl_status status;
    struct mdl_error *err;
};

static bool gather(void *ctx, const struct mdl_source_row *row)
{
    struct gathering *g = ctx;
    struct rules_state *st = g->st;
    struct rules_source *grown = realloc(st->source, (st->n + 1) * sizeof *grown);
    if (grown == NULL) {
        g->status = mdl_fail(g->err, MDL_L_MEMORY, "not enough memory for the sources");
        return false;
    }
    st->source = grown;
    struct rules_source *s = &st->source[st->n++];
    memset(s, 0, sizeof *s);
    memcpy(s->name, row->name, sizeof s->name);
    memcpy(s->generation, row->generation, sizeof s->generation);
    memcpy(s->marks, row->marks, sizeof s->marks);
    s->report = row->report != NULL ? json_loads(row->report, 0, NULL) : NULL;
    return true;
}

static enum mdl_status read_on_loop(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct rules_state *st = ctx;
    struct gathering g = {st, MDL_OK, err};
    enum mdl_status rc = rulebook_load(s, &st->book, err);
    if (rc == MDL_OK) {
        rc = mdl_suppress_load(s->store, &st->suppressed, err);
    }
    if (rc == MDL_OK) {
        rc = mdl_source_list(s->store, gather, &g, err);
    }
    return rc == MDL_OK ? g.status : rc;
}

enum mdl_status rules_read(struct mdl_service *s, struct rules_state *out, struct mdl_error *err)
{
    memset(out, 0, sizeof *out);
    return call_loop(s, read_on_loop, out, err);
}

void rules_free(struct rules_state *st)
{
    rulebook_free(st->book);
    mdl_suppressed_free(st->suppressed);
    for (size_t i = 0; i < st->n; i++) {
        json_decref(st->source[i].report);
        marking_clear(&st->source[i].marking);
    }
    free(st->source);
    memset(st, 0, sizeof *st);
}

enum mdl_status rules_mark(struct mdl_service *s, struct rules_state *st, enum marking_how how,
                           struct mdl_error *err)
{
    enum mdl_status rc = MDL_OK;
    for (size_t i = 0; i < st->n && rc == MDL_OK; i++) {
        struct rules_source *src = &st->source[i];
        if (src->generation[0] != '\0') {
            rc =
                marking_make(s->dir, src->name, src->generation, st->book, how, &src->marking, err);
            rc = rc == MDL_OK ? rc : mdl_error_prefix(err, "source %s: ", src->name);
        }
    }
    return rc;
}

/* ---- the swap -----------------------------------------------------------------------------------
 */

enum mdl_status rules_trail(struct mdl_service *s, const char *note, const char *text, uint64_t n,
                            struct mdl_error *err)
{
    uint8_t digest[crypto_hash_sha512_BYTES];
    struct trail t = {.kind = MDL_LOG_OPERATOR, .size = n, .note = note};
    if (text != NULL) {
        (void)crypto_hash_sha512(digest, (const unsigned char *)text, strlen(text));
        t.digest = digest;
    }
    return trail_add(s, &t, err);
}

struct swap {
    const struct rules_change *change;
    struct rules_state *st;
    bool stale; /* another change came between */
};

/* Whether rules and sources are those that were marked, the change aside. */
static bool unchanged(const struct swap *w, const struct rules_state *now)
{
    const struct rules_state *st = w->st;
    bool same = st->n == now->n;
    for (size_t i = 0; i < st->n && same; i++) {
        same = strcmp(st->source[i].name, now->source[i].name) == 0 &&
               strcmp(st->source[i].generation, now->source[i].generation) == 0;
    }
    return same && rulebook_same(st->book, now->book);
}

static char *new_report(const struct rules_source *src)
{
    json_t *report = src->report != NULL ? json_copy(src->report) : json_object();
    (void)json_object_set(report, "populations", src->marking.populations);
    char *text = json_dumps(report, JSON_COMPACT);
    json_decref(report);
    return text;
}

static enum mdl_status write_change(struct mdl_service *s, struct swap *w, struct mdl_error *err)
{
    const struct rules_change *c = w->change;
    uint64_t hits = 0;
    enum mdl_status rc = MDL_OK;
    for (size_t i = 0; i < w->st->n && rc == MDL_OK; i++) {
        struct rules_source *src = &w->st->source[i];
        if (src->generation[0] != '\0') {
            char *report = new_report(src);
            rc = mdl_source_mark(s->store, src->name, src->generation, src->marking.marks, report,
                                 err);
            free(report);
            hits += c->put != NULL ? src->marking.hits[w->st->book->n - 1] : 0;
        }
    }
    if (rc == MDL_OK) {
        rc = c->put != NULL ? mdl_rulebook_put(s->store, c->put, err)
                            : mdl_rulebook_remove(s->store, c->id, err);
    }
    return rc == MDL_OK ? rules_trail(s, c->note, c->put != NULL ? c->put->text : NULL, hits, err)
                        : rc;
}

static enum mdl_status swap_on_loop(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct swap *w = ctx;
    struct rules_state now;
    memset(&now, 0, sizeof now);
    enum mdl_status rc = read_on_loop(s, &now, err);
    if (rc == MDL_OK) { /* as it will be */
        if (w->change->put != NULL) {
            rc = rulebook_add(now.book, w->change->put, err);
        } else {
            rulebook_drop(now.book, w->change->id);
        }
    }
    if (rc == MDL_OK && !unchanged(w, &now)) {
        w->stale = true;
        rc = mdl_fail(err, MDL_U_STATE, "%s", being_changed);
    }
    rules_free(&now);
    return rc == MDL_OK ? write_change(s, w, err) : rc;
}

static void delete_marks(struct mdl_service *s, const struct rules_state *st, bool new_ones)
{
    for (size_t i = 0; i < st->n; i++) {
        const struct rules_source *src = &st->source[i];
        mdl_marks_delete(s->dir, src->name, src->generation,
                         new_ones ? src->marking.marks : src->marks);
    }
}

static enum mdl_status apply_once(struct mdl_service *s, const struct rules_change *c, bool *stale,
                                  struct mdl_error *err)
{
    struct rules_state st;
    struct swap w = {c, &st, false};
    enum mdl_status rc = rules_read(s, &st, err);
    if (rc == MDL_OK && c->put != NULL) {
        rc = rulebook_add(st.book, c->put, err);
    } else if (rc == MDL_OK) {
        rulebook_drop(st.book, c->id);
    }
    if (rc == MDL_OK) {
        rc = rules_mark(s, &st, MARKING_WRITE, err);
    }
    if (rc == MDL_OK && c->ready != NULL) {
        rc = c->ready(s, &st, c->ctx, err);
    }
    *stale = rc == MDL_U_NOT_FOUND; /* a generation was replaced meanwhile */
    if (rc == MDL_OK) {
        rc = call_loop(s, swap_on_loop, &w, err);
        *stale = w.stale;
    }
    delete_marks(s, &st, rc != MDL_OK);
    rules_free(&st);
    return rc;
}

enum mdl_status rules_apply(struct mdl_service *s, const struct rules_change *c,
                            struct mdl_error *err)
{
    enum mdl_status rc = MDL_OK;
    bool stale = true;
    for (int i = 0; i < TRIES && stale; i++) {
        stale = false;
        rc = apply_once(s, c, &stale, err);
    }
    return stale ? mdl_fail(err, MDL_U_STATE, "%s", being_changed) : rc;
}

/* ---- what a rule says ---------------------------------------------------------------------------
 */

/* "Id, Name, Website", as many as fit; a label is not cut. */
static void join_columns(const struct rules_state *st, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < st->n; i++) {
        size_t k;
        const json_t *label;
        json_array_foreach(st->source[i].marking.columns, k, label)
        {
            char quoted[MDL_IMPORT_LABEL_MAX + 4];
            (void)snprintf(quoted, sizeof quoted, "%s%s", used > 0 ? ", " : "",
                           json_string_value(label));
            if (used + strlen(quoted) + 1 > size) {
                return;
            }
            memcpy(out + used, quoted, strlen(quoted) + 1);
            used += strlen(quoted);
        }
    }
}

static bool missing_in_all(const struct rules_state *st, size_t at, const char *column)
{
    for (size_t i = 0; i < st->n; i++) {
        size_t k;
        const json_t *name;
        bool here = false;
        json_array_foreach(st->source[i].marking.missing != NULL ? st->source[i].marking.missing[at]
                                                                 : NULL,
                           k, name)
        {
            here = here || strcmp(json_string_value(name), column) == 0;
        }
        if (!here && st->source[i].marking.missing != NULL) {
            return false;
        }
    }
    return true;
}

static enum mdl_status refuse(const struct rules_state *st, size_t at, struct mdl_error *err)
{
    char columns[300];
    const char *column;
    join_columns(st, columns, sizeof columns);
    for (size_t i = 0; (column = mdl_rule_column(st->book->at[at].rule, i)) != NULL; i++) {
        if (missing_in_all(st, at, column)) {
            return mdl_fail(err, MDL_U_ARGUMENT,
                            "no imported file has a column '%.80s'; there are: %s", column,
                            columns);
        }
    }
    return mdl_fail(err, MDL_U_ARGUMENT,
                    "the columns of this rule stand in different sources: one source must have "
                    "them all, in one file, or in its opportunities and their accounts");
}

static bool name_account(void *ctx, const struct mdl_gen_row *a)
{
    json_t *o =
        json_pack("{s:s, s:s, s:s, s:s}", "record_id", a->fields.record_id, "name", a->fields.name,
                  "website", a->fields.website, "country", a->fields.country);
    (void)json_array_append_new(ctx, o);
    return true;
}

static enum mdl_status name_first(struct mdl_service *s, const struct rules_source *src, size_t at,
                                  json_t *first, struct mdl_error *err)
{
    struct mdl_gen_reader *gen = NULL;
    size_t before = json_array_size(first);
    enum mdl_status rc = mdl_gen_open(s->dir, src->name, src->generation, &gen, err);
    int64_t id = 0;
    while (rc == MDL_OK && json_array_size(first) < FIRST &&
           (id = marking_next(&src->marking, at, id)) != 0) {
        rc = mdl_gen_account_at(gen, id, name_account, first, err);
    }
    for (size_t i = before; i < json_array_size(first); i++) {
        (void)json_object_set_new(json_array_get(first, i), "source", json_string(src->name));
    }
    mdl_gen_close(gen);
    return rc;
}

enum mdl_status rules_document(struct mdl_service *s, const struct rules_state *st, size_t at,
                               json_t **out, struct mdl_error *err)
{
    json_t *sources = json_array();
    json_t *first = json_array();
    uint64_t accounts = 0;
    bool applies = false;
    bool imported = false;
    enum mdl_status rc = MDL_OK;
    for (size_t i = 0; i < st->n && rc == MDL_OK; i++) {
        const struct marking *m = &st->source[i].marking;
        if (m->mark == NULL) {
            continue;
        }
        imported = true;
        applies = applies || m->applies[at];
        accounts += m->hits[at];
        (void)json_array_append_new(
            sources, json_pack("{s:s, s:I, s:I, s:b, s:O}", "source", st->source[i].name,
                               "accounts", (json_int_t)m->hits[at], "total", (json_int_t)m->total,
                               "applies", (int)m->applies[at], "missing", m->missing[at]));
        rc = name_first(s, &st->source[i], at, first, err);
    }
    if (rc == MDL_OK && imported && !applies) {
        rc = refuse(st, at, err);
    }
    if (rc != MDL_OK) {
        json_decref(sources);
        json_decref(first);
        return rc;
    }
    *out = json_pack("{s:s, s:I, s:o, s:o}", "rule", st->book->at[at].row.text, "accounts",
                     (json_int_t)accounts, "sources", sources, "first", first);
    return MDL_OK;
}

enum mdl_status rules_take(const json_t *params, enum mdl_rulebook_kind kind,
                           struct mdl_rulebook_row *row, struct mdl_error *err)
{
    const char *text = param_text(params, "rule");
    memset(row, 0, sizeof *row);
    row->kind = kind;
    row->added_at = now_ms();
    if (strlen(text) > MDL_RULEBOOK_TEXT) {
        return mdl_fail(err, MDL_U_ARGUMENT, "rule: at most %d bytes, found %zu", MDL_RULEBOOK_TEXT,
                        strlen(text));
    }
    memcpy(row->text, text, strlen(text) + 1);
    return MDL_OK;
}

enum mdl_status rules_look(struct mdl_service *s, struct rules_state *st, void *ctx,
                           struct mdl_error *err)
{
    json_t **document = ctx;
    json_decref(*document);
    *document = NULL;
    return rules_document(s, st, st->book->n - 1, document, err);
}

static enum mdl_status look_once(struct mdl_service *s, const struct mdl_rulebook_row *row,
                                 json_t **out, struct mdl_error *err)
{
    struct rules_state st;
    enum mdl_status rc = rules_read(s, &st, err);
    if (rc == MDL_OK) {
        rc = rulebook_add(st.book, row, err);
    }
    if (rc == MDL_OK) {
        rc = rules_mark(s, &st, MARKING_LOOK, err);
    }
    if (rc == MDL_OK) {
        rc = rules_document(s, &st, st.book->n - 1, out, err);
    }
    rules_free(&st);
    return rc;
}

enum mdl_status rules_preview(struct mdl_service *s, const struct mdl_rulebook_row *row,
                              json_t **out, struct mdl_error *err)
{
    enum mdl_status rc = MDL_U_NOT_FOUND; /* of a generation that an import replaced meanwhile */
    for (int i = 0; i < TRIES && rc == MDL_U_NOT_FOUND; i++) {
        rc = look_once(s, row, out, err);
    }
    if (rc == MDL_OK) {
        (void)json_object_set_new(*out, "preview", json_true());
    }
    return rc == MDL_U_NOT_FOUND ? mdl_fail(err, MDL_U_STATE, "%s", being_changed) : rc;
}
