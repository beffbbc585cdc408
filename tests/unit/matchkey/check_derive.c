/* check_derive.c: whole account rows, and single values explained. */
#include "support.h"

static struct mdl_key_set set;
static struct heard heard;

static const char *derive(const struct mdl_account_input *in)
{
    struct mdl_error err;
    memset(&heard, 0, sizeof heard);
    ck_assert_int_eq(mdl_keys_derive(profile, in, hear, &heard, &set, &err), MDL_OK);
    return keys_of(&set);
}

START_TEST(test_full_row)
{
    const struct mdl_identifier ids[] = {{"no_orgnr", "988 077 917"}, {"isin", "US0378331005"}};
    const struct mdl_account_input in = {
        .name = "The Acme Group AS",
        .website = "https://www.acme.no/about",
        .domain = "acme.no",
        .additional_domains = "acme.com; acme.se,acme.no",
        .emails = "info@acme.dk someone@gmail.com",
        .country = "Norge",
        .lei = "HWUPKR0MPOU8FGXBT394",
        .duns = "48378201",
        .vat = "DE136695976",
        .identifiers = ids,
        .n_identifiers = 2,
    };
    ck_assert_str_eq(derive(&in),
                     "lei=HWUPKR0MPOU8FGXBT394 duns=048378201 registry=no-orgnr:988077917 "
                     "registry=isin:US0378331005 vat=DE136695976 domain=acme.no domain=acme.com "
                     "domain=acme.se domain=acme.dk name-country=no:acmegroup core-country=no:acme "
                     "name=acmegroup");
    ck_assert_str_eq(set.core_name, "acmegroup");
    ck_assert_uint_eq(set.registry_mask,
                      UINT64_C(1) << 0 | UINT64_C(1) << 1 | UINT64_C(1) << 4 | UINT64_C(1) << 37);
    ck_assert_int_eq(set.key[5].origin, MDL_FROM_WEBSITE);
    ck_assert_int_eq(set.key[6].origin, MDL_FROM_ADDITIONAL_DOMAIN);
    ck_assert_int_eq(set.key[8].origin, MDL_FROM_EMAIL);
    ck_assert_uint_eq(heard.refused, 1);
    ck_assert_ptr_nonnull(strstr(heard.text, "e-mail: no key: gmail.com is a free"));
}
END_TEST

START_TEST(test_nothing)
{
    const struct mdl_account_input none = {0};
    const struct mdl_account_input blank = {.name = " ",
                                            .website = "",
                                            .domain = "\t",
                                            .emails = " ; , ",
                                            .country = " ",
                                            .lei = "",
                                            .duns = " ",
                                            .vat = ""};
    ck_assert_str_eq(derive(&none), "");
    ck_assert_uint_eq(set.n, 0);
    ck_assert_uint_eq(heard.n, 0);
    ck_assert_str_eq(derive(&blank), "");
    ck_assert_str_eq(set.core_name, "");
    ck_assert_uint_eq(set.registry_mask, 0);
    ck_assert_int_eq(mdl_keys_derive(profile, &none, NULL, NULL, &set, NULL), MDL_OK);
}
END_TEST

START_TEST(test_no_country_is_review)
{
    const struct mdl_account_input in = {.name = "Acme GmbH"};
    ck_assert_str_eq(derive(&in), "name=acme");
    ck_assert_int_eq(mdl_key_type_tier(set.key[0].type), MDL_TIER_REVIEW);
    const struct mdl_account_input odd = {.name = "Acme GmbH", .country = "Atlantis"};
    ck_assert_str_eq(derive(&odd), "name=acme");
    ck_assert_ptr_nonnull(strstr(heard.text, "country: \"Atlantis\" is no country"));
}
END_TEST

START_TEST(test_country_gates_do_not_touch_the_bare_name)
{
    const struct mdl_account_input in = {.name = "AB Volvo", .country = "SE"};
    ck_assert_str_eq(derive(&in), "name-country=se:volvo core-country=se:volvo name=abvolvo");
}
END_TEST

