/* agreement_file.c: agreement draft, amend, export, verify, and round request: terms and records as
 * files, and proposing after a look. It may not read terms: the node does. */
#include "agreement.h"

#include <errno.h>
#include <fcntl.h>
#include <service.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX 65536 /* bytes: more is no terms file and no record */

const struct option_row output_option[] = {
    {"output", "FILE",
     "write to FILE, which must not exist (default: standard output); -o does the same"},
    {NULL, NULL, NULL},
};

const struct option_row draft_options[] = {
    {"output", "FILE",
     "write to FILE, which must not exist (default: standard output); -o does the same"},
    {"from", "ID", "copy the terms of an agreement with this partner instead of a new draft"},
    {NULL, NULL, NULL},
};

const struct option_row amend_options[] = {
    {"cell", "OURS:THEIRS=LEVEL",
     "what a pair of populations is to be: hidden, counts or accounts; may be repeated"},
    {"reason", "TEXT", "told to the partner with it, unsigned"},
    {"preview", NULL, "show what would change; sign and send nothing"},
    {"full", NULL, "with --preview: every sentence that would be signed, too"},
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

const struct option_row verify_options[] = {
    {"in-force", NULL,
     "exit code 3 if the record itself says that it is not in force: revoked, expired, not begun"},
    {NULL, NULL, NULL},
};

static const struct option_row request_options[] = {
    {"cell", "OURS:THEIRS", "a pair of populations; may be repeated (required)"},
    {"level", "LEVEL", "the level asked for (default: accounts)"},
    {"reason", "TEXT", "told to the partner, unsigned"},
    {"preview", NULL, "show what each side would learn; sign and send nothing"},
    {"full", NULL, "with --preview: every sentence that would be signed, too"},
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

/* ---- files --------------------------------------------------------------------------------------
 */

static enum mdl_status read_from(struct cli *c, FILE *in, const char *name, char **text,
                                 size_t *len)
{
    *text = malloc(FILE_MAX + 2);
    if (*text == NULL) {
        return mdl_fail(&c->err, MDL_L_MEMORY, "not enough memory for a file");
    }
    *len = fread(*text, 1, FILE_MAX + 1, in);
    (*text)[*len] = '\0';
    enum mdl_status st = MDL_OK;
    if (ferror(in)) {
        st =
            mdl_fail(&c->err, MDL_U_ARGUMENT, "'%.200s' cannot be read: %s", name, strerror(errno));
    } else if (*len > FILE_MAX) {
        st = mdl_fail(&c->err, MDL_U_ARGUMENT,
                      "'%.200s' has more than %d bytes: it is no such file", name, FILE_MAX);
    }
    if (st != MDL_OK) {
        free(*text);
    }
    return st;
}

static enum mdl_status read_file(struct cli *c, const char *name, char **text, size_t *len)
{
    if (strcmp(name, "-") == 0) {
        return read_from(c, stdin, "standard input", text, len);
    }
    FILE *in = fopen(name, "rb");
    if (in == NULL) {
        return mdl_fail(&c->err, MDL_U_ARGUMENT, "'%.200s' cannot be opened: %s", name,
                        strerror(errno));
    }
    enum mdl_status st = read_from(c, in, name, text, len);
    (void)fclose(in);
    return st;
}

static unsigned line_of(const char *text, const char *at)
{
    unsigned line = 1;
    for (; text < at; text++) {
        line += *text == '\n' ? 1 : 0;
    }
    return line;
}

enum mdl_status body_terms(struct cli *c, json_t *body, const char *file)
{
    char *text;
    size_t len;
    const char *name = strcmp(file, "-") == 0 ? "standard input" : file;
    enum mdl_status st = read_file(c, file, &text, &len);
    if (st != MDL_OK) {
        return st;
    }
    const char *nul = memchr(text, '\0', len);
    json_t *value = nul == NULL ? json_stringn(text, len) : NULL;
    if (nul != NULL) {
        st = mdl_fail(&c->err, MDL_U_ARGUMENT,
                      "%.120s, line %u: a NUL byte: this is no terms file; 'mandorla agreement "
                      "draft' writes one",
                      name, line_of(text, nul));
    } else if (value == NULL) {
        st = mdl_fail(&c->err, MDL_U_ARGUMENT,
                      "%.120s: expected text in UTF-8; save the file in that encoding", name);
    } else {
        (void)json_object_set(body, "terms", value);
        (void)json_object_set_new(body, "file", json_string(name));
    }
    json_decref(value);
    free(text);
    return st;
}

/* A file of its own: nothing is written over. */
static enum mdl_status write_file(struct cli *c, const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out == NULL) {
        enum mdl_status st =
            errno == EEXIST
                ? mdl_fail(&c->err, MDL_U_EXISTS,
                           "'%.200s' is there already, and nothing is written over: name another "
                           "file, or remove it",
                           name)
                : mdl_fail(&c->err, MDL_L_IO, "'%.200s' cannot be written: %s", name,
                           strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        return st;
    }
    bool ok = fputs(text, out) >= 0;
    ok = fclose(out) == 0 && ok;
    return ok ? MDL_OK
              : mdl_fail(&c->err, errno == ENOSPC ? MDL_L_DISK_FULL : MDL_L_IO,
                         "'%.200s' cannot be written: %s", name, strerror(errno));
}

/* The member of a document that is a file: to --output, or as it is. */
static enum mdl_status put_file(struct cli *c, json_t *d, const char *member, const char *what)
{
    const char *name = option_text(&c->o, "output");
    const char *text = mdl_doc_text(d, member);
    enum mdl_status st = name != NULL ? write_file(c, name, text) : MDL_OK;

    if (st == MDL_OK && c->json) {
        st = put_json(stdout, d) ? MDL_OK : MDL_L_IO;
    } else if (st == MDL_OK && name != NULL) {
        say_shade(stdout, SHADE_GREEN, "✓ ");
        say(stdout, "%s written to %s\n", what, name);
    } else if (st == MDL_OK) {
        put_text(stdout, text, strlen(text));
    }
    json_decref(d);
    return cli_printed(c, st);
}

/* ---- proposing ----------------------------------------------------------------------------------
 */

static enum mdl_status post(struct cli *c, const struct path *p, const json_t *body, bool preview,
                            json_t **document)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)body);
    if (preview) {
        (void)json_object_set_new(copy, "preview", json_true());
    }
    return cli_send(c, "POST", p, copy, document);
}

