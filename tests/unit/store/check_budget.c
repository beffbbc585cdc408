/* check_budget.c: random lives of a node (rounds that complete, break off or never begin, debits
 * twice or undone, restarts, partners removed and pinned anew, a clock that goes on, stands at the
 * borders of months and goes back) against a plain model. What was drawn is never given back.
 *
 * usage: check-store-budget [seed]. A failure names its seed. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define PARTIES 2
#define ROUNDS  200u
#define GROUPS  3u
#define STEPS   200
#define SEEDS   8

static uint64_t dice_state;

static uint32_t dice(uint32_t n)
{
    dice_state = dice_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(dice_state >> 33) % n;
}

/* ---- the model ---------------------------------------------------------------------------------
 */

struct past {
    int party;
    uint64_t begun;
    enum mdl_round_outcome outcome;
    uint32_t keys[GROUPS];
    uint64_t at[GROUPS]; /* of the debit */
};

static struct {
    struct past round[ROUNDS];
    unsigned n;
    int64_t row[PARTIES]; /* as which it is pinned now */
    uint64_t now;
    struct mdl_budget last[PARTIES];
    uint32_t month;
} life;

/* Months of the civil calendar, without the C library: days are counted from 1 March of year 0. */
static uint32_t month_of(uint64_t ms)
{
    uint64_t days = ms / 86400000 + 719468;
    uint64_t era = days / 146097;
    uint64_t day = days % 146097;
    uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    uint64_t month = (5 * (day - (365 * year + year / 4 - year / 100)) + 2) / 153;

    return (uint32_t)((400 * era + year + (month >= 10 ? 1 : 0)) * 100 +
                      (month < 10 ? month + 3 : month - 9));
}

static struct mdl_budget drawn(int party)
{
    struct mdl_budget b = {0};
    uint32_t month = month_of(life.now);

    for (unsigned i = 0; i < life.n; i++) {
        const struct past *p = &life.round[i];
        bool debited = false;
        bool broken = (p->outcome == MDL_ROUND_ABORTED || p->outcome == MDL_ROUND_PARTIAL) &&
                      month_of(p->begun) >= month;
        for (unsigned g = 0; g < GROUPS && p->party == party; g++) {
            bool counts = p->keys[g] > 0 && month_of(p->at[g]) >= month;
            b.keys += counts ? p->keys[g] : 0;
            debited = debited || counts;
        }
        if (p->party == party) {
            b.rounds += debited ? 1 : 0;
            b.aborted += broken ? 1 : 0;
            b.begun += debited || broken ? 1 : 0;
        }
    }
    return b;
}

static uint64_t last_begun(int party)
{
    uint64_t last = 0;

    for (unsigned i = 0; i < life.n; i++) {
        const struct past *p = &life.round[i];
        last = p->party == party && p->begun > last ? p->begun : last;
    }
    return last;
}

/* ---- what happens ------------------------------------------------------------------------------
 */

static void insert_round(void)
{
    struct past *p = &life.round[life.n];
    struct mdl_round_row r = {.proposer = dice(2) == 0 ? MDL_BY_US : MDL_BY_THEM,
                              .outcome = MDL_ROUND_WAITING,
                              .n_groups = GROUPS};

    *p = (struct past){.party = (int)dice(PARTIES), .outcome = MDL_ROUND_WAITING};
    round_id((uint8_t)life.n, r.id);
    r.partner = life.row[p->party];
    memset(r.agreement, 1, sizeof r.agreement);
    /* A proposal may be dated a month back or a day ahead: that is a statement. */
    r.created_at = life.now + 86400000 - dice(32) * UINT64_C(86400000);
    for (size_t g = 0; g < GROUPS; g++) {
        (void)snprintf(r.group[g].level, sizeof r.group[g].level, "accounts");
    }
    ok(mdl_round_insert(st, &r, &err));
    life.n++;
}

/* Any round that is open; false if there is none. */
static bool open_round(unsigned *at)
{
    for (unsigned tries = 0; tries < 8 && life.n > 0; tries++) {
        *at = life.n - 1 - dice(life.n < 4 ? life.n : 4);
        enum mdl_round_outcome o = life.round[*at].outcome;
        if (o == MDL_ROUND_WAITING || o == MDL_ROUND_RUNNING) {
            return true;
        }
    }
    return false;
}

