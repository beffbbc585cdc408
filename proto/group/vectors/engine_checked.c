/* engine_checked.c: the eight-lane engine in C that checks the bounds of every operation.
 * For tests on machines that have no such lanes, and of the bounds. */
#include "engine_checked.h"

#include "vec_checked.h"

#include "../lanes/field25.h"

#include "../lanes/operations.h"

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
