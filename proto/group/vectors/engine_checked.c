/* engine_checked.c: the eight-lane engine in C that checks the bounds of every operation.
 * For tests on machines that have no such lanes, and of the bounds. */
#include "engine_checked.h"

#include "vec_checked.h"

#include "../lanes/field25.h"

#include "../lanes/operations.h"

/* Limbs `times` as great as those of a tight element can be. */
static void greatest(fe *r, double times)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        double tight = i % 2 == 0 ? 0x1p26 - 1 : 0x1p25 + 0x1p18 - 1;

        r->v[i] = vec_set1((uint64_t)(times * tight));
    }
}

/* Aborts if an element is not tight. */
static void demand_tight(const fe *a)
{
    for (size_t i = 0; i < FE_LIMBS; i++) {
        for (size_t l = 0; l < LANES; l++) {
            vec_demand(a->v[i].lane[l] < (i % 2 == 0 ? 1U << 26 : (1U << 25) + (1U << 18)));
        }
    }
}

static void demand_tight_point(const point *p)
{
    demand_tight(&p->x);
    demand_tight(&p->y);
    demand_tight(&p->z);
    demand_tight(&p->t);
}

static void field_extremes(void)
{
    fe tight, loose, r;

    greatest(&tight, 1);
    greatest(&loose, 3.27); /* 3.3 with limbs that are powers of two */
    fe_mul(&r, &loose, &loose);
    demand_tight(&r);
    fe_sq(&r, &loose);
    demand_tight(&r);
    fe_sqn(&r, &loose, 3);
    demand_tight(&r);
    fe_tighten(&r, &loose);
    demand_tight(&r);
    fe_freeze(&r, &loose);
    demand_tight(&r);
    fe_sub(&r, &tight, &tight);
    fe_mul(&r, &r, &r);
    demand_tight(&r);
    fe_negate_if(&r, vec_set1(UINT64_MAX), &tight);
    fe_abs(&r, &tight);
    demand_tight(&r);
}

void mdl_engine_checked_extremes(void)
{
    static struct halves b;
    uint8_t out[LANES * POINT];
    point p, q;
    cached c;
    packed s;

    field_extremes();
    greatest(&p.x, 1);
    greatest(&p.y, 1);
    greatest(&p.z, 1);
    greatest(&p.t, 1);
    point_double(&q, &p, 2);
    demand_tight_point(&q);
    greatest(&c.yp, 1);
    greatest(&c.ym, 1);
    greatest(&c.t2d, 1);
    greatest(&c.z2, 2);
    point_pack(&s, &c);
    packed_to_cached(&c, &s, vec_set1(UINT64_MAX));
    point_add(&q, &p, &c);
    demand_tight_point(&q);
    greatest(&c.t2d, 1);
    point_add(&q, &p, &c);
    demand_tight_point(&q);
    point_cache(&c, &p);
    halves_put(&b, 0, &p, vec_set1(UINT64_MAX));
    halves_encode(&b, LANES, out);
    encode(out, &p, LANES);
}

static bool usable(void)
{
    return true;
}

const struct mdl_engine mdl_engine_checked = {
    .name = "checked",
    .lanes = LANES,
    .usable = usable,
    .hash_mul = lanes_hash_mul,
    .mul = lanes_mul,
    .check = lanes_check,
    .weighted_sum = lanes_weighted_sum,
};
