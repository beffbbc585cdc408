/* verbs_ledger.c: what a partner could have learned of us so far, and we of it: agreement by
 * agreement and cell by cell, from the rounds with its identity.
 * It may not show a number that a result does not show. */
#include "result.h"

#include <stdlib.h>
#include <string.h>

#define MONTHS 64 /* looked at: the budget's, the newest */

/* What the rounds under one agreement came to, in one of its groups. */
struct tally {
    json_int_t complete, partial, aborted; /* rounds with the group in them */
    json_int_t theirs, ours;               /* keys each side brought: questions to the other */
    uint32_t months[MONTHS];
    size_t n_months;
    json_int_t results, matched; /* how often a number was learned; of those shown, their sum */
    double bits;                 /* level counts: what a number can tell at most */
    json_int_t last, last_below; /* the newest result; -1: not shown, or none */
};

struct page {
    uint8_t hash[HASH_BYTES];
    struct mdl_agreement a;
    struct tally group[MDL_STORE_GROUPS];
    json_int_t begun;
    struct page *next;
};

struct ledger {
    struct mdl_service *s;
    struct page *first, **end;
    enum mdl_status status;
    struct mdl_error *err;
};

/* log2(n + 1), to a thousandth: a number from 0 to n tells no more bits. */
static double bits_of(uint32_t n)
{
    double x = (double)n + 1;
    double bits = 0;
    while (x >= 2) {
        x /= 2;
        bits += 1;
    }
    for (double step = 0.5; step > 0.0005; step /= 2) {
        x *= x;
        if (x >= 2) {
            x /= 2;
            bits += step;
        }
    }
    return bits;
}

static void add_month(struct tally *t, uint64_t at)
{
    uint32_t month = mdl_store_month(at);
    for (size_t i = 0; i < t->n_months; i++) {
        if (t->months[i] == month) {
            return;
        }
    }
    if (t->n_months < MONTHS) {
        t->months[t->n_months++] = month;
    }
}

/* Rounds come newest first. */
static void add_group(struct page *p, const struct mdl_round_row *row, size_t g)
{
    const struct mdl_round_group *r = &row->group[g];
    struct tally *t = &p->group[g];
    bool counts = group_level(&p->a.groups[g]) == MDL_LEVEL_COUNTS;

    t->complete += row->outcome == MDL_ROUND_COMPLETE ? 1 : 0;
    t->partial += row->outcome == MDL_ROUND_PARTIAL ? 1 : 0;
    t->aborted += row->outcome == MDL_ROUND_ABORTED ? 1 : 0;
    t->theirs += r->partner_keys;
    t->ours += r->own_keys;
    if (r->partner_keys > 0) {
        add_month(t, row->started_at);
    }
    if (!r->known) {
        return;
    }
    bool shown = group_shown(&p->a, row, g) == SHOWN_NUMBER;
    if (t->results == 0) {
        t->last = shown ? (json_int_t)r->matched_keys : -1;
        t->last_below = shown ? -1 : (json_int_t)p->a.caps.min_result;
    }
    t->results++;
    t->matched += shown ? r->matched_keys : 0;
    t->bits += counts ? bits_of(r->own_keys < r->partner_keys ? r->own_keys : r->partner_keys) : 0;
}

static struct page *page_of(struct ledger *l, const struct mdl_round_row *row)
{
    for (struct page *p = l->first; p != NULL; p = p->next) {
        if (memcmp(p->hash, row->agreement, sizeof p->hash) == 0) {
            return p;
        }
    }
    struct page *p = calloc(1, sizeof *p);
    if (p == NULL) {
        l->status = mdl_fail(l->err, MDL_L_MEMORY, "not enough memory for the ledger");
        return NULL;
    }
    *l->end = p;
    l->end = &p->next;
    memcpy(p->hash, row->agreement, sizeof p->hash);
    for (size_t g = 0; g < MDL_STORE_GROUPS; g++) {
        p->group[g].last = p->group[g].last_below = -1;
    }
    l->status = round_agreement(l->s, row, &p->a, l->err);
    return l->status == MDL_OK ? p : NULL;
}

static bool add_round(void *ctx, const struct mdl_round_row *row)
{
    struct ledger *l = ctx;
    if (row->started_at == 0) {
        return true; /* refused or waiting: nothing of a list moved */
    }
    struct page *p = page_of(l, row);
    if (p == NULL) {
        return false;
    }
    p->begun++;
    for (size_t g = 0; g < row->n_groups && g < p->a.n_groups; g++) {
        add_group(p, row, g);
    }
    return true;
}

/* ---- the document -------------------------------------------------------------------------------
 */

static json_t *known(json_int_t n)
{
    return n >= 0 ? json_integer(n) : json_null();
}

static json_t *doc_tally(const struct page *p, enum mdl_role own, size_t g)
{
    static const struct mdl_round_row none; /* doc_group's figures are of one round: left out */
    const struct tally *t = &p->group[g];
    json_t *o = doc_group(&p->a, own, &none, g);
    (void)json_object_del(o, "state");
    (void)json_object_del(o, "own_keys");
    (void)json_object_del(o, "partner_keys");
    (void)json_object_del(o, "matched");
    (void)json_object_del(o, "below");
    (void)json_object_set_new(o, "rounds",
                              json_pack("{s:I, s:I, s:I}", "complete", t->complete, "partial",
                                        t->partial, "aborted", t->aborted));
    (void)json_object_set_new(o, "keys_theirs", json_integer(t->theirs));
    (void)json_object_set_new(o, "keys_ours", json_integer(t->ours));
    (void)json_object_set_new(o, "months", json_integer((json_int_t)t->n_months));
    (void)json_object_set_new(o, "results", json_integer(t->results));
    (void)json_object_set_new(o, "matched_sum", json_integer(t->matched));
    (void)json_object_set_new(o, "last", known(t->last));
    (void)json_object_set_new(o, "last_below", known(t->last_below));
    (void)json_object_set_new(o, "bits",
                              group_level(&p->a.groups[g]) == MDL_LEVEL_COUNTS
                                  ? json_real((double)(long)(t->bits * 10 + 0.5) / 10)
                                  : json_null());
    return o;
}

