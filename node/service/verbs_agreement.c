/* verbs_agreement.c: what an operator does with agreements.
 * It may not change terms: it drafts, signs and answers through agreements.c. */
#include "agreement_wish.h"
#include "sizes.h"

#include <sodium.h>
#include <string.h>

struct prefix {
    const char *text;
    size_t hits;
    uint8_t hash[HASH_BYTES];
};

static bool match_prefix(void *ctx, const struct mdl_agreement_row *row)
{
    struct prefix *p = ctx;
    char hex[2 * HASH_BYTES + 1];
    (void)sodium_bin2hex(hex, sizeof hex, row->hash, sizeof row->hash);
    if (strncmp(hex, p->text, strlen(p->text)) == 0) {
        memcpy(p->hash, row->hash, sizeof p->hash);
        p->hits++;
    }
    return true;
}

/* Which agreement a partner's name stands for: what an operator can do decides, lest a proposal
 * that the partner makes hides the one to be revoked. DRAFT ends the list. */
typedef enum mdl_agreement_state state_order[4];
static const state_order to_show = {MDL_AGREEMENT_PROPOSED_BY_THEM, MDL_AGREEMENT_IN_FORCE,
                                    MDL_AGREEMENT_PROPOSED_BY_US, MDL_AGREEMENT_DRAFT};
static const state_order to_answer = {MDL_AGREEMENT_PROPOSED_BY_THEM, MDL_AGREEMENT_DRAFT};
static const state_order to_revoke = {MDL_AGREEMENT_IN_FORCE, MDL_AGREEMENT_PROPOSED_BY_US,
                                      MDL_AGREEMENT_DRAFT};

struct any_state {
    bool hit;
    uint8_t hash[HASH_BYTES];
};

static bool take_first(void *ctx, const struct mdl_agreement_row *row)
{
    struct any_state *a = ctx;
    memcpy(a->hash, row->hash, sizeof a->hash);
    a->hit = true;
    return false;
}

/* The newest with the partner, rejected, revoked or replaced: what became of it is to be seen. */
static enum mdl_status newest_of_all(struct mdl_service *s, int64_t partner,
                                     struct mdl_agreement_row *row)
{
    struct any_state a = {.hit = false};
    enum mdl_status st = mdl_agreement_list(s->store, partner, take_first, &a, NULL);
    return st != MDL_OK ? st
           : !a.hit     ? MDL_U_NOT_FOUND
                        : mdl_agreement_get(s->store, a.hash, row, NULL);
}

static enum mdl_status none_with(const char *partner, const state_order order,
                                 struct mdl_error *err)
{
    if (order == to_answer) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "nothing from %s waits for an answer", partner);
    }
    return mdl_fail(err, MDL_U_NOT_FOUND,
                    "no such agreement with %s; 'mandorla agreement list' shows what there is, "
                    "'mandorla agreement draft \"%s\"' writes terms to propose",
                    partner, partner);
}

static enum mdl_status of_partner(struct mdl_service *s, const char *text, const state_order order,
                                  struct mdl_agreement_row *row, struct mdl_error *err)
{
    struct mdl_partner_row partner;
    enum mdl_status st = partner_find(s, text, &partner, err);
    if (st != MDL_OK) {
        return st;
    }
    st = MDL_U_NOT_FOUND;
    for (size_t i = 0; order[i] != MDL_AGREEMENT_DRAFT && st == MDL_U_NOT_FOUND; i++) {
        st = agreement_newest(s, partner.id, order[i], row, NULL);
    }
    if (st != MDL_OK && order == to_show) {
        st = newest_of_all(s, partner.id, row);
    }
    st = st == MDL_OK ? st : none_with(partner.name, order, err);
    mdl_partner_clear(&partner);
    return st;
}

static enum mdl_status find(struct mdl_service *s, const char *text, const state_order order,
                            struct mdl_agreement_row *row, struct mdl_error *err)
{
    char hex[2 * HASH_BYTES + 1];
    struct prefix p = {.text = hex};
    bool is_id = id_prefix(text, HASH_BYTES, hex);
    if (is_id) {
        enum mdl_status st = mdl_agreement_list(s->store, 0, match_prefix, &p, err);
        if (st != MDL_OK) {
            return st;
        }
        if (p.hits == 1) {
            return mdl_agreement_get(s->store, p.hash, row, err);
        }
        if (p.hits > 1) {
            return mdl_fail(err, MDL_U_ARGUMENT, "'%.80s' begins more than one agreement", text);
        }
    }
    struct mdl_partner_row partner;
    if (is_id && partner_find(s, text, &partner, NULL) != MDL_OK) {
        return mdl_fail(err, MDL_U_NOT_FOUND,
                        "no agreement '%.80s'; 'mandorla agreement list' shows what there is",
                        text);
    }
    if (is_id) {
        mdl_partner_clear(&partner);
    }
    return of_partner(s, text, order, row, err);
}

