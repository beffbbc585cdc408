/* check_identifier.c: 400 identifiers of 24 schemes, and one key for one company. */
#include "support.h"

/* "type,input,valid,canonical": the input may be quoted. */
static bool split(char *line, char **scheme, char **value, bool *valid, char **canonical)
{
    line[strcspn(line, "\r\n")] = '\0';
    *scheme = line;
    char *at = strchr(line, ',');
    if (at == NULL) {
        return false;
    }
    *at++ = '\0';
    char *end = *at == '"' ? strchr(at + 1, '"') : strchr(at, ',');
    *value = *at == '"' ? at + 1 : at;
    at = *at == '"' ? end + 1 : end;
    *end = '\0';
    *valid = at[1] == '1';
    *canonical = at + 3;
    return true;
}

START_TEST(test_vectors)
{
    FILE *f = vectors("ids/id_vectors.csv");
    char line[512], *scheme, *value, *canonical, got[64];
    bool valid;
    size_t cases = 0;
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f) != NULL) {
        struct mdl_key k;
        struct mdl_error err = {0};
        ck_assert(split(line, &scheme, &value, &valid, &canonical));
        enum mdl_status st = mdl_identifier_key(profile, scheme, value, &k, got, &err);
        cases++;
        if (valid) {
            ck_assert_msg(st == MDL_OK, "%s %s: %s", scheme, value, err.text);
            ck_assert_str_eq(got, canonical);
            ck_assert_uint_gt(k.len, 0);
            ck_assert_int_eq(k.origin, MDL_FROM_IDENTIFIER);
        } else {
            ck_assert_msg(st == MDL_U_NO_KEY, "%s %s gives %s", scheme, value, got);
            ck_assert_msg(err.text[0] != '\0' && got[0] == '\0' && k.len == 0, "%s %s", scheme,
                          value);
        }
    }
    fclose(f);
    ck_assert_uint_eq(cases, 409);
}
END_TEST

static const char *key_of(const char *scheme, const char *value)
{
    static char text[MDL_KEY_VALUE_MAX + 16];
    struct mdl_key k;
    struct mdl_error err;
    char canonical[64];
    if (mdl_identifier_key(profile, scheme, value, &k, canonical, &err) != MDL_OK) {
        return "none";
    }
    snprintf(text, sizeof text, "%s=%.*s", mdl_key_type_slug(k.type), (int)k.len,
             (const char *)k.value);
    return text;
}

static const struct {
    const char *key;
    const char *ways[5][2];
} same_company[] = {
    {"registry=fr-siren:732829320",
     {{"fr_siren", "732 829 320"}, {"fr_siret", "732 829 320 00074"}, {"eu_vat", "FR44732829320"}}},
    {"registry=fr-siren:356000000",
     {{"fr_siren", "356000000"}, {"fr_siret", "35600000000048"}, {"fr_siret", "35600000049837"}}},
    {"registry=no-orgnr:988077917",
     {{"no_orgnr", "988 077 917"}, {"no_orgnr", "NO 988077917 MVA"}, {"no_orgnr", "988077917MVA"}}},
    {"registry=ch-uid:CHE100155212",
     {{"ch_uid", "CHE-100.155.212"},
      {"ch_uid", "CHE-100.155.212 MWST"},
      {"ch_uid", "CHE-100.155.212 TVA"},
      {"ch_uid", "che100155212 iva"}}},
    {"registry=fi-ytunnus:20774740", {{"fi_ytunnus", "2077474-0"}, {"eu_vat", "FI20774740"}}},
    {"registry=se-orgnr:5560160680",
     {{"se_orgnr", "556016-0680"}, {"eu_vat", "SE556016068001"}, {"se_orgnr", "SE556016068001"}}},
    {"registry=dk-cvr:13585628", {{"dk_cvr", "13585628"}, {"eu_vat", "DK 13585628"}}},
    {"registry=au-acn:004085616", {{"au_acn", "004 085 616"}, {"au_abn", "53 004 085 616"}}},
    {"registry=br-cnpj:33000167",
     {{"br_cnpj", "33.000.167/0001-01"}, {"br_cnpj", "33000167000101"}}},
    {"registry=in-pan:AAPFU0939F", {{"in_gstin", "27AAPFU0939F1ZV"}}},
    {"vat=BE0428759497",
     {{"be_vat", "BE 428759497"}, {"be_vat", "0428.759.497"}, {"eu_vat", "BE0428759497"}}},
    {"vat=NL004495445B01", {{"nl_btw", "NL4495445B01"}, {"eu_vat", "NL004495445B01"}}},
    {"vat=IT00743110157", {{"it_iva", "00743110157"}, {"eu_vat", "IT 007 431-1015 7"}}},
    {"vat=ESA28015865", {{"es_cif", "A-28015865"}, {"eu_vat", "ES A28015865"}}},
    {"vat=PL8567346215", {{"pl_nip", "856-734-62-15"}, {"eu_vat", "PL8567346215"}}},
    {"vat=GB980780684",
     {{"gb_vat", "GB 980 7806 84"},
      {"gb_vat", "980780684"},
      {"eu_vat", "XI980780684"},
      {"gb_vat", "GB980780684001"}}},
    {"vat=EL094259216", {{"eu_vat", "EL094259216"}, {"eu_vat", "GR 094259216"}}},
    {"duns=048378201", {{"duns", "48378201"}, {"duns", "04-837-8201"}}},
    {"lei=HWUPKR0MPOU8FGXBT394", {{"lei", "hwup kr0m pou8 fgxb t394"}}},
};

