/* import_keys.c: an account's match keys, and why a field gave none.
 * May not derive anything itself: that is matchkey's. */
#include "import_state.h"

#include <string.h>

static void collect(void *ctx, const struct mdl_key_note *note)
{
    struct mdl_import *imp = ctx;
    if (imp->n_notes < MDL_IMPORT_NOTES_MAX) {
        imp->notes[imp->n_notes++] = *note;
    }
}

static bool has_type(const struct mdl_key_set *k, enum mdl_key_type a, enum mdl_key_type b)
{
    for (size_t i = 0; i < k->n; i++) {
        if (k->key[i].type == a || k->key[i].type == b) {
            return true;
        }
    }
    return false;
}

static bool filled(const struct mdl_import *imp, enum mdl_import_field f)
{
    return imp->field[f][0] != '\0';
}

/* True if a field that should have given a key gave none. Notes cost more than keys, so they are
 * only taken for such rows. A VAT id may come out as a registry id. */
static bool something_missing(const struct mdl_import *imp, size_t n_ids)
{
    const struct mdl_key_set *k = &imp->keys;
    bool web = filled(imp, MDL_FIELD_WEBSITE) || filled(imp, MDL_FIELD_DOMAIN);
    return k->n == 0 || k->n == MDL_KEYS_PER_ACCOUNT ||
           (filled(imp, MDL_FIELD_NAME) && k->core_name[0] == '\0') ||
           (web && !has_type(k, MDL_KEY_DOMAIN, MDL_KEY_DOMAIN)) ||
           (filled(imp, MDL_FIELD_DUNS) && !has_type(k, MDL_KEY_DUNS, MDL_KEY_DUNS)) ||
           (filled(imp, MDL_FIELD_LEI) && !has_type(k, MDL_KEY_LEI, MDL_KEY_LEI)) ||
           (filled(imp, MDL_FIELD_VAT) && !has_type(k, MDL_KEY_VAT, MDL_KEY_REGISTRY)) ||
           (n_ids > 0 && !has_type(k, MDL_KEY_REGISTRY, MDL_KEY_VAT));
}

static const char *or_null(const char *s)
{
    return s[0] == '\0' ? NULL : s;
}

enum mdl_status mdl_imp_derive(struct mdl_import *imp, const struct mdl_imp_row *row,
                               struct mdl_error *err)
{
    struct mdl_identifier ids[MDL_IMP_IDENTIFIERS];
    size_t n_ids = 0;
    for (size_t i = 0; i < imp->columns->n_identifiers; i++) {
        uint16_t at = imp->columns->identifier[i];
        if (row->cell[at][0] != '\0') {
            ids[n_ids++] = (struct mdl_identifier){imp->columns->column[at].scheme, row->cell[at]};
        }
    }
    struct mdl_account_input in = {
        .name = or_null(imp->field[MDL_FIELD_NAME]),
        .website = or_null(imp->field[MDL_FIELD_WEBSITE]),
        .domain = or_null(imp->field[MDL_FIELD_DOMAIN]),
        .additional_domains = or_null(imp->field[MDL_FIELD_ADDITIONAL_DOMAINS]),
        .emails = or_null(imp->field[MDL_FIELD_EMAIL]),
        .country = or_null(imp->field[MDL_FIELD_COUNTRY]),
        .lei = or_null(imp->field[MDL_FIELD_LEI]),
        .duns = or_null(imp->field[MDL_FIELD_DUNS]),
        .vat = or_null(imp->field[MDL_FIELD_VAT]),
        .identifiers = ids,
        .n_identifiers = n_ids,
    };
    imp->n_notes = 0;
    enum mdl_status st = mdl_keys_derive(imp->profile, &in, NULL, NULL, &imp->keys, err);
    if (st == MDL_OK && something_missing(imp, n_ids)) {
        st = mdl_keys_derive(imp->profile, &in, collect, imp, &imp->keys, err);
    }
    return st;
}

/* "additional domains" is additional_domains. */
static bool same_field(const char *note, const char *slug)
{
    for (; *note != '\0' && (*note == *slug || (*note == ' ' && *slug == '_')); note++, slug++) {
    }
    return *note == *slug;
}

/* The column a note speaks of: a field's, or a registry id's by its scheme; 0 if it is none of
 * ours. */
