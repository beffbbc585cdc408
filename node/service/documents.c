/* documents.c: small pieces of the JSON documents, and reading parameters.
 * It may not decide anything. */
#include "internal.h"

#include <ctype.h>
#include <fingerprint.h>
#include <sodium.h>
#include <string.h>
#include <time.h>
#include <wire.h>

json_t *doc_time(uint64_t ms)
{
    char text[40];
    struct tm tm;
    time_t seconds = (time_t)(ms / 1000);

    if (ms == 0 || gmtime_r(&seconds, &tm) == NULL) {
        return json_null();
    }
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(text + n, sizeof text - n, ".%03uZ", (unsigned)(ms % 1000));
    return json_string(text);
}

json_t *doc_hex(const uint8_t *bytes, size_t n)
{
    char text[2 * 64 + 1];
    if (n > 64) {
        return json_null();
    }
    (void)sodium_bin2hex(text, sizeof text, bytes, n);
    return json_string(text);
}

bool id_prefix(const char *text, size_t bytes, char *out)
{
    size_t n = strlen(text);
    if (n < 6 || n > 2 * bytes || text[strspn(text, "0123456789abcdefABCDEF")] != '\0') {
        return false;
    }
    for (size_t i = 0; i <= n; i++) {
        out[i] = (char)tolower((unsigned char)text[i]);
    }
    return true;
}

void clip_text(char *dst, size_t size, const char *src)
{
    struct mdl_text t = mdl_text_clip(src, size - 1);
    memcpy(dst, t.p, t.len);
    dst[t.len] = '\0';
}

const char *param_text(const json_t *params, const char *name)
{
    return json_string_value(json_object_get(params, name));
}

json_int_t param_int(const json_t *params, const char *name, json_int_t otherwise)
{
    const json_t *v = json_object_get(params, name);
    return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

bool param_bool(const json_t *params, const char *name, bool otherwise)
{
    const json_t *v = json_object_get(params, name);
    return json_is_boolean(v) ? json_is_true(v) : otherwise;
}
