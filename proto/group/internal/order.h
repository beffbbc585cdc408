/* order.h: bytewise order of items of 16 or 32 bytes. */
#ifndef MANDORLA_GROUP_ORDER_H
#define MANDORLA_GROUP_ORDER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t mdl_order_word(const uint8_t *p)
{
    uint64_t w = 0;

    memcpy(&w, p, sizeof w);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

/* Below 0, 0, above 0; `width` is a multiple of 8. */
static inline int mdl_order(const uint8_t *a, const uint8_t *b, size_t width)
{
    for (size_t i = 0; i < width; i += 8) {
        uint64_t x = mdl_order_word(a + i);
        uint64_t y = mdl_order_word(b + i);

        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return 0;
}

#endif
