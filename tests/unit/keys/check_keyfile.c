/* check_keyfile.c: identity files: sealed and opened, modes, permissions, and every kind of damage.
 */
#include "support.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct mdl_seal bare = {.mode = MDL_SEAL_NONE};
static struct mdl_identity *id;
static struct mdl_passphrase *right;
static struct mdl_passphrase *wrong;
static const char *path;
static struct mdl_error err;

static struct mdl_seal sealed_by(const struct mdl_passphrase *p)
{
    return (struct mdl_seal){.mode = MDL_SEAL_PASSPHRASE, .pass = p, .kdf = MDL_KDF_TEST};
}

static void setup(void)
{
    id = identity_of(5);
    right = passphrase_of("correct horse");
    wrong = passphrase_of("battery staple");
    (void)make_dir();
    path = in_dir(MDL_IDENTITY_FILE);
    memset(&err, 0, sizeof err);
}

static void teardown(void)
{
    mdl_identity_free(id);
    mdl_passphrase_free(right);
    mdl_passphrase_free(wrong);
    remove_dir();
}

static void save(const struct mdl_seal *seal)
{
    ck_assert_int_eq(mdl_identity_save(id, path, seal, MDL_SAVE_NEW, NULL), MDL_OK);
}

static void opens(const struct mdl_passphrase *p)
{
    struct mdl_identity *back;
    uint8_t a[MDL_SIGNATURE_BYTES];
    uint8_t b[MDL_SIGNATURE_BYTES];

    ck_assert_int_eq(mdl_identity_load(path, p, &back, &err), MDL_OK);
    mdl_identity_sign(id, (const uint8_t *)"m", 1, a);
    mdl_identity_sign(back, (const uint8_t *)"m", 1, b);
    ck_assert_mem_eq(a, b, sizeof a);
    mdl_identity_free(back);
}

static void refuses(const struct mdl_passphrase *p, enum mdl_status want, const char *words)
{
    struct mdl_identity *back = id;

    expect(mdl_identity_load(path, p, &back, &err), want, &err, words);
    ck_assert_ptr_null(back);
}

static void put(const struct file *f)
{
    write_file(path, f->bytes, f->len, 0600);
}

START_TEST(sealed_by_a_passphrase)
{
    const struct mdl_seal seal = sealed_by(right);
    struct stat s;
    struct file f;

    save(&seal);
    opens(right);
    refuses(wrong, MDL_U_PASSPHRASE, "does not open");
    refuses(NULL, MDL_U_PASSPHRASE, "is needed");
    ck_assert_int_eq(stat(path, &s), 0);
    ck_assert_uint_eq(s.st_mode & 07777, 0600);
    ck_assert_uint_eq(entries(), 1);
    read_file(path, &f);
    uint8_t seed[MDL_SEED_BYTES];
    memset(seed, 5, sizeof seed);
    ck_assert_ptr_null(memmem(f.bytes, f.len, seed, sizeof seed));
}
END_TEST

START_TEST(sealed_by_nothing_on_purpose)
{
    save(&bare);
    opens(NULL);
    refuses(right, MDL_U_PASSPHRASE, "not sealed");
}
END_TEST

START_TEST(two_files_share_no_salt_and_no_nonce)
{
    const struct mdl_seal seal = sealed_by(right);
    struct file a;
    struct file b;

    save(&seal);
    read_file(path, &a);
    ck_assert_int_eq(mdl_identity_save(id, path, &seal, MDL_SAVE_REPLACE, NULL), MDL_OK);
    read_file(path, &b);
    ck_assert_mem_ne(a.bytes + 32, b.bytes + 32, 16);
    ck_assert_mem_ne(a.bytes + 48, b.bytes + 48, 24);
    ck_assert_mem_ne(a.bytes + 104, b.bytes + 104, 48);
    ck_assert_mem_eq(a.bytes, b.bytes, 32);
}
END_TEST

