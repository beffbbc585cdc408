/* form.c: numbers, sizes and times as people read them.
 * It may not print. */
#include "term.h"

#include <report.h>

#include <string.h>

const char *form_number(json_int_t n, char out[FORM])
{
    return mdl_doc_number(n, out);
}

const char *form_count(json_int_t n, const char *one, const char *many, char out[FORM])
{
    char number[FORM];
    (void)snprintf(out, FORM, "%.27s %.19s", form_number(n, number), n == 1 ? one : many);
    return out;
}

const char *form_bytes(json_int_t n, char out[FORM])
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    double v = (double)n / 1000;
    size_t u = 0;

    if (n < 1000) {
        (void)snprintf(out, FORM, "%lld bytes", (long long)n);
        return out;
    }
    while (v >= 999.95 && u < 3) {
        v /= 1000;
        u++;
    }
    (void)snprintf(out, FORM, "%.1f %s", v, units[u]);
    return out;
}

const char *form_ms(json_int_t ms, char out[FORM])
{
    long long s = (long long)(ms + 500) / 1000;

    if (ms < 1000) {
        (void)snprintf(out, FORM, "%lld ms", (long long)ms);
    } else if (ms < 60000) {
        (void)snprintf(out, FORM, "%lld.%lld s", (long long)ms / 1000, (long long)ms / 100 % 10);
    } else if (s < 3600) {
        (void)snprintf(out, FORM, "%lld min %02lld s", s / 60, s % 60);
    } else {
        (void)snprintf(out, FORM, "%lld h %02lld min", s / 3600, s / 60 % 60);
    }
    return out;
}

const char *form_time(const char *rfc3339, char out[FORM])
{
    if (strlen(rfc3339) < 16) {
        (void)snprintf(out, FORM, "–");
    } else {
        (void)snprintf(out, FORM, "%.10s %.5s UTC", rfc3339, rfc3339 + 11);
    }
    return out;
}

const char *form_date(const char *rfc3339, char out[FORM])
{
    (void)snprintf(out, FORM, "%.10s", strlen(rfc3339) < 10 ? "–" : rfc3339);
    return out;
}

const char *form_id(const char *hex, char out[FORM])
{
    (void)snprintf(out, FORM, "%.12s", hex);
    return out;
}
