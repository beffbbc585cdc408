/* explain.c: one value as a person types it: what it is, and what keys it gives, step by step.
 * May not derive otherwise than an account row does. */
#include "matchkey_internal.h"

struct kept {
    const struct mdl_profile *p;
    struct mk_notes notes;
    struct mdl_key_set *out;
};

static void keep(struct kept *k, const struct mdl_key *key)
{
    struct mdl_key_set *s = k->out;
    for (size_t i = 0; i < s->n; i++) {
        if (s->key[i].type == key->type && s->key[i].len == key->len &&
            memcmp(s->key[i].value, key->value, key->len) == 0) {
            return;
        }
    }
    int bit = mdl_key_registry_bit(key);
    s->registry_mask |= bit >= 0 ? UINT64_C(1) << bit : 0;
    s->key[s->n++] = *key;
    mdl_mk_note(&k->notes, MDL_OK, "key: %s \"%.*s\" (%s)", mdl_key_type_label(key->type),
                (int)key->len, (const char *)key->value,
                mdl_key_type_tier(key->type) == MDL_TIER_MATCH ? "makes a match"
                                                               : "for review only");
}

static bool one_word(const char *value)
{
    static const char blank[] = " \t\r\n";
    const char *at = value + strspn(value, blank);
    at += strcspn(at, blank);
    return at[strspn(at, blank)] == '\0';
}

/* "acme.com", "https://acme.com/x y", "a@acme.com"; not "Node.js" or "Acme.Inc", which end in no
 * top-level domain, and not "acme.com and others". */
static bool is_web(const struct mdl_profile *p, const char *value)
{
    struct mk_host h;
    bool url = strstr(value, "://") != NULL;
    bool host = mdl_mk_host(p, value, &h, NULL, NULL) == MDL_OK;
    return url || (host && h.email) ||
           (host && one_word(value) && mdl_mk_public_top_level(p, h.host));
}

static enum mdl_status web(struct kept *k, const char *value, struct mdl_error *err)
{
    struct mk_host h;
    char domain[MDL_KEY_VALUE_MAX + 1];
    struct mdl_error why = {0};
    k->notes.field = strchr(value, '@') != NULL ? "e-mail" : "website";
    enum mdl_status st = mdl_mk_host(k->p, value, &h, &k->notes, &why);
    if (st == MDL_OK) {
        st = mdl_mk_domain(k->p, &h, NULL, h.email, domain, &k->notes, &why);
    }
    if (st == MDL_U_NO_KEY) {
        mdl_mk_note(&k->notes, MDL_U_NO_KEY, "no key: %s", why.text);
        return MDL_OK;
    }
    if (st != MDL_OK) {
        return mdl_fail(err, st, "%s", why.text);
    }
    struct mdl_key key = {.type = MDL_KEY_DOMAIN,
                          .origin = h.email ? MDL_FROM_EMAIL : MDL_FROM_WEBSITE,
                          .len = (uint8_t)strlen(domain)};
    memcpy(key.value, domain, key.len);
    keep(k, &key);
    if (mdl_mk_words_has(&k->p->reserved, domain)) {
        mdl_mk_note(&k->notes, MDL_U_NO_KEY,
                    "%s is reserved for examples: in an account row it gives no key", domain);
    }
    return MDL_OK;
}

/* Every scheme whose check digits agree. A bare number fits several: those of the country if one is
 * given, else all, and the note says so. */
static bool try_identifiers(struct kept *k, const char *value, const char *country)
{
    char compact[MK_ID_MAX + 1], canonical[64];
    if (!mdl_mk_compact(value, compact) || strpbrk(compact, "0123456789") == NULL) {
        return false;
    }
    bool bare = strspn(compact, "0123456789") == strlen(compact);
    k->notes.field = "identifier";
    for (size_t i = 0; mdl_identifier_scheme(i) != NULL; i++) {
        const char *scheme = mdl_identifier_scheme(i);
        struct mdl_key key;
        bool duns = strcmp(scheme, "duns") == 0;
        bool here = country == NULL ? bare : mdl_mk_scheme_in_country(i, country);
        bool asked = mdl_mk_scheme_distinctive(i) || (duns ? strlen(compact) == 9 && bare : here) ||
                     (!bare && strlen(compact) > 8);
        if (asked && mdl_identifier_key(k->p, scheme, value, &key, canonical, NULL) == MDL_OK) {
            mdl_mk_note(&k->notes, MDL_OK, "valid as %s, canonical form %s%s", scheme, canonical,
                        duns ? " (D-U-N-S has no check digit: any nine digits are valid)" : "");
            keep(k, &key);
        }
    }
    return k->out->n > 0;
}

enum mdl_status mdl_keys_explain(const struct mdl_profile *p, const char *value,
                                 const char *country,
                                 void (*note)(void *ctx, const struct mdl_key_note *n), void *ctx,
                                 struct mdl_key_set *out, struct mdl_error *err)
{
    struct kept k = {.p = p, .notes = {note, ctx, "value"}, .out = out};
    char alpha2[3];
    out->n = 0;
    out->registry_mask = 0;
    out->core_name[0] = '\0';
    bool known = country != NULL && mdl_mk_country(p, country, alpha2);
    if (strnlen(value, MK_URL_IN_MAX + 1) > MK_URL_IN_MAX) {
        mdl_mk_note(&k.notes, MDL_U_NO_KEY, "no key: longer than %d bytes", MK_URL_IN_MAX);
        return MDL_OK;
    }
    if (is_web(p, value)) {
        return web(&k, value, err);
    }
    if (try_identifiers(&k, value, known ? alpha2 : NULL)) {
        return MDL_OK;
    }
    struct mdl_account_input in = {.name = value, .country = country};
    return mdl_keys_derive(p, &in, note, ctx, out, err);
}