enum mdl_status agreement_find(struct mdl_service *s, const char *text,
                               struct mdl_agreement_row *row, struct mdl_error *err)
{
    return find(s, text, to_show, row, err);
}

/* ---- looking ------------------------------------------------------------------------------------
 */

static bool is_open(const struct mdl_agreement_row *row)
{
    return row == NULL || row->state == MDL_AGREEMENT_PROPOSED_BY_US ||
           row->state == MDL_AGREEMENT_PROPOSED_BY_THEM;
}

json_t *doc_request(json_t *raised, const struct mdl_agreement_row *row)
{
    bool theirs = row != NULL && row->state == MDL_AGREEMENT_PROPOSED_BY_THEM;
    const char *note = row != NULL ? row->note : "";
    if (raised == NULL) {
        return json_null();
    }
    return json_pack("{s:s, s:o, s:o}", "by", theirs ? "them" : "us", "reason",
                     note[0] != '\0' ? json_string(note) : json_null(), "cells", raised);
}

/* What a proposal would change in the agreement in force, if there is one. */
static void add_changes(struct mdl_service *s, int64_t partner, const struct mdl_agreement_row *row,
                        const struct mdl_agreement *a, json_t *result)
{
    struct mdl_agreement_row base;
    struct mdl_agreement before;
    json_t *changes = json_null();
    json_t *raised = NULL;
    json_t *against = json_null();

    if (is_open(row) && agreement_in_force(s, partner, &base, &before, NULL) == MDL_OK) {
        doc_changes(s, &before, a, &changes, &raised);
        against = doc_hex(base.hash, sizeof base.hash);
        mdl_agreement_clear(&base);
    }
    (void)json_object_set_new(result, "against", against);
    (void)json_object_set_new(result, "changes", changes);
    (void)json_object_set_new(result, "request", doc_request(raised, row));
}

enum mdl_status agreement_view(struct mdl_service *s, int64_t partner,
                               const struct mdl_agreement_row *row, const struct mdl_agreement *a,
                               json_t **result, struct mdl_error *err)
{
    struct mdl_agreement decoded;
    enum mdl_status st = MDL_OK;
    if (a == NULL && row != NULL) { /* one of the two is given */
        st = mdl_agreement_decode(row->bytes.data, row->bytes.len, &decoded, err);
        a = &decoded;
    }
    if (st == MDL_OK) {
        *result = json_pack("{s:o, s:o, s:o}", "agreement",
                            row != NULL ? doc_agreement(s, row) : json_null(), "terms",
                            doc_terms(s, a), "disclosure", doc_disclosure(s, a));
        add_changes(s, partner, row, a, *result);
    }
    return st;
}

enum mdl_status agreement_preview_or_propose(struct mdl_service *s,
                                             const struct mdl_partner_row *partner,
                                             const struct agreement_wish *wish, json_t **result,
                                             struct mdl_error *err)
{
    struct mdl_agreement_row row;
    struct mdl_agreement a;
    if (param_bool(wish->params, "preview", false)) {
        enum mdl_status st = agreement_draft_for(s, partner, wish, &a, err);
        st = st == MDL_OK ? mdl_agreement_valid(&a, err) : st;
        st = st == MDL_OK ? agreement_not_open(s, partner, &a, err) : st;
        st = st == MDL_OK ? agreement_view(s, partner->id, NULL, &a, result, err) : st;
        json_t *request = st == MDL_OK ? json_object_get(*result, "request") : NULL;
        if (json_is_object(request) && wish->note != NULL) {
            (void)json_object_set_new(request, "reason", json_string(wish->note));
        }
        return st;
    }
    enum mdl_status st = agreement_propose(s, partner, wish, &row, err);
    if (st == MDL_OK) {
        st = agreement_view(s, partner->id, &row, NULL, result, err);
        mdl_agreement_clear(&row);
    }
    return st;
}

/* ---- waiting ------------------------------------------------------------------------------------
 */

struct waiting {
    struct mdl_service *s;
    json_t *list;
};

static bool waiting_row(void *ctx, const struct mdl_agreement_row *row)
{
    struct waiting *w = ctx;
    struct mdl_agreement a;
    bool past = now_ms() >= row->valid_until;

    if (!is_open(row) || past ||
        mdl_agreement_decode(row->bytes.data, row->bytes.len, &a, NULL) != MDL_OK) {
        return true;
    }
    const struct peer *p = peer_by_id(w->s, row->partner);
    json_t *o = json_pack("{s:o, s:s, s:s, s:o, s:s}", "id", doc_hex(row->hash, sizeof row->hash),
                          "partner", p != NULL ? p->name : "?", "state",
                          mdl_agreement_state_slug(row->state), "created",
                          doc_time(row->created_at), "level", agreement_level(&a));
    add_changes(w->s, row->partner, row, &a, o);
    (void)json_object_del(o, "changes");
    (void)json_array_append_new(w->list, o);
    return true;
}

