/* matchkey_internal.h: what the files of this room share. Nobody outside it includes this, but for
 * its own unit tests. Threading: everything here reads a profile that no longer changes. */
#ifndef MANDORLA_MATCHKEY_INTERNAL_H
#define MANDORLA_MATCHKEY_INTERNAL_H

#include <libpsl.h>
#include <mandorla/matchkey.h>
#include <string.h>

#define MK_PROFILE_ID    "mk-2026.11"
#define MK_RULES_VERSION 1 /* counts changes of the code that change a key */

/* Inputs longer than these give no key: no rule should spend time on a 180 KB cell. */
#define MK_NAME_IN_MAX 1024 /* bytes */
#define MK_URL_IN_MAX  2048 /* bytes */
#define MK_HOST_MAX    254  /* bytes: 253 (RFC 1035) and a final dot */
#define MK_LIST_MAX    256  /* items of one list column that are looked at */
#define MK_CP_MAX      2048 /* code points of a folded name */
#define MK_ID_MAX      48   /* bytes of an identifier without its separators */

/* ---- profile_data.c: the data files, byte for byte ---- */
enum mk_file {
    MK_FILE_PSL,
    MK_FILE_FREE_MAIL,
    MK_FILE_NEVER,
    MK_FILE_PLACEHOLDER_DOMAINS,
    MK_FILE_PLACEHOLDER_NAMES,
    MK_FILE_FORMS,
    MK_FILE_LETTERS,
    MK_FILE_ASSIGNED,
    MK_FILE_COUNTRIES,
    MK_FILE_CORPUS,
    MK_FILES
};
struct mk_blob {
    const char *name;
    const char *at; /* not NUL-terminated */
    size_t len;
};
/* `out` borrows static storage. */
void mdl_mk_blob(enum mk_file file, struct mk_blob *out);
/* Cuts the next line (without its end) off *rest; false at the end. */
bool mdl_mk_line(struct mk_blob *rest, const char **line, size_t *len);

/* ---- tables.c: sorted lists made of the files when a profile opens ---- */
struct mk_words {
    char *arena;
    const char **at; /* sorted, NUL-terminated */
    size_t n;
};
enum mk_form_kind {
    MK_FORM_SUFFIX = 1,
    MK_FORM_PREFIX = 2,
    MK_FORM_GLUED = 4, /* needs no word boundary */
    MK_FORM_WEAK = 8
};
#define MK_GATES      8
#define MK_FORM_BYTES 128
struct mk_form {
    uint8_t kinds; /* of enum mk_form_kind */
    uint8_t n_gates;
    uint8_t len;
    bool any_country;
    bool unknown_country;
    char gate[MK_GATES][2];
    char text[MK_FORM_BYTES];
    int next_suffix; /* chains by last and by first byte, longest first; -1 ends */
    int next_prefix;
};
struct mk_forms {
    struct mk_form *at;
    size_t n;
    int by_last[256];
    int by_first[256];
};
struct mk_country_name {
    char name[64]; /* folded, without spaces */
    char alpha2[3];
};
struct mk_countries {
    struct mk_country_name *at; /* sorted by name */
    size_t n;
};
struct mk_letter {
    int32_t from;
    char to[4];
};
struct mk_range {
    int32_t first, last;
};
struct mdl_profile {
    psl_ctx_t *psl;
    struct mk_words free_mail, never, always, reserved, names;
    struct mk_forms forms;
    struct mk_countries countries;
    struct mk_letter *letters;
    size_t n_letters;
    struct mk_range *assigned;
    size_t n_assigned;
    uint8_t digest[MDL_PROFILE_DIGEST];
};
MDL_MUST_CHECK enum mdl_status mdl_mk_tables_build(struct mdl_profile *p, struct mdl_error *err);
void mdl_mk_tables_free(struct mdl_profile *p);
bool mdl_mk_words_has(const struct mk_words *w, const char *word);

/* ---- forms.c ---- */
MDL_MUST_CHECK enum mdl_status mdl_mk_forms_build(struct mdl_profile *p, struct mdl_error *err);

/* ---- country.c ---- */
MDL_MUST_CHECK enum mdl_status mdl_mk_countries_build(struct mdl_profile *p, struct mdl_error *err);
/* The alpha-2 code for what a country column says; false if it names no country. */
bool mdl_mk_country(const struct mdl_profile *p, const char *text, char alpha2[3]);

/* ---- profile.c: opening without the self-check, for the tool that writes the corpus ---- */
MDL_MUST_CHECK enum mdl_status mdl_mk_profile_load(struct mdl_profile **out, struct mdl_error *err);

/* ---- corpus.c ---- */
/* Runs every line of a corpus; MDL_L_LIBRARY at the first that gives another result. */
MDL_MUST_CHECK enum mdl_status mdl_mk_corpus_check(const struct mdl_profile *p,
                                                   struct mk_blob corpus, struct mdl_error *err);
/* What `input` gives under a corpus rule ("host", "domain", "email", "name", or an identifier
 * scheme): the value, or "!" if it gives no key. False if there is no such rule. */
bool mdl_mk_corpus_derive(const struct mdl_profile *p, const char *rule, const char *input,
                          char out[256]);

