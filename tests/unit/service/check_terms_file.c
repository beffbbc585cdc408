/* check_terms_file.c: terms as a file: what is written is read back as the same, and what is no
 * such file is refused with its line, what stood there and what was expected. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <terms_file.h>

static struct mdl_error err;

static enum mdl_status reading(const char *text, struct terms *t, struct terms_cells *cells)
{
    err = (struct mdl_error){MDL_OK, ""};
    terms_of_draft(t);
    return terms_read("x.terms", text, t, cells, &err);
}

static void put(struct terms_cells *cells, const char *text)
{
    struct terms_cell c;
    ck_assert_msg(terms_cell_read(text, MDL_KEY_DOMAIN, &c, &err) == MDL_OK, "%s", err.text);
    ck_assert_int_eq(terms_cells_add(cells, &c, &err), MDL_OK);
}

static void same_cells(const struct terms_cells *a, const struct terms_cells *b)
{
    ck_assert_uint_eq(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        ck_assert_str_eq(a->cell[i].ours, b->cell[i].ours);
        ck_assert_str_eq(a->cell[i].theirs, b->cell[i].theirs);
        ck_assert_int_eq(a->cell[i].level, b->cell[i].level);
        ck_assert_uint_eq(a->cell[i].key_type, b->cell[i].key_type);
    }
}

static void comes_back(const struct terms *t, const struct terms_cells *cells)
{
    struct terms_heading h = {"Northwind", "Contoso", NULL};
    struct terms again;
    struct terms_cells read_again;
    char *text = terms_write(&h, t, cells);
    ck_assert_ptr_nonnull(text);
    enum mdl_status st = reading(text, &again, &read_again);
    ck_assert_msg(st == MDL_OK, "%s\n%s", err.text, text);
    ck_assert_str_eq(again.purpose, t->purpose);
    ck_assert_str_eq(again.legal_basis, t->legal_basis);
    ck_assert_int_eq(memcmp(&again.retention_days, &t->retention_days,
                            sizeof again - offsetof(struct terms, retention_days)),
                     0);
    same_cells(cells, &read_again);
    terms_cells_free(&read_again);
    free(text);
}

START_TEST(a_draft_comes_back)
{
    struct terms t;
    struct terms_cells cells = {0, NULL};
    terms_of_draft(&t);
    ck_assert_uint_eq(t.approval, MDL_APPROVAL_PERSON);
    ck_assert_uint_eq(t.counts_by, MDL_KEY_DOMAIN);
    ck_assert_uint_eq(t.min_result, 5);
    put(&cells, "customers : prospects = counts");
    put(&cells, "customers:customers=accounts");
    put(&cells, "my-own : x = hidden");
    put(&cells, "a:b=counts by vat");
    comes_back(&t, &cells);
    terms_cells_free(&cells);
}
END_TEST

static uint64_t pick(uint64_t n)
{
    return (((uint64_t)(unsigned)rand() << 31) ^ (unsigned)rand()) % n;
}

/* Every value that a field may have, any matrix, any type of key. */
START_TEST(whatever_is_written_comes_back)
{
    static const uint8_t types[] = {MDL_KEY_DOMAIN, MDL_KEY_VAT, MDL_KEY_LEI, MDL_KEY_NAME_COUNTRY};
    static const char *const texts[] = {
        "x", "a = b ; c # d [e]", "Zweck: gemeinsamer Vertrieb", "\"quoted\"", "[cells]", "= ;"};
    srand(1);
    for (int i = 0; i < 500; i++) {
        struct terms t;
        struct terms_cells cells = {0, NULL};
        size_t n;
        const struct terms_field *f = terms_fields(&n);
        terms_of_draft(&t);
        for (size_t k = 0; k < n; k++) {
            uint64_t span = f[k].max - f[k].min;
            uint64_t v = f[k].min + pick(span == UINT64_MAX ? span : span + 1);
            v = f[k].kind == TERMS_APPROVAL   ? pick(2)
                : f[k].kind == TERMS_KEY_TYPE ? types[pick(4)]
                                              : v;
            if (f[k].kind == TERMS_TEXT) {
                (void)snprintf((char *)&t + f[k].at, 201, "%s", texts[pick(6)]);
            } else {
                memcpy((char *)&t + f[k].at, &v, sizeof v);
            }
        }
        for (size_t k = 0; k < 1 + pick(40); k++) {
            struct terms_cell c = {.level = (enum mdl_level)pick(MDL_LEVELS)};
            (void)snprintf(c.ours, sizeof c.ours, "p%zu", k);
            (void)snprintf(c.theirs, sizeof c.theirs, "q-%d", (int)pick(9));
            c.key_type = c.level == MDL_LEVEL_COUNTS ? types[pick(4)] : 0;
            ck_assert_int_eq(terms_cells_add(&cells, &c, &err), MDL_OK);
        }
        comes_back(&t, &cells);
        terms_cells_free(&cells);
    }
}
END_TEST

