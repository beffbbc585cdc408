/* words.c: folded text to the words of a name (docs/MATCHING.md, name rules 4 and 5). The words
 * stand joined, with their starts apart: the key has no spaces, but a legal form ends only at a
 * word. May not know any legal form. */
#include "matchkey_internal.h"

#include <utf8proc.h>

enum kind { OTHER, LETTER, JOINS, VANISHES, AND };

static bool hebrew(int32_t cp)
{
    return cp >= 0x5D0 && cp <= 0x5EA;
}

static bool apostrophe(int32_t cp)
{
    switch (cp) {
    case '\'':
    case '`':
    case 0xB4:   /* acute accent used as one */
    case 0x2BB:  /* okina, Uzbek turned comma */
    case 0x2BC:  /* modifier letter apostrophe */
    case 0x2018: /* quotation marks */
    case 0x2019:
    case 0x201B:
    case 0x2032: /* prime */
    case 0x5F3:  /* Hebrew geresh and gershayim */
    case 0x5F4:
        return true;
    default:
        return false;
    }
}

static enum kind kind_of(int32_t cp)
{
    if (cp < 0x80) {
        if ((cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9')) {
            return LETTER;
        }
        return cp == '&' || cp == '+' ? AND : apostrophe(cp) ? VANISHES : OTHER;
    }
    if (apostrophe(cp)) {
        return VANISHES;
    }
    utf8proc_category_t cat = utf8proc_category(cp);
    bool word = (cat >= UTF8PROC_CATEGORY_LU && cat <= UTF8PROC_CATEGORY_LO) ||
                (cat >= UTF8PROC_CATEGORY_MN && cat <= UTF8PROC_CATEGORY_NO);
    return word ? LETTER : OTHER;
}

static bool single_letter(int32_t cp)
{
    return cp >= 0x80 ? kind_of(cp) == LETTER : cp >= 'a' && cp <= 'z';
}

static bool is_space(int32_t cp)
{
    return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0xA0;
}

/* ---- rule 4: what registers hang on to a name ---- */

static size_t trim_end(const struct mk_text *t, size_t n)
{
    while (n > 0 && is_space(t->cp[n - 1])) {
        n--;
    }
    return n;
}

static bool is_slash(int32_t cp)
{
    return cp == '/' || cp == '\\';
}

/* The code of a US state. "AC/DC" and "TCP/IP" are names: DC is left out. */
static bool is_state(const int32_t *two)
{
    static const char codes[] =
        "al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn "
        "ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri sc sd tn tx ut vt va "
        "wa wv wi wy";
    for (const char *c = codes; c[0] != '\0'; c += c[2] == '\0' ? 2 : 3) {
        if (two[0] == c[0] && two[1] == c[1]) {
            return true;
        }
    }
    return false;
}

/* What the SEC hangs on to a name: "/DE/", "\DE\", "/NEW/", and unclosed the state alone: "INC/DE".
 */
static size_t drop_state(const struct mk_text *t, size_t n)
{
    bool closed = n > 0 && is_slash(t->cp[n - 1]);
    size_t end = closed ? n - 1 : n;
    size_t at = end;
    while (at > 0 && t->cp[at - 1] >= 'a' && t->cp[at - 1] <= 'z') {
        at--;
    }
    size_t letters = end - at;
    size_t slash = trim_end(t, at);
    bool open = slash > 2 && is_slash(t->cp[slash - 1]);
    bool code = letters == 2 && is_state(t->cp + at);
    if (open && letters >= 2 && letters <= 5 && (closed || code)) {
        return trim_end(t, slash - 1);
    }
    return n;
}

static bool ends_with(const struct mk_text *t, size_t n, const char *tail)
{
    size_t len = strlen(tail);
    if (len >= n) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (t->cp[n - len + i] != tail[i]) {
            return false;
        }
    }
    return true;
}

/* "(The)", "(Class A)" at the end. */
static size_t drop_share_class(const struct mk_text *t, size_t n)
{
    if (ends_with(t, n, "(the)")) {
        return trim_end(t, n - 5);
    }
    if (n > 9 && t->cp[n - 1] == ')' && t->cp[n - 2] >= 'a' && t->cp[n - 2] <= 'z' &&
        ends_with(t, n - 2, "(class ")) {
        return trim_end(t, n - 9);
    }
    return n;
}

