/* names.c: what may stand as a node's name and as its endpoint. Pure checks.
 * May not resolve or normalise anything: what was signed is what is shown and dialled. */
#include <arpa/inet.h>
#include <invitation.h>
#include <string.h>

#define HOST_MAX 253 /* RFC 1035 */

/* One UTF-8 character of s[0..len): its length, and its value in *c; 0 if it is not valid (RFC
 * 3629: shortest form only, no surrogates, up to U+10FFFF). */
static size_t utf8_next(const uint8_t *s, size_t len, uint32_t *c)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t n = s[0] < 0x80   ? 1
                     : s[0] < 0xc0 ? 0
                     : s[0] < 0xe0 ? 2
                     : s[0] < 0xf0 ? 3
                     : s[0] < 0xf8 ? 4
                                   : 0;

    if (n == 0 || n > len) {
        return 0;
    }
    *c = n == 1 ? s[0] : s[0] & (0x7fU >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
        *c = *c << 6 | (s[i] & 0x3fU);
    }
    if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff)) {
        return 0;
    }
    return n;
}

/* Characters that are not seen, or that change how their neighbours are seen. */
static bool deceives(uint32_t c)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } range[] = {
        {0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x061c, 0x061c},
        {0x180e, 0x180e}, {0x200b, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202e},
        {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
    };

    for (size_t i = 0; i < sizeof range / sizeof range[0]; i++) {
        if (c >= range[i].first && c <= range[i].last) {
            return true;
        }
    }
    return false;
}

static bool is_space(uint32_t c)
{
    return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

enum mdl_status mdl_name_check(const char *name, struct mdl_error *err)
{
    const uint8_t *s = (const uint8_t *)name;
    const size_t len = strnlen(name, MDL_NAME_MAX + 1);
    uint32_t c = 0;

    if (len == 0 || len > MDL_NAME_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a name has 1 to %d bytes; this %s", MDL_NAME_MAX,
                        len == 0 ? "is empty" : "is longer");
    }
    for (size_t at = 0, n; at < len; at += n) {
        n = utf8_next(s + at, len - at, &c);
        if (n == 0) {
            return mdl_fail(err, MDL_U_ARGUMENT, "the name is not valid UTF-8 at byte %zu", at + 1);
        }
        if (deceives(c)) {
            return mdl_fail(err, MDL_U_ARGUMENT,
                            "the name holds U+%04X, a character that is not seen or that turns the "
                            "text around",
                            (unsigned)c);
        }
        if (is_space(c) && (at == 0 || at + n == len)) {
            return mdl_fail(err, MDL_U_ARGUMENT, "the name begins or ends with a space");
        }
    }
    return MDL_OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A DNS name: labels of 1 to 63 letters, digits and inner hyphens. One whose last label is a number
 * is an IPv4 address (RFC 3696, 2), and inet_pton takes its strict form only. */
static bool host_ok(const char *host, size_t len)
{
    char text[HOST_MAX + 1];
    uint8_t address[4];
    size_t label = 0;

    if (len == 0 || len > HOST_MAX) {
        return false;
    }
    for (size_t i = 0; i <= len; i++) {
        if (i == len || host[i] == '.') {
            if (i == label || i - label > 63 || host[label] == '-' || host[i - 1] == '-') {
                return false;
            }
            label = i < len ? i + 1 : label;
        } else if (!is_alnum(host[i]) && host[i] != '-') {
            return false;
        }
    }
    for (size_t i = label; i < len; i++) {
        if (!is_digit(host[i])) {
            return true;
        }
    }
    memcpy(text, host, len);
    text[len] = '\0';
    return inet_pton(AF_INET, text, address) == 1;
}

static bool ipv6_ok(const char *host, size_t len)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t address[16];

    if (len >= sizeof text) {
        return false;
    }
    memcpy(text, host, len);
    text[len] = '\0';
    return inet_pton(AF_INET6, text, address) == 1;
}

static bool port_ok(const char *port)
{
    uint32_t value = 0;
    const size_t len = strlen(port);

    if (len == 0 || len > 5 || port[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(port[i])) {
            return false;
        }
        value = value * 10 + (uint32_t)(port[i] - '0');
    }
    return value <= UINT16_MAX;
}

enum mdl_status mdl_endpoint_check(const char *endpoint, struct mdl_error *err)
{
    static const char scheme[] = "tcp://";
    const char *host = endpoint + sizeof scheme - 1;

    if (strnlen(endpoint, MDL_ENDPOINT_MAX + 1) > MDL_ENDPOINT_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "an endpoint has at most %d bytes", MDL_ENDPOINT_MAX);
    }
    if (strncmp(endpoint, scheme, sizeof scheme - 1) != 0) {
        return mdl_fail(err, MDL_U_ARGUMENT, "an endpoint begins with tcp://");
    }
    const char *colon = strrchr(host, ':');
    if (colon == NULL || !port_ok(colon + 1)) {
        return mdl_fail(err, MDL_U_ARGUMENT, "an endpoint ends with : and a port from 1 to 65535");
    }
    const size_t len = (size_t)(colon - host);
    const bool bracketed = len >= 2 && host[0] == '[' && colon[-1] == ']';
    if (bracketed ? !ipv6_ok(host + 1, len - 2) : !host_ok(host, len)) {
        return mdl_fail(
            err, MDL_U_ARGUMENT,
            "an endpoint's host is a name in ASCII, an IPv4 address, or an IPv6 address "
            "in brackets");
    }
    return MDL_OK;
}
