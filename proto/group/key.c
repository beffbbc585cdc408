/* key.c: the life of a round key, from random bytes to wiped memory.
 * Nothing here lets the scalar out. */
#include "internal/key.h"
#include "internal/engine.h"
#include "internal/scalar.h"

#include <sodium.h>
#include <string.h>

/* libsodium's allocator takes memory it could not lock all the same; a key may not live there. */
static struct mdl_scalar_key *locked(void)
{
    struct mdl_scalar_key *key = sodium_malloc(sizeof *key);

    if (key != NULL && sodium_mlock(key, sizeof *key) != 0) {
        sodium_free(key);
        key = NULL;
    }
    return key;
}

enum mdl_status mdl_key_make(const uint8_t k[MDL_SCALAR_BYTES], struct mdl_scalar_key **out,
                             struct mdl_error *err)
{
    struct mdl_scalar_key *key = NULL;

    *out = NULL;
    if (!mdl_scalar_valid(k)) {
        return mdl_fail(err, MDL_U_ARGUMENT, "a scalar is not in [1, L-1]");
    }
    key = locked();
    if (key == NULL) {
        return mdl_fail(err, MDL_L_MEMORY,
                        "no locked memory for a round key; raise RLIMIT_MEMLOCK (ulimit -l)");
    }
    memcpy(key->k, k, sizeof key->k);
    mdl_engine_base(key->k, key->K);
    if (sodium_mprotect_readonly(key) != 0) {
        sodium_free(key);
        return mdl_fail(err, MDL_L_MEMORY, "a round key cannot be write-protected");
    }
    *out = key;
    return MDL_OK;
}

enum mdl_status mdl_scalar_key_generate(struct mdl_scalar_key **out, struct mdl_error *err)
{
    uint8_t k[MDL_SCALAR_BYTES];
    enum mdl_status status = MDL_OK;

    *out = NULL;
    if (sodium_init() < 0) {
        return mdl_fail(err, MDL_L_LIBRARY, "libsodium has no random source");
    }
    crypto_core_ristretto255_scalar_random(k);
    status = mdl_key_make(k, out, err);
    sodium_memzero(k, sizeof k);
    return status;
}

void mdl_scalar_key_free(struct mdl_scalar_key *key)
{
    sodium_free(key); /* wipes, unlocks; NULL is a no-op */
}

const uint8_t *mdl_scalar_key_public(const struct mdl_scalar_key *key)
{
    return key->K;
}
