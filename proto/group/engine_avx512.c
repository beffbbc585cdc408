/* engine_avx512.c: the engine on AVX-512F, eight elements at a time.
 * Arithmetic only; the one file that is compiled for AVX-512F, and all of it is static but its
 * table. */
#include "internal/engine.h"

#include "lanes/vec_avx512.h"

#include "lanes/field25.h"

#include "lanes/operations.h"

static bool usable(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") != 0; /* asks the system as well */
}

const struct mdl_engine mdl_engine_avx512 = {
    .name = "avx512",
    .lanes = LANES,
    .usable = usable,
    .hash_mul = lanes_hash_mul,
    .mul = lanes_mul,
    .check = lanes_check,
    .weighted_sum = lanes_weighted_sum,
};
