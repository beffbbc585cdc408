/* check_commands.c: the table of commands: each has help, examples, a place in the man page; and
 * what happens to words that are no command. It may not run one that needs a node. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

static size_t count(void)
{
    size_t n = 0;
    while (command_at(n) != NULL) {
        n++;
    }
    return n;
}

START_TEST(the_table)
{
    ck_assert_uint_ge(count(), 32); /* none is lost */
    for (size_t i = 0; i < count(); i++) {
        const struct command *c = command_at(i);
        size_t options = 0;
        char first[80];
        (void)snprintf(first, sizeof first, "  mandorla %s", c->name);
        ck_assert_msg(strlen(c->summary) > 10 && strlen(c->summary) < 70, "%s", c->name);
        ck_assert_msg(c->summary[strlen(c->summary) - 1] != '.', "%s", c->name);
        ck_assert_msg(strncmp(c->examples, first, strlen(first)) == 0, "%s: %s", c->name,
                      c->examples);
        ck_assert_msg(c->examples[strlen(c->examples) - 1] == '\n', "%s", c->name);
        ck_assert_ptr_nonnull(c->run);
        ck_assert_uint_le(c->min_args, c->max_args);
        for (const struct option_row *o = c->options; o != NULL && o->name != NULL; o++) {
            options++;
        }
        ck_assert_uint_le(options + 3, OPTIONS_MAX);
        for (size_t k = 0; k < i; k++) {
            ck_assert_str_ne(command_at(k)->name, c->name);
        }
    }
}
END_TEST

/* Two words into the pieces that argv has. */
static int split(const char *name, char words[2][32])
{
    size_t len = strcspn(name, " ");
    (void)snprintf(words[0], 32, "%.*s", (int)len, name);
    (void)snprintf(words[1], 32, "%s", name[len] == ' ' ? name + len + 1 : "");
    return name[len] == ' ' ? 2 : 1;
}

START_TEST(each_is_found_by_its_words)
{
    for (size_t i = 0; i < count(); i++) {
        char words[2][32];
        int used = 0;
        int n = split(command_at(i)->name, words);
        char *argv[] = {words[0], words[1], (char *)(uintptr_t) "--flag"};
        argv[n] = argv[2];
        ck_assert_ptr_eq(command_find(argv, n + 1, &used), command_at(i));
        ck_assert_int_eq(used, n);
        ck_assert_int_eq(command_is_group(words[0]), n == 2);
    }
}
END_TEST

static void check_help(const struct command *c, const char *out)
{
    char usage[64];
    (void)snprintf(usage, sizeof usage, "Usage: mandorla %s", c->name);
    ck_assert_msg(strncmp(out, usage, strlen(usage)) == 0, "%s", out);
    ck_assert_ptr_nonnull(strstr(out, c->summary));
    ck_assert_ptr_nonnull(strstr(out, "\nExamples\n  mandorla "));
    for (const struct option_row *o = c->options; o != NULL && o->name != NULL; o++) {
        char option[64];
        (void)snprintf(option, sizeof option, "\n  --%s ", o->name);
        ck_assert_msg((strstr(out, option) != NULL) == (o->help != NULL), "%s: --%s", c->name,
                      o->name);
    }
    ck_assert_ptr_nonnull(strstr(out, "\n  --dir DIR "));
}

