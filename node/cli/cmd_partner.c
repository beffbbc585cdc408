/* cmd_partner.c: partner invite, accept, list, set, remove.
 * It may not judge a token: the node verifies it. */
#include "cli.h"

#include <string.h>

#define PASTED 8192

static void partner_path(struct cli *c, struct path *p)
{
    path_start(p, "/v1/partners");
    path_segment(p, cli_arg(c, 0));
}

/* Words to read over the phone: five a line, a gap between the two halves. */
void show_words(const json_t *lines, FILE *f)
{
    size_t i;
    const json_t *line;
    json_array_foreach(lines, i, line)
    {
        const char *rest = json_string_value(line);
        for (int n = 0; rest != NULL && *rest != '\0'; n++) {
            int len = (int)strcspn(rest, " ");
            bool last = n % 5 == 4;
            say_shade(f, SHADE_BOLD, "%s%-*.*s%s", n % 5 == 0 ? "     " : "", last ? 0 : 13, len,
                      rest, last ? "\n" : "");
            rest += len;
            rest += strspn(rest, " ");
        }
        if (i == 0) {
            (void)fputc('\n', f);
        }
    }
}

/* ---- invite ------------------------------------------------------------------------------------
 */

static const struct option_row invite_options[] = {
    {"days", "N", "days until the token expires (default: 14)"},
    {NULL, NULL, NULL},
};

/* The token alone goes to standard output, so that it can be piped and copied. */
static enum mdl_status show_token(struct cli *c, const json_t *d, FILE *f)
{
    char day[FORM];
    (void)c;
    say(f, "%s\n", mdl_doc_text(d, "token"));
    (void)fflush(f);
    say(stderr, "\nSend this line to your partner; it is not secret and is good until %s.\n",
        form_date(mdl_doc_text(d, "expires"), day));
    say(stderr, "Your partner runs 'mandorla partner accept TOKEN' and sends a token back.\n");
    return MDL_OK;
}

static enum mdl_status run_invite(struct cli *c)
{
    struct path p;
    json_t *document = NULL;
    json_t *body = json_object();
    enum mdl_status st = body_int(c, body, "days", "days", 1, 365);
    if (st != MDL_OK) {
        json_decref(body);
        return st;
    }
    path_start(&p, "/v1/invitations");
    st = cli_send(c, "POST", &p, body, &document);
    return st == MDL_OK ? cli_print(c, document, show_token) : st;
}

/* ---- accept ------------------------------------------------------------------------------------
 */

