/* derive.c: every key of one account row, best first, with a reason for each field that gives none.
 * May not hold a rule of its own beyond order, duplicates and limits. */
#include "matchkey_internal.h"

#include <stdio.h>

struct work {
    const struct mdl_profile *p;
    struct mk_notes notes;
    const char *country; /* alpha-2 or NULL */
    bool full;           /* a key did not fit */
    struct mdl_key_set *out;
    struct mdl_error why;
    struct mk_name words; /* of the name, once out->core_name is not empty */
};

static void refuse(struct work *w)
{
    mdl_mk_note(&w->notes, MDL_U_NO_KEY, "no key: %s", w->why.text);
}

static bool stronger(const struct mdl_key *a, const struct mdl_key *b)
{
    int x = mdl_key_type_priority(a->type), y = mdl_key_type_priority(b->type);
    return x != y ? x < y : a->origin < b->origin;
}

/* Keeps the set sorted, so that what does not fit is the weakest. */
static void add(struct work *w, const struct mdl_key *k)
{
    struct mdl_key_set *s = w->out;
    for (size_t i = 0; i < s->n; i++) {
        if (s->key[i].type == k->type && s->key[i].len == k->len &&
            memcmp(s->key[i].value, k->value, k->len) == 0) {
            s->key[i].origin = k->origin < s->key[i].origin ? k->origin : s->key[i].origin;
            mdl_mk_note(&w->notes, MDL_OK, "the same key again: %s \"%.*s\"",
                        mdl_key_type_label(k->type), (int)k->len, (const char *)k->value);
            return;
        }
    }
    mdl_mk_note(&w->notes, MDL_OK, "key: %s \"%.*s\" (%s)", mdl_key_type_label(k->type),
                (int)k->len, (const char *)k->value,
                mdl_key_type_tier(k->type) == MDL_TIER_MATCH ? "makes a match" : "for review only");
    size_t at = s->n;
    while (at > 0 && stronger(k, &s->key[at - 1])) {
        at--;
    }
    w->full = w->full || s->n == MDL_KEYS_PER_ACCOUNT;
    if (at == MDL_KEYS_PER_ACCOUNT) {
        return;
    }
    s->n -= s->n == MDL_KEYS_PER_ACCOUNT;
    memmove(&s->key[at + 1], &s->key[at], (s->n - at) * sizeof s->key[0]);
    s->key[at] = *k;
    s->n++;
}

static void make(struct mdl_key *k, enum mdl_key_type type, enum mdl_key_origin origin,
                 const char *value)
{
    size_t n = strlen(value);
    k->type = (uint8_t)type;
    k->origin = (uint8_t)origin;
    k->len = (uint8_t)n;
    memcpy(k->value, value, n);
}

/* ---- identifiers ---- */

static bool blank(const char *s)
{
    return s == NULL || s[strspn(s, " \t\r\n")] == '\0';
}

static enum mdl_status identifier(struct work *w, const char *scheme, const char *value)
{
    struct mdl_key k;
    char canonical[64];
    enum mdl_status st = mdl_identifier_key(w->p, scheme, value, &k, canonical, &w->why);
    if (st == MDL_U_NO_KEY) {
        refuse(w);
        return MDL_OK;
    }
    if (st == MDL_OK) {
        mdl_mk_note(&w->notes, MDL_OK, "valid %s, canonical form %s", scheme, canonical);
        add(w, &k);
    }
    return st;
}

/* With the country before it, or the account's country before it. */
static enum mdl_status vat(struct work *w, const char *value)
{
    char compact[MK_ID_MAX + 1], joined[MK_ID_MAX + 3];
    if (!mdl_mk_compact(value, compact)) {
        mdl_fail(&w->why, MDL_U_NO_KEY,
                 "no VAT number: too long, or other than letters and digits");
        refuse(w);
        return MDL_OK;
    }
    const char *code = strncmp(compact, "GR", 2) == 0 ? "EL" : compact;
    size_t n = strlen(compact);
    if (strncmp(compact, "CHE", 3) == 0) {
        return identifier(w, "ch_uid", compact);
    }
    if (n > 3 && (strncmp(compact, "NO", 2) == 0 || strcmp(compact + n - 3, "MVA") == 0)) {
        return identifier(w, "no_orgnr", compact);
    }
    if (n > 2 && mdl_mk_vat_bit(code) >= 0) {
        return identifier(w, strncmp(compact, "GB", 2) == 0 ? "gb_vat" : "eu_vat", compact);
    }
    const char *scheme = w->country != NULL ? mdl_mk_vat_scheme(w->country) : NULL;
    if (scheme == NULL) {
        mdl_fail(&w->why, MDL_U_NO_KEY, "a VAT number needs a country before it or in the row");
        refuse(w);
        return MDL_OK;
    }
    bool prefix = strcmp(scheme, "eu_vat") == 0;
    snprintf(joined, sizeof joined, "%s%s", prefix ? w->country : "", compact);
    return identifier(w, scheme, joined);
}

