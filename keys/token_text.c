/* token_text.c: the text of a token: from bytes to one line, and from whatever a mail program made
 * of that line back to bytes. May not look into the bytes. */
#include "token.h"

#include <sodium.h>
#include <string.h>

static const char word[] = "mandorla";
static const char prefix[] = "mandorla1:";
enum { WORD_CHARS = sizeof word - 1, PREFIX_CHARS = sizeof prefix - 1 };

/* 4 characters for 3 bytes, rounded up, and the NUL. */
_Static_assert(PREFIX_CHARS + (MDL_TOKEN_BYTES_MAX * 4 + 2) / 3 + 1 <= MDL_TOKEN_TEXT_MAX,
               "the longest token fits");

void mdl_token_to_text(const uint8_t *bytes, size_t len, char out[MDL_TOKEN_TEXT_MAX])
{
    memcpy(out, prefix, PREFIX_CHARS);
    (void)sodium_bin2base64(out + PREFIX_CHARS, MDL_TOKEN_TEXT_MAX - PREFIX_CHARS, bytes, len,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* How many bytes at s are white space, or one of the characters that mail programs and word
 * processors put into long lines: U+00A0, U+00AD, U+200B, U+2060, U+FEFF. */
static size_t blank(const char *s, size_t left)
{
    static const char *const inserted[] = {"\xc2\xa0", "\xc2\xad", "\xe2\x80\x8b", "\xe2\x81\xa0",
                                           "\xef\xbb\xbf"};

    if (*s == ' ' || (*s >= '\t' && *s <= '\r')) {
        return 1;
    }
    for (size_t i = 0; i < sizeof inserted / sizeof inserted[0]; i++) {
        const size_t n = strlen(inserted[i]);
        if (n <= left && strncmp(s, inserted[i], n) == 0) {
            return n;
        }
    }
    return 0;
}

/* Copies what is not blank and not a quotation mark ">" at a line's beginning. */
static enum mdl_status squeeze(const char *text, size_t len, char out[MDL_TOKEN_TEXT_MAX],
                               struct mdl_error *err)
{
    size_t used = 0;
    bool line_begins = true;

    if (len > MDL_TOKEN_PASTE_MAX) {
        return mdl_fail(err, MDL_U_TOKEN,
                        "this is too long for an invitation token; paste the token alone");
    }
    for (size_t at = 0; at < len;) {
        const size_t skip = blank(text + at, len - at);
        if (skip > 0 || (line_begins && text[at] == '>')) {
            line_begins = line_begins || text[at] == '\n' || text[at] == '\r';
            at += skip > 0 ? skip : 1;
            continue;
        }
        if (text[at] == '\0') {
            return mdl_fail(err, MDL_U_TOKEN, "there is a NUL byte in the invitation token");
        }
        if (used == MDL_TOKEN_TEXT_MAX - 1) {
            return mdl_fail(err, MDL_U_TOKEN,
                            "this is too long for an invitation token; paste the token alone");
        }
        line_begins = false;
        out[used++] = text[at++];
    }
    out[used] = '\0';
    return MDL_OK;
}

/* The digits between the word and the colon are the version of the token. */
static enum mdl_status check_prefix(const char *s, struct mdl_error *err)
{
    if (strncmp(s, prefix, PREFIX_CHARS) == 0) {
        return MDL_OK;
    }
    if (strncmp(s, word, WORD_CHARS) == 0) {
        const char *digits = s + WORD_CHARS;
        const size_t n = strspn(digits, "0123456789");
        if (n > 0 && n <= 6 && digits[0] != '0' && digits[n] == ':') {
            return mdl_fail(err, MDL_U_TOKEN,
                            "the invitation token is of version %.*s; this node reads version 1. "
                            "Upgrade Mandorla",
                            (int)n, digits);
        }
    }
    return mdl_fail(err, MDL_U_TOKEN, "this is not an invitation token: one begins with %s",
                    prefix);
}

static bool in_alphabet(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

enum mdl_status mdl_token_from_text(const char *text, size_t len, uint8_t bytes[MDL_TOKEN_TEXT_MAX],
                                    size_t *used, struct mdl_error *err)
{
    char line[MDL_TOKEN_TEXT_MAX] = "";
    enum mdl_status st = squeeze(text, len, line, err);

    if (st == MDL_OK) {
        st = check_prefix(line, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    const char *body = line + PREFIX_CHARS;
    const size_t n = strlen(body);
    for (size_t i = 0; i < n; i++) {
        if (!in_alphabet(body[i])) {
            return mdl_fail(err, MDL_U_TOKEN,
                            "character %zu after %s cannot stand in an invitation token; copy the "
                            "token once more",
                            i + 1, prefix);
        }
    }
    /* Refuses a lone last character and bits set beyond the last byte: one text for one token. */
    if (sodium_base642bin(bytes, MDL_TOKEN_TEXT_MAX, body, n, NULL, used, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
        return mdl_fail(err, MDL_U_TOKEN,
                        "the invitation token is cut short or altered: its end does not fit");
    }
    return MDL_OK;
}