static const struct option_row accept_options[] = {
    {"accept", NULL,
     "standing rule: accept the standard agreement from this partner, and rounds "
     "under it, without asking"},
    {"as", "NAME", "a name of your own for this partner, if two have the same one"},
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

static enum mdl_status read_token(struct cli *c, char token[PASTED + 1])
{
    const char *arg = cli_arg(c, 0);
    if (strcmp(arg, "-") != 0) {
        if (strlen(arg) > PASTED) {
            return mdl_fail(&c->err, MDL_U_TOKEN, "this is too long for a token");
        }
        memcpy(token, arg, strlen(arg) + 1);
        return MDL_OK;
    }
    size_t n = fread(token, 1, PASTED, stdin);
    token[n] = '\0';
    if (n == 0 || ferror(stdin) || strlen(token) != n) {
        return mdl_fail(&c->err, MDL_U_TOKEN, "there is no token on standard input");
    }
    json_t *text = json_string(token);
    if (text == NULL) {
        return mdl_fail(&c->err, MDL_U_TOKEN, "standard input is not text: expected a token");
    }
    json_decref(text);
    return MDL_OK;
}

static void show_card(const json_t *d, FILE *f)
{
    char day[FORM];
    const char *endpoint = mdl_doc_text(d, "endpoint");
    say_shade(f, SHADE_BOLD, "An invitation from %s\n\n", mdl_doc_text(d, "name"));
    say_field(f, "Endpoint", "%s", endpoint[0] != '\0' ? endpoint : "none: this partner dials you");
    say_field(f, "Identity", "%s", mdl_doc_text(d, "identity"));
    say_field(f, "Valid until", "%s", form_date(mdl_doc_text(d, "expires"), day));
    say_field(f, "Known here", "%s",
              json_is_true(json_object_get(d, "pinned")) ? "yes; this token renews it" : "");
    say(f, "\nRead these words to each other over the phone. Both sides must see the same:\n\n");
    show_words(json_object_get(d, "pair_words"), f);
    (void)fputc('\n', f);
}

static enum mdl_status show_accepted(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *partner = json_object_get(d, "partner");
    (void)c;
    say_shade(f, SHADE_GREEN, "✓ ");
    say(f, "%s is pinned", mdl_doc_text(partner, "name"));
    say(f, json_is_true(json_object_get(partner, "standing_rule"))
               ? "; the standard agreement and rounds under it are accepted without asking\n\n"
               : "\n\n");
    say_wrapped(f, "",
                "Both sides must accept. If your partner has no token of yours yet, send "
                "this line back:");
    say(f, "\n%s\n", mdl_doc_text(d, "our_token"));
    return MDL_OK;
}

static enum mdl_status inspect(struct cli *c, const char *token)
{
    struct path p;
    json_t *document = NULL;
    path_start(&p, "/v1/invitations/inspect");
    enum mdl_status st = cli_send(c, "POST", &p, json_pack("{s:s}", "token", token), &document);
    if (st == MDL_OK) {
        show_card(document, cli_talk(c));
        json_decref(document);
    }
    return st;
}

static enum mdl_status run_accept(struct cli *c)
{
    char token[PASTED + 1];
    struct path p;
    json_t *document = NULL;
    enum mdl_status st = read_token(c, token);

    st = st == MDL_OK ? inspect(c, token) : st;
    st = st == MDL_OK ? cli_confirm(c, "Pin this partner?") : st;
    if (st != MDL_OK) {
        return st;
    }
    json_t *body = json_pack("{s:s}", "token", token);
    body_text(body, &c->o, "as", "as");
    if (option_given(&c->o, "accept")) {
        (void)json_object_set_new(body, "accept", json_true());
    }
    path_start(&p, "/v1/partners");
    st = cli_send(c, "POST", &p, body, &document);
    return st == MDL_OK ? cli_print(c, document, show_accepted) : st;
}

/* ---- list --------------------------------------------------------------------------------------
 */

static enum mdl_status partner_row(struct mdl_table *t, const json_t *p)
{
    const json_t *agreement = json_object_get(p, "agreement");
    const json_t *last = json_object_get(p, "last_round");
    char day[FORM] = "";
    char round[120];
    const char *finished = mdl_doc_text(last, "finished");

    (void)snprintf(round, sizeof round, "%s%s%s", mdl_doc_text(last, "outcome"),
                   finished[0] != '\0' ? " " : "",
                   finished[0] != '\0' ? form_date(finished, day) : "");
    const char *cells[] = {mdl_doc_text(p, "name"),
                           mdl_doc_text(p, "state"),
                           json_is_true(json_object_get(p, "standing_rule")) ? "accept" : "ask",
                           mdl_doc_text(agreement, "state"),
                           round,
                           mdl_doc_text(p, "endpoint")};
    return mdl_table_row(t, cells);
}

enum mdl_status show_partners(struct cli *c, const json_t *list, FILE *f)
{
    static const char *const titles[] = {"PARTNER",   "STATE",      "RULE",
                                         "AGREEMENT", "LAST ROUND", "ENDPOINT"};
    static const enum mdl_align align[] = {MDL_LEFT, MDL_LEFT, MDL_LEFT,
                                           MDL_LEFT, MDL_LEFT, MDL_LEFT};
    struct mdl_style style = term_style(f);
    struct mdl_table *t = mdl_table_new(6, titles, align);
    enum mdl_status st = t != NULL ? MDL_OK : MDL_L_MEMORY;
    bool refused = false;
    size_t i;
    const json_t *p;
    (void)c;

    json_array_foreach(list, i, p)
    {
        refused = refused || strcmp(mdl_doc_text(p, "state"), "refused") == 0;
        st = st == MDL_OK ? partner_row(t, p) : st;
    }
    if (st == MDL_OK) {
        mdl_table_print(t, &style, f);
    }
    if (refused) {
        say(f, "refused: the partner's node does not know this one yet. Its operator runs\n"
               "'mandorla partner accept' with the token of 'mandorla partner invite'.\n");
    }
    mdl_table_free(t);
    return st;
}

static enum mdl_status show_list(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *list = json_object_get(d, "partners");
    if (json_array_size(list) == 0) {
        say(f, "No partners yet: 'mandorla partner invite' makes a token to send to one.\n");
        return MDL_OK;
    }
    return show_partners(c, list, f);
}

static enum mdl_status run_list(struct cli *c)
{
    struct path p;
    path_start(&p, "/v1/partners");
    return cli_show(c, &p, show_list);
}

/* ---- set and remove ----------------------------------------------------------------------------
 */

static const struct option_row set_options[] = {
    {"accept", NULL, "standing rule: accept the standard agreement and rounds under it"},
    {"ask", NULL, "no standing rule: every agreement and round waits for you"},
    {"endpoint", "tcp://HOST:PORT", "dial the partner there; '' for not dialling"},
    {NULL, NULL, NULL},
};

static enum mdl_status show_one(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *p = json_object_get(d, "partner");
    char when[FORM];
    const char *endpoint = mdl_doc_text(p, "endpoint");
    (void)c;
    say_shade(f, SHADE_BOLD, "%s\n\n", mdl_doc_text(p, "name"));
    say_field(f, "State", "%s", mdl_doc_text(p, "state"));
    say_field(f, "Rule", "%s",
              json_is_true(json_object_get(p, "standing_rule"))
                  ? "the standard agreement and rounds under it are accepted"
                  : "ask for each agreement and round");
    say_field(f, "Endpoint", "%s", endpoint[0] != '\0' ? endpoint : "none: the partner dials");
    say_field(f, "Words", "%s", mdl_doc_text(p, "fingerprint"));
    say_field(f, "Last seen", "%s", form_time(mdl_doc_text(p, "last_seen"), when));
    return MDL_OK;
}

static enum mdl_status show_set(struct cli *c, const json_t *d, FILE *f)
{
    say_shade(f, SHADE_GREEN, "✓ ");
    say(f, "Saved; this holds from now on.\n\n");
    return show_one(c, d, f);
}

static enum mdl_status run_set(struct cli *c)
{
    struct path p;
    json_t *document = NULL;
    bool accept = option_given(&c->o, "accept");
    bool ask = option_given(&c->o, "ask");

    if (accept && ask) {
        return mdl_fail(&c->err, MDL_U_ARGUMENT, "--accept and --ask exclude each other");
    }
    if (!accept && !ask && !option_given(&c->o, "endpoint")) {
        return mdl_fail(&c->err, MDL_U_ARGUMENT,
                        "nothing to set: give --accept, --ask or --endpoint");
    }
    json_t *body = json_object();
    if (accept || ask) {
        (void)json_object_set_new(body, "accept", json_boolean(accept));
    }
    body_text(body, &c->o, "endpoint", "endpoint");
    partner_path(c, &p);
    enum mdl_status st = cli_send(c, "PATCH", &p, body, &document);
    return st == MDL_OK ? cli_print(c, document, show_set) : st;
}

static const struct option_row remove_options[] = {
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

static enum mdl_status show_removed(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *p = json_object_get(d, "partner");
    const char *name = mdl_doc_text(p, "name");
    (void)c;
    say(f, "%s is no longer a partner: its connections are closed and refused.\n", name);
    if (json_is_object(json_object_get(p, "last_round"))) {
        say(f, "Results stay: mandorla matrix \"%s\", mandorla round list \"%s\"\n", name, name);
    }
    return MDL_OK;
}

static enum mdl_status run_remove(struct cli *c)
{
    struct path p;
    json_t *document = NULL;
    char question[300];
    (void)snprintf(question, sizeof question,
                   "Remove partner %.200s? A round under way is aborted.", cli_arg(c, 0));
    enum mdl_status st = cli_confirm(c, question);
    partner_path(c, &p);
    st = st == MDL_OK ? cli_send(c, "DELETE", &p, NULL, &document) : st;
    return st == MDL_OK ? cli_print(c, document, show_removed) : st;
}

const struct command partner_commands[] = {
    {"partner invite", "", "An invitation token to send to a partner",
     "The token holds this node's name, address and public keys, signed. It is not secret.\n",
     "  mandorla partner invite\n"
     "  mandorla partner invite --days 3 > token.txt\n",
     invite_options, 0, 0, 0, run_invite},
    {"partner accept", "TOKEN|-", "Pin the partner that a token names",
     "Shows who the token is from and the words that both sides read to each other over the phone, "
     "asks on a terminal, pins the partner, and prints the token to send back. '-' reads the token "
     "from standard input.\n",
     "  mandorla partner accept mandorla1:AbCd...\n"
     "  mandorla partner accept - < token.txt\n"
     "  mandorla partner accept mandorla1:AbCd... --accept --as \"Contoso EMEA\" --yes\n",
     accept_options, 1, 1, 0, run_accept},
    {"partner list", "", "Pinned partners and how they are connected", NULL,
     "  mandorla partner list\n", NULL, 0, 0, 0, run_list},
    {"partner set", "PARTNER", "Change a partner's standing rule or endpoint",
     "PARTNER is a name, or at least 8 hex digits of an identity.\n",
     "  mandorla partner set Contoso --accept\n"
     "  mandorla partner set Contoso --endpoint tcp://node.contoso.example:7400\n",
     set_options, 1, 1, 0, run_set},
    {"partner remove", "PARTNER", "Unpin a partner; results stay", NULL,
     "  mandorla partner remove Contoso\n", remove_options, 1, 1, 0, run_remove},
    {.name = NULL},
};