static enum mdl_status identifiers(struct work *w, const struct mdl_account_input *in)
{
    enum mdl_status st = MDL_OK;
    w->notes.field = "lei";
    if (!blank(in->lei)) {
        st = identifier(w, "lei", in->lei);
    }
    w->notes.field = "duns";
    if (st == MDL_OK && !blank(in->duns)) {
        st = identifier(w, "duns", in->duns);
    }
    w->notes.field = "vat";
    if (st == MDL_OK && !blank(in->vat)) {
        st = vat(w, in->vat);
    }
    for (size_t i = 0; st == MDL_OK && i < in->n_identifiers && i < MK_LIST_MAX; i++) {
        const struct mdl_identifier *id = &in->identifiers[i];
        w->notes.field = id->scheme != NULL ? id->scheme : "identifier";
        if (id->scheme != NULL && !blank(id->value)) {
            st = identifier(w, id->scheme, id->value);
        }
    }
    return st;
}

/* ---- domains ---- */

static enum mdl_status domain(struct work *w, const char *text, enum mdl_key_origin origin)
{
    struct mk_host h;
    char value[MDL_KEY_VALUE_MAX + 1];
    struct mdl_key k;
    enum mdl_status st = mdl_mk_host(w->p, text, &h, &w->notes, &w->why);
    bool mail = origin == MDL_FROM_EMAIL || h.email;
    if (st == MDL_OK) {
        st = mdl_mk_domain(w->p, &h, w->out->core_name, mail, value, &w->notes, &w->why);
    }
    if (st == MDL_OK && mdl_mk_words_has(&w->p->reserved, value)) {
        st = mdl_fail(&w->why, MDL_U_NO_KEY, "%s is reserved for examples (RFC 2606)", value);
    }
    if (st == MDL_U_NO_KEY) {
        refuse(w);
        return MDL_OK;
    }
    if (st == MDL_OK) {
        make(&k, MDL_KEY_DOMAIN, mail ? MDL_FROM_EMAIL : origin, value);
        add(w, &k);
    }
    return st;
}

/* "a.com; b.de c.fr": each item on its own. */
static enum mdl_status domain_list(struct work *w, const char *list, enum mdl_key_origin origin)
{
    char item[MK_URL_IN_MAX + 2];
    const char *at = list;
    enum mdl_status st = MDL_OK;
    for (size_t seen = 0; st == MDL_OK; seen++) {
        at += strspn(at, " \t\r\n\v\f,;");
        size_t n = strcspn(at, " \t\r\n\v\f,;");
        if (n == 0) {
            break;
        }
        if (seen == MK_LIST_MAX) {
            mdl_mk_note(&w->notes, MDL_U_NO_KEY, "only the first %d of this list are looked at",
                        MK_LIST_MAX);
            break;
        }
        size_t copy = n < sizeof item - 1 ? n : sizeof item - 1; /* too long stays too long */
        memcpy(item, at, copy);
        item[copy] = '\0';
        st = domain(w, item, origin);
        at += n;
    }
    return st;
}

static enum mdl_status domains(struct work *w, const struct mdl_account_input *in)
{
    enum mdl_status st = MDL_OK;
    w->notes.field = "website";
    if (!blank(in->website)) {
        st = domain(w, in->website, MDL_FROM_WEBSITE);
    }
    w->notes.field = "domain";
    if (st == MDL_OK && !blank(in->domain)) {
        st = domain(w, in->domain, MDL_FROM_WEBSITE);
    }
    w->notes.field = "additional domains";
    if (st == MDL_OK && !blank(in->additional_domains)) {
        st = domain_list(w, in->additional_domains, MDL_FROM_ADDITIONAL_DOMAIN);
    }
    w->notes.field = "e-mail";
    if (st == MDL_OK && !blank(in->emails)) {
        st = domain_list(w, in->emails, MDL_FROM_EMAIL);
    }
    return st;
}

/* ---- names ---- */

