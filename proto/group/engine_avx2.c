/* engine_avx2.c: the engine on AVX2, four elements at a time.
 * Arithmetic only; the one file that is compiled for AVX2, and all of it is static but its table.
 */
#include "internal/engine.h"

#include "lanes/vec_avx2.h"

#include "lanes/field25.h"

#include "lanes/operations.h"

static bool usable(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0; /* asks the system as well */
}

const struct mdl_engine mdl_engine_avx2 = {
    .name = "avx2",
    .lanes = LANES,
    .usable = usable,
    .hash_mul = lanes_hash_mul,
    .mul = lanes_mul,
    .check = lanes_check,
    .weighted_sum = lanes_weighted_sum,
};
