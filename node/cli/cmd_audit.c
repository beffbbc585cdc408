/* cmd_audit.c: audit list, audit verify.
 * It may not verify anything itself: the node does, with proto/audit. */
#include "cli.h"

#include <string.h>

static const struct option_row list_options[] = {
    {"partner", "PARTNER", "only what concerns this partner"},
    {"round", "ID", "only what belongs to this round"},
    {"after", "N", "the entries after number N, oldest first (0: from the beginning)"},
    {"limit", "N", "at most so many (default: the newest 200; 2,000 at most)"},
    {"summary", NULL,
     "one line a round: messages and bytes in and out, all that the log has of it (with the "
     "proposal and acknowledgements, which 'round show' leaves out), and how it ended"},
    {"csv", NULL, "CSV on standard output"},
    {NULL, NULL, NULL},
};

/* ---- list --------------------------------------------------------------------------------------
 */

static enum mdl_status csv_rows(const json_t *list, FILE *f)
{
    static const char *const titles[] = {"seq",     "time",       "kind",      "direction",
                                         "partner", "round",      "agreement", "type",
                                         "size",    "commitment", "note"};
    size_t i;
    const json_t *e;
    mdl_csv_row(titles, 11, f);
    json_array_foreach(list, i, e)
    {
        char seq[32];
        char size[32];
        (void)snprintf(seq, sizeof seq, "%lld", (long long)mdl_doc_int(e, "seq"));
        (void)snprintf(size, sizeof size, "%lld", (long long)mdl_doc_int(e, "size"));
        const char *cells[] = {seq,
                               mdl_doc_text(e, "time"),
                               mdl_doc_text(e, "kind"),
                               mdl_doc_text(e, "direction"),
                               mdl_doc_text(e, "partner"),
                               mdl_doc_text(e, "round"),
                               mdl_doc_text(e, "agreement"),
                               mdl_doc_text(e, "type"),
                               size,
                               mdl_doc_text(e, "commitment"),
                               mdl_doc_text(e, "note")};
        mdl_csv_row(cells, 11, f);
    }
    return ferror(f) ? MDL_L_IO : MDL_OK;
}

static enum mdl_status entry_row(struct mdl_table *t, const json_t *e)
{
    char seq[FORM];
    char round[FORM];
    char agreement[FORM];
    char size[FORM];
    char when[32];
    char what[160];
    const char *time = mdl_doc_text(e, "time");
    const char *direction = mdl_doc_text(e, "direction");
    const char *type = mdl_doc_text(e, "type");
    const char *note = mdl_doc_text(e, "note");
    const char *arrow = strcmp(direction, "out") == 0  ? "→"
                        : strcmp(direction, "in") == 0 ? "←"
                                                       : "";

    (void)snprintf(when, sizeof when, "%.10s %.8s", time, strlen(time) > 11 ? time + 11 : "");
    (void)snprintf(what, sizeof what, "%s%s%s", type,
                   type[0] != '\0' && note[0] != '\0' ? ", " : "", note);
    const char *cells[] = {form_number(mdl_doc_int(e, "seq"), seq),
                           when,
                           arrow,
                           mdl_doc_text(e, "kind"),
                           mdl_doc_text(e, "partner"),
                           form_id(mdl_doc_text(e, "round"), round),
                           form_id(mdl_doc_text(e, "agreement"), agreement),
                           mdl_doc_int(e, "size") > 0 ? form_number(mdl_doc_int(e, "size"), size)
                                                      : "",
                           what};
    return mdl_table_row(t, cells);
}