START_TEST(test_vat_column)
{
    static const struct {
        const char *vat, *country, *keys;
    } rows[] = {
        {"136695976", "Germany", "vat=DE136695976"},
        {"DE136695976", "France", "vat=DE136695976"},
        {"094259216", "Greece", "vat=EL094259216"},
        {"GR094259216", NULL, "vat=EL094259216"},
        {"988077917MVA", NULL, "registry=no-orgnr:988077917"},
        {"988077917", "NO", "registry=no-orgnr:988077917"},
        {"CHE-100.155.212 MWST", NULL, "registry=ch-uid:CHE100155212"},
        {"CHE-100.155.212", "Switzerland", "registry=ch-uid:CHE100155212"},
        {"980780684", "UK", "vat=GB980780684"},
        {"XI980780684", NULL, "vat=GB980780684"},
        {"FR44732829320", NULL, "registry=fr-siren:732829320"},
        {"44732829320", "France", "registry=fr-siren:732829320"},
        {"B58378431", "Spain", "vat=ESB58378431"},
        {"U57194903", "Austria", "vat=ATU57194903"},
        {"53 004 085 616", "Australia", "registry=au-acn:004085616"},
        {"136695976", NULL, ""},
        {"136695976", "United States", ""},
        {"DE136695977", NULL, ""},
        {"\xFF", "DE", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct mdl_account_input in = {.vat = rows[i].vat, .country = rows[i].country};
        ck_assert_msg(strcmp(derive(&in), rows[i].keys) == 0, "%s in %s gives %s", rows[i].vat,
                      rows[i].country, keys_of(&set));
        ck_assert_uint_eq(heard.refused, rows[i].keys[0] == '\0');
    }
}
END_TEST

/* A company may stand on a page of its own site, others not. */
START_TEST(test_own_site)
{
    const struct mdl_account_input own = {.name = "GitLab Inc.",
                                          .website = "https://about.gitlab.com/company"};
    ck_assert_str_eq(derive(&own), "domain=gitlab.com name=gitlab");
    const struct mdl_account_input other = {.name = "Acme Inc.",
                                            .website = "https://about.gitlab.com/company"};
    ck_assert_str_eq(derive(&other), "name=acme");
    const struct mdl_account_input mail = {.name = "Gmail", .emails = "a@gmail.com"};
    ck_assert_str_eq(derive(&mail), "name=gmail");
}
END_TEST

START_TEST(test_website_that_is_an_address)
{
    const struct mdl_account_input in = {.website = "info@acme.com"};
    ck_assert_str_eq(derive(&in), "domain=acme.com");
    ck_assert_int_eq(set.key[0].origin, MDL_FROM_EMAIL);
    const struct mdl_account_input reserved = {.website = "https://www.example.com/"};
    ck_assert_str_eq(derive(&reserved), "");
    ck_assert_ptr_nonnull(strstr(heard.text, "RFC 2606"));
}
END_TEST

START_TEST(test_duplicates_keep_the_stronger_origin)
{
    const struct mdl_account_input in = {.emails = "a@acme.com, b@acme.com",
                                         .additional_domains = "acme.com"};
    ck_assert_str_eq(derive(&in), "domain=acme.com");
    ck_assert_int_eq(set.key[0].origin, MDL_FROM_ADDITIONAL_DOMAIN);
}
END_TEST

/* More keys than fit: the weakest go, and it is said. */
START_TEST(test_cap)
{
    static char list[400 * 16];
    size_t n = 0;
    for (int i = 0; i < 400; i++) {
        n += (size_t)snprintf(list + n, sizeof list - n, "a%d.com;", i);
    }
    const struct mdl_account_input in = {
        .name = "Acme", .website = "acme.com", .additional_domains = list, .duns = "150483782"};
    derive(&in);
    ck_assert_uint_eq(set.n, MDL_KEYS_PER_ACCOUNT);
    ck_assert_int_eq(set.key[0].type, MDL_KEY_DUNS);
    ck_assert_int_eq(set.key[1].origin, MDL_FROM_WEBSITE);
    ck_assert_int_eq(set.key[MDL_KEYS_PER_ACCOUNT - 1].type, MDL_KEY_DOMAIN);
    struct mdl_error err;
    const struct mdl_account_input names_last = {.additional_domains = list, .name = "Acme"};
    ck_assert_int_eq(mdl_keys_derive(profile, &names_last, NULL, NULL, &set, &err), MDL_OK);
    ck_assert_uint_eq(set.n, MDL_KEYS_PER_ACCOUNT);
}
END_TEST

START_TEST(test_hostile_row)
{
    enum { LONG = 200000 };
    char *big = malloc(LONG + 1);
    struct mdl_error err;
    ck_assert_ptr_nonnull(big);
    memset(big, 'a', LONG);
    big[LONG] = '\0';
    const struct mdl_account_input in = {.name = big,
                                         .website = big,
                                         .domain = big,
                                         .emails = big,
                                         .country = big,
                                         .lei = big,
                                         .duns = big,
                                         .vat = big,
                                         .additional_domains = big};
    ck_assert_int_eq(mdl_keys_derive(profile, &in, NULL, NULL, &set, &err), MDL_OK);
    ck_assert_uint_eq(set.n, 0);
    memset(big, ';', LONG);
    ck_assert_int_eq(mdl_keys_derive(profile, &in, NULL, NULL, &set, &err), MDL_OK);
    memset(big, 0xFF, LONG);
    ck_assert_int_eq(mdl_keys_derive(profile, &in, NULL, NULL, &set, &err), MDL_OK);
    ck_assert_uint_eq(set.n, 0);
    free(big);
}
END_TEST

/* Notes are shown and put into JSON: they are UTF-8, whatever the row held and wherever it was cut.
 */
START_TEST(test_notes_are_utf8)
{
    char country[121];
    for (size_t i = 0; i < sizeof country - 1; i += 3) {
        memcpy(country + i, "\xE6\x97\xA5", 3); /* a cut after 60 bytes and the quote before them */
    }
    country[120] = '\0';
    memmove(country + 1, country, 119);
    country[0] = 'a';
    country[118] = '\0';
    const struct mdl_account_input in = {
        .country = country, .website = "\xFF\x01.\xC3", .name = "\xC3("};
    derive(&in);
    ck_assert_uint_ge(heard.refused, 3);
    ck_assert(mdl_mk_text_known(profile, heard.text, strlen(heard.text)));
    ck_assert_ptr_null(strchr(heard.text, '\x01'));
}
END_TEST

/* ---- explain ---- */

START_TEST(test_explain_recognises)
{
    static const struct {
        const char *value, *country, *keys;
    } rows[] = {
        {"https://www.acme.com/x", NULL, "domain=acme.com"},
        {"acme.co.uk", NULL, "domain=acme.co.uk"},
        {"info@acme.com", NULL, "domain=acme.com"},
        {"info@gmail.com", NULL, ""},
        {"http://nowhere", NULL, ""},
        {"example.com", NULL, "domain=example.com"},
        {"HWUPKR0MPOU8FGXBT394", NULL, "lei=HWUPKR0MPOU8FGXBT394"},
        {"DE 136 695 976", NULL, "vat=DE136695976"},
        {"CHE-100.155.212", NULL, "registry=ch-uid:CHE100155212"},
        {"16.727.230/0001-97", NULL, "registry=br-cnpj:16727230"},
        {"988 077 917", "NO", "duns=988077917 registry=no-orgnr:988077917"},
        {"15-048-3782", NULL,
         "duns=150483782 registry=fr-siren:150483782 registry=us-ein:150483782"},
        {"Acme GmbH", "Germany", "name-country=de:acme core-country=de:acme name=acme"},
        {"Acme GmbH", NULL, "name=acme"},
        {"Node.js", NULL, "name=nodejs"},
        {"10102", NULL, "name=10102"},
        {"3M", NULL, "name=3m"},
        {"", NULL, ""},
        {"Unknown", NULL, ""},
    };
    struct mdl_error err;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(&heard, 0, sizeof heard);
        ck_assert_int_eq(
            mdl_keys_explain(profile, rows[i].value, rows[i].country, hear, &heard, &set, &err),
            MDL_OK);
        ck_assert_msg(strcmp(keys_of(&set), rows[i].keys) == 0, "\"%s\" gives %s", rows[i].value,
                      keys_of(&set));
        ck_assert_msg(rows[i].value[0] == '\0' || heard.n > 0, "\"%s\" is not explained",
                      rows[i].value);
        ck_assert_msg(rows[i].keys[0] != '\0' || rows[i].value[0] == '\0' || heard.refused > 0,
                      "\"%s\" without a reason", rows[i].value);
    }
}
END_TEST

