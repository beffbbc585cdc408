/* identifier.c: which key an identifier gives: one company, one key, however its register writes
 * it. May not check digits: id_checks.c and id_vat.c do. */
#include "matchkey_internal.h"

#include <stdio.h>

/* What of the canonical form names the company. */
enum reduce {
    WHOLE,
    FIRST_9, /* SIRET: the SIREN and a branch; GB VAT: a branch after nine digits */
    FIRST_8, /* CNPJ: the company and a branch */
    PAN,     /* GSTIN: the state, the taxpayer, a number */
    COMPANY_IN_ABN,
    BY_COUNTRY /* EU VAT: the number is the register's own in some countries */
};

struct scheme {
    const char *name;
    mk_check *check;
    enum mdl_key_type type;
    const char *prefix; /* of the key's value */
    enum reduce reduce;
    const char *countries; /* where a bare number is probably one of these; "" for none */
    bool distinctive;      /* its form alone tells it from other numbers */
};

static const struct scheme schemes[] = {
    {"lei", mdl_mk_check_lei, MDL_KEY_LEI, "", WHOLE, "", true},
    {"duns", mdl_mk_check_duns, MDL_KEY_DUNS, "", WHOLE, "US", false},
    {"eu_vat", mdl_mk_check_eu_vat, MDL_KEY_VAT, "", BY_COUNTRY, "", true},
    {"gb_vat", mdl_mk_check_gb_vat, MDL_KEY_VAT, "GB", FIRST_9, "GB", false},
    {"fr_siren", mdl_mk_check_siren, MDL_KEY_REGISTRY, "fr-siren:", WHOLE, "FR", false},
    {"fr_siret", mdl_mk_check_siret, MDL_KEY_REGISTRY, "fr-siren:", FIRST_9, "FR", false},
    {"ch_uid", mdl_mk_check_uid, MDL_KEY_REGISTRY, "ch-uid:", WHOLE, "CH", true},
    {"no_orgnr", mdl_mk_check_orgnr_no, MDL_KEY_REGISTRY, "no-orgnr:", WHOLE, "NO", false},
    {"dk_cvr", mdl_mk_check_cvr, MDL_KEY_REGISTRY, "dk-cvr:", WHOLE, "DK", false},
    {"fi_ytunnus", mdl_mk_check_ytunnus, MDL_KEY_REGISTRY, "fi-ytunnus:", WHOLE, "FI", false},
    {"se_orgnr", mdl_mk_check_orgnr_se, MDL_KEY_REGISTRY, "se-orgnr:", WHOLE, "SE", false},
    {"au_abn", mdl_mk_check_abn, MDL_KEY_REGISTRY, "au-abn:", COMPANY_IN_ABN, "AU", false},
    {"au_acn", mdl_mk_check_acn, MDL_KEY_REGISTRY, "au-acn:", WHOLE, "AU", false},
    {"us_ein", mdl_mk_check_ein, MDL_KEY_REGISTRY, "us-ein:", WHOLE, "US", false},
    {"cn_uscc", mdl_mk_check_uscc, MDL_KEY_REGISTRY, "cn-uscc:", WHOLE, "CN", true},
    {"jp_cn", mdl_mk_check_jp, MDL_KEY_REGISTRY, "jp-cn:", WHOLE, "JP", false},
    {"in_gstin", mdl_mk_check_gstin, MDL_KEY_REGISTRY, "in-pan:", PAN, "IN", true},
    {"br_cnpj", mdl_mk_check_cnpj, MDL_KEY_REGISTRY, "br-cnpj:", FIRST_8, "BR", false},
    {"isin", mdl_mk_check_isin, MDL_KEY_REGISTRY, "isin:", WHOLE, "", true},
    {"be_vat", mdl_mk_check_be_vat, MDL_KEY_VAT, "BE", WHOLE, "BE", false},
    {"nl_btw", mdl_mk_check_btw, MDL_KEY_VAT, "NL", WHOLE, "NL", false},
    {"it_iva", mdl_mk_check_iva, MDL_KEY_VAT, "IT", WHOLE, "IT", false},
    {"es_cif", mdl_mk_check_cif, MDL_KEY_VAT, "ES", WHOLE, "ES", false},
    {"pl_nip", mdl_mk_check_nip, MDL_KEY_VAT, "PL", WHOLE, "PL", false},
};
#define SCHEMES (sizeof schemes / sizeof schemes[0])

