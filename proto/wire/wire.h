/* wire.h: the messages of PROTOCOL 4 to 8 between bytes and C structs.
 *
 * One struct per message, `struct mdl_msg_commit` and so on, made from messages.def. Decoding is
 * table-driven and bounded: the canonical form (PROTOCOL 2) is checked before anything is
 * allocated. A decoded message *points into the caller's buffer*: it lives no longer than those
 * bytes, and there is nothing to free.
 *
 * Pure functions without state: any thread.
 */
#ifndef MANDORLA_WIRE_H
#define MANDORLA_WIRE_H

#include <mandorla/status.h>
#include <stdbool.h>

#define MDL_WIRE_VERSION 1
#define MDL_MESSAGE_MAX  262144 /* bytes of one message, PROTOCOL 2.3 */
#define MDL_ROUND_BYTES  16
#define MDL_WIRE_SMALL   32 /* most elements of an array of strings or profiles */

/* Views: pointer and length, not owned, text not NUL-terminated (it is valid UTF-8 without control
 * characters once decoded). An empty view may have p == NULL. */
struct mdl_bytes {
    const uint8_t *p;
    size_t len;
};
struct mdl_text {
    const char *p;
    size_t len;
};
struct mdl_texts {
    size_t n;
    struct mdl_text at[MDL_WIRE_SMALL];
};
/* `count` items of one size (the table names it), `stride` bytes apart. On the wire each item has a
 * header before it, so a decoded list has a larger stride than the packed array one encodes from
 * (stride = size of the item). Read with mdl_list_at. */
struct mdl_list {
    const uint8_t *first;
    size_t count;
    size_t stride;
};
struct mdl_profile_ref {
    struct mdl_text id;
    const uint8_t *digest; /* 32 bytes */
};
struct mdl_profile_refs {
    size_t n;
    struct mdl_profile_ref at[MDL_WIRE_SMALL];
};

/* Item i of a list, i < l->count. */
static inline const uint8_t *mdl_list_at(const struct mdl_list *l, size_t i)
{
    return l->first + i * l->stride;
}
/* View of a NUL-terminated string. */
struct mdl_text mdl_text_of(const char *s);
/* View of the longest beginning of `s` that may cross the wire as a field of at most max bytes: cut
 * between characters, and before anything that is not clean UTF-8. For reasons and abort texts. */
struct mdl_text mdl_text_clip(const char *s, size_t max);
/* Whether a view has exactly the bytes of a NUL-terminated string. Not constant-time. */
bool mdl_text_is(const struct mdl_text *t, const char *s);

/* struct mdl_msg_<name>: a field of MDL_F_FIX is a pointer to exactly that many bytes. */
#define MDL_MESSAGE(NAME, name, number, cls) struct mdl_msg_##name {
#define MDL_F_UINT(m, field, bits)           uint##bits##_t field;
#define MDL_F_BOOL(m, field)                 bool field;
#define MDL_F_FIX(m, field, n)               const uint8_t *field;
#define MDL_F_BIN(m, field, min, max, step)  struct mdl_bytes field;
#define MDL_F_STR(m, field, max)             struct mdl_text field;
#define MDL_F_STRS(m, field, min, max, len)  struct mdl_texts field;
#define MDL_F_LIST(m, field, min, max, n)    struct mdl_list field;
#define MDL_F_PROFILES(m, field, min, max)   struct mdl_profile_refs field;
#define MDL_MESSAGE_END(NAME, name)                                                                \
    }                                                                                              \
    ;
#include "messages.def"

/* MDL_MSG_COMMIT = 17, ... */
#define MDL_MESSAGE(NAME, name, number, cls) MDL_MSG_##NAME = number,
enum mdl_msg_type {
#include "messages.def"
};

/* What the envelope of a message may carry; see messages.def. */
enum mdl_msg_class { MDL_MSG_NODE, MDL_MSG_SETUP, MDL_MSG_LINK, MDL_MSG_ROUND };

struct mdl_msg {
    enum mdl_msg_type type;
    uint8_t round[MDL_ROUND_BYTES];
    uint32_t seq;
    uint32_t ack;
    union {
#define MDL_MESSAGE(NAME, name, number, cls) struct mdl_msg_##name name;
#include "messages.def"
    } body;
};

/* Decodes one message, envelope included. `out` is written fully on success and undefined else; it
 * points into buf. The text names the message, the field and the byte offset.
 * Errors, all of the partner's making, so abort with the code:
 *   MDL_P_OVERSIZE   more than MDL_MESSAGE_MAX bytes, or a field above its maximum
 *   MDL_P_VERSION    canonical, but the envelope's version is not MDL_WIRE_VERSION
 *   MDL_P_MALFORMED  anything else: not canonical, wrong kind or number of fields, a type this
 *                    version does not have, an envelope that does not fit the message's class
 * and MDL_L_MEMORY (local: drop the connection, not the round's data). */
MDL_MUST_CHECK enum mdl_status mdl_msg_decode(const uint8_t *buf, size_t len, struct mdl_msg *out,
                                              struct mdl_error *err);

/* Encodes canonically. The first allocates *out with malloc (the caller frees it); the second
 * writes into buf of cap bytes. The result is never longer than MDL_MESSAGE_MAX. The same bytes
 * decode to the same message and the reverse.
 * Errors: MDL_BUG (the message breaks its own table, or `cap` is too small: the text says which
 * field), MDL_L_MEMORY (first form only). *out is NULL on error. */
MDL_MUST_CHECK enum mdl_status mdl_msg_encode(const struct mdl_msg *m, uint8_t **out, size_t *len,
                                              struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_msg_encode_into(const struct mdl_msg *m, uint8_t *buf,
                                                   size_t cap, size_t *len, struct mdl_error *err);

/* "SLICE round=1f0c33a9 seq=7 ack=6 g=0 j=3 positions=512B ..." for a log: never the content of a
 * binary field. NUL-terminated, cut to cap (cap >= 1). Returns the length written. */
size_t mdl_msg_print(const struct mdl_msg *m, char *buf, size_t cap);

/* "COMMIT"; "UNKNOWN" for a number that is not in the table. */
const char *mdl_msg_name(uint8_t type);
bool mdl_msg_known(uint8_t type);
/* The class of a known type; MDL_MSG_NODE for an unknown one. */
enum mdl_msg_class mdl_msg_class_of(uint8_t type);

/* The table, for documentation, tests and fuzz seeds: the type numbers in ascending order, ... */
size_t mdl_msg_count(void);
uint8_t mdl_msg_type_at(size_t i); /* i < mdl_msg_count() */
/* ... and one row of MESSAGES.md: "| 17 | COMMIT | round | g u8, n u32, ... |". NUL-terminated, cut
 * to cap. Returns the length written. */
size_t mdl_msg_describe(uint8_t type, char *buf, size_t cap);

#endif
