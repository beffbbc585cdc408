/* agreement.h: the terms that both companies sign before anything is computed (PROTOCOL 4.5, 4.6).
 *
 * The signed thing is the *bytes*; the struct is how they are read. Both sides keep the bytes as
 * signed. Encoding is canonical: decoded bytes encode to themselves.
 *
 * Pure functions: no clock (times are passed in), no randomness (nonces are passed in), no IO. Any
 * thread. Nothing here is secret except what the signer holds.
 */
#ifndef MANDORLA_AGREEMENT_H
#define MANDORLA_AGREEMENT_H

#include <mandorla/matchkey.h>
#include <mandorla/role.h>
#include <mandorla/status.h>
#include <stdbool.h>

#define MDL_AGREEMENT_MAX         16384 /* bytes of an encoded agreement */
#define MDL_AGREEMENT_HASH        64
#define MDL_AGREEMENT_NONCE       16
#define MDL_AGREEMENT_PROFILES    8
#define MDL_AGREEMENT_GROUPS      32 /* bits of a u32 mask */
#define MDL_AGREEMENT_POPULATIONS 32 /* of one side in one group: bits of a u32 mask */
#define MDL_AGREEMENT_NAME        64
#define MDL_AGREEMENT_TEXT        200
#define MDL_POPULATION_NAME       32 /* [a-z0-9-]{1,32} */
#define MDL_LEVEL_NAME            16
#define MDL_SUITE_NAME            32
#define MDL_SUITE_1               "ristretto255-sha512"
#define MDL_AGREEMENT_KEYS_MAX    4194304U /* match keys of one group, PROTOCOL 6.1 */

/* What the two sides learn of a cell (one population of the one side with one of the other), each
 * level more than the one before. A cell in no group is hidden: nothing is computed for it. */
#define MDL_LEVEL_LIST(X)                                                                          \
    X(HIDDEN, "hidden")                                                                            \
    X(COUNTS, "counts")     /* how many keys of one type both have; PROTOCOL 6 */                  \
    X(ACCOUNTS, "accounts") /* which of its own accounts the other has; PROTOCOL 6 and 7 */
#define MDL_LEVEL_ENUM(name, slug) MDL_LEVEL_##name,
enum mdl_level { MDL_LEVEL_LIST(MDL_LEVEL_ENUM) MDL_LEVELS };
#undef MDL_LEVEL_ENUM
const char *mdl_level_name(enum mdl_level level);
/* False, *out untouched, for a name this version does not know. */
bool mdl_level_of(const char *name, enum mdl_level *out);

/* A cell group: every population of the one list with every one of the other, at one level. At
 * level counts it is one cell, so that its number is the cell's. */
struct mdl_agreement_group {
    char level[MDL_LEVEL_NAME + 1];
    /* The only type of match key that is compared, at level counts, so that an account counts once;
     * 0, all types, at every other level. */
    uint8_t key_type;
    size_t n_populations[2]; /* by role; at least one, exactly one at level counts */
    char populations[2][MDL_AGREEMENT_POPULATIONS][MDL_POPULATION_NAME + 1];
};

struct mdl_agreement_caps {
    uint32_t max_keys_round;   /* match keys a side may bring to a round, its groups together,
                                  1..4,194,304 */
    uint64_t max_keys_month;   /* match keys a side may bring in a calendar month, all rounds */
    uint32_t min_keys;         /* a side with fewer gets no result, >= 1 */
    uint32_t min_result;       /* fewer matching keys than this end the round without names */
    uint32_t max_result;       /* more end it likewise; 0: no bound */
    uint16_t max_rounds_month; /* rounds in a calendar month, >= 1 */
    uint32_t min_change;       /* keys in which a group's list must differ from the one of its last
                                  round, unless it is the very same; 0: no bound */
    uint16_t cooldown_hours;   /* between the beginnings of two rounds; 0: none */
};

/* Who lets a round run, on each side. */
enum mdl_approval {
    MDL_APPROVAL_PERSON,  /* a person, each time */
    MDL_APPROVAL_STANDING /* a side's standing rule may */
};

struct mdl_agreement {
    uint8_t identity[2][MDL_IDENTITY_BYTES]; /* by role */
    char name[2][MDL_AGREEMENT_NAME + 1];
    char suite[MDL_SUITE_NAME + 1];
    size_t n_profiles;
    uint8_t profiles[MDL_AGREEMENT_PROFILES][32]; /* digests of match-key profiles */
    size_t n_groups;
    struct mdl_agreement_group groups[MDL_AGREEMENT_GROUPS];
    struct mdl_agreement_caps caps;
    uint8_t approval; /* enum mdl_approval */
    char purpose[MDL_AGREEMENT_TEXT + 1];
    char legal_basis[MDL_AGREEMENT_TEXT + 1];
    uint64_t valid_from; /* ms */
    uint64_t valid_until;
    uint16_t retention_days;
    uint16_t key_deadline_s;
    uint8_t nonce[MDL_AGREEMENT_NONCE];
};

