/* cmd_agreement.c: agreement propose, list, show, accept, reject, revoke.
 * It may not judge terms: it shows what the node says they disclose. */
#include "cli.h"

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
    {"preview", NULL, "show what would be disclosed; sign and send nothing"},
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

/* ---- what it says ------------------------------------------------------------------------------
 */

static void show_section(const char *title, const json_t *sentences, FILE *f)
{
    size_t i;
    const json_t *s;
    if (json_array_size(sentences) == 0) {
        return;
    }
    say_shade(f, SHADE_BOLD, "%s\n", title);
    json_array_foreach(sentences, i, s)
    {
        say_wrapped(f, "  • ", json_string_value(s));
    }
    (void)fputc('\n', f);
}

void show_disclosure(const json_t *d, FILE *f)
{
    char a[FORM];
    char b[FORM];
    show_section("They learn", json_object_get(d, "they_learn"), f);
    show_section("We learn", json_object_get(d, "we_learn"), f);
    show_section("Terms", json_object_get(d, "terms"), f);
    say_shade(f, SHADE_DIM,
              "Both identities and the rules for match keys are signed too, by digest: "
              "see --json.\n");
    char populations[512];
    say(f, "Of ours (%s) there are now %s with %s.\n",
        join_names(json_object_get(d, "populations"), populations, sizeof populations),
        form_count(mdl_doc_int(d, "own_accounts"), "account", "accounts", a),
        form_count(mdl_doc_int(d, "own_keys"), "match key", "match keys", b));
}

void show_agreement(const json_t *a, FILE *f)
{
    char id[FORM];
    char from[FORM];
    char until[FORM];
    char text[512];
    bool us = json_is_true(json_object_get(a, "signed_by_us"));
    bool them = json_is_true(json_object_get(a, "signed_by_them"));

    say_shade(f, SHADE_BOLD, "Agreement with %s\n\n", mdl_doc_text(a, "partner"));
    say_field(f, "Id", "%s", form_id(mdl_doc_text(a, "id"), id));
    say_field(f, "State", "%s", mdl_doc_text(a, "state"));
    say_field(f, "Reason", "%s", mdl_doc_text(a, "reason"));
    say_field(f, "Signed by", "%s", us && them ? "both" : us ? "us" : them ? "them" : "nobody");
    say_field(f, "Valid", "%s to %s", form_date(mdl_doc_text(a, "valid_from"), from),
              form_date(mdl_doc_text(a, "valid_until"), until));
    say_field(f, "Ours", "%s", join_names(json_object_get(a, "populations"), text, sizeof text));
    say_field(f, "Theirs", "%s",
              join_names(json_object_get(a, "partner_populations"), text, sizeof text));
    say_field(f, "Purpose", "%s", mdl_doc_text(a, "purpose"));
    say_field(f, "Legal basis", "%s", mdl_doc_text(a, "legal_basis"));
}

static enum mdl_status show_full(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *a = json_object_get(d, "agreement");
    (void)c;
    if (json_is_object(a)) {
        show_agreement(a, f);
        (void)fputc('\n', f);
    }
    show_disclosure(json_object_get(d, "disclosure"), f);
    return MDL_OK;
}

static enum mdl_status show_short(struct cli *c, const json_t *d, FILE *f)
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
    body_text(body, &c->o, "purpose", "purpose");
    body_text(body, &c->o, "legal-basis", "legal_basis");
    body_list(body, &c->o, "population", "populations");
    body_list(body, &c->o, "partner-population", "partner_populations");
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && st == MDL_OK; i++) {
        st = body_int(c, body, numbers[i].option, numbers[i].name, numbers[i].min, numbers[i].max);
    }
    return st;
}

static enum mdl_status post(struct cli *c, json_t *body, bool preview, json_t **document)
{
    struct path p;
    json_t *copy = json_deep_copy(body);
    if (preview) {
        (void)json_object_set_new(copy, "preview", json_true());
    }
    path_start(&p, "/v1/agreements");
    return cli_send(c, "POST", &p, copy, document);
}

/* Shows what would be disclosed, unless nobody wants to see it, and asks. */
static enum mdl_status ask_first(struct cli *c, json_t *body)
{
    json_t *document = NULL;
    if (option_given(&c->o, "yes")) {
        return MDL_OK;
    }
    enum mdl_status st = post(c, body, true, &document);
    if (st != MDL_OK) {
        return st;
    }
    (void)show_full(c, document, cli_talk(c));
    json_decref(document);
    (void)fputc('\n', cli_talk(c));
    return cli_confirm(c, "Sign this agreement and propose it?");
}

static enum mdl_status run_propose(struct cli *c)
{
    json_t *document = NULL;
    json_t *body = json_object();
    bool preview = option_given(&c->o, "preview");
    enum mdl_status st = proposal_body(c, body);

