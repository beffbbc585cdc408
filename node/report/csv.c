/* csv.c: CSV rows that spreadsheets open safely, and small readers of documents.
 * It may not open files: it writes to the stream it is given. */
#include "report.h"

#include <string.h>

/* Spreadsheets run a cell that begins like a formula; names come from CRMs and partners. */
static bool looks_like_formula(const char *s)
{
    return s[0] != '\0' && strchr("=+-@\t\r", s[0]) != NULL;
}

static void csv_cell(const char *s, FILE *out)
{
    bool guard = looks_like_formula(s);
    if (!guard && strpbrk(s, ",\"\r\n") == NULL) {
        (void)fputs(s, out);
        return;
    }
    (void)fputc('"', out);
    if (guard) {
        (void)fputc('\'', out);
    }
    for (; *s != '\0'; s++) {
        if (*s == '"') {
            (void)fputc('"', out);
        }
        (void)fputc(*s, out);
    }
    (void)fputc('"', out);
}

void mdl_csv_row(const char *const cells[], size_t n, FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            (void)fputc(',', out);
        }
        csv_cell(cells[i] != NULL ? cells[i] : "", out);
    }
    (void)fputs("\r\n", out);
}

const char *mdl_doc_text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s != NULL ? s : "";
}

json_int_t mdl_doc_int(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

const char *mdl_doc_number(json_int_t n, char out[MDL_NUMBER])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
    int first = n < 0 ? 1 : 0;
    size_t used = 0;
    for (int i = 0; i < len; i++) {
        if (i > first && (len - i) % 3 == 0) {
            out[used++] = ',';
        }
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

/* Ends a text that did not fit with an ellipsis, between two characters. */
static void cut(char *out, size_t out_size)
{
    static const char ellipsis[] = "…";
    size_t end = out_size > sizeof ellipsis ? out_size - sizeof ellipsis : 0;
    while (end > 0 && ((unsigned char)out[end] & 0xC0) == 0x80) {
        end--;
    }
    if (out_size >= sizeof ellipsis) {
        memcpy(out + end, ellipsis, sizeof ellipsis);
    } else {
        out[0] = '\0';
    }
}

void mdl_doc_join(const json_t *list, const char *sep, char *out, size_t out_size)
{
    size_t used = 0;
    size_t i;
    const json_t *item;

    out[0] = '\0';
    json_array_foreach(list, i, item)
    {
        const char *s = json_string_value(item);
        int n = snprintf(out + used, out_size - used, "%s%s", i > 0 ? sep : "", s != NULL ? s : "");
        if (n < 0 || (size_t)n >= out_size - used) {
            cut(out, out_size);
            return;
        }
        used += (size_t)n;
    }
}