static void refused(const char *text, const char *says)
{
    struct terms t;
    struct terms_cells cells = {0, NULL};
    enum mdl_status st = reading(text, &t, &cells);
    ck_assert_msg(st == MDL_U_ARGUMENT, "'%s' gives %s", text, mdl_status_slug(st));
    ck_assert_msg(strstr(err.text, says) != NULL, "'%s', expected '%s'", err.text, says);
    ck_assert_ptr_null(cells.cell);
}

START_TEST(what_is_wrong_is_named)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "no cell stands in it"},
        {"; only a comment\n", "no cell stands in it"},
        {"[cells]\n", "no cell stands in it"},
        {"purpose = x\n", "line 1: expected [agreement], [caps] or [cells] before 'purpose = x'"},
        {"[agreements]\n", "line 1: expected a section, [agreement], [caps] or [cells], found "
                           "'[agreements]'"},
        {"[agreement\n", "line 1: expected a section"},
        {"[]\n", "line 1: expected a section"},
        {"[\n", "line 1: expected a section"},
        {"[agreement]\n\npurposes = x\n",
         "line 3: [agreement] has no 'purposes'; it has purpose, legal_basis, retention_days"},
        {"[caps]\npurpose = x\n", "line 2: [caps] has no 'purpose'; it has max_keys_round"},
        {"[caps]\nmin_keys\n", "line 2: expected 'NAME = VALUE'"},
        {"[caps]\nmin_keys = 1\nmin_result = 3\nmin_keys = 2\n",
         "line 4: min_keys stands in line 2 already; leave one of them out"},
        {"[caps]\nmin_keys = 0\n",
         "line 2: min_keys: expected a whole number from 1 to 4194304, found '0'"},
        {"[caps]\nmin_keys = -1\n", "found '-1'"},
        {"[caps]\nmin_keys = 1.5\n", "found '1.5'"},
        {"[caps]\nmin_keys = 0x10\n", "found '0x10'"},
        {"[caps]\nmin_keys = 1000000000000000000000000\n", "found '1000000000000000000000000'"},
        {"[caps]\nmin_keys =\n", "found ''"},
        {"[caps]\nmin_keys = 10 ; ten\n", "found '10 ; ten'"},
        {"[agreement]\npurpose =\n", "purpose: expected 1 to 200 bytes of text"},
        {"[agreement]\npurpose = a\tb\n", "purpose: expected 1 to 200 bytes of text"},
        {"[agreement]\napproval = maybe\n", "approval: expected person or standing, found 'maybe'"},
        {"[agreement]\ncounts_by = name\n",
         "counts_by: expected one of lei, duns, registry, vat, domain, name-country, found 'name'"},
        {"[agreement]\nvalid_days = 99999\n", "valid_days: expected a whole number from 1 to 3660"},
        {"[cells]\ncustomers = counts\n", "line 2: [cells]: expected 'OURS : THEIRS = LEVEL'"},
        {"[cells]\ncustomers : prospects\n", "expected 'OURS : THEIRS = LEVEL'"},
        {"[cells]\na : b = sums\n",
         "expected a level, found 'sums'; known here are hidden, counts and accounts"},
        {"[cells]\na : b = Counts\n", "found 'Counts'"},
        {"[cells]\na : b =\n", "found ''"},
        {"[cells]\na : b = counts by name\n", "expected 'counts by' one of"},
        {"[cells]\na : b = accounts by vat\n", "expected 'accounts' alone"},
        {"[cells]\nA : b = counts\n", "name of a population of ours (1 to 32 of a-z, 0-9 and -)"},
        {"[cells]\na : b c = counts\n", "name of a population of the partner's"},
        {"[cells]\na : = counts\n", "name of a population of the partner's"},
        {"[cells]\na : b = counts\nc : d = counts\na:b=hidden\n",
         "line 4: the cell a : b stands in line 2 already; leave one of them out"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        refused(cases[i].text, cases[i].says);
    }
}
END_TEST

