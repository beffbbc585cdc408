/* field.h: what both fields have in common: constants, powers, square roots of ratios.
 * Included after field25.h or field51.h. Constant time throughout. */
#ifndef MANDORLA_GROUP_FIELD_COMMON_H
#define MANDORLA_GROUP_FIELD_COMMON_H

/* RFC 9496, 4.1, in limbs of 26 and 25 bits */
static const uint64_t fe_one[10] = {0x1, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0};
static const uint64_t fe_d[10] = {0x35978a3, 0xd37284,  0x3156ebd, 0x6a0a0e,  0x1c029,
                                  0x179e898, 0x3a03cbb, 0x1ce7198, 0x2e2b6ff, 0x1480db3};
static const uint64_t fe_2d[10] = {0x2b2f159, 0x1a6e509, 0x22add7a, 0xd4141d,  0x38052,
                                   0xf3d130,  0x3407977, 0x19ce331, 0x1c56dff, 0x901b67};
static const uint64_t fe_sqrt_m1[10] = {0x20ea0b0, 0x186c9d2, 0x8f189d,  0x35697f, 0xbd0c60,
                                        0x1fbd7a7, 0x2804c9e, 0x1e16569, 0x4fc1d,  0xae0c92};
static const uint64_t fe_one_minus_d_sq[10] = {0x5fc176, 0x1027065, 0x2a1fc4f, 0x1c66af1, 0xb20684,
                                               0x70dfe4, 0x255eedf, 0x1af332,  0x28b2b3e, 0xa41ca};
static const uint64_t fe_d_minus_one_sq[10] = {0xed4d20,  0x156aa91, 0x3332635, 0x16580f0,
                                               0x34a7928, 0x9b4eeb,  0x26997a9, 0x48299b,
                                               0x3af66c2, 0x165a2cd};
static const uint64_t fe_sqrt_ad_minus_one[10] = {0x17b2e1b, 0x1fda812, 0x297afd2, 0x60dbc2,
                                                  0x2be7638, 0x1f5d1fd, 0x27e6498, 0x11581e7,
                                                  0x3f2b834, 0xdda4c6};
static const uint64_t fe_invsqrt_a_minus_d[10] = {0x5d40ea,  0x3f6aa0, 0x257d339, 0xbad20b,
                                                  0x274bc58, 0x1d840,  0x13dc8ff, 0x19442d8,
                                                  0x5cfaff,  0x1e1b224};

/* r = a^(2^252 - 3) = a^((p - 5) / 8), and *a11 = a^11: 251 squarings and 11 multiplications. The
 * exponents reached: 2^5 - 1, 2^10 - 1, 2^20 - 1, 2^40 - 1, 2^50 - 1, 2^100 - 1, 2^200 - 1,
 * 2^250 - 1 (the chain of Bernstein's Curve25519 implementation). `a250` is a^(2^250 - 1). */
static void fe_power_250(fe *a250, fe *a11, const fe *a)
{
    fe t0, t1, t2;

    fe_sq(&t0, a);
    fe_sqn(&t1, &t0, 2);
    fe_mul(&t1, a, &t1); /* 9 */
    fe_mul(a11, &t0, &t1);
    fe_sq(&t0, a11); /* 22 */
    fe_mul(&t0, &t1, &t0);
    fe_sqn(&t1, &t0, 5);
    fe_mul(&t0, &t1, &t0); /* 2^10 - 1 */
    fe_sqn(&t1, &t0, 10);
    fe_mul(&t1, &t1, &t0); /* 2^20 - 1 */
    fe_sqn(&t2, &t1, 20);
    fe_mul(&t1, &t2, &t1); /* 2^40 - 1 */
    fe_sqn(&t1, &t1, 10);
    fe_mul(&t0, &t1, &t0); /* 2^50 - 1 */
    fe_sqn(&t1, &t0, 50);
    fe_mul(&t1, &t1, &t0); /* 2^100 - 1 */
    fe_sqn(&t2, &t1, 100);
    fe_mul(&t1, &t2, &t1); /* 2^200 - 1 */
    fe_sqn(&t1, &t1, 50);
    fe_mul(a250, &t1, &t0);
}

/* r = a^((p - 5) / 8) */
static void fe_power_p58(fe *r, const fe *a)
{
    fe t, a11;
    fe base = *a;

    fe_power_250(&t, &a11, &base);
    fe_sqn(&t, &t, 2);
    fe_mul(r, &t, &base);
}

/* r = 1 / a = a^(p - 2) = a^(2^255 - 21); 0 for 0 */
static void fe_invert(fe *r, const fe *a)
{
    fe t, a11;

    fe_power_250(&t, &a11, a);
    fe_sqn(&t, &t, 5);
    fe_mul(r, &t, &a11);
}

/* |a|: the one of a and -a whose least bit is clear. Tight in, tight out. */
static void fe_abs(fe *r, const fe *a)
{
    fe_negate_if(r, fe_is_negative(a), a);
    fe_tighten(r, r);
}

/* RFC 9496, 4.2 (SQRT_RATIO_M1): r = |sqrt(u / v)| and all ones if u / v is a square, else
 * r = |sqrt(sqrt(-1) u / v)| and zero. u and v are tight. */
static vec fe_sqrt_ratio(fe *r, const fe *u, const fe *v)
{
    fe v3, t, check, i, sum;
    vec correct, flipped, flipped_i;

    fe_sq(&t, v);
    fe_mul(&v3, &t, v);
    fe_sq(&t, &v3);
    fe_mul(&t, &t, v); /* v^7 */
    fe_mul(&t, &t, u);
    fe_power_p58(&t, &t);
    fe_mul(&t, &t, &v3);
    fe_mul(&t, &t, u); /* u v^3 (u v^7)^((p - 5) / 8) */

    fe_sq(&check, &t);
    fe_mul(&check, &check, v);
    fe_constant(&i, fe_sqrt_m1);
    fe_sub(&sum, &check, u);
    correct = fe_is_zero(&sum);
    fe_add(&sum, &check, u);
    flipped = fe_is_zero(&sum);
    fe_mul(&sum, u, &i);
    fe_add(&sum, &check, &sum);
    flipped_i = fe_is_zero(&sum);

    fe_mul(&i, &t, &i);
    fe_select(&t, vec_or(flipped, flipped_i), &i, &t);
    fe_abs(r, &t);
    return vec_or(correct, flipped);
}

#endif
