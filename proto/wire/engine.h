/* engine.h: the steps of record.h that messages share, because a record stands inside an envelope.
 * Private to this room.
 */
#ifndef MANDORLA_WIRE_ENGINE_H
#define MANDORLA_WIRE_ENGINE_H

#include "record.h"

#include <msgpack.h>

/* Size, canonical form, then msgpack-c into an initialised `u` (destroyed by the caller in any
 * case). Errors as mdl_record_decode. */
MDL_MUST_CHECK enum mdl_status mdl_wire_unpack(const uint8_t *buf, size_t len, size_t max_len,
                                               const char *what, msgpack_unpacked *u,
                                               struct mdl_error *err);

/* Where a decoder stands: the path of indices from the outermost array, for the error text. */
struct mdl_decoder {
    const char *what;
    const uint8_t *buf;
    size_t len;
    size_t path[MDL_WIRE_DEPTH];
    size_t depth;
    struct mdl_error *err;
};

/* Fills `status` with "<what>.<field>[index] at byte N: <text>". `f` may be NULL. */
enum mdl_status mdl_decoder_fail(const struct mdl_decoder *d, enum mdl_status status,
                                 const struct mdl_field *f, const char *fmt, ...) MDL_PRINTF(4, 5);
/* One field from one value; a whole record (kind, version, number of fields, each field). */
MDL_MUST_CHECK enum mdl_status mdl_field_fill(struct mdl_decoder *d, const struct mdl_field *f,
                                              const msgpack_object *o, uint8_t *base);
MDL_MUST_CHECK enum mdl_status mdl_record_fill(struct mdl_decoder *d, const struct mdl_record *r,
                                               const msgpack_object *o, uint8_t *base);
/* Byte offset of the value at a path of a canonical document. */
size_t mdl_canonical_offset(const uint8_t *buf, size_t len, const size_t *path, size_t depth);

/* A bounded destination for msgpack_packer. */
struct mdl_sink {
    uint8_t *buf; /* NULL: count only */
    size_t cap;
    size_t len;
};
int mdl_sink_write(void *sink, const char *p, size_t n);
MDL_MUST_CHECK enum mdl_status mdl_record_pack(msgpack_packer *pk, const struct mdl_record *r,
                                               const uint8_t *base, struct mdl_error *err);

/* The body of a message as a record; NULL for an unknown type. */
const struct mdl_record *mdl_msg_record(uint8_t type);

#endif
