/* cmd_agreement.c: agreement propose, list, show, accept, reject, revoke; agreement_file.c has
 * those that read or write a file. It may not judge terms: it shows what the node says they
 * disclose. */
#include "agreement.h"

#include <string.h>

static const struct option_row propose_options[] = {
    {"purpose", "TEXT", "purpose of the processing"},
    {"legal-basis", "TEXT", "legal basis under GDPR Art. 6"},
    {"days", "N", "days it is in force (default: 365)"},
    {"population", "P",
     "a population of yours; may be repeated (default: the three standard "
     "ones)"},
    {"partner-population", "P",
     "a population of the partner's; may be repeated (default: the "
     "three standard ones)"},
    {"max-keys", "N", "most match keys in one list (default: 1000000)"},
    {"min-result", "N", "if fewer match keys match, no account is told (default: 0)"},
    {"max-result", "N", "if more match keys match, no account is told (default: no bound)"},
    {"reason", "TEXT", "told to the partner with it, unsigned"},
    {"preview", NULL, "show what would be disclosed; sign and send nothing"},
    {"full", NULL, "with --preview: every sentence that would be signed, too"},
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

static const struct option_row yes_option[] = {
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

static const struct option_row reason_option[] = {
    {"reason", "TEXT", "told to the partner"},
    {NULL, NULL, NULL},
};

static const struct option_row show_options[] = {
    {"full", NULL, "every sentence and digest that is signed, too"},
    {NULL, NULL, NULL},
};

/* ---- what it says ------------------------------------------------------------------------------
 */

enum mdl_status show_agreement_short(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *a = json_object_get(d, "agreement");
    const char *state = mdl_doc_text(a, "state");
    char id[FORM];
    (void)c;
    say_shade(f, SHADE_GREEN, "✓ ");
    say(f, "Agreement %s with %s: %s\n", form_id(mdl_doc_text(a, "id"), id),
        mdl_doc_text(a, "partner"), state);
    if (strcmp(state, "in-force") == 0) {
        say(f,
            "Next: mandorla round start \"%s\" --wait, or, if the partner has proposed one:\n"
            "mandorla round approve \"%s\"\n",
            mdl_doc_text(a, "partner"), mdl_doc_text(a, "partner"));
    } else if (strcmp(state, "proposed-by-us") == 0) {
        say(f, "It is in force as soon as %s accepts it.\n", mdl_doc_text(a, "partner"));
    }
    return MDL_OK;
}

/* ---- propose -----------------------------------------------------------------------------------
 */

/* What is named after the partner is a file of terms. */
static enum mdl_status proposal_body(struct cli *c, json_t *body)
{
    const struct {
        const char *option, *name;
        long long min, max;
    } numbers[] = {{"days", "days", 1, 3650},
                   {"max-keys", "max_keys", 1, 4194304},
                   {"min-result", "min_result", 0, 4294967295},
                   {"max-result", "max_result", 0, 4294967295}};
    enum mdl_status st = MDL_OK;

    (void)json_object_set_new(body, "partner", json_string(cli_arg(c, 0)));
    body_text(body, &c->o, "reason", "reason");
    body_text(body, &c->o, "purpose", "purpose");
    body_text(body, &c->o, "legal-basis", "legal_basis");
    body_list(body, &c->o, "population", "populations");
    body_list(body, &c->o, "partner-population", "partner_populations");
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && st == MDL_OK; i++) {
        st = body_int(c, body, numbers[i].option, numbers[i].name, numbers[i].min, numbers[i].max);
    }
    return st == MDL_OK && c->o.n_args > 1 ? body_terms(c, body, cli_arg(c, 1)) : st;
}

static enum mdl_status run_propose(struct cli *c)
{
    struct path p;
    json_t *body = json_object();
    enum mdl_status st = proposal_body(c, body);
    path_start(&p, "/v1/agreements");
    return st == MDL_OK ? cli_propose(c, &p, body) : (json_decref(body), st);
}

/* ---- list, show --------------------------------------------------------------------------------
 */

/* "counts", "accounts", "mixed", and how many pairs of populations of how many have it. */
static const char *row_cells(const json_t *a, char *out, size_t size)
{
    const json_t *cells = json_object_get(a, "cells");
    size_t open = 0;
    size_t i;
    const json_t *c;
    json_array_foreach(cells, i, c)
    {
        open += strcmp(mdl_doc_text(c, "level"), "hidden") != 0 ? 1 : 0;
    }
    (void)snprintf(out, size, "%zu of %zu", open, json_array_size(cells));
    return out;
}

static enum mdl_status agreement_row(struct mdl_table *t, const json_t *a)
{
    char id[FORM];
    char until[FORM];
    char open[48];
    char ours[256];
    char theirs[256];
    const char *cells[] = {
        form_id(mdl_doc_text(a, "id"), id),
        mdl_doc_text(a, "partner"),
        mdl_doc_text(a, "state"),
        form_date(mdl_doc_text(a, "valid_until"), until),
        mdl_doc_text(a, "level"),
        row_cells(a, open, sizeof open),
        join_names(json_object_get(a, "populations"), ours, sizeof ours),
        join_names(json_object_get(a, "partner_populations"), theirs, sizeof theirs)};
    return mdl_table_row(t, cells);
}

static enum mdl_status show_list(struct cli *c, const json_t *d, FILE *f)
{
    static const char *const titles[] = {"ID",    "PARTNER", "STATE", "UNTIL",
                                         "LEVEL", "CELLS",   "OURS",  "THEIRS"};
    static const enum mdl_align align[] = {MDL_LEFT, MDL_LEFT, MDL_LEFT, MDL_LEFT,
                                           MDL_LEFT, MDL_LEFT, MDL_LEFT, MDL_LEFT};
    const json_t *list = json_object_get(d, "agreements");
    struct mdl_style style = term_style(f);
    size_t i;
    const json_t *a;
    (void)c;

    if (json_array_size(list) == 0) {
        say(f, "No agreements yet: 'mandorla agreement draft PARTNER' writes terms to propose.\n");
        return MDL_OK;
    }
    struct mdl_table *t = mdl_table_new(8, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    json_array_foreach(list, i, a)
    {
        st = st == MDL_OK ? agreement_row(t, a) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, &style, f);
    }
    mdl_table_free(t);
    return st;
}

static enum mdl_status run_list(struct cli *c)
{
    struct path p;
    path_start(&p, "/v1/agreements");
    path_query(&p, "partner", c->o.n_args > 0 ? cli_arg(c, 0) : NULL);
    return cli_show(c, &p, show_list);
}

static void agreement_path(const char *which, const char *act, struct path *p)
{
    path_start(p, "/v1/agreements");
    path_segment(p, which);
    if (act != NULL) {
        path_segment(p, act);
    }
}

static enum mdl_status run_show(struct cli *c)
{
    struct path p;
    agreement_path(cli_arg(c, 0), NULL, &p);
    return cli_show(c, &p, show_agreement);
}

/* ---- accept, reject, revoke --------------------------------------------------------------------
 */

static enum mdl_status act(struct cli *c, const char *which, const char *what, json_t *body)
{
    struct path p;
    json_t *document = NULL;
    agreement_path(which, what, &p);
    enum mdl_status st = cli_send(c, "POST", &p, body, &document);
    return st == MDL_OK ? cli_print(c, document, show_agreement_short) : st;
}

/* What is signed is what was shown: a partner may propose another one while the operator reads. */
static enum mdl_status run_accept(struct cli *c)
{
    char id[2 * 64 + 1] = "";
    if (!option_given(&c->o, "yes")) {
        struct path p;
        json_t *document = NULL;
        agreement_path(cli_arg(c, 0), NULL, &p);
        enum mdl_status st = cli_get(c, &p, &document);
        if (st == MDL_OK) {
            st = show_agreement(c, document, cli_talk(c));
            (void)fputc('\n', cli_talk(c));
            (void)snprintf(id, sizeof id, "%s",
                           mdl_doc_text(json_object_get(document, "agreement"), "id"));
            json_decref(document);
            st = st == MDL_OK ? cli_confirm(c, "Sign this agreement?") : st;
        }
        if (st != MDL_OK) {
            return st;
        }
    }
    return act(c, id[0] != '\0' ? id : cli_arg(c, 0), "accept", NULL);
}

static enum mdl_status run_reject(struct cli *c)
{
    json_t *body = json_object();
    body_text(body, &c->o, "reason", "reason");
    return act(c, cli_arg(c, 0), "reject", body);
}

static enum mdl_status show_ended(struct cli *c, const json_t *d, FILE *f)
{
    size_t i;
    const json_t *a;
    char id[FORM];
    (void)c;
    json_array_foreach(json_object_get(d, "agreements"), i, a)
    {
        say_shade(f, SHADE_GREEN, "✓ ");
        say(f, "Agreement %s with %s: %s\n", form_id(mdl_doc_text(a, "id"), id),
            mdl_doc_text(a, "partner"), mdl_doc_text(a, "state"));
    }
    return MDL_OK;
}

static void show_ending(const json_t *list, FILE *f)
{
    size_t i;
    const json_t *a;
    char id[FORM];
    char text[FORM];
    say(f, "%s with %s:\n",
        form_count((json_int_t)json_array_size(list), "agreement", "agreements", text),
        mdl_doc_text(json_array_get(list, 0), "partner"));
    json_array_foreach(list, i, a)
    {
        bool ours = strcmp(mdl_doc_text(a, "state"), "proposed-by-us") == 0;
        say(f, "  %s  %s, of %s (%s)\n", form_id(mdl_doc_text(a, "id"), id),
            ours ? "proposed by us, not answered" : mdl_doc_text(a, "state"),
            form_time(mdl_doc_text(a, "created"), text), mdl_doc_text(a, "level"));
    }
}

/* Which end, and how many, is shown before. */
static enum mdl_status run_revoke(struct cli *c)
{
    struct path p;
    json_t *document = NULL;
    enum mdl_status st = MDL_OK;
    agreement_path(cli_arg(c, 0), "revoke", &p);
    if (!option_given(&c->o, "yes")) {
        st = cli_send(c, "POST", &p, json_pack("{s:b}", "preview", 1), &document);
        if (st == MDL_OK) {
            bool many = json_array_size(json_object_get(document, "agreements")) > 1;
            show_ending(json_object_get(document, "agreements"), cli_talk(c));
            json_decref(document);
            document = NULL;
            st = cli_confirm(c, many ? "Revoke all of these? They end at once, and with them a "
                                       "round under way."
                                     : "Revoke this agreement? It ends at once, and with it a "
                                       "round under way.");
        }
    }
    st = st == MDL_OK ? cli_send(c, "POST", &p, NULL, &document) : st;
    return st == MDL_OK ? cli_print(c, document, show_ended) : st;
}

const struct command agreement_commands[] = {
    {"agreement draft", "PARTNER", "Write terms to edit and propose",
     "A file that explains itself: purpose, bounds, and a line for each pair of populations with "
     "its "
     "level. A new draft has every pair at level counts, and a person who lets each round run.\n",
     "  mandorla agreement draft Contoso --output contoso.terms\n"
     "  mandorla agreement draft Contoso --from 5f3a91 --output next.terms\n",
     draft_options, 1, 1, 0, run_draft},
    {"agreement propose", "PARTNER [FILE]", "Sign an agreement and propose it",
     "FILE holds the terms, as 'agreement draft' writes them ('-': standard input). Without one it "
     "is "
     "the standard agreement: accounts of the three standard populations on both sides, or what "
     "the "
     "options say.\n"
     "Shows what each side would learn before anything is signed. The partner must accept before a "
     "round can run. When both have signed, it replaces the agreement that is in force.\n",
     "  mandorla agreement propose Contoso contoso.terms --preview\n"
     "  mandorla agreement propose Contoso contoso.terms\n"
     "  mandorla agreement propose Contoso --population customers \\\n"
     "      --partner-population prospects --days 90 --max-result 5000 --yes\n",
     propose_options, 1, 2, 0, run_propose},
    {"agreement amend", "PARTNER [FILE]", "Propose a change of the agreement in force",
     "A new agreement, made from the one in force: with the terms in FILE, or with the cells that "
     "--cell names. Shows what changes before anything is signed. When the partner accepts, the "
     "older "
     "one is replaced on both sides, and its rounds end.\n",
     "  mandorla agreement amend Contoso --cell customers:prospects=accounts\n"
     "  mandorla agreement amend Contoso next.terms --preview\n",
     amend_options, 1, 2, 0, run_amend},
    {"agreement list", "[PARTNER]", "Agreements and their state", NULL,
     "  mandorla agreement list\n  mandorla agreement list Contoso\n", NULL, 0, 1, 0, run_list},
    {"agreement show", "ID|PARTNER", "One agreement: what each side would learn",
     "ID is the agreement's id or at least 6 of its first digits; PARTNER stands for the agreement "
     "that waits or is in force. Of one that waits it shows what it would change.\n",
     "  mandorla agreement show Contoso\n  mandorla agreement show 5f3a91 --full\n", show_options,
     1, 1, 0, run_show},
    {"agreement accept", "ID|PARTNER", "Sign an agreement that a partner proposed",
     "Shows what each side learns and asks on a terminal before it signs.\n",
     "  mandorla agreement accept Contoso\n  mandorla agreement accept 5f3a91 --yes\n", yes_option,
     1, 1, 0, run_accept},
    {"agreement reject", "ID|PARTNER", "Refuse an agreement that a partner proposed", NULL,
     "  mandorla agreement reject Contoso --reason \"please leave out prospects\"\n", reason_option,
     1, 1, 0, run_reject},
    {"agreement revoke", "ID|PARTNER", "End an agreement at once; the partner is told",
     "With a PARTNER, or the ID of the one in force: that one, and what we proposed to the partner "
     "and it has not answered. All of them are listed first.\n",
     "  mandorla agreement revoke Contoso\n", yes_option, 1, 1, 0, run_revoke},
    {"agreement export", "ID|PARTNER", "Write the signed record of an agreement",
     "The terms as signed, both signatures, and revocations: what 'agreement verify' checks "
     "without "
     "a node.\n",
     "  mandorla agreement export Contoso --output contoso.agreement\n", output_option, 1, 1, 0,
     run_export},
    {"agreement verify", "FILE", "Verify the signed record of an agreement, without a node",
     "Checks the form, the terms, both signatures and revocations, and shows the parties with "
     "their "
     "words, to be compared with those you know. Exit code 0: it is whole and both signed it, "
     "whether "
     "or not it is still in force; 3: it is not, or with --in-force the record says that it is "
     "revoked, expired or not begun. Whether it was revoked or replaced after the record was "
     "written, only a node knows: 'agreement show'.\n",
     "  mandorla agreement verify contoso.agreement\n"
     "  mandorla agreement verify contoso.agreement --in-force --json\n",
     verify_options, 1, 1, 0, run_agreement_verify},
    {.name = NULL},
};
