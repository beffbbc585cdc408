/* check_levels.c: rounds whose cells stand at different levels: true numbers on both sides, no
 * trace of what was only counted, and not one byte of a list where a round may not run. Time is
 * moved for this process, or for one node's thread. */
#include "nodes.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HOUR 3600

/* ---- time --------------------------------------------------------------------------------------
 */

static _Atomic long shift_all;   /* seconds, on the clock on the wall */
static _Atomic(pthread_t) ahead; /* a thread whose clock goes before */
static _Atomic long shift_ahead; /* by so many seconds */

/* The nodes' clock: takes the place of the library's in this program. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
    long r = syscall(SYS_clock_gettime, id, ts);
    if (id == CLOCK_REALTIME && r == 0) {
        ts->tv_sec += atomic_load(&shift_all);
        if (pthread_equal(pthread_self(), atomic_load(&ahead))) {
            ts->tv_sec += atomic_load(&shift_ahead);
        }
    }
    return (int)r;
}

/* ---- lists and agreements ----------------------------------------------------------------------
 */

#define HEADER "Company name,Company Domain Name,Additional Domains,Lifecycle Stage,Record ID\n"

static const char list_northwind[] = HEADER "Acme,acme.com,acme.de;acme.fr,customer,A1\n"
                                            "Initech,initech.com,,customer,A2\n"
                                            "Starkhouse,starkhouse.com,,customer,A3\n"
                                            "Globex,globex.com,,lead,A4\n"
                                            "Umbrella,umbrella.io,,lead,A5\n"
                                            "Waynecorp,waynecorp.com,,lead,A6\n"
                                            "Hiddenhill,hiddenhill.com,,lead,A7\n";
static const char list_contoso[] = HEADER "Acme Ltd,acme.com,acme.de;acme.fr,customer,1\n"
                                          "Globex Inc,globex.com,,customer,2\n"
                                          "Waynecorp One,waynecorp.com,,customer,3\n"
                                          "Waynecorp Two,waynecorp.com,,customer,4\n"
                                          "Initech LLC,initech.com,,lead,5\n"
                                          "Starkhouse AG,starkhouse.com,,lead,6\n"
                                          "Acme East,acme.com,acme.de;acme.fr,lead,7\n"
                                          "Umbrella,umbrella.io,,lead,8\n"
                                          "Wonka,wonka.com,,lead,9\n";

/* Northwind's customers: acme, initech, starkhouse; its prospects: globex, umbrella, waynecorp,
 * hiddenhill. Contoso's customers: acme, globex, waynecorp (two accounts of one house); its
 * prospects: initech, starkhouse, acme (once more), umbrella, wonka. */
static const char mixed[] = "customers : customers = accounts\n"
                            "customers : prospects = counts\n"
                            "prospects : customers = counts\n"
                            "prospects : prospects = hidden\n"
                            "open-opportunities : customers = counts\n";

static json_t *at(const json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);
    ck_assert_msg(v != NULL, "no %s", key);
    return v;
}

static json_int_t number(const json_t *o, const char *key)
{
    ck_assert_msg(json_is_integer(at(o, key)), "%s is no number", key);
    return json_integer_value(at(o, key));
}

static void is_text(const json_t *o, const char *key, const char *want)
{
    ck_assert_str_eq(json_string_value(at(o, key)), want);
}

static bool tries(struct node *n, const char *verb, json_t *params)
{
    struct mdl_error err = {MDL_OK, ""};
    json_t *doc = NULL;
    enum mdl_status st = mdl_service_do(n->service, verb, params, &doc, &err);
    json_decref(params);
    json_decref(doc);
    return st == MDL_OK;
}

static void until(struct node *n, const char *verb, const char *key, const char *value)
{
    for (int i = 0; !tries(n, verb, json_pack("{s:s}", key, value)); i++) {
        ck_assert_msg(i < 500, "%s of %s never came through", verb, value);
        usleep(20000);
    }
}

static void wait_in_force(struct node *n, const char *hash)
{
    for (int i = 0;; i++) {
        json_t *doc = node_do(n, "agreement.list", json_object());
        size_t k;
        size_t hits = 0;
        const json_t *a;
        json_array_foreach(at(doc, "agreements"), k, a)
        {
            hits += strcmp(json_string_value(at(a, "state")), "in-force") == 0 &&
                    strcmp(json_string_value(at(a, "id")), hash) == 0;
        }
        json_decref(doc);
        if (hits > 0) {
            return;
        }
        ck_assert_int_lt(i, 500);
        usleep(20000);
    }
}

