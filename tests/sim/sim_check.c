/* sim_check.c: what both ends of a round must be, whatever happened in between (PROTOCOL 8). */
#include "sim_net.h"

#include <string.h>

const char *sim_outcome_name(enum mdl_outcome o)
{
    switch (o) {
    case MDL_OUTCOME_COMPLETE:
        return "complete";
    case MDL_OUTCOME_PARTIAL:
        return "partial";
    case MDL_OUTCOME_ABORTED:
        return "aborted";
    }
    return "?";
}

bool sim_counts(const struct sim_world *w, uint8_t g)
{
    return w->terms.groups[g].key_type != 0;
}

bool sim_runs(const struct sim_world *w, uint8_t g)
{
    return w->node[0].n[g] > 0 && w->node[1].n[g] > 0;
}

/* The common keys of a group stand at the end of both lists, in the same order. */
static uint32_t common_of(const struct sim_world *w, uint8_t g)
{
    const struct sim_node *a = &w->node[0], *b = &w->node[1];
    uint32_t m = 0;

    while (m < a->n[g] && m < b->n[g] && a->key[g][a->n[g] - 1 - m].bytes[3] == 'c' &&
           b->key[g][b->n[g] - 1 - m].bytes[3] == 'c') {
        m++;
    }
    return m;
}

/* Whatever is opened is true, and so is what the partner says of it. */
static const char *check_rows(const struct sim_world *w, const struct sim_node *n, uint8_t g,
                              bool all)
{
    const struct sim_node *p = &w->node[1 - n->id];
    uint32_t m = common_of(w, g);

    for (uint32_t i = 0; i < n->n[g]; i++) {
        const struct sim_row *r = &n->store.row[g][i];
        bool common = i >= n->n[g] - m;
        uint32_t theirs = common ? p->n[g] - m + (i - (n->n[g] - m)) : 0;

        if (r->opened && !common) {
            return "a key was opened that the partner does not have";
        }
        if ((r->opened || r->described) && sim_counts(w, g)) {
            return "a key was opened at level counts";
        }
        if (r->described && (!r->opened || r->populations != sim_population(theirs) ||
                             r->registries != sim_registry(theirs))) {
            return "what the partner says of a key is not what it said";
        }
        if (all && common && !sim_counts(w, g) && !(r->opened && r->described)) {
            return "a common key is missing from a complete result";
        }
    }
    return NULL;
}

static bool receipt_group_is(const struct sim_world *w, uint8_t g,
                             const struct mdl_receipt_group *r)
{
    static const uint8_t no_roots[sizeof r->list_root];

    if (strcmp(r->level, w->terms.groups[g].level) != 0) {
        return false;
    }
    if (!sim_runs(w, g)) {
        return (r->n[0] | r->n[1] | r->m | r->slices) == 0 &&
               memcmp(r->list_root, no_roots, sizeof no_roots) == 0;
    }
    uint32_t m = common_of(w, g);
    uint32_t slices = sim_counts(w, g) ? 0 : m < 64 ? m : 64;
    return r->n[0] == w->node[0].n[g] && r->n[1] == w->node[1].n[g] && r->m == m &&
           r->slices == slices && w->node[0].store.m[g] == m && w->node[1].store.m[g] == m;
}

static const char *check_receipts(const struct sim_world *w)
{
    const struct sim_store *a = &w->node[0].store, *b = &w->node[1].store;
    struct mdl_receipt r;

    if (a->receipt == NULL || b->receipt == NULL || a->receipt_len != b->receipt_len ||
        memcmp(a->receipt, b->receipt, a->receipt_len) != 0 ||
        memcmp(a->sig, b->sig, sizeof a->sig) != 0) {
        return "the two receipts differ";
    }
    if (mdl_receipt_open(a->receipt, a->receipt_len, a->sig[0], a->sig[1], &r, NULL) != MDL_OK) {
        return "the receipt does not verify";
    }
    bool same = r.n_groups == w->terms.n_groups;
    for (uint8_t g = 0; same && g < w->terms.n_groups; g++) {
        same = receipt_group_is(w, g, &r.groups[g]);
    }
    return same ? NULL : "the receipt states other sizes";
}

/* The partner's keys of all groups that were run; what a broken round debited is some of them. */
static bool debit_is_right(const struct sim_world *w, const struct sim_node *n, bool complete)
{
    uint32_t sum = 0;

    for (uint8_t g = 0; g < w->terms.n_groups; g++) {
        sum += sim_runs(w, g) ? w->node[1 - n->id].n[g] : 0;
    }
    return n->store.debit == sum ||
           (!complete && (n->store.debit == 0 || (w->terms.n_groups > 1 && n->store.debit < sum)));
}

const char *sim_check(const struct sim_world *w)
{
    const struct sim_store *a = &w->node[0].store, *b = &w->node[1].store;
    bool complete = a->outcome == MDL_OUTCOME_COMPLETE && b->outcome == MDL_OUTCOME_COMPLETE;
    bool one_only =
        !complete && (a->outcome == MDL_OUTCOME_COMPLETE || b->outcome == MDL_OUTCOME_COMPLETE);

    if (!a->closed || !b->closed) {
        return "a side never came to an end";
    }
    if (one_only && !w->one_sided) {
        return "complete on one side only";
    }
    for (int i = 0; i < 2; i++) {
        const struct sim_node *n = &w->node[i];
        for (uint8_t g = 0; g < w->terms.n_groups && !w->rows_void[i]; g++) {
            const char *wrong = check_rows(w, n, g, complete);
            if (wrong != NULL) {
                return wrong;
            }
        }
        unsigned some = n->store.opened + n->store.counted;
        if (some > 0 && n->store.outcome == MDL_OUTCOME_ABORTED) {
            return "slices are opened, or a count is known, in an aborted round";
        }
        if (some == 0 && n->store.outcome == MDL_OUTCOME_PARTIAL) {
            return "a partial round without a slice or a count";
        }
        if (!debit_is_right(w, n, complete)) {
            return "the debit is not the partner's size";
        }
    }
    unsigned more = a->opened > b->opened ? a->opened : b->opened;
    unsigned less = a->opened > b->opened ? b->opened : a->opened;
    if (more - less > w->terms.n_groups) {
        return "one side is more than one slice ahead";
    }
    return complete ? check_receipts(w) : NULL;
}
