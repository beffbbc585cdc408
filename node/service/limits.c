/* limits.c: how much a pinned partner may make this node log, keep and answer outside a round.
 * It may not end a round or a connection: what is too much is dropped or refused. */
#include "limits.h"

#define TELL_MS   60000u
#define DAY_MS    (24ull * 3600 * 1000)
#define AHEAD_MS  DAY_MS
#define BEHIND_MS (31 * DAY_MS)

void limit_begin(struct peer *p)
{
    p->tokens = LIMIT_BURST;
    p->filled_at = steady_ms();
}

static void refill(struct peer *p, uint64_t now)
{
    uint64_t fresh = (now - p->filled_at) / LIMIT_REFILL_MS;
    if (fresh >= LIMIT_BURST - p->tokens) {
        p->tokens = LIMIT_BURST;
        p->filled_at = now;
        return;
    }
    p->tokens += (unsigned)fresh;
    p->filled_at += fresh * LIMIT_REFILL_MS;
}

bool limit_message(struct mdl_service *s, struct peer *p)
{
    uint64_t now = steady_ms();
    refill(p, now);
    if (p->tokens > 0) {
        p->tokens--;
        return true;
    }
    p->dropped++;
    if (p->dropped_told == 0 || now - p->dropped_told >= TELL_MS) {
        svc_log(s, "warning",
                "%s sends more outside rounds than is taken (%u at once, then one in %u s): %llu "
                "message(s) dropped",
                p->name, LIMIT_BURST, LIMIT_REFILL_MS / 1000, (unsigned long long)p->dropped);
        p->dropped_told = now;
        p->dropped = 0;
    }
    return false;
}

struct census {
    uint64_t since;
    unsigned unanswered, fresh;
};

static bool count_row(void *ctx, const struct mdl_agreement_row *a)
{
    struct census *c = ctx;
    bool theirs = a->has_their_sig && a->state != MDL_AGREEMENT_PROPOSED_BY_US;
    c->unanswered += a->state == MDL_AGREEMENT_PROPOSED_BY_THEM ? 1 : 0;
    c->fresh += theirs && a->created_at >= c->since ? 1 : 0;
    return true;
}

enum mdl_status limit_agreements(struct mdl_service *s, const struct peer *p, bool *room,
                                 const char **reason, struct mdl_error *err)
{
    uint64_t now = now_ms();
    struct census c = {.since = now > DAY_MS ? now - DAY_MS : 0};
    enum mdl_status st = mdl_agreement_list(s->store, p->id, count_row, &c, err);
    *room = c.unanswered < LIMIT_UNANSWERED && c.fresh < LIMIT_A_DAY;
    *reason = c.unanswered >= LIMIT_UNANSWERED
                  ? "as many agreements as are kept wait for an answer already"
                  : "as many agreements as are taken in a day were proposed already";
    return st;
}

const char *limit_created(uint64_t created)
{
    uint64_t now = now_ms();
    if (created > now && created - now > AHEAD_MS) {
        return "it is dated more than a day ahead of this node's clock";
    }
    if (created < now && now - created > BEHIND_MS) {
        return "it is dated more than 31 days ago";
    }
    return NULL;
}
