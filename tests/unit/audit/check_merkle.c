/* check_merkle.c: the tree against the published roots, against RFC 6962 word by word, and its
 * sizes. */
#include <mandorla/audit.h>

#include <check.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The reference leaves of tests/vectors/rfc6962/ORIGIN. */
static const struct {
    const char *bytes;
    size_t len;
} leaves[8] = {{"", 0},
               {"\x00", 1},
               {"\x10", 1},
               {"\x20\x21", 2},
               {"\x30\x31", 2},
               {"\x40\x41\x42\x43", 4},
               {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
               {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}};

static void root_of(size_t n, uint8_t root[32])
{
    struct mdl_merkle m;

    mdl_merkle_init(&m);
    for (size_t i = 0; i < n; i++) {
        mdl_merkle_add(&m, leaves[i].bytes, leaves[i].len, NULL, 0);
    }
    mdl_merkle_root(&m, root);
}

static json_t *load(const char *kind, int n)
{
    char path[500];

    ck_assert_ptr_nonnull(getenv("MANDORLA_VECTORS"));
    (void)snprintf(path, sizeof path, "%s/rfc6962/%s/%d/happy-path.json",
                   getenv("MANDORLA_VECTORS"), kind, n);
    json_t *v = json_load_file(path, 0, NULL);
    ck_assert_msg(v != NULL, "%s", path);
    return v;
}

static void assert_root(const json_t *v, const char *size, const char *root)
{
    const char *b64 = json_string_value(json_object_get(v, root));
    uint8_t want[32];
    uint8_t got[32];
    size_t len = 0;

    ck_assert_ptr_nonnull(b64);
    ck_assert_int_eq(sodium_base642bin(want, sizeof want, b64, strlen(b64), NULL, &len, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    ck_assert_uint_eq(len, 32);
    root_of((size_t)json_integer_value(json_object_get(v, size)), got);
    ck_assert_mem_eq(got, want, 32);
}

START_TEST(published_roots)
{
    for (int n = 0; n < 5; n++) {
        json_t *v = load("inclusion", n);
        assert_root(v, "treeSize", "root");
        json_decref(v);
        v = load("consistency", n);
        assert_root(v, "size1", "root1");
        assert_root(v, "size2", "root2");
        json_decref(v);
    }
}
END_TEST

/* MTH of RFC 6962, 2.1, as it is written there. */
static void mth(const uint8_t (*leaf)[32], size_t n, uint8_t out[32])
{
    uint8_t both[65] = {0x01};
    size_t k = 1;

    if (n == 1) {
        memcpy(out, leaf[0], 32);
        return;
    }
    while (2 * k < n) {
        k *= 2;
    }
    mth(leaf, k, both + 1);
    mth(leaf + k, n - k, both + 33);
    (void)crypto_hash_sha256(out, both, sizeof both);
}

START_TEST(every_size_up_to_300)
{
    static uint8_t leaf[300][32];
    struct mdl_merkle m;
    uint8_t want[32];
    uint8_t got[32];

    mdl_merkle_init(&m);
    mdl_merkle_root(&m, got);
    (void)crypto_hash_sha256(want, NULL, 0);
    ck_assert_mem_eq(got, want, 32);
    for (size_t n = 1; n <= 300; n++) {
        const uint8_t data[3] = {0x00, (uint8_t)n, (uint8_t)(n >> 8)};
        (void)crypto_hash_sha256(leaf[n - 1], data, sizeof data);
        if (n % 2 == 0) {
            mdl_merkle_add_leaf(&m, leaf[n - 1]);
        } else {
            mdl_merkle_add(&m, data + 1, 1, data + 2, 1);
        }
        mdl_merkle_root(&m, got); /* asking does not disturb the tree */
        mth((const uint8_t(*)[32])leaf, n, want);
        ck_assert_mem_eq(got, want, 32);
        ck_assert_uint_eq(m.count, n);
    }
}
END_TEST

START_TEST(a_leaf_in_two_parts)
{
    struct mdl_merkle whole;
    struct mdl_merkle parts;
    uint8_t a[32];
    uint8_t b[32];

    mdl_merkle_init(&whole);
    mdl_merkle_init(&parts);
    mdl_merkle_add(&whole, "saltx", 5, NULL, 0);
    mdl_merkle_add(&parts, "salt", 4, "x", 1);
    mdl_merkle_root(&whole, a);
    mdl_merkle_root(&parts, b);
    ck_assert_mem_eq(a, b, 32);
    mdl_merkle_init(&parts);
    mdl_merkle_add(&parts, NULL, 0, "saltx", 5);
    mdl_merkle_root(&parts, b);
    ck_assert_mem_eq(a, b, 32);
}
END_TEST

START_TEST(order_and_number_of_leaves_count)
{
    struct mdl_merkle m;
    uint8_t ab[32];
    uint8_t ba[32];

    mdl_merkle_init(&m);
    mdl_merkle_add(&m, "a", 1, NULL, 0);
    mdl_merkle_add(&m, "b", 1, NULL, 0);
    mdl_merkle_root(&m, ab);
    mdl_merkle_init(&m);
    mdl_merkle_add(&m, "b", 1, NULL, 0);
    mdl_merkle_add(&m, "a", 1, NULL, 0);
    mdl_merkle_root(&m, ba);
    ck_assert_mem_ne(ab, ba, 32);
    mdl_merkle_init(&m);
    mdl_merkle_add(&m, "ab", 2, NULL, 0);
    mdl_merkle_root(&m, ba);
    ck_assert_mem_ne(ab, ba, 32);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("audit merkle");
    TCase *c = tcase_create("merkle");
    tcase_add_test(c, published_roots);
    tcase_add_test(c, every_size_up_to_300);
    tcase_add_test(c, a_leaf_in_two_parts);
    tcase_add_test(c, order_and_number_of_leaves_count);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
