/* curve_file.c: the CURVE key in its file, sealed under a key derived from the identity; and what
 * any key file tells without being opened. May not ask for a passphrase. */
#include "internal.h"

#include <sodium.h>
#include <string.h>

_Static_assert(crypto_kdf_KEYBYTES == MDL_SEED_BYTES, "the seed is the master key");

/* BLAKE2b keyed with the Ed25519 seed (libsodium's crypto_kdf); Ed25519 itself hashes the seed with
 * SHA-512, so the two uses do not meet. */
static enum mdl_status derive(const struct mdl_identity *id, void **wrap, struct mdl_error *err)
{
    static const char context[crypto_kdf_CONTEXTBYTES + 1] = "mdlcurve";
    enum mdl_status st = mdl_secret_new(MDL_WRAP_BYTES, wrap, err);

    if (st == MDL_OK) {
        (void)crypto_kdf_derive_from_key(*wrap, MDL_WRAP_BYTES, 1, context, id->secret);
    }
    return st;
}

enum mdl_status mdl_curve_save(const struct mdl_curve_key *key, const struct mdl_identity *id,
                               const char *path, enum mdl_save how, struct mdl_error *err)
{
    uint8_t cert[MDL_CERT_BYTES];
    struct mdl_kf_head head = {.kind = MDL_KEY_FILE_CURVE,
                               .mode = MDL_SEAL_IDENTITY,
                               .public_part = cert,
                               .public_len = sizeof cert};
    void *file = NULL;
    void *wrap = NULL;

    if (sodium_memcmp(key->cert.identity, mdl_identity_public(id), MDL_IDENTITY_BYTES) != 0) {
        return mdl_fail(err, MDL_U_ARGUMENT, "this CURVE key was certified by another identity");
    }
    enum mdl_status st = mdl_secret_new(sizeof(struct mdl_kf), &file, err);
    if (st == MDL_OK) {
        st = derive(id, &wrap, err);
    }
    if (st == MDL_OK) {
        mdl_cert_encode(&key->cert, cert);
        randombytes_buf(head.nonce, sizeof head.nonce);
        mdl_kf_build(file, &head, wrap, key->secret);
        st = mdl_kf_write(path, file, how, err);
    }
    sodium_free(wrap);
    sodium_free(file);
    return st;
}

static enum mdl_status read_cert(const struct mdl_kf_head *head, const char *path,
                                 struct mdl_curve_cert *cert, struct mdl_error *err)
{
    if (mdl_cert_decode(head->public_part, head->public_len, cert, NULL) != MDL_OK) {
        return mdl_kf_damaged(err, path, "the certificate in it is not one");
    }
    return MDL_OK;
}

static enum mdl_status check_owner(const struct mdl_kf_head *head, const char *path,
                                   const struct mdl_identity *id, struct mdl_curve_cert *cert,
                                   struct mdl_error *err)
{
    if (head->kind != MDL_KEY_FILE_CURVE) {
        return mdl_fail(err, MDL_L_KEY_FILE,
                        "%.256s holds an identity, not a CURVE key; were two files exchanged?",
                        path);
    }
    enum mdl_status st = read_cert(head, path, cert, err);
    if (st == MDL_OK &&
        sodium_memcmp(cert->identity, mdl_identity_public(id), MDL_IDENTITY_BYTES) != 0) {
        st = mdl_fail(err, MDL_L_KEY_FILE,
                      "the CURVE key in %.256s belongs to another identity. Restore both key files "
                      "from one backup, or make a new CURVE key",
                      path);
    }
    return st;
}

/* The certificate's signature is covered by the seal, but one that this identity did not make would
 * be noticed by partners only; and the pair must be a pair. */
static bool belongs(const struct mdl_curve_key *key)
{
    uint8_t hash[MDL_TAGGED_BYTES];
    uint8_t point[MDL_CURVE_KEY_BYTES];

    mdl_cert_signed(&key->cert, hash);
    /* what is compared is public */
    return crypto_scalarmult_base(point, key->secret) == 0 &&
           sodium_memcmp(point, key->cert.curve, sizeof point) == 0 &&
           mdl_signature_ok(key->cert.identity, hash, sizeof hash, key->cert.signature,
                            sizeof key->cert.signature);
}

static enum mdl_status open_file(const struct mdl_kf *file, const char *path,
                                 const struct mdl_identity *id, struct mdl_curve_key *key,
                                 struct mdl_error *err)
{
    struct mdl_kf_head head;
    void *wrap = NULL;
    enum mdl_status st = mdl_kf_parse(file, path, &head, err);

    if (st == MDL_OK) {
        st = check_owner(&head, path, id, &key->cert, err);
    }
    if (st == MDL_OK) {
        st = derive(id, &wrap, err);
    }
    if (st == MDL_OK && (!mdl_kf_open(file, &head, wrap, key->secret) || !belongs(key))) {
        st = mdl_kf_damaged(err, path, "it was altered (its seal does not open)");
    }
    sodium_free(wrap);
    return st;
}

enum mdl_status mdl_curve_load(const char *path, const struct mdl_identity *id,
                               struct mdl_curve_key **out, struct mdl_error *err)
{
    void *file = NULL;
    void *key = NULL;

    *out = NULL;
    enum mdl_status st = mdl_secret_new(sizeof(struct mdl_kf), &file, err);
    if (st == MDL_OK) {
        st = mdl_secret_new(sizeof(struct mdl_curve_key), &key, err);
    }
    if (st == MDL_OK) {
        st = mdl_kf_read(path, file, err);
    }
    if (st == MDL_OK) {
        st = open_file(file, path, id, key, err);
    }
    if (st == MDL_OK && sodium_mprotect_readonly(key) != 0) {
        st = mdl_fail(err, MDL_L_MEMORY, "the memory of a secret cannot be made read-only");
    }
    if (st == MDL_OK) {
        *out = key;
    } else {
        sodium_free(key);
    }
    sodium_free(file);
    return st;
}

enum mdl_status mdl_key_file_info(const char *path, struct mdl_key_file_info *out,
                                  struct mdl_error *err)
{
    struct mdl_key_file_info info = {0};
    struct mdl_kf_head head;
    void *file = NULL;

    enum mdl_status st = mdl_secret_new(sizeof(struct mdl_kf), &file, err);
    if (st == MDL_OK) {
        st = mdl_kf_read(path, file, err);
    }
    if (st == MDL_OK) {
        st = mdl_kf_parse(file, path, &head, err);
    }
    if (st == MDL_OK && head.kind == MDL_KEY_FILE_CURVE) {
        st = read_cert(&head, path, &info.cert, err);
    }
    if (st == MDL_OK) {
        info.kind = head.kind;
        info.mode = head.mode;
        info.kdf = head.kdf;
        memcpy(info.identity,
               head.kind == MDL_KEY_FILE_CURVE ? info.cert.identity : head.public_part,
               sizeof info.identity);
        *out = info;
    }
    sodium_free(file);
    return st;
}
