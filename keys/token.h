/* token.h: the layout of an invitation token's bytes (PROTOCOL 13), for token.c and token_text.c.
 *
 *   version     1        1
 *   created     8        seconds, big-endian
 *   expires     8        seconds, big-endian; after `created`
 *   nonce      16
 *   cert      149        PROTOCOL 3.1; holds the identity
 *   name        1 + n    length, then 1..64 bytes of UTF-8
 *   endpoint    1 + m    length, then 0..255 bytes of ASCII
 *   signature  64        over T("invitation", everything before it)
 */
#ifndef MANDORLA_TOKEN_H
#define MANDORLA_TOKEN_H

#include <invitation.h>

#define MDL_TOKEN_VERSION 1

/* "mandorla1:" and base64url, NUL-terminated. len <= MDL_TOKEN_BYTES_MAX. */
void mdl_token_to_text(const uint8_t *bytes, size_t len, char out[MDL_TOKEN_TEXT_MAX]);
/* Pasted text to bytes; *used of them. MDL_U_TOKEN. */
MDL_MUST_CHECK enum mdl_status mdl_token_from_text(const char *text, size_t len,
                                                   uint8_t bytes[MDL_TOKEN_TEXT_MAX], size_t *used,
                                                   struct mdl_error *err);

#endif
