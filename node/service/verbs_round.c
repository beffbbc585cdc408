/* verbs_round.c: what an operator does with rounds.
 * It may not run one: proposals.c and rounds.c do. */
#include "proposals.h"
#include "rounds.h"
#include "sizes.h"

#include <sodium.h>
#include <store_source.h>
#include <string.h>

#define NEWEST_OF 20 /* rounds looked at for the one that a partner's name stands for */

/* ---- finding ------------------------------------------------------------------------------------
 */

struct prefix {
    const char *text;
    size_t hits;
    uint8_t id[MDL_STORE_ROUND];
};

static bool match_prefix(void *ctx, const struct mdl_round_row *row)
{
    struct prefix *p = ctx;
    char hex[2 * MDL_STORE_ROUND + 1];
    (void)sodium_bin2hex(hex, sizeof hex, row->id, sizeof row->id);
    if (strncmp(hex, p->text, strlen(p->text)) == 0) {
        memcpy(p->id, row->id, sizeof p->id);
        p->hits++;
    }
    return true;
}

/* Which round a partner's name stands for: the open one, else the one that ended last by this
 * node's clock. Of two proposals that crossed, the withdrawn one may have been made later. */
struct newest {
    bool hit, open;
    uint64_t at;
    uint8_t id[MDL_STORE_ROUND];
};

static bool take_newest(void *ctx, const struct mdl_round_row *row)
{
    struct newest *n = ctx;
    bool open = row->outcome == MDL_ROUND_WAITING || row->outcome == MDL_ROUND_RUNNING;
    if (!n->hit || (open && !n->open) || (open == n->open && row->finished_at > n->at)) {
        n->hit = true;
        n->open = open;
        n->at = row->finished_at;
        memcpy(n->id, row->id, sizeof n->id);
    }
    return true;
}

enum mdl_status round_newest(struct mdl_service *s, int64_t partner, struct mdl_round_row *out,
                             struct mdl_error *err)
{
    struct mdl_round_filter f = {.partner = partner, .limit = NEWEST_OF};
    struct newest n = {.hit = false};
    enum mdl_status st = mdl_round_list(s->store, &f, take_newest, &n, err);
    if (st == MDL_OK && !n.hit) {
        st = mdl_fail(err, MDL_U_NOT_FOUND, "no round with this partner yet");
    }
    return st == MDL_OK ? mdl_round_get(s->store, n.id, out, err) : st;
}

static enum mdl_status of_partner(struct mdl_service *s, const struct mdl_partner_row *partner,
                                  struct mdl_round_row *out, struct mdl_error *err)
{
    enum mdl_status st = round_newest(s, partner->id, out, err);
    if (st == MDL_U_NOT_FOUND && partner->removed_at != 0) {
        return mdl_fail(err, st, "there was no round with %s, which was removed", partner->name);
    }
    return st != MDL_U_NOT_FOUND
               ? st
               : mdl_fail(err, st,
                          "no round with %s yet; 'mandorla round start \"%s\"' proposes one",
                          partner->name, partner->name);
}

enum mdl_status round_find(struct mdl_service *s, const char *text, struct mdl_round_row *out,
                           struct mdl_error *err)
{
    char hex[2 * MDL_STORE_ROUND + 1];
    struct prefix p = {.text = hex};
    struct mdl_round_filter all = {0};
    struct mdl_partner_row partner;
    bool is_hex = id_prefix(text, MDL_STORE_ROUND, hex);
    enum mdl_status st = is_hex ? mdl_round_list(s->store, &all, match_prefix, &p, err) : MDL_OK;

    if (st != MDL_OK) {
        return st;
    }
    if (p.hits > 1) {
        return mdl_fail(err, MDL_U_ARGUMENT, "'%.40s' begins more than one round's id", text);
    }
    if (p.hits == 1) {
        return mdl_round_get(s->store, p.id, out, err);
    }
    st = partner_find_any(s, text, &partner, err);
    if (st != MDL_OK) {
        return is_hex                  ? mdl_fail(err, MDL_U_NOT_FOUND, "no round '%.40s'", text)
               : st == MDL_U_NOT_FOUND ? mdl_error_prefix(err, "no round '%.40s', and ", text)
                                       : st;
    }
    st = of_partner(s, &partner, out, err);
    mdl_partner_clear(&partner);
    return st;
}

/* ---- start --------------------------------------------------------------------------------------
 */

struct last {
    bool hit;
    const char *state;
};

static bool take_last(void *ctx, const struct mdl_agreement_row *row)
{
    struct last *l = ctx;
    l->hit = true;
    l->state = mdl_agreement_state_slug(row->state);
    if (row->state == MDL_AGREEMENT_IN_FORCE) {
        l->state = "expired";
    }
    return false;
}

