/* fixture.h: a data directory of its own for each test, rows to put into it, assertions on
 * outcomes. */
#ifndef MANDORLA_TEST_STORE_FIXTURE_H
#define MANDORLA_TEST_STORE_FIXTURE_H

#include <check.h>
#include <store_agreement.h>
#include <store_audit.h>
#include <store_outbox.h>
#include <store_partner.h>
#include <store_result.h>
#include <string.h>

extern struct mdl_error err; /* of the last call under ok() or fails() */
extern char dir[256];        /* the test's data directory */
extern struct mdl_store *st; /* open during the test */

#define ok(call)                                                                                   \
    do {                                                                                           \
        enum mdl_status outcome_ = (call);                                                         \
        ck_assert_msg(outcome_ == MDL_OK, "%s: %s (%s)", #call, mdl_status_slug(outcome_),         \
                      err.text);                                                                   \
    } while (0)
#define fails(call, status_expected)                                                               \
    do {                                                                                           \
        memset(&err, 0, sizeof err);                                                               \
        enum mdl_status outcome_ = (call);                                                         \
        ck_assert_msg(outcome_ == (status_expected), "%s: %s (%s)", #call,                         \
                      mdl_status_slug(outcome_), err.text);                                        \
        ck_assert_msg(outcome_ == err.status && err.text[0] != '\0', "%s: no text", #call);        \
    } while (0)
#define says(words) ck_assert_msg(strstr(err.text, (words)) != NULL, "text is: %s", err.text)

void fixture_dir(void);   /* makes an empty `dir` */
void fixture_open(void);  /* and opens a new store in it as `st` */
void fixture_close(void); /* closes `st` and removes `dir` */
void reopen(void);        /* closes and opens again */
void remove_tree(const char *path);
/* Runs SQL on the closed main database, past all of the room's checks. */
void tamper(const char *sql);
/* The same where it must fail; returns SQLite's text, valid until the next call. */
const char *tamper_fails(const char *sql);
long count_files(const char *sub); /* in dir/sub */
int64_t query_int(const char *path, const char *sql);
/* What another program gets that opens the file and reads: an SQLite result code. */
int foreign_reader(const char *path);

int64_t add_partner(const char *name, uint8_t seed); /* in a transaction of its own */
void add_agreement(int64_t partner, uint8_t seed);   /* hash: 64 bytes of seed */
/* Id: 16 bytes of seed; one group. Outcome RUNNING. */
void add_round(int64_t partner, uint8_t seed, size_t groups);
void round_id(uint8_t seed, uint8_t id[MDL_STORE_ROUND]);

/* A key of `type` with a textual value, as matchkey encodes it. */
struct test_key {
    uint8_t bytes[64];
    struct mdl_gen_key key;
};
void make_key(struct test_key *k, uint8_t type, const char *value, uint8_t origin);
/* One account from words: keys are "16:acme.com 34:acme", types as numbers; "16:acme.com@4" comes
 * from origin 4, the others from 1 (identifiers) or 2. */
void put_account(struct mdl_gen *g, const char *record, const char *name, const char *keys,
                 uint64_t populations, uint64_t registry_mask);
/* Finishes the generation and swaps it in as the source's current one. */
void finish_and_swap(struct mdl_gen *g, const char *source, const char *generation,
                     struct mdl_gen_summary *sum);
void add_source(const char *name);
/* Prepares and builds the snapshot of round `seed`, group 0. */
void build_snapshot(uint8_t seed, const char *const *population, size_t n,
                    struct mdl_snap_report *report);
extern const struct mdl_regroup_rules test_rules;

int run_suite(Suite *s);

#endif
