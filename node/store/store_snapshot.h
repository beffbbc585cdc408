/* store_snapshot.h: what one cell group of a round runs over, and what it found.
 *
 * A snapshot is a file of its own: the distinct keys of all agreed accounts in ascending byte order
 * (PROTOCOL 6.1) with their ordinals, the accounts, and the links between. After the round the
 * matched keys are grouped back onto the accounts in it. It stays as long as its result: later
 * imports change nothing in it.
 *
 *   loop    mdl_snap_prepare          opens the current generations (a few ms)
 *   worker  mdl_snap_build            seconds for a million keys
 *   any     mdl_snap_open, mdl_snap_keys, ...
 *   loop    mdl_opened_put            each opened slice, into the main database (store_result.h)
 *   worker  mdl_snap_match ..., mdl_snap_regroup
 *   loop    mdl_result_put            chunk by chunk into the main database (store_result.h)
 *
 * Threading: a job or an open snapshot is used by one thread at a time, any thread. While one
 * thread regroups, no other has the same snapshot open. Common errors: store.h.
 */
#ifndef MANDORLA_STORE_SNAPSHOT_H
#define MANDORLA_STORE_SNAPSHOT_H

#include <store_generation.h>

/* A key that more own accounts than this share says nothing: it is left out, and reported. */
#define MDL_SNAP_COMPONENT_CAP 50

struct mdl_snap_spec {
    uint8_t round[MDL_STORE_ROUND];
    uint8_t group;
    const char *const *population; /* of ours in this group, in the agreement's order: bit i */
    size_t n_populations;          /* 1..MDL_STORE_POPULATIONS */
    /* 0: every key of every account. Else the list of a group at level counts: of each account at
     * most one key, and of this type: the one with the lowest origin, of those the lowest bytes.
     * The file then holds keys alone: no account, no link, nothing that could tell which account a
     * key is of. What the component cap leaves out is no choice. */
    uint8_t key_type;
    bool several;           /* other groups of the round hold accounts too: mdl_snap_account_in */
    uint32_t component_cap; /* 0: MDL_SNAP_COMPONENT_CAP */
    /* As in mdl_regroup_rules, -1 for keys that are no identifiers. An identifier that the cap
     * leaves out must not veto; NULL: the masks stay as they are. Called on the thread that builds.
     */
    int (*registry_bit)(void *ctx, const uint8_t *key, size_t len);
    void *registry_ctx;
};

#define MDL_SNAP_EXCLUDED_REPORTED 20
struct mdl_snap_report {
    uint32_t keys, accounts; /* accounts: those in an agreed population, with or without a key */
    uint32_t accounts_without_key;
    /* Accounts of the agreed populations that are in no round, and therefore not in `accounts`; and
     * keys left out because a suppressed account holds them, though another one does as well. */
    uint32_t left_private, left_suppressed, withheld_keys;
    uint32_t population_accounts[MDL_STORE_POPULATIONS];
    uint32_t population_keys[MDL_STORE_POPULATIONS]; /* 0: the round must be refused, empty-set */
    uint64_t data_as_of;                             /* the oldest among the sources */
    uint32_t excluded; /* keys left out by the component cap; the first stand below */
    struct mdl_gen_key excluded_key[MDL_SNAP_EXCLUDED_REPORTED];
    uint8_t excluded_bytes[MDL_SNAP_EXCLUDED_REPORTED][MDL_GEN_KEY_MAX];
    size_t n_excluded;
};

struct mdl_snap_job;

/* On the store's thread: opens the current generation of every source, and takes the suppression
 * list as it stands: no suppressed account and none of its keys will be in the snapshot. An import
 * that swaps in afterwards does not disturb the job. Free with mdl_snap_job_free (NULL is a no-op).
 * MDL_U_ARGUMENT: a population twice or too many. MDL_U_NOT_FOUND: nothing was imported yet. */
MDL_MUST_CHECK enum mdl_status mdl_snap_prepare(struct mdl_store *st,
                                                const struct mdl_snap_spec *spec,
                                                struct mdl_snap_job **out, struct mdl_error *err);
/* Called now and then with the number of keys so far; false cancels. */
typedef bool mdl_snap_progress(void *ctx, uint32_t keys);
/* Builds the file; it exists when this returns MDL_OK, and not otherwise. Any thread, once a job.
 * MDL_U_CANCELLED; MDL_U_TOO_LARGE (more than 4,194,304 keys). A snapshot without keys is built:
 * the caller looks at the report. */
MDL_MUST_CHECK enum mdl_status mdl_snap_build(struct mdl_snap_job *job, mdl_snap_progress *progress,
                                              void *ctx, struct mdl_snap_report *report,
                                              struct mdl_error *err);
void mdl_snap_job_free(struct mdl_snap_job *job);
/* Gives group `to` the list of group `from` of the same round, a built list of keys alone: one file
 * under two names. MDL_U_NOT_FOUND: `from` has none. */
