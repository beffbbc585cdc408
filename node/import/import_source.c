/* import_source.c: bytes to text: byte-order marks, UTF-16, the choice between UTF-8 and 1252.
 * May not know rows or cells. */
#include "import_source.h"

#include <string.h>

void mdl_imp_source_begin(struct mdl_imp_source *s, enum mdl_import_encoding encoding,
                          char delimiter)
{
    s->encoding = encoding;
    s->delimiter = delimiter;
    s->skip_line = s->started = false;
    s->half = 0;
    s->n = 0;
    mdl_imp_buf_clear(&s->wide);
}

void mdl_imp_source_free(struct mdl_imp_source *s)
{
    mdl_imp_buf_free(&s->wide);
}

/* Files people pick by mistake, by their first bytes. */
static enum mdl_status refuse_binary(const char *b, size_t n, struct mdl_error *err)
{
    static const struct {
        const char *magic;
        size_t len;
        const char *what;
    } kinds[] = {
        {"PK\x03\x04", 4, "an Excel workbook (.xlsx) or a ZIP archive"},
        {"\xD0\xCF\x11\xE0", 4, "an old Excel workbook (.xls)"},
        {"\x1F\x8B", 2, "a gzip archive"},
        {"%PDF-", 5, "a PDF document"},
        {"SQLite format 3", 15, "a database"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (n >= kinds[i].len && memcmp(b, kinds[i].magic, kinds[i].len) == 0) {
            return mdl_fail(err, MDL_U_CSV,
                            "this is %s, not a text table; export or save it as CSV (UTF-8)",
                            kinds[i].what);
        }
    }
    return MDL_OK;
}

/* Reads the byte-order mark. Without one, UTF-16 still shows by its zero bytes: a header begins
 * with two letters. Returns how many bytes the mark takes. */
static size_t read_mark(struct mdl_imp_source *s)
{
    const unsigned char *b = (const unsigned char *)s->block;
    bool detect = s->encoding == MDL_ENCODING_AUTO;
    if (s->n >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF) {
        s->encoding = detect ? MDL_ENCODING_UTF8 : s->encoding;
        return 3;
    }
    if (s->n >= 2 && b[0] == 0xFF && b[1] == 0xFE) {
        s->encoding = detect ? MDL_ENCODING_UTF16LE : s->encoding;
        return 2;
    }
    if (s->n >= 2 && b[0] == 0xFE && b[1] == 0xFF) {
        s->encoding = detect ? MDL_ENCODING_UTF16BE : s->encoding;
        return 2;
    }
    if (!detect) {
        return 0;
    }
    s->encoding = MDL_ENCODING_ASCII;
    if (s->n >= 4 && b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0) {
        s->encoding = MDL_ENCODING_UTF16LE;
    } else if (s->n >= 4 && b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0) {
        s->encoding = MDL_ENCODING_UTF16BE;
    }
    return 0;
}

/* More well-formed UTF-8 characters than stray bytes: UTF-8. Windows-1252 text hardly ever forms
 * them by chance ("NESTLÉ®" does, once), and one damaged row should not turn a UTF-8 file into
 * 1252. */
static enum mdl_import_encoding judge(const char *s, size_t len, bool last)
{
    size_t good = 0, bad = 0;
    for (size_t i = 0; i < len;) {
        i += mdl_imp_ascii_end(s + i, len - i);
        if (i == len || (len - i < 4 && !last)) {
            break; /* a character may be cut by the end of the block */
        }
        size_t stop = i + mdl_imp_utf8_bad(s + i, len - i < 4 ? len - i : 4);
        if (stop == i) {
            bad++;
            i++;
            continue;
        }
        good++;
        for (i++; i < len && ((unsigned char)s[i] & 0xC0) == 0x80; i++) {
        }
    }
    return bad == 0 || good > bad ? MDL_ENCODING_UTF8 : MDL_ENCODING_WINDOWS_1252;
}

static bool put_unit(struct mdl_imp_source *s, uint32_t unit)
{
    char utf8[4];
    if (s->half != 0) {
        uint32_t high = s->half;
        s->half = 0;
        if (unit >= 0xDC00 && unit <= 0xDFFF) {
            uint32_t cp = 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00);
            return mdl_imp_buf_add(&s->wide, utf8, mdl_imp_utf8_put(cp, utf8));
        }
        if (!mdl_imp_buf_add(&s->wide, "\xFF", 1)) {
            return false;
        }
    }
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        s->half = unit;
        return true;
    }
    if (unit >= 0xDC00 && unit <= 0xDFFF) {
        return mdl_imp_buf_add(&s->wide, "\xFF", 1);
    }
    return mdl_imp_buf_add(&s->wide, utf8, mdl_imp_utf8_put(unit, utf8));
}