START_TEST(seals_that_contradict_themselves)
{
    const struct {
        struct mdl_seal seal;
        const char *words;
    } bad[] = {
        {{.mode = (enum mdl_seal_mode)0}, "on purpose"},
        {{.mode = MDL_SEAL_IDENTITY}, "on purpose"},
        {{.mode = MDL_SEAL_NONE, .pass = right}, "not to be sealed"},
        {{.mode = MDL_SEAL_PASSPHRASE, .kdf = MDL_KDF_TEST}, "is needed"},
        {{MDL_SEAL_PASSPHRASE, right, {0, MDL_KDF_MEM_MIN}}, "Argon2id"},
        {{MDL_SEAL_PASSPHRASE, right, {MDL_KDF_OPS_MAX + 1, MDL_KDF_MEM_MIN}}, "Argon2id"},
        {{MDL_SEAL_PASSPHRASE, right, {1, MDL_KDF_MEM_MIN - 1}}, "Argon2id"},
        {{MDL_SEAL_PASSPHRASE, right, {1, MDL_KDF_MEM_MAX + 1}}, "Argon2id"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect(mdl_identity_save(id, path, &bad[i].seal, MDL_SAVE_NEW, &err), MDL_U_ARGUMENT, &err,
               bad[i].words);
        expect(mdl_identity_reseal(path, NULL, &bad[i].seal, &err), MDL_U_ARGUMENT, &err,
               bad[i].words);
    }
    ck_assert_uint_eq(entries(), 0);
}
END_TEST

START_TEST(new_never_replaces)
{
    struct file a;
    struct file b;

    save(&bare);
    read_file(path, &a);
    struct mdl_identity *other = identity_of(6);
    expect(mdl_identity_save(other, path, &bare, MDL_SAVE_NEW, &err), MDL_U_EXISTS, &err, "exists");
    read_file(path, &b);
    ck_assert_mem_eq(a.bytes, b.bytes, a.len);
    ck_assert_uint_eq(entries(), 1);
    mdl_identity_free(other);
}
END_TEST

START_TEST(the_passphrase_changes)
{
    const struct mdl_seal first = sealed_by(right);
    const struct mdl_seal second = sealed_by(wrong);

    save(&first);
    expect(mdl_identity_reseal(path, wrong, &second, &err), MDL_U_PASSPHRASE, &err, "not open");
    opens(right);
    ck_assert_int_eq(mdl_identity_reseal(path, right, &second, NULL), MDL_OK);
    opens(wrong);
    refuses(right, MDL_U_PASSPHRASE, "does not open");
    ck_assert_int_eq(mdl_identity_reseal(path, wrong, &bare, NULL), MDL_OK);
    opens(NULL);
    ck_assert_int_eq(mdl_identity_reseal(path, NULL, &first, NULL), MDL_OK);
    opens(right);
    ck_assert_uint_eq(entries(), 1);
    expect(mdl_identity_reseal(in_dir("none"), right, &first, &err), MDL_U_NOT_FOUND, &err, "none");
}
END_TEST

START_TEST(what_a_file_tells_unopened)
{
    const struct mdl_seal seal = sealed_by(right);
    struct mdl_key_file_info info;

    save(&seal);
    ck_assert_int_eq(mdl_key_file_info(path, &info, NULL), MDL_OK);
    ck_assert_int_eq(info.kind, MDL_KEY_FILE_IDENTITY);
    ck_assert_int_eq(info.mode, MDL_SEAL_PASSPHRASE);
    ck_assert_uint_eq(info.kdf.ops, 1);
    ck_assert_uint_eq(info.kdf.mem, MDL_KDF_MEM_MIN);
    ck_assert_mem_eq(info.identity, mdl_identity_public(id), MDL_IDENTITY_BYTES);
    ck_assert(sodium_is_zero(info.cert.signature, sizeof info.cert.signature));
    ck_assert_int_eq(mdl_identity_save(id, path, &bare, MDL_SAVE_REPLACE, NULL), MDL_OK);
    ck_assert_int_eq(mdl_key_file_info(path, &info, NULL), MDL_OK);
    ck_assert_int_eq(info.mode, MDL_SEAL_NONE);
    expect(mdl_key_file_info(in_dir("none"), &info, &err), MDL_U_NOT_FOUND, &err, "none");
}
END_TEST

START_TEST(permissions)
{
    static const unsigned bad[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644, 0660, 0777};
    struct mdl_key_file_info info;

    save(&bare);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(chmod(path, bad[i]), 0);
        refuses(NULL, MDL_L_KEY_FILE, "chmod 600 ");
        refuses(NULL, MDL_L_KEY_FILE, path);
        expect(mdl_key_file_info(path, &info, &err), MDL_L_KEY_FILE, &err, "chmod 600 ");
    }
    ck_assert_int_eq(chmod(path, 0400), 0);
    opens(NULL);
}
END_TEST

