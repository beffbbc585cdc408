/* check_nearest.c: which name a mistyped one was meant to be.
 * It may not look at the real commands: check_commands does. */
#include "support.h"

#include <string.h>

static const char *const names[] = {"import", "partner list", "partner accept", "round start",
                                    "matrix", "overlap",      "whitespace",     "list"};

START_TEST(near_ones)
{
    static const struct {
        const char *typed, *want;
    } cases[] = {{"imprt", "import"},
                 {"improt", "import"},
                 {"imports", "import"},
                 {"Import", "import"},
                 {"parnter list", "partner list"},
                 {"partner accpet", "partner accept"},
                 {"matirx", "matrix"},
                 {"overlpa", "overlap"},
                 {"white-space", "whitespace"},
                 {"lst", "list"},
                 {"matrix", "matrix"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *near = nearest(cases[i].typed, names, sizeof names / sizeof names[0]);
        ck_assert_msg(near != NULL && strcmp(near, cases[i].want) == 0, "%s: %s", cases[i].typed,
                      near != NULL ? near : "nothing");
    }
}
END_TEST

/* A guess that is no help is worse than none. */
START_TEST(far_ones)
{
    static const char *const typed[] = {
        "",           "x",
        "frobnicate", "serve",
        "zzzzzzzzzz", "a word that is much longer than any name of a command can ever be here"};
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        const char *near = nearest(typed[i], names, sizeof names / sizeof names[0]);
        ck_assert_msg(near == NULL, "%s: %s", typed[i], near);
    }
    ck_assert_ptr_null(nearest("import", names, 0));
}
END_TEST

int main(int argc, char *argv[])
{
    const TTest *const tests[] = {near_ones, far_ones};
    return run_suite(argc, argv, "nearest", tests, sizeof tests / sizeof tests[0]);
}
