/* run_effects.c: carries out what the session wants: writes, log entries, sends, work.
 * It may not reorder: effects are in order, and sends leave after the turn's commit only. */
#include "run.h"
#include "trail.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* A write that was refused ends the round: the step's sends never leave, because a LOCAL failure
 * loses the transaction, and run_event tells the session of any other. */
static void check(struct run *r, enum mdl_status st, const struct mdl_error *err)
{
    if (st != MDL_OK && !r->broken) {
        r->broken = true;
        r->why = *err;
    }
}

void run_trail(struct run *r, const struct trail *t)
{
    const struct peer *p = peer_by_id(r->s, r->partner);
    struct mdl_error err = {MDL_OK, ""};
    struct trail full = *t;
    full.partner = r->partner;
    full.identity = p != NULL ? p->identity : NULL;
    full.round = r->row.id;
    full.agreement = r->row.agreement;
    check(r, trail_add(r->s, &full, &err), &err);
}

static void on_received(struct run *r, const struct mdl_effect *fx)
{
    struct trail t = {.kind = MDL_LOG_MESSAGE_IN,
                      .direction = MDL_LOG_IN,
                      .type = fx->u.received.type,
                      .size = fx->u.received.len,
                      .digest = fx->u.received.digest};
    run_trail(r, &t);
}

static void on_send(struct run *r, const struct mdl_effect *fx)
{
    uint8_t digest[crypto_hash_sha512_BYTES];
    struct mdl_error err = {MDL_OK, ""};
    struct trail t = {.kind = MDL_LOG_MESSAGE_OUT,
                      .direction = MDL_LOG_OUT,
                      .type = fx->u.send.type,
                      .size = fx->u.send.len,
                      .digest = fx->u.send.digest,
                      .note = fx->u.send.resend ? "sent again" : NULL};
    if (t.digest == NULL) {
        (void)crypto_hash_sha512(digest, fx->u.send.bytes, fx->u.send.len);
        t.digest = digest;
    }
    run_trail(r, &t);
    r->row.bytes_out += fx->u.send.len;
    check(r, turn_send(r->s, r->partner, fx->u.send.bytes, fx->u.send.len, &err), &err);
}

static bool replace(struct mdl_blob *b, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = len > 0 ? malloc(len) : NULL;
    if (len > 0 && copy == NULL) {
        return false;
    }
    if (len > 0) {
        memcpy(copy, bytes, len);
    }
    free(b->data);
    *b = (struct mdl_blob){copy, len};
    return true;
}

/* The list commitment: its opening (seed and root) stands beside the log, for an auditor. */
static void on_commit(struct run *r, const struct mdl_effect *fx)
{
    uint8_t opening[64];
    memcpy(opening, fx->u.persist.seed, 32);
    memcpy(opening + 32, fx->u.persist.root, 32);
    struct trail t = {.kind = MDL_LOG_ROUND_PHASE,
                      .size = fx->u.persist.n,
                      .digest = opening,
                      .note = "list committed"};
    run_trail(r, &t);
    sodium_memzero(opening, sizeof opening);
    r->row.group[fx->u.persist.group].own_keys = fx->u.persist.n;
    r->row.has_profile = true;
    memcpy(r->row.profile, mdl_profile_digest(r->s->profile), sizeof r->row.profile);
    run_save(r);
}

static void on_debit(struct run *r, const struct mdl_effect *fx)
{
    struct mdl_error err = {MDL_OK, ""};
    struct trail t = {.kind = MDL_LOG_DEBIT, .size = fx->u.persist.n};
    check(r,
          mdl_budget_debit(r->s->store, r->partner, r->row.id, fx->u.persist.group, fx->u.persist.n,
                           now_ms(), &err),
          &err);
    run_trail(r, &t);
    r->row.group[fx->u.persist.group].partner_keys = fx->u.persist.n;
    run_save(r);
}