MDL_MUST_CHECK enum mdl_status mdl_snap_share(const char *dir, const uint8_t round[MDL_STORE_ROUND],
                                              uint8_t from, uint8_t to, struct mdl_error *err);

struct mdl_snap;
/* MDL_U_NOT_FOUND: none for this round and group, or it was deleted. Free with mdl_snap_close. */
MDL_MUST_CHECK enum mdl_status mdl_snap_open(const char *dir, const uint8_t round[MDL_STORE_ROUND],
                                             uint8_t group, struct mdl_snap **out,
                                             struct mdl_error *err);
void mdl_snap_close(struct mdl_snap *s);
/* Deletes the file, with its accounts (end of retention). One that is not there is no error. */
void mdl_snap_delete(const char *dir, const uint8_t round[MDL_STORE_ROUND], uint8_t group);

uint32_t mdl_snap_n_keys(const struct mdl_snap *s);
uint32_t mdl_snap_n_accounts(const struct mdl_snap *s);
size_t mdl_snap_n_populations(const struct mdl_snap *s);
const char *mdl_snap_population(const struct mdl_snap *s, size_t bit);

struct mdl_snap_key {
    uint32_t ordinal;
    const uint8_t *bytes; /* valid during the call */
    size_t len;
    uint32_t populations;   /* union over its accounts */
    uint64_t registry_mask; /* union over its accounts */
};
typedef bool mdl_snap_key_fn(void *ctx, const struct mdl_snap_key *k);
/* Keys from ordinal `from` on, at most `limit`, ascending. After mdl_snap_shrink there are
 * none: MDL_U_STATE. */
MDL_MUST_CHECK enum mdl_status mdl_snap_keys(struct mdl_snap *s, uint32_t from, size_t limit,
                                             mdl_snap_key_fn *row, void *ctx,
                                             struct mdl_error *err);

/* Populations and registry types of n keys, in the order of `ordinal`: one visit to the file.
 * MDL_U_NOT_FOUND: no such ordinal. */
MDL_MUST_CHECK enum mdl_status mdl_snap_masks(struct mdl_snap *s, const uint32_t *ordinal, size_t n,
                                              uint32_t *populations, uint64_t *registry_mask,
                                              struct mdl_error *err);

/* In how many keys the two lists differ, counted up to `enough`: keys in the one and not in the
 * other. Reads both: not on the loop. MDL_U_STATE: one of them has dropped its keys. */
MDL_MUST_CHECK enum mdl_status mdl_snap_difference(struct mdl_snap *a, struct mdl_snap *b,
                                                   uint32_t enough, uint32_t *keys,
                                                   struct mdl_error *err);

struct mdl_snap_account {
    int64_t id; /* in this snapshot; ascending by source, then import order */
    const char *source, *generation;
    struct mdl_account_fields fields;
    uint32_t populations;
    uint64_t registry_mask;
    bool review; /* set by mdl_snap_whitespace: a review-tier match that no veto struck */
};
typedef bool mdl_snap_account_fn(void *ctx, const struct mdl_snap_account *a);
/* The accounts that hold the key. MDL_U_NOT_FOUND: no such ordinal. */
MDL_MUST_CHECK enum mdl_status mdl_snap_key_accounts(struct mdl_snap *s, uint32_t ordinal,
                                                     mdl_snap_account_fn *row, void *ctx,
                                                     struct mdl_error *err);

/* The populations of the account with this source and record id, 0 if it is not in this snapshot.
 * Only in a snapshot built with `several`: else MDL_BUG. */
MDL_MUST_CHECK enum mdl_status mdl_snap_account_in(struct mdl_snap *s, const char *source,
                                                   const char *record_id, uint32_t *populations,
                                                   struct mdl_error *err);

/* One opened position: our key with that ordinal matched; what the partner stated with it. */
struct mdl_opened {
    uint32_t ordinal;
    uint32_t partner_populations;
    uint64_t partner_registries;
};
/* Adds opened positions for mdl_snap_regroup; repeating one changes nothing.
 * They are kept when mdl_snap_regroup succeeds; closing the snapshot before forgets them.
 * MDL_U_ARGUMENT: an ordinal that is not in the snapshot. */
MDL_MUST_CHECK enum mdl_status mdl_snap_match(struct mdl_snap *s, const struct mdl_opened *o,
                                              size_t n, struct mdl_error *err);

struct mdl_key_rule {
    uint8_t type;     /* first byte of a key */
    uint8_t priority; /* lower wins */
    bool match_tier;  /* else review */
    bool identifier;  /* vetoes, and is never vetoed */
};
struct mdl_regroup_rules {
    const struct mdl_key_rule *rule;
    size_t n_rules; /* a key of a type without a rule is MDL_U_ARGUMENT */
    /* 0..63, or -1: which registry type an identifier key is of. */
    int (*registry_bit)(void *ctx, const uint8_t *key, size_t len);
    /* Whether one of the two sides holds a match by this key for wrong: then an account that
     * matched by it counts as vetoed, whatever else matched. NULL: none is. */
    bool (*disputed)(void *ctx, const uint8_t *key, size_t len);
    void *ctx;
    size_t n_partner_populations; /* higher bits are cut off */
};