static uint32_t note_column(const struct mdl_import *imp, const struct mdl_key_note *note)
{
    for (unsigned f = 0; f < MDL_FIELD_COUNT; f++) {
        if (same_field(note->field, mdl_import_field_slug((uint8_t)f))) {
            return mdl_imp_field_column(imp, (enum mdl_import_field)f);
        }
    }
    for (size_t i = 0; i < imp->columns->n_identifiers; i++) {
        uint16_t at = imp->columns->identifier[i];
        if (strcmp(note->field, imp->columns->column[at].scheme) == 0) {
            return at + 1u;
        }
    }
    return 0;
}

/* "website: ...; name: ..." of all refusals. */
static void join_refusals(const struct mdl_import *imp, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < imp->n_notes; i++) {
        const struct mdl_key_note *n = &imp->notes[i];
        if (n->status == MDL_OK || at + 1 >= size) {
            continue;
        }
        int w = snprintf(out + at, size - at, "%s%s: %s", at > 0 ? "; " : "", n->field, n->text);
        at += w < 0 ? 0 : (size_t)w;
    }
}

enum mdl_import_issue_kind mdl_imp_keyless(const struct mdl_import *imp)
{
    static const enum mdl_import_field others[] = {
        MDL_FIELD_WEBSITE, MDL_FIELD_DOMAIN, MDL_FIELD_ADDITIONAL_DOMAINS,
        MDL_FIELD_EMAIL,   MDL_FIELD_LEI,    MDL_FIELD_DUNS,
        MDL_FIELD_VAT};
    if (imp->keys.n > 0) {
        return MDL_ISSUE_COUNT;
    }
    bool other = imp->columns->n_identifiers > 0 && imp->n_notes > 1;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        other = other || filled(imp, others[i]);
    }
    return other                         ? MDL_ISSUE_NO_KEY_REFUSED
           : filled(imp, MDL_FIELD_NAME) ? MDL_ISSUE_NO_KEY_PLACEHOLDER
                                         : MDL_ISSUE_NO_KEY_EMPTY;
}

static void report_keyless(struct mdl_import *imp, uint64_t line)
{
    enum mdl_import_issue_kind kind = mdl_imp_keyless(imp);
    bool name = kind == MDL_ISSUE_NO_KEY_PLACEHOLDER;
    char why[600] = "no name, website, domain or identifier";
    if (kind != MDL_ISSUE_NO_KEY_EMPTY) {
        join_refusals(imp, why, sizeof why);
    }
    mdl_imp_issue(imp, kind, line, name ? mdl_imp_field_column(imp, MDL_FIELD_NAME) : 0, "%s", why);
}

/* Names have an issue of their own; a country or a free-mail address that leads nowhere is no news.
 */
static void report_refusals(struct mdl_import *imp, uint64_t line)
{
    bool name_missing = filled(imp, MDL_FIELD_NAME) && imp->keys.core_name[0] == '\0';
    for (size_t i = 0; i < imp->n_notes; i++) {
        const struct mdl_key_note *n = &imp->notes[i];
        if (n->status == MDL_OK || strcmp(n->field, "country") == 0 ||
            strcmp(n->field, "e-mail") == 0) {
            continue;
        }
        if (strcmp(n->field, "name") != 0) {
            mdl_imp_issue(imp, MDL_ISSUE_FIELD_REFUSED, line, note_column(imp, n), "%s: %s",
                          n->field, n->text);
        } else if (name_missing) {
            mdl_imp_issue(imp, MDL_ISSUE_PLACEHOLDER, line, note_column(imp, n), "%s", n->text);
            name_missing = false;
        }
    }
}

static void count_types(struct mdl_import *imp)
{
    struct mdl_import_report *r = &imp->report;
    uint32_t seen = 0;
    for (size_t i = 0; i < imp->keys.n; i++) {
        for (size_t t = 0; t < MDL_IMPORT_KEY_TYPES; t++) {
            if (r->keys[t].type == imp->keys.key[i].type) {
                r->keys[t].keys++;
                r->keys[t].accounts += (seen >> t & 1) == 0;
                seen |= UINT32_C(1) << t;
            }
        }
    }
}

void mdl_imp_count_keys(struct mdl_import *imp, uint64_t line)
{
    if (imp->keys.n == 0) {
        report_keyless(imp, line);
        return;
    }
    imp->report.accounts_with_key++;
    count_types(imp);
    report_refusals(imp, line);
}
