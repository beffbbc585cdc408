/* support.h: a sink that remembers, for the tests of the import. */
#ifndef IMPORT_TEST_SUPPORT_H
#define IMPORT_TEST_SUPPORT_H

#include "import.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define RIG_ROWS 2000

struct rig_account {
    uint64_t line;
    char record_id[160], join_id[160], name[160], website[160], country[80], join_name[160];
    char owner[80], type[80];
    bool made_id;
    uint32_t populations;
    size_t n_keys, n_notes;
    struct mdl_import_money revenue, open_value;
};
struct rig_deal {
    uint64_t line;
    char record_id[160], account[160], join_name[160], currency[16], name[160];
    bool won, closed;
    uint32_t populations;
    struct mdl_import_money amount;
};
struct rig_issue {
    enum mdl_import_issue_kind kind;
    uint64_t line;
    uint32_t column;
    char label[80], record_id[160], text[400];
};

struct rig {
    struct mdl_import_options options;
    struct mdl_import_sink sink;
    struct mdl_import *imp;
    struct mdl_error err;
    size_t chunk; /* bytes a feed; 0: all at once */
    size_t n_accounts, n_deals, n_issues;
    struct rig_account accounts[RIG_ROWS];
    struct rig_deal deals[RIG_ROWS];
    struct rig_issue issues[RIG_ROWS];
    unsigned finished, aborted, progressed;
    uint64_t cancel_after;          /* rows; 0: never */
    enum mdl_status account_status; /* what the sink answers */
};

/* The profile is opened once a program. */
const struct mdl_profile *rig_profile(void);
struct rig *rig_new(void);
void rig_free(struct rig *r);
/* Begins with r->options; fails the test if that fails. */
void rig_begin(struct rig *r);
/* One file of these bytes, begun if need be; MDL_OK or what failed. */
enum mdl_status rig_bytes(struct rig *r, const char *name, const void *bytes, size_t len);
enum mdl_status rig_text(struct rig *r, const char *text);
/* One file of tests/unit/import/data, or of another directory. */
enum mdl_status rig_data(struct rig *r, const char *name);
enum mdl_status rig_path(struct rig *r, const char *dir, const char *name);
enum mdl_status rig_finish(struct rig *r);
const struct mdl_import_report *rig_report(const struct rig *r);
const struct rig_account *rig_find(const struct rig *r, const char *name);
/* The first issue of a kind, or NULL. */
const struct rig_issue *rig_issue(const struct rig *r, enum mdl_import_issue_kind kind);
/* Field of the column labelled so in the last file, MDL_FIELD_NONE if there is none. */
int rig_field(const struct rig *r, const char *label);
int rig_how(const struct rig *r, const char *label);
/* Reads a whole file; free it. */
char *rig_read(const char *dir, const char *name, size_t *len);

#define ck_ok(r, expr)                                                                             \
    do {                                                                                           \
        enum mdl_status st_ = (expr);                                                              \
        ck_assert_msg(st_ == MDL_OK, "%s: %s", #expr, (r)->err.text);                              \
    } while (0)
#define ck_text_has(text, part)                                                                    \
    ck_assert_msg(strstr((text), (part)) != NULL, "\"%s\" is not in \"%s\"", (part), (text))

/* main() for a suite of cases. */
int rig_main(Suite *s);

#endif
