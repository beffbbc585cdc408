/* check_curve.c: CURVE keys and their files: made, certified, rotated, sealed under the identity.
 */
#include "support.h"

#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#define FROM ((int64_t)1800000000)
#define TO   ((int64_t)1900000000)

static struct mdl_curve_key *key_of(const struct mdl_identity *id, uint32_t serial)
{
    struct mdl_curve_key *key;

    ck_assert_int_eq(mdl_curve_generate(id, serial, FROM, TO, &key, NULL), MDL_OK);
    return key;
}

START_TEST(made_and_certified)
{
    struct mdl_identity *id = identity_of(1);
    struct mdl_curve_key *first = key_of(id, 1);
    struct mdl_curve_key *second = key_of(id, 2);
    const struct mdl_curve_cert *cert = mdl_curve_cert(first);
    uint8_t point[MDL_CURVE_KEY_BYTES];

    ck_assert_int_eq(crypto_scalarmult_base(point, mdl_curve_secret(first)), 0);
    ck_assert_mem_eq(point, cert->curve, sizeof point);
    ck_assert_int_eq(mdl_cert_verify(cert, NOW, NULL), MDL_OK);
    ck_assert_mem_eq(cert->identity, mdl_identity_public(id), MDL_IDENTITY_BYTES);
    ck_assert_uint_eq(cert->serial, 1);
    ck_assert_int_eq(cert->not_before, FROM);
    ck_assert_int_eq(cert->not_after, TO);
    ck_assert_uint_eq(mdl_curve_cert(second)->serial, 2);
    ck_assert_mem_ne(mdl_curve_cert(second)->curve, cert->curve, MDL_CURVE_KEY_BYTES);
    mdl_curve_free(first);
    mdl_curve_free(second);
    mdl_curve_free(NULL);
    mdl_identity_free(id);
}
END_TEST

START_TEST(requests_that_make_no_sense)
{
    struct mdl_identity *id = identity_of(1);
    struct mdl_error err = {0};
    struct mdl_curve_key *key = (struct mdl_curve_key *)&err;

    expect(mdl_curve_generate(id, 0, FROM, TO, &key, &err), MDL_U_ARGUMENT, &err, "serial");
    ck_assert_ptr_null(key);
    expect(mdl_curve_generate(id, 1, TO, TO, &key, &err), MDL_U_ARGUMENT, &err, "validity");
    expect(mdl_curve_generate(id, 1, -1, TO, &key, &err), MDL_U_ARGUMENT, &err, "validity");
    expect(mdl_curve_generate(id, 1, FROM, MDL_TIME_MAX + 1, &key, &err), MDL_U_ARGUMENT, &err,
           "validity");
    mdl_identity_free(id);
}
END_TEST

START_TEST(saved_and_loaded)
{
    struct mdl_identity *id = identity_of(1);
    struct mdl_curve_key *key = key_of(id, 9);
    struct mdl_curve_key *back;
    struct mdl_key_file_info info;
    struct file f;
    const char *path = (make_dir(), in_dir(MDL_CURVE_FILE));

    ck_assert_int_eq(mdl_curve_save(key, id, path, MDL_SAVE_NEW, NULL), MDL_OK);
    ck_assert_int_eq(mdl_curve_load(path, id, &back, NULL), MDL_OK);
    ck_assert_mem_eq(mdl_curve_secret(back), mdl_curve_secret(key), MDL_CURVE_KEY_BYTES);
    ck_assert_mem_eq(mdl_curve_cert(back)->signature, mdl_curve_cert(key)->signature,
                     MDL_SIGNATURE_BYTES);
    ck_assert_int_eq(mdl_key_file_info(path, &info, NULL), MDL_OK);
    ck_assert_int_eq(info.kind, MDL_KEY_FILE_CURVE);
    ck_assert_int_eq(info.mode, MDL_SEAL_IDENTITY);
    ck_assert_uint_eq(info.cert.serial, 9);
    ck_assert_mem_eq(info.identity, mdl_identity_public(id), MDL_IDENTITY_BYTES);
    read_file(path, &f);
    ck_assert_ptr_null(memmem(f.bytes, f.len, mdl_curve_secret(key), MDL_CURVE_KEY_BYTES));
    mdl_curve_free(key);
    mdl_curve_free(back);
    mdl_identity_free(id);
    remove_dir();
}
END_TEST

