/* verbs_audit.c: the log as a list, and checking its chain and the receipts.
 * It may not write. */
#include "internal.h"
#include "rounds.h"
#include "trail.h"

#include <stdlib.h>
#include <store_audit.h>
#include <string.h>
#include <wire.h>

#define LIST_MAX 2000
#define PROBLEMS 50

struct listing {
    struct mdl_service *s;
    json_t *list;
    uint64_t last;
    const uint8_t *only; /* a round's id */
};

static const char *direction_name(uint8_t d)
{
    return d == MDL_LOG_OUT ? "out" : d == MDL_LOG_IN ? "in" : "local";
}

static void partner_name(struct mdl_service *s, int64_t id, char out[MDL_STORE_NAME + 1])
{
    struct mdl_partner_row row;
    out[0] = '\0';
    if (id != 0 && mdl_partner_get(s->store, id, &row, NULL) == MDL_OK) {
        (void)snprintf(out, MDL_STORE_NAME + 1, "%s", row.name);
        mdl_partner_clear(&row);
    }
}

static json_t *hex_or_null(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != 0) {
            return doc_hex(bytes, n);
        }
    }
    return json_null();
}

static bool entry_row(void *ctx, const struct mdl_audit_row *row)
{
    struct listing *l = ctx;
    struct mdl_log_entry e;
    char name[MDL_STORE_NAME + 1];

    l->last = row->seq;
    if (mdl_log_entry_decode(row->entry.data, row->entry.len, &e, NULL) != MDL_OK) {
        (void)json_array_append_new(
            l->list, json_pack("{s:I, s:s}", "seq", (json_int_t)row->seq, "kind", "unreadable"));
        return true;
    }
    partner_name(l->s, row->partner, name);
    json_t *o =
        json_pack("{s:I, s:o, s:s, s:s, s:s, s:o, s:o, s:s?, s:I, s:o, s:s}", "seq",
                  (json_int_t)e.seq, "time", doc_time(e.time_ms), "kind", mdl_log_kind_slug(e.kind),
                  "direction", direction_name(e.direction), "partner", name, "round",
                  hex_or_null(e.round, 16), "agreement", hex_or_null(e.agreement, 64), "type",
                  e.type != 0 ? mdl_msg_name(e.type) : NULL, "size", (json_int_t)e.size,
                  "commitment", hex_or_null(e.commitment, 32), "note", e.note);
    (void)json_array_append_new(l->list, o);
    return true;
}

static json_t *head_document(struct mdl_service *s)
{
    struct mdl_audit_head head;
    if (mdl_audit_head(s->store, &head, NULL) != MDL_OK) {
        return json_null();
    }
    return json_pack("{s:I, s:o}", "seq", (json_int_t)head.seq, "chain",
                     doc_hex(head.chain, head.chain_len));
}

static enum mdl_status list_entries(struct mdl_service *s, const json_t *params,
                                    struct mdl_audit_filter *f, json_t **result,
                                    struct mdl_error *err)
{
    struct listing l = {.s = s, .list = json_array()};
    bool newest = json_object_get(params, "after") == NULL;
    f->newest = newest;
    f->from_seq = (uint64_t)param_int(params, "after", 0) + 1;
    enum mdl_status st = mdl_audit_list(s->store, f, entry_row, &l, err);
    if (st != MDL_OK) {
        json_decref(l.list);
        return st;
    }
    bool full = json_array_size(l.list) == f->limit;
    *result = json_pack("{s:o, s:o, s:b, s:o}", "entries", l.list, "head", head_document(s),
                        "earlier", newest && full, "next_after",
                        full && !newest ? json_integer((json_int_t)l.last) : json_null());
    return MDL_OK;
}

/* ---- a line a round -----------------------------------------------------------------------------
 */

static json_t *traffic(uint64_t messages, uint64_t bytes)
{
    return json_pack("{s:I, s:I}", "messages", (json_int_t)messages, "bytes", (json_int_t)bytes);
}

