/* check_schema.c: the list of migrations against databases that are newer, altered or foreign. */
#include "fixture.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <store_internal.h>

static void close_store(void)
{
    mdl_store_close(st);
    st = NULL;
}

/* Size and SHA-256 of the main file, to see that a refusal wrote nothing. */
static void fingerprint(uint8_t hash[crypto_hash_sha256_BYTES])
{
    char path[300];
    uint8_t block[4096];
    crypto_hash_sha256_state h;

    (void)snprintf(path, sizeof path, "%s/mandorla.db", dir);
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    (void)crypto_hash_sha256_init(&h);
    for (size_t n = fread(block, 1, sizeof block, f); n > 0; n = fread(block, 1, sizeof block, f)) {
        (void)crypto_hash_sha256_update(&h, block, n);
    }
    (void)fclose(f);
    (void)crypto_hash_sha256_final(&h, hash);
}

static void refused(enum mdl_status status, const char *words)
{
    uint8_t before[crypto_hash_sha256_BYTES];
    uint8_t after[crypto_hash_sha256_BYTES];

    fingerprint(before);
    fails(mdl_store_open(dir, MDL_STORE_CREATE, &st, &err), status);
    says(words);
    ck_assert_ptr_null(st);
    fingerprint(after);
    ck_assert_mem_eq(before, after, sizeof before);
}

START_TEST(the_list_is_what_it_says)
{
    ck_assert_uint_ge(mdl_migration_count, 1);
    for (size_t i = 0; i < mdl_migration_count; i++) {
        const struct mdl_migration *m = &mdl_migration_list[i];
        uint8_t hash[crypto_hash_sha256_BYTES];
        char hex[2 * crypto_hash_sha256_BYTES + 1];
        (void)crypto_hash_sha256(hash, (const uint8_t *)m->sql, strlen(m->sql));
        (void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
        ck_assert_str_eq(hex, m->hash);
        ck_assert_int_eq(m->number, (int)i + 1);
    }
}
END_TEST

START_TEST(a_new_database_stands_at_the_newest)
{
    int at = 0;

    ok(mdl_store_schema(st, &at, &err));
    ck_assert_int_eq(at, mdl_store_schema_known());
    ck_assert_int_eq(at, (int)mdl_migration_count);
}
END_TEST

START_TEST(newer_is_refused)
{
    close_store();
    tamper(
        "INSERT INTO migration SELECT max(number) + 1, 'future', zeroblob(32), 0 FROM migration");
    refused(MDL_L_SCHEMA, "newer program");
    says("install the newer program");
}
END_TEST

START_TEST(altered_migration_is_refused)
{
    close_store();
    tamper("UPDATE migration SET hash = randomblob(32) WHERE number = 1");
    refused(MDL_L_SCHEMA, "not the one this program carries");
    says("backup");
}
END_TEST

START_TEST(missing_migration_is_refused)
{
    close_store();
    tamper("DELETE FROM migration WHERE number = 1");
    refused(MDL_L_SCHEMA, "lacks migration 1");
}
END_TEST

START_TEST(dropped_trigger_is_refused)
{
    close_store();
    tamper("DROP TRIGGER audit_delete");
    refused(MDL_L_SCHEMA, "altered by hand");
}
END_TEST

START_TEST(added_table_is_refused)
{
    close_store();
    tamper("CREATE TABLE extra (x)");
    refused(MDL_L_SCHEMA, "altered by hand");
}
END_TEST

START_TEST(foreign_database_is_refused)
{
    close_store();
    remove_tree(dir);
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    tamper("CREATE TABLE bookmarks (url TEXT)");
    refused(MDL_L_SCHEMA, "another program");
    tamper("PRAGMA application_id = 1234");
    refused(MDL_L_SCHEMA, "1234");
}
END_TEST

START_TEST(a_file_that_is_no_database_is_refused)
{
    char path[300];
    char text[8192];

    close_store();
    remove_tree(dir);
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    memset(text, 'x', sizeof text);
    (void)snprintf(path, sizeof path, "%s/mandorla.db", dir);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    ck_assert_int_eq(write(fd, text, sizeof text), (int)sizeof text);
    (void)close(fd);
    refused(MDL_L_DATABASE, "restore it from a backup");
}
END_TEST

START_TEST(an_interrupted_creation_is_taken_up)
{
    char path[300];

    close_store();
    remove_tree(dir);
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/mandorla.db", dir);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    ok(mdl_store_open(dir, MDL_STORE_EXISTING, &st, &err));
    ok(mdl_store_check(st, &err));
}
END_TEST

START_TEST(damage_is_found_by_the_check)
{
    char path[300];
    char junk[2048];

    (void)add_partner("Acme", 1);
    close_store();
    tamper("PRAGMA wal_checkpoint(TRUNCATE)");
    (void)snprintf(path, sizeof path, "%s/mandorla.db", dir);
    int64_t page =
        query_int(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'partner_name'");
    memset(junk, 0x5a, sizeof junk);
    int fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, junk, sizeof junk, (page - 1) * 4096), (int)sizeof junk);
    (void)close(fd);
    ok(mdl_store_open(dir, MDL_STORE_EXISTING, &st, &err));
    fails(mdl_store_check(st, &err), MDL_L_DATABASE);
    says("damaged");
}
END_TEST

START_TEST(a_hole_in_the_log_is_found_by_the_check)
{
    uint8_t byte[1] = {7};
    struct mdl_audit_row e = {.entry = {.data = byte, .len = 1}, .leaf_len = 1, .chain_len = 1};

    ok(mdl_store_begin(st, &err));
    for (e.seq = 1; e.seq <= 3; e.seq++) {
        ok(mdl_audit_append(st, &e, &err));
    }
    ok(mdl_store_commit(st, &err));
    ok(mdl_store_check(st, &err));
    close_store();
    tamper("DROP TRIGGER audit_delete; DELETE FROM audit WHERE seq = 2;"
           "CREATE TRIGGER audit_delete BEFORE DELETE ON audit\n"
           "BEGIN\n    SELECT RAISE(ABORT, 'a log entry is never deleted');\nEND");
    ok(mdl_store_open(dir, MDL_STORE_EXISTING, &st, &err));
    fails(mdl_store_check(st, &err), MDL_L_DATABASE);
    says("gaps");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("schema");
    TCase *t = tcase_create("schema");

    tcase_add_checked_fixture(t, fixture_open, fixture_close);
    tcase_add_test(t, the_list_is_what_it_says);
    tcase_add_test(t, a_new_database_stands_at_the_newest);
    tcase_add_test(t, newer_is_refused);
    tcase_add_test(t, altered_migration_is_refused);
    tcase_add_test(t, missing_migration_is_refused);
    tcase_add_test(t, dropped_trigger_is_refused);
    tcase_add_test(t, added_table_is_refused);
    tcase_add_test(t, foreign_database_is_refused);
    tcase_add_test(t, a_file_that_is_no_database_is_refused);
    tcase_add_test(t, an_interrupted_creation_is_taken_up);
    tcase_add_test(t, damage_is_found_by_the_check);
    tcase_add_test(t, a_hole_in_the_log_is_found_by_the_check);
    suite_add_tcase(s, t);
    return run_suite(s);
}
