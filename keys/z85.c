/* z85.c: the text form of CURVE public keys (ZeroMQ RFC 32).
 * Not constant-time, so it may not be used on a secret. */
#include <keys.h>
#include <string.h>

static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               ".-:+=^!/*?&<>()[]{}@%$#";

bool mdl_z85_encode(const uint8_t *data, size_t len, char *out)
{
    if (len % 4 != 0) {
        return false;
    }
    for (size_t i = 0; i < len; i += 4) {
        uint32_t v = (uint32_t)data[i] << 24 | (uint32_t)data[i + 1] << 16 |
                     (uint32_t)data[i + 2] << 8 | data[i + 3];
        for (size_t k = 5; k-- > 0; v /= 85) {
            out[i / 4 * 5 + k] = alphabet[v % 85];
        }
    }
    out[len / 4 * 5] = '\0';
    return true;
}

bool mdl_z85_decode(const char *text, size_t len, uint8_t *out)
{
    if (len % 5 != 0) {
        return false;
    }
    for (size_t i = 0; i < len; i += 5) {
        uint64_t v = 0;
        for (size_t k = 0; k < 5; k++) {
            const char *at = memchr(alphabet, text[i + k], sizeof alphabet - 1);
            if (at == NULL) {
                return false;
            }
            v = v * 85 + (uint64_t)(at - alphabet);
        }
        if (v > UINT32_MAX) {
            return false;
        }
        for (size_t k = 0; k < 4; k++) {
            out[i / 5 * 4 + k] = (uint8_t)(v >> (24 - 8 * k));
        }
    }
    return true;
}

void mdl_z85_encode_key(const uint8_t key[MDL_CURVE_KEY_BYTES], char out[MDL_CURVE_Z85_CHARS + 1])
{
    (void)!mdl_z85_encode(key, MDL_CURVE_KEY_BYTES, out); /* the length is a multiple of 4 */
}

enum mdl_status mdl_z85_decode_key(const char *text, uint8_t out[MDL_CURVE_KEY_BYTES],
                                   struct mdl_error *err)
{
    uint8_t key[MDL_CURVE_KEY_BYTES];
    size_t len = strnlen(text, MDL_CURVE_Z85_CHARS + 1);

    if (len != MDL_CURVE_Z85_CHARS) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a CURVE key in Z85 has 40 characters, this has %s",
                        len < MDL_CURVE_Z85_CHARS ? "fewer" : "more");
    }
    if (!mdl_z85_decode(text, len, key)) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "this is not a CURVE key in Z85: a character outside the alphabet, or five "
                        "characters whose value is over 32 bits");
    }
    memcpy(out, key, sizeof key);
    return MDL_OK;
}
