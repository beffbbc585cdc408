/* import.h: CRM exports as a stream of bytes -> accounts, opportunities, populations and match
 * keys.
 *
 * One import reads one or more files (accounts, then or before them opportunities or deals), pushed
 * in pieces of any size: begin; for each file file_begin, feed..., file_end; finish. Everything
 * comes out through a *sink*, a struct of callbacks that the service adapts to the store. Memory
 * does not depend on the number of rows: what needs the whole list (is this record id new, which
 * account does this deal join, who is left over as a prospect) is the sink's, and the sink says so
 * in the report.
 *
 * Nothing is half applied: the sink works in a transaction (or a file of its own) that `finish`
 * ends and `abort` drops. A row that cannot be read is rejected with its line and column and the
 * rest goes on; a file that cannot be read as a table fails the import. After a failure every
 * further call returns that same failure.
 *
 * Threading: one import belongs to one thread at a time. Callbacks run on the thread that feeds.
 * Nothing here is secret towards this machine; nothing here is logged or sent.
 */
#ifndef MANDORLA_IMPORT_H
#define MANDORLA_IMPORT_H

#include <mandorla/matchkey.h>
#include <mandorla/status.h>
#include <stdbool.h>

/* Limits. What is over a row's limit costs that row, never the file. */
#define MDL_IMPORT_BLOCK          65536     /* bytes looked at to tell encoding and delimiter */
#define MDL_IMPORT_CELL_MAX       (1 << 20) /* a long text area: 131,072 characters, 4 bytes each */
#define MDL_IMPORT_ROW_MAX        (8 << 20) /* several of those; bounds what an open quote can hold */
#define MDL_IMPORT_COLUMNS_MAX    2048      /* Salesforce: 800 custom fields, HubSpot: 1,000 */
#define MDL_IMPORT_LABEL_MAX      255  /* bytes kept of a label; CRMs end them at 80 characters */
#define MDL_IMPORT_FILES_MAX      16   /* weekly exports split at 512 MB */
#define MDL_IMPORT_HEADER_ROWS    12   /* title and filter rows before a report's header */
#define MDL_IMPORT_MAPS_MAX       128  /* more than there are fields */
#define MDL_IMPORT_POPULATIONS    32   /* a mask of 32 bits */
#define MDL_IMPORT_POPULATION_MAX 32   /* bytes of a population's name: [a-z0-9-] */
#define MDL_IMPORT_RULE_MAX       1024 /* bytes of a population rule */
#define MDL_IMPORT_NOTES_MAX      64   /* more than the fields of one account give */
#define MDL_IMPORT_RECORD_ID_MAX  128  /* bytes; a longer id rejects the row */

/* X(NAME, "slug", "what the column holds"). The slug is what --map takes on the right, and what a
 * population rule may say in place of a column's label. */
