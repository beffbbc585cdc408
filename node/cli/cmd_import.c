/* cmd_import.c: import, source list, source remove.
 * It may not read what the files hold: they stream to the node as they are. */
#include "cli.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const struct option_row import_options[] = {
    {"source", "NAME",
     "name of the source (default: after the kind of the first file); an import "
     "replaces what the source held"},
    {"map", "COLUMN=FIELD",
     "take FIELD from this column; may be repeated; remembered for the "
     "source. FIELD 'ignore' leaves a column out"},
    {"population", "RULE",
     "'NAME: CONDITION', for example 'customers: Type = Customer'; may be "
     "repeated; remembered for the source"},
    {"preview", NULL,
     "read the whole list and report what an import would do, with its populations and counts; "
     "change nothing"},
    {"encoding", "E", "auto, utf-8, utf-16le, utf-16be, windows-1252 or latin-1 (default: auto)"},
    {"delimiter", "C", "one character, or 'tab' (default: found out)"},
    {"rejected", "FILE",
     "write the rejected rows (at most the first 1,000) and why to this CSV file"},
    {"yes", NULL,
     "import also where a rule for private accounts was asked of the source until now and these "
     "files lack its column: its accounts can then be in rounds"},
    {NULL, NULL, NULL},
};

/* ---- one file ----------------------------------------------------------------------------------
 */

struct sent {
    const char *name;
    long long size; /* -1: unknown */
    time_t drawn;   /* tenths of a second: no terminal needs more */
};

