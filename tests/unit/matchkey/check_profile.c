/* check_profile.c: opening a profile, its digest, its self-check, its tables. */
#include "support.h"

START_TEST(test_open)
{
    struct mdl_profile *p;
    struct mdl_error err;
    ck_assert_int_eq(mdl_profile_open("mk-2026.11", &p, &err), MDL_OK);
    ck_assert_str_eq(mdl_profile_id(p), "mk-2026.11");
    ck_assert_mem_eq(mdl_profile_digest(p), mdl_profile_digest(profile), MDL_PROFILE_DIGEST);
    mdl_profile_close(p);
    mdl_profile_close(NULL);
}
END_TEST

START_TEST(test_unknown_id)
{
    struct mdl_profile *p = profile;
    struct mdl_error err;
    ck_assert_int_eq(mdl_profile_open("mk-1999.01", &p, &err), MDL_U_NOT_FOUND);
    ck_assert_ptr_null(p);
    ck_assert_ptr_nonnull(strstr(err.text, "mk-2026.11"));
    ck_assert_int_eq(mdl_profile_open("", &p, &err), MDL_U_NOT_FOUND);
}
END_TEST

/* A new value here is a new profile: give it a new id once this one is released (docs/MATCHING.md).
 */
START_TEST(test_digest_is_pinned)
{
    static const char want[] = "f91a776b7ecaf8dc5c9280c599fa3a342fe7c7aad2f989bc8c246c89c5267457";
    char got[2 * MDL_PROFILE_DIGEST + 1];
    for (size_t i = 0; i < MDL_PROFILE_DIGEST; i++) {
        snprintf(got + 2 * i, 3, "%02x", mdl_profile_digest(profile)[i]);
    }
    ck_assert_str_eq(got, want);
}
END_TEST

static enum mdl_status corpus(const char *text, struct mdl_error *err)
{
    return mdl_mk_corpus_check(profile, (struct mk_blob){"corpus", text, strlen(text)}, err);
}

START_TEST(test_self_check)
{
    struct mdl_error err;
    ck_assert_int_eq(
        corpus("# comment\n\ndomain\twww.acme.de\tacme.de\nname\tAcme Inc\tacme\n"
               "domain\tco.uk\t!\nlei\tHWUPKR0MPOU8FGXBT394\tlei=HWUPKR0MPOU8FGXBT394\n"
               "host\tACME.de\tacme.de\nemail\tgmail.com\t!",
               &err),
        MDL_OK);
    /* a library that derives otherwise: which, its version, and the first input that differs */
    ck_assert_int_eq(corpus("host\tfa\xC3\x9F.de\tfass.de\n", &err), MDL_L_LIBRARY);
    ck_assert_ptr_nonnull(strstr(err.text, "libidn2 "));
    ck_assert_ptr_nonnull(strstr(err.text, "xn--fa-hia.de"));
    ck_assert_int_eq(corpus("name\tAcme\tacmf\n", &err), MDL_L_LIBRARY);
    ck_assert_ptr_nonnull(strstr(err.text, "utf8proc "));
    ck_assert_int_eq(corpus("domain\tacme.de\t!\n", &err), MDL_L_LIBRARY);
    ck_assert_ptr_nonnull(strstr(err.text, "libpsl "));
    ck_assert_int_eq(corpus("name Acme\n", &err), MDL_BUG);
    ck_assert_int_eq(corpus("nothing\ta\tb\n", &err), MDL_BUG);
}
END_TEST

START_TEST(test_corpus_is_large)
{
    struct mk_blob b;
    const char *line;
    size_t len, n = 0, refused = 0;
    mdl_mk_blob(MK_FILE_CORPUS, &b);
    while (mdl_mk_line(&b, &line, &len)) {
        n += len > 0 && line[0] != '#';
        refused += len > 1 && line[len - 1] == '!' && line[len - 2] == '\t';
    }
    ck_assert_uint_ge(n, 250);
    ck_assert_uint_ge(refused, 25);
    ck_assert_uint_le(refused, n / 2);
}
END_TEST