#define MDL_IMPORT_FIELD_LIST(X)                                                                   \
    X(RECORD_ID, "record_id", "the CRM's own id of the record")                                    \
    X(NAME, "name", "account name")                                                                \
    X(WEBSITE, "website", "website or URL")                                                        \
    X(DOMAIN, "domain", "bare domain")                                                             \
    X(ADDITIONAL_DOMAINS, "additional_domains", "further domains, separated by semicolons")        \
    X(EMAIL, "email", "e-mail address of the company")                                             \
    X(COUNTRY, "country", "country, as a code or a name")                                          \
    X(LEI, "lei", "Legal Entity Identifier")                                                       \
    X(DUNS, "duns", "D-U-N-S number")                                                              \
    X(VAT, "vat", "VAT id")                                                                        \
    X(TYPE, "type", "account or deal type")                                                        \
    X(STAGE, "stage", "stage of the opportunity or deal")                                          \
    X(LIFECYCLE, "lifecycle", "lifecycle stage")                                                   \
    X(STATUS, "status", "status (Customer, Prospect, ...)")                                        \
    X(OWNER, "owner", "owner's name")                                                              \
    X(OWNER_EMAIL, "owner_email", "owner's e-mail address")                                        \
    X(INDUSTRY, "industry", "industry")                                                            \
    X(EMPLOYEES, "employees", "number of employees")                                               \
    X(ANNUAL_REVENUE, "annual_revenue", "annual revenue")                                          \
    X(CURRENCY, "currency", "currency code of the amounts in the row")                             \
    X(IS_DELETED, "is_deleted", "true for a row in the recycle bin")                               \
    X(IS_PERSON, "is_person", "true for a private person's account")                               \
    X(MASTER_RECORD_ID, "master_record_id", "id of the record this one was merged into")           \
    X(PARENT_ID, "parent_id", "id of the parent account")                                          \
    X(LAST_MODIFIED, "last_modified", "time of the last change")                                   \
    X(OPEN_DEALS, "open_deals", "number of open deals")                                            \
    X(OPEN_DEAL_VALUE, "open_deal_value", "total value of open deals")                             \
    X(ACCOUNT_ID, "account_id", "opportunity or deal: id of its account")                          \
    X(ACCOUNT_NAME, "account_name", "opportunity or deal: name of its account")                    \
    X(DEAL_NAME, "deal_name", "opportunity or deal: name")                                         \
    X(AMOUNT, "amount", "opportunity or deal: amount")                                             \
    X(CLOSE_DATE, "close_date", "opportunity or deal: close date")                                 \
    X(IS_CLOSED, "is_closed", "opportunity or deal: true if closed")                               \
    X(IS_WON, "is_won", "opportunity or deal: true if won")                                        \
    X(IS_LOST, "is_lost", "opportunity or deal: true if lost")                                     \
    X(IS_PRIVATE, "is_private", "opportunity: true if private")                                    \
    X(NEXT_STEP, "next_step", "opportunity or deal: next step")

#define MDL_IMPORT_FIELD_ENUM(name, slug, what) MDL_FIELD_##name,
enum mdl_import_field {
    MDL_IMPORT_FIELD_LIST(MDL_IMPORT_FIELD_ENUM) MDL_FIELD_COUNT,
    MDL_FIELD_IDENTIFIER = 100, /* "id:no_orgnr": a registry id of the scheme named */
    MDL_FIELD_IGNORED,          /* "ignore": leave a column out that would have been recognised */
    MDL_FIELD_NONE              /* a column nobody asked for; a rule may still name it */
};
#undef MDL_IMPORT_FIELD_ENUM

/* X(NAME, "slug", "label", holds opportunities or deals instead of accounts) */
#define MDL_IMPORT_KIND_LIST(X)                                                                    \
    X(UNKNOWN, "unknown", "not recognised", false)                                                 \
    X(SF_ACCOUNT, "salesforce-account", "Salesforce accounts (API names)", false)                  \
    X(SF_ACCOUNT_REPORT, "salesforce-account-report", "Salesforce account report", false)          \
    X(SF_OPPORTUNITY, "salesforce-opportunity", "Salesforce opportunities (API names)", true)      \
    X(SF_OPPORTUNITY_REPORT, "salesforce-opportunity-report", "Salesforce opportunity report",     \
      true)                                                                                        \
    X(HUBSPOT_COMPANY, "hubspot-company", "HubSpot companies", false)                              \
    X(HUBSPOT_DEAL, "hubspot-deal", "HubSpot deals", true)                                         \
    X(SHEET, "sheet", "a sheet of accounts", false)                                                \
    X(DEAL_SHEET, "deal-sheet", "a sheet of opportunities", true)

#define MDL_IMPORT_KIND_ENUM(name, slug, label, deals) MDL_KIND_##name,
enum mdl_import_kind { MDL_IMPORT_KIND_LIST(MDL_IMPORT_KIND_ENUM) MDL_KIND_COUNT };
#undef MDL_IMPORT_KIND_ENUM

