/* check_domain.c: the domain key against test_psl.txt, IdnaTestV2 and hand-made cases. */
#include "support.h"

/* ---- test_psl.txt ---- */

/* Where the key differs from the list's rule on purpose (docs/MATCHING.md). */
static const struct {
    const char *input;
    const char *key; /* NULL: none */
    const char *why;
} differs[] = {
    {"example.example", NULL, "top-level domain not on the list: it may not exist"},
    {"b.example.example", NULL, "top-level domain not on the list: it may not exist"},
    {"a.b.example.example", NULL, "top-level domain not on the list: it may not exist"},
    {"uk.com", "uk.com", "a bare private suffix is the site of the company that offers it"},
};

static bool unquote(const char **at, char out[256])
{
    const char *p = *at + strspn(*at, " ,(");
    size_t n = 0;
    if (strncmp(p, "null", 4) == 0) {
        *at = p + 4;
        return false;
    }
    ck_assert_int_eq(*p, '\'');
    for (p++; *p != '\'' && *p != '\0'; p++) {
        out[n++] = *p;
    }
    out[n] = '\0';
    *at = p + 1;
    return true;
}

static const char *expected(const char *input, const char *key, size_t *used)
{
    for (size_t i = 0; i < sizeof differs / sizeof differs[0]; i++) {
        if (strcmp(differs[i].input, input) == 0) {
            ++*used;
            return differs[i].key;
        }
    }
    return key;
}

START_TEST(test_public_suffix_vectors)
{
    FILE *f = vectors("psl/test_psl.txt");
    char line[512], input[256], key[256], got[MDL_KEY_VALUE_MAX + 1], ascii[MK_HOST_MAX + 1];
    size_t cases = 0, used = 0;
    while (fgets(line, sizeof line, f) != NULL) {
        const char *at = line;
        if (strncmp(line, "checkPublicSuffix", 17) != 0) {
            continue;
        }
        at += 17;
        cases++;
        bool has_input = unquote(&at, input), has_key = unquote(&at, key);
        const char *want = has_input ? expected(input, has_key ? key : NULL, &used) : NULL;
        struct mdl_error err = {0};
        enum mdl_status st = mdl_domain_key(profile, has_input ? input : "", false, got, &err);
        if (want == NULL) {
            ck_assert_msg(st == MDL_U_NO_KEY && got[0] == '\0' && err.text[0] != '\0',
                          "%s gives %s", input, got);
        } else {
            ck_assert_msg(st == MDL_OK, "%s: %s", input, err.text);
            ck_assert_int_eq(mdl_mk_host_ascii(profile, want, ascii, NULL), MDL_OK);
            ck_assert_str_eq(got, ascii); /* keys are ASCII */
        }
    }
    fclose(f);
    ck_assert_uint_eq(cases, 78);
    ck_assert_uint_eq(used, sizeof differs / sizeof differs[0]);
}
END_TEST

/* ---- IdnaTestV2 ---- */

static const char *hex(const char *at, const char *stop, char *out, size_t *n)
{
    char *end;
    unsigned long cp = strtoul(at, &end, 16);
    const char *after = *stop == '}' ? end + 1 : end;
    if (cp < 0x80) {
        out[(*n)++] = (char)cp;
    } else if (cp < 0x800) {
        out[(*n)++] = (char)(0xC0 | cp >> 6);
        out[(*n)++] = (char)(0x80 | (cp & 0x3F));
    } else if (cp < 0x10000) {
        out[(*n)++] = (char)(0xE0 | cp >> 12);
        out[(*n)++] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[(*n)++] = (char)(0x80 | (cp & 0x3F));
    } else {
        out[(*n)++] = (char)(0xF0 | cp >> 18);
        out[(*n)++] = (char)(0x80 | (cp >> 12 & 0x3F));
        out[(*n)++] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[(*n)++] = (char)(0x80 | (cp & 0x3F));
    }
    return after;
}

/* One column: trimmed, \uXXXX and \x{XXXX} resolved. Returns where the next begins. */
static const char *column(const char *at, char out[2048])
{
    size_t n = 0;
    at += strspn(at, " \t");
    while (*at != ';' && *at != '#' && *at != '\n' && *at != '\0') {
        if (at[0] == '\\' && at[1] == 'u') {
            const char four[5] = {at[2], at[3], at[4], at[5], '\0'};
            hex(four, "", out, &n);
            at += 6;
        } else if (at[0] == '\\' && at[1] == 'x') {
            at = hex(at + 3, "}", out, &n);
        } else {
            out[n++] = *at++;
        }
    }
    while (n > 0 && (out[n - 1] == ' ' || out[n - 1] == '\t')) {
        n--;
    }
    out[n] = '\0';
    return *at == ';' ? at + 1 : at;
}