START_TEST(the_known_file)
{
    json_t *known = load_vectors("keys/known.json");
    struct mdl_identity *id = known_identity();
    struct mdl_curve_key *key;
    struct file f;
    uint8_t want[MDL_CURVE_KEY_BYTES];
    const char *path = (make_dir(), in_dir(MDL_CURVE_FILE));

    f.len = bytes_of(known, "curve_file", f.bytes, sizeof f.bytes);
    write_file(path, f.bytes, f.len, 0600);
    ck_assert_int_eq(mdl_curve_load(path, id, &key, NULL), MDL_OK);
    (void)bytes_of(known, "curve_secret", want, sizeof want);
    ck_assert_mem_eq(mdl_curve_secret(key), want, sizeof want);
    mdl_curve_free(key);
    mdl_identity_free(id);
    json_decref(known);
    remove_dir();
}
END_TEST

START_TEST(another_identity)
{
    struct mdl_identity *id = identity_of(1);
    struct mdl_identity *other = identity_of(2);
    struct mdl_error err = {0};
    struct mdl_curve_key *key = key_of(id, 1);
    struct mdl_curve_key *back = key;
    const char *path = (make_dir(), in_dir(MDL_CURVE_FILE));
    const char *own = in_dir(MDL_IDENTITY_FILE);
    const struct mdl_seal none = {.mode = MDL_SEAL_NONE};

    expect(mdl_curve_save(key, other, path, MDL_SAVE_NEW, &err), MDL_U_ARGUMENT, &err, "another");
    ck_assert_uint_eq(entries(), 0);
    ck_assert_int_eq(mdl_curve_save(key, id, path, MDL_SAVE_NEW, NULL), MDL_OK);
    expect(mdl_curve_load(path, other, &back, &err), MDL_L_KEY_FILE, &err, "another identity");
    ck_assert_ptr_null(back);
    ck_assert_int_eq(mdl_identity_save(id, own, &none, MDL_SAVE_NEW, NULL), MDL_OK);
    expect(mdl_curve_load(own, id, &back, &err), MDL_L_KEY_FILE, &err, "holds an identity");
    expect(mdl_curve_load(in_dir("none"), id, &back, &err), MDL_U_NOT_FOUND, &err, "none");
    mdl_curve_free(key);
    mdl_identity_free(id);
    mdl_identity_free(other);
    remove_dir();
}
END_TEST

/* Whoever can write the file can also mend its checksum; then the seal must refuse. */
START_TEST(every_bit_counts_even_with_a_mended_checksum)
{
    struct mdl_identity *id = identity_of(1);
    struct mdl_curve_key *key = key_of(id, 1);
    struct mdl_curve_key *back;
    struct mdl_error err = {0};
    struct file f;
    const char *path = (make_dir(), in_dir(MDL_CURVE_FILE));

    ck_assert_int_eq(mdl_curve_save(key, id, path, MDL_SAVE_NEW, NULL), MDL_OK);
    read_file(path, &f);
    for (size_t bit = 0; bit < 8 * (f.len - 32); bit++) {
        f.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        mend_checksum(&f);
        write_file(path, f.bytes, f.len, 0600);
        expect(mdl_curve_load(path, id, &back, &err), MDL_L_KEY_FILE, &err, path);
        f.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    mdl_curve_free(key);
    mdl_identity_free(id);
    remove_dir();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keys/curve");
    TCase *t = tcase_create("curve");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, made_and_certified);
    tcase_add_test(t, requests_that_make_no_sense);
    tcase_add_test(t, saved_and_loaded);
    tcase_add_test(t, the_known_file);
    tcase_add_test(t, another_identity);
    tcase_add_test(t, every_bit_counts_even_with_a_mended_checksum);
    suite_add_tcase(s, t);
    return run_suite(s);
}