/* A name or a value of any length is told in part, and never cuts a character. */
START_TEST(long_and_huge)
{
    char *text = malloc(TERMS_FILE_MAX + 100);
    ck_assert_ptr_nonnull(text);
    int n = snprintf(text, 64, "[agreement]\npurpose = ");
    for (int i = 0; i < 201; i++) {
        text[n + i] = 'x';
    }
    memcpy(text + n + 201, "\n", 2);
    refused(text, "purpose: expected 1 to 200 bytes");
    n = snprintf(text, 64, "[caps]\nmin_keys = ");
    for (int i = 0; i < 300; i++) {
        memcpy(text + n + 3 * i, "\xE2\x82\xAC", 4);
    }
    refused(text, "found '\xE2\x82\xAC");
    ck_assert(strlen(err.text) < 300);
    memset(text, ' ', TERMS_FILE_MAX + 1);
    text[TERMS_FILE_MAX + 1] = '\0';
    refused(text, "expected at most 65536 bytes, found 65537");
    n = snprintf(text, 16, "[cells]\n");
    for (int i = 0; i < 1025; i++) {
        n += snprintf(text + n, 64, "a%d:b%d=accounts\n", i / 32, i);
    }
    struct terms t;
    struct terms_cells cells;
    ck_assert_int_eq(reading(text, &t, &cells), MDL_U_TOO_LARGE);
    free(text);
}
END_TEST

START_TEST(what_editors_do_is_read)
{
    struct terms t;
    struct terms_cells cells;
    ck_assert_int_eq(reading("\xEF\xBB\xBF; bom\r\n  [ cells ]  \r\n\ta:b = counts by lei \r\n"
                             "# x\r\n[caps]\r\nmax_result=7\r\n[agreement]\r\ncounts_by=vat\r\n"
                             "[cells]\r\nc:d=counts",
                             &t, &cells),
                     MDL_OK);
    ck_assert_uint_eq(cells.n, 2);
    ck_assert_uint_eq(cells.cell[0].key_type, MDL_KEY_LEI);
    ck_assert_uint_eq(cells.cell[0].line, 3);
    ck_assert_uint_eq(cells.cell[1].key_type, MDL_KEY_VAT); /* counts_by stands below the first */
    ck_assert_uint_eq(t.max_result, 7);
    ck_assert_uint_eq(t.min_result, 5); /* left out: as in a draft */
    terms_cells_free(&cells);
}
END_TEST

