/* check_options.c: words of a command line by the table of a command.
 * It may not run a command. */
#include "support.h"

#include <string.h>

static const struct option_row rows[] = {{"name", "NAME", "a name"},
                                         {"number", "N", "a number"},
                                         {"map", "COLUMN=FIELD", "may be repeated"},
                                         {"force", NULL, "a flag"},
                                         {NULL, NULL, NULL}};
static const struct command command = {
    .name = "try this", .args = "FROM TO", .options = rows, .min_args = 1, .max_args = 2};

static struct options o;
static struct mdl_error err;

static enum mdl_status parse_words(const char *const words[])
{
    static char *argv[40]; /* the parsed options point into it */
    int argc = 1;
    argv[0] = (char *)(uintptr_t) "this";
    err = (struct mdl_error){MDL_OK, ""};
    for (; words[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    }
    argv[argc] = NULL;
    return options_parse(&o, &command, argc, argv, &err);
}
#define parse(...) parse_words((const char *const[]){__VA_ARGS__, NULL})

START_TEST(values_and_arguments)
{
    ck_assert_int_eq(parse("a", "--name", "x y", "--force", "b"), MDL_OK);
    ck_assert_str_eq(option_text(&o, "name"), "x y");
    ck_assert(option_given(&o, "force"));
    ck_assert(!option_given(&o, "map"));
    ck_assert_ptr_null(option_text(&o, "map"));
    ck_assert_int_eq(o.n_args, 2);
    ck_assert_str_eq(o.args[0], "a");
    ck_assert_str_eq(o.args[1], "b");
}
END_TEST

START_TEST(forms_of_a_value)
{
    ck_assert_int_eq(parse("a", "--name=x"), MDL_OK);
    ck_assert_str_eq(option_text(&o, "name"), "x");
    ck_assert_int_eq(parse("a", "--name="), MDL_OK);
    ck_assert_str_eq(option_text(&o, "name"), "");
    ck_assert_int_eq(parse("a", "--name", "--force"), MDL_OK); /* a value may look like anything */
    ck_assert_str_eq(option_text(&o, "name"), "--force");
    ck_assert_int_eq(parse("a", "--na", "x"), MDL_OK); /* a beginning that only one option has */
    ck_assert_str_eq(option_text(&o, "name"), "x");
}
END_TEST

START_TEST(arguments_that_look_like_options)
{
    ck_assert_int_eq(parse("--force", "--", "--name", "-"), MDL_OK);
    ck_assert(option_given(&o, "force"));
    ck_assert(!option_given(&o, "name"));
    ck_assert_str_eq(o.args[0], "--name");
    ck_assert_str_eq(o.args[1], "-");
    ck_assert_int_eq(parse("-"), MDL_OK);
    ck_assert_str_eq(o.args[0], "-");
}
END_TEST

START_TEST(repeated_options)
{
    ck_assert_int_eq(
        parse("a", "--map", "A=name", "--name", "1", "--map", "B=website", "--name", "2"), MDL_OK);
    ck_assert_str_eq(option_nth(&o, "map", 0), "A=name");
    ck_assert_str_eq(option_nth(&o, "map", 1), "B=website");
    ck_assert_ptr_null(option_nth(&o, "map", 2));
    ck_assert_str_eq(option_text(&o, "name"), "2"); /* the last one counts */
}
END_TEST

START_TEST(common_ones)
{
    ck_assert_int_eq(parse("a", "--json", "--dir", "/d"), MDL_OK);
    ck_assert(option_given(&o, "json"));
    ck_assert_str_eq(option_text(&o, "dir"), "/d");
    ck_assert_int_eq(parse("--help"), MDL_OK); /* without the arguments it needs */
    ck_assert(option_given(&o, "help"));
    ck_assert_int_eq(parse("-h"), MDL_OK);
    ck_assert(option_given(&o, "help"));
}
END_TEST

static void refused(enum mdl_status st, const char *part)
{
    ck_assert_int_eq(st, MDL_U_ARGUMENT);
    ck_assert_msg(strstr(err.text, part) != NULL, "'%s' in: %s", part, err.text);
}

START_TEST(refusals)
{
    refused(parse("a", "--nmae", "x"), "unknown option '--nmae', did you mean '--name'?");
    refused(parse("a", "--nubmer=5"), "unknown option '--nubmer', did you mean '--number'?");
    refused(parse("a", "--colour-of-money"), "unknown option '--colour-of-money';");
    refused(parse("a", "--colour-of-money"), "'mandorla try this --help'");
    refused(parse("a", "-x"), "unknown option '-x';");
    refused(parse("a", "--n", "x"), "unknown option '--n'"); /* --name or --number? */
    refused(parse("a", "--name"), "--name needs a value: --name NAME");
    refused(parse("a", "--force=yes"), "--force takes no value");
    refused(parse("--force"), "an argument is missing");
    refused(parse("a", "b", "c"), "'c' is one argument too many; expected: mandorla try this");
}
END_TEST

START_TEST(too_many_options)
{
    const char *words[2 * VALUES_MAX + 4];
    char *argv[2 * VALUES_MAX + 4];
    int n = 0;
    words[n++] = "a";
    for (int i = 0; i <= VALUES_MAX; i++) {
        words[n++] = "--force";
    }
    for (int i = 0; i < n; i++) {
        argv[i + 1] = (char *)(uintptr_t)words[i];
    }
    argv[0] = argv[1];
    argv[n + 1] = NULL;
    refused(options_parse(&o, &command, n + 1, argv, &err), "more than 128 options");
    ck_assert_int_eq(options_parse(&o, &command, n, argv, &err), MDL_OK);
}
END_TEST

START_TEST(numbers)
{
    long long n = 7;
    ck_assert_int_eq(parse("a"), MDL_OK);
    ck_assert_int_eq(option_int(&o, "number", 0, 9, &n, &err), MDL_OK);
    ck_assert_int_eq(n, 7); /* absent: left alone */
    ck_assert_int_eq(parse("a", "--number", "3"), MDL_OK);
    ck_assert_int_eq(option_int(&o, "number", 3, 3, &n, &err), MDL_OK);
    ck_assert_int_eq(n, 3);
    static const char *const bad[] = {"", "x", "3x", "4", "2", "-3", "3.5", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(parse("a", "--number", bad[i]), MDL_OK);
        refused(option_int(&o, "number", 3, 3, &n, &err),
                "--number: expected a whole number from 3 to 3, found '");
        ck_assert_int_eq(n, 3);
    }
}
END_TEST

int main(int argc, char *argv[])
{
    const TTest *const tests[] = {
        values_and_arguments, forms_of_a_value, arguments_that_look_like_options,
        repeated_options,     common_ones,      refusals,
        too_many_options,     numbers};
    return run_suite(argc, argv, "options", tests, sizeof tests / sizeof tests[0]);
}
