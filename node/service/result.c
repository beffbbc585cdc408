/* result.c: finding the result of a round, and the pieces its documents share.
 * It may not compute matches. */
#include "result.h"

#include <stdlib.h>
#include <string.h>

#define PAGE      500
#define PAGE_MAX  5000
#define LOOKED_AT 20 /* results with one partner that are compared in scope */

void found_free(struct found *f)
{
    if (f != NULL) {
        mdl_partner_clear(&f->partner);
        mdl_round_clear(&f->round);
        free(f);
    }
}

/* A partner that was removed and accepted again has one row for each time: what counts is who it
 * is. */
static bool same_partner(struct mdl_service *s, const struct mdl_partner_row *p, int64_t id)
{
    struct mdl_partner_row other;
    bool same = id == p->id;
    if (!same && mdl_partner_get(s->store, id, &other, NULL) == MDL_OK) {
        same = memcmp(other.identity, p->identity, sizeof p->identity) == 0;
        mdl_partner_clear(&other);
    }
    return same;
}

struct newest {
    bool hit;
    uint8_t id[MDL_STORE_ROUND];
};

static bool take_first(void *ctx, const struct mdl_round_row *r)
{
    struct newest *n = ctx;
    memcpy(n->id, r->id, sizeof n->id);
    n->hit = true;
    return false;
}

static enum mdl_status newest_round(struct mdl_service *s, struct found *f, struct mdl_error *err)
{
    struct newest n = {.hit = false};
    struct mdl_round_filter own = {.partner = f->partner.id,
                                   .same_party = true,
                                   .as_they_came = true, /* not as the partner dated them */
                                   .with_result = true,
                                   .limit = 1};
    enum mdl_status st = mdl_round_list(s->store, &own, take_first, &n, err);
    if (st == MDL_OK && n.hit) {
        return mdl_round_get(s->store, n.id, &f->round, err);
    }
    if (st == MDL_OK && f->partner.removed_at != 0) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "no mapping round with %s has a result",
                        f->partner.name);
    }
    return st != MDL_OK
               ? st
               : mdl_fail(err, MDL_U_NOT_FOUND,
                          "no mapping round with %s has a result yet; 'mandorla round start \"%s\" "
                          "--wait' runs one",
                          f->partner.name, f->partner.name);
}

static enum mdl_status named_round(struct mdl_service *s, const char *round, struct found *f,
                                   struct mdl_error *err)
{
    enum mdl_status st = round_find(s, round, &f->round, err);
    if (st == MDL_OK && !same_partner(s, &f->partner, f->round.partner)) {
        st = mdl_fail(err, MDL_U_NOT_FOUND, "round %s is with another partner", round);
    }
    return st;
}

enum mdl_status result_find(struct mdl_service *s, const char *partner, const char *round,
                            struct found **out, struct mdl_error *err)
{
    struct found *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a result");
    }
    enum mdl_status st = partner_find_any(s, partner, &f->partner, err);
    if (st == MDL_OK) {
        st = round != NULL ? named_round(s, round, f, err) : newest_round(s, f, err);
    }
    if (st == MDL_OK) {
        st = mdl_result_head(s->store, f->round.id, MDL_RESULT_ALL, &f->head, err);
        if (st == MDL_U_NOT_FOUND) {
            st = mdl_fail(err, st, "this round has no result");
        }
    }
    if (st == MDL_OK) {
        st = round_agreement(s, &f->round, &f->agreement, err);
        f->own = f->round.role == MDL_ROLE_A ? MDL_ROLE_A : MDL_ROLE_B;
        scope_of(&f->agreement, f->own, &f->scope);
    }
    if (st != MDL_OK) {
        found_free(f);
        return st;
    }
    *out = f;
    return MDL_OK;
}

/* ---- what was compared --------------------------------------------------------------------------
 */

static json_t *group_names(const struct mdl_agreement_group *g, enum mdl_role role)
{
    json_t *list = json_array();
    for (size_t i = 0; i < g->n_populations[role]; i++) {
        (void)json_array_append_new(list, json_string(g->populations[role][i]));
    }
    return list;
}