struct idna_line {
    char source[2048], unicode[2048], status[2048], ascii[2048], ascii_status[2048];
};

static void read_idna(const char *line, struct idna_line *l)
{
    line = column(line, l->source);
    line = column(line, l->unicode);
    line = column(line, l->status);
    line = column(line, l->ascii);
    column(line, l->ascii_status);
    if (l->unicode[0] == '\0') {
        memcpy(l->unicode, l->source, sizeof l->source);
    }
    if (l->ascii[0] == '\0') {
        memcpy(l->ascii, l->unicode, sizeof l->unicode);
    }
    if (l->ascii_status[0] == '\0') {
        memcpy(l->ascii_status, l->status, sizeof l->status);
    }
}

/* Through the whole key function: what the source gives, its ASCII form gives. */
static void same_key(const struct idna_line *l, size_t *keys)
{
    char a[MDL_KEY_VALUE_MAX + 1], b[MDL_KEY_VALUE_MAX + 1];
    if (strpbrk(l->source, "/?#\\,;:@ \"'<>()") != NULL ||
        mdl_domain_key(profile, l->source, false, a, NULL) != MDL_OK) {
        return;
    }
    ck_assert_msg(mdl_domain_key(profile, l->ascii, false, b, NULL) == MDL_OK, "%s: key %s",
                  l->source, a);
    ck_assert_str_eq(a, b);
    ++*keys;
}

START_TEST(test_idna_vectors)
{
    FILE *f = vectors("idna/IdnaTestV2-15.0.0.txt");
    static struct idna_line l;
    static char line[8192];
    char got[MK_HOST_MAX + 1];
    size_t valid = 0, rejected = 0, accepted_invalid = 0, keys = 0;
    while (fgets(line, sizeof line, f) != NULL) {
        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        read_idna(line, &l);
        bool good = strcmp(l.ascii_status, "[]") == 0 || l.ascii_status[0] == '\0';
        bool ok = mdl_mk_host_ascii(profile, l.source, got, NULL) == MDL_OK;
        valid += good;
        rejected += good && !ok;
        accepted_invalid += !good && ok;
        if (ok) {
            ck_assert_msg(strcmp(got, l.ascii) == 0, "%s gives %s, not %s", l.source, got, l.ascii);
            same_key(&l, &keys);
        }
    }
    fclose(f);
    /* Never another byte than the file's; valid names refused are emoji, symbols and such. Names
     * the file calls invalid (bidi rules, empty labels) may pass here with the file's bytes. */
    ck_assert_uint_eq(valid, 433);
    ck_assert_uint_le(rejected, 56);
    ck_assert_uint_le(accepted_invalid, 147);
    ck_assert_uint_gt(keys, 20);
}
END_TEST

/* ---- hand-made ---- */

struct host_case {
    const char *input;
    const char *key; /* NULL: none */
};

