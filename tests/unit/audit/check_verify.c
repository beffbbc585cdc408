/* check_verify.c: a good log verifies; each way to alter one is found, where it is, once. */
#include <mandorla/audit.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#define N 12

struct row {
    uint64_t seq;
    uint8_t entry[MDL_LOG_ENTRY_MAX];
    size_t len;
    uint8_t leaf[32];
    uint8_t chain[32];
};
static const uint8_t identity[32] = {7};
static struct row rows[N]; /* rows[i] is entry i + 1 */
static uint8_t head[32];

static void seal(struct row *row, const uint8_t prev[32])
{
    mdl_log_leaf(row->entry, row->len, row->leaf);
    mdl_log_chain_next(prev, row->leaf, row->chain);
}

static void write_row(struct row *row, uint64_t seq, const char *note, const uint8_t prev[32])
{
    struct mdl_log_entry e = {
        .seq = seq, .time_ms = 1795322765000 + seq, .kind = MDL_LOG_MESSAGE_IN, .direction = 1};

    (void)snprintf(e.note, sizeof e.note, "%s", note);
    row->seq = seq;
    ck_assert_int_eq(mdl_log_entry_encode(&e, row->entry, &row->len, NULL), MDL_OK);
    seal(row, prev);
}

static void setup(void)
{
    uint8_t chain[32];

    mdl_log_chain_start(identity, chain);
    for (size_t i = 0; i < N; i++) {
        write_row(&rows[i], i + 1, "as it happened", chain);
        memcpy(chain, rows[i].chain, 32);
    }
    memcpy(head, chain, 32);
}

static char first[MDL_ERROR_TEXT];

/* Verifies rows[0..n) and returns the number of problems; the first one's text is kept. */
static uint64_t problems(size_t n, struct mdl_log_verifier *v)
{
    first[0] = '\0';
    mdl_log_verify_start(v, identity);
    for (size_t i = 0; i < n; i++) {
        struct mdl_error err = {0};
        const struct mdl_log_item item = {.seq = rows[i].seq,
                                          .entry = rows[i].entry,
                                          .len = rows[i].len,
                                          .leaf = rows[i].leaf,
                                          .chain = rows[i].chain};
        enum mdl_status st = mdl_log_verify_next(v, &item, NULL, &err);
        ck_assert(st == MDL_OK || (st == MDL_L_CHAIN && err.status == MDL_L_CHAIN));
        if (st != MDL_OK && first[0] == '\0') {
            memcpy(first, err.text, sizeof first);
        }
    }
    return v->problems;
}

static void expect_one(size_t n, const char *text)
{
    struct mdl_log_verifier v;

    ck_assert_uint_eq(problems(n, &v), 1);
    ck_assert_msg(strncmp(first, text, strlen(text)) == 0, "'%s' instead of '%s'", first, text);
}

START_TEST(a_good_log)
{
    struct mdl_log_verifier v;
    struct mdl_merkle m;
    uint8_t want[32];
    uint8_t got[32];

    ck_assert_uint_eq(problems(N, &v), 0);
    ck_assert_int_eq(mdl_log_verify_head(&v, N, head, NULL), MDL_OK);
    mdl_merkle_init(&m);
    for (size_t i = 0; i < N; i++) {
        mdl_merkle_add(&m, rows[i].entry, rows[i].len, NULL, 0);
    }
    mdl_merkle_root(&m, want);
    mdl_merkle_root(&v.tree, got);
    ck_assert_mem_eq(got, want, 32);
}
END_TEST

START_TEST(the_entries_come_out)
{
    struct mdl_log_verifier v;
    struct mdl_log_entry e;
    const struct mdl_log_item item = {1, rows[0].entry, rows[0].len, rows[0].leaf, rows[0].chain};

    mdl_log_verify_start(&v, identity);
    ck_assert_int_eq(mdl_log_verify_next(&v, &item, &e, NULL), MDL_OK);
    ck_assert_str_eq(e.note, "as it happened");
}
END_TEST

