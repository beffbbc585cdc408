/* agreement_draft.c: the terms of an agreement that this node would propose, and what is standard.
 * It may not sign or store. */
#include "agreement_wish.h"

#include <sodium.h>
#include <string.h>

#define DAY_MS ((uint64_t)24 * 3600 * 1000)

static enum mdl_status standard(struct mdl_service *s, const struct mdl_partner_row *partner,
                                struct mdl_agreement *a, struct mdl_error *err)
{
    struct mdl_agreement_party own = {mdl_identity_public(s->identity), s->conf.name};
    struct mdl_agreement_party theirs = {partner->identity, partner->their_name};
    uint8_t profile[1][32];
    uint8_t nonce[MDL_AGREEMENT_NONCE];

    memcpy(profile[0], mdl_profile_digest(s->profile), sizeof profile[0]);
    randombytes_buf(nonce, sizeof nonce);
    return mdl_agreement_draft(&own, &theirs, (const uint8_t(*)[32])profile, 1, now_ms(), nonce, a,
                               err);
}

/* The terms of another agreement; parties, profiles and beginning are as of today. */
static void copy_terms(const struct mdl_agreement *from, struct mdl_agreement *a)
{
    memcpy(a->groups, from->groups, sizeof a->groups);
    a->n_groups = from->n_groups;
    a->caps = from->caps;
    a->approval = from->approval;
    memcpy(a->purpose, from->purpose, sizeof a->purpose);
    memcpy(a->legal_basis, from->legal_basis, sizeof a->legal_basis);
    a->valid_until = from->valid_until;
    a->retention_days = from->retention_days;
    a->key_deadline_s = from->key_deadline_s;
}

/* Of two that both sign, the one that begins later is in force: this one is to be. */
static enum mdl_status begin_last(struct mdl_service *s, const struct mdl_partner_row *partner,
                                  struct mdl_agreement *a, struct mdl_error *err)
{
    struct mdl_agreement_row last;
    bool hit;
    enum mdl_status st = agreement_after(s, partner->id, NULL, &hit, &last, err);
    if (st == MDL_OK && hit && a->valid_from <= last.valid_from) {
        a->valid_from = last.valid_from + 1;
    }
    return st;
}

static enum mdl_status apply(struct mdl_service *s, const struct agreement_wish *wish,
                             struct mdl_agreement *a, enum mdl_role own, struct mdl_error *err)
{
    if (wish->base != NULL) {
        copy_terms(wish->base, a);
    }
    if (wish->params == NULL) {
        return MDL_OK;
    }
    if (param_text(wish->params, "terms") != NULL) {
        return wish_file(s, wish->params, a, own, err);
    }
    return wish->base != NULL ? wish_cells(s, wish->params, a, own, err)
                              : wish_options(s, wish->params, a, own, err);
}

enum mdl_status agreement_draft_for(struct mdl_service *s, const struct mdl_partner_row *partner,
                                    const struct agreement_wish *wish, struct mdl_agreement *a,
                                    struct mdl_error *err)
{
    enum mdl_status st = standard(s, partner, a, err);
    if (st == MDL_OK && wish != NULL) {
        st = apply(s, wish, a, agreement_role(s, partner->identity), err);
    }
    return st == MDL_OK ? begin_last(s, partner, a, err) : st;
}

static void note_difference(void *ctx, const char *term, const char *a, const char *b)
{
    /* Names and times are the proposer's own; every term that discloses or binds must be ours. */
    static const char *const free_terms[] = {"name of A", "name of B", "valid from", "valid until"};
    char *first = ctx; /* TERM_NAME bytes */
    (void)a;
    (void)b;
    for (size_t i = 0; i < sizeof free_terms / sizeof free_terms[0]; i++) {
        if (strcmp(term, free_terms[i]) == 0) {
            return;
        }
    }
    if (first[0] == '\0') {
        (void)snprintf(first, TERM_NAME, "%s", term);
    }
}

bool agreement_is_standard(struct mdl_service *s, const struct mdl_partner_row *partner,
                           const struct mdl_agreement *a, char term[TERM_NAME])
{
    struct mdl_agreement ours;
    term[0] = '\0';
    if (agreement_draft_for(s, partner, NULL, &ours, NULL) != MDL_OK) {
        return false;
    }
    (void)mdl_agreement_compare(&ours, a, note_difference, term);
    if (term[0] == '\0' && a->valid_until > now_ms() + 367 * DAY_MS) {
        (void)snprintf(term, TERM_NAME, "valid until");
    }
    return term[0] == '\0';
}

struct repeat {
    const struct mdl_agreement *a;
    uint64_t now;
    bool hit;
    uint8_t hash[HASH_BYTES];
};

static bool is_repeat(void *ctx, const struct mdl_agreement_row *row)
{
    struct repeat *r = ctx;
    struct mdl_agreement open;
    char term[TERM_NAME] = "";
    if (row->state != MDL_AGREEMENT_PROPOSED_BY_US || r->now >= row->valid_until ||
        mdl_agreement_decode(row->bytes.data, row->bytes.len, &open, NULL) != MDL_OK) {
        return true;
    }
    (void)mdl_agreement_compare(&open, r->a, note_difference, term);
    /* Made on another day it ends on another day; other than that its end is a term like others. */
    bool days = open.valid_until + DAY_MS < r->a->valid_until ||
                r->a->valid_until + DAY_MS < open.valid_until;
    r->hit = term[0] == '\0' && !days;
    memcpy(r->hash, row->hash, sizeof r->hash);
    return !r->hit;
}

enum mdl_status agreement_not_open(struct mdl_service *s, const struct mdl_partner_row *partner,
                                   const struct mdl_agreement *a, struct mdl_error *err)
{
    struct repeat r = {.a = a, .now = now_ms()};
    char id[2 * HASH_BYTES + 1];
    enum mdl_status st = mdl_agreement_list(s->store, partner->id, is_repeat, &r, err);
    if (st != MDL_OK || !r.hit) {
        return st;
    }
    (void)sodium_bin2hex(id, sizeof id, r.hash, sizeof r.hash);
    return mdl_fail(err, MDL_U_EXISTS,
                    "this is proposed already: agreement %.12s waits for the answer of %s", id,
                    partner->name);
}

bool agreement_begins_late(uint64_t valid_from)
{
    uint64_t now = now_ms();
    return valid_from > now && valid_from - now > DAY_MS;
}

bool agreement_unasked(struct mdl_service *s, const struct mdl_partner_row *partner,
                       const struct mdl_agreement *a, char term[TERM_NAME])
{
    struct mdl_agreement_row row;
    struct mdl_agreement now;
    char other[TERM_NAME];
    if (!agreement_is_standard(s, partner, a, term)) {
        return false;
    }
    if (agreement_begins_late(a->valid_from)) {
        (void)snprintf(term, TERM_NAME, "%s", "valid from");
        return false;
    }
    if (agreement_in_force(s, partner->id, &row, &now, NULL) != MDL_OK) {
        return true;
    }
    mdl_agreement_clear(&row);
    bool same = agreement_is_standard(s, partner, &now, other);
    if (!same) {
        (void)snprintf(term, TERM_NAME, "%s", "change of the agreement in force");
    }
    return same;
}