static enum mdl_status look_first(struct cli *c, const struct path *p, const json_t *body)
{
    json_t *document = NULL;
    if (option_given(&c->o, "yes")) {
        return MDL_OK;
    }
    enum mdl_status st = post(c, p, body, true, &document);
    if (st == MDL_OK) {
        st = show_agreement(c, document, cli_talk(c));
        json_decref(document);
    }
    if (st == MDL_OK) {
        (void)fputc('\n', cli_talk(c));
        st = cli_confirm(c, "Sign this agreement and propose it?");
    }
    return st;
}

enum mdl_status cli_propose(struct cli *c, const struct path *p, json_t *body)
{
    json_t *document = NULL;
    bool preview = option_given(&c->o, "preview");
    enum mdl_status st = preview ? MDL_OK : look_first(c, p, body);
    if (st == MDL_OK) {
        st = post(c, p, body, preview, &document);
    }
    json_decref(body);
    return st == MDL_OK ? cli_print(c, document, preview ? show_agreement : show_agreement_short)
                        : st;
}

static void partner_path(struct cli *c, const char *what, struct path *p)
{
    path_start(p, "/v1/partners");
    path_segment(p, cli_arg(c, 0));
    path_segment(p, what);
}

enum mdl_status run_draft(struct cli *c)
{
    struct path p;
    json_t *document = NULL;
    partner_path(c, "agreement-draft", &p);
    path_query(&p, "from", option_text(&c->o, "from"));
    enum mdl_status st = cli_get(c, &p, &document);
    return st == MDL_OK ? put_file(c, document, "terms", "Terms") : st;
}

enum mdl_status run_amend(struct cli *c)
{
    struct path p;
    json_t *body = json_object();
    enum mdl_status st = MDL_OK;
    body_list(body, &c->o, "cell", "cells");
    body_text(body, &c->o, "reason", "reason");
    if (c->o.n_args > 1) {
        st = body_terms(c, body, cli_arg(c, 1));
    }
    if (st != MDL_OK) {
        json_decref(body);
        return st;
    }
    partner_path(c, "amendments", &p);
    return cli_propose(c, &p, body);
}

