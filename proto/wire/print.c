/* print.c: messages as one line for logs, and their table as rows for the documentation.
 * May not: show the content of a binary field. */
#include "engine.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text that grows up to cap bytes with its NUL, and is cut there. */
struct line {
    char *buf;
    size_t cap; /* >= 1 */
    size_t len;
};

MDL_PRINTF(2, 3) static void add(struct line *l, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(l->buf + l->len, l->cap - l->len, fmt, ap);
    va_end(ap);
    if (n > 0) {
        size_t room = l->cap - l->len - 1;
        l->len += (size_t)n < room ? (size_t)n : room;
    }
}

static uint64_t uint_at(const uint8_t *at, size_t width)
{
    uint32_t v32;
    uint64_t v64;

    if (width == 1) {
        return *at;
    }
    if (width == 4) {
        memcpy(&v32, at, sizeof v32);
        return v32;
    }
    memcpy(&v64, at, sizeof v64);
    return v64;
}

/* Quotation marks within the text are replaced, so that a partner's text cannot end its own quotes.
 */
static void print_text(struct line *l, const char *name, const char *s, size_t len)
{
    add(l, " %s=\"", name);
    for (size_t i = 0; i < len; i++) {
        add(l, "%c", s[i] == '"' ? '\'' : s[i]);
    }
    add(l, "\"");
}

static void print_field(struct line *l, const struct mdl_field *f, const uint8_t *base)
{
    struct mdl_bytes bytes;
    struct mdl_text text;
    struct mdl_list list;
    size_t n;

    switch (f->kind) {
    case MDL_K_UINT:
        add(l, " %s=%" PRIu64, f->name, uint_at(base + f->at, f->step));
        return;
    case MDL_K_BOOL:
        add(l, " %s=%s", f->name, base[f->at] != 0 ? "yes" : "no");
        return;
    case MDL_K_BIN:
        memcpy(&bytes, base + f->at, sizeof bytes);
        add(l, " %s=%zuB", f->name, bytes.len);
        return;
    case MDL_K_TEXT:
        memcpy(&text, base + f->at, sizeof text);
        print_text(l, f->name, text.p, text.len);
        return;
    case MDL_K_LIST:
        memcpy(&list, base + f->at, sizeof list);
        add(l, " %s=%zu", f->name, list.count);
        return;
    case MDL_K_ARRAY:
        memcpy(&n, base + f->count_at, sizeof n);
        add(l, " %s=%zu", f->name, n);
        return;
    case MDL_K_VERSION: /* always the same */
    case MDL_K_FIX:     /* a hash, key or signature */
    case MDL_K_BYTES:
    case MDL_K_STR: /* documents have their own descriptions */
    case MDL_K_RECORD:
        return;
    }
}

size_t mdl_msg_print(const struct mdl_msg *m, char *buf, size_t cap)
{
    struct line l = {.buf = buf, .cap = cap};
    const struct mdl_record *r = mdl_msg_record((uint8_t)m->type);

    buf[0] = '\0';
    add(&l, "%s", mdl_msg_name((uint8_t)m->type));
    if (mdl_msg_class_of((uint8_t)m->type) != MDL_MSG_NODE) {
        add(&l, " round=%02x%02x%02x%02x seq=%" PRIu32 " ack=%" PRIu32, m->round[0], m->round[1],
            m->round[2], m->round[3], m->seq, m->ack);
    }
    for (size_t i = 0; r != NULL && i < r->n; i++) {
        print_field(&l, &r->fields[i], (const uint8_t *)&m->body);
    }
    return l.len;
}

static void describe_type(struct line *l, const struct mdl_field *f)
{
    switch (f->kind) {
    case MDL_K_UINT:
        add(l, "u%zu", f->step * 8);
        return;
    case MDL_K_BOOL:
        add(l, "bool");
        return;
    case MDL_K_VERSION:
        add(l, "= %" PRIu64, f->max);
        return;
    case MDL_K_FIX:
    case MDL_K_BYTES:
        add(l, "bin%" PRIu64, f->max);
        return;
    case MDL_K_BIN:
        add(l, "bin(%" PRIu64 "%s%" PRIu64 ")", f->min, f->min + f->step == f->max ? " or " : "..",
            f->max);
        return;
    case MDL_K_TEXT:
    case MDL_K_STR:
        add(l, "str%" PRIu64, f->max);
        return;
    case MDL_K_LIST:
        add(l, "array(%" PRIu64 "..%" PRIu64 ") of bin%zu", f->min, f->max, f->step);
        return;
    case MDL_K_ARRAY:
        add(l, "array(%" PRIu64 "..%" PRIu64 ") of ", f->min, f->max);
        return;
    case MDL_K_RECORD:
        add(l, "%s", f->record->name);
        return;
    }
}

size_t mdl_msg_describe(uint8_t type, char *buf, size_t cap)
{
    static const char *const classes[] = {[MDL_MSG_NODE] = "node",
                                          [MDL_MSG_SETUP] = "setup",
                                          [MDL_MSG_LINK] = "link",
                                          [MDL_MSG_ROUND] = "round"};
    struct line l = {.buf = buf, .cap = cap};
    const struct mdl_record *r = mdl_msg_record(type);

    buf[0] = '\0';
    add(&l, "| %u | `%s` | %s | ", type, mdl_msg_name(type), classes[mdl_msg_class_of(type)]);
    for (size_t i = 0; r != NULL && i < r->n; i++) {
        add(&l, "%s%s ", i > 0 ? ", " : "", r->fields[i].name);
        describe_type(&l, &r->fields[i]);
        if (r->fields[i].kind == MDL_K_ARRAY) {
            describe_type(&l, r->fields[i].item);
        }
    }
    add(&l, " |");
    return l.len;
}
