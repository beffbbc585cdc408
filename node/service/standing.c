/* standing.c: the standing rule: what a partner may do without asking our operator each time.
 * It may not cover anything but the standard agreement and rounds under it. */
#include "proposals.h"

#include <string.h>

bool standing_rule(struct mdl_service *s, int64_t partner, const struct mdl_agreement *a)
{
    struct mdl_partner_row row;
    if (mdl_partner_get(s->store, partner, &row, NULL) != MDL_OK) {
        return false;
    }
    char term[TERM_NAME];
    bool covered = (row.flags & PARTNER_ACCEPTS) != 0 && a->approval == MDL_APPROVAL_STANDING &&
                   agreement_is_standard(s, &row, a, term);
    mdl_partner_clear(&row);
    return covered;
}

void standing_why_not(struct mdl_service *s, int64_t partner, const uint8_t hash[HASH_BYTES],
                      char out[STANDING_TEXT])
{
    struct mdl_partner_row row;
    struct mdl_agreement a;
    struct mdl_agreement_row agreement;
    out[0] = '\0';
    if (mdl_partner_get(s->store, partner, &row, NULL) != MDL_OK) {
        return;
    }
    if ((row.flags & PARTNER_ACCEPTS) != 0 &&
        mdl_agreement_get(s->store, hash, &agreement, NULL) == MDL_OK) {
        char term[TERM_NAME];
        bool read =
            mdl_agreement_decode(agreement.bytes.data, agreement.bytes.len, &a, NULL) == MDL_OK;
        if (read && a.approval == MDL_APPROVAL_PERSON) {
            (void)snprintf(out, STANDING_TEXT,
                           " (the standing rule does not cover it: the agreement wants a person to "
                           "let each round run)");
        } else if (read && !agreement_is_standard(s, &row, &a, term)) {
            (void)snprintf(out, STANDING_TEXT,
                           " (the standing rule does not cover it: the agreement's term '%s' is "
                           "not the standard one)",
                           term);
        }
        mdl_agreement_clear(&agreement);
    }
    mdl_partner_clear(&row);
}

static void accept_waiting_agreement(struct mdl_service *s, const struct mdl_partner_row *partner)
{
    struct mdl_agreement_row row;
    struct mdl_agreement a;
    char term[TERM_NAME];
    struct mdl_error err = {MDL_OK, ""};
    if (agreement_newest(s, partner->id, MDL_AGREEMENT_PROPOSED_BY_THEM, &row, NULL) != MDL_OK) {
        return;
    }
    if (mdl_agreement_decode(row.bytes.data, row.bytes.len, &a, NULL) == MDL_OK &&
        agreement_unasked(s, partner, &a, term) && agreement_accept(s, &row, &err) != MDL_OK) {
        svc_log(s, "error", "%s: %s", partner->name, err.text);
    }
    mdl_agreement_clear(&row);
}

/* Of the partner's rounds at most one waits (PROTOCOL 4.7). */
struct asked {
    bool hit;
    uint8_t id[MDL_STORE_ROUND];
};

static bool take_asked(void *ctx, const struct mdl_round_row *r)
{
    struct asked *a = ctx;
    if (r->outcome == MDL_ROUND_WAITING && r->proposer == MDL_BY_THEM) {
        memcpy(a->id, r->id, sizeof a->id);
        a->hit = true;
    }
    return !a->hit;
}

static void approve_waiting_round(struct mdl_service *s, const struct mdl_partner_row *partner)
{
    struct mdl_round_filter f = {.partner = partner->id, .open_only = true};
    struct mdl_round_row round;
    struct mdl_agreement a;
    struct mdl_agreement_row agreement;
    struct asked asked = {.hit = false};
    char term[TERM_NAME];
    struct mdl_error err = {MDL_OK, ""};
    enum mdl_status st = mdl_round_list(s->store, &f, take_asked, &asked, &err);
    if (st != MDL_OK || !asked.hit) {
        return;
    }
    st = mdl_round_get(s->store, asked.id, &round, &err);
    if (st != MDL_OK) {
        return;
    }
    st = agreement_check(s, partner->id, round.agreement, &a, &agreement, &err);
    if (st == MDL_OK) {
        mdl_agreement_clear(&agreement);
    }
    if (st == MDL_OK && a.approval == MDL_APPROVAL_STANDING &&
        agreement_is_standard(s, partner, &a, term)) {
        st = proposal_approve(s, &round, &err);
    }
    if (st != MDL_OK) {
        svc_log(s, "error", "%s: %s", partner->name, err.text);
    }
    mdl_round_clear(&round);
}

void outside_standing_rule(struct mdl_service *s, int64_t partner)
{
    struct mdl_partner_row row;
    if (mdl_partner_get(s->store, partner, &row, NULL) != MDL_OK) {
        return;
    }
    if ((row.flags & PARTNER_ACCEPTS) != 0) {
        accept_waiting_agreement(s, &row);
        approve_waiting_round(s, &row);
    }
    mdl_partner_clear(&row);
}
