/* verbs_schedule.c: what an operator does with scheduled rounds.
 * It may not propose one: schedule.c does, when it is due. */
#include "proposals.h"
#include "schedule.h"
#include "trail.h"

#include <store_schedule.h>
#include <string.h>

static json_t *doc_schedule(struct mdl_service *s, const struct mdl_schedule_row *row)
{
    char every[SCHEDULE_EVERY];
    const struct peer *p = peer_by_id(s, row->partner);
    return json_pack("{s:s, s:s, s:o, s:o, s:s}", "partner", p != NULL ? p->name : "", "every",
                     schedule_every(row->every_ms, every), "next", doc_time(row->next_at), "last",
                     doc_time(row->last_at), "last_result", row->last);
}

/* Terms that want a person each time leave nothing to a schedule. */
static enum mdl_status check_terms(struct mdl_service *s, const struct mdl_partner_row *partner,
                                   struct mdl_error *err)
{
    struct mdl_agreement_row row;
    struct mdl_agreement a;
    enum mdl_status st = agreement_in_force(s, partner->id, &row, &a, err);
    if (st != MDL_OK) {
        return st;
    }
    if (a.approval != MDL_APPROVAL_STANDING) {
        st = mdl_fail(err, MDL_U_STATE,
                      "the agreement with %s lets a round run only if a person says so each time "
                      "(approval = person): 'mandorla agreement amend \"%s\"' can change that",
                      partner->name, partner->name);
    }
    mdl_agreement_clear(&row);
    return st;
}

static enum mdl_status note_change(struct mdl_service *s, const struct mdl_partner_row *partner,
                                   const char *what, struct mdl_error *err)
{
    char note[64];
    (void)snprintf(note, sizeof note, "round schedule: %s", what);
    struct trail t = {.kind = MDL_LOG_OPERATOR,
                      .partner = partner->id,
                      .identity = partner->identity,
                      .note = note};
    schedules_changed(s);
    return trail_add(s, &t, err);
}

enum mdl_status verb_schedule_set(struct mdl_service *s, const json_t *params, json_t **result,
                                  struct mdl_error *err)
{
    struct mdl_partner_row partner;
    struct mdl_schedule_row row = {0};
    enum mdl_status st = partner_find(s, param_text(params, "partner"), &partner, err);
    if (st != MDL_OK) {
        return st;
    }
    st = schedule_interval(param_text(params, "every"), &row.every_ms, err);
    if (st == MDL_OK) {
        st = check_terms(s, &partner, err);
    }
    row.partner = partner.id;
    row.next_at = now_ms() + row.every_ms;
    if (st == MDL_OK && !param_bool(params, "preview", false)) {
        char every[SCHEDULE_EVERY];
        st = mdl_schedule_put(s->store, &row, err);
        st = st == MDL_OK ? note_change(s, &partner, schedule_every(row.every_ms, every), err) : st;
    }
    if (st == MDL_OK) {
        *result = json_pack("{s:o}", "schedule", doc_schedule(s, &row));
    }
    mdl_partner_clear(&partner);
    return st;
}

enum mdl_status verb_schedule_remove(struct mdl_service *s, const json_t *params, json_t **result,
                                     struct mdl_error *err)
{
    struct mdl_partner_row partner;
    struct mdl_schedule_row row;
    enum mdl_status st = partner_find(s, param_text(params, "partner"), &partner, err);
    if (st != MDL_OK) {
        return st;
    }
    st = mdl_schedule_get(s->store, partner.id, &row, err);
    if (st == MDL_OK) {
        st = mdl_schedule_remove(s->store, partner.id, err);
    }
    if (st == MDL_OK) {
        st = note_change(s, &partner, "off", err);
    }
    if (st == MDL_OK) {
        *result = json_pack("{s:o}", "schedule", doc_schedule(s, &row));
    }
    mdl_partner_clear(&partner);
    return st;
}

struct listing {
    struct mdl_service *s;
    int64_t partner; /* 0: all */
    json_t *list;
};

static bool add_line(void *ctx, const struct mdl_schedule_row *row)
{
    struct listing *l = ctx;
    bool wanted = l->partner == 0 || l->partner == row->partner;
    if (wanted && peer_by_id(l->s, row->partner) != NULL) {
        (void)json_array_append_new(l->list, doc_schedule(l->s, row));
    }
    return true;
}

enum mdl_status verb_schedule_list(struct mdl_service *s, const json_t *params, json_t **result,
                                   struct mdl_error *err)
{
    const char *name = param_text(params, "partner");
    struct mdl_partner_row partner;
    struct listing l = {.s = s};
    enum mdl_status st = name != NULL ? partner_find(s, name, &partner, err) : MDL_OK;
    if (st != MDL_OK) {
        return st;
    }
    if (name != NULL) {
        l.partner = partner.id;
        mdl_partner_clear(&partner);
    }
    l.list = json_array();
    st = mdl_schedule_list(s->store, add_line, &l, err);
    if (st == MDL_OK) {
        *result = json_pack("{s:O}", "schedules", l.list);
    }
    json_decref(l.list);
    return st;
}