START_TEST(things_that_are_no_key_file)
{
    refuses(NULL, MDL_U_NOT_FOUND, path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    refuses(NULL, MDL_L_KEY_FILE, "not a regular file"); /* and does not hang */
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    refuses(NULL, MDL_L_KEY_FILE, "not a regular file");
    ck_assert_int_eq(rmdir(path), 0);
    write_file(path, "", 0, 0600);
    refuses(NULL, MDL_L_KEY_FILE, "empty");
    write_file(path, "MANDORLA", 8, 0600);
    refuses(NULL, MDL_L_KEY_FILE, "cut short");
    write_file(path, "-----BEGIN PRIVATE KEY-----\n", 28, 0600);
    refuses(NULL, MDL_L_KEY_FILE, "not a Mandorla key file");
    const char *inside = in_dir("no/such/identity.key");
    expect(mdl_identity_save(id, inside, &bare, MDL_SAVE_NEW, &err), MDL_L_IO, &err, inside);
}
END_TEST

START_TEST(every_truncation)
{
    const struct mdl_seal seal = sealed_by(right);
    struct file f;

    save(&seal);
    read_file(path, &f);
    const size_t whole = f.len;
    for (f.len = 1; f.len < whole; f.len++) {
        put(&f);
        refuses(right, MDL_L_KEY_FILE, "cut short");
    }
    put(&f);
    opens(right);
}
END_TEST

START_TEST(trailing_bytes)
{
    const struct mdl_seal seal = sealed_by(right);
    struct file f;

    save(&seal);
    read_file(path, &f);
    memset(f.bytes + f.len, 0, sizeof f.bytes - f.len);
    for (f.len++; f.len < 700; f.len += 37) {
        put(&f);
        refuses(right, MDL_L_KEY_FILE, "follows after its end");
    }
}
END_TEST

/* Damage is never reported as a wrong passphrase, whichever bit it hits. */
START_TEST(every_bit_flip)
{
    const struct mdl_seal seals[] = {sealed_by(right), bare};
    struct file f;

    save(&seals[_i]);
    read_file(path, &f);
    for (size_t bit = 0; bit < 8 * f.len; bit++) {
        f.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        put(&f);
        refuses(seals[_i].pass, MDL_L_KEY_FILE, "backup");
        f.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    put(&f);
    opens(seals[_i].pass);
}
END_TEST

/* Whoever can write the file can mend its checksum too. Then the header's checks and the seal must
 * refuse: nothing opens, and no Argon2id runs with numbers that were not bounded. */
START_TEST(every_bit_flip_with_a_mended_checksum)
{
    const struct mdl_seal seal = sealed_by(right);
    struct mdl_identity *back;
    struct file f;

    save(&seal);
    read_file(path, &f);
    for (size_t bit = 0; bit < 8 * (f.len - 32); bit++) {
        f.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        mend_checksum(&f);
        /* Between 4 MiB and 1 GiB the memory is allowed, only slow: spare the test those. */
        const size_t weight = 8 * (31 - bit / 8) + bit % 8;
        if (bit / 8 < 24 || bit / 8 >= 32 || weight < 22 || weight >= 30) {
            put(&f);
            enum mdl_status st = mdl_identity_load(path, right, &back, &err);
            ck_assert_msg(st == MDL_L_KEY_FILE || st == MDL_U_PASSPHRASE, "bit %zu: %s", bit,
                          err.text);
            ck_assert(st == MDL_U_PASSPHRASE || bit / 8 < 32);
            ck_assert_ptr_null(back);
        }
        f.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}
END_TEST

START_TEST(a_planted_public_key)
{
    struct file f;

    save(&bare);
    read_file(path, &f);
    f.bytes[72] ^= 1;
    mend_checksum(&f);
    put(&f);
    refuses(NULL, MDL_L_KEY_FILE, "does not belong");
}
END_TEST

START_TEST(a_newer_version_is_not_damage)
{
    struct file f;

    save(&bare);
    read_file(path, &f);
    f.bytes[12] = 2;
    mend_checksum(&f);
    put(&f);
    refuses(NULL, MDL_L_KEY_FILE, "version 2; this node reads version 1. Upgrade");
    f.len = 300;
    mend_checksum(&f);
    put(&f);
    refuses(NULL, MDL_L_KEY_FILE, "Upgrade");
    f.len = 45; /* magic, version, checksum: the shortest there can be */
    mend_checksum(&f);
    put(&f);
    refuses(NULL, MDL_L_KEY_FILE, "Upgrade");
}
END_TEST

static void set_u64(struct file *f, size_t at, uint64_t v)
{
    for (size_t i = 0; i < 8; i++) {
        f->bytes[at + i] = (uint8_t)(v >> (56 - 8 * i));
    }
}

START_TEST(hostile_costs)
{
    static const struct {
        uint64_t ops;
        uint64_t mem;
    } bad[] = {
        {1, (uint64_t)64 << 30},
        {1, MDL_KDF_MEM_MAX + 1},
        {MDL_KDF_OPS_MAX + 1, MDL_KDF_MEM_MIN},
        {0, MDL_KDF_MEM_MIN},
        {1, MDL_KDF_MEM_MIN - 1},
        {1, 0},
        {UINT64_MAX, MDL_KDF_MEM_MIN},
        {1, UINT64_MAX},
    };
    const struct mdl_seal seal = sealed_by(right);
    struct file f;

    save(&seal);
    read_file(path, &f);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        set_u64(&f, 16, bad[i].ops);
        set_u64(&f, 24, bad[i].mem);
        mend_checksum(&f);
        put(&f);
        refuses(right, MDL_L_KEY_FILE, "are allowed");
    }
}
END_TEST

START_TEST(headers_that_contradict_themselves)
{
    static const struct {
        size_t at;
        uint8_t value;
        const char *words;
    } bad[] = {
        {13, 0, "do not fit"},   {13, 2, "do not fit"},   {13, 3, "do not fit"},
        {14, 0, "do not fit"},   {14, 2, "do not fit"},   {14, 3, "do not fit"},
        {15, 1, "must be zero"}, {16, 1, "must be zero"}, {31, 1, "must be zero"},
        {32, 1, "must be zero"}, {48, 1, "must be zero"}, {71, 1, "must be zero"},
    };
    struct file f;

    save(&bare);
    read_file(path, &f);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t old = f.bytes[bad[i].at];
        f.bytes[bad[i].at] = bad[i].value;
        mend_checksum(&f);
        put(&f);
        refuses(NULL, MDL_L_KEY_FILE, bad[i].words);
        f.bytes[bad[i].at] = old;
    }
}
END_TEST

START_TEST(a_curve_file_in_its_place)
{
    struct mdl_curve_key *key;

    ck_assert_int_eq(mdl_curve_generate(id, 1, 0, MDL_TIME_MAX, &key, NULL), MDL_OK);
    ck_assert_int_eq(mdl_curve_save(key, id, path, MDL_SAVE_NEW, NULL), MDL_OK);
    refuses(NULL, MDL_L_KEY_FILE, "holds a CURVE key");
    mdl_curve_free(key);
}
END_TEST

/* Files that an independent implementation wrote. */
START_TEST(the_known_files)
{
    json_t *known = load_vectors("keys/known.json");
    struct mdl_passphrase *p = passphrase_of(text_of(known, "passphrase"));
    struct file f;

    mdl_identity_free(id);
    id = known_identity();
    f.len = bytes_of(known, "sealed_file", f.bytes, sizeof f.bytes);
    put(&f);
    opens(p);
    f.len = bytes_of(known, "plain_file", f.bytes, sizeof f.bytes);
    put(&f);
    opens(NULL);
    struct file own;
    ck_assert_int_eq(mdl_identity_save(id, path, &bare, MDL_SAVE_REPLACE, NULL), MDL_OK);
    read_file(path, &own);
    ck_assert_uint_eq(own.len, f.len);
    ck_assert_mem_eq(own.bytes, f.bytes, f.len);
    mdl_passphrase_free(p);
    json_decref(known);
}
END_TEST

static void add_damage(TCase *t)
{
    tcase_add_test(t, every_truncation);
    tcase_add_test(t, trailing_bytes);
    tcase_add_loop_test(t, every_bit_flip, 0, 2);
    tcase_add_test(t, every_bit_flip_with_a_mended_checksum);
    tcase_add_test(t, a_planted_public_key);
    tcase_add_test(t, a_newer_version_is_not_damage);
    tcase_add_test(t, hostile_costs);
    tcase_add_test(t, headers_that_contradict_themselves);
    tcase_add_test(t, a_curve_file_in_its_place);
}

int main(void)
{
    Suite *s = suite_create("keys/keyfile");
    TCase *t = tcase_create("keyfile");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, sealed_by_a_passphrase);
    tcase_add_test(t, sealed_by_nothing_on_purpose);
    tcase_add_test(t, two_files_share_no_salt_and_no_nonce);
    tcase_add_test(t, seals_that_contradict_themselves);
    tcase_add_test(t, new_never_replaces);
    tcase_add_test(t, the_passphrase_changes);
    tcase_add_test(t, what_a_file_tells_unopened);
    tcase_add_test(t, permissions);
    tcase_add_test(t, things_that_are_no_key_file);
    tcase_add_test(t, the_known_files);
    add_damage(t);
    suite_add_tcase(s, t);
    return run_suite(s);
}
