/* cmd_result.c: matrix, overlap, whitespace, bundle.
 * It may not count or filter: the node does; this reads its pages one after another. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#define PAGE          1000 /* rows in one request */
#define TERMINAL_ROWS 50

static const struct option_row overlap_options[] = {
    {"population", "P", "only accounts that are in this population of ours"},
    {"partner-population", "P", "only accounts that the partner has in this population"},
    {"review", NULL, "the matches for review instead, which are never counted as overlap"},
    {"round", "ID", "the result of this round (default: the newest with results)"},
    {"csv", NULL, "CSV on standard output"},
    {"limit", "N", "at most N rows (default: 50 on a terminal, else all)"},
    {NULL, NULL, NULL},
};

static const struct option_row whitespace_options[] = {
    {"population", "P", "only accounts that are in this population of ours"},
    {"round", "ID", "the result of this round (default: the newest with results)"},
    {"csv", NULL, "CSV on standard output"},
    {"limit", "N", "at most N rows (default: 50 on a terminal, else all)"},
    {NULL, NULL, NULL},
};

static const struct option_row matrix_options[] = {
    {"round", "ID", "the result of this round (default: the newest with results)"},
    {"csv", NULL,
     "CSV on standard output: population, partner_population, accounts, level, keys_in_common, "
     "our_keys, their_keys"},
    {NULL, NULL, NULL},
};

static const struct option_row bundle_options[] = {
    {"population", "P", "only accounts that are in this population of ours"},
    {"limit", "N", "at most N rows in each list (default: 500)"},
    {"csv", NULL, "CSV on standard output"},
    {NULL, NULL, NULL},
};

static enum mdl_status one_format(struct cli *c)
{
    if (c->json && option_given(&c->o, "csv")) {
        return mdl_fail(&c->err, MDL_U_ARGUMENT, "--csv and --json exclude each other");
    }
    return MDL_OK;
}

/* ---- lists, page by page -----------------------------------------------------------------------
 */

typedef enum mdl_status csv_fn(const json_t *page, bool header, FILE *out);
typedef enum mdl_status table_fn(const json_t *list, const struct mdl_style *style, FILE *out);
typedef void summary_fn(const json_t *list, FILE *f);

struct list {
    const char *resource; /* "overlap" */
    csv_fn *csv;
    table_fn *table;
    summary_fn *summary;
    long long limit; /* rows wanted in all; 0: every row */
    long long seen;
    json_t *first; /* the first page, which the rows of the others join */
};

static void page_path(struct cli *c, const struct list *l, const char *cursor, struct path *p)
{
    long long want = l->limit > 0 && l->limit - l->seen < PAGE ? l->limit - l->seen : PAGE;
    path_start(p, "/v1/partners");
    path_segment(p, cli_arg(c, 0));
    path_segment(p, l->resource);
    path_query(p, "population", option_text(&c->o, "population"));
    path_query(p, "partner_population", option_text(&c->o, "partner-population"));
    path_query(p, "review", option_given(&c->o, "review") ? "true" : NULL);
    path_query(p, "round", option_text(&c->o, "round"));
    path_query_int(p, "limit", want);
    path_query(p, "cursor", cursor);
}

/* By way of memory, so that a terminal gets no control character. */
static enum mdl_status put_csv(const struct list *l, const json_t *page)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (f == NULL) {
        return MDL_L_MEMORY;
    }
    enum mdl_status st = l->csv(page, l->seen == 0, f);
    if (fclose(f) != 0) {
        st = MDL_L_MEMORY;
    }
    if (st == MDL_OK) {
        put_text(stdout, text, len);
    }
    free(text);
    return st;
}

static enum mdl_status take_page(struct cli *c, struct list *l, json_t *page)
{
    enum mdl_status st = MDL_OK;
    const json_t *rows = json_object_get(page, "rows");

    if (option_given(&c->o, "csv")) {
        st = put_csv(l, page);
    } else if (l->first == NULL) {
        l->first = json_incref(page);
    } else {
        (void)json_array_extend(json_object_get(l->first, "rows"), (json_t *)(uintptr_t)rows);
        (void)json_object_set(l->first, "next_cursor", json_object_get(page, "next_cursor"));
    }
    l->seen += (long long)json_array_size(rows);
    return cli_printed(c, st);
}

/* All pages up to the limit. A result made by a newer round in between would mix two lists: the
 * following pages are asked of the round of the first one. */
