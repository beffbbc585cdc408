/* verbs_population.c: populations by rule: preview, add, list, remove.
 * It may not ask a rule itself: rules.c does, off the loop. */
#include "rules.h"

#include <mandorla/agreement.h>
#include <stdlib.h>
#include <store_agreement.h>
#include <store_partner.h>
#include <string.h>

static const char *const standard[] = {"customers", "open-opportunities", "prospects"};
#define STANDARD (sizeof standard / sizeof standard[0])

static bool is_standard(const char *name)
{
    for (size_t i = 0; i < STANDARD; i++) {
        if (strcmp(standard[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- agreements that use a population -----------------------------------------------------------
 */

struct users {
    struct mdl_service *s;
    json_t *by_name; /* population -> list of partners */
};

static void note_user(struct users *u, const struct mdl_agreement_row *row,
                      const struct mdl_agreement *a)
{
    const char *names[MDL_AGREEMENT_POPULATIONS];
    struct mdl_partner_row partner;
    bool is_a =
        memcmp(a->identity[0], mdl_identity_public(u->s->identity), MDL_IDENTITY_BYTES) == 0;
    size_t n = mdl_agreement_populations(a, is_a ? MDL_ROLE_A : MDL_ROLE_B, names,
                                         MDL_AGREEMENT_POPULATIONS);
    if (mdl_partner_get(u->s->store, row->partner, &partner, NULL) != MDL_OK) {
        return;
    }
    char id[13];
    json_t *hex = doc_hex(row->hash, MDL_STORE_HASH);
    (void)snprintf(id, sizeof id, "%.12s", json_string_value(hex));
    json_decref(hex);
    for (size_t i = 0; i < n; i++) {
        json_t *list = json_object_get(u->by_name, names[i]);
        if (list == NULL) {
            list = json_array();
            (void)json_object_set_new(u->by_name, names[i], list);
        }
        enum mdl_level level = mdl_agreement_effective(a, is_a ? MDL_ROLE_A : MDL_ROLE_B, names[i]);
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s, s:s}", "partner", partner.name,
                                              "agreement", id, "level", mdl_level_name(level)));
    }
    mdl_partner_clear(&partner);
}

static bool note_agreement(void *ctx, const struct mdl_agreement_row *row)
{
    struct users *u = ctx;
    uint64_t now = now_ms();
    if (row->state != MDL_AGREEMENT_IN_FORCE || row->valid_until <= now) {
        return true;
    }
    struct mdl_agreement *a = calloc(1, sizeof *a);
    if (a != NULL && mdl_agreement_decode(row->bytes.data, row->bytes.len, a, NULL) == MDL_OK) {
        note_user(u, row, a);
    }
    free(a);
    return true;
}

static enum mdl_status users_on_loop(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct users *u = ctx;
    return mdl_agreement_list(s->store, 0, note_agreement, u, err);
}

static json_t *users_of(const struct users *u, const char *name)
{
    json_t *list = json_object_get(u->by_name, name);
    return list != NULL ? json_incref(list) : json_array();
}

/* ---- preview and add ----------------------------------------------------------------------------
 */

enum mdl_status verb_population_preview(struct mdl_service *s, const json_t *params,
                                        json_t **result, struct mdl_error *err)
{
    struct mdl_rulebook_row row;
    enum mdl_status st = rules_take(params, MDL_RULE_PRIVATE, &row, err); /* needs no name */
    return st == MDL_OK ? rules_preview(s, &row, result, err) : st;
}

static enum mdl_status take_name(const json_t *params, struct mdl_rulebook_row *row,
                                 struct mdl_error *err)
{
    const char *name = param_text(params, "name");
    if (!mdl_population_name_valid(name)) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "name: '%.60s' cannot be a population's name; expected 1 to %d of a-z, 0-9 "
                        "and -",
                        name, MDL_POPULATION_NAME);
    }
    if (is_standard(name)) {
        return mdl_fail(err, MDL_U_EXISTS,
                        "'%s' is one of the three standard populations; to say what belongs to it, "
                        "give 'mandorla import --population \"%s: RULE\"'",
                        name, name);
    }
    memcpy(row->name, name, strlen(name) + 1);
    return MDL_OK;
}

/* An agreement may name a population before it exists here: from now on that discloses it. */
static enum mdl_status add_users(struct mdl_service *s, const char *name, json_t *document,
                                 struct mdl_error *err)
{
    struct users u = {s, json_object()};
    enum mdl_status st = call_loop(s, users_on_loop, &u, err);
    (void)json_object_set_new(document, "agreements", users_of(&u, name));
    json_decref(u.by_name);
    return st;
}

