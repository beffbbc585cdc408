/* match.c: phase MATCH: the tags both sides have, agreed on before any name is known
 * (PROTOCOL 6.11, 6.12, 7.1). May not open anything. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* Moves the tags that both lists have, with their rows, to the front of ours. Both are ascending.
 */
static uint32_t merge(struct mdl_cell *c)
{
    uint32_t m = 0, i = 0, k = 0;

    while (i < c->n_partner && k < c->n) {
        const uint8_t *own = c->tags + (size_t)i * MDL_TAG_BYTES;
        int order = memcmp(own, c->tags_in + (size_t)k * MDL_TAG_BYTES, MDL_TAG_BYTES);
        if (order == 0) {
            memmove(c->tags + (size_t)m * MDL_TAG_BYTES, own, MDL_TAG_BYTES);
            c->rows[m++] = c->rows[i];
        }
        i += order <= 0 ? 1 : 0;
        k += order >= 0 ? 1 : 0;
    }
    return m;
}

static void run_match(struct mdl_session_work *w)
{
    struct mdl_cell *c = w->cell;
    enum mdl_role role = w->session->role;

    c->m = merge(c);
    mdl_hash_match(c, (uint8_t)role, c->tags, c->m, c->match_own);
    mdl_hash_match(c, (uint8_t)mdl_role_other(role), c->tags, c->m, c->match_theirs);
}

static enum mdl_status match_done(struct mdl_session *s, struct mdl_session_work *w,
                                  struct mdl_error *err)
{
    struct mdl_cell *c = w->cell;
    struct mdl_msg m = {.type = MDL_MSG_MATCH};

    c->match_ready = true;
    free(c->tags_in);
    c->tags_in = NULL;
    m.body.match.g = c->g;
    m.body.match.m = c->m;
    m.body.match.digest = c->match_own;
    return mdl_link_send(s, &m, err);
}

MDL_ADVANCE(mdl_match_advance)
{
    if (!c->match_sent) {
        struct mdl_session_work *w = mdl_work_new(s, c, err);
        if (w == NULL) {
            return MDL_L_MEMORY;
        }
        c->match_sent = true;
        w->run = run_match;
        w->done = match_done;
        w->holds = true; /* the partner's MATCH is compared with ours */
        mdl_work_emit(s, w);
    }
    return MDL_OK;
}

/* The scalar of the group has no more use: nothing is left to multiply or to prove. */
void mdl_cell_done(struct mdl_session *s, struct mdl_cell *c)
{
    (void)s;
    mdl_cell_wipe(c);
}

static enum mdl_status gate(const struct mdl_session *s, const struct mdl_cell *c,
                            struct mdl_error *err)
{
    const struct mdl_agreement_caps *caps = &s->agreement.caps;

    if (c->m < caps->min_result || (caps->max_result != 0 && c->m > caps->max_result)) {
        return mdl_fail(err, MDL_P_GATE,
                        "the number of matching keys is outside the agreed bounds (%u to %u)",
                        caps->min_result, caps->max_result);
    }
    return MDL_OK;
}

MDL_HANDLER(mdl_match_got)
{
    const struct mdl_msg_match *got = &m->body.match;

    if (got->m != c->m || memcmp(got->digest, c->match_theirs, sizeof c->match_theirs) != 0) {
        return mdl_fail(err, MDL_P_DIGEST,
                        "the two sides matched different tags (%u here, %u there)", c->m, got->m);
    }
    c->match_got = true;
    struct mdl_effect *e = mdl_fx(s, MDL_FX_PERSIST);
    if (e != NULL) {
        e->u.persist.kind = MDL_PERSIST_MATCH;
        e->u.persist.group = c->g;
        e->u.persist.n = c->m;
    }
    if (c->m == 0 || c->level == MDL_LEVEL_COUNTS) {
        mdl_cell_done(s, c);
        mdl_cell_drop_lists(c); /* no position will be opened: the numbers are all that is left */
        c->phase = MDL_PHASE_RECEIPT;
        return MDL_OK;
    }
    c->phase = MDL_PHASE_OPEN;
    return gate(s, c, err);
}
