/* import_text.h: what a cell or label needs: growing buffers, folding, UTF-8, Windows-1252,
 * numbers. Pure functions; a `false` from one that takes a buffer means no memory. */
#ifndef MANDORLA_IMPORT_TEXT_H
#define MANDORLA_IMPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Start with {0}; free with mdl_imp_buf_free. `p` is always NUL-terminated after an add. */
struct mdl_imp_buf {
    char *p;
    size_t len, cap;
};

bool mdl_imp_buf_add(struct mdl_imp_buf *b, const char *s, size_t len);
void mdl_imp_buf_clear(struct mdl_imp_buf *b);
void mdl_imp_buf_free(struct mdl_imp_buf *b);

/* Narrows *s, *len to what is left without outer white space (ASCII, no-break, zero-width). */
void mdl_imp_trim(const char **s, size_t *len);

/* The form in which labels, names and rule values are compared: trimmed, inner white space as one
 * space, NFC, case folded. Appended to nothing: `out` is cleared first. Text that is not UTF-8 is
 * folded as ASCII. */
bool mdl_imp_fold(const char *s, size_t len, struct mdl_imp_buf *out);

/* Offset of the first byte that is not part of well-formed UTF-8 (RFC 3629), or len. */
size_t mdl_imp_utf8_bad(const char *s, size_t len);
/* Offset of the first byte above 0x7F, or len. */
size_t mdl_imp_ascii_end(const char *s, size_t len);
/* Appends Windows-1252 as UTF-8. The five bytes without a character become the C1 control of the
 * same number, as web browsers do. */
bool mdl_imp_add_1252(struct mdl_imp_buf *b, const char *s, size_t len);
/* Writes one code point as UTF-8; returns 1..4. */
size_t mdl_imp_utf8_put(uint32_t cp, char out[4]);

/* Reads a number as CRMs and people write it ("12000", "1.0E7", "USD 1,234.50", "1.234,50 EUR",
 * "(12)"), in hundredths, rounded half away from zero. `decimal` says what a lone separator is:
 * '.' or ','. False if it is no number or does not fit. */
bool mdl_imp_number(const char *s, char decimal, int64_t *hundredths);

/* Reads the day that text begins with, as ISO 8601 writes it ("2026-10-13", "2026-10-13T09:30Z"),
 * as a number that orders days. False if it begins with none. */
bool mdl_imp_date(const char *s, int64_t *day);

/* "true", "1", "yes", "y" and their like in the languages HubSpot exports in. */
bool mdl_imp_is_true(const char *s);

#endif
