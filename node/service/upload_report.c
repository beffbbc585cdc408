/* upload_report.c: the report of an import as a document.
 * It may not count: the import and the generation did. */
#include "upload.h"

#include <string.h>

static json_t *columns(const struct mdl_import_file *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->n_columns; i++) {
        const struct mdl_import_column *c = &f->columns[i];
        char field[40];
        bool used = c->field < MDL_FIELD_COUNT || c->field == MDL_FIELD_IDENTIFIER;
        (void)snprintf(field, sizeof field, "%s%s",
                       c->field == MDL_FIELD_IDENTIFIER ? "id:" : mdl_import_field_slug(c->field),
                       c->field == MDL_FIELD_IDENTIFIER ? c->scheme : "");
        json_t *o =
            json_pack("{s:I, s:s, s:s?, s:s}", "index", (json_int_t)c->index, "column", c->label,
                      "field", used ? field : NULL, "how", mdl_import_how_slug(c->how));
        if (o != NULL) {
            (void)json_array_append_new(list, o);
        }
    }
    return list;
}

static json_t *files(const struct mdl_import_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_files; i++) {
        const struct mdl_import_file *f = &r->files[i];
        char delimiter[8];
        (void)snprintf(delimiter, sizeof delimiter, "%s", "tab");
        if (f->delimiter != '\t') {
            (void)snprintf(delimiter, sizeof delimiter, "%c", f->delimiter);
        }
        json_t *o =
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o}", "name", f->name, "kind",
                      mdl_import_kind_slug(f->kind), "label", mdl_import_kind_label(f->kind),
                      "encoding", mdl_import_encoding_name(f->encoding), "delimiter", delimiter,
                      "header_line", (json_int_t)f->header_line, "bytes", (json_int_t)f->bytes,
                      "rows", (json_int_t)f->rows, "columns", columns(f));
        if (o != NULL) {
            (void)json_array_append_new(list, o);
        }
    }
    return list;
}

static const json_t *named(const json_t *list, const char *name)
{
    size_t i;
    const json_t *o;
    json_array_foreach(list, i, o)
    {
        const char *n = json_string_value(json_object_get(o, "name"));
        if (n != NULL && strcmp(n, name) == 0) {
            return o;
        }
    }
    return NULL;
}

/* Those of the import and those by rule, each with what it held before. */
static json_t *marked_populations(const struct mdl_upload *u)
{
    json_t *list = json_deep_copy(u->marking.populations);
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o)
    {
        const json_t *was = named(u->before, json_string_value(json_object_get(o, "name")));
        const json_t *n = json_object_get(was, "accounts");
        json_int_t before = json_integer_value(n);
        (void)json_object_set_new(o, "before",
                                  u->before == NULL ? json_null() : json_integer(before));
    }
    return list;
}

/* Populations that the import before had, and this one has no more. */
static json_t *gone_populations(const struct mdl_upload *u)
{
    json_t *list = json_array();
    size_t i;
    const json_t *o;
    json_array_foreach(u->before, i, o)
    {
        const char *name = json_string_value(json_object_get(o, "name"));
        if (name != NULL && u->marking.populations != NULL &&
            named(u->marking.populations, name) == NULL) {
            (void)json_array_append_new(
                list, json_pack("{s:s, s:I}", "name", name, "before",
                                json_integer_value(json_object_get(o, "accounts"))));
        }
    }
    return list;
}

/* Rules that these files cannot be asked. */
static json_t *silent_rules(const struct mdl_upload *u)
{
    json_t *list = json_array();
    for (size_t i = 0; u->marking.applies != NULL && i < u->book->n; i++) {
        const struct mdl_rulebook_row *row = &u->book->at[i].row;
        if (!u->marking.applies[i]) {
            (void)json_array_append_new(
                list, json_pack("{s:o, s:s, s:O}", "population",
                                row->name[0] != '\0' ? json_string(row->name) : json_null(), "rule",
                                row->text, "missing", u->marking.missing[i]));
        }
    }
    return list;
}

static json_t *populations(const struct mdl_import_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->plan.n; i++) {
        (void)json_array_append_new(list, json_pack("{s:s, s:I}", "name", r->plan.name[i],
                                                    "accounts", (json_int_t)r->population[i]));
    }
    return list;
}

static json_t *key_counts(const struct mdl_import_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < MDL_IMPORT_KEY_TYPES; i++) {
        const struct mdl_import_key_count *k = &r->keys[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:I, s:I}", "type", mdl_key_type_slug(k->type),
                            "label", mdl_key_type_label(k->type), "tier",
                            mdl_key_type_tier(k->type) == MDL_TIER_MATCH ? "match" : "review",
                            "keys", (json_int_t)k->keys, "accounts", (json_int_t)k->accounts));
    }
    return list;
}

