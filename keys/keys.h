/* keys.h: who this node is. Identity, certified CURVE keys, sealed key files, passphrases.
 *
 * The identity is an Ed25519 key pair (RFC 8032) that signs agreements, receipts, certificates and
 * invitations; partners pin its public half. The CURVE key is an X25519 pair for libzmq, which
 * keeps its secret in plain memory; so it is replaceable, and a partner trusts it only by a
 * certificate that the identity signed. libzmq never sees the identity.
 *
 * Every secret is an opaque type in sodium_malloc memory (guard pages, mlock, no core dump; a mlock
 * that the system refuses is not an error) and is wiped when freed. No function prints or formats
 * one. Every x_free(NULL) is a no-op.
 *
 * Threading: finished objects are read-only and may be used from any number of threads. Loading and
 * saving the same path from two threads or processes at once is the caller's to prevent.
 * Time: seconds since 1970-01-01 UTC, always a parameter. Nothing here reads a clock.
 * On any error *out is NULL (or unchanged where it is a plain struct) and nothing is left
 * allocated.
 *
 * Errors any function may return beside those it lists: MDL_L_MEMORY (no memory, or the key
 * derivation did not get its memory) and MDL_L_LIBRARY (libsodium did not start). Stop the
 * operation.
 */
#ifndef MANDORLA_KEYS_H
#define MANDORLA_KEYS_H

#include <mandorla/signer.h>
#include <mandorla/status.h>
#include <stdbool.h>

#define MDL_CURVE_KEY_BYTES 32
#define MDL_CLOCK_SKEW      300 /* seconds by which a validity may seem to begin in the future */
#define MDL_TIME_MAX        253402300799 /* 9999-12-31T23:59:59Z; a later time is refused */

/* ---- passphrases -------------------------------------------------------------------------- */

#define MDL_PASSPHRASE_MAX 1024 /* bytes */

struct mdl_passphrase; /* 1..MDL_PASSPHRASE_MAX bytes; any byte but NUL, CR and LF */

/* Each of these makes a passphrase; the caller frees it. One final LF or CRLF is not part of it.
 * Common errors: MDL_U_ARGUMENT (empty, longer than the maximum, or more than one line: say so and
 * ask again). */

/* A copy of bytes[0..len). The caller wipes its own. */
MDL_MUST_CHECK enum mdl_status mdl_passphrase_from_bytes(const void *bytes, size_t len,
                                                         struct mdl_passphrase **out,
                                                         struct mdl_error *err);
/* From a file or FIFO. MDL_U_NOT_FOUND (no such file); MDL_L_KEY_FILE (a regular file that anyone
 * but its owner may read or write; the text names path and chmod. Only of a systemd credential, a
 * file right in $CREDENTIALS_DIRECTORY, the group's read bit is allowed); MDL_L_IO. */
MDL_MUST_CHECK enum mdl_status
mdl_passphrase_from_file(const char *path, struct mdl_passphrase **out, struct mdl_error *err);
/* Reads `fd` to its end; does not close it. MDL_L_IO. */
MDL_MUST_CHECK enum mdl_status mdl_passphrase_from_fd(int fd, struct mdl_passphrase **out,
                                                      struct mdl_error *err);
/* From the environment variable `name`, whose value is then wiped in place and removed, so that no
 * child inherits it. Call before other threads start. MDL_U_NOT_FOUND (not set). */
MDL_MUST_CHECK enum mdl_status
mdl_passphrase_from_env(const char *name, struct mdl_passphrase **out, struct mdl_error *err);
/* Asks on /dev/tty with echo off, `question` first ("Passphrase for x: "); with `confirm`, twice.
 * The terminal is as before on every return. MDL_U_STATE (no terminal: use file or environment),
 * MDL_U_CANCELLED (Ctrl-C or end of input), MDL_U_ARGUMENT (also: the two entries differ),
 * MDL_L_IO. Blocks until the person answers. */
MDL_MUST_CHECK enum mdl_status mdl_passphrase_prompt(const char *question, bool confirm,
                                                     struct mdl_passphrase **out,
                                                     struct mdl_error *err);
void mdl_passphrase_free(struct mdl_passphrase *p);

/* ---- identity ----------------------------------------------------------------------------- */

#define MDL_SEED_BYTES 32

struct mdl_identity;

/* Fresh, from the system's randomness. */
MDL_MUST_CHECK enum mdl_status mdl_identity_generate(struct mdl_identity **out,
                                                     struct mdl_error *err);
/* From an RFC 8032 seed. For tests, vectors and the simulator; the caller wipes the seed. */
MDL_MUST_CHECK enum mdl_status mdl_identity_from_seed(const uint8_t seed[MDL_SEED_BYTES],
                                                      struct mdl_identity **out,
                                                      struct mdl_error *err);
