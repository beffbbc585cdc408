/* cmd_node.c: init, serve, status, version.
 * It may not open a node's files: the service does. */
#include "agreement.h"
#include "serve.h"

#include <string.h>

/* ---- init --------------------------------------------------------------------------------------
 */

static const struct option_row init_options[] = {
    {"name", "NAME", "the company's name, as partners will see it (required)"},
    {"endpoint", "tcp://HOST:PORT",
     "the address that partners dial; without one this node only "
     "dials out, and each partner needs one"},
    {"bind", "tcp://ADDR:PORT", "the address to listen on, if it is another one"},
    {"proxy", "HOST:PORT",
     "dial partners through this SOCKS5 proxy; 'socks5://HOST:PORT' means the same"},
    {"passphrase-file", "FILE", "seal the keys with the first line of FILE"},
    {"no-passphrase", NULL, "do not seal the keys: their file mode alone protects them"},
    {"fast-kdf", NULL, NULL},
    {NULL, NULL, NULL},
};

static enum mdl_status show_init(struct cli *c, const json_t *d, FILE *f)
{
    say_shade(f, SHADE_BOLD, "%s", mdl_doc_text(d, "name"));
    say(f, " has a node\n\n");
    say_field(f, "Directory", "%s", mdl_doc_text(d, "dir"));
    say_field(f, "Endpoint", "%s",
              mdl_doc_text(d, "endpoint")[0] != '\0' ? mdl_doc_text(d, "endpoint")
                                                     : "none: this node only dials out");
    say_field(f, "Listens on", "%s", mdl_doc_text(d, "bind"));
    say_field(f, "Identity", "%s", mdl_doc_text(d, "identity"));
    say_field(f, "Words", "%s", mdl_doc_text(d, "fingerprint"));
    say(f, "\nNext: mandorla --dir %s serve\n", c->dir);
    return MDL_OK;
}

static enum mdl_status run_init(struct cli *c)
{
    json_t *document = NULL;
    struct mdl_init_options o = {.name = option_text(&c->o, "name"),
                                 .endpoint = option_text(&c->o, "endpoint"),
                                 .bind = option_text(&c->o, "bind"),
                                 .proxy = option_text(&c->o, "proxy"),
                                 .passphrase = serve_passphrase(c),
                                 .fast_kdf = option_given(&c->o, "fast-kdf")};
    if (o.name == NULL) {
        return mdl_fail(&c->err, MDL_U_ARGUMENT,
                        "--name NAME is missing: the company's name, as "
                        "partners will see it");
    }
    if (o.passphrase.none && o.passphrase.file != NULL) {
        return mdl_fail(&c->err, MDL_U_ARGUMENT,
                        "--passphrase-file and --no-passphrase exclude each other");
    }
    enum mdl_status st = mdl_node_init(c->dir, &o, &document, &c->err);
    return st == MDL_OK ? cli_print(c, document, show_init) : st;
}

/* ---- serve -------------------------------------------------------------------------------------
 */

static const struct option_row serve_options[] = {
    {"passphrase-file", "FILE", "unlock the keys with the first line of FILE"},
    {NULL, NULL, NULL},
};

/* ---- status ------------------------------------------------------------------------------------
 */

static void show_node(const json_t *d, FILE *f)
{
    char text[512];
    char a[FORM];
    char b[FORM];
    bool dials = mdl_doc_text(d, "endpoint")[0] == '\0';

    say_shade(f, SHADE_BOLD, "%s", mdl_doc_text(d, "name"));
    say(f, "  mandorla %s\n\n", mdl_doc_text(d, "version"));
    say_field(f, "Endpoint", "%s",
              dials ? "none: this node only dials out" : mdl_doc_text(d, "endpoint"));
    say_field(f, "Listens on", "%s", join_names(json_object_get(d, "bind"), text, sizeof text));
    say_field(f, "Proxy", "%s", mdl_doc_text(d, "proxy"));
    say_field(f, "Directory", "%s", mdl_doc_text(d, "dir"));
    say_field(f, "Words", "%s", mdl_doc_text(d, "fingerprint"));
    say_field(f, "Serving since", "%s", form_time(mdl_doc_text(d, "started"), a));
    say_field(f, "Key profile", "%s", mdl_doc_text(json_object_get(d, "profile"), "id"));
    say_field(f, "Accounts", "%s in %s source%s", form_number(mdl_doc_int(d, "accounts"), a),
              form_number(mdl_doc_int(d, "sources"), b), mdl_doc_int(d, "sources") == 1 ? "" : "s");
}

