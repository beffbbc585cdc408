/* notes.c: tells the caller, step by step, what a rule did to which text.
 * May not print, and costs nothing when nobody listens. */
#include "matchkey_internal.h"

#include <stdio.h>

void mdl_mk_note(const struct mk_notes *n, enum mdl_status status, const char *fmt, ...)
{
    if (n == NULL || n->fn == NULL) {
        return;
    }
    struct mdl_key_note note = {.status = status};
    snprintf(note.field, sizeof note.field, "%s", n->field);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(note.text, sizeof note.text, fmt, ap);
    va_end(ap);
    n->fn(n->ctx, &note);
}
