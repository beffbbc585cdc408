/* message.c: the table of messages as records, and the envelope around them (PROTOCOL 4.1).
 * May not: know what a message means or when it may come. */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

#define FIELD(m, f, k) .name = #f, .kind = MDL_K_##k, .at = offsetof(struct mdl_msg_##m, f)
#define ITEMS(m, f)                                                                                \
    .name = #f, .kind = MDL_K_ARRAY, .at = offsetof(struct mdl_msg_##m, f.at),                     \
    .count_at = offsetof(struct mdl_msg_##m, f.n)

static const struct mdl_field profile_fields[] = {
    {.name = "id", .kind = MDL_K_TEXT, .at = offsetof(struct mdl_profile_ref, id), .max = 32},
    {.name = "digest",
     .kind = MDL_K_FIX,
     .at = offsetof(struct mdl_profile_ref, digest),
     .max = 32},
};
static const struct mdl_record profile_record = {"[id str32, digest bin32]", profile_fields, 2};
static const struct mdl_field profile_item = {
    .name = "profiles", .kind = MDL_K_RECORD, .record = &profile_record};

#define MDL_F_STRS(m, f, lo, hi, len)                                                              \
    _Static_assert((hi) <= MDL_WIRE_SMALL, #m "." #f " has no room");                              \
    static const struct mdl_field m##_##f##_item = {.name = #f, .kind = MDL_K_TEXT, .max = len};
#include "messages.def"

#define MDL_MESSAGE(NAME, name, number, cls) static const struct mdl_field name##_fields[] = {
#define MDL_F_UINT(m, f, bits)               {FIELD(m, f, UINT), .max = UINT##bits##_MAX, .step = (bits) / 8},
#define MDL_F_BOOL(m, f)                     {FIELD(m, f, BOOL)},
#define MDL_F_FIX(m, f, n)                   {FIELD(m, f, FIX), .max = n},
#define MDL_F_BIN(m, f, lo, hi, by)          {FIELD(m, f, BIN), .min = lo, .max = hi, .step = by},
#define MDL_F_STR(m, f, hi)                  {FIELD(m, f, TEXT), .max = hi},
#define MDL_F_STRS(m, f, lo, hi, len)                                                              \
    {ITEMS(m, f), .min = lo, .max = hi, .step = sizeof(struct mdl_text), .item = &m##_##f##_item},
#define MDL_F_LIST(m, f, lo, hi, n) {FIELD(m, f, LIST), .min = lo, .max = hi, .step = n},
#define MDL_F_PROFILES(m, f, lo, hi)                                                               \
    {ITEMS(m, f), .min = lo, .max = hi, .step = sizeof(struct mdl_profile_ref),                    \
     .item = &profile_item},
#define MDL_MESSAGE_END(NAME, name)                                                                \
    }                                                                                              \
    ;
#include "messages.def"

static const struct row {
    uint8_t type;
    enum mdl_msg_class cls;
    struct mdl_record record;
} rows[] = {
#define MDL_MESSAGE(NAME, name, number, cls)                                                       \
    {number, MDL_MSG_##cls, {#NAME, name##_fields, sizeof name##_fields / sizeof name##_fields[0]}},
#include "messages.def"
};

/* The first five fields of the envelope; the sixth is the body. */
struct envelope {
    uint8_t type;
    uint8_t round[MDL_ROUND_BYTES];
    uint32_t seq;
    uint32_t ack;
};
#define ENVELOPE_FIELD(f, k) .name = #f, .kind = MDL_K_##k, .at = offsetof(struct envelope, f)
static const struct mdl_field envelope_fields[] = {
    {.name = "version", .kind = MDL_K_VERSION, .max = MDL_WIRE_VERSION},
    {ENVELOPE_FIELD(type, UINT), .max = UINT8_MAX, .step = 1},
    {ENVELOPE_FIELD(round, BYTES), .max = MDL_ROUND_BYTES},
    {ENVELOPE_FIELD(seq, UINT), .max = UINT32_MAX, .step = 4},
    {ENVELOPE_FIELD(ack, UINT), .max = UINT32_MAX, .step = 4},
};
enum { ENVELOPE_HEAD = sizeof envelope_fields / sizeof envelope_fields[0] };

static const struct row *find(uint8_t type)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].type == type) {
            return &rows[i];
        }
    }
    return NULL;
}

