/* session.c: making a session and stepping it. May not know what any phase does. */
#include "internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum mdl_status mdl_session_engine(const char **name, struct mdl_error *err)
{
    enum mdl_status st = mdl_group_init(err);

    *name = mdl_group_engine();
    return st;
}

static enum mdl_status check_config(const struct mdl_session_config *c, struct mdl_error *err)
{
    if (c->n_profiles < 1 || c->n_profiles > MDL_SESSION_PROFILES || c->profiles == NULL) {
        return mdl_fail(err, MDL_U_ARGUMENT, "1 to %d profiles, not %zu", MDL_SESSION_PROFILES,
                        c->n_profiles);
    }
    if (c->signer.sign == NULL || c->agreement == NULL) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a session needs a signer and an agreement");
    }
    return MDL_OK;
}

static enum mdl_status fill(struct mdl_session *s, const struct mdl_session_config *config,
                            struct mdl_error *err)
{
    enum mdl_status st = mdl_group_init(err);

    if (st == MDL_OK) {
        st = mdl_agreement_decode(config->agreement, config->agreement_len, &s->agreement, err);
    }
    if (st == MDL_OK) {
        st = mdl_agreement_between(&s->agreement, config->signer.identity, config->partner, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    mdl_agreement_hash(config->agreement, config->agreement_len, s->agreement_hash);
    memcpy(s->round, config->round, sizeof s->round);
    s->created_ms = config->created_ms;
    s->signer = config->signer;
    s->role = mdl_role_of(config->signer.identity, config->partner);
    memcpy(s->profiles, config->profiles, config->n_profiles * sizeof s->profiles[0]);
    s->n_profiles = config->n_profiles;
    s->partner_keys_month = config->partner_keys_month;
    s->parallel = config->parallel == 0 ? 1 : config->parallel;
    s->n_cells = (uint8_t)s->agreement.n_groups;
    for (uint8_t g = 0; g < s->n_cells; g++) {
        s->cell[g].g = g;
        (void)mdl_level_of(s->agreement.groups[g].level, &s->cell[g].level); /* decoding checked */
    }
    atomic_init(&s->stop, false);
    mdl_link_init(&s->link, s->round, (uint8_t)s->role);
    return MDL_OK;
}

enum mdl_status mdl_session_create(const struct mdl_session_config *config,
                                   struct mdl_session **out, struct mdl_error *err)
{
    struct mdl_session *s;

    *out = NULL;
    enum mdl_status st = check_config(config, err);
    if (st != MDL_OK) {
        return st;
    }
    st = mdl_take(&s, 1, sizeof *s, err);
    if (st != MDL_OK) {
        return st;
    }
    st = fill(s, config, err);
    if (st != MDL_OK) {
        free(s);
        return st;
    }
    *out = s;
    return MDL_OK;
}

enum mdl_status mdl_session_restore(const struct mdl_session_config *config, const uint8_t *blob,
                                    size_t len, struct mdl_session **out, struct mdl_error *err)
{
    enum mdl_status st = mdl_session_create(config, out, err);

    if (st == MDL_OK) {
        st = mdl_receipt_state_take(*out, blob, len, err);
    }
    if (st != MDL_OK) {
        mdl_session_destroy(*out);
        *out = NULL;
    }
    return st;
}

void mdl_session_destroy(struct mdl_session *s)
{
    if (s == NULL) {
        return;
    }
    while (s->work != NULL) {
        struct mdl_session_work *next = s->work->next;
        mdl_work_release(s->work);
        s->work = next;
    }
    for (uint8_t g = 0; g < s->n_cells; g++) {
        mdl_cell_free(&s->cell[g]);
    }
    mdl_link_free(&s->link);
    mdl_step_clear(s);
    free(s->receipt);
    free(s->reply);
    sodium_memzero(s, sizeof *s);
    free(s);
}

bool mdl_session_closed(const struct mdl_session *s)
{
    return s->closed;
}

bool mdl_session_idle(const struct mdl_session *s)
{
    return s->n_work == 0;
}

static enum mdl_status check_time(struct mdl_session *s, struct mdl_error *err)
{
    if (!s->durable && s->now_ms >= s->key_deadline_ms) {
        return mdl_fail(err, MDL_P_DEADLINE, "the keys of this round have lived %u s",
                        s->agreement.key_deadline_s);
    }
    if (s->durable && s->now_ms >= s->receipt_deadline_ms) {
        return mdl_fail(err, MDL_P_STALLED, "no receipt came within %llu hours",
                        (unsigned long long)(MDL_RECEIPT_MS / 3600000));
    }
    return MDL_OK;
}

static enum mdl_status start(struct mdl_session *s, struct mdl_error *err)
{
    s->started = true;
    if (s->restored) {
        for (uint8_t g = 0; g < s->n_cells; g++) {
            if (s->cell[g].masks_answered < s->cell[g].opened) {
                mdl_masks_ask(s, &s->cell[g]);
            }
        }
        return MDL_OK;
    }
    s->key_deadline_ms = s->now_ms + 1000ull * s->agreement.key_deadline_s;
    return mdl_hello_start(s, err);
}

static enum mdl_status link_event(struct mdl_session *s, bool up, struct mdl_error *err)
{
    enum mdl_status st = s->started ? MDL_OK : start(s, err);

    s->link.up = up; /* an end in this very step still reaches the partner */
    return st == MDL_OK && up ? mdl_link_up(s, err) : st;
}

static enum mdl_status ended_by_host(const struct mdl_event *ev, struct mdl_error *err)
{
    bool operator_did = ev->type == MDL_EV_ABORT;
    enum mdl_status st = operator_did ? MDL_P_ABORTED : ev->u.end.status;
    const char *text = ev->u.end.text;

    if (mdl_status_class(st) == MDL_CLASS_OK || mdl_status_class(st) == MDL_CLASS_USAGE) {
        st = MDL_BUG;
    }
    return mdl_fail(err, st, "%s", text != NULL ? text : mdl_status_meaning(st));
}

static enum mdl_status take_event(struct mdl_session *s, const struct mdl_event *ev,
                                  struct mdl_error *err)
{
    switch (ev->type) {
    case MDL_EV_MESSAGE:
        return mdl_link_message(s, ev->u.message.bytes, ev->u.message.len, err);
    case MDL_EV_LINK_UP:
        return link_event(s, true, err);
    case MDL_EV_LINK_DOWN:
        return link_event(s, false, err);
    case MDL_EV_KEYS:
        return mdl_keys_given(s, ev, err);
    case MDL_EV_MASKS:
        return mdl_masks_given(s, ev, err);
    case MDL_EV_SUMMARY:
        return mdl_summary_given(s, ev, err);
    case MDL_EV_WORK_DONE:
        return mdl_work_back(s, ev->u.work, err);
    case MDL_EV_TICK:
        return mdl_link_tick(s, err);
    case MDL_EV_ABORT:
    case MDL_EV_FAILED:
        return ended_by_host(ev, err);
    }
    return mdl_fail(err, MDL_U_ARGUMENT, "an event of no known type");
}

/* What the event made possible. */
static enum mdl_status follow_up(struct mdl_session *s, struct mdl_error *err)
{
    enum mdl_status st = mdl_session_advance(s, err);

    if (st == MDL_OK && !s->closed) {
        st = mdl_link_drain(s, err);
    }
    mdl_receipt_durable(s);
    if (st == MDL_OK && !s->closed && s->durable && s->dirty) {
        st = mdl_receipt_state_put(s, err);
    }
    if (st == MDL_OK && !s->closed) {
        st = mdl_link_finish_step(s, err);
    }
    return st;
}

static void close_with(struct mdl_session *s, enum mdl_status st, const char *text)
{
    /* USAGE from a room below means that we called it wrongly. */
    st = mdl_status_class(st) == MDL_CLASS_USAGE ? MDL_BUG : st;
    mdl_session_end(s, st, text, false);
}

static enum mdl_status step_closed(struct mdl_session *s, const struct mdl_event *ev,
                                   struct mdl_error *err)
{
    if (ev->type == MDL_EV_WORK_DONE) {
        return mdl_work_back(s, ev->u.work, err);
    }
    return mdl_fail(err, MDL_U_STATE, "the round has ended");
}

enum mdl_status mdl_session_step(struct mdl_session *s, const struct mdl_event *ev, uint64_t now_ms,
                                 struct mdl_effects *fx, struct mdl_error *err)
{
    struct mdl_error why = {.status = MDL_OK};

    fx->n = 0;
    mdl_step_clear(s);
    s->fx = fx;
    s->now_ms = now_ms;
    s->dirty = false;
    s->host_mistake = false;
    if (s->closed) {
        return step_closed(s, ev, err);
    }
    if (!s->started && ev->type != MDL_EV_LINK_UP && ev->type != MDL_EV_LINK_DOWN) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the first event says whether the link is up");
    }
    enum mdl_status st = s->started ? check_time(s, &why) : MDL_OK;
    if (st == MDL_OK) {
        st = take_event(s, ev, &why);
        if (s->host_mistake) { /* nothing has happened */
            return mdl_fail(err, MDL_U_ARGUMENT, "%s", why.text);
        }
    }
    if (st == MDL_OK && !s->closed) {
        st = follow_up(s, &why);
    }
    if (st == MDL_L_MEMORY && s->durable) {
        s->no_memory = true; /* the state on disk is better than an end: restore goes on from it */
    } else if (st != MDL_OK && !s->closed) {
        close_with(s, st, why.text);
    }
    return s->no_memory ? mdl_fail(err, MDL_L_MEMORY, "no memory for the effects of a step")
                        : MDL_OK;
}
