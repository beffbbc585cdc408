/* id_vat.c: VAT numbers of the European Union, Northern Ireland and Great Britain, by the check
 * digits each country publishes. Numbers given to natural persons are refused: they are personal
 * data and no company's. May not decide what key a number gives: identifier.c does. */
#include "matchkey_internal.h"

#define LENGTH   "it has not the length of that country's VAT numbers"
#define FORMAT   "it has not the form of that country's VAT numbers"
#define CHECKSUM "its check digit is wrong"
#define PERSON   "a number of that form belongs to a natural person"

static int digit(char c)
{
    return c - '0';
}

static int weighted(const char *s, const int *weights, size_t n)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += weights[i] * digit(s[i]);
    }
    return sum;
}

static long number(const char *s, size_t n)
{
    long v = 0;
    for (size_t i = 0; i < n; i++) {
        v = v * 10 + digit(s[i]);
    }
    return v;
}

static const char *valid_if(bool ok)
{
    return ok ? NULL : CHECKSUM;
}

/* ISO 7064 mod 11,10. */
static bool mod_11_10(const char *s, size_t n)
{
    int check = 5;
    for (size_t i = 0; i < n; i++) {
        check = ((check != 0 ? check : 10) * 2 % 11 + digit(s[i])) % 10;
    }
    return check == 1;
}

static void pad_left(char *s, size_t want)
{
    size_t n = strlen(s);
    if (n + 1 == want) {
        memmove(s + 1, s, n + 1);
        s[0] = '0';
    }
}

static const char *vat_at(char *s)
{
    if (strlen(s) != 9) {
        return LENGTH;
    }
    if (s[0] != 'U' || !mdl_mk_digits(s + 1, 8)) {
        return FORMAT;
    }
    int sum = 0;
    for (size_t i = 1; i < 8; i++) {
        int d = digit(s[i]);
        sum += i % 2 == 1 ? d : d * 2 - (d > 4 ? 9 : 0);
    }
    return valid_if((96 - sum) % 10 == digit(s[8]));
}

static const char *vat_be(char *s)
{
    pad_left(s, 10);
    if (!mdl_mk_digits(s, 10) || s[0] > '1') {
        return FORMAT;
    }
    return valid_if(number(s, 8) != 0 && (number(s, 8) + number(s + 8, 2)) % 97 == 0);
}

static const char *vat_bg(char *s)
{
    static const int first[] = {1, 2, 3, 4, 5, 6, 7, 8}, second[] = {3, 4, 5, 6, 7, 8, 9, 10};
    if (mdl_mk_digits(s, 10)) {
        return PERSON;
    }
    if (!mdl_mk_digits(s, 9)) {
        return LENGTH;
    }
    int check = weighted(s, first, 8) % 11;
    if (check == 10) {
        check = weighted(s, second, 8) % 11 % 10;
    }
    return valid_if(check == digit(s[8]));
}

static const char *vat_cy(char *s)
{
    static const int odd[] = {1, 0, 5, 7, 9, 13, 15, 17, 19, 21};
    if (strlen(s) != 9 || strspn(s, "0123456789") != 8 || memcmp(s, "12", 2) == 0) {
        return FORMAT;
    }
    int sum = 0;
    for (size_t i = 0; i < 8; i++) {
        sum += i % 2 == 0 ? odd[digit(s[i])] : digit(s[i]);
    }
    return valid_if('A' + sum % 26 == s[8]);
}

static const char *vat_cz(char *s)
{
    static const int w[] = {8, 7, 6, 5, 4, 3, 2};
    if (mdl_mk_digits(s, 9) || mdl_mk_digits(s, 10)) {
        return PERSON;
    }
    if (!mdl_mk_digits(s, 8)) {
        return LENGTH;
    }
    int check = (11 - weighted(s, w, 7) % 11) % 11;
    return valid_if(s[0] != '9' && (check == 0 ? 1 : check) % 10 == digit(s[7]));
}

static const char *vat_de(char *s)
{
    if (!mdl_mk_digits(s, 9)) {
        return LENGTH;
    }
    return valid_if(s[0] != '0' && mod_11_10(s, 9));
}

static const char *vat_ee(char *s)
{
    static const int w[] = {3, 7, 1, 3, 7, 1, 3, 7, 1};
    if (!mdl_mk_digits(s, 9)) {
        return LENGTH;
    }
    return valid_if(weighted(s, w, 9) % 10 == 0);
}

