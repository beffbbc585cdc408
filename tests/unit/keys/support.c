/* support.c: what the tests of the keys room share. May not know an expected value of its own. */
#include "support.h"

#include "internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

json_t *load_vectors(const char *name)
{
    char path[1000];
    const char *dir = getenv("MANDORLA_VECTORS");
    json_error_t why;

    ck_assert_msg(dir != NULL, "MANDORLA_VECTORS names no directory");
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    json_t *j = json_load_file(path, 0, &why);
    ck_assert_msg(j != NULL, "%s: %s", path, why.text);
    return j;
}

const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    ck_assert_msg(text != NULL, "no text \"%s\"", key);
    return text;
}

int64_t number_of(const json_t *object, const char *key)
{
    const json_t *n = json_object_get(object, key);

    ck_assert_msg(json_is_integer(n), "no number \"%s\"", key);
    return json_integer_value(n);
}

size_t unhex(const char *hex, uint8_t *out, size_t max)
{
    size_t len;
    const char *end;

    ck_assert_int_eq(sodium_hex2bin(out, max, hex, strlen(hex), NULL, &len, &end), 0);
    ck_assert_msg(*end == '\0', "not hex: %s", hex);
    return len;
}

size_t bytes_of(const json_t *object, const char *key, uint8_t *out, size_t max)
{
    return unhex(text_of(object, key), out, max);
}

struct mdl_identity *known_identity(void)
{
    uint8_t seed[MDL_SEED_BYTES];
    struct mdl_identity *id;
    json_t *known = load_vectors("keys/known.json");

    ck_assert_uint_eq(bytes_of(known, "seed", seed, sizeof seed), sizeof seed);
    ck_assert_int_eq(mdl_identity_from_seed(seed, &id, NULL), MDL_OK);
    json_decref(known);
    return id;
}

struct mdl_identity *identity_of(uint8_t byte)
{
    uint8_t seed[MDL_SEED_BYTES];
    struct mdl_identity *id;

    memset(seed, byte, sizeof seed);
    ck_assert_int_eq(mdl_identity_from_seed(seed, &id, NULL), MDL_OK);
    return id;
}

struct mdl_curve_cert cert_of(const struct mdl_identity *id, uint32_t serial, int64_t from,
                              int64_t to)
{
    struct mdl_curve_cert c = {.serial = serial, .not_before = from, .not_after = to};
    uint8_t hash[MDL_TAGGED_BYTES];

    memset(c.curve, (int)(0x20 + serial), sizeof c.curve);
    memcpy(c.identity, mdl_identity_public(id), sizeof c.identity);
    mdl_cert_signed(&c, hash);
    mdl_identity_sign(id, hash, sizeof hash, c.signature);
    return c;
}

struct mdl_passphrase *passphrase_of(const char *text)
{
    struct mdl_passphrase *p;

    ck_assert_int_eq(mdl_passphrase_from_bytes(text, strlen(text), &p, NULL), MDL_OK);
    return p;
}

static char directory[256];

const char *make_dir(void)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(directory, sizeof directory, "%s/mandorla-keys-XXXXXX",
                   tmp != NULL ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    return directory;
}

/* Calls `each`, if not NULL, with every entry; returns their number. */
static size_t walk(int (*each)(const char *path))
{
    DIR *d = opendir(directory);
    const struct dirent *e;
    size_t n = 0;

    ck_assert_ptr_nonnull(d);
    while ((e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            n++;
            ck_assert_int_eq(each != NULL ? each(in_dir(e->d_name)) : 0, 0);
        }
    }
    (void)closedir(d);
    return n;
}

size_t entries(void)
{
    return walk(NULL);
}

void remove_dir(void)
{
    (void)walk(unlink);
    ck_assert_int_eq(rmdir(directory), 0);
}

const char *in_dir(const char *name)
{
    static char path[4][600];
    static unsigned turn;
    char *p = path[turn++ % 4];

    (void)snprintf(p, sizeof path[0], "%s/%s", directory, name);
    return p;
}

void read_file(const char *path, struct file *f)
{
    FILE *in = fopen(path, "rb");

    ck_assert_msg(in != NULL, "no %s", path);
    f->len = fread(f->bytes, 1, sizeof f->bytes, in);
    (void)fclose(in);
    ck_assert_uint_lt(f->len, sizeof f->bytes);
}

void write_file(const char *path, const void *bytes, size_t len, unsigned mode)
{
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    ck_assert_int_eq(close(fd), 0);
}

void mend_checksum(struct file *f)
{
    ck_assert_int_eq(crypto_generichash(f->bytes + f->len - 32, 32, f->bytes, f->len - 32, NULL, 0),
                     0);
}

void expect(enum mdl_status got, enum mdl_status want, struct mdl_error *err, const char *words)
{
    ck_assert_msg(got == want, "status %s, not %s: %s", mdl_status_slug(got), mdl_status_slug(want),
                  err->text);
    ck_assert_int_eq(err->status, want);
    ck_assert_msg(strstr(err->text, words) != NULL, "\"%s\" does not hold \"%s\"", err->text,
                  words);
    memset(err, 0, sizeof *err);
}

int run_suite(Suite *s)
{
    SRunner *r = srunner_create(s);

    if (sodium_init() < 0) {
        return 1;
    }
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    int ran = srunner_ntests_run(r);
    srunner_free(r);
    return failed > 0 || ran == 0;
}
