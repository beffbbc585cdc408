/* verbs_node.c: the node itself, its sources, and what a value gives as match keys.
 * It may not touch sessions. */
#include "agreement_wish.h"
#include "rounds.h"
#include "trail.h"

#include <fingerprint.h>
#include <store_source.h>
#include <string.h>

struct listing {
    struct mdl_service *s;
    json_t *list;
    json_int_t accounts, n;
};

static json_t *json_or_null(const char *text)
{
    json_t *v = text != NULL ? json_loads(text, 0, NULL) : NULL;
    return v != NULL ? v : json_null();
}

static json_t *doc_source(const struct mdl_source_row *row)
{
    json_t *report = json_or_null(row->report);
    json_t *o =
        json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o}", "name", row->name, "kind", row->kind,
                  "accounts", (json_int_t)row->accounts, "keys", (json_int_t)row->keys, "imported",
                  doc_time(row->imported_at), "data_as_of", doc_time(row->data_as_of), "mapping",
                  json_or_null(row->mapping), "rules", json_or_null(row->rules));
    json_t *populations = json_object_get(report, "populations");
    (void)json_object_set(o, "populations", populations != NULL ? populations : json_null());
    json_decref(report);
    return o;
}

static bool source_row(void *ctx, const struct mdl_source_row *row)
{
    struct listing *l = ctx;
    l->n++;
    l->accounts += (json_int_t)row->accounts;
    if (l->list != NULL) {
        (void)json_array_append_new(l->list, doc_source(row));
    }
    return true;
}

enum mdl_status verb_source_list(struct mdl_service *s, const json_t *params, json_t **result,
                                 struct mdl_error *err)
{
    struct listing l = {.s = s, .list = json_array()};
    (void)params;
    enum mdl_status st = mdl_source_list(s->store, source_row, &l, err);
    if (st != MDL_OK) {
        json_decref(l.list);
        return st;
    }
    *result = json_pack("{s:o}", "sources", l.list);
    return MDL_OK;
}

struct names {
    char text[300];
};

static bool name_row(void *ctx, const struct mdl_source_row *row)
{
    struct names *n = ctx;
    size_t used = strlen(n->text);
    (void)snprintf(n->text + used, sizeof n->text - used, "%s%s", used > 0 ? ", " : "", row->name);
    return true;
}

static enum mdl_status no_source(struct mdl_service *s, const char *name, struct mdl_error *err)
{
    struct names n = {""};
    enum mdl_status st = mdl_source_list(s->store, name_row, &n, err);
    return st != MDL_OK
               ? st
               : mdl_fail(err, MDL_U_NOT_FOUND, "no source '%.40s'; %s%s", name,
                          n.text[0] != '\0' ? "there are: " : "nothing is imported yet", n.text);
}

enum mdl_status verb_source_remove(struct mdl_service *s, const json_t *params, json_t **result,
                                   struct mdl_error *err)
{
    const char *name = param_text(params, "source");
    char old[MDL_STORE_GENERATION + 1];
    struct mdl_source_row row;
    enum mdl_status st = mdl_source_get(s->store, name, &row, err);
    if (st != MDL_OK) {
        return st == MDL_U_NOT_FOUND ? no_source(s, name, err) : st;
    }
    st = mdl_source_remove(s->store, name, old, err);
    if (st == MDL_OK) {
        char note[MDL_STORE_SLUG + 32];
        (void)snprintf(note, sizeof note, "source remove: %s", row.name);
        struct trail t = {.kind = MDL_LOG_OPERATOR, .size = row.accounts, .note = note};
        st = trail_add(s, &t, err);
    }
    /* The file goes when the store is next opened, should this turn's commit still fail. */
    if (st == MDL_OK) {
        *result = json_pack("{s:s, s:I}", "removed", name, "accounts", (json_int_t)row.accounts);
    }
    mdl_source_clear(&row);
    return st;
}

static bool partner_row(void *ctx, const struct mdl_partner_row *row)
{
    struct listing *l = ctx;
    (void)json_array_append_new(l->list, doc_partner(l->s, row));
    return true;
}

static bool running_row(void *ctx, const struct mdl_round_row *row)
{
    struct listing *l = ctx;
    (void)json_array_append_new(l->list, doc_round(l->s, row));
    return true;
}

static json_t *binds(struct mdl_service *s)
{
    json_t *list = json_array();
    for (size_t i = 0; mdl_net_endpoint(s->net, i) != NULL; i++) {
        (void)json_array_append_new(list, json_string(mdl_net_endpoint(s->net, i)));
    }
    return list;
}

static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

