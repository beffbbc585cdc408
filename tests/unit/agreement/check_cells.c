/* check_cells.c: cells into groups and back; what a cell and a population are in the end. */
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST MDL_AGREEMENT_POPULATIONS

static struct parties p;
static struct mdl_agreement a;
static struct mdl_agreement before;
static struct mdl_error err;
static char name[MOST + 1][8]; /* p0, p1, ... */
static struct mdl_agreement_cell cell[MDL_AGREEMENT_CELLS + 1];
static size_t n_cells;

static void setup(void)
{
    make_parties(&p);
    make_draft(&p, &a);
    before = a;
    n_cells = 0;
    for (size_t i = 0; i <= MOST; i++) {
        (void)snprintf(name[i], sizeof name[i], "p%zu", i);
    }
}

static void put(const char *of_a, const char *of_b, enum mdl_level level)
{
    cell[n_cells++] = (struct mdl_agreement_cell){
        {of_a, of_b}, level, level == MDL_LEVEL_COUNTS ? MDL_KEY_DOMAIN : 0};
}

static void set(void)
{
    ck_assert_msg(mdl_agreement_set_cells(&a, cell, n_cells, &err) == MDL_OK, "%s", err.text);
    ck_assert_int_eq(mdl_agreement_valid(&a, NULL), MDL_OK);
}

static void refuse(const char *words)
{
    ck_assert_int_eq(mdl_agreement_set_cells(&a, cell, n_cells, &err), MDL_U_ARGUMENT);
    ck_assert_int_eq(err.status, MDL_U_ARGUMENT);
    ck_assert_msg(strstr(err.text, words) != NULL, "'%s' without '%s'", err.text, words);
    ck_assert_mem_eq(&a, &before, sizeof a);
    n_cells = 0;
}

static void assert_group(size_t g, const char *level, const char *of_a, const char *of_b)
{
    const char *want[2] = {of_a, of_b};

    ck_assert_str_eq(a.groups[g].level, level);
    ck_assert_uint_eq(a.groups[g].key_type, strcmp(level, "counts") == 0 ? MDL_KEY_DOMAIN : 0);
    for (size_t r = 0; r < 2; r++) {
        char list[200] = "";
        for (size_t i = 0; i < a.groups[g].n_populations[r]; i++) {
            size_t used = strlen(list);
            (void)snprintf(list + used, sizeof list - used, i == 0 ? "%s" : " %s",
                           a.groups[g].populations[r][i]);
        }
        ck_assert_str_eq(list, want[r]);
    }
}

START_TEST(names_of_levels)
{
    enum mdl_level level = MDL_LEVEL_ACCOUNTS;

    ck_assert_str_eq(mdl_level_name(MDL_LEVEL_HIDDEN), "hidden");
    ck_assert_str_eq(mdl_level_name(MDL_LEVEL_COUNTS), "counts");
    ck_assert_str_eq(mdl_level_name(MDL_LEVEL_ACCOUNTS), "accounts");
    ck_assert_str_eq(mdl_level_name(MDL_LEVELS), "unknown");
    ck_assert(!mdl_level_of("fields", &level));
    ck_assert(!mdl_level_of("", &level));
    ck_assert_int_eq(level, MDL_LEVEL_ACCOUNTS);
    ck_assert(mdl_level_of("counts", &level));
    ck_assert_int_eq(level, MDL_LEVEL_COUNTS);
}
END_TEST

/* All cells at level accounts are one rectangle: the standard agreement. */
START_TEST(a_full_matrix_is_one_group)
{
    static const char *const names[] = {"customers", "open-opportunities", "prospects"};

    for (size_t i = 0; i < 9; i++) {
        put(names[i / 3], names[i % 3], MDL_LEVEL_ACCOUNTS);
    }
    set();
    ck_assert_mem_eq(&a, &before, sizeof a);
}
END_TEST