static const struct host_case websites[] = {
    {"acme.com", "acme.com"},
    {"HTTPS://WWW.Acme.COM:443/de/?a=b#c", "acme.com"},
    {"http:acme.com", "acme.com"},
    {"http:\\\\acme.com\\x", "acme.com"},
    {"//acme.com/x", "acme.com"},
    {"http://http://acme.com", "acme.com"},
    {"ftp://user:secret@shop.acme.co.uk:21/", "acme.co.uk"},
    {"acme.com:8080", "acme.com"},
    {"  \"acme.com\"  ", "acme.com"},
    {"<https://acme.com>", "acme.com"},
    {"\xC2\xA0"
     "acme.com\xC2\xA0",
     "acme.com"},
    {"\xEF\xBB\xBF"
     "acme.com",
     "acme.com"},
    {"acme.com.", "acme.com"},
    {"acme.com...", "acme.com"},
    {"acme.com, acme.de", "acme.com"},
    {"acme.com; acme.de", "acme.com"},
    {"acme.com and acme.de", "acme.com"},
    {"foo.com/path@x", "foo.com"},
    {"https://foo.com/?mail=a@b.de", "foo.com"},
    {"b\xC3\xBC"
     "cher.de",
     "xn--bcher-kva.de"},
    {"xn--bcher-kva.de", "xn--bcher-kva.de"},
    {"XN--BCHER-KVA.de", "xn--bcher-kva.de"},
    {"fa\xC3\x9F.de", "xn--fa-hia.de"},
    {"\xEF\xBD\x81\xEF\xBD\x83\xEF\xBD\x8D\xEF\xBD\x85\xE3\x80\x82\xEF\xBD\x83\xEF\xBD\x8F\xEF\xBD"
     "\x8D",
     "acme.com"},
    {"www.de", "www.de"},
    {"www.www.de", "www.de"},
    {"www.gov.uk", NULL},
    {"co.uk", NULL},
    {"com", NULL},
    {"localhost", NULL},
    {"acme", NULL},
    {"acme.internal", NULL},
    {"vendor.example", NULL},
    {"192.168.1.1", NULL},
    {"http://192.168.1.1:80/", NULL},
    {"http://[2001:db8::1]/", NULL},
    {"http://2130706433/", NULL},
    {"1.2.3.4.5", NULL},
    {"", NULL},
    {"   ", NULL},
    {"https://", NULL},
    {"http:///", NULL},
    {"@", NULL},
    {".com", NULL},
    {"a..com", NULL},
    {"-acme.com", NULL},
    {"acme-.com", NULL},
    {"ac_me.com", NULL},
    {"ac me.com", NULL}, /* cut at the blank: "ac" */
    {"xn--zzzz.com", NULL},
    {"\xFF\xFE.com", NULL},
    {"a\xC3.com", NULL},
    {"\xF0\xAE\xAF\xB0.com", NULL}, /* U+2EBF0, assigned in Unicode 15.1 */
    {"n/a", NULL},
    {"none", NULL},
    /* private suffixes: a customer's site is its own, the bare one is its operator's */
    {"foo.github.io", "foo.github.io"},
    {"bar.foo.github.io", "foo.github.io"},
    {"shop.myshopify.com", "shop.myshopify.com"},
    {"github.io", "github.io"},
    {"uk.com", "uk.com"},
    {"acme.uk.com", "acme.uk.com"},
    /* sites that serve many companies */
    {"https://www.linkedin.com/company/acme", NULL},
    {"linkedin.com", "linkedin.com"},
    {"https://www.linkedin.com/", "linkedin.com"},
    {"https://de.linkedin.com/", NULL},
    {"https://sites.google.com/view/acme", NULL},
    {"https://acme.sharepoint.com", NULL},
    {"https://github.com/acme", NULL},
    {"https://github.com/?utm_source=x", "github.com"},
    {"https://jobs.lever.co/acme", NULL},
    /* placeholders */
    {"test.com", NULL},
    {"www.none.com", NULL},
    /* free mail counts only for e-mail */
    {"gmail.com", "gmail.com"},
    {"https://www.yahoo.com", "yahoo.com"},
    {"info@gmail.com", NULL},
    {"mailto:info@acme.com", "acme.com"},
    {"info@mail.acme.com", "acme.com"},
    {"info@acme.com, b@acme.de", "acme.com"}, /* no e-mail address as a whole: userinfo */
};

static void check_case(const struct host_case *c, bool email)
{
    char got[MDL_KEY_VALUE_MAX + 1];
    struct mdl_error err = {0};
    enum mdl_status st = mdl_domain_key(profile, c->input, email, got, &err);
    if (c->key == NULL) {
        ck_assert_msg(st == MDL_U_NO_KEY, "\"%s\" gives %s", c->input, got);
        ck_assert_int_eq(err.status, MDL_U_NO_KEY);
        ck_assert_msg(err.text[0] != '\0' && got[0] == '\0', "\"%s\" without a reason", c->input);
    } else {
        ck_assert_msg(st == MDL_OK, "\"%s\": %s", c->input, err.text);
        ck_assert_str_eq(got, c->key);
    }
}

START_TEST(test_websites)
{
    for (size_t i = 0; i < sizeof websites / sizeof websites[0]; i++) {
        check_case(&websites[i], false);
    }
}
END_TEST