/* What of the envelope does not fit the class, or NULL. */
static const char *misfit(enum mdl_msg_class cls, const struct envelope *e)
{
    static const uint8_t zero[MDL_ROUND_BYTES];
    bool no_round = memcmp(e->round, zero, sizeof zero) == 0;

    if ((cls == MDL_MSG_NODE) != no_round) {
        return no_round ? "a message of a round without a round id"
                        : "a message outside a round with a round id";
    }
    if (cls == MDL_MSG_ROUND) {
        return e->seq == 0 ? "content with seq 0" : NULL;
    }
    if (e->seq != 0) {
        return "a message that is not content with a seq";
    }
    return cls != MDL_MSG_LINK && e->ack != 0 ? "a message outside the link with an ack" : NULL;
}

static enum mdl_status fill_envelope(struct mdl_decoder *d, const msgpack_object *o,
                                     struct envelope *e)
{
    size_t n = o->type == MSGPACK_OBJECT_ARRAY ? o->via.array.size : 0;

    if (n == 0) {
        return mdl_decoder_fail(d, MDL_P_MALFORMED, NULL, "not an envelope");
    }
    /* The version comes first: a later one may have other fields. */
    for (size_t i = 0; i < ENVELOPE_HEAD && (i == 0 || n == ENVELOPE_HEAD + 1); i++) {
        d->path[0] = i;
        d->depth = 1;
        enum mdl_status st =
            mdl_field_fill(d, &envelope_fields[i], &o->via.array.ptr[i], (uint8_t *)e);
        if (st != MDL_OK) {
            return st;
        }
    }
    d->depth = 0;
    if (n != ENVELOPE_HEAD + 1) {
        return mdl_decoder_fail(d, MDL_P_MALFORMED, NULL, "an envelope has %d fields, not %zu",
                                ENVELOPE_HEAD + 1, n);
    }
    return MDL_OK;
}

static enum mdl_status fill_message(struct mdl_decoder *d, const msgpack_object *o,
                                    struct mdl_msg *out)
{
    struct envelope e = {0};
    enum mdl_status st = fill_envelope(d, o, &e);

    if (st != MDL_OK) {
        return st;
    }
    const struct row *row = find(e.type);
    if (row == NULL) {
        d->path[0] = 1;
        d->depth = 1;
        return mdl_decoder_fail(d, MDL_P_MALFORMED, &envelope_fields[1],
                                "%u is no message type of version %d", e.type, MDL_WIRE_VERSION);
    }
    d->what = row->record.name;
    const char *wrong = misfit(row->cls, &e);
    if (wrong != NULL) {
        return mdl_decoder_fail(d, MDL_P_MALFORMED, NULL, "%s", wrong);
    }
    out->type = (enum mdl_msg_type)e.type;
    memcpy(out->round, e.round, sizeof out->round);
    out->seq = e.seq;
    out->ack = e.ack;
    d->path[0] = ENVELOPE_HEAD;
    d->depth = 1;
    return mdl_record_fill(d, &row->record, &o->via.array.ptr[ENVELOPE_HEAD],
                           (uint8_t *)&out->body);
}

enum mdl_status mdl_msg_decode(const uint8_t *buf, size_t len, struct mdl_msg *out,
                               struct mdl_error *err)
{
    struct mdl_decoder d = {.what = "message", .buf = buf, .len = len, .err = err};
    msgpack_unpacked u;