START_TEST(rows_with_the_same_columns_join)
{
    put("a", "x", MDL_LEVEL_ACCOUNTS);
    put("b", "x", MDL_LEVEL_ACCOUNTS);
    put("c", "x", MDL_LEVEL_ACCOUNTS);
    put("a", "y", MDL_LEVEL_ACCOUNTS);
    put("c", "y", MDL_LEVEL_ACCOUNTS);
    set();
    ck_assert_uint_eq(a.n_groups, 2);
    assert_group(0, "accounts", "a c", "x y");
    assert_group(1, "accounts", "b", "x"); /* b : y is not agreed */
}
END_TEST

START_TEST(each_counts_cell_is_a_group)
{
    put("a", "x", MDL_LEVEL_COUNTS);
    put("a", "y", MDL_LEVEL_HIDDEN);
    put("b", "x", MDL_LEVEL_COUNTS);
    put("b", "y", MDL_LEVEL_ACCOUNTS);
    set();
    ck_assert_uint_eq(a.n_groups, 3);
    assert_group(0, "counts", "a", "x");
    assert_group(1, "counts", "b", "x");
    assert_group(2, "accounts", "b", "y");
}
END_TEST

/* What stood there before is gone, to the last byte: two ways to the same terms are the same. */
START_TEST(old_groups_leave_nothing)
{
    put("a", "x", MDL_LEVEL_COUNTS);
    set();
    ck_assert_uint_eq(a.n_groups, 1);
    ck_assert_str_eq(a.groups[0].populations[0][1], "");
    ck_assert_uint_eq(a.groups[1].n_populations[0], 0);
    before.n_groups = 1;
    memcpy(before.groups, a.groups, sizeof before.groups);
    ck_assert_mem_eq(&a, &before, sizeof a);
}
END_TEST

START_TEST(refusals)
{
    refuse("every cell is hidden");
    put("a", "x", MDL_LEVEL_HIDDEN);
    refuse("every cell is hidden: there is nothing to agree on");
    put("a", "x", MDL_LEVEL_COUNTS);
    put("a", "y", MDL_LEVEL_COUNTS);
    put("a", "x", MDL_LEVEL_HIDDEN);
    refuse("the cell a : x stands twice");
    put("a", "a_b", MDL_LEVEL_HIDDEN);
    refuse("the population name 'a_b' is not 1 to 32 of a-z, 0-9 and -");
    put("a-name-that-is-longer-than-thirty-two", "x", MDL_LEVEL_COUNTS);
    refuse("'a-name-that-is-longer-than-thirt' is not 1 to 32");
    put("", "x", MDL_LEVEL_COUNTS);
    refuse("the population name '' is not");
    put("a", "x", MDL_LEVELS);
    refuse("the cell a : x has no known level");
}
END_TEST

START_TEST(key_types)
{
    put("a", "x", MDL_LEVEL_COUNTS);
    cell[0].key_type = 0;
    refuse("needs one type of key that makes a match; 0 is none");
    put("a", "x", MDL_LEVEL_COUNTS);
    cell[0].key_type = MDL_KEY_NAME;
    refuse("needs one type of key that makes a match; 34 is none");
    put("a", "x", MDL_LEVEL_ACCOUNTS);
    put("a", "y", MDL_LEVEL_ACCOUNTS);
    cell[1].key_type = MDL_KEY_DOMAIN;
    refuse("the cell a : y at level accounts compares all types of key, not 16");
    put("a", "x", MDL_LEVEL_COUNTS);
    put("b", "x", MDL_LEVEL_HIDDEN);
    cell[1].key_type = MDL_KEY_DOMAIN;
    refuse("the cell b : x at level hidden compares all types of key, not 16");
    put("a", "x", MDL_LEVEL_COUNTS);
    put("a", "y", MDL_LEVEL_COUNTS);
    cell[1].key_type = MDL_KEY_VAT;
    set();
    ck_assert_uint_eq(a.groups[0].key_type, MDL_KEY_DOMAIN);
    ck_assert_uint_eq(a.groups[1].key_type, MDL_KEY_VAT);
}
END_TEST