/* Northwind proposes these terms, Contoso signs. */
static void agree(const char *caps, const char *cells)
{
    char terms[2000];
    (void)snprintf(terms, sizeof terms,
                   "[agreement]\npurpose = Joint planning\nlegal_basis = GDPR Art. 6(1)(f)\n"
                   "valid_days = 30\n[caps]\nmin_keys = 1\n%s[cells]\n%s",
                   caps, cells);
    json_t *doc = node_do(&northwind, "agreement.propose",
                          json_pack("{s:s, s:s}", "partner", "Contoso", "terms", terms));
    const char *hash = json_string_value(at(at(doc, "agreement"), "id"));
    until(&contoso, "agreement.accept", "agreement", hash);
    wait_in_force(&northwind, hash);
    wait_in_force(&contoso, hash);
    json_decref(doc);
}

static void import_lists(void)
{
    json_decref(node_import(&northwind, "n.csv", list_northwind, NULL));
    json_decref(node_import(&contoso, "c.csv", list_contoso, NULL));
}

static void ready(const char *caps, const char *cells)
{
    import_lists();
    nodes_pair(&northwind, &contoso, true);
    agree(caps, cells);
}

#define EASY "min_result = 0\ncooldown_hours = 0\nmin_change = 0\nmax_rounds_month = 20\n"

static void start(char id[33])
{
    json_t *doc = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    (void)snprintf(id, 33, "%s", json_string_value(at(at(doc, "round"), "id")));
    json_decref(doc);
}

static json_t *run_round(const char *want)
{
    char id[33];
    start(id);
    until(&contoso, "round.approve", "round", id);
    json_decref(node_wait_round(&contoso, id, 30));
    json_t *round = node_wait_round(&northwind, id, 30);
    ck_assert_msg(strcmp(json_string_value(at(round, "state")), want) == 0, "%s: %s",
                  json_string_value(at(round, "state")),
                  json_string_value(json_object_get(round, "text")));
    return round;
}

/* ---- numbers -----------------------------------------------------------------------------------
 */

static const json_t *count_of(const json_t *matrix, const char *own, const char *theirs)
{
    size_t i;
    const json_t *c;
    json_array_foreach(at(matrix, "counts"), i, c)
    {
        if (strcmp(json_string_value(at(c, "population")), own) == 0 &&
            strcmp(json_string_value(at(c, "partner_population")), theirs) == 0) {
            return c;
        }
    }
    ck_abort_msg("no count of %s with %s", own, theirs);
    return NULL;
}

static void expect_count(const json_t *m, const char *own, const char *theirs, json_int_t matched,
                         json_int_t own_keys, json_int_t partner_keys)
{
    const json_t *c = count_of(m, own, theirs);
    is_text(c, "state", "known");
    is_text(c, "key_type", "domain");
    ck_assert_int_eq(number(c, "matched"), matched);
    ck_assert_int_eq(number(c, "own_keys"), own_keys);
    ck_assert_int_eq(number(c, "partner_keys"), partner_keys);
}

static void expect_overlap(struct node *n, const char *partner, const char *name)
{
    json_t *o = node_do(n, "overlap", json_pack("{s:s}", "partner", partner));
    ck_assert_uint_eq(json_array_size(at(o, "rows")), 1);
    is_text(json_array_get(at(o, "rows"), 0), "name", name);
    ck_assert_int_eq(number(at(o, "totals"), "own_accounts"), 1);
    ck_assert_int_eq(number(at(o, "totals"), "partner_accounts"), 1);
    json_decref(o);
}

