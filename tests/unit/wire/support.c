/* support.c: MessagePack written by hand. May not: use msgpack-c. */
#include "support.h"

#include <string.h>

void put_byte(struct out *o, uint8_t b)
{
    o->b[o->n++] = b;
}

static void put_be(struct out *o, uint64_t v, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        put_byte(o, (uint8_t)(v >> (8 * i)));
    }
}

/* First byte for one, two or four bytes of number; the first is 0 where there is no such form. */
static void put_wide(struct out *o, uint64_t v, uint8_t b8, uint8_t b16, uint8_t b32)
{
    if (v < 256 && b8 != 0) {
        put_byte(o, b8);
        put_be(o, v, 1);
    } else if (v < 65536) {
        put_byte(o, b16);
        put_be(o, v, 2);
    } else {
        put_byte(o, b32);
        put_be(o, v, 4);
    }
}

void put_uint(struct out *o, uint64_t v)
{
    if (v < 128) {
        put_byte(o, (uint8_t)v);
    } else if (v >> 32 != 0) {
        put_byte(o, 0xcf);
        put_be(o, v, 8);
    } else {
        put_wide(o, v, 0xcc, 0xcd, 0xce);
    }
}

void put_bin(struct out *o, size_t len, uint8_t fill)
{
    put_wide(o, len, 0xc4, 0xc5, 0xc6);
    memset(o->b + o->n, fill, len);
    o->n += len;
}

void put_str(struct out *o, const char *s, size_t len)
{
    if (len < 32) {
        put_byte(o, (uint8_t)(0xa0 | len));
    } else {
        put_wide(o, len, 0xd9, 0xda, 0xdb);
    }
    memcpy(o->b + o->n, s, len);
    o->n += len;
}

void put_array(struct out *o, size_t n)
{
    if (n < 16) {
        put_byte(o, (uint8_t)(0x90 | n));
    } else {
        put_wide(o, n, 0, 0xdc, 0xdd);
    }
}

static bool put_number(struct out *o, const struct mdl_field *f, enum variant v)
{
    if (v == KIND) {
        put_byte(o, 0xc3);
    } else if (v == SMALLEST || v == LARGEST) {
        put_uint(o, v == SMALLEST ? f->min : f->max);
    } else if (v == OVER && f->max < UINT64_MAX) {
        put_uint(o, f->max + 1);
    } else if (v == UNDER && f->min > 0) {
        put_uint(o, f->min - 1);
    } else {
        return false;
    }
    return true;
}

static bool put_bytes(struct out *o, const struct mdl_field *f, enum variant v)
{
    size_t max = (size_t)f->max;
    size_t min = f->kind == MDL_K_BIN ? (size_t)f->min : max;

    if (v == KIND) {
        put_str(o, "abc", 3);
    } else if (v == SMALLEST || v == LARGEST) {
        put_bin(o, v == SMALLEST ? min : max, 0x41);
    } else if (v == OVER) {
        put_bin(o, max + 1, 0x41);
    } else if (v == UNDER && min > 0) {
        put_bin(o, min - 1, 0x41);
    } else {
        return false;
    }
    return true;
}

static bool put_text(struct out *o, const struct mdl_field *f, enum variant v)
{
    char s[300];

    memset(s, 'q', sizeof s);
    if (v == KIND) {
        put_bin(o, 3, 'q');
    } else if (v == SMALLEST || v == LARGEST) {
        put_str(o, s, (size_t)(v == SMALLEST ? f->min : f->max));
    } else if (v == OVER) {
        put_str(o, s, (size_t)f->max + 1);
    } else {
        return false;
    }
    return true;
}

static bool put_item(struct out *o, const struct mdl_field *f, enum variant v)
{
    const struct mdl_field fixed = {.kind = MDL_K_FIX, .max = f->step};

    return put_field(o, f->kind == MDL_K_LIST ? &fixed : f->item, v);
}

