/* verbs_suppress.c: the suppression list: add, import, list, remove.
 * The list is held against every snapshot by the store; nothing here touches a round. */
#include "suppress_value.h"
#include "trail.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Values on their way into the list. */
struct batch {
    struct mdl_suppress_row *row;
    bool *already; /* on the list before */
    bool *renewed; /* and has got a new reason */
    uint64_t *accounts;
    size_t n;
    json_int_t rounds_open;
    uint64_t all; /* accounts left out, each once a source */
};

static void batch_free(struct batch *b)
{
    free(b->row);
    free(b->already);
    free(b->renewed);
    free(b->accounts);
}

static enum mdl_status batch_make(struct batch *b, size_t n, struct mdl_error *err)
{
    memset(b, 0, sizeof *b);
    b->n = n;
    b->row = calloc(n + 1, sizeof *b->row);
    b->already = calloc(n + 1, sizeof *b->already);
    b->renewed = calloc(n + 1, sizeof *b->renewed);
    b->accounts = calloc(n + 1, sizeof *b->accounts);
    return b->row != NULL && b->already != NULL && b->renewed != NULL && b->accounts != NULL
               ? MDL_OK
               : mdl_fail(err, MDL_L_MEMORY, "not enough memory for %zu values", n);
}

/* ---- whom it hits -------------------------------------------------------------------------------
 */

static void note_hit(void *ctx, int64_t entry, uint64_t n)
{
    struct batch *b = ctx;
    if (entry < 0 && (size_t)-entry <= b->n) { /* of the batch: numbered from -1 downwards */
        b->accounts[-entry - 1] += n;
    }
}

static void note_all(void *ctx, uint64_t populations, enum mdl_left_out why, uint64_t n)
{
    struct batch *b = ctx;
    (void)populations;
    b->all += why == MDL_LEFT_SUPPRESSED ? n : 0;
}

static enum mdl_status each_source(struct mdl_service *s, const struct rules_state *st,
                                   mdl_gen_suppressed_fn *hit, mdl_gen_tally_fn *all, void *ctx,
                                   struct mdl_error *err)
{
    enum mdl_status rc = MDL_OK;
    for (size_t i = 0; i < st->n && rc == MDL_OK; i++) {
        const struct rules_source *src = &st->source[i];
        struct mdl_gen_reader *gen = NULL;
        if (src->generation[0] == '\0') {
            continue;
        }
        rc = mdl_gen_open_marked(s->dir, src->name, src->generation, src->marks, &gen, err);
        if (rc == MDL_OK) {
            rc = mdl_gen_leave_out(gen, st->suppressed, err);
        }
        if (rc == MDL_OK) {
            rc = mdl_gen_suppressed_by(gen, hit, ctx, err);
        }
        if (rc == MDL_OK) {
            rc = mdl_gen_tally(gen, all, ctx, err);
        }
        mdl_gen_close(gen);
    }
    return rc == MDL_U_NOT_FOUND
               ? mdl_fail(err, MDL_U_STATE,
                          "the accounts were imported anew at this moment; try again")
               : rc;
}

/* ---- writing ------------------------------------------------------------------------------------
 */

static bool count_open(void *ctx, const struct mdl_round_row *row)
{
    struct batch *b = ctx;
    b->rounds_open += row->outcome == MDL_ROUND_RUNNING;
    return true;
}

/* The values themselves are personal data: the log gets a salted commitment to all of them. */
static enum mdl_status log_batch(struct mdl_service *s, const struct batch *b, size_t added,
                                 struct mdl_error *err)
{
    char note[64];
    size_t room = 1;
    for (size_t i = 0; i < b->n; i++) {
        room += strlen(b->row[i].value) + strlen(b->row[i].country) + 2;
    }
    char *text = calloc(room, 1);
    size_t used = 0;
    if (text == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the log");
    }
    for (size_t i = 0; i < b->n; i++) {
        if (!b->already[i]) {
            used += (size_t)snprintf(text + used, room - used, "%s\n%s\n", b->row[i].value,
                                     b->row[i].country);
        }
    }
    (void)snprintf(note, sizeof note, "suppress add: %zu %s", added,
                   added == 1 ? "entry" : "entries");
    enum mdl_status rc = added > 0 ? rules_trail(s, note, text, added, err) : MDL_OK;
    free(text);
    return rc;
}