START_TEST(test_explain_steps)
{
    struct mdl_error err;
    memset(&heard, 0, sizeof heard);
    ck_assert_int_eq(mdl_keys_explain(profile,
                                      "https://www.B\xC3\xBC"
                                      "cher.de/x",
                                      NULL, hear, &heard, &set, &err),
                     MDL_OK);
    ck_assert_str_eq(heard.text,
                     "website: website: host \"www.B\xC3\xBC"
                     "cher.de\"\n"
                     "website: canonical host (IDNA, lower case, without www): "
                     "\"xn--bcher-kva.de\"\n"
                     "website: registrable domain (public suffix list): \"xn--bcher-kva.de\"\n"
                     "website: key: domain \"xn--bcher-kva.de\" (makes a match)\n");
    memset(&heard, 0, sizeof heard);
    ck_assert_int_eq(mdl_keys_explain(profile, "M\xC3\xBCller Holding GmbH & Co. KG", "DE", hear,
                                      &heard, &set, &err),
                     MDL_OK);
    ck_assert_str_eq(heard.text,
                     "country: \"DE\" is DE\n"
                     "name: folded, spaces and punctuation off: \"mullerholdinggmbhandcokg\"\n"
                     "name: legal form \"gmbhandcokg\" left off: \"mullerholding\" remains\n"
                     "name: group word \"holding\" left off: \"muller\" remains\n"
                     "name: key: name \"mullerholding\" (for review only)\n"
                     "name: key: name + country \"de:mullerholding\" (makes a match)\n"
                     "name: key: name without group + country \"de:muller\" (for review only)\n");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("derive");
    TCase *c = tcase_create("derive");
    tcase_add_test(c, test_full_row);
    tcase_add_test(c, test_nothing);
    tcase_add_test(c, test_no_country_is_review);
    tcase_add_test(c, test_country_gates_do_not_touch_the_bare_name);
    tcase_add_test(c, test_vat_column);
    tcase_add_test(c, test_own_site);
    tcase_add_test(c, test_website_that_is_an_address);
    tcase_add_test(c, test_duplicates_keep_the_stronger_origin);
    tcase_add_test(c, test_cap);
    tcase_add_test(c, test_hostile_row);
    tcase_add_test(c, test_notes_are_utf8);
    tcase_add_test(c, test_explain_recognises);
    tcase_add_test(c, test_explain_steps);
    suite_add_tcase(s, c);
    return run_suite(s);
}