static enum mdl_status table_rows(const json_t *list, FILE *f)
{
    static const char *const titles[] = {"NO",    "TIME (UTC)", "",     "KIND", "PARTNER",
                                         "ROUND", "AGREEMENT",  "SIZE", "WHAT"};
    static const enum mdl_align align[] = {MDL_RIGHT, MDL_LEFT, MDL_LEFT,  MDL_LEFT, MDL_LEFT,
                                           MDL_LEFT,  MDL_LEFT, MDL_RIGHT, MDL_LEFT};
    struct mdl_style style = term_style(f);
    struct mdl_table *t = mdl_table_new(9, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    size_t i;
    const json_t *e;

    json_array_foreach(list, i, e)
    {
        st = st == MDL_OK ? entry_row(t, e) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, &style, f);
    }
    mdl_table_free(t);
    return st;
}

static enum mdl_status show_entries(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *list = json_object_get(d, "entries");
    json_int_t next = mdl_doc_int(d, "next_after");

    if (option_given(&c->o, "csv")) {
        return csv_rows(list, f);
    }
    if (json_array_size(list) == 0) {
        say(f, "No entries.\n");
        return MDL_OK;
    }
    enum mdl_status st = table_rows(list, f);
    if (json_is_true(json_object_get(d, "earlier"))) {
        say_shade(f, SHADE_DIM, "\nThe newest; earlier ones: --after 0, or a higher --limit\n");
    }
    if (next > 0) {
        say_shade(f, SHADE_DIM, "\nMore may follow: --after %lld\n", (long long)next);
    }
    return st;
}

/* ---- summary -----------------------------------------------------------------------------------
 */

/* The cells of a round; numbers as they are for CSV, in groups for people. */
static enum mdl_status summary_cells(const json_t *r, struct mdl_table *t, FILE *csv)
{
    static const char *const ways[] = {"in", "out"};
    char text[7][FORM];
    const char *cells[9] = {mdl_doc_text(r, "round"), mdl_doc_text(r, "partner"),
                            mdl_doc_text(r, "agreement"), mdl_doc_text(r, "started"), NULL};
    for (size_t w = 0; w < 2; w++) {
        const json_t *way = json_object_get(r, ways[w]);
        json_int_t n[] = {mdl_doc_int(way, "messages"), mdl_doc_int(way, "bytes")};
        for (size_t i = 0; i < 2; i++) {
            char *out = text[2 * w + i];
            (void)snprintf(out, FORM, "%lld", (long long)n[i]);
            cells[4 + 2 * w + i] = t == NULL ? out
                                   : i == 0  ? form_number(n[i], out)
                                             : form_bytes(n[i], out);
        }
    }
    cells[8] = mdl_doc_text(r, "outcome");
    if (t == NULL) {
        mdl_csv_row(cells, 9, csv);
        return MDL_OK;
    }
    cells[0] = form_id(cells[0], text[4]);
    cells[2] = form_id(cells[2], text[5]);
    cells[3] = form_time(cells[3], text[6]);
    return mdl_table_row(t, cells);
}

static enum mdl_status show_summary(struct cli *c, const json_t *d, FILE *f)
{
    static const char *const csv_titles[] = {"round",        "partner",     "agreement",
                                             "started",      "messages_in", "bytes_in",
                                             "messages_out", "bytes_out",   "outcome"};
    static const char *const titles[] = {"ROUND", "PARTNER", "AGREEMENT", "STARTED", "IN",
                                         "",      "OUT",     "",          "OUTCOME"};
    static const enum mdl_align align[] = {MDL_LEFT,  MDL_LEFT,  MDL_LEFT,  MDL_LEFT, MDL_RIGHT,
                                           MDL_RIGHT, MDL_RIGHT, MDL_RIGHT, MDL_LEFT};
    struct mdl_style style = term_style(f);
    bool csv = option_given(&c->o, "csv");
    struct mdl_table *t = csv ? NULL : mdl_table_new(9, titles, align);
    enum mdl_status st = csv || t != NULL ? MDL_OK : MDL_L_MEMORY;
    size_t i;
    const json_t *r;

    if (csv) {
        mdl_csv_row(csv_titles, 9, f);
    }
    json_array_foreach(json_object_get(d, "rounds"), i, r)
    {
        st = st == MDL_OK ? summary_cells(r, t, f) : st;
    }
    if (st == MDL_OK && t != NULL) {
        mdl_table_print(t, &style, f);
    }
    mdl_table_free(t);
    return st;
}

