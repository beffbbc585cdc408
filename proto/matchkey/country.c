/* country.c: what a country column says, as an ISO 3166-1 alpha-2 code. May not guess. */
#include "matchkey_internal.h"

#include <stdlib.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct mk_country_name *)a)->name,
                  ((const struct mk_country_name *)b)->name);
}

static bool folded(const struct mdl_profile *p, const char *in, size_t len, char out[64],
                   struct mk_name *scratch)
{
    if (mdl_mk_words_of(p, in, len, scratch, NULL) != MDL_OK || scratch->len == 0 ||
        scratch->len > 63) {
        return false;
    }
    memcpy(out, scratch->text, scratch->len);
    out[scratch->len] = '\0';
    return true;
}

static size_t names_in(struct mk_blob b)
{
    size_t n = 1;
    for (size_t i = 0; i < b.len; i++) {
        n += b.at[i] == ';' || b.at[i] == '\n';
    }
    return n;
}

static enum mdl_status read_line(const struct mdl_profile *p, struct mk_countries *c,
                                 const char *line, size_t len, struct mk_name *scratch,
                                 struct mdl_error *err)
{
    for (size_t at = 0; at < len;) {
        const char *semi = memchr(line + at, ';', len - at);
        size_t n = semi != NULL ? (size_t)(semi - line) - at : len - at;
        struct mk_country_name *row = &c->at[c->n];
        if (!folded(p, line + at, n, row->name, scratch)) {
            return mdl_fail(err, MDL_BUG, "countries.txt: \"%.*s\" is no name", (int)n, line + at);
        }
        memcpy(row->alpha2, line, 2);
        c->n++;
        at += n + 1;
    }
    return MDL_OK;
}

enum mdl_status mdl_mk_countries_build(struct mdl_profile *p, struct mdl_error *err)
{
    struct mk_blob b;
    mdl_mk_blob(MK_FILE_COUNTRIES, &b);
    struct mk_countries *c = &p->countries;
    c->at = calloc(names_in(b), sizeof c->at[0]);
    struct mk_name *scratch = malloc(sizeof *scratch);
    enum mdl_status st = MDL_OK;
    if (c->at == NULL || scratch == NULL) {
        st = mdl_fail(err, MDL_L_MEMORY, "not enough memory for the match-key profile");
    }
    const char *line;
    size_t len;
    while (st == MDL_OK && mdl_mk_line(&b, &line, &len)) {
        if (len > 2 && line[0] != '#') {
            st = read_line(p, c, line, len, scratch, err);
        }
    }
    if (st == MDL_OK) {
        qsort(c->at, c->n, sizeof c->at[0], by_name);
    }
    free(scratch);
    return st;
}

bool mdl_mk_country(const struct mdl_profile *p, const char *text, char alpha2[3])
{
    struct mk_country_name key = {0};
    struct mk_name scratch;
    size_t len = text != NULL ? strnlen(text, 256) : 0;
    if (len == 0 || len == 256 || !folded(p, text, len, key.name, &scratch)) {
        return false;
    }
    const struct mk_country_name *hit =
        bsearch(&key, p->countries.at, p->countries.n, sizeof p->countries.at[0], by_name);
    if (hit == NULL && strncmp(key.name, "the", 3) == 0) {
        memmove(key.name, key.name + 3, strlen(key.name + 3) + 1);
        hit = bsearch(&key, p->countries.at, p->countries.n, sizeof p->countries.at[0], by_name);
    }
    if (hit == NULL) {
        return false;
    }
    memcpy(alpha2, hit->alpha2, 3);
    return true;
}

bool mdl_country_code(const struct mdl_profile *p, const char *text, char alpha2[3])
{
    return mdl_mk_country(p, text, alpha2);
}
