/* id_checks.c: is this a valid LEI, D-U-N-S, SIREN, ...? One function a scheme, by the check digits
 * each register publishes. May not decide what key an identifier gives: identifier.c does. */
#include "matchkey_internal.h"

#define LENGTH   "it has not the length of this scheme"
#define FORMAT   "it has not the form of this scheme"
#define CHECKSUM "its check digit is wrong"

bool mdl_mk_digits(const char *s, size_t n)
{
    return strlen(s) == n && strspn(s, "0123456789") == n;
}

static int digit(char c)
{
    return c - '0';
}

/* 0..9, then A = 10 and so on; the caller has checked the characters. */
static int value36(char c)
{
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

bool mdl_mk_luhn(const char *digits, size_t n)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++) {
        int d = digit(digits[n - 1 - i]);
        sum += i % 2 == 0 ? d : d * 2 - (d > 4 ? 9 : 0);
    }
    return sum % 10 == 0;
}

static int weighted(const char *s, const int *weights, size_t n)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += weights[i] * value36(s[i]);
    }
    return sum;
}

static bool letters(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] < 'A' || s[i] > 'Z') {
            return false;
        }
    }
    return true;
}

static void drop_prefix(char *s, const char *prefix)
{
    size_t n = strlen(prefix);
    if (strncmp(s, prefix, n) == 0) {
        memmove(s, s + n, strlen(s + n) + 1);
    }
}

static void drop_suffix(char *s, const char *suffix)
{
    size_t n = strlen(suffix), len = strlen(s);
    if (len > n && strcmp(s + len - n, suffix) == 0) {
        s[len - n] = '\0';
    }
}

/* ISO 17442: mod 97-10 over the letters as two digits. */
const char *mdl_mk_check_lei(char *s)
{
    int rest = 0;
    if (strlen(s) != 20) {
        return "an LEI has 20 characters";
    }
    for (const char *c = s; *c != '\0'; c++) {
        int v = value36(*c);
        rest = (rest * (v < 10 ? 10 : 100) + v) % 97;
    }
    return rest == 1 && mdl_mk_digits(s + 18, 2) ? NULL : CHECKSUM;
}

/* Dun & Bradstreet dropped the check digit in 2006. Spreadsheets drop leading zeros. */
const char *mdl_mk_check_duns(char *s)
{
    size_t n = strlen(s);
    if (n == 0 || strspn(s, "0123456789") != n) {
        return "a D-U-N-S number is all digits";
    }
    if (n > 9) {
        return "a D-U-N-S number has nine digits (a +4 suffix is no part of it)";
    }
    if (n < 5) {
        return "too few digits even for a D-U-N-S number that lost its leading zeros";
    }
    memmove(s + 9 - n, s, n + 1);
    memset(s, '0', 9 - n);
    if (strcmp(s, "000000000") == 0 || strcmp(s, "999999999") == 0) {
        return "a placeholder, not a D-U-N-S number";
    }
    return NULL;
}

const char *mdl_mk_check_isin(char *s)
{
    char d[32];
    size_t n = 0;
    if (strlen(s) != 12) {
        return LENGTH;
    }
    if (!letters(s, 2) || !mdl_mk_digits(s + 11, 1)) {
        return FORMAT;
    }
    for (const char *c = s; *c != '\0'; c++) {
        int v = value36(*c);
        if (v >= 10) {
            d[n++] = (char)('0' + v / 10);
        }
        d[n++] = (char)('0' + v % 10);
    }
    return mdl_mk_luhn(d, n) ? NULL : CHECKSUM;
}

const char *mdl_mk_check_siren(char *s)
{
    if (!mdl_mk_digits(s, 9)) {
        return "a SIREN has nine digits";
    }
    return mdl_mk_luhn(s, 9) && strcmp(s, "000000000") != 0 ? NULL : CHECKSUM;
}

/* La Poste numbers its branches (all but the head office) so that the digits add up to a multiple
 * of five, and not by the Luhn check. */
const char *mdl_mk_check_siret(char *s)
{
    if (!mdl_mk_digits(s, 14)) {
        return "a SIRET has fourteen digits";
    }
    bool branch_of_la_poste = strncmp(s, "356000000", 9) == 0 && strcmp(s, "35600000000048") != 0;
    int sum = 0;
    for (size_t i = 0; i < 14; i++) {
        sum += digit(s[i]);
    }
    bool valid = branch_of_la_poste ? sum % 5 == 0 : mdl_mk_luhn(s, 14);
    return valid && mdl_mk_luhn(s, 9) && strncmp(s, "000000000", 9) != 0 ? NULL : CHECKSUM;
}

/* CHE and nine digits; the VAT number is the UID with MWST, TVA or IVA after it. */
const char *mdl_mk_check_uid(char *s)
{
    static const int w[] = {5, 4, 3, 2, 7, 6, 5, 4};
    drop_suffix(s, "MWST");
    drop_suffix(s, "TVA");
    drop_suffix(s, "IVA");
    drop_suffix(s, "TPV");
    drop_suffix(s, "HR");
    if (strlen(s) != 12) {
        return LENGTH;
    }
    if (strncmp(s, "CHE", 3) != 0 || !mdl_mk_digits(s + 3, 9)) {
        return FORMAT;
    }
    int check = (11 - weighted(s + 3, w, 8) % 11) % 11;
    return check == digit(s[11]) ? NULL : CHECKSUM;
}

const char *mdl_mk_check_orgnr_no(char *s)
{
    static const int w[] = {3, 2, 7, 6, 5, 4, 3, 2, 1};
    drop_prefix(s, "NO");
    drop_suffix(s, "MVA");
    if (!mdl_mk_digits(s, 9)) {
        return "a Norwegian organisation number has nine digits";
    }
    return weighted(s, w, 9) % 11 == 0 && s[0] != '0' ? NULL : CHECKSUM;
}