/* The standard agreement is proposed unasked only where nothing was decided before: after one that
 * was revoked or rejected, or that said less, a person is to say what comes next. */
static enum mdl_status never_agreed(struct mdl_service *s, const struct mdl_partner_row *partner,
                                    struct mdl_error *err)
{
    struct last l = {.hit = false};
    enum mdl_status st = mdl_agreement_list(s->store, partner->id, take_last, &l, err);
    return st != MDL_OK || !l.hit
               ? st
               : mdl_fail(err, MDL_U_STATE,
                          "no agreement with %s is in force; the last one is %s: 'mandorla "
                          "agreement draft \"%s\"' writes terms to propose, 'mandorla agreement "
                          "propose \"%s\"' proposes the standard ones",
                          partner->name, l.state, partner->name, partner->name);
}

/* The agreement a round would run under: in force, or proposed by us and waiting; or none. */
static enum mdl_status usable(struct mdl_service *s, const struct mdl_partner_row *partner,
                              struct mdl_agreement_row *row, bool *found, struct mdl_error *err)
{
    *found = true; /* and `row` is set */
    if (agreement_in_force(s, partner->id, row, NULL, NULL) == MDL_OK ||
        agreement_newest(s, partner->id, MDL_AGREEMENT_PROPOSED_BY_US, row, NULL) == MDL_OK) {
        return MDL_OK;
    }
    if (agreement_newest(s, partner->id, MDL_AGREEMENT_PROPOSED_BY_THEM, row, NULL) == MDL_OK) {
        mdl_agreement_clear(row);
        *found = false;
        return mdl_fail(
            err, MDL_U_STATE,
            "%s has proposed an agreement that waits for an answer: 'mandorla agreement "
            "show \"%s\"', then 'mandorla agreement accept \"%s\"'",
            partner->name, partner->name, partner->name);
    }
    *found = false;
    return never_agreed(s, partner, err);
}

struct any {
    bool some;
};

static bool some_source(void *ctx, const struct mdl_source_row *row)
{
    struct any *a = ctx;
    a->some = a->some || row->keys > 0;
    return true;
}

static enum mdl_status have_accounts(struct mdl_service *s, struct mdl_error *err)
{
    struct any a = {false};
    enum mdl_status st = mdl_source_list(s->store, some_source, &a, err);
    if (st == MDL_OK && !a.some) {
        return mdl_fail(
            err, MDL_P_EMPTY,
            "there is no account with a match key here yet: 'mandorla import FILE' first");
    }
    return st;
}

enum mdl_status verb_round_start(struct mdl_service *s, const json_t *params, json_t **result,
                                 struct mdl_error *err)
{
    struct mdl_partner_row partner;
    struct mdl_agreement_row agreement;
    struct mdl_round_row round;
    bool found = false;
    enum mdl_status st = partner_find(s, param_text(params, "partner"), &partner, err);

    if (st != MDL_OK) {
        return st;
    }
    st = have_accounts(s, err);
    if (st == MDL_OK) {
        st = usable(s, &partner, &agreement, &found, err);
    }
    if (st == MDL_OK && !found) {
        st = agreement_propose(s, &partner, NULL, &agreement, err);
    }
    if (st == MDL_OK) {
        st = proposal_make(s, &agreement, &round, err);
        if (st == MDL_OK) {
            *result = json_pack("{s:o, s:o, s:b}", "round", doc_round(s, &round), "agreement",
                                doc_agreement(s, &agreement), "agreement_proposed", (int)!found);
        }
        mdl_agreement_clear(&agreement);
    }
    mdl_partner_clear(&partner);
    return st;
}

static enum mdl_status on_loop_round_preview(struct mdl_service *s, const json_t *params,
                                             json_t **result, struct mdl_error *err)
{
    struct mdl_partner_row partner;
    struct mdl_agreement_row row;
    struct mdl_agreement a;
    bool found = false;
    enum mdl_status st = partner_find(s, param_text(params, "partner"), &partner, err);

    if (st != MDL_OK) {
        return st;
    }
    st = usable(s, &partner, &row, &found, err);
    if (st == MDL_OK && found) {
        st = mdl_agreement_decode(row.bytes.data, row.bytes.len, &a, err);
    } else if (st == MDL_OK) {
        st = agreement_draft_for(s, &partner, NULL, &a, err);
    }
    if (st == MDL_OK) {
        *result = json_pack("{s:o, s:o, s:o, s:b}", "partner", doc_partner(s, &partner),
                            "agreement", found ? doc_agreement(s, &row) : json_null(), "disclosure",
                            doc_disclosure(s, &a), "agreement_needed", (int)!found);
    }
    if (found) {
        mdl_agreement_clear(&row);
    }
    mdl_partner_clear(&partner);
    return st;
}

