/* check_source.c: bytes to text: marks, UTF-16, the choice of encoding, the delimiter. */
#include "import_source.h"
#include "support.h"

#include <stdlib.h>

static struct mdl_imp_source source;
static struct mdl_imp_buf got;
static struct mdl_error err;

static enum mdl_status take(void *ctx, const char *s, size_t len, struct mdl_error *e)
{
    (void)ctx;
    (void)e;
    ck_assert(mdl_imp_buf_add(&got, s, len));
    return MDL_OK;
}

/* Reads bytes in pieces of `chunk`. */
static enum mdl_status read_as(const void *bytes, size_t len, size_t chunk,
                               enum mdl_import_encoding encoding)
{
    mdl_imp_buf_clear(&got);
    ck_assert(mdl_imp_buf_add(&got, "", 0));
    source.text = take;
    mdl_imp_source_begin(&source, encoding, 0);
    enum mdl_status st = MDL_OK;
    for (size_t at = 0; st == MDL_OK && at < len; at += chunk) {
        size_t n = len - at < chunk ? len - at : chunk;
        st = mdl_imp_source_feed(&source, (const char *)bytes + at, n, &err);
    }
    return st == MDL_OK ? mdl_imp_source_end(&source, &err) : st;
}

static void reads(const char *bytes, size_t len, enum mdl_import_encoding encoding,
                  const char *text)
{
    static const size_t chunks[] = {1, 3, 1000000};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(read_as(bytes, len, chunks[i], MDL_ENCODING_AUTO), MDL_OK);
        ck_assert_str_eq(got.p, text);
        ck_assert_str_eq(mdl_import_encoding_name(source.encoding),
                         mdl_import_encoding_name(encoding));
    }
}
#define READS(literal, encoding, text) reads(literal, sizeof(literal) - 1, encoding, text)

START_TEST(marks_decide)
{
    READS("a,b\n", MDL_ENCODING_ASCII, "a,b\n");
    READS("\xEF\xBB\xBF"
          "a,b\n",
          MDL_ENCODING_UTF8, "a,b\n");
    READS("\xFF\xFE"
          "a\0,\0\xE9\0\n\0",
          MDL_ENCODING_UTF16LE, "a,\xC3\xA9\n");
    READS("\xFE\xFF\0a\0,\0\xE9\0\n", MDL_ENCODING_UTF16BE, "a,\xC3\xA9\n");
    READS("a\0,\0b\0\n\0", MDL_ENCODING_UTF16LE, "a,b\n"); /* no mark */
    READS("\0a\0,\0b\0\n", MDL_ENCODING_UTF16BE, "a,b\n");
    READS("", MDL_ENCODING_ASCII, "");
}
END_TEST

START_TEST(surrogates)
{
    READS("\xFF\xFE\x3C\xD8\xD4\xDF"
          "a\0",
          MDL_ENCODING_UTF16LE,
          "\xF0\x9F\x8F\x94"
          "a");
    READS("\xFF\xFE\x3C\xD8"
          "a\0",
          MDL_ENCODING_UTF16LE,
          "\xFF"
          "a"); /* high alone */
    READS("\xFF\xFE\xD4\xDF"
          "a\0",
          MDL_ENCODING_UTF16LE,
          "\xFF"
          "a"); /* low alone */
    READS("\xFF\xFE"
          "a\0\x3C\xD8",
          MDL_ENCODING_UTF16LE, "a\xFF"); /* cut */
    READS("\xFF\xFE"
          "a\0b",
          MDL_ENCODING_UTF16LE, "a\xFF"); /* half a unit */
    READS("\xFF\xFE\x3C\xD8\x3C\xD8\xD4\xDF", MDL_ENCODING_UTF16LE, "\xFF\xF0\x9F\x8F\x94");
}
END_TEST

START_TEST(utf8_or_1252)
{
    READS("M\xC3\xBCller\n", MDL_ENCODING_UTF8, "M\xC3\xBCller\n");
    READS("M\xFCller\n", MDL_ENCODING_WINDOWS_1252, "M\xFCller\n");
    /* One sequence by chance beside stray bytes is 1252; one stray byte beside many is UTF-8. */
    READS("NESTL\xC9\xAE \xC9toile\n", MDL_ENCODING_WINDOWS_1252, "NESTL\xC9\xAE \xC9toile\n");
    READS("\xC3\xA9 \xC3\xA8 \xFF\n", MDL_ENCODING_UTF8, "\xC3\xA9 \xC3\xA8 \xFF\n");
    READS("ends in \xE2\x82\xAC", MDL_ENCODING_UTF8, "ends in \xE2\x82\xAC");
    READS("ends in \xE9", MDL_ENCODING_WINDOWS_1252, "ends in \xE9");
}
END_TEST

