/* host.c: a host name in ASCII out of what a person typed in a website, domain or e-mail column
 * (docs/MATCHING.md, domain rules 1 to 4). May not know the public suffix list. */
#include "matchkey_internal.h"

#include <idn2.h>

struct span {
    const char *at;
    size_t len;
};

static bool one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

#define BLANK " \t\r\n\v\f"

static struct span trim(struct span s)
{
    static const char nbsp[] = "\xC2\xA0", bom[] = "\xEF\xBB\xBF", zwsp[] = "\xE2\x80\x8B";
    size_t before;
    do {
        before = s.len;
        while (s.len > 0 && one_of(s.at[0], BLANK "\"'<(")) {
            s.at++, s.len--;
        }
        while (s.len > 0 && one_of(s.at[s.len - 1], BLANK "\"'>)")) {
            s.len--;
        }
        for (const char *const *z = (const char *const[]){nbsp, bom, zwsp, NULL}; *z != NULL; z++) {
            size_t n = strlen(*z);
            if (s.len >= n && memcmp(s.at, *z, n) == 0) {
                s.at += n, s.len -= n;
            }
            if (s.len >= n && memcmp(s.at + s.len - n, *z, n) == 0) {
                s.len -= n;
            }
        }
    } while (s.len != before);
    return s;
}

static bool letter_or(char c, const char *more)
{
    char l = (char)(c | 0x20);
    return (l >= 'a' && l <= 'z') || one_of(c, more);
}

static bool starts(struct span s, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i < n; i++) {
        if (i >= s.len || (s.at[i] | 0x20) != word[i]) {
            return false;
        }
    }
    return s.len > n && s.at[n] == ':';
}

/* "https://", "http:", "mailto:", "//": the colon of an unknown word counts only before a slash,
 * else "acme.com:8080" would lose its host. */
static struct span drop_scheme(struct span s)
{
    for (int again = 0; again < 3; again++) {
        size_t n = 0;
        while (n < s.len && letter_or(s.at[n], "+-.0123456789")) {
            n++;
        }
        bool known =
            starts(s, "http") || starts(s, "https") || starts(s, "ftp") || starts(s, "mailto");
        bool scheme =
            n > 0 && n + 1 < s.len && s.at[n] == ':' && (known || one_of(s.at[n + 1], "/\\"));
        if (scheme) {
            s.at += n + 1, s.len -= n + 1;
        }
        while (s.len > 0 && one_of(s.at[0], "/\\") && (scheme || (s.len > 1 && s.at[1] == '/'))) {
            s.at++, s.len--;
        }
        if (s.len > 0 && s.at[0] == '/') {
            s.at++, s.len--;
        }
        if (!scheme) {
            break;
        }
    }
    return s;
}

/* An e-mail address is the whole text, or none: "foo.com/path@x" is a website. */
static const char *mail_at(struct span s)
{
    const char *at = memchr(s.at, '@', s.len);
    if (at == NULL || at == s.at || at + 1 == s.at + s.len) {
        return NULL;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (one_of(s.at[i], BLANK "/\\:?#,;") || (s.at[i] == '@' && s.at + i != at)) {
            return NULL;
        }
    }
    return at;
}

static struct span authority(struct span s, bool *has_path)
{
    size_t n = 0;
    while (n < s.len && !one_of(s.at[n], BLANK "/?#\\,;")) {
        n++;
    }
    *has_path = n + 1 < s.len && one_of(s.at[n], "/\\") && !one_of(s.at[n + 1], BLANK "/?#\\,;");
    struct span host = {s.at, n};
    for (size_t i = n; i-- > 0;) {
        if (host.at[i] == '@') {
            host.at += i + 1, host.len -= i + 1;
            break;
        }
    }
    size_t end = host.len;
    while (end > 0 && host.at[end - 1] >= '0' && host.at[end - 1] <= '9') {
        end--;
    }
    if (end > 0 && host.at[end - 1] == ':') {
        host.len = end - 1;
    }
    return host;
}

/* What libidn2 would return unchanged but for case: letters, digits, hyphens where they may stand.
 */
static bool plain_label(const char *l, size_t n)
{
    if (n == 0 || n > 63 || l[0] == '-' || l[n - 1] == '-' ||
        (n > 3 && l[2] == '-' && l[3] == '-')) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!letter_or(l[i], "-0123456789")) {
            return false;
        }
    }
    return true;
}