static json_t *rectangles(const struct found *f, enum mdl_level level)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->agreement.n_groups; i++) {
        const struct mdl_agreement_group *g = &f->agreement.groups[i];
        if (group_level(g) == level) {
            (void)json_array_append_new(
                list, json_pack("{s:o, s:o}", "populations", group_names(g, f->own),
                                "partner_populations", group_names(g, mdl_role_other(f->own))));
        }
    }
    return list;
}

void result_scope(json_t *o, const struct found *f)
{
    const struct scope *s = &f->scope;
    (void)json_object_set_new(o, "populations", result_all_names(s->own, s->n_own));
    (void)json_object_set_new(o, "partner_populations", result_all_names(s->partner, s->n_partner));
    (void)json_object_set_new(o, "compared", rectangles(f, MDL_LEVEL_ACCOUNTS));
    (void)json_object_set_new(o, "counted", rectangles(f, MDL_LEVEL_COUNTS));
}

enum mdl_status result_needs_accounts(const struct found *f, struct mdl_error *err)
{
    if (f->scope.n_groups > 0) {
        return MDL_OK;
    }
    return mdl_fail(err, MDL_U_STATE,
                    "the agreement of this round with %s lets no cell be compared account by "
                    "account; 'mandorla matrix \"%s\"' shows the counts",
                    f->partner.name, f->partner.name);
}

static size_t accounts_cells(const struct mdl_agreement *a)
{
    size_t n = 0;
    for (size_t g = 0; g < a->n_groups; g++) {
        const struct mdl_agreement_group *group = &a->groups[g];
        n += group_level(group) == MDL_LEVEL_ACCOUNTS
                 ? group->n_populations[0] * group->n_populations[1]
                 : 0;
    }
    return n;
}

/* Whether every cell that one group compares account by account is so in `a` too. */
static bool has_cells(const struct mdl_agreement *a, const struct mdl_agreement_group *group)
{
    for (size_t i = 0; i < group->n_populations[0]; i++) {
        for (size_t k = 0; k < group->n_populations[1]; k++) {
            if (mdl_agreement_cell(a, group->populations[0][i], group->populations[1][k], NULL) !=
                MDL_LEVEL_ACCOUNTS) {
                return false;
            }
        }
    }
    return true;
}

struct wider {
    struct mdl_service *s;
    const struct found *f;
    struct mdl_agreement *other;
    uint8_t id[MDL_STORE_ROUND];
    bool hit;
};

static bool compare_scope(void *ctx, const struct mdl_round_row *r)
{
    struct wider *w = ctx;
    const struct found *f = w->f;
    if (memcmp(r->agreement, f->round.agreement, sizeof r->agreement) == 0 ||
        round_agreement(w->s, r, w->other, NULL) != MDL_OK ||
        accounts_cells(w->other) <= accounts_cells(&f->agreement)) {
        return true;
    }
    for (size_t i = 0; i < f->scope.n_groups; i++) {
        if (!has_cells(w->other, &f->agreement.groups[f->scope.group[i]])) {
            return true;
        }
    }
    memcpy(w->id, r->id, sizeof w->id);
    w->hit = true;
    return false;
}

json_t *result_wider(struct mdl_service *s, const struct found *f)
{
    struct mdl_round_filter filter = {
        .partner = f->round.partner, .with_result = true, .limit = LOOKED_AT};
    struct wider w = {.s = s, .f = f, .other = calloc(1, sizeof *w.other)};
    if (w.other != NULL && mdl_round_list(s->store, &filter, compare_scope, &w, NULL) != MDL_OK) {
        w.hit = false;
    }
    free(w.other);
    return w.hit ? doc_hex(w.id, sizeof w.id) : json_null();
}

struct met {
    const struct scope *scope;
    uint32_t *own, *partner;
};

static bool add_met(void *ctx, const struct mdl_overlap_row *r)
{
    struct met *m = ctx;
    if (r->tier == MDL_FOUND_MATCH && !r->vetoed) {
        *m->own |= scope_own(m->scope, r->group, r->own_populations);
        *m->partner |= scope_partner(m->scope, r->group, r->partner_populations);
    }
    return true;
}