static const char *vat_el(char *s)
{
    pad_left(s, 9);
    if (!mdl_mk_digits(s, 9)) {
        return LENGTH;
    }
    int check = 0;
    for (size_t i = 0; i < 8; i++) {
        check = check * 2 + digit(s[i]);
    }
    return valid_if(number(s, 9) != 0 && check * 2 % 11 % 10 == digit(s[8]));
}

static const char *vat_es(char *s)
{
    static const char companies[] = "ABCDEFGHJNPQRSUVW", check_letters[] = "JABCDEFGHI";
    if (strlen(s) != 9) {
        return LENGTH;
    }
    if (strspn(s, "0123456789KLMXYZ") > 0 && s[8] >= 'A') {
        return PERSON;
    }
    if (strchr(companies, s[0]) == NULL || strspn(s + 1, "0123456789") < 7) {
        return FORMAT;
    }
    int sum = 0;
    for (size_t i = 1; i < 8; i++) {
        int d = digit(s[i]);
        sum += i % 2 == 0 ? d : d * 2 - (d > 4 ? 9 : 0);
    }
    int check = (10 - sum % 10) % 10;
    return valid_if(s[8] == '0' + check || s[8] == check_letters[check]);
}

static const char *vat_fr(char *s)
{
    static const char set[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    if (strlen(s) != 11) {
        return LENGTH;
    }
    const char *a = strchr(set, s[0]), *b = strchr(set, s[1]);
    if (a == NULL || b == NULL || !mdl_mk_digits(s + 2, 9)) {
        return FORMAT;
    }
    bool monaco = strncmp(s + 2, "000", 3) == 0;
    long siren = number(s + 2, 9);
    int va = (int)(a - set), vb = (int)(b - set);
    if (!monaco && !mdl_mk_luhn(s + 2, 9)) {
        return CHECKSUM;
    }
    if (va < 10 && vb < 10) {
        return valid_if((siren * 100 + 12) % 97 == va * 10 + vb);
    }
    int key = va < 10 ? va * 24 + vb - 10 : va * 34 + vb - 100;
    return valid_if((siren + 1 + key / 11) % 11 == key % 11);
}

static const char *vat_hr(char *s)
{
    if (!mdl_mk_digits(s, 11)) {
        return LENGTH;
    }
    return valid_if(mod_11_10(s, 11));
}

static const char *vat_hu(char *s)
{
    static const int w[] = {9, 7, 3, 1, 9, 7, 3, 1};
    if (!mdl_mk_digits(s, 8)) {
        return LENGTH;
    }
    return valid_if(number(s, 8) != 0 && weighted(s, w, 8) % 10 == 0);
}

/* 1234567W, 1234567WA, and the old 1W23456A whose second place moves to the front. */
static const char *vat_ie(char *s)
{
    static const char set[] = "WABCDEFGHIJKLMNOPQRSTUV";
    static const int w[] = {8, 7, 6, 5, 4, 3, 2};
    size_t n = strlen(s);
    char d[8];
    if (n != 8 && n != 9) {
        return LENGTH;
    }
    memcpy(d, s, 7);
    d[7] = '\0';
    int extra = 0;
    if (n == 8 && s[1] >= 'A' && s[1] <= 'Z') {
        d[0] = '0';
        memcpy(d + 1, s + 2, 5);
        d[6] = s[0];
    } else if (n == 9) {
        const char *x = strchr(set, s[8]);
        if (x == NULL) {
            return FORMAT;
        }
        extra = 9 * (int)(x - set);
    }
    if (!mdl_mk_digits(d, 7) || s[7] < 'A' || s[7] > 'Z') {
        return FORMAT;
    }
    return valid_if(set[(weighted(d, w, 7) + extra) % 23] == s[7]);
}

static const char *vat_it(char *s)
{
    if (!mdl_mk_digits(s, 11)) {
        return LENGTH;
    }
    long province = number(s + 7, 3);
    bool known = (province >= 1 && province <= 100) || province == 120 || province == 121 ||
                 province == 888 || province == 999;
    if (number(s, 7) == 0 || !known) {
        return FORMAT;
    }
    return valid_if(mdl_mk_luhn(s, 11));
}

static const char *vat_lt(char *s)
{
    size_t n = strlen(s);
    if ((n != 9 && n != 12) || !mdl_mk_digits(s, n)) {
        return LENGTH;
    }
    if (s[n - 2] != '1') {
        return FORMAT;
    }
    int first = 0, second = 0;
    for (int i = 0; i + 1 < (int)n; i++) {
        first += (1 + i % 9) * digit(s[i]);
        second += (1 + (i + 2) % 9) * digit(s[i]);
    }
    int check = first % 11 == 10 ? second % 11 % 10 : first % 11;
    return valid_if(check == digit(s[n - 1]));
}

static const char *vat_lu(char *s)
{
    if (!mdl_mk_digits(s, 8)) {
        return LENGTH;
    }
    return valid_if(number(s, 6) != 0 && number(s, 6) % 89 == number(s + 6, 2));
}

static const char *vat_lv(char *s)
{
    static const int w[] = {9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1};
    if (!mdl_mk_digits(s, 11)) {
        return LENGTH;
    }
    return s[0] <= '3' ? PERSON : valid_if(weighted(s, w, 11) % 11 == 3);
}

static const char *vat_mt(char *s)
{
    static const int w[] = {3, 4, 6, 7, 8, 9, 10, 1};
    if (!mdl_mk_digits(s, 8) || s[0] == '0') {
        return LENGTH;
    }
    return valid_if(weighted(s, w, 8) % 37 == 0);
}

/* Companies: the check of the nine digits. Since 2020 sole traders: mod 97-10 over "NL" and the
 * rest. */
static const char *vat_nl(char *s)
{
    static const int w[] = {9, 8, 7, 6, 5, 4, 3, 2, -1};
    char *b = strchr(s, 'B');
    size_t digits = b != NULL ? (size_t)(b - s) : 0;
    if (b == NULL || digits == 0 || digits > 9 || !mdl_mk_digits(b + 1, 2) ||
        strspn(s, "0123456789") != digits) {
        return FORMAT;
    }
    memmove(s + 9 - digits, s, digits + 4);
    memset(s, '0', 9 - digits);
    long rest = 2321; /* N = 23, L = 21 */
    for (size_t i = 0; i < 12; i++) {
        rest = i == 9 ? (rest * 100 + 11) % 97 : (rest * 10 + digit(s[i])) % 97;
    }
    bool zero = number(s, 9) == 0 || number(s + 10, 2) == 0;
    return valid_if(!zero && (weighted(s, w, 9) % 11 == 0 || rest == 1));
}

static const char *vat_pl(char *s)
{
    static const int w[] = {6, 5, 7, 2, 3, 4, 5, 6, 7};
    if (!mdl_mk_digits(s, 10)) {
        return LENGTH;
    }
    return valid_if(number(s, 10) != 0 && weighted(s, w, 9) % 11 == digit(s[9]));
}

static const char *vat_pt(char *s)
{
    static const int w[] = {9, 8, 7, 6, 5, 4, 3, 2};
    if (!mdl_mk_digits(s, 9) || s[0] == '0') {
        return LENGTH;
    }
    return valid_if((11 - weighted(s, w, 8) % 11) % 11 % 10 == digit(s[8]));
}

static const char *vat_ro(char *s)
{
    static const int w[] = {7, 5, 3, 2, 1, 7, 5, 3, 2};
    size_t n = strlen(s);
    if (n == 13) {
        return PERSON;
    }
    if (n < 2 || n > 10 || s[0] == '0' || !mdl_mk_digits(s, n)) {
        return LENGTH;
    }
    int sum = weighted(s, w + (10 - n), n - 1);
    return valid_if(sum * 10 % 11 % 10 == digit(s[n - 1]));
}

static const char *vat_se(char *s)
{
    if (!mdl_mk_digits(s, 12) || strcmp(s + 10, "01") != 0) {
        return FORMAT;
    }
    return valid_if(number(s, 10) != 0 && mdl_mk_luhn(s, 10));
}

static const char *vat_si(char *s)
{
    static const int w[] = {8, 7, 6, 5, 4, 3, 2};
    if (!mdl_mk_digits(s, 8) || s[0] == '0') {
        return FORMAT;
    }
    int check = 11 - weighted(s, w, 7) % 11;
    return valid_if(check != 11 && check % 10 == digit(s[7]));
}

static const char *vat_sk(char *s)
{
    if (!mdl_mk_digits(s, 10)) {
        return LENGTH;
    }
    if (s[0] == '0' || strchr("234789", s[2]) == NULL) {
        return FORMAT;
    }
    return valid_if(number(s, 10) % 11 == 0);
}

/* GD and HA: government and health; 12 digits: a branch of the first nine. */
static const char *vat_gb(char *s)
{
    static const int w[] = {8, 7, 6, 5, 4, 3, 2, 10, 1};
    size_t n = strlen(s);
    if (n == 5 && mdl_mk_digits(s + 2, 3)) {
        bool gd = memcmp(s, "GD", 2) == 0, ha = memcmp(s, "HA", 2) == 0;
        return (gd && number(s + 2, 3) < 500) || (ha && number(s + 2, 3) >= 500) ? NULL : FORMAT;
    }
    if ((n != 9 && n != 12) || !mdl_mk_digits(s, n)) {
        return LENGTH;
    }
    int sum = weighted(s, w, 9) % 97;
    bool later = number(s, 3) >= 100 && (sum == 42 || sum == 55);
    return valid_if(number(s, 9) != 0 && (sum == 0 || later));
}

static const char *vat_dk(char *s)
{
    return mdl_mk_check_cvr(s);
}

static const char *vat_fi(char *s)
{
    return mdl_mk_check_ytunnus(s);
}

struct country {
    char code[3];
    mk_check *check;
};

/* The order is part of the protocol: a country's place is its bit (after the 32 of the schemes). */
static const struct country countries[] = {
    {"AT", vat_at}, {"BE", vat_be}, {"BG", vat_bg}, {"CY", vat_cy}, {"CZ", vat_cz}, {"DE", vat_de},
    {"DK", vat_dk}, {"EE", vat_ee}, {"EL", vat_el}, {"ES", vat_es}, {"FI", vat_fi}, {"FR", vat_fr},
    {"GB", vat_gb}, {"HR", vat_hr}, {"HU", vat_hu}, {"IE", vat_ie}, {"IT", vat_it}, {"LT", vat_lt},
    {"LU", vat_lu}, {"LV", vat_lv}, {"MT", vat_mt}, {"NL", vat_nl}, {"PL", vat_pl}, {"PT", vat_pt},
    {"RO", vat_ro}, {"SE", vat_se}, {"SI", vat_si}, {"SK", vat_sk}, {"XI", vat_gb},
};
#define COUNTRIES (sizeof countries / sizeof countries[0])
_Static_assert(32 + COUNTRIES <= MDL_REGISTRY_BITS, "a bit for each VAT country");

static const struct country *find(const char code[2])
{
    for (size_t i = 0; i < COUNTRIES; i++) {
        if (memcmp(countries[i].code, code, 2) == 0) {
            return &countries[i];
        }
    }
    return NULL;
}

int mdl_mk_vat_bit(const char country[2])
{
    const struct country *c = find(country);
    return c != NULL ? 32 + (int)(c - countries) : -1;
}

const char *mdl_mk_check_eu_vat(char *s)
{
    if (strncmp(s, "GR", 2) == 0) {
        memcpy(s, "EL", 2); /* the VAT system writes Greece EL */
    }
    const struct country *c = strlen(s) > 2 ? find(s) : NULL;
    if (c == NULL || memcmp(s, "GB", 2) == 0) {
        return "it does not begin with the code of an EU country (or XI)";
    }
    return c->check(s + 2);
}

/* A national column may or may not repeat the country. */
static const char *national(char *s, const char *code, mk_check *check)
{
    if (strncmp(s, code, 2) == 0) {
        memmove(s, s + 2, strlen(s + 2) + 1);
    }
    return check(s);
}

const char *mdl_mk_check_gb_vat(char *s)
{
    return national(s, "GB", vat_gb);
}

const char *mdl_mk_check_be_vat(char *s)
{
    return national(s, "BE", vat_be);
}

const char *mdl_mk_check_btw(char *s)
{
    return national(s, "NL", vat_nl);
}

const char *mdl_mk_check_iva(char *s)
{
    return national(s, "IT", vat_it);
}

const char *mdl_mk_check_cif(char *s)
{
    return national(s, "ES", vat_es);
}

const char *mdl_mk_check_nip(char *s)
{
    return national(s, "PL", vat_pl);
}