enum mdl_status verb_population_add(struct mdl_service *s, const json_t *params, json_t **result,
                                    struct mdl_error *err)
{
    struct mdl_rulebook_row row;
    json_t *document = NULL;
    char note[MDL_STORE_NAME + 32];
    enum mdl_status st = rules_take(params, MDL_RULE_POPULATION, &row, err);
    if (st == MDL_OK) {
        st = take_name(params, &row, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    (void)snprintf(note, sizeof note, "population add: %s", row.name);
    if (param_bool(params, "preview", false)) {
        st = rules_preview(s, &row, &document, err);
    } else {
        struct rules_change c = {.put = &row, .note = note, .ready = rules_look, .ctx = &document};
        st = rules_apply(s, &c, err);
    }
    if (st == MDL_OK) {
        st = add_users(s, row.name, document, err);
    }
    if (st != MDL_OK) {
        json_decref(document);
        return st;
    }
    (void)json_object_set_new(document, "name", json_string(row.name));
    (void)json_object_set_new(document, "preview",
                              json_boolean(param_bool(params, "preview", false)));
    *result = document;
    return MDL_OK;
}

/* ---- list ---------------------------------------------------------------------------------------
 */

struct listing {
    json_t *list;
    json_t *total; /* accounts and left out, over all */
    const struct mdl_gen_reader *gen;
    const char *source;
};

static void count_in(json_t *o, const char *member, json_int_t n)
{
    json_int_t had = json_integer_value(json_object_get(o, member));
    (void)json_object_set_new(o, member, json_integer(had + n));
}

static json_t *no_counts(void)
{
    return json_pack("{s:i, s:i}", "private", 0, "suppressed", 0);
}

static json_t *find_population(json_t *list, const char *name)
{
    size_t i;
    json_t *p;
    json_array_foreach(list, i, p)
    {
        if (strcmp(json_string_value(json_object_get(p, "name")), name) == 0) {
            return p;
        }
    }
    p = json_pack("{s:s, s:s, s:n, s:i, s:o, s:o, s:n}", "name", name, "kind",
                  is_standard(name) ? "standard" : "source", "rule", "accounts", 0, "left_out",
                  no_counts(), "sources", json_array(), "since");
    (void)json_array_append_new(list, p);
    return p;
}

static json_t *in_source(json_t *p, const char *source)
{
    json_t *list = json_object_get(p, "sources");
    size_t n = json_array_size(list);
    json_t *last = n > 0 ? json_array_get(list, n - 1) : NULL;
    if (last == NULL || strcmp(json_string_value(json_object_get(last, "source")), source) != 0) {
        last =
            json_pack("{s:s, s:i, s:o}", "source", source, "accounts", 0, "left_out", no_counts());
        (void)json_array_append_new(list, last);
    }
    return last;
}

static void count_one(json_t *o, enum mdl_left_out why, json_int_t n)
{
    switch (why) {
    case MDL_TAKES_PART:
        count_in(o, "accounts", n);
        return;
    case MDL_LEFT_PRIVATE:
        count_in(json_object_get(o, "left_out"), "private", n);
        return;
    case MDL_LEFT_SUPPRESSED:
        count_in(json_object_get(o, "left_out"), "suppressed", n);
        return;
    }
}

static void tally_row(void *ctx, uint64_t populations, enum mdl_left_out why, uint64_t n)
{
    struct listing *l = ctx;
    count_one(l->total, why, (json_int_t)n);
    for (int i = 0; i < mdl_gen_populations(l->gen); i++) {
        json_t *p = find_population(l->list, mdl_gen_population_name(l->gen, i));
        json_t *here = in_source(p, l->source);
        if ((populations >> i & 1) != 0) {
            count_one(p, why, (json_int_t)n);
            count_one(here, why, (json_int_t)n);
        }
    }
}

static enum mdl_status tally_source(struct mdl_service *s, const struct rules_state *st, size_t i,
                                    struct listing *l, struct mdl_error *err)
{
    const struct rules_source *src = &st->source[i];
    struct mdl_gen_reader *gen = NULL;
    enum mdl_status rc =
        mdl_gen_open_marked(s->dir, src->name, src->generation, src->marks, &gen, err);
    if (rc == MDL_OK) {
        rc = mdl_gen_leave_out(gen, st->suppressed, err);
    }
    l->gen = gen;
    l->source = src->name;
    if (rc == MDL_OK) {
        rc = mdl_gen_tally(gen, tally_row, l, err);
    }
    mdl_gen_close(gen);
    return rc == MDL_U_NOT_FOUND
               ? mdl_fail(err, MDL_U_STATE,
                          "the accounts were imported anew at this moment; ask again")
               : rc;
}

static void describe_rules(const struct rules_state *st, json_t *list)
{
    for (size_t i = 0; i < st->book->n; i++) {
        const struct mdl_rulebook_row *row = &st->book->at[i].row;
        if (row->kind == MDL_RULE_POPULATION) {
            json_t *p = find_population(list, row->name);
            (void)json_object_set_new(p, "kind", json_string("rule"));
            (void)json_object_set_new(p, "rule", json_string(row->text));
            (void)json_object_set_new(p, "since", doc_time(row->added_at));
        }
    }
}

enum mdl_status verb_population_list(struct mdl_service *s, const json_t *params, json_t **result,
                                     struct mdl_error *err)
{
    struct rules_state st;
    struct users u = {s, json_object()};
    struct listing l = {.list = json_array(),
                        .total = json_pack("{s:i, s:o}", "accounts", 0, "left_out", no_counts())};
    size_t k;
    json_t *p;
    (void)params;
    enum mdl_status rc = rules_read(s, &st, err);
    for (size_t i = 0; i < STANDARD; i++) {
        (void)find_population(l.list, standard[i]);
    }
    for (size_t i = 0; i < st.n && rc == MDL_OK; i++) {
        rc = st.source[i].generation[0] != '\0' ? tally_source(s, &st, i, &l, err) : MDL_OK;
    }
    if (rc == MDL_OK) {
        rc = call_loop(s, users_on_loop, &u, err);
    }
    if (rc == MDL_OK) {
        describe_rules(&st, l.list);
    }
    json_array_foreach(l.list, k, p)
    {
        (void)json_object_set_new(p, "agreements",
                                  users_of(&u, json_string_value(json_object_get(p, "name"))));
    }
    rules_free(&st);
    json_decref(u.by_name);
    if (rc != MDL_OK) {
        json_decref(l.list);
        json_decref(l.total);
        return rc;
    }
    *result = json_pack("{s:o, s:o}", "populations", l.list, "total", l.total);
    return MDL_OK;
}

/* ---- remove -------------------------------------------------------------------------------------
 */

static enum mdl_status find_rule(const struct rules_state *st, const char *name, size_t *at,
                                 struct mdl_error *err)
{
    char names[300] = "";
    for (size_t i = 0; i < st->book->n; i++) {
        const struct mdl_rulebook_row *row = &st->book->at[i].row;
        size_t used = strlen(names);
        if (row->kind != MDL_RULE_POPULATION) {
            continue;
        }
        if (strcmp(row->name, name) == 0) {
            *at = i;
            return MDL_OK;
        }
        (void)snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "", row->name);
    }
    if (is_standard(name)) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "'%s' is one of the three standard populations, which stay", name);
    }
    return mdl_fail(err, MDL_U_NOT_FOUND, "no population by rule is called '%.40s'; %s%s", name,
                    names[0] != '\0' ? "there are: " : "there is none", names);
}