static bool summary_row(void *ctx, const struct mdl_round_row *row)
{
    struct listing *l = ctx;
    struct mdl_audit_totals t;
    char name[MDL_STORE_NAME + 1];
    if (mdl_audit_totals(l->s->store, row->id, &t, NULL) != MDL_OK) {
        return false;
    }
    partner_name(l->s, row->partner, name);
    (void)json_array_insert_new(
        l->list, 0,
        json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "round",
                  doc_hex(row->id, sizeof row->id), "partner", name, "agreement",
                  doc_hex(row->agreement, sizeof row->agreement), "created",
                  doc_time(row->created_at), "started", doc_time(row->started_at), "in",
                  traffic(t.messages_in, t.bytes_in), "out", traffic(t.messages_out, t.bytes_out),
                  "outcome", round_word(l->s, row)));
    return true;
}

static bool summary_of_one(void *ctx, const struct mdl_round_row *row)
{
    struct listing *l = ctx;
    return memcmp(row->id, l->only, sizeof row->id) != 0 || !summary_row(ctx, row);
}

static enum mdl_status list_rounds(struct mdl_service *s, const struct mdl_audit_filter *f,
                                   json_t **result, struct mdl_error *err)
{
    struct listing l = {.s = s, .list = json_array(), .only = f->round};
    struct mdl_round_filter rounds = {.partner = f->partner,
                                      .limit = f->round != NULL ? 0 : f->limit};
    enum mdl_status st =
        mdl_round_list(s->store, &rounds, f->round != NULL ? summary_of_one : summary_row, &l, err);
    if (st != MDL_OK) {
        json_decref(l.list);
        return st;
    }
    *result = json_pack("{s:o, s:o}", "rounds", l.list, "head", head_document(s));
    return MDL_OK;
}

enum mdl_status verb_audit_list(struct mdl_service *s, const json_t *params, json_t **result,
                                struct mdl_error *err)
{
    struct mdl_partner_row partner = {.id = 0};
    struct mdl_round_row round = {.partner = 0};
    json_int_t limit = param_int(params, "limit", 200);
    struct mdl_audit_filter f = {.limit = limit < 1 || limit > LIST_MAX ? LIST_MAX : (size_t)limit};
    enum mdl_status st = MDL_OK;

    if (param_text(params, "partner") != NULL) {
        st = partner_find_any(s, param_text(params, "partner"), &partner, err);
        f.partner = st == MDL_OK ? partner.id : 0;
    }
    if (st == MDL_OK && param_text(params, "round") != NULL) {
        st = round_find(s, param_text(params, "round"), &round, err);
        f.round = st == MDL_OK ? round.id : NULL;
    }
    if (st == MDL_OK) {
        st = param_bool(params, "summary", false) ? list_rounds(s, &f, result, err)
                                                  : list_entries(s, params, &f, result, err);
    }
    if (f.partner != 0) {
        mdl_partner_clear(&partner);
    }
    if (f.round != NULL) {
        mdl_round_clear(&round);
    }
    return st;
}

/* ---- verifying ----------------------------------------------------------------------------------
 */

struct checking {
    struct mdl_service *s;
    struct mdl_log_verifier v;
    json_t *problems;
    uint64_t entries, receipts, bad;
    uint64_t next_seq; /* where the next visit to the loop goes on */
    struct mdl_audit_head head;
    json_t *head_document;
};

static void problem(struct checking *c, json_int_t seq, const char *what)
{
    c->bad++;
    if (json_array_size(c->problems) < PROBLEMS) {
        (void)json_array_append_new(c->problems, json_pack("{s:I, s:s}", "seq", seq, "what", what));
    }
}