/* Issues of one class as {reason, meaning, count}; *total their number. */
static json_t *issues(const struct mdl_import_report *r, enum mdl_import_issue_class cls,
                      enum mdl_import_issue_kind from, enum mdl_import_issue_kind to,
                      json_int_t *total)
{
    json_t *list = json_array();
    *total = 0;
    for (int i = (int)from; i <= (int)to; i++) {
        enum mdl_import_issue_kind kind = (enum mdl_import_issue_kind)i;
        if (r->issues[i] == 0 || mdl_import_issue_class_of(kind) != cls) {
            continue;
        }
        *total += (json_int_t)r->issues[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:I}", "reason", mdl_import_issue_slug(kind), "meaning",
                            mdl_import_issue_meaning(kind), "count", (json_int_t)r->issues[i]));
    }
    return list;
}

static json_t *counted(const struct mdl_import_report *r, enum mdl_import_issue_class cls,
                       enum mdl_import_issue_kind from, enum mdl_import_issue_kind to, json_t *rows)
{
    json_int_t total;
    json_t *reasons = issues(r, cls, from, to, &total);
    json_t *o = json_pack("{s:I, s:o}", "count", total, "reasons", reasons);
    if (rows != NULL) {
        (void)json_object_set(o, "first", rows);
    }
    return o;
}

static json_t *denied(const struct mdl_upload *u)
{
    json_t *list = json_array();
    for (size_t i = 0; u->summary != NULL && i < u->summary->n_shared; i++) {
        const struct mdl_gen_shared_key *k = &u->summary->shared[i];
        struct mdl_key key;
        if (mdl_key_decode(k->key, k->len, &key, NULL) == MDL_OK) {
            json_t *o =
                json_pack("{s:s%, s:I, s:I}", "domain", (const char *)key.value, (size_t)key.len,
                          "names", (json_int_t)k->core_names, "accounts", (json_int_t)k->accounts);
            (void)json_array_append_new(list, o);
        }
    }
    return list;
}

static void add_populations(const struct mdl_upload *u, json_t *o)
{
    bool marked = u->marking.populations != NULL;
    (void)json_object_set_new(o, "populations",
                              marked ? marked_populations(u)
                                     : populations(mdl_import_report(u->import)));
    (void)json_object_set_new(o, "populations_gone", gone_populations(u));
    (void)json_object_set_new(o, "rules_silent", silent_rules(u));
    (void)json_object_set_new(o, "left_out",
                              json_pack("{s:I, s:I}", "private", (json_int_t)u->left_private,
                                        "suppressed", (json_int_t)u->left_suppressed));
}

json_t *upload_report(struct mdl_upload *u)
{
    const struct mdl_import_report *r = mdl_import_report(u->import);
    json_t *o = json_object();
    (void)json_object_set_new(o, "source",
                              u->source[0] != '\0' ? json_string(u->source) : json_null());
    (void)json_object_set_new(o, "preview", json_boolean(u->preview));
    (void)json_object_set_new(o, "files", files(r));
    (void)json_object_set_new(o, "rows_read", json_integer((json_int_t)r->rows));
    (void)json_object_set_new(o, "accounts", json_integer((json_int_t)r->accounts));
    (void)json_object_set_new(o, "opportunities",
                              json_pack("{s:I, s:I, s:I}", "read", (json_int_t)r->opportunities,
                                        "joined", (json_int_t)r->joined, "unjoined",
                                        (json_int_t)r->unjoined));
    add_populations(u, o);
    (void)json_object_set_new(o, "no_population", json_integer((json_int_t)r->no_population));
    (void)json_object_set_new(o, "keys", key_counts(r));
    (void)json_object_set_new(o, "keys_total", json_integer((json_int_t)r->distinct_keys));
    (void)json_object_set_new(
        o, "without_key",
        counted(r, MDL_ISSUE_NOTED, MDL_ISSUE_NO_KEY_EMPTY, MDL_ISSUE_NO_KEY_REFUSED, u->first));
    (void)json_object_set_new(o, "duplicates",
                              json_pack("{s:I, s:I}", "record_ids",
                                        (json_int_t)r->issues[MDL_ISSUE_REPEATED], "same_key",
                                        (json_int_t)r->duplicate_accounts));
    (void)json_object_set_new(o, "rejected",
                              counted(r, MDL_ISSUE_REJECTED, (enum mdl_import_issue_kind)0,
                                      (enum mdl_import_issue_kind)(MDL_ISSUE_COUNT - 1),
                                      u->rejected));
    (void)json_object_set_new(o, "skipped",
                              counted(r, MDL_ISSUE_SKIPPED, (enum mdl_import_issue_kind)0,
                                      (enum mdl_import_issue_kind)(MDL_ISSUE_COUNT - 1), NULL));
    (void)json_object_set_new(o, "denied_domains", denied(u));
    (void)json_object_set_new(o, "seconds", json_real((double)(now_ms() - u->started_ms) / 1000.0));
    return o;
}
