/* help.c: help and completion, from the tables alone.
 * It may not describe anything that a table does not say. */
#include "cli.h"

#include <string.h>

static void heading(FILE *f, const char *text)
{
    (void)fputc('\n', f);
    say_shade(f, SHADE_BOLD, "%s\n", text);
}

static void command_line(FILE *f, const struct command *c)
{
    (void)fprintf(f, "  %-19s %s\n", c->name, c->summary);
}

void help_all(FILE *f)
{
    const struct command *c;
    say_shade(f, SHADE_BOLD, "mandorla");
    say(f, " %s - find the accounts you share with a partner, without showing the others\n",
        MANDORLA_VERSION);
    say(f, "\nUsage: mandorla [--dir DIR] [--json] COMMAND [ARGUMENTS]\n");
    heading(f, "Commands");
    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        command_line(f, c);
    }
    heading(f, "Options");
    for (const struct option_row *o = common_options; o->name != NULL; o++) {
        char left[64];
        char first[96];
        (void)snprintf(left, sizeof left, "--%s%s%s", o->name, o->arg != NULL ? " " : "",
                       o->arg != NULL ? o->arg : "");
        (void)snprintf(first, sizeof first, "  %-19s ", left);
        say_wrapped(f, first, o->help);
    }
    heading(f, "A first round");
    say(f,
        "  mandorla init --name \"Northwind GmbH\" --endpoint tcp://node.northwind.example:7400\n"
        "  mandorla serve &\n"
        "  mandorla import accounts.csv opportunities.csv\n"
        "  mandorla partner invite               # send the token; they send theirs\n"
        "  mandorla partner accept TOKEN\n"
        "  mandorla round start Contoso --wait\n"
        "  mandorla matrix Contoso\n");
    say(f, "\nExit codes: 0 done, 2 something to correct in the command or its input, 3 the partner"
           "\n(refused, aborted, broke the protocol), 4 this machine (disk, memory, file), 70 a "
           "bug.\n'mandorla COMMAND --help' shows options and examples. See also mandorla(1).\n");
}

void help_group(const char *word, FILE *f)
{
    const struct command *c;
    size_t len = strlen(word);
    say(f, "Usage: mandorla %s COMMAND [ARGUMENTS]\n", word);
    heading(f, "Commands");
    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        if (strncmp(c->name, word, len) == 0 && c->name[len] == ' ') {
            command_line(f, c);
        }
    }
    say(f, "\n'mandorla %s COMMAND --help' shows options and examples.\n", word);
}

static void option_lines(const struct option_row *rows, FILE *f)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        char left[96];
        char first[128];
        if (rows->help == NULL) {
            continue;
        }
        (void)snprintf(left, sizeof left, "--%s%s%s", rows->name, rows->arg != NULL ? " " : "",
                       rows->arg != NULL ? rows->arg : "");
        (void)snprintf(first, sizeof first, "  %-27s ", left);
        say_wrapped(f, first, rows->help);
    }
}

void help_command(const struct command *c, FILE *f)
{
    const char *p = c->about;
    say(f, "Usage: ");
    say_shade(f, SHADE_BOLD, "mandorla %s", c->name);
    say(f, "%s%s [OPTIONS]\n\n%s.\n", c->args[0] != '\0' ? " " : "", c->args, c->summary);
    while (p != NULL && *p != '\0') { /* paragraphs end with a line feed */
        char paragraph[1200];
        size_t len = strcspn(p, "\n");
        (void)snprintf(paragraph, sizeof paragraph, "%.*s", (int)len, p);
        (void)fputc('\n', f);
        say_wrapped(f, "", paragraph);
        p += len + (p[len] != '\0' ? 1 : 0);
    }
    heading(f, "Options");
    option_lines(c->options, f);
    option_lines(common_options, f);
    heading(f, "Examples");
    say(f, "%s", c->examples);
}

/* ---- completion --------------------------------------------------------------------------------
 */

static void offer(const char *typed, const char *before, const char *word, FILE *f)
{
    char full[96];
    (void)snprintf(full, sizeof full, "%s%s", before, word);
    if (strncmp(full, typed, strlen(typed)) == 0) {
        (void)fprintf(f, "%s\n", full);
    }
}

static void offer_commands(const char *first, const char *typed, FILE *f)
{
    const struct command *c;
    char last[64] = "";
    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        size_t len = strcspn(c->name, " ");
        char word[64];
        if (first == NULL) {
            (void)snprintf(word, sizeof word, "%.*s", (int)len, c->name);
            if (strcmp(word, last) != 0) { /* the words of a group stand together */
                offer(typed, "", word, f);
            }
            memcpy(last, word, sizeof last);
        } else if (c->name[len] == ' ' && strlen(first) == len &&
                   strncmp(c->name, first, len) == 0) {
            offer(typed, "", c->name + len + 1, f);
        }
    }
}

void complete(int n, char *const words[], FILE *f)
{
    int used = 0;
    const char *typed = n > 0 ? words[n - 1] : "";
    const struct command *c = n > 1 ? command_find(words, n - 1, &used) : NULL;

    if (n <= 1) {
        offer_commands(NULL, typed, f);
    } else if (c == NULL) {
        offer_commands(words[0], typed, f);
    } else {
        for (const struct option_row *o = c->options; o != NULL && o->name != NULL; o++) {
            offer(typed, "--", o->name, f);
        }
        for (const struct option_row *o = common_options; o->name != NULL; o++) {
            offer(typed, "--", o->name, f);
        }
    }
}
