/* text.c: which strings may cross the wire, and views of them. May not: allocate. */
#include "record.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Characters that would let a partner's text forge lines or turn the reading direction of what our
 * operator sees. */
static bool refused(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029 ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Length of the sequence that begins with this byte and the smallest code point it may hold; 0 for
 * a byte that begins none. */
static size_t sequence(uint8_t b, uint32_t *least)
{
    if (b < 0x80) {
        *least = 0;
        return 1;
    }
    if (b >= 0xc2 && b <= 0xdf) {
        *least = 0x80;
        return 2;
    }
    if ((b & 0xf0) == 0xe0) {
        *least = 0x800;
        return 3;
    }
    *least = 0x10000;
    return b >= 0xf0 && b <= 0xf4 ? 4 : 0;
}

/* Length of the clean character at s, 0 if there is none. */
static size_t clean_char(const uint8_t *s, size_t left)
{
    static const uint8_t mask[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t least;
    size_t n = sequence(s[0], &least);

    if (n == 0 || n > left) {
        return 0;
    }
    uint32_t c = s[0] & mask[n];
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) || refused(c)) {
        return 0;
    }
    return n;
}

/* Length of the longest clean beginning. */
static size_t clean_prefix(const char *s, size_t len)
{
    size_t pos = 0;

    while (pos < len) {
        size_t n = clean_char((const uint8_t *)s + pos, len - pos);
        if (n == 0) {
            break;
        }
        pos += n;
    }
    return pos;
}

bool mdl_text_clean(const char *s, size_t len)
{
    return clean_prefix(s, len) == len;
}

struct mdl_text mdl_text_of(const char *s)
{
    return (struct mdl_text){.p = s, .len = strlen(s)};
}

struct mdl_text mdl_text_clip(const char *s, size_t max)
{
    return (struct mdl_text){.p = s, .len = clean_prefix(s, strnlen(s, max))};
}

bool mdl_text_is(const struct mdl_text *t, const char *s)
{
    return t->len == strlen(s) && (t->len == 0 || memcmp(t->p, s, t->len) == 0);
}

void mdl_text_time(uint64_t ms, char out[MDL_TEXT_TIME])
{
    time_t seconds = (time_t)(ms / 1000);
    char stamp[32];
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL ||
        strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &tm) == 0) {
        (void)snprintf(out, MDL_TEXT_TIME, "%llu ms", (unsigned long long)ms);
    } else if (ms % 1000 != 0) {
        (void)snprintf(out, MDL_TEXT_TIME, "%s.%03u UTC", stamp, (unsigned)(ms % 1000));
    } else {
        (void)snprintf(out, MDL_TEXT_TIME, "%s UTC", stamp);
    }
}