static enum mdl_status in_use(const json_t *users, const char *name, struct mdl_error *err)
{
    char partners[300] = "";
    size_t i;
    const json_t *o;
    json_array_foreach(users, i, o)
    {
        size_t used = strlen(partners);
        (void)snprintf(partners + used, sizeof partners - used, "%s%s with %s",
                       used > 0 ? ", " : "", json_string_value(json_object_get(o, "agreement")),
                       json_string_value(json_object_get(o, "partner")));
    }
    return mdl_fail(
        err, MDL_U_STATE,
        "population '%s' stands in an agreement in force (%s): rounds under it would "
        "find nobody in it. Amend or revoke the agreement, or remove the population all "
        "the same with --force",
        name, partners);
}

enum mdl_status verb_population_remove(struct mdl_service *s, const json_t *params, json_t **result,
                                       struct mdl_error *err)
{
    const char *name = param_text(params, "population");
    struct rules_state st;
    struct users u = {s, json_object()};
    struct mdl_rulebook_row row;
    size_t at = 0;
    enum mdl_status rc = rules_read(s, &st, err);
    if (rc == MDL_OK) {
        rc = find_rule(&st, name, &at, err);
    }
    if (rc == MDL_OK) {
        row = st.book->at[at].row;
        rc = call_loop(s, users_on_loop, &u, err);
    }
    json_t *users = users_of(&u, name);
    if (rc == MDL_OK && json_array_size(users) > 0 && !param_bool(params, "force", false)) {
        rc = in_use(users, name, err);
    }
    if (rc == MDL_OK) {
        char note[MDL_STORE_NAME + 32];
        (void)snprintf(note, sizeof note, "population remove: %s", row.name);
        struct rules_change c = {.id = row.id, .note = note};
        rc = rules_apply(s, &c, err);
    }
    if (rc == MDL_OK) {
        *result = json_pack("{s:s, s:s, s:O}", "removed", row.name, "rule", row.text, "agreements",
                            users);
    }
    json_decref(users);
    json_decref(u.by_name);
    rules_free(&st);
    return rc;
}
