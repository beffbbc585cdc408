/* encode.c: structs into canonical bytes, by table, through msgpack-c.
 * May not: allocate, or write what the table would refuse to read. */
#include "engine.h"

#include <inttypes.h>
#include <string.h>

int mdl_sink_write(void *sink, const char *p, size_t n)
{
    struct mdl_sink *s = sink;

    if (n > s->cap - s->len) {
        return -1;
    }
    if (s->buf != NULL && n > 0) {
        memcpy(s->buf + s->len, p, n);
    }
    s->len += n;
    return 0;
}

static enum mdl_status full(int result, const struct mdl_field *f, struct mdl_error *err)
{
    if (result == 0) {
        return MDL_OK;
    }
    return mdl_fail(err, MDL_BUG, "encoding '%s': the buffer is too small", f->name);
}

static enum mdl_status check_range(const struct mdl_field *f, uint64_t n, uint64_t min,
                                   struct mdl_error *err)
{
    if (n >= min && n <= f->max) {
        return MDL_OK;
    }
    return mdl_fail(err, MDL_BUG, "encoding '%s': %" PRIu64 " is not within %" PRIu64 "..%" PRIu64,
                    f->name, n, min, f->max);
}

static uint64_t load_uint(const uint8_t *at, size_t width)
{
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;

    if (width == 1) {
        return *at;
    }
    if (width == 2) {
        memcpy(&v16, at, sizeof v16);
        return v16;
    }
    if (width == 4) {
        memcpy(&v32, at, sizeof v32);
        return v32;
    }
    memcpy(&v64, at, sizeof v64);
    return v64;
}

static enum mdl_status pack_uint(msgpack_packer *pk, const struct mdl_field *f, const uint8_t *base,
                                 struct mdl_error *err)
{
    uint64_t v = f->kind == MDL_K_VERSION ? f->max : load_uint(base + f->at, f->step);
    enum mdl_status st = f->kind == MDL_K_VERSION ? MDL_OK : check_range(f, v, f->min, err);

    return st != MDL_OK ? st : full(msgpack_pack_uint64(pk, v), f, err);
}

static enum mdl_status pack_bool(msgpack_packer *pk, const struct mdl_field *f, const uint8_t *base,
                                 struct mdl_error *err)
{
    return full(base[f->at] != 0 ? msgpack_pack_true(pk) : msgpack_pack_false(pk), f, err);
}

static enum mdl_status pack_bytes(msgpack_packer *pk, const struct mdl_field *f, const uint8_t *p,
                                  size_t len, struct mdl_error *err)
{
    if (p == NULL && len > 0) {
        return mdl_fail(err, MDL_BUG, "encoding '%s': no bytes given", f->name);
    }
    int result = msgpack_pack_bin(pk, len);
    if (result == 0) {
        result = msgpack_pack_bin_body(pk, p, len);
    }
    return full(result, f, err);
}

static enum mdl_status pack_bin(msgpack_packer *pk, const struct mdl_field *f, const uint8_t *base,
                                struct mdl_error *err)
{
    struct mdl_bytes view = {.p = base + f->at, .len = (size_t)f->max};

    if (f->kind == MDL_K_FIX) {
        memcpy(&view.p, base + f->at, sizeof view.p);
    } else if (f->kind == MDL_K_BIN) {
        memcpy(&view, base + f->at, sizeof view);
        enum mdl_status st = check_range(f, view.len, f->min, err);
        if (st != MDL_OK) {
            return st;
        }
        if (view.len % f->step != 0) {
            return mdl_fail(err, MDL_BUG, "encoding '%s': %zu bytes, not a multiple of %zu",
                            f->name, view.len, f->step);
        }
    }
    return pack_bytes(pk, f, view.p, view.len, err);
}

static enum mdl_status pack_text(msgpack_packer *pk, const struct mdl_field *f, const uint8_t *base,
                                 struct mdl_error *err)
{
    struct mdl_text view;

