/* check_fingerprint.c: the word list and what is read from it. */
#include "support.h"

#include <fingerprint.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <words.h>

static const char *word(size_t i)
{
    return i < 256 ? mdl_words_even[i] : mdl_words_odd[i - 256];
}

/* True if at most one letter must be added, removed or changed to make b of a. */
static bool one_edit_apart(const char *a, const char *b)
{
    size_t head = 0;
    size_t la = strlen(a);
    size_t lb = strlen(b);

    while (a[head] != '\0' && a[head] == b[head]) {
        head++;
    }
    while (la > head && lb > head && a[la - 1] == b[lb - 1]) {
        la--;
        lb--;
    }
    return la - head <= 1 && lb - head <= 1;
}

START_TEST(the_list)
{
    size_t longest = 0;

    for (size_t i = 0; i < 512; i++) {
        const char *w = word(i);
        ck_assert_uint_ge(strlen(w), 4);
        ck_assert_uint_eq(strspn(w, "abcdefghijklmnopqrstuvwxyz"), strlen(w));
        longest = strlen(w) > longest ? strlen(w) : longest;
        for (size_t j = 0; j < i; j++) {
            /* Words of the two lists never stand in the same place; "revenge", "revenue". */
            const bool same_list = i / 256 == j / 256;
            ck_assert_msg(same_list ? !one_edit_apart(word(j), w) : strcmp(word(j), w) != 0,
                          "%s and %s", word(j), w);
        }
    }
    ck_assert_uint_eq(longest, MDL_FINGERPRINT_WORD_MAX);
    ck_assert(one_edit_apart("lotion", "motion") && one_edit_apart("cot", "coat"));
    ck_assert(!one_edit_apart("cot", "coats"));
}
END_TEST

/* The published example of the list: the fingerprint E582 94F2 E9A2 ... in words. */
START_TEST(the_published_example)
{
    static const uint8_t bytes[20] = {0xe5, 0x82, 0x94, 0xf2, 0xe9, 0xa2, 0x27, 0x48, 0x6e, 0x8b,
                                      0x06, 0x1b, 0x31, 0xcc, 0x52, 0x8f, 0xd7, 0xfa, 0x3f, 0x19};
    char text[300] = "";

    for (size_t i = 0; i < sizeof bytes; i++) {
        const size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "%s ",
                       i % 2 == 0 ? mdl_words_even[bytes[i]] : mdl_words_odd[bytes[i]]);
    }
    ck_assert_str_eq(text, "topmost istanbul pluto vagabond treadmill pacific brackish dictator "
                           "goldfish medusa afflict bravado chatter revolver dupont midsummer "
                           "stopwatch whimsical cowbell bottomless ");
}
END_TEST

/* SHA-256 of the lines "EVEN ODD", from a transcription of the list that is not ours. */
START_TEST(no_word_has_moved)
{
    static const char want[] = "a24d0bcb9d754b40963109851b38ae943464a66944ca76d5698fb002761c0138";
    crypto_hash_sha256_state st;
    uint8_t got[crypto_hash_sha256_BYTES];
    uint8_t digest[crypto_hash_sha256_BYTES];
    char line[40];

    (void)crypto_hash_sha256_init(&st);
    for (size_t i = 0; i < 256; i++) {
        int n = snprintf(line, sizeof line, "%s %s\n", mdl_words_even[i], mdl_words_odd[i]);
        (void)crypto_hash_sha256_update(&st, (const uint8_t *)line, (unsigned long long)n);
    }
    (void)crypto_hash_sha256_final(&st, got);
    (void)unhex(want, digest, sizeof digest);
    ck_assert_mem_eq(got, digest, sizeof got);
}
END_TEST

static void words_of(const json_t *known, const char *key, char *out)
{
    uint8_t d[64];
    size_t used = 0;

    ck_assert_uint_eq(bytes_of(known, key, d, sizeof d), sizeof d);
    for (size_t i = 0; i < MDL_FINGERPRINT_WORDS; i++) {
        const char *w = i % 2 == 0 ? mdl_words_even[d[i]] : mdl_words_odd[d[i]];
        used +=
            (size_t)snprintf(out + used, MDL_FINGERPRINT_TEXT - used, "%s%s", i > 0 ? " " : "", w);
    }
}

START_TEST(of_the_known_identities)
{
    json_t *known = load_vectors("keys/known.json");
    uint8_t a[MDL_IDENTITY_BYTES];
    uint8_t b[MDL_IDENTITY_BYTES];
    char want[2 * MDL_FINGERPRINT_PAIR];
    char words[MDL_FINGERPRINT_TEXT];
    char pair[MDL_FINGERPRINT_PAIR];

    (void)bytes_of(known, "identity", a, sizeof a);
    (void)bytes_of(known, "other_identity", b, sizeof b);
    words_of(known, "fingerprint", want);
    mdl_fingerprint_words(a, words);
    ck_assert_str_eq(words, want);
    ck_assert_int_lt(memcmp(a, b, sizeof a), 0);
    want[strlen(want) + 1] = '\0';
    want[strlen(want)] = '\n';
    words_of(known, "other_fingerprint", want + strlen(want));
    mdl_fingerprint_pair(a, b, pair);
    ck_assert_str_eq(pair, want);
    mdl_fingerprint_pair(b, a, pair);
    ck_assert_str_eq(pair, want);
    json_decref(known);
}
END_TEST

START_TEST(in_hex)
{
    json_t *known = load_vectors("keys/known.json");
    uint8_t a[MDL_IDENTITY_BYTES];
    char hex[MDL_FINGERPRINT_HEX];
    char joined[65] = "";

    (void)bytes_of(known, "identity", a, sizeof a);
    mdl_fingerprint_hex(a, hex);
    ck_assert_uint_eq(strlen(hex), 79);
    for (size_t i = 0, used = 0; i < 79; i++) {
        ck_assert_int_eq(hex[i] == ' ', i % 5 == 4);
        if (hex[i] != ' ') {
            joined[used++] = hex[i];
        }
    }
    ck_assert_int_eq(strncmp(joined, text_of(known, "fingerprint"), 64), 0);
    json_decref(known);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keys/fingerprint");
    TCase *t = tcase_create("fingerprint");

    tcase_add_test(t, the_list);
    tcase_add_test(t, the_published_example);
    tcase_add_test(t, of_the_known_identities);
    tcase_add_test(t, in_hex);
    tcase_add_test(t, no_word_has_moved);
    suite_add_tcase(s, t);
    return run_suite(s);
}