/* ---- bytes -------------------------------------------------------------------------------- */

/* Whether the terms make sense by themselves: names, limits, order of the identities, a level and
 * suite this version knows. Error: MDL_U_ARGUMENT, the text names the term. */
MDL_MUST_CHECK enum mdl_status mdl_agreement_valid(const struct mdl_agreement *a,
                                                   struct mdl_error *err);

/* Checks as mdl_agreement_valid, then encodes into buf. Errors: MDL_U_ARGUMENT, MDL_U_TOO_LARGE
 * (too many populations together: more than MDL_AGREEMENT_MAX bytes). */
MDL_MUST_CHECK enum mdl_status mdl_agreement_encode(const struct mdl_agreement *a,
                                                    uint8_t buf[MDL_AGREEMENT_MAX], size_t *len,
                                                    struct mdl_error *err);

/* Decodes and checks. Errors: MDL_P_MALFORMED, MDL_P_OVERSIZE, MDL_P_VERSION, MDL_L_MEMORY from the
 * encoding; MDL_P_AGREEMENT where the terms do not make sense (reject it with the text). */
MDL_MUST_CHECK enum mdl_status mdl_agreement_decode(const uint8_t *bytes, size_t len,
                                                    struct mdl_agreement *out,
                                                    struct mdl_error *err);

/* ---- signatures --------------------------------------------------------------------------- */

void mdl_agreement_hash(const uint8_t *bytes, size_t len, uint8_t hash[MDL_AGREEMENT_HASH]);

/* What a party signs. Each statement has its own label, so none can pass for another. */
enum mdl_statement {
    MDL_SAY_AGREEMENT, /* T("sign-agreement", hash, role) */
    MDL_SAY_REVOKE,    /* T("revoke-agreement", hash, role) */
    MDL_SAY_PROPOSE,   /* T("propose", round, hash, u64(created), role) */
    MDL_SAY_APPROVE    /* T("approve", round, hash, role) */
};
struct mdl_statement_parts {
    const uint8_t *hash;  /* of the agreement, MDL_AGREEMENT_HASH bytes */
    const uint8_t *round; /* 16 bytes; PROPOSE and APPROVE only */
    uint64_t created;     /* PROPOSE only */
};
/* Signs as the party with this role. Error: MDL_L_KEY_FILE (the signer has no key). */
MDL_MUST_CHECK enum mdl_status
mdl_statement_sign(enum mdl_statement what, const struct mdl_statement_parts *parts,
                   enum mdl_role role, const struct mdl_signer *signer,
                   uint8_t sig[MDL_SIGNATURE_BYTES], struct mdl_error *err);
/* Checks the signature of the party with this role. Error: MDL_P_SIGNATURE. */
MDL_MUST_CHECK enum mdl_status
mdl_statement_verify(enum mdl_statement what, const struct mdl_statement_parts *parts,
                     enum mdl_role role, const uint8_t identity[MDL_IDENTITY_BYTES],
                     const uint8_t sig[MDL_SIGNATURE_BYTES], struct mdl_error *err);

/* ---- in force ----------------------------------------------------------------------------- */

/* The parties are exactly these two. Error: MDL_P_AGREEMENT. */
MDL_MUST_CHECK enum mdl_status mdl_agreement_between(const struct mdl_agreement *a,
                                                     const uint8_t own[MDL_IDENTITY_BYTES],
                                                     const uint8_t partner[MDL_IDENTITY_BYTES],
                                                     struct mdl_error *err);

/* An agreement with what was signed about it; NULL where there is none. By role. */
struct mdl_agreement_file {
    const uint8_t *bytes;
    size_t len;
    const uint8_t *signature[2];
    const uint8_t *revocation[2];
};
/* Decodes and checks everything: parties, both signatures, no revocation, valid_from <= now <
 * valid_until. `out` is filled whenever the bytes decode. Errors: those of decoding;
 * MDL_P_AGREEMENT (the text says which condition fails); MDL_P_SIGNATURE (a signature or a
 * revocation is there and does not verify: the record is damaged, do not use it). */
MDL_MUST_CHECK enum mdl_status mdl_agreement_in_force(const struct mdl_agreement_file *f,
                                                      const uint8_t own[MDL_IDENTITY_BYTES],
                                                      const uint8_t partner[MDL_IDENTITY_BYTES],
                                                      uint64_t now_ms, struct mdl_agreement *out,
                                                      struct mdl_error *err);

