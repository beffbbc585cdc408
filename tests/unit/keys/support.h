/* support.h: what the tests of the keys room share: known values, files, fixed identities. */
#ifndef KEYS_TEST_SUPPORT_H
#define KEYS_TEST_SUPPORT_H

#include <check.h>
#include <invitation.h>
#include <jansson.h>
#include <keys.h>

#define NOW ((int64_t)1800000100) /* within everything in tests/vectors/keys/known.json */

/* Loads tests/vectors/<name>; fails the test if it cannot. json_decref it. */
json_t *load_vectors(const char *name);
/* Members of the object; fail if there is none. */
const char *text_of(const json_t *object, const char *key);
int64_t number_of(const json_t *object, const char *key);
/* Decodes the hex member into out[0..max), returns the length. */
size_t bytes_of(const json_t *object, const char *key, uint8_t *out, size_t max);
size_t unhex(const char *hex, uint8_t *out, size_t max);

/* The identity of known.json, and one whose seed is 32 times `byte`. */
struct mdl_identity *known_identity(void);
struct mdl_identity *identity_of(uint8_t byte);
/* A certificate by `id` for an arbitrary key. */
struct mdl_curve_cert cert_of(const struct mdl_identity *id, uint32_t serial, int64_t from,
                              int64_t to);
struct mdl_passphrase *passphrase_of(const char *text);

/* A fresh directory under TMPDIR or /tmp; remove_dir takes its files and it away. */
const char *make_dir(void);
void remove_dir(void);
/* "<directory>/<name>", good until the fourth call after this one. */
const char *in_dir(const char *name);
/* Number of entries in the directory. */
size_t entries(void);

#define FILE_MAX 2048
struct file {
    size_t len;
    uint8_t bytes[FILE_MAX];
};
void read_file(const char *path, struct file *f);
void write_file(const char *path, const void *bytes, size_t len, unsigned mode);
/* Corrects the checksum at the end of a key file whose bytes were changed. */
void mend_checksum(struct file *f);

/* Asserts status and that the text holds `words`, and clears *err. */
void expect(enum mdl_status got, enum mdl_status want, struct mdl_error *err, const char *words);

int run_suite(Suite *s);

#endif
