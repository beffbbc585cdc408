/* decode.c: canonical bytes into structs, by table, through msgpack-c.
 * May not: hand bytes to msgpack-c that mdl_canonical_check has not passed. */
#include "engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum mdl_status mdl_decoder_fail(const struct mdl_decoder *d, enum mdl_status status,
                                 const struct mdl_field *f, const char *fmt, ...)
{
    char text[160];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return mdl_fail(d->err, status, "%s%s%s at byte %zu: %s", d->what, f != NULL ? "." : "",
                    f != NULL ? f->name : "",
                    mdl_canonical_offset(d->buf, d->len, d->path, d->depth), text);
}

static enum mdl_status check_range(const struct mdl_decoder *d, const struct mdl_field *f,
                                   const char *unit, uint64_t n, uint64_t min, uint64_t max)
{
    if (n > max) {
        return mdl_decoder_fail(d, MDL_P_OVERSIZE, f, "%" PRIu64 "%s, at most %" PRIu64, n, unit,
                                max);
    }
    if (n < min) {
        return mdl_decoder_fail(d, MDL_P_MALFORMED, f, "%" PRIu64 "%s, at least %" PRIu64, n, unit,
                                min);
    }
    return MDL_OK;
}

static void store_uint(uint8_t *at, size_t width, uint64_t v)
{
    if (width == 1) {
        *at = (uint8_t)v;
    } else if (width == 2) {
        memcpy(at, &(uint16_t){(uint16_t)v}, 2);
    } else if (width == 4) {
        memcpy(at, &(uint32_t){(uint32_t)v}, 4);
    } else {
        memcpy(at, &v, 8);
    }
}

static enum mdl_status fill_uint(const struct mdl_decoder *d, const struct mdl_field *f,
                                 const msgpack_object *o, uint8_t *base)
{
    if (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER) {
        return mdl_decoder_fail(d, MDL_P_MALFORMED, f, "not an integer");
    }
    if (f->kind == MDL_K_VERSION) {
        if (o->via.u64 != f->max) {
            return mdl_decoder_fail(d, MDL_P_VERSION, f,
                                    "version %" PRIu64 ", this node speaks %" PRIu64, o->via.u64,
                                    f->max);
        }
        return MDL_OK;
    }
    enum mdl_status st = check_range(d, f, "", o->via.u64, f->min, f->max);
    if (st == MDL_OK) {
        store_uint(base + f->at, f->step, o->via.u64);
    }
    return st;
}

static enum mdl_status fill_bool(const struct mdl_decoder *d, const struct mdl_field *f,
                                 const msgpack_object *o, uint8_t *base)
{
    if (o->type != MSGPACK_OBJECT_BOOLEAN) {
        return mdl_decoder_fail(d, MDL_P_MALFORMED, f, "not a boolean");
    }
    memcpy(base + f->at, &o->via.boolean, sizeof(bool));
    return MDL_OK;
}

static void store_bin(const struct mdl_field *f, const uint8_t *p, size_t len, uint8_t *base)
{
    if (f->kind == MDL_K_FIX) {
        memcpy(base + f->at, &p, sizeof p);
    } else if (f->kind == MDL_K_BYTES) {
        memcpy(base + f->at, p, len);
    } else {
        memcpy(base + f->at, &(struct mdl_bytes){.p = p, .len = len}, sizeof(struct mdl_bytes));
    }
}

static enum mdl_status fill_bin(const struct mdl_decoder *d, const struct mdl_field *f,
                                const msgpack_object *o, uint8_t *base)
{
    uint64_t min = f->kind == MDL_K_BIN ? f->min : f->max;

    if (o->type != MSGPACK_OBJECT_BIN) {
        return mdl_decoder_fail(d, MDL_P_MALFORMED, f, "not a binary");
    }
    enum mdl_status st = check_range(d, f, " bytes", o->via.bin.size, min, f->max);
    if (st != MDL_OK) {
        return st;
    }
    if (f->kind == MDL_K_BIN && o->via.bin.size % f->step != 0) {
        return mdl_decoder_fail(d, MDL_P_MALFORMED, f, "%" PRIu32 " bytes, not a multiple of %zu",
                                o->via.bin.size, f->step);
    }
    store_bin(f, (const uint8_t *)o->via.bin.ptr, o->via.bin.size, base);
    return MDL_OK;
}

static enum mdl_status fill_text(const struct mdl_decoder *d, const struct mdl_field *f,
                                 const msgpack_object *o, uint8_t *base)
{
    if (o->type != MSGPACK_OBJECT_STR) {
        return mdl_decoder_fail(d, MDL_P_MALFORMED, f, "not a string");
    }
    enum mdl_status st = check_range(d, f, " bytes", o->via.str.size, f->min, f->max);
    if (st != MDL_OK) {
        return st;
    }
    if (f->kind == MDL_K_TEXT) {
        struct mdl_text view = {.p = o->via.str.ptr, .len = o->via.str.size};
        memcpy(base + f->at, &view, sizeof view);
    } else {
        memcpy(base + f->at, o->via.str.ptr, o->via.str.size);
        base[f->at + o->via.str.size] = '\0';
    }
    return MDL_OK;
}

