/* identity_file.c: the identity in its file, sealed by a passphrase (Argon2id) or by nothing.
 * May not run Argon2id with numbers that mdl_kf_parse or check_seal did not bound. */
#include "internal.h"

#include <sodium.h>
#include <string.h>

static enum mdl_status check_seal(const struct mdl_seal *seal, struct mdl_error *err)
{
    const bool wants = seal->mode == MDL_SEAL_PASSPHRASE;

    if (!wants && seal->mode != MDL_SEAL_NONE) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "an identity is sealed by a passphrase or, on purpose, by nothing");
    }
    if (wants != (seal->pass != NULL)) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        wants ? "a passphrase is needed to seal the identity"
                              : "a passphrase was given, but the identity is not to be sealed");
    }
    if (wants && (seal->kdf.ops < 1 || seal->kdf.ops > MDL_KDF_OPS_MAX ||
                  seal->kdf.mem < MDL_KDF_MEM_MIN || seal->kdf.mem > MDL_KDF_MEM_MAX)) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "Argon2id takes 1 to %d passes over %llu to %llu bytes here",
                        MDL_KDF_OPS_MAX, (unsigned long long)MDL_KDF_MEM_MIN,
                        (unsigned long long)MDL_KDF_MEM_MAX);
    }
    return MDL_OK;
}

/* *wrap: MDL_WRAP_BYTES of secret memory, the caller's to sodium_free. */
static enum mdl_status derive(const struct mdl_passphrase *pass, const struct mdl_kf_head *head,
                              void **wrap, struct mdl_error *err)
{
    enum mdl_status st = mdl_secret_new(MDL_WRAP_BYTES, wrap, err);

    if (st != MDL_OK) {
        return st;
    }
    if (crypto_pwhash(*wrap, MDL_WRAP_BYTES, (const char *)pass->bytes, pass->len, head->salt,
                      head->kdf.ops, (size_t)head->kdf.mem, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        sodium_free(*wrap);
        *wrap = NULL;
        return mdl_fail(
            err, MDL_L_MEMORY,
            "opening or sealing the identity takes %llu MiB of memory, which the system "
            "did not give",
            (unsigned long long)(head->kdf.mem >> 20));
    }
    return MDL_OK;
}

enum mdl_status mdl_identity_save(const struct mdl_identity *id, const char *path,
                                  const struct mdl_seal *seal, enum mdl_save how,
                                  struct mdl_error *err)
{
    struct mdl_kf_head head = {.kind = MDL_KEY_FILE_IDENTITY,
                               .mode = seal->mode,
                               .public_part = mdl_identity_public(id),
                               .public_len = MDL_IDENTITY_BYTES};
    void *file = NULL;
    void *wrap = NULL;

    enum mdl_status st = check_seal(seal, err);
    if (st == MDL_OK) {
        st = mdl_secret_new(sizeof(struct mdl_kf), &file, err);
    }
    if (st == MDL_OK && seal->mode == MDL_SEAL_PASSPHRASE) {
        head.kdf = seal->kdf;
        randombytes_buf(head.salt, sizeof head.salt);
        randombytes_buf(head.nonce, sizeof head.nonce);
        st = derive(seal->pass, &head, &wrap, err);
    }
    if (st == MDL_OK) {
        mdl_kf_build(file, &head, wrap, id->secret);
        st = mdl_kf_write(path, file, how, err);
    }
    sodium_free(wrap);
    sodium_free(file);
    return st;
}

static enum mdl_status check_passphrase(const struct mdl_kf_head *head, const char *path,
                                        const struct mdl_passphrase *pass, struct mdl_error *err)
{
    if (head->kind != MDL_KEY_FILE_IDENTITY) {
        return mdl_fail(err, MDL_L_KEY_FILE,
                        "%.256s holds a CURVE key, not an identity; were two files exchanged?",
                        path);
    }
    if (head->mode == MDL_SEAL_PASSPHRASE && pass == NULL) {
        return mdl_fail(err, MDL_U_PASSPHRASE, "%.256s is sealed; its passphrase is needed", path);
    }
    if (head->mode == MDL_SEAL_NONE && pass != NULL) {
        return mdl_fail(
            err, MDL_U_PASSPHRASE,
            "a passphrase was given, but %.256s is not sealed by one; seal it, or start "
            "without a passphrase",
            path);
    }
    return MDL_OK;
}

/* `seed` is MDL_SEED_BYTES of secret memory. */
static enum mdl_status open_file(const struct mdl_kf *file, const char *path,
                                 const struct mdl_passphrase *pass, uint8_t *seed,
                                 struct mdl_kf_head *head, struct mdl_error *err)
{
    void *wrap = NULL;
    enum mdl_status st = mdl_kf_parse(file, path, head, err);

    if (st == MDL_OK) {
        st = check_passphrase(head, path, pass, err);
    }
    if (st == MDL_OK && pass != NULL) {
        st = derive(pass, head, &wrap, err);
    }
    if (st == MDL_OK && !mdl_kf_open(file, head, wrap, seed)) {
        st = mdl_fail(err, MDL_U_PASSPHRASE, "the passphrase does not open %.256s", path);
    }
    sodium_free(wrap);
    return st;
}

enum mdl_status mdl_identity_load(const char *path, const struct mdl_passphrase *pass,
                                  struct mdl_identity **out, struct mdl_error *err)
{
    struct mdl_kf_head head = {0};
    struct mdl_identity *id = NULL;
    void *file = NULL;
    void *seed = NULL;

    *out = NULL;
    enum mdl_status st = mdl_secret_new(sizeof(struct mdl_kf), &file, err);
    if (st == MDL_OK) {
        st = mdl_secret_new(MDL_SEED_BYTES, &seed, err);
    }
    if (st == MDL_OK) {
        st = mdl_kf_read(path, file, err);
    }
    if (st == MDL_OK) {
        st = open_file(file, path, pass, seed, &head, err);
    }
    if (st == MDL_OK) {
        st = mdl_identity_from_seed(seed, &id, err);
    }
    if (st == MDL_OK &&
        sodium_memcmp(mdl_identity_public(id), head.public_part, MDL_IDENTITY_BYTES) != 0) {
        st = mdl_kf_damaged(err, path, "its secret does not belong to its public key");
    }
    if (st == MDL_OK) {
        *out = id;
    } else {
        mdl_identity_free(id);
    }
    sodium_free(seed);
    sodium_free(file);
    return st;
}

enum mdl_status mdl_identity_reseal(const char *path, const struct mdl_passphrase *old,
                                    const struct mdl_seal *seal, struct mdl_error *err)
{
    struct mdl_identity *id = NULL;
    enum mdl_status st =
        check_seal(seal, err); /* before the old passphrase's Argon2id is paid for */

    if (st == MDL_OK) {
        st = mdl_identity_load(path, old, &id, err);
    }
    if (st == MDL_OK) {
        st = mdl_identity_save(id, path, seal, MDL_SAVE_REPLACE, err);
    }
    mdl_identity_free(id);
    return st;
}