    if (f->kind == MDL_K_TEXT) {
        memcpy(&view, base + f->at, sizeof view);
    } else {
        view.p = (const char *)base + f->at;
        view.len = strnlen(view.p, (size_t)f->max + 1);
    }
    enum mdl_status st = check_range(f, view.len, f->min, err);
    if (st != MDL_OK) {
        return st;
    }
    if (!mdl_text_clean(view.p, view.len)) {
        return mdl_fail(err, MDL_BUG, "encoding '%s': not clean UTF-8", f->name);
    }
    int result = msgpack_pack_str(pk, view.len);
    if (result == 0) {
        result = msgpack_pack_str_body(pk, view.p, view.len);
    }
    return full(result, f, err);
}

static enum mdl_status pack_field(msgpack_packer *pk, const struct mdl_field *f,
                                  const uint8_t *base, struct mdl_error *err);

static enum mdl_status pack_list(msgpack_packer *pk, const struct mdl_field *f, const uint8_t *base,
                                 struct mdl_error *err)
{
    struct mdl_list list;

    memcpy(&list, base + f->at, sizeof list);
    enum mdl_status st = check_range(f, list.count, f->min, err);
    if (st == MDL_OK) {
        st = full(msgpack_pack_array(pk, list.count), f, err);
    }
    for (size_t i = 0; st == MDL_OK && i < list.count; i++) {
        const uint8_t *item = list.first == NULL ? NULL : mdl_list_at(&list, i);
        st = pack_bytes(pk, f, item, f->step, err);
    }
    return st;
}

static enum mdl_status pack_array(msgpack_packer *pk, const struct mdl_field *f,
                                  const uint8_t *base, struct mdl_error *err)
{
    size_t n;

    memcpy(&n, base + f->count_at, sizeof n);
    enum mdl_status st = check_range(f, n, f->min, err);
    if (st == MDL_OK) {
        st = full(msgpack_pack_array(pk, n), f, err);
    }
    for (size_t i = 0; st == MDL_OK && i < n; i++) {
        st = pack_field(pk, f->item, base + f->at + i * f->step, err);
    }
    return st;
}

static enum mdl_status pack_field(msgpack_packer *pk, const struct mdl_field *f,
                                  const uint8_t *base, struct mdl_error *err)
{
    switch (f->kind) {
    case MDL_K_VERSION:
    case MDL_K_UINT:
        return pack_uint(pk, f, base, err);
    case MDL_K_BOOL:
        return pack_bool(pk, f, base, err);
    case MDL_K_FIX:
    case MDL_K_BYTES:
    case MDL_K_BIN:
        return pack_bin(pk, f, base, err);
    case MDL_K_TEXT:
    case MDL_K_STR:
        return pack_text(pk, f, base, err);
    case MDL_K_LIST:
        return pack_list(pk, f, base, err);
    case MDL_K_ARRAY:
        return pack_array(pk, f, base, err);
    case MDL_K_RECORD:
        return mdl_record_pack(pk, f->record, base + f->at, err);
    }
    return mdl_fail(err, MDL_BUG, "encoding '%s': a field of no kind", f->name);
}

enum mdl_status mdl_record_pack(msgpack_packer *pk, const struct mdl_record *r, const uint8_t *base,
                                struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;

    if (msgpack_pack_array(pk, r->n) != 0) {
        return mdl_fail(err, MDL_BUG, "encoding %s: the buffer is too small", r->name);
    }
    for (size_t i = 0; st == MDL_OK && i < r->n; i++) {
        st = pack_field(pk, &r->fields[i], base, err);
    }
    return st;
}

enum mdl_status mdl_record_encode(const struct mdl_record *r, const void *in, uint8_t *buf,
                                  size_t cap, size_t *len, struct mdl_error *err)
{
    struct mdl_sink sink = {.buf = buf, .cap = cap};
    msgpack_packer pk;

    msgpack_packer_init(&pk, &sink, mdl_sink_write);
    enum mdl_status st = mdl_record_pack(&pk, r, in, err);
    if (st != MDL_OK && err != NULL) {
        (void)mdl_error_prefix(err, "%s: ", r->name);
    }
    *len = sink.len;
    return st;
}
