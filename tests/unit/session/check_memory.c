/* check_memory.c: every allocation of a round fails in its turn. Whatever the moment, nothing
 * leaks, nothing false is opened, both sides come to an end they agree on. The linker puts
 * the functions below in the place of malloc and its kin. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static unsigned long seen, fail_at;

static bool fails(void)
{
    return sim_in_library && ++seen == fail_at;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

/* Names; a count beside names, and a group that is not run. */
static const struct sim_size sizes[] = {
    {.groups = 1, .own = {2, 1}, .common = 2, .parallel = 1},
    {.groups = 3, .own = {1, 0}, .common = 1, .parallel = 1, .counts = 2, .empty = {4, 0}}};

static const char *one_round(const struct sim_size *size, unsigned long at,
                             enum mdl_outcome *outcome)
{
    struct sim_world w;

    seen = 0;
    fail_at = at;
    sim_init(&w, 11, size, NULL);
    sim_start(&w);
    bool ended = sim_run(&w);
    const char *wrong = ended ? sim_check(&w) : "the round never ends";
    *outcome = w.node[0].store.outcome;
    sim_free(&w);
    return wrong;
}

static int every_allocation(const struct sim_size *size)
{
    enum mdl_outcome outcome;
    const char *wrong = one_round(size, 0, &outcome);
    unsigned long total = seen, bad = 0, ended = 0;

    if (wrong != NULL || outcome != MDL_OUTCOME_COMPLETE || total < 100) {
        printf("without a failure: %s, %lu allocations\n", wrong == NULL ? "ok" : wrong, total);
        return 1;
    }
    for (unsigned long at = 1; at <= total; at++) {
        wrong = one_round(size, at, &outcome);
        ended += outcome == MDL_OUTCOME_COMPLETE ? 0 : 1;
        if (wrong != NULL) {
            printf("allocation %lu of %lu: %s\n", at, total, wrong);
            bad++;
        }
    }
    printf("%lu allocations, %lu rounds ended early, %lu wrong\n", total, ended, bad);
    return bad == 0 && ended > 0 ? 0 : 1;
}

int main(void)
{
    int bad = 0;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        bad |= every_allocation(&sizes[i]);
    }
    return bad;
}