START_TEST(both_sides_have_the_true_numbers)
{
    ready(EASY, mixed);
    json_t *round = run_round("complete");
    ck_assert_uint_eq(json_array_size(at(round, "groups")), 4);
    json_decref(round);
    json_t *m = node_do(&northwind, "matrix", json_pack("{s:s}", "partner", "Contoso"));
    /* Acme has three domains in common with Acme East, and counts once. */
    expect_count(m, "customers", "prospects", 3, 3, 5);
    /* Waynecorp stands twice with Contoso, and counts once. */
    expect_count(m, "prospects", "customers", 2, 4, 3);
    is_text(count_of(m, "open-opportunities", "customers"), "state", "skipped");
    ck_assert_int_eq(number(m, "own_accounts"), 1);
    ck_assert_int_eq(number(m, "own_total"), 3);
    char *cells = json_dumps(at(m, "cells"), JSON_COMPACT);
    ck_assert_str_eq(cells, "[[1,3],[2,null],[null,null]]");
    free(cells);
    json_decref(m);
    m = node_do(&contoso, "matrix", json_pack("{s:s}", "partner", "Northwind"));
    expect_count(m, "prospects", "customers", 3, 5, 3);
    expect_count(m, "customers", "prospects", 2, 3, 4);
    is_text(count_of(m, "customers", "open-opportunities"), "state", "skipped");
    ck_assert_int_eq(number(m, "own_total"), 4);
    json_decref(m);
    expect_overlap(&northwind, "Contoso", "Acme");
    expect_overlap(&contoso, "Northwind", "Acme Ltd");
    json_t *w = node_do(&northwind, "whitespace", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_uint_eq(json_array_size(at(w, "rows")), 2); /* customers only: Initech, Starkhouse */
    ck_assert_uint_eq(json_array_size(at(w, "theirs_only")), 3);
    json_decref(w);
}
END_TEST

/* ---- no trace ----------------------------------------------------------------------------------
 */

static sqlite3_int64 ask(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
    sqlite3_int64 n = sqlite3_column_int64(q, 0);
    (void)sqlite3_finalize(q);
    (void)sqlite3_close(db);
    return n;
}

/* Whether a file has these bytes anywhere; a file that is not there has none. */
static bool holds(const char *path, const char *word)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return false;
    }
    ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
    size_t len = (size_t)ftell(f);
    char *bytes = malloc(len + 1);
    ck_assert_ptr_nonnull(bytes);
    rewind(f);
    ck_assert_uint_eq(fread(bytes, 1, len, f), len);
    (void)fclose(f);
    bool hit = memmem(bytes, len, word, strlen(word)) != NULL;
    free(bytes);
    return hit;
}

/* Names and domains of accounts that only counts told of, in the main database and its journal. */
static void no_word_of(struct node *n)
{
    static const char *const words[] = {"Initech",     "initech.com", "Starkhouse",    "starkhouse",
                                        "Globex",      "globex.com",  "Waynecorp",     "waynecorp",
                                        "umbrella.io", "Hiddenhill",  "hiddenhill.com"};
    static const char *const files[] = {"mandorla.db", "mandorla.db-wal", "mandorla.db-journal"};
    char path[400];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", n->dir, files[i]);
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
            ck_assert_msg(!holds(path, words[k]), "%s holds %s", path, words[k]);
        }
    }
}

static size_t counted_lists(struct node *n)
{
    static const char *const empty[] = {"account", "link", "matched", "finding"};
    char path[600];
    char sql[100];
    size_t seen = 0;
    (void)snprintf(path, sizeof path, "%s/rounds", n->dir);
    DIR *d = opendir(path);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (strstr(e->d_name, ".db") == NULL || strstr(e->d_name, "-0.db") != NULL) {
            continue; /* group 0 is the cell at level accounts */
        }
        (void)snprintf(path, sizeof path, "%s/rounds/%s", n->dir, e->d_name);
        for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
            (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", empty[i]);
            ck_assert_msg(ask(path, sql) == 0, "%s of %s has rows", empty[i], e->d_name);
        }
        ck_assert_int_gt(ask(path, "SELECT count(*) FROM snap_key"), 0);
        seen++;
    }
    (void)closedir(d);
    return seen;
}

static void no_trace(struct node *n, size_t lists)
{
    char db[300];
    (void)snprintf(db, sizeof db, "%s/mandorla.db", n->dir);
    no_word_of(n); /* while it runs, and when its journal is gone */
    node_stop(n);
    no_word_of(n);
    ck_assert_int_eq(ask(db, "SELECT count(*) FROM round_group WHERE level = 'counts'"), 3);
    ck_assert_int_eq(ask(db, "SELECT level = 'accounts' FROM round_group WHERE grp = 0"), 1);
    ck_assert_int_eq(ask(db, "SELECT count(*) FROM opened WHERE grp > 0"), 0);
    ck_assert_int_eq(ask(db, "SELECT count(*) FROM overlap WHERE grp > 0"), 0);
    ck_assert_int_eq(ask(db, "SELECT count(*) FROM result WHERE grp BETWEEN 1 AND 31"), 0);
    ck_assert_int_eq(ask(db, "SELECT count(*) FROM result_cell WHERE grp BETWEEN 1 AND 31"), 0);
    /* And what is told account by account is there: the assertions above can fail. */
    ck_assert_int_eq(ask(db, "SELECT count(*) FROM overlap WHERE grp = 0 AND tier = 0"), 1);
    ck_assert_int_gt(ask(db, "SELECT count(*) FROM opened WHERE grp = 0"), 0);
    ck_assert_uint_eq(counted_lists(n), lists);
}

