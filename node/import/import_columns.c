/* import_columns.c: recognises a header and binds its columns to fields.
 * May not read rows below the header. */
#include "import_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *folded(const struct mdl_imp_columns *c, size_t i)
{
    return c->labels.p + c->folded[i];
}

long mdl_imp_columns_find(const struct mdl_imp_columns *c, const char *label, unsigned nth)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(folded(c, i), label) == 0 && --nth == 0) {
            return (long)i;
        }
    }
    return -1;
}

static bool has(const struct mdl_imp_columns *c, const char *label)
{
    return mdl_imp_columns_find(c, label, 1) >= 0;
}

static size_t count_present(const struct mdl_imp_columns *c, const char *const *list, size_t *total)
{
    size_t n = 0;
    *total = 0;
    for (; list != NULL && *list != NULL; list++) {
        ++*total;
        n += has(c, *list);
    }
    return n;
}

static const struct mdl_imp_signature *detect(const struct mdl_imp_columns *c)
{
    const struct mdl_imp_signature *s = mdl_imp_signatures;
    for (; s->kind != MDL_KIND_UNKNOWN; s++) {
        size_t total;
        if (count_present(c, s->all, &total) < total || count_present(c, s->none, &total) > 0 ||
            (s->any != NULL && count_present(c, s->any, &total) == 0)) {
            continue;
        }
        return s;
    }
    return s;
}

/* True if the column took the place; false if the field has its columns already. */
static bool bind(struct mdl_imp_columns *c, size_t at, uint8_t field, uint8_t rank)
{
    if (field == MDL_FIELD_IDENTIFIER) {
        if (c->n_identifiers == MDL_IMP_IDENTIFIERS) {
            return false;
        }
        c->identifier[c->n_identifiers++] = (uint16_t)at;
        return true;
    }
    if (field >= MDL_FIELD_COUNT) {
        return true;
    }
    size_t i = 0, n = c->slot[field].n;
    while (i < n && c->slot[field].rank[i] < rank) {
        i++;
    }
    if (n == MDL_IMP_ALTERNATIVES || (i < n && c->slot[field].rank[i] == rank)) {
        return false;
    }
    for (size_t j = n; j > i; j--) {
        c->slot[field].at[j] = c->slot[field].at[j - 1];
        c->slot[field].rank[j] = c->slot[field].rank[j - 1];
    }
    c->slot[field].at[i] = (uint16_t)at;
    c->slot[field].rank[i] = rank;
    c->slot[field].n++;
    return true;
}

static long find_mapped(const struct mdl_imp_columns *c, const struct mdl_imp_map *map)
{
    long at = mdl_imp_columns_find(c, map->whole, 1);
    return at >= 0 || map->nth == 0 ? at : mdl_imp_columns_find(c, map->label, map->nth);
}

/* Binds what the operator mapped; returns how many maps found their column. */
static size_t bind_maps(struct mdl_imp_columns *c, const struct mdl_imp_map *maps, size_t n,
                        uint64_t *taken)
{
    size_t found = 0;
    for (size_t m = 0; m < n; m++) {
        long at = find_mapped(c, &maps[m]);
        if (at < 0 || c->column[at].how == MDL_COLUMN_MAPPED) {
            continue;
        }
        struct mdl_import_column *col = &c->column[at];
        uint8_t rank = maps[m].field < MDL_FIELD_COUNT ? c->slot[maps[m].field].n : 0;
        if (!bind(c, (size_t)at, maps[m].field, rank)) {
            continue;
        }
        found++;
        col->how = MDL_COLUMN_MAPPED;
        col->field = maps[m].field;
        memcpy(col->scheme, maps[m].scheme, sizeof col->scheme);
        if (maps[m].field < MDL_FIELD_COUNT) {
            *taken |= UINT64_C(1) << maps[m].field;
        }
    }
    return found;
}

/* In the order of the aliases, so that of two labels for one field the one listed first wins. A
 * guess never stands in for another column: where Company is empty, Name may be a person's. */
static void bind_aliases(struct mdl_imp_columns *c, const struct mdl_imp_alias *a, uint8_t how,
                         uint64_t taken)
{
    for (; a != NULL && a->label != NULL; a++) {
        long at = mdl_imp_columns_find(c, a->label, 1);
        if (at < 0 || (taken >> a->field & 1) != 0 || c->column[at].how != MDL_COLUMN_UNUSED) {
            continue;
        }
        if (how == MDL_COLUMN_GUESSED && c->slot[a->field].n > 0) {
            continue;
        }
        if (bind(c, (size_t)at, a->field, a->rank)) {
            c->column[at].how = how;
            c->column[at].field = a->field;
        }
    }
}

static bool any_bound(const struct mdl_imp_columns *c, const uint8_t *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (c->slot[fields[i]].n > 0) {
            return true;
        }
    }
    return false;
}

static bool deals_usable(const struct mdl_imp_columns *c)
{
    return c->slot[MDL_FIELD_ACCOUNT_ID].n > 0 || c->slot[MDL_FIELD_ACCOUNT_NAME].n > 0;
}

