/* invitation.h: how two nodes come to know each other. Partner cards and invitation tokens.
 *
 * A partner card is what is pinned about a partner. An invitation is a card with a lifetime, signed
 * by the partner's identity; as a token it is one line of text to copy and paste:
 *
 *   "mandorla1:" base64url(bytes), no padding; PROTOCOL 13.
 *
 * Pairing takes two tokens, one each way. A token is not secret: it holds public keys only. It
 * proves that the holder of the identity key wrote it, not who that is: read the words of
 * fingerprint.h over the phone. `nonce` lets the caller refuse a token it has already used.
 *
 * Threading: pure functions. Ownership: plain structs, nothing is allocated.
 * Time: seconds since 1970-01-01 UTC, always a parameter.
 */
#ifndef MANDORLA_INVITATION_H
#define MANDORLA_INVITATION_H

#include <keys.h>

#define MDL_NAME_MAX     64  /* bytes of UTF-8 */
#define MDL_ENDPOINT_MAX 255 /* bytes */
#define MDL_TOKEN_NONCE  16
#define MDL_TOKEN_BYTES_MAX                                                                        \
    (1 + 8 + 8 + MDL_TOKEN_NONCE + MDL_CERT_BYTES + 1 + MDL_NAME_MAX + 1 + MDL_ENDPOINT_MAX +      \
     MDL_SIGNATURE_BYTES)
#define MDL_TOKEN_TEXT_MAX  800  /* characters of a token, and the NUL; checked at compile time */
#define MDL_TOKEN_PASTE_MAX 8192 /* characters of pasted text that are looked at */

struct mdl_partner_card {
    char name[MDL_NAME_MAX + 1];         /* what the partner calls itself */
    char endpoint[MDL_ENDPOINT_MAX + 1]; /* "tcp://host:port", or "": the partner only dials out */
    uint8_t identity[MDL_IDENTITY_BYTES];
    struct mdl_curve_cert cert; /* cert.identity equals identity */
};

struct mdl_invitation {
    struct mdl_partner_card card;
    int64_t created;
    int64_t expires;
    uint8_t nonce[MDL_TOKEN_NONCE];
};

/* 1..64 bytes of valid UTF-8, no white space at either end, no control, bidirectional-override,
 * line-separator or zero-width character (a name is shown to people who decide by it).
 * MDL_U_ARGUMENT. */
MDL_MUST_CHECK enum mdl_status mdl_name_check(const char *name, struct mdl_error *err);
/* "tcp://host:port": host is a DNS name in ASCII, an IPv4 address, or an IPv6 address in brackets
 * (no zone); port 1..65535 without leading zeros. Not the empty string. MDL_U_ARGUMENT. */
MDL_MUST_CHECK enum mdl_status mdl_endpoint_check(const char *endpoint, struct mdl_error *err);

/* Name, endpoint (may be ""), cert.identity equal to identity, signature, validity at `now`.
 * MDL_U_ARGUMENT (name, endpoint), MDL_P_UNKNOWN_KEY (certificate of another identity), and those
 * of mdl_cert_verify. Call before pinning a card that did not come out of mdl_token_decode. */
MDL_MUST_CHECK enum mdl_status mdl_card_verify(const struct mdl_partner_card *card, int64_t now,
                                               struct mdl_error *err);
/* The partner sent a certificate for a new CURVE key: decodes and verifies it against the pinned
 * card and, only if all is well, replaces card->cert. The caller stores the card and re-admits the
 * key. The same certificate again is MDL_OK and changes nothing (a resend). Errors: those of
 * mdl_cert_decode and mdl_cert_verify; MDL_P_UNKNOWN_KEY (another identity); MDL_P_REPLAY (a serial
 * not above the pinned one: an old certificate, or two with one serial). */
MDL_MUST_CHECK enum mdl_status mdl_card_rotate(struct mdl_partner_card *card, const uint8_t *cert,
                                               size_t cert_len, int64_t now, struct mdl_error *err);

/* Fills *out for our own node, with a fresh nonce. `endpoint` may be "". MDL_U_ARGUMENT (name,
 * endpoint, expires <= created, times out of range, the certificate is not by `id`). */
MDL_MUST_CHECK enum mdl_status
mdl_invitation_new(const struct mdl_identity *id, const struct mdl_curve_cert *cert,
                   const char *name, const char *endpoint, int64_t created, int64_t expires,
                   struct mdl_invitation *out, struct mdl_error *err);
/* The one canonical token of `inv`, signed with `id`: the same input gives the same text.
 * MDL_U_ARGUMENT as above. */
MDL_MUST_CHECK enum mdl_status mdl_token_encode(const struct mdl_invitation *inv,
                                                const struct mdl_identity *id,
                                                char out[MDL_TOKEN_TEXT_MAX],
                                                struct mdl_error *err);
/* Reads text[0..len) as pasted: white space, line breaks, no-break and zero-width spaces and the
 * ">" of quoted lines are skipped wherever they stand. Verifies everything: encoding, signature,
 * certificate, validity of both at `now`. Only MDL_OK fills *out.
 * MDL_U_TOKEN: the text says which part is wrong: not a token, too long, a character that cannot
 * stand in one, truncated, something after its end, name, endpoint, times, altered (signature),
 * certificate, not valid yet (clocks), expired (with the date: ask for a new one), or a newer
 * version (upgrade). */
MDL_MUST_CHECK enum mdl_status mdl_token_decode(const char *text, size_t len, int64_t now,
                                                struct mdl_invitation *out, struct mdl_error *err);

#endif
