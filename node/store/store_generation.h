/* store_generation.h: the accounts of one import of one source, in a file of their own.
 *
 * A generation is built once, beside the database, and is immutable from then on. An import that
 * fails or is killed leaves the main database and the earlier generation as they were.
 *
 * Threading: a builder and an open generation are used by one thread at a time, any thread. They
 * need the data directory of an open store, not the store. Common errors: store.h.
 */
#ifndef MANDORLA_STORE_GENERATION_H
#define MANDORLA_STORE_GENERATION_H

#include <store_source.h>

#define MDL_GEN_POPULATIONS 64
/* Bits of the three standard populations in every generation. Their names are "customers",
 * "open-opportunities", "prospects". */
#define MDL_GEN_CUSTOMERS          0
#define MDL_GEN_OPEN_OPPORTUNITIES 1
#define MDL_GEN_PROSPECTS          2
#define MDL_GEN_KEY_MAX            512 /* bytes of an encoded key */

/* What is known of one of our own accounts. NULL text: not known. Given: borrowed for the call.
 * Received in a callback: valid during the call, never NULL ("" instead). */
struct mdl_account_fields {
    const char *record_id; /* the CRM's own id; required */
    const char *name;
    const char *website;
    const char *country;
    const char *owner;
    const char *owner_email;
    const char *industry;
    const char *currency; /* of revenue */
    const char *stage;
    const char *type;
    const char *extra; /* JSON: further columns the operator asked to keep */
    const char
        *deals;        /* JSON array, made by mdl_gen_finish from the opportunities, by currency:
                          {"currency","open","open_amount","won","won_amount"}, amounts in hundredths */
    int64_t employees; /* -1: not known */
    int64_t revenue;   /* whole units of currency; -1: not known */
};

struct mdl_gen_key {
    const uint8_t *bytes; /* as encoded for the group: type first */
    size_t len;           /* 1..MDL_GEN_KEY_MAX */
    uint8_t origin;
};

/* The row as it came, in bytes that are the caller's own; NULL: not kept. */
struct mdl_gen_cells {
    int64_t file; /* a number given to mdl_gen_put_file */
    const void *bytes;
    size_t len;
};

struct mdl_gen_account {
    struct mdl_account_fields fields; /* deals is ignored */
    const char *core_name;            /* "" or NULL if none */
    /* What opportunities refer to, and what makes two rows one record; NULL: the record id (a
     * Salesforce id has 15 or 18 characters in one and the same CRM). */
    const char *join_id;
    const char *join_name; /* the name as opportunities are compared with it; NULL: the name */
    uint64_t populations;  /* bits of mdl_gen_population; without prospects, see mdl_gen_finish */
    uint64_t registry_mask;
    uint64_t line; /* of the file, for the report */
    const struct mdl_gen_key *keys;
    size_t n_keys;
    uint8_t keyless; /* if n_keys is 0: the caller's number for why, to be counted in the summary */
    struct mdl_gen_cells cells;
};
#define MDL_GEN_KEYLESS 4 /* such numbers are below this */

struct mdl_gen_opportunity {
    const char *account_id;   /* join_id of its account, or NULL */
    const char *account_name; /* used if account_id is NULL or ""; exact, and must be unique */
    uint64_t populations;     /* to be added to the account's, beside what deals give by default */
    bool won, closed;
    int64_t amount;       /* hundredths; 0 if not known */
    const char *currency; /* NULL: not known */
    struct mdl_gen_cells cells;
};

struct mdl_gen;

/* Starts a generation of `source` in the data directory `dir`. `generation` receives its new name.
 * Free with mdl_gen_abort or mdl_gen_finish. MDL_U_ARGUMENT: the source's name is no slug. */
MDL_MUST_CHECK enum mdl_status mdl_gen_create(const char *dir, const char *source,
                                              char generation[MDL_STORE_GENERATION + 1],
                                              struct mdl_gen **out, struct mdl_error *err);
/* The bit of a population, a new one if the name is new. MDL_U_TOO_LARGE: the 65th. */
MDL_MUST_CHECK enum mdl_status mdl_gen_population(struct mdl_gen *g, const char *name, int *bit,
                                                  struct mdl_error *err);
