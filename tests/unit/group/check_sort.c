/* check_sort.c: sorting against qsort, with inputs a partner would choose to hurt.
 * Reproducible: the generator's seed is fixed. */
#include "support.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define LOTS 50000

enum shape { RANDOM, EQUAL, EQUAL_HEAD, ASCENDING, DESCENDING, SAWTOOTH, FEW_VALUES, SHAPES };

static void fill(uint8_t *p, size_t width, size_t n, enum shape shape)
{
    static const uint8_t seed[randombytes_SEEDBYTES] = {7};

    randombytes_buf_deterministic(p, n * width, seed);
    for (size_t i = 0; i < n; i++) {
        uint8_t *x = p + i * width;
        uint32_t v = 0;

        switch (shape) {
        case RANDOM:
        case SHAPES:
            continue;
        case EQUAL:
            memset(x, 0x5a, width);
            continue;
        case EQUAL_HEAD:
            memset(x, 0x5a, width - 4);
            continue;
        case ASCENDING:
            v = (uint32_t)i;
            break;
        case DESCENDING:
            v = (uint32_t)(n - i);
            break;
        case SAWTOOTH:
            v = (uint32_t)(i % 2 == 0 ? i : n - i);
            break;
        case FEW_VALUES:
            v = x[0] % 3;
            break;
        }
        memset(x, 0, width);
        for (size_t j = 0; j < 4; j++) {
            x[j] = (uint8_t)(v >> (24 - 8 * j));
        }
    }
}

static size_t qsort_width;

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, qsort_width);
}

/* Items whose index does not lead back to them, or that changed places with an equal one. */
static size_t misplaced(const uint8_t *sorted, const uint8_t *before, size_t width,
                        const uint32_t *index, size_t n)
{
    size_t bad = 0;

    for (size_t i = 0; i < n; i++) {
        const uint8_t *x = sorted + i * width;

        if (index[i] >= n || memcmp(x, before + index[i] * width, width) != 0) {
            bad++;
        } else if (i > 0 && memcmp(x, x - width, width) == 0 && index[i] <= index[i - 1]) {
            bad++;
        }
    }
    return bad;
}

static void run(size_t width, size_t n, enum shape shape)
{
    uint8_t *p = calloc(n + 1, width);
    uint8_t *before = calloc(n + 1, width);
    uint8_t *want = calloc(n + 1, width);
    uint32_t *index = calloc(n + 1, sizeof *index);

    ck_assert(p != NULL && before != NULL && want != NULL && index != NULL);
    fill(p, width, n, shape);
    memcpy(before, p, n * width);
    memcpy(want, p, n * width);
    for (size_t i = 0; i < n; i++) {
        index[i] = (uint32_t)i;
    }
    qsort_width = width;
    qsort(want, n, width, compare);
    ck_assert_int_eq(mdl_list_sort(p, width, index, n, NULL), MDL_OK);
    ck_assert_int_eq(memcmp(p, want, n * width), 0);
    ck_assert_uint_eq(misplaced(p, before, width, index, n), 0);
    memcpy(p, before, n * width);
    ck_assert_int_eq(mdl_list_sort(p, width, NULL, n, NULL), MDL_OK);
    ck_assert_int_eq(memcmp(p, want, n * width), 0);
    free(p);
    free(before);
    free(want);
    free(index);
}

START_TEST(shapes)
{
    static const size_t sizes[] = {0, 1, 2, 3, 5, 64, 1000, LOTS};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        run(MDL_POINT_BYTES, sizes[i], (enum shape)_i);
        run(MDL_TAG_BYTES, sizes[i], (enum shape)_i);
    }
}
END_TEST

START_TEST(payload_is_carried)
{
    uint8_t p[3 * MDL_TAG_BYTES] = {0};
    uint32_t index[3] = {100, UINT32_MAX, 7};

    p[0] = 3;
    p[MDL_TAG_BYTES] = 1;
    p[2 * MDL_TAG_BYTES] = 2;
    ck_assert_int_eq(mdl_list_sort(p, MDL_TAG_BYTES, index, 3, NULL), MDL_OK);
    ck_assert_uint_eq(index[0], UINT32_MAX);
    ck_assert_uint_eq(index[1], 7);
    ck_assert_uint_eq(index[2], 100);
}
END_TEST

START_TEST(refused)
{
    uint8_t p[64] = {2, 1};

    ck_assert_int_eq(mdl_list_sort(p, 1, NULL, 2, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_list_sort(p, 24, NULL, 2, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_list_sort(p, 0, NULL, 2, NULL), MDL_U_ARGUMENT);
    ck_assert_int_eq(mdl_list_sort(p, 32, NULL, (size_t)UINT32_MAX + 1, NULL), MDL_U_ARGUMENT);
    ck_assert_uint_eq(p[0], 2);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("group/sort");
    TCase *t = tcase_create("sort");

    tcase_add_loop_test(t, shapes, 0, SHAPES);
    tcase_add_test(t, payload_is_carried);
    tcase_add_test(t, refused);
    suite_add_tcase(s, t);
    return run_suite(s);
}
