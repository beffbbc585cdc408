/* matchkey.h: how two companies derive the same bytes for the same account (docs/MATCHING.md).
 *
 * A match key is a type and a short canonical value. Both partners must derive byte-identical keys,
 * years apart, so the rules and their data form a *profile* with a digest, compiled into the
 * library. A profile also carries a corpus of inputs and the keys they must give: it is checked
 * when the profile is opened, and a system library (libidn2, utf8proc, libpsl) that derives
 * otherwise makes opening fail with MDL_L_LIBRARY.
 *
 * Threading: an open profile is read-only and may be used from any number of threads at once.
 * Everything runs on the bytes given and the data linked in: no file, clock, log, network or
 * locale. No function here keeps a pointer to its input. Nothing here is secret-dependent-time
 * safe: keys are derived before a round begins, and only their number reaches the network's timing.
 */
#ifndef MANDORLA_MATCHKEY_H
#define MANDORLA_MATCHKEY_H

#include <mandorla/status.h>
#include <stdbool.h>

#define MDL_KEY_VALUE_MAX    128 /* bytes; a longer value is no key (reported, never cut) */
#define MDL_KEY_BYTES_MAX    (3 + MDL_KEY_VALUE_MAX)
#define MDL_KEYS_PER_ACCOUNT 48 /* a row with more keeps the best by priority; reported */
#define MDL_PROFILE_DIGEST   32
#define MDL_REGISTRY_BITS    64

/* X(NAME, number, "slug", "label", priority, tier). The number is part of the protocol: it is the
 * first byte of what is hashed to the group. Priority: lower wins when several keys match. */
#define MDL_KEY_TYPE_LIST(X)                                                                       \
    X(LEI, 1, "lei", "LEI", 1, MATCH)                                                              \
    X(DUNS, 2, "duns", "D-U-N-S", 2, MATCH)                                                        \
    X(REGISTRY, 3, "registry", "registry id", 3, MATCH) /* value "no-orgnr:974760673" */           \
    X(VAT, 4, "vat", "VAT id", 4, MATCH)                /* value "DE136695976" */                  \
    X(DOMAIN, 16, "domain", "domain", 5, MATCH)                                                    \
    X(NAME_COUNTRY, 32, "name-country", "name + country", 7, MATCH)                                \
    X(NAME_CORE_COUNTRY, 33, "core-country", "name without group + country", 8, REVIEW)            \
    X(NAME, 34, "name", "name", 9, REVIEW)

#define MDL_KEY_TYPE_ENUM(name, number, slug, label, prio, tier) MDL_KEY_##name = number,
enum mdl_key_type { MDL_KEY_NONE = 0, MDL_KEY_TYPE_LIST(MDL_KEY_TYPE_ENUM) };
#undef MDL_KEY_TYPE_ENUM

/* MATCH keys make an overlap; REVIEW keys alone are shown apart and never counted as overlap. */
enum mdl_key_tier { MDL_TIER_MATCH, MDL_TIER_REVIEW };

/* Where a key came from, on our side only (it never travels). Lower is stronger within a type. */
enum mdl_key_origin {
    MDL_FROM_IDENTIFIER = 1,
    MDL_FROM_WEBSITE = 2,
    MDL_FROM_ADDITIONAL_DOMAIN = 3,
    MDL_FROM_EMAIL = 4,
    MDL_FROM_NAME = 5
};

struct mdl_key {
    uint8_t type;                     /* enum mdl_key_type */
    uint8_t origin;                   /* enum mdl_key_origin */
    uint8_t len;                      /* of value, 1..MDL_KEY_VALUE_MAX */
    uint8_t value[MDL_KEY_VALUE_MAX]; /* UTF-8, not NUL-terminated */
};

struct mdl_profile;

/* The newest profile this library carries, or the one with `id` (e.g. "mk-2026.11"). Runs the
 * profile's corpus once. Free with mdl_profile_close (NULL is a no-op).
 * Errors: MDL_U_NOT_FOUND (no such id), MDL_L_LIBRARY (a system library derives otherwise: the node
 * must not use this profile; the text names library, version and the first input that differs),
 * MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_profile_open(const char *id, struct mdl_profile **out,
                                                struct mdl_error *err);
void mdl_profile_close(struct mdl_profile *p);
const char *mdl_profile_id(const struct mdl_profile *p);
/* SHA-256 over the id, the rules' version and every data file, the corpus among them. */
const uint8_t *mdl_profile_digest(const struct mdl_profile *p); /* MDL_PROFILE_DIGEST bytes */

/* What an account row offers. Any pointer may be NULL; all are NUL-terminated and should be UTF-8:
 * a field with other bytes gives no key. Lists are separated by semicolons, commas or white space
 * as CRMs write them; the first 256 items are looked at. Of `website` and `domain` the first item
 * counts. */
struct mdl_account_input {
    const char *name;
    const char *website;
    const char *domain;             /* a column that holds a bare domain (HubSpot) */
    const char *additional_domains; /* "a.com;b.de" */
    const char *emails;             /* addresses of the account itself; free mail gives no key */
    const char *country;            /* ISO 3166-1 alpha-2/-3, or an English/own-language name */
    const char *lei;
    const char *duns;
    const char *vat; /* with or without country prefix; `country` helps without */
    const struct mdl_identifier *identifiers; /* further registry ids */
    size_t n_identifiers;
};