static void move_on(unsigned at)
{
    static const enum mdl_round_outcome ends[] = {MDL_ROUND_COMPLETE, MDL_ROUND_PARTIAL,
                                                  MDL_ROUND_ABORTED};
    struct past *p = &life.round[at];
    struct mdl_round_row r;
    uint8_t id[MDL_STORE_ROUND];

    round_id((uint8_t)at, id);
    ok(mdl_round_get(st, id, &r, &err));
    if (p->outcome == MDL_ROUND_WAITING && dice(4) == 0) {
        p->outcome = MDL_ROUND_REFUSED;
    } else if (p->outcome == MDL_ROUND_WAITING) {
        p->outcome = MDL_ROUND_RUNNING;
        p->begun = r.started_at = life.now;
    } else {
        p->outcome = ends[dice(3)];
    }
    r.outcome = p->outcome;
    ok(mdl_round_update(st, &r, &err));
    mdl_round_clear(&r);
}

/* A COMMIT comes, comes again, or comes again with another number. */
static void debit(unsigned at)
{
    struct past *p = &life.round[at];
    unsigned g = dice(GROUPS);
    uint32_t keys = 1 + dice(5000);
    uint8_t id[MDL_STORE_ROUND];

    if (p->outcome != MDL_ROUND_RUNNING) {
        return;
    }
    round_id((uint8_t)at, id);
    if (p->keys[g] != 0) {
        fails(mdl_budget_debit(st, life.row[p->party], id, (uint8_t)g, p->keys[g] + keys, life.now,
                               &err),
              MDL_U_STATE);
        keys = p->keys[g];
    } else {
        p->keys[g] = keys;
        p->at[g] = life.now;
    }
    ok(mdl_budget_debit(st, life.row[p->party], id, (uint8_t)g, keys, life.now, &err));
}

/* Removed, and pinned again: another row, the same identity. */
static void pin_again(int party)
{
    struct mdl_partner_row p;

    for (unsigned i = 0; i < life.n; i++) { /* what is open ends first, as the service sees to */
        struct past *q = &life.round[i];
        bool open = q->outcome == MDL_ROUND_WAITING || q->outcome == MDL_ROUND_RUNNING;
        while (q->party == party && open) {
            ok(mdl_store_begin(st, &err));
            move_on(i);
            ok(mdl_store_commit(st, &err));
            open = q->outcome == MDL_ROUND_RUNNING;
        }
    }
    ok(mdl_partner_get(st, life.row[party], &p, &err));
    p.removed_at = life.now;
    ok(mdl_store_begin(st, &err));
    ok(mdl_partner_update(st, &p, &err));
    ok(mdl_store_commit(st, &err));
    mdl_partner_clear(&p);
    life.row[party] = add_partner(party == 0 ? "Acme" : "Other", (uint8_t)(party + 1));
}

/* The last millisecond of a month, the first of the next; a leap day, a year's end. */
static const uint64_t borders[] = {
    UINT64_C(1796083199999), UINT64_C(1796083200000), /* 2026-11-30, 12-01 */
    UINT64_C(1798761599999), UINT64_C(1798761600000), /* 2026-12-31, 2027-01-01 */
    UINT64_C(1803859199999), UINT64_C(1803859200000), /* 2027-02-28, 03-01 */
    UINT64_C(1835395199999), UINT64_C(1835395200000), /* 2028-02-28, 02-29 */
    UINT64_C(1835481599999), UINT64_C(1835481600000), /* 2028-02-29, 03-01 */
    UINT64_C(4107542399999), UINT64_C(4107542400000), /* 2100-02-28, 03-01: no leap year */
};

static void move_clock(void)
{
    const uint64_t hour = 3600000;

    switch (dice(8)) {
    case 0:
        life.now -= dice(48) * hour;
        break;
    case 1:
        life.now -= dice(3) * 31 * 24 * hour;
        break;
    case 2:
        life.now += dice(3) * 31 * 24 * hour;
        break;
    case 3: /* most of them near, the year 2100 seldom */
        life.now = borders[dice(dice(20) == 0 ? 12 : 10)];
        break;
    default:
        life.now += dice(30) * hour;
    }
}

static void step(void)
{
    unsigned at;

    switch (dice(10)) {
    case 0:
        reopen();
        return;
    case 1:
        pin_again((int)dice(PARTIES));
        return;
    case 2:
    case 3:
        move_clock();
        return;
    default:
        break;
    }
    struct past before[4] = {{.party = 0}};
    unsigned n = life.n;
    unsigned from = n > 4 ? n - 4 : 0;
    memcpy(before, &life.round[from], (n - from) * sizeof before[0]);
    ok(mdl_store_begin(st, &err));
    if (!open_round(&at)) {
        insert_round();
    } else if (dice(3) > 0) {
        debit(at);
    } else {
        move_on(at);
    }
    if (dice(8) == 0) { /* it dies before the commit: nothing of it has happened */
        mdl_store_rollback(st);
        life.n = n;
        memcpy(&life.round[from], before, (n - from) * sizeof before[0]);
    } else {
        ok(mdl_store_commit(st, &err));
    }
}

/* ---- what must hold ----------------------------------------------------------------------------
 */