void mdl_identity_free(struct mdl_identity *id);
/* MDL_IDENTITY_BYTES, owned by `id`. */
const uint8_t *mdl_identity_public(const struct mdl_identity *id);

/* Ed25519 over exactly msg[0..len). Every caller's message must begin with its own domain string;
 * those of this room are tagged hashes (PROTOCOL 1.3). Cannot fail. */
void mdl_identity_sign(const struct mdl_identity *id, const uint8_t *msg, size_t len,
                       uint8_t sig[MDL_SIGNATURE_BYTES]);
/* True only for a signature of exactly MDL_SIGNATURE_BYTES that verifies. Strict as libsodium
 * 1.0.18: S below the group order, no small-order or non-canonical key or R. */
bool mdl_signature_ok(const uint8_t identity[MDL_IDENTITY_BYTES], const uint8_t *msg, size_t len,
                      const uint8_t *sig, size_t sig_len);
/* The seam to proto/: a signer that signs with `id`, which must outlive it. */
struct mdl_signer mdl_identity_signer(const struct mdl_identity *id);

/* ---- certificates of CURVE keys ----------------------------------------------------------- */

#define MDL_CERT_VERSION 1
#define MDL_CERT_BYTES   149 /* encoded; PROTOCOL 3.1 */

/* "This CURVE key is mine, from .. to, as number `serial`." Public; a plain value. */
struct mdl_curve_cert {
    uint8_t identity[MDL_IDENTITY_BYTES];
    uint8_t curve[MDL_CURVE_KEY_BYTES];
    int64_t not_before;
    int64_t not_after;
    uint32_t serial; /* from 1; a higher one replaces a lower one */
    uint8_t signature[MDL_SIGNATURE_BYTES];
};

void mdl_cert_encode(const struct mdl_curve_cert *cert, uint8_t out[MDL_CERT_BYTES]);
/* Reads the one canonical encoding; does not verify. MDL_P_MALFORMED (length, times, serial),
 * MDL_P_VERSION (a version this node does not know). */
MDL_MUST_CHECK enum mdl_status mdl_cert_decode(const uint8_t *bytes, size_t len,
                                               struct mdl_curve_cert *out, struct mdl_error *err);
/* Signature (over the tagged hash of PROTOCOL 3.1) and not_before - MDL_CLOCK_SKEW <= now <=
 * not_after. Does not ask whose it is: the caller compares cert->identity with the pinned one, or
 * uses mdl_card_rotate.
 * MDL_P_SIGNATURE; MDL_P_MALFORMED (times or serial make no sense); MDL_P_UNKNOWN_KEY (not yet or
 * no longer valid; the text has the date: the partner must rotate its CURVE key). */
MDL_MUST_CHECK enum mdl_status mdl_cert_verify(const struct mdl_curve_cert *cert, int64_t now,
                                               struct mdl_error *err);

/* ---- CURVE keys --------------------------------------------------------------------------- */

struct mdl_curve_key; /* an X25519 pair and its certificate */

/* A fresh pair, certified by `id`. First key: serial 1. Rotation: a new key with the old serial
 * + 1. MDL_U_ARGUMENT (serial 0, not_after <= not_before, a time below 0 or over MDL_TIME_MAX). */
MDL_MUST_CHECK enum mdl_status mdl_curve_generate(const struct mdl_identity *id, uint32_t serial,
                                                  int64_t not_before, int64_t not_after,
                                                  struct mdl_curve_key **out,
                                                  struct mdl_error *err);
void mdl_curve_free(struct mdl_curve_key *key);
/* Owned by `key`. The public half is cert->curve. */
const struct mdl_curve_cert *mdl_curve_cert(const struct mdl_curve_key *key);
/* MDL_CURVE_KEY_BYTES, owned by `key`: to be handed to libzmq (ZMQ_CURVE_SECRETKEY) and nobody
 * else. */
const uint8_t *mdl_curve_secret(const struct mdl_curve_key *key);

/* ---- sealed files ------------------------------------------------------------------------- */

#define MDL_IDENTITY_FILE "identity.key" /* in DIR/keys, which the caller makes with mode 0700 */
#define MDL_CURVE_FILE    "curve.key"

/* Argon2id cost. What a file may ask for is bounded, so that a planted file can neither exhaust the
 * memory nor hold the node for hours: at most 1 GiB and 16 passes (about 30 s on a slow machine).
 */