START_TEST(nothing_tells_which_account_was_counted)
{
    ready(EASY, mixed);
    json_decref(run_round("complete"));
    no_trace(&northwind, 2); /* it has no open opportunity: no list, no file */
    no_trace(&contoso, 3);
}
END_TEST

START_TEST(a_small_count_is_not_shown)
{
    ready("min_result = 3\ncooldown_hours = 0\nmin_change = 0\nmax_rounds_month = 20\n", mixed);
    json_t *round = run_round("complete");
    /* Acme: three domains and a name; three of customers with prospects; the two are not told. */
    ck_assert_int_ge(number(at(round, "keys"), "matched"), 6);
    json_decref(round);
    json_t *m = node_do(&northwind, "matrix", json_pack("{s:s}", "partner", "Contoso"));
    expect_count(m, "customers", "prospects", 3, 3, 5);
    const json_t *c = count_of(m, "prospects", "customers");
    ck_assert(json_is_null(at(c, "matched")));
    ck_assert_int_eq(number(c, "below"), 3);
    ck_assert(json_is_null(json_array_get(json_array_get(at(m, "cells"), 1), 0)));
    json_decref(m);
    json_t *w = node_do(&northwind, "whitespace", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_uint_eq(json_array_size(at(w, "theirs_only")), 2); /* it would tell the two */
    json_decref(w);
}
END_TEST

START_TEST(counts_alone_make_no_list)
{
    ready(EASY, "customers : customers = counts\n");
    json_decref(run_round("complete"));
    json_t *m = node_do(&contoso, "matrix", json_pack("{s:s}", "partner", "Northwind"));
    expect_count(m, "customers", "customers", 1, 3, 3);
    ck_assert_int_eq(number(m, "own_accounts"), 0);
    json_decref(m);
    const char *text =
        node_refuses(&contoso, "overlap", json_pack("{s:s}", "partner", "Northwind"), MDL_U_STATE);
    ck_assert_ptr_nonnull(strstr(text, "mandorla matrix"));
    (void)node_refuses(&contoso, "whitespace", json_pack("{s:s}", "partner", "Northwind"),
                       MDL_U_STATE);
    json_t *v = node_do(&contoso, "audit.verify", json_object());
    ck_assert(json_is_true(at(v, "ok")));
    json_decref(v);
}
END_TEST

/* Two rectangles: Acme is in both with Contoso's customers and prospects, and stands there once. */
START_TEST(an_account_of_two_groups_stands_once)
{
    ready(EASY, "customers : customers = accounts\ncustomers : prospects = accounts\n"
                "prospects : customers = accounts\n");
    json_decref(run_round("complete"));
    json_t *o = node_do(&contoso, "overlap", json_pack("{s:s}", "partner", "Northwind"));
    /* Acme Ltd, Globex, Waynecorp twice, Initech, Starkhouse, Acme East */
    ck_assert_uint_eq(json_array_size(at(o, "rows")), 7);
    ck_assert_int_eq(number(at(o, "totals"), "own_accounts"), 7);
    ck_assert_int_eq(number(at(o, "totals"), "partner_accounts"), 5);
    ck_assert_uint_eq(json_array_size(at(o, "compared")), 2);
    json_decref(o);
    for (json_int_t limit = 1; limit < 3; limit++) {
        size_t rows = 0;
        json_t *cursor = NULL;
        do {
            o = node_do(&northwind, "overlap",
                        json_pack("{s:s, s:I, s:O*}", "partner", "Contoso", "limit", limit,
                                  "cursor", cursor));
            rows += json_array_size(at(o, "rows"));
            json_decref(cursor);
            cursor = json_incref(at(o, "next_cursor"));
            json_decref(o);
        } while (!json_is_null(cursor));
        json_decref(cursor);
        ck_assert_uint_eq(rows, 5); /* Acme, Initech, Starkhouse, Globex, Waynecorp */
    }
    json_t *w = node_do(&northwind, "whitespace", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_uint_eq(json_array_size(at(w, "rows")), 2); /* Umbrella, Hiddenhill */
    json_t *among = at(json_array_get(at(w, "rows"), 0), "not_among");
    ck_assert_uint_eq(json_array_size(among), 1);
    ck_assert_str_eq(json_string_value(json_array_get(among, 0)), "customers");
    json_decref(w);
    json_t *m = node_do(&northwind, "matrix", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_int_eq(number(m, "own_accounts"), 5);
    ck_assert_int_eq(number(m, "own_total"), 7);
    char *cells = json_dumps(at(m, "cells"), JSON_COMPACT);
    ck_assert_str_eq(cells, "[[1,3],[2,null]]");
    free(cells);
    json_decref(m);
}
END_TEST

static const json_t *line_of(const json_t *cells, const char *own, const char *theirs)
{
    size_t i;
    const json_t *c;
    json_array_foreach(cells, i, c)
    {
        if (strcmp(json_string_value(json_array_get(at(c, "populations"), 0)), own) == 0 &&
            strcmp(json_string_value(json_array_get(at(c, "partner_populations"), 0)), theirs) ==
                0) {
            return c;
        }
    }
    ck_abort_msg("no line of %s with %s", own, theirs);
    return NULL;
}

/* Two rounds under one agreement, one that broke off under the next. */
START_TEST(the_ledger_adds_up)
{
    ready(EASY, mixed);
    json_t *d = node_do(&northwind, "ledger", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_uint_eq(json_array_size(at(d, "agreements")), 0);
    ck_assert_int_eq(number(at(d, "budget"), "rounds_left"), 20);
    json_decref(d);
    json_decref(run_round("complete"));
    json_decref(run_round("complete"));
    agree("min_result = 5\ncooldown_hours = 0\nmin_change = 0\nmax_rounds_month = 20\n"
          "max_keys_month = 1000\n",
          "customers : prospects = counts\n");
    json_decref(run_round("complete"));
    d = node_do(&northwind, "ledger", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_uint_eq(json_array_size(at(d, "agreements")), 2);
    const json_t *newer = json_array_get(at(d, "agreements"), 0);
    const json_t *older = json_array_get(at(d, "agreements"), 1);
    is_text(newer, "state", "in-force");
    is_text(older, "state", "replaced");
    ck_assert_int_eq(number(older, "rounds"), 2);
    const json_t *c = line_of(at(older, "cells"), "customers", "prospects");
    is_text(c, "level", "counts");
    ck_assert_int_eq(number(at(c, "rounds"), "complete"), 2);
    ck_assert_int_eq(number(c, "keys_theirs"), 10);
    ck_assert_int_eq(number(c, "keys_ours"), 6);
    ck_assert_int_eq(number(c, "months"), 1);
    ck_assert_int_eq(number(c, "results"), 2);
    ck_assert_int_eq(number(c, "last"), 3);
    /* A number from 0 to 3 tells two bits. */
    ck_assert_double_eq_tol(json_real_value(at(c, "bits")), 4.0, 0.001);
    c = line_of(at(older, "cells"), "customers", "customers");
    ck_assert(json_is_null(at(c, "bits")));
    c = line_of(at(older, "cells"), "open-opportunities", "customers");
    ck_assert_int_eq(number(c, "keys_theirs") + number(c, "results"), 0);
    c = line_of(at(newer, "cells"), "customers", "prospects");
    ck_assert(json_is_null(at(c, "last")));
    ck_assert_int_eq(number(c, "last_below"), 5);
    ck_assert_int_eq(number(c, "matched_sum"), 0);
    const json_t *b = at(d, "budget");
    ck_assert_int_eq(number(b, "rounds"), 3);
    ck_assert_int_eq(number(b, "rounds_left"), 17);
    ck_assert_int_eq(number(b, "keys_theirs") + number(b, "keys_theirs_left"), 1000);
    ck_assert_int_eq(number(b, "keys_ours") + number(b, "keys_ours_left"), 1000);
    ck_assert(json_is_null(at(b, "cooldown_until")));
    json_decref(d);
    /* What one side says they asked, the other says we asked. */
    json_t *theirs = node_do(&contoso, "ledger", json_pack("{s:s}", "partner", "Northwind"));
    d = node_do(&northwind, "ledger", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert_int_eq(number(at(theirs, "budget"), "keys_ours"),
                     number(at(d, "budget"), "keys_theirs"));
    json_decref(theirs);
    json_decref(d);
    agree("min_result = 5\ncooldown_hours = 4\n", "customers : prospects = counts\n");
    d = node_do(&northwind, "ledger", json_pack("{s:s}", "partner", "Contoso"));
    ck_assert(json_is_string(at(at(d, "budget"), "cooldown_until")));
    json_decref(d);
}
END_TEST

/* A2 becomes a prospect, A3 goes, A9 comes; Contoso's list stays. */
START_TEST(what_changed_between_rounds)
{
    ready(EASY, "customers : customers = accounts\ncustomers : prospects = accounts\n"
                "prospects : customers = counts\n");
    json_t *first = run_round("complete");
    json_decref(node_import(&northwind, "n.csv",
                            HEADER "Acme,acme.com,acme.de;acme.fr,customer,A1\n"
                                   "Starkhouse,starkhouse.com,,lead,A3\n"
                                   "Wonka,wonka.com,,customer,A9\n"
                                   "Globex,globex.com,,customer,A4\n",
                            NULL));
    agree(EASY, "customers : customers = accounts\ncustomers : prospects = accounts\n"
                "prospects : prospects = accounts\nprospects : customers = counts\n");
    json_t *second = run_round("complete");
    json_t *d =
        node_do(&northwind, "round.diff",
                json_pack("{s:O, s:O}", "round", at(first, "id"), "with", at(second, "id")));
    ck_assert_int_eq(number(at(d, "new"), "count"), 2); /* Wonka, Globex */
    ck_assert_int_eq(number(at(d, "lost"), "count"), 1);
    is_text(json_array_get(at(at(d, "lost"), "rows"), 0), "name", "Initech");
    ck_assert_int_eq(number(at(d, "moved"), "count"), 1);
    const json_t *row = json_array_get(at(at(d, "moved"), "rows"), 0);
    is_text(row, "name", "Starkhouse");
    ck_assert_str_eq(json_string_value(json_array_get(at(row, "populations"), 0)), "prospects");
    ck_assert_str_eq(json_string_value(json_array_get(at(at(row, "before"), "populations"), 0)),
                     "customers");
    size_t i;
    const json_t *c;
    size_t seen = 0;
    json_array_foreach(at(d, "cells"), i, c)
    {
        bool own_customers = strcmp(json_string_value(at(c, "population")), "customers") == 0;
        bool customers = strcmp(json_string_value(at(c, "partner_population")), "customers") == 0;
        if (own_customers && customers) {
            ck_assert_int_eq(number(c, "before"), 1);
            ck_assert_int_eq(number(c, "after"), 2);
        } else if (!own_customers && customers) {
            is_text(c, "level", "counts");
            ck_assert_int_eq(number(c, "before"), 2);
            ck_assert_int_eq(number(c, "after"), 0);
        } else if (!own_customers) {
            is_text(c, "level_before", "hidden");
            is_text(c, "level", "accounts");
            ck_assert(json_is_null(at(c, "before")));
            ck_assert_int_eq(number(c, "after"), 1);
        }
        seen++;
    }
    ck_assert_uint_eq(seen, 4);
    json_decref(d);
    (void)node_refuses(&northwind, "round.diff",
                       json_pack("{s:O, s:s}", "round", at(first, "id"), "with", "Nobody"),
                       MDL_U_NOT_FOUND);
    json_decref(first);
    json_decref(second);
}
END_TEST

/* ---- not one byte of a list --------------------------------------------------------------------
 */

/* Messages that carry anything of a list, in a node's log, both ways. */
static size_t list_messages(struct node *n)
{
    static const char *const types[] = {"COMMIT", "CHUNK", "TAGS"};
    json_t *log = node_do(n, "audit.list", json_pack("{s:i, s:i}", "after", 0, "limit", 5000));
    size_t hits = 0;
    size_t i;
    const json_t *e;
    json_array_foreach(at(log, "entries"), i, e)
    {
        const char *type = json_string_value(json_object_get(e, "type"));
        for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
            hits += type != NULL && strstr(type, types[k]) != NULL ? 1 : 0;
        }
    }
    json_decref(log);
    return hits;
}

static size_t moved_lists(void)
{
    return list_messages(&northwind) + list_messages(&contoso);
}

static void cannot_start(struct node *n, const char *partner, const char *cap)
{
    const char *text =
        node_refuses(n, "round.start", json_pack("{s:s}", "partner", partner), MDL_P_CAP);
    ck_assert_msg(strstr(text, cap) != NULL, "%s", text);
}

START_TEST(nothing_without_an_agreement)
{
    char id[33];
    import_lists();
    nodes_pair(&northwind, &contoso, false);
    start(id); /* proposes the standard agreement, which waits */
    usleep(500000);
    ck_assert_uint_eq(moved_lists(), 0);
    json_decref(node_do(&northwind, "round.abort", json_pack("{s:s}", "round", id)));
    agree(EASY, mixed);
    json_decref(run_round("complete"));
    ck_assert_uint_gt(moved_lists(), 10); /* the count counts */
}
END_TEST

START_TEST(nothing_without_approval)
{
    char id[33];
    ready(EASY, mixed); /* approval: a person; the standing rules of both are on */
    start(id);
    usleep(500000);
    json_t *doc = node_do(&contoso, "round.show", json_pack("{s:s}", "round", id));
    is_text(at(doc, "round"), "state", "waiting-for-approval");
    json_decref(doc);
    ck_assert_uint_eq(moved_lists(), 0);
    json_decref(node_do(&contoso, "round.refuse", json_pack("{s:s}", "round", id)));
    json_decref(node_wait_round(&northwind, id, 10));
    ck_assert_uint_eq(moved_lists(), 0);
}
END_TEST

/* A round that was begun before the end of an agreement is not begun after it. */
START_TEST(nothing_when_it_has_expired)
{
    char id[33];
    ready(EASY, mixed);
    start(id);
    atomic_store(&shift_all, 31 * 24 * HOUR);
    for (int i = 0; i < 100 && tries(&contoso, "round.approve", json_pack("{s:s}", "round", id));
         i++) {
        usleep(10000);
    }
    usleep(300000);
    ck_assert_uint_eq(moved_lists(), 0);
}
END_TEST

START_TEST(nothing_when_it_was_revoked)
{
    char id[33];
    ready(EASY, mixed);
    start(id);
    json_decref(
        node_do(&contoso, "agreement.revoke", json_pack("{s:s}", "agreement", "Northwind")));
    json_decref(node_wait_round(&northwind, id, 10));
    ck_assert_uint_eq(moved_lists(), 0);
    (void)tries(&contoso, "round.approve", json_pack("{s:s}", "round", id));
    usleep(200000);
    ck_assert_uint_eq(moved_lists(), 0);
}
END_TEST

static void ends_by_cap(const char *cap)
{
    size_t before = moved_lists();
    json_t *round = run_round("aborted");
    is_text(round, "code", "cap");
    ck_assert_msg(strstr(json_string_value(at(round, "text")), cap) != NULL, "%s",
                  json_string_value(at(round, "text")));
    json_decref(round);
    ck_assert_uint_eq(moved_lists(), before);
}

START_TEST(nothing_above_the_keys_of_a_round)
{
    ready(EASY "max_keys_round = 5\n", mixed);
    ends_by_cap("max_keys_round");
}
END_TEST

START_TEST(nothing_above_the_keys_of_a_month)
{
    ready(EASY "max_keys_month = 25\n", mixed);
    json_decref(run_round("complete"));
    ends_by_cap("max_keys_month");
}
END_TEST

START_TEST(nothing_above_the_rounds_of_a_month)
{
    ready("min_result = 0\ncooldown_hours = 0\nmin_change = 0\nmax_rounds_month = 1\n", mixed);
    json_decref(run_round("complete"));
    size_t before = moved_lists();
    cannot_start(&northwind, "Contoso", "max_rounds_month");
    cannot_start(&contoso, "Northwind", "max_rounds_month");
    ck_assert_uint_eq(moved_lists(), before);
}
END_TEST

static const char changed[] = HEADER "Acme,acme.com,acme.de;acme.fr,customer,A1\n"
                                     "Initech,initech.com,,customer,A2\n"
                                     "Starkhouse,starkhouse.com,,customer,A3\n"
                                     "Oneoff,oneoff.com,,customer,A8\n";

/* One more customer would show by a count whether Contoso has it. The same list again may run, and
 * one that has changed enough. */
START_TEST(nothing_when_a_list_changed_too_little)
{
    ready("min_result = 0\ncooldown_hours = 0\nmin_change = 3\nmax_rounds_month = 20\n",
          "customers : prospects = counts\n");
    json_decref(run_round("complete"));
    json_decref(run_round("complete")); /* the very same */
    json_decref(node_import(&northwind, "n.csv", changed, NULL));
    ends_by_cap("min_change");
    /* Contoso knows that it was the cap, and not by how much. */
    json_t *doc = node_do(&contoso, "round.show", json_pack("{s:s}", "round", "Northwind"));
    is_text(at(doc, "round"), "code", "cap");
    ck_assert_ptr_nonnull(
        strstr(json_string_value(at(at(doc, "round"), "text")), "min_change: a list has changed"));
    json_decref(doc);
    json_decref(node_import(&northwind, "n.csv",
                            HEADER "Acme,acme.com,,customer,A1\nNew,newone.com,,customer,A9\n",
                            NULL));
    json_decref(run_round("complete"));
}
END_TEST

/* The list of the round before is gone: nobody can tell, so it may not run. */
START_TEST(nothing_when_the_list_before_is_gone)
{
    char path[600];
    ready("min_result = 0\ncooldown_hours = 0\nmin_change = 3\nmax_rounds_month = 20\n",
          "customers : prospects = counts\n");
    json_t *round = run_round("complete");
    (void)snprintf(path, sizeof path, "%s/rounds/%s-0.db", northwind.dir,
                   json_string_value(at(round, "id")));
    json_decref(round);
    ck_assert_int_eq(unlink(path), 0);
    ends_by_cap("min_change");
}
END_TEST

START_TEST(nothing_before_the_cooldown_is_over)
{
    ready("min_result = 0\ncooldown_hours = 2\nmin_change = 0\nmax_rounds_month = 20\n", mixed);
    atomic_store(&shift_all, 40 * HOUR);
    json_decref(run_round("complete"));
    size_t before = moved_lists();
    cannot_start(&northwind, "Contoso", "cooldown_hours");
    cannot_start(&contoso, "Northwind", "cooldown_hours");
    /* A clock that is set back opens nothing. */
    atomic_store(&shift_all, 10 * HOUR);
    cannot_start(&northwind, "Contoso", "cooldown_hours");
    cannot_start(&contoso, "Northwind", "cooldown_hours");
    atomic_store(&shift_all, 40 * HOUR);
    /* One node's clock, or its operator, is ahead: the other refuses. */
    atomic_store(&ahead, northwind.thread);
    atomic_store(&shift_ahead, 3 * HOUR);
    char id[33];
    start(id);
    json_t *round = node_wait_round(&northwind, id, 10);
    is_text(round, "state", "refused");
    is_text(round, "code", "cap");
    ck_assert_ptr_nonnull(strstr(json_string_value(at(round, "text")), "cooldown_hours"));
    json_decref(round);
    ck_assert_uint_eq(moved_lists(), before);
    /* Later it may run. */
    atomic_store(&shift_ahead, 0);
    atomic_store(&shift_all, 43 * HOUR);
    json_decref(run_round("complete"));
}
END_TEST

/* A round that broke off counts: it may have told something. */
START_TEST(an_aborted_round_begins_the_cooldown)
{
    ready("min_result = 0\ncooldown_hours = 2\nmin_change = 0\nmax_keys_round = 5\n"
          "max_rounds_month = 20\n",
          mixed);
    ends_by_cap("max_keys_round");
    cannot_start(&northwind, "Contoso", "cooldown_hours");
    cannot_start(&contoso, "Northwind", "cooldown_hours");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {both_sides_have_the_true_numbers,
                                  nothing_tells_which_account_was_counted,
                                  a_small_count_is_not_shown,
                                  counts_alone_make_no_list,
                                  an_account_of_two_groups_stands_once,
                                  the_ledger_adds_up,
                                  what_changed_between_rounds,
                                  nothing_without_an_agreement,
                                  nothing_without_approval,
                                  nothing_when_it_has_expired,
                                  nothing_when_it_was_revoked,
                                  nothing_above_the_keys_of_a_round,
                                  nothing_above_the_keys_of_a_month,
                                  nothing_above_the_rounds_of_a_month,
                                  nothing_when_a_list_changed_too_little,
                                  nothing_when_the_list_before_is_gone,
                                  nothing_before_the_cooldown_is_over,
                                  an_aborted_round_begins_the_cooldown};
    return two_nodes_run("levels", tests, sizeof tests / sizeof tests[0], 120);
}
