/* agreement_draft.c: the terms of an agreement that this node would propose, and what is standard.
 * It may not sign or store. */
#include "outside.h"

#include <sodium.h>
#include <store_source.h>
#include <string.h>

#define DAY_MS ((uint64_t)24 * 3600 * 1000)

static enum mdl_role role_with(struct mdl_service *s, const uint8_t identity[MDL_IDENTITY_BYTES])
{
    return mdl_role_of(mdl_identity_public(s->identity), identity);
}

static enum mdl_status wish_populations(const json_t *params, const char *name,
                                        struct mdl_agreement *a, enum mdl_role role,
                                        struct mdl_error *err)
{
    const json_t *list = json_object_get(params, name);
    const char *names[MDL_AGREEMENT_POPULATIONS];
    size_t n = json_array_size(list);

    if (n == 0) {
        return MDL_OK;
    }
    if (n > MDL_AGREEMENT_POPULATIONS) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%s: at most %d", name, MDL_AGREEMENT_POPULATIONS);
    }
    for (size_t i = 0; i < n; i++) {
        names[i] = json_string_value(json_array_get(list, i));
    }
    return mdl_agreement_set_populations(a, 0, role, names, n, err);
}

/* Names of populations that there are: the standard ones, and those of the imported sources. */
struct known {
    const char *wanted;
    bool hit;
    char names[600];
};

static void know(struct known *k, const char *name)
{
    char quoted[MDL_STORE_NAME + 4];
    size_t used = strlen(k->names);
    k->hit = k->hit || strcmp(name, k->wanted) == 0;
    (void)snprintf(quoted, sizeof quoted, "'%s'", name);
    if (strstr(k->names, quoted) == NULL) {
        (void)snprintf(k->names + used, sizeof k->names - used, "%s%s", used > 0 ? ", " : "",
                       quoted);
    }
}

static bool know_source(void *ctx, const struct mdl_source_row *row)
{
    json_t *report = row->report != NULL ? json_loads(row->report, 0, NULL) : NULL;
    size_t i;
    const json_t *p;
    json_array_foreach(json_object_get(report, "populations"), i, p)
    {
        const char *name = json_string_value(json_object_get(p, "name"));
        if (name != NULL) {
            know(ctx, name);
        }
    }
    json_decref(report);
    return true;
}

/* Under a name that was mistyped nothing would go, and nobody would know why. */
static enum mdl_status own_populations_known(struct mdl_service *s, const json_t *params,
                                             struct mdl_error *err)
{
    static const char *const standard[] = {"customers", "open-opportunities", "prospects"};
    size_t i;
    const json_t *name;
    json_array_foreach(json_object_get(params, "populations"), i, name)
    {
        struct known k = {.wanted = json_string_value(name)};
        for (size_t n = 0; n < sizeof standard / sizeof standard[0]; n++) {
            know(&k, standard[n]);
        }
        enum mdl_status st = mdl_source_list(s->store, know_source, &k, err);
        if (st == MDL_OK && !k.hit) {
            st = mdl_fail(err, MDL_U_ARGUMENT,
                          "populations: there is no '%.40s' here; there are %s", k.wanted, k.names);
        }
        if (st != MDL_OK) {
            return st;
        }
    }
    return MDL_OK;
}

static enum mdl_status wish_text(const json_t *params, const char *name, char *dst,
                                 struct mdl_error *err)
{
    const char *text = param_text(params, name);
    if (text != NULL && strlen(text) > MDL_AGREEMENT_TEXT) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%s: at most %d bytes, found %zu", name,
                        MDL_AGREEMENT_TEXT, strlen(text));
    }
    if (text != NULL) {
        memcpy(dst, text, strlen(text) + 1);
    }
    return MDL_OK;
}

static enum mdl_status wish_number(const json_t *params, const char *name, uint32_t *dst,
                                   struct mdl_error *err)
{
    json_int_t n = param_int(params, name, (json_int_t)*dst);
    if (n < 0 || n > UINT32_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "%s: expected 0 to %u, found %lld", name, UINT32_MAX,
                        (long long)n);
    }
    *dst = (uint32_t)n;
    return MDL_OK;
}