static bool put_items(struct out *o, const struct mdl_field *f, enum variant v)
{
    size_t count = (size_t)(v == LARGEST ? f->max : f->min);
    enum variant first = SMALLEST;
    struct out probe = {.n = 0};

    switch (v) {
    case KIND:
        put_uint(o, 7);
        return true;
    case OVER:
        count = (size_t)f->max + 1;
        break;
    case UNDER:
        if (f->min == 0) {
            return false;
        }
        count = (size_t)f->min - 1;
        break;
    case ITEM_KIND:
    case ITEM_OVER:
    case ITEM_UNDER:
        first = v == ITEM_KIND ? KIND : v == ITEM_OVER ? OVER : UNDER;
        count = count == 0 ? 1 : count;
        if (!put_item(&probe, f, first)) {
            return false;
        }
        break;
    case SMALLEST:
    case LARGEST:
        first = v;
        break;
    case VARIANTS:
        return false;
    }
    put_array(o, count);
    for (size_t i = 0; i < count; i++) {
        (void)put_item(o, f, i == 0 || v == LARGEST ? first : SMALLEST);
    }
    return true;
}

static bool put_record(struct out *o, const struct mdl_record *r, enum variant v)
{
    struct out probe = {.n = 0};

    if (v == KIND) {
        put_uint(o, 7);
        return true;
    }
    if (v == OVER || v == UNDER) { /* of its first field */
        if (!put_field(&probe, &r->fields[0], v)) {
            return false;
        }
    }
    put_array(o, r->n);
    for (size_t i = 0; i < r->n; i++) {
        (void)put_field(o, &r->fields[i], i == 0 || v == LARGEST ? v : SMALLEST);
    }
    return true;
}

bool put_field(struct out *o, const struct mdl_field *f, enum variant v)
{
    switch (f->kind) {
    case MDL_K_VERSION:
    case MDL_K_UINT:
        return put_number(o, f, v);
    case MDL_K_BOOL:
        if (v == SMALLEST || v == LARGEST || v == KIND) {
            put_byte(o, v == SMALLEST ? 0xc2 : v == LARGEST ? 0xc3 : 0x01);
            return true;
        }
        return false;
    case MDL_K_FIX:
    case MDL_K_BYTES:
    case MDL_K_BIN:
        return put_bytes(o, f, v);
    case MDL_K_TEXT:
    case MDL_K_STR:
        return put_text(o, f, v);
    case MDL_K_LIST:
    case MDL_K_ARRAY:
        return put_items(o, f, v);
    case MDL_K_RECORD:
        return put_record(o, f->record, v);
    }
    return false;
}

void put_envelope(struct out *o, uint8_t type, const uint8_t round[16], uint32_t seq, uint32_t ack)
{
    put_array(o, 6);
    put_uint(o, 1);
    put_uint(o, type);
    put_bin(o, 16, 0);
    memcpy(o->b + o->n - 16, round, 16);
    put_uint(o, seq);
    put_uint(o, ack);
}

bool put_message(struct out *o, uint8_t type, size_t odd, enum variant v, enum variant rest)
{
    static const uint8_t none[16];
    static const uint8_t some[16] = {0x1f, 0x0c, 0x33, 0xa9, 5, 6, 7, 8};
    const struct mdl_record *r = mdl_msg_record(type);
    enum mdl_msg_class cls = mdl_msg_class_of(type);

    o->n = 0;
    put_envelope(o, type, cls == MDL_MSG_NODE ? none : some, cls == MDL_MSG_ROUND ? 7 : 0,
                 cls == MDL_MSG_ROUND || cls == MDL_MSG_LINK ? 300 : 0);
    put_array(o, r->n);
    for (size_t i = 0; i < r->n; i++) {
        if (!put_field(o, &r->fields[i], i == odd ? v : rest)) {
            return false;
        }
    }
    return true;
}
