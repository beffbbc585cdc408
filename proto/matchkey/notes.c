/* notes.c: tells the caller, step by step, what a rule did to which text.
 * May not print, and costs nothing when nobody listens. */
#include "matchkey_internal.h"

#include <stdio.h>
#include <utf8proc.h>

/* What a row holds may be no UTF-8, and a cut may fall inside a character: those who show or encode
 * a note (JSON) need it clean. Control characters become blanks. */
static void clean(char *text)
{
    size_t len = strlen(text);
    for (size_t at = 0; at < len;) {
        utf8proc_int32_t cp;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)text + at,
                                              (utf8proc_ssize_t)(len - at), &cp);
        if (n <= 0) {
            text[at] = '?';
            n = 1;
        } else if (cp < ' ' || cp == 0x7F) {
            text[at] = ' ';
        }
        at += (size_t)n;
    }
}

void mdl_mk_note(const struct mk_notes *n, enum mdl_status status, const char *fmt, ...)
{
    if (n == NULL || n->fn == NULL) {
        return;
    }
    struct mdl_key_note note = {.status = status};
    (void)snprintf(note.field, sizeof note.field, "%s", n->field);
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(note.text, sizeof note.text, fmt, ap);
    va_end(ap);
    clean(note.field);
    clean(note.text);
    n->fn(n->ctx, &note);
}