static enum mdl_status read_pages(struct cli *c, struct list *l)
{
    char cursor[64] = "";
    char round[80] = "";
    for (;;) {
        struct path p;
        json_t *page = NULL;
        page_path(c, l, cursor[0] != '\0' ? cursor : NULL, &p);
        if (!option_given(&c->o, "round") && round[0] != '\0') {
            path_query(&p, "round", round);
        }
        enum mdl_status st = cli_get(c, &p, &page);
        if (st != MDL_OK) {
            return st;
        }
        (void)snprintf(round, sizeof round, "%s",
                       mdl_doc_text(json_object_get(page, "round"), "id"));
        (void)snprintf(cursor, sizeof cursor, "%s", mdl_doc_text(page, "next_cursor"));
        st = take_page(c, l, page);
        json_decref(page);
        if (st != MDL_OK || cursor[0] == '\0' || (l->limit > 0 && l->seen >= l->limit)) {
            return st;
        }
    }
}

static enum mdl_status show_list(const struct list *l, bool capped, FILE *f)
{
    struct mdl_style style = term_style(f);
    char n[FORM];

    l->summary(l->first, f);
    if (l->seen == 0) {
        return MDL_OK;
    }
    (void)fputc('\n', f);
    enum mdl_status st = l->table(l->first, &style, f);
    if (st == MDL_OK && mdl_doc_text(l->first, "next_cursor")[0] != '\0') {
        say_shade(f, SHADE_DIM, "\n%s shown. %s\n", form_count(l->seen, "row", "rows", n),
                  capped ? "All of them: --csv > FILE, or --limit N for more."
                         : "More with a higher --limit.");
    }
    return st;
}

static enum mdl_status run_list(struct cli *c, struct list *l)
{
    bool plain = !c->json && !option_given(&c->o, "csv");
    bool capped = plain && term_style(stdout).width > 0 && !option_given(&c->o, "limit");
    enum mdl_status st = one_format(c);

    l->limit = capped ? TERMINAL_ROWS : 0;
    if (st == MDL_OK) {
        st = option_int(&c->o, "limit", 1, 1000000000, &l->limit, &c->err);
    }
    if (st == MDL_OK) {
        st = read_pages(c, l);
    }
    if (st == MDL_OK && c->json) {
        st = put_json(stdout, l->first) ? MDL_OK : MDL_L_IO;
    } else if (st == MDL_OK && plain) {
        st = show_list(l, capped, stdout);
    }
    json_decref(l->first);
    return st != MDL_OK && c->err.status == st ? st : cli_printed(c, st);
}

/* Which round it is, and what it compared: a result says nothing about other populations. */
static void round_line(const json_t *d, FILE *f)
{
    const json_t *round = json_object_get(d, "round");
    const char *wider = mdl_doc_text(d, "wider_round");
    char id[FORM];
    char when[FORM];
    say_shade(f, SHADE_DIM, "Round %s, %s, %s\n", form_id(mdl_doc_text(round, "id"), id),
              mdl_doc_text(round, "state"), form_time(mdl_doc_text(round, "finished"), when));
    say(f, "Compared: ");
    mdl_report_scope(d, f);
    (void)mdl_report_counted(d, "\nCounted only: ", f);
    (void)fputc('\n', f);
    if (wider[0] != '\0') {
        say_shade(f, SHADE_YELLOW, "Round %s compared more: --round %s shows its result.\n",
                  form_id(wider, id), form_id(wider, when));
    }
}

/* What the filter leaves: "12 of them are listed: ours in customers, theirs in prospects". */
static bool filter_line(const json_t *d, FILE *f)
{
    const json_t *filter = json_object_get(d, "filter");
    const json_t *listed = json_object_get(d, "listed");
    const char *own = mdl_doc_text(filter, "population");
    const char *theirs = mdl_doc_text(filter, "partner_population");
    char n[FORM];
    if (own[0] == '\0' && theirs[0] == '\0') {
        return false;
    }
    if (json_is_integer(listed)) {
        say(f, "%s of our accounts%s: ", form_number(json_integer_value(listed), n),
            json_is_true(json_object_get(filter, "review")) ? " for review" : "");
    } else {
        say(f, "Listed: ");
    }
    say(f, "%s%s%s%s%s\n", own[0] != '\0' ? "ours in " : "", own,
        own[0] != '\0' && theirs[0] != '\0' ? ", " : "", theirs[0] != '\0' ? "theirs in " : "",
        theirs);
    return true;
}

#define BY_KEYS (FORM + 8)

/* ", by 617 match keys". Not over several rectangles: one key may be in each of them, and a sum
 * would count it as often. */
static const char *by_keys(const json_t *d, json_int_t keys, char out[BY_KEYS])
{
    char n[FORM];
    out[0] = '\0';
    if (json_array_size(json_object_get(d, "compared")) < 2) {
        (void)snprintf(out, BY_KEYS, ", by %s", form_count(keys, "match key", "match keys", n));
    }
    return out;
}

