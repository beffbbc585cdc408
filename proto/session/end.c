/* end.c: how a round ends, and what is wiped then (PROTOCOL 5.5, 8.3, 8.4).
 * May not be passed by: every end, good or bad, goes through here. */
#include "internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void mdl_cell_wipe(struct mdl_cell *c)
{
    mdl_scalar_key_free(c->key);
    c->key = NULL;
    sodium_free(c->secrets); /* wipes */
    c->secrets = NULL;
    c->wiped = true;
}

void mdl_cell_drop_lists(struct mdl_cell *c)
{
    size_t n = c->n, n2 = c->n_partner;

    mdl_wipe_free(&c->own, n * MDL_POINT_BYTES);
    mdl_wipe_free(&c->ordinal, n * sizeof *c->ordinal);
    mdl_wipe_free(&c->points, n2 * MDL_POINT_BYTES);
    mdl_wipe_free(&c->common, n2 * MDL_POINT_BYTES);
    mdl_wipe_free(&c->tags, n2 * MDL_TAG_BYTES);
    mdl_wipe_free(&c->rows, n2 * sizeof *c->rows);
}

void mdl_cell_free(struct mdl_cell *c)
{
    mdl_cell_wipe(c);
    mdl_cell_drop_lists(c);
    free(c->tags_in);
    free(c->roots);
    free(c->chunks);
    free(c->theirs.chunks);
    free(c->used);
    free(c->positions);
    for (size_t i = 0; i < MDL_PROVE_AHEAD && c->prove != NULL; i++) {
        mdl_proof_job_free(&c->prove[i]);
    }
    if (c->verify != NULL) {
        mdl_proof_job_free(c->verify);
    }
    free(c->prove);
    free(c->verify);
    for (size_t i = 0; i < 2; i++) {
        free(c->row[i].ordinals);
        free(c->row[i].populations);
        free(c->row[i].registries);
    }
    memset(c, 0, sizeof *c);
}

void mdl_session_wipe(struct mdl_session *s)
{
    for (uint8_t i = 0; i < s->n_cells; i++) {
        mdl_cell_wipe(&s->cell[i]);
    }
}

/* What leaves this node about its own failure: that it failed, no more. */
static void wire_form(enum mdl_status status, const char *text, enum mdl_status *code,
                      char out[MDL_SESSION_TEXT + 1])
{
    bool theirs = mdl_status_class(status) == MDL_CLASS_PEER;

    *code = theirs ? status : MDL_P_INTERNAL;
    text = theirs && text != NULL ? text : mdl_status_meaning(*code);
    size_t len = strnlen(text, MDL_SESSION_TEXT);
    for (size_t i = 0; i < len; i++) {
        /* Only printable ASCII: a cut never leaves half a character. */
        out[i] = (char)(text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?');
    }
    out[len] = '\0';
}

enum mdl_status mdl_session_abort_message(const uint8_t round[16], enum mdl_status status,
                                          const char *text, uint8_t **out, size_t *len,
                                          struct mdl_error *err)
{
    struct mdl_msg m = {.type = MDL_MSG_ABORT};
    char shown[MDL_SESSION_TEXT + 1];
    enum mdl_status code;

    if (round == NULL || status == MDL_OK) {
        return mdl_fail(err, MDL_U_ARGUMENT, "an ABORT needs a round and an error code");
    }
    wire_form(status, text, &code, shown);
    memcpy(m.round, round, sizeof m.round);
    m.body.abort.code = (uint8_t)code;
    m.body.abort.text = mdl_text_of(shown);
    return mdl_msg_encode(&m, out, len, err);
}

bool mdl_session_reply_due(const uint8_t *bytes, size_t len)
{
    struct mdl_msg m;

    if (mdl_msg_decode(bytes, len, &m, NULL) != MDL_OK) {
        return false;
    }
    if (m.type == MDL_MSG_ACK) {
        return m.body.ack.resume;
    }
    return m.type != MDL_MSG_ABORT && m.type != MDL_MSG_RECEIPT_SIG &&
           mdl_msg_class_of((uint8_t)m.type) != MDL_MSG_NODE;
}

static void close_effect(struct mdl_session *s, enum mdl_outcome outcome, enum mdl_status status,
                         const char *text, bool by_partner)
{
    struct mdl_effect *e = mdl_fx(s, MDL_FX_CLOSE);

    if (e == NULL) {
        return;
    }
    e->u.close.outcome = outcome;
    e->u.close.status = status;
    e->u.close.by_partner = by_partner;
    memcpy(e->u.close.text, text, strnlen(text, MDL_SESSION_TEXT));
    for (uint8_t i = 0; i < s->n_cells; i++) {
        e->u.close.slices_opened += s->cell[i].opened;
        e->u.close.slices_sent += s->cell[i].sent;
    }
    e->u.close.reply = s->reply;
    e->u.close.reply_len = s->reply_len;
}

static void stop(struct mdl_session *s)
{
    s->closed = true;
    atomic_store(&s->stop, true);
    if (s->n_work == 0) {
        mdl_session_wipe(s);
    }
}

static void send_abort(struct mdl_session *s)
{
    uint8_t *digest = mdl_step_alloc(s, 64);
    struct mdl_effect *e = digest == NULL ? NULL : mdl_fx(s, MDL_FX_SEND);

    if (e != NULL) {
        crypto_hash_sha512(digest, s->reply, s->reply_len);
        e->u.send.type = MDL_MSG_ABORT;
        e->u.send.bytes = s->reply;
        e->u.send.len = s->reply_len;
        e->u.send.digest = digest;
    }
}

void mdl_session_end(struct mdl_session *s, enum mdl_status status, const char *text,
                     bool by_partner)
{
    bool some = false;

    for (uint8_t i = 0; i < s->n_cells; i++) {
        const struct mdl_cell *c = &s->cell[i];
        bool counted = c->level == MDL_LEVEL_COUNTS && c->match_got;
        some = some || c->opened > 0 || counted;
    }
    free(s->reply);
    if (mdl_session_abort_message(s->round, status, text, &s->reply, &s->reply_len, NULL) !=
        MDL_OK) {
        s->no_memory = true;
    }
    stop(s);
    close_effect(s, some ? MDL_OUTCOME_PARTIAL : MDL_OUTCOME_ABORTED, status, text, by_partner);
    if (!by_partner && s->link.up && s->reply != NULL) {
        send_abort(s);
    }
}

/* Both signatures are held. s->reply is our RECEIPT_SIG as it was sent. */
void mdl_session_complete(struct mdl_session *s)
{
    stop(s);
    close_effect(s, MDL_OUTCOME_COMPLETE, MDL_OK, "", false);
}
