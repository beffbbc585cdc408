/* work.c: items of group work, out to the host's workers and back.
 * May not compute anything itself. The list of items belongs to the owner's thread. */
#include "internal.h"

#include <sodium.h>
#include <stdlib.h>

struct mdl_session_work *mdl_work_new(struct mdl_session *s, struct mdl_cell *c,
                                      struct mdl_error *err)
{
    struct mdl_session_work *w = calloc(1, sizeof *w);

    if (w == NULL) {
        (void)mdl_fail(err, MDL_L_MEMORY, "no memory for a work item");
        return NULL;
    }
    w->session = s;
    w->cell = c;
    return w;
}

void mdl_work_emit(struct mdl_session *s, struct mdl_session_work *w)
{
    struct mdl_effect *e = mdl_fx(s, MDL_FX_WORK);

    w->next = s->work;
    s->work = w;
    s->n_work++;
    s->holds += w->holds ? 1 : 0;
    if (e != NULL) {
        e->u.work = w;
    }
}

void mdl_work_release(struct mdl_session_work *w)
{
    if (w->key_bytes != NULL) {
        sodium_memzero(w->key_bytes, w->key_len);
    }
    free(w->key_bytes);
    free(w->offset);
    free(w);
}

/* Enough to keep every worker busy while a step is under way, few enough that memory and the wait
 * at an abort stay small. */
bool mdl_work_room(const struct mdl_session *s)
{
    return s->n_work < 2 * s->parallel + 2;
}

void mdl_session_work_run(struct mdl_session_work *w)
{
    if (!atomic_load(&w->session->stop)) {
        w->run(w);
        w->ran = true;
    }
}

static bool unlink_item(struct mdl_session *s, const struct mdl_session_work *w)
{
    for (struct mdl_session_work **p = &s->work; *p != NULL; p = &(*p)->next) {
        if (*p == w) {
            *p = w->next;
            s->n_work--;
            return true;
        }
    }
    return false;
}

/* A status of class USAGE out of a batch is our own mistake. */
static enum mdl_status outcome(const struct mdl_session_work *w, struct mdl_error *err)
{
    if (!w->ran) {
        return mdl_fail(err, MDL_BUG, "a work item came back without having run");
    }
    if (w->status == MDL_OK) {
        return MDL_OK;
    }
    enum mdl_class cls = mdl_status_class(w->status);
    enum mdl_status st = cls == MDL_CLASS_USAGE ? MDL_BUG : w->status;
    return mdl_fail(err, st, "%s", w->err.text);
}

enum mdl_status mdl_work_back(struct mdl_session *s, struct mdl_session_work *w,
                              struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;

    if (!unlink_item(s, w)) {
        return mdl_host_mistake(s, err, "a work item that is not out");
    }
    if (s->closed) {
        if (s->n_work == 0) {
            mdl_session_wipe(s);
        }
    } else {
        s->holds -= w->holds ? 1 : 0;
        st = outcome(w, err);
        if (st == MDL_OK) {
            st = w->done(s, w, err);
        }
    }
    mdl_work_release(w);
    return st;
}