/* Keys live as long as their list needs: the standard time is meant for the standard list. */
static void allow_time(struct mdl_agreement *a, uint32_t standard_keys)
{
    uint64_t seconds = (uint64_t)a->key_deadline_s * a->caps.max_keys_round / standard_keys;
    if (a->caps.max_keys_round > standard_keys) {
        a->key_deadline_s = seconds < UINT16_MAX ? (uint16_t)seconds : UINT16_MAX;
    }
}

static enum mdl_status apply_wish(const json_t *params, struct mdl_agreement *a, enum mdl_role own,
                                  struct mdl_error *err)
{
    json_int_t days = param_int(params, "days", 365);
    uint32_t standard = a->caps.max_keys_round;
    if (days < 1 || days > 3660) {
        return mdl_fail(err, MDL_U_ARGUMENT, "days: expected 1 to 3660, found %lld",
                        (long long)days);
    }
    a->valid_until = now_ms() + (uint64_t)days * DAY_MS;
    enum mdl_status st = wish_populations(params, "populations", a, own, err);
    if (st == MDL_OK) {
        st = wish_populations(params, "partner_populations", a, mdl_role_other(own), err);
    }
    if (st == MDL_OK) {
        st = wish_text(params, "purpose", a->purpose, err);
    }
    if (st == MDL_OK) {
        st = wish_text(params, "legal_basis", a->legal_basis, err);
    }
    if (st == MDL_OK) {
        st = wish_number(params, "max_keys", &a->caps.max_keys_round, err);
    }
    if (st == MDL_OK) {
        st = wish_number(params, "min_result", &a->caps.min_result, err);
    }
    if (st == MDL_OK) {
        st = wish_number(params, "max_result", &a->caps.max_result, err);
    }
    allow_time(a, standard);
    /* A month holds a full list a day, whatever its size. */
    if (a->caps.max_keys_month < (uint64_t)a->caps.max_keys_round * 31) {
        a->caps.max_keys_month = (uint64_t)a->caps.max_keys_round * 31;
    }
    return st;
}

enum mdl_status agreement_draft_for(struct mdl_service *s, const struct mdl_partner_row *partner,
                                    const struct agreement_wish *wish, struct mdl_agreement *a,
                                    struct mdl_error *err)
{
    struct mdl_agreement_party own = {mdl_identity_public(s->identity), s->conf.name};
    struct mdl_agreement_party theirs = {partner->identity, partner->their_name};
    uint8_t profile[1][32];
    uint8_t nonce[MDL_AGREEMENT_NONCE];

    memcpy(profile[0], mdl_profile_digest(s->profile), sizeof profile[0]);
    randombytes_buf(nonce, sizeof nonce);
    enum mdl_status st = mdl_agreement_draft(&own, &theirs, (const uint8_t(*)[32])profile, 1,
                                             now_ms(), nonce, a, err);
    if (st == MDL_OK && wish != NULL && wish->params != NULL) {
        st = own_populations_known(s, wish->params, err);
    }
    if (st == MDL_OK && wish != NULL && wish->params != NULL) {
        st = apply_wish(wish->params, a, role_with(s, partner->identity), err);
    }
    return st;
}

static void note_difference(void *ctx, const char *term, const char *a, const char *b)
{
    /* Names and times are the proposer's own; every term that discloses or binds must be ours. */
    static const char *const free_terms[] = {"name of A", "name of B", "valid from", "valid until"};
    char *first = ctx; /* TERM_NAME bytes */
    (void)a;
    (void)b;
    for (size_t i = 0; i < sizeof free_terms / sizeof free_terms[0]; i++) {
        if (strcmp(term, free_terms[i]) == 0) {
            return;
        }
    }
    if (first[0] == '\0') {
        (void)snprintf(first, TERM_NAME, "%s", term);
    }
}

bool agreement_is_standard(struct mdl_service *s, const struct mdl_partner_row *partner,
                           const struct mdl_agreement *a, char term[TERM_NAME])
{
    struct mdl_agreement ours;
    term[0] = '\0';
    if (agreement_draft_for(s, partner, NULL, &ours, NULL) != MDL_OK) {
        return false;
    }
    (void)mdl_agreement_compare(&ours, a, note_difference, term);
    if (term[0] == '\0' && a->valid_until > now_ms() + 367 * DAY_MS) {
        (void)snprintf(term, TERM_NAME, "valid until");
    }
    return term[0] == '\0';
}
