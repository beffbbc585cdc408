/* import_state.h: one import in progress, for the files of this room only. */
#ifndef MANDORLA_IMPORT_STATE_H
#define MANDORLA_IMPORT_STATE_H

#include "import.h"
#include "import_columns.h"
#include "import_rule.h"
#include "import_source.h"
#include "import_table.h"

#define MDL_IMP_HELD                                                                               \
    8 /* one-cell rows that may turn out to be a report's footer: the real has 5                   \
       */

enum { MDL_POP_CUSTOMERS, MDL_POP_OPEN, MDL_POP_PROSPECTS, MDL_POP_STANDARD };

/* Where a rule's columns are in the present file: a column (>= 0), or a field (-1 - field). */
struct mdl_imp_binding {
    bool applies;
    int32_t at[MDL_IMP_RULE_COLUMNS];
};

struct mdl_import {
    const struct mdl_profile *profile;
    struct mdl_import_sink sink;
    enum mdl_import_encoding encoding;
    char delimiter;
    size_t n_maps;
    struct mdl_imp_map *maps;
    size_t n_rules;
    struct mdl_imp_rule *rules;
    uint32_t defaults; /* standard populations without a rule of their own */
    struct mdl_import_report report;
    bool in_file, finished, aborted;
    enum mdl_status failed; /* MDL_OK until the import fails */
    struct mdl_error error; /* why; also what callees wrote on the way */

    /* The present file. */
    struct mdl_import_file *file;
    struct mdl_imp_columns *columns; /* of `file`; kind is UNKNOWN until the header is found */
    struct mdl_imp_columns all_columns[MDL_IMPORT_FILES_MAX];
    struct mdl_imp_binding *bindings; /* one a rule */
    unsigned header_rows;
    size_t best_filled; /* cells of the best header candidate so far */
    bool footer;
    size_t n_held;
    struct {
        uint64_t line;
        char *text;
    } held[MDL_IMP_HELD];
    struct mdl_imp_source source;
    struct mdl_imp_table table;

    /* The present row. */
    const char *field[MDL_FIELD_COUNT];
    const char *row_id; /* for issues: the id as far as it is known, else "" */
    struct mdl_imp_buf scratch, join_name;
    struct mdl_imp_asking asking;
    struct mdl_imp_buf header, kept; /* of the file, and of the row, as rule.h reads them */
    char record_id[MDL_IMPORT_RECORD_ID_MAX + 4];
    char join_id[MDL_IMPORT_RECORD_ID_MAX + 4];
    struct mdl_key_set keys;
    size_t n_notes;
    struct mdl_key_note notes[MDL_IMPORT_NOTES_MAX];
};

/* Counts an issue and tells the sink. `column` is 1-based, 0 for the row as a whole. */
void mdl_imp_issue(struct mdl_import *imp, enum mdl_import_issue_kind kind, uint64_t line,
                   uint32_t column, const char *fmt, ...) MDL_PRINTF(5, 6);
/* 1-based column a field was read from, 0 if none is bound. */
uint32_t mdl_imp_field_column(const struct mdl_import *imp, enum mdl_import_field field);

/* import_rows.c. Errors: as mdl_import_feed. */
MDL_MUST_CHECK enum mdl_status mdl_imp_row(void *imp, const struct mdl_imp_row *row,
                                           struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_imp_rows_end(struct mdl_import *imp, struct mdl_error *err);
void mdl_imp_held_free(struct mdl_import *imp);
/* Populations that the operator's rules give the row. False: no memory. */
bool mdl_imp_apply_rules(struct mdl_import *imp, const struct mdl_imp_row *row, uint32_t *mask);

/* Where a rule's folded label is in a file: a column (>= 0), or a field's slug (-1 - field);
 * INT32_MIN if nowhere. */
int32_t mdl_imp_locate(const struct mdl_imp_columns *c, const char *label);
/* Whether what stands there is a country. */
bool mdl_imp_is_country(const struct mdl_imp_columns *c, int32_t at);

/* The present row as it is kept, for the sink. */
struct mdl_import_kept mdl_imp_kept(const struct mdl_import *imp);

/* import_accounts.c, import_deals.c. `field` is set. */
MDL_MUST_CHECK enum mdl_status
mdl_imp_account(struct mdl_import *imp, const struct mdl_imp_row *row, struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_imp_deal(struct mdl_import *imp, const struct mdl_imp_row *row,
                                            struct mdl_error *err);

/* import_keys.c: derives the account's keys into imp->keys (and notes). Errors: MDL_L_MEMORY. */
MDL_MUST_CHECK enum mdl_status mdl_imp_derive(struct mdl_import *imp, const struct mdl_imp_row *row,
                                              struct mdl_error *err);
/* Why the account has no key: one of MDL_ISSUE_NO_KEY_*; MDL_ISSUE_COUNT if it has one. */
enum mdl_import_issue_kind mdl_imp_keyless(const struct mdl_import *imp);
/* Counts the keys of an account that is new, and reports what gave none. */
void mdl_imp_count_keys(struct mdl_import *imp, uint64_t line);

/* import_ids.c. Reads imp->record_id and join_id from `id`; false: an issue was raised. */
bool mdl_imp_read_id(struct mdl_import *imp, const char *id, uint64_t line);
/* The form in which a deal refers to an account. `out` is MDL_IMPORT_RECORD_ID_MAX + 4. */
void mdl_imp_join_id(enum mdl_import_kind kind, const char *id, char *out);
/* record_id and join_id from the row's content. False: no memory. */
bool mdl_imp_make_id(struct mdl_import *imp, const enum mdl_import_field *fields, size_t n);

/* import_classify.c: what the words of a CRM say. */
bool mdl_imp_says_customer(const char *s);
bool mdl_imp_says_opportunity(const char *s);
bool mdl_imp_says_won(const char *s);
bool mdl_imp_says_lost(const char *s);

/* Amounts of the file are written with this for a lone separator. */
char mdl_imp_decimal(const struct mdl_import *imp);
/* An amount field; an issue if it holds something that is no number. */
struct mdl_import_money mdl_imp_money(struct mdl_import *imp, enum mdl_import_field field,
                                      uint64_t line);

#endif
