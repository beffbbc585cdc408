/* keyfile.c: the format of a key file, in memory: build, check, open (layout in README.md).
 * May not touch the disk, nor use a header's numbers before they were bounded. */
#include "internal.h"

#include <sodium.h>
#include <string.h>

static const char magic[] = "MANDORLA-KEY";
enum { MAGIC_BYTES = sizeof magic - 1 };

enum { FORMAT_VERSION = 1 };
/* magic 12, version 1, kind 1, mode 1, zero 1, ops 8, mem 8, salt 16, nonce 24, public part ... */
enum {
    AT_VERSION = 12,
    AT_KIND,
    AT_MODE,
    AT_ZERO,
    AT_OPS,
    AT_MEM = 24,
    AT_SALT = 32,
    AT_NONCE = 48
};

_Static_assert(sizeof magic - 1 == AT_VERSION, "layout");
_Static_assert(AT_NONCE + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == MDL_KF_HEADER, "layout");
_Static_assert(MDL_KF_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "layout");
_Static_assert(MDL_WRAP_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "layout");

static size_t public_size(unsigned kind)
{
    switch (kind) {
    case MDL_KEY_FILE_IDENTITY:
        return MDL_IDENTITY_BYTES;
    case MDL_KEY_FILE_CURVE:
        return MDL_CERT_BYTES;
    }
    return 0;
}

/* An identity is sealed by a passphrase or not at all, a CURVE key by the identity. */
static bool mode_fits(unsigned kind, unsigned mode)
{
    return kind == MDL_KEY_FILE_CURVE ? mode == MDL_SEAL_IDENTITY
                                      : mode == MDL_SEAL_NONE || mode == MDL_SEAL_PASSPHRASE;
}

static size_t tag_size(unsigned mode)
{
    return mode == MDL_SEAL_NONE ? 0 : MDL_KF_TAG;
}

static size_t file_size(unsigned kind, unsigned mode)
{
    return MDL_KF_HEADER + public_size(kind) + MDL_KF_SECRET + tag_size(mode) + MDL_KF_CHECKSUM;
}

/* Tells damage from a wrong passphrase. It is no protection: whoever can write the file can write
 * it too, and then meets the AEAD, whose associated data is everything before the secret. */
static void checksum(const struct mdl_kf *f, uint8_t out[MDL_KF_CHECKSUM])
{
    (void)crypto_generichash(out, MDL_KF_CHECKSUM, f->bytes, f->len - MDL_KF_CHECKSUM, NULL, 0);
}

void mdl_kf_build(struct mdl_kf *f, const struct mdl_kf_head *head, const uint8_t *wrap,
                  const uint8_t secret[MDL_KF_SECRET])
{
    const size_t aad = MDL_KF_HEADER + head->public_len;

    memset(f->bytes, 0, sizeof f->bytes);
    memcpy(f->bytes, magic, MAGIC_BYTES);
    f->bytes[AT_VERSION] = FORMAT_VERSION;
    f->bytes[AT_KIND] = (uint8_t)head->kind;
    f->bytes[AT_MODE] = (uint8_t)head->mode;
    mdl_store_be64(f->bytes + AT_OPS, head->kdf.ops);
    mdl_store_be64(f->bytes + AT_MEM, head->kdf.mem);
    memcpy(f->bytes + AT_SALT, head->salt, sizeof head->salt);
    memcpy(f->bytes + AT_NONCE, head->nonce, sizeof head->nonce);
    memcpy(f->bytes + MDL_KF_HEADER, head->public_part, head->public_len);
    if (wrap == NULL) {
        memcpy(f->bytes + aad, secret, MDL_KF_SECRET);
    } else {
        (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
            f->bytes + aad, NULL, secret, MDL_KF_SECRET, f->bytes, aad, NULL, head->nonce, wrap);
    }
    f->len = file_size(head->kind, head->mode);
    checksum(f, f->bytes + f->len - MDL_KF_CHECKSUM);
}

bool mdl_kf_open(const struct mdl_kf *f, const struct mdl_kf_head *head, const uint8_t *wrap,
                 uint8_t secret[MDL_KF_SECRET])
{
    const size_t aad = MDL_KF_HEADER + head->public_len;

    if (head->mode == MDL_SEAL_NONE) {
        memcpy(secret, f->bytes + aad, MDL_KF_SECRET);
        return true;
    }
    return crypto_aead_xchacha20poly1305_ietf_decrypt(secret, NULL, NULL, f->bytes + aad,
                                                      MDL_KF_SECRET + MDL_KF_TAG, f->bytes, aad,
                                                      head->nonce, wrap) == 0;
}

enum mdl_status mdl_kf_damaged(struct mdl_error *err, const char *path, const char *how)
{
    return mdl_fail(err, MDL_L_KEY_FILE, "key file %.256s is damaged: %s. Restore it from a backup",
                    path, how);
}