static bool check_row(void *ctx, const struct mdl_audit_row *row)
{
    struct checking *c = ctx;
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_log_item item = {row->seq, row->entry.data, row->entry.len, row->leaf, row->chain};
    c->entries++;
    c->next_seq = row->seq + 1;
    if (row->leaf_len != MDL_HASH256 || row->chain_len != MDL_HASH256) {
        problem(c, (json_int_t)row->seq, "its hashes have another length than they must");
    } else if (mdl_log_verify_next(&c->v, &item, NULL, &err) != MDL_OK) {
        problem(c, (json_int_t)row->seq, err.text);
    }
    return true;
}

static bool check_receipt(void *ctx, const struct mdl_round_row *row)
{
    struct checking *c = ctx;
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_receipt r;
    bool role_a = row->role == MDL_ROLE_A;

    if (row->outcome == MDL_ROUND_COMPLETE && row->receipt.len == 0) {
        problem(c, 0, "a complete round has no receipt");
        return true;
    }
    if (row->receipt.len == 0) {
        return true;
    }
    c->receipts++;
    if (mdl_receipt_open(row->receipt.data, row->receipt.len,
                         role_a ? row->our_sig : row->their_sig,
                         role_a ? row->their_sig : row->our_sig, &r, &err) != MDL_OK) {
        problem(c, 0, err.text);
    } else if (memcmp(r.round, row->id, sizeof row->id) != 0 ||
               memcmp(r.agreement, row->agreement, sizeof row->agreement) != 0) {
        problem(c, 0, "a receipt belongs to another round or agreement");
    }
    return true;
}

/* Some entries at a time, so that a long log does not hold up the loop. The head is taken first:
 * what is appended meanwhile is not part of this check. */
static enum mdl_status check_begin(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct checking *c = ctx;
    c->head_document = head_document(s);
    return mdl_audit_head(s->store, &c->head, err);
}

static enum mdl_status check_some(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct checking *c = ctx;
    uint64_t left = c->head.seq - (c->next_seq - 1);
    struct mdl_audit_filter f = {.from_seq = c->next_seq,
                                 .limit = left < LIST_MAX ? (size_t)left : LIST_MAX};
    uint64_t before = c->next_seq;
    enum mdl_status st = mdl_audit_list(s->store, &f, check_row, c, err);
    if (st == MDL_OK && c->next_seq == before) {
        c->next_seq = c->head.seq + 1; /* entries are missing: verify_head says so */
    }
    return st;
}

static enum mdl_status check_receipts(struct mdl_service *s, void *ctx, struct mdl_error *err)
{
    struct mdl_round_filter rounds = {0};
    return mdl_round_list(s->store, &rounds, check_receipt, ctx, err);
}

static enum mdl_status check_all(struct mdl_service *s, struct checking *c, struct mdl_error *err)
{
    struct mdl_error why = {MDL_OK, ""};
    enum mdl_status st = call_loop(s, check_begin, c, err);
    while (st == MDL_OK && c->next_seq <= c->head.seq) {
        st = call_loop(s, check_some, c, err);
    }
    if (st == MDL_OK && c->head.seq > 0 &&
        mdl_log_verify_head(&c->v, c->head.seq, c->head.chain, &why) != MDL_OK) {
        problem(c, (json_int_t)c->head.seq, why.text);
    }
    return st == MDL_OK ? call_loop(s, check_receipts, c, err) : st;
}

enum mdl_status verb_audit_verify(struct mdl_service *s, const json_t *params, json_t **result,
                                  struct mdl_error *err)
{
    struct checking *c = calloc(1, sizeof *c);
    (void)params;
    if (c == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory to verify");
    }
    c->s = s;
    c->problems = json_array();
    c->next_seq = 1;
    mdl_log_verify_start(&c->v, mdl_identity_public(s->identity));
    enum mdl_status st = check_all(s, c, err);
    if (st == MDL_OK) {
        *result = json_pack("{s:b, s:I, s:I, s:O, s:O}", "ok", c->bad == 0, "entries",
                            (json_int_t)c->entries, "receipts", (json_int_t)c->receipts, "head",
                            c->head_document, "problems", c->problems);
    }
    json_decref(c->head_document);
    json_decref(c->problems);
    free(c);
    return st;
}
