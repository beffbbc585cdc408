/* internal.h: what the files of this room share. Not for other rooms. */
#ifndef MANDORLA_KEYS_INTERNAL_H
#define MANDORLA_KEYS_INTERNAL_H

#include <keys.h>

/* ---- secret.c: memory for secrets, integers, dates ----------------------------------------- */

/* Zeroed sodium_malloc memory in *out; sodium_free gives it back, wiped. Starts libsodium first.
 * MDL_L_MEMORY, MDL_L_LIBRARY. */
MDL_MUST_CHECK enum mdl_status mdl_secret_new(size_t size, void **out, struct mdl_error *err);

struct mdl_part {
    const void *data;
    size_t len;
};
#define MDL_TAGGED_BYTES 64
/* T(label, parts...) of PROTOCOL 1.3. proto/wire has the same for the rounds; the rooms do not see
 * each other. */
void mdl_tagged(const char *label, const struct mdl_part *parts, size_t n,
                uint8_t out[MDL_TAGGED_BYTES]);

void mdl_store_be32(uint8_t out[4], uint32_t v);
void mdl_store_be64(uint8_t out[8], uint64_t v);
uint32_t mdl_load_be32(const uint8_t in[4]);
uint64_t mdl_load_be64(const uint8_t in[8]);

#define MDL_DATE_TEXT 32
/* "2026-11-22 04:18 UTC"; "an unknown time" outside 0..MDL_TIME_MAX. */
void mdl_date_text(int64_t t, char out[MDL_DATE_TEXT]);

/* 0 <= from < to <= MDL_TIME_MAX */
bool mdl_times_sane(int64_t from, int64_t to);

/* ---- passphrase.c ---------------------------------------------------------------------------- */

struct mdl_passphrase {
    size_t len;
    uint8_t bytes[MDL_PASSPHRASE_MAX + 2]; /* room for a final CRLF while it is read */
};

/* Takes `p` over: cuts the final line end and checks the rest. */
MDL_MUST_CHECK enum mdl_status
mdl_passphrase_finish(struct mdl_passphrase *p, struct mdl_passphrase **out, struct mdl_error *err);

/* ---- identity.c, curve.c, cert.c ---------------------------------------------------------------
 */

#define MDL_WRAP_BYTES 32

struct mdl_identity {
    uint8_t secret[MDL_SEED_BYTES + MDL_IDENTITY_BYTES]; /* libsodium's form: seed, public key */
};

struct mdl_curve_key {
    uint8_t secret[MDL_CURVE_KEY_BYTES];
    struct mdl_curve_cert cert;
};

/* The hash that the certificate's signature covers. */
void mdl_cert_signed(const struct mdl_curve_cert *cert, uint8_t out[MDL_TAGGED_BYTES]);

/* ---- keyfile.c: the format
 * ------------------------------------------------------------------------ */

#define MDL_KF_HEADER   72 /* magic to nonce; the public part follows */
#define MDL_KF_SECRET   32
#define MDL_KF_TAG      16
#define MDL_KF_CHECKSUM 32
#define MDL_KF_MAX      (MDL_KF_HEADER + MDL_CERT_BYTES + MDL_KF_SECRET + MDL_KF_TAG + MDL_KF_CHECKSUM)

/* A whole file in memory. Secret, because a file sealed without a passphrase holds the key. */
struct mdl_kf {
    size_t len;
    uint8_t bytes[MDL_KF_MAX + 1]; /* one more, to notice a longer file */
};

struct mdl_kf_head {
    enum mdl_key_file_kind kind;
    enum mdl_seal_mode mode;
    struct mdl_kdf kdf;
    uint8_t salt[16];
    uint8_t nonce[24];
    const uint8_t *public_part; /* in the file's bytes */
    size_t public_len;
};

/* Writes head, public part and the secret sealed with `wrap` (NULL with MDL_SEAL_NONE). */
void mdl_kf_build(struct mdl_kf *f, const struct mdl_kf_head *head, const uint8_t *wrap,
                  const uint8_t secret[MDL_KF_SECRET]);
/* Checks all that can be checked without a secret. MDL_L_KEY_FILE. `path` is for the text only. */
MDL_MUST_CHECK enum mdl_status mdl_kf_parse(const struct mdl_kf *f, const char *path,
                                            struct mdl_kf_head *head, struct mdl_error *err);
/* False: `wrap` is not the key, or the file was altered by someone who mended the checksum. */
MDL_MUST_CHECK bool mdl_kf_open(const struct mdl_kf *f, const struct mdl_kf_head *head,
                                const uint8_t *wrap, uint8_t secret[MDL_KF_SECRET]);
/* MDL_L_KEY_FILE with the words that belong to a damaged file. */
enum mdl_status mdl_kf_damaged(struct mdl_error *err, const char *path, const char *how);

/* ---- keyfile_io.c: the disk -------------------------------------------------------------------
 */

/* Common errors of loading and saving as in keys.h. */
MDL_MUST_CHECK enum mdl_status mdl_kf_read(const char *path, struct mdl_kf *f,
                                           struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_kf_write(const char *path, const struct mdl_kf *f,
                                            enum mdl_save how, struct mdl_error *err);

#endif