static void overlap_summary(const json_t *d, FILE *f)
{
    const json_t *t = json_object_get(d, "totals");
    char a[FORM];
    char b[FORM];
    char k[BY_KEYS];
    say_shade(f, SHADE_BOLD, "Overlap with %s\n", mdl_doc_text(d, "partner"));
    round_line(d, f);
    (void)fputc('\n', f);
    say(f, "%s%s of our accounts, %s of theirs%s", filter_line(d, f) ? "In all: " : "",
        form_number(mdl_doc_int(t, "own_accounts"), a),
        form_number(mdl_doc_int(t, "partner_accounts"), b), by_keys(d, mdl_doc_int(t, "keys"), k));
    say(f, "; %s for review\n", form_number(mdl_doc_int(t, "review_accounts"), a));
}

/* What of theirs is not ours, as far as it is known: numbers of keys, cell by cell, and of which
 * type. */
static void theirs_only(const json_t *d, FILE *f)
{
    const json_t *list = json_object_get(d, "theirs_only");
    size_t i;
    const json_t *g;
    json_array_foreach(list, i, g)
    {
        char own[2048];
        char theirs[2048];
        char text[4400];
        char n[FORM];
        const char *type = mdl_doc_text(g, "key_label");
        mdl_doc_join(json_object_get(g, "populations"), ", ", own, sizeof own);
        mdl_doc_join(json_object_get(g, "partner_populations"), ", ", theirs, sizeof theirs);
        (void)snprintf(text, sizeof text, "%s, %s, in their %s and not in our %s",
                       form_count(mdl_doc_int(g, "keys"), "match key", "match keys", n),
                       type[0] != '\0' ? type : "of all types", theirs, own);
        say_wrapped(f, i == 0 ? "The other way round: " : "                     ", text);
    }
}

static void whitespace_summary(const json_t *d, FILE *f)
{
    const json_t *rows = json_object_get(d, "rows");
    char theirs[2048];
    json_int_t review = 0;
    size_t i;
    const json_t *row;

    mdl_doc_join(json_object_get(d, "partner_populations"), ", ", theirs, sizeof theirs);
    say_shade(f, SHADE_BOLD, "Whitespace: accounts of ours that are not among the %s of %s\n",
              theirs, mdl_doc_text(d, "partner"));
    round_line(d, f);
    theirs_only(d, f);
    json_array_foreach(rows, i, row)
    {
        review += json_is_true(json_object_get(row, "review"));
    }
    if (json_array_size(rows) == 0) {
        say(f, "\nNone: every one of them is.\n");
    } else if (review > 0) {
        char n[FORM];
        say(f,
            "\n%s below may be among them after all, by a key for review: mandorla overlap \"%s\" "
            "--review\n",
            form_count(review, "account", "accounts", n), mdl_doc_text(d, "partner"));
    }
}

static enum mdl_status run_overlap(struct cli *c)
{
    struct list l = {.resource = "overlap",
                     .csv = mdl_report_overlap_csv,
                     .table = mdl_report_overlap,
                     .summary = overlap_summary};
    return run_list(c, &l);
}

static enum mdl_status run_whitespace(struct cli *c)
{
    struct list l = {.resource = "whitespace",
                     .csv = mdl_report_whitespace_csv,
                     .table = mdl_report_whitespace,
                     .summary = whitespace_summary};
    return run_list(c, &l);
}

/* ---- matrix ------------------------------------------------------------------------------------
 */

/* "45 of our 141 customers are among their customers: 44 of theirs, by 47 match keys." */
static void overlap_sentence(const json_t *d, FILE *f)
{
    const json_t *populations = json_object_get(d, "populations");
    size_t n = json_array_size(populations);
    char own[2048];
    char theirs[2048];
    char a[FORM];
    char b[FORM];
    char k[BY_KEYS];

    (void)fputc('\n', f);
    if (n == 0) {
        return;
    }
    mdl_doc_join(populations, ", ", own, sizeof own);
    mdl_doc_join(json_object_get(d, "partner_populations"), ", ", theirs, sizeof theirs);
    say(f,
        "%s of our %s %s%s%s are among their %s: ", form_number(mdl_doc_int(d, "own_accounts"), a),
        form_number(mdl_doc_int(d, "own_total"), b), n > 1 ? "accounts (" : "", own,
        n > 1 ? ")" : "", theirs);
    say(f, "%s of theirs%s.\n", form_number(mdl_doc_int(d, "partner_accounts"), a),
        by_keys(d, mdl_doc_int(d, "keys"), k));
}

static enum mdl_status show_matrix(struct cli *c, const json_t *d, FILE *f)
{
    struct mdl_style style = term_style(f);
    const char *partner = mdl_doc_text(d, "partner");
    char a[FORM];