/* Bytes changed, dropped and doubled: either refused, or read as something that comes back. */
START_TEST(damaged_files)
{
    struct terms_heading h = {"Northwind", "Contoso", NULL};
    struct terms t;
    struct terms_cells cells = {0, NULL};
    unsigned read_well = 0;
    terms_of_draft(&t);
    put(&cells, "customers : prospects = counts");
    put(&cells, "customers : customers = accounts");
    char *text = terms_write(&h, &t, &cells);
    terms_cells_free(&cells);
    ck_assert_ptr_nonnull(text);
    size_t len = strlen(text);
    char *copy = malloc(2 * len + 2);
    ck_assert_ptr_nonnull(copy);
    srand(2);
    for (int i = 0; i < 5000; i++) {
        static const char bytes[] = "=:;#[]\n \r\t-aZ09\x01\x7F";
        memcpy(copy, text, len + 1);
        size_t n = len;
        for (uint64_t k = 0; k < 1 + pick(4); k++) {
            size_t at = pick(n);
            if (pick(3) == 0) {
                memmove(copy + at, copy + at + 1, n - at);
                n--;
            } else {
                copy[at] = bytes[pick(sizeof bytes - 1)];
            }
        }
        enum mdl_status st = reading(copy, &t, &cells);
        ck_assert_msg(st == MDL_OK || st == MDL_U_ARGUMENT, "%s", mdl_status_slug(st));
        if (st == MDL_OK) {
            comes_back(&t, &cells);
            terms_cells_free(&cells);
            read_well++;
        } else {
            ck_assert_ptr_nonnull(strstr(err.text, "x.terms"));
        }
    }
    ck_assert_uint_gt(read_well, 100); /* comments are most of it */
    ck_assert_uint_lt(read_well, 4900);
    free(copy);
    free(text);
}
END_TEST

static void name(struct mdl_agreement *a, enum mdl_role role, size_t g, const char *population)
{
    (void)snprintf(a->groups[g].populations[role][a->groups[g].n_populations[role]++],
                   MDL_POPULATION_NAME + 1, "%s", population);
}

/* An agreement of either role: its cells from our side, and back into the same groups. */
START_TEST(an_agreements_cells_both_ways)
{
    for (int own = 0; own < 2; own++) {
        struct mdl_agreement a = {.n_groups = 2};
        struct terms_cells cells;
        enum mdl_role us = (enum mdl_role)own;
        (void)snprintf(a.groups[0].level, sizeof a.groups[0].level, "accounts");
        name(&a, us, 0, "customers");
        name(&a, us, 0, "prospects");
        name(&a, mdl_role_other(us), 0, "leads");
        (void)snprintf(a.groups[1].level, sizeof a.groups[1].level, "counts");
        a.groups[1].key_type = MDL_KEY_LEI;
        name(&a, us, 1, "customers");
        name(&a, mdl_role_other(us), 1, "won");
        ck_assert_int_eq(terms_cells_of(&a, us, &cells, &err), MDL_OK);
        ck_assert_uint_eq(cells.n, 4);
        ck_assert_str_eq(cells.cell[1].ours, "customers");
        ck_assert_str_eq(cells.cell[1].theirs, "won");
        ck_assert_int_eq(cells.cell[1].level, MDL_LEVEL_COUNTS);
        ck_assert_uint_eq(cells.cell[1].key_type, MDL_KEY_LEI);
        ck_assert_str_eq(cells.cell[3].ours, "prospects");
        ck_assert_int_eq(cells.cell[3].level, MDL_LEVEL_HIDDEN);
        struct mdl_agreement b = {.n_groups = 0};
        ck_assert_int_eq(terms_set_cells(&cells, us, &b, &err), MDL_OK);
        ck_assert_uint_eq(b.n_groups, 2);
        ck_assert_int_eq(memcmp(a.groups, b.groups, 2 * sizeof a.groups[0]), 0);
        terms_cells_free(&cells);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("terms-file");
    TCase *t = tcase_create("terms-file");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_draft_comes_back);
    tcase_add_test(t, whatever_is_written_comes_back);
    tcase_add_test(t, what_is_wrong_is_named);
    tcase_add_test(t, long_and_huge);
    tcase_add_test(t, what_editors_do_is_read);
    tcase_add_test(t, damaged_files);
    tcase_add_test(t, an_agreements_cells_both_ways);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
