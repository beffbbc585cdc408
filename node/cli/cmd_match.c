/* cmd_match.c: match dispute, match disputes: matches that are wrong.
 * It may not judge a match: people do. */
#include "cli.h"

#include <string.h>

static const struct option_row dispute_options[] = {
    {"reason", "TEXT", "told to the partner"},
    {"withdraw", NULL, "take back what was said"},
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

static enum mdl_status ask(struct cli *c)
{
    char question[400];
    if (option_given(&c->o, "withdraw")) {
        return MDL_OK;
    }
    (void)snprintf(question, sizeof question,
                   "Tell %s that the match of '%s' is wrong%s%s? It stays out of later results on "
                   "both nodes.",
                   cli_arg(c, 0), cli_arg(c, 1), option_given(&c->o, "reason") ? ", because: " : "",
                   option_given(&c->o, "reason") ? option_text(&c->o, "reason") : "");
    return cli_confirm(c, question);
}

static enum mdl_status show_done(struct cli *c, const json_t *d, FILE *f)
{
    bool disputed = json_is_true(json_object_get(d, "disputed"));
    size_t i;
    const json_t *key;
    (void)c;
    json_array_foreach(json_object_get(d, "keys"), i, key)
    {
        say_shade(f, SHADE_GREEN, "✓ ");
        say(f, "%s %s: %s\n", mdl_doc_text(key, "type"), mdl_doc_text(key, "value"),
            disputed ? "in dispute" : "no longer disputed by us");
    }
    const char *account = mdl_doc_text(d, "account");
    say(f, "%s is told%s. The next round counts %s %s.\n", mdl_doc_text(d, "partner"),
        json_is_true(json_object_get(d, "connected")) ? "" : " as soon as it is connected",
        account[0] != '\0' ? account : "it",
        disputed ? "out, on both nodes" : "again, unless the partner disputes it too");
    return MDL_OK;
}

static enum mdl_status run_dispute(struct cli *c)
{
    struct path p;
    json_t *document = NULL;
    bool withdraw = option_given(&c->o, "withdraw");
    enum mdl_status st = ask(c);
    if (st != MDL_OK) {
        return st;
    }
    path_start(&p, "/v1/partners");
    path_segment(&p, cli_arg(c, 0));
    path_segment(&p, "disputes");
    json_t *body = json_object();
    (void)json_object_set_new(body, "match", json_string(cli_arg(c, 1)));
    body_text(body, &c->o, "reason", "reason");
    if (withdraw) {
        (void)json_object_set_new(body, "withdraw", json_true());
    }
    st = cli_send(c, "POST", &p, body, &document);
    return st == MDL_OK ? cli_print(c, document, show_done) : st;
}

static const char *said(const json_t *side, char out[FORM + 260])
{
    const char *reason = mdl_doc_text(side, "reason");
    char at[FORM];
    if (!json_is_true(json_object_get(side, "disputed"))) {
        return "-";
    }
    (void)snprintf(out, FORM + 260, "%s%s%s", form_date(mdl_doc_text(side, "at"), at),
                   reason[0] != '\0' ? ": " : "", reason);
    return out;
}

static enum mdl_status add_row(struct mdl_table *t, const json_t *dispute)
{
    const json_t *key = json_object_get(dispute, "key");
    char name[200];
    char ours[FORM + 260];
    char theirs[FORM + 260];
    (void)snprintf(name, sizeof name, "%s:%s", mdl_doc_text(key, "type"),
                   mdl_doc_text(key, "value"));
    const char *cells[] = {name, said(json_object_get(dispute, "ours"), ours),
                           said(json_object_get(dispute, "theirs"), theirs)};
    return mdl_table_row(t, cells);
}

static enum mdl_status show_list(struct cli *c, const json_t *d, FILE *f)
{
    static const char *const titles[] = {"KEY", "WE SAY", "THEY SAY"};
    static const enum mdl_align align[] = {MDL_LEFT, MDL_LEFT, MDL_LEFT};
    const json_t *list = json_object_get(d, "disputes");
    struct mdl_style style = term_style(f);
    size_t i;
    const json_t *one;

    if (json_array_size(list) == 0) {
        say(f, "No match with %s is in dispute.\n", mdl_doc_text(d, "partner"));
        return MDL_OK;
    }
    struct mdl_table *t = mdl_table_new(3, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    json_array_foreach(list, i, one)
    {
        st = st == MDL_OK ? add_row(t, one) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, &style, f);
    }
    mdl_table_free(t);
    return cli_printed(c, st);
}

static enum mdl_status run_disputes(struct cli *c)
{
    struct path p;
    path_start(&p, "/v1/partners");
    path_segment(&p, cli_arg(c, 0));
    path_segment(&p, "disputes");
    return cli_show(c, &p, show_list);
}

const struct command match_commands[] = {
    {"match dispute", "PARTNER RECORD", "Mark a match as wrong, on both nodes",
     "RECORD is the record id of your account, as overlap and its CSV have it, or SOURCE:ID; with "
     "--withdraw also the key, as 'match disputes' shows it. The partner is told the key that "
     "matched, which it has too. From the next round on an account that matched by it is counted "
     "by neither side; counts of cells at level counts know no accounts and stay as they are.\n",
     "  mandorla match dispute Contoso 0015g00000A1b2C --reason \"a namesake in another country\"\n"
     "  mandorla match dispute Contoso domain:acme.com --withdraw\n",
     dispute_options, 2, 2, 0, run_dispute},
    {"match disputes", "PARTNER", "Matches that one of the two sides holds for wrong", NULL,
     "  mandorla match disputes Contoso\n", NULL, 1, 1, 0, run_disputes},
    {.name = NULL},
};
