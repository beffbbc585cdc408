/* support.c: printing into a string, and running a list of tests.
 * It may not assert anything of a report. */
#include "support.h"

FILE *open_printed(struct printed *p)
{
    p->text = NULL;
    p->f = open_memstream(&p->text, &p->len);
    ck_assert_ptr_nonnull(p->f);
    return p->f;
}

const char *close_printed(struct printed *p)
{
    ck_assert_int_eq(fclose(p->f), 0);
    return p->text;
}

json_t *document(const char *text)
{
    json_error_t why;
    json_t *d = json_loads(text, 0, &why);
    ck_assert_msg(d != NULL, "%s", why.text);
    return d;
}

int run_suite(const char *name, const TTest *const tests[], size_t n)
{
    Suite *s = suite_create(name);
    TCase *t = tcase_create(name);
    SRunner *r = srunner_create(s);

    for (size_t i = 0; i < n; i++) {
        tcase_add_test(t, tests[i]);
    }
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