static bool accounts_usable(const struct mdl_imp_columns *c)
{
    static const uint8_t anchors[] = {MDL_FIELD_WEBSITE, MDL_FIELD_DOMAIN, MDL_FIELD_EMAIL,
                                      MDL_FIELD_LEI,     MDL_FIELD_DUNS,   MDL_FIELD_VAT,
                                      MDL_FIELD_NAME};
    return any_bound(c, anchors, sizeof anchors) || c->n_identifiers > 0;
}

/* A sheet nobody mapped needs a name and something stronger before it is believed. */
static bool guess_holds(const struct mdl_imp_columns *c)
{
    static const uint8_t anchors[] = {MDL_FIELD_WEBSITE, MDL_FIELD_DOMAIN, MDL_FIELD_EMAIL,
                                      MDL_FIELD_LEI,     MDL_FIELD_DUNS,   MDL_FIELD_VAT};
    return c->slot[MDL_FIELD_NAME].n > 0 && any_bound(c, anchors, sizeof anchors) && !c->people;
}

static void unbind(struct mdl_imp_columns *c)
{
    memset(c->slot, 0, sizeof c->slot);
    c->n_identifiers = 0;
    for (size_t i = 0; i < c->n; i++) {
        c->column[i].how = MDL_COLUMN_UNUSED;
        c->column[i].field = MDL_FIELD_NONE;
        c->column[i].scheme[0] = '\0';
    }
}

static void bind_sheet(struct mdl_imp_columns *c, uint64_t taken, size_t mapped)
{
    const uint64_t deal_fields = UINT64_C(1) << MDL_FIELD_ACCOUNT_ID |
                                 UINT64_C(1) << MDL_FIELD_ACCOUNT_NAME |
                                 UINT64_C(1) << MDL_FIELD_DEAL_NAME;
    if ((taken & deal_fields) != 0) {
        const struct mdl_imp_signature *s = mdl_imp_signatures;
        while (s->kind != MDL_KIND_SF_OPPORTUNITY_REPORT) {
            s++;
        }
        bind_aliases(c, s->aliases, MDL_COLUMN_GUESSED, taken);
        c->kind = deals_usable(c) ? MDL_KIND_DEAL_SHEET : MDL_KIND_UNKNOWN;
        return;
    }
    bind_aliases(c, mdl_imp_guesses, MDL_COLUMN_GUESSED, taken);
    bind_aliases(c, mdl_imp_common_aliases, MDL_COLUMN_GUESSED, taken);
    bool holds = mapped > 0 ? accounts_usable(c) : guess_holds(c);
    c->kind = holds ? MDL_KIND_SHEET : MDL_KIND_UNKNOWN;
}

static void recognise(struct mdl_imp_columns *c, struct mdl_imp_map *maps, size_t n_maps)
{
    const struct mdl_imp_signature *s = detect(c);
    size_t total;
    c->looks_like = s->kind;
    c->people = count_present(c, mdl_imp_person_labels, &total) > 0;
    uint64_t taken = 0;
    unbind(c);
    size_t mapped = bind_maps(c, maps, n_maps, &taken);
    if (s->kind == MDL_KIND_UNKNOWN) {
        bind_sheet(c, taken, mapped);
    } else {
        bool deals = mdl_import_kind_is_deals(s->kind);
        bind_aliases(c, s->aliases, MDL_COLUMN_RECOGNISED, taken);
        if (!deals) {
            bind_aliases(c, mdl_imp_common_aliases, MDL_COLUMN_RECOGNISED, taken);
            bind_aliases(c, mdl_imp_guesses, MDL_COLUMN_GUESSED, taken); /* columns added by hand */
        }
        bool usable = deals ? deals_usable(c) : accounts_usable(c);
        c->kind = usable ? s->kind : MDL_KIND_UNKNOWN;
    }
    if (c->kind == MDL_KIND_UNKNOWN) {
        unbind(c);
        return;
    }
    for (size_t m = 0; m < n_maps; m++) {
        maps[m].used = maps[m].used || find_mapped(c, &maps[m]) >= 0;
    }
}

/* Copies at most MDL_IMPORT_LABEL_MAX bytes, not cutting a character. */
static void copy_label(char out[MDL_IMPORT_LABEL_MAX + 1], const char *s)
{
    size_t n = strlen(s);
    if (n > MDL_IMPORT_LABEL_MAX) {
        n = MDL_IMPORT_LABEL_MAX;
        while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80) {
            n--;
        }
    }
    memcpy(out, s, n);
    out[n] = '\0';
}

static bool read_labels(struct mdl_imp_columns *c, const char *const *cell)
{
    struct mdl_imp_buf one = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < c->n; i++) {
        struct mdl_import_column *col = &c->column[i];
        col->index = (uint16_t)(i + 1);
        copy_label(col->label, cell[i]);
        c->folded[i] = c->labels.len;
        ok = mdl_imp_fold(col->label, strlen(col->label), &one) &&
             mdl_imp_buf_add(&c->labels, one.p, one.len + 1);
    }
    mdl_imp_buf_free(&one);
    return ok;
}