    memset(out, 0, sizeof *out);
    msgpack_unpacked_init(&u);
    enum mdl_status st = mdl_wire_unpack(buf, len, MDL_MESSAGE_MAX, d.what, &u, err);
    if (st == MDL_OK) {
        st = fill_message(&d, &u.data, out);
    }
    msgpack_unpacked_destroy(&u);
    return st;
}

static enum mdl_status pack(const struct mdl_msg *m, struct mdl_sink *sink, struct mdl_error *err)
{
    const struct row *row = find((uint8_t)m->type);
    struct envelope e = {.type = (uint8_t)m->type, .seq = m->seq, .ack = m->ack};
    msgpack_packer pk;

    if (row == NULL) {
        return mdl_fail(err, MDL_BUG, "no message type %u", (unsigned)m->type);
    }
    memcpy(e.round, m->round, sizeof e.round);
    const char *wrong = misfit(row->cls, &e);
    if (wrong != NULL) {
        return mdl_fail(err, MDL_BUG, "encoding %s: %s", row->record.name, wrong);
    }
    msgpack_packer_init(&pk, sink, mdl_sink_write);
    int bad = msgpack_pack_array(&pk, ENVELOPE_HEAD + 1) |
              msgpack_pack_uint8(&pk, MDL_WIRE_VERSION) | msgpack_pack_uint8(&pk, e.type) |
              msgpack_pack_bin(&pk, sizeof e.round) |
              msgpack_pack_bin_body(&pk, e.round, sizeof e.round) |
              msgpack_pack_uint32(&pk, e.seq) | msgpack_pack_uint32(&pk, e.ack);
    if (bad != 0) {
        return mdl_fail(err, MDL_BUG, "encoding %s: the buffer is too small", row->record.name);
    }
    enum mdl_status st = mdl_record_pack(&pk, &row->record, (const uint8_t *)&m->body, err);
    if (st != MDL_OK && err != NULL) {
        (void)mdl_error_prefix(err, "%s: ", row->record.name);
    }
    return st;
}

enum mdl_status mdl_msg_encode_into(const struct mdl_msg *m, uint8_t *buf, size_t cap, size_t *len,
                                    struct mdl_error *err)
{
    struct mdl_sink sink = {.buf = buf, .cap = cap < MDL_MESSAGE_MAX ? cap : MDL_MESSAGE_MAX};
    enum mdl_status st = pack(m, &sink, err);

    *len = sink.len;
    return st;
}

enum mdl_status mdl_msg_encode(const struct mdl_msg *m, uint8_t **out, size_t *len,
                               struct mdl_error *err)
{
    size_t need = 0;
    enum mdl_status st = mdl_msg_encode_into(m, NULL, MDL_MESSAGE_MAX, &need, err);

    *out = NULL;
    *len = 0;
    if (st != MDL_OK) {
        return st;
    }
    uint8_t *buf = malloc(need);
    if (buf == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for a message of %zu bytes", need);
    }
    st = mdl_msg_encode_into(m, buf, need, len, err);
    if (st != MDL_OK) {
        free(buf);
        return st;
    }
    *out = buf;
    return MDL_OK;
}

const struct mdl_record *mdl_msg_record(uint8_t type)
{
    const struct row *row = find(type);

    return row != NULL ? &row->record : NULL;
}

const char *mdl_msg_name(uint8_t type)
{
    const struct row *row = find(type);

    return row != NULL ? row->record.name : "UNKNOWN";
}

bool mdl_msg_known(uint8_t type)
{
    return find(type) != NULL;
}

enum mdl_msg_class mdl_msg_class_of(uint8_t type)
{
    const struct row *row = find(type);

    return row != NULL ? row->cls : MDL_MSG_NODE;
}

size_t mdl_msg_count(void)
{
    return sizeof rows / sizeof rows[0];
}

uint8_t mdl_msg_type_at(size_t i)
{
    return rows[i].type;
}
