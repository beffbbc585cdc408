/* doc_round.c: rounds, partners and agreements as documents.
 * It may not change anything: rows in, JSON out. */
#include "outside.h"
#include "proposals.h"
#include "rounds.h"
#include "scope.h"
#include "sizes.h"

#include <fingerprint.h>
#include <sodium.h>
#include <stdlib.h>
#include <store_result.h>
#include <string.h>

static const char *partner_name(struct mdl_service *s, int64_t id, char out[MDL_STORE_NAME + 1])
{
    struct mdl_partner_row row;
    (void)snprintf(out, MDL_STORE_NAME + 1, "?");
    if (mdl_partner_get(s->store, id, &row, NULL) == MDL_OK) {
        (void)snprintf(out, MDL_STORE_NAME + 1, "%s", row.name);
        mdl_partner_clear(&row);
    }
    return out;
}

/* ---- rounds -------------------------------------------------------------------------------------
 */

static const char *by(enum mdl_by who)
{
    switch (who) {
    case MDL_BY_NONE:
        return NULL;
    case MDL_BY_US:
        return "us";
    case MDL_BY_THEM:
        return "them";
    }
    return NULL;
}

/* Whether the agreement of a round that never ran ended before it could, and how. */
static const char *agreement_end(struct mdl_service *s, const uint8_t hash[HASH_BYTES])
{
    struct mdl_agreement_row row;
    if (mdl_agreement_get(s->store, hash, &row, NULL) != MDL_OK) {
        return NULL;
    }
    enum mdl_agreement_state state = row.state;
    mdl_agreement_clear(&row);
    return state == MDL_AGREEMENT_REVOKED || state == MDL_AGREEMENT_REPLACED
               ? mdl_agreement_state_slug(state)
               : NULL;
}

/* The store knows one end of a round that never ran; people know five. */
const char *round_word(struct mdl_service *s, const struct mdl_round_row *row)
{
    if (row->outcome == MDL_ROUND_REFUSED && row->code == MDL_P_ABORTED) {
        return "aborted";
    }
    if (row->outcome == MDL_ROUND_REFUSED && row->code == MDL_P_BUSY &&
        row->proposer == MDL_BY_US && row->ended_by == MDL_BY_US) {
        return "withdrawn";
    }
    const char *end = row->outcome == MDL_ROUND_REFUSED && row->code == MDL_P_AGREEMENT
                          ? agreement_end(s, row->agreement)
                          : NULL;
    return end != NULL ? end : mdl_round_outcome_slug(row->outcome);
}

static const char *state_of(struct mdl_service *s, const struct mdl_round_row *row, bool at_work,
                            const char *phase)
{
    if (at_work) {
        return phase != NULL && strcmp(phase, "preparing") == 0 ? "preparing" : "running";
    }
    if (row->outcome != MDL_ROUND_WAITING) {
        return round_word(s, row);
    }
    return strcmp(row->phase, WAIT_OPERATOR) == 0 ? "waiting-for-approval" : "waiting-for-partner";
}

static json_t *waiting_for(struct mdl_service *s, const struct mdl_round_row *row, const char *name)
{
    char text[300];
    const struct peer *p = peer_by_id(s, row->partner);
    if (row->outcome != MDL_ROUND_WAITING) {
        return json_null();
    }
    if (strcmp(row->phase, WAIT_OPERATOR) == 0) {
        (void)snprintf(text, sizeof text, "our approval: mandorla round approve \"%s\"", name);
    } else if (p != NULL && p->refused) {
        (void)snprintf(text, sizeof text, "%s to accept our invitation", name);
    } else if (p == NULL || !p->up) {
        (void)snprintf(text, sizeof text, "%s to connect", name);
    } else if (strcmp(row->phase, WAIT_AGREEMENT) == 0) {
        (void)snprintf(text, sizeof text, "%s to accept the agreement", name);
    } else {
        (void)snprintf(text, sizeof text, "%s to approve the round", name);
    }
    return json_string(text);
}

static json_t *pair(const char *a, json_int_t x, const char *b, json_int_t y)
{
    return json_pack("{s:I, s:I}", a, x, b, y);
}

enum mdl_status round_agreement(struct mdl_service *s, const struct mdl_round_row *row,
                                struct mdl_agreement *a, struct mdl_error *err)
{
    struct mdl_agreement_row agreement;
    enum mdl_status st = mdl_agreement_get(s->store, row->agreement, &agreement, err);
    if (st == MDL_OK) {
        st = mdl_agreement_decode(agreement.bytes.data, agreement.bytes.len, a, err);
        mdl_agreement_clear(&agreement);
    }
    return st;
}

static json_t *population_names(const struct mdl_agreement_group *g, enum mdl_role role)
{
    json_t *list = json_array();
    for (size_t i = 0; i < g->n_populations[role]; i++) {
        (void)json_array_append_new(list, json_string(g->populations[role][i]));
    }
    return list;
}

