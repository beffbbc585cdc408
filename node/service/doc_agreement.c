/* doc_agreement.c: agreements as documents: terms, cells, what they disclose, what they change.
 * It may not change anything: rows in, JSON out. */
#include "agreement_wish.h"
#include "sizes.h"

#include <string.h>

static json_t *names_of(const struct mdl_agreement *a, enum mdl_role role)
{
    const char *names[MDL_AGREEMENT_POPULATIONS];
    size_t n = mdl_agreement_populations(a, role, names, MDL_AGREEMENT_POPULATIONS);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(list, json_string(names[i]));
    }
    return list;
}

static enum mdl_role own_role(struct mdl_service *s, const struct mdl_agreement *a)
{
    bool is_a = memcmp(a->identity[0], mdl_identity_public(s->identity), MDL_IDENTITY_BYTES) == 0;
    return is_a ? MDL_ROLE_A : MDL_ROLE_B;
}

/* ---- terms --------------------------------------------------------------------------------------
 */

static json_t *doc_cells(const struct mdl_agreement *a, enum mdl_role own)
{
    json_t *list = json_array();
    struct terms_cells cells;
    if (terms_cells_of(a, own, &cells, NULL) != MDL_OK) {
        return list;
    }
    for (size_t i = 0; i < cells.n; i++) {
        const struct terms_cell *c = &cells.cell[i];
        (void)json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:s, s:o}", "population", c->ours, "partner_population",
                      c->theirs, "level", mdl_level_name(c->level), "key_type",
                      c->key_type != 0 ? json_string(terms_key_slug(c->key_type)) : json_null()));
    }
    terms_cells_free(&cells);
    return list;
}

/* The level of every group, or "mixed". */
const char *agreement_level(const struct mdl_agreement *a)
{
    for (size_t g = 1; g < a->n_groups; g++) {
        if (strcmp(a->groups[g].level, a->groups[0].level) != 0) {
            return "mixed";
        }
    }
    return a->groups[0].level;
}

json_t *doc_caps(const struct mdl_agreement_caps *c)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "max_keys_round",
                     (json_int_t)c->max_keys_round, "max_keys_month", (json_int_t)c->max_keys_month,
                     "min_keys", (json_int_t)c->min_keys, "min_result", (json_int_t)c->min_result,
                     "max_result", (json_int_t)c->max_result, "max_rounds_month",
                     (json_int_t)c->max_rounds_month, "min_change", (json_int_t)c->min_change,
                     "cooldown_hours", (json_int_t)c->cooldown_hours);
}

static void add_terms(struct mdl_service *s, json_t *o, const struct mdl_agreement *a)
{
    enum mdl_role own = own_role(s, a);
    const char *approval = a->approval == MDL_APPROVAL_PERSON ? "person" : "standing";
    (void)json_object_set_new(o, "level", json_string(agreement_level(a)));
    (void)json_object_set_new(o, "populations", names_of(a, own));
    (void)json_object_set_new(o, "partner_populations", names_of(a, mdl_role_other(own)));
    (void)json_object_set_new(o, "cells", doc_cells(a, own));
    (void)json_object_set_new(o, "own_name", json_string(a->name[own]));
    (void)json_object_set_new(o, "partner_name", json_string(a->name[mdl_role_other(own)]));
    (void)json_object_set_new(o, "suite", json_string(a->suite));
    (void)json_object_set_new(o, "purpose", json_string(a->purpose));
    (void)json_object_set_new(o, "legal_basis", json_string(a->legal_basis));
    (void)json_object_set_new(o, "approval", json_string(approval));
    (void)json_object_set_new(o, "retention_days", json_integer(a->retention_days));
    (void)json_object_set_new(o, "key_deadline_s", json_integer(a->key_deadline_s));
    (void)json_object_set_new(o, "caps", doc_caps(&a->caps));
    (void)json_object_set_new(o, "valid_from", doc_time(a->valid_from));
    (void)json_object_set_new(o, "valid_until", doc_time(a->valid_until));
}

json_t *doc_terms(struct mdl_service *s, const struct mdl_agreement *a)
{
    json_t *o = json_object();
    add_terms(s, o, a);
    return o;
}

static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

/* Each side answers a revocation with its own: who began it. */
static json_t *revoked_first(const struct mdl_agreement_row *row)
{
    return row->state != MDL_AGREEMENT_REVOKED         ? json_null()
           : strcmp(row->reason, REVOKED_BY_THEM) == 0 ? json_string("them")
           : strcmp(row->reason, REVOKED_BY_US) == 0   ? json_string("us")
                                                       : json_null();
}

