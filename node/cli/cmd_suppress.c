/* cmd_suppress.c: suppress list, add, import, remove.
 * It may not judge a value: the node does. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 200000 /* bytes: what fits into one request */

static const struct option_row add_options[] = {
    {"reason", "TEXT", "noted beside the entry, on this machine only"},
    {"country", "C", "ISO 3166-1 code or name of the country, for names and VAT ids"},
    {"preview", NULL, "show whom it would leave out; save nothing"},
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

static const struct option_row import_options[] = {
    {"reason", "TEXT", "for the lines that give none"},
    {"preview", NULL, "show whom it would leave out; save nothing"},
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

static void keys_text(const json_t *entry, char *out, size_t size)
{
    size_t i;
    const json_t *k;
    out[0] = '\0';
    if (mdl_doc_text(entry, "source")[0] != '\0') {
        (void)snprintf(out, size, "record %s of %s", mdl_doc_text(entry, "record_id"),
                       mdl_doc_text(entry, "source"));
        return;
    }
    json_array_foreach(json_object_get(entry, "keys"), i, k)
    {
        size_t n = strlen(out);
        (void)snprintf(out + n, size - n, "%s%s %s", i > 0 ? ", " : "", mdl_doc_text(k, "type"),
                       mdl_doc_text(k, "value"));
    }
}

static void show_mail_providers(const json_t *d, FILE *f)
{
    size_t i;
    const json_t *e;
    json_array_foreach(json_object_get(d, "entries"), i, e)
    {
        if (json_is_true(json_object_get(e, "mail_provider"))) {
            say_shade(f, SHADE_YELLOW,
                      "\n%s is a mail provider: left out is who gives it as a website, nobody for "
                      "an\ne-mail address there\n",
                      mdl_doc_text(e, "value"));
        }
    }
}

static enum mdl_status show_entries(const json_t *d, FILE *f)
{
    static const char *const titles[] = {"VALUE", "ACCOUNTS NOW", "MEANS"};
    static const enum mdl_align align[] = {MDL_LEFT, MDL_RIGHT, MDL_LEFT};
    struct mdl_style style = term_style(f);
    struct mdl_table *t = mdl_table_new(3, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    size_t i;
    const json_t *e;

    json_array_foreach(json_object_get(d, "entries"), i, e)
    {
        char n[FORM];
        char means[400];
        keys_text(e, means, sizeof means);
        if (json_is_true(json_object_get(e, "already"))) {
            (void)snprintf(means, sizeof means, "on the list already%s",
                           json_is_true(json_object_get(e, "reason_renewed"))
                               ? "; it has the new reason"
                               : "");
        }
        const char *cells[] = {mdl_doc_text(e, "value"), form_number(mdl_doc_int(e, "accounts"), n),
                               means};
        st = st == MDL_OK ? mdl_table_row(t, cells) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, &style, f);
    }
    mdl_table_free(t);
    show_mail_providers(d, f);
    return st;
}

static void show_total(const json_t *d, FILE *f)
{
    char n[FORM];
    say(f, "\nThe list leaves out %s of the present imports.\n",
        form_count(mdl_doc_int(d, "left_out"), "account", "accounts", n));
    if (mdl_doc_int(d, "rounds_running") > 0) {
        say_shade(
            f, SHADE_YELLOW,
            "A round is under way with the list it began with: 'mandorla round abort PARTNER' "
            "ends it.\n");
    }
}

static enum mdl_status show_added(struct cli *c, const json_t *d, FILE *f)
{
    (void)c;
    if (json_is_true(json_object_get(d, "preview"))) {
        say_shade(f, SHADE_BOLD, "Preview: nothing was saved\n\n");
    } else {
        say_shade(f, SHADE_GREEN, "✓ ");
        say(f, "Left out of every round from now on, after later imports too\n\n");
    }
    enum mdl_status st = show_entries(d, f);
    show_total(d, f);
    return st;
}

/* Sends once as a preview where a person can answer, then in earnest. */
static enum mdl_status add(struct cli *c, const char *url, json_t *body)
{
    struct path p;
    json_t *document = NULL;
    bool preview = option_given(&c->o, "preview");
    bool ask = !preview && !option_given(&c->o, "yes") && term_can_ask();
    enum mdl_status st = MDL_OK;

    path_start(&p, url);
    if (ask) {
        (void)json_object_set_new(body, "preview", json_true());
        st = cli_send(c, "POST", &p, json_incref(body), &document);
        if (st == MDL_OK) {
            st = show_entries(document, cli_talk(c));
            (void)fputc('\n', cli_talk(c));
        }
        json_decref(document);
        document = NULL;
        st = st == MDL_OK ? cli_confirm(c, "Leave these out of every round from now on?") : st;
    }
    (void)json_object_set_new(body, "preview", json_boolean(preview));
    if (st == MDL_OK) {
        st = cli_send(c, "POST", &p, json_incref(body), &document);
    }
    json_decref(body);
    return st == MDL_OK ? cli_print(c, document, show_added) : st;
}

static enum mdl_status run_add(struct cli *c)
{
    json_t *body = json_object();
    json_t *values = json_array();
    for (int i = 0; i < c->o.n_args; i++) {
        (void)json_array_append_new(values, json_string(cli_arg(c, i)));
    }
    (void)json_object_set_new(body, "values", values);
    body_text(body, &c->o, "reason", "reason");
    body_text(body, &c->o, "country", "country");
    return add(c, "/v1/suppressions", body);
}

/* ---- a file ------------------------------------------------------------------------------------
 */

static enum mdl_status read_file(struct cli *c, const char *name, json_t **text)
{
    FILE *from = strcmp(name, "-") == 0 ? stdin : fopen(name, "rbe");
    char *bytes = malloc(FILE_MAX + 1);
    enum mdl_status st = MDL_OK;
    size_t n = 0;
    if (from == NULL) {
        st = mdl_fail(&c->err, errno == ENOENT ? MDL_U_NOT_FOUND : MDL_L_IO,
                      "'%s' cannot be opened: %s", name, strerror(errno));
    } else if (bytes == NULL) {
        st = mdl_fail(&c->err, MDL_L_MEMORY, "not enough memory for '%s'", name);
    } else {
        n = fread(bytes, 1, FILE_MAX + 1, from);
        *text = n <= FILE_MAX ? json_stringn(bytes, n) : NULL;
    }
    if (st == MDL_OK && n > FILE_MAX) {
        st = mdl_fail(&c->err, MDL_U_TOO_LARGE,
                      "'%s' has more than %d bytes: divide it, and import the parts", name,
                      FILE_MAX);
    } else if (st == MDL_OK && (*text == NULL || memchr(bytes, 0, n) != NULL)) {
        st = mdl_fail(&c->err, MDL_U_CSV, "'%s' is not text in UTF-8", name);
    }
    free(bytes);
    if (from != NULL && from != stdin) {
        (void)fclose(from);
    }
    return st;
}

static enum mdl_status run_import(struct cli *c)
{
    json_t *text = NULL;
    enum mdl_status st = read_file(c, cli_arg(c, 0), &text);
    if (st != MDL_OK) {
        json_decref(text);
        return st;
    }
    json_t *body = json_pack("{s:o}", "text", text);
    body_text(body, &c->o, "reason", "reason");
    return add(c, "/v1/suppressions/import", body);
}

/* ---- list and remove ---------------------------------------------------------------------------
 */

static enum mdl_status list_row(struct mdl_table *t, const json_t *e)
{
    char id[FORM];
    char n[FORM];
    char day[FORM];
    const char *cells[] = {form_number(mdl_doc_int(e, "id"), id),
                           mdl_doc_text(e, "value"),
                           mdl_doc_text(e, "country"),
                           form_number(mdl_doc_int(e, "accounts"), n),
                           form_date(mdl_doc_text(e, "since"), day),
                           mdl_doc_text(e, "reason")};
    return mdl_table_row(t, cells);
}

static enum mdl_status show_list(struct cli *c, const json_t *d, FILE *f)
{
    static const char *const titles[] = {"NUMBER",       "VALUE", "COUNTRY",
                                         "ACCOUNTS NOW", "SINCE", "REASON"};
    static const enum mdl_align align[] = {MDL_RIGHT, MDL_LEFT, MDL_LEFT,
                                           MDL_RIGHT, MDL_LEFT, MDL_LEFT};
    const json_t *list = json_object_get(d, "entries");
    struct mdl_style style = term_style(f);
    size_t i;
    const json_t *e;
    (void)c;
    if (json_array_size(list) == 0) {
        say(f, "Nobody is on the suppression list: 'mandorla suppress add VALUE' adds who "
               "objected.\n");
        return MDL_OK;
    }
    struct mdl_table *t = mdl_table_new(6, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    json_array_foreach(list, i, e)
    {
        st = st == MDL_OK ? list_row(t, e) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, &style, f);
        show_total(d, f);
    }
    mdl_table_free(t);
    return st;
}

static enum mdl_status run_list(struct cli *c)
{
    struct path p;
    path_start(&p, "/v1/suppressions");
    return cli_show(c, &p, show_list);
}

static enum mdl_status show_removed(struct cli *c, const json_t *d, FILE *f)
{
    (void)c;
    say_shade(f, SHADE_GREEN, "✓ ");
    say(f, "%s is off the suppression list: its accounts take part in rounds again.\n",
        mdl_doc_text(d, "value"));
    return MDL_OK;
}

static enum mdl_status run_remove(struct cli *c)
{
    struct path p;
    char question[400];
    json_t *document = NULL;
    (void)snprintf(question, sizeof question,
                   "Take %.200s off the suppression list? Its accounts take part in rounds again.",
                   cli_arg(c, 0));
    enum mdl_status st = cli_confirm(c, question);
    if (st != MDL_OK) {
        return st;
    }
    path_start(&p, "/v1/suppressions");
    path_segment(&p, cli_arg(c, 0));
    st = cli_send(c, "DELETE", &p, NULL, &document);
    return st == MDL_OK ? cli_print(c, document, show_removed) : st;
}

static const struct option_row yes_option[] = {
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

const struct command suppress_commands[] = {
    {"suppress list", "", "Who objected, and how many accounts that leaves out", NULL,
     "  mandorla suppress list\n", NULL, 0, 0, 0, run_list},
    {"suppress add", "VALUE...", "Leave companies that objected out of every round",
     "VALUE is a company's name, website, e-mail address or domain, a registry id, or a record as "
     "SOURCE:ID. Every account that has one of the match keys of the value, whatever other keys it "
     "comes with, is left out of every round from now on, in later imports too; so are its keys, "
     "even where another account has them. A name without --country means every company of that "
     "name; with it, those of that country and those whose country is not known. What looks like a "
     "domain and is none is refused: a company's name is written without the dot.\n"
     "The list stays on this machine; the log notes that it was changed, not how.\n",
     "  mandorla suppress add bergmann-metallbau.de --reason \"objection of 3 May, Art. 21\"\n"
     "  mandorla suppress add \"Bergmann Metallbau\" --country DE\n"
     "  mandorla suppress add crm:001A000001LqXyZ --preview\n",
     add_options, 1, ANY_NUMBER, 0, run_add},
    {"suppress import", "FILE", "Add a file of values to the list",
     "One value a line, or VALUE;COUNTRY;REASON; lines that begin with # are passed over. All of "
     "the file, or none of it if a line cannot be read. '-' reads standard input.\n",
     "  mandorla suppress import objections.txt --reason \"objections 2026\"\n", import_options, 1,
     1, 0, run_import},
    {"suppress remove", "NUMBER|VALUE", "Take an entry off the list", NULL,
     "  mandorla suppress remove 7\n"
     "  mandorla suppress remove bergmann-metallbau.de\n",
     yes_option, 1, 1, 0, run_remove},
    {.name = NULL},
};
