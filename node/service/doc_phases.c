/* doc_phases.c: how long each phase of an ended round took, read from the log.
 * It may not change anything, nor be asked of a round at work: that one keeps its own. */
#include "rounds.h"
#include "trail.h"

#include <store_audit.h>
#include <string.h>

#define LOOKED_AT 50000 /* entries of one round: its messages stand in the log as well */

struct phases {
    json_t *list;
    const char *name; /* of the phase that began last */
    uint64_t at;
};

static void phase_ends(struct phases *p, uint64_t now)
{
    json_int_t ms = now > p->at ? (json_int_t)(now - p->at) : 0; /* the clock may be set back */
    if (p->name != NULL) {
        (void)json_array_append_new(p->list, json_pack("{s:s, s:o, s:I}", "name", p->name,
                                                       "started", doc_time(p->at), "ms", ms));
    }
}

/* The log notes other steps of a round with the same kind. */
static const char *phase_named(const char *note)
{
    for (int i = 0; i < MDL_PHASES; i++) {
        if (strcmp(mdl_phase_slug((enum mdl_phase)i), note) == 0) {
            return mdl_phase_slug((enum mdl_phase)i);
        }
    }
    return NULL;
}

static bool take_entry(void *ctx, const struct mdl_audit_row *row)
{
    struct phases *p = ctx;
    struct mdl_log_entry e;
    if (mdl_log_entry_decode(row->entry.data, row->entry.len, &e, NULL) == MDL_OK &&
        e.kind == MDL_LOG_ROUND_PHASE && phase_named(e.note) != NULL) {
        phase_ends(p, e.time_ms);
        p->name = phase_named(e.note);
        p->at = e.time_ms;
    }
    return true;
}

json_t *doc_phases(struct mdl_service *s, const struct mdl_round_row *row)
{
    struct phases p = {.list = json_array(), .name = "preparing", .at = row->started_at};
    struct mdl_audit_filter f = {.round = row->id, .limit = LOOKED_AT};
    if (row->started_at == 0 || row->finished_at == 0 ||
        mdl_audit_list(s->store, &f, take_entry, &p, NULL) != MDL_OK) {
        return p.list;
    }
    phase_ends(&p, row->finished_at);
    return p.list;
}
