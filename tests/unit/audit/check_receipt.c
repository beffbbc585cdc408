/* check_receipt.c: receipts both ways, both signatures, and what they say to people. */
#include <mandorla/audit.h>

#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static uint8_t secret[2][crypto_sign_SECRETKEYBYTES];
static struct mdl_receipt receipt;
static uint8_t bytes[MDL_RECEIPT_MAX];
static size_t len;
static uint8_t sig[2][64];

static int sign(void *ctx, const uint8_t *msg, size_t n, uint8_t out[64])
{
    return crypto_sign_detached(out, NULL, msg, n, ctx);
}

static int no_key(void *ctx, const uint8_t *msg, size_t n, uint8_t out[64])
{
    (void)ctx;
    (void)msg;
    (void)n;
    (void)out;
    return -1;
}

static void make_identities(void)
{
    uint8_t pk[2][32];
    uint8_t sk[2][crypto_sign_SECRETKEYBYTES];

    for (uint8_t i = 0; i < 2; i++) {
        uint8_t seed[crypto_sign_SEEDBYTES] = {i};
        (void)crypto_sign_seed_keypair(pk[i], sk[i], seed);
    }
    size_t low = memcmp(pk[0], pk[1], 32) < 0 ? 0 : 1;
    for (size_t role = 0; role < 2; role++) {
        memcpy(receipt.identity[role], pk[role == 0 ? low : 1 - low], 32);
        memcpy(secret[role], sk[role == 0 ? low : 1 - low], sizeof secret[0]);
    }
}

static void setup(void)
{
    memset(&receipt, 0, sizeof receipt);
    make_identities();
    memset(receipt.round, 0x11, sizeof receipt.round);
    memset(receipt.agreement, 0x22, sizeof receipt.agreement);
    memset(receipt.profile, 0x33, sizeof receipt.profile);
    memcpy(receipt.suite, "ristretto255-sha512", 20);
    receipt.created = 1795322765000;
    receipt.n_groups = 1;
    memcpy(receipt.groups[0].level, "accounts", 9);
    receipt.groups[0].n[0] = 1200;
    receipt.groups[0].n[1] = 90000;
    receipt.groups[0].m = 345;
    receipt.groups[0].slices = 64;
    memset(receipt.groups[0].list_root[1], 0x44, 32);
    memset(receipt.transcript[0], 0x55, 64);
    receipt.accounts[0] = 300;
    receipt.accounts[1] = 310;
    receipt.review[0] = 4;
    receipt.finished[0] = 1795322800000;
    receipt.finished[1] = 1795322801000;
    ck_assert_int_eq(mdl_receipt_encode(&receipt, bytes, &len, NULL), MDL_OK);
    for (size_t role = 0; role < 2; role++) {
        const struct mdl_signer signer = {.ctx = secret[role], .sign = sign};
        ck_assert_int_eq(mdl_receipt_sign(bytes, len, &signer, sig[role], NULL), MDL_OK);
    }
}

START_TEST(bytes_both_ways)
{
    struct mdl_receipt back;
    uint8_t again[MDL_RECEIPT_MAX];
    size_t again_len;

    ck_assert_int_eq(mdl_receipt_decode(bytes, len, &back, NULL), MDL_OK);
    ck_assert_mem_eq(&back, &receipt, sizeof back);
    ck_assert_int_eq(mdl_receipt_encode(&back, again, &again_len, NULL), MDL_OK);
    ck_assert_uint_eq(again_len, len);
    ck_assert_mem_eq(again, bytes, len);
    ck_assert_uint_eq(bytes[0], 0xdc); /* array of 17 */
    ck_assert_uint_eq(bytes[2], 17);
    ck_assert_uint_eq(bytes[3], 1);
}
END_TEST

START_TEST(the_largest_fits)
{
    struct mdl_receipt big = receipt;
    struct mdl_receipt back;

    big.n_groups = MDL_RECEIPT_GROUPS;
    for (size_t g = 0; g < MDL_RECEIPT_GROUPS; g++) {
        struct mdl_receipt_group *group = &big.groups[g];
        *group = (struct mdl_receipt_group){
            .n = {UINT32_MAX, UINT32_MAX}, .m = UINT32_MAX, .slices = UINT32_MAX};
        memset(group->level, 'x', 16);
    }
    big.created = big.finished[0] = big.finished[1] = UINT64_MAX;
    ck_assert_int_eq(mdl_receipt_encode(&big, bytes, &len, NULL), MDL_OK);
    ck_assert_int_eq(mdl_receipt_decode(bytes, len, &back, NULL), MDL_OK);
    ck_assert_mem_eq(&back, &big, sizeof back);
}
END_TEST

START_TEST(damaged_bytes)
{
    struct mdl_receipt back;
    struct mdl_error err;

    for (size_t n = 0; n < len; n++) {
        ck_assert_int_eq(mdl_receipt_decode(bytes, n, &back, NULL), MDL_P_MALFORMED);
    }
    bytes[3] = 9;
    ck_assert_int_eq(mdl_receipt_decode(bytes, len, &back, &err), MDL_P_VERSION);
    bytes[3] = 1;
    static uint8_t large[MDL_RECEIPT_MAX + 1];
    ck_assert_int_eq(mdl_receipt_decode(large, sizeof large, &back, &err), MDL_P_OVERSIZE);
    ck_assert_ptr_nonnull(strstr(err.text, "at most 8192"));
}
END_TEST