/* Items of one size in canonical form lie at one distance, so the list needs no storage. */
static enum mdl_status fill_list(struct mdl_decoder *d, const struct mdl_field *f,
                                 const msgpack_object *o, uint8_t *base)
{
    const struct mdl_field item = {.name = f->name, .kind = MDL_K_FIX, .max = f->step};
    struct mdl_list list = {.count = o->via.array.size, .stride = f->step};

    for (size_t i = 0; i < list.count; i++) {
        const uint8_t *p;
        d->path[d->depth++] = i;
        enum mdl_status st = mdl_field_fill(d, &item, &o->via.array.ptr[i], (uint8_t *)&p);
        if (st != MDL_OK) {
            return st;
        }
        d->depth--;
        list.first = i == 0 ? p : list.first;
        list.stride = i == 1 ? (size_t)(p - list.first) : list.stride;
    }
    memcpy(base + f->at, &list, sizeof list);
    return MDL_OK;
}

static enum mdl_status fill_items(struct mdl_decoder *d, const struct mdl_field *f,
                                  const msgpack_object *o, uint8_t *base)
{
    size_t n = o->via.array.size;

    for (size_t i = 0; i < n; i++) {
        d->path[d->depth++] = i;
        enum mdl_status st =
            mdl_field_fill(d, f->item, &o->via.array.ptr[i], base + f->at + i * f->step);
        if (st != MDL_OK) {
            return st;
        }
        d->depth--;
    }
    memcpy(base + f->count_at, &n, sizeof n);
    return MDL_OK;
}

static enum mdl_status fill_array(struct mdl_decoder *d, const struct mdl_field *f,
                                  const msgpack_object *o, uint8_t *base)
{
    if (o->type != MSGPACK_OBJECT_ARRAY) {
        return mdl_decoder_fail(d, MDL_P_MALFORMED, f, "not an array");
    }
    enum mdl_status st = check_range(d, f, " items", o->via.array.size, f->min, f->max);
    if (st != MDL_OK) {
        return st;
    }
    return f->kind == MDL_K_LIST ? fill_list(d, f, o, base) : fill_items(d, f, o, base);
}

enum mdl_status mdl_field_fill(struct mdl_decoder *d, const struct mdl_field *f,
                               const msgpack_object *o, uint8_t *base)
{
    switch (f->kind) {
    case MDL_K_VERSION:
    case MDL_K_UINT:
        return fill_uint(d, f, o, base);
    case MDL_K_BOOL:
        return fill_bool(d, f, o, base);
    case MDL_K_FIX:
    case MDL_K_BYTES:
    case MDL_K_BIN:
        return fill_bin(d, f, o, base);
    case MDL_K_TEXT:
    case MDL_K_STR:
        return fill_text(d, f, o, base);
    case MDL_K_LIST:
    case MDL_K_ARRAY:
        return fill_array(d, f, o, base);
    case MDL_K_RECORD:
        return mdl_record_fill(d, f->record, o, base + f->at);
    }
    return mdl_decoder_fail(d, MDL_BUG, f, "a field of no kind");
}

enum mdl_status mdl_record_fill(struct mdl_decoder *d, const struct mdl_record *r,
                                const msgpack_object *o, uint8_t *base)
{
    if (o->type != MSGPACK_OBJECT_ARRAY) {
        return mdl_decoder_fail(d, MDL_P_MALFORMED, NULL, "not the array of %s", r->name);
    }
    size_t n = o->via.array.size;
    for (size_t i = 0; i < r->n && i < n; i++) {
        if (i == 0 || n == r->n) {
            d->path[d->depth++] = i;
            enum mdl_status st = mdl_field_fill(d, &r->fields[i], &o->via.array.ptr[i], base);
            if (st != MDL_OK) {
                return st;
            }
            d->depth--;
        }
    }
    if (n != r->n) {
        return mdl_decoder_fail(d, MDL_P_MALFORMED, NULL, "%s has %zu fields, not %zu", r->name,
                                r->n, n);
    }
    return MDL_OK;
}

enum mdl_status mdl_wire_unpack(const uint8_t *buf, size_t len, size_t max_len, const char *what,
                                msgpack_unpacked *u, struct mdl_error *err)
{
    if (len > max_len) {
        return mdl_fail(err, MDL_P_OVERSIZE, "%s has %zu bytes, at most %zu", what, len, max_len);
    }
    enum mdl_status st = mdl_canonical_check(buf, len, what, err);
    if (st != MDL_OK) {
        return st;
    }
    size_t off = 0;
    msgpack_unpack_return got = msgpack_unpack_next(u, (const char *)buf, len, &off);
    if (got == MSGPACK_UNPACK_NOMEM_ERROR) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory to read %s of %zu bytes", what, len);
    }
    if (got != MSGPACK_UNPACK_SUCCESS || off != len) {
        return mdl_fail(err, MDL_P_MALFORMED, "%s: msgpack does not read it", what);
    }
    return MDL_OK;
}

enum mdl_status mdl_record_decode(const struct mdl_record *r, const uint8_t *buf, size_t len,
                                  size_t max_len, void *out, size_t out_size, struct mdl_error *err)
{
    struct mdl_decoder d = {.what = r->name, .buf = buf, .len = len, .err = err};
    msgpack_unpacked u;

    memset(out, 0, out_size);
    msgpack_unpacked_init(&u);
    enum mdl_status st = mdl_wire_unpack(buf, len, max_len, r->name, &u, err);
    if (st == MDL_OK) {
        st = mdl_record_fill(&d, r, &u.data, out);
    }
    msgpack_unpacked_destroy(&u);
    return st;
}
