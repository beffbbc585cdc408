/* import_kept.c: rows and columns as bytes that can be stored, and read again years later.
 * May not judge what a cell means. */
#include "import_kept.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT  1
#define NO_RANK 255

bool mdl_imp_kept_column(const struct mdl_import_column *c)
{
    return c->label[0] != '\0' && c->field != MDL_FIELD_IGNORED;
}

static bool add16(struct mdl_imp_buf *b, size_t n)
{
    const char bytes[2] = {(char)(n & 0xFF), (char)(n >> 8 & 0xFF)};
    return mdl_imp_buf_add(b, bytes, sizeof bytes);
}

static uint8_t rank_of(const struct mdl_imp_columns *c, size_t column)
{
    uint8_t field = c->column[column].field;
    for (uint8_t i = 0; field < MDL_FIELD_COUNT && i < c->slot[field].n; i++) {
        if (c->slot[field].at[i] == column) {
            return i;
        }
    }
    return NO_RANK;
}

bool mdl_imp_kept_header(const struct mdl_imp_columns *c, char decimal, struct mdl_imp_buf *out)
{
    const char start[3] = {FORMAT, mdl_import_kind_is_deals(c->kind) ? 1 : 0, decimal};
    mdl_imp_buf_clear(out);
    bool ok = mdl_imp_buf_add(out, start, sizeof start) && add16(out, c->n);
    for (size_t i = 0; i < c->n && ok; i++) {
        bool keep = mdl_imp_kept_column(&c->column[i]);
        const char *label = keep ? c->column[i].label : "";
        const char rank = (char)(keep ? rank_of(c, i) : NO_RANK);
        const char *slug =
            (uint8_t)rank != NO_RANK ? mdl_import_field_slug(c->column[i].field) : "";
        ok = mdl_imp_buf_add(out, label, strlen(label) + 1) &&
             mdl_imp_buf_add(out, slug, strlen(slug) + 1) && mdl_imp_buf_add(out, &rank, 1);
    }
    return ok;
}

bool mdl_imp_kept_cells(const struct mdl_imp_columns *c, const char *const *cell,
                        struct mdl_imp_buf *out)
{
    bool ok = true;
    mdl_imp_buf_clear(out);
    for (size_t i = 0; i < c->n && ok; i++) {
        if (cell[i][0] == '\0' || !mdl_imp_kept_column(&c->column[i])) {
            continue;
        }
        size_t n = strlen(cell[i]);
        if (n > MDL_KEPT_CELL) {
            n = MDL_KEPT_CELL;
            while (n > 0 && ((unsigned char)cell[i][n] & 0xC0) == 0x80) {
                n--;
            }
        }
        ok = add16(out, i) && add16(out, n) && mdl_imp_buf_add(out, cell[i], n) &&
             mdl_imp_buf_add(out, "", 1);
    }
    return ok;
}

/* ---- reading ------------------------------------------------------------------------------------
 */

struct reader {
    const uint8_t *at;
    size_t left;
};

static bool take(struct reader *r, void *out, size_t n)
{
    if (n > r->left) {
        return false;
    }
    memcpy(out, r->at, n);
    r->at += n;
    r->left -= n;
    return true;
}

static bool take16(struct reader *r, uint16_t *out)
{
    uint8_t b[2];
    bool ok = take(r, b, sizeof b);
    *out = 0;
    if (ok) {
        *out = (uint16_t)(b[0] | b[1] << 8);
    }
    return ok;
}

static bool take_text(struct reader *r, const char **out)
{
    const uint8_t *end = r->left > 0 ? memchr(r->at, 0, r->left) : NULL;
    if (end == NULL) {
        return false;
    }
    *out = (const char *)r->at;
    r->left -= (size_t)(end - r->at) + 1;
    r->at = end + 1;
    return true;
}

struct column {
    uint8_t field, rank;
};

static uint8_t field_of(const char *slug)
{
    for (uint8_t f = 0; f < MDL_FIELD_COUNT; f++) {
        if (strcmp(mdl_import_field_slug(f), slug) == 0) {
            return f;
        }
    }
    return MDL_FIELD_NONE; /* of a newer program: the label still finds the column */
}

