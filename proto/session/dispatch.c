/* dispatch.c: the table phase x message -> handler (PROTOCOL 10.1), and the walk through the
 * phases. May not look into a message beyond its type and group. */
#include "internal.h"

struct rule {
    uint8_t type;
    bool of_cell; /* the first field names the cell group */
    enum mdl_phase from, to;
    enum mdl_status (*got)(struct mdl_session *s, struct mdl_cell *c, const struct mdl_msg *m,
                           struct mdl_error *err);
};

/* Our phase is where the partner can be at most one message away: a side that has both VERIFIED is
 * in TAGS, one that has sent and received all tags in MATCH, and so on. */
static const struct rule rules[] = {
    {MDL_MSG_HELLO, false, MDL_PHASE_HELLO, MDL_PHASE_HELLO, mdl_hello_got},
    {MDL_MSG_COMMIT, true, MDL_PHASE_COMMIT, MDL_PHASE_COMMIT, mdl_commit_got},
    {MDL_MSG_CHUNK, true, MDL_PHASE_OPENING, MDL_PHASE_OPENING, mdl_chunk_got},
    {MDL_MSG_VERIFIED, true, MDL_PHASE_OPENING, MDL_PHASE_VERIFIED, mdl_verified_got},
    {MDL_MSG_TAG_COMMIT, true, MDL_PHASE_TAGS, MDL_PHASE_TAGS, mdl_tag_commit_got},
    {MDL_MSG_TAGS, true, MDL_PHASE_TAGS, MDL_PHASE_TAGS, mdl_tags_got},
    {MDL_MSG_MATCH, true, MDL_PHASE_MATCH, MDL_PHASE_MATCH, mdl_match_got},
    {MDL_MSG_OPEN, true, MDL_PHASE_OPEN, MDL_PHASE_OPEN, mdl_open_got},
    {MDL_MSG_SLICE, true, MDL_PHASE_SLICES, MDL_PHASE_SLICES, mdl_slice_got},
    {MDL_MSG_MASKS, true, MDL_PHASE_SLICES, MDL_PHASE_SLICES, mdl_masks_got},
    {MDL_MSG_RECEIPT_PART, false, MDL_PHASE_RECEIPT, MDL_PHASE_RECEIPT, mdl_receipt_part_got},
    {MDL_MSG_RECEIPT_SIG, false, MDL_PHASE_RECEIPT, MDL_PHASE_RECEIPT, mdl_receipt_sig_got},
};

#define ENUM_SLUG(name, slug) slug,
static const char *const slugs[] = {MDL_PHASE_LIST(ENUM_SLUG)};
#undef ENUM_SLUG

const char *mdl_phase_slug(enum mdl_phase phase)
{
    return phase < MDL_PHASES ? slugs[phase] : "unknown";
}

/* The cell that is furthest behind speaks for the session. */
static enum mdl_phase session_phase(const struct mdl_session *s, uint8_t *g)
{
    enum mdl_phase phase = s->closed ? MDL_PHASE_ENDED : MDL_PHASE_RECEIPT;

    *g = 0;
    if (!s->hello_got && !s->closed) {
        return MDL_PHASE_HELLO;
    }
    for (uint8_t i = 0; i < s->n_cells; i++) {
        if (s->cell[i].phase < phase && !s->closed) {
            phase = s->cell[i].phase;
            *g = i;
        }
    }
    return phase;
}

static enum mdl_status unexpected(const struct mdl_msg *m, enum mdl_phase phase,
                                  struct mdl_error *err)
{
    return mdl_fail(err, MDL_P_UNEXPECTED, "a %s in phase %s", mdl_msg_name((uint8_t)m->type),
                    mdl_phase_slug(phase));
}

enum mdl_status mdl_dispatch(struct mdl_session *s, const struct mdl_msg *m, struct mdl_error *err)
{
    uint8_t g;
    enum mdl_phase phase = session_phase(s, &g);

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct rule *r = &rules[i];
        struct mdl_cell *c = NULL;

        if (r->type != m->type) {
            continue;
        }
        if (r->of_cell) {
            g = m->body.verified.g; /* every body of types 17 to 39 begins with g */
            if (!s->hello_got || g >= s->n_cells) {
                return mdl_fail(err, MDL_P_UNEXPECTED, "a %s for group %u",
                                mdl_msg_name((uint8_t)m->type), g);
            }
            c = &s->cell[g];
            phase = c->phase;
        }
        if (phase < r->from || phase > r->to) {
            return unexpected(m, phase, err);
        }
        return r->got(s, c, m, err);
    }
    return unexpected(m, phase, err);
}

static enum mdl_status nothing(struct mdl_session *s, struct mdl_cell *c, struct mdl_error *err)
{
    (void)s;
    (void)c;
    (void)err;
    return MDL_OK;
}

static MDL_ADVANCE((*const advance[MDL_PHASES])) = {
    [MDL_PHASE_HELLO] = nothing,
    [MDL_PHASE_COMMIT] = mdl_commit_advance,
    [MDL_PHASE_OPENING] = mdl_opening_advance,
    [MDL_PHASE_VERIFIED] = mdl_verified_advance,
    [MDL_PHASE_TAGS] = mdl_tags_advance,
    [MDL_PHASE_MATCH] = mdl_match_advance,
    [MDL_PHASE_OPEN] = mdl_open_advance,
    [MDL_PHASE_SLICES] = mdl_slices_advance,
    [MDL_PHASE_RECEIPT] = nothing,
    [MDL_PHASE_ENDED] = nothing,
};

static enum mdl_status advance_cell(struct mdl_session *s, struct mdl_cell *c,
                                    struct mdl_error *err)
{
    enum mdl_phase before;
    enum mdl_status st = MDL_OK;

    do {
        before = c->phase;
        st = advance[before](s, c, err);
    } while (st == MDL_OK && !s->closed && c->phase != before);
    return st;
}

enum mdl_status mdl_session_advance(struct mdl_session *s, struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;
    uint8_t g;

    for (uint8_t i = 0; i < s->n_cells && st == MDL_OK && !s->closed; i++) {
        st = advance_cell(s, &s->cell[i], err);
    }
    if (st == MDL_OK && !s->closed && session_phase(s, &g) == MDL_PHASE_RECEIPT) {
        st = mdl_receipt_advance(s, err);
    }
    return st;
}

void mdl_session_progress(const struct mdl_session *s, struct mdl_session_progress *out)
{
    *out = (struct mdl_session_progress){
        .duplicates = s->link.duplicates, .gaps = s->link.gaps, .resends = s->link.resends};
    out->phase = session_phase(s, &out->group);
    out->key_deadline_ms = s->durable || s->closed ? 0 : s->key_deadline_ms;
    for (uint8_t i = 0; i < s->n_cells; i++) {
        out->slices_opened += s->cell[i].opened;
        out->slices_sent += s->cell[i].sent;
    }
    const struct mdl_cell *c = &s->cell[out->group];
    out->n_own = c->n;
    out->n_partner = c->n_partner;
    out->matched = c->match_ready ? c->m : 0;
    if (out->phase == MDL_PHASE_COMMIT) {
        out->done = c->blinded;
        out->total = c->n;
    } else if (out->phase == MDL_PHASE_OPENING || out->phase == MDL_PHASE_VERIFIED) {
        out->done = c->evaluated;
        out->total = c->n_partner;
    } else if (out->phase == MDL_PHASE_TAGS) {
        out->done = c->tags_got;
        out->total = c->n;
    } else if (out->phase >= MDL_PHASE_SLICES) {
        out->done = c->opened;
        out->total = c->slices;
    }
}