const char *mdl_mk_check_cvr(char *s)
{
    static const int w[] = {2, 7, 6, 5, 4, 3, 2, 1};
    drop_prefix(s, "DK");
    if (!mdl_mk_digits(s, 8) || s[0] == '0') {
        return "a CVR number has eight digits";
    }
    return weighted(s, w, 8) % 11 == 0 ? NULL : CHECKSUM;
}

const char *mdl_mk_check_ytunnus(char *s)
{
    static const int w[] = {7, 9, 10, 5, 8, 4, 2, 1};
    drop_prefix(s, "FI");
    if (!mdl_mk_digits(s, 8)) {
        return "a Y-tunnus has eight digits";
    }
    return weighted(s, w, 8) % 11 == 0 && strcmp(s, "00000000") != 0 ? NULL : CHECKSUM;
}

const char *mdl_mk_check_orgnr_se(char *s)
{
    if (strncmp(s, "SE", 2) == 0 && mdl_mk_digits(s + 2, 12)) {
        drop_prefix(s, "SE"); /* the VAT number: the organisation number and 01 */
        drop_suffix(s, "01");
    }
    if (!mdl_mk_digits(s, 10)) {
        return "a Swedish organisation number has ten digits";
    }
    return mdl_mk_luhn(s, 10) && strcmp(s, "0000000000") != 0 ? NULL : CHECKSUM;
}

const char *mdl_mk_check_abn(char *s)
{
    static const int w[] = {10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19};
    drop_prefix(s, "ABN");
    if (!mdl_mk_digits(s, 11) || s[0] == '0') {
        return "an ABN has eleven digits";
    }
    return (weighted(s, w, 11) - w[0]) % 89 == 0 ? NULL : CHECKSUM;
}

const char *mdl_mk_check_acn(char *s)
{
    static const int w[] = {8, 7, 6, 5, 4, 3, 2, 1, 1};
    drop_prefix(s, "ACN");
    if (!mdl_mk_digits(s, 9)) {
        return "an ACN has nine digits";
    }
    return weighted(s, w, 9) % 10 == 0 && strcmp(s, "000000000") != 0 ? NULL : CHECKSUM;
}

/* No check digit: the first two digits name the campus that assigned it. */
const char *mdl_mk_check_ein(char *s)
{
    static const char never[] = "00 07 08 09 17 18 19 28 29 49 69 70 78 79 89 96 97";
    if (!mdl_mk_digits(s, 9)) {
        return "an EIN has nine digits";
    }
    const char campus[3] = {s[0], s[1], '\0'};
    return strstr(never, campus) == NULL ? NULL : "no campus of the IRS assigns these first digits";
}

/* GB 32100-2015: 31 characters without I, O, S, V, Z; weights are powers of three. */
const char *mdl_mk_check_uscc(char *s)
{
    static const char set[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    int sum = 0, weight = 1;
    if (strlen(s) != 18) {
        return LENGTH;
    }
    for (size_t i = 0; i < 18; i++) {
        const char *at = strchr(set, s[i]);
        if (at == NULL || (i >= 2 && i < 8 && (s[i] < '0' || s[i] > '9'))) {
            return FORMAT;
        }
        int v = (int)(at - set);
        if (i == 17) {
            return (31 - sum % 31) % 31 == v ? NULL : CHECKSUM;
        }
        sum += v * weight;
        weight = weight * 3 % 31;
    }
    return CHECKSUM;
}

const char *mdl_mk_check_jp(char *s)
{
    int sum = 0;
    drop_prefix(s, "T"); /* as the invoice system writes it */
    if (!mdl_mk_digits(s, 13)) {
        return "a Japanese corporate number has thirteen digits";
    }
    for (size_t i = 1; i < 13; i++) {
        sum += digit(s[i]) * (i % 2 == 1 ? 2 : 1);
    }
    return digit(s[0]) == 9 - sum % 9 ? NULL : CHECKSUM;
}

/* Luhn over 36 characters. State, then the holder's PAN, then a number, Z and the check character.
 */
const char *mdl_mk_check_gstin(char *s)
{
    int sum = 0;
    if (strlen(s) != 15) {
        return LENGTH;
    }
    bool form = strspn(s, "0123456789") == 2 && letters(s + 2, 5) &&
                strspn(s + 7, "0123456789") == 4 && letters(s + 11, 1) && s[12] != '0' &&
                s[13] == 'Z' && memcmp(s, "00", 2) != 0;
    if (!form) {
        return FORMAT;
    }
    for (size_t i = 0; i < 15; i++) {
        int v = value36(s[14 - i]) * (i % 2 == 0 ? 1 : 2);
        sum += v / 36 + v % 36;
    }
    return sum % 36 == 0 ? NULL : CHECKSUM;
}

/* Since July 2026 the first twelve places may hold letters; a character counts its ASCII code
 * less 48. */
static int cnpj_digit(const char *s, size_t n)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (s[n - 1 - i] - '0') * (int)(2 + i % 8);
    }
    int rest = sum % 11;
    return rest < 2 ? 0 : 11 - rest;
}

const char *mdl_mk_check_cnpj(char *s)
{
    if (strlen(s) != 14) {
        return LENGTH;
    }
    if (!mdl_mk_digits(s + 12, 2) || strcmp(s, "00000000000000") == 0) {
        return FORMAT;
    }
    bool valid = cnpj_digit(s, 12) == digit(s[12]) && cnpj_digit(s, 13) == digit(s[13]);
    return valid ? NULL : CHECKSUM;
}