/* ---- fold.c: text rules 1 to 3 (docs/MATCHING.md, "Name key") ---- */
struct mk_text {
    size_t n;
    int32_t cp[MK_CP_MAX];
};
MDL_MUST_CHECK enum mdl_status mdl_mk_fold(const struct mdl_profile *p, const char *in, size_t len,
                                           struct mk_text *out, struct mdl_error *err);
bool mdl_mk_assigned(const struct mdl_profile *p, int32_t cp);
/* Every byte of `in` is UTF-8 of an assigned character. */
bool mdl_mk_text_known(const struct mdl_profile *p, const char *in, size_t len);

/* ---- words.c: rules 4 and 5: folded text to words without the spaces between them ---- */
#define MK_WORDS_MAX  256
#define MK_JOINED_MAX (4 * MK_CP_MAX)
struct mk_name {
    size_t len;                       /* of text */
    size_t n;                         /* words */
    uint16_t start[MK_WORDS_MAX + 1]; /* start[n] == len */
    char text[MK_JOINED_MAX];
};
MDL_MUST_CHECK enum mdl_status mdl_mk_words_of(const struct mdl_profile *p, const char *in,
                                               size_t len, struct mk_name *out,
                                               struct mdl_error *err);

/* ---- name.c: rules 6 to 8 ---- */
struct mk_core {
    char full[MDL_KEY_VALUE_MAX + 1];   /* legal forms off */
    char short_[MDL_KEY_VALUE_MAX + 1]; /* "group", "holding" off as well */
};
struct mk_notes;
MDL_MUST_CHECK enum mdl_status mdl_mk_cores(const struct mdl_profile *p, const struct mk_name *n,
                                            const char *country, struct mk_core *out,
                                            const struct mk_notes *notes, struct mdl_error *err);

/* ---- host.c: a host out of what a person typed, in ASCII ---- */
struct mk_host {
    char host[MK_HOST_MAX + 1];
    bool email;    /* the whole text was local@host */
    bool has_path; /* something followed the host's slash */
};
MDL_MUST_CHECK enum mdl_status mdl_mk_host(const struct mdl_profile *p, const char *text,
                                           struct mk_host *out, const struct mk_notes *notes,
                                           struct mdl_error *err);
/* Step 4 alone (IDNA), as the IDNA vectors test it. `ascii` has room for MK_HOST_MAX + 1. */
MDL_MUST_CHECK enum mdl_status mdl_mk_host_ascii(const struct mdl_profile *p, const char *host,
                                                 char *ascii, struct mdl_error *err);

/* ---- domain.c ---- */
/* Some rule of the list's ICANN section ends the host: else its top level is none. */
bool mdl_mk_public_top_level(const struct mdl_profile *p, const char *host);
/* `core`: the account's core name or NULL; a company may stand on a page of its own site. */
MDL_MUST_CHECK enum mdl_status mdl_mk_domain(const struct mdl_profile *p, const struct mk_host *h,
                                             const char *core, bool from_email,
                                             char out[MDL_KEY_VALUE_MAX + 1],
                                             const struct mk_notes *notes, struct mdl_error *err);

/* ---- identifier.c and its checks ---- */
/* A check turns the compact, upper-case text in `s` (room for MK_ID_MAX + 1) into the scheme's
 * canonical form, or says why it is none. NULL means valid. */
typedef const char *mk_check(char *s);
mk_check mdl_mk_check_lei, mdl_mk_check_duns, mdl_mk_check_isin, mdl_mk_check_siren,
    mdl_mk_check_siret, mdl_mk_check_uid, mdl_mk_check_orgnr_no, mdl_mk_check_cvr,
    mdl_mk_check_ytunnus, mdl_mk_check_orgnr_se, mdl_mk_check_abn, mdl_mk_check_acn,
    mdl_mk_check_ein, mdl_mk_check_uscc, mdl_mk_check_jp, mdl_mk_check_gstin, mdl_mk_check_cnpj,
    mdl_mk_check_eu_vat, mdl_mk_check_gb_vat, mdl_mk_check_be_vat, mdl_mk_check_btw,
    mdl_mk_check_iva, mdl_mk_check_cif, mdl_mk_check_nip;
/* The bit of a VAT country ("DE", "GB", ...), -1 if none. */
int mdl_mk_vat_bit(const char country[2]);
/* The scheme a bare VAT column means in a country, NULL if none: "fr_siren" style names. */
const char *mdl_mk_vat_scheme(const char *country);
/* Of a scheme by its index in mdl_identifier_scheme; for recognising what a person typed. */
bool mdl_mk_scheme_in_country(size_t i, const char *country);
bool mdl_mk_scheme_distinctive(size_t i);
/* Upper-case, separators out. False if it holds anything but letters and digits, or is too long. */
bool mdl_mk_compact(const char *in, char out[MK_ID_MAX + 1]);

/* Small helpers for the checks. */
bool mdl_mk_digits(const char *s, size_t n); /* s is exactly n digits */
bool mdl_mk_luhn(const char *digits, size_t n);

/* ---- notes.c ---- */
struct mk_notes {
    void (*fn)(void *ctx, const struct mdl_key_note *n);
    void *ctx;
    const char *field;
};
void mdl_mk_note(const struct mk_notes *n, enum mdl_status status, const char *fmt, ...)
    MDL_PRINTF(3, 4);

#endif
