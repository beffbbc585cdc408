/* field51_curve.c: the point formulas on the portable field, for check_formulas.py. */
#define MDL_LANES_CALLS  /* each function of the field by itself: the check knows what it promises \
                          */
#include <lanes/vec_word.h>

#include <lanes/field51.h>

#include <lanes/field.h>

#include "formulas.h"
