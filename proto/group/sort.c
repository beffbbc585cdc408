/* sort.c: sorts points or tags, with the position they came from.
 * A partner chooses part of what is sorted: merge sort has no bad input and no recursion. */
#include "group.h"
#include "internal/order.h"

#include <sodium.h>
#include <stdlib.h>

/* Sixteen bytes that stay in cache: the head decides nearly always, the item itself when it ties.
 */
struct entry {
    uint64_t head;
    uint32_t at; /* position in `items`, which stays put until all are in order */
};

struct sorting {
    const uint8_t *items;
    size_t width;
    size_t n;
};

static bool not_above(const struct sorting *s, const struct entry *a, const struct entry *b)
{
    if (a->head != b->head) {
        return a->head < b->head;
    }
    return mdl_order(s->items + a->at * s->width, s->items + b->at * s->width, s->width) <= 0;
}

/* Merges from[low..mid) and from[mid..high) into to[low..high); on a tie the left one goes first.
 */
static void merge(const struct sorting *s, const struct entry *from, struct entry *to, size_t low,
                  size_t mid, size_t high)
{
    size_t left = low;
    size_t right = mid;

    for (size_t i = low; i < high; i++) {
        if (left < mid && (right == high || not_above(s, &from[left], &from[right]))) {
            to[i] = from[left++];
        } else {
            to[i] = from[right++];
        }
    }
}

/* Runs of 1, 2, 4, ... Returns which of the two buffers holds the result. */
static struct entry *merge_runs(const struct sorting *s, struct entry *a, struct entry *b)
{
    for (size_t run = 1; run < s->n; run *= 2) {
        for (size_t low = 0; low < s->n; low += 2 * run) {
            size_t mid = s->n - low > run ? low + run : s->n;
            size_t high = s->n - mid > run ? mid + run : s->n;

            merge(s, a, b, low, mid, high);
        }
        struct entry *t = a;
        a = b;
        b = t;
    }
    return a;
}

static void apply(const struct sorting *s, const struct entry *order, struct entry *spare,
                  uint8_t *copy, uint8_t *items, uint32_t *index)
{
    memcpy(copy, items, s->n * s->width);
    for (size_t i = 0; i < s->n; i++) {
        memcpy(items + i * s->width, copy + order[i].at * s->width, s->width);
    }
    if (index != NULL) {
        for (size_t i = 0; i < s->n; i++) {
            spare[i].at = index[order[i].at];
        }
        for (size_t i = 0; i < s->n; i++) {
            index[i] = spare[i].at;
        }
    }
}

static void wipe(void *p, size_t n)
{
    if (p != NULL) {
        sodium_memzero(p, n);
        free(p);
    }
}

enum mdl_status mdl_list_sort(uint8_t *items, size_t width, uint32_t *index, size_t n,
                              struct mdl_error *err)
{
    const struct sorting s = {.items = items, .width = width, .n = n};
    struct entry *a = NULL;
    struct entry *b = NULL;
    uint8_t *copy = NULL;
    enum mdl_status status = MDL_OK;

    if ((width != MDL_POINT_BYTES && width != MDL_TAG_BYTES) || n > UINT32_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "cannot sort %zu items of %zu bytes", n, width);
    }
    if (n < 2) {
        return MDL_OK;
    }
    a = calloc(n, sizeof *a);
    b = calloc(n, sizeof *b);
    copy = calloc(n, width);
    if (a == NULL || b == NULL || copy == NULL) {
        status = mdl_fail(err, MDL_L_MEMORY, "no memory to sort %zu items", n);
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        a[i] = (struct entry){.head = mdl_order_word(items + i * width), .at = (uint32_t)i};
    }
    struct entry *sorted = merge_runs(&s, a, b);
    apply(&s, sorted, sorted == a ? b : a, copy, items, index);
out:
    wipe(a, n * sizeof *a);
    wipe(b, n * sizeof *b);
    wipe(copy, n * width);
    return status;
}
