/* import_ids.c: record ids: Salesforce's two forms, and ids for rows that have none.
 * May not decide what is a duplicate: the sink does. */
#include "import_state.h"

#include <sodium.h>
#include <string.h>

#define SHORT_ID 15
#define LONG_ID  18

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* 15 characters, or 18 whose last three can be the check characters. Account ids begin with 001,
 * and outside Salesforce's own exports a row of digits that happens to is not taken for one. */
static bool is_salesforce(enum mdl_import_kind kind, const char *id)
{
    bool own = kind == MDL_KIND_SF_ACCOUNT || kind == MDL_KIND_SF_ACCOUNT_REPORT ||
               kind == MDL_KIND_SF_OPPORTUNITY || kind == MDL_KIND_SF_OPPORTUNITY_REPORT;
    bool foreign = kind == MDL_KIND_HUBSPOT_COMPANY || kind == MDL_KIND_HUBSPOT_DEAL;
    size_t n = strlen(id);
    if (foreign || (n != SHORT_ID && n != LONG_ID) || (!own && strncmp(id, "001", 3) != 0)) {
        return false;
    }
    bool letter = own;
    for (size_t i = 0; i < n; i++) {
        if (!is_alnum(id[i]) ||
            (i >= SHORT_ID && !(id[i] >= 'A' && id[i] <= 'Z') && !(id[i] >= '0' && id[i] <= '5'))) {
            return false;
        }
        letter = letter || (i < SHORT_ID && id[i] > '9');
    }
    return letter;
}

/* The three characters that make an id safe where case is lost: for each five characters, which of
 * them are capitals. */
static void add_check(const char *id, char out[LONG_ID + 1])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    memcpy(out, id, SHORT_ID);
    for (size_t k = 0; k < 3; k++) {
        unsigned bits = 0;
        for (size_t i = 0; i < 5; i++) {
            char c = id[5 * k + i];
            bits |= (unsigned)(c >= 'A' && c <= 'Z') << i;
        }
        out[SHORT_ID + k] = digits[bits];
    }
    out[LONG_ID] = '\0';
}

void mdl_imp_join_id(enum mdl_import_kind kind, const char *id, char *out)
{
    size_t n = strlen(id);
    n = n > MDL_IMPORT_RECORD_ID_MAX ? MDL_IMPORT_RECORD_ID_MAX : n;
    n = is_salesforce(kind, id) ? SHORT_ID : n;
    memcpy(out, id, n);
    out[n] = '\0';
}

/* "9.1E+09": what a spreadsheet leaves of a long number. Different records become one. */
static bool is_rounded(const char *id)
{
    const char *e = strpbrk(id, "eE");
    if (e == NULL || e == id || (e[1] != '+' && e[1] != '-')) {
        return false;
    }
    return strspn(id, "0123456789.,") == (size_t)(e - id) && e[2] != '\0' &&
           strspn(e + 2, "0123456789") == strlen(e + 2);
}

bool mdl_imp_read_id(struct mdl_import *imp, const char *id, uint64_t line)
{
    uint32_t column = mdl_imp_field_column(imp, MDL_FIELD_RECORD_ID);
    size_t n = strlen(id);
    if (n > MDL_IMPORT_RECORD_ID_MAX) {
        mdl_imp_issue(imp, MDL_ISSUE_RECORD_ID, line, column,
                      "a record id of %zu bytes; the maximum is %d", n, MDL_IMPORT_RECORD_ID_MAX);
        return false;
    }
    if (is_rounded(id)) {
        mdl_imp_issue(imp, MDL_ISSUE_RECORD_ID, line, column,
                      "the record id %s was rounded by a spreadsheet; export again without opening "
                      "the file in one",
                      id);
        return false;
    }
    memcpy(imp->record_id, id, n + 1);
    mdl_imp_join_id(imp->file->kind, id, imp->join_id);
    if (n == SHORT_ID && is_salesforce(imp->file->kind, id)) {
        add_check(id, imp->record_id);
    }
    return true;
}

bool mdl_imp_make_id(struct mdl_import *imp, const enum mdl_import_field *fields, size_t n)
{
    crypto_generichash_state h;
    uint8_t digest[crypto_generichash_BYTES_MIN];
    crypto_generichash_init(&h, NULL, 0, sizeof digest);
    for (size_t i = 0; i < n; i++) {
        const char *s = imp->field[fields[i]];
        if (!mdl_imp_fold(s, strlen(s), &imp->scratch)) {
            return false;
        }
        crypto_generichash_update(&h, (const uint8_t *)imp->scratch.p, imp->scratch.len + 1);
    }
    crypto_generichash_final(&h, digest, sizeof digest);
    memcpy(imp->record_id, "row-", 4);
    sodium_bin2hex(imp->record_id + 4, 25, digest, 12);
    memcpy(imp->join_id, imp->record_id, strlen(imp->record_id) + 1);
    return true;
}