START_TEST(help_of_each)
{
    for (size_t i = 0; i < count(); i++) {
        char words[2][32];
        const struct command *c = command_at(i);
        bool two = split(c->name, words) == 2;
        struct ran r = two ? run(words[0], words[1], "--help") : run(words[0], "--help");
        ck_assert_msg(r.code == 0 && r.err[0] == '\0', "%s: %s", c->name, r.err);
        check_help(c, r.out);
        r = two ? run("help", words[0], words[1]) : run("help", words[0]);
        ck_assert_int_eq(r.code, 0);
        check_help(c, r.out);
        /* No line is wider than a terminal, but for what is to be copied. */
        char *end = strstr(r.out, "\nExamples\n");
        *end = '\0';
        for (char *line = strtok(r.out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            ck_assert_msg(mdl_text_width(line) <= 80, "%s", line);
        }
    }
}
END_TEST

START_TEST(help_of_all)
{
    struct ran r = run("--help");
    ck_assert_int_eq(r.code, 0);
    for (size_t i = 0; i < count(); i++) {
        char line[128];
        (void)snprintf(line, sizeof line, "\n  %-19s %s\n", command_at(i)->name,
                       command_at(i)->summary);
        ck_assert_msg(strstr(r.out, line) != NULL, "%s", line);
    }
    ck_assert_ptr_nonnull(strstr(r.out, "XDG_DATA_HOME/mandorla"));
    r = run("help");
    ck_assert_int_eq(r.code, 0);
    r = run("partner", "--help");
    ck_assert_int_eq(r.code, 0);
    ck_assert_ptr_nonnull(strstr(r.out, "\n  partner accept "));
    ck_assert_ptr_null(strstr(r.out, "\n  round "));
}
END_TEST

START_TEST(nothing_and_half_a_command)
{
    struct ran r = run_words(NULL, (const char *const[]){NULL});
    ck_assert_int_eq(r.code, 2);
    ck_assert_str_eq(r.out, "");
    ck_assert_ptr_nonnull(strstr(r.err, "Usage: mandorla"));
    r = run("partner");
    ck_assert_int_eq(r.code, 2);
    ck_assert_str_eq(r.out, "");
    ck_assert_ptr_nonnull(strstr(r.err, "Usage: mandorla partner COMMAND"));
}
END_TEST

static void refused(struct ran r, const char *part)
{
    ck_assert_int_eq(r.code, 2);
    ck_assert_str_eq(r.out, "");
    ck_assert_int_eq(strncmp(r.err, "mandorla: ", 10), 0);
    ck_assert_msg(strstr(r.err, part) != NULL, "'%s' in: %s", part, r.err);
}

START_TEST(unknown_words)
{
    refused(run("imprt", "a.csv"),
            "unknown command 'imprt a.csv', did you mean 'mandorla import'?");
    refused(run("key", ""), "an empty value gives no key");
    refused(run("key", "Acme", " "), "an empty value gives no key");
    refused(run("partner", "accpet"), "did you mean 'mandorla partner accept'?");
    refused(run("parnter", "list"), "did you mean 'mandorla partner list'?");
    refused(run("parnter"), "did you mean 'mandorla partner'?");
    refused(run("frobnicate"), "unknown command 'frobnicate'; 'mandorla --help' lists");
    refused(run("--jsn", "status"), "unknown option '--jsn', did you mean '--json'?");
    refused(run("-x"), "unknown option '-x'");
    refused(run("--dir"), "--dir needs a value");
    refused(run("overlap"), "an argument is missing");
    refused(run("overlap", "A", "--poplation", "x"), "did you mean '--population'?");
    refused(run("overlap", "A", "--limit", "0"), "--limit: expected a whole number");
    refused(run("overlap", "A", "--csv", "--json"), "exclude each other");
    refused(run("serve", "--json"), "gives no document");
    refused(run("overlap", "\xff"), "argument 2 is not UTF-8");
    refused(run("--dir", "", "status"), "--dir: expected");
}
END_TEST

/* Words that a terminal would obey are shown, not obeyed. */
START_TEST(hostile_words)
{
    struct ran r = run("\033[2Jimport\a");
    ck_assert_int_eq(r.code, 2);
    ck_assert_ptr_null(strchr(r.err, '\033'));
    ck_assert_ptr_null(strchr(r.err, '\a'));
}
END_TEST

START_TEST(version)
{
    struct ran r = run("version");
    ck_assert_int_eq(r.code, 0);
    ck_assert_str_eq(r.out, "mandorla " MANDORLA_VERSION " (protocol 1)\n");
    r = run("--version");
    ck_assert_int_eq(r.code, 0);
    ck_assert_int_eq(strncmp(r.out, "mandorla ", 9), 0);
    r = run("--json", "version");
    ck_assert_int_eq(r.code, 0);
    json_t *d = json_loads(r.out, 0, NULL);
    ck_assert_str_eq(mdl_doc_text(d, "version"), MANDORLA_VERSION);
    json_decref(d);
}
END_TEST

START_TEST(the_directory)
{
    struct mdl_error err;
    char out[64];
    char small[8];
    ck_assert_int_eq(setenv("MANDORLA_DIR", "/from/env", 1), 0);
    ck_assert_int_eq(setenv("XDG_DATA_HOME", "/data", 1), 0);
    ck_assert_int_eq(setenv("HOME", "/home/x", 1), 0);
    ck_assert_int_eq(cli_dir("/given", out, sizeof out, &err), MDL_OK);
    ck_assert_str_eq(out, "/given");
    ck_assert_int_eq(cli_dir(NULL, out, sizeof out, &err), MDL_OK);
    ck_assert_str_eq(out, "/from/env");
    ck_assert_int_eq(setenv("MANDORLA_DIR", "", 1), 0);
    ck_assert_int_eq(cli_dir(NULL, out, sizeof out, &err), MDL_OK);
    ck_assert_str_eq(out, "/data/mandorla");
    ck_assert_int_eq(setenv("XDG_DATA_HOME", "relative", 1), 0);
    ck_assert_int_eq(cli_dir(NULL, out, sizeof out, &err), MDL_OK);
    ck_assert_str_eq(out, "/home/x/.local/share/mandorla");
    ck_assert_int_eq(cli_dir(NULL, small, sizeof small, &err), MDL_U_ARGUMENT);
    ck_assert_int_eq(unsetenv("HOME"), 0);
    ck_assert_int_eq(cli_dir(NULL, out, sizeof out, &err), MDL_U_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.text, "MANDORLA_DIR"));
}
END_TEST