    if (st == MDL_OK && !preview) {
        st = ask_first(c, body);
    }
    if (st == MDL_OK) {
        st = post(c, body, preview, &document);
    }
    json_decref(body);
    return st == MDL_OK ? cli_print(c, document, preview ? show_full : show_short) : st;
}

/* ---- list, show --------------------------------------------------------------------------------
 */

static enum mdl_status agreement_row(struct mdl_table *t, const json_t *a)
{
    char id[FORM];
    char until[FORM];
    char ours[256];
    char theirs[256];
    const char *cells[] = {
        form_id(mdl_doc_text(a, "id"), id),
        mdl_doc_text(a, "partner"),
        mdl_doc_text(a, "state"),
        form_date(mdl_doc_text(a, "valid_until"), until),
        join_names(json_object_get(a, "populations"), ours, sizeof ours),
        join_names(json_object_get(a, "partner_populations"), theirs, sizeof theirs)};
    return mdl_table_row(t, cells);
}

static enum mdl_status show_list(struct cli *c, const json_t *d, FILE *f)
{
    static const char *const titles[] = {"ID", "PARTNER", "STATE", "UNTIL", "OURS", "THEIRS"};
    static const enum mdl_align align[] = {MDL_LEFT, MDL_LEFT, MDL_LEFT,
                                           MDL_LEFT, MDL_LEFT, MDL_LEFT};
    const json_t *list = json_object_get(d, "agreements");
    struct mdl_style style = term_style(f);
    size_t i;
    const json_t *a;
    (void)c;

    if (json_array_size(list) == 0) {
        say(f, "No agreements yet: 'mandorla agreement propose PARTNER' proposes one.\n");
        return MDL_OK;
    }
    struct mdl_table *t = mdl_table_new(6, titles, align);
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
    return cli_show(c, &p, show_full);
}

/* ---- accept, reject, revoke --------------------------------------------------------------------
 */

static enum mdl_status act(struct cli *c, const char *which, const char *what, json_t *body)
{
    struct path p;
    json_t *document = NULL;
    agreement_path(which, what, &p);
    enum mdl_status st = cli_send(c, "POST", &p, body, &document);
    return st == MDL_OK ? cli_print(c, document, show_short) : st;
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
            (void)show_full(c, document, cli_talk(c));
            (void)fputc('\n', cli_talk(c));
            (void)snprintf(id, sizeof id, "%s",
                           mdl_doc_text(json_object_get(document, "agreement"), "id"));
            json_decref(document);
            st = cli_confirm(c, "Sign this agreement?");
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

static enum mdl_status run_revoke(struct cli *c)
{
    enum mdl_status st = cli_confirm(c, "Revoke this agreement? It ends at once, and with it a "
                                        "round under way.");
    return st == MDL_OK ? act(c, cli_arg(c, 0), "revoke", NULL) : st;
}

const struct command agreement_commands[] = {
    {"agreement propose", "PARTNER", "Sign an agreement and propose it",
     "Shows what each side would learn before anything is signed. The partner must accept before a "
     "round can run.\n",
     "  mandorla agreement propose Contoso\n"
     "  mandorla agreement propose Contoso --preview --population customers\n"
     "  mandorla agreement propose Contoso --population customers \\\n"
     "      --partner-population prospects --days 90 --max-result 5000 --yes\n",
     propose_options, 1, 1, 0, run_propose},
    {"agreement list", "[PARTNER]", "Agreements and their state", NULL,
     "  mandorla agreement list\n  mandorla agreement list Contoso\n", NULL, 0, 1, 0, run_list},
    {"agreement show", "ID|PARTNER", "One agreement: what each side would learn",
     "ID is the agreement's id or at least 6 of its first digits; PARTNER stands for the agreement "
     "that waits or is in force.\n",
     "  mandorla agreement show Contoso\n  mandorla agreement show 5f3a91\n", NULL, 1, 1, 0,
     run_show},
    {"agreement accept", "ID|PARTNER", "Sign an agreement that a partner proposed",
     "Shows what each side learns and asks on a terminal before it signs.\n",
     "  mandorla agreement accept Contoso\n  mandorla agreement accept 5f3a91 --yes\n", yes_option,
     1, 1, 0, run_accept},
    {"agreement reject", "ID|PARTNER", "Refuse an agreement that a partner proposed", NULL,
     "  mandorla agreement reject Contoso --reason \"please leave out prospects\"\n", reason_option,
     1, 1, 0, run_reject},
    {"agreement revoke", "ID|PARTNER", "End an agreement at once; the partner is told", NULL,
     "  mandorla agreement revoke Contoso\n", yes_option, 1, 1, 0, run_revoke},
    {.name = NULL},
};