START_TEST(test_emails)
{
    static const struct host_case emails[] = {
        {"info@acme.com", "acme.com"},
        {"A.B+c@Sub.Acme.CO.UK", "acme.co.uk"},
        {"info@googlemail.com", NULL},
        {"info@gmx.de", NULL},
        {"x@mailinator.com", NULL},
        {"x@user.hotmail.com", NULL},
        {"x@telstra.com", NULL},
        {"acme.com", "acme.com"},
        {"x@acme.zendesk.com", NULL},
        {"x@linkedin.com", "linkedin.com"},
        {"x@", NULL},
        {"@acme.com", "acme.com"},
        {"info@m\xC3\xBCller.de", "xn--mller-kva.de"},
    };
    for (size_t i = 0; i < sizeof emails / sizeof emails[0]; i++) {
        check_case(&emails[i], true);
    }
}
END_TEST

START_TEST(test_reasons)
{
    static const char *const cases[][2] = {
        {"192.168.1.1", "IP address"},
        {"co.uk", "public suffix"},
        {"acme", "single word"},
        {"a.nowhere", "no public top-level domain"},
        {"a..com", "empty label"},
        {"https://github.com/x", "serves many companies"},
        {"test.com", "no domain is known"},
        {"a@gmail.com", "free or disposable"},
        {"\xFF.com", "UTF-8"},
        {"http://[::1]/", "IP address"},
    };
    char got[MDL_KEY_VALUE_MAX + 1];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mdl_error err = {0};
        ck_assert_int_eq(mdl_domain_key(profile, cases[i][0], false, got, &err), MDL_U_NO_KEY);
        ck_assert_msg(strstr(err.text, cases[i][1]) != NULL, "%s: %s", cases[i][0], err.text);
    }
}
END_TEST

START_TEST(test_lengths)
{
    char long_url[6000], got[MDL_KEY_VALUE_MAX + 1];
    struct mdl_error err;
    /* a path of any length up to the cap does not matter */
    memset(long_url, 'a', sizeof long_url);
    memcpy(long_url, "acme.com/", 9);
    long_url[2000] = '\0';
    ck_assert_int_eq(mdl_domain_key(profile, long_url, false, got, &err), MDL_OK);
    ck_assert_str_eq(got, "acme.com");
    long_url[2000] = 'a';
    long_url[5999] = '\0';
    ck_assert_int_eq(mdl_domain_key(profile, long_url, false, got, &err), MDL_U_NO_KEY);
    ck_assert_ptr_nonnull(strstr(err.text, "longer than"));
    /* a label of 63, and of 64 */
    memset(long_url, 'a', 64);
    memcpy(long_url + 63, ".com", 5);
    ck_assert_int_eq(mdl_domain_key(profile, long_url, false, got, &err), MDL_OK);
    memset(long_url, 'a', 64);
    memcpy(long_url + 64, ".com", 5);
    ck_assert_int_eq(mdl_domain_key(profile, long_url, false, got, &err), MDL_U_NO_KEY);
    /* a host of more than 253 */
    for (size_t i = 0; i < 300; i += 2) {
        memcpy(long_url + i, "a.", 2);
    }
    memcpy(long_url + 300, "com", 4);
    ck_assert_int_eq(mdl_domain_key(profile, long_url, false, got, &err), MDL_U_NO_KEY);
}
END_TEST

/* The short way for plain ASCII must be what libidn2 says. */
START_TEST(test_plain_hosts_as_libidn2)
{
    static const char *const hosts[] = {"acme.com", "ACME.Com", "a-b.c-d.de", "1.2.com",
                                        "a.b",      "x--y.com", "a1-2.co"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char shortcut[MK_HOST_MAX + 1], through[MK_HOST_MAX + 1], mixed[64];
        /* a non-ASCII label in front takes the other way */
        snprintf(mixed, sizeof mixed, "\xC3\xBC.%s", hosts[i]);
        ck_assert_int_eq(mdl_mk_host_ascii(profile, hosts[i], shortcut, NULL), MDL_OK);
        ck_assert_int_eq(mdl_mk_host_ascii(profile, mixed, through, NULL), MDL_OK);
        ck_assert_str_eq(strchr(through, '.') + 1, shortcut);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("domain");
    TCase *c = tcase_create("domain");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, test_public_suffix_vectors);
    tcase_add_test(c, test_idna_vectors);
    tcase_add_test(c, test_websites);
    tcase_add_test(c, test_emails);
    tcase_add_test(c, test_reasons);
    tcase_add_test(c, test_lengths);
    tcase_add_test(c, test_plain_hosts_as_libidn2);
    suite_add_tcase(s, c);
    return run_suite(s);
}