struct mdl_kdf {
    uint64_t ops; /* 1..MDL_KDF_OPS_MAX passes */
    uint64_t mem; /* MDL_KDF_MEM_MIN..MDL_KDF_MEM_MAX bytes */
};
#define MDL_KDF_OPS_MAX 16
#define MDL_KDF_MEM_MIN ((uint64_t)8192)
#define MDL_KDF_MEM_MAX ((uint64_t)1 << 30)
#define MDL_KDF_DEFAULT ((struct mdl_kdf){3, (uint64_t)256 << 20}) /* libsodium's MODERATE */
#define MDL_KDF_TEST    ((struct mdl_kdf){1, MDL_KDF_MEM_MIN})     /* for tests only */

/* How a file is to be sealed. Without a passphrase only on purpose: zero is not a valid mode, and
 * MDL_SEAL_NONE with a passphrase or MDL_SEAL_PASSPHRASE without one is MDL_U_ARGUMENT. */
enum mdl_seal_mode { MDL_SEAL_NONE = 1, MDL_SEAL_PASSPHRASE = 2, MDL_SEAL_IDENTITY = 3 };
struct mdl_seal {
    enum mdl_seal_mode mode;
    const struct mdl_passphrase *pass;
    struct mdl_kdf kdf; /* used with MDL_SEAL_PASSPHRASE */
};

enum mdl_save { MDL_SAVE_NEW, MDL_SAVE_REPLACE };

/* Saving is atomic: a temporary file beside `path` (mode 0600), fsync, rename, fsync of the
 * directory. After an error, a kill or a power cut the old file is there, or the new one, whole.
 * Common errors: MDL_U_EXISTS (MDL_SAVE_NEW and the path is taken; nothing is changed),
 * MDL_L_DISK_FULL (free space, then repeat), MDL_L_IO (the text names path and reason),
 * MDL_U_ARGUMENT (seal or KDF parameters). */
MDL_MUST_CHECK enum mdl_status mdl_identity_save(const struct mdl_identity *id, const char *path,
                                                 const struct mdl_seal *seal, enum mdl_save how,
                                                 struct mdl_error *err);
/* The CURVE key is sealed under a key derived from the identity, so one passphrase (and one run of
 * Argon2id) opens a node, and changing it touches one file. MDL_U_ARGUMENT: certified by another.
 */
MDL_MUST_CHECK enum mdl_status mdl_curve_save(const struct mdl_curve_key *key,
                                              const struct mdl_identity *id, const char *path,
                                              enum mdl_save how, struct mdl_error *err);

/* Common errors of loading: MDL_U_NOT_FOUND (no such file); MDL_L_KEY_FILE (group or others may
 * access it: the text has the chmod command; or it is damaged or not what is asked for: the text
 * says how; restore it from a backup; or its format is newer: upgrade); MDL_L_IO. */

/* `pass` is NULL for a file sealed without. MDL_U_PASSPHRASE: wrong, missing, or given for a file
 * that has none (so that nobody believes it protected). A damaged file is never reported so: a
 * checksum is read first. */
MDL_MUST_CHECK enum mdl_status mdl_identity_load(const char *path,
                                                 const struct mdl_passphrase *pass,
                                                 struct mdl_identity **out, struct mdl_error *err);
/* MDL_L_KEY_FILE also if the key was certified by another identity than `id`. An ended validity is
 * no error here: look at mdl_curve_cert()->not_after and rotate in time. */
MDL_MUST_CHECK enum mdl_status mdl_curve_load(const char *path, const struct mdl_identity *id,
                                              struct mdl_curve_key **out, struct mdl_error *err);
/* Opens the identity file with `old` (NULL: it has none) and seals it anew, atomically. `seal` may
 * also add, remove or re-cost a passphrase. Errors of load and save. */
MDL_MUST_CHECK enum mdl_status mdl_identity_reseal(const char *path,
                                                   const struct mdl_passphrase *old,
                                                   const struct mdl_seal *seal,
                                                   struct mdl_error *err);

/* What a key file tells without its passphrase. Whoever can write the file can write this: it tells
 * whether to ask for a passphrase, and whose file it claims to be. */
enum mdl_key_file_kind { MDL_KEY_FILE_IDENTITY = 1, MDL_KEY_FILE_CURVE = 2 };
struct mdl_key_file_info {
    enum mdl_key_file_kind kind;
    enum mdl_seal_mode mode;
    struct mdl_kdf kdf;
    uint8_t identity[MDL_IDENTITY_BYTES];
    struct mdl_curve_cert cert; /* kind CURVE only, else zeros; not verified */
};
/* Errors of loading. */
MDL_MUST_CHECK enum mdl_status mdl_key_file_info(const char *path, struct mdl_key_file_info *out,
                                                 struct mdl_error *err);

#endif