/* ---- cells -------------------------------------------------------------------------------- */

/* The level of the cell of these two populations, by role; HIDDEN if it stands in no group. *group
 * (may be NULL) is the group it stands in; untouched if hidden. */
enum mdl_level mdl_agreement_cell(const struct mdl_agreement *a, const char *population_a,
                                  const char *population_b, size_t *group);
/* The effective level of a population of the party `role`: the highest over all its cells. */
enum mdl_level mdl_agreement_effective(const struct mdl_agreement *a, enum mdl_role role,
                                       const char *population);
/* The populations of one party over all groups, each once, in order of first mention. The pointers
 * are into *a. Returns their number, at most max; a valid agreement has at most
 * MDL_AGREEMENT_POPULATIONS of each party. */
size_t mdl_agreement_populations(const struct mdl_agreement *a, enum mdl_role role,
                                 const char **names, size_t max);

/* ---- drafts ------------------------------------------------------------------------------- */

struct mdl_agreement_party {
    const uint8_t *identity; /* MDL_IDENTITY_BYTES */
    const char *name;
};
/* The standard agreement: level accounts, the three standard populations on both sides, caps and
 * terms as in PROTOCOL 4.9, valid for 365 days from now_ms. `profiles` are n digests of 32 bytes,
 * newest first. Errors: MDL_U_ARGUMENT (equal identities, a name too long, no profile). */
MDL_MUST_CHECK enum mdl_status
mdl_agreement_draft(const struct mdl_agreement_party *own,
                    const struct mdl_agreement_party *partner, const uint8_t (*profiles)[32],
                    size_t n_profiles, uint64_t now_ms, const uint8_t nonce[MDL_AGREEMENT_NONCE],
                    struct mdl_agreement *out, struct mdl_error *err);

/* Replaces the populations of one side in one group. Errors: MDL_U_ARGUMENT (none, too many, a name
 * outside [a-z0-9-]{1,32}, a name twice); the agreement is then unchanged. */
MDL_MUST_CHECK enum mdl_status mdl_agreement_set_populations(struct mdl_agreement *a, size_t group,
                                                             enum mdl_role role,
                                                             const char *const *names, size_t n,
                                                             struct mdl_error *err);
bool mdl_population_name_valid(const char *name);

/* One cell and what it is to be, by role. */
struct mdl_agreement_cell {
    const char *population[2];
    enum mdl_level level;
    uint8_t key_type; /* level counts only; else 0 */
};
#define MDL_AGREEMENT_CELLS 1024 /* hidden ones included */
/* Replaces all groups by some that say exactly what the cells say. A cell of level counts is a
 * group of its own; at a higher level the rows (populations of A) with the same columns join, and
 * only those, because a group tells of every pair of its populations. Groups and populations stand
 * in the order in which the cells first mention them. Errors: MDL_U_ARGUMENT (more than
 * MDL_AGREEMENT_CELLS cells, a cell twice, a name outside [a-z0-9-]{1,32}, a key type that the
 * level does not take, no cell above hidden, more than MDL_AGREEMENT_POPULATIONS populations of a
 * side in such cells, more than MDL_AGREEMENT_GROUPS groups), MDL_L_MEMORY; the agreement is then
 * unchanged. */
MDL_MUST_CHECK enum mdl_status mdl_agreement_set_cells(struct mdl_agreement *a,
                                                       const struct mdl_agreement_cell *cells,
                                                       size_t n, struct mdl_error *err);

/* ---- for people --------------------------------------------------------------------------- */

enum mdl_disclosure {
    MDL_THEY_LEARN, /* what the partner would learn of us */
    MDL_WE_LEARN,
    MDL_TERMS,  /* parties, purpose, basis, caps, times */
    MDL_DETAILS /* what no reader can judge by eye: identities, suite, profiles by their digests */
};
#define MDL_DISCLOSURES 4
typedef void mdl_disclosure_fn(void *ctx, enum mdl_disclosure section, const char *sentence);
/* What a round under this agreement would tell whom, as sentences, section by section, seen from
 * the party with role `own`. The text is valid during the call. */
void mdl_agreement_describe(const struct mdl_agreement *a, enum mdl_role own,
                            mdl_disclosure_fn *say, void *ctx);

/* Calls `differ` for each term in which two agreements differ, with both values as text; the nonce
 * is no term. Returns the number of calls. `differ` may be NULL. */
typedef void mdl_difference_fn(void *ctx, const char *term, const char *a, const char *b);
size_t mdl_agreement_compare(const struct mdl_agreement *a, const struct mdl_agreement *b,
                             mdl_difference_fn *differ, void *ctx);

#endif
