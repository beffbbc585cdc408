/* check_faults.c: honest partners under every fault: for each row of the message table, from either
 * side, the message is lost, doubled, overtaken, corrupted, late, or a link or a node dies around
 * it.
 * `--long [runs]` adds random worlds with random noise. Prints one line a run. */
#include "sim_net.h"

#include <stdlib.h>
#include <string.h>

static unsigned runs, failures;

static const uint8_t types[] = {
    MDL_MSG_ACK,        MDL_MSG_HELLO,        MDL_MSG_COMMIT,     MDL_MSG_CHUNK, MDL_MSG_VERIFIED,
    MDL_MSG_TAG_COMMIT, MDL_MSG_TAGS,         MDL_MSG_MATCH,      MDL_MSG_OPEN,  MDL_MSG_SLICE,
    MDL_MSG_MASKS,      MDL_MSG_RECEIPT_PART, MDL_MSG_RECEIPT_SIG};

static void report(struct sim_world *w, const char *what, const char *wrong)
{
    const struct sim_store *a = &w->node[0].store, *b = &w->node[1].store;

    runs++;
    printf("%-44s seed %-8llu A %s/%s %u  B %s/%s %u%s%s\n", what, (unsigned long long)w->seed,
           sim_outcome_name(a->outcome), mdl_status_slug(a->status), a->opened,
           sim_outcome_name(b->outcome), mdl_status_slug(b->status), b->opened,
           wrong != NULL ? "  WRONG: " : "", wrong != NULL ? wrong : "");
    if (wrong != NULL) {
        failures++;
        printf("   A: %s\n   B: %s\n", a->text, b->text);
    }
}

/* Faults of the network alone never cost a round; a corrupted byte or a kill may. */
static bool must_complete(const struct sim_plan *p)
{
    switch (p->fault) {
    case SIM_CORRUPT:
    case SIM_KILL_STEP:
    case SIM_KILL_COMMIT:
    case SIM_KILL_SENT:
    case SIM_KILL_ARRIVED:
    case SIM_KILL_TAKEN:
        return p->fault != SIM_CORRUPT &&
               (p->type == MDL_MSG_RECEIPT_PART || p->type == MDL_MSG_RECEIPT_SIG);
    case SIM_NONE:
    case SIM_DROP:
    case SIM_DUPLICATE:
    case SIM_REORDER:
    case SIM_DELAY:
    case SIM_CUT_BEFORE:
    case SIM_CUT_AFTER:
    case SIM_FAULTS:
        return true;
    }
    return true;
}

static const struct sim_size plain = {.groups = 1, .own = {13, 9}, .common = 11, .parallel = 1};
/* Counts, accounts, both with a group that is not run because one side has nothing in it. */
static const struct sim_size mixed = {
    .groups = 5, .own = {2, 1}, .common = 2, .parallel = 1, .counts = 1 | 8, .empty = {4, 8 | 4}};

static void one(const struct sim_plan *plan, unsigned nth, uint64_t seed,
                const struct sim_size *size)
{
    struct sim_world w;
    char what[80];

    sim_init(&w, seed, size, NULL);
    w.plan = *plan;
    w.plan.nth = nth;
    sim_start(&w);
    bool ended = sim_run(&w);
    /* Of the last two messages one is always unanswered: a side that gets a damaged signature keeps
     * its result as partial, the other may hold both. */
    w.one_sided = plan->fault == SIM_CORRUPT && plan->type == MDL_MSG_RECEIPT_SIG;
    const char *wrong = ended ? sim_check(&w) : "the round never ends";
    if (wrong == NULL && !w.plan_done && plan->fault != SIM_NONE) {
        wrong = "the fault never came to pass";
    }
    if (wrong == NULL && must_complete(plan) && w.node[0].store.outcome != MDL_OUTCOME_COMPLETE) {
        wrong = "the round should have completed";
    }
    (void)snprintf(what, sizeof what, "%-13s of %-12s %u from %c%s", sim_fault_name(plan->fault),
                   plan->fault == SIM_NONE ? "-" : mdl_msg_name(plan->type), nth,
                   plan->from == 0 ? 'A' : 'B', size == &mixed ? ", mixed levels" : "");
    report(&w, what, wrong);
    sim_free(&w);
}