/* ASCII until a byte says otherwise: see mdl_import_feed. AUTO is for options only. */
enum mdl_import_encoding {
    MDL_ENCODING_AUTO,
    MDL_ENCODING_ASCII,
    MDL_ENCODING_UTF8,
    MDL_ENCODING_UTF16LE,
    MDL_ENCODING_UTF16BE,
    MDL_ENCODING_WINDOWS_1252 /* a superset of what Latin-1 prints */
};

/* How a column came to its field. */
enum mdl_import_how {
    MDL_COLUMN_UNUSED,
    MDL_COLUMN_RECOGNISED, /* a label of a known export */
    MDL_COLUMN_GUESSED, /* a plain sheet's label that speaks for itself: show it to the operator */
    MDL_COLUMN_MAPPED   /* by the operator */
};

struct mdl_import_column {
    uint16_t index;                       /* 1-based */
    uint8_t how;                          /* enum mdl_import_how */
    uint8_t field;                        /* enum mdl_import_field */
    char scheme[16];                      /* for MDL_FIELD_IDENTIFIER */
    char label[MDL_IMPORT_LABEL_MAX + 1]; /* as found, trimmed, UTF-8 */
};

/* What happened to a row that was not plainly imported. X(NAME, class, "slug", "meaning").
 *   REJECTED  not imported; the operator should look
 *   SKIPPED   left out on purpose
 *   NOTED     imported, with something to know */
#define MDL_IMPORT_ISSUE_LIST(X)                                                                   \
    X(ENCODING, REJECTED, "bad-encoding", "a cell is not valid in the file's encoding")            \
    X(NUL, REJECTED, "nul-byte", "a cell holds a NUL byte")                                        \
    X(QUOTE, REJECTED, "stray-quote", "text follows the closing quote of a cell")                  \
    X(TOO_LONG, REJECTED, "too-long", "a cell or the row is over its size limit")                  \
    X(TOO_MANY_CELLS, REJECTED, "too-many-cells", "more cells than the header has columns")        \
    X(RECORD_ID, REJECTED, "bad-record-id", "the record id is longer than its maximum")            \
    X(NO_ACCOUNT, REJECTED, "no-account", "a deal names no account")                               \
    X(EMPTY, SKIPPED, "empty", "no cell of the row that matters is filled")                        \
    X(DELETED, SKIPPED, "deleted", "the row lies in the CRM's recycle bin")                        \
    X(MERGED, SKIPPED, "merged", "the record was merged into another")                             \
    X(PERSON, SKIPPED, "person", "a private person's account")                                     \
    X(PRIVATE, SKIPPED, "private", "a private opportunity")                                        \
    X(REPEATED_HEADER, SKIPPED, "repeated-header", "the header once more")                         \
    X(FOOTER, SKIPPED, "footer", "a report's footer")                                              \
    X(NO_KEY_EMPTY, NOTED, "no-key-empty", "no name, website or id to derive a key from")          \
    X(NO_KEY_PLACEHOLDER, NOTED, "no-key-placeholder",                                             \
      "a name that makes no key, and nothing else")                                                \
    X(NO_KEY_REFUSED, NOTED, "no-key-refused", "nothing in the row makes a match key")             \
    X(PLACEHOLDER, NOTED, "placeholder-name", "a name that makes no key; something else does")     \
    X(FIELD_REFUSED, NOTED, "field-refused", "a field gave no key; others did")                    \
    X(REPEATED, NOTED, "repeated-record", "the same record again: the first row stands")           \
    X(AMOUNT, NOTED, "bad-amount", "an amount is not a number")                                    \
    X(SHORT, NOTED, "short-row", "fewer cells than the header: the rest was taken as empty")

#define MDL_IMPORT_ISSUE_ENUM(name, cls, slug, meaning) MDL_ISSUE_##name,
enum mdl_import_issue_kind { MDL_IMPORT_ISSUE_LIST(MDL_IMPORT_ISSUE_ENUM) MDL_ISSUE_COUNT };
#undef MDL_IMPORT_ISSUE_ENUM
enum mdl_import_issue_class { MDL_ISSUE_REJECTED, MDL_ISSUE_SKIPPED, MDL_ISSUE_NOTED };