static void same_budget(uint64_t seed, int i, int party)
{
    struct mdl_budget b;
    struct mdl_budget want = drawn(party);
    struct mdl_budget *last = &life.last[party];
    uint32_t month = month_of(life.now);
    uint64_t at = 0;

    ck_assert_uint_eq(mdl_store_month(life.now), month);
    ok(mdl_budget_read(st, life.row[party], month, &b, &err));
    ck_assert_msg(b.keys == want.keys && b.rounds == want.rounds && b.aborted == want.aborted &&
                      b.begun == want.begun,
                  "seed %llu, step %d, month %u: %llu keys, %u debited, %u broken, %u begun; "
                  "expected %llu, %u, %u, %u",
                  (unsigned long long)seed, i, month, (unsigned long long)b.keys, b.rounds,
                  b.aborted, b.begun, (unsigned long long)want.keys, want.rounds, want.aborted,
                  want.begun);
    /* Nothing but a later month takes anything off: no end, no restart, no clock that goes back. */
    if (month <= life.month) {
        ck_assert_msg(b.keys >= last->keys && b.rounds >= last->rounds &&
                          b.aborted >= last->aborted && b.begun >= last->begun,
                      "seed %llu, step %d: something was given back", (unsigned long long)seed, i);
    }
    *last = b;
    ok(mdl_round_last_begun(st, life.row[party], &at, &err));
    ck_assert_msg(at == last_begun(party), "seed %llu, step %d: last begun",
                  (unsigned long long)seed, i);
}

static uint64_t first_seed = 1;

START_TEST(nothing_is_ever_given_back)
{
    uint64_t seed = first_seed + (uint64_t)_i;

    memset(&life, 0, sizeof life);
    dice_state = seed;
    life.now = UINT64_C(1795349214444);
    life.row[0] = add_partner("Acme", 1);
    life.row[1] = add_partner("Other", 2);
    add_agreement(life.row[0], 1);
    for (int i = 0; i < STEPS && life.n < ROUNDS; i++) {
        life.month = month_of(life.now);
        step();
        for (int party = 0; party < PARTIES; party++) {
            same_budget(seed, i, party);
        }
    }
    ck_assert_uint_gt(life.n, 5);
}
END_TEST

/* ---- what the partner dates --------------------------------------------------------------------
 */

static void begun_as_dated(uint8_t seed, uint64_t created)
{
    struct mdl_round_row r = {.partner = life.row[0],
                              .proposer = MDL_BY_THEM,
                              .outcome = MDL_ROUND_RUNNING,
                              .created_at = created,
                              .started_at = UINT64_C(1795349214444) + seed,
                              .n_groups = 1};

    round_id(seed, r.id);
    memset(r.agreement, 1, sizeof r.agreement);
    (void)snprintf(r.group[0].level, sizeof r.group[0].level, "counts");
    ok(mdl_store_begin(st, &err));
    ok(mdl_round_insert(st, &r, &err));
    r.outcome = MDL_ROUND_ABORTED;
    ok(mdl_round_update(st, &r, &err));
    ok(mdl_store_commit(st, &err));
}

static bool collect(void *ctx, const struct mdl_round_row *r)
{
    *(int *)ctx = *(int *)ctx * 10 + r->id[0];
    return true;
}

/* A proposal dated into the month before would else begin rounds that nobody counts, and hide the
 * list that the next one is compared with. */
START_TEST(dates_of_proposals_count_nowhere)
{
    const uint64_t october = UINT64_C(1793000000000);
    struct mdl_round_filter f = {.same_party = true, .as_they_came = true};
    struct mdl_budget b;
    int seen = 0;

    life.row[0] = f.partner = add_partner("Acme", 1);
    add_agreement(life.row[0], 1);
    begun_as_dated(1, october + 2);
    begun_as_dated(2, october + 3);
    begun_as_dated(3, october + 1);
    ok(mdl_budget_read(st, life.row[0], 202611, &b, &err));
    ck_assert_uint_eq(b.aborted, 3);
    ck_assert_uint_eq(b.begun, 3);
    ok(mdl_round_list(st, &f, collect, &seen, &err));
    ck_assert_int_eq(seen, 321);
    f.as_they_came = false;
    seen = 0;
    ok(mdl_round_list(st, &f, collect, &seen, &err));
    ck_assert_int_eq(seen, 213);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *s = suite_create("budget");
    TCase *t = tcase_create("budget");

    first_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    printf("seeds %llu to %llu\n", (unsigned long long)first_seed,
           (unsigned long long)(first_seed + SEEDS - 1));
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, fixture_open, fixture_close);
    tcase_add_loop_test(t, nothing_is_ever_given_back, 0, SEEDS);
    tcase_add_test(t, dates_of_proposals_count_nowhere);
    suite_add_tcase(s, t);
    return run_suite(s);
}
