/* check_levels.c: rounds whose cells stand at different levels: true numbers on both sides, and no
 * trace of what was only counted. */
#include "levels.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

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
    ready(EASY, MIXED);
    json_t *round = run_round("complete");
    ck_assert_uint_eq(json_array_size(at(round, "groups")), 4);
    json_decref(round);
    json_t *m = node_do(&northwind, "matrix", json_pack("{s:s}", "partner", "Contoso"));
    /* Acme has three domains in common with Acme East, and counts once. */
    expect_count(m, "customers", "prospects", 3, 3, 5);
    /* Waynecorp stands twice with Contoso, and counts once. */
    expect_count(m, "prospects", "customers", 2, 4, 3);
    is_text(count_of(m, "open-opportunities", "customers"), "state", "skipped");
    ck_assert_uint_eq(json_array_size(at(m, "compared")), 1);
    ck_assert_uint_eq(json_array_size(at(m, "counted")), 3);
    const json_t *keys = json_array_get(at(m, "account_keys"), 0);
    is_text(keys, "population", "customers");
    is_text(keys, "partner_population", "customers");
    ck_assert(json_is_null(at(keys, "key_label")));
    ck_assert_int_gt(number(keys, "partner_keys"), 0);
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
    ck_assert(json_is_null(at(json_array_get(at(w, "theirs_only"), 0), "key_label")));
    is_text(json_array_get(at(w, "theirs_only"), 1), "key_label", "domain");
    json_decref(w);
    /* A population that was counted only has no list; one that is in no cell is not known. */
    const char *text = node_refuses(
        &northwind, "overlap",
        json_pack("{s:s, s:s}", "partner", "Contoso", "population", "prospects"), MDL_U_STATE);
    ck_assert_msg(strstr(text, "'prospects': its cells stand at level counts") != NULL, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "mandorla round request \"Contoso\" --cell"));
    (void)node_refuses(
        &northwind, "overlap",
        json_pack("{s:s, s:s}", "partner", "Contoso", "partner_population", "prospects"),
        MDL_U_STATE);
    (void)node_refuses(&northwind, "whitespace",
                       json_pack("{s:s, s:s}", "partner", "Contoso", "population", "nobody"),
                       MDL_U_NOT_FOUND);
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
    ready(EASY, MIXED);
    json_decref(run_round("complete"));
    no_trace(&northwind, 2); /* it has no open opportunity: no list, no file */
    no_trace(&contoso, 3);
}
END_TEST

START_TEST(a_small_count_is_not_shown)
{
    ready("min_result = 3\ncooldown_hours = 0\nmin_change = 0\nmax_rounds_month = 20\n", MIXED);
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

/* Two rounds under the older agreement, one under the newer. */
static void expect_agreements(const json_t *d)
{
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
}

static void expect_budget(const json_t *d)
{
    const json_t *b = at(d, "budget");
    ck_assert_int_eq(number(b, "rounds"), 3);
    ck_assert_int_eq(number(b, "rounds_left"), 17);
    ck_assert_int_eq(number(b, "keys_theirs") + number(b, "keys_theirs_left"), 1000);
    ck_assert_int_eq(number(b, "keys_ours") + number(b, "keys_ours_left"), 1000);
    ck_assert(json_is_null(at(b, "cooldown_until")));
}

START_TEST(the_ledger_adds_up)
{
    ready(EASY, MIXED);
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
    expect_agreements(d);
    expect_budget(d);
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

static void expect_moves(const json_t *d)
{
    ck_assert_int_eq(number(at(d, "new"), "count"), 2); /* Wonka, Globex */
    ck_assert_int_eq(number(at(d, "lost"), "count"), 1);
    is_text(json_array_get(at(at(d, "lost"), "rows"), 0), "name", "Initech");
    ck_assert_int_eq(number(at(d, "moved"), "count"), 1);
    const json_t *row = json_array_get(at(at(d, "moved"), "rows"), 0);
    is_text(row, "name", "Starkhouse");
    ck_assert_str_eq(json_string_value(json_array_get(at(row, "populations"), 0)), "prospects");
    ck_assert_str_eq(json_string_value(json_array_get(at(at(row, "before"), "populations"), 0)),
                     "customers");
}

static void expect_cells(const json_t *d)
{
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
            ck_assert(json_is_null(at(c, "before_below")));
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
}

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
    expect_moves(d);
    expect_cells(d);
    json_decref(d);
    /* A partner's name stands for the newest round with a result, whatever waits or failed. */
    json_t *third = node_do(&northwind, "round.start", json_pack("{s:s}", "partner", "Contoso"));
    d = node_do(&northwind, "round.diff",
                json_pack("{s:O, s:s}", "round", at(first, "id"), "with", "Contoso"));
    is_text(json_array_get(at(d, "rounds"), 1), "id", json_string_value(at(second, "id")));
    json_decref(d);
    json_decref(third);
    (void)node_refuses(&northwind, "round.diff",
                       json_pack("{s:O, s:s}", "round", at(first, "id"), "with", "Nobody"),
                       MDL_U_NOT_FOUND);
    json_decref(first);
    json_decref(second);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        both_sides_have_the_true_numbers,     nothing_tells_which_account_was_counted,
        a_small_count_is_not_shown,           counts_alone_make_no_list,
        an_account_of_two_groups_stands_once, the_ledger_adds_up,
        what_changed_between_rounds};
    return two_nodes_run("levels", tests, sizeof tests / sizeof tests[0], 120);
}
