/* record.h: canonical MessagePack (PROTOCOL 2) between bytes and C structs, driven by tables.
 *
 * A record is an array with a fixed number of fields. `struct mdl_record` says, field by field,
 * what it is, how large it may be and where it stands in the C struct; the same table decodes,
 * encodes and prints. Messages, agreements, receipts and log entries are all records.
 *
 * Pure functions without state: any thread. Nothing here holds a secret.
 */
#ifndef MANDORLA_RECORD_H
#define MANDORLA_RECORD_H

#include "wire.h"

#define MDL_WIRE_DEPTH 4 /* arrays within arrays, PROTOCOL 2.2 */

enum mdl_kind {
    MDL_K_VERSION, /* integer that must be `max`; stands nowhere in the struct */
    MDL_K_UINT,    /* uint8_t ... uint64_t by `step` = its bytes; `min`..`max` */
    MDL_K_BOOL,    /* bool */
    MDL_K_FIX,     /* const uint8_t *: a view of exactly `max` bytes */
    MDL_K_BYTES,   /* uint8_t[max], copied */
    MDL_K_BIN,     /* struct mdl_bytes: a view of min..max bytes, a multiple of `step` */
    MDL_K_TEXT,    /* struct mdl_text: a view of min..max bytes */
    MDL_K_STR,     /* char[max + 1], copied, NUL-terminated, min..max bytes */
    MDL_K_LIST,    /* struct mdl_list: min..max binaries of exactly `step` bytes */
    MDL_K_ARRAY, /* min..max `item`s in place, `step` bytes apart; their number: size_t at count_at
                  */
    MDL_K_RECORD /* a record in place */
};

struct mdl_record;

struct mdl_field {
    const char *name;
    enum mdl_kind kind;
    size_t at; /* offset in the struct (of the first item for an array) */
    uint64_t min;
    uint64_t max;
    size_t step;
    size_t count_at;
    const struct mdl_field *item;
    const struct mdl_record *record;
};

struct mdl_record {
    const char *name; /* for error texts: "COMMIT", "agreement" */
    const struct mdl_field *fields;
    size_t n;
};

/* Checks the canonical form of PROTOCOL 2.1 and 2.2 over the whole of buf: one value, shortest
 * forms, every count within the bytes that remain, depth, clean UTF-8, nothing after it. Allocates
 * nothing. `what` begins the text. Error: MDL_P_MALFORMED with the byte offset. */
MDL_MUST_CHECK enum mdl_status mdl_canonical_check(const uint8_t *buf, size_t len, const char *what,
                                                   struct mdl_error *err);

/* Valid UTF-8 (no surrogates, no overlong forms) without the characters PROTOCOL 2.1 refuses:
 * controls, line separators, and the marks that turn the direction of text. */
bool mdl_text_clean(const char *s, size_t len);

/* "2026-11-22 04:46:05 UTC", with milliseconds if there are any, for milliseconds since 1970. */
#define MDL_TEXT_TIME 40
void mdl_text_time(uint64_t ms, char out[MDL_TEXT_TIME]);

/* Decodes one whole document of at most max_len bytes into the struct the table describes, which
 * is zeroed first. Views point into buf. Errors: MDL_P_MALFORMED, MDL_P_OVERSIZE, MDL_P_VERSION
 * (told before any other difference of the fields), MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_record_decode(const struct mdl_record *r, const uint8_t *buf,
                                                 size_t len, size_t max_len, void *out,
                                                 size_t out_size, struct mdl_error *err);

/* Encodes into buf of cap bytes; with buf == NULL only counts (cap still bounds it). Error: MDL_BUG
 * (a value outside its table, or more than cap bytes). */
MDL_MUST_CHECK enum mdl_status mdl_record_encode(const struct mdl_record *r, const void *in,
                                                 uint8_t *buf, size_t cap, size_t *len,
                                                 struct mdl_error *err);

#endif