struct mdl_import_issue {
    enum mdl_import_issue_kind kind;
    const char *file;
    uint64_t line;         /* 1-based, where the row begins; a quoted newline counts as a line */
    uint32_t column;       /* 1-based cell, 0 if it concerns the row */
    const char *label;     /* of that column, or "" */
    const char *record_id; /* "" if the row was not read that far */
    const char *text; /* a sentence; holds the operator's own data, so it stays on this machine */
};

/* Hundredths, whatever the currency, so that sums are exact. */
struct mdl_import_money {
    bool present;
    int64_t hundredths;
};

/* The row with all its columns but those that the operator left out, as bytes for rule.h, and the
 * columns of its file, which are the same for each row of one file. */
struct mdl_import_kept {
    size_t file; /* 0-based, in the order in which files were begun */
    const void *header, *row;
    size_t header_len, row_len;
};

/* Pointers hold until the callback returns. Strings are UTF-8 (NFC is not promised), never NULL, ""
 * where the file says nothing. */
struct mdl_import_account {
    const char *file;
    uint64_t line;
    /* The CRM's own id as the file writes it; a 15-character Salesforce id in its 18-character
     * form. Without an id column (made_id) it is made of the row's content ("row-" and a hash of
     * name, website, domains and country), so that the next export of the same sheet gives the same
     * id, in whatever order; two rows alike in all of these are one account. */
    const char *record_id;
    /* What makes two rows the same record, and what deals refer to: the first 15 characters of a
     * Salesforce id, else the id. Compare byte by byte (case matters). */
    const char *join_id;
    bool made_id;
    const char *field[MDL_FIELD_COUNT];
    const char *join_name; /* the name folded for comparing (NFC, case, white space) */
    struct mdl_import_money annual_revenue;
    struct mdl_import_money
        open_deal_value;            /* HubSpot; leave it out where deals are imported too */
    uint32_t populations;           /* bit i: population i of the plan */
    const struct mdl_key_set *keys; /* n may be 0 */
    /* Why there is none: one of MDL_ISSUE_NO_KEY_*; MDL_ISSUE_COUNT if there is one. */
    enum mdl_import_issue_kind keyless;
    struct mdl_import_kept kept;
    /* How the keys came about; only when something gave no key. */
    const struct mdl_key_note *notes;
    size_t n_notes; /* at most MDL_IMPORT_NOTES_MAX */
};

struct mdl_import_opportunity {
    const char *file;
    uint64_t line;
    const char *record_id; /* made of the content if the file has none */
    /* Joins mdl_import_account.join_id; "" if the file has none. HubSpot: the primary company, else
     * the first associated one, so that an amount counts once. */
    const char *account_join_id;
    /* The account's name folded: joins mdl_import_account.join_name where account_join_id is "",
     * and only if exactly one account bears it. */
    const char *join_name;
    const char *field[MDL_FIELD_COUNT];
    struct mdl_import_money amount;
    bool is_closed;
    bool is_won;
    uint32_t populations; /* to be OR-ed into the account's */
    struct mdl_import_kept kept;
};

/* The populations of this import, in the order of the mask's bits. The first three are always
 * customers, open-opportunities and prospects. */
struct mdl_import_plan {
    size_t n;
    char name[MDL_IMPORT_POPULATIONS][MDL_IMPORT_POPULATION_MAX + 1];
    /* Accounts whose mask is 0 when all files are read get this bit (prospects); -1 when the
     * operator wrote a rule for prospects: then they stay in none. */
    int fallback;
};

struct mdl_import_file {
    char name[256];
    enum mdl_import_kind kind;
    enum mdl_import_encoding encoding;
    char delimiter;       /* ',', ';', '\t', or another one that a sep= line names */
    uint64_t header_line; /* 0 until it is found */
    uint64_t bytes, lines;
    uint64_t rows; /* after the header, without blank lines and footers */
    size_t n_columns;
    const struct mdl_import_column *columns;
};

/* Row by row, repeated records and repeated keys included. A sink's `finish` that knows the list
 * may put the distinct keys of the accounts that stay here. */