json_t *doc_agreement(struct mdl_service *s, const struct mdl_agreement_row *row)
{
    struct mdl_partner_row partner;
    struct mdl_agreement a;
    json_t *o = json_object();
    bool past = row->state == MDL_AGREEMENT_IN_FORCE && now_ms() >= row->valid_until;
    bool known = mdl_partner_get(s->store, row->partner, &partner, NULL) == MDL_OK;

    (void)json_object_set_new(o, "id", doc_hex(row->hash, sizeof row->hash));
    (void)json_object_set_new(o, "partner", json_string(known ? partner.name : "?"));
    (void)json_object_set_new(o, "state",
                              json_string(past ? "expired" : mdl_agreement_state_slug(row->state)));
    if (mdl_agreement_decode(row->bytes.data, row->bytes.len, &a, NULL) == MDL_OK) {
        add_terms(s, o, &a);
    } else {
        (void)json_object_set_new(o, "valid_from", doc_time(row->valid_from));
        (void)json_object_set_new(o, "valid_until", doc_time(row->valid_until));
    }
    (void)json_object_set_new(o, "created", doc_time(row->created_at));
    (void)json_object_set_new(o, "changed", doc_time(row->changed_at));
    (void)json_object_set_new(o, "signed_by_us", json_boolean(row->has_our_sig));
    (void)json_object_set_new(o, "signed_by_them", json_boolean(row->has_their_sig));
    (void)json_object_set_new(o, "revoked_by_us", json_boolean(row->has_our_revocation));
    (void)json_object_set_new(o, "revoked_by_them", json_boolean(row->has_their_revocation));
    (void)json_object_set_new(o, "revoked_first", revoked_first(row));
    (void)json_object_set_new(o, "reason", text_or_null(row->reason));
    (void)json_object_set_new(o, "note", text_or_null(row->note));
    if (known) {
        mdl_partner_clear(&partner);
    }
    return o;
}

/* ---- what it discloses --------------------------------------------------------------------------
 */

struct telling {
    json_t *section[MDL_DISCLOSURES];
};

static void tell(void *ctx, enum mdl_disclosure section, const char *sentence)
{
    struct telling *t = ctx;
    (void)json_array_append_new(t->section[section], json_string(sentence));
}

struct known_names {
    struct mdl_service *s;
    const uint8_t *identity; /* the partner's */
    json_t *names;           /* keys of an object */
};

static void know_name(void *ctx, const char *name)
{
    struct known_names *k = ctx;
    (void)json_object_set_new(k->names, name, json_true());
}

/* What the partner put its name to: a name that we alone wrote may be mistyped. */
static bool know_agreed(void *ctx, const struct mdl_agreement_row *row)
{
    struct known_names *k = ctx;
    struct mdl_agreement a;
    const char *names[MDL_AGREEMENT_POPULATIONS];

    if (!row->has_their_sig ||
        mdl_agreement_decode(row->bytes.data, row->bytes.len, &a, NULL) != MDL_OK) {
        return true;
    }
    enum mdl_role theirs = mdl_role_other(own_role(k->s, &a));
    if (memcmp(a.identity[theirs], k->identity, MDL_IDENTITY_BYTES) == 0) {
        size_t n = mdl_agreement_populations(&a, theirs, names, MDL_AGREEMENT_POPULATIONS);
        for (size_t i = 0; i < n; i++) {
            know_name(k, names[i]);
        }
    }
    return true;
}

/* The populations that there are on a side, as far as we know; NULL if that cannot be read. */
static json_t *known_of(struct mdl_service *s, const struct mdl_agreement *a, enum mdl_role role)
{
    static const char *const standard[] = {"customers", "open-opportunities", "prospects"};
    struct known_names k = {s, a->identity[role], json_object()};
    enum mdl_status st;
    if (role == own_role(s, a)) {
        st = populations_each(s, know_name, &k, NULL);
    } else {
        for (size_t i = 0; i < sizeof standard / sizeof standard[0]; i++) {
            know_name(&k, standard[i]);
        }
        st = mdl_agreement_list(s->store, 0, know_agreed, &k, NULL);
    }
    if (st != MDL_OK) {
        json_decref(k.names);
        return NULL;
    }
    return k.names;
}

