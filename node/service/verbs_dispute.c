/* verbs_dispute.c: what an operator does about a match that is wrong.
 * It may not tell a partner of a key that did not match: only keys of a result are disputed. */
#include "dispute.h"
#include "result.h"

#include <store_source.h>
#include <string.h>

static json_t *doc_side(const struct mdl_dispute_side *side)
{
    return json_pack("{s:b, s:o, s:s}", "disputed", (int)side->disputed, "at", doc_time(side->at),
                     "reason", side->reason);
}

static json_t *doc_key(const uint8_t *bytes, size_t len)
{
    struct mdl_key key;
    char text[MDL_KEY_VALUE_MAX + 1] = "";
    const char *type = "";
    if (mdl_key_decode(bytes, len, &key, NULL) == MDL_OK) {
        memcpy(text, key.value, key.len);
        text[key.len] = '\0';
        type = mdl_key_type_slug(key.type);
    }
    return json_pack("{s:s, s:s}", "type", type, "value", text);
}

static json_t *doc_dispute(const struct mdl_dispute_row *row)
{
    return json_pack("{s:o, s:o, s:o}", "key", doc_key(row->key, row->key_len), "ours",
                     doc_side(&row->ours), "theirs", doc_side(&row->theirs));
}

/* ---- which match --------------------------------------------------------------------------------
 */

/* The keys by which an account matched in the result: one a group. */
struct matched {
    char name[MDL_STORE_NAME + 1]; /* of our account; "" if only the key is known */
    size_t n;
    struct disputed_key key[MDL_SESSION_GROUPS];
};

static bool take_match(void *ctx, const struct mdl_overlap_row *row)
{
    struct matched *m = ctx;
    clip_text(m->name, sizeof m->name, row->fields.name);
    if (m->n < MDL_SESSION_GROUPS && row->key_len <= sizeof m->key[0].bytes) {
        m->key[m->n].len = (uint8_t)row->key_len;
        memcpy(m->key[m->n++].bytes, row->key, row->key_len);
    }
    return true;
}

struct search {
    struct mdl_service *s;
    const struct found *f;
    const char *record;
    struct matched *m;
    enum mdl_status status;
    struct mdl_error *err;
};

static bool look_in(void *ctx, const struct mdl_source_row *source)
{
    struct search *q = ctx;
    size_t len = strlen(source->name);
    const char *record = q->record;
    if (strncmp(record, source->name, len) == 0 && record[len] == ':') {
        record += len + 1;
    }
    q->status = mdl_result_account(q->s->store, q->f->round.id, source->name, record, take_match,
                                   q->m, q->err);
    return q->status == MDL_OK;
}

/* RECORD is a record id as overlap.csv has it, or SOURCE:ID. */
static enum mdl_status find_match(struct mdl_service *s, const struct found *f, const char *record,
                                  struct matched *m, struct mdl_error *err)
{
    struct search q = {s, f, record, m, MDL_OK, err};
    enum mdl_status st = mdl_source_list(s->store, look_in, &q, err);
    st = st == MDL_OK ? q.status : st;
    if (st == MDL_OK && m->n == 0) {
        st = mdl_fail(err, MDL_U_NOT_FOUND,
                      "no account '%.60s' matched in the newest round with %s; 'mandorla overlap "
                      "\"%s\" --csv' lists the record ids of those that did",
                      record, f->partner.name, f->partner.name);
    }
    return st;
}

/* TYPE:VALUE as 'match disputes' shows it. */
static bool parse_key(const char *text, struct matched *m)
{
    const char *colon = strchr(text, ':');
    char slug[24] = "";
    struct mdl_key key = {0};
    size_t len = 0;
    if (colon != NULL && (size_t)(colon - text) < sizeof slug) {
        memcpy(slug, text, (size_t)(colon - text));
        key.type = mdl_key_type_by_slug(slug);
        len = strlen(colon + 1);
    }
    if (key.type == MDL_KEY_NONE || len == 0 || len > MDL_KEY_VALUE_MAX) {
        return false;
    }
    key.len = (uint8_t)len;
    memcpy(key.value, colon + 1, len);
    m->key[0].len = (uint8_t)mdl_key_encode(&key, m->key[0].bytes);
    return true;
}

struct known {
    const struct disputed_key *key;
    bool hit;
};

static bool is_known(void *ctx, const struct mdl_dispute_row *row)
{
    struct known *k = ctx;
    k->hit = row->ours.at != 0 && row->key_len == k->key->len &&
             memcmp(row->key, k->key->bytes, k->key->len) == 0; /* public: told to the partner */
    return !k->hit;
}

/* An account that matches no more has no row: what we said before can be taken back by its key,
 * too. Another key is told to nobody. */
static enum mdl_status said_before(struct mdl_service *s, const struct mdl_partner_row *partner,
                                   const char *text, struct matched *m, struct mdl_error *err)
{
    struct known k = {.key = &m->key[0]};
    if (!parse_key(text, m)) {
        return MDL_OK;
    }
    enum mdl_status st = mdl_dispute_list(s->store, partner->identity, is_known, &k, err);
    m->n = k.hit ? 1 : 0;
    return st;
}

static enum mdl_status which(struct mdl_service *s, const struct found *f, const char *match,
                             bool withdraw, struct matched *m, struct mdl_error *err)
{
    enum mdl_status st = withdraw ? said_before(s, &f->partner, match, m, err) : MDL_OK;
    return st == MDL_OK && m->n == 0 ? find_match(s, f, match, m, err) : st;
}

enum mdl_status verb_match_dispute(struct mdl_service *s, const json_t *params, json_t **result,
                                   struct mdl_error *err)
{
    struct found *f;
    struct matched m = {0};
    bool disputed = !param_bool(params, "withdraw", false);
    const char *reason = param_text(params, "reason");
    enum mdl_status st = result_find(s, param_text(params, "partner"), NULL, &f, err);
    if (st != MDL_OK) {
        return st;
    }
    json_t *keys = json_array();
    st = which(s, f, param_text(params, "match"), !disputed, &m, err);
    for (size_t i = 0; i < m.n && st == MDL_OK; i++) {
        st = dispute_make(s, &f->partner, m.key[i].bytes, m.key[i].len, disputed,
                          reason != NULL ? reason : "", err);
        (void)json_array_append_new(keys, doc_key(m.key[i].bytes, m.key[i].len));
    }
    if (st == MDL_OK) {
        const struct peer *p = peer_by_id(s, f->partner.id);
        *result = json_pack("{s:s, s:b, s:s, s:b, s:O}", "partner", f->partner.name, "connected",
                            p != NULL && p->up, "account", m.name, "disputed", (int)disputed,
                            "keys", keys);
    }
    json_decref(keys);
    found_free(f);
    return st;
}

static bool add_dispute(void *ctx, const struct mdl_dispute_row *row)
{
    if (row->ours.disputed || row->theirs.disputed) {
        (void)json_array_append_new(ctx, doc_dispute(row));
    }
    return true;
}

enum mdl_status verb_match_disputes(struct mdl_service *s, const json_t *params, json_t **result,
                                    struct mdl_error *err)
{
    struct mdl_partner_row partner;
    enum mdl_status st = partner_find_any(s, param_text(params, "partner"), &partner, err);
    if (st != MDL_OK) {
        return st;
    }
    json_t *list = json_array();
    st = mdl_dispute_list(s->store, partner.identity, add_dispute, list, err);
    if (st == MDL_OK) {
        *result = json_pack("{s:s, s:O}", "partner", partner.name, "disputes", list);
    }
    json_decref(list);
    mdl_partner_clear(&partner);
    return st;
}
