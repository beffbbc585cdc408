/* check_sort.c: the sort of the long lists against a plain one, also where the list is skewed. */
#include "internal.h"

#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static size_t width;

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, width);
}

static void check(size_t w, size_t n, uint8_t skew)
{
    uint8_t *items = malloc(n * w + 1), *sorted = malloc(n * w + 1), *before = malloc(n * w + 1);
    uint32_t *index = malloc(n * sizeof *index + 1);

    width = w;
    randombytes_buf(items, n * w);
    for (size_t i = 0; i < n; i++) {
        items[i * w] &= skew;
        index[i] = (uint32_t)i;
    }
    memcpy(sorted, items, n * w);
    memcpy(before, items, n * w);
    qsort(sorted, n, w, by_bytes);
    ck_assert_int_eq(mdl_sort_uniform(items, w, index, n, NULL), MDL_OK);
    ck_assert_mem_eq(items, sorted, n * w);
    for (size_t i = 0; i < n; i++) {
        ck_assert_mem_eq(items + i * w, before + index[i] * w, w);
    }
    free(items);
    free(sorted);
    free(before);
    free(index);
}

START_TEST(long_lists)
{
    static const struct {
        size_t width, n;
        uint8_t skew;
    } cases[] = {{32, 0, 255},   {32, 1, 255},   {16, 8192, 255}, {32, 8193, 255},
                 {16, 20000, 0}, {32, 20000, 1}, {16, 30000, 255}};

    check(cases[_i].width, cases[_i].n, cases[_i].skew);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session sort");
    TCase *t = tcase_create("sort");

    tcase_add_loop_test(t, long_lists, 0, 7);
    suite_add_tcase(suite, t);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