static const char *group_state(const struct mdl_round_row *row, const struct mdl_round_group *g)
{
    bool ended = row->finished_at != 0;
    return g->skipped ? "skipped" : g->known ? "known" : ended ? "not-reached" : "open";
}

json_t *doc_group(const struct mdl_agreement *a, enum mdl_role own, const struct mdl_round_row *row,
                  size_t group)
{
    const struct mdl_agreement_group *g = &a->groups[group];
    const struct mdl_round_group *r = &row->group[group];
    enum shown shown = group_shown(a, row, group);
    json_t *o = json_object();
    (void)json_object_set_new(o, "level", json_string(g->level));
    (void)json_object_set_new(o, "populations", population_names(g, own));
    (void)json_object_set_new(o, "partner_populations", population_names(g, mdl_role_other(own)));
    (void)json_object_set_new(o, "key_type",
                              g->key_type != 0 ? json_string(mdl_key_type_slug(g->key_type))
                                               : json_null());
    (void)json_object_set_new(o, "state", json_string(group_state(row, r)));
    (void)json_object_set_new(o, "own_keys", json_integer(r->own_keys));
    (void)json_object_set_new(o, "partner_keys", json_integer(r->partner_keys));
    (void)json_object_set_new(o, "matched",
                              shown == SHOWN_NUMBER ? json_integer(r->matched_keys) : json_null());
    (void)json_object_set_new(
        o, "below", shown == SHOWN_BELOW ? json_integer(a->caps.min_result) : json_null());
    return o;
}

static json_t *doc_groups(const struct mdl_agreement *a, const struct mdl_round_row *row)
{
    enum mdl_role own = row->role == MDL_ROLE_A ? MDL_ROLE_A : MDL_ROLE_B;
    json_t *list = json_array();
    for (size_t g = 0; a != NULL && g < row->n_groups && g < a->n_groups; g++) {
        (void)json_array_append_new(list, doc_group(a, own, row, g));
    }
    return list;
}

static void add_sizes(json_t *o, const struct mdl_round_row *row, const struct mdl_agreement *a,
                      const struct run_view *v, bool at_work)
{
    uint64_t own = 0;
    uint64_t partner = 0;
    uint64_t matched = 0;
    uint64_t opened = 0;
    uint64_t slices = 0;
    for (size_t g = 0; g < row->n_groups; g++) {
        own += row->group[g].own_keys;
        partner += row->group[g].partner_keys;
        /* What is shown as "below" must not be told by the sum. */
        matched +=
            a == NULL || group_shown(a, row, g) != SHOWN_BELOW ? row->group[g].matched_keys : 0;
        opened += row->group[g].slices_opened;
        slices += row->group[g].slices;
    }
    if (at_work && v->progress.n_own > own) {
        own = v->progress.n_own;
    }
    (void)json_object_set_new(o, "keys",
                              json_pack("{s:I, s:I, s:I}", "own", (json_int_t)own, "partner",
                                        (json_int_t)partner, "matched", (json_int_t)matched));
    (void)json_object_set_new(o, "accounts",
                              pair("own", row->own_accounts, "partner", row->partner_accounts));
    (void)json_object_set_new(o, "review",
                              pair("own", row->own_review, "partner", row->partner_review));
    (void)json_object_set_new(o, "slices",
                              pair("opened", (json_int_t)opened, "total", (json_int_t)slices));
    (void)json_object_set_new(
        o, "bytes", pair("in", (json_int_t)row->bytes_in, "out", (json_int_t)row->bytes_out));
}

static json_t *receipt_of(const struct mdl_round_row *row)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    if (row->receipt.len == 0) {
        return json_null();
    }
    (void)crypto_hash_sha256(hash, row->receipt.data, row->receipt.len);
    return json_pack("{s:b, s:b, s:o}", "ours", (int)row->has_our_sig, "theirs",
                     (int)row->has_their_sig, "hash", doc_hex(hash, sizeof hash));
}

static void add_end(json_t *o, const struct mdl_round_row *row)
{
    bool failed = row->code != 0;
    (void)json_object_set_new(
        o, "code", failed ? json_string(mdl_status_slug((enum mdl_status)row->code)) : json_null());
    (void)json_object_set_new(o, "text",
                              failed && row->code_text[0] != '\0' ? json_string(row->code_text)
                              : failed ? json_string(mdl_status_meaning((enum mdl_status)row->code))
                                       : json_null());
    const char *who = by(row->ended_by);
    (void)json_object_set_new(o, "ended_by", who != NULL ? json_string(who) : json_null());
    (void)json_object_set_new(o, "receipt", receipt_of(row));
}

