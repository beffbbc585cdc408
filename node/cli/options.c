/* options.c: parses a command's words by its table, with getopt_long underneath.
 * It may not know any command, nor print. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_VALUE 256 /* of `val` in struct option: above every character */

struct table {
    const struct option_row *row[OPTIONS_MAX];
    struct option getopt[OPTIONS_MAX + 1];
    size_t n;
};

static void add_rows(struct table *t, const struct option_row *rows)
{
    for (; rows != NULL && rows->name != NULL && t->n < OPTIONS_MAX; rows++) {
        t->row[t->n] = rows;
        t->getopt[t->n] =
            (struct option){rows->name, rows->arg != NULL ? 1 : 0, NULL, FIRST_VALUE + (int)t->n};
        t->n++;
    }
}

static enum mdl_status unknown(const struct table *t, const struct command *command,
                               const char *word, struct mdl_error *err)
{
    const char *names[OPTIONS_MAX];
    char typed[80];
    size_t len = strcspn(word, "=");
    bool is_long = strncmp(word, "--", 2) == 0;

    for (size_t i = 0; i < t->n; i++) {
        names[i] = t->row[i]->name;
    }
    (void)snprintf(typed, sizeof typed, "%.*s", (int)len, word);
    const char *near = is_long ? nearest(typed + 2, names, t->n) : NULL;
    return mdl_fail(err, MDL_U_ARGUMENT,
                    "unknown option '%s'%s%s%s 'mandorla %s --help' lists the options", typed,
                    near != NULL ? ", did you mean '--" : ";", near != NULL ? near : "",
                    near != NULL ? "'?" : "", command->name);
}

/* -o stands for --output, where a command has that; -1: it has not. */
static int row_of_o(const struct table *t)
{
    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->row[i]->name, "output") == 0) {
            return (int)i;
        }
    }
    return -1;
}

static enum mdl_status bad_option(const struct table *t, const struct command *command, int rc,
                                  char *argv[], struct mdl_error *err)
{
    char shorts[3] = {'-', (char)optopt, '\0'};
    int of_o = row_of_o(t);
    int which = optopt == 'o' && of_o >= 0 ? FIRST_VALUE + of_o : optopt;
    if (which >= FIRST_VALUE) {
        const struct option_row *row = t->row[which - FIRST_VALUE];
        if (rc == ':') {
            return mdl_fail(err, MDL_U_ARGUMENT, "--%s needs a value: --%s %s", row->name,
                            row->name, row->arg);
        }
        return mdl_fail(err, MDL_U_ARGUMENT, "--%s takes no value", row->name);
    }
    return unknown(t, command, optopt != 0 ? shorts : argv[optind - 1], err);
}

static enum mdl_status count_args(const struct options *o, struct mdl_error *err)
{
    const struct command *c = o->command;
    if (o->n_args < (int)c->min_args) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "%s %s: an argument is missing; see 'mandorla %s "
                        "--help'",
                        c->name, c->args, c->name);
    }
    if (c->max_args != ANY_NUMBER && o->n_args > (int)c->max_args) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "'%.80s' is one argument too many; expected: mandorla %s %s",
                        o->args[c->max_args], c->name, c->args);
    }
    return MDL_OK;
}

enum mdl_status options_parse(struct options *o, const struct command *command, int argc,
                              char *argv[], struct mdl_error *err)
{
    struct table t = {.n = 0};
    int rc;

    memset(o, 0, sizeof *o);
    o->command = command;
    add_rows(&t, command->options);
    add_rows(&t, common_options);
    optind = 0; /* glibc: begin anew */
    opterr = 0;
    while ((rc = getopt_long(argc, argv, row_of_o(&t) >= 0 ? ":ho:" : ":h", t.getopt, NULL)) !=
           -1) {
        if (rc == '?' || rc == ':') {
            return bad_option(&t, command, rc, argv, err);
        }
        if (o->n_values == VALUES_MAX) {
            return mdl_fail(err, MDL_U_ARGUMENT, "more than %d options", VALUES_MAX);
        }
        size_t at = rc == 'h'   ? t.n - 1 /* --help is the last row */
                    : rc == 'o' ? (size_t)row_of_o(&t)
                                : (size_t)(rc - FIRST_VALUE);
        o->values[o->n_values].row = t.row[at];
        o->values[o->n_values++].value = optarg;
    }
    o->args = argv + optind;
    o->n_args = argc - optind;
    return option_given(o, "help") ? MDL_OK : count_args(o, err);
}

const char *option_nth(const struct options *o, const char *name, size_t n)
{
    for (size_t i = 0; i < o->n_values; i++) {
        if (strcmp(o->values[i].row->name, name) == 0 && n-- == 0) {
            return o->values[i].value != NULL ? o->values[i].value : "";
        }
    }
    return NULL;
}

const char *option_text(const struct options *o, const char *name)
{
    const char *last = NULL;
    const char *v;
    for (size_t i = 0; (v = option_nth(o, name, i)) != NULL; i++) {
        last = v;
    }
    return last;
}

bool option_given(const struct options *o, const char *name)
{
    return option_nth(o, name, 0) != NULL;
}

enum mdl_status option_int(const struct options *o, const char *name, long long min, long long max,
                           long long *out, struct mdl_error *err)
{
    const char *text = option_text(o, name);
    char *end = NULL;

    if (text == NULL) {
        return MDL_OK;
    }
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || n < min || n > max) {
        return mdl_fail(err, MDL_U_ARGUMENT,
                        "--%s: expected a whole number from %lld to %lld, "
                        "found '%.80s'",
                        name, min, max, text);
    }
    *out = n;
    return MDL_OK;
}
