/* verbs_record.c: the signed record of an agreement leaves as a file, and is verified without a
 * node. It may not export what only one side signed. */
#include "agreement_record.h"
#include "agreement_wish.h"

#include <fingerprint.h>
#include <stdlib.h>
#include <string.h>

enum mdl_status verb_agreement_export(struct mdl_service *s, const json_t *params, json_t **result,
                                      struct mdl_error *err)
{
    struct mdl_agreement_row row;
    struct mdl_partner_row partner;
    enum mdl_status st = agreement_find(s, param_text(params, "agreement"), &row, err);
    if (st != MDL_OK) {
        return st;
    }
    if (!row.has_our_sig || !row.has_their_sig) {
        st = mdl_fail(err, MDL_U_STATE,
                      "this agreement is %s; only one that both signed can be exported",
                      mdl_agreement_state_slug(row.state));
    }
    st = st == MDL_OK ? mdl_partner_get(s->store, row.partner, &partner, err) : st;
    if (st == MDL_OK) {
        enum mdl_role own = agreement_role(s, partner.identity);
        enum mdl_role theirs = mdl_role_other(own);
        struct mdl_agreement_file f = {.bytes = row.bytes.data, .len = row.bytes.len};
        f.signature[own] = row.our_sig;
        f.signature[theirs] = row.their_sig;
        f.revocation[own] = row.has_our_revocation ? row.our_revocation : NULL;
        f.revocation[theirs] = row.has_their_revocation ? row.their_revocation : NULL;
        char *text = record_write(&f);
        *result = text == NULL ? NULL
                               : json_pack("{s:o, s:s}", "agreement", doc_agreement(s, &row),
                                           "record", text);
        free(text);
        st = *result != NULL ? MDL_OK : mdl_fail(err, MDL_L_MEMORY, "not enough memory");
        mdl_partner_clear(&partner);
    }
    mdl_agreement_clear(&row);
    return st;
}

/* ---- without a node -----------------------------------------------------------------------------
 */

static json_t *doc_party(const struct record *r, const struct mdl_agreement *a, enum mdl_role role)
{
    char words[MDL_FINGERPRINT_TEXT];
    mdl_fingerprint_words(a->identity[role], words);
    return json_pack("{s:s, s:s, s:o, s:s, s:b}", "role", role == MDL_ROLE_A ? "A" : "B", "name",
                     a->name[role], "identity", doc_hex(a->identity[role], MDL_IDENTITY_BYTES),
                     "fingerprint", words, "revoked", (int)r->revoked[role]);
}

static json_t *doc_record_cells(const struct mdl_agreement *a)
{
    json_t *list = json_array();
    struct terms_cells cells;
    char level[TERMS_LEVEL];
    if (terms_cells_of(a, MDL_ROLE_A, &cells, NULL) != MDL_OK) {
        return list;
    }
    for (size_t i = 0; i < cells.n; i++) {
        const struct terms_cell *c = &cells.cell[i];
        terms_level_text(c->level, c->key_type, level);
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "population_A", c->ours,
                                                    "population_B", c->theirs, "level", level));
    }
    terms_cells_free(&cells);
    return list;
}

/* A record is as old as its export: what it does not hold may have come since. */
#define UNKNOWN_HERE                                                                               \
    "whether it was revoked or replaced since this record was written, only a node knows"

static const char *state_now(const struct record *r, const struct mdl_agreement *a)
{
    uint64_t now = now_ms();
    return r->revoked[0] || r->revoked[1] ? "revoked"
           : now < a->valid_from          ? "not-yet"
           : now >= a->valid_until        ? "expired"
                                          : "not-revoked";
}

enum mdl_status mdl_node_verify_agreement(const char *text, size_t len, json_t **result,
                                          struct mdl_error *err)
{
    struct record *r = malloc(sizeof *r);
    struct mdl_agreement a;
    uint8_t hash[MDL_AGREEMENT_HASH];

    if (r == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a record");
    }
    enum mdl_status st = record_read(text, len, r, err);
    if (st == MDL_OK) {
        st = record_verify(r, &a, err);
    }
    if (st == MDL_OK) {
        mdl_agreement_hash(r->bytes, r->len, hash);
        *result = json_pack(
            "{s:o, s:s, s:s, s:[o, o], s:o, s:o, s:s, s:s, s:s, s:i, s:o, s:o}", "id",
            doc_hex(hash, sizeof hash), "state", state_now(r, &a), "unknown", UNKNOWN_HERE,
            "parties", doc_party(r, &a, MDL_ROLE_A), doc_party(r, &a, MDL_ROLE_B), "cells",
            doc_record_cells(&a), "caps", doc_caps(&a.caps), "approval",
            a.approval == MDL_APPROVAL_PERSON ? "person" : "standing", "purpose", a.purpose,
            "legal_basis", a.legal_basis, "retention_days", (int)a.retention_days, "valid_from",
            doc_time(a.valid_from), "valid_until", doc_time(a.valid_until));
    }
    free(r);
    return st;
}