    if (option_given(&c->o, "csv")) {
        return mdl_report_matrix_csv(d, f);
    }
    say_shade(f, SHADE_BOLD, "Overlap with %s\n", partner);
    round_line(d, f);
    (void)fputc('\n', f);
    enum mdl_status st = mdl_report_matrix(d, &style, f);
    overlap_sentence(d, f);
    say(f, "An account may be in several populations, so cells do not add up.\n");
    if (mdl_doc_int(d, "review_accounts") > 0) {
        say(f, "%s more for review, not counted: mandorla overlap \"%s\" --review\n",
            form_number(mdl_doc_int(d, "review_accounts"), a), partner);
    }
    if (!json_is_true(json_object_get(d, "complete"))) {
        say_shade(f, SHADE_YELLOW, "The round is not complete: these figures are a lower bound.\n");
    }
    if (json_is_true(json_object_get(d, "receipt"))) {
        say_shade(f, SHADE_GREEN, "✓ ");
        say(f, "receipt signed by both sides\n");
    } else {
        say_shade(f, SHADE_YELLOW, "no receipt signed by both sides\n");
    }
    return st;
}

static enum mdl_status run_matrix(struct cli *c)
{
    struct path p;
    enum mdl_status st = one_format(c);
    path_start(&p, "/v1/partners");
    path_segment(&p, cli_arg(c, 0));
    path_segment(&p, "matrix");
    path_query(&p, "round", option_text(&c->o, "round"));
    return st == MDL_OK ? cli_show(c, &p, show_matrix) : st;
}

/* ---- bundle ------------------------------------------------------------------------------------
 */

static enum mdl_status show_bundle(struct cli *c, const json_t *d, FILE *f)
{
    struct mdl_style style = term_style(f);
    return option_given(&c->o, "csv") ? mdl_report_bundle_csv(d, f)
                                      : mdl_report_bundle(d, &style, f);
}

static enum mdl_status run_bundle(struct cli *c)
{
    struct path p;
    long long limit = 0;
    enum mdl_status st = one_format(c);
    st = st == MDL_OK ? option_int(&c->o, "limit", 1, 1000, &limit, &c->err) : st;
    path_start(&p, "/v1/bundle");
    path_query(&p, "partners", cli_arg(c, 0));
    path_query(&p, "partners", cli_arg(c, 1));
    path_query(&p, "population", option_text(&c->o, "population"));
    if (limit > 0) {
        path_query_int(&p, "limit", limit);
    }
    return st == MDL_OK ? cli_show(c, &p, show_bundle) : st;
}

const struct command result_commands[] = {
    {"matrix", "PARTNER", "The overlap matrix: your populations by the partner's",
     "A cell shows what its level in the agreement allows: at level accounts how many of your "
     "accounts the partner has too (which, 'overlap' lists), at level counts how many match keys "
     "of one type both have (marked #; nobody sees which), hidden nothing.\n",
     "  mandorla matrix Contoso\n  mandorla matrix Contoso --csv > matrix.csv\n", matrix_options, 1,
     1, 0, run_matrix},
    {"overlap", "PARTNER", "Accounts that both sides have",
     "Each row is an account of yours with the populations it is in on both sides and the kind of "
     "key that matched.\n",
     "  mandorla overlap Contoso --population prospects --partner-population customers\n"
     "  mandorla overlap Contoso --csv > overlap.csv\n"
     "  mandorla overlap Contoso --review\n",
     overlap_options, 1, 1, 0, run_overlap},
    {"whitespace", "PARTNER", "Accounts of yours that the partner does not have",
     "That is: not among the populations of the partner that the round compared; the heading (with "
     "--csv the column not_among) names them. REVIEW says \"yes\" where a key for review matched: "
     "the account is in 'overlap --review' too, and counts as whitespace until a person decides.\n",
     "  mandorla whitespace Contoso --population customers\n"
     "  mandorla whitespace Contoso --csv > whitespace.csv\n",
     whitespace_options, 1, 1, 0, run_whitespace},
    {"ledger", "PARTNER", "What a partner could have learned so far, and what the month leaves",
     "For each agreement and cell: the rounds that ran (complete/partial/aborted), how many match "
     "keys each side brought, how often a number was learned, and how much such numbers can tell. "
     "Then what the caps of the agreement in force leave of this month.\n",
     "  mandorla ledger Contoso\n  mandorla ledger Contoso --json\n", NULL, 1, 1, 0, run_ledger},
    {"bundle", "PARTNER PARTNER",
     "Accounts in the overlap with both partners, and with one of them", NULL,
     "  mandorla bundle Contoso Fabrikam\n"
     "  mandorla bundle Contoso Fabrikam --population customers --csv\n",
     bundle_options, 2, 2, 0, run_bundle},
    {.name = NULL},
};
