/* proposals.c: rounds before they run: proposing, answering, ending, taking the partner's messages.
 * It may not decide who yields or what is signed: mdl_negotiation_step does. */
#include "limits.h"
#include "rounds.h"
#include "talk.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ---- our acts -----------------------------------------------------------------------------------
 */

static enum mdl_status start(struct mdl_service *s, struct peer *p, const uint8_t *id,
                             const uint8_t *agreement, uint64_t created, struct mdl_round_row *out,
                             struct mdl_error *err)
{
    struct talk *t = calloc(1, sizeof *t);
    struct mdl_negotiation_event ev = {
        .type = MDL_NEGOTIATION_START, .round = id, .agreement = agreement, .now_ms = created};
    if (t == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a proposal");
    }
    talk_begin(t, s, p);
    /* One that waited for its agreement has its row already. */
    enum mdl_status st = mdl_round_get(s->store, id, &t->row, NULL);
    t->has_row = st == MDL_OK;
    st = talk_step(t, &ev, err);
    if (st == MDL_OK && out != NULL) {
        *out = t->row;
        out->resume = out->receipt = (struct mdl_blob){NULL, 0};
    }
    talk_end(t);
    free(t);
    return st;
}

/* Ours waits for the agreement that was proposed with it. */
static enum mdl_status wait_for_agreement(struct mdl_service *s, struct peer *p,
                                          const uint8_t id[MDL_STORE_ROUND],
                                          const struct mdl_agreement_row *agreement,
                                          struct mdl_round_row *out, struct mdl_error *err)
{
    memset(out, 0, sizeof *out);
    memcpy(out->id, id, sizeof out->id);
    out->partner = p->id;
    memcpy(out->agreement, agreement->hash, sizeof out->agreement);
    out->role = (uint8_t)talk_own_role(s, p);
    out->proposer = MDL_BY_US;
    out->outcome = MDL_ROUND_WAITING;
    (void)snprintf(out->phase, sizeof out->phase, "%s", WAIT_AGREEMENT);
    out->created_at = now_ms();
    return mdl_round_insert(s->store, out, err);
}

enum mdl_status proposal_make(struct mdl_service *s, const struct mdl_agreement_row *agreement,
                              struct mdl_round_row *out, struct mdl_error *err)
{
    struct peer *p = peer_by_id(s, agreement->partner);
    struct open_list open;
    uint8_t id[MDL_STORE_ROUND];