enum mdl_status agreements_waiting(struct mdl_service *s, json_t **list, struct mdl_error *err)
{
    struct waiting w = {s, json_array()};
    enum mdl_status st = mdl_agreement_list(s->store, 0, waiting_row, &w, err);
    if (st != MDL_OK) {
        json_decref(w.list);
        return st;
    }
    *list = w.list;
    return MDL_OK;
}

static enum mdl_status on_loop_agreement_propose(struct mdl_service *s, const json_t *params,
                                                 json_t **result, struct mdl_error *err)
{
    struct mdl_partner_row partner;
    struct agreement_wish wish = {.params = params, .note = param_text(params, "reason")};
    enum mdl_status st = partner_find(s, param_text(params, "partner"), &partner, err);

    if (st == MDL_OK) {
        st = agreement_preview_or_propose(s, &partner, &wish, result, err);
        mdl_partner_clear(&partner);
    }
    return st;
}

enum mdl_status verb_agreement_propose(struct mdl_service *s, const json_t *params, json_t **result,
                                       struct mdl_error *err)
{
    return sizes_call(s, on_loop_agreement_propose, params, result, err);
}

struct listing {
    struct mdl_service *s;
    json_t *list;
};

static bool list_row(void *ctx, const struct mdl_agreement_row *row)
{
    struct listing *l = ctx;
    (void)json_array_append_new(l->list, doc_agreement(l->s, row));
    return true;
}

enum mdl_status verb_agreement_list(struct mdl_service *s, const json_t *params, json_t **result,
                                    struct mdl_error *err)
{
    struct listing l = {s, json_array()};
    struct mdl_partner_row partner = {.id = 0};
    const char *name = param_text(params, "partner");
    enum mdl_status st = name != NULL ? partner_find_any(s, name, &partner, err) : MDL_OK;
    if (st == MDL_OK) {
        st = mdl_agreement_list(s->store, partner.id, list_row, &l, err);
        mdl_partner_clear(&partner);
    }
    if (st != MDL_OK) {
        json_decref(l.list);
        return st;
    }
    *result = json_pack("{s:o}", "agreements", l.list);
    return MDL_OK;
}

static enum mdl_status on_loop_agreement_show(struct mdl_service *s, const json_t *params,
                                              json_t **result, struct mdl_error *err)
{
    struct mdl_agreement_row row;
    enum mdl_status st = find(s, param_text(params, "agreement"), to_show, &row, err);
    if (st == MDL_OK) {
        st = agreement_view(s, row.partner, &row, NULL, result, err);
        mdl_agreement_clear(&row);
    }
    return st;
}

enum mdl_status verb_agreement_show(struct mdl_service *s, const json_t *params, json_t **result,
                                    struct mdl_error *err)
{
    return sizes_call(s, on_loop_agreement_show, params, result, err);
}

typedef enum mdl_status act_fn(struct mdl_service *s, struct mdl_agreement_row *row,
                               const char *reason, struct mdl_error *err);

static enum mdl_status answer(struct mdl_service *s, const json_t *params, act_fn *fn,
                              const char *what, json_t **result, struct mdl_error *err)
{
    struct mdl_agreement_row row;
    const char *reason = param_text(params, "reason");
    enum mdl_agreement_state wanted = MDL_AGREEMENT_PROPOSED_BY_THEM;
    enum mdl_status st = find(s, param_text(params, "agreement"), to_answer, &row, err);
    if (st != MDL_OK) {
        return st;
    }
    if (row.state != wanted) {
        st = mdl_fail(err, MDL_U_STATE, "this agreement is %s; only one that is %s can be %s",
                      mdl_agreement_state_slug(row.state), mdl_agreement_state_slug(wanted), what);
    } else {
        st = fn(s, &row, reason != NULL ? reason : "no reason given", err);
    }
    if (st == MDL_OK) {
        *result = json_pack("{s:o}", "agreement", doc_agreement(s, &row));
    }
    mdl_agreement_clear(&row);
    return st;
}