static void all_faults(void)
{
    uint64_t seed = 1000;

    for (size_t t = 0; t < sizeof types; t++) {
        for (int f = SIM_DROP; f < SIM_FAULTS; f++) {
            for (int from = 0; from < 2; from++) {
                struct sim_plan plan = {(enum sim_fault)f, from, types[t], 0};
                one(&plan, 0, seed++, &plain);
                one(&plan, 0, seed++, &mixed);
                if (types[t] == MDL_MSG_SLICE || types[t] == MDL_MSG_MASKS) {
                    one(&plan, 4, seed++, &plain);  /* in the middle */
                    one(&plan, 10, seed++, &plain); /* the last one */
                }
            }
        }
    }
}

static void shape(const char *what, uint64_t seed, const struct sim_size *size,
                  const struct sim_noise *noise)
{
    struct sim_world w;

    sim_init(&w, seed, size, NULL);
    if (noise != NULL) {
        w.noise = *noise;
    }
    sim_start(&w);
    bool ended = sim_run(&w);
    const char *wrong = ended ? sim_check(&w) : "the round never ends";
    if (wrong == NULL && w.node[0].store.outcome != MDL_OUTCOME_COMPLETE) {
        wrong = "the round should have completed";
    }
    report(&w, what, wrong);
    sim_free(&w);
}

static void shapes(void)
{
    static const struct sim_size sizes[] = {
#define SIZE(groups_, a, b, common_, parallel_)                                                    \
    .groups = (groups_), .own = {a, b}, .common = (common_), .parallel = (parallel_)
        {SIZE(1, 1, 1, 0, 1)},
        {SIZE(1, 0, 0, 1, 1)},
        {SIZE(1, 0, 7, 1, 2)},
        {SIZE(1, 5, 0, 64, 4)},
        {SIZE(1, 3, 4, 65, 2)},
        {SIZE(1, 0, 0, 200, 2)},
        {SIZE(2, 6, 9, 5, 2)},
        {SIZE(3, 4, 1, 0, 1)},
        {SIZE(1, 150, 3, 20, 2)},
        {SIZE(8, 2, 3, 2, 1)},
        {SIZE(1, 40, 60, 130, 3)},
        {SIZE(1, 3, 4, 5, 1), .counts = 1},
        {SIZE(1, 3, 4, 0, 1), .counts = 1},
        {SIZE(1, 0, 0, 70, 2), .counts = 1},
        {SIZE(32, 1, 1, 1, 2), .counts = UINT32_MAX},
        {SIZE(32, 1, 2, 1, 1), .counts = UINT32_MAX, .empty = {0x7fffffff, 0x0fff0000}},
        {SIZE(4, 3, 4, 5, 2), .counts = 5, .empty = {1, 2}}};
    static const struct sim_size large = {SIZE(1, 4100, 60, 40, 2)};
    char what[80];

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        (void)snprintf(what, sizeof what, "%u group(s) of %u and %u keys, %u common, levels %x",
                       sizes[i].groups, sizes[i].own[0] + sizes[i].common,
                       sizes[i].own[1] + sizes[i].common, sizes[i].common, sizes[i].counts);
        shape(what, 1 + i, &sizes[i], NULL);
    }
    shape("two chunks", 99, &large, NULL);
}

static void random_worlds(unsigned n, uint64_t first)
{
    for (uint64_t seed = first; seed < first + n; seed++) {
        sim_random_begin(seed);
        struct sim_size size = {.groups = (uint8_t)(1 + sim_dice() % 4),
                                .own = {sim_dice() % 60 + 1, sim_dice() % 60 + 1},
                                .common = sim_dice() % 40,
                                .parallel = 1 + sim_dice() % 4,
                                .counts = sim_dice() % 16,
                                /* something is left: group 0 */
                                .empty = {sim_dice() % 16 & 14, sim_dice() % 16 & 14}};
        struct sim_noise noise = {sim_dice() % 150, sim_dice() % 100, sim_dice() % 100,
                                  sim_dice() % 20};
        shape("noise", seed, &size, &noise);
    }
}

int main(int argc, char **argv)
{
    bool all = argc > 1 && strcmp(argv[1], "--long") == 0;
    unsigned n = all && argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 500;
    uint64_t first = all && argc > 3 ? strtoull(argv[3], NULL, 10) : 1;

    shapes();
    all_faults();
    random_worlds(all ? n : 20, all ? first : 500000);
    printf("%u runs, %u wrong\n", runs, failures);
    return failures == 0 ? 0 : 1;
}