START_TEST(limits)
{
    for (size_t i = 0; i < 33; i++) {
        put(name[i % 11], name[i / 11], MDL_LEVEL_COUNTS);
    }
    refuse("the cells need more than 32 groups: one for each cell at level counts; hide some");
    for (size_t i = 0; i < 32; i++) {
        put(name[i % 11], name[i / 11], MDL_LEVEL_COUNTS);
    }
    set();
    ck_assert_uint_eq(a.n_groups, 32);
    before = a;
    n_cells = 0;
    for (size_t i = 0; i < 33; i++) {
        put("a", name[i], MDL_LEVEL_ACCOUNTS);
    }
    refuse("a side names more than 32 populations in all");
    for (size_t i = 0; i < 33; i++) { /* hidden ones need no place */
        put("a", name[i], i == 32 ? MDL_LEVEL_HIDDEN : MDL_LEVEL_ACCOUNTS);
    }
    set();
    ck_assert_uint_eq(a.groups[0].n_populations[MDL_ROLE_B], 32);
    before = a;
    for (n_cells = 0; n_cells <= MDL_AGREEMENT_CELLS;) {
        put("a", "x", MDL_LEVEL_COUNTS);
    }
    refuse("1025 cells, at most 1024");
}
END_TEST

START_TEST(looking_up)
{
    size_t g = 99;
    const char *names[MOST];

    put("a", "x", MDL_LEVEL_COUNTS);
    put("a", "y", MDL_LEVEL_ACCOUNTS);
    put("b", "x", MDL_LEVEL_COUNTS);
    put("c", "z", MDL_LEVEL_HIDDEN);
    set();
    ck_assert_int_eq(mdl_agreement_cell(&a, "a", "x", &g), MDL_LEVEL_COUNTS);
    ck_assert_uint_eq(g, 0);
    ck_assert_int_eq(mdl_agreement_cell(&a, "a", "y", &g), MDL_LEVEL_ACCOUNTS);
    ck_assert_uint_eq(g, 1);
    ck_assert_int_eq(mdl_agreement_cell(&a, "b", "y", &g), MDL_LEVEL_HIDDEN);
    ck_assert_int_eq(mdl_agreement_cell(&a, "x", "a", &g), MDL_LEVEL_HIDDEN);
    ck_assert_uint_eq(g, 1);
    ck_assert_int_eq(mdl_agreement_cell(&a, "b", "x", NULL), MDL_LEVEL_COUNTS);
    ck_assert_int_eq(mdl_agreement_effective(&a, MDL_ROLE_A, "a"), MDL_LEVEL_ACCOUNTS);
    ck_assert_int_eq(mdl_agreement_effective(&a, MDL_ROLE_A, "b"), MDL_LEVEL_COUNTS);
    ck_assert_int_eq(mdl_agreement_effective(&a, MDL_ROLE_A, "c"), MDL_LEVEL_HIDDEN);
    ck_assert_int_eq(mdl_agreement_effective(&a, MDL_ROLE_A, "y"), MDL_LEVEL_HIDDEN);
    ck_assert_int_eq(mdl_agreement_effective(&a, MDL_ROLE_B, "x"), MDL_LEVEL_COUNTS);
    ck_assert_int_eq(mdl_agreement_effective(&a, MDL_ROLE_B, "y"), MDL_LEVEL_ACCOUNTS);
    ck_assert_uint_eq(mdl_agreement_populations(&a, MDL_ROLE_A, names, MOST), 2);
    ck_assert_str_eq(names[0], "a");
    ck_assert_str_eq(names[1], "b");
    ck_assert_uint_eq(mdl_agreement_populations(&a, MDL_ROLE_B, names, MOST), 2);
    ck_assert_uint_eq(mdl_agreement_populations(&a, MDL_ROLE_B, names, 1), 1);
    ck_assert_str_eq(names[0], "x");
}
END_TEST

/* ---- any matrix ------------------------------------------------------------------------------ */

static uint32_t dice_state;

static uint32_t dice(uint32_t sides)
{
    dice_state = dice_state * 1664525 + 1013904223;
    return (dice_state >> 8) % sides;
}