/* MDL_U_ARGUMENT: no record id, a key of impossible length, or no such `keyless`. */
MDL_MUST_CHECK enum mdl_status
mdl_gen_put_account(struct mdl_gen *g, const struct mdl_gen_account *a, struct mdl_error *err);
/* What is needed to read the cells of a file's rows. MDL_U_EXISTS: the number is taken. */
MDL_MUST_CHECK enum mdl_status mdl_gen_put_file(struct mdl_gen *g, int64_t file, const void *header,
                                                size_t len, struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_gen_put_opportunity(struct mdl_gen *g,
                                                       const struct mdl_gen_opportunity *o,
                                                       struct mdl_error *err);

struct mdl_gen_options {
    uint8_t shared_key_type;   /* keys of this type (first byte) ... */
    uint32_t shared_key_limit; /* ... on more than this many core names are no keys; 0: no limit */
    bool own_deal_rules;       /* opportunities carry their populations: won and open give none */
    bool no_fallback;          /* an account without a population stays in none */
};
/* A domain that was dropped because too many companies stand on it. */
struct mdl_gen_shared_key {
    uint8_t key[MDL_GEN_KEY_MAX];
    size_t len;
    uint32_t core_names, accounts;
};
#define MDL_GEN_SHARED_REPORTED 100
#define MDL_GEN_KEY_TYPES       64 /* a key's type is its first byte */
struct mdl_gen_summary {
    uint64_t accounts, keys /* distinct */, links, accounts_without_key;
    uint64_t keyless[MDL_GEN_KEYLESS]; /* accounts that came without a key, by the reason given */
    uint64_t accounts_without_population; /* with no_fallback only */
    /* Rows whose join_id came before: dropped. The first stays, in the populations of all of them.
     */
    uint64_t duplicate_records;
    struct {
        uint64_t keys /* distinct */, accounts /* with at least one */;
    } of_type[MDL_GEN_KEY_TYPES];
    uint64_t accounts_sharing_keys; /* accounts with a key that another account has too */
    uint64_t opportunities, opportunities_unmatched;
    uint64_t shared_keys; /* dropped; the first MDL_GEN_SHARED_REPORTED stand in `shared` */
    struct mdl_gen_shared_key shared[MDL_GEN_SHARED_REPORTED];
    size_t n_shared;
    int n_populations;
    char population[MDL_GEN_POPULATIONS][MDL_STORE_NAME + 1];
    uint64_t population_accounts[MDL_GEN_POPULATIONS];
};
/* Drops duplicates and shared keys; gives accounts the populations of their opportunities (by
 * default open: open-opportunities; won: customers); makes those that then have none prospects;
 * builds the indexes; brings the file to disk. The generation exists from here on, and is current
 * once mdl_source_swap is committed. Frees *g in any case; upon an error the file is gone.
 * `summary` is large: not for a small stack. */
MDL_MUST_CHECK enum mdl_status mdl_gen_finish(struct mdl_gen *g, const struct mdl_gen_options *opt,
                                              struct mdl_gen_summary *summary,
                                              struct mdl_error *err);
/* Deletes what was built. NULL is a no-op. */
void mdl_gen_abort(struct mdl_gen *g);
/* Deletes a finished generation that is no longer current, and all marks of it. One that is not
 * there is no error; "" is a no-op. Rounds that are being prepared from it are not disturbed. */
void mdl_gen_delete(const char *dir, const char *source, const char *generation);

/* Reading. MDL_U_NOT_FOUND: no such file (it was replaced meanwhile: ask for the source again). */
struct mdl_gen_reader;
MDL_MUST_CHECK enum mdl_status mdl_gen_open(const char *dir, const char *source,
                                            const char *generation, struct mdl_gen_reader **out,
                                            struct mdl_error *err);
/* The same with the marks of mdl_marks_write: populations and counts are then of both. "": none. */
MDL_MUST_CHECK enum mdl_status mdl_gen_open_marked(const char *dir, const char *source,
                                                   const char *generation, const char *marks,
                                                   struct mdl_gen_reader **out,
                                                   struct mdl_error *err);
void mdl_gen_close(struct mdl_gen_reader *r);
/* Why an account is in no round. */
enum mdl_left_out { MDL_TAKES_PART, MDL_LEFT_PRIVATE, MDL_LEFT_SUPPRESSED };
/* Finds the accounts that are in no round: the private ones of the marks, and those that `list`
 * names (NULL: nobody). Before mdl_gen_count, mdl_gen_tally and mdl_gen_suppressed_by, once. Some
 * time for a long list: not on the loop. */
struct mdl_suppressed;
MDL_MUST_CHECK enum mdl_status mdl_gen_leave_out(struct mdl_gen_reader *r,
                                                 const struct mdl_suppressed *list,
                                                 struct mdl_error *err);
int mdl_gen_populations(const struct mdl_gen_reader *r);
const char *mdl_gen_population_name(const struct mdl_gen_reader *r, int bit);

struct mdl_gen_row {
    int64_t id;
    struct mdl_account_fields fields;
    uint64_t populations, registry_mask, line;
};
typedef bool mdl_gen_fn(void *ctx, const struct mdl_gen_row *a);
/* Accounts with any of `populations` (0: all), ascending from after `after`; at most `limit` rows,
 * and at most MDL_STORE_SCAN looked at. *next is the cursor to go on with, 0 at the end. */
#define MDL_STORE_SCAN 20000
MDL_MUST_CHECK enum mdl_status mdl_gen_accounts(struct mdl_gen_reader *r, uint64_t populations,
                                                int64_t after, size_t limit, mdl_gen_fn *row,
                                                void *ctx, int64_t *next, struct mdl_error *err);
/* Accounts with any of `populations` that take part, and their distinct keys, without those that a
 * suppressed account holds too. Reads the whole list: not on the loop. */
MDL_MUST_CHECK enum mdl_status mdl_gen_count(struct mdl_gen_reader *r, uint64_t populations,
                                             uint64_t *accounts, uint64_t *keys,
                                             struct mdl_error *err);
typedef bool mdl_gen_key_fn(void *ctx, const struct mdl_gen_key *k);
MDL_MUST_CHECK enum mdl_status mdl_gen_account_keys(struct mdl_gen_reader *r, int64_t account,
                                                    mdl_gen_key_fn *row, void *ctx,
                                                    struct mdl_error *err);

/* How many accounts have these populations (exactly these) and are left out for this reason. */
typedef void mdl_gen_tally_fn(void *ctx, uint64_t populations, enum mdl_left_out why, uint64_t n);
MDL_MUST_CHECK enum mdl_status mdl_gen_tally(struct mdl_gen_reader *r, mdl_gen_tally_fn *row,
                                             void *ctx, struct mdl_error *err);
/* How many accounts each entry of the suppression list leaves out here; none is not told. */
typedef void mdl_gen_suppressed_fn(void *ctx, int64_t entry, uint64_t n);
MDL_MUST_CHECK enum mdl_status mdl_gen_suppressed_by(struct mdl_gen_reader *r,
                                                     mdl_gen_suppressed_fn *row, void *ctx,
                                                     struct mdl_error *err);

/* ---- rows as they came */

typedef bool mdl_gen_file_fn(void *ctx, int64_t file, const void *header, size_t len);
MDL_MUST_CHECK enum mdl_status mdl_gen_files(struct mdl_gen_reader *r, mdl_gen_file_fn *row,
                                             void *ctx, struct mdl_error *err);
/* A row and the account that it is of; of an opportunity with its account's row (bytes NULL if that
 * was not kept). */
typedef bool mdl_gen_cells_fn(void *ctx, int64_t account, const struct mdl_gen_cells *own,
                              const struct mdl_gen_cells *of_account);
/* The rows of accounts (repeated records among them); `of_account` is NULL. */
MDL_MUST_CHECK enum mdl_status mdl_gen_account_cells(struct mdl_gen_reader *r,
                                                     mdl_gen_cells_fn *row, void *ctx,
                                                     struct mdl_error *err);
/* The rows of opportunities that have an account. */
MDL_MUST_CHECK enum mdl_status mdl_gen_opportunity_cells(struct mdl_gen_reader *r,
                                                         mdl_gen_cells_fn *row, void *ctx,
                                                         struct mdl_error *err);
/* The highest account id. */
MDL_MUST_CHECK enum mdl_status mdl_gen_last_account(struct mdl_gen_reader *r, int64_t *id,
                                                    struct mdl_error *err);
/* One account. MDL_U_NOT_FOUND. */
MDL_MUST_CHECK enum mdl_status mdl_gen_account_at(struct mdl_gen_reader *r, int64_t id,
                                                  mdl_gen_fn *row, void *ctx,
                                                  struct mdl_error *err);

/* ---- marks: what rules made after the import say of its accounts, in a file beside it */

#define MDL_MARK_PRIVATE (UINT64_C(1) << 63)
struct mdl_marks {
    const char *const *population; /* i has the bit first_bit + i */
    size_t n_populations;
    int first_bit;        /* mdl_gen_populations of the generation without marks */
    const uint64_t *mark; /* by account id, 0..last: bits of populations, MDL_MARK_PRIVATE */
    int64_t last;
};
/* Writes the file and brings it to disk; `marks` receives its new name. In use once mdl_source_swap
 * or mdl_source_mark is committed; until then, and when it is replaced, mdl_marks_delete. Any
 * thread. */
MDL_MUST_CHECK enum mdl_status mdl_marks_write(const char *dir, const char *source,
                                               const char *generation, const struct mdl_marks *m,
                                               char marks[MDL_STORE_GENERATION + 1],
                                               struct mdl_error *err);
/* "" is a no-op, so is one that is not there. */
void mdl_marks_delete(const char *dir, const char *source, const char *generation,
                      const char *marks);

#endif