static bool plain_host(const char *host, char *ascii)
{
    size_t len = strlen(host);
    if (len > MK_HOST_MAX) {
        return false;
    }
    for (size_t at = 0; at <= len;) {
        size_t n = strcspn(host + at, ".");
        if (!plain_label(host + at, n)) {
            return false;
        }
        at += n + 1;
    }
    for (size_t i = 0; i <= len; i++) {
        ascii[i] = (char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] | 0x20 : host[i]);
    }
    return true;
}

enum mdl_status mdl_mk_host_ascii(const struct mdl_profile *p, const char *host, char *ascii,
                                  struct mdl_error *err)
{
    if (plain_host(host, ascii)) {
        return MDL_OK;
    }
    if (!mdl_mk_text_known(p, host, strlen(host))) {
        return mdl_fail(err, MDL_U_NO_KEY,
                        "not UTF-8, or a character outside Unicode 15.0, in the host name");
    }
    char *out = NULL;
    int rc = idn2_to_ascii_8z(host, &out, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc == IDN2_MALLOC) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a host name");
    }
    if (rc != IDN2_OK) {
        return mdl_fail(err, MDL_U_NO_KEY, "no valid host name: %s", idn2_strerror(rc));
    }
    size_t len = strlen(out);
    bool fits = len <= MK_HOST_MAX && len > 0 &&
                strspn(out, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len;
    if (fits) {
        memcpy(ascii, out, len + 1);
    }
    idn2_free(out);
    return fits ? MDL_OK
                : mdl_fail(err, MDL_U_NO_KEY,
                           "a host name has letters, digits, hyphens and dots, at most %d",
                           MK_HOST_MAX - 1);
}

static bool all_digits(const char *s)
{
    return s[0] != '\0' && strspn(s, "0123456789") == strlen(s);
}

/* Rules 2 and 3 on the ASCII form. */
static enum mdl_status shape(char *host, struct mdl_error *err)
{
    size_t len = strlen(host);
    while (len > 0 && host[len - 1] == '.') {
        host[--len] = '\0';
    }
    if (strncmp(host, "www.", 4) == 0 && strchr(host + 4, '.') != NULL) {
        memmove(host, host + 4, len - 3);
    }
    const char *last = strrchr(host, '.');
    if (len > MK_HOST_MAX - 1) {
        return mdl_fail(err, MDL_U_NO_KEY, "a host name has at most %d bytes", MK_HOST_MAX - 1);
    }
    if (host[0] == '.' || strstr(host, "..") != NULL) {
        return mdl_fail(err, MDL_U_NO_KEY, "the host name has an empty label");
    }
    if (last == NULL) {
        return mdl_fail(err, MDL_U_NO_KEY, "\"%.60s\" is a single word, not a domain", host);
    }
    if (all_digits(last + 1)) {
        return mdl_fail(err, MDL_U_NO_KEY, "\"%.60s\" is an IP address, not a domain", host);
    }
    return MDL_OK;
}

enum mdl_status mdl_mk_host(const struct mdl_profile *p, const char *text, struct mk_host *out,
                            const struct mk_notes *notes, struct mdl_error *err)
{
    char raw[MK_URL_IN_MAX + 1];
    struct span s = {text, strnlen(text, MK_URL_IN_MAX + 1)};
    *out = (struct mk_host){0};
    if (s.len > MK_URL_IN_MAX) {
        return mdl_fail(err, MDL_U_NO_KEY, "longer than %d bytes", MK_URL_IN_MAX);
    }
    s = drop_scheme(trim(s));
    const char *at = mail_at(s);
    out->email = at != NULL;
    struct span host = at != NULL ? (struct span){at + 1, (size_t)(s.at + s.len - at) - 1}
                                  : authority(s, &out->has_path);
    if (host.len == 0) {
        return mdl_fail(err, MDL_U_NO_KEY, "no host name in it");
    }
    if (host.at[0] == '[') {
        return mdl_fail(err, MDL_U_NO_KEY, "an IP address, not a domain");
    }
    memcpy(raw, host.at, host.len);
    raw[host.len] = '\0';
    mdl_mk_note(notes, MDL_OK, "%s: host \"%s\"", out->email ? "e-mail address" : "website", raw);
    enum mdl_status st = mdl_mk_host_ascii(p, raw, out->host, err);
    if (st == MDL_OK) {
        st = shape(out->host, err);
    }
    if (st == MDL_OK && strcmp(raw, out->host) != 0) {
        mdl_mk_note(notes, MDL_OK, "canonical host (IDNA, lower case, without www): \"%s\"",
                    out->host);
    }
    return st;
}
