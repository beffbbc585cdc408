/* cmd_population.c: population list, preview, add, remove; exclude list, add, remove.
 * It may not read a rule: the node does. */
#include "cli.h"

#include <string.h>

/* ---- what a rule selects -----------------------------------------------------------------------
 */

static enum mdl_status show_sources_of(const json_t *d, FILE *f)
{
    static const char *const titles[] = {"SOURCE", "SELECTED", "OF", ""};
    static const enum mdl_align align[] = {MDL_LEFT, MDL_RIGHT, MDL_RIGHT, MDL_LEFT};
    struct mdl_style style = term_style(f);
    struct mdl_table *t = mdl_table_new(4, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    size_t i;
    const json_t *s;

    json_array_foreach(json_object_get(d, "sources"), i, s)
    {
        char a[FORM];
        char b[FORM];
        char names[300];
        char note[400] = "";
        if (!json_is_true(json_object_get(s, "applies"))) {
            mdl_doc_join(json_object_get(s, "missing"), ", ", names, sizeof names);
            (void)snprintf(note, sizeof note, "has no column %s",
                           names[0] != '\0' ? names : "for it in one file");
        }
        const char *cells[] = {mdl_doc_text(s, "source"),
                               form_number(mdl_doc_int(s, "accounts"), a),
                               form_number(mdl_doc_int(s, "total"), b), note};
        st = st == MDL_OK ? mdl_table_row(t, cells) : st;
    }
    if (st == MDL_OK && mdl_table_rows(t) > 0) {
        mdl_table_print(t, &style, f);
    } else if (st == MDL_OK) {
        say(f, "Nothing is imported yet: the rule will be asked of each import.\n");
    }
    mdl_table_free(t);
    return st;
}

static void show_first(const json_t *d, FILE *f)
{
    const json_t *first = json_object_get(d, "first");
    json_int_t more = mdl_doc_int(d, "accounts") - (json_int_t)json_array_size(first);
    char n[FORM];
    size_t i;
    const json_t *a;

    if (json_array_size(first) > 0) {
        (void)fputc('\n', f);
    }
    json_array_foreach(first, i, a)
    {
        say(f, "  %s", mdl_doc_text(a, "name"));
        say_shade(f, SHADE_DIM, "  %s:%s  %s\n", mdl_doc_text(a, "source"),
                  mdl_doc_text(a, "record_id"), mdl_doc_text(a, "website"));
    }
    if (more > 0) {
        say(f, "  and %s more\n", form_number(more, n));
    }
}

static enum mdl_status show_selected(const json_t *d, FILE *f)
{
    enum mdl_status st = show_sources_of(d, f);
    show_first(d, f);
    return st;
}

static enum mdl_status show_preview(struct cli *c, const json_t *d, FILE *f)
{
    char n[FORM];
    (void)c;
    say_shade(f, SHADE_BOLD, "Preview: %s now; nothing was saved\n\n",
              form_count(mdl_doc_int(d, "accounts"), "account", "accounts", n));
    return show_selected(d, f);
}

/* Asked before a rule is saved; shown only where a person can answer. */
static enum mdl_status look_first(struct cli *c, const char *url, const char *rule)
{
    struct path p;
    json_t *document = NULL;
    if (option_given(&c->o, "yes") || !term_can_ask()) {
        return MDL_OK;
    }
    path_start(&p, url);
    enum mdl_status st =
        cli_send(c, "POST", &p, json_pack("{s:s, s:b}", "rule", rule, "preview", 1), &document);
    if (st == MDL_OK) {
        st = show_selected(document, cli_talk(c));
        (void)fputc('\n', cli_talk(c));
    }
    json_decref(document);
    return st;
}

/* ---- populations -------------------------------------------------------------------------------
 */

static const struct option_row add_options[] = {
    {"preview", NULL, "show what the rule would select; save nothing"},
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

/* Agreements in force that name the population: it is new to this node, not to them. */
static void show_disclosing(const json_t *d, FILE *f)
{
    bool preview = json_is_true(json_object_get(d, "preview"));
    size_t i;
    const json_t *o;
    json_array_foreach(json_object_get(d, "agreements"), i, o)
    {
        say_shade(f, SHADE_YELLOW,
                  "Agreement %s with %s, in force, names it at level %s:\nits next round %s this "
                  "population\n",
                  mdl_doc_text(o, "agreement"), mdl_doc_text(o, "partner"),
                  mdl_doc_text(o, "level"), preview ? "would disclose" : "discloses");
    }
}

static enum mdl_status show_added(struct cli *c, const json_t *d, FILE *f)
{
    char n[FORM];
    if (json_is_true(json_object_get(d, "preview"))) {
        enum mdl_status st = show_preview(c, d, f);
        show_disclosing(d, f);
        return st;
    }
    say_shade(f, SHADE_GREEN, "✓ ");
    say_shade(f, SHADE_BOLD, "Population %s", mdl_doc_text(d, "name"));
    say(f, ": %s; later imports are asked too\n\n",
        form_count(mdl_doc_int(d, "accounts"), "account", "accounts", n));
    enum mdl_status st = show_selected(d, f);
    show_disclosing(d, f);
    return st;
}

static enum mdl_status preview_path(struct cli *c, const char *rule, json_t **document)
{
    struct path p;
    path_start(&p, "/v1/populations/preview");
    return cli_send(c, "POST", &p, json_pack("{s:s}", "rule", rule), document);
}

static enum mdl_status run_preview(struct cli *c)
{
    json_t *document = NULL;
    enum mdl_status st = preview_path(c, cli_arg(c, 0), &document);
    return st == MDL_OK ? cli_print(c, document, show_preview) : st;
}

static enum mdl_status confirm_add(struct cli *c)
{
    json_t *document = NULL;
    char question[160];
    char n[FORM];
    if (option_given(&c->o, "yes") || !term_can_ask()) {
        return MDL_OK;
    }
    struct path p;
    path_start(&p, "/v1/populations");
    enum mdl_status st = cli_send(
        c, "POST", &p,
        json_pack("{s:s, s:s, s:b}", "name", cli_arg(c, 0), "rule", cli_arg(c, 1), "preview", 1),
        &document);
    if (st == MDL_OK) {
        st = show_selected(document, cli_talk(c));
        show_disclosing(document, cli_talk(c));
        (void)fputc('\n', cli_talk(c));
    }
    (void)snprintf(question, sizeof question, "Add population %.40s with %s?", cli_arg(c, 0),
                   form_count(mdl_doc_int(document, "accounts"), "account", "accounts", n));
    json_decref(document);
    return st == MDL_OK ? cli_confirm(c, question) : st;
}

static enum mdl_status run_add(struct cli *c)
{
    struct path p;
    json_t *document = NULL;
    bool preview = option_given(&c->o, "preview");
    enum mdl_status st = preview ? MDL_OK : confirm_add(c);
    if (st != MDL_OK) {
        return st;
    }
    path_start(&p, "/v1/populations");
    progress("asking the rule of every account …");
    st = cli_send(c, "POST", &p,
                  json_pack("{s:s, s:s, s:b}", "name", cli_arg(c, 0), "rule", cli_arg(c, 1),
                            "preview", (int)preview),
                  &document);
    progress_clear();
    return st == MDL_OK ? cli_print(c, document, show_added) : st;
}

static void sources_text(const json_t *population, char *out, size_t size)
{
    size_t i;
    const json_t *s;
    out[0] = '\0';
    json_array_foreach(json_object_get(population, "sources"), i, s)
    {
        size_t n = strlen(out);
        char number[FORM];
        (void)snprintf(out + n, size - n, "%s%s %s", i > 0 ? ", " : "", mdl_doc_text(s, "source"),
                       form_number(mdl_doc_int(s, "accounts"), number));
    }
}

static json_int_t left_out_of(const json_t *o)
{
    const json_t *l = json_object_get(o, "left_out");
    return mdl_doc_int(l, "private") + mdl_doc_int(l, "suppressed");
}

static enum mdl_status population_row(struct mdl_table *t, const json_t *p)
{
    char accounts[FORM];
    char left[FORM];
    char sources[300];
    const char *kind = mdl_doc_text(p, "kind");
    const char *rule = mdl_doc_text(p, "rule");
    sources_text(p, sources, sizeof sources);
    const char *cells[] = {mdl_doc_text(p, "name"),
                           form_number(mdl_doc_int(p, "accounts"), accounts),
                           left_out_of(p) > 0 ? form_number(left_out_of(p), left) : "", sources,
                           rule[0] != '\0'                 ? rule
                           : strcmp(kind, "standard") == 0 ? "(standard)"
                                                           : "(of an import)"};
    return mdl_table_row(t, cells);
}

static void show_left_out(const json_t *total, FILE *f)
{
    const json_t *l = json_object_get(total, "left_out");
    char a[FORM];
    char b[FORM];
    if (left_out_of(total) == 0) {
        return;
    }
    say(f,
        "\nIn no round: %s by rule ('mandorla exclude list'), %s by objection\n"
        "('mandorla suppress list').\n",
        form_count(mdl_doc_int(l, "private"), "account", "accounts", a),
        form_number(mdl_doc_int(l, "suppressed"), b));
}

static enum mdl_status show_list(struct cli *c, const json_t *d, FILE *f)
{
    static const char *const titles[] = {"POPULATION", "ACCOUNTS", "LEFT OUT", "BY SOURCE", "RULE"};
    static const enum mdl_align align[] = {MDL_LEFT, MDL_RIGHT, MDL_RIGHT, MDL_LEFT, MDL_LEFT};
    struct mdl_style style = term_style(f);
    struct mdl_table *t = mdl_table_new(5, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    size_t i;
    const json_t *p;
    (void)c;

    json_array_foreach(json_object_get(d, "populations"), i, p)
    {
        st = st == MDL_OK ? population_row(t, p) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, &style, f);
        show_left_out(json_object_get(d, "total"), f);
    }
    mdl_table_free(t);
    return st;
}

static enum mdl_status run_list(struct cli *c)
{
    struct path p;
    path_start(&p, "/v1/populations");
    return cli_show(c, &p, show_list);
}

static const struct option_row remove_options[] = {
    {"force", NULL, "also a population that stands in an agreement in force"},
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

static enum mdl_status show_removed(struct cli *c, const json_t *d, FILE *f)
{
    size_t i;
    const json_t *o;
    (void)c;
    say_shade(f, SHADE_GREEN, "✓ ");
    say(f, "Removed population %s. Its rule was: %s\n", mdl_doc_text(d, "removed"),
        mdl_doc_text(d, "rule"));
    json_array_foreach(json_object_get(d, "agreements"), i, o)
    {
        say_shade(f, SHADE_YELLOW,
                  "Agreement %s with %s still names it: rounds under it find nobody there\n",
                  mdl_doc_text(o, "agreement"), mdl_doc_text(o, "partner"));
    }
    return MDL_OK;
}

static enum mdl_status run_remove(struct cli *c)
{
    struct path p;
    char question[300];
    json_t *document = NULL;
    (void)snprintf(question, sizeof question,
                   "Remove population %.40s and its rule? The accounts stay in their other "
                   "populations.",
                   cli_arg(c, 0));
    enum mdl_status st = cli_confirm(c, question);
    if (st != MDL_OK) {
        return st;
    }
    path_start(&p, "/v1/populations");
    path_segment(&p, cli_arg(c, 0));
    path_query(&p, "force", option_given(&c->o, "force") ? "true" : NULL);
    st = cli_send(c, "DELETE", &p, NULL, &document);
    return st == MDL_OK ? cli_print(c, document, show_removed) : st;
}

/* ---- private accounts --------------------------------------------------------------------------
 */

static enum mdl_status show_excluded(struct cli *c, const json_t *d, FILE *f)
{
    char n[FORM];
    if (json_is_true(json_object_get(d, "preview"))) {
        return show_preview(c, d, f);
    }
    say_shade(f, SHADE_GREEN, "✓ ");
    say(f, "%s are private from now on: in no round, with no partner\n\n",
        form_count(mdl_doc_int(d, "accounts"), "account", "accounts", n));
    return show_selected(d, f);
}

static enum mdl_status run_exclude_add(struct cli *c)
{
    struct path p;
    json_t *document = NULL;
    bool preview = option_given(&c->o, "preview");
    enum mdl_status st = preview ? MDL_OK : look_first(c, "/v1/exclusions", cli_arg(c, 0));
    if (st == MDL_OK && !preview) {
        st = cli_confirm(c, "Leave these accounts out of every round from now on?");
    }
    if (st != MDL_OK) {
        return st;
    }
    path_start(&p, "/v1/exclusions");
    st = cli_send(c, "POST", &p,
                  json_pack("{s:s, s:b}", "rule", cli_arg(c, 0), "preview", (int)preview),
                  &document);
    return st == MDL_OK ? cli_print(c, document, show_excluded) : st;
}

static enum mdl_status show_exclusions(struct cli *c, const json_t *d, FILE *f)
{
    static const char *const titles[] = {"NUMBER", "ACCOUNTS", "SINCE", "RULE"};
    static const enum mdl_align align[] = {MDL_RIGHT, MDL_RIGHT, MDL_LEFT, MDL_LEFT};
    const json_t *list = json_object_get(d, "rules");
    struct mdl_style style = term_style(f);
    size_t i;
    const json_t *r;
    (void)c;
    if (json_array_size(list) == 0) {
        say(f, "No account is private by rule: 'mandorla exclude add RULE' makes some.\n");
        return MDL_OK;
    }
    struct mdl_table *t = mdl_table_new(4, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    json_array_foreach(list, i, r)
    {
        char id[FORM];
        char n[FORM];
        char day[FORM];
        const char *cells[] = {form_number(mdl_doc_int(r, "id"), id),
                               form_number(mdl_doc_int(r, "accounts"), n),
                               form_date(mdl_doc_text(r, "since"), day), mdl_doc_text(r, "rule")};
        st = st == MDL_OK ? mdl_table_row(t, cells) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, &style, f);
    }
    mdl_table_free(t);
    return st;
}

static enum mdl_status run_exclude_list(struct cli *c)
{
    struct path p;
    path_start(&p, "/v1/exclusions");
    return cli_show(c, &p, show_exclusions);
}

static enum mdl_status show_included(struct cli *c, const json_t *d, FILE *f)
{
    (void)c;
    say_shade(f, SHADE_GREEN, "✓ ");
    say(f, "Removed. Accounts of this rule take part in rounds again: %s\n",
        mdl_doc_text(d, "rule"));
    return MDL_OK;
}

static enum mdl_status run_exclude_remove(struct cli *c)
{
    struct path p;
    char question[300];
    json_t *document = NULL;
    (void)snprintf(question, sizeof question,
                   "Remove the rule %.120s? Its accounts take part in rounds again.",
                   cli_arg(c, 0));
    enum mdl_status st = cli_confirm(c, question);
    if (st != MDL_OK) {
        return st;
    }
    path_start(&p, "/v1/exclusions");
    path_segment(&p, cli_arg(c, 0));
    st = cli_send(c, "DELETE", &p, NULL, &document);
    return st == MDL_OK ? cli_print(c, document, show_included) : st;
}

static const struct option_row yes_option[] = {
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

const struct command population_commands[] = {
    {"population list", "", "Populations, their rules and accounts",
     "The three standard populations, those that an import defined for its source, and those by "
     "rule, with the accounts that take part now and those left out ('mandorla exclude', 'mandorla "
     "suppress').\n",
     "  mandorla population list\n", NULL, 0, 0, 0, run_list},
    {"population preview", "RULE", "What a rule would select",
     "Counts by source and the first names; nothing is saved. The rule may name any column of the "
     "imported files by its header, or a field: see 'mandorla population add --help'.\n",
     "  mandorla population preview 'stage = \"Closed Won\" and country in (DE, AT)'\n", NULL, 1, 1,
     0, run_preview},
    {"population add", "NAME RULE", "A population by rule",
     "The rule is asked of every account of every source at once, and of each later import; no "
     "file "
     "is imported again. An account may be in several populations.\n"
     "A rule is made of COLUMN = VALUE, != < > <= >= (numbers, and days as 2026-12-31), COLUMN in "
     "(A, B), COLUMN contains TEXT, COLUMN empty, COLUMN filled, joined by and, or, not and "
     "parentheses. COLUMN is the header of any imported column, or a field such as name, country, "
     "stage, amount; upper and lower case do not matter; names with operator words stand in "
     "quotes.\n"
     "A rule that names a column of opportunities is asked of each opportunity with its account: "
     "one "
     "that fits is enough.\n",
     "  mandorla population add dach-won 'stage = \"Closed Won\" and country in (DE, AT, CH)'\n"
     "  mandorla population add big '\"Annual Revenue\" > 10000000 and owner filled' --preview\n"
     "  mandorla population add renewals 'amount >= 50000 and \"Close Date\" < 2027-04-01'\n",
     add_options, 2, 2, 0, run_add},
    {"population remove", "NAME", "Remove a population by rule",
     "One that stands in an agreement in force is removed with --force only: rounds under that "
     "agreement then find nobody in it.\n",
     "  mandorla population remove dach-won\n"
     "  mandorla population remove dach-won --force --yes\n",
     remove_options, 1, 1, 0, run_remove},
    {"exclude list", "", "Rules for private accounts", NULL, "  mandorla exclude list\n", NULL, 0,
     0, 0, run_exclude_list},
    {"exclude add", "RULE", "Make accounts private: in no round",
     "Accounts that the rule selects are in no round with any partner; counts show them as left "
     "out. Later imports are asked too. The rule is as in 'mandorla population add --help'.\n",
     "  mandorla exclude add 'owner = \"Legal Department\"'\n"
     "  mandorla exclude add '\"Deal Name\" contains \"Project Falcon\"' --preview\n",
     add_options, 1, 1, 0, run_exclude_add},
    {"exclude remove", "NUMBER|RULE", "Remove a rule for private accounts", NULL,
     "  mandorla exclude remove 3\n", yes_option, 1, 1, 0, run_exclude_remove},
    {.name = NULL},
};
