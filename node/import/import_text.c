/* import_text.c: buffers, folding and encodings for cells and labels.
 * May not know what a column means. */
#include "import_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

bool mdl_imp_buf_add(struct mdl_imp_buf *b, const char *s, size_t len)
{
    if (len >= SIZE_MAX / 2 - b->len) {
        return false;
    }
    if (b->cap - b->len <= len) {
        size_t cap = b->cap < 256 ? 256 : b->cap;
        while (cap - b->len <= len) {
            cap *= 2;
        }
        char *p = realloc(b->p, cap);
        if (p == NULL) {
            return false;
        }
        b->p = p;
        b->cap = cap;
    }
    if (len > 0) {
        memcpy(b->p + b->len, s, len);
    }
    b->len += len;
    b->p[b->len] = '\0';
    return true;
}

void mdl_imp_buf_clear(struct mdl_imp_buf *b)
{
    b->len = 0;
    if (b->p != NULL) {
        b->p[0] = '\0';
    }
}

void mdl_imp_buf_free(struct mdl_imp_buf *b)
{
    free(b->p);
    *b = (struct mdl_imp_buf){0};
}

/* Length of the white space that s begins with, 0 if none. Beyond ASCII: NO-BREAK SPACE, the EN
 * QUAD to ZERO WIDTH SPACE row, IDEOGRAPHIC SPACE, and the BOM that joined files carry inside. */
static size_t space_at(const char *s, size_t len)
{
    unsigned char c = (unsigned char)s[0];
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
        return 1;
    }
    if (c == 0xC2 && len >= 2 && (unsigned char)s[1] == 0xA0) {
        return 2;
    }
    if (len < 3) {
        return 0;
    }
    unsigned char d = (unsigned char)s[1], e = (unsigned char)s[2];
    if ((c == 0xE2 && d == 0x80 && ((e >= 0x80 && e <= 0x8B) || e == 0xAF)) ||
        (c == 0xE3 && d == 0x80 && e == 0x80) || (c == 0xEF && d == 0xBB && e == 0xBF)) {
        return 3;
    }
    return 0;
}

void mdl_imp_trim(const char **s, size_t *len)
{
    size_t n;
    while (*len > 0 && (n = space_at(*s, *len)) > 0) {
        *s += n;
        *len -= n;
    }
    for (size_t back = 1; back <= 3 && back <= *len;) {
        if (space_at(*s + *len - back, back) == back) {
            *len -= back;
            back = 1;
        } else {
            back++;
        }
    }
}

size_t mdl_imp_ascii_end(const char *s, size_t len)
{
    size_t i = 0;
    for (uint64_t word; len - i >= sizeof word; i += sizeof word) {
        memcpy(&word, s + i, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
    }
    while (i < len && (unsigned char)s[i] < 0x80) {
        i++;
    }
    return i;
}

size_t mdl_imp_utf8_bad(const char *s, size_t len)
{
    size_t i = 0;
    for (;;) {
        i += mdl_imp_ascii_end(s + i, len - i);
        if (i == len) {
            return len;
        }
        utf8proc_int32_t cp;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)s + i, (utf8proc_ssize_t)(len - i), &cp);
        if (n <= 0) {
            return i;
        }
        i += (size_t)n;
    }
}

size_t mdl_imp_utf8_put(uint32_t cp, char out[4])
{
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)cp, (utf8proc_uint8_t *)out);
}

/* 0x80..0x9F; the unassigned five map to themselves. */
static const uint16_t cp1252[32] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                    0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

bool mdl_imp_add_1252(struct mdl_imp_buf *b, const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = mdl_imp_ascii_end(s + i, len - i);
        if (!mdl_imp_buf_add(b, s + i, n)) {
            return false;
        }
        i += n;
        if (i < len) {
            unsigned char c = (unsigned char)s[i++];
            char utf8[4];
            size_t w = mdl_imp_utf8_put(c < 0xA0 ? cp1252[c - 0x80] : c, utf8);
            if (!mdl_imp_buf_add(b, utf8, w)) {
                return false;
            }
        }
    }
    return true;
}

/* Appends s with ASCII letters lowered if `lower`, and each run of white space as one space. */
static bool add_collapsed(struct mdl_imp_buf *out, const char *s, size_t len, bool lower)
{
    if (!mdl_imp_buf_add(out, s, len)) { /* room for all of it: collapsing only shortens */
        return false;
    }
    size_t w = out->len - len;
    for (size_t i = 0; i < len;) {
        size_t n = space_at(s + i, len - i);
        if (n > 0) {
            if (w > 0 && out->p[w - 1] != ' ') {
                out->p[w++] = ' ';
            }
            i += n;
            continue;
        }
        char c = s[i++];
        out->p[w++] = (char)(lower && c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    out->len = w;
    out->p[w] = '\0';
    return true;
}

bool mdl_imp_fold(const char *s, size_t len, struct mdl_imp_buf *out)
{
    mdl_imp_buf_clear(out);
    mdl_imp_trim(&s, &len);
    if (mdl_imp_ascii_end(s, len) == len) {
        return add_collapsed(out, s, len, true);
    }
    utf8proc_uint8_t *folded = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)len, &folded,
                                      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
    if (n == UTF8PROC_ERROR_NOMEM) {
        return false;
    }
    if (n < 0) {
        return add_collapsed(out, s, len, true);
    }
    bool ok = add_collapsed(out, (const char *)folded, (size_t)n, false);
    free(folded);
    return ok;
}

bool mdl_imp_is_true(const char *s)
{
    static const char *const yes[] = {"true", "1",   "yes",  "y",   "t",         "x",
                                      "si",   "sí",  "ja",   "oui", "verdadero", "wahr",
                                      "vrai", "sim", "vero", "Sí",  "SÍ"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (strcasecmp(s, yes[i]) == 0) {
            return true;
        }
    }
    return false;
}
