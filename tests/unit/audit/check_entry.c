/* check_entry.c: entries and their bytes, commitments, leaf hash and chain. */
#include <mandorla/audit.h>

#include <check.h>
#include <sodium.h>
#include <string.h>

static struct mdl_log_entry sample(void)
{
    struct mdl_log_entry e = {.seq = 300,
                              .time_ms = 1795322765000,
                              .kind = MDL_LOG_MESSAGE_OUT,
                              .direction = MDL_LOG_OUT,
                              .type = 17,
                              .size = 70000,
                              .note = "commit of group 1"};

    memset(e.partner, 0xaa, sizeof e.partner);
    memset(e.round, 0xbb, sizeof e.round);
    memset(e.agreement, 0xcc, sizeof e.agreement);
    memset(e.commitment, 0xdd, sizeof e.commitment);
    return e;
}

START_TEST(bytes_both_ways)
{
    struct mdl_log_entry e = sample();
    struct mdl_log_entry back;
    struct mdl_error err;
    uint8_t buf[MDL_LOG_ENTRY_MAX];
    uint8_t again[MDL_LOG_ENTRY_MAX];
    size_t len;
    size_t again_len;

    ck_assert_int_eq(mdl_log_entry_encode(&e, buf, &len, &err), MDL_OK);
    ck_assert_int_eq(mdl_log_entry_decode(buf, len, &back, &err), MDL_OK);
    ck_assert_mem_eq(&back, &e, sizeof e);
    ck_assert_int_eq(mdl_log_entry_encode(&back, again, &again_len, &err), MDL_OK);
    ck_assert_uint_eq(again_len, len);
    ck_assert_mem_eq(again, buf, len);
}
END_TEST

/* PROTOCOL 11.2 by hand. */
START_TEST(layout)
{
    static const uint8_t head[] = {0x9c, 0x01, 0xcd, 0x01, 0x2c, 0xcf, 0x00, 0x00, 0x01,
                                   0xa2, 0x01, 0x93, 0x5e, 0xc8, 0x03, 0x02, 0xc4, 0x20};
    struct mdl_log_entry e = sample();
    uint8_t buf[MDL_LOG_ENTRY_MAX];
    size_t len;

    ck_assert_int_eq(mdl_log_entry_encode(&e, buf, &len, NULL), MDL_OK);
    ck_assert_mem_eq(buf, head, sizeof head);
    ck_assert_mem_eq(buf + 18, e.partner, 32);
    ck_assert_mem_eq(buf + 52, e.round, 16);
    ck_assert_mem_eq(buf + 70, e.agreement, 64);
    ck_assert_uint_eq(buf[134], 17);
    ck_assert_uint_eq(buf[135], 0xce); /* 70000 */
    ck_assert_mem_eq(buf + 142, e.commitment, 32);
    ck_assert_uint_eq(buf[174], 0xa0 | 17);
    ck_assert_mem_eq(buf + 175, "commit of group 1", 17);
    ck_assert_uint_eq(len, 192);
}
END_TEST

START_TEST(the_largest_entry_fits)
{
    struct mdl_log_entry e = sample();
    uint8_t buf[MDL_LOG_ENTRY_MAX];
    size_t len;

    e.seq = e.time_ms = e.size = UINT64_MAX;
    e.kind = e.type = 255;
    memset(e.note, 'n', MDL_LOG_NOTE);
    ck_assert_int_eq(mdl_log_entry_encode(&e, buf, &len, NULL), MDL_OK);
    ck_assert_int_eq(mdl_log_entry_decode(buf, len, &e, NULL), MDL_OK);
    ck_assert_uint_eq(e.kind, 255); /* a kind of a later version is read */
}
END_TEST

static void refuse_encode(const struct mdl_log_entry *e, const char *words)
{
    struct mdl_error err;
    uint8_t buf[MDL_LOG_ENTRY_MAX];
    size_t len;

    ck_assert_int_eq(mdl_log_entry_encode(e, buf, &len, &err), MDL_BUG);
    ck_assert_msg(strstr(err.text, words) != NULL, "'%s' without '%s'", err.text, words);
}

