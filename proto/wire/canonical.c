/* canonical.c: the bounded scan of PROTOCOL 2 that every byte of a partner passes before msgpack-c.
 * May not: allocate, recurse, read past the length it was given. */
#include "engine.h"

enum form { FORM_INT, FORM_BOOL, FORM_STR, FORM_BIN, FORM_ARRAY };

/* The head of one value: what it is, how many bytes the head takes, and its number: the value of
 * an integer, the length of a string or binary, the count of an array. */
struct head {
    enum form form;
    size_t size;
    uint64_t number;
};

/* Heads with a big-endian number after the first byte. Below `least` a shorter form exists. */
static const struct wide {
    uint8_t byte;
    uint8_t width;
    enum form form;
    uint64_t least;
} wides[] = {
    {0xc4, 1, FORM_BIN, 0},          {0xc5, 2, FORM_BIN, 256},  {0xc6, 4, FORM_BIN, 65536},
    {0xcc, 1, FORM_INT, 128},        {0xcd, 2, FORM_INT, 256},  {0xce, 4, FORM_INT, 65536},
    {0xcf, 8, FORM_INT, 1ULL << 32}, {0xd9, 1, FORM_STR, 32},   {0xda, 2, FORM_STR, 256},
    {0xdb, 4, FORM_STR, 65536},      {0xdc, 2, FORM_ARRAY, 16}, {0xdd, 4, FORM_ARRAY, 65536},
};

static const char *refusal(uint8_t byte)
{
    if ((byte & 0xf0) == 0x80 || byte == 0xde || byte == 0xdf) {
        return "a map, which the protocol does not use";
    }
    if (byte >= 0xe0 || (byte >= 0xd0 && byte <= 0xd3)) {
        return "a signed integer, which the protocol does not use";
    }
    if (byte == 0xca || byte == 0xcb) {
        return "a float, which the protocol does not use";
    }
    if (byte == 0xc0) {
        return "nil, which the protocol does not use";
    }
    if (byte == 0xc1) {
        return "the byte 0xc1, which is no value";
    }
    return "an extension type, which the protocol does not use";
}

static const char *wide_head(const uint8_t *p, size_t left, struct head *h)
{
    for (size_t i = 0; i < sizeof wides / sizeof wides[0]; i++) {
        const struct wide *w = &wides[i];
        if (w->byte != p[0]) {
            continue;
        }
        if (w->width > left - 1) {
            return "the bytes end within a number or length";
        }
        h->form = w->form;
        h->size = 1U + w->width;
        h->number = 0;
        for (size_t k = 1; k <= w->width; k++) {
            h->number = h->number << 8 | p[k];
        }
        return h->number < w->least ? "not the shortest encoding" : NULL;
    }
    return refusal(p[0]);
}

/* Reads the head at p, left >= 1. Returns NULL, or what is wrong. */
static const char *read_head(const uint8_t *p, size_t left, struct head *h)
{
    uint8_t b = p[0];

    h->size = 1;
    if (b <= 0x7f) {
        h->form = FORM_INT;
        h->number = b;
    } else if ((b & 0xf0) == 0x90) {
        h->form = FORM_ARRAY;
        h->number = b & 0x0f;
    } else if ((b & 0xe0) == 0xa0) {
        h->form = FORM_STR;
        h->number = b & 0x1f;
    } else if (b == 0xc2 || b == 0xc3) {
        h->form = FORM_BOOL;
        h->number = b & 1;
    } else {
        return wide_head(p, left, h);
    }
    return NULL;
}

static bool has_payload(const struct head *h)
{
    return h->form == FORM_STR || h->form == FORM_BIN;
}

/* Checks the value at p apart from what stands inside an array. */
static const char *check_value(const uint8_t *p, size_t left, struct head *h)
{
    const char *problem = read_head(p, left, h);

    if (problem != NULL) {
        return problem;
    }
    left -= h->size;
    if (h->form == FORM_ARRAY && h->number > left) {
        return "an array with more items than bytes remain";
    }
    if (!has_payload(h)) {
        return NULL;
    }
    if (h->number > left) {
        return "a string or binary longer than the bytes that remain";
    }
    if (h->form == FORM_STR && !mdl_text_clean((const char *)p + h->size, (size_t)h->number)) {
        return "a string that is not UTF-8 or has control characters";
    }
    return NULL;
}

enum mdl_status mdl_canonical_check(const uint8_t *buf, size_t len, const char *what,
                                    struct mdl_error *err)
{
    uint64_t open[MDL_WIRE_DEPTH + 1] = {1}; /* values still to come at each depth */
    size_t depth = 0;
    size_t pos = 0;

    while (depth > 0 || open[0] > 0) {
        struct head h;
        const char *problem = "the bytes end where a value should be";
        if (open[depth] == 0) {
            depth--;
            continue;
        }
        problem = pos < len ? check_value(buf + pos, len - pos, &h) : problem;
        if (problem == NULL && h.form == FORM_ARRAY && depth == MDL_WIRE_DEPTH) {
            problem = "arrays nested too deep";
        }
        if (problem != NULL) {
            return mdl_fail(err, MDL_P_MALFORMED, "%s at byte %zu: %s", what, pos, problem);
        }
        open[depth]--;
        pos += h.size + (has_payload(&h) ? (size_t)h.number : 0);
        if (h.form == FORM_ARRAY) {
            open[++depth] = h.number;
        }
    }
    if (pos != len) {
        return mdl_fail(err, MDL_P_MALFORMED, "%s at byte %zu: %zu bytes after the end", what, pos,
                        len - pos);
    }
    return MDL_OK;
}

/* Offset behind the value at pos, in a document that passed mdl_canonical_check. */
static size_t skip(const uint8_t *buf, size_t len, size_t pos)
{
    for (uint64_t values = 1; values > 0 && pos < len; values--) {
        struct head h;
        if (read_head(buf + pos, len - pos, &h) != NULL) {
            return len;
        }
        pos += h.size + (has_payload(&h) ? (size_t)h.number : 0);
        values += h.form == FORM_ARRAY ? h.number : 0;
    }
    return pos;
}

size_t mdl_canonical_offset(const uint8_t *buf, size_t len, const size_t *path, size_t depth)
{
    size_t pos = 0;

    for (size_t d = 0; d < depth && pos < len; d++) {
        struct head h;
        if (read_head(buf + pos, len - pos, &h) != NULL || h.form != FORM_ARRAY) {
            return pos;
        }
        pos += h.size;
        for (size_t i = 0; i < path[d] && pos < len; i++) {
            pos = skip(buf, len, pos);
        }
    }
    return pos;
}