static void on_receipt(struct run *r, const struct mdl_effect *fx)
{
    struct trail t = {.kind = MDL_LOG_RECEIPT, .size = fx->u.persist.len};
    struct mdl_receipt receipt;
    bool role_a = r->row.role == MDL_ROLE_A;

    if (!replace(&r->row.receipt, fx->u.persist.bytes, fx->u.persist.len)) {
        r->broken = true;
        (void)mdl_fail(&r->why, MDL_L_MEMORY, "not enough memory for the receipt");
        return;
    }
    memcpy(r->row.our_sig, role_a ? fx->u.persist.signature_a : fx->u.persist.signature_b, 64);
    memcpy(r->row.their_sig, role_a ? fx->u.persist.signature_b : fx->u.persist.signature_a, 64);
    r->row.has_our_sig = r->row.has_their_sig = true;
    if (mdl_receipt_decode(fx->u.persist.bytes, fx->u.persist.len, &receipt, NULL) == MDL_OK) {
        r->row.partner_accounts = receipt.accounts[role_a ? 1 : 0];
        r->row.partner_review = receipt.review[role_a ? 1 : 0];
    }
    run_save(r);
    run_trail(r, &t);
}

static void on_persist(struct run *r, const struct mdl_effect *fx)
{
    switch (fx->u.persist.kind) {
    case MDL_PERSIST_COMMIT:
        on_commit(r, fx);
        break;
    case MDL_PERSIST_DEBIT:
        on_debit(r, fx);
        break;
    case MDL_PERSIST_MATCH:
        r->row.group[fx->u.persist.group].matched_keys = fx->u.persist.n;
        r->row.group[fx->u.persist.group].known = true;
        run_save(r);
        break;
    case MDL_PERSIST_RECEIPT_STATE:
        if (!replace(&r->row.resume, fx->u.persist.bytes, fx->u.persist.len)) {
            r->broken = true;
            (void)mdl_fail(&r->why, MDL_L_MEMORY, "not enough memory for the receipt");
        }
        run_save(r);
        break;
    case MDL_PERSIST_RECEIPT:
        on_receipt(r, fx);
        break;
    }
}

/* The positions are in the database, and logged, before the answer to the slice leaves. What the
 * partner says of them comes with RESULT. */
static void on_opened(struct run *r, const struct mdl_effect *fx)
{
    struct mdl_error err = {MDL_OK, ""};
    struct trail t = {.kind = MDL_LOG_SLICE_OPENED, .size = fx->u.opened.count};
    struct mdl_opened *o = calloc(fx->u.opened.count, sizeof *o);

    if (o == NULL) {
        (void)mdl_fail(&err, MDL_L_MEMORY, "not enough memory for a slice");
        check(r, MDL_L_MEMORY, &err);
        return;
    }
    for (uint32_t i = 0; i < fx->u.opened.count; i++) {
        o[i].ordinal = fx->u.opened.ordinals[i];
    }
    if (r->row.group[fx->u.opened.group].slices != fx->u.opened.slices) {
        r->row.group[fx->u.opened.group].slices = fx->u.opened.slices;
        run_save(r);
    }
    check(r,
          mdl_opened_put(r->s->store, r->row.id, fx->u.opened.group, fx->u.opened.slice, o,
                         fx->u.opened.count, &err),
          &err);
    r->row.group[fx->u.opened.group].slices_opened = fx->u.opened.slice + 1;
    free(o);
    run_trail(r, &t);
}

static void on_result(struct run *r, const struct mdl_effect *fx)
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_opened *o = calloc(fx->u.result.count, sizeof *o);
    if (o == NULL) {
        (void)mdl_fail(&err, MDL_L_MEMORY, "not enough memory for a slice");
        check(r, MDL_L_MEMORY, &err);
        return;
    }
    for (uint32_t i = 0; i < fx->u.result.count; i++) {
        o[i].ordinal = fx->u.result.rows[i].ordinal;
        o[i].partner_populations = fx->u.result.rows[i].populations;
        o[i].partner_registries = fx->u.result.rows[i].registries;
    }
    check(r,
          mdl_opened_describe(r->s->store, r->row.id, fx->u.result.group, fx->u.result.slice, o,
                              fx->u.result.count, &err),
          &err);
    free(o);
}

