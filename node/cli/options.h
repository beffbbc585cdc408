/* options.h: the words of a command line, by the table of its command. Nothing is copied: values
 * point into argv. One thread. */
#ifndef MANDORLA_CLI_OPTIONS_H
#define MANDORLA_CLI_OPTIONS_H

#include "command.h"

#define OPTIONS_MAX 24 /* of one command, the common ones included; a test checks it */
#define VALUES_MAX  128

struct options {
    const struct command *command;
    size_t n_values;
    struct {
        const struct option_row *row;
        const char *value; /* NULL for a flag */
    } values[VALUES_MAX];
    char **args; /* what is no option */
    int n_args;
};

/* Reads what follows the command's name; argv is reordered, argv[0] is skipped. Errors:
 * MDL_U_ARGUMENT (unknown option with the nearest one, a value that is missing or not expected, too
 * few or many arguments). With --help the number of arguments is not checked. */
MDL_MUST_CHECK enum mdl_status options_parse(struct options *o, const struct command *command,
                                             int argc, char *argv[], struct mdl_error *err);

bool option_given(const struct options *o, const char *name);
/* The last value, or NULL. */
const char *option_text(const struct options *o, const char *name);
/* Leaves *out alone if the option is absent. MDL_U_ARGUMENT names the option and what stood there.
 */
MDL_MUST_CHECK enum mdl_status option_int(const struct options *o, const char *name, long long min,
                                          long long max, long long *out, struct mdl_error *err);
/* The i-th value of an option that may be repeated, NULL after the last. */
const char *option_nth(const struct options *o, const char *name, size_t i);

#endif