static enum mdl_status put_on_loop(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct batch *b = ctx;
    struct mdl_round_filter open = {.open_only = true};
    size_t added = 0;
    enum mdl_status rc = MDL_OK;
    for (size_t i = 0; i < b->n && rc == MDL_OK; i++) {
        rc = mdl_suppress_put(s->store, &b->row[i], err);
        b->already[i] = rc == MDL_U_EXISTS;
        if (b->already[i]) {
            rc = mdl_suppress_renew(s->store, &b->row[i], &b->renewed[i], err);
        }
        added += rc == MDL_OK && !b->already[i];
    }
    if (rc == MDL_OK) {
        rc = log_batch(s, b, added, err);
    }
    return rc == MDL_OK ? mdl_round_list(s->store, &open, count_open, b, err) : rc;
}

static json_t *doc_keys(const struct mdl_suppress_row *row)
{
    json_t *list = json_array();
    for (size_t i = 0; i < row->n_keys; i++) {
        struct mdl_key k;
        if (mdl_key_decode(row->key[i].bytes, row->key[i].len, &k, NULL) == MDL_OK) {
            (void)json_array_append_new(list,
                                        json_pack("{s:s, s:s%}", "type", mdl_key_type_slug(k.type),
                                                  "value", (const char *)k.value, (size_t)k.len));
        }
    }
    return list;
}

static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *doc_batch(const struct mdl_service *s, const struct batch *b, bool preview)
{
    json_t *list = json_array();
    for (size_t i = 0; i < b->n; i++) {
        const struct mdl_suppress_row *r = &b->row[i];
        (void)json_array_append_new(
            list,
            json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:b, s:b}", "id",
                      r->id > 0 && !b->already[i] ? json_integer((json_int_t)r->id) : json_null(),
                      "value", r->value, "country", text_or_null(r->country), "reason",
                      text_or_null(r->reason), "source", text_or_null(r->source), "record_id",
                      text_or_null(r->record_id), "keys", doc_keys(r), "accounts",
                      (json_int_t)b->accounts[i], "already", (int)b->already[i], "reason_renewed",
                      (int)b->renewed[i], "mail_provider", (int)suppress_is_mail_provider(s, r)));
    }
    return json_pack("{s:b, s:o, s:I, s:I}", "preview", (int)preview, "entries", list, "left_out",
                     (json_int_t)b->all, "rounds_running", b->rounds_open);
}

/* Reads all values before any is stored: all of them, or none. */
static enum mdl_status add_all(struct mdl_service *s, const struct suppress_wish *wish, size_t n,
                               bool preview, json_t **result, struct mdl_error *err)
{
    struct rules_state st;
    struct batch b;
    enum mdl_status rc = batch_make(&b, n, err);
    memset(&st, 0, sizeof st);
    if (rc == MDL_OK) {
        rc = rules_read(s, &st, err);
    }
    for (size_t i = 0; i < n && rc == MDL_OK; i++) {
        rc = suppress_value(s, &st, &wish[i], &b.row[i], err);
        b.row[i].id = -(int64_t)i - 1;
        if (rc == MDL_OK) {
            rc = mdl_suppressed_add(st.suppressed, &b.row[i], err);
        } else if (wish[i].line > 0) {
            rc = mdl_error_prefix(err, "line %zu, nothing was changed: ", wish[i].line);
        }
    }
    if (rc == MDL_OK) {
        rc = each_source(s, &st, note_hit, note_all, &b, err);
    }
    if (rc == MDL_OK && !preview) {
        rc = call_loop(s, put_on_loop, &b, err);
    }
    if (rc == MDL_OK) {
        *result = doc_batch(s, &b, preview);
    }
    rules_free(&st);
    batch_free(&b);
    return rc;
}