START_TEST(test_tables)
{
    ck_assert_uint_eq(profile->free_mail.n, 13405);
    ck_assert(mdl_mk_words_has(&profile->free_mail, "gmail.com"));
    ck_assert(mdl_mk_words_has(&profile->free_mail, "yahoo.co.uk"));
    ck_assert(!mdl_mk_words_has(&profile->free_mail, "acme.com"));
    ck_assert(mdl_mk_words_has(&profile->never, "linkedin.com"));
    ck_assert(!mdl_mk_words_has(&profile->never, "#"));
    ck_assert(mdl_mk_words_has(&profile->always, "test.com"));
    ck_assert(!mdl_mk_words_has(&profile->always, "example.com"));
    ck_assert(mdl_mk_words_has(&profile->reserved, "example.com"));
    ck_assert(mdl_mk_words_has(&profile->names, "unknown"));
    ck_assert(mdl_mk_assigned(profile, 'a'));
    ck_assert(mdl_mk_assigned(profile, 0x10FFFD) == false); /* private use */
    ck_assert(mdl_mk_assigned(profile, 0x2EBF0) == false);
    ck_assert(mdl_mk_assigned(profile, 0x378) == false);
    ck_assert(mdl_mk_assigned(profile, 0x37A));
}
END_TEST

/* No name may mean two countries, and every country answers to its codes. */
START_TEST(test_countries)
{
    const struct mk_countries *c = &profile->countries;
    size_t codes = 0;
    for (size_t i = 0; i < c->n; i++) {
        ck_assert_msg(i == 0 || strcmp(c->at[i - 1].name, c->at[i].name) != 0 ||
                          strcmp(c->at[i - 1].alpha2, c->at[i].alpha2) == 0,
                      "\"%s\" is %s and %s", c->at[i].name, c->at[i - 1].alpha2, c->at[i].alpha2);
        bool again = i > 0 && strcmp(c->at[i - 1].name, c->at[i].name) == 0;
        codes += !again && strlen(c->at[i].name) == 2 &&
                 (c->at[i].name[0] ^ c->at[i].alpha2[0]) == 0x20 &&
                 (c->at[i].name[1] ^ c->at[i].alpha2[1]) == 0x20;
    }
    ck_assert_uint_eq(codes, 250); /* 249 of ISO 3166-1, and XK */
}
END_TEST

static const char *const country_names[][2] = {
    {"DE", "DE"},
    {"de", "DE"},
    {"DEU", "DE"},
    {"Deutschland", "DE"},
    {" Germany ", "DE"},
    {"U.S.A.", "US"},
    {"united states of america", "US"},
    {"The United Kingdom", "GB"},
    {"UK", "GB"},
    {"\xC3\x96sterreich", "AT"},
    {"Osterreich", "AT"},
    {"Cote d'Ivoire", "CI"},
    {"Korea, Republic of", "KR"},
    {"\xE6\x97\xA5\xE6\x9C\xAC", "JP"},
    {"T\xC3\xBCrkiye", "TR"},
    {"Russian Federation", "RU"},
    {"Hong Kong SAR China", "HK"},
    {"EL", "GR"},
    {"Bosnia & Herzegovina", "BA"},
    {"The Netherlands", "NL"},
    {"S\xC3\xA3o Tom\xC3\xA9 and Pr\xC3\xADncipe", "ST"},
};

START_TEST(test_country_names)
{
    static const char *const none[] = {"",       " ",    "Atlantis", "XX", "ZZZ",
                                       "Europe", "\xFF", "the",      NULL};
    char got[3];
    for (size_t i = 0; i < sizeof country_names / sizeof country_names[0]; i++) {
        ck_assert_msg(mdl_mk_country(profile, country_names[i][0], got), "%s", country_names[i][0]);
        ck_assert_str_eq(got, country_names[i][1]);
    }
    for (size_t i = 0; i + 1 < sizeof none / sizeof none[0]; i++) {
        ck_assert_msg(!mdl_mk_country(profile, none[i], got), "\"%s\"", none[i]);
    }
    ck_assert(!mdl_mk_country(profile, NULL, got));
    char big[5000];
    memset(big, 'a', sizeof big);
    big[4999] = '\0';
    ck_assert(!mdl_mk_country(profile, big, got));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("profile");
    TCase *c = tcase_create("profile");
    tcase_add_test(c, test_open);
    tcase_add_test(c, test_unknown_id);
    tcase_add_test(c, test_digest_is_pinned);
    tcase_add_test(c, test_self_check);
    tcase_add_test(c, test_corpus_is_large);
    tcase_add_test(c, test_tables);
    tcase_add_test(c, test_countries);
    tcase_add_test(c, test_country_names);
    suite_add_tcase(s, c);
    return run_suite(s);
}
