/* cmd_schedule.c: round schedule: rounds that the node proposes by itself.
 * It may not keep time: the node does. */
#include "cli.h"

#include <string.h>

static const struct option_row schedule_options[] = {
    {"every", "TIME", "hours, days or weeks: 12h, 7d, 4w"},
    {"off", NULL, "propose no more rounds by itself"},
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

static enum mdl_status add_line(struct mdl_table *t, const json_t *line)
{
    char next[FORM];
    char last[FORM];
    const char *cells[] = {mdl_doc_text(line, "partner"), mdl_doc_text(line, "every"),
                           form_time(mdl_doc_text(line, "next"), next),
                           form_time(mdl_doc_text(line, "last"), last),
                           mdl_doc_text(line, "last_result")};
    return mdl_table_row(t, cells);
}

static enum mdl_status show_list(struct cli *c, const json_t *d, FILE *f)
{
    static const char *const titles[] = {"PARTNER", "EVERY", "NEXT", "LAST", "RESULT"};
    static const enum mdl_align align[] = {MDL_LEFT, MDL_RIGHT, MDL_LEFT, MDL_LEFT, MDL_LEFT};
    const json_t *list = json_object_get(d, "schedules");
    struct mdl_style style = term_style(f);
    size_t i;
    const json_t *line;

    if (json_array_size(list) == 0) {
        say(f, "No rounds are scheduled: 'mandorla round schedule PARTNER --every 7d' does it.\n");
        return MDL_OK;
    }
    struct mdl_table *t = mdl_table_new(5, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    json_array_foreach(list, i, line)
    {
        st = st == MDL_OK ? add_line(t, line) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, &style, f);
    }
    mdl_table_free(t);
    return cli_printed(c, st);
}

static enum mdl_status show_set(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *line = json_object_get(d, "schedule");
    char next[FORM];
    (void)c;
    say_shade(f, SHADE_GREEN, "✓ ");
    say(f, "Every %s a round with %s is proposed, the next one %s\n", mdl_doc_text(line, "every"),
        mdl_doc_text(line, "partner"), form_time(mdl_doc_text(line, "next"), next));
    return MDL_OK;
}

static enum mdl_status show_off(struct cli *c, const json_t *d, FILE *f)
{
    (void)c;
    say_shade(f, SHADE_GREEN, "✓ ");
    say(f, "No more rounds with %s are proposed by itself\n",
        mdl_doc_text(json_object_get(d, "schedule"), "partner"));
    return MDL_OK;
}

static enum mdl_status change(struct cli *c, bool off, bool preview, json_t **document)
{
    struct path p;
    json_t *body = NULL;

    path_start(&p, "/v1/partners");
    path_segment(&p, cli_arg(c, 0));
    path_segment(&p, "schedule");
    if (!off) {
        body = json_object();
        body_text(body, &c->o, "every", "every");
        (void)json_object_set_new(body, "preview", json_boolean(preview));
    }
    return cli_send(c, off ? "DELETE" : "POST", &p, body, document);
}

/* Whether it may be at all comes first: nobody reads terms in vain. */
static enum mdl_status run_set(struct cli *c)
{
    json_t *document = NULL;
    enum mdl_status st = change(c, false, true, &document);
    if (st != MDL_OK) {
        return st;
    }
    json_decref(document);
    st = confirm_round(c, "Propose such a round again and again, unasked?");
    if (st == MDL_OK) {
        st = change(c, false, false, &document);
    }
    return st == MDL_OK ? cli_print(c, document, show_set) : st;
}

static enum mdl_status run_list(struct cli *c)
{
    struct path p;
    path_start(&p, "/v1/schedules");
    path_query(&p, "partner", c->o.n_args > 0 ? cli_arg(c, 0) : NULL);
    return cli_show(c, &p, show_list);
}

static enum mdl_status run_schedule(struct cli *c)
{
    bool off = option_given(&c->o, "off");
    bool every = option_given(&c->o, "every");
    json_t *document = NULL;

    if (off && every) {
        return mdl_fail(&c->err, MDL_U_ARGUMENT, "--every and --off do not go together");
    }
    if (c->o.n_args == 0 && (off || every)) {
        return mdl_fail(&c->err, MDL_U_ARGUMENT, "with which PARTNER?");
    }
    if (!off) {
        return every ? run_set(c) : run_list(c);
    }
    enum mdl_status st = change(c, true, false, &document);
    return st == MDL_OK ? cli_print(c, document, show_off) : st;
}

const struct command schedule_commands[] = {
    {"round schedule", "[PARTNER]", "Propose a round again and again, or show what is scheduled",
     "The first round is proposed after the interval, under the agreement that is in force then. "
     "It "
     "needs one whose approval rule is 'standing'; the partner approves by its own rule. What may "
     "not "
     "be proposed when it is due (a cap, a round that is still open) is left out, and the list "
     "says "
     "why.\n",
     "  mandorla round schedule Contoso --every 7d\n"
     "  mandorla round schedule\n"
     "  mandorla round schedule Contoso --off\n",
     schedule_options, 0, 1, 0, run_schedule},
    {.name = NULL},
};
