/* sort.c: ascending order for the long lists of a round, with little extra memory.
 * May not depend on luck for more than speed: a skewed list only costs the memory of a plain sort.
 */
#include "internal.h"

#include <string.h>

#define SMALL 8192u

static void swap_items(uint8_t *items, size_t width, uint32_t *index, size_t a, size_t b)
{
    uint8_t t[MDL_POINT_BYTES];
    uint32_t ti = index[a];

    memcpy(t, items + a * width, width);
    memcpy(items + a * width, items + b * width, width);
    memcpy(items + b * width, t, width);
    index[a] = index[b];
    index[b] = ti;
}

/* Every item to the bucket of its first byte, in place; end[b] is where bucket b ends. */
static void partition(uint8_t *items, size_t width, uint32_t *index, size_t n, size_t end[256])
{
    size_t at[256], sum = 0;

    memset(end, 0, 256 * sizeof end[0]);
    for (size_t i = 0; i < n; i++) {
        end[items[i * width]]++;
    }
    for (size_t b = 0; b < 256; b++) {
        at[b] = sum;
        sum += end[b];
        end[b] = sum;
    }
    for (size_t b = 0; b < 256; b++) {
        while (at[b] < end[b]) {
            uint8_t to = items[at[b] * width];
            if (to == b) {
                at[b]++;
            } else {
                swap_items(items, width, index, at[b], at[to]++);
            }
        }
    }
}

/* The items are hashes or blinded points, so the buckets are of about equal size and the room's
 * sort, which needs a copy of what it sorts, gets by with a 256th. */
enum mdl_status mdl_sort_uniform(uint8_t *items, size_t width, uint32_t *index, size_t n,
                                 struct mdl_error *err)
{
    size_t end[256], first = 0;
    enum mdl_status st = MDL_OK;

    if (n <= SMALL) {
        return mdl_list_sort(items, width, index, n, err);
    }
    partition(items, width, index, n, end);
    for (size_t b = 0; b < 256 && st == MDL_OK; b++) {
        st = mdl_list_sort(items + first * width, width, index + first, end[b] - first, err);
        first = end[b];
    }
    return st;
}