    if (p == NULL) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "this partner is not pinned");
    }
    enum mdl_status st = talk_open_rounds(s, p->id, NULL, &open, err);
    if (st == MDL_OK && open.n > 0) {
        char hex[2 * MDL_STORE_ROUND + 1];
        (void)sodium_bin2hex(hex, sizeof hex, open.id[0], MDL_STORE_ROUND);
        return mdl_fail(err, MDL_U_STATE,
                        "round %.8s with %s is still open; 'mandorla round show %.8s' shows it, "
                        "'mandorla round abort %.8s' ends it",
                        hex, p->name, hex, hex);
    }
    if (st == MDL_OK) {
        st = rounds_may_run(s, p, agreement, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    randombytes_buf(id, sizeof id);
    if (agreement->state != MDL_AGREEMENT_IN_FORCE) {
        return wait_for_agreement(s, p, id, agreement, out, err);
    }
    return start(s, p, id, agreement->hash, now_ms(), out, err);
}

enum mdl_status proposals_agreement(struct mdl_service *s, int64_t partner, struct mdl_error *err)
{
    struct peer *p = peer_by_id(s, partner);
    struct open_list open;
    enum mdl_status st = talk_open_rounds(s, partner, NULL, &open, err);

    for (size_t i = 0; i < open.n && st == MDL_OK && p != NULL; i++) {
        struct mdl_round_row row;
        struct mdl_agreement a;
        struct mdl_agreement_row agreement;
        st = mdl_round_get(s->store, open.id[i], &row, err);
        if (st != MDL_OK) {
            return st;
        }
        if (row.outcome == MDL_ROUND_WAITING && strcmp(row.phase, WAIT_AGREEMENT) == 0 &&
            agreement_check(s, partner, row.agreement, &a, &agreement, NULL) == MDL_OK) {
            mdl_agreement_clear(&agreement);
            st = start(s, p, row.id, row.agreement, row.created_at, NULL, err);
        }
        mdl_round_clear(&row);
    }
    return st;
}

/* The operator's answer to a round that waits; `row` then shows what became of it. */
static enum mdl_status answer(struct mdl_service *s, struct mdl_round_row *row, enum mdl_by by,
                              const struct mdl_negotiation_event *ev, struct mdl_error *err)
{
    struct peer *p = peer_by_id(s, row->partner);
    struct talk *t = calloc(1, sizeof *t);
    if (p == NULL || t == NULL) {
        free(t);
        return p != NULL ? mdl_fail(err, MDL_L_MEMORY, "not enough memory for a round")
                         : mdl_fail(err, MDL_U_NOT_FOUND, "this partner is not pinned any more");
    }
    talk_begin(t, s, p);
    t->by = by;
    enum mdl_status st = talk_load(t, row->id, err);
    if (st == MDL_OK) {
        st = talk_step(t, ev, err);
    }
    if (st == MDL_OK) {
        mdl_round_clear(row);
        *row = t->row;
        t->has_row = false;
    }
    talk_end(t);
    free(t);
    return st;
}

enum mdl_status proposal_approve(struct mdl_service *s, struct mdl_round_row *row,
                                 struct mdl_error *err)
{
    struct mdl_negotiation_event ev = {.type = MDL_NEGOTIATION_APPROVE};
    return answer(s, row, MDL_BY_US, &ev, err);
}

static enum mdl_status refuse(struct mdl_service *s, struct mdl_round_row *row, enum mdl_by by,
                              enum mdl_status code, const char *reason, struct mdl_error *err)
{
    struct mdl_negotiation_event ev = {
        .type = MDL_NEGOTIATION_REFUSE, .text = reason, .code = code};
    if (strcmp(row->phase, WAIT_AGREEMENT) == 0) {
        return talk_end_waiting(s, row, code, reason, by, err); /* the partner never heard of it */
    }
    return answer(s, row, by, &ev, err);
}

enum mdl_status proposal_refuse(struct mdl_service *s, struct mdl_round_row *row,
                                enum mdl_status code, const char *reason, struct mdl_error *err)
{
    return refuse(s, row, MDL_BY_US, code, reason, err);
}

static enum mdl_status end_all(struct mdl_service *s, int64_t partner, const uint8_t *hash,
                               enum mdl_by by, const char *why, struct mdl_error *err)
{
    struct open_list open;
    enum mdl_status st = talk_open_rounds(s, partner, hash, &open, err);
    for (size_t i = 0; i < open.n && st == MDL_OK; i++) {
        struct mdl_round_row row;
        st = mdl_round_get(s->store, open.id[i], &row, err);
        if (st != MDL_OK) {
            break;
        }
        if (row.outcome == MDL_ROUND_WAITING) {
            st = refuse(s, &row, by, hash != NULL ? MDL_P_AGREEMENT : MDL_P_ABORTED, why, err);
        } else {
            rounds_abort(s, row.id, by, why);
        }
        mdl_round_clear(&row);
    }
    return st;
}

enum mdl_status proposals_end(struct mdl_service *s, int64_t partner, const uint8_t *hash,
                              const char *why, struct mdl_error *err)
{
    return end_all(s, partner, hash, MDL_BY_US, why, err);
}

enum mdl_status proposals_ended(struct mdl_service *s, int64_t partner, const uint8_t *hash,
                                const char *why, struct mdl_error *err)
{
    return end_all(s, partner, hash, MDL_BY_THEM, why, err);
}

/* ---- the partner's messages ---------------------------------------------------------------------
 */

static bool is_known(const struct talk *t, const struct mdl_msg *m)
{
    return t->has_row && memcmp(t->row.id, m->round, sizeof t->row.id) == 0;
}

/* A round that was begun here is never begun again, however its proposal comes back. */
static bool is_over(const struct talk *t, const struct mdl_msg *m)
{
    return is_known(t, m) &&
           (t->row.outcome == MDL_ROUND_COMPLETE || t->row.outcome == MDL_ROUND_PARTIAL);
}

static enum mdl_status refuse_created(struct talk *t, const struct mdl_msg *m,
                                      struct mdl_error *err)
{
    struct mdl_msg r = {.type = MDL_MSG_ROUND_REFUSE};
    memcpy(r.round, m->round, sizeof r.round);
    r.body.round_refuse.code = MDL_P_REFUSED;
    r.body.round_refuse.reason = mdl_text_of(limit_created(m->body.round_propose.created));
    return outside_send(t->s, t->p->id, &r, m->round, MDL_STORE_ROUND, false, err);
}

static enum mdl_status take(struct talk *t, const struct mdl_msg *m, const uint8_t *bytes,
                            size_t len, struct mdl_error *err)
{
    struct mdl_negotiation_event ev = {.type = MDL_NEGOTIATION_MESSAGE, .bytes = bytes, .len = len};
    enum mdl_status st = talk_load(t, m->round, err);

    if (st != MDL_OK || is_over(t, m)) {
        return st;
    }
    /* One that is known may have waited long: it is answered as before. */
    if (m->type == MDL_MSG_ROUND_PROPOSE && !is_known(t, m) &&
        limit_created(m->body.round_propose.created) != NULL) {
        return refuse_created(t, m, err);
    }
    t->by = MDL_BY_THEM;
    return talk_step(t, &ev, err);
}

enum mdl_status proposal_message(struct mdl_service *s, struct peer *p, const struct mdl_msg *m,
                                 const uint8_t *bytes, size_t len, struct mdl_error *err)
{
    struct talk *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a proposal");
    }
    talk_begin(t, s, p);
    enum mdl_status st = take(t, m, bytes, len, err);
    talk_end(t);
    free(t);
    return st;
}