static enum mdl_status run_request(struct cli *c)
{
    struct path p;
    json_t *body = json_pack("{s:s}", "level", "accounts");
    if (!option_given(&c->o, "cell")) {
        json_decref(body);
        return mdl_fail(&c->err, MDL_U_ARGUMENT,
                        "--cell OURS:THEIRS is missing: the pair of populations you ask more of");
    }
    body_list(body, &c->o, "cell", "cells");
    body_text(body, &c->o, "level", "level");
    body_text(body, &c->o, "reason", "reason");
    partner_path(c, "requests", &p);
    return cli_propose(c, &p, body);
}

/* ---- records ------------------------------------------------------------------------------------
 */

enum mdl_status run_export(struct cli *c)
{
    struct path p;
    json_t *document = NULL;
    path_start(&p, "/v1/agreements");
    path_segment(&p, cli_arg(c, 0));
    path_segment(&p, "record");
    enum mdl_status st = cli_get(c, &p, &document);
    return st == MDL_OK ? put_file(c, document, "record", "Record") : st;
}

/* Not "in force": a file cannot know. */
static void show_record_state(const json_t *d, FILE *f)
{
    const char *state = mdl_doc_text(d, "state");
    char until[FORM];
    if (strcmp(state, "not-revoked") == 0) {
        say(f, "No revocation in this record; valid until %s;\n%s.\n\n",
            form_time(mdl_doc_text(d, "valid_until"), until), mdl_doc_text(d, "unknown"));
    } else {
        say(f, "It is %s.\n\n", state);
    }
}

static enum mdl_status show_record(struct cli *c, const json_t *d, FILE *f)
{
    char id[FORM];
    char from[FORM];
    char until[FORM];
    size_t i;
    const json_t *item;
    (void)c;

    say_shade(f, SHADE_GREEN, "✓ ");
    say(f, "Agreement %s verifies: both signed it.\n", form_id(mdl_doc_text(d, "id"), id));
    show_record_state(d, f);
    json_array_foreach(json_object_get(d, "parties"), i, item)
    {
        bool revoked = json_is_true(json_object_get(item, "revoked"));
        say_field(f, i == 0 ? "Party A" : "Party B", "%s%s", mdl_doc_text(item, "name"),
                  revoked ? " (revoked it)" : "");
        say_field(f, "  identity", "%s", mdl_doc_text(item, "identity"));
        say_field(f, "  words", "%s", mdl_doc_text(item, "fingerprint"));
    }
    say_field(f, "Valid", "%s to %s", form_time(mdl_doc_text(d, "valid_from"), from),
              form_time(mdl_doc_text(d, "valid_until"), until));
    say_field(f, "Purpose", "%s", mdl_doc_text(d, "purpose"));
    say_field(f, "Legal basis", "%s", mdl_doc_text(d, "legal_basis"));
    say_shade(f, SHADE_BOLD, "\nCells, A : B\n");
    json_array_foreach(json_object_get(d, "cells"), i, item)
    {
        say(f, "  %s : %s = %s\n", mdl_doc_text(item, "population_A"),
            mdl_doc_text(item, "population_B"), mdl_doc_text(item, "level"));
    }
    return MDL_OK;
}

enum mdl_status run_agreement_verify(struct cli *c)
{
    char *text;
    size_t len;
    char state[32];
    json_t *document = NULL;
    enum mdl_status st = read_file(c, cli_arg(c, 0), &text, &len);
    if (st != MDL_OK) {
        return st;
    }
    st = mdl_node_verify_agreement(text, len, &document, &c->err);
    free(text);
    if (st != MDL_OK) {
        return st;
    }
    (void)snprintf(state, sizeof state, "%s", mdl_doc_text(document, "state"));
    st = cli_print(c, document, show_record);
    if (st == MDL_OK && option_given(&c->o, "in-force") && strcmp(state, "not-revoked") != 0) {
        st = mdl_fail(&c->err, MDL_P_AGREEMENT, "the agreement is not in force: it is %s", state);
    }
    return st;
}

const struct command request_commands[] = {
    {"round request", "PARTNER", "Ask a partner for a higher level of some cells",
     "An agreement that raises exactly these cells of the one in force, signed by us and proposed. "
     "The partner sees what it would disclose, and answers with 'agreement accept' or 'agreement "
     "reject'.\n",
     "  mandorla round request Contoso --cell customers:prospects --level accounts \\\n"
     "      --reason \"joint campaign in March\"\n",
     request_options, 1, 1, 0, run_request},
    {.name = NULL},
};