static void ask(struct run *r, const struct mdl_effect *fx)
{
    struct request *q = calloc(1, sizeof *q);
    struct mdl_error err = {MDL_OK, ""};
    uint32_t n = fx->type == MDL_FX_NEED_MASKS ? fx->u.need_masks.count : 0;

    if (q != NULL && n > 0) {
        q->ordinals = malloc(n * sizeof *q->ordinals);
    }
    if (q == NULL || (n > 0 && q->ordinals == NULL)) {
        free(q);
        (void)mdl_fail(&err, MDL_L_MEMORY, "not enough memory for a round");
        check(r, MDL_L_MEMORY, &err);
        return;
    }
    q->type = fx->type;
    if (fx->type == MDL_FX_NEED_KEYS) {
        q->group = fx->u.need_keys.group;
        q->first = fx->u.need_keys.first;
        q->count = fx->u.need_keys.count;
    } else if (fx->type == MDL_FX_NEED_MASKS) {
        q->group = fx->u.need_masks.group;
        q->slice = fx->u.need_masks.slice;
        q->count = n;
        if (n > 0) {
            memcpy(q->ordinals, fx->u.need_masks.ordinals, n * sizeof *q->ordinals);
        }
    }
    if (r->asked_last != NULL) {
        r->asked_last->next = q;
    } else {
        r->asked_first = q;
    }
    r->asked_last = q;
}

static void on_work(struct run *r, const struct mdl_effect *fx)
{
    struct mdl_error err = {MDL_OK, ""};
    if (run_submit(r, JOB_SESSION, fx->u.work, &err) != MDL_OK) {
        check(r, err.status, &err);
    }
}

static enum mdl_round_outcome outcome_of(enum mdl_outcome o)
{
    switch (o) {
    case MDL_OUTCOME_COMPLETE:
        return MDL_ROUND_COMPLETE;
    case MDL_OUTCOME_PARTIAL:
        return MDL_ROUND_PARTIAL;
    case MDL_OUTCOME_ABORTED:
        return MDL_ROUND_ABORTED;
    }
    return MDL_ROUND_ABORTED;
}

static void on_close(struct run *r, const struct mdl_effect *fx)
{
    const struct peer *p = peer_by_id(r->s, r->partner);
    struct trail t = {.kind = MDL_LOG_ROUND_END,
                      .size = fx->u.close.slices_opened,
                      .note = mdl_status_slug(fx->u.close.status)};

    r->row.outcome = outcome_of(fx->u.close.outcome);
    r->row.finished_at = now_ms();
    r->row.wall_ms = r->row.finished_at > r->row.started_at
                         ? r->row.finished_at - r->row.started_at
                         : 0; /* the clock was set back meanwhile */
    r->row.code = (int)fx->u.close.status;
    r->row.ended_by = fx->u.close.status == MDL_OK ? MDL_BY_NONE
                      : fx->u.close.by_partner     ? MDL_BY_THEM
                                                   : MDL_BY_US;
    clip_text(r->row.code_text, sizeof r->row.code_text, fx->u.close.text);
    for (size_t g = 0; g < r->row.n_groups && r->row.outcome == MDL_ROUND_COMPLETE; g++) {
        r->row.group[g].skipped = !r->row.group[g].known; /* all others came to their number */
    }
    (void)replace(&r->row.resume, fx->u.close.reply, fx->u.close.reply_len);
    run_save(r);
    run_trail(r, &t);
    svc_log(r->s, fx->u.close.status == MDL_OK ? "info" : "warning", "%s: round %s%s%s",
            p != NULL ? p->name : "partner", mdl_round_outcome_slug(r->row.outcome),
            fx->u.close.text[0] != '\0' ? ": " : "", fx->u.close.text);
}

void run_effect(struct run *r, const struct mdl_effect *fx)
{
    switch (fx->type) {
    case MDL_FX_RECEIVED:
        on_received(r, fx);
        break;
    case MDL_FX_PERSIST:
        on_persist(r, fx);
        break;
    case MDL_FX_OPENED:
        on_opened(r, fx);
        break;
    case MDL_FX_RESULT:
        on_result(r, fx);
        break;
    case MDL_FX_SEND:
        on_send(r, fx);
        break;
    case MDL_FX_WORK:
        on_work(r, fx);
        break;
    case MDL_FX_NEED_KEYS:
    case MDL_FX_NEED_MASKS:
    case MDL_FX_NEED_SUMMARY:
        ask(r, fx);
        break;
    case MDL_FX_DEADLINE:
        r->due = fx->u.deadline.at_ms - r->wall_offset;
        break;
    case MDL_FX_CLOSE:
        on_close(r, fx);
        break;
    }
}