struct mdl_regroup_counts {
    uint32_t total;    /* own accounts in the snapshot */
    uint32_t accounts; /* own accounts matched: match tier, not vetoed */
    uint32_t review;   /* own accounts with review-tier matches only, not vetoed */
    uint32_t vetoed;   /* own accounts whose only matches were vetoed */
    /* Own accounts by population: in the snapshot, matched, review. */
    uint32_t own_total[MDL_STORE_POPULATIONS];
    uint32_t own_matched[MDL_STORE_POPULATIONS];
    uint32_t own_review[MDL_STORE_POPULATIONS];
    uint32_t partner_matched[MDL_STORE_POPULATIONS]; /* own accounts that met this one of theirs */
    uint32_t matched[MDL_STORE_POPULATIONS][MDL_STORE_POPULATIONS]; /* [own][partner] */
    uint32_t reviewed[MDL_STORE_POPULATIONS][MDL_STORE_POPULATIONS];
};
/* Groups the matched keys onto own accounts. Each account gets one finding, the first of: its
 * match-tier keys that no veto strikes, its review keys that no veto strikes, its vetoed match-tier
 * keys, its vetoed review keys; among these the type of the lowest priority wins, then the lowest
 * origin. Partner populations are those of all keys of the winning type in that class. Veto: the
 * key is no identifier, account and partner both hold an id of one registry type, and no identifier
 * of that type of this account matched.
 * May be repeated (after a restart), until mdl_snap_shrink: MDL_U_STATE. `progress` as above, NULL
 * allowed. */
MDL_MUST_CHECK enum mdl_status mdl_snap_regroup(struct mdl_snap *s,
                                                const struct mdl_regroup_rules *rules,
                                                mdl_snap_progress *progress, void *ctx,
                                                struct mdl_regroup_counts *out,
                                                struct mdl_error *err);
/* One group of mdl_snap_unite: where its populations stand in the lists of all groups. */
struct mdl_snap_part {
    uint8_t group;
    uint8_t own[MDL_STORE_POPULATIONS], partner[MDL_STORE_POPULATIONS]; /* bit in all, by bit */
    struct mdl_regroup_counts counts;                                   /* of mdl_snap_regroup */
};
/* Counts over several regrouped snapshots of a round, each own account (source and record id) once:
 * it is matched if it is in one of them, in review if it is matched in none and in review in one.
 * A cell's matches are those of the group it stands in. Reads all accounts: not on the loop. */
MDL_MUST_CHECK enum mdl_status mdl_snap_unite(const char *dir, const uint8_t round[MDL_STORE_ROUND],
                                              const struct mdl_snap_part *part, size_t n,
                                              struct mdl_regroup_counts *out,
                                              struct mdl_error *err);
/* Drops keys, links and opened positions, and gives the space back: accounts and findings stay.
 * Once the round has ended and its result is copied. Some 100 ms for a large snapshot: not on the
 * loop. */
MDL_MUST_CHECK enum mdl_status mdl_snap_shrink(struct mdl_snap *s, struct mdl_error *err);

enum mdl_finding { MDL_FOUND_MATCH, MDL_FOUND_REVIEW };
/* One own account that matched. */
struct mdl_overlap_row {
    int64_t row; /* the account's id in the snapshot: cursor */
    uint8_t group;
    const char *source, *generation;
    struct mdl_account_fields fields;
    uint32_t own_populations, partner_populations;
    uint32_t ordinal; /* of the key that made it */
    const uint8_t *key;
    size_t key_len;
    uint8_t key_type, origin;
    enum mdl_finding tier;
    bool vetoed;
    uint64_t conflicts; /* registry bits that vetoed */
};
typedef bool mdl_overlap_fn(void *ctx, const struct mdl_overlap_row *r);
/* Findings ascending from after `after`, at most `limit`. *next: cursor, 0 at the end.
 * MDL_U_STATE: not regrouped yet. */
MDL_MUST_CHECK enum mdl_status mdl_snap_findings(struct mdl_snap *s, int64_t after, size_t limit,
                                                 mdl_overlap_fn *row, void *ctx, int64_t *next,
                                                 struct mdl_error *err);
/* Whitespace: own accounts that did not match in the match tier (those in review or vetoed among
 * them), in any of `populations` (0: all); cursor, limit and scan as in mdl_gen_accounts. */
MDL_MUST_CHECK enum mdl_status mdl_snap_whitespace(struct mdl_snap *s, uint32_t populations,
                                                   int64_t after, size_t limit,
                                                   mdl_snap_account_fn *row, void *ctx,
                                                   int64_t *next, struct mdl_error *err);

#endif
