/* xmd.h: expand_message_xmd with SHA-512 (RFC 9380, 5.3.1). */
#ifndef MANDORLA_GROUP_XMD_H
#define MANDORLA_GROUP_XMD_H

#include <mandorla/status.h>

#include <sodium.h>

#define MDL_XMD_OUT_MAX ((size_t)255 * 64)

struct mdl_xmd {
    crypto_hash_sha512_state padded; /* after Z_pad, the same for every message */
    uint8_t dst_prime[256];          /* DST || I2OSP(len(DST), 1) */
    size_t dst_prime_len;
};

/* Prepares a tag for any number of messages. A tag above 255 bytes is replaced by its hash (5.3.3).
 * Errors: MDL_U_ARGUMENT (an empty tag; RFC 9380, 3.1 forbids it). */
MDL_MUST_CHECK enum mdl_status mdl_xmd_init(struct mdl_xmd *x, const uint8_t *dst, size_t dst_len,
                                            struct mdl_error *err);

/* out_len bytes, 1..MDL_XMD_OUT_MAX, uniform for who does not know msg. Time depends on lengths
 * only. */
void mdl_xmd(const struct mdl_xmd *x, const uint8_t *msg, size_t len, uint8_t *out, size_t out_len);

#endif