START_TEST(identities_in_order)
{
    struct mdl_receipt back;
    struct mdl_error err;

    memcpy(receipt.identity[0], receipt.identity[1], 32);
    ck_assert_int_eq(mdl_receipt_encode(&receipt, bytes, &len, NULL), MDL_OK);
    ck_assert_int_eq(mdl_receipt_decode(bytes, len, &back, &err), MDL_P_RECEIPT);
    ck_assert_ptr_nonnull(strstr(err.text, "ascending order"));
}
END_TEST

START_TEST(fields_outside_their_limits)
{
    struct mdl_error err;

    receipt.n_groups = 0;
    ck_assert_int_eq(mdl_receipt_encode(&receipt, bytes, &len, &err), MDL_BUG);
    ck_assert_str_eq(err.text, "receipt: encoding 'groups': 0 is not within 1..32");
    receipt.n_groups = MDL_RECEIPT_GROUPS + 1;
    ck_assert_int_eq(mdl_receipt_encode(&receipt, bytes, &len, &err), MDL_BUG);
}
END_TEST

START_TEST(both_signatures_open_it)
{
    struct mdl_receipt back;
    struct mdl_error err;

    ck_assert_int_eq(mdl_receipt_open(bytes, len, sig[0], sig[1], &back, &err), MDL_OK);
    ck_assert_uint_eq(back.groups[0].m, 345);
    ck_assert_int_eq(mdl_receipt_open(bytes, len, sig[1], sig[1], &back, &err), MDL_P_RECEIPT);
    ck_assert_str_eq(err.text, "the signature of party A does not verify");
    ck_assert_int_eq(mdl_receipt_open(bytes, len, sig[0], sig[0], &back, &err), MDL_P_RECEIPT);
    ck_assert_str_eq(err.text, "the signature of party B does not verify");
    ck_assert_int_eq(mdl_receipt_open(bytes, len - 1, sig[0], sig[1], &back, &err),
                     MDL_P_MALFORMED);
}
END_TEST

START_TEST(every_changed_bit_breaks_it)
{
    struct mdl_receipt back;

    for (size_t bit = 0; bit < len * 8; bit += 3) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        ck_assert_int_ne(mdl_receipt_open(bytes, len, sig[0], sig[1], &back, NULL), MDL_OK);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}
END_TEST

START_TEST(what_is_signed)
{
    static const uint8_t prefix[] = "\0\0\0\x0amandorla/1\0\0\0\x07receipt\0\0";
    const uint8_t be[2] = {(uint8_t)(len >> 8), (uint8_t)len};
    crypto_hash_sha512_state h;
    uint8_t msg[64];

    (void)crypto_hash_sha512_init(&h);
    (void)crypto_hash_sha512_update(&h, prefix, sizeof prefix - 1);
    (void)crypto_hash_sha512_update(&h, be, 2);
    (void)crypto_hash_sha512_update(&h, bytes, len);
    (void)crypto_hash_sha512_final(&h, msg);
    ck_assert_int_eq(crypto_sign_verify_detached(sig[1], msg, 64, receipt.identity[1]), 0);
}
END_TEST

START_TEST(a_signer_without_key)
{
    const struct mdl_signer signer = {.sign = no_key};
    struct mdl_error err;

    ck_assert_int_eq(mdl_receipt_sign(bytes, len, &signer, sig[0], &err), MDL_L_KEY_FILE);
    ck_assert_int_eq(err.status, MDL_L_KEY_FILE);
}
END_TEST

static char told[5000];

static void hear(void *ctx, const char *line)
{
    size_t used = strlen(told);

    ck_assert_ptr_eq(ctx, &receipt);
    (void)snprintf(told + used, sizeof told - used, "%s\n", line);
}

START_TEST(text_for_people)
{
    static const char *const lines[] = {
        "round: 11111111111111111111111111111111\n",
        "suite: ristretto255-sha512\n",
        "proposed: 2026-11-22 04:46:05 UTC\n",
        "group 1, level accounts: 1200 match keys of A, 90000 of B, 345 in common, 64 slices",
        "group 2, level counts: 12 match keys of A, 7 of B, 3 in common\n  list of A: ",
        "group 3, level counts: not run, a side has no match key there\naccounts matched",
        "  list of B: 4444444444444444444444444444444444444444444444444444444444444444\n",
        "accounts matched: 300 of A, 310 of B\n",
        "accounts to review: 4 of A, 0 of B\n",
        "sent by A: 5555",
        "finished, says B: 2026-11-22 04:46:41 UTC\n",
    };

    receipt.n_groups = 3;
    receipt.groups[1] = (struct mdl_receipt_group){.level = "counts", .n = {12, 7}, .m = 3};
    receipt.groups[2] = (struct mdl_receipt_group){.level = "counts"};
    told[0] = '\0';
    mdl_receipt_describe(&receipt, hear, &receipt);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        ck_assert_msg(strstr(told, lines[i]) != NULL, "'%s' not in: %s", lines[i], told);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("audit receipt");
    TCase *c = tcase_create("receipt");
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, bytes_both_ways);
    tcase_add_test(c, the_largest_fits);
    tcase_add_test(c, damaged_bytes);
    tcase_add_test(c, identities_in_order);
    tcase_add_test(c, fields_outside_their_limits);
    tcase_add_test(c, both_signatures_open_it);
    tcase_add_test(c, every_changed_bit_breaks_it);
    tcase_add_test(c, what_is_signed);
    tcase_add_test(c, a_signer_without_key);
    tcase_add_test(c, text_for_people);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