enum mdl_status result_met(struct mdl_service *s, const struct found *f, const char *source,
                           const char *record_id, uint32_t *own, uint32_t *partner,
                           struct mdl_error *err)
{
    struct met m = {&f->scope, own, partner};
    *own = *partner = 0;
    return mdl_result_account(s->store, f->round.id, source, record_id, add_met, &m, err);
}

/* ---- names and masks ----------------------------------------------------------------------------
 */

json_t *result_names(uint32_t mask, const name_list list, size_t n)
{
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++) {
        if ((mask >> i & 1) != 0) {
            (void)json_array_append_new(out, json_string(list[i]));
        }
    }
    return out;
}

json_t *result_all_names(const name_list list, size_t n)
{
    return result_names(0xffffffffu, list, n);
}

/* Why a population has no list: the round counted it, or did not compare it at all. */
static enum mdl_status no_list_of(const struct found *f, const char *name, bool ours,
                                  const char *known, struct mdl_error *err)
{
    const char *names[MDL_AGREEMENT_POPULATIONS];
    const char *partner = f->partner.name;
    size_t n = mdl_agreement_populations(&f->agreement, ours ? f->own : mdl_role_other(f->own),
                                         names, MDL_AGREEMENT_POPULATIONS);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return mdl_fail(err, MDL_U_STATE,
                            "'%.40s': its cells stand at level counts in this round, so there is "
                            "no list ('mandorla matrix \"%s\"' has the numbers); 'mandorla round "
                            "request \"%s\" --cell OURS:THEIRS' asks for more",
                            name, partner, partner);
        }
    }
    return mdl_fail(err, MDL_U_NOT_FOUND,
                    "no population '%.40s' of %s in this round; there are: %s", name,
                    ours ? "ours" : "the partner", known);
}

enum mdl_status result_mask(const struct found *f, const char *name, bool ours, uint32_t *mask,
                            struct mdl_error *err)
{
    const struct scope *s = &f->scope;
    size_t n = ours ? s->n_own : s->n_partner;
    char known[400] = "";
    *mask = 0;
    for (size_t i = 0; name != NULL && i < n; i++) {
        const char *here = ours ? s->own[i] : s->partner[i];
        size_t used = strlen(known);
        if (strcmp(here, name) == 0) {
            *mask = 1u << i;
            return MDL_OK;
        }
        (void)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", here);
    }
    return name == NULL ? MDL_OK : no_list_of(f, name, ours, known, err);
}

enum mdl_status result_page(const json_t *params, int64_t *after, size_t *limit,
                            struct mdl_error *err)
{
    const char *cursor = param_text(params, "cursor");
    json_int_t n = param_int(params, "limit", PAGE);
    char *end = NULL;

    if (n < 1 || n > PAGE_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "limit: expected 1 to %d, found %lld", PAGE_MAX,
                        (long long)n);
    }
    *limit = (size_t)n;
    *after = cursor != NULL ? strtoll(cursor, &end, 10) : 0;
    if (cursor != NULL && (end == cursor || *end != '\0' || *after < 0)) {
        return mdl_fail(err, MDL_U_ARGUMENT, "cursor: '%.40s' is none that this list gave", cursor);
    }
    return MDL_OK;
}

json_t *result_cursor(int64_t next)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)next);
    return next == 0 ? json_null() : json_string(text);
}

#define ROW_BITS 40

int64_t result_place(size_t group, int64_t row)
{
    return (int64_t)group << ROW_BITS | row;
}

size_t result_place_group(int64_t place)
{
    return (size_t)(place >> ROW_BITS);
}

int64_t result_place_row(int64_t place)
{
    return place & ((INT64_C(1) << ROW_BITS) - 1);
}

json_t *result_account(const struct mdl_account_fields *a, const char *source)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "record_id", a->record_id, "name", a->name, "website",
                     a->website, "source", source);
}