enum mdl_status mdl_imp_columns_make(struct mdl_imp_columns *c, const char *const *label, size_t n,
                                     struct mdl_error *err)
{
    *c = (struct mdl_imp_columns){.n = n};
    c->column = calloc(n + 1, sizeof *c->column);
    c->folded = calloc(n + 1, sizeof *c->folded);
    if (c->column == NULL || c->folded == NULL || !read_labels(c, label)) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for the header's %zu columns", n);
    }
    unbind(c);
    return MDL_OK;
}

enum mdl_status mdl_imp_columns_read(struct mdl_imp_columns *c, const char *const *cell, size_t n,
                                     struct mdl_imp_map *maps, size_t n_maps, struct mdl_error *err)
{
    enum mdl_status st = mdl_imp_columns_make(c, cell, n, err);
    if (st == MDL_OK) {
        recognise(c, maps, n_maps);
    }
    return st;
}

void mdl_imp_columns_free(struct mdl_imp_columns *c)
{
    free(c->column);
    free(c->folded);
    mdl_imp_buf_free(&c->labels);
    *c = (struct mdl_imp_columns){0};
}

/* "A, B, C and 12 more" within `size` bytes. */
static void list_labels(const struct mdl_imp_columns *c, char *out, size_t size)
{
    size_t at = 0, shown = 0;
    out[0] = '\0';
    for (size_t i = 0; i < c->n; i++) {
        size_t len = strlen(c->column[i].label);
        if (len == 0) {
            continue;
        }
        if (len > 40 || at + len + 24 > size) {
            break;
        }
        at += (size_t)snprintf(out + at, size - at, "%s%s", shown > 0 ? ", " : "",
                               c->column[i].label);
        shown = i + 1;
    }
    if (shown < c->n) {
        (void)snprintf(out + at, size - at, "%s%zu more", shown > 0 ? " and " : "", c->n - shown);
    }
}

/* Another character that cuts the labels in more pieces than `delimiter` cut the header; 0: none.
 */
static char better_delimiter(const struct mdl_imp_columns *c, char delimiter)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    char best = 0;
    size_t most = c->n - 1;
    for (size_t k = 0; k < sizeof candidates; k++) {
        size_t cuts = 0;
        for (size_t i = 0; i < c->n && candidates[k] != delimiter; i++) {
            for (const char *s = c->column[i].label; *s != '\0'; s++) {
                cuts += *s == candidates[k];
            }
        }
        if (cuts > most) {
            most = cuts;
            best = candidates[k];
        }
    }
    return best;
}

static const char *delimiter_name(char c, char out[4])
{
    (void)snprintf(out, 4, "'%c'", c);
    return c == '\t' ? "tab" : out;
}

static enum mdl_status refuse_cut(const struct mdl_imp_columns *c, char delimiter, char better,
                                  struct mdl_error *err)
{
    char a[4], b[4], header[160];
    size_t at = 0;
    for (; at < sizeof header - 1 && c->column[0].label[at] != '\0'; at++) {
        header[at] = c->column[0].label[at];
    }
    while (at > 0 && ((unsigned char)c->column[0].label[at] & 0xC0) == 0x80) {
        at--; /* not within a character */
    }
    header[at] = '\0';
    return mdl_fail(err, MDL_U_HEADER,
                    "cut at %s, the header has %zu column%s: \"%s\"%s. The delimiter is rather %s: "
                    "give --delimiter %s%s",
                    delimiter_name(delimiter, a), c->n, c->n == 1 ? "" : "s", header,
                    c->n == 1 && c->column[0].label[at] == '\0' ? "" : " ...",
                    delimiter_name(better, b), delimiter_name(better, b),
                    better == '|' ? "" : ", or none");
}

enum mdl_status mdl_imp_columns_refuse(const struct mdl_imp_columns *c, char delimiter,
                                       struct mdl_error *err)
{
    char found[240];
    char better = 0;
    if (c->n > 0) {
        better = better_delimiter(c, delimiter);
    }
    if (better != 0) {
        return refuse_cut(c, delimiter, better, err);
    }
    list_labels(c, found, sizeof found);
    if (mdl_import_kind_is_deals(c->looks_like)) {
        return mdl_fail(err, MDL_U_HEADER,
                        "this looks like %s, but no column names the account: export the account "
                        "id as well, or map it with --map COLUMN=account_id. Columns: %s",
                        mdl_import_kind_label(c->looks_like), found);
    }
    if (c->people) {
        return mdl_fail(err, MDL_U_HEADER,
                        "this looks like a list of persons, not of accounts; to import it all the "
                        "same, name its columns with --map COLUMN=name and so on. Columns: %s",
                        found);
    }
    return mdl_fail(
        err, MDL_U_HEADER,
        "the columns are not those of a known export. Columns: %s. Say which of them is "
        "the name or the website, with --map \"COLUMN=name\" or --map "
        "\"COLUMN=website\"; 'mandorla import --help' names the other fields",
        found);
}
