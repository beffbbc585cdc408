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
    struct mdl_service *s;
    const struct mdl_partner_row *partner;
    bool hit;
    uint8_t id[MDL_STORE_ROUND];
};

static bool take_first(void *ctx, const struct mdl_round_row *r)
{
    struct newest *n = ctx;
    if (same_partner(n->s, n->partner, r->partner)) {
        memcpy(n->id, r->id, sizeof n->id);
        n->hit = true;
    }
    return !n->hit;
}

static enum mdl_status newest_round(struct mdl_service *s, struct found *f, struct mdl_error *err)
{
    struct newest n = {.s = s, .partner = &f->partner};
    struct mdl_round_filter own = {.partner = f->partner.id, .with_result = true, .limit = 1};
    struct mdl_round_filter all = {.with_result = true};
    enum mdl_status st = mdl_round_list(s->store, &own, take_first, &n, err);
    if (st == MDL_OK && !n.hit) {
        st = mdl_round_list(s->store, &all, take_first, &n, err);
    }
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
        st = mdl_result_head(s->store, f->round.id, 0, &f->head, err);
        if (st == MDL_U_NOT_FOUND) {
            st = mdl_fail(err, st, "this round has no result");
        }
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

void result_scope(json_t *o, const struct mdl_result_head *h)
{
    (void)json_object_set_new(o, "populations", result_all_names(h->own, h->n_own));
    (void)json_object_set_new(o, "partner_populations", result_all_names(h->partner, h->n_partner));
}

static bool has_all(const name_list some, size_t n, const name_list all, size_t n_all)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < n_all && strcmp(some[i], all[k]) != 0) {
            k++;
        }
        if (k == n_all) {
            return false;
        }
    }
    return true;
}

struct wider {
    struct mdl_service *s;
    const struct found *f;
    struct mdl_result_head *other;
    uint8_t id[MDL_STORE_ROUND];
    bool hit;
};

static bool compare_scope(void *ctx, const struct mdl_round_row *r)
{
    struct wider *w = ctx;
    const struct mdl_result_head *h = &w->f->head;
    struct mdl_result_head *o = w->other;
    if (mdl_result_head(w->s->store, r->id, 0, o, NULL) == MDL_OK &&
        o->n_own + o->n_partner > h->n_own + h->n_partner &&
        has_all(h->own, h->n_own, o->own, o->n_own) &&
        has_all(h->partner, h->n_partner, o->partner, o->n_partner)) {
        memcpy(w->id, r->id, sizeof w->id);
        w->hit = true;
    }
    return !w->hit;
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

/* The mask of one population's name; 0 for NULL: no filter. */
enum mdl_status result_mask(const char *name, const name_list list, size_t n, const char *whose,
                            uint32_t *mask, struct mdl_error *err)
{
    char known[400] = "";
    *mask = 0;
    if (name == NULL) {
        return MDL_OK;
    }
    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(known);
        if (strcmp(list[i], name) == 0) {
            *mask = 1u << i;
            return MDL_OK;
        }
        (void)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", list[i]);
    }
    return mdl_fail(err, MDL_U_NOT_FOUND,
                    "no population '%.40s' of %s in this round; there are: %s", name, whose, known);
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

json_t *result_account(const struct mdl_account_fields *a, const char *source)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "record_id", a->record_id, "name", a->name, "website",
                     a->website, "source", source);
}
