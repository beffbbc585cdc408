/* corpus.c: the profile's self-check: inputs and the keys they must give, so that a system library
 * that derives otherwise is found before a round, not after. May not change a rule. */
#include "matchkey_internal.h"

#include <idn2.h>
#include <stdio.h>
#include <utf8proc.h>

static enum mdl_status by_rule(const struct mdl_profile *p, const char *rule, const char *input,
                               char out[256], bool *known)
{
    char canonical[64];
    struct mdl_key k;
    *known = true;
    if (strcmp(rule, "host") == 0) {
        return mdl_mk_host_ascii(p, input, out, NULL);
    }
    if (strcmp(rule, "domain") == 0 || strcmp(rule, "email") == 0) {
        return mdl_domain_key(p, input, rule[0] == 'e', out, NULL);
    }
    if (strcmp(rule, "name") == 0) {
        return mdl_name_key(p, input, NULL, out, NULL);
    }
    for (size_t i = 0; mdl_identifier_scheme(i) != NULL; i++) {
        if (strcmp(rule, mdl_identifier_scheme(i)) == 0) {
            enum mdl_status st = mdl_identifier_key(p, rule, input, &k, canonical, NULL);
            if (st == MDL_OK) {
                snprintf(out, 256, "%s=%.*s", mdl_key_type_slug(k.type), (int)k.len,
                         (const char *)k.value);
            }
            return st;
        }
    }
    *known = false;
    return MDL_U_NOT_FOUND;
}

bool mdl_mk_corpus_derive(const struct mdl_profile *p, const char *rule, const char *input,
                          char out[256])
{
    bool known;
    enum mdl_status st = by_rule(p, rule, input, out, &known);
    if (st != MDL_OK) {
        memcpy(out, "!", 2);
    }
    return known;
}

static void library(const char *rule, char out[64])
{
    if (strcmp(rule, "host") == 0) {
        snprintf(out, 64, "libidn2 %s", idn2_check_version(NULL));
    } else if (strcmp(rule, "name") == 0) {
        snprintf(out, 64, "utf8proc %s", utf8proc_version());
    } else {
        snprintf(out, 64, "libpsl %s", psl_get_version());
    }
}

/* "rule <tab> input <tab> key" */
static enum mdl_status check_line(const struct mdl_profile *p, char *line, struct mdl_error *err)
{
    char got[256], lib[64];
    char *input = strchr(line, '\t');
    char *want = input != NULL ? strchr(input + 1, '\t') : NULL;
    if (want == NULL) {
        return mdl_fail(err, MDL_BUG, "corpus.txt: \"%.80s\" is no line of it", line);
    }
    *input++ = '\0';
    *want++ = '\0';
    if (!mdl_mk_corpus_derive(p, line, input, got)) {
        return mdl_fail(err, MDL_BUG, "corpus.txt: no rule \"%.40s\"", line);
    }
    if (strcmp(got, want) == 0) {
        return MDL_OK;
    }
    library(line, lib);
    return mdl_fail(err, MDL_L_LIBRARY,
                    "%s derives other match keys than profile %s: %s of \"%.80s\" gives \"%.80s\", "
                    "not \"%.80s\"; this node must not use the profile with that library",
                    lib, MK_PROFILE_ID, line, input, got, want);
}

enum mdl_status mdl_mk_corpus_check(const struct mdl_profile *p, struct mk_blob corpus,
                                    struct mdl_error *err)
{
    const char *line;
    char copy[1024];
    size_t len;
    enum mdl_status st = MDL_OK;
    while (st == MDL_OK && mdl_mk_line(&corpus, &line, &len)) {
        if (len == 0 || line[0] == '#') {
            continue;
        }
        if (len >= sizeof copy) {
            return mdl_fail(err, MDL_BUG, "corpus.txt: a line of %zu bytes", len);
        }
        memcpy(copy, line, len);
        copy[len] = '\0';
        st = check_line(p, copy, err);
    }
    return st;
}