START_TEST(completion)
{
    struct ran r = run("--complete", "");
    ck_assert_ptr_nonnull(strstr(r.out, "import\n"));
    char *once = strstr(r.out, "partner\n");
    ck_assert_ptr_nonnull(once);
    ck_assert_ptr_null(strstr(once + 1, "partner\n"));
    r = run("--complete", "matr");
    ck_assert_str_eq(r.out, "matrix\n");
    r = run("--complete", "partner", "");
    ck_assert_str_eq(r.out, "invite\naccept\nlist\nset\nremove\n");
    r = run("--complete", "partner", "accept", "--a");
    ck_assert_str_eq(r.out, "--accept\n--as\n");
    r = run("--complete", "nothing", "");
    ck_assert_str_eq(r.out, "");
}
END_TEST

/* The man page writes a hyphen as "\-". */
static void man_text(const char *plain, char *out, size_t size)
{
    size_t n = 0;
    for (; *plain != '\0' && n + 3 < size; plain++) {
        if (*plain == '-') {
            out[n++] = '\\';
        }
        out[n++] = *plain;
    }
    out[n] = '\0';
}

START_TEST(the_man_page)
{
    char *man = read_file("docs/man/mandorla.1");
    for (size_t i = 0; i < count(); i++) {
        const struct command *c = command_at(i);
        char heading[160];
        char wanted[200];
        (void)snprintf(heading, sizeof heading, "\n.SS \"mandorla %s%s%s\"\n", c->name,
                       c->args[0] != '\0' ? " " : "", c->args);
        man_text(heading, wanted, sizeof wanted);
        const char *at = strstr(man, wanted);
        ck_assert_msg(at != NULL, "%s", wanted);
        ck_assert_msg(strstr(at + 1, wanted) == NULL, "twice: %s", wanted);
        const char *next = strstr(at + 1, "\n.S");
        char *section = strndup(at, (size_t)(next - at));
        for (const struct option_row *o = c->options; o != NULL && o->name != NULL; o++) {
            (void)snprintf(heading, sizeof heading, "--%s\\fR", o->name);
            man_text(heading, wanted, sizeof wanted);
            ck_assert_msg((strstr(section, wanted) != NULL) == (o->help != NULL), "%s: --%s",
                          c->name, o->name);
        }
        free(section);
    }
    free(man);
}
END_TEST

int main(int argc, char *argv[])
{
    const TTest *const tests[] = {the_table,
                                  each_is_found_by_its_words,
                                  help_of_each,
                                  help_of_all,
                                  nothing_and_half_a_command,
                                  unknown_words,
                                  hostile_words,
                                  version,
                                  the_directory,
                                  completion,
                                  the_man_page};
    return run_suite(argc, argv, "commands", tests, sizeof tests / sizeof tests[0]);
}