struct mdl_import_key_count {
    uint8_t type; /* enum mdl_key_type */
    uint64_t keys;
    uint64_t accounts; /* with at least one key of the type */
};
#define MDL_IMPORT_KEY_TYPES 8

struct mdl_import_report {
    struct mdl_import_plan plan;
    size_t n_files;
    struct mdl_import_file files[MDL_IMPORT_FILES_MAX];
    uint64_t bytes, rows;
    uint64_t accounts;      /* delivered and new */
    uint64_t opportunities; /* delivered */
    uint64_t accounts_with_key;
    uint64_t issues[MDL_ISSUE_COUNT]; /* rows; a sink's `finish` may put accounts */
    struct mdl_import_key_count keys[MDL_IMPORT_KEY_TYPES]; /* in the order of MDL_KEY_TYPE_LIST */
    /* The sink's `finish` fills these: */
    uint64_t joined, unjoined;                   /* opportunities */
    uint64_t population[MDL_IMPORT_POPULATIONS]; /* accounts in each */
    uint64_t no_population;                      /* accounts in none */
    uint64_t duplicate_accounts; /* accounts that share a match-tier key with an earlier account */
    uint64_t distinct_keys;
};

/* A callback that fails (any status but MDL_OK, with err filled) ends the import with that status.
 */
struct mdl_import_sink {
    void *ctx;
    /* *repeated is false on entry; set it if the join_id was delivered before in this import. The
     * first row's fields stand; the populations of both are OR-ed. */
    enum mdl_status (*account)(void *ctx, const struct mdl_import_account *a, bool *repeated,
                               struct mdl_error *err);
    enum mdl_status (*opportunity)(void *ctx, const struct mdl_import_opportunity *o,
                                   struct mdl_error *err);
    /* All files are read: join, apply the plan's fallback, fill the report's last part, commit. */
    enum mdl_status (*finish)(void *ctx, struct mdl_import_report *r, struct mdl_error *err);
    /* Called once, if `finish` did not succeed: drop everything. */
    void (*abort)(void *ctx);
    /* May be NULL. */
    void (*issue)(void *ctx, const struct mdl_import_issue *i);
    /* May be NULL. After each feed; false stops the import with MDL_U_CANCELLED. */
    bool (*progress)(void *ctx, uint64_t bytes, uint64_t rows);
};

/* Strings are copied. */
struct mdl_import_options {
    const struct mdl_profile *profile; /* outlives the import */
    /* "COLUMN=FIELD" as given to --map, remembered per source by the service. COLUMN is compared as
     * header labels are (case, Unicode form and outer white space do not matter); "Type#2" is the
     * second column labelled Type. FIELD is a slug of MDL_IMPORT_FIELD_LIST, "id:<scheme>" or
     * "ignore". A mapping is used in every file that has its column; one whose column is in no file
     * fails mdl_import_finish. */
    const char *const *maps;
    size_t n_maps;
    /* "NAME: CONDITION", see mdl_import_check_rule. */
    const char *const *populations;
    size_t n_populations;
    enum mdl_import_encoding encoding; /* MDL_ENCODING_AUTO: detect */
    char delimiter;                    /* 0: detect */
};

struct mdl_import;

/* Errors: MDL_U_ARGUMENT (a map or a rule is not valid, a population is named twice, too many of
 * either; the text says which and where), MDL_L_MEMORY. On failure the sink is not called at all.
 */
MDL_MUST_CHECK enum mdl_status mdl_import_begin(const struct mdl_import_options *options,
                                                const struct mdl_import_sink *sink,
                                                struct mdl_import **out, struct mdl_error *err);

