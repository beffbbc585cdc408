/* signer.h: how a signature crosses from keys/ to proto/, which do not see each other.
 *
 * `sign` makes an Ed25519 signature (RFC 8032, libsodium crypto_sign_detached) over msg[0..len)
 * with the node's identity key. It returns 0, or -1 if the key is not to be had (the caller aborts
 * with MDL_L_KEY_FILE). It is called on the thread that owns the session. `ctx` belongs to whoever
 * made the signer and outlives it.
 */
#ifndef MANDORLA_SIGNER_H
#define MANDORLA_SIGNER_H

#include <stddef.h>
#include <stdint.h>

#define MDL_IDENTITY_BYTES  32 /* Ed25519 public key */
#define MDL_SIGNATURE_BYTES 64

struct mdl_signer {
    void *ctx;
    int (*sign)(void *ctx, const uint8_t *msg, size_t len, uint8_t sig[MDL_SIGNATURE_BYTES]);
    uint8_t identity[MDL_IDENTITY_BYTES];
};

#endif