json_t *doc_round(struct mdl_service *s, const struct mdl_round_row *row)
{
    char name[MDL_STORE_NAME + 1];
    struct run_view v;
    bool at_work = rounds_view(s, row->id, &v);
    const char *phase = at_work ? v.phase : row->phase;
    json_t *o = json_object();

    (void)partner_name(s, row->partner, name);
    (void)json_object_set_new(o, "id", doc_hex(row->id, sizeof row->id));
    (void)json_object_set_new(o, "partner", json_string(name));
    (void)json_object_set_new(o, "agreement", doc_hex(row->agreement, sizeof row->agreement));
    (void)json_object_set_new(o, "proposed_by", json_string(by(row->proposer)));
    (void)json_object_set_new(o, "state", json_string(state_of(s, row, at_work, phase)));
    (void)json_object_set_new(o, "phase", json_string(phase));
    (void)json_object_set_new(o, "progress",
                              pair("done", (json_int_t)v.done, "total", (json_int_t)v.total));
    (void)json_object_set_new(o, "waiting_for", waiting_for(s, row, name));
    (void)json_object_set_new(o, "created", doc_time(row->created_at));
    (void)json_object_set_new(o, "started", doc_time(row->started_at));
    (void)json_object_set_new(o, "finished", doc_time(row->finished_at));
    (void)json_object_set_new(o, "data_as_of", doc_time(row->data_as_of));
    (void)json_object_set_new(o, "wall_ms", json_integer((json_int_t)row->wall_ms));
    struct mdl_agreement *a = calloc(1, sizeof *a);
    bool known = a != NULL && round_agreement(s, row, a, NULL) == MDL_OK;
    add_sizes(o, row, known ? a : NULL, &v, at_work);
    (void)json_object_set_new(o, "groups", doc_groups(known ? a : NULL, row));
    free(a);
    add_end(o, row);
    (void)json_object_set_new(o, "phases", at_work ? json_deep_copy(v.phases) : json_array());
    return o;
}

/* ---- partners -----------------------------------------------------------------------------------
 */

static bool newest_agreement(void *ctx, const struct mdl_agreement_row *row)
{
    json_t **o = ctx;
    bool past = row->state == MDL_AGREEMENT_IN_FORCE && now_ms() >= row->valid_until;
    *o = json_pack("{s:o, s:s}", "id", doc_hex(row->hash, sizeof row->hash), "state",
                   past ? "expired" : mdl_agreement_state_slug(row->state));
    return false;
}

/* The one that stands or waits, else what became of the newest: that it was refused is news. */
static json_t *partner_agreement(struct mdl_service *s, int64_t id)
{
    json_t *last = NULL;
    static const enum mdl_agreement_state order[] = {
        MDL_AGREEMENT_IN_FORCE, MDL_AGREEMENT_PROPOSED_BY_THEM, MDL_AGREEMENT_PROPOSED_BY_US};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        struct mdl_agreement_row row;
        if (agreement_newest(s, id, order[i], &row, NULL) == MDL_OK) {
            json_t *o = json_pack("{s:o, s:s}", "id", doc_hex(row.hash, sizeof row.hash), "state",
                                  mdl_agreement_state_slug(row.state));
            mdl_agreement_clear(&row);
            return o;
        }
    }
    (void)(mdl_agreement_list(s->store, id, newest_agreement, &last, NULL) == MDL_OK);
    return last != NULL ? last : json_null();
}

static json_t *last_round(struct mdl_service *s, int64_t id)
{
    struct mdl_round_row row;
    if (round_newest(s, id, &row, NULL) != MDL_OK) {
        return json_null();
    }
    json_t *o = json_pack("{s:o, s:s, s:o}", "id", doc_hex(row.id, sizeof row.id), "outcome",
                          round_word(s, &row), "finished", doc_time(row.finished_at));
    mdl_round_clear(&row);
    return o;
}

json_t *doc_partner(struct mdl_service *s, const struct mdl_partner_row *row)
{
    char words[MDL_FINGERPRINT_TEXT];
    const struct peer *p = peer_by_id(s, row->id);
    const char *state = row->removed_at != 0      ? "removed"
                        : p != NULL && p->up      ? "connected"
                        : p != NULL && p->refused ? "refused"
                                                  : "away";
    json_t *o = json_object();
    mdl_fingerprint_words(row->identity, words);
    (void)json_object_set_new(o, "name", json_string(row->name));
    (void)json_object_set_new(o, "their_name", json_string(row->their_name));
    (void)json_object_set_new(o, "identity", doc_hex(row->identity, sizeof row->identity));
    (void)json_object_set_new(o, "fingerprint", json_string(words));
    (void)json_object_set_new(o, "endpoint",
                              row->endpoint[0] != '\0' ? json_string(row->endpoint) : json_null());
    (void)json_object_set_new(o, "state", json_string(state));
    (void)json_object_set_new(o, "standing_rule", json_boolean(row->flags & PARTNER_ACCEPTS));
    (void)json_object_set_new(o, "added", doc_time(row->added_at));
    (void)json_object_set_new(o, "last_seen", doc_time(row->last_seen_at));
    (void)json_object_set_new(o, "software",
                              row->software[0] != '\0' ? json_string(row->software) : json_null());
    (void)json_object_set_new(o, "agreement", partner_agreement(s, row->id));
    (void)json_object_set_new(o, "last_round", last_round(s, row->id));
    return o;
}