static bool on_progress(void *ctx, long long bytes)
{
    struct sent *s = ctx;
    char cells[120];
    char a[FORM];
    char b[FORM];
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    time_t tenths = t.tv_sec * 10 + t.tv_nsec / 100000000;
    if (tenths == s->drawn) {
        return !interrupted();
    }
    s->drawn = tenths;
    if (s->size > 0) {
        long long part = bytes > s->size ? s->size : bytes; /* framing is counted too */
        progress("%s  %s %3.0f%%  %s of %s", s->name,
                 bar((double)part, (double)s->size, 24, cells, sizeof cells),
                 100.0 * (double)part / (double)s->size, form_bytes(part, a),
                 form_bytes(s->size, b));
    } else {
        progress("%s  %s", s->name, form_bytes(bytes, a));
    }
    return !interrupted();
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static enum mdl_status open_file(struct cli *c, const char *path, FILE **out, struct sent *s)
{
    struct stat info;
    s->drawn = 0;
    s->size = -1;
    s->name = base_name(path);
    if (strcmp(path, "-") == 0) {
        *out = stdin;
        s->name = "standard input";
        return MDL_OK;
    }
    *out = fopen(path, "rbe");
    if (*out == NULL || fstat(fileno(*out), &info) != 0) {
        return mdl_fail(&c->err, errno == ENOENT ? MDL_U_NOT_FOUND : MDL_L_IO,
                        "'%s' cannot be opened: %s", path, strerror(errno));
    }
    if (S_ISDIR(info.st_mode)) {
        return mdl_fail(&c->err, MDL_U_ARGUMENT, "'%s' is a directory; name the files", path);
    }
    s->size = S_ISREG(info.st_mode) ? (long long)info.st_size : -1;
    return MDL_OK;
}

static enum mdl_status send_file(struct cli *c, const char *id, const char *path)
{
    FILE *from = NULL;
    struct sent s;
    struct path p;
    enum mdl_status st = open_file(c, path, &from, &s);

    if (st == MDL_OK) {
        path_start(&p, "/v1/imports");
        path_segment(&p, id);
        path_segment(&p, "files");
        path_segment(&p, s.name);
        st = client_upload(c->client, &p, from, on_progress, &s, &c->err);
        progress_clear();
    }
    if (from != NULL && from != stdin) {
        (void)fclose(from);
    }
    return st;
}

/* ---- the import --------------------------------------------------------------------------------
 */

static enum mdl_status begin(struct cli *c, char id[64])
{
    struct path p;
    json_t *document = NULL;
    json_t *body = json_object();

    body_text(body, &c->o, "source", "source");
    body_list(body, &c->o, "map", "maps");
    body_list(body, &c->o, "population", "populations");
    body_text(body, &c->o, "encoding", "encoding");
    body_text(body, &c->o, "delimiter", "delimiter");
    if (option_given(&c->o, "preview")) {
        (void)json_object_set_new(body, "preview", json_true());
    }
    if (option_given(&c->o, "yes")) {
        (void)json_object_set_new(body, "accept_silent", json_true());
    }
    path_start(&p, "/v1/imports");
    enum mdl_status st = cli_send(c, "POST", &p, body, &document);
    if (st == MDL_OK) {
        (void)snprintf(id, 64, "%s", mdl_doc_text(document, "id"));
        json_decref(document);
    }
    return st;
}

static void import_path(struct path *p, const char *id)
{
    path_start(p, "/v1/imports");
    path_segment(p, id);
}

/* Leaves c->err as it is: the reason for dropping is what the operator should read. */
static void drop(struct cli *c, const char *id)
{
    struct path p;
    struct mdl_error ignored;
    json_t *document = NULL;
    import_path(&p, id);
    if (client_call(c->client, "DELETE", &p, NULL, &document, &ignored) == MDL_OK) {
        json_decref(document);
    }
}

static enum mdl_status finish(struct cli *c, const char *id, json_t **report)
{
    struct path p;
    import_path(&p, id);
    path_segment(&p, "finish");
    progress("making match keys and populations …");
    enum mdl_status st = cli_send(c, "POST", &p, NULL, report);
    progress_clear();
    return st;
}

/* Whether the message has room for all columns found. */
static bool says_columns(const char *text, const json_t *report)
{
    size_t i;
    size_t k;
    const json_t *file;
    const json_t *col;

    json_array_foreach(json_object_get(report, "files"), i, file)
    {
        json_array_foreach(json_object_get(file, "columns"), k, col)
        {
            if (strstr(text, mdl_doc_text(col, "column")) == NULL) {
                return false;
            }
        }
    }
    return true;
}

/* The node refused a file. What it found in it stands in the details of finishing. */
static enum mdl_status refused(struct cli *c, const char *id)
{
    json_t *report = NULL;
    struct mdl_error why = c->err;
    if (why.status != MDL_U_HEADER) {
        drop(c, id);
        return why.status;
    }
    if (finish(c, id, &report) != MDL_OK && !c->json &&
        !says_columns(why.text, client_details(c->client))) {
        show_columns_found(client_details(c->client), stderr);
    }
    json_decref(report);
    c->err = why;
    return why.status;
}

static enum mdl_status send_all(struct cli *c, const char *id)
{
    enum mdl_status st = MDL_OK;
    for (int i = 0; i < c->o.n_args && st == MDL_OK; i++) {
        st = send_file(c, id, cli_arg(c, i));
    }
    return st;
}

static enum mdl_status check_files(struct cli *c)
{
    for (int i = 0; i < c->o.n_args; i++) {
        FILE *f = NULL;
        struct sent s;
        enum mdl_status st = open_file(c, cli_arg(c, i), &f, &s);
        if (f != NULL && f != stdin) {
            (void)fclose(f);
        }
        if (st != MDL_OK) {
            return st;
        }
    }
    return MDL_OK;
}

/* Opened before anything is sent: a path that cannot be written costs no import. */
static enum mdl_status open_rejected(struct cli *c, FILE **out)
{
    const char *name = option_text(&c->o, "rejected");
    *out = name != NULL ? fopen(name, "we") : NULL;
    if (name != NULL && *out == NULL) {
        return mdl_fail(&c->err, MDL_L_IO, "'%s' cannot be written: %s", name, strerror(errno));
    }
    return MDL_OK;
}

static enum mdl_status import_all(struct cli *c, json_t **report)
{
    char id[64];
    enum mdl_status st = begin(c, id);

    if (st != MDL_OK) {
        return st;
    }
    interrupt_catch();
    st = send_all(c, id);
    if (st != MDL_OK) {
        st = refused(c, id);
        return interrupted() ? mdl_fail(&c->err, MDL_U_CANCELLED,
                                        "the import was stopped; nothing was changed")
                             : st;
    }
    interrupt_restore(); /* the node finishes what it has; stopping this program does not undo it */
    return finish(c, id, report);
}

static enum mdl_status run_import(struct cli *c)
{
    json_t *report = NULL;
    FILE *rejected = NULL;
    enum mdl_status st = check_files(c);

    st = st == MDL_OK ? open_rejected(c, &rejected) : st;
    st = st == MDL_OK ? import_all(c, &report) : st;
    if (st == MDL_OK && rejected != NULL) {
        st = write_rejected(c, report, rejected);
    }
    if (rejected != NULL) {
        (void)fclose(rejected);
    }
    if (st != MDL_OK) {
        json_decref(report);
        return st;
    }
    return cli_print(c, report, show_import);
}

/* ---- sources -----------------------------------------------------------------------------------
 */

static enum mdl_status source_row(struct mdl_table *t, const json_t *s)
{
    char a[FORM];
    char b[FORM];
    char when[FORM];
    char populations[256] = "";
    size_t i;
    const json_t *p;

    json_array_foreach(json_object_get(s, "populations"), i, p)
    {
        size_t n = strlen(populations);
        char number[FORM];
        (void)snprintf(populations + n, sizeof populations - n, "%s%s %s", i > 0 ? ", " : "",
                       mdl_doc_text(p, "name"), form_number(mdl_doc_int(p, "accounts"), number));
    }
    const char *cells[] = {mdl_doc_text(s, "name"),
                           mdl_doc_text(s, "kind"),
                           form_number(mdl_doc_int(s, "accounts"), a),
                           form_number(mdl_doc_int(s, "keys"), b),
                           form_time(mdl_doc_text(s, "imported"), when),
                           populations};
    return mdl_table_row(t, cells);
}

static enum mdl_status show_sources(struct cli *c, const json_t *d, FILE *f)
{
    static const char *const titles[] = {"SOURCE", "KIND",     "ACCOUNTS",
                                         "KEYS",   "IMPORTED", "POPULATIONS"};
    static const enum mdl_align align[] = {MDL_LEFT,  MDL_LEFT, MDL_RIGHT,
                                           MDL_RIGHT, MDL_LEFT, MDL_LEFT};
    const json_t *list = json_object_get(d, "sources");
    struct mdl_style style = term_style(f);
    size_t i;
    const json_t *s;
    (void)c;

    if (json_array_size(list) == 0) {
        say(f, "No accounts yet: 'mandorla import FILE' imports a CRM export.\n");
        return MDL_OK;
    }
    struct mdl_table *t = mdl_table_new(6, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    json_array_foreach(list, i, s)
    {
        st = st == MDL_OK ? source_row(t, s) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, &style, f);
    }
    mdl_table_free(t);
    return st;
}

static enum mdl_status run_source_list(struct cli *c)
{
    struct path p;
    path_start(&p, "/v1/sources");
    return cli_show(c, &p, show_sources);
}

static enum mdl_status show_removed(struct cli *c, const json_t *d, FILE *f)
{
    char n[FORM];
    (void)c;
    say_shade(f, SHADE_GREEN, "✓ ");
    say(f, "Removed source %s with %s. Results of past rounds stay.\n", mdl_doc_text(d, "removed"),
        form_count(mdl_doc_int(d, "accounts"), "account", "accounts", n));
    return MDL_OK;
}

static enum mdl_status run_source_remove(struct cli *c)
{
    struct path p;
    char question[300];
    json_t *document = NULL;
    (void)snprintf(question, sizeof question, "Remove source %.200s and its accounts?",
                   cli_arg(c, 0));
    enum mdl_status st = cli_confirm(c, question);
    if (st != MDL_OK) {
        return st;
    }
    path_start(&p, "/v1/sources");
    path_segment(&p, cli_arg(c, 0));
    st = cli_send(c, "DELETE", &p, NULL, &document);
    return st == MDL_OK ? cli_print(c, document, show_removed) : st;
}

static const struct option_row yes_option[] = {
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

const struct command import_commands[] = {
    {"import", "FILE...", "Import accounts from CRM exports",
     "Exports of Salesforce and HubSpot are recognised; other tables are read by their column "
     "names. Give accounts and their opportunities or deals together. '-' reads standard input.\n"
     "FIELD of --map is name, website, domain, email, country, record_id, type, status, stage, "
     "owner, industry, lei, duns, vat, id:SCHEME for another registry id, and so on: one that is "
     "not known is refused with the whole list. --preview shows how each column is read and what "
     "each population would hold.\n"
     "Nothing leaves this machine. An import replaces the source as a whole, or changes nothing.\n",
     "  mandorla import accounts.csv opportunities.csv\n"
     "  mandorla import list.csv --preview\n"
     "  mandorla import list.csv --source sheet --map \"Firma=name\" --map \"Web=website\" \\\n"
     "      --population \"customers: Status = Kunde\"\n"
     "  zcat export.csv.gz | mandorla import - --source crm\n",
     import_options, 1, ANY_NUMBER, 0, run_import},
    {"source list", "", "Imported sources with their counts", NULL, "  mandorla source list\n",
     NULL, 0, 0, 0, run_source_list},
    {"source remove", "NAME", "Forget a source and its accounts", NULL,
     "  mandorla source remove hubspot\n", yes_option, 1, 1, 0, run_source_remove},
    {.name = NULL},
};