START_TEST(fields_outside_their_limits)
{
    struct mdl_log_entry e = sample();

    e.seq = 0;
    refuse_encode(&e, "entry: encoding 'seq': 0 is not within 1");
    e = sample();
    e.kind = 0;
    refuse_encode(&e, "'kind': 0 is not within 1");
    e = sample();
    e.direction = 3;
    refuse_encode(&e, "'direction': 3 is not within 0..2");
    e = sample();
    memset(e.note, 'n', sizeof e.note);
    refuse_encode(&e, "'note': 201 is not within 0..200");
    e = sample();
    e.note[3] = '\n';
    refuse_encode(&e, "'note': not clean UTF-8");
}
END_TEST

START_TEST(damaged_bytes_are_the_chains_fault)
{
    struct mdl_log_entry e = sample();
    struct mdl_log_entry back;
    struct mdl_error err;
    uint8_t buf[MDL_LOG_ENTRY_MAX + 1];
    size_t len;

    ck_assert_int_eq(mdl_log_entry_encode(&e, buf, &len, NULL), MDL_OK);
    for (size_t n = 0; n < len; n++) {
        ck_assert_int_eq(mdl_log_entry_decode(buf, n, &back, NULL), MDL_L_CHAIN);
    }
    ck_assert_int_eq(mdl_log_entry_decode(buf, MDL_LOG_ENTRY_MAX + 1, &back, &err), MDL_L_CHAIN);
    ck_assert_ptr_nonnull(strstr(err.text, "at most 512"));
    ck_assert_int_eq(err.status, MDL_L_CHAIN);
    buf[1] = 2;
    ck_assert_int_eq(mdl_log_entry_decode(buf, len, &back, &err), MDL_L_CHAIN);
    ck_assert_ptr_nonnull(strstr(err.text, "version 2"));
    ck_assert_int_eq(err.status, MDL_L_CHAIN);
}
END_TEST

START_TEST(kinds_have_names)
{
    ck_assert_str_eq(mdl_log_kind_slug(MDL_LOG_MESSAGE_OUT), "message-out");
    ck_assert_str_eq(mdl_log_kind_label(MDL_LOG_DEBIT), "keys debited to the partner's budget");
    ck_assert_str_eq(mdl_log_kind_slug(0), "unknown");
    ck_assert_str_eq(mdl_log_kind_slug(MDL_LOG_DISPUTE), "dispute");
    ck_assert_str_eq(mdl_log_kind_slug(MDL_LOG_DISPUTE + 1), "unknown");
    ck_assert_str_eq(mdl_log_kind_label(255), "unknown");
}
END_TEST

START_TEST(commitment_is_salt_then_bytes)
{
    uint8_t laid_out[32 + 5];
    uint8_t want[32];
    uint8_t got[32];

    memset(laid_out, 0x5a, 32);
    memcpy(laid_out + 32, "hello", 5);
    (void)crypto_hash_sha256(want, laid_out, sizeof laid_out);
    mdl_log_commit(laid_out, (const uint8_t *)"hello", 5, got);
    ck_assert_mem_eq(got, want, 32);
    (void)crypto_hash_sha256(want, laid_out, 32);
    mdl_log_commit(laid_out, NULL, 0, got);
    ck_assert_mem_eq(got, want, 32);
}
END_TEST

/* chain_0 and chain_1 of identity 00..1f and the entry "abc", computed with Python's hashlib. */
START_TEST(chain_values)
{
    uint8_t identity[32];
    uint8_t chain[32];
    uint8_t leaf[32];
    char hex[65];

    for (uint8_t i = 0; i < 32; i++) {
        identity[i] = i;
    }
    mdl_log_chain_start(identity, chain);
    ck_assert_str_eq(sodium_bin2hex(hex, sizeof hex, chain, 32),
                     "e7f6a7806328c9fbdd36736d2be16b1f802abf3d67bf807ecd42a24dab7017e3");
    mdl_log_leaf((const uint8_t *)"abc", 3, leaf);
    mdl_log_chain_next(chain, leaf, chain);
    ck_assert_str_eq(sodium_bin2hex(hex, sizeof hex, chain, 32),
                     "c8c461c126349c37b059e103260d3260aceaa40eb156e6347b0437100737e647");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("audit entry");
    TCase *c = tcase_create("entry");
    tcase_add_test(c, bytes_both_ways);
    tcase_add_test(c, layout);
    tcase_add_test(c, the_largest_entry_fits);
    tcase_add_test(c, fields_outside_their_limits);
    tcase_add_test(c, damaged_bytes_are_the_chains_fault);
    tcase_add_test(c, kinds_have_names);
    tcase_add_test(c, commitment_is_salt_then_bytes);
    tcase_add_test(c, chain_values);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