static void add_name(struct work *w, enum mdl_key_type type, const char *core)
{
    char value[MDL_KEY_VALUE_MAX + 1];
    struct mdl_key k;
    if (type == MDL_KEY_NAME) {
        make(&k, type, MDL_FROM_NAME, core);
    } else {
        /* The core leaves room for the country: name.c refuses a longer one. */
        size_t n = strlen(core);
        value[0] = (char)(w->country[0] | 0x20);
        value[1] = (char)(w->country[1] | 0x20);
        value[2] = ':';
        memcpy(value + 3, core, n + 1);
        make(&k, type, MDL_FROM_NAME, value);
    }
    add(w, &k);
}

/* The key without a country must be the same on a list that has none, so its legal forms are judged
 * without one too. Domains need the core name, so it comes first, and its steps are told later. */
static enum mdl_status core_name(struct work *w, const char *text)
{
    struct mk_core core;
    enum mdl_status st =
        mdl_mk_words_of(w->p, text, strnlen(text, MK_NAME_IN_MAX + 1), &w->words, &w->why);
    if (st == MDL_OK) {
        st = mdl_mk_cores(w->p, &w->words, NULL, &core, NULL, &w->why);
    }
    if (st == MDL_OK) {
        memcpy(w->out->core_name, core.full, sizeof core.full);
    }
    return st;
}

static void name(struct work *w, const char *text)
{
    struct mk_core core;
    w->notes.field = "name";
    if (w->out->core_name[0] == '\0') {
        if (core_name(w, text) != MDL_OK) { /* once more, for the reason */
            refuse(w);
        }
        return;
    }
    mdl_mk_note(&w->notes, MDL_OK, "folded, spaces and punctuation off: \"%.*s\"",
                (int)w->words.len, w->words.text);
    enum mdl_status st = mdl_mk_cores(w->p, &w->words, NULL, &core, &w->notes, &w->why);
    add_name(w, MDL_KEY_NAME, w->out->core_name);
    if (w->country == NULL) {
        mdl_mk_note(&w->notes, MDL_OK, "without a country a name is for review only");
        return;
    }
    st = st == MDL_OK ? mdl_mk_cores(w->p, &w->words, w->country, &core, NULL, &w->why) : st;
    if (st == MDL_OK) {
        add_name(w, MDL_KEY_NAME_COUNTRY, core.full);
        add_name(w, MDL_KEY_NAME_CORE_COUNTRY, core.short_);
    } else {
        refuse(w);
    }
}

static void country(struct work *w, const char *text, char alpha2[3])
{
    w->notes.field = "country";
    if (blank(text)) {
        return;
    }
    if (mdl_mk_country(w->p, text, alpha2)) {
        w->country = alpha2;
        mdl_mk_note(&w->notes, MDL_OK, "\"%.60s\" is %s", text, alpha2);
    } else {
        mdl_mk_note(&w->notes, MDL_U_NO_KEY, "\"%.60s\" is no country this profile knows", text);
    }
}

enum mdl_status mdl_keys_derive(const struct mdl_profile *p, const struct mdl_account_input *in,
                                void (*note)(void *ctx, const struct mdl_key_note *n), void *ctx,
                                struct mdl_key_set *out, struct mdl_error *err)
{
    char alpha2[3];
    struct work w; /* 8 KB of it need no clearing */
    w.p = p;
    w.notes = (struct mk_notes){note, ctx, ""};
    w.country = NULL;
    w.full = false;
    w.out = out;
    w.why.status = MDL_OK;
    w.why.text[0] = '\0';
    out->n = 0;
    out->registry_mask = 0;
    out->core_name[0] = '\0';
    country(&w, in->country, alpha2);
    if (!blank(in->name)) {
        (void)core_name(&w, in->name);
    }
    enum mdl_status st = identifiers(&w, in);
    if (st == MDL_OK) {
        st = domains(&w, in);
    }
    if (st != MDL_OK) {
        return mdl_fail(err, st, "%s", w.why.text);
    }
    if (!blank(in->name)) {
        name(&w, in->name);
    }
    for (size_t i = 0; i < out->n; i++) {
        int bit = mdl_key_registry_bit(&out->key[i]);
        out->registry_mask |= bit >= 0 ? UINT64_C(1) << bit : 0;
    }
    if (w.full) {
        w.notes.field = "";
        mdl_mk_note(&w.notes, MDL_U_NO_KEY, "more than %d keys: the strongest are kept",
                    MDL_KEYS_PER_ACCOUNT);
    }
    return MDL_OK;
}
