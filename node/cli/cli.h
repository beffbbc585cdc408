/* cli.h: one run of the program: what the commands get, and what they share. */
#ifndef MANDORLA_CLI_CLI_H
#define MANDORLA_CLI_CLI_H

#include "client.h"
#include "command.h"
#include "options.h"
#include "term.h"

#include <report.h>

struct cli {
    const struct command *command;
    struct options o;
    char dir[4096];
    bool json;             /* documents go out raw */
    struct client *client; /* opened with the first request */
    struct mdl_error err;
};

/* The node's directory: --dir, MANDORLA_DIR, or the default. MDL_U_ARGUMENT if there is none. */
MDL_MUST_CHECK enum mdl_status cli_dir(const char *given, char *out, size_t size,
                                       struct mdl_error *err);

/* Help on standard output, for the program, a group ("partner") or a command. */
void help_all(FILE *f);
void help_group(const char *word, FILE *f);
void help_command(const struct command *c, FILE *f);
/* One word a line: what may follow the words typed so far; the last one is being typed. */
void complete(int n, char *const words[], FILE *f);

/* Runs argv as a whole; the exit code. */
int cli_main(int argc, char *argv[]);

/* ---- for the commands ---------------------------------------------------------------------------
 * A command returns its status with c->err filled; the text goes to standard error. */

/* Requests. Errors are in c->err. `body` is released in any case; it may be NULL. */
MDL_MUST_CHECK enum mdl_status cli_get(struct cli *c, const struct path *p, json_t **document);
MDL_MUST_CHECK enum mdl_status cli_send(struct cli *c, const char *method, const struct path *p,
                                        json_t *body, json_t **document);
/* A GET of /v1/..., printed raw with --json, else by `show` on standard output. */
typedef enum mdl_status show_fn(struct cli *c, const json_t *document, FILE *f);
MDL_MUST_CHECK enum mdl_status cli_show(struct cli *c, const struct path *p, show_fn *show);
/* As cli_show, for a document at hand, which is released. */
MDL_MUST_CHECK enum mdl_status cli_print(struct cli *c, json_t *document, show_fn *show);
/* Where words for people go: standard output, or standard error if that carries a document. */
FILE *cli_talk(const struct cli *c);
/* Asks where a person can answer and --yes is not given. MDL_U_CANCELLED if the answer is no. */
MDL_MUST_CHECK enum mdl_status cli_confirm(struct cli *c, const char *question);
/* A status of printing (report.h) with its text in c->err. */
MDL_MUST_CHECK enum mdl_status cli_printed(struct cli *c, enum mdl_status st);
const char *cli_arg(const struct cli *c, int i); /* "" if there is none */
/* Sets body[name] from an option if it is given. */
void body_text(json_t *body, const struct options *o, const char *option, const char *name);
void body_list(json_t *body, const struct options *o, const char *option, const char *name);
MDL_MUST_CHECK enum mdl_status body_int(struct cli *c, json_t *body, const char *option,
                                        const char *name, long long min, long long max);

/* ---- documents that several commands show -------------------------------------------------------
 */
void show_disclosure(const json_t *disclosure, FILE *f);
void show_round(const json_t *round, FILE *f);
/* round_diff.c */
MDL_MUST_CHECK enum mdl_status run_round_diff(struct cli *c);
/* ledger_show.c */
MDL_MUST_CHECK enum mdl_status run_ledger(struct cli *c);
void show_words(const json_t *lines, FILE *f);
MDL_MUST_CHECK enum mdl_status show_partners(struct cli *c, const json_t *list, FILE *f);
MDL_MUST_CHECK enum mdl_status show_rounds(struct cli *c, const json_t *list, FILE *f);
/* Names of a list, "a, b, c". */
const char *join_names(const json_t *list, char *out, size_t size);

/* Shows what a round with the partner that the command names would disclose, and asks, unless --yes
 * is given. */
MDL_MUST_CHECK enum mdl_status confirm_round(struct cli *c, const char *question);

/* Follows a round until it has ended, or for `seconds` (0: without end), drawing on standard error.
 * *round is its last document. MDL_P_STALLED when the time is over, MDL_U_CANCELLED on Ctrl-C: the
 * round goes on in both cases. */
MDL_MUST_CHECK enum mdl_status watch_round(struct cli *c, const char *id, long long seconds,
                                           json_t **round);
/* Whether a round in this state is over. */
bool round_has_ended(const char *state);
/* MDL_OK for a complete round, else its code with its text in c->err. */
MDL_MUST_CHECK enum mdl_status round_status(struct cli *c, const json_t *round);

/* The report of an import. */
MDL_MUST_CHECK enum mdl_status show_import(struct cli *c, const json_t *report, FILE *f);
/* The rejected rows as CSV; `f` stays the caller's. */
MDL_MUST_CHECK enum mdl_status write_rejected(struct cli *c, const json_t *report, FILE *f);
/* What columns a file has, from error.details of MDL_U_HEADER. */
void show_columns_found(const json_t *report, FILE *f);

#endif