enum mdl_status verb_status(struct mdl_service *s, const json_t *params, json_t **result,
                            struct mdl_error *err)
{
    char words[MDL_FINGERPRINT_TEXT];
    struct listing sources = {.s = s};
    struct listing partners = {.s = s, .list = json_array()};
    struct listing rounds = {.s = s, .list = json_array()};
    struct mdl_round_filter open = {.open_only = true};
    json_t *waiting = NULL;
    (void)params;
    enum mdl_status st = mdl_source_list(s->store, source_row, &sources, err);
    if (st == MDL_OK) {
        st = mdl_partner_list(s->store, false, partner_row, &partners, err);
    }
    if (st == MDL_OK) {
        st = mdl_round_list(s->store, &open, running_row, &rounds, err);
    }
    if (st == MDL_OK) {
        st = agreements_waiting(s, &waiting, err);
    }
    if (st != MDL_OK) {
        json_decref(partners.list);
        json_decref(rounds.list);
        return st;
    }
    mdl_fingerprint_words(mdl_identity_public(s->identity), words);
    *result = json_pack(
        "{s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:{s:s, s:o}, s:I, s:I, s:o, s:o, s:o}",
        "name", s->conf.name, "version", MANDORLA_VERSION, "identity",
        doc_hex(mdl_identity_public(s->identity), MDL_IDENTITY_BYTES), "fingerprint", words, "dir",
        s->dir, "endpoint", text_or_null(s->conf.endpoint), "bind", binds(s), "proxy",
        text_or_null(s->conf.proxy), "started", doc_time(s->started_ms), "profile", "id",
        mdl_profile_id(s->profile), "digest", doc_hex(mdl_profile_digest(s->profile), 32),
        "sources", sources.n, "accounts", sources.accounts, "partners", partners.list,
        "rounds_open", rounds.list, "agreements_waiting", waiting);
    return MDL_OK;
}

/* ---- keys ---------------------------------------------------------------------------------------
 */

static void add_step(void *ctx, const struct mdl_key_note *n)
{
    json_t *steps = ctx;
    json_t *step =
        json_pack("{s:s, s:s, s:b}", "field", n->field, "text", n->text, "ok", n->status == MDL_OK);
    if (step != NULL) {
        (void)json_array_append_new(steps, step);
    }
}

static const char *origin_name(uint8_t origin)
{
    switch ((enum mdl_key_origin)origin) {
    case MDL_FROM_IDENTIFIER:
        return "identifier";
    case MDL_FROM_WEBSITE:
        return "website";
    case MDL_FROM_ADDITIONAL_DOMAIN:
        return "additional domain";
    case MDL_FROM_EMAIL:
        return "e-mail";
    case MDL_FROM_NAME:
        return "name";
    }
    return "";
}

static json_t *doc_key(const struct mdl_key *k)
{
    return json_pack("{s:s, s:s, s:s%, s:s, s:s}", "type", mdl_key_type_slug(k->type), "label",
                     mdl_key_type_label(k->type), "value", (const char *)k->value, (size_t)k->len,
                     "tier", mdl_key_type_tier(k->type) == MDL_TIER_MATCH ? "match" : "review",
                     "origin", origin_name(k->origin));
}

static enum mdl_status explain(const struct mdl_profile *profile, const char *value,
                               const char *country, json_t **out, struct mdl_error *err)
{
    struct mdl_key_set set;
    json_t *steps = json_array();
    json_t *keys = json_array();
    enum mdl_status st = mdl_keys_explain(profile, value, country, add_step, steps, &set, err);
    for (size_t i = 0; st == MDL_OK && i < set.n; i++) {
        (void)json_array_append_new(keys, doc_key(&set.key[i]));
    }
    if (st != MDL_OK) {
        json_decref(steps);
        json_decref(keys);
        return st;
    }
    *out = json_pack("{s:s, s:o, s:o}", "value", value, "keys", keys, "steps", steps);
    return MDL_OK;
}

static enum mdl_status keys_document(const struct mdl_profile *profile, const json_t *params,
                                     json_t **result, struct mdl_error *err)
{
    json_t *list = json_array();
    size_t i;
    const json_t *value;
    json_array_foreach(json_object_get(params, "values"), i, value)
    {
        json_t *one = NULL;
        enum mdl_status st =
            explain(profile, json_string_value(value), param_text(params, "country"), &one, err);
        if (st != MDL_OK) {
            json_decref(list);
            return st;
        }
        (void)json_array_append_new(list, one);
    }
    *result = json_pack("{s:s, s:o}", "profile", mdl_profile_id(profile), "values", list);
    return MDL_OK;
}

enum mdl_status verb_key_explain(struct mdl_service *s, const json_t *params, json_t **result,
                                 struct mdl_error *err)
{
    return keys_document(s->profile, params, result, err);
}

enum mdl_status mdl_node_explain(const json_t *params, json_t **result, struct mdl_error *err)
{
    struct mdl_profile *profile = NULL;
    enum mdl_status st = mdl_profile_open(NULL, &profile, err);
    if (st == MDL_OK) {
        st = keys_document(profile, params, result, err);
    }
    mdl_profile_close(profile);
    return st;
}
