/* scalar.h: scalars modulo L as the digits that a multiplication works with. Constant time where it
 * says so. */
#ifndef MANDORLA_GROUP_LANES_SCALAR_H
#define MANDORLA_GROUP_LANES_SCALAR_H

#include "curve.h"

/* L = 2^252 + 27742317777372353535851937790883648493 (RFC 9496, 4.4) */
static const uint64_t scalar_order[4] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0,
                                         0x1000000000000000};

/* r = k / 2 modulo L for k in [0, L-1]: k / 2 or (k + L) / 2. Constant time. */
static void scalar_halve(uint64_t r[4], const uint8_t k[32])
{
    uint64_t w[4];
    uint64_t odd;
    uint64_t carry = 0;

    memcpy(w, k, sizeof w);
    odd = 0 - (w[0] & 1);
    __asm__("" : "+r"(odd));
    for (size_t i = 0; i < 4; i++) {
        uint64_t l = scalar_order[i] & odd;
        uint64_t sum = w[i] + l;
        uint64_t over = (uint64_t)(sum < l);

        w[i] = sum + carry;
        carry = over | (uint64_t)(w[i] < sum);
    }
    for (size_t i = 0; i < 4; i++) { /* the sum is below 2L < 2^254: nothing is carried out */
        r[i] = w[i] >> 1 | (i < 3 ? w[i + 1] << 63 : 0);
    }
}

/* k in [0, 2^253) = sum of digit[i] 16^i with digits in [-8, 7]. Constant time. */
static void scalar_digits(int8_t digit[SCALAR_DIGITS], const uint64_t k[4])
{
    int carry = 0;

    for (size_t i = 0; i < SCALAR_DIGITS; i++) {
        int d = (int)(k[i / 16] >> (4 * (i % 16)) & 15) + carry;

        carry = (d + 8) >> 4;
        digit[i] = (int8_t)(d - carry * 16);
    }
}

#endif