/* The checksum is wrong: find the words that help most. Nothing read here is relied upon. */
static enum mdl_status explain_damage(const struct mdl_kf *f, const char *path,
                                      struct mdl_error *err)
{
    if (f->len < MDL_KF_HEADER) {
        return mdl_kf_damaged(err, path, "it is cut short");
    }
    const unsigned kind = f->bytes[AT_KIND];
    const unsigned mode = f->bytes[AT_MODE];
    if (f->bytes[AT_VERSION] == FORMAT_VERSION && public_size(kind) > 0 && mode_fits(kind, mode)) {
        if (f->len < file_size(kind, mode)) {
            return mdl_kf_damaged(err, path, "it is cut short");
        }
        if (f->len > file_size(kind, mode)) {
            return mdl_kf_damaged(err, path, "something follows after its end");
        }
    }
    return mdl_kf_damaged(err, path, "bytes were altered (its checksum does not match)");
}

static enum mdl_status check_frame(const struct mdl_kf *f, const char *path, struct mdl_error *err)
{
    uint8_t sum[MDL_KF_CHECKSUM];

    if (f->len == 0) {
        return mdl_kf_damaged(err, path, "it is empty");
    }
    if (f->len < MAGIC_BYTES) {
        return mdl_kf_damaged(err, path, "it is cut short");
    }
    if (sodium_memcmp(f->bytes, magic, MAGIC_BYTES) != 0) {
        return mdl_fail(err, MDL_L_KEY_FILE,
                        "%.256s is not a Mandorla key file (it does not begin with MANDORLA-KEY). "
                        "Restore the key file from a backup",
                        path);
    }
    if (f->len < MAGIC_BYTES + MDL_KF_CHECKSUM) {
        return mdl_kf_damaged(err, path, "it is cut short");
    }
    checksum(f, sum);
    if (sodium_memcmp(sum, f->bytes + f->len - MDL_KF_CHECKSUM, sizeof sum) != 0) {
        return explain_damage(f, path, err);
    }
    /* Every version ends in this checksum, so that a newer one can be told from a damaged one. */
    if (f->len <= AT_VERSION + MDL_KF_CHECKSUM || f->bytes[AT_VERSION] != FORMAT_VERSION) {
        return mdl_fail(
            err, MDL_L_KEY_FILE,
            "key file %.256s has format version %u; this node reads version %d. Upgrade "
            "Mandorla, or restore the file from a backup",
            path, f->bytes[AT_VERSION], FORMAT_VERSION);
    }
    return MDL_OK;
}

static enum mdl_status check_kdf(const struct mdl_kf_head *h, const char *path,
                                 struct mdl_error *err)
{
    if (h->mode == MDL_SEAL_PASSPHRASE &&
        (h->kdf.ops < 1 || h->kdf.ops > MDL_KDF_OPS_MAX || h->kdf.mem < MDL_KDF_MEM_MIN ||
         h->kdf.mem > MDL_KDF_MEM_MAX)) {
        return mdl_fail(
            err, MDL_L_KEY_FILE,
            "key file %.256s asks for %llu passes over %llu bytes to open it; at most %d "
            "passes over %llu bytes are allowed. Restore it from a backup",
            path, (unsigned long long)h->kdf.ops, (unsigned long long)h->kdf.mem, MDL_KDF_OPS_MAX,
            (unsigned long long)MDL_KDF_MEM_MAX);
    }
    return MDL_OK;
}

/* What a mode does not use is zero, so that a file has one form. */
static bool unused_is_zero(const struct mdl_kf_head *h)
{
    const bool kdf_used = h->mode == MDL_SEAL_PASSPHRASE;
    const bool nonce_used = h->mode != MDL_SEAL_NONE;

    return (kdf_used ||
            (h->kdf.ops == 0 && h->kdf.mem == 0 && sodium_is_zero(h->salt, sizeof h->salt))) &&
           (nonce_used || sodium_is_zero(h->nonce, sizeof h->nonce));
}

enum mdl_status mdl_kf_parse(const struct mdl_kf *f, const char *path, struct mdl_kf_head *head,
                             struct mdl_error *err)
{
    enum mdl_status st = check_frame(f, path, err);

    if (st != MDL_OK) {
        return st;
    }
    const unsigned kind = f->len > MDL_KF_HEADER ? f->bytes[AT_KIND] : 0;
    const unsigned mode = kind != 0 ? f->bytes[AT_MODE] : 0;
    if (public_size(kind) == 0 || !mode_fits(kind, mode) || f->len != file_size(kind, mode)) {
        return mdl_kf_damaged(err, path, "its kind, seal and size do not fit together");
    }
    head->kind = (enum mdl_key_file_kind)kind;
    head->mode = (enum mdl_seal_mode)mode;
    head->kdf.ops = mdl_load_be64(f->bytes + AT_OPS);
    head->kdf.mem = mdl_load_be64(f->bytes + AT_MEM);
    memcpy(head->salt, f->bytes + AT_SALT, sizeof head->salt);
    memcpy(head->nonce, f->bytes + AT_NONCE, sizeof head->nonce);
    head->public_part = f->bytes + MDL_KF_HEADER;
    head->public_len = public_size(kind);
    if (f->bytes[AT_ZERO] != 0 || !unused_is_zero(head)) {
        return mdl_kf_damaged(err, path, "fields that must be zero are not");
    }
    return check_kdf(head, path, err);
}