enum mdl_status verb_round_preview(struct mdl_service *s, const json_t *params, json_t **result,
                                   struct mdl_error *err)
{
    return sizes_call(s, on_loop_round_preview, params, result, err);
}

/* ---- answers ------------------------------------------------------------------------------------
 */

enum mdl_status verb_round_approve(struct mdl_service *s, const json_t *params, json_t **result,
                                   struct mdl_error *err)
{
    struct mdl_round_row row = {0};
    enum mdl_status st = round_find(s, param_text(params, "round"), &row, err);
    if (st != MDL_OK) {
        return st;
    }
    if (row.outcome != MDL_ROUND_WAITING || row.proposer != MDL_BY_THEM) {
        st = mdl_fail(err, MDL_U_STATE, "this round does not wait for our approval: it is %s",
                      round_word(s, &row));
    } else {
        st = proposal_approve(s, &row, err);
    }
    if (st == MDL_OK) {
        *result = json_pack("{s:o}", "round", doc_round(s, &row));
    }
    mdl_round_clear(&row);
    return st;
}

enum mdl_status verb_round_refuse(struct mdl_service *s, const json_t *params, json_t **result,
                                  struct mdl_error *err)
{
    struct mdl_round_row row = {0};
    const char *reason = param_text(params, "reason");
    enum mdl_status st = round_find(s, param_text(params, "round"), &row, err);
    if (st != MDL_OK) {
        return st;
    }
    if (row.outcome != MDL_ROUND_WAITING || row.proposer != MDL_BY_THEM) {
        st = mdl_fail(err, MDL_U_STATE, "this round does not wait for our approval: it is %s",
                      round_word(s, &row));
    } else {
        st = proposal_refuse(s, &row, MDL_P_REFUSED, reason != NULL ? reason : "no reason given",
                             err);
    }
    if (st == MDL_OK) {
        *result = json_pack("{s:o}", "round", doc_round(s, &row));
    }
    mdl_round_clear(&row);
    return st;
}

enum mdl_status verb_round_abort(struct mdl_service *s, const json_t *params, json_t **result,
                                 struct mdl_error *err)
{
    struct mdl_round_row row = {0};
    struct mdl_round_row now;
    enum mdl_status st = round_find(s, param_text(params, "round"), &row, err);
    if (st != MDL_OK) {
        return st;
    }
    if (row.outcome == MDL_ROUND_WAITING) {
        st = proposal_refuse(s, &row, MDL_P_ABORTED, "ended by the operator", err);
    } else if (!rounds_abort(s, row.id, MDL_BY_US, "ended by the operator")) {
        st = mdl_fail(err, MDL_U_STATE, "this round has ended already: it is %s",
                      round_word(s, &row));
    }
    if (st == MDL_OK) {
        st = mdl_round_get(s->store, row.id, &now, err);
    }
    if (st == MDL_OK) {
        *result = json_pack("{s:o}", "round", doc_round(s, &now));
        mdl_round_clear(&now);
    }
    mdl_round_clear(&row);
    return st;
}

/* ---- looking ------------------------------------------------------------------------------------
 */

struct listing {
    struct mdl_service *s;
    json_t *list;
};

static bool list_row(void *ctx, const struct mdl_round_row *row)
{
    struct listing *l = ctx;
    (void)json_array_append_new(l->list, doc_round(l->s, row));
    return true;
}

enum mdl_status verb_round_list(struct mdl_service *s, const json_t *params, json_t **result,
                                struct mdl_error *err)
{
    struct listing l = {s, json_array()};
    struct mdl_partner_row partner = {.id = 0};
    const char *name = param_text(params, "partner");
    json_int_t limit = param_int(params, "limit", 50);
    struct mdl_round_filter f = {.limit = limit < 1 || limit > 1000 ? 1000 : (size_t)limit};
    enum mdl_status st = name != NULL ? partner_find_any(s, name, &partner, err) : MDL_OK;
    if (st == MDL_OK) {
        f.partner = partner.id;
        st = mdl_round_list(s->store, &f, list_row, &l, err);
        mdl_partner_clear(&partner);
    }
    if (st != MDL_OK) {
        json_decref(l.list);
        return st;
    }
    *result = json_pack("{s:o}", "rounds", l.list);
    return MDL_OK;
}

enum mdl_status verb_round_show(struct mdl_service *s, const json_t *params, json_t **result,
                                struct mdl_error *err)
{
    struct mdl_round_row row;
    enum mdl_status st = round_find(s, param_text(params, "round"), &row, err);
    if (st == MDL_OK) {
        json_t *round = doc_round(s, &row);
        if (row.finished_at != 0) {
            (void)json_object_set_new(round, "phases", doc_phases(s, &row));
        }
        *result = json_pack("{s:o}", "round", round);
        mdl_round_clear(&row);
    }
    return st;
}
