/* check_classify.c: what the words of a CRM say. */
#include "import_state.h"
#include "support.h"

static void each(bool (*says)(const char *), const char *const *texts, bool want)
{
    for (; *texts != NULL; texts++) {
        ck_assert_msg(says(*texts) == want, "\"%s\"", *texts);
    }
}

START_TEST(customers)
{
    static const char *const yes[] = {
        "Customer", "Customer - Direct", "CUSTOMER", "Customers", "evangelist", "Cliente",
        "Kunde",    "Existing customer", "Client",   NULL};
    static const char *const no[] = {"",
                                     "Prospect",
                                     "Former Customer",
                                     "Ex-Customer",
                                     "Past customer",
                                     "Lost customer",
                                     "Not a customer",
                                     "Non-customer",
                                     "Potential customer",
                                     "Prospective Customer",
                                     "Churned customer",
                                     "lead",
                                     "Partner",
                                     "Other",
                                     "Target customer",
                                     NULL};
    each(mdl_imp_says_customer, yes, true);
    each(mdl_imp_says_customer, no, false);
}
END_TEST

START_TEST(opportunities)
{
    static const char *const yes[] = {"opportunity", "Open Opportunity", "Oportunidad", "OPEN_DEAL",
                                      NULL};
    static const char *const no[] = {
        "", "lead", "Closed opportunity", "Lost opportunity", "No opportunity", "customer", NULL};
    each(mdl_imp_says_opportunity, yes, true);
    each(mdl_imp_says_opportunity, no, false);
}
END_TEST

START_TEST(stages)
{
    static const char *const won[] = {"Closed Won",    "closedwon",          "Won", "Closed - Won",
                                      "Cierre ganado", "Closed Won (Sales)", NULL};
    static const char *const lost[] = {"Closed Lost", "closedlost", "Lost to competitor",
                                       "Cierre perdido", NULL};
    static const char *const open[] = {"Prospecting", "Negotiation/Review", "Wonderful", "", NULL};
    each(mdl_imp_says_won, won, true);
    each(mdl_imp_says_won, lost, false);
    each(mdl_imp_says_lost, lost, true);
    each(mdl_imp_says_lost, won, false);
    each(mdl_imp_says_won, open, false);
    each(mdl_imp_says_lost, open, false);
}
END_TEST

START_TEST(long_text_says_nothing)
{
    char text[200];
    memset(text, ' ', sizeof text);
    memcpy(text + 190, "customer", 9);
    ck_assert(!mdl_imp_says_customer(text));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("import-classify");
    TCase *t = tcase_create("classify");
    tcase_add_test(t, customers);
    tcase_add_test(t, opportunities);
    tcase_add_test(t, stages);
    tcase_add_test(t, long_text_says_nothing);
    suite_add_tcase(s, t);
    return rig_main(s);
}
