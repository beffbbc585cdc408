/* cmd_round.c: round start, approve, refuse, list, show, abort.
 * It may not run a round: the two nodes do. */
#include "cli.h"

#include <string.h>

static const struct option_row start_options[] = {
    {"wait", NULL, "follow the round until it has ended; exit code 0 only if it is complete"},
    {"timeout", "S", "with --wait: stop following after S seconds; the round goes on"},
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

static const struct option_row reason_option[] = {
    {"reason", "TEXT", "told to the partner"},
    {NULL, NULL, NULL},
};

static const struct option_row watch_option[] = {
    {"watch", NULL, "follow the round until it has ended"},
    {NULL, NULL, NULL},
};

static const struct option_row list_options[] = {
    {"limit", "N", "at most so many (default: 50)"},
    {NULL, NULL, NULL},
};

static const struct option_row diff_options[] = {
    {"limit", "N", "at most N rows in each list (default: 500)"},
    {NULL, NULL, NULL},
};

static void round_path(struct cli *c, const char *act, struct path *p)
{
    path_start(p, "/v1/rounds");
    path_segment(p, cli_arg(c, 0));
    if (act != NULL) {
        path_segment(p, act);
    }
}

static enum mdl_status show_round_document(struct cli *c, const json_t *d, FILE *f)
{
    (void)c;
    show_round(json_object_get(d, "round"), f);
    return MDL_OK;
}

/* ---- start -------------------------------------------------------------------------------------
 */

enum mdl_status confirm_round(struct cli *c, const char *question)
{
    struct path p;
    json_t *document = NULL;
    FILE *f = cli_talk(c);

    if (option_given(&c->o, "yes")) {
        return MDL_OK;
    }
    path_start(&p, "/v1/partners");
    path_segment(&p, cli_arg(c, 0));
    path_segment(&p, "round-preview");
    enum mdl_status st = cli_get(c, &p, &document);
    if (st != MDL_OK) {
        return st;
    }
    say_shade(f, SHADE_BOLD, "A mapping round with %s\n\n",
              mdl_doc_text(json_object_get(document, "partner"), "name"));
    show_disclosure(json_object_get(document, "disclosure"), f);
    if (json_is_true(json_object_get(document, "agreement_needed"))) {
        say_wrapped(f, "",
                    "No agreement is in force yet: these terms, the standard agreement, are "
                    "signed and proposed together with the round.");
    }
    (void)fputc('\n', f);
    json_decref(document);
    return cli_confirm(c, question);
}

static enum mdl_status show_started(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *round = json_object_get(d, "round");
    const char *waiting = mdl_doc_text(round, "waiting_for");
    char id[FORM];
    (void)c;
    (void)form_id(mdl_doc_text(round, "id"), id);
    say_shade(f, SHADE_GREEN, "✓ ");
    say(f, "Round %s with %s is proposed%s\n", id, mdl_doc_text(round, "partner"),
        json_is_true(json_object_get(d, "agreement_proposed")) ? ", with the standard agreement"
                                                               : "");
    if (waiting[0] != '\0') {
        say(f, "  It waits for %s.\n", waiting);
    }
    say(f, "  mandorla round show %s --watch\n", id);
    return MDL_OK;
}

/* Follows, prints how it ended, and fails unless it is complete. */
static enum mdl_status follow(struct cli *c, const char *id, long long seconds)
{
    json_t *document = NULL;
    enum mdl_status st = watch_round(c, id, seconds, &document);
    if (st != MDL_OK) {
        json_decref(document);
        return st;
    }
    st = round_status(c, json_object_get(document, "round"));
    struct mdl_error outcome = c->err;
    if (progress_shown()) {
        (void)fputc('\n', stderr);
    }
    enum mdl_status printed = cli_print(c, document, show_round_document);
    if (printed == MDL_OK && st != MDL_OK) {
        c->err = outcome;
    }
    return printed != MDL_OK ? printed : st;
}

static enum mdl_status run_start(struct cli *c)
{
    struct path p;
    json_t *document = NULL;
    char id[80];
    long long seconds = 0;
    enum mdl_status st = option_int(&c->o, "timeout", 1, 31536000, &seconds, &c->err);

    if (st == MDL_OK && seconds > 0 && !option_given(&c->o, "wait")) {
        st = mdl_fail(&c->err, MDL_U_ARGUMENT, "--timeout goes with --wait");
    }
    st = st == MDL_OK ? confirm_round(c, "Propose this round?") : st;
    if (st != MDL_OK) {
        return st;
    }
    path_start(&p, "/v1/rounds");
    st = cli_send(c, "POST", &p, json_pack("{s:s}", "partner", cli_arg(c, 0)), &document);
    if (st != MDL_OK) {
        return st;
    }
    if (!option_given(&c->o, "wait")) {
        return cli_print(c, document, show_started);
    }
    (void)snprintf(id, sizeof id, "%s", mdl_doc_text(json_object_get(document, "round"), "id"));
    json_decref(document);
    return follow(c, id, seconds);
}

/* ---- list, show --------------------------------------------------------------------------------
 */

static enum mdl_status show_list(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *list = json_object_get(d, "rounds");
    if (json_array_size(list) == 0) {
        say(f, "No rounds yet: 'mandorla round start PARTNER' proposes one.\n");
        return MDL_OK;
    }
    return show_rounds(c, list, f);
}

static enum mdl_status run_list(struct cli *c)
{
    struct path p;
    long long limit = 50;
    enum mdl_status st = option_int(&c->o, "limit", 1, 1000, &limit, &c->err);
    path_start(&p, "/v1/rounds");
    path_query(&p, "partner", c->o.n_args > 0 ? cli_arg(c, 0) : NULL);
    path_query_int(&p, "limit", limit);
    return st == MDL_OK ? cli_show(c, &p, show_list) : st;
}

static enum mdl_status run_show(struct cli *c)
{
    struct path p;
    if (option_given(&c->o, "watch")) {
        return follow(c, cli_arg(c, 0), 0);
    }
    round_path(c, NULL, &p);
    return cli_show(c, &p, show_round_document);
}

/* ---- approve, refuse, abort --------------------------------------------------------------------
 */

static enum mdl_status show_short(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *round = json_object_get(d, "round");
    const char *text = mdl_doc_text(round, "text");
    char id[FORM];
    (void)c;
    say_shade(f, SHADE_GREEN, "✓ ");
    say(f, "Round %s with %s: %s", form_id(mdl_doc_text(round, "id"), id),
        mdl_doc_text(round, "partner"), mdl_doc_text(round, "state"));
    say(f, "%s%s\n", text[0] != '\0' ? ", " : "", text);
    if (text[0] == '\0') {
        say(f, "Next: mandorla round show %s --watch\n", id);
    }
    return MDL_OK;
}

static enum mdl_status act(struct cli *c, const char *what, json_t *body)
{
    struct path p;
    json_t *document = NULL;
    round_path(c, what, &p);
    enum mdl_status st = cli_send(c, "POST", &p, body, &document);
    return st == MDL_OK ? cli_print(c, document, show_short) : st;
}

static enum mdl_status run_approve(struct cli *c)
{
    return act(c, "approve", NULL);
}

static enum mdl_status run_refuse(struct cli *c)
{
    json_t *body = json_object();
    body_text(body, &c->o, "reason", "reason");
    return act(c, "refuse", body);
}

static enum mdl_status run_abort(struct cli *c)
{
    return act(c, "abort", NULL);
}

const struct command round_commands[] = {
    {"round start", "PARTNER", "Propose a mapping round",
     "Shows what the round would disclose and asks on a terminal. If there never was an agreement "
     "with this partner, the standard one is signed and proposed with it. The round waits until "
     "the partner is connected and approves.\n",
     "  mandorla round start Contoso\n"
     "  mandorla round start Contoso --wait --timeout 600 --yes\n",
     start_options, 1, 1, 0, run_start},
    {"round approve", "ID|PARTNER", "Let a round that a partner proposed run", NULL,
     "  mandorla round approve Contoso\n", NULL, 1, 1, 0, run_approve},
    {"round refuse", "ID|PARTNER", "Refuse a round that a partner proposed", NULL,
     "  mandorla round refuse Contoso --reason \"after quarter end\"\n", reason_option, 1, 1, 0,
     run_refuse},
    {"round list", "[PARTNER]", "Rounds, newest first", NULL,
     "  mandorla round list\n  mandorla round list Contoso --limit 5\n", list_options, 0, 1, 0,
     run_list},
    {"round show", "ID|PARTNER", "One round: phases, sizes, outcome, receipt",
     "ID is the round's id or at least 6 of its first digits; PARTNER stands for the open "
     "round, else for the one that ended last.\n",
     "  mandorla round show Contoso\n  mandorla round show 3fa9c1 --watch\n", watch_option, 1, 1, 0,
     run_show},
    {"round diff", "ID ID|PARTNER", "What changed between two rounds with one partner",
     "The earlier round first; PARTNER stands for its newest round. Accounts that came into the "
     "overlap, left it, or moved between populations on either side, and each cell's number before "
     "and after.\n",
     "  mandorla round diff 3fa9c1 Contoso\n  mandorla round diff 3fa9c1 77aa01 --json\n",
     diff_options, 2, 2, 0, run_round_diff},
    {"round abort", "ID|PARTNER", "End a round that waits or runs; the partner is told", NULL,
     "  mandorla round abort Contoso\n", NULL, 1, 1, 0, run_abort},
    {.name = NULL},
};
