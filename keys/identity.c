/* identity.c: the Ed25519 identity: making it, signing, verifying, the signer for proto/.
 * May not hand out the secret half; only the key file sees it (identity_file.c). */
#include "internal.h"

#include <sodium.h>

static enum mdl_status finish(struct mdl_identity *id, struct mdl_identity **out,
                              struct mdl_error *err)
{
    if (sodium_mprotect_readonly(id) != 0) {
        sodium_free(id);
        return mdl_fail(err, MDL_L_MEMORY, "the memory of a secret cannot be made read-only");
    }
    *out = id;
    return MDL_OK;
}

/* From `seed`, or from fresh randomness where that is NULL. */
static enum mdl_status make(const uint8_t *seed, struct mdl_identity **out, struct mdl_error *err)
{
    uint8_t public_key[MDL_IDENTITY_BYTES];
    void *memory;

    *out = NULL;
    enum mdl_status st = mdl_secret_new(sizeof(struct mdl_identity), &memory, err);
    if (st != MDL_OK) {
        return st;
    }
    struct mdl_identity *id = memory;
    if (seed != NULL) {
        (void)crypto_sign_seed_keypair(public_key, id->secret, seed);
    } else {
        (void)crypto_sign_keypair(public_key, id->secret);
    }
    return finish(id, out, err);
}

enum mdl_status mdl_identity_from_seed(const uint8_t seed[MDL_SEED_BYTES],
                                       struct mdl_identity **out, struct mdl_error *err)
{
    return make(seed, out, err);
}

enum mdl_status mdl_identity_generate(struct mdl_identity **out, struct mdl_error *err)
{
    return make(NULL, out, err);
}

void mdl_identity_free(struct mdl_identity *id)
{
    sodium_free(id);
}

const uint8_t *mdl_identity_public(const struct mdl_identity *id)
{
    return id->secret + MDL_SEED_BYTES;
}

void mdl_identity_sign(const struct mdl_identity *id, const uint8_t *msg, size_t len,
                       uint8_t sig[MDL_SIGNATURE_BYTES])
{
    (void)crypto_sign_detached(sig, NULL, msg, len, id->secret);
}

bool mdl_signature_ok(const uint8_t identity[MDL_IDENTITY_BYTES], const uint8_t *msg, size_t len,
                      const uint8_t *sig, size_t sig_len)
{
    return sig_len == MDL_SIGNATURE_BYTES &&
           crypto_sign_verify_detached(sig, msg, len, identity) == 0;
}

static int sign_for_proto(void *ctx, const uint8_t *msg, size_t len,
                          uint8_t sig[MDL_SIGNATURE_BYTES])
{
    mdl_identity_sign(ctx, msg, len, sig);
    return 0;
}

struct mdl_signer mdl_identity_signer(const struct mdl_identity *id)
{
    /* The seam's ctx is not const because other signers may have state; this one has none. */
    union {
        const struct mdl_identity *in;
        void *ctx;
    } seam = {.in = id};
    struct mdl_signer signer = {.ctx = seam.ctx, .sign = sign_for_proto};

    for (size_t i = 0; i < MDL_IDENTITY_BYTES; i++) {
        signer.identity[i] = mdl_identity_public(id)[i];
    }
    return signer;
}