/* The first byte above 0x7F comes after more than one block: what went before was the same in all
 * encodings, and what stands around it decides. */
static void late(const char *tail, enum mdl_import_encoding want)
{
    size_t lead = 3 * MDL_IMPORT_BLOCK - 2, n = strlen(tail);
    char *all = malloc(lead + n + 1);
    ck_assert_ptr_nonnull(all);
    memset(all, 'x', lead);
    memcpy(all + lead, tail, n + 1);
    ck_assert_int_eq(read_as(all, lead + n, 977, MDL_ENCODING_AUTO), MDL_OK);
    ck_assert_str_eq(mdl_import_encoding_name(source.encoding), mdl_import_encoding_name(want));
    ck_assert_uint_eq(got.len, lead + n);
    ck_assert_str_eq(got.p, all);
    free(all);
}

START_TEST(decides_late)
{
    late("\xC3\xBC\n", MDL_ENCODING_UTF8);
    late("\xE2\x82\xAC and more", MDL_ENCODING_UTF8);
    late("\xFC and more", MDL_ENCODING_WINDOWS_1252);
    late("only ascii", MDL_ENCODING_ASCII);
}
END_TEST

START_TEST(options_override)
{
    ck_assert_int_eq(read_as("M\xC3\xBC", 3, 9, MDL_ENCODING_WINDOWS_1252), MDL_OK);
    ck_assert_int_eq(source.encoding, MDL_ENCODING_WINDOWS_1252);
    ck_assert_int_eq(read_as("a\0b\0", 4, 9, MDL_ENCODING_UTF16LE), MDL_OK);
    ck_assert_str_eq(got.p, "ab");
}
END_TEST

static void refused(const char *bytes, size_t len, const char *what)
{
    ck_assert_int_eq(read_as(bytes, len, 1, MDL_ENCODING_AUTO), MDL_U_CSV);
    ck_text_has(err.text, what);
}

START_TEST(binaries_are_refused)
{
    refused("PK\x03\x04 and so on", 13, "Excel workbook (.xlsx)");
    refused("\xD0\xCF\x11\xE0\xA1\xB1", 6, "old Excel workbook");
    refused("\x1F\x8B\x08", 3, "gzip");
    refused("%PDF-1.7", 8, "PDF");
    refused("SQLite format 3", 15, "database");
}
END_TEST

START_TEST(delimiters)
{
    static const struct {
        const char *text;
        char want;
        bool sep;
    } cases[] = {
        {"a,b,c\n1,2,3\n", ',', false},
        {"a;b;c\n1;2;3\n", ';', false},
        {"a\tb\tc\n1\t2\t3\n", '\t', false},
        {"a;b\nFoo, Bar, Ltd;x\nOne, Two;y\nThree, Four, Five;z\n", ';', false},
        {"a,b\n\"x;y;z\",1\n\"p;q;r\",2\n", ',', false},
        {"Title, with commas, many\n\na;b\n1;2\n3;4\n", ';', false},
        {"a;b;c\n1,5;2,5;3,5\n1,5;2,5;3,5\n", ';', false},
        {"only one column\nx\n", ',', false},
        {"", ',', false},
        {"a;b", ';', false},
        {"a\tb\r1\t2\r", '\t', false},
        {"\"a\"\"x\";\"b\"\n\"1,2\";\"3,4\"\n", ';', false},
        {"sep=;\r\na,b;c\r\n", ';', true},
        {"SEP=|\na|b\n", '|', true},
        {"\"sep=\t\"\na\tb\n", '\t', true},
        {"sep=,", ',', true},
        {"sep=xy\na;b\n1;2\n", ';', false},
        {"sep=\"\na;b\n1;2\n", ';', false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool sep;
        char got_delim = mdl_imp_delimiter(cases[i].text, strlen(cases[i].text), &sep);
        ck_assert_msg(got_delim == cases[i].want && sep == cases[i].sep, "%s: '%c' %d",
                      cases[i].text, got_delim, sep);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("import-source");
    TCase *t = tcase_create("source");
    tcase_add_test(t, marks_decide);
    tcase_add_test(t, surrogates);
    tcase_add_test(t, utf8_or_1252);
    tcase_add_test(t, decides_late);
    tcase_add_test(t, options_override);
    tcase_add_test(t, binaries_are_refused);
    tcase_add_test(t, delimiters);
    suite_add_tcase(s, t);
    int failed = rig_main(s);
    mdl_imp_source_free(&source);
    mdl_imp_buf_free(&got);
    return failed;
}