/* Proposals that wait for an answer: here first those that wait for us. */
static void show_waiting(const json_t *list, const char *state, FILE *f)
{
    size_t i;
    const json_t *a;
    json_array_foreach(list, i, a)
    {
        const char *partner = mdl_doc_text(a, "partner");
        bool theirs = strcmp(state, "proposed-by-them") == 0;
        char id[FORM];
        if (strcmp(mdl_doc_text(a, "state"), state) != 0) {
            continue;
        }
        if (json_is_object(json_object_get(a, "request"))) {
            show_request(json_object_get(a, "request"), partner, f);
        } else {
            say(f, "%s %s an agreement (%s)\n", theirs ? partner : "We",
                theirs ? "proposes" : "propose", mdl_doc_text(a, "level"));
        }
        (void)form_id(mdl_doc_text(a, "id"), id);
        say_shade(f, SHADE_DIM,
                  theirs ? "  mandorla agreement show %s, then accept or reject\n"
                         : "  we wait for the answer of %s\n",
                  theirs ? id : partner);
    }
}

static enum mdl_status show_status(struct cli *c, const json_t *d, FILE *f)
{
    const json_t *partners = json_object_get(d, "partners");
    const json_t *rounds = json_object_get(d, "rounds_open");
    const json_t *waiting = json_object_get(d, "agreements_waiting");
    enum mdl_status st = MDL_OK;

    show_node(d, f);
    (void)fputc('\n', f);
    if (json_array_size(partners) == 0) {
        say(f, "No partners yet: 'mandorla partner invite' makes a token to send to one.\n");
    } else {
        st = show_partners(c, partners, f);
    }
    if (st == MDL_OK && json_array_size(rounds) > 0) {
        (void)fputc('\n', f);
        st = show_rounds(c, rounds, f);
    }
    if (st == MDL_OK && json_array_size(waiting) > 0) {
        (void)fputc('\n', f);
        show_waiting(waiting, "proposed-by-them", f);
        show_waiting(waiting, "proposed-by-us", f);
    }
    return st;
}

static enum mdl_status run_status(struct cli *c)
{
    struct path p;
    path_start(&p, "/v1/status");
    return cli_show(c, &p, show_status);
}

/* ---- version -----------------------------------------------------------------------------------
 */

static enum mdl_status show_version(struct cli *c, const json_t *d, FILE *f)
{
    (void)c;
    say(f, "mandorla %s (protocol %lld)\n", mdl_doc_text(d, "version"),
        (long long)mdl_doc_int(d, "protocol"));
    return MDL_OK;
}

static enum mdl_status run_version(struct cli *c)
{
    return cli_print(c, json_pack("{s:s, s:i}", "version", MANDORLA_VERSION, "protocol", 1),
                     show_version);
}

const struct command node_commands[] = {
    {"init", "", "Make a node in an empty or new directory",
     "The directory gets the node's identity and keys, its settings (mandorla.conf) and its "
     "database. Nothing is made if anything fails.\n"
     "The passphrase comes from --passphrase-file, from the environment variable "
     "MANDORLA_PASSPHRASE, or is asked for on the terminal.\n",
     "  mandorla init --name \"Northwind GmbH\" --endpoint tcp://node.northwind.example:7400\n"
     "  mandorla --dir ./node init --name Contoso --endpoint tcp://198.51.100.7:7400 \\\n"
     "      --bind tcp://0.0.0.0:7400 --passphrase-file /run/secrets/mandorla\n",
     init_options, 0, 0, 0, run_init},
    {"serve", "", "Run the node in the foreground",
     "Log lines go to standard error; the line that begins with 'ready' says that the node serves. "
     "SIGTERM and SIGINT stop it. Under systemd use Type=notify.\n",
     "  mandorla serve\n"
     "  mandorla --dir /srv/mandorla serve --passphrase-file /run/secrets/mandorla\n",
     serve_options, 0, 0, COMMAND_NO_JSON, serve_run},
    {"status", "", "The node, its partners, and rounds under way", NULL,
     "  mandorla status\n"
     "  mandorla --json status\n",
     NULL, 0, 0, 0, run_status},
    {"version", "", "The version of this program", NULL, "  mandorla version\n", NULL, 0, 0, 0,
     run_version},
    {.name = NULL},
};