static void any_matrix(size_t rows, size_t columns)
{
    uint32_t counts = dice(6); /* of 100: few enough to fit as a rule, now and then too many */
    uint32_t accounts = dice(100);

    n_cells = 0;
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            uint32_t d = dice(100);
            put(name[i], name[j],
                d < counts              ? MDL_LEVEL_COUNTS
                : d < counts + accounts ? MDL_LEVEL_ACCOUNTS
                                        : MDL_LEVEL_HIDDEN);
        }
    }
    for (size_t i = 0; i + 1 < n_cells; i++) { /* in any order */
        size_t j = i + dice((uint32_t)(n_cells - i));
        struct mdl_agreement_cell t = cell[i];
        cell[i] = cell[j];
        cell[j] = t;
    }
}

/* Every pair of names, those that no cell mentions included. */
static void assert_cells_are_back(uint32_t seed)
{
    for (size_t i = 0; i <= MOST; i++) {
        for (size_t j = 0; j <= MOST; j++) {
            enum mdl_level want = MDL_LEVEL_HIDDEN;
            size_t g = MDL_AGREEMENT_GROUPS;

            for (size_t k = 0; k < n_cells; k++) {
                if (cell[k].population[0] == name[i] && cell[k].population[1] == name[j]) {
                    want = cell[k].level;
                }
            }
            bool right = mdl_agreement_cell(&a, name[i], name[j], &g) == want &&
                         (g < a.n_groups) == (want != MDL_LEVEL_HIDDEN) &&
                         (want != MDL_LEVEL_COUNTS || a.groups[g].key_type == MDL_KEY_DOMAIN);
            if (!right) { /* an assertion a cell is slow */
                ck_abort_msg("seed %u: cell %s : %s", seed, name[i], name[j]);
            }
        }
    }
}

static void assert_effective_is_the_highest(void)
{
    for (size_t i = 0; i < MOST; i++) {
        enum mdl_level of_a = MDL_LEVEL_HIDDEN;
        enum mdl_level of_b = MDL_LEVEL_HIDDEN;

        for (size_t k = 0; k < n_cells; k++) {
            const struct mdl_agreement_cell *c = &cell[k];
            of_a = c->population[0] == name[i] && c->level > of_a ? c->level : of_a;
            of_b = c->population[1] == name[i] && c->level > of_b ? c->level : of_b;
        }
        ck_assert_int_eq(mdl_agreement_effective(&a, MDL_ROLE_A, name[i]), of_a);
        ck_assert_int_eq(mdl_agreement_effective(&a, MDL_ROLE_B, name[i]), of_b);
    }
}

START_TEST(groups_say_exactly_the_cells)
{
    unsigned good = 0;
    unsigned refused = 0;

    for (uint32_t seed = 1; seed <= 400; seed++) {
        dice_state = seed * 2654435761U;
        size_t rows = 1 + dice(seed % 8 == 0 ? MOST : 6);
        size_t columns = 1 + dice(seed % 8 == 0 ? MOST : 6);
        any_matrix(rows, columns);
        before = a;
        if (mdl_agreement_set_cells(&a, cell, n_cells, &err) == MDL_OK) {
            good++;
            ck_assert_msg(mdl_agreement_valid(&a, &err) == MDL_OK, "seed %u: %s", seed, err.text);
            assert_cells_are_back(seed);
            assert_effective_is_the_highest();
        } else {
            refused++;
            ck_assert_msg(strstr(err.text, "more than 32 groups") != NULL ||
                              strstr(err.text, "every cell is hidden") != NULL,
                          "seed %u: %s", seed, err.text);
            ck_assert_mem_eq(&a, &before, sizeof a);
        }
    }
    ck_assert_uint_gt(good, 300);
    ck_assert_uint_gt(refused, 5);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("agreement cells");
    TCase *c = tcase_create("cells");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, names_of_levels);
    tcase_add_test(c, a_full_matrix_is_one_group);
    tcase_add_test(c, rows_with_the_same_columns_join);
    tcase_add_test(c, each_counts_cell_is_a_group);
    tcase_add_test(c, old_groups_leave_nothing);
    tcase_add_test(c, refusals);
    tcase_add_test(c, key_types);
    tcase_add_test(c, limits);
    tcase_add_test(c, looking_up);
    tcase_add_test(c, groups_say_exactly_the_cells);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
