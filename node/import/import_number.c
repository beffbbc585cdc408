/* import_number.c: amounts as CRMs and people write them, in exact hundredths.
 * May not use floating point nor the process's locale. */
#include "import_text.h"

#include <string.h>

/* A number in pieces: sign, digits without separators, how many of them are decimals, exponent. */
struct parts {
    bool negative;
    int64_t digits;
    int decimals;
    int exponent;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Skips white space and currency marks: symbols and up to three capitals ("USD", "US$", "EUR"). */
static const char *skip_currency(const char *s)
{
    int letters = 0;
    for (;; s++) {
        unsigned char c = (unsigned char)*s;
        if (c >= 'A' && c <= 'Z' && letters < 3) {
            letters++;
        } else if (c != ' ' && c != '$' && c < 0x80) {
            return s;
        }
    }
}

/* End of digits, separators and spaces between digits. */
static const char *number_end(const char *s)
{
    const char *end = s;
    for (; is_digit(*s) || *s == '.' || *s == ',' || *s == '\'' || *s == ' ' ||
           (unsigned char)*s >= 0x80;
         s++) {
        if (is_digit(*s)) {
            end = s + 1;
        }
    }
    return end;
}

/* Where the decimals begin in s[0..len), or len. Both separators: the later one. One that repeats
 * groups thousands. A lone one is `decimal`, or else thousands if three digits follow it. */
static size_t decimal_point(const char *s, size_t len, char decimal)
{
    size_t n[2] = {0, 0}, last[2] = {len, len};
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '.' || s[i] == ',') {
            int k = s[i] == ',';
            n[k]++;
            last[k] = i;
        }
    }
    if (n[0] > 0 && n[1] > 0) {
        int k = last[1] > last[0];
        return n[k] == 1 ? last[k] : len;
    }
    int k = n[1] > 0;
    if (n[k] != 1) {
        return len;
    }
    return s[last[k]] == decimal || len - last[k] - 1 != 3 ? last[k] : len;
}

static bool read_digits(const char *s, size_t len, char decimal, struct parts *p)
{
    size_t point = decimal_point(s, len, decimal);
    bool any = false;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(s[i])) {
            continue;
        }
        any = true;
        if (i > point && p->decimals >= 6) {
            continue; /* beyond any currency's minor unit */
        }
        int64_t digit = s[i] - '0';
        if (p->digits > (INT64_MAX - digit) / 10) {
            return false;
        }
        p->digits = p->digits * 10 + digit;
        p->decimals += i > point;
    }
    return any;
}

/* "E7", "e-2" at *s; moves *s behind it. */
static void read_exponent(const char **s, struct parts *p)
{
    const char *e = *s;
    if (*e != 'E' && *e != 'e') {
        return;
    }
    e++;
    bool negative = *e == '-';
    e += *e == '-' || *e == '+';
    if (!is_digit(*e)) {
        return;
    }
    int value = 0;
    for (; is_digit(*e) && value < 1000; e++) {
        value = value * 10 + (*e - '0');
    }
    p->exponent = negative ? -value : value;
    *s = e;
}

static bool to_hundredths(const struct parts *p, int64_t *out)
{
    int64_t v = p->digits;
    int shift = 2 - p->decimals + p->exponent;
    for (; shift > 0 && v != 0; shift--) {
        if (v > INT64_MAX / 10) {
            return false;
        }
        v *= 10;
    }
    for (; shift < -1 && v != 0; shift++) {
        v /= 10;
    }
    if (shift == -1) {
        v = (v + 5) / 10;
    }
    *out = p->negative ? -v : v;
    return true;
}

bool mdl_imp_number(const char *s, char decimal, int64_t *hundredths)
{
    struct parts p = {0};
    s = skip_currency(s);
    bool paren = *s == '(';
    p.negative = paren || *s == '-';
    s += paren || *s == '-' || *s == '+';
    s = skip_currency(s);
    if (*s == '-' && !p.negative) {
        p.negative = true;
        s++;
    }
    const char *end = number_end(s);
    if (!is_digit(*s) && *s != '.' && *s != ',') {
        return false;
    }
    if (!read_digits(s, (size_t)(end - s), decimal, &p)) {
        return false;
    }
    read_exponent(&end, &p);
    end = skip_currency(end);
    if (paren && *end == ')') {
        end = skip_currency(end + 1);
        paren = false;
    }
    return !paren && *end == '\0' && to_hundredths(&p, hundredths);
}

bool mdl_imp_date(const char *s, int64_t *day)
{
    static const char form[] = "dddd-dd-dd";
    int64_t n = 0;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (form[i] == 'd' ? !is_digit(s[i]) : s[i] != form[i]) {
            return false;
        }
        n = form[i] == 'd' ? n * 10 + (s[i] - '0') : n;
    }
    if (is_digit(s[10]) || n % 100 < 1 || n % 100 > 31 || n / 100 % 100 < 1 || n / 100 % 100 > 12) {
        return false;
    }
    *day = n;
    return true;
}
