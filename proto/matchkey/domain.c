/* domain.c: the registrable domain of a host, unless it stands for many companies or none
 * (docs/MATCHING.md, domain rules 5 and 6). May not parse what a person typed: host.c does. */
#include "matchkey_internal.h"

bool mdl_mk_public_top_level(const struct mdl_profile *p, const char *host)
{
    for (const char *s = host; s != NULL; s = strchr(s, '.')) {
        s += *s == '.';
        if (psl_is_public_suffix2(p->psl, s, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE)) {
            return true;
        }
    }
    return false;
}

/* One label more than the longest public suffix of the ICANN section; NULL if there is none more.
 */
static const char *icann_registrable(const psl_ctx_t *psl, const char *host)
{
    const char *label = NULL;
    for (const char *s = host; s != NULL; s = strchr(s, '.')) {
        s += *s == '.';
        if (psl_is_public_suffix2(psl, s, PSL_TYPE_ICANN)) {
            return label;
        }
        label = s;
    }
    return NULL;
}

/* The first of the host and its parents, down to and with `last`, that stands in the list. */
static const char *listed(const struct mk_words *w, const char *host, const char *last)
{
    for (const char *s = host; s != NULL && s <= last; s = strchr(s, '.')) {
        s += *s == '.';
        if (s <= last && mdl_mk_words_has(w, s)) {
            return s;
        }
    }
    return NULL;
}

/* "GitLab" at about.gitlab.com/company is GitLab: the name is the domain's own first label. */
static bool is_own_site(const char *core, const char *key)
{
    size_t n = strcspn(key, ".");
    return core != NULL && strlen(core) == n && memcmp(core, key, n) == 0;
}

static enum mdl_status deny(const struct mdl_profile *p, const struct mk_host *h, const char *core,
                            const char *key, bool from_email, struct mdl_error *err)
{
    const char *hit = listed(&p->always, h->host, key);
    if (hit != NULL) {
        return mdl_fail(err, MDL_U_NO_KEY, "%s is typed where no domain is known", hit);
    }
    if (from_email && (hit = listed(&p->free_mail, h->host, key)) != NULL) {
        return mdl_fail(err, MDL_U_NO_KEY, "%s is a free or disposable mail provider", hit);
    }
    /* The vectors of the public suffix list are written with the reserved names. */
    hit = mdl_mk_words_has(&p->reserved, key) ? NULL : listed(&p->never, h->host, key);
    if (hit != NULL && (h->has_path || strcmp(h->host, key) != 0) && !is_own_site(core, key)) {
        return mdl_fail(
            err, MDL_U_NO_KEY,
            "a page on %s, which serves many companies (the bare domain would be a key)", hit);
    }
    return MDL_OK;
}

enum mdl_status mdl_mk_domain(const struct mdl_profile *p, const struct mk_host *h,
                              const char *core, bool from_email, char out[MDL_KEY_VALUE_MAX + 1],
                              const struct mk_notes *notes, struct mdl_error *err)
{
    if (!mdl_mk_public_top_level(p, h->host)) {
        return mdl_fail(err, MDL_U_NO_KEY, "\"%.80s\" ends in no public top-level domain", h->host);
    }
    const char *key = psl_registrable_domain(p->psl, h->host);
    if (key == NULL) {
        key = icann_registrable(p->psl, h->host);
    }
    if (key == NULL) {
        return mdl_fail(err, MDL_U_NO_KEY, "\"%.80s\" is itself a public suffix", h->host);
    }
    size_t len = strlen(key);
    if (len > MDL_KEY_VALUE_MAX) {
        return mdl_fail(err, MDL_U_NO_KEY, "the domain has %zu bytes; at most %d make a key", len,
                        MDL_KEY_VALUE_MAX);
    }
    mdl_mk_note(notes, MDL_OK, "registrable domain (public suffix list): \"%s\"", key);
    enum mdl_status st = deny(p, h, core, key, from_email, err);
    if (st == MDL_OK) {
        memcpy(out, key, len + 1);
    }
    return st;
}

enum mdl_status mdl_domain_key(const struct mdl_profile *p, const char *host_or_url,
                               bool from_email, char out[MDL_KEY_VALUE_MAX + 1],
                               struct mdl_error *err)
{
    struct mk_host h;
    out[0] = '\0';
    enum mdl_status st = mdl_mk_host(p, host_or_url, &h, NULL, err);
    return st == MDL_OK ? mdl_mk_domain(p, &h, NULL, from_email || h.email, out, NULL, err) : st;
}