enum mdl_status verb_suppress_add(struct mdl_service *s, const json_t *params, json_t **result,
                                  struct mdl_error *err)
{
    const json_t *values = json_object_get(params, "values");
    size_t n = json_array_size(values);
    if (n == 0) {
        return mdl_fail(err, MDL_U_ARGUMENT, "values: expected at least one");
    }
    struct suppress_wish *wish = calloc(n, sizeof *wish);
    if (wish == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for %zu values", n);
    }
    for (size_t i = 0; i < n; i++) {
        wish[i].value = json_string_value(json_array_get(values, i));
        wish[i].country = param_text(params, "country");
        wish[i].reason = param_text(params, "reason");
    }
    enum mdl_status st = add_all(s, wish, n, param_bool(params, "preview", false), result, err);
    free(wish);
    return st;
}

/* ---- a file of values ---------------------------------------------------------------------------
 */

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r", text[n - 1]) != NULL) {
        text[--n] = '\0';
    }
    return text;
}

/* VALUE, or VALUE;COUNTRY;REASON. False: nothing to read (a comment, the titles). */
static bool read_line(char *line, size_t number, const char *reason, struct suppress_wish *w)
{
    char *value = trim(strsep(&line, ";\t"));
    char *country = line != NULL ? trim(strsep(&line, ";\t")) : NULL;
    char *why = line != NULL ? trim(line) : NULL;
    if (value[0] == '\0' || value[0] == '#' || (number == 1 && strcasecmp(value, "value") == 0)) {
        return false;
    }
    *w = (struct suppress_wish){value, country, why != NULL && why[0] != '\0' ? why : reason,
                                number};
    return true;
}

enum mdl_status verb_suppress_import(struct mdl_service *s, const json_t *params, json_t **result,
                                     struct mdl_error *err)
{
    const char *given = param_text(params, "text");
    size_t lines = 1;
    size_t n = 0;
    size_t number = 0;
    given += strncmp(given, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    for (const char *p = given; *p != '\0'; p++) {
        lines += *p == '\n';
    }
    char *text = strdup(given);
    char *rest = text;
    struct suppress_wish *wish = calloc(lines, sizeof *wish);
    enum mdl_status st = MDL_OK;
    if (text == NULL || wish == NULL) {
        st = mdl_fail(err, MDL_L_MEMORY, "not enough memory for %zu values", lines);
    }
    for (char *line; st == MDL_OK && (line = strsep(&rest, "\n")) != NULL;) {
        n += read_line(line, ++number, param_text(params, "reason"), &wish[n]);
    }
    if (st == MDL_OK && n == 0) {
        st = mdl_fail(err, MDL_U_ARGUMENT,
                      "the file names nobody: expected a line VALUE or VALUE;COUNTRY;REASON");
    }
    if (st == MDL_OK) {
        st = add_all(s, wish, n, param_bool(params, "preview", false), result, err);
    }
    free(wish);
    free(text);
    return st;
}

/* ---- list and remove ----------------------------------------------------------------------------
 */

struct entries {
    json_t *list;
    uint64_t all;
};

static bool entry_row(void *ctx, const struct mdl_suppress_row *r)
{
    struct entries *e = ctx;
    (void)json_array_append_new(
        e->list, json_pack("{s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "id", (json_int_t)r->id,
                           "value", r->value, "country", text_or_null(r->country), "reason",
                           text_or_null(r->reason), "source", text_or_null(r->source), "record_id",
                           text_or_null(r->record_id), "since", doc_time(r->added_at), "keys",
                           (json_int_t)r->n_keys, "accounts", (json_int_t)0));
    return true;
}

static enum mdl_status list_on_loop(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct entries *e = ctx;
    return mdl_suppress_list(s->store, 0, entry_row, e, err);
}

/* Entries are in the order of their numbers. */
static void entry_hit(void *ctx, int64_t entry, uint64_t n)
{
    struct entries *e = ctx;
    size_t low = 0;
    size_t high = json_array_size(e->list);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        json_t *o = json_array_get(e->list, mid);
        json_int_t id = json_integer_value(json_object_get(o, "id"));
        if (id == entry) {
            json_int_t had = json_integer_value(json_object_get(o, "accounts"));
            (void)json_object_set_new(o, "accounts", json_integer(had + (json_int_t)n));
            return;
        }
        low = id < entry ? mid + 1 : low;
        high = id < entry ? high : mid;
    }
}

