/* curve.c: CURVE (X25519) key pairs, certified by the identity when they are made.
 * May not keep the identity: libzmq gets this key, never that one. */
#include "internal.h"

#include <sodium.h>
#include <string.h>

_Static_assert(MDL_CURVE_KEY_BYTES == crypto_box_SECRETKEYBYTES, "libzmq's keys are crypto_box's");

static enum mdl_status check_request(uint32_t serial, int64_t from, int64_t to,
                                     struct mdl_error *err)
{
    if (serial == 0) {
        return mdl_fail(err, MDL_U_ARGUMENT, "the serial number of a CURVE key begins at 1");
    }
    if (!mdl_times_sane(from, to)) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "a CURVE key's validity must end after it begins, between 1970 and 9999");
    }
    return MDL_OK;
}

enum mdl_status mdl_curve_generate(const struct mdl_identity *id, uint32_t serial,
                                   int64_t not_before, int64_t not_after,
                                   struct mdl_curve_key **out, struct mdl_error *err)
{
    uint8_t hash[MDL_TAGGED_BYTES];
    void *memory;

    *out = NULL;
    enum mdl_status st = check_request(serial, not_before, not_after, err);
    if (st == MDL_OK) {
        st = mdl_secret_new(sizeof(struct mdl_curve_key), &memory, err);
    }
    if (st != MDL_OK) {
        return st;
    }
    struct mdl_curve_key *key = memory;
    (void)crypto_box_keypair(key->cert.curve, key->secret);
    memcpy(key->cert.identity, mdl_identity_public(id), MDL_IDENTITY_BYTES);
    key->cert.serial = serial;
    key->cert.not_before = not_before;
    key->cert.not_after = not_after;
    mdl_cert_signed(&key->cert, hash);
    mdl_identity_sign(id, hash, sizeof hash, key->cert.signature);
    if (sodium_mprotect_readonly(key) != 0) {
        mdl_curve_free(key);
        return mdl_fail(err, MDL_L_MEMORY, "the memory of a secret cannot be made read-only");
    }
    *out = key;
    return MDL_OK;
}

void mdl_curve_free(struct mdl_curve_key *key)
{
    sodium_free(key);
}

const struct mdl_curve_cert *mdl_curve_cert(const struct mdl_curve_key *key)
{
    return &key->cert;
}

const uint8_t *mdl_curve_secret(const struct mdl_curve_key *key)
{
    return key->secret;
}