/* One that begins before the last that both signed would be replaced as soon as it is signed. */
static enum mdl_status do_accept(struct mdl_service *s, struct mdl_agreement_row *row,
                                 const char *reason, struct mdl_error *err)
{
    struct mdl_agreement_row after;
    char id[2 * HASH_BYTES + 1];
    bool hit;
    (void)reason;
    if (agreement_begins_late(row->valid_from)) {
        return mdl_fail(err, MDL_U_STATE,
                        "this agreement does not begin for more than a day, and until then there "
                        "would be none: accept it then, or have one proposed that begins now");
    }
    enum mdl_status st = agreement_after(s, row->partner, row, &hit, &after, err);
    if (st == MDL_OK && hit) {
        (void)sodium_bin2hex(id, sizeof id, after.hash, sizeof after.hash);
        return mdl_fail(err, MDL_U_STATE,
                        "agreement %.12s, which both signed, begins after this one and would "
                        "stand in its place at once: have this one proposed anew",
                        id);
    }
    return st == MDL_OK ? agreement_accept(s, row, err) : st;
}

static enum mdl_status may_revoke(const struct mdl_agreement_row *row, struct mdl_error *err)
{
    if (row->state != MDL_AGREEMENT_IN_FORCE && row->state != MDL_AGREEMENT_PROPOSED_BY_US) {
        return mdl_fail(err, MDL_U_STATE, "this agreement is %s; there is nothing to revoke",
                        mdl_agreement_state_slug(row->state));
    }
    return MDL_OK;
}

enum mdl_status verb_agreement_accept(struct mdl_service *s, const json_t *params, json_t **result,
                                      struct mdl_error *err)
{
    return answer(s, params, do_accept, "accepted", result, err);
}

enum mdl_status verb_agreement_reject(struct mdl_service *s, const json_t *params, json_t **result,
                                      struct mdl_error *err)
{
    return answer(s, params, agreement_reject, "rejected", result, err);
}

#define ENDING_MAX 64

/* What a revocation ends, in its order. */
struct ending {
    enum mdl_agreement_state state;
    uint64_t now;
    size_t n;
    uint8_t hash[ENDING_MAX][HASH_BYTES];
};

static bool add_ending(void *ctx, const struct mdl_agreement_row *row)
{
    struct ending *e = ctx;
    if (row->state == e->state && e->now < row->valid_until) {
        memcpy(e->hash[e->n++], row->hash, HASH_BYTES);
    }
    return e->n < ENDING_MAX;
}

/* With one in force, and with a partner's name, ends all with the partner: what we have signed and
 * it has not answered too, lest it puts that in force afterwards. */
static enum mdl_status find_ending(struct mdl_service *s, const struct mdl_agreement_row *row,
                                   bool all, struct ending *e, struct mdl_error *err)
{
    static const enum mdl_agreement_state states[] = {MDL_AGREEMENT_IN_FORCE,
                                                      MDL_AGREEMENT_PROPOSED_BY_US};
    enum mdl_status st = MDL_OK;
    e->now = now_ms();
    e->n = 0;
    if (!all && row->state != MDL_AGREEMENT_IN_FORCE) {
        memcpy(e->hash[e->n++], row->hash, HASH_BYTES);
        return MDL_OK;
    }
    for (size_t i = 0; i < 2 && st == MDL_OK && e->n < ENDING_MAX; i++) {
        e->state = states[i];
        st = mdl_agreement_list(s->store, row->partner, add_ending, e, err);
    }
    return st;
}

static enum mdl_status end_one(struct mdl_service *s, const uint8_t hash[HASH_BYTES], bool preview,
                               json_t *list, struct mdl_error *err)
{
    struct mdl_agreement_row row;
    enum mdl_status st = mdl_agreement_get(s->store, hash, &row, err);
    if (st != MDL_OK) {
        return st;
    }
    st = may_revoke(&row, err);
    if (st == MDL_OK && !preview) {
        st = agreement_revoke(s, &row, err);
    }
    if (st == MDL_OK) {
        (void)json_array_append_new(list, doc_agreement(s, &row));
    }
    mdl_agreement_clear(&row);
    return st;
}

enum mdl_status verb_agreement_revoke(struct mdl_service *s, const json_t *params, json_t **result,
                                      struct mdl_error *err)
{
    const char *text = param_text(params, "agreement");
    bool preview = param_bool(params, "preview", false);
    char hex[2 * HASH_BYTES + 1];
    struct mdl_agreement_row row;
    struct ending e;
    enum mdl_status st = find(s, text, to_revoke, &row, err);
    if (st != MDL_OK) {
        return st;
    }
    st = may_revoke(&row, err);
    st = st == MDL_OK ? find_ending(s, &row, !id_prefix(text, HASH_BYTES, hex), &e, err) : st;
    mdl_agreement_clear(&row);
    json_t *list = json_array();
    for (size_t i = 0; st == MDL_OK && i < e.n; i++) {
        st = end_one(s, e.hash[i], preview, list, err);
    }
    if (st == MDL_OK) {
        *result = json_pack("{s:O, s:O}", "agreement", json_array_get(list, 0), "agreements", list);
    }
    json_decref(list);
    return st;
}