static size_t preclean(const struct mk_text *t)
{
    size_t n = trim_end(t, t->n), before;
    do {
        before = n;
        n = drop_share_class(t, drop_state(t, n));
    } while (n != before);
    return n;
}

/* ---- rule 5: words ---- */

static enum mdl_status begin_word(struct mk_name *o, struct mdl_error *err)
{
    if (o->n == MK_WORDS_MAX) {
        return mdl_fail(err, MDL_U_NO_KEY, "more than %d words are no name", MK_WORDS_MAX);
    }
    o->start[o->n++] = (uint16_t)o->len;
    return MDL_OK;
}

/* MK_JOINED_MAX holds four bytes for each code point, and "and" stands for one. */
static void put(struct mk_name *o, int32_t cp)
{
    o->len += (size_t)utf8proc_encode_char(cp, (utf8proc_uint8_t *)o->text + o->len);
}

/* A dot or slash between two single letters holds them together: S.p.A., A/S, d.o.o. */
static bool joins_initials(const struct mk_text *t, size_t n, size_t at)
{
    int32_t cp = t->cp[at];
    if ((cp != '.' && cp != '/') || at == 0 || at + 1 >= n) {
        return false;
    }
    bool left = single_letter(t->cp[at - 1]) && (at == 1 || kind_of(t->cp[at - 2]) == OTHER);
    bool right = single_letter(t->cp[at + 1]) &&
                 (at + 2 >= n || kind_of(t->cp[at + 2]) == OTHER || kind_of(t->cp[at + 2]) == AND);
    return left && right;
}

static enum kind kind_at(const struct mk_text *t, size_t n, size_t at)
{
    enum kind k = kind_of(t->cp[at]);
    if (k == OTHER && joins_initials(t, n, at)) {
        return JOINS;
    }
    if (t->cp[at] == '"' && at > 0 && at + 1 < n && hebrew(t->cp[at - 1]) &&
        hebrew(t->cp[at + 1])) {
        return VANISHES;
    }
    return k;
}

static enum mdl_status split(const struct mk_text *t, size_t n, struct mk_name *o,
                             struct mdl_error *err)
{
    bool inside = false;
    for (size_t i = 0; i < n; i++) {
        enum kind k = kind_at(t, n, i);
        if (k == VANISHES || k == JOINS) {
            continue;
        }
        if (k == OTHER) {
            inside = false;
            continue;
        }
        if (k == AND || !inside) {
            enum mdl_status st = begin_word(o, err);
            if (st != MDL_OK) {
                return st;
            }
        }
        inside = k == LETTER;
        if (k == AND) {
            memcpy(o->text + o->len, "and", 3);
            o->len += 3;
        } else {
            put(o, t->cp[i]);
        }
    }
    o->start[o->n] = (uint16_t)o->len;
    return MDL_OK;
}

/* One letter, by its UTF-8 length; digits are not initials. */
static bool word_is_initial(const struct mk_name *o, size_t w)
{
    size_t len = (size_t)(o->start[w + 1] - o->start[w]);
    unsigned char c = (unsigned char)o->text[o->start[w]];
    if (c < 0x80) {
        return len == 1 && c >= 'a' && c <= 'z';
    }
    return len == (c >= 0xF0 ? 4U : c >= 0xE0 ? 3U : 2U);
}

/* "S. A." and "S A": neighbouring initials become one word. Only its start is forgotten. */
static void join_initials(struct mk_name *o)
{
    size_t kept = 0;
    bool before = false;
    for (size_t w = 0; w < o->n; w++) {
        bool initial = word_is_initial(o, w);
        if (!(initial && before)) {
            o->start[kept++] = o->start[w];
        }
        before = initial;
    }
    o->n = kept;
    o->start[kept] = (uint16_t)o->len;
}

enum mdl_status mdl_mk_words_of(const struct mdl_profile *p, const char *in, size_t len,
                                struct mk_name *out, struct mdl_error *err)
{
    struct mk_text t;
    out->len = 0;
    out->n = 0;
    enum mdl_status st = mdl_mk_fold(p, in, len, &t, err);
    if (st == MDL_OK) {
        st = split(&t, preclean(&t), out, err);
    }
    if (st == MDL_OK) {
        join_initials(out);
    }
    return st;
}