/* Each population with its effective level: the highest over all its cells. */
static json_t *effective(struct mdl_service *s, const struct mdl_agreement *a, enum mdl_role role)
{
    const char *names[MDL_AGREEMENT_POPULATIONS];
    size_t n = mdl_agreement_populations(a, role, names, MDL_AGREEMENT_POPULATIONS);
    json_t *known = known_of(s, a, role);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        enum mdl_level level = mdl_agreement_effective(a, role, names[i]);
        bool is_known = known == NULL || json_object_get(known, names[i]) != NULL;
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s, s:b}", "population", names[i], "level",
                                              mdl_level_name(level), "known", (int)is_known));
    }
    json_decref(known);
    return list;
}

json_t *doc_disclosure(struct mdl_service *s, const struct mdl_agreement *a)
{
    enum mdl_role own = own_role(s, a);
    struct telling t = {{json_array(), json_array(), json_array(), json_array()}};
    mdl_agreement_describe(a, own, tell, &t);
    tell(&t, MDL_TERMS,
         "The days results are kept are a promise of both sides: this version of Mandorla does not "
         "erase results by itself when they are over.");
    json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "they_learn",
                          t.section[MDL_THEY_LEARN], "we_learn", t.section[MDL_WE_LEARN], "terms",
                          t.section[MDL_TERMS], "details", t.section[MDL_DETAILS], "populations",
                          names_of(a, own), "own", effective(s, a, own), "theirs",
                          effective(s, a, mdl_role_other(own)), "cells", doc_cells(a, own),
                          "partner", a->name[mdl_role_other(own)]);
    sizes_note(s, o, names_of(a, own));
    return o;
}

/* ---- what it changes ----------------------------------------------------------------------------
 */

struct changing {
    enum mdl_role own;
    const struct mdl_agreement *before, *after;
    json_t *list; /* cells first: they are what a person looks for */
    size_t n_cells;
    json_t *raised; /* cells */
    bool other;     /* a term besides cells that were raised, names and times apart */
};

static bool is_free(const char *term)
{
    static const char *const terms[] = {"name of A", "name of B", "valid from", "valid until"};
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        if (strcmp(term, terms[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void change_cell(struct changing *c, const char *of_a, const char *of_b, const char *before,
                        const char *after)
{
    const char *ours = c->own == MDL_ROLE_A ? of_a : of_b;
    const char *theirs = c->own == MDL_ROLE_A ? of_b : of_a;
    enum mdl_level from = mdl_agreement_cell(c->before, of_a, of_b, NULL);
    enum mdl_level to = mdl_agreement_cell(c->after, of_a, of_b, NULL);
    char term[2 * MDL_POPULATION_NAME + 16];

    (void)snprintf(term, sizeof term, "%s : %s", ours, theirs);
    (void)json_array_insert_new(c->list, c->n_cells++,
                                json_pack("{s:s, s:s, s:s, s:b, s:b}", "term", term, "before",
                                          before, "after", after, "cell", 1, "more",
                                          (int)(to > from)));
    if (to > from) {
        (void)json_array_append_new(c->raised, json_pack("{s:s, s:s, s:s, s:s}", "population", ours,
                                                         "partner_population", theirs, "before",
                                                         before, "after", after));
    } else {
        c->other = true;
    }
}

static void change(void *ctx, const char *term, const char *before, const char *after)
{
    struct changing *c = ctx;
    char of_a[MDL_POPULATION_NAME + 1];
    char of_b[MDL_POPULATION_NAME + 1];

    if (strcmp(term, "valid from") == 0) {
        return; /* every proposal begins when it is made */
    }
    if (sscanf(term, "cell %32[a-z0-9-] : %32[a-z0-9-]", of_a, of_b) == 2) {
        change_cell(c, of_a, of_b, before, after);
        return;
    }
    (void)json_array_append_new(c->list,
                                json_pack("{s:s, s:s, s:s, s:b, s:b}", "term", term, "before",
                                          before, "after", after, "cell", 0, "more", 0));
    c->other = c->other || !is_free(term);
}

void doc_changes(struct mdl_service *s, const struct mdl_agreement *before,
                 const struct mdl_agreement *after, json_t **changes, json_t **raised)
{
    struct changing c = {own_role(s, after), before, after, json_array(), 0, json_array(), false};
    (void)mdl_agreement_compare(before, after, change, &c);
    *changes = c.list;
    *raised = c.raised;
    if (c.other || json_array_size(c.raised) == 0) {
        json_decref(c.raised);
        *raised = NULL;
    }
}
