/* command.h: what a command is: one row of a table, from which parsing, help and completion follow.
 *
 * Each command family (cmd_*.c) defines its rows; commands.c joins them. A name may have two words
 * ("partner accept").
 */
#ifndef MANDORLA_CLI_COMMAND_H
#define MANDORLA_CLI_COMMAND_H

#include <mandorla/status.h>
#include <stdbool.h>
#include <stddef.h>

struct cli;

struct option_row {
    const char *name; /* without dashes; NULL ends the list */
    const char *arg;  /* what stands after it in the help ("FILE"); NULL: a flag */
    const char *help; /* NULL: not shown (for tests and demonstrations) */
};

enum command_flags {
    COMMAND_NO_JSON = 1 << 0 /* gives no document */
};

#define ANY_NUMBER 255

struct command {
    const char *name;    /* "partner accept"; NULL ends a table */
    const char *args;    /* "TOKEN|-" */
    const char *summary; /* one line */
    const char *about;   /* paragraphs for --help, or NULL */
    const char *examples;
    const struct option_row *options; /* NULL: only those every command has */
    unsigned char min_args, max_args; /* ANY_NUMBER: no upper bound */
    unsigned flags;
    enum mdl_status (*run)(struct cli *c);
};

/* The tables, in the order of the help. */
extern const struct command node_commands[], import_commands[], population_commands[],
    suppress_commands[], key_commands[], partner_commands[], agreement_commands[], round_commands[],
    request_commands[], schedule_commands[], result_commands[], match_commands[], audit_commands[];

/* Options every command has: --dir, --json, --help. */
extern const struct option_row common_options[];

/* The i-th command of all tables, NULL after the last. */
const struct command *command_at(size_t i);
/* The command that the words name; *words is how many (1 or 2). NULL if none does. */
const struct command *command_find(char *const words[], int n, int *used);
/* Whether some command's first of two words is `word` ("partner"). */
bool command_is_group(const char *word);
/* The name nearest to what was typed, or NULL if nothing is near. */
const char *command_nearest(char *const words[], int n);

/* Nearest of `names` to `word` by edit distance (a swap counts once); NULL if more than a third of
 * the letters differ. */
const char *nearest(const char *word, const char *const names[], size_t n);

#endif