/* The bits travel: never renumber. An ISIN has none, for one company may have many. VAT: id_vat.c.
 */
static const struct {
    const char *prefix;
    int bit;
} registry_bits[] = {
    {"fr-siren:", 2}, {"ch-uid:", 3},  {"no-orgnr:", 4}, {"dk-cvr:", 5},  {"fi-ytunnus:", 6},
    {"se-orgnr:", 7}, {"au-acn:", 8},  {"au-abn:", 9},   {"us-ein:", 10}, {"cn-uscc:", 11},
    {"jp-cn:", 12},   {"in-pan:", 13}, {"br-cnpj:", 14},
};

int mdl_key_registry_bit(const struct mdl_key *k)
{
    if (k->type == MDL_KEY_LEI || k->type == MDL_KEY_DUNS) {
        return k->type == MDL_KEY_LEI ? 0 : 1;
    }
    if (k->type == MDL_KEY_VAT && k->len > 2) {
        const char country[2] = {(char)k->value[0], (char)k->value[1]};
        return mdl_mk_vat_bit(country);
    }
    for (size_t i = 0;
         k->type == MDL_KEY_REGISTRY && i < sizeof registry_bits / sizeof registry_bits[0]; i++) {
        size_t n = strlen(registry_bits[i].prefix);
        if (k->len > n && memcmp(k->value, registry_bits[i].prefix, n) == 0) {
            return registry_bits[i].bit;
        }
    }
    return -1;
}

/* Separators people type: ASCII punctuation, no-break spaces (C2 A0, E2 80 AF), dashes (E2
 * 80 90..95). */
static size_t separator(const char *s)
{
    const unsigned char *u = (const unsigned char *)s;
    if (strchr(" \t.-/,:_'", *s) != NULL) {
        return 1;
    }
    if (u[0] == 0xC2 && u[1] == 0xA0) {
        return 2;
    }
    bool dash = u[0] == 0xE2 && u[1] == 0x80 && ((u[2] >= 0x90 && u[2] <= 0x95) || u[2] == 0xAF);
    return dash ? 3 : 0;
}

