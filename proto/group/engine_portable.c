/* engine_portable.c: the engine in plain 64-bit C, one element at a time.
 * Arithmetic only; knows no hash, protocol or key. */
#include "internal/engine.h"

#include "lanes/vec_word.h"

#include "lanes/field51.h"

#include "lanes/operations.h"

static void load_tight(fe *r, const uint64_t limb[FE_LIMBS])
{
    memcpy(r->v, limb, sizeof r->v);
    fe_tighten(r, r);
}

void mdl_engine_join(const uint64_t *points, size_t n, size_t bits, uint8_t *out)
{
    point sum, p;
    cached c;

    point_identity(&sum);
    for (size_t i = n; i-- > 0;) {
        const uint64_t *at = points + i * POINT_WORDS;

        load_tight(&p.x, at);
        load_tight(&p.y, at + FE_LIMBS);
        load_tight(&p.z, at + 2 * FE_LIMBS);
        load_tight(&p.t, at + 3 * FE_LIMBS);
        point_double(&sum, &sum, (int)bits);
        point_cache(&c, &p);
        point_add(&sum, &sum, &c);
    }
    encode(out, &sum, 1);
}

static bool usable(void)
{
    return true;
}

const struct mdl_engine mdl_engine_portable = {
    .name = "portable",
    .lanes = LANES,
    .usable = usable,
    .hash_mul = lanes_hash_mul,
    .mul = lanes_mul,
    .check = lanes_check,
    .weighted_sum = lanes_weighted_sum,
};
