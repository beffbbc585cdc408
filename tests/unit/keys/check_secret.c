/* check_secret.c: the tagged hash, integers, dates, and memory that holds secrets. */
#include "support.h"

#include "internal.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(tagged_hash)
{
    json_t *known = load_vectors("keys/known.json");
    const struct mdl_part parts[] = {{NULL, 0}, {"ab", 2}};
    const struct mdl_part shifted[] = {{"a", 1}, {"b", 1}};
    uint8_t want[MDL_TAGGED_BYTES];
    uint8_t got[MDL_TAGGED_BYTES];

    ck_assert_uint_eq(bytes_of(known, "tagged", want, sizeof want), sizeof want);
    mdl_tagged("label", parts, 2, got);
    ck_assert_mem_eq(got, want, sizeof got);
    mdl_tagged("label", shifted, 2, got); /* the same bytes, cut elsewhere */
    ck_assert_mem_ne(got, want, sizeof got);
    mdl_tagged("labe", parts, 2, got);
    ck_assert_mem_ne(got, want, sizeof got);
    json_decref(known);
}
END_TEST

START_TEST(integers)
{
    static const uint8_t bytes[8] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    uint8_t out[8];

    ck_assert_uint_eq(mdl_load_be32(bytes), 0x01234567);
    ck_assert(mdl_load_be64(bytes) == UINT64_C(0x0123456789abcdef));
    mdl_store_be64(out, UINT64_C(0x0123456789abcdef));
    ck_assert_mem_eq(out, bytes, 8);
    mdl_store_be32(out, UINT32_MAX);
    ck_assert_uint_eq(mdl_load_be32(out), UINT32_MAX);
}
END_TEST

START_TEST(dates)
{
    static const struct {
        int64_t t;
        const char *text;
    } cases[] = {
        {0, "1970-01-01 00:00 UTC"},
        {951782400, "2000-02-29 00:00 UTC"},
        {1800000000, "2027-01-15 08:00 UTC"},
        {MDL_TIME_MAX, "9999-12-31 23:59 UTC"},
        {-1, "an unknown time"},
        {MDL_TIME_MAX + 1, "an unknown time"},
        {INT64_MIN, "an unknown time"},
        {INT64_MAX, "an unknown time"},
    };
    char text[MDL_DATE_TEXT];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mdl_date_text(cases[i].t, text);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

/* Runs `touch` on fresh secret memory in a child; returns the signal that ended it, 0 if none. */
static int signal_of(void (*touch)(volatile uint8_t *p, size_t len))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        void *p;
        (void)signal(SIGSEGV, SIG_DFL);
        (void)signal(SIGABRT, SIG_DFL);
        if (mdl_secret_new(64, &p, NULL) == MDL_OK) {
            touch(p, 64);
        }
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void within(volatile uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] != 0) {
            (void)raise(SIGUSR1);
        }
    }
    p[0] = 1;
    p[len - 1] = 1;
}

static void beyond(volatile uint8_t *p, size_t len)
{
    p[len] = 1;
}

START_TEST(secret_memory_is_zeroed_and_guarded)
{
    ck_assert_int_eq(signal_of(within), 0);
    ck_assert_int_eq(signal_of(beyond), SIGSEGV);
}
END_TEST

START_TEST(finished_secrets_are_read_only)
{
    struct mdl_identity *id = identity_of(1);
    int status;
    pid_t child = fork();

    if (child == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        ((volatile struct mdl_identity *)id)->secret[0] = 0;
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    mdl_identity_free(id);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keys/secret");
    TCase *t = tcase_create("secret");

    tcase_add_test(t, tagged_hash);
    tcase_add_test(t, integers);
    tcase_add_test(t, dates);
    tcase_add_test(t, secret_memory_is_zeroed_and_guarded);
    tcase_add_test(t, finished_secrets_are_read_only);
    suite_add_tcase(s, t);
    return run_suite(s);
}
