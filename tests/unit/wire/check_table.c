/* check_table.c: MESSAGES.md says what messages.def says. usage: check-wire-table MESSAGES.md
 * With UPDATE=1 in the environment the file is written instead. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wire.h>

static const char *path;
static char expected[20000];
static char found[20000];

static void render(void)
{
    size_t n = (size_t)snprintf(expected, sizeof expected, "%s",
                                "# Messages\n"
                                "Made from `messages.def` (`UPDATE=1 check-wire-table`); "
                                "PROTOCOL 2.5 and 4.1 explain the words.\n\n"
                                "| type | name | class | body |\n|---|---|---|---|\n");
    for (size_t i = 0; i < mdl_msg_count(); i++) {
        n += mdl_msg_describe(mdl_msg_type_at(i), expected + n, sizeof expected - n);
        n += (size_t)snprintf(expected + n, sizeof expected - n, "\n");
    }
}

START_TEST(document_is_the_table)
{
    render();
    if (getenv("UPDATE") != NULL) {
        FILE *w = fopen(path, "w");
        ck_assert_ptr_nonnull(w);
        ck_assert_int_ge(fputs(expected, w), 0);
        ck_assert_int_eq(fclose(w), 0);
    }
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(found, 1, sizeof found - 1, f);
    found[n] = '\0';
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_str_eq(found, expected);
}
END_TEST

START_TEST(numbers_and_classes_are_those_of_the_protocol)
{
    static const struct {
        uint8_t type;
        const char *name;
        enum mdl_msg_class cls;
    } want[] = {
        {1, "NODE_INFO", MDL_MSG_NODE},        {2, "AGREEMENT_PROPOSE", MDL_MSG_NODE},
        {3, "AGREEMENT_ACCEPT", MDL_MSG_NODE}, {4, "AGREEMENT_REJECT", MDL_MSG_NODE},
        {5, "AGREEMENT_REVOKE", MDL_MSG_NODE}, {6, "MATCH_DISPUTE", MDL_MSG_NODE},
        {8, "ROUND_PROPOSE", MDL_MSG_SETUP},   {9, "ROUND_APPROVE", MDL_MSG_SETUP},
        {10, "ROUND_REFUSE", MDL_MSG_SETUP},   {11, "ACK", MDL_MSG_LINK},
        {12, "ABORT", MDL_MSG_LINK},           {16, "HELLO", MDL_MSG_ROUND},
        {17, "COMMIT", MDL_MSG_ROUND},         {18, "CHUNK", MDL_MSG_ROUND},
        {19, "VERIFIED", MDL_MSG_ROUND},       {20, "TAG_COMMIT", MDL_MSG_ROUND},
        {21, "TAGS", MDL_MSG_ROUND},           {22, "MATCH", MDL_MSG_ROUND},
        {23, "OPEN", MDL_MSG_ROUND},           {24, "SLICE", MDL_MSG_ROUND},
        {25, "MASKS", MDL_MSG_ROUND},          {40, "RECEIPT_PART", MDL_MSG_ROUND},
        {41, "RECEIPT_SIG", MDL_MSG_ROUND},
    };

    ck_assert_uint_eq(mdl_msg_count(), sizeof want / sizeof want[0]);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        ck_assert_uint_eq(mdl_msg_type_at(i), want[i].type);
        ck_assert_str_eq(mdl_msg_name(want[i].type), want[i].name);
        ck_assert_int_eq(mdl_msg_class_of(want[i].type), want[i].cls);
        ck_assert(mdl_msg_known(want[i].type));
    }
    ck_assert(!mdl_msg_known(0));
    ck_assert(!mdl_msg_known(7));
    ck_assert(!mdl_msg_known(255));
    ck_assert_str_eq(mdl_msg_name(7), "UNKNOWN");
}
END_TEST

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s MESSAGES.md\n", argv[0]);
        return 2;
    }
    path = argv[1];
    Suite *s = suite_create("wire table");
    TCase *c = tcase_create("table");
    tcase_add_test(c, document_is_the_table);
    tcase_add_test(c, numbers_and_classes_are_those_of_the_protocol);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