static uint64_t left(uint64_t cap, uint64_t used)
{
    return cap > used ? cap - used : 0;
}

struct brought {
    uint32_t month;
    uint64_t keys;
};

static bool add_brought(void *ctx, const struct mdl_round_row *row)
{
    struct brought *b = ctx;
    bool now = row->started_at != 0 && mdl_store_month(row->started_at) >= b->month;
    for (size_t g = 0; g < row->n_groups && now; g++) {
        b->keys += row->group[g].own_keys;
    }
    return true;
}

/* What is left of the month, under the agreement in force; null without one. */
static enum mdl_status doc_budget(struct mdl_service *s, int64_t partner, json_t **out,
                                  struct mdl_error *err)
{
    struct mdl_round_filter f = {.partner = partner, .same_party = true};
    struct brought b = {.month = mdl_store_month(now_ms())};
    struct mdl_agreement_row row;
    struct mdl_agreement *a = calloc(1, sizeof *a);
    struct mdl_budget used = {0};
    *out = json_null();
    if (a == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the ledger");
    }
    if (agreement_in_force(s, partner, &row, a, NULL) != MDL_OK) {
        free(a);
        return MDL_OK;
    }
    const struct mdl_agreement_caps *c = &a->caps;
    enum mdl_status st = mdl_budget_read(s->store, partner, b.month, &used, err);
    if (st == MDL_OK) {
        st = mdl_round_list(s->store, &f, add_brought, &b, err);
    }
    if (st == MDL_OK) {
        uint64_t until = rounds_cooldown_until(s, partner, c->cooldown_hours);
        char month[16];
        (void)snprintf(month, sizeof month, "%04u-%02u", b.month / 100, b.month % 100);
        *out = json_pack(
            "{s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "agreement",
            doc_hex(row.hash, sizeof row.hash), "month", month, "rounds", (json_int_t)used.begun,
            "rounds_left", (json_int_t)left(c->max_rounds_month, used.begun), "keys_theirs",
            (json_int_t)used.keys, "keys_theirs_left",
            (json_int_t)left(c->max_keys_month, used.keys), "keys_ours", (json_int_t)b.keys,
            "keys_ours_left", (json_int_t)left(c->max_keys_month, b.keys), "cooldown_until",
            until > now_ms() ? doc_time(until) : json_null());
    }
    mdl_agreement_clear(&row);
    free(a);
    return st;
}

static json_t *doc_page(struct mdl_service *s, const struct page *p)
{
    bool is_a = memcmp(p->a.identity[0], mdl_identity_public(s->identity), MDL_IDENTITY_BYTES) == 0;
    json_t *cells = json_array();
    for (size_t g = 0; g < p->a.n_groups; g++) {
        (void)json_array_append_new(cells, doc_tally(p, is_a ? MDL_ROLE_A : MDL_ROLE_B, g));
    }
    const char *state = "gone";
    struct mdl_agreement_row row;
    bool there = mdl_agreement_get(s->store, p->hash, &row, NULL) == MDL_OK;
    if (there) {
        bool past = row.state == MDL_AGREEMENT_IN_FORCE && now_ms() >= row.valid_until;
        state = past ? "expired" : mdl_agreement_state_slug(row.state);
        mdl_agreement_clear(&row);
    }
    return json_pack("{s:o, s:s, s:I, s:o}", "agreement", doc_hex(p->hash, sizeof p->hash), "state",
                     state, "rounds", p->begun, "cells", cells);
}

static void free_pages(struct ledger *l)
{
    while (l->first != NULL) {
        struct page *p = l->first;
        l->first = p->next;
        free(p);
    }
}

enum mdl_status verb_ledger(struct mdl_service *s, const json_t *params, json_t **result,
                            struct mdl_error *err)
{
    struct mdl_partner_row partner;
    struct ledger l = {.s = s, .status = MDL_OK, .err = err};
    json_t *budget = NULL;
    enum mdl_status st = partner_find_any(s, param_text(params, "partner"), &partner, err);

    if (st != MDL_OK) {
        return st;
    }
    struct mdl_round_filter f = {.partner = partner.id, .same_party = true};
    l.end = &l.first;
    st = mdl_round_list(s->store, &f, add_round, &l, err);
    st = st == MDL_OK ? l.status : st;
    if (st == MDL_OK) {
        st = doc_budget(s, partner.id, &budget, err);
    }
    if (st == MDL_OK) {
        json_t *list = json_array();
        for (const struct page *p = l.first; p != NULL; p = p->next) {
            (void)json_array_append_new(list, doc_page(s, p));
        }
        *result = json_pack("{s:s, s:O, s:o}", "partner", partner.name, "budget", budget,
                            "agreements", list);
    }
    json_decref(budget);
    free_pages(&l);
    mdl_partner_clear(&partner);
    return st;
}