static enum mdl_status run_list(struct cli *c)
{
    struct path p;
    bool summary = option_given(&c->o, "summary");
    long long after = 0;
    long long limit = 200;
    enum mdl_status st = option_int(&c->o, "after", 0, 9007199254740991, &after, &c->err);
    st = st == MDL_OK ? option_int(&c->o, "limit", 1, 2000, &limit, &c->err) : st;
    if (st == MDL_OK && c->json && option_given(&c->o, "csv")) {
        st = mdl_fail(&c->err, MDL_U_ARGUMENT, "--csv and --json exclude each other");
    }
    path_start(&p, "/v1/audit/entries");
    path_query(&p, "partner", option_text(&c->o, "partner"));
    path_query(&p, "round", option_text(&c->o, "round"));
    if (option_given(&c->o, "after")) {
        path_query_int(&p, "after", after);
    }
    path_query_int(&p, "limit", limit);
    path_query(&p, "summary", summary ? "true" : NULL);
    return st == MDL_OK ? cli_show(c, &p, summary ? show_summary : show_entries) : st;
}

/* ---- verify ------------------------------------------------------------------------------------
 */

static enum mdl_status show_verified(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *head = json_object_get(d, "head");
    char a[FORM];
    char b[FORM];
    size_t i;
    const json_t *p;

    (void)c;
    (void)form_count(mdl_doc_int(d, "entries"), "entry", "entries", a);
    (void)form_count(mdl_doc_int(d, "receipts"), "receipt", "receipts", b);
    if (json_is_true(json_object_get(d, "ok"))) {
        say_shade(f, SHADE_GREEN, "✓ ");
        say(f, "The log verifies: %s, unbroken chain, %s.\n", a, b);
    } else {
        say_shade(f, SHADE_RED, "✗ ");
        say(f, "The log does not verify (%s, %s):\n", a, b);
    }
    json_array_foreach(json_object_get(d, "problems"), i, p)
    {
        json_int_t seq = mdl_doc_int(p, "seq");
        if (seq > 0) {
            say(f, "  entry %lld: %s\n", (long long)seq, mdl_doc_text(p, "what"));
        } else {
            say(f, "  %s\n", mdl_doc_text(p, "what"));
        }
    }
    say_field(f, "Head", "%s at entry %lld", mdl_doc_text(head, "chain"),
              (long long)mdl_doc_int(head, "seq"));
    return MDL_OK;
}

static enum mdl_status run_verify(struct cli *c)
{
    struct path p;
    json_t *document = NULL;
    path_start(&p, "/v1/audit/verification");
    enum mdl_status st = cli_get(c, &p, &document);
    if (st != MDL_OK) {
        return st;
    }
    bool ok = json_is_true(json_object_get(document, "ok"));
    size_t problems = json_array_size(json_object_get(document, "problems"));
    st = cli_print(c, document, show_verified);
    if (st == MDL_OK && !ok) {
        st = mdl_fail(&c->err, MDL_L_CHAIN,
                      "the audit log does not verify (%zu problems); keep a copy of the directory "
                      "and compare it with a backup and the partners' receipts",
                      problems);
    }
    return st;
}

const struct command audit_commands[] = {
    {"audit list", "", "What left and came, to whom, when, under which agreement", NULL,
     "  mandorla audit list --partner Contoso\n"
     "  mandorla audit list --summary --csv > rounds.csv\n"
     "  mandorla audit list --after 1000 --limit 2000 --csv > audit.csv\n",
     list_options, 0, 0, 0, run_list},
    {"audit verify", "", "Check the chain of the log and every receipt",
     "Exit code 4 if anything does not verify.\n", "  mandorla audit verify\n", NULL, 0, 0, 0,
     run_verify},
    {.name = NULL},
};
