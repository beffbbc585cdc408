/* run.c: the program from argv to exit code: global options, finding the command, its errors.
 * It may not know what any command does. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* "mandorla: text"; further lines of a text stand below it. */
static void print_error(const struct mdl_error *err)
{
    progress_clear();
    (void)fflush(stdout);
    say_shade(stderr, SHADE_RED, "mandorla:");
    say(stderr, " %s\n", err->text);
}

static int fail(const struct mdl_error *err)
{
    print_error(err);
    return mdl_status_exit_code(err->status);
}

/* json_string refuses what is not UTF-8; refuse it here, where the argument can be named. */
static enum mdl_status check_text(int argc, char *argv[], struct mdl_error *err)
{
    for (int i = 1; i < argc; i++) {
        json_t *text = json_string(argv[i]);
        if (text == NULL) {
            return mdl_fail(err, MDL_U_ARGUMENT, "argument %d is not UTF-8", i);
        }
        json_decref(text);
    }
    return MDL_OK;
}

static char version[] = "version";

/* Options before the command: --dir, --json, --help; --version is the command of that name. *first
 * is where the command begins. */
static enum mdl_status leading(int argc, char *argv[], int *first, const char **dir, bool *json,
                               bool *help, struct mdl_error *err)
{
    static const char *const names[] = {"dir", "json", "help", "version"};
    int i = 1;
    for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc) {
            *dir = argv[++i];
        } else if (strncmp(argv[i], "--dir=", 6) == 0) {
            *dir = argv[i] + 6;
        } else if (strcmp(argv[i], "--dir") == 0) {
            return mdl_fail(err, MDL_U_ARGUMENT, "--dir needs a value: --dir DIR");
        } else if (strcmp(argv[i], "--json") == 0) {
            *json = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            *help = true;
        } else if (strcmp(argv[i], "--version") == 0) {
            argv[i] = version;
            break;
        } else {
            const char *near =
                strncmp(argv[i], "--", 2) == 0 ? nearest(argv[i] + 2, names, 4) : NULL;
            return mdl_fail(err, MDL_U_ARGUMENT,
                            "unknown option '%.80s'%s%s%s 'mandorla --help' shows what there is",
                            argv[i], near != NULL ? ", did you mean '--" : ";",
                            near != NULL ? near : "", near != NULL ? "'?" : "");
        }
    }
    *first = i;
    return MDL_OK;
}

static int run_command(const struct command *command, int argc, char *argv[], const char *dir,
                       bool json, bool help)
{
    struct cli c = {.command = command};
    enum mdl_status st = MDL_OK;

    if (!help) {
        st = options_parse(&c.o, command, argc, argv, &c.err);
    }
    if (st == MDL_OK && (help || option_given(&c.o, "help"))) {
        help_command(command, stdout);
        return 0;
    }
    c.json = json || (st == MDL_OK && option_given(&c.o, "json"));
    if (st == MDL_OK && c.json && (command->flags & COMMAND_NO_JSON) != 0) {
        st = mdl_fail(&c.err, MDL_U_ARGUMENT, "%s gives no document; leave --json out",
                      command->name);
    }
    if (st == MDL_OK) {
        const char *given = option_text(&c.o, "dir");
        st = cli_dir(given != NULL ? given : dir, c.dir, sizeof c.dir, &c.err);
    }
    if (st == MDL_OK) {
        st = command->run(&c);
    }
    client_close(c.client);
    return st == MDL_OK ? 0 : fail(&c.err);
}

static int no_command(int n, char *words[], bool help)
{
    struct mdl_error err;
    const char *near;

    if (n == 0) {
        help_all(help ? stdout : stderr);
        return help ? 0 : 2;
    }
    if (command_is_group(words[0]) && (n == 1 || words[1][0] == '-')) {
        bool asked =
            help || (n > 1 && (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0));
        help_group(words[0], asked ? stdout : stderr);
        return asked ? 0 : 2;
    }
    near = command_nearest(words, n);
    (void)mdl_fail(&err, MDL_U_ARGUMENT,
                   "unknown command '%.60s%s%.60s'%s%s%s 'mandorla --help' "
                   "lists the commands",
                   words[0], n > 1 && words[1][0] != '-' ? " " : "",
                   n > 1 && words[1][0] != '-' ? words[1] : "",
                   near != NULL ? ", did you mean 'mandorla " : ";", near != NULL ? near : "",
                   near != NULL ? "'?" : "");
    return fail(&err);
}

int cli_main(int argc, char *argv[])
{
    struct mdl_error err = {MDL_OK, ""};
    const char *dir = NULL;
    bool json = false;
    bool help = false;
    int first = 1;
    int used = 0;

    if (argc >= 2 && strcmp(argv[1], "--complete") == 0) {
        complete(argc - 2, argv + 2, stdout);
        return 0;
    }
    if (check_text(argc, argv, &err) != MDL_OK) {
        return fail(&err);
    }
    if (leading(argc, argv, &first, &dir, &json, &help, &err) != MDL_OK) {
        return fail(&err);
    }
    if (first < argc && strcmp(argv[first], "help") == 0) {
        help = true;
        first++;
    }
    const struct command *command = command_find(argv + first, argc - first, &used);
    if (command == NULL) {
        return no_command(argc - first, argv + first, help);
    }
    /* The word before the first argument stands for argv[0]. */
    return run_command(command, argc - first - used + 1, argv + first + used - 1, dir, json, help);
}
