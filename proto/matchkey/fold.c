/* fold.c: text to the form in which two spellings of one name are equal (docs/MATCHING.md, name
 * rules 1 to 3). May not know what a company is. */
#include "matchkey_internal.h"

#include <stdlib.h>
#include <utf8proc.h>

#define REPLACEMENT_CHARACTER 0xFFFD
#define TRADE_MARK            0x2122 /* NFKC makes these the letters "tm" and "sm" */
#define SERVICE_MARK          0x2120

bool mdl_mk_assigned(const struct mdl_profile *p, int32_t cp)
{
    size_t lo = 0, hi = p->n_assigned;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (cp < p->assigned[mid].first) {
            hi = mid;
        } else if (cp > p->assigned[mid].last) {
            lo = mid + 1;
        } else {
            return true;
        }
    }
    return false;
}

static bool is_ascii(const char *in, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)in[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* The next code point of in[*at..len), or -1 if the bytes are no UTF-8. */
static int32_t next(const char *in, size_t len, size_t *at)
{
    utf8proc_int32_t cp = -1;
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)in + *at, (utf8proc_ssize_t)(len - *at), &cp);
    if (n <= 0) {
        return -1;
    }
    *at += (size_t)n;
    return cp;
}

bool mdl_mk_text_known(const struct mdl_profile *p, const char *in, size_t len)
{
    for (size_t at = 0; at < len;) {
        int32_t cp = next(in, len, &at);
        if (cp < 0 || !mdl_mk_assigned(p, cp)) {
            return false;
        }
    }
    return true;
}

/* Refuses what must not reach the library, and drops what compatibility mapping would turn into
 * letters nobody wrote. */
static enum mdl_status screen(const struct mdl_profile *p, const char *in, size_t len, char *clean,
                              size_t *clean_len, struct mdl_error *err)
{
    *clean_len = 0;
    for (size_t at = 0; at < len;) {
        size_t from = at;
        int32_t cp = next(in, len, &at);
        if (cp < 0) {
            return mdl_fail(err, MDL_U_NO_KEY, "byte %zu is not valid UTF-8", from + 1);
        }
        if (cp == REPLACEMENT_CHARACTER) {
            return mdl_fail(err, MDL_U_NO_KEY, "the text is damaged (U+FFFD at byte %zu)",
                            from + 1);
        }
        if (!mdl_mk_assigned(p, cp)) {
            return mdl_fail(err, MDL_U_NO_KEY,
                            "U+%04X is no character of Unicode 15.0, which this profile knows",
                            (unsigned)cp);
        }
        if (cp != TRADE_MARK && cp != SERVICE_MARK) {
            memcpy(clean + *clean_len, in + from, at - from);
            *clean_len += at - from;
        }
    }
    return MDL_OK;
}

/* Marks may go only where they decorate a letter that stands without them: after Latin, Greek and
 * Cyrillic letters. Elsewhere (Devanagari, Thai, Hangul) they are part of the spelling. */
static bool sheds_marks(int32_t cp)
{
    return (cp >= 'a' && cp <= 'z') || (cp >= 0xAA && cp <= 0x2AF) ||
           (cp >= 0x370 && cp <= 0x52F) || (cp >= 0x1C80 && cp <= 0x1C8F) ||
           (cp >= 0x1D00 && cp <= 0x1DBF) || (cp >= 0x1E00 && cp <= 0x1FFF) ||
           (cp >= 0x2C60 && cp <= 0x2C7F) || (cp >= 0xA640 && cp <= 0xA69F) ||
           (cp >= 0xA720 && cp <= 0xA7FF);
}

static const struct mk_letter *letter(const struct mdl_profile *p, int32_t cp)
{
    size_t lo = 0, hi = p->n_letters;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (p->letters[mid].from == cp) {
            return &p->letters[mid];
        }
        if (p->letters[mid].from < cp) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return NULL;
}

static size_t strip_marks(const int32_t *in, size_t n, int32_t *out)
{
    size_t kept = 0;
    bool shed = false;
    for (size_t i = 0; i < n; i++) {
        utf8proc_category_t cat = utf8proc_category(in[i]);
        if (cat == UTF8PROC_CATEGORY_MN || cat == UTF8PROC_CATEGORY_ME) {
            if (shed) {
                continue;
            }
        } else {
            shed = sheds_marks(in[i]);
        }
        out[kept++] = in[i];
    }
    return kept;
}

static enum mdl_status map_letters(const struct mdl_profile *p, const int32_t *in, size_t n,
                                   struct mk_text *out, struct mdl_error *err)
{
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        const struct mk_letter *l = in[i] < 0x80 ? NULL : letter(p, in[i]);
        const char *to = l != NULL ? l->to : "";
        size_t len = l != NULL ? strlen(to) : 1;
        if (len > MK_CP_MAX - out->n) {
            return mdl_fail(err, MDL_U_NO_KEY, "the text is too long to be a name");
        }
        for (size_t k = 0; k < len; k++) {
            out->cp[out->n++] = l != NULL ? to[k] : in[i];
        }
    }
    return MDL_OK;
}

static enum mdl_status fold_unicode(const struct mdl_profile *p, const char *in, size_t len,
                                    struct mk_text *out, struct mdl_error *err)
{
    char clean[MK_NAME_IN_MAX];
    size_t clean_len = 0;
    enum mdl_status st = screen(p, in, len, clean, &clean_len, err);
    if (st != MDL_OK) {
        return st;
    }
    /* Decompose here and compose after the marks are gone: composing first would hide them. */
    const utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
                                  UTF8PROC_CASEFOLD | UTF8PROC_IGNORE | UTF8PROC_REJECTNA;
    utf8proc_int32_t cps[MK_CP_MAX];
    utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)clean,
                                            (utf8proc_ssize_t)clean_len, cps, MK_CP_MAX, how);
    if (n < 0) {
        return mdl_fail(err, MDL_U_NO_KEY, "utf8proc: %s", utf8proc_errmsg(n));
    }
    if (n > MK_CP_MAX) {
        return mdl_fail(err, MDL_U_NO_KEY, "the text is too long to be a name");
    }
    size_t kept = strip_marks(cps, (size_t)n, cps);
    n = utf8proc_normalize_utf32(cps, (utf8proc_ssize_t)kept, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (n < 0) {
        return mdl_fail(err, MDL_U_NO_KEY, "utf8proc: %s", utf8proc_errmsg(n));
    }
    return map_letters(p, cps, (size_t)n, out, err);
}

enum mdl_status mdl_mk_fold(const struct mdl_profile *p, const char *in, size_t len,
                            struct mk_text *out, struct mdl_error *err)
{
    if (len > MK_NAME_IN_MAX) {
        return mdl_fail(err, MDL_U_NO_KEY, "%zu bytes are too long to be a name (at most %d)", len,
                        MK_NAME_IN_MAX);
    }
    if (!is_ascii(in, len)) {
        return fold_unicode(p, in, len, out, err);
    }
    out->n = len;
    for (size_t i = 0; i < len; i++) {
        out->cp[i] = in[i] >= 'A' && in[i] <= 'Z' ? in[i] - 'A' + 'a' : in[i];
    }
    return MDL_OK;
}