static void entry_all(void *ctx, uint64_t populations, enum mdl_left_out why, uint64_t n)
{
    struct entries *e = ctx;
    (void)populations;
    e->all += why == MDL_LEFT_SUPPRESSED ? n : 0;
}

enum mdl_status verb_suppress_list(struct mdl_service *s, const json_t *params, json_t **result,
                                   struct mdl_error *err)
{
    struct rules_state st;
    struct entries e = {.list = json_array()};
    (void)params;
    enum mdl_status rc = rules_read(s, &st, err);
    if (rc == MDL_OK) {
        rc = call_loop(s, list_on_loop, &e, err);
    }
    if (rc == MDL_OK) {
        rc = each_source(s, &st, entry_hit, entry_all, &e, err);
    }
    rules_free(&st);
    if (rc != MDL_OK) {
        json_decref(e.list);
        return rc;
    }
    *result = json_pack("{s:o, s:I}", "entries", e.list, "left_out", (json_int_t)e.all);
    return MDL_OK;
}

struct search {
    const char *wanted;
    struct mdl_suppress_row *found;
    size_t n;
};

static bool search_row(void *ctx, const struct mdl_suppress_row *r)
{
    struct search *w = ctx;
    char number[24];
    (void)snprintf(number, sizeof number, "%lld", (long long)r->id);
    if (strcmp(number, w->wanted) == 0) {
        *w->found = *r;
        w->n = 1;
        return false;
    }
    if (strcmp(r->value, w->wanted) == 0) {
        *w->found = *r;
        w->n++;
    }
    return true;
}

static enum mdl_status remove_found(struct mdl_service *s, const struct search *w, json_t **result,
                                    struct mdl_error *err)
{
    if (w->n != 1) {
        return mdl_fail(err, w->n == 0 ? MDL_U_NOT_FOUND : MDL_U_ARGUMENT,
                        w->n == 0 ? "'%.80s' is not on the suppression list; 'mandorla suppress "
                                    "list' shows what is, with numbers"
                                  : "'%.80s' is on the suppression list more than once, with "
                                    "different countries: name its number ('mandorla suppress "
                                    "list')",
                        w->wanted);
    }
    enum mdl_status rc = mdl_suppress_remove(s->store, w->found->id, err);
    if (rc == MDL_OK) {
        rc = rules_trail(s, "suppress remove: 1 entry", w->found->value, 1, err);
    }
    if (rc == MDL_OK) {
        *result = json_pack("{s:I, s:s, s:o}", "removed", (json_int_t)w->found->id, "value",
                            w->found->value, "country", text_or_null(w->found->country));
    }
    return rc;
}

enum mdl_status verb_suppress_remove(struct mdl_service *s, const json_t *params, json_t **result,
                                     struct mdl_error *err)
{
    struct search w = {.wanted = param_text(params, "entry"), .found = calloc(1, sizeof *w.found)};
    if (w.found == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the suppression list");
    }
    enum mdl_status rc = mdl_suppress_list(s->store, 0, search_row, &w, err);
    if (rc == MDL_OK) {
        rc = remove_found(s, &w, result, err);
    }
    free(w.found);
    return rc;
}
