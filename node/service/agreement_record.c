/* agreement_record.c: writes, reads and verifies an exported agreement.
 * It may not be lenient: a record is read only if it would be written just so. */
#include "agreement_record.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX_LINE 32 /* bytes in a line of the agreement */

static const char title[] = "mandorla agreement record 1";

/* ---- writing ------------------------------------------------------------------------------------
 */

static void put_hex(FILE *f, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)fprintf(f, "%02x", bytes[i]);
    }
    (void)fputc('\n', f);
}

static void put_signature(FILE *f, const char *what, enum mdl_role role, const uint8_t *sig)
{
    if (sig != NULL) {
        (void)fprintf(f, "%s-%c ", what, role == MDL_ROLE_A ? 'A' : 'B');
        put_hex(f, sig, MDL_SIGNATURE_BYTES);
    }
}

char *record_write(const struct mdl_agreement_file *r)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);

    if (f == NULL) {
        return NULL;
    }
    (void)fprintf(f, "%s\nagreement %zu\n", title, r->len);
    for (size_t i = 0; i < r->len; i += HEX_LINE) {
        put_hex(f, r->bytes + i, r->len - i < HEX_LINE ? r->len - i : HEX_LINE);
    }
    put_signature(f, "signature", MDL_ROLE_A, r->signature[MDL_ROLE_A]);
    put_signature(f, "signature", MDL_ROLE_B, r->signature[MDL_ROLE_B]);
    put_signature(f, "revocation", MDL_ROLE_A, r->revocation[MDL_ROLE_A]);
    put_signature(f, "revocation", MDL_ROLE_B, r->revocation[MDL_ROLE_B]);
    (void)fputs("end\n", f);
    bool ok = ferror(f) == 0;
    if (fclose(f) != 0 || !ok) {
        free(text);
        return NULL;
    }
    return text;
}

/* ---- reading ------------------------------------------------------------------------------------
 */

struct cursor {
    const char *at, *end;
    unsigned line;
};

/* The next line without its LF; false at the end. */
static bool next_line(struct cursor *c, const char **line, size_t *len)
{
    const char *lf = memchr(c->at, '\n', (size_t)(c->end - c->at));
    c->line++;
    if (lf == NULL) {
        return false;
    }
    *line = c->at;
    *len = (size_t)(lf - c->at);
    c->at = lf + 1;
    return true;
}

static bool take_hex(const char *text, size_t len, uint8_t *out, size_t n)
{
    size_t got = 0;
    return len == 2 * n && sodium_hex2bin(out, n, text, len, NULL, &got, NULL) == 0 && got == n;
}

static bool read_bytes(struct cursor *c, struct record *r)
{
    const char *line;
    size_t len;
    char number[16];

    if (!next_line(c, &line, &len) || len < 11 || len > 20 || memcmp(line, "agreement ", 10) != 0) {
        return false;
    }
    (void)snprintf(number, sizeof number, "%.*s", (int)(len - 10), line + 10);
    unsigned long n = strtoul(number, NULL, 10);
    if (n == 0 || n > MDL_AGREEMENT_MAX) {
        return false;
    }
    for (r->len = 0; r->len < n;) {
        size_t part = n - r->len < HEX_LINE ? n - r->len : HEX_LINE;
        if (!next_line(c, &line, &len) || !take_hex(line, len, r->bytes + r->len, part)) {
            return false;
        }
        r->len += part;
    }
    return true;
}

static bool read_signature(struct cursor *c, const char *name, uint8_t out[MDL_SIGNATURE_BYTES])
{
    struct cursor before = *c;
    const char *line;
    size_t len;
    size_t n = strlen(name);
    if (next_line(c, &line, &len) && len > n && memcmp(line, name, n) == 0 &&
        take_hex(line + n, len - n, out, MDL_SIGNATURE_BYTES)) {
        return true;
    }
    *c = before;
    return false;
}

static bool read_all(struct cursor *c, struct record *r)
{
    const char *line;
    size_t len;
    if (!next_line(c, &line, &len) || len != strlen(title) || memcmp(line, title, len) != 0 ||
        !read_bytes(c, r) || !read_signature(c, "signature-A ", r->signature[MDL_ROLE_A]) ||
        !read_signature(c, "signature-B ", r->signature[MDL_ROLE_B])) {
        return false;
    }
    r->revoked[MDL_ROLE_A] = read_signature(c, "revocation-A ", r->revocation[MDL_ROLE_A]);
    r->revoked[MDL_ROLE_B] = read_signature(c, "revocation-B ", r->revocation[MDL_ROLE_B]);
    return next_line(c, &line, &len) && len == 3 && memcmp(line, "end", 3) == 0 && c->at == c->end;
}

static void file_of(const struct record *r, struct mdl_agreement_file *f)
{
    *f = (struct mdl_agreement_file){.bytes = r->bytes, .len = r->len};
    for (int role = 0; role < 2; role++) {
        f->signature[role] = r->signature[role];
        f->revocation[role] = r->revoked[role] ? r->revocation[role] : NULL;
    }
}

enum mdl_status record_read(const char *text, size_t len, struct record *out, struct mdl_error *err)
{
    struct cursor c = {text, text + len, 0};
    struct mdl_agreement_file f;

    memset(out, 0, sizeof *out);
    if (len > RECORD_MAX || !read_all(&c, out)) {
        return mdl_fail(err, MDL_P_MALFORMED,
                        "this is no agreement record, or a damaged one: line %u is not what "
                        "'mandorla agreement export' writes",
                        c.line == 0 ? 1 : c.line);
    }
    file_of(out, &f);
    char *again = record_write(&f);
    if (again == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a record");
    }
    bool same = strlen(again) == len && memcmp(again, text, len) == 0;
    free(again);
    return same ? MDL_OK
                : mdl_fail(err, MDL_P_MALFORMED,
                           "this agreement record was altered: 'mandorla agreement export' writes "
                           "the same in another way");
}

/* ---- verifying ----------------------------------------------------------------------------------
 */

static enum mdl_status verify_party(const struct record *r, const struct mdl_agreement *a,
                                    enum mdl_role role, struct mdl_error *err)
{
    uint8_t hash[MDL_AGREEMENT_HASH];
    struct mdl_statement_parts parts = {.hash = hash};
    const char *what = "signature";

    mdl_agreement_hash(r->bytes, r->len, hash);
    enum mdl_status st = mdl_statement_verify(MDL_SAY_AGREEMENT, &parts, role, a->identity[role],
                                              r->signature[role], err);
    if (st == MDL_OK && r->revoked[role]) {
        what = "revocation";
        st = mdl_statement_verify(MDL_SAY_REVOKE, &parts, role, a->identity[role],
                                  r->revocation[role], err);
    }
    return st == MDL_OK
               ? MDL_OK
               : mdl_fail(err, st, "the %s of %s does not verify: terms or signature were altered",
                          what, a->name[role]);
}

enum mdl_status record_verify(const struct record *r, struct mdl_agreement *out,
                              struct mdl_error *err)
{
    enum mdl_status st = mdl_agreement_decode(r->bytes, r->len, out, err);
    if (st == MDL_OK) {
        st = verify_party(r, out, MDL_ROLE_A, err);
    }
    return st == MDL_OK ? verify_party(r, out, MDL_ROLE_B, err) : st;
}