/* Each row: the ways registers write one company. */
START_TEST(test_one_company_one_key)
{
    for (size_t i = 0; i < sizeof same_company / sizeof same_company[0]; i++) {
        for (size_t w = 0; w < 5 && same_company[i].ways[w][0] != NULL; w++) {
            ck_assert_str_eq(key_of(same_company[i].ways[w][0], same_company[i].ways[w][1]),
                             same_company[i].key);
        }
    }
}
END_TEST

/* An ABN whose last nine digits are no ACN is no company's; it stays an ABN. */
START_TEST(test_abn_without_acn)
{
    ck_assert_str_eq(key_of("au_abn", "51 824 753 556"), "registry=au-abn:51824753556");
}
END_TEST

/* Countries the vectors do not have, each with a damaged digit. */
START_TEST(test_other_vat_countries)
{
    static const char *const good[] = {
        "BG175074752",    "CY10259033P",   "EE100931558",   "HR33392005961",  "LT119511515",
        "LT100001919017", "LV40003521600", "MT11679112",    "IE8D79739I",     "IE6433435OA",
        "FR40303265045",  "FR23334175221", "FRK7399859412", "NL123456782B90", "ATU13585627",
        "PT501964843",    "SI50223054"};
    static const char *const bad[] = {"BG175074751",
                                      "CY10259033Z",
                                      "EE100594103",
                                      "HR33392005962",
                                      "LT100001919018",
                                      "LV40003521601",
                                      "MT11679113",
                                      "IE8D79738J",
                                      "FRIO304970",
                                      "ATU13585626",
                                      "XX123456789",
                                      "DE",
                                      "",
                                      "DE1366959761",
                                      "FR4473282932O"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(strcmp(key_of("eu_vat", good[i]), "none") != 0, "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(strcmp(key_of("eu_vat", bad[i]), "none") == 0, "%s", bad[i]);
    }
}
END_TEST

/* Numbers of natural persons give no key. */
START_TEST(test_persons_are_refused)
{
    static const char *const persons[] = {"BG7523169263", "CZ7103192745",  "ES54362315K",
                                          "ESX5253868R",  "LV16117519997", "RO1630615123457"};
    for (size_t i = 0; i < sizeof persons / sizeof persons[0]; i++) {
        struct mdl_key k;
        struct mdl_error err;
        char canonical[64];
        ck_assert_int_eq(mdl_identifier_key(profile, "eu_vat", persons[i], &k, canonical, &err),
                         MDL_U_NO_KEY);
        ck_assert_msg(strstr(err.text, "natural person") != NULL, "%s: %s", persons[i], err.text);
    }
}
END_TEST

START_TEST(test_odd_input)
{
    struct mdl_key k;
    struct mdl_error err;
    char canonical[64], long_id[5000];
    ck_assert_int_eq(mdl_identifier_key(profile, "no_such", "1", &k, canonical, &err),
                     MDL_U_NO_KEY);
    ck_assert_ptr_nonnull(strstr(err.text, "no identifier scheme"));
    memset(long_id, '1', sizeof long_id);
    long_id[4999] = '\0';
    ck_assert_int_eq(mdl_identifier_key(profile, "duns", long_id, &k, canonical, &err),
                     MDL_U_NO_KEY);
    memset(long_id, ' ', 4998);
    ck_assert_int_eq(mdl_identifier_key(profile, "duns", long_id, &k, canonical, &err),
                     MDL_U_NO_KEY);
    ck_assert_str_eq(key_of("duns", "15\xC2\xA0"
                                    "048\xE2\x80\x93"
                                    "3782"),
                     "duns=150483782");
    ck_assert_str_eq(key_of("duns", "15048378\xFF"), "none");
    ck_assert_str_eq(key_of("duns", "1234"), "none");
    ck_assert_str_eq(key_of("DUNS", "150483782"), "duns=150483782");
    ck_assert_str_eq(key_of("no-orgnr", "988077917"), "registry=no-orgnr:988077917");
    ck_assert_str_eq(key_of("jp_cn", "T5835678256246"), "registry=jp-cn:5835678256246");
    ck_assert_str_eq(key_of("br_cnpj", "12.ABC.345/01DE-35"), "registry=br-cnpj:12ABC345");
    /* schemes take any of the 48 bytes of room */
    for (size_t i = 0; mdl_identifier_scheme(i) != NULL; i++) {
        for (size_t n = 0; n <= MK_ID_MAX; n++) {
            memset(long_id, 'Z', n);
            long_id[n] = '\0';
            ck_assert_int_eq(
                mdl_identifier_key(profile, mdl_identifier_scheme(i), long_id, &k, canonical, &err),
                MDL_U_NO_KEY);
        }
    }
}
END_TEST

START_TEST(test_registry_bits)
{
    static const struct {
        const char *scheme, *value;
        int bit;
    } rows[] = {{"lei", "HWUPKR0MPOU8FGXBT394", 0}, {"duns", "150483782", 1},
                {"fr_siret", "73282932000074", 2},  {"ch_uid", "CHE100155212", 3},
                {"no_orgnr", "988077917", 4},       {"br_cnpj", "33000167000101", 14},
                {"isin", "US0378331005", -1},       {"eu_vat", "ATU57194903", 32},
                {"eu_vat", "SK2022749619", 59},     {"gb_vat", "980780684", 44}};
    char canonical[64];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mdl_key k;
        struct mdl_error err;
        ck_assert_int_eq(
            mdl_identifier_key(profile, rows[i].scheme, rows[i].value, &k, canonical, &err),
            MDL_OK);
        ck_assert_int_eq(mdl_key_registry_bit(&k), rows[i].bit);
    }
    struct mdl_key name = {.type = MDL_KEY_NAME, .len = 2, .value = "ab"};
    ck_assert_int_eq(mdl_key_registry_bit(&name), -1);
    name.type = MDL_KEY_DOMAIN;
    ck_assert_int_eq(mdl_key_registry_bit(&name), -1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("identifier");
    TCase *c = tcase_create("identifier");
    tcase_add_test(c, test_vectors);
    tcase_add_test(c, test_one_company_one_key);
    tcase_add_test(c, test_abn_without_acn);
    tcase_add_test(c, test_other_vat_countries);
    tcase_add_test(c, test_persons_are_refused);
    tcase_add_test(c, test_odd_input);
    tcase_add_test(c, test_registry_bits);
    suite_add_tcase(s, c);
    return run_suite(s);
}