struct mdl_identifier {
    /* lei duns eu_vat gb_vat fr_siren fr_siret ch_uid no_orgnr dk_cvr fi_ytunnus se_orgnr au_abn
     * au_acn us_ein cn_uscc jp_cn in_gstin br_cnpj isin be_vat nl_btw it_iva es_cif pl_nip; case
     * and hyphens do not count. One that is not known gives no key and a note. */
    const char *scheme;
    const char *value;
};

/* Why a field gave no key, or what was done to it. Valid UTF-8 whatever the row held. */
struct mdl_key_note {
    enum mdl_status status; /* MDL_OK for a step that led on, MDL_U_NO_KEY for one that ended */
    char field[24];         /* "website", "name", "duns", ... */
    char text[200];
};

struct mdl_key_set {
    size_t n;
    struct mdl_key key[MDL_KEYS_PER_ACCOUNT];
    /* Bit mdl_key_registry_bit(k) for each identifier key held: travels with a matched position so
     * that two valid, different ids of one type veto a weaker match. */
    uint64_t registry_mask;
    /* The core name (legal form stripped, spaces removed), "" if none: the deny rule "a domain on
     * more than 3 different core names is no key" needs it. */
    char core_name[MDL_KEY_VALUE_MAX + 1];
};

/* Derives every key of one account, without duplicates, best priority first. Values: a domain in
 * ASCII
 * ("acme.co.uk"); a core name ("acmegroup"), with its country before it where one is known
 * ("de:acmegroup"). `note`, if not NULL, is called for each step and each refusal (for `mandorla
 * key` and the import report). Returns MDL_OK also when no key results (out->n == 0). Errors:
 * MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status
mdl_keys_derive(const struct mdl_profile *p, const struct mdl_account_input *in,
                void (*note)(void *ctx, const struct mdl_key_note *n), void *ctx,
                struct mdl_key_set *out, struct mdl_error *err);

/* One value, as a person types it (`mandorla key VALUE`): recognises what it is (URL, domain,
 * e-mail, LEI, VAT, other identifier by its check digits, else a name) and derives from it.
 * `country` may be NULL. */
MDL_MUST_CHECK enum mdl_status
mdl_keys_explain(const struct mdl_profile *p, const char *value, const char *country,
                 void (*note)(void *ctx, const struct mdl_key_note *n), void *ctx,
                 struct mdl_key_set *out, struct mdl_error *err);

/* Single rules, as the vectors test them. `out` receives a NUL-terminated value, "" on error.
 * MDL_U_NO_KEY with the reason in err when the value gives no key.
 * mdl_domain_key: `from_email` applies the free-mail table; text that is local@host as a whole
 * counts as e-mail in any case. The names reserved for examples (example.com) pass here and not in
 * an account row. mdl_name_key: the core name alone; `country` (may be NULL) opens the legal forms
 * of that country. */
MDL_MUST_CHECK enum mdl_status mdl_domain_key(const struct mdl_profile *p, const char *host_or_url,
                                              bool from_email, char out[MDL_KEY_VALUE_MAX + 1],
                                              struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_name_key(const struct mdl_profile *p, const char *name,
                                            const char *country, char out[MDL_KEY_VALUE_MAX + 1],
                                            struct mdl_error *err);
/* Validates and canonicalises one identifier; `key` is what it gives (its scheme may differ from
 * the one asked: SIRET and French VAT reduce to SIREN, orgnr/MVA and so on give one key).
 * `canonical` is the scheme's own canonical form, as in tests/vectors/ids. */
MDL_MUST_CHECK enum mdl_status mdl_identifier_key(const struct mdl_profile *p, const char *scheme,
                                                  const char *value, struct mdl_key *key,
                                                  char canonical[64], struct mdl_error *err);

/* The ISO 3166-1 alpha-2 code of what a country column says: a code of two or three letters, or a
 * name in English or the country's own language, in any case. False if it names no country. */
bool mdl_country_code(const struct mdl_profile *p, const char *text, char alpha2[3]);

/* The names of the schemes by index, as struct mdl_identifier lists them; NULL past the end. */
const char *mdl_identifier_scheme(size_t i);

/* type || big-endian 16-bit length || value: the bytes x that are hashed to the group. Returns the
 * length, at most MDL_KEY_BYTES_MAX. Sorting these bytes gives the order of a round's input list.
 */
size_t mdl_key_encode(const struct mdl_key *k, uint8_t out[MDL_KEY_BYTES_MAX]);
/* The reverse; MDL_U_ARGUMENT if the bytes are not one. `origin` is left 0. */
MDL_MUST_CHECK enum mdl_status mdl_key_decode(const uint8_t *in, size_t len, struct mdl_key *k,
                                              struct mdl_error *err);

const char *mdl_key_type_slug(uint8_t type);    /* "domain"; "unknown" */
const char *mdl_key_type_label(uint8_t type);   /* "domain"; for people */
uint8_t mdl_key_type_by_slug(const char *slug); /* MDL_KEY_NONE if none */
int mdl_key_type_priority(uint8_t type);
enum mdl_key_tier mdl_key_type_tier(uint8_t type);
/* 0..63 for an identifier key (one bit a scheme; VAT: one bit a country), -1 for domain and names,
 * and for an ISIN, of which one company may have many. */
int mdl_key_registry_bit(const struct mdl_key *k);

#endif
