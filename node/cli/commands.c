/* commands.c: all commands, and finding one by its words.
 * It may not run or print anything. */
#include "command.h"

#include <stdio.h>
#include <string.h>

const struct option_row common_options[] = {
    {"dir", "DIR",
     "directory of the node (default: $MANDORLA_DIR, else "
     "$XDG_DATA_HOME/mandorla, else ~/.local/share/mandorla)"},
    {"json", NULL, "the document as JSON on standard output"},
    {"help", NULL, "this help"},
    {NULL, NULL, NULL},
};

static const struct command *const tables[] = {
    node_commands,    import_commands,    population_commands, suppress_commands, key_commands,
    partner_commands, agreement_commands, round_commands,      request_commands,  schedule_commands,
    result_commands,  match_commands,     audit_commands};

const struct command *command_at(size_t i)
{
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        for (const struct command *c = tables[t]; c->name != NULL; c++) {
            if (i-- == 0) {
                return c;
            }
        }
    }
    return NULL;
}

/* Whether `name` is exactly these words with one space between. */
static bool is_named(const char *name, char *const words[], int n)
{
    for (int i = 0; i < n; i++) {
        size_t len = strlen(words[i]);
        if (len == 0 || strncmp(name, words[i], len) != 0 ||
            name[len] != (i + 1 < n ? ' ' : '\0')) {
            return false;
        }
        name += len + 1;
    }
    return true;
}

const struct command *command_find(char *const words[], int n, int *used)
{
    const struct command *c;
    for (*used = n < 2 ? n : 2; *used > 0; (*used)--) {
        for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
            if (is_named(c->name, words, *used)) {
                return c;
            }
        }
    }
    return NULL;
}

/* First words of the commands of two words. */
static const char *const groups[] = {"source",    "population", "exclude", "suppress", "partner",
                                     "agreement", "round",      "match",   "audit"};
#define GROUPS (sizeof groups / sizeof groups[0])

bool command_is_group(const char *word)
{
    for (size_t i = 0; i < GROUPS; i++) {
        if (strcmp(groups[i], word) == 0) {
            return true;
        }
    }
    return false;
}

const char *command_nearest(char *const words[], int n)
{
    const char *names[128];
    char typed[64];
    size_t count = 0;
    const struct command *c;
    bool two = n > 1 && words[1][0] != '-';

    while (count + GROUPS < sizeof names / sizeof names[0] && (c = command_at(count)) != NULL) {
        names[count++] = c->name;
    }
    memcpy(names + count, groups, sizeof groups);
    count += GROUPS;
    (void)snprintf(typed, sizeof typed, "%s%s%s", words[0], two ? " " : "", two ? words[1] : "");
    const char *near = nearest(typed, names, count);
    return near == NULL && two ? nearest(words[0], names, count) : near;
}