/* Converts the block's whole code units into `wide`; keeps an odd byte in the block. */
static enum mdl_status widen(struct mdl_imp_source *s, bool last, struct mdl_error *err)
{
    const unsigned char *b = (const unsigned char *)s->block;
    size_t hi = s->encoding == MDL_ENCODING_UTF16LE, i = 0;
    bool ok = true;
    mdl_imp_buf_clear(&s->wide);
    for (; ok && s->n - i >= 2; i += 2) {
        ok = put_unit(s, (uint32_t)b[i + hi] << 8 | b[i + 1 - hi]);
    }
    if (ok && last && (s->half != 0 || i < s->n)) {
        ok = mdl_imp_buf_add(&s->wide, "\xFF", 1);
        s->half = 0;
        i = s->n;
    }
    memmove(s->block, s->block + i, s->n - i);
    s->n -= i;
    return ok ? MDL_OK : mdl_fail(err, MDL_L_MEMORY, "no memory to convert UTF-16");
}

static enum mdl_status put_text(struct mdl_imp_source *s, const char *text, size_t len,
                                struct mdl_error *err)
{
    if (s->delimiter == 0) {
        s->delimiter = mdl_imp_delimiter(text, len, &s->skip_line);
    }
    return len > 0 ? s->text(s->ctx, text, len, err) : MDL_OK;
}

/* Sends out what of the block can go; at least half of a full block becomes free. */
static enum mdl_status flush(struct mdl_imp_source *s, bool last, struct mdl_error *err)
{
    if (!s->started) {
        s->started = true;
        enum mdl_status st = refuse_binary(s->block, s->n, err);
        if (st != MDL_OK) {
            return st;
        }
        size_t mark = read_mark(s);
        s->n -= mark;
        memmove(s->block, s->block + mark, s->n);
        bool wide = s->encoding == MDL_ENCODING_UTF16LE || s->encoding == MDL_ENCODING_UTF16BE;
        if (!wide && s->delimiter == 0) {
            s->delimiter = mdl_imp_delimiter(s->block, s->n, &s->skip_line);
        }
    }
    if (s->encoding == MDL_ENCODING_UTF16LE || s->encoding == MDL_ENCODING_UTF16BE) {
        enum mdl_status st = widen(s, last, err);
        return st == MDL_OK ? put_text(s, s->wide.p != NULL ? s->wide.p : "", s->wide.len, err)
                            : st;
    }
    size_t len = s->n;
    if (s->encoding == MDL_ENCODING_ASCII) {
        size_t high = mdl_imp_ascii_end(s->block, s->n);
        if (high < s->n && (high == 0 || last)) {
            s->encoding = judge(s->block + high, s->n - high, last);
        } else {
            len = high; /* the rest waits until a whole block from its first high byte is here */
        }
    }
    enum mdl_status st = put_text(s, s->block, len, err);
    s->n -= len;
    memmove(s->block, s->block + len, s->n);
    return st;
}

enum mdl_status mdl_imp_source_feed(struct mdl_imp_source *s, const char *data, size_t len,
                                    struct mdl_error *err)
{
    while (len > 0) {
        size_t room = sizeof s->block - s->n;
        size_t take = len < room ? len : room;
        memcpy(s->block + s->n, data, take);
        s->n += take;
        data += take;
        len -= take;
        if (s->n == sizeof s->block) {
            enum mdl_status st = flush(s, false, err);
            if (st != MDL_OK) {
                return st;
            }
        }
    }
    return MDL_OK;
}

enum mdl_status mdl_imp_source_end(struct mdl_imp_source *s, struct mdl_error *err)
{
    return flush(s, true, err);
}