bool mdl_mk_compact(const char *in, char out[MK_ID_MAX + 1])
{
    size_t n = 0;
    for (size_t at = 0; in[at] != '\0';) {
        size_t skip = separator(in + at);
        if (skip > 0) {
            at += skip;
            if (at > (size_t)4 * MK_ID_MAX) {
                return false;
            }
            continue;
        }
        char c = in[at++];
        c = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        bool ok = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
        if (!ok || n == MK_ID_MAX) {
            return false;
        }
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

/* "no_orgnr", "NO-orgnr": the same. */
static bool same_scheme(const char *a, const char *b)
{
    for (;; a++, b++) {
        char x = (char)(*a == '-' ? '_' : *a >= 'A' && *a <= 'Z' ? *a | 0x20 : *a);
        if (x != *b) {
            return false;
        }
        if (x == '\0') {
            return true;
        }
    }
}

static const struct scheme *find(const char *name)
{
    for (size_t i = 0; i < SCHEMES; i++) {
        if (same_scheme(name, schemes[i].name)) {
            return &schemes[i];
        }
    }
    return NULL;
}

static void set(struct mdl_key *k, enum mdl_key_type type, const char *prefix, const char *value,
                size_t n)
{
    size_t p = strlen(prefix);
    k->type = (uint8_t)type;
    k->origin = MDL_FROM_IDENTIFIER;
    k->len = (uint8_t)(p + n);
    memcpy(k->value, prefix, p);
    memcpy(k->value + p, value, n);
}

/* Where the VAT number is the number of the national register, that register's key stands for both.
 * Northern Ireland's XI is put before the number Great Britain gave. */
static void by_country(struct mdl_key *k, const char *canonical)
{
    static const struct {
        const char *country;
        size_t skip, take;
        enum mdl_key_type type;
        const char *prefix;
    } rules[] = {
        {"FR", 4, 9, MDL_KEY_REGISTRY, "fr-siren:"},
        {"SE", 2, 10, MDL_KEY_REGISTRY, "se-orgnr:"},
        {"FI", 2, 8, MDL_KEY_REGISTRY, "fi-ytunnus:"},
        {"DK", 2, 8, MDL_KEY_REGISTRY, "dk-cvr:"},
        {"XI", 2, 9, MDL_KEY_VAT, "GB"},
    };
    size_t n = strlen(canonical);
    bool monaco = strncmp(canonical, "FR", 2) == 0 && strncmp(canonical + 4, "000", 3) == 0;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && !monaco; i++) {
        if (memcmp(canonical, rules[i].country, 2) == 0) {
            size_t take = n - rules[i].skip < rules[i].take ? n - rules[i].skip : rules[i].take;
            set(k, rules[i].type, rules[i].prefix, canonical + rules[i].skip, take);
            return;
        }
    }
    set(k, MDL_KEY_VAT, "", canonical, n);
}

static void reduce(const struct scheme *s, const char *canonical, struct mdl_key *k)
{
    size_t n = strlen(canonical);
    char acn[MK_ID_MAX + 1];
    switch (s->reduce) {
    case WHOLE:
        set(k, s->type, s->prefix, canonical, n);
        return;
    case FIRST_9:
        set(k, s->type, s->prefix, canonical, n > 9 ? 9 : n);
        return;
    case FIRST_8:
        set(k, s->type, s->prefix, canonical, 8);
        return;
    case PAN:
        set(k, s->type, s->prefix, canonical + 2, 10);
        return;
    case COMPANY_IN_ABN:
        memcpy(acn, canonical + 2, n - 1);
        if (mdl_mk_check_acn(acn) == NULL) {
            set(k, s->type, "au-acn:", acn, 9);
        } else {
            set(k, s->type, s->prefix, canonical, n);
        }
        return;
    case BY_COUNTRY:
        by_country(k, canonical);
        return;
    }
}

enum mdl_status mdl_identifier_key(const struct mdl_profile *p, const char *scheme,
                                   const char *value, struct mdl_key *key, char canonical[64],
                                   struct mdl_error *err)
{
    (void)p; /* the schemes are rules; their version is in the profile's digest */
    char compact[MK_ID_MAX + 1];
    const struct scheme *s = find(scheme);
    *key = (struct mdl_key){0};
    canonical[0] = '\0';
    if (s == NULL) {
        return mdl_fail(err, MDL_U_NO_KEY, "no identifier scheme is called \"%.40s\"", scheme);
    }
    if (!mdl_mk_compact(value, compact) || compact[0] == '\0') {
        return mdl_fail(err, MDL_U_NO_KEY,
                        "no %s: empty, too long, or other than letters and digits", s->name);
    }
    const char *why = s->check(compact);
    if (why != NULL) {
        return mdl_fail(err, MDL_U_NO_KEY, "no valid %s: %s", s->name, why);
    }
    memcpy(canonical, compact, strlen(compact) + 1);
    reduce(s, canonical, key);
    return MDL_OK;
}

const char *mdl_identifier_scheme(size_t i)
{
    return i < SCHEMES ? schemes[i].name : NULL;
}

bool mdl_mk_scheme_in_country(size_t i, const char *country)
{
    return strcmp(schemes[i].countries, country) == 0;
}

bool mdl_mk_scheme_distinctive(size_t i)
{
    return schemes[i].distinctive;
}

const char *mdl_mk_vat_scheme(const char *country)
{
    static const struct {
        const char *country, *scheme;
    } outside_eu[] = {{"GB", "gb_vat"},   {"CH", "ch_uid"},  {"LI", "ch_uid"},
                      {"NO", "no_orgnr"}, {"AU", "au_abn"},  {"IN", "in_gstin"},
                      {"BR", "br_cnpj"},  {"CN", "cn_uscc"}, {"JP", "jp_cn"}};
    for (size_t i = 0; i < sizeof outside_eu / sizeof outside_eu[0]; i++) {
        if (strcmp(outside_eu[i].country, country) == 0) {
            return outside_eu[i].scheme;
        }
    }
    return mdl_mk_vat_bit(strcmp(country, "GR") == 0 ? "EL" : country) >= 0 ? "eu_vat" : NULL;
}