/* `name` is for messages (a path's last part). Errors: MDL_U_TOO_LARGE (too many files), MDL_BUG
 * (the last file was not ended), MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_import_file_begin(struct mdl_import *imp, const char *name,
                                                     struct mdl_error *err);

/* The next bytes of the file, any number of them.
 *
 * Encoding: a byte-order mark decides; else the file is ASCII until the first byte above 0x7F, and
 * what stands within MDL_IMPORT_BLOCK of that byte decides between UTF-8 and Windows-1252, once for
 * the file. Nothing before that byte can be wrong either way. In a UTF-8 file a row whose used
 * cells hold anything else is rejected with line and column; every byte is valid in Windows-1252.
 *
 * Errors: MDL_U_CSV (not a table: an Excel workbook, a compressed file; a quote that never closes,
 * by the line where it opened), MDL_U_HEADER (no row among the first MDL_IMPORT_HEADER_ROWS could
 * be recognised: the text shows the columns found and how to map them;
 * mdl_import_report()->files[last].columns has all of them), MDL_U_CANCELLED, MDL_L_MEMORY, and
 * whatever the sink returned. */
MDL_MUST_CHECK enum mdl_status mdl_import_feed(struct mdl_import *imp, const void *data, size_t len,
                                               struct mdl_error *err);

/* The file is complete. Errors as for feed; MDL_U_CSV also for an empty file. */
MDL_MUST_CHECK enum mdl_status mdl_import_file_end(struct mdl_import *imp, struct mdl_error *err);

/* All files are read. Errors: MDL_U_ARGUMENT (a mapping or a population rule found its columns in
 * no file), MDL_U_STATE (no file), and what the sink returned. */
MDL_MUST_CHECK enum mdl_status mdl_import_finish(struct mdl_import *imp, struct mdl_error *err);

/* Holds until mdl_import_free; also after a failure, as far as it came. */
const struct mdl_import_report *mdl_import_report(const struct mdl_import *imp);

/* NULL is a no-op. Calls the sink's abort if the import neither finished nor failed before. */
void mdl_import_free(struct mdl_import *imp);

/* Checks a population rule: NAME ":" CONDITION, where a condition is
 *     COLUMN = VALUE      COLUMN != VALUE      COLUMN contains VALUE      COLUMN in (A, B, ...)
 *     COLUMN > NUMBER     < >= <=              COLUMN empty               COLUMN filled
 *     COLUMN > DAY        < >= <=              COLUMN is empty            COLUMN is not empty
 *     COLUMN not contains VALUE                COLUMN not in (A, B, ...)
 * (a DAY is 2026-12-31, and cells that begin with such a day compare with it) joined by `and`,
 * `or`, `not` and parentheses. COLUMN is a header label or a field's slug; labels and values that
 * hold an operator word stand in "double" or 'single' quotes. Comparing ignores case, Unicode form
 * and outer white space; in the country's column "DE", "DEU", "Germany" and "Deutschland" are
 * equal. A rule applies to every file that has all of its columns; on a file of opportunities it
 * puts the opportunity's account into the population. A rule for one of the three standard
 * populations replaces that population's default. Errors: MDL_U_ARGUMENT, with the rule and a caret
 * below the place on lines of their own. */
MDL_MUST_CHECK enum mdl_status mdl_import_check_rule(const char *rule, struct mdl_error *err);

/* Checks "COLUMN=FIELD" (the last '=' divides). Errors: MDL_U_ARGUMENT, listing the fields. */
MDL_MUST_CHECK enum mdl_status mdl_import_check_map(const char *map, struct mdl_error *err);

/* Names for people and JSON; "unknown" for a number out of range. */
const char *mdl_import_field_slug(uint8_t field);
const char *mdl_import_field_meaning(uint8_t field);
const char *mdl_import_kind_slug(enum mdl_import_kind kind);
const char *mdl_import_kind_label(enum mdl_import_kind kind);
bool mdl_import_kind_is_deals(enum mdl_import_kind kind);
const char *mdl_import_encoding_name(enum mdl_import_encoding encoding);
const char *mdl_import_how_slug(uint8_t how);
const char *mdl_import_issue_slug(enum mdl_import_issue_kind kind);
const char *mdl_import_issue_meaning(enum mdl_import_issue_kind kind);
enum mdl_import_issue_class mdl_import_issue_class_of(enum mdl_import_issue_kind kind);

#endif