START_TEST(every_altered_bit_is_found)
{
    for (size_t bit = 0; bit < rows[4].len * 8; bit++) {
        struct mdl_log_verifier v;
        rows[4].entry[bit / 8] ^= (uint8_t)(1U << bit % 8);
        ck_assert_uint_eq(problems(N, &v), 1);
        ck_assert_msg(strncmp(first, "entry 5: ", 9) == 0, "bit %zu: %s", bit, first);
        rows[4].entry[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}
END_TEST

START_TEST(a_rewritten_entry_with_its_leaf)
{
    uint8_t old_chain[32];

    memcpy(old_chain, rows[4].chain, 32);
    write_row(&rows[4], 5, "as it should look", rows[3].chain);
    memcpy(rows[4].chain, old_chain, 32);
    expect_one(N, "entry 5: its chain value does not follow from entry 4");
}
END_TEST

START_TEST(a_rewritten_entry_with_its_chain_value)
{
    write_row(&rows[4], 5, "as it should look", rows[3].chain);
    expect_one(N, "entry 6: its chain value does not follow from entry 5");
}
END_TEST

START_TEST(a_leaf_hash_that_is_not_the_entrys)
{
    rows[4].leaf[0] ^= 1;
    expect_one(N, "entry 5: its bytes do not give its leaf hash");
}
END_TEST

START_TEST(missing_entries)
{
    memmove(&rows[4], &rows[5], (N - 5) * sizeof rows[0]);
    expect_one(N - 1, "entry 5 is missing");
    setup();
    memmove(&rows[4], &rows[7], (N - 7) * sizeof rows[0]);
    expect_one(N - 3, "entries 5 to 7 are missing");
    setup();
    memmove(&rows[0], &rows[1], (N - 1) * sizeof rows[0]);
    expect_one(N - 1, "entry 1 is missing");
}
END_TEST

START_TEST(a_repeated_entry)
{
    rows[5] = rows[4];
    struct mdl_log_verifier v;

    ck_assert_uint_eq(problems(N, &v), 2); /* 5 stands where 6 should, then 6 is missing */
    ck_assert_str_eq(first, "entry 5 stands where entry 6 should");
}
END_TEST

START_TEST(a_number_that_is_not_the_bytes)
{
    uint8_t chain[32];

    memcpy(chain, rows[3].chain, 32);
    write_row(&rows[4], 50, "as it happened", chain);
    rows[4].seq = 5;
    expect_one(5, "entry 5: its bytes say it is entry 50");
}
END_TEST

START_TEST(another_nodes_log)
{
    struct mdl_log_verifier v;
    uint8_t chain[32];

    mdl_log_chain_start((const uint8_t[32]){8}, chain);
    write_row(&rows[0], 1, "as it happened", chain);
    ck_assert_uint_eq(problems(1, &v), 1);
    ck_assert_str_eq(first, "entry 1: its chain value does not follow from entry 0");
}
END_TEST

START_TEST(the_head)
{
    struct mdl_log_verifier v;
    struct mdl_error err;

    ck_assert_uint_eq(problems(N - 2, &v), 0); /* cut off: nothing inside tells */
    ck_assert_int_eq(mdl_log_verify_head(&v, N, head, &err), MDL_L_CHAIN);
    ck_assert_str_eq(err.text, "the log ends at entry 10, it should end at entry 12");
    ck_assert_uint_eq(problems(N, &v), 0);
    head[0] ^= 1;
    ck_assert_int_eq(mdl_log_verify_head(&v, N, head, &err), MDL_L_CHAIN);
    ck_assert_ptr_nonnull(strstr(err.text, "another chain value"));
    ck_assert_uint_eq(problems(0, &v), 0);
    ck_assert_int_eq(mdl_log_verify_head(&v, 1, head, &err), MDL_L_CHAIN);
    ck_assert_str_eq(err.text, "the log ends at entry 0, it should end at entry 1");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("audit verify");
    TCase *c = tcase_create("verify");
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, a_good_log);
    tcase_add_test(c, the_entries_come_out);
    tcase_add_test(c, every_altered_bit_is_found);
    tcase_add_test(c, a_rewritten_entry_with_its_leaf);
    tcase_add_test(c, a_rewritten_entry_with_its_chain_value);
    tcase_add_test(c, a_leaf_hash_that_is_not_the_entrys);
    tcase_add_test(c, missing_entries);
    tcase_add_test(c, a_repeated_entry);
    tcase_add_test(c, a_number_that_is_not_the_bytes);
    tcase_add_test(c, another_nodes_log);
    tcase_add_test(c, the_head);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
