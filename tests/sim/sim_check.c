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
        if (r->described && (!r->opened || r->populations != sim_population(theirs) ||
                             r->registries != sim_registry(theirs))) {
            return "what the partner says of a key is not what it said";
        }
        if (all && common && !(r->opened && r->described)) {
            return "a common key is missing from a complete result";
        }
    }
    return NULL;
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
    if (r.n_groups != w->terms.n_groups || r.groups[0].n[0] != w->node[0].n[0] ||
        r.groups[0].n[1] != w->node[1].n[0] || r.groups[0].m != common_of(w, 0)) {
        return "the receipt states other sizes";
    }
    return NULL;
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
        if (n->store.opened > 0 && n->store.outcome == MDL_OUTCOME_ABORTED) {
            return "slices are opened in an aborted round";
        }
        if (n->store.opened == 0 && n->store.outcome == MDL_OUTCOME_PARTIAL) {
            return "a partial round without a slice";
        }
        if (n->store.debit != 0 && n->store.debit != w->node[1 - i].n[0] &&
            w->terms.n_groups == 1) {
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