static bool read_columns(struct reader *r, size_t n, const char **label, struct column *column)
{
    for (size_t i = 0; i < n; i++) {
        const char *slug;
        if (!take_text(r, &label[i]) || !take_text(r, &slug) || !take(r, &column[i].rank, 1)) {
            return false;
        }
        column[i].field = field_of(slug);
    }
    return r->left == 0;
}

static void place(struct mdl_imp_columns *c, const struct column *column)
{
    for (size_t i = 0; i < c->n; i++) {
        uint8_t f = column[i].field;
        uint8_t rank = column[i].rank;
        c->column[i].field = f;
        if (f < MDL_FIELD_COUNT && rank < MDL_IMP_ALTERNATIVES) {
            c->slot[f].at[rank] = (uint16_t)i;
            c->slot[f].n = c->slot[f].n > rank ? c->slot[f].n : (uint8_t)(rank + 1);
        }
    }
}

static enum mdl_status damaged(struct mdl_error *err)
{
    return mdl_fail(err, MDL_L_DATABASE, "what an import kept is damaged: import the source again");
}

static enum mdl_status open_columns(struct mdl_kept *k, struct reader *r, size_t n,
                                    struct mdl_error *err)
{
    const char **label = calloc(n + 1, sizeof *label);
    struct column *column = calloc(n + 1, sizeof *column);
    k->cell = calloc(n + 1, sizeof *k->cell);
    k->filled = calloc(n + 1, sizeof *k->filled);
    enum mdl_status st = MDL_OK;
    if (label == NULL || column == NULL || k->cell == NULL || k->filled == NULL) {
        st = mdl_fail(err, MDL_L_MEMORY, "no memory for %zu columns", n);
    } else if (!read_columns(r, n, label, column)) {
        st = damaged(err);
    } else {
        st = mdl_imp_columns_make(&k->columns, label, n, err);
    }
    if (st == MDL_OK) {
        place(&k->columns, column);
    }
    for (size_t i = 0; i < n && k->cell != NULL; i++) {
        k->cell[i] = "";
    }
    free(label);
    free(column);
    return st;
}

enum mdl_status mdl_kept_open(const void *header, size_t len, struct mdl_kept **out,
                              struct mdl_error *err)
{
    struct reader r = {header, len};
    uint8_t start[3];
    uint16_t n;
    *out = NULL;
    if (!take(&r, start, sizeof start) || !take16(&r, &n) || start[0] != FORMAT ||
        n > MDL_IMPORT_COLUMNS_MAX) {
        return damaged(err);
    }
    struct mdl_kept *k = calloc(1, sizeof *k);
    if (k == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for %u columns", n);
    }
    k->decimal = (char)start[2];
    enum mdl_status st = open_columns(k, &r, n, err);
    k->columns.kind = start[1] != 0 ? MDL_KIND_DEAL_SHEET : MDL_KIND_SHEET;
    if (st != MDL_OK) {
        mdl_kept_close(k);
        return st;
    }
    *out = k;
    return MDL_OK;
}

void mdl_kept_close(struct mdl_kept *k)
{
    if (k != NULL) {
        mdl_imp_columns_free(&k->columns);
        free(k->cell);
        free(k->filled);
        free(k);
    }
}

bool mdl_kept_is_deals(const struct mdl_kept *k)
{
    return mdl_import_kind_is_deals(k->columns.kind);
}

const char *mdl_kept_label(const struct mdl_kept *k, size_t i)
{
    return i < k->columns.n ? k->columns.column[i].label : NULL;
}

enum mdl_status mdl_kept_row(struct mdl_kept *k, const void *row, size_t len, struct mdl_error *err)
{
    struct reader r = {row, len};
    while (k->n_filled > 0) {
        k->cell[k->filled[--k->n_filled]] = "";
    }
    while (r.left > 0) {
        uint16_t column;
        uint16_t n;
        if (!take16(&r, &column) || !take16(&r, &n) || column >= k->columns.n || n >= r.left ||
            r.at[n] != 0 || k->n_filled == k->columns.n) {
            return damaged(err);
        }
        k->cell[column] = (const char *)r.at;
        k->filled[k->n_filled++] = column;
        r.at += (size_t)n + 1;
        r.left -= (size_t)n + 1;
    }
    return MDL_OK;
}
